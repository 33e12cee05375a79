"""Les outils de télémaintenance sont-ils fermés depuis Internet ?

## Pourquoi
Ces outils laissent un prestataire prendre la main sur un ordinateur ou un serveur. S'ils attendent en permanence sur
Internet, n'importe qui peut s'y essayer, à toute heure.

## Corriger
1. Demander au prestataire quels outils il a installés, et sur quelles machines.
2. Fermer au pare-feu leurs ports depuis Internet, en IPv4 comme en IPv6, administration de Windows (WinRM) comprise.
3. Faire passer la maintenance par l'accès à distance (VPN), ouvert à la demande, avec une deuxième preuve.
4. Désinstaller les outils qui ne servent plus, et relire les journaux de connexion.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même port. Un
pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en
distingue : l'essai se fait sans lui. Beaucoup de ces outils appellent eux-mêmes l'extérieur : ceux-là n'ouvrent aucun
port et ne sont pas vus. Un accès ouvert est un défaut même s'il est déclaré. Une porte ouverte monte la vraisemblance
de 3 à 4. Gravité et vraisemblance sont notre jugement ; l'ANSSI demande des outils dédiés, ouverts à la demande (PA-022
R66 et R71).
"""

from cyberaudit.sdk import (
    Behind,
    Context,
    Danger,
    Facing,
    HostReach,
    HostServices,
    Verdict,
    check,
    judge_exposure,
    of_danger,
)

TOOLS = frozenset({"anydesk", "rustdesk", "meshcentral", "screenconnect"})
"""Products that let a contractor in, on whatever port."""


@check(
    "firewall.remote-maintenance",
    needs=(HostReach, HostServices),
    about="host",
    seen_from="outside",
    impact=4,
    likelihood=3,
    measure="close-remote-desktop",
    sources=("PA-022 R66", "PA-022 R71", "RC 7.B.3", "MSS CONFIG.6", "CNIL 8.1"),
)
def no_maintenance_tool_waits_on_the_internet(facing: Facing, ctx: Context) -> Verdict:
    return judge_exposure(
        facing,
        ctx,
        of_danger(Danger.REMOTE_MAINTENANCE),
        shows=_tool,
        when_open=f"« {ctx.asset.name} » laisse un outil de télémaintenance ouvert à tout Internet.",
        when_shut=f"« {ctx.asset.name} » ne montre à Internet aucun outil de télémaintenance.",
        likelihood=4,
    )


def _tool(behind: Behind) -> bool:
    return behind.product in TOOLS

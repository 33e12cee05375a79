"""Les consoles des serveurs et des sauvegardes sont-elles hors de portée d'Internet ?

## Pourquoi
De ces consoles, on arrête tous les serveurs d'un coup et on efface toutes les copies. C'est là que vont d'abord ceux
qui préparent un chantage.

## Corriger
1. Fermer au pare-feu depuis Internet : virtualisation, cartes de gestion (iDRAC, iLO, IPMI), consoles de sauvegarde.
2. Les mettre dans un réseau d'administration à part, joignable par les seules personnes autorisées.
3. De l'extérieur, passer par l'accès à distance (VPN) avec une deuxième preuve.
4. Appliquer leurs mises à jour, changer les mots de passe d'usine, et relire les connexions.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même port. Un
pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en
distingue : l'essai se fait sans lui. Un accès ouvert est un défaut même s'il est déclaré. Sur un port inhabituel, une
console n'est vue que si elle est reconnue. Gravité et vraisemblance 4 sont notre jugement : aucun guide officiel ne
classe ces accès entre eux. Les règles citées demandent un réseau d'administration à part (guide d'hygiène 28) et un
accès réservé aux personnes autorisées (CNIL 9.2).
"""

from cyberaudit.sdk import (
    Behind,
    Context,
    Danger,
    Facing,
    HostReach,
    HostServices,
    Sort,
    Verdict,
    check,
    judge_exposure,
    of_danger,
    sort_of,
)

CONSOLES = frozenset({Sort.HYPERVISOR, Sort.MANAGEMENT_CARD, Sort.BACKUP_CONSOLE})


@check(
    "firewall.server-console",
    needs=(HostReach, HostServices),
    about="host",
    seen_from="outside",
    impact=4,
    likelihood=4,
    measure="protect-admin-pages",
    sources=("H 28", "CNIL 9.2", "PA-022 R21", "MSS CONFIG.6", "RC 7.B.3", "RANCONGICIELS"),
)
def consoles_stay_inside(facing: Facing, ctx: Context) -> Verdict:
    return judge_exposure(
        facing,
        ctx,
        of_danger(Danger.CONSOLE),
        shows=_console,
        when_open=f"« {ctx.asset.name} » montre à tout Internet une console qui commande des serveurs.",
        when_shut=f"« {ctx.asset.name} » ne montre à Internet aucune console de serveurs ou de sauvegardes.",
    )


def _console(behind: Behind) -> bool:
    return sort_of(behind) in CONSOLES

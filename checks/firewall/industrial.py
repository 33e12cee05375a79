"""Le chauffage, l'eau et les automates sont-ils hors de portée d'Internet ?

## Pourquoi
Ces équipements agissent sur des choses réelles : chauffage, pompes, éclairage, portes, alarmes. La plupart obéissent
sans demander de mot de passe : visibles d'Internet, n'importe qui peut les commander ou les arrêter.

## Corriger
1. Fermer au pare-feu tout accès à ces équipements depuis Internet, en IPv4 comme en IPv6.
2. Les mettre dans un réseau à part, qui ne parle ni aux bureaux ni à Internet.
3. Faire passer l'installateur ou l'exploitant par l'accès à distance (VPN), ouvert à la demande.
4. Changer les mots de passe d'usine, et vérifier avec l'exploitant que rien n'a été modifié.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même port. Un
pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en
distingue : l'essai se fait sans lui. Aucun ordre n'est envoyé à l'équipement, qui n'est reconnu que par son port ou par
ce qu'il dit de lui-même. Ceux qui ont leur propre abonnement (carte SIM) ne sont pas vus. Un accès ouvert est un défaut
même s'il est déclaré, et monte la vraisemblance de 3 à 4. Gravité et vraisemblance sont notre jugement ; MonAideCyber
demande un pare-feu devant ces équipements.
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


@check(
    "firewall.industrial",
    needs=(HostReach, HostServices),
    about="host",
    seen_from="outside",
    impact=4,
    likelihood=3,
    measure="secure-connected-devices",
    sources=("MAC 23", "RC 7.B.3", "MSS CONFIG.6", "CNIL 8.1", "H 19"),
)
def machines_do_not_obey_the_internet(facing: Facing, ctx: Context) -> Verdict:
    return judge_exposure(
        facing,
        ctx,
        of_danger(Danger.INDUSTRIAL),
        shows=_controller,
        when_open=f"« {ctx.asset.name} » expose à tout Internet un équipement qui commande une installation.",
        when_shut=f"« {ctx.asset.name} » n'expose à Internet aucun automate ni objet connecté.",
        likelihood=4,
    )


def _controller(behind: Behind) -> bool:
    return sort_of(behind) is Sort.INDUSTRIAL

"""La prise de main à distance est-elle fermée depuis Internet ?

## Pourquoi
Un accès de prise de main ouvert sur Internet est essayé jour et nuit par des robots. Un seul mot de passe trouvé
suffit pour entrer dans l'ordinateur, puis chiffrer les fichiers de la mairie.

## Corriger
1. Fermer au pare-feu tout accès de prise de main depuis Internet, en IPv4 comme en IPv6 : Bureau à distance, VNC.
2. Retirer les redirections de ports de la box ou du pare-feu, y compris vers un port déplacé.
3. Faire passer ce besoin par l'accès à distance (VPN), avec une deuxième preuve.
4. Relire les journaux des connexions réussies depuis l'ouverture.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même port. Un
pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en
distingue : l'essai se fait sans lui. Un accès ouvert est un défaut même s'il est déclaré. Changer le numéro du port ou
le mot de passe ne suffit pas, demander l'identité avant le bureau (NLA) non plus. Sur un port inhabituel, il n'est vu
que s'il se présente. Un autre service, reconnu sur un port connu pour cela (page web, SSH), est jugé avec les services
inattendus. Une passerelle web de bureaux à distance n'est pas jugée ici. La gravité et la vraisemblance 4 sont notre
jugement : aucun guide officiel ne classe ces accès entre eux. Les règles citées demandent de fermer les flux inutiles
(guide d'hygiène 17, ReCyF 7.B.3, MonServiceSécurisé CONFIG.6, CNIL 8.1). Les accès en UDP ne sont pas regardés.
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
    stranger,
)

DESKTOPS = frozenset({"rdp", "vnc"})
"""What shows a desktop, on whatever port."""


@check(
    "firewall.remote-desktop",
    needs=(HostReach, HostServices),
    about="host",
    seen_from="outside",
    impact=4,
    likelihood=4,
    measure="close-remote-desktop",
    sources=("H 17", "RC 7.B.3", "MSS CONFIG.6", "CNIL 8.1", "RANCONGICIELS"),
)
def nobody_takes_over_from_the_internet(facing: Facing, ctx: Context) -> Verdict:
    return judge_exposure(
        facing,
        ctx,
        of_danger(Danger.REMOTE_DESKTOP),
        shows=_desktop,
        when_open=f"« {ctx.asset.name} » offre une prise de main à distance à tout Internet.",
        when_shut=f"« {ctx.asset.name} » n'offre aucune prise de main à distance à Internet.",
        spares=stranger,
    )


def _desktop(behind: Behind) -> bool:
    return behind.protocol in DESKTOPS or behind.product == "novnc"

"""La prise de main à distance est-elle fermée depuis Internet ?

## Pourquoi
Un accès de prise de main ouvert sur Internet est essayé jour et nuit par des robots. Un seul mot de passe trouvé
suffit pour entrer dans l'ordinateur, puis chiffrer les fichiers de la mairie.

## Corriger
1. Fermer au pare-feu tout accès de prise de main depuis Internet, en IPv4 comme en IPv6 : Bureau à distance, VNC,
   télémaintenance, administration à distance de Windows.
2. Retirer les redirections de ports de la box ou du pare-feu, y compris vers un port déplacé.
3. Faire passer ce besoin par l'accès à distance (VPN), avec une deuxième preuve.
4. Relire les journaux des connexions réussies depuis l'ouverture.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même
port. Un pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST) :
rien ne l'en distingue, l'essai se fait sans lui. Un accès ouvert est un défaut même s'il est déclaré : changer le
numéro du port ou le mot de passe ne suffit pas. La gravité et la vraisemblance 4 sont notre jugement : aucun guide
officiel ne classe ces accès entre eux. Les accès en UDP ne sont pas regardés.
"""

from cyberaudit.sdk import (
    Context,
    Danger,
    HostReach,
    Verdict,
    check,
    doors_of,
    judge_doors,
    no_address,
    of_danger,
)


@check(
    "firewall.remote-desktop",
    needs=HostReach,
    about="host",
    seen_from="outside",
    impact=4,
    likelihood=4,
    measure="close-remote-desktop",
    sources=("H 17", "RC 7.B.3", "MSS CONFIG.6", "CNIL 8.1", "RANCONGICIELS"),
)
def nobody_takes_over_from_the_internet(reach: HostReach, ctx: Context) -> Verdict:
    if not reach.addresses:
        return no_address(ctx)
    return judge_doors(
        doors_of(reach, ctx, of_danger(Danger.REMOTE_DESKTOP)),
        when_open=f"« {ctx.asset.name} » offre une prise de main à distance à tout Internet.",
        when_shut=f"« {ctx.asset.name} » n'offre aucune prise de main à distance à Internet.",
    )

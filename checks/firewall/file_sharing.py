"""Les fichiers partagés sont-ils hors de portée d'Internet ?

## Pourquoi
Le partage de fichiers est fait pour l'intérieur de la mairie. Visible d'Internet, il donne à un inconnu un chemin
vers les dossiers, et les rançongiciels s'en servent pour entrer.

## Corriger
1. Fermer au pare-feu le partage de fichiers depuis Internet, en IPv4 comme en IPv6 : Windows, NFS, Apple, rsync,
   iSCSI.
2. Retirer les redirections de ports et désactiver UPnP sur la box.
3. Pour un besoin à distance, passer par l'accès à distance (VPN).
4. Bloquer aussi ces ports au pare-feu de la machine, sauf pour le réseau de la mairie.

## Limites
Beaucoup de lignes filtrent d'elles-mêmes ces ports à la sortie. Le silence, ou le refus d'un appareil du chemin, ne
vaut rien sans une adresse témoin qui a répondu sur le même port. Un pare-feu de l'ordinateur du contrôle, ou de son
réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en distingue : l'essai se fait sans lui. Sur un port
inhabituel, un partage n'est vu que s'il se présente. Un autre service, reconnu sur un port connu pour cela (page web,
SSH), est jugé avec les services inattendus. Aucun fichier n'est ouvert ni listé. La gravité et la vraisemblance 4 sont
notre jugement : aucun guide officiel ne classe ces accès entre eux. Les règles citées demandent de fermer les flux
inutiles (guide d'hygiène 17, qui nomme les ports 135 et 445 ; ReCyF 7.B.3 ; CNIL 8.1).
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

SHARES = frozenset({"smb", "nfs", "rsync"})
"""What gives files, on whatever port."""


@check(
    "firewall.file-sharing",
    needs=(HostReach, HostServices),
    about="host",
    seen_from="outside",
    impact=4,
    likelihood=4,
    measure="close-exposed-services",
    sources=("H 17", "RC 7.B.3", "MSS CONFIG.6", "CNIL 8.1", "RANCONGICIELS"),
)
def files_are_not_shared_with_the_internet(facing: Facing, ctx: Context) -> Verdict:
    return judge_exposure(
        facing,
        ctx,
        of_danger(Danger.FILE_SHARING),
        shows=_share,
        when_open=f"« {ctx.asset.name} » propose un partage de fichiers à tout Internet.",
        when_shut=f"« {ctx.asset.name} » ne partage aucun fichier avec Internet.",
        spares=stranger,
    )


def _share(behind: Behind) -> bool:
    return behind.protocol in SHARES

"""Les imprimantes et les caméras sont-elles invisibles depuis Internet ?

## Pourquoi
Une caméra visible d'Internet montre la mairie ou l'école à des inconnus. Une imprimante livre les documents qui y
passent, et les deux servent d'entrée vers le reste du réseau.

## Corriger
1. Fermer au pare-feu ou à la box tout accès à ces appareils depuis Internet, en IPv4 comme en IPv6.
2. Retirer les redirections de ports, et désactiver UPnP sur la box et sur l'enregistreur.
3. Pour voir les images de l'extérieur, passer par l'accès à distance (VPN).
4. Changer les mots de passe d'usine et appliquer les mises à jour.
5. Mettre ces appareils dans un réseau à part.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même port. Un
pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en
distingue : l'essai se fait sans lui. Aucune image n'est ouverte, aucune page n'est imprimée. Les caméras qui passent
par le service en ligne de leur fabricant n'ouvrent aucun port : elles ne sont pas vues. Un accès ouvert est un défaut
même s'il est déclaré. La gravité et la vraisemblance 3 sont notre jugement. Les règles citées demandent de fermer tout
flux inutile et de changer les mots de passe d'usine.
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

DEVICES = frozenset({Sort.PRINTER, Sort.CAMERA})


@check(
    "firewall.print-camera",
    needs=(HostReach, HostServices),
    about="host",
    seen_from="outside",
    impact=3,
    likelihood=3,
    measure="secure-connected-devices",
    sources=("H 12", "H 19", "RC 7.B.3", "MSS CONFIG.6", "CNIL 8.1"),
)
def nobody_watches_nor_prints_from_the_internet(facing: Facing, ctx: Context) -> Verdict:
    return judge_exposure(
        facing,
        ctx,
        of_danger(Danger.PRINT_CAMERA),
        shows=_device,
        when_open=f"« {ctx.asset.name} » montre à tout Internet une imprimante ou une caméra.",
        when_shut=f"« {ctx.asset.name} » ne montre à Internet ni imprimante ni caméra.",
    )


def _device(behind: Behind) -> bool:
    return behind.protocol == "rtsp" or sort_of(behind) in DEVICES

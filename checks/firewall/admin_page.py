"""Les pages d'administration sont-elles invisibles depuis Internet ?

## Pourquoi
La page d'administration d'une box, d'un pare-feu ou d'un serveur commande tout le reste. Une faille ou un mot de
passe par défaut suffit pour prendre le réseau de la mairie.

## Corriger
1. Désactiver l'administration depuis Internet sur la box, le pare-feu, le serveur de fichiers et les consoles.
2. N'autoriser que le réseau interne, ou l'accès à distance (VPN) avec une deuxième preuve.
3. Changer les mots de passe par défaut et appliquer les mises à jour de l'équipement.
4. Chercher dans les journaux des connexions inconnues, puis suivre la fiche du CERT-FR en cas de doute.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même
port. Un pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST) :
rien ne l'en distingue, l'essai se fait sans lui. Un service déclaré ouvert à tous pour un autre usage, par exemple
un accès à distance, n'est accepté que sur les ports 443, 4443, 8443, 9443 et 10443. Les autres ports connus, dont
SSH, comptent toujours comme une administration. Le contrôle voit une porte ouverte, pas la page. Une porte ouverte
monte la vraisemblance de 3 à 4 : c'est notre jugement, car aucun guide officiel ne classe ces accès entre eux.
"""

from cyberaudit.sdk import (
    Context,
    Danger,
    Host,
    HostReach,
    Verdict,
    administers,
    check,
    doors_of,
    for_everyone,
    judge_doors,
    no_address,
    of_danger,
)


@check(
    "firewall.admin-page",
    needs=HostReach,
    about="host",
    seen_from="outside",
    impact=4,
    likelihood=3,
    measure="protect-admin-pages",
    sources=("CNIL 9.2", "PA-022 R21", "PA-022 R36", "MSS CONFIG.6", "RFX-001", "CD 1"),
)
def administration_stays_inside(reach: HostReach, ctx: Context) -> Verdict:
    if not reach.addresses:
        return no_address(ctx)
    return judge_doors(
        doors_of(reach, ctx, _administration(ctx.asset)),
        when_open=f"« {ctx.asset.name} » montre à tout Internet un accès d'administration.",
        when_shut=f"« {ctx.asset.name} » ne montre à Internet aucun accès d'administration.",
        likelihood=4,
    )


def _administration(host: Host) -> frozenset[str]:
    """The usual ports of administration and those declared so, less those meant for everybody's other use."""
    declared = {service.port for service in host.services if administers(service)}
    others = {service.port for service in host.services if for_everyone(service) and not administers(service)}
    return (of_danger(Danger.ADMIN) | declared) - others

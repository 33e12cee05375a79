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
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même port. Un
pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en
distingue : l'essai se fait sans lui. Un service peut être déclaré ouvert à tous pour un autre usage, par exemple un
accès à distance. Il n'est accepté que sur les ports 443, 4443, 8443, 9443 et 10443. Les autres ports connus, dont SSH,
comptent comme une administration. Font exception ceux où vivent aussi des sites (8000, 8080, 8443 et autres), quand une
page ordinaire y a été vue. Une telle page ne demande aucun mot de passe, et rien n'y est reconnu. Cet accès est alors
jugé avec les services inattendus. Une administration inconnue qui ne montre son formulaire qu'après coup peut passer
pour une page ordinaire. Sur tous les ports ouverts, une page d'administration reconnue est un défaut, même déclarée ;
un portail d'accès à distance seul n'en est pas un. Les consoles de serveurs, imprimantes, caméras et automates ont
leurs propres questions. Seules les pages connues sont reconnues, et un accès ouvert où rien n'a pu être demandé laisse
un doute. Une porte ouverte monte la vraisemblance de 3 à 4 : c'est notre jugement, car aucun guide officiel ne classe
ces accès entre eux. Les règles citées réservent l'administration aux personnes autorisées (CNIL 9.2) et protègent son
passage (PA-022 R21 et R36).
"""

from cyberaudit.sdk import (
    Behind,
    Context,
    Danger,
    Facing,
    Host,
    HostReach,
    HostServices,
    ServiceTrait,
    Sort,
    Verdict,
    administers,
    check,
    for_everyone,
    judge_exposure,
    of_danger,
    ordinary_pages_of,
    sort_of,
)

ELSEWHERE = frozenset(
    {
        Sort.HYPERVISOR, Sort.MANAGEMENT_CARD, Sort.BACKUP_CONSOLE, Sort.PRINTER, Sort.CAMERA, Sort.INDUSTRIAL,
    }
)  # fmt: skip
"""Products that have a question of their own."""


@check(
    "firewall.admin-page",
    needs=(HostReach, HostServices),
    about="host",
    seen_from="outside",
    impact=4,
    likelihood=3,
    measure="protect-admin-pages",
    sources=("CNIL 9.2", "PA-022 R21", "PA-022 R36", "MSS CONFIG.6", "RFX-001", "CD 1"),
)
def administration_stays_inside(facing: Facing, ctx: Context) -> Verdict:
    return judge_exposure(
        facing,
        ctx,
        _administration(ctx.asset),
        shows=_page,
        when_open=f"« {ctx.asset.name} » montre à tout Internet un accès d'administration.",
        when_shut=f"« {ctx.asset.name} » ne montre à Internet aucun accès d'administration.",
        likelihood=4,
        # A page of administration hides well behind « web » or « ssl-vpn »: what is declared is looked at too.
        hides_anywhere=True,
        spares=ordinary_pages_of(ctx.asset),
    )


def _administration(host: Host) -> frozenset[str]:
    """The usual ports of administration and those declared so, less those meant for everybody's other use."""
    declared = {service.port for service in host.services if administers(service)}
    others = {service.port for service in host.services if for_everyone(service) and not administers(service)}
    return (of_danger(Danger.ADMIN) | declared) - others


def _page(behind: Behind) -> bool:
    return ServiceTrait.ADMIN_PAGE in behind.traits and sort_of(behind) not in ELSEWHERE

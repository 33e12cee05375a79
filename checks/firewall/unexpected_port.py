"""Internet ne voit-il que les services que la mairie a voulus ?

## Pourquoi
Chaque service visible d'Internet doit être tenu à jour et surveillé. Celui dont personne ne se souvient ne l'est
pas, et c'est souvent par lui qu'on entre.

## Corriger
1. Pour chaque accès trouvé, chercher avec la mairie à quoi il sert et qui le tient.
2. Fermer au pare-feu ce qui ne sert plus, puis tout bloquer par défaut.
3. Déclarer dans le profil ce qui sert : le port, l'usage et d'où on doit l'atteindre.
4. Relire cette liste une fois par an.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même port. Un
pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en
distingue : l'essai se fait sans lui. Toute la liste des ports courants doit avoir été essayée, en TCP ; un essai plus
court laisse la question ouverte. Les services dangereux connus (prises de main, partages, bases, administrations,
imprimantes, automates et autres) ont leurs propres questions. Une page web ordinaire, vue sur un port où
l'administration vit souvent (8000, 8080, 8443 et autres), est jugée ici. De même pour une page web ou une console SSH,
sur le port d'une base, d'un partage ou d'une prise de main. Une liste de fichiers n'est vue que si son titre le dit, et
aucun fichier n'est ouvert. La gravité 2 est notre jugement.
"""

from collections.abc import Iterator

from cyberaudit.sdk import (
    STRANGE_PORTS,
    Context,
    Danger,
    Door,
    Facing,
    Host,
    HostReach,
    HostServices,
    Unreachable,
    Verdict,
    administers,
    check,
    doors_of,
    for_everyone,
    judge_doors,
    no_address,
    of_danger,
    ordinary_pages_of,
    recognised,
    strangers_of,
    unknown,
    usual_ports,
)

OWNED = frozenset[str]().union(*(of_danger(danger) for danger in Danger if danger is not Danger.OTHER))
"""Ports that have a question of their own."""


@check(
    "firewall.unexpected-port",
    needs=(HostReach, HostServices),
    about="host",
    seen_from="outside",
    impact=2,
    likelihood=3,
    measure="review-open-ports",
    sources=("PA-066 R2", "RC 7.B.3", "MSS FILTRE.1", "CNIL 8.1", "13Q 6"),
)
def only_declared_services_answer(facing: Facing, ctx: Context) -> Verdict:
    reach, services = facing
    if isinstance(reach, Unreachable):
        return unknown(reach)
    if not reach.addresses:
        return no_address(ctx)
    explained = _explained(ctx.asset)
    doors = (
        *doors_of(reach, ctx, usual_ports(reach) - OWNED - explained, services=services),
        *_pages(reach, services, ctx),
        *strangers_of(reach, services, ctx, STRANGE_PORTS - explained),
    )
    return judge_doors(
        doors,
        when_open=f"« {ctx.asset.name} » montre à Internet un service que le profil n'explique pas.",
        when_shut=f"« {ctx.asset.name} » ne montre à Internet aucun autre service.",
        reach=reach,
    )


def _pages(reach: HostReach, services: HostServices | Unreachable, ctx: Context) -> Iterator[Door]:
    """Ports of administration where an ordinary page was seen: `firewall.admin-page` leaves them to this question."""
    meant = {service.port for service in ctx.asset.services if for_everyone(service)}
    doors = doors_of(reach, ctx, of_danger(Danger.ADMIN) - meant, services=services)
    return recognised(doors, shows=ordinary_pages_of(ctx.asset))


def _explained(host: Host) -> set[str]:
    """Meant for everybody, or administration, which `firewall.admin-page` judges."""
    return {service.port for service in host.services if for_everyone(service) or administers(service)}

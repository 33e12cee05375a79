"""Les pages d'administration sont-elles hors d'atteinte depuis le Wi-Fi du public ?

## Pourquoi
La page d'administration de la box, du pare-feu ou de la borne Wi-Fi commande tout le réseau. Depuis la salle
d'attente, un inconnu a tout son temps pour essayer des mots de passe.

## Corriger
1. N'autoriser l'administration que depuis le réseau des bureaux, ou mieux, depuis un réseau réservé.
2. Bloquer au pare-feu, depuis le Wi-Fi du public, tout accès à la box et à la borne, sauf DNS et DHCP.
3. Changer les mots de passe d'usine.
4. Essayer de nouveau depuis le Wi-Fi du public.

## Limites
Ne compte que ce qui est vu depuis un réseau déclaré « guest ». Sont essayées les machines qui font face à Internet et
celles de ce réseau ; les autres ont leur propre question. Un service déclaré ouvert à tous pour un autre usage n'est un
défaut que si la page d'administration y est reconnue. Un port d'administration qui montre une page ordinaire n'en est
pas un. La gravité 4 est notre jugement.
"""

from collections.abc import Iterator

from cyberaudit.facts.passages import OUTSIDE, has_public_network, is_public_network, read_from_inside
from cyberaudit.sdk import (
    Context,
    Danger,
    Host,
    HostReach,
    HostServices,
    PortReading,
    Reason,
    ServiceTrait,
    Town,
    Unreachable,
    Verdict,
    administers,
    by_port,
    check,
    confirmed,
    for_everyone,
    judge_doors,
    not_applicable,
    of_danger,
    ordinary_pages_of,
    unknown,
    without,
)


def may_be_met_from_the_public(host: Host, town: Town) -> bool:
    """It faces outside or stands in the public's network, and the town has one."""
    return has_public_network(town) and (host.zone == OUTSIDE or is_public_network(host.zone, town))


@check(
    "firewall.guest-admin",
    needs=(HostReach, HostServices),
    about="host",
    concerns=may_be_met_from_the_public,
    seen_from="inside",
    impact=4,
    likelihood=3,
    measure="protect-admin-pages",
    sources=("H 20", "H 28", "CNIL 9.2", "PA-022 R21"),
)
def the_public_cannot_administer(
    seen: tuple[HostReach | Unreachable, HostServices | Unreachable], ctx: Context
) -> Verdict:
    reach, services = seen
    if isinstance(reach, Unreachable):
        return unknown(reach)
    if not is_public_network(reach.vantage, ctx.town):
        return unknown(Unreachable(Reason.NOT_LOOKED))
    if not reach.addresses:
        return not_applicable(f"« {ctx.asset.name} » n'a pas d'adresse visible de ce réseau.")
    ports = _administration(ctx.asset) | _recognised(services)
    doors = by_port(_readings(reach, ports, ctx), services if isinstance(services, HostServices) else None)
    return judge_doors(
        tuple(without(doors, ordinary_pages_of(ctx.asset))),
        when_open=f"Le Wi-Fi du public atteint l'administration de la machine « {ctx.asset.name} ».",
        when_shut=f"Le Wi-Fi du public n'atteint aucune administration de la machine « {ctx.asset.name} ».",
    )


def _administration(host: Host) -> frozenset[str]:
    """The usual ports of administration and those declared so, less those meant for everybody's other use."""
    declared = {service.port for service in host.services if administers(service)}
    others = {service.port for service in host.services if for_everyone(service) and not administers(service)}
    return (of_danger(Danger.ADMIN) | declared) - others


def _recognised(services: HostServices | Unreachable) -> frozenset[str]:
    """Ports behind which a page of administration was seen."""
    behind = () if isinstance(services, Unreachable) else services.behind
    return frozenset(one.port for one in behind if ServiceTrait.ADMIN_PAGE in one.traits)


def _readings(reach: HostReach, ports: frozenset[str], ctx: Context) -> Iterator[PortReading]:
    wanted = sorted(ports, key=lambda port: (len(port), port))
    for one in reach.addresses:
        yield from read_from_inside(
            one,
            [port for port in wanted if port.startswith("tcp/")],
            peers=reach.addresses,
            canaries=reach.canaries,
            confirmed=confirmed(ctx, ctx.asset),
        )

"""What passes from one network of the town to another, or out of it: each port tried, and what the profile permits."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from ipaddress import ip_network

from cyberaudit.declared import AssetKind, Flow, Host, Town, Zone, ZoneUse
from cyberaudit.facts.reach import (
    AddressReach,
    CanaryAnswer,
    Exposure,
    FlowReach,
    PortReading,
    PortState,
    TargetReach,
    read_ports,
)
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable

OUTSIDE = "outside"
CANARY = "canary"
"""The target of a flow to the Internet."""
NOBODY = "nobody's"
"""The target that is an address of the far network which no declared machine bears; no id is written so."""
PORTAL = Unreachable(
    Reason.NO_CONTROL,
    "ce port s'ouvre aussi vers une adresse que personne n'a : un portail ou un relais répond",
)
"""Why an open port proves nothing: whoever answers there may answer everywhere."""
EVERYTHING = "all"
"""Alone in `Flow.ports`: anything may pass."""


def leaves_the_town(flow: Flow, _town: Town) -> bool:
    """From one of the town's networks to the Internet."""
    return flow.target == OUTSIDE


def leaves_the_public(flow: Flow, town: Town) -> bool:
    """From the public's Wi-Fi to a network of the town."""
    return flow.target != OUTSIDE and _use(flow.source, town) == ZoneUse.GUEST


def joins_our_networks(flow: Flow, town: Town) -> bool:
    """Any other flow."""
    return not leaves_the_town(flow, town) and not leaves_the_public(flow, town)


def has_public_network(town: Town) -> bool:
    return any(zone.use == ZoneUse.GUEST for zone in _zones(town))


def is_public_network(zone: str, town: Town) -> bool:
    return _use(zone, town) == ZoneUse.GUEST


def _use(zone: str, town: Town) -> str:
    return next((each.use for each in _zones(town) if each.id == zone), "")


def _zones(town: Town) -> list[Zone]:
    return [asset for asset in town.of_kind(AssetKind.ZONE) if isinstance(asset, Zone)]


def _flows(town: Town) -> list[Flow]:
    return [asset for asset in town.of_kind(AssetKind.FLOW) if isinstance(asset, Flow)]


def _hosts(town: Town) -> list[Host]:
    return [asset for asset in town.of_kind(AssetKind.HOST) if isinstance(asset, Host)]


def permitted_ports(flow: Flow, town: Town) -> frozenset[str]:
    """What this flow and the others between the same two networks let through."""
    same = [each.ports for each in _flows(town) if (each.source, each.target) == (flow.source, flow.target)]
    return frozenset(flow.ports).union(*same)


class Permit(StrEnum):
    """By what the profile lets a port through."""

    FLOW = "flow"
    SERVICE = "service"
    """A service of that machine is declared for the network where one stands, or for the Internet."""
    NONE = "none"


@frozen
class Crossing:
    """One port of one address on the far side, read with its controls."""

    host: str
    """The host's id, or `CANARY`."""
    reading: PortReading
    permit: Permit
    refused_there: bool
    """A refusal under the address of the target: its own, or that of a firewall in its name."""


def crossings(
    facts: FlowReach, flow: Flow, town: Town, *, confirmed: Collection[str]
) -> tuple[Crossing, ...]:
    """Each port of each address that was tried, but those of nobody.

    A port that opens at the addresses of nobody is a portal's or a proxy's: open elsewhere, it proves nothing.

    Args:
        facts: what was seen from the source of `flow`.
        flow: as declared.
        town: for what else is declared.
        confirmed: ids of the hosts whose addresses somebody confirmed.
    """
    permitted = permitted_ports(flow, town)
    portal = _answered_for_anybody(facts)
    found = []
    for target in _somebodys(facts):
        services = _meant(target.host, flow, town)
        for reading in _read(target, facts, sure=target.host in confirmed):
            permit = _permit(reading.port, permitted, services)
            answer = target.reach.answer(reading.port)
            refused = answer is not None and answer.state is PortState.CLOSED
            told = _by_a_portal(reading, portal.get(reading.family, frozenset()))
            found.append(Crossing(target.host, told, permit, refused_there=refused))
    return tuple(found)


def _by_a_portal(reading: PortReading, portal: Collection[str]) -> PortReading:
    if reading.exposure is not Exposure.OPEN or reading.port not in portal:
        return reading
    return replace(reading, exposure=Exposure.UNPROVEN, cause=PORTAL)


def _somebodys(facts: FlowReach) -> list[TargetReach]:
    return [target for target in facts.targets if target.host != NOBODY]


def _answered_for_anybody(facts: FlowReach) -> dict[int, frozenset[str]]:
    """By family, the ports that open at every address of nobody."""
    found: dict[int, frozenset[str]] = {}
    for target in facts.targets:
        if target.host == NOBODY:
            family = target.reach.family
            opened = frozenset(each.port for each in target.reach.ports if each.state is PortState.OPEN)
            found[family] = found.get(family, opened) & opened
    return found


def untried_families(facts: FlowReach, flow: Flow, town: Town) -> tuple[int, ...]:
    """4 or 6: the source has a network of that family, and nothing was tried in it."""
    return tuple(sorted(_families(flow, town) - {target.reach.family for target in facts.targets}))


def is_foreign_family(family: int, flow: Flow, town: Town) -> bool:
    """The profile gives the networks of the source, and none is of that family."""
    declared = _families(flow, town)
    return bool(declared) and family not in declared


def _families(flow: Flow, town: Town) -> set[int]:
    networks = (each.networks for each in _zones(town) if each.id == flow.source)
    return {ip_network(text).version for some in networks for text in some}


def _permit(port: str, permitted: Collection[str], services: Collection[str]) -> Permit:
    if port in permitted:
        return Permit.FLOW
    return Permit.SERVICE if port in services else Permit.NONE


def _meant(host_id: str, flow: Flow, town: Town) -> frozenset[str]:
    """Services declared for the source or for the Internet.

    `any` is what a profile says when it says nothing: it counts for servers that the Internet may speak to only.
    """
    host = town.asset(f"{AssetKind.HOST}/{host_id}")
    if not isinstance(host, Host):
        return frozenset()
    open_zone = _use(host.zone, town) == ZoneUse.DMZ
    places = {flow.source, OUTSIDE, *(("any",) if open_zone else ())}
    return frozenset(service.port for service in host.services if service.reachable_from in places)


def _read(target: TargetReach, facts: FlowReach, *, sure: bool) -> Iterator[PortReading]:
    if target.host == CANARY:
        return _read_canary(target.reach)
    peers = (other.reach for other in _somebodys(facts))
    return read_from_inside(target.reach, (), peers=peers, canaries=facts.canaries, confirmed=sure)


def _read_canary(reach: AddressReach) -> Iterator[PortReading]:
    """Towards the Internet: what does not come back from the canary did not get out, if it answers at all.

    The canary may well open every port: that is what it is for.
    """
    asked = _asked(reach)
    itself = tuple(CanaryAnswer(reach.family, port, reached=True) for port in asked)
    return read_ports(replace(reach, decoys=()), asked, canaries=itself, confirmed=False)


def read_from_inside(
    reach: AddressReach,
    ports: Iterable[str],
    *,
    peers: Iterable[AddressReach],
    canaries: Iterable[CanaryAnswer],
    confirmed: bool,
) -> Iterator[PortReading]:
    """Between two networks of the town: no provider filters on the way, so anything heard from here is a control.

    A refusal on the way is the word of the firewall between them: it counts.

    Args:
        reach: the address.
        ports: those to read; every one that was asked when empty.
        peers: the addresses that were tried beside it, itself included.
        canaries: control (b) of this look.
        confirmed: somebody confirmed that the address is the host's.
    """
    every = _asked(reach)
    heard = any(_says_something(peer) for peer in peers if peer.family == reach.family) or any(
        canary.reached for canary in canaries if canary.family == reach.family
    )
    plugged = tuple(CanaryAnswer(reach.family, port, reached=True) for port in every if heard)
    return read_ports(reach, tuple(ports) or every, canaries=plugged, confirmed=confirmed)


def _asked(reach: AddressReach) -> tuple[str, ...]:
    return tuple(dict.fromkeys(answer.port for answer in reach.ports))


def _says_something(reach: AddressReach) -> bool:
    return reach.answered or any(answer.state is PortState.REJECTED for answer in reach.ports)


def undecided_passages(town: Town) -> tuple[tuple[str, str], ...]:
    """Source and target, by their ids, of the passages that no flow decides: between two networks, and outside.

    What goes to the public's Wi-Fi is left out: nothing of the town is there.
    """
    hosts = {host.zone for host in _hosts(town)}
    peopled = [zone for zone in _zones(town) if zone.networks or zone.id in hosts]
    targets = [*(zone.id for zone in peopled if zone.use != ZoneUse.GUEST), OUTSIDE]
    decided = {(flow.source, flow.target) for flow in _flows(town)}
    pairs = ((zone.id, target) for zone in peopled for target in targets if zone.id != target)
    return tuple(pair for pair in pairs if pair not in decided)

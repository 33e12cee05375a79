"""Which ports of a host answer, on the addresses that face the vantage, v4 and v6 in one pass."""

from dataclasses import replace
from typing import assert_never

from cyberaudit import french
from cyberaudit.declared import Host
from cyberaudit.facts.ports import PORTS
from cyberaudit.facts.reach import (
    AddressReach,
    CanaryAnswer,
    HostReach,
    PortAnswer,
    PortState,
)
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.sweep import PACKETS_PER_PORT, Manner, beside_canary, sweep
from cyberaudit.probes.vantage import canary, facing, pace


async def look(asset: Host, instruments: Instruments) -> HostReach:
    """The facts; without addresses when none of the host's faces this vantage."""
    vantage = instruments.vantage
    addresses = facing(asset, vantage)
    if not addresses:
        return HostReach(vantage=vantage, addresses=(), canaries=())
    ports = asked_ports(asset)
    manner = Manner(Purpose.ACTIVE, rate=pace(asset, instruments.town, vantage=vantage))
    reaches, canaries = await beside_canary(
        instruments, ports, sweep(instruments.network, addresses, ports, manner)
    )
    return HostReach(vantage=vantage, addresses=reaches, canaries=canaries)


def worth_asking_again(facts: HostReach) -> bool:
    """An address said nothing at all, or stopped answering on the way: a bad moment, perhaps."""
    return any(
        _is_mute(answer.state, answered=reach.answered) for reach in facts.addresses for answer in reach.ports
    )


def _is_mute(state: PortState | Unreachable, *, answered: bool) -> bool:
    if isinstance(state, Unreachable):
        return state.reason is Reason.NO_CONTROL
    return state is PortState.SILENT and not answered


def merge_looks(first: HostReach, second: HostReach) -> HostReach:
    """Port by port: an answer is never replaced by silence, nor silence by what could not be asked.

    The silence of an address that answered nothing in its own look weighs the least: the answers of the other
    look prove nothing about it.
    """
    known = {reach.address: reach for reach in first.addresses}
    asked = {reach.address for reach in second.addresses}
    return HostReach(
        vantage=second.vantage,
        addresses=(
            *(
                _merged(known[reach.address], reach) if reach.address in known else reach
                for reach in second.addresses
            ),
            *(reach for reach in first.addresses if reach.address not in asked),
        ),
        canaries=_both_reached(first.canaries, second.canaries),
    )


def _merged(first: AddressReach, second: AddressReach) -> AddressReach:
    asked = {answer.port for answer in second.ports}
    again = (_more_telling(first, answer, second) for answer in second.ports)
    return replace(second, ports=(*again, *(answer for answer in first.ports if answer.port not in asked)))


def _more_telling(first: AddressReach, answer: PortAnswer, second: AddressReach) -> PortAnswer:
    before = first.answer(answer.port)
    if before is None:
        return answer
    sooner = _told(before.state, answered=first.answered)
    return before if sooner > _told(answer.state, answered=second.answered) else answer


def _told(state: PortState | Unreachable, *, answered: bool) -> int:
    match state:
        case PortState.OPEN | PortState.CLOSED | PortState.REJECTED:
            return 3
        case PortState.SILENT:
            return 2 if answered else 0
        case Unreachable():
            return 1
        case _:
            assert_never(state)


def _both_reached(
    first: tuple[CanaryAnswer, ...], second: tuple[CanaryAnswer, ...]
) -> tuple[CanaryAnswer, ...]:
    """A control holds only when it held both times: it is not known from which look a silence comes."""
    again = {(canary.family, canary.port): canary.reached for canary in second}
    return tuple(
        replace(canary, reached=canary.reached and again[canary.family, canary.port])
        for canary in first
        if (canary.family, canary.port) in again
    )


def asked_ports(host: Host) -> tuple[str, ...]:
    """Its declared services first: they are what matters when time is short."""
    declared = (service.port for service in host.services)
    return tuple(dict.fromkeys((*declared, *(port.id for port in PORTS))))


def announce(asset: Host, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: the addresses that face the vantage, and the canary when there is one."""
    addresses = facing(asset, instruments.vantage)
    if not addresses:
        return ()
    ports = len(asked_ports(asset))
    target = ", ".join(map(str, addresses))
    knocks = Announcement(
        target=target,
        purpose=Purpose.ACTIVE,
        text=f"{asset.name} ({target}) : {french.count(ports, 'port')} TCP au plus par adresse, "
        "une seconde fois pour ceux qui se taisent",
        max_packets=len(addresses) * ports * PACKETS_PER_PORT,
    )
    if canary(instruments.town, instruments.vantage) is None:
        return (knocks,)
    canaries = ports + 1
    witness = Announcement(
        target=target,
        purpose=Purpose.INFRASTRUCTURE,
        text=f"l'adresse témoin du profil, à propos de {target} : {french.count(canaries, 'port')} TCP au plus",
        max_packets=canaries * PACKETS_PER_PORT,
    )
    return (knocks, witness)

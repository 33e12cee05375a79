"""Which ports of a host answer, on the addresses that face the vantage, v4 and v6 in one pass."""

from dataclasses import replace
from itertools import chain
from typing import assert_never

from cyberaudit import french
from cyberaudit.declared import Host
from cyberaudit.facts.ports import ESSENTIAL
from cyberaudit.facts.reach import (
    AddressReach,
    CanaryAnswer,
    HostReach,
    Line,
    PortAnswer,
    PortState,
)
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.ports.inquiry import GONE
from cyberaudit.probes.ports.sweep import (
    PACKETS_PER_PORT,
    WATCH_PACKETS,
    Manner,
    UnderWay,
    beside_canaries,
    seconds_for,
    sweep,
)
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.vantage import behind_one_line, canaries, facing, pace

# Ours: one of them may have been stopped meanwhile.
_OPEN_CONTROLS = 3


async def look(asset: Host, instruments: Instruments) -> HostReach:
    """The facts; without addresses when none of the host's faces this vantage."""
    name = _name(asset)
    before: HostReach | None = instruments.looks.seen(name)
    return await instruments.looks.anew(name, lambda: _look(asset, instruments, before=before))


async def reach_of(asset: Host, instruments: Instruments) -> HostReach:
    """What is known of the ports of this host, for the probes that go on from there: the same look for all.

    Control (b) is in it. Nothing is asked twice, and a second look comes back together with the first.
    """
    return await instruments.looks.shared(_name(asset), lambda: _look(asset, instruments, before=None))


def so_far(asset: Host, instruments: Instruments, *, missing: Reason) -> HostReach | None:
    """What was heard when the look is cut short, without any control; `missing` for what was not."""
    whole: HostReach | None = instruments.looks.seen(_name(asset))
    if whole is not None:
        return whole
    begun: UnderWay = instruments.looks.left_behind(_name(asset)) or {}
    reaches = tuple(inquiry.so_far(address, missing=missing) for address, inquiry in begun.items())
    return HostReach(vantage=instruments.vantage, addresses=reaches, canaries=()) if reaches else None


def _name(asset: Host) -> str:
    return f"reach {asset.key}"


async def _look(asset: Host, instruments: Instruments, *, before: HostReach | None) -> HostReach:
    """`before`: the first look; only what matters most is asked again, and both looks together come back."""
    vantage = instruments.vantage
    addresses = facing(asset, vantage)
    if not addresses:
        return HostReach(vantage=vantage, addresses=(), canaries=())
    first = first_ports(asset, instruments)
    ports = _again(first, before) if before else asked_ports(asset, instruments)
    manner = _manner(asset, instruments, ports=len(ports), first=len(first))
    under_way: UnderWay = {}
    instruments.looks.leave(_name(asset), under_way)
    reaches, controls = await beside_canaries(
        instruments, sweep(instruments.network, addresses, ports, manner, under_way=under_way)
    )
    found = HostReach(vantage=vantage, addresses=reaches, canaries=controls)
    return merge_looks(before, found) if before else found


def _manner(asset: Host, instruments: Instruments, *, ports: int, first: int) -> Manner:
    """Everything behind one line shares its pace, and takes its time."""
    town, vantage = instruments.town, instruments.vantage
    rate = pace(asset, town, vantage=vantage)
    seconds = seconds_for(
        ports * behind_one_line(asset, town, vantage=vantage), rate=instruments.options.max_rate or rate
    )
    return Manner(Purpose.ACTIVE, rate=rate, first=first, seconds=seconds)


def _again(first: tuple[str, ...], before: HostReach) -> tuple[str, ...]:
    """What a second look asks: what matters most, and of what opened the first time, enough to tell a ban."""
    opened = (
        [answer.port for answer in reach.ports if answer.state is PortState.OPEN][:_OPEN_CONTROLS]
        for reach in before.addresses
        if not reach.opens_everything
    )
    return tuple(dict.fromkeys((*first, *chain.from_iterable(opened))))


def first_ports(host: Host, instruments: Instruments) -> tuple[str, ...]:
    """What matters most: its declared services, what an earlier scan found open, then the essential ports."""
    declared = (service.port for service in host.services if service.port.startswith("tcp/"))
    known = instruments.seen_open(host.key, protocol="tcp")
    asked = set(instruments.ports.tcp)
    return tuple(dict.fromkeys((*declared, *known, *(port for port in ESSENTIAL if port in asked))))


def asked_ports(host: Host, instruments: Instruments) -> tuple[str, ...]:
    """Every TCP port that is asked of a host, what matters most at the head."""
    return tuple(dict.fromkeys((*first_ports(host, instruments), *instruments.ports.tcp)))


def worth_asking_again(facts: HostReach) -> bool:
    """An address said nothing at all, or stopped answering on the way: a bad moment, perhaps."""
    return any(
        _is_mute(answer.state, answered=reach.answered) for reach in facts.addresses for answer in reach.ports
    )


def expected_missing(asset: Host, facts: HostReach) -> bool:
    """A declared TCP service is open on none of the addresses that were looked at."""
    if not facts.addresses:
        return False
    opened = {
        answer.port for reach in facts.addresses for answer in reach.ports if answer.state is PortState.OPEN
    }
    return any(service.port.startswith("tcp/") and service.port not in opened for service in asset.services)


def _is_mute(state: PortState | Unreachable, *, answered: bool) -> bool:
    if isinstance(state, Unreachable):
        return state.reason is Reason.NO_CONTROL
    return state is PortState.SILENT and not answered


def merge_looks(first: HostReach, second: HostReach) -> HostReach:
    """Port by port: what was open once in the run is open; an answer is never replaced by silence, nor silence by what
    could not be asked.

    The silence of an address that answered nothing in its own look weighs the least: the answers of the other
    look prove nothing about it. Where what opened in the first look is refused in the second, all of it, we were
    banned: no refusal of the second counts. An address that opened everything once is never believed.
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
    second = _without_refusals(second) if _banned_since(first, second) else second
    again = (_more_telling(first, answer, second) for answer in second.ports)
    ports = (*again, *(answer for answer in first.ports if answer.port not in asked))
    decoys = first.decoys if first.opens_everything else second.decoys
    return replace(second, ports=ports, decoys=decoys, line=_both_lines(first, second))


def _both_lines(first: AddressReach, second: AddressReach) -> Line | Unreachable:
    """What both looks cost together, and the worse of what they met."""
    before, after = first.line, second.line
    if not isinstance(before, Line) or not isinstance(after, Line):
        return before if isinstance(before, Line) else after
    unstable = any(answer.state is PortState.UNSTABLE for answer in second.ports)
    return replace(
        after,
        round_trip=before.round_trip if after.round_trip is None else after.round_trip,
        loss=max(before.loss, after.loss),
        answers_per_second=before.answers_per_second
        if after.answers_per_second is None
        else after.answers_per_second,
        only_refusals=after.only_refusals if unstable else before.only_refusals,
        asked=before.asked + after.asked,
        milliseconds=before.milliseconds + after.milliseconds,
    )


def _banned_since(first: AddressReach, second: AddressReach) -> bool:
    """Ports that opened in the first look were asked again, and none opened."""
    before = {answer.port for answer in first.ports if answer.state is PortState.OPEN}
    again = [answer.state for answer in second.ports if answer.port in before]
    return bool(again) and PortState.OPEN not in again


def _without_refusals(reach: AddressReach) -> AddressReach:
    gone = Unreachable(Reason.NO_CONTROL, GONE)
    ports = tuple(
        answer
        if answer.state is PortState.OPEN or isinstance(answer.state, Unreachable)
        else replace(answer, state=gone, detail="")
        for answer in reach.ports
    )
    return replace(reach, ports=ports)


def _more_telling(first: AddressReach, answer: PortAnswer, second: AddressReach) -> PortAnswer:
    before = first.answer(answer.port)
    if before is None:
        return answer
    sooner = _told(before.state, answered=first.answered)
    return before if sooner > _told(answer.state, answered=second.answered) else answer


def _told(state: PortState | Unreachable, *, answered: bool) -> int:
    match state:
        case PortState.OPEN:
            return 4
        case PortState.CLOSED | PortState.REJECTED:
            return 3
        case PortState.SILENT:
            return 2 if answered else 0
        case PortState.UNSTABLE | Unreachable():
            return 1
        case _:
            assert_never(state)


def _both_reached(
    first: tuple[CanaryAnswer, ...], second: tuple[CanaryAnswer, ...]
) -> tuple[CanaryAnswer, ...]:
    """A control asked both times holds only when it held both times: it is not known from which look a silence comes.

    One of the first look alone stands: the second asks fewer ports. One of the second alone proves nothing about a
    silence that may be the first's.
    """
    again = {(canary.family, canary.port): canary.reached for canary in second}
    return tuple(
        replace(canary, reached=canary.reached and again.get((canary.family, canary.port), True))
        for canary in first
    )


def announce(asset: Host, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: the addresses that face the vantage, and the canary when there is one."""
    addresses = facing(asset, instruments.vantage)
    if not addresses:
        return ()
    ports = len(asked_ports(asset, instruments))
    target = ", ".join(map(str, addresses))
    knocks = Announcement(
        target=target,
        purpose=Purpose.ACTIVE,
        text=f"{asset.name} ({target}) : {french.count(ports, 'port')} TCP au plus par adresse, "
        "ceux qui se taisent au moins une seconde fois",
        max_packets=len(addresses) * ports * PACKETS_PER_PORT,
    )
    witnesses = len(canaries(instruments.town, instruments.vantage))
    if not witnesses:
        return (knocks,)
    controls = ports + 1
    witness = Announcement(
        target=target,
        purpose=Purpose.INFRASTRUCTURE,
        text=f"l'adresse témoin du profil, à propos de {target} : {french.count(controls, 'port')} TCP au plus",
        max_packets=witnesses * (controls * PACKETS_PER_PORT + WATCH_PACKETS),
    )
    return (knocks, witness)

"""Which UDP services of a host answer, on the addresses that face the vantage, and how loudly."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from cyberaudit import french
from cyberaudit.declared import AssetKind, Host
from cyberaudit.facts.ports import Danger, of_danger
from cyberaudit.facts.reach import AddressReach, CanaryAnswer, Line, PortState
from cyberaudit.facts.udp import HostUdp, UdpAddress, UdpAnswer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.host_reach import reach_of
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.ports.timing import Losses
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.udp.questions import Inquiry, inquiries
from cyberaudit.probes.udp.rounds import FAST_RATE, SLOW_SECONDS, UDP_SECONDS, Rounds
from cyberaudit.probes.vantage import canaries, facing, pace

# Ours: management, VPN, telephones, and what the national agency looks for in its own scans come first.
_DANGEROUS = (
    "udp/53", "udp/123", "udp/161", "udp/1900", "udp/11211", "udp/5353", "udp/69", "udp/19", "udp/500", "udp/4500",
    "udp/1194", "udp/389", "udp/5060",
)  # fmt: skip
# Ours: the whole list has its control, and some ports of the profile. A witness that refuses once a second takes a
# minute for them, once a run, beside the slow questions to the hosts.
MAX_CANARY_PORTS = 72
_CANARY_SECONDS = MAX_CANARY_PORTS * SLOW_SECONDS
# Ours: the TCP ports of a host are asked by then, but for the longest lists; the questions go on without them.
_WAIT_SECONDS = 60.0
# Ours: every stage, and the wait for the TCP ports, under the 180 s of a probe.
LOOK_SECONDS = 150.0
# Ours: loopback has no small box on the way, and Linux holds back none of its own refusals there.
HERE_RATE = 1000.0
# Providers drop what comes from the source ports that amplify, and let ICMP pass: only an answer that came back from
# such a port proves that one would. From the others nobody is known to hold answers back, so that ICMP is enough.
ANSWER_WANTED = of_danger(Danger.AMPLIFIER) | {"udp/161"}
# The passes of `udp/rounds`, when answers get lost, each with as many controls; what it puts slowly.
_PACKETS_PER_QUESTION = 28
_SLOW_PACKETS = int(UDP_SECONDS / SLOW_SECONDS) + 2
_ANSWERED = (PortState.OPEN, PortState.CLOSED, PortState.REJECTED)
_TELLING = (PortState.OPEN, PortState.CLOSED, PortState.REJECTED, PortState.SILENT, PortState.UNSTABLE)


async def look(asset: Host, instruments: Instruments) -> HostUdp:
    """The facts; without addresses when none of the host's faces this vantage.

    After `LOOK_SECONDS` at most: what was heard until then stays, the other silences are `Unreachable(deadline)`.
    """
    vantage, network = instruments.vantage, instruments.network
    addresses = facing(asset, vantage)
    if not addresses:
        return HostUdp(vantage=vantage, addresses=(), canaries=())
    rate = min(FAST_RATE, (pace(asset, instruments.town, vantage=vantage) or FAST_RATE) / len(addresses))
    asked = tuple(inquiry for port in asked_ports(asset, instruments) for inquiry in inquiries(port))
    numbers = {inquiry.number for inquiry in asked}
    rounds = [
        Rounds(network, address, asked, rate=HERE_RATE if network.is_here(address, numbers) else rate)
        for address in addresses
    ]
    instruments.looks.leave(_name(asset), rounds)
    witnesses: list[CanaryAnswer] = []
    with suppress(TimeoutError):  # what was heard until then is kept
        async with asyncio.timeout(LOOK_SECONDS):
            await asyncio.gather(*(one.quickly() for one in rounds))
            await asyncio.gather(_controls(rounds, instruments, witnesses), _end(rounds, asset, instruments))
    for one in rounds:
        one.cut_short()
    return HostUdp(
        vantage=vantage, addresses=tuple(one.result() for one in rounds), canaries=tuple(witnesses)
    )


def so_far(asset: Host, instruments: Instruments, *, missing: Reason) -> HostUdp | None:
    """What was heard when the look is cut short, without any control; `missing` for what was not."""
    rounds: Sequence[Rounds] = instruments.looks.left_behind(_name(asset)) or ()
    for one in rounds:
        one.cut_short(missing)
    addresses = tuple(one.result() for one in rounds)
    return HostUdp(vantage=instruments.vantage, addresses=addresses, canaries=()) if rounds else None


def _name(asset: Host) -> str:
    return f"udp {asset.key}"


async def _end(rounds: Sequence[Rounds], asset: Host, instruments: Instruments) -> None:
    known: dict[str, AddressReach] = {}
    if any(one.silent() for one in rounds):
        # A gateway that refuses TCP by ICMP too has one purse for both: its refusals must be ours alone.
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_SECONDS):
                reach = await reach_of(asset, instruments)
                known = {each.address: each for each in reach.addresses}
    await asyncio.gather(*(_end_one(one, known.get(str(one.address))) for one in rounds))


async def _end_one(one: Rounds, tcp: AddressReach | None) -> None:
    if tcp is not None and tcp.went_away:
        one.give_up()
        return
    await one.insist(_losses(tcp))
    await one.slowly()
    await one.check_again()
    one.ended = True


def _losses(tcp: AddressReach | None) -> Losses:
    """How many of its TCP ports the address answered, and how many of those answers were lost at first.

    Nothing where it limits its answers: what was held back was not lost.
    """
    if tcp is None or not isinstance(tcp.line, Line) or tcp.line.answers_per_second is not None:
        return Losses()
    answered = sum(answer.state in _ANSWERED for answer in tcp.ports)
    return Losses(answered, round(answered * tcp.line.loss / 100))


def asked_ports(host: Host, instruments: Instruments) -> tuple[str, ...]:
    """Its declared UDP services first, then what an earlier scan saw open, then those of this run."""
    declared = (service.port for service in host.services if service.port.startswith("udp/"))
    before = instruments.seen_open(host.key, protocol="udp")
    return tuple(dict.fromkeys((*declared, *before, *instruments.ports.udp)))


async def _controls(
    rounds: Sequence[Rounds], instruments: Instruments, witnesses: list[CanaryAnswer]
) -> None:
    """Control (b) of the ports that were silent or refused on the way, added to `witnesses`; asked once a run."""
    quiet = {
        (one.address.version, inquiry.port)
        for one in rounds
        for inquiry, knock in one.heard.items()
        if knock.state in (PortState.SILENT, PortState.REJECTED)
    }
    wanted = [
        one
        for one in canaries(instruments.town, instruments.vantage)
        if one.version in {family for family, _ in quiet}
    ]
    found = await asyncio.gather(*(_witnessed(address, instruments) for address in wanted))
    answers = [answer for several in found for answer in several]
    witnesses.extend(answer for answer in answers if (answer.family, answer.port) in quiet)


async def _witnessed(address: IpAddress, instruments: Instruments) -> tuple[CanaryAnswer, ...]:
    return await instruments.looks.shared(f"udp canary {address}", lambda: _ask(address, instruments))


async def _ask(address: IpAddress, instruments: Instruments) -> tuple[CanaryAnswer, ...]:
    ports = canary_ports(instruments)
    first = tuple(inquiries(port)[0] for port in ports)
    rounds = Rounds(instruments.network, address, first, purpose=Purpose.INFRASTRUCTURE)
    await rounds.quickly()
    await rounds.one_by_one(seconds=_CANARY_SECONDS)
    answers = rounds.result().answers
    return tuple(
        CanaryAnswer(address.version, answer.port, reached=_proves(answer))
        for answer in answers
        if not isinstance(answer.state, Unreachable)
    )


def _proves(answer: UdpAnswer) -> bool:
    """The canary's answer shows that the question gets out, and that what answers it would come back."""
    refused = answer.state is PortState.CLOSED and answer.port not in ANSWER_WANTED
    return answer.state is PortState.OPEN or refused


def canary_ports(instruments: Instruments) -> tuple[str, ...]:
    """What the canary is asked, for all hosts of this run: the most dangerous of what any of them is."""
    hosts = [host for host in instruments.town.of_kind(AssetKind.HOST) if isinstance(host, Host)]
    asked = dict.fromkeys(port for host in hosts for port in asked_ports(host, instruments))
    loud = of_danger(Danger.AMPLIFIER)
    ranked = (*_DANGEROUS, *(port for port in asked if port in loud), *asked)
    return tuple(port for port in dict.fromkeys(ranked) if port in asked)[:MAX_CANARY_PORTS]


def worth_asking_again(facts: HostUdp) -> bool:
    """An address whose service spoke at first went mute on the way: a bad moment, perhaps."""
    return any(
        isinstance(answer.state, Unreachable) and answer.state.reason is Reason.NO_CONTROL
        for address in facts.addresses
        for answer in address.answers
    )


def merge_looks(first: HostUdp, second: HostUdp) -> HostUdp:
    """Question by question, what was told is not lost; a control holds when it held both times."""
    before = {address.address: address for address in first.addresses}
    return HostUdp(
        vantage=second.vantage,
        addresses=tuple(_merged(before.get(address.address), address) for address in second.addresses),
        canaries=tuple(_both(first.canaries, second.canaries)),
    )


def _merged(first: UdpAddress | None, second: UdpAddress) -> UdpAddress:
    if first is None:
        return second
    before = {(answer.port, answer.question): answer for answer in first.answers}
    answers = (_more_telling(before.get((a.port, a.question)), a) for a in second.answers)
    return replace(second, answers=tuple(answers))


def _more_telling(first: UdpAnswer | None, second: UdpAnswer) -> UdpAnswer:
    if first is None:
        return second
    return min((second, first), key=_rank)


def _rank(answer: UdpAnswer) -> int:
    """The most telling first; what could not be asked last."""
    return _TELLING.index(answer.state) if answer.state in _TELLING else len(_TELLING)


def _both(first: Iterable[CanaryAnswer], second: Iterable[CanaryAnswer]) -> Iterable[CanaryAnswer]:
    before = {(canary.family, canary.port): canary.reached for canary in first}
    for answer in second:
        reached = before.get((answer.family, answer.port), answer.reached)
        yield replace(answer, reached=answer.reached and reached)


def announce(asset: Host, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: the addresses that face the vantage, and the canary when there is one."""
    addresses = facing(asset, instruments.vantage)
    asked = [inquiry for port in asked_ports(asset, instruments) for inquiry in inquiries(port)]
    if not addresses or not asked:
        return ()
    target = ", ".join(map(str, addresses))
    made = []
    for purpose, some in (
        (Purpose.ACTIVE, [inquiry for inquiry in asked if not inquiry.test]),
        (Purpose.INTRUSIVE, _allowed(asked, instruments)),
    ):
        if some:
            text = _announced(asset, target, some, purpose=purpose)
            most = len(addresses) * (len(some) * _PACKETS_PER_QUESTION + _SLOW_PACKETS)
            made.append(Announcement(target, purpose, text, most))
    return (*made, *_witness(target, instruments))


def _allowed(asked: Iterable[Inquiry], instruments: Instruments) -> list[Inquiry]:
    signed = instruments.town.authorization
    return [inquiry for inquiry in asked if signed is not None and inquiry.test in signed.tests]


def _announced(asset: Host, target: str, some: Sequence[Inquiry], *, purpose: Purpose) -> str:
    if purpose is Purpose.INTRUSIVE:
        tests = ", ".join(sorted({inquiry.test for inquiry in some}))
        return f"{asset.name} ({target}) : {french.count(len(some), 'question')} en UDP, essais autorisés : {tests}"
    ports = len({inquiry.port for inquiry in some})
    return (
        f"{asset.name} ({target}) : une question à {french.count(ports, 'port')} UDP au plus par adresse, "
        "répétée à ceux qui se taisent"
    )


def _witness(target: str, instruments: Instruments) -> tuple[Announcement, ...]:
    witnesses = canaries(instruments.town, instruments.vantage)
    if not witnesses:
        return ()
    ports = len(canary_ports(instruments))
    text = f"l'adresse témoin du profil, à propos de {target} : {french.count(ports, 'port')} UDP au plus"
    most = len(witnesses) * ports * 3
    return (Announcement(target, Purpose.INFRASTRUCTURE, text, most),)

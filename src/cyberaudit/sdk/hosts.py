"""The doors of a host: read with their controls, judged one way by every question about exposure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import assert_never

from cyberaudit import french
from cyberaudit.declared import (
    Answer,
    Host,
)
from cyberaudit.facts.doors import Door, Gap, by_port, for_everyone, gaps, unlooked
from cyberaudit.facts.ports import BY_ID, USUAL, Danger
from cyberaudit.facts.reach import (
    AddressReach,
    Engine,
    Exposure,
    HostReach,
    Line,
    PortReading,
    PortState,
    read_ports,
    readings,
)
from cyberaudit.facts.services import Behind, HostServices
from cyberaudit.facts.udp import HostUdp
from cyberaudit.model import Evidence, Item, Reason, Status, Unreachable, Verdict
from cyberaudit.sdk.behind import raw_behind, told_behind
from cyberaudit.sdk.pages import page_name
from cyberaudit.sdk.shape import Context
from cyberaudit.sdk.strangers import STRANGE_PORTS, stranger, stranger_name
from cyberaudit.sdk.tallies import (
    CLOSED_WITHOUT_A_WORD,
    closed_without_a_word,
    listed_ports,
    tally,
    why_unseen,
)
from cyberaudit.sdk.verdicts import failed, not_applicable, passed, unknown

Facing = tuple[HostReach | Unreachable, HostServices | Unreachable]
"""What `needs=(HostReach, HostServices)` gives: the ports, and what stands behind those that are open."""


def confirmed(ctx: Context, host: Host) -> bool:
    """The profile confirms, less than twelve months ago, that the host's addresses are its own."""
    said = host.declaration("confirmed")
    today = ctx.local(ctx.now).date()
    return said is not None and said.answer is Answer.YES and said.on <= today <= said.until


def doors_of(
    reach: HostReach,
    ctx: Context,
    ports: frozenset[str] | None = None,
    *,
    services: HostServices | Unreachable | None = None,
) -> tuple[Door, ...]:
    """The ports of the host the check is about, read with their controls: every one that was asked, or `ports`.

    Of `ports`, those in TCP: the others are not looked at. One that was not asked is not proven. Where an address
    opens every port, an open one is open only when `services` heard something behind it.
    """
    sure = confirmed(ctx, ctx.asset)
    seen = services if isinstance(services, HostServices) else None
    if ports is None:
        return by_port(readings(reach, confirmed=sure), seen)
    wanted = sorted((port for port in ports if port.startswith("tcp/")), key=lambda port: (len(port), port))
    every = (
        tuple(read_ports(one, wanted, canaries=reach.canaries, confirmed=sure)) for one in reach.addresses
    )
    return by_port((reading for port in zip(*every, strict=True) for reading in port), seen)


def usual_ports(reach: HostReach) -> frozenset[str]:
    """The usual TCP ports and those that were asked: a shorter scan leaves the rest unproven, and passes nothing."""
    return frozenset(USUAL).union(answer.port for one in reach.addresses for answer in one.ports)


def udp_doors_of(
    udp: HostUdp, ctx: Context, ports: frozenset[str], *, reach: HostReach | Unreachable
) -> tuple[Door, ...]:
    """Ports in UDP of the host the check is about, read with their controls; one that was not asked is not proven.

    An address that answered in TCP, in `reach`, is there: that stands for control (a), never for control (b). One that
    went away in TCP holds us off, perhaps: what is not open there in UDP is not proven, refusals and the profile's
    word notwithstanding.
    """
    sure, heard, gone = confirmed(ctx, ctx.asset), heard_in_tcp(reach), gone_in_tcp(reach)
    wanted = sorted(ports, key=lambda port: (len(port), port))
    every = (
        tuple(
            _held_off(reading) if one.address in gone else reading
            for reading in read_ports(
                one.reach, wanted, canaries=udp.canaries, confirmed=sure or one.address in heard
            )
        )
        for one in udp.addresses
    )
    return by_port(reading for port in zip(*every, strict=True) for reading in port)


def _held_off(reading: PortReading) -> PortReading:
    if reading.exposure is not Exposure.NOT_OPEN:
        return reading
    return replace(reading, exposure=Exposure.UNPROVEN, cause=Unreachable(Reason.NO_CONTROL))


def heard_in_tcp(reach: HostReach | Unreachable) -> frozenset[str]:
    """The addresses that answered for themselves, to the end: where every port opens, a machine on the way does."""
    if isinstance(reach, Unreachable):
        return frozenset()
    there = (one for one in reach.addresses if one.answered and not one.opens_everything)
    return frozenset(one.address for one in there) - gone_in_tcp(reach)


def gone_in_tcp(reach: HostReach | Unreachable) -> frozenset[str]:
    """The addresses that answered, and no longer did before the end."""
    if isinstance(reach, Unreachable):
        return frozenset()
    return frozenset(one.address for one in reach.addresses if one.went_away)


def no_address(ctx: Context) -> Verdict:
    """None of the host's addresses faces the Internet: there is no door to look at."""
    return not_applicable(f"« {ctx.asset.name} » n'a pas d'adresse propre sur Internet.")


def judge_exposure(
    facing: Facing,
    ctx: Context,
    ports: frozenset[str],
    *,
    shows: Callable[[Behind], bool],
    when_open: str,
    when_shut: str,
    likelihood: int | None = None,
    hides_anywhere: bool = False,
    spares: Callable[[Behind], bool] | None = None,
) -> Verdict:
    """One question of exposure: the ports it owns, and its services where they were recognised on other ports.

    Args:
        facing: the two facts. A port of the question is open whatever is behind it, but what it `spares`.
        ctx: about the host.
        ports: what the question owns.
        shows: this service, on whatever port, is what the question is about.
        when_open: the sentence of the failure.
        when_shut: the sentence of the pass.
        likelihood: what an open door raises it to.
        hides_anywhere: an open port behind which nobody could look leaves a doubt, whatever the profile calls it.
            For most questions it leaves none: the port itself is another question's (`firewall.unexpected-port`).
        spares: what, seen behind a port of the question, shows that the port is another question's.
    """
    reach, services = facing
    if isinstance(reach, Unreachable):
        return unknown(reach)
    if not reach.addresses:
        return no_address(ctx)
    meant = frozenset(service.port for service in ctx.asset.services if for_everyone(service))
    own = without(doors_of(reach, ctx, ports, services=services), spares)
    others = doors_of(reach, ctx, _opened(reach, beside=ports, meant=meant), services=services)
    strange = strangers_of(reach, services, ctx, STRANGE_PORTS - ports)
    moved = (
        *recognised((*others, *strange), shows=shows),
        *(_unlooked(others, services) if hides_anywhere else ()),
    )
    return judge_doors((*own, *moved), when_open=when_open, when_shut=when_shut, likelihood=likelihood)


def strangers_of(
    reach: HostReach, services: HostServices | Unreachable, ctx: Context, ports: frozenset[str]
) -> tuple[Door, ...]:
    """Those of `ports` that their own question leaves to others, as something else was recognised there."""
    if isinstance(services, Unreachable):
        return ()
    held = frozenset(one.port for one in services.behind if stranger(one)) & ports
    return tuple(recognised(doors_of(reach, ctx, held, services=services), shows=stranger))


def _opened(reach: HostReach, *, beside: frozenset[str], meant: frozenset[str]) -> frozenset[str]:
    """The open ports that no question owns, with those `meant` for everybody."""
    every = (answer for one in reach.addresses for answer in one.ports)
    opened = {answer.port for answer in every if answer.state is PortState.OPEN} - beside
    owned = {port for port in opened if port in BY_ID and BY_ID[port].danger is not Danger.OTHER}
    return frozenset(opened - (owned - meant))


def recognised(doors: Iterable[Door], *, shows: Callable[[Behind], bool]) -> Iterator[Door]:
    """The doors behind which the service was recognised."""
    for door in doors:
        places = {behind.address for behind in door.behind if shows(behind)}
        if kept := tuple(one for one in door.readings if one.address in places):
            yield _on(door, kept)


def without(doors: Iterable[Door], spares: Callable[[Behind], bool] | None) -> Iterator[Door]:
    """The doors, less the addresses where what stands behind shows that they are another question's."""
    for door in doors:
        spared = {behind.address for behind in door.behind if spares and spares(behind)}
        if kept := tuple(one for one in door.readings if one.address not in spared):
            yield _on(door, kept)


def _on(door: Door, kept: tuple[PortReading, ...]) -> Door:
    """The door, on the addresses of these readings alone."""
    places = {one.address for one in kept}
    return replace(door, readings=kept, behind=tuple(one for one in door.behind if one.address in places))


def _unlooked(doors: Iterable[Door], services: HostServices | Unreachable) -> Iterator[Door]:
    """The open doors behind which nobody could look, as not proven."""
    for door in doors:
        opened = (one for one in door.readings if one.exposure is Exposure.OPEN)
        causes = ((one, unlooked(one, services)) for one in opened)
        if kept := tuple(
            replace(one, exposure=Exposure.UNPROVEN, cause=cause) for one, cause in causes if cause
        ):
            yield replace(door, readings=kept)


def judge_doors(
    doors: tuple[Door, ...],
    *,
    when_open: str,
    when_shut: str,
    likelihood: int | None = None,
    reach: HostReach | None = None,
) -> Verdict:
    """One open door fails; one that is not proven shut is unknown; a pass needs every one of them shut.

    Args:
        doors: what was asked; none at all is unknown.
        when_open: the sentence of the failure.
        when_shut: the sentence of the pass.
        likelihood: what an open door raises it to.
        reach: the look they come from, where how it was asked matters: one line of evidence an address.
    """
    lines = asked_evidence(reach) if reach else ()
    items, evidence = door_items(doors), (*door_evidence(doors), *lines)
    if any(door.exposure is Exposure.OPEN for door in doors):
        return failed(when_open, reason="open", items=items, evidence=evidence, likelihood=likelihood)
    lost = gaps(doors)
    if lost or not doors:
        cause = lost[0].cause if lost else Unreachable(Reason.NOT_COLLECTED)
        return _undecided(cause, items=items, evidence=evidence)
    return passed(when_shut, evidence=evidence)


def _undecided(cause: Unreachable, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]) -> Verdict:
    if not closed_without_a_word(cause):
        return unknown(cause, items=items, evidence=evidence)
    verdict = unknown(Unreachable(cause.reason), items=items, evidence=evidence)
    return replace(verdict, text=f"{CLOSED_WITHOUT_A_WORD}.")


def door_items(doors: tuple[Door, ...]) -> tuple[Item, ...]:
    """An item for each open port, and one for each family and reason why others could not be seen."""
    opened = [Item(door.port, Status.FAIL, "open", _open_text(door)) for door in doors if door.open_on]
    return (*opened, *(_gap_item(gap) for gap in gaps(doors)))


def _open_text(door: Door) -> str:
    told = told_behind(door)
    name = page_name(door) or stranger_name(door) or door.name
    text = f"{name} : accès ouvert sur {french.listed(door.open_on)}"
    return f"{text} ; {told}." if told else f"{text}."


def _gap_item(gap: Gap) -> Item:
    what = french.count(len(gap.ports), "accès non vérifié", "accès non vérifiés")
    if closed_without_a_word(gap.cause):
        text = f"{what} en IPv{gap.family}. {CLOSED_WITHOUT_A_WORD}."
    else:
        text = f"{what} en IPv{gap.family} : {gap.cause.reason.french}."
    return Item(gap.key, Status.UNKNOWN, gap.cause.reason, text)


def door_evidence(doors: tuple[Door, ...]) -> tuple[Evidence, ...]:
    """Each open port as it answered with what is behind, each gap with its ports, then each address in numbers."""
    answers = tuple(
        Evidence(f"{reading.port} {reading.address}", _as_answered(reading, door.behind))
        for door in doors
        for reading in door.readings
        if reading.exposure is Exposure.OPEN
    )
    unseen = tuple(
        Evidence(f"IPv{gap.family}, {why_unseen(gap.cause)}", listed_ports(gap.ports)) for gap in gaps(doors)
    )
    return (*answers, *unseen, *_counts(doors))


def _counts(doors: tuple[Door, ...]) -> Iterator[Evidence]:
    """One line an address: how many of its ports answered in which way."""
    states: dict[str, list[PortState | Unreachable]] = {}
    for door in doors:
        for reading in door.readings:
            states.setdefault(reading.address, []).append(reading.state)
    return (Evidence(f"ports {address}", tally(found)) for address, found in states.items())


def _as_answered(reading: PortReading, behind: tuple[Behind, ...]) -> str:
    found = next((raw_behind(one) for one in behind if one.address == reading.address), "")
    return " ; ".join(part for part in (reading.detail or "ouvert", found) if part)


def asked_evidence(reach: HostReach) -> tuple[Evidence, ...]:
    """How each address was asked and how it answered: « connexions ordinaires ; 12 ms ; aucune perte »."""
    return tuple(Evidence(f"moteur {one.address}", _manner(one)) for one in reach.addresses)


def _manner(reach: AddressReach) -> str:
    if isinstance(reach.line, Unreachable):
        return reach.line.reason.french
    line: Line = reach.line
    limit = line.answers_per_second
    return " ; ".join(
        (
            _engine(line.engine),
            "aucune réponse" if line.round_trip is None else _milliseconds(line.round_trip),
            f"{line.loss} % de perte" if line.loss else "aucune perte",
            *(() if limit is None else (f"réponses limitées à {limit} par seconde",)),
        )
    )


def _engine(engine: Engine) -> str:
    match engine:
        case Engine.CONNECT:
            return "connexions ordinaires"
        case _:
            assert_never(engine)


def _milliseconds(microseconds: int) -> str:
    """« 12 ms », « moins de 1 ms »."""
    return f"{round(microseconds / 1000)} ms" if microseconds >= 1000 else "moins de 1 ms"

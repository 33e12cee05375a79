"""Which ports of a host answer, from where one stands, and what proves that silence means closed."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import assert_never

from cyberaudit.facts.base import Facts
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable


class PortState(StrEnum):
    """What one address said of one port."""

    OPEN = "open"
    CLOSED = "closed"
    """The address itself refused: RST, or ICMP; the detail says which."""
    REJECTED = "rejected"
    """Another machine on the way refused by ICMP: the town's gateway, or our own. The detail names it."""
    SILENT = "silent"
    """Nothing came back, asked twice or more beside questions of the same address that were answered, or from an
    address that never answered anything."""
    UNSTABLE = "unstable"
    """Nothing came back, and the answers of this address come and go: loss, or a limit on its refusals. What the
    silence means could not be told in the time given. The detail says which."""


@frozen
class PortAnswer:
    """One port of one address."""

    port: str
    """`tcp/3389`"""
    state: PortState | Unreachable
    """`Unreachable` when asking itself failed: no route, out of budget, interrupted."""
    detail: str
    """`rst`, `icmp 3/13 de 192.0.2.1`, `syn-ack en 12 ms`; may be empty."""


class Engine(StrEnum):
    """How the ports were asked."""

    CONNECT = "connect"
    """Connections opened and closed at once, no privilege; the kernel tells a RST from an ICMP message."""


@frozen
class Line:
    """How the address answered as a whole: what its silences are worth, and what it would cost to ask again."""

    engine: Engine
    round_trip: int | None
    """Median of the answers of the address itself, in microseconds; None: it answered nothing."""
    loss: int
    """Percent of the questions that were answered only when put again: loss, or a limit."""
    answers_per_second: int | None
    """The limit found on what the address refuses; None: none was met."""
    only_refusals: bool
    """The limit holds back refusals alone: in the same burst, open ports answered every time. An unstable port is
    closed or filtered, not open."""
    asked: int
    """Attempts, repetitions included."""
    milliseconds: int
    """From the first attempt to the last answer waited for."""


@frozen
class AddressReach:
    """One address of a host, every port that was asked."""

    address: str
    family: int
    """4 or 6"""
    ports: tuple[PortAnswer, ...]
    decoys: tuple[PortAnswer, ...] | Unreachable
    """Three high ports drawn at random, which nobody uses: when all of them open, a machine on the way opens every
    port, and an open port proves nothing."""
    line: Line | Unreachable

    @property
    def answered(self) -> bool:
        """Control (a): the address itself answered something in this run. A refusal on the way is not its word."""
        return any(answer.state in (PortState.OPEN, PortState.CLOSED) for answer in self.ports)

    @property
    def went_away(self) -> bool:
        """What answered no longer did before the end: a ban, perhaps. What was not open proves nothing any more."""
        causes = (answer.state for answer in self.ports if isinstance(answer.state, Unreachable))
        return any(cause.reason is Reason.NO_CONTROL for cause in causes)

    @property
    def opens_everything(self) -> bool:
        """Every decoy opened: « open » is the word of a machine on the way, until a service speaks."""
        if isinstance(self.decoys, Unreachable) or not self.decoys:
            return False
        return all(decoy.state is PortState.OPEN for decoy in self.decoys)

    def answer(self, port: str) -> PortAnswer | None:
        return next((answer for answer in self.ports if answer.port == port), None)


@frozen
class CanaryAnswer:
    """Control (b): whether this port gets out at all from where one stands, in this family."""

    family: int
    port: str
    reached: bool


@frozen
class HostReach(Facts):
    """The ports of one host, on the addresses that face the vantage, v4 and v6 in one pass."""

    KIND = "host-reach"
    VERSION = 2

    vantage: str
    addresses: tuple[AddressReach, ...]
    """Empty: none of the host's addresses faces this vantage."""
    canaries: tuple[CanaryAnswer, ...]


@frozen
class TargetReach:
    """One address on the far side of a flow."""

    host: str
    """The host asset's id; `canary` for the address outside."""
    reach: AddressReach


@frozen
class FlowReach(Facts):
    """What passes from one zone to another, seen from the first."""

    KIND = "flow-reach"
    VERSION = 2

    vantage: str
    targets: tuple[TargetReach, ...]
    canaries: tuple[CanaryAnswer, ...]


class Exposure(StrEnum):
    """What may be concluded of one port of one address."""

    OPEN = "open"
    NOT_OPEN = "not-open"
    UNPROVEN = "unproven"


@frozen
class PortReading:
    """One port of one address, read with its controls."""

    address: str
    family: int
    port: str
    exposure: Exposure
    cause: Unreachable | None
    """Why nothing is proven; None otherwise."""
    detail: str
    state: PortState | Unreachable
    """What the address said, whatever it proves; `not-collected` for a port that was not asked."""


def read_port(
    reach: AddressReach, port: str, *, canaries: tuple[CanaryAnswer, ...], confirmed: bool
) -> PortReading:
    """One port as `read_ports` reads it; for many of one address, that is the one to call."""
    return next(read_ports(reach, (port,), canaries=canaries, confirmed=confirmed))


def read_ports(
    reach: AddressReach, ports: Iterable[str], *, canaries: tuple[CanaryAnswer, ...], confirmed: bool
) -> Iterator[PortReading]:
    """Open is open, unless every port opens; a refusal of the address itself is an answer; silence, and a refusal
    by another machine, count as closed only when it is proved that the question gets out from here.

    Args:
        reach: the address.
        ports: `tcp/3389`, …; one that was not asked is not proven.
        canaries: control (b): one of this family, reached on this very port. Any port may be held back on the
            way, by the provider or by the line's own firewall, while others pass.
        confirmed: the profile confirms, less than twelve months ago, that the address is the host's; it stands
            for an answer of the host (control (a)), never for control (b).
    """
    answers = {answer.port: answer for answer in reversed(reach.ports)}
    gets_out = _ports_that_get_out(reach.family, canaries)
    there = confirmed or _answers(reach, gets_out)
    opens_everything = reach.opens_everything
    only_refusals = isinstance(reach.line, Line) and reach.line.only_refusals
    for port in ports:
        answer = answers.get(port)
        cause = _doubt(answer, gets_out, there=there, opens_everything=opens_everything)
        if answer and answer.state is PortState.UNSTABLE and not only_refusals:
            cause = Unreachable(Reason.UNSTABLE, answer.detail)
        opened = answer is not None and answer.state is PortState.OPEN
        shown = Exposure.UNPROVEN if cause else Exposure.OPEN if opened else Exposure.NOT_OPEN
        detail, state = (answer.detail, answer.state) if answer else ("", Unreachable(Reason.NOT_COLLECTED))
        yield PortReading(reach.address, reach.family, port, shown, cause, detail, state)


def _doubt(
    answer: PortAnswer | None, gets_out: frozenset[str], *, there: bool, opens_everything: bool
) -> Unreachable | None:
    """Why the answer proves nothing; None when it does."""
    match answer.state if answer else Unreachable(Reason.NOT_COLLECTED):
        case PortState.OPEN:
            return Unreachable(Reason.OPENS_EVERYTHING) if opens_everything else None
        case PortState.CLOSED:
            return None
        case (PortState.REJECTED | PortState.SILENT | PortState.UNSTABLE) as state:
            heard = there or state is PortState.REJECTED
            proved = answer is not None and answer.port in gets_out and heard
            return None if proved else Unreachable(Reason.NO_CONTROL)
        case Unreachable() as lost:
            return lost
        case never:
            assert_never(never)


def _ports_that_get_out(family: int, canaries: tuple[CanaryAnswer, ...]) -> frozenset[str]:
    ours = [canary for canary in canaries if canary.family == family]
    lost = {canary.port for canary in ours if not canary.reached}
    return frozenset(canary.port for canary in ours) - lost


def _answers(reach: AddressReach, gets_out: frozenset[str]) -> bool:
    """The address answered, or its gateway refused for it: not our own, since that port gets out."""
    return reach.answered or any(
        answer.state is PortState.REJECTED and answer.port in gets_out for answer in reach.ports
    )


def readings(
    facts: HostReach, ports: frozenset[str] | None = None, *, confirmed: bool
) -> Iterator[PortReading]:
    """Every asked port of every address (of `ports` only, when given), read with its controls."""
    for reach in facts.addresses:
        asked = dict.fromkeys(answer.port for answer in reach.ports if ports is None or answer.port in ports)
        yield from read_ports(reach, asked, canaries=facts.canaries, confirmed=confirmed)

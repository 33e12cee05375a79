"""Which ports of a host answer, from where one stands, and what proves that silence means closed."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from cyberaudit.facts.base import Facts
from cyberaudit.model import Reason, Unreachable


class PortState(StrEnum):
    """What one address said of one port."""

    OPEN = "open"
    CLOSED = "closed"
    """RST from the address itself."""
    REJECTED = "rejected"
    """An ICMP message refused it; the detail says which, and from whom."""
    SILENT = "silent"
    """Nothing came back, twice."""


@dataclass(frozen=True, slots=True)
class PortAnswer:
    """One port of one address."""

    port: str
    """`tcp/3389`"""
    state: PortState | Unreachable
    """`Unreachable` when asking itself failed: no route, out of budget, interrupted."""
    detail: str
    """`rst`, `icmp 3/13 de 192.0.2.1`, `syn-ack en 12 ms`; may be empty."""


@dataclass(frozen=True, slots=True)
class AddressReach:
    """One address of a host, every port that was asked."""

    address: str
    family: int
    """4 or 6"""
    ports: tuple[PortAnswer, ...]

    @property
    def answered(self) -> bool:
        """Control (a): the address, or its own gateway for it, answered something in this run."""
        return any(
            answer.state in (PortState.OPEN, PortState.CLOSED, PortState.REJECTED) for answer in self.ports
        )

    def answer(self, port: str) -> PortAnswer | None:
        return next((answer for answer in self.ports if answer.port == port), None)


@dataclass(frozen=True, slots=True)
class CanaryAnswer:
    """Control (b): whether this port gets out at all from where one stands, in this family."""

    family: int
    port: str
    reached: bool


# Access networks commonly filter these on their own (facts: 25, 135, 137–139, 445): silence proves nothing
# without a canary that was reached on the very same port.
CANARY_PORTS = frozenset({"tcp/25", "tcp/135", "tcp/137", "tcp/138", "tcp/139", "tcp/445"})


@dataclass(frozen=True, slots=True)
class HostReach(Facts):
    """The ports of one host, on the addresses that face the vantage, v4 and v6 in one pass."""

    KIND = "host-reach"
    VERSION = 1

    vantage: str
    addresses: tuple[AddressReach, ...]
    """Empty: none of the host's addresses faces this vantage."""
    canaries: tuple[CanaryAnswer, ...]


@dataclass(frozen=True, slots=True)
class TargetReach:
    """One address on the far side of a flow."""

    host: str
    """The host asset's id; `canary` for the address outside."""
    reach: AddressReach


@dataclass(frozen=True, slots=True)
class FlowReach(Facts):
    """What passes from one zone to another, seen from the first."""

    KIND = "flow-reach"
    VERSION = 1

    vantage: str
    targets: tuple[TargetReach, ...]
    canaries: tuple[CanaryAnswer, ...]


class Exposure(StrEnum):
    """What may be concluded of one port of one address."""

    OPEN = "open"
    NOT_OPEN = "not-open"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class PortReading:
    """One port of one address, read with its controls."""

    address: str
    family: int
    port: str
    exposure: Exposure
    cause: Unreachable | None
    """Why nothing is proven; None otherwise."""
    detail: str


def read_port(
    reach: AddressReach, port: str, *, canaries: tuple[CanaryAnswer, ...], confirmed: bool
) -> PortReading:
    """Open is open; RST and ICMP are answers; silence counts as closed only when it is proved that we
    would have heard.

    Args:
        reach: the address.
        port: `tcp/3389`.
        canaries: control (b), needed for `CANARY_PORTS`, and a contrary proof for any port: a canary not
            reached on this port and family makes its silence worthless.
        confirmed: the profile confirms, less than twelve months ago, that the address is the host's; it stands
            for an answer of the host only when a canary of the same family was reached in this run.
    """
    answer = reach.answer(port)
    state = answer.state if answer else Unreachable(Reason.NOT_COLLECTED)
    detail = answer.detail if answer else ""
    cause: Unreachable | None = None
    match state:
        case PortState.OPEN:
            exposure = Exposure.OPEN
        case PortState.CLOSED | PortState.REJECTED:
            exposure = Exposure.NOT_OPEN
        case PortState.SILENT:
            # A confirmed address says who would answer, not that our own line works: something must be heard.
            plugged = any(canary.reached for canary in canaries if canary.family == reach.family)
            heard = (reach.answered or (confirmed and plugged)) and _gets_out(reach.family, port, canaries)
            exposure = Exposure.NOT_OPEN if heard else Exposure.UNPROVEN
            cause = None if heard else Unreachable(Reason.NO_CONTROL)
        case Unreachable():
            exposure, cause = Exposure.UNPROVEN, state
        case _:
            assert_never(state)
    return PortReading(reach.address, reach.family, port, exposure, cause, detail)


def _gets_out(family: int, port: str, canaries: tuple[CanaryAnswer, ...]) -> bool:
    for canary in canaries:
        if (canary.family, canary.port) == (family, port):
            return canary.reached
    return port not in CANARY_PORTS


def readings(
    facts: HostReach, ports: frozenset[str] | None = None, *, confirmed: bool
) -> Iterator[PortReading]:
    """Every asked port of every address (of `ports` only, when given), read with its controls."""
    for reach in facts.addresses:
        for answer in reach.ports:
            if ports is None or answer.port in ports:
                yield read_port(reach, answer.port, canaries=facts.canaries, confirmed=confirmed)

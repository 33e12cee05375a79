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
    """The address itself refused: RST, or ICMP; the detail says which."""
    REJECTED = "rejected"
    """Another machine on the way refused by ICMP: the town's gateway, or our own. The detail names it."""
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
        """Control (a): the address itself answered something in this run. A refusal on the way is not its word."""
        return any(answer.state in (PortState.OPEN, PortState.CLOSED) for answer in self.ports)

    def answer(self, port: str) -> PortAnswer | None:
        return next((answer for answer in self.ports if answer.port == port), None)


@dataclass(frozen=True, slots=True)
class CanaryAnswer:
    """Control (b): whether this port gets out at all from where one stands, in this family."""

    family: int
    port: str
    reached: bool


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
    """Open is open; a refusal of the address itself is an answer; silence, and a refusal by another machine,
    count as closed only when it is proved that the question gets out from here.

    Args:
        reach: the address.
        port: `tcp/3389`.
        canaries: control (b): one of this family, reached on this very port. Any port may be held back on the
            way, by the provider or by the line's own firewall, while others pass.
        confirmed: the profile confirms, less than twelve months ago, that the address is the host's; it stands
            for an answer of the host (control (a)), never for control (b).
    """
    answer = reach.answer(port)
    state = answer.state if answer else Unreachable(Reason.NOT_COLLECTED)
    detail = answer.detail if answer else ""
    cause: Unreachable | None = None
    match state:
        case PortState.OPEN:
            exposure = Exposure.OPEN
        case PortState.CLOSED:
            exposure = Exposure.NOT_OPEN
        case PortState.REJECTED | PortState.SILENT:
            gets_out = _ports_that_get_out(reach.family, canaries)
            there = state is PortState.REJECTED or confirmed or _answers(reach, gets_out)
            proved = port in gets_out and there
            exposure = Exposure.NOT_OPEN if proved else Exposure.UNPROVEN
            cause = None if proved else Unreachable(Reason.NO_CONTROL)
        case Unreachable():
            exposure, cause = Exposure.UNPROVEN, state
        case _:
            assert_never(state)
    return PortReading(reach.address, reach.family, port, exposure, cause, detail)


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
        for answer in reach.ports:
            if ports is None or answer.port in ports:
                yield read_port(reach, answer.port, canaries=facts.canaries, confirmed=confirmed)

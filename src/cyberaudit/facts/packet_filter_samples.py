"""Packet filters in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.packet_filter import FilterAddress, HostFilter, Trick, TrickAnswer
from cyberaudit.facts.reach import PortState
from cyberaudit.facts.reach_samples import HOSTILE, OUTSIDE, V4, V6, ZONE
from cyberaudit.model import Reason, Unreachable

CANARY = "198.51.100.7"
FILTERED = ("tcp/3389", "tcp/445", "tcp/22")

_DETAILS = {
    PortState.OPEN: "syn-ack en 12 ms",
    PortState.CLOSED: "rst",
    PortState.REJECTED: "icmp 3/13 de 192.0.2.254",
    PortState.SILENT: "",
    PortState.UNSTABLE: "",
}
_TRICKS = (Trick.SYN, Trick.ACK, Trick.SOURCE_53, Trick.SOURCE_20)


def _answer(port: str, trick: Trick, state: PortState | Unreachable) -> TrickAnswer:
    return TrickAnswer(port, trick, state, "" if isinstance(state, Unreachable) else _DETAILS[state])


def _address(
    address: str,
    rest: PortState | Unreachable,
    *,
    tricks: dict[Trick, PortState | Unreachable] | None = None,
    ports: tuple[str, ...] = FILTERED,
    behind_nat: bool = False,
) -> FilterAddress:
    """Every trick at every port as `rest`, but those of `tricks`."""
    special = tricks or {}
    answers = (_answer(port, trick, special.get(trick, rest)) for port in ports for trick in _TRICKS)
    return FilterAddress(address, 6 if ":" in address else 4, tuple(answers), behind_nat)


TAKEN = Unreachable(Reason.NOT_COLLECTED, "port 53 déjà pris sur cette machine")
NO_WAY = Unreachable(Reason.NO_ROUTE, "ENETUNREACH")
LATE = Unreachable(Reason.DEADLINE)

BRIEF_FILTER = HostFilter(
    vantage=OUTSIDE,
    addresses=(
        FilterAddress(
            V4,
            4,
            (
                _answer("tcp/3389", Trick.SYN, PortState.SILENT),
                _answer("tcp/3389", Trick.ACK, PortState.CLOSED),
                _answer("tcp/3389", Trick.SOURCE_53, PortState.OPEN),
                _answer("tcp/3389", Trick.SOURCE_20, PortState.REJECTED),
                _answer("tcp/445", Trick.SOURCE_53, TAKEN),
            ),
            behind_nat=True,
        ),
        FilterAddress(V6, 6, (), behind_nat=False),
    ),
    canaries=(FilterAddress(CANARY, 4, (_answer("tcp/443", Trick.ACK, PortState.CLOSED),), behind_nat=True),),
)
"""Each state once: what is stored of it stays readable."""
CANARIES = tuple(
    _address(address, PortState.CLOSED, ports=("tcp/443",)) for address in (CANARY, "2001:db8:ffff::7")
)
MEMORY_FILTER = HostFilter(
    vantage=OUTSIDE,
    addresses=(_address(V4, PortState.SILENT), _address(V6, PortState.SILENT)),
    canaries=CANARIES,
)
"""No trick gets round it."""
REJECTING_FILTER = replace(
    MEMORY_FILTER, addresses=(_address(V4, PortState.REJECTED), _address(V6, PortState.REJECTED))
)
"""No trick either, and the gateway says so."""
STATELESS_FILTER = replace(
    MEMORY_FILTER,
    addresses=(
        _address(V4, PortState.SILENT, tricks={Trick.ACK: PortState.CLOSED}),
        _address(V6, PortState.SILENT),
    ),
)
"""The middle of a conversation reaches the host, in IPv4."""
HOLE_53_FILTER = replace(
    MEMORY_FILTER,
    addresses=(_address(V4, PortState.SILENT, tricks={Trick.SOURCE_53: PortState.OPEN}),),
)
"""What comes from port 53 enters, and services answer."""
HOLE_20_FILTER = replace(
    MEMORY_FILTER,
    addresses=(_address(V6, PortState.SILENT, tricks={Trick.SOURCE_20: PortState.CLOSED}),),
)
"""What comes from port 20 enters, and finds no service."""
LOSSY_FILTER = replace(
    MEMORY_FILTER,
    addresses=(
        _address(V4, PortState.SILENT, tricks={Trick.SYN: PortState.CLOSED, Trick.ACK: PortState.CLOSED}),
    ),
)
"""The control itself is answered: there is no filter there, and the silence of connections was loss."""
UNFILTERED_HOST = replace(
    MEMORY_FILTER,
    addresses=(FilterAddress(V4, 4, (), behind_nat=False), FilterAddress(V6, 6, (), behind_nat=False)),
)
"""Nothing was silent nor refused on the way."""
TRANSLATED_FILTER = replace(
    MEMORY_FILTER, addresses=(_address(V4, PortState.SILENT, behind_nat=True), _address(V6, PortState.SILENT))
)
"""No trick gets round it, in IPv4 from behind a box that may have changed their source ports."""
HALF_SEEN_FILTER = replace(
    MEMORY_FILTER, addresses=(_address(V4, PortState.SILENT), _address(V6, NO_WAY, tricks={Trick.ACK: LATE}))
)
TAKEN_PORT_FILTER = replace(
    MEMORY_FILTER, addresses=(_address(V4, PortState.SILENT, tricks={Trick.SOURCE_53: TAKEN}),)
)
BLIND_FILTER = replace(MEMORY_FILTER, canaries=(_address(CANARY, PortState.SILENT, ports=("tcp/443",)),))
"""Nothing proves that such packets get out from where one stands."""
FACELESS_FILTER = replace(MEMORY_FILTER, addresses=())
INSIDE_STATELESS_FILTER = replace(STATELESS_FILTER, vantage=ZONE)
HOSTILE_FILTER = HostFilter(
    vantage=HOSTILE,
    addresses=(
        FilterAddress(
            HOSTILE,
            -1,
            (
                TrickAnswer(HOSTILE, Trick.ACK, PortState.CLOSED, HOSTILE),
                TrickAnswer("tcp/", Trick.SOURCE_53, PortState.OPEN, HOSTILE),
                TrickAnswer("tcp/3389", Trick.ACK, PortState.UNSTABLE, HOSTILE),
                TrickAnswer("tcp/445", Trick.SYN, Unreachable(Reason.PROBE_CRASHED, HOSTILE), HOSTILE),
            ),
            behind_nat=False,
        ),
        FilterAddress(HOSTILE, 6, (), behind_nat=True),
    ),
    canaries=(
        FilterAddress(
            HOSTILE, 9, (TrickAnswer(HOSTILE, Trick.ACK, PortState.CLOSED, HOSTILE),), behind_nat=False
        ),
    ),
)

SAMPLES: tuple[Facts, ...] = (
    BRIEF_FILTER,
    MEMORY_FILTER,
    REJECTING_FILTER,
    STATELESS_FILTER,
    HOLE_53_FILTER,
    HOLE_20_FILTER,
    LOSSY_FILTER,
    UNFILTERED_HOST,
    TRANSLATED_FILTER,
    HALF_SEEN_FILTER,
    TAKEN_PORT_FILTER,
    BLIND_FILTER,
    FACELESS_FILTER,
    INSIDE_STATELESS_FILTER,
    HOSTILE_FILTER,
)
"""Found by `facts.base.samples()`: at least one good, one bad, one silent and one hostile of each kind."""

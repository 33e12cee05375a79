"""Ports in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.ports import USUAL
from cyberaudit.facts.reach import (
    AddressReach,
    CanaryAnswer,
    Engine,
    FlowReach,
    HostReach,
    Line,
    PortAnswer,
    PortState,
    TargetReach,
)
from cyberaudit.model import Reason, Unreachable

OUTSIDE = "outside"
ZONE = "lan"
V4 = "192.0.2.1"
V6 = "2001:db8::1"
HOSTILE = "[bold]L'Haÿ[/bold]\x1b[31m\u202e<script>=cmd()\r\nBcc: x@example.invalid"

_DETAILS = {
    PortState.OPEN: "syn-ack en 12 ms",
    PortState.CLOSED: "rst",
    PortState.REJECTED: "icmp 3/13 de 192.0.2.254",
    PortState.SILENT: "",
    PortState.UNSTABLE: "réponses limitées à environ 50 par seconde",
}
NOT_THEN = Unreachable(Reason.NOT_COLLECTED)
NO_DECOY = (PortAnswer("tcp/61234", PortState.SILENT, ""),)
QUIET_LINE = Line(Engine.CONNECT, 12_000, 0, None, only_refusals=False, asked=4, milliseconds=1_200)

_ASKED = USUAL


def _answer(port: str, state: PortState | Unreachable) -> PortAnswer:
    return PortAnswer(port, state, "" if isinstance(state, Unreachable) else _DETAILS[state])


def _reach(
    address: str, rest: PortState | Unreachable, *, opened: frozenset[str] = frozenset(), closed: str = ""
) -> AddressReach:
    """Every port as `rest`, but those of `opened`, and one that is closed."""
    special: dict[str, PortState | Unreachable] = dict.fromkeys(opened, PortState.OPEN)
    if closed:
        special[closed] = PortState.CLOSED
    answers = tuple(_answer(port, special.get(port, rest)) for port in _ASKED)
    return AddressReach(address, 6 if ":" in address else 4, answers, NO_DECOY, QUIET_LINE)


def _canaries(*, reached: bool) -> tuple[CanaryAnswer, ...]:
    return tuple(CanaryAnswer(family, port, reached=reached) for family in (4, 6) for port in _ASKED)


WEB = frozenset({"tcp/443"})
LEAK = frozenset({"tcp/443", "tcp/445", "tcp/3389"})
DANGEROUS = frozenset(
    {
        "tcp/3389", "tcp/5985", "tcp/445", "tcp/8443", "tcp/8006", "tcp/23", "tcp/3306", "tcp/502", "tcp/9100",
        "tcp/443", "tcp/25",
    }
)  # fmt: skip
NO_IPV6 = Unreachable(Reason.NO_ROUTE, "ENETUNREACH")

BRIEF_HOST = HostReach(
    vantage=OUTSIDE,
    addresses=(
        AddressReach(
            V4,
            4,
            (
                _answer("tcp/443", PortState.OPEN),
                _answer("tcp/80", PortState.CLOSED),
                _answer("tcp/22", PortState.REJECTED),
                _answer("tcp/3389", PortState.SILENT),
            ),
            NO_DECOY,
            QUIET_LINE,
        ),
        AddressReach(
            V6, 6, (_answer("tcp/443", NO_IPV6), _answer("tcp/3389", NO_IPV6)), NO_DECOY, QUIET_LINE
        ),
    ),
    canaries=(CanaryAnswer(4, "tcp/445", reached=True),),
)
"""Each state once: what is stored of it stays readable."""
BRIEF_FLOW = FlowReach(
    vantage=ZONE,
    targets=(TargetReach("serveur", BRIEF_HOST.addresses[0]),),
    canaries=BRIEF_HOST.canaries,
)
GOOD_HOST = HostReach(
    vantage=OUTSIDE,
    addresses=(
        _reach(V4, PortState.SILENT, opened=WEB, closed="tcp/80"),
        _reach(V6, PortState.SILENT, opened=WEB, closed="tcp/80"),
    ),
    canaries=_canaries(reached=True),
)
"""Only the web site answers, the rest is dropped, and the canary proves that we would have heard."""
SHUT_HOST = replace(
    GOOD_HOST, addresses=(_reach(V4, PortState.CLOSED), _reach(V6, PortState.CLOSED)), canaries=()
)
"""Nothing is open, and every port says so."""
BAD_HOST = replace(
    GOOD_HOST,
    addresses=(
        _reach(V4, PortState.CLOSED, opened=DANGEROUS),
        _reach(V6, PortState.CLOSED, opened=DANGEROUS),
    ),
)
MUTE_SERVICE_HOST = replace(
    GOOD_HOST, addresses=(_reach(V4, PortState.SILENT, closed="tcp/80"), _reach(V6, PortState.CLOSED))
)
"""The machine answers, and none of its services does."""
REFUSED_HOST = replace(
    GOOD_HOST,
    addresses=(
        _reach(V4, PortState.REJECTED, opened=WEB),
        _reach(V6, PortState.REJECTED, opened=WEB),
    ),
    canaries=_canaries(reached=False),
)
"""A gateway refuses the same ports for every machine outside: it may be our own."""
LEAKING_HOST = replace(
    GOOD_HOST, addresses=(_reach(V4, PortState.SILENT, opened=WEB), _reach(V6, PortState.SILENT, opened=LEAK))
)
"""Dropped in IPv4, open in IPv6."""
NO_IPV6_HOST = replace(
    GOOD_HOST, addresses=(_reach(V4, PortState.CLOSED, opened=WEB), _reach(V6, NO_IPV6)), canaries=()
)
"""The vantage has no IPv6 at all."""
MUTE_HOST = replace(
    GOOD_HOST,
    addresses=(_reach(V4, PortState.SILENT), _reach(V6, PortState.SILENT)),
    canaries=_canaries(reached=False),
)
"""Silence that proves nothing."""
LOST_HOST = replace(
    MUTE_HOST,
    addresses=(
        _reach(V4, Unreachable(Reason.NO_CONTROL, "rien n'a répondu")),
        _reach(V6, Unreachable(Reason.DEADLINE)),
    ),
)
"""The cable is unplugged, or time was over."""
FACELESS_HOST = replace(GOOD_HOST, addresses=(), canaries=())
"""No address of the host faces the vantage."""
INSIDE_HOST = replace(BAD_HOST, vantage=ZONE)
INSIDE_SHUT_HOST = replace(SHUT_HOST, vantage=ZONE)
EVERYTHING_OPEN_HOST = replace(
    GOOD_HOST,
    addresses=tuple(
        replace(_reach(address, PortState.OPEN), decoys=(PortAnswer("tcp/61234", PortState.OPEN, ""),))
        for address in (V4, V6)
    ),
    canaries=(),
)
"""A machine on the way opens every port, those that nobody uses too."""
UNSTABLE_HOST = replace(
    GOOD_HOST,
    addresses=(
        _reach(V4, PortState.UNSTABLE, opened=WEB, closed="tcp/80"),
        _reach(V6, PortState.UNSTABLE, opened=WEB),
    ),
)
"""Refusals come one by one: most of the ports could not be told."""
HOSTILE_HOST = HostReach(
    vantage=HOSTILE,
    addresses=(
        AddressReach(
            HOSTILE,
            -1,
            (
                PortAnswer(HOSTILE, PortState.OPEN, HOSTILE),
                PortAnswer("tcp/", PortState.OPEN, HOSTILE),
                PortAnswer("tcp/3389", PortState.REJECTED, HOSTILE),
                PortAnswer("tcp/445", Unreachable(Reason.PROBE_CRASHED, HOSTILE), HOSTILE),
            ),
            (PortAnswer(HOSTILE, PortState.UNSTABLE, HOSTILE),),
            NOT_THEN,
        ),
        AddressReach(HOSTILE, 6, (), (), NOT_THEN),
    ),
    canaries=(CanaryAnswer(9, HOSTILE, reached=True),),
)

SHUT_FLOW = FlowReach(
    vantage=ZONE,
    targets=(
        TargetReach("serveur", _reach("198.51.100.10", PortState.REJECTED)),
        TargetReach("serveur", _reach("2001:db8:1::10", PortState.REJECTED)),
    ),
    canaries=(),
)
"""Nothing passes, and the firewall says so."""
WEB_FLOW = replace(
    SHUT_FLOW,
    targets=(TargetReach("serveur", _reach("198.51.100.10", PortState.SILENT, opened=WEB)),),
    canaries=_canaries(reached=True),
)
OPEN_FLOW = replace(
    SHUT_FLOW,
    targets=(TargetReach("serveur", _reach("198.51.100.10", PortState.CLOSED, opened=DANGEROUS)),),
)
"""File sharing and the rest go from one zone to the other."""
MUTE_FLOW = replace(
    SHUT_FLOW,
    targets=(TargetReach("serveur", _reach("198.51.100.10", PortState.SILENT)),),
    canaries=_canaries(reached=False),
)
EGRESS_FLOW = replace(
    SHUT_FLOW, targets=(TargetReach("canary", _reach("203.0.113.9", PortState.OPEN)),), canaries=()
)
"""Everything goes out."""
EMPTY_FLOW = replace(SHUT_FLOW, targets=())
HOSTILE_FLOW = FlowReach(
    vantage=HOSTILE,
    targets=tuple(TargetReach(HOSTILE, reach) for reach in HOSTILE_HOST.addresses),
    canaries=HOSTILE_HOST.canaries,
)

SAMPLES: tuple[Facts, ...] = (
    BRIEF_HOST,
    BRIEF_FLOW,
    GOOD_HOST,
    SHUT_HOST,
    BAD_HOST,
    MUTE_SERVICE_HOST,
    REFUSED_HOST,
    LEAKING_HOST,
    NO_IPV6_HOST,
    MUTE_HOST,
    LOST_HOST,
    FACELESS_HOST,
    INSIDE_HOST,
    INSIDE_SHUT_HOST,
    EVERYTHING_OPEN_HOST,
    UNSTABLE_HOST,
    HOSTILE_HOST,
    SHUT_FLOW,
    WEB_FLOW,
    OPEN_FLOW,
    MUTE_FLOW,
    EGRESS_FLOW,
    EMPTY_FLOW,
    HOSTILE_FLOW,
)
"""Found by `facts.base.samples()`: at least one good, one bad, one silent and one hostile of each kind."""

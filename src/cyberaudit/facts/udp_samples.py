"""UDP services in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace

from cyberaudit.facts.base import Facts
from cyberaudit.facts.ports import UDP
from cyberaudit.facts.reach import CanaryAnswer, PortState
from cyberaudit.facts.udp import HostUdp, Question, UdpAddress, UdpAnswer
from cyberaudit.model import Reason, Unreachable

OUTSIDE = "outside"
V4 = "192.0.2.1"
V6 = "2001:db8::1"
HOSTILE = "[bold]L'Haÿ[/bold]\x1b[31m\u202e<script>=cmd()\r\nBcc: x@example.invalid"
NOT_SIGNED = Unreachable(Reason.NOT_AUTHORIZED, "192.0.2.1:161")

_TELLING: tuple[tuple[str, Question, int], ...] = (
    ("udp/53", Question.DNS, 17),
    ("udp/53", Question.DNS_RECURSION, 29),
    ("udp/123", Question.NTP, 48),
    ("udp/123", Question.NTP_CONTROL, 12),
    ("udp/161", Question.SNMP_DISCOVERY, 64),
    ("udp/161", Question.SNMP_PUBLIC, 43),
    ("udp/1900", Question.SSDP, 94),
    ("udp/11211", Question.MEMCACHED, 17),
    ("udp/5353", Question.MDNS, 46),
    ("udp/69", Question.TFTP, 24),
    ("udp/19", Question.CHARGEN, 1),
    ("udp/500", Question.IKE, 412),
    ("udp/4500", Question.IKE, 416),
    ("udp/1194", Question.OPENVPN, 14),
    ("udp/51820", Question.WIREGUARD, 148),
    ("udp/5060", Question.SIP, 370),
)
_ASKED = (
    *_TELLING,
    *((port, Question.OTHER, 2) for port in UDP if port not in {telling for telling, _, _ in _TELLING}),
)
"""Every port of the list."""
_INTRUSIVE = (Question.DNS_RECURSION, Question.SNMP_PUBLIC)
_DETAILS = {
    PortState.OPEN: "réponse en 12 ms",
    PortState.CLOSED: "icmp 3/3 de 192.0.2.1",
    PortState.REJECTED: "icmp 3/13 de 192.0.2.254",
    PortState.SILENT: "",
    PortState.UNSTABLE: "les refus de cette adresse viennent un par un",
}


def _answer(
    port: str,
    question: Question,
    sent: int,
    state: PortState | Unreachable,
    *,
    received: int = 0,
    said: str = "",
    understood: bool = True,
) -> UdpAnswer:
    detail = "" if isinstance(state, Unreachable) else _DETAILS[state]
    told = f"{detail} : {said}" if said else detail
    return UdpAnswer(port, question, state, told, sent, received, understood and state is PortState.OPEN)


def _address(address: str, rest: PortState | Unreachable, *special: UdpAnswer) -> UdpAddress:
    """Every question as `rest`, but the special ones; nobody signed for the intrusive ones."""
    told = {(answer.port, answer.question): answer for answer in special}
    answers = []
    for port, question, sent in _ASKED:
        refused = rest in (PortState.CLOSED, PortState.REJECTED) or isinstance(rest, Unreachable)
        state = rest if refused or question not in _INTRUSIVE else NOT_SIGNED
        answers.append(told.get((port, question)) or _answer(port, question, sent, state))
    return UdpAddress(address, 6 if ":" in address else 4, tuple(answers))


def _canaries(*, reached: bool) -> tuple[CanaryAnswer, ...]:
    ports = dict.fromkeys(port for port, _, _ in _ASKED)
    return tuple(CanaryAnswer(family, port, reached=reached) for family in (4, 6) for port in ports)


_LOUD = (
    _answer("udp/1900", Question.SSDP, 94, PortState.OPEN, received=2_814, said="UPnP : Linux/3.4 UPnP/1.0"),
    _answer("udp/19", Question.CHARGEN, 1, PortState.OPEN, received=1_022, said="!\"#$%&'()*+,-./0123456789"),
)
_PUBLIC = _answer(
    "udp/161", Question.SNMP_PUBLIC, 43, PortState.OPEN, received=93, said="Imprimante de la mairie, étage 1"
)

BRIEF_UDP = HostUdp(
    vantage=OUTSIDE,
    addresses=(
        UdpAddress(
            V4,
            4,
            (
                _answer("udp/123", Question.NTP, 48, PortState.OPEN, received=48, said="NTP, strate 2"),
                _answer("udp/161", Question.SNMP_DISCOVERY, 64, PortState.SILENT),
                _answer("udp/161", Question.SNMP_PUBLIC, 43, NOT_SIGNED),
                _answer("udp/1194", Question.OPENVPN, 14, PortState.UNSTABLE),
                _answer("udp/69", Question.TFTP, 24, PortState.REJECTED),
                _answer("udp/19", Question.CHARGEN, 1, PortState.CLOSED),
            ),
        ),
    ),
    canaries=(CanaryAnswer(4, "udp/161", reached=True), CanaryAnswer(4, "udp/69", reached=False)),
)
CLOSED_UDP = HostUdp(OUTSIDE, (_address(V4, PortState.CLOSED), _address(V6, PortState.CLOSED)), ())
QUIET_UDP = HostUdp(
    OUTSIDE, (_address(V4, PortState.SILENT), _address(V6, PortState.SILENT)), _canaries(reached=True)
)
UNPROVEN_UDP = replace(QUIET_UDP, canaries=())
REJECTED_UDP = HostUdp(OUTSIDE, (_address(V4, PortState.REJECTED),), _canaries(reached=True))
LIMITED_UDP = HostUdp(OUTSIDE, (_address(V4, PortState.UNSTABLE),), ())
LOUD_UDP = HostUdp(OUTSIDE, (_address(V4, PortState.CLOSED, *_LOUD),), ())
PUBLIC_UDP = HostUdp(OUTSIDE, (_address(V4, PortState.SILENT, _PUBLIC),), _canaries(reached=True))
GIBBERISH_UDP = HostUdp(
    OUTSIDE,
    (
        _address(
            V4,
            PortState.SILENT,
            _answer(
                "udp/161",
                Question.SNMP_PUBLIC,
                43,
                PortState.OPEN,
                received=43,
                said="mots inattendus",
                understood=False,
            ),
        ),
    ),
    _canaries(reached=True),
)
"""Something answers on the port of SNMP, and does not speak it."""
LOST_UDP = HostUdp(
    OUTSIDE,
    (
        _address(V4, Unreachable(Reason.NO_CONTROL, "ce qui répondait ne répond plus")),
        _address(V6, Unreachable(Reason.NO_ROUTE, "ENETUNREACH")),
    ),
    _canaries(reached=False),
)
NO_ADDRESS_UDP = HostUdp(OUTSIDE, (), ())
HOSTILE_UDP = HostUdp(
    OUTSIDE,
    (
        _address(
            V4,
            PortState.CLOSED,
            UdpAnswer("udp/161", Question.SNMP_PUBLIC, PortState.OPEN, HOSTILE, 43, 65_536, understood=True),
            UdpAnswer("udp/5060", Question.SIP, PortState.OPEN, HOSTILE, 370, 65_536, understood=False),
        ),
    ),
    (),
)

SAMPLES: tuple[Facts, ...] = (
    BRIEF_UDP,
    CLOSED_UDP,
    QUIET_UDP,
    UNPROVEN_UDP,
    REJECTED_UDP,
    LIMITED_UDP,
    LOUD_UDP,
    PUBLIC_UDP,
    GIBBERISH_UDP,
    LOST_UDP,
    NO_ADDRESS_UDP,
    HOSTILE_UDP,
)

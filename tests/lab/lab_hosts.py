"""Hosts of the laboratory, declared once: what each answers, the firewall's rules that make it so, and the truth."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

EVERY_PORT = 9
"""Where the listener of a host that opens everything really listens."""


class Answer(StrEnum):
    """What a port says to a connection."""

    OPEN = "open"
    RST = "rst"
    DROP = "drop"
    ADMIN = "admin-prohibited"
    """ICMP from the router."""
    UNREACHABLE = "port-unreachable"
    """ICMP from the router."""


@dataclass(frozen=True, slots=True)
class LabHost:
    """One machine behind the town's router, IPv4 and IPv6."""

    name: str
    number: int
    """The end of its addresses."""
    opened: frozenset[int]
    otherwise: Answer
    """What every other port says."""
    but: dict[Answer, frozenset[int]] = field(default_factory=dict)
    """Ports that say something else, in both families."""
    but_in_ipv6: dict[Answer, frozenset[int]] = field(default_factory=dict)
    lost: int = 0
    """Percent of the packets lost on the way to the host."""
    lost_back: int = 0
    """Percent of the packets lost on the way back from it."""
    rst_limit: int = 0
    """RST a second; 0: as many as are due."""
    rst_burst: int = 5
    """How many RST may go at once before the limit holds."""
    opens_everything: bool = False
    stateless: bool = False
    """What is dropped is only the opening of a connection: an ACK passes."""
    source_hole: bool = False
    """What comes from port 53 passes."""
    far: bool = False
    """Stands at the end of the long line: 30 ms there and back."""

    @property
    def v4(self) -> str:
        return f"203.0.113.{self.number}" if self.far else f"192.0.2.{self.number}"

    @property
    def v6(self) -> str:
        return f"2001:db8:{5 if self.far else 2}::{self.number}"

    def truth(self, port: int, *, family: int) -> Answer:
        """What that port would say if nothing were lost nor limited."""
        if self.opens_everything:
            return Answer.OPEN
        special = (*(self.but_in_ipv6.items() if family == 6 else ()), *self.but.items())
        said = next((answer for answer, ports in special if port in ports), None)
        return said or (Answer.OPEN if port in self.opened else self.otherwise)

    @property
    def listens(self) -> frozenset[int]:
        """Every port something listens on, whatever the firewall says of it."""
        if self.opens_everything:
            return frozenset({EVERY_PORT})
        return (
            self.opened
            | self.but.get(Answer.OPEN, frozenset())
            | self.but_in_ipv6.get(Answer.OPEN, frozenset())
        )

    def rules(self) -> Iterator[str]:
        """For nftables, in the chain of what the router forwards."""
        yield from self._rules_of_family("ip", self.v4, self.but)
        yield from self._rules_of_family("ip6", self.v6, {**self.but, **self.but_in_ipv6})

    def _rules_of_family(self, ip: str, address: str, but: dict[Answer, frozenset[int]]) -> Iterator[str]:
        there, back = f"{ip} daddr {address}", f"{ip} saddr {address}"
        if self.lost:
            yield f"{there} numgen random mod 100 < {self.lost} drop"
        if self.lost_back:
            yield f"{back} numgen random mod 100 < {self.lost_back} drop"
        if self.rst_limit:
            limit = f"limit rate over {self.rst_limit}/second burst {self.rst_burst} packets drop"
            yield f"{back} tcp flags & rst == rst {limit}"
        if self.source_hole:
            yield f"{there} tcp sport 53 accept"
        for answer, ports in but.items():
            yield f"{there} tcp dport {_set(ports)} {self._statement(answer)}"
        if self.opened:
            yield f"{there} tcp dport {_set(self.opened)} accept"
        ports_only = "" if self.stateless else "meta l4proto { tcp, udp } "
        yield f"{there} {ports_only}{self._statement(self.otherwise)}"

    def _statement(self, answer: Answer) -> str:
        match answer:
            case Answer.OPEN | Answer.RST:
                return "accept"
            case Answer.DROP:
                return "tcp flags & (syn | ack) == syn drop" if self.stateless else "drop"
            case Answer.ADMIN:
                return "reject with icmpx type admin-prohibited"
            case Answer.UNREACHABLE:
                return "reject with icmpx type port-unreachable"
            case _:
                assert_never(answer)


def _set(ports: frozenset[int]) -> str:
    return "{ " + ", ".join(map(str, sorted(ports))) + " }"


OURS = {
    Answer.OPEN: "open",
    Answer.RST: "closed",
    Answer.DROP: "silent",
    Answer.ADMIN: "rejected",
    Answer.UNREACHABLE: "rejected",
}
"""Truth → the state our program gives it."""


def how_right(truth: str, heard: str | None) -> str:
    """`right`, `unstable`, `not asked`, or what is wrong: `false open`, `missed open`, `wrong`.

    Both are states of the same program; what it says it has not seen begins with `not seen`.
    """
    if heard is None:
        return "not asked"
    if heard == truth:
        return "right"
    if heard == "open":
        return "false open"
    if heard == "unstable" or heard.startswith("not seen"):
        return "unstable"
    return "missed open" if truth == "open" else "wrong"


WEB = frozenset({80, 443})
OFFICE = frozenset({22, 80, 443, 445, 631})

DROPS_ALL = LabHost("tout-jeter", 10, frozenset(), Answer.DROP)
DEFAULT_DROP = LabHost("jeter-par-defaut", 11, frozenset({22, 80, 443, 993}), Answer.DROP)
ANSWERS = LabHost("qui-repond", 12, OFFICE, Answer.RST)
EACH_ANSWER = LabHost(
    "chaque-reponse",
    13,
    OFFICE,
    Answer.RST,
    but={
        Answer.DROP: frozenset({139, 389, 512}),
        Answer.ADMIN: frozenset({23, 111}),
        Answer.UNREACHABLE: frozenset({21, 135}),
    },
)
IPV6_LEAK = LabHost("fuite-ipv6", 14, WEB, Answer.DROP, but_in_ipv6={Answer.OPEN: frozenset({22, 445})})
STATELESS = LabHost("sans-memoire", 15, WEB, Answer.DROP, stateless=True)
SOURCE_HOLE = LabHost("trou-du-port-53", 16, WEB, Answer.DROP, source_hole=True)
RST_LIMITED = LabHost("refus-limites", 17, WEB, Answer.RST, rst_limit=50)
# Where a firewall that stands on FreeBSD begins to hold its refusals back: net.inet.icmp.icmplim, 200 each second.
RST_AS_FREEBSD = LabHost("refus-de-freebsd", 25, WEB, Answer.RST, rst_limit=200, rst_burst=200)
LOSES_2 = LabHost("perd-2", 18, OFFICE, Answer.RST, lost=2)
LOSES_20 = LabHost("perd-20", 19, OFFICE, Answer.RST, lost=20)
LOSES_BOTH_WAYS = LabHost("perd-20-et-20", 20, OFFICE, Answer.RST, lost=20, lost_back=20)
LOSES_AND_DROPS = LabHost("perd-20-et-jette", 21, WEB, Answer.DROP, lost=20)
OPENS_EVERYTHING = LabHost("tout-ouvert", 22, frozenset(), Answer.OPEN, opens_everything=True)
REFUSES = LabHost("refuse-tout", 23, WEB, Answer.ADMIN)
SILENT_RST_LIMITED = LabHost(
    "refus-limites-et-jette", 24, WEB, Answer.RST, but={Answer.DROP: frozenset(range(100, 200))}, rst_limit=50
)
FAR_ANSWERS = LabHost("loin-qui-repond", 140, OFFICE, Answer.RST, far=True)
FAR_DEFAULT_DROP = LabHost("loin-jeter-par-defaut", 141, frozenset({22, 80, 443}), Answer.DROP, far=True)

MORE = (
    LabHost("poste-1", 31, frozenset({135, 139, 445}), Answer.RST),
    LabHost("poste-2", 32, frozenset({3389, 445}), Answer.DROP),
    LabHost("imprimante", 33, frozenset({80, 515, 631}), Answer.RST),
    LabHost("box", 34, WEB, Answer.DROP),
    LabHost("camera", 35, frozenset({80, 554}), Answer.RST),
    LabHost("courrier", 36, frozenset({25, 143, 465, 587, 993}), Answer.DROP),
    LabHost("stockage", 37, frozenset({22, 111, 139, 445, 548, 873}), Answer.RST),
)
MIXED = (
    DROPS_ALL, DEFAULT_DROP, ANSWERS, EACH_ANSWER, RST_LIMITED, LOSES_2, LOSES_20, OPENS_EVERYTHING, REFUSES, *MORE,
)  # fmt: skip
"""Sixteen hosts of every humour."""

MIXED_AS_FREEBSD = tuple(RST_AS_FREEBSD if host is RST_LIMITED else host for host in MIXED)
"""The same, where the refusals are limited as a common system limits them by itself."""

HOSTS = (
    *MIXED, RST_AS_FREEBSD, IPV6_LEAK, STATELESS, SOURCE_HOLE, LOSES_BOTH_WAYS, LOSES_AND_DROPS, SILENT_RST_LIMITED,
    FAR_ANSWERS, FAR_DEFAULT_DROP,
)  # fmt: skip

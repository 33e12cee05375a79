"""What came back from one attempt to open a port: SYN-ACK, RST, an ICMP message and its author, or nothing. Pure."""

import errno
import struct
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from cyberaudit.facts.reach import PortState
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress

# linux/in.h and linux/in6.h: Python's socket module does not have them.
IP_RECVERR: Final = 11
IPV6_RECVERR: Final = 25

# linux/errqueue.h, struct sock_extended_err: errno, origin, type, code, pad, info, data.
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_ORIGINS = {2: 4, 3: 6}
"""SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6 → family."""
# linux/errqueue.h, SO_EE_OFFENDER: a sockaddr_in or sockaddr_in6 follows; the address stands at this offset.
_OFFENDER_AT = {4: 4, 6: 8}
_LENGTH = {4: 4, 6: 16}

# RFC 792 and RFC 1812 §5.2.7.1: type 3, codes that say « no machine there ».
_NO_HOST_V4 = frozenset({(3, 1), (3, 7), (3, 8), (3, 12)})
# The same, codes that say « no way there »; type 11 is a packet that turned in circles.
_NO_WAY_V4 = frozenset({(3, 0), (3, 5), (3, 6), (3, 11), (11, 0), (11, 1)})
# RFC 4443 §3.1 and §3.3: type 1 code 3 is address unreachable; 0 no route, 2 beyond scope; type 3 time over.
_NO_HOST_V6 = frozenset({(1, 3)})
_NO_WAY_V6 = frozenset({(1, 0), (1, 2), (3, 0), (3, 1)})

# Without any ICMP message, « host unreachable » is a word of our own routing table: a neighbour that does not
# answer makes the kernel send us one (tried).
_NO_ROUTE = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
)
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
# After the handshake only: while it lasts, the kernel says ECONNREFUSED for a RST.
_CUT_AFTER_OPENING = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})


@frozen
class IcmpError:
    """An ICMP message about our attempt."""

    author: IpAddress
    type: int
    code: int

    def __str__(self) -> str:
        return f"icmp {self.type}/{self.code} de {self.author}"

    @property
    def no_way(self) -> bool:
        """A router knows no way: it says nothing about the machine."""
        return (self.type, self.code) in (_NO_WAY_V4 if self.author.version == 4 else _NO_WAY_V6)

    @property
    def no_host(self) -> bool:
        """A router finds nobody at that address: worth a silence, not a refusal."""
        return (self.type, self.code) in (_NO_HOST_V4 if self.author.version == 4 else _NO_HOST_V6)


def read_icmp(ancillary: Iterable[tuple[int, int, bytes]]) -> IcmpError | None:
    """The ICMP message in the ancillary data of one `recvmsg(MSG_ERRQUEUE)`; None when there is none."""
    for _, kind, data in ancillary:
        if kind not in (IP_RECVERR, IPV6_RECVERR) or len(data) < _EXTENDED_ERROR.size:
            continue
        _, origin, icmp_type, code, *_ = _EXTENDED_ERROR.unpack_from(data)
        author = _author(data[_EXTENDED_ERROR.size :], _ORIGINS.get(origin, 0))
        if author is not None:
            return IcmpError(author, icmp_type, code)
    return None


def _author(address: bytes, family: int) -> IpAddress | None:
    start = _OFFENDER_AT.get(family, 0)
    packed = address[start : start + _LENGTH.get(family, 0)]
    if family == 4 and len(packed) == 4:
        return IPv4Address(packed)
    if family == 6 and len(packed) == 16:
        return IPv6Address(packed)
    return None


@frozen
class Attempt:
    """What the kernel says of one attempt when it is over."""

    error: int
    """errno; 0: none, the attempt succeeded or our patience is over."""
    icmp: IcmpError | None
    connected: bool
    """`getpeername()` knows the other side. With IP_RECVERR, an attempt may end without error nor connection."""
    target: IpAddress
    own: IpAddress | None
    """Our address on that way; None before the kernel chose one."""
    seconds: float
    to_itself: bool = False
    """On loopback the kernel may lend us the very port we knock at: both ends are then ours."""


@frozen
class Knock:
    """The answer of one port to one attempt."""

    state: PortState | Unreachable
    detail: str = ""
    seconds: float | None = None
    """Round trip, when the target itself answered."""


def read_attempt(attempt: Attempt) -> Knock:
    """The state behind an attempt; what we do not understand is our trouble, never a closed port."""
    if attempt.connected and not attempt.error:
        if attempt.to_itself:
            return Knock(PortState.CLOSED, "rst")
        return Knock(PortState.OPEN, f"syn-ack en {_milliseconds(attempt.seconds)}", attempt.seconds)
    if attempt.icmp is not None:
        return _from_icmp(attempt.icmp, attempt)
    return _from_error(attempt)


def _from_icmp(icmp: IcmpError, attempt: Attempt) -> Knock:
    ours = icmp.author == attempt.own and icmp.author != attempt.target
    if icmp.no_host:
        return Knock(PortState.SILENT, "aucune machine à cette adresse" if ours else str(icmp))
    if icmp.no_way:
        return Knock(Unreachable(Reason.NO_ROUTE, str(icmp)), str(icmp))
    if ours:
        return Knock(Unreachable(Reason.PERMISSION_DENIED, f"icmp {icmp.type}/{icmp.code} de cette machine"))
    if icmp.author == attempt.target:
        return Knock(PortState.CLOSED, str(icmp), attempt.seconds)
    # The town's gateway, ours, or the provider's: whoever reads it needs to know that this port gets out.
    return Knock(PortState.REJECTED, str(icmp))


def _from_error(attempt: Attempt) -> Knock:
    error = attempt.error
    name = errno.errorcode.get(error, "")
    if error == errno.ECONNREFUSED:
        return Knock(PortState.CLOSED, "rst", attempt.seconds)
    if error in _CUT_AFTER_OPENING:
        return Knock(PortState.OPEN, "syn-ack, puis rst", attempt.seconds)
    if error in (0, errno.ETIMEDOUT):
        return Knock(PortState.SILENT)
    if error in _NO_ROUTE:
        return Knock(Unreachable(Reason.NO_ROUTE, name))
    if error in _FORBIDDEN:
        return Knock(Unreachable(Reason.PERMISSION_DENIED, f"{name} : cette machine"))
    return Knock(Unreachable(Reason.PROBE_CRASHED, name))


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else "moins de 1 ms"

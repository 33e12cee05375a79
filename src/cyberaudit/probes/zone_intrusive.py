"""What is tried at a name server only where it was signed for: recursion for strangers, and a zone transfer."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import DNS_PORT, Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.stream import Limits, Stream

if TYPE_CHECKING:
    from dns.message import Message, QueryMessage

T = TypeVar("T")

RECURSION, TRANSFER = "dns-recursion", "dns-transfer"
# Ours: whoever does recursion for us must first ask a server far away.
RECURSION_SECONDS = 1.5
RECURSION_TRIES = 2
TRANSFER_SECONDS = 3.0
# One message of the largest size (RFC 1035 §4.2.2): the beginning is proof enough, the rest is none of our business.
TRANSFER_BYTES = 2 + 65535
TRANSFER_MESSAGES = 4
# Servers that limit the rate of such questions would otherwise seem mute.
VERSION_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Trials:
    """The three answers of one address; fields as in `NameServer`."""

    recursion: bool | Unreachable
    transfer: int | Unreachable
    version: str | Unreachable


async def try_server(instruments: Instruments, domain: str, address: IpAddress) -> Trials:
    """Everything that the authorization allows there, once a run."""

    async def trials() -> Trials:
        recursion, transfer = await asyncio.gather(
            _whoever_asks(instruments, domain, address, f"recursion {_above(domain)}", _recursion),
            _transfer(instruments, domain, address),
        )
        version = await _whoever_asks(instruments, domain, address, "version", _version)
        return Trials(recursion, transfer, version)

    return await instruments.looks.shared(f"zone trials {domain} {address}", trials)


async def _whoever_asks(
    instruments: Instruments,
    domain: str,
    address: IpAddress,
    what: str,
    ask: Callable[[Instruments, str, IpAddress], Coroutine[Any, Any, T | Unreachable]],
) -> T | Unreachable:
    """What a server does for strangers, asked on account of the first of its domains that is signed for."""
    # What was refused for one domain is not refused for another.
    if instruments.network.refusal_of(address, DNS_PORT, test=RECURSION, about=domain) is not None:
        return await ask(instruments, domain, address)
    return await instruments.looks.shared(
        f"zone {what} {address}", partial(ask, instruments, domain, address)
    )


def _above(domain: str) -> str:
    return domain.rpartition(".")[2]


async def _recursion(instruments: Instruments, domain: str, address: IpAddress) -> bool | Unreachable:
    """True: a name of somebody else was looked up for us, without authority."""
    for name in (_above(domain), "."):
        reply = await _ask(instruments, domain, address, _question(name, "SOA"))
        if isinstance(reply, Unreachable):
            return reply
        # Who serves that name itself answers with authority: it is asked for another one.
        if not _has_authority(reply):
            return _looked_up(reply)
    return False


async def _ask(
    instruments: Instruments, domain: str, address: IpAddress, query: "QueryMessage"
) -> "Message | Unreachable":
    reply: bytes | Unreachable = Unreachable(Reason.TIMEOUT)
    for _ in range(RECURSION_TRIES):
        reply = await instruments.network.exchange(
            address,
            DNS_PORT,
            query.to_wire(),
            purpose=Purpose.INTRUSIVE,
            within=RECURSION_SECONDS,
            about=domain,
            test=RECURSION,
            accept=partial(_replies, query.id),
        )
        if not (isinstance(reply, Unreachable) and reply.reason is Reason.TIMEOUT):
            break
    return reply if isinstance(reply, Unreachable) else _parse(reply)


async def _transfer(instruments: Instruments, domain: str, address: IpAddress) -> int | Unreachable:
    """How many records the server began to hand over; 0 when it refuses or hangs up."""
    if not instruments.options.axfr:
        return Unreachable(Reason.NOT_LOOKED)
    stream = await instruments.network.connect(
        address,
        DNS_PORT,
        purpose=Purpose.INTRUSIVE,
        about=domain,
        test=TRANSFER,
        within=TRANSFER_SECONDS,
        limits=Limits(seconds=TRANSFER_SECONDS, bytes=TRANSFER_BYTES),
    )
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        wire = _question(domain, "AXFR").to_wire()
        sent = await stream.write(len(wire).to_bytes(2, "big") + wire, within=TRANSFER_SECONDS)
        return await _records(stream, domain) if sent is None else _refused(sent)


async def _records(stream: Stream, domain: str) -> int | Unreachable:
    """SOA and another record: the transfer has begun. SOA alone: it may come in the next message."""
    count = 0
    for _ in range(TRANSFER_MESSAGES):
        size = await stream.read_exactly(2, within=TRANSFER_SECONDS)
        wire = (
            size
            if isinstance(size, Unreachable)
            else await stream.read_exactly(int.from_bytes(size, "big"), within=TRANSFER_SECONDS)
        )
        if isinstance(wire, Unreachable):
            return _refused(wire)
        message = _parse(wire)
        if isinstance(message, Unreachable):
            return message
        found = _handed_over(message, domain, first=count == 0)
        count += found
        if not found or count > 1:
            break
    return count if count > 1 else 0


def _refused(cause: Unreachable) -> int | Unreachable:
    """A line cut before anything is handed over is a refusal."""
    return 0 if cause.reason is Reason.RESET else cause


def _handed_over(message: "Message", domain: str, *, first: bool) -> int:
    import dns.name
    import dns.rcode
    import dns.rdatatype

    if message.rcode() != dns.rcode.NOERROR or not message.answer:
        return 0
    head = message.answer[0]
    is_head = head.rdtype == dns.rdatatype.SOA and head.name == dns.name.from_text(domain)
    return len(message.answer) if is_head or not first else 0


async def _version(instruments: Instruments, domain: str, address: IpAddress) -> str | Unreachable:
    """Asked last: servers answer such questions slowly or not at all, which tells nothing of them."""
    reply: bytes | Unreachable = Unreachable(Reason.NOT_AUTHORIZED)
    for test in (RECURSION, TRANSFER):
        query = _question("version.bind", "TXT", "CH")
        reply = await instruments.network.exchange(
            address,
            DNS_PORT,
            query.to_wire(),
            purpose=Purpose.INTRUSIVE,
            within=VERSION_SECONDS,
            about=domain,
            test=test,
            accept=partial(_replies, query.id),
        )
        if not (isinstance(reply, Unreachable) and reply.reason is Reason.NOT_AUTHORIZED):
            break
    if isinstance(reply, Unreachable):
        return reply
    message = _parse(reply)
    return message if isinstance(message, Unreachable) else _text(message)


def _text(message: "Message") -> str:
    from dns.rdtypes.ANY.TXT import TXT

    texts = (b"".join(rdata.strings) for rrset in message.answer for rdata in rrset if isinstance(rdata, TXT))
    return clean(next(texts, b""))


def _question(name: str, rrtype: str, rdclass: str = "IN") -> "QueryMessage":
    import dns.message

    # RFC 5452 §4.2: an id nobody can guess.
    return dns.message.make_query(name, rrtype, rdclass, id=secrets.randbelow(1 << 16))


def _replies(query_id: int, wire: bytes) -> bool:
    return len(wire) >= 12 and int.from_bytes(wire[:2], "big") == query_id and bool(wire[2] & 0x80)


def _parse(wire: bytes) -> "Message | Unreachable":
    import dns.exception
    import dns.message

    try:
        return dns.message.from_wire(wire, ignore_trailing=True, one_rr_per_rrset=True)
    except (dns.exception.DNSException, ValueError):
        return Unreachable(Reason.PROTOCOL_ERROR)


def _has_authority(message: "Message") -> bool:
    import dns.flags

    return bool(message.flags & dns.flags.AA)


def _looked_up(message: "Message") -> bool:
    import dns.flags
    import dns.rcode

    offered = bool(message.flags & dns.flags.RA)
    return offered and message.rcode() == dns.rcode.NOERROR and bool(message.answer)

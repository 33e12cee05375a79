"""What is tried at a name server only where it was signed for: recursion for strangers, and a zone transfer."""

import asyncio
import secrets
import struct
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from cyberaudit.frozen import frozen
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
# Ours: whoever does recursion for us must first ask a server far away, and most give up after five seconds.
RECURSION_WAITS = (2.0, 3.0)
# Ours: an ordinary question was just answered; the second one says that the first was not the last.
ORDINARY_WAITS = (1.0, 1.0)
TRANSFER_SECONDS = 3.0
# One message of the largest size (RFC 1035 §4.2.2): the beginning is proof enough, the rest is none of our business.
TRANSFER_BYTES = 2 + 65535
TRANSFER_MESSAGES = 4
CHUNK_BYTES = 4096
# RFC 1035 §4.1.1
HEADER_BYTES = 12
# The head of the zone and one record more: no other is read.
TRANSFER_RECORDS = 2
# Servers that limit the rate of such questions would otherwise seem mute.
VERSION_SECONDS = 1.0


@frozen
class Trials:
    """The three answers of one address; fields as in `NameServer`."""

    recursion: bool | Unreachable
    transfer: int | Unreachable
    version: str | Unreachable


async def try_server(instruments: Instruments, domain: str, address: IpAddress) -> Trials:
    """Everything that the authorization allows there, once a run."""

    async def others() -> tuple[int | Unreachable, str | Unreachable]:
        transfer = await _transfer(instruments, domain, address)
        return transfer, await _whoever_asks(instruments, domain, address, "version", _version)

    async def trials() -> Trials:
        # Silence about strangers is waited for at length: everything else meanwhile.
        recursion, (transfer, version) = await asyncio.gather(
            _whoever_asks(instruments, domain, address, f"recursion {_above(domain)}", _recursion), others()
        )
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
    """True: a name of somebody else was looked up for us. False: refused, not offered, or met by a chosen silence."""
    offered = False
    for name in (_above(domain), "."):
        reply = await _ask(instruments, domain, address, _question(name, "SOA"))
        if isinstance(reply, Unreachable):
            heard = reply.reason is Reason.TIMEOUT and await _still_answers(instruments, domain, address)
            return False if heard else reply
        # Who serves that name itself answers with authority: it is asked for another one.
        if not _has_authority(reply):
            return _looked_up(reply)
        offered = _offers(reply)
    return Unreachable(Reason.NO_CONTROL, "récursion proposée") if offered else False


async def _ask(
    instruments: Instruments, domain: str, address: IpAddress, query: "QueryMessage"
) -> "Message | Unreachable":
    reply: bytes | Unreachable = Unreachable(Reason.TIMEOUT)
    for seconds in RECURSION_WAITS:
        reply = await instruments.network.exchange(
            address,
            DNS_PORT,
            query.to_wire(),
            purpose=Purpose.INTRUSIVE,
            within=seconds,
            about=domain,
            test=RECURSION,
            accept=partial(_replies, query.id),
        )
        if not (isinstance(reply, Unreachable) and reply.reason is Reason.TIMEOUT):
            break
    return reply if isinstance(reply, Unreachable) else _parse(reply)


async def _still_answers(instruments: Instruments, domain: str, address: IpAddress) -> bool:
    """Whether an ordinary question, about the domain itself, is answered after the silence as it was before."""
    import dns.flags

    query = _question(domain, "SOA")
    query.flags &= ~dns.flags.RD
    for seconds in ORDINARY_WAITS:
        reply = await instruments.network.exchange(
            address,
            DNS_PORT,
            query.to_wire(),
            purpose=Purpose.NAMES,
            within=seconds,
            about=domain,
            accept=partial(_replies, query.id),
        )
        if not isinstance(reply, Unreachable):
            return True
    return False


async def _transfer(instruments: Instruments, domain: str, address: IpAddress) -> int | Unreachable:
    """How many records the server began to hand over; 0 when it answers without any."""
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
        return await _records(stream, domain) if sent is None else sent


async def _records(stream: Stream, domain: str) -> int | Unreachable:
    """SOA and another record: the transfer has begun. SOA alone: it may come in the next message."""
    count, cause = 0, None
    for _ in range(TRANSFER_MESSAGES):
        wire, cause = await _message(stream)
        found = _handed_over(wire, domain, first=count == 0)
        if isinstance(found, Unreachable):
            # Nothing at all came: the reader decides what the silence of this server is worth.
            return cause if cause and not wire and not count else found
        count += found
        if cause or not found or count >= TRANSFER_RECORDS:
            break
    if count >= TRANSFER_RECORDS:
        return count
    begun = count or cause
    return Unreachable(Reason.PROTOCOL_ERROR, "transfert commencé, puis interrompu") if begun else 0


async def _message(stream: Stream) -> tuple[bytes, Unreachable | None]:
    """The next message with its length before it; or what came of it, and why no more did."""
    came = b""
    while len(came) < 2 or len(came) < 2 + int.from_bytes(came[:2], "big"):
        wanted = 2 + int.from_bytes(came[:2], "big") if len(came) >= 2 else 2
        piece = await stream.read(min(wanted - len(came), CHUNK_BYTES), within=TRANSFER_SECONDS)
        if isinstance(piece, Unreachable):
            return came, piece
        if not piece:
            return came, Unreachable(Reason.RESET, "connexion fermée par le serveur")
        came += piece
    return came, None


def _handed_over(came: bytes, domain: str, *, first: bool) -> int | Unreachable:
    """How many whole records of the zone `came` holds, a message after its length, maybe cut short."""
    import dns.name
    import dns.rcode
    import dns.rdatatype

    count, wire = _beginning(came[2:])
    message = _parse(wire)
    if isinstance(message, Unreachable):
        return message
    if message.rcode() != dns.rcode.NOERROR or not message.answer:
        return 0
    head = message.answer[0]
    is_head = head.rdtype == dns.rdatatype.SOA and head.name == dns.name.from_text(domain)
    return count if is_head or not first else 0


def _beginning(wire: bytes) -> tuple[int, bytes]:
    """How many whole records its answer holds; the same message with the first ones alone, empty without a header."""
    if len(wire) < HEADER_BYTES:
        return 0, b""
    place = end = HEADER_BYTES
    count = 0
    try:
        questions, answers = struct.unpack_from("!2H", wire, 4)
        for _ in range(questions):
            place = _after_name(wire, place) + 4
        end = place
        while count < answers:
            place = _after_name(wire, place)
            place += 10 + int(struct.unpack_from("!H", wire, place + 8)[0])
            if place > len(wire):
                break
            count += 1
            end = place if count <= TRANSFER_RECORDS else end
    except (IndexError, struct.error):
        pass
    counts = struct.pack("!3H", min(count, TRANSFER_RECORDS), 0, 0)
    return count, wire[:6] + counts + wire[HEADER_BYTES:end]


def _after_name(wire: bytes, place: int) -> int:
    """Past the name that stands there, its end pointed to or not; raises IndexError past the end."""
    while (length := wire[place]) and length < 0xC0:
        place += 1 + length
    return place + (2 if length else 1)


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
    """In bounded time, whatever was sent."""
    from cyberaudit.probes.names.reply import read

    return read(wire) or Unreachable(Reason.PROTOCOL_ERROR)


def _has_authority(message: "Message") -> bool:
    import dns.flags

    return bool(message.flags & dns.flags.AA)


def _offers(message: "Message") -> bool:
    import dns.flags

    return bool(message.flags & dns.flags.RA)


def _looked_up(message: "Message") -> bool | Unreachable:
    """Offered and not refused, without a record: it may have looked in vain, this time."""
    import dns.rcode

    if not _offers(message) or message.rcode() == dns.rcode.REFUSED:
        return False
    found = message.rcode() == dns.rcode.NOERROR and bool(message.answer)
    return found or Unreachable(
        Reason.NO_CONTROL, f"récursion proposée, {dns.rcode.to_text(message.rcode())}"
    )

"""Name servers and forwarders that misbehave; a program: `python -m tests.lab.private_root_answers`."""

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from tests.lab.private_root_names import LYING, PLAIN, SERVERS, STRIPPING

Wire = bytes
HEADER = 12
REFUSED, FORMERR = 5, 1
OPT, DS, RRSIG, DNSKEY, NSEC = 41, 43, 46, 48, 47
# What a home box does not know, and answers nothing about.
UNKNOWN_TO_BOXES = frozenset({DS, RRSIG, DNSKEY, NSEC, 50, 51, 52})
IDLE_SECONDS = 10.0


def question_end(wire: Wire) -> int:
    """Where the question section ends, for one question without compression."""
    at = HEADER
    while wire[at]:
        at += 1 + wire[at]
    return at + 5


def asked_type(wire: Wire) -> int:
    return int.from_bytes(wire[question_end(wire) - 4 : question_end(wire) - 2])


def error(wire: Wire, code: int) -> Wire:
    """The question back with this code, without EDNS."""
    (flags,) = struct.unpack("!H", wire[2:4])
    header = struct.pack("!6H", int.from_bytes(wire[:2]), 0x8000 | flags & 0x0110 | code, 1, 0, 0, 0)
    return header + wire[HEADER : question_end(wire)]


def has_edns(wire: Wire) -> bool:
    return int.from_bytes(wire[10:12]) > 0


def without_do(wire: Wire) -> Wire:
    """The same question, as somebody asks who never heard of DNSSEC: no DO, no CD, no AD."""
    changed = bytearray(wire)
    changed[3] &= 0xCF
    end = question_end(wire)
    if has_edns(wire) and wire[end] == 0 and int.from_bytes(wire[end + 1 : end + 3]) == OPT:
        changed[end + 7] &= 0x7F
    return bytes(changed)


def without_ad(wire: Wire) -> Wire:
    changed = bytearray(wire)
    changed[3] &= 0xCF
    return bytes(changed)


def with_ad(wire: Wire) -> Wire:
    changed = bytearray(wire)
    changed[3] |= 0x20
    return bytes(changed)


@dataclass(frozen=True, slots=True)
class Humour:
    """What is done with a question, and with the answer of whoever it is passed on to."""

    answers: Callable[[Wire], Wire | None]
    """None: it is passed on."""
    asks: Callable[[Wire], Wire] = bytes
    tells: Callable[[Wire], Wire] = bytes
    upstream: str = PLAIN


REFUSING = Humour(lambda wire: error(wire, REFUSED))
WITHOUT_EDNS = Humour(
    lambda wire: error(wire, FORMERR) if has_edns(wire) else None, upstream=SERVERS["nsd"].v4
)
STRIPS = Humour(
    lambda wire: error(wire, 0x0080) if asked_type(wire) in UNKNOWN_TO_BOXES else None,
    asks=without_do,
    tells=without_ad,
)
LIES = Humour(lambda wire: None, tells=with_ad)
PLACES = (
    *((address, REFUSING) for key in ("refuses", "refuses6") for address in SERVERS[key].addresses),
    *((address, WITHOUT_EDNS) for address in SERVERS["no-edns"].addresses),
    (STRIPPING, STRIPS),
    (LYING, LIES),
)


@dataclass(slots=True)
class Upstream(asyncio.DatagramProtocol):
    """One socket to whoever is behind; numbers are changed so that answers find their question."""

    waiting: dict[int, Callable[[Wire], None]] = field(default_factory=dict)
    transport: asyncio.DatagramTransport | None = None
    last: int = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        told = self.waiting.pop(int.from_bytes(data[:2]), None)
        if told is not None:
            told(data)

    def ask(self, wire: Wire, told: Callable[[Wire], None]) -> None:
        assert self.transport is not None
        self.last = (self.last + 1) % 0x10000
        self.waiting[self.last] = told
        self.transport.sendto(self.last.to_bytes(2) + wire[2:])


class Datagrams(asyncio.DatagramProtocol):
    """UDP at one address."""

    def __init__(self, humour: Humour, upstream: Upstream) -> None:
        self._humour = humour
        self._upstream = upstream

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        with suppress(IndexError, struct.error):
            answer = self._humour.answers(data)
            if answer is not None:
                self._transport.sendto(answer, addr)
                return
            self._upstream.ask(
                self._humour.asks(data),
                lambda wire: self._transport.sendto(data[:2] + self._humour.tells(wire)[2:], addr),
            )


def conversation(humour: Humour) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]:
    """TCP at one address: question after question."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError, TimeoutError, IndexError, struct.error):
            while True:
                wire = await received(reader)
                answer = humour.answers(wire) or await passed_on(humour, wire)
                writer.write(len(answer).to_bytes(2) + answer)
                await writer.drain()
        writer.close()

    return talk


async def received(reader: asyncio.StreamReader) -> Wire:
    async with asyncio.timeout(IDLE_SECONDS):
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))


async def passed_on(humour: Humour, wire: Wire) -> Wire:
    reader, writer = await asyncio.open_connection(humour.upstream, 53)
    asked = humour.asks(wire)
    writer.write(len(asked).to_bytes(2) + asked)
    answer = await received(reader)
    writer.close()
    return humour.tells(answer)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    for address, humour in PLACES:
        here = (address, 0) if "." in address else None
        _, upstream = await loop.create_datagram_endpoint(
            Upstream, local_addr=here, remote_addr=(humour.upstream, 53)
        )
        await loop.create_datagram_endpoint(partial(Datagrams, humour, upstream), local_addr=(address, 53))
        await asyncio.start_server(conversation(humour), address, 53)  # type: ignore[arg-type]
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())

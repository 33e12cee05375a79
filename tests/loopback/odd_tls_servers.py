"""TLS servers that are odd on purpose, and the truth about what they accept.

They answer ClientHellos with flights made up here: no key, no handshake that could be finished, and every
oddity at will.
"""

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from cyberaudit.probes.tls.hello import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

X25519, P256, P384 = 0x001D, 0x0017, 0x0018
CERTIFICATE = b"\x30\x82\x01\x00" + bytes(256)
OTHER_CERTIFICATE = b"\x30\x82\x01\x00" + bytes([1]) * 256
MODERN = {TLS12: (0xC030, 0xC02F, 0xCCA8, 0xC027), TLS13: (0x1302, 0x1301, 0x1303)}
OLD = {
    SSL3: (0x0005, 0x000A),
    TLS10: (0x0035, 0x002F, 0x0005),
    TLS11: (0x0035, 0x002F),
    TLS12: (0xC02F, 0x009E, 0x0035),
}
# ECDHE_PSK
SHARED_KEY = (0xCCAC, 0xC035)
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
PROTOCOL_VERSION, HANDSHAKE_FAILURE = 70, 40


@dataclass(frozen=True)
class Truth:
    """What a server accepts, in its own order."""

    suites: dict[int, tuple[int, ...]] = field(default_factory=lambda: MODERN)
    groups: tuple[int, ...] = (X25519, P256, P384)
    schemes: tuple[int, ...] = (0x0804, 0x0401)
    follows_client: bool = False
    certificate: bytes = CERTIFICATE
    retries: bool = True
    """TLS 1.3: asks for a key share when none was sent."""
    lower: bool = False
    """Answers a version it does not know with its best older one."""
    staples: bool = False
    """Agrees to send the answer of its authority (OCSP)."""


@dataclass(frozen=True)
class Asked:
    """A ClientHello, as far as it matters here."""

    version: int
    suites: tuple[int, ...]
    groups: tuple[int, ...]
    schemes: tuple[int, ...]
    extensions: dict[int, bytes]
    size: int


def parse(record: bytes) -> Asked:
    if record[0] & 0x80:
        count = int.from_bytes(record[5:7])
        kinds = [int.from_bytes(record[11 + at : 14 + at]) for at in range(0, count, 3)]
        return Asked(SSL2, tuple(kinds), (), (), {}, len(record))
    body = record[9:]
    version = int.from_bytes(body[:2])
    at = 34
    at += 1 + body[at]
    count = int.from_bytes(body[at : at + 2])
    suites = _codes(body[at + 2 : at + 2 + count])
    at += 2 + count
    at += 1 + body[at]
    extensions = dict(_extensions(body[at + 2 :]))
    return Asked(
        version=TLS13 if 43 in extensions else version,
        suites=suites,
        groups=_codes(extensions.get(10, b"")[2:]),
        schemes=_codes(extensions.get(13, b"")[2:]),
        extensions=extensions,
        size=len(record),
    )


def _codes(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"!{len(data) // 2}H", data)


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        kind, size = struct.unpack("!HH", data[at : at + 4])
        yield kind, data[at + 4 : at + 4 + size]
        at += 4 + size


def alert(code: int, *, level: int = 2) -> bytes:
    return b"\x15\x03\x01\x00\x02" + bytes([level, code])


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3) + body


def _record(version: int, payload: bytes) -> bytes:
    pieces = [payload[at : at + 16384] for at in range(0, len(payload), 16384)]
    return b"".join(
        b"\x16" + min(version, TLS12).to_bytes(2) + len(part).to_bytes(2) + part for part in pieces
    )


def _vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size) + data


def server_hello(version: int, suite: int, extensions: bytes, *, random: bytes = bytes(32)) -> bytes:
    body = min(version, TLS12).to_bytes(2) + random + b"\x00" + suite.to_bytes(2) + b"\x00"
    return _message(2, body + (_vector(2, extensions) if version > SSL3 else b""))


def flight(asked: Asked, truth: Truth) -> bytes:
    """The answer of an honest server."""
    version = asked.version
    if version not in truth.suites:
        older = [known for known in truth.suites if known < version]
        if version == SSL2 or not (truth.lower and older):
            return alert(PROTOCOL_VERSION)
        version = max(older)
    suite = _choice(truth.suites[version], asked.suites, truth)
    if suite is None:
        return alert(HANDSHAKE_FAILURE)
    return _retry(asked, truth, suite) if version == TLS13 else _clear(asked, truth, version, suite)


def _choice(own: tuple[int, ...], offered: tuple[int, ...], truth: Truth) -> int | None:
    first, second = (offered, own) if truth.follows_client else (own, offered)
    return next((code for code in first if code in second), None)


def _retry(asked: Asked, truth: Truth, suite: int) -> bytes:
    group = _choice(truth.groups, asked.groups, truth)
    shares = asked.extensions.get(51, b"\x00\x00")[2:]
    if group is None or (not truth.retries and not shares):
        return alert(HANDSHAKE_FAILURE)
    if truth.retries:
        chosen = b"\x00\x33\x00\x02" + group.to_bytes(2)
        return _record(TLS13, server_hello(TLS13, suite, b"\x00\x2b\x00\x02\x03\x04" + chosen, random=_RETRY))
    share = group.to_bytes(2) + _vector(2, bytes(32))
    return _record(TLS13, server_hello(TLS13, suite, b"\x00\x2b\x00\x02\x03\x04\x00\x33" + _vector(2, share)))


def _clear(asked: Asked, truth: Truth, version: int, suite: int) -> bytes:
    exchange = _exchange(asked, truth, version, suite)
    if exchange is None:
        return alert(HANDSHAKE_FAILURE)
    extensions = b"\xff\x01\x00\x01\x00" + (b"\x00\x17\x00\x00" if 23 in asked.extensions else b"")
    if truth.staples and 5 in asked.extensions:
        extensions += b"\x00\x05\x00\x00"
    chain = _vector(3, _vector(3, truth.certificate))
    return _record(
        version,
        server_hello(version, suite, extensions) + _message(11, chain) + exchange + _message(14, b""),
    )


def _exchange(asked: Asked, truth: Truth, version: int, suite: int) -> bytes | None:
    """ServerKeyExchange; empty where the suite has none, None when no group or scheme is shared."""
    if suite in SHARED_KEY:
        group = _choice(truth.groups, asked.groups, truth)
        # RFC 5489 §2: a hint of the key before the parameters, and no signature
        if group is None:
            return None
        return _message(12, bytes(2) + b"\x03" + group.to_bytes(2) + _vector(1, bytes(65)))
    is_curve, is_field = suite >> 8 in (0xC0, 0xCC), suite in (0x009E, 0x009F, 0x0033, 0x0039)
    if not (is_curve or is_field):
        return b""
    scheme = _choice(truth.schemes, asked.schemes, truth) if version == TLS12 else None
    if version == TLS12 and scheme is None:
        return None
    signed = (scheme.to_bytes(2) if scheme else b"") + _vector(2, bytes(64))
    if is_field:
        return _message(12, _vector(2, b"\xff" * 128) + _vector(2, b"\x02") + _vector(2, bytes(128)) + signed)
    group = _choice(truth.groups, asked.groups, truth)
    if group is None:
        return None
    return _message(12, b"\x03" + group.to_bytes(2) + _vector(1, bytes(65)) + signed)


async def read_hello(reader: asyncio.StreamReader) -> Asked:
    head = await reader.readexactly(2)
    if head[0] & 0x80:
        return parse(head + await reader.readexactly(int.from_bytes(head) & 0x7FFF))
    head += await reader.readexactly(3)
    return parse(head + await reader.readexactly(int.from_bytes(head[3:5])))


def honest(truth: Truth, *, seconds: float = 0.0) -> Talk:
    """Answers what is true, after a while."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await read_hello(reader)
        await asyncio.sleep(seconds)
        writer.write(flight(asked, truth))
        await writer.drain()
        await reader.read(1)

    return talk


def saying(data: bytes, *, first: bool = False, stays: bool = True) -> Talk:
    """Says the same to everybody; `first`: before anything was asked."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not first:
            await reader.read(1)
        writer.write(data)
        await writer.drain()
        if stays:
            await reader.read(65536)
            await asyncio.sleep(0.05)

    return talk


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes what comes and never says a word."""
    while await reader.read(4096):
        pass


async def tarpit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Does not even read."""
    await asyncio.sleep(60)


def cut(writer: asyncio.StreamWriter) -> None:
    """End the connection with a reset."""
    writer.get_extra_info("socket").setsockopt(1, 13, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def reset_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    cut(writer)


async def reset_on_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    cut(writer)


async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close without a word; what was asked is read already."""


async def close_on_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_hello(reader)


def dribbling(truth: Truth, *, seconds: float) -> Talk:
    """One byte at a time."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(6, 1, 1)
        for byte in flight(await read_hello(reader), truth):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(seconds)
        await reader.read(1)

    return talk


def dripping(truth: Truth, *, at_once: int, seconds: float) -> Talk:
    """The first bytes at once, the others one at a time."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        whole = flight(await read_hello(reader), truth)
        writer.write(whole[:at_once])
        for byte in whole[at_once:]:
            await writer.drain()
            await asyncio.sleep(seconds)
            writer.write(bytes([byte]))
        await reader.read(1)

    return talk


def endless_certificate(truth: Truth) -> Talk:
    """A ServerHello at once, then a certificate that never ends, a little at a time."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await read_hello(reader)
        whole = flight(asked, truth)
        if whole[0] != 0x16 or asked.version == TLS13:
            writer.write(whole)
            await reader.read(1)
            return
        size = 4 + int.from_bytes(whole[6:9])
        writer.write(_record(asked.version, whole[5 : 5 + size] + b"\x0b\xff\xff\xff"))
        while True:
            await writer.drain()
            await asyncio.sleep(0.02)
            writer.write(_record(asked.version, bytes(64)))

    return talk


def intolerant(truth: Truth, refuse: Talk, *, limit: int = 512) -> Talk:
    """Long hellos meet with `refuse`."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await read_hello(reader)
        if asked.size > limit:
            await refuse(reader, writer)
            return
        writer.write(flight(asked, truth))
        await writer.drain()
        await reader.read(1)

    return talk


@dataclass
class AtOnce:
    """So many conversations at once; what is over meets with `refuse`."""

    truth: Truth
    refuse: Talk
    limit: int = 2
    seconds: float = 0.01
    busy: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.busy >= self.limit:
            await self.refuse(reader, writer)
            return
        self.busy += 1
        try:
            await honest(self.truth, seconds=self.seconds)(reader, writer)
        finally:
            self.busy -= 1


class Queued:
    """So many conversations at once; the others wait."""

    def __init__(self, truth: Truth, *, limit: int = 1) -> None:
        self._talk, self._slots = honest(truth, seconds=0.01), asyncio.Semaphore(limit)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._slots:
            await self._talk(reader, writer)


@dataclass
class PerWindow:
    """So many conversations in a window of seconds; what is over meets with `refuse`, and counts if it `insists`."""

    truth: Truth
    refuse: Talk
    limit: int = 6
    seconds: float = 0.6
    insists: bool = False
    times: list[float] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        now = time.monotonic()
        self.times = [each for each in self.times if now - each < self.seconds]
        is_over = len(self.times) >= self.limit
        if not is_over or self.insists:
            self.times.append(now)
        await (self.refuse if is_over else honest(self.truth))(reader, writer)


@dataclass
class Banning:
    """After so many conversations, nobody is served any more."""

    truth: Truth
    refuse: Talk
    after: int = 9
    served: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.served += 1
        await (self.refuse if self.served > self.after else honest(self.truth))(reader, writer)


@dataclass
class TwoBackEnds:
    """One connection to one of them, the next to the other."""

    one: Truth
    other: Truth
    served: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.served += 1
        await honest(self.one if self.served % 2 else self.other)(reader, writer)


@dataclass
class Glitching:
    """The first conversations meet with `refuse`, no later one."""

    truth: Truth
    refuse: Talk
    first: int = 1
    served: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.served += 1
        await (self.refuse if self.served <= self.first else honest(self.truth))(reader, writer)


def cutting_versions(truth: Truth, refuse: Talk) -> Talk:
    """A version that is not accepted meets with `refuse` instead of an alert."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await read_hello(reader)
        if asked.version not in truth.suites:
            await refuse(reader, writer)
            return
        writer.write(flight(asked, truth))
        await writer.drain()
        await reader.read(1)

    return talk


def cutting_refusals(truth: Truth, refuse: Talk) -> Talk:
    """Never an alert: whatever is not accepted meets with `refuse`."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = flight(await read_hello(reader), truth)
        if answer[0] == 0x15:
            await refuse(reader, writer)
            return
        writer.write(answer)
        await writer.drain()
        await reader.read(1)

    return talk


def ssl2_hello(kinds: tuple[int, ...]) -> bytes:
    """What a server says that accepts `kinds` of SSLv2 (draft of 1995, §2.6): no certificate."""
    body = b"\x04\x00\x01\x00\x02" + bytes(2) + (3 * len(kinds)).to_bytes(2) + (16).to_bytes(2)
    body += b"".join(kind.to_bytes(3) for kind in kinds) + bytes(16)
    return (0x8000 | len(body)).to_bytes(2) + body


def to_ssl2(meets: Talk, truth: Truth | None) -> Talk:
    """An SSLv2 hello meets with `meets`, any other with an honest answer; None: it is cut."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await read_hello(reader)
        if asked.version == SSL2:
            await meets(reader, writer)
        elif truth is not None:
            writer.write(flight(asked, truth))
            await writer.drain()
            await reader.read(1)

    return talk


@dataclass
class InTurn:
    """The first conversation meets with the first of `talks`, and so on; the last of them serves for ever."""

    talks: tuple[Talk, ...]
    served: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.served += 1
        await self.talks[min(self.served, len(self.talks)) - 1](reader, writer)


@dataclass
class BanningAfterSsl2:
    """Whoever said hello in SSLv2 is not served any more."""

    truth: Truth
    refuse: Talk
    is_banned: bool = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await read_hello(reader)
        self.is_banned |= asked.version == SSL2
        if self.is_banned:
            await self.refuse(reader, writer)
            return
        writer.write(flight(asked, self.truth))
        await writer.drain()
        await reader.read(1)

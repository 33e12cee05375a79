"""Messages of IKE in clear, both versions: a header and a chain of payloads, read back from hostile bytes. Pure."""

import struct
from collections.abc import Iterable
from typing import Final

from cyberaudit.frozen import frozen

# RFC 7296 §3.1; RFC 2408 §3.1 has the same layout.
_HEADER = struct.Struct("!8s8sBBBBII")
HEADER_BYTES: Final = _HEADER.size
_GENERIC = struct.Struct("!BBH")
SPI_BYTES: Final = 8
# RFC 7296 §3.1.
V1, V2 = 0x10, 0x20
FROM_INITIATOR, RESPONSE = 0x08, 0x20
# RFC 2408 §3.1.
ENCRYPTED_V1: Final = 0x01
# Ours: the longest clear answers known have some twenty.
MOST_PAYLOADS = 64
# Ours: a UDP datagram, less what nobody sends.
MOST_BYTES = 16 * 1024


@frozen
class Payload:
    """One link of the chain, without its generic header."""

    kind: int
    body: bytes


@frozen
class Message:
    """One message of IKE, its payloads in clear."""

    initiator: bytes
    """Eight bytes that the initiator drew (SPI, or cookie in IKEv1)."""
    responder: bytes
    version: int
    exchange: int
    flags: int
    number: int
    payloads: tuple[Payload, ...]

    def first(self, kind: int) -> bytes | None:
        return next((payload.body for payload in self.payloads if payload.kind == kind), None)

    def all(self, kind: int) -> tuple[bytes, ...]:
        return tuple(payload.body for payload in self.payloads if payload.kind == kind)


def write(message: Message) -> bytes:
    """The bytes of a message."""
    kinds = [payload.kind for payload in message.payloads]
    following = [*kinds[1:], 0][: len(kinds)]
    chain = b"".join(
        _GENERIC.pack(after, 0, _GENERIC.size + len(payload.body)) + payload.body
        for payload, after in zip(message.payloads, following, strict=True)
    )
    head = _HEADER.pack(
        message.initiator,
        message.responder,
        kinds[0] if kinds else 0,
        message.version,
        message.exchange,
        message.flags,
        message.number,
        HEADER_BYTES + len(chain),
    )
    return head + chain


def read(data: bytes) -> Message | None:
    """The message these bytes are; None when they are none, are encrypted, or do not hold what they announce."""
    if not HEADER_BYTES <= len(data) <= MOST_BYTES:
        return None
    initiator, responder, kind, version, exchange, flags, number, length = _HEADER.unpack_from(data)
    if not HEADER_BYTES <= length <= len(data) or (version >> 4 == 1 and flags & ENCRYPTED_V1):
        return None
    payloads = _chain(kind, data[HEADER_BYTES:length])
    if payloads is None:
        return None
    return Message(initiator, responder, version, exchange, flags, number, payloads)


def _chain(kind: int, data: bytes) -> tuple[Payload, ...] | None:
    found: list[Payload] = []
    while kind:
        if len(data) < _GENERIC.size or len(found) >= MOST_PAYLOADS:
            return None
        following, _, length = _GENERIC.unpack_from(data)
        if not _GENERIC.size <= length <= len(data):
            return None
        found.append(Payload(kind, data[_GENERIC.size : length]))
        kind, data = following, data[length:]
    return tuple(found)


def chained(bodies: Iterable[bytes], *, more: int) -> bytes:
    """Substructures one after the other (proposals, transforms): `more` in front of each but the last, then 0.

    Each body begins after the four bytes that say what follows and how long it is.
    """
    parts = tuple(bodies)
    last = len(parts) - 1
    return b"".join(
        _GENERIC.pack(more if index < last else 0, 0, _GENERIC.size + len(body)) + body
        for index, body in enumerate(parts)
    )


def unchained(data: bytes) -> tuple[bytes, ...] | None:
    """The bodies that `chained` wrote; None when the lengths do not fit."""
    found: list[bytes] = []
    more = 1
    while more:
        if len(data) < _GENERIC.size or len(found) >= MOST_PAYLOADS:
            return None
        more, _, length = _GENERIC.unpack_from(data)
        if not _GENERIC.size <= length <= len(data):
            return None
        found.append(data[_GENERIC.size : length])
        data = data[length:]
    return tuple(found)


def attribute(kind: int, value: int) -> bytes:
    """A basic attribute, two bytes of value (RFC 2408 §3.3)."""
    return struct.pack("!HH", 0x8000 | kind, value)


def attributes(data: bytes) -> dict[int, int] | None:
    """Attributes by kind, of both forms; None when the lengths do not fit."""
    found: dict[int, int] = {}
    while data:
        if len(data) < _GENERIC.size:
            return None
        kind, value = struct.unpack_from("!HH", data)
        data = data[_GENERIC.size :]
        if kind & 0x8000:
            found[kind & 0x7FFF] = value
        elif value <= len(data):
            found[kind], data = int.from_bytes(data[:value], "big"), data[value:]
        else:
            return None
    return found

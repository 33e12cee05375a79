"""The few words of BER (X.690) that SNMP and LDAP questions need: written, and read back from hostile bytes."""

from collections.abc import Iterator
from typing import Final

INTEGER: Final = 0x02
OCTETS: Final = 0x04
OBJECT_ID: Final = 0x06
ENUMERATED: Final = 0x0A
SEQUENCE: Final = 0x30
_CONSTRUCTED: Final = 0x20
# Ours: SNMP and LDAP answers nest six deep at most.
_DEEPEST = 12
# Ours: the largest answer worth reading has far fewer pieces.
_MOST_PIECES = 500


def piece(tag: int, *contents: bytes) -> bytes:
    """One tag, its length, its contents; 65,535 bytes at most."""
    body = b"".join(contents)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    return bytes((tag, 0x82)) + size.to_bytes(2, "big") + body


def integer(value: int, *, tag: int = INTEGER) -> bytes:
    """A whole number, zero or more."""
    return piece(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def pieces(data: bytes, *, depth: int = 0) -> Iterator[tuple[int, bytes]]:
    """(tag, contents) of every piece, each followed by those inside it; stops where it is no BER."""
    for count, (tag, body) in enumerate(_level(data)):
        if count >= _MOST_PIECES:
            return
        yield tag, body
        if tag & _CONSTRUCTED and depth < _DEEPEST:
            yield from pieces(body, depth=depth + 1)


def _level(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size >= 0x80:
            width = size & 0x7F
            if not 1 <= width <= 4 or at + width > len(data):
                return
            size = int.from_bytes(data[at : at + width], "big")
            at += width
        if at + size > len(data):
            return
        yield tag, data[at : at + size]
        at += size

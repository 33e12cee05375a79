"""The members of a ZIP archive summed one by one: a clear one tells by its CRC whether it would come out whole."""

import zlib
from collections.abc import Iterable, Iterator
from struct import Struct
from typing import NamedTuple

from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.reading import Sample

LOCAL = b"PK\x03\x04"
STORED, DEFLATED = 0, 8
WIDE_32 = 0xFFFFFFFF
CHUNK_BYTES = 256 * 1024
_LOCAL = Struct("<26xHH")


class Member(NamedTuple):
    """What the central directory says of one clear file (APPNOTE 4.3.12)."""

    name: bytes
    method: int
    crc: int
    packed: int
    size: int
    at: int
    """Byte of the file where its local header stands."""


class Lost(Exception):
    """It would not come out whole; the message is French."""


def first_lost(sample: Sample, members: Iterable[Member]) -> str:
    """What is wrong with the first member that would not come out; empty when none was found in time.

    Members of other methods than « stored » and « deflated », and those of more than 4 GiB, are passed over.
    """
    spent = 0
    for member in members:
        if sample.hurried() or spent > sample.patience:
            return ""
        if member.method not in (STORED, DEFLATED) or WIDE_32 in (member.packed, member.size, member.at):
            continue
        spent += member.packed + member.size
        try:
            _verify(sample, member, most=sample.patience)
        except Lost as trouble:
            return f"« {clean(member.name, limit=60)} » : {trouble}"
    return ""


def _verify(sample: Sample, member: Member, *, most: int) -> None:
    """Raises Lost; a member too long for the time or the patience is left as it is."""
    found, size = 0, 0
    for part in _content(sample, member):
        found, size = zlib.crc32(part, found), size + len(part)
        if size > member.size:
            raise Lost(f"plus long que les {member.size} octets annoncés")
        if sample.hurried() or size > most:
            return
    if size != member.size:
        raise Lost(f"{size} octets sur {member.size}")
    if found != member.crc:
        raise Lost(f"CRC 0x{found:08x} au lieu de 0x{member.crc:08x}")


def _content(sample: Sample, member: Member) -> Iterator[bytes]:
    header = sample.read_at(member.at, _LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(LOCAL):
        raise Lost(f"aucun en-tête à l'octet {member.at}")
    start = member.at + _LOCAL.size + sum(_LOCAL.unpack(header))
    parts = _packed(sample, start, member.packed)
    return parts if member.method == STORED else _inflated(parts)


def _packed(sample: Sample, at: int, left: int) -> Iterator[bytes]:
    while left:
        part = sample.read_at(at, min(left, CHUNK_BYTES))
        if not part:
            return
        yield part
        at, left = at + len(part), left - len(part)


def _inflated(parts: Iterator[bytes]) -> Iterator[bytes]:
    opener = zlib.decompressobj(wbits=-15)
    try:
        for part in parts:
            yield opener.decompress(part, CHUNK_BYTES)
            # What a small part swells to comes out in pieces.
            while opener.unconsumed_tail:
                yield opener.decompress(opener.unconsumed_tail, CHUNK_BYTES)
    except zlib.error as error:
        raise Lost(f"décompression impossible ({error})") from None

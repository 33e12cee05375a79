"""Compressed files: gzip, bzip2, xz and Zstandard. Compressing is not encrypting; their ends are known."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.probes.stores.reading import (
    DAMAGED,
    TRUNCATED,
    Detector,
    Reading,
    Sample,
    octets,
)

GZIP, BZIP2, XZ, ZSTD = b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
# What is read of the content to know what it is.
INNER_BYTES = 4096
# A dictionary of 64 MiB covers every preset of xz (xz(1), « -9 »).
LZMA_MEMORY = 160 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
TOLD_BY_THEIR_END = frozenset({"tar", "sql", "sqlite"})
"""What is judged on first and last bytes alone."""
# Ours: blocks of a zstd file followed in any case; further ones while time lasts.
SURE_BLOCKS = 4096
# bzip2: « end of stream », the first 48 bits of the square root of pi.
BZIP2_END = 0x177245385090


class Opener(Protocol):
    """What `zlib`, `bz2` and `lzma` share: bounded decompression."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes: ...


class GzipOpener:
    """`zlib` with the manners of `bz2` and `lzma`."""

    def __init__(self) -> None:
        self._object = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def needs_input(self) -> bool:
        return not self._object.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        return self._object.decompress(self._object.unconsumed_tail + data, max(max_length, 0))


def compressed_reader(inner: Detector) -> Detector:
    """A detector of compressed files that asks `inner` what the content is."""

    def read(sample: Sample) -> Reading | None:
        for magic, name, opener, end in _FORMATS:
            if sample.head.startswith(magic):
                return _read(sample, name, opener, end, inner)
        if sample.head.startswith(ZSTD):
            evidence = f"octets 0 à 3 = {octets(ZSTD)}, contenu non ouvert"
            return Reading("zstd", Encrypted.UNKNOWN, evidence, _zstd_end(sample))
        return _misnamed(sample)

    return read


def _misnamed(sample: Sample) -> Reading | None:
    """Named like a compressed file, without its first bytes."""
    for magic, name, *_ in _FORMATS:
        if sample.suffix in _SUFFIXES[name]:
            evidence = f"octet 0 = {octets(sample.head[: len(magic)])} au lieu de {octets(magic)}"
            return Reading(name, Encrypted.UNKNOWN, evidence, DAMAGED)
    return None


@dataclass(frozen=True, slots=True)
class Finish:
    """How decompressing to the end went."""

    fault: str
    """`truncated` when everything was decompressed and the end never came; `end-not-seen` when patience ran out."""
    ending: bytes = b""
    """The last bytes of the content; empty when patience ran out first."""
    size: int = 0
    """Of the content, when its end was seen."""


def _read(
    sample: Sample,
    name: str,
    opener: Callable[[], Opener],
    end: Callable[[Sample], str],
    inner: Detector,
) -> Reading:
    try:
        content = opener().decompress(sample.head, INNER_BYTES)
        finish = _finish(sample, opener())
    except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        return Reading(name, Encrypted.UNKNOWN, f"décompression impossible : {error}", DAMAGED)
    start = f"octets 0 à 2 = {octets(sample.head[:3])}"
    found = inner(_content(sample, content, finish))
    if found is None:
        evidence = f"{start} ; contenu compressé non reconnu"
        return Reading(name, Encrypted.UNKNOWN, evidence, _fault(finish, end(sample)))
    evidence = f"{start} ; contenu {found.format} : {found.evidence}"
    inside = found.fault if finish.ending and found.format in TOLD_BY_THEIR_END else ""
    return Reading(name, found.encrypted, evidence, _fault(finish, end(sample)) or inside)


def _fault(finish: Finish, mark: str) -> str:
    """`mark`, what the last bytes say, settles what was not decompressed to its end."""
    if finish.fault:
        return mark if finish.fault == END_NOT_SEEN else finish.fault
    return "" if mark == END_NOT_SEEN else mark


def _content(sample: Sample, content: bytes, finish: Finish) -> Sample:
    """The first and last bytes of the content, as a file of which the rest is out of reach."""
    return Sample(
        name=sample.name.rpartition(".")[0],
        size=finish.size if finish.ending else len(content),
        head=content,
        tail=finish.ending,
        read_at=lambda offset, count: content[offset : offset + count],
        patience=0,
    )


def _finish(sample: Sample, opener: Opener) -> Finish:
    offset, size, ending = 0, 0, b""
    data = sample.read_at(0, CHUNK_BYTES)
    while data or not opener.needs_input:
        if max(size, offset) > sample.patience or (offset and sample.hurried()):
            return Finish(END_NOT_SEEN)
        content = opener.decompress(data, CHUNK_BYTES)
        size += len(content)
        ending = (ending + content)[-INNER_BYTES:]
        if opener.eof:
            # Several streams may follow one another (pbzip2): only the last one ends the content.
            last = not opener.unused_data and offset + len(data) >= sample.size
            return Finish("", ending if last else b"", size)
        offset += len(data)
        data = sample.read_at(offset, CHUNK_BYTES) if opener.needs_input else b""
    return Finish(TRUNCATED)


def _no_end_mark(_: Sample) -> str:
    """A gzip file ends on a checksum that only decompressing proves (RFC 1952 §2.3.1)."""
    return END_NOT_SEEN


def _bzip2_end(sample: Sample) -> str:
    """The end mark stands 80 bits before the end, padding aside; a 14-byte file is an empty stream."""
    bits = int.from_bytes(sample.tail[-11:], "big") >> 32
    found = any(bits >> padding & (1 << 48) - 1 == BZIP2_END for padding in range(8))
    return "" if found else TRUNCATED


def _xz_end(sample: Sample) -> str:
    """Footer magic « YZ », before stream padding of zero bytes (xz file format §2.1.2)."""
    return "" if sample.tail.rstrip(b"\0").endswith(b"YZ") else TRUNCATED


def _zstd_end(sample: Sample) -> str:
    """The frames followed block by block, nothing decompressed (RFC 8878 §3.1.1)."""
    at, followed = 0, 0
    while at < sample.size:
        header = sample.read_at(at, 5)
        if not header.startswith(ZSTD):
            # A skippable frame, or what is no frame: not followed further.
            return END_NOT_SEEN
        at += _zstd_header_bytes(header[-1])
        last = False
        while not last:
            followed += 1
            if followed > SURE_BLOCKS and sample.hurried():
                return END_NOT_SEEN
            block = int.from_bytes(sample.read_at(at, 3), "little")
            last, kind = bool(block & 1), block >> 1 & 3
            at += 3 + (1 if kind == 1 else block >> 3)
            if at > sample.size:
                return TRUNCATED
        at += 4 if header[-1] & 4 else 0
    return TRUNCATED if at > sample.size else ""


def _zstd_header_bytes(flags: int) -> int:
    """Magic, flags, window, dictionary and content size, as the flags announce them (RFC 8878 §3.1.1.1)."""
    single = flags >> 5 & 1
    content = (single, 2, 4, 8)[flags >> 6]
    return 5 + (1 - single) + (0, 1, 2, 4)[flags & 3] + content


def _xz_opener() -> Opener:
    return lzma.LZMADecompressor(memlimit=LZMA_MEMORY)


_FORMATS: tuple[tuple[bytes, str, Callable[[], Opener], Callable[[Sample], str]], ...] = (
    (GZIP, "gzip", GzipOpener, _no_end_mark),
    (BZIP2, "bzip2", bz2.BZ2Decompressor, _bzip2_end),
    (XZ, "xz", _xz_opener, _xz_end),
)
_SUFFIXES = {"gzip": {"gz", "tgz"}, "bzip2": {"bz2", "tbz2"}, "xz": {"xz", "txz"}}

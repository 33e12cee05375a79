"""Compressed files: gzip, bzip2, xz and Zstandard. Compressing is not encrypting; their ends are known."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.reading import (
    DAMAGED,
    EMPTY,
    TRUNCATED,
    Detector,
    Reading,
    Sample,
    octets,
)

GZIP, BZIP2, XZ, ZSTD = b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
# RFC 8878 §3.1.2: the last three bytes of the mark of a frame to skip, as pzstd writes before each of its own.
SKIPPED, RESERVED, ZSTD_SUFFIXES = b"\x2a\x4d\x18", 3, frozenset({"zst", "zstd", "tzst"})
# What is read of the content to know what it is.
INNER_BYTES = 4096
# xz(1): the dictionary of « -8 » takes 33 MiB; that of « -9 », 65 MiB, is only filled by following it.
LZMA_MEMORY, LZMA_START_MEMORY = 40 * 1024 * 1024, 160 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
TOLD_BY_THEIR_END = frozenset({"tar", "sql", "sqlite"})
"""What is judged on first and last bytes alone."""
# Ours: blocks of a zstd file followed in any case; further ones while time lasts.
SURE_BLOCKS = 4096
# Ours: zeros between two streams, or after the last, are padding; more of them are a hole.
PADDING_BYTES = 64 * 1024
# Ours: pbzip2 makes a stream of 900 kB of content, bgzip one of 64 KiB.
MOST_STREAMS = 200_000
# Ours: what follows a stream is moved in memory a thousand times as fast as it is decompressed.
MOVES, MARK_BYTES = 64, 4
# bzip2: « end of stream », the first 48 bits of the square root of pi.
BZIP2_END = 0x177245385090


class TooMuchMemory(Exception):
    """Its dictionary is larger than what we give."""


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
        if sample.head.startswith(ZSTD) or (sample.suffix in ZSTD_SUFFIXES and sample.head[1:4] == SKIPPED):
            evidence = f"octets 0 à 3 = {octets(sample.head[:4])}, contenu non ouvert"
            return Reading("zstd", Encrypted.UNKNOWN, evidence, _zstd_end(sample))
        return _misnamed(sample)

    return read


def _misnamed(sample: Sample) -> Reading | None:
    """Named like a compressed file, without its first bytes."""
    for magic, name, *_ in _FORMATS:
        if sample.suffix in _SUFFIXES[name]:
            evidence = f"octet 0 = {octets(sample.head[: len(magic)])} au lieu de {octets(magic)}"
            return Reading(name, Encrypted.UNKNOWN, evidence, DAMAGED)
    if sample.suffix in ZSTD_SUFFIXES:
        evidence = f"octets 0 à 3 = {octets(sample.head[:4])} au lieu de {octets(ZSTD)}"
        return Reading("zstd", Encrypted.UNKNOWN, evidence, DAMAGED)
    return None


@frozen
class Finish:
    """How decompressing to the end went."""

    fault: str
    """`truncated` when everything was decompressed and the end never came; `end-not-seen` when patience ran out."""
    start: bytes = b""
    """The first bytes of the content; empty when it was not reached."""
    ending: bytes = b""
    """The last bytes of the content; empty when patience ran out first."""
    size: int = 0
    """Of the content, when its end was seen."""
    followed: bool = False
    """Something else than a stream stands after one: the last bytes of the file settle nothing."""


def _read(
    sample: Sample,
    name: str,
    opener: Callable[[], Opener],
    end: Callable[[Sample], str],
    inner: Detector,
) -> Reading:
    try:
        finish = _finish(sample, opener)
    except TooMuchMemory:
        finish = Finish(END_NOT_SEEN, _xz_start(sample))
    except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        return Reading(name, Encrypted.UNKNOWN, f"décompression impossible : {error}", DAMAGED)
    start, fault = f"octets 0 à 2 = {octets(sample.head[:3])}", _fault(finish, end(sample))
    if not finish.start:
        words, fault = ("contenu de 0 octet", EMPTY) if not finish.fault else ("contenu non ouvert", fault)
        return Reading(name, Encrypted.UNKNOWN, f"{start} ; {words}", fault)
    found = inner(_content(sample, finish))
    if found is None:
        return Reading(
            name, Encrypted.UNKNOWN, f"{start} ; contenu compressé non reconnu", fault, _made(sample)
        )
    evidence = f"{start} ; contenu {found.format} : {found.evidence}"
    inside = found.fault if finish.ending and found.format in TOLD_BY_THEIR_END else ""
    return Reading(name, found.encrypted, evidence, fault or inside, found.newest or _made(sample))


def _made(sample: Sample) -> datetime | None:
    """The date of what was compressed, which a gzip header keeps (RFC 1952 §2.3.1); None for a pipe, which has none."""
    stamp = int.from_bytes(sample.head[4:8], "little")
    return datetime.fromtimestamp(stamp, UTC) if sample.head.startswith(GZIP) and stamp else None


def _fault(finish: Finish, mark: str) -> str:
    """`mark`, what the last bytes say, settles what was not decompressed to its end."""
    if finish.fault:
        return (mark or finish.fault * finish.followed) if finish.fault == END_NOT_SEEN else finish.fault
    return "" if mark == END_NOT_SEEN else mark


def _content(sample: Sample, finish: Finish) -> Sample:
    """The first and last bytes of the content, as a file of which the rest is out of reach."""
    start = finish.start
    return Sample(
        name=sample.name.rpartition(".")[0],
        size=finish.size if finish.ending else len(start),
        head=start,
        tail=finish.ending,
        read_at=lambda offset, count: start[offset : offset + count],
        patience=0,
    )


def _finish(sample: Sample, make: Callable[[], Opener]) -> Finish:
    """Every stream to its end (pbzip2 and `cat` lay several one after another), in bounded memory and work."""
    opener, streams, taken = make(), 1, 0
    size, start, ending = 0, b"", b""
    data = sample.read_at(0, CHUNK_BYTES)
    at = len(data)
    while data or not opener.needs_input:
        if (
            max(at - len(data), size, taken) > sample.patience
            or streams > MOST_STREAMS
            or _is_late(sample, size)
        ):
            return Finish(END_NOT_SEEN, start)
        content = opener.decompress(data, CHUNK_BYTES)
        size += len(content)
        start = start if len(start) == INNER_BYTES else (start + content)[:INNER_BYTES]
        ending = (ending + content)[-INNER_BYTES:]
        if opener.eof:
            data, at = _next_stream(sample, opener.unused_data, at)
            if not data:
                return Finish("", start, ending, size)
            if data[:2] != sample.head[:2]:
                # The tools warn of it: bytes were lost, or something was added.
                return Finish(END_NOT_SEEN, start, followed=True)
            opener, streams, taken = make(), streams + 1, taken + len(data) // MOVES
        else:
            data = sample.read_at(at, CHUNK_BYTES) if opener.needs_input else b""
            at += len(data)
    return Finish(TRUNCATED, start)


def _xz_start(sample: Sample) -> bytes:
    """The first bytes of the content; empty when its dictionary is larger than any preset's."""
    try:
        return XzOpener(LZMA_START_MEMORY).decompress(sample.head, INNER_BYTES)
    except (TooMuchMemory, lzma.LZMAError):
        return b""


def _is_late(sample: Sample, size: int) -> bool:
    return size > 0 and sample.hurried()


def _next_stream(sample: Sample, rest: bytes, at: int) -> tuple[bytes, int]:
    """What follows a stream, its padding aside, and where that ends; `rest` ends at byte `at`. Empty: nothing more."""
    padding = 0
    while True:
        data = rest.lstrip(b"\0")
        padding += len(rest) - len(data)
        if len(data) >= MARK_BYTES or padding > PADDING_BYTES:
            return data or rest, at
        more = sample.read_at(at, CHUNK_BYTES)
        if not more:
            return data, at
        rest, at = data + more, at + len(more)


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
        if header[1:4] == SKIPPED:
            at += 8 + int.from_bytes(sample.read_at(at + 4, 4), "little")
            followed += 1
            if followed > SURE_BLOCKS and sample.hurried():
                return END_NOT_SEEN
            continue
        if not header.startswith(ZSTD):
            return END_NOT_SEEN
        if len(header) < 5:
            return TRUNCATED
        at += _zstd_header_bytes(header[-1])
        last = False
        while not last:
            followed += 1
            if followed > SURE_BLOCKS and sample.hurried():
                return END_NOT_SEEN
            block = int.from_bytes(sample.read_at(at, 3), "little")
            last, kind = bool(block & 1), block >> 1 & 3
            if not block or kind == RESERVED:
                # No tool writes an empty block that is not the last: zeros, left by a copy that stopped.
                return TRUNCATED if not block else DAMAGED
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


class XzOpener:
    """`lzma` that refuses, as something else than damage, what asks for too much memory."""

    def __init__(self, memory: int) -> None:
        self._object = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=memory)

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def needs_input(self) -> bool:
        return self._object.needs_input

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, /, max_length: int = -1) -> bytes:
        try:
            return self._object.decompress(data, max_length)
        except lzma.LZMAError as error:
            # lzma has no other way to tell LZMA_MEMLIMIT_ERROR.
            if "emory usage limit" in str(error):
                raise TooMuchMemory from error
            raise


_FORMATS: tuple[tuple[bytes, str, Callable[[], Opener], Callable[[Sample], str]], ...] = (
    (GZIP, "gzip", GzipOpener, _no_end_mark),
    (BZIP2, "bzip2", bz2.BZ2Decompressor, _bzip2_end),
    (XZ, "xz", partial(XzOpener, LZMA_MEMORY), _xz_end),
)
_SUFFIXES = {"gzip": {"gz", "tgz"}, "bzip2": {"bz2", "tbz", "tbz2"}, "xz": {"xz", "txz"}}

"""How borg compresses an object (compress.pyx), undone within bounds: none, lz4, lzma and zlib."""

import lzma
import zlib

NONE, LZ4, LZMA, ZSTD, ZLIB, OLD_ZLIB = 0, 1, 2, 3, 5, 8
"""The numbers of compress.pyx; borg 1 writes them before the data, borg 2 in what it says of the object."""
# Ours: the widest window of `xz -9` takes 65 MiB (xz(1)).
LZMA_MEMORY = 80 * 1024 * 1024
# lz4_Block_format.md: a match is at least four bytes; a length of fifteen goes on in the next bytes.
_LEAST_MATCH, _LONG = 4, 15
# RFC 1950 §2.2: the first two bytes, as one number, are a multiple of 31.
_ZLIB_METHOD, _ZLIB_CHECK = 8, 31


def of_borg1(data: bytes, *, most: int) -> bytes | None:
    """The content of a borg 1 object, its two bytes of method first; None when it cannot be had."""
    if len(data) > 1 and data[0] & 0x0F == _ZLIB_METHOD and not int.from_bytes(data[:2]) % _ZLIB_CHECK:
        return decompressed(OLD_ZLIB, data, most=most)
    if len(data) < 2 or data[1]:
        return None
    return decompressed(data[0], data[2:], most=most)


def decompressed(method: int, data: bytes, *, most: int) -> bytes | None:
    """At most `most` bytes; None when they are more, damaged, or of a method that is not undone here (zstd)."""
    if method == NONE:
        return data if len(data) <= most else None
    if method == LZ4:
        return _lz4(data, most=most)
    if method == LZMA:
        return _lzma(data, most=most)
    return _zlib(data, most=most) if method in (ZLIB, OLD_ZLIB) else None


def _zlib(data: bytes, *, most: int) -> bytes | None:
    machine = zlib.decompressobj()
    try:
        content = machine.decompress(data, most)
    except zlib.error:
        return None
    return content if machine.eof else None


def _lzma(data: bytes, *, most: int) -> bytes | None:
    machine = lzma.LZMADecompressor(memlimit=LZMA_MEMORY)
    try:
        content = machine.decompress(data, most)
    except lzma.LZMAError:
        return None
    return content if machine.eof else None


def _lz4(data: bytes, *, most: int) -> bytes | None:
    """One block, without frame (lz4_Block_format.md)."""
    out, at = bytearray(), 0
    while at < len(data):
        token = data[at]
        literals, at = _length(data, at + 1, token >> 4)
        if at + literals > len(data) or len(out) + literals > most:
            return None
        out += data[at : at + literals]
        at += literals
        if at == len(data):
            return bytes(out)
        back = int.from_bytes(data[at : at + 2], "little")
        match, at = _length(data, at + 2, token & 0x0F)
        if not 0 < back <= len(out) or at > len(data) or len(out) + match + _LEAST_MATCH > most:
            return None
        _repeat(out, back, match + _LEAST_MATCH)
    return None


def _length(data: bytes, at: int, start: int) -> tuple[int, int]:
    """The length that begins with `start`, and where what follows it begins; past the end when it has none."""
    total = start
    while start == _LONG:
        if at >= len(data):
            return total, len(data) + 1
        total += data[at]
        start = _LONG if data[at] == 0xFF else 0
        at += 1
    return total, at


def _repeat(out: bytearray, back: int, count: int) -> None:
    """Append `count` bytes that begin `back` before the end, those just written included."""
    pattern = bytes(out[-back:])
    out += (pattern * (count // back + 1))[:count]

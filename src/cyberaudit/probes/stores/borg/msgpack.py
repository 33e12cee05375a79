"""The values that borg packs with msgpack (its specification, « Formats »), read within bounds."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

# Ours: borg's own structures are four deep (hints → shadow_index → list → number).
MOST_DEPTH = 16

Value = None | bool | int | float | bytes | list["Value"] | dict["Value", "Value"]
"""Texts and binaries both come as bytes."""

_NUMBERS = {
    0xCA: ">f",
    0xCB: ">d",
    0xCC: ">B",
    0xCD: ">H",
    0xCE: ">I",
    0xCF: ">Q",
    0xD0: ">b",
    0xD1: ">h",
    0xD2: ">i",
    0xD3: ">q",
}
_LENGTHS = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4}
_EXTENSIONS = {0xC7, 0xC8, 0xC9}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_ARRAYS, _MAPS = {0xDC: 2, 0xDD: 4}, {0xDE: 2, 0xDF: 4}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


class NotPacked(Exception):
    """The bytes are no value, or end too early."""


def unpacked(data: bytes) -> Value:
    """The value that the bytes are, nothing left behind it.

    Raises:
        NotPacked: they are not one.
    """
    reader = _Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise NotPacked
    return value


def mapping(data: bytes) -> dict[bytes, Value] | None:
    """The map with text keys that the bytes are; None when they are anything else."""
    try:
        value = unpacked(data)
    except NotPacked:
        return None
    if not isinstance(value, dict):
        return None
    return {key: each for key, each in value.items() if isinstance(key, bytes)}


@dataclass(slots=True)
class _Reader:
    """Every value takes at least one byte: what is read is never more than what there is."""

    data: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        if len(taken) < count:
            raise NotPacked
        self.at += count
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def value(self, depth: int) -> Value:
        if depth > MOST_DEPTH:
            raise NotPacked
        first = self.take(1)[0]
        if first < 0x80:
            return first
        if first < 0x90:
            return self.map(first & 0x0F, depth)
        if first < 0xA0:
            return self.list(first & 0x0F, depth)
        if first < 0xC0:
            return self.take(first & 0x1F)
        return first - 0x100 if first >= 0xE0 else self.marked(first, depth)

    def marked(self, first: int, depth: int) -> Value:
        """What the byte before announces."""
        if first in _CONSTANTS:
            return _CONSTANTS[first]
        if first in _NUMBERS:
            form = _NUMBERS[first]
            (number,) = struct.unpack(form, self.take(struct.calcsize(form)))
            return float(number) if form in (">f", ">d") else int(number)
        return self.sized(first, depth)

    def sized(self, first: int, depth: int) -> Value:
        build: tuple[tuple[dict[int, int], Callable[[int, int], Value]], ...] = (
            (_ARRAYS, self.list),
            (_MAPS, self.map),
        )
        for sizes, read in build:
            if first in sizes:
                return read(self.number(sizes[first]), depth)
        if first in _FIXED_EXTENSIONS:
            return self.take(1 + _FIXED_EXTENSIONS[first])
        if first in _LENGTHS:
            return self.take(self.number(_LENGTHS[first]) + (first in _EXTENSIONS))
        raise NotPacked

    def list(self, count: int, depth: int) -> list[Value]:
        return [self.value(depth + 1) for _ in range(count)]

    def map(self, count: int, depth: int) -> dict[Value, Value]:
        pairs: dict[Value, Value] = {}
        for _ in range(count):
            key = self.value(depth + 1)
            if isinstance(key, list | dict):
                raise NotPacked
            pairs[key] = self.value(depth + 1)
        return pairs

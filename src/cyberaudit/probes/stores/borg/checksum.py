"""The XXH64 by which borg 2 sums its objects (xxhash_spec.md), in plain Python: for kilobytes, not for disks."""

import struct

_MASK = (1 << 64) - 1
# xxhash_spec.md, « XXH64 algorithm description », step 1.
_P1, _P2, _P3, _P4, _P5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
_STRIPE = 32


def xxh64(data: bytes) -> bytes:
    """Eight bytes, the highest first, of seed 0."""
    whole = len(data) - len(data) % _STRIPE
    total = _stripes(data[:whole]) if whole else _P5
    total = _rest(data[whole:], (total + len(data)) & _MASK)
    total = ((total ^ total >> 33) * _P2) & _MASK
    total = ((total ^ total >> 29) * _P3) & _MASK
    return (total ^ total >> 32).to_bytes(8)


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _MASK


def _round(lane: int, value: int) -> int:
    return _turned((lane + value * _P2) & _MASK, 31) * _P1 & _MASK


def _stripes(data: bytes) -> int:
    one, two, three, four = (_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK
    for first, second, third, last in struct.iter_unpack("<4Q", data):
        one, two = _round(one, first), _round(two, second)
        three, four = _round(three, third), _round(four, last)
    total = _turned(one, 1) + _turned(two, 7) + _turned(three, 12) + _turned(four, 18)
    for lane in (one, two, three, four):
        total = ((total & _MASK ^ _round(0, lane)) * _P1 + _P4) & _MASK
    return total


def _rest(data: bytes, total: int) -> int:
    at = 0
    while len(data) - at >= 8:
        (value,) = struct.unpack_from("<Q", data, at)
        total = (_turned(total ^ _round(0, value), 27) * _P1 + _P4) & _MASK
        at += 8
    if len(data) - at >= 4:
        (value,) = struct.unpack_from("<I", data, at)
        total = (_turned(total ^ value * _P1 & _MASK, 23) * _P2 + _P3) & _MASK
        at += 4
    for each in data[at:]:
        total = _turned(total ^ each * _P5 & _MASK, 11) * _P1 & _MASK
    return total

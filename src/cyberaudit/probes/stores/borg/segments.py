"""The log that a borg repository is: segment files of summed entries, PUT, DELETE and COMMIT (repository.py)."""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.borg.checksum import xxh64
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED

MAGIC = b"BORG_SEG"
PUT, DELETE, COMMIT, PUT2 = 0, 1, 2, 3
_HEADER = struct.Struct("<IIB")
ID_BYTES, HASH_BYTES = 32, 8
_HEADS = {
    PUT: _HEADER.size + ID_BYTES,
    DELETE: _HEADER.size + ID_BYTES,
    COMMIT: _HEADER.size,
    PUT2: _HEADER.size + ID_BYTES + HASH_BYTES,
}
HEAD_BYTES = max(_HEADS.values())
LAST_COMMIT = struct.pack("<I", zlib.crc32(b"\x09\0\0\0\x02")) + b"\x09\0\0\0\x02"
"""The nine bytes at the end of a finished transaction."""
# borg constants.py MAX_OBJECT_SIZE, with the hash of a PUT2.
MOST_ENTRY = 20 * 1024 * 1024 + HASH_BYTES
# Ours: an object is kept whole up to here: manifests of some thousand archives; those of documents are not.
MOST_KEPT = 256 * 1024
# Ours: XXH64 in plain Python takes 35 ms a MiB; beyond, borg 2's larger objects are summed with --deep alone.
MOST_HASHED = 1024 * 1024
PIECE = 1024 * 1024


@dataclass(slots=True)
class Budget:
    """What may still be read of the log."""

    summed: int
    """Bytes read and summed."""
    stepped: int
    """Entries of which only the head is then read."""
    hurried: Callable[[], bool] = bool
    hashes_all: bool = False
    """The objects of borg 2 are summed whatever their size."""


@frozen
class LogEntry:
    """One entry whose head stands; `data` is what was put, empty when it is larger than is kept."""

    tag: int
    key: bytes
    at: int
    """Its offset in the segment."""
    size: int
    data: bytes
    data_at: int
    """The offset of the object in the segment."""
    summed: bool
    """Its sum was computed, and is right for every byte."""


class BrokenEntry(Exception):
    """An entry that borg would refuse; `fault` is `truncated` or `damaged`, `evidence` French, with its offset."""

    def __init__(self, fault: str, evidence: str) -> None:
        super().__init__(evidence)
        self.fault = fault
        self.evidence = evidence


Read = Callable[[int, int], bytes]


def log_entries(read_at: Read, size: int, budget: Budget) -> Iterator[LogEntry]:
    """The entries of one segment of `size` bytes, in order, until the budget is spent: `at` + `size` of the last is
    then below the segment's size.

    Raises:
        BrokenEntry: what follows cannot be read.
    """
    if read_at(0, len(MAGIC)) != MAGIC:
        raise BrokenEntry(TRUNCATED if size < len(MAGIC) else DAMAGED, "sans la marque BORG_SEG au début")
    at = len(MAGIC)
    while at < size:
        if budget.hurried() or (budget.summed <= 0 and budget.stepped <= 0):
            return
        entry = entry_at(read_at, at, size, budget)
        yield entry
        at += entry.size


def entry_at(read_at: Read, at: int, size: int, budget: Budget) -> LogEntry:
    """One entry of a segment of `size` bytes, its sum computed while the budget lasts.

    Raises:
        BrokenEntry: it cannot be read.
    """
    head = read_at(at, HEAD_BYTES)
    length, tag = _announced(head, at, size)
    body = _HEADS[tag]
    key = head[_HEADER.size : _HEADER.size + ID_BYTES] if tag != COMMIT else b""
    if tag == PUT2:
        return _put2(read_at, at, head[:body], length, budget)
    if tag == PUT and budget.summed <= 0:
        budget.stepped -= 1
        return LogEntry(tag, key, at, length, b"", at + body, summed=False)
    budget.summed -= length
    data, total = _summed(read_at, at, length)
    if total != struct.unpack_from("<I", head)[0]:
        raise BrokenEntry(DAMAGED, f"CRC32 faux de l'entrée à l'octet {at}")
    return LogEntry(tag, key, at, length, data[body:], at + body, summed=True)


def _announced(head: bytes, at: int, size: int) -> tuple[int, int]:
    """(length of the entry, its tag)."""
    if len(head) < _HEADER.size:
        raise BrokenEntry(TRUNCATED, f"entrée coupée à l'octet {at}")
    _, length, tag = _HEADER.unpack_from(head)
    if tag not in _HEADS or not _HEADS[tag] <= length <= MOST_ENTRY or (tag == COMMIT and length != 9):
        raise BrokenEntry(DAMAGED, f"ce qui est à l'octet {at} n'est pas une entrée")
    if at + length > size:
        raise BrokenEntry(TRUNCATED, f"entrée de {length} octets à l'octet {at}, le fichier en a {size}")
    return length, tag


def _summed(read_at: Read, at: int, length: int) -> tuple[bytes, int]:
    """(the entry when it is kept whole, the CRC32 of all behind its sum)."""
    if length <= MOST_KEPT:
        data = read_at(at, length)
        return data, zlib.crc32(data[4:])
    total, done = 0, 4
    while done < length:
        piece = read_at(at + done, min(PIECE, length - done))
        if not piece:  # cut since it was measured
            raise BrokenEntry(TRUNCATED, f"entrée coupée à l'octet {at}")
        total = zlib.crc32(piece, total)
        done += len(piece)
    return b"", total


def _put2(read_at: Read, at: int, head: bytes, length: int, budget: Budget) -> LogEntry:
    """Borg 2 sums the head by CRC32, and everything by XXH64 inside it."""
    if zlib.crc32(head[4:]) != struct.unpack_from("<I", head)[0]:
        raise BrokenEntry(DAMAGED, f"CRC32 faux de l'entrée à l'octet {at}")
    key, wanted = head[_HEADER.size : _HEADER.size + ID_BYTES], head[_HEADER.size + ID_BYTES :]
    start = at + len(head)
    spent = budget.summed <= 0
    if spent:
        budget.stepped -= 1
    else:
        budget.summed -= length
    if spent or (length - len(head) > MOST_HASHED and not budget.hashes_all):
        return LogEntry(PUT2, key, at, length, b"", start, summed=False)
    data = read_at(start, length - len(head))
    if xxh64(head[4 : _HEADER.size] + key + data) != wanted:
        raise BrokenEntry(DAMAGED, f"XXH64 faux de l'entrée à l'octet {at}")
    return LogEntry(PUT2, key, at, length, data, start, summed=True)


def ends_with_commit(read_at: Read, size: int) -> bool:
    """Whether the segment ends as a finished transaction does."""
    shortest = len(MAGIC) + len(LAST_COMMIT)
    return size >= shortest and read_at(size - len(LAST_COMMIT), len(LAST_COMMIT)) == LAST_COMMIT

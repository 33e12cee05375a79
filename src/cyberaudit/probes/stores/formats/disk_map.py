"""Where the file of a virtual disk keeps each block of the disk, and what the disk holds once read through that."""

import sys
from array import array
from collections.abc import Callable
from dataclasses import replace
from struct import error
from typing import Literal

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.formats import partitions
from cyberaudit.probes.stores.reading import Sample

# Ours: one table of that size stands for a disk of terabytes.
TABLE_BYTES = 8 * 1024 * 1024
# Ours: tables that other tables name are read that far: 64 KiB of them stand for 512 MiB of a qcow2.
MAP_BYTES = 64 * 1024 * 1024
HOLE = -1
MEBIBYTE, SECTOR = 1024 * 1024, 512


class Broken(ValueError):
    """The structure stops making sense."""


@frozen
class Disk:
    """Where the file keeps each block of the disk."""

    size: int
    block: int
    locate: Callable[[int], int | None]
    """Number of a block → where it starts in the file, `HOLE` when never written, None when not readable."""
    fault: str
    note: str = ""


def inside(sample: Sample, disk: Disk) -> tuple[Encrypted, str]:
    """What the disk holds, seen through its map."""

    def read(offset: int, count: int) -> bytes:
        return _mapped(sample, disk, offset, count)

    guest = Sample(
        name="",
        size=disk.size,
        head=read(0, partitions.START_BYTES),
        tail=b"",
        read_at=read,
        patience=sample.patience,
        hurried=sample.hurried,
    )
    found = partitions.contents(guest)
    if found is not None:
        return found.encrypted, found.evidence
    if partitions.is_blank(guest) and not disk.note:
        # What encrypts a whole disk writes where it starts.
        return Encrypted.NO, "rien n'est écrit au début du disque"
    return Encrypted.UNKNOWN, "contenu du disque non reconnu"


def _mapped(sample: Sample, disk: Disk, offset: int, count: int) -> bytes:
    """The bytes of the disk, up to the first that cannot be read."""
    pieces, end = [], min(offset + count, disk.size)
    while 0 <= offset < end:
        rank, skip = divmod(offset, disk.block)
        length = min(disk.block - skip, end - offset)
        place = disk.locate(rank)
        if place is None:
            break
        piece = bytes(length) if place == HOLE else sample.read_at(place + skip, length)
        pieces.append(piece)
        if len(piece) < length:
            break
        offset += length
    return b"".join(pieces)


def numbers(
    sample: Sample, at: int, count: int, *, width: int, order: Literal["little", "big"]
) -> "array[int]":
    """A table of whole numbers; Broken when the file ends before it."""
    if count * width > TABLE_BYTES:
        raise Broken("table plus grande que nous ne lisons")
    data = sample.read_at(at, count * width)
    if len(data) < count * width:
        raise error("table coupée")
    # « array » holds a number in its own bytes: a tuple would take five times as many.
    table = array("Q" if width == 8 else "I", data)
    if order != sys.byteorder:
        table.byteswap()
    return table


def child(disk: Disk, *, differs: bool) -> Disk:
    """A disk that holds only what differs from another one restores nothing alone."""
    if not differs:
        return disk
    return replace(disk, fault=disk.fault or END_NOT_SEEN, note=", qui complète un autre fichier")

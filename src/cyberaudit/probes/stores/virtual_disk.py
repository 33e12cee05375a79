"""Virtual disks: qcow2, VHD, VHDX and VMDK. None is encrypted by being one: what the disk holds decides."""

import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from struct import Struct, error
from typing import Literal
from uuid import UUID

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.probes.stores import partitions
from cyberaudit.probes.stores.luks import read_luks
from cyberaudit.probes.stores.reading import DAMAGED, END_BYTES, TRUNCATED, Reading, Sample

QCOW, VHD, VHD_MAP, VHDX, VMDK = b"QFI\xfb", b"conectix", b"cxsparse", b"vhdxfile", b"KDMV"
VMDK_TEXT = b"# Disk DescriptorFile"
SUFFIXES = frozenset({"vhd", "vhdx", "vmdk", "qcow2"})
# Ours: one table of that size stands for a disk of terabytes.
TABLE_BYTES = 8 * 1024 * 1024
# Ours: tables that other tables name are read that far: 64 KiB of them stand for 512 MiB of a qcow2.
MAP_BYTES = 64 * 1024 * 1024
HOLE = -1

# qcow2 specification of QEMU, « Header » and « Standard cluster descriptor »
_QCOW = Struct(">4sLQLLQLLQ")
QCOW_CLEAR, QCOW_OLD_AES, QCOW_LUKS = 0, 1, 2
QCOW_CRYPTO, QCOW_OFFSET, QCOW_PACKED = 0x0537BE77, 0x00FFFFFFFFFFFE00, 1 << 62
QCOW_CORRUPT, QCOW_OUTSIDE, QCOW_WIDE = 2, 4, 16
# [MS-VHDX] §2.2.3 and §2.6
REGION_AT, REGION_BYTES, BLOCK_STATE_PRESENT = (192 * 1024, 256 * 1024), 64 * 1024, (6, 7)
VHDX_MAP = UUID("2dc27766-f623-4200-9d64-115e9bfd4a08").bytes_le
VHDX_METADATA = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
VHDX_BLOCK = UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b").bytes_le
VHDX_SIZE = UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8").bytes_le
VHDX_SECTOR = UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f").bytes_le
MEBIBYTE, SECTOR = 1024 * 1024, 512
# VMware, « Virtual Disk Format 1.1 », §4.1: flags of a sparse extent
VMDK_PACKED = 0x10000


class Broken(ValueError):
    """The structure stops making sense."""


@dataclass(frozen=True, slots=True)
class Disk:
    """Where the file keeps each block of the disk."""

    size: int
    block: int
    locate: Callable[[int], int | None]
    """Number of a block → where it starts in the file, `HOLE` when never written, None when not readable."""
    fault: str
    note: str = ""


def read_virtual_disk(sample: Sample) -> Reading | None:
    """The file as a virtual disk; None when neither its bytes nor its name say so."""
    for magic, name, reader in _FORMATS:
        if sample.head.startswith(magic):
            return _read(sample, name, reader)
    if sample.tail[-SECTOR:].startswith(VHD):
        return _read(sample, "vhd", _vhd_fixed)
    if sample.head.startswith(VMDK_TEXT):
        evidence = "descripteur VMDK : le disque est dans d'autres fichiers"
        return Reading("vmdk", Encrypted.UNKNOWN, evidence, END_NOT_SEEN)
    if sample.suffix == "vhd":
        return Reading("vhd", Encrypted.UNKNOWN, "le pied « conectix » manque à la fin", TRUNCATED)
    if sample.suffix in SUFFIXES and not sample.name.lower().endswith("-flat.vmdk"):
        return Reading(sample.suffix, Encrypted.UNKNOWN, "les premiers octets ne sont pas les siens", DAMAGED)
    return None


def _read(sample: Sample, name: str, reader: Callable[[Sample], "Disk | Reading"]) -> Reading:
    try:
        disk = reader(sample)
        if isinstance(disk, Reading):
            return disk
        found = _inside(sample, disk)
    except (Broken, error, ZeroDivisionError) as trouble:
        cut = TRUNCATED if isinstance(trouble, error) else DAMAGED
        return Reading(name, Encrypted.UNKNOWN, f"structure {name} illisible : {trouble}", cut)
    note = f"disque {name} sans chiffrement propre{disk.note}"
    return Reading(name, found[0], f"{note} ; {found[1]}", disk.fault)


def _inside(sample: Sample, disk: Disk) -> tuple[Encrypted, str]:
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


def _numbers(
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


def _qcow(sample: Sample) -> Disk | Reading:
    _, version, backing, _, bits, size, method, entries, table = _QCOW.unpack_from(sample.head)
    if version not in (2, 3) or not 9 <= bits <= 21:
        raise Broken(f"version {version}, blocs de 2^{bits} octets")
    features = int.from_bytes(sample.head[72:80], "big") if version == 3 else 0
    if features & QCOW_CORRUPT:
        raise Broken("QEMU l'a marqué abîmé")
    first = _numbers(sample, table, entries, width=8, order="big")
    disk = _qcow_map(sample, first, bits=bits, size=size, wide=bool(features & QCOW_WIDE))
    if backing or features & QCOW_OUTSIDE:
        disk = replace(disk, fault=disk.fault or END_NOT_SEEN, note=", qui complète un autre fichier")
    return disk if method == QCOW_CLEAR else _qcow_locked(sample, method, disk.fault)


def _qcow_locked(sample: Sample, method: int, fault: str) -> Reading:
    words = f"octets 32 à 35 = {method}"
    if method == QCOW_OLD_AES:
        evidence = f"{words} : ancien chiffrement AES de QEMU, que l'on sait casser"
        return Reading("qcow2", Encrypted.WEAK, evidence, fault)
    inner = _qcow_luks(sample) if method == QCOW_LUKS else None
    if inner is None:
        return Reading("qcow2", Encrypted.UNKNOWN, f"{words} : chiffrement sans en-tête lisible", fault)
    lost = fault or (DAMAGED if inner.fault == DAMAGED else "")
    return Reading("qcow2", inner.encrypted, f"{words} : LUKS ; {inner.evidence}", lost)


def _qcow_luks(sample: Sample) -> Reading | None:
    """The LUKS header that a header extension points to."""
    at = int.from_bytes(sample.head[100:104], "big") if sample.head[4:8] == b"\0\0\0\3" else 72
    for _ in range(32):
        kind, length = Struct(">LL").unpack_from(sample.head, at)
        if kind == QCOW_CRYPTO and length >= 16:
            start, size = Struct(">QQ").unpack_from(sample.head, at + 8)
            return read_luks(_from(sample, start, min(size, END_BYTES)))
        if not kind or length > len(sample.head):
            return None
        at += 8 + (length + 7) // 8 * 8
    return None


def _from(sample: Sample, start: int, count: int) -> Sample:
    """What stands in the file from byte `start` on."""
    return replace(
        sample,
        head=sample.read_at(start, count),
        tail=b"",
        read_at=lambda offset, count: sample.read_at(start + offset, count),
    )


def _qcow_map(sample: Sample, first: "array[int]", *, bits: int, size: int, wide: bool) -> Disk:
    cluster, width = 1 << bits, 16 if wide else 8
    each = cluster // width

    def locate(rank: int) -> int | None:
        upper, lower = divmod(rank, each)
        at = first[upper] & QCOW_OFFSET if upper < len(first) else 0
        if not at:
            return HOLE
        data = sample.read_at(at + lower * width, width)
        entry = int.from_bytes(data[:8], "big")
        if len(data) < width or entry & QCOW_PACKED:
            return None
        return entry & QCOW_OFFSET or HOLE

    fault = _qcow_end(sample, first, cluster=cluster, bits=bits, step=width // 8)
    return Disk(size, cluster, locate, fault)


def _qcow_end(sample: Sample, first: "array[int]", *, cluster: int, bits: int, step: int) -> str:
    """Whether every cluster that the maps name is in the file."""
    furthest, shift, budget = 0, 62 - (bits - 8), MAP_BYTES
    for entry in first:
        if not entry & QCOW_OFFSET:
            continue
        budget -= cluster
        if budget < 0 or sample.hurried():
            return END_NOT_SEEN
        for place in _numbers(sample, entry & QCOW_OFFSET, cluster // 8, width=8, order="big")[::step]:
            if place & QCOW_PACKED:
                # Its first byte, then how many sectors follow that of its first: the last one may be short.
                sectors = (place & QCOW_PACKED - 1) >> shift
                end = (place & (1 << shift) - 1) // SECTOR * SECTOR + sectors * SECTOR + 1
            else:
                end = (place & QCOW_OFFSET) + cluster
            furthest = max(furthest, end)
    return TRUNCATED if furthest > max(sample.size, cluster) else ""


def _vhd(sample: Sample) -> Disk:
    """A copy of the footer starts it: the map follows ([VHD Image Format Specification 1.0])."""
    kind = int.from_bytes(sample.head[60:64], "big")
    size = int.from_bytes(sample.head[48:56], "big")
    at = int.from_bytes(sample.head[16:24], "big")
    header = sample.read_at(at, 1024)
    if kind not in (3, 4) or not header.startswith(VHD_MAP):
        raise Broken(f"type {kind} sans table")
    table, _, number, block = Struct(">QLLL").unpack_from(header, 16)
    places = _numbers(sample, table, number, width=4, order="big")
    if not block or block % SECTOR:
        raise Broken(f"blocs de {block} octets")
    bitmap = (block // SECTOR // 8 + SECTOR - 1) // SECTOR * SECTOR
    ended = sample.tail[-SECTOR:].startswith(VHD)
    furthest = max((place for place in places if place != 0xFFFFFFFF), default=0) * SECTOR
    needed = furthest + bitmap + block if furthest else 0
    fault = "" if ended and needed <= sample.size else TRUNCATED
    locate: Callable[[int], int | None] = lambda rank: (  # noqa: E731
        places[rank] * SECTOR + bitmap if rank < number and places[rank] != 0xFFFFFFFF else HOLE
    )
    return _child(Disk(size, block, locate, fault), differs=kind == 4)


def _child(disk: Disk, *, differs: bool) -> Disk:
    """A disk that holds only what differs from another one restores nothing alone."""
    if not differs:
        return disk
    return replace(disk, fault=disk.fault or END_NOT_SEEN, note=", qui complète un autre fichier")


def _vhd_fixed(sample: Sample) -> Disk:
    return Disk(sample.size - SECTOR, MEBIBYTE, lambda rank: rank * MEBIBYTE, "")


def _vhdx(sample: Sample) -> Disk:
    regions = _vhdx_regions(sample)
    metadata = _vhdx_metadata(sample, regions[VHDX_METADATA])
    block, flags = Struct("<LL").unpack_from(metadata[VHDX_BLOCK])
    size = int.from_bytes(metadata[VHDX_SIZE][:8], "little")
    sector = int.from_bytes(metadata[VHDX_SECTOR][:4], "little")
    if block < MEBIBYTE or sector not in (512, 4096):
        raise Broken(f"blocs de {block} octets, secteurs de {sector}")
    # [MS-VHDX] §2.5.1: one entry for a bitmap after each group of blocks
    group = (sector << 23) // block
    blocks = -(-size // block)
    number = blocks + (blocks - 1) // group if blocks else 0
    places = _numbers(sample, regions[VHDX_MAP], number, width=8, order="little")
    present = [place >> 20 << 20 for place in places if place & 7 in BLOCK_STATE_PRESENT]
    fault = TRUNCATED if present and max(present) + block > sample.size else ""

    def locate(rank: int) -> int | None:
        at = rank + rank // group
        place = places[at] if at < number else 0
        return place >> 20 << 20 if place & 7 in BLOCK_STATE_PRESENT else HOLE

    return _child(Disk(size, block, locate, fault), differs=bool(flags & 2))


def _vhdx_regions(sample: Sample) -> dict[bytes, int]:
    """Where each region starts, of the first of two tables that names both."""
    for at in REGION_AT:
        data = sample.read_at(at, REGION_BYTES)
        if data.startswith(b"regi") and len(data) == REGION_BYTES:
            number = min(int.from_bytes(data[8:12], "little"), 2047)
            found = dict(Struct("<16sQ").unpack_from(data, 16 + rank * 32) for rank in range(number))
            if found.keys() >= {VHDX_MAP, VHDX_METADATA}:
                return found
    raise (error("coupé") if sample.size < MEBIBYTE else Broken("table des régions introuvable"))


def _vhdx_metadata(sample: Sample, at: int) -> dict[bytes, bytes]:
    table = sample.read_at(at, REGION_BYTES)
    if not table.startswith(b"metadata"):
        raise error("métadonnées absentes")
    number = min(int.from_bytes(table[10:12], "little"), 2047)
    items = (Struct("<16sLL").unpack_from(table, 32 + rank * 32) for rank in range(number))
    found = {kind: sample.read_at(at + offset, min(length, 64)) for kind, offset, length in items}
    if not found.keys() >= {VHDX_BLOCK, VHDX_SIZE, VHDX_SECTOR}:
        raise Broken("métadonnées incomplètes")
    return found


def _vmdk(sample: Sample) -> Disk | Reading:
    """A sparse extent (VMware, « Virtual Disk Format 1.1 », §4)."""
    _, _, flags, capacity, grain, start, length, each, _, directory, _ = Struct("<4sLLQQQQLQQQ").unpack_from(
        sample.head
    )
    text = sample.read_at(start * SECTOR, min(length * SECTOR, END_BYTES))
    if b"encryption." in text:
        return Reading(
            "vmdk", Encrypted.UNKNOWN, "VMDK : chiffrement de VMware annoncé, non vérifié", END_NOT_SEEN
        )
    if directory == (1 << 64) - 1:
        # The map stands at the end: its header is repeated there, 1024 bytes before the end (§4.3).
        fault = "" if sample.tail[-1024:].startswith(VMDK) else TRUNCATED
        return Reading("vmdk", Encrypted.UNKNOWN, "VMDK compressé (flux) : contenu non ouvert", fault)
    if not grain or not each or not capacity or grain > 1 << 20:
        raise Broken("tailles à zéro")
    number = -(-capacity // (grain * each))
    tables = _numbers(sample, directory * SECTOR, number, width=4, order="little")
    packed = bool(flags & VMDK_PACKED)
    fault = _vmdk_end(sample, tables, grain=0 if packed else grain * SECTOR, each=each)
    if packed:
        return Reading("vmdk", Encrypted.UNKNOWN, "VMDK compressé : contenu non ouvert", fault)

    def locate(rank: int) -> int | None:
        upper, lower = divmod(rank, each)
        at = tables[upper] * SECTOR + 4 * lower if upper < number and tables[upper] else 0
        place = int.from_bytes(sample.read_at(at, 4), "little") if at else 0
        # 1: a grain of zeros
        return place * SECTOR if place > 1 else HOLE

    disk = Disk(capacity * SECTOR, grain * SECTOR, locate, fault)
    return _child(disk, differs=b"parentCID=" in text and b"parentCID=ffffffff" not in text)


def _vmdk_end(sample: Sample, tables: "array[int]", *, grain: int, each: int) -> str:
    """Whether every grain that the tables name is in the file; `grain` bytes each, 0 when compressed."""
    furthest = 0
    for rank, table in enumerate(tables):
        if rank * each * 4 > MAP_BYTES or sample.hurried():
            return END_NOT_SEEN
        if table:
            furthest = max(furthest, *_numbers(sample, table * SECTOR, each, width=4, order="little"))
    at = furthest * SECTOR
    if furthest > 1 and not grain:
        # A compressed grain: where it belongs, its length, then itself (§4.3).
        grain = 12 + int.from_bytes(sample.read_at(at + 8, 4), "little")
    return TRUNCATED if furthest > 1 and at + grain > sample.size else ""


_FORMATS: tuple[tuple[bytes, str, Callable[[Sample], Disk | Reading]], ...] = (
    (QCOW, "qcow2", _qcow),
    (VHDX, "vhdx", _vhdx),
    (VHD, "vhd", _vhd),
    (VMDK, "vmdk", _vmdk),
)

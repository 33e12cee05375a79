"""qcow2, the disks of QEMU and Proxmox: their own encryption, if any, and the map of their clusters."""

from array import array
from dataclasses import replace
from struct import Struct

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted, Weakness
from cyberaudit.probes.stores.formats.disk_map import HOLE, MAP_BYTES, SECTOR, Broken, Disk, numbers
from cyberaudit.probes.stores.formats.luks import read_luks
from cyberaudit.probes.stores.reading import DAMAGED, END_BYTES, TRUNCATED, Reading, Sample

# qcow2 specification of QEMU, « Header » and « Standard cluster descriptor »
_QCOW = Struct(">4sLQLLQLLQ")
QCOW_CLEAR, QCOW_OLD_AES, QCOW_LUKS = 0, 1, 2
QCOW_CRYPTO, QCOW_OFFSET, QCOW_PACKED = 0x0537BE77, 0x00FFFFFFFFFFFE00, 1 << 62
QCOW_CORRUPT, QCOW_OUTSIDE, QCOW_WIDE = 2, 4, 16


def open_qcow2(sample: Sample) -> Disk | Reading:
    """The map of the clusters; a reading when the disk is encrypted by itself."""
    _, version, backing, _, bits, size, method, entries, table = _QCOW.unpack_from(sample.head)
    if version not in (2, 3) or not 9 <= bits <= 21:
        raise Broken(f"version {version}, blocs de 2^{bits} octets")
    features = int.from_bytes(sample.head[72:80], "big") if version == 3 else 0
    if features & QCOW_CORRUPT:
        raise Broken("QEMU l'a marqué abîmé")
    first = numbers(sample, table, entries, width=8, order="big")
    disk = _qcow_map(sample, first, bits=bits, size=size, wide=bool(features & QCOW_WIDE))
    if backing or features & QCOW_OUTSIDE:
        disk = replace(disk, fault=disk.fault or END_NOT_SEEN, note=", qui complète un autre fichier")
    return disk if method == QCOW_CLEAR else _qcow_locked(sample, method, disk.fault)


def _qcow_locked(sample: Sample, method: int, fault: str) -> Reading:
    words = f"octets 32 à 35 = {method}"
    if method == QCOW_OLD_AES:
        evidence = f"{words} : ancien chiffrement AES de QEMU, que l'on sait casser"
        return Reading(
            "qcow2", Encrypted.WEAK, evidence, fault, method="AES-128-CBC", weaknesses=(Weakness.WEAK_CIPHER,)
        )
    inner = _qcow_luks(sample) if method == QCOW_LUKS else None
    if inner is None:
        return Reading("qcow2", Encrypted.UNKNOWN, f"{words} : chiffrement sans en-tête lisible", fault)
    lost = inner.fault if inner.fault in (DAMAGED, TRUNCATED) else fault
    return replace(inner, format="qcow2", evidence=f"{words} : LUKS ; {inner.evidence}", fault=lost)


def _qcow_luks(sample: Sample) -> Reading | None:
    """The LUKS header that a header extension points to; cut when its key slots go past the end of the file."""
    at = int.from_bytes(sample.head[100:104], "big") if sample.head[4:8] == b"\0\0\0\3" else 72
    for _ in range(32):
        kind, length = Struct(">LL").unpack_from(sample.head, at)
        if kind == QCOW_CRYPTO and length >= 16:
            start, size = Struct(">QQ").unpack_from(sample.head, at + 8)
            found = read_luks(_from(sample, start, min(size, END_BYTES)))
            return replace(found, fault=TRUNCATED) if found and start + size > sample.size else found
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
        for place in numbers(sample, entry & QCOW_OFFSET, cluster // 8, width=8, order="big")[::step]:
            if place & QCOW_PACKED:
                # Its first byte, then how many sectors follow that of its first: the last one may be short.
                sectors = (place & QCOW_PACKED - 1) >> shift
                end = (place & (1 << shift) - 1) // SECTOR * SECTOR + sectors * SECTOR + 1
            else:
                end = (place & QCOW_OFFSET) + cluster
            furthest = max(furthest, end)
    return TRUNCATED if furthest > max(sample.size, cluster) else ""

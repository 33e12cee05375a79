"""VMDK, the disks of VMware: sparse extents and the map of their grains."""

from array import array
from struct import Struct

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.probes.stores.formats.disk_map import HOLE, MAP_BYTES, SECTOR, Broken, Disk, child, numbers
from cyberaudit.probes.stores.reading import END_BYTES, TRUNCATED, Reading, Sample

VMDK = b"KDMV"
# VMware, « Virtual Disk Format 1.1 », §4.1: flags of a sparse extent
VMDK_PACKED = 0x10000


def open_vmdk(sample: Sample) -> Disk | Reading:
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
    tables = numbers(sample, directory * SECTOR, number, width=4, order="little")
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
    return child(disk, differs=b"parentCID=" in text and b"parentCID=ffffffff" not in text)


def _vmdk_end(sample: Sample, tables: "array[int]", *, grain: int, each: int) -> str:
    """Whether every grain that the tables name is in the file; `grain` bytes each, 0 when compressed."""
    furthest = 0
    for rank, table in enumerate(tables):
        if rank * each * 4 > MAP_BYTES or sample.hurried():
            return END_NOT_SEEN
        if table:
            furthest = max(furthest, *numbers(sample, table * SECTOR, each, width=4, order="little"))
    at = furthest * SECTOR
    if furthest > 1 and not grain:
        # A compressed grain: where it belongs, its length, then itself (§4.3).
        grain = 12 + int.from_bytes(sample.read_at(at + 8, 4), "little")
    return TRUNCATED if furthest > 1 and at + grain > sample.size else ""

"""VHD and VHDX, the disks of Hyper-V and of Windows images: the map of their blocks."""

from collections.abc import Callable
from struct import Struct, error
from uuid import UUID

from cyberaudit.probes.stores.formats.disk_map import HOLE, MEBIBYTE, SECTOR, Broken, Disk, child, numbers
from cyberaudit.probes.stores.reading import TRUNCATED, Sample

VHD, VHD_MAP = b"conectix", b"cxsparse"
# [MS-VHDX] §2.2.3 and §2.6
REGION_AT, REGION_BYTES, BLOCK_STATE_PRESENT = (192 * 1024, 256 * 1024), 64 * 1024, (6, 7)
VHDX_MAP = UUID("2dc27766-f623-4200-9d64-115e9bfd4a08").bytes_le
VHDX_METADATA = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
VHDX_BLOCK = UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b").bytes_le
VHDX_SIZE = UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8").bytes_le
VHDX_SECTOR = UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f").bytes_le


def open_vhd(sample: Sample) -> Disk:
    """A copy of the footer starts it: the map follows ([VHD Image Format Specification 1.0])."""
    kind = int.from_bytes(sample.head[60:64], "big")
    size = int.from_bytes(sample.head[48:56], "big")
    at = int.from_bytes(sample.head[16:24], "big")
    header = sample.read_at(at, 1024)
    if kind not in (3, 4) or not header.startswith(VHD_MAP):
        raise Broken(f"type {kind} sans table")
    table, _, number, block = Struct(">QLLL").unpack_from(header, 16)
    places = numbers(sample, table, number, width=4, order="big")
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
    return child(Disk(size, block, locate, fault), differs=kind == 4)


def open_fixed_vhd(sample: Sample) -> Disk:
    return Disk(sample.size - SECTOR, MEBIBYTE, lambda rank: rank * MEBIBYTE, "")


def open_vhdx(sample: Sample) -> Disk:
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
    places = numbers(sample, regions[VHDX_MAP], number, width=8, order="little")
    present = [place >> 20 << 20 for place in places if place & 7 in BLOCK_STATE_PRESENT]
    fault = TRUNCATED if present and max(present) + block > sample.size else ""

    def locate(rank: int) -> int | None:
        at = rank + rank // group
        place = places[at] if at < number else 0
        return place >> 20 << 20 if place & 7 in BLOCK_STATE_PRESENT else HOLE

    return child(Disk(size, block, locate, fault), differs=bool(flags & 2))


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

"""What a disk holds: its partitions, and for each the file system or the encrypted volume that starts it."""

from collections.abc import Iterator
from struct import Struct
from uuid import UUID

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.formats.bitlocker import read_bitlocker
from cyberaudit.probes.stores.formats.luks import read_luks
from cyberaudit.probes.stores.reading import TRUNCATED, Reading, Sample

SUFFIXES = frozenset({"img", "dd", "raw"})
SECTOR = 512
# What is read where a partition starts: Btrfs has its mark at 64 KiB.
START_BYTES = 68 * 1024
# UEFI 2.10 §5.3: a header one sector in, entries of 128 bytes and more.
GPT, SECTORS, ENTRY_SIZES = b"EFI PART", (512, 4096), range(128, 4097)
# Ours: nobody cuts a disk in more; what lies beyond is not looked at, and said so.
MOST_ENTRIES, MOST_PARTITIONS = 1024, 32
MBR_END, MBR_AT, MBR_ENTRY = b"\x55\xaa", 446, 16
PROTECTIVE, EXTENDED = 0xEE, frozenset({0x05, 0x0F, 0x85})
# Ours: what starts a machine is clear on every encrypted disk, and small.
BOOT_BYTES = 2 * 1024 * 1024 * 1024
BOOT_TYPES = {
    UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b").bytes_le: "démarrage EFI",
    UUID("e3c9e316-0b5c-4db8-817d-f92df00215ae").bytes_le: "réserve de Microsoft",
    UUID("de94bba4-06d1-4d40-a16a-bfd50179d6ac").bytes_le: "secours de Windows",
    UUID("21686148-6449-6e6f-744e-656564454649").bytes_le: "démarrage BIOS",
}
FILE_SYSTEMS = (
    (3, b"NTFS    ", "NTFS"), (3, b"EXFAT   ", "exFAT"), (82, b"FAT32", "FAT32"), (54, b"FAT1", "FAT"),
    (3, b"ReFS", "ReFS"), (1080, b"\x53\xef", "ext"), (0, b"XFSB", "XFS"), (65600, b"_BHRfS_M", "Btrfs"),
    (1024, b"H+", "HFS+"), (4086, b"SWAPSPACE2", "échange"),
)  # fmt: skip
"""Where each file system writes its mark, and what follows is read without a key."""

_GPT = Struct("<8s24xQ32xQLL")
_GPT_ENTRY = Struct("<16s16xQQ")
_MBR_ENTRY = Struct("<4xB3xLL")


@frozen
class Partition:
    """One stretch of a disk, in bytes."""

    rank: int
    start: int
    size: int
    boot: str = ""
    """What it starts, when that holds no data."""
    opaque: bool = False
    """Its own structure is not read."""


@frozen
class Contents:
    """What a disk holds."""

    encrypted: Encrypted
    evidence: str
    ends_at: int
    """The last byte that its partitions need; 0 when nothing says so."""


def read_raw_disk(sample: Sample) -> Reading | None:
    """A disk or a volume copied byte by byte, when it is named so."""
    if sample.suffix not in SUFFIXES:
        return None
    found = contents(sample)
    if found is None:
        return None
    fault = TRUNCATED if found.ends_at > sample.size else "" if found.ends_at else END_NOT_SEEN
    return Reading("disk", found.encrypted, f"copie de disque ; {found.evidence}", fault)


def contents(disk: Sample) -> Contents | None:
    """What the disk holds; None when its start is not known at all."""
    whole = _volume(disk)
    if whole is not None:
        return Contents(*whole, 0)
    parts = list(_partitions(disk))
    if not parts:
        return None
    seen = [(part, *_look(disk, part)) for part in parts[:MOST_PARTITIONS]]
    seen += [(part, Encrypted.UNKNOWN, "non regardée") for part in parts[MOST_PARTITIONS:][:1]]
    data = [encrypted for part, encrypted, _ in seen if not part.boot]
    words = [f"partition {part.rank} (octet {part.start}) : {said}" for part, _, said in seen]
    return Contents(_together(data), " ; ".join(words), max(part.start + part.size for part in parts))


def is_blank(disk: Sample) -> bool:
    """Nothing is written where a partition table, a file system or an encrypted volume starts."""
    return len(disk.head) >= SECTOR and not disk.head.strip(b"\0")


def _volume(disk: Sample) -> tuple[Encrypted, str] | None:
    """The encrypted volume or the file system that starts here."""
    reading = read_luks(disk) or read_bitlocker(disk)
    if reading is not None:
        return reading.encrypted, reading.evidence
    for at, mark, name in FILE_SYSTEMS:
        if disk.head[at : at + len(mark)] == mark:
            return Encrypted.NO, f"{name}, lisible sans clé"
    return None


def _look(disk: Sample, part: Partition) -> tuple[Encrypted, str]:
    if part.boot:
        return Encrypted.NO, part.boot
    head = b"" if part.opaque else disk.read_at(part.start, START_BYTES)
    inside = Sample(
        name="",
        size=part.size,
        head=head,
        tail=b"",
        read_at=lambda offset, count: disk.read_at(part.start + offset, count),
        patience=disk.patience,
        hurried=disk.hurried,
    )
    return _volume(inside) or (Encrypted.UNKNOWN, "contenu non reconnu")


def _together(found: list[Encrypted]) -> Encrypted:
    kinds = set(found)
    if len(kinds) <= 1:
        return found[0] if found else Encrypted.UNKNOWN
    if kinds & {Encrypted.NO, Encrypted.PARTIAL}:
        return Encrypted.PARTIAL
    return Encrypted.UNKNOWN if Encrypted.UNKNOWN in kinds else Encrypted.WEAK


def _partitions(disk: Sample) -> Iterator[Partition]:
    for sector in SECTORS:
        if disk.head[sector : sector + len(GPT)] == GPT:
            yield from _gpt(disk, sector)
            return
    if disk.head[SECTOR - 2 : SECTOR] == MBR_END:
        yield from _mbr(disk.head)


def _gpt(disk: Sample, sector: int) -> Iterator[Partition]:
    if len(disk.head) < sector + _GPT.size:
        return
    _, other, table, number, size = _GPT.unpack_from(disk.head, sector)
    if size not in ENTRY_SIZES:
        return
    entries = disk.read_at(table * sector, min(number, MOST_ENTRIES) * size)
    if number > MOST_ENTRIES or len(entries) < number * size:
        yield Partition(0, 0, 0, opaque=True)
    for rank in range(len(entries) // size):
        kind, first, last = _GPT_ENTRY.unpack_from(entries, rank * size)
        if any(kind) and first <= last <= other:
            length = (last - first + 1) * sector
            boot = BOOT_TYPES.get(kind, "") if length <= BOOT_BYTES else ""
            yield Partition(rank + 1, first * sector, length, boot)


def _mbr(head: bytes) -> Iterator[Partition]:
    for rank in range(4):
        kind, first, count = _MBR_ENTRY.unpack_from(head, MBR_AT + rank * MBR_ENTRY)
        if kind and first and count and kind != PROTECTIVE:
            yield Partition(rank + 1, first * SECTOR, count * SECTOR, opaque=kind in EXTENDED)

"""VMA, what vzdump of Proxmox writes of a virtual machine: never encrypted, followed extent by extent."""

import hashlib
from datetime import UTC, datetime
from struct import Struct

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample

MAGIC, EXTENT_MAGIC = b"VMA\0", b"VMAE"
# pve-qemu, vma_spec: header with its MD5 at 32, summed with zeros there; extents of 512 bytes and 4 KiB blocks.
SUM_AT, SUM_BYTES = 32, 16
EXTENT_BYTES, BLOCK_BYTES = 512, 4096
LEAST_HEADER = 12_288
# Ours: a header holds the configuration of a machine.
HEADER_BYTES = 4 * 1024 * 1024
# Ours: extents followed in any case, some 15 GiB of a machine; further ones while time lasts.
SURE_EXTENTS = 4096
# vma_spec: 256 devices of 32 bytes, their size at 8; clusters of 64 KiB, each named once by some extent.
DEVICES, DEVICES_AT, DEVICE_BYTES, CLUSTER_BYTES = 256, 4096, 32, 64 * 1024
CLUSTERS_AT = 40
WRONG_SUM = "le MD5 de l'en-tête (octet 32) ne va pas"

_HEADER = Struct(">4sL16sq16sLLL")


def read_vma(sample: Sample) -> Reading | None:
    """The file as a VMA archive."""
    if not sample.head.startswith(MAGIC):
        misnamed = Reading("vma", Encrypted.UNKNOWN, "octets 0 à 3 : ce n'est pas « VMA »", DAMAGED)
        return misnamed if sample.suffix == "vma" else None
    if len(sample.head) < _HEADER.size:
        return _reading("l'en-tête s'arrête avant sa fin", TRUNCATED)
    _, version, _, created, summed, _, _, size = _HEADER.unpack_from(sample.head)
    if version != 1 or not LEAST_HEADER <= size <= HEADER_BYTES:
        return _reading(f"version {version}, en-tête de {size} octets", DAMAGED)
    header = sample.read_at(0, size)
    if len(header) < size:
        return _reading("l'en-tête s'arrête avant sa fin", TRUNCATED)
    blank = header[:SUM_AT] + bytes(SUM_BYTES) + header[SUM_AT + SUM_BYTES :]
    if hashlib.md5(blank, usedforsecurity=False).digest() != summed:
        return _reading(WRONG_SUM, DAMAGED)
    evidence = "octets 0 à 3 = « VMA », MD5 de l'en-tête juste : format sans chiffrement"
    return _reading(evidence, _end(sample, size, clusters=_clusters(header)), created)


def _reading(evidence: str, fault: str, created: int = 0) -> Reading:
    return Reading("vma", Encrypted.NO, evidence, fault, _moment(created))


def _moment(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _clusters(header: bytes) -> int:
    """How many clusters the disks of the machine have together."""
    sizes = (
        int.from_bytes(header[at + 8 : at + 16], "big")
        for at in range(DEVICES_AT, DEVICES_AT + DEVICES * DEVICE_BYTES, DEVICE_BYTES)
    )
    return sum(-(-size // CLUSTER_BYTES) for size in sizes)


def _end(sample: Sample, at: int, *, clusters: int) -> str:
    """Each extent says how many blocks follow it, and which clusters they are; together they name them all."""
    followed, named = 0, 0
    while at < sample.size:
        followed += 1
        if followed > SURE_EXTENTS and sample.hurried():
            return END_NOT_SEEN
        header = sample.read_at(at, EXTENT_BYTES)
        if len(header) < EXTENT_BYTES:
            return TRUNCATED
        if not header.startswith(EXTENT_MAGIC):
            return DAMAGED
        # The device of each of the 59 clusters: 0 when there is none.
        named += sum(map(bool, header[CLUSTERS_AT + 3 :: 8]))
        at += EXTENT_BYTES + int.from_bytes(header[6:8], "big") * BLOCK_BYTES
    if at > sample.size or not followed:
        return TRUNCATED
    return "" if named == clusters else END_NOT_SEEN

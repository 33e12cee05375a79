"""Virtual disks: qcow2, VHD, VHDX and VMDK. None is encrypted by being one: what the disk holds decides."""

from collections.abc import Callable
from struct import error

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.probes.stores.formats.disk_map import SECTOR, Broken, Disk, inside
from cyberaudit.probes.stores.formats.qcow2 import open_qcow2
from cyberaudit.probes.stores.formats.vhd import VHD, open_fixed_vhd, open_vhd, open_vhdx
from cyberaudit.probes.stores.formats.vmdk import VMDK, open_vmdk
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample

QCOW, VHDX = b"QFI\xfb", b"vhdxfile"
VMDK_TEXT = b"# Disk DescriptorFile"
SUFFIXES = frozenset({"vhd", "vhdx", "vmdk", "qcow2"})


def read_virtual_disk(sample: Sample) -> Reading | None:
    """The file as a virtual disk; None when neither its bytes nor its name say so."""
    for magic, name, reader in _FORMATS:
        if sample.head.startswith(magic):
            return _read(sample, name, reader)
    if sample.tail[-SECTOR:].startswith(VHD):
        return _read(sample, "vhd", open_fixed_vhd)
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
        found = inside(sample, disk)
    except (Broken, error, ZeroDivisionError) as trouble:
        cut = TRUNCATED if isinstance(trouble, error) else DAMAGED
        return Reading(name, Encrypted.UNKNOWN, f"structure {name} illisible : {trouble}", cut)
    note = f"disque {name} sans chiffrement propre{disk.note}"
    return Reading(name, found[0], f"{note} ; {found[1]}", disk.fault)


_FORMATS: tuple[tuple[bytes, str, Callable[[Sample], Disk | Reading]], ...] = (
    (QCOW, "qcow2", open_qcow2),
    (VHDX, "vhdx", open_vhdx),
    (VHD, "vhd", open_vhd),
    (VMDK, "vmdk", open_vmdk),
)

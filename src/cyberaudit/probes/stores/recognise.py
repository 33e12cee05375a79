"""Which format a file of a store has: every detector in turn, then its name."""

from dataclasses import replace

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.probes.stores.formats.age import read_age
from cyberaudit.probes.stores.formats.bitlocker import read_bitlocker
from cyberaudit.probes.stores.formats.compressed import compressed_reader
from cyberaudit.probes.stores.formats.luks import read_luks
from cyberaudit.probes.stores.formats.marked import read_marked
from cyberaudit.probes.stores.formats.openpgp import is_key_or_signature, read_openpgp
from cyberaudit.probes.stores.formats.outlook import read_outlook
from cyberaudit.probes.stores.formats.partitions import read_raw_disk
from cyberaudit.probes.stores.formats.plain import read_dump, read_sqlite, read_tar
from cyberaudit.probes.stores.formats.postgres import read_postgres
from cyberaudit.probes.stores.formats.proxmox_archive import read_vma
from cyberaudit.probes.stores.formats.rar import read_rar
from cyberaudit.probes.stores.formats.seven import read_seven
from cyberaudit.probes.stores.formats.veeam import read_veeam
from cyberaudit.probes.stores.formats.virtual_disk import read_virtual_disk
from cyberaudit.probes.stores.formats.zip_archive import read_zip
from cyberaudit.probes.stores.names import UNPUBLISHED, is_copy_by_name
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, Detector, Reading, Sample, octets

# Ours: file systems count their blocks each in its own way; a hole is larger.
HOLE_BYTES = 1024 * 1024
SPARSE_FORMATS = frozenset({"bitlocker", "disk", "luks", "qcow2", "vhd", "vhdx", "vmdk"})
"""Disks: what was never written in them has no place in the file."""
DENSE_FORMATS = frozenset({"7z", "rar", "zip", "zstd"})
"""Packed: without encryption too, zeros of what they hold take no place, unless they only store it."""
# Ours: places looked at; four kilobytes of zeros in a row are no accident of a packed or encrypted stream.
PROBES, PROBE_BYTES = 64, 4096
# Ours: a far place, and the older copies, are not asked as much.
LEAST_PATIENCE = 2 * 1024 * 1024
# Ours: none of the formats that we do not read fits in one sector.
LEAST_BYTES = 512


def recognise(sample: Sample) -> Reading | None:
    """What the file is; None when neither its bytes nor its name make it a copy."""
    if is_key_or_signature(sample):
        return None
    named = is_copy_by_name(sample.name)
    if not sample.size:
        return Reading(sample.suffix, Encrypted.UNKNOWN, "fichier de 0 octet", EMPTY) if named else None
    if named and not sample.head.strip(b"\0"):
        return Reading(sample.suffix, Encrypted.UNKNOWN, "le début du fichier n'est que des zéros", DAMAGED)
    reading = _first(_DETECTORS, sample)
    if reading is None and named:
        reason = UNPUBLISHED.get(sample.suffix, "format non lu")
        evidence = f"octets 0 à 3 = {octets(sample.head[:4])}, {reason}"
        if sample.size < LEAST_BYTES:
            return Reading(sample.suffix, Encrypted.UNKNOWN, f"{evidence}, {sample.size} octets", DAMAGED)
        return Reading(sample.suffix, Encrypted.UNKNOWN, evidence, END_NOT_SEEN)
    return _against_holes(sample, reading)


def _against_holes(sample: Sample, reading: Reading | None) -> Reading | None:
    """What is packed or encrypted has no zeros to spare: those that are found were left by a copy that stopped."""
    if reading is None or reading.fault or reading.format in SPARSE_FORMATS:
        return reading
    sealed = reading.encrypted in (Encrypted.YES, Encrypted.WEAK)
    if sealed and sample.stored is not None and sample.stored + HOLE_BYTES <= sample.size:
        words = f"{sample.stored} octets écrits sur le disque pour {sample.size} annoncés"
    elif (sealed or reading.format in DENSE_FORMATS) and (hole := _hole(sample)) is not None:
        words = f"octets {hole} à {hole + PROBE_BYTES - 1} = zéros"
    else:
        return reading
    return replace(reading, evidence=f"{reading.evidence} ; {words}", fault=END_NOT_SEEN)


def _hole(sample: Sample) -> int | None:
    """Where one of the places looked at holds nothing but zeros."""
    if sample.patience < LEAST_PATIENCE or sample.size < PROBES * PROBE_BYTES:
        places = [max(len(sample.head) - PROBE_BYTES, 0)] if sample.size > 2 * PROBE_BYTES else []
    else:
        places = [number * sample.size // PROBES for number in range(1, PROBES)]
    for place in places:
        data = sample.read_at(place, PROBE_BYTES)
        if len(data) == PROBE_BYTES and not data.strip(b"\0"):
            return place
    return None


def _by_bytes(sample: Sample) -> Reading | None:
    """What the first bytes alone prove, whatever the name: for what a compressed file holds."""
    return _first(_BY_BYTES, sample)


def _first(detectors: tuple[Detector, ...], sample: Sample) -> Reading | None:
    return next(filter(None, (detector(sample) for detector in detectors)), None)


_BY_BYTES: tuple[Detector, ...] = (
    read_marked,
    read_luks,
    read_age,
    read_openpgp,
    read_tar,
    read_dump,
    read_postgres,
    read_sqlite,
    read_vma,
    read_outlook,
    read_raw_disk,
)
# By strength of their marks: a name that lies is told by its bytes before OpenPGP takes it for damaged.
_DETECTORS: tuple[Detector, ...] = (
    read_marked,
    read_luks,
    read_bitlocker,
    compressed_reader(_by_bytes),
    read_seven,
    read_rar,
    read_zip,
    read_virtual_disk,
    read_age,
    read_openpgp,
    read_tar,
    read_dump,
    read_postgres,
    read_sqlite,
    read_vma,
    read_outlook,
    read_veeam,
    read_raw_disk,
)

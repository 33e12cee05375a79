"""Which format a file of a store has: every detector in turn, then its name."""

from cyberaudit.facts.backup import Encrypted
from cyberaudit.probes.stores.age import read_age
from cyberaudit.probes.stores.compressed import compressed_reader
from cyberaudit.probes.stores.openpgp import is_key_or_signature, read_openpgp
from cyberaudit.probes.stores.plain import read_dump, read_marked, read_sqlite, read_tar
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, Detector, Reading, Sample, octets
from cyberaudit.probes.stores.zip_archive import read_zip

READABLE_SUFFIXES = frozenset(
    {"zip", "gpg", "pgp", "asc", "age", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst", "7z", "tar", "sql"}
)
"""Names of the formats the detectors know."""
SILENT_SUFFIXES = frozenset(
    {
        "001", "aes", "backup", "bak", "bck", "bkf", "borg", "dar", "dmp", "dump", "enc", "hbk", "img", "kdbx",
        "mrimg", "rar", "spf", "tib", "tibx", "v2i", "vbk", "vib", "vhd", "vhdx", "vma", "vmdk", "vrb", "wbcat",
    }
)  # fmt: skip
"""Names of backups whose bytes we do not read: their date counts, their encryption is not told."""
NOTE_SUFFIXES = frozenset(
    {
        "log",
        "txt",
        "md",
        "ini",
        "lock",
        "md5",
        "sha1",
        "sha256",
        "sha512",
        "sig",
        "tmp",
        "part",
        "json",
        "html",
    }
)
"""Logs, notes, checksums: what a backup leaves beside its copies."""

# Ours: none of the formats that we do not read fits in one sector.
LEAST_BYTES = 512
# « xhtml », « accdb »: no usual ending is longer.
LONGEST_ENDING = 5


def is_copy_by_name(name: str) -> bool:
    """It is named like a backup."""
    return _suffix(name) in READABLE_SUFFIXES | SILENT_SUFFIXES


def is_named_otherwise(name: str) -> bool:
    """A short ending of letters alone tells what a file is: a document, a picture. Dates and numbers do not."""
    _, dot, suffix = name.rpartition(".")
    return bool(dot) and len(suffix) <= LONGEST_ENDING and suffix.isalpha() and not is_copy_by_name(name)


def is_note(name: str) -> bool:
    """It is no copy, whatever it holds: a log, a checksum, a system's own file."""
    return (
        name.startswith((".", "@", "#"))
        or name.lower() in ("thumbs.db", "desktop.ini")
        or _suffix(name) in NOTE_SUFFIXES
    )


def is_system_folder(name: str) -> bool:
    """A system's own: the bin, thumbnails, snapshots kept by the device."""
    return name.startswith((".", "@", "#")) or name in ("System Volume Information", "lost+found")


def _suffix(name: str) -> str:
    return name.lower().rpartition(".")[2]


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
        evidence = f"octets 0 à 3 = {octets(sample.head[:4])}, format non lu"
        if sample.size < LEAST_BYTES:
            return Reading(sample.suffix, Encrypted.UNKNOWN, f"{evidence}, {sample.size} octets", DAMAGED)
        return Reading(sample.suffix, Encrypted.UNKNOWN, evidence)
    return reading


def _by_bytes(sample: Sample) -> Reading | None:
    """What the first bytes alone prove, whatever the name: for what a compressed file holds."""
    return _first(_BY_BYTES, sample)


def _first(detectors: tuple[Detector, ...], sample: Sample) -> Reading | None:
    return next(filter(None, (detector(sample) for detector in detectors)), None)


_BY_BYTES: tuple[Detector, ...] = (read_marked, read_age, read_openpgp, read_tar, read_dump, read_sqlite)
# By strength of their marks: a name that lies is told by its bytes before OpenPGP takes it for damaged.
_DETECTORS: tuple[Detector, ...] = (
    read_marked,
    compressed_reader(_by_bytes),
    read_zip,
    read_age,
    read_openpgp,
    read_tar,
    read_dump,
    read_sqlite,
)

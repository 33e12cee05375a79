"""A Synology Hyper Backup repository: its versions and its task, both readable whatever is encrypted."""

import re
import zlib
from collections.abc import Mapping
from hashlib import md5
from itertools import islice
from struct import Struct

from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, Confidence, DateKind, Encrypted, Role, Trouble
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.inspection import MOST_POINTS, Claim, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.reading import DAMAGED, INCOMPLETE, TRUNCATED, Reading, octets
from cyberaudit.probes.stores.repositories.sqlite_table import DATABASE_BYTES, NotReadable, rows
from cyberaudit.probes.stores.tree import Entry, Kind, Parts, read

KIND = "hyper-backup"
MARK, TASK, IDENTITY = "SynologyHyperBackup.bkpi", "_Syno_TaskConfig", "synobkpinfo.db"
# Ours: the task of a town's NAS takes some kilobytes.
TASK_BYTES = 256 * 1024
# Ours: names of one folder; versions of one repository.
MOST_ENTRIES, MOST_VERSIONS = 5000, 20_000
# synology-hyperbackup-reverse-engineering, « Binary Index Format »: all indexes begin so, CRC32 of 60 bytes at 60.
INDEX_MARK, INDEX_HEADER_BYTES, INDEX_SUM_AT = bytes.fromhex("7053a86e"), 64, 60
INDEXES = (
    ("Config", "virtual_file.index", "0.idx"),
    ("Pool", "chunk_index", "0.idx"),
    ("Pool", "0", "0", "0.index"),
)
CHUNK_INDEX = INDEXES[2]
# The same, « Type 2 »: size, place, size once unpacked, MD5 of the clear chunk, 4 bytes more.
CHUNKS_LOOKED_AT, CHUNK_BYTES = 8, 4 * 1024 * 1024
COMPLETE = "complete"
METHOD = "AES-256-CBC, clé de chaque version scellée (X25519)"
OF_THE_BASE = "base version_info.db"
_SETTING = re.compile(r"^(enable_data_encrypt|target_dir|name)=(.*)$", re.MULTILINE)
_CHUNK = Struct(">LLL16s4x")


@frozen
class Version:
    """One line of version_info."""

    rank: int
    moment: float
    status: str
    locked: bool


@frozen
class Sealing:
    """What each witness says of the encryption; None: says nothing."""

    task: bool | None
    """`enable_data_encrypt` of the task; `trans_encrypt` is only the way there."""
    identity: bool | None
    """`dataEnc` of synobkpinfo.db."""
    keys: bool
    """Sealed keys of the versions lie in the pool."""
    readable_chunk: str
    """A chunk whose stored bytes are those of the document, in French; empty when none was seen."""


def is_repository(name: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether a folder with these folders and files is one."""
    if MARK in files:
        return True
    return {"Config", "Pool"} <= folders and (TASK in files or name.lower().endswith(".hbk"))


def read_repository(inspection: Inspection, parts: Parts) -> Found:
    """One restore point for each complete version."""
    sealing = _sealing(inspection, parts)
    encrypted, words = encryption_of(sealing)
    versions, trouble = _versions(inspection, parts)
    fault, why = _fault(inspection, parts)
    if trouble:
        fault, why = fault or INCOMPLETE, why or trouble
    good = sorted(
        (each for each in versions if each.status.lower() == COMPLETE), key=lambda v: v.moment, reverse=True
    )
    sizes = _sizes(inspection, parts)
    method = METHOD if encrypted is Encrypted.YES else ""
    whole = Reading(
        KIND,
        encrypted,
        f"{words} ; {why}" if why else words,
        fault,
        method=method,
        confidence=Confidence.PROBABLE,
    )
    return Found(
        KIND,
        whole,
        tuple(_point(each, whole, sizes.get(each.rank, 0)) for each in good[:MOST_POINTS]),
        more_points=max(len(good) - MOST_POINTS, 0),
        moments=tuple(each.moment for each in good) if len(good) > MOST_POINTS else (),
        anomalies=tuple(_anomalies(parts, versions, fault, why)),
        complete=not trouble,
    )


def encryption_of(sealing: Sealing) -> tuple[Encrypted, str]:
    """Yes only when two witnesses say so and none denies it."""
    words = (
        f"{TASK} : enable_data_encrypt={_said(sealing.task, 'true', 'false')} ; "
        f"{IDENTITY} : dataEnc={_said(sealing.identity, 'T', 'F')} ; "
        f"clés scellées (vkey.db) {'présentes' if sealing.keys else 'absentes'}"
    )
    if sealing.readable_chunk:
        return Encrypted.NO, f"{sealing.readable_chunk} ; {words}"
    said = {each for each in (sealing.task, sealing.identity) if each is not None}
    if said == {True} and (sealing.keys or (sealing.task and sealing.identity)):
        return Encrypted.YES, words
    if said == {False} and not sealing.keys:
        return Encrypted.NO, words
    return Encrypted.UNKNOWN, words


def _said(value: bool | None, yes: str, no: str) -> str:  # noqa: FBT001 — the value itself is the subject
    return "non dit" if value is None else yes if value else no


def task_says(data: bytes) -> bool | None:
    """`enable_data_encrypt` in the text of a task."""
    settings = dict(_SETTING.findall(data.decode("utf-8", "replace").replace("\r\n", "\n")))
    return _boolean(settings.get("enable_data_encrypt", ""), {"true": True, "false": False})


def _boolean(text: str, told: Mapping[str, bool]) -> bool | None:
    return told.get(text.strip().strip('"').lower())


def _sealing(inspection: Inspection, parts: Parts) -> Sealing:
    try:
        task = task_says(read(inspection.tree, (*parts, TASK), most=TASK_BYTES))
    except OSError:
        task = None
    return Sealing(
        task,
        _identity(inspection, parts),
        keys=_generation(inspection, (*parts, "Pool"), "vkey.db") is not None,
        readable_chunk=_readable_chunk(inspection, parts),
    )


def _identity(inspection: Inspection, parts: Parts) -> bool | None:
    entry = _generation(inspection, parts, IDENTITY)
    if entry is None:
        return None
    try:
        data = read(inspection.tree, (*parts, entry.name), most=DATABASE_BYTES + 1)
        found = rows(data, "backup_info_tb", ("info_name", "info_value"), most=1000)
    except (OSError, NotReadable):
        return None
    values = {str(value) for name, value in found if name == "dataEnc"}
    return _boolean(values.pop(), {"t": True, "f": False}) if len(values) == 1 else None


def _generation(inspection: Inspection, parts: Parts, name: str) -> Entry | None:
    """« version_info.db » or the newest « version_info.db.N » of a folder; None when there is none.

    Raises:
        OSError: the folder is there, and cannot be listed.
    """
    pattern = re.compile(re.escape(name) + r"(?:\.(\d{1,9}))?")
    try:
        entries = list(islice(inspection.tree.entries(parts), MOST_ENTRIES))
    except FileNotFoundError:
        return None
    found = [(int(match[1] or 0), entry) for entry in entries if (match := pattern.fullmatch(entry.name))]
    found = [each for each in found if each[1].kind is Kind.FILE]
    return max(found, key=lambda each: each[0])[1] if found else None


def _readable_chunk(inspection: Inspection, parts: Parts) -> str:
    """The pool's index holds the MD5 of each clear document chunk: stored bytes with the same MD5 are not encrypted."""
    folder = (*parts, *CHUNK_INDEX[:-1])
    index = _generation(inspection, folder, "0.index")
    bucket = _generation(inspection, folder, "0.bucket")
    if index is None or bucket is None:
        return ""
    try:
        table = read(
            inspection.tree,
            (*folder, index.name),
            most=CHUNKS_LOOKED_AT * _CHUNK.size,
            offset=INDEX_HEADER_BYTES,
        )
        with inspection.tree.opened((*folder, bucket.name)) as file:
            for size, at, _, digest in _CHUNK.iter_unpack(table[: len(table) // _CHUNK.size * _CHUNK.size]):
                data = file.read_at(at, min(size, CHUNK_BYTES))
                if data and md5(data, usedforsecurity=False).digest() == digest:
                    shown = "/".join((*CHUNK_INDEX[:-1], bucket.name))
                    return f"{shown}, octets {at} à {at + size - 1} : MD5 du document, donc en clair"
    except OSError:
        return ""
    return ""


def _versions(inspection: Inspection, parts: Parts) -> tuple[list[Version], str]:
    """All lines of version_info, and why they could not be read."""
    entry = _generation(inspection, (*parts, "Config"), "version_info.db")
    if entry is None:
        return [], "Config/version_info.db manque"
    try:
        data = read(inspection.tree, (*parts, "Config", entry.name), most=DATABASE_BYTES + 1)
        columns = ("id", "timestamp", "status", "locked")
        found = rows(data, "version_info", columns, most=MOST_VERSIONS)
    except (OSError, NotReadable) as trouble:
        return [], f"Config/{entry.name} illisible : {clean(str(trouble), limit=60)}"
    return [
        Version(rank, float(moment), clean(str(status), limit=30), locked == 1)
        for rank, moment, status, locked in found
        if isinstance(rank, int) and isinstance(moment, int)
    ], ""


def _sizes(inspection: Inspection, parts: Parts) -> dict[int, int]:
    """Bytes of the documents of each version, as far as the statistics tell."""
    entry = _generation(inspection, parts, "storage_statistics.db")
    if entry is None:
        return {}
    try:
        data = read(inspection.tree, (*parts, entry.name), most=DATABASE_BYTES + 1)
        found = rows(data, "source_table", ("version_id", "source_size"), most=MOST_VERSIONS)
    except (OSError, NotReadable):
        return {}
    return {
        rank: size for rank, size in found if isinstance(rank, int) and isinstance(size, int) and size >= 0
    }


def _fault(inspection: Inspection, parts: Parts) -> tuple[str, str]:
    """What of the pool and the indexes is missing or damaged."""
    for *folder, name in INDEXES:
        entry = _generation(inspection, (*parts, *folder), name)
        shown = "/".join((*folder, name if entry is None else entry.name))
        if entry is None:
            if folder == ["Pool", "0", "0"]:
                continue  # the numbers of its folders begin where the first versions were erased
            return INCOMPLETE, f"{shown} manque"
        try:
            header = read(inspection.tree, (*parts, *folder, entry.name), most=INDEX_HEADER_BYTES)
        except OSError:
            return END_NOT_SEEN, f"{shown} ne peut être lu"
        why = index_trouble(header)
        if why:
            return (TRUNCATED if len(header) < INDEX_HEADER_BYTES else DAMAGED), f"{shown} : {why}"
    if not _has_buckets(inspection, (*parts, "Pool")):
        return DAMAGED, "aucun fichier de données (.bucket) dans Pool"
    return "", ""


def index_trouble(header: bytes) -> str:
    """Why these first bytes are not those of an index; empty when they are."""
    if len(header) < INDEX_HEADER_BYTES:
        return f"{len(header)} octets"
    if header[:4] != INDEX_MARK:
        return f"octets 0 à 3 = {octets(header[:4])}"
    summed = int.from_bytes(header[INDEX_SUM_AT:INDEX_HEADER_BYTES], "big")
    return "" if zlib.crc32(header[:INDEX_SUM_AT]) == summed else "le CRC32 de l'en-tête (octet 60) ne va pas"


def _has_buckets(inspection: Inspection, pool: Parts) -> bool:
    """Whether one data file that is not empty stands two folders below the pool."""
    for first in _folders(inspection, pool):
        for second in _folders(inspection, (*pool, first)):
            entries = islice(inspection.tree.entries((*pool, first, second)), MOST_ENTRIES)
            if any(".bucket" in entry.name and entry.size for entry in entries):
                return True
    return False


def _folders(inspection: Inspection, parts: Parts) -> list[str]:
    """Names made of digits; a few of them are enough."""
    entries = islice(inspection.tree.entries(parts), MOST_ENTRIES)
    return sorted(entry.name for entry in entries if entry.kind is Kind.FOLDER and entry.name.isdigit())[:3]


def _point(version: Version, whole: Reading, size: int) -> Point:
    state = f"version {version.rank}, état « {version.status} »" + (", verrouillée" if version.locked else "")
    reading = Reading(
        KIND,
        whole.encrypted,
        f"{state} ; {whole.evidence}",
        method=whole.method,
        confidence=Confidence.PROBABLE,
    )
    return Point(
        f"version {version.rank}",
        reading,
        size,
        version.moment,
        DateKind.EXACT,
        OF_THE_BASE,
        Role.SNAPSHOT,
        KIND,
    )


def _anomalies(parts: Parts, versions: list[Version], fault: str, why: str) -> list[Anomaly]:
    found = []
    if fault:
        code = Trouble.MISSING_PART if fault == INCOMPLETE else Trouble.DAMAGED
        found.append(anomaly(code, parts, why))
    unfinished = [each for each in versions if each.status.lower() != COMPLETE]
    if unfinished:
        newest = max(unfinished, key=lambda each: each.moment)
        words = f"version {newest.rank} : état « {newest.status} » dans version_info.db"
        found.append(anomaly(Trouble.ABORTED_RUN, (*parts, "Config"), words, count=len(unfinished)))
    return found


CLAIM = Claim(KIND, is_repository, read_repository)
"""`SynologyHyperBackup.bkpi`, or `Config` and `Pool` below a name in `.hbk`."""

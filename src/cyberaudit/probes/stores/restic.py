"""A restic repository, told by its structure (restic design.rst): one snapshot file for each restore point."""

import hashlib
import heapq
import json
import re
from collections.abc import Iterator

from cyberaudit.facts.backup import DateKind, Encrypted, Role
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.inspection import MOST_POINTS, Claim, Found, Inspection, Point
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, Reading
from cyberaudit.probes.stores.tree import Entry, Kind, Parts, Tree, read

FOLDERS = frozenset({"keys", "snapshots", "index", "data"})
_NAME = re.compile(r"[0-9a-f]{64}")
# Ours: a copy without dates gives every file the minute of the copying; real snapshots are further apart.
APART_SECONDS = 60
# restic design.rst: key and snapshot files are some hundred bytes; a large path list makes some kilobytes.
OBJECT_BYTES = 1024 * 1024
MOST_KEYS = 20
# restic(1) shows a snapshot by the first eight digits of its name.
SHORT_ID = 8


def is_repository(name: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether a folder with these folders and files is one."""
    return "config" in files and folders >= FOLDERS


def read_repository(inspection: Inspection, parts: Parts) -> Found:
    """One restore point for each snapshot."""
    tree = inspection.tree
    files = list(_objects(tree, (*parts, "snapshots")))
    keys = [
        read(tree, (*parts, "keys", entry.name), most=OBJECT_BYTES)
        for entry in list(_objects(tree, (*parts, "keys")))[:MOST_KEYS]
    ]
    config_written = tree.status((*parts, "config")).written or 0.0
    newest = heapq.nlargest(MOST_POINTS, files, key=lambda entry: entry.written or 0.0)
    index, data = (_holds_objects(tree, (*parts, name)) for name in ("index", "data"))
    proof = read_keys(tuple(keys))
    lost = missing(proof, index=index, data=data)
    kind = date_kind(tuple(entry.written or 0.0 for entry in files), config_written)
    points = []
    for entry in newest:
        where = (*parts, "snapshots", entry.name)
        body = read(tree, where, most=OBJECT_BYTES) if entry.size <= OBJECT_BYTES else None
        reading = read_snapshot(entry.name, body, proof, lost=lost)
        points.append(
            Point(
                name=entry.name[:SHORT_ID],
                reading=reading,
                size=entry.size,
                written=entry.written or 0.0,
                date_kind=kind,
                date_source="date du fichier de snapshots/",
                role=Role.SNAPSHOT,
            )
        )
    return Found("restic", Reading("restic", *proof), tuple(points), more_points=len(files) - len(newest))


def _objects(tree: Tree, parts: Parts) -> Iterator[Entry]:
    """The files of one folder of the repository whose names are those of its objects."""
    return (entry for entry in tree.entries(parts) if entry.kind is Kind.FILE and is_object_name(entry.name))


def _holds_objects(tree: Tree, parts: Parts) -> bool:
    """Whether one object that is not empty stands in the folder, or in a folder right below (« data/00 »)."""
    if any(entry.size for entry in _objects(tree, parts)):
        return True
    below = [entry.name for entry in tree.entries(parts) if entry.kind is Kind.FOLDER]
    return any(entry.size for name in below for entry in _objects(tree, (*parts, name)))


def is_object_name(name: str) -> bool:
    """64 hexadecimal digits: the SHA-256 of the file itself."""
    return _NAME.fullmatch(name) is not None


def date_kind(written: tuple[float, ...], config_written: float) -> DateKind:
    """Whether the dates of the snapshot files (seconds) are their own: a copy made without dates gives one to all."""
    dates = written if len(written) > 1 else (*written, config_written)
    apart = max(dates) - min(dates) >= APART_SECONDS
    return DateKind.EXACT if apart else DateKind.UPPER_BOUND


def read_keys(keys: tuple[bytes, ...]) -> tuple[Encrypted, str]:
    """What the key files prove: a repository is always encrypted, its key by a password (design.rst, « Keys »)."""
    for data in keys:
        try:
            key = json.loads(data)
        except (ValueError, RecursionError):
            continue
        if isinstance(key, dict) and key.get("kdf") == "scrypt" and key.get("data"):
            parameters = ", ".join(
                f"{name}={clean(str(key.get(name)), limit=12)}" for name in ("N", "r", "p")
            )
            return Encrypted.YES, f"dépôt restic, fichier de clé scrypt ({parameters})"
    return Encrypted.UNKNOWN, "dépôt restic sans fichier de clé lisible"


def missing(keys: tuple[Encrypted, str], *, index: bool, data: bool) -> str:
    """What the repository has lost, in French: without a key, an index or any data, nothing can be restored."""
    if keys[0] is not Encrypted.YES:
        return "aucune clé lisible dans « keys »"
    if not data:
        return "aucun fichier de données dans « data »"
    return "" if index else "aucun fichier dans « index »"


def read_snapshot(name: str, data: bytes | None, keys: tuple[Encrypted, str], *, lost: str = "") -> Reading:
    """One snapshot file: its name is the SHA-256 of its bytes, None when not read; `lost` as told by `missing`."""
    encrypted, evidence = keys
    if lost:
        return Reading("restic", encrypted, f"{evidence} ; {lost}", DAMAGED)
    if data == b"":
        return Reading("restic", encrypted, evidence, EMPTY)
    if data is not None and hashlib.sha256(data).hexdigest() != name:
        return Reading("restic", encrypted, f"{evidence} ; le SHA-256 du point de retour ne va pas", DAMAGED)
    return Reading("restic", encrypted, evidence)


CLAIM = Claim("restic", is_repository, read_repository)

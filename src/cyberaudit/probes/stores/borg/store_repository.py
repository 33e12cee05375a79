"""A borg 2 repository in its store layout (borgstore, 2.0.0b11 and later), told without its key."""

import hashlib
import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, DateKind, Encrypted, Role, Trouble
from cyberaudit.probes.stores.borg.config import MOST_README, is_readme
from cyberaudit.probes.stores.borg.key import MOST_KEY, LockedKey, read_key
from cyberaudit.probes.stores.borg.locks import stale_locks
from cyberaudit.probes.stores.borg.objects import (
    STORED_IN_PACKS,
    Envelope,
    envelope,
    needs_its_key_inside,
    whole_size,
)
from cyberaudit.probes.stores.borg.proof import encrypted_of, reading_of, shown_types, try_empty
from cyberaudit.probes.stores.borg.segments import MOST_HASHED
from cyberaudit.probes.stores.inspection import MOST_POINTS, Claim, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.reading import DAMAGED, INCOMPLETE, Reading
from cyberaudit.probes.stores.tree import Entry, Kind, OpenFile, Parts, read

KIND = "borg2"
# borg repository.py: 3 since 2.0.0b11 (objects in data/), 4 since 2.0.0b22 (packs/, each named by its SHA-256).
OBJECTS = {3: "data", STORED_IN_PACKS: "packs"}
_NAME = re.compile(r"[0-9a-f]{64}")
# borg constants.py: a manifest without archives is some kilobytes.
MOST_MANIFEST = 1024 * 1024
MOST_KEYS, MOST_NAMES = 5, 100_000
# Ours: objects looked at beside the manifest, folders opened to find them (a store spreads them over 256 or 65 536).
MOST_SAMPLES, MOST_FOLDERS, MOST_FOLDERS_FAR = 3, 600, 3
PIECE = 1024 * 1024
CHANGED_BY_OTHERS = "date du fichier d'archives/, refaite par un renommage ou un transfert"


@dataclass(slots=True)
class Shown:
    """What was seen of one repository."""

    types: dict[int, tuple[int, str]] = field(default_factory=dict)
    fault: str = ""
    why: str = ""
    objects: int = 0
    complete: bool = True

    def note(self, found: Envelope, place: str) -> None:
        count, first = self.types.get(found.type, (0, ""))
        self.types[found.type] = count + 1, first or f"octet 0x{found.type:02x} à {place}+{found.at}"

    def blame(self, fault: str, why: str) -> None:
        """The first fault is told."""
        if not self.fault:
            self.fault, self.why = fault, why


def is_repository(name: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether a folder with these folders may be one."""
    return "config" in folders and bool(folders & set(OBJECTS.values())) and "config" not in files


def read_repository(inspection: Inspection, parts: Parts) -> Found | None:
    """One restore point for each file of archives/."""
    tree, config = inspection.tree, (*parts, "config")
    try:
        readme = read(tree, (*config, "readme"), most=MOST_README)
    except OSError:  # many a folder has a config/ and a data/
        return None
    if not is_readme(readme):
        return None
    version = _version(read(tree, (*config, "version"), most=MOST_README))
    anomalies = tuple(stale_locks(inspection, parts))
    if version not in OBJECTS:
        told = f"dépôt borg 2 de version {version or 'illisible'}, inconnue"
        return Found(KIND, Reading(KIND, Encrypted.UNKNOWN, told), (), anomalies=anomalies, complete=False)
    shown = Shown()
    _look_at_manifest(inspection, parts, shown, version=version)
    _look_at_objects(inspection, parts, shown, version=version)
    keys = tuple(_keys(inspection, parts, shown))
    return _found(inspection, parts, shown, keys, anomalies)


def _version(data: bytes) -> int | None:
    text = data.strip()
    return int(text) if text.isdigit() and len(text) < 4 else None


def _look_at_manifest(inspection: Inspection, parts: Parts, shown: Shown, *, version: int) -> None:
    try:
        data = read(inspection.tree, (*parts, "config", "manifest"), most=MOST_MANIFEST)
    except FileNotFoundError:
        shown.blame(DAMAGED, "config/manifest est absent")
        return
    found = envelope(data, version=version)
    if found is None:
        shown.blame(DAMAGED, "config/manifest est abîmé, ou d'une forme inconnue")
    else:
        shown.note(found, "config/manifest")


def _look_at_objects(inspection: Inspection, parts: Parts, shown: Shown, *, version: int) -> None:
    """Some objects; with --deep all of them while time lasts."""
    for where in _files(inspection, (*parts, OBJECTS[version]), shown):
        shown.objects += 1
        try:
            with inspection.tree.opened(where) as file:
                _look_at_object(inspection, shown, where, file, version=version)
        except OSError:
            shown.complete = False
        if not inspection.deep and shown.objects >= MOST_SAMPLES:
            return
        if inspection.hurried():
            shown.complete = False
            return


def _files(inspection: Inspection, where: Parts, shown: Shown) -> Iterator[Parts]:
    """The objects below a folder, those of the first folders first."""
    waiting, opened = [where], 0
    most = MOST_FOLDERS_FAR if inspection.tree.far else MOST_FOLDERS
    while waiting and (inspection.deep or opened < most) and not inspection.hurried():
        here, opened = waiting.pop(), opened + 1
        below = []
        try:
            for entry in islice(inspection.tree.entries(here), MOST_NAMES):
                if entry.kind is Kind.FOLDER and len(here) < len(where) + 3:
                    below.append((*here, entry.name))
                elif entry.kind is Kind.FILE and _NAME.fullmatch(entry.name):
                    yield (*here, entry.name)
        except FileNotFoundError:
            continue
        except OSError:
            shown.complete = False
        waiting += sorted(below, reverse=True)
    if waiting and not shown.objects:
        shown.complete = False


def _look_at_object(
    inspection: Inspection, shown: Shown, where: Parts, file: OpenFile, *, version: int
) -> None:
    place, size = "/".join(where[-3:]), file.entry.size
    if not size:
        shown.blame(DAMAGED, f"{place} est vide")
        return
    if (
        version == STORED_IN_PACKS
        and (inspection.deep or size <= MOST_HASHED)
        and _sha256(file, inspection) != where[-1]
    ):
        shown.blame(DAMAGED, f"le SHA-256 de {place} n'est pas son nom")
        return
    first = whole_size(file.read_at(0, MOST_README), size, version=version)
    if first is None:
        shown.blame(DAMAGED, f"{place} est coupé, ou abîmé")
    elif first <= MOST_HASHED:
        found = envelope(file.read_at(0, first), version=version)
        if found is None:
            shown.blame(DAMAGED, f"{place} est abîmé")
        else:
            shown.note(found, place)


def _sha256(file: OpenFile, inspection: Inspection) -> str:
    """Of the whole file; its own name, nothing proved, when time runs out."""
    total = hashlib.sha256()
    for at in range(0, file.entry.size, PIECE):
        if inspection.hurried():
            return file.entry.name
        total.update(file.read_at(at, PIECE))
    return total.hexdigest()


def _keys(inspection: Inspection, parts: Parts, shown: Shown) -> Iterator[LockedKey]:
    """The keys that the repository holds; without any, one that should hold them restores nothing."""
    where = (*parts, "keys")
    try:
        names = [each.name for each in islice(inspection.tree.entries(where), MOST_NAMES) if each.size]
    except FileNotFoundError:
        names = []
    for name in sorted(names)[:MOST_KEYS]:
        key = read_key(read(inspection.tree, (*where, name), most=MOST_KEY))
        if key is None:
            shown.blame(DAMAGED, "une clé de keys/ est abîmée, ou d'une forme inconnue")
        else:
            yield key
    if not names and any(needs_its_key_inside(each) for each in shown.types):
        shown.blame(INCOMPLETE, "keys/ n'a plus la clé sans laquelle rien ne se lit")


def _found(
    inspection: Inspection,
    parts: Parts,
    shown: Shown,
    keys: tuple[LockedKey, ...],
    anomalies: tuple[Anomaly, ...],
) -> Found:
    pointers = _pointers(inspection, parts, shown)
    if pointers and not shown.objects:
        if shown.complete:
            shown.blame(DAMAGED, "aucun objet : les archives ne mènent à rien")
        shown.blame(
            END_NOT_SEEN, "aucun objet n'a été vu : rien ne dit que les archives mènent à quelque chose"
        )
    reading = _reading(shown, keys)
    newest = heapq.nlargest(MOST_POINTS, pointers, key=_written)
    if shown.fault not in ("", END_NOT_SEEN):
        anomalies += (anomaly(Trouble.DAMAGED, parts, shown.why),)
    if not pointers:
        reading = replace(reading, evidence=f"{reading.evidence} ; aucune archive dans archives/")
    return Found(
        KIND,
        reading,
        tuple(_point(inspection, entry, reading) for entry in newest),
        more_points=len(pointers) - len(newest),
        moments=tuple(_written(entry) for entry in pointers if entry.written is not None),
        anomalies=anomalies,
        empty_password=try_empty(inspection, next(iter(shown.types), None), *keys),
        complete=shown.complete,
    )


def _reading(shown: Shown, keys: tuple[LockedKey, ...]) -> Reading:
    type_byte = next(iter(shown.types), None)
    told = [shown_types(shown.types) or "aucun objet lisible", shown.why]
    # The weakest of the keys opens it all.
    weakest = next((key for key in keys if key.weaknesses), next(iter(keys), None))
    evidence = " ; ".join(part for part in told if part)
    return reading_of(KIND, encrypted_of(shown.types), type_byte, weakest, evidence, fault=shown.fault)


def _pointers(inspection: Inspection, parts: Parts, shown: Shown) -> list[Entry]:
    """The files of archives/, empty ones, one for each archive; those that end in .del are erased ones."""
    try:
        return [
            entry
            for entry in islice(inspection.tree.entries((*parts, "archives")), MOST_NAMES)
            if entry.kind is Kind.FILE and _NAME.fullmatch(entry.name)
        ]
    except FileNotFoundError:
        # 2.0.0b11 had its list in the manifest.
        shown.complete = False
        return []


def _written(entry: Entry) -> float:
    return entry.written or 0.0


def _point(inspection: Inspection, entry: Entry, reading: Reading) -> Point:
    untold = entry.written is None
    return Point(
        name=entry.name[:8],
        reading=replace(reading, fault=""),
        size=entry.size,
        written=inspection.now.timestamp() if untold else _written(entry),
        date_kind=DateKind.UPPER_BOUND,
        date_source="le lieu ne donne pas de date" if untold else CHANGED_BY_OTHERS,
        role=Role.SNAPSHOT,
        series=KIND,
    )


CLAIM = Claim(KIND, is_repository, read_repository)

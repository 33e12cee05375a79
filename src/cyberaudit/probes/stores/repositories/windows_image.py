"""The system image that Windows keeps of one machine: its disks, its catalogue, and the one date of its name."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

from cyberaudit import french
from cyberaudit.facts.backup import (
    END_NOT_SEEN,
    Confidence,
    DateKind,
    Encrypted,
    Role,
    Trouble,
    Weakness,
)
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.formats.virtual_disk import read_virtual_disk
from cyberaudit.probes.stores.inspection import MOST_POINTS, Claim, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.reading import EMPTY, INCOMPLETE, Reading
from cyberaudit.probes.stores.tree import Entry, Kind, Parts

KIND = "windows-image"
CATALOGUE, MEDIUM = "Catalog", "MediaId"
GLOBAL_CATALOGUE = "GlobalCatalog"
# Ours: a folder of the image holds its disks and some thirty descriptions.
MOST_ENTRIES, MOST_DISKS = 2000, 40
# Ours: what a reader of virtual disks may decompress: nothing, it follows tables.
PATIENCE = 0
# Ours: a machine is copied within two days of the date of its folder.
SLACK_SECONDS = 2 * 86_400
OF_THE_NAME = "nom du dossier (UTC)"
ONE_VERSION = "sur un partage, Windows ne garde qu'une version et écrase la précédente"
_FOLDER = re.compile(r"Backup (\d{4})-(\d\d)-(\d\d) (\d\d)(\d\d)(\d\d)", re.IGNORECASE)
_DISK = re.compile(r".*\.vhdx?", re.IGNORECASE)


@frozen
class Disk:
    """One file of the image, and what it proves."""

    entry: Entry
    reading: Reading


def is_image(name: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether the folder is that of one machine, whatever the folder above has been renamed to."""
    if any(_FOLDER.fullmatch(each) for each in folders):
        return True
    return CATALOGUE in folders and MEDIUM in files and name != CATALOGUE


def read_image(inspection: Inspection, parts: Parts) -> Found | None:
    """One restore point for each folder « Backup … »: one, as a rule."""
    entries = list(islice(inspection.tree.entries(parts), MOST_ENTRIES))
    dated = sorted(
        ((moment, entry.name) for entry in entries if (moment := _folder_moment(entry)) is not None),
        reverse=True,
    )
    missing = _missing(inspection, parts, entries)
    points = [_point(inspection, (*parts, name), moment, missing) for moment, name in dated[:MOST_POINTS]]
    anomalies = [anomaly(Trouble.MISSING_PART, parts, words) for words in missing]
    if not points:
        words = "aucun dossier « Backup AAAA-MM-JJ HHMMSS » : l'image n'a pas été terminée"
        anomalies.append(anomaly(Trouble.ABORTED_RUN, parts, words))
    whole = (
        points[0].reading
        if points
        else Reading(KIND, Encrypted.UNKNOWN, "aucune image", confidence=Confidence.NAME)
    )
    count = french.count(len(points), "version")
    return Found(
        KIND,
        Reading(
            KIND,
            whole.encrypted,
            f"{count}, {ONE_VERSION} ; {whole.evidence}",
            method=whole.method,
            weaknesses=whole.weaknesses,
            confidence=whole.confidence,
        ),
        tuple(points),
        more_points=max(len(dated) - MOST_POINTS, 0),
        anomalies=tuple(anomalies),
        complete=len(entries) < MOST_ENTRIES,
    )


def _folder_moment(entry: Entry) -> float | None:
    return moment_of(entry.name) if entry.kind is Kind.FOLDER else None


def moment_of(name: str) -> float | None:
    """Seconds since 1970 of « Backup 2026-11-20 190017 »; None when no such time exists."""
    match = _FOLDER.fullmatch(name)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _missing(inspection: Inspection, parts: Parts, entries: Sequence[Entry]) -> list[str]:
    """What the restore looks for besides the disks, in French."""
    names = {entry.name for entry in entries}
    found = []
    if CATALOGUE not in names:
        found.append(f"le dossier {CATALOGUE} manque : Windows ne trouvera pas l'image")
    else:
        try:
            empty = not inspection.tree.status((*parts, CATALOGUE, GLOBAL_CATALOGUE)).size
        except FileNotFoundError:
            empty = True
        except OSError:
            empty = False
        if empty:
            found.append(
                f"{CATALOGUE}/{GLOBAL_CATALOGUE} manque ou est vide : Windows ne trouvera pas l'image"
            )
    if MEDIUM not in names:
        found.append(f"le fichier {MEDIUM} manque")
    return found


def _point(inspection: Inspection, parts: Parts, moment: float, missing: Sequence[str]) -> Point:
    name = parts[-1]
    try:
        entries = list(islice(inspection.tree.entries(parts), MOST_ENTRIES))
    except OSError:
        inspection.left_out = True
        unread = Reading(
            KIND, Encrypted.UNKNOWN, "dossier illisible", END_NOT_SEEN, confidence=Confidence.NAME
        )
        return _made(name, unread, 0, (moment, DateKind.EXACT, OF_THE_NAME))
    files = [entry for entry in entries if entry.kind is Kind.FILE and _DISK.fullmatch(entry.name)]
    disks = [_disk(inspection, parts, entry) for entry in files[:MOST_DISKS]]
    reading = _reading(disks, files, missing)
    return _made(name, reading, sum(entry.size for entry in files), _date(moment, files))


def _made(name: str, reading: Reading, size: int, dated: tuple[float, DateKind, str]) -> Point:
    written, kind, source = dated
    return Point(name, reading, size, written, kind, source, Role.FULL, series=KIND)


def _disk(inspection: Inspection, parts: Parts, entry: Entry) -> Disk:
    if not entry.size:
        return Disk(entry, Reading("vhdx", Encrypted.UNKNOWN, "0 octet", EMPTY))
    try:
        with inspection.sample((*parts, entry.name), patience=PATIENCE) as sample:
            reading = read_virtual_disk(sample)
    except OSError:
        inspection.left_out = True
        reading = Reading("vhdx", Encrypted.UNKNOWN, "illisible", END_NOT_SEEN, confidence=Confidence.NAME)
    return Disk(entry, reading or Reading("vhdx", Encrypted.UNKNOWN, "non reconnu", END_NOT_SEEN))


def _reading(disks: Sequence[Disk], files: Sequence[Entry], missing: Sequence[str]) -> Reading:
    if not disks:
        return Reading(
            KIND, Encrypted.UNKNOWN, "aucun disque dans le dossier", EMPTY, confidence=Confidence.NAME
        )
    said = {disk.reading.encrypted for disk in disks}
    if len(files) > len(disks):
        said.add(Encrypted.UNKNOWN)
    words = " ; ".join(f"{clean(disk.entry.name, limit=45)} : {disk.reading.evidence}" for disk in disks)
    fault = _fault(disks, files)
    if missing and fault in ("", END_NOT_SEEN):
        fault, words = INCOMPLETE, f"{missing[0]} ; {words}"
    methods = sorted({disk.reading.method for disk in disks if disk.reading.method})
    weaknesses: set[Weakness] = {each for disk in disks for each in disk.reading.weaknesses}
    seen = all(disk.reading.format.startswith("vhd") and disk.entry.size for disk in disks)
    return Reading(
        KIND,
        together(said),
        words,
        fault,
        method=", ".join(methods),
        weaknesses=tuple(sorted(weaknesses)),
        confidence=Confidence.PROBABLE if seen else Confidence.NAME,
    )


def together(said: set[Encrypted]) -> Encrypted:
    """What all disks are; when one is readable and another is not, a part."""
    if len(said) == 1:
        return next(iter(said))
    if said & {Encrypted.YES, Encrypted.WEAK, Encrypted.PARTIAL} and said & {Encrypted.NO, Encrypted.PARTIAL}:
        return Encrypted.PARTIAL
    # A readable disk beside one that tells nothing: what is known is that some of it is readable.
    return Encrypted.PARTIAL if Encrypted.NO in said else Encrypted.UNKNOWN


def _fault(disks: Sequence[Disk], files: Sequence[Entry]) -> str:
    faults = [disk.reading.fault for disk in disks if disk.reading.fault]
    bad = [fault for fault in faults if fault != END_NOT_SEEN]
    if bad:
        return bad[0]
    return END_NOT_SEEN if faults or len(files) > len(disks) else ""


def _date(moment: float, files: Sequence[Entry]) -> tuple[float, DateKind, str]:
    """The folder's name, unless its disks are older."""
    written = max((entry.written for entry in files if entry.written is not None), default=None)
    if written is not None and written + SLACK_SECONDS < moment:
        return written, DateKind.UPPER_BOUND, "date des disques, plus ancienne que le nom du dossier"
    return moment, DateKind.EXACT, OF_THE_NAME


CLAIM = Claim(KIND, is_image, read_image)
"""« Backup 2026-11-20 190017 » beside `Catalog`."""

"""A folder kept by rdiff-backup: the documents as of the last session, and what it takes to go back from there."""

import re
import zlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from statistics import median

from cyberaudit import french
from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, DateKind, Encrypted, Role, Trouble
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.inspection import (
    MOST_POINTS,
    Claim,
    Found,
    Inspection,
    Point,
    anomaly,
)
from cyberaudit.probes.stores.reading import COLLAPSED, DAMAGED, EMPTY, INCOMPLETE, TRUNCATED, Reading
from cyberaudit.probes.stores.tree import Entry, Kind, Parts, read

KIND = "rdiff-backup"
DATA = "rdiff-backup-data"
OF_THE_NAME = "nom de fichier de rdiff-backup-data, fuseau compris"
# Ours: six files a session, twenty years of daily sessions.
MOST_ENTRIES = 50_000
# rdiff-backup, statistics.py: some twenty lines.
STATISTICS_BYTES = 64 * 1024
# Ours: bytes of compressed metadata that are decompressed and forgotten; all of them with --deep.
METADATA_BYTES, STRETCH_BYTES = 32 * 1024 * 1024, 256 * 1024
# Ours: a session of a town's documents is over the next day.
RUN_SECONDS = 86_400
# Ours: as for archives: with fewer sessions, no size is the usual one; under half of it, documents are lacking.
USUAL_OF, USUAL_SHARE = 4, 0.5
# rdiff-backup, FilenameMapping.py: a quoted character is a semicolon and three digits; 058 is the colon.
QUOTED_COLON = ";058"
# rdiff-backup, Time.py: local time and zone; in the compatible form the colons are hyphens.
_STAMP = re.compile(
    r"(current_mirror|increments|mirror_metadata|session_statistics|error_log)"
    r"\.(\d{4}-\d\d-\d\dT\d\d[:-]\d\d[:-]\d\d(?:Z|[+-]\d\d[:-]\d\d))\.(.+)"
)
_FIGURE = re.compile(r"^(\w+) (\d{1,18})(?:\.\d+)?\b", re.MULTILINE)


@frozen
class Session:
    """One passage, and the files that tell of it."""

    moment: float
    name: str
    """Its time as its files write it."""
    files: dict[str, Entry]
    """`current_mirror`, `increments`, `mirror_metadata`, `session_statistics`, `error_log`."""

    @property
    def can_be_restored(self) -> bool:
        """It is the state of the mirror, or left increments (rdiff-backup, restore.py)."""
        return "current_mirror" in self.files or "increments" in self.files


def is_mirror(_: str, folders: frozenset[str], __: frozenset[str]) -> bool:
    """Whether the folder is kept by rdiff-backup."""
    return DATA in folders


def read_mirror(inspection: Inspection, parts: Parts) -> Found | None:
    """One restore point for each session that can be gone back to."""
    entries = list(islice(inspection.tree.entries((*parts, DATA)), MOST_ENTRIES + 1))
    sessions = sessions_of(entries[:MOST_ENTRIES])
    if not sessions and not any(entry.name == "increments" for entry in entries):
        return None
    marked = [each for each in sessions if "current_mirror" in each.files]
    fault, words = _state(inspection, marked)
    # The documents of a session that did not end are not a state to go back to.
    unended = marked[:1] if len(marked) > 1 else []
    points = [each for each in sessions if each.can_be_restored and each not in unended]
    whole = Reading(KIND, Encrypted.NO, f"{words} ; documents et noms lisibles sans clé", fault)
    made = tuple(against_whole(each, fault) for each in _points(inspection, parts, points[:MOST_POINTS]))
    return Found(
        KIND,
        whole,
        made,
        more_points=max(len(points) - MOST_POINTS, 0),
        moments=tuple(each.moment for each in points) if len(points) > MOST_POINTS else (),
        anomalies=_anomalies(parts, marked, points, words if fault else ""),
        complete=len(entries) <= MOST_ENTRIES,
    )


def against_whole(point: Point, fault: str) -> Point:
    """What is wrong with the whole is said of a point of which nothing worse is known."""
    if not fault or fault == END_NOT_SEEN or point.reading.fault not in ("", END_NOT_SEEN):
        return point
    return replace(point, reading=replace(point.reading, fault=fault))


def sessions_of(entries: Iterable[Entry]) -> list[Session]:
    """The passages that the names tell, newest first."""
    found: dict[float, Session] = {}
    for entry in entries:
        match = _STAMP.fullmatch(entry.name.replace(QUOTED_COLON, ":"))
        if match is None or entry.kind is not Kind.FILE:
            continue
        moment = moment_of(match[2])
        if moment is not None:
            found.setdefault(moment, Session(moment, match[2], {})).files[match[1]] = entry
    return sorted(found.values(), key=lambda session: session.moment, reverse=True)


def moment_of(stamp: str) -> float | None:
    """Seconds since 1970 of « 2026-11-20T02:00:12+01:00 », with colons or hyphens; None when no such time exists."""
    day, clock, zone = stamp[:10], stamp[11:19].replace("-", ":"), stamp[19:].replace("Z", "+00:00")
    zone = zone[:3] + zone[3:].replace("-", ":")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{zone}").timestamp()
    except (ValueError, OverflowError):
        return None
    return moment if moment > 0 else None


def _state(inspection: Inspection, marked: list[Session]) -> tuple[str, str]:
    """What the marks of the mirror say (rdiff-backup, Main.py): one is left by a session that ended well."""
    if len(marked) == 1:
        return "", f"{DATA}/current_mirror.{marked[0].name}.data : dernière session terminée"
    if not marked:
        return INCOMPLETE, f"aucun current_mirror dans {DATA} : la première session n'est pas allée au bout"
    words = f"{len(marked)} fichiers current_mirror dans {DATA}, le dernier du {marked[0].name}"
    if 0 <= inspection.now.timestamp() - marked[0].moment < RUN_SECONDS:
        return END_NOT_SEEN, f"{words} : session en cours ou interrompue"
    # Measured with rdiff-backup 2.2.2: « restore » refuses, whatever the date asked for, until « regress » is done.
    return INCOMPLETE, f"{words} : session interrompue, aucune restauration avant « rdiff-backup regress »"


def _points(inspection: Inspection, parts: Parts, sessions: list[Session]) -> tuple[Point, ...]:
    asked = sessions[:1] if inspection.tree.far else sessions
    figures = [_figures(inspection, parts, each) for each in asked]
    figures += [{} for _ in sessions[len(asked) :]]
    sizes = [each["SourceFileSize"] for each in figures if "SourceFileSize" in each]
    found = []
    for rank, (session, told) in enumerate(zip(sessions, figures, strict=True)):
        fault, words = _session_fault(session, told, usual=median(sizes) if len(sizes) >= USUAL_OF else 0.0)
        if not fault and not rank:
            fault, why = _newest_fault(inspection, parts, session)
            words = why or words
        evidence = f"session du {session.name}" + (f" : {words}" if words else "")
        found.append(
            Point(
                name=session.name,
                reading=Reading(KIND, Encrypted.NO, evidence, fault),
                size=told.get("SourceFileSize", 0),
                written=session.moment,
                date_kind=DateKind.EXACT,
                date_source=OF_THE_NAME,
                role=Role.SNAPSHOT,
                series=KIND,
            )
        )
    return tuple(found)


def _figures(inspection: Inspection, parts: Parts, session: Session) -> dict[str, int]:
    """The session's own account; empty when there is none."""
    entry = session.files.get("session_statistics")
    if entry is None or inspection.hurried():
        return {}
    try:
        text = read(inspection.tree, (*parts, DATA, entry.name), most=STATISTICS_BYTES)
    except OSError:
        return {}
    return {name: int(value) for name, value in _FIGURE.findall(text.decode("utf-8", "replace"))}


def _session_fault(session: Session, told: dict[str, int], *, usual: float) -> tuple[str, str]:
    # The root folder counts as one file (rdiff-backup, statistics.py).
    if told.get("SourceFiles", 2) <= 1:
        return EMPTY, f"SourceFiles {told['SourceFiles']} : aucun fichier"
    size = told.get("SourceFileSize")
    if size is not None and size < USUAL_SHARE * usual:
        return COLLAPSED, f"SourceFileSize {size}, médiane {usual:.0f}"
    errors = told.get("Errors", 0)
    if errors:
        return "", french.count(
            errors, "fichier non copié", "fichiers non copiés"
        ) + f" (error_log.{session.name})"
    return "", ""


def _newest_fault(inspection: Inspection, parts: Parts, session: Session) -> tuple[str, str]:
    """Whether the mirror and its metadata are there."""
    if all(entry.name == DATA for entry in islice(inspection.tree.entries(parts), 2)):
        return EMPTY, f"le miroir ne contient que {DATA}"
    entry = session.files.get("mirror_metadata")
    if entry is None:
        return END_NOT_SEEN, "aucun mirror_metadata de cette date : droits et dates ne seraient pas rendus"
    if not entry.size:
        return TRUNCATED, f"{entry.name} : 0 octet"
    if not entry.name.endswith(".gz") or inspection.tree.far:
        return "", ""
    return _gzip_fault(inspection, (*parts, DATA, entry.name))


def _gzip_fault(inspection: Inspection, parts: Parts) -> tuple[str, str]:
    """Whether the metadata can be read to their end: without them nothing newer can be computed back."""
    inflater, at, made = zlib.decompressobj(wbits=31), 0, 0
    try:
        with inspection.tree.opened(parts) as file:
            while not inflater.eof:
                block = inflater.unconsumed_tail or file.read_at(at, STRETCH_BYTES)
                at += 0 if inflater.unconsumed_tail else len(block)
                if not block:
                    return TRUNCATED, f"{parts[-1]} : coupé à l'octet {at}"
                made += len(inflater.decompress(block, STRETCH_BYTES * 4))
                if inspection.hurried() or (made > METADATA_BYTES and not inspection.deep):
                    return END_NOT_SEEN, f"{parts[-1]} non lu jusqu'au bout"
    except zlib.error:
        return DAMAGED, f"{parts[-1]} : compression abîmée vers l'octet {at}"
    except OSError:
        return END_NOT_SEEN, f"{parts[-1]} ne peut être lu"
    return "", ""


def _anomalies(
    parts: Parts, marked: list[Session], points: list[Session], aborted: str
) -> tuple[Anomaly, ...]:
    found = []
    if aborted:
        found.append(anomaly(Trouble.ABORTED_RUN, (*parts, DATA), aborted, count=max(len(marked) - 1, 1)))
    newest = points[0] if points else None
    log = newest.files.get("error_log") if newest else None
    # A compressed log that holds nothing has bytes all the same.
    if log is not None and log.size and not log.name.endswith(".gz"):
        name = clean(log.name, limit=60)
        words = f"{name} : {log.size} octets d'erreurs à la dernière session"
        found.append(anomaly(Trouble.MISSING_PART, (*parts, DATA, log.name), words))
    if newest and "mirror_metadata" not in newest.files:
        words = f"aucun mirror_metadata.{newest.name}"
        found.append(anomaly(Trouble.MISSING_PART, (*parts, DATA), words))
    return tuple(found)


CLAIM = Claim(KIND, is_mirror, read_mirror)
"""`rdiff-backup-data` beside the documents."""

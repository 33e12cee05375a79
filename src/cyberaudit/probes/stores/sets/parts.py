"""What several files make together: read one by one within the location's share, judged as one copy."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, Confidence, DateKind, Encrypted
from cyberaudit.probes.stores.inspection import MOST_HEADS, MOST_POINTS, File, Found, Inspection, Point
from cyberaudit.probes.stores.reading import (
    DAMAGED,
    EMPTY,
    INCOMPLETE,
    TRUNCATED,
    Detector,
    Reading,
    octets,
)
from cyberaudit.probes.stores.recognise import recognise

# Ours: heads of files that sets may use; the rest is left to archives that stand alone.
HEADS, FAR_HEADS = 150, 20
# Ours: content decompressed to see its end: of the first volumes opened, of the others, of a far place, with --deep.
FIRST_OPENED = 6
FIRST_PATIENCE, OTHER_PATIENCE, FAR_PATIENCE = 1024**3, 16 * 1024**2, 1024**2
DEEP_PATIENCE = 1 << 50
# Ours: a file is written at the moment its name says or after; clocks and time zones make less than a day.
NAME_SLACK = 86_400.0
PARIS = ZoneInfo("Europe/Paris")
WORST_FIRST = (EMPTY, TRUNCATED, DAMAGED, INCOMPLETE, END_NOT_SEEN)
NO_DATE = "le lieu ne donne pas de date"
NOT_OPENED = Reading("", Encrypted.UNKNOWN, "non ouvert : la limite de cet examen est atteinte", END_NOT_SEEN)
NOT_READ = Reading("", Encrypted.UNKNOWN, "non lisible par ce compte", END_NOT_SEEN)


def is_opened(reading: Reading) -> bool:
    """Whether its bytes were looked at."""
    return reading not in (NOT_OPENED, NOT_READ)


def spend_one(inspection: Inspection) -> bool:
    """Whether one more file may be opened; it is counted."""
    if inspection.hurried():
        return False
    left = MOST_HEADS - (FAR_HEADS if inspection.tree.far else HEADS)
    if inspection.heads <= left and not inspection.deep:
        return False
    inspection.heads = max(inspection.heads - 1, 0)
    return True


def patience(inspection: Inspection) -> int:
    """Bytes that may be decompressed of the file that was just counted."""
    if inspection.deep:
        return DEEP_PATIENCE
    if inspection.tree.far:
        return FAR_PATIENCE
    return FIRST_PATIENCE if MOST_HEADS - inspection.heads <= FIRST_OPENED else OTHER_PATIENCE


def read_one(inspection: Inspection, file: File, *, detector: Detector = recognise) -> Reading:
    """What one file of a set is; an unknown content is no copy any more."""
    if not file.size:
        return Reading("", Encrypted.UNKNOWN, "fichier de 0 octet", EMPTY)
    if not spend_one(inspection):
        return NOT_OPENED
    try:
        with inspection.sample(file.parts, patience=patience(inspection)) as sample:
            reading, start = detector(sample), sample.head[:4]
    except OSError:
        inspection.left_out = True
        return NOT_READ
    if reading is None:
        words = f"octets 0 à 3 = {octets(start)}, format non reconnu"
        return Reading("", Encrypted.UNKNOWN, words, DAMAGED)
    return reading


def worst(faults: Iterable[str]) -> str:
    """What makes the whole useless, before what leaves it in doubt."""
    found = set(faults)
    return next((fault for fault in WORST_FIRST if fault in found), "")


def mixed(said: Iterable[Encrypted]) -> Encrypted:
    """Of parts that are all needed: readable when some are; proved only when all are."""
    found = set(said)
    if len(found) == 1:
        return found.pop()
    if found & {Encrypted.NO, Encrypted.PARTIAL}:
        return Encrypted.PARTIAL
    return Encrypted.WEAK if found and Encrypted.UNKNOWN not in found else Encrypted.UNKNOWN


def together(named: Sequence[tuple[str, Reading]]) -> Reading:
    """(file name, its reading) of each part → the whole; its evidence is that of the part that decides.

    One run of one tool encrypts all its volumes alike: those opened speak for the others, as to encryption alone.
    """
    readings = [reading for _, reading in named]
    told = [each for each in readings if is_opened(each)] or readings
    encrypted, fault = mixed(each.encrypted for each in told), worst(each.fault for each in readings)
    name, shown = min(named, key=lambda each: _weight(each[1], fault))
    methods = dict.fromkeys(each.method for each in readings if each.method)
    newest = max((each.newest for each in readings if each.newest), default=None)
    return replace(
        shown,
        format=next((each.format for each in readings if each.format), ""),
        encrypted=encrypted,
        evidence=f"« {name} » : {shown.evidence}",
        fault=fault,
        newest=newest,
        method=", ".join(methods),
        weaknesses=tuple(sorted({weak for each in readings for weak in each.weaknesses})),
        confidence=_least(each.confidence for each in readings),
    )


def _weight(reading: Reading, fault: str) -> tuple[bool, int]:
    """The part at fault is shown, then the least encrypted one."""
    order = (Encrypted.NO, Encrypted.PARTIAL, Encrypted.UNKNOWN, Encrypted.WEAK, Encrypted.YES)
    return reading.fault != fault, order.index(reading.encrypted)


def _least(confidences: Iterable[Confidence]) -> Confidence:
    order = (Confidence.NAME, Confidence.PROBABLE, Confidence.CERTAIN)
    return min(confidences, key=order.index)


def with_fault(reading: Reading, fault: str, why: str) -> Reading:
    """The same, with one more reason not to trust it; the worst fault stays."""
    if not why:
        return reading
    evidence = f"{why} ; {reading.evidence}" if reading.evidence else why
    return replace(reading, evidence=evidence, fault=worst((reading.fault, fault)))


def utc_moment(text: str) -> float | None:
    """« 20261120T020012Z » → seconds since 1970; None for a date that does not exist."""
    try:
        return datetime.strptime(text.upper(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def local_moment(text: str, layout: str) -> float | None:
    """A French local time → seconds since 1970; the hour that comes twice in autumn is taken as the first one."""
    try:
        return datetime.strptime(text, layout).replace(tzinfo=PARIS).timestamp()
    except ValueError:
        return None


def dated(said: float, written: float, source: str) -> tuple[float, DateKind, str]:
    """The date that a name says, beside that of its files (0: not told): the older one when they disagree."""
    if 0 < written < said - NAME_SLACK:
        return written, DateKind.UPPER_BOUND, "date du fichier, antérieure à celle de son nom"
    return said, DateKind.EXACT, source


def gathered(
    kind: str,
    points: Sequence[Point],
    *,
    store: Reading,
    anomalies: Sequence[Anomaly] = (),
    also: frozenset[tuple[str, ...]] = frozenset(),
    given_back: tuple[File, ...] = (),
) -> Found:
    """One store of these restore points, the newest kept."""
    ordered = sorted(points, key=lambda point: point.written, reverse=True)
    more = max(len(ordered) - MOST_POINTS, 0)
    return Found(
        kind,
        replace(store, fault=""),
        tuple(ordered[:MOST_POINTS]),
        more_points=more,
        moments=tuple(point.written for point in ordered) if more else (),
        anomalies=tuple(anomalies),
        also=also,
        given_back=given_back,
    )


def of_store(points: Sequence[Point]) -> Reading:
    """What the restore points that were opened prove of the whole; unknown when none was."""
    named = [(point.name, point.reading) for point in points if point.reading.format]
    if not named:
        return Reading("", Encrypted.UNKNOWN, "aucun fichier n'a pu être ouvert")
    return together(named)

"""The folders of rsnapshot, one for each passage: what their names, their dates and a short look inside tell."""

import re
from collections.abc import Sequence
from itertools import islice, pairwise

from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, DateKind, Encrypted, Role, Trouble
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.inspection import MOST_POINTS, Claim, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.reading import EMPTY, Reading
from cyberaudit.probes.stores.tree import Entry, Kind, Parts

KIND = "rsnapshot"
# rsnapshot.conf, « retain »: names of its examples, from the most to the least frequent, and the usual space of each.
USUAL_HOURS = {
    "hourly": 1, "alpha": 1, "daily": 24, "beta": 24, "weekly": 168, "gamma": 168, "monthly": 672, "delta": 672,
    "yearly": 8760,
}  # fmt: skip
GREEK = frozenset({"alpha", "beta", "gamma", "delta"})
"""Names that promise no rhythm."""
# Ours: passages by hand come closer than the name promises; copies without dates come far closer.
CLOSEST_SHARE = 0.25
# Ours: as for restic: a copy without dates gives all folders the minute of the copying.
APART_SECONDS = 60
# Ours: documents of a town are older than the passage that copied them; a copy without dates makes them younger.
OLDER_SECONDS = 86_400
# Ours: names looked at in one folder, and folders entered, to see that something is there.
PEEKED_NAMES, PEEKED_FOLDERS, FAR_FOLDERS, MOST_ENTRIES = 200, 40, 8, 20_000
# Ours: folders one in the other above a source, `localhost/srv/data/mairie`.
MOST_LINE = 6
# Ours: rsnapshot takes its lock away at the end of a passage, and erases in the background within the day.
STALE_SECONDS = 86_400
OF_THE_FOLDER = "date du dossier, posée par rsnapshot à la fin du passage"
_FOLDER = re.compile(r"([A-Za-z][A-Za-z_]{0,30})\.(0|[1-9]\d{0,3})")
_OWN = re.compile(r"_delete\.\d+|\.sync|lost\+found|\.snapshots?|@eaDir|#recycle")
_NOTE = re.compile(r"\.nfs.*|\..*|.*\.(?:pid|log|lock|txt|conf)|README.*", re.IGNORECASE)
_LOCK = re.compile(r".*\.(?:pid|lock)", re.IGNORECASE)


@frozen
class Passage:
    """One folder `daily.0`."""

    level: str
    rank: int
    entry: Entry

    @property
    def moment(self) -> float | None:
        return self.entry.written


@frozen
class Peek:
    """What a short look into one folder saw."""

    files: bool
    whole: bool
    """Everything was looked at."""
    oldest: float | None


def is_root(_: str, folders: frozenset[str], __: frozenset[str]) -> bool:
    """Whether these are folders of rsnapshot: by the usual names, or by two in a row of any name."""
    told = {match[0] for name in folders if (match := _FOLDER.fullmatch(name))}
    if any(name.partition(".")[0] in USUAL_HOURS for name in told):
        return True
    others = {name for name in folders - told if not _OWN.fullmatch(name)}
    return not others and any(f"{name[:-2]}.1" in told for name in told if name.endswith(".0"))


def read_root(inspection: Inspection, parts: Parts) -> Found | None:
    """One restore point for each passage."""
    entries = list(islice(inspection.tree.entries(parts), MOST_ENTRIES))
    passages = passages_of(entries)
    if not passages:
        return None
    kind, source, doubt = _dates(inspection, parts, passages)
    fault, words = _newest_fault(inspection, parts, passages)
    newest = passages[0]
    points = tuple(
        Point(
            name=each.entry.name,
            reading=_reading(each, fault, words) if each is newest else _reading(each, "", ""),
            size=0,
            written=inspection.now.timestamp() if each.moment is None else each.moment,
            date_kind=kind,
            date_source=source,
            role=Role.SNAPSHOT,
            series=KIND,
        )
        for each in passages[:MOST_POINTS]
    )
    left = _left_out(parts, entries)
    told = f"dossiers « {newest.entry.name} »… de rsnapshot : documents et noms lisibles sans clé"
    return Found(
        KIND,
        Reading(KIND, Encrypted.NO, told),
        tuple(sorted(points, key=lambda point: point.written, reverse=True)),
        more_points=max(len(passages) - MOST_POINTS, 0),
        anomalies=(
            *doubt,
            *_aborted(parts, newest, words if fault else ""),
            *left,
            *_traces(inspection, parts, entries),
        ),
        complete=not left and len(entries) < MOST_ENTRIES,
    )


def passages_of(entries: Sequence[Entry]) -> list[Passage]:
    """Of the most frequent level first, each from its newest; levels of other names by their newest date."""
    found = [
        Passage(match[1], int(match[2]), entry)
        for entry in entries
        if entry.kind is Kind.FOLDER and (match := _FOLDER.fullmatch(entry.name))
    ]
    newest: dict[str, float] = {}
    for each in found:
        newest[each.level] = max(newest.get(each.level, 0.0), each.moment or 0.0)
    order = {level: (USUAL_HOURS.get(level, 0), -moment, level) for level, moment in newest.items()}
    return sorted(found, key=lambda each: (order[each.level], each.rank))


def _reading(passage: Passage, fault: str, words: str) -> Reading:
    evidence = f"dossier {passage.entry.name}" + (f" : {words}" if words else "")
    return Reading(KIND, Encrypted.NO, evidence, fault)


def _dates(
    inspection: Inspection, parts: Parts, passages: list[Passage]
) -> tuple[DateKind, str, tuple[Anomaly, ...]]:
    """What the dates of the folders are worth."""
    if any(each.moment is None for each in passages):
        return DateKind.UPPER_BOUND, "ce lieu ne donne pas de date aux dossiers", ()
    why = disorder(passages)
    if not why and len(passages) == 1:
        peek = _peek(inspection, (*parts, passages[0].entry.name))
        moment = passages[0].moment or 0.0
        if peek.oldest is None or moment - peek.oldest < OLDER_SECONDS:
            why = "un seul dossier, et rien dedans n'est plus ancien que lui"
    if not why:
        return DateKind.EXACT, OF_THE_FOLDER, ()
    found = anomaly(Trouble.LOST_DATES, parts, why, count=len(passages))
    return DateKind.UPPER_BOUND, f"date du dossier, douteuse : {why}", (found,)


def disorder(passages: list[Passage]) -> str:
    """Why the dates are not those of the passages, in French; empty when nothing says so."""
    for newer, older in pairwise(passages):
        if newer.level != older.level:
            continue
        apart = (newer.moment or 0.0) - (older.moment or 0.0)
        names = f"{newer.entry.name} et {older.entry.name}"
        if apart < 0:
            return f"{names} : leurs dates contredisent leur ordre"
    moments = [each.moment or 0.0 for each in passages]
    if len(moments) > 1 and max(moments) - min(moments) < APART_SECONDS:
        return f"les {len(moments)} dossiers ont la date d'une même minute"
    return _too_close(passages)


def _too_close(passages: list[Passage]) -> str:
    """Two folders of one level are as far apart as its name promises, most of the time."""
    levels: dict[str, list[float]] = {}
    for each in passages:
        if each.level in USUAL_HOURS and each.level not in GREEK:
            levels.setdefault(each.level, []).append(each.moment or 0.0)
    for level, moments in levels.items():
        least = USUAL_HOURS[level] * 3600 * CLOSEST_SHARE
        if len(moments) > 1 and (max(moments) - min(moments)) / (len(moments) - 1) < least:
            return f"les dossiers « {level}.N » se suivent de trop près pour ce nom"
    return ""


def _newest_fault(inspection: Inspection, parts: Parts, passages: list[Passage]) -> tuple[str, str]:
    newest = passages[0]
    peek = _peek(inspection, (*parts, newest.entry.name))
    if peek.whole and not peek.files:
        return EMPTY, "aucun fichier dedans"
    if not peek.files:
        return END_NOT_SEEN, "aucun fichier vu dans les premiers dossiers"
    if newest.rank:
        return END_NOT_SEEN, f"{newest.level}.0 manque : passage interrompu"
    before = passages[1] if len(passages) > 1 and passages[1].level == newest.level else None
    if before is None:
        return "", ""
    if newest.moment is not None and newest.moment == before.moment:
        # rsnapshot, touch_interval_dir: the date is set when the passage ends; « cp -al » gave it that of the last.
        return END_NOT_SEEN, f"même date que {before.entry.name} : passage interrompu"
    was, now = (*parts, before.entry.name), (*parts, newest.entry.name)
    if lost := _lost(inspection, was, now):
        return END_NOT_SEEN, f"« {lost} » était dans {before.entry.name} et n'y est plus"
    if emptied := _emptied(inspection, was, now):
        return END_NOT_SEEN, f"« {emptied} » est vide, et ne l'était pas dans {before.entry.name}"
    return "", ""


def _lost(inspection: Inspection, before: Parts, after: Parts) -> str:
    """A folder of the two first levels that the passage before had; empty when none is lacking."""
    was = sorted(_names(inspection, before) or ())
    gone = _gone(inspection, before, after)
    if gone or inspection.tree.far:
        return gone
    found = ((name, _gone(inspection, (*before, name), (*after, name))) for name in was)
    return next((f"{name}/{lost}" for name, lost in found if lost), "")


def _emptied(inspection: Inspection, before: Parts, after: Parts) -> str:
    """A source that the passage before had filled, and that this one found empty: a disk that was not there; empty
    when there is none. Sources stand one or two folders down, `localhost/home/`, or at the end of a line of folders.
    """
    if inspection.tree.far:
        return ""
    for machine in sorted(_names(inspection, before) or ()):
        below = _names(inspection, (*before, machine)) or set()
        for source in ((machine,), *((machine, name) for name in sorted(below))):
            if inspection.hurried():
                return ""
            where = _end_of_line(inspection, before, source)
            if _is_empty(inspection, (*after, *where)) and not _is_empty(inspection, (*before, *where)):
                return "/".join(where)
    return ""


def _end_of_line(inspection: Inspection, root: Parts, source: Parts) -> Parts:
    """Below a folder that holds one folder and nothing else, as long as it is so."""
    for _ in range(MOST_LINE):
        try:
            seen = list(islice(inspection.tree.entries((*root, *source)), 2))
        except OSError:
            break
        if len(seen) != 1 or seen[0].kind is not Kind.FOLDER:
            break
        source = (*source, seen[0].name)
    return source


def _is_empty(inspection: Inspection, parts: Parts) -> bool:
    """Whether it is a folder that holds nothing."""
    try:
        return next(iter(inspection.tree.entries(parts)), None) is None
    except OSError:
        return False


def _gone(inspection: Inspection, before: Parts, after: Parts) -> str:
    was, now = _names(inspection, before), _names(inspection, after)
    return "" if was is None or now is None else min(was - now, default="")


def _names(inspection: Inspection, parts: Parts) -> set[str] | None:
    """The folders of one folder; None when it cannot be listed, or holds too many to compare."""
    try:
        entries = list(islice(inspection.tree.entries(parts), PEEKED_NAMES + 1))
    except FileNotFoundError:
        return set()
    except OSError:
        return None
    if len(entries) > PEEKED_NAMES or inspection.hurried():
        return None
    return {entry.name for entry in entries if entry.kind is Kind.FOLDER}


def _peek(inspection: Inspection, parts: Parts) -> Peek:
    """Whether there is a file below, and the oldest date among the first names."""
    waiting, files, whole, dates, entered = [parts], False, True, list[float](), 0
    while waiting and not (files and dates and entered > 1):
        here = waiting.pop()
        entered += 1
        if entered > (FAR_FOLDERS if inspection.tree.far else PEEKED_FOLDERS) or inspection.hurried():
            whole = False
            break
        try:
            seen = list(islice(inspection.tree.entries(here), PEEKED_NAMES))
        except OSError:
            whole = False
            continue
        whole = whole and len(seen) < PEEKED_NAMES
        files = files or any(entry.kind is Kind.FILE for entry in seen)
        dates += [entry.written for entry in seen if entry.written is not None]
        waiting += [(*here, entry.name) for entry in seen if entry.kind is Kind.FOLDER]
    return Peek(files, whole, min(dates, default=None))


def _aborted(parts: Parts, newest: Passage, words: str) -> tuple[Anomaly, ...]:
    if not words:
        return ()
    return (anomaly(Trouble.ABORTED_RUN, (*parts, newest.entry.name), words),)


def _left_out(parts: Parts, entries: Sequence[Entry]) -> tuple[Anomaly, ...]:
    """What stands beside the passages is not looked at, and said so."""
    others = sorted(
        entry.name
        for entry in entries
        if not (entry.kind is Kind.FOLDER and (_FOLDER.fullmatch(entry.name) or _OWN.fullmatch(entry.name)))
        and not (entry.kind is Kind.FILE and _NOTE.fullmatch(entry.name))
    )
    if not others:
        return ()
    seen = ", ".join(others[:3])
    return (anomaly(Trouble.LEFT_OUT, parts, f"non regardés à côté : {seen}", count=len(others)),)


def _traces(inspection: Inspection, parts: Parts, entries: Sequence[Entry]) -> tuple[Anomaly, ...]:
    """Old locks and deletions that were not finished."""
    found = []
    for entry in entries:
        since = max(entry.changed or 0.0, entry.written or 0.0)
        if not since or inspection.now.timestamp() - since < STALE_SECONDS:
            continue
        if entry.kind is Kind.FILE and _LOCK.fullmatch(entry.name):
            found.append(anomaly(Trouble.STALE_LOCK, (*parts, entry.name), "verrou de plus d'un jour"))
        elif entry.kind is Kind.FOLDER and entry.name.startswith("_delete."):
            words = "effacement commencé il y a plus d'un jour et non terminé"
            found.append(anomaly(Trouble.ABORTED_RUN, (*parts, entry.name), words))
    return tuple(found)


CLAIM = Claim(KIND, is_root, read_root)
"""Folders `hourly.0`, `daily.0`, `alpha.0`…"""

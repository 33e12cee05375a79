"""What a location holds: its repositories, its sets, each of its newest loose copies told by its bytes."""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import monotonic

from cyberaudit.facts.backup import (
    END_NOT_SEEN,
    Confidence,
    Copy,
    DateKind,
    Encrypted,
    Protection,
    Role,
    Store,
    StoreContents,
    Weakness,
)
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.inspection import (
    EVIDENCE_LIMIT,
    NEVER_WRITTEN,
    NO_PASSWORD,
    PLACE_LIMIT,
    File,
    Found,
    Inspection,
    Point,
)
from cyberaudit.probes.stores.jobs import days_in, job_of, series_name
from cyberaudit.probes.stores.known import CLAIMS, FAMILIES
from cyberaudit.probes.stores.reading import FUTURE, TRUNCATED, Reading
from cyberaudit.probes.stores.recognise import recognise
from cyberaudit.probes.stores.rhythm import DATED_SINCE, is_doubtful, shown_job, told_by_name
from cyberaudit.probes.stores.sizes import against_usual_size, is_bad
from cyberaudit.probes.stores.sums import against_sum
from cyberaudit.probes.stores.tree import Parts
from cyberaudit.probes.stores.vaults.mirror import Looked, mirrors_among
from cyberaudit.probes.stores.walk import MOST_COPIES, Walked, walk

# Ours: a clock of a store may be wrong by an hour, or forget summer time.
FUTURE_SLACK = timedelta(hours=1)
# Ours: the newest copies are worth decompressing to their end, the others only when small.
NEWEST_OPENED = 3
NEWEST_PATIENCE, OTHER_PATIENCE = 2 * 1024 * 1024 * 1024, 4 * 1024 * 1024
# Ours: seconds given to all copies, and to each of the newest, then to each of the others: a whole look takes ten.
ALL_SECONDS, EACH_SECONDS, OTHER_SECONDS = 6.0, (3.0, 1.5, 1.0), 0.25
FAR_TIMES = 4
# Ours: a copy that was written to so recently may still be growing.
GROWING = timedelta(minutes=10)
# Ours: of a far place nothing is fetched but first and last bytes, and what is short.
FAR_PATIENCE = 1024 * 1024
# Ours, with --deep: whatever a town's copy weighs.
DEEP_PATIENCE = 1 << 50
# Ours: of the newest file of an archive: a town changes some file every other day.
MEMBER_SLACK = timedelta(days=2)
NAME_LIMIT, METHOD_LIMIT, FORMAT_LIMIT = 80, 120, 20
# 31 December 9998: the last year that every time zone can write.
LAST_MOMENT = 253_370_764_800.0
OF_THE_FILE = "date du fichier"
OF_THE_NAME = "jour écrit dans le nom, plus ancien que la date du fichier"
OF_THE_NAME_ALONE = "jour écrit dans le nom, le fichier n'a pas de date"
OF_NOTHING, DAY_SECONDS = "le fichier n'a pas de date : celle de 1970 ou de 1980 n'en est pas une", 86_400.0
# Ours: the clock of what is inside may be that of another zone.
OF_THE_INSIDE, INSIDE_SLACK = "date du fichier, proche de celle qu'il contient", timedelta(hours=26)
OF_A_NUMBER = "date du fichier ; son nom en porte peut-être une plus ancienne"
OF_A_COPYING = "date du fichier, la même que d'autres ou juste après : celle d'une recopie ?"
# Ours: that many copies of one job within minutes of each other, for less than half a day.
LEAST_IN_A_ROW, BETWEEN_TWO, ROW_SECONDS = 4, 1800.0, 12 * 3600.0
LOOSE = "folder"


def read_contents(inspection: Inspection, *, device: str) -> StoreContents:
    """The contents of the location.

    Raises:
        OSError: it cannot be listed.
    """
    future = inspection.now + FUTURE_SLACK
    walked = walk(inspection, CLAIMS, FAMILIES, future=future.timestamp())
    sets, alone = _sets(inspection, walked)
    seen = walked.census.anomalies(inspection)
    taken = frozenset[Parts]().union(*(made.also for _, made in sets))
    clock = _Clock(inspection)
    looked = [
        each
        for files in (walked.copies, alone)
        for each in _looked(inspection, files, walked, clock)
        if each[0].parts not in taken
    ]
    strangers = list(_looked(inspection, walked.strangers, walked, clock))
    rest, mirrors = mirrors_among(inspection, walked, [*looked, *strangers])
    stores = [*walked.stores, *sets, *mirrors]
    loose = against_usual_size(_against_same_second([_loose_copy(*each, inspection.now) for each in rest]))
    points = [_copy(point, parts, found) for parts, found in stores for point in found.points]
    copies = [_checked(copy, future) for copy in (*points, *loose)]
    copies.sort(key=lambda copy: (copy.fault != FUTURE, copy.written_at), reverse=True)
    kept = tuple(copies[:MOST_COPIES])
    return StoreContents(
        stores=(*(_store(parts, found) for parts, found in stores), *_loose_store(loose, walked)),
        copies=kept,
        more_copies=len(copies) - len(kept) + walked.copies.left_out + _more(stores),
        series=walked.rhythms.series(copies, stores),
        anomalies=(
            *seen,
            *(each for _, found in stores for each in found.anomalies),
        ),
        protection=_protection(walked.census.protection(inspection), stores),
        other_files=_others(walked, strangers, mirrored=bool(mirrors)),
        device=device,
        complete=walked.complete and not inspection.left_out and all(each.complete for _, each in stores),
    )


def _sets(inspection: Inspection, walked: Walked) -> tuple[list[tuple[Parts, Found]], list[File]]:
    """What each family makes of its files, and those that it gives back."""
    readers = {family.kind: family.read for family in FAMILIES}
    found, alone = [], []
    for (parts, kind), files in walked.sets.items():
        files.sort(reverse=True)
        try:
            made = readers[kind](inspection, parts, files)
        except OSError:
            unread = Reading(kind, Encrypted.UNKNOWN, "reconnu par ses noms, non lisible")
            made = Found(kind, unread, points=(), complete=False)
        if made is None:
            alone += files
        else:
            found.append((parts, made))
            alone += made.given_back
    return found, alone


def _protection(seen: Protection, stores: list[tuple[Parts, Found]]) -> Protection:
    """A lock was looked for on the newest loose copies: it says nothing of a repository beside them."""
    if seen.immutable is True and stores:
        return replace(seen, immutable=Unreachable(Reason.NOT_LOOKED, "vu sur les seules archives"))
    return seen


def _more(stores: list[tuple[Parts, Found]]) -> int:
    return sum(found.more_points for _, found in stores)


def _others(walked: Walked, strangers: list[Looked], *, mirrored: bool) -> int:
    """Files that are no copies; documents of a mirror are what it holds."""
    documents = 0 if mirrored else walked.documents.count
    return documents + walked.strangers.count - len(strangers) + walked.texts.kept_for_themselves


@frozen
class _Clock:
    """Shares the time of the look among the copies, so that one of them never takes that of the others."""

    inspection: Inspection
    start: float = field(default_factory=monotonic)

    def share(self, rank: int) -> Callable[[], bool]:
        """Whether the copy of this rank, taken from now on, has had its share."""
        if self.inspection.deep:
            return self.inspection.hurried
        own = EACH_SECONDS[rank] if rank < len(EACH_SECONDS) else OTHER_SECONDS
        # A far copy costs round trips, not computing: its budget is that of the lines (far/budget).
        slower = FAR_TIMES if self.inspection.tree.far else 1
        end = min(monotonic() + own * slower, self.start + ALL_SECONDS * slower)
        return lambda: monotonic() > end or self.inspection.hurried()


def _looked(inspection: Inspection, files: Iterable[File], walked: Walked, clock: _Clock) -> Iterator[Looked]:
    """The files that are copies, each opened; one that cannot be leaves the look incomplete."""
    for rank, file in enumerate(files):
        if not inspection.heads:
            # Strangers beyond the limit were counted; what is named like a copy was not told.
            walked.complete = walked.complete and files is walked.strangers
            return
        inspection.heads -= 1
        try:
            hurried = clock.share(rank)
            with inspection.sample(file.parts, patience=_patience(inspection, rank)) as sample:
                reading = recognise(replace(sample, hurried=hurried))
            if reading is not None and (rank < NEWEST_OPENED or inspection.deep):
                reading = against_sum(inspection, file, reading, hurried=hurried)
        except OSError:
            walked.complete = False
            continue
        if reading is not None:
            yield file, _unless_growing(inspection, file, reading)


def _unless_growing(inspection: Inspection, file: File, reading: Reading) -> Reading:
    """A copy without its end, written to a moment ago, may be one that is being made."""
    age = inspection.now.timestamp() - file.written
    if reading.fault != TRUNCATED or not 0 <= age < GROWING.total_seconds():
        return reading
    words = f"{reading.evidence} ; écrite il y a moins de dix minutes, peut-être en cours"
    return replace(reading, fault=END_NOT_SEEN, evidence=words)


def _patience(inspection: Inspection, rank: int) -> int:
    if inspection.deep:
        return DEEP_PATIENCE
    if inspection.tree.far:
        return FAR_PATIENCE
    return NEWEST_PATIENCE if rank < NEWEST_OPENED else OTHER_PATIENCE


def _against_same_second(copies: list[Copy]) -> list[Copy]:
    """Copies of one series, or of a whole place, of one second or in a row: the date of a copying, not their own."""
    jobs: dict[tuple[str, str], list[float]] = defaultdict(list)
    for copy in copies:
        jobs[copy.series, copy.format].append(copy.written_at.timestamp())
    moved = len(copies) > 1 and len({int(copy.written_at.timestamp()) for copy in copies}) == 1
    seconds = Counter((*key, int(moment)) for key, moments in jobs.items() for moment in moments)
    hurried = {key for key, moments in jobs.items() if _is_one_copying(moments)}
    return [
        replace(copy, date_kind=DateKind.UPPER_BOUND, date_source=OF_A_COPYING)
        if copy.date_kind is DateKind.EXACT
        and copy.date_source != OF_THE_INSIDE
        and (
            moved
            or (copy.series, copy.format) in hurried
            or seconds[copy.series, copy.format, int(copy.written_at.timestamp())] > 1
        )
        else copy
        for copy in copies
    ]


def _is_one_copying(moments: list[float]) -> bool:
    """A job that writes as often, and for less than half a day, is less likely than old copies laid there in a row."""
    ordered = sorted(moments)
    if len(ordered) < LEAST_IN_A_ROW or ordered[-1] - ordered[0] > ROW_SECONDS:
        return False
    return all(later - earlier < BETWEEN_TWO for earlier, later in pairwise(ordered))


def _loose_copy(file: File, reading: Reading, now: datetime) -> Copy:
    written, kind, source = _dated(file, reading, now)
    point = Point(
        name=file.parts[-1],
        reading=reading,
        size=file.size,
        written=written,
        date_kind=kind,
        date_source=source,
        role=Role.ARCHIVE,
        series=job_of(file.parts),
    )
    return _copy(point, ())


def _dated(file: File, reading: Reading, now: datetime) -> tuple[float, DateKind, str]:
    """The older of two dates that disagree: a file copied late has the date of the copying."""
    if file.written < DATED_SINCE:
        return _without_date(file, now)
    written = told_by_name(file.parts, file.written) if file.credible else file.written
    if written < file.written:
        return written, DateKind.UPPER_BOUND, OF_THE_NAME
    if is_doubtful(file.parts, written):
        return written, DateKind.UPPER_BOUND, OF_A_NUMBER
    if reading.dated is None and reading.newest and abs(_moment(written) - reading.newest) <= INSIDE_SLACK:
        return written, DateKind.EXACT, OF_THE_INSIDE
    return written, _archive_date_kind(file, reading), OF_THE_FILE


def _without_date(file: File, now: datetime) -> tuple[float, DateKind, str]:
    """Of a clock that was not set, or of a place that tells none: at most the day of the name, else today."""
    moment = now.timestamp()
    days = [day for day in days_in(file.parts) if day <= moment]
    if days:
        return min(max(days) + DAY_SECONDS, moment), DateKind.UPPER_BOUND, OF_THE_NAME_ALONE
    return moment, DateKind.UPPER_BOUND, OF_NOTHING


def _copy(point: Point, parts: Parts, found: Found | None = None) -> Copy:
    """The restore point, safe to show; what is wrong with its store is wrong with it."""
    reading = point.reading
    fault = _worse(reading.fault, found.reading.fault if found else "")
    return Copy(
        name=_shown(point.name, NAME_LIMIT),
        store=_place(parts),
        series=shown_job(point.series or series_name(point.name)),
        role=point.role,
        format=clean(reading.format, limit=FORMAT_LIMIT),
        size=point.size,
        written_at=_moment(point.written),
        date_kind=point.date_kind,
        date_source=clean(point.date_source, limit=NAME_LIMIT),
        encrypted=reading.encrypted,
        method=clean(reading.method, limit=METHOD_LIMIT),
        weaknesses=reading.weaknesses,
        evidence=clean(reading.evidence, limit=EVIDENCE_LIMIT),
        confidence=reading.confidence,
        fault=fault,
    )


def _worse(own: str, of_the_store: str) -> str:
    """What is known to be bad hides what is not known to be good."""
    return own if own not in ("", END_NOT_SEEN) or not of_the_store else of_the_store


def _store(parts: Parts, found: Found) -> Store:
    reading = found.reading
    return Store(
        kind=clean(found.kind, limit=FORMAT_LIMIT),
        place=_place(parts),
        confidence=reading.confidence,
        encrypted=reading.encrypted,
        method=clean(reading.method, limit=METHOD_LIMIT),
        weaknesses=reading.weaknesses,
        evidence=clean(reading.evidence, limit=EVIDENCE_LIMIT),
        empty_password=found.empty_password,
        copies=len(found.points) + found.more_points,
        verified=found.verified,
    )


def _loose_store(loose: list[Copy], walked: Walked) -> Iterator[Store]:
    """The archives that stand each for itself, as one store."""
    if not loose:
        return
    # Of a copy that holds nothing, or nothing that opens, no encryption is told: it says nothing of the others.
    told = [copy for copy in loose if copy.encrypted is not Encrypted.UNKNOWN or not is_bad(copy)]
    said = {copy.encrypted for copy in told or loose}
    weak: set[Weakness] = {each for copy in loose for each in copy.weaknesses}
    yield Store(
        kind=LOOSE,
        place="",
        confidence=Confidence.CERTAIN,
        encrypted=said.pop() if len(said) == 1 else _mixed(said),
        method=", ".join(sorted({copy.method for copy in loose if copy.method}))[:METHOD_LIMIT],
        weaknesses=tuple(sorted(weak)),
        evidence="",
        empty_password=NO_PASSWORD,
        copies=len(loose) + walked.copies.left_out,
        verified=NEVER_WRITTEN,
    )


def _mixed(said: set[Encrypted]) -> Encrypted:
    """Some can be read; or, of some, nothing is told."""
    readable = said & {Encrypted.NO, Encrypted.PARTIAL}
    if readable:
        return Encrypted.PARTIAL
    return Encrypted.UNKNOWN if Encrypted.UNKNOWN in said else Encrypted.WEAK


def _place(parts: Parts) -> str:
    return _shown("/".join(parts), PLACE_LIMIT)


def _shown(name: str, limit: int) -> str:
    """Names are bytes: what is not UTF-8 shows as U+FFFD."""
    return clean(
        name.encode("utf-8", "surrogateescape" if _is_of_the_system(name) else "replace"), limit=limit
    )


def _is_of_the_system(name: str) -> bool:
    """Surrogates as `os.fsdecode` makes them."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


def _moment(seconds: float) -> datetime:
    """File systems hold dates that calendars do not: those become their nearest."""
    return datetime.fromtimestamp(min(max(seconds, 0.0), LAST_MOMENT), UTC)


def _archive_date_kind(file: File, reading: Reading) -> DateKind:
    """A file whose newest member is older was moved since, or nothing changed: it may be that old."""
    if reading.dated is not None:
        return reading.dated
    if reading.newest and _moment(file.written) - reading.newest > MEMBER_SLACK:
        return DateKind.UPPER_BOUND
    return DateKind.EXACT


def _checked(copy: Copy, future: datetime) -> Copy:
    return replace(copy, fault=FUTURE) if not is_bad(copy) and copy.written_at > future else copy

"""What a location holds: its repositories, its sets, each of its newest loose copies told by its bytes."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cyberaudit.facts.backup import (
    END_NOT_SEEN,
    Confidence,
    Copy,
    DateKind,
    Encrypted,
    Role,
    Store,
    StoreContents,
    Weakness,
)
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
from cyberaudit.probes.stores.jobs import job_of, series_name
from cyberaudit.probes.stores.known import CLAIMS, FAMILIES
from cyberaudit.probes.stores.reading import FUTURE, Reading
from cyberaudit.probes.stores.recognise import recognise
from cyberaudit.probes.stores.rhythm import shown_job, told_by_name
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
    looked = [
        each
        for each in (*_looked(inspection, walked.copies, walked), *_looked(inspection, alone, walked))
        if each[0].parts not in taken
    ]
    strangers = list(_looked(inspection, walked.strangers, walked))
    rest, mirrors = mirrors_among(inspection, walked, [*looked, *strangers])
    stores = [*walked.stores, *sets, *mirrors]
    loose = against_usual_size(_against_same_second([_loose_copy(*each) for each in rest]))
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
        protection=walked.census.protection(inspection),
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


def _more(stores: list[tuple[Parts, Found]]) -> int:
    return sum(found.more_points for _, found in stores)


def _others(walked: Walked, strangers: list[Looked], *, mirrored: bool) -> int:
    """Files that are no copies; documents of a mirror are what it holds."""
    return (0 if mirrored else walked.documents.count) + walked.strangers.count - len(strangers)


def _looked(inspection: Inspection, files: Iterable[File], walked: Walked) -> Iterator[Looked]:
    """The files that are copies, each opened; one that cannot be leaves the look incomplete."""
    for rank, file in enumerate(files):
        if not inspection.heads:
            # Strangers beyond the limit were counted; what is named like a copy was not told.
            walked.complete = walked.complete and files is walked.strangers
            return
        inspection.heads -= 1
        try:
            with inspection.sample(file.parts, patience=_patience(inspection, rank)) as sample:
                reading = recognise(sample)
            if reading is not None and (rank < NEWEST_OPENED or inspection.deep):
                reading = against_sum(inspection, file, reading)
        except OSError:
            walked.complete = False
            continue
        if reading is not None:
            yield file, reading


def _patience(inspection: Inspection, rank: int) -> int:
    if inspection.deep:
        return DEEP_PATIENCE
    if inspection.tree.far:
        return FAR_PATIENCE
    return NEWEST_PATIENCE if rank < NEWEST_OPENED else OTHER_PATIENCE


def _against_same_second(copies: list[Copy]) -> list[Copy]:
    """Copies of one series, or a whole location, dated of one second: that of a copying, not their own."""
    seconds = Counter(int(copy.written_at.timestamp()) for copy in copies)
    series = Counter((copy.series, copy.format, int(copy.written_at.timestamp())) for copy in copies)
    moved = len(seconds) == 1 and len(copies) > 1
    return [
        replace(copy, date_kind=DateKind.UPPER_BOUND)
        if moved or series[copy.series, copy.format, int(copy.written_at.timestamp())] > 1
        else copy
        for copy in copies
    ]


def _loose_copy(file: File, reading: Reading) -> Copy:
    # The older of two dates that disagree: a file copied late has the date of the copying.
    written = told_by_name(file.parts, file.written) if file.credible else file.written
    moved = written < file.written
    point = Point(
        name=file.parts[-1],
        reading=reading,
        size=file.size,
        written=written,
        date_kind=DateKind.UPPER_BOUND if moved else _archive_date_kind(file, reading),
        date_source=OF_THE_NAME if moved else OF_THE_FILE,
        role=Role.ARCHIVE,
        series=job_of(file.parts),
    )
    return _copy(point, ())


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
    said = {copy.encrypted for copy in loose}
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

"""The copies of each job over time: how often, since when, and the gaps."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median

from cyberaudit.facts.backup import Copy, DateKind, Series
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.inspection import PLACE_LIMIT, Found
from cyberaudit.probes.stores.jobs import (
    Spans,
    day_spans,
    days_at,
    days_in,
    doubtful_days,
    is_later_volume,
    job_of,
    keeps_digits,
    shape_of,
    spoken_days,
)
from cyberaudit.probes.stores.tree import Parts

# Ours: jobs of one location, and dates of one job: a year of daily copies.
MOST_JOBS, MOST_SHAPES, MOST_MOMENTS, MOST_SHOWN = 500, 5_000, 400, 200
# Ours: the shortest honest rhythm is an hour; what is closer belongs to one run.
ONE_RUN = 1800.0
# Ours: a copy is written within two days of the date its name carries; later, it was moved without its date.
NAME_SLACK = 2 * 86400.0
# Ours: six digits that would be a day of long ago are a number.
DOUBT_SECONDS = 400 * 86400.0
# Ours: with fewer copies, none has a rhythm.
LEAST_COPIES = 3
NAME_LIMIT = 80
# 3 January 1980: FAT counts from the 1st of that year, in local time; Unix from 1970. What is older has no date.
DATED_SINCE = 315_705_600.0
# 31 December 9998: the last year that every time zone can write.
LAST_MOMENT = 253_370_764_800.0


@dataclass(slots=True)
class _Job:
    """The newest dates of one job, in bounded memory."""

    count: int = 0
    oldest: float = float("inf")
    moved: bool = False
    """A name carries an older date than its file."""
    moments: list[float] = field(default_factory=list)

    def add(self, moment: float) -> None:
        if moment < self.oldest:  # noqa: PLR1730 — three times as fast as min()
            self.oldest = moment
        self.moments.append(moment)
        if len(self.moments) > 2 * MOST_MOMENTS:
            self.moments = sorted(self.moments)[-MOST_MOMENTS:]


@frozen
class _Shape:
    """What the names of one folder that differ by their digits alone have in common."""

    job: _Job
    spans: Spans
    spoken: bool
    """They tell a day by the name of its month."""
    folder_days: tuple[float, ...]


@dataclass(slots=True)
class Rhythms:
    """Every file named like a copy, in bounded memory."""

    jobs: dict[str, _Job] = field(default_factory=dict)
    _shapes: dict[tuple[Parts, str], _Shape] = field(default_factory=dict)

    def note(self, folder: Parts, name: str, written: float, *, credible: bool) -> None:
        """One file that is named like a copy; `written` in seconds since 1970, 0 when it is not told."""
        key = (folder, shape_of(name))
        shape = self._shapes.get(key) or self._new_shape(key, (*folder, name))
        if shape is None:
            return
        job = shape.job
        job.count += 1
        if credible and written >= DATED_SINCE:
            own = days_at(name, shape.spans) or (spoken_days(name) if shape.spoken else ())
            moment = older_of(own or shape.folder_days, written)
            job.moved |= moment < written
            job.add(moment)

    def _new_shape(self, key: tuple[Parts, str], parts: Parts) -> _Shape | None:
        """None: a later volume, or one job too many."""
        if is_later_volume(parts[-1]):
            return None
        name = job_of(parts)
        job = self.jobs.get(name)
        if job is None:
            if len(self.jobs) >= MOST_JOBS:
                return None
            job = self.jobs[name] = _Job()
        spoken = bool(spoken_days(parts[-1]))
        shape = _Shape(job, day_spans(parts[-1]), spoken, days_in(parts[:-1]))
        if len(self._shapes) < MOST_SHAPES and not keeps_digits(parts[-1]):
            self._shapes[key] = shape
        return shape

    def series(self, copies: Sequence[Copy], stores: Sequence[tuple[Parts, Found]]) -> tuple[Series, ...]:
        """One for each job: of loose copies by their names, of repositories by their restore points."""
        loose = {copy.series: copy.date_kind for copy in copies if not copy.store}
        moved = {copy.series for copy in copies if not copy.store and copy.date_kind is DateKind.UPPER_BOUND}
        found = [each for parts, store in stores for each in _of_a_store(parts, store)]
        for name, job in self.jobs.items():
            shown = shown_job(name)
            if job.moments and (shown in loose or job.count >= LEAST_COPIES):
                upper = job.moved or shown in moved or _is_of_one_second(job.moments)
                kind = DateKind.UPPER_BOUND if upper else DateKind.EXACT
                found.append(_series(shown, "", job.count, job.moments, kind, oldest=job.oldest))
        found.sort(key=lambda each: each.newest_at, reverse=True)
        return tuple(found[:MOST_SHOWN])


def shown_job(name: str) -> str:
    """The job, safe to show; of a long one the end, where its name is."""
    safe = clean(name.encode("utf-8", "replace"), limit=8 * NAME_LIMIT)
    return safe if len(safe) <= NAME_LIMIT else "…" + safe[1 - NAME_LIMIT :]


def told_by_name(parts: Parts, written: float) -> float:
    """The date of a copy: the day that its name carries when the file is dated well after it, else the file's."""
    return older_of(days_in(parts), written)


def older_of(days: Sequence[float], written: float) -> float:
    """The same, of days already read; of a period its end, and a day after the file's date is that of an expiry."""
    if not days:
        return written
    day = max((each for each in days if each <= written), default=written)
    # A name tells a day: its midnight may be a whole day before the copy.
    return day if written - day > NAME_SLACK + 86400 else written


def is_doubtful(parts: Parts, written: float) -> bool:
    """The name may carry a day, and all that it may be are older than the file: it may have been moved."""
    days = [day for day in doubtful_days(parts[-1]) if day <= written + 86400]
    near = [day for day in days if written - day <= NAME_SLACK + 86400]
    return bool(days) and not near and written - max(days) < DOUBT_SECONDS


def _of_a_store(parts: Parts, found: Found) -> Iterator[Series]:
    """Of its jobs when its points tell them, else of the whole store."""
    place = clean("/".join(parts).encode("utf-8", "replace"), limit=PLACE_LIMIT)
    whole = f"{found.kind} {place}".strip()
    jobs: dict[str, list[float]] = defaultdict(list)
    for point in found.points:
        jobs["" if found.moments else point.series].append(point.written)
    for job, moments in jobs.items():
        dates = list(found.moments) or moments
        kinds = {point.date_kind for point in found.points if found.moments or point.series == job}
        count = len(found.points) + found.more_points if found.moments else len(moments)
        yield _series(shown_job(job or whole), place, count, dates, _worst(kinds), oldest=min(dates))


def _worst(kinds: Iterable[DateKind]) -> DateKind:
    said = set(kinds)
    for kind in (DateKind.UPPER_BOUND, DateKind.LOWER_BOUND):
        if kind in said:
            return kind
    return DateKind.EXACT


def _is_of_one_second(moments: Sequence[float]) -> bool:
    """Copied without their dates."""
    return len(moments) > 1 and len({int(moment) for moment in moments}) == 1


def _series(
    name: str, store: str, count: int, moments: Sequence[float], kind: DateKind, *, oldest: float
) -> Series:
    runs = _runs(moments)
    gaps = [(later - earlier) / 3600 for earlier, later in pairwise(runs)]
    told = len(runs) >= LEAST_COPIES
    return Series(
        name=name,
        store=store,
        count=count,
        newest_at=_moment(runs[-1]),
        oldest_at=_moment(oldest),
        period_hours=round(median(gaps), 2) if told else None,
        longest_gap_hours=round(max(gaps), 2) if told else None,
        dates_kind=kind,
    )


def _runs(moments: Sequence[float]) -> list[float]:
    """The newest `MOST_MOMENTS` dates, oldest first, those of one run taken once: the last of it."""
    kept: list[float] = []
    for moment in sorted(moments)[-MOST_MOMENTS:]:
        if kept and moment - kept[-1] < ONE_RUN:
            kept[-1] = moment
        else:
            kept.append(moment)
    return kept


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, 0.0), LAST_MOMENT), UTC)

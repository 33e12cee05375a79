"""What a store holds: its listing, each of its newest copies told by its bytes."""

import heapq
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import median

from cyberaudit.facts.backup import END_NOT_SEEN, Copy, DateKind, StoreContents
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores import restic
from cyberaudit.probes.stores.listing import (
    MOST_COPIES,
    File,
    Listing,
    Newest,
    Parts,
    folder,
    opened,
    sample_of,
    walk,
)
from cyberaudit.probes.stores.reading import COLLAPSED, FUTURE, Reading
from cyberaudit.probes.stores.recognise import recognise

# Ours: a clock of a store may be wrong by an hour, or forget summer time.
FUTURE_SLACK = timedelta(hours=1)
# Ours: the newest copies are worth decompressing to their end, the others only when small.
NEWEST_OPENED = 3
NEWEST_PATIENCE, OTHER_PATIENCE = 2 * 1024 * 1024 * 1024, 4 * 1024 * 1024
# Ours: well under the time that the whole store is given; past it, ends that are far are not looked for.
LOOK_SECONDS = 20.0
# Ours: a copy is written within two days of the date its name carries; later, it was moved without its date.
NAME_SLACK = timedelta(days=2)
# Ours, the same for the newest file of an archive: a town changes some file every other day.
MEMBER_SLACK = timedelta(days=2)
# Ours: with fewer copies of one series, no size is the usual one.
SERIES = 3
# Ours: a copy of less than half the usual size has lost what it should hold.
USUAL_SHARE = 0.5
# restic design.rst: key and snapshot files are some hundred bytes; a large path list makes some kilobytes.
OBJECT_BYTES = 1024 * 1024
MOST_KEYS = 20
NAME_LIMIT, EVIDENCE_LIMIT = 80, 300
# restic(1) shows a snapshot by the first eight digits of its name.
SHORT_ID = 8
# 31 December 9998: the last year that every time zone can write.
LAST_MOMENT = 253_370_764_800.0
_RANK = re.compile(r"\d+|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche", re.IGNORECASE)
"""What changes in the name from one copy to the next."""
_VOLUME = re.compile(r"\.(part\d+\.rar|r\d\d|\d{3}|vol\d+\.difftar(\.\w+)?)$", re.IGNORECASE)
"""What tells the volumes of one archive apart: the last one is shorter, and has not collapsed."""
_NAME_DATE = re.compile(r"(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d{1,2}(?!\d))")


def read_contents(root: int, *, now: datetime) -> StoreContents:
    """The contents of the open folder `root`, as of `now`.

    Raises:
        OSError: it cannot be listed.
    """
    future = now + FUTURE_SLACK
    listing = walk(root, future=future.timestamp())
    end = time.monotonic() + LOOK_SECONDS
    hurried: Callable[[], bool] = lambda: time.monotonic() > end  # noqa: E731 — a name for two calls
    found = [copy for parts in listing.repositories for copy in _snapshots(root, parts, listing)]
    named = list(_copies(root, listing.copies, listing, hurried=hurried))
    strangers = list(_copies(root, listing.strangers, listing, hurried=hurried))
    files = _against_usual_size(_against_same_second([*named, *strangers]))
    copies = [_checked(copy, future) for copy in (*found, *files)]
    copies.sort(key=lambda copy: (copy.fault != FUTURE, copy.written_at), reverse=True)
    return StoreContents(
        kind="restic" if () in listing.repositories else "folder",
        copies=tuple(copies[:MOST_COPIES]),
        more_copies=max(len(copies) - MOST_COPIES, 0) + listing.copies.left_out,
        other_files=listing.documents + listing.strangers.count - len(strangers),
        device=str(os.fstat(root).st_dev),
        complete=listing.complete,
    )


def _copies(root: int, files: Newest, listing: Listing, *, hurried: Callable[[], bool]) -> Iterator[Copy]:
    """The files that are copies, each opened; one that cannot be leaves the listing incomplete."""
    for rank, file in enumerate(files):
        patience = NEWEST_PATIENCE if rank < NEWEST_OPENED else OTHER_PATIENCE
        try:
            with opened(root, file.parts) as descriptor:
                reading = recognise(sample_of(descriptor, file.parts[-1], patience=patience, hurried=hurried))
        except OSError:
            listing.complete = False
            continue
        if reading is not None:
            yield _copy(file, reading, _archive_date_kind(file, reading))


def _against_same_second(copies: list[Copy]) -> list[Copy]:
    """Copies of one series, or a whole store, dated of one second: that of a copying, not their own."""
    seconds = Counter(int(copy.written_at.timestamp()) for copy in copies)
    series = Counter((_series(copy), int(copy.written_at.timestamp())) for copy in copies)
    moved = len(seconds) == 1 and len(copies) > 1
    return [
        replace(copy, date_kind=DateKind.UPPER_BOUND)
        if moved or series[_series(copy), int(copy.written_at.timestamp())] > 1
        else copy
        for copy in copies
    ]


def _against_usual_size(copies: list[Copy]) -> list[Copy]:
    """A copy of under half the median size of the others of its series has collapsed."""
    sizes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for copy in copies:
        if not _is_bad(copy):
            sizes[_series(copy)].append(copy.size)
    return [
        replace(copy, fault=COLLAPSED)
        if not _is_bad(copy)
        and len(sizes[_series(copy)]) > SERIES
        and copy.size < USUAL_SHARE * median(sizes[_series(copy)])
        else copy
        for copy in copies
    ]


def _series(copy: Copy) -> tuple[str, str]:
    """What the copies of one job have in common: the name without its date or number, and the format."""
    volume = _VOLUME.search(copy.name)
    end = volume.start() if volume else len(copy.name)
    return _RANK.sub("#", copy.name[:end]) + copy.name[end:], copy.format


def _is_bad(copy: Copy) -> bool:
    return copy.fault not in ("", END_NOT_SEEN)


def _copy(file: File, reading: Reading, kind: DateKind) -> Copy:
    return Copy(
        name=clean(os.fsencode(file.parts[-1]), limit=NAME_LIMIT),
        format=clean(reading.format, limit=20),
        size=file.size,
        written_at=_moment(file.written),
        date_kind=kind,
        encrypted=reading.encrypted,
        evidence=clean(reading.evidence, limit=EVIDENCE_LIMIT),
        fault=reading.fault,
    )


def _moment(seconds: float) -> datetime:
    """File systems hold dates that calendars do not: those become their nearest."""
    return datetime.fromtimestamp(min(max(seconds, 0.0), LAST_MOMENT), UTC)


def _archive_date_kind(file: File, reading: Reading) -> DateKind:
    """A file that carries an older date, in its name or in what it holds, was moved since: it may be that old."""
    if reading.dated is not None:
        return reading.dated
    if reading.newest and _moment(file.written) - reading.newest > MEMBER_SLACK:
        return DateKind.UPPER_BOUND
    match = _NAME_DATE.search(file.parts[-1])
    if match is None:
        return DateKind.EXACT
    try:
        said = date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:  # 31 February: not a date
        return DateKind.EXACT
    late = _moment(file.written).date() - said > NAME_SLACK
    return DateKind.UPPER_BOUND if late else DateKind.EXACT


def _checked(copy: Copy, future: datetime) -> Copy:
    return replace(copy, fault=FUTURE) if not _is_bad(copy) and copy.written_at > future else copy


def _snapshots(root: int, parts: Parts, listing: Listing) -> list[Copy]:
    """One copy for each snapshot of the repository; what cannot be read leaves the listing incomplete."""
    try:
        files = list(_objects(root, (*parts, "snapshots")))
        keys = [_read(root, file.parts) for file in list(_objects(root, (*parts, "keys")))[:MOST_KEYS]]
        with opened(root, (*parts, "config")) as descriptor:
            config_written = os.fstat(descriptor).st_mtime
        newest = heapq.nlargest(MOST_COPIES, files)
        bodies = [_read(root, file.parts) if file.size <= OBJECT_BYTES else None for file in newest]
        index, data = (_holds_objects(root, (*parts, name)) for name in ("index", "data"))
    except OSError:
        listing.complete = False
        return []
    listing.copies.left_out += len(files) - len(newest)
    proof = restic.read_keys(tuple(keys))
    lost = restic.missing(proof, index=index, data=data)
    kind = restic.date_kind(tuple(file.written for file in files), config_written)
    return [
        replace(
            _copy(file, restic.read_snapshot(file.parts[-1], body, proof, lost=lost), kind),
            name=file.parts[-1][:SHORT_ID],
        )
        for file, body in zip(newest, bodies, strict=True)
    ]


def _objects(root: int, parts: Parts) -> Iterator[File]:
    """The files of one folder of the repository whose names are those of its objects."""
    with folder(root, parts) as here, os.scandir(here) as entries:
        for entry in entries:
            if restic.is_object_name(entry.name) and entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                yield File(
                    credible=True, written=status.st_mtime, parts=(*parts, entry.name), size=status.st_size
                )


def _holds_objects(root: int, parts: Parts) -> bool:
    """Whether one object that is not empty stands in the folder, or in a folder right below (« data/00 »)."""
    if any(file.size for file in _objects(root, parts)):
        return True
    with folder(root, parts) as here, os.scandir(here) as entries:
        below = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return any(file.size for name in below for file in _objects(root, (*parts, name)))


def _read(root: int, parts: Parts) -> bytes:
    with opened(root, parts) as descriptor:
        return os.pread(descriptor, OBJECT_BYTES, 0)

"""The restore points of a borg repository: its archives when their list can be read, else its last transaction."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cyberaudit.facts.backup import DateKind, Role
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.borg.index import Index, read_index
from cyberaudit.probes.stores.borg.log import Log, Segment
from cyberaudit.probes.stores.borg.manifest import Archive, moment
from cyberaudit.probes.stores.borg.proof import NO_FAULT, Fault
from cyberaudit.probes.stores.borg.segments import BrokenEntry, Budget, entry_at
from cyberaudit.probes.stores.inspection import MOST_POINTS, Inspection, Point
from cyberaudit.probes.stores.reading import DAMAGED, INCOMPLETE, Reading
from cyberaudit.probes.stores.tree import Parts, Tree, read

# repository.py, append-only: « transaction 9, UTC time 2026-11-19T02:00:00.000000 ».
_TRANSACTION = re.compile(rb"transaction (\d{1,10}), UTC time ([0-9T:.-]{19,26})")
TRANSACTIONS_END = 4096
# Ours: clocks of a store and of its clients differ by less; dates further apart are not of one writing.
CLOCK_SLACK = timedelta(hours=1)
# Ours: archives whose place in the index is looked up, of a far location.
CHECKED_FAR = 3


@frozen
class Shelf:
    """Where the points of one repository are looked for."""

    inspection: Inspection
    parts: Parts
    log: Log
    reading: Reading
    """Of the repository as a whole."""

    @property
    def size(self) -> int:
        """Bytes of the list of archives, which stands for each."""
        return self.log.manifest.entry.size if self.log.manifest else 0


def transaction_point(shelf: Shelf) -> tuple[Point, ...]:
    """The last finished transaction: a copy, or a pruning, or a compaction: no copy is younger."""
    log = shelf.log
    segment = log.committed or next(iter(log.listing.segments), None)
    if segment is None:
        return ()
    written, source = _last_written(shelf, segment)
    point = Point(
        name=f"transaction {segment.number}",
        reading=replace(shelf.reading, fault=""),
        size=shelf.size or segment.size,
        written=written,
        date_kind=DateKind.UPPER_BOUND,
        date_source=source,
        role=Role.SNAPSHOT,
    )
    return (point,)


def _last_written(shelf: Shelf, segment: Segment) -> tuple[float, str]:
    """(seconds, source): the older of the segment's date and of what the append-only log says of it."""
    told = _logged(shelf.inspection.tree, shelf.parts, segment.number)
    if segment.written is None and told is None:
        return shelf.inspection.now.timestamp(), "le lieu ne donne pas de date"
    if told is not None and (segment.written is None or told.timestamp() < segment.written):
        return told.timestamp(), "fichier transactions (UTC), dernière transaction"
    return segment.written or 0.0, f"date de {segment.shown}, dernière transaction"


def _logged(tree: Tree, parts: Parts, number: int) -> datetime | None:
    where = (*parts, "transactions")
    try:
        start = max(tree.status(where).size - TRANSACTIONS_END, 0)
        data = read(tree, where, most=TRANSACTIONS_END, offset=start)
    except OSError:
        return None
    found = [match[2] for match in _TRANSACTION.finditer(data) if int(match[1]) == number]
    return moment(found[-1]) if found else None


def archive_points(shelf: Shelf, archives: tuple[Archive, ...]) -> Iterator[Point]:
    """One for each, newest first, at most `MOST_POINTS`; the description of each is looked up where it should be."""
    with ExitStack() as open_files:
        index = _index(shelf, open_files)
        for rank, archive in enumerate(archives[:MOST_POINTS]):
            unlooked = shelf.inspection.hurried() or (shelf.inspection.tree.far and rank >= CHECKED_FAR)
            yield _archive_point(shelf, archive, None if unlooked else index)


def moments_of(shelf: Shelf, archives: tuple[Archive, ...]) -> tuple[float, ...]:
    """The dates of all, as their points have them; an interrupted run is no step of the rhythm."""
    return tuple(_made(shelf, archive)[0] for archive in archives if not archive.is_checkpoint)


def _index(shelf: Shelf, open_files: ExitStack) -> Index | None:
    """The index of the last finished transaction, when it was written."""
    if shelf.log.committed is None:
        return None
    where = (*shelf.parts, f"index.{shelf.log.committed.number}")
    try:
        file = open_files.enter_context(shelf.inspection.tree.opened(where))
    except OSError:
        return None
    return read_index(file.read_at, file.entry.size)


def _archive_point(shelf: Shelf, archive: Archive, index: Index | None) -> Point:
    fault, why = _archive_fault(shelf, archive, index)
    evidence = " ; ".join(part for part in (shelf.reading.evidence, why) if part)
    written, kind, source = _made(shelf, archive)
    return Point(
        name=archive.name,
        reading=replace(shelf.reading, fault=fault, evidence=evidence),
        size=shelf.size,
        written=written,
        date_kind=kind,
        date_source=source,
        role=Role.SNAPSHOT,
    )


def _made(shelf: Shelf, archive: Archive) -> tuple[float, DateKind, str]:
    """(seconds, kind, source): the manifest's date, unless the file that holds it is older."""
    file = shelf.log.manifest.segment.written if shelf.log.manifest else None
    if archive.made is None:
        written = shelf.inspection.now.timestamp() if file is None else file
        return written, DateKind.UPPER_BOUND, "date illisible dans le manifeste, date de son segment"
    made = archive.made.timestamp()
    if file is not None and made > file + CLOCK_SLACK.total_seconds():
        said = archive.made.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
        return file, DateKind.UPPER_BOUND, f"date du segment, avant celle du manifeste ({said} UTC)"
    return made, DateKind.EXACT, "manifeste (UTC)"


def _archive_fault(shelf: Shelf, archive: Archive, index: Index | None) -> Fault:
    if archive.is_checkpoint:
        return INCOMPLETE, "point d'étape d'une copie interrompue"
    if index is None:
        return NO_FAULT
    place = index.place(archive.id)
    if place is None:
        return INCOMPLETE, f"sa description {archive.id.hex()[:16]} n'est pas dans l'index"
    segments = shelf.log.listing.segments
    segment = next((each for each in segments if each.number == place[0]), None)
    if segment is None:
        # Beyond the folders that were listed, it may be there.
        return (DAMAGED, f"segment {place[0]} absent") if shelf.log.listing.whole else NO_FAULT
    return _description_fault(shelf.inspection.tree, segment, place[1], archive)


def _description_fault(tree: Tree, segment: Segment, offset: int, archive: Archive) -> Fault:
    try:
        with tree.opened(segment.parts) as file:
            entry = entry_at(file.read_at, offset, file.entry.size, Budget(1, 0))
    except BrokenEntry as broken:
        return broken.fault, f"{segment.shown} : {broken.evidence}"
    except OSError:
        return DAMAGED, f"{segment.shown} ne peut être lu"
    if entry.key != archive.id:
        return DAMAGED, f"{segment.shown}+{offset} n'est pas la description de cette archive"
    return NO_FAULT

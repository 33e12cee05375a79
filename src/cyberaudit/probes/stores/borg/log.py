"""What the log of one borg repository proves: its last finished transaction, its manifest, its types, its damage."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.borg.objects import MANIFEST_ID, Envelope, envelope
from cyberaudit.probes.stores.borg.segments import (
    COMMIT,
    DELETE,
    MAGIC,
    PUT2,
    BrokenEntry,
    Budget,
    LogEntry,
    ends_with_commit,
    entry_at,
    log_entries,
)
from cyberaudit.probes.stores.inspection import Inspection
from cyberaudit.probes.stores.tree import Kind, Parts

DATA = "data"
# borg constants.py DEFAULT_SEGMENTS_PER_DIR.
A_FOLDER = 1000
# Ours: a folder of data/ holds a thousand segments of 500 MB: the newest say enough.
MOST_FOLDERS, MOST_FOLDERS_FAR = 8, 2
# Ours: fifty terabytes of them.
MOST_SEGMENTS = 100_000
# Ours: an interrupted run leaves some segments behind the last finished one; each costs an opening.
MOST_PROBED, MOST_PROBED_FAR = 1000, 20
# Ours: of the newest segments, what is summed to the last byte, and how many entries are then followed by their sizes.
SUMMED, SUMMED_FAR, SUMMED_DEEP = 32 * 1024 * 1024, 1024 * 1024, 1 << 60
STEPPED, STEPPED_FAR = 5000, 20
# Ours: objects counted one by one; beyond, the hints of the repository say how many there are.
MOST_COUNTED = 20_000


@frozen
class Segment:
    """One file of the log."""

    number: int
    parts: Parts
    size: int
    """-1 for a link or a device, which cannot be opened."""
    written: float | None

    @property
    def shown(self) -> str:
        return "/".join(self.parts[-3:])


@frozen
class Listing:
    """The segments of the folders that were listed, newest first."""

    segments: tuple[Segment, ...]
    whole: bool
    """No folder was left out."""
    cut: bool = False
    """A limit was met within a folder: what is not listed may be there."""
    folders: frozenset[int] = frozenset()
    """All that are there, listed or not."""

    @property
    def sorts_by_number(self) -> bool:
        """A segment's number tells its folder."""
        return all(segment.parts[-2] == str(segment.number // A_FOLDER) for segment in self.segments)


@frozen
class Manifest:
    """The list of the archives, as it was last put."""

    segment: Segment
    entry: LogEntry
    envelope: Envelope | None


@dataclass(slots=True)
class Log:
    """What was read of it."""

    listing: Listing
    committed: Segment | None = None
    """The newest that ends with a COMMIT."""
    unfinished: tuple[Segment, ...] = ()
    """Behind it."""
    sought_everywhere: bool = False
    """Every segment was asked for a COMMIT."""
    has_put2: bool = False
    """It is the log of a borg 2."""
    manifest: Manifest | None = None
    manifest_deleted: bool = False
    types: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Type byte → (how many objects, where the first stands: « octet 0x03 à data/0/1+49 »)."""
    fault: str = ""
    why: str = ""
    """French, of the fault."""
    whole: bool = False
    """Every entry of every segment was read and summed."""
    unread: int = 0
    """Segments that could not be opened, or vanished."""
    newest_operations: dict[bytes, bool] | None = field(default_factory=dict)
    """Id → whether the object is alive; None when they are too many."""

    @property
    def live(self) -> int | None:
        """How many objects are in use; None when not everything was read."""
        if not self.whole or self.newest_operations is None:
            return None
        return sum(self.newest_operations.values())


def list_segments(inspection: Inspection, parts: Parts) -> Listing:
    """The segments of the newest folders of data/; of all with --deep."""
    tree, where = inspection.tree, (*parts, DATA)
    above = list(islice(tree.entries(where), MOST_SEGMENTS + 1))
    names = [int(entry.name) for entry in above if entry.kind is Kind.FOLDER and _is_number(entry.name)]
    most = len(names) if inspection.deep else MOST_FOLDERS_FAR if tree.far else MOST_FOLDERS
    kept = sorted(names, reverse=True)[:most]
    found: list[Segment] = []
    cut = len(above) > MOST_SEGMENTS
    for folder in kept:
        if cut or inspection.hurried():
            cut = True
            break
        room = MOST_SEGMENTS - len(found)
        listed = list(islice(_segments(inspection, (*where, str(folder))), room + 1))
        found += listed[:room]
        cut = len(listed) > room
    found.sort(key=lambda segment: segment.number, reverse=True)
    return Listing(tuple(found), not cut and len(kept) == len(names), cut, frozenset(names))


def _segments(inspection: Inspection, here: Parts) -> Iterator[Segment]:
    """Those of one folder of data/, in no order."""
    for entry in inspection.tree.entries(here):
        if entry.kind is not Kind.FOLDER and _is_number(entry.name):
            size = entry.size if entry.kind is Kind.FILE else -1
            yield Segment(int(entry.name), (*here, entry.name), size, entry.written)


def _is_number(name: str) -> bool:
    """As the repository writes them; segments are counted in 32 bits (constants.py MAX_SEGMENT_INDEX)."""
    return name.isascii() and name.isdigit() and len(name) <= len(str(1 << 32))


def read_log(inspection: Inspection, parts: Parts) -> Log:
    """What the newest segments prove; with --deep, all of them.

    Raises:
        OSError: the folders of the log cannot be listed, or its newest segments not be read in time.
    """
    log = Log(list_segments(inspection, parts))
    if inspection.hurried():
        raise TimeoutError("no time left")
    _find_commit(inspection, log)
    if log.committed is None:
        return log
    _scan(inspection, log)
    if log.manifest is None and not log.manifest_deleted:
        _look_for_manifest(inspection, log)
    return log


def _find_commit(inspection: Inspection, log: Log) -> None:
    most = MOST_PROBED_FAR if inspection.tree.far else MOST_PROBED
    for rank, segment in enumerate(log.listing.segments[:most]):
        try:
            with inspection.tree.opened(segment.parts) as file:
                finished = ends_with_commit(file.read_at, file.entry.size)
        except FileNotFoundError:  # compacted away since it was listed
            log.unread += 1
            continue
        if finished:
            log.committed, log.unfinished = segment, log.listing.segments[:rank]
            return
    log.unfinished = log.listing.segments[:most]
    log.sought_everywhere = log.listing.whole and len(log.listing.segments) <= most


def _budget(inspection: Inspection) -> Budget:
    if inspection.deep:
        return Budget(SUMMED_DEEP, 0, inspection.hurried, hashes_all=True)
    if inspection.tree.far:
        return Budget(SUMMED_FAR, STEPPED_FAR, inspection.hurried)
    return Budget(SUMMED, STEPPED, inspection.hurried)


def _committed(log: Log) -> Iterator[Segment]:
    """The segments of finished transactions, newest first; one of 0 byte is on its way out (repository.py)."""
    newest = log.committed.number if log.committed else -1
    return (segment for segment in log.listing.segments if segment.number <= newest and segment.size)


def _scan(inspection: Inspection, log: Log) -> None:
    budget, log.whole = _budget(inspection), log.listing.whole
    for segment in _committed(log):
        try:
            finished = _scan_one(inspection, log, segment, budget)
        except OSError:
            log.unread += 1
            log.whole = False
            continue
        except BrokenEntry as broken:
            _note_fault(log, segment, broken)
            continue
        if not finished:
            log.whole = False
            return


def _note_fault(log: Log, segment: Segment, broken: BrokenEntry) -> None:
    """The newest damage is told."""
    log.whole = False
    if not log.fault:
        log.fault, log.why = broken.fault, f"{segment.shown} : {broken.evidence}"


def _scan_one(inspection: Inspection, log: Log, segment: Segment, budget: Budget) -> bool:
    """Whether it was read to its end."""
    last: dict[bytes, bool] = {}
    manifest, at = None, len(MAGIC)
    with inspection.tree.opened(segment.parts) as file:
        for entry in log_entries(file.read_at, file.entry.size, budget):
            at = entry.at + entry.size
            log.whole = log.whole and entry.summed
            if entry.tag == COMMIT:
                continue
            if len(last) < MOST_COUNTED:
                last[entry.key] = entry.tag != DELETE
            if entry.key == MANIFEST_ID:
                # Its sum is worth computing whatever was spent.
                manifest = entry_at(file.read_at, entry.at, file.entry.size, Budget(1, 0))
            _note_type(log, segment, entry)
        finished = at >= file.entry.size
    if manifest is not None and log.manifest is None and not log.manifest_deleted:
        _note_manifest(log, segment, manifest)
    _note_operations(log, last)
    return finished


def _note_type(log: Log, segment: Segment, entry: LogEntry) -> None:
    log.has_put2 = log.has_put2 or entry.tag == PUT2
    if entry.tag == DELETE or not entry.summed or not entry.data:
        return
    found = envelope_in(entry)
    if found is not None:
        count, place = log.types.get(found.type, (0, ""))
        shown = f"octet 0x{found.type:02x} à {segment.shown}+{entry.data_at + found.at}"
        log.types[found.type] = count + 1, place or shown


def _note_operations(log: Log, last: dict[bytes, bool]) -> None:
    """What a segment does last with each object; what a newer one did is known already."""
    known = log.newest_operations
    if known is None:
        return
    for key, alive in last.items():
        known.setdefault(key, alive)
    if len(known) >= MOST_COUNTED or len(last) >= MOST_COUNTED:
        log.newest_operations = None


def _note_manifest(log: Log, segment: Segment, entry: LogEntry) -> None:
    if entry.tag == DELETE:
        log.manifest_deleted = True
    else:
        log.manifest = Manifest(segment, entry, envelope_in(entry) if entry.summed else None)


def _look_for_manifest(inspection: Inspection, log: Log) -> None:
    """In the first entry of each segment: a manifest always begins one (repository.py, `want_new`)."""
    most = MOST_PROBED_FAR if inspection.tree.far else MOST_PROBED
    for segment in islice(_committed(log), most):
        if inspection.hurried():
            return
        try:
            with inspection.tree.opened(segment.parts) as file:
                entry = entry_at(file.read_at, len(MAGIC), file.entry.size, Budget(1, 0))
        except (OSError, BrokenEntry):
            continue
        if entry.tag != COMMIT and entry.key == MANIFEST_ID:
            _note_manifest(log, segment, entry)
            _note_type(log, segment, entry)
            return


def envelope_in(entry: LogEntry) -> Envelope | None:
    """The object of a PUT, in the layout of borg 1, or of a PUT2, in that of borg 2."""
    return envelope(entry.data, version=2 if entry.tag == PUT2 else 1)

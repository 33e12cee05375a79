"""One pass over a location: repositories are read where they are met, files are sorted by what their names tell."""

import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from cyberaudit.facts.backup import Encrypted
from cyberaudit.probes.stores.census import Census, Sort
from cyberaudit.probes.stores.inspection import Claim, Family, File, Found, Inspection
from cyberaudit.probes.stores.names import TEXT_SUFFIXES, is_system_folder, suffix
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.rhythm import Rhythms
from cyberaudit.probes.stores.tree import Entry, Kind, Parts

# Ours: a town's store is far below; a deeper or larger one is read in part and said so.
MOST_ENTRIES = 2_000_000
MOST_DEPTH = 40
# Ours: a repository shows its marks among the first names of its folder.
CLAIM_ENTRIES = 10_000
# Ours: copies kept and opened, newest first; files without a telling name; documents of a mirror.
MOST_COPIES, MOST_STRANGERS, MOST_DOCUMENTS = 200, 200, 200
# Ours: one set of volumes; ten years of daily copies have fewer files.
MOST_OF_A_FAMILY = 20_000
# Ours: the newest copies stand for the others: whether they can be erased.
NEWEST_SHOWN = 3
# Ours: a tool leaves a read-me and a report; a register of births is neither few nor short.
FEW_TEXTS, LARGE_TEXT = 10, 256 * 1024
# Ours: the clock is looked at once for so many names.
CLOCK_EVERY = 4096


# Asked a million times, and the class is slow to tell.
_FILE, _FOLDER = Kind.FILE, Kind.FOLDER
_Ranked = tuple[bool, float, Parts, int]
"""The fields of a `File`, compared like it and made in a third of its time."""


@dataclass(slots=True)
class Newest:
    """The newest files of a stream, in bounded memory."""

    limit: int
    count: int = 0
    _heap: list[_Ranked] = field(default_factory=list)

    def offer(self, parts: Parts, files: Sequence[Entry], *, future: float) -> None:
        """More files of one folder, kept or not: a million, so only what may be kept is more than compared."""
        self.count += len(files)
        heap = self._heap
        for entry in self._newer(files):
            written = entry.written or 0.0
            ranked = (written <= future, written, (*parts, entry.name), entry.size)
            if len(heap) < self.limit:
                heapq.heappush(heap, ranked)
            else:
                heapq.heappushpop(heap, ranked)

    def _newer(self, files: Sequence[Entry]) -> Sequence[Entry]:
        """Those that are no older than the oldest kept."""
        if len(self._heap) < self.limit or not self._heap[0][0]:
            return files
        oldest = self._heap[0][1]
        return [entry for entry in files if (entry[3] or 0.0) >= oldest]

    @property
    def left_out(self) -> int:
        """How many older ones were dropped."""
        return self.count - len(self._heap)

    def __iter__(self) -> Iterator[File]:
        return (File(*ranked) for ranked in sorted(self._heap, reverse=True))


@dataclass(slots=True)
class Texts:
    """Texts among the notes: a few explain copies, many or large ones are what somebody keeps there."""

    count: int = 0
    large: int = 0

    def add(self, notes: Sequence[Entry]) -> None:
        for entry in notes:
            if suffix(entry.name) in TEXT_SUFFIXES:
                self.count += 1
                self.large += entry.size > LARGE_TEXT

    @property
    def kept_for_themselves(self) -> int:
        """How many are no notes after all."""
        return self.count if self.count > FEW_TEXTS else self.large


@dataclass(slots=True)
class Walked:
    """What one pass over a location found."""

    future: float
    """Dates after it (seconds since 1970) are not credible."""
    copies: Newest = field(default_factory=lambda: Newest(MOST_COPIES))
    """Named like backups."""
    strangers: Newest = field(default_factory=lambda: Newest(MOST_STRANGERS))
    """Names that tell nothing."""
    documents: Newest = field(default_factory=lambda: Newest(MOST_DOCUMENTS))
    """Named like something else."""
    texts: Texts = field(default_factory=Texts)
    stores: list[tuple[Parts, Found]] = field(default_factory=list)
    """Repositories, read; not walked further."""
    sets: dict[tuple[Parts, str], list[File]] = field(default_factory=dict)
    """(folder, kind of family) → its files."""
    census: Census = field(init=False)
    rhythms: Rhythms = field(default_factory=Rhythms)
    entries: int = 0
    complete: bool = True

    def __post_init__(self) -> None:
        self.census = Census(self.future)


def walk(
    inspection: Inspection, claims: Sequence[Claim], families: Sequence[Family], *, future: float
) -> Walked:
    """Every plain file of the location; dates after `future` (seconds since 1970) are not credible.

    Raises:
        OSError: the location itself cannot be listed; below it, what cannot be makes the look incomplete.
    """
    walked = Walked(future)
    sorter = _Sorter(walked, families)
    waiting: list[Parts] = [()]
    while waiting and _may_go_on(inspection, walked):
        parts = waiting.pop()
        try:
            waiting += _one_folder(inspection, parts, sorter, claims)
        except OSError:
            if not parts:
                raise
            walked.census.unreadable(parts)
            walked.complete = False
    walked.census.newest = tuple(file.parts for file in islice(walked.copies, NEWEST_SHOWN))
    walked.census.awaited = min(walked.copies.count, MOST_COPIES)
    return walked


def _may_go_on(inspection: Inspection, walked: Walked) -> bool:
    if walked.entries < MOST_ENTRIES and not inspection.hurried():
        return True
    walked.complete = False
    return False


def _one_folder(
    inspection: Inspection, parts: Parts, sorter: "_Sorter", claims: Sequence[Claim]
) -> list[Parts]:
    """Sort the files of one folder; its sub-folders come back, unless it is a repository."""
    entries = inspection.tree.entries(parts)
    some = first = list(islice(entries, CLAIM_ENTRIES))
    claimed = _claimed(inspection, parts, first, claims)
    walked = sorter.walked
    if claimed is not None:
        keeps, found = claimed
        walked.stores.append((parts, found))
        walked.entries += len(first)
        walked.census.at_a_store(parts, [entry for entry in first if keeps(entry.name)])
        # What somebody else put into a repository is looked at like anything else.
        return sorter.add(parts, [entry for entry in first if not keeps(entry.name)])
    below: list[Parts] = []
    while some:
        walked.entries += len(some)
        below += sorter.add(parts, some)
        some = list(islice(entries, CLOCK_EVERY))
        if some and not _may_go_on(inspection, walked):
            return []
    if len(parts) >= MOST_DEPTH and below:
        walked.complete = False
        return []
    return below


def _claimed(
    inspection: Inspection, parts: Parts, first: list[Entry], claims: Sequence[Claim]
) -> tuple[Callable[[str], bool], Found] | None:
    own = parts[-1] if parts else inspection.tree.name
    folders = frozenset([entry[0] for entry in first if entry[1] is _FOLDER])
    # A link stands for the file it leads to: its reader is refused it, and says so.
    files = frozenset([entry[0] for entry in first if entry[1] is not _FOLDER])
    for claim in claims:
        if not claim.is_here(own, folders, files):
            continue
        try:
            found = claim.read(inspection, parts)
        except OSError:
            unread = Reading(claim.kind, Encrypted.UNKNOWN, "reconnu par ses noms, non lisible")
            return claim.keeps, Found(claim.kind, unread, points=(), complete=False)
        if found is not None:
            return claim.keeps, found
    return None


class _Sorter:
    """Puts each file where its name says."""

    def __init__(self, walked: Walked, families: Sequence[Family]) -> None:
        self.walked = walked
        self._families = families
        hints = "|".join(family.hint for family in families) or r"(?!)"
        # Without IGNORECASE, which takes five times as long; the names are put in lower case instead.
        self._hint = re.compile(hints)
        self._any_hint = re.compile(hints, re.MULTILINE)

    def add(self, parts: Parts, entries: Sequence[Entry]) -> list[Parts]:
        """Some entries of one folder; its sub-folders that are to be walked come back."""
        files = [entry for entry in entries if entry[1] is _FILE]
        below = [] if len(files) == len(entries) else list(self._others(parts, entries))
        walked = self.walked
        sorts = walked.census.sort(parts, files)
        in_sets = self._in_sets(parts, files)
        if in_sets:
            sorts = tuple([each for each in some if each.name not in in_sets] for some in sorts)
        walked.texts.add(sorts[Sort.NOTE])
        walked.documents.offer(parts, sorts[Sort.DOCUMENT], future=walked.future)
        walked.copies.offer(parts, sorts[Sort.COPY], future=walked.future)
        walked.strangers.offer(parts, sorts[Sort.STRANGER], future=walked.future)
        for name, _, _, written, *_ in sorts[Sort.COPY]:
            walked.rhythms.note(parts, name, written or 0.0, credible=(written or 0.0) <= walked.future)
        return below

    def _others(self, parts: Parts, entries: Sequence[Entry]) -> Iterator[Parts]:
        """What is no file: the folders to walk."""
        census = self.walked.census
        for entry in entries:
            if entry.kind is Kind.FOLDER:
                census.folder(parts, entry)
                if not is_system_folder(entry.name):
                    yield (*parts, entry.name)
            elif entry.kind is not Kind.FILE:
                census.left_out(parts, entry)

    def _in_sets(self, parts: Parts, files: Sequence[Entry]) -> frozenset[str]:
        """The names that belong to sets, put there."""
        # Joined, the names are looked through at once; most folders hold none.
        if not self._any_hint.search("\n".join([entry[0] for entry in files]).lower()):
            return frozenset()
        hinted = [entry for entry in files if self._hint.search(entry.name.lower())]
        return frozenset(entry.name for entry in hinted if self._is_of_a_set(parts, entry))

    def _is_of_a_set(self, parts: Parts, entry: Entry) -> bool:
        family = next((family for family in self._families if family.owns(entry.name)), None)
        if family is None:
            return False
        files = self.walked.sets.setdefault((parts, family.kind), [])
        if len(files) < MOST_OF_A_FAMILY:
            written = entry.written or 0.0
            files.append(File(written <= self.walked.future, written, (*parts, entry.name), entry.size))
        else:
            self.walked.complete = False
        return True

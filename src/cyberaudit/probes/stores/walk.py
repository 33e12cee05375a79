"""One pass over a location: repositories are read where they are met, files are sorted by what their names tell."""

import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from cyberaudit.facts.backup import Encrypted
from cyberaudit.probes.stores.census import Census, Sort
from cyberaudit.probes.stores.inspection import Claim, Family, File, Found, Inspection
from cyberaudit.probes.stores.names import is_system_folder
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
# Ours: the clock is looked at once for so many names.
CLOCK_EVERY = 4096


_Ranked = tuple[bool, float, Parts, int]
"""The fields of a `File`, compared like it and made in a third of its time."""


@dataclass(slots=True)
class Newest:
    """The newest files of a stream, in bounded memory."""

    limit: int
    count: int = 0
    _heap: list[_Ranked] = field(default_factory=list)

    def offer(self, parts: Parts, name: str, written: float, size: int, *, credible: bool) -> None:
        """One more file, kept or not: a million times, so without making a `File` of it."""
        self.count += 1
        heap = self._heap
        if len(heap) < self.limit:
            heapq.heappush(heap, (credible, written, (*parts, name), size))
        elif (credible, written) >= heap[0][:2]:
            heapq.heappushpop(heap, (credible, written, (*parts, name), size))

    @property
    def left_out(self) -> int:
        """How many older ones were dropped."""
        return self.count - len(self._heap)

    def __iter__(self) -> Iterator[File]:
        return (File(*ranked) for ranked in sorted(self._heap, reverse=True))


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
    first = list(islice(entries, CLAIM_ENTRIES))
    found = _claimed(inspection, parts, first, claims)
    walked = sorter.walked
    if found is not None:
        walked.stores.append((parts, found))
        walked.entries += len(first)
        walked.census.at_a_store(parts, first)
        return []
    below: list[Parts] = []
    for entry in chain(first, entries):
        walked.entries += 1
        if walked.entries % CLOCK_EVERY == 0 and not _may_go_on(inspection, walked):
            return []
        if entry.kind is Kind.FILE:
            sorter.add(parts, entry)
        elif entry.kind is Kind.FOLDER:
            walked.census.folder(parts, entry)
            if not is_system_folder(entry.name):
                below.append((*parts, entry.name))
        else:
            walked.census.left_out(parts, entry)
    if len(parts) >= MOST_DEPTH and below:
        walked.complete = False
        return []
    return below


def _claimed(
    inspection: Inspection, parts: Parts, first: list[Entry], claims: Sequence[Claim]
) -> Found | None:
    own = parts[-1] if parts else inspection.tree.name
    folders = frozenset(entry.name for entry in first if entry.kind is Kind.FOLDER)
    # A link stands for the file it leads to: its reader is refused it, and says so.
    files = frozenset(entry.name for entry in first if entry.kind is not Kind.FOLDER)
    for claim in claims:
        if not claim.is_here(own, folders, files):
            continue
        try:
            found = claim.read(inspection, parts)
        except OSError:
            unread = Reading(claim.kind, Encrypted.UNKNOWN, "reconnu par ses noms, non lisible")
            return Found(claim.kind, unread, points=(), complete=False)
        if found is not None:
            return found
    return None


class _Sorter:
    """Puts each file where its name says."""

    def __init__(self, walked: Walked, families: Sequence[Family]) -> None:
        self.walked = walked
        self._families = families
        hints = "|".join(family.hint for family in families) or r"(?!)"
        # Without IGNORECASE, which takes five times as long; the names are put in lower case instead.
        self._hint = re.compile(hints)

    def add(self, parts: Parts, entry: Entry) -> None:
        walked, name = self.walked, entry.name
        sort = walked.census.file(parts, entry)
        if self._families and self._hint.search(name.lower()) and self._is_of_a_set(parts, entry):
            return
        written = entry.written or 0.0
        credible = written <= walked.future
        if sort is Sort.DOCUMENT:
            walked.documents.offer(parts, name, written, entry.size, credible=credible)
        elif sort is Sort.COPY:
            walked.copies.offer(parts, name, written, entry.size, credible=credible)
            walked.rhythms.note(parts, name, written, credible=credible)
        elif sort is Sort.STRANGER:
            walked.strangers.offer(parts, name, written, entry.size, credible=credible)

    def _file(self, parts: Parts, entry: Entry) -> File:
        written = entry.written or 0.0
        return File(written <= self.walked.future, written, (*parts, entry.name), entry.size)

    def _is_of_a_set(self, parts: Parts, entry: Entry) -> bool:
        for family in self._families:
            if family.owns(entry.name):
                files = self.walked.sets.setdefault((parts, family.kind), [])
                if len(files) < MOST_OF_A_FAMILY:
                    files.append(self._file(parts, entry))
                else:
                    self.walked.complete = False
                return True
        return False

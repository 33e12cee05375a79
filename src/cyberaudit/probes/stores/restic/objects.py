"""The files of a restic repository, each named after the SHA-256 of its bytes: listed and hashed within limits."""

import hashlib
import heapq
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.inspection import Inspection
from cyberaudit.probes.stores.tree import Entry, Kind, Parts

_NAME = re.compile(r"[0-9a-f]{64}")
_LONGER = re.compile(r"([0-9a-f]{64}).+", re.DOTALL)
_OTHER_CASE = re.compile(r"[0-9a-fA-F]{64}")
_PACK_FOLDER = re.compile(r"[0-9a-f]{2}")
# Ours: names of pack folders listed: a town's repository whole (some 60 GB), a larger one by its newest.
MOST_PACKS, MOST_PACKS_DEEP = 4096, 1_000_000
# Ours: of a far place, the folders changed last, each one question.
FAR_FOLDERS = 4
# Ours: names of one other folder; a snapshot each hour makes that many in twenty years.
MOST_OBJECTS = 200_000
# Ours: the clock is looked at once for so many names.
CLOCK_EVERY = 1024
# Ours: names kept of what is out of place.
MOST_STRANGE = 20
CHUNK = 1024 * 1024


@dataclass(slots=True)
class Objects:
    """What one folder holds, in bounded memory."""

    credible: float
    """Dates after it (seconds since 1970) are not."""
    keep: int
    """How many of the newest are kept."""
    count: int = 0
    empty: int = 0
    voids: list[Entry] = field(default_factory=list)
    """The first of those of 0 byte."""
    undated: int = 0
    moments: "array[float]" = field(default_factory=lambda: array("d"))
    temporary: list[Entry] = field(default_factory=list)
    """« …-tmp-… », as the tool names what it has not finished."""
    longer: dict[str, Entry] = field(default_factory=dict)
    """An object's name → its file, which has something behind that name, or capitals in it."""
    complete: bool = True
    """All names were seen."""
    nested: bool = False
    """They stand one folder below, that of their first two digits."""
    filled: set[str] = field(default_factory=set)
    """Of those folders, the ones that hold some, or that no time was left to list."""
    _heap: list[tuple[bool, float, str, Entry]] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        if entry.kind is not Kind.FILE:
            return
        if _NAME.fullmatch(entry.name) is None:
            self._add_strange(entry)
            return
        self.count += 1
        self.empty += not entry.size
        if not entry.size and len(self.voids) < MOST_STRANGE:
            self.voids.append(entry)
        self.undated += entry.written is None
        written = entry.written or 0.0
        self.moments.append(written)
        ranked = (written <= self.credible, written, entry.name, entry)
        if len(self._heap) < self.keep:
            heapq.heappush(self._heap, ranked)
        elif self._heap[0] < ranked:
            heapq.heapreplace(self._heap, ranked)

    def _add_strange(self, entry: Entry) -> None:
        if _OTHER_CASE.fullmatch(entry.name) and len(self.longer) < MOST_STRANGE:
            self.longer[entry.name.lower()] = entry
            return
        match = _LONGER.fullmatch(entry.name)
        if match is None:
            return
        if "-tmp-" in entry.name:
            if len(self.temporary) < MOST_STRANGE:
                self.temporary.append(entry)
        elif len(self.longer) < MOST_STRANGE:
            self.longer[match[1]] = entry

    @property
    def newest(self) -> tuple[Entry, ...]:
        """Newest first, those of the future last."""
        return tuple(each[-1] for each in sorted(self._heap, reverse=True))


def objects_in(inspection: Inspection, parts: Parts, *, credible: float, keep: int) -> Objects:
    """One folder; none when it is not there.

    Raises:
        OSError: it is there, and cannot be listed.
    """
    found = Objects(credible, keep)
    _fill(inspection, found, parts, most=MOST_OBJECTS)
    return found


def packs_in(inspection: Inspection, parts: Parts, *, credible: float, keep: int) -> Objects:
    """The packs: in the folder itself, or one folder below it; of a large repository, those changed last."""
    found = Objects(credible, keep)
    most = MOST_PACKS_DEEP if inspection.deep else MOST_PACKS
    folders = _fill(inspection, found, parts, most=most)
    found.nested = not found.count
    if not found.nested:
        return found
    folders.sort(key=lambda entry: (entry.written or 0.0, entry.name), reverse=True)
    for rank, folder in enumerate(folders):
        enough = found.count >= most or (inspection.tree.far and not inspection.deep and rank >= FAR_FOLDERS)
        if (enough and found.count) or inspection.hurried():
            found.complete = False
            found.filled |= {each.name for each in folders[rank:]}
            break
        before = found.count
        _fill(inspection, found, (*parts, folder.name), most=most)
        if found.count > before:
            found.filled.add(folder.name)
    return found


def _fill(inspection: Inspection, found: Objects, parts: Parts, *, most: int) -> list[Entry]:
    """Add the folder's files; its own folders come back."""
    folders: list[Entry] = []
    try:
        for number, entry in enumerate(islice(inspection.tree.entries(parts), most + 1)):
            if number == most or (number % CLOCK_EVERY == CLOCK_EVERY - 1 and inspection.hurried()):
                found.complete = False
                break
            if entry.kind is Kind.FOLDER and _PACK_FOLDER.fullmatch(entry.name):
                folders.append(entry)
            found.add(entry)
    except FileNotFoundError:
        pass
    return folders


def lost_under_their_name(
    inspection: Inspection, found: Objects, where: Callable[[str], Parts]
) -> list[Entry]:
    """Files that carry an object's name changed, the object itself being gone."""
    gone = []
    for name, entry in found.longer.items():
        try:
            inspection.tree.status(where(name))
        except FileNotFoundError:
            gone.append(entry)
    return gone


@frozen
class Hashed:
    """What hashing some objects showed."""

    seen: frozenset[Entry]
    """Those that are what their names say."""
    bad: tuple[Entry, ...]
    unread: tuple[Entry, ...]
    """This account may not read them, or they went away."""


def hash_objects(
    inspection: Inspection, entries: Sequence[Entry], where: Callable[[str], Parts], *, budget: int
) -> Hashed:
    """Newest first, while they stay within `budget` bytes; one that is empty costs nothing."""
    good: list[Entry] = []
    bad: list[Entry] = []
    unread: list[Entry] = []
    for entry in entries:
        budget -= entry.size
        if (budget < 0 and not inspection.deep) or inspection.hurried():
            continue
        try:
            same = is_itself(inspection, where(entry.name), entry.name)
        except OSError:
            unread.append(entry)
            continue
        if same is not None:
            (good if same else bad).append(entry)
    return Hashed(frozenset(good), tuple(bad), tuple(unread))


def is_itself(inspection: Inspection, parts: Parts, name: str) -> bool | None:
    """Whether the SHA-256 of the file is its name; None when there was no time to see.

    Raises:
        OSError: it cannot be read.
    """
    digest, offset = hashlib.sha256(), 0
    with inspection.tree.opened(parts) as file:
        while data := file.read_at(offset, CHUNK):
            digest.update(data)
            offset += len(data)
            if inspection.hurried():
                return None
    return digest.hexdigest() == name


def oldest_of(entries: Iterable[Entry]) -> float:
    """The oldest date among these files; 0 when one has none."""
    return min((entry.written or 0.0 for entry in entries), default=0.0)

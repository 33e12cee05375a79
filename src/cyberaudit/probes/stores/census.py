"""What every file of a location tells by its name, size, dates and rights alone, counted in one pass."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from string import hexdigits
from typing import NamedTuple

from cyberaudit.facts.backup import Anomaly, Protection, Trouble
from cyberaudit.probes.stores.beside import Beside, secrets_beside
from cyberaudit.probes.stores.endings import MARKED, NOTE, SECRETIVE, USUAL, is_strange
from cyberaudit.probes.stores.inspection import Inspection, anomaly
from cyberaudit.probes.stores.names import (
    NOTE_SUFFIXES,
    READABLE_SUFFIXES,
    SILENT_SUFFIXES,
    is_copy_by_name,
    is_named_otherwise,
    is_note,
)
from cyberaudit.probes.stores.ransom import Traces, traces_of_ransom
from cyberaudit.probes.stores.rights import Rights, protection_of
from cyberaudit.probes.stores.sampling import Evenly, First, few
from cyberaudit.probes.stores.tree import Entry, Kind, Parts

# Ours: endings remembered, seconds counted: bounded memory.
MOST_ENDINGS, MOST_SECONDS = 5_000, 1_000
# Ours: fewer empty files, or a smaller part of them all, are marks that software leaves.
LEAST_EMPTY, EMPTY_SHARE = 10, 0.30
# Ours: as many files written in one second were copied without their dates.
LEAST_OF_A_SECOND, SECOND_SHARE = 20, 0.9
# Ours: fewer files dated before are pictures of a camera whose clock was not set.
LEAST_EPOCH, EPOCH_SHARE = 5, 0.30
# 3 January 1980: FAT counts from the 1st of that year, in local time; Unix from 1970.
EPOCHS_END = 315_705_600.0
SORTED_BY_NAME = frozenset({"db", "ini"})
"""« thumbs.db » and « desktop.ini » are notes by themselves."""
LEADING_MARKS = frozenset(".@#~")
"""What may make a note of anything: such a name is sorted whole."""
_WORDS = READABLE_SUFFIXES | SILENT_SUFFIXES | NOTE_SUFFIXES
"""Endings that tell something even as a whole name."""


class Sort(IntEnum):
    """What a name tells of its file; the place of its list among `Sorted`."""

    NOTE = 0
    DOCUMENT = 1
    COPY = 2
    STRANGER = 3


Sorted = tuple[list[Entry], ...]
"""The files of each `Sort`, as they came."""


class Tally(NamedTuple):
    """One ending, and what it means."""

    ending: str
    """In lower case."""
    sort: Sort
    marked: bool
    watched: bool
    """Something more is to be seen in its files."""
    strange: bool
    note: bool
    secretive: bool
    by_name: bool
    """Some whole names with this ending are sorted elsewhere."""


def tally_of(name: str) -> Tally:
    """What the ending of this name means; the name itself stands for it when it has no dot."""
    ending = name.lower().rpartition(".")[2] if "." in name else ""
    strange, marked = is_strange(ending), ending in MARKED
    note, secretive = ending in NOTE, ending in SECRETIVE
    watched = strange or note or secretive
    return Tally(ending, sort_of(name), marked, watched, strange, note, secretive, ending in SORTED_BY_NAME)


def sort_of(name: str) -> Sort:
    """Where the name alone puts the file."""
    if is_note(name):
        return Sort.NOTE
    if is_named_otherwise(name):
        return Sort.DOCUMENT
    return Sort.COPY if is_copy_by_name(name) else Sort.STRANGER


_BARE = tally_of("x")
_HASH = _BARE._replace(watched=False, note=False, secretive=False)
"""A number, or a hash: no word in it calls for a look."""


def _bare(name: str) -> Tally:
    """Of a name without a dot: there are as many of them as files, so that none is remembered."""
    if not name.isalnum() or name.lower() in _WORDS:
        return tally_of(name)
    return _BARE if name.strip(hexdigits) else _HASH


@dataclass(slots=True)
class Census:
    """Bounded memory; a million names pass: what is done once for each of them takes a fraction of a microsecond."""

    future: float = float("inf")
    """Dates after it (seconds since 1970) are not credible."""
    newest: tuple[Parts, ...] = ()
    """The newest copies of the location, set when the pass is done."""
    awaited: int = 0
    """Copies that will be opened after this: their share of the heads is theirs."""
    files: int = 0
    empty: First = field(default_factory=First)
    ahead: First = field(default_factory=First)
    epoch: First = field(default_factory=First)
    links: First = field(default_factory=First)
    devices: First = field(default_factory=First)
    closed: First = field(default_factory=First)
    traces: Traces = field(default_factory=Traces)
    beside: Beside = field(default_factory=Beside)
    rights: Rights = field(default_factory=Rights)
    _seconds: dict[int, int] = field(default_factory=dict)
    _endings: dict[str, Tally] = field(default_factory=dict)

    def sort(self, parts: Parts, files: Sequence[Entry]) -> Sorted:
        """Plain files of the folder `parts`, whatever they are, counted; where their names put them, in their order."""
        self.rights.enter(parts)
        self.files += len(files)
        if 0 in [entry.size for entry in files]:
            self._empty(parts, files)
        self._dates(parts, files)
        for name, mode in [(entry.name, entry.mode) for entry in files if (entry.mode or 0) & 0o006]:
            self.rights.file(parts, name, mode or 0)
        return self._sorted(parts, files)

    def _empty(self, parts: Parts, files: Sequence[Entry]) -> None:
        for entry in files:
            if not entry.size:
                self.empty.offer(parts, entry.name)

    def _dates(self, parts: Parts, files: Sequence[Entry]) -> None:
        moments = [entry.written for entry in files if entry.written is not None]
        seconds = self._seconds
        for second, count in Counter(map(int, moments)).items():
            if second in seconds:
                seconds[second] += count
            elif len(seconds) < MOST_SECONDS:
                seconds[second] = count
        if moments and not (min(moments) >= EPOCHS_END and max(moments) <= self.future):
            self._odd(parts, files)

    def _odd(self, parts: Parts, files: Sequence[Entry]) -> None:
        for entry in files:
            if entry.written is None or EPOCHS_END <= entry.written <= self.future:
                continue
            (self.ahead if entry.written > self.future else self.epoch).offer(parts, entry.name)

    def _sorted(self, parts: Parts, files: Sequence[Entry]) -> Sorted:
        found: Sorted = tuple([] for _ in Sort)
        known = self._endings
        marked: list[str] = []
        for entry in files:
            name = entry[0]
            head, dot, ending = name.rpartition(".")
            tally = (known.get(ending) or self._new(ending)) if dot else _bare(name)
            if tally.marked:
                marked.append(name)
            elif tally.watched:
                self._watched(parts, entry, tally, head)
            by_name = tally.by_name or name[:1] in LEADING_MARKS
            found[sort_of(name) if by_name else tally.sort].append(entry)
        _offer_all(self.traces.documents, parts, marked)
        return found

    def _new(self, ending: str) -> Tally:
        tally = tally_of(f"x.{ending}")
        if len(self._endings) < MOST_ENDINGS:
            self._endings[ending] = tally
        return tally

    def _watched(self, parts: Parts, entry: Entry, tally: Tally, head: str) -> None:
        if tally.strange:
            inner = head.lower().rpartition(".")
            self.traces.strange_file(
                parts, entry, tally.ending, inner[2] if inner[1] and inner[2] in USUAL else ""
            )
        if tally.note:
            self.traces.text(parts, entry)
        if tally.secretive:
            self.beside.file(parts, entry.name, entry.size)

    def at_a_store(self, parts: Parts, entries: list[Entry]) -> None:
        """The names of the folder of a repository, which its reader has read: rights, and secrets beside them."""
        self.rights.enter(parts)
        for entry in entries:
            if entry.kind is Kind.FOLDER:
                self.rights.folder(parts, entry)
            elif entry.kind is Kind.FILE:
                self.rights.file(parts, entry.name, entry.mode or 0)
                if entry.name.rpartition(".")[2].lower() in SECRETIVE or "." not in entry.name:
                    self.beside.file(parts, entry.name, entry.size)

    def folder(self, parts: Parts, entry: Entry) -> None:
        """A folder below `parts`."""
        self.rights.folder(parts, entry)

    def left_out(self, parts: Parts, entry: Entry) -> None:
        """A link, a device, a pipe: not looked at."""
        (self.links if entry.kind is Kind.LINK else self.devices).offer(parts, entry.name)

    def unreadable(self, parts: Parts) -> None:
        """A folder that this account may not list."""
        self.closed.offer(parts[:-1], parts[-1])

    def anomalies(self, inspection: Inspection) -> tuple[Anomaly, ...]:
        """What the whole pass shows, the suspects looked at."""
        kept = 0 if self.traces.alarming(self.files) else self.awaited
        return (
            *traces_of_ransom(inspection, self.traces, files=self.files, heads=inspection.heads - kept),
            *secrets_beside(inspection, self.beside),
            *self._sizes_and_dates(),
            *self._not_seen(),
        )

    def protection(self, inspection: Inspection) -> Protection:
        """Who could write or erase there."""
        return protection_of(inspection.tree.safeguards(self.newest), self.rights)

    def _sizes_and_dates(self) -> Iterator[Anomaly]:
        if self._is_mass(self.empty.count, least=LEAST_EMPTY, share=EMPTY_SHARE):
            yield _of(Trouble.EMPTY_FILES, self.empty, f"sur {self.files} fichiers, 0 octet")
        if self.ahead.count:
            yield _of(Trouble.FUTURE_DATES, self.ahead, "daté dans le futur")
        if self._is_mass(self.epoch.count, least=LEAST_EPOCH, share=EPOCH_SHARE):
            yield _of(Trouble.LOST_DATES, self.epoch, "daté de 1970 ou de 1980 : horloge ou dates perdues")
        second, count = max(self._seconds.items(), key=lambda each: each[1], default=(0, 0))
        if self._is_mass(count, least=LEAST_OF_A_SECOND, share=SECOND_SHARE):
            evidence = (
                f"{count} fichiers sur {self.files} datés de la même seconde ({second}) : celle d'une recopie"
            )
            yield anomaly(Trouble.LOST_DATES, (), evidence, count=count)

    def _is_mass(self, count: int, *, least: int, share: float) -> bool:
        return count >= least and count >= share * self.files

    def _not_seen(self) -> Iterator[Anomaly]:
        for found, what in (
            (self.links, "lien, non suivi"),
            (self.devices, "périphérique, tube ou prise, non ouvert"),
        ):
            if found.count:
                yield _of(Trouble.LEFT_OUT, found, what)
        if self.closed.count:
            yield _of(Trouble.UNREADABLE, self.closed, "dossier que ce compte ne peut pas lire")


def _offer_all(evenly: Evenly, parts: Parts, names: Sequence[str]) -> None:
    """One offer for each name, in the time of those that are kept."""
    rank = 0
    while rank < len(names):
        skipped = min(-evenly.count % evenly.step, len(names) - rank)
        evenly.count += skipped
        rank += skipped
        if rank < len(names):
            evenly.offer(parts, names[rank])
            rank += 1


def _of(code: Trouble, found: First, what: str) -> Anomaly:
    return anomaly(code, (), f"{what} : {few(found.kept, found.count)}", count=found.count)

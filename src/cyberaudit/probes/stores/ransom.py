"""Traces that ransomware leaves: none is worth anything alone, and no honest encryption is accused."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from cyberaudit.facts.backup import Anomaly, Trouble
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.endings import AMBIGUOUS, USUAL
from cyberaudit.probes.stores.inspection import Inspection, anomaly
from cyberaudit.probes.stores.magic import LEAST, has_lost_its_magic, is_blank
from cyberaudit.probes.stores.reading import Sample
from cyberaudit.probes.stores.recognise import recognise
from cyberaudit.probes.stores.sampling import Evenly, few
from cyberaudit.probes.stores.tree import Entry, Parts, read

# Ours: fewer renamed files, or a smaller part of them all, are no mass.
LEAST_MASS, MASS_SHARE = 5, 0.30
# Ours: of the files sampled, as many have lost what they were.
LOST_SHARE, LEAST_LOOKED = 0.8, 3
# Ours: without renaming, and without a demand, fewer documents than these are bad luck.
LEAST_IN_PLACE = 8
# Ours: a server is encrypted in a night; years of documents are not written in a day.
BURST_HOURS, BURST_SHARE = 24, 0.8
# Ours: one demand in as many folders is not a document about ransomware.
DEMAND_FOLDERS = 3
# Ours: bounded memory and reading.
MOST_HOURS, MOST_NOTES, MOST_OPENED, SAMPLED = 20_000, 200, 6, 40
NOTE_BYTES, NOTE_READ = 256 * 1024, 32 * 1024
FIRST_LOOK = 8
_NOTE_NAME = re.compile(
    r"read.?me|how.?to|decrypt|d[eé]chiffr|recover|restore|ransom|ran[cç]on|instruc|lisez|unlock|warning|attention"
    r"|help|files|note|!!|important|pay|^info\."
)
"""Of a name in lower case: to ignore case takes eight times as long."""
_ADDRESSED = re.compile(r"\.([A-Za-z0-9]{1,8})[-._ ]{1,2}(?:id)?[-_]?\[[^\]]{3,80}\]")
_LOCKED = re.compile(
    rb"encrypt|d[e\xc3\xa9]+crypt|chiffr[e\xc3\xa9\xe9]|crypt[e\xc3\xa9\xe9]s|locked|verrouill|stolen|leak",
    re.IGNORECASE,
)
_PAYING = re.compile(
    rb"bitcoin|\bbtc\b|monero|\bxmr\b|\.onion|tor browser|torproject|ransom|ran[c\xc3\xa7\xe7]+on|onionmail|tox id",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Note:
    folders: int
    size: int
    sample: Parts


@dataclass(slots=True)
class Traces:
    """What the names and dates of the whole location show, gathered in one pass and bounded memory."""

    strange: Counter[str] = field(default_factory=Counter)
    """Strange ending → files."""
    renamed: Counter[str] = field(default_factory=Counter)
    """Of them, those put after a usual one: « budget.docx.xyz »."""
    ambiguous: int = 0
    """Of the renamed, those whose ending is also that of honest tools."""
    samples: Evenly = field(default_factory=lambda: Evenly(SAMPLED))
    documents: Evenly = field(default_factory=lambda: Evenly(SAMPLED))
    written: Counter[int] = field(default_factory=Counter)
    """Hour since 1970 → strange files written in it."""
    changed: Counter[int] = field(default_factory=Counter)
    notes: dict[str, _Note] = field(default_factory=dict)

    def strange_file(self, parts: Parts, entry: Entry, ending: str, inner: str) -> None:
        """`inner`: the ending before the strange one, in lower case; empty when it is none that is usual."""
        self.strange[_kept(self.strange, ending)] += 1
        if inner or _has_an_address(entry.name):
            self.renamed[_kept(self.renamed, ending)] += 1
            self.ambiguous += ending in AMBIGUOUS
            self.samples.offer(parts, entry.name)
        for hours, moment in ((self.written, entry.written), (self.changed, entry.changed)):
            if moment is not None and len(hours) < MOST_HOURS:
                hours[int(moment // 3600)] += 1

    def text(self, parts: Parts, entry: Entry) -> None:
        """A text, or a page: a note when it is named like one."""
        known = self.notes.get(entry.name)
        if known is not None:
            known.folders += 1
            return
        if not 0 < entry.size <= NOTE_BYTES or not _NOTE_NAME.search(entry.name.lower()):
            return
        if len(self.notes) >= MOST_NOTES:
            self.notes = {name: note for name, note in self.notes.items() if note.folders > 1}
        if len(self.notes) < MOST_NOTES:
            self.notes[entry.name] = _Note(1, entry.size, (*parts, entry.name))

    def is_mass(self, count: int, files: int) -> bool:
        return count >= LEAST_MASS and count >= MASS_SHARE * files

    def alarming(self, files: int) -> bool:
        """Names alone call for a look, before anything else is opened."""
        return self.is_mass(self.strange.total(), files)


def _has_an_address(name: str) -> bool:
    """« budget.docx.id[4F2A-1107].[someone@example.net].abc »: where to write to, between the two endings."""
    found = _ADDRESSED.search(name)
    return found is not None and found[1].lower() in USUAL


def _kept(known: Counter[str], ending: str) -> str:
    """Random endings are counted together past a thousand."""
    return ending if ending in known or len(known) < 1000 else ""


@frozen
class _Heads:
    """What the files sampled are."""

    looked: int
    lost: tuple[Parts, ...]
    blank: int

    @property
    def are_lost(self) -> bool:
        return self.looked >= LEAST_LOOKED and len(self.lost) >= LOST_SHARE * self.looked


def traces_of_ransom(inspection: Inspection, traces: Traces, *, files: int, heads: int) -> Iterator[Anomaly]:
    """What the traces amount to together; `files` plain files in all, `heads` files at most are opened."""
    left = min(heads, inspection.heads, SAMPLED)
    renamed = traces.renamed.total()
    mass = traces.is_mass(renamed, files)
    demand = _demand(inspection, traces)
    looked = _look(inspection, traces.samples.kept, left) if mass else _Heads(0, (), 0)
    burst = _in_one_burst(traces)
    if mass and _is_the_work_of_ransomware(traces, looked, burst=burst, demand=demand is not None):
        yield anomaly(Trouble.MASS_RENAMED, (), _mass(traces, renamed, files, burst=burst), count=renamed)
        yield from _lost(looked, "échantillons des fichiers renommés")
        yield from _asked(demand)
        return
    in_place = _documents(inspection, traces, left - looked.looked)
    yield from _lost_in_place(in_place, demand)
    yield from _others(traces, files, demand, burst=burst)


def _is_the_work_of_ransomware(traces: Traces, looked: _Heads, *, burst: bool, demand: bool) -> bool:
    """Renamed in mass, unreadable, and either asked money for, or done in one go by no honest tool known."""
    honest = traces.ambiguous * 2 > traces.renamed.total()
    if looked.looked < LEAST_LOOKED:
        return demand and burst
    return looked.are_lost and (demand or (burst and not honest))


def _lost_in_place(looked: _Heads, demand: tuple[_Note, str] | None) -> Iterator[Anomaly]:
    if looked.are_lost and (looked.looked >= LEAST_IN_PLACE or demand):
        yield from _lost(looked, "documents sondés")


def _others(
    traces: Traces, files: int, demand: tuple[_Note, str] | None, *, burst: bool
) -> Iterator[Anomaly]:
    """Names replaced to their last letter, and a demand spread over the folders."""
    if demand is None:
        return
    ending, count = max(traces.strange.items(), key=lambda each: each[1], default=("", 0))
    if burst and ending and traces.is_mass(count, files):
        evidence = f"{count} fichiers sur {files} finissent par « .{ending} », écrits en une fois"
        yield anomaly(Trouble.MASS_RENAMED, (), evidence, count=count)
    elif demand[0].folders < DEMAND_FOLDERS:
        return
    yield from _asked(demand)


def _documents(inspection: Inspection, traces: Traces, most: int) -> _Heads:
    """A first look at a few documents; a second one at more of them when one has lost its bytes."""
    kept = traces.documents.kept
    spread = kept[:: max(len(kept) // FIRST_LOOK, 1)][:FIRST_LOOK]
    first = _look(inspection, spread, most)
    if not first.lost:
        return first
    rest = [parts for parts in kept if parts not in spread]
    more = _look(inspection, rest, most - first.looked)
    return _Heads(first.looked + more.looked, first.lost + more.lost, first.blank + more.blank)


def _look(inspection: Inspection, places: list[Parts], most: int) -> _Heads:
    looked, blank = 0, 0
    lost: list[Parts] = []
    for parts in places[: max(most, 0)]:
        if inspection.hurried():
            break
        inspection.heads -= 1
        try:
            with inspection.sample(parts, patience=0) as sample:
                head = sample.head
                known = not has_lost_its_magic(head) or _is_a_container(sample)
        except OSError:
            continue
        if len(head) < LEAST:
            continue
        looked += 1
        blank += is_blank(head)
        if not known:
            lost.append(parts)
    return _Heads(looked, tuple(lost), blank)


def _is_a_container(sample: Sample) -> bool:
    """Written by a tool that signs what it writes, whole or not: its owner's work."""
    # Without its name: some formats are told by it alone.
    return recognise(replace(sample, name="")) is not None


def _demand(inspection: Inspection, traces: Traces) -> tuple[_Note, str] | None:
    """The most widespread note that says both what was done and how to pay."""
    notes = sorted(traces.notes.values(), key=lambda note: note.folders, reverse=True)
    for note in notes[:MOST_OPENED]:
        try:
            text = read(inspection.tree, note.sample, most=NOTE_READ).replace(b"\0", b"")
        except OSError:
            continue
        locked, paying = _LOCKED.search(text), _PAYING.search(text)
        if locked and paying:
            return note, f"« {locked[0].decode('latin-1')} » et « {paying[0].decode('latin-1')} »"
    return None


def _asked(demand: tuple[_Note, str] | None) -> Iterator[Anomaly]:
    if demand is not None:
        note, words = demand
        evidence = f"« {note.sample[-1]} » dans {note.folders} dossier(s), on y lit {words}"
        yield anomaly(Trouble.RANSOM_NOTE, note.sample[:-1], evidence, count=note.folders)


def _lost(looked: _Heads, what: str) -> Iterator[Anomaly]:
    if looked.are_lost:
        evidence = (
            f"{len(looked.lost)} {what} sur {looked.looked} n'ont plus les premiers octets de leur format : "
            f"{few(looked.lost, len(looked.lost))}"
        )
        yield anomaly(Trouble.LOST_MAGIC, (), evidence, count=len(looked.lost))


def _mass(traces: Traces, renamed: int, files: int, *, burst: bool) -> str:
    ending, count = traces.renamed.most_common(1)[0]
    one = f"« .{ending} »" if count * 2 > renamed else f"{len(traces.renamed)} fins de noms différentes"
    when = ", écrits en moins d'un jour" if burst else ""
    return f"{renamed} fichiers sur {files} ont {one} ajouté à leur nom{when} : {few(traces.samples.kept, renamed)}"


def _in_one_burst(traces: Traces) -> bool:
    """By their dates, and by those that nobody sets at will where the place tells them."""
    return _bursts(traces.written) and (not traces.changed or _bursts(traces.changed))


def _bursts(hours: Counter[int]) -> bool:
    total = hours.total()
    if total < LEAST_MASS:
        return False
    best = current = start = 0
    ordered = sorted(hours)
    for hour in ordered:
        current += hours[hour]
        while hour - ordered[start] >= BURST_HOURS:
            current -= hours[ordered[start]]
            start += 1
        best = max(best, current)
    return best >= BURST_SHARE * total

"""A folder encrypted file by file: what it lists, what the heads of some files prove, the one copy that it makes."""

import heapq
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, Encrypted, Role, Trouble
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable
from cyberaudit.probes.stores.inspection import NO_PASSWORD, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.names import is_system_folder
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, TRUNCATED, Reading, Sample
from cyberaudit.probes.stores.tree import Entry, Kind, Parts
from cyberaudit.probes.stores.vaults.passage import FUTURE_SLACK_SECONDS, Dated, last_passage

# Ours: more files than a town's vault changes in months; a far place is asked a tenth.
MOST_ENTRIES, MOST_FAR_ENTRIES = 20_000, 2_000
MOST_DEPTH = 40
# Ours: files whose dates are kept; heads read of the newest, of names not the tool's, and of any.
MOST_DATED, OF_THE_NEWEST, OF_ODD_NAMES, OF_ANY = 200, 12, 12, 12
# Ours: of 1024 random bytes, 251 ± 3 of the 256 values appear; sixteen are all printable once in ten million.
MANY_BYTES, MANY_VALUES, FEW_BYTES, HEAD_BYTES = 1024, 200, 16, 4096
# Ours: from half of the files looked at, the copy is not worth restoring; a few may be empty for good reason.
LOST_SHARE, MANY_EMPTY = 0.5, 5
SHOWN_NAMES, SHOWN_LETTERS = 3, 40
SYSTEM_NAMES = frozenset({"thumbs.db", "desktop.ini"})
READABLE_STARTS = (
    b"PK\x03\x04", b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"{\\rtf", b"II*\0", b"MM\0*", b"OggS", b"SQLite format 3\0", b"MSCF", b"7z\xbc\xaf\x27\x1c", b"RIFF",
    b"Rar!\x1a\x07", b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\0\1\0\0Standard ", b"AC10",
)  # fmt: skip
"""How documents, pictures, databases and archives begin that need no key (their makers' specifications)."""
MEDIA, MEDIA_AT = b"ftyp", 4
"""ISO 14496-12 §4.3: films and photographs of telephones."""


class Seal(StrEnum):
    """What one file proves."""

    HELD = "held"
    """As the tool writes it; for a tool that leaves no mark, nothing in it can be read."""
    CUT = "cut"
    """As the tool writes it, without its end."""
    READABLE = "readable"
    """Not encrypted."""
    STRANGE = "strange"
    """Neither as the tool writes it nor readable."""
    EMPTY = "empty"
    """Of 0 byte, or it begins with nothing but zeros."""
    UNTOLD = "untold"
    """Too short for a proof."""


@frozen
class Tool:
    """What is known of one tool that encrypts file by file."""

    kind: str
    judge: Callable[[Sample], Seal]
    is_own_name: Callable[[str], bool]
    """Whether the tool could have given this name; files of other names are looked at first."""
    is_clear_part: Callable[[str], bool]
    """Whether it is a file that the tool itself leaves in clear."""
    written_here: bool
    """Whether its files have the date of their writing, not that of their source."""
    end_is_told: bool
    """Whether `judge` sees that a file lost its end."""


@dataclass(slots=True)
class _Listing:
    future: float
    """Dates after it, seconds since 1970, are not credible."""
    count: int = 0
    size: int = 0
    entries: int = 0
    whole: bool = True
    newest: list[tuple[float, Parts, Entry]] = field(default_factory=list)
    """Of those that the tool named: what was laid there by hand dates nothing."""
    odd: list[tuple[Parts, Entry]] = field(default_factory=list)
    chosen: list[tuple[float, Parts, Entry]] = field(default_factory=list)
    """The same ones at each look, and no others, without order in them."""

    def add(self, parts: Parts, entry: Entry, tool: Tool) -> None:
        self.count += 1
        self.size += entry.size
        written = entry.written or 0.0
        own = tool.is_own_name(entry.name)
        if own and written <= self.future:
            _keep_greatest(self.newest, (written, parts, entry), most=MOST_DATED)
        if not own and len(self.odd) < OF_ODD_NAMES:
            self.odd.append((parts, entry))
        chance = float(zlib.crc32("/".join(parts).encode("utf-8", "surrogatepass")))
        _keep_greatest(self.chosen, (chance, parts, entry), most=OF_ANY)

    def to_look_at(self, *, deep: bool) -> dict[Parts, Entry]:
        newest = heapq.nlargest(MOST_DATED if deep else OF_THE_NEWEST, self.newest)
        return dict([*self.odd, *((parts, entry) for _, parts, entry in (*newest, *self.chosen))])


@dataclass(slots=True)
class _Tally:
    """The names of the files looked at, by what they prove."""

    names: dict[Seal, list[str]] = field(default_factory=lambda: {seal: [] for seal in Seal})
    unread: int = 0

    def count(self, *seals: Seal) -> int:
        return sum(len(self.names[seal]) for seal in seals)


def read_sealed(
    inspection: Inspection,
    parts: Parts,
    tool: Tool,
    reading: Reading,
    *,
    below: Parts = (),
    without: frozenset[Parts] = frozenset(),
    anomalies: tuple[Anomaly, ...] = (),
    empty_password: bool | Unreachable = NO_PASSWORD,
) -> Found:
    """The folder `parts` as one copy; `reading` is what its configuration says, `below` leads to its files, `without`
    are folders of other stores.

    Raises:
        OSError: it cannot be listed.
    """
    listing = _listed(inspection, (*parts, *below), tool, without)
    tally = _looked_at(inspection, listing, tool)
    made = _against_heads(reading, tally, tool)
    point = _point(inspection, parts, tool, made, listing)
    return Found(
        tool.kind,
        made,
        points=(point,) if listing.count else (),
        anomalies=(*anomalies, *_anomalies(parts, tally)),
        empty_password=empty_password,
        complete=listing.whole and not tally.unread,
    )


def is_readable(head: bytes) -> bool:
    """Whether these first bytes prove that the file is not encrypted; « false » proves nothing."""
    if head.startswith(READABLE_STARTS) or head[MEDIA_AT:].startswith(MEDIA):
        return True
    start = head[:HEAD_BYTES]
    if len(start) >= MANY_BYTES:
        return len(set(start)) < MANY_VALUES and any(start)
    return len(start) >= FEW_BYTES and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in start)


def judge_without_mark(sample: Sample) -> Seal:
    """The file of a tool that marks none: ciphertext looks like chance."""
    if not sample.head.strip(b"\0"):
        return Seal.EMPTY
    if is_readable(sample.head):
        return Seal.READABLE
    return Seal.HELD if sample.size >= FEW_BYTES else Seal.UNTOLD


def _keep_greatest(
    heap: list[tuple[float, Parts, Entry]], item: tuple[float, Parts, Entry], *, most: int
) -> None:
    if len(heap) < most:
        heapq.heappush(heap, item)
    elif heap[0] < item:
        heapq.heapreplace(heap, item)


def _listed(inspection: Inspection, top: Parts, tool: Tool, without: frozenset[Parts]) -> _Listing:
    listing = _Listing(inspection.now.timestamp() + FUTURE_SLACK_SECONDS)
    most = MOST_FAR_ENTRIES if inspection.tree.far else MOST_ENTRIES
    waiting = [top]
    while waiting:
        parts = waiting.pop()
        try:
            for deeper in _listed_folder(inspection, parts, tool, listing):
                if listing.entries > most or inspection.hurried() or len(deeper) > MOST_DEPTH:
                    listing.whole = False
                elif deeper not in without:
                    waiting.append(deeper)
        except OSError:
            if parts == top:
                raise
            listing.whole = False
    return listing


def _listed_folder(inspection: Inspection, parts: Parts, tool: Tool, listing: _Listing) -> Iterator[Parts]:
    """Its files are added to the listing; its folders come back."""
    for entry in inspection.tree.entries(parts):
        listing.entries += 1
        if listing.entries > MOST_ENTRIES:
            listing.whole = False
            return
        where = (*parts, entry.name)
        if entry.kind is Kind.FOLDER and not is_system_folder(entry.name):
            yield where
        elif entry.kind is Kind.FILE and not _is_left_aside(entry.name, tool):
            listing.add(where, entry, tool)


def _is_left_aside(name: str, tool: Tool) -> bool:
    """A system's own, or what the tool leaves in clear."""
    return name.startswith((".", "@", "#")) or name.lower() in SYSTEM_NAMES or tool.is_clear_part(name)


def _looked_at(inspection: Inspection, listing: _Listing, tool: Tool) -> _Tally:
    tally = _Tally()
    for parts in listing.to_look_at(deep=inspection.deep):
        if inspection.hurried():
            listing.whole = False
            break
        try:
            with inspection.sample(parts, patience=0) as sample:
                tally.names[tool.judge(sample)].append(sample.name)
        except OSError:
            tally.unread += 1
    return tally


def _against_heads(reading: Reading, tally: _Tally, tool: Tool) -> Reading:
    """What the configuration says, as far as the files bear it out."""
    told = {seal: len(names) for seal, names in tally.names.items() if names}
    counted = ", ".join(f"{count} {_WORDS[seal]}" for seal, count in told.items()) or "aucun"
    example = next(iter(tally.names[Seal.HELD]), "")
    shown = f", dont « {example[:SHOWN_LETTERS]} »" if example else ""
    encrypted = _encrypted(reading.encrypted, tally)
    return replace(
        reading,
        encrypted=encrypted,
        method="" if encrypted is Encrypted.NO else reading.method,
        weaknesses=() if encrypted is Encrypted.NO else reading.weaknesses,
        evidence=f"{reading.evidence} ; fichiers regardés : {counted}{shown}",
        fault=reading.fault or _fault(tally, tool),
    )


def _encrypted(said: Encrypted, tally: _Tally) -> Encrypted:
    sealed = tally.count(Seal.HELD, Seal.CUT)
    if said not in (Encrypted.YES, Encrypted.WEAK):
        return said
    if tally.count(Seal.READABLE):
        return Encrypted.PARTIAL if sealed or tally.count(Seal.STRANGE) else Encrypted.NO
    if tally.count(Seal.STRANGE) or not sealed:
        return Encrypted.UNKNOWN
    return said


def _fault(tally: _Tally, tool: Tool) -> str:
    looked = tally.count(*Seal)
    bad = Counter({seal: tally.count(seal) for seal in _FAULTS})
    if not looked:
        return END_NOT_SEEN
    if bad.total() >= LOST_SHARE * looked:
        return _FAULTS[bad.most_common(1)[0][0]]
    lost = tally.count(Seal.CUT, Seal.STRANGE) or tally.unread
    return "" if tool.end_is_told and tally.count(Seal.HELD) and not lost else END_NOT_SEEN


def _point(inspection: Inspection, parts: Parts, tool: Tool, reading: Reading, listing: _Listing) -> Point:
    newest = [Dated(entry.written or 0.0, entry.changed) for _, _, entry in listing.newest]
    passage = last_passage(newest, inspection.now, written_here=tool.written_here, is_whole=listing.whole)
    return Point(
        name=parts[-1] if parts else inspection.tree.name or tool.kind,
        reading=reading,
        size=listing.size,
        written=passage.at,
        date_kind=passage.kind,
        date_source=passage.source,
        role=Role.MIRROR,
    )


def _anomalies(parts: Parts, tally: _Tally) -> Iterator[Anomaly]:
    if tally.names[Seal.READABLE]:
        yield _trouble(Trouble.CLEAR_BESIDE, parts, tally, Seal.READABLE, words="lisibles sans clé")
    if tally.count(Seal.CUT, Seal.STRANGE):
        seals = (Seal.CUT, Seal.STRANGE)
        yield _trouble(Trouble.DAMAGED, parts, tally, *seals, words="coupés ou sans leur en-tête")
    if tally.count(Seal.EMPTY) >= MANY_EMPTY:
        yield _trouble(Trouble.EMPTY_FILES, parts, tally, Seal.EMPTY, words="vides ou remplis de zéros")


def _trouble(code: Trouble, parts: Parts, tally: _Tally, *seals: Seal, words: str) -> Anomaly:
    names = [name for seal in seals for name in tally.names[seal]]
    shown = ", ".join(f"« {name[:SHOWN_LETTERS]} »" for name in names[:SHOWN_NAMES])
    return anomaly(code, parts, f"{words}, parmi {tally.count(*Seal)} regardés : {shown}", count=len(names))


_FAULTS = {Seal.CUT: TRUNCATED, Seal.STRANGE: DAMAGED, Seal.EMPTY: EMPTY}
_WORDS = {
    Seal.HELD: "chiffrés",
    Seal.CUT: "coupés",
    Seal.READABLE: "lisibles",
    Seal.STRANGE: "sans l'en-tête attendu",
    Seal.EMPTY: "vides",
    Seal.UNTOLD: "trop courts",
}

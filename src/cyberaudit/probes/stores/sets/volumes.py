"""Archives cut in volumes by 7-Zip, zip, RAR or split: joined without being copied, and read as one file."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cyberaudit import french
from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, DateKind, Encrypted, Role, Trouble
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.formats.rar import RAR4, RAR5
from cyberaudit.probes.stores.inspection import Family, File, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.jobs import days_in
from cyberaudit.probes.stores.names import READABLE_SUFFIXES, suffix
from cyberaudit.probes.stores.reading import END_BYTES, INCOMPLETE, TRUNCATED, Reading, Sample
from cyberaudit.probes.stores.recognise import recognise
from cyberaudit.probes.stores.sets.parts import (
    NO_DATE,
    NOT_OPENED,
    NOT_READ,
    gathered,
    of_store,
    patience,
    read_one,
    spend_one,
    together,
    with_fault,
)
from cyberaudit.probes.stores.tree import Kind, OpenFile, Parts

# Ours: nobody cuts an archive in more pieces.
MOST_VOLUMES = 2000
# Ours: volumes of one RAR archive that are opened: the first ones and the last.
MOST_OPENED = 40
PROVED_TO_THE_END = frozenset({"7z", "bzip2", "gzip", "xz"})
"""Formats in which a byte more or less in the middle is seen: by their sums, or by the place of their directory."""
# Ours: an archive is finished within three days of the midnight that its name carries.
NAME_SLACK = 3 * 86_400.0
# APPNOTE 6.3.10 §4.3.16: the end record says on which volume it stands, the first being 0.
ZIP_END, ZIP_END_BYTES = b"PK\x05\x06", 22
# RAR 5 end header: its size, type 5, flags, then 1 when a volume follows; RAR 4: type 0x7b, bit 0 of its flags.
RAR5_END_BYTES, RAR5_END_TYPE, RAR4_END_TYPE, RAR4_MOST_END = 8, 5, 0x7B, 20


class Scheme(StrEnum):
    """How volumes are named."""

    NUMBER = "number"
    """`.001`, `.002`, …; or two digits, or from 000 on."""
    LETTERS = "letters"
    """`.aa`, `.ab`, … of split."""
    ZIP = "zip"
    """`.z01`, `.z02`, …, then `.zip`."""
    RAR = "rar"
    """`.part1.rar`, …"""
    OLD_RAR = "old-rar"
    """`.rar`, then `.r00`, `.r01`, …"""


@frozen
class Place:
    """Which volume of which archive a name is."""

    scheme: Scheme
    base: str
    """The archive's own name: `mairie.7z`."""
    number: int


@dataclass(slots=True)
class Cut:
    """One archive in volumes."""

    scheme: Scheme
    base: str
    volumes: dict[int, File] = field(default_factory=dict)
    first: int = 1
    lost: str = ""
    """What is missing, in French."""

    @property
    def files(self) -> list[File]:
        return [self.volumes[number] for number in sorted(self.volumes)]


_NUMBERED = re.compile(r"(.+)\.(\d{2,4})")
_LETTERED = re.compile(r"(.+\.([a-z0-9]+))\.?([a-z])([a-z])")
_ZIPPED = re.compile(r"(.+)\.z(\d{2,4})", re.IGNORECASE)
_PART = re.compile(r"(.+)\.part(\d{1,5})\.rar", re.IGNORECASE)
_OLD_PART = re.compile(r"(.+)\.([r-y])(\d\d)", re.IGNORECASE)


def place_of(name: str) -> Place | None:
    """The volume that a name says to be; « name.zip » and « name.rar » alone say nothing."""
    if match := _PART.fullmatch(name):
        return Place(Scheme.RAR, f"{match[1]}.rar", int(match[2]))
    if match := _ZIPPED.fullmatch(name):
        return Place(Scheme.ZIP, f"{match[1]}.zip", int(match[2]))
    if match := _OLD_PART.fullmatch(name):
        rank = (ord(match[2].lower()) - ord("r")) * 100 + int(match[3])
        return Place(Scheme.OLD_RAR, f"{match[1]}.rar", rank + 2)
    if (match := _NUMBERED.fullmatch(name)) and (len(match[2]) == 3 or suffix(match[1]) in READABLE_SUFFIXES):
        return Place(Scheme.NUMBER, match[1], int(match[2]))
    match = _LETTERED.fullmatch(name)
    if match is None or match[2] not in READABLE_SUFFIXES or match[3] + match[4] in READABLE_SUFFIXES:
        return None
    number = (ord(match[3]) - ord("a")) * 26 + ord(match[4]) - ord("a") + 1
    return Place(Scheme.LETTERS, match[1], number)


def owns(name: str) -> bool:
    return place_of(name) is not None


def read_volumes(inspection: Inspection, parts: Parts, files: Sequence[File]) -> Found | None:
    """One restore point for each archive; what is no volume of an archive is given back."""
    points: list[Point] = []
    anomalies: list[Anomaly] = []
    back: list[File] = []
    also: set[Parts] = set()
    for cut in _cuts(files):
        extra = _last_or_first(inspection, parts, cut)
        owned = cut.files
        if extra is not None:
            cut.volumes[_rank_of_extra(cut)] = extra
        cut.lost = _lost(cut, extra)
        reading = None if _are_no_volumes(inspection, cut) else _read(inspection, cut)
        if reading is None:
            back += owned
            continue
        also |= {extra.parts} if extra else set()
        if reading.fault == INCOMPLETE:
            anomalies.append(anomaly(Trouble.MISSING_VOLUME, (*parts, cut.base), reading.evidence))
        points.append(_point(inspection, cut, reading))
    if not points:
        return None
    points = _against_same_second(points)
    return gathered(
        "volumes",
        points,
        store=replace(of_store(points), format="volumes"),
        anomalies=anomalies,
        also=frozenset(also),
        given_back=tuple(back),
    )


def _cuts(files: Sequence[File]) -> list[Cut]:
    cuts: dict[tuple[Scheme, str], Cut] = {}
    for file in files:
        place = place_of(file.parts[-1])
        if place is not None:
            cut = cuts.setdefault((place.scheme, place.base), Cut(place.scheme, place.base))
            cut.volumes[place.number] = file
    for cut in cuts.values():
        cut.first = 0 if cut.scheme is Scheme.NUMBER and 0 in cut.volumes else 1
    return list(cuts.values())


def _last_or_first(inspection: Inspection, parts: Parts, cut: Cut) -> File | None:
    """« name.zip » comes after « name.z01 », « name.rar » before « name.r00 »."""
    if cut.scheme not in (Scheme.ZIP, Scheme.OLD_RAR):
        return None
    stem, _, ending = cut.base.rpartition(".")
    for name in (cut.base, f"{stem}.{ending.upper()}"):
        try:
            entry = inspection.tree.status((*parts, name))
        except OSError:
            continue
        if entry.kind is Kind.FILE:
            return File(credible=True, written=entry.written or 0.0, parts=(*parts, name), size=entry.size)
    return None


def _rank_of_extra(cut: Cut) -> int:
    return max(cut.volumes) + 1 if cut.scheme is Scheme.ZIP else 1


def _lost(cut: Cut, extra: File | None) -> str:
    """Which volume is not there, as far as their names tell."""
    if cut.scheme is Scheme.ZIP and extra is None:
        return f"« {cut.base} », le dernier volume, manque"
    if max(cut.volumes) > MOST_VOLUMES:
        return f"un volume porte le numéro {max(cut.volumes)}"
    wanted = range(cut.first, max(cut.volumes) + 1)
    missing = [number for number in wanted if number not in cut.volumes]
    if not missing:
        empty = next((number for number, file in sorted(cut.volumes.items()) if not file.size), None)
        return "" if empty is None else f"le volume {empty} est un fichier de 0 octet"
    return f"volume {missing[0]} absent ({len(missing)} sur {len(wanted)} manquent)"


def _are_no_volumes(inspection: Inspection, cut: Cut) -> bool:
    """« .01 » and « .02 » may be generations, « .365 » or « .fr » a name: each is then a file of its own."""
    if cut.scheme is Scheme.LETTERS:
        return cut.first not in cut.volumes and len(cut.volumes) == 1
    if cut.scheme is not Scheme.NUMBER:
        return False
    if cut.first not in cut.volumes and suffix(cut.base) not in READABLE_SUFFIXES:
        return True
    later = [file for number, file in sorted(cut.volumes.items()) if number != cut.first][:1]
    first = cut.volumes.get(cut.first)
    try:
        formats = [_format_of_start(inspection, file) for file in (*([first] if first else []), *later)]
    except OSError:
        return False
    return bool(later) and bool(formats[-1]) and formats[0] == formats[-1]


def _format_of_start(inspection: Inspection, file: File) -> str:
    """What the first bytes of one file begin; empty when nothing known. Chance looks like OpenPGP too often."""
    with inspection.tree.opened(file.parts) as opened:
        head = opened.read_at(0, END_BYTES)
    start = Sample("", len(head), head, head, lambda offset, count: head[offset : offset + count], patience=0)
    reading = recognise(start)
    return "" if reading is None or reading.format == "openpgp" else reading.format


def _read(inspection: Inspection, cut: Cut) -> Reading | None:
    """What the archive is; None when it is none."""
    reading: Reading | None
    if cut.scheme in (Scheme.RAR, Scheme.OLD_RAR):
        reading = _read_rar(inspection, cut)
    elif cut.lost:
        reading = _read_ends(inspection, cut)
    else:
        reading = _read_joined(inspection, cut)
    if reading is None or (not reading.format and suffix(cut.base) not in READABLE_SUFFIXES):
        return None
    files = cut.files
    span = f"{french.count(len(files), 'volume')}, « {files[0].parts[-1]} » à « {files[-1].parts[-1]} »"
    reading = replace(reading, format=reading.format or suffix(cut.base))
    if cut.lost:
        reading = replace(reading, fault=INCOMPLETE)
    return with_fault(reading, "", f"{cut.lost} ; {span}" if cut.lost else span)


def _read_ends(inspection: Inspection, cut: Cut) -> Reading:
    """Of what cannot be joined: the last volume of 7z tells its directory, the first one of others its start."""
    files = [file for file in cut.files if file.size]
    if not files:
        return Reading("", Encrypted.UNKNOWN, "fichiers de 0 octet", INCOMPLETE)
    return read_one(inspection, files[-1] if suffix(cut.base) == "7z" else files[0])


def _read_joined(inspection: Inspection, cut: Cut) -> Reading | None:
    if not spend_one(inspection):
        return NOT_OPENED
    try:
        with joined(inspection, cut.files, name=cut.base) as sample:
            reading = recognise(sample)
            disk = _zip_disk(sample)
    except OSError:
        inspection.left_out = True
        return NOT_READ
    if reading is None:
        return None
    if cut.scheme is Scheme.ZIP and disk is not None and disk != len(cut.volumes) - 1:
        words = f"la fin du ZIP dit être le volume {disk + 1}, {len(cut.volumes)} sont là"
        return with_fault(reading, INCOMPLETE, words)
    return _against_sizes(cut, reading)


def _zip_disk(sample: Sample) -> int | None:
    at = sample.tail.rfind(ZIP_END)
    if at < 0 or len(sample.tail) - at < ZIP_END_BYTES:
        return None
    disk = int.from_bytes(sample.tail[at + 4 : at + 6], "little")
    return disk if disk != 0xFFFF else None


def _against_sizes(cut: Cut, reading: Reading) -> Reading:
    """All volumes but the last have one size: a full last one may be followed, a short one in the middle was cut."""
    sizes = [file.size for file in cut.files]
    if reading.fault == TRUNCATED and (len(sizes) == 1 or sizes[-1] == sizes[0]):
        return with_fault(replace(reading, fault=""), INCOMPLETE, f"la suite du volume {len(sizes)} manque")
    if reading.fault not in ("", END_NOT_SEEN) or (not reading.fault and reading.format in PROVED_TO_THE_END):
        return reading
    if len(sizes) == 1 and suffix(cut.base) in READABLE_SUFFIXES and reading.fault:
        return with_fault(reading, INCOMPLETE, "un seul volume")
    short = next((rank for rank, size in enumerate(sizes[:-1]) if size != max(sizes)), None)
    if short is not None:
        words = f"volume {short + cut.first} : {sizes[short]} octets, les autres {max(sizes)}"
        return with_fault(reading, TRUNCATED, words)
    return reading


@contextmanager
def joined(inspection: Inspection, files: Sequence[File], *, name: str) -> Iterator[Sample]:
    """The volumes as one file; one of them is open at a time.

    Raises:
        OSError: one of them is not a plain file, or cannot be read.
    """
    with ExitStack() as stack:
        row = _Row(inspection, files, stack)
        size = sum(file.size for file in files)
        yield Sample(
            name=name,
            size=size,
            head=row.read_at(0, END_BYTES),
            tail=row.read_at(max(size - END_BYTES, 0), END_BYTES),
            read_at=row.read_at,
            patience=patience(inspection),
            hurried=inspection.hurried,
            stored=row.stored(),
        )


class _Row:
    """Files one after the other."""

    def __init__(self, inspection: Inspection, files: Sequence[File], stack: ExitStack) -> None:
        self._inspection = inspection
        self._stack = stack
        self._files = files
        self._starts: list[int] = []
        at = 0
        for file in files:
            self._starts.append(at)
            at += file.size
        self._size = at
        self._opened: tuple[int, OpenFile] | None = None

    def read_at(self, offset: int, count: int) -> bytes:
        data = b""
        while len(data) < count and 0 <= offset < self._size:
            piece = self._piece(offset, count - len(data))
            if not piece:
                raise OSError("a volume is shorter than it was")
            data += piece
            offset += len(piece)
        return data

    def _piece(self, offset: int, count: int) -> bytes:
        low, high = 0, len(self._starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._starts[middle] <= offset else (low, middle)
        inside = offset - self._starts[low]
        return self._open(low).read_at(inside, min(count, self._files[low].size - inside))

    def _open(self, rank: int) -> OpenFile:
        if self._opened is None or self._opened[0] != rank:
            self._stack.close()
            self._opened = None
            self._opened = (
                rank,
                self._stack.enter_context(self._inspection.tree.opened(self._files[rank].parts)),
            )
        return self._opened[1]

    def stored(self) -> int | None:
        """Bytes that the file system says it holds of all of them; None when it does not say, or is far."""
        if self._inspection.tree.far:
            return None
        held = [self._inspection.tree.status(file.parts).stored for file in self._files]
        return sum(each or 0 for each in held) if None not in held else None


def _read_rar(inspection: Inspection, cut: Cut) -> Reading | None:
    """Each volume is an archive of its own blocks; the last one alone says that none follows."""
    files = cut.files
    order = [*files[:-1][: MOST_OPENED - 1], files[-1]]
    follows: list[bool | None] = []
    marked = cut.scheme is Scheme.RAR or 1 in cut.volumes

    def look(sample: Sample) -> Reading | None:
        nonlocal marked
        marked = marked or sample.head.startswith((RAR4, RAR5))
        follows.append(another_follows(sample))
        return recognise(replace(sample, name="volume.rar"))

    named = [(file.parts[-1], read_one(inspection, file, detector=look)) for file in order]
    if not marked:
        return None
    reading = together(named)
    if len(order) < len(files):
        return with_fault(reading, END_NOT_SEEN, f"{len(order)} volumes ouverts sur {len(files)}")
    last = follows[-1] if len(follows) == len(order) else None
    if last:
        return with_fault(reading, INCOMPLETE, "le dernier volume présent annonce une suite")
    if last is False and reading.fault == END_NOT_SEEN and all(follow for follow in follows[:-1]):
        return replace(reading, fault="")
    return reading


def another_follows(sample: Sample) -> bool | None:
    """What the end block of a RAR volume says; None when it was not found, or is encrypted."""
    tail = sample.tail
    if sample.head.startswith(RAR5):
        block = tail[-RAR5_END_BYTES:]
        known = len(block) == RAR5_END_BYTES and block[4] == RAR5_END_BYTES - 5 and block[5] == RAR5_END_TYPE
        return bool(block[7] & 1) if known else None
    for size in range(7, RAR4_MOST_END + 1) if sample.head.startswith(RAR4) else ():
        block = tail[-size:]
        if len(block) == size and block[2] == RAR4_END_TYPE and int.from_bytes(block[5:7], "little") == size:
            return bool(block[3] & 1)
    return None


def _point(inspection: Inspection, cut: Cut, reading: Reading) -> Point:
    files = cut.files
    shown = next((file for file in files if file.parts[-1].lower() == cut.base.lower()), files[0])
    written = max(file.written for file in files)
    kind, source = _date_kind(cut, written, reading)
    return Point(
        name=shown.parts[-1],
        reading=reading,
        size=sum(file.size for file in files),
        written=written or inspection.now.timestamp(),
        date_kind=kind,
        date_source=source,
        role=Role.ARCHIVE,
    )


def _date_kind(cut: Cut, written: float, reading: Reading) -> tuple[DateKind, str]:
    """The date of the newest volume; an older one, in the name or inside, says that they were moved since."""
    if not written:
        return DateKind.UPPER_BOUND, NO_DATE
    source = "date du dernier volume écrit"
    if reading.dated is not None:
        return reading.dated, source
    inside = (reading.newest.timestamp(),) if reading.newest else ()
    if any(written - said > NAME_SLACK for said in (*inside, *days_in((cut.base,)))):
        return DateKind.UPPER_BOUND, f"{source}, plus récente que celle du nom ou du contenu"
    return DateKind.EXACT, source


def _against_same_second(points: list[Point]) -> list[Point]:
    """Archives all of one second have the date of a copying, not their own."""
    seconds: dict[int, int] = defaultdict(int)
    for point in points:
        seconds[int(point.written)] += 1
    if len(points) < 2 or len(seconds) > 1:
        return points
    return [replace(point, date_kind=DateKind.UPPER_BOUND) for point in points]


_ENDINGS = "|".join(sorted(READABLE_SUFFIXES))
FAMILY = Family(
    "volumes",
    rf"\.\d{{2,4}}$|\.z\d{{2,4}}$|\.part\d{{1,5}}\.rar$|\.[r-y]\d\d$|\.(?:{_ENDINGS})\.?[a-z][a-z]$",
    owns,
    read_volumes,
)

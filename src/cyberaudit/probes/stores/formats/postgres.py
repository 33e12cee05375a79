"""Dumps of PostgreSQL in its custom form (« pg_dump -Fc »): the list of what they hold, then the data to its end."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample

MAGIC = b"PGDMP"
CUSTOM = 1
# pg_backup_archiver.h: 1.10 came with PostgreSQL 8.0, 1.16 with 17.
OLDEST, NEWEST = (1, 10), (1, 16)
TABLE_METHOD_SINCE, COMPRESSION_BYTE_SINCE, KIND_SINCE = (1, 14), (1, 15), (1, 16)
# pg_backup_custom.c: whether the place of the data is known, and the two kinds of data.
PLACE_KNOWN, NO_DATA = 2, 3
DATA, LARGE_OBJECTS = 1, 3
# Ours: the list takes some 300 bytes an object; beyond, the end is not looked for.
LIST_BYTES = 16 * 1024 * 1024
MOST_OBJECTS = 100_000
# Ours: pieces of data followed in any case; further ones while time lasts.
SURE_PIECES = 8192
WINDOW_BYTES = 64 * 1024


class Cut(ValueError):
    """The file ends before what it announces."""


class Broken(ValueError):
    """The structure stops making sense."""


class Unread(ValueError):
    """Sound, and longer or newer than what we read."""


@dataclass(slots=True)
class Cursor:
    """Reads the whole numbers and the strings of a dump, through a window over the file."""

    sample: Sample
    at: int
    number_bytes: int = 4
    _start: int = 0
    _window: bytes = b""

    def take(self, count: int) -> bytes:
        if self.at + count > self.sample.size:
            raise Cut
        if not self._start <= self.at <= self.at + count <= self._start + len(self._window):
            self._start = self.at
            self._window = self.sample.read_at(self.at, max(count, WINDOW_BYTES))
        found = self._window[self.at - self._start : self.at - self._start + count]
        if len(found) < count:
            raise Cut
        self.at += count
        return found

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """A sign, then the number, its lowest byte first."""
        negative, value = self.byte(), int.from_bytes(self.take(self.number_bytes), "little")
        return -value if negative else value

    def skip(self, count: int) -> None:
        """Raises:
        Cut: the file ends before.
        """
        if self.at + count > self.sample.size:
            raise Cut
        self.at += count

    def text(self) -> bytes | None:
        """None: no string at all, which ends a list of them."""
        length = self.number()
        if length < 0:
            return None
        if length > LIST_BYTES:
            raise Broken(f"texte de {length} octets")
        return self.take(length)


@frozen
class Objects:
    """What the list of a dump names."""

    with_data: int
    last: int
    """Byte where the last data that have a known place start; 0 when none has."""


def read_postgres(sample: Sample) -> Reading | None:
    """The file as a dump in the custom form: never encrypted."""
    if not sample.head.startswith(MAGIC):
        return None
    made: datetime | None = None
    try:
        version, offset_bytes, form, cursor = _start(sample)
        made = _header(cursor, version)
        if form != CUSTOM:
            return _reading(version, END_NOT_SEEN, made, ", liste dont les données sont ailleurs")
        return _reading(version, _end(cursor, version, offset_bytes), made, "")
    except Cut:
        return _reading(tuple(sample.head[5:7]), TRUNCATED, made, "")
    except Broken as trouble:
        return _reading(tuple(sample.head[5:7]), DAMAGED, made, f" ; {trouble}")
    except Unread as trouble:
        return _reading(tuple(sample.head[5:7]), END_NOT_SEEN, made, f" ; {trouble}")


def _reading(version: tuple[int, ...], fault: str, made: datetime | None, more: str) -> Reading:
    number = ".".join(map(str, version))
    evidence = f"octets 0 à 4 = « PGDMP » (version {number}), sans chiffrement{more}"
    return Reading("pgdump", Encrypted.NO, evidence, fault, made)


def _start(sample: Sample) -> tuple[tuple[int, int], int, int, Cursor]:
    """Version, bytes of an offset, form, and the cursor after them."""
    cursor = Cursor(sample, len(MAGIC))
    major, minor, _, number_bytes, offset_bytes, form = cursor.take(6)
    if number_bytes != 4 or offset_bytes not in (4, 8):
        raise Broken(f"nombres de {number_bytes} octets")
    if not OLDEST <= (major, minor) <= NEWEST:
        raise Unread("version que nous ne lisons pas")
    return (major, minor), offset_bytes, form, cursor


def _header(cursor: Cursor, version: tuple[int, int]) -> datetime | None:
    """When the dump was started, on the clock of its server, taken as UTC."""
    if version >= COMPRESSION_BYTE_SINCE:
        cursor.byte()
    else:
        cursor.number()
    second, minute, hour, day, month, year, _ = (cursor.number() for _ in range(7))
    for _ in range(3):
        cursor.text()
    try:
        return datetime(year + 1900, month + 1, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _end(cursor: Cursor, version: tuple[int, int], offset_bytes: int) -> str:
    objects = _objects(cursor, version, offset_bytes)
    if not objects.with_data:
        return "" if cursor.at == cursor.sample.size else END_NOT_SEEN
    # Where places are known the last data alone are followed; a dump written to a pipe knows none.
    if objects.last:
        if objects.last < cursor.at:
            raise Broken("des données annoncées avant la fin de la liste")
        cursor.at, expected = objects.last, 1
    else:
        expected = objects.with_data
    budget = Budget(cursor.sample)
    for _ in range(expected):
        if not _data(cursor, budget):
            return END_NOT_SEEN
    return "" if cursor.at == cursor.sample.size else END_NOT_SEEN


def _objects(cursor: Cursor, version: tuple[int, int], offset_bytes: int) -> Objects:
    number, start = cursor.number(), cursor.at
    if not 0 <= number <= MOST_OBJECTS:
        raise Unread(f"{clean(str(number), limit=12)} objets")
    with_data, last = 0, 0
    for rank in range(number):
        if cursor.at - start > LIST_BYTES or (rank % 1024 == 1023 and cursor.sample.hurried()):
            raise Unread("liste plus longue que nous ne lisons")
        state, place = _object(cursor, version, offset_bytes)
        with_data += state != NO_DATA
        last = max(last, place if state == PLACE_KNOWN else 0)
    return Objects(with_data, last)


def _object(cursor: Cursor, version: tuple[int, int], offset_bytes: int) -> tuple[int, int]:
    """Whether one object has data, and where they start."""
    cursor.number()
    cursor.number()
    for _ in range(4):
        cursor.text()
    if version >= (1, 11):
        cursor.number()
    # Definition, removal, copy, schema, tablespace, table method, kind; then owner and oids.
    for _ in range(5):
        cursor.text()
    if version >= TABLE_METHOD_SINCE:
        cursor.text()
    if version >= KIND_SINCE:
        cursor.number()
    cursor.text()
    cursor.text()
    while cursor.text() is not None:
        pass
    return cursor.byte(), int.from_bytes(cursor.take(offset_bytes), "little")


@dataclass(slots=True)
class Budget:
    """How many more pieces are followed."""

    sample: Sample
    left: int = SURE_PIECES

    def spent(self) -> bool:
        self.left -= 1
        return self.left < 0 and self.sample.hurried()


def _data(cursor: Cursor, budget: Budget) -> bool:
    """Go through one object's data; False when time ran out."""
    kind = cursor.byte()
    cursor.number()
    if kind == DATA:
        return _pieces(cursor, budget)
    if kind != LARGE_OBJECTS:
        raise Broken(f"données de type {kind} à l'octet {cursor.at}")
    while cursor.number():
        if not _pieces(cursor, budget):
            return False
    return True


def _pieces(cursor: Cursor, budget: Budget) -> bool:
    while length := cursor.number():
        if length < 0:
            raise Broken(f"morceau de {length} octets")
        cursor.skip(length)
        if budget.spent():
            return False
    return True

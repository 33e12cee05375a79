"""RAR 4 and RAR 5: their blocks followed one by one, nothing decompressed (technote of rarlab.com)."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from struct import Struct, error

from cyberaudit import french
from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted, Weakness
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, TRUNCATED, Reading, Sample

RAR4, RAR5 = b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01\x00"
# Ours: blocks followed in any case; further ones while time lasts, and never more than the second.
SURE_BLOCKS, MOST_BLOCKS = 4096, 200_000
# Ours: most headers fit; a longer one is read again, up to the 2 MiB that the technote allows.
FIRST_BYTES, HEADER_BYTES = 256, 2 * 1024 * 1024
# RAR 4, types of blocks and their flags
OLD_MAIN, OLD_FILE, OLD_SERVICE, OLD_END = 0x73, 0x74, 0x7A, 0x7B
OLD_NAMES_LOCKED, OLD_LOCKED, OLD_LARGE, OLD_FOLDER, OLD_HAS_DATA = 0x80, 0x04, 0x100, 0xE0, 0x8000
OLD_COMMENT = {OLD_MAIN: 0x02, OLD_FILE: 0x08}
# RAR 5, types of headers; 1 among the extra records of a file says how it is encrypted.
MAIN, FILE, LOCK, END = 1, 2, 4, 5
LOCK_RECORD, AES_256 = 1, 0
# Unpacker 2.9 brought AES-128; what an older one reads is encrypted by what has been broken since.
FIRST_AES = 29

_OLD_BLOCK = Struct("<HBHH")
_OLD_FILE = Struct("<7xLL9xB")


class Broken(ValueError):
    """A block that makes no sense."""


class Kind(StrEnum):
    """What a block is to us."""

    LOCKED = "locked"
    """Nothing further can be read."""
    CLEAR, ENCRYPTED, WEAK, STRANGE = "clear", "encrypted", "weak", "strange"
    """A file with a content; strange: encrypted by an unknown method."""
    END = "end"
    OTHER = "other"


@frozen
class Block:
    """One block, in the words that both versions share."""

    next: int
    """Where the next one starts."""
    kind: Kind
    part: bool = False
    """Another volume comes before or after."""


@dataclass(slots=True)
class Road:
    """What was met from the first block on."""

    name: str
    counts: dict[Kind, int]
    at: int
    part: bool = False
    whole: bool = False
    """The last block was seen."""


def read_rar(sample: Sample) -> Reading | None:
    """The file as a RAR archive; None when neither its bytes nor its name say so."""
    if sample.head.startswith(RAR5):
        return _read(sample, Road("RAR 5", dict.fromkeys(Kind, 0), len(RAR5)), _new_block)
    if sample.head.startswith(RAR4):
        return _read(sample, Road("RAR 4", dict.fromkeys(Kind, 0), len(RAR4)), _old_block)
    if sample.suffix == "rar":
        return Reading("rar", Encrypted.UNKNOWN, "octets 0 à 3 : ce n'est pas « Rar! »", DAMAGED)
    return None


def _read(sample: Sample, road: Road, block_at: Callable[[Sample, int], Block]) -> Reading:
    try:
        fault = _follow(sample, road, block_at)
    except (Broken, error) as trouble:
        cut = isinstance(trouble, error) or sample.size - road.at < _OLD_BLOCK.size
        words = "en-tête coupé" if cut else str(trouble)
        return _judge(road, f" ; octet {road.at} : {words}", TRUNCATED if cut else DAMAGED)
    return _judge(road, "", fault)


def _follow(sample: Sample, road: Road, block_at: Callable[[Sample, int], Block]) -> str:
    """Go through the blocks; what is wrong with the end."""
    for followed in range(MOST_BLOCKS):
        if road.at >= sample.size:
            road.whole = road.at == sample.size
            # Before RAR 3, archives had no end block.
            return TRUNCATED if road.at > sample.size or block_at is _new_block else END_NOT_SEEN
        if followed >= SURE_BLOCKS and sample.hurried():
            return END_NOT_SEEN
        block = block_at(sample, road.at)
        road.counts[block.kind] += 1
        road.part |= block.part
        if block.kind is Kind.LOCKED:
            # The next block starts by its 16-byte initial vector.
            return END_NOT_SEEN if block.next + 16 < sample.size else TRUNCATED
        if block.kind is Kind.END:
            road.whole = True
            return END_NOT_SEEN if road.part else ""
        road.at = block.next
    return END_NOT_SEEN


def _old_block(sample: Sample, at: int) -> Block:
    header = sample.read_at(at, FIRST_BYTES)
    crc, mark, flags, size = _OLD_BLOCK.unpack_from(header)
    if size < _OLD_BLOCK.size:
        raise Broken(f"en-tête de {size} octets")
    if size > len(header):
        header = sample.read_at(at, size)
    header = header[:size]
    # The blocks that RAR 3 gave up are summed otherwise.
    if not OLD_FILE < mark < OLD_SERVICE and zlib.crc32(_summed(header, mark, flags)) & 0xFFFF != crc:
        raise _wrong_sum(sample, at + size)
    following = at + size
    if mark == OLD_MAIN:
        locked = flags & OLD_NAMES_LOCKED
        return Block(following, Kind.LOCKED if locked else Kind.OTHER)
    if mark == OLD_END:
        return Block(following, Kind.END, part=bool(flags & 1))
    if mark == OLD_FILE:
        return _old_file(header, flags, following)
    if flags & OLD_HAS_DATA:
        following += int.from_bytes(header[7:11], "little")
    return Block(following, Kind.OTHER)


def _summed(header: bytes, mark: int, flags: int) -> bytes:
    """What the sum of a header covers: all but the comment that RAR 2 put inside."""
    if not flags & OLD_COMMENT.get(mark, 0):
        return header[2:]
    if mark == OLD_MAIN:
        return header[2:13]
    name = int.from_bytes(header[26:28], "little")
    return header[2 : 32 + name + (8 if flags & OLD_LARGE else 0)]


def _old_file(header: bytes, flags: int, following: int) -> Block:
    packed, size, version = _OLD_FILE.unpack_from(header)
    if flags & OLD_LARGE:
        packed += int.from_bytes(header[32:36], "little") << 32
    kind = Kind.OTHER
    if packed and size and flags & OLD_FOLDER != OLD_FOLDER:
        locked = Kind.ENCRYPTED if version >= FIRST_AES else Kind.WEAK
        kind = locked if flags & OLD_LOCKED else Kind.CLEAR
    return Block(following + packed, kind, part=bool(flags & 3))


@dataclass(slots=True)
class Cursor:
    """Reads the variable-length numbers of RAR 5: seven bits a byte, the lowest first."""

    data: bytes
    at: int = 0

    def number(self) -> int:
        value = 0
        for place in range(10):
            if self.at >= len(self.data):
                raise Broken("en-tête trop court")
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value
        raise Broken("nombre trop long")


def _new_block(sample: Sample, at: int) -> Block:
    data = sample.read_at(at, FIRST_BYTES)
    cursor = Cursor(data, 4)
    try:
        size = cursor.number()
    except Broken:
        raise _wrong_sum(sample, at + FIRST_BYTES) from None
    if not 0 < size <= HEADER_BYTES:
        raise Broken(f"en-tête de {size} octets")
    end = cursor.at + size
    if end > len(data):
        data = sample.read_at(at, end)
    if zlib.crc32(data[4:end]) != int.from_bytes(data[:4], "little"):
        raise _wrong_sum(sample, at + end)
    return _new_header(Cursor(data[:end], cursor.at), at + end)


def _wrong_sum(sample: Sample, end: int) -> Exception:
    """A header that goes past the end of the file is cut; one that is there is damaged."""
    return error() if end > sample.size else Broken("le CRC de l'en-tête ne va pas")


def _new_header(cursor: Cursor, following: int) -> Block:
    kind, flags = cursor.number(), cursor.number()
    extra = cursor.number() if flags & 1 else 0
    following += cursor.number() if flags & 2 else 0
    if kind == LOCK:
        return Block(following, Kind.LOCKED if cursor.number() == AES_256 else Kind.STRANGE)
    if kind == END:
        return Block(following, Kind.END, part=bool(cursor.number() & 1))
    if kind != FILE:
        return Block(following, Kind.OTHER)
    is_folder, size = cursor.number() & 1, cursor.number()
    if is_folder or not size or not flags & 2:
        return Block(following, Kind.OTHER)
    return Block(following, _protection(cursor.data[-extra:] if extra else b""), part=bool(flags & 0x18))


def _protection(extra: bytes) -> Kind:
    cursor = Cursor(extra)
    while cursor.at < len(extra):
        size = cursor.number()
        after = cursor.at + size
        if cursor.number() == LOCK_RECORD:
            return Kind.ENCRYPTED if cursor.number() == AES_256 else Kind.STRANGE
        if not size:
            raise Broken("enregistrement vide")
        cursor.at = after
    return Kind.CLEAR


def _judge(road: Road, trouble: str, fault: str) -> Reading:
    counts = road.counts
    clear, closed, weak = counts[Kind.CLEAR], counts[Kind.ENCRYPTED], counts[Kind.WEAK]
    total = clear + closed + weak + counts[Kind.STRANGE]
    name = f"{road.name}, un volume parmi d'autres" if road.part else road.name
    if counts[Kind.LOCKED] and not clear:
        evidence = f"{name} : en-têtes chiffrés en AES, noms compris{trouble}"
        return Reading("rar", Encrypted.YES, evidence, fault, method=_method(road))
    if counts[Kind.STRANGE] and not clear:
        return Reading("rar", Encrypted.UNKNOWN, f"{name} : chiffré par une méthode inconnue{trouble}", fault)
    if not total:
        evidence = f"{name} : aucun fichier qui ait un contenu{trouble}"
        return Reading("rar", Encrypted.UNKNOWN, evidence, fault or EMPTY)
    said = f"{clear} sur {_files(total)} sans enregistrement de chiffrement{trouble}"
    if clear:
        return Reading(
            "rar", Encrypted.NO if clear == total else Encrypted.PARTIAL, f"{name} : {said}", fault
        )
    if weak:
        evidence = f"{name} : {weak} sur {_files(total)} par l'ancien chiffre, d'avant AES{trouble}"
        weaknesses = (Weakness.WEAK_CIPHER,)
        return Reading("rar", Encrypted.WEAK, evidence, fault, method=road.name, weaknesses=weaknesses)
    # Files that were not reached may be clear.
    seen = Encrypted.YES if road.whole else Encrypted.UNKNOWN
    evidence = f"{name} : AES pour {closed} sur {_files(total)}{trouble}"
    visible = (Weakness.NAMES_VISIBLE,)
    return Reading("rar", seen, evidence, fault, method=_method(road), weaknesses=visible)


def _method(road: Road) -> str:
    """RAR 5 encrypts by AES-256, RAR 3 and 4 by AES-128 (their technical notes)."""
    return "AES-256-CBC" if road.name == "RAR 5" else "AES-128-CBC"


def _files(number: int) -> str:
    return french.count(number, "fichier")

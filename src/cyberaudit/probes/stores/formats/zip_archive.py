"""ZIP: whether each member is encrypted, from the central directory (APPNOTE 6.3.10), and whole, by its CRC."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from struct import Struct, error

from cyberaudit import french
from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted, Weakness
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.formats.zip_members import Member, first_lost
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, TRUNCATED, Reading, Sample, octets

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
PROGRAM = b"MZ"
END64, LOCATOR64 = b"PK\x06\x06", b"PK\x06\x07"
# Ours: a directory of a million members weighs some 100 MiB; further on, nothing is concluded.
DIRECTORY_BYTES = 96 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
# Ours: a directory of two thousand members is read whatever the time.
SHORT_BYTES = 256 * 1024
AES_METHOD = 99
ENCRYPTED_BIT, STRONG_BIT = 0x0001, 0x0040
WIDE_32, WIDE_16 = 0xFFFFFFFF, 0xFFFF

_END = Struct("<4x4H2LH")
_END64 = Struct("<4xQ2H2L4Q")
_MEMBER = Struct("<8xHHHHLLLHHH8xL")
RECORD_BYTES = 46
LONGEST_RECORD = RECORD_BYTES + 3 * WIDE_16


class Protection(StrEnum):
    """How one member is kept from reading."""

    CLEAR = "clear"
    ZIPCRYPTO = "zipcrypto"
    AES_128 = "AES-128"
    AES_192 = "AES-192"
    AES_256 = "AES-256"
    STRONG = "strong"
    """PKWARE's own, whose strength the directory does not tell."""


@frozen
class Directory:
    """Where the central directory stands."""

    start: int
    size: int
    shift: int
    """Bytes that stand before the archive."""
    split: bool
    """In volumes: places of members are counted from the beginning of theirs."""


AES_RECORD, AES_RECORD_BYTES = 0x9901, 7
AES_STRENGTHS = {1: Protection.AES_128, 2: Protection.AES_192, 3: Protection.AES_256}


class Broken(ValueError):
    """The structure stops making sense."""


class Unread(ValueError):
    """Sound, and longer than what we read."""


def read_zip(sample: Sample) -> Reading | None:
    """The file as a ZIP archive; None when it neither begins nor is named like one."""
    starts_well = sample.head.startswith((LOCAL, END, b"PK\x07\x08" + LOCAL))
    if not starts_well and sample.suffix != "zip":
        return None
    # A self-extracting program stands before the archive: the directory tells.
    if not starts_well and not sample.head.startswith(PROGRAM):
        evidence = f"octets 0 à 3 = {octets(sample.head[:4])} au lieu de 0x504b0304"
        return Reading("zip", Encrypted.UNKNOWN, evidence, DAMAGED)
    end = sample.tail.rfind(END)
    if end < 0 or len(sample.tail) - end < _END.size:
        return Reading("zip", Encrypted.UNKNOWN, "la fin du répertoire (0x504b0506) manque", TRUNCATED)
    try:
        directory = _directory(sample, end)
        counts: Counter[Protection | None] = Counter()
        newest = 0
        for protection, stamp, _ in _members(sample, directory):
            counts[protection] += 1
            newest = max(newest, stamp)
    except Unread as trouble:
        return Reading("zip", Encrypted.UNKNOWN, f"répertoire central {trouble}", END_NOT_SEEN)
    except (Broken, error) as trouble:
        return Reading("zip", Encrypted.UNKNOWN, f"répertoire central illisible : {trouble}", DAMAGED)
    del counts[None]
    reading = replace(_judge(counts), newest=_moment(newest))
    sums = counts[Protection.CLEAR] and not directory.split
    return _summed(sample, directory, reading) if sums else reading


def _summed(sample: Sample, directory: Directory, reading: Reading) -> Reading:
    """`reading`, unless a clear member is found that would not come out."""
    clear = (
        member for protection, _, member in _members(sample, directory) if protection is Protection.CLEAR
    )
    try:
        lost = first_lost(sample, clear)
    except Unread:
        return reading
    return replace(reading, evidence=f"{reading.evidence} ; {lost}", fault=DAMAGED) if lost else reading


def _moment(stamp: int) -> datetime | None:
    """An MS-DOS date and time, of an unknown zone, taken as UTC; None for 1980, which stands for no date."""
    day, clock = stamp >> 16, stamp & WIDE_16
    try:
        moment = datetime(
            1980 + (day >> 9), day >> 5 & 15, day & 31, clock >> 11, clock >> 5 & 63, tzinfo=UTC
        )
    except ValueError:
        return None
    return moment if moment.year > 1980 else None


def _directory(sample: Sample, end: int) -> Directory:
    position = sample.size - len(sample.tail) + end
    disk, *_, total, size, start, _ = _END.unpack_from(sample.tail, end)
    if WIDE_32 in (size, start) or total == WIDE_16:
        size, start, position = _directory64(sample, position, default=(size, start))
    # What stands before the archive (a self-extracting program) shifts every offset.
    shift = position - size - start
    if shift < 0:
        raise Broken(f"{size} octets annoncés à la position {start}, fichier de {sample.size} octets")
    return Directory(start + shift, size, shift, split=disk != 0)


def _directory64(sample: Sample, position: int, *, default: tuple[int, int]) -> tuple[int, int, int]:
    """Size, start and end of the directory, of the 64-bit end record when there is one."""
    locator = sample.read_at(max(position - 20, 0), 20)
    if not locator.startswith(LOCATOR64) or len(locator) < 20:
        return *default, position
    at = int.from_bytes(locator[8:16], "little")
    record = sample.read_at(at, _END64.size)
    if not record.startswith(END64):
        raise Broken("fin de répertoire 64 bits introuvable")
    *_, size, start = _END64.unpack(record)
    return size, start, at


def _members(sample: Sample, directory: Directory) -> Iterator[tuple[Protection | None, int, Member]]:
    """Protection, MS-DOS date and place of each member; no protection for folders and empty files, never encrypted."""
    if directory.size > DIRECTORY_BYTES:
        raise Unread("plus long que ce que nous lisons")
    buffer, offset, end = b"", directory.start, directory.start + directory.size
    at = 0
    while offset < end or at < len(buffer):
        if len(buffer) - at < LONGEST_RECORD and offset < end:
            chunk = sample.read_at(offset, min(CHUNK_BYTES, end - offset))
            if not chunk:
                raise Broken("le fichier s'arrête avant sa fin")
            if directory.size > SHORT_BYTES and sample.hurried():
                raise Unread("trop long à lire")
            buffer, at, offset = buffer[at:] + chunk, 0, offset + len(chunk)
        if buffer[at : at + 4] != CENTRAL:
            raise Broken(f"entrée inattendue {octets(buffer[at : at + 4])}")
        flags, method, clock, day, crc, packed, size, *lengths, start = _MEMBER.unpack_from(buffer, at)
        name_end = at + RECORD_BYTES + lengths[0]
        extra = buffer[name_end : name_end + lengths[1]]
        where = start if start == WIDE_32 else start + directory.shift
        member = Member(buffer[at + RECORD_BYTES : name_end], method, crc, packed, size, where)
        yield _protection(flags, method, extra) if size else None, day << 16 | clock, member
        at += RECORD_BYTES + sum(lengths)
        if at > len(buffer):
            raise Broken("dernière entrée coupée")


def _protection(flags: int, method: int, extra: bytes) -> Protection:
    if not flags & ENCRYPTED_BIT:
        return Protection.CLEAR
    if method == AES_METHOD:
        return AES_STRENGTHS.get(_aes_strength(extra), Protection.STRONG)
    return Protection.STRONG if flags & STRONG_BIT else Protection.ZIPCRYPTO


def _aes_strength(extra: bytes) -> int:
    """The strength that the AES record 0x9901 of « AE » writes; 0 without one (WinZip, « AE-1 and AE-2 », §II.C)."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = (
            int.from_bytes(extra[at : at + 2], "little"),
            int.from_bytes(extra[at + 2 : at + 4], "little"),
        )
        if kind == AES_RECORD and size >= AES_RECORD_BYTES and extra[at + 6 : at + 8] == b"AE":
            return extra[at + 8] if at + 8 < len(extra) else 0
        at += 4 + size
    return 0


def _judge(counts: Counter[Protection | None]) -> Reading:
    total = counts.total()
    clear = counts[Protection.CLEAR]
    if not total:
        return Reading(
            "zip", Encrypted.UNKNOWN, "le répertoire central ne nomme aucun fichier qui ait un contenu", EMPTY
        )
    if clear == total:
        evidence = f"bit 0 des options à 0 pour {_files(total)} du répertoire central"
        return Reading("zip", Encrypted.NO, evidence)
    if clear:
        return Reading("zip", Encrypted.PARTIAL, f"bit 0 des options à 0 pour {_files(clear)} sur {total}")
    if counts[Protection.ZIPCRYPTO]:
        evidence = "bit 0 des options à 1 sans méthode 99 : ZipCrypto, que l'on sait casser"
        weaknesses = (Weakness.WEAK_CIPHER, Weakness.NAMES_VISIBLE)
        return Reading("zip", Encrypted.WEAK, evidence, method="ZipCrypto", weaknesses=weaknesses)
    if counts[Protection.STRONG]:
        evidence = "bit 0 des options à 1, ni ZipCrypto ni enregistrement 0x9901 : force non écrite"
        return Reading("zip", Encrypted.UNKNOWN, evidence, weaknesses=(Weakness.UNTOLD,))
    # WinZip, « AE-1 and AE-2 », §III.A: a thousand rounds of PBKDF2-HMAC-SHA1 whatever the strength.
    weakest = next(each for each in AES_STRENGTHS.values() if counts[each])
    return Reading(
        "zip",
        Encrypted.YES,
        f"méthode 99 et enregistrement 0x9901 ({weakest}) pour {_files(total)} sur {total}",
        method=f"{weakest}-CTR, PBKDF2-SHA1 1000 tours",
        weaknesses=(Weakness.FAST_KDF, Weakness.NAMES_VISIBLE),
    )


def _files(number: int) -> str:
    return french.count(number, "fichier")

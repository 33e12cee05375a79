"""One Veeam file (.vbk, .vib, .vrb): no specification is published, so what is told is only probable."""

import zlib
from struct import Struct

from cyberaudit.facts.backup import END_NOT_SEEN, Confidence, Encrypted
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.reading import TRUNCATED, Reading, Sample, octets

KINDS = {"vbk": "copie complète", "vib": "suite d'une copie complète", "vrb": "retour en arrière"}
# As others have read these files: version, « initialised », length and name of the digest; two slots from 4096 on.
VERSIONS, DIGEST, SLOTS_AT = range(1, 64), b"md5", 4096
# The same, of each slot: its sum, whether it is in use; a rank, the size of the file, how many banks; from 116 on,
# how many banks there is room for, how many there are, then the sum, place and size of each.
SLOT_FORMAT_AT, SLOT_BYTES, BANKS_AT, BANK_BYTES, PAGE = 0x107, 116, 124, 16, 4096
MOST_BANKS, OLD_MOST_BANKS = 0x7F00, 0xF8
# The same: past this format of slots their sum is a CRC-32C (RFC 3720 §12.1), before it a CRC-32.
LAST_CRC32, CASTAGNOLI = 5, 0x82F63B78
# The same: from this version on, the second word of a bank says 2 when its pages are encrypted.
FIRST_MARKED, LOCKED = 7, 2
# Ours: banks whose mark is read.
SAMPLED_BANKS = 8

_SLOT = Struct("<LLQQL")
_BANKS = Struct("<LL")
_BANK = Struct("<LQL")
_BANK_START = Struct("<HH")


@frozen
class Slot:
    """One of the two states of the file that its start describes."""

    at: int
    rank: int
    size: int
    """Of the whole file, bytes."""
    banks: tuple[tuple[int, int], ...]
    """(place, size) of each."""


def read_veeam(sample: Sample) -> Reading | None:
    """The file as part of a chain, by its name; its encryption stands where nothing published leads."""
    if sample.suffix not in KINDS:
        return None
    version, ready, length = (int.from_bytes(sample.head[place : place + 4], "little") for place in (0, 4, 8))
    marked = version in VERSIONS and ready == 1 and length == len(DIGEST)
    if not marked or sample.head[12:15] != DIGEST:
        said = f"nommé comme une {KINDS[sample.suffix]} de Veeam, début {octets(sample.head[:4])} non reconnu"
        return Reading(sample.suffix, Encrypted.UNKNOWN, said, END_NOT_SEEN, confidence=Confidence.NAME)
    said = f"Veeam, probable ({KINDS[sample.suffix]}, version {version})"
    if sample.size <= SLOTS_AT:
        return _probable(sample, Encrypted.UNKNOWN, said, TRUNCATED)
    slot = _newest_slot(sample)
    if slot is None:
        said = f"{said} : chiffrement non écrit au début"
        return _probable(sample, Encrypted.UNKNOWN, said, END_NOT_SEEN)
    return _by_slot(sample, slot, version, said)


def _probable(sample: Sample, encrypted: Encrypted, said: str, fault: str) -> Reading:
    return Reading(sample.suffix, encrypted, said, fault, confidence=Confidence.PROBABLE)


def _by_slot(sample: Sample, slot: Slot, version: int, said: str) -> Reading:
    told = f"{said} ; octet {slot.at + 16} : fichier de {slot.size} octets"
    if slot.size > sample.size or any(at + size > sample.size for at, size in slot.banks):
        return _probable(sample, Encrypted.UNKNOWN, f"{told}, il n'en a que {sample.size}", TRUNCATED)
    if version < FIRST_MARKED or not slot.banks:
        return _probable(sample, Encrypted.UNKNOWN, f"{told} ; chiffrement non écrit au début", END_NOT_SEEN)
    marks = [_BANK_START.unpack(sample.read_at(at, 4)) for at, _ in slot.banks[:SAMPLED_BANKS]]
    locked = sum(flags == LOCKED for _, flags in marks)
    shown = f"{told} ; octets {slot.banks[0][0] + 2} et suivant = {marks[0][1]}"
    if locked == len(marks):
        return _probable(sample, Encrypted.YES, f"{shown} (banque chiffrée)", END_NOT_SEEN)
    # What another value means was not read anywhere: the job may encrypt its blocks elsewhere.
    return _probable(sample, Encrypted.UNKNOWN, f"{shown}, sans la marque de chiffrement", END_NOT_SEEN)


def _newest_slot(sample: Sample) -> Slot | None:
    """The state in use; None when neither can be trusted."""
    form = int.from_bytes(sample.head[SLOT_FORMAT_AT : SLOT_FORMAT_AT + 4], "little")
    first, room = _slot(sample, SLOTS_AT, form)
    second, _ = _slot(sample, SLOTS_AT + room, form)
    return max((slot for slot in (first, second) if slot), key=lambda slot: slot.rank, default=None)


def _slot(sample: Sample, at: int, form: int) -> tuple[Slot | None, int]:
    """The slot, when it is in use and its sum is right; how many bytes it takes."""
    most = MOST_BANKS if form else OLD_MOST_BANKS
    head = sample.read_at(at, BANKS_AT)
    if len(head) < BANKS_AT:
        return None, PAGE
    summed, used, rank, size, _ = _SLOT.unpack_from(head)
    room, stored = _BANKS.unpack_from(head, SLOT_BYTES)
    if not used:
        return None, _pages(SLOT_BYTES + most * BANK_BYTES)
    if room > most or stored > room:
        return None, PAGE
    length = _pages(SLOT_BYTES + room * BANK_BYTES)
    body = sample.read_at(at, BANKS_AT + room * BANK_BYTES)
    made = zlib.crc32(body[4:]) if form <= LAST_CRC32 else crc32c(body[4:])
    if len(body) < BANKS_AT + room * BANK_BYTES or made != summed:
        return None, length
    banks = tuple(_BANK.unpack_from(body, BANKS_AT + BANK_BYTES * each)[1:] for each in range(stored))
    return Slot(at, rank, size, banks), length


def crc32c(data: bytes) -> int:
    """Castagnoli's sum of at most half a mebibyte."""
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (CASTAGNOLI if value & 1 else 0)
        table.append(value)
    total = 0xFFFFFFFF
    for byte in data:
        total = total >> 8 ^ table[(total ^ byte) & 0xFF]
    return total ^ 0xFFFFFFFF


def _pages(size: int) -> int:
    return -(-size // PAGE) * PAGE

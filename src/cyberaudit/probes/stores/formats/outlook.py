"""Outlook mail stores (PST, OST): their own « encryption » is a fixed permutation, and hides nothing ([MS-PST])."""

import zlib

from cyberaudit.facts.backup import Encrypted
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample

MAGIC = b"!BDN"
SUFFIXES = frozenset({"pst", "ost"})
# [MS-PST] §2.2.2.6: version at 10; from 23 on, offsets take eight bytes.
VERSION_AT, UNICODE_VERSION = 10, 23
SUM_AT, SUMMED_AT, SUMMED_BYTES = 4, 8, 471
HEADER_BYTES = 564
# [MS-PST] §2.2.2.6, « bCryptMethod »: 0x10 is Windows Information Protection, whose strength is elsewhere.
METHODS = {0: "aucun codage", 1: "codage par permutation", 2: "codage cyclique"}
CLIENT = {b"SM", b"SO"}


def read_outlook(sample: Sample) -> Reading | None:
    """The file as a mail store."""
    if not sample.head.startswith(MAGIC) or sample.head[8:10] not in CLIENT:
        if sample.suffix in SUFFIXES:
            return Reading("pst", Encrypted.UNKNOWN, "octets 0 à 3 : ce n'est pas « !BDN »", DAMAGED)
        return None
    if len(sample.head) < HEADER_BYTES:
        return Reading("pst", Encrypted.UNKNOWN, "l'en-tête s'arrête avant sa fin", TRUNCATED)
    unicode = _little(sample.head, VERSION_AT, 2) >= UNICODE_VERSION
    at = 513 if unicode else 461
    method = sample.head[at]
    end = _little(sample.head, 184, 8) if unicode else _little(sample.head, 168, 4)
    fault = TRUNCATED if sample.size < end else "" if _summed(sample.head) else DAMAGED
    if method not in METHODS:
        return Reading("pst", Encrypted.UNKNOWN, f"octet {at} = 0x{method:02x}, codage inconnu", fault)
    evidence = f"octet {at} = {method} ({METHODS[method]}) : lisible sans clé"
    return Reading("pst", Encrypted.NO, evidence, fault)


def _summed(head: bytes) -> bool:
    """Microsoft's CRC-32 starts from 0 and is not inverted at the end ([MS-PST] §5.3)."""
    summed = zlib.crc32(head[SUMMED_AT : SUMMED_AT + SUMMED_BYTES], 0xFFFFFFFF) ^ 0xFFFFFFFF
    return summed == _little(head, SUM_AT, 4)


def _little(data: bytes, at: int, count: int) -> int:
    return int.from_bytes(data[at : at + count], "little")

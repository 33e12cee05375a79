"""LUKS 1 and LUKS 2: the cipher, the key slots and the segments that the header of an encrypted volume names."""

import hashlib
import json
from collections.abc import Iterator
from struct import Struct
from typing import Any

from cyberaudit import french
from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted, Weakness
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample
from cyberaudit.probes.stores.strength import of_argon2, of_pbkdf2

MAGIC, SECOND_MAGIC = b"LUKS\xba\xbe", b"SKUL\xba\xbe"
SECTOR = 512
# LUKS1 on-disk format 1.2.3, §2.1: eight key slots of 48 bytes at 208.
SLOTS, SLOT_BYTES, SLOTS_AT, ACTIVE = 8, 48, 208, 0x00AC71F3
# LUKS2 on-disk format 1.1.4, §2.1: the binary header, then JSON; both from 16 KiB to 4 MiB.
BINARY_BYTES, SUM_AT, SUM_BYTES = 4096, 448, 64
HEADER_SIZES = frozenset(1 << power for power in range(14, 23))
SUMS = frozenset({"sha256", "sha512", "sha1"})
# Block ciphers of the Linux kernel with 128-bit blocks and no known break.
CIPHERS = frozenset({"aes", "serpent", "twofish", "camellia"})
BROKEN_CIPHERS = frozenset({"des", "des3_ede", "blowfish", "cast5", "arc4", "rc4"})
NO_CIPHER = frozenset({"cipher_null", "null", "ecb(cipher_null)"})

_FIRST = Struct(">6xH32s32s32sLL")


@frozen
class Slot:
    """How one key slot makes its key of a password."""

    words: str
    weaknesses: tuple[Weakness, ...]


@frozen
class Volume:
    """What a header says, in the words that both versions share."""

    name: str
    ciphers: tuple[str, ...]
    """« aes-xts-plain64 », one for each encrypted stretch of data."""
    slots: tuple["Slot", ...]
    """Those that a secret opens."""
    clear: int
    """Stretches of data that are not encrypted: left by an encryption that has not been finished."""
    data_at: int
    """Byte where the data starts."""
    ends_at: int | None
    """Byte where they end; None when the volume takes all of its device."""


class Broken(ValueError):
    """The header stops making sense."""


def read_luks(sample: Sample) -> Reading | None:
    """The file as a LUKS volume, its header included."""
    if not sample.head.startswith(MAGIC):
        return None
    version = int.from_bytes(sample.head[6:8], "big")
    try:
        if version == 1:
            return _judge(sample, _first(sample))
        if version == 2:
            return _judge(sample, _second(sample))
    except Broken as trouble:
        fault = TRUNCATED if len(sample.head) < BINARY_BYTES else DAMAGED
        return Reading("luks", Encrypted.UNKNOWN, f"en-tête LUKS {version} : {trouble}", fault)
    return Reading("luks", Encrypted.UNKNOWN, f"octets 6 et 7 : version {version} de LUKS, non connue")


def _first(sample: Sample) -> Volume:
    if len(sample.head) < SLOTS_AT + SLOTS * SLOT_BYTES:
        raise Broken("il s'arrête avant sa fin")
    _, cipher, mode, digest, payload, _ = _FIRST.unpack_from(sample.head)
    places = (SLOTS_AT + rank * SLOT_BYTES for rank in range(SLOTS))
    rounds = [
        int.from_bytes(sample.head[place + 4 : place + 8], "big")
        for place in places
        if int.from_bytes(sample.head[place : place + 4], "big") == ACTIVE
    ]
    slots = [Slot(f"pbkdf2-{_word(digest)}, {each} tours", of_pbkdf2(each)) for each in rounds]
    # A detached header says 0: its data stands elsewhere.
    return Volume("LUKS 1", (f"{_word(cipher)}-{_word(mode)}",), tuple(slots), 0, payload * SECTOR, None)


def _word(field: bytes) -> str:
    return clean(field.partition(b"\0")[0], limit=32)


def _second(sample: Sample) -> Volume:
    size = int.from_bytes(sample.head[8:16], "big")
    if size not in HEADER_SIZES:
        raise Broken(f"taille de {size} octets")
    text = _sound(sample, 0, size, MAGIC) or _sound(sample, size, size, SECOND_MAGIC)
    if text is None:
        raise Broken("aucune de ses deux copies n'a la bonne somme de contrôle")
    try:
        return _described(json.loads(text.partition(b"\0")[0]))
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise Broken("sa description JSON est illisible") from error


def _sound(sample: Sample, at: int, size: int, magic: bytes) -> bytes | None:
    """The JSON text of one of the two headers, when its checksum is right."""
    data = sample.read_at(at, size)
    name = data[72:104].partition(b"\0")[0].decode("ascii", "replace")
    if len(data) < size or not data.startswith(magic) or name not in SUMS:
        return None
    written = data[SUM_AT : SUM_AT + SUM_BYTES]
    found = hashlib.new(name, data[:SUM_AT] + bytes(SUM_BYTES) + data[SUM_AT + SUM_BYTES :]).digest()
    return data[BINARY_BYTES:] if written.startswith(found) else None


def _described(header: dict[str, Any]) -> Volume:
    segments = [
        segment for segment in header["segments"].values() if "backup" not in str(segment.get("flags", ""))
    ]
    ciphers = [
        clean(str(segment["encryption"]), limit=40) for segment in segments if segment["type"] == "crypt"
    ]
    starts = [int(segment["offset"]) for segment in segments]
    sizes = [str(segment["size"]) for segment in segments]
    ends = [int(size) + start for size, start in zip(sizes, starts, strict=True) if size != "dynamic"]
    return Volume(
        "LUKS 2",
        tuple(ciphers),
        tuple(_slots(header["keyslots"])),
        sum(segment["type"] == "linear" for segment in segments),
        max(starts, default=0),
        max(ends) if ends and "dynamic" not in sizes else None,
    )


def _slots(slots: dict[str, Any]) -> Iterator[Slot]:
    """How each slot that opens by a secret makes its key; the one of a running encryption opens nothing."""
    for slot in slots.values():
        if slot["type"] != "luks2":
            continue
        kdf = slot["kdf"]
        settings = {"time": "tours", "iterations": "tours", "memory": "Kio"}
        words = [f"{kdf[name]} {unit}" for name, unit in settings.items() if name in kdf]
        shown = clean(", ".join((str(kdf["type"]), *words)), limit=60)
        if "memory" in kdf:
            yield Slot(shown, of_argon2(int(kdf["memory"]), int(kdf["time"])))
        else:
            yield Slot(shown, of_pbkdf2(int(kdf["iterations"])))


def _judge(sample: Sample, volume: Volume) -> Reading:
    slots = f"{french.count(len(volume.slots), 'emplacement')} de clé"
    if volume.slots:
        slots += f" ({', '.join(slot.words for slot in volume.slots[:2])})"
    evidence = f"en-tête {volume.name} : {', '.join(volume.ciphers) or 'aucun chiffre'} ; {slots}"
    fault = _fault(sample, volume)
    if not volume.slots:
        lost = TRUNCATED if fault == TRUNCATED else DAMAGED
        return Reading("luks", _strength(volume), f"{evidence} : plus rien ne l'ouvre", lost)
    return Reading(
        "luks",
        _strength(volume),
        evidence,
        fault,
        method=", ".join((*volume.ciphers[:1], _weakest(volume).words)),
        weaknesses=_weaknesses(volume),
    )


def _weakest(volume: Volume) -> Slot:
    return max(volume.slots, key=lambda slot: len(slot.weaknesses))


def _weaknesses(volume: Volume) -> tuple[Weakness, ...]:
    """The weakest slot opens everything; disks have no seal (cryptsetup FAQ §5), which is not told as a fault."""
    broken = (Weakness.WEAK_CIPHER,) if _strength(volume) is Encrypted.WEAK else ()
    fast = {each for slot in volume.slots for each in slot.weaknesses}
    return (*broken, *fast)


def _strength(volume: Volume) -> Encrypted:
    names = [cipher.partition("-")[0].lower() for cipher in volume.ciphers]
    nulls = sum(name in NO_CIPHER or "cipher_null" in name for name in names)
    clear = nulls + volume.clear
    if clear:
        return Encrypted.NO if nulls == len(names) else Encrypted.PARTIAL
    if any(name in BROKEN_CIPHERS for name in names) or any("-ecb" in cipher for cipher in volume.ciphers):
        return Encrypted.WEAK
    known = bool(names) and all(name in CIPHERS for name in names)
    return Encrypted.YES if known else Encrypted.UNKNOWN


def _fault(sample: Sample, volume: Volume) -> str:
    """A volume of fixed size says where it ends; one that takes all of its device does not."""
    if not volume.data_at or sample.size <= volume.data_at or sample.size < (volume.ends_at or 0):
        return TRUNCATED
    return END_NOT_SEEN if volume.ends_at is None else ""

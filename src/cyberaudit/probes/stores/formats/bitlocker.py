"""BitLocker: the metadata of an encrypted volume, its protectors, and the clear key that undoes them all."""

from collections.abc import Iterator
from struct import Struct, error

from cyberaudit import french
from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample, octets

MAGIC, TO_GO = b"-FVE-FS-", b"MSWIN4.1"
# libyal, « BitLocker Drive Encryption (BDE) format », §2: identifier and three offsets of the metadata.
IDENTIFIER = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
PLACES = {MAGIC: 160, TO_GO: 424}
# §3: block header of 64 bytes, metadata header of 48, then entries of 8 bytes and more.
BLOCK_BYTES, HEADER_BYTES, ENTRY_BYTES = 64, 48, 8
# §3: three copies of 64 KiB.
METADATA_BYTES = 64 * 1024
VERSION, WHOLLY_ENCRYPTED = 2, 4
MASTER_KEY = 8
# §3.5: the value of a volume master key: GUID, date, then the protection.
PROTECTION_AT, CLEAR_KEY = 26, 0x0000
PROTECTORS = {
    0x0100: "TPM", 0x0200: "clé de démarrage", 0x0500: "TPM et code", 0x0600: "TPM et clé",
    0x0700: "TPM, clé et code", 0x0800: "mot de passe de récupération", 0x1000: "carte à puce",
    0x2000: "mot de passe",
}  # fmt: skip
METHODS = {
    0x8000: "AES-CBC 128 avec diffuseur", 0x8001: "AES-CBC 256 avec diffuseur", 0x8002: "AES-CBC 128",
    0x8003: "AES-CBC 256", 0x8004: "AES-XTS 128", 0x8005: "AES-XTS 256",
}  # fmt: skip

_BLOCK = Struct("<8s2xHHHQ")
_HEADER = Struct("<LLL24xH")
_ENTRY = Struct("<HHH")


@frozen
class Volume:
    """What one copy of the metadata says."""

    at: int
    whole: bool
    """Encryption is neither under way nor being undone."""
    size: int
    """Bytes of the volume; 0 when not written."""
    method: int
    protections: tuple[int, ...]


class Broken(ValueError):
    """This copy of the metadata makes no sense."""


def is_bitlocker(head: bytes) -> bool:
    """Whether the first sector is that of an encrypted volume: its mark alone proves no protection."""
    return head[3:11] == MAGIC or (head[3:11] == TO_GO and head[424:440] == IDENTIFIER)


def read_bitlocker(sample: Sample) -> Reading | None:
    """The file as a BitLocker volume."""
    if not is_bitlocker(sample.head):
        return None
    for at in _copies(sample):
        try:
            return _judge(sample, _metadata(sample, at))
        except (Broken, error):
            continue
    evidence = f"octets 3 à 10 = {octets(sample.head[3:11])} : BitLocker, protecteurs non vérifiés"
    return Reading("bitlocker", Encrypted.UNKNOWN, evidence, END_NOT_SEEN)


def _copies(sample: Sample) -> tuple[int, ...]:
    place = PLACES[sample.head[3:11]]
    if sample.head[place : place + 16] != IDENTIFIER:
        return ()
    starts = range(place + 16, place + 40, 8)
    return tuple(int.from_bytes(sample.head[start : start + 8], "little") for start in starts)


def _metadata(sample: Sample, at: int) -> Volume:
    data = sample.read_at(at, METADATA_BYTES)
    magic, version, state, coming, size = _BLOCK.unpack_from(data)
    length, _, header, method = _HEADER.unpack_from(data, BLOCK_BYTES)
    if magic != MAGIC or version != VERSION or header != HEADER_BYTES:
        raise Broken
    if not HEADER_BYTES <= length <= len(data) - BLOCK_BYTES:
        raise Broken
    entries = data[BLOCK_BYTES + HEADER_BYTES : BLOCK_BYTES + length]
    whole = state == coming == WHOLLY_ENCRYPTED
    return Volume(at, whole, size, method, tuple(_protections(entries)))


def _protections(entries: bytes) -> Iterator[int]:
    """The protection of each copy of the volume's master key."""
    at = 0
    while at < len(entries):
        size, _, value = _ENTRY.unpack_from(entries, at)
        if size < ENTRY_BYTES or at + size > len(entries):
            raise Broken
        if value == MASTER_KEY:
            field = entries[at + ENTRY_BYTES : at + size][PROTECTION_AT : PROTECTION_AT + 2]
            if len(field) < 2:
                raise Broken
            yield int.from_bytes(field, "little")
        at += size


def _judge(sample: Sample, volume: Volume) -> Reading:
    method = METHODS.get(volume.method, f"méthode 0x{volume.method:04x}")
    start = f"BitLocker, métadonnées à l'octet {volume.at} : {method}"
    fault = TRUNCATED if sample.size < volume.size else "" if volume.size else END_NOT_SEEN
    if CLEAR_KEY in volume.protections:
        evidence = f"{start}, protection suspendue : la clé est écrite en clair"
        return Reading("bitlocker", Encrypted.NO, evidence, fault)
    if not volume.whole:
        evidence = f"{start}, chiffrement en cours ou en train d'être retiré"
        return Reading("bitlocker", Encrypted.PARTIAL, evidence, fault)
    if not volume.protections:
        return Reading("bitlocker", Encrypted.UNKNOWN, f"{start}, aucun protecteur", fault or DAMAGED)
    names = [PROTECTORS.get(kind, f"protecteur 0x{kind:04x}") for kind in volume.protections]
    evidence = f"{start}, {french.count(len(names), 'protecteur')} : {', '.join(names[:4])}"
    known = volume.method in METHODS and all(kind in PROTECTORS for kind in volume.protections)
    encrypted = Encrypted.YES if known else Encrypted.UNKNOWN
    return Reading("bitlocker", encrypted, evidence, fault, method=method)

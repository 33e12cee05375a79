"""OpenPGP: what the packets say without any key (RFC 9580 §4 and §5, RFC 4880), binary or armoured."""

import base64
import binascii
from collections.abc import Iterator

from cyberaudit import french
from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted, Weakness
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample, octets
from cyberaudit.probes.stores.strength import of_s2k

SUFFIXES = frozenset({"gpg", "pgp", "asc"})
ARMOUR = b"-----BEGIN PGP MESSAGE-----"
ARMOUR_END = b"-----END PGP MESSAGE-----"
AGE_ARMOUR = b"-----BEGIN AGE ENCRYPTED FILE-----"
KEY_OR_SIGNATURE = frozenset({2, 5, 6, 7, 14})
CLEAR_SIGNED = b"-----BEGIN PGP SIGNED MESSAGE-----"
# RFC 9580 §9.3
CIPHERS = {
    0: "aucun chiffre", 1: "IDEA", 2: "3DES", 3: "CAST5", 4: "Blowfish", 7: "AES-128", 8: "AES-192",
    9: "AES-256", 10: "Twofish", 11: "Camellia-128", 12: "Camellia-192", 13: "Camellia-256",
}  # fmt: skip
# RFC 9580 §9.3: IDEA, TripleDES and CAST5 must not be used any more; Blowfish has the same 64-bit blocks.
WEAK_CIPHERS = frozenset({0, 1, 2, 3, 4})
# RFC 9580 §3.7.1: simple and salted, without iteration.
WEAK_KEY_MAKING = frozenset({0, 1})
ITERATED, MEMORY_HARD = 3, 4
PUBLIC_KEY, SYMMETRIC_KEY, ONE_PASS, COMPRESSED, OLD_DATA, LITERAL, DATA, AEAD_DATA = (
    1,
    3,
    4,
    8,
    9,
    11,
    18,
    20,
)
READABLE = {ONE_PASS: "signature", COMPRESSED: "données compressées", LITERAL: "texte clair"}
# Ours: nobody writes a backup for more recipients.
MOST_PACKETS = 64
# Ours: a data packet cut in chunks is followed that far in any case (32 MiB of gpg's), further while time lasts.
SURE_CHUNKS = 4096


@frozen
class Packet:
    """One packet: its tag, where it starts and where its body does, and how long that is."""

    at: int
    first: int
    """Its first byte, as read."""
    tag: int
    body: int
    length: int | None
    """None: to the end of the file, or cut in chunks."""
    chunked: bool


def read_openpgp(sample: Sample) -> Reading | None:
    """The file as an OpenPGP message; None when its bytes are not one."""
    if sample.head.startswith(CLEAR_SIGNED):
        return Reading("openpgp", Encrypted.NO, "ligne 1 : message signé et lisible")
    if sample.head.startswith(ARMOUR):
        return _armoured(sample)
    named = sample.suffix in SUFFIXES
    packets = list(_packets(sample.head))
    if not packets or not _plausible(sample.head, packets[0], named=named):
        if named and not sample.head.startswith(b"-----BEGIN PGP"):
            evidence = f"octet 0 = {octets(sample.head[:1])} : ce n'est pas un paquet OpenPGP"
            return Reading("openpgp", Encrypted.UNKNOWN, evidence, DAMAGED)
        return None
    return _judge(sample.head, packets, fault=_end(sample, packets[-1]))


def is_key_or_signature(sample: Sample) -> bool:
    """Keys, certificates and detached signatures wear the same endings as messages, and hold no copy.

    In text: any « -----BEGIN … » other than a message. In bytes: a first packet that is a signature or a
    key (RFC 9580 §5, tags 2, 5, 6, 7 and 14) and ends within the file.
    """
    if sample.head.startswith(b"-----BEGIN "):
        return not sample.head.startswith((ARMOUR, CLEAR_SIGNED, AGE_ARMOUR))
    first = _packet(sample.head, 0)
    if first is None or first.tag not in KEY_OR_SIGNATURE or sample.suffix not in SUFFIXES:
        return False
    return first.length is not None and first.body + first.length <= sample.size


def _armoured(sample: Sample) -> Reading:
    fault = "" if ARMOUR_END in sample.tail else TRUNCATED
    lines = sample.head.replace(b"\r", b"").partition(b"\n\n")[2].split(b"\n")
    text = b"".join(line for line in lines if line and not line.startswith((b"=", b"-")))
    try:
        data = base64.b64decode(text[: len(text) // 4 * 4], validate=True)
    except binascii.Error:
        return Reading("openpgp", Encrypted.UNKNOWN, "le codage en texte est abîmé", fault or DAMAGED)
    packets = list(_packets(data))
    if not packets or not _plausible(data, packets[0], named=True):
        return Reading("openpgp", Encrypted.UNKNOWN, "aucun paquet OpenPGP reconnu", fault or DAMAGED)
    return _judge(data, packets, fault=fault)


def _packets(data: bytes) -> Iterator[Packet]:
    """The packets up to the first that holds data."""
    at = 0
    for _ in range(MOST_PACKETS):
        packet = _packet(data, at)
        if packet is None:
            return
        yield packet
        if packet.length is None or packet.tag not in (PUBLIC_KEY, SYMMETRIC_KEY, 10):
            return
        at = packet.body + packet.length


def _packet(data: bytes, at: int) -> Packet | None:
    header = data[at : at + 6]
    if len(header) < 2 or not header[0] & 0x80:
        return None
    if header[0] & 0x40:
        return _new_packet(header, at)
    kind = header[0] & 3
    width = (1, 2, 4, 0)[kind]
    length = int.from_bytes(header[1 : 1 + width], "big") if width else None
    return Packet(at, header[0], header[0] >> 2 & 15, at + 1 + width, length, chunked=False)


def _new_packet(header: bytes, at: int) -> Packet:
    size = _length(header[1:])
    width, length, last = size
    return Packet(at, header[0], header[0] & 63, at + 1 + width, length if last else None, chunked=not last)


def _length(data: bytes) -> tuple[int, int, bool]:
    """How many bytes the length takes, the length, and whether no other chunk follows (RFC 9580 §4.2.1)."""
    first = data[0]
    if first < 192:
        return 1, first, True
    if first < 224:
        return 2, (first - 192 << 8) + (data[1] if len(data) > 1 else 0) + 192, True
    if first == 255:
        return 5, int.from_bytes(data[1:5], "big"), True
    return 1, 1 << (first & 31), False


def _plausible(data: bytes, packet: Packet, *, named: bool) -> bool:
    """Random bytes often look like a packet: the body of the first must make sense too."""
    body = data[packet.body : packet.body + 4]
    match packet.tag:
        case 1:
            return body[:1] in (b"\x02", b"\x03", b"\x06") and (packet.length or 0) > 10
        case 3:
            return body[:1] in (b"\x04", b"\x05", b"\x06") and len(body) > 2 and (packet.length or 0) < 200
        case 4 | 8 | 9 | 11 | 18 | 20:
            return named
    return False


def _judge(data: bytes, packets: list[Packet], *, fault: str) -> Reading:
    last, first = packets[-1], packets[0]
    if last.tag in READABLE:
        evidence = (
            f"octet {last.at} = {octets(bytes([last.first]))}, paquet {last.tag} : {READABLE[last.tag]}"
        )
        return Reading("openpgp", Encrypted.NO, f"{evidence}, lisible sans clé", fault)
    keys = [packet for packet in packets if packet.tag in (PUBLIC_KEY, SYMMETRIC_KEY)]
    evidence = f"octet 0 = {octets(bytes([first.first]))}, " + _key_words(data, keys)
    if last.tag not in (DATA, OLD_DATA, AEAD_DATA):
        return Reading(
            "openpgp", Encrypted.UNKNOWN, f"{evidence}, sans données à la suite", fault or TRUNCATED
        )
    evidence += f", données chiffrées (paquet {last.tag}) à l'octet {last.at}"
    method, weaknesses = _method(data, keys)
    broken = _broken(data, keys, last)
    if broken is not None:
        weak, words = broken
        return Reading(
            "openpgp", Encrypted.WEAK, f"{evidence} ; {words}", fault, method=method, weaknesses=(weak,)
        )
    return Reading("openpgp", Encrypted.YES, evidence, fault, method=method, weaknesses=weaknesses)


def _key_words(data: bytes, keys: list[Packet]) -> str:
    if not keys:
        return "aucun paquet de clé"
    if keys[0].tag == PUBLIC_KEY:
        return f"paquet de clé de session (type 1) pour {french.count(len(keys), 'destinataire')}"
    cipher, _ = _symmetric(data, keys[0])
    return f"paquet de clé de session (type 3), {CIPHERS.get(cipher, f'chiffre {cipher}')}"


def _symmetric(data: bytes, packet: Packet) -> tuple[int, int]:
    """Cipher and way of making the key (S2K) of a symmetric-key packet."""
    body = data[packet.body : packet.body + 8]
    if body[:1] == b"\x04":
        return body[1], body[2]
    # Versions 5 and 6 put one or two lengths and the AEAD mode between the two (RFC 9580 §5.3.2).
    return (body[1], body[3]) if body[:1] == b"\x05" else (body[2], body[5]) if len(body) > 5 else (9, 3)


def _broken(data: bytes, keys: list[Packet], last: Packet) -> tuple[Weakness, str] | None:
    """What makes it weak, whatever the password."""
    if last.tag == OLD_DATA:
        return Weakness.NO_INTEGRITY, "sans contrôle d'intégrité (paquet 9)"
    for cipher, making in (_symmetric(data, key) for key in keys if key.tag == SYMMETRIC_KEY):
        if cipher in WEAK_CIPHERS:
            return Weakness.WEAK_CIPHER, f"chiffre dépassé : {CIPHERS[cipher]}"
        if making in WEAK_KEY_MAKING:
            return Weakness.FAST_KDF, f"clé tirée du mot de passe sans répétition (S2K {making})"
    return None


def _method(data: bytes, keys: list[Packet]) -> tuple[str, tuple[Weakness, ...]]:
    """Cipher and way of making the key; a session key locked by a public key hides its cipher."""
    passwords = [key for key in keys if key.tag == SYMMETRIC_KEY]
    if not passwords:
        return "clé publique, chiffre non écrit", ()
    cipher, making = _symmetric(data, passwords[0])
    name = CIPHERS.get(cipher, f"chiffre {cipher}")
    if making == MEMORY_HARD:
        return f"{name}, Argon2", ()
    count = _s2k_count(data, passwords[0]) if making == ITERATED else None
    if count is None:
        return f"{name}, S2K {making}", ()
    return f"{name}, S2K itéré sur {count} octets", of_s2k(count)


def _s2k_count(data: bytes, packet: Packet) -> int | None:
    """How many bytes are hashed (RFC 9580 §3.7.1.3); only version 4 packets have it at a fixed place."""
    body = data[packet.body : packet.body + 13]
    if len(body) < 13 or body[0] != 4:
        return None
    return 16 + (body[12] & 15) << (body[12] >> 4) + 6


def _end(sample: Sample, last: Packet) -> str:
    """`truncated` when the last packet says it goes further than the file; `end-not-seen` when nothing tells."""
    if last.length is not None and last.body + last.length > sample.size:
        return TRUNCATED
    if last.chunked:
        return _chunks_end(sample, last.at + 1)
    # What follows a one-pass signature is not walked; an indeterminate length ends where the file does.
    return END_NOT_SEEN if last.length is None or last.tag == ONE_PASS else ""


def _chunks_end(sample: Sample, at: int) -> str:
    followed = 0
    while followed < SURE_CHUNKS or not sample.hurried():
        followed += 1
        header = sample.read_at(at, 5)
        if not header:
            return TRUNCATED
        width, length, final = _length(header)
        at += width + length
        if at > sample.size:
            return TRUNCATED
        if final:
            # What follows belongs to no packet: bytes were lost, or something was added.
            return "" if at == sample.size else END_NOT_SEEN
    return END_NOT_SEEN

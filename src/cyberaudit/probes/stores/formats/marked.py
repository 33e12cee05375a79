"""Files encrypted one by one, told by a mark and what follows it: AES Crypt, openssl, rclone, Cloud Sync, eCryptfs."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

from cyberaudit.facts.backup import END_NOT_SEEN, Confidence, DateKind, Encrypted, Weakness
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample, octets
from cyberaudit.probes.stores.strength import of_pbkdf2

AES_BLOCK = 16
# AES Crypt File Format: IV, encrypted IV and key, their HMAC; data; in versions 1 and 2 the size modulo 16; HMAC.
AESCRYPT, AESCRYPT_VERSIONS = b"AES", range(1, 4)
AESCRYPT_KEYS, HMAC_BYTES = 16 + 48 + 32, 32
# AES Crypt File Format: before version 3, the password is hashed 8192 times by SHA-256.
MOST_EXTENSIONS, AESCRYPT_OLD_TURNS = 64, 8192
OPENSSL, SALT_BYTES = b"Salted__", 8
# rclone, « Crypt », file encryption: magic and nonce, then blocks of 64 KiB with a tag of 16 bytes each.
RCLONE, RCLONE_HEADER, RCLONE_BLOCK, RCLONE_TAG = b"RCLONE\0\0", 32, 64 * 1024 + 16, 16
RCLONE_METHOD = "XSalsa20-Poly1305, scrypt N=16384 r=8 p=1"
# rclone, « Crypt », name encryption: whole AES blocks in base32hex, base64url or base32768.
_HIDDEN_NAME = re.compile(r"[0-9a-v]{26,}|[0-9A-Za-z_-]{22,}|(?=[^\x00-\x7f]{4})[^./]{9,}")
CLOUD_SYNC = b"__CLOUDSYNC_ENC__"
# synocrypto, ENCRYPTION.md (from the files, not from Synology): objects begin with their type.
CLOUD_NUMBER, CLOUD_TEXT, CLOUD_BYTES, CLOUD_OPEN, CLOUD_CLOSE = 0x01, 0x10, 0x11, 0x42, 0x40
CLOUD_METHOD = "AES-256-CBC, clé tirée du mot de passe par 1000 MD5"
# Ours: the description has fifteen fields; its last part, under 100 bytes, holds the MD5 of the document.
CLOUD_MOST_OBJECTS, CLOUD_END_BYTES, CLOUD_END, CLOUD_KNOWN_MAJOR = 200, 200, b"file_md5", 3
# Linux, fs/ecryptfs/crypto.c: size, a mark and its mask, flags, header sizes, then an OpenPGP key packet.
ECRYPTFS_MASK, ECRYPTFS_VERSION, ECRYPTFS_ENCRYPTED, ECRYPTFS_PACKET, ECRYPTFS_PAGE = (
    0x3C81B7F5,
    3,
    2,
    0x8C,
    4096,
)
# Linux, fs/ecryptfs/crypto.c, ecryptfs_cipher_code_map: the numbers of OpenPGP.
ECRYPTFS_CIPHERS = {
    2: "3DES",
    3: "CAST5",
    4: "Blowfish",
    7: "AES-128",
    8: "AES-192",
    9: "AES-256",
    10: "Twofish",
}
ECRYPTFS_WEAK = frozenset({2, 3, 4})


def read_marked(sample: Sample) -> Reading | None:
    """The file as one of those."""
    for start, reader in _MARKS:
        if sample.head.startswith(start):
            return reader(sample)
    return _ecryptfs(sample)


def _aescrypt(sample: Sample) -> Reading | None:
    if len(sample.head) < 5:
        return None
    if sample.head[3] not in AESCRYPT_VERSIONS or sample.head[4]:
        return None
    version = sample.head[3]
    name = f"octets 0 à 3 = {octets(sample.head[:4])}, en-tête AES Crypt {version}"
    start = _aescrypt_start(sample.head, version)
    if start is None:
        fault = TRUNCATED if len(sample.head) == sample.size else DAMAGED
        return Reading("aescrypt", Encrypted.UNKNOWN, f"{name}, qui s'arrête avant sa fin", fault)
    body = sample.size - start - HMAC_BYTES - (version < 3)
    if body < 0 or body % AES_BLOCK:
        words = f"{name} ; données de {body} octets, qui ne font pas des blocs de {AES_BLOCK}"
        return Reading("aescrypt", Encrypted.UNKNOWN, words, TRUNCATED)
    # A cut of a multiple of 16 bytes looks the same; the HMAC alone tells, and needs the password.
    evidence = f"{name}, AES-256, données à l'octet {start}, longueur juste"
    turns = int.from_bytes(sample.head[start - AESCRYPT_KEYS - 4 : start - AESCRYPT_KEYS], "big")
    stretched = f"PBKDF2-SHA512, {turns} tours" if version == 3 else f"{AESCRYPT_OLD_TURNS} tours de SHA-256"
    weak = of_pbkdf2(turns if version == 3 else AESCRYPT_OLD_TURNS)
    method = f"AES-256-CBC, {stretched}"
    return Reading("aescrypt", Encrypted.YES, evidence, END_NOT_SEEN, method=method, weaknesses=weak)


def _aescrypt_start(head: bytes, version: int) -> int | None:
    """Where the data start, extensions and keys passed; None when the header goes further than what was read."""
    at = 5
    if version >= 2:
        for _ in range(MOST_EXTENSIONS):
            length = int.from_bytes(head[at : at + 2], "big")
            at += 2 + length
            if not length:
                break
        else:
            return None
    at += 4 if version == 3 else 0
    at += AESCRYPT_KEYS
    return at if at <= len(head) else None


def _openssl(sample: Sample) -> Reading:
    evidence = "octets 0 à 7 = « Salted__ » (openssl enc) : chiffré, ni le chiffre ni sa force ne sont écrits"
    fault = TRUNCATED if sample.size <= len(OPENSSL) + SALT_BYTES else END_NOT_SEEN
    weaknesses = (Weakness.UNTOLD, Weakness.NO_INTEGRITY)
    return Reading("openssl", Encrypted.UNKNOWN, evidence, fault, weaknesses=weaknesses)


def _rclone(sample: Sample) -> Reading:
    """Each file has the date of its source: when rclone copied it is written nowhere."""
    body = sample.size - RCLONE_HEADER
    rest = body % RCLONE_BLOCK
    evidence = "octets 0 à 7 = « RCLONE », nonce et blocs de rclone crypt (XSalsa20-Poly1305)"
    if body < 0 or 0 < rest <= RCLONE_TAG:
        return Reading(
            "rclone", Encrypted.UNKNOWN, f"{evidence}, coupé", TRUNCATED, dated=DateKind.UPPER_BOUND
        )
    # Nothing marks the last block.
    return Reading(
        "rclone",
        Encrypted.YES,
        evidence,
        END_NOT_SEEN,
        dated=DateKind.UPPER_BOUND,
        method=RCLONE_METHOD,
        weaknesses=() if is_hidden_name(sample.name) else (Weakness.NAMES_VISIBLE,),
    )


def is_hidden_name(name: str) -> bool:
    """Whether rclone may have encrypted this name."""
    return _HIDDEN_NAME.fullmatch(name) is not None


def _cloud_sync(sample: Sample) -> Reading:
    """Cloud Sync of Synology: the mark, its own MD5 in hexadecimal, then a description that says whether it is
    encrypted or only compressed.
    """
    after = len(CLOUD_SYNC)
    digest = hashlib.md5(CLOUD_SYNC, usedforsecurity=False).hexdigest().encode("ascii")
    found = sample.head[after : after + len(digest)]
    start = f"octets 0 à {after - 1} = « {CLOUD_SYNC.decode('ascii')} »"
    if found != digest:
        fault = TRUNCATED if len(found) < len(digest) else DAMAGED
        return Reading("cloud-sync", Encrypted.UNKNOWN, f"{start} sans son MD5", fault)
    fields = _cloud_sync_fields(sample.head[after + len(digest) :])
    if fields is None:
        fault = TRUNCATED if sample.size <= len(sample.head) else DAMAGED
        return Reading("cloud-sync", Encrypted.UNKNOWN, f"{start}, description coupée", fault)
    return replace(
        _cloud_sync_encryption(start, fields),
        fault=_cloud_sync_end(sample, fields),
        dated=DateKind.UPPER_BOUND,
        confidence=Confidence.PROBABLE,
    )


def _cloud_sync_encryption(start: str, fields: dict[bytes, bytes]) -> Reading:
    said = int.from_bytes(fields.get(b"encrypt", b""), "big")
    if b"encrypt" in fields and not said:
        return Reading("cloud-sync", Encrypted.NO, f"{start}, champ encrypt = 0 : seulement compressé")
    if said != 1 or not (fields.get(b"enc_key1") or fields.get(b"enc_key2")):
        return Reading(
            "cloud-sync", Encrypted.UNKNOWN, f"{start}, sans champ encrypt = 1 ou sans clé scellée"
        )
    weaknesses = (Weakness.FAST_KDF, Weakness.NAMES_VISIBLE)
    evidence = f"{start} et son MD5, champ encrypt = 1, clé scellée : chiffré par Cloud Sync"
    return Reading("cloud-sync", Encrypted.YES, evidence, method=CLOUD_METHOD, weaknesses=weaknesses)


def _cloud_sync_end(sample: Sample, fields: dict[bytes, bytes]) -> str:
    """The last object holds the MD5 of the document; of other versions that is not known."""
    end = sample.tail[-CLOUD_END_BYTES:]
    if CLOUD_END in end and end.endswith(bytes([CLOUD_CLOSE])):
        return ""
    return TRUNCATED if fields.get(b"major") == bytes([CLOUD_KNOWN_MAJOR]) else END_NOT_SEEN


def _cloud_sync_fields(data: bytes) -> dict[bytes, bytes] | None:
    """The first description, those within it included; None when it does not come to its end."""
    fields: dict[bytes, bytes] = {}
    at, depth, key = 0, 0, b""
    for _ in range(CLOUD_MOST_OBJECTS):
        kind = data[at] if at < len(data) else -1
        at += 1
        if kind in (CLOUD_OPEN, CLOUD_CLOSE):
            depth, key = depth + (1 if kind == CLOUD_OPEN else -1), b""
            if depth <= 0:
                return fields
            continue
        wide = {CLOUD_NUMBER: 1, CLOUD_TEXT: 2, CLOUD_BYTES: 2}.get(kind)
        if wide is None:
            return None
        length = int.from_bytes(data[at : at + wide], "big")
        value = data[at + wide : at + wide + length]
        at += wide + length
        if key:
            fields.setdefault(key, value)
        key = b"" if key else value
    return None


def _ecryptfs(sample: Sample) -> Reading | None:
    head = sample.head
    mark, masked = (int.from_bytes(head[at : at + 4], "big") for at in (8, 12))
    if len(head) < 28 or mark ^ ECRYPTFS_MASK != masked or head[16] != ECRYPTFS_VERSION:
        return None
    start = int.from_bytes(head[20:24], "big") * int.from_bytes(head[24:26], "big")
    size = int.from_bytes(head[:8], "big")
    if not head[19] & ECRYPTFS_ENCRYPTED or head[26] != ECRYPTFS_PACKET or not start:
        return None
    needed = start + -(-size // ECRYPTFS_PAGE) * ECRYPTFS_PAGE
    evidence = f"octets 8 à 15 = {octets(head[8:16])}, marque eCryptfs, puis un paquet de clé à l'octet 26"
    fault = TRUNCATED if sample.size < needed else ""
    # RFC 4880 §5.3 and §4.2.2: the packet's length on one byte under 192, its version, then the cipher.
    cipher = head[29] if len(head) > 29 and head[27] < 192 and head[28] == 4 else 0
    weak = cipher in ECRYPTFS_WEAK
    return Reading(
        "ecryptfs",
        Encrypted.WEAK if weak else Encrypted.YES,
        evidence,
        fault,
        method=f"{ECRYPTFS_CIPHERS.get(cipher, 'chiffre non lu')}-CBC" if cipher else "",
        weaknesses=((Weakness.WEAK_CIPHER,) if weak else ()) + (Weakness.NO_INTEGRITY,),
    )


_MARKS: tuple[tuple[bytes, Callable[[Sample], Reading | None]], ...] = (
    (AESCRYPT, _aescrypt),
    (OPENSSL, _openssl),
    (RCLONE, _rclone),
    (CLOUD_SYNC, _cloud_sync),
)

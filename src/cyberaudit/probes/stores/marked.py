"""Files encrypted one by one, told by a mark and what follows it: AES Crypt, openssl, rclone, Cloud Sync, eCryptfs."""

import hashlib
from collections.abc import Callable

from cyberaudit.facts.backup import END_NOT_SEEN, DateKind, Encrypted
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample, octets

AES_BLOCK = 16
# AES Crypt File Format: IV, encrypted IV and key, their HMAC; data; in versions 1 and 2 the size modulo 16; HMAC.
AESCRYPT, AESCRYPT_VERSIONS = b"AES", range(1, 4)
AESCRYPT_KEYS, HMAC_BYTES = 16 + 48 + 32, 32
MOST_EXTENSIONS = 64
OPENSSL, SALT_BYTES = b"Salted__", 8
# rclone, « Crypt », file encryption: magic and nonce, then blocks of 64 KiB with a tag of 16 bytes each.
RCLONE, RCLONE_HEADER, RCLONE_BLOCK, RCLONE_TAG = b"RCLONE\0\0", 32, 64 * 1024 + 16, 16
CLOUD_SYNC = b"__CLOUDSYNC_ENC__"
# Linux, fs/ecryptfs/crypto.c: size, a mark and its mask, flags, header sizes, then an OpenPGP key packet.
ECRYPTFS_MASK, ECRYPTFS_VERSION, ECRYPTFS_ENCRYPTED, ECRYPTFS_PACKET, ECRYPTFS_PAGE = (
    0x3C81B7F5,
    3,
    2,
    0x8C,
    4096,
)


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
    return Reading("aescrypt", Encrypted.YES, evidence, END_NOT_SEEN)


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
    return Reading("openssl", Encrypted.UNKNOWN, evidence, fault)


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
    return Reading("rclone", Encrypted.YES, evidence, END_NOT_SEEN, dated=DateKind.UPPER_BOUND)


def _cloud_sync(sample: Sample) -> Reading:
    """Cloud Sync of Synology: the mark, then its own MD5 in hexadecimal."""
    after = len(CLOUD_SYNC)
    digest = hashlib.md5(CLOUD_SYNC, usedforsecurity=False).hexdigest().encode("ascii")
    found = sample.head[after : after + len(digest)]
    start = f"octets 0 à {after - 1} = « {CLOUD_SYNC.decode('ascii')} »"
    if found != digest:
        fault = TRUNCATED if len(found) < len(digest) else DAMAGED
        return Reading("cloud-sync", Encrypted.UNKNOWN, f"{start} sans son MD5", fault)
    evidence = f"{start} et son MD5 : chiffré par Cloud Sync"
    return Reading("cloud-sync", Encrypted.YES, evidence, END_NOT_SEEN, dated=DateKind.UPPER_BOUND)


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
    return Reading("ecryptfs", Encrypted.YES, evidence, fault)


_MARKS: tuple[tuple[bytes, Callable[[Sample], Reading | None]], ...] = (
    (AESCRYPT, _aescrypt),
    (OPENSSL, _openssl),
    (RCLONE, _rclone),
    (CLOUD_SYNC, _cloud_sync),
)

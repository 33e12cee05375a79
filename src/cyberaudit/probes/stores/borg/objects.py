"""What the type byte of a borg object says of its encryption, in each layout borg gave its objects."""

import struct

from cyberaudit.facts.backup import Encrypted
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.borg.checksum import xxh64

MANIFEST_ID = bytes(32)
_AES, _AES_BLAKE2 = "AES-256-CTR, HMAC-SHA256", "AES-256-CTR, BLAKE2b"
# borg master constants.py `KeyType`, and that of 2.0.0b5 and 2.0.0b22: no byte ever changed its meaning but for
# its hash; 0x50 was an « authenticated » mode of a beta.
_ENCRYPTED = {
    0x00: _AES,
    0x01: _AES,
    0x03: _AES,
    0x04: _AES_BLAKE2,
    0x05: _AES_BLAKE2,
    0x10: "AES-256-OCB",
    0x11: "AES-256-OCB",
    0x20: "ChaCha20-Poly1305",
    0x21: "ChaCha20-Poly1305",
    0x30: "AES-256-OCB",
    0x31: "AES-256-OCB",
    0x40: "ChaCha20-Poly1305",
    0x41: "ChaCha20-Poly1305",
}
_CLEAR = {
    0x02: "none",
    0x06: "authenticated-blake2",
    0x07: "authenticated",
    0x50: "authenticated-blake3",
    0x60: "authenticated",
    0x70: "authenticated-blake3",
    0x80: "none",
    0x90: "none-blake3",
}
_KEY_IN_REPOSITORY = frozenset({0x03, 0x05, 0x06, 0x07, 0x11, 0x21, 0x31, 0x41})
# PASSPHRASE (0x01) made its key from the password alone; 0x10 to 0x40 keep it in a file, or, since 2.0.0b22, anywhere.
_KEY_ELSEWHERE = frozenset({0x00, 0x04, 0x10, 0x20, 0x30, 0x40})
_KEYLESS = frozenset({0x02, 0x80, 0x90})
# borg key.py: type, then HMAC(32) and nonce(8); AEAD has MAC(16) after a header of 32: nothing shorter is encrypted.
_LEAST_ENCRYPTED = 17
# repoobj.py since 2.0.0b7 (sizes and hashes of both parts), then since 2.0.0b22 (magic, version, id, sizes).
_HASHED, _MAGIC_HEADER, OBJECT_MAGIC = struct.Struct("<II8s8s"), struct.Struct("<8sB32sII"), b"BORG_OBJ"
_KNOWN_VERSIONS = (1, 2)
STORED_IN_PACKS = 4
"""The version of repositories whose objects stand one behind the other; before, each had its file."""
_SHORT = struct.Struct("<H")


@frozen
class Envelope:
    """Where the parts of one object stand, and the byte that says how they are written."""

    type: int
    at: int
    """The offset of the type byte in the object."""
    about: bytes
    """What borg 2 says of the object, behind its own type byte; empty for borg 1."""
    content: bytes
    """Behind the type byte."""


def encryption_of(type_byte: int) -> Encrypted:
    """Unknown for a byte that borg never wrote."""
    if type_byte in _ENCRYPTED:
        return Encrypted.YES
    return Encrypted.NO if type_byte in _CLEAR else Encrypted.UNKNOWN


def method_of(type_byte: int) -> str:
    """Its cipher; empty when it does not encrypt."""
    return _ENCRYPTED.get(type_byte, "")


def mode_of(type_byte: int) -> str:
    """In French: « non chiffré (mode none) »."""
    if type_byte in _CLEAR:
        return f"non chiffré (mode {_CLEAR[type_byte]})"
    return "chiffré" if type_byte in _ENCRYPTED else "d'un type inconnu"


def needs_its_key_inside(type_byte: int) -> bool:
    """Without the key that the repository should hold, nothing of it can be restored."""
    return type_byte in _KEY_IN_REPOSITORY


def has_its_key_elsewhere(type_byte: int) -> bool:
    """Its key is a file of the machine that writes the copies."""
    return type_byte in _KEY_ELSEWHERE


def has_no_key(type_byte: int) -> bool:
    """It is neither encrypted nor authenticated."""
    return type_byte in _KEYLESS


def envelope(data: bytes, *, version: int) -> Envelope | None:
    """The parts of one whole object of a repository of this version (1 to 4); None when they do not stand together."""
    if version == 1:
        found = Envelope(data[0], 0, b"", data[1:]) if data else None
    elif data.startswith(OBJECT_MAGIC):
        found = _with_magic(data)
    else:
        found = _with_hashes(data) or (_with_short(data) if version == 2 else None)
    if found and encryption_of(found.type) is Encrypted.YES and len(found.content) < _LEAST_ENCRYPTED:
        return None
    return found


def whole_size(head: bytes, size: int, *, version: int) -> int | None:
    """Bytes of the first object of a file of `size` bytes, from its head; None when it does not begin with one."""
    form = _MAGIC_HEADER if version == STORED_IN_PACKS else _HASHED
    if len(head) < form.size:
        return None
    about_bytes, content_bytes = struct.unpack_from(
        "<II", head, form.size - 8 if form is _MAGIC_HEADER else 0
    )
    whole = form.size + int(about_bytes) + int(content_bytes)
    if form is _MAGIC_HEADER:
        return whole if head.startswith(OBJECT_MAGIC) and whole <= size else None
    return whole if whole == size else None


def _parts(data: bytes, start: int, about_bytes: int) -> Envelope | None:
    """Both parts begin with the same type byte."""
    second = start + about_bytes
    if not about_bytes or second >= len(data) or data[start] != data[second]:
        return None
    return Envelope(data[second], second, data[start + 1 : second], data[second + 1 :])


def _with_magic(data: bytes) -> Envelope | None:
    if len(data) < _MAGIC_HEADER.size:
        return None
    _, version, _, about_bytes, content_bytes = _MAGIC_HEADER.unpack_from(data)
    whole = _MAGIC_HEADER.size + about_bytes + content_bytes == len(data)
    return _parts(data, _MAGIC_HEADER.size, about_bytes) if whole and version in _KNOWN_VERSIONS else None


def _with_hashes(data: bytes) -> Envelope | None:
    if len(data) < _HASHED.size:
        return None
    about_bytes, content_bytes, about_sum, content_sum = _HASHED.unpack_from(data)
    second = _HASHED.size + about_bytes
    if second + content_bytes != len(data):
        return None
    if xxh64(data[_HASHED.size : second]) != about_sum or xxh64(data[second:]) != content_sum:
        return None
    return _parts(data, _HASHED.size, about_bytes)


def _with_short(data: bytes) -> Envelope | None:
    if len(data) < _SHORT.size:
        return None
    (about_bytes,) = _SHORT.unpack_from(data)
    return _parts(data, _SHORT.size, about_bytes)

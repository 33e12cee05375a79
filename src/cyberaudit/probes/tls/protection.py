"""How the content of a record is sealed, in each version and with each cipher we can do."""

import hmac
import os
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from cyberaudit.probes.tls.key_schedule import Traffic
from cyberaudit.probes.tls.key_schedule12 import Keys
from cyberaudit.probes.tls.octets import Malformed

APPLICATION_DATA = 23


class Protection(Protocol):
    """One direction of one connection; it counts its records."""

    def seal(self, kind: int, content: bytes) -> tuple[int, bytes]:
        """The type a record of this content shows, and what it carries."""
        ...

    def open(self, kind: int, sealed: bytes) -> tuple[int, bytes]:
        """The content and its true type.

        Raises:
            Malformed: it was not sealed with these keys.
        """
        ...


class Plain:
    """Before any key."""

    def seal(self, kind: int, content: bytes) -> tuple[int, bytes]:
        return kind, content

    def open(self, kind: int, sealed: bytes) -> tuple[int, bytes]:
        return kind, sealed


def _aead(mode: str, key: bytes) -> Any:
    """`GCM`, `CCM`, `CCM_8` (of AES) or `POLY1305` (of ChaCha20), the modes as `facts.tls_suites` names them."""
    if mode == "GCM":
        return AESGCM(key)
    if mode == "POLY1305":
        return ChaCha20Poly1305(key)
    return AESCCM(key, tag_length=_tag(mode))


def _tag(mode: str) -> int:
    """Bytes that tell whether the record was altered."""
    return 8 if mode == "CCM_8" else 16


def _nonce(iv: bytes, number: int) -> bytes:
    return (int.from_bytes(iv) ^ number).to_bytes(len(iv))


@dataclass(slots=True)
class Aead13:
    """TLS 1.3: the type is inside, padded; the header is covered (RFC 8446 §5.2)."""

    mode: str
    keys: Traffic
    number: int = 0
    _cipher: Any = field(init=False)

    def __post_init__(self) -> None:
        self._cipher = _aead(self.mode, self.keys.key)

    def seal(self, kind: int, content: bytes) -> tuple[int, bytes]:
        header = _header13(len(content) + 1 + _tag(self.mode))
        sealed: bytes = self._cipher.encrypt(self._next(), content + bytes([kind]), header)
        return APPLICATION_DATA, sealed

    def open(self, kind: int, sealed: bytes) -> tuple[int, bytes]:
        inner = _opened(self._cipher, self._next(), sealed, _header13(len(sealed))).rstrip(b"\0")
        if kind != APPLICATION_DATA or not inner:
            raise Malformed("enregistrement chiffré sans type")
        return inner[-1], inner[:-1]

    def _next(self) -> bytes:
        self.number += 1
        return _nonce(self.keys.iv, self.number - 1)


def _header13(length: int) -> bytes:
    return b"\x17\x03\x03" + length.to_bytes(2)


def _opened(cipher: Any, nonce: bytes, sealed: bytes, covered: bytes) -> bytes:
    try:
        opened: bytes = cipher.decrypt(nonce, sealed, covered)
    except (InvalidTag, ValueError) as error:
        raise Malformed("enregistrement chiffré avec une autre clé") from error
    return opened


@dataclass(slots=True)
class Aead12:
    """TLS 1.2: half of the nonce goes with each record (RFC 5288), none for ChaCha20 (RFC 7905)."""

    mode: str
    keys: Keys
    version: int
    number: int = 0
    _cipher: Any = field(init=False)

    def __post_init__(self) -> None:
        self._cipher = _aead(self.mode, self.keys.key)

    @property
    def _explicit(self) -> int:
        return 12 - len(self.keys.iv)

    def seal(self, kind: int, content: bytes) -> tuple[int, bytes]:
        sent = self.number.to_bytes(8)[: self._explicit]
        covered = _covered(self.number, kind, self.version, len(content))
        sealed: bytes = self._cipher.encrypt(self._whole(sent), content, covered)
        self.number += 1
        return kind, sent + sealed

    def open(self, kind: int, sealed: bytes) -> tuple[int, bytes]:
        sent, rest = sealed[: self._explicit], sealed[self._explicit :]
        length = len(rest) - _tag(self.mode)
        if length < 0:
            raise Malformed("enregistrement chiffré trop court")
        covered = _covered(self.number, kind, self.version, length)
        opened = _opened(self._cipher, self._whole(sent), rest, covered)
        self.number += 1
        return kind, opened

    def _whole(self, sent: bytes) -> bytes:
        return self.keys.iv + sent if sent else _nonce(self.keys.iv, self.number)


def _covered(number: int, kind: int, version: int, length: int) -> bytes:
    """What TLS 1.2 and older protect beside the content (RFC 5246 §6.2.3)."""
    return number.to_bytes(8) + bytes([kind]) + version.to_bytes(2) + length.to_bytes(2)


@dataclass(slots=True)
class Block:
    """CBC, with the MAC inside or, encrypt-then-MAC, outside (RFC 5246 §6.2.3.2, RFC 7366)."""

    algorithm: Any
    keys: Keys
    digest: str
    version: int
    mac_outside: bool
    number: int = 0
    chained: bytes = field(init=False)
    """TLS 1.0: the last block sealed, which the next record begins from; newer ones send a fresh one each."""

    def __post_init__(self) -> None:
        self.chained = self.keys.iv

    @property
    def _size(self) -> int:
        return int(self.algorithm.block_size) // 8

    def seal(self, kind: int, content: bytes) -> tuple[int, bytes]:
        inside = content if self.mac_outside else content + self._mac(kind, content)
        short = self._size - 1 - len(inside) % self._size
        padded = inside + bytes([short]) * (short + 1)
        begin = self.chained or os.urandom(self._size)
        encryptor = Cipher(self.algorithm, modes.CBC(begin)).encryptor()
        sealed = encryptor.update(padded) + encryptor.finalize()
        if self.chained:
            self.chained = sealed[-self._size :]
        else:
            sealed = begin + sealed
        outside = self._mac(kind, sealed) if self.mac_outside else b""
        self.number += 1
        return kind, sealed + outside

    def open(self, kind: int, sealed: bytes) -> tuple[int, bytes]:
        if self.mac_outside:
            sealed = self._without_mac(kind, sealed)
        opened = self._unpadded(self._decrypted(sealed))
        content = opened if self.mac_outside else self._without_mac(kind, opened)
        self.number += 1
        return kind, content

    def _decrypted(self, sealed: bytes) -> bytes:
        if len(sealed) % self._size or not sealed:
            raise Malformed("enregistrement chiffré de longueur impossible")
        begin, body = (self.chained, sealed) if self.chained else (sealed[: self._size], sealed[self._size :])
        if self.chained:
            self.chained = sealed[-self._size :]
        decryptor = Cipher(self.algorithm, modes.CBC(begin)).decryptor()
        return decryptor.update(body) + decryptor.finalize()

    def _unpadded(self, padded: bytes) -> bytes:
        short = padded[-1] if padded else 0
        if len(padded) <= short or padded[-short - 1 :] != bytes([short]) * (short + 1):
            raise Malformed("enregistrement chiffré avec une autre clé")
        return padded[: -short - 1]

    def _mac(self, kind: int, content: bytes) -> bytes:
        covered = _covered(self.number, kind, self.version, len(content))
        return hmac.digest(self.keys.mac, covered + content, self.digest)

    def _without_mac(self, kind: int, content: bytes) -> bytes:
        return _checked(content, lambda kept: self._mac(kind, kept), self.digest)


def _checked(content: bytes, mac: Any, digest: str) -> bytes:
    length = len(content) - hmac.new(b"", digestmod=digest).digest_size
    if length < 0 or mac(content[:length]) != content[length:]:
        raise Malformed("enregistrement chiffré avec une autre clé")
    return content[:length]


@dataclass(slots=True)
class Stream:
    """RC4: no padding, the MAC inside (RFC 5246 §6.2.3.1)."""

    keys: Keys
    digest: str
    version: int
    number: int = 0
    _flow: Any = field(init=False)

    def __post_init__(self) -> None:
        self._flow = Cipher(ARC4(self.keys.key), None).encryptor()

    def seal(self, kind: int, content: bytes) -> tuple[int, bytes]:
        sealed: bytes = self._flow.update(content + self._mac(kind, content))
        self.number += 1
        return kind, sealed

    def open(self, kind: int, sealed: bytes) -> tuple[int, bytes]:
        opened: bytes = self._flow.update(sealed)
        content = _checked(opened, lambda kept: self._mac(kind, kept), self.digest)
        self.number += 1
        return kind, content

    def _mac(self, kind: int, content: bytes) -> bytes:
        covered = _covered(self.number, kind, self.version, len(content))
        return hmac.digest(self.keys.mac, covered + content, self.digest)

"""The handshake of WireGuard (its protocol page; Noise_IKpsk2), as far as the server's response."""

import hmac
import math
import secrets
import struct
import time
from enum import Enum, auto
from hashlib import blake2s

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from cyberaudit.probes.wireguard.configuration import Configuration, Peer

# The protocol's own strings (Donenfeld, « WireGuard », §5.4).
_CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
_IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
_LABEL_MAC1, _LABEL_COOKIE = b"mac1----", b"cookie--"

_INITIATION, _RESPONSE, _COOKIE = b"\x01\0\0\0", b"\x02\0\0\0", b"\x03\0\0\0"
RESPONSE_BYTES, COOKIE_BYTES = 92, 64
_MAC_BYTES, _SEAL_BYTES = 16, 16
# TAI64 counts from 2^62, and TAI was 10 s ahead of UTC in 1970.
_TAI64_EPOCH = 0x400000000000000A


class Proof(Enum):
    """The server showed that it has its private key, and knows us."""

    RESPONSE = auto()


class Handshake:
    """One initiation, and what may come back to it. Keys are never shown."""

    def __init__(
        self, ours: Configuration, server: Peer, *, cookie: bytes = b"", now: float | None = None
    ) -> None:
        """`now`: seconds since 1970, for the timestamp that a server takes only once; None: this machine's clock.

        Raises:
            ValueError: the server's key is no point of the curve.
        """
        self._server = server
        self._static = X25519PrivateKey.from_private_bytes(ours.private_key)
        self._ephemeral = X25519PrivateKey.generate()
        self._index = secrets.token_bytes(4)
        self._chain = blake2s(_CONSTRUCTION).digest()
        self._hash = _hash(_hash(self._chain, _IDENTIFIER), server.public_key)
        self.initiation = self._seal_initiation(cookie, time.time() if now is None else now)
        """148 bytes, to be sent once."""

    def read(self, datagram: bytes) -> Proof | bytes | None:
        """A proof, or the cookie that a server under load wants in the next initiation, seals verified.

        None: it is no answer to this initiation.
        """
        if len(datagram) == RESPONSE_BYTES and datagram[:4] == _RESPONSE and datagram[8:12] == self._index:
            return Proof.RESPONSE if self._verifies(datagram) else None
        if len(datagram) == COOKIE_BYTES and datagram[:4] == _COOKIE and datagram[4:8] == self._index:
            return self._open_cookie(datagram[8:32], datagram[32:])
        return None

    def _seal_initiation(self, cookie: bytes, now: float) -> bytes:
        ephemeral = _public(self._ephemeral)
        self._mix_hash(ephemeral)
        self._mix_key(ephemeral)
        key = self._mix_key(_agree(self._ephemeral, self._server.public_key))
        static = self._seal(key, _public(self._static))
        key = self._mix_key(_agree(self._static, self._server.public_key))
        stamp = self._seal(key, _tai64n(now))
        body = _INITIATION + self._index + ephemeral + static + stamp
        mac1 = _mac(_hash(_LABEL_MAC1, self._server.public_key), body)
        self._mac1 = mac1
        return body + mac1 + (_mac(cookie, body + mac1) if cookie else bytes(_MAC_BYTES))

    def _verifies(self, datagram: bytes) -> bool:
        """The second half of the handshake ends in a seal that only the server can have made."""
        kept = self._chain, self._hash
        ephemeral, empty = datagram[12:44], datagram[44:60]
        try:
            self._mix_hash(ephemeral)
            self._mix_key(ephemeral)
            self._mix_key(_agree(self._ephemeral, ephemeral))
            self._mix_key(_agree(self._static, ephemeral))
            self._chain, mixed, key = _derive(self._chain, self._server.shared_key, count=3)
            self._mix_hash(mixed)
            opened = _open(key, bytes(12), empty, self._hash)
        except ValueError:  # a share of small order: nobody honest sends it
            opened = None
        self._chain, self._hash = kept
        return opened is not None

    def _open_cookie(self, nonce: bytes, sealed: bytes) -> bytes | None:
        """XChaCha20-Poly1305, made of its two halves: `cryptography` has the second only."""
        key = hchacha20(_hash(_LABEL_COOKIE, self._server.public_key), nonce[:16])
        return _open(key, bytes(4) + nonce[16:], sealed, self._mac1)

    def _mix_hash(self, data: bytes) -> None:
        self._hash = _hash(self._hash, data)

    def _mix_key(self, secret: bytes) -> bytes:
        self._chain, key = _derive(self._chain, secret, count=2)
        return key

    def _seal(self, key: bytes, plain: bytes) -> bytes:
        sealed = ChaCha20Poly1305(key).encrypt(bytes(12), plain, self._hash)
        self._mix_hash(sealed)
        return sealed


def _hash(*parts: bytes) -> bytes:
    return blake2s(b"".join(parts)).digest()


def _mac(key: bytes, data: bytes) -> bytes:
    return blake2s(data, key=key, digest_size=_MAC_BYTES).digest()


def _derive(chain: bytes, secret: bytes, *, count: int) -> tuple[bytes, ...]:
    """HKDF of RFC 5869 with HMAC-BLAKE2s: `count` keys of 32 bytes."""
    seed = hmac.digest(chain, secret, "blake2s")
    keys: list[bytes] = []
    for number in range(1, count + 1):
        keys.append(hmac.digest(seed, (keys[-1] if keys else b"") + bytes([number]), "blake2s"))
    return tuple(keys)


def _public(private: X25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def _agree(private: X25519PrivateKey, public: bytes) -> bytes:
    return private.exchange(X25519PublicKey.from_public_bytes(public))


def _open(key: bytes, nonce: bytes, sealed: bytes, beside: bytes) -> bytes | None:
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, sealed, beside)
    except InvalidTag:
        return None


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    """The subkey of draft-irtf-cfrg-xchacha §2.2: a block of ChaCha20, without its first state added at the end."""
    block = Cipher(ChaCha20(key, nonce), mode=None).encryptor().update(bytes(64))
    added = struct.unpack("<8I", b"expand 32-byte k" + nonce)
    summed = struct.unpack("<8I", block[:16] + block[48:])
    return struct.pack(
        "<8I", *((total - word) & 0xFFFFFFFF for total, word in zip(summed, added, strict=True))
    )


def _tai64n(now: float) -> bytes:
    """Seconds, then billionths of a second: a server takes a timestamp of one peer only when it is newer."""
    rest, seconds = math.modf(now)
    return struct.pack("!QI", _TAI64_EPOCH + int(seconds), int(rest * 1_000_000_000))

"""The secrets of TLS 1.3, each derived from the one before (RFC 8446 §7)."""

import hashlib
import hmac

from cyberaudit.frozen import frozen
from cyberaudit.probes.tls.octets import vector


@frozen
class Traffic:
    """What one direction is protected with."""

    key: bytes
    iv: bytes


def expand(secret: bytes, label: str, context: bytes, *, length: int, digest: str) -> bytes:
    """HKDF-Expand-Label (RFC 8446 §7.1); `digest` as in hashlib."""
    info = length.to_bytes(2) + vector(b"tls13 " + label.encode(), 1) + vector(context, 1)
    output = block = b""
    while len(output) < length:
        block = hmac.digest(secret, block + info + bytes([len(output) // _size(digest) + 1]), digest)
        output += block
    return output[:length]


def early_secret(digest: str) -> bytes:
    """Without a pre-shared key."""
    return hmac.digest(bytes(_size(digest)), bytes(_size(digest)), digest)


def next_secret(secret: bytes, input_key: bytes, *, digest: str) -> bytes:
    """From the early secret and the shared one to the handshake's; from there, without input, to the master."""
    salt = derive(secret, "derived", hashlib.new(digest).digest(), digest=digest)
    return hmac.digest(salt, input_key or bytes(_size(digest)), digest)


def derive(secret: bytes, label: str, transcript: bytes, *, digest: str) -> bytes:
    """Derive-Secret; `transcript` is already hashed."""
    return expand(secret, label, transcript, length=_size(digest), digest=digest)


def traffic(secret: bytes, *, key_length: int, digest: str) -> Traffic:
    """Key and nonce of one direction."""
    return Traffic(
        expand(secret, "key", b"", length=key_length, digest=digest),
        expand(secret, "iv", b"", length=12, digest=digest),
    )


def updated(secret: bytes, *, digest: str) -> bytes:
    """What a KeyUpdate makes of the traffic secret of its sender (RFC 8446 §7.2)."""
    return derive(secret, "traffic upd", b"", digest=digest)


def verify_data(secret: bytes, transcript: bytes, *, digest: str) -> bytes:
    """The body of Finished (RFC 8446 §4.4.4); `secret` is the handshake traffic secret of its sender."""
    key = expand(secret, "finished", b"", length=_size(digest), digest=digest)
    return hmac.digest(key, transcript, digest)


def _size(digest: str) -> int:
    return hashlib.new(digest).digest_size

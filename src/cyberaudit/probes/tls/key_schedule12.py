"""The secrets of TLS 1.0 to 1.2, drawn from one master secret (RFC 2246 §5, RFC 5246 §5)."""

import hmac

from cyberaudit.frozen import frozen

MASTER_BYTES = 48
VERIFY_BYTES = 12
OLD = "md5+sha1"
"""The digest of TLS 1.0 and 1.1: half a secret each, put together."""


@frozen
class Keys:
    """What one direction is protected with; parts that its cipher does not use are empty."""

    mac: bytes
    key: bytes
    iv: bytes


def prf(secret: bytes, label: str, seed: bytes, *, length: int, digest: str) -> bytes:
    """The pseudo-random function; `digest` as in hashlib, or `OLD`."""
    text = label.encode() + seed
    if digest != OLD:
        return _expanded(secret, text, length=length, digest=digest)
    half = (len(secret) + 1) // 2
    pair = (
        _expanded(secret[:half], text, length=length, digest="md5"),
        _expanded(secret[len(secret) - half :], text, length=length, digest="sha1"),
    )
    return bytes(left ^ right for left, right in zip(*pair, strict=True))


def _expanded(secret: bytes, seed: bytes, *, length: int, digest: str) -> bytes:
    output, chained = b"", seed
    while len(output) < length:
        chained = hmac.digest(secret, chained, digest)
        output += hmac.digest(secret, chained + seed, digest)
    return output[:length]


def master_secret(shared: bytes, randoms: bytes, *, digest: str) -> bytes:
    """`randoms`: the client's, then the server's."""
    return prf(shared, "master secret", randoms, length=MASTER_BYTES, digest=digest)


def extended_master_secret(shared: bytes, session_hash: bytes, *, digest: str) -> bytes:
    """RFC 7627 §4; `session_hash` covers the messages up to ClientKeyExchange."""
    return prf(shared, "extended master secret", session_hash, length=MASTER_BYTES, digest=digest)


def keys(master: bytes, randoms: bytes, *, mac: int, key: int, iv: int, digest: str) -> tuple[Keys, Keys]:
    """The client's, then the server's; `randoms`: the server's, then the client's. Lengths in bytes."""
    block = prf(master, "key expansion", randoms, length=2 * (mac + key + iv), digest=digest)
    parts = []
    for length in (mac, mac, key, key, iv, iv):
        parts.append(block[:length])
        block = block[length:]
    return Keys(parts[0], parts[2], parts[4]), Keys(parts[1], parts[3], parts[5])


def verify_data(master: bytes, label: str, transcript: bytes, *, digest: str) -> bytes:
    """The body of Finished; `label` is `client finished` or `server finished`, `transcript` is hashed."""
    return prf(master, label, transcript, length=VERIFY_BYTES, digest=digest)

"""What a ClientHello offers, as bytes (RFC 5246, RFC 8446, RFC 6101; SSLv2 as its draft of 1995)."""

import re
import secrets
import struct
from collections.abc import Iterator
from typing import Final

from cyberaudit.facts.tls_suites import RENEGOTIATION_INFO_SCSV
from cyberaudit.frozen import frozen

SSL2, SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
VERSION_NAMES = {
    SSL2: "SSLv2",
    SSL3: "SSLv3",
    TLS10: "TLSv1",
    TLS11: "TLSv1.1",
    TLS12: "TLSv1.2",
    TLS13: "TLSv1.3",
}
_SNI_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+")
# RFC 5246 §6.2.1
_RECORD: Final = 1 << 14


@frozen
class Hello:
    """One offer. The empty tuple leaves an extension out."""

    version: int
    """The only version offered; TLS13 offers 1.3 alone (supported_versions), as 0x0303 on the record."""
    suites: tuple[int, ...]
    server_name: str | None = None
    groups: tuple[int, ...] = ()
    shares: tuple[tuple[int, bytes], ...] = ()
    """TLS 1.3: (group, public share). Without any, the extension is sent empty: the server names its group in a
    HelloRetryRequest."""
    signature_schemes: tuple[int, ...] = ()
    alpn: tuple[str, ...] = ()
    compression: bool = False
    """Offer DEFLATE beside null."""
    renegotiation_info: bool = True
    extended_master_secret: bool = True
    encrypt_then_mac: bool = True
    session_ticket: bool = False
    status_request: bool = False
    heartbeat: bool = False
    psk_modes: bool = True
    """TLS 1.3: psk_dhe_ke, without which no ticket is given."""
    session_id: bytes = b""
    cookie: bytes = b""
    """Of a HelloRetryRequest."""
    timestamps: bool = False
    """Ask for timestamps of Certificate Transparency (RFC 6962 §3.3.1)."""
    verify_data: bytes = b""
    """Renegotiating: what our last Finished said (RFC 5746 §3.5)."""


def build(hello: Hello, *, random: bytes | None = None) -> bytes:
    """The handshake message in one TLS record, or the SSLv2 record; `random` is 32 bytes, fresh when not given.

    What a version has no place for is left out: extensions of SSLv3 and SSLv2, compression of TLS 1.3, an extension
    of another version. SSLv3 asks for secure renegotiation by its signalling suite. ValueError: what cannot be
    written, a hello over 16 KiB among others.
    """
    random = secrets.token_bytes(32) if random is None else random
    if len(random) != 32:
        raise ValueError("the random of a hello has 32 bytes")
    if hello.version == SSL2:
        return _ssl2(hello, random)
    body = _body(hello, random)
    message = b"\x01" + _vector(3, body)
    if len(message) > _RECORD:
        raise ValueError(f"a hello of {len(message)} bytes does not fit into one record")
    # RFC 8446 §5.1 and appendix D: old servers stumble over a higher version on the first record
    return b"\x16" + min(hello.version, TLS10).to_bytes(2) + _vector(2, message)


def _body(hello: Hello, random: bytes) -> bytes:
    body = (
        min(hello.version, TLS12).to_bytes(2)
        + random
        + _vector(1, hello.session_id)
        + _vector(2, _codes(_with_signal(hello)))
        + _vector(1, b"\x01\x00" if hello.compression and hello.version < TLS13 else b"\x00")
    )
    return body if hello.version == SSL3 else body + _vector(2, b"".join(_extensions(hello)))


def _with_signal(hello: Hello) -> tuple[int, ...]:
    if hello.version == SSL3 and hello.renegotiation_info:
        return (*hello.suites, RENEGOTIATION_INFO_SCSV)
    return hello.suites


def _extensions(hello: Hello) -> Iterator[bytes]:
    """Those with a content come last: some old servers stumble over an empty one at the end."""
    if hello.version == TLS13:
        yield from _of_tls13(hello)
    else:
        yield from _of_tls12(hello)
    if hello.timestamps:
        yield _extension(18)
    if hello.server_name:
        name = hello.server_name.rstrip(".").encode("ascii")
        yield _extension(0, _vector(2, b"\x00" + _vector(2, name)))
    if hello.status_request:
        yield _extension(5, b"\x01\x00\x00\x00\x00")
    if hello.heartbeat:
        yield _extension(15, b"\x01")
    if hello.alpn:
        names = b"".join(_vector(1, name.encode("ascii")) for name in hello.alpn)
        yield _extension(16, _vector(2, names))
    # RFC 5246 §7.4.1.4.1: not to be offered under TLS 1.2
    if hello.signature_schemes and hello.version >= TLS12:
        yield _extension(13, _vector(2, _codes(hello.signature_schemes)))
    if hello.groups:
        yield _extension(10, _vector(2, _codes(hello.groups)))


def _of_tls12(hello: Hello) -> Iterator[bytes]:
    if hello.extended_master_secret:
        yield _extension(23)
    if hello.encrypt_then_mac:
        yield _extension(22)
    if hello.session_ticket:
        yield _extension(35)
    if hello.renegotiation_info:
        yield _extension(0xFF01, _vector(1, hello.verify_data))
    if hello.groups:
        # RFC 8422 §5.1.2: uncompressed points
        yield _extension(11, b"\x01\x00")


def _of_tls13(hello: Hello) -> Iterator[bytes]:
    yield _extension(43, b"\x02" + TLS13.to_bytes(2))
    if hello.cookie:
        yield _extension(44, _vector(2, hello.cookie))
    if hello.psk_modes:
        yield _extension(45, b"\x01\x01")
    shares = b"".join(group.to_bytes(2) + _vector(2, share) for group, share in hello.shares)
    yield _extension(51, _vector(2, shares))


def _ssl2(hello: Hello, random: bytes) -> bytes:
    """CLIENT-HELLO: its kinds have three bytes, and its challenge is half as long as a random."""
    challenge = random[:16]
    kinds = b"".join(kind.to_bytes(3) for kind in hello.suites)
    sizes = struct.pack("!3H", len(kinds), len(hello.session_id), len(challenge))
    message = b"\x01" + SSL2.to_bytes(2) + sizes + kinds + hello.session_id + challenge
    return (0x8000 | len(message)).to_bytes(2) + message


def _extension(kind: int, data: bytes = b"") -> bytes:
    return kind.to_bytes(2) + _vector(2, data)


def _codes(codes: tuple[int, ...]) -> bytes:
    return struct.pack(f"!{len(codes)}H", *codes)


def _vector(size: int, data: bytes) -> bytes:
    """`data` after its length in `size` bytes."""
    if len(data) >= 1 << 8 * size:
        raise ValueError(f"{len(data)} bytes do not fit behind a length of {size} bytes")
    return len(data).to_bytes(size) + data


def sni(host: str) -> str | None:
    """`host` when it may stand in a server_name (RFC 6066 §3): no address, nothing exotic."""
    return host if _SNI_NAME.fullmatch(host) and len(host) < 254 else None

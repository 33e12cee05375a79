"""What a certificate says, and what a TLS session showed."""

from dataclasses import dataclass
from datetime import datetime

from cyberaudit.model import Unreachable


@dataclass(frozen=True, slots=True)
class Certificate:
    """One X.509 certificate, as read (RFC 5280)."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """dNSName and iPAddress of the SubjectAltName, lower case; the CN never counts (RFC 6125)."""
    not_before: datetime
    not_after: datetime
    key_type: str
    """`RSA`, `EC`, `Ed25519`, …"""
    key_bits: int
    """Of the modulus or the curve; 0 when the type has no size to speak of."""
    signature_hash: str
    """`sha256`, `sha1`, …; empty when the algorithm has none of its own."""
    self_signed: bool
    sha256: str
    """Fingerprint of the DER form, lower-case hexadecimal."""


@dataclass(frozen=True, slots=True)
class TlsSession:
    """One handshake that ended well, certificate not enforced."""

    version: str
    """`TLSv1.3`, `TLSv1.2`, …"""
    cipher: str
    chain: tuple[Certificate, ...]
    """As sent, the server's own first."""
    trust_error: str | Unreachable
    """Empty when the chain leads to a trusted root at the scan's date, dates and name set aside; else why not."""
    name_matches: bool
    """The SubjectAltName covers the name that was asked for (RFC 6125, RFC 9525)."""

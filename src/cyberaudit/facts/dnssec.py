"""Whether a domain is signed (DNSSEC), and whether its signatures hold."""

from datetime import datetime

from cyberaudit.facts.base import Facts
from cyberaudit.facts.security import DnssecState, Security
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


@frozen
class Signature:
    """One RRSIG (RFC 4034 §3.1)."""

    algorithm: int
    key_tag: int
    begins: datetime
    ends: datetime


@frozen
class Signed:
    """What was answered for one name and type, and what it is worth."""

    records: int
    """How many; none is an answer too."""
    security: Security
    why: str
    """A code, empty for a secure answer: `expired`, `not-yet-valid`, `bad-signature`, `no-signature`, `no-proof`,
    `no-key`, `ds-mismatch`, `unsigned`, `opt-out`, `unsupported`, `iterations`, `unreachable`…"""
    zone: str
    """The zone where the chain of trust ended."""
    detail: str
    signatures: tuple[Signature, ...]


@frozen
class RecordSet:
    """One question."""

    name: str
    rrtype: str
    seen: Signed | Unreachable


@frozen
class ZoneKey:
    """One DNSKEY (RFC 4034 §2)."""

    tag: int
    algorithm: int
    flags: int
    bits: int
    """Of an RSA modulus; 0 for the other algorithms."""
    digest: str
    """SHA-256 as a DS has it, in upper-case hexadecimal."""

    @property
    def is_entry(self) -> bool:
        """A key that the parent should designate: SEP set, not revoked (RFC 4034 §2.1.1, RFC 5011 §2.1)."""
        return self.flags & 0x0181 == 0x0101


@frozen
class Designation:
    """One DS at the parent, or one CDS that asks for it."""

    tag: int
    algorithm: int
    digest_type: int
    digest: str
    fits: bool
    """A published key is the one it designates."""


@frozen
class Hashing:
    """How names are hashed in proofs of absence (RFC 5155)."""

    iterations: int
    salt: int
    """Bytes."""
    opt_out: bool


@frozen
class Dnssec(Facts):
    """Whether a domain is signed, and whether its signatures hold."""

    KIND = "dnssec"
    VERSION = 1

    domain: str
    exists: bool | Unreachable
    """False on NXDOMAIN."""
    zone: str | Unreachable
    """The zone that the domain belongs to: itself, or a parent's."""
    servers: tuple[str, ...] | Unreachable
    """Names of the zone's servers: they tell the provider."""
    keys: tuple[ZoneKey, ...] | Unreachable
    ds: tuple[Designation, ...] | Unreachable
    """What the parent holds."""
    sets: tuple[RecordSet, ...]
    """Everything the town's names are used for, each with its own worth; the zone's DNSKEY and DS among them."""
    mx_hosts: tuple[RecordSet, ...]
    """The addresses of the mail servers, often another's zone."""
    hashing: Hashing | Unreachable | None
    """None: absence is proved with the names themselves (NSEC), or there is nothing to see."""
    cds: tuple[Designation, ...] | Unreachable
    """What the zone asks its parent to hold (RFC 7344); empty when it asks nothing."""
    cdnskey: tuple[int, ...] | Unreachable
    """Tags of the keys that the zone asks its parent to designate."""
    state: DnssecState
    """How the signatures came to us."""
    contradictions: tuple[str, ...]
    """Names that the resolver marks as verified (AD) and that we find are not."""

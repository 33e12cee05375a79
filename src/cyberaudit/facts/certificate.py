"""What a certificate says, and what a TLS session showed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from cyberaudit import french
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


class Trait(StrEnum):
    """What is remarkable in the certificate a server shows; the word is also the reason code of a verdict."""

    NONE_SHOWN = "no-certificate"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRES_SOON = "expires-soon"
    WRONG_NAME = "wrong-name"
    UNTRUSTED = "untrusted"
    TRUST_UNSEEN = "trust-unseen"
    """The chain could not be verified: `TlsSession.trust_error` says why."""
    SHORT_KEY = "short-key"
    WEAK_SIGNATURE = "weak-signature"


# product.md §7: a countdown changes at these numbers of days, so that no weekly mail repeats it
COUNTDOWN = (7, 14, 30)
# ANSSI TLS v1.2, R24: signed with SHA-2
WEAK_HASHES = frozenset({"md5", "sha1"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where on a certificate is remarkable."""

    warn_days: int
    rsa_bits: int
    curve_bits: int


def traits(session: TlsSession, now: datetime, *, bounds: Bounds) -> Iterator[Trait]:
    """What is remarkable in the server's own certificate at `now` (aware); nothing when all is usual."""
    if not session.chain:
        yield Trait.NONE_SHOWN
        return
    leaf = session.chain[0]
    if now > leaf.not_after:
        yield Trait.EXPIRED
    elif now < leaf.not_before:
        yield Trait.NOT_YET_VALID
    elif days_left(leaf, now, warn_days=bounds.warn_days) is not None:
        yield Trait.EXPIRES_SOON
    if not session.name_matches:
        yield Trait.WRONG_NAME
    if isinstance(session.trust_error, Unreachable):
        yield Trait.TRUST_UNSEEN
    elif session.trust_error:
        yield Trait.UNTRUSTED
    least = {"RSA": bounds.rsa_bits, "EC": bounds.curve_bits}.get(leaf.key_type, 0)
    if leaf.key_bits < least:
        yield Trait.SHORT_KEY
    if leaf.signature_hash in WEAK_HASHES:
        yield Trait.WEAK_SIGNATURE


def days_left(leaf: Certificate, now: datetime, *, warn_days: int) -> int | None:
    """The smallest step of the countdown under which the certificate ends; None when the end is not near.

    A certificate made for a short life counts down in its last third, not `warn_days` ahead.
    """
    life, left = leaf.not_after - leaf.not_before, leaf.not_after - now
    if left >= min(timedelta(days=warn_days), life / 3):
        return None
    return next((step for step in COUNTDOWN if left < timedelta(days=step)), warn_days)


def shown(session: TlsSession) -> str:
    """The session on one line, as a contractor would read it: version, names, issuer, trust."""
    if not session.chain:
        return f"{session.version} {session.cipher}"
    leaf = session.chain[0]
    names = ", ".join(leaf.names) or "aucun nom"
    trust = session.trust_error or "chaîne reconnue"
    until = french.day(leaf.not_after)
    return f"{session.version} {session.cipher} ; {names} ; jusqu'au {until} ; {leaf.issuer} ; {trust}"


def sentence(trait: Trait, session: TlsSession, host: str) -> str:
    """What the trait says of `host`, in French; dates instead of a number of days left."""
    leaf = session.chain[0] if session.chain else None
    end = french.day(leaf.not_after) if leaf else ""
    match trait:
        case Trait.NONE_SHOWN:
            return f"{host} n'a montré aucun certificat."
        case Trait.EXPIRED:
            return f"Le certificat de {host} est périmé depuis le {end}."
        case Trait.NOT_YET_VALID:
            return f"Le certificat de {host} ne vaut qu'à partir du {french.day(leaf.not_before) if leaf else ''}."
        case Trait.EXPIRES_SOON:
            return f"Le certificat de {host} finit le {end}."
        case Trait.WRONG_NAME:
            return f"Le certificat de {host} est au nom d'un autre serveur."
        case Trait.UNTRUSTED:
            return f"Le certificat de {host} ne vient pas d'une autorité reconnue."
        case Trait.TRUST_UNSEEN:
            cause = session.trust_error
            return f"{host} : {cause.reason.french if isinstance(cause, Unreachable) else cause}."
        case Trait.SHORT_KEY:
            return f"La clé de {host} est trop courte ({leaf.key_bits if leaf else 0} bits)."
        case Trait.WEAK_SIGNATURE:
            return f"Le certificat de {host} est signé d'une façon dépassée ({leaf.signature_hash if leaf else ''})."
        case _:
            assert_never(trait)

"""What a certificate says, and what a TLS session showed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cyberaudit import french
from cyberaudit.model import Unreachable


@dataclass(frozen=True, slots=True)
class Usage:
    """KeyUsage or ExtendedKeyUsage."""

    critical: bool
    purposes: tuple[str, ...]
    """`digitalSignature`, `keyEncipherment`, … or `serverAuth`, `clientAuth`, …; an OID when it has no name."""


class ChainFault(StrEnum):
    """What is wrong in the way a chain was sent; the word is also a reason code."""

    OUT_OF_ORDER = "out-of-order"
    INCOMPLETE = "incomplete"
    """An intermediate is missing: only a client that fetches it or has it already gets to the root."""
    STRANGER = "stranger"
    """A certificate that vouches for none of the others."""
    ROOT_SENT = "root-sent"
    """The root was sent too: useless, harmless."""
    TWICE = "twice"
    OUTDATED_ISSUER = "outdated-issuer"
    """An intermediate on the way is past its end."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One X.509 certificate, as read (RFC 5280)."""

    subject: str
    issuer: str
    names: tuple[str, ...] | Unreachable
    """dNSName and iPAddress of the SubjectAltName, lower case, the first hundreds; the CN never counts (RFC 9525)."""
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
    key_sha256: str | Unreachable
    """Fingerprint of the SubjectPublicKeyInfo, lower-case hexadecimal: the same key has the same one."""
    curve: str | Unreachable
    """`secp256r1`, …; empty when the key is not on a named curve."""
    exponent: int | Unreachable
    """RSA; 0 for other keys."""
    is_ca: bool | Unreachable
    key_usage: Usage | Unreachable | None
    """None: the extension is absent, as below."""
    extended_key_usage: Usage | Unreachable | None
    names_critical: bool | Unreachable
    """The SubjectAltName is marked critical."""
    subject_key: str | Unreachable
    """SubjectKeyIdentifier, hexadecimal; empty: absent."""
    authority_key: str | Unreachable
    """keyIdentifier of the AuthorityKeyIdentifier, hexadecimal; empty: absent."""
    revocation: tuple[str, ...] | Unreachable
    """Where its revocation may be asked: `crl`, `ocsp`, and `issuer` (caIssuers), as far as present."""
    timestamps: int | Unreachable
    """Certificate Transparency timestamps inside it (RFC 6962)."""
    public_rules: bool | Unreachable
    """It claims to follow the CA/Browser Forum's rules for public authorities (policies 2.23.140.1.1, 2.23.140.1.2)."""


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
    name_matches: bool | Unreachable
    """The SubjectAltName covers the name that was asked for (RFC 9525)."""
    chain_faults: tuple[ChainFault, ...] | Unreachable
    """Empty: ordered and complete."""
    timestamps: int | Unreachable
    """Certificate Transparency timestamps that came beside the certificate, in the handshake (RFC 6962 §3.3)."""


class Trait(StrEnum):
    """What is remarkable in the certificate a server shows; the word is also the reason code of a verdict."""

    NONE_SHOWN = "no-certificate"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRES_SOON = "expires-soon"
    WRONG_NAME = "wrong-name"
    NO_NAME = "no-name"
    """No SubjectAltName: at best a CN, to which nobody listens any more."""
    NAME_UNSEEN = "name-unseen"
    """Its names could not be read: `TlsSession.name_matches` says why."""
    SELF_SIGNED = "self-signed"
    INCOMPLETE = "incomplete-chain"
    UNTRUSTED = "untrusted"
    TRUST_UNSEEN = "trust-unseen"
    """The chain could not be verified: `TlsSession.trust_error` says why."""
    SHORT_KEY = "short-key"
    WEAK_SIGNATURE = "weak-signature"


# product.md §7: a countdown changes at these numbers of days, so that no weekly mail repeats it
COUNTDOWN = (7, 14, 30)
# ANSSI TLS v1.2, R24: signed with SHA-2; the last two are MD2 and MD4, which have no name left
WEAK_HASHES = frozenset({"md5", "sha1", "1.2.840.113549.1.1.2", "1.2.840.113549.1.1.3"})


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
    yield from _of_dates(leaf, now, warn_days=bounds.warn_days)
    yield from _of_name(session, leaf)
    yield from _of_trust(session, leaf)
    if is_short(leaf, bounds=bounds):
        yield Trait.SHORT_KEY
    if leaf.signature_hash in WEAK_HASHES:
        yield Trait.WEAK_SIGNATURE


def is_short(certificate: Certificate, *, bounds: Bounds) -> bool:
    """Its key has fewer bits than allowed for its type; a size that could not be read (0) is none."""
    least = {"RSA": bounds.rsa_bits, "DSA": bounds.rsa_bits, "EC": bounds.curve_bits}
    return 0 < certificate.key_bits < least.get(certificate.key_type, 0)


def _of_dates(leaf: Certificate, now: datetime, *, warn_days: int) -> Iterator[Trait]:
    if now > leaf.not_after:
        yield Trait.EXPIRED
    elif now < leaf.not_before:
        yield Trait.NOT_YET_VALID
    elif days_left(leaf, now, warn_days=warn_days) is not None:
        yield Trait.EXPIRES_SOON


def _of_name(session: TlsSession, leaf: Certificate) -> Iterator[Trait]:
    if isinstance(session.name_matches, Unreachable):
        yield Trait.NAME_UNSEEN
    elif not session.name_matches:
        yield Trait.WRONG_NAME if leaf.names else Trait.NO_NAME


def _of_trust(session: TlsSession, leaf: Certificate) -> Iterator[Trait]:
    faults = session.chain_faults
    if isinstance(session.trust_error, Unreachable):
        yield Trait.TRUST_UNSEEN
    elif not session.trust_error:
        return
    elif leaf.self_signed:
        yield Trait.SELF_SIGNED
    elif not isinstance(faults, Unreachable) and ChainFault.INCOMPLETE in faults:
        yield Trait.INCOMPLETE
    else:
        yield Trait.UNTRUSTED


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
    names = "noms illisibles" if isinstance(leaf.names, Unreachable) else ", ".join(leaf.names) or "aucun nom"
    trust = session.trust_error or "chaîne reconnue"
    until = french.day(leaf.not_after)
    return f"{session.version} {session.cipher} ; {names} ; jusqu'au {until} ; {leaf.issuer} ; {trust}"


def sentence(trait: Trait, session: TlsSession, host: str) -> str:
    """What the trait says of `host`, in French; dates instead of a number of days left."""
    if not session.chain:
        return _SENTENCES[Trait.NONE_SHOWN].format(host=host)
    leaf = session.chain[0]
    match trait:
        case Trait.TRUST_UNSEEN:
            cause = _cause(session.trust_error)
        case Trait.NAME_UNSEEN:
            cause = _cause(session.name_matches)
        case _:
            cause = ""
    return _SENTENCES[trait].format(
        host=host,
        cause=cause,
        start=french.day(leaf.not_before),
        end=french.day(leaf.not_after),
        bits=leaf.key_bits,
        digest=leaf.signature_hash,
    )


_SENTENCES = {
    Trait.NONE_SHOWN: "{host} n'a montré aucun certificat.",
    Trait.EXPIRED: "Le certificat de {host} est périmé depuis le {end}.",
    Trait.NOT_YET_VALID: "Le certificat de {host} ne vaut qu'à partir du {start}.",
    Trait.EXPIRES_SOON: "Le certificat de {host} finit le {end}.",
    Trait.WRONG_NAME: "Le certificat de {host} est au nom d'un autre serveur.",
    Trait.NO_NAME: "Le certificat de {host} ne dit pas son nom là où les logiciels le cherchent (SAN).",
    Trait.NAME_UNSEEN: "{host} : {cause}.",
    Trait.SELF_SIGNED: "Le certificat de {host} n'est garanti que par lui-même.",
    Trait.INCOMPLETE: "{host} n'envoie pas le certificat intermédiaire qui mène à une autorité reconnue.",
    Trait.UNTRUSTED: "Le certificat de {host} ne vient pas d'une autorité reconnue.",
    Trait.TRUST_UNSEEN: "{host} : {cause}.",
    Trait.SHORT_KEY: "La clé de {host} est trop courte ({bits} bits).",
    Trait.WEAK_SIGNATURE: "Le certificat de {host} est signé d'une façon dépassée ({digest}).",
}


def _cause(unseen: object) -> str:
    return unseen.reason.french if isinstance(unseen, Unreachable) else "la question n'a pas de réponse"

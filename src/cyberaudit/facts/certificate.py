"""What a certificate says, and what a TLS session showed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from cyberaudit import french
from cyberaudit.facts.countdown import step_of
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable


@frozen
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
    ISSUER_UNSENT = "issuer-unsent"
    """Who signed the server's own was not sent and is no known root: an intermediate is missing, or nobody knows it."""
    STRANGER = "stranger"
    """A certificate that vouches for none of the others."""
    ROOT_SENT = "root-sent"
    """The root was sent too: useless, harmless."""
    TWICE = "twice"
    OUTDATED_ISSUER = "outdated-issuer"
    """An intermediate on the way is past its end."""


class Refusal(StrEnum):
    """Why clients refuse a chain that leads to a known root; so it stands in `TlsSession.trust_error`."""

    NAME = "l'autorité qui a signé n'a pas le droit de signer pour ce nom"
    PURPOSE = "l'autorité qui a signé n'a pas le droit de signer pour un serveur"
    EXTENSION = "un certificat porte une extension critique inconnue"
    NOT_FOR_SERVERS = "le certificat n'est pas fait pour un serveur"
    SIGNER = "l'autorité qui a signé le certificat est périmée ou n'a pas le droit de signer"
    SIGNER_ABOVE = "une autorité de la chaîne est périmée ou n'a pas le droit de signer"


@frozen
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
    sha512: str | Unreachable
    """As `sha256`: a TLSA record may give this one instead (RFC 6698 §2.1.3)."""
    key_sha512: str | Unreachable
    """As `key_sha256`."""
    must_staple: bool | Unreachable
    """It obliges its server to send a revocation answer along (TLS Feature `status_request`, RFC 7633)."""


@frozen
class TlsSession:
    """One handshake that ended well, certificate not enforced."""

    version: str
    """`TLSv1.3`, `TLSv1.2`, …"""
    cipher: str
    chain: tuple[Certificate, ...]
    """As sent, the server's own first."""
    trust_error: str | Unreachable
    """Empty when the chain leads to a trusted root at the scan's date; else why not, a `Refusal` among others. Of the
    server's own certificate the dates and the name are set aside, and of all the strength of signatures."""
    name_matches: bool | Unreachable
    """The SubjectAltName covers the name that was asked for (RFC 9525); `not-declared`: no name was, or an address."""
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
    ISSUER_UNSENT = "issuer-unsent"
    """An intermediate is missing, or the authority is unknown: `TlsSession.trust_error` names it."""
    UNTRUSTED = "untrusted"
    TRUST_UNSEEN = "trust-unseen"
    """The chain could not be verified: `TlsSession.trust_error` says why."""
    SHORT_KEY = "short-key"
    WEAK_SIGNATURE = "weak-signature"


NAME_NOT_COMPARED = "nom non comparé : celui que les agents utilisent n'est pas déclaré"
"""What is said of an access that is known by its address alone."""
# ANSSI TLS v1.2, R24: signed with SHA-2; the last two are MD2 and MD4, which have no name left
WEAK_HASHES = frozenset({"md5", "sha1", "1.2.840.113549.1.1.2", "1.2.840.113549.1.1.3"})


@frozen
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
    if leaf.names == ():
        yield Trait.NO_NAME
    elif isinstance(session.name_matches, Unreachable):
        yield Trait.NAME_UNSEEN
    elif not session.name_matches:
        yield Trait.WRONG_NAME


def _of_trust(session: TlsSession, leaf: Certificate) -> Iterator[Trait]:
    faults = session.chain_faults
    if isinstance(session.trust_error, Unreachable):
        yield Trait.TRUST_UNSEEN
    elif not session.trust_error:
        return
    elif session.trust_error in tuple(Refusal):  # a known root is reached, whatever the way it was sent
        yield Trait.UNTRUSTED
    elif leaf.self_signed:
        yield Trait.SELF_SIGNED
    elif isinstance(faults, Unreachable):
        yield Trait.UNTRUSTED
    elif ChainFault.INCOMPLETE in faults:
        yield Trait.INCOMPLETE
    else:
        yield Trait.ISSUER_UNSENT if ChainFault.ISSUER_UNSENT in faults else Trait.UNTRUSTED


def days_left(leaf: Certificate, now: datetime, *, warn_days: int) -> int | None:
    """The smallest step of the countdown under which the certificate ends; None when the end is not near.

    A certificate made for a short life counts down in its last third, not `warn_days` ahead.
    """
    life, left = leaf.not_after - leaf.not_before, leaf.not_after - now
    if left >= min(timedelta(days=warn_days), life / 3):
        return None
    return step_of(left.days) or warn_days


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
        case Trait.TRUST_UNSEEN | Trait.ISSUER_UNSENT | Trait.UNTRUSTED:
            cause = _cause(session.trust_error)
        case Trait.NAME_UNSEEN:
            cause = _cause(session.name_matches)
        case _:
            cause = ""
    is_refused = trait is Trait.UNTRUSTED and session.trust_error in tuple(Refusal)
    told = _REFUSED if is_refused else _SENTENCES[trait]
    return told.format(
        host=host,
        cause=cause,
        start=french.day(leaf.not_before),
        end=french.day(leaf.not_after),
        bits=leaf.key_bits,
        digest=leaf.signature_hash,
    )


_REFUSED = "Les logiciels refusent le certificat de {host} : {cause}."
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
    Trait.ISSUER_UNSENT: "{host} : {cause}.",
    Trait.UNTRUSTED: "Le certificat de {host} ne vient pas d'une autorité reconnue.",
    Trait.TRUST_UNSEEN: "{host} : {cause}.",
    Trait.SHORT_KEY: "La clé de {host} est trop courte ({bits} bits).",
    Trait.WEAK_SIGNATURE: "Le certificat de {host} est signé avec une méthode dépassée ({digest}).",
}


def _cause(told: object) -> str:
    match told:
        case Unreachable(reason=Reason.NOT_DECLARED):
            return NAME_NOT_COMPARED
        case Unreachable():
            return told.reason.french
        case str() if told:
            return told
        case _:
            return "la question n'a pas de réponse"

"""Certificates: how they are read, and whether their chain leads to a trusted root."""

import hashlib
import ssl
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID, PublicKeyAlgorithmOID

from cyberaudit.facts.certificate import WEAK_HASHES, Certificate, Refusal
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes import certificate_extensions as extensions
from cyberaudit.probes.certificate_extensions import UNREADABLE
from cyberaudit.probes.certificate_rights import Rights, refused_extension, refused_purpose

# Ours: public chains have two to four; a hostile one may have hundreds.
MAX_DEPTH = 8
MAX_SENT = 12
PEM_BEGIN, PEM_END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----\n"
# Where distributions keep one file of roots, after what OpenSSL itself names.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_KEY_TYPES = (
    (rsa.RSAPublicKey, "RSA"),
    (ec.EllipticCurvePublicKey, "EC"),
    (ed25519.Ed25519PublicKey, "Ed25519"),
    (ed448.Ed448PublicKey, "Ed448"),
    (dsa.DSAPublicKey, "DSA"),
)
_KEY_OIDS = {
    PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5: "RSA",
    PublicKeyAlgorithmOID.EC_PUBLIC_KEY: "EC",
    PublicKeyAlgorithmOID.DSA: "DSA",
}


@contextmanager
def quietly() -> Iterator[None]:
    """What others put in their certificates is a fact, not a warning for the person at the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@quietly()
def parse(der: bytes) -> x509.Certificate | Unreachable:
    """The certificate behind its DER form; garbage is `protocol-error`."""
    try:
        return x509.load_der_x509_certificate(der)
    except (*UNREADABLE, x509.InvalidVersion) as error:
        return Unreachable(Reason.PROTOCOL_ERROR, f"certificat illisible : {clean(str(error), limit=80)}")


@quietly()
def describe(certificate: x509.Certificate) -> Certificate | Unreachable:
    """The facts of one certificate; names of its own or of its issuer that cannot be read make it `protocol-error`.

    A key or an extension that cannot be read is unreachable in its own field.
    """
    try:
        subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
        not_before, not_after = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except UNREADABLE as error:
        return Unreachable(Reason.PROTOCOL_ERROR, f"certificat illisible : {clean(str(error), limit=80)}")
    key = _read_key(certificate)
    names = extensions.names(certificate)
    return Certificate(
        subject=clean(subject),
        issuer=clean(issuer),
        names=names if isinstance(names, Unreachable) else names.shown(),
        not_before=not_before,
        not_after=not_after,
        key_type=key.type,
        key_bits=key.bits,
        signature_hash=_signature_hash(certificate),
        self_signed=is_signed_by(certificate, certificate),
        sha256=_fingerprint(certificate).hex(),
        key_sha256=key.sha256,
        curve=key.curve,
        exponent=key.exponent,
        is_ca=extensions.is_ca(certificate),
        key_usage=extensions.key_usage(certificate),
        extended_key_usage=extensions.extended_key_usage(certificate),
        names_critical=extensions.names_critical(certificate),
        subject_key=extensions.subject_key(certificate),
        authority_key=extensions.authority_key(certificate),
        revocation=extensions.revocation(certificate),
        timestamps=extensions.timestamps(certificate),
        public_rules=extensions.public_rules(certificate),
        sha512=certificate.fingerprint(hashes.SHA512()).hex(),
        key_sha512=key.sha512,
        must_staple=extensions.must_staple(certificate),
    )


def read_chain(sent: Sequence[bytes]) -> tuple[tuple[x509.Certificate, Certificate], ...] | Unreachable:
    """Each certificate parsed and described, up to the first unreadable one: it cannot vouch for the others.

    `Unreachable` when there is none, or when the server's own is the unreadable one.
    """
    chain: list[tuple[x509.Certificate, Certificate]] = []
    trouble = Unreachable(Reason.TLS_FAILURE, "aucun certificat")
    for der in sent:
        parsed = parse(der)
        facts = parsed if isinstance(parsed, Unreachable) else describe(parsed)
        if isinstance(parsed, Unreachable) or isinstance(facts, Unreachable):
            trouble = facts if isinstance(facts, Unreachable) else trouble
            break
        chain.append((parsed, facts))
    return tuple(chain) or trouble


def _fingerprint(certificate: x509.Certificate) -> bytes:
    return certificate.fingerprint(hashes.SHA256())


@frozen
class _Key:
    """The public key of a certificate."""

    type: str
    bits: int
    curve: str | Unreachable
    exponent: int | Unreachable
    sha256: str | Unreachable
    sha512: str | Unreachable


def _read_key(certificate: x509.Certificate) -> _Key:
    oid = certificate.public_key_algorithm_oid.dotted_string
    try:
        key = certificate.public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm) as error:
        unseen = Unreachable(Reason.PROTOCOL_ERROR, f"clé illisible : {clean(str(error), limit=80)}")
        kind = next((name for known, name in _KEY_OIDS.items() if known.dotted_string == oid), oid)
        return _Key(kind, 0, unseen, unseen, unseen, unseen)
    return _Key(
        type=next((name for kind, name in _KEY_TYPES if isinstance(key, kind)), oid),
        bits=getattr(key, "key_size", 0),
        curve=key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else "",
        exponent=key.public_numbers().e if isinstance(key, rsa.RSAPublicKey) else 0,
        sha256=hashlib.sha256(spki).hexdigest(),
        sha512=hashlib.sha512(spki).hexdigest(),
    )


def _signature_hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return certificate.signature_algorithm_oid.dotted_string
    return algorithm.name if algorithm else ""


def is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """`issuer` has the name and the key that signed `certificate`; its dates and rights are not looked at.

    Nor is the strength of the signature: MD5 and SHA-1 count (old equipment has nothing else), MD2 and MD4 do not.
    """
    try:
        if _signature_hash(certificate) in WEAK_HASHES:
            return certificate.issuer == issuer.subject and _is_weakly_signed_by(certificate, issuer)
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):  # other names, other key type, forgotten algorithm
        return False
    return True


def _is_weakly_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """What cryptography refuses to verify for a certificate, it still verifies for plain bytes.

    Raises:
        InvalidSignature, UnsupportedAlgorithm: it is not the key that signed, or MD2 or MD4 was used.
    """
    digest = certificate.signature_hash_algorithm
    if digest is None:
        return False
    way = certificate.signature_algorithm_parameters
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    match issuer.public_key():
        case rsa.RSAPublicKey() as key:
            key.verify(signature, signed, way if isinstance(way, padding.PSS) else padding.PKCS1v15(), digest)
        case ec.EllipticCurvePublicKey() as key:
            key.verify(signature, signed, ec.ECDSA(digest))
        case dsa.DSAPublicKey() as key:
            key.verify(signature, signed, digest)
        case _:
            return False
    return True


@frozen
class TrustStore:
    """The roots a chain may end at."""

    roots: tuple[x509.Certificate, ...]
    _by_name: Mapping[x509.Name, Sequence[x509.Certificate]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = defaultdict(list)
        for root in self.roots:
            with suppress(*UNREADABLE):
                by_name[root.subject].append(root)
        object.__setattr__(self, "_by_name", by_name)

    def named(self, subject: x509.Name) -> Sequence[x509.Certificate]:
        """The roots of this name."""
        return self._by_name.get(subject, ())

    @quietly()
    def trust_error(self, chain: Sequence[x509.Certificate], *, now: datetime) -> str:
        """Empty when `chain`, the server's own first, leads to a root; else why not, in French.

        The server's own dates and names are set aside, and how strong a signature is: they are separate facts.
        Those who vouch for it must be valid at `now` and allowed to sign (RFC 5280 §6.1); a `Refusal` when only
        that, what they may sign for, what the server's own is made for, or a critical extension stands in between.
        """
        leaf, *others = chain[:MAX_SENT]
        rights, may_sign = Rights(leaf), partial(_may_sign, now=now)
        reaches = partial(self._reaches_root, leaf, others, depth=0)
        if reaches(may_sign=may_sign, allowed=rights.allow, seen=set()):
            own = refused_extension(leaf) or refused_purpose(leaf)
            return own.value if own else ""
        if rights.first_refusal and reaches(may_sign=may_sign, allowed=_whatever, seen=set()):
            return rights.first_refusal.value
        if is_signed_by(leaf, leaf):
            return "le certificat est signé par lui-même"
        issuers = [other for other in (*others, *self.named(leaf.issuer)) if is_signed_by(leaf, other)]
        if issuers and not any(may_sign(issuer, depth=0) for issuer in issuers):
            return Refusal.SIGNER.value
        if reaches(may_sign=_whatever, allowed=_whatever, seen=set()):
            return Refusal.SIGNER_ABOVE.value
        if leaf.issuer == leaf.subject:
            return "le certificat se dit signé par lui-même, ce qui ne se vérifie pas"
        if not issuers:
            name = _last_issuer(leaf, ())
            return (
                f"le serveur n'envoie pas le certificat de « {name} », ou cette autorité n'est pas reconnue"
            )
        return f"l'autorité qui a signé le certificat est inconnue ({_last_issuer(leaf, others)})"

    def _reaches_root(
        self,
        certificate: x509.Certificate,
        sent: Sequence[x509.Certificate],
        *,
        may_sign: Callable[..., bool],
        allowed: Callable[..., bool],
        seen: set[bytes],
        depth: int,
    ) -> bool:
        """Whether a way up leads from `certificate` to a root.

        `may_sign`: a signer may sign at all, as `_may_sign`; `allowed`: for this server. `seen` makes the walk linear:
        a certificate that led nowhere once is not tried again.
        """
        if certificate in self.roots:
            return True
        if depth >= MAX_DEPTH or _fingerprint(certificate) in seen:
            return False
        seen.add(_fingerprint(certificate))
        return any(
            candidate.subject == certificate.issuer
            and may_sign(candidate, depth=depth)
            and is_signed_by(certificate, candidate)
            and allowed(candidate)
            and self._reaches_root(
                candidate, sent, may_sign=may_sign, allowed=allowed, seen=seen, depth=depth + 1
            )
            for candidate in (*self.named(certificate.issuer), *sent)
        )


def _whatever(*_issuer: x509.Certificate, **_place: int) -> bool:
    """Whoever signed, wherever it stands in the chain."""
    return True


def _may_sign(issuer: x509.Certificate, *, now: datetime, depth: int) -> bool:
    """Valid at `now`, a CA with `keyCertSign`, with room for `depth` CAs below it; a v1 root says no more."""
    try:
        if not issuer.not_valid_before_utc <= now <= issuer.not_valid_after_utc:
            return False
        if issuer.version is x509.Version.v1:
            return issuer.issuer == issuer.subject
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        if not basic.ca or (basic.path_length is not None and basic.path_length < depth):
            return False
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as error:
        return error.oid == x509.KeyUsage.oid
    except UNREADABLE:
        return False


def _last_issuer(leaf: x509.Certificate, sent: Sequence[x509.Certificate]) -> str:
    """The name at which the chain stops."""
    last = leaf
    for _ in range(MAX_DEPTH):
        above = next((other for other in sent if other.subject == last.issuer and other != last), None)
        if above is None:
            break
        last = above
    try:
        common = last.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
        return clean(str(common[0].value) if common else last.issuer.rfc4514_string(), limit=80)
    except UNREADABLE:
        return "nom illisible"


@lru_cache(maxsize=4)
def trust_store(bundle: Path | None) -> TrustStore | Unreachable:
    """The roots of a PEM file, or of this machine; `not-looked` when there are none to compare with."""
    paths = _system_bundles() if bundle is None else (bundle,)
    roots = tuple(root for path in paths for root in _read_roots(path))
    if not roots:
        return Unreachable(Reason.NOT_LOOKED, "aucune liste d'autorités de confiance sur cette machine")
    return TrustStore(roots)


def _system_bundles() -> Iterable[Path]:
    openssl = ssl.get_default_verify_paths()
    named = [Path(path) for path in (openssl.cafile, *_BUNDLES) if path and Path(path).is_file()]
    if named:
        return named[:1]
    return sorted(Path(openssl.capath).glob("*.pem")) if openssl.capath else ()


@quietly()
def _read_roots(path: Path) -> tuple[x509.Certificate, ...]:
    """One unreadable root hides only itself."""
    roots = []
    with suppress(OSError):
        for part in path.read_bytes().split(PEM_BEGIN)[1:]:
            with suppress(*UNREADABLE, x509.InvalidVersion):
                roots.append(
                    x509.load_pem_x509_certificate(PEM_BEGIN + part.partition(PEM_END.strip())[0] + PEM_END)
                )
    return tuple(roots)

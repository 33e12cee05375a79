"""Certificates: how they are read, whether their chain leads to a trusted root, whether they carry a name."""

import ssl
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from cyberaudit.facts.certificate import Certificate
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean

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
# What cryptography raises for a certificate it reads but does not understand.
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@contextmanager
def _quietly() -> Iterator[None]:
    """What others put in their certificates is a fact, not a warning for the person at the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


@_quietly()
def parse(der: bytes) -> x509.Certificate | Unreachable:
    """The certificate behind its DER form; garbage is `protocol-error`."""
    try:
        return x509.load_der_x509_certificate(der)
    except (*_UNREADABLE, x509.InvalidVersion) as error:
        return Unreachable(Reason.PROTOCOL_ERROR, f"certificat illisible : {clean(str(error), limit=80)}")


@_quietly()
def describe(certificate: x509.Certificate) -> Certificate | Unreachable:
    """The facts of one certificate; a part that cannot be understood makes the whole `protocol-error`."""
    try:
        key_type, key_bits = _key(certificate)
        return Certificate(
            subject=clean(certificate.subject.rfc4514_string()),
            issuer=clean(certificate.issuer.rfc4514_string()),
            names=_names(certificate),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            key_type=key_type,
            key_bits=key_bits,
            signature_hash=_signature_hash(certificate),
            self_signed=_is_signed_by(certificate, certificate),
            sha256=_fingerprint(certificate).hex(),
        )
    except _UNREADABLE as error:
        return Unreachable(Reason.PROTOCOL_ERROR, f"certificat illisible : {clean(str(error), limit=80)}")


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


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = (clean(name).lower() for name in names.get_values_for_type(x509.DNSName))
    addresses = (str(address) for address in names.get_values_for_type(x509.IPAddress))
    return (*hosts, *addresses)


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return certificate.public_key_algorithm_oid.dotted_string, 0
    name = next((name for kind, name in _KEY_TYPES if isinstance(key, kind)), "")
    return name or certificate.public_key_algorithm_oid.dotted_string, getattr(key, "key_size", 0)


def _signature_hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return certificate.signature_algorithm_oid.dotted_string
    return algorithm.name if algorithm else ""


def _is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):  # other names, other key type, forgotten algorithm
        return False
    return True


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The roots a chain may end at."""

    roots: tuple[x509.Certificate, ...]

    @_quietly()
    def trust_error(self, chain: Sequence[x509.Certificate], *, now: datetime) -> str:
        """Empty when `chain`, the server's own first, leads to a root; else why not, in French.

        The server's own dates and names are set aside: they are separate facts. Those who vouch for it must
        be valid at `now` and allowed to sign (RFC 5280 §6.1).
        """
        leaf, *others = chain[:MAX_SENT]
        if self._reaches_root(leaf, others, now=now, seen=set(), depth=0):
            return ""
        if _is_signed_by(leaf, leaf):
            return "le certificat est signé par lui-même"
        issuers = [other for other in (*others, *self.roots) if _is_signed_by(leaf, other)]
        if issuers and not any(_may_sign(issuer, now=now, depth=0) for issuer in issuers):
            return "l'autorité qui a signé le certificat est périmée ou n'a pas le droit de signer"
        return f"l'autorité qui a signé le certificat est inconnue ({_last_issuer(leaf, others)})"

    def _reaches_root(
        self,
        certificate: x509.Certificate,
        sent: Sequence[x509.Certificate],
        *,
        now: datetime,
        seen: set[bytes],
        depth: int,
    ) -> bool:
        """`seen` makes the walk linear: a certificate that led nowhere once is not tried again."""
        if certificate in self.roots:
            return depth == 0 or _may_sign(certificate, now=now, depth=depth - 1)
        if depth >= MAX_DEPTH or _fingerprint(certificate) in seen:
            return False
        seen.add(_fingerprint(certificate))
        return any(
            candidate.subject == certificate.issuer
            and _may_sign(candidate, now=now, depth=depth)
            and _is_signed_by(certificate, candidate)
            and self._reaches_root(candidate, sent, now=now, seen=seen, depth=depth + 1)
            for candidate in (*self.roots, *sent)
        )


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
    except _UNREADABLE:
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
    except _UNREADABLE:
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


@_quietly()
def _read_roots(path: Path) -> tuple[x509.Certificate, ...]:
    """One unreadable root hides only itself."""
    roots = []
    with suppress(OSError):
        for part in path.read_bytes().split(PEM_BEGIN)[1:]:
            with suppress(*_UNREADABLE, x509.InvalidVersion):
                roots.append(
                    x509.load_pem_x509_certificate(PEM_BEGIN + part.partition(PEM_END.strip())[0] + PEM_END)
                )
    return tuple(roots)


def covers_name(names: Sequence[str], host: str) -> bool:
    """One of the SubjectAltName entries is `host`, or covers it (RFC 9525 §6.3).

    `*` stands only for the whole left-most label, and for exactly one; an address must be written as such.
    """
    wanted = _a_labels(host)
    try:
        address = ip_address(wanted)
    except ValueError:
        return any(_matches(name.rstrip("."), wanted) for name in names)
    return str(address) in names


def _a_labels(host: str) -> str:
    text = host.rstrip(".").lower()
    try:
        return text if text.isascii() else text.encode("idna").decode("ascii")
    except UnicodeError:
        return text


def _matches(name: str, wanted: str) -> bool:
    if name == wanted:
        return "*" not in name and bool(name)
    left, dot, rest = name.partition(".")
    wanted_left, _, wanted_rest = wanted.partition(".")
    return left == "*" and dot == "." and "*" not in rest and bool(wanted_left) and rest == wanted_rest

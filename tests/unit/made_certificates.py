"""Certificates made for the tests, with keys of their own: an authority, an intermediate, a server, and variations."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cyberaudit.probes.certificates import TrustStore

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
HOST = "mx1.mairie-saint-etienne-d-o.example"
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Signer:
    """A key and the certificate that presents it."""

    certificate: x509.Certificate
    key: Key


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def made(
    subject: str,
    *,
    by: Signer | None = None,
    ca: bool = False,
    path_length: int | None = None,
    san: tuple[str | x509.GeneralName, ...] = (),
    days: tuple[int, int] = (-30, 60),
    key: Key | None = None,
    key_usage: bool | None = None,
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> Signer:
    """A certificate signed `by` another, or by itself. `days` count from NOW; `extra`: extension, critical."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    issuer = by.certificate.subject if by else name(subject)
    builder = (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(name(subject))
        .issuer_name(issuer)
        .public_key(own.public_key())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length if ca else None), critical=True)
    )
    if san:
        entries = [x509.DNSName(entry) if isinstance(entry, str) else entry for entry in san]
        builder = builder.add_extension(x509.SubjectAlternativeName(entries), critical=False)
    if key_usage is not None:
        parts = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=key_usage, crl_sign=False, encipher_only=False,
            decipher_only=False, **dict.fromkeys(parts, False),
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical=critical)
    signing = by.key if by else own
    digest = None if isinstance(signing, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Signer(builder.sign(signing, digest), own)


ROOT = made("Racine", ca=True, key_usage=True, days=(-1000, 1000))
MIDDLE = made("Intermédiaire", by=ROOT, ca=True, key_usage=True)
LEAF = made(HOST, by=MIDDLE, san=(HOST,))
STORE = TrustStore((ROOT.certificate,))


def der(signer: Signer) -> bytes:
    return signer.certificate.public_bytes(Encoding.DER)

"""A private certificate authority, and server certificates that are right, or wrong on purpose.

Importing this module loads `cryptography`: do it where it is used.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cyberaudit.frozen import frozen

AUTHORITY_NAME = "Autorité de démonstration cyberaudit"
REVOCATION_LIST = "http://autorite.invalid/revoques.crl"
OTHER_NAME = "une-autre-mairie.example"
"""The name that a certificate with the flaw `other-name` carries."""


class Flaw(StrEnum):
    """What may be wrong with a certificate."""

    NONE = "none"
    EXPIRED = "expired"
    """Ended sixty days before `now`."""
    OTHER_NAME = "other-name"
    SELF_SIGNED = "self-signed"


@frozen
class Issued:
    """A server certificate and its key, as PEM files that only their owner can read."""

    certificate: Path
    key: Path


class Authority:
    """Issues certificates dated relative to `now`, with EC P-256 keys, into `folder`, which must exist.

    The root is valid from three years before `now` to ten years after.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder = folder
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _distinguished(AUTHORITY_NAME)
        self._issued = 0
        self.ca_bundle = folder / "ca.pem"
        """The root, in PEM: what `--ca-bundle` receives."""
        _write(self.ca_bundle, self._root().public_bytes(Encoding.PEM))

    def issue(self, *names: str, flaw: Flaw = Flaw.NONE) -> Issued:
        """A certificate for the DNS names `names` (A-labels; at least one), the first as its subject."""
        key = ec.generate_private_key(ec.SECP256R1())
        shown = (OTHER_NAME,) if flaw is Flaw.OTHER_NAME else names
        certificate = self._leaf(shown, key, flaw=flaw)
        self._issued += 1
        issued = Issued(
            certificate=self._folder / f"server-{self._issued}.pem",
            key=self._folder / f"server-{self._issued}.key",
        )
        _write(issued.certificate, certificate.public_bytes(Encoding.PEM))
        _write(issued.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return issued

    def _leaf(
        self, names: tuple[str, ...], key: ec.EllipticCurvePrivateKey, *, flaw: Flaw
    ) -> x509.Certificate:
        subject = _distinguished(names[0])
        own = flaw is Flaw.SELF_SIGNED
        issuer_key = key if own else self._key
        days = (-425, -60) if flaw is Flaw.EXPIRED else (-30, 60)
        builder = (
            self._dated(*days)
            .subject_name(subject)
            .issuer_name(subject if own else self._name)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_revocation_list(), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
        )
        return builder.sign(issuer_key, hashes.SHA256())

    def _root(self) -> x509.Certificate:
        return (
            self._dated(-3 * 365, 10 * 365)
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _dated(self, first_day: int, last_day: int) -> x509.CertificateBuilder:
        """A builder valid between two days counted from `now`."""
        return (
            x509.CertificateBuilder()
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now + timedelta(days=first_day))
            .not_valid_after(self._now + timedelta(days=last_day))
        )


def _distinguished(common_name: str) -> x509.Name:
    # RFC 5280, appendix A: a common name has at most 64 characters. Names that count stand in the SAN.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _revocation_list() -> x509.CRLDistributionPoints:
    """Where a client would look; nobody does here."""
    place = x509.UniformResourceIdentifier(REVOCATION_LIST)
    return x509.CRLDistributionPoints([x509.DistributionPoint([place], None, None, None)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, content: bytes) -> None:
    """A new file, 0600 from its first byte."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)

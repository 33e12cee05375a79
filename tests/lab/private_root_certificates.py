"""The private authority, and certificates of every kind, as PEM files that hold key, certificate and authority."""

import hashlib
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from tests.lab.mail_truths import Leaf
from tests.lab.private_root_zones import Tlsa

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Authority:
    """A root, its key, and the folder that everything is written in."""

    folder: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def bundle(self) -> Path:
        return self.folder / "authority.pem"

    def tlsa(self, certificate: x509.Certificate) -> Tlsa:
        spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        whole = self.certificate.public_bytes(Encoding.DER)
        return Tlsa(hashlib.sha256(spki).hexdigest(), hashlib.sha256(whole).hexdigest())


def make_authority(folder: Path, name: str = "Autorité des essais") -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _built(name, name, key, key, days=(-400, 400), authority=True)
    made = Authority(folder, certificate, key)
    made.bundle.write_bytes(certificate.public_bytes(Encoding.PEM))
    return made


def issue(authority: Authority, host: str, leaf: Leaf = Leaf.GOOD) -> tuple[Path, x509.Certificate]:
    """The file for the server, and its own certificate."""
    key = _key(leaf)
    stated = f"ailleurs.{host}" if leaf is Leaf.OTHER_NAME else host
    days = (-90, -2) if leaf is Leaf.EXPIRED else (-2, 80)
    signer, issuer, above = authority.key, _name_of(authority.certificate), [authority.certificate]
    if leaf is Leaf.UNTRUSTED:
        signer, issuer, above = ec.generate_private_key(ec.SECP256R1()), "Autorité de personne", []
    path = authority.folder / f"{host}.{leaf}.pem"
    if leaf is Leaf.SELF_SIGNED:
        certificate, above = _built(stated, stated, key, key, days=days), []
    else:
        certificate = _built(stated, issuer, key, signer, days=days)
    if leaf is Leaf.SHA1:
        certificate = _signed_with_sha1(authority, host, key)
    _write(path, key, [certificate, *above])
    return path, certificate


def _key(leaf: Leaf) -> Key:
    if leaf is Leaf.WEAK_KEY:
        return rsa.generate_private_key(65537, 1024)
    return ec.generate_private_key(ec.SECP256R1())


def _name_of(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _built(
    subject: str, issuer: str, key: Key, signer: Key, *, days: tuple[int, int], authority: bool = False
) -> x509.Certificate:
    now = datetime.now(UTC).replace(microsecond=0)
    first, last = (now + timedelta(days=count) for count in days)
    builder = (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(_x509_name(subject))
        .issuer_name(_x509_name(issuer))
        .public_key(key.public_key())
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _x509_name(text: str) -> x509.Name:
    # RFC 5280, upper bound of a common name: 64 characters.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _signed_with_sha1(authority: Authority, host: str, key: Key) -> x509.Certificate:
    """By OpenSSL: the library refuses."""
    folder = authority.folder
    asked = x509.CertificateSigningRequestBuilder().subject_name(_x509_name(host)).sign(key, hashes.SHA256())
    (folder / "sha1.in").write_bytes(asked.public_bytes(Encoding.PEM))
    _write(folder / "sha1.ca", authority.key, [authority.certificate])
    (folder / "sha1.ext").write_text(
        f"subjectAltName=DNS:{host}\nbasicConstraints=critical,CA:false\n", encoding="utf-8"
    )
    words = ["openssl", "x509", "-req", "-in", "sha1.in", "-CA", "sha1.ca", "-CAkey", "sha1.ca", "-sha1"]
    more = ["-days", "60", "-set_serial", "77", "-extfile", "sha1.ext"]
    done = subprocess.run([*words, *more], cwd=folder, check=True, capture_output=True, timeout=60)
    return x509.load_pem_x509_certificate(done.stdout)


def _write(path: Path, key: Key, certificates: list[x509.Certificate]) -> None:
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + b"".join(each.public_bytes(Encoding.PEM) for each in certificates))

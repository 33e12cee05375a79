"""S/MIME: a message that its readers know to come from the mairie, and that only they can open."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7EnvelopeBuilder,
    PKCS7Options,
    PKCS7SignatureBuilder,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from cyberaudit import french
from cyberaudit.delivery.message import CRLF, in_base64, together
from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean

# RFC 8551 §4.4.1: shorter RSA keys are not used any more.
SHORTEST_RSA = 2048
_T = TypeVar("_T", bound=x509.ExtensionType)
_ANY_MAIL = frozenset({ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})


@frozen
class Signer:
    """Who signs; made by `signer`."""

    certificate: x509.Certificate
    key: RSAPrivateKey | EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]
    """Authorities between it and one that readers know; may be empty."""


@frozen
class Reader:
    """Somebody a message is encrypted to; made by `reader`."""

    address: str
    certificate: x509.Certificate


# What may be used


def signer(
    certificates: bytes, key: bytes, *, address: str, now: datetime, password: bytes | None = None
) -> Signer:
    """The signer of what `address` sends.

    Args:
        certificates: PEM, the signer's own first, then the authorities above it.
        key: PEM, RSA of 2048 bits or an elliptic curve.
        address: the sender's; a certificate made for other addresses is refused.
        now: aware.
        password: of the key; None when it has none.

    Raises:
        UsageError: a file is not PEM, the two do not fit, or the certificate may not sign mail today.
    """
    whose = f"Le certificat de signature de {clean(address)}"
    found = _certificates(certificates, whose)
    _refuse_unusable(found[0], whose, address, now=now)
    _refuse_key_usage(found[0], whose, use="signer", allowed=("digital_signature", "content_commitment"))
    private = _private(key, password)
    if _public(private.public_key()) != _public(found[0].public_key()):
        raise UsageError("La clé de signature ne va pas avec son certificat.")
    return Signer(found[0], private, tuple(found[1:]))


def reader(certificate: bytes, *, address: str, now: datetime) -> Reader:
    """Who reads the mail of `address`.

    Args:
        certificate: PEM; RSA, since nothing else can be encrypted to here.
        address: the recipient's; a certificate made for other addresses is refused.
        now: aware.

    Raises:
        UsageError: the file is not PEM, or the certificate may not be encrypted to today.
    """
    whose = f"Le certificat de {clean(address)}"
    found = _certificates(certificate, whose)[0]
    if not isinstance(found.public_key(), RSAPublicKey):
        raise UsageError(f"{whose} n'a pas de clé RSA : un message ne peut pas être chiffré pour lui.")
    _refuse_unusable(found, whose, address, now=now)
    _refuse_key_usage(found, whose, use="chiffrer", allowed=("key_encipherment",))
    return Reader(address, found)


def _certificates(pem: bytes, whose: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise UsageError(f"{whose} ne peut pas être lu : un fichier PEM est attendu.") from None


def _private(pem: bytes, password: bytes | None) -> RSAPrivateKey | EllipticCurvePrivateKey:
    try:
        found = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UsageError(
            "La clé de signature ne peut pas être lue : ce n'est pas un fichier PEM, ou son mot de passe est autre."
        ) from None
    if isinstance(found, RSAPrivateKey | EllipticCurvePrivateKey):
        return found
    raise UsageError("La clé de signature doit être une clé RSA ou une clé sur courbe elliptique.")


def _public(key: object) -> bytes:
    assert hasattr(key, "public_bytes"), "every public key has them"
    found: bytes = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return found


def _refuse_unusable(found: x509.Certificate, whose: str, address: str, *, now: datetime) -> None:
    """Its dates, the length of its key, what it is made for, whom it names."""
    if now > found.not_valid_after_utc:
        raise UsageError(
            f"{whose} est périmé depuis le {french.day(found.not_valid_after_utc)} : renouvelez-le."
        )
    if now < found.not_valid_before_utc:
        raise UsageError(f"{whose} ne vaut qu'à partir du {french.day(found.not_valid_before_utc)}.")
    public = found.public_key()
    if isinstance(public, RSAPublicKey) and public.key_size < SHORTEST_RSA:
        raise UsageError(
            f"{whose} a une clé trop courte : {public.key_size} bits, au lieu de {SHORTEST_RSA}."
        )
    purposes = _extension(found, x509.ExtendedKeyUsage)
    if purposes is not None and not _ANY_MAIL.intersection(purposes):
        raise UsageError(f"{whose} n'est pas fait pour le courrier.")
    named = _addresses(found)
    if named and address.casefold() not in named:
        raise UsageError(f"{whose} est fait pour une autre adresse.")


def _refuse_key_usage(found: x509.Certificate, whose: str, *, use: str, allowed: Iterable[str]) -> None:
    usage = _extension(found, x509.KeyUsage)
    if usage is not None and not any(getattr(usage, each) for each in allowed):
        raise UsageError(f"{whose} ne permet pas de {use}.")


def _addresses(found: x509.Certificate) -> set[str]:
    names = _extension(found, x509.SubjectAlternativeName)
    return {each.casefold() for each in names.get_values_for_type(x509.RFC822Name)} if names else set()


def _extension(found: x509.Certificate, kind: type[_T]) -> _T | None:
    try:
        return found.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


# What is made of a message


def signed(entity: bytes, who: Signer) -> bytes:
    """`multipart/signed` (RFC 8551 §3.5.3): the entity as it is, its signature beside.

    `entity`: headers of content and content, lines ended by CRLF.
    """
    builder = PKCS7SignatureBuilder().set_data(entity).add_signer(who.certificate, who.key, hashes.SHA256())
    for each in who.chain:
        builder = builder.add_certificate(each)
    options = [PKCS7Options.DetachedSignature, PKCS7Options.Binary]
    signature = builder.sign(serialization.Encoding.DER, options)
    boundary = f"=_signed_{hashlib.sha256(entity).hexdigest()[:24]}"
    head = (
        f'Content-Type: multipart/signed; protocol="application/pkcs7-signature";{CRLF}'
        f' micalg=sha-256; boundary="{boundary}"{CRLF}'
    )
    name = 'Content-Type: application/pkcs7-signature; name="smime.p7s"'
    part = in_base64((name, 'Content-Disposition: attachment; filename="smime.p7s"'), signature)
    return together(head, (entity, part), boundary)


def encrypted(entity: bytes, readers: Sequence[Reader]) -> bytes:
    """`application/pkcs7-mime` (RFC 8551 §3.3), AES of 256 bits; each reader can open it, nobody else."""
    builder = PKCS7EnvelopeBuilder().set_data(entity).set_content_encryption_algorithm(AES256)
    for each in readers:
        builder = builder.add_recipient(each.certificate)
    sealed = builder.encrypt(serialization.Encoding.DER, [PKCS7Options.Binary])
    head = (
        f'Content-Type: application/pkcs7-mime; smime-type=enveloped-data;{CRLF} name="smime.p7m"',
        'Content-Disposition: attachment; filename="smime.p7m"',
    )
    return in_base64(head, sealed)

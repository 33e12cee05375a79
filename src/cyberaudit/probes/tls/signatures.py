"""Whether a server has signed, with the key of its certificate, what it must sign."""

import warnings
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.utils import CryptographyDeprecationWarning

_HASHES: dict[int, type[HashAlgorithm]] = {
    1: hashes.MD5,
    2: hashes.SHA1,
    3: hashes.SHA224,
    4: hashes.SHA256,
    5: hashes.SHA384,
    6: hashes.SHA512,
}
"""First byte of a scheme of TLS 1.2 (RFC 5246 §7.4.1.4.1)."""
_RSA, _DSA, _ECDSA = 1, 2, 3
"""Second byte of the same."""
_PSS: dict[int, type[HashAlgorithm]] = {
    0x0804: hashes.SHA256,
    0x0805: hashes.SHA384,
    0x0806: hashes.SHA512,
    0x0809: hashes.SHA256,
    0x080A: hashes.SHA384,
    0x080B: hashes.SHA512,
}
_BRAINPOOL: dict[int, type[HashAlgorithm]] = {
    0x081A: hashes.SHA256,
    0x081B: hashes.SHA384,
    0x081C: hashes.SHA512,
}
ED25519, ED448 = 0x0807, 0x0808
USUAL = (
    0x0403, 0x0503, 0x0603, ED25519, ED448,
    0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B,
    0x0401, 0x0501, 0x0601, 0x081A, 0x081B, 0x081C,
    0x0303, 0x0301, 0x0203, 0x0201,
)  # fmt: skip
"""SignatureScheme codes we offer and can verify, the best first."""
OLD = (0x0402, 0x0302, 0x0202, 0x0101)
"""Those of TLS 1.2 that only very old servers still need: DSA, and RSA with MD5."""


def public_key(certificate: bytes) -> Any:
    """The key of a DER certificate, as `cryptography` knows it; None when it cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            return x509.load_der_x509_certificate(certificate).public_key()
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
            return None


def verifies(scheme: int, key: Any, *, signature: bytes, content: bytes) -> bool:
    """`signature` was made of `content` with the private half of `key`; False too when we cannot tell.

    `scheme` is an IANA SignatureScheme; 0 stands for what TLS 1.0 and 1.1 sign with (RFC 2246 §7.4.3).
    """
    try:
        match key:
            case rsa.RSAPublicKey():
                return _rsa(scheme, key, signature, content)
            case ec.EllipticCurvePublicKey():
                key.verify(signature, content, ec.ECDSA(_hash(scheme, _ECDSA)))
            case dsa.DSAPublicKey():
                key.verify(signature, content, _hash(scheme, _DSA))
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
                expected = ED25519 if isinstance(key, ed25519.Ed25519PublicKey) else ED448
                if scheme != expected:
                    return False
                key.verify(signature, content)
            case _:
                return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, KeyError):
        return False
    return True


def _hash(scheme: int, expected: int) -> HashAlgorithm:
    """The digest of a scheme for this kind of key; KeyError when it is for another."""
    if not scheme:
        return hashes.SHA1()  # noqa: S303 — what old versions sign with
    if scheme in _BRAINPOOL and expected == _ECDSA:
        return _BRAINPOOL[scheme]()
    if scheme & 0xFF != expected:
        raise KeyError(scheme)
    return _HASHES[scheme >> 8]()


def _rsa(scheme: int, key: rsa.RSAPublicKey, signature: bytes, content: bytes) -> bool:
    if scheme in _PSS:
        digest = _PSS[scheme]()
        salted = padding.PSS(mgf=padding.MGF1(digest), salt_length=padding.PSS.DIGEST_LENGTH)
        key.verify(signature, content, salted, digest)
    elif scheme:
        key.verify(signature, content, padding.PKCS1v15(), _hash(scheme, _RSA))
    else:
        signed = key.recover_data_from_signature(signature, padding.PKCS1v15(), None)
        return signed == _digest(hashes.MD5(), content) + _digest(hashes.SHA1(), content)  # noqa: S303
    return True


def _digest(algorithm: HashAlgorithm, content: bytes) -> bytes:
    hashed = hashes.Hash(algorithm)
    hashed.update(content)
    return hashed.finalize()

"""What a server has signed with its key, and what only looks like it."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa, x25519

from cyberaudit.probes.tls.signatures import OLD, USUAL, public_key, verifies
from tests.unit.tls_peers import certificate_for

pytestmark = pytest.mark.unit

CONTENT = b"tout ce qui s'est dit"
RSA = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
BRAINPOOL = ec.generate_private_key(ec.BrainpoolP256R1())
DSA = dsa.generate_private_key(1024)
ED25519, ED448 = ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate()


def pss(digest: hashes.HashAlgorithm) -> bytes:
    salted = padding.PSS(mgf=padding.MGF1(digest), salt_length=padding.PSS.DIGEST_LENGTH)
    return RSA.sign(CONTENT, salted, digest)


SIGNED = [
    (0x0401, RSA.public_key(), RSA.sign(CONTENT, padding.PKCS1v15(), hashes.SHA256())),
    (0x0601, RSA.public_key(), RSA.sign(CONTENT, padding.PKCS1v15(), hashes.SHA512())),
    (0x0804, RSA.public_key(), pss(hashes.SHA256())),
    (0x080B, RSA.public_key(), pss(hashes.SHA512())),
    (0x0403, CURVE.public_key(), CURVE.sign(CONTENT, ec.ECDSA(hashes.SHA256()))),
    (0x0503, CURVE.public_key(), CURVE.sign(CONTENT, ec.ECDSA(hashes.SHA384()))),
    (0x081A, BRAINPOOL.public_key(), BRAINPOOL.sign(CONTENT, ec.ECDSA(hashes.SHA256()))),
    (0x0402, DSA.public_key(), DSA.sign(CONTENT, hashes.SHA256())),
    (0x0807, ED25519.public_key(), ED25519.sign(CONTENT)),
    (0x0808, ED448.public_key(), ED448.sign(CONTENT)),
]


SAME = {0x0403, 0x081A}
"""Both are ECDSA with SHA-256; what differs is the curve, which is the key's."""


@pytest.mark.parametrize(("scheme", "key", "signature"), SIGNED, ids=[hex(scheme) for scheme, _, _ in SIGNED])
def test_a_signature_is_good_for_its_scheme_key_and_content_only(
    scheme: int, key: object, signature: bytes
) -> None:
    assert verifies(scheme, key, signature=signature, content=CONTENT)
    assert not verifies(scheme, key, signature=signature, content=b"autre chose")
    assert not verifies(scheme, key, signature=b"", content=CONTENT)
    for other, other_key, _ in SIGNED:
        assert (
            other == scheme
            or {other, scheme} == SAME
            or not verifies(other, key, signature=signature, content=CONTENT)
        )
        assert other_key == key or not verifies(scheme, other_key, signature=signature, content=CONTENT)


@pytest.mark.parametrize("scheme", [0, *USUAL, *OLD, 0x0001, 0x0904, 0x7F7F, 0xFFFF])
@pytest.mark.parametrize(
    "key", [RSA.public_key(), CURVE.public_key(), DSA.public_key(), ED25519.public_key(), ED448.public_key(), None,
            x25519.X25519PrivateKey.generate().public_key()],
    ids=["RSA", "EC", "DSA", "Ed25519", "Ed448", "none", "X25519"],
)  # fmt: skip
def test_garbage_is_never_a_signature(scheme: int, key: object) -> None:
    for garbage in (b"", b"\0" * 64, b"\x30\x06\2\1\0\2\1\0", b"\xff" * 256):
        assert not verifies(scheme, key, signature=garbage, content=CONTENT)


def test_the_key_of_a_certificate_is_read() -> None:
    assert public_key(certificate_for(RSA.public_key(), signed_with=CURVE)) == RSA.public_key()


@pytest.mark.parametrize("der", [b"", b"\x30\0", b"mairie"])
def test_a_certificate_that_cannot_be_read_has_no_key(der: bytes) -> None:
    assert public_key(der) is None

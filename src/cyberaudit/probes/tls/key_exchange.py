"""Our half of a key exchange, in each group we can do."""

from collections.abc import Callable
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cyberaudit.probes.tls.finite_field import FFDHE, FiniteField, prime
from cyberaudit.probes.tls.octets import Malformed

_CURVES: dict[int, type[ec.EllipticCurve]] = {
    23: ec.SECP256R1,
    24: ec.SECP384R1,
    25: ec.SECP521R1,
    22: ec.SECP256K1,
    # The same curves under the codes of TLS 1.2 (RFC 7027) and of TLS 1.3 (RFC 8734).
    26: ec.BrainpoolP256R1,
    27: ec.BrainpoolP384R1,
    28: ec.BrainpoolP512R1,
    31: ec.BrainpoolP256R1,
    32: ec.BrainpoolP384R1,
    33: ec.BrainpoolP512R1,
}
X25519, X448, X25519MLKEM768 = 29, 30, 0x11EC
ML_KEM_768_CIPHERTEXT = 1088

try:
    from cryptography.hazmat.primitives.asymmetric import mlkem
except ImportError:  # cryptography before 47
    _HYBRID: tuple[int, ...] = ()
else:
    _HYBRID = (X25519MLKEM768,)

GROUPS12 = (X25519, 23, 24, 25, X448, 26, 27, 28, 22)
"""Curves of TLS 1.0 to 1.2, in our order."""
GROUPS13 = (X25519, 23, 24, 25, X448, 31, 32, 33, *FFDHE, *_HYBRID)
"""Groups of TLS 1.3, in our order. The hybrid is last: its share is long, and proves nothing more."""


class Half(Protocol):
    """A fresh key, ours."""

    @property
    def public(self) -> bytes:
        """As it is sent."""
        ...

    def shared(self, theirs: bytes) -> bytes:
        """The secret both sides know.

        Raises:
            ValueError: their half is none of the group.
        """
        ...


class _Curve:
    def __init__(self, curve: ec.EllipticCurve) -> None:
        self._key = ec.generate_private_key(curve)
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def shared(self, theirs: bytes) -> bytes:
        point = ec.EllipticCurvePublicKey.from_encoded_point(self._key.curve, theirs)
        return self._key.exchange(ec.ECDH(), point)


class _X25519:
    def __init__(self) -> None:
        self._key = x25519.X25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes_raw()

    def shared(self, theirs: bytes) -> bytes:
        return self._key.exchange(x25519.X25519PublicKey.from_public_bytes(theirs))


class _X448:
    def __init__(self) -> None:
        self._key = x448.X448PrivateKey.generate()
        self.public = self._key.public_key().public_bytes_raw()

    def shared(self, theirs: bytes) -> bytes:
        return self._key.exchange(x448.X448PublicKey.from_public_bytes(theirs))


class _Hybrid:
    """ML-KEM-768, then X25519 (draft-ietf-tls-ecdhe-mlkem)."""

    def __init__(self) -> None:
        self._lattice = mlkem.MLKEM768PrivateKey.generate()
        self._curve = _X25519()
        self.public = self._lattice.public_key().public_bytes_raw() + self._curve.public

    def shared(self, theirs: bytes) -> bytes:
        sealed, point = theirs[:ML_KEM_768_CIPHERTEXT], theirs[ML_KEM_768_CIPHERTEXT:]
        return self._lattice.decapsulate(sealed) + self._curve.shared(point)


_OTHERS: dict[int, Callable[[], Half]] = {X25519: _X25519, X448: _X448, X25519MLKEM768: _Hybrid}


def half(group: int) -> Half | None:
    """A fresh half in the group of this IANA code; None when we cannot do it."""
    if group in FFDHE:
        return FiniteField(prime(FFDHE[group]), 2)
    try:
        return _made(group)
    except UnsupportedAlgorithm:  # a library built without it
        return None


def _made(group: int) -> Half | None:
    if group in _CURVES:
        return _Curve(_CURVES[group]())
    is_known = group in GROUPS12 or group in GROUPS13
    return _OTHERS[group]() if is_known else None


def shared(ours: Half, theirs: bytes) -> bytes:
    """The secret both sides know.

    Raises:
        Malformed: their half is none of the group.
    """
    try:
        return ours.shared(theirs)
    except ValueError as error:
        raise Malformed("clé d'échange impossible") from error

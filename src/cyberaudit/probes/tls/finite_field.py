"""Diffie-Hellman modulo a prime: the groups of RFC 7919, and those a server brings itself."""

import secrets
from functools import lru_cache

# RFC 7919, appendix A: each prime is made from the digits of e and one small number.
_NUMBERS = {2048: 560316, 3072: 2625351, 4096: 5736041, 6144: 15705020, 8192: 10965728}
FFDHE = {0x0100: 2048, 0x0101: 3072, 0x0102: 4096, 0x0103: 6144, 0x0104: 8192}
"""Bits of the prime, by IANA code."""
# Ours: OpenSSL accepts up to 10,000 bits; a longer one only costs our time.
MAX_BITS = 8192
# RFC 7919 §5.2: twice the strength of the largest group (192 bits), with room.
SECRET_BITS = 400


@lru_cache(maxsize=1)
def _digits_of_e() -> int:
    """E × 2^8192, rounded down."""
    guard = 64
    total = term = 1 << (8192 + guard)
    divisor = 1
    while term:
        term //= divisor
        total += term
        divisor += 1
    return total >> guard


@lru_cache(maxsize=5)
def prime(bits: int) -> int:
    """The prime of the group `ffdhe<bits>`."""
    middle = (_digits_of_e() >> (8192 - (bits - 130))) + _NUMBERS[bits]
    return (1 << bits) - (1 << (bits - 64)) + (middle << 64) - 1


class FiniteField:
    """Our half of an exchange; `modulus` must be of `MAX_BITS` at most."""

    def __init__(self, modulus: int, generator: int) -> None:
        self._modulus = modulus
        self._length = (modulus.bit_length() + 7) // 8
        self._secret = secrets.randbits(min(SECRET_BITS, modulus.bit_length() - 1)) | 1
        self.public = pow(generator, self._secret, modulus).to_bytes(self._length)

    def shared(self, theirs: bytes) -> bytes:
        """As long as the prime.

        Raises:
            ValueError: their half is none of the group.
        """
        public = int.from_bytes(theirs)
        if not 1 < public < self._modulus - 1:
            raise ValueError
        return pow(public, self._secret, self._modulus).to_bytes(self._length)

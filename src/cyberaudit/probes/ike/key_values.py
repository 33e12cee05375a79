"""A public value for each Diffie-Hellman group: of the right length, and one that a careful gateway computes with."""

import secrets
from typing import Final

from cyberaudit.facts.ike_algorithms import GROUP

# RFC 5903 §2 and RFC 6954 §2: `cryptography`'s names of the curves.
_CURVES: Final = {
    19: "SECP256R1",
    20: "SECP384R1",
    21: "SECP521R1",
    25: "SECP192R1",
    26: "SECP224R1",
    28: "BrainpoolP256R1",
    29: "BrainpoolP384R1",
    30: "BrainpoolP512R1",
}
# RFC 5114 §2: only the members of a subgroup are values there, and brainpool 224 is a curve nobody has here.
_HARD: Final = frozenset({22, 23, 24, 27})


def is_easy(group: int) -> bool:
    """Any bytes of the right length are a value: nothing need be computed."""
    return group not in _CURVES and group not in _HARD


def can_be_agreed_on(group: int) -> bool:
    """A gateway that checks our value would go on with it."""
    return group not in _HARD


def key_value(group: int) -> bytes:
    """A value nobody knows the secret of, drawn anew each time."""
    size = GROUP[group].size
    if group in _CURVES:
        return _point(_CURVES[group], size // 2)
    drawn = secrets.token_bytes(size)
    # Under the prime, whose first bytes are 0xFF; and far from 0 and 1.
    return bytes((drawn[0] & 0x7F | 1,)) + drawn[1:]


def _point(curve: str, half: int) -> bytes:
    """A point of the curve, both coordinates (RFC 5903 §7)."""
    from cryptography.hazmat.primitives.asymmetric import ec

    numbers = ec.generate_private_key(getattr(ec, curve)()).public_key().public_numbers()
    return numbers.x.to_bytes(half, "big") + numbers.y.to_bytes(half, "big")

"""Known finite-field groups: their names rest on the formulas of the RFCs."""

import pytest

from cyberaudit.facts.tls_endpoint import DhGroup
from cyberaudit.probes.tls.offers import shares
from cyberaudit.probes.tls.primes import dh_group

pytestmark = pytest.mark.unit


def _pi(bits: int) -> int:
    """floor(2^bits π), by Machin's formula."""
    one = 1 << (bits + 64)

    def arc_cotangent(x: int) -> int:
        total = term = one // x
        for odd in range(3, 2 * bits, 2):
            term //= -(x * x)
            total += term // odd
        return total

    return 4 * (4 * arc_cotangent(5) - arc_cotangent(239)) >> 64


def _e(bits: int) -> int:
    """floor(2^bits e)."""
    total = term = 1 << (bits + 64)
    for number in range(1, bits):
        term //= number
        total += term
    return total >> 64


@pytest.mark.parametrize(
    ("bits", "added", "name"),
    [
        (768, 149686, "modp768 (RFC 2409)"),
        (1024, 129093, "modp1024 (RFC 2409)"),
        (1536, 741804, "modp1536 (RFC 3526)"),
        (2048, 124476, "modp2048 (RFC 3526)"),
        (3072, 1690314, "modp3072 (RFC 3526)"),
        (4096, 240904, "modp4096 (RFC 3526)"),
    ],
)
def test_groups_made_of_pi_are_known(bits: int, added: int, name: str) -> None:
    prime = 2**bits - 2 ** (bits - 64) - 1 + 2**64 * (_pi(bits - 130) + added)
    assert dh_group(prime.to_bytes(bits // 8)) == DhGroup(bits, name)


@pytest.mark.parametrize(
    ("bits", "added", "name"),
    [(2048, 560316, "ffdhe2048"), (3072, 2625351, "ffdhe3072"), (4096, 5736041, "ffdhe4096")],
)
def test_groups_made_of_e_are_known(bits: int, added: int, name: str) -> None:
    prime = 2**bits - 2 ** (bits - 64) + (_e(bits - 130) + added) * 2**64 - 1
    assert dh_group(b"\x00" + prime.to_bytes(bits // 8)) == DhGroup(bits, name)


def test_an_unknown_group_has_a_size_and_no_name() -> None:
    assert dh_group((2**1023 + 1).to_bytes(128)) == DhGroup(1024, "")
    assert dh_group(b"") == DhGroup(0, "")


@pytest.mark.parametrize(
    ("group", "p", "b"),
    [
        (0x0017, 2**256 - 2**224 + 2**192 + 2**96 - 1,
         0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B),
        (0x0018, 2**384 - 2**128 - 2**96 + 2**32 - 1,
         0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF),
        (0x0019, 2**521 - 1,
         0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00),
    ],
)  # fmt: skip
def test_the_shares_that_are_sent_are_points_of_their_curves(group: int, p: int, b: int) -> None:
    ((code, share),) = shares((group,))
    size = (len(share) - 1) // 2
    x, y = int.from_bytes(share[1 : 1 + size]), int.from_bytes(share[1 + size :])
    assert code == group
    assert share[0] == 4
    assert (y * y - x**3 + 3 * x - b) % p == 0


def test_curves_of_any_bytes_get_fresh_ones_and_others_none() -> None:
    first, again = shares((0x001D, 0x001E, 0x0100)), shares((0x001D, 0x001E, 0x0100))
    assert [(group, len(share)) for group, share in first] == [(0x001D, 32), (0x001E, 56)]
    assert first != again

"""Records sealed and opened with every cipher, and key exchanges in every group."""

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.tls_suites import suite
from cyberaudit.probes.tls.ciphers12 import DOABLE, Means
from cyberaudit.probes.tls.finite_field import FFDHE, FiniteField, prime
from cyberaudit.probes.tls.key_exchange import GROUPS12, GROUPS13, X25519MLKEM768, half, shared
from cyberaudit.probes.tls.key_schedule import Traffic
from cyberaudit.probes.tls.key_schedule12 import Keys
from cyberaudit.probes.tls.octets import Malformed, Octets, vector
from cyberaudit.probes.tls.protection import Aead13, Block, Protection

pytestmark = pytest.mark.unit

HANDSHAKE, APPLICATION = 22, 23
MASTER, RANDOMS = bytes(48), bytes(64)


def older(code: int, version: int, *, mac_outside: bool = False) -> tuple[Protection, Protection]:
    """The same direction, seen from both sides."""
    means = Means(suite(code), version, mac_outside)
    return means.protections(MASTER, RANDOMS)[0], means.protections(MASTER, RANDOMS)[0]


def newer(mode: str) -> tuple[Protection, Protection]:
    keys = Traffic(bytes(32), bytes(12))
    return Aead13(mode, keys), Aead13(mode, keys)


EVERY = [older(code, version, mac_outside=outside)
         for code in DOABLE for version in (0x0301, 0x0302, 0x0303) for outside in (False, True)
         if version == 0x0303 or not suite(code).is_aead]  # fmt: skip
EVERY += [newer(mode) for mode in ("GCM", "CCM", "CCM_8", "POLY1305")]


def test_what_one_side_seals_the_other_opens_record_after_record() -> None:
    for sealing, opening in EVERY:
        for content in (b"", b"un", b"deux" * 1000):
            shown, sealed = sealing.seal(HANDSHAKE, content)
            assert opening.open(shown, sealed) == (HANDSHAKE, content)


def test_an_altered_record_is_malformed_with_every_cipher() -> None:
    for sealing, opening in EVERY:
        shown, sealed = sealing.seal(HANDSHAKE, b"contenu de la mairie")
        with pytest.raises(Malformed):
            opening.open(shown, sealed[:-1] + bytes([sealed[-1] ^ 1]))


@given(garbage=st.binary(max_size=80))
def test_garbage_is_malformed_with_every_cipher(garbage: bytes) -> None:
    pairs = (
        newer("GCM"),
        newer("CCM_8"),
        older(0xC02F, 0x0303),
        older(0x002F, 0x0301),
        older(0x002F, 0x0303, mac_outside=True),
        older(0x0004, 0x0301),
    )
    for _, opening in pairs:
        with pytest.raises(Malformed):
            opening.open(APPLICATION, garbage)


def test_a_record_without_content_nor_type_is_malformed() -> None:
    sealing, opening = newer("GCM")
    shown, sealed = sealing.seal(0, b"\0\0")
    with pytest.raises(Malformed, match="sans type"):
        opening.open(shown, sealed)


def test_a_record_of_padding_alone_is_malformed() -> None:
    keys = Keys(bytes(20), bytes(16), b"")
    for algorithm in (AES(bytes(16)), TripleDES(bytes(range(24)))):
        opening = Block(algorithm, keys, "sha1", 0x0302, mac_outside=False)
        with pytest.raises(Malformed):
            opening.open(HANDSHAKE, bytes(16))


@pytest.mark.parametrize("group", [*GROUPS12, *(each for each in GROUPS13 if each != X25519MLKEM768)])
def test_both_sides_of_an_exchange_know_the_same_secret(group: int) -> None:
    ours, theirs = half(group), half(group)
    assert ours is not None
    assert theirs is not None
    assert shared(ours, theirs.public) == shared(theirs, ours.public)


@pytest.mark.parametrize("group", [*GROUPS12, *GROUPS13])
@pytest.mark.parametrize("theirs", [b"", b"\0" * 32, b"\xff" * 1184], ids=["nothing", "zero", "too much"])
def test_an_impossible_share_is_malformed(group: int, theirs: bytes) -> None:
    ours = half(group)
    assert ours is not None
    with pytest.raises(Malformed):
        shared(ours, theirs)


def test_a_group_nobody_knows_has_no_half() -> None:
    assert half(0x0A0A) is None


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_the_primes_of_rfc_7919_are_safe(bits: int) -> None:
    modulus = prime(bits)
    half_of_it = (modulus - 1) // 2
    assert modulus.bit_length() == bits
    assert pow(2, modulus - 1, modulus) == 1
    assert pow(2, half_of_it - 1, half_of_it) == 1


def test_every_prime_begins_with_the_digits_of_e() -> None:
    # RFC 7919, appendix A: the same after the first 64 bits, which are ones
    assert {prime(bits) >> (bits - 256) for bits in FFDHE.values()} == {
        0xFFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1D8B9C583CE2D3695
    }


def test_a_tiny_prime_still_has_two_halves() -> None:
    left, right = FiniteField(65_267, 2), FiniteField(65_267, 2)
    assert left.shared(right.public) == right.shared(left.public)


@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    for read in (Octets.extensions, inner_vector, every_vector):
        try:
            read(Octets(data))
        except Malformed:
            continue


def inner_vector(octets: Octets) -> object:
    return octets.inside(2).vector(1)


def every_vector(octets: Octets) -> object:
    return list(octets.vectors(2))


def test_an_extension_given_twice_is_malformed() -> None:
    twice = vector(b"\0\5\0\0" * 2, 2)
    with pytest.raises(Malformed, match="double"):
        Octets(twice).extensions()

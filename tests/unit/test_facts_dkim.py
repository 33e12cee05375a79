"""DKIM keys: sizes read by hand, every defect named, providers recognised."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.dkim_key import KeyFault, mended, read_key, rsa_bits
from cyberaudit.facts.dkim_providers import COMMON_SELECTORS, PROVIDERS, provider_of, providers_of
from cyberaudit.facts.dkim_samples import record, rsa_key

pytestmark = pytest.mark.unit

KEY = rsa_key(2048)
EDWARDS = base64.b64encode(b"\x11" * 32).decode()


@pytest.mark.parametrize("bits", [1024, 2048])
def test_the_size_of_a_real_key_in_both_forms(bits: int) -> None:
    key = rsa.generate_private_key(65537, bits).public_key()
    assert rsa_bits(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)) == bits
    assert rsa_bits(key.public_bytes(Encoding.DER, PublicFormat.PKCS1)) == bits


@pytest.mark.parametrize("bits", [384, 512, 768, 1016, 4096])
def test_keys_that_libraries_refuse_are_measured_all_the_same(bits: int) -> None:
    assert read_key(record(bits)).bits == bits


def test_a_key_of_another_algorithm_is_no_rsa_key() -> None:
    other = ed25519.Ed25519PrivateKey.from_private_bytes(b"\x07" * 32).public_key()
    assert rsa_bits(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)) == 0


def test_a_key_cut_anywhere_has_no_size() -> None:
    whole = base64.b64decode(rsa_key(1024))
    assert all(rsa_bits(whole[:end]) == 0 for end in range(len(whole)))
    assert rsa_bits(whole + b"\0") == 0


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"v=DKIM1; k=rsa; p={KEY}", None),
        (f"p={KEY}", None),
        (f" v=DKIM1 ; k = RSA ; p = {KEY[:100]} {KEY[100:]} ; ", None),
        (f"v=DKIM1;;p={KEY};", None),
        (f"v=DKIM1; n=dit \"oui\"; p={KEY}", None),
        (f"v=DKIM1; x=1; p={KEY}", None),
        ("v=DKIM1; p=", None),
        (f"v=DKIM1; k=ed25519; p={EDWARDS}", None),
        ("v=spf1 -all", KeyFault.NO_KEY_RECORD),
        ("site-verification=abc", KeyFault.NO_KEY_RECORD),
        ("", KeyFault.NO_KEY_RECORD),
        (f"v=DKIM1\\; k=rsa\\; p={KEY}", KeyFault.BACKSLASH),
        (f'"v=DKIM1; k=rsa; p={KEY}"', KeyFault.QUOTE),
        (f'v=DKIM1; k=rsa; p={KEY[:50]}" "{KEY[50:]}', KeyFault.QUOTE),
        (f"k=rsa; v=DKIM1; p={KEY}", KeyFault.VERSION),
        (f"v=dkim1; p={KEY}", KeyFault.VERSION),
        (f"v=DMARC1; p={KEY}", KeyFault.VERSION),
        (f"v=DKIM1; p={KEY}; p={KEY}", KeyFault.REPEATED),
        (f"v=DKIM1 k=rsa; p={KEY}", KeyFault.VERSION),
        (f"v=DKIM1; oops; p={KEY}", KeyFault.NO_TAG),
        ("v=DKIM1; k=rsa", KeyFault.NO_P),
        (f"v=DKIM1; P={KEY}", KeyFault.NO_P),
        (f"v=DKIM1; k=rsa2; p={KEY}", KeyFault.KIND),
        (f"v=DKIM1; p={KEY[:-1]}", KeyFault.BASE64),
        (f"v=DKIM1; p={KEY[:50]}-{KEY[50:]}", KeyFault.BASE64),
        ("v=DKIM1; p===", KeyFault.BASE64),
        (f"v=DKIM1; p={KEY[:200]}", KeyFault.KEY),
        (f"v=DKIM1; k=ed25519; p={KEY}", KeyFault.KEY),
        (f"v=DKIM1; k=rsa; p={EDWARDS}", KeyFault.KEY),
    ],
)  # fmt: skip
def test_the_exact_defect_is_named(text: str, fault: KeyFault | None) -> None:
    assert read_key(text.encode()).fault is fault


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", (False, True, False)),
        ("t=s; ", (False, True, False)),
        ("t=y:s; ", (True, True, False)),
        ("h=sha1; ", (False, True, True)),
        ("h=sha1:sha256; ", (False, True, False)),
        ("s=email; ", (False, True, False)),
        ("s=*; ", (False, True, False)),
        ("s=tlsrpt; ", (False, False, False)),
    ],
)
def test_what_a_key_is_for(more: str, expected: tuple[bool, bool, bool]) -> None:
    key = read_key(record(more=more))
    assert (key.testing, key.signs_mail, key.refuses_sha256) == expected


def test_a_key_taken_back_is_revoked_and_no_fault() -> None:
    key = read_key(b"v=DKIM1; p= ;")
    assert (key.fault, key.revoked, key.bits) == (None, True, 0)


@pytest.mark.parametrize(
    ("text", "without", "expected"),
    [
        (f'"v=DKIM1\\; k=rsa\\; p={KEY}"', frozenset(), f"v=DKIM1; k=rsa; p={KEY}"),
        (f"v=DKIM1; t=y; h=sha1; p={KEY}", frozenset("th"), f"v=DKIM1; p={KEY}"),
        (f"v=DKIM1; t=y : s; h=sha1; p={KEY}", frozenset("th"), f"v=DKIM1; t=s; p={KEY}"),
        (f"v=DKIM1; t=s:Y; p={KEY}", frozenset("t"), f"v=DKIM1; t=s; p={KEY}"),
        ("v=DKIM1; p=", frozenset(), ""),
        ("v=DKIM1; p=oops", frozenset(), ""),
    ],
)
def test_a_key_is_mended_when_it_can_be(text: str, without: frozenset[str], expected: str) -> None:
    assert mended(text.encode(), without=without) == expected


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reading(data: bytes) -> None:
    for text in (data, b"v=DKIM1; p=" + data, b"v=DKIM1; k=rsa; p=" + base64.b64encode(data)):
        key = read_key(text)
        assert key.fault is None or key.bits == 0
        mended(text)
    assert rsa_bits(data) >= 0


@given(st.integers(0, 4000), st.integers(0, 7))
def test_a_flipped_bit_never_crashes_the_measure(place: int, bit: int) -> None:
    data = bytearray(base64.b64decode(rsa_key(1024)))
    data[place % len(data)] ^= 1 << bit
    assert 0 <= rsa_bits(bytes(data)) <= 1 << 16


@pytest.mark.parametrize(
    ("mx", "spf", "expected"),
    [
        (["lhay-fr.mail.protection.outlook.com"], [], ["microsoft-365"]),
        (["aspmx.l.google.com"], ["_spf.google.com"], ["google"]),
        (["notgoogle.com"], ["spf.google.com.example"], []),
        (["mx1.mail.ovh.net"], ["mx.ovh.com", "spf.brevo.com"], ["ovh", "brevo"]),
        ([], [], []),
    ],
)
def test_providers_are_recognised_by_mx_and_spf(mx: list[str], spf: list[str], expected: list[str]) -> None:
    assert [provider.id for provider in providers_of(mx, spf)] == expected


def test_the_table_is_sound() -> None:
    assert len({provider.id for provider in PROVIDERS}) == len(PROVIDERS)
    assert len(COMMON_SELECTORS) == len(set(COMMON_SELECTORS)) == 30
    for provider in PROVIDERS:
        assert provider_of(provider.id) is provider
        assert len(provider.selectors) <= 8
        names = (*provider.mx, *provider.spf, *provider.selectors)
        assert all(name == name.lower() for name in names)
        assert provider.mx or provider.spf

"""LUKS and BitLocker volumes, built from what is published; those of cryptsetup itself stand in tests/loopback."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.probes.stores.recognise import recognise
from tests.unit.backup_files import bitlocker, luks1, luks2, luks2_json, read, sample, seen

pytestmark = pytest.mark.unit

XTS = "aes-xts-plain64"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (luks1(), ("yes", "end-not-seen")),
        (luks1(cipher="serpent"), ("yes", "end-not-seen")),
        (luks1(cipher="cipher_null", mode="ecb"), ("no", "end-not-seen")),
        (luks1(cipher="des3_ede", mode="cbc-plain"), ("weak", "end-not-seen")),
        (luks1(mode="ecb"), ("weak", "end-not-seen")),
        (luks1(cipher="inconnu"), ("unknown", "end-not-seen")),
        (luks1(slots=0), ("yes", "damaged")),
        (luks1()[:32_000], ("yes", "truncated")),
        (luks1()[:300], ("unknown", "truncated")),
        (luks1()[:6] + b"\0\x09" + luks1()[8:], ("unknown", "")),
    ],
)
def test_luks_1(data: bytes, expected: tuple[str, str]) -> None:
    assert seen("disque.img", data) == ("luks", *expected)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (luks2(luks2_json(XTS)), ("yes", "end-not-seen")),
        (luks2(luks2_json(XTS, size="30000")), ("yes", "")),
        (luks2(luks2_json(XTS, size="90000")), ("yes", "truncated")),
        (luks2(luks2_json("cipher_null-ecb")), ("no", "end-not-seen")),
        (luks2(luks2_json("capi:ecb(cipher_null)-plain")), ("no", "end-not-seen")),
        (luks2(luks2_json(XTS, "")), ("partial", "end-not-seen")),
        (luks2(luks2_json(XTS, slots=0)), ("yes", "damaged")),
        (luks2(luks2_json(XTS))[:20_000], ("yes", "truncated")),
        (luks2(luks2_json(XTS))[:40_000], ("yes", "truncated")),
        (luks2(luks2_json(XTS))[:3000], ("unknown", "truncated")),
        (luks2(luks2_json(XTS), size=0).replace(b'"4"', b'"5"'), ("yes", "truncated")),
        (luks2(b"{"), ("unknown", "damaged")),
        (luks2(b"[]"), ("unknown", "damaged")),
        (luks2(b"[" * 9000), ("unknown", "damaged")),
        (luks2({"segments": {}, "keyslots": {}}), ("unknown", "truncated")),
        (luks2({"segments": {"0": {"type": "crypt"}}, "keyslots": {}}), ("unknown", "damaged")),
        (luks2(luks2_json(XTS, size="1" * 5000)), ("unknown", "damaged")),
    ],
)
def test_luks_2(data: bytes, expected: tuple[str, str]) -> None:
    assert seen("disque.img", data) == ("luks", *expected)


def test_the_second_header_of_luks_2_speaks_when_the_first_is_damaged() -> None:
    data = bytearray(luks2(luks2_json(XTS)))
    data[5000] ^= 1
    assert seen("disque.img", bytes(data)) == ("luks", "yes", "end-not-seen")
    data[16384 + 5000] ^= 1
    assert seen("disque.img", bytes(data)) == ("luks", "unknown", "damaged")


def test_the_evidence_names_the_cipher_and_how_keys_are_made() -> None:
    assert "aes-xts-plain64" in read("a.img", luks2(luks2_json(XTS))).evidence
    assert "argon2id, 4 tours, 32 Kio" in read("a.img", luks2(luks2_json(XTS))).evidence
    assert "100000 tours" in read("a.img", luks1()).evidence


PASSWORD, RECOVERY, CLEAR = 0x2000, 0x0800, 0x0000


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (bitlocker(PASSWORD, RECOVERY), ("yes", "")),
        (bitlocker(CLEAR, RECOVERY), ("no", "")),
        (bitlocker(0x4242), ("unknown", "")),
        (bitlocker(PASSWORD, method=0x7777), ("unknown", "")),
        (bitlocker(PASSWORD, state=5), ("partial", "")),
        (bitlocker(), ("unknown", "damaged")),
        (bitlocker(PASSWORD)[:0x50000], ("yes", "truncated")),
        (bitlocker(PASSWORD)[:0x10000], ("unknown", "end-not-seen")),
        (bitlocker(PASSWORD)[:512], ("unknown", "end-not-seen")),
        (bitlocker(PASSWORD)[:160] + bytes(999_999), ("unknown", "end-not-seen")),
    ],
)
def test_bitlocker_is_what_its_protectors_make_of_it(data: bytes, expected: tuple[str, str]) -> None:
    assert seen("disque.img", data) == ("bitlocker", *expected)


def test_bitlocker_reads_the_next_copy_of_damaged_metadata() -> None:
    data = bytearray(bitlocker(PASSWORD))
    data[0x20000:0x20008] = b"damaged!"
    assert seen("disque.img", bytes(data)) == ("bitlocker", "yes", "")
    assert "mot de passe" in read("disque.img", bytes(data)).evidence


@given(
    st.sampled_from([luks1()[:800], luks2(luks2_json(XTS), size=0), bitlocker(CLEAR)]),
    st.integers(0, 9000),
    st.binary(min_size=1, max_size=30),
    st.integers(0, 0x30000),
)
def test_no_damage_makes_a_volume_crash_a_detector(start: bytes, at: int, noise: bytes, cut: int) -> None:
    data = (start[:at] + noise + start[at + len(noise) :])[: max(len(start) - cut, 0)]
    recognise(sample("disque.img", data))

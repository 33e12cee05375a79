"""How strongly a copy is encrypted, as far as its bytes say."""

import struct

import pytest

from cyberaudit.facts.backup import Encrypted, Weakness
from cyberaudit.probes.stores.strength import of_argon2, of_pbkdf2, of_s2k, of_scrypt
from tests.unit.backup_files import read

pytestmark = pytest.mark.unit

FAST = (Weakness.FAST_KDF,)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (of_scrypt(1 << 14, 8), ()),
        (of_scrypt(1 << 13, 8), FAST),
        (of_pbkdf2(100_000), ()),
        (of_pbkdf2(99_999), FAST),
        (of_argon2(19 * 1024, 2), ()),
        (of_argon2(19 * 1024, 1), FAST),
        (of_argon2(1024, 100), FAST),
        (of_s2k(65_011_712), ()),
        (of_s2k(65_536), FAST),
    ],
)
def test_a_derivation_is_fast_under_its_threshold(
    found: tuple[Weakness, ...], expected: tuple[Weakness, ...]
) -> None:
    assert found == expected


def openpgp(*, cipher: int = 9, making: int = 3, count: int = 0xFF, data_tag: int = 18) -> bytes:
    key = bytes([4, cipher, making, 8]) + b"selselse" + bytes([count])
    packet = bytes([0xC0 | 3, len(key)]) + key
    return packet + bytes([0xC0 | data_tag, 60, 1]) + bytes(range(59))


@pytest.mark.parametrize(
    ("data", "encrypted", "method", "weaknesses"),
    [
        (openpgp(), Encrypted.YES, "AES-256, S2K itéré sur 65011712 octets", ()),
        (openpgp(count=0x60), Encrypted.YES, "AES-256, S2K itéré sur 65536 octets", FAST),
        (openpgp(making=1), Encrypted.WEAK, "AES-256, S2K 1", FAST),
        (openpgp(cipher=2), Encrypted.WEAK, "3DES, S2K itéré sur 65011712 octets", (Weakness.WEAK_CIPHER,)),
        (
            openpgp(data_tag=9),
            Encrypted.WEAK,
            "AES-256, S2K itéré sur 65011712 octets",
            (Weakness.NO_INTEGRITY,),
        ),
    ],
)
def test_openpgp(data: bytes, encrypted: Encrypted, method: str, weaknesses: tuple[Weakness, ...]) -> None:
    reading = read("mairie.gpg", data)
    assert (reading.encrypted, reading.method, reading.weaknesses) == (encrypted, method, weaknesses)


@pytest.mark.parametrize(("cost", "weaknesses"), [(b"18", ()), (b"10", FAST), (b"x", ()), (b"999", ())])
def test_age_with_a_password_writes_its_cost(cost: bytes, weaknesses: tuple[Weakness, ...]) -> None:
    header = b"age-encryption.org/v1\n-> scrypt c2Vs " + cost + b"\ncorps\n--- mac\n"
    reading = read("mairie.age", header + bytes(200))
    assert reading.weaknesses == weaknesses


def test_a_luks_volume_is_as_strong_as_its_weakest_slot() -> None:
    head = bytearray(
        struct.pack(">6sH32s32s32sLL", b"LUKS\xba\xbe", 1, b"aes", b"xts-plain64", b"sha256", 8, 64)
    )
    head += bytes(592 - len(head))
    for rank, rounds in enumerate((2_000_000, 1000)):
        struct.pack_into(">LL", head, 208 + 48 * rank, 0x00AC71F3, rounds)
    reading = read("disque.img", bytes(head) + bytes(80_000))
    assert (reading.method, reading.weaknesses) == ("aes-xts-plain64, pbkdf2-sha256, 1000 tours", FAST)

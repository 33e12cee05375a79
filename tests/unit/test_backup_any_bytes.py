"""Whatever the bytes: no detector crashes, reads without bound, or says « encrypted » without its proof."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.facts.backup import Encrypted
from cyberaudit.probes.stores.names import READABLE_SUFFIXES, SILENT_SUFFIXES
from cyberaudit.probes.stores.reading import Sample
from cyberaudit.probes.stores.recognise import recognise
from tests.unit.backup_files import (
    MEBIBYTE,
    RAR4_END,
    RAR4_START,
    RAR5_END,
    RAR5_START,
    aescrypt,
    bitlocker,
    ext,
    luks1,
    luks2,
    luks2_json,
    mbr,
    pg_data,
    pg_dump,
    pg_object,
    pst,
    rar4_file,
    rar5_file,
    sample,
    seven,
    seven_streams,
    vma,
)
from tests.unit.backup_places import recognised

pytestmark = pytest.mark.unit

SUFFIXES = st.sampled_from(
    sorted(READABLE_SUFFIXES | SILENT_SUFFIXES | {"", "7z.003", "r00", "bin", "tar.gz"})
)
MARKS = st.sampled_from(
    [
        b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\x01\0", b"LUKS\xba\xbe\0\1", b"LUKS\xba\xbe\0\2", b"\xeb\x58\x90-FVE-FS-",
        b"QFI\xfb\0\0\0\3", b"vhdxfile", b"conectix", b"KDMV", b"!BDN", b"VMA\0", b"PGDMP\1\x0e\0\4\x08\1",
        b"AES\2\0", b"AES\3\0", b"Salted__", b"RCLONE\0\0", b"__CLOUDSYNC_ENC__", b"SQLite format 3\0",
    ]
)  # fmt: skip
# What a mark alone proves nothing of: here, a wrong « yes » needs a checksum or an exact length to be right.
WEAKLY_BOUND = {"aescrypt", "rclone", "luks", "openpgp"}


@settings(max_examples=600)
@given(SUFFIXES, MARKS, st.binary(max_size=700))
def test_no_bytes_at_all_are_called_encrypted_without_their_proof(
    suffix: str, mark: bytes, noise: bytes
) -> None:
    reading = recognise(sample(f"a.{suffix}", mark + noise))
    if reading is not None and reading.encrypted is Encrypted.YES:
        assert reading.format in WEAKLY_BOUND


CLEAR = [
    seven(b"\x01\x04" + seven_streams([(b"\x21",)], packed=20) + b"\0\0"),
    RAR5_START + rar5_file() + RAR5_END,
    RAR4_START + rar4_file() + RAR4_END,
    pg_dump(pg_object(1), data=pg_data(b"ligne")),
    vma(1),
    pst(),
    mbr(ext())[:4096],
]
LOCKED = [
    seven(b"\x01\x04" + seven_streams([(b"\x06\xf1\x07\x01",)], packed=20) + b"\0\0"),
    RAR5_START + rar5_file(version=0) + RAR5_END,
    RAR4_START + rar4_file(flags=4) + RAR4_END,
    luks1(size=40_000),
    luks2(luks2_json("aes-xts-plain64"), size=70_000),
    bitlocker(0x2000),
    aescrypt(),
]


@settings(max_examples=300)
@given(SUFFIXES, st.sampled_from(CLEAR), st.integers(0, 3000), st.binary(min_size=1, max_size=6))
def test_no_damage_turns_what_is_clear_into_something_encrypted(
    suffix: str, start: bytes, at: int, noise: bytes
) -> None:
    at %= len(start)
    reading = recognise(sample(f"a.{suffix}", start[:at] + noise + start[at + len(noise) :]))
    assert reading is None or reading.encrypted is not Encrypted.YES


@settings(max_examples=300)
@given(st.sampled_from(LOCKED), st.integers(1, 400))
def test_a_tail_cut_is_never_called_whole(start: bytes, cut: int) -> None:
    reading = recognise(sample("a", start[: max(len(start) - cut, 0)]))
    assert reading is None or reading.fault


class Counted:
    """A file as its detectors read it, with what they read."""

    def __init__(self, data: bytes) -> None:
        self.bytes = self.calls = 0
        self.inner = sample("a", data)

    def read_at(self, offset: int, count: int) -> bytes:
        found = self.inner.read_at(offset, count)
        self.calls += 1
        self.bytes += len(found)
        return found

    def sample(self, name: str) -> Sample:
        return replace(self.inner, name=name, read_at=self.read_at)


@pytest.mark.parametrize("data", [*CLEAR, *LOCKED])
@pytest.mark.parametrize("name", ["a", "a.img"])
def test_what_is_read_beside_the_ends_is_little(data: bytes, name: str) -> None:
    file = Counted(data + bytes(3 * MEBIBYTE))
    recognise(file.sample(name))
    assert file.bytes <= MEBIBYTE
    assert file.calls <= 100


def test_offsets_that_no_file_reaches_are_refused_before_the_system_is_asked(tmp_path: Path) -> None:
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 46, 0)
    locator = b"PK\6\7" + bytes(4) + b"\xff" * 8 + bytes(4)
    end = b"PK\5\6" + bytes(6) + b"\xff" * 10 + bytes(2)
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\3\4" + bytes(90) + end64 + locator + end)
    reading = recognised(path)
    assert reading is not None
    assert (reading.encrypted, reading.fault) == (Encrypted.UNKNOWN, "damaged")

"""Copies of disks and virtual disks: partitions built here; qcow2, VHD, VHDX and VMDK of qemu-img in tests/loopback."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.probes.stores.recognise import recognise
from tests.unit.backup_files import (
    DATA,
    EFI,
    MEBIBYTE,
    NOISE,
    bitlocker,
    ext,
    gpt,
    luks1,
    luks2,
    luks2_json,
    mbr,
    read,
    sample,
    seen,
)

pytestmark = pytest.mark.unit

LUKS = luks2(luks2_json("aes-xts-plain64"), size=102_400)
WEAK = luks1(cipher="des", size=102_400)
NULL = luks1(cipher="cipher_null", size=102_400)
NOTHING_KNOWN = NOISE[:51_200]


@pytest.mark.parametrize(
    ("disk", "expected"),
    [
        (mbr(ext()), "no"),
        (mbr(LUKS), "yes"),
        (mbr(LUKS, LUKS), "yes"),
        (mbr(LUKS, WEAK), "weak"),
        (mbr(NULL), "no"),
        (mbr(LUKS, ext()), "partial"),
        (mbr(NOTHING_KNOWN), "unknown"),
        (mbr(LUKS, NOTHING_KNOWN), "unknown"),
        (mbr(ext(), NOTHING_KNOWN), "partial"),
        (mbr(LUKS, kind=0x0F), "unknown"),
        (mbr(bitlocker(0x0800)), "yes"),
        (mbr(bitlocker(0x0000)), "no"),
        (gpt((EFI, ext()), (DATA, LUKS)), "yes"),
        (gpt((DATA, ext()), (DATA, LUKS)), "partial"),
        (gpt((EFI, ext())), "unknown"),
        (gpt(*[(DATA, LUKS)] * 32), "yes"),
        (gpt(*[(DATA, LUKS)] * 33), "unknown"),
        (gpt((DATA, LUKS)).replace(b"\x80\0\0\0\x80\0\0\0", b"\xff\xff\0\0\x80\0\0\0", 1), "unknown"),
    ],
)
def test_a_disk_is_what_its_partitions_are(disk: bytes, expected: str) -> None:
    assert seen("poste.img", disk) == ("disk", expected, "")


@pytest.mark.parametrize("disk", [mbr(ext(), LUKS), gpt((DATA, ext()), (DATA, LUKS))])
def test_a_disk_that_lost_its_end_is_told_by_its_table(disk: bytes) -> None:
    assert seen("poste.img", disk[:-90_000]) == ("disk", "partial", "truncated")


def test_a_file_system_alone_is_readable_and_never_tells_its_end() -> None:
    assert seen("poste.img", ext()[:510] + b"\x55\xaa" + ext()[512:]) == ("disk", "no", "end-not-seen")


def test_only_a_name_makes_a_disk_of_what_bears_no_strong_mark() -> None:
    assert recognise(sample("photo", mbr(ext()))) is None
    assert seen("poste.img", NOISE) == ("img", "unknown", "end-not-seen")
    assert seen("données", LUKS) == ("luks", "yes", "end-not-seen")


@pytest.mark.parametrize("name", ["a.vhdx", "a.vmdk", "a.qcow2"])
def test_a_name_without_its_bytes_is_damaged(name: str) -> None:
    assert seen(name, NOISE)[1:] == ("unknown", "damaged")


def test_a_fixed_vhd_is_told_by_its_footer_and_cut_without_it() -> None:
    footer = b"conectix".ljust(512, b"\0")
    assert seen("poste.vhd", mbr(LUKS) + footer) == ("vhd", "yes", "")
    assert seen("poste.vhd", mbr(LUKS)) == ("vhd", "unknown", "truncated")


def test_a_vmdk_that_only_describes_holds_nothing() -> None:
    assert seen("a.vmdk", b"# Disk DescriptorFile\nversion=1\n") == ("vmdk", "unknown", "end-not-seen")


def qcow2(disk: bytes, *, method: int = 0, backing: int = 0, features: int = 0, bits: int = 16) -> bytes:
    """Version 3, all clusters written one after the other."""
    cluster = 1 << bits
    count = -(-len(disk) // cluster)
    head = struct.pack(">4sLQLLQLLQ", b"QFI\xfb", 3, backing, 0, bits, len(disk), method, 1, cluster)
    head = head.ljust(72, b"\0") + struct.pack(">Q", features)
    table = struct.pack(">Q", 2 * cluster | 1 << 63)
    places = struct.pack(f">{count}Q", *((3 + rank) * cluster | 1 << 63 for rank in range(count)))
    return b"".join(part.ljust(cluster, b"\0") for part in (head, table, places)) + disk.ljust(
        count * cluster, b"\0"
    )


def crypto(disk: bytes, luks: bytes) -> bytes:
    """The same, encrypted: a header extension says where the LUKS header stands."""
    data = qcow2(disk, method=2)
    extension = struct.pack(">LLQQ", 0x0537BE77, 16, len(data), len(luks))
    return data[:100] + struct.pack(">L", 104) + extension + data[104 + len(extension) :] + luks


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (qcow2(mbr(ext())), ("no", "")),
        (qcow2(mbr(LUKS)), ("yes", "")),
        (qcow2(bytes(200_000)), ("no", "")),
        (qcow2(NOISE), ("unknown", "")),
        (qcow2(mbr(LUKS), backing=500), ("yes", "end-not-seen")),
        (qcow2(bytes(200_000), backing=500), ("unknown", "end-not-seen")),
        (qcow2(mbr(LUKS), features=2), ("unknown", "damaged")),
        (qcow2(mbr(LUKS), bits=30 - 9), ("yes", "")),
        (qcow2(mbr(LUKS))[:-70_000], ("yes", "truncated")),
        (qcow2(mbr(LUKS))[:100_000], ("unknown", "truncated")),
        (qcow2(mbr(LUKS))[:40], ("unknown", "truncated")),
        (qcow2(mbr(LUKS), method=1), ("weak", "")),
        (qcow2(mbr(LUKS), method=2), ("unknown", "")),
        (qcow2(mbr(LUKS), method=9), ("unknown", "")),
        (crypto(NOISE, LUKS), ("yes", "")),
        (crypto(NOISE, NULL), ("no", "")),
        (crypto(NOISE, luks1(slots=0)), ("yes", "damaged")),
        (crypto(NOISE, b"hello"), ("unknown", "")),
    ],
)
def test_qcow2_by_the_specification_of_qemu(data: bytes, expected: tuple[str, str]) -> None:
    assert seen("vm.qcow2", data) == ("qcow2", *expected)


def test_a_map_longer_than_time_allows_is_left() -> None:
    reading = recognise(sample("vm.qcow2", qcow2(mbr(LUKS)), hurried=lambda: True))
    assert reading is not None
    assert reading.fault == "end-not-seen"


VHDX_MAP = bytes.fromhex("6677c22d23f600429d64115e9bfd4a08")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.vhdx", b"vhdxfile" + bytes(2 * MEBIBYTE)),
        ("a.vhdx", b"vhdxfile".ljust(192 * 1024, b"\0") + b"regi" + bytes(4) + b"\xff" * MEBIBYTE),
        ("a.vhdx", b"vhdxfile" + bytes(90)),
        ("a.vhd", b"conectix" + b"\xff" * 3000),
        ("a.vhd", b"conectix" + bytes(3000)),
        ("a.vmdk", b"KDMV" + b"\xff" * 3000),
        ("a.vmdk", b"KDMV" + bytes(3000)),
        ("a.vmdk", b"KDMV" + bytes(9)),
        ("a.qcow2", b"QFI\xfb\0\0\0\3" + b"\xff" * 3000),
    ],
)
def test_a_virtual_disk_that_makes_no_sense_proves_nothing(name: str, data: bytes) -> None:
    reading = read(name, data)
    assert reading.encrypted.value == "unknown"
    assert reading.fault in ("damaged", "truncated")


WHOLE = [
    qcow2(mbr(ext()), bits=12)[:30_000],
    gpt((DATA, ext()))[:2000],
    mbr(LUKS)[:600],
    crypto(NOISE[:90], LUKS)[:900],
]


@given(
    st.sampled_from(["vm.qcow2", "a.img"]),
    st.sampled_from(WHOLE),
    st.integers(0, 2000),
    st.binary(min_size=1, max_size=40),
)
def test_no_damage_makes_a_disk_crash_a_detector(name: str, start: bytes, at: int, noise: bytes) -> None:
    recognise(sample(name, start[:at] + noise + start[at + len(noise) :]))


@given(st.sampled_from([b"vhdxfile", b"conectix", b"KDMV", b"QFI\xfb"]), st.binary(max_size=1500))
def test_no_bytes_make_a_virtual_disk_encrypted(magic: bytes, noise: bytes) -> None:
    reading = read("disque", magic + noise)
    assert reading.encrypted.value != "yes"

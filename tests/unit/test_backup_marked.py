"""Files encrypted one by one, and what cannot be read: AES Crypt, rclone, Cloud Sync and eCryptfs as published."""

import hashlib
import struct

import pytest

from cyberaudit.facts.backup import DateKind
from cyberaudit.probes.stores.recognise import recognise
from tests.unit.backup_files import NOISE, aescrypt, read, sample, seen

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (aescrypt(1), ("yes", "end-not-seen")),
        (aescrypt(2), ("yes", "end-not-seen")),
        (aescrypt(3), ("yes", "end-not-seen")),
        (aescrypt(2, extensions=b"\0\0"), ("yes", "end-not-seen")),
        (aescrypt(2)[:-1], ("unknown", "truncated")),
        (aescrypt(2, body=0)[:-8], ("unknown", "truncated")),
        (aescrypt(2)[:60], ("unknown", "truncated")),
        (aescrypt(2, extensions=b"\0\1x" * 70), ("unknown", "truncated")),
        (aescrypt(2, extensions=b"\xff\xff", body=0).ljust(90_000), ("unknown", "damaged")),
    ],
)
def test_aes_crypt_by_its_header_and_its_length(data: bytes, expected: tuple[str, str]) -> None:
    assert seen("paie.aes", data) == ("aescrypt", *expected)


@pytest.mark.parametrize("data", [b"AES" + NOISE[:600], b"AES\x02", b"AES\x02\x07" + NOISE[:600]])
def test_three_letters_are_no_aes_crypt(data: bytes) -> None:
    assert seen("paie.aes", data)[:2] == ("aes", "unknown")


def test_openssl_says_neither_its_cipher_nor_its_end() -> None:
    assert seen("paie.enc", b"Salted__" + NOISE) == ("openssl", "unknown", "end-not-seen")
    assert seen("paie.enc", b"Salted__salt") == ("openssl", "unknown", "truncated")


RCLONE = b"RCLONE\0\0" + NOISE[:24]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ("yes", "end-not-seen")),
        (NOISE[:17], ("yes", "end-not-seen")),
        (bytes(65_552), ("yes", "end-not-seen")),
        (NOISE[:16], ("unknown", "truncated")),
        (bytes(65_552 + 3), ("unknown", "truncated")),
    ],
)
def test_rclone_crypt_keeps_the_date_of_its_source(body: bytes, expected: tuple[str, str]) -> None:
    assert seen("q5v1", RCLONE + body) == ("rclone", *expected)
    assert read("q5v1", RCLONE + body).dated is DateKind.UPPER_BOUND


def test_rclone_cut_within_its_header() -> None:
    assert seen("q5v1", RCLONE[:20]) == ("rclone", "unknown", "truncated")


def test_the_mark_of_cloud_sync_and_its_sum_alone_prove_nothing() -> None:
    mark = b"__CLOUDSYNC_ENC__"
    digest = hashlib.md5(mark, usedforsecurity=False).hexdigest().encode()
    assert digest.startswith(b"d8d6ba7b")
    assert seen("a", mark + digest + NOISE)[:2] == ("cloud-sync", "unknown")
    assert seen("a", mark + b"f" * 32 + NOISE) == ("cloud-sync", "unknown", "damaged")
    assert seen("a", mark + digest[:9]) == ("cloud-sync", "unknown", "truncated")


def ecryptfs(*, size: int = 5000, flags: int = 2, packet: int = 0x8C, mask: int = 0x3C81B7F5) -> bytes:
    mark = 0x12345678
    head = struct.pack(">QLLBBBBLHB", size, mark, mark ^ mask, 3, 0, 0, flags, 4096, 2, packet)
    return head.ljust(8192, b"\0") + NOISE[:8192]


def test_ecryptfs_by_its_mark_and_the_key_packet_behind_it() -> None:
    assert seen("a", ecryptfs()) == ("ecryptfs", "yes", "")
    assert seen("a", ecryptfs()[:-1]) == ("ecryptfs", "yes", "truncated")
    for other in (ecryptfs(flags=0), ecryptfs(packet=0), ecryptfs(mask=7), ecryptfs()[:25]):
        assert recognise(sample("a", other)) is None


VEEAM = struct.pack("<LLL3s", 13, 1, 3, b"md5")


@pytest.mark.parametrize("kind", ["vbk", "vib", "vrb"])
def test_veeam_is_only_probable_and_never_called_encrypted_or_whole(kind: str) -> None:
    assert seen(f"a.{kind}", VEEAM.ljust(9000, b"z")) == (kind, "unknown", "end-not-seen")
    assert "probable" in read(f"a.{kind}", VEEAM.ljust(9000, b"z")).evidence
    assert seen(f"a.{kind}", VEEAM.ljust(900, b"z")) == (kind, "unknown", "truncated")
    assert seen(f"a.{kind}", NOISE) == (kind, "unknown", "end-not-seen")


@pytest.mark.parametrize("name", ["a.tib", "a.tibx", "a.mrimg", "a.spf", "a.hbk", "a.bkf"])
def test_what_nobody_published_is_neither_encrypted_nor_whole(name: str) -> None:
    reading = read(name, NOISE)
    assert (reading.encrypted.value, reading.fault) == ("unknown", "end-not-seen")
    assert "ne publie pas" in reading.evidence or "format non lu" in reading.evidence

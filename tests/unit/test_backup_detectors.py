"""Detectors of backup formats: bytes to what they prove, nothing opened."""

import base64
import bz2
import errno
import gzip
import hashlib
import io
import lzma
import sqlite3
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import Encrypted
from cyberaudit.model import Reason
from cyberaudit.probes.stores.names import is_copy_by_name, is_note, is_system_folder
from cyberaudit.probes.stores.place import reason_of
from cyberaudit.probes.stores.reading import END_BYTES, Reading, Sample
from cyberaudit.probes.stores.recognise import recognise

pytestmark = pytest.mark.unit

YES, NO, WEAK, PARTIAL, UNKNOWN = (
    Encrypted.YES,
    Encrypted.NO,
    Encrypted.WEAK,
    Encrypted.PARTIAL,
    Encrypted.UNKNOWN,
)


def sample(name: str, data: bytes, *, patience: int = 1_000_000) -> Sample:
    return Sample(
        name=name,
        size=len(data),
        head=data[:END_BYTES],
        tail=data[-END_BYTES:],
        read_at=lambda offset, count: data[offset : offset + count],
        patience=patience,
    )


def read(name: str, data: bytes, *, patience: int = 1_000_000) -> Reading:
    reading = recognise(sample(name, data, patience=patience))
    assert reading is not None
    return reading


def seen(name: str, data: bytes) -> tuple[str, Encrypted, str]:
    reading = read(name, data)
    return reading.format, reading.encrypted, reading.fault


def zipped(*members: tuple[str, bytes], comment: bytes = b"", extra: bytes = b"") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name)
            entry.extra = extra
            archive.writestr(entry, content)
        archive.comment = comment
    return target.getvalue()


def marked(data: bytes, *, flags: int, method: int, member: int) -> bytes:
    """The archive with another protection written in the central record of one member."""
    changed, at = bytearray(data), 0
    for _ in range(member + 1):
        at = changed.index(b"PK\x01\x02", at + 1)
    changed[at + 8 : at + 12] = flags.to_bytes(2, "little") + method.to_bytes(2, "little")
    return bytes(changed)


MEMBERS = (("dossier/", b""), ("paie.odt", b"x" * 90), ("état.odt", b"y" * 90))
TWO = zipped(*MEMBERS)
AES_RECORD = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, 8)
TWO_AES = zipped(*MEMBERS, extra=struct.pack("<HHL", 0x5455, 4, 0) + AES_RECORD)


def locked(data: bytes) -> bytes:
    """Its two members with the method of AES."""
    return marked(marked(data, flags=1, method=99, member=1), flags=1, method=99, member=2)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (TWO, (NO, "")),
        (zipped(("a", b"x"), comment=b"PK" * 9000), (NO, "")),
        (b"#!/bin/sh\n" * 5 + TWO, (UNKNOWN, "damaged")),
        (marked(TWO, flags=1, method=8, member=1), (PARTIAL, "")),
        (marked(marked(TWO, flags=1, method=8, member=1), flags=1, method=99, member=2), (WEAK, "")),
        (locked(TWO_AES), (YES, "")),
        # Method 99 without its record of AES proves nothing.
        (locked(TWO), (UNKNOWN, "")),
        (marked(marked(TWO, flags=65, method=8, member=1), flags=1, method=99, member=2), (UNKNOWN, "")),
        (TWO[:-30], (UNKNOWN, "truncated")),
        (TWO[:40] + TWO[90:], (UNKNOWN, "damaged")),
        (TWO.replace(b"PK\x01\x02", b"PK\x01\x03"), (UNKNOWN, "damaged")),
        (zipped(), (UNKNOWN, "empty")),
        (zipped(("dossier/", b"")), (UNKNOWN, "empty")),
        (b"", (UNKNOWN, "empty")),
        (bytes(500), (UNKNOWN, "damaged")),
        (b"hello world", (UNKNOWN, "damaged")),
    ],
)
def test_zip(data: bytes, expected: tuple[Encrypted, str]) -> None:
    assert seen("mairie.zip", data) == ("zip", *expected)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ((2019, 3, 4, 5, 6, 8), datetime(2019, 3, 4, 5, 6, tzinfo=UTC)),
        ((1980, 1, 1, 0, 0, 0), None),
        ((2019, 15, 31, 0, 0, 0), None),
    ],
)
def test_a_zip_tells_the_date_of_its_newest_file(moment: Any, expected: datetime | None) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo("vieux", (1980, 1, 1, 0, 0, 0)), b"x")
        archive.writestr(zipfile.ZipInfo("neuf", moment), b"x")
    assert read("a.zip", target.getvalue()).newest == expected


LOCATOR = b"PK\x06\x07" + bytes(16)


@pytest.mark.parametrize("locator", [b"", LOCATOR])
def test_a_zip_whose_64_bit_directory_is_missing_is_damaged(locator: bytes) -> None:
    end = TWO.rindex(b"PK\x05\x06")
    record = TWO[end : end + 12] + b"\xff" * 8 + TWO[end + 20 :]
    assert seen("mairie.zip", TWO[:end] + locator + record) == ("zip", UNKNOWN, "damaged")


def test_a_zip_of_more_than_65535_members_is_read_to_its_end() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(66_000):
            archive.writestr(f"{number:05}", b"x")
    assert seen("grand.zip", target.getvalue()) == ("zip", NO, "")


def packet(tag: int, body: bytes) -> bytes:
    """One new-format packet (RFC 9580 §4.2)."""
    size = len(body)
    length = bytes([size]) if size < 192 else b"\xff" + size.to_bytes(4, "big")
    return bytes([0xC0 | tag]) + length + body


def skesk(cipher: int = 9, making: int = 3) -> bytes:
    return packet(3, bytes([4, cipher, making, 8]) + b"saltsalt" + b"\x60")


PKESK = packet(1, b"\x03" + b"keyidkey" + b"\x01" + b"k" * 250)
BODY = packet(18, b"\x01" + b"z" * 300)
CHUNKED = b"\xd2" + b"\xe8" + b"z" * 256 + b"\xe8" + b"z" * 256 + b"\x03zzz"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (skesk() + BODY, (YES, "")),
        (PKESK + BODY, (YES, "")),
        (PKESK + PKESK + skesk() + BODY, (YES, "")),
        (packet(10, b"PGP") + skesk() + BODY, (UNKNOWN, "damaged")),
        (skesk() + CHUNKED, (YES, "")),
        (skesk() + CHUNKED[:300], (YES, "truncated")),
        (skesk() + CHUNKED[: 2 + 256], (YES, "truncated")),
        (skesk() + BODY[:-1], (YES, "truncated")),
        (skesk(), (UNKNOWN, "truncated")),
        (skesk(cipher=2) + BODY, (WEAK, "")),
        (skesk(making=1) + BODY, (WEAK, "")),
        (skesk() + packet(9, b"z" * 300), (WEAK, "")),
        (packet(3, b"\x05\x09\x02\x03\x08saltsalt\x60iv") + packet(20, b"z" * 90), (YES, "")),
        (packet(3, b"\x06\x16\x09\x02\x0d\x03\x08saltsalt\x60iv") + BODY, (YES, "")),
        (packet(8, b"\x02zzz"), (NO, "")),
        (packet(4, b"\x03\x00\x08\x01keyidkey\x01"), (NO, "end-not-seen")),
        (b"\xa3\x02zzz", (NO, "end-not-seen")),
        (b"hello", (UNKNOWN, "damaged")),
        (b"\xff\x00\x01", (UNKNOWN, "damaged")),
    ],
)
def test_openpgp(data: bytes, expected: tuple[Encrypted, str]) -> None:
    assert seen("mairie.tar.gpg", data) == ("openpgp", *expected)


def armoured(data: bytes, kind: str = "PGP MESSAGE") -> bytes:
    body = base64.encodebytes(data).decode("ascii")
    return f"-----BEGIN {kind}-----\nVersion: 1\n\n{body}=abcd\n-----END {kind}-----\n".encode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (armoured(skesk() + BODY), (YES, "")),
        (armoured(skesk() + BODY).replace(b"\n", b"\r\n"), (YES, "")),
        (armoured(skesk() + BODY)[:-60], (YES, "truncated")),
        (armoured(packet(11, b"texte")), (NO, "")),
        (armoured(b"hello"), (UNKNOWN, "damaged")),
        (armoured(skesk() + BODY).replace(b"\n\n", b"\n\n\xff"), (UNKNOWN, "damaged")),
        (b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nbonjour\n", (NO, "")),
    ],
)
def test_armoured_openpgp(data: bytes, expected: tuple[Encrypted, str]) -> None:
    assert seen("mairie.asc", data) == ("openpgp", *expected)


def test_a_clear_message_is_openpgp_only_when_it_is_named_so() -> None:
    assert recognise(sample("données", packet(11, b"texte"))) is None
    assert recognise(sample("données", skesk() + BODY)) is not None


AGE = b"age-encryption.org/v1\n-> X25519 abc\ndef\n--- mac\n" + b"n" * 16


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (AGE + b"z" * 100, (YES, "end-not-seen")),
        (AGE + b"z" * (65_552 + 17), (YES, "end-not-seen")),
        (AGE + b"z" * (65_552 + 9), (YES, "truncated")),
        (AGE, (YES, "truncated")),
        (AGE[:40], (UNKNOWN, "truncated")),
        (b"hello", (UNKNOWN, "damaged")),
        (armoured(AGE + b"z" * 99, "AGE ENCRYPTED FILE").replace(b"Version: 1\n\n", b""), (YES, "")),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\n!!!!\n", (UNKNOWN, "damaged")),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\naGVsbG8=\n", (UNKNOWN, "damaged")),
    ],
)
def test_age(data: bytes, expected: tuple[Encrypted, str]) -> None:
    if data.endswith(b"END AGE ENCRYPTED FILE-----\n"):
        data = data.replace(b"=abcd\n", b"")
    assert seen("mairie.age", data) == ("age", *expected)


def tarred() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo("paie.odt")
        info.size = 3000
        archive.addfile(info, io.BytesIO(bytes(range(250)) * 12))
    return target.getvalue()


TAR = tarred()
NOISE = hashlib.shake_256(b"bruit").digest(60_000)
CUT_SQL = b"-- MySQL dump 10.19\n" + b"INSERT;\n" * 900
SQL = CUT_SQL + b"-- Dump completed on 2026-11-21\n"
PACKERS: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("gz", "gzip", gzip.compress),
    ("bz2", "bzip2", bz2.compress),
    ("xz", "xz", lzma.compress),
]


@pytest.mark.parametrize(("suffix", "name", "pack"), PACKERS, ids=[name for name, *_ in PACKERS])
def test_compressing_is_not_encrypting(suffix: str, name: str, pack: Callable[[bytes], bytes]) -> None:
    assert seen(f"a.tar.{suffix}", pack(TAR)) == (name, NO, "")
    assert seen(f"a.sql.{suffix}", pack(SQL)) == (name, NO, "")
    assert seen(f"a.bin.{suffix}", pack(NOISE)) == (name, UNKNOWN, "")
    assert seen(f"a.tar.gpg.{suffix}", pack(skesk() + BODY)) == (name, YES, "")
    assert seen(f"a.tar.{suffix}", b"hello") == (name, UNKNOWN, "damaged")


@pytest.mark.parametrize(("suffix", "name", "pack"), PACKERS, ids=[name for name, *_ in PACKERS])
def test_a_compressed_file_that_was_cut_is_told(
    suffix: str, name: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = pack(TAR + NOISE)
    assert seen(f"a.tar.{suffix}", packed[:-20])[2] == "truncated"
    assert seen(f"a.tar.{suffix}", pack(TAR[:3000]))[2] == "truncated"
    assert seen(f"a.sql.{suffix}", pack(CUT_SQL))[2] == "truncated"
    assert seen(f"a.sql.{suffix}", pack(SQL[:5000]) + pack(SQL[5000:]))[2] == ""
    assert seen(f"a.tar.{suffix}", packed[: len(packed) // 2])[2] == "truncated"


def test_a_bomb_is_not_unpacked_further_than_patience() -> None:
    bomb = gzip.compress(bytes(300_000_000), 1)
    assert read("bombe.tar.gz", bomb, patience=1_000_000).fault == "end-not-seen"


def test_a_gzip_longer_than_patience_or_time_is_never_called_whole() -> None:
    packed = gzip.compress(TAR + NOISE * 20)
    for data in (packed, packed[: len(packed) * 4 // 5]):
        assert read("a.tar.gz", data, patience=300_000).fault == "end-not-seen"
        hurried = replace(sample("a.tar.gz", data), hurried=lambda: True)
        assert getattr(recognise(hurried), "fault", None) == "end-not-seen"
    assert read("a.tar.gz", packed[: len(packed) * 4 // 5], patience=9_000_000).fault == "truncated"


# gpg cuts what it reads from a pipe in chunks of 8 KiB: here of 512 bytes, and more of them than are always followed.
LONG = skesk() + b"\xd2" + (b"\xe9" + b"z" * 512) * 6000 + b"\x03zzz"


@pytest.mark.parametrize(
    ("data", "hurried", "fault"),
    [
        (LONG, False, ""),
        (LONG[:-1], False, "truncated"),
        (LONG[: len(LONG) * 3 // 4], False, "truncated"),
        (LONG[: len(LONG) * 3 // 4], True, "end-not-seen"),
        (LONG[: len(LONG) // 4], True, "truncated"),
    ],
)
def test_every_chunk_of_a_long_message_is_followed_while_time_lasts(
    data: bytes, hurried: bool, fault: str
) -> None:
    reading = recognise(replace(sample("a.gpg", data), hurried=lambda: hurried))
    assert reading is not None
    assert reading.fault == fault


def test_bytes_win_over_the_name() -> None:
    assert seen("a.gpg", gzip.compress(TAR)) == ("gzip", NO, "")
    assert seen("a.zip.aes", TWO) == ("zip", NO, "")
    assert seen("a.gz", bz2.compress(TAR)) == ("bzip2", NO, "")


def sqlite_bytes(folder: Path) -> bytes:
    path = folder / "a.db"
    connection = sqlite3.connect(path)
    connection.execute("create table t (x)")
    connection.commit()
    connection.close()
    return path.read_bytes()


def test_what_is_written_in_clear(tmp_path: Path) -> None:
    database = sqlite_bytes(tmp_path)
    assert seen("a.tar", TAR) == ("tar", NO, "")
    assert seen("a.tar", TAR[:3000]) == ("tar", NO, "truncated")
    assert seen("a.tar", NOISE) == ("tar", UNKNOWN, "damaged")
    assert seen("a.sql", CUT_SQL) == ("sql", NO, "truncated")
    assert seen("a.sql", SQL) == ("sql", NO, "")
    assert seen("a.sql", b"select 1;") == ("sql", NO, "end-not-seen")
    assert seen("a.dump", b"PGDMP\x01\x0e\x00") == ("pgdump", NO, "truncated")
    assert seen("a.bak", database) == ("sqlite", NO, "")
    assert seen("a.bak", database[:5000]) == ("sqlite", NO, "truncated")


# RFC 8878: magic, flags (checksum), window, a raw block of 40 bytes, a repeated one, a last one of 9, the checksum.
ZSTD = (
    b"\x28\xb5\x2f\xfd\x04\x48"
    + (40 << 3).to_bytes(3, "little")
    + b"r" * 40
    + (900 << 3 | 2).to_bytes(3, "little")
    + b"z"
    + (9 << 3 | 5).to_bytes(3, "little")
    + b"c" * 9
    + b"sums"
)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.zst", ZSTD, ("zstd", UNKNOWN, "")),
        ("a.zst", ZSTD + ZSTD, ("zstd", UNKNOWN, "")),
        ("a.zst", ZSTD[:-1], ("zstd", UNKNOWN, "truncated")),
        ("a.zst", ZSTD[:-20], ("zstd", UNKNOWN, "truncated")),
        ("a.zst", ZSTD[:30], ("zstd", UNKNOWN, "truncated")),
        ("a.zst", ZSTD[:4], ("zstd", UNKNOWN, "truncated")),
        ("a.zst", ZSTD + b"\x50\x2a\x4d\x18" + bytes(4), ("zstd", UNKNOWN, "")),
        ("a.zst", b"\x50\x2a\x4d\x18" + bytes(4) + ZSTD, ("zstd", UNKNOWN, "")),
        ("a.zst", ZSTD + b"PK", ("zstd", UNKNOWN, "end-not-seen")),
        ("a.zst", ZSTD[:30] + bytes(5000), ("zstd", UNKNOWN, "truncated")),
        ("a.zst", ZSTD[:6] + b"\x06\0\0", ("zstd", UNKNOWN, "damaged")),
        ("a.zst", b"chiffr\xe9" * 20, ("zstd", UNKNOWN, "damaged")),
        ("a.enc", b"Salted__" + NOISE, ("openssl", UNKNOWN, "end-not-seen")),
        ("a.tibx", NOISE, ("tibx", UNKNOWN, "end-not-seen")),
        ("a.tib", b"", ("tib", UNKNOWN, "empty")),
        ("a.bak", b"bonjour", ("bak", UNKNOWN, "damaged")),
    ],
)
def test_what_cannot_be_told_is_unknown(name: str, data: bytes, expected: tuple[str, Encrypted, str]) -> None:
    assert seen(name, data) == expected


@pytest.mark.parametrize("name", ["photo.jpg", "délibération.docx", "sans-extension"])
def test_a_high_entropy_proves_nothing_and_makes_no_copy(name: str) -> None:
    assert recognise(sample(name, NOISE)) is None
    assert recognise(sample(name, b"")) is None


def test_names_alone() -> None:
    assert is_copy_by_name("MAIRIE.ZIP")
    assert not is_copy_by_name("mairie.docx")
    assert all(map(is_note, ("job.log", "Thumbs.db", ".DS_Store", "a.zip.md5", "a.zip.part")))
    assert is_system_folder("#recycle")
    assert not is_system_folder("2026")


STARTS = [
    TWO,
    skesk() + BODY,
    armoured(skesk() + BODY),
    AGE,
    gzip.compress(TAR),
    bz2.compress(SQL),
    lzma.compress(SQL),
    TAR[:600],
    b"",
]
NAMES = st.sampled_from(
    ["a.zip", "a.gpg", "a.age", "a.tar.gz", "a.bz2", "a.xz", "a.7z", "a.tar", "a.sql", "a"]
)


@given(NAMES, st.sampled_from(STARTS), st.integers(0, 400), st.binary(max_size=60), st.integers(0, 400))
def test_no_damage_makes_a_detector_crash(name: str, start: bytes, at: int, noise: bytes, cut: int) -> None:
    data = (start[:at] + noise + start[at + len(noise) :])[: len(start) - cut if cut < len(start) else None]
    reading = recognise(sample(name, data))
    assert reading is None or reading.encrypted in Encrypted


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, Reason.PERMISSION_DENIED),
        (errno.ESTALE, Reason.NO_ROUTE),
        (errno.ETIMEDOUT, Reason.TIMEOUT),
        (errno.EIO, Reason.PROTOCOL_ERROR),
    ],
)
def test_what_the_system_refuses_has_a_reason(number: int, reason: Reason) -> None:
    assert reason_of(OSError(number, "refus")).reason is reason


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("cle.asc", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBF\n-----END PGP PUBLIC KEY BLOCK-----\n"),
        ("cle.gpg", b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n"),
        ("serveur.pem.gpg", b"-----BEGIN CERTIFICATE-----\n"),
        ("trusted.gpg", packet(6, b"\x04" + b"k" * 200)),
        ("signature.asc", b"-----BEGIN PGP SIGNATURE-----\n"),
        ("signature.gpg", packet(2, b"\x04" + b"s" * 100)),
    ],
)
def test_keys_and_signatures_are_no_copies(name: str, data: bytes) -> None:
    assert recognise(sample(name, data)) is None

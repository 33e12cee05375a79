"""Ends that were cut in ways that look whole, and dates that are those of a copying: neither is believed."""

import bz2
import gzip
import io
import lzma
import os
import random
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import DateKind, Encrypted, Trouble
from cyberaudit.probes.stores.jobs import doubtful_days, spoken_days
from cyberaudit.probes.stores.names import is_copy_by_name, is_note
from cyberaudit.probes.stores.reading import END_BYTES, Reading, Sample
from cyberaudit.probes.stores.recognise import recognise
from cyberaudit.probes.stores.rhythm import is_doubtful
from tests.unit.backup_places import NOW, contents_of, set_back

pytestmark = pytest.mark.unit

NOISE = random.Random(7).randbytes(3_000_000)
DAY = timedelta(days=1)
DUMP = b"-- MySQL dump 10.13\n" + b"insert into t values (1);\n" * 40 + b"-- Dump completed\n"
ERROR = b"mysqldump: Got error: 1045: Access denied for user 'x'@'localhost' when trying to connect\n"


def sample(name: str, data: bytes, *, patience: int = 1 << 30) -> Sample:
    return Sample(
        name,
        len(data),
        data[:END_BYTES],
        data[-END_BYTES:],
        lambda at, count: data[at : at + count],
        patience,
    )


def read(name: str, data: bytes) -> Reading:
    reading = recognise(sample(name, data))
    assert reading is not None
    return reading


def tarred(content: bytes, *, form: int = tarfile.GNU_FORMAT) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        info = tarfile.TarInfo("registre.bin")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def unmarked(archive: bytes) -> bytes:
    """A tar of before ustar: the same header without its mark, its sum made again."""
    head = bytearray(archive[:512])
    head[257:512] = bytes(255)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + archive[512:]


TAR = tarred(NOISE[:1_100_000])


@pytest.mark.parametrize(
    ("name", "pack"), [("a.tar.bz2", bz2.compress), ("a.tar.gz", gzip.compress), ("a.tar.xz", lzma.compress)]
)
def test_a_large_block_of_noise_is_opened_like_any_other(name: str, pack: Callable[[bytes], bytes]) -> None:
    reading = read(name, pack(TAR))
    assert (reading.encrypted, reading.fault) == (Encrypted.NO, "")


@pytest.mark.parametrize("pack", [bz2.compress, gzip.compress, lzma.compress])
@pytest.mark.parametrize("first", [b"abc", NOISE[1_000_000:2_000_000]])
def test_the_streams_after_the_first_are_followed_too(pack: Callable[[bytes], bytes], first: bytes) -> None:
    ending = {bz2.compress: "bz2", gzip.compress: "gz", lzma.compress: "xz"}[pack]
    name, both = f"a.{ending}", pack(first) + pack(NOISE[:400_000])
    assert read(name, both).fault == ""
    for cut in (1, 50, 200_000):
        assert read(name, both[:-cut]).fault == "truncated"
    broken = bytearray(both)
    broken[-100_000] ^= 0xFF
    assert read(name, bytes(broken)).fault == "damaged"


def test_what_follows_a_stream_and_is_none_is_not_passed_over() -> None:
    whole = gzip.compress(DUMP)
    assert read("a.sql.gz", whole + bytes(100)).fault == ""
    assert read("a.sql.gz", whole + b"autre chose").fault == "end-not-seen"
    assert read("a.sql.gz", whole + bytes(200_000)).fault == "end-not-seen"
    assert read("a.sql.xz", lzma.compress(DUMP) + bytes(200_000) + b"YZ").fault == "end-not-seen"


def test_a_dictionary_larger_than_we_give_is_no_damage() -> None:
    asking = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 26}]
    reading = read("a.tar.xz", lzma.compress(TAR, filters=asking))
    assert (reading.encrypted, reading.fault) == (Encrypted.NO, "")
    asking = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]
    huge = lzma.compress(TAR, filters=asking)
    assert (read("a.tar.xz", huge).encrypted, read("a.tar.xz", huge).fault) == (Encrypted.UNKNOWN, "")
    assert read("a.tar.xz", huge[:-9]).fault == "truncated"


@pytest.mark.parametrize("pack", [bz2.compress, gzip.compress, lzma.compress])
def test_a_dump_that_never_came_is_empty(pack: Callable[[bytes], bytes]) -> None:
    name = {bz2.compress: "a.sql.bz2", gzip.compress: "a.sql.gz", lzma.compress: "a.sql.xz"}[pack]
    assert read(name, pack(b"")).fault == "empty"
    assert read(name, pack(ERROR)).fault == "damaged"
    assert read(name, pack(b"\n")).fault == "empty"


MARIADB = b"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n"
CLUSTER = b"--\n-- PostgreSQL database cluster dump\n--\n"
PLAIN = b"create table t (a);\n" * 90
SQLITE_DUMP = b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n" + PLAIN


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (DUMP, ""),
        (MARIADB + PLAIN, "truncated"),
        (MARIADB + PLAIN + b"-- Dump completed on 2026-11-20  2:00:03\n", ""),
        (CLUSTER + PLAIN, "truncated"),
        (CLUSTER + PLAIN + b"--\n-- PostgreSQL database cluster dump complete\n--\n", ""),
        (b"--\r\n-- PostgreSQL database dump\r\n--\r\n" + PLAIN, "truncated"),
        (SQLITE_DUMP, "truncated"),
        (SQLITE_DUMP + b"COMMIT;\n", ""),
        (SQLITE_DUMP + b"ROLLBACK; -- due to errors\n", "damaged"),
        (b"-- phpMyAdmin SQL Dump\n" + PLAIN, "end-not-seen"),
        (
            b"-- phpMyAdmin SQL Dump\n"
            + PLAIN
            + b"/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;\n",
            "",
        ),
        (b"/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;\n" + PLAIN, "end-not-seen"),
        (PLAIN, "end-not-seen"),
        (ERROR, "damaged"),
        (b"pg_dump: error: connection to server failed\n", "damaged"),
        (b"sh: 1: mysqldump: not found\n", "damaged"),
        (b" \n", "empty"),
    ],
)
def test_a_dump_is_good_when_its_tool_says_its_last_words(data: bytes, fault: str) -> None:
    assert read("mairie.sql", data).fault == fault


def test_a_dump_and_a_gzip_header_tell_when_they_were_made(tmp_path: Path) -> None:
    old = b"-- MySQL dump\n" + PLAIN + b"-- Dump completed on 2024-01-02  2:00:03\n"
    (tmp_path / "a.sql").write_bytes(old)
    (tmp_path / "b.sql.gz").write_bytes(gzip.compress(old, mtime=0))
    (tmp_path / "c.tar.gz").write_bytes(gzip.compress(TAR, mtime=1_600_000_000))
    (tmp_path / "d.sql").write_bytes(old.replace(b"2024-01-02", b"2026-11-20"))
    (tmp_path / "e.sql").write_bytes(old.replace(b"2024-01-02", b"2026-99-20"))
    for rank, path in enumerate(sorted(tmp_path.iterdir())):
        set_back(path, NOW - timedelta(hours=rank + 3))
    kinds = {copy.name: copy.date_kind for copy in contents_of(tmp_path).copies}
    assert [kinds[name] for name in sorted(kinds)] == [DateKind.UPPER_BOUND] * 3 + [DateKind.EXACT] * 2


def test_a_tar_of_before_ustar_is_a_tar() -> None:
    assert (read("a.tar", unmarked(TAR)).encrypted, read("a.tar", unmarked(TAR)).fault) == (Encrypted.NO, "")
    assert read("a.tar", unmarked(TAR)[:9000]).fault == "truncated"
    wrong = bytearray(unmarked(TAR))
    wrong[3] ^= 1
    assert read("a.tar", bytes(wrong)).fault == "damaged"


def test_a_tar_whose_records_are_not_filled_is_whole_and_one_that_was_reserved_is_not() -> None:
    members = 512 + -(-1_100_000 // 512) * 512
    assert read("a.tar", TAR[:members] + bytes(1024)).fault == ""
    assert read("a.tar", TAR[:members] + bytes(512)).fault == "truncated"
    assert read("a.tar", TAR[:members] + bytes(700_000)).fault != ""
    assert read("a.tar", TAR + b"autre").fault == "end-not-seen"


def sparse_tar(maps: int) -> bytes:
    """GNU tar, « S »: `maps` blocks that tell the holes follow the header, then 1024 bytes."""
    head = bytearray(tarred(b"x" * 1024)[:512])
    head[156:157], head[482] = b"S", 1 if maps else 0
    blocks = b"".join(bytes(504) + bytes([number < maps - 1]) + bytes(7) for number in range(maps))
    return bytes(head) + blocks + NOISE[:1024]


@pytest.mark.parametrize("maps", [0, 1, 3])
def test_a_sparse_member_is_followed_by_its_own_maps(maps: int) -> None:
    assert read("a.tar", sparse_tar(maps) + bytes(1024)).fault == ""
    assert read("a.tar", sparse_tar(maps)[:-512] + bytes(512)).fault == "truncated"


def sqlite_file(folder: Path) -> bytes:
    with sqlite3.connect(folder / "x") as base:
        base.execute("create table t (a)")
        base.executemany("insert into t values (?)", [(NOISE[at : at + 900],) for at in range(500)])
    base.close()
    return (folder / "x").read_bytes()


def test_pages_of_zeros_leave_a_database_open(tmp_path: Path) -> None:
    data = sqlite_file(tmp_path)
    assert read("a.bak", data).fault == ""
    assert read("a.bak", data[:-4096] + bytes(4096)).fault == "end-not-seen"
    assert read("a.bak", data[: len(data) // 3] + bytes(len(data) - len(data) // 3)).fault == "end-not-seen"


def zipped(content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("registre.bin", content)
    return target.getvalue()


def test_a_hole_in_the_middle_of_an_archive_is_seen() -> None:
    whole = zipped(NOISE)
    assert read("a.zip", whole).fault == ""
    third = len(whole) // 3
    holed = whole[:third] + bytes(third) + whole[2 * third :]
    assert read("a.zip", holed).fault == "damaged"
    assert "registre.bin" in read("a.zip", holed).evidence
    short = zipped(NOISE[:100_000])
    assert read("a.zip", short[:40_000] + bytes(40_000) + short[80_000:]).fault == "damaged"


def test_a_directory_too_long_for_the_time_is_unknown_and_not_damaged() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(5000):
            archive.writestr(f"registre/{number}", b"x")
    late = recognise(replace(sample("a.zip", target.getvalue()), hurried=lambda: True))
    assert late is not None
    assert (late.encrypted, late.fault) == (Encrypted.UNKNOWN, "end-not-seen")
    assert read("a.zip", target.getvalue()).fault == ""


def test_copies_that_are_not_at_their_end_are_no_copies_yet() -> None:
    for name in ("a.zip.filepart", "a.zip.crdownload", "a.zip.partial", "a.zip~", "~$a.docx", "a.zip.part"):
        assert is_note(name)
    for name in ("a.tar.lz4", "a.tar.lzo", "a.fbk", "a.wim", "a.tzst"):
        assert is_copy_by_name(name)


@pytest.mark.parametrize(("age", "fault"), [(5, "end-not-seen"), (15, "truncated")])
def test_a_copy_cut_a_moment_ago_may_be_growing(tmp_path: Path, age: int, fault: str) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(NOISE)[:50_000])
    set_back(tmp_path, NOW - timedelta(minutes=age))
    assert [copy.fault for copy in contents_of(tmp_path).copies] == [fault]


def laid(folder: Path, dated: dict[str, datetime]) -> None:
    for name, moment in dated.items():
        (folder / name).write_bytes(gzip.compress(DUMP, mtime=0))
        os.utime(folder / name, (moment.timestamp(),) * 2)


WEEK = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def test_a_week_laid_there_in_a_row_is_dated_by_its_copying(tmp_path: Path) -> None:
    laid(tmp_path, {f"{day}.sql.gz": NOW - timedelta(minutes=3 * rank) for rank, day in enumerate(WEEK)})
    contents = contents_of(tmp_path)
    assert {copy.date_kind for copy in contents.copies} == {DateKind.UPPER_BOUND}
    assert "recopie" in contents.copies[0].date_source


@pytest.mark.parametrize("step", [DAY, timedelta(hours=1)])
def test_a_week_written_day_by_day_keeps_its_dates(tmp_path: Path, step: timedelta) -> None:
    laid(tmp_path, {f"{day}.sql.gz": NOW - step * rank for rank, day in enumerate(WEEK)})
    assert {copy.date_kind for copy in contents_of(tmp_path).copies} == {DateKind.EXACT}


def test_dumps_of_one_night_are_proved_by_the_date_that_they_hold(tmp_path: Path) -> None:
    dump = b"-- MySQL dump\n" + PLAIN + f"-- Dump completed on {NOW:%Y-%m-%d  %H:%M:%S}\n".encode()
    for number in range(5):
        (tmp_path / f"base{number}.sql").write_bytes(dump)
        set_back(tmp_path / f"base{number}.sql", NOW - timedelta(minutes=number))
    assert {copy.date_kind for copy in contents_of(tmp_path).copies} == {DateKind.EXACT}


def test_a_self_extracting_archive_is_read_by_its_directory() -> None:
    whole = b"MZ" + NOISE[:5000] + zipped(NOISE[:9000])
    assert (read("a.zip", whole).encrypted, read("a.zip", whole).fault) == (Encrypted.NO, "")
    assert read("a.zip", whole[:-30]).fault == "truncated"


def test_a_clock_that_was_not_set_leaves_the_day_of_the_name(tmp_path: Path) -> None:
    laid(
        tmp_path,
        {"a-20261110.sql.gz": datetime(1970, 1, 1, tzinfo=UTC), "b.sql.gz": datetime(1980, 1, 1, tzinfo=UTC)},
    )
    found = {copy.name: copy for copy in contents_of(tmp_path).copies}
    assert {copy.date_kind for copy in found.values()} == {DateKind.UPPER_BOUND}
    assert found["a-20261110.sql.gz"].written_at == datetime(2026, 11, 11, tzinfo=UTC)
    assert found["b.sql.gz"].written_at == NOW
    assert not contents_of(tmp_path).series


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("copie du 3 octobre 2026.sql.gz", datetime(2026, 10, 3, tzinfo=UTC)),
        ("1er août 2026.sql.gz", datetime(2026, 8, 1, tzinfo=UTC)),
        ("base-12-feb-2026.sql.gz", datetime(2026, 2, 12, tzinfo=UTC)),
        ("base_1790000000.sql.gz", datetime.fromtimestamp(1_790_000_000, UTC)),
    ],
)
def test_days_told_otherwise_win_over_a_later_date(tmp_path: Path, name: str, day: datetime) -> None:
    laid(tmp_path, {name: NOW - timedelta(hours=4)})
    (copy,) = contents_of(tmp_path).copies
    assert (copy.written_at, copy.date_kind) == (day, DateKind.UPPER_BOUND)


@pytest.mark.parametrize(
    ("name", "doubtful"),
    [
        ("dump-161026.sql.gz", True),
        ("dump-261016.sql.gz", True),
        ("dump-2026-S42.sql.gz", True),
        ("dump-2026-09.sql.gz", True),
        ("dump-juin 2026.sql.gz", True),
        ("dump-211126.sql.gz", False),
        ("dump-2026-11.sql.gz", False),
        ("dump-2026-S47.sql.gz", False),
        ("commune-010203.sql.gz", False),
        ("dump-310226.sql.gz", False),
        ("dump-2026-S60.sql.gz", False),
        ("dump-2026-11-20.sql.gz", False),
    ],
)
def test_a_period_or_a_short_date_of_the_past_leaves_a_doubt(name: str, doubtful: bool) -> None:
    assert is_doubtful((name,), NOW.timestamp()) is doubtful


def test_a_doubtful_date_is_not_exact(tmp_path: Path) -> None:
    laid(tmp_path, {"dump-161026.sql.gz": NOW - timedelta(hours=4)})
    (copy,) = contents_of(tmp_path).copies
    assert (copy.written_at, copy.date_kind) == (NOW - timedelta(hours=4), DateKind.UPPER_BOUND)


@given(st.text())
def test_any_name_is_searched_for_days(name: str) -> None:
    assert all(isinstance(day, float) for day in (*spoken_days(name), *doubtful_days(name)))


def test_names_that_say_where_to_write_are_renamed_ones(tmp_path: Path) -> None:
    for number in range(12):
        ending = ("docx", "xlsx", "pdf")[number % 3]
        path = tmp_path / f"acte{number}.{ending}.id[4F2A-1107].[ecrire@example.net].abcde"
        path.write_bytes(NOISE[number * 900 : number * 900 + 2000])
    set_back(tmp_path, NOW - DAY)
    contents = contents_of(tmp_path)
    assert contents.troubles(Trouble.MASS_RENAMED)
    assert contents.troubles(Trouble.LOST_MAGIC)


def test_an_empty_copy_says_nothing_of_the_encryption_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.sql.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "b.sql.gz").write_bytes(gzip.compress(DUMP))
    set_back(tmp_path, NOW - DAY)
    assert [store.encrypted for store in contents_of(tmp_path).stores] == [Encrypted.NO]


def test_many_tiny_streams_are_given_up() -> None:
    member = gzip.compress(b"")
    assert read("a.gz", member * 250_000).fault == "end-not-seen"


@given(st.binary(max_size=300))
def test_no_bytes_after_a_whole_stream_make_it_crash(more: bytes) -> None:
    assert read("a.gz", zlib.compress(b"", wbits=31) + more).fault in (
        "",
        "empty",
        "end-not-seen",
        "truncated",
        "damaged",
    )

"""What is written in clear: PostgreSQL's custom form, VMA, Outlook and tar; the real dumps stand in tests/loopback."""

import io
import tarfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.probes.stores.recognise import recognise
from tests.unit.backup_files import (
    MEBIBYTE,
    NOISE,
    pg_data,
    pg_dump,
    pg_number,
    pg_object,
    pst,
    read,
    sample,
    seen,
    vma,
)

pytestmark = pytest.mark.unit

# Nowhere known, as in a dump written to a pipe; known; without data.
PIPED, PLACED, BARE = 1, 2, 3
ROWS = pg_data(NOISE[:500], NOISE[:40])
OBJECTS = b"\x03" + pg_number(1) + pg_number(16_400) + pg_number(3) + b"abc" + pg_number(0) + pg_number(0)
LIST_BYTES = len(pg_dump(pg_object(PLACED, 1)))


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (pg_dump(), ""),
        (pg_dump(pg_object(BARE)), ""),
        (pg_dump(pg_object(PIPED), data=ROWS), ""),
        (pg_dump(pg_object(PIPED), pg_object(BARE), pg_object(PIPED), data=ROWS + OBJECTS), ""),
        (pg_dump(pg_object(PLACED, LIST_BYTES), data=ROWS), ""),
        (pg_dump(pg_object(PIPED, version=(1, 13)), data=ROWS, version=(1, 13)), ""),
        (pg_dump(pg_object(PIPED, version=(1, 16)), data=ROWS, version=(1, 16)), ""),
        (pg_dump(pg_object(PIPED), data=ROWS)[:-1], "truncated"),
        (pg_dump(pg_object(PIPED), data=ROWS)[:-400], "truncated"),
        (pg_dump(pg_object(PIPED), pg_object(PIPED), data=ROWS), "truncated"),
        (pg_dump(pg_object(PLACED, LIST_BYTES), data=ROWS)[:-1], "truncated"),
        (pg_dump(pg_object(PLACED, 1 << 62)), "truncated"),
        (pg_dump(pg_object(BARE))[:-20], "truncated"),
        (pg_dump()[:30], "truncated"),
        (pg_dump(pg_object(PLACED, 9), data=ROWS), "damaged"),
        (pg_dump(pg_object(PIPED), data=b"\x07" + ROWS), "damaged"),
        (pg_dump(pg_object(PIPED), data=b"\x01" + pg_number(1) + pg_number(-3)), "damaged"),
        (b"PGDMP\x01\x0e\0\x09\x08\x01" + bytes(90), "damaged"),
        (pg_dump(pg_object(PIPED), data=ROWS + b"rest"), "end-not-seen"),
        (pg_dump(pg_object(PIPED), data=ROWS, form=5), "end-not-seen"),
        (pg_dump(version=(1, 99)), "end-not-seen"),
        (pg_dump()[:-5] + pg_number(1 << 30), "end-not-seen"),
    ],
)
def test_a_custom_dump_is_clear_and_followed_to_its_end(data: bytes, fault: str) -> None:
    assert seen("mairie.dump", data) == ("pgdump", "no", fault)


def test_a_custom_dump_tells_when_it_was_made() -> None:
    assert read("a.dump", pg_dump()).newest == datetime(2026, 11, 22, 1, 2, 30, tzinfo=UTC)
    assert read("a.dump", pg_dump(month=77)).newest is None


def test_a_long_dump_is_left_when_time_runs_out() -> None:
    data = pg_dump(pg_object(PIPED), data=pg_data(*[b"x"] * 9000))
    assert seen("a.dump", data)[2] == ""
    assert getattr(recognise(sample("a.dump", data, hurried=lambda: True)), "fault", None) == "end-not-seen"


@given(st.binary(max_size=300), st.sampled_from([(1, 12), (1, 14), (1, 15), (1, 16)]))
def test_no_bytes_make_the_reading_of_a_dump_crash(noise: bytes, version: tuple[int, int]) -> None:
    start = b"PGDMP" + bytes([*version, 0, 4, 8, 1])
    assert seen("a.dump", start + noise)[:2] == ("pgdump", "no")
    assert seen("a.dump", pg_dump(version=version)[:-5] + pg_number(3) + noise)[:2] == ("pgdump", "no")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (vma(3), ("no", "")),
        (vma(3, 0, 2, clusters=3), ("no", "")),
        (vma(3, 2, clusters=3), ("no", "end-not-seen")),
        (vma(3)[:-1], ("no", "truncated")),
        (vma(3, 2, clusters=2)[:-9000], ("no", "truncated")),
        (vma(), ("no", "truncated")),
        (vma(3) + NOISE, ("no", "damaged")),
        (vma(3)[:9000], ("no", "truncated")),
        (vma(3)[:40], ("no", "truncated")),
        (vma(3).replace(b"uuuu", b"vuuu", 1), ("no", "damaged")),
        (vma(3)[:7] + b"\x09" + vma(3)[8:], ("no", "damaged")),
        (b"hello", ("unknown", "damaged")),
    ],
)
def test_vma_is_never_encrypted_and_followed_extent_by_extent(data: bytes, expected: tuple[str, str]) -> None:
    assert seen("vzdump.vma", data) == ("vma", *expected)


def test_vma_tells_when_it_was_made() -> None:
    assert read("a.vma", vma(1)).newest == datetime.fromtimestamp(1_795_000_000, UTC)
    assert read("a.vma", vma(1, created=1 << 62)).newest is None


def test_a_long_vma_is_left_when_time_runs_out() -> None:
    data = vma(*[0] * 5000, clusters=5000)
    assert seen("a.vma", data) == ("vma", "no", "")
    assert getattr(recognise(sample("a.vma", data, hurried=lambda: True)), "fault", None) == "end-not-seen"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (pst(method=0), ("no", "")),
        (pst(method=1), ("no", "")),
        (pst(method=2), ("no", "")),
        (pst(method=2, unicode=False), ("no", "")),
        (pst(method=0x10), ("unknown", "")),
        (pst()[:-1], ("no", "truncated")),
        (pst(unicode=False)[:-1], ("no", "truncated")),
        (pst()[:500], ("unknown", "truncated")),
        (pst()[:20] + b"\xff" + pst()[21:], ("no", "damaged")),
        (NOISE, ("unknown", "damaged")),
    ],
)
def test_the_encryption_of_outlook_hides_nothing(data: bytes, expected: tuple[str, str]) -> None:
    assert seen("archive.pst", data) == ("pst", *expected)


def tarred(*sizes: int, form: int = tarfile.GNU_FORMAT, name: str = "paie") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        for rank, size in enumerate(sizes):
            info = tarfile.TarInfo(f"{name}{rank}.odt")
            info.size = size
            archive.addfile(info, io.BytesIO(NOISE[:size]))
    return target.getvalue()


GOOD = tarred(9000, 0, 700)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (GOOD, ""),
        (tarred(9000, form=tarfile.PAX_FORMAT, name="délibération"), ""),
        # More zeros than fill a record, and none of a round size: what follows may be a hole.
        (GOOD + bytes(MEBIBYTE), "end-not-seen"),
        (GOOD + bytes(-len(GOOD) % MEBIBYTE), ""),
        # A copy that stopped: the place was reserved, the rest is zeros.
        (GOOD[:4096] + bytes(4 * MEBIBYTE), "truncated"),
        (GOOD[: 512 + 9216] + bytes(4 * MEBIBYTE), "truncated"),
        (GOOD[: 512 + 9216 + 512 + 512 + 1024], "truncated"),
        (GOOD[:512] + bytes(1024), "truncated"),
        (GOOD[: 512 + 9216] + NOISE[:512] + bytes(2048), "damaged"),
    ],
)
def test_a_tar_is_followed_member_by_member(data: bytes, fault: str) -> None:
    assert seen("a.tar", data) == ("tar", "no", fault)


def test_a_long_tar_is_left_when_time_runs_out() -> None:
    data = tarred(*[1] * 4200)
    assert seen("a.tar", data)[2] == ""
    assert getattr(recognise(sample("a.tar", data, hurried=lambda: True)), "fault", None) == "end-not-seen"


def test_a_tar_whose_content_is_out_of_reach_is_judged_on_its_end() -> None:
    assert getattr(recognise(replace(sample("a.tar", GOOD), patience=0)), "fault", None) == ""


@given(st.binary(min_size=1, max_size=40), st.integers(0, 1200))
def test_no_damage_makes_a_tar_crash_or_encrypted(noise: bytes, at: int) -> None:
    reading = recognise(sample("a.tar", GOOD[:at] + noise + GOOD[at + len(noise) :]))
    assert reading is None or reading.encrypted.value in ("no", "unknown")

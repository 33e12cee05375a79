"""RAR 4 and 5, blocks built from the technote: RAR is not free, and no tool of Debian writes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import Encrypted
from cyberaudit.probes.stores.recognise import recognise
from tests.unit.backup_files import (
    RAR4,
    RAR4_END,
    RAR4_START,
    RAR5,
    RAR5_END,
    RAR5_LOCK,
    RAR5_START,
    rar4_block,
    rar4_file,
    rar5_block,
    rar5_file,
    sample,
    seen,
    vint,
)

pytestmark = pytest.mark.unit

LOCKED = rar5_file(version=0)


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (rar5_file() + RAR5_END, ("no", "")),
        (LOCKED + LOCKED + RAR5_END, ("yes", "")),
        (LOCKED + rar5_file() + RAR5_END, ("partial", "")),
        (rar5_file(version=3) + RAR5_END, ("unknown", "")),
        (rar5_file(data=b"") + RAR5_END, ("unknown", "empty")),
        (rar5_file(data=b"") + LOCKED + RAR5_END, ("yes", "")),
        (LOCKED + rar5_block(5, vint(1)), ("yes", "end-not-seen")),
        (rar5_file(version=0, flags=8) + RAR5_END, ("yes", "end-not-seen")),
        (LOCKED, ("yes", "truncated")),
        (LOCKED[:-1], ("unknown", "truncated")),
        (LOCKED + RAR5_END[:-1], ("unknown", "truncated")),
        (LOCKED + RAR5_END[:2], ("unknown", "truncated")),
        (LOCKED + RAR5_END[:-1] + b"\x07", ("unknown", "damaged")),
        (LOCKED + bytes(100), ("unknown", "damaged")),
        (b"", ("unknown", "truncated")),
    ],
)
def test_rar_5_file_by_file(blocks: bytes, expected: tuple[str, str]) -> None:
    assert seen("a.rar", RAR5_START + blocks) == ("rar", *expected)


def test_rar_5_with_encrypted_headers_never_shows_its_end() -> None:
    assert seen("a.rar", RAR5 + RAR5_LOCK + b"z" * 90) == ("rar", "yes", "end-not-seen")
    assert seen("a.rar", RAR5 + RAR5_LOCK + b"z" * 9) == ("rar", "yes", "truncated")
    assert seen("a.rar", RAR5 + RAR5_LOCK[:-3]) == ("rar", "unknown", "truncated")
    assert seen("a.rar", RAR5_START + rar5_file() + RAR5_LOCK + b"z" * 90)[1] != "yes"


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (rar4_file() + RAR4_END, ("no", "")),
        (rar4_file(flags=4) + RAR4_END, ("yes", "")),
        (rar4_file(flags=4) + rar4_file() + RAR4_END, ("partial", "")),
        (rar4_file(flags=4, version=20) + RAR4_END, ("weak", "")),
        (rar4_file(flags=0xE0, data=b"") + RAR4_END, ("unknown", "empty")),
        (rar4_file(flags=4), ("yes", "end-not-seen")),
        (rar4_file(flags=4)[:-1], ("unknown", "truncated")),
        (rar4_file(flags=4)[:20], ("unknown", "truncated")),
        (rar4_file(flags=6) + RAR4_END, ("yes", "end-not-seen")),
        (rar4_file(flags=4) + rar4_block(0x7B, 0x4001), ("yes", "end-not-seen")),
        (rar4_file(flags=4) + rar4_block(0x7A, 0x8000, b"\x05\0\0\0", b"notes") + RAR4_END, ("yes", "")),
        (rar4_file(flags=4) + bytes(50), ("unknown", "damaged")),
        (rar4_file(flags=4) + RAR4_END[:2] + b"\0" + RAR4_END[3:], ("unknown", "damaged")),
    ],
)
def test_rar_4_file_by_file(blocks: bytes, expected: tuple[str, str]) -> None:
    assert seen("a.rar", RAR4_START + blocks) == ("rar", *expected)


def test_rar_4_with_encrypted_headers() -> None:
    assert seen("a.rar", RAR4 + rar4_block(0x73, 0x80, bytes(6)) + b"z" * 90) == (
        "rar",
        "yes",
        "end-not-seen",
    )


def test_the_comment_of_an_old_header_is_not_summed_and_hides_no_change_of_the_rest() -> None:
    commented = rar4_block(0x73, 0x02, bytes(6))
    assert seen("a.rar", RAR4 + commented + rar4_file() + RAR4_END) == ("rar", "no", "")
    forged = commented[:3] + b"\xff" + commented[4:]
    assert seen("a.rar", RAR4 + forged + rar4_file() + RAR4_END) == ("rar", "unknown", "damaged")
    old = rar4_file(flags=0x08, version=20)
    assert seen("a.rar", RAR4_START + old + RAR4_END) == ("rar", "no", "")
    assert seen("a.rar", RAR4_START + old[:3] + b"\x0c" + old[4:] + RAR4_END) == ("rar", "unknown", "damaged")


def test_bytes_win_over_the_name_and_the_name_alone_proves_nothing() -> None:
    assert seen("a.r00", RAR4_START + rar4_file() + RAR4_END) == ("rar", "no", "")
    assert seen("a.rar", b"hello") == ("rar", "unknown", "damaged")


def test_a_long_archive_is_left_when_time_runs_out() -> None:
    data = RAR5_START + LOCKED * 5000 + RAR5_END
    assert seen("a.rar", data) == ("rar", "yes", "")
    hurried = recognise(sample("a.rar", data, hurried=lambda: True))
    assert hurried is not None
    assert (hurried.encrypted, hurried.fault) == (Encrypted.UNKNOWN, "end-not-seen")


@given(st.sampled_from([RAR4_START, RAR5_START, RAR5, RAR4]), st.binary(max_size=120))
def test_no_block_makes_it_crash(start: bytes, noise: bytes) -> None:
    assert seen("a.rar", start + noise)[1] != "yes"

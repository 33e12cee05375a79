"""Names and marks of rdiff-backup: which sessions ended, and when."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import DateKind, Trouble
from cyberaudit.probes.stores.inspection import Found
from cyberaudit.probes.stores.repositories import rdiff_backup
from cyberaudit.probes.stores.repositories.rdiff_backup import CLAIM, DATA, moment_of, sessions_of
from cyberaudit.probes.stores.tree import Entry, Kind
from tests.unit.backup_places import NOW, inspecting
from tests.unit.backup_refusals import refusing

pytestmark = pytest.mark.unit

STAMPS = [f"2026-11-{day:02}T02:00:00+01:00" for day in (20, 19, 18, 17, 16)]


def mirror(path: Path, *, sizes: tuple[int, ...] = (900, 900, 900, 900, 900)) -> Path:
    """Five sessions that ended well, newest first."""
    data = path / DATA
    (data / "increments").mkdir(parents=True)
    (path / "paie.odt").write_text("x")
    for rank, (stamp, size) in enumerate(zip(STAMPS, sizes, strict=True)):
        told = f"StartTime 1795.00\nSourceFiles 4\nSourceFileSize {size} ({size} bytes)\nErrors 0\n"
        (data / f"session_statistics.{stamp}.data").write_text(told)
        (data / f"error_log.{stamp}.data").touch()
        kind = "diff" if rank else "snapshot"
        (data / f"mirror_metadata.{stamp}.{kind}.gz").write_bytes(gzip.compress(b"File .\n" * 500))
        if rank:
            (data / f"increments.{stamp}.dir").touch()
    (data / f"current_mirror.{STAMPS[0]}.data").write_text("PID 4242\n")
    return path


def found(path: Path, *refused: str, far: bool = False, **options: Any) -> Found:
    with inspecting(path, **options) as inspection:
        inspection.tree = refusing(inspection.tree, *refused, far=far)
        assert CLAIM.is_here("", frozenset({DATA}), frozenset())
        answer = CLAIM.read(inspection, ())
    assert answer is not None
    return answer


def test_each_session_is_a_point_dated_by_names(tmp_path: Path) -> None:
    answer = found(mirror(tmp_path))
    assert [each.name for each in answer.points] == STAMPS
    assert answer.points[0].written == datetime(2026, 11, 20, 1, tzinfo=UTC).timestamp()
    assert {each.date_kind for each in answer.points} == {DateKind.EXACT}
    assert {(each.reading.fault, each.reading.encrypted, each.size) for each in answer.points} == {
        ("", "no", 900)
    }
    assert answer.reading.fault == ""
    assert not answer.anomalies


@pytest.mark.parametrize(("days", "fault"), [(0, "end-not-seen"), (3, "incomplete")])
def test_two_marks_are_a_session_that_did_not_end(tmp_path: Path, days: int, fault: str) -> None:
    data = mirror(tmp_path) / DATA
    (data / "current_mirror.2026-11-21T02:00:00+01:00.data").write_text("PID 7\n")
    (data / f"increments.{STAMPS[0]}.dir").touch()
    answer = found(tmp_path, now=NOW + timedelta(days=days))
    assert answer.reading.fault == fault
    assert [each.name for each in answer.points] == STAMPS
    assert {each.reading.fault or answer.reading.fault for each in answer.points} == {fault}
    assert [each.code for each in answer.anomalies] == [Trouble.ABORTED_RUN]


def test_a_first_session_that_did_not_end_gives_no_good_point(tmp_path: Path) -> None:
    data = tmp_path / DATA
    (data / "increments").mkdir(parents=True)
    answer = found(tmp_path)
    assert answer.reading.fault == "incomplete"
    assert not answer.points
    assert [each.code for each in answer.anomalies] == [Trouble.ABORTED_RUN]


def test_a_folder_with_that_name_alone_is_no_store(tmp_path: Path) -> None:
    (tmp_path / DATA / "notes").mkdir(parents=True)
    with inspecting(tmp_path) as inspection:
        assert CLAIM.read(inspection, ()) is None


def _metadata(make: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        file = path / DATA / f"mirror_metadata.{STAMPS[0]}.snapshot.gz"
        file.write_bytes(make(file.read_bytes()))

    return change


BREAKS: list[tuple[str, Callable[[Path], object], str]] = [
    ("no documents", lambda path: (path / "paie.odt").unlink(), "empty"),
    (
        "no metadata",
        lambda path: (path / DATA / f"mirror_metadata.{STAMPS[0]}.snapshot.gz").unlink(),
        "end-not-seen",
    ),
    ("empty metadata", _metadata(lambda _: b""), "truncated"),
    ("cut metadata", _metadata(lambda data: data[:-9]), "truncated"),
    ("metadata without end", _metadata(lambda data: data[:-4]), "truncated"),
    ("damaged metadata", _metadata(lambda data: data[:-8] + b"12345678"), "damaged"),
    ("metadata of zeros", _metadata(lambda data: bytes(len(data))), "damaged"),
]


@pytest.mark.parametrize(("wreck", "fault"), [each[1:] for each in BREAKS], ids=[each[0] for each in BREAKS])
def test_a_broken_mirror_is_not_good(tmp_path: Path, wreck: Callable[[Path], object], fault: str) -> None:
    wreck(mirror(tmp_path))
    assert [each.reading.fault for each in found(tmp_path).points] == [fault, "", "", "", ""]


@pytest.mark.parametrize(("size", "fault"), [(449, "collapsed"), (450, ""), (5000, "")])
def test_a_session_of_less_than_half_the_usual_size_has_collapsed(
    tmp_path: Path, size: int, fault: str
) -> None:
    mirror(tmp_path, sizes=(size, 900, 900, 900, 900))
    assert found(tmp_path).points[0].reading.fault == fault


def test_a_session_without_any_file_is_empty(tmp_path: Path) -> None:
    path = mirror(tmp_path) / DATA / f"session_statistics.{STAMPS[0]}.data"
    path.write_text("SourceFiles 1\nSourceFileSize 0\n")
    assert found(tmp_path).points[0].reading.fault == "empty"


def test_errors_of_the_last_session_are_told(tmp_path: Path) -> None:
    data = mirror(tmp_path) / DATA
    (data / f"session_statistics.{STAMPS[0]}.data").write_text("SourceFiles 9\nErrors 3\n")
    (data / f"error_log.{STAMPS[0]}.data").write_text("SpecialFileError paie.odt")
    answer = found(tmp_path)
    assert "3\u00a0fichiers non copiés" in answer.points[0].reading.evidence
    assert [each.code for each in answer.anomalies] == [Trouble.MISSING_PART]


def test_a_hurried_look_says_that_the_end_was_not_seen(tmp_path: Path) -> None:
    assert found(mirror(tmp_path), seconds=-1).points[0].reading.fault == "end-not-seen"


def test_a_link_for_a_file_is_not_followed(tmp_path: Path) -> None:
    data = mirror(tmp_path) / DATA
    for name in (f"session_statistics.{STAMPS[0]}.data", f"mirror_metadata.{STAMPS[0]}.snapshot.gz"):
        (data / name).unlink()
        (data / name).symlink_to("/dev/zero")
    answer = found(tmp_path)
    assert (answer.points[0].size, answer.points[0].reading.fault) == (0, "end-not-seen")


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-11-20T02:00:12+01:00", datetime(2026, 11, 20, 1, 0, 12, tzinfo=UTC)),
        ("2026-11-20T02-00-12+01-00", datetime(2026, 11, 20, 1, 0, 12, tzinfo=UTC)),
        ("2026-11-20T02:00:12Z", datetime(2026, 11, 20, 2, 0, 12, tzinfo=UTC)),
        ("2026-11-20T02-00-12-03-30", datetime(2026, 11, 20, 5, 30, 12, tzinfo=UTC)),
        ("2026-02-30T02:00:12Z", None),
        ("0001-01-01T00:00:00+20:00", None),
        ("2026-11-20T02:00:12+99:00", None),
    ],
)
def test_times_in_names(stamp: str, expected: datetime | None) -> None:
    assert moment_of(stamp) == (expected.timestamp() if expected else None)


def test_colons_that_were_quoted_are_read() -> None:
    (session,) = sessions_of([Entry("current_mirror.2026-11-20T02;05800;05812Z.data", Kind.FILE, 9, 0.0)])
    assert session.moment == datetime(2026, 11, 20, 2, 0, 12, tzinfo=UTC).timestamp()


@given(st.text(max_size=40))
def test_any_name_is_read_without_a_crash(name: str) -> None:
    sessions_of([Entry(f"current_mirror.{name}", Kind.FILE, 0, None), Entry(name, Kind.FILE, 0, None)])


def test_a_far_mirror_is_asked_for_its_last_account_alone(tmp_path: Path) -> None:
    answer = found(mirror(tmp_path), far=True)
    assert [each.size for each in answer.points] == [900, 0, 0, 0, 0]
    assert {each.reading.fault for each in answer.points} == {""}


def test_metadata_too_long_to_be_followed_are_not_called_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdiff_backup, "METADATA_BYTES", 100)
    assert found(mirror(tmp_path)).points[0].reading.fault == "end-not-seen"
    assert found(tmp_path, deep=True).points[0].reading.fault == ""


def test_a_mirror_between_two_sessions_says_the_worst(tmp_path: Path) -> None:
    data = mirror(tmp_path) / DATA
    (data / f"mirror_metadata.{STAMPS[0]}.snapshot.gz").unlink()
    (data / "current_mirror.2026-11-21T02:00:00+01:00.data").write_text("PID 7\n")
    answer = found(tmp_path, now=NOW + timedelta(days=3))
    assert {each.reading.fault or answer.reading.fault for each in answer.points} == {"incomplete"}

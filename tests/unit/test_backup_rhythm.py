"""The jobs that names tell, their rhythm, and copies that have collapsed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import Copy, DateKind, Encrypted, Role
from cyberaudit.facts.backup_samples import COPY
from cyberaudit.probes.stores import rhythm
from cyberaudit.probes.stores.inspection import Found, Point
from cyberaudit.probes.stores.jobs import is_later_volume, job_of, series_name
from cyberaudit.probes.stores.reading import COLLAPSED, Reading
from cyberaudit.probes.stores.rhythm import Rhythms, shown_job, told_by_name
from cyberaudit.probes.stores.sizes import against_usual_size

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
HOUR, DAY = 3600.0, 86400.0

MASKED = [
    ("mairie-2026-11-20.tar.gpg", "mairie-#-#-#.tar.gpg"),
    ("mairie-20261120.7z", "mairie-#.7z"),
    ("mairie_20.11.2026.zip", "mairie_#.#.#.zip"),
    ("mairie-2026-11-20T02-00-12.sql.gz", "mairie-#-#-#T#-#-#.sql.gz"),
    ("mairie-20261120_020012.sql.gz", "mairie-#_#.sql.gz"),
    ("srv1-base-2026-11-20.sql", "srv1-base-#-#-#.sql"),
    ("srv2-base-2026-11-20.sql", "srv2-base-#-#-#.sql"),
    ("vzdump-qemu-101-2026_11_20-02_00_03.vma.zst", "vzdump-qemu-101-#_#_#-#_#_#.vma.zst"),
    ("sauvegarde-00042-2026-11-20.zip", "sauvegarde-#-#-#-#.zip"),
    ("base-lundi.sql", "base-#.sql"),
    ("base.Jeudi.sql", "base.#.sql"),
    ("paie-novembre.zip", "paie-#.zip"),
    ("paie-2026-S47.zip", "paie-#-S#.zip"),
    ("mairie-A.zip", "mairie-#.zip"),
    ("mairie-B.zip", "mairie-#.zip"),
    ("base (2).zip", "base (#).zip"),
    ("base.7z.001", "base.7z.001"),
    ("a3.part2.rar", "a#.part2.rar"),
    ("full-2026-11-20.tar", "full-#-#-#.tar"),
    ("diff-2026-11-20.tar", "diff-#-#-#.tar"),
    ("dump-3f2a9c1d77.sql", "dump-#.sql"),
    ("dump-1763600000.sql", "dump-#.sql"),
    ("mardigras.zip", "mardigras.zip"),
    ("budget.zip", "budget.zip"),
]


@pytest.mark.parametrize(("name", "expected"), MASKED)
def test_a_job_is_the_name_without_what_changes(name: str, expected: str) -> None:
    assert series_name(name) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("lundi", "base.sql"), "#/base.sql"),
        (("2026-11-20", "base.sql"), "#-#-#/base.sql"),
        (("daily.3", "base.sql"), "daily.#/base.sql"),
        (("srv1", "base.sql"), "srv1/base.sql"),
        (("etat-civil", "base-7.sql"), "etat-civil/base-#.sql"),
    ],
)
def test_two_machines_have_two_jobs_and_a_turn_is_one(parts: tuple[str, ...], expected: str) -> None:
    assert job_of(parts) == expected


@pytest.mark.parametrize(
    ("name", "later"),
    [
        ("a.part1.rar", False),
        ("a.part2.rar", True),
        ("a.7z.001", False),
        ("a.7z.002", True),
        ("a.zip", False),
    ],
)
def test_later_volumes_are_no_copies_by_themselves(name: str, later: bool) -> None:
    assert is_later_volume(name) is later


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=4))
def test_any_name_has_a_job_and_a_date(parts: list[str]) -> None:
    assert isinstance(job_of(tuple(parts)), str)
    assert told_by_name(tuple(parts), NOW.timestamp()) <= NOW.timestamp()
    assert len(shown_job(job_of(tuple(parts)))) <= 80


@given(
    st.dates(min_value=date(2001, 1, 1), max_value=date(2099, 12, 31)),
    st.integers(0, 40 * 365),
)
def test_a_name_never_makes_a_copy_younger(day: date, age: int) -> None:
    written = NOW.timestamp() - age * DAY
    for name in (f"base-{day:%Y-%m-%d}.sql", f"base-{day:%d-%m-%Y}.sql", f"base-{day:%Y%m%d}.sql"):
        assert told_by_name((name,), written) <= written


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("base-2026-10-01.sql", datetime(2026, 10, 1, tzinfo=UTC)),
        ("base-01-10-2026.sql", datetime(2026, 10, 1, tzinfo=UTC)),
        ("base-2026-11-20.sql", NOW),
        ("base-2026-11-19.sql", NOW),
        ("base-2026-10-01-jusqua-2027-01-01.sql", datetime(2026, 10, 1, tzinfo=UTC)),
        ("du-2019-01-01-au-2026-11-20.sql", NOW),
        ("base-2026-02-31.sql", NOW),
        ("base-2027-01-01.sql", NOW),
        ("base.sql", NOW),
    ],
)
def test_the_older_of_the_name_and_of_the_file_is_believed(name: str, expected: datetime) -> None:
    assert told_by_name((name,), NOW.timestamp()) == expected.timestamp()


def noted(*files: tuple[str, float], credible: bool = True) -> Rhythms:
    """(path, hours ago) of each."""
    rhythms = Rhythms()
    for path, hours in files:
        *folder, name = path.split("/")
        rhythms.note(tuple(folder), name, NOW.timestamp() - hours * HOUR, credible=credible)
    return rhythms


def copy(series: str, *, hours: float = 1, size: int = 1000, kind: DateKind = DateKind.EXACT) -> Copy:
    written = NOW - timedelta(hours=hours)
    return replace(COPY, series=series, store="", size=size, written_at=written, date_kind=kind, fault="")


def test_a_nightly_job_with_a_hole() -> None:
    nights = [0, 1, 2, 3, 9, 10]
    (series,) = noted(*((f"base-{night}.sql", 24 * night) for night in nights)).series((), ())
    assert (series.name, series.count, series.period_hours, series.longest_gap_hours) == (
        "base-#.sql",
        6,
        24.0,
        144.0,
    )
    assert series.newest_at == NOW
    assert series.oldest_at == NOW - timedelta(days=10)
    assert series.dates_kind is DateKind.EXACT


def test_two_jobs_of_one_folder_are_two_series() -> None:
    files = [
        (f"{job}-{night}.{end}", 24 * night)
        for night in range(4)
        for job, end in (("base", "sql"), ("docs", "tar"))
    ]
    assert {each.name for each in noted(*files).series((), ())} == {"base-#.sql", "docs-#.tar"}


def test_one_run_of_several_dumps_is_one_moment() -> None:
    files = [(f"base{dump}.sql", 24 * night + dump / 60) for night in range(4) for dump in range(9)]
    (series,) = noted(*files).series((), ())
    assert (series.count, series.period_hours) == (36, 24.0)


def test_a_rotation_by_weekday_has_its_rhythm() -> None:
    days = ["lundi", "mardi", "mercredi", "jeudi", "vendredi"]
    (series,) = noted(*((f"base-{day}.sql", 24 * rank) for rank, day in enumerate(days))).series((), ())
    assert (series.name, series.period_hours, series.dates_kind) == ("base-#.sql", 24.0, DateKind.EXACT)


def test_copies_that_lost_their_dates_give_upper_bounds_or_the_days_of_their_names() -> None:
    (lost,) = noted(*((f"base-{rank}.sql", 1) for rank in range(5))).series((), ())
    assert (lost.dates_kind, lost.period_hours) == (DateKind.UPPER_BOUND, None)
    (named,) = noted(*((f"base-2026-10-{day:02}.sql", 1) for day in range(1, 11))).series((), ())
    assert (named.dates_kind, named.period_hours) == (DateKind.UPPER_BOUND, 24.0)
    assert named.newest_at == datetime(2026, 10, 10, tzinfo=UTC)


def test_future_dates_count_but_are_no_date() -> None:
    assert (
        noted(("base-1.sql", -100), ("base-2.sql", -90), ("base-3.sql", -80), credible=False).series((), ())
        == ()
    )


def test_one_file_alone_is_a_series_only_when_it_is_a_copy() -> None:
    rhythms = noted(("photos.zip", 5))
    assert rhythms.series((), ()) == ()
    (series,) = rhythms.series((copy("photos.zip", kind=DateKind.UPPER_BOUND),), ())
    assert (series.count, series.period_hours, series.dates_kind) == (1, None, DateKind.UPPER_BOUND)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rhythm, "MOST_JOBS", 3)
    monkeypatch.setattr(rhythm, "MOST_MOMENTS", 5)
    rhythms = noted(
        *((f"base-{rank}.sql", rank) for rank in range(100)), *((f"{letter}x.sql", 1) for letter in "cdefgh")
    )
    (series,) = rhythms.series((), ())
    assert (len(rhythms.jobs), series.count, series.newest_at) == (3, 100, NOW)
    assert series.oldest_at == NOW - timedelta(hours=99)


def point(hours: float, *, series: str = "", kind: DateKind = DateKind.EXACT) -> Point:
    reading = Reading("restic", Encrypted.YES, "")
    return Point("a", reading, 10, NOW.timestamp() - hours * HOUR, kind, "", Role.SNAPSHOT, series)


def test_a_repository_is_one_series_or_one_for_each_job_it_tells() -> None:
    reading = Reading("restic", Encrypted.YES, "")
    whole = Found("restic", reading, tuple(point(24 * night) for night in range(4)))
    (series,) = Rhythms().series((), [(("nas", "depot"), whole)])
    assert (series.name, series.store, series.count, series.period_hours) == (
        "restic nas/depot",
        "nas/depot",
        4,
        24.0,
    )
    jobs = Found("pbs", reading, tuple(point(24 * night, series=f"vm/{night % 2}") for night in range(6)))
    assert {(each.name, each.period_hours) for each in Rhythms().series((), [((), jobs)])} == {
        ("vm/0", 48.0),
        ("vm/1", 48.0),
    }


def test_the_dates_beyond_the_points_count_and_the_worst_kind_rules() -> None:
    reading = Reading("restic", Encrypted.YES, "")
    moments = tuple(NOW.timestamp() - rank * DAY for rank in range(300))
    points = (point(0), point(24, kind=DateKind.UPPER_BOUND), point(48, kind=DateKind.LOWER_BOUND))
    found = Found("restic", reading, points, more_points=297, moments=moments)
    (series,) = Rhythms().series((), [((), found)])
    assert (series.count, series.dates_kind, series.oldest_at) == (
        300,
        DateKind.UPPER_BOUND,
        NOW - timedelta(days=299),
    )
    (lower,) = Rhythms().series((), [((), Found("mirror", reading, points[2:]))])
    assert lower.dates_kind is DateKind.LOWER_BOUND


def sizes(*those: int) -> list[str]:
    """The faults of copies of these sizes, oldest first."""
    made = [copy("base-#.sql", hours=24 * (len(those) - rank), size=size) for rank, size in enumerate(those)]
    return [each.fault for each in against_usual_size(made)]


@pytest.mark.parametrize(
    ("those", "collapsed"),
    [
        ((1000, 1000, 1000, 10), {3}),
        ((1000, 1000, 10), set()),
        ((1000, 1000, 1000, 1000, 1000, 20, 20, 20), {5, 6, 7}),
        ((1000, 50, 60, 1000, 50, 60, 1000, 1000, 50, 1000), set()),
        ((1000, 50, 60, 1000, 50, 60, 1000, 1000, 5, 1000), {8}),
        ((0, 0, 0, 0), set()),
    ],
)
def test_a_dump_that_breaks_stays_broken_and_full_and_differential_take_turns(
    those: tuple[int, ...], collapsed: set[int]
) -> None:
    assert {rank for rank, fault in enumerate(sizes(*those)) if fault == COLLAPSED} == collapsed


def test_like_is_compared_with_like() -> None:
    full = [copy("full-#.tar", hours=hours, size=1000) for hours in range(5)]
    diff = [copy("diff-#.tar", hours=hours, size=10) for hours in range(5)]
    assert {each.fault for each in against_usual_size([*full, *diff])} == {""}

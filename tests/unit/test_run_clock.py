"""A clock that is wrong removes nothing, and is spoken of; a mistake of ours in `weekly` is written to somebody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.history.outbox import outbox_path
from cyberaudit.history.store import open_history
from cyberaudit.history.trace import CLOCK_SKEW
from cyberaudit.probes.instruments import Options
from cyberaudit.run.clock import LEAP, PROVEN, leap, went_back
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.run.last_weekly import LastWeekly, last_of_profile, remember
from cyberaudit.run.scan import Request
from cyberaudit.run.status import status_of_profile
from cyberaudit.run.weekly import Week, weekly
from tests.unit import towns
from tests.unit.test_run_notify import kept
from tests.unit.test_run_weekly import sent_to

pytestmark = pytest.mark.unit

NOW = towns.NOW
DAY, WEEK = timedelta(days=1), timedelta(days=7)
TOWN = "ville"
PROFILE = f"""schema_version: 1
commune: {{id: {TOWN}, name: "L'Haÿ-d'Essai", insee: "99001", population: 900}}
authorization: {{signed_by: M, role: maire, signed_on: 2026-01-02, until: 2099-12-31, addresses: [], domains: []}}
delivery:
  recipients: [{{address: mairie@ville.example, role: secretary}}, {{address: p@ville.example, role: contractor}}]
  relay: "127.0.0.1:1"
  sender: cyberaudit@ville.example
"""


def years(*, until: datetime, weeks: int = 156) -> list[datetime]:
    return [until - number * WEEK for number in range(weeks)]


@pytest.mark.parametrize(
    ("started", "expected"),
    [
        ([], None),
        ([NOW], None),
        (years(until=NOW - WEEK), None),
        # A pause of four months is none.
        (years(until=NOW - LEAP), None),
        (years(until=NOW - LEAP - DAY), (NOW - LEAP - DAY, NOW)),
        # The week after, and until the date has proved itself.
        ([NOW, *years(until=NOW - 365 * DAY)], (NOW - 365 * DAY, NOW)),
        ([NOW - WEEK, *years(until=NOW - 365 * DAY)], (NOW - 365 * DAY, NOW - WEEK)),
        ([*years(until=NOW, weeks=5), *years(until=NOW - 365 * DAY)], (NOW - 365 * DAY, NOW - 4 * WEEK)),
        ([*years(until=NOW, weeks=6), *years(until=NOW - 365 * DAY)], None),
        # Of days to come: a clock that was wrong once stops nothing for years.
        ([NOW + 4000 * DAY, *years(until=NOW)], None),
        ([NOW + CLOCK_SKEW, *years(until=NOW)], None),
    ],
)
def test_a_date_far_from_all_that_is_kept_is_doubted(
    started: list[datetime], expected: tuple[datetime, datetime] | None
) -> None:
    assert leap(started, now=NOW) == expected


@given(st.lists(st.integers(-4000, 4000)), st.integers(0, 4000))
def test_a_gap_is_one_that_nothing_stands_in(days: list[int], pause: int) -> None:
    started = [NOW + number * DAY for number in days]
    found = leap(started, now=NOW)
    if found is not None:
        before, after = found
        assert after - before > LEAP
        assert NOW - after < PROVEN
        assert not any(before < each < after for each in started)
    assert leap([*started, *years(until=NOW, weeks=6)], now=NOW) is None


@pytest.mark.parametrize(
    ("before", "is_told"),
    [(None, False), (NOW - WEEK, False), (NOW + CLOCK_SKEW, False), (NOW + 2 * CLOCK_SKEW, True)],
)
def test_a_clock_that_went_back_is_told(before: datetime | None, is_told: bool) -> None:
    assert bool(went_back(before, now=NOW, zone=UTC)) is is_told


def week(folder: Path, at: datetime) -> Week:
    (folder / "ville.yaml").write_text(PROFILE, "utf-8")
    config = folder / "config.yaml"
    config.write_text("{}")
    config.chmod(0o600)
    request = Request(
        profile=folder / "ville.yaml",
        history=folder / "history.sqlite3",
        options=Options(),
        now=at,
        clock=at,
        config=config,
    )
    return Week(request, None, 0, 24, relay_at="", clock=lambda: at)


def stored(folder: Path) -> int:
    with open_history(folder / "history.sqlite3", create=False) as history:
        return history.count()


@pytest.fixture
def three_years(tmp_path: Path) -> Path:
    town = towns.renamed(towns.town(towns.practice("mfa")), TOWN)
    for at in years(until=NOW, weeks=150)[::10]:
        kept(tmp_path / "history.sqlite3", at, town=town)
    return tmp_path


def test_weekly_prunes_when_the_date_is_that_of_a_week_later(three_years: Path) -> None:
    done = weekly(week(three_years, NOW + WEEK))
    assert not done.doubt
    assert stored(three_years) < 15


def test_weekly_removes_nothing_when_the_clock_leaps_and_says_so(three_years: Path) -> None:
    """As a machine without battery: year 2038. Both times: the second control stands beside the first."""
    for number, at in enumerate(
        (datetime(2038, 1, 19, 6, tzinfo=UTC), datetime(2038, 1, 26, 6, tzinfo=UTC)), 1
    ):
        done = weekly(week(three_years, at))
        assert "Vérifiez la date de cette machine." in " ".join(done.complaints)
        assert stored(three_years) == 15 + number
        assert "2038" in done.doubt
    found = status_of_profile(three_years / "ville.yaml", three_years / "history.sqlite3", now=NOW + WEEK)
    assert found.ended_in_the_future
    assert not found.is_well


def test_weekly_prunes_again_once_the_date_has_proved_itself(three_years: Path) -> None:
    first = NOW + 200 * DAY
    counts = []
    for number in range(7):
        done = weekly(week(three_years, first + number * WEEK))
        counts.append((bool(done.doubt), stored(three_years) < 16 + number))
    assert counts == [(True, False)] * 5 + [(False, True)] * 2


def test_weekly_removes_nothing_when_the_clock_went_back_and_says_so_once(three_years: Path) -> None:
    asked = week(three_years, NOW + WEEK)
    later = NOW + 30 * DAY
    remember(asked.scan.history, asked.scan.profile, LastWeekly("", TOWN, later, later, 0, ()))
    done = weekly(asked)
    assert "Vérifiez sa date." in " ".join(done.complaints)
    assert stored(three_years) == 16
    assert not weekly(week(three_years, NOW + WEEK + DAY)).doubt


def test_an_authorization_that_is_over_is_told_with_the_doubt(three_years: Path) -> None:
    asked = week(three_years, datetime(2101, 1, 1, tzinfo=UTC))
    done = weekly(asked)
    assert done.code is ExitCode.USAGE
    assert len(done.complaints) >= 2
    assert sent_to(three_years, TOWN) == [("contractor", "problem")]


class Ours(ZeroDivisionError):
    """A mistake of ours."""


def stumble(_: object) -> tuple[str, ...]:
    raise Ours


def interrupt(_: object) -> tuple[str, ...]:
    raise KeyboardInterrupt


def test_a_mistake_of_ours_is_written_to_the_contractor_once_a_week(tmp_path: Path) -> None:
    for day, mails in ((0, 1), (2, 1), (7, 2)):
        asked = replace(week(tmp_path, NOW + day * DAY), write=stumble)
        with pytest.raises(Ours):
            weekly(asked)
        assert sent_to(tmp_path, TOWN) == [("contractor", "problem")] * mails
        last = last_of_profile(asked.scan.history, asked.scan.profile)
        assert last is not None
        assert last.code == 3
        assert "(Ours)" in last.sentences[0]


def test_an_interruption_is_no_mistake_of_ours(tmp_path: Path) -> None:
    asked = replace(week(tmp_path, NOW), write=interrupt)
    with pytest.raises(KeyboardInterrupt):
        weekly(asked)
    assert not outbox_path(asked.scan.history).exists()
    last = last_of_profile(asked.scan.history, asked.scan.profile)
    assert last is not None
    assert (last.code, last.sentences) == (130, ())

"""What the history adds to a report: the changes, the levels of the months before, and today's choices."""

import json
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.cli.screen import tells_levels
from cyberaudit.declared import Adoption, Answer, Ceiling, Town
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.errors import HistoryError, UsageError
from cyberaudit.french import NBSP
from cyberaudit.history.store import open_history
from cyberaudit.history.transitions import Transition
from cyberaudit.model import Audit
from cyberaudit.probes.instruments import Options
from cyberaudit.reports import json_report, markdown, sarif
from cyberaudit.reports.change_words import Section
from cyberaudit.reports.console import Detail
from cyberaudit.run.communes import choose_commune
from cyberaudit.run.lately import NO_CHANGES, NO_LEVEL
from cyberaudit.run.report import as_chosen_today, report
from cyberaudit.run.scan import Request, scan
from cyberaudit.run.tell import Told
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
YES = towns.town(towns.practice("mfa", towns.declaration(Answer.YES)), towns.domain())
NO = towns.town(towns.practice("mfa", towns.declaration(Answer.NO)), towns.domain())
NOW = towns.NOW


def audit(at: datetime, town: Town = YES, *, vantage: str = "outside", partial: bool = False) -> Audit:
    seen = tuple(replace(each, seen_at=at) for each in towns.sound_domain())
    return Audit(
        uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{town.id} {at} {vantage}")),
        town=town,
        vantage=vantage,
        scanned_by="",
        started_at=at,
        finished_at=at + timedelta(minutes=2),
        partial=partial,
        rules=CATALOGUE.rules(town),
        program="0",
        observations=seen,
        findings=judge(town, CATALOGUE, seen, vantage=vantage, now=at),
    )


def kept(path: Path, *audits: Audit) -> Path:
    with open_history(path, create=True) as history:
        for each in audits:
            history.save(each)
    return path


def told(path: Path, *, now: datetime = NOW, profile: Town | None = None, with_levels: bool = True) -> Told:
    return report(path, CATALOGUE, commune=None, now=now, with_levels=with_levels, profile=profile)


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def damage(path: Path, which: Audit) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE audits SET document = x'00' WHERE uuid = ?", (which.uuid,))


WEEK = timedelta(days=7)
IMPROVED = "Depuis le 14 novembre : 1 amélioration."


def test_two_controls_a_week_apart_are_compared_in_every_format(tmp_path: Path) -> None:
    view = told(kept(tmp_path / "h", audit(NOW - WEEK, NO), audit(NOW, YES))).view
    assert view.changes
    assert plain(view.changes.sentence) == IMPROVED
    document = json.loads(json_report.render(view))
    assert plain(document["changes"]["sentence"]) == IMPROVED
    assert IMPROVED in plain(markdown.render(view))
    mfa = next(each for each in view.points if each.check == "practice.mfa")
    assert (mfa.since_last, mfa.since_last_word) == (Transition.SOLVED, "réglé")
    others = [each for each in view.points if each is not mfa]
    assert {each.since_last for each in others} == {Transition.SAME}
    states = {
        each["baselineState"] for each in json.loads(sarif.render(view, places={}))["runs"][0]["results"]
    }
    assert states == {"updated", "unchanged"}


def test_a_first_control_has_nothing_to_compare_with_and_no_past(tmp_path: Path) -> None:
    view = told(kept(tmp_path / "h", audit(NOW))).view
    assert view.changes
    assert plain(view.changes.sentence) == "Premier contrôle : rien à comparer."
    assert view.trend is None
    assert {each.since_last for each in view.points} == {None}
    assert "baselineState" not in sarif.render(view, places={})


def test_an_interrupted_control_is_neither_compared_with_nor_a_level(tmp_path: Path) -> None:
    cut = audit(NOW - timedelta(days=2), NO, partial=True)
    view = told(kept(tmp_path / "h", audit(NOW - WEEK, NO), cut, audit(NOW, YES))).view
    assert view.changes
    assert plain(view.changes.sentence) == IMPROVED
    assert view.trend
    assert [each.day for each in view.trend.points] == [date(2026, 11, 14), date(2026, 11, 21)]


def test_two_places_on_one_day_are_one_visit_and_one_level(tmp_path: Path) -> None:
    path = kept(
        tmp_path / "h",
        audit(NOW - WEEK - timedelta(hours=1), NO, vantage="lan"),
        audit(NOW - WEEK, NO),
        audit(NOW - timedelta(hours=1), YES, vantage="lan"),
        audit(NOW, YES),
    )
    view = told(path).view
    assert view.changes
    assert plain(view.changes.sentence) == IMPROVED
    assert view.trend
    assert len(view.trend.points) == 2


MONTHS = [datetime(2026, month, 14, 9, tzinfo=UTC) for month in (7, 8, 9, 10)]


def test_each_level_is_the_one_that_the_report_of_that_day_printed(tmp_path: Path) -> None:
    path, printed = tmp_path / "h", []
    for number, at in enumerate([*MONTHS, NOW]):
        kept(path, audit(at, NO if number < 3 else YES))
        level = told(path, now=at).view.level
        printed.append((at.date(), level.shown_low, level.shown_high, level.word))
    trend = told(path).view.trend
    assert trend
    assert [(each.day, each.low, each.high, each.word) for each in trend.points] == printed
    assert printed[0][1] < printed[-1][1]
    first, last = printed[0][1], printed[-1][1]
    assert plain(trend.sentence) == (
        f"Le niveau était de {first} sur 100 le 14 juillet 2026, il est de {last} le 21 novembre 2026."
    )


@pytest.mark.parametrize(
    ("days", "now", "expected"),
    [
        # One a month: its last; of this month, the last before the newest.
        (
            ("09-03", "09-28", "10-05", "11-02", "11-14", "11-21"),
            "11-21",
            ("09-28", "10-05", "11-14", "11-21"),
        ),
        # Two on the day of the newest are one level.
        (("11-21",), "11-21", ()),
        # Read the day after, the report has one level a month still.
        (("11-14", "11-21"), "11-22", ("11-14", "11-22")),
        # Read in another month, the newest control is the last of its own.
        (("11-02", "11-14"), "12-10", ("11-14", "12-10")),
        # What came after the moment of the report does not count.
        (("10-05", "11-02", "11-20"), "11-03", ("10-05", "11-03")),
    ],
)
def test_the_levels_are_one_a_month(
    tmp_path: Path, days: Sequence[str], now: str, expected: Sequence[str]
) -> None:
    path = kept(tmp_path / "h", *(audit(datetime.fromisoformat(f"2026-{day}T09:00Z")) for day in days))
    trend = told(path, now=datetime.fromisoformat(f"2026-{now}T12:00Z")).view.trend
    found = [each.day for each in trend.points] if trend else []
    assert found == [date.fromisoformat(f"2026-{day}") for day in expected]


def test_a_year_of_levels_at_most(tmp_path: Path) -> None:
    months = [datetime(2025 + number // 12, number % 12 + 1, 10, tzinfo=UTC) for number in range(5, 22)]
    trend = told(kept(tmp_path / "h", *map(audit, months), audit(NOW))).view.trend
    assert trend
    assert len(trend.points) == 13
    assert trend.points[0].day == date(2025, 11, 10)


def test_the_levels_are_read_only_when_something_tells_them(tmp_path: Path) -> None:
    path = kept(tmp_path / "h", *map(audit, MONTHS), audit(NOW))
    assert told(path, with_levels=False).view.trend is None


@pytest.mark.parametrize(
    ("wanted", "as_json", "level", "expected"),
    [
        ((), False, Detail.SUMMARY, False),
        ((), False, Detail.WHY, False),
        ((), False, Detail.ALL, True),
        ((), False, Detail.TECHNICAL, True),
        ((), True, Detail.SUMMARY, True),
        (("csv", "sarif", "junit", "text"), False, Detail.SUMMARY, False),
        (("text",), False, Detail.ALL, True),
        (("html",), False, Detail.SUMMARY, True),
        (("markdown",), False, Detail.SUMMARY, True),
    ],
)
def test_what_tells_levels_asks_for_them(
    wanted: tuple[str, ...], as_json: bool, level: Detail, expected: bool
) -> None:
    files = tuple((kind, Path("f")) for kind in wanted)
    assert tells_levels(files, as_json=as_json, level=level) is expected


def test_an_old_control_that_cannot_be_read_costs_only_what_it_would_tell(tmp_path: Path) -> None:
    old = audit(MONTHS[0])
    path = kept(tmp_path / "h", old, audit(MONTHS[2]), audit(NOW - WEEK, NO), audit(NOW, YES))
    damage(path, old)
    view = told(path).view
    assert view.changes
    assert plain(view.changes.sentence) == IMPROVED
    assert view.trend
    assert [each.day.month for each in view.trend.points] == [9, 11, 11]
    assert [plain(each) for each in view.warnings] == [NO_LEVEL]


def test_a_visit_before_that_cannot_be_read_is_said_and_loses_no_report(tmp_path: Path) -> None:
    before = audit(NOW - WEEK, NO)
    path = kept(tmp_path / "h", before, audit(NOW, YES))
    damage(path, before)
    view = told(path, with_levels=False).view
    assert view.changes is None
    assert [plain(each) for each in view.warnings] == [NO_CHANGES]
    assert view.level.asked


def test_today_s_control_that_cannot_be_read_makes_no_report(tmp_path: Path) -> None:
    today = audit(NOW)
    path = kept(tmp_path / "h", today)
    damage(path, today)
    with pytest.raises(HistoryError, match="ne peut pas être lu"):
        told(path)


LATE = Adoption("turn-on-mfa", date(2026, 11, 20), "Jeanne Martin, maire", date(2026, 11, 6))


def planned(town: Town, *adoptions: Adoption, ceilings: tuple[Ceiling, ...] = ()) -> Town:
    return replace(town, plan=replace(town.plan, adoptions=adoptions, ceilings=ceilings))


@pytest.mark.parametrize(
    ("due", "is_late"), [(date(2026, 11, 20), True), (date(2026, 11, 21), False), (date(2027, 3, 31), False)]
)
def test_what_was_adopted_for_a_day_that_is_over_is_told_as_late(
    tmp_path: Path, due: date, is_late: bool
) -> None:
    town = planned(NO, replace(LATE, due=due))
    changes = told(kept(tmp_path / "h", audit(NOW - WEEK, town), audit(NOW, town))).view.changes
    assert changes
    assert [each.section for each in changes.sections] == ([Section.LATE] if is_late else [])


def test_a_report_follows_the_profile_of_today(tmp_path: Path) -> None:
    path = kept(tmp_path / "h", audit(NOW - WEEK, NO), audit(NOW, NO))
    renamed = replace(NO, commune=replace(NO.commune, name="L'Haÿ-Neuve"))
    today = planned(renamed, LATE, ceilings=(Ceiling(2027, 40),))
    before, after = told(path), told(path, profile=today)
    assert after.state.findings == before.state.findings
    assert after.view.commune_name == "L'Haÿ-Neuve"
    (late,) = (each for each in after.view.urgent if each.measure == "turn-on-mfa")
    assert late.standing == "late"
    assert plain(after.view.budget.ceiling) == "Plafond choisi par le maire : 40 € en 2027."
    assert after.view.changes
    assert [each.section for each in after.view.changes.sections] == [Section.LATE]
    assert before.view.budget.ceiling == ""


def test_only_what_was_chosen_replaces_what_was_seen() -> None:
    today = planned(replace(YES, assets=(), scanned_by="Autre"), LATE)
    chosen = as_chosen_today(NO, today)
    assert chosen.plan == today.plan
    assert replace(chosen, plan=NO.plan) == NO


PROFILE = """\
schema_version: 1
commune: {{id: lhay, name: "L'Haÿ-d'Essai", insee: "99001", population: 900}}
authorization: {{signed_by: M, role: maire, signed_on: 2026-11-01, until: 2027-06-30}}
practices:
  mfa: {{answer: {answer}, by: M, on: 2026-11-01}}
plan:
  ceilings: {{2027: {ceiling}}}
"""


def profile(folder: Path, *, answer: str = "no", ceiling: int = 2000) -> Path:
    path = folder / "lhay.yaml"
    path.write_text(PROFILE.format(answer=answer, ceiling=ceiling), encoding="utf-8")
    return path


def scanned(folder: Path, at: datetime, answer: str) -> Request:
    return Request(
        profile(folder, answer=answer),
        folder / "h.sqlite3",
        Options(),
        now=at,
        clock=at,
        vantage="outside",
        with_levels=True,
    )


def test_a_scan_tells_what_changed_since_the_one_before(tmp_path: Path) -> None:
    first = scan(scanned(tmp_path, NOW - WEEK, "no"))
    assert first.told.view.changes
    assert first.told.view.changes.since is None
    second = scan(scanned(tmp_path, NOW, "yes"))
    view = second.told.view
    assert second.complaints == ()
    assert view.changes
    assert plain(view.changes.sentence) == IMPROVED
    assert view.trend
    assert [each.day for each in view.trend.points] == [date(2026, 11, 14), date(2026, 11, 21)]


def test_a_scan_whose_history_cannot_be_opened_still_tells_the_town(tmp_path: Path) -> None:
    (tmp_path / "h.sqlite3").mkdir()
    made = scan(scanned(tmp_path, NOW, "no"))
    assert made.complaints
    assert made.told.view.changes is None
    assert made.told.view.trend is None
    assert made.told.view.level.asked


def report_of(folder: Path, *words: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    code = run(["--history", f"{folder}/h.sqlite3", "report", "--now", "2026-11-22T09:00", "--json", *words])
    assert code in (0, 1, 3)
    document: dict[str, object] = json.loads(capsys.readouterr().out)
    return document


def test_the_command_plans_with_the_profile_that_it_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan(scanned(tmp_path, NOW, "no"))
    path = profile(tmp_path, ceiling=50)
    then = report_of(tmp_path, capsys=capsys)["budget"]
    now = report_of(tmp_path, "--profile", str(path), capsys=capsys)["budget"]
    assert isinstance(then, dict)
    assert isinstance(now, dict)
    assert "2\u202f000" in then["ceiling"]
    assert plain(now["ceiling"]) == "Plafond choisi par le maire : 50 € en 2027."


@pytest.mark.parametrize("commune", [None, YES.id])
def test_a_profile_of_another_commune_is_refused(tmp_path: Path, commune: str | None) -> None:
    path = kept(tmp_path / "h", audit(NOW))
    other = towns.renamed(YES, "ailleurs")
    with pytest.raises(UsageError) as caught:
        report(path, CATALOGUE, commune=commune, now=NOW, profile=other)
    assert plain(str(caught.value)) == f"--profile : ce profil décrit « ailleurs », et non « {YES.id} »."


def test_a_profile_says_which_of_several_communes(tmp_path: Path) -> None:
    other = towns.renamed(YES, "ailleurs")
    path = kept(tmp_path / "h", audit(NOW), audit(NOW, other))
    assert report(path, CATALOGUE, commune=None, now=NOW, profile=other).state.town.id == "ailleurs"


@pytest.mark.parametrize(
    ("stored", "asked", "words"),
    [
        ((), None, "Lancez « cyberaudit scan PROFIL »"),
        (("ville-a", "ville-b"), None, "nommez-en une (ville-a, ville-b)"),
        (("ville-a", "ville-b"), "ville-z", "« ville-z » n'est pas dans l'historique"),
    ],
)
def test_the_commune_must_be_clear(
    tmp_path: Path, stored: tuple[str, ...], asked: str | None, words: str
) -> None:
    path = kept(tmp_path / "h", *(audit(NOW, towns.renamed(YES, each)) for each in stored))
    with open_history(path, create=False) as history, pytest.raises((HistoryError, UsageError)) as caught:
        choose_commune(history, asked)
    assert words in plain(str(caught.value))


def test_the_only_commune_needs_no_name(tmp_path: Path) -> None:
    with open_history(kept(tmp_path / "h", audit(NOW)), create=False) as history:
        assert choose_commune(history, None) == choose_commune(history, YES.id) == YES.id

"""The history told over months: level, themes, adopted dates; and its commands."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import pytest

from cyberaudit.cli.main import run
from cyberaudit.declared import Adoption
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.errors import HistoryError
from cyberaudit.history.document import to_audit
from cyberaudit.history.scan_file import write_scan_file
from cyberaudit.history.store import open_history
from cyberaudit.model import Audit, Basis, SeenFrom, Status, Verdict, finding_identity
from cyberaudit.plan.words import Level, Quarter, Word
from cyberaudit.reports import stored_trend
from cyberaudit.reports.stored_trend import DueQuarter, ThemeTrend, past_view, sparkline
from cyberaudit.reports.trend import LevelOn
from cyberaudit.run import past

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parents[1] / "golden" / "history-audit-v1.json"
BASE = to_audit(json.loads(GOLDEN.read_text(encoding="utf-8")))
NOW = datetime(2026, 11, 21, 22, tzinfo=UTC)
CATALOGUE = load_catalogue(())
ONE, TWO, THREE = "measure-one", "measure-two", "measure-three"
FINDINGS = tuple(
    replace(
        BASE.findings[0], check=check, measure=measure, identity=finding_identity(BASE.town.id, check, "domain/main"),
        asset="domain/main", seen_from=SeenFrom.ANY, basis=Basis.MEASURED,
    )
    for check, measure in (("mail.spf", ONE), ("firewall.database", TWO), ("mail.dkim", THREE))
)  # fmt: skip


def audit(day: date, statuses: dict[str, Status], *, adoptions: tuple[Adoption, ...] = ()) -> Audit:
    """By measure: what each finding of it says that day."""
    moment = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    findings = tuple(
        replace(each, verdict=Verdict(statuses.get(each.measure, Status.PASS), "Vu."), seen_at=moment)
        for each in FINDINGS
    )
    town = replace(BASE.town, plan=replace(BASE.town.plan, adoptions=adoptions), checks=())
    return replace(
        BASE, uuid=str(UUID(int=day.toordinal())), town=town, started_at=moment, finished_at=moment,
        observations=(), findings=findings,
    )  # fmt: skip


def adoption(measure: str, due: date) -> Adoption:
    return Adoption(measure, due, "Jeanne Martin, maire", date(2026, 1, 5))


def kept(path: Path, *audits: Audit) -> Path:
    with open_history(path, create=True) as history:
        for each in audits:
            history.save(each)
    return path


@pytest.fixture
def year(tmp_path: Path) -> Path:
    """ONE mended in May, TWO never; ONE was due in June, TWO in September, and something unheard of next year."""
    adopted = (
        adoption(ONE, date(2026, 6, 30)),
        adoption(TWO, date(2026, 9, 30)),
        adoption("unheard-of", date(2027, 3, 31)),
    )
    return kept(
        tmp_path / "h.sqlite3",
        *(
            audit(
                date(2026, month, 15),
                {ONE: Status.FAIL if month < 5 else Status.PASS, TWO: Status.FAIL},
                adoptions=adopted,
            )
            for month in range(1, 12)
        ),
    )


def test_the_level_and_each_theme_are_told_month_by_month(year: Path) -> None:
    view = past.trend(year, CATALOGUE, commune=None, now=NOW)
    assert view.level is not None
    assert [point.day.month for point in view.level.points] == list(range(1, 12))
    lows = [point.low for point in view.level.points]
    assert lows[3] < lows[4] == lows[-1] < 100
    assert lows == sorted(lows)
    assert {each.theme for each in view.themes} == {each.theme for each in audit(NOW.date(), {}).findings}
    assert all(len(each.trend.points) == 11 for each in view.themes)


def test_a_control_of_the_first_night_of_a_month_is_of_that_month(tmp_path: Path) -> None:
    night = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)  # half past midnight in the town
    first = replace(audit(date(2026, 11, 1), {}), started_at=night, finished_at=night)
    path = kept(tmp_path / "h.sqlite3", audit(date(2026, 10, 15), {}), first, audit(date(2026, 11, 15), {}))
    view = past.trend(path, CATALOGUE, commune=None, now=NOW)
    assert view.level is not None
    assert [point.day for point in view.level.points] == [date(2026, 10, 15), date(2026, 11, 15)]


def test_the_adopted_dates_are_held_against_what_the_controls_saw(year: Path) -> None:
    told = [each.sentence for each in past.trend(year, CATALOGUE, commune=None, now=NOW).quarters]
    assert [each.replace("\u00a0", " ") for each in told] == [
        "1 action prévue : 1 faite à temps.",
        "1 action prévue : 1 en retard.",
        "1 action prévue : 1 à venir.",
    ]


def test_what_was_mended_after_its_quarter_is_done_later(tmp_path: Path) -> None:
    adopted = (adoption(ONE, date(2026, 3, 31)),)
    path = kept(
        tmp_path / "h.sqlite3",
        audit(date(2026, 4, 15), {ONE: Status.FAIL}, adoptions=adopted),
        audit(date(2026, 5, 15), {ONE: Status.PASS}, adoptions=adopted),
        audit(date(2026, 6, 15), {ONE: Status.PASS}, adoptions=adopted),
    )
    (found,) = past.trend(path, CATALOGUE, commune=None, now=NOW).quarters
    assert (found.planned, found.in_time, found.later, found.late) == (1, 0, 1, 0)


def test_what_nobody_knows_is_not_done(tmp_path: Path) -> None:
    adopted = (adoption(ONE, date(2026, 3, 31)),)
    path = kept(tmp_path / "h.sqlite3", audit(date(2026, 11, 15), {ONE: Status.UNKNOWN}, adoptions=adopted))
    (found,) = past.trend(path, CATALOGUE, commune=None, now=NOW).quarters
    assert (found.in_time, found.later, found.late) == (0, 0, 1)


def test_without_a_complete_control_there_is_no_trend(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", replace(audit(date(2026, 11, 15), {}), partial=True))
    with pytest.raises(HistoryError, match="Aucun contrôle complet"):
        past.trend(path, CATALOGUE, commune=None, now=NOW)


def level(low: int) -> Level:
    return Level(Fraction(low), Fraction(low), Word.FRAGILE, "", answered=3, asked=3, on_word_points=0)


def test_bars_have_eight_heights_and_words_beside_them() -> None:
    days = [date(2026, month, 1) for month in range(1, 10)]
    levels = [
        LevelOn(day, level(low)) for day, low in zip(days, (0, 12, 13, 30, 49, 50, 80, 99, 100), strict=True)
    ]
    view = past_view(
        "L'Haÿ",
        levels,
        themes=[ThemeTrend("mail", tuple(levels)), ThemeTrend("firewall", tuple(levels[:1]))],
        quarters=[DueQuarter(Quarter(2026, 1), ("a", "b", "c"), ("a",), (), ("b",))],
        titles={"b": "Fermer la porte"},
    )
    assert view.level is not None
    assert sparkline(view.level.points) == "▁▁▂▃▄▅▇██"
    text = stored_trend.render(view, width=60).replace("\u00a0", " ")
    assert "Courrier électronique : Le niveau était de 0 sur 100" in " ".join(text.split())
    assert "1er trimestre 2026 : 3 actions prévues" in text
    assert "- en retard : Fermer la porte" in text
    assert max(map(len, text.splitlines())) <= 60
    simple = stored_trend.render(view, width=60, simple=True)
    assert not set(stored_trend.BARS) & set(simple)
    assert json.loads(stored_trend.to_json(view))["quarters"][0]["to_come"] == 1


def test_one_month_alone_and_no_adopted_date_are_said(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", audit(date(2026, 11, 15), {}))
    text = stored_trend.render(past.trend(path, CATALOGUE, commune=None, now=NOW))
    assert "Un seul mois de contrôles" in text
    assert "Aucune date n'est adoptée" in text


def history(path: Path, *words: str) -> int:
    return run(["history", *words, "--history", str(path)])


def test_the_commands_tell_and_ask_before_they_remove(year: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, now = year.parent, ("--now", "2040-01-01")
    assert history(year, "list") == 0
    assert history(year, "trend", "--now", NOW.isoformat()) == 0
    assert history(year, "trend", "--now", NOW.isoformat(), "--json", "--months", "3") == 0
    assert history(year, "check") == 0
    assert history(year, "check", "--json") == 0
    assert history(year, "backup", str(folder / "copy.sqlite3")) == 0
    assert history(year, "export", str(folder / "out")) == 0
    assert history(year, "export", str(folder / "out"), "--json") == 0
    assert history(folder / "new.sqlite3", "import", str(folder / "out")) == 0
    assert history(year, "prune", "--keep", "12m", *now) == 2
    assert history(year, "prune", "--keep", "12m", "--yes", *now) == 0
    assert history(year, "prune", "--keep", "12m", "--yes", *now) == 0
    assert history(year, "forget", BASE.town.id) == 2
    assert history(year, "forget", BASE.town.id, "--yes") == 0
    out, err = (text.replace("\u00a0", " ") for text in capsys.readouterr())
    for sentence in (
        "Évolution de ", "L'historique est entier : 11 contrôles gardés", "L'historique est copié.",
        "11 contrôles écrits.", "Contrôle 000", "contrôles à retirer, du", "Rien à retirer.", "contrôles retirés.",
    ):  # fmt: skip
        assert sentence in out
    assert err.count("Ajoutez --yes pour retirer") == 2


def test_the_commands_say_what_is_damaged_and_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sqlite3
    from contextlib import closing

    path = kept(tmp_path / "h.sqlite3", *(audit(date(2026, 11, day), {}) for day in range(1, 26)))
    assert history(path, "list") == 0
    assert "Et 5 autres contrôles plus anciens" in capsys.readouterr().out.replace("\u00a0", " ").replace(
        "\n", " "
    )
    assert history(path, "list", "--all") == 0
    assert len(capsys.readouterr().out.splitlines()) >= 25
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE audits SET document = x'ffff' WHERE uuid = (SELECT min(uuid) FROM audits)")
    assert history(path, "check") == 1
    assert history(path, "export", str(tmp_path / "out")) == 2
    (tmp_path / "out" / "a.cya").write_text("bonjour")
    write_scan_file(audit(date(2026, 10, 1), {}), tmp_path / "out" / "b.cya")
    assert history(path, "import", str(tmp_path / "out")) == 2
    out, err = capsys.readouterr()
    assert "24 contrôles écrits." in out.replace("\u00a0", " ")
    assert "déjà présent" in out
    assert "repris" in out
    assert "a.cya" in err
    assert history(path, "prune", "--keep", "demain") == 2


def test_a_year_begins_so_many_months_ago() -> None:
    assert NOW - past.older_than(12, now=NOW) > timedelta(days=365)

"""The nine letters of Immunité Cyber: what lights each, and the page that tells it."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cyberaudit.cli.main import run
from cyberaudit.declared import Answer, AnyAsset, Town
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.immunity import LETTERS, Immunity, Light, immunity, together
from cyberaudit.history.store import open_history
from cyberaudit.model import Audit, Basis, Finding, SeenFrom, Status, Verdict
from cyberaudit.reports.immunity import result, text
from cyberaudit.town.known import PRACTICES
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 21)
PRACTICES_ASKED = tuple(practice for each in LETTERS for practice in each.practices)
MEASURED = ("backup.exists", "backup.fresh", "vpn.protocols")


def said(*answers: Answer | None) -> Town:
    """The nine practices, answered in the order of the letters."""
    pairs = zip(PRACTICES_ASKED, answers, strict=True)
    given = ((name, towns.declaration(answer) if answer else None) for name, answer in pairs)
    return towns.town(*(towns.practice(name, answer) for name, answer in given))


def finding(check: str, status: Status = Status.PASS, basis: Basis = Basis.MEASURED) -> Finding:
    return Finding(
        identity=check, check=check, title="?", asset="backup/nas", asset_name="Disque",
        verdict=Verdict(status, "Vu."), impact=4, base_likelihood=3, likelihood=3, measure="m",
        seen_from=SeenFrom.LOCAL, basis=basis, contradiction=False, vantage="outside", seen_at=towns.NOW,
    )  # fmt: skip


def lit(town: Town, *findings: Finding, audited_on: date | None = None, today: date = TODAY) -> Immunity:
    return immunity(town, findings, audited_on=audited_on, today=today)


ALL_YES = said(*(Answer.YES,) * 9)
GOOD = tuple(finding(check) for check in MEASURED[:2])


def test_the_letters_spell_immunites_and_each_practice_and_check_exists() -> None:
    assert "".join(each.letter for each in LETTERS) == "IMMUNITÉS"
    assert set(PRACTICES_ASKED) <= set(PRACTICES)
    assert len(set(PRACTICES_ASKED)) == 9
    for check in (name for each in LETTERS for name in each.checks):
        assert CATALOGUE.check(check) is not None
    about = {each.id.partition(".")[2] for each in CATALOGUE.checks if each.id.startswith("practice.")}
    assert set(PRACTICES_ASKED) <= about
    assert "IC" in CATALOGUE.remedies.sources


def test_nine_good_answers_and_good_backups_are_green() -> None:
    found = lit(ALL_YES, *GOOD)
    assert found.light is Light.GREEN
    assert found.to_ask == ()


@pytest.mark.parametrize(
    ("answer", "light"),
    [
        (Answer.YES, Light.GREEN),
        (Answer.PARTIAL, Light.RED),
        (Answer.NO, Light.RED),
        (Answer.UNKNOWN, Light.BLANK),
        (None, Light.BLANK),
    ],
)
def test_each_answer_has_its_colour(answer: Answer | None, light: Light) -> None:
    found = lit(said(answer, *(Answer.YES,) * 8), *GOOD)
    assert found.letters[0].light is light
    assert found.light is light
    assert found.to_ask == (("inventory",) if light is Light.BLANK else ())


def test_an_answer_older_than_twelve_months_is_none() -> None:
    found = lit(ALL_YES, *GOOD, today=date(2027, 10, 2))
    assert found.light is Light.BLANK
    assert len(found.to_ask) == 9


def test_backups_are_measured_and_never_asked() -> None:
    blank = lit(ALL_YES).letters[2]
    assert (blank.light, lit(ALL_YES).to_ask) == (Light.BLANK, ())
    assert lit(ALL_YES, finding("backup.fresh", Status.FAIL)).letters[2].light is Light.RED
    assert lit(ALL_YES, finding("backup.fresh", basis=Basis.DECLARED)).letters[2].light is Light.BLANK
    assert lit(ALL_YES, finding("backup.fresh", Status.UNKNOWN)).letters[2].light is Light.BLANK


def test_a_backup_is_green_only_when_each_question_about_it_was_answered() -> None:
    exists = finding("backup.exists")
    for doubtful in (finding("backup.fresh", Status.UNKNOWN), finding("backup.fresh", basis=Basis.DECLARED)):
        letter = lit(ALL_YES, exists, doubtful).letters[2]
        assert letter.light is Light.BLANK
        assert "À mesurer, « Disque » : Vu." in page(lit(ALL_YES, exists, doubtful)).replace("\u00a0", " ")
    away = replace(finding("backup.fresh", Status.UNKNOWN), asset="backup/usb")
    assert lit(ALL_YES, *GOOD, away).letters[2].light is Light.GREEN
    absent = finding("backup.fresh", Status.NOT_APPLICABLE)
    assert lit(ALL_YES, exists, absent).letters[2].light is Light.GREEN


def test_one_access_that_nobody_could_judge_leaves_the_question_to_a_person() -> None:
    seen = finding("vpn.protocols")
    unseen = replace(finding("vpn.protocols", Status.UNKNOWN), asset="vpn/other")
    nobody = lit(said(*(None,) * 9), seen, unseen)
    assert nobody.letters[6].light is Light.BLANK
    assert "telework" in nobody.to_ask
    assert lit(ALL_YES, seen, unseen).letters[6].light is Light.GREEN
    assert lit(ALL_YES, finding("vpn.protocols", Status.FAIL), unseen).letters[6].light is Light.RED


def test_a_measured_access_or_a_recent_audit_takes_the_place_of_the_answer() -> None:
    nobody = said(*(None,) * 9)
    assert {"telework", "yearly-audit"} <= set(lit(nobody).to_ask)
    found = lit(nobody, finding("vpn.protocols", Status.PARTIAL), audited_on=TODAY)
    assert found.letters[6].light is Light.RED
    assert found.letters[7].light is Light.GREEN
    assert not {"telework", "yearly-audit"} & set(found.to_ask)


def test_a_letter_that_does_not_arise_keeps_the_others_green() -> None:
    answers = [Answer.NOT_APPLICABLE if each == "telework" else Answer.YES for each in PRACTICES_ASKED]
    found = lit(said(*answers), *GOOD)
    assert found.light is Light.GREEN
    assert "1 sans objet" in result(found)


@given(st.lists(st.sampled_from([*Answer, None]), min_size=9, max_size=9))
def test_green_never_hides_a_letter_that_is_not(answers: list[Answer | None]) -> None:
    found = lit(said(*answers), *GOOD)
    lights = {each.light for each in found.letters}
    assert (found.light is Light.GREEN) == (Light.GREEN in lights and not lights & {Light.RED, Light.BLANK})
    assert (found.light is Light.RED) == (Light.RED in lights)


def test_nothing_at_all_does_not_apply() -> None:
    assert together(()) is Light.NOT_APPLICABLE


def page(found: Immunity, *, width: int = 80) -> str:
    return text(found, remedies=CATALOGUE.remedies, names={}, profile="ma mairie.yaml", width=width)


def test_the_page_tells_each_letter_its_source_and_what_to_do() -> None:
    shown = page(lit(said(None, *(Answer.YES,) * 8), *GOOD, audited_on=TODAY)).replace("\u00a0", " ")
    assert "I — Inventaire complet des équipements et des logiciels : SANS RÉPONSE" in shown
    assert "Contrôle complet de cyberaudit le 21 novembre 2026." in shown
    assert "Mesuré, « Disque » : Vu." in shown
    assert "Résultat : à compléter. 8 lettres vertes, 1 sans réponse." in shown
    assert "Gendarmerie nationale" in shown
    assert "ne remplace pas le niveau" in shown
    assert "cyberaudit questions 'ma mairie.yaml' --quick" in shown
    assert "à mesurer par « cyberaudit scan »" in page(lit(ALL_YES)).replace("\u00a0", " ")


@pytest.mark.parametrize("width", [52, 80])
def test_no_line_of_the_page_is_wider_than_asked(width: int) -> None:
    town = said(*(None,) * 9)
    for line in page(lit(town), width=width).splitlines():
        assert cell_len(line) <= width or "://" in line or line.startswith("  cyberaudit")


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "lhay.yaml"
    path.write_text(
        'schema_version: 1\ncommune: {id: lhay-d-essai, name: "L\'Haÿ-d\'Essai", insee: "99001", population: 900}\n'
        "practices: {passwords: {answer: yes, by: M, on: 2026-11-01}}\n",
        encoding="utf-8",
    )
    return path


def quick(profile: Path, history: Path, *more: str) -> list[str]:
    return ["--history", str(history), "questions", str(profile), "--quick", "--now", "2026-11-22", *more]


def made(*assets: AnyAsset) -> Audit:
    return Audit(
        "11111111-0000-0000-0000-000000000000", towns.town(*assets), "outside", "M", towns.NOW, towns.NOW,
        partial=False, rules="r", program="1", observations=(), findings=(finding("vpn.protocols"),),
    )  # fmt: skip


def test_the_quick_questions_read_the_profile_then_what_was_measured(
    capsys: pytest.CaptureFixture[str], profile: Path, tmp_path: Path
) -> None:
    history = tmp_path / "h.sqlite3"
    assert run(quick(profile, history)) == 0
    assert "M — Mots de passe : VERT" in capsys.readouterr().out.replace("\u00a0", " ")
    with open_history(history, create=True) as store:
        store.save(made())
    assert run(quick(profile, history, "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    lights = [each["light"] for each in told["letters"]]
    assert lights == ["blank", "green", "blank", "blank", "blank", "blank", "green", "green", "blank"]
    assert told["result"] == "blank"
    assert "telework" not in told["to_ask"]
    assert told["letters"][7]["stands_on"][0]["audited_on"] == "2026-11-21"


def test_an_audit_over_a_year_old_is_no_evaluation(
    capsys: pytest.CaptureFixture[str], profile: Path, tmp_path: Path
) -> None:
    old = towns.NOW - timedelta(days=400)
    with open_history(tmp_path / "h.sqlite3", create=True) as store:
        store.save(replace(made(), started_at=old, finished_at=old))
    run(quick(profile, tmp_path / "h.sqlite3", "--json"))
    assert json.loads(capsys.readouterr().out)["letters"][7]["light"] == "blank"


def test_an_audit_that_saw_too_little_is_no_evaluation(
    capsys: pytest.CaptureFixture[str], profile: Path, tmp_path: Path
) -> None:
    blind = tuple(finding(f"vpn.{number}", Status.UNKNOWN) for number in range(2))
    for number, findings in enumerate(((), blind, (*blind, finding("vpn.protocols")))):
        history = tmp_path / f"{number}.sqlite3"
        with open_history(history, create=True) as store:
            store.save(replace(made(), findings=findings))
        assert run(quick(profile, history, "--json")) == 0
        assert json.loads(capsys.readouterr().out)["letters"][7]["light"] == "blank"


def test_a_history_that_cannot_be_read_is_told_and_stops_nothing(
    capsys: pytest.CaptureFixture[str], profile: Path, tmp_path: Path
) -> None:
    history = tmp_path / "h.sqlite3"
    history.write_text("rien", encoding="utf-8")
    assert run(quick(profile, history)) == 0
    shown = capsys.readouterr()
    assert "ne comptent pas ici" in shown.err
    assert "MESURÉ" not in shown.out


def test_the_other_towns_of_a_history_say_nothing_here(
    capsys: pytest.CaptureFixture[str], profile: Path, tmp_path: Path
) -> None:
    with open_history(tmp_path / "h.sqlite3", create=True) as store:
        other = made()
        town = replace(other.town, commune=replace(towns.COMMUNE, id="autre"))
        store.save(replace(other, town=town))
    run(quick(profile, tmp_path / "h.sqlite3", "--json"))
    assert json.loads(capsys.readouterr().out)["letters"][6]["light"] == "blank"

"""`cyberaudit plan`: what is shown, at which width, what is written, and what the shell learns."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cyberaudit.cli.main import run
from cyberaudit.declared import Adoption, Completion, PlanChoices
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.french import NBSP
from cyberaudit.plan.what_if import Moved
from cyberaudit.plan.words import Arbitration, Held, Hindrance, Quarter, Standing
from cyberaudit.reports.decisions import unknown_measures
from cyberaudit.reports.plan_text import Trial, plan_text
from cyberaudit.run.plan import planned
from cyberaudit.town.load import load_profile
from tests.unit.test_run_plan import history, profile

pytestmark = pytest.mark.unit

__all__ = ["history", "profile"]

NOW = ("--now", "2026-11-25T10:00")
MAYOR = ("--by", "Jeanne Martin, maire")
Typed = Callable[..., tuple[int, str]]


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], history: Path) -> Typed:
    """`cyberaudit plan …`: the exit code, and what it said on both outputs, with plain spaces."""

    def line(*words: object) -> tuple[int, str]:
        code = run(["--history", str(history), "plan", *map(str, words)])
        said = capsys.readouterr()
        return code, (said.out + said.err).replace(NBSP, " ").replace("\u202f", " ")

    return line


def test_alone_it_gives_its_help(typed: Typed) -> None:
    code, page = typed()
    assert code == 0
    assert all(f"  {name} " in page for name in ("show", "adopt", "postpone", "done", "quote-request"))


def test_the_calendar_the_money_and_how_to_adopt_come_in_this_order(typed: Typed, profile: Path) -> None:
    code, page = typed("show", profile, *NOW)
    assert code == 0
    heads = (
        "Plan d'action : L'Haÿ-d'Essai",
        "Calendrier",
        "4e trimestre 2026 :",
        "Budget",
        "Adopter les dates",
    )
    places = [page.index(f"{head}") for head in heads]
    assert places == sorted(places)
    assert "[turn-on-mfa]" in page
    assert "(date proposée)." in page
    assert f'cyberaudit plan adopt {profile} --all --by "Nom, maire"' in page
    assert "Ce que ce plafond change" not in page


def test_the_stored_plan_is_shown_for_a_commune(typed: Typed) -> None:
    code, page = typed("show", "lhay", *NOW)
    assert code == 0
    assert "cyberaudit plan adopt PROFIL" in page
    assert typed("show", "ailleurs", *NOW)[0] == 2
    assert typed("show", *NOW, "--quiet") == (0, "")


def test_another_ceiling_says_what_moves_each_way_and_writes_nothing(typed: Typed, profile: Path) -> None:
    text = profile.read_text(encoding="utf-8")
    code, page = typed("show", profile, "--ceiling", "0", *NOW)
    assert code == 0
    assert "Plus tard, ou à arbitrer :" in page
    assert "à arbitrer, au lieu du" in page
    assert "Ce qui la retient : il manque" in page
    assert "À arbitrer par le maire" in page
    assert "C'est un essai : rien n'est écrit." in page
    assert profile.read_text(encoding="utf-8") == text
    assert "Aucune date ne change." in typed("show", profile, "--ceiling", "2027=2000", *NOW)[1]
    assert typed("show", profile, "--ceiling", "x", *NOW)[0] == 2


def test_machines_get_the_parts_of_the_report_and_what_moves(typed: Typed, profile: Path) -> None:
    code, page = typed("show", profile, "--json", *NOW)
    assert code == 0
    shown = json.loads(page)
    assert shown["commune"] == "lhay"
    assert "moves" not in shown
    assert {each["measure"] for each in (*shown["urgent"], *shown["next_actions"])} >= {"turn-on-mfa"}
    moves = json.loads(typed("show", profile, "--json", "--ceiling", "0", *NOW)[1])["moves"]
    assert any(each["after"] is None and each["before"] for each in moves)


def test_a_measure_nobody_knows_is_a_warning(typed: Typed, profile: Path) -> None:
    text = profile.read_text(encoding="utf-8")
    profile.write_text(f"{text}  done: {{zzz: {{by: C, on: 2026-11-24}}}}\n", encoding="utf-8")
    code, page = typed("show", profile, *NOW)
    assert code == 0
    assert "! La mesure « zzz », dans « plan », n'existe dans aucun catalogue" in page


def test_a_decision_is_shown_then_written_when_somebody_agrees(typed: Typed, profile: Path) -> None:
    before = profile.read_text(encoding="utf-8")
    words = ("adopt", profile, "turn-on-mfa", *MAYOR, *NOW)
    code, page = typed(*words)
    assert code == 2
    assert "+   adopted:" in page
    assert "personne ne peut confirmer" in page
    assert profile.read_text(encoding="utf-8") == before
    code, page = typed(*words, "--yes")
    assert code == 0
    assert page.endswith("C'est écrit.\n")
    assert profile.read_text(encoding="utf-8").startswith(before)
    assert typed(*words, "--yes")[1] == "Le profil le dit déjà : rien à écrire.\n"
    _, page = typed("show", profile, *NOW)
    assert "date adoptée par Jeanne Martin, maire" in page


def test_a_decision_in_json_says_whether_it_is_written(typed: Typed, profile: Path) -> None:
    words = ("adopt", profile, "--all", *MAYOR, *NOW, "--json")
    code, page = typed(*words, "--yes")
    assert code == 0
    assert json.loads(page)["written"] is True
    assert len(load_profile(profile).town.plan.adoptions) >= 3


def test_a_date_is_put_off_with_its_reason(typed: Typed, profile: Path) -> None:
    typed("adopt", profile, "raise-awareness", "--due", "2027-03-31", *MAYOR, *NOW, "--yes")
    words = ("postpone", profile, "raise-awareness", "--to", "2027-06-30", *MAYOR, *NOW, "--yes")
    assert typed(*words) == (2, "Il manque --reason.\n")
    code, page = typed(*words, "--reason", "La salle est prise.")
    assert code == 0
    assert "repoussée du 31 mars 2027 au 30 juin 2027" in " ".join(page.split())
    [decision] = load_profile(profile).town.plan.adoptions
    assert (decision.due, decision.first_due) == (date(2027, 6, 30), date(2027, 3, 31))


def test_what_is_said_done_comes_with_the_commands_that_show_it(typed: Typed, profile: Path) -> None:
    words = ("done", profile, "turn-on-mfa", "--by", "Claire Martin, secrétaire", *NOW)
    assert "cyberaudit declare" not in typed(*words)[1]
    code, page = typed(*words, "--yes")
    assert code == 0
    assert f"cyberaudit declare {profile} mfa oui --by 'Claire Martin, secrétaire'\n" in page
    assert "déclarée faite par Claire Martin, secrétaire, le" in " ".join(page.split())
    measured = ("done", profile, "back-up-regularly", "--by", "C", *NOW, "--yes")
    assert f"  cyberaudit verify back-up-regularly {profile}\n" in typed(*measured)[1]


def test_a_profile_that_is_not_there_is_refused_before_anything(typed: Typed) -> None:
    for words in (
        ("adopt", "lhay", "turn-on-mfa"),
        ("postpone", "lhay", "x"),
        ("quote-request", "lhay", "x"),
    ):
        assert typed(*words, *NOW) == (2, "Le profil « lhay » n'existe pas.\n")


def test_a_request_for_a_quote_is_printed_or_kept_in_a_file(
    typed: Typed, profile: Path, tmp_path: Path
) -> None:
    words = ("quote-request", profile, "turn-on-mfa", *NOW)
    code, page = typed(*words)
    assert code == 0
    assert page.startswith("Demande de devis : activer la double authentification\n")
    assert "conditions" in json.loads(typed(*words, "--json")[1])
    text, web = tmp_path / "devis.txt", tmp_path / "devis.HTML"
    assert typed(*words, "--output", text)[0] == 0
    assert text.read_text(encoding="utf-8").replace(NBSP, " ").startswith("Demande de devis")
    assert "écrite dans" in typed(*words, "--output", web)[1]
    markup = web.read_text(encoding="utf-8")
    assert markup.startswith('<!doctype html>\n<html lang="fr">')
    assert "http-equiv" not in markup
    body = ET.fromstring(markup[markup.index("<main>") : markup.index("</main>") + 7])
    assert len(body.findall("h1")) == 1
    assert len(body.findall("h2")) >= 4
    assert typed(*words, "--output", tmp_path)[0] == 3
    assert typed("quote-request", profile, "turn-on-mfaa", *NOW)[0] == 2


def rendered(history: Path, profile: Path, *moves: Moved, width: int = 80, everything: bool = False) -> str:
    plan = planned(history, load_catalogue(), subject=str(profile), now=datetime(2026, 11, 25, 9, tzinfo=UTC))
    view = plan.told.view
    trial = Trial(moves, tuple(replace(each, level=0) for each in view.budget.years)) if moves else None
    return plan_text(
        view,
        trial=trial,
        warnings=(),
        profile="mairie.yaml",
        width=width,
        simple=False,
        everything=everything,
    )


@pytest.mark.parametrize("width", [40, 52, 80, 120])
def test_no_line_is_wider_than_the_screen_but_a_command(history: Path, profile: Path, width: int) -> None:
    page = rendered(history, profile, MOVED, width=width, everything=True)
    wide = [line for line in page.splitlines() if len(line) > width and "  cyberaudit " not in line]
    assert wide == []
    assert page == rendered(history, profile, MOVED, width=width, everything=True)


def test_everything_says_why_each_action_stands_there(history: Path, profile: Path) -> None:
    assert len(rendered(history, profile, everything=True)) > len(rendered(history, profile))


MARCH, JUNE = date(2027, 3, 31), date(2027, 6, 30)
SPRING = Quarter(2027, 1)
MONEY = Held(SPRING, SPRING, Hindrance.CEILING, measure="", missing=900, year=2027)
MOVED = Moved(
    "encrypt-mail", 4, "Chiffrer le courrier", JUNE, MARCH, Standing.PROPOSED, Standing.PROPOSED, MONEY
)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {},
            "31 mars 2027, au lieu du 30 juin 2027. Ce qui la retenait : il manque 900 € sous le plafond de 2027.",
        ),
        (
            {"before": MARCH, "after": JUNE},
            "30 juin 2027, au lieu du 31 mars 2027. Ce qui la retient : il manque 900 €",
        ),
        (
            {"before": None, "cause": Arbitration(Hindrance.CEILING, "", 900, 2027)},
            "31 mars 2027, au lieu d'être à arbitrer. Ce qui la retenait : il manque 900 €",
        ),
        (
            {"after": None, "cause": Arbitration(Hindrance.DEPENDENCY, "turn-on-mfa", 0, 0)},
            "à arbitrer, au lieu du 30 juin 2027. Ce qui la retient : elle attend « Activer la double",
        ),
        ({"cause": None}, "31 mars 2027, au lieu du 30 juin 2027. Sa date suit celle d'une autre action."),
        (
            {"after": JUNE, "standing_after": Standing.TO_CONFIRM, "cause": None},
            "toujours le 30 juin 2027, à confirmer.",
        ),
        (
            {"after": JUNE, "standing_before": Standing.TO_CONFIRM, "cause": None},
            "toujours le 30 juin 2027, sans plus rien à confirmer.",
        ),
        ({"after": JUNE, "cause": None}, "toujours le 30 juin 2027, commencée à un autre moment."),
        ({"before": None, "after": None, "cause": None}, "toujours à arbitrer."),
    ],
)
def test_a_move_says_from_when_to_when_and_why(
    history: Path, profile: Path, changed: dict[str, Any], sentence: str
) -> None:
    move = replace(MOVED, **changed)
    page = " ".join(rendered(history, profile, move).replace(NBSP, " ").replace("\u202f", " ").split())
    assert f"- Chiffrer le courrier : {sentence}" in page


def test_the_level_aimed_at_is_told_when_it_changes(history: Path, profile: Path) -> None:
    assert "Niveau visé fin 2027" in rendered(history, profile, MOVED).replace(NBSP, " ")


def test_every_unknown_measure_is_told_once() -> None:
    day = date(2026, 11, 25)
    choices = PlanChoices(
        ceilings=(),
        capacities=(),
        quotes=(),
        spend_before_vote=True,
        adoptions=(Adoption("zzz", day, "M", day), Adoption("known", day, "M", day)),
        completions=(Completion("zzz", "M", day), Completion("yyy", "M", day)),
    )
    said = unknown_measures(choices, {"known"})
    assert [each.split("«")[1].split("»")[0].strip(f" {NBSP}") for each in said] == ["zzz", "yyy"]

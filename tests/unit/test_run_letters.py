"""Who is written what: roles by occasion, the mayor's page, what blocks."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cyberaudit.errors import UsageError
from cyberaudit.reports import pdf
from cyberaudit.run.letters import Occasion, letters, problem_letter
from tests.unit import golden_towns, html_pages
from tests.unit.golden_towns import NOW, catalogue, told
from tests.unit.mail_samples import diff_of, written

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("occasion", "roles"),
    [
        (Occasion.CHANGE, ["secretary", "contractor"]),
        (Occasion.HEARTBEAT, ["secretary", "contractor", "mayor"]),
        (Occasion.ALWAYS, ["secretary", "contractor", "mayor"]),
        (Occasion.PROBLEM, []),
    ],
)
def test_the_occasion_says_who_is_written_to(occasion: Occasion, roles: list[str]) -> None:
    found = written("small-town", occasion)
    assert list(found) == roles
    assert {each.kind for each in found.values()} <= {occasion}


def test_only_the_roles_asked_for_are_written_to() -> None:
    made = letters(
        told("small-town"),
        None,
        catalogue=catalogue(),
        occasion=Occasion.ALWAYS,
        now=NOW,
        roles=("contractor",),
    )
    assert [each.role for each in made] == ["contractor"]


def test_a_change_is_dated_by_its_week_and_a_heartbeat_by_its_month() -> None:
    changed, still = written("small-town", Occasion.CHANGE), written("town-in-order", Occasion.HEARTBEAT)
    assert changed["secretary"].subject.endswith("(semaine 47)")
    assert still["secretary"].subject == "Val-d'Exemple : rien n'a changé (novembre 2026)"
    assert still["mayor"].subject == "Val-d'Exemple : la page du mois, rien n'a changé (novembre 2026)"


def test_the_week_is_the_one_of_the_town() -> None:
    monday_there = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    (made,) = letters(
        told("small-town"), diff_of("small-town"), catalogue=catalogue(), occasion=Occasion.CHANGE,
        now=monday_there, roles=("secretary",),
    )  # fmt: skip
    assert made.subject.endswith("(semaine 48)")


def test_a_first_mail_says_that_there_is_nothing_to_compare_with() -> None:
    assert "Premier contrôle" in written("village")["secretary"].text.replace("\u00a0", " ")


def test_the_mayor_s_page_goes_with_the_mail_as_one_page_of_pdf() -> None:
    pytest.importorskip("typst", reason="the extra pdf is not installed")
    (page,) = written("small-town")["mayor"].attachments
    assert (page.name, page.media_type) == ("page-du-maire.pdf", "application/pdf")
    assert page.data.startswith(b"%PDF-")
    assert page.name in written("small-town")["mayor"].text
    assert not written("small-town")["secretary"].attachments


def test_without_the_extra_the_page_goes_as_html(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise UsageError("Le PDF demande un module de plus.")

    monkeypatch.setattr(pdf, "installed", absent)
    made = letters(
        told("small-town"), diff_of("small-town"), catalogue=catalogue(), occasion=Occasion.HEARTBEAT, now=NOW
    )
    (page,) = made[-1].attachments
    assert (page.name, page.media_type) == ("page-du-maire.html", "text/html")
    assert page.name in made[-1].text
    text = html_pages.read(page.data.decode()).text
    for wanted in ("FRAGILE", "À décider", "Budget", "À qui s'adresser", "En cas d'attaque", "gravité"):
        assert wanted in text


def test_what_changed_is_told_since_the_last_mail_whatever_the_report_says() -> None:
    base = told("small-town")
    other = replace(base, view=replace(base.view, changes=None))
    made = letters(
        other,
        diff_of("small-town"),
        catalogue=catalogue(),
        occasion=Occasion.CHANGE,
        now=NOW,
        roles=("secretary",),
    )
    assert made[0].subject == written("small-town")["secretary"].subject


def test_what_blocks_goes_to_the_contractor_with_the_reason() -> None:
    made = problem_letter(
        "L'Haÿ-d'Essai", "Ligne 12 : « 192.0.2.300 » n'est pas une adresse.", now=golden_towns.NOW, zone=PARIS
    )
    assert (made.role, made.kind) == ("contractor", "problem")
    assert made.subject == "L'Haÿ-d'Essai : le contrôle n'a pas abouti (semaine 47)"
    assert "Ligne 12" in made.text
    assert "192.0.2" not in made.text + made.html

"""How a date is told: near and far, past, adopted, put off, out of the calendar, and why not earlier."""

from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import Adoption, Completion
from cyberaudit.engine.measures import Remedies
from cyberaudit.french import NBSP
from cyberaudit.plan.words import (
    Action,
    ActionKind,
    Arbitration,
    Held,
    Hindrance,
    Quarter,
    Slot,
    Standing,
    Tier,
)
from cyberaudit.reports import when, why
from cyberaudit.reports.points import Scene
from tests.unit.plan_samples import TODAY, finding, measure, plan_for, plan_of, town

pytestmark = pytest.mark.unit

Q4, Q1, Q2 = Quarter(2026, 4), Quarter(2027, 1), Quarter(2027, 2)
MAYOR = Adoption("m", date(2027, 3, 31), "Jeanne Martin, maire", date(2026, 11, 6))
PUT_OFF = replace(MAYOR, first_due=date(2026, 12, 1), reason="Le devis n'est pas arrivé.")


def plain(text: str) -> str:
    return text.replace(NBSP, " ").replace("\u202f", " ")


def action(**changes: Any) -> Action:
    (only,) = plan_for(measure("m")).actions
    return replace(only, **changes)


def title(measure_id: str) -> str:
    return {"list": "Dresser la liste"}[measure_id]


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (None, "à arbitrer"),
        (TODAY - timedelta(days=1), "en retard"),
        (date(2025, 3, 1), "en retard"),
        (TODAY, "21 nov."),
        (date(2026, 12, 1), "1er déc."),
        (date(2027, 1, 5), "5 janv."),
        (date(2027, 1, 6), "janv. 2027"),
        # The last day of a quarter is a month, not a day somebody chose.
        (date(2026, 12, 31), "déc. 2026"),
        (date(2029, 9, 30), "sept. 2029"),
    ],
)
def test_a_narrow_column_holds_the_date(due: date | None, expected: str) -> None:
    assert plain(when.short(action(due=due), TODAY)) == expected


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (None, ""),
        (date(2026, 11, 28), "avant le 28 novembre"),
        (date(2028, 3, 1), "avant le 1er mars 2028"),
        (date(2026, 11, 14), "en retard depuis le 14 novembre"),
        (date(2025, 11, 14), "en retard depuis le 14 novembre 2025"),
    ],
)
def test_a_deadline_is_a_clause(due: date | None, expected: str) -> None:
    assert plain(when.deadline(action(due=due), TODAY)) == expected


WHO = "date adoptée par Jeanne Martin, maire, le 6 novembre 2026"


@pytest.mark.parametrize(
    ("standing", "adoption", "expected"),
    [
        (Standing.PROPOSED, None, "date proposée"),
        (Standing.ADOPTED, MAYOR, WHO),
        (
            Standing.ADOPTED,
            PUT_OFF,
            f"{WHO}, repoussée du 1er décembre 2026 (Le devis n'est pas arrivé)",
        ),
        (Standing.ADOPTED, replace(PUT_OFF, reason=""), f"{WHO}, repoussée du 1er décembre 2026"),
        (Standing.LATE, MAYOR, f"{WHO}, dépassée"),
        (
            Standing.TO_CONFIRM,
            MAYOR,
            f"{WHO}, à confirmer : elle dépasse le plafond ou vient trop tôt",
        ),
        (Standing.TO_ARBITRATE, None, "sans date : à arbitrer par le maire"),
    ],
)
def test_a_date_says_what_it_is_worth(standing: Standing, adoption: Adoption | None, expected: str) -> None:
    told = when.standing(action(standing=standing, adoption=adoption))
    assert plain(told) == expected
    assert " :" not in told


def test_what_the_profile_says_of_people_is_shown_on_one_line_and_never_obeyed() -> None:
    hostile = replace(PUT_OFF, by="M.\x1b[31m rouge\nDupont\u202e", reason="\x07Attente\u2028 du marché")
    told = when.standing(action(standing=Standing.ADOPTED, adoption=hostile))
    assert not set(told) & set("\x1b\n\x07\u202e\u2028")
    done = when.said_done(action(completion=Completion("m", "M.\nX\x1b[0m", TODAY)))
    assert not set(done) & set("\x1b\n")


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        (None, ""),
        (
            Completion("m", "M. Bernard", date(2026, 12, 1)),
            "Déclarée faite par M. Bernard, le 1er décembre 2026 : aucun contrôle ne le montre encore.",
        ),
    ],
)
def test_what_somebody_said_done_is_said_and_not_believed(done: Completion | None, expected: str) -> None:
    assert plain(when.said_done(action(completion=done))) == expected


@pytest.mark.parametrize(
    ("ends", "rule", "standing"),
    [
        (
            date(2026, 12, 5),
            "Sa date : le jour où la chose se termine d'elle-même, nom ou certificat.",
            "date proposée, à confirmer : cela se termine avant que l'argent soit prévu",
        ),
        (
            date(2026, 11, 14),
            "Sa date : le jour où la chose s'est terminée d'elle-même, nom ou certificat.",
            "date proposée, à confirmer : la date de fin est passée avant que l'argent soit prévu",
        ),
    ],
)
def test_the_day_on_which_a_thing_ends_is_told_in_its_tense(ends: date, rule: str, standing: str) -> None:
    found = finding("vpn.certificate", measure="m")
    found = replace(found, verdict=replace(found.verdict, before=ends))
    (paid,) = plan_of([found], measure("m", cost=60)).actions
    assert plain(when.date_rule(paid)) == rule
    assert plain(when.standing(paid)) == standing


def test_the_rank_of_what_is_over_has_its_reason() -> None:
    found = finding("vpn.certificate", measure="m", risk=(2, 2))
    found = replace(found, verdict=replace(found.verdict, before=date(2026, 11, 14)))
    (over,) = plan_of([found], measure("m")).actions
    scene = Scene(town(), Remedies({}, {}), UTC, TODAY)
    reason = "Un nom ou un certificat est déjà arrivé à sa fin : elle vient juste après les urgences."
    assert plain(why.why_here(over, scene, among=(over,))[0]) == reason
    assert reason not in map(plain, why.why_here(replace(over, ended=None), scene, among=(over,)))


def test_what_costs_nothing_waits_for_time_and_not_for_money() -> None:
    free = action(standing=Standing.TO_CONFIRM)
    assert plain(when.standing(free)) == (
        "date proposée, à confirmer : cela se termine avant que quelqu'un ait le temps de s'en occuper"
    )
    assert "l'argent" in when.standing(replace(free, measure=measure("m", yearly=60)))


def held(cause: Hindrance, first: Quarter = Q4, last: Quarter = Q4, **changes: Any) -> Held:
    return replace(Held(first, last, cause, "", 0, 0), **changes)


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        (
            held(Hindrance.DEPENDENCY, measure="list"),
            "Pas au 4e trimestre 2026 : « Dresser la liste » vient d'abord.",
        ),
        (
            held(Hindrance.VOTE, Q1, Q1),
            "Pas au 1er trimestre 2027 : rien ne s'achète avant le vote du budget.",
        ),
        (
            held(Hindrance.CEILING, missing=1200, year=2026),
            "Pas au 4e trimestre 2026 : il manque 1 200 € sous le plafond de 2026.",
        ),
        (
            held(Hindrance.CAPACITY, Q4, Q2),
            "Pas du 4e trimestre 2026 au 2e trimestre 2027 : la personne qui le fait n'a plus de temps libre.",
        ),
        (held(Hindrance.CROWD), "Pas au 4e trimestre 2026 : trois actions y commencent déjà."),
    ],
)
def test_each_quarter_that_does_not_hold_it_has_its_cause(each: Held, expected: str) -> None:
    (told,) = when.held(action(held=(each,)), title)
    assert plain(told) == expected
    assert not list(when.held(action(held=()), title))


CEILING = Arbitration(Hindrance.CEILING, "", 900, 2027, 2027)
LATER_WAYS = (
    "Demander un prix à l'opérateur public de services numériques ou à l'intercommunalité.",
    "Accepter le risque par écrit, jusqu'à une date : « cyberaudit waive ».",
)


@pytest.mark.parametrize(
    ("value", "why", "first"),
    [
        (CEILING, "Il manque 900 € sous le plafond de 2027.", "Relever le plafond de 2027 de 900 €."),
        (
            replace(CEILING, until=2029),
            "Il manque 900 € par an sous les plafonds de 2027 à 2029.",
            "Relever de 900 € par an les plafonds de 2027 à 2029.",
        ),
        (
            Arbitration(Hindrance.DEPENDENCY, "list", 0, 0),
            "Elle attend « Dresser la liste », qui est aussi à arbitrer.",
            "Décider d'abord de l'action attendue.",
        ),
        (
            Arbitration(Hindrance.VOTE, "", 0, 0),
            "Rien ne s'achète avant le vote du budget.",
            "Permettre un achat avant le vote du budget.",
        ),
        (
            Arbitration(Hindrance.CAPACITY, "", 0, 0),
            "Personne n'a assez de temps libre dans les trois ans qui viennent.",
            "Prévoir plus de temps, en interne ou chez le prestataire.",
        ),
        (
            Arbitration(Hindrance.CROWD, "", 0, 0),
            "Trop d'actions commencent déjà dans chaque trimestre.",
            "Prévoir plus de temps, en interne ou chez le prestataire.",
        ),
    ],
)
def test_what_has_no_place_has_a_cause_and_three_ways(value: Arbitration, why: str, first: str) -> None:
    assert plain(when.arbitration(value, title)) == why
    assert tuple(map(plain, when.options(value))) == (first, *LATER_WAYS)


@given(st.sampled_from(Hindrance), st.integers(1, 10_000), st.integers(2026, 2029))
def test_no_way_ever_names_a_year_or_a_sum_that_is_none(cause: Hindrance, missing: int, year: int) -> None:
    is_money = cause is Hindrance.CEILING
    value = Arbitration(cause, "list", missing if is_money else 0, year if is_money else 0)
    told = " ".join((*when.options(value), when.arbitration(value, title)))
    assert not any(word in plain(told).split() for word in ("0", "0.", "de 0"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"due": None, "slot": None}, ""),
        ({"adoption": MAYOR}, ""),
        (
            {"kind": ActionKind.ANSWER},
            "Sa date : 30 jours depuis la première demande, puis 30 de plus à chaque fois.",
        ),
        ({}, "Sa date : la fin du premier trimestre qui convient."),
        (
            {"slot": Slot(Q4, Q2, ()), "due": Q2.last_day},
            "Elle commence au 4e trimestre 2026. Sa date : la fin du 2e trimestre 2027, où elle se termine.",
        ),
        (
            {"tier": Tier.URGENT, "due": date(2026, 11, 28)},
            "Sa date : 7 jours après le premier constat, ou celle d'une action liée.",
        ),
        ({"due": date(2026, 12, 12)}, "Sa date : celle d'une action liée."),
    ],
)
def test_a_date_says_which_rule_gave_it(changes: dict[str, Any], expected: str) -> None:
    base = {"slot": Slot(Q4, Q4, ()), "due": Q4.last_day}
    assert plain(when.date_rule(action(**(base | changes)))) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("21 déc.", "Pour\xa0: 21 déc."),
        ("mars 2027", "Pour\xa0: mars 2027."),
        ("en retard", "En retard."),
        ("à arbitrer", "À arbitrer."),
    ],
)
def test_a_date_has_its_word_and_a_delay_needs_none(text: str, said: str) -> None:
    assert when.short_sentence(text) == said

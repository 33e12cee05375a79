"""The mayor's page: what to decide, what it costs, whom to ask; cut to one page, and what is cut is counted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.plan.words import Standing
from cyberaudit.reports import amounts
from cyberaudit.reports.mayor import (
    LONGEST,
    LONGEST_DECISION,
    MOST_CONTACTS,
    MOST_DECISIONS,
    MOST_URGENT,
    MOST_YEARS,
    MayorPage,
    mayor_page,
)
from cyberaudit.reports.words import ReportView
from tests.unit import report_samples as samples
from tests.unit.html_pages import words
from tests.unit.report_full import full_view, overlong_view

pytestmark = pytest.mark.unit


def page_of(view: ReportView) -> MayorPage:
    return mayor_page(view)


def decisions(view: ReportView) -> list[str]:
    return [words(each) for each in page_of(view).decisions]


def test_an_urgency_says_what_is_at_stake_who_how_much_and_both_dates() -> None:
    line = page_of(samples.busy_view()).urgent[1]
    assert line.title == "Activer la double authentification"
    assert words(line.detail) == (
        "Un mot de passe volé ne suffit plus pour lire le courrier de la mairie. "
        "Le prestataire informatique, entre 0 € et 300 €, puis 120 € par an, avant le 31 mars 2027. "
        "En attendant, avant le 28 novembre : choisir un mot de passe long et unique pour chaque messagerie."
    )


def test_what_no_page_holds_is_counted() -> None:
    page = page_of(overlong_view())
    assert (len(page.urgent), words(page.urgent_more)) == (
        MOST_URGENT,
        "Et 56 autres urgences, dans le rapport.",
    )
    assert len(page.decisions) == MOST_DECISIONS
    assert words(page.decisions_more).startswith("Et ")
    assert len(page.contacts) == MOST_CONTACTS


def test_the_sum_for_the_next_budget_comes_first() -> None:
    view = full_view()
    assert view.budget.years[1].year == 2027
    assert decisions(view)[0] == "Inscrire 1 220 € au budget 2027 (achats 1 100 €, abonnements 120 €)."


def test_nothing_is_asked_for_a_year_without_spending() -> None:
    view = full_view()
    idle = replace(view.budget.years[1], purchases=0, subscriptions=0)
    view = replace(view, budget=replace(view.budget, years=(view.budget.years[0], idle)))
    assert not [each for each in decisions(view) if "budget" in each]


def test_what_the_mayor_alone_can_do_is_asked() -> None:
    asked = decisions(full_view())
    assert asked[1] == (
        "Arbitrer : faire gérer l'antivirus (900 € par an). Il manque 900 € sous le plafond de 2027. "
        "Relever le plafond, demander un prix groupé, ou accepter le risque par écrit."
    )
    assert "Adopter ou changer 4 dates proposées dans le rapport, une par action." in asked
    assert "Reprendre 1 action en retard." in asked


def test_an_elected_person_gets_a_date_to_fix() -> None:
    view = samples.busy_view()
    mine = replace(view.next_actions[0], owner="elu", title="Sensibiliser agents et élus")
    for standing, asked in ((Standing.PROPOSED, True), (Standing.ADOPTED, False)):
        found = decisions(replace(view, next_actions=(replace(mine, standing=standing),)))
        assert (
            any(each.startswith("Fixer une date : sensibiliser agents et élus, ") for each in found) is asked
        )


def test_a_risk_accepted_is_reviewed_in_its_last_two_months() -> None:
    view = full_view()
    (waiver,) = view.waivers
    today = view.as_of.date()
    for days, asked in ((60, True), (61, False)):
        soon = replace(view, waivers=(replace(waiver, until=today + timedelta(days=days)),), to_arbitrate=())
        assert any("risque accepté" in each for each in decisions(soon)) is asked


def test_the_page_says_that_it_is_incomplete_and_that_the_report_warns() -> None:
    calm = replace(samples.calm_view(), warnings=())
    assert page_of(calm).caution == ""
    cut = replace(calm, partial=True, warnings=("Contrôle interrompu.",))
    assert words(page_of(cut).caution) == "Contrôle interrompu : cette page est incomplète."
    warned = replace(calm, warnings=("Une dérogation est finie.", "Un contrôle n'est plus fait."))
    assert words(page_of(warned).caution) == "2 avertissements sont au début du rapport."
    both = replace(cut, warnings=(*cut.warnings, warned.warnings[0]))
    assert words(page_of(both).caution).endswith("incomplète. 1 avertissement est au début du rapport.")


def test_a_town_in_order_is_asked_nothing() -> None:
    view = samples.calm_view()
    page = page_of(view)
    assert (page.urgent, page.decisions, page.urgent_more, page.decisions_more) == ((), (), "", "")
    assert page.nothing_urgent == view.nothing_urgent
    assert page.refusal == ""


def test_who_is_asked_to_decide_reads_that_he_may_refuse() -> None:
    assert words(page_of(full_view()).refusal) == (
        "Chaque décision peut être refusée ou reportée. Sans décision, rien n'est dépensé, et le risque reste."
    )


def test_no_choice_of_the_catalogue_is_cut_in_half() -> None:
    view = full_view()
    why = "Il manque 10 000 € par an sous les plafonds de 2027 à 2029."
    for measure in load_catalogue().remedies.measures.values():
        long = replace(view.to_arbitrate[0], title=measure.title, cost=amounts.cost(measure.cost), why=why)
        told = decisions(replace(view, to_arbitrate=(long,)))
        assert any(each.endswith("ou accepter le risque par écrit.") for each in told), measure.id


def test_proposed_dates_are_no_promise() -> None:
    view = full_view()
    adopted = replace(
        view,
        urgent=tuple(replace(each, standing=Standing.ADOPTED) for each in view.urgent),
        next_actions=tuple(replace(each, standing=Standing.ADOPTED) for each in view.next_actions),
    )
    assert not [each for each in decisions(adopted) if "proposée" in each]


def test_no_text_of_the_page_is_longer_than_it_holds() -> None:
    page = page_of(overlong_view())
    texts = [page.title, page.when, page.coverage, page.figure, page.changes, page.attack]
    texts += [each.title for each in page.urgent]
    texts += [text for each in page.contacts for text in (each.name, each.what)]
    for limit, found in ((LONGEST, texts), (LONGEST_DECISION, page.decisions)):
        assert max(map(len, found)) == limit
        assert all(each.endswith("…") for each in found if len(each) == limit)
    assert max(len(each.detail) for each in page.urgent) <= 3 * LONGEST + 6, "three sentences"


def test_half_an_address_is_no_address() -> None:
    view = full_view()
    long = replace(view.whom[0], url="https://essai.example/" + "a" * LONGEST)
    assert page_of(replace(view, whom=(long,))).contacts[0].url == ""


def test_years_beyond_the_page_are_in_the_report() -> None:
    view = full_view()
    years = tuple(replace(view.budget.years[0], year=2026 + number) for number in range(5))
    page = page_of(replace(view, budget=replace(view.budget, years=years)))
    assert [each.year for each in page.years] == [2026, 2027, 2028][:MOST_YEARS]

"""The money as it is told: sums that add up, years as far as they matter, ceilings, the calendar, the choices left."""

from dataclasses import replace
from datetime import UTC, date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import Adoption, Ceiling, Quote, Town
from cyberaudit.engine.measures import Measure
from cyberaudit.french import NBSP
from cyberaudit.plan.words import Plan, Quarter
from cyberaudit.reports import money
from cyberaudit.reports.points import Scene
from cyberaudit.reports.words import BudgetView
from tests.unit.plan_samples import TODAY, measure, plan_for, town
from tests.unit.report_samples import REMEDIES

pytestmark = pytest.mark.unit

MAYOR = "Jeanne Martin, maire"


def plain(text: str) -> str:
    return text.replace(NBSP, " ").replace("\u202f", " ")


def budget(*measures: Measure, today: date = TODAY, **choices: Any) -> BudgetView:
    place = town(**choices)
    plan = plan_for(*measures, declared=place, today=today)
    return money.budget(plan, place, today)


def adopted(due: date, name: str = "a") -> Adoption:
    return Adoption(name, due, MAYOR, date(2025, 1, 6))


def test_no_action_costs_nothing_and_says_nothing() -> None:
    empty = budget()
    assert (empty.low, empty.high, empty.yearly) == (0, 0, 0)
    assert (empty.sentence, empty.ceiling, empty.years) == ("", "", ())


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        ((measure("a"),), "Budget des actions proposées : 0 €."),
        ((measure("a", cost=300),), "Budget des actions proposées : entre 0 € et 300 €."),
        ((measure("a", yearly=60),), "Budget des actions proposées : 60 € par an."),
        (
            (measure("a", cost=1000, yearly=60), measure("b", cost=760, yearly=600)),
            "Budget des actions proposées : entre 0 € et 1 760 €, puis 660 € par an.",
        ),
    ],
)
def test_everything_together_is_the_sum_of_the_bands(measures: tuple[Measure, ...], expected: str) -> None:
    assert plain(budget(*measures).sentence) == expected


def test_a_quote_replaces_the_band_in_the_sum() -> None:
    quoted = budget(measure("a", cost=1000), quotes=(Quote("a", 640, 0),))
    assert (quoted.low, quoted.high) == (640, 640)


@pytest.mark.parametrize(
    ("ceilings", "expected"),
    [
        ({}, ""),
        ({2027: 2000}, "Plafond choisi par le maire : 2 000 € en 2027."),
        ({2028: 3000, 2026: 0}, "Plafond choisi par le maire : 0 € en 2026 et 3 000 € en 2028."),
        # What is over, and what the plan does not reach, is no ceiling of this plan.
        ({2025: 900, 2040: 5000}, ""),
    ],
)
def test_the_ceilings_chosen_are_those_of_the_years_to_come(ceilings: dict[int, int], expected: str) -> None:
    assert plain(budget(measure("a"), ceilings=ceilings).ceiling) == expected


def years(view: BudgetView) -> dict[int, str]:
    return {each.year: plain(f"{each.amount} | {each.detail} | {each.limit}") for each in view.years}


def test_a_year_tells_its_purchases_its_subscriptions_and_its_ceiling() -> None:
    view = budget(
        measure("a", cost=1000, yearly=60),
        measure("b", cost=100, yearly=600),
        measure("z", cost=2000, guidance_class=3),
        ceilings={2027: 1800},
    )
    assert years(view) == {
        2026: "0 € |  | plafond proposé : 0 €",
        2027: "1 760 € | achats 1 100 €, abonnements 660 € | plafond choisi : 1 800 €",
    }
    (_, second) = view.years
    assert (second.purchases, second.subscriptions, second.ceiling, second.chosen) == (1100, 660, 1800, True)
    assert plain(second.target) == f"niveau visé {second.level}"


def test_the_years_end_with_the_last_in_which_something_is_due_or_bought() -> None:
    assert list(years(budget(measure("a")))) == [2026]
    assert list(years(budget(measure("a", cost=300)))) == [2026, 2027]
    lots = (measure("a", cost=1900), measure("b", cost=1900))
    assert list(years(budget(*lots))) == [2026, 2027, 2028]


def test_what_is_late_since_another_year_stands_in_the_present_one() -> None:
    assert list(years(budget(measure("a"), adoptions=(adopted(date(2025, 3, 31)),)))) == [2026]


def test_what_is_due_beyond_the_plan_shows_all_of_its_years_and_no_more() -> None:
    view = budget(measure("a"), adoptions=(adopted(date(2035, 3, 31)),))
    assert list(years(view)) == [2026, 2027, 2028, 2029]


def test_an_adopted_date_that_breaks_its_ceiling_says_by_how_much() -> None:
    view = budget(measure("a", cost=2300), adoptions=(adopted(date(2027, 3, 31)),))
    assert years(view)[2027] == "2 300 € |  | plafond proposé : 2 000 €, dépassé de 300 €"


COSTS = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(0, 900), st.sampled_from([0.5, 2.0])), min_size=1, max_size=6
)


@given(COSTS, st.integers(0, 4000))
def test_what_is_told_adds_up(costs: list[tuple[int, int, float]], ceiling: int) -> None:
    measures = [
        measure(f"m{number}", cost=cost, yearly=yearly, days=days)
        for number, (cost, yearly, days) in enumerate(costs)
    ]
    view = budget(*measures, ceilings=dict.fromkeys(range(2026, 2030), ceiling))
    assert view.high == sum(cost for cost, _, _ in costs)
    assert view.yearly == sum(yearly for _, yearly, _ in costs)
    for each in view.years:
        digits = "".join(filter(str.isdecimal, each.amount))
        assert int(digits) == each.purchases + each.subscriptions <= each.ceiling


def test_the_calendar_holds_each_dated_action_once_in_the_quarter_of_its_date() -> None:
    plan = plan_for(
        measure("a"),
        measure("b", cost=1500),
        measure("c", cost=9000),
        declared=town(adoptions=(adopted(date(2026, 2, 14)),)),
    )
    told = money.calendar(plan.actions, TODAY)
    assert [plain(each.label) for each in told] == ["1er trimestre 2026", "1er trimestre 2027"]
    assert next((each.first_day, each.last_day) for each in told) == (date(2026, 1, 1), date(2026, 3, 31))
    ranks = [rank for each in told for rank in each.actions]
    assert sorted(ranks) == [each.rank for each in plan.actions if each.due]
    for each in told:
        for action in plan.actions:
            if action.rank in each.actions:
                assert action.due
                assert Quarter.of(action.due).first_day == each.first_day


def test_a_calendar_of_nothing_is_empty() -> None:
    assert money.calendar((), TODAY) == ()


def test_what_ended_by_itself_stands_in_the_quarter_of_today_unless_a_date_was_adopted() -> None:
    (only,) = plan_for(measure("a")).actions
    over = replace(only, due=date(2024, 3, 1), ended=date(2024, 3, 1))
    assert [plain(each.label) for each in money.calendar((over,), TODAY)] == ["4e trimestre 2026"]
    late = replace(over, due=date(2026, 2, 14), adoption=adopted(date(2026, 2, 14)))
    assert [plain(each.label) for each in money.calendar((late,), TODAY)] == ["1er trimestre 2026"]


def arbitrated(plan: Plan, place: Town) -> tuple[Any, ...]:
    return money.to_arbitrate(plan.actions, Scene(place, REMEDIES, UTC, TODAY))


def test_what_no_quarter_holds_is_told_with_its_price_and_the_three_ways() -> None:
    place = town(ceilings={2027: 1000, 2028: 1000, 2029: 1000})
    plan = plan_for(measure("a"), measure("b", cost=1300), declared=place)
    (only,) = arbitrated(plan, place)
    assert (only.measure, only.rank) == ("b", 2)
    assert plain(only.cost) == "entre 0 € et 1 300 €"
    assert plain(only.why) == "Il manque 300 € sous le plafond de 2027."
    assert plain(only.options[0]) == "Relever le plafond de 2027 de 300 €."
    assert len(only.options) == 3
    raised = town(ceilings={2027: 1300, 2028: 1000, 2029: 1000})
    assert arbitrated(plan_for(measure("a"), measure("b", cost=1300), declared=raised), raised) == ()


@pytest.mark.parametrize(("cost", "yearly"), [(0, 400), (1300, 0), (900, 250)])
def test_the_raise_that_is_told_does_place_it(cost: int, yearly: int) -> None:
    place = town(ceilings={2027: 100, 2028: 100, 2029: 100})
    wanted = measure("b", cost=cost, yearly=yearly)
    plan = plan_for(wanted, declared=place)
    (only,), cause = arbitrated(plan, place), plan.actions[0].arbitration
    assert cause
    assert str(cause.year) in only.options[0]
    raised = tuple(
        Ceiling(each.year, each.ceiling + cause.missing * (cause.year <= each.year <= cause.until))
        for each in plan.years
    )
    mended = replace(place, plan=replace(place.plan, ceilings=raised))
    assert plan_for(wanted, declared=mended).actions[0].due

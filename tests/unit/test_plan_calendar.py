"""The calendar: quarters, capacities, ceilings, lots, the vote, urgencies, adopted dates, arbitration."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from cyberaudit.declared import Adoption, Completion, Quote
from cyberaudit.engine.measures import Lot, Owner
from cyberaudit.model import Finding, Reason, Status
from cyberaudit.plan.adopted import later_starts, starts_of
from cyberaudit.plan.level import assess
from cyberaudit.plan.what_if import compare
from cyberaudit.plan.words import (
    Action,
    ActionKind,
    Arbitration,
    Held,
    Hindrance,
    LotSlot,
    Plan,
    Quarter,
    Slot,
    Standing,
    Tier,
    Unknown,
)
from tests.unit.plan_samples import (
    TODAY,
    action_of,
    finding,
    ids,
    measure,
    plan_for,
    plan_of,
    town,
    unanswered,
    waiver,
)

pytestmark = pytest.mark.unit

NOW = Quarter(2026, 4)
URGENT = (4, 4)


def q(number: int) -> Quarter:
    """0 for the current quarter, the last of 2026; 1 to 4 are those of 2027."""
    return NOW.plus(number)


def starts(plan: Plan) -> list[Quarter | None]:
    return [action.slot.start if action.slot else None for action in plan.actions]


def slot(plan: Plan, name: str) -> Slot:
    found = action_of(plan, name).slot
    assert found is not None
    return found


def adopted(name: str, due: date) -> Adoption:
    return Adoption(name, due, "Jeanne Martin, maire", date(2026, 10, 1))


@pytest.mark.parametrize(
    ("day", "quarter", "last"),
    [
        (date(2026, 1, 1), Quarter(2026, 1), date(2026, 3, 31)),
        (date(2028, 2, 29), Quarter(2028, 1), date(2028, 3, 31)),
        (date(2026, 6, 30), Quarter(2026, 2), date(2026, 6, 30)),
        (date(2026, 11, 21), Quarter(2026, 4), date(2026, 12, 31)),
    ],
)
def test_a_day_has_its_quarter(day: date, quarter: Quarter, last: date) -> None:
    assert Quarter.of(day) == quarter
    assert quarter.first_day <= day <= quarter.last_day == last
    assert quarter.plus(5).plus(-5) == quarter


def test_three_actions_start_in_a_quarter_and_the_next_wait() -> None:
    plan = plan_for(*(measure(f"m{n}", days=0.1) for n in range(7)))
    assert starts(plan) == [q(0)] * 3 + [q(1)] * 3 + [q(2)]
    assert [action.due for action in plan.actions[::3]] == [q(n).last_day for n in range(3)]
    assert plan.actions[6].held == (Held(q(0), q(1), Hindrance.CROWD, "", 0, 0),)
    assert {action.standing for action in plan.actions} == {Standing.PROPOSED}


@pytest.mark.parametrize(
    ("owner", "days", "expected"),
    [
        # 2 half-days a quarter: two half days of an agent fill it, a third waits.
        (Owner.AGENT, 0.5, [0, 0, 1]),
        (Owner.ELU, 1, [0, 1, 2]),
        # A quarter of an hour takes no half-day: 3 × 1/10 of one.
        (Owner.AGENT, 0.05, [0, 0, 0]),
        (Owner.CONTRACTOR, 1, [0, 0, 0]),
        (Owner.CONTRACTOR, 3, [0, 1, 2]),
    ],
)
def test_an_owner_has_so_many_half_days_a_quarter(owner: Owner, days: float, expected: list[int]) -> None:
    plan = plan_for(*(measure(f"m{n}", days=days, owner=owner) for n in range(3)))
    assert starts(plan) == [q(n) for n in expected]


def test_the_town_may_choose_its_capacities() -> None:
    measures = [measure(f"m{n}", days=1, owner=Owner.AGENT) for n in range(3)]
    assert starts(plan_for(*measures, declared=town(capacities={"agent": 4}))) == [q(0), q(0), q(1)]


def test_a_longer_action_starts_where_its_owner_is_free_and_runs_on() -> None:
    measures = [measure("a-short", days=0.5), measure("b-long", days=5), measure("c-next", days=1.5)]
    plan = plan_for(*measures)
    # 10 half-days at 6 a quarter: all of the first free quarter, 4 of the next, which leaves 2.
    assert slot(plan, "b-long") == Slot(q(1), q(2), ())
    assert action_of(plan, "b-long").due == q(2).last_day
    assert action_of(plan, "b-long").held == (Held(q(0), q(0), Hindrance.CAPACITY, "", 0, 0),)
    # 3 half-days: the five left of the first quarter hold them.
    assert slot(plan, "c-next") == Slot(q(0), q(0), ())


def test_who_has_no_time_starts_nothing_and_the_plan_says_so() -> None:
    plan = plan_for(measure("m"), measure("n", days=9), declared=town(capacities={"contractor": 0}))
    for action in plan.actions:
        assert (action.slot, action.due, action.standing) == (None, None, Standing.TO_ARBITRATE)
        assert action.arbitration == Arbitration(Hindrance.CAPACITY, "", 0, 0)
        assert action.held == (Held(q(0), q(11), Hindrance.CAPACITY, "", 0, 0),)


def test_too_long_for_the_horizon_is_to_be_arbitrated() -> None:
    plan = plan_for(measure("m", days=13, owner=Owner.AGENT))
    assert plan.actions[0].arbitration == Arbitration(Hindrance.CAPACITY, "", 0, 0)


def test_when_the_crowd_alone_keeps_it_out_the_plan_says_so() -> None:
    plan = plan_for(*(measure(f"m{n:02}", days=0.01) for n in range(37)))
    assert plan.actions[36].arbitration == Arbitration(Hindrance.CROWD, "", 0, 0)


def test_money_waits_for_next_year_and_counts_in_every_year_of_a_subscription() -> None:
    plan = plan_for(measure("a", cost=300, yearly=900), measure("b", cost=900, yearly=200))
    # 2027: 300 + 900 leave 800; b needs 1 100. 2028: 900 leave 1 100.
    assert starts(plan) == [q(1), q(5)]
    assert action_of(plan, "a").held == (Held(q(0), q(0), Hindrance.CEILING, "", 1200, 2026),)
    assert action_of(plan, "b").held == (
        Held(q(0), q(0), Hindrance.CEILING, "", 1100, 2026),
        Held(q(1), q(4), Hindrance.CEILING, "", 300, 2027),
    )
    assert [(y.year, y.ceiling, y.chosen, y.purchases, y.subscriptions) for y in plan.years] == [
        (2026, 0, False, 0, 0),
        (2027, 2000, False, 300, 900),
        (2028, 2000, False, 900, 1100),
        (2029, 2000, False, 0, 1100),
    ]


def test_the_mayor_chooses_the_ceilings() -> None:
    plan = plan_for(measure("a", cost=300), declared=town(ceilings={2026: 300, 2027: 50}))
    assert starts(plan) == [q(0)]
    assert [(y.ceiling, y.chosen) for y in plan.years[:3]] == [(300, True), (50, True), (2000, False)]


def test_a_year_that_begins_has_three_calendar_years_and_its_own_ceiling() -> None:
    plan = plan_for(measure("a", cost=300), today=date(2027, 1, 4))
    assert [year.year for year in plan.years] == [2027, 2028, 2029]
    assert starts(plan) == [Quarter(2028, 1)]


def test_nothing_is_bought_before_the_vote_when_the_mayor_says_so() -> None:
    plan = plan_for(measure("a", cost=300), measure("b"), declared=town(spend_before_vote=False))
    assert slot(plan, "a").start == q(2)
    assert action_of(plan, "a").held[1] == Held(q(1), q(1), Hindrance.VOTE, "", 0, 0)
    assert slot(plan, "b").start == q(0)


def test_an_action_starts_when_what_it_waits_for_is_done() -> None:
    base, after = measure("base", cost=100), measure("after", depends=("base",), guidance_class=1)
    plan = plan_for(base, after)
    assert ids(plan) == ["base", "after"]
    assert starts(plan) == [q(1), q(1)]
    assert plan.actions[1].held == (Held(q(0), q(0), Hindrance.DEPENDENCY, "base", 0, 0),)


def test_what_waits_for_something_to_arbitrate_is_to_be_arbitrated_too() -> None:
    plan = plan_for(measure("base", cost=9000), measure("after", depends=("base",)))
    assert plan.actions[0].arbitration == Arbitration(Hindrance.CEILING, "", 7000, 2027, 2027)
    assert plan.actions[1].arbitration == Arbitration(Hindrance.DEPENDENCY, "base", 0, 0)
    assert plan.actions[1].held == (Held(q(0), q(11), Hindrance.DEPENDENCY, "base", 0, 0),)


def test_the_missing_money_is_that_of_one_year_or_of_several_for_a_subscription() -> None:
    once = plan_for(measure("m", cost=2500), declared=town(ceilings={2028: 2200})).actions[0]
    assert once.arbitration == Arbitration(Hindrance.CEILING, "", 300, 2028, 2028)
    # In 2029 alone the least is missing: one year is better than three.
    each_year = plan_for(measure("m", cost=100, yearly=2500)).actions[0]
    assert each_year.arbitration == Arbitration(Hindrance.CEILING, "", 600, 2029, 2029)
    early = plan_for(measure("m", yearly=2500), today=date(2027, 1, 4), declared=town(ceilings={2029: 9000}))
    assert early.actions[0].slot == Slot(Quarter(2029, 1), Quarter(2029, 1), ())
    # Everything must start this quarter: the work fills the horizon.
    long = plan_for(measure("m", yearly=2100, days=12, owner=Owner.AGENT)).actions[0]
    assert long.arbitration == Arbitration(Hindrance.CEILING, "", 2100, 2026, 2029)


def test_the_missing_money_is_enough_even_when_an_earlier_action_takes_the_raise() -> None:
    # 600 more in 2027 would hold b, but a would leave 2028 for it: only both together fit, 3 100 in 2027.
    declared = town(ceilings={2027: 1000, 2028: 1500, 2029: 0})
    plan = plan_for(measure("a", cost=1500), measure("b", cost=1600), declared=declared)
    assert starts(plan) == [q(5), None]
    assert plan.actions[1].arbitration == Arbitration(Hindrance.CEILING, "", 2100, 2027, 2027)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        # a would take all the agent's time from 2026 on: only the money of the years to come leaves b a place.
        (1, Arbitration(Hindrance.CEILING, "", 200, 2027, 2029)),
        # b too needs the whole horizon: no money makes room for both.
        (12, Arbitration(Hindrance.CROWD, "", 0, 0)),
    ],
)
def test_money_that_an_earlier_action_turns_into_time_places_nothing(
    days: int, expected: Arbitration
) -> None:
    works = [
        measure("a", cost=100, days=12, owner=Owner.AGENT),
        measure("b", cost=200, days=days, owner=Owner.AGENT),
    ]
    ranked = [replace(works[0], guidance_class=1), replace(works[1], guidance_class=4)]
    nothing = town(ceilings=dict.fromkeys(range(2026, 2030), 0))
    findings = [finding("t.a", measure="a", risk=(3, 4)), finding("t.b", measure="b", risk=(2, 2))]
    plan = plan_of(findings, *ranked, declared=nothing)
    assert action_of(plan, "a").arbitration == Arbitration(Hindrance.CEILING, "", 100, 2026, 2026)
    assert action_of(plan, "b").arbitration == expected


LOTS = (Lot("La mairie", 1400, 0, 1), Lot("L'école", 1600, 0, 1))


def test_what_is_too_dear_at_once_is_done_in_lots_one_a_year() -> None:
    plan = plan_for(measure("a", cost=900), measure("b", cost=3000, days=2, lots=LOTS))
    # 2027 holds 1 100 more: the lots are for 2028 and 2029.
    assert slot(plan, "b") == Slot(
        q(5), q(9), (LotSlot("La mairie", q(5), 1400, 0), LotSlot("L'école", q(9), 1600, 0))
    )
    assert action_of(plan, "b").due == q(9).last_day
    assert action_of(plan, "b").held == (
        Held(q(0), q(0), Hindrance.CEILING, "", 1400, 2026),
        Held(q(1), q(4), Hindrance.CEILING, "", 300, 2027),
    )
    assert [year.purchases for year in plan.years] == [0, 900, 1400, 1600]


def test_what_can_be_done_as_early_at_once_is_not_done_in_lots() -> None:
    dear = measure("b", cost=3000, days=2, lots=LOTS)
    assert slot(plan_for(dear, declared=town(ceilings={2027: 3000})), "b") == Slot(q(1), q(1), ())
    assert slot(plan_for(dear, declared=town(ceilings={2028: 3000})), "b") == Slot(q(5), q(5), ())


def test_lots_that_do_not_all_fit_are_to_be_arbitrated_with_the_least_raise() -> None:
    three = (Lot("Un", 1900, 0, 1), Lot("Deux", 1900, 0, 1), Lot("Trois", 2200, 0, 1))
    plan = plan_for(measure("b", cost=6000, days=3, lots=three))
    assert plan.actions[0].arbitration == Arbitration(Hindrance.CEILING, "", 200, 2029, 2029)
    raised = plan_for(measure("b", cost=6000, days=3, lots=three), declared=town(ceilings={2029: 2200}))
    assert slot(raised, "b").end == q(9)
    (moved,) = compare(plan, raised)
    assert (moved.before, moved.after, moved.cause) == (None, q(9).last_day, plan.actions[0].arbitration)


def test_a_quote_is_for_the_whole_and_ends_the_lots() -> None:
    declared = town(quotes=(Quote("b", 1800, 0),))
    plan = plan_for(measure("b", cost=3000, days=2, lots=LOTS), declared=declared)
    assert slot(plan, "b") == Slot(q(1), q(1), ())


def test_an_urgency_that_costs_nothing_is_due_in_seven_days_whatever_the_crowd() -> None:
    works = [measure(f"m{n}", days=1) for n in range(4)]
    findings = [finding("t.u", measure="u", risk=URGENT)] + [
        finding(f"t.{m.id}", measure=m.id) for m in works
    ]
    plan = plan_of(findings, measure("u", days=6), *works)
    first = plan.actions[0]
    assert (first.measure.id, first.due, first.stopgap_due) == ("u", TODAY + timedelta(days=7), None)
    # It takes all the contractor has left of this quarter, and is none of the three of the next.
    assert starts(plan) == [q(0), q(1), q(1), q(1), q(2)]


def test_an_urgency_goes_before_the_time_its_owner_gives() -> None:
    urgent = plan_for(measure("u"), risk=URGENT, declared=town(capacities={"contractor": 0}))
    assert starts(urgent) == [q(0)]


@pytest.mark.parametrize(("cost", "days"), [(100, 1.0), (0, 8.0)])
def test_an_urgency_that_costs_or_lasts_has_a_stopgap_in_seven_days(cost: int, days: float) -> None:
    action = plan_for(measure("u", cost=cost, days=days), risk=URGENT).actions[0]
    assert action.stopgap_due == TODAY + timedelta(days=7)
    assert action.slot is not None
    assert action.due == action.slot.end.last_day


def test_an_urgency_never_breaks_a_ceiling() -> None:
    action = plan_for(measure("u", cost=5000), risk=URGENT).actions[0]
    assert (action.standing, action.due) == (Standing.TO_ARBITRATE, None)
    assert action.stopgap_due == TODAY + timedelta(days=7)


def test_what_an_urgency_waits_for_in_the_same_quarter_is_due_as_soon() -> None:
    findings = [finding("t.base", measure="base"), finding("t.u", measure="u", risk=URGENT)]
    plan = plan_of(findings, measure("base"), measure("u", depends=("base",)))
    assert [action.due for action in plan.actions] == [TODAY + timedelta(days=7)] * 2
    old = {findings[1].identity: date(2026, 9, 1)}
    late = plan_of(findings, measure("base"), measure("u", depends=("base",)), first_failed=old)
    assert [action.due for action in late.actions] == [TODAY, TODAY]


@pytest.mark.parametrize("stopgap", ["Prévenir.", ""])
def test_an_urgency_that_waits_for_a_later_quarter_always_has_its_stopgap(stopgap: str) -> None:
    findings = [finding("t.base", measure="base"), finding("t.u", measure="u", risk=URGENT)]
    plan = plan_of(findings, measure("base", cost=50), measure("u", depends=("base",), stopgap=stopgap))
    assert [action.due for action in plan.actions] == [q(1).last_day] * 2
    assert plan.actions[1].stopgap_due == TODAY + timedelta(days=7)
    assert plan.actions[1].measure.stopgap


def test_an_adopted_date_stays_and_takes_its_time_and_its_money() -> None:
    measures = [measure("a", cost=1500, days=3), measure("b", cost=1500), measure("c", days=3)]
    plan = plan_for(*measures, declared=town(adoptions=(adopted("b", date(2027, 2, 10)),)))
    b = action_of(plan, "b")
    assert (b.due, b.slot, b.standing, b.held) == (
        date(2027, 2, 10),
        Slot(q(1), q(1), ()),
        Standing.ADOPTED,
        (),
    )
    # 1 500 € of 2027 are taken, and one half-day of its first quarter.
    assert slot(plan, "a").start == q(5)
    assert slot(plan, "c").start == q(0)
    assert plan.years[1].purchases == 1500


def test_an_adopted_date_counts_among_the_three_of_its_quarter() -> None:
    measures = [measure(f"m{n}", days=0.1) for n in range(4)]
    plan = plan_for(*measures, declared=town(adoptions=(adopted("m3", date(2026, 12, 1)),)))
    assert starts(plan) == [q(0), q(0), q(1), q(0)]


def test_what_is_late_comes_right_after_the_urgencies_and_keeps_its_date() -> None:
    measures = [measure("u"), measure("late", cost=100, guidance_class=4), measure("quick", guidance_class=1)]
    risks = {"u": URGENT, "late": (2, 2), "quick": (3, 4)}
    findings = [finding(f"t.{m.id}", measure=m.id, risk=risks[m.id]) for m in measures]
    questions = [unanswered("mfa", "quick")]
    declared = town(adoptions=(adopted("late", date(2026, 6, 30)),))
    plan = plan_of([*findings, *questions], *measures, measure("answer-questions"), declared=declared)
    assert ids(plan) == ["u", "late", "answer-questions", "quick"]
    late = plan.actions[1]
    assert (late.standing, late.due) == (Standing.LATE, date(2026, 6, 30))
    assert late.slot == Slot(Quarter(2026, 2), Quarter(2026, 2), ())
    # It will be paid from now on.
    assert plan.years[0].purchases == 100


def test_an_adopted_date_before_what_it_waits_for_is_to_be_confirmed() -> None:
    measures = [measure("base", cost=100), measure("after", depends=("base",))]

    def standing(due: date, *others: Adoption) -> Standing:
        return action_of(
            plan_for(*measures, declared=town(adoptions=(adopted("after", due), *others))), "after"
        ).standing

    assert standing(date(2026, 12, 31)) is Standing.TO_CONFIRM
    assert standing(date(2027, 1, 15)) is Standing.ADOPTED
    assert standing(date(2027, 1, 15), adopted("base", date(2027, 1, 16))) is Standing.TO_CONFIRM
    assert standing(date(2027, 1, 15), adopted("base", date(2027, 1, 15))) is Standing.ADOPTED
    dear = [measure("base", cost=9000), measure("after", depends=("base",))]
    plan = plan_for(*dear, declared=town(adoptions=(adopted("after", date(2028, 1, 1)),)))
    assert plan.actions[1].standing is Standing.TO_CONFIRM


def test_what_is_awaited_by_an_adopted_date_is_due_by_then() -> None:
    measures = [measure("base", cost=100), measure("after", depends=("base",))]
    plan = plan_for(*measures, declared=town(adoptions=(adopted("after", date(2027, 1, 15)),)))
    assert action_of(plan, "base").due == date(2027, 1, 15)
    plan = plan_for(*measures, declared=town(adoptions=(adopted("base", date(2027, 2, 1)),)))
    assert action_of(plan, "after").due == q(1).last_day


def test_an_urgency_is_due_no_earlier_than_the_adopted_date_it_waits_for() -> None:
    findings = [finding("t.base", measure="base"), finding("t.u", measure="u", risk=URGENT)]
    declared = town(adoptions=(adopted("base", date(2026, 12, 20)),))
    plan = plan_of(findings, measure("base"), measure("u", depends=("base",)), declared=declared)
    urgent = action_of(plan, "u")
    assert (urgent.due, urgent.stopgap_due) == (date(2026, 12, 20), TODAY + timedelta(days=7))


def test_adopted_dates_that_exceed_a_ceiling_together_are_to_be_confirmed_from_there_on() -> None:
    due = date(2027, 5, 1)
    declared = town(adoptions=(adopted("b", due), adopted("a", due), adopted("c", date(2028, 5, 1))))
    plan = plan_for(*(measure(name, cost=1500) for name in "abc"), measure("d"), declared=declared)
    assert [action_of(plan, name).standing for name in "abc"] == [
        Standing.ADOPTED,
        Standing.TO_CONFIRM,
        Standing.ADOPTED,
    ]
    assert slot(plan, "d").start == q(0)
    assert plan.years[1].purchases == 3000


def test_a_date_beyond_the_horizon_stays_and_what_waits_for_it_is_to_be_arbitrated() -> None:
    declared = town(adoptions=(adopted("base", date(2031, 5, 1)), adopted("near", date(2029, 12, 1))))
    plan = plan_for(
        measure("base"), measure("after", depends=("base",)), measure("near", cost=70), declared=declared
    )
    assert action_of(plan, "base").standing is Standing.ADOPTED
    assert action_of(plan, "after").arbitration == Arbitration(Hindrance.DEPENDENCY, "base", 0, 0)
    # The last quarter of 2029 is beyond the twelve, its budget is not.
    assert plan.years[-1].purchases == 70


@pytest.mark.parametrize(
    ("due", "purchases", "subscriptions"),
    [
        (date(2026, 6, 1), [300, 0, 0, 0], [200, 200, 200, 200]),
        (date(2025, 6, 1), [0, 0, 0, 0], [200, 200, 200, 200]),
        (date(2028, 6, 1), [0, 0, 300, 0], [0, 0, 200, 200]),
    ],
)
def test_what_was_adopted_and_is_done_still_counts_in_the_money(
    due: date, purchases: list[int], subscriptions: list[int]
) -> None:
    done = finding("t.a", Status.PASS, measure="a")
    declared = town(adoptions=(adopted("a", due), adopted("gone", due)))
    plan = plan_of([done], measure("a", cost=300, yearly=200), declared=declared)
    assert plan.actions == ()
    assert [year.purchases for year in plan.years] == purchases
    assert [year.subscriptions for year in plan.years] == subscriptions


def test_what_was_adopted_and_then_accepted_costs_nothing() -> None:
    declared = town(adoptions=(adopted("a", date(2027, 6, 1)),), waivers=(waiver("t.a"),))
    plan = plan_for(measure("a", cost=300), declared=declared)
    assert (plan.actions, plan.years[1].purchases) == ((), 0)


def test_what_is_said_done_and_still_seen_open_is_an_action_that_says_so() -> None:
    said = Completion("a", "Cabinet Dupont", date(2026, 11, 1))
    plan = plan_for(measure("a"), measure("b"), declared=town(completions=(said,)))
    assert [action.completion for action in plan.actions] == [said, None]


def test_a_dependency_that_is_only_accepted_is_met_and_told() -> None:
    measures = (measure("base"), measure("after", depends=("base",)))
    plan = plan_for(*measures, declared=town(waivers=(waiver("t.base"),)))
    assert plan.actions[0].accepted_before == ("base",)
    assert plan_for(*measures).actions[1].accepted_before == ()


def test_the_questions_are_for_this_month_and_take_no_place() -> None:
    works = [measure(f"m{n}", days=0.1, owner=Owner.AGENT) for n in range(3)]
    findings = [finding(f"t.{m.id}", measure=m.id) for m in works]
    answering = measure("answer-questions", days=0.05, owner=Owner.AGENT)
    plan = plan_of([*findings, unanswered("mfa", "mfa")], *works, measure("mfa", guidance_class=1), answering)
    first = plan.actions[0]
    assert (first.kind, first.due, first.slot) == (
        ActionKind.ANSWER,
        TODAY + timedelta(days=30),
        Slot(q(0), q(0), ()),
    )
    assert starts(plan) == [q(0)] * 4


@pytest.mark.parametrize(("days", "left"), [(0, 30), (7, 23), (29, 1), (30, 0), (31, 29), (60, 0), (365, 25)])
def test_the_questions_keep_their_day_from_week_to_week(days: int, left: int) -> None:
    old, new = unanswered("mfa", "mfa"), unanswered("awareness", "awareness")
    since = {old.identity: Unknown(TODAY - timedelta(days=days), 2), new.identity: Unknown(TODAY, 1)}
    first = [measure(name, guidance_class=1) for name in ("mfa", "awareness")]
    plan = plan_of([old, new], *first, measure("answer-questions"), unknown_since=since)
    assert plan.actions[0].due == TODAY + timedelta(days=left)


def verified(
    reason: Reason = Reason.TIMEOUT, *, days: int = 90, audits: int = 2, risk: tuple[int, int] = (4, 4)
) -> tuple[Action, ...]:
    unseen = finding("t.a", Status.UNKNOWN, measure="m", reason=reason, risk=risk)
    since = {unseen.identity: Unknown(TODAY - timedelta(days=days), audits)}
    return plan_of([unseen], measure("m", cost=900, days=4), unknown_since=since).actions


def test_what_nobody_has_known_for_a_quarter_is_verified_for_nothing_in_half_a_day() -> None:
    (action,) = verified()
    assert (action.kind, action.tier, action.effort) == (ActionKind.VERIFY, Tier.QUICK_WIN, 1)
    assert (action.measure.cost.high, action.measure.days, action.measure.stopgap) == (0, 0.5, "")
    assert action.measure.title == "Vérifier\xa0: protéger le courrier"
    assert action.measure.contractor.startswith("Bonjour,\nNous ne savons pas")
    assert (action.slot, action.stopgap_due) == (Slot(q(0), q(0), ()), None)
    assert action.gain == 0


@pytest.mark.parametrize(
    ("days", "audits", "reason"),
    [(89, 2, Reason.TIMEOUT), (90, 1, Reason.TIMEOUT), (90, 2, Reason.NOT_LOOKED)],
)
def test_what_was_asked_lately_or_once_is_not_verified_yet(days: int, audits: int, reason: Reason) -> None:
    assert verified(reason, days=days, audits=audits) == ()


def test_a_low_risk_is_verified_later() -> None:
    assert [verified(risk=risk)[0].tier for risk in ((2, 3), (2, 2))] == [Tier.PROJECT, Tier.LATER]


def test_what_is_to_be_mended_anyway_is_not_verified_and_a_verification_takes_no_beginning() -> None:
    unseen = finding("t.a", Status.UNKNOWN, measure="m0", reason=Reason.TIMEOUT)
    other = finding("t.b", Status.UNKNOWN, measure="z", reason=Reason.TIMEOUT)
    since = {each.identity: Unknown(date(2026, 1, 1), 5) for each in (unseen, other)}
    works = [measure(f"m{n}", days=0.1) for n in range(3)]
    opened = [finding(f"t.{m.id}", measure=m.id) for m in works]
    plan = plan_of([unseen, other, *opened], *works, measure("z"), unknown_since=since)
    assert [(a.measure.id, a.kind) for a in plan.actions if a.kind is ActionKind.VERIFY] == [("z", "verify")]
    assert starts(plan) == [q(0)] * 4
    assert [year.level.low for year in plan.years] == [plan.years[0].level.low] * 4
    assert plan.years[0].level.low < 100


@pytest.mark.parametrize(
    ("reason", "kinds"),
    [
        (Reason.ANSWER_UNKNOWN, [ActionKind.VERIFY]),
        (Reason.NOT_DECLARED, [ActionKind.ANSWER]),
        (Reason.DECLARATION_EXPIRED, [ActionKind.ANSWER]),
    ],
)
def test_a_first_practice_is_verified_once_somebody_did_not_know(
    reason: Reason, kinds: list[ActionKind]
) -> None:
    asked = unanswered("mfa", "mfa", reason)
    since = {asked.identity: Unknown(date(2026, 1, 1), 5)}
    measures = (measure("mfa", guidance_class=1), measure("answer-questions"))
    plan = plan_of([asked], *measures, unknown_since=since)
    assert [action.kind for action in plan.actions] == kinds
    assert len(plan.questions) == 1


def test_the_level_of_a_year_counts_what_is_due_by_its_end() -> None:
    measures = [measure("a"), measure("b", cost=1500), measure("c", cost=9000)]
    findings = [finding(f"t.{m.id}", measure=m.id) for m in measures]
    plan = plan_of(findings, *measures)
    assert [year.level.shown[0] for year in plan.years] == [33, 66, 66, 66]
    assert plan.level == assess(findings)


def test_the_calendar_of_the_paragraph_placed_by_hand() -> None:
    # Six measures of the same risk 9, of class 1 to 3, the contractor's; two of them wait for a purchase.
    measures = [
        measure("a", guidance_class=1),
        measure("b", guidance_class=1, cost=450),
        measure("c", guidance_class=1, depends=("b",)),
        measure("d", guidance_class=2),
        measure("e", guidance_class=2),
        measure("f", guidance_class=2),
        measure("g", guidance_class=3, cost=1400, yearly=200),
        measure("h", guidance_class=3, cost=2100),
    ]
    plan = plan_for(*measures)
    # Order: « Gain rapide » (effort 1 or 2): a, then b of index 9/2 before c that waits for it, d, e, f; then
    # « Chantier », effort 3 and 4: g of index 3, h of index 9/4.
    assert ids(plan) == ["a", "b", "c", "d", "e", "f", "g", "h"]
    # 2026 has 0 €: b waits for 2027 and c for b; a, d, e are the three of this quarter; f is the third of the
    # next. g costs 1 600 of the 1 550 left in 2027, so 2028. h exceeds 2 000 in every year, by 100 at least:
    # 2027 has 450 taken, 2028 has 1 600, 2029 only the 200 of the subscription, so 300 are missing there.
    assert starts(plan) == [q(0), q(1), q(1), q(0), q(0), q(1), q(5), None]
    assert plan.actions[7].arbitration == Arbitration(Hindrance.CEILING, "", 300, 2029, 2029)
    # Eight measures of weight 9 and nothing mastered: 3, 6, 7 and 7 eighths at the end of the years.
    assert [year.level.low for year in plan.years] == [Fraction(100 * n, 8) for n in (3, 6, 7, 7)]
    assert [(year.purchases, year.subscriptions) for year in plan.years] == [
        (0, 0),
        (450, 0),
        (1400, 200),
        (0, 200),
    ]


def test_more_money_moves_what_it_held_and_says_why() -> None:
    measures = [measure("a", cost=1500), measure("b", cost=1500), measure("c", cost=4000), measure("d")]
    before = plan_for(*measures)
    after = plan_for(*measures, declared=town(ceilings={2027: 3000, 2028: 4000}))
    moved = compare(before, after)
    assert [(m.measure, m.rank, m.before, m.after) for m in moved] == [
        ("b", 3, q(5).last_day, q(1).last_day),
        ("c", 4, None, q(5).last_day),
    ]
    assert moved[0].cause == Held(q(1), q(4), Hindrance.CEILING, "", 1000, 2027)
    assert moved[1].cause == Arbitration(Hindrance.CEILING, "", 2000, 2029, 2029)
    assert (moved[1].standing_before, moved[1].standing_after) == (Standing.TO_ARBITRATE, Standing.PROPOSED)
    back = {m.measure: m.cause for m in compare(after, before)}
    assert back == {m.measure: m.cause for m in moved}
    assert compare(before, before) == ()


def test_what_moves_only_with_another_has_no_cause_of_its_own() -> None:
    measures = [measure("base"), measure("after", depends=("base",))]
    before = plan_for(*measures)
    after = plan_for(*measures, declared=town(adoptions=(adopted("after", date(2026, 12, 1)),)))
    assert [(m.measure, m.after, m.cause) for m in compare(before, after)] == [
        ("base", date(2026, 12, 1), None),
        ("after", date(2026, 12, 1), None),
    ]
    fewer = replace(after, actions=after.actions[:1])
    assert [m.measure for m in compare(before, fewer)] == ["base"]


def in_lots(due: date, *starts: date) -> Adoption:
    return replace(adopted("b", due), starts=starts)


TWO_YEARS = (date(2027, 1, 1), date(2028, 1, 1))


@pytest.mark.parametrize(
    ("promise", "purchases"),
    [
        (in_lots(date(2028, 3, 31), *TWO_YEARS), [0, 1400, 1600, 0]),
        # The first lot was for a year that is over: it was paid then.
        (in_lots(date(2028, 3, 31), date(2025, 1, 1), date(2028, 1, 1)), [0, 0, 1600, 0]),
        (in_lots(date(2028, 3, 31), date(2027, 10, 1)), [0, 3000, 0, 0]),
        # There are no three lots any more, or it is late: the whole is paid at its date, or from now on.
        (in_lots(date(2028, 3, 31), *TWO_YEARS, date(2028, 2, 1)), [0, 0, 3000, 0]),
        (in_lots(date(2026, 10, 31), date(2025, 1, 1), date(2026, 1, 1)), [3000, 0, 0, 0]),
    ],
)
def test_what_was_adopted_is_paid_when_it_begins_as_adopted(promise: Adoption, purchases: list[int]) -> None:
    plan = plan_for(measure("b", cost=3000, days=2, lots=LOTS), declared=town(adoptions=(promise,)))
    assert [year.purchases for year in plan.years] == purchases
    assert plan.actions[0].due == promise.due


def test_adopted_lots_are_told_and_their_date_stands() -> None:
    declared = town(adoptions=(in_lots(date(2028, 3, 31), *TWO_YEARS),))
    [action] = plan_for(measure("b", cost=3000, days=2, lots=LOTS), declared=declared).actions
    assert action.standing is Standing.ADOPTED
    assert action.slot == Slot(
        q(1), q(5), (LotSlot("La mairie", q(1), 1400, 0), LotSlot("L'école", q(5), 1600, 0))
    )


def test_a_postponed_date_takes_its_last_lot_along_and_leaves_the_first() -> None:
    promise = in_lots(date(2028, 3, 31), *TWO_YEARS)
    assert later_starts(promise, date(2029, 9, 30)) == (date(2027, 1, 1), date(2029, 7, 1))
    assert later_starts(replace(promise, starts=()), date(2029, 9, 30)) == ()


def test_the_raise_for_lots_over_several_years_is_that_of_the_lots_not_of_the_whole() -> None:
    nothing = town(ceilings=dict.fromkeys(range(2026, 2030), 0))
    # So long that it must begin now; the whole would take 3 100 € of this year alone.
    parts = (Lot("La mairie", 1500, 100, 18), Lot("L'école", 1500, 0, 18))
    plan = plan_for(measure("b", cost=3000, yearly=100, days=36, lots=parts), declared=nothing)
    assert plan.actions[0].arbitration == Arbitration(Hindrance.CEILING, "", 1600, 2026, 2029)


def test_a_quote_for_a_free_urgency_leaves_it_something_to_do_within_seven_days() -> None:
    declared = town(quotes=(Quote("b", 900, 0),), ceilings={2026: 0})
    [action] = plan_for(measure("b", stopgap=""), declared=declared, risk=URGENT).actions
    assert action.stopgap_due == TODAY + timedelta(days=7)
    assert "en attendant" in action.measure.stopgap


@pytest.mark.parametrize("due", [date(2027, 3, 31), date(2026, 10, 1)])
def test_what_was_adopted_and_is_seen_no_more_is_to_be_verified_at_its_date(due: date) -> None:
    unseen = finding("t.b", Status.UNKNOWN, measure="b", reason=Reason.NOT_LOOKED)
    declared = town(adoptions=(adopted("b", due),))
    [action] = plan_of([unseen], measure("b", cost=900), declared=declared).actions
    assert (action.kind, action.due) == (ActionKind.VERIFY, due)
    assert action.standing is (Standing.LATE if due < TODAY else Standing.ADOPTED)
    assert (action.measure.cost.high, action.measure.title[:8]) == (0, "Vérifier")
    assert "date est adoptée" in action.measure.why
    assert plan_of([unseen], measure("b", cost=900)).actions == ()


def test_an_urgency_asks_for_the_soonest_raise_another_action_for_the_least() -> None:
    declared = town(ceilings={2026: 0, 2027: 0, 2028: 500, 2029: 0})
    urgent = plan_for(measure("b", cost=600), declared=declared, risk=URGENT).actions[0]
    assert urgent.arbitration == Arbitration(Hindrance.CEILING, "", 600, 2026, 2026)
    other = plan_for(measure("b", cost=600), declared=declared).actions[0]
    assert other.arbitration == Arbitration(Hindrance.CEILING, "", 100, 2028, 2028)


@pytest.mark.parametrize(
    ("ends", "cost", "due", "standing"),
    [
        (date(2027, 1, 5), 0, date(2026, 12, 31), Standing.PROPOSED),
        (date(2026, 12, 5), 0, date(2026, 12, 5), Standing.PROPOSED),
        (TODAY, 0, TODAY, Standing.PROPOSED),
        # Over: late since that day, and to be confirmed only when no money of this quarter pays.
        (date(2026, 11, 14), 0, date(2026, 11, 14), Standing.PROPOSED),
        (date(2024, 3, 1), 0, date(2024, 3, 1), Standing.PROPOSED),
        (date(2026, 11, 14), 60, date(2026, 11, 14), Standing.TO_CONFIRM),
        (date(2027, 1, 5), 60, date(2027, 1, 5), Standing.PROPOSED),
        (date(2026, 12, 5), 60, date(2026, 12, 5), Standing.TO_CONFIRM),
    ],
)
def test_what_ends_by_itself_is_due_that_day_even_before_its_money(
    ends: date, cost: int, due: date, standing: Standing
) -> None:
    ending = finding("dns.registration", measure="renew")
    ending = replace(ending, verdict=replace(ending.verdict, before=ends))
    action = plan_of([ending], measure("renew", cost=cost)).actions[0]
    assert (action.due, action.standing) == (due, standing)


@pytest.mark.parametrize(
    ("left", "seen", "seventh"),
    [
        # Days from today to the end; since when it fails; the seventh day.
        (13, 40, 6),
        (14, 40, 7),
        (20, 40, -3),
        (20, 0, 7),
        (6, 40, 6),
        (3, 0, 3),
        (0, 40, 0),
        (60, 40, -33),
        # Over: late since its end, not since it was first told, nor a week from now.
        (-7, 40, -7),
        (-7, 8, -7),
        (-7, 0, -7),
    ],
)
def test_what_counts_down_is_late_from_the_step_that_pressed_and_never_due_after_its_end(
    left: int, seen: int, seventh: int
) -> None:
    ending = finding("dns.registration", measure="renew", risk=URGENT)
    ending = replace(ending, verdict=replace(ending.verdict, before=TODAY + timedelta(days=left)))
    since = {ending.identity: TODAY - timedelta(days=seen)}
    paid = plan_of([ending], measure("renew", cost=60), first_failed=since).actions[0]
    assert paid.stopgap_due == TODAY + timedelta(days=seventh)
    free = plan_of([ending], measure("renew"), first_failed=since).actions[0]
    assert free.due == TODAY + timedelta(days=seventh)


def over(check: str, measure_id: str, *, days: int = 7, risk: tuple[int, int] = (2, 2)) -> Finding:
    """Something of little weight that ended so many days ago."""
    found = finding(check, measure=measure_id, risk=risk)
    return replace(found, verdict=replace(found.verdict, before=TODAY - timedelta(days=days)))


def test_what_is_over_goes_right_after_the_urgencies_and_before_all_later_dates() -> None:
    others = [finding(f"t.{number}", measure=f"m{number}") for number in range(4)]
    urgent = finding("t.u", measure="urgent", risk=URGENT)
    measures = [measure(f"m{number}") for number in range(4)]
    plan = plan_of(
        [*others, over("vpn.certificate", "renew"), urgent], *measures, measure("renew"), measure("urgent")
    )
    assert [each.measure.id for each in plan.actions[:2]] == ["urgent", "renew"]
    renewal = plan.actions[1]
    assert (renewal.tier, renewal.ended, renewal.due) == (Tier.LATER, date(2026, 11, 14), date(2026, 11, 14))
    assert renewal.slot is not None
    assert renewal.slot.start == Quarter.of(TODAY)
    assert all(each.due and each.due > renewal.due for each in plan.actions[2:] if renewal.due)


@pytest.mark.parametrize("due", [date(2027, 6, 30), date(2026, 10, 1)])
def test_what_is_over_keeps_the_date_that_was_adopted(due: date) -> None:
    declared = town(adoptions=(adopted("renew", due),))
    found = [over("vpn.certificate", "renew"), finding("t.b", measure="b")]
    actions = plan_of(found, measure("renew"), measure("b"), declared=declared).actions
    renewal = next(each for each in actions if each.measure.id == "renew")
    assert (renewal.due, renewal.rank) == ((due, 2) if due > TODAY else (due, 1))
    assert renewal.standing is (Standing.ADOPTED if due > TODAY else Standing.LATE)


def test_questions_come_after_what_is_over() -> None:
    asked = unanswered("mfa", "ask")
    measures = measure("ask", guidance_class=1), measure("renew"), measure("answer-questions")
    actions = plan_of([asked, over("vpn.certificate", "renew")], *measures).actions
    assert [each.measure.id for each in actions] == ["renew", "answer-questions"]


def test_what_ends_before_its_money_is_adopted_as_beginning_in_the_quarter_of_its_date() -> None:
    ending = finding("dns.registration", measure="renew")
    ending = replace(ending, verdict=replace(ending.verdict, before=date(2026, 12, 5)))
    action = plan_of([ending], measure("renew", cost=60)).actions[0]
    assert action.slot is not None
    assert action.due is not None
    assert action.slot.start.first_day > action.due
    assert starts_of(action) == ()

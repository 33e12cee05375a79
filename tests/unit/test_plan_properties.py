"""What holds of every plan, whatever the town, its money and its people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.declared import Adoption, Town
from cyberaudit.engine.measures import Lot, Measure, Owner, Remedies
from cyberaudit.model import Finding, Reason, Status
from cyberaudit.plan.adopted import starts_of
from cyberaudit.plan.books import HALF_DAYS, HORIZON, STARTS_A_QUARTER, half_days
from cyberaudit.plan.build import build_plan
from cyberaudit.plan.what_if import compare
from cyberaudit.plan.words import (
    Action,
    ActionKind,
    Hindrance,
    Plan,
    Quarter,
    Standing,
    Tier,
    Unknown,
)
from tests.unit.plan_samples import TODAY, finding, measure, town

pytestmark = pytest.mark.unit

THIS = Quarter.of(TODAY)
YEARS = range(2026, 2030)
FIXED = (Standing.ADOPTED, Standing.LATE, Standing.TO_CONFIRM)
COSTS = st.sampled_from((0, 0, 400, 900, 1500, 2500))
YEARLY = st.sampled_from((0, 0, 0, 150, 600))
DAYS = st.sampled_from((0.05, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 9.0))
CEILINGS = st.dictionaries(st.sampled_from(YEARS), st.sampled_from((0, 500, 1000, 1500, 3000)))


@dataclass(frozen=True, slots=True)
class Case:
    """One town, what was found there and what may mend it."""

    town: Town
    measures: tuple[Measure, ...]
    findings: tuple[Finding, ...]
    unknown_since: Mapping[str, Unknown]

    def plan(self, declared: Town | None = None) -> Plan:
        return build_plan(
            self.findings,
            town=declared or self.town,
            remedies=Remedies({each.id: each for each in self.measures}, {}),
            first_failed={},
            today=TODAY,
            unknown_since=self.unknown_since,
        )


@st.composite
def lots(draw: st.DrawFn) -> tuple[Lot, ...]:
    count = draw(st.integers(2, 3))
    return tuple(Lot(f"Lot {n}", draw(COSTS), draw(YEARLY), draw(DAYS)) for n in range(count))


@st.composite
def a_measure(draw: st.DrawFn, name: str, before: Sequence[str]) -> Measure:
    parts = draw(st.one_of(st.just(()), st.just(()), lots()))
    return measure(
        name,
        cost=sum(lot.cost for lot in parts) if parts else draw(COSTS),
        yearly=sum(lot.yearly for lot in parts) if parts else draw(YEARLY),
        days=float(sum(Fraction(str(lot.days)) for lot in parts)) if parts else draw(DAYS),
        depends=tuple(sorted(draw(st.sets(st.sampled_from(before), max_size=2)))) if before else (),
        guidance_class=draw(st.integers(1, 4)),
        owner=draw(st.sampled_from(Owner)),
        lots=parts,
        stopgap=draw(st.sampled_from(("", "Prévenir les agents."))),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    names = [f"m{n}" for n in draw(st.permutations(range(draw(st.integers(1, 9)))))]
    measures = tuple(draw(a_measure(each, names[:n])) for n, each in enumerate(names))
    statuses = st.sampled_from((Status.FAIL, Status.FAIL, Status.PARTIAL, Status.PASS, Status.UNKNOWN))
    findings = tuple(
        finding(
            f"mail.c{number}",
            draw(statuses),
            measure=each,
            risk=(draw(st.integers(2, 4)), draw(st.integers(2, 4))),
        )
        for number, each in enumerate(names)
    )
    dates = st.dates(date(2026, 6, 1), date(2030, 6, 1))
    promised = draw(st.sets(st.sampled_from(names), max_size=2))
    adoptions = tuple(Adoption(each, draw(dates), "Le maire", TODAY) for each in sorted(promised))
    declared = town(
        ceilings=draw(CEILINGS),
        capacities=draw(st.dictionaries(st.sampled_from(Owner), st.integers(0, 4), max_size=1)),
        adoptions=adoptions,
        spend_before_vote=draw(st.booleans()),
    )
    since = Unknown(TODAY - timedelta(days=draw(st.integers(80, 100))), 2)
    return Case(declared, measures, findings, {each.identity: since for each in findings[::2]})


def richer(declared: Town, ceilings: Mapping[int, int]) -> Town:
    return replace(declared, plan=replace(declared.plan, ceilings=town(ceilings=ceilings).plan.ceilings))


Key = tuple[int, int, tuple[int, ...]]


def number(quarter: Quarter) -> int:
    return 4 * (quarter.year - THIS.year) + quarter.number - THIS.number


def key(action: Action) -> Key:
    """The date, then whole before in lots, then the date of each lot; never comes last."""
    if action.slot is None:
        return 10**6, 0, ()
    parts = tuple(number(lot.quarter) for lot in action.slot.lots)
    return number(action.slot.end), len(parts) or 1, parts or (number(action.slot.start),)


def free(plan: Plan) -> list[Action]:
    """The placed actions whose date nobody adopted."""
    return [action for action in plan.actions if action.slot and action.standing not in FIXED]


@settings(deadline=None, max_examples=80)
@given(cases(), st.lists(st.sampled_from((0, 300, 1000, 5000)), min_size=4, max_size=4))
def test_more_money_never_makes_the_vector_of_dates_worse(case: Case, more: list[int]) -> None:
    before = case.plan()
    ceilings = {year.year: year.ceiling + euros for year, euros in zip(before.years, more, strict=True)}
    after = case.plan(richer(case.town, ceilings))
    assert [action.measure.id for action in before.actions] == [a.measure.id for a in after.actions]
    assert [key(action) for action in after.actions] <= [key(action) for action in before.actions]


@settings(deadline=None, max_examples=80)
@given(cases())
def test_no_ceiling_is_exceeded_but_by_what_was_adopted(case: Case) -> None:
    plan = case.plan()
    spent: Counter[int] = Counter()
    for action in free(plan):
        assert action.slot is not None
        parts = [(lot.quarter, lot.euros, lot.yearly) for lot in action.slot.lots]
        cost = action.measure.cost
        for quarter, euros, yearly in parts or [(action.slot.start, cost.high, cost.yearly)]:
            spent[quarter.year] += euros
            spent.update({year: yearly for year in YEARS if year >= quarter.year})
            assert not (euros or yearly) or case.town.plan.spend_before_vote or quarter.number > 1
    for year in plan.years:
        total = year.purchases + year.subscriptions
        assert spent[year.year] <= min(total, year.ceiling)
        assert total <= year.ceiling or case.town.plan.adoptions


@settings(deadline=None, max_examples=80)
@given(cases())
def test_nothing_starts_before_what_it_waits_for_is_done(case: Case) -> None:
    plan = case.plan()
    by_id = {action.measure.id: action for action in plan.actions}
    for action in free(plan):
        for awaited in (by_id[name] for name in action.waits_for):
            assert action.slot is not None
            assert awaited.slot is not None
            assert awaited.slot.end <= action.slot.start
            assert awaited.rank < action.rank
            assert awaited.due is not None
            assert action.due is not None
            assert awaited.due <= max(action.due, TODAY)


@settings(deadline=None, max_examples=80)
@given(cases())
def test_owners_and_quarters_hold_no_more_than_they_can(case: Case) -> None:
    plan = case.plan()
    works = [action for action in free(plan) if action.tier is not Tier.URGENT]
    begun: Counter[Quarter] = Counter()
    asked: Counter[tuple[Owner, Quarter]] = Counter()
    given_time = {each.owner: each.half_days for each in case.town.plan.capacities}
    for action in works:
        assert action.slot is not None
        if action.kind is ActionKind.MEND:
            begun.update([lot.quarter for lot in action.slot.lots] or [action.slot.start])
        full = given_time.get(action.measure.owner, HALF_DAYS[action.measure.owner])
        assert full > 0
        if not action.slot.lots and half_days(action.measure.days) <= full:
            assert action.slot.start == action.slot.end
            asked[action.measure.owner, action.slot.start] += half_days(action.measure.days)  # type: ignore[assignment]
    assert max(begun.values(), default=0) <= STARTS_A_QUARTER
    assert all(time <= given_time.get(owner, HALF_DAYS[owner]) for (owner, _), time in asked.items())


@settings(deadline=None, max_examples=60)
@given(cases())
def test_an_adopted_date_stays(case: Case) -> None:
    plan = case.plan()
    by_id = {action.measure.id: action for action in plan.actions}
    for adoption in case.town.plan.adoptions:
        action = by_id.get(adoption.measure)
        if action and action.kind is ActionKind.MEND:
            assert (action.due, action.adoption) == (adoption.due, adoption)
            assert (action.standing is Standing.LATE) == (adoption.due < TODAY)
            assert action.standing in FIXED


@settings(deadline=None, max_examples=80)
@given(cases())
def test_adopting_every_proposed_date_moves_none_and_leaves_nothing_more_to_confirm(case: Case) -> None:
    before = case.plan()
    proposed = [a for a in before.actions if a.kind is ActionKind.MEND and a.standing is Standing.PROPOSED]
    added = tuple(
        Adoption(a.measure.id, a.due, "Le maire", TODAY, starts=starts_of(a)) for a in proposed if a.due
    )
    after = case.plan(
        replace(case.town, plan=replace(case.town.plan, adoptions=(*case.town.plan.adoptions, *added)))
    )
    by_id = {action.measure.id: action for action in after.actions}
    assert {by_id[each.measure.id].standing for each in proposed} <= {Standing.ADOPTED}
    assert all(by_id[each.measure.id].due == each.due for each in proposed)
    unsure = {a.measure.id for a in before.actions if a.standing is Standing.TO_CONFIRM}
    assert {a.measure.id for a in after.actions if a.standing is Standing.TO_CONFIRM} <= unsure
    if not any(action.arbitration for action in before.actions):
        assert [(y.purchases, y.subscriptions) for y in after.years] == [
            (y.purchases, y.subscriptions) for y in before.years
        ]


@settings(deadline=None, max_examples=60)
@given(cases())
def test_what_was_adopted_stays_until_it_was_seen_in_order(case: Case) -> None:
    there = {action.measure.id: action for action in case.plan().actions}
    status = {each.measure: each.status for each in case.findings}
    for adoption in case.town.plan.adoptions:
        assert (adoption.measure in there) == (status[adoption.measure] is not Status.PASS)
        if adoption.measure in there:
            assert there[adoption.measure].due == adoption.due


@settings(deadline=None, max_examples=60)
@given(cases())
def test_every_urgency_has_something_to_do_within_seven_days(case: Case) -> None:
    for action in case.plan().actions:
        if action.tier is Tier.URGENT and action.standing is not Standing.LATE:
            seventh = TODAY + timedelta(days=7)
            is_mended = action.due is not None and action.due <= seventh
            assert is_mended or (action.stopgap_due == seventh and action.measure.stopgap)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_every_open_measure_is_there_once_placed_or_to_be_arbitrated(case: Case) -> None:
    plan = case.plan()
    mended = [action.measure.id for action in plan.actions if action.kind is ActionKind.MEND]
    assert sorted(mended) == sorted(each.measure for each in case.findings if each.status.is_open)
    assert len({action.measure.id for action in plan.actions}) == len(plan.actions)
    for action in plan.actions:
        unplaced = action.slot is None
        assert unplaced == (action.due is None) == (action.standing is Standing.TO_ARBITRATE)
        assert unplaced == (action.arbitration is not None)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_what_holds_an_action_is_told_for_each_quarter_before_its_start(case: Case) -> None:
    for action in case.plan().actions:
        told = [n for held in action.held for n in range(number(held.first), number(held.last) + 1)]
        start = number(action.slot.start) if action.slot else HORIZON
        assert told == ([] if action.adoption else list(range(start)))
        for held in action.held:
            assert (held.cause is Hindrance.CEILING) == (held.missing > 0) == (held.year in YEARS)
            assert (held.cause is Hindrance.DEPENDENCY) == (held.measure in action.waits_for)


@settings(deadline=None, max_examples=60)
@given(cases(), st.integers())
def test_the_order_of_what_is_given_changes_nothing(case: Case, seed: int) -> None:
    def shuffled(values: Sequence[object]) -> tuple[object, ...]:
        return tuple(Random(seed).sample(values, len(values)))

    choices = case.town.plan
    other = replace(
        case.town,
        plan=replace(
            choices,
            ceilings=shuffled(choices.ceilings),  # type: ignore[arg-type]
            adoptions=shuffled(choices.adoptions),  # type: ignore[arg-type]
        ),
    )
    mixed = replace(case, findings=shuffled(case.findings), measures=shuffled(case.measures))  # type: ignore[arg-type]
    assert mixed.plan(other) == case.plan()


@settings(deadline=None, max_examples=60)
@given(cases(), st.data())
def test_a_point_turning_green_never_lowers_the_level_nor_a_silence_raises_it(
    case: Case, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(case.findings) - 1))

    def turned(status: Status) -> Plan:
        one = case.findings[index]
        other = replace(one, verdict=replace(one.verdict, status=status, reason=Reason.TIMEOUT))
        return replace(case, findings=(*case.findings[:index], other, *case.findings[index + 1 :])).plan()

    before = case.plan().level
    assert turned(Status.PASS).level.low >= before.low
    assert turned(Status.UNKNOWN).level.low <= before.low
    assert turned(Status.ERROR).level.low <= before.low


@settings(deadline=None, max_examples=60)
@given(cases())
def test_the_years_never_go_down_and_never_count_what_is_unknown(case: Case) -> None:
    plan = case.plan()
    lows = [plan.level.low, *(year.level.low for year in plan.years)]
    assert lows == sorted(lows)
    assert len({year.level.answered for year in plan.years}) == 1


@settings(deadline=None, max_examples=60)
@given(cases(), CEILINGS)
def test_a_comparison_names_each_move_and_its_mirror(case: Case, ceilings: Mapping[int, int]) -> None:
    one, other = case.plan(), case.plan(richer(case.town, ceilings))
    there, back = compare(one, other), compare(other, one)
    assert [(m.measure, m.before, m.after, m.cause) for m in there] == [
        (m.measure, m.after, m.before, m.cause) for m in back
    ]
    dates = {action.measure.id: action.due for action in one.actions}
    assert {m.measure for m in there} >= {a.measure.id for a in other.actions if a.due != dates[a.measure.id]}


@settings(deadline=None, max_examples=80)
@given(cases())
def test_the_raise_that_is_named_places_the_action(case: Case) -> None:
    plan = case.plan()
    for action in plan.actions:
        if action.arbitration and action.arbitration.missing:
            raised = {
                year.year: year.ceiling
                + action.arbitration.missing
                * (action.arbitration.year <= year.year <= action.arbitration.until)
                for year in plan.years
            }
            after = case.plan(richer(case.town, raised))
            assert next(a for a in after.actions if a.measure.id == action.measure.id).slot

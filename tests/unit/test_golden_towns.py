"""The full reports of the three towns of profiles/, and the sums that a reader can do again by hand."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass

import pytest

from cyberaudit.model import Status
from cyberaudit.plan.words import Action, ActionKind, Quarter, Standing, Tier, Word
from cyberaudit.reports import console, html, markdown
from cyberaudit.reports.console import Detail
from cyberaudit.reports.mayor import mayor_page
from cyberaudit.reports.plan_text import plan_text
from cyberaudit.reports.plan_words import YearView
from cyberaudit.reports.words import ReportView
from tests.unit import golden_towns
from tests.unit.golden import golden
from tests.unit.golden_towns import NAMES, told

pytestmark = pytest.mark.unit

SUMMARY_LINES = 45


def screen(
    view: ReportView, *, width: int = 80, simple: bool = False, detail: Detail = Detail.SUMMARY
) -> str:
    return console.render(view, width=width, simple=simple, detail=detail, colour=False)


def plan(view: ReportView) -> str:
    return plan_text(
        view, trial=None, warnings=(), profile="mairie.yaml", width=80, simple=False, everything=True
    )


def mayor(view: ReportView) -> str:
    """The mayor's page in the order it is read, without its layout."""
    return "\n".join(_texts(mayor_page(view))) + "\n"


def _texts(value: object) -> Iterator[str]:
    match value:
        case YearView():
            yield ", ".join(
                filter(None, (f"{value.year}", value.amount, value.detail, value.limit, value.target))
            )
        case tuple():
            for each in value:
                yield from _texts(each)
        case str():
            yield from filter(None, [value])
        case _ if is_dataclass(value):
            for field in fields(value):
                yield from _texts(getattr(value, field.name))
        case _:
            raise AssertionError(value)


FORMATS: dict[str, Callable[[ReportView], str]] = {
    "terminal-80.txt": screen,
    "terminal-52.txt": lambda view: screen(view, width=52),
    "simple.txt": lambda view: screen(view, simple=True),
    "all.txt": lambda view: screen(view, detail=Detail.ALL),
    "why.txt": lambda view: screen(view, detail=Detail.WHY),
    "report.md": markdown.render,
    "report.html": lambda view: re.sub(
        r"<style>.*?</style>", "<style>…</style>", html.render(view), flags=re.DOTALL
    ),
    "mayor.txt": mayor,
    "plan.txt": plan,
}


@pytest.mark.parametrize("town", NAMES)
@pytest.mark.parametrize("name", FORMATS)
def test_every_report_of_every_town_is_the_one_that_was_read_aloud(town: str, name: str) -> None:
    text = FORMATS[name](told(town).view)
    assert text == golden(f"towns/{town}/{name}", text)


@pytest.mark.parametrize("town", NAMES)
def test_how_bad_what_changed_what_to_do_and_whom_to_call_stand_in_the_first_lines(town: str) -> None:
    view = told(town).view
    text = screen(view)
    assert text.count("\n") <= SUMMARY_LINES
    wanted = [view.level.headline, "À faire tout de suite", "17Cyber"]
    wanted += [view.changes.sentence] if view.changes else []
    flat = " ".join(text.split())
    assert [each for each in wanted if " ".join(each.split()) not in flat] == []


@pytest.mark.parametrize("town", NAMES)
def test_the_level_can_be_added_up_from_what_is_printed(town: str) -> None:
    """As a reader would: the parts that are printed, two decimals each, give the level that is printed."""
    text = " ".join(screen(told(town).view, detail=Detail.WHY).split())
    parts = re.findall(
        r"poids (\d+), en ordre [^:]* : (?:entre )?([\d,]+)(?: et [\d,]+)? sur (\d+)[.,]", text
    )
    total = sum(int(weight) for weight, _, _ in parts)
    mastered = sum(float(low.replace(",", ".")) for _, low, _ in parts)
    printed = re.search(r"Niveau : .*? \((\d+) points? sur 100", text)
    assert printed is not None
    assert parts
    assert all(weight == whole for weight, _, whole in parts)
    assert int(100 * mastered / total + 0.01) == int(printed[1])


@pytest.mark.parametrize("town", NAMES)
def test_no_year_costs_more_than_its_ceiling_and_each_is_the_sum_of_its_actions(town: str) -> None:
    made = told(town).plan
    bought: Counter[int] = Counter()
    for action in made.actions:
        if action.slot is not None and not action.slot.lots:
            bought[action.slot.start.year] += action.measure.cost.high
    for year in told(town).view.budget.years:
        assert year.purchases == bought[year.year]
        assert year.purchases + year.subscriptions <= year.ceiling


@pytest.mark.parametrize("town", NAMES)
def test_three_actions_at_most_begin_in_a_quarter_beside_the_urgent_and_adopted_ones(town: str) -> None:
    begun = Counter(
        action.slot.start for action in told(town).plan.actions if action.slot and _is_counted(action)
    )
    assert [quarter for quarter, number in begun.items() if number > 3] == []


def _is_counted(action: Action) -> bool:
    mends = action.kind is ActionKind.MEND and action.tier is not Tier.URGENT
    return mends and action.standing is Standing.PROPOSED


@pytest.mark.parametrize("town", NAMES)
def test_nobody_has_more_half_days_than_a_quarter_holds(town: str) -> None:
    """What runs on is counted whole over the quarters it takes."""
    chosen = {each.owner: each.half_days for each in told(town).state.town.plan.capacities}
    usual = {"agent": 2, "elu": 2, "contractor": 6}
    taken: Counter[tuple[str, Quarter]] = Counter()
    for action in told(town).plan.actions:
        if action.slot and _is_counted(action) and action.slot.start == action.slot.end:
            taken[action.measure.owner, action.slot.start] += math.ceil(2 * action.measure.days)
    over = [key for key, number in taken.items() if number > chosen.get(key[0], usual[key[0]])]
    assert over == []


@pytest.mark.parametrize("town", NAMES)
def test_no_action_ends_before_one_that_it_waits_for(town: str) -> None:
    due = {action.measure.id: action.due for action in told(town).plan.actions if action.due}
    early = [
        (action.measure.id, needed)
        for action in told(town).plan.actions
        for needed in action.measure.depends
        if action.due and needed in due and due[needed] > action.due
    ]
    assert early == []


def test_the_town_in_order_has_nothing_to_do_and_every_practice_answered() -> None:
    state, made = told("town-in-order").state, told("town-in-order").plan
    answers = {each.status for each in state.findings if each.check.startswith("practice.")}
    assert made.level.low >= 85
    assert made.level.word is Word.VERY_SOLID
    assert made.actions == ()
    assert answers == {Status.PASS}


def test_the_village_has_one_urgency_and_half_its_practices_are_not_known() -> None:
    state, view = told("village").state, told("village").view
    practices = [each for each in state.findings if each.check.startswith("practice.")]
    unknown = [each for each in practices if each.status is Status.UNKNOWN]
    assert len(view.urgent) == 1
    assert 0.4 <= len(unknown) / len(practices) <= 0.6


def test_the_small_town_is_mixed() -> None:
    made, view = told("small-town").plan, told("small-town").view
    standings = {action.standing for action in made.actions}
    assert {Standing.ADOPTED, Standing.LATE, Standing.PROPOSED} <= standings
    assert len(view.to_arbitrate) == 1
    assert len(view.waivers) == 1
    assert len(view.budget.years) >= 3
    assert view.changes is not None
    assert view.changes.sentence.startswith("Depuis le 14\N{NO-BREAK SPACE}novembre")


@pytest.mark.parametrize("town", NAMES)
def test_the_facts_bear_the_town_s_own_names(town: str) -> None:
    text = html.render(told(town).view)
    assert "etienne" not in text
    assert golden_towns.seen_but_not_declared(town) == ()

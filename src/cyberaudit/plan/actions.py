"""How urgent, how heavy and how useful an action is, and in which order actions come."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from cyberaudit.engine.measures import Measure
from cyberaudit.facts.countdown import step_of
from cyberaudit.model import Finding, Status
from cyberaudit.plan.dates import URGENT_DAYS
from cyberaudit.plan.level import URGENT_RISK, applies, is_open, known_score, measure_score
from cyberaudit.plan.words import Action, Tier

QUICK_WIN_RISK = 9
LIGHT_EFFORT = 2
PROJECT_RISK = 6
# Ours: upper ends of the bands 1 to 4; what exceeds the last is 5.
COST_BANDS = (0, 500, 2000, 5000)
DAY_BANDS = (0.5, 2, 5, 15)
TIERS = tuple(Tier)
NO_RANK = 99

Key = tuple[bool, bool, int, int, Fraction, int, tuple[int, int, int], str]


def effort(measure: Measure) -> int:
    """1 to 5: the heavier of money and time. Money is what the first year costs, at the band's upper end."""
    money = measure.cost.high + measure.cost.yearly
    return max(_band(money, COST_BANDS), _band(measure.days, DAY_BANDS))


def _band(value: float, ends: Sequence[float]) -> int:
    return 1 + sum(value > end for end in ends)


def tier(risk: int, effort: int) -> Tier:
    """How soon, from the highest open risk and the effort."""
    if risk >= URGENT_RISK:
        return Tier.URGENT
    if risk >= QUICK_WIN_RISK and effort <= LIGHT_EFFORT:
        return Tier.QUICK_WIN
    return Tier.PROJECT if risk >= PROJECT_RISK else Tier.LATER


def gain(findings: Sequence[Finding], *, waived: frozenset[str]) -> Fraction:
    """Highest open risk × the share of the measure that was seen missing.

    What is unknown or accepted takes no part: only what was seen open can be won back. `findings` are all
    those of one measure that apply, at least one of them open.
    """

    def score(finding: Finding) -> Fraction:
        return known_score(finding) if is_open(finding, waived=waived) else Fraction(1)

    risk = max(finding.risk for finding in findings if is_open(finding, waived=waived))
    return risk * (1 - measure_score(findings, score))


def make_action(
    measure: Measure,
    findings: Sequence[Finding],
    *,
    waived: frozenset[str],
    first_failed: Mapping[str, date],
    today: date,
) -> Action:
    """The action of one measure, not yet placed: rank 0, waiting for nothing, without a date.

    `stopgap_due` is the seventh day of an urgency, whatever its price. `findings` are all those of the measure,
    at least one of them open.
    """
    applicable = [finding for finding in findings if applies(finding)]
    found = worst_first([finding for finding in applicable if is_open(finding, waived=waived)])
    risk, weight = found[0].risk, effort(measure)
    won = gain(applicable, waived=waived)
    return Action(
        rank=0,
        measure=measure,
        tier=tier(risk, weight),
        findings=found,
        risk=risk,
        effort=weight,
        gain=won,
        index=won / weight,
        waits_for=(),
        check_first=(),
        due=None,
        stopgap_due=_seventh_day(found, first_failed, today=today),
        ended=_ended(found, today=today),
    )


def _ended(findings: Sequence[Finding], *, today: date) -> date | None:
    ends = [each.verdict.before for each in findings if each.verdict.before is not None]
    return min((each for each in ends if each < today), default=None)


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """By risk, fail before partial, then by name: the same whatever the order given."""
    return tuple(sorted(findings, key=lambda f: (-f.risk, f.status is not Status.FAIL, f.check, f.asset)))


def _seventh_day(
    findings: Sequence[Finding], first_failed: Mapping[str, date], *, today: date
) -> date | None:
    """Of an urgency, after it was first seen; None: nothing is urgent."""
    days = [_seventh_of(f, first_failed, today=today) for f in findings if f.risk >= URGENT_RISK]
    return min(days, default=None)


def _seventh_of(finding: Finding, first_failed: Mapping[str, date], *, today: date) -> date:
    """After it was first seen; of what counts down, after this step began, and no later than its end.

    First told a month before, it was no urgency: nobody was late then. Once over, it is late since its end.
    """
    first, end = first_failed.get(finding.identity, today), finding.verdict.before
    if end is not None and end < today:
        return end
    step = step_of((end - today).days - 1) if end is not None else None
    if end is None or step is None:
        return first + timedelta(days=URGENT_DAYS)
    return min(max(first, end - timedelta(days=step)) + timedelta(days=URGENT_DAYS), end)


def order_key(action: Action) -> Key:
    """Tier, guidance class, index, risk, places in the official lists, id: smallest first.

    What was adopted for a day that is over, or has ended by itself, comes right after the urgencies, whatever its tier.
    """
    ranks = action.measure.ranks
    places = (ranks.ten_measures, ranks.cyberdepart, ranks.monaidecyber)
    first, second, third = (place or NO_RANK for place in places)
    return (
        action.tier is not Tier.URGENT,
        not action.is_overdue,
        TIERS.index(action.tier),
        action.measure.guidance_class,
        -action.index,
        -action.risk,
        (first, second, third),
        action.measure.id,
    )


def in_plan_order(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The dependency-respecting walk: what is awaited takes the best place of what waits for it.

    `waits_for` holds ids of actions given here, without a circle. The rank of each is left to be written.
    """
    best = _inherited(actions)
    waiting = sorted(actions, key=lambda action: (best[action.measure.id], order_key(action)))
    done: list[Action] = []
    while waiting:
        placed = {action.measure.id for action in done}
        ready = next(action for action in waiting if placed.issuperset(action.waits_for))
        waiting.remove(ready)
        done.append(ready)
    return tuple(done)


def _inherited(actions: Sequence[Action]) -> dict[str, Key]:
    """For each action, the best key among its own and those of all that wait for it, near or far."""
    best = {action.measure.id: order_key(action) for action in actions}
    waits_for = {action.measure.id: action.waits_for for action in actions}
    for action in actions:
        todo = [(action.measure.id, awaited) for awaited in action.waits_for]
        while todo:
            waiter, awaited = todo.pop()
            if best[waiter] < best[awaited]:
                best[awaited] = best[waiter]
                todo += [(awaited, further) for further in waits_for[awaited]]
    return best


def ranked(actions: Sequence[Action]) -> tuple[Action, ...]:
    """The same actions, numbered from 1."""
    return tuple(replace(action, rank=rank) for rank, action in enumerate(actions, start=1))


__all__ = [
    "effort",
    "gain",
    "in_plan_order",
    "make_action",
    "order_key",
    "ranked",
    "tier",
    "worst_first",
]

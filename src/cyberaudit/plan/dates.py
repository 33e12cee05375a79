"""By which day each action must be done, once it has its quarter."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from cyberaudit import french
from cyberaudit.engine.measures import Measure
from cyberaudit.plan.words import Action, ActionKind, Quarter, Standing, Tier, Unknown

# Ours: an urgency is for this week.
URGENT_DAYS = 7
# Ours: of an urgency for which the catalogue foresaw none, as when a quote gives a price to what was free.
_ANY_STOPGAP = "Demander à la personne qui s'en occupe comment limiter ce risque en attendant."
# Ours: a month to ask the people who know.
ANSWER_DAYS = 30


def dated(
    actions: Sequence[Action], *, today: date, unknown_since: Mapping[str, Unknown]
) -> tuple[Action, ...]:
    """The same actions with `due`, and `stopgap_due` where it applies.

    They come placed, in plan order; `stopgap_due` of each urgency holds its seventh day. What is awaited in the
    same quarter is due no later than what waits for it, and no earlier than today. `unknown_since`: for a finding's
    identity, since when nobody knows.
    """
    due = {
        action.measure.id: _own_day(action, today=today, unknown_since=unknown_since) for action in actions
    }
    for action in reversed(actions):
        _press_awaited(action, actions, due, today=today)
    for action in actions:
        days = [day for awaited in action.waits_for if (day := due[awaited])]
        own = due[action.measure.id]
        if own and action.adoption is None:
            due[action.measure.id] = max(own, *days) if days else own
    return tuple(_written(action, due[action.measure.id], today=today) for action in actions)


def is_light(measure: Measure) -> bool:
    """Costs nothing and takes a week at most: an urgency of this kind needs no stopgap."""
    return not measure.cost.high and not measure.cost.yearly and measure.days <= URGENT_DAYS


def _own_day(action: Action, *, today: date, unknown_since: Mapping[str, Unknown]) -> date | None:
    if action.kind is ActionKind.ANSWER:
        return _answer_day(action, today=today, unknown_since=unknown_since)
    if action.adoption or action.slot is None:
        return action.adoption.due if action.adoption else None
    at_once = action.tier is Tier.URGENT and is_light(action.measure)
    if at_once and action.slot.start == Quarter.of(today):
        return action.stopgap_due
    return min(action.slot.end.last_day, _ends_on(action) or date.max)


def _answer_day(action: Action, *, today: date, unknown_since: Mapping[str, Unknown]) -> date:
    """A month after the questions arose; the same day every week, and another month when nobody answered."""
    arose = [unknown_since[each.identity].since for each in action.findings if each.identity in unknown_since]
    first = min(arose, default=today)
    months = max(1, math.ceil((today - first).days / ANSWER_DAYS))
    return first + timedelta(days=months * ANSWER_DAYS)


def _ends_on(action: Action) -> date | None:
    """The first day on which one of the things to mend ends, a name or a certificate: the plan cannot wait for it.

    What has ended already is late since that day.
    """
    return min((each.verdict.before for each in action.findings if each.verdict.before), default=None)


def _press_awaited(
    action: Action, actions: Sequence[Action], due: dict[str, date | None], *, today: date
) -> None:
    wanted = due[action.measure.id]
    for other in actions if wanted and action.slot else ():
        own = due[other.measure.id]
        if other.measure.id not in action.waits_for or other.adoption or own is None or wanted is None:
            continue
        if other.slot and action.slot and other.slot.end == action.slot.start:
            due[other.measure.id] = min(own, max(wanted, today))


def _written(action: Action, due: date | None, *, today: date) -> Action:
    seventh = action.stopgap_due
    waits = due is None or (seventh is not None and due > seventh)
    has_stopgap = seventh is not None and (waits or not is_light(action.measure))
    return replace(
        action,
        measure=_with_stopgap(action.measure) if has_stopgap else action.measure,
        due=due,
        stopgap_due=seventh if has_stopgap else None,
        standing=Standing.TO_CONFIRM
        if _comes_before_its_money(action, due, today=today)
        else action.standing,
    )


def _with_stopgap(measure: Measure) -> Measure:
    return measure if measure.stopgap else replace(measure, stopgap=french.typeset(_ANY_STOPGAP))


def _comes_before_its_money(action: Action, due: date | None, *, today: date) -> bool:
    """The thing ends before the quarter that could pay: a person has to say that it is paid all the same.

    What has ended already waits for no money when this quarter pays.
    """
    if action.standing is not Standing.PROPOSED or action.slot is None or due is None:
        return False
    return max(due, today) < action.slot.start.first_day

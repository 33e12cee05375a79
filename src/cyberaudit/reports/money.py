"""How the money is told: what the actions cost together, year by year, and the calendar they fill."""

from collections.abc import Sequence
from datetime import date

from cyberaudit import french
from cyberaudit.declared import Ceiling, Town
from cyberaudit.plan.words import Action, Plan, Quarter, Standing, YearPlan
from cyberaudit.reports import amounts, when
from cyberaudit.reports.plan_words import ArbitrationView, QuarterView, YearView
from cyberaudit.reports.points import Scene
from cyberaudit.reports.words import BudgetView


def budget(plan: Plan, town: Town, today: date) -> BudgetView:
    """Everything proposed, then each year as far as something is spent or due in it."""
    costs = [each.measure.cost for each in plan.actions]
    low, high = sum(cost.low for cost in costs), sum(cost.high for cost in costs)
    yearly = sum(cost.yearly for cost in costs)
    arbitrated = any(each.standing is Standing.TO_ARBITRATE for each in plan.actions)
    what = (
        "Budget de toutes les actions, à arbitrer comprises" if arbitrated else "Budget des actions proposées"
    )
    together = french.typeset(f"{what} : {amounts.cost_of(low, high, yearly)}.")
    return BudgetView(
        low=low,
        high=high,
        yearly=yearly,
        sentence=together if plan.actions else "",
        ceiling=_chosen(_to_come(town.plan.ceilings, plan, today)),
        years=tuple(_year(each) for each in _telling(plan, today)),
    )


def _to_come(ceilings: Sequence[Ceiling], plan: Plan, today: date) -> list[Ceiling]:
    """Of the current year up to the last that the plan fills, in order."""
    last = max((each.year for each in plan.years), default=today.year)
    found = [each for each in ceilings if today.year <= each.year <= last]
    return sorted(found, key=lambda each: each.year)


def _chosen(ceilings: Sequence[Ceiling]) -> str:
    if not ceilings:
        return ""
    years = [f"{french.euros(each.euros)} en {each.year}" for each in ceilings]
    return french.typeset(f"Plafond choisi par le maire : {french.listed(years)}.")


def _telling(plan: Plan, today: date) -> list[YearPlan]:
    """The years up to the last in which something is due or bought; what is late is for the current one."""
    ends = [max(each.due.year, today.year) for each in plan.actions if each.due]
    bought = [each.year for each in plan.years if each.purchases]
    last = max((*ends, *bought), default=0)
    return [each for each in plan.years if each.year <= last]


def _year(value: YearPlan) -> YearView:
    total, level = value.purchases + value.subscriptions, value.level.shown[0]
    both = value.purchases and value.subscriptions
    detail = f"achats {french.euros(value.purchases)}, abonnements {french.euros(value.subscriptions)}"
    return YearView(
        year=value.year,
        ceiling=value.ceiling,
        chosen=value.chosen,
        purchases=value.purchases,
        subscriptions=value.subscriptions,
        level=level,
        word=value.level.word,
        amount=french.euros(total),
        detail=detail if both else "",
        target=f"niveau visé {level}",
        limit=french.typeset(_limit(value, total)),
    )


def _limit(value: YearPlan, total: int) -> str:
    """« plafond choisi : 2 000 € »; only an adopted date may exceed it, and then it is said."""
    limit = f"plafond {'choisi' if value.chosen else 'proposé'} : {french.euros(value.ceiling)}"
    over = total - value.ceiling
    return f"{limit}, dépassé de {french.euros(over)}" if over > 0 else limit


def calendar(actions: Sequence[Action], today: date) -> tuple[QuarterView, ...]:
    """The quarters in which something is due; what is late stands in the quarter it was due in.

    What has ended by itself stands in the current one.
    """
    due: dict[Quarter, list[int]] = {}
    for each in actions:
        if quarter := when.quarter_due(each, today):
            due.setdefault(quarter, []).append(each.rank)
    return tuple(
        QuarterView(when.quarter(each), each.first_day, each.last_day, tuple(ranks))
        for each, ranks in sorted(due.items())
    )


def to_arbitrate(actions: Sequence[Action], scene: Scene) -> tuple[ArbitrationView, ...]:
    """What no quarter holds, in the order of the plan."""
    return tuple(
        ArbitrationView(
            rank=each.rank,
            measure=each.measure.id,
            title=french.typeset(each.measure.title),
            cost=amounts.cost(each.measure.cost),
            why=when.arbitration(each.arbitration, scene.measure_title),
            options=when.options(each.arbitration),
        )
        for each in actions
        if each.arbitration
    )

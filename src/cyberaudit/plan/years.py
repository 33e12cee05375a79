"""What each calendar year of the plan costs, and the level it reaches."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from cyberaudit.model import Finding, Status
from cyberaudit.plan.books import Books
from cyberaudit.plan.level import assess, is_open
from cyberaudit.plan.words import Action, ActionKind, Level, YearPlan


def project_level(
    findings: Sequence[Finding], *, done: Collection[str], waived: frozenset[str] = frozenset()
) -> Level:
    """The level reached once the measures `done` are: their open findings pass.

    What is unknown stays unknown, what is accepted stays failing: a promise counts for no more than was seen.
    """
    reached = [
        replace(finding, verdict=replace(finding.verdict, status=Status.PASS))
        if finding.measure in done and is_open(finding, waived=waived)
        else finding
        for finding in findings
    ]
    return assess(reached, waived=waived)


def year_plans(
    actions: Sequence[Action], books: Books, findings: Sequence[Finding], *, waived: frozenset[str]
) -> tuple[YearPlan, ...]:
    """One a calendar year of the horizon; `books` hold all that was adopted and placed."""
    return tuple(
        YearPlan(
            year=year,
            ceiling=ceiling,
            chosen=year in books.chosen,
            purchases=books.purchases[year],
            subscriptions=books.subscriptions[year],
            level=project_level(findings, done=done_by(actions, date(year, 12, 31)), waived=waived),
        )
        for year, ceiling in books.ceilings.items()
    )


def done_by(actions: Sequence[Action], day: date) -> frozenset[str]:
    """Ids of the measures to be mended by that day; what is only answered or verified mends nothing."""
    return frozenset(
        action.measure.id
        for action in actions
        if action.kind is ActionKind.MEND and action.due and action.due <= day
    )

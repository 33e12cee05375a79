"""From stored audits to the view every report is printed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.history.merge import MAX_AGE_DAYS, town_state
from cyberaudit.history.state import TownState
from cyberaudit.history.store import History
from cyberaudit.model import Audit
from cyberaudit.plan.build import build_plan
from cyberaudit.plan.words import Plan
from cyberaudit.reports.view import build_view
from cyberaudit.reports.words import ReportView


@dataclass(frozen=True, slots=True)
class Told:
    """One town at one moment: its state, its plan, and the view of both."""

    state: TownState
    plan: Plan
    view: ReportView


def tell(
    audits: Sequence[Audit], catalogue: Catalogue, *, now: datetime, current: Audit | None = None
) -> Told:
    """Merge `audits` and `current` into the town state, plan it, and make the view.

    `current` counts even when it was interrupted.
    """
    state = town_state(audits, now=now, current=current)
    today = now.astimezone(ZoneInfo(state.town.commune.timezone)).date()
    plan = build_plan(
        state.findings,
        town=state.town,
        remedies=catalogue.remedies,
        first_failed={entry.identity: entry.on for entry in state.first_failed},
        today=today,
    )
    partial = current is not None and current.partial
    view = build_view(state, plan, remedies=catalogue.remedies, fiches=catalogue.fiches, partial=partial)
    return Told(state, plan, view)


def recent(history: History, commune: str, *, now: datetime) -> tuple[Audit, ...]:
    """The audits of `commune` that may still speak at `now`, with those that date a failure."""
    return history.recent(commune, since=now - timedelta(days=MAX_AGE_DAYS))

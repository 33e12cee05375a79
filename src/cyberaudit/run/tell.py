"""From stored audits to the view every report is printed from."""

from dataclasses import dataclass
from datetime import datetime

from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.history.merge import audits_to_read, town_state
from cyberaudit.history.state import TownState, zone_of
from cyberaudit.history.store import History
from cyberaudit.history.trace import Trace
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


@dataclass(frozen=True, slots=True)
class Past:
    """What is stored of one town, as far as it matters at a moment."""

    audits: tuple[Audit, ...]
    """Those that may still answer, newest first."""
    traces: tuple[Trace, ...]
    """All of them in brief: they date the failures."""


NO_PAST = Past((), ())


def tell(past: Past, catalogue: Catalogue, *, now: datetime, current: Audit | None = None) -> Told:
    """Merge the past and `current` into the town state at `now`, plan it, and make the view.

    `current` counts even when it was interrupted.
    """
    state = town_state(past.audits, now=now, current=current, traces=past.traces)
    today = now.astimezone(zone_of(state.town)).date()
    plan = build_plan(
        state.findings,
        town=state.town,
        remedies=catalogue.remedies,
        first_failed={entry.identity: entry.on for entry in state.first_failed},
        today=today,
    )
    partial = current is not None and current.partial
    view = build_view(
        state, plan, remedies=catalogue.remedies, fiches=catalogue.fiches, today=today, partial=partial
    )
    return Told(state, plan, view)


def recall(history: History, commune: str, *, now: datetime) -> Past:
    """What is stored of `commune`: the audits that may still speak at `now`, and all of them in brief."""
    traces = history.traces(commune)
    return Past(history.read(audits_to_read(traces, now=now)), traces)

"""From stored audits to the view every report is printed from."""

from dataclasses import replace
from datetime import datetime

from cyberaudit import french
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.frozen import frozen
from cyberaudit.history.memory import NO_MEMORY, Chronicle
from cyberaudit.history.merge import audits_to_read, town_state
from cyberaudit.history.state import TownState, zone_of
from cyberaudit.history.store import History
from cyberaudit.model import Audit
from cyberaudit.plan.build import build_plan
from cyberaudit.plan.words import Plan, Unknown
from cyberaudit.reports.change_words import ChangesView
from cyberaudit.reports.trend import LevelOn
from cyberaudit.reports.view import build_view
from cyberaudit.reports.words import ReportView


@frozen
class Told:
    """One town at one moment: its state, its plan, and the view of both."""

    state: TownState
    plan: Plan
    view: ReportView


@frozen
class Past:
    """What is stored of one town, as far as it matters at a moment."""

    audits: tuple[Audit, ...]
    """Those that may still answer, newest first."""
    traces: Chronicle
    """All of them in brief: they date the failures."""


NO_PAST = Past((), Chronicle(NO_MEMORY, ()))


@frozen
class Lately:
    """What the history adds to the state; `run.lately` makes it."""

    changes: ChangesView | None
    """Since the visit before. None: nobody looked into the history, or it cannot be read."""
    levels: tuple[LevelOn, ...]
    """Oldest first, before today; empty when they are not wanted."""
    warnings: tuple[str, ...] = ()
    """What could not be read, a French sentence each."""


NOT_ASKED = Lately(None, ())


def tell(past: Past, catalogue: Catalogue, *, now: datetime, current: Audit | None = None) -> Told:
    """Merge the past and `current` into the town state at `now`, plan it, and make the view.

    `current` counts even when it was interrupted.
    """
    state = town_state(past.audits, now=now, current=current, traces=past.traces)
    partial = current is not None and current.partial
    return tell_state(state, catalogue, now=now, partial=partial)


def tell_state(
    state: TownState,
    catalogue: Catalogue,
    *,
    now: datetime,
    partial: bool = False,
    beside: Lately = NOT_ASKED,
) -> Told:
    """The plan and the view of one state; `partial`: its last scan was cut short."""
    today = now.astimezone(zone_of(state.town)).date()
    plan = build_plan(
        state.findings,
        town=state.town,
        remedies=catalogue.remedies,
        first_failed={entry.identity: entry.on for entry in state.first_failed},
        today=today,
        unknown_since={each.identity: Unknown(each.on, each.audits) for each in state.first_unknown},
    )
    view = build_view(
        state,
        plan,
        remedies=catalogue.remedies,
        fiches=catalogue.fiches,
        today=today,
        partial=partial,
        changes=beside.changes,
        past=beside.levels,
    )
    warnings = (*map(french.typeset, beside.warnings), *view.warnings)
    return Told(state, plan, replace(view, warnings=warnings))


def recall(history: History, commune: str, *, now: datetime) -> Past:
    """What is stored of `commune`: the audits that may still speak at `now`, and all of them in brief."""
    traces = history.chronicle(commune, now=now)
    return Past(history.read(audits_to_read(traces, now=now)), traces)

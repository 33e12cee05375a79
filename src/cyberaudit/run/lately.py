"""What the history adds to the state of today: what changed since the visit before, and the levels of earlier days."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime

from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.errors import HistoryError
from cyberaudit.history.merge import audits_to_read, town_state
from cyberaudit.history.state import AuditSummary, TownState, zone_of
from cyberaudit.history.store import History
from cyberaudit.plan.level import assess, is_open
from cyberaudit.plan.waivers import covering
from cyberaudit.reports.change_words import ChangesView
from cyberaudit.reports.changes import changes_view
from cyberaudit.reports.trend import LevelOn, on_day
from cyberaudit.run.diff import since_last
from cyberaudit.run.tell import Lately

_log = logging.getLogger(__name__)

# Ours: a year, one level a month, is what a mayor looks back on.
MOST_LEVELS = 12
_LATEST = datetime.max.replace(tzinfo=UTC)
NO_CHANGES = (
    "Un ancien contrôle de l'historique ne peut pas être lu : ce rapport ne dit pas ce qui a changé depuis."
)
NO_LEVEL = "Un ancien contrôle de l'historique ne peut pas être lu : son niveau manque à la courbe."


def lately(
    history: History, state: TownState, catalogue: Catalogue, *, now: datetime, with_levels: bool
) -> Lately:
    """Since the visit before, and, `with_levels`, at the last control of each of the months before.

    An old audit that cannot be read costs only what it would tell: the state of today stands without it.
    """
    changes, lost = _changes(history, state, catalogue, now=now)
    if not with_levels:
        return Lately(changes, (), lost)
    levels, unread = _levels(history, state, now=now)
    return Lately(changes, levels, (*lost, *unread))


def _changes(
    history: History, state: TownState, catalogue: Catalogue, *, now: datetime
) -> tuple[ChangesView | None, tuple[str, ...]]:
    titles = {check: fiche.title for check, fiche in catalogue.fiches.items()}
    try:
        found = since_last(history, state, catalogue, now=now, late=_late(state, now=now))
    except HistoryError as error:
        _log.warning("no comparison with the visit before: %s", error)
        return None, (NO_CHANGES,)
    return changes_view(found, titles=titles), ()


def _late(state: TownState, *, now: datetime) -> frozenset[str]:
    """Identities of what is still open though its mending was adopted for a day that is over."""
    today = _day(now, state)
    over = {each.measure for each in state.town.plan.adoptions if each.due < today}
    waived = _accepted(state, day=today)
    return frozenset(
        each.identity for each in state.findings if each.measure in over and is_open(each, waived=waived)
    )


def _accepted(state: TownState, *, day: date) -> frozenset[str]:
    covered = (each for each in state.findings if covering(each, state.town.waivers, today=day))
    return frozenset(each.identity for each in covered)


def _day(moment: datetime, state: TownState) -> date:
    return moment.astimezone(zone_of(state.town)).date()


def _levels(
    history: History, state: TownState, *, now: datetime
) -> tuple[tuple[LevelOn, ...], tuple[str, ...]]:
    """As each month's last complete control gave it, by the rules of that day; those that cannot be read are said."""
    levels, unread = [], 0
    for each in _one_a_month(history.summaries(state.town.id), state, now=now):
        try:
            levels.append(level_of(state_at(history, each)))
        except HistoryError as error:
            _log.warning("no level of %s: %s", each.started_at, error)
            unread += 1
    return tuple(levels), (NO_LEVEL,) if unread else ()


def _one_a_month(summaries: Sequence[AuditSummary], state: TownState, *, now: datetime) -> list[AuditSummary]:
    """The last complete control of each month; of this month, the last of a day before the newest control."""
    newest, today = _day(state.as_of, state), _day(now, state)
    by_month: dict[tuple[int, int], AuditSummary] = {}
    for each in reversed(summaries):
        day = _day(each.started_at, state)
        month = day.year, day.month
        is_past = each.started_at <= state.as_of and (day < newest or month < (today.year, today.month))
        if is_past and not each.partial:
            by_month[month] = each
    return list(by_month.values())[-MOST_LEVELS:]


def state_at(history: History, summary: AuditSummary) -> TownState:
    """The town as it was told when that complete audit began.

    Raises:
        HistoryError: an audit that it needs cannot be read.
    """
    moment = summary.started_at
    until = history.chronicle(summary.commune, now=moment, last=(moment, _LATEST, ""))
    return town_state(history.read(audits_to_read(until, now=moment)), now=moment, traces=until)


def level_of(state: TownState) -> LevelOn:
    """On the day of the newest audit of that state."""
    day = _day(state.as_of, state)
    return on_day(day, assess(state.findings, waived=_accepted(state, day=day)), state.findings)

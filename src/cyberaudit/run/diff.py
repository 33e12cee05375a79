"""`cyberaudit diff`: two stored moments of one town, held against each other, without network."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from cyberaudit import french
from cyberaudit.declared import Town
from cyberaudit.engine.audit import judge_again
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.errors import CatalogueError, HistoryError, UsageError
from cyberaudit.frozen import frozen
from cyberaudit.history.diff import Around, Diff, diff, newest_audit
from cyberaudit.history.memory import Chronicle
from cyberaudit.history.merge import audits_to_read, town_state
from cyberaudit.history.state import AuditSummary, TownState, zone_of
from cyberaudit.history.store import History, open_history
from cyberaudit.model import Audit
from cyberaudit.plan.waivers import covering
from cyberaudit.run.communes import choose_commune
from cyberaudit.run.tell import NO_PAST, recall

# Ours: outside and inside are looked at on the same day; a daily audit comes 24 hours after the one before.
ONE_VISIT = timedelta(hours=12)
_FEW, _ALL = 32, -1
"""Audits read to find the visit before: it is seldom further, and a list may be long."""


@frozen
class Span:
    """The two moments asked for: the beginning of an audit's identifier, or an ISO date; None: the usual one."""

    since: str | None = None
    until: str | None = None
    known: tuple[str, ...] = ()
    """UUIDs of the audits that the older moment was told from, when it was; one imported since is news, whenever it
    was made. Empty: all that are stored count."""


@frozen
class Compared:
    """One town, and what changed in it."""

    state: TownState
    """The newer one."""
    diff: Diff | None
    """None: nothing older is stored."""
    told_from: tuple[str, ...]
    """UUIDs of the audits that `state` stands on, newest first."""


@frozen
class _Moment:
    """One town as it was known when one of its audits began."""

    state: TownState
    audits: tuple[Audit, ...]
    traces: Chronicle
    """Up to then."""
    at: datetime


def compare(
    history_path: Path, catalogue: Catalogue, *, commune: str | None, span: Span, now: datetime
) -> Compared:
    """The town at `span.until`, or at `now`, against what it was at `span.since`, or at the visit before.

    Raises:
        HistoryError: nothing is stored then, an interrupted audit is named, or one of another commune.
        UsageError: several communes and none was named, or the older moment is not the older.
    """
    with open_history(history_path, create=False) as history:
        chosen = commune if commune is not None else _commune_of(history, span)
        chosen = choose_commune(history, chosen)
        newer = _newer(history, chosen, span.until, now=now)
        older = _older(history, chosen, span, newer.state)
        found = _held(older, newer, catalogue) if older is not None else None
    return Compared(newer.state, found, tuple(each.uuid for each in newer.audits))


def compare_told(
    history_path: Path, catalogue: Catalogue, *, commune: str, told_from: tuple[str, ...], now: datetime
) -> Compared:
    """The town at `now`, against what it was when somebody was told from these audits.

    Against the visit before when nobody was told, or when these audits are not known any more.

    Raises:
        HistoryError: nothing recent is stored, or it cannot be read.
    """
    if told_from:
        span = Span(since=told_from[0], known=told_from)
        with suppress(HistoryError, UsageError):
            return compare(history_path, catalogue, commune=commune, span=span, now=now)
    return compare(history_path, catalogue, commune=commune, span=Span(), now=now)


def since_last(
    history: History,
    state: TownState,
    catalogue: Catalogue,
    *,
    now: datetime,
    late: Collection[str] | None = None,
) -> Diff | None:
    """What changed in `state` since the visit before its newest audit; None when there was none.

    Audits begun less than `ONE_VISIT` before belong to the same visit, unless they are all there is and looked
    from the same vantage. `late`: identities whose action is past its date.
    """
    before = _before(history, state)
    if before is None:
        return None
    newer = _Moment(state, (), NO_PAST.traces, now)
    return _held(_at_audit(history, before), newer, catalogue, late=late)


def _before(history: History, state: TownState) -> AuditSummary | None:
    """The newest complete audit of the visit before."""
    newest = newest_audit(state)
    older: list[AuditSummary] = []
    for limit in (_FEW, _ALL):
        older = [
            each
            for each in history.summaries(state.town.id, limit=limit)
            if not each.partial and each.uuid != newest.uuid and _age(each) <= _age(newest)
        ]
        for each in older:
            if newest.started_at - each.started_at >= ONE_VISIT:
                return each
    return next((each for each in older if each.vantage == newest.vantage), None)


def _age(audit: AuditSummary) -> tuple[datetime, datetime, str]:
    return audit.started_at, audit.finished_at, audit.uuid


def _commune_of(history: History, span: Span) -> str | None:
    """That of the audit named first; None when only dates are."""
    named = next((text for text in (span.until, span.since) if text is not None and _day(text) is None), None)
    return history.load(named).town.id if named is not None else None


def _newer(history: History, commune: str, text: str | None, *, now: datetime) -> _Moment:
    if text is not None:
        return _at_audit(history, _named(history, commune, text))
    past = recall(history, commune, now=now)
    if not past.audits:
        raise HistoryError(f"Aucun contrôle complet et récent de « {commune} » dans l'historique.")
    return _Moment(town_state(past.audits, now=now, traces=past.traces), past.audits, past.traces, now)


def _older(history: History, commune: str, span: Span, newer: TownState) -> _Moment | None:
    if span.since is None:
        before = _before(history, newer)
        return _at_audit(history, before) if before is not None else None
    before = _named(history, commune, span.since)
    if before.started_at > newer.as_of:
        raise UsageError("--from doit être plus ancien que --to.")
    return _at_audit(history, before, known=span.known)


def _named(history: History, commune: str, text: str) -> AuditSummary:
    """The complete audit `text` names, or the last one of that day or before."""
    day = _day(text)
    if day is not None:
        return _last_until(history, commune, day)
    audit = history.load(text)
    if audit.partial:
        raise HistoryError(
            f"Le contrôle {audit.uuid[:8]} a été interrompu : il ne peut pas servir à comparer."
        )
    if audit.town.id != commune:
        raise HistoryError(
            f"Le contrôle {audit.uuid[:8]} concerne « {audit.town.id} », et non « {commune} » : "
            "deux communes ne peuvent pas être comparées."
        )
    return next(each for each in history.summaries(commune) if each.uuid == audit.uuid)


def _last_until(history: History, commune: str, day: date) -> AuditSummary:
    complete = [each for each in history.summaries(commune) if not each.partial]
    if complete:
        zone = zone_of(history.load(complete[0].uuid).town)
        end = datetime.combine(day, time.max, zone).astimezone(UTC)
        for each in complete:
            if each.started_at <= end:
                return each
    raise HistoryError(f"Aucun contrôle complet de « {commune} » le {french.day(day)} ou avant.")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-21") else None
    except ValueError:
        return None


def _at_audit(history: History, summary: AuditSummary, *, known: Collection[str] = ()) -> _Moment:
    """The town as it was known when that audit was over: later ones do not count, nor any but the `known` if given."""
    traces = history.chronicle(summary.commune, now=summary.started_at, last=_age(summary))
    audits = history.read(known)
    if not known or len(audits) < len(known):
        audits = history.read(audits_to_read(traces, now=summary.started_at))
    state = town_state(audits, now=summary.started_at, traces=traces)
    return _Moment(state, audits, traces, summary.started_at)


def _held(
    older: _Moment, newer: _Moment, catalogue: Catalogue, *, late: Collection[str] | None = None
) -> Diff:
    around = Around(_waived(older), _waived(newer), late)
    rejudged = _rejudged(older, newer.state, catalogue)
    return diff(older.state, newer.state, traces=older.traces, around=around, before_rejudged=rejudged)


def _waived(moment: _Moment) -> frozenset[str]:
    """Identities that an élu's decision covers on that day."""
    town = moment.state.town
    day = moment.at.astimezone(zone_of(town)).date()
    return frozenset(
        each.identity for each in moment.state.findings if covering(each, town.waivers, today=day) is not None
    )


def _with_settings(audit: Audit, town: Town) -> Audit:
    """As if the profile had chosen then what it chooses now: a threshold that it moves is a rule that changes."""
    return replace(audit, town=replace(audit.town, checks=town.checks))


def _rejudged(older: _Moment, newer: TownState, catalogue: Catalogue) -> TownState | None:
    """The older facts under the newer rules, when these are the rules at hand."""
    rules = newest_audit(newer).rules
    if rules == newest_audit(older.state).rules or rules != catalogue.rules(newer.town):
        return None
    try:
        audits = [judge_again(_with_settings(audit, newer.town), catalogue) for audit in older.audits]
    except CatalogueError:
        # The older profile gives a check a setting it has no more.
        return None
    return town_state(audits, now=older.at, traces=older.traces)

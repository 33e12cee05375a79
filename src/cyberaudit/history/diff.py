"""What changed between two town states: one row a question and thing, whichever side it stands on."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo

from cyberaudit.errors import HistoryError
from cyberaudit.frozen import frozen
from cyberaudit.history.memory import memory_of
from cyberaudit.history.sameness import alike, moved_addresses
from cyberaudit.history.state import AuditSummary, TownState, zone_of
from cyberaudit.history.trace import Mark, Trace
from cyberaudit.history.transitions import (
    Change,
    LastKnown,
    Pair,
    Transition,
    held_against,
    last_settled,
    missing_from,
    open_items,
    transition_of,
)
from cyberaudit.model import Finding

_ORDER = {each: rank for rank, each in enumerate(Transition)}


@frozen
class Diff:
    """Two states of one town, held against each other."""

    commune: str
    """The town's id."""
    since: datetime
    """When the newest audit of the older state began, in the commune's time zone."""
    until: datetime
    """The same for the newer state."""
    rules_changed: bool
    """The newest audits of both were not judged by the same rules."""
    changes: tuple[Change, ...]
    """In the order of the table, the riskiest first; the unchanged at the end."""

    @property
    def has_regression(self) -> bool:
        return any(change.is_regression for change in self.changes)


@frozen
class Around:
    """What neither state knows, by identity."""

    waived_before: Collection[str] = frozenset()
    """Covered by an élu's decision at the older moment."""
    waived_after: Collection[str] = frozenset()
    """Covered at the newer one."""
    late: Collection[str] | None = None
    """Their action is past its date; None: nobody looked."""


NOTHING_AROUND = Around()


@frozen
class _Side:
    """One state, as it is looked up."""

    findings: Mapping[str, Finding]
    assets: frozenset[str]
    checks: frozenset[str]
    rules: str


@frozen
class _Scales:
    """All that a row is weighed with."""

    before: _Side
    after: _Side
    rejudged: Mapping[str, Finding]
    marks: Mapping[str, tuple[Mark, ...]]
    around: Around
    zone: tzinfo
    moved: frozenset[str]
    """Addresses that a machine of the profile left, and those that it took instead."""


def diff(
    before: TownState,
    after: TownState,
    *,
    traces: Iterable[Trace] = (),
    around: Around = NOTHING_AROUND,
    before_rejudged: TownState | None = None,
) -> Diff:
    """What became of each question about each thing; each identity of either state is in exactly one row.

    Args:
        before: made of complete audits.
        after: of the same commune.
        traces: the town's audits in brief, or a `Chronicle` that ends with `before`; those up to `before` say
            what was solved once, or last known.
        around: decisions of élus on both sides, and what is late.
        before_rejudged: the facts of `before` judged by the rules of `after`: tells what the town changed
            from what the rules changed.

    Raises:
        HistoryError: two communes, or an interrupted audit in `before`.
    """
    _refuse(before, after)
    scales = _Scales(
        before=_side(before),
        after=_side(after),
        rejudged={each.identity: each for each in before_rejudged.findings} if before_rejudged else {},
        marks=_marks(traces, until=before.as_of),
        around=around,
        zone=zone_of(after.town),
        moved=moved_addresses(before.town, after.town),
    )
    identities = scales.before.findings.keys() | scales.after.findings.keys()
    changes = sorted((_change(identity, scales) for identity in identities), key=_place)
    return Diff(
        commune=after.town.id,
        since=before.as_of.astimezone(scales.zone),
        until=after.as_of.astimezone(scales.zone),
        rules_changed=scales.before.rules != scales.after.rules,
        changes=tuple(changes),
    )


def _refuse(before: TownState, after: TownState) -> None:
    if before.town.id != after.town.id:
        raise HistoryError(
            f"Ces contrôles concernent deux communes, « {before.town.id} » et « {after.town.id} » : "
            "ils ne peuvent pas être comparés."
        )
    if any(audit.partial for audit in before.audits):
        raise HistoryError("Un contrôle interrompu ne peut pas servir de point de comparaison.")


def _side(state: TownState) -> _Side:
    return _Side(
        findings={finding.identity: finding for finding in state.findings},
        assets=frozenset(asset.key for asset in state.town.assets),
        checks=frozenset(finding.check for finding in state.findings),
        rules=newest_audit(state).rules,
    )


def newest_audit(state: TownState) -> AuditSummary:
    """The one whose profile and questions the state has; a newer one may stand beside it."""
    return next((each for each in state.audits if each.started_at == state.as_of), state.audits[0])


def _marks(traces: Iterable[Trace], *, until: datetime) -> dict[str, tuple[Mark, ...]]:
    """What complete audits begun `until` then said, by identity."""
    found: defaultdict[str, list[Mark]] = defaultdict(list)
    for identity, remembered in memory_of(traces).items():
        found[identity] += remembered.answers
    for trace in sorted(traces, key=lambda each: (each.started_at, each.finished_at, each.uuid)):
        if not trace.partial and trace.started_at <= until:
            for mark in trace.marks:
                found[mark.identity].append(mark)
    return {identity: tuple(marks) for identity, marks in found.items()}


def _place(change: Change) -> tuple[int, int, str, str]:
    risk = change.after.risk if change.after is not None else 0
    return _ORDER[change.transition], -risk, change.check, change.asset


def _change(identity: str, scales: _Scales) -> Change:
    told = _pair(identity, scales)
    transition, pair, by_rules = _what_happened(told, scales)
    older, newer = open_items(pair.before), open_items(pair.after)
    return Change(
        identity=identity,
        check=told.some.check,
        asset=told.some.asset,
        asset_name=told.some.asset_name,
        transition=transition,
        before=pair.before,
        after=pair.after,
        was=held_against(pair),
        appeared=missing_from(newer, older, alike=pair.alike),
        gone=missing_from(older, newer, alike=pair.alike),
        last_known=_last_known(told, scales.zone),
        accepted=identity in scales.around.waived_after,
        late=None if scales.around.late is None else identity in scales.around.late,
        by_rules=by_rules,
    )


def _pair(identity: str, scales: _Scales) -> Pair:
    before, after = scales.before.findings.get(identity), scales.after.findings.get(identity)
    some = after or before
    assert some is not None
    around = scales.around
    return Pair(
        before=before,
        after=after,
        stood=some.asset in scales.before.assets,
        stands=some.asset in scales.after.assets,
        was_asked=some.check in scales.before.checks or scales.before.rules == scales.after.rules,
        waiver_ended=identity in around.waived_before and identity not in around.waived_after,
        earlier=scales.marks.get(identity, ()),
        zone=scales.zone,
        alike=alike(some.asset, scales.moved),
    )


def _what_happened(told: Pair, scales: _Scales) -> tuple[Transition, Pair, bool | None]:
    """The transition, the pair it was read from, and whether the rules alone made it."""
    plain = transition_of(told)
    if plain is Transition.NEW_CHECK:
        return plain, told, True
    rejudged = scales.rejudged.get(told.some.identity)
    if rejudged is None or not _says_more(rejudged, told):
        return plain, told, None
    if plain is Transition.SAME and _is_one_look(told):
        return plain, told, None
    held = replace(told, before=rejudged)
    real = transition_of(held)
    if real is Transition.BACK and plain is not Transition.BACK:
        # The rules found it in order after all: nobody had solved it.
        real = Transition.WORSE
    if real is Transition.SAME and plain is not Transition.SAME:
        return plain, told, True
    return real, held, False


def _says_more(rejudged: Finding, told: Pair) -> bool:
    """Old facts may be too few for the new rules."""
    before = told.before
    return before is not None and (rejudged.status.is_known or not before.status.is_known)


def _is_one_look(told: Pair) -> bool:
    """Both sides rest on the same facts: the town has changed nothing there."""
    before, after = told.before, told.after
    if before is None or after is None:
        return False
    return (before.seen_at, before.vantage) == (after.seen_at, after.vantage)


def _last_known(pair: Pair, zone: tzinfo) -> LastKnown | None:
    """For what has no answer now, or none of who saw the fault."""
    is_answered = pair.after is not None and (
        pair.after.status.is_known and transition_of(pair) is not Transition.NOT_CHECKED
    )
    found = None if is_answered else last_settled(pair)
    return LastKnown(found[0], found[1].astimezone(zone).date()) if found else None

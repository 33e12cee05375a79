"""How several scans make one town state: the newest answers, and the worst of what each vantage saw."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

from cyberaudit import french
from cyberaudit.declared import Declaration, Town
from cyberaudit.errors import HistoryError
from cyberaudit.frozen import frozen
from cyberaudit.history.doors import sightings
from cyberaudit.history.mail import mail_seen
from cyberaudit.history.memory import MAX_AGE_DAYS, Memory, memory_of
from cyberaudit.history.runs import open_since, unknown_since
from cyberaudit.history.state import FirstFailed, FirstUnknown, TownState, summarize, zone_of
from cyberaudit.history.trace import (
    CLOCK_SKEW,
    Ground,
    Trace,
    ground_of,
    is_off,
    looked,
    mark_of,
    may_answer,
    trace_of,
)
from cyberaudit.model import Audit, Finding, Reason, SeenFrom, Status, Unreachable, Verdict
from cyberaudit.plaintext import clean
from cyberaudit.sdk import unknown

Pair = tuple[str, str]
"""Check id and asset key."""

_WORST_FIRST = {
    Status.FAIL: 0,
    Status.PARTIAL: 1,
    Status.PASS: 2,
    Status.UNKNOWN: 3,
    Status.ERROR: 3,
    Status.NOT_APPLICABLE: 4,
}


@frozen
class _Record:
    """One audit among those that count."""

    rank: int
    """0 for the oldest."""
    audit: Audit
    findings: Mapping[Pair, Finding]


@frozen
class _Past:
    """What was seen so far, and for how long it is trusted."""

    records: tuple[_Record, ...]
    """Oldest first."""
    now: datetime
    max_age: timedelta
    zone: tzinfo
    """The commune's: days are hers."""


@frozen
class _Answer:
    """What one audit said to one question."""

    finding: Finding
    record: _Record


def town_state(
    audits: Sequence[Audit],
    *,
    now: datetime,
    current: Audit | None = None,
    traces: Iterable[Trace] = (),
    max_age_days: int = MAX_AGE_DAYS,
) -> TownState:
    """The state of one town at `now`, whatever the order of `audits`.

    Partial audits do not count, nor those begun after `now`. `current`, the scan just made, always does, and
    its profile is the one that counts. A question is answered by the newest verdict of each vantage that may
    answer it, measured at most `max_age_days` ago; a fault seen in that time stays, with its date, until that
    vantage sees something else: silence mends nothing. The worst of fail, partial and pass wins, and what is
    known wins over what is not. What is declared comes from the newest audit that looked, as long as it
    holds and no measurement says worse. A failure is dated by `audits` and by `traces`, the whole history of
    the town in brief: audit by audit, or a `Chronicle` whose memory ends before the oldest audit that counts.

    Raises:
        HistoryError: no audit counts, or they are about several communes.
    """
    records = _records(audits, now=now, current=current)
    newest = next(record for record in reversed(records) if current is None or record.audit is current)
    past = _Past(records, now, timedelta(days=max_age_days), zone_of(newest.audit.town))
    answers = [_answer(asked, past) for asked in _questions(newest, records)]
    used = {answer.record.rank: answer.record.audit for answer in answers} | {newest.rank: newest.audit}
    memory = memory_of(traces)
    known = {trace.uuid: trace for trace in traces} | {r.audit.uuid: trace_of(r.audit) for r in records}
    always = newest.audit.uuid
    counted = sorted((t for t in known.values() if t.uuid == always or _counts(t, now=now)), key=_age)
    return TownState(
        town=newest.audit.town,
        as_of=newest.audit.started_at,
        findings=tuple(answer.finding for answer in answers),
        first_failed=_first_failed(answers, counted, past, memory=memory),
        audits=tuple(summarize(used[rank]) for rank in sorted(used, reverse=True)),
        dropped=_dropped(answers, past, newest.audit.town),
        sightings=sightings(
            (record.audit for record in reversed(records)), newest.audit.town, since=now - past.max_age
        ),
        mail=mail_seen(
            (record.audit for record in reversed(records)), newest.audit.town, since=now - past.max_age
        ),
        first_unknown=_first_unknown(answers, counted, past.zone, memory=memory),
    )


def audits_to_read(
    traces: Iterable[Trace], *, now: datetime, max_age_days: int = MAX_AGE_DAYS
) -> tuple[str, ...]:
    """UUIDs of the recent audits that `town_state` may take an answer from, oldest first.

    The others were answered again since, from the same vantage: reading them would change nothing.
    """
    oldest = now - timedelta(days=max_age_days)
    counted = [each for each in traces if each.started_at >= oldest and _counts(each, now=now)]
    wanted: dict[tuple[str, str, str], str] = {}
    for trace in sorted(counted, key=_age):
        wanted["", "", ""] = trace.uuid
        for mark in trace.marks:
            if mark.looked and mark.ground is not Ground.OFF:
                # What a scan tells of long ago does not take the place of what was seen since.
                kind = f"{mark.ground} {mark.seen_at >= oldest}"
                wanted[mark.identity, mark.vantage, kind] = trace.uuid
                if mark.is_settled:
                    wanted[mark.identity, mark.vantage, f"settled {kind}"] = trace.uuid
    chosen = set(wanted.values())
    return tuple(each.uuid for each in sorted(counted, key=_age) if each.uuid in chosen)


def _counts(audit: Audit | Trace, *, now: datetime) -> bool:
    return not audit.partial and audit.started_at <= now + CLOCK_SKEW


def _age(audit: Audit | Trace) -> tuple[datetime, datetime, str]:
    """Sorts the oldest first."""
    return audit.started_at, audit.finished_at, audit.uuid


def _first_failed(
    answers: Sequence[_Answer], traces: Sequence[Trace], past: _Past, *, memory: Memory
) -> tuple[FirstFailed, ...]:
    opened = [answer for answer in answers if answer.finding.status.is_open]
    findings = [answer.finding for answer in opened]
    since = open_since(findings, traces, max_age=past.max_age, memory=memory)
    moments = [
        (answer.finding.identity, since.get(answer.finding.identity, answer.record.audit.started_at))
        for answer in opened
    ]
    return tuple(FirstFailed(identity, moment.astimezone(past.zone).date()) for identity, moment in moments)


def _first_unknown(
    answers: Sequence[_Answer], traces: Sequence[Trace], zone: tzinfo, *, memory: Memory
) -> tuple[FirstUnknown, ...]:
    unknown = [a.finding for a in answers if a.finding.status is Status.UNKNOWN and looked(a.finding)]
    return tuple(
        FirstUnknown(identity, begun.astimezone(zone).date(), audits)
        for identity, (begun, audits) in unknown_since(unknown, traces, memory=memory).items()
    )


def _dropped(answers: Sequence[_Answer], past: _Past, town: Town) -> tuple[str, ...]:
    asked = {answer.finding.check for answer in answers}
    assets = {asset.key for asset in town.assets}
    oldest = past.now - past.max_age
    return tuple(
        sorted(
            {
                finding.check
                for record in past.records
                for finding in record.findings.values()
                if finding.check not in asked
                and finding.asset in assets
                and finding.seen_at >= oldest
                and mark_of(finding, record.audit.town).ground is not Ground.OFF
                and looked(finding)
            }
        )
    )


def _records(audits: Iterable[Audit], *, now: datetime, current: Audit | None) -> tuple[_Record, ...]:
    """The audits that count, once each, oldest first."""
    kept = {audit.uuid: audit for audit in audits if _counts(audit, now=now)}
    if current is not None:
        kept[current.uuid] = current
    if not kept:
        raise HistoryError("Aucun contrôle complet n'est encore enregistré pour cette commune.")
    if len({audit.town.id for audit in kept.values()}) > 1:
        raise HistoryError("Ces contrôles concernent plusieurs communes : ils ne peuvent pas être réunis.")
    ordered = sorted(kept.values(), key=_age)
    return tuple(
        _Record(rank, audit, {_pair(finding): finding for finding in audit.findings})
        for rank, audit in enumerate(ordered)
    )


def _pair(finding: Finding) -> Pair:
    return finding.check, finding.asset


def _questions(newest: _Record, records: Sequence[_Record]) -> list[_Answer]:
    """What is asked today, with what the newest audit answered.

    An interrupted scan may lack questions: they come from the newest complete one, if their asset stands.
    """
    asked = [_Answer(finding, newest) for finding in newest.findings.values()]
    complete = next((record for record in reversed(records) if not record.audit.partial), None)
    if not newest.audit.partial or complete is None:
        return asked
    assets = {asset.key for asset in newest.audit.town.assets}
    return asked + [
        _Answer(finding, complete)
        for pair, finding in complete.findings.items()
        if pair not in newest.findings and finding.asset in assets
    ]


def _answer(newest: _Answer, past: _Past) -> _Answer:
    if is_off(newest.finding.check, newest.record.audit.town):
        return newest
    asked = _in_force(_spoken(newest, past), past)
    heard = _heard(asked, past)
    if ground_of(asked.finding) is Ground.WORD:
        return _beside_declaration(asked, min(heard, key=_severity, default=None))
    return min(heard, key=_severity, default=replace(asked, finding=_unseen(asked.finding, past.zone)))


def _spoken(newest: _Answer, past: _Past) -> _Answer:
    """The newest answer; when it was no look, the word a recent one leaned on, if the profile still gives it.

    A good word never stands for a scan that was cut short.
    """
    asked, town = newest.finding, newest.record.audit.town
    if looked(asked):
        return newest
    is_cut_short = asked.verdict.reason != Reason.NOT_LOOKED
    answered: set[str] = set()
    for record in reversed(past.records):
        finding = record.findings.get(_pair(asked))
        if finding is None or finding.vantage in answered or not _was_seen(finding, asked.seen_from):
            continue
        if is_off(finding.check, record.audit.town):
            continue
        answered.add(finding.vantage)
        stands = finding.status.is_open or (finding.status.is_known and not is_cut_short)
        on_word = ground_of(finding) is Ground.WORD and finding.seen_at >= past.now - past.max_age
        if stands and on_word and _same_word(finding.asset, town, record.audit.town):
            return _Answer(_reweighed(finding, asked), record)
    return newest


def _same_word(asset: str, today: Town, then: Town) -> bool:
    new, old = today.asset(asset), then.asset(asset)
    return new is not None and old is not None and new.declared == old.declared


def _in_force(answer: _Answer, past: _Past) -> _Answer:
    """The answer, unless it stands on a word that has ceased to hold."""
    finding = answer.finding
    if ground_of(finding) is not Ground.WORD or finding.status in (Status.UNKNOWN, Status.ERROR):
        return answer
    given = _declarations(finding, answer.record.audit.town)
    judged, today = (each.astimezone(past.zone).date() for each in (answer.record.audit.started_at, past.now))
    # A fault told of a word that was over already is that it is old: that does not pass.
    since = judged if finding.status.is_open else date.min
    over = next((each for each in given if since <= each.until < today), None)
    if over is None:
        return answer
    verdict = unknown(Unreachable(Reason.DECLARATION_EXPIRED, f"réponse du {french.day(over.on)}"))
    return replace(answer, finding=replace(finding, verdict=verdict, likelihood=finding.base_likelihood))


def _declarations(finding: Finding, town: Town) -> list[Declaration]:
    """Those that the finding cites as its evidence; else all of its asset's, for it may stand on any."""
    asset = town.asset(finding.asset)
    given = [entry.declaration for entry in asset.declared] if asset else []
    proof = " ".join(entry.value for entry in finding.verdict.evidence)
    return [each for each in given if clean(f"par {each.by} le {french.day(each.on)}") in proof] or given


def _heard(asked: _Answer, past: _Past) -> list[_Answer]:
    """The newest measurement from each vantage that may answer, if recent, weighed by the rules of today.

    Silence never replaces a fault that the same vantage saw. Beside a word, which is the mark of a look that
    saw nothing, it replaces no measurement; and from the word's own vantage, an older one counts only when
    it saw a fault: an outage mends nothing.
    """
    on_word = ground_of(asked.finding) is Ground.WORD
    found: dict[str, _Answer] = {}
    for record in past.records:
        finding = record.findings.get(_pair(asked.finding))
        if finding is None or not _is_measured(finding, record) or not _is_admissible(finding, asked, past):
            continue
        before = found.get(finding.vantage)
        has_fault = before is not None and before.finding.status.is_open
        if mark_of(finding, record.audit.town).is_settled or not (on_word or has_fault):
            found[finding.vantage] = _Answer(_reweighed(finding, asked.finding), record)
    own = found.get(asked.finding.vantage)
    if on_word and own and own.record.rank < asked.record.rank and not own.finding.status.is_open:
        del found[asked.finding.vantage]
    return list(found.values())


def _is_admissible(finding: Finding, asked: _Answer, past: _Past) -> bool:
    """Seen by somebody who may answer, and not too long ago."""
    is_recent = finding.seen_at >= past.now - past.max_age
    return is_recent and _was_seen(finding, asked.finding.seen_from)


def _is_measured(finding: Finding, record: _Record) -> bool:
    return mark_of(finding, record.audit.town).ground is Ground.MEASURED


def _was_seen(finding: Finding, seen_from: SeenFrom) -> bool:
    return looked(finding) and may_answer(seen_from, finding.vantage)


def _reweighed(finding: Finding, asked: Finding) -> Finding:
    """Its verdict, under the title, the weight and the measure the question has today."""
    if finding is asked:
        return finding
    return replace(
        finding,
        title=asked.title,
        asset_name=asked.asset_name,
        impact=asked.impact,
        base_likelihood=asked.base_likelihood,
        likelihood=max(asked.base_likelihood, finding.verdict.likelihood or 0),
        measure=asked.measure,
        seen_from=asked.seen_from,
    )


def _severity(answer: _Answer) -> tuple[int, int, int]:
    """The worst first; between two open ones the riskier; between equals the newer."""
    finding = answer.finding
    risk = finding.risk if finding.status.is_open else 0
    return _WORST_FIRST[finding.status], -risk, -answer.record.rank


def _beside_declaration(asked: _Answer, measured: _Answer | None) -> _Answer:
    """The measured-and-declared table of the engine, for a measurement made by another scan."""
    if measured is None or not measured.finding.status.is_known:
        return asked
    declared, seen = asked.finding.status, measured.finding.status
    if declared.is_known and _WORST_FIRST[declared] < _WORST_FIRST[seen]:
        return asked
    if declared.is_known and _WORST_FIRST[declared] > _WORST_FIRST[seen]:
        return replace(measured, finding=replace(measured.finding, contradiction=True))
    return measured


def _unseen(asked: Finding, zone: tzinfo) -> Finding:
    """Nobody who may answer has looked lately: unknown, whatever was said long ago."""
    if not looked(asked):
        return asked
    if may_answer(asked.seen_from, asked.vantage):
        text = f"Ce point n'a pas été contrôlé depuis le {french.day(asked.seen_at.astimezone(zone))}."
    else:
        text = f"Ce point n'a pas pu être vérifié : {Unreachable(Reason.NOT_LOOKED)}."
    verdict = Verdict(Status.UNKNOWN, text, reason=Reason.NOT_LOOKED)
    return replace(asked, verdict=verdict, likelihood=asked.base_likelihood)


__all__ = ["MAX_AGE_DAYS", "Pair", "audits_to_read", "town_state"]

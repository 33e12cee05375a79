"""How several scans make one town state: the newest answers, and the worst of what each vantage saw."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from cyberaudit import french
from cyberaudit.declared import Town
from cyberaudit.errors import HistoryError
from cyberaudit.history.state import FirstFailed, TownState, summarize
from cyberaudit.model import Audit, Basis, Finding, Reason, SeenFrom, Status, Unreachable, Verdict

# Our own choice: a monthly scan that comes two weeks late still counts.
MAX_AGE_DAYS = 45
# Our own choice: what two machines' clocks may differ by.
CLOCK_SKEW = timedelta(hours=1)

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
_NOT_A_LOOK = frozenset((Reason.NOT_LOOKED, Reason.INTERRUPTED, Reason.NOT_COLLECTED, Reason.NO_PROBE))
"""Unknown because nobody tried: it replaces nothing."""


@dataclass(frozen=True, slots=True)
class _Record:
    """One audit among those that count."""

    rank: int
    """0 for the oldest."""
    audit: Audit
    findings: Mapping[Pair, Finding]


@dataclass(frozen=True, slots=True)
class _Past:
    """What was seen so far, and for how long it is trusted."""

    records: tuple[_Record, ...]
    """Oldest first."""
    now: datetime
    max_age: timedelta
    zone: tzinfo
    """The commune's: days are hers."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one audit said to one question."""

    finding: Finding
    record: _Record


def town_state(
    audits: Sequence[Audit],
    *,
    now: datetime,
    current: Audit | None = None,
    max_age_days: int = MAX_AGE_DAYS,
) -> TownState:
    """The state of one town at `now`, whatever the order of `audits`.

    Partial audits do not count, nor those begun after `now`. `current`, the scan just made, always does, and
    its profile is the one that counts. A question is answered by the newest verdict of each vantage that may
    answer it, measured at most `max_age_days` ago: the worst of fail, partial and pass wins, and what is
    known wins over what is not. What is declared comes from the newest audit alone.

    Raises:
        HistoryError: no audit counts, or they are about several communes.
    """
    records = _records(audits, now=now, current=current)
    newest = next(record for record in reversed(records) if current is None or record.audit is current)
    past = _Past(records, now, timedelta(days=max_age_days), _zone(newest.audit.town.commune.timezone))
    answers = [_answer(asked, past) for asked in _questions(newest, records)]
    used = {answer.record.rank: answer.record.audit for answer in answers} | {newest.rank: newest.audit}
    return TownState(
        town=newest.audit.town,
        as_of=newest.audit.started_at,
        findings=tuple(answer.finding for answer in answers),
        first_failed=tuple(
            FirstFailed(answer.finding.identity, _open_since(answer, past))
            for answer in answers
            if answer.finding.status.is_open
        ),
        audits=tuple(summarize(used[rank]) for rank in sorted(used, reverse=True)),
    )


def _records(audits: Iterable[Audit], *, now: datetime, current: Audit | None) -> tuple[_Record, ...]:
    """The audits that count, once each, oldest first."""
    kept = {a.uuid: a for a in audits if not a.partial and a.started_at <= now + CLOCK_SKEW}
    if current is not None:
        kept[current.uuid] = current
    if not kept:
        raise HistoryError("Aucun contrôle complet n'est encore enregistré pour cette commune.")
    if len({audit.town.id for audit in kept.values()}) > 1:
        raise HistoryError("Ces contrôles concernent plusieurs communes : ils ne peuvent pas être réunis.")
    ordered = sorted(kept.values(), key=lambda audit: (audit.started_at, audit.finished_at, audit.uuid))
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


def _answer(asked: _Answer, past: _Past) -> _Answer:
    if _is_off(asked.finding.check, asked.record.audit.town):
        return asked
    heard = _newest_of_each_vantage(asked.finding, past.records)
    is_declared = _is_declared(asked.finding)
    if is_declared:
        # From its own vantage, the scan that leaned on the declaration looked and saw nothing.
        heard.pop(asked.finding.vantage, None)
    fresh = [answer for answer in heard.values() if answer.finding.seen_at >= past.now - past.max_age]
    worst = min(fresh, key=_severity, default=None)
    if is_declared:
        return _beside_declaration(asked, worst)
    return worst or replace(asked, finding=_unseen(asked.finding, past.zone))


def _newest_of_each_vantage(asked: Finding, records: Sequence[_Record]) -> dict[str, _Answer]:
    """The newest measurement from each vantage that may answer, weighed by the rules of today."""
    found: dict[str, _Answer] = {}
    for record in records:
        finding = record.findings.get(_pair(asked))
        if finding is None or _is_declared(finding) or _is_off(finding.check, record.audit.town):
            continue
        if _was_seen(finding, asked.seen_from):
            found[finding.vantage] = _Answer(_reweighed(finding, asked), record)
    return found


def _was_seen(finding: Finding, seen_from: SeenFrom) -> bool:
    return _looked(finding) and _may_answer(seen_from, finding.vantage)


def _looked(finding: Finding) -> bool:
    return finding.verdict.reason not in _NOT_A_LOOK


def _is_off(check: str, town: Town) -> bool:
    """The profile sets the check aside: an answer that holds only as long as the profile says so."""
    choice = town.check_choice(check)
    return choice is not None and choice.off != ""


def _may_answer(seen_from: SeenFrom, vantage: str) -> bool:
    if seen_from in (SeenFrom.ANY, SeenFrom.LOCAL):
        return True
    return (vantage == SeenFrom.OUTSIDE) is (seen_from is SeenFrom.OUTSIDE)


def _is_declared(finding: Finding) -> bool:
    """It stands on somebody's word, or waits for it."""
    return finding.basis is not Basis.MEASURED or finding.theme == "practice"


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
    if declared.is_open and seen is Status.PASS:
        return asked
    if declared.is_known and _WORST_FIRST[declared] > _WORST_FIRST[seen]:
        return replace(measured, finding=replace(measured.finding, contradiction=True))
    return measured


def _unseen(asked: Finding, zone: tzinfo) -> Finding:
    """Nobody who may answer has looked lately: unknown, whatever was said long ago."""
    if not _looked(asked):
        return asked
    if _may_answer(asked.seen_from, asked.vantage):
        text = f"Ce point n'a pas été contrôlé depuis le {french.day(asked.seen_at.astimezone(zone))}."
    else:
        text = f"Ce point n'a pas pu être vérifié : {Unreachable(Reason.NOT_LOOKED)}."
    verdict = Verdict(Status.UNKNOWN, text, reason=Reason.NOT_LOOKED)
    return replace(asked, verdict=verdict, likelihood=asked.base_likelihood)


def _open_since(answer: _Answer, past: _Past) -> date:
    """The day of the audit that opened the run of open statuses this answer ends.

    Silence in between does not end a run. A pass does, unless another vantage still sees the fault.
    """
    voices: dict[str, Finding] = {}
    since: datetime | None = None
    for record in past.records:
        finding = record.findings.get(_pair(answer.finding))
        if finding is None or not _decides(finding, answer.finding.seen_from):
            continue
        # A declaration holds until the next audit that knows better.
        voices.pop("", None)
        voices["" if _is_declared(finding) else finding.vantage] = finding
        oldest = record.audit.started_at - past.max_age
        if not any(voice.status.is_open and voice.seen_at >= oldest for voice in voices.values()):
            since = None
        elif since is None:
            since = record.audit.started_at
    return (since or answer.record.audit.started_at).astimezone(past.zone).date()


def _decides(finding: Finding, seen_from: SeenFrom) -> bool:
    settled = finding.status.is_known or finding.status is Status.NOT_APPLICABLE
    return settled and (_is_declared(finding) or _was_seen(finding, seen_from))


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC

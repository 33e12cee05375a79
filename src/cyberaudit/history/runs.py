"""Since when something fails: the run of failures that today's answer ends, over the whole history."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from cyberaudit.history.trace import Ground, Mark, Trace, ground_of, may_answer
from cyberaudit.model import Finding, SeenFrom

Said = tuple[datetime, Mark]
"""When an audit began, and what it said."""

_WORD = ""
"""The voice of what is declared, beside those of the vantages."""


def open_since(
    findings: Sequence[Finding], traces: Iterable[Trace], *, max_age: timedelta
) -> dict[str, datetime]:
    """By identity, when the audit began that opened the run of failures which each open finding ends.

    Only being seen fixed ends a run: what was not seen in between does not. A pass seen from one vantage ends
    it for all, unless another vantage saw the fault less than `max_age` before, and never for the vantage
    that sees it today. `traces` come oldest first; a finding they do not hold is left out.
    """
    wanted = {finding.identity for finding in findings}
    said: defaultdict[str, list[Said]] = defaultdict(list)
    for trace in traces:
        for mark in trace.marks:
            if mark.identity in wanted:
                said[mark.identity].append((trace.started_at, mark))
    found = {}
    for finding in findings:
        decisive = [each for each in said[finding.identity] if _decides(each[1], finding.seen_from)]
        own = _WORD if ground_of(finding) is Ground.WORD else finding.vantage
        starts = (_run_of_all(decisive, max_age), _run_of(own, decisive))
        if known := [start for start in starts if start is not None]:
            found[finding.identity] = min(known)
    return found


def _decides(mark: Mark, seen_from: SeenFrom) -> bool:
    """Silence, and what a vantage without a voice said, decide nothing."""
    heard = mark.ground is Ground.WORD or (mark.looked and may_answer(seen_from, mark.vantage))
    return mark.is_settled and heard


def _voice(mark: Mark) -> str:
    return _WORD if mark.ground is Ground.WORD else mark.vantage


def _run_of_all(said: Sequence[Said], max_age: timedelta) -> datetime | None:
    voices: dict[str, Mark] = {}
    since: datetime | None = None
    for begun, mark in said:
        # A declaration holds until the next audit that knows better.
        voices.pop(_WORD, None)
        voices[_voice(mark)] = mark
        if not any(each.status.is_open and each.seen_at >= begun - max_age for each in voices.values()):
            since = None
        elif since is None:
            since = begun
    return since


def _run_of(voice: str, said: Sequence[Said]) -> datetime | None:
    since: datetime | None = None
    for begun, mark in said:
        if _voice(mark) == voice:
            since = (since or begun) if mark.status.is_open else None
    return since

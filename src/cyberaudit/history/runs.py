"""Since when something fails, or is unknown: the run that today's answer ends, over the whole history."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from cyberaudit.history.memory import NO_MEMORY, WORD, Course, Memory, course, is_heard
from cyberaudit.history.trace import Ground, Trace, ground_of
from cyberaudit.model import Finding


def open_since(
    findings: Sequence[Finding], traces: Iterable[Trace], *, max_age: timedelta, memory: Memory = NO_MEMORY
) -> dict[str, datetime]:
    """By identity, when the audit began that opened the run of failures which each open finding ends.

    Only being seen fixed ends a run: what was not seen in between does not. A pass seen from one vantage ends
    it for all, unless another vantage saw the fault less than `max_age` before, and never for the vantage
    that sees it today. `traces` come oldest first, after `memory`; a finding they do not hold is left out.
    """
    found = {}
    for finding, told in _courses(findings, traces, memory, max_age=max_age):
        own = told.voices.get(WORD if ground_of(finding) is Ground.WORD else finding.vantage)
        starts = (told.since, own.since if own is not None else None)
        if known := [start for start in starts if start is not None]:
            found[finding.identity] = min(known)
    return found


def unknown_since(
    findings: Sequence[Finding], traces: Iterable[Trace], *, memory: Memory = NO_MEMORY
) -> dict[str, tuple[datetime, int]]:
    """By identity, when the audit began that first asked in vain after the last answer, and how many did since.

    An audit asks when it looked to the end and does not know: a crash, or a place not looked at, neither asks
    nor answers. `traces` come oldest first, after `memory`; a finding for which none asked is left out.
    """
    return {
        finding.identity: (told.asked_since, told.asked)
        for finding, told in _courses(findings, traces, memory, max_age=timedelta())
        if told.asked_since is not None
    }


def _courses(
    findings: Sequence[Finding], traces: Iterable[Trace], memory: Memory, *, max_age: timedelta
) -> list[tuple[Finding, Course]]:
    """Each finding, with what the whole history said of its question to who may answer it."""
    told = {each.identity: (each, course(memory.get(each.identity), each.seen_from)) for each in findings}
    for trace in traces:
        for mark in trace.marks:
            both = told.get(mark.identity)
            if both is not None and is_heard(mark, both[0].seen_from):
                both[1].hear(trace.started_at, mark, max_age=max_age)
    return list(told.values())

"""An audit in brief: what it said of each question, enough to date a failure without reading the whole of it."""

from datetime import datetime, timedelta
from enum import StrEnum

from cyberaudit.declared import Town
from cyberaudit.frozen import frozen
from cyberaudit.model import Audit, Basis, Finding, Reason, SeenFrom, Status

# Our own choice: what two machines' clocks may differ by.
CLOCK_SKEW = timedelta(hours=1)

_NOT_A_LOOK = frozenset(
    (
        Reason.NOT_LOOKED,
        Reason.INTERRUPTED,
        Reason.DEADLINE,
        Reason.NOT_COLLECTED,
        Reason.NO_PROBE,
        Reason.TOO_NEW,
    )
)
"""Unknown because nobody looked to the end: it replaces nothing."""


class Ground(StrEnum):
    """What an answer stands on."""

    MEASURED = "measured"
    WORD = "word"
    """Somebody's word, or the wait for it."""
    OFF = "off"
    """The profile sets the check aside: it holds only as long as the profile says so."""


@frozen
class Mark:
    """One finding in brief."""

    identity: str
    status: Status
    reason: str
    vantage: str
    ground: Ground
    seen_at: datetime

    @property
    def looked(self) -> bool:
        return self.reason not in _NOT_A_LOOK

    @property
    def is_settled(self) -> bool:
        """Neither unknown nor an error."""
        return self.status.is_known or self.status is Status.NOT_APPLICABLE


@frozen
class Trace:
    """One audit in brief."""

    uuid: str
    started_at: datetime
    finished_at: datetime
    partial: bool
    marks: tuple[Mark, ...]


def trace_of(audit: Audit) -> Trace:
    return Trace(
        uuid=audit.uuid,
        started_at=audit.started_at,
        finished_at=audit.finished_at,
        partial=audit.partial,
        marks=tuple(mark_of(finding, audit.town) for finding in audit.findings),
    )


def mark_of(finding: Finding, town: Town) -> Mark:
    """`finding` in brief; `town` is the profile of its audit."""
    ground = Ground.OFF if is_off(finding.check, town) else ground_of(finding)
    return Mark(
        identity=finding.identity,
        status=finding.status,
        reason=finding.verdict.reason,
        vantage=finding.vantage,
        ground=ground,
        seen_at=finding.seen_at,
    )


def ground_of(finding: Finding) -> Ground:
    measured = finding.basis is Basis.MEASURED and finding.theme != "practice"
    return Ground.MEASURED if measured else Ground.WORD


def is_off(check: str, town: Town) -> bool:
    choice = town.check_choice(check)
    return choice is not None and choice.off != ""


def looked(finding: Finding) -> bool:
    """Whether somebody looked to the end, whatever came of it."""
    return finding.verdict.reason not in _NOT_A_LOOK


def may_answer(seen_from: SeenFrom, vantage: str) -> bool:
    """Whether an answer from `vantage` counts."""
    if seen_from in (SeenFrom.ANY, SeenFrom.LOCAL):
        return True
    return (vantage == SeenFrom.OUTSIDE) is (seen_from is SeenFrom.OUTSIDE)

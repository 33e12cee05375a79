"""The exit code of a scan or a report, from what it found (product: 130 > 2 > 4 > 3 > 1 > 0)."""

from enum import IntEnum
from fractions import Fraction

from cyberaudit.model import Audit, Basis, Status
from cyberaudit.plan.words import Plan, Tier

DEFAULT_MIN_COVERAGE = 50
"""Percent of the measured points possible from the vantage."""


class ExitCode(IntEnum):
    DONE = 0
    FOUND = 1
    """At least one finding at or above `--fail-on`, not waived."""
    USAGE = 2
    INCOMPLETE = 3
    """Too little was seen, a check crashed, or the scan could not be stored."""
    NOT_SENT = 4
    INTERRUPTED = 130


def exit_code(plan: Plan, audit: Audit | None, *, fail_on: Tier | None, min_coverage: int) -> ExitCode:
    """What the caller's shell or cron learns. `audit` is the scan just made, None for a report from history."""
    if audit is not None and audit.partial:
        return ExitCode.INTERRUPTED
    if audit is not None and (_crashed(audit) or measured_coverage(audit) * 100 < min_coverage):
        return ExitCode.INCOMPLETE
    order = list(Tier)
    if fail_on is not None and any(
        order.index(action.tier) <= order.index(fail_on) for action in plan.actions if action.findings
    ):
        return ExitCode.FOUND
    return ExitCode.DONE


def measured_coverage(audit: Audit) -> Fraction:
    """Share of the measured points possible from this vantage that got an answer; 1 when there is none to get."""
    possible = [
        finding.status
        for finding in audit.findings
        if finding.basis is Basis.MEASURED and finding.looked and finding.status is not Status.NOT_APPLICABLE
    ]
    known = sum(status.is_known for status in possible)
    return Fraction(known, len(possible)) if possible else Fraction(1)


def _crashed(audit: Audit) -> bool:
    return any(finding.status is Status.ERROR for finding in audit.findings)

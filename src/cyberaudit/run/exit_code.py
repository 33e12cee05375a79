"""The exit code of a scan or a report, from what it found (product: 130 > 2 > 4 > 3 > 1 > 0)."""

from collections.abc import Sequence
from enum import IntEnum
from fractions import Fraction

from cyberaudit.model import Basis, Finding, Reason, Status
from cyberaudit.plan.level import URGENT_RISK
from cyberaudit.plan.words import Plan, Tier


class ExitCode(IntEnum):
    DONE = 0
    FOUND = 1
    """At least one finding at or above `--fail-on`, not waived."""
    USAGE = 2
    INCOMPLETE = 3
    """Too little was seen, a check crashed, or the scan could not be stored."""
    NOT_SENT = 4
    INTERRUPTED = 130


def exit_code(
    findings: Sequence[Finding], plan: Plan, *, partial: bool, fail_on: Tier | None, min_coverage: int
) -> ExitCode:
    """What the caller's shell or cron learns.

    Args:
        findings: of the scan just made, or of the town state for a report from history.
        plan: what is to be done; its waived findings do not count.
        partial: somebody interrupted.
        fail_on: the tier from which an action counts; None: none does.
        min_coverage: percent of the measured points possible from where one stood.
    """
    if partial:
        return ExitCode.INTERRUPTED
    if has_broken(findings) or measured_coverage(findings) * 100 < min_coverage:
        return ExitCode.INCOMPLETE
    order = list(Tier)
    # An action without risk asks questions: nothing was found.
    open_tiers = [order.index(action.tier) for action in plan.actions if action.risk]
    # A fault whose measure is no longer known has no tier: only the highest risk may not go unheard.
    open_tiers += [order.index(Tier.URGENT) for each in plan.without_action if each.risk >= URGENT_RISK]
    if fail_on is not None and any(tier <= order.index(fail_on) for tier in open_tiers):
        return ExitCode.FOUND
    return ExitCode.DONE


def measured_coverage(findings: Sequence[Finding]) -> Fraction:
    """Share of the measured points possible from here that got an answer; 1 when there is none to get."""
    possible = [
        finding.status
        for finding in findings
        if finding.basis is Basis.MEASURED and finding.looked and finding.status is not Status.NOT_APPLICABLE
    ]
    known = sum(status.is_known for status in possible)
    return Fraction(known, len(possible)) if possible else Fraction(1)


def has_broken(findings: Sequence[Finding]) -> bool:
    """A check or a probe of ours crashed."""
    return any(
        finding.status is Status.ERROR or finding.verdict.reason == Reason.PROBE_CRASHED
        for finding in findings
    )

"""The town state: for each question about each thing, the newest answer that may be trusted."""

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from cyberaudit.declared import Town
from cyberaudit.frozen import frozen
from cyberaudit.history.doors import Sighting
from cyberaudit.history.mail import MailSeen
from cyberaudit.model import Audit, Finding, Status


@frozen
class AuditSummary:
    """One stored audit without its contents."""

    uuid: str
    commune: str
    vantage: str
    scanned_by: str
    started_at: datetime
    finished_at: datetime
    partial: bool
    rules: str
    program: str
    findings: int
    open_findings: int
    asked: int = 0
    """The findings whose question arises: the points that a report counts."""


@frozen
class FirstFailed:
    """Since when a finding fails without interruption."""

    identity: str
    on: date


@frozen
class FirstUnknown:
    """Since when a question has had no answer."""

    identity: str
    on: date
    """Day of the first audit that asked in vain after the last answer."""
    audits: int
    """How many asked in vain since, that one included."""


@frozen
class TownState:
    """One town at one moment, several vantages and machines merged."""

    town: Town
    """As declared by the newest audit."""
    as_of: datetime
    """When the newest audit began: the report's date, also when the report is printed weeks later."""
    findings: tuple[Finding, ...]
    """One per (check, asset), in the order of the newest audit that asked it."""
    first_failed: tuple[FirstFailed, ...]
    audits: tuple[AuditSummary, ...]
    """The audits the findings come from, newest first."""
    dropped: tuple[str, ...] = ()
    """Checks that a recent audit made and the newest one did not, though what they are about still stands."""
    sightings: tuple[Sighting, ...] = ()
    """What the audits that count saw of the doors of hosts, newest first."""
    mail: tuple[MailSeen, ...] = ()
    """What they saw last of the mail of each domain."""
    first_unknown: tuple[FirstUnknown, ...] = ()
    """Of the findings that are unknown after somebody looked."""


def summarize(audit: Audit) -> AuditSummary:
    """What a list of audits says of this one."""
    return AuditSummary(
        uuid=audit.uuid,
        commune=audit.town.id,
        vantage=audit.vantage,
        scanned_by=audit.scanned_by,
        started_at=audit.started_at,
        finished_at=audit.finished_at,
        partial=audit.partial,
        rules=audit.rules,
        program=audit.program,
        findings=len(audit.findings),
        open_findings=sum(finding.status.is_open for finding in audit.findings),
        asked=sum(finding.status is not Status.NOT_APPLICABLE for finding in audit.findings),
    )


def zone_of(town: Town) -> tzinfo:
    """The town's time zone: days are hers. UTC on a machine without time zone data."""
    try:
        return ZoneInfo(town.commune.timezone)
    except (KeyError, ValueError, OSError):
        return UTC

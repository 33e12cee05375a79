"""The town state: for each question about each thing, the newest answer that may be trusted."""

from dataclasses import dataclass
from datetime import date, datetime

from cyberaudit.declared import Town
from cyberaudit.model import Finding


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class FirstFailed:
    """Since when a finding fails without interruption."""

    identity: str
    on: date


@dataclass(frozen=True, slots=True)
class TownState:
    """One town at one moment, several vantages and machines merged."""

    town: Town
    """As declared by the newest audit."""
    as_of: datetime
    findings: tuple[Finding, ...]
    """One per (check, asset), in the order of the newest audit that asked it."""
    first_failed: tuple[FirstFailed, ...]
    audits: tuple[AuditSummary, ...]
    """The audits the findings come from, newest first."""

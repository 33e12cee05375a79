"""Stored audits in words: the list, and one of them point by point."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from cyberaudit import french
from cyberaudit.history.state import AuditSummary
from cyberaudit.model import Audit
from cyberaudit.reports.words import Mark

PARIS = ZoneInfo("Europe/Paris")


def listed(summaries: Sequence[AuditSummary]) -> str:
    """One line an audit: identifier, date, commune, from where, how much is to be done."""
    if not summaries:
        return "Aucun contrôle gardé.\n"
    return "".join(
        f"{each.uuid[:8]}  {_when(each.started_at, PARIS)}  {each.commune}, depuis {each.vantage} : "
        f"{french.count(each.findings, 'point')}, {each.open_findings} à traiter"
        f"{' (interrompu)' if each.partial else ''}\n"
        for each in summaries
    )


def shown(audit: Audit) -> str:
    """The audit's circumstances, then each finding with its sentence and its items."""
    zone = ZoneInfo(audit.town.commune.timezone)
    by = f", par {audit.scanned_by}" if audit.scanned_by else ""
    lines = [
        f"Contrôle {audit.uuid}",
        f"{audit.town.name}, {_when(audit.started_at, zone)}, depuis {audit.vantage}{by}",
        f"cyberaudit {audit.program}, règles {audit.rules}",
    ]
    if audit.partial:
        lines.append("Contrôle interrompu : il ne sert jamais de référence.")
    for finding in audit.findings:
        mark = Mark.of(finding.status)
        lines += ["", f"{mark.sign} {mark.value} — {finding.title}  [{finding.check}]"]
        lines.append(f"  {finding.asset_name} : {finding.verdict.text}")
        lines += [f"  - {item.text}" for item in finding.verdict.items]
    return "\n".join(lines) + "\n"


def _when(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{french.day(local)} à {french.hour(local)}"

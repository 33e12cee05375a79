"""Stored audits in words: the list, and one of them point by point."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from cyberaudit import french
from cyberaudit.history.state import AuditSummary
from cyberaudit.model import Audit
from cyberaudit.reports.words import Mark
from cyberaudit.reports.wrap import wrap

PARIS = ZoneInfo("Europe/Paris")


def listed(summaries: Sequence[AuditSummary], *, width: int = 80) -> str:
    """One line an audit: identifier, date, commune, from where, how much is to be done."""
    if not summaries:
        return "Aucun contrôle gardé.\n"
    lines = []
    for each in summaries:
        where = f"{_when(each.started_at, PARIS)}  {each.commune}, depuis {_place(each.vantage)} :"
        count = f"{french.count(each.findings, 'point')}, {each.open_findings} à traiter"
        cut = " (interrompu)" if each.partial else ""
        lines += wrap(f"{french.typeset(where)} {count}{cut}", width, first=f"{each.uuid[:8]}  ")
    return "\n".join(lines) + "\n"


def shown(audit: Audit, *, width: int = 80) -> str:
    """The audit's circumstances, then each finding with its sentence and its items."""
    zone = ZoneInfo(audit.town.commune.timezone)
    by = f", par {audit.scanned_by}" if audit.scanned_by else ""
    lines = [
        f"Contrôle {audit.uuid}",
        f"{audit.town.name}, {_when(audit.started_at, zone)}, depuis {_place(audit.vantage, audit)}{by}",
        f"cyberaudit {audit.program}, règles {audit.rules}",
    ]
    if audit.partial:
        lines.append("Contrôle interrompu : il ne sert jamais de référence.")
    for finding in audit.findings:
        mark = Mark.of(finding.status)
        lines += [
            "",
            *wrap(f"{mark.sign} {mark.value} — {french.typeset(finding.title)}  [{finding.check}]", width),
        ]
        lines += wrap(french.typeset(f"{finding.asset_name} : {finding.verdict.text}"), width, first="  ")
        for item in finding.verdict.items:
            lines += wrap(french.typeset(item.text), width, first="  - ")
    return "\n".join(lines) + "\n"


def _place(vantage: str, audit: Audit | None = None) -> str:
    if vantage == "outside":
        return "l'extérieur"
    zone = audit.town.asset(f"zone/{vantage}") if audit else None
    return french.typeset(f"le réseau « {zone.name if zone else vantage} »")


def _when(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{french.day(local)} à {french.hour(local)}"

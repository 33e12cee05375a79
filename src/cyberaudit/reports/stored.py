"""Stored audits in words: the list, and one of them point by point."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from cyberaudit import french
from cyberaudit.history.integrity import STRUCTURE, Health
from cyberaudit.history.retention import Pruning
from cyberaudit.history.state import AuditSummary
from cyberaudit.model import Audit
from cyberaudit.reports.words import Mark
from cyberaudit.reports.wrap import wrap

PARIS = ZoneInfo("Europe/Paris")
NOTHING_SAID: Mapping[str, int] = MappingProxyType({})
SALVAGE = (
    "Ce qui est lisible peut être repris : « cyberaudit history export DOSSIER », puis « cyberaudit history import "
    "DOSSIER --history NOUVEAU.sqlite3 »."
)


def listed(
    summaries: Sequence[AuditSummary],
    *,
    width: int = 80,
    others: int = 0,
    unanswered: Mapping[str, int] = NOTHING_SAID,
) -> str:
    """One line an audit: identifier, date, commune, from where, how much is to be done; and how many older ones.

    The points are those that a report counts: what does not apply is none. `unanswered`: by identifier, how many of
    them have no answer; it tells a verification, which looked at little, from a whole control.
    """
    if not summaries:
        return "Aucun contrôle gardé.\n"
    lines = [line for each in summaries for line in _line(each, width, unanswered.get(each.uuid, 0))]
    if others:
        count = french.count(others, "autre contrôle plus ancien", "autres contrôles plus anciens")
        lines += wrap(french.typeset(f"Et {count} (« cyberaudit history list --all »)."), width)
    return "\n".join(lines) + "\n"


def _line(each: AuditSummary, width: int, unanswered: int) -> list[str]:
    where = f"{_when(each.started_at, PARIS)}  {each.commune}, depuis {_place(each.vantage)} :"
    count = f"{french.count(each.asked, 'point')}, {each.open_findings} à traiter"
    count += f", {unanswered} sans réponse" if unanswered else ""
    cut = " (interrompu)" if each.partial else ""
    return wrap(f"{french.typeset(where)} {count}{cut}", width, first=f"{each.uuid[:8]}  ")


def leaving(prunings: Sequence[Pruning], *, width: int = 80) -> str:
    """What `prune` would remove, before it does."""
    if not prunings:
        return "Rien à retirer.\n"
    lines: list[str] = []
    for each in prunings:
        first, last = (_when(audit.started_at, PARIS) for audit in (each.audits[0], each.audits[-1]))
        count = french.count(len(each.audits), "contrôle à retirer", "contrôles à retirer")
        lines += wrap(french.typeset(f"{each.commune} : {count}, du {first} au {last}."), width)
    kept = "La date des premiers défauts est conservée, mais le détail de ces contrôles disparaît."
    return "\n".join([*lines, *wrap(kept, width)]) + "\n"


def health_told(health: Health, *, advice: str, width: int = 80) -> str:
    """Whether the history is whole; else what is damaged, what can be read, and what to do."""
    count = french.count(health.audits, "contrôle gardé", "contrôles gardés")
    if health.is_whole:
        return "\n".join(wrap(f"L'historique est entier : {count}, tous lisibles.", width)) + "\n"
    lines = wrap(french.typeset(f"L'historique est abîmé : {count}, {health.readable} lisibles."), width)
    if not health.is_sound:
        lines += wrap(STRUCTURE, width)
    for fault in health.faults:
        lines += wrap(french.typeset(f"{fault.what} : {fault.clause}."), width, first="  - ")
    for sentence in (SALVAGE, advice):
        lines += ["", *wrap(french.typeset(sentence), width)]
    return "\n".join(lines) + "\n"


def shown(audit: Audit, *, width: int = 80) -> str:
    """The audit's circumstances, then each finding with its sentence and its items."""
    zone = ZoneInfo(audit.town.commune.timezone)
    by = f", par {audit.scanned_by}" if audit.scanned_by else ""
    where = f"{audit.town.name}, {_when(audit.started_at, zone)}, depuis {_place(audit.vantage, audit)}{by}"
    lines = [
        f"Contrôle {audit.uuid}",
        *wrap(where, width),
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

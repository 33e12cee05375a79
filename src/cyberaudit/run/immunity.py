"""`cyberaudit questions --quick`: the nine letters of Immunité Cyber, from the profile and what is stored."""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

from cyberaudit.declared import DECLARATION_MONTHS, Town, months_later
from cyberaudit.engine.immunity import Immunity, immunity
from cyberaudit.errors import HistoryError
from cyberaudit.history.merge import town_state
from cyberaudit.history.state import TownState, zone_of
from cyberaudit.history.store import open_history
from cyberaudit.model import Basis, Finding
from cyberaudit.run.exit_code import measured_coverage
from cyberaudit.run.tell import recall

# As `scan` without `--min-coverage`: under half of the points that can be measured, it says « incomplet ».
LEAST_MEASURED = Fraction(1, 2)


def quick_view(town: Town, history_path: Path, *, now: datetime) -> tuple[Immunity, str]:
    """The nine letters of `town` at `now`, and what could not be read; nothing stored is no fault."""
    state, remark = _stored(town, history_path, now)
    today = now.astimezone(zone_of(town)).date()
    found = immunity(town, state.findings if state else (), audited_on=_audited_on(state, today), today=today)
    return found, remark


def _stored(town: Town, path: Path, now: datetime) -> tuple[TownState | None, str]:
    if not path.exists():
        return None, ""
    try:
        with open_history(path, create=False) as history:
            past = recall(history, town.id, now=now)
    except HistoryError as error:
        return None, f"Les mesures gardées ne comptent pas ici. {error}"
    if not past.audits:
        return None, ""
    return town_state(past.audits, now=now, traces=past.traces), ""


def _audited_on(state: TownState | None, today: date) -> date | None:
    """The day of the newest complete audit, unless it is over a year old or measured too little."""
    if state is None or not _evaluates(state.findings):
        return None
    day = state.as_of.astimezone(zone_of(state.town)).date()
    return day if today <= months_later(day, DECLARATION_MONTHS) else None


def _evaluates(findings: Sequence[Finding]) -> bool:
    """A run that saw nothing is no evaluation."""
    seen = any(each.basis is Basis.MEASURED and each.looked and each.status.is_known for each in findings)
    return seen and measured_coverage(findings) >= LEAST_MEASURED

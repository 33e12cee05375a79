"""`cyberaudit replay`: old facts under today's rules, without network."""

from datetime import datetime
from pathlib import Path

from cyberaudit.engine.audit import judge_again
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.errors import HistoryError
from cyberaudit.history.scan_file import read_scan_file
from cyberaudit.history.store import open_history
from cyberaudit.model import Audit
from cyberaudit.run.communes import choose_commune
from cyberaudit.run.tell import NO_PAST, Told, tell


def replay(stored: Audit, catalogue: Catalogue, *, now: datetime | None) -> tuple[Audit, Told]:
    """`stored` judged again, at its own time unless `now` is given."""
    judged = judge_again(stored, catalogue, now=now)
    return judged, tell(NO_PAST, catalogue, now=now or stored.finished_at, current=judged)


def stored_audit(history_path: Path, which: str | None) -> Audit:
    """A scan file, an audit by the beginning of its identifier, or the newest complete one.

    Raises:
        HistoryError: no such file or audit.
    """
    if which is not None and (which.endswith(".cya") or "/" in which):
        return read_scan_file(Path(which))
    with open_history(history_path, create=False) as history:
        if which is not None:
            return history.load(which)
        complete = [each for each in history.summaries(choose_commune(history, None)) if not each.partial]
        if not complete:
            raise HistoryError("Aucun contrôle complet dans l'historique.")
        return history.load(complete[0].uuid)

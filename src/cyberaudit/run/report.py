"""`cyberaudit report`: the town state from what is stored, without network."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cyberaudit import french
from cyberaudit.declared import Town
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.errors import HistoryError, UsageError
from cyberaudit.history.state import AuditSummary, zone_of
from cyberaudit.history.store import History, open_history
from cyberaudit.run.tell import Told, recall, tell


def report(history_path: Path, catalogue: Catalogue, *, commune: str | None, now: datetime) -> Told:
    """The state of `commune` at `now`; of the only stored one when None. A newer scan that was cut short is named.

    Raises:
        HistoryError: nothing is stored, or nothing recent enough.
        UsageError: several communes are stored and none was named, or the named one is not there.
    """
    with open_history(history_path, create=False) as history:
        chosen = choose_commune(history, commune)
        past = recall(history, chosen, now=now)
        newest = history.summaries(chosen)[0]
        if not past.audits:
            raise HistoryError(_nothing(history, newest))
    told = tell(past, catalogue, now=now)
    return _with_warning(told, newest) if newest.partial else told


def _nothing(history: History, newest: AuditSummary) -> str:
    """What to do when no audit can be told; an interrupted one can still be seen."""
    if not newest.partial:
        return (
            f"Aucun contrôle complet et récent de « {newest.commune} » dans l'historique : "
            "lancez « cyberaudit scan »."
        )
    town = history.load(newest.uuid).town
    return (
        f"{_cut_short(newest, town)} Il n'y en a pas d'autre assez récent de « {newest.commune} » : relancez "
        f"« cyberaudit scan ». Pour voir ce qui a été relevé : « cyberaudit replay {newest.uuid[:8]} » ; "
        "la liste : « cyberaudit history list »."
    )


def _with_warning(told: Told, newest: AuditSummary) -> Told:
    warning = (
        f"{_cut_short(newest, told.state.town)} Il ne compte pas dans ce rapport : relancez le contrôle."
    )
    view = replace(told.view, warnings=(french.typeset(warning), *told.view.warnings))
    return replace(told, view=view)


def _cut_short(summary: AuditSummary, town: Town) -> str:
    local = summary.started_at.astimezone(zone_of(town))
    return f"Un contrôle du {french.day(local)} à {french.hour(local)} a été interrompu."


def choose_commune(history: History, commune: str | None) -> str:
    """The commune asked for, or the only one there is.

    Raises:
        HistoryError: the history is empty.
        UsageError: the choice is not clear, or does not exist.
    """
    known = history.communes()
    if not known:
        raise HistoryError("L'historique est vide : lancez d'abord « cyberaudit scan ».")
    names = ", ".join(known)
    if commune is None and len(known) > 1:
        raise UsageError(f"Plusieurs communes sont dans l'historique : nommez-en une ({names}).")
    if commune is not None and commune not in known:
        raise UsageError(f"« {commune} » n'est pas dans l'historique (communes connues : {names}).")
    return commune or known[0]

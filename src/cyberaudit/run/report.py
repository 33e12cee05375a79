"""`cyberaudit report`: the town state from what is stored, without network."""

from datetime import datetime
from pathlib import Path

from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.errors import HistoryError, UsageError
from cyberaudit.history.store import History, open_history
from cyberaudit.run.tell import Told, recall, tell


def report(history_path: Path, catalogue: Catalogue, *, commune: str | None, now: datetime) -> Told:
    """The state of `commune` at `now`; of the only stored one when None.

    Raises:
        HistoryError: nothing is stored, or nothing recent enough.
        UsageError: several communes are stored and none was named, or the named one is not there.
    """
    with open_history(history_path, create=False) as history:
        chosen = choose_commune(history, commune)
        past = recall(history, chosen, now=now)
    if not past.audits:
        raise HistoryError(
            f"Aucun contrôle complet et récent de « {chosen} » dans l'historique : lancez « cyberaudit scan »."
        )
    return tell(past, catalogue, now=now)


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

"""Which of the stored communes a command is about."""

from cyberaudit.errors import UsageError
from cyberaudit.history.store import History, nothing_kept


def choose_commune(history: History, commune: str | None) -> str:
    """The commune asked for, or the only one there is.

    Raises:
        HistoryError: the history is empty.
        UsageError: the choice is not clear, or does not exist.
    """
    known = history.communes()
    if not known:
        raise nothing_kept(history.path)
    names = ", ".join(known)
    if commune is None and len(known) > 1:
        raise UsageError(f"Plusieurs communes sont dans l'historique : nommez-en une ({names}).")
    if commune is not None and commune not in known:
        raise UsageError(f"« {commune} » n'est pas dans l'historique (communes connues : {names}).")
    return commune or known[0]

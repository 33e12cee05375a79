"""Why the history could not be read or written: what SQLite answered, as a French clause."""

import os
import sqlite3
from pathlib import Path

from cyberaudit.refusals import DENIED, DISK_FULL

TOO_NEW = (
    "il a été écrit par une version plus récente de cyberaudit. Mettez cyberaudit à jour : rien n'est perdu, "
    "et rien n'a été changé"
)
"""Of the history or the outbox; a clause as the others, that ends with an advice."""

# The message of a damaged file may hold any bytes: Python cannot make a text of it, nor an error of SQLite.
REFUSALS = (sqlite3.Error, UnicodeDecodeError)
"""All that SQLite raises."""
_DAMAGED = "le fichier est abîmé"
_SQLITE = {
    sqlite3.SQLITE_NOTADB: "ce n'est pas un historique de cyberaudit, ou il est abîmé",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_BUSY: "un autre programme l'occupe depuis trop longtemps",
    sqlite3.SQLITE_LOCKED: "un autre programme l'occupe depuis trop longtemps",
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_IOERR: "le disque est plein ou en panne",
    sqlite3.SQLITE_READONLY: DENIED,
    sqlite3.SQLITE_CANTOPEN: DENIED,
    sqlite3.SQLITE_PERM: DENIED,
}

UNFINISHED = (
    "une écriture interrompue attend à côté, et rien ne peut être écrit ici. Copiez tout ce dossier ailleurs, "
    "puis donnez la copie avec --history"
)
"""SQLite must write to finish what a stopped program began: without that, the file alone is too old."""

_NO_DAMAGE = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    )
)


def is_too_new(error: BaseException) -> bool:
    """Whether `error` says that a newer version made the file: nothing is wrong with it."""
    return TOO_NEW in str(error)


def may_be_damage(cause: BaseException | None) -> bool:
    """Whether what stopped a reading may be the file itself: an older copy in its place then helps.

    On a full disk, or while another program writes, it would only destroy what is whole.
    """
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    return not isinstance(cause, OSError) and code not in _NO_DAMAGE


def reading_clause(path: Path, error: sqlite3.Error | UnicodeDecodeError) -> str:
    """As `sqlite_clause`, when the file at `path` was only to be read."""
    begun = path.with_name(f"{path.name}-wal")
    is_unfinished = os.access(begun, os.R_OK) and not os.access(path.parent, os.W_OK)
    clause = sqlite_clause(error)
    return UNFINISHED if clause == DENIED and is_unfinished else clause


def sqlite_clause(error: sqlite3.Error | UnicodeDecodeError) -> str:
    """« le fichier est abîmé », without capital or full stop.

    SQLite's extended codes hold the primary one in their low byte.
    """
    if isinstance(error, UnicodeDecodeError) or "decode to UTF-8" in str(error):
        return _DAMAGED
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return _SQLITE.get(code, f"la base de données a répondu par une erreur ({name})")

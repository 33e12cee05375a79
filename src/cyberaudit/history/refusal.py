"""Why the history could not be read or written: what SQLite answered, as a French clause."""

import sqlite3

from cyberaudit.refusals import DENIED, DISK_FULL

_SQLITE = {
    sqlite3.SQLITE_NOTADB: "ce n'est pas un historique de cyberaudit, ou il est abîmé",
    sqlite3.SQLITE_CORRUPT: "le fichier est abîmé",
    sqlite3.SQLITE_BUSY: "un autre programme l'occupe depuis trop longtemps",
    sqlite3.SQLITE_LOCKED: "un autre programme l'occupe depuis trop longtemps",
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_IOERR: "le disque est plein ou en panne",
    sqlite3.SQLITE_READONLY: DENIED,
    sqlite3.SQLITE_CANTOPEN: DENIED,
    sqlite3.SQLITE_PERM: DENIED,
}

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


def may_be_damage(cause: BaseException | None) -> bool:
    """Whether what stopped a reading may be the file itself: an older copy in its place then helps.

    On a full disk, or while another program writes, it would only destroy what is whole.
    """
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    return not isinstance(cause, OSError) and code not in _NO_DAMAGE


def sqlite_clause(error: sqlite3.Error) -> str:
    """« le fichier est abîmé », without capital or full stop.

    SQLite's extended codes hold the primary one in their low byte.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return _SQLITE.get(code, f"la base de données a répondu par une erreur ({name})")

"""Why a file could not be read or written: what the system or SQLite answered, as a French clause."""

import errno
import os
import sqlite3
from pathlib import Path

from cyberaudit.french import NBSP
from cyberaudit.plaintext import clean

FOLDER = "c'est un dossier"
NOT_REGULAR = "ce n'est pas un fichier ordinaire"
DISK_FULL = "le disque est plein"
DENIED = "l'accès est refusé"

_SYSTEM = {
    errno.ENOSPC: DISK_FULL,
    errno.EDQUOT: "l'espace disque accordé est épuisé",
    errno.EFBIG: "il dépasse la taille permise",
    errno.EACCES: DENIED,
    errno.EPERM: DENIED,
    errno.EROFS: "le disque est en lecture seule",
    errno.EISDIR: FOLDER,
    errno.ENOTDIR: "un fichier se trouve à la place d'un dossier",
    errno.EEXIST: "un fichier se trouve à la place d'un dossier",
    errno.ENOENT: "ce fichier n'existe pas",
    errno.ENAMETOOLONG: "ce nom est trop long",
    errno.ELOOP: "ce lien tourne en rond",
}

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


def quoted(path: Path) -> str:
    """The path between guillemets, safe to print."""
    return f"«{NBSP}{clean(os.fsencode(path), limit=300)}{NBSP}»"


def system_clause(error: OSError) -> str:
    """« le disque est plein », without capital or full stop."""
    name = errno.errorcode.get(error.errno or 0, "inconnue")
    return _SYSTEM.get(error.errno or 0, f"le système a répondu par une erreur ({name})")


def sqlite_clause(error: sqlite3.Error) -> str:
    """The same for SQLite, whose extended codes hold the primary one in their low byte."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return _SQLITE.get(code, f"la base de données a répondu par une erreur ({name})")

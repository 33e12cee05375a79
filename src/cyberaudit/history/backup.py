"""A copy of the whole history in one file, made while others write to it."""

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from cyberaudit.errors import NotSaved
from cyberaudit.history.refusal import REFUSALS, sqlite_clause
from cyberaudit.history.schema import APPLICATION_ID
from cyberaudit.history.store import History
from cyberaudit.refusals import FOLDER, NOT_REGULAR, quoted, system_clause

OURSELVES = "c'est l'historique lui-même"
NOT_OURS = "un autre fichier porte déjà ce nom"
DAMAGED = "l'historique est abîmé, lancez « cyberaudit history check »"
# SQLite file format, §1.3: magic string, then the application id at offset 68.
_MAGIC, _APPLICATION = b"SQLite format 3\0", slice(68, 72)

_UNFINISHED = ".cyberaudit-history-"
# Ours: a copy lasts some seconds, on the slowest stick some minutes.
_ABANDONED = 24 * 3600.0


def back_up(history: History, target: Path) -> None:
    """Write the history as it is now to `target`, for its owner only; an older copy there is replaced whole.

    Raises:
        NotSaved: full disk, no right to write, something else of that name, or a damaged history: what stood
            there is still there.
    """
    sentence = f"La copie de l'historique ne peut pas être écrite dans {quoted(target)} : "
    try:
        if clause := _refusal(history.path, target):
            raise NotSaved(f"{sentence}{clause}.")
        _write(history.connection, target)
    except REFUSALS as error:
        raise NotSaved(f"{sentence}{sqlite_clause(error)}.") from error
    except OSError as error:
        raise NotSaved(f"{sentence}{system_clause(error)}.") from error


def _refusal(source: Path, target: Path) -> str:
    if not target.exists():
        return ""
    if target.samefile(source):
        return OURSELVES
    if not target.is_file():
        return FOLDER if target.is_dir() else NOT_REGULAR
    with target.open("rb") as file:
        head = file.read(100)
    is_ours = head.startswith(_MAGIC) and head[_APPLICATION] == APPLICATION_ID.to_bytes(4, "big")
    return "" if is_ours or not head else NOT_OURS


def _write(source: sqlite3.Connection, target: Path) -> None:
    descriptor, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=target.parent)
    temporary = Path(name)
    _remove_unfinished(target.parent, before=os.fstat(descriptor).st_mtime - _ABANDONED)
    try:
        with closing(sqlite3.connect(temporary, isolation_level=None)) as copy:
            # All at once: one moment of the history; in WAL mode nobody waits for it.
            source.backup(copy)
            # One file, that is read where nothing may be written.
            copy.execute("PRAGMA journal_mode = DELETE")
            if copy.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise NotSaved(f"La copie de l'historique n'a pas été écrite : {DAMAGED}.")
        os.fsync(descriptor)
        temporary.replace(target)
    finally:
        os.close(descriptor)
        for leftover in (
            temporary,
            *(Path(f"{name}{end}") for end in ("-journal", "-wal", "-shm")),
        ):
            leftover.unlink(missing_ok=True)


def _remove_unfinished(folder: Path, *, before: float) -> None:
    """What killed copies left: whole histories, of towns that were forgotten since as well."""
    for each in folder.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if each.is_file() and each.stat().st_mtime < before:
                each.unlink()

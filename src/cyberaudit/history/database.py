"""How our SQLite files are opened: private, one writer at a time, still read where nothing may be written."""

import errno
import os
import sqlite3
import stat
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cyberaudit.refusals import FOLDER, NOT_REGULAR

# SQLite file format, §1.3: magic string, the user version at offset 60, the application id at 68.
_HEAD, _MAGIC, _VERSION, _APPLICATION = 100, b"SQLite format 3\0", slice(60, 64), slice(68, 72)
PATIENCE = 5.0
"""Seconds to wait for another writer; one save lasts some milliseconds."""


def make_private_file(path: Path) -> None:
    """An empty file for its owner only, with the folders above it; what is there already stays as it is.

    Raises:
        OSError: the system refuses.
    """
    for folder in reversed([folder for folder in path.parents if not folder.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    # SQLite would follow the umask, and gives its side files the mode of the main one.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def strangeness(path: Path) -> str:
    """« c'est un dossier »; empty for an ordinary file. It is not opened: closing it would drop SQLite's own
    locks (POSIX).

    Raises:
        OSError: it is not there, or the system refuses.
    """
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return ""
    return FOLDER if stat.S_ISDIR(mode) else NOT_REGULAR


def tighten(path: Path) -> None:
    """Nobody else reads what belongs to us."""
    if sys.platform == "win32":
        return
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        file = path.with_name(name)
        with suppress(FileNotFoundError):
            seen = file.stat()
            if seen.st_uid == os.geteuid() and seen.st_mode & 0o077:
                _close_to_others(file)


def _close_to_others(file: Path) -> None:
    try:
        file.chmod(0o600)
    except OSError as error:
        # A disk that nobody may write to, an old copy for instance, is still read.
        if error.errno != errno.EROFS:
            raise


def connect(path: Path, *, create: bool, patience: float) -> sqlite3.Connection:
    """An open connection without transactions of its own; read-only where nothing may be written.

    Raises:
        sqlite3.Error: not a database, occupied, or refused.
    """
    connection = _open(path, "mode=rw", patience)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        connection.close()
        if create or not _is_on_read_only_ground(path, error):
            raise
        return _open(path, "immutable=1", patience)
    return connection


def _open(path: Path, how: str, patience: float) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?{how}"
    return sqlite3.connect(address, uri=True, timeout=patience, isolation_level=None)


def _is_on_read_only_ground(path: Path, error: sqlite3.Error) -> bool:
    """In WAL mode SQLite makes side files even to read. Where it cannot and none waits, it may do without."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    waiting = path.with_name(f"{path.name}-wal")
    return code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) and not waiting.exists()


def pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def written_version(path: Path, application: int) -> int:
    """What the file says of itself, without SQLite; 0 when it is not there, or of another program.

    Not while it is open here: closing it would drop SQLite's own locks (POSIX).
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return 0
    is_ours = head.startswith(_MAGIC) and head[_APPLICATION] == application.to_bytes(4, "big")
    return int.from_bytes(head[_VERSION], "big") if is_ours else 0


def stamp(moment: datetime) -> str:
    """Always as long, so that the order of texts is the order of moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")

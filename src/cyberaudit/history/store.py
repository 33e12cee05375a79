"""The store of audits: one SQLite file for several towns, vantages and machines."""

import json
import logging
import os
import sqlite3
import stat
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from platformdirs import user_data_path

from cyberaudit.errors import HistoryError, NotSaved
from cyberaudit.facts.codec import Json, encode
from cyberaudit.french import NBSP
from cyberaudit.history.document import DocumentError, pack, to_audit, unpack
from cyberaudit.history.refusal import sqlite_clause
from cyberaudit.history.state import AuditSummary, summarize
from cyberaudit.history.trace import Ground, Mark, Trace, trace_of
from cyberaudit.model import Audit, Status
from cyberaudit.plaintext import clean
from cyberaudit.refusals import FOLDER, NOT_REGULAR, quoted, system_clause

logger = logging.getLogger(__name__)

DATABASE_VERSION = 1
APPLICATION_ID = 0x43594155
"""« CYAU »: tells our files from other SQLite files."""
PATIENCE = 5.0
"""Seconds to wait for another writer; one save lasts some milliseconds."""

_SCHEMA = (
    """
    CREATE TABLE audits (
        uuid TEXT PRIMARY KEY,
        commune TEXT NOT NULL,
        vantage TEXT NOT NULL,
        scanned_by TEXT NOT NULL,
        started_at TEXT NOT NULL,
        finished_at TEXT NOT NULL,
        partial INTEGER NOT NULL,
        rules TEXT NOT NULL,
        program TEXT NOT NULL,
        findings INTEGER NOT NULL,
        open_findings INTEGER NOT NULL,
        document BLOB NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX audits_by_commune ON audits (commune, started_at)",
    """
    CREATE TABLE marks (
        audit TEXT NOT NULL REFERENCES audits (uuid) ON DELETE CASCADE,
        identity TEXT NOT NULL,
        status TEXT NOT NULL,
        reason TEXT NOT NULL,
        vantage TEXT NOT NULL,
        ground TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        PRIMARY KEY (audit, identity)
    ) WITHOUT ROWID
    """,
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {DATABASE_VERSION}",
)
_SUMMARY = (
    "uuid, commune, vantage, scanned_by, started_at, finished_at, partial, rules, program,"
    " findings, open_findings"
)
_NEWEST_FIRST = "ORDER BY started_at DESC, finished_at DESC, uuid DESC"


def default_path() -> Path:
    """Where the history stands when nobody says otherwise."""
    return user_data_path("cyberaudit") / "history.sqlite3"


def open_history(path: Path, *, create: bool, patience: float = PATIENCE) -> "History":
    """The history at `path`, to be used in a `with`. `create` makes the file and its folder when missing.

    Raises:
        NotSaved: `create`, and the file cannot be made or written.
        HistoryError: not a history, damaged, of a newer version, or occupied for `patience` seconds.
    """
    with _told(path, saving=create):
        if create:
            _make_private_file(path)
        _refuse_strange_file(path, saving=create)
        _tighten(path)
        connection = _connect(path, create=create, patience=patience)
    try:
        with _told(path, saving=create):
            _check_version(connection, path, create=create)
    except HistoryError:
        connection.close()
        raise
    return History(path, connection)


class History:
    """An open store."""

    __slots__ = ("_connection", "path")

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def save(self, audit: Audit, *, received: Json = None) -> bool:
        """Store an audit, whole or not at all; False when its UUID is already there, which stays as it is.

        `received` is the JSON it came as, kept as such: a newer version will read what this one cannot.

        Raises:
            NotSaved: full disk, no right to write, another writer for too long.
        """
        summary = summarize(audit)
        document = pack(encode(audit, Audit) if received is None else received)
        row = (
            *(getattr(summary, name) for name in ("uuid", "commune", "vantage", "scanned_by")),
            _stamp(summary.started_at),
            _stamp(summary.finished_at),
            summary.partial,
            *(getattr(summary, name) for name in ("rules", "program", "findings", "open_findings")),
            document,
        )
        marks = [_mark_row(audit.uuid, mark) for mark in trace_of(audit).marks]
        with _told(self.path, saving=True), self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            cursor = connection.execute(
                "INSERT INTO audits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row
            )
            if cursor.rowcount == 1:
                connection.executemany("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?, ?, ?, ?)", marks)
        logger.debug("audit %s: %s bytes stored, new: %s", audit.uuid, len(document), cursor.rowcount == 1)
        return cursor.rowcount == 1

    def summaries(self, commune: str | None = None) -> tuple[AuditSummary, ...]:
        """Every stored audit, or those of one commune, newest first; contents are not read."""
        with _told(self.path, saving=False):
            rows = self._connection.execute(
                f"SELECT {_SUMMARY} FROM audits WHERE ?1 IS NULL OR commune = ?1 {_NEWEST_FIRST}",  # noqa: S608 - constants of this module
                (commune,),
            ).fetchall()
        return tuple(_summary(row) for row in rows)

    def communes(self) -> tuple[str, ...]:
        """Ids of the communes that have an audit here, sorted."""
        with _told(self.path, saving=False):
            rows = self._connection.execute("SELECT DISTINCT commune FROM audits ORDER BY 1").fetchall()
        return tuple(commune for (commune,) in rows)

    def load(self, uuid: str) -> Audit:
        """The audit whose UUID is `uuid`, or alone begins with it.

        Raises:
            HistoryError: none, several, or a damaged one.
        """
        prefix = uuid.strip().lower()
        with _told(self.path, saving=False):
            found = self._connection.execute(
                "SELECT uuid FROM audits WHERE substr(uuid, 1, ?) = ? ORDER BY uuid LIMIT 2",
                (len(prefix), prefix),
            ).fetchall()
        shown = f"«{NBSP}{clean(prefix, limit=60)}{NBSP}»"
        if not found:
            raise HistoryError(f"Aucun contrôle enregistré n'a un numéro qui commence par {shown}.")
        if len(found) > 1:
            raise HistoryError(f"Plusieurs contrôles ont un numéro qui commence par {shown}.")
        return self._read("uuid = ?", found[0])[0]

    def traces(self, commune: str) -> tuple[Trace, ...]:
        """Every audit of a commune in brief, partial ones too, oldest first; contents are not read.

        An audit whose marks are not all there is read whole instead: what it found still counts.

        Raises:
            HistoryError: one of them is damaged: leaving it out could hide what it found.
        """
        with _told(self.path, saving=False):
            rows = self._connection.execute(
                "SELECT uuid, started_at, finished_at, partial, findings FROM audits"
                " WHERE commune = ? ORDER BY started_at, finished_at, uuid",
                (commune,),
            ).fetchall()
            marked = self._connection.execute(
                "SELECT marks.* FROM audits JOIN marks ON marks.audit = audits.uuid WHERE commune = ?",
                (commune,),
            ).fetchall()
        marks: defaultdict[str, list[Mark]] = defaultdict(list)
        for row in marked:
            if (mark := _mark(row)) is not None:
                marks[row[0]].append(mark)
        return tuple(
            Trace(uuid, *_moments(uuid, started, finished), bool(partial), tuple(marks[uuid]))
            if len(marks[uuid]) == findings
            else trace_of(self.load(uuid))
            for uuid, started, finished, partial, findings in rows
        )

    def read(self, uuids: Collection[str]) -> tuple[Audit, ...]:
        """These audits, newest first; one that is not there is left out.

        Raises:
            HistoryError: one of them is damaged: leaving it out could hide what it found.
        """
        return self._read("uuid IN (SELECT value FROM json_each(?))", (json.dumps(sorted(uuids)),))

    def _read(self, condition: str, values: tuple[str, ...]) -> tuple[Audit, ...]:
        with _told(self.path, saving=False):
            rows = self._connection.execute(
                f"SELECT uuid, document FROM audits WHERE {condition} {_NEWEST_FIRST}",  # noqa: S608 - constants of this module
                values,
            ).fetchall()
        return tuple(_audit(uuid, document) for uuid, document in rows)


def _audit(uuid: str, document: bytes) -> Audit:
    try:
        return to_audit(unpack(document))
    except (DocumentError, TypeError) as error:
        name = clean(str(uuid), limit=60)
        raise HistoryError(f"Le contrôle enregistré {name} ne peut pas être lu : {error}.") from error


def _summary(row: tuple[str, str, str, str, str, str, int, str, str, int, int]) -> AuditSummary:
    uuid, commune, vantage, scanned_by, started, finished, partial, rules, program, findings, opened = row
    started_at, finished_at = _moments(uuid, started, finished)
    return AuditSummary(
        uuid=uuid,
        commune=commune,
        vantage=vantage,
        scanned_by=scanned_by,
        started_at=started_at,
        finished_at=finished_at,
        partial=bool(partial),
        rules=rules,
        program=program,
        findings=findings,
        open_findings=opened,
    )


def _moments(uuid: str, started: str, finished: str) -> tuple[datetime, datetime]:
    try:
        return datetime.fromisoformat(started), datetime.fromisoformat(finished)
    except (ValueError, TypeError) as error:
        name = clean(str(uuid), limit=60)
        raise HistoryError(f"Le contrôle enregistré {name} porte une date impossible.") from error


MarkRow = tuple[str, str, str, str, str, str, str]


def _mark_row(uuid: str, mark: Mark) -> MarkRow:
    return uuid, mark.identity, mark.status, mark.reason, mark.vantage, mark.ground, _stamp(mark.seen_at)


def _mark(row: MarkRow) -> Mark | None:
    """None for a row of another hand: its audit is then read whole."""
    _, identity, status, reason, vantage, ground, seen_at = row
    try:
        return Mark(
            identity, Status(status), reason, vantage, Ground(ground), datetime.fromisoformat(seen_at)
        )
    except (ValueError, TypeError):
        return None


def _stamp(moment: datetime) -> str:
    """Always as long, so that the order of texts is the order of moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


@contextmanager
def _told(path: Path, *, saving: bool) -> Iterator[None]:
    """What the system or SQLite refuses, as one French sentence."""
    try:
        yield
    except sqlite3.Error as error:
        raise _failure(path, sqlite_clause(error), saving=saving) from error
    except OSError as error:
        raise _failure(path, system_clause(error), saving=saving) from error


def _failure(path: Path, clause: str, *, saving: bool) -> HistoryError:
    if saving:
        return NotSaved(f"Le contrôle ne peut pas être enregistré dans {quoted(path)} : {clause}.")
    return HistoryError(f"L'historique {quoted(path)} ne peut pas être lu : {clause}.")


def _make_private_file(path: Path) -> None:
    for folder in reversed([folder for folder in path.parents if not folder.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    # SQLite would follow the umask, and gives its side files the mode of the main one.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _refuse_strange_file(path: Path, *, saving: bool) -> None:
    """Folders, pipes, devices. The file is not opened: closing it would drop SQLite's own locks (POSIX)."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise _failure(path, FOLDER if stat.S_ISDIR(mode) else NOT_REGULAR, saving=saving)


def _tighten(path: Path) -> None:
    """Nobody else reads what belongs to us."""
    if sys.platform == "win32":
        return
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        file = path.with_name(name)
        with suppress(FileNotFoundError):
            seen = file.stat()
            if seen.st_uid == os.geteuid() and seen.st_mode & 0o077:
                file.chmod(0o600)


def _connect(path: Path, *, create: bool, patience: float) -> sqlite3.Connection:
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


def _check_version(connection: sqlite3.Connection, path: Path, *, create: bool) -> None:
    version = _pragma(connection, "user_version")
    if _pragma(connection, "application_id") == APPLICATION_ID:
        if version > DATABASE_VERSION:
            clause = "il a été écrit par une version plus récente de cyberaudit"
            raise _failure(path, clause, saving=create)
        return
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables:
        raise _failure(path, "ce n'est pas un historique de cyberaudit", saving=create)
    if not create:
        raise HistoryError(f"Aucun contrôle n'est encore enregistré dans {quoted(path)}.")
    _create_schema(connection)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _create_schema(connection: sqlite3.Connection) -> None:
    # Another process creating the same file refuses this at once, and does it for both.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if _pragma(connection, "user_version") == 0:
            for statement in _SCHEMA:
                connection.execute(statement)

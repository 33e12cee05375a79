"""The tables of the history, and how a file of an older version becomes one of today."""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from cyberaudit.history.database import pragma, written_version
from cyberaudit.history.marks import count_asked, pack_rows

logger = logging.getLogger(__name__)

DATABASE_VERSION = 2
APPLICATION_ID = 0x43594155
"""« CYAU »: tells our files from other SQLite files."""

# Ours: one save lasts milliseconds, the steps of ten thousand audits ten seconds; who comes second waits for them.
_LONGER = 12
_MARKS = """
    CREATE TABLE marks (
        audit TEXT PRIMARY KEY REFERENCES audits (uuid) ON DELETE CASCADE,
        asked INTEGER NOT NULL,
        packed BLOB NOT NULL
    ) WITHOUT ROWID
    """
# `audits`: how many stored audits of the commune stand up to that moment; with another count it is not believed.
# `pruned`: 1 when those it speaks of are stored no more, and nothing else says it.
_MEMORIES = """
    CREATE TABLE memories (
        commune TEXT NOT NULL,
        pruned INTEGER NOT NULL,
        started_at TEXT NOT NULL,
        finished_at TEXT NOT NULL,
        uuid TEXT NOT NULL,
        audits INTEGER NOT NULL,
        packed BLOB NOT NULL,
        PRIMARY KEY (commune, pruned, started_at, finished_at, uuid)
    ) WITHOUT ROWID
    """
_BY_TIME = "CREATE INDEX audits_by_time ON audits (started_at)"
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
    _BY_TIME,
    _MARKS,
    _MEMORIES,
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {DATABASE_VERSION}",
)


def create_schema(connection: sqlite3.Connection) -> None:
    """The tables, in an empty file; what another process made meanwhile stays.

    Raises:
        sqlite3.Error: refused, occupied, full disk.
    """
    # Another process creating the same file refuses this at once, and does it for both.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if pragma(connection, "user_version") == 0:
            for statement in _SCHEMA:
                connection.execute(statement)


def grows_up(path: Path) -> bool:
    """Whether the history at `path` is of an older version, and will be brought up to date when it is opened."""
    return 0 < written_version(path, APPLICATION_ID) < DATABASE_VERSION and os.access(path, os.W_OK)


def migrate(connection: sqlite3.Connection, *, then: Callable[[], None] = lambda: None) -> None:
    """The same contents in the tables of today: all of it or nothing, whatever happens meanwhile.

    `then` is called in the same transaction, when a step was made.

    Raises:
        sqlite3.Error: refused, occupied, full disk; the file is then as it was.
    """
    with _patient(connection), connection:
        connection.execute("BEGIN IMMEDIATE")
        older = range(pragma(connection, "user_version"), DATABASE_VERSION)
        for version in older:
            logger.info("the history goes from version %s to %s", version, version + 1)
            _STEPS[version](connection)
            connection.execute(f"PRAGMA user_version = {version + 1}")
        if older:
            then()


@contextmanager
def _patient(connection: sqlite3.Connection) -> Iterator[None]:
    patience = pragma(connection, "busy_timeout")
    connection.execute(f"PRAGMA busy_timeout = {_LONGER * patience}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")


def migrated_copy(connection: sqlite3.Connection) -> sqlite3.Connection:
    """In memory, for a file that may be read and not written; nor may the copy.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    copy = sqlite3.connect(":memory:", isolation_level=None)
    connection.backup(copy)
    connection.close()
    migrate(copy)
    # Else « 12 contrôles retirés » would be said of a file that still has them.
    copy.execute("PRAGMA query_only = ON")
    return copy


def _pack_marks(connection: sqlite3.Connection) -> None:
    """Version 1 had one row a mark: half of the file."""
    connection.execute(_BY_TIME)
    connection.execute("ALTER TABLE marks RENAME TO old_marks")
    connection.execute(_MARKS)
    connection.execute(_MEMORIES)
    connection.executemany("INSERT INTO marks VALUES (?, ?, ?)", _packed(connection))
    connection.execute("DROP TABLE old_marks")


def _packed(connection: sqlite3.Connection) -> Iterator[tuple[str, int, bytes]]:
    marks = connection.execute(
        "SELECT audit, identity, status, reason, vantage, ground, seen_at FROM old_marks"
        " WHERE audit IN (SELECT uuid FROM audits) ORDER BY audit"
    )
    for audit, found in groupby(marks, key=itemgetter(0)):
        rows = [row[1:] for row in found]
        yield audit, count_asked(row[1] for row in rows), pack_rows(rows)


_STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {1: _pack_marks}
"""By the version they start from."""

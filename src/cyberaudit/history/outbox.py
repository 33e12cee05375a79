"""The mails that leave or left: each is kept before it is tried, with what became of it for every recipient."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from cyberaudit.errors import HistoryError, NotSaved
from cyberaudit.frozen import frozen
from cyberaudit.history.database import (
    PATIENCE,
    connect,
    make_private_file,
    pragma,
    stamp,
    strangeness,
    tighten,
)
from cyberaudit.history.refusal import REFUSALS, TOO_NEW, sqlite_clause
from cyberaudit.refusals import quoted, system_clause

OUTBOX_VERSION = 1
APPLICATION_ID = 0x4359414F
"""« CYAO »: tells our outboxes from other SQLite files."""

_FROM_NOTHING = (
    """
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id TEXT NOT NULL UNIQUE,
        commune TEXT NOT NULL,
        role TEXT NOT NULL,
        kind TEXT NOT NULL,
        audit TEXT NOT NULL,
        subject TEXT NOT NULL,
        made_at TEXT NOT NULL,
        message BLOB NOT NULL
    )
    """,
    "CREATE INDEX messages_by_commune ON messages (commune, role, id)",
    """
    CREATE TABLE copies (
        message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        rank INTEGER NOT NULL,
        recipient TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        next_try TEXT,
        last_answer TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        doubtful INTEGER NOT NULL,
        PRIMARY KEY (message, recipient)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX copies_unsettled ON copies (state) WHERE state IN ('waiting', 'sending')",
    """
    CREATE TABLE threads (
        commune TEXT NOT NULL,
        role TEXT NOT NULL,
        message_id TEXT NOT NULL,
        PRIMARY KEY (commune, role)
    ) WITHOUT ROWID
    """,
    f"PRAGMA application_id = {APPLICATION_ID}",
)
_STEPS = (_FROM_NOTHING,)
"""What leads from version 0, an empty file, to version 1, and so on: one entry a version, never edited."""

# Ours: nothing is put off for longer; a later date was written by a clock that was wrong.
LONGEST_PAUSE = timedelta(days=1)
_DUE = "(state = 'sending' OR state = 'waiting' AND (next_try IS NULL OR next_try <= ?1 OR next_try > ?3))"


class State(StrEnum):
    """What became of a message for one recipient."""

    WAITING = "waiting"
    """To be tried, or tried again."""
    SENDING = "sending"
    """Handed to the relay, answer not known: right now, or when the program was stopped."""
    SENT = "sent"
    """The relay took it over."""
    REFUSED = "refused"
    """Given up: the relay said no for good, the time was over, or nobody is to be written to there any more."""


@frozen
class Copy:
    """One message for one recipient."""

    recipient: str
    state: State
    attempts: int
    """Begun ones."""
    next_try: datetime | None
    """Aware; None: at once while waiting, never otherwise."""
    last_answer: str
    """What the relay said last, or why it could not be asked; one line, empty before."""
    changed_at: datetime
    doubtful: bool
    """An attempt ended without an answer, or has none yet: it may arrive twice, with the same Message-ID."""


@frozen
class Queued:
    """One message and its copies, in the order of the recipients given."""

    id: int
    """Zero before it is put."""
    message_id: str
    commune: str
    role: str
    kind: str
    """Of the occasion: a change, the sign of life of the month…"""
    audit: str
    """UUIDs of the audits it tells about, newest first, a space between; the next mail tells what changed since."""
    subject: str
    made_at: datetime
    message: bytes
    """As it goes over the wire, whatever the attempt."""
    copies: tuple[Copy, ...]


def outbox_path(history: Path) -> Path:
    """Where the outbox of a history stands: beside it."""
    return history.with_name("outbox.sqlite3")


def open_outbox(path: Path, *, create: bool, patience: float = PATIENCE) -> "Outbox":
    """The outbox at `path`, to be used in a `with`. `create` makes the file and its folder when missing.

    Raises:
        NotSaved: `create`, and the file cannot be made or written.
        HistoryError: no outbox there, damaged, of a newer version, or occupied for `patience` seconds.
    """
    with _told(path, saving=create):
        if create:
            make_private_file(path)
        if clause := strangeness(path):
            raise _failure(path, clause, saving=create)
        tighten(path)
        connection = connect(path, create=create, patience=patience)
    try:
        with _told(path, saving=create):
            _prepare(connection, path, create=create)
    except HistoryError:
        connection.close()
        raise
    return Outbox(path, connection)


class Outbox:
    """An open outbox. What a method wrote is on the disk when it returns.

    Every method raises `NotSaved` when it cannot write, `HistoryError` when it cannot read.
    """

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

    def put(self, queued: Queued) -> int:
        """Keep a message and its copies, whole or not at all; its id.

        One whose Message-ID is there already stays as it is: putting twice sends once.
        """
        return self.put_all((queued,))[0]

    def put_all(self, mails: Iterable[Queued]) -> tuple[int, ...]:
        """Keep several messages, all or none: what one occasion writes is not half written by a stopped program."""
        with self._writing() as connection:
            return tuple(_put(connection, queued) for queued in mails)

    def due(self, now: datetime, commune: str | None = None) -> tuple[Queued, ...]:
        """What is to be tried at `now`, oldest first, with the copies to try only; of one commune if named.

        Among them what a stopped program left `SENDING`: ask inside `alone` only, or another may be at it.
        """
        return self._read(
            f"(?2 IS NULL OR commune = ?2) AND {_DUE} ORDER BY id, rank",
            (stamp(now), commune, stamp(now + LONGEST_PAUSE)),
        )

    def began(self, message: int, recipient: str, at: datetime) -> None:
        """An attempt begins: known for good before anything leaves."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE copies SET doubtful = doubtful OR state = 'sending', state = 'sending',"
                " attempts = attempts + 1, next_try = NULL, changed_at = ? WHERE message = ? AND recipient = ?",
                (stamp(at), message, recipient),
            )

    def ended(
        self,
        message: int,
        recipient: str,
        *,
        state: State,
        answer: str,
        at: datetime,
        next_try: datetime | None,
        doubtful: bool = False,
    ) -> None:
        """An attempt is over. `doubtful`: no answer came after the whole message was given; once so, always so."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE copies SET state = ?, last_answer = ?, changed_at = ?, next_try = ?,"
                " doubtful = doubtful OR ? WHERE message = ? AND recipient = ?",
                (state, answer, stamp(at), _stamp_or_none(next_try), doubtful, message, recipient),
            )

    def held(self, commune: str, why: str, at: datetime) -> None:
        """What is due could not even be tried: `why` is told as an answer would be, and no attempt is counted.

        Empty: it can be again, and what was never tried has no answer.
        """
        with self._writing() as connection:
            connection.execute(
                "UPDATE copies SET last_answer = ?3 WHERE state = 'waiting'"
                " AND (next_try IS NULL OR next_try <= ?2) AND (?3 != '' OR attempts = 0) AND last_answer != ?3"
                " AND message IN (SELECT id FROM messages WHERE commune = ?1)",
                (commune, stamp(at), why),
            )

    def withdraw(self, commune: str, *, but: Collection[str], why: str, at: datetime) -> None:
        """Give up what is not settled for anybody `but` these addresses; inside `alone` only.

        What a stopped program had begun to hand over may have arrived.
        """
        with self._writing() as connection:
            connection.execute(
                "UPDATE copies SET doubtful = doubtful OR state = 'sending', state = 'refused',"
                " last_answer = ?2, changed_at = ?3, next_try = NULL"
                " WHERE state IN ('waiting', 'sending') AND recipient NOT IN (SELECT value FROM json_each(?4))"
                " AND message IN (SELECT id FROM messages WHERE commune = ?1)",
                (commune, why, stamp(at), json.dumps(list(but))),
            )

    def of(self, commune: str) -> tuple[Queued, ...]:
        """Every message of a commune, newest first."""
        return self._read("commune = ? ORDER BY id DESC, rank", (commune,))

    def states(self, commune: str) -> tuple[Queued, ...]:
        """As `of`, with empty messages: what became of thousands of mails is read without their contents."""
        return self._read("commune = ? ORDER BY id DESC, rank", (commune,), message="x''")

    def last(self, commune: str, role: str) -> Queued | None:
        """The last message put for a role, whatever became of it."""
        found = self._read(
            "id = (SELECT max(id) FROM messages WHERE commune = ? AND role = ?) ORDER BY rank",
            (commune, role),
        )
        return found[0] if found else None

    def first_message_id(self, commune: str, role: str) -> str:
        """Message-ID of the first mail ever put for a role, pruned or not; empty before it."""
        with _told(self.path, saving=False):
            row = self._connection.execute(
                "SELECT message_id FROM threads WHERE commune = ? AND role = ?", (commune, role)
            ).fetchone()
        return str(row[0]) if row else ""

    def unsettled(self, commune: str | None = None) -> int:
        """How many copies are neither sent nor refused; of one commune if named."""
        with _told(self.path, saving=False):
            row = self._connection.execute(
                "SELECT count(*) FROM copies JOIN messages ON messages.id = copies.message"
                " WHERE state IN ('waiting', 'sending') AND (?1 IS NULL OR commune = ?1)",
                (commune,),
            ).fetchone()
        return int(row[0])

    def prune(self, before: datetime) -> int:
        """Remove what was made before and is settled; how many messages. The last of each role always stays."""
        with self._writing() as connection:
            return connection.execute(
                "DELETE FROM messages WHERE made_at < ?"
                " AND id NOT IN (SELECT message FROM copies WHERE state IN ('waiting', 'sending'))"
                " AND id NOT IN (SELECT max(id) FROM messages GROUP BY commune, role)",
                (stamp(before),),
            ).rowcount

    def forget(self, commune: str) -> int:
        """Remove all that concerns a commune, even what waits; how many messages."""
        with self._writing() as connection:
            connection.execute("DELETE FROM threads WHERE commune = ?", (commune,))
            removed = connection.execute("DELETE FROM messages WHERE commune = ?", (commune,)).rowcount
        with _told(self.path, saving=True):
            # What was written lately still stands beside the file.
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return removed

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether this program alone may send meanwhile. The system frees the place of one that was killed."""
        place = self.path.with_name(f"{self.path.name}.lock")
        with _told(self.path, saving=True):
            make_private_file(place)
            # SQLite's own lock, on a file of its own: the same on every system, and nobody reads behind it.
            guard = sqlite3.connect(place, timeout=0, isolation_level=None)
        with closing(guard):
            yield _locked(guard)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with _told(self.path, saving=True), self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def _read(
        self, condition: str, values: tuple[str | None, ...], *, message: str = "messages.message"
    ) -> tuple[Queued, ...]:
        with _told(self.path, saving=False):
            rows = self._connection.execute(
                f"SELECT {_HEAD}, {message}, {_COPY} {_BOTH} WHERE {condition}",
                values,
            ).fetchall()
        try:
            return tuple(_gathered(rows))
        except (ValueError, TypeError) as error:
            raise _failure(self.path, "le fichier est abîmé", saving=False) from error


def _locked(guard: sqlite3.Connection) -> bool:
    try:
        # Nothing is ever written there: no journal beside it.
        guard.execute("PRAGMA journal_mode = MEMORY")
        guard.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return False
    return True


def _put(connection: sqlite3.Connection, queued: Queued) -> int:
    row = connection.execute(
        "INSERT INTO messages (message_id, commune, role, kind, audit, subject, made_at, message)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
        _message_row(queued),
    ).fetchone()
    if row is None:
        return _id_of(connection, queued.message_id)
    connection.executemany(
        "INSERT INTO copies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_copy_row(row[0], rank, copy) for rank, copy in enumerate(queued.copies)],
    )
    connection.execute(
        "INSERT INTO threads VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (queued.commune, queued.role, queued.message_id),
    )
    return int(row[0])


def _id_of(connection: sqlite3.Connection, message_id: str) -> int:
    row = connection.execute("SELECT id FROM messages WHERE message_id = ?", (message_id,)).fetchone()
    return int(row[0])


MessageRow = tuple[str, str, str, str, str, str, str, bytes]
CopyRow = tuple[int, int, str, str, int, str | None, str, str, bool]
Row = tuple[int, str, str, str, str, str, str, str, bytes, str, str, int, str | None, str, str, int]
_HEAD = "id, message_id, commune, role, kind, audit, subject, made_at"
_BOTH = "FROM messages JOIN copies ON copies.message = messages.id"
_COPY = "recipient, state, attempts, next_try, last_answer, changed_at, doubtful"


def _message_row(queued: Queued) -> MessageRow:
    return (
        queued.message_id,
        queued.commune,
        queued.role,
        queued.kind,
        queued.audit,
        queued.subject,
        stamp(queued.made_at),
        queued.message,
    )


def _copy_row(message: int, rank: int, copy: Copy) -> CopyRow:
    return (
        message,
        rank,
        copy.recipient,
        copy.state,
        copy.attempts,
        _stamp_or_none(copy.next_try),
        copy.last_answer,
        stamp(copy.changed_at),
        copy.doubtful,
    )


def _gathered(rows: Iterable[Row]) -> Iterator[Queued]:
    """Raises: ValueError, TypeError: a row of another hand."""
    heads: dict[int, Row] = {}
    copies: defaultdict[int, list[Copy]] = defaultdict(list)
    for row in rows:
        heads.setdefault(row[0], row)
        copies[row[0]].append(_copy(row))
    for number, row in heads.items():
        _, message_id, commune, role, kind, audit, subject, made_at, message, *_ = row
        moment = datetime.fromisoformat(made_at)
        yield Queued(
            number, message_id, commune, role, kind, audit, subject, moment, message, tuple(copies[number])
        )


def _copy(row: Row) -> Copy:
    *_, recipient, state, attempts, next_try, last_answer, changed_at, doubtful = row
    known = State(state)
    return Copy(
        recipient=recipient,
        state=known,
        attempts=attempts,
        next_try=None if next_try is None else datetime.fromisoformat(next_try),
        last_answer=last_answer,
        changed_at=datetime.fromisoformat(changed_at),
        doubtful=bool(doubtful) or known is State.SENDING,
    )


def _stamp_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def _prepare(connection: sqlite3.Connection, path: Path, *, create: bool) -> None:
    """Safe writes, and the newest version of the tables."""
    # A commit returns once it is on the disk: in WAL mode NORMAL would promise less.
    connection.execute("PRAGMA synchronous = FULL")
    # What is forgotten leaves no trace in the file's free pages.
    connection.execute("PRAGMA secure_delete = ON")
    version = pragma(connection, "user_version")
    if version > OUTBOX_VERSION and _is_ours(connection):
        raise _failure(path, TOO_NEW, saving=create)
    if not _is_ours(connection) and _holds_tables(connection):
        raise _failure(path, _FOREIGN, saving=create)
    if version == 0 and not create:
        raise HistoryError(f"Aucun courrier n'est encore enregistré dans {quoted(path)}.")
    if version < OUTBOX_VERSION:
        _bring_up(connection)


def _is_ours(connection: sqlite3.Connection) -> bool:
    return pragma(connection, "application_id") == APPLICATION_ID


def _holds_tables(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def _bring_up(connection: sqlite3.Connection) -> None:
    # Another process making the same file refuses this at once, and does it for both.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for step in _STEPS[pragma(connection, "user_version") :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {OUTBOX_VERSION}")


_FOREIGN = "ce n'est pas un courrier de cyberaudit"


@contextmanager
def _told(path: Path, *, saving: bool) -> Iterator[None]:
    """What the system or SQLite refuses, as one French sentence."""
    try:
        yield
    except REFUSALS as error:
        raise _failure(path, _clause(error), saving=saving) from error
    except OSError as error:
        raise _failure(path, system_clause(error), saving=saving) from error


def _clause(error: sqlite3.Error | UnicodeDecodeError) -> str:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_NOTADB:
        return f"{_FOREIGN}, ou il est abîmé"
    return sqlite_clause(error)


def _failure(path: Path, clause: str, *, saving: bool) -> HistoryError:
    if saving:
        return NotSaved(f"Le courrier ne peut pas être enregistré dans {quoted(path)} : {clause}.")
    return HistoryError(f"Le courrier enregistré dans {quoted(path)} ne peut pas être lu : {clause}.")

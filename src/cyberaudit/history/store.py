"""The store of audits: one SQLite file for several towns, vantages and machines."""

import json
import logging
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from platformdirs import user_data_path

from cyberaudit import french
from cyberaudit.errors import HistoryError, NotSaved, TooOld
from cyberaudit.facts.codec import Json, encode
from cyberaudit.french import NBSP
from cyberaudit.history.database import (
    PATIENCE,
    connect,
    make_private_file,
    pragma,
    stamp,
    strangeness,
    tighten,
)
from cyberaudit.history.document import DocumentError, pack, to_audit, unpack
from cyberaudit.history.marks import count_asked, pack_marks, unpack_marks
from cyberaudit.history.memories import Key, chronicle, follow, pruned_until, remember_all
from cyberaudit.history.memory import Age, Chronicle
from cyberaudit.history.refusal import REFUSALS, TOO_NEW, reading_clause, sqlite_clause
from cyberaudit.history.schema import (
    APPLICATION_ID,
    DATABASE_VERSION,
    create_schema,
    migrate,
    migrated_copy,
)
from cyberaudit.history.state import AuditSummary, summarize
from cyberaudit.history.trace import Trace, trace_of
from cyberaudit.model import Audit
from cyberaudit.plaintext import clean
from cyberaudit.refusals import quoted, system_clause

logger = logging.getLogger(__name__)

_SUMMARY = (
    "uuid, commune, vantage, scanned_by, started_at, finished_at, partial, rules, program,"
    " findings, open_findings, coalesce(asked, findings)"
)
_WITH_MARKS = "audits LEFT JOIN marks ON marks.audit = audits.uuid"
_FOR_EVER = "9999"
_AFTER_ALL = "\U0010ffff"
"""The last of all characters: no text that begins otherwise stands between."""
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
    with told(path, saving=create):
        if create:
            make_private_file(path)
        if clause := _strangeness(path, create=create):
            raise _failure(path, clause, saving=create)
        tighten(path)
        connection = connect(path, create=create, patience=patience)
    try:
        with told(path, saving=create):
            connection = _checked(connection, path, create=create)
    except HistoryError:
        connection.close()
        raise
    return History(path, connection)


def _strangeness(path: Path, *, create: bool) -> str:
    try:
        return strangeness(path)
    except FileNotFoundError:
        if create:
            raise
        raise nothing_kept(path) from None


def nothing_kept(path: Path) -> HistoryError:
    """What every command says before the first control; the file is named when somebody chose it."""
    sentence = "Aucun contrôle n'est encore gardé. Lancez « cyberaudit scan PROFIL »."
    if path == default_path():
        return HistoryError(sentence)
    where = "est encore vide" if path.exists() else "n'existe pas"
    return HistoryError(f"{sentence} L'historique {quoted(path)} {where}.")


class History:
    """An open store."""

    __slots__ = ("connection", "path")

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        """For the modules of this room."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.connection.close()

    def save(self, audit: Audit, *, received: Json = None) -> bool:
        """Store an audit, whole or not at all; False when its UUID is already there, which stays as it is.

        `received` is the JSON it came as, kept as such: a newer version will read what this one cannot.

        Raises:
            NotSaved: full disk, no right to write, another writer for too long.
            TooOld: the audit is older than those that were removed for their age.
        """
        summary = summarize(audit)
        document = pack(encode(audit, Audit) if received is None else received)
        row = (
            *(getattr(summary, name) for name in ("uuid", "commune", "vantage", "scanned_by")),
            stamp(summary.started_at),
            stamp(summary.finished_at),
            summary.partial,
            *(getattr(summary, name) for name in ("rules", "program", "findings", "open_findings")),
            document,
        )
        trace = trace_of(audit)
        asked = count_asked(mark.status for mark in trace.marks)
        with told(self.path, saving=True), self.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            _refuse_older(connection, summary)
            cursor = connection.execute(
                "INSERT INTO audits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row
            )
            if cursor.rowcount == 1:
                marks = (audit.uuid, asked, pack_marks(trace.marks))
                connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", marks)
        logger.debug("audit %s: %s bytes stored, new: %s", audit.uuid, len(document), cursor.rowcount == 1)
        return cursor.rowcount == 1

    def summaries(self, commune: str | None = None, *, limit: int = -1) -> tuple[AuditSummary, ...]:
        """Every stored audit, or those of one commune, or the `limit` newest; contents are not read."""
        with told(self.path, saving=False):
            of_one = "WHERE commune = ?" if commune is not None else ""
            rows = self.connection.execute(
                f"SELECT {_SUMMARY} FROM {_WITH_MARKS} {of_one} {_NEWEST_FIRST} LIMIT ?",  # noqa: S608 - constants of this module
                (*(() if commune is None else (commune,)), limit),
            ).fetchall()
        return tuple(summary_of(row) for row in rows)

    def unanswered(self, uuids: Collection[str]) -> dict[str, int]:
        """How many points each of these audits asked in vain, or left aside; contents are not read.

        Nothing is said of one whose marks are missing or damaged.
        """
        with told(self.path, saving=False):
            rows = self.connection.execute(
                "SELECT audit, packed FROM marks WHERE audit IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(uuids)),),
            ).fetchall()
        known = {str(uuid): unpack_marks(packed) for uuid, packed in rows}
        return {
            uuid: sum(not mark.is_settled for mark in marks)
            for uuid, marks in known.items()
            if marks is not None
        }

    def count(self, commune: str | None = None) -> int:
        """How many audits are stored, in all or of one commune."""
        with told(self.path, saving=False):
            query = "SELECT count(*) FROM audits WHERE ?1 IS NULL OR commune = ?1"
            return int(self.connection.execute(query, (commune,)).fetchone()[0])

    def communes(self) -> tuple[str, ...]:
        """Ids of the communes that have an audit here, sorted."""
        with told(self.path, saving=False):
            rows = self.connection.execute("SELECT DISTINCT commune FROM audits ORDER BY 1").fetchall()
        return tuple(commune for (commune,) in rows)

    def load(self, uuid: str) -> Audit:
        """The audit whose UUID is `uuid`, or alone begins with it.

        Raises:
            HistoryError: none, several, or a damaged one.
        """
        return self._read("uuid = ?", (self.find(uuid),))[0]

    def find(self, uuid: str) -> str:
        """The UUID that is `uuid`, or alone begins with it; the contents are not read.

        Raises:
            HistoryError: none, or several.
        """
        prefix = uuid.strip().lower()
        with told(self.path, saving=False):
            found = self.connection.execute(
                "SELECT uuid FROM audits WHERE uuid >= ? AND uuid < ? ORDER BY uuid LIMIT 2",
                (prefix, f"{prefix}{_AFTER_ALL}"),
            ).fetchall()
        shown = f"«{NBSP}{clean(prefix, limit=60)}{NBSP}»"
        if not found:
            raise HistoryError(f"Aucun contrôle enregistré n'a un numéro qui commence par {shown}.")
        if len(found) > 1:
            raise HistoryError(f"Plusieurs contrôles ont un numéro qui commence par {shown}.")
        return str(found[0][0])

    def traces(self, commune: str) -> tuple[Trace, ...]:
        """Every stored audit of a commune in brief, partial ones too, oldest first; contents are not read.

        An audit whose marks are not all there is read whole instead: what it found still counts.

        Raises:
            HistoryError: one of them is damaged: leaving it out could hide what it found.
        """
        with told(self.path, saving=False):
            return tuple(self.read_traces(commune, None, _FOR_EVER))

    def chronicle(self, commune: str, *, now: datetime, last: Age | None = None) -> Chronicle:
        """What `town_state` at `now`, and `diff` from then on, need of the past: as good as `traces`, and quick.

        `last`: the audits after that one do not count. What removed audits said is in the memory.

        Raises:
            HistoryError: something that is needed is damaged.
        """
        with told(self.path, saving=False):
            return chronicle(self.connection, commune, self.read_traces, now=now, last=last)

    def follow(self, commune: str) -> None:
        """Prepare what `chronicle` will need, a step at most; to be called after each of many audits."""
        follow(self.connection, commune, self.read_traces)

    def read_traces(self, commune: str, after: Key | None, until: str) -> list[Trace]:
        """Those begun after that audit and up to that moment, oldest first; as `traces` otherwise."""
        rows = self.connection.execute(
            f"SELECT uuid, started_at, finished_at, partial, findings, packed FROM {_WITH_MARKS}"  # noqa: S608 - constants of this module
            " WHERE commune = ? AND started_at >= ? AND (started_at, finished_at, uuid) > (?, ?, ?)"
            " AND started_at <= ? ORDER BY started_at, finished_at, uuid",
            (commune, after[0] if after else "", *(after or ("", "", "")), until),
        ).fetchall()
        return [self._trace(row) for row in rows]

    def _trace(self, row: tuple[str, str, str, int, int, object]) -> Trace:
        uuid, started, finished, partial, findings, packed = row
        marks = unpack_marks(packed)
        if marks is None or len(marks) != findings:
            return trace_of(self.load(uuid))
        return Trace(uuid, *_moments(uuid, started, finished), bool(partial), marks)

    def read(self, uuids: Collection[str]) -> tuple[Audit, ...]:
        """These audits, newest first; one that is not there is left out.

        Raises:
            HistoryError: one of them is damaged: leaving it out could hide what it found.
        """
        return self._read("uuid IN (SELECT value FROM json_each(?))", (json.dumps(sorted(uuids)),))

    def _read(self, condition: str, values: tuple[str, ...]) -> tuple[Audit, ...]:
        with told(self.path, saving=False):
            rows = self.connection.execute(
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


def _refuse_older(connection: sqlite3.Connection, summary: AuditSummary) -> None:
    """What was removed is still told in brief: among it, this audit would be told twice or out of turn."""
    key = (stamp(summary.started_at), stamp(summary.finished_at), summary.uuid)
    until = pruned_until(connection, summary.commune)
    if until is not None and key <= until:
        raise TooOld(
            f"Le contrôle {summary.uuid[:8]} est trop ancien : les contrôles de {summary.commune} jusqu'au "
            f"{french.day(datetime.fromisoformat(until[0]))} ont été retirés de l'historique pour leur âge."
        )


SummaryRow = tuple[str, str, str, str, str, str, int, str, str, int, int, int]


def summary_of(row: SummaryRow) -> AuditSummary:
    """A row of the list of audits.

    Raises:
        HistoryError: its dates are none.
    """
    (
        uuid,
        commune,
        vantage,
        scanned_by,
        started,
        finished,
        partial,
        rules,
        program,
        findings,
        opened,
        asked,
    ) = row
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
        asked=asked,
    )


def _moments(uuid: str, started: str, finished: str) -> tuple[datetime, datetime]:
    try:
        return datetime.fromisoformat(started), datetime.fromisoformat(finished)
    except (ValueError, TypeError) as error:
        name = clean(str(uuid), limit=60)
        raise HistoryError(f"Le contrôle enregistré {name} porte une date impossible.") from error


@contextmanager
def told(path: Path, *, saving: bool) -> Iterator[None]:
    """What the system or SQLite refuses, as one French sentence."""
    try:
        yield
    except REFUSALS as error:
        clause = sqlite_clause(error) if saving else reading_clause(path, error)
        raise _failure(path, clause, saving=saving) from error
    except OSError as error:
        raise _failure(path, system_clause(error), saving=saving) from error


def _failure(path: Path, clause: str, *, saving: bool) -> HistoryError:
    if saving:
        return NotSaved(f"Le contrôle ne peut pas être enregistré dans {quoted(path)} : {clause}.")
    return HistoryError(f"L'historique {quoted(path)} ne peut pas être lu : {clause}.")


def _checked(connection: sqlite3.Connection, path: Path, *, create: bool) -> sqlite3.Connection:
    """The connection, once its tables are those of today."""
    version = pragma(connection, "user_version")
    if pragma(connection, "application_id") == APPLICATION_ID:
        if version > DATABASE_VERSION:
            raise _failure(path, TOO_NEW, saving=create)
        return connection if version == DATABASE_VERSION else _migrated(connection, path, create=create)
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables:
        raise _failure(path, "ce n'est pas un historique de cyberaudit", saving=create)
    if not create:
        raise nothing_kept(path)
    create_schema(connection)
    return connection


def _migrated(connection: sqlite3.Connection, path: Path, *, create: bool) -> sqlite3.Connection:
    try:
        # What the first reading would make alone: the wait is announced now, and there is none later.
        migrate(connection, then=partial(remember_all, connection, History(path, connection).read_traces))
    except sqlite3.OperationalError:
        if create:
            raise
        # Without the right or the room to write, an old history is still read.
        return migrated_copy(connection)
    return connection

"""Whether the history is whole, and what of it can still be read."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from cyberaudit.errors import HistoryError
from cyberaudit.facts.codec import Json
from cyberaudit.frozen import frozen
from cyberaudit.history.document import DocumentError, to_audit, unpack
from cyberaudit.history.marks import unpack_marks
from cyberaudit.history.memories import LOST, unpack_memory
from cyberaudit.history.refusal import REFUSALS
from cyberaudit.history.scan_file import write_scan_document
from cyberaudit.history.state import summarize
from cyberaudit.history.store import History, summary_of
from cyberaudit.history.trace import trace_of
from cyberaudit.model import Audit
from cyberaudit.plaintext import clean

ROW = "ses circonstances ne sont plus celles de son contenu"
MARKS = "son résumé manque ou n'est plus le sien, mais son contenu est entier"
UNREADABLE = "le fichier est abîmé à cet endroit"
STRUCTURE = "La base de données elle-même est abîmée."


@frozen
class Fault:
    """Something that is not as it was stored."""

    what: str
    """The UUID of an audit, or the id of a commune."""
    clause: str
    """« il est abîmé », without capital or full stop."""
    is_readable: bool
    """Its contents are whole all the same."""


@frozen
class Health:
    """What an examination found."""

    audits: int
    """How many are known, readable or not."""
    is_sound: bool
    """SQLite finds its own structure in order."""
    faults: tuple[Fault, ...]

    @property
    def readable(self) -> int:
        lost = {each.what for each in self.faults if not each.is_readable and each.clause != LOST}
        return self.audits - len(lost)

    @property
    def is_whole(self) -> bool:
        return self.is_sound and not self.faults


def examine(history: History) -> Health:
    """Read every audit, its mark and its row; some ten milliseconds each. Nothing is changed."""
    found = known(history)
    faults = [fault for uuid in found if (fault := _fault(history, uuid)) is not None]
    return Health(len(found), _is_sound(history.connection), (*faults, *_lost_memories(history.connection)))


def known(history: History) -> tuple[str, ...]:
    """UUIDs of all the audits that can still be listed, from both ends of the table and of its index."""
    queries = (
        "SELECT uuid FROM audits ORDER BY uuid",
        "SELECT uuid FROM audits ORDER BY uuid DESC",
        "SELECT uuid FROM audits INDEXED BY audits_by_commune ORDER BY commune, started_at",
        "SELECT uuid FROM audits INDEXED BY audits_by_commune ORDER BY commune DESC, started_at DESC",
    )
    return tuple(
        sorted({uuid for query in queries for uuid in _as_far_as_readable(history.connection, query)})
    )


def _as_far_as_readable(connection: sqlite3.Connection, query: str) -> Iterator[str]:
    try:
        for (uuid,) in connection.execute(query):
            if isinstance(uuid, str):
                yield uuid
    except REFUSALS:
        return


def export(history: History, uuid: str, folder: Path) -> Path:
    """Write one stored audit as a scan file of `folder`, just as it is stored.

    Raises:
        HistoryError: it cannot be read.
        NotSaved: the file cannot be written.
    """
    try:
        content = _content(history.connection, uuid)
        audit = to_audit(content)
    except DocumentError as error:
        raise HistoryError(
            f"Le contrôle enregistré {clean(uuid, limit=60)} ne peut pas être lu : {error}."
        ) from error
    path = folder / _file_name(audit)
    write_scan_document(content, path)
    return path


def _file_name(audit: Audit) -> str:
    """« 2026-11-21-ville-exemple-outside-3f2a….cya »: in the order of time, never twice the same."""
    words = (f"{audit.started_at:%Y-%m-%d}", audit.town.id, audit.vantage, audit.uuid)
    safe = (
        "".join(each if each.isascii() and (each.isalnum() or each == "-") else "_" for each in word[:60])
        for word in words
    )
    return f"{'-'.join(safe)}.cya"


def _content(connection: sqlite3.Connection, uuid: str) -> Json:
    try:
        row = connection.execute("SELECT document FROM audits WHERE uuid = ?", (uuid,)).fetchone()
    except REFUSALS as error:
        raise DocumentError(UNREADABLE) from error
    if row is None or not isinstance(row[0], bytes):
        raise DocumentError(UNREADABLE)
    return unpack(row[0])


def _fault(history: History, uuid: str) -> Fault | None:
    try:
        audit = to_audit(_content(history.connection, uuid))
    except DocumentError as error:
        return Fault(uuid, str(error), is_readable=False)
    if not _has_its_row(history.connection, uuid, audit):
        return Fault(uuid, ROW, is_readable=True)
    return None if _has_its_marks(history.connection, audit) else Fault(uuid, MARKS, is_readable=True)


def _has_its_row(connection: sqlite3.Connection, uuid: str, audit: Audit) -> bool:
    told = summarize(audit)
    try:
        row = connection.execute(
            "SELECT uuid, commune, vantage, scanned_by, started_at, finished_at, partial, rules, program, findings,"
            " open_findings, ? FROM audits WHERE uuid = ?",
            (told.asked, uuid),
        ).fetchone()
        return row is not None and summary_of(row) == told
    except (*REFUSALS, HistoryError):
        return False


def _has_its_marks(connection: sqlite3.Connection, audit: Audit) -> bool:
    try:
        row = connection.execute("SELECT packed FROM marks WHERE audit = ?", (audit.uuid,)).fetchone()
    except REFUSALS:
        return False
    marks = unpack_marks(row[0]) if row is not None else None
    # Those of version 1 were kept in another order.
    return marks is not None and sorted(marks, key=repr) == sorted(trace_of(audit).marks, key=repr)


def _is_sound(connection: sqlite3.Connection) -> bool:
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except REFUSALS:
        return False


def _lost_memories(connection: sqlite3.Connection) -> list[Fault]:
    """Only those of removed audits: the others are made again."""
    try:
        rows = connection.execute("SELECT commune, packed FROM memories WHERE pruned = 1").fetchall()
    except REFUSALS:
        return []
    return [
        Fault(commune, LOST, is_readable=False) for commune, packed in rows if unpack_memory(packed) is None
    ]

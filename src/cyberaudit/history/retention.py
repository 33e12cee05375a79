"""What leaves the history: audits over a certain age, of which a memory stays, and towns that are forgotten."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from cyberaudit.errors import NotSaved
from cyberaudit.frozen import frozen
from cyberaudit.history.memories import Kept, key_of, newest_memory, put_memory, stored_until
from cyberaudit.history.memory import MAX_AGE_DAYS, age, remember
from cyberaudit.history.refusal import REFUSALS, sqlite_clause
from cyberaudit.history.state import AuditSummary
from cyberaudit.history.store import History
from cyberaudit.refusals import quoted

logger = logging.getLogger(__name__)

# Product decision, 2026: long enough for two budgets to be compared.
KEEP_MONTHS = 24
# Ours: outside and inside are looked at on the same day.
ONE_VISIT = timedelta(hours=12)
# Ours: below that, later audits take the place that was freed.
WORTH_SHRINKING = 0.2


@frozen
class Pruning:
    """What leaves, of one commune."""

    commune: str
    audits: tuple[AuditSummary, ...]
    """Oldest first; all that is stored up to the last of them."""


def to_prune(history: History, *, before: datetime, commune: str | None = None) -> tuple[Pruning, ...]:
    """The audits begun before that moment, of all communes or of one, that nothing of today stands on.

    What stays in any case: the two last visits, and all that they may take an answer from.

    Raises:
        HistoryError: the list cannot be read.
    """
    chosen = history.communes() if commune is None else (commune,)
    found = (Pruning(each, _too_old(history.summaries(each), before)) for each in chosen)
    return tuple(each for each in found if each.audits)


def _too_old(summaries: Sequence[AuditSummary], before: datetime) -> tuple[AuditSummary, ...]:
    """`summaries`: newest first."""
    complete = [each for each in summaries if not each.partial] or list(summaries)
    if not complete:
        return ()
    newest = complete[0].started_at
    last = next((each.started_at for each in complete if newest - each.started_at >= ONE_VISIT), newest)
    limit = min(before, last - timedelta(days=MAX_AGE_DAYS))
    return tuple(each for each in reversed(summaries) if each.started_at < limit)


def prune(history: History, prunings: Sequence[Pruning]) -> int:
    """Remove them, and keep in brief what they said: no failure becomes younger. How many were removed.

    Raises:
        NotSaved: full disk, no right to write, another writer for too long: nothing is removed of that commune.
        HistoryError: one of them is damaged: what it said would be lost.
    """
    removed = 0
    with _changing(history):
        for each in prunings:
            with history.connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                removed += _prune(history, each)
    if removed:
        _shrink(history.connection)
    return removed


def _prune(history: History, pruning: Pruning) -> int:
    connection, commune = history.connection, pruning.commune
    last = max((each.started_at, each.finished_at, each.uuid) for each in pruning.audits)
    until = key_of(last)
    base = newest_memory(connection, commune, before=until[0])
    traces = [each for each in history.read_traces(commune, base.until, until[0]) if age(each) <= last]
    number = stored_until(connection, commune, until)
    if not number:  # somebody else did it meanwhile
        return 0
    memory = remember(base.memory, traces)
    up_to = "commune = ? AND (started_at, finished_at, uuid) <= (?, ?, ?)"
    connection.execute(f"DELETE FROM audits WHERE {up_to}", (commune, *until))  # noqa: S608 - constants
    connection.execute(f"DELETE FROM memories WHERE {up_to}", (commune, *until))  # noqa: S608 - constants
    connection.execute("UPDATE memories SET audits = audits - ? WHERE commune = ?", (number, commune))
    put_memory(connection, commune, Kept(until, 0, memory), pruned=True)
    return number


def forget(history: History, commune: str) -> int:
    """Remove all that is stored of a commune, so that nothing of it can be found in the file. How many audits.

    Raises:
        NotSaved: full disk, no right to write, another writer for too long: nothing is removed.
    """
    with _changing(history):
        with history.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            removed = connection.execute("DELETE FROM audits WHERE commune = ?", (commune,)).rowcount
            connection.execute("DELETE FROM memories WHERE commune = ?", (commune,))
        # What was written lately still stands beside the file.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    # Even what an earlier version freed without clearing it leaves the file, when there is room to write it anew.
    _shrink(history.connection, more_than=-1.0)
    return removed


@contextmanager
def _changing(history: History) -> Iterator[None]:
    try:
        history.connection.execute("PRAGMA secure_delete = ON")
        yield
    except REFUSALS as error:
        clause = sqlite_clause(error)
        raise NotSaved(f"L'historique {quoted(history.path)} ne peut pas être modifié : {clause}.") from error


def _shrink(connection: sqlite3.Connection, *, more_than: float = WORTH_SHRINKING) -> None:
    """Give the freed place back, when it is worth it and there is room to do it."""
    free, pages = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count")
    )
    if free > more_than * pages:
        with suppress(sqlite3.Error):
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


__all__ = ["KEEP_MONTHS", "Pruning", "forget", "prune", "to_prune"]

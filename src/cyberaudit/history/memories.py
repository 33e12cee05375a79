"""Memories kept in the store, so that a town of ten thousand audits is told as fast as one of ten."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import cast

from cyberaudit.errors import HistoryError
from cyberaudit.facts.codec import Json
from cyberaudit.frozen import frozen
from cyberaudit.history.database import pragma, stamp
from cyberaudit.history.document import DocumentError, pack, unpack
from cyberaudit.history.memory import (
    MAX_AGE_DAYS,
    NO_MEMORY,
    Age,
    Chronicle,
    Memory,
    age,
    memory_from_json,
    memory_to_json,
    remember,
)
from cyberaudit.history.trace import CLOCK_SKEW, Trace

logger = logging.getLogger(__name__)

# Ours: as many marks are read in some milliseconds, and a memory each time costs some hundred bytes an audit.
BLOCK = 32
FORM = 1
"""How memories are made and written. One of another form is made again from the audits; one of removed audits
cannot be: whoever changes the form must go on reading this one."""
LOST = "ce que disaient les contrôles retirés est abîmé"

Key = tuple[str, str, str]
"""An `Age` as the store writes it."""
Reader = Callable[[str, Key | None, str], list[Trace]]
"""The audits of a commune begun after a key, or all, and up to a moment as written; oldest first."""


@frozen
class Kept:
    """One memory of the store."""

    until: Key | None
    """The last audit it holds; None: it holds none."""
    audits: int
    """How many of those are still stored."""
    memory: Memory


_NOTHING = Kept(None, 0, NO_MEMORY)


def key_of(moment: Age) -> Key:
    return stamp(moment[0]), stamp(moment[1]), moment[2]


def chronicle(
    connection: sqlite3.Connection, commune: str, read: Reader, *, now: datetime, last: Age | None
) -> Chronicle:
    """What is to be known at `now` of the past, or of the past up to the audit `last`.

    The memory ends before the oldest audit that may still answer, and costs a few milliseconds more when it is
    made for the first time: it is then kept, if the file may be written.

    Raises:
        HistoryError, sqlite3.Error: what is needed cannot be read.
    """
    oldest = stamp(now - timedelta(days=MAX_AGE_DAYS))
    connection.execute("BEGIN")
    try:
        base = newest_memory(connection, commune, before=oldest)
        traces = read(commune, base.until, stamp(now + CLOCK_SKEW))
    finally:
        connection.execute("COMMIT")
    if last is not None:
        traces = [each for each in traces if age(each) <= last]
    old = sum(stamp(each.started_at) < oldest for each in traces)
    made, rest = _in_blocks(base, traces, old=old)
    if made:
        _keep(connection, commune, made)
    return Chronicle((made[-1] if made else base).memory, tuple(rest))


def remember_all(connection: sqlite3.Connection, read: Reader) -> None:
    """All the memories that a long history needs, in the transaction of the caller.

    What cannot be read ends those of its commune: who needs it later tells why.

    Raises:
        sqlite3.Error: refused, full disk.
    """
    for (commune,) in connection.execute("SELECT DISTINCT commune FROM audits").fetchall():
        try:
            while made := _next_memories(connection, commune, read):
                for each in made:
                    put_memory(connection, commune, each, pruned=False)
        except (HistoryError, ValueError, TypeError, OverflowError) as error:
            logger.debug("no memory of %s yet: %s", commune, error)


def follow(connection: sqlite3.Connection, commune: str, read: Reader) -> None:
    """One memory more when a block of audits is old enough: many brought one by one make nobody wait later.

    Best effort: what cannot be read now is told by who needs it.
    """
    try:
        made = _next_memories(connection, commune, read)
    except (HistoryError, sqlite3.Error, ValueError, TypeError, OverflowError) as error:
        logger.debug("no memory of %s yet: %s", commune, error)
        return
    if made:
        _keep(connection, commune, made)


def _next_memories(connection: sqlite3.Connection, commune: str, read: Reader) -> list[Kept]:
    """That of the next block of audits, when all of it is old enough beside the newest of the commune."""
    newest = "SELECT max(started_at) FROM audits WHERE commune = ?"
    last = datetime.fromisoformat(connection.execute(newest, (commune,)).fetchone()[0])
    oldest = stamp(last - timedelta(days=MAX_AGE_DAYS))
    base = newest_memory(connection, commune, before=oldest)
    block = _next_block(connection, commune, base.until)
    if block is None or block >= oldest:
        return []
    traces = read(commune, base.until, block)
    made, _ = _in_blocks(base, traces, old=len(traces))
    return made


def _next_block(connection: sqlite3.Connection, commune: str, after: Key | None) -> str | None:
    """When the last audit of the next block began; None when there are not so many."""
    found = connection.execute(
        "SELECT started_at FROM audits WHERE commune = ? AND started_at >= ?"
        " AND (started_at, finished_at, uuid) > (?, ?, ?) ORDER BY started_at LIMIT 1 OFFSET ?",
        (commune, after[0] if after else "", *(after or ("", "", "")), BLOCK - 1),
    ).fetchone()
    return str(found[0]) if found is not None else None


def _in_blocks(base: Kept, traces: Sequence[Trace], *, old: int) -> tuple[list[Kept], list[Trace]]:
    """One more memory for each full block of the `old` first audits, and the audits that are in none."""
    made: list[Kept] = []
    left = iter(traces)
    for _ in range(old // BLOCK):
        block = list(islice(left, BLOCK))
        memory = remember(base.memory, block)
        base = Kept(key_of(age(block[-1])), base.audits + BLOCK, memory)
        made.append(base)
    return made, list(left)


def newest_memory(connection: sqlite3.Connection, commune: str, *, before: str) -> Kept:
    """The longest memory that ends before that moment; always at least that of the audits that were removed.

    Raises:
        HistoryError: that one cannot be read, and nothing else says it.
    """
    rows = connection.execute(
        "SELECT pruned, started_at, finished_at, uuid, audits, packed FROM memories"
        " WHERE commune = ? AND (pruned = 1 OR started_at < ?) ORDER BY pruned, started_at DESC",
        (commune, before),
    )
    for pruned, started, finished, uuid, audits, packed in rows:
        until = (started, finished, uuid)
        memory = unpack_memory(packed)
        if pruned and memory is None:
            raise HistoryError(f"L'historique de « {commune} » n'est plus entier : {LOST}.")
        if memory is not None and (pruned or stored_until(connection, commune, until) == audits):
            return Kept(until, audits, memory)
    return _NOTHING


def stored_until(connection: sqlite3.Connection, commune: str, until: Key) -> int:
    """How many audits of that commune are stored, up to that one."""
    # Two questions: the first is answered by the index alone.
    before = "SELECT count(*) FROM audits WHERE commune = ? AND started_at < ?"
    same = (
        "SELECT count(*) FROM audits WHERE commune = ? AND started_at = ? AND (finished_at, uuid) <= (?, ?)"
    )
    return int(connection.execute(before, (commune, until[0])).fetchone()[0]) + int(
        connection.execute(same, (commune, *until)).fetchone()[0]
    )


def _keep(connection: sqlite3.Connection, commune: str, made: Iterable[Kept]) -> None:
    """Best effort: they can be made again. Not those that an audit stored meanwhile makes false."""
    patience = pragma(connection, "busy_timeout")
    try:
        connection.execute("PRAGMA busy_timeout = 0")
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for each in made:
                if each.until and stored_until(connection, commune, each.until) == each.audits:
                    put_memory(connection, commune, each, pruned=False)
    except sqlite3.Error as error:
        logger.debug("memories of %s are not kept: %s", commune, error)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")


def put_memory(connection: sqlite3.Connection, commune: str, kept: Kept, *, pruned: bool) -> None:
    """Raises:
    sqlite3.Error: refused, full disk.
    """
    assert kept.until is not None
    row = (commune, pruned, *kept.until, kept.audits, pack_memory(kept.memory))
    connection.execute("INSERT OR REPLACE INTO memories VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def pack_memory(memory: Memory) -> bytes:
    return pack([FORM, memory_to_json(memory)])


def unpack_memory(packed: object) -> Memory | None:
    """None when it is damaged, or of another form."""
    if not isinstance(packed, bytes):
        return None
    try:
        form, content = cast("list[Json]", unpack(packed))
        return memory_from_json(content) if form == FORM else None
    except (DocumentError, ValueError, TypeError, AttributeError):
        return None


def pruned_until(connection: sqlite3.Connection, commune: str) -> Key | None:
    """The newest of the audits that were removed for their age."""
    found = connection.execute(
        "SELECT started_at, finished_at, uuid FROM memories WHERE commune = ? AND pruned = 1", (commune,)
    ).fetchone()
    return cast("Key | None", found)

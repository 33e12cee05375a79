"""The Atom file of this machine's configuration, and what is remembered of it beside the history."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from cyberaudit.private_file import write_private
from cyberaudit.refusals import quoted, system_clause
from cyberaudit.reports.feed_text import MOST_ENTRIES, Entry, atom


def publish(new: Sequence[Entry], *, path: Path, memory: Path, at: datetime) -> str:
    """Write the feed at `path` again with `new` in it; one French sentence when that fails, else empty.

    `memory` holds the entries between two runs. A new feed is for its owner only; one that stands there keeps its
    rights, so that whoever serves it decides who reads it.
    """
    entries = {each.id: each for each in (*_remembered(memory), *new)}
    kept = sorted(entries.values(), key=lambda each: (each.updated, each.id))[-MOST_ENTRIES:]
    try:
        write_private(memory, json.dumps([_plain(each) for each in kept], ensure_ascii=False).encode())
        _write(path, atom(kept, updated=at).encode())
    except OSError as error:
        return f"Le flux {quoted(path)} ne peut pas être écrit : {system_clause(error)}."
    return ""


def _write(path: Path, content: bytes) -> None:
    mode = None
    with suppress(FileNotFoundError):
        mode = path.stat().st_mode & 0o777
    write_private(path, content)
    if mode is not None:
        path.chmod(mode)


def _remembered(memory: Path) -> tuple[Entry, ...]:
    """What is damaged is forgotten: readers keep what they read."""
    try:
        found = json.loads(memory.read_text("utf-8"))
        return tuple(_entry(each) for each in found)
    except (OSError, ValueError, TypeError, KeyError):
        return ()


def _plain(told: Entry) -> dict[str, Any]:
    return {"id": told.id, "title": told.title, "updated": told.updated.isoformat(), "lines": told.lines}


def _entry(plain: dict[str, Any]) -> Entry:
    lines = tuple(str(line) for line in plain["lines"])
    updated = datetime.fromisoformat(plain["updated"])
    if updated.tzinfo is None:
        raise ValueError(updated)
    return Entry(str(plain["id"]), str(plain["title"]), updated, lines)


__all__ = ["publish"]

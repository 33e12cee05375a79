"""The Atom file of this machine's configuration, and what is remembered of it beside the history."""

import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict
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
        write_private(memory, _packed(kept))
        _write(path, atom(kept, updated=at).encode())
    except OSError as error:
        return f"Le flux {quoted(path)} ne peut pas être écrit : {system_clause(error)}."
    return ""


def memory_path(history: Path) -> Path:
    """Where the entries are remembered, beside the history."""
    return history.with_name(f"{history.name}.feed.json")


def tells_of(memory: Path, commune: str) -> bool:
    """Whether an entry of this commune is remembered."""
    return any(each.commune == commune for each in _remembered(memory))


def forget(commune: str, *, told: Collection[str], path: Path | None, memory: Path) -> None:
    """Take what concerns a commune out of the memory, and of the feed at `path`.

    Args:
        commune: its id.
        told: identifiers of its entries: those that older versions wrote do not say whose they are.
        path: as this machine's configuration says; None: there is no feed.
        memory: of the feed.

    Raises:
        OSError: one of them cannot be written.
    """
    entries = _remembered(memory)
    kept = [each for each in entries if each.commune != commune and each.id not in told]
    if len(kept) == len(entries):
        return
    if path is not None and path.exists():
        last = max(each.updated for each in kept or entries)
        _write(path, atom(kept, updated=last).encode())
    write_private(memory, _packed(kept))


def _packed(entries: Sequence[Entry]) -> bytes:
    return json.dumps([_plain(each) for each in entries], ensure_ascii=False).encode()


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
    return asdict(told) | {"updated": told.updated.isoformat()}


def _entry(plain: dict[str, Any]) -> Entry:
    lines = tuple(str(line) for line in plain["lines"])
    updated = datetime.fromisoformat(plain["updated"])
    if updated.tzinfo is None:
        raise ValueError(updated)
    return Entry(str(plain["id"]), str(plain["title"]), updated, lines, str(plain.get("commune", "")))


__all__ = ["forget", "memory_path", "publish", "tells_of"]

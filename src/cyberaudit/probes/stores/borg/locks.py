"""The locks that a borg program takes in a repository, and leaves there when it dies."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from cyberaudit.facts.backup import Anomaly, Trouble
from cyberaudit.probes.stores.inspection import Inspection, anomaly
from cyberaudit.probes.stores.tree import Entry, Kind, Parts, read

EXCLUSIVE, ROSTER, LOCKS = "lock.exclusive", "lock.roster", "locks"
# Ours: a town's longest run, a first copy over its line, ends within a day.
STALE = timedelta(hours=24)
MOST_LOCKS = 20
MOST_ROSTER = 64 * 1024


def stale_locks(inspection: Inspection, parts: Parts) -> Iterator[Anomaly]:
    """The locks older than a day."""
    for where, entry, holder in _locks(inspection, parts):
        hours = _age_hours(inspection.now, entry)
        if hours is not None and timedelta(hours=hours) > STALE:
            evidence = f"verrou de {hours} h laissé par « {holder} » : les copies suivantes attendent"
            yield anomaly(Trouble.STALE_LOCK, where, evidence)


def is_locked(inspection: Inspection, parts: Parts) -> bool:
    """Whether a program may be at work."""
    for _, entry, _ in _locks(inspection, parts):
        hours = _age_hours(inspection.now, entry)
        if hours is None or timedelta(hours=hours) <= STALE:
            return True
    return False


def _age_hours(now: datetime, entry: Entry) -> int | None:
    if entry.written is None:
        return None
    return max(int((now.timestamp() - entry.written) // 3600), 0)


def _locks(inspection: Inspection, parts: Parts) -> Iterator[tuple[Parts, Entry, str]]:
    """(place, what dates it, who holds it): host@id.pid-thread (borg locking.py)."""
    tree = inspection.tree
    for folder in (EXCLUSIVE, LOCKS):
        where = (*parts, folder)
        try:
            for entry in islice(tree.entries(where), MOST_LOCKS):
                if entry.kind is Kind.FILE:
                    yield (*where, entry.name), entry, entry.name
        except OSError:
            continue
    where = (*parts, ROSTER)
    try:
        entry, holders = tree.status(where), _roster(read(tree, where, most=MOST_ROSTER))
    except OSError:
        return
    for holder in holders:
        yield where, entry, holder


def _roster(data: bytes) -> tuple[str, ...]:
    """Those of lock.roster: {"exclusive": [[host, pid, thread]], "shared": …}."""
    try:
        roster = json.loads(data)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(roster, dict):
        return ()
    lists = [each for each in (roster.get("exclusive"), roster.get("shared")) if isinstance(each, list)]
    return tuple(str(holder[0]) for each in lists for holder in each[:MOST_LOCKS] if _is_holder(holder))


def _is_holder(holder: object) -> bool:
    return isinstance(holder, list) and bool(holder)

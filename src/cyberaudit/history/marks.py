"""What an audit said, in brief, as the store keeps it: packed, and read without the audit itself."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

from cyberaudit.facts.codec import Json
from cyberaudit.history.database import stamp
from cyberaudit.history.document import DocumentError, pack, unpack
from cyberaudit.history.trace import Ground, Mark
from cyberaudit.model import Status

_STATUSES = {each.value: each for each in Status}
_GROUNDS = {each.value: each for each in Ground}
# Column by column, what is alike stands together: half as long, once packed, as mark by mark.
_COLUMNS = 6


def pack_marks(marks: Iterable[Mark]) -> bytes:
    """The marks of one audit, in their order."""
    rows = [(m.identity, m.status, m.reason, m.vantage, m.ground, stamp(m.seen_at)) for m in marks]
    return pack_rows(rows)


def pack_rows(rows: Sequence[tuple[str, ...]]) -> bytes:
    """The same from texts: identity, status, reason, vantage, ground, moment seen."""
    columns: list[Json] = [[row[place] for row in rows] for place in range(_COLUMNS)]
    return pack(columns)


def unpack_marks(packed: object) -> tuple[Mark, ...] | None:
    """None for what another hand wrote, or what is damaged: the audit is then read whole."""
    if not isinstance(packed, bytes):
        return None
    try:
        columns = cast("list[list[str]]", unpack(packed))
        return tuple(
            Mark(identity, _STATUSES[status], reason, vantage, _GROUNDS[ground], datetime.fromisoformat(seen))
            for identity, status, reason, vantage, ground, seen in zip(*columns, strict=True)
        )
    except (DocumentError, KeyError, ValueError, TypeError):
        return None


def count_asked(statuses: Iterable[str]) -> int:
    """How many questions arose, those without an answer among them."""
    return sum(status != Status.NOT_APPLICABLE for status in statuses)

"""How French text is cut into lines of a given width, in terminal cells."""

import re
from collections.abc import Iterator

from rich.cells import cell_len

from cyberaudit import french
from cyberaudit.plaintext import clean

TEXT_LIMIT = 4000
"""Characters of one paragraph: far above any fiche, and a bound for what a stored scan could hold."""

_LIST_ITEM = re.compile(r"(\d+\.|-)\s+")


def wrap(text: str, width: int, *, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of at most `width` cells: the first begins with `first`, the others with `rest`.

    Breaks only at ordinary spaces, and inside a word only when it is wider than a line. `rest` is as many
    spaces as `first` is wide unless given. What could move a cursor is taken out.
    """
    hanging = " " * cell_len(first) if rest is None else rest
    room = max(width - max(cell_len(first), cell_len(hanging)), 1)
    lines: list[str] = []
    current, started = first, False
    for piece, may_join in _pieces(clean(text, limit=TEXT_LIMIT), room):
        joined = f"{current} {piece}" if started else current + piece
        if not started or (may_join and cell_len(joined) <= width):
            current = joined
        else:
            lines.append(current.rstrip())
            current = hanging + piece
        started = True
    lines.append(current.rstrip())
    return lines


def _pieces(text: str, room: int) -> Iterator[tuple[str, bool]]:
    """Words, and whether each may stand on the line before; one wider than `room` comes in slices."""
    for word in text.split(" "):
        start = 0
        while cell_len(word[start:]) > room:
            end = start + _fitting(word[start:], room)
            yield _slice(word, start, end), start == 0
            start = end
        yield _slice(word, start, len(word)), start == 0


def _slice(word: str, start: int, end: int) -> str:
    """A line never begins with a space, even a non-breaking one."""
    return word[start:end].lstrip() if start else word[:end]


def _fitting(word: str, room: int) -> int:
    """How many characters of `word` fit in `room` cells, at least one."""
    end = 1
    while end < len(word) and cell_len(word[: end + 1]) <= room:
        end += 1
    return end


def wrap_fiche(text: str, width: int, *, indent: str = "") -> list[str]:
    """A fiche's section: paragraphs and lists (« 1. », « - »), each item with a hanging indent."""
    lines: list[str] = []
    for block in _blocks(text):
        if not block:
            lines.append("")
            continue
        marker = _LIST_ITEM.match(block)
        bullet = f"{marker[1]} " if marker else ""
        body = block[marker.end() :] if marker else block
        lines += wrap(french.typeset(body), width, first=indent + bullet)
    return lines


def _blocks(text: str) -> list[str]:
    """One string a paragraph or list item; an empty one between paragraphs."""
    blocks: list[str] = []
    for line in text.strip().splitlines():
        stripped = line.strip()
        if not stripped or not blocks or not blocks[-1] or _LIST_ITEM.match(stripped):
            blocks.append(stripped)
        else:
            blocks[-1] += f" {stripped}"
    return blocks

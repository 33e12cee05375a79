"""How French text is cut into lines of a given width, in terminal cells."""

import re

from rich.cells import cell_len

from cyberaudit import french
from cyberaudit.plaintext import clean

TEXT_LIMIT = 4000
_ADDRESS = "://"
"""Characters of one paragraph: far above any fiche, and a bound for what a stored scan could hold."""

_LIST_ITEM = re.compile(r"(\d+\.|-)\s+")


def wrap(text: str, width: int, *, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of at most `width` cells: the first begins with `first`, the others with `rest`.

    Breaks only at ordinary spaces, and inside a word only when it is wider than a whole line; a web address
    is never broken, so that it can be copied: it alone may be wider. `rest` is as
    many spaces as `first` is wide unless given. What could move a cursor is taken out.
    """
    hanging = " " * cell_len(first) if rest is None else rest
    lines: list[str] = []
    current, space = first, ""
    for word in clean(text, limit=TEXT_LIMIT).split(" "):
        piece = space + word
        if cell_len(current + piece) > width and (space or cell_len(first) > cell_len(hanging)):
            lines.append(current)
            current, piece = hanging, word
        while cell_len(current + piece) > width and _ADDRESS not in word:
            end = _fitting(piece, width - cell_len(current))
            lines.append(current + piece[:end])
            current, piece = hanging, piece[end:].lstrip()
        current, space = current + piece, " "
    return [line.rstrip() for line in (*lines, current)]


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

"""Values written as YAML, in the style of the profiles that come with the program."""

import re
from collections.abc import Iterator

from cyberaudit.town.source import Tree
from cyberaudit.town.yaml_source import typed

WIDTH = 100
"""Ours: the longest line written for a block of short answers; a longer one takes one line a key."""
STEP = 2

_PLAIN = re.compile(r"[^\W_](?:[\w ./@()+«»’'-]*[\w./@()+»’'-])?")
"""What may stand without quotes anywhere, also between braces: letters, digits and quiet signs."""


def flow(value: Tree) -> str:
    """On one line: `{answer: yes, by: "Paul Girard, DGS"}`."""
    match value:
        case dict():
            return "{" + ", ".join(f"{word(key)}: {flow(part)}" for key, part in value.items()) + "}"
        case list():
            return "[" + ", ".join(flow(part) for part in value) + "]"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return word(value) if isinstance(typed(value), str) else _quoted(value)
        case _:
            return str(value)


def word(text: str) -> str:
    """A text as it is, or between quotes."""
    return text if _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def entry_lines(key: str, value: Tree, *, indent: int) -> list[str]:
    """A key and its value in a block: on one line when it is short and holds no other block."""
    head = " " * indent + f"{word(key)}:"
    short = f"{head} {flow(value)}"
    if not isinstance(value, dict | list) or not value or (_is_flat(value) and len(short) <= WIDTH):
        return [short]
    return [head, *block_lines(value, indent=indent + STEP)]


def block_lines(value: dict[str, Tree] | list[Tree], *, indent: int) -> list[str]:
    """One line a key, or a dash."""
    if isinstance(value, dict):
        return [line for key, part in value.items() for line in entry_lines(key, part, indent=indent)]
    return [line for part in value for line in item_lines(part, indent=indent)]


def item_lines(value: Tree, *, indent: int) -> list[str]:
    """An element of a list, its first line after the dash."""
    if not isinstance(value, dict) or not value:
        return [" " * indent + f"- {flow(value)}"]
    first, *rest = block_lines(value, indent=indent + STEP)
    return [" " * indent + f"- {first[indent + STEP :]}", *rest]


def _is_flat(value: dict[str, Tree] | list[Tree]) -> bool:
    return not any(isinstance(part, dict | list) for part in _parts(value))


def _parts(value: dict[str, Tree] | list[Tree]) -> Iterator[Tree]:
    yield from value.values() if isinstance(value, dict) else value


__all__ = ["block_lines", "entry_lines", "flow", "item_lines", "word"]

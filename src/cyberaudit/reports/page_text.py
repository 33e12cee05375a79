"""What may be written in a page or a document: no control or direction character, whoever wrote the text."""

import unicodedata
from typing import Any

from cyberaudit.french import NARROW, NBSP

_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_PLAIN = str.maketrans({NBSP: " ", NARROW: " ", "\n": " "})


def visible(text: str) -> str:
    """The text with a space for each such character; its lines stay lines."""
    # What is printable holds none of them: most of what is shown, at a tenth of the time.
    if text.translate(_PLAIN).isprintable():
        return text
    return "".join(each if each == "\n" or _is_safe(each) else " " for each in text)


def _is_safe(char: str) -> bool:
    return unicodedata.category(char) not in _UNSAFE


def all_visible(value: Any) -> Any:
    """The same for every text in lists, tuples and mappings; other values as they are."""
    match value:
        case str():
            return visible(value)
        case list() | tuple():
            return [all_visible(each) for each in value]
        case dict():
            return {key: all_visible(each) for key, each in value.items()}
        case _:
            return value

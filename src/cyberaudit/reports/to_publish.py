"""The lines and files that a verdict proposes to publish or to remove: told as they are to be pasted."""

from collections.abc import Iterable
from typing import Final

from cyberaudit import french
from cyberaudit.model import Evidence
from cyberaudit.plaintext import clean
from cyberaudit.reports.wrap import wrap

BEGINNINGS: Final = ("ligne à publier", "ligne à retirer", "fichier à publier")
TO_REMOVE: Final = BEGINNINGS[1]
FILE: Final = BEGINNINGS[2]
# « ligne à publier, si ce nom ne reçoit jamais »: only a person knows.
_CONDITION: Final = ", si "
# What stands between the lines of a file in one value.
_BREAK = "⏎"
# Ours: far above what a verdict keeps.
LIMIT = 4000
_CUT = "…"
TOO_LONG = "(trop longue pour être montrée entière)"


def is_to_publish(label: str) -> bool:
    return label.startswith(BEGINNINGS)


def pasted(value: str) -> list[str]:
    """The lines of the value, raw but for what could move a cursor; empty when it was cut: a part of one does harm."""
    if len(value) > LIMIT or value.endswith(_CUT):
        return []
    lines = value.replace(_BREAK, "\n").splitlines()
    return [line for line in (clean(each.strip(), limit=LIMIT) for each in lines) if line]


def publish_lines(evidence: Iterable[tuple[str, str]], width: int, *, indent: str) -> list[str]:
    """Each label, then its lines at the margin, never folded: a record wider than the screen stays one line.

    At the margin, for a zone file takes a line that begins with a space for one without name.
    """
    lines: list[str] = []
    for label, value in evidence:
        if is_to_publish(label):
            found = pasted(value)
            head = f"{label} :" if found else f"{label} : {TOO_LONG}"
            lines += [*wrap(french.typeset(head), width, first=indent), *found]
    return lines


def to_publish(evidence: Iterable[Evidence]) -> list[str]:
    """The same for programs: one text a line or file, less what only a person can decide."""
    return _texts(each for each in evidence if not each.label.startswith(TO_REMOVE))


def to_remove(evidence: Iterable[Evidence]) -> list[str]:
    """The lines to take out of the zone, for programs; again less what only a person can decide."""
    return _texts(each for each in evidence if each.label.startswith(TO_REMOVE))


def _texts(evidence: Iterable[Evidence]) -> list[str]:
    sure = (each for each in evidence if is_to_publish(each.label) and _CONDITION not in each.label)
    return [text for text in ("\n".join(pasted(each.value)) for each in sure) if text]

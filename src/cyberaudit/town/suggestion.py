"""« Vouliez-vous dire … ? »: the word a person most likely meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from cyberaudit.plaintext import clean

_LONGEST = 60
"""difflib is quadratic; no key or value of a profile is longer."""

_MOST = 1000
"""Candidates compared: beyond, the question costs more than it helps."""

_MEANT: dict[str, tuple[str, ...]] = {
    "oui": ("yes", "true"),
    "yes": ("true",),
    "on": ("true",),
    "true": ("yes",),
    "non": ("no", "false"),
    "no": ("false",),
    "off": ("false",),
    "false": ("no",),
    "partiel": ("partial",),
    "inconnu": ("unknown",),
    "name": ("label",),
    "nom": ("label", "name"),
    "type": ("kind",),
    "date": ("on",),
    "par": ("by",),
    "town": ("commune",),
    "address": ("addresses",),
}
"""Words that look nothing like what is expected, and what their writer meant, best first."""


def meant(word: str, candidates: Iterable[str]) -> str:
    """The candidate closest to `word`, or nothing."""
    known = tuple(one for one in candidates if one)[:_MOST]
    short = word[:_LONGEST].lower()
    for guess in _MEANT.get(short, ()):
        if guess in known:
            return guess
    close = get_close_matches(short, known, n=1, cutoff=0.6)
    return close[0] if close else ""


def question(word: str, candidates: Iterable[str]) -> str:
    """« ; vouliez-vous dire « answer » ? », or a full stop when nothing is close."""
    guess = meant(word, candidates)
    return f" ; vouliez-vous dire « {guess} » ?" if guess else "."


def shown(text: str) -> str:
    """A word of the profile, safe and short enough to stand in a sentence."""
    return clean(text, limit=_LONGEST)

"""How French writes dates, hours, money, counts and lists: without `locale`, the same on every machine."""

import re
from collections.abc import Sequence
from datetime import date, datetime

NBSP = "\u00a0"
NARROW = "\u202f"
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def day(value: date) -> str:
    """« 21 novembre 2026 », « 1er mars 2027 », spaces non-breaking."""
    number = "1er" if value.day == 1 else str(value.day)
    return NBSP.join((number, MONTHS[value.month - 1], str(value.year)))


def day_of_week(value: date) -> str:
    """« samedi 21 novembre 2026 »."""
    return f"{WEEKDAYS[value.weekday()]} {day(value)}"


def day_and_month(value: date) -> str:
    """« 28 novembre »: for a date whose year is not in doubt."""
    return NBSP.join(day(value).split(NBSP)[:2])


def hour(value: datetime) -> str:
    """« 22 h 10 », in the zone the value carries."""
    return f"{value.hour}{NBSP}h{NBSP}{value.minute:02d}"


def number(value: int) -> str:
    """« 1 760 », thousands apart by a narrow non-breaking space."""
    return f"{value:,}".replace(",", NARROW)


def euros(value: int) -> str:
    """« 1 760 € »."""
    return f"{number(value)}{NBSP}€"


def count(value: int, singular: str, plural: str = "") -> str:
    """« 1 point », « 2 points », « 0 point »: French keeps the singular under two."""
    word = singular if abs(value) < 2 else plural or f"{singular}s"
    return f"{number(value)}{NBSP}{word}"


def duration(seconds: int) -> str:
    """« 7 jours », « 36 heures », « 5 minutes »: the largest unit of which there are two."""
    for size, word in ((86_400, "jour"), (3600, "heure"), (60, "minute")):
        if seconds >= 2 * size:
            return count(seconds // size, word)
    return count(seconds, "seconde")


def listed(parts: Sequence[str], *, word: str = "et") -> str:
    """« a », « a et b », « a, b et c »."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


_WIDE_SIGN = re.compile(r" (?=[:;!?»€%](?:[\s.,;:)»]|$))|(?<=«) ")
_THOUSANDS = re.compile(rf"(?<=\d) (?=\d{{3}}[ {NBSP}]€)")


def typeset(text: str) -> str:
    """Spaces made non-breaking where French never breaks a line: before « : ; ! ? € % », inside « » and « 1 760 € »."""
    return _WIDE_SIGN.sub(NBSP, _THOUSANDS.sub(NARROW, text))

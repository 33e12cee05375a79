"""What the name of a copy tells: its job, once dates, numbers and turns are masked, and the day it carries."""

import re
from calendar import monthrange
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache

from cyberaudit.probes.stores.names import READABLE_SUFFIXES, SILENT_SUFFIXES
from cyberaudit.probes.stores.tree import Parts

_YEAR, _MONTH, _DAY = r"20\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[T_ .hH-]{0,3}(?:[01]\d|2[0-3])[hH:._-]?[0-5]\d(?:[:._msMS-]?[0-5]\d)?(?:[.,]\d{1,9})?s?)?"
_YMD = rf"(?<!\d)(?P<y1>{_YEAR})(?P<s1>[-_.]?)(?P<m1>{_MONTH})(?P=s1)(?P<d1>{_DAY})"
_DMY = rf"(?<!\d)(?P<d2>{_DAY})(?P<s2>[-_.]?)(?P<m2>{_MONTH})(?P=s2)(?P<y2>{_YEAR})"
_DATE = re.compile(rf"(?:{_YMD}|{_DMY}){_TIME}(?!\d)")
_MONTHS = (
    "janv?(?:ier|uary)?", "f[eé][vb](?:r(?:ier|uary))?", "mar(?:s|ch)", "a[vp]r(?:il)?", "mai|may", "juin|june?",
    "juil(?:let)?|july?", "ao[uû]t|aug(?:ust)?", "sept?(?:emb(?:re|er))?", "oct(?:ob(?:re|er))?",
    "nov(?:emb(?:re|er))?", "d[eé]c(?:emb(?:re|er))?",
)  # fmt: skip
_SPOKEN = re.compile(
    rf"(?<!\d)(?:(?P<day>{_DAY}|[1-9])(?:er)?[-_. ]{{1,2}})?(?:"
    + "|".join(f"(?P<m{number}>{month})" for number, month in enumerate(_MONTHS, 1))
    + rf")[-_. ]{{0,2}}(?P<year>{_YEAR})(?!\d)",
    re.IGNORECASE,
)
"""« 3 octobre 2026 », « oct-2026 »."""
_SHORT = re.compile(rf"(?<!\d)(?:\d\d{_MONTH}{_DAY}|{_DAY}{_MONTH}\d\d)(?!\d)")
"""« 261120 » or « 201126 »: the year has two digits, and either end may be it."""
_WEEK_OF = re.compile(rf"(?<!\d)(?P<year>{_YEAR})[-_.]?[WSws](?P<week>\d\d)(?!\d)")
_MONTH_OF = re.compile(rf"(?<!\d)(?P<year>{_YEAR})[-_.](?P<month>{_MONTH})(?![-_.]?\d)")
_EPOCH = re.compile(r"(?<!\d)(1[6-9]\d{8})(?!\d)")
_WEEK = re.compile(
    rf"(?<!\d){_YEAR}[-_.]?[WSws]\d\d(?!\d)|(?<!\d){_YEAR}[-_.]{_MONTH}(?!\d)|(?<!\d)1[6-9]\d{{8}}(?!\d)"
)
_WORDS = re.compile(
    r"(?<![^\W\d_])(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lun|mar|mer|jeu|ven|sam|dim"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun"
    r"|janvier|f[eé]vrier|mars|avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[eé]cembre"
    r"|january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|f[eé]v|feb|avr|apr|jun|juil|jul|aug|sept?|oct|nov|d[eé]c|paire?|impaire?|odd|even)(?![^\W\d_])",
    re.IGNORECASE,
)
"""Days and months, whole words."""
_TURN = re.compile(r"(?<=[-_. ])[abAB](?=\.|$)")
"""« mairie-A.zip », « mairie-B.zip »."""
_HEX = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9a-fA-F-]*\d)(?=[0-9a-fA-F-]*[a-fA-F])[0-9a-fA-F]{4,}(?:-?[0-9a-fA-F]{4,})+(?![0-9A-Za-z])"
)
_NUMBER = re.compile(r"\d+")
_COUNTER = re.compile(r"(?<!\d)(?:0\d+|\d{5,})(?!\d)|\(\d+\)")
"""With a date in the name: a counter, not the number of a machine."""
_VOLUME = re.compile(r"\.(part\d+\.rar|r\d\d|\d{3}|vol\d+\.difftar(\.\w+)?)$", re.IGNORECASE)
"""What tells the volumes of one archive apart: the last one is shorter, and has not collapsed."""
_FIRST_VOLUME = re.compile(r"\.(part0*1\.rar|r00|00[01]|vol1\.difftar(\.\w+)?)$", re.IGNORECASE)
_TURNING = re.compile(
    r"(?:daily|weekly|monthly|hourly|yearly|backup|sauvegarde|sauv|copie|copy|jour|semaine|mois|day|week|month|gen"
    r"|rotation|jeu|set|slot|bande|tape|disque?)?[-_. ]?\d+",
    re.IGNORECASE,
)
"""A folder that takes its turn; « srv1 » is a machine."""
_ENDINGS_WITH_DIGITS = re.compile(
    r"(?:\.(?:"
    + "|".join(sorted(e for e in READABLE_SUFFIXES | SILENT_SUFFIXES if re.search(r"[a-z]", e)))
    + r"))+$",
    re.IGNORECASE,
)


_ONE_DIGIT = str.maketrans("123456789", "000000000")


def shape_of(name: str) -> str:
    """The name with one digit for all: names of one shape have one job, unless `keeps_digits`."""
    return name.translate(_ONE_DIGIT)


def keeps_digits(name: str) -> bool:
    """Its job is told by some of its digits: names of the same shape may have others."""
    return _NUMBER.search(_masked(name[: _tail(name)])) is not None or bool(_VOLUME.search(name))


def _tail(name: str) -> int:
    """Where the ending starts, whose digits are its own: `.7z`, `.part2.rar`."""
    volume = _VOLUME.search(name)
    end = volume.start() if volume else len(name)
    ending = _ENDINGS_WITH_DIGITS.search(name[:end])
    return ending.start() if ending else end


def series_name(name: str) -> str:
    """What the copies of one job have in common: the name without its date or number.

    `full`, `diff` and `inc` stay: their sizes do not compare.
    """
    start = _tail(name)
    return _masked(name[:start]) + name[start:]


def job_of(parts: Parts) -> str:
    """The same, with the folders it lies in: two machines have two jobs, `lundi/` and `mardi/` are turns of one."""
    return "/".join((*map(_folder, parts[:-1]), series_name(parts[-1])))


def _masked(stem: str) -> str:
    dated = _DATE.sub(_shape, stem)
    dated = _WEEK.sub(_shape, dated)
    rest = _TURN.sub("#", _WORDS.sub("#", dated))
    if dated != stem:
        return _COUNTER.sub("#", rest)
    return _NUMBER.sub("#", _HEX.sub("#", rest))


def _shape(match: re.Match[str]) -> str:
    """The separators stay: « 2026-11-20 » and « 20261120 » are two habits."""
    return _NUMBER.sub("#", match[0])


@lru_cache(maxsize=1000)
def _folder(name: str) -> str:
    if _TURNING.fullmatch(name):
        return _NUMBER.sub("#", name)
    return _WORDS.sub("#", _WEEK.sub(_shape, _DATE.sub(_shape, name)))


def is_later_volume(name: str) -> bool:
    """A volume of an archive after its first: no copy by itself."""
    return bool(_VOLUME.search(name)) and not _FIRST_VOLUME.search(name)


Spans = tuple[tuple[slice, slice, slice], ...]


def days_in(parts: Parts) -> tuple[float, ...]:
    """The days that the name, or else a folder above it, carries: their midnights UTC, in seconds since 1970."""
    for name in reversed(parts):
        days = days_at(name, day_spans(name)) or spoken_days(name)
        if days:
            return days
    return ()


def spoken_days(name: str) -> tuple[float, ...]:
    """Days told by the name of their month, or in seconds since 1970."""
    days = [float(match[1]) for match in _EPOCH.finditer(name)]
    for match in _SPOKEN.finditer(name):
        if match["day"]:
            days += _day(int(match["year"]), _month(match), int(match["day"]))
    return tuple(days)


def doubtful_days(name: str) -> tuple[float, ...]:
    """The last days of the weeks and months that the name carries, and the days of years of two digits: each may be
    something else, the period that is kept, or a number.
    """
    return (*_periods(name), *_short_days(name))


def _month(match: re.Match[str]) -> int:
    return next(number for number in range(1, 13) if match[f"m{number}"])


def _periods(name: str) -> Iterator[float]:
    for match in _WEEK_OF.finditer(name):
        with suppress(ValueError):
            last = datetime.fromisocalendar(int(match["year"]), int(match["week"]), 7)
            yield last.replace(tzinfo=UTC).timestamp()
    months = [(int(match["year"]), int(match["month"])) for match in _MONTH_OF.finditer(name)]
    months += [(int(match["year"]), _month(match)) for match in _SPOKEN.finditer(name) if not match["day"]]
    for year, month in months:
        yield from _day(year, month, monthrange(year, month)[1])


def _short_days(name: str) -> Iterator[float]:
    for match in _SHORT.finditer(name):
        first, month, last = (int(match[0][at : at + 2]) for at in (0, 2, 4))
        yield from _day(2000 + first, month, last)
        yield from _day(2000 + last, month, first)


def _day(year: int, month: int, day: int) -> Iterator[float]:
    """Nothing of a day that no calendar has."""
    with suppress(ValueError):
        yield datetime(year, month, day, tzinfo=UTC).timestamp()


def day_spans(name: str) -> Spans:
    """Where the name carries years, months and days: the same in all names of its shape."""
    return tuple(_spans(match) for match in _DATE.finditer(name))


def _spans(match: re.Match[str]) -> tuple[slice, slice, slice]:
    rank = "1" if match["y1"] else "2"
    year, month, day = (slice(*match.span(f"{unit}{rank}")) for unit in "ymd")
    return year, month, day


def days_at(name: str, spans: Spans) -> tuple[float, ...]:
    """Those days; none that no calendar has, 31 February."""
    days = []
    for year, month, day in spans:
        with suppress(ValueError):
            days.append(datetime(int(name[year]), int(name[month]), int(name[day]), tzinfo=UTC).timestamp())
    return tuple(days)

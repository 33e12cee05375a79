"""Charts as inline SVG: numbers only, the words beside them tell the same, colours come from the page's style."""

from collections.abc import Iterator, Sequence
from html import escape

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.reports.page_text import visible
from cyberaudit.reports.plan_words import TrendPointView, YearView
from cyberaudit.reports.words import LevelView, ThemeView

# Ours: narrow enough that its letters stay readable on a telephone.
WIDTH = 420
_LEFT, _TOP, _BOTTOM = 44, 24, 32
_PLOT = 150
# Ours: dates closer than this would print over each other.
_LEAST_GAP = 90
# Ours: half of a date as wide as the page's letters make it; the first and the last one stand beside their dots.
_HALF_DATE = 43


@frozen
class Chart:
    """One drawing and what it shows, in words."""

    svg: str
    """Made of numbers, dates and words of ours: safe as it is."""
    words: str


def gauge(level: LevelView, tone: str) -> str:
    """The level from 0 to 100: what is sure, in the colour of its word, then what is not known."""
    low, high = level.shown_low * WIDTH // 100, level.shown_high * WIDTH // 100
    parts = (
        f'<rect class="track" width="{WIDTH}" height="14" rx="3"/>',
        f'<rect class="unsure" x="{low}" width="{max(high - low, 0)}" height="14"/>',
        f'<rect class="{tone}" width="{low}" height="14" rx="3"/>',
    )
    return _svg(parts, height=14)


def trend(points: Sequence[TrendPointView]) -> Chart:
    """The level over time, one dot a control, evenly by date; the band up to the high bound is lighter."""
    first, last = points[0].day, points[-1].day
    days = max((last - first).days, 1)
    places = [_LEFT + 8 + (each.day - first).days * (WIDTH - _LEFT - 32) / days for each in points]
    high = [f"{x:.1f},{_height(p.high):.1f}" for x, p in zip(places, points, strict=True)]
    low = [f"{x:.1f},{_height(p.low):.1f}" for x, p in zip(places, points, strict=True)]
    parts = [*_grid(), f'<polygon class="unsure" points="{" ".join((*high, *reversed(low)))}"/>']
    parts.append(f'<polyline class="line" points="{" ".join(low)}"/>')
    parts += _dots(places, points)
    words = f"Niveau sur 100 : {french.listed([_told(each) for each in points])}"
    return Chart(_svg(parts, height=_TOP + _PLOT + _BOTTOM), french.typeset(words))


def sparkline(points: Sequence[TrendPointView]) -> str:
    """The low bound alone, small, for a cell of a table whose words say the figures."""
    first, last = points[0].day, points[-1].day
    days = max((last - first).days, 1)
    places = [(4 + (each.day - first).days * 152 / days, 4 + (100 - each.low) * 0.32) for each in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    x, y = places[-1]
    parts = f'<polyline class="line" points="{line}"/><circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
    return f'<svg viewBox="0 0 160 40" width="160" height="40" aria-hidden="true" focusable="false">{parts}</svg>'


def _told(point: TrendPointView) -> str:
    """« 26 le 21 novembre 2026 », « entre 26 et 34 le … »: both bounds are drawn, both are said."""
    level = f"{point.low}" if point.low == point.high else f"entre {point.low} et {point.high}"
    return f"{level} le {french.day(point.day)}"


def _height(level: int) -> float:
    return _TOP + _PLOT * (100 - level) / 100


def _grid() -> Iterator[str]:
    for level in (0, 40, 65, 85, 100):
        y = _height(level)
        yield f'<line class="grid" x1="{_LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{level}</text>'


def _dots(places: Sequence[float], points: Sequence[TrendPointView]) -> Iterator[str]:
    dated = -WIDTH * 1.0
    for number, (x, point) in enumerate(zip(places, points, strict=True), start=1):
        y = _height(point.low)
        yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
        is_last = number == len(places)
        roomy = x - dated >= _LEAST_GAP and (is_last or places[-1] - _HALF_DATE - x >= _LEAST_GAP)
        if number == 1 or is_last or roomy:
            dated = x + _HALF_DATE if number == 1 else x
            yield f'<text x="{x:.1f}" y="{y - 9:.1f}" text-anchor="middle">{point.low}</text>'
            end = "start" if number == 1 else "end" if is_last else "middle"
            date = f"{point.day:%d/%m/%Y}"
            yield f'<text x="{x:.1f}" y="{_TOP + _PLOT + 22}" text-anchor="{end}">{date}</text>'


def money(years: Sequence[YearView]) -> Chart:
    """A bar a year, purchases then subscriptions, beside a mark at the ceiling."""
    most = max((max(each.ceiling, each.purchases + each.subscriptions) for each in years), default=0) or 1
    parts: list[str] = []
    for row, year in enumerate(years):
        parts += _bar(year, most=most, y=row * 34)
    words = f"Dépense prévue : {' ; '.join(_spent(each) for each in years)}"
    return Chart(_svg(parts, height=34 * len(years)), french.typeset(words))


def _spent(year: YearView) -> str:
    """« 1 760 € en 2027 (achats 1 100 €, abonnements 660 €, plafond choisi : 2 000 €) »"""
    inside = ", ".join(filter(None, (year.detail, year.limit)))
    return f"{year.amount} en {year.year} ({inside})"


def _bar(year: YearView, *, most: int, y: int) -> Iterator[str]:
    room = WIDTH - _LEFT - 96
    bought, rented, ceiling = (
        amount * room / most for amount in (year.purchases, year.subscriptions, year.ceiling)
    )
    yield f'<text x="{_LEFT - 8}" y="{y + 19}" text-anchor="end">{year.year}</text>'
    yield f'<rect class="bought" x="{_LEFT}" y="{y + 4}" width="{bought:.1f}" height="20"/>'
    yield f'<rect class="rented" x="{_LEFT + bought:.1f}" y="{y + 4}" width="{rented:.1f}" height="20"/>'
    at = _LEFT + ceiling
    yield f'<line class="ceiling" x1="{at:.1f}" x2="{at:.1f}" y1="{y}" y2="{y + 28}"/>'
    beside = max(at, _LEFT + bought + rented) + 8
    yield f'<text x="{beside:.1f}" y="{y + 19}">{escape(visible(year.amount))}</text>'


def theme(found: ThemeView) -> str:
    """One bar: in order, to mend, to verify; the sentence of the theme says the same."""
    wide = 1.0 * WIDTH / found.asked
    opened = found.asked - found.in_order - found.to_check
    parts, x = [], 0.0
    for kind, count in (("good", found.in_order), ("bad", opened), ("unsure", found.to_check)):
        parts.append(f'<rect class="{kind}" x="{x:.1f}" width="{count * wide:.1f}" height="16"/>')
        x += count * wide
    return _svg(parts, height=16)


def _svg(parts: Sequence[str], *, height: int) -> str:
    """The drawing alone, hidden from readers aloud: its words stand beside it in the page."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" aria-hidden="true"'
        f' focusable="false">{"".join(parts)}</svg>'
    )

"""The level over time, in words and in figures."""

from collections.abc import Sequence
from datetime import date

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.model import Finding
from cyberaudit.plan.level import MIN_COVERAGE, assess
from cyberaudit.plan.words import Level
from cyberaudit.reports.plan_words import ThemeTrendView, TrendPointView, TrendView
from cyberaudit.reports.themes import rank_of, theme_name


@frozen
class LevelOn:
    """The level as the controls of that day gave it."""

    day: date
    level: Level
    themes: tuple[tuple[str, Level], ...] = ()
    """The same formula on the findings of each theme alone; empty when they are not wanted."""


def on_day(day: date, level: Level, findings: Sequence[Finding]) -> LevelOn:
    """The level of that day, and of each theme among its findings."""
    themes = dict.fromkeys(each.theme for each in findings)
    levels = ((theme, assess([each for each in findings if each.theme == theme])) for theme in themes)
    return LevelOn(day, level, tuple(levels))


def theme_trends(past: Sequence[LevelOn]) -> tuple[ThemeTrendView, ...]:
    """The themes of today that were already told on an earlier day, in the order of themes."""
    today = [theme for theme, _ in past[-1].themes] if past else []
    views = ((theme, trend_view(_of_theme(past, theme))) for theme in sorted(today, key=rank_of))
    return tuple(ThemeTrendView(theme, theme_name(theme), found) for theme, found in views if found)


def _of_theme(past: Sequence[LevelOn], theme: str) -> list[LevelOn]:
    return [LevelOn(each.day, level) for each in past for name, level in each.themes if name == theme]


def trend_view(past: Sequence[LevelOn]) -> TrendView | None:
    """None when there is no past to compare with. `past` is oldest first and ends today."""
    known = [each for each in past if each.level.asked]
    if len(known) < 2:
        return None
    points = tuple(_point(each) for each in known)
    return TrendView(points, french.typeset(_sentence(known[0], known[-1])))


def _sentence(first: LevelOn, last: LevelOn) -> str:
    """From the first to the last; what lies between is in the list."""
    then, now = _figure(first.level), _figure(last.level)
    if then == now:
        return f"Le niveau est de {now} sur 100, comme le {french.day(first.day)}."
    return (
        f"Le niveau était de {then} sur 100 le {french.day(first.day)}, "
        f"il est de {now} le {french.day(last.day)}."
    )


def _figure(level: Level) -> str:
    """The low bound; both when less than half was known, as one number would say too much."""
    low, high = level.shown
    return f"{low} à {high}" if low < high and level.coverage < MIN_COVERAGE else f"{low}"


def told(point: TrendPointView) -> str:
    """« 26, au plus 34 »; the figure alone when both bounds are one."""
    return f"{point.low}" if point.low == point.high else f"{point.low}, au plus {point.high}"


def _point(value: LevelOn) -> TrendPointView:
    low, high = value.level.shown
    return TrendPointView(value.day, low, high, value.level.word)

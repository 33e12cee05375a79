"""How the level moved and what became of the adopted dates, in words, in figures and in small bars."""

import json
from collections.abc import Mapping, Sequence

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.plan.words import Quarter
from cyberaudit.reports.plan_words import ThemeTrendView, TrendPointView, TrendView
from cyberaudit.reports.themes import rank_of, theme_name
from cyberaudit.reports.trend import LevelOn, told, trend_view
from cyberaudit.reports.when import quarter as quarter_name
from cyberaudit.reports.wrap import wrap

BARS = "▁▂▃▄▅▆▇█"
TOO_SHORT = "Un seul mois de contrôles : rien à comparer encore."
NO_DATE = "Aucune date n'est adoptée : « cyberaudit plan adopt » en adopte."


@frozen
class ThemeTrend:
    """One theme."""

    theme: str
    points: tuple[LevelOn, ...]
    """Oldest first, ending with the newest control; the formula of the level on this theme alone."""


@frozen
class DueQuarter:
    """The measures whose adopted date is in one quarter, by their ids."""

    quarter: Quarter
    planned: tuple[str, ...]
    in_time: tuple[str, ...]
    """Seen in order by a control of that quarter, or of an earlier one."""
    later: tuple[str, ...]
    """Seen in order by a control of a later quarter."""
    late: tuple[str, ...]
    """Still to be done, or known by nobody, though the date is past."""

    @property
    def to_come(self) -> int:
        return len(self.planned) - len(self.in_time) - len(self.later) - len(self.late)


@frozen
class DueQuarterView:
    """One quarter in words."""

    name: str
    planned: int
    in_time: int
    later: int
    late: int
    to_come: int
    sentence: str
    late_titles: tuple[str, ...]


@frozen
class PastView:
    """What `history trend` shows."""

    town: str
    level: TrendView | None
    """None: one month alone."""
    themes: tuple[ThemeTrendView, ...]
    quarters: tuple[DueQuarterView, ...]


def past_view(
    town: str,
    levels: Sequence[LevelOn],
    *,
    themes: Sequence[ThemeTrend],
    quarters: Sequence[DueQuarter],
    titles: Mapping[str, str],
) -> PastView:
    """`levels` and the points of `themes` are oldest first; `titles`: of measures, by id."""
    return PastView(
        town=french.typeset(town),
        level=trend_view(levels),
        themes=theme_trend_views(themes),
        quarters=tuple(_quarter(each, titles) for each in quarters),
    )


def theme_trend_views(themes: Sequence[ThemeTrend]) -> tuple[ThemeTrendView, ...]:
    """In the order of themes; one that was told in one month alone has no trend."""
    ranked = sorted(themes, key=lambda each: rank_of(each.theme))
    views = ((each.theme, trend_view(each.points)) for each in ranked)
    return tuple(ThemeTrendView(theme, theme_name(theme), trend) for theme, trend in views if trend)


def _quarter(value: DueQuarter, titles: Mapping[str, str]) -> DueQuarterView:
    parts = [
        f"{french.count(number, one, several)}"
        for number, one, several in (
            (len(value.in_time), "faite à temps", "faites à temps"),
            (len(value.later), "faite plus tard", "faites plus tard"),
            (len(value.late), "en retard", "en retard"),
            (value.to_come, "à venir", "à venir"),
        )
        if number
    ]
    planned = french.count(len(value.planned), "action prévue", "actions prévues")
    return DueQuarterView(
        name=quarter_name(value.quarter),
        planned=len(value.planned),
        in_time=len(value.in_time),
        later=len(value.later),
        late=len(value.late),
        to_come=value.to_come,
        sentence=french.typeset(f"{planned} : {french.listed(parts)}."),
        late_titles=tuple(french.typeset(titles.get(each, each)) for each in value.late),
    )


def sparkline(points: Sequence[TrendPointView]) -> str:
    """One bar a point, eight heights from 0 to 100."""
    return "".join(BARS[min(point.low * len(BARS) // 100, len(BARS) - 1)] for point in points)


def render(view: PastView, *, width: int = 80, simple: bool = False) -> str:
    """For a terminal; `simple`: without bars."""
    lines = wrap(f"Évolution de {view.town}", width)
    lines += ["", *wrap("Niveau sur 100", width)]
    lines += _level(view.level, width, simple=simple) if view.level else wrap(TOO_SHORT, width, first="  ")
    if view.themes:
        lines += ["", *wrap("Par thème, avec la même formule sur ce seul thème", width)]
        for each in view.themes:
            lines += _trend(each.name, each.trend, width, simple=simple)
    lines += ["", *wrap("Dates adoptées, d'après les contrôles", width)]
    lines += _quarters(view.quarters, width) or wrap(french.typeset(NO_DATE), width, first="  ")
    return "\n".join(lines) + "\n"


def _level(trend: TrendView, width: int, *, simple: bool) -> list[str]:
    bars = [] if simple else [f"  {sparkline(trend.points)}"]
    figures = (f"{french.day(each.day)} : {told(each)} ({each.word.value})" for each in trend.points)
    lines = [*bars, *wrap(trend.sentence, width, first="  ")]
    return lines + [line for each in figures for line in wrap(french.typeset(each), width, first="  - ")]


def _trend(name: str, trend: TrendView, width: int, *, simple: bool) -> list[str]:
    bars = "" if simple else f"{sparkline(trend.points)}  "
    return wrap(f"{french.typeset(f'{name} :')} {trend.sentence}", width, first=f"  {bars}", rest="    ")


def _quarters(quarters: Sequence[DueQuarterView], width: int) -> list[str]:
    lines = []
    for each in quarters:
        lines += wrap(f"{french.typeset(f'{each.name} :')} {each.sentence}", width, first="  ", rest="    ")
        for title in each.late_titles:
            lines += wrap(french.typeset(f"en retard : {title}"), width, first="    - ")
    return lines


def to_json(view: PastView) -> str:
    """The same values for machines."""
    content = {
        "town": view.town,
        "level": _points(view.level),
        "themes": [{"theme": e.theme, "name": e.name, "points": _points(e.trend)} for e in view.themes],
        "quarters": [
            {
                "quarter": each.name,
                "planned": each.planned,
                "in_time": each.in_time,
                "later": each.later,
                "late": each.late,
                "to_come": each.to_come,
                "late_titles": list(each.late_titles),
            }
            for each in view.quarters
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _points(trend: TrendView | None) -> list[dict[str, object]]:
    points = trend.points if trend else ()
    return [{"day": p.day.isoformat(), "low": p.low, "high": p.high, "word": p.word.value} for p in points]

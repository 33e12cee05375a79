"""The level over time: two controls at least, one figure or two, the same in words."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from cyberaudit.french import NBSP
from cyberaudit.model import Status
from cyberaudit.plan.level import assess
from cyberaudit.plan.words import Level, Word
from cyberaudit.reports.plan_words import TrendPointView
from cyberaudit.reports.trend import LevelOn, on_day, theme_trends, told, trend_view
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit

OCTOBER, NOVEMBER, NEXT_YEAR = date(2026, 10, 1), date(2026, 11, 21), date(2027, 1, 9)


def level(low: float, high: float | None = None, *, answered: int = 9) -> Level:
    bounds = Fraction(low), Fraction(low if high is None else high)
    return Level(*bounds, Word.TO_STRENGTHEN, "", answered=answered, asked=10, on_word_points=0)


NOT_ASSESSED = LevelOn(OCTOBER, assess([]))


@pytest.mark.parametrize(
    "past",
    [
        [],
        [LevelOn(NOVEMBER, level(26))],
        [NOT_ASSESSED, LevelOn(NOVEMBER, level(26))],
        [NOT_ASSESSED, NOT_ASSESSED],
    ],
)
def test_one_level_alone_is_no_trend(past: list[LevelOn]) -> None:
    assert trend_view(past) is None


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (
            level(12),
            level(26),
            "Le niveau était de 12 sur 100 le 1er octobre 2026, il est de 26 le 21 novembre 2026.",
        ),
        # Rounded as the report of that day did: down, never up.
        (
            level(12.99),
            level(26.5, 34.2),
            "Le niveau était de 12 sur 100 le 1er octobre 2026, il est de 26 le 21 novembre 2026.",
        ),
        # Less than half was known: one number would say too much.
        (
            level(12, 71, answered=4),
            level(26),
            "Le niveau était de 12 à 71 sur 100 le 1er octobre 2026, il est de 26 le 21 novembre 2026.",
        ),
        (level(26), level(26.7), "Le niveau est de 26 sur 100, comme le 1er octobre 2026."),
    ],
)
def test_the_sentence_holds_the_first_and_the_last(first: Level, last: Level, expected: str) -> None:
    view = trend_view([LevelOn(OCTOBER, first), LevelOn(NOVEMBER, last)])
    assert view
    assert view.sentence.replace(NBSP, " ") == expected


def test_every_level_is_a_point_in_order_and_what_could_not_be_assessed_is_none() -> None:
    past = [
        LevelOn(OCTOBER, level(12.9, 33.1)),
        LevelOn(NOVEMBER, assess([])),
        LevelOn(NEXT_YEAR, level(99.5, 99.9)),
    ]
    view = trend_view(past)
    assert view
    assert view.points == (
        TrendPointView(OCTOBER, 12, 34, Word.TO_STRENGTHEN),
        TrendPointView(NEXT_YEAR, 99, 99, Word.TO_STRENGTHEN),
    )


@pytest.mark.parametrize(("low", "high", "expected"), [(26, 34, "26, au plus 34"), (26, 26, "26")])
def test_a_point_tells_both_bounds_when_there_are_two(low: int, high: int, expected: str) -> None:
    assert told(TrendPointView(OCTOBER, low, high, Word.SOLID)) == expected


def test_each_theme_of_today_that_was_told_before_has_its_own_past() -> None:
    findings = samples.BUSY
    then = [each for each in findings if each.theme in ("mail", "backup")]
    mended = [replace(each, verdict=replace(each.verdict, status=Status.PASS)) for each in findings]
    past = (on_day(OCTOBER, assess(then), then), on_day(NOVEMBER, assess(mended), mended))
    trends = theme_trends(past)
    assert [each.theme for each in trends] == ["mail", "backup"]
    assert [each.name for each in trends] == ["Courrier électronique", "Sauvegardes"]
    assert all(each.trend.points[-1].low == 100 > each.trend.points[0].low for each in trends)
    assert theme_trends(past[1:]) == ()
    assert theme_trends(()) == ()

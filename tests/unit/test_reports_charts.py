"""The drawings: inside their frame, and nothing that their words do not say."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.plan.words import Word
from cyberaudit.reports import charts
from cyberaudit.reports.plan_words import TrendPointView, YearView
from cyberaudit.reports.words import Mark, ThemeView
from tests.unit import report_samples as samples
from tests.unit.html_pages import words
from tests.unit.report_full import TREND

pytestmark = pytest.mark.unit

SMALL = st.integers(0, 100)
EUROS = st.integers(0, 50_000)


def drawn(svg: str) -> ET.Element:
    root = ET.fromstring(svg)
    assert root.get("aria-hidden") == "true"
    return root


def boxes(root: ET.Element) -> list[tuple[str, float, float]]:
    """Class, left and right edge of each bar."""
    return [
        (
            each.get("class", ""),
            float(each.get("x", "0")),
            float(each.get("x", "0")) + float(each.get("width", "0")),
        )
        for each in root.iter("rect")
    ]


def years(*found: tuple[int, int, int]) -> list[YearView]:
    """Ceiling, purchases, subscriptions of each year."""
    return [
        YearView(
            2026 + number, ceiling, True, bought, rented, 50, Word.TO_STRENGTHEN, f"{bought + rented} €",
            f"achats {bought} €, abonnements {rented} €", "niveau visé 50", f"plafond choisi : {ceiling} €",
        )
        for number, (ceiling, bought, rented) in enumerate(found)
    ]  # fmt: skip


LEVEL = samples.calm_view().level


@given(SMALL, SMALL)
def test_the_gauge_never_leaves_its_frame_and_shows_what_is_not_known(one: int, other: int) -> None:
    low, high = sorted((one, other))
    level = replace(LEVEL, shown_low=low, shown_high=high)
    track, unsure, sure = boxes(drawn(charts.gauge(level, "bad")))
    assert track[1:] == (0, charts.WIDTH)
    assert 0 <= sure[2] == unsure[1] <= unsure[2] <= charts.WIDTH
    assert sure[0] == "bad"


@given(st.lists(st.tuples(EUROS, EUROS, EUROS), max_size=4))
def test_the_money_never_leaves_its_frame(found: list[tuple[int, int, int]]) -> None:
    root = drawn(charts.money(years(*found)).svg)
    for kind, left, right in boxes(root):
        assert 0 <= left <= right <= charts.WIDTH, kind
    assert all(float(each.get("x1", "")) <= charts.WIDTH for each in root.iter("line"))


def test_every_sum_drawn_is_said() -> None:
    chart = charts.money(years((0, 0, 0), (2000, 1100, 660)))
    assert words(chart.words) == (
        "Dépense prévue : 0 € en 2026 (achats 0 €, abonnements 0 €, plafond choisi : 0 €) ; "
        "1760 € en 2027 (achats 1100 €, abonnements 660 €, plafond choisi : 2000 €)"
    )
    for year, amount in (("2026", "0 €"), ("2027", "1760 €")):
        assert {year, amount} <= {each.text for each in drawn(chart.svg).iter("text")}


def test_the_purchases_and_the_subscriptions_share_a_bar_to_scale() -> None:
    (_, start, middle), (_, follows, end) = boxes(drawn(charts.money(years((4000, 1000, 3000))).svg))
    assert middle == follows
    assert (end - start) / (middle - start) == pytest.approx(4, rel=0.01)


def test_every_level_drawn_is_said_with_both_bounds_and_its_date() -> None:
    chart = charts.trend(TREND.points)
    for point in TREND.points:
        assert f"entre {point.low} et {point.high} le " in words(chart.words)
    assert words(chart.words).endswith("entre 38 et 50 le 21 novembre 2026")
    sure = charts.trend([replace(each, high=each.low) for each in TREND.points])
    assert words(sure.words).startswith("Niveau sur 100 : 12 le 1er août 2026")


@given(st.lists(st.tuples(st.integers(0, 400), SMALL), min_size=1, max_size=30))
def test_dates_never_print_over_each_other_and_dots_stay_inside(found: list[tuple[int, int]]) -> None:
    points = [
        TrendPointView(date(2026, 1, 1) + timedelta(days=day), low, 100, Word.FRAGILE)
        for day, low in sorted(found)
    ]
    root = drawn(charts.trend(points).svg)
    dots = list(root.iter("circle"))
    assert len(dots) == len(points)
    assert all(0 <= float(each.get("cx", "")) <= charts.WIDTH for each in dots)
    dated = [each for each in root.iter("text") if re.fullmatch(r"\d\d/\d\d/\d{4}", each.text or "")]
    edges = sorted(_edges(each) for each in dated)
    assert all(before[1] <= after[0] for before, after in pairwise(edges))


def _edges(text: ET.Element) -> tuple[float, float]:
    """Of a date: 86 units, as wide as Chromium draws it with the letters of the page."""
    x, left = float(text.get("x", "")), {"start": 0, "middle": 43, "end": 86}[text.get("text-anchor", "")]
    return x - left, x - left + 86


@given(st.tuples(SMALL, SMALL, SMALL).filter(any))
def test_a_theme_fills_its_bar_in_the_shares_it_says(counts: tuple[int, int, int]) -> None:
    good, bad, unsure = counts
    theme = ThemeView("mail", "Courrier", Mark.TO_FIX, good, sum(counts), unsure, "")
    bars = boxes(drawn(charts.theme(theme)))
    assert [kind for kind, *_ in bars] == ["good", "bad", "unsure"]
    for (_, left, right), count in zip(bars, (good, bad, unsure), strict=True):
        assert right - left == pytest.approx(charts.WIDTH * count / sum(counts), abs=0.1)


def test_an_amount_that_is_no_number_cannot_open_an_element() -> None:
    (year,) = years((1, 1, 1))
    assert drawn(charts.money([replace(year, amount="<script>\x1b")]).svg).find("script") is None

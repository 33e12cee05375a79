"""Every format tells the same points, the same states and the same counts."""

from collections import Counter
from functools import cache
from xml.etree import ElementTree as ET

import pytest

from cyberaudit.reports.console import Detail
from cyberaudit.reports.console import render as render_text
from cyberaudit.reports.words import Mark, ReportView
from tests.unit import report_samples as samples
from tests.unit.report_formats import poisoned, rendered, rows, statuses

pytestmark = pytest.mark.unit

VIEWS = {
    "busy": samples.busy_view,
    "calm": samples.calm_view,
    "blind": samples.blind_view,
    "crowded": samples.crowded_view,
}
KINDS = ("json", "sarif", "csv", "markdown", "junit")


@cache
def view_named(name: str) -> ReportView:
    return VIEWS[name]()


@cache
def texts_of(name: str) -> dict[str, str]:
    return rendered(view_named(name))


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_point_is_told_once_with_its_status(name: str, kind: str) -> None:
    expected = {point.identity: str(point.status) for point in view_named(name).points}
    assert len(expected) == len(view_named(name).points)
    assert statuses(kind, texts_of(name)[kind]) == expected


@pytest.mark.parametrize("name", VIEWS)
def test_the_words_for_people_count_alike_on_screen_in_markdown_and_in_the_table(name: str) -> None:
    view, texts = view_named(name), texts_of(name)
    screen = render_text(view, width=80, simple=False, detail=Detail.TECHNICAL, colour=False)
    in_table = Counter(row["état"] for row in rows(texts["csv"]))
    for mark in Mark:
        count = sum(point.mark is mark for point in view.points)
        told = f"{mark.sign} {mark.upper()}"
        assert screen.count(f"\n   {told} ") == count
        assert texts["markdown"].count(f"\n- {told} — ") == count
        assert in_table[mark] == count


@pytest.mark.parametrize("name", VIEWS)
def test_the_counts_of_junit_are_those_of_its_cases(name: str) -> None:
    view, root = view_named(name), ET.fromstring(texts_of(name)["junit"])
    opened = sum(point.status.is_open and not point.waived for point in view.points)
    assert (root.get("tests"), root.get("failures")) == (str(len(view.points)), str(opened))
    for suite in root.iter("testsuite"):
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        for attribute, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(attribute) == str(sum(case.find(element) is not None for case in cases))


@pytest.mark.parametrize("kind", ["sarif", "csv", "markdown", "junit"])
def test_what_an_enemy_wrote_adds_and_hides_no_point(kind: str) -> None:
    view = samples.busy_view()
    text = rendered_poisoned()[kind]
    text.encode()
    allowed = {"\n", "\r"} if kind == "csv" else {"\n"}
    assert {char for char in text if ord(char) < 32 or ord(char) == 127} <= allowed
    assert not set("\u202e\u2028\x85\ud800") & set(text)
    found = {"sarif": text.count('"ruleId"'), "csv": text.count("\r\n") - 1}
    found |= {"markdown": text.count("\n  - Risque\u00a0:"), "junit": text.count("<testcase ")}
    assert found[kind] == len(view.points)


@cache
def rendered_poisoned() -> dict[str, str]:
    from cyberaudit.reports import junit, markdown, sarif, spreadsheet

    view: ReportView = poisoned(samples.busy_view())
    return {
        "sarif": sarif.render(view, places={}),
        "csv": spreadsheet.render(view),
        "markdown": markdown.render(view),
        "junit": junit.render(view),
    }

"""Every format tells the same points, the same states and the same counts."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cyberaudit.reports.console import Detail
from cyberaudit.reports.console import render as render_text
from cyberaudit.reports.pdf import report_data
from cyberaudit.reports.words import Mark, ReportView
from tests.unit import report_samples as samples
from tests.unit.html_pages import read, words
from tests.unit.report_formats import poisoned, rendered, rows, statuses
from tests.unit.report_full import full_view

pytestmark = pytest.mark.unit

VIEWS = {
    "busy": samples.busy_view,
    "calm": samples.calm_view,
    "blind": samples.blind_view,
    "crowded": samples.crowded_view,
    "full": full_view,
}
KINDS = ("html", "json", "sarif", "csv", "markdown", "junit")


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
def test_the_page_the_paper_and_the_document_for_machines_tell_the_same(name: str) -> None:
    view = view_named(name)
    told = {"html": read(texts_of(name)["html"]).text, "pdf": words("\n".join(said(report_data(view))))}
    for kind, text in told.items():
        absent = [each for each in _told_by_all(view) if words(each).casefold() not in text.casefold()]
        assert not absent, (kind, absent)


def _told_by_all(view: ReportView) -> Iterator[str]:
    """Level, actions, dates, money, changes, past, questions, contacts, and the state of each point."""
    yield from (view.title, view.level.headline, view.level.coverage, view.level_paragraph)
    for action in (*view.urgent, *view.next_actions):
        yield from (action.title, action.why, action.who, action.cost, action.time, action.deadline)
        yield from (*action.steps, action.done_when, str(action.tier), *action.lots, action.said_done)
        yield from action.contractor.splitlines()
        yield from (each.text for each in action.to_treat)
    for each in view.to_arbitrate:
        yield from (each.title, each.cost, each.why, *each.options)
    for year in view.budget.years:
        yield from (f"{year.year}", year.amount, year.limit)
    for section in view.changes.sections if view.changes else ():
        yield from (section.title, section.remark, *(line.sentence for line in section.lines))
    for told in (view.not_seen, view.waivers, view.contradictions):
        yield from (each.sentence for each in told)
    yield from (each.question for each in view.questions)
    for contact in view.whom:
        yield from (contact.name, contact.what, contact.phone, contact.url)
    for point in view.points:
        yield from (point.sentence if point.looked else point.stands_on, str(point.mark))


def said(data: Any) -> Iterator[str]:
    """Every text that the paper is made of."""
    match data:
        case str():
            yield data
        case list() | tuple():
            for each in data:
                yield from said(each)
        case dict():
            yield from said(list(data.values()))


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

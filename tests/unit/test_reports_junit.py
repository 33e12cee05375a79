"""The JUnit report: what a continuous integration server reads in it."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.model import Status
from cyberaudit.reports.junit import render
from tests.unit import report_samples as samples
from tests.unit.golden import golden
from tests.unit.report_formats import poisoned

pytestmark = pytest.mark.unit

BUSY = samples.busy_view()
VIEWS = (samples.busy_view, samples.calm_view, samples.blind_view, samples.crowded_view)
# What `junit-10.xsd` of Jenkins allows, as far as we write it: attributes (with « ! » those it requires), children.
SCHEMA: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name!", "tests!", "failures!", "errors!", "skipped", "timestamp", "time", "id", "package"},
        {"testcase", "properties", "system-out", "system-err"},
    ),
    "testcase": (
        {"name!", "classname", "time", "group"},
        {"failure", "error", "skipped", "system-out", "system-err"},
    ),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}


def follows_the_schema(element: ET.Element) -> bool:
    attributes, children = SCHEMA[element.tag]
    required = {name.rstrip("!") for name in attributes if name.endswith("!")}
    known = {name.rstrip("!") for name in attributes}
    return (
        required <= set(element.attrib) <= known
        and all(child.tag in children for child in element)
        and all(map(follows_the_schema, element))
    )


def case(**changes: Any) -> ET.Element:
    view = replace(BUSY, points=(replace(BUSY.points[0], **changes),))
    found = ET.fromstring(render(view)).find("testsuite/testcase")
    assert found is not None
    return found


def test_the_junit_report_is_the_accepted_text() -> None:
    text = render(BUSY)
    assert text == golden("report-busy.junit.xml", text)


@pytest.mark.parametrize("make_view", VIEWS)
def test_every_report_follows_the_schema(make_view: Any) -> None:
    assert follows_the_schema(ET.fromstring(render(make_view())))


@pytest.mark.parametrize(
    ("status", "waived", "element", "kind"),
    [
        (Status.FAIL, False, "failure", "fail"),
        (Status.PARTIAL, False, "failure", "partial"),
        (Status.FAIL, True, "skipped", "accepted"),
        (Status.UNKNOWN, False, "skipped", "unknown"),
        (Status.NOT_APPLICABLE, False, "skipped", "not-applicable"),
        (Status.ERROR, False, "error", "error"),
    ],
)
def test_each_status_has_its_element(status: Status, waived: bool, element: str, kind: str) -> None:
    found = case(status=status, waived=waived)
    assert [child.tag for child in found] == [element, "system-out"]
    assert found[0].get("type") == kind


def test_an_accepted_risk_says_who_accepted_it() -> None:
    skipped = ET.fromstring(render(BUSY)).find(".//skipped[@type='accepted']")
    assert skipped is not None
    assert "par Mme Claire Dumont, maire" in (skipped.get("message") or "")


def test_a_point_in_order_has_none_and_says_what_was_seen() -> None:
    found = case(status=Status.PASS, sentence="Tout est fermé.")
    assert [child.tag for child in found] == ["system-out"]
    assert (found[0].text or "").startswith("Tout est fermé.\n")


def test_a_failure_says_what_was_seen_how_to_mend_it_and_how_it_is_known() -> None:
    failure, out = case()
    assert failure.get("message") == "Le Bureau à distance répond depuis Internet."
    assert "[tcp/3389]" in (failure.text or "")
    assert "Corriger\u00a0:\n1. Lister ce qui existe." in (failure.text or "")
    assert "Mesuré depuis l'extérieur" in (out.text or "")


def test_a_check_without_fiche_still_names_its_measure() -> None:
    view = replace(BUSY, checks=(), points=BUSY.points[:1])
    failure = ET.fromstring(render(view)).find(".//failure")
    assert failure is not None
    assert "Corriger" not in (failure.text or "")
    assert "(close-remote-access)" in (failure.text or "")


@given(st.text(st.characters()))
def test_any_text_stays_a_text(text: str) -> None:
    found = case(sentence=text, asset_name=text, question=text)
    assert follows_the_schema(found)


def test_a_report_written_by_an_enemy_follows_the_schema() -> None:
    root = ET.fromstring(render(poisoned(BUSY)))
    assert follows_the_schema(root)
    assert len(list(root.iter("testcase"))) == len(BUSY.points)

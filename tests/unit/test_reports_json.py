"""The JSON report and its published schema."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cyberaudit.model import Status
from cyberaudit.reports.console import Detail
from cyberaudit.reports.console import render as render_text
from cyberaudit.reports.json_report import SCHEMA_VERSION, render, schema, schema_text
from cyberaudit.reports.words import Mark, ReportView
from tests.unit import report_samples as samples
from tests.unit.golden import golden

pytestmark = pytest.mark.unit

PUBLISHED = Path(__file__).parents[2] / "docs" / "report.schema.json"
VIEWS = (samples.busy_view, samples.calm_view, samples.blind_view, samples.crowded_view)


def document(view: ReportView) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(render(view))
    return parsed


def test_the_json_report_is_the_accepted_text() -> None:
    text = render(samples.busy_view())
    assert text == golden("report-busy.json", text)


def test_the_published_schema_is_the_generated_one() -> None:
    assert schema_text() == golden(f"../../docs/{PUBLISHED.name}", schema_text())


def test_the_schema_is_a_schema_and_describes_its_fields() -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(published)
    assert published["definitions"]["PointView"]["properties"]["risk"]["description"].startswith("impact")


@pytest.mark.parametrize("make_view", VIEWS)
def test_every_report_follows_the_schema(make_view: Any) -> None:
    jsonschema.validate(document(make_view()), schema(), cls=jsonschema.Draft7Validator)


def test_the_schema_refuses_what_it_does_not_know() -> None:
    wrong = document(samples.calm_view()) | {"surprise": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema(), cls=jsonschema.Draft7Validator)


def test_bounds_are_exact_and_times_are_utc() -> None:
    report = document(samples.busy_view())
    assert report["schema_version"] == SCHEMA_VERSION
    numerator, denominator = map(int, report["level"]["low"]["exact"].split("/"))
    assert numerator / denominator == pytest.approx(report["level"]["low"]["value"])
    assert report["as_of"] == "2026-11-21T21:10:00Z"
    assert datetime.fromisoformat(report["points"][0]["seen_at"]) == datetime(
        2026, 11, 21, 21, 10, tzinfo=UTC
    )
    assert report["urgent"][0]["due"] == "2026-11-28"


def test_machine_words_stand_beside_the_french_ones() -> None:
    point = document(samples.busy_view())["points"][0]
    assert (point["status"], point["mark"], point["reason"]) == ("fail", "à corriger", "port-open")
    assert (point["vantage"], point["seen_from"], point["measure"]) == (
        "outside",
        "outside",
        "close-remote-access",
    )


@pytest.mark.parametrize("make_view", VIEWS)
def test_the_text_and_the_json_hold_the_same_points_and_counts(make_view: Any) -> None:
    view = make_view()
    report = document(view)
    text = render_text(view, width=80, simple=False, detail=Detail.TECHNICAL, colour=False)
    assert all(point["identity"] in text for point in report["points"])
    assert all(point["mark"] == Mark.of(Status(point["status"])) for point in report["points"])
    for mark in Mark:
        told = [line for line in text.splitlines() if line.startswith(f"   {mark.sign} {mark.upper()}")]
        assert len(told) == sum(point["mark"] == mark for point in report["points"])
    for theme in report["themes"]:
        found = [each for each in report["points"] if each["theme"] == theme["theme"]]
        assert theme["in_order"] == sum(each["status"] == "pass" for each in found)

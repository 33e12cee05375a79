"""The SARIF report against its official schema, and what a tool that gathers findings reads in it."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import jsonschema
import pytest

from cyberaudit.errors import Place
from cyberaudit.model import Reason, Status
from cyberaudit.reports.sarif import FINGERPRINT, render
from cyberaudit.reports.words import PointView, ReportView
from tests.unit import report_samples as samples
from tests.unit.golden import golden
from tests.unit.report_formats import poisoned, sarif_schema

pytestmark = pytest.mark.unit

PLACES = {"domain/main": Place("ville nº 1.yaml", 31, 5), "host/edge": Place("/srv/ville.yaml", 12, 5)}


def run_of(view: ReportView) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(render(view, places=PLACES))["runs"][0]
    return parsed


@cache
def busy() -> ReportView:
    return samples.busy_view()


def result(**changes: Any) -> dict[str, Any]:
    """The result of one point, changed."""
    point = replace(busy().points[0], **changes)
    found: dict[str, Any] = run_of(replace(busy(), points=(point,)))["results"][0]
    return found


@cache
def validator() -> jsonschema.Draft4Validator:
    return jsonschema.Draft4Validator(sarif_schema(), format_checker=jsonschema.FormatChecker())


def test_the_sarif_report_is_the_accepted_text() -> None:
    text = render(busy(), places=PLACES)
    assert text == golden("report-busy.sarif", text)


@pytest.mark.parametrize(
    "make_view", [samples.busy_view, samples.calm_view, samples.blind_view, samples.crowded_view]
)
def test_every_report_follows_the_official_schema(make_view: Any) -> None:
    validator().validate(json.loads(render(make_view(), places=PLACES)))


def test_a_report_written_by_an_enemy_follows_it_too() -> None:
    validator().validate(json.loads(render(poisoned(busy()), places=PLACES)))


def test_the_schema_refuses_what_it_does_not_know() -> None:
    wrong = json.loads(render(busy(), places=PLACES))
    wrong["runs"][0]["results"][0]["severity"] = "high"
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(wrong)


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (Status.FAIL, "open", "fail"),
        (Status.PARTIAL, "open", "fail"),
        (Status.PASS, "", "pass"),
        (Status.UNKNOWN, Reason.TIMEOUT, "open"),
        (Status.UNKNOWN, Reason.NOT_DECLARED, "review"),
        (Status.ERROR, "crashed", "open"),
        (Status.NOT_APPLICABLE, "", "notApplicable"),
    ],
)
def test_only_what_is_open_is_a_failure_with_a_level_and_a_rank(
    status: Status, reason: str, kind: str
) -> None:
    found = result(status=status, reason=reason)
    assert found["kind"] == kind
    assert (found["level"] != "none") == ("rank" in found) == (kind == "fail")


@pytest.mark.parametrize(
    ("risk", "level"),
    [(16, "error"), (12, "error"), (9, "error"), (8, "warning"), (6, "warning"), (4, "note"), (1, "note")],
)
def test_the_level_follows_the_risk(risk: int, level: str) -> None:
    found = result(status=Status.FAIL, risk=risk)
    assert (found["level"], found["rank"]) == (level, 100 * risk / 16)


def test_a_point_stands_at_the_line_that_declares_its_asset() -> None:
    where = result(asset="domain/main")["locations"][0]
    physical = where["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "ville%20n%C2%BA%201.yaml"
    assert physical["region"] == {"startLine": 31, "startColumn": 5}
    assert where["logicalLocations"][0]["fullyQualifiedName"] == "domain/main"
    absolute = result(asset="host/edge")["locations"][0]["physicalLocation"]["artifactLocation"]
    assert absolute["uri"] == "file:///srv/ville.yaml"


def test_an_asset_without_a_line_is_named_only() -> None:
    where = result(asset="host/camera")["locations"][0]
    assert list(where) == ["logicalLocations"]


def test_the_fingerprint_is_the_identity() -> None:
    assert [each["partialFingerprints"] for each in run_of(busy())["results"]] == [
        {FINGERPRINT: point.identity} for point in busy().points
    ]


def test_an_accepted_risk_is_suppressed_with_its_reason_and_the_others_are_known_not_to_be() -> None:
    found = [each["suppressions"] for each in run_of(busy())["results"]]
    waived = [one for one, point in zip(found, busy().points, strict=True) if point.waived]
    assert [each["status"] for one in waived for each in one] == ["accepted"]
    assert "Mme Claire Dumont" in waived[0][0]["justification"]
    assert found.count([]) == len(found) - 1


def test_each_rule_helps_in_french_and_each_result_finds_its_rule() -> None:
    run = run_of(busy())
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])
    spf = next(rule for rule in rules if rule["id"] == "mail.spf")
    assert spf["shortDescription"]["text"] == samples.QUESTIONS["mail.spf"].replace(" ?", "\u00a0?")
    assert spf["help"]["text"].startswith("Corriger\u00a0:\n1. Lister ce qui existe.\n2. Corriger")
    assert "https://example.test/pa-066" in spf["help"]["text"]


def test_a_check_without_fiche_still_has_its_rule() -> None:
    rules = run_of(replace(busy(), checks=()))["tool"]["driver"]["rules"]
    assert {"fullDescription", "help"}.isdisjoint(rules[0])


def test_a_crashed_check_is_told_as_ours_and_the_run_as_unsuccessful() -> None:
    crashed = replace(busy(), partial=False)
    invocation = run_of(crashed)["invocations"][0]
    errors = [each for each in invocation["toolExecutionNotifications"] if each["level"] == "error"]
    assert [each["associatedRule"]["id"] for each in errors] == ["mail.certificate"]
    assert not invocation["executionSuccessful"]
    assert run_of(samples.calm_view())["invocations"][0]["executionSuccessful"]


def test_no_message_holds_a_placeholder_or_a_link() -> None:
    point = PointView.__dataclass_fields__  # the two texts that reach a message
    assert {"sentence", "question"} <= set(point)
    text = result(sentence="Vu {0} et [clic](https://mal.example).")["message"]["text"]
    assert "Vu {{0}} et [clic\\](https" in text

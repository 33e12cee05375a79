"""The SARIF report against its official schema, and what a tool that gathers findings reads in it."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import jsonschema
import pytest

from cyberaudit.errors import Place
from cyberaudit.french import NBSP
from cyberaudit.history.transitions import Transition
from cyberaudit.model import Reason, Status
from cyberaudit.reports.change_words import PointChange
from cyberaudit.reports.changes import NOTHING_TO_COMPARE
from cyberaudit.reports.sarif import FINGERPRINT, FOLDER, render
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


def test_the_folders_of_this_machine_are_not_told() -> None:
    absolute = result(asset="host/edge")["locations"][0]["physicalLocation"]["artifactLocation"]
    assert absolute == {"uri": "ville.yaml", "uriBaseId": FOLDER}
    assert list(run_of(busy())["originalUriBaseIds"]) == [FOLDER]
    assert "/srv" not in render(busy(), places=PLACES)
    alone = json.loads(render(busy(), places={"domain/main": PLACES["domain/main"]}))["runs"][0]
    assert "originalUriBaseIds" not in alone


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


@pytest.mark.parametrize(
    ("became", "expected"),
    [
        (None, None),
        (Transition.NEW, "new"),
        (Transition.NEW_CHECK, "new"),
        (Transition.SAME, "unchanged"),
        (Transition.WORSE, "updated"),
        (Transition.BACK, "updated"),
        (Transition.BETTER, "updated"),
        (Transition.SOLVED, "updated"),
        (Transition.FIRST_KNOWN, "updated"),
        (Transition.NOT_CHECKED, "updated"),
        (Transition.EXPIRED, "updated"),
        (Transition.OUT_OF_SCOPE, "updated"),
    ],
)
def test_a_point_says_what_became_of_it_since_the_visit_before(
    became: Transition | None, expected: str | None
) -> None:
    found = result(since_last=became)
    assert found.get("baselineState") == expected
    assert found["properties"].get("sinceLast") == became


GONE = PointChange(
    "gone", "mail.spf", "domain/main", "ville{0}.example", Transition.OUT_OF_SCOPE, by_rules=False
)


def compared() -> ReportView:
    """Every point was there before, and one more."""
    points = tuple(replace(each, since_last=Transition.SAME) for each in busy().points)
    told = tuple(
        PointChange(each.identity, each.check, each.asset, each.asset_name, Transition.SAME, by_rules=False)
        for each in points
    )
    return replace(busy(), points=points, changes=replace(NOTHING_TO_COMPARE, points=(*told, GONE)))


def test_what_has_left_the_profile_is_absent_and_never_solved() -> None:
    results = run_of(compared())["results"]
    (absent,) = [each for each in results if each["baselineState"] == "absent"]
    assert absent["partialFingerprints"] == {FINGERPRINT: "gone"}
    assert (absent["kind"], absent["level"], absent["ruleId"]) == ("notApplicable", "none", "mail.spf")
    assert absent["message"]["text"].replace(NBSP, " ") == "ville{{0}}.example : retiré du périmètre."
    assert absent["locations"][0]["physicalLocation"]["region"]["startLine"] == 31
    assert len(results) == len(busy().points) + 1


def test_a_compared_report_follows_the_schema_and_tells_a_state_of_all_or_of_none() -> None:
    document = json.loads(render(compared(), places=PLACES))
    validator().validate(document)
    assert all("baselineState" in each for each in document["runs"][0]["results"])
    assert all("baselineState" not in each for each in run_of(busy())["results"])
    validator().validate(json.loads(render(poisoned(compared()), places=PLACES)))

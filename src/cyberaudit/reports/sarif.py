"""The points for tools that gather the findings of many programs: SARIF 2.1.0 (OASIS, errata 01)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from cyberaudit import __version__
from cyberaudit.errors import Place
from cyberaudit.french import NBSP
from cyberaudit.history.transitions import Transition
from cyberaudit.model import Reason, Status
from cyberaudit.reports import point_lines
from cyberaudit.reports.change_words import PointChange
from cyberaudit.reports.point_lines import line
from cyberaudit.reports.words import CheckView, PointView, ReportView

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "cyberauditIdentity/v1"
FOLDER = "PROFILE"
"""The folder of a profile that was named by its whole path."""
# Product decision, 2026: risk 9 to 16 is an error, 6 to 8 a warning, less a note.
_ERROR_FROM, _WARNING_FROM = 9, 6
_WORST_RISK = 16
_FOR_A_PERSON = frozenset({Reason.NOT_DECLARED, Reason.DECLARATION_EXPIRED, Reason.ANSWER_UNKNOWN})

Json = dict[str, Any]


def render(view: ReportView, *, places: Mapping[str, Place]) -> str:
    """Every point as a result, keys in a fixed order so that the same report is the same text.

    Args:
        view: what is told.
        places: the line of the profile that declares each asset, by key; an asset without one is named, and has
            no line.
    """
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(view, places)]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _run(view: ReportView, places: Mapping[str, Place]) -> Json:
    rules = {point.check: number for number, point in enumerate(point_lines.one_of_each_check(view))}
    return {
        "tool": {"driver": _driver(view)},
        "language": "fr",
        "columnKind": "unicodeCodePoints",
        **_bases(places),
        "automationDetails": {"id": f"cyberaudit/{line(view.commune)}/", "description": _text(view.title)},
        "invocations": [_invocation(view, rules)],
        "results": [
            *(_result(each, view, rules, places) for each in view.points),
            *(_absent(each, places) for each in _gone(view)),
        ],
        "properties": _summary(view),
    }


def _driver(view: ReportView) -> Json:
    fiches = {each.check: each for each in view.checks}
    return {
        "name": "cyberaudit",
        "version": __version__,
        "language": "fr",
        "rules": [_rule(each, fiches.get(each.check)) for each in point_lines.one_of_each_check(view)],
    }


def _rule(point: PointView, fiche: CheckView | None) -> Json:
    told = {"fullDescription": _text(*_told(fiche.why)), "help": _text(*_help(point, fiche))} if fiche else {}
    return {
        "id": line(point.check),
        "shortDescription": _text(point.question),
        **told,
        "properties": {"tags": [line(point.theme)], "measure": line(point.measure)},
    }


def _help(point: PointView, fiche: CheckView) -> list[str]:
    """How it is mended, what the check does not see, on what it stands."""
    lines = [f"Corriger{NBSP}:", *_told(fiche.fix), f"Mesure{NBSP}: {point.measure_title}"]
    lines += [f"Limites{NBSP}:", *_told(fiche.limits)] if fiche.limits else []
    return lines + [f"Source{NBSP}: {point_lines.cited(each)}" for each in point.sources]


def _told(fiche: str) -> list[str]:
    return [each for each in point_lines.paragraphs(fiche) if each]


def _invocation(view: ReportView, rules: Mapping[str, int]) -> Json:
    """Whether the scan went to its end, and what broke on the way: ours, never the town's."""
    crashed = [each for each in view.points if each.status is Status.ERROR]
    return {
        "executionSuccessful": not view.partial and not crashed,
        "startTimeUtc": _utc(view.as_of),
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": _text(point_lines.sentence(each)),
                "associatedRule": {"id": line(each.check), "index": rules[each.check]},
            }
            for each in crashed
        ]
        + [{"level": "warning", "message": _text(warning)} for warning in view.warnings],
    }


def _summary(view: ReportView) -> Json:
    """The level, for whoever wants one number."""
    level = view.level
    return {
        "level": {"word": level.word, "low": level.shown_low, "high": level.shown_high},
        "answered": level.answered,
        "asked": level.asked,
    }


def _result(
    point: PointView, view: ReportView, rules: Mapping[str, int], places: Mapping[str, Place]
) -> Json:
    kind = _kind(point)
    # §3.27.25: only a failure has a rank.
    rank = {"rank": 100.0 * point.risk / _WORST_RISK} if kind == "fail" else {}
    return {
        "ruleId": line(point.check),
        "ruleIndex": rules[point.check],
        "kind": kind,
        "level": _level(point) if kind == "fail" else "none",
        **rank,
        "message": _text(point_lines.sentence(point), *map(point_lines.detail, point_lines.details(point))),
        "locations": [_location(point, places.get(point.asset))],
        "partialFingerprints": {FINGERPRINT: line(point.identity)},
        **_baseline(point),
        # §3.27.23: for all the results of a run, or for none.
        "suppressions": [_suppression(point, view)] if point.waived else [],
        "properties": _properties(point),
    }


def _baseline(point: PointView) -> Json:
    """§3.27.24: every point that was asked before is in both; what became of it is in the properties."""
    match point.since_last:
        case None:
            return {}
        case Transition.NEW | Transition.NEW_CHECK:
            return {"baselineState": "new"}
        case Transition.SAME:
            return {"baselineState": "unchanged"}
        case _:
            return {"baselineState": "updated"}


def _gone(view: ReportView) -> list[PointChange]:
    """Points of the visit before whose thing has left the profile: never solved."""
    told = {each.identity for each in view.points}
    return [each for each in (view.changes.points if view.changes else ()) if each.point not in told]


def _absent(gone: PointChange, places: Mapping[str, Place]) -> Json:
    named = _named(gone.asset_name, gone.asset)
    return {
        "ruleId": line(gone.check),
        "kind": "notApplicable",
        "level": "none",
        "message": _text(f"{gone.asset_name}{NBSP}: {gone.word}."),
        "locations": [_at(named, places.get(gone.asset))],
        "partialFingerprints": {FINGERPRINT: line(gone.point)},
        "baselineState": "absent",
        "suppressions": [],
    }


def _kind(point: PointView) -> str:
    """§3.27.9: « review » is for a person to answer, « open » is what could not be decided."""
    match point.status:
        case Status.FAIL | Status.PARTIAL:
            return "fail"
        case Status.PASS:
            return "pass"
        case Status.NOT_APPLICABLE:
            return "notApplicable"
        case Status.UNKNOWN if point.reason in _FOR_A_PERSON:
            return "review"
        case _:
            return "open"


def _level(point: PointView) -> str:
    if point.risk >= _ERROR_FROM:
        return "error"
    return "warning" if point.risk >= _WARNING_FROM else "note"


def _location(point: PointView, place: Place | None) -> Json:
    return _at(_named(point.asset_name, point.asset), place)


def _named(name: str, asset: str) -> Json:
    return {"name": line(name), "fullyQualifiedName": line(asset), "kind": "resource"}


def _at(named: Json, place: Place | None) -> Json:
    if place is None:
        return {"logicalLocations": [named]}
    physical = {
        "artifactLocation": _artifact(place.file),
        "region": {"startLine": place.line, "startColumn": place.column},
    }
    return {"physicalLocation": physical, "logicalLocations": [named]}


def _artifact(file: str) -> Json:
    """The profile as the person named it; of a whole path, its name alone, for the rest tells of this machine.

    §3.14.14: a base without an address says that it is not told, on purpose.
    """
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": quote(path.name), "uriBaseId": FOLDER}
    return {"uri": quote(path.as_posix())}


def _bases(places: Mapping[str, Place]) -> Json:
    """What `FOLDER` stands for, when a location is told by it."""
    if not any(PurePath(each.file).is_absolute() for each in places.values()):
        return {}
    return {"originalUriBaseIds": {FOLDER: {"description": _text("Le dossier où se trouve le profil.")}}}


def _suppression(point: PointView, view: ReportView) -> Json:
    """The written decision of an élu, which stands in the profile and not beside the result."""
    return {
        "kind": "external",
        "status": "accepted",
        "justification": point_lines.accepted(point, view),
    }


def _properties(point: PointView) -> Json:
    return {
        "status": point.status,
        "reason": line(point.reason),
        "theme": line(point.theme),
        "impact": point.impact,
        "likelihood": point.likelihood,
        "risk": point.risk,
        "basis": point.basis,
        "standsOn": line(point.stands_on),
        "contradiction": point.contradiction,
        "looked": point.looked,
        **({"sinceLast": point.since_last} if point.since_last else {}),
        "vantage": line(point.vantage),
        "seenAt": _utc(point.seen_at),
        "measure": line(point.measure),
        "items": [
            {"key": line(each.key), "status": each.status, "reason": line(each.reason)}
            for each in point.items
        ],
        "evidence": [{"label": label, "value": value} for label, value in point_lines.proofs(point)],
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _text(*lines: str) -> Json:
    """A message of one paragraph a line; nothing in it is a placeholder (§3.11.5) or a link (§3.11.6)."""
    text = "\n".join(line(each) for each in lines if each)
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "\\](")}

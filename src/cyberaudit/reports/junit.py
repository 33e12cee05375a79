"""The points for a continuous integration server: JUnit XML, as the schema `junit-10.xsd` of Jenkins wants it.

An open point is a failure, a crashed check an error; what could not be seen, does not arise or was accepted by an
élu is skipped, and its `type` says which.
"""

from collections.abc import Sequence
from datetime import UTC
from xml.etree import ElementTree as ET

from cyberaudit.french import NBSP
from cyberaudit.model import Status
from cyberaudit.reports import point_lines
from cyberaudit.reports.point_lines import line
from cyberaudit.reports.themes import theme_name
from cyberaudit.reports.words import PointView, ReportView

FAILURE, ERROR, SKIPPED = "failure", "error", "skipped"
ACCEPTED = "accepted"
"""The type of a point that is open, and whose risk an élu accepted."""


def render(view: ReportView) -> str:
    """One suite a theme, one case a point."""
    # What another party wrote stays readable in what is written: the tree escapes every text.
    root = ET.Element("testsuites", {"name": line(view.title), **_counts(view.points)})
    for theme in dict.fromkeys(point.theme for point in view.points):
        _suite(root, theme, view)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def outcome(point: PointView) -> str:
    """`failure`, `error` or `skipped`; empty for a point in order."""
    match point.status:
        case Status.PASS:
            return ""
        case Status.FAIL | Status.PARTIAL:
            return SKIPPED if point.waived else FAILURE
        case Status.ERROR:
            return ERROR
        case _:
            return SKIPPED


def _counts(points: Sequence[PointView]) -> dict[str, str]:
    found = [outcome(point) for point in points]
    return {
        "tests": str(len(points)),
        "failures": str(found.count(FAILURE)),
        "errors": str(found.count(ERROR)),
    }


def _suite(root: ET.Element, theme: str, view: ReportView) -> None:
    points = [point for point in view.points if point.theme == theme]
    skipped = sum(outcome(point) == SKIPPED for point in points)
    suite = ET.SubElement(
        root,
        "testsuite",
        {
            "name": line(theme_name(theme)),
            **_counts(points),
            "skipped": str(skipped),
            "timestamp": f"{view.as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        },
    )
    for point in points:
        _case(suite, point, view)


def _case(suite: ET.Element, point: PointView, view: ReportView) -> None:
    name = line(f"{point.question} — {point_lines.named(point)}")
    case = ET.SubElement(suite, "testcase", {"classname": line(point.check), "name": name})
    if found := outcome(point):
        accepted = found == SKIPPED and point.status.is_open
        message = point_lines.accepted(point, view) if accepted else point_lines.sentence(point)
        kind = ACCEPTED if accepted else point.status
        told = ET.SubElement(case, found, {"type": kind, "message": message})
        fix = next((each.fix for each in view.checks if each.check == point.check), "")
        told.text = "\n".join(_what_to_do(point, fix)) if point.status.is_open else ""
    ET.SubElement(case, "system-out").text = "\n".join(_how_it_is_known(point))


def _what_to_do(point: PointView, fix: str) -> list[str]:
    details = [point_lines.detail(item) for item in point_lines.details(point)]
    how = [f"Corriger{NBSP}:", *(each for each in point_lines.paragraphs(fix) if each)] if fix else []
    return [*details, *how, line(f"Mesure{NBSP}: {point.measure_title} ({point.measure})")]


def _how_it_is_known(point: PointView) -> list[str]:
    lines = [point.sentence] if not outcome(point) else []
    lines += [f"{label} = {value}" for label, value in point_lines.proofs(point)]
    lines += [point.stands_on] if point.stands_on else []
    return [
        line(each) for each in (*lines, f"Statut{NBSP}: {point.status}", f"Identité{NBSP}: {point.identity}")
    ]

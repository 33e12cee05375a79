"""What `look` prints: each question, its answer, the proof."""

import json
import textwrap

from cyberaudit.facts.codec import encode
from cyberaudit.model import Audit, Finding
from cyberaudit.reports.words import Mark


def points(audit: Audit, *, width: int) -> str:
    """Every finding with its items and evidence, what is to be done first."""
    order = list(Mark)
    found = sorted(audit.findings, key=lambda finding: order.index(Mark.of(finding.status)))
    return "\n".join("\n".join(_point(finding, width)) for finding in found) + "\n"


def _point(finding: Finding, width: int) -> list[str]:
    mark = Mark.of(finding.status)
    lines = _hanging(f"{mark.sign} {mark.value} : {finding.verdict.text}  [{finding.check}]", width, "")
    for item in finding.verdict.items:
        lines += _hanging(f"- {Mark.of(item.status).sign} {item.text}", width, "  ")
    for line in finding.verdict.evidence:
        lines += _hanging(f"{line.label} : {line.value}", width, "    ")
    return lines


def _hanging(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )


def as_document(audit: Audit) -> str:
    """The whole audit as JSON: facts as seen, findings as judged."""
    return json.dumps(encode(audit, Audit), ensure_ascii=False, indent=2)

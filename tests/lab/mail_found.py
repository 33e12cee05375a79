"""What a look said of each domain, against the truth about it."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cyberaudit.model import Status
from tests.lab.mail_truths import Codes, Truth

OPEN = frozenset({Status.PARTIAL, Status.FAIL})


@dataclass(frozen=True, slots=True)
class Said:
    """The codes said of one domain, whatever check said them."""

    open: Codes
    """Items that are partial or failed; of an open verdict without an open item, `CHECK:REASON`."""
    unknown: Codes
    crashed: Codes
    """Checks that ended by an error."""
    statuses: Mapping[str, Status]
    """Of each check."""

    def faults(self, truth: Truth) -> list[str]:
        """What is wrong with it; nothing: it is right."""
        return [
            *(f"not found: {code}" for code in sorted(truth.open - self.open)),
            *(f"accused of: {code}" for code in sorted(self.open - truth.open - truth.also)),
            *(f"not said unknown: {code}" for code in sorted(truth.unknown - self.unknown)),
            *(f"crashed: {check}" for check in sorted(self.crashed)),
        ]


def alike(one: Said, other: Said) -> bool:
    """The same findings. Why nothing is said may differ: a resolver that validates keeps bogus answers back, so that
    what is not there and what cannot be believed look alike behind it."""
    return (one.open, _told(one)) == (other.open, _told(other))


def _told(said: Said) -> dict[str, Status]:
    silent = (Status.UNKNOWN, Status.NOT_APPLICABLE)
    return {check: status for check, status in said.statuses.items() if status not in silent}


def said_of(document: str) -> dict[str, Said]:
    """By domain, from what `look domain --json` prints."""
    findings: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for finding in json.loads(document)["findings"]:
        findings[finding["asset"].removeprefix("domain/")].append(finding)
    return {domain: _said(mine) for domain, mine in findings.items()}


def _said(findings: list[dict[str, Any]]) -> Said:
    codes = [each for finding in findings for each in _codes(finding)]
    return Said(
        open=frozenset(code for code, status in codes if status in OPEN),
        unknown=frozenset(code for code, status in codes if status is Status.UNKNOWN),
        crashed=frozenset(code for code, status in codes if status is Status.ERROR),
        statuses={finding["check"]: Status(finding["verdict"]["status"]) for finding in findings},
    )


def _codes(finding: dict[str, Any]) -> Iterator[tuple[str, Status]]:
    verdict = finding["verdict"]
    items = [(item["reason"], Status(item["status"])) for item in verdict["items"]]
    yield from items
    status = Status(verdict["status"])
    alike = OPEN if status in OPEN else {status}
    if not alike & {each for _, each in items}:
        yield f"{finding['check']}:{verdict['reason']}", status

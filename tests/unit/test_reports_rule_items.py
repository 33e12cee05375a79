"""Rules of a guide in the report: one line for the secretary, all of them for the contractor and for machines."""

import json
from dataclasses import replace

import pytest

from cyberaudit.french import NBSP
from cyberaudit.model import Finding, Item, Status
from cyberaudit.reports import json_report
from cyberaudit.reports.console import Detail, render
from cyberaudit.reports.rule_items import folded, is_technical, rule_order
from cyberaudit.reports.words import ReportView
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit

SUITE = "TLS_RSA_WITH_RC4_128_SHA"


def item(key: str, status: Status = Status.FAIL) -> Item:
    return Item(key, status, "fault", f"Chiffrement à écarter : {SUITE} ({key}).")


def access(check: str, name: str, *items: Item) -> Finding:
    found = samples.finding(
        check,
        f"vpn/{name.rsplit(maxsplit=1)[-1]}",
        Status.FAIL,
        f"« {name} » accepte encore un chiffrement dépassé.",
        measure_id="encrypt-mail",
        reason="fault",
        items=items,
    )
    return replace(found, asset_name=name)


AGENTS, CONTRACTOR = "Accès des agents", "Accès du prestataire"
FINDINGS = (
    access("vpn.protocols", CONTRACTOR, item("R4"), item("tls")),
    access("vpn.suites", AGENTS, item("R10-"), item("R9"), item("suites", Status.UNKNOWN)),
    access("vpn.session-options", CONTRACTOR, item("fallback"), item("R3")),
)


def view() -> ReportView:
    return samples.view_of(list(FINDINGS), samples.town())


def text_of(detail: Detail) -> str:
    text = render(view(), width=100, simple=True, detail=detail, colour=False)
    return " ".join(text.replace(NBSP, " ").split())


@pytest.mark.parametrize(
    ("key", "technical"),
    [
        ("R4", True),
        ("R10-", True),
        ("R6 2001:db8::1", True),
        ("R26 intermédiaire", True),
        ("suites", True),
        ("fallback 192.0.2.1", True),
        ("tls", False),
        ("tcp/3389", False),
        ("R2D2.example", False),
        ("", False),
    ],
)
def test_rules_and_what_stands_beside_them_are_technical(key: str, technical: bool) -> None:
    assert is_technical(key) is technical


def test_rules_come_by_their_numbers_after_what_is_told_in_plain_words() -> None:
    keys = ("suites", "R10-", "R9 192.0.2.1", "", "R4", "tcp/443")
    assert sorted(keys, key=rule_order) == ["", "tcp/443", "R4", "R9 192.0.2.1", "R10-", "suites"]


def test_the_secretary_reads_one_line_an_access_and_measure() -> None:
    text = text_of(Detail.ALL)
    listed = text.partition("Points à traiter :")[2]
    assert listed.index(f"{CONTRACTOR} : chiffrement à écarter : {SUITE} (tls).") < listed.index(
        f"- {CONTRACTOR} : chiffrement à refaire, 3 points (détail : option --technical)."
    )
    assert f"- {AGENTS} : chiffrement à refaire, 2 points (détail : option --technical)." in listed
    assert text.count(SUITE) == 2


def test_a_card_counts_what_is_wrong_and_what_was_not_seen_apart() -> None:
    text = text_of(Detail.ALL)
    assert (
        "✗ Chiffrement à refaire, 2 points (détail : option --technical). "
        "? Chiffrement à vérifier, 1 point (détail : option --technical)." in text
    )


def test_the_contractor_reads_every_rule_by_access_then_by_number() -> None:
    text = text_of(Detail.TECHNICAL)
    listed = text.partition("Points à traiter :")[2].partition("Mesure :")[0]
    order = [listed.index(f"({key})") for key in ("tls", "R3", "R4", "fallback", "R9", "R10-")]
    assert order == sorted(order)
    assert "Chiffrement à refaire," not in text
    assert "[R10-]" not in listed  # The sentence of this sample already holds it.


def test_the_json_report_keeps_every_rule() -> None:
    document = json.loads(json_report.render(view()))
    keys = [entry["key"] for point in document["points"] for entry in point["items"]]
    assert sorted(keys) == sorted(each.key for one in FINDINGS for each in one.verdict.items)


def test_where_nothing_is_technical_nothing_is_folded() -> None:
    listed = tuple(each for action in samples.busy_view().next_actions for each in action.to_treat)
    assert set(folded(listed)) == set(listed)

"""The codes that programs read: one for each fault, the same in every report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.model import Item, Status, Verdict
from cyberaudit.sdk import coded

pytestmark = pytest.mark.unit

FAIL = Status.FAIL


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("no-record", "spf.missing"),
        ("several-records", "spf.multiple"),
        ("include-several-records", "spf.multiple"),
        ("include-syntax", "spf.syntax"),
        ("broken-redirect", "spf.include_no_record"),
        ("too-many-lookups", "spf.too_many_lookups"),
        ("parked.spf", "parked.spf"),
        ("", ""),
    ],
)
def test_an_item_gets_the_code_of_its_family(reason: str, code: str) -> None:
    verdict = Verdict(FAIL, "Non.", "x", (Item("a", FAIL, reason, "Non."),))
    assert coded(verdict, family="spf", key="mairie.example").items[0].reason == code


def test_a_fault_told_without_items_becomes_one_about_the_domain() -> None:
    verdict = coded(Verdict(FAIL, "Aucune liste.", "no-record"), family="spf", key="mairie.example")
    assert verdict.reason == "no-record"
    assert verdict.items == (Item("mairie.example", FAIL, "spf.missing", "Aucune liste."),)


def test_beside_what_is_in_order_a_fault_is_told_first() -> None:
    note = Item("a", Status.PASS, "shared-include", "Partagée.")
    verdict = coded(Verdict(Status.PARTIAL, "Sans fin.", "no-all", (note,)), family="spf", key="d")
    assert [item.reason for item in verdict.items] == ["spf.no_all", "spf.shared_include"]


@pytest.mark.parametrize("status", [Status.PASS, Status.UNKNOWN, Status.NOT_APPLICABLE])
def test_what_is_no_fault_gets_no_item(status: Status) -> None:
    assert coded(Verdict(status, "Bien.", "undecided"), family="spf", key="d").items == ()


@given(status=st.sampled_from(Status), reason=st.text("abc-._", max_size=9))
def test_no_status_changes_and_a_code_stays_when_it_is_coded_again(status: Status, reason: str) -> None:
    once = coded(Verdict(status, "Texte.", reason), family="spf", key="d")
    assert (once.status, once.reason) == (status, reason)
    assert coded(once, family="spf", key="d") == once

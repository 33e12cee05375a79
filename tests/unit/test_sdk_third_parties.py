"""An intrusive test that was not tried: whose servers are they?"""

from dataclasses import replace
from datetime import date

import pytest

from cyberaudit.declared import Authorization
from cyberaudit.model import Item, Reason, Status, Verdict
from cyberaudit.sdk import Context, unless_third_partys
from tests.unit import towns

pytestmark = pytest.mark.unit

UNTRIED = "ns1.hebergeur.example : non vérifié, serveur d'un tiers."
THEIRS = Item("ns1.hebergeur.example 192.0.2.53", Status.UNKNOWN, Reason.NOT_AUTHORIZED, UNTRIED)
MUTE = Item("ns2.hebergeur.example 192.0.2.54", Status.UNKNOWN, Reason.TIMEOUT, "Muet.")
CLOSED = Item("ns3.hebergeur.example 192.0.2.55", Status.PASS, "", "Refuse.")


def judged(*items: Item, status: Status = Status.UNKNOWN, signed: tuple[str, ...] = ()) -> Verdict:
    town = towns.town(towns.domain())
    if signed:
        permission = Authorization("Mme X", "maire", date(2026, 1, 1), date(2027, 1, 1), signed, (), ())
        town = replace(town, authorization=permission)
    context = Context(towns.NOW, towns.domain(), None, town)
    return unless_third_partys(Verdict(status, "Non vu.", "x", items), context, test="dns-transfer")


def test_servers_of_a_third_party_raise_no_question() -> None:
    verdict = judged(THEIRS)
    assert (verdict.status, verdict.items) == (Status.NOT_APPLICABLE, (THEIRS,))


def test_a_town_that_signed_for_its_servers_is_told_which_test_to_name() -> None:
    verdict = judged(THEIRS, signed=("192.0.2.0/24",))
    assert verdict.status is Status.UNKNOWN
    assert "« dns-transfer »" in verdict.text
    assert [item.text for item in verdict.items] == ["ns1.hebergeur.example : non vérifié."]
    assert judged(THEIRS, signed=("198.51.100.0/24",)).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    "key", [f"ns1.{towns.domain().domain} 192.0.2.53", f"{towns.domain().domain} 192.0.2.53"]
)
def test_a_server_that_bears_the_town_s_name_is_not_said_to_be_another_s(key: str) -> None:
    verdict = judged(replace(THEIRS, key=key))
    assert verdict.status is Status.UNKNOWN
    assert "tiers" not in verdict.text + verdict.items[0].text
    assert judged(replace(THEIRS, key=f"x{key}".replace("xns1.", "ns1.x"))).status is Status.NOT_APPLICABLE


def test_a_server_at_an_address_that_the_town_declares_is_its_own() -> None:
    town = towns.town(towns.domain(), towns.host("mairie"))
    context = Context(towns.NOW, towns.domain(), None, town)
    for address, status in (("192.0.2.1", Status.UNKNOWN), ("192.0.2.2", Status.NOT_APPLICABLE)):
        items = (replace(THEIRS, key=f"ns1.hebergeur.example {address}"),)
        seen = Verdict(Status.UNKNOWN, "Non vu.", "x", items)
        assert unless_third_partys(seen, context, test="dns-transfer").status is status


def test_nothing_is_said_of_servers_that_were_not_all_found() -> None:
    town = towns.town(towns.domain())
    context = Context(towns.NOW, towns.domain(), None, town)
    seen = Verdict(Status.UNKNOWN, "Non vu.", "x", (THEIRS,))
    assert unless_third_partys(seen, context, test="dns-transfer", whole=False) == seen


@pytest.mark.parametrize("items", [(THEIRS, MUTE), (THEIRS, CLOSED), (MUTE,), ()])
def test_what_was_tried_at_all_keeps_its_verdict(items: tuple[Item, ...]) -> None:
    assert judged(*items).status is Status.UNKNOWN


def test_a_fault_is_a_fault() -> None:
    assert judged(THEIRS, status=Status.FAIL).status is Status.FAIL

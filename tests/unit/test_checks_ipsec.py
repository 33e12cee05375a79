"""IPsec checks: gateways to verdicts, table by table."""

from dataclasses import replace

import pytest

from cyberaudit.declared import Vpn, VpnKind
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.ike import IkeSaid, IpsecEndpoint
from cyberaudit.facts.ike_samples import (
    BAD_GATEWAY,
    CHOOSY_GATEWAY,
    CLOSED_GATEWAY,
    GOOD_GATEWAY,
    GOOD_SERVER,
    HALF_SEEN_GATEWAY,
    HASH_GATEWAY,
    MUTE_GATEWAY,
    MUTE_V1_GATEWAY,
    NO_ADDRESS_GATEWAY,
    OLD_V1,
    OLD_VERSION_GATEWAY,
    PARTLY_SEEN_GATEWAY,
    REFUSED_V1,
    STRONG_V2,
    TWO_LINES_GATEWAY,
    WEAK_GROUP_GATEWAY,
    WEAK_V2_GATEWAY,
    gateway,
)
from cyberaudit.model import Reason, Status, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, FAIL, UNKNOWN = Status.PASS, Status.FAIL, Status.UNKNOWN
ENDPOINT = Vpn("sites", "sites", (), host="box", type=VpnKind.IPSEC, hostname="", port="")


def ask(check_id: str, facts: IpsecEndpoint) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    return check.function(facts, Context(towns.NOW, ENDPOINT, check.settings(), towns.town(ENDPOINT)))


@pytest.mark.parametrize(
    ("facts", "status", "reason"),
    [
        (GOOD_GATEWAY, PASS, ""),
        (WEAK_V2_GATEWAY, PASS, ""),
        (TWO_LINES_GATEWAY, PASS, ""),
        (OLD_VERSION_GATEWAY, FAIL, "ikev1"),
        (HASH_GATEWAY, FAIL, "hash-sent"),
        (BAD_GATEWAY, FAIL, "hash-sent"),
        (MUTE_V1_GATEWAY, UNKNOWN, Reason.TIMEOUT),
        (MUTE_GATEWAY, UNKNOWN, Reason.TIMEOUT),
        (CLOSED_GATEWAY, UNKNOWN, "undecided"),
        (CHOOSY_GATEWAY, UNKNOWN, "undecided"),
        (PARTLY_SEEN_GATEWAY, UNKNOWN, Reason.NOT_LOOKED),
        (NO_ADDRESS_GATEWAY, UNKNOWN, Reason.NOT_LOOKED),
        (gateway(replace(GOOD_SERVER, offers=(STRONG_V2,))), UNKNOWN, Reason.NOT_COLLECTED),
    ],
)
def test_only_ikev2_is_in_order(facts: IpsecEndpoint, status: Status, reason: str) -> None:
    verdict = ask("vpn.ipsec-version", facts)
    assert (verdict.status, verdict.reason) == (status, reason)


def test_a_hash_that_is_sent_raises_the_likelihood_and_shows_no_byte() -> None:
    verdict = ask("vpn.ipsec-version", HASH_GATEWAY)
    assert verdict.likelihood == 4
    assert [(item.key, item.reason) for item in verdict.items] == [("R9", "hash-sent"), ("R8", "ikev1")]
    assert "hors ligne" in verdict.items[0].text


def test_a_shared_key_alone_is_noted_beside_the_old_version() -> None:
    facts = gateway(replace(GOOD_SERVER, offers=(STRONG_V2, OLD_V1)))
    items = {item.key: item.reason for item in ask("vpn.ipsec-version", facts).items}
    assert items == {"R9": "shared-key", "R8": "ikev1"}
    assert {item.key for item in ask("vpn.ipsec-version", OLD_VERSION_GATEWAY).items} == {"R8"}


@pytest.mark.parametrize(
    ("facts", "status", "reason"),
    [
        (GOOD_GATEWAY, PASS, ""),
        (OLD_VERSION_GATEWAY, PASS, ""),
        (TWO_LINES_GATEWAY, PASS, ""),
        (WEAK_V2_GATEWAY, FAIL, "weak-algorithm"),
        (WEAK_GROUP_GATEWAY, FAIL, "weak-algorithm"),
        (BAD_GATEWAY, FAIL, "weak-algorithm"),
        (HALF_SEEN_GATEWAY, UNKNOWN, Reason.TIMEOUT),
        (MUTE_V1_GATEWAY, UNKNOWN, Reason.TIMEOUT),
        (MUTE_GATEWAY, UNKNOWN, Reason.TIMEOUT),
        (CLOSED_GATEWAY, UNKNOWN, "undecided"),
        (CHOOSY_GATEWAY, UNKNOWN, "undecided"),
        (PARTLY_SEEN_GATEWAY, UNKNOWN, Reason.NOT_LOOKED),
        (NO_ADDRESS_GATEWAY, UNKNOWN, Reason.NOT_LOOKED),
    ],
)
def test_only_solid_algorithms_are_in_order(facts: IpsecEndpoint, status: Status, reason: str) -> None:
    verdict = ask("vpn.ipsec-algorithms", facts)
    assert (verdict.status, verdict.reason) == (status, reason)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"ciphers": ("des",)}, "R14"),
        ({"macs": ("md5",)}, "R14"),
        ({"prfs": ("prf-md5",)}, "R14"),
        ({"ciphers": ("3des",)}, "R15"),
        ({"macs": ("sha1",)}, "R15"),
        ({"prfs": ("prf-sha1",)}, "R15"),
        *(({"groups": (number,)}, "R16") for number in (1, 2, 5, 22, 23, 24, 25)),
        ({"ciphers": ("null",)}, "null"),
    ],
)
def test_each_algorithm_falls_under_its_rule(changes: dict[str, tuple[str, ...]], rule: str) -> None:
    for version in (0, 1):
        offers = [STRONG_V2, replace(REFUSED_V1, answer=IkeSaid.ACCEPTED)]
        offers[version] = replace(offers[version], **changes)  # type: ignore[arg-type]
        verdict = ask("vpn.ipsec-algorithms", gateway(replace(GOOD_SERVER, offers=tuple(offers))))
        assert [item.key for item in verdict.items] == [rule]


def test_groups_of_2048_bits_and_curves_are_solid() -> None:
    solid = replace(STRONG_V2, groups=(14, 15, 16, 17, 18, 19, 20, 21, 28, 29, 30, 31, 32))
    assert (
        ask("vpn.ipsec-algorithms", gateway(replace(GOOD_SERVER, offers=(solid, REFUSED_V1)))).status is PASS
    )


def test_a_fault_is_told_although_the_rest_was_not_seen() -> None:
    server = MUTE_V1_GATEWAY.servers[0]
    weak = replace(server, offers=(replace(STRONG_V2, ciphers=("3des",)), server.offers[1]))
    assert ask("vpn.ipsec-algorithms", gateway(weak)).status is FAIL


@pytest.mark.parametrize("check_id", ["vpn.ipsec-version", "vpn.ipsec-algorithms"])
@pytest.mark.parametrize("kind", list(VpnKind))
def test_the_question_arises_for_ipsec_and_for_l2tp(check_id: str, kind: VpnKind) -> None:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = replace(ENDPOINT, type=kind)
    assert check.concerns(asset, towns.town(asset)) is (kind in (VpnKind.IPSEC, VpnKind.L2TP))

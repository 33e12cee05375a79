"""IPsec checks: gateways to verdicts, table by table."""

from dataclasses import replace

import pytest

from cyberaudit.declared import Host, Vpn, VpnKind
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.ike import IkeSaid, IkeServer, IpsecEndpoint
from cyberaudit.facts.ike_samples import (
    BAD_GATEWAY,
    CHOOSY_GATEWAY,
    CLOSED_GATEWAY,
    DEAF_GATEWAY,
    GOOD_GATEWAY,
    GOOD_SERVER,
    HALF_SEEN_GATEWAY,
    HASH_GATEWAY,
    IGNORING_GATEWAY,
    MUTE_GATEWAY,
    MUTE_V1_GATEWAY,
    NO_ADDRESS_GATEWAY,
    OLD_ONLY_GATEWAY,
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
        (IGNORING_GATEWAY, PASS, ""),
        (OLD_ONLY_GATEWAY, FAIL, "ikev1"),
        (DEAF_GATEWAY, UNKNOWN, "undecided"),
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
        (IGNORING_GATEWAY, PASS, ""),
        (OLD_ONLY_GATEWAY, FAIL, "weak-algorithm"),
        (DEAF_GATEWAY, UNKNOWN, "undecided"),
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


def test_a_silence_among_answers_is_told_in_words() -> None:
    evidence = [line.value for line in ask("vpn.ipsec-version", IGNORING_GATEWAY).evidence]
    assert evidence.count("laisse sans réponse, et répond à d'autres questions") == 2
    assert "rien n'est accepté" in ask("vpn.ipsec-algorithms", IGNORING_GATEWAY).evidence[1].value


TAKES_NOTHING = replace(CHOOSY_GATEWAY.servers[0], address="192.0.2.2")
NOT_SEEN = replace(MUTE_GATEWAY.servers[0], address="192.0.2.2")
NO_CIPHER = replace(GOOD_SERVER, offers=(replace(STRONG_V2, ciphers=(), macs=(), prfs=()), REFUSED_V1))


@pytest.mark.parametrize("check_id", ["vpn.ipsec-version", "vpn.ipsec-algorithms"])
@pytest.mark.parametrize(
    ("other", "reason", "words"),
    [
        (TAKES_NOTHING, "undecided", "À l'adresse 192.0.2.2"),
        (replace(DEAF_GATEWAY.servers[0], address="192.0.2.2"), "undecided", "À l'adresse 192.0.2.2"),
        (NOT_SEEN, Reason.TIMEOUT, ""),
    ],
)
def test_each_address_is_judged(check_id: str, other: IkeServer, reason: str, words: str) -> None:
    for servers in ((GOOD_SERVER, other), (other, GOOD_SERVER)):
        verdict = ask(check_id, gateway(*servers))
        assert (verdict.status, verdict.reason) == (UNKNOWN, reason)
        assert words in verdict.text
    assert ask(check_id, gateway(GOOD_SERVER, replace(GOOD_SERVER, address="192.0.2.2"))).status is PASS


@pytest.mark.parametrize("check_id", ["vpn.ipsec-version", "vpn.ipsec-algorithms"])
def test_where_all_is_refused_nothing_can_be_judged_from_here(check_id: str) -> None:
    verdict = ask(check_id, gateway(CHOOSY_GATEWAY.servers[0], TAKES_NOTHING))
    assert verdict.status is UNKNOWN
    assert "n'accepte rien d'un inconnu" in verdict.text


def test_a_gateway_that_takes_something_without_a_cipher_was_not_seen() -> None:
    verdict = ask("vpn.ipsec-algorithms", gateway(NO_CIPHER))
    assert (verdict.status, verdict.reason) == (UNKNOWN, Reason.NOT_COLLECTED)


@pytest.mark.parametrize("check_id", ["vpn.ipsec-version", "vpn.ipsec-algorithms"])
def test_a_pass_says_whom_it_speaks_of(check_id: str) -> None:
    assert "n'accepte d'un inconnu que" in ask(check_id, GOOD_GATEWAY).text


L2TP = replace(ENDPOINT, id="l2tp", type=VpnKind.L2TP, port="udp/1701")
TWICE = replace(ENDPOINT, id="again", port="udp/4500")
APART = replace(ENDPOINT, id="apart", port="udp/5500")
ELSEWHERE = replace(L2TP, id="elsewhere", host="other")


@pytest.mark.parametrize("check_id", ["vpn.ipsec-version", "vpn.ipsec-algorithms"])
@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ((L2TP, ENDPOINT), (ENDPOINT,)),
        ((ENDPOINT, TWICE, L2TP), (ENDPOINT,)),
        ((TWICE, ENDPOINT), (TWICE,)),
        ((L2TP, replace(L2TP, id="again")), (L2TP,)),
        ((ENDPOINT, APART, L2TP), (ENDPOINT, APART)),
        ((APART, L2TP), (APART, L2TP)),
        ((ENDPOINT, ELSEWHERE), (ENDPOINT, ELSEWHERE)),
    ],
)
def test_what_one_gateway_shows_is_told_once(
    check_id: str, declared: tuple[Vpn, ...], told: tuple[Vpn, ...]
) -> None:
    check = CATALOGUE.check(check_id)
    assert check is not None
    town = towns.town(*declared)
    assert tuple(each for each in declared if check.concerns(each, town)) == told


def test_two_hosts_with_the_same_addresses_are_one_gateway() -> None:
    check = CATALOGUE.check("vpn.ipsec-version")
    assert check is not None
    box, other = (
        Host(name, name, (), "outside", ("192.0.2.1",), (), "", "", "") for name in ("box", "other")
    )
    town = towns.town(box, other, ENDPOINT, ELSEWHERE)
    assert [check.concerns(each, town) for each in (ENDPOINT, ELSEWHERE)] == [True, False]


def test_the_letter_the_fiche_and_the_check_name_the_same_groups() -> None:
    fiche = CATALOGUE.fiches["vpn.ipsec-algorithms"].fix
    letter = CATALOGUE.remedies.measures["modern-ipsec"].contractor
    assert all("les groupes 1, 2, 5 et 22 à 27" in text for text in (fiche, letter))
    for group in (22, 23, 24, 25, 26, 27):
        weak = gateway(replace(GOOD_SERVER, offers=(replace(STRONG_V2, groups=(group,)), REFUSED_V1)))
        assert ask("vpn.ipsec-algorithms", weak).status is FAIL


def test_a_rule_that_no_answer_shows_is_no_source_of_the_check() -> None:
    check = CATALOGUE.check("vpn.ipsec-algorithms")
    assert check is not None
    assert "IPSEC R12" not in check.sources


@pytest.mark.parametrize("check_id", ["vpn.ipsec-version", "vpn.ipsec-algorithms"])
@pytest.mark.parametrize("kind", list(VpnKind))
def test_the_question_arises_for_ipsec_and_for_l2tp(check_id: str, kind: VpnKind) -> None:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = replace(ENDPOINT, type=kind)
    assert check.concerns(asset, towns.town(asset)) is (kind in (VpnKind.IPSEC, VpnKind.L2TP))

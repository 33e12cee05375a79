"""The words and the rules by which TLS is judged, apart from any check."""

import re
from dataclasses import replace

import pytest

from cyberaudit.facts.tls_endpoint import VERSIONS, TlsEndpoint, TlsServer, VersionOffer
from cyberaudit.facts.tls_endpoint_samples import (
    BAD_SERVER,
    GOOD_SERVER,
    HOSTILE_SERVER,
    LOST,
    ONLY_TLS_1_3,
    SAMPLES,
    answering,
    offering,
    serving,
    unseen,
)
from cyberaudit.facts.tls_suite_list import SUITES
from cyberaudit.facts.tls_suites import suite
from cyberaudit.model import Reason, Status, Unreachable
from cyberaudit.reports.amounts import after_colon
from cyberaudit.sdk.tls import (
    BEFORE_1_3,
    CURRENT,
    FRENCH_VERSIONS,
    few,
    listening,
    many,
    may_speak,
    offer_of,
)
from cyberaudit.sdk.tls_exchange import exchange_evidence, exchange_items
from cyberaudit.sdk.tls_options import option_evidence, option_items
from cyberaudit.sdk.tls_suites import SUITE_RULES, broken_rules, suite_evidence, suite_items
from cyberaudit.sdk.tls_versions import version_evidence, version_items
from cyberaudit.sdk.verdicts import EVIDENCE_LIMIT, SENTENCE_LIMIT

pytestmark = pytest.mark.unit

# What the guide's appendix recommends for TLS 1.3 and TLS 1.2
RECOMMENDED = (
    0x1302, 0x1301, 0x1304, 0x1303,
    0xC02C, 0xC02B, 0xC0AD, 0xC0AC, 0xCCA9, 0xC030, 0xC02F, 0xCCA8,
)  # fmt: skip
ITEMS = (version_items, suite_items, exchange_items, option_items)
EVIDENCE = (version_evidence, suite_evidence, exchange_evidence, option_evidence)
ALL_CODES = tuple(int(line.split()[0], 16) for line in SUITES.splitlines())


@pytest.mark.parametrize("code", RECOMMENDED, ids=lambda code: suite(code).name)
def test_what_the_guide_recommends_breaks_no_rule(code: int) -> None:
    assert broken_rules(code, encrypt_then_mac=False) == ()


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        (0x0000, ("R6", "R9", "R11")),
        (0x0003, ("R6", "R9", "R11")),
        (0x000A, ("R6", "R9", "R10", "R11")),
        (0x0034, ("R5", "R10", "R11")),
        (0x0033, ("R10", "R11")),
        (0x0087, ("R8", "R9-", "R10", "R11")),
        (0xC0A9, ("R6", "R8-", "R10")),
        (0x010080, ("R6", "R9", "R11")),
        (0x1305, ("R10",)),
        (0xEEEE, ()),
    ],
)
def test_the_rules_that_a_suite_breaks_come_in_the_order_of_the_guide(
    code: int, rules: tuple[str, ...]
) -> None:
    assert broken_rules(code, encrypt_then_mac=False) == rules


def test_encrypt_then_mac_changes_cbc_alone() -> None:
    for code in ALL_CODES:
        with_it, without = (broken_rules(code, encrypt_then_mac=proof) for proof in (True, False))
        assert (with_it != without) is (suite(code).mode == "CBC")
        assert broken_rules(code, encrypt_then_mac=LOST) == with_it


def test_every_suite_outside_the_recommended_ones_is_current_or_breaks_a_rule() -> None:
    sound = {code for code in ALL_CODES if not broken_rules(code, encrypt_then_mac=True)}
    assert set(RECOMMENDED) <= sound
    for code in sound:
        one = suite(code)
        assert one.is_of_tls13 or one.exchange in ("ECDHE", "DHE", "CECPQ1"), one.name
        assert one.cipher in ("AES", "CHACHA20"), one.name
        assert one.is_aead, one.name


def test_degraded_forms_are_partial_and_the_others_fail() -> None:
    for rule in SUITE_RULES:
        assert (rule.status is Status.PARTIAL) is rule.name.endswith("-")


def test_few_names_are_all_told_and_many_counted() -> None:
    assert few([]) == ""
    assert few(["a"]) == "a"
    assert few(["a", "b", "c"]) == "a, b et c"
    assert few(["a", "b", "c", "d"]) == "a, b, c et d"
    assert few(["a", "b", "c", "d", "e"]) == "a, b, c et 2\u00a0autres"


def test_a_sentence_holds_whole_names_and_always_one() -> None:
    assert few(["a" * 45] * 3) == f"{'a' * 45}, {'a' * 45} et 1\u00a0autre"
    assert few(["a" * 150, "b"]) == f"{'a' * 150} et 1\u00a0autre"


def test_every_item_may_stand_after_a_colon() -> None:
    names = re.compile(r"(SSL|TLS|Diffie-Hellman)\b")
    servers = [server for facts in SAMPLES if isinstance(facts, TlsEndpoint) for server in facts.servers]
    items = [item for server in servers if server.met == "tls" for judge in ITEMS for item in judge(server)]
    texts = {item.text for item in items if not names.match(item.text)}
    assert len(texts) > 20
    assert [text for text in texts if not after_colon(text)[0].islower()] == []


def test_a_line_of_evidence_holds_whole_names() -> None:
    names = [suite(code).name for code in ALL_CODES]
    told = many(names)
    assert len(told) < EVIDENCE_LIMIT
    kept, _, others = told.rpartition(" et ")
    assert kept.split(", ") == names[: len(kept.split(", "))]
    assert others == f"{len(names) - len(kept.split(', '))}\u00a0autres"
    assert many(names[:2]) == ", ".join(names[:2])
    assert many([]) == ""


def test_every_version_has_its_french_name() -> None:
    assert tuple(FRENCH_VERSIONS) == VERSIONS
    assert (*BEFORE_1_3, "TLSv1.3") == VERSIONS
    assert CURRENT == ("TLSv1.2", "TLSv1.3")


def test_a_version_that_was_not_asked_is_unreachable() -> None:
    offer = offer_of(replace(GOOD_SERVER, versions=()), "SSLv2")
    assert offer.accepted == offer.suites == offer.preference == Unreachable(Reason.NOT_COLLECTED)


def test_an_old_version_that_was_not_seen_opens_no_other_question() -> None:
    (server,) = ONLY_TLS_1_3.servers
    assert not may_speak(server, BEFORE_1_3)
    unclear = replace(server, versions=offering(unseen("SSLv2"), *server.versions[-1:]))
    assert not may_speak(unclear, BEFORE_1_3)
    assert may_speak(replace(server, versions=offering(unseen("TLSv1.2"))), BEFORE_1_3)


def test_where_the_connection_is_refused_nobody_listens() -> None:
    assert listening(serving(answering(Unreachable(Reason.REFUSED)))) == ()
    assert listening(serving(answering(LOST))) == (answering(LOST),)


@pytest.mark.parametrize("judge", ITEMS)
@pytest.mark.parametrize("server", [GOOD_SERVER, BAD_SERVER, HOSTILE_SERVER], ids=["good", "bad", "hostile"])
def test_one_item_a_rule_each_with_a_text_that_fits(judge: object, server: TlsServer) -> None:
    assert callable(judge)
    items = tuple(judge(server))
    assert len({item.key for item in items}) == len(items)
    for item in items:
        assert item.status in (Status.FAIL, Status.PARTIAL, Status.UNKNOWN)
        assert item.reason
        # An address may still come before it.
        assert len(item.text) <= SENTENCE_LIMIT - len("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff : ")


@pytest.mark.parametrize("told", EVIDENCE)
@pytest.mark.parametrize("server", [GOOD_SERVER, BAD_SERVER], ids=["good", "bad"])
def test_evidence_fits_on_its_line(told: object, server: TlsServer) -> None:
    assert callable(told)
    lines = tuple(told(server))
    assert lines
    assert all(line.label and 0 < len(line.value) <= EVIDENCE_LIMIT for line in lines)


def test_what_was_not_seen_is_told_as_such() -> None:
    blind = replace(
        GOOD_SERVER, versions=offering(unseen("TLSv1.2")), groups=LOST, dh_groups=LOST, options=LOST
    )
    lines = [line for told in EVIDENCE for line in told(blind)]
    assert sum("la connexion a été coupée" in line.value for line in lines) == 4


@pytest.mark.parametrize("offers", [(), (unseen("TLSv1"),)], ids=["all refused", "one unseen"])
def test_where_nothing_is_accepted_no_exchange_is_sound(offers: tuple[VersionOffer, ...]) -> None:
    nothing = replace(GOOD_SERVER, versions=offering(*offers), groups=(), dh_groups=(), signature_schemes=())
    (item,) = exchange_items(nothing)
    assert (item.key, item.status) == ("R7", Status.UNKNOWN)

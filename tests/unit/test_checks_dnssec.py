"""What is said of a domain's signatures: every fault by its name, nothing against what is sound or unseen."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cyberaudit.declared import Domain
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.conformance import COMMUNE
from cyberaudit.facts import dnssec_samples as known
from cyberaudit.facts.dnssec import Dnssec, Hashing, RecordSet
from cyberaudit.facts.dnssec_providers import hoster_of
from cyberaudit.facts.dnssec_samples import SOUND, bogus, left, sets
from cyberaudit.facts.mail_samples import DOMAIN, SEEN_ON
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from cyberaudit.town.single import town_of

pytestmark = pytest.mark.unit

CHECKS = {check.id: check for check in load_catalogue().checks}
ASSET = Domain("main", DOMAIN, (), DOMAIN, True, (), ())
LOST = Unreachable(Reason.TIMEOUT)


def judged(facts: Dnssec, check_id: str = "dns.dnssec") -> Verdict:
    check = CHECKS[check_id]
    context = Context(now=SEEN_ON, asset=ASSET, settings=check.settings(), town=town_of(COMMUNE, ASSET))
    return check.function(facts, context)


def strength(facts: Dnssec) -> Verdict:
    return judged(facts, "dns.dnssec-strength")


@pytest.mark.parametrize(
    ("facts", "status", "reason", "code"),
    [
        (known.NO_KEYS, Status.PARTIAL, "unsigned", "dnssec.unsigned"),
        (known.OPTED_OUT, Status.PARTIAL, "unsigned", "dnssec.unsigned"),
        (known.UNSUPPORTED, Status.PARTIAL, "unsigned", "dnssec.unsigned"),
        (known.ISLAND, Status.PARTIAL, "island", "dnssec.island"),
        (known.MISMATCH, Status.FAIL, "ds-mismatch", "dnssec.ds_mismatch"),
        (known.WITHOUT_KEY, Status.FAIL, "ds-without-dnskey", "dnssec.ds_without_dnskey"),
        (known.EXPIRED, Status.FAIL, "expired", "dnssec.expired"),
        (known.TOO_EARLY, Status.FAIL, "not-yet-valid", "dnssec.not_yet_valid"),
        (known.BAD_MX, Status.FAIL, "bogus", "dnssec.bogus"),
        (known.MX_ELSEWHERE, Status.PARTIAL, "mx-bogus", "dnssec.bogus"),
    ],
)
def test_each_fault_has_its_name(facts: Dnssec, status: Status, reason: str, code: str) -> None:
    verdict = judged(facts)
    assert (verdict.status, verdict.reason) == (status, reason)
    assert code in {item.reason for item in verdict.items}


@pytest.mark.parametrize("facts", [SOUND, known.ROLLING, known.SUBDOMAIN, known.COSTLY, known.ENDING])
def test_what_verifies_is_in_order(facts: Dnssec) -> None:
    assert judged(facts).status is Status.PASS


@pytest.mark.parametrize("facts", [known.STRIPPED, known.STRIPPED_UNSIGNED, known.NO_ANCHOR])
def test_what_could_not_be_verified_is_unknown(facts: Dnssec) -> None:
    assert judged(facts).status is Status.UNKNOWN


@pytest.mark.parametrize("facts", [known.NOWHERE, known.PARENT_UNSIGNED])
def test_the_question_does_not_arise(facts: Dnssec) -> None:
    assert judged(facts).status is Status.NOT_APPLICABLE


def test_a_whole_zone_that_is_false_is_one_item() -> None:
    verdict = judged(known.EXPIRED)
    assert [item.key for item in verdict.items if item.status.is_open] == [DOMAIN]
    assert verdict.likelihood == 4


def test_one_false_answer_is_named() -> None:
    assert [item.key for item in judged(known.BAD_MX).items if item.status.is_open] == [f"MX {DOMAIN}"]


THEIRS = RecordSet("mx.autre.example", "A", bogus("expired", known._PAST))


def test_a_provider_s_false_signature_is_not_the_domain_s() -> None:
    verdict = judged(replace(SOUND, mx_hosts=(THEIRS,)))
    assert THEIRS.name in verdict.text
    assert "disparaît" not in verdict.text
    assert verdict.likelihood is None
    assert [item.status for item in verdict.items] == [Status.PARTIAL]


@pytest.mark.parametrize(
    "facts", [known.NO_KEYS, known.ISLAND, known.EXPIRED, known.PARENT_UNSIGNED, known.STRIPPED]
)
def test_a_provider_s_false_signature_leaves_the_domain_s_own_verdict(facts: Dnssec) -> None:
    alone, beside = judged(replace(facts, mx_hosts=())), judged(replace(facts, mx_hosts=(THEIRS,)))
    assert (beside.status, beside.reason, beside.text) == (alone.status, alone.reason, alone.text)
    if alone.status is not Status.NOT_APPLICABLE:
        assert THEIRS.name in {item.key for item in beside.items}


def test_a_false_signature_on_the_domain_s_own_mail_server_is_its_own_fault() -> None:
    own = replace(SOUND, mx_hosts=(replace(THEIRS, name=f"mx1.{DOMAIN}"),))
    verdict = judged(own)
    assert (verdict.status, verdict.reason) == (Status.FAIL, "bogus")
    assert "disparaît" not in verdict.text


def test_mail_servers_in_an_unsigned_zone_are_only_a_remark() -> None:
    unsigned = replace(SOUND, mx_hosts=(RecordSet("mx.autre.example", "A", known.UNSIGNED),))
    verdict = judged(unsigned)
    assert verdict.status is Status.PASS
    assert [item.reason for item in verdict.items] == ["mx-unsigned"]


@pytest.mark.parametrize("field", ["exists", "keys", "ds"])
def test_what_was_not_seen_is_never_in_order(field: str) -> None:
    for facts in (SOUND, known.NO_KEYS, known.ISLAND):
        unseen: dict[str, Any] = {field: LOST}
        blind = replace(facts, **unseen)
        assert judged(blind).status in (Status.UNKNOWN, Status.PARTIAL), (field, facts)
    assert judged(replace(SOUND, ds=LOST)).status is Status.UNKNOWN


@pytest.mark.parametrize("rrtype", ["SOA", "NS", "MX", "TXT", "A", "AAAA", "DNSKEY"])
def test_one_silent_answer_leaves_the_whole_unknown(rrtype: str) -> None:
    facts = replace(SOUND, sets=sets(known.SECURE, known.SECURE, **{rrtype: LOST}))
    assert judged(facts).status is Status.UNKNOWN
    assert judged(replace(SOUND, sets=sets(known.SECURE, LOST))).status is Status.UNKNOWN
    assert judged(replace(SOUND, sets=())).status is Status.UNKNOWN


def test_the_line_for_the_registrar_is_exact() -> None:
    line = f"{DOMAIN}. IN DS 34217 13 2 {known.DIGEST}"
    for facts in (known.ISLAND, known.MISMATCH):
        assert line in {evidence.value for evidence in judged(facts).evidence}
    sound = judged(SOUND).evidence
    assert line not in {evidence.value for evidence in sound if evidence.label.startswith("ligne à")}


def test_a_revoked_key_is_not_proposed_to_the_registrar() -> None:
    revoked = replace(known.KEY, tag=9, flags=0x0181, digest="C3" * 32)
    facts = replace(known.ISLAND, keys=(revoked, known.KEY))
    values = [
        evidence.value for evidence in judged(facts).evidence if evidence.label.startswith("ligne à publier")
    ]
    assert values == [f"{DOMAIN}. IN DS 34217 13 2 {known.DIGEST}"]


def test_the_dates_of_a_false_signature_are_told() -> None:
    values = " ".join(evidence.value for evidence in judged(known.EXPIRED).evidence)
    assert "19 novembre 2026" in values.replace("\u00a0", " ")


def test_the_way_of_the_hoster_is_told_when_it_is_recognised() -> None:
    facts = replace(known.MISMATCH, servers=("dns12.ovh.net", "ns12.ovh.net"))
    assert "chez OVHcloud" in {evidence.label for evidence in judged(facts).evidence}
    assert hoster_of(("ns1.ovh.net", "a.gandi.net")) is None
    assert hoster_of(("ns1.pas-ovh.net",)) is None
    assert hoster_of(()) is None


@pytest.mark.parametrize(
    ("facts", "status", "reason"),
    [
        (SOUND, Status.PASS, ""),
        (known.OLD_KEYS, Status.FAIL, "weak-algorithm"),
        (known.ROLLING, Status.PARTIAL, "weak-algorithm"),
        (known.COSTLY, Status.FAIL, "nsec3-iterations"),
        (known.ENDING, Status.PARTIAL, "expiring-soon"),
        (known.ENDING_TODAY, Status.FAIL, "expiring-soon"),
        (known.NO_KEYS, Status.NOT_APPLICABLE, "not-applicable"),
        (known.ISLAND, Status.NOT_APPLICABLE, "not-applicable"),
        (known.NOWHERE, Status.NOT_APPLICABLE, "not-applicable"),
    ],
)
def test_the_strength_of_each_state(facts: Dnssec, status: Status, reason: str) -> None:
    verdict = strength(facts)
    assert (verdict.status, verdict.reason) == (status, reason)


@pytest.mark.parametrize("algorithm", [8, 13, 14, 15, 16, 10])
def test_the_algorithms_of_today_are_sound(algorithm: int) -> None:
    bits = 2048 if algorithm in (8, 10) else 0
    facts = replace(SOUND, keys=(replace(known.KEY, algorithm=algorithm, bits=bits),))
    assert strength(facts).status is Status.PASS


@pytest.mark.parametrize("algorithm", [1, 3, 5, 6, 7, 12])
def test_the_algorithms_given_up_are_not(algorithm: int) -> None:
    facts = replace(SOUND, keys=(replace(known.KEY, algorithm=algorithm, bits=2048),))
    assert strength(facts).status is Status.FAIL


@pytest.mark.parametrize(
    ("bits", "status"),
    [(2048, Status.PASS), (2047, Status.PARTIAL), (1024, Status.PARTIAL), (1023, Status.FAIL)],
)
def test_an_rsa_key_is_judged_by_its_size(bits: int, status: Status) -> None:
    assert strength(replace(SOUND, keys=(replace(known.KEY, algorithm=8, bits=bits),))).status is status


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ((2,), Status.PASS),
        ((4,), Status.PASS),
        ((1, 2), Status.PASS),
        ((1,), Status.PARTIAL),
        ((3,), Status.PARTIAL),
    ],
)
def test_a_digest_given_up_counts_only_when_it_stands_alone(kinds: tuple[int, ...], status: Status) -> None:
    facts = replace(SOUND, ds=tuple(replace(known.DS, digest_type=kind) for kind in kinds))
    assert strength(facts).status is status


def test_the_ds_to_publish_instead_is_told() -> None:
    facts = replace(SOUND, ds=(replace(known.DS, digest_type=1, digest="B2" * 20),))
    assert f"{DOMAIN}. IN DS 34217 13 2 {known.DIGEST}" in {line.value for line in strength(facts).evidence}


@pytest.mark.parametrize(
    ("iterations", "status"),
    [(0, Status.PASS), (1, Status.PARTIAL), (100, Status.PARTIAL), (101, Status.FAIL)],
)
def test_rounds_of_hashing_are_judged_by_their_number(iterations: int, status: Status) -> None:
    facts = replace(SOUND, hashing=Hashing(iterations, 0, opt_out=False))
    verdict = strength(facts)
    assert verdict.status is status
    told = any(line.value.endswith("NSEC3PARAM 1 0 0 -") for line in verdict.evidence)
    assert told is (iterations > 0)


@pytest.mark.parametrize(
    ("time", "status"),
    [
        ({"days": 8}, Status.PASS),
        ({"days": 3, "minutes": 1}, Status.PASS),
        ({"days": 2, "hours": 23}, Status.PARTIAL),
        ({"hours": 12, "minutes": 1}, Status.PARTIAL),
        ({"hours": 11}, Status.FAIL),
        ({"days": 200}, Status.PASS),
    ],
)
def test_signatures_are_judged_by_what_is_left_of_them(time: dict[str, float], status: Status) -> None:
    assert strength(replace(SOUND, sets=sets(known.SECURE, known.SECURE, MX=left(**time)))).status is status


def test_a_hoster_that_signs_every_day_is_not_accused() -> None:
    daily = replace(known.SIGNATURE, begins=SEEN_ON - timedelta(hours=25), ends=SEEN_ON + timedelta(hours=25))
    facts = replace(SOUND, sets=sets(replace(known.SECURE, signatures=(daily,)), known.SECURE))
    assert strength(facts).status is Status.PASS


def test_an_old_signature_beside_a_fresh_one_is_no_fault() -> None:
    old = replace(known.SIGNATURE, ends=SEEN_ON + timedelta(hours=1))
    both = replace(known.SECURE, signatures=(old, known.SIGNATURE))
    assert strength(replace(SOUND, sets=sets(both, known.SECURE))).status is Status.PASS


def test_the_signature_over_the_ds_is_the_extensions_own() -> None:
    assert strength(replace(SOUND, sets=sets(known.SECURE, left(hours=3)))).status is Status.PASS


@pytest.mark.parametrize(
    "changes", [{"ds": LOST}, {"keys": LOST}, {"hashing": LOST}, {"sets": sets(LOST, LOST)}]
)
def test_a_strength_that_was_not_seen_is_unknown(changes: dict[str, Any]) -> None:
    assert strength(replace(SOUND, **changes)).status is Status.UNKNOWN


@pytest.mark.parametrize("facts", [known.EXPIRED, known.BAD_MX, known.MISMATCH])
def test_what_is_false_is_not_also_called_weak_or_strong(facts: Dnssec) -> None:
    verdict = strength(replace(facts, hashing=Hashing(10, 0, opt_out=False)))
    assert (verdict.status, verdict.reason, verdict.items) == (Status.UNKNOWN, "bogus", ())


def test_silence_beside_a_false_signature_is_the_resolvers_refusal_of_it() -> None:
    facts = replace(SOUND, sets=sets(known.SECURE, known.SECURE, MX=bogus("bad-signature"), SOA=LOST))
    assert {item.status for item in judged(facts).items} == {Status.FAIL, Status.PASS}


def test_signatures_that_end_together_are_told_once() -> None:
    late = known.left(hours=30)
    facts = replace(SOUND, sets=tuple(replace(one, seen=late) for one in SOUND.sets))
    verdict = strength(facts)
    told = [item.text for item in verdict.items if item.reason == "dnssec.expiring_soon"]
    assert len(told) == 1
    assert told[0].startswith("Les ")
    assert "signatures finissent le" in told[0]

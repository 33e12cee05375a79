"""A chain of signatures from the root: what holds, what does not, and why."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dns.dnssec
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from dns.rdatatype import CDS, DNSKEY, DS, MX, NS, NSEC, NSEC3, RRSIG, SOA, A

from cyberaudit.errors import UsageError
from cyberaudit.facts.security import Security
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.dnssec.anchors import read_trust_anchor, root_anchors
from cyberaudit.probes.dnssec.judgement import Judgement, Why
from cyberaudit.probes.dnssec.signatures import MOST_KEYS
from cyberaudit.probes.dnssec.validator import MOST_LABELS, Validator
from tests.unit.signed_zones import NOW, ROOT, Key, Nsec3, World, Zone, name, rrset, usual, zone

pytestmark = pytest.mark.unit

TOWN = name("mairie.test.")
OLD = NOW - timedelta(days=30)
SOON = NOW + timedelta(days=3)


def judged(world: World, qname: str, rdtype: str, **how: Any) -> Judgement:
    return asyncio.run(world.judge(qname, rdtype, **how))


def worth(world: World, qname: str, rdtype: str) -> tuple[Security, str]:
    judgement = judged(world, qname, rdtype)
    return judgement.security, judgement.why


def town(world: World) -> Zone:
    return world.zones[TOWN]


SOUND = [
    ("mairie.test", "A"),
    ("mairie.test", "SOA"),
    ("mairie.test", "DNSKEY"),
    ("mairie.test", "DS"),
    ("mairie.test", "CAA"),
    ("www.mairie.test", "A"),
    ("rien.mairie.test", "A"),
    ("x.y.rien.mairie.test", "MX"),
    ("b.c.mairie.test", "TXT"),
    ("a.b.c.mairie.test", "TXT"),
    ("a.b.c.mairie.test", "DS"),
    ("q.libre.mairie.test", "A"),
    ("q.r.libre.mairie.test", "A"),
    ("q.libre.mairie.test", "TXT"),
    ("pris.libre.mairie.test", "A"),
    ("x.pris.libre.mairie.test", "A"),
    ("v.ancien.mairie.test", "A"),
    ("sansclef.test", "DS"),
    ("rien.test", "A"),
    ("rien", "A"),
    ("test", "NS"),
    (".", "NS"),
    (".", "DNSKEY"),
]
WAYS = [None, Nsec3(), Nsec3(5, "aabbccdd")]


@pytest.mark.parametrize("way", WAYS, ids=["nsec", "nsec3", "nsec3-salted"])
@pytest.mark.parametrize(("qname", "rdtype"), SOUND)
def test_a_sound_answer_is_secure(qname: str, rdtype: str, way: Nsec3 | None) -> None:
    assert worth(usual(nsec3=way), qname, rdtype) == (Security.SECURE, "")


@pytest.mark.parametrize(
    ("qname", "rdtype"), [("sansclef.test", "MX"), ("rien.sansclef.test", "A"), ("a.b.sansclef.test", "TXT")]
)
@pytest.mark.parametrize("way", [*WAYS, Nsec3(opt_out=True)], ids=str)
def test_an_unsigned_zone_under_a_signed_one_is_insecure_by_proof(
    qname: str, rdtype: str, way: Nsec3 | None
) -> None:
    security, why = worth(usual(parent_nsec3=way), qname, rdtype)
    assert security is Security.INSECURE
    assert why == ("opt-out" if way and way.opt_out else "unsigned")


@pytest.mark.parametrize("algorithm", [5, 7, 8, 10, 13, 14, 15])
def test_each_algorithm_in_use_is_verified(algorithm: int) -> None:
    assert worth(usual(keys=(Key(algorithm, 9),)), "mairie.test", "MX") == (Security.SECURE, "")


@pytest.mark.parametrize("digest", ["SHA1", "SHA256", "SHA384"])
def test_each_digest_in_use_is_followed(digest: str) -> None:
    ds = zone("mairie.test.", keys=(Key(serial=3),)).ds(digest)
    assert worth(usual(ds={"mairie.test.": ds}), "mairie.test", "MX") == (Security.SECURE, "")


def test_keys_parted_in_two_are_followed() -> None:
    keys = (Key(serial=11), Key(serial=12, flags=256))
    world = usual(keys=keys)
    for owner, rdtype in town(world).signatures:
        town(world).resign(owner, rdtype, keys=[keys[0] if rdtype == DNSKEY else keys[1]])
    assert worth(world, "mairie.test", "MX") == (Security.SECURE, "")


@pytest.mark.parametrize("in_use", [0, 1])
def test_a_roll_over_of_algorithm_with_two_ds_is_sound(in_use: int) -> None:
    keys = (Key(8, 13), Key(13, 14))
    world = usual(keys=keys)
    town(world).resign(TOWN, MX, keys=[keys[in_use]])
    assert worth(world, "mairie.test", "MX") == (Security.SECURE, "")


def test_a_ds_laid_out_before_its_key_is_sound() -> None:
    to_come = zone("mairie.test.", keys=(Key(serial=15),)).ds()
    ds = {"mairie.test.": (*zone("mairie.test.", keys=(Key(serial=3),)).ds(), *to_come)}
    assert worth(usual(ds=ds), "mairie.test", "MX") == (Security.SECURE, "")


# Faults


def resigned(rdtype: int, begins: datetime, ends: datetime) -> World:
    world = usual()
    town(world).resign(TOWN, rdtype, begins=begins, ends=ends)
    return world


@pytest.mark.parametrize(
    ("begins", "ends", "why"),
    [(OLD, NOW - timedelta(hours=1), "expired"), (SOON, SOON + timedelta(days=9), "not-yet-valid")],
)
@pytest.mark.parametrize("rdtype", [MX, DNSKEY])
def test_a_signature_out_of_its_time_is_told_from_a_bad_one(
    rdtype: int, begins: datetime, ends: datetime, why: str
) -> None:
    world = resigned(rdtype, begins, ends)
    assert worth(world, "mairie.test", "MX") == (Security.BOGUS, why)
    other = (Security.SECURE, "") if rdtype == MX else (Security.BOGUS, why)
    assert worth(world, "mairie.test", "A") == other


def test_a_clock_a_little_ahead_is_not_held_against_anybody() -> None:
    assert worth(resigned(MX, NOW + timedelta(minutes=2), SOON), "mairie.test", "MX") == (Security.SECURE, "")


def test_an_expired_signature_beside_a_good_one_does_no_harm() -> None:
    world = usual()
    good = town(world).signatures[TOWN, MX]
    town(world).resign(TOWN, MX, begins=OLD, ends=NOW - timedelta(days=1))
    for one in good:
        town(world).signatures[TOWN, MX].add(one)
    assert worth(world, "mairie.test", "MX") == (Security.SECURE, "")


def test_one_bit_turned_is_bogus() -> None:
    world = usual()
    town(world).spoil(TOWN, MX)
    assert worth(world, "mairie.test", "MX") == (Security.BOGUS, "bad-signature")
    assert worth(world, "mairie.test", "TXT") == (Security.SECURE, "")


def test_a_record_changed_on_the_way_is_bogus() -> None:
    world = usual()
    town(world).sets[TOWN, A] = rrset(TOWN, A, "198.51.100.66")
    assert worth(world, "mairie.test", "A") == (Security.BOGUS, "bad-signature")


@pytest.mark.parametrize(("rdtype", "what"), [(A, "A"), (MX, "MX"), (DNSKEY, "A")])
def test_signatures_taken_away_under_a_signed_parent_are_bogus(rdtype: int, what: str) -> None:
    world = usual()
    del town(world).signatures[TOWN, rdtype]
    assert worth(world, "mairie.test", what) == (Security.BOGUS, "no-signature")


def test_a_zone_served_without_any_signature_is_bogus() -> None:
    world = usual()
    town(world).signatures.clear()
    for qname, rdtype in (("mairie.test", "MX"), ("rien.mairie.test", "A"), ("mairie.test", "CAA")):
        assert judged(world, qname, rdtype).security is Security.BOGUS


def test_a_ds_without_any_key_says_so() -> None:
    world = usual(keys=(), ds={"mairie.test.": zone("mairie.test.", keys=(Key(),)).ds()})
    assert worth(world, "mairie.test", "MX") == (Security.BOGUS, "no-key")


def test_a_ds_of_another_key_says_so() -> None:
    world = usual(ds={"mairie.test.": zone("mairie.test.", keys=(Key(serial=77),)).ds()})
    assert worth(world, "mairie.test", "MX") == (Security.BOGUS, "ds-mismatch")


@pytest.mark.parametrize(
    ("flags", "why"), [(1, "ds-mismatch"), (0x0181, "ds-mismatch")], ids=["not-of-a-zone", "revoked"]
)
def test_a_key_that_may_not_sign_is_not_believed(flags: int, why: str) -> None:
    world = usual(keys=(Key(serial=16, flags=flags),))
    assert worth(world, "mairie.test", "MX") == (Security.BOGUS, why)


def test_a_key_of_another_protocol_is_not_believed() -> None:
    assert worth(usual(keys=(Key(serial=16, protocol=2),)), "mairie.test", "MX") == (
        Security.BOGUS,
        "ds-mismatch",
    )


@pytest.mark.parametrize(
    "ds",
    ["12345 12 2 " + "AA" * 32, "12345 13 3 " + "AA" * 32, "12345 250 2 " + "AA" * 32, "12345 13 99 AABB"],
)
def test_a_zone_of_unknown_algorithms_or_digests_is_insecure(ds: str) -> None:
    assert worth(usual(ds={"mairie.test.": (ds,)}), "mairie.test", "MX") == (Security.INSECURE, "unsupported")


def test_sha1_counts_for_nothing_beside_sha256() -> None:
    mine, other = zone("mairie.test.", keys=(Key(serial=3),)), zone("mairie.test.", keys=(Key(serial=78),))
    world = usual(ds={"mairie.test.": (*mine.ds("SHA1"), *other.ds("SHA256"))})
    assert worth(world, "mairie.test", "MX") == (Security.BOGUS, "ds-mismatch")


def test_what_another_zone_signed_is_bogus() -> None:
    world = usual()
    town(world).resign(TOWN, MX, signer=name("sansclef.test."), keys=(Key(serial=5),))
    assert worth(world, "mairie.test", "MX") == (Security.BOGUS, "bad-signature")


def test_a_name_that_is_no_zone_cannot_sign() -> None:
    world = usual()
    town(world).resign(name("mx1.mairie.test."), A, signer=name("mx1.mairie.test."), keys=(Key(serial=5),))
    assert worth(world, "mx1.mairie.test", "A") == (Security.BOGUS, "bad-signature")


def test_a_child_cannot_vouch_for_its_own_ds() -> None:
    world = usual()
    parent = world.zones[name("test.")]
    parent.signatures[TOWN, DS] = town(world).signatures[TOWN, SOA]
    assert judged(world, "mairie.test", "MX").security is Security.BOGUS


# Proofs of absence


@pytest.mark.parametrize("way", WAYS, ids=["nsec", "nsec3", "nsec3-salted"])
@pytest.mark.parametrize(
    ("qname", "rdtype"), [("rien.mairie.test", "A"), ("mairie.test", "CAA"), ("q.libre.mairie.test", "A")]
)
def test_an_absence_without_its_proof_is_bogus(qname: str, rdtype: str, way: Nsec3 | None) -> None:
    world = usual(nsec3=way)

    def without_proof(message: dns.message.Message) -> dns.message.Message:
        kept = [
            r
            for r in message.authority
            if NSEC not in (r.rdtype, r.covers) and NSEC3 not in (r.rdtype, r.covers)
        ]
        message.authority[:] = kept
        return message

    world.spoils[name(qname), dns.rdatatype.from_text(rdtype)] = without_proof
    security, why = worth(world, qname, rdtype)
    assert security is Security.BOGUS
    assert why in ("no-proof", "no-signature")


@pytest.mark.parametrize("way", WAYS, ids=["nsec", "nsec3", "nsec3-salted"])
def test_the_proof_of_another_absence_proves_nothing(way: Nsec3 | None) -> None:
    world = usual(nsec3=way)
    other = town(world).answer(name("zzz.mairie.test."), A)
    world.spoils[name("mx1.mairie.test."), A] = lambda _: other
    assert worth(world, "mx1.mairie.test", "A") == (Security.BOGUS, "no-proof")


@pytest.mark.parametrize("way", WAYS, ids=["nsec", "nsec3", "nsec3-salted"])
def test_the_parents_word_on_a_delegation_does_not_deny_what_the_child_has(way: Nsec3 | None) -> None:
    world = usual(parent_nsec3=way)
    parents = world.zones[name("test.")].answer(TOWN, NSEC if way else SOA)
    no_ds = world.zones[name("test.")].answer(name("sansclef.test."), DS)
    for rrset_ in no_ds.authority:
        parents.authority.append(rrset_)
    parents.answer.clear()
    world.spoils[TOWN, MX] = lambda _: parents
    assert judged(world, "mairie.test", "MX").security is Security.BOGUS


def test_no_such_name_where_there_is_no_data_is_bogus() -> None:
    world = usual()

    def lie(message: dns.message.Message) -> dns.message.Message:
        message.set_rcode(dns.rcode.NXDOMAIN)
        return message

    world.spoils[TOWN, dns.rdatatype.CAA] = lie
    assert worth(world, "mairie.test", "CAA") == (Security.BOGUS, "no-proof")


def test_an_expired_proof_says_so() -> None:
    world = usual()
    for owner, rdtype in list(town(world).signatures):
        if rdtype == NSEC:
            town(world).resign(owner, rdtype, begins=OLD, ends=NOW - timedelta(days=2))
    assert worth(world, "rien.mairie.test", "A") == (Security.BOGUS, "expired")


def test_a_wildcard_over_an_existing_name_is_bogus() -> None:
    world = usual()
    forged = town(world).answer(name("q.libre.mairie.test."), A)
    moved = dns.message.from_text(forged.to_text().replace("q.libre", "pris.libre"))
    world.spoils[name("pris.libre.mairie.test."), A] = lambda _: moved
    assert worth(world, "pris.libre.mairie.test", "A") == (Security.BOGUS, "no-proof")


@pytest.mark.parametrize(
    ("iterations", "security"), [(100, Security.SECURE), (101, Security.INSECURE), (2500, Security.INSECURE)]
)
def test_a_proof_that_costs_too_much_is_insecure(iterations: int, security: Security) -> None:
    world = usual(nsec3=Nsec3(iterations))
    assert judged(world, "rien.mairie.test", "A").security is security
    assert judged(world, "mairie.test", "MX").security is Security.SECURE


def test_compact_denial_is_a_proof() -> None:
    world = usual()
    qname = name("rien.mairie.test.")
    town(world).sets[qname, NSEC] = rrset(qname, NSEC, "\\000.rien.mairie.test. RRSIG NSEC TYPE128")
    town(world).resign(qname, NSEC)

    def compact(message: dns.message.Message) -> dns.message.Message:
        message.set_rcode(dns.rcode.NOERROR)
        message.authority[:] = [r for r in message.authority if SOA in (r.rdtype, r.covers)]
        message.authority += [town(world).sets[qname, NSEC], town(world).signatures[qname, NSEC]]
        return message

    world.spoils[qname, A] = compact
    assert worth(world, "rien.mairie.test", "A") == (Security.SECURE, "")


# The chain


def test_an_alias_made_by_a_dname_is_worth_the_dname() -> None:
    world = usual()
    assert worth(world, "v.ancien.mairie.test", "A") == (Security.SECURE, "")

    def elsewhere(message: dns.message.Message) -> dns.message.Message:
        message.answer[-1] = rrset("v.ancien.mairie.test.", dns.rdatatype.CNAME, "v.pirate.test.")
        return message

    world.spoils[name("v.ancien.mairie.test."), A] = elsewhere
    assert worth(world, "v.ancien.mairie.test", "A") == (Security.BOGUS, "no-signature")


def test_zones_five_deep_are_followed() -> None:
    names = [
        ".",
        "test.",
        "fr.test.",
        "commune.fr.test.",
        "mairie.commune.fr.test.",
        "courrier.mairie.commune.fr.test.",
    ]
    zones = [
        zone(origin, {("@", "A"): ("192.0.2.1",)}, keys=(Key(serial=20 + n),))
        for n, origin in enumerate(names)
    ]
    world = World(*zones)
    assert worth(world, names[-1], "A") == (Security.SECURE, "")
    zones[3].spoil(name(names[3]), DNSKEY)
    judgement = judged(world, names[-1], "A")
    assert (judgement.security, judgement.zone) == (Security.BOGUS, names[3])


def test_a_signed_zone_under_an_unsigned_one_is_an_island() -> None:
    world = usual()
    island = zone("ile.sansclef.test.", {("@", "A"): ("192.0.2.7",)}, keys=(Key(serial=30),))
    plain = world.zones[name("sansclef.test.")]
    alone = World(world.zones[ROOT], world.zones[name("test.")], plain, island)
    assert judged(alone, "ile.sansclef.test", "A").security is Security.INSECURE


def test_a_zone_whose_parent_holds_no_ds_is_insecure_though_signed() -> None:
    world = usual(ds={"mairie.test.": ()})
    assert worth(world, "mairie.test", "MX") == (Security.INSECURE, "unsigned")
    assert worth(world, "mairie.test", "DS") == (Security.SECURE, "")


@pytest.mark.parametrize(
    ("qname", "rdtype"), [(TOWN, DNSKEY), (TOWN, DS), (name("test."), DNSKEY), (ROOT, DNSKEY)]
)
def test_a_link_that_does_not_answer_leaves_it_unchecked(qname: Any, rdtype: int) -> None:
    world = usual()
    world.spoils[qname, rdtype] = lambda _: Unreachable(Reason.TIMEOUT, "muet")
    judgement = judged(world, "mairie.test", "MX")
    assert (judgement.security, judgement.why) == (Security.UNCHECKED, "unreachable")
    assert "muet" in judgement.detail


@pytest.mark.parametrize("rdtype", [DNSKEY, DS, MX])
def test_an_error_instead_of_an_answer_leaves_it_unchecked(rdtype: int) -> None:
    world = usual()

    def failing(message: dns.message.Message) -> dns.message.Message:
        message.set_rcode(dns.rcode.SERVFAIL)
        message.answer.clear()
        return message

    world.spoils[TOWN, rdtype] = failing
    assert worth(world, "mairie.test", "MX") == (Security.UNCHECKED, "unreachable")


def test_what_was_lost_once_may_be_asked_again_and_twice_may_not() -> None:
    world = usual()
    world.spoils[TOWN, DNSKEY] = lambda _: Unreachable(Reason.TIMEOUT)
    validator = world.validator()
    for _ in range(4):
        assert judged(world, "mairie.test", "MX", validator=validator).security is Security.UNCHECKED
    assert world.asked.count(("mairie.test.", "DNSKEY")) == 2
    del world.spoils[TOWN, DNSKEY]
    again = world.validator()
    assert judged(world, "mairie.test", "MX", validator=again).security is Security.SECURE


def test_another_root_is_nobodys_fault() -> None:
    world = usual()
    validator = Validator(world.ask, root_anchors(), NOW)
    judgement = judged(world, "mairie.test", "MX", validator=validator)
    assert (judgement.security, judgement.why) == (Security.UNCHECKED, "no-anchor-fits")


def test_a_root_out_of_its_time_is_nobodys_fault() -> None:
    world = usual()
    validator = world.validator(NOW + timedelta(days=400))
    judgement = judged(world, "mairie.test", "MX", validator=validator)
    assert (judgement.security, judgement.why, judgement.detail) == (
        Security.UNCHECKED,
        "no-anchor-fits",
        "expired",
    )


def test_a_delegation_told_by_the_child_is_not_concluded_from() -> None:
    world = usual()
    childs = town(world).answer(TOWN, CDS)
    world.spoils[TOWN, DS] = lambda _: childs
    assert judged(world, "mairie.test", "MX").security is not Security.SECURE
    assert judged(world, "mairie.test", "MX").security is not Security.INSECURE


def test_a_hundred_answers_share_one_walk() -> None:
    world = usual()
    validator = world.validator()

    async def burst() -> list[Judgement]:
        pairs = [
            ("mairie.test", "MX"),
            ("mairie.test", "A"),
            ("rien.mairie.test", "TXT"),
            ("sansclef.test", "MX"),
        ] * 25
        return await asyncio.gather(*(world.judge(qname, rdtype, validator) for qname, rdtype in pairs))

    assert {one.security for one in asyncio.run(burst())} == {Security.SECURE, Security.INSECURE}
    for link in (
        (".", "DNSKEY"),
        ("test.", "DS"),
        ("test.", "DNSKEY"),
        ("mairie.test.", "DS"),
        ("sansclef.test.", "DS"),
    ):
        assert world.asked.count(link) == 1, link


def test_a_walk_survives_the_one_who_began_it() -> None:
    world = usual()
    validator = world.validator()

    async def cut_short() -> Judgement:
        first = asyncio.create_task(world.judge("mairie.test", "MX", validator))
        await asyncio.sleep(0)
        first.cancel()
        return await world.judge("mairie.test", "A", validator)

    assert asyncio.run(cut_short()).security is Security.SECURE


def test_a_long_reverse_name_in_an_unsigned_zone_costs_few_questions() -> None:
    reverse = "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa."
    zones = [
        zone(".", keys=(Key(serial=1),)),
        zone("arpa.", keys=(Key(serial=2),)),
        zone("ip6.arpa.", keys=(Key(serial=3),)),
    ]
    plain = zone(
        "8.b.d.0.1.0.0.2.ip6.arpa.",
        {(reverse.removesuffix(".8.b.d.0.1.0.0.2.ip6.arpa."), "PTR"): ("mx.test.",)},
        keys=(),
    )
    world = World(*zones, plain)
    assert judged(world, reverse, "PTR").security is Security.INSECURE
    assert len(world.asked) < 20
    absent = World(*zones, zone("8.b.d.0.1.0.0.2.ip6.arpa.", keys=()))
    assert judged(absent, reverse, "PTR").security is Security.INSECURE
    assert len(absent.asked) < 9


# What is hostile is bounded


def test_a_name_too_deep_is_not_walked() -> None:
    world = usual()
    deep = "a." * MOST_LABELS + "mairie.test"
    assert worth(world, deep, "A") == (Security.UNCHECKED, "too-much")
    assert len(world.asked) == 1


def test_a_crowd_of_keys_is_not_tried() -> None:
    keys = (Key(serial=40), *(Key(serial=41 + n, flags=256) for n in range(MOST_KEYS)))
    assert worth(usual(keys=keys), "mairie.test", "MX") == (Security.UNCHECKED, "too-much")


def test_a_crowd_of_signatures_is_tried_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    world = usual()
    good = town(world).signatures[TOWN, MX][0]
    crowd = dns.rrset.RRset(TOWN, good.rdclass, RRSIG, MX)
    for number in range(60):
        crowd.add(good.replace(signature=bytes([number]) * 64), 3600)
    town(world).signatures[TOWN, MX] = crowd
    tried: list[Any] = []
    real = dns.dnssec.validate_rrsig

    def counted(*given: Any, **named: Any) -> None:
        tried.append(given)
        real(*given, **named)

    monkeypatch.setattr(dns.dnssec, "validate_rrsig", counted)
    assert worth(world, "mairie.test", "MX") == (Security.UNCHECKED, "too-much")
    assert len(tried) < 20


def test_a_name_with_too_much_to_hash_is_left_unchecked() -> None:
    world = usual(nsec3=Nsec3())
    deep = "a." * 35 + "mairie.test"
    assert judged(world, deep, "A").security is Security.SECURE
    many = usual(nsec3=Nsec3(100))
    assert judged(many, deep, "A").security in (Security.SECURE, Security.UNCHECKED)


# Anchors


def test_the_built_in_anchors_are_those_of_the_root_of_the_internet() -> None:
    assert [ds.key_tag for ds in root_anchors()] == [20326, 38696]
    assert all(ds.digest_type == 2 and len(ds.digest) == 32 for ds in root_anchors())


@pytest.mark.parametrize(
    "line",
    [
        "{ds}",
        ". IN DS {plain}",
        ". 3600 IN DS {plain} ; la racine",
        "\n; rien\n. DS {plain}\n",
        ". IN DNSKEY {key}",
    ],
)
def test_a_trust_anchor_is_read_in_the_forms_that_tools_write(tmp_path: Path, line: str) -> None:
    key = Key(serial=1)
    plain = zone(".", keys=(key,)).ds()[0]
    path = tmp_path / "racine.key"
    path.write_text(
        line.format(ds=f". 86400 IN DS {plain}", plain=plain, key=key.record.to_text()), encoding="utf-8"
    )
    assert [ds.to_text() for ds in read_trust_anchor(path)] == [plain]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "; vide\n",
        "test. IN DS 1 13 2 " + "AA" * 32,
        ". IN A 192.0.2.1",
        "n'importe quoi",
        "\x00\xff",
        ". IN DS 1 13",
    ],
)
def test_a_file_without_anchor_is_refused_in_french(tmp_path: Path, text: str) -> None:
    path = tmp_path / "racine.key"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match="racine"):
        read_trust_anchor(path)


@pytest.mark.parametrize("where", ["absent.key", "."])
def test_a_file_that_cannot_be_read_is_refused_in_french(tmp_path: Path, where: str) -> None:
    with pytest.raises(UsageError, match="ne se lit pas"):
        read_trust_anchor(tmp_path / where)


def test_every_reason_has_its_own_word() -> None:
    assert len({why.value for why in Why}) == len(Why)
    assert replace(Judgement(Security.SECURE, Why.NONE, "."), why=Why.EXPIRED).why == "expired"
    assert NS

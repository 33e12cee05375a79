"""What a resolver leaves out accuses no zone, and what was skipped for its cost proves nothing."""

import asyncio
from typing import Any

import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from dns.rdatatype import DNSKEY, DS, MX, NSEC, SOA, A

from cyberaudit.facts.security import Security
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.dnssec.judgement import Judgement
from cyberaudit.probes.dnssec.signatures import MOST_TWINS
from cyberaudit.probes.dnssec.validator import MOST_PROOF_SETS
from tests.unit.signed_zones import SOA_TEXT, Key, World, name, rrset, town_records, usual, zone

pytestmark = pytest.mark.unit

TOWN = name("mairie.test.")
PLAIN = name("sansclef.test.")


def judged(world: World, qname: str, rdtype: str, authorities: World | None = None) -> tuple[Security, str]:
    """`authorities`: what the zones' own servers say, when they can be asked."""
    validator = world.validator()
    validator.second = authorities.validator() if authorities else None
    judgement = asyncio.run(world.judge(qname, rdtype, validator))
    return judgement.security, judgement.why


def bare(*wanted: int) -> Any:
    """Everything but `wanted` dropped, and a name that exists denied, as a filter does."""

    def spoil(message: dns.message.Message) -> dns.message.Message:
        for section in (message.answer, message.authority):
            section[:] = [each for each in section if each.rdtype in wanted]
        if not wanted:
            message.set_rcode(dns.rcode.NXDOMAIN)
        return message

    return spoil


def silent(_: dns.message.Message) -> Unreachable:
    return Unreachable(Reason.TIMEOUT, "muet")


CASES = [(MX, "MX", ()), (A, "A", (A,)), (dns.rdatatype.CAA, "CAA", (SOA,))]
CASE_IDS = ["denied", "without its signature", "without its proof"]


@pytest.mark.parametrize(("rdtype", "text", "kept"), CASES, ids=CASE_IDS)
def test_a_filter_accuses_no_zone_that_is_in_order(rdtype: int, text: str, kept: tuple[int, ...]) -> None:
    world = usual()
    world.spoils[TOWN, rdtype] = bare(*kept)
    assert judged(world, "mairie.test", text, usual()) == (Security.UNCHECKED, "left-out")


@pytest.mark.parametrize(("rdtype", "text", "kept"), CASES, ids=CASE_IDS)
def test_a_zone_whose_own_servers_leave_it_out_is_bogus(
    rdtype: int, text: str, kept: tuple[int, ...]
) -> None:
    world, authorities = usual(), usual()
    for each in (world, authorities):
        each.spoils[TOWN, rdtype] = bare(*kept)
    assert judged(world, "mairie.test", text, authorities)[0] is Security.BOGUS


@pytest.mark.parametrize(("rdtype", "text", "kept"), CASES, ids=CASE_IDS)
def test_without_an_authority_to_ask_it_stays_open(rdtype: int, text: str, kept: tuple[int, ...]) -> None:
    world, authorities = usual(), usual()
    world.spoils[TOWN, rdtype] = bare(*kept)
    authorities.spoils[TOWN, rdtype] = silent
    assert judged(world, "mairie.test", text, authorities) == (Security.UNCHECKED, "left-out")


def test_what_is_false_is_bogus_without_a_second_opinion() -> None:
    world, authorities = usual(), usual()
    world.zones[TOWN].spoil(TOWN, MX)
    assert judged(world, "mairie.test", "MX", authorities) == (Security.BOGUS, "bad-signature")
    assert not authorities.asked


def test_a_view_for_the_inside_without_keys_accuses_nobody() -> None:
    """The town's own server resolves too, and serves an unsigned zone to the inside."""
    world = usual()
    world.spoils[TOWN, DNSKEY] = bare(SOA)
    world.spoils[TOWN, MX] = bare(MX)
    assert judged(world, "mairie.test", "MX", usual()) == (Security.UNCHECKED, "left-out")
    keyless = usual()
    keyless.spoils[TOWN, DNSKEY] = bare(SOA)
    keyless.spoils[TOWN, MX] = bare(MX)
    assert judged(world, "mairie.test", "MX", keyless) == (Security.BOGUS, "no-key")
    nobody = usual()
    nobody.spoils[name("test."), DS] = silent
    nobody.spoils[TOWN, MX] = silent
    assert judged(world, "mairie.test", "MX", nobody) == (Security.BOGUS, "no-key")


def of_the_child(owner: str) -> Any:
    def spoil(message: dns.message.Message) -> dns.message.Message:
        message.answer.clear()
        message.authority[:] = [rrset(owner, SOA, SOA_TEXT)]
        message.set_rcode(dns.rcode.NOERROR)
        return message

    return spoil


@pytest.mark.parametrize("owner", ["mairie.test.", "sansclef.test."])
def test_the_childs_word_on_its_own_delegation_is_not_concluded_from(owner: str) -> None:
    world = usual()
    world.spoils[name(owner), DS] = of_the_child(owner)
    assert judged(world, owner, "MX") == (Security.UNCHECKED, "wrong-side")
    assert judged(world, owner, "DS") == (Security.UNCHECKED, "wrong-side")


def test_the_parents_server_is_asked_what_the_child_could_not_know() -> None:
    world = usual()
    for owner in ("mairie.test.", "sansclef.test."):
        world.spoils[name(owner), DS] = of_the_child(owner)
    assert judged(world, "sansclef.test", "MX", usual()) == (Security.INSECURE, "unsigned")
    assert judged(world, "mairie.test", "MX", usual()) == (Security.SECURE, "")
    mute = usual()
    mute.spoils[TOWN, DS] = silent
    assert judged(world, "mairie.test", "MX", mute) == (Security.UNCHECKED, "wrong-side")


def test_an_unsigned_neighbour_stays_insecure_when_the_parents_proof_is_dropped() -> None:
    world = usual()
    world.spoils[PLAIN, DS] = bare(SOA)
    security, _ = judged(world, "sansclef.test", "MX", usual())
    assert security is Security.UNCHECKED


# What is skipped


def with_twins(world: World, count: int) -> None:
    """Keys of the same tag beside the town's own: the tag is a sum of 16-bit words, whatever their order."""
    town = world.zones[TOWN]
    own = town.keys[0].record
    data = own.key
    for place in range(2, 2 + 2 * count, 2):
        swapped = data[place : place + 2] + data[2:place] + data[:2] + data[place + 2 :]
        town.sets[TOWN, DNSKEY].add(own.replace(key=swapped), 3600)
    town.resign(TOWN, DNSKEY)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(MOST_TWINS - 1, (Security.BOGUS, "bad-signature")), (MOST_TWINS, (Security.UNCHECKED, "too-much"))],
)
def test_a_key_that_is_not_tried_accuses_nobody(count: int, expected: tuple[Security, str]) -> None:
    world = usual()
    with_twins(world, count)
    world.zones[TOWN].spoil(TOWN, MX)
    assert judged(world, "mairie.test", "MX") == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(MOST_TWINS - 1, (Security.BOGUS, "ds-mismatch")), (MOST_TWINS, (Security.UNCHECKED, "too-much"))],
)
def test_a_key_that_is_not_compared_with_the_ds_accuses_nobody(
    count: int, expected: tuple[Security, str]
) -> None:
    tag, algorithm, kind, digest = zone("mairie.test.", keys=(Key(serial=3),)).ds()[0].split()
    world = usual(ds={"mairie.test.": (f"{tag} {algorithm} {kind} {digest[::-1]}",)})
    with_twins(world, count)
    assert judged(world, "mairie.test", "MX") == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (MOST_PROOF_SETS, (Security.BOGUS, "no-proof")),
        (MOST_PROOF_SETS + 1, (Security.UNCHECKED, "too-much")),
    ],
)
def test_a_proof_that_is_not_read_accuses_nobody(count: int, expected: tuple[Security, str]) -> None:
    records: dict[tuple[str, str], tuple[str, ...]] = town_records()
    records |= {(f"n{number}", "A"): ("192.0.2.7",) for number in range(10)}
    plain = usual()
    town = zone("mairie.test.", records, keys=(Key(serial=3),))
    world = World(plain.zones[name(".")], plain.zones[name("test.")], town)
    others = [owner for owner, rdtype in town.sets if rdtype == NSEC and owner.labels[0].startswith(b"n")]

    def useless(message: dns.message.Message) -> dns.message.Message:
        message.authority.clear()
        for owner in [*others, name("www.mairie.test."), TOWN][:count]:
            message.authority += [town.sets[owner, NSEC], town.signatures[owner, NSEC]]
        return message

    world.spoils[name("mx1.mairie.test."), A] = lambda message: useless(bare()(message))
    assert judged(world, "mx1.mairie.test", "A") == expected


def test_a_name_is_denied_only_by_what_was_verified() -> None:
    async def of(qname: str, rdtype: str) -> Judgement:
        return await usual().judge(qname, rdtype)

    assert asyncio.run(of("rien.mairie.test", "A")).denies_name
    assert not asyncio.run(of("mairie.test", "CAA")).denies_name
    assert not asyncio.run(of("mairie.test", "MX")).denies_name

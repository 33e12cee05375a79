"""The probe of DNSSEC behind resolvers that hand signatures on, take them away, or lie about them."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rdatatype
import pytest
from dns.rdatatype import CDS, DNSKEY, DS, MX, NSEC, NSEC3, RRSIG, A

from cyberaudit.declared import Commune, Delivery, Domain, PlanChoices, Town
from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.dnssec import Dnssec, Hashing, Signed
from cyberaudit.facts.security import DnssecState, Security
from cyberaudit.model import Status, Unreachable, Verdict
from cyberaudit.probes import dnssec_chain
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.sdk import Context
from cyberaudit.town.scope import scope_for_look
from tests.unit.signed_zones import NOW, Key, Nsec3, World, name, rrset, usual, zone

pytestmark = pytest.mark.loopback

DOMAIN = "mairie.test"
TOP = name("mairie.test.")
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
TOWN = Town(
    1, COMMUNE, "", None, "", (COMMUNE,), (), PlanChoices((), (), (), True), (), Delivery((), "", "", "")
)
ASSET = Domain("main", DOMAIN, (), DOMAIN, True, (), ())
PATIENCE = Patience(dns_tries=(0.3, 0.3), dns_tcp=0.5)
CHECKS = {check.id: check for check in load_catalogue().checks}


class Resolving(asyncio.DatagramProtocol):
    """A recursive resolver over a world of zones."""

    def __init__(self, world: World, *, strips: bool = False, says_ad: bool = False) -> None:
        self.world, self.strips, self.says_ad = world, strips, says_ad
        self.silent: frozenset[tuple[str, str]] = frozenset()
        self.asked: Counter[tuple[str, str]] = Counter()
        self._tcp = Listener(self._talk)
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._tcp.port}"

    async def start(self) -> None:
        await self._tcp.start()
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", self._tcp.port)
        )

    async def stop(self) -> None:
        await self._tcp.stop()
        if self._transport:
            self._transport.close()
        await asyncio.sleep(0)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        asked = query.question[0]
        if (asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)) in self.silent:
            return
        wire = self._reply(query)
        if len(wire) > 1232:
            short = dns.message.make_response(query)
            short.flags |= dns.flags.TC
            wire = short.to_wire()
        cast("asyncio.DatagramTransport", self._transport).sendto(wire, addr)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        wire = self._reply(dns.message.from_wire(await reader.readexactly(size)))
        writer.write(len(wire).to_bytes(2, "big") + wire)
        await writer.drain()

    def _reply(self, query: dns.message.Message) -> bytes:
        asked = query.question[0]
        self.asked[asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)] += 1
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        owner = self.world.owner_of(asked.name, asked.rdtype)
        assert owner is not None
        answer = owner.answer(asked.name, asked.rdtype)
        reply.set_rcode(answer.rcode())
        if self.says_ad:
            reply.flags |= dns.flags.AD
        plain = self.strips or not query.ednsflags & dns.flags.DO
        for mine, theirs in ((reply.answer, answer.answer), (reply.authority, answer.authority)):
            mine += [
                r
                for r in theirs
                if not (plain and r.rdtype in (RRSIG, NSEC, NSEC3) and r.rdtype != asked.rdtype)
            ]
        return reply.to_wire(max_size=65535)


@contextmanager
def behind(resolver: Resolving, tmp_path: Path) -> Iterator[Instruments]:
    anchor = tmp_path / "racine.key"
    anchor.write_text(
        "".join(f". IN DS {ds.to_text()}\n" for ds in resolver.world.anchors()), encoding="ascii"
    )
    with Background(resolver):
        options = Options(resolvers=(resolver.address,), trust_anchor=anchor, patience=PATIENCE)
        scope = scope_for_look(domains=[DOMAIN], authorized_by="Mme le maire")
        yield set_up(TOWN, scope, options, now=NOW)


def seen(
    world: World, tmp_path: Path, asset: Domain = ASSET, *, strips: bool = False, says_ad: bool = False
) -> Dnssec:
    with behind(Resolving(world, strips=strips, says_ad=says_ad), tmp_path) as instruments:
        facts = asyncio.run(dnssec_chain.look(asset, instruments))
    assert isinstance(facts, Dnssec)
    return facts


def judged(facts: Dnssec, check_id: str = "dns.dnssec", asset: Domain = ASSET) -> Verdict:
    check = CHECKS[check_id]
    return check.function(facts, Context(now=NOW, asset=asset, settings=check.settings(), town=TOWN))


def of(facts: Dnssec, rrtype: str) -> Signed:
    found = next(one.seen for one in facts.sets if one.rrtype == rrtype)
    assert isinstance(found, Signed)
    return found


@pytest.mark.parametrize("way", [None, Nsec3()], ids=["nsec", "nsec3"])
def test_a_sound_domain_has_nothing_against_it(tmp_path: Path, way: Nsec3 | None) -> None:
    facts = seen(usual(nsec3=way), tmp_path)
    assert {of(facts, one.rrtype).security for one in facts.sets} == {Security.SECURE}
    assert facts.state is DnssecState.FINE
    assert facts.hashing == (None if way is None else Hashing(0, 0, opt_out=False))
    assert facts.zone == DOMAIN
    assert facts.servers == ("ns1.dns.test", "ns2.dns.test")
    for check_id in ("dns.dnssec", "dns.dnssec-strength"):
        verdict = judged(facts, check_id)
        assert verdict.status is Status.PASS, verdict


def test_the_keys_and_the_ds_are_told_as_published(tmp_path: Path) -> None:
    world = usual(keys=(Key(8, 51, bits=1024), Key(13, 52)))
    world.zones[TOP].add(rrset(TOP, CDS, *world.zones[TOP].ds()))
    world.zones[TOP].resign(TOP, CDS)
    facts = seen(world, tmp_path)
    assert not isinstance(facts.keys, Unreachable)
    assert not isinstance(facts.ds, Unreachable)
    assert {(key.algorithm, key.bits) for key in facts.keys} == {(8, 1024), (13, 0)}
    assert {key.digest for key in facts.keys} == {ds.digest for ds in facts.ds}
    assert all(ds.fits for ds in facts.ds)
    assert facts.cds == facts.ds
    assert judged(facts, "dns.dnssec-strength").reason == "weak-key"


def test_few_questions_are_asked_and_none_twice(tmp_path: Path) -> None:
    resolver = Resolving(usual())
    with behind(resolver, tmp_path) as instruments:
        asyncio.run(dnssec_chain.look(ASSET, instruments))
    # The keys of the root tell first whether signatures are handed on.
    assert max(count for link, count in resolver.asked.items() if link != (".", "DNSKEY")) == 1
    used = {(f"{prefix}{DOMAIN}.", kind) for prefix, kind in dnssec_chain.USED}
    assert len(set(resolver.asked) - used) <= 12


@pytest.mark.parametrize("strips", [False, True])
def test_an_unsigned_domain_is_told_where_that_can_be_proved(tmp_path: Path, strips: bool) -> None:
    facts = seen(usual(keys=(), ds={"mairie.test.": ()}), tmp_path, strips=strips)
    verdict = judged(facts)
    assert verdict.status is (Status.UNKNOWN if strips else Status.PARTIAL)
    assert strips or verdict.reason == "unsigned"


def test_behind_a_box_that_strips_nothing_is_concluded(tmp_path: Path) -> None:
    facts = seen(usual(), tmp_path, strips=True)
    assert facts.state is DnssecState.NOT_CHECKED
    verdict = judged(facts)
    assert verdict.status is Status.UNKNOWN
    assert "retire les signatures" in verdict.text
    assert judged(facts, "dns.dnssec-strength").status in (Status.UNKNOWN, Status.NOT_APPLICABLE)


def test_a_resolver_that_calls_everything_verified_is_not_believed(tmp_path: Path) -> None:
    world = usual()
    world.zones[TOP].spoil(TOP, MX)
    facts = seen(world, tmp_path, says_ad=True)
    assert judged(facts).reason == "bogus"
    assert facts.contradictions == ("mairie.test MX",)


def test_a_signature_out_of_time_on_one_set_alone_is_found(tmp_path: Path) -> None:
    world = usual()
    world.zones[TOP].resign(TOP, MX, begins=NOW - timedelta(days=30), ends=NOW - timedelta(days=1))
    verdict = judged(seen(world, tmp_path))
    assert (verdict.status, verdict.reason) == (Status.FAIL, "expired")
    assert [(item.key, item.reason) for item in verdict.items if item.status is Status.FAIL] == [
        ("MX mairie.test", "dnssec.expired")
    ]


def test_a_zone_without_the_key_that_its_parent_designates(tmp_path: Path) -> None:
    world = usual(ds={"mairie.test.": zone("mairie.test.", keys=(Key(serial=99),)).ds()})
    facts = seen(world, tmp_path)
    verdict = judged(facts)
    assert (verdict.status, verdict.reason) == (Status.FAIL, "ds-mismatch")
    mending = next(line.value for line in verdict.evidence if line.label.startswith("ligne à publier"))
    assert mending == f"mairie.test. IN DS {world.zones[TOP].ds()[0].upper()}"


def test_an_island_is_told_the_line_that_ends_it(tmp_path: Path) -> None:
    world = usual(ds={"mairie.test.": ()})
    verdict = judged(seen(world, tmp_path))
    assert (verdict.status, verdict.reason) == (Status.PARTIAL, "island")
    assert any(world.zones[TOP].ds()[0].upper() in line.value for line in verdict.evidence)


def test_signatures_near_their_end_are_told(tmp_path: Path) -> None:
    world = usual()
    world.zones[TOP].resign(TOP, A, begins=NOW - timedelta(days=20), ends=NOW + timedelta(hours=4))
    facts = seen(world, tmp_path)
    assert judged(facts).status is Status.PASS
    verdict = judged(facts, "dns.dnssec-strength")
    assert (verdict.status, verdict.reason) == (Status.FAIL, "expiring-soon")


def test_opt_out_and_rounds_are_read(tmp_path: Path) -> None:
    facts = seen(usual(nsec3=Nsec3(7, "aabb", opt_out=True)), tmp_path)
    assert facts.hashing == Hashing(7, 2, opt_out=True)


def test_a_name_inside_anothers_zone_is_judged_by_that_zone(tmp_path: Path) -> None:
    asset = replace(ASSET, domain=f"mx1.{DOMAIN}")
    facts = seen(usual(), tmp_path, asset)
    assert facts.zone == DOMAIN
    assert judged(facts, asset=asset).status is Status.PASS


def test_a_name_that_does_not_exist_is_not_judged(tmp_path: Path) -> None:
    facts = seen(usual(), tmp_path, replace(ASSET, domain=f"rien.{DOMAIN}"))
    assert facts.exists is False
    assert judged(facts).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("rdtype", [DNSKEY, DS])
def test_a_zone_stripped_of_one_kind_of_record_is_never_a_pass(tmp_path: Path, rdtype: int) -> None:
    world = usual()
    for owner in (TOP,):
        holder = world.owner_of(owner, rdtype)
        assert holder is not None
        holder.sets.pop((owner, rdtype), None)
    assert judged(seen(world, tmp_path)).status is not Status.PASS


def test_no_resolver_at_all_is_unreachable(tmp_path: Path) -> None:
    options = Options(resolvers=("127.0.0.1:1",), patience=PATIENCE)
    scope = scope_for_look(domains=[DOMAIN], authorized_by="Mme le maire")
    instruments = set_up(TOWN, scope, options, now=NOW)
    assert isinstance(asyncio.run(dnssec_chain.look(ASSET, instruments)), Unreachable)


def test_what_would_be_asked_is_announced(tmp_path: Path) -> None:
    with behind(Resolving(usual()), tmp_path) as instruments:
        (told,) = dnssec_chain.announce(ASSET, instruments)
    assert "signatures" in told.text
    assert told.max_packets >= 20


def test_behind_a_box_that_strips_the_zone_of_a_name_is_still_found(tmp_path: Path) -> None:
    facts = seen(usual(), tmp_path, replace(ASSET, domain=f"mx1.{DOMAIN}"), strips=True)
    assert facts.zone == DOMAIN
    assert not isinstance(facts.keys, Unreachable)
    assert len(facts.keys) == 1


def test_an_address_in_the_mx_is_no_name_to_prove(tmp_path: Path) -> None:
    world = usual()
    world.zones[TOP].add(rrset(TOP, MX, "10 mx1.mairie.test.", "20 192.0.2.25."))
    world.zones[TOP].resign(TOP, MX)
    facts = seen(world, tmp_path)
    assert [one.name for one in facts.mx_hosts] == [f"mx1.{DOMAIN}"]


def test_a_domain_of_which_half_is_silent_keeps_the_other_half(tmp_path: Path) -> None:
    resolver = Resolving(usual())
    resolver.silent = frozenset({("mairie.test.", "SOA"), ("mairie.test.", "MX"), ("mairie.test.", "DNSKEY")})
    with behind(resolver, tmp_path) as instruments:
        facts = asyncio.run(dnssec_chain.look(ASSET, instruments))
    assert isinstance(facts, Dnssec)
    assert isinstance(facts.zone, Unreachable)
    assert isinstance(facts.keys, Unreachable)
    assert facts.exists is True
    assert facts.mx_hosts == ()
    assert judged(facts).status is Status.UNKNOWN
    assert judged(facts, "dns.dnssec-strength").status is Status.UNKNOWN

"""Resolvers that filter, forward half of what they get, or answer for a zone's inside; datagrams lost together."""

import asyncio
from collections.abc import Callable
from ipaddress import ip_address

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from dns.rdatatype import NSEC, NSEC3, RRSIG

from cyberaudit.facts.security import DnssecState, Security
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.dnssec.validator import Validator
from cyberaudit.probes.names import servers
from cyberaudit.probes.names.root_hints import RootHints
from cyberaudit.probes.names.servers import MOST_FORGIVEN, MUTE_AFTER
from cyberaudit.probes.resolver import Answer, Resolver
from tests.loopback.made_authorities import Authority, Twist, made_zone
from tests.loopback.test_probes_names import (
    HINTS,
    NOWHERE,
    TOWN,
    TOWN_TEXT,
    authorities,
    everything_expected,
    recursive,
    resolving,
    town,
    validation,
)

pytestmark = pytest.mark.loopback


def of_proof(rrset: dns.rrset.RRset) -> bool:
    return bool({NSEC, NSEC3} & {rrset.rdtype, rrset.covers})


def without_proofs(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
    """A forwarder that hands on the signatures of answers, and nothing of what proves an absence."""
    reply.authority[:] = [rrset for rrset in reply.authority if not of_proof(rrset)]
    return [reply.to_wire()]


def only(name: str, rrtype: str, change: Callable[[dns.message.Message], object]) -> Twist:
    """`change` made to the reply about this name and type."""

    def twist(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        asked = query.question[0]
        if (asked.name.to_text(), asked.rdtype) == (name, dns.rdatatype.from_text(rrtype)):
            change(reply)
        return [reply.to_wire()]

    return twist


def blocked(reply: dns.message.Message) -> None:
    """A filter's word: there is no such name, and nothing more."""
    reply.answer.clear()
    reply.authority.clear()
    reply.set_rcode(dns.rcode.NXDOMAIN)


def unsigned(reply: dns.message.Message) -> None:
    for section in (reply.answer, reply.authority):
        section[:] = [rrset for rrset in section if rrset.rdtype != RRSIG]


def test_a_forwarder_that_drops_proofs_is_left_for_the_authorities() -> None:
    async def visit(resolver: Resolver) -> None:
        await everything_expected(resolver)
        assert resolver.dnssec_state is DnssecState.WENT_TO_AUTHORITIES

    box = recursive(twist=without_proofs)
    resolving(visit, resolvers=[box], world=authorities(), hints=HINTS)
    assert box.udp.total() == 2


def test_behind_a_forwarder_that_drops_proofs_an_unsigned_domain_is_not_checked() -> None:
    async def visit(resolver: Resolver) -> None:
        for name in ("www.autre.test", "mairie.test"):
            answer = await resolver.ask(name, "A")
            assert isinstance(answer, Answer)
            assert answer.security is Security.UNCHECKED
        assert resolver.dnssec_state is DnssecState.NOT_CHECKED

    resolving(visit, resolvers=[recursive(twist=without_proofs)])


def test_whether_proofs_come_is_asked_once_a_run() -> None:
    async def visit(resolver: Resolver) -> None:
        await asyncio.gather(*(resolver.ask("mairie.test", rrtype) for rrtype in ("MX", "TXT", "NS")))

    server = recursive()
    resolving(visit, resolvers=[server])
    single = [name for name, _ in server.udp if name and "." not in name]
    assert len([name for name in single if name != "test"]) == 1


FILTERS = [("MX", blocked), ("MX", unsigned), ("CAA", blocked), ("CAA", unsigned)]


@pytest.mark.parametrize(("rrtype", "change"), FILTERS)
@pytest.mark.parametrize("hints", [None, HINTS, RootHints((ip_address(NOWHERE),))])
def test_what_a_resolver_leaves_out_accuses_no_zone(
    rrtype: str, change: Callable[[dns.message.Message], object], hints: RootHints | None
) -> None:
    async def visit(resolver: Resolver) -> None:
        answer = await resolver.ask("mairie.test", rrtype)
        assert isinstance(answer, Answer), answer
        assert (answer.security, answer.why) == (Security.UNCHECKED, "left-out")
        others = await resolver.ask("mairie.test", "TXT")
        assert isinstance(others, Answer)
        assert others.security is Security.SECURE

    box = recursive(twist=only("mairie.test.", rrtype, change))
    resolving(visit, resolvers=[box], world=authorities(), hints=hints)


@pytest.mark.parametrize(("rrtype", "change"), FILTERS)
def test_what_the_authority_leaves_out_too_is_bogus(
    rrtype: str, change: Callable[[dns.message.Message], object]
) -> None:
    async def visit(resolver: Resolver) -> None:
        answer = await resolver.ask("mairie.test", rrtype)
        assert isinstance(answer, Unreachable)
        assert answer.reason is Reason.BOGUS

    twist = only("mairie.test.", rrtype, change)
    world = authorities(TOWN=Authority([town()], twist), TOWN_TOO=Authority([town()], twist))
    resolving(visit, resolvers=[recursive(twist=twist)], world=world, hints=HINTS)


def test_a_second_opinion_costs_the_chain_once_and_one_question_an_answer() -> None:
    async def visit(resolver: Resolver) -> None:
        for rrtype in ("MX", "TXT", "NS", "SOA"):
            await resolver.ask("mairie.test", rrtype)

    def all_unsigned(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        if query.question[0].rdtype in (dns.rdatatype.MX, dns.rdatatype.TXT, dns.rdatatype.NS):
            unsigned(reply)
        return [reply.to_wire()]

    world = authorities()
    resolving(visit, resolvers=[recursive(twist=all_unsigned)], world=world, hints=HINTS)
    assert sum(server.udp.total() for server in world.values()) <= 14


def test_a_resolver_that_serves_the_zone_itself_is_not_believed_about_its_delegation() -> None:
    def as_its_own(name: str) -> Twist:
        def change(reply: dns.message.Message) -> None:
            reply.answer.clear()
            soa = f"ns.{name} h.{name} 1 2 3 4 5"
            reply.authority[:] = [dns.rrset.from_text(name, 60, "IN", "SOA", soa)]

        return only(name, "DS", change)

    async def at(resolver: Resolver, name: str) -> tuple[Security, str]:
        answer = await resolver.ask(name, "A" if "www" in name else "MX")
        assert isinstance(answer, Answer), answer
        return answer.security, answer.why

    async def alone(resolver: Resolver) -> None:
        assert await at(resolver, "www.autre.test") == (Security.UNCHECKED, "wrong-side")

    async def helped(resolver: Resolver) -> None:
        assert await at(resolver, "www.autre.test") == (Security.INSECURE, "unsigned")

    async def signed(resolver: Resolver) -> None:
        assert await at(resolver, "mairie.test") == (Security.SECURE, "")

    resolving(alone, resolvers=[recursive(twist=as_its_own("autre.test."))])
    for visit, name in ((helped, "autre.test."), (signed, "mairie.test.")):
        resolving(visit, resolvers=[recursive(twist=as_its_own(name))], world=authorities(), hints=HINTS)


def test_a_reply_makes_nobody_ask_about_strangers() -> None:
    def with_strangers(reply: dns.message.Message) -> None:
        signature = next(rrset for rrset in reply.answer if rrset.rdtype == RRSIG)[0]
        for number in range(5):
            stranger = dns.name.from_text(f"victime{number}.tiers.test.")
            owner = dns.name.from_text(f"r{number}.mairie.test.")
            false = dns.rrset.RRset(owner, signature.rdclass, RRSIG, dns.rdatatype.MX)
            false.add(signature.replace(signer=stranger), 60)
            reply.answer.insert(0, false)

    async def visit(resolver: Resolver) -> None:
        answer = await resolver.ask("mairie.test", "MX")
        assert isinstance(answer, Answer)
        assert answer.security is Security.SECURE

    server = recursive(twist=only("mairie.test.", "MX", with_strangers))
    resolving(visit, resolvers=[server])
    assert not [name for name, _ in server.udp if "tiers" in name]
    assert server.udp["mairie.test", "DS"] == 1


WITH_HOLE = TOWN_TEXT + 'a.vide IN TXT "dessous"\n'


def compact_lie(reply: dns.message.Message) -> None:
    """An unsigned « this name does not exist » beside the true proof that it has nothing of that type."""
    reply.authority.append(
        dns.rrset.from_text("vide.mairie.test.", 60, "IN", "NSEC", "\\000.vide.mairie.test. TYPE128")
    )


@pytest.mark.parametrize("validates", [True, False])
def test_a_compact_proof_that_did_not_verify_denies_no_name(validates: bool) -> None:
    async def visit(resolver: Resolver) -> None:
        answer = await resolver.ask("vide.mairie.test", "TXT")
        assert isinstance(answer, Answer), answer
        assert answer.records == ()
        assert answer.exists is validates
        assert answer.security is (Security.SECURE if validates else Security.UNCHECKED)

    zone = made_zone("mairie.test.", WITH_HOLE)
    server = recursive(twist=only("vide.mairie.test.", "TXT", compact_lie), town=zone)
    resolving(visit, resolvers=[server], validates=validation if validates else None)


# Datagrams lost together


def first_lost(count: int) -> Twist:
    lost = iter(range(count))

    def twist(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        return [reply.to_wire()] if next(lost, None) is None else []

    return twist


def asking_town(resolver: Resolver, rrtype: str, *, over_tcp: bool = False) -> asyncio.Task[object]:
    return asyncio.create_task(
        resolver.ask_server(ip_address(TOWN), "mairie.test", rrtype, about="mairie.test", over_tcp=over_tcp)
    )


def test_a_server_silent_for_a_moment_is_heard_at_the_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "FORGIVEN_AFTER_SECONDS", 0.3)

    async def visit(resolver: Resolver) -> None:
        assert isinstance(await asking_town(resolver, "SOA"), Unreachable)
        assert isinstance(await asking_town(resolver, "NS"), Unreachable)
        assert town_server.udp.total() == MUTE_AFTER
        await asyncio.sleep(0.35)
        answers = await asyncio.gather(*(asking_town(resolver, rrtype) for rrtype in ("SOA", "NS", "MX")))
        assert all(isinstance(answer, dns.message.Message) for answer in answers)

    town_server = Authority([town()], first_lost(MUTE_AFTER))
    resolving(visit, world=authorities(TOWN=town_server))


def test_a_dead_server_is_given_few_questions_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "FORGIVEN_AFTER_SECONDS", 0.05)

    async def visit(resolver: Resolver) -> None:
        for _ in range(MOST_FORGIVEN + 3):
            assert isinstance(await asking_town(resolver, "SOA"), Unreachable)
            await asyncio.sleep(0.1)

    dead = Authority([town()], first_lost(1000))
    resolving(visit, world=authorities(TOWN=dead))
    assert dead.udp.total() == MUTE_AFTER + MOST_FORGIVEN


def test_a_conversation_is_tried_again_at_the_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "FORGIVEN_AFTER_SECONDS", 0.3)

    class Late(Authority):
        async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.append(writer)
            if len(connections) > MUTE_AFTER:
                await super()._talk(reader, writer)
            else:
                await reader.read()

    async def visit(resolver: Resolver) -> None:
        for rrtype in ("SOA", "NS", "MX"):
            assert isinstance(await asking_town(resolver, rrtype, over_tcp=True), Unreachable)
        assert len(connections) == MUTE_AFTER
        await asyncio.sleep(0.35)
        assert isinstance(await asking_town(resolver, "SOA", over_tcp=True), dns.message.Message)

    connections: list[asyncio.StreamWriter] = []
    resolving(visit, world=authorities(TOWN=Late([town()])))


def test_the_validator_of_the_run_has_a_second_one_for_what_is_left_out() -> None:
    async def visit(resolver: Resolver) -> None:
        assert isinstance(resolver.validator, Validator)
        assert isinstance(resolver.validator.second, Validator)
        assert resolver.validator.second.second is None

    resolving(visit, resolvers=[recursive()])

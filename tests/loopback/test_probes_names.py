"""Names through signed zones, stripping and lying resolvers, and down from a private root, hostile servers included."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TypeVar

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.demo.background import Background
from cyberaudit.facts.security import DnssecState, Security
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.dnssec.anchors import Anchors
from cyberaudit.probes.dnssec.judgement import Fetch
from cyberaudit.probes.dnssec.validator import Validator
from cyberaudit.probes.endpoint import ConnectRule, ConnectTo, Endpoint
from cyberaudit.probes.names import reply, source, walk
from cyberaudit.probes.names.delegation import kind_of
from cyberaudit.probes.names.question import Question
from cyberaudit.probes.names.root_hints import RootHints
from cyberaudit.probes.network import Network
from cyberaudit.probes.resolver import Answer, Resolver
from cyberaudit.town.scope import scope_for_look
from tests.loopback.made_authorities import (
    NOW,
    SIGNED_UNTIL,
    Authority,
    Key,
    Twist,
    delegation,
    key_of,
    made_zone,
    mute,
    stripping,
    with_code,
)

pytestmark = pytest.mark.loopback

T = TypeVar("T")
ROOT, TLD, TOWN, TOWN_TOO, OTHER = (f"192.0.2.{n}" for n in range(1, 6))
NOWHERE = "192.0.2.99"
ANCHORS: Anchors = (key_of(".").ds("."),)
HINTS = RootHints((ip_address(ROOT),))
TOWN_TEXT = """
@ IN NS ns1.mairie.test.
@ IN NS ns2.mairie.test.
@ IN MX 10 mx.mairie.test.
@ IN TXT "v=spf1 -all"
ns1 IN A 192.0.2.3
ns2 IN A 192.0.2.4
mx IN A 198.51.100.25
www IN CNAME mairie.test.
ailleurs IN CNAME www.autre.test.
perdu IN CNAME rien.autre.test.
tour IN CNAME tour.autre.test.
gros IN TXT {}
""".format(" ".join(["x" * 200] * 9))
OTHER_TEXT = """
@ IN NS ns1.autre.test.
ns1 IN A 192.0.2.5
www IN A 198.51.100.80
tour IN CNAME tour.mairie.test.
"""


def town(*, until: datetime = SIGNED_UNTIL, key: Key | None = None) -> dns.zone.Zone:
    return made_zone("mairie.test.", TOWN_TEXT, until=until, key=key)


def other() -> dns.zone.Zone:
    return made_zone("autre.test.", OTHER_TEXT, signed=False)


TOWN_SERVERS = {"ns1.mairie.test.": TOWN, "ns2.mairie.test.": TOWN_TOO}
OTHER_SERVERS = {"ns1.autre.test.": OTHER}


def tld(more: str = "", *, town_servers: Mapping[str, str] = TOWN_SERVERS) -> dns.zone.Zone:
    text = "@ IN NS ns.test.\nns IN A 192.0.2.2\n"
    text += delegation("mairie.test.", town_servers, ds=key_of("mairie.test."))
    return made_zone("test.", text + delegation("autre.test.", OTHER_SERVERS) + more)


def root() -> dns.zone.Zone:
    text = "@ IN NS ns.racine.\nns.racine. IN A 192.0.2.1\n"
    return made_zone(".", text + delegation("test.", {"ns.test.": TLD}, ds=key_of("test.")))


def everything(**changes: dns.zone.Zone) -> list[dns.zone.Zone]:
    return list(({"root": root(), "tld": tld(), "town": town(), "other": other()} | changes).values())


def recursive(*, twist: Twist | None = None, liar: bool = False, **changes: dns.zone.Zone) -> Authority:
    return Authority(everything(**changes), twist, recursive=True, authenticates=liar)


def authorities(**changes: Authority) -> dict[str, Authority]:
    sound = {
        ROOT: Authority([root()]),
        TLD: Authority([tld()]),
        TOWN: Authority([town()]),
        TOWN_TOO: Authority([town()]),
        OTHER: Authority([other()]),
    }
    return sound | {globals()[name]: server for name, server in changes.items()}


def validation(fetch: Fetch) -> Validator:
    return Validator(fetch, ANCHORS, NOW)


def resolving(
    visit: Callable[[Resolver], Awaitable[T]],
    *,
    resolvers: Sequence[Authority] = (),
    world: Mapping[str, Authority] | None = None,
    hints: RootHints | None = None,
    validates: Callable[[Fetch], Validator] | None = validation,
    tries: tuple[float, ...] = (0.15, 0.15),
) -> T:
    """What `visit` obtains; the servers of `world` answer at their documentation address, port 53."""

    async def scenario() -> T:
        rules = [
            ConnectRule(Endpoint(ip_address(address), 53), Endpoint(ip_address("127.0.0.1"), server.port))
            for address, server in (world or {}).items()
        ]
        endpoints = [Endpoint(ip_address("127.0.0.1"), server.port) for server in resolvers]
        network = Network(
            scope_for_look(domains=("mairie.test",), authorized_by="Mme Test"),
            connect_to=ConnectTo(tuple(rules)),
            infrastructure=endpoints,
            loopback_only=True,
        )
        resolver = Resolver(
            network, endpoints, tries=tries, tcp_seconds=0.4, validation=validates, root_hints=hints
        )
        return await visit(resolver)

    servers = {id(server): server for server in (*resolvers, *(world or {}).values())}
    with Background(*servers.values()):
        return asyncio.run(scenario())


def asking(name: str, rrtype: str) -> Callable[[Resolver], Awaitable[Answer | Unreachable]]:
    return lambda resolver: resolver.ask(name, rrtype)


def texts(answer: Answer | Unreachable) -> list[str]:
    assert isinstance(answer, Answer), answer
    return [record.to_text() for record in answer.records]


async def seen(resolver: Resolver, name: str, rrtype: str) -> tuple[str, str, bool, Security, str]:
    answer = await resolver.secure(name, rrtype)
    assert isinstance(answer, Answer), answer
    return name, rrtype, answer.exists, answer.security, answer.why


EXPECTED = {
    ("mairie.test", "MX"): (True, Security.SECURE, ""),
    ("www.mairie.test", "TXT"): (True, Security.SECURE, ""),
    ("mairie.test", "CAA"): (True, Security.SECURE, ""),
    ("absent.mairie.test", "TXT"): (False, Security.SECURE, ""),
    ("gros.mairie.test", "TXT"): (True, Security.SECURE, ""),
    ("www.autre.test", "A"): (True, Security.INSECURE, "unsigned"),
    ("absent.autre.test", "A"): (False, Security.INSECURE, "unsigned"),
    ("ailleurs.mairie.test", "A"): (True, Security.INSECURE, "unsigned"),
    ("perdu.mairie.test", "A"): (True, Security.INSECURE, "unsigned"),
    ("test", "DS"): (True, Security.SECURE, ""),
    ("mairie.test", "DS"): (True, Security.SECURE, ""),
    ("autre.test", "DS"): (True, Security.SECURE, ""),
    ("nulle.part", "A"): (False, Security.SECURE, ""),
}


async def everything_expected(resolver: Resolver) -> None:
    found = await asyncio.gather(*(seen(resolver, name, rrtype) for name, rrtype in EXPECTED))
    assert {answer[:2]: answer[2:] for answer in found} == EXPECTED


@pytest.mark.parametrize("liar", [False, True])
def test_answers_are_verified_behind_a_resolver_that_hands_signatures_on(liar: bool) -> None:
    async def visit(resolver: Resolver) -> None:
        await everything_expected(resolver)
        assert resolver.dnssec_state is DnssecState.FINE
        contradicted = {name for name, _ in resolver.ad_contradictions}
        assert contradicted == ({"www.autre.test", "absent.autre.test", "rien.autre.test"} if liar else set())

    resolving(visit, resolvers=[recursive(liar=liar)])


def test_answers_are_verified_down_from_the_root() -> None:
    async def visit(resolver: Resolver) -> None:
        await everything_expected(resolver)
        assert resolver.dnssec_state is DnssecState.FINE

    world = authorities()
    resolving(visit, world=world, hints=HINTS)
    # Three delegations learnt once; then each question once, to one server.
    assert world[ROOT].udp.total() <= 5
    assert world[TLD].udp.total() <= 8


def test_a_resolver_that_strips_signatures_is_left_for_the_authorities() -> None:
    async def visit(resolver: Resolver) -> None:
        await everything_expected(resolver)
        assert resolver.dnssec_state is DnssecState.WENT_TO_AUTHORITIES

    box = recursive(twist=stripping)
    resolving(visit, resolvers=[box], world=authorities(), hints=HINTS)
    assert box.udp == {(".", "DNSKEY"): 1}


@pytest.mark.parametrize("hints", [None, RootHints((ip_address(NOWHERE),))], ids=["untold", "out of reach"])
def test_without_authorities_a_stripped_answer_is_not_checked(hints: RootHints | None) -> None:
    async def visit(resolver: Resolver) -> None:
        answer = await resolver.ask("mairie.test", "MX")
        assert texts(answer) == ["10 mx.mairie.test."]
        assert isinstance(answer, Answer)
        assert answer.security is Security.UNCHECKED
        assert resolver.dnssec_state is DnssecState.NOT_CHECKED

    box = recursive(twist=stripping)
    resolving(visit, resolvers=[box], hints=hints)
    assert box.udp.total() <= 3


def test_the_roots_of_the_internet_are_asked_only_where_the_resolver_names_them() -> None:
    async def visit(resolver: Resolver) -> None:
        await resolver.ask("mairie.test", "MX")
        asked = {str(server.endpoint.address) for server in resolver.statistics}
        assert ("198.41.0.4" in asked) == internet

    for internet in (False, True):
        own = (
            "@ IN NS a.root-servers.net.\n"
            if internet
            else "@ IN NS ns.racine.\n@ IN NS b.root-servers.net.\n"
        )
        box = recursive(twist=stripping, root=made_zone(".", own, signed=False))
        resolving(visit, resolvers=[box])


def test_a_resolver_that_knows_no_root_costs_two_questions_more() -> None:
    refusing = Authority([town()], recursive=True)

    async def visit(resolver: Resolver) -> None:
        assert texts(await resolver.ask("mairie.test", "MX")) == ["10 mx.mairie.test."]
        await resolver.ask("mairie.test", "TXT")
        assert resolver.dnssec_state is DnssecState.NOT_CHECKED

    resolving(visit, resolvers=[refusing])
    assert refusing.udp.total() == 4


def test_a_root_that_fits_no_anchor_leaves_everything_unchecked() -> None:
    def foreign(fetch: Fetch) -> Validator:
        return Validator(fetch, (key_of("autre racine").ds("."),), NOW)

    async def visit(resolver: Resolver) -> None:
        answers = await asyncio.gather(*(resolver.secure(*asked) for asked in EXPECTED))
        assert {getattr(answer, "security", None) for answer in answers} == {Security.UNCHECKED}
        assert resolver.dnssec_state is DnssecState.NO_ANCHOR_FITS

    expired = made_zone("mairie.test.", TOWN_TEXT, until=datetime(2026, 11, 20, tzinfo=UTC))
    resolving(visit, resolvers=[recursive(town=expired)], validates=foreign)


@pytest.mark.parametrize("way", ["resolver", "authorities", "liar"])
@pytest.mark.parametrize(
    ("zone", "why"),
    [
        (lambda: town(until=datetime(2026, 11, 20, tzinfo=UTC)), "expired"),
        (lambda: made_zone("mairie.test.", TOWN_TEXT, signed=False), "no-key"),
        (lambda: town(key=key_of("une autre")), "ds-mismatch"),
    ],
    ids=["expired", "no-key", "ds-mismatch"],
)
def test_what_does_not_verify_is_bogus_and_no_answer(
    zone: Callable[[], dns.zone.Zone], why: str, way: str
) -> None:
    async def visit(resolver: Resolver) -> None:
        for rrtype in ("MX", "CAA"):
            answer = await resolver.ask("mairie.test", rrtype)
            assert isinstance(answer, Unreachable)
            assert answer.reason is Reason.BOGUS
            assert "mairie.test" in answer.detail
            told = await resolver.secure("mairie.test", rrtype)
            assert isinstance(told, Answer)
            assert (told.security, told.why) == (Security.BOGUS, why)
        assert bool(resolver.ad_contradictions) == (way == "liar")
        assert isinstance(await resolver.mx("mairie.test"), Unreachable)
        assert isinstance(await resolver.ask("www.autre.test", "A"), Answer)

    if way == "authorities":
        false = Authority([zone()])
        resolving(visit, world=authorities(TOWN=false, TOWN_TOO=false), hints=HINTS)
    else:
        resolving(visit, resolvers=[recursive(town=zone(), liar=way == "liar")])


def test_without_validation_nothing_is_asked_of_the_root() -> None:
    async def visit(resolver: Resolver) -> None:
        answer = await resolver.ask("mairie.test", "MX")
        assert isinstance(answer, Answer)
        assert answer.security is Security.UNCHECKED
        assert resolver.validator is None
        assert resolver.dnssec_state is DnssecState.NOT_ASKED

    server = recursive()
    resolving(visit, resolvers=[server], validates=None)
    assert server.udp == {("mairie.test", "MX"): 1}


def test_the_second_resolver_is_not_believed_for_signatures_it_drops() -> None:
    async def visit(resolver: Resolver) -> None:
        answer = await resolver.ask("mairie.test", "MX")
        assert isinstance(answer, Answer)
        assert answer.security is not Security.BOGUS

    def fails_about_mail(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        if query.question[0].rdtype == dns.rdatatype.MX:
            reply = dns.message.make_response(query)
            reply.set_rcode(dns.rcode.SERVFAIL)
        return [reply.to_wire()]

    resolving(visit, resolvers=[recursive(twist=fails_about_mail), recursive(twist=stripping)])


def without_edns(code: int) -> Twist:
    def twist(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        if query.edns >= 0:
            reply = dns.message.make_response(query)
            reply.use_edns(False)
            reply.set_rcode(dns.rcode.Rcode.make(code))
        return [reply.to_wire()]

    return twist


@pytest.mark.parametrize("code", [dns.rcode.FORMERR, dns.rcode.NOTIMP])
def test_a_resolver_that_refuses_edns_is_asked_without(code: int) -> None:
    async def visit(resolver: Resolver) -> None:
        for rrtype in ("MX", "TXT", "CAA"):
            assert isinstance(await resolver.ask("mairie.test", rrtype), Answer)

    server = recursive(twist=without_edns(code))
    resolving(visit, resolvers=[server])
    assert server.udp["mairie.test", "CAA"] == 1


def test_a_resolver_that_drops_questions_with_edns_is_asked_without() -> None:
    def drops(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        return [] if query.edns >= 0 else [reply.to_wire()]

    async def visit(resolver: Resolver) -> None:
        for rrtype in ("MX", "TXT", "CAA"):
            assert isinstance(await resolver.ask("mairie.test", rrtype), Answer)

    server = recursive(twist=drops)
    resolving(visit, resolvers=[server])
    assert server.udp["mairie.test", "CAA"] == 1


def test_a_server_that_refuses_edns_still_answers_down_from_the_root() -> None:
    old = Authority([other()], without_edns(dns.rcode.FORMERR))
    answer = resolving(asking("www.autre.test", "A"), world=authorities(OTHER=old), hints=HINTS)
    assert isinstance(answer, Answer)
    assert answer.security is Security.INSECURE


def upward(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
    away = dns.message.make_response(query)
    away.authority.append(dns.rrset.from_text(".", 60, "IN", "NS", "ns.racine."))
    return [away.to_wire()]


def to_itself(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
    away = dns.message.make_response(query)
    away.authority.append(dns.rrset.from_text("mairie.test.", 60, "IN", "NS", "ns1.mairie.test."))
    return [away.to_wire()]


def recursing(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
    reply.flags = (reply.flags | dns.flags.RA) & ~dns.flags.AA
    return [reply.to_wire()]


BAD = [mute, with_code(dns.rcode.REFUSED), with_code(dns.rcode.SERVFAIL), upward, to_itself, recursing]
BAD_IDS = ["mute", "refused", "servfail", "upward", "to-itself", "not-authoritative"]


@pytest.mark.parametrize("twist", BAD, ids=BAD_IDS)
def test_one_lame_server_among_good_ones_hides_nothing(twist: Twist) -> None:
    world = authorities(TOWN=Authority([town()], twist))
    answer = resolving(asking("mairie.test", "MX"), world=world, hints=HINTS)
    assert texts(answer) == ["10 mx.mairie.test."]


@pytest.mark.parametrize("twist", BAD, ids=BAD_IDS)
def test_when_all_are_lame_it_is_a_failure_and_no_absence(twist: Twist) -> None:
    lame = Authority([town()], twist)
    world = authorities(TOWN=lame, TOWN_TOO=lame)
    answer = resolving(asking("mairie.test", "MX"), world=world, hints=HINTS)
    assert isinstance(answer, Unreachable)
    assert answer.reason is Reason.RESOLVER_FAILURE


def test_a_mute_zone_is_found_so_once_for_everybody() -> None:
    silent = Authority([town()], mute)

    async def visit(resolver: Resolver) -> None:
        names = [f"n{n}.mairie.test" for n in range(20)]
        answers = await asyncio.gather(*(resolver.ask(name, "TXT") for name in names))
        assert all(isinstance(answer, Unreachable) for answer in answers)
        begun = time.monotonic()
        assert isinstance(await resolver.ask("mairie.test", "MX"), Unreachable)
        assert time.monotonic() - begun < 0.3

    begun = time.monotonic()
    resolving(visit, world=authorities(TOWN=silent, TOWN_TOO=silent), hints=HINTS)
    assert time.monotonic() - begun < 5


def test_glue_from_outside_the_zone_is_not_believed() -> None:
    """The TLD's server may not tell where a name of another tree lives: it is looked for instead."""

    def poisoned(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        if reply.authority and not reply.answer and not reply.flags & dns.flags.AA:
            reply.authority[0] = dns.rrset.from_text("mairie.test.", 60, "IN", "NS", "ns.ailleurs.invalid.")
            reply.additional.append(dns.rrset.from_text("ns.ailleurs.invalid.", 60, "IN", "A", OTHER))
        return [reply.to_wire()]

    pirate = Authority([made_zone("mairie.test.", '@ IN NS ns\n@ IN TXT "pirate"\n', signed=False)])
    world = authorities(TLD=Authority([tld()], poisoned), OTHER=pirate)
    answer = resolving(asking("mairie.test", "TXT"), world=world, hints=HINTS)
    assert isinstance(answer, Unreachable)
    assert not pirate.udp


def test_records_from_outside_the_zone_are_not_believed() -> None:
    def poisoned(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        reply.answer.append(dns.rrset.from_text("www.autre.test.", 60, "IN", "A", NOWHERE))
        return [reply.to_wire()]

    pirate = Authority([town()], poisoned)
    world = authorities(TOWN=pirate, TOWN_TOO=pirate)
    answer = resolving(asking("ailleurs.mairie.test", "A"), world=world, hints=HINTS)
    assert texts(answer) == ["198.51.100.80"]


def test_servers_whose_address_is_not_told_are_looked_for() -> None:
    bare = Authority([tld(town_servers={"ns.autre.test.": ""})])
    hosting = made_zone("autre.test.", OTHER_TEXT + f"ns IN A {TOWN}\n", signed=False)
    world = authorities(TLD=bare, OTHER=Authority([hosting]))
    answer = resolving(asking("mairie.test", "MX"), world=world, hints=HINTS)
    assert texts(answer) == ["10 mx.mairie.test."]


def test_zones_whose_servers_hang_on_each_other_are_a_failure() -> None:
    more = delegation("a.test.", {"ns.b.test.": ""}) + delegation("b.test.", {"ns.a.test.": ""})

    async def visit(resolver: Resolver) -> None:
        names = ["a.test", "b.test", "www.a.test", "www.b.test", "ns.a.test"]
        answers = await asyncio.gather(*(resolver.ask(name, "A") for name in names))
        assert all(isinstance(answer, Unreachable) for answer in answers)

    world = authorities(TLD=Authority([tld(more)]))
    resolving(visit, world=world, hints=HINTS)
    assert world[TLD].udp.total() < 200


def test_a_delegation_to_a_crowd_of_missing_names_stays_cheap() -> None:
    """CVE-2020-12662: each name sought would cost the victim a question."""
    crowd = {f"ns{n}.victime.test.": "" for n in range(200)}
    more = delegation("foule.test.", crowd) + delegation("victime.test.", {"ns.victime.test.": NOWHERE})
    world = authorities(TLD=Authority([tld(more)]))
    answer = resolving(asking("www.foule.test", "A"), world=world, hints=HINTS)
    assert isinstance(answer, Unreachable)
    assert world[TLD].udp.total() <= 12


def test_aliases_that_turn_round_between_zones_are_a_failure() -> None:
    answer = resolving(asking("tour.mairie.test", "A"), world=authorities(), hints=HINTS)
    assert isinstance(answer, Unreachable)
    assert "alias" in answer.detail


def test_a_compact_proof_of_absence_is_an_absence() -> None:
    """RFC 9824: NOERROR, and an NSEC at the very name that says it does not exist."""

    def compact(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        name = query.question[0].name.to_text()
        reply.answer.clear()
        reply.authority.append(
            dns.rrset.from_text(name, 60, "IN", "NSEC", f"\\000.{name} RRSIG NSEC TYPE128")
        )
        reply.set_rcode(dns.rcode.NOERROR)
        return [reply.to_wire()]

    answer = resolving(asking("rien.mairie.test", "A"), resolvers=[recursive(twist=compact)], validates=None)
    assert isinstance(answer, Answer)
    assert not answer.exists


def crowded(count: int) -> Twist:
    def twist(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        question = query.question[0]
        head = query.id.to_bytes(2, "big") + b"\x84\x00\x00\x01" + count.to_bytes(2, "big") + bytes(4)
        asked = (question.name.to_wire() or b"") + int(question.rdtype).to_bytes(2, "big") + b"\x00\x01"
        record = b"\xc0\x0c\x00\x01\x00\x01" + bytes(4) + b"\x00\x04\xc6\x33\x64\x01"
        return [head + asked + record * count]

    return twist


def test_more_records_than_a_sound_answer_holds_are_unknown() -> None:
    async def visit(resolver: Resolver) -> Answer | Unreachable:
        return await resolver.ask("mairie.test", "A")

    class Crowd(Authority):
        def respond(self, query: dns.message.Message) -> dns.message.Message:
            reply = super().respond(query)
            if query.question[0].rdtype == dns.rdatatype.A:
                lines = [f"10.{n // 250}.{n % 250}.1" for n in range(3500)]
                reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", *lines))
            return reply

    begun = time.monotonic()
    answer = resolving(visit, resolvers=[Crowd(everything(), recursive=True)])
    assert isinstance(answer, Unreachable)
    assert time.monotonic() - begun < 5
    full = recursive(twist=crowded(2000))
    resolving(visit, resolvers=[full], validates=None)
    assert full.tcp["mairie.test", "A"] == 1


def test_names_compressed_into_a_maze_are_unknown_and_quick() -> None:
    def maze(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        head = query.id.to_bytes(2, "big") + b"\x84\x00\x00\x01\x00\x01" + bytes(4)
        asked = (query.question[0].name.to_wire() or b"") + b"\x00\x0f\x00\x01"
        pointers = b"".join((0xC000 | 12 + len(asked) + 12 + 2 * n).to_bytes(2, "big") for n in range(8000))
        record = b"\xc0\x0c\x00\x37\x00\x01" + bytes(4) + len(pointers).to_bytes(2, "big") + pointers
        return [head + asked + record]

    begun = time.monotonic()
    server = recursive(twist=maze)
    server_answer = resolving(asking("mairie.test", "MX"), resolvers=[server], validates=None)
    assert time.monotonic() - begun < 3
    assert isinstance(server_answer, (Answer, Unreachable))  # over TCP the server is honest
    assert server.tcp["mairie.test", "MX"] == 1


def test_one_authority_is_asked_once_for_everybody_and_told_apart_by_manner() -> None:
    async def visit(resolver: Resolver) -> None:
        address = ip_address(TOWN)

        async def ask(**manner: bool) -> dns.message.Message:
            reply = await resolver.ask_server(address, "Mairie.test.", "SOA", about="mairie.test", **manner)
            assert isinstance(reply, dns.message.Message), reply
            return reply

        plain, again = await asyncio.gather(ask(), ask())
        assert plain is again
        assert plain.flags & dns.flags.AA
        assert plain.edns == 0
        assert len(plain.answer) == 1
        signed = await ask(dnssec=True)
        assert len(signed.answer) == 2
        bare = await ask(edns=False)
        assert bare.edns == -1
        await ask(over_tcp=True)
        refused = await resolver.ask_server(address, "autre.test", "SOA", about="mairie.test")
        assert isinstance(refused, dns.message.Message)
        assert refused.rcode() == dns.rcode.REFUSED
        big = await resolver.ask_server(address, "gros.mairie.test", "TXT", about="mairie.test", edns=False)
        assert isinstance(big, dns.message.Message)
        assert not big.flags & dns.flags.TC
        impossible = await resolver.ask_server(address, "a" * 64 + ".test", "SOA", about="mairie.test")
        assert isinstance(impossible, Unreachable)
        cost = {str(server.endpoint.address): server for server in resolver.statistics}[TOWN]
        assert cost.questions == 7
        assert cost.silences == 0
        assert cost.milliseconds > 0

    world = authorities()
    resolving(visit, world=world)
    assert world[TOWN].udp == {
        ("mairie.test", "SOA"): 3,
        ("autre.test", "SOA"): 1,
        ("gros.mairie.test", "TXT"): 1,
    }
    assert world[TOWN].tcp == {("mairie.test", "SOA"): 1, ("gros.mairie.test", "TXT"): 1}


def test_an_authority_that_refuses_edns_is_shown_as_it_is() -> None:
    async def visit(resolver: Resolver) -> None:
        for edns, code in ((True, dns.rcode.FORMERR), (False, dns.rcode.NOERROR)):
            reply = await resolver.ask_server(
                ip_address(TOWN), "mairie.test", "SOA", about="mairie.test", edns=edns
            )
            assert isinstance(reply, dns.message.Message)
            assert reply.rcode() == code

    resolving(visit, world=authorities(TOWN=Authority([town()], without_edns(dns.rcode.FORMERR))))


def test_a_mute_authority_is_asked_twice_and_no_more() -> None:
    async def visit(resolver: Resolver) -> None:
        for rrtype in ("SOA", "NS", "DNSKEY"):
            reply = await resolver.ask_server(ip_address(TOWN), "mairie.test", rrtype, about="mairie.test")
            assert isinstance(reply, Unreachable)
            assert reply.reason is Reason.TIMEOUT

    silent = Authority([town()], mute)
    resolving(visit, world=authorities(TOWN=silent))
    assert silent.udp.total() == 2


def test_authorities_are_asked_only_on_account_of_a_domain_of_the_scope_and_never_at_private_addresses() -> (
    None
):
    async def visit(resolver: Resolver) -> Reason:
        reply = await resolver.ask_server(ip_address("10.0.0.1"), "mairie.test", "SOA", about="mairie.test")
        assert isinstance(reply, Unreachable)
        return reply.reason

    assert resolving(visit) is Reason.PRIVATE_ADDRESS


def test_a_resolver_still_trying_other_servers_is_asked_once_more() -> None:
    def at_first(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        if server.udp["mairie.test", "MX"] == 1:
            reply.set_rcode(dns.rcode.SERVFAIL)
        return [reply.to_wire()]

    server = recursive(twist=at_first)
    answer = resolving(asking("mairie.test", "MX"), resolvers=[server])
    assert texts(answer) == ["10 mx.mairie.test."]
    assert server.udp["mairie.test", "MX"] == 2


@pytest.mark.parametrize("first", [mute, with_code(dns.rcode.REFUSED)], ids=["mute", "refused"])
def test_the_first_resolver_that_answers_says_whether_signatures_come(first: Twist) -> None:
    async def visit(resolver: Resolver) -> None:
        answer = await resolver.ask("mairie.test", "MX")
        assert isinstance(answer, Answer)
        state = DnssecState.FINE if first is mute else DnssecState.NOT_CHECKED
        assert resolver.dnssec_state is state
        assert answer.security is (Security.SECURE if first is mute else Security.UNCHECKED)

    resolving(visit, resolvers=[recursive(twist=first), recursive()])


def test_when_no_resolver_answers_the_authorities_are_asked_where_they_are_told() -> None:
    async def visit(resolver: Resolver) -> None:
        assert isinstance(await resolver.ask("mairie.test", "MX"), Answer)
        assert resolver.dnssec_state is DnssecState.WENT_TO_AUTHORITIES

    resolving(visit, resolvers=[recursive(twist=mute)], world=authorities(), hints=HINTS)


def test_a_link_that_does_not_answer_leaves_the_answer_unchecked() -> None:
    def no_keys(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        question = query.question[0]
        if question.rdtype == dns.rdatatype.DNSKEY and question.name != dns.name.root:
            reply.set_rcode(dns.rcode.SERVFAIL)
        return [reply.to_wire()]

    answer = resolving(asking("mairie.test", "MX"), resolvers=[recursive(twist=no_keys)])
    assert isinstance(answer, Answer)
    assert (answer.security, answer.why) == (Security.UNCHECKED, "unreachable")


def test_a_root_that_does_not_answer_leaves_everything_unchecked_until_it_does() -> None:
    def no_root(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        failing = query.question[0].name == dns.name.root and not up
        return with_code(dns.rcode.SERVFAIL)(query, reply) or [] if failing else [reply.to_wire()]

    async def visit(resolver: Resolver) -> None:
        answer = await resolver.ask("mairie.test", "MX")
        assert isinstance(answer, Answer)
        assert answer.security is Security.UNCHECKED
        assert resolver.dnssec_state is DnssecState.FINE
        up.append(True)
        later = await resolver.ask("mairie.test", "TXT")
        assert isinstance(later, Answer)
        assert later.security is Security.SECURE

    up: list[bool] = []
    world = authorities(ROOT=Authority([root()], no_root))
    resolving(visit, world=world, hints=HINTS)


def test_a_run_of_many_names_keeps_few_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_KEPT", 5)
    server = recursive()

    async def visit(resolver: Resolver) -> None:
        for number in range(12):
            assert isinstance(await resolver.ask(f"n{number}.mairie.test", "TXT"), Answer)
        assert isinstance(await resolver.ask("n0.mairie.test", "TXT"), Answer)

    resolving(visit, resolvers=[server])
    assert server.udp["n0.mairie.test", "TXT"] == 1


def test_a_walk_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "WALK_SECONDS", 0.1)
    silent = Authority([town()], mute)
    world = authorities(TOWN=silent, TOWN_TOO=silent)
    answer = resolving(asking("mairie.test", "MX"), world=world, hints=HINTS, tries=(1.0, 2.0))
    assert isinstance(answer, Unreachable)
    assert answer.reason is Reason.TIMEOUT


@pytest.mark.parametrize("limit", ["MOST_REFERRALS", "MOST_QUESTIONS"])
def test_a_walk_has_an_end(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(walk, limit, 1)
    monkeypatch.setattr(walk._Work.__init__, "__defaults__", (1,))
    answer = resolving(asking("mairie.test", "MX"), world=authorities(), hints=HINTS)
    assert isinstance(answer, Unreachable)


def test_a_server_that_loses_every_other_datagram_loses_no_answer() -> None:
    def half_mute(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        return [reply.to_wire()] if server.udp.total() % 2 == 0 else []

    async def visit(resolver: Resolver) -> None:
        for rrtype in ("MX", "TXT", "NS", "SOA", "CAA"):
            answer = await resolver.secure("mairie.test", rrtype)
            assert isinstance(answer, Answer), answer
            assert answer.security is not Security.BOGUS

    server = recursive(twist=half_mute)
    resolving(visit, resolvers=[server])


def test_questions_about_a_dead_domain_asked_together_do_not_condemn_a_server_that_has_answered() -> None:
    def dead(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        return [] if "mort" in query.question[0].name.to_text() else [reply.to_wire()]

    async def visit(resolver: Resolver) -> None:
        assert isinstance(await resolver.ask("mairie.test", "MX"), Answer)
        names = [f"n{n}.mort.test" for n in range(40)]
        answers = await asyncio.gather(*(resolver.ask(name, "TXT") for name in names))
        assert all(isinstance(answer, Unreachable) for answer in answers)
        assert isinstance(await resolver.ask("mairie.test", "TXT"), Answer)

    resolving(visit, resolvers=[recursive(twist=dead)])


def test_a_server_whose_tcp_says_nothing_is_not_connected_to_for_ever() -> None:
    class Silent(Authority):
        async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.tcp["", ""] += 1
            await asyncio.sleep(5)

    def cut(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        reply.flags |= dns.flags.TC
        return [reply.to_wire()]

    async def visit(resolver: Resolver) -> None:
        for rrtype in ("MX", "TXT", "NS", "SOA", "CAA"):
            assert isinstance(await resolver.ask("mairie.test", rrtype), Unreachable)

    server = Silent(everything(), cut, recursive=True)
    resolving(visit, resolvers=[server], validates=None)
    assert server.tcp.total() == 2


def test_an_answer_from_another_port_is_not_heard() -> None:
    def from_elsewhere(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        lie = dns.message.make_response(query)
        lie.flags |= dns.flags.RA
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
            elsewhere.sendto(lie.to_wire(), server.heard_from[-1])
        return [reply.to_wire()]

    server = recursive(twist=from_elsewhere)
    answer = resolving(asking("mairie.test", "MX"), resolvers=[server], validates=None)
    assert texts(answer) == ["10 mx.mairie.test."]


def signed_wire(name: str, rdtype: dns.rdatatype.RdataType) -> bytes:
    query = dns.message.make_query(name, rdtype, want_dnssec=True, id=7)
    return recursive().respond(query).to_wire()


WIRES = [
    signed_wire("ailleurs.mairie.test", dns.rdatatype.A),
    signed_wire("rien.mairie.test", dns.rdatatype.MX),
]


@given(st.sampled_from(WIRES), st.lists(st.tuples(st.integers(12, 900), st.integers(0, 255)), max_size=6))
def test_no_damage_to_a_signed_answer_makes_its_reader_raise(
    wire: bytes, damages: list[tuple[int, int]]
) -> None:
    damaged = bytearray(wire)
    for place, value in damages:
        damaged[12 + place % (len(wire) - 12)] = value
    message = reply.read(bytes(damaged))
    if message is None:
        return
    name, zone = dns.name.from_text("ailleurs.mairie.test"), dns.name.from_text("mairie.test")
    reply.signers(message)
    reply.trouble(message)
    reply.says_absent(message, name)
    reply.keep_within(message, zone)
    assert len(reply.aliases(message, name, dns.rdatatype.A)) <= reply.MAX_ALIASES + 1
    kind_of(message, Question(name, dns.rdatatype.A), zone=zone)

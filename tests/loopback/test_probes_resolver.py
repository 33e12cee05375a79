"""The resolver against DNS servers that answer, refuse, lie, cut short, or say nothing."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import TypeVar, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.facts.mail import MxRecord
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import parse_endpoint
from cyberaudit.probes.names.question import Manner, Question, new_query, replies_to
from cyberaudit.probes.names.reply import read
from cyberaudit.probes.names.servers import MUTE_AFTER_ONCE_HEARD
from cyberaudit.probes.network import Network
from cyberaudit.probes.resolver import Answer, Resolver
from cyberaudit.town.scope import scope_for_look

pytestmark = pytest.mark.loopback

T = TypeVar("T")
RECORDS = {
    ("mairie.example", "MX"): ["20 mx2.mairie.example.", "10 MX1.mairie.example."],
    ("mairie.example", "TXT"): ['"v=spf1 " "-all"', '"\\233t\\233"'],
    ("nul.example", "MX"): ["0 ."],
    ("mx.example", "A"): ["198.51.100.9", "198.51.100.10"],
    ("mx.example", "AAAA"): ["2001:db8::25"],
    ("vide.example", "A"): [],
    ("alias.example", "CNAME"): ["mx.example."],
    ("perdu.example", "CNAME"): ["absent.example."],
    ("sans-texte.example", "CNAME"): ["vide.example."],
    ("boucle-a.example", "CNAME"): ["boucle-b.example."],
    ("boucle-b.example", "CNAME"): ["boucle-c.example."],
    ("boucle-c.example", "CNAME"): ["boucle-a.example."],
    **{(f"a{n}.example", "CNAME"): [f"a{n + 1}.example."] for n in range(12)},
}
NAMES = {name for name, _ in RECORDS}
Fault = Callable[[dns.message.Message, dns.message.Message], list[bytes]]


class FaultyDns(asyncio.DatagramProtocol):
    """Answers from RECORDS, one step of alias at a time, bent by `fault`; counts questions."""

    def __init__(self, fault: Fault | None = None, *, follows: bool = False) -> None:
        self.fault = fault
        self.follows = follows
        self.udp: Counter[tuple[str, str]] = Counter()
        self.tcp = 0
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
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self.udp[name, dns.rdatatype.to_text(question.rdtype)] += 1
        for reply in self._replies(query):
            cast("asyncio.DatagramTransport", self._transport).sendto(reply, addr)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tcp += 1
        size = int.from_bytes(await reader.readexactly(2), "big")
        reply = self._honest(dns.message.from_wire(await reader.readexactly(size))).to_wire()
        writer.write(len(reply).to_bytes(2, "big") + reply)
        await writer.drain()

    def _replies(self, query: dns.message.Message) -> list[bytes]:
        honest = self._honest(query)
        return self.fault(query, honest) if self.fault else [honest.to_wire()]

    def _honest(self, query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        while target := RECORDS.get((name, "CNAME")):
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *target))
            name = target[0].removesuffix(".")
            if not self.follows or len(reply.answer) > 20:
                return reply
        if name not in NAMES:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif records := RECORDS.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *records))
        return reply


def resolving(visit: Callable[[Resolver], Awaitable[T]], *servers: FaultyDns) -> T:
    """What `visit` obtains from a resolver that asks `servers`, with little patience."""

    async def scenario() -> T:
        endpoints = [parse_endpoint(server.address) for server in servers]
        network = Network(scope_for_look(authorized_by=""), infrastructure=endpoints)
        return await visit(Resolver(network, endpoints, tries=(0.1, 0.1), tcp_seconds=0.3))

    with Background(*servers):
        return asyncio.run(scenario())


def asking(name: str, rrtype: str, *servers: FaultyDns) -> Answer | Unreachable:
    return resolving(lambda resolver: resolver.ask(name, rrtype), *servers)


def rcode(code: int) -> Fault:
    def fault(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        reply.set_rcode(dns.rcode.Rcode.make(code))
        return [reply.to_wire()]

    return fault


def mute(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
    return []


def truncated(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
    reply.flags |= dns.flags.TC
    return [reply.to_wire()[:-3]]


def other_question(query: dns.message.Message) -> bytes:
    stranger = dns.message.make_response(dns.message.make_query("pirate.example", "TXT", id=query.id))
    return stranger.to_wire()


def lies_then(answers: bool) -> Fault:
    def fault(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        good = reply.to_wire()
        wrong_id = ((query.id + 1) % 65536).to_bytes(2, "big") + good[2:]
        lies = [b"", b"\x00", b"\xff" * 40, good[:2] + b"\xff" * 40, query.to_wire(), wrong_id]
        return [*lies, other_question(query), *([good] if answers else [])]

    return fault


def not_recursive(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
    empty = dns.message.make_response(query)
    return [empty.to_wire()]


def referral(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
    away = dns.message.make_response(query)
    away.flags |= dns.flags.RA
    away.authority.append(dns.rrset.from_text("example.", 60, "IN", "NS", "ns.example."))
    return [away.to_wire()]


def is_failure(answer: object) -> bool:
    return isinstance(answer, Unreachable) and answer.reason is Reason.RESOLVER_FAILURE


def test_records_come_decoded_and_sorted() -> None:
    async def visit(resolver: Resolver) -> None:
        assert await resolver.mx("mairie.example") == (
            MxRecord(10, "mx1.mairie.example"),
            MxRecord(20, "mx2.mairie.example"),
        )
        assert await resolver.mx("nul.example") == (MxRecord(0, ""),)
        assert await resolver.txt("mairie.example") == (b"v=spf1 -all", b"\xe9t\xe9")
        found = await resolver.addresses("mx.example")
        expected = ("198.51.100.9", "198.51.100.10", "2001:db8::25")
        assert found.found == tuple(map(ip_address, expected))
        assert found.failure is None

    resolving(visit, FaultyDns())


def test_an_absent_name_is_told_from_a_name_without_record() -> None:
    assert asking("vide.example", "TXT", FaultyDns()) == Answer("vide.example", "TXT", (), exists=True)
    assert asking("absent.example", "TXT", FaultyDns()) == Answer("absent.example", "TXT", (), exists=False)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..example", "a." * 130 + "example", "é" * 70])
def test_a_name_that_dns_cannot_carry_does_not_exist_and_is_not_asked(name: str) -> None:
    server = FaultyDns()
    answer = asking(name, "TXT", server)
    assert isinstance(answer, Answer)
    assert not answer.exists
    assert not server.udp


@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.FORMERR, dns.rcode.NOTIMP])
def test_a_server_that_fails_is_never_an_absence(code: int) -> None:
    answer = asking("mairie.example", "MX", FaultyDns(rcode(code)))
    assert is_failure(answer)
    assert dns.rcode.to_text(dns.rcode.Rcode.make(code)) in str(answer)


@pytest.mark.parametrize("fault", [not_recursive, referral, mute, lies_then(False)])
def test_an_answer_that_says_nothing_of_the_name_is_never_an_absence(fault: Fault) -> None:
    assert is_failure(asking("vide.example", "MX", FaultyDns(fault)))


@pytest.mark.parametrize("fault", [rcode(dns.rcode.SERVFAIL), mute, referral])
def test_the_next_server_answers_when_the_first_does_not(fault: Fault) -> None:
    answer = asking("mairie.example", "MX", FaultyDns(fault), FaultyDns())
    assert isinstance(answer, Answer)
    assert len(answer.records) == 2


def test_garbage_wrong_ids_and_other_questions_are_ignored() -> None:
    answer = asking("mairie.example", "MX", FaultyDns(lies_then(True)))
    assert isinstance(answer, Answer)
    assert len(answer.records) == 2


def test_a_cut_answer_is_asked_again_over_tcp() -> None:
    server = FaultyDns(truncated)
    answer = asking("mairie.example", "TXT", server)
    assert isinstance(answer, Answer)
    assert len(answer.records) == 2
    assert server.tcp == 1


@pytest.mark.parametrize("reply", [b"\x00\x05abcde", b"\x00\x00", b"\xff", b"", b"\xff\xffabc"])
def test_garbage_over_tcp_is_a_failure(reply: bytes) -> None:
    class Broken(FaultyDns):
        async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(reply)
            await writer.drain()

    assert is_failure(asking("mairie.example", "TXT", Broken(truncated)))


def test_a_server_without_tcp_is_a_failure() -> None:
    class UdpOnly(FaultyDns):
        async def start(self) -> None:
            await super().start()
            await self._tcp.stop()

    assert is_failure(asking("mairie.example", "TXT", UdpOnly(truncated)))


@pytest.mark.parametrize("follows", [True, False], ids=["in-one-answer", "step-by-step"])
def test_aliases_are_followed(follows: bool) -> None:
    async def visit(resolver: Resolver) -> None:
        assert len((await resolver.addresses("alias.example")).found) == 3
        lost = await resolver.ask("perdu.example", "A")
        empty = await resolver.ask("sans-texte.example", "TXT")
        assert lost == Answer("perdu.example", "A", (), exists=True, aliases=("absent.example",))
        assert empty == Answer("sans-texte.example", "TXT", (), exists=True, aliases=("vide.example",))

    resolving(visit, FaultyDns(follows=follows))


@pytest.mark.parametrize("follows", [True, False], ids=["in-one-answer", "step-by-step"])
@pytest.mark.parametrize("name", ["boucle-a.example", "a0.example"])
def test_aliases_without_end_are_a_failure(name: str, follows: bool) -> None:
    server = FaultyDns(follows=follows)
    assert is_failure(asking(name, "A", server))
    assert server.udp.total() <= 9


def test_one_question_is_asked_once_for_everybody() -> None:
    async def visit(resolver: Resolver) -> None:
        answers = await asyncio.gather(
            *(resolver.txt(name) for name in ["mairie.example", "Mairie.Example."] * 20)
        )
        assert len(set(answers)) == 1

    server = FaultyDns()
    resolving(visit, server)
    assert server.udp == {("mairie.example", "TXT"): 1}


def test_a_failure_may_be_asked_again() -> None:
    server = FaultyDns(rcode(dns.rcode.SERVFAIL))

    async def visit(resolver: Resolver) -> None:
        assert is_failure(await resolver.txt("mairie.example"))
        server.fault = None
        assert await resolver.txt("mairie.example")
        assert not isinstance(await resolver.txt("mairie.example"), Unreachable)

    resolving(visit, server)
    assert server.udp.total() == 2


def test_one_probe_out_of_time_does_not_take_the_answer_from_the_others() -> None:
    async def visit(resolver: Resolver) -> None:
        impatient = asyncio.create_task(resolver.txt("mairie.example"))
        patient = asyncio.create_task(resolver.txt("mairie.example"))
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient == (b"v=spf1 -all", b"\xe9t\xe9")

    resolving(visit, FaultyDns())


def test_a_mute_server_is_asked_twice_and_no_more() -> None:
    async def visit(resolver: Resolver) -> list[object]:
        return [await resolver.txt(f"n{n}.example") for n in range(20)]

    server = FaultyDns(mute)
    start = time.monotonic()
    answers = resolving(visit, server)
    assert all(is_failure(answer) for answer in answers)
    assert server.udp.total() == 2
    assert time.monotonic() - start < 1


def test_one_dead_domain_does_not_condemn_a_server_that_has_answered() -> None:
    def fault(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        dead = query.question[0].name.is_subdomain(dns.name.from_text("mort.example"))
        return [] if dead else [reply.to_wire()]

    async def visit(resolver: Resolver) -> None:
        assert await resolver.txt("mairie.example")
        dead = await asyncio.gather(*(resolver.txt(f"n{n}.mort.example") for n in range(4)))
        assert all(is_failure(answer) for answer in dead)
        assert isinstance(await resolver.mx("mairie.example"), tuple)

    resolving(visit, FaultyDns(fault))


def test_a_server_that_dies_during_the_run_is_left_alone_in_the_end() -> None:
    server = FaultyDns()

    async def visit(resolver: Resolver) -> None:
        await resolver.txt("mairie.example")
        server.fault = mute
        for n in range(MUTE_AFTER_ONCE_HEARD):
            assert is_failure(await resolver.txt(f"n{n}.example"))

    resolving(visit, server)
    assert server.udp.total() == 1 + MUTE_AFTER_ONCE_HEARD


def test_one_family_that_fails_does_not_hide_the_other() -> None:
    def fault(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        if query.question[0].rdtype == dns.rdatatype.AAAA:
            reply.set_rcode(dns.rcode.SERVFAIL)
        return [reply.to_wire()]

    found = resolving(lambda resolver: resolver.addresses("mx.example"), FaultyDns(fault))
    assert [address.version for address in found.found] == [4, 4]
    assert is_failure(found.failure)


def test_no_resolver_at_all_is_a_failure() -> None:
    async def scenario() -> Answer | Unreachable:
        network = Network(scope_for_look(authorized_by=""))
        unnamed = Resolver(network, [parse_endpoint("127.0.0.1:53")])
        assert is_failure(await unnamed.ask("mairie.example", "A"))
        return await Resolver(network, []).ask("mairie.example", "A")

    assert is_failure(asyncio.run(scenario()))


@settings(deadline=None)
@given(st.binary(max_size=80), st.integers(0, 200), st.integers(0, 255))
def test_no_bytes_make_the_reader_of_answers_raise(data: bytes, place: int, value: int) -> None:
    question = Question(dns.name.from_text("mairie.example"), dns.rdatatype.TXT)
    query = new_query(question, Manner())
    reply = dns.message.make_response(dns.message.from_wire(query.wire))
    reply.answer.append(dns.rrset.from_text("mairie.example.", 60, "IN", "TXT", '"v=spf1 -all"'))
    damaged = bytearray(reply.to_wire())
    damaged[place % len(damaged)] = value
    for wire in (data, query.wire[:2] + b"\x81" + data, bytes(damaged)):
        assert not replies_to(query, wire) or read(wire) is None or read(wire)

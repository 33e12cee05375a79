"""UDP questions put to real sockets of this machine, through --connect-to: answers, refusals, floods, the guard."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from ipaddress import ip_address
from typing import Any

import pytest

from cyberaudit.declared import (
    Authorization,
    Commune,
    Delivery,
    Host,
    PlanChoices,
    Service,
    Town,
)
from cyberaudit.facts.ports import UDP, Danger, of_danger
from cyberaudit.facts.reach import AddressReach, CanaryAnswer, HostReach, PortAnswer, PortState
from cyberaudit.facts.udp import HostUdp, Question, UdpAnswer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import host_udp
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.network import Network
from cyberaudit.probes.ports.timing import Losses
from cyberaudit.probes.udp import rounds as udp_rounds
from cyberaudit.probes.udp.datagram import MOST_BYTES, Heard
from cyberaudit.probes.udp.questions import inquiries
from cyberaudit.probes.udp.rounds import Rounds
from cyberaudit.town.scope import scope_for_look

pytestmark = pytest.mark.loopback

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
BOX = Host("box", "Box", (), "outside", ("192.0.2.1",), (Service("udp/1194", "vpn", "any"),), "", "", "")
SIGNED = Authorization(
    "Mme Aïcha N'Diaye",
    "maire",
    date(2026, 1, 1),
    date(2026, 12, 31),
    ("192.0.2.1",),
    (),
    ("snmp-community",),
)
SCOPE = scope_for_look(addresses=["192.0.2.1", "127.0.0.1"], authorized_by="Mme le maire")
HERE = ip_address("127.0.0.1")
Says = Callable[[socket.socket, bytes, tuple[str, int]], None]


@contextmanager
def serving(says: Says) -> Iterator[int]:
    """A UDP port of 127.0.0.1 that answers as told."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    data, asker = sock.recvfrom(65535)
                    says(sock, data, asker)
                except OSError:
                    continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(sock.getsockname()[1])
        finally:
            over.set()
            thread.join(10)


def silence(_: socket.socket, __: bytes, ___: tuple[str, int]) -> None:
    return None


def echo(sock: socket.socket, data: bytes, asker: tuple[str, int]) -> None:
    sock.sendto(data, asker)


def flood(sock: socket.socket, data: bytes, asker: tuple[str, int]) -> None:
    for _ in range(200):
        sock.sendto(data.ljust(1024, b"\0"), asker)


def drizzle(sock: socket.socket, data: bytes, asker: tuple[str, int]) -> None:
    for _ in range(2500):
        sock.sendto(data[:0], asker)


def from_aside(_: socket.socket, data: bytes, asker: tuple[str, int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as aside:
        aside.bind(("127.0.0.1", 0))
        aside.sendto(data, asker)


def from_a_stranger(_: socket.socket, data: bytes, asker: tuple[str, int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        stranger.sendto(data, asker)


@pytest.fixture
def closed() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def asked(port: int, *, any_port: bool = False, within: float = 0.4) -> Heard:
    async def ask() -> Heard | Unreachable:
        network = Network(SCOPE)
        return await network.ask(
            HERE, port, b"bonjour", purpose=Purpose.ACTIVE, within=within, any_port=any_port
        )

    found = asyncio.run(ask())
    assert isinstance(found, Heard)
    return found


def test_what_comes_back_is_heard_and_counted() -> None:
    with serving(echo) as port:
        found = asked(port)
    assert (found.first, found.received, found.icmp) == (b"bonjour", 7, None)


@pytest.mark.parametrize("any_port", [False, True])
def test_a_refusal_is_heard_at_once_with_its_author(closed: int, *, any_port: bool) -> None:
    found = asked(closed, any_port=any_port, within=30)
    assert found.icmp is not None
    assert (found.icmp.author, found.icmp.type, found.icmp.code) == (HERE, 3, 3)
    assert found.seconds < 10


def test_silence_is_nothing_heard() -> None:
    with serving(silence) as port:
        found = asked(port)
    assert (found.first, found.received, found.icmp, found.error) == (None, 0, None, 0)


def test_a_flood_is_cut_at_sixty_four_kilobytes() -> None:
    with serving(flood) as port:
        assert asked(port).received == MOST_BYTES


def test_empty_datagrams_are_an_answer_and_have_an_end() -> None:
    with serving(drizzle) as port:
        found = asked(port)
    assert (found.first, found.received) == (b"", 0)


def test_an_answer_from_another_port_is_heard_only_where_the_protocol_wants_it() -> None:
    with serving(from_aside) as port:
        assert asked(port).first is None
        assert asked(port, any_port=True).first == b"bonjour"


def test_an_answer_from_another_address_is_never_heard() -> None:
    with serving(from_a_stranger) as port:
        assert asked(port, any_port=True).first is None


def test_nothing_is_sent_where_nobody_signed() -> None:
    async def ask() -> tuple[Heard | Unreachable, int]:
        network = Network(SCOPE)
        told = await network.ask(ip_address("192.0.2.99"), 53, b"x", purpose=Purpose.ACTIVE, within=0.1)
        return told, sum(network.opened.values())

    told, opened = asyncio.run(ask())
    assert isinstance(told, Unreachable)
    assert (told.reason, opened) == (Reason.NOT_AUTHORIZED, 0)


def prepared(
    host: Host,
    ports: str,
    *rules: str,
    canary: str = "",
    authorization: Authorization | None = None,
    tests: tuple[str, ...] = (),
) -> Instruments:
    declared = Town(
        schema_version=1,
        commune=COMMUNE,
        scanned_by="",
        authorization=authorization,
        outside_canary=canary,
        assets=(COMMUNE, host),
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )
    options = Options(resolvers=("127.0.0.1:53",), connect_to=rules, ports=ports, loopback_only=True)
    return set_up(declared, replace(SCOPE, tests=frozenset(tests)), options, now=NOW)


def look(instruments: Instruments) -> HostUdp:
    return asyncio.run(host_udp.look(BOX, instruments))


def by_port(facts: HostUdp) -> dict[str, UdpAnswer]:
    return {one.port: one for one in reversed(facts.addresses[0].answers)}


def test_open_and_closed_are_reported_where_they_were_meant(closed: int) -> None:
    with serving(echo) as port:
        instruments = prepared(
            BOX, "udp/19,udp/53", f"192.0.2.1:19=127.0.0.1:{port}", f"192.0.2.1:*=127.0.0.1:{closed}"
        )
        facts = look(instruments)
    found = by_port(facts)
    assert list(found) == ["udp/53", "udp/19", "udp/1194"]
    assert found["udp/19"].state is PortState.OPEN
    assert found["udp/19"].detail.endswith(" : renvoie ce qu'on lui dit")
    assert (found["udp/19"].sent, found["udp/19"].received) == (1, 1)
    # The refusal of a port is the answer to the question that was never allowed.
    assert {one.state for one in facts.addresses[0].of("udp/53")} == {PortState.CLOSED}
    assert facts.canaries == ()
    assert instruments.network.opened[Purpose.ACTIVE, "192.0.2.1", 1194] == 1


def test_a_look_that_is_cut_short_keeps_what_was_heard_and_no_silence() -> None:
    with serving(silence) as mute, serving(echo) as port:
        instruments = prepared(
            BOX, "udp/19,udp/123", f"192.0.2.1:19=127.0.0.1:{port}", f"192.0.2.1:*=127.0.0.1:{mute}"
        )

        async def cut() -> HostUdp | None:
            looking = asyncio.create_task(host_udp.look(BOX, instruments))
            await asyncio.sleep(1.5)
            looking.cancel()
            await asyncio.wait([looking])
            return host_udp.so_far(BOX, instruments, missing=Reason.INTERRUPTED)

        facts = asyncio.run(cut())
    assert facts is not None
    found = by_port(facts)
    assert found["udp/19"].state is PortState.OPEN
    assert found["udp/123"].state == Unreachable(Reason.INTERRUPTED)


def test_nothing_is_kept_of_a_look_that_was_not_begun() -> None:
    assert host_udp.so_far(BOX, prepared(BOX, "udp/53"), missing=Reason.INTERRUPTED) is None


def test_words_that_are_not_those_of_the_protocol_are_open_all_the_same(closed: int) -> None:
    with serving(echo) as port:
        rules = (f"192.0.2.1:123=127.0.0.1:{port}", f"192.0.2.1:*=127.0.0.1:{closed}")
        found = look(prepared(BOX, "udp/123", *rules)).addresses[0].of("udp/123")
    assert {one.state for one in found} == {PortState.OPEN}
    assert {one.detail.rpartition(" : ")[2] for one in found} == {"mots inattendus"}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here is further away than this machine."""
    monkeypatch.setattr(udp_rounds, "_PATIENCE", (0.15, 0.15))


@pytest.mark.usefixtures("hurried")
def test_silence_is_asked_again_and_beside_the_canary(closed: int) -> None:
    rules = ("192.0.2.1:*", "203.0.113.9:69")
    with serving(silence) as port:
        quiet = tuple(f"{rule}=127.0.0.1:{port}" for rule in rules)
        instruments = prepared(
            BOX, "udp/69,udp/500", *quiet, f"203.0.113.9:*=127.0.0.1:{closed}", canary="203.0.113.9"
        )
        facts = look(instruments)
    assert {one.state for one in facts.addresses[0].answers} == {PortState.SILENT}
    assert set(facts.canaries) == {
        CanaryAnswer(4, "udp/69", reached=False),
        CanaryAnswer(4, "udp/500", reached=True),
        CanaryAnswer(4, "udp/1194", reached=True),
    }
    # A third of the answers might get lost, for all that is known: 0.36^5 is under one in a hundred.
    assert instruments.network.opened[Purpose.ACTIVE, "192.0.2.1", 500] == 5


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("answers", "reached"), [(True, {"udp/161", "udp/1900", "udp/500"}), (False, {"udp/500"})]
)
def test_a_canary_proves_a_port_that_amplifies_only_by_an_answer_from_it(
    closed: int, *, answers: bool, reached: set[str]
) -> None:
    with serving(silence) as mute, serving(echo) as says:
        there = says if answers else closed
        rules = (f"192.0.2.1:*=127.0.0.1:{mute}", f"203.0.113.9:*=127.0.0.1:{there}")
        ports = "udp/161,udp/500,udp/1900"
        host = replace(BOX, services=())
        instruments = prepared(host, ports, *rules, canary="203.0.113.9")
        facts = asyncio.run(host_udp.look(host, instruments))
    assert {canary.port for canary in facts.canaries} == set(ports.split(","))
    assert {canary.port for canary in facts.canaries if canary.reached} == reached


def snmp_agent(*, version: int, from_try: int) -> Says:
    """Answers `public` in one version of SNMP, and not before it was asked so many times."""
    asked: list[bytes] = []

    def says(sock: socket.socket, data: bytes, asker: tuple[str, int]) -> None:
        if data[2:5] == bytes((2, 1, version)) and b"public" in data:
            asked.append(data)
            if len(asked) >= from_try:
                sock.sendto(data.replace(b"\xa0", b"\xa2", 1), asker)

    return says


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("beside", ["silent", "refused"])
@pytest.mark.parametrize("version", [0, 1])
def test_an_agent_of_one_version_of_snmp_is_not_missed_where_answers_get_lost(
    closed: int, version: int, beside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp_rounds, "SLOW_SECONDS", 0.05)
    with serving(silence) as mute, serving(snmp_agent(version=version, from_try=3)) as agent:
        rest = mute if beside == "silent" else closed
        rules = (f"192.0.2.1:161=127.0.0.1:{agent}", f"192.0.2.1:*=127.0.0.1:{rest}")
        ports = ",".join(("udp/161", *(f"udp/{number}" for number in range(40000, 40015))))
        # The controls of a host that refuses are never lost here: three of its answers have been.
        if beside == "refused":
            monkeypatch.setattr(udp_rounds, "DOUBT", 1e-9)
            monkeypatch.setattr(udp_rounds, "_MORE_THAN_A_BURST", 1000)
            monkeypatch.setattr(Rounds, "_slow_group", lossy(Rounds._slow_group))
        host = replace(BOX, services=())
        facts = asyncio.run(host_udp.look(host, prepared(host, ports, *rules, tests=("snmp-community",))))
    public = next(one for one in facts.addresses[0].of("udp/161") if one.question is Question.SNMP_PUBLIC)
    assert (public.state, public.understood) == (PortState.OPEN, True)


def lossy(
    asks: Callable[..., Coroutine[Any, Any, bool | None]],
) -> Callable[..., Coroutine[Any, Any, bool | None]]:
    """The first group of slow questions misses its control."""
    told: list[bool | None] = []

    async def ask(*words: Any, **more: Any) -> bool | None:
        told.append(await asks(*words, **more))
        return told[-1] and len(told) > 1

    return ask


def test_bytes_that_are_not_snmp_are_not_understood(closed: int) -> None:
    with serving(echo) as port:
        rules = (f"192.0.2.1:161=127.0.0.1:{port}", f"192.0.2.1:*=127.0.0.1:{closed}")
        facts = look(prepared(BOX, "udp/161", *rules, tests=("snmp-community",)))
    found = facts.addresses[0].of("udp/161")
    assert {(one.state, one.understood) for one in found} == {(PortState.OPEN, False)}


def tcp(state: PortState | Unreachable) -> HostReach:
    ports = (PortAnswer("tcp/443", PortState.OPEN, ""), PortAnswer("tcp/22", state, ""))
    lost = Unreachable(Reason.NOT_COLLECTED)
    return HostReach("outside", (AddressReach("192.0.2.1", 4, ports, lost, lost),), ())


async def look_beside(reach: HostReach | None, instruments: Instruments) -> HostUdp:
    async def known() -> HostReach:
        if reach is None:
            await asyncio.sleep(60)
        assert reach is not None
        return reach

    task = asyncio.ensure_future(instruments.looks.shared(f"reach {BOX.key}", known))
    try:
        return await host_udp.look(BOX, instruments)
    finally:
        task.cancel()


@pytest.mark.usefixtures("hurried")
def test_an_address_that_went_away_in_tcp_is_asked_no_further() -> None:
    gone = tcp(Unreachable(Reason.NO_CONTROL, "ce qui répondait ne répond plus"))
    with serving(silence) as mute, serving(echo) as port:
        rules = (f"192.0.2.1:19=127.0.0.1:{port}", f"192.0.2.1:*=127.0.0.1:{mute}")
        instruments = prepared(BOX, "udp/19,udp/500", *rules)
        found = by_port(asyncio.run(look_beside(gone, instruments)))
    assert found["udp/19"].state is PortState.OPEN
    assert found["udp/500"].state == Unreachable(Reason.NO_CONTROL, "ce qui répondait ne répond plus")
    assert instruments.network.opened[Purpose.ACTIVE, "192.0.2.1", 500] == 2


@pytest.mark.usefixtures("hurried")
def test_when_time_is_over_what_was_heard_is_kept_and_a_silence_was_not_asked_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_udp, "LOOK_SECONDS", 2.0)
    with serving(silence) as mute, serving(echo) as port:
        rules = (f"192.0.2.1:19=127.0.0.1:{port}", f"192.0.2.1:*=127.0.0.1:{mute}")
        found = by_port(asyncio.run(look_beside(None, prepared(BOX, "udp/19,udp/500", *rules))))
    assert found["udp/19"].state is PortState.OPEN
    assert found["udp/500"].state == Unreachable(Reason.DEADLINE)


def test_when_time_is_over_before_all_was_asked_the_rest_was_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_udp, "LOOK_SECONDS", 0.0)
    with serving(silence) as mute:
        found = by_port(look(prepared(BOX, "udp/500", f"192.0.2.1:*=127.0.0.1:{mute}")))
    assert {one.state for one in found.values()} == {Unreachable(Reason.DEADLINE)}


@pytest.mark.usefixtures("hurried")
def test_the_tcp_ports_are_not_waited_for_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_udp, "_WAIT_SECONDS", 0.1)
    with serving(silence) as mute:
        instruments = prepared(BOX, "udp/500", f"192.0.2.1:*=127.0.0.1:{mute}")
        found = by_port(asyncio.run(look_beside(None, instruments)))
    assert found["udp/500"].state is PortState.SILENT


def test_an_intrusive_question_is_put_only_with_its_test(closed: int) -> None:
    with serving(echo) as port:
        rules = (f"192.0.2.1:161=127.0.0.1:{port}", f"192.0.2.1:*=127.0.0.1:{closed}")
        without = look(prepared(BOX, "udp/161", *rules)).addresses[0].of("udp/161")
        allowed = look(prepared(BOX, "udp/161", *rules, tests=("snmp-community",))).addresses[0].of("udp/161")
    refused = next(one for one in without if one.question is Question.SNMP_PUBLIC)
    assert isinstance(refused.state, Unreachable)
    assert refused.state.reason is Reason.NOT_AUTHORIZED
    assert {one.state for one in allowed} == {PortState.OPEN}


def test_a_host_that_does_not_face_the_vantage_is_not_asked() -> None:
    inside = replace(BOX, zone="bureaux", addresses=("198.51.100.10",))
    instruments = prepared(inside, "udp/53")
    assert asyncio.run(host_udp.look(inside, instruments)) == HostUdp("outside", (), ())
    assert host_udp.announce(inside, instruments) == ()
    assert not instruments.network.opened


def test_what_would_be_sent_is_announced_with_its_tests_and_its_witness() -> None:
    instruments = prepared(BOX, "udp/53,udp/161", canary="203.0.113.9", authorization=SIGNED)
    active, intrusive, witness = host_udp.announce(BOX, instruments)
    assert (active.purpose, intrusive.purpose, witness.purpose) == (
        Purpose.ACTIVE,
        Purpose.INTRUSIVE,
        Purpose.INFRASTRUCTURE,
    )
    assert "3\u00a0ports UDP au plus par adresse" in active.text
    assert "snmp-community" in intrusive.text
    assert "3\u00a0ports UDP au plus" in witness.text
    assert not instruments.network.opened


def test_the_canary_is_asked_every_port_of_the_list_those_that_amplify_first() -> None:
    asked = host_udp.canary_ports(prepared(BOX, "usual", canary="203.0.113.9"))
    assert set(asked) >= set(UDP)
    loud = [port in of_danger(Danger.AMPLIFIER) or port in host_udp._DANGEROUS for port in asked]
    assert loud == sorted(loud, reverse=True)


def test_the_canary_is_asked_a_limited_number_of_ports() -> None:
    many = host_udp.canary_ports(prepared(BOX, "udp/40000-40149", canary="203.0.113.9"))
    assert len(many) == host_udp.MAX_CANARY_PORTS


def test_without_signature_nor_canary_only_the_ordinary_questions_are_announced() -> None:
    (only,) = host_udp.announce(BOX, prepared(BOX, "udp/161"))
    assert only.purpose is Purpose.ACTIVE


def rounds(port: int, closed: int, *ports: str) -> Rounds:
    """`ports` of a host that is 127.0.0.1: the first goes to `port`, the others to `closed`."""
    instruments = prepared(
        BOX, "udp/53", f"192.0.2.1:{ports[0][4:]}=127.0.0.1:{port}", f"192.0.2.1:*=127.0.0.1:{closed}"
    )
    asked = tuple(inquiry for each in ports for inquiry in inquiries(each))
    return Rounds(instruments.network, ip_address("192.0.2.1"), asked)


def test_a_silence_beside_refusals_stands_when_its_controls_are_refused_again(closed: int) -> None:
    async def settle(port: int) -> Rounds:
        one = rounds(port, closed, "udp/500", "udp/4500")
        await one.quickly()
        await one.slowly()
        return one

    with serving(silence) as port:
        result = asyncio.run(settle(port)).result()
    assert [answer.state for answer in result.answers] == [PortState.SILENT, PortState.CLOSED]


def test_what_time_does_not_allow_is_unstable_and_never_silent(
    closed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def settle(port: int) -> Rounds:
        one = rounds(port, closed, "udp/500", "udp/4500")
        await one.quickly()
        monkeypatch.setattr(udp_rounds, "UDP_SECONDS", 0.0)
        await one.slowly()
        return one

    with serving(silence) as port:
        first = asyncio.run(settle(port)).result().answers[0]
    assert (first.state, first.detail) == (
        PortState.UNSTABLE,
        "les refus de cette adresse viennent un par un",
    )


def test_the_end_of_the_time_takes_no_proven_silence_back_and_holds_up_nobody(
    closed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp_rounds, "SLOW_SECONDS", 0.3)
    monkeypatch.setattr(udp_rounds, "_PATIENCE", (0.1, 0.1))
    monkeypatch.setattr(udp_rounds, "GROUP", 1)
    held_up: list[float] = []

    async def watch() -> None:
        while True:
            begun = time.monotonic()
            await asyncio.sleep(0.01)
            held_up.append(time.monotonic() - begun)

    async def settle(port: int) -> Rounds:
        one = rounds(closed, port, *(f"udp/{number}" for number in range(40000, 40007)))
        await one.quickly()
        monkeypatch.setattr(udp_rounds, "UDP_SECONDS", 2.1)
        watching = asyncio.create_task(watch())
        await one.slowly()
        watching.cancel()
        return one

    with serving(silence) as port:
        states = [answer.state for answer in asyncio.run(settle(port)).result().answers]
    assert states[:2] == [PortState.CLOSED, PortState.SILENT]
    assert states[-1] is PortState.UNSTABLE
    assert max(held_up) < 0.2


def test_a_loss_that_cannot_be_beaten_is_unstable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp_rounds, "_MOST_PASSES", 3)

    async def settle(port: int) -> Rounds:
        one = rounds(port, port, "udp/500")
        await one.quickly()
        await one.insist(Losses(100, 90))
        return one

    with serving(silence) as port:
        first = asyncio.run(settle(port)).result().answers[0]
    assert (first.state, first.detail) == (PortState.UNSTABLE, "des réponses de cette adresse se perdent")


@pytest.mark.usefixtures("hurried")
def test_passes_over_time_are_loss_where_some_was_heard_and_else_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(udp_rounds, "INSIST_SECONDS", 0.0)

    async def settle(port: int, *, late: int) -> PortState | Unreachable:
        one = rounds(port, port, "udp/500")
        await one.quickly()
        one._late = late
        await one.insist(Losses())
        return one.result().answers[0].state

    with serving(silence) as port:
        assert asyncio.run(settle(port, late=1)) is PortState.UNSTABLE
        assert asyncio.run(settle(port, late=0)) == Unreachable(Reason.DEADLINE)


def test_questions_over_time_were_never_put(closed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp_rounds, "UDP_SECONDS", 0.0)
    one = rounds(closed, closed, "udp/500")
    asyncio.run(one.quickly())
    (answer,) = one.result().answers
    assert isinstance(answer.state, Unreachable)
    assert answer.state.reason is Reason.DEADLINE


def test_a_service_that_speaks_once_and_then_no_more_takes_the_silences_with_it() -> None:
    spoken: list[bytes] = []

    def once(sock: socket.socket, data: bytes, asker: tuple[str, int]) -> None:
        if not spoken:
            spoken.append(data)
            sock.sendto(data, asker)

    async def settle(port: int, mute: int) -> Rounds:
        one = rounds(port, mute, "udp/19", "udp/500")
        await one.quickly()
        await one.check_again()
        return one

    with serving(once) as port, serving(silence) as mute:
        first, second = asyncio.run(settle(port, mute)).result().answers
    assert first.state is PortState.OPEN
    assert isinstance(second.state, Unreachable)
    assert second.state.reason is Reason.NO_CONTROL

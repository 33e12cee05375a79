"""The channel of OpenVPN over lines of every quality, and ports that are no OpenVPN at all."""

import asyncio
import random
import secrets
import socket
from collections.abc import Callable, Coroutine, Iterator
from ipaddress import ip_address
from typing import Any, TypeVar

import pytest

from cyberaudit.declared import Host, Vpn, VpnKind
from cyberaudit.facts.openvpn import OpenVpnEndpoint, OpenVpnMet
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import network as network_module
from cyberaudit.probes.endpoint import Endpoint
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.probes.openvpn import door as door_module
from cyberaudit.probes.openvpn.carrier import NOT_OPENVPN
from cyberaudit.probes.openvpn.door import Door
from cyberaudit.probes.openvpn.silences import DOUBT, REFUSAL
from cyberaudit.probes.openvpn.wire import CONTROL, RESET_CLIENT, Packet, build, parse
from cyberaudit.probes.openvpn_endpoint import doors_of, look
from cyberaudit.probes.stream import Limits
from cyberaudit.probes.tls.conversation import Conversation
from cyberaudit.probes.tls.hello import TLS10, TLS11, TLS12, TLS13
from cyberaudit.probes.vpn_access import Access
from cyberaudit.town.scope import scope_for_look
from tests.loopback import odd_tls_servers
from tests.loopback.odd_tls_servers import Truth
from tests.loopback.openvpn_responder import Responder, Talk, listening, over_tcp, over_udp
from tests.unit.towns import NOW, town

pytestmark = pytest.mark.loopback

T = TypeVar("T")
ADDRESS = "192.0.2.1"
HELLO = bytes(range(256)) * 12
FLIGHT = bytes(reversed(range(256))) * 8
BOX = Host("box", "Box", (), "outside", (ADDRESS,), (), "", "", "")


def flight(heard: bytes) -> bytes | None:
    """A whole hello is answered, a part of one waits."""
    return FLIGHT if heard == HELLO else b""


def dropped(heard: bytes) -> bytes | None:
    return None if heard == HELLO else b""


def dropped_later(heard: bytes) -> bytes | None:
    return None if len(heard) > len(HELLO) else flight(heard)


def mute(_: bytes) -> bytes | None:
    return b""


def instruments(
    port: int, *, declared: int = 1194, patience: Patience | None = None, max_rate: float | None = None
) -> Instruments:
    options = Options(
        max_rate=max_rate,
        resolvers=("127.0.0.1:53",),
        connect_to=(f"{ADDRESS}:{declared}=127.0.0.1:{port}",),
        patience=patience or Patience(connect=1.0, handshake=4.0),
    )
    scope = scope_for_look(addresses=[ADDRESS], authorized_by="Mme le maire")
    return set_up(town(BOX), scope, options, now=NOW)


def door_to(port: int, *, over_tcp: bool = False, handshake: float = 4.0) -> Door:
    tools = instruments(port, patience=Patience(connect=1.0, handshake=handshake))
    return Door(tools.network, ip_address(ADDRESS), 1194, over_tcp, tools.options.patience)


async def exchange(conversation: Conversation | Unreachable, hello: bytes = HELLO) -> bytes | Unreachable:
    """What comes back to a hello, as long as a whole flight or a refusal."""
    assert not isinstance(conversation, Unreachable)
    with conversation:
        unsent = await conversation.write(hello, within=8)
        if unsent is not None:
            return unsent
        return await flight_of(conversation)


async def flight_of(conversation: Conversation) -> bytes | Unreachable:
    got = b""
    while len(got) < len(FLIGHT) and got not in (DOUBT, REFUSAL):
        data = await conversation.read(700, within=8)
        if isinstance(data, Unreachable):
            return data
        if not data:
            break
        got += data
    return got


def run(scenario: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(scenario, 60))


async def with_udp(responder: Responder, hello: bytes = HELLO) -> bytes | Unreachable:
    transport, port = await over_udp(responder)
    try:
        return await exchange(await door_to(port).open(), hello)
    finally:
        transport.close()


async def with_tcp(responder: Responder) -> bytes | Unreachable:
    async with over_tcp(responder) as port:
        return await exchange(await door_to(port, over_tcp=True).open())


def test_a_hello_longer_than_a_datagram_arrives_whole_and_its_answer_too() -> None:
    assert run(with_udp(Responder(flight))) == FLIGHT


def test_over_tcp_too() -> None:
    assert run(with_tcp(Responder(flight))) == FLIGHT


def test_a_hello_shorter_than_its_held_back_end() -> None:
    assert run(with_udp(Responder(lambda heard: FLIGHT if heard == b"short" else b""), b"short")) == FLIGHT


def losing(share: float, seed: int) -> Callable[[int], bool]:
    chance = random.Random(seed)
    return lambda _: chance.random() < share


@pytest.mark.parametrize("share", [0.1, 0.2])
@pytest.mark.parametrize("seed", range(4))
def test_lost_packets_are_sent_again(share: float, seed: int) -> None:
    assert run(with_udp(Responder(flight, loses=losing(share, seed)))) == FLIGHT


@pytest.mark.parametrize("seed", range(4))
def test_a_dropped_session_is_told_on_a_line_that_loses_packets_too(seed: int) -> None:
    assert run(with_udp(Responder(dropped, loses=losing(0.1, seed)))) == DOUBT


def test_pieces_in_the_wrong_order_are_put_in_order() -> None:
    assert run(with_udp(Responder(flight, shuffles=True))) == FLIGHT


def test_a_session_dropped_at_the_end_of_the_hello_is_a_doubt_while_nothing_was_granted() -> None:
    responder = Responder(dropped)
    assert run(with_udp(responder)) == DOUBT
    assert responder.resets >= 3, "each sending of the end has its witness"


def test_a_connection_closed_at_the_end_of_the_hello_is_one_over_tcp() -> None:
    assert run(with_tcp(Responder(dropped))) == DOUBT


GONE = Reason.RESET
OTHER = b"other" + HELLO


def takes_one(heard: bytes) -> bytes | None:
    """`HELLO` is granted, `OTHER` is dropped."""
    return FLIGHT if heard == HELLO else None if heard == OTHER else b""


async def told(door: Door, *hellos: bytes) -> list[bytes | Reason]:
    """What comes of each hello, one session after the other."""
    answers = [await exchange(await door.open(), hello) for hello in hellos]
    return [answer.reason if isinstance(answer, Unreachable) else answer for answer in answers]


def told_over_udp(responder: Responder, *hellos: bytes) -> list[bytes | Reason]:
    async def scenario() -> list[bytes | Reason]:
        transport, port = await over_udp(responder)
        try:
            return await told(door_to(port), *hellos)
        finally:
            transport.close()

    return run(scenario())


def told_over_tcp(responder: Responder, *hellos: bytes) -> list[bytes | Reason]:
    async def scenario() -> list[bytes | Reason]:
        async with over_tcp(responder) as port:
            return await told(door_to(port, over_tcp=True), *hellos)

    return run(scenario())


def test_a_refusal_is_a_hello_that_was_dropped_twice_with_a_control_in_between() -> None:
    responder = Responder(takes_one)
    answers = told_over_udp(responder, OTHER, HELLO, OTHER, OTHER, OTHER)
    assert answers == [DOUBT, FLIGHT, GONE, REFUSAL, GONE], "each refusal is proved anew"
    heard = [session.heard for session in responder.sessions.values() if session.heard]
    assert heard == [HELLO, HELLO], "one of them is the control"


def test_over_tcp_a_close_is_a_refusal_under_the_same_conditions() -> None:
    answers = told_over_tcp(Responder(takes_one), OTHER, HELLO, OTHER, OTHER)
    assert answers == [DOUBT, FLIGHT, b"", REFUSAL]


def test_a_control_that_is_dropped_too_proves_nothing() -> None:
    """Sessions 2 to 5 are dropped, whatever they ask."""
    ended = 0

    def limited(heard: bytes) -> bytes | None:
        nonlocal ended
        if heard not in (HELLO, OTHER):
            return b""
        ended += 1
        return None if 2 <= ended <= 5 else FLIGHT

    assert told_over_udp(Responder(limited), HELLO, OTHER, OTHER, OTHER) == [FLIGHT, GONE, GONE, FLIGHT]


class Filtered(Responder):
    """A filter before it eats the end of every hello that begins with `eats`; the server never sees it."""

    eats: bytes = b"other"

    def datagram_received(self, data: bytes, addr: Any) -> None:
        packet = parse(data)
        assert packet is not None
        session = self.sessions.get(packet.session)
        is_old = session is not None and self.is_eaten(session.heard)
        if not (
            is_old and packet.opcode == CONTROL and len(packet.payload) <= 32 and self.is_end(packet.number)
        ):
            Responder.datagram_received(self, data, addr)

    def is_eaten(self, heard: bytes) -> bool:
        return heard.startswith(self.eats)

    def is_end(self, number: int) -> bool:
        """Hellos of these tests have three large packets, an echo, and an end."""
        return number > 4


def test_a_filter_that_eats_the_end_of_a_hello_is_no_refusal_however_often() -> None:
    answers = told_over_udp(Filtered(takes_one), HELLO, OTHER, OTHER)
    assert answers == [FLIGHT, Reason.TIMEOUT, Reason.TIMEOUT]


def test_a_server_that_takes_the_hello_and_says_nothing_is_not_a_refusal() -> None:
    async def scenario() -> bytes | Unreachable:
        transport, port = await over_udp(Responder(mute))
        try:
            conversation = await door_to(port).open()
            assert not isinstance(conversation, Unreachable)
            with conversation:
                assert await conversation.write(HELLO, within=5) is None
                return await conversation.read(100, within=2)
        finally:
            transport.close()

    assert run(scenario()) == Unreachable(Reason.TIMEOUT)


def test_a_server_that_vanishes_is_not_a_refusal() -> None:
    """Its end is never acknowledged, but no witness is answered either."""

    async def scenario() -> Unreachable:
        responder = Responder(dropped)
        transport, port = await over_udp(responder)
        conversation = await door_to(port).open()
        assert not isinstance(conversation, Unreachable)
        with conversation:
            responder.loses = lambda _: len(responder.sessions) == 0
            assert await conversation.write(HELLO, within=5) is None
            answer = await conversation.read(100, within=2)
        transport.close()
        assert isinstance(answer, Unreachable)
        return answer

    assert run(scenario()).reason is Reason.TIMEOUT


def test_a_session_dropped_after_a_flight_is_a_cut_not_a_refusal() -> None:
    async def scenario() -> bytes | Unreachable:
        transport, port = await over_udp(Responder(dropped_later))
        try:
            conversation = await door_to(port).open()
            assert not isinstance(conversation, Unreachable)
            with conversation:
                assert await conversation.write(HELLO, within=5) is None
                assert await flight_of(conversation) == FLIGHT
                assert await conversation.write(b"finished", within=5) is None
                return await conversation.read(100, within=5)
        finally:
            transport.close()

    answer = run(scenario())
    assert isinstance(answer, Unreachable)
    assert answer.reason is Reason.RESET


def test_a_black_hole_for_large_packets_is_no_refusal() -> None:
    """A line that loses every large packet, and lets the end and the witnesses pass."""

    class Narrow(Responder):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            if len(data) < 200:
                Responder.datagram_received(self, data, addr)

    async def scenario() -> bytes | Unreachable | None:
        transport, port = await over_udp(Narrow(dropped))
        try:
            conversation = await door_to(port).open()
            assert not isinstance(conversation, Unreachable)
            with conversation:
                return await conversation.write(HELLO, within=2)
        finally:
            transport.close()

    assert run(scenario()) == Unreachable(Reason.TIMEOUT)


def test_what_belongs_to_another_session_is_left_aside() -> None:
    class Noisy(Responder):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            for noise in (
                b"",
                b"noise",
                b"\x20" + bytes(8) + b"\x00" + bytes(4) + b"injected",
                b"\x28" + bytes(9),
            ):
                if self.resets:
                    self.transport.sendto(noise, addr)
            Responder.datagram_received(self, data, addr)

    assert run(with_udp(Noisy(flight))) == FLIGHT


class Remembering(Responder):
    """Still sends, to each session that begins, what was for the session before it from the same port."""

    def datagram_received(self, data: bytes, addr: Any) -> None:
        packet = parse(data)
        if packet is not None and packet.opcode == RESET_CLIENT:
            late = Packet(CONTROL, secrets.token_bytes(8), (3,), secrets.token_bytes(8), 1, b"late")
            self.transport.sendto(build(late), addr)
        Responder.datagram_received(self, data, addr)


def test_what_is_late_for_another_session_does_not_end_a_greeting() -> None:
    assert run(with_udp(Remembering(flight))) == FLIGHT


def test_who_only_talks_to_others_is_not_openvpn() -> None:
    class Elsewhere(Remembering):
        def take(self, _: Packet) -> Iterator[Packet]:
            yield from ()

    async def scenario() -> Conversation | Unreachable:
        transport, port = await over_udp(Elsewhere(flight))
        try:
            return await door_to(port, handshake=0.5).open()
        finally:
            transport.close()

    assert run(scenario()) == NOT_OPENVPN


def test_no_session_comes_from_a_port_of_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    new_socket = network_module._new_socket
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as chosen:
        chosen.bind(("127.0.0.1", 0))
        same = chosen.getsockname()[1]
    sockets = port = 0

    def often_the_same(endpoint: Endpoint, kind: socket.SocketKind) -> socket.socket:
        nonlocal sockets
        created = new_socket(endpoint, kind)
        sockets += endpoint.port == port
        if endpoint.port == port and sockets % 3:
            created.bind(("127.0.0.1", same))
        return created

    async def scenario() -> list[int]:
        nonlocal port
        heard: list[int] = []

        class Listening(Responder):
            def datagram_received(self, data: bytes, addr: Any) -> None:
                if data[0] >> 3 == RESET_CLIENT:
                    heard.append(addr[1])
                Responder.datagram_received(self, data, addr)

        transport, port = await over_udp(Listening(flight))
        door = door_to(port)
        monkeypatch.setattr(network_module, "_new_socket", often_the_same)
        for _ in range(4):
            conversation = await door.open()
            assert not isinstance(conversation, Unreachable)
            conversation.close()
        transport.close()
        return heard

    ports = run(scenario())
    assert len(ports) == len(set(ports)) == 4


def test_a_flood_is_read_for_a_bounded_time() -> None:
    class Flood(Responder):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            Responder.datagram_received(self, data, addr)
            for session in list(self.sessions.values()) if data[0] >> 3 == 4 else ():
                packet = b"\x20" + session.ours + b"\x00" + (1000).to_bytes(4, "big") + bytes(900)
                for _ in range(400):
                    self.transport.sendto(packet, addr)

    answer = run(with_udp(Flood(mute)))
    assert isinstance(answer, Unreachable)


@pytest.mark.parametrize("over_tcp", [False, True])
def test_a_closed_port_is_refused(over_tcp: bool) -> None:
    kind = socket.SOCK_STREAM if over_tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    opened = run(door_to_closed(port, over_tcp=over_tcp))
    assert isinstance(opened, Unreachable)
    assert opened.reason is Reason.REFUSED


async def door_to_closed(port: int, *, over_tcp: bool) -> Conversation | Unreachable:
    return await door_to(port, over_tcp=over_tcp).open()


def test_sessions_are_spread_over_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "IN_SECONDS", 0.6)

    async def scenario() -> float:
        transport, port = await over_udp(Responder(flight))
        door = door_to(port)
        begun = asyncio.get_running_loop().time()
        for _ in range(door_module.SESSIONS + 1):
            conversation = await door.open()
            assert not isinstance(conversation, Unreachable)
            conversation.close()
        transport.close()
        return asyncio.get_running_loop().time() - begun

    assert run(scenario()) >= 0.6


def test_the_addresses_of_one_server_share_the_count_of_its_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "IN_SECONDS", 0.6)

    async def scenario() -> float:
        transport, port = await over_udp(Responder(flight))
        one, other = door_to(port), door_to(port)
        other.sessions = one.sessions
        begun = asyncio.get_running_loop().time()
        for number in range(door_module.SESSIONS + 1):
            conversation = await (one, other)[number % 2].open()
            assert not isinstance(conversation, Unreachable)
            conversation.close()
        transport.close()
        return asyncio.get_running_loop().time() - begun

    assert run(scenario()) >= 0.6


def test_all_addresses_of_an_access_are_one_server() -> None:
    addresses = (ip_address(ADDRESS), ip_address("2001:db8::1"))
    one, other = doors_of(Access("udp/1194", addresses, ()), instruments(1194))
    assert (one.address, other.address) == addresses
    assert one.sessions is other.sessions


def test_an_interrupted_greeting_closes_its_socket() -> None:
    async def scenario() -> int:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            door = door_to(silent.getsockname()[1])
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(door.open(), 0.2)
            return len([stream for stream in door.network._streams if stream._socket.fileno() >= 0])

    assert run(scenario()) == 0


def see(port: int, declared: str, *, handshake: float = 1.0) -> Coroutine[Any, Any, OpenVpnEndpoint]:
    async def seeing() -> OpenVpnEndpoint:
        tools = instruments(
            port,
            declared=int(declared.partition("/")[2]),
            patience=Patience(connect=1.0, handshake=handshake),
        )
        asset = Vpn("a", "Agents", (), host="box", type=VpnKind.OPENVPN, hostname="", port=declared)
        facts = await look(asset, tools)
        assert isinstance(facts, OpenVpnEndpoint)
        assert all(key[0] is Purpose.ACTIVE for key in tools.network.opened)
        return facts

    return seeing()


TRUTH = Truth(suites={TLS10: (0x0035,), TLS11: (0x0035,), TLS12: (0xC02F, 0xC030), TLS13: (0x1301, 0x1302)})


def of_truth(heard: bytes) -> bytes | None:
    """An OpenVPN whose TLS grants old versions; its alerts never leave."""
    is_ssl2 = heard[:1] >= b"\x80"
    if len(heard) < (2 + heard[1] if is_ssl2 else 5 + int.from_bytes(heard[3:5])):
        return b""
    if is_ssl2:
        return None
    answer = odd_tls_servers.flight(odd_tls_servers.parse(heard), TRUTH)
    return None if answer[:1] == b"\x15" else answer


class FilteredForAge(Filtered):
    def is_eaten(self, heard: bytes) -> bool:
        return heard[9:11] in (b"\x03\x01", b"\x03\x02")

    def is_end(self, number: int) -> bool:
        return number > 2


def old_versions(facts: OpenVpnEndpoint) -> dict[str, bool | Reason]:
    (server,) = facts.servers
    return {
        offer.version: offer.accepted.reason if isinstance(offer.accepted, Unreachable) else offer.accepted
        for offer in server.versions
        if offer.version in ("TLSv1", "TLSv1.1")
    }


@pytest.mark.parametrize(
    ("kind", "expected"), [(Responder, True), (FilteredForAge, Reason.TIMEOUT)], ids=["bare", "filtered"]
)
def test_old_versions_behind_a_filter_are_never_told_as_refused(
    kind: type[Responder], expected: bool | Reason
) -> None:
    async def scenario() -> OpenVpnEndpoint:
        transport, port = await over_udp(kind(of_truth))
        try:
            return await see(port, "udp/1194")
        finally:
            transport.close()

    facts = run(scenario())
    assert old_versions(facts) == {"TLSv1": expected, "TLSv1.1": expected}
    assert (facts.servers[0].complete is True) is (expected is True)


@pytest.mark.parametrize("closed", [range(3, 5), range(3, 7)], ids=str)
def test_sessions_that_a_server_over_tcp_closes_for_a_while_are_no_refusals(closed: range) -> None:
    begun = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal begun
        begun += 1
        is_closed, responder = begun in closed, Responder(of_truth)
        while True:
            size = int.from_bytes(await reader.readexactly(2))
            packet = parse(await reader.readexactly(size))
            assert packet is not None
            answers = list(responder.take(packet))
            if not responder.sessions or (is_closed and any(out.opcode == CONTROL for out in answers)):
                return
            for data in map(build, answers):
                writer.write(len(data).to_bytes(2) + data)

    async def scenario() -> OpenVpnEndpoint:
        async with listening(talk) as port:
            return await see(port, "tcp/1194")

    facts = run(scenario())
    assert False not in old_versions(facts).values()


def met(facts: OpenVpnEndpoint) -> OpenVpnMet | Unreachable:
    assert facts.servers == ()
    return facts.answers[0].met


def test_a_silent_port_is_a_fact() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert met(run(see(silent.getsockname()[1], "udp/1194"))) is OpenVpnMet.SILENT


async def leave(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await reader.read()


async def other_frames(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x10" + bytes(16))
    await reader.read()


async def half_a_frame(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00")
    await reader.read()


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (leave, OpenVpnMet.CLOSES),
        (http, OpenVpnMet.FOREIGN),
        (other_frames, OpenVpnMet.FOREIGN),
        (half_a_frame, OpenVpnMet.SILENT),
    ],
)
def test_what_is_no_openvpn_over_tcp(talk: Talk, expected: OpenVpnMet) -> None:
    async def scenario() -> OpenVpnEndpoint:
        async with listening(talk) as port:
            return await see(port, "tcp/443")

    assert met(run(scenario())) is expected


def test_what_is_no_openvpn_over_udp() -> None:
    class Dns(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            self.transport.sendto(b"\x00\x01\x81\x80" + bytes(8), addr)

    async def scenario() -> OpenVpnEndpoint:
        transport, port = await over_udp(Dns())
        try:
            return await see(port, "udp/1194")
        finally:
            transport.close()

    assert met(run(scenario())) is OpenVpnMet.FOREIGN


def test_a_datagram_stream_keeps_to_its_time_and_its_bytes() -> None:
    async def scenario() -> list[Reason]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            network = instruments(other.getsockname()[1]).network
            address = ip_address(ADDRESS)
            limits = Limits(seconds=0.3, bytes=10)
            stream = await network.datagrams(address, 1194, purpose=Purpose.ACTIVE, limits=limits)
            assert not isinstance(stream, Unreachable)
            with stream:
                assert await stream.send(b"hello", within=1) is None
                _, where = other.recvfrom(100)
                other.sendto(bytes(20), where)
                assert await stream.receive(within=1) == bytes(20)
                told: list[bytes | Unreachable | None] = [await stream.receive(within=1)]
                await asyncio.sleep(0.35)
                told += [await stream.receive(within=1), await stream.send(b"late", within=1)]
            return [each.reason for each in told if isinstance(each, Unreachable)]

    assert run(scenario()) == [Reason.PROTOCOL_ERROR, Reason.DEADLINE, Reason.DEADLINE]


def test_a_refused_datagram_is_told_to_who_sends_the_next() -> None:
    async def scenario() -> Unreachable | None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        network = instruments(port).network
        stream = await network.datagrams(ip_address(ADDRESS), 1194, purpose=Purpose.ACTIVE)
        assert not isinstance(stream, Unreachable)
        with stream:
            assert await stream.send(b"one", within=1) is None
            await asyncio.sleep(0.1)
            return await stream.send(b"two", within=1)

    assert run(scenario()) == Unreachable(Reason.REFUSED, "icmp 3/3 de 127.0.0.1")


def test_a_datagram_whose_turn_comes_too_late_does_not_leave() -> None:
    async def scenario() -> Unreachable | None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            network = instruments(other.getsockname()[1], max_rate=0.5).network
            stream = await network.datagrams(ip_address(ADDRESS), 1194, purpose=Purpose.ACTIVE)
            assert not isinstance(stream, Unreachable)
            with stream:
                assert await stream.send(b"one", within=1) is None
                return await stream.send(b"two", within=0.1)

    assert run(scenario()) == Unreachable(Reason.TIMEOUT)


def test_an_address_nobody_signed_for_is_not_touched() -> None:
    async def scenario() -> Unreachable:
        network = instruments(9).network
        refused = await network.datagrams(ip_address("198.51.100.7"), 1194, purpose=Purpose.ACTIVE)
        assert isinstance(refused, Unreachable)
        assert not network.opened
        return refused

    assert run(scenario()).reason is Reason.NOT_AUTHORIZED

"""Real sockets behind the guard: what is refused sends nothing, what is hostile costs a bounded time."""

import asyncio
import errno
import socket
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import TypeVar, cast

import pytest

from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import Endpoint, read_connect_to
from cyberaudit.probes.guard import PUBLIC_CONNECTIONS, Purpose
from cyberaudit.probes.network import Network, Turn, _socket_address
from cyberaudit.probes.stream import LINE_BYTES, Limits, Stream, from_os
from cyberaudit.probes.tls_client import lenient_context
from cyberaudit.town.scope import scope_for_look

pytestmark = pytest.mark.loopback

DOMAIN = "mairie-l-hay.example"
SCOPE = scope_for_look(domains=[DOMAIN], addresses=["203.0.113.25"], authorized_by="Mme le maire")
HERE = ip_address("127.0.0.1")
SCOPE_HERE = scope_for_look(addresses=["127.0.0.1"], authorized_by="Mme le maire")
FICTIONAL = ip_address("192.0.2.10")
T = TypeVar("T")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def saying(data: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await reader.read()

    return talk


async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hang up at once."""


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.03)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"bla bla\n" * 1000)
        await writer.drain()


def meet(talk: Talk, visit: Callable[[Stream], Awaitable[T]], *, limits: Limits | None = None) -> T:
    """What `visit` makes of a connection to a server that does `talk`."""

    async def scenario() -> T:
        network = Network(SCOPE, infrastructure=[Endpoint(HERE, service.port)])
        stream = await network.connect(
            HERE, service.port, purpose=Purpose.INFRASTRUCTURE, limits=limits or Limits(seconds=2)
        )
        assert isinstance(stream, Stream)
        with stream:
            return await visit(stream)

    service = Listener(talk)
    with Background(service):
        return asyncio.run(scenario())


def reason(answer: object) -> Reason | None:
    return answer.reason if isinstance(answer, Unreachable) else None


def line(stream: Stream) -> Awaitable[bytes | Unreachable]:
    return stream.read_line(within=1)


def mapped(service: Listener) -> Network:
    rules = read_connect_to([f"{FICTIONAL}:25=127.0.0.1:{service.port}"])
    return Network(SCOPE, connect_to=rules)


@pytest.mark.parametrize(
    ("rules", "ports", "max_rate", "here"),
    [
        (["192.0.2.1:*=127.0.0.1:9"], [53, 161], None, True),
        (["192.0.2.1:53=127.0.0.1:9"], [53, 161], None, False),
        (["192.0.2.1:*=127.0.0.1:9"], [53], 10.0, False),
        ([], [53], None, False),
    ],
)
def test_only_what_rules_lead_to_this_machine_needs_no_pace(
    rules: list[str], ports: list[int], *, max_rate: float | None, here: bool
) -> None:
    network = Network(SCOPE, connect_to=read_connect_to(rules), max_rate=max_rate)
    assert network.is_here(ip_address("192.0.2.1"), ports) is here


@pytest.mark.parametrize(
    ("purpose", "about", "expected"),
    [
        (Purpose.PUBLIC, DOMAIN, Reason.PRIVATE_ADDRESS),
        (Purpose.PUBLIC, "autre.example", Reason.NOT_AUTHORIZED),
        (Purpose.ACTIVE, "", Reason.NOT_AUTHORIZED),
        (Purpose.INTRUSIVE, "", Reason.NOT_AUTHORIZED),
        (Purpose.INFRASTRUCTURE, "", Reason.NOT_AUTHORIZED),
    ],
)
def test_what_is_refused_never_reaches_the_server(purpose: Purpose, about: str, expected: Reason) -> None:
    async def scenario() -> None:
        network = Network(SCOPE)
        stream = await network.connect(HERE, service.port, purpose=purpose, about=about)
        datagram = await network.exchange(HERE, service.port, b"?", purpose=purpose, about=about, within=0.1)
        assert (reason(stream), reason(datagram)) == (expected, expected)
        assert network.opened.total() == 0

    service = Listener(saying(b"220\r\n"))
    with Background(service):
        asyncio.run(scenario())
        assert service.connections == 0


def test_a_connection_goes_where_the_rule_sends_it_and_is_counted_where_it_was_meant() -> None:
    async def scenario() -> None:
        network = mapped(service)
        stream = await network.connect(FICTIONAL, 25, purpose=Purpose.PUBLIC, about=DOMAIN)
        assert isinstance(stream, Stream)
        assert await line(stream) == b"220 bonjour"
        assert await stream.write(b"QUIT\r\n", within=1) is None
        await network.close()
        stream.close()
        assert network.opened == {(Purpose.PUBLIC, "192.0.2.10", 25): 1}

    service = Listener(saying(b"220 bonjour\r\n"))
    with Background(service):
        asyncio.run(scenario())
        assert service.connections == 1


def test_past_its_budget_an_address_is_left_alone() -> None:
    async def scenario() -> Reason | None:
        network = mapped(service)
        for _ in range(PUBLIC_CONNECTIONS):
            stream = await network.connect(FICTIONAL, 25, purpose=Purpose.PUBLIC, about=DOMAIN)
            assert isinstance(stream, Stream)
            await line(stream)
            stream.close()
        return reason(await network.connect(FICTIONAL, 25, purpose=Purpose.PUBLIC, about=DOMAIN))

    service = Listener(saying(b"220\r\n"))
    with Background(service):
        assert asyncio.run(scenario()) is Reason.BUDGET_SPENT
        assert service.connections == PUBLIC_CONNECTIONS


def test_only_so_many_connections_are_open_at_once() -> None:
    async def scenario() -> None:
        rules = read_connect_to([f"192.0.2.{n}:25=127.0.0.1:{service.port}" for n in range(1, 4)])
        network = Network(SCOPE, connect_to=rules, in_flight=2)
        addresses = [ip_address(f"192.0.2.{n}") for n in range(1, 4)]
        connecting = [
            asyncio.create_task(network.connect(address, 25, purpose=Purpose.PUBLIC, about=DOMAIN))
            for address in addresses
        ]
        done, waiting = await asyncio.wait(connecting, timeout=0.1)
        assert (len(done), len(waiting)) == (2, 1)
        await network.close()
        last = await waiting.pop()
        assert isinstance(last, Stream)
        last.close()
        for other in done:
            assert isinstance(other.result(), Stream)

    service = Listener(saying(b""))
    with Background(service):
        asyncio.run(scenario())


@pytest.mark.parametrize(("rate", "shortest", "longest"), [(20.0, 0.14, 1.5), (None, 0.0, 0.14)])
def test_a_host_is_met_at_its_pace_and_loopback_freely(
    rate: float | None, shortest: float, longest: float
) -> None:
    async def scenario() -> float:
        endpoint = Endpoint(HERE, service.port)
        network = Network(SCOPE, infrastructure=[endpoint], max_rate=rate)
        start = time.monotonic()
        for _ in range(4):
            stream = await network.connect(HERE, service.port, purpose=Purpose.INFRASTRUCTURE)
            assert isinstance(stream, Stream)
            stream.close()
        return time.monotonic() - start

    service = Listener(saying(b""))
    with Background(service):
        assert shortest <= asyncio.run(scenario()) < longest


def test_a_closed_port_is_refused_and_frees_its_place() -> None:
    async def scenario() -> None:
        with socket.socket() as taken:  # bound, never listening
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            rules = read_connect_to([f"192.0.2.10:25=127.0.0.1:{port}"])
            network = Network(SCOPE, connect_to=rules, in_flight=1)
            for _ in range(2):
                answer = await network.connect(FICTIONAL, 25, purpose=Purpose.PUBLIC, about=DOMAIN)
                assert reason(answer) is Reason.REFUSED

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ECONNREFUSED, Reason.REFUSED),
        (errno.ECONNRESET, Reason.RESET),
        (errno.ENETUNREACH, Reason.NO_ROUTE),
        (errno.EHOSTUNREACH, Reason.NO_ROUTE),
        (errno.EPERM, Reason.PERMISSION_DENIED),
        (errno.ETIMEDOUT, Reason.TIMEOUT),
        (errno.EMFILE, Reason.PROBE_CRASHED),
    ],
)
def test_each_error_of_the_system_has_its_reason(code: int, expected: Reason) -> None:
    assert from_os(OSError(code, "")).reason is expected


def test_the_zone_of_a_link_local_resolver_becomes_an_index() -> None:
    endpoint = Endpoint(ip_address("fe80::1%lo"), 53)
    assert _socket_address(endpoint) == ("fe80::1", 53, 0, socket.if_nametoindex("lo"))
    assert _socket_address(Endpoint(ip_address("fe80::1%7"), 53)) == ("fe80::1", 53, 0, 7)
    with pytest.raises(OSError, match="no interface"):  # « ² » is a digit to Python, and no number
        _socket_address(Endpoint(ip_address("fe80::1%²"), 53))
    assert _socket_address(Endpoint(ip_address("2001:db8::1"), 53)) == ("2001:db8::1", 53, 0, 0)


def test_lines_end_with_or_without_carriage_return() -> None:
    async def visit(stream: Stream) -> list[bytes | Unreachable]:
        return [await line(stream), await line(stream), await stream.read(3, within=1)]

    assert meet(saying(b"un\r\ndeux\ntrois"), visit) == [b"un", b"deux", b"tro"]


def test_a_server_that_hangs_up_is_a_reset_not_an_empty_line() -> None:
    assert reason(meet(leave, line)) is Reason.RESET
    assert reason(meet(leave, lambda stream: stream.read_exactly(2, within=1))) is Reason.RESET
    assert meet(leave, lambda stream: stream.read(9, within=1)) == b""


def test_a_line_without_end_is_cut_off() -> None:
    assert reason(meet(saying(b"x" * LINE_BYTES * 4), line)) is Reason.PROTOCOL_ERROR


def test_one_byte_at_a_time_costs_the_time_of_one_line() -> None:
    start = time.monotonic()
    answer = meet(drip, lambda stream: stream.read_line(within=0.2))
    assert reason(answer) is Reason.TIMEOUT
    assert time.monotonic() - start < 1


def test_a_connection_has_a_lifetime_whatever_each_step_is_given() -> None:
    async def visit(stream: Stream) -> list[Reason | None]:
        return [reason(await stream.read_line(within=9)), reason(await stream.write(b"x", within=9))]

    assert meet(drip, visit, limits=Limits(seconds=0.2)) == [Reason.DEADLINE, Reason.DEADLINE]


@pytest.mark.parametrize("size", [10_000, 100_000])
def test_a_flood_stops_at_the_byte_budget(size: int) -> None:
    async def visit(stream: Stream) -> tuple[int, Unreachable]:
        read = 0
        while isinstance(answer := await stream.read_line(within=1), bytes):
            read += len(answer) + 1
        return read, answer

    read, answer = meet(flood, visit, limits=Limits(bytes=size))
    assert answer == Unreachable(Reason.PROTOCOL_ERROR, "réponse trop longue")
    assert size - 10 < read <= size
    assert reason(meet(flood, lambda s: s.read_exactly(size * 2, within=1), limits=Limits(bytes=size)))


def test_bytes_after_the_agreement_to_encrypt_are_refused() -> None:
    async def visit(stream: Stream) -> Unreachable | None:
        assert await line(stream) == b"220 pret"
        return await stream.start_tls(lenient_context(), server_name=None, within=1)

    assert reason(meet(saying(b"220 pret\r\n250 injecte\r\n"), visit)) is Reason.PROTOCOL_ERROR


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (saying(b"HTTP/1.1 400 non\r\n\r\n"), Reason.TLS_FAILURE),
        (saying(b"\x15\x03\x01\x00\x02\x02\x28"), Reason.TLS_FAILURE),
        (saying(b""), Reason.TIMEOUT),
        (leave, Reason.RESET),
        (drip, Reason.TLS_FAILURE),
        (flood, Reason.TLS_FAILURE),
    ],
    ids=["plain-text", "alert", "silence", "hangs-up", "drip", "flood"],
)
def test_a_handshake_that_does_not_end_well_says_why(talk: Talk, expected: Reason) -> None:
    answer = meet(talk, lambda s: s.start_tls(lenient_context(), server_name="mx1.example", within=0.4))
    assert reason(answer) is expected


class Echo(asyncio.DatagramProtocol):
    """Answers each datagram with `replies`."""

    def __init__(self, *replies: bytes) -> None:
        self.replies = replies
        self.received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received += 1
        for reply in self.replies:
            self.transport.sendto(reply, addr)


def exchanged(echo: Echo, *, accept: Callable[[bytes], bool] = bool) -> bytes | Unreachable:
    async def scenario() -> bytes | Unreachable:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: echo, local_addr=("127.0.0.1", 0)
        )
        port = transport.get_extra_info("sockname")[1]
        network = Network(SCOPE, infrastructure=[Endpoint(HERE, port)])
        try:
            return await network.exchange(
                HERE, port, b"?", purpose=Purpose.INFRASTRUCTURE, within=0.2, accept=accept
            )
        finally:
            transport.close()
            await asyncio.sleep(0)

    return asyncio.run(scenario())


def test_one_datagram_goes_out_and_the_first_answer_comes_back() -> None:
    echo = Echo(b"un", b"deux")
    assert exchanged(echo) == b"un"
    assert echo.received == 1


def test_answers_that_do_not_fit_are_ignored_until_the_time_is_over() -> None:
    assert exchanged(Echo(b"faux", b"", b"bon"), accept=b"bon".__eq__) == b"bon"
    assert reason(exchanged(Echo(*[b"faux"] * 50), accept=b"bon".__eq__)) is Reason.TIMEOUT


def test_a_closed_udp_port_is_refused() -> None:
    async def scenario() -> bytes | Unreachable:
        with socket.socket(type=socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
        network = Network(SCOPE, infrastructure=[Endpoint(HERE, port)])
        return await network.exchange(HERE, port, b"?", purpose=Purpose.INFRASTRUCTURE, within=0.5)

    assert reason(asyncio.run(scenario())) is Reason.REFUSED


def test_a_flood_of_wrong_datagrams_does_not_outlast_the_time() -> None:
    class Insistent(Echo):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            super().datagram_received(data, addr)
            if self.received == 1:
                self.client = addr

    echo = Insistent(b"faux")

    def again(_: bytes) -> bool:  # there is always one more to read
        echo.transport.sendto(b"encore", echo.client)
        return False

    start = time.monotonic()
    assert reason(exchanged(echo, accept=again)) is Reason.TIMEOUT
    assert time.monotonic() - start < 1


def test_a_conversation_takes_four_places_of_its_line_and_a_knock_one() -> None:
    async def scenario(port: int) -> float:
        network = Network(SCOPE_HERE, max_rate=40)
        begun = time.monotonic()
        for _ in range(3):
            stream = await network.connect(HERE, port, purpose=Purpose.ACTIVE)
            assert isinstance(stream, Stream)
            stream.close()
        turn = network.turn(HERE, port, purpose=Purpose.ACTIVE)
        assert isinstance(turn, Turn)
        return time.monotonic() - begun + turn.wait

    service = Listener(saying(b"220\r\n"))
    with Background(service):
        assert asyncio.run(scenario(service.port)) >= 3 * 4 / 40

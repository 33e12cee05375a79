"""A small OpenVPN server for tests: resets, acknowledgements and order, and whatever it is told to do with a hello."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from cyberaudit.probes.openvpn.wire import ACK, CONTROL, RESET_CLIENT, RESET_SERVER, Packet, build, parse

Answer = Callable[[bytes], bytes | None]
"""(all the bytes a client has written) → what TLS answers; nothing yet; None: the session is dropped."""
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PIECE = 500
RESEND_SECONDS = 0.15


@dataclass(slots=True)
class Session:
    """One client."""

    ours: bytes
    theirs: bytes
    expected: int = 1
    sent: int = 1
    heard: bytes = b""
    answered: int = 0
    on_the_way: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Responder(asyncio.DatagramProtocol):
    """Speaks datagrams; `loses(number)` says whether the n-th datagram, of both ways together, gets lost."""

    answer: Answer
    loses: Callable[[int], bool] = lambda _: False
    shuffles: bool = False
    """Sends the pieces of an answer in the wrong order."""
    passed: int = 0
    resets: int = 0
    transport: Any = None
    sessions: dict[bytes, Session] = field(default_factory=dict)
    strangers: list[bytes] = field(default_factory=list)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self._lost():
            return
        packet = parse(data)
        if packet is None:
            self.strangers.append(data)
            return
        self._send(self.take(packet), addr)
        if packet.opcode == CONTROL:
            asyncio.get_running_loop().call_later(RESEND_SECONDS, self._resend, packet.session, addr)

    def _send(self, packets: Iterable[Packet], addr: Any) -> None:
        for out in packets:
            if not self._lost():
                self.transport.sendto(build(out), addr)

    def _resend(self, session_id: bytes, addr: Any) -> None:
        session = self.sessions.get(session_id)
        if session is None or not session.on_the_way or self.transport.is_closing():
            return
        self._send(self._pieces(session), addr)
        asyncio.get_running_loop().call_later(RESEND_SECONDS, self._resend, session_id, addr)

    def take(self, packet: Packet) -> Iterator[Packet]:
        """What leaves in answer to one packet."""
        if packet.opcode == RESET_CLIENT:
            self.resets += 1
            session = self.sessions.setdefault(
                packet.session, Session(secrets.token_bytes(8), packet.session)
            )
            yield Packet(RESET_SERVER, session.ours, (0,), session.theirs, 0)
            return
        session = self.sessions.get(packet.session, Session(b"", b""))
        if not session.ours:
            return
        for number in packet.acks:
            session.on_the_way.pop(number, None)
        if packet.opcode == CONTROL:
            yield from self._take_control(session, packet)

    def _take_control(self, session: Session, packet: Packet) -> Iterator[Packet]:
        if packet.number == session.expected:
            session.expected += 1
            session.heard += packet.payload
            answer = self.answer(session.heard)
            if answer is None:
                del self.sessions[session.theirs]
                return
            for at in range(session.answered, len(answer), PIECE):
                session.on_the_way[session.sent] = answer[at : at + PIECE]
                session.sent += 1
            session.answered = max(session.answered, len(answer))
        if packet.number < session.expected:
            yield Packet(ACK, session.ours, (packet.number,), session.theirs)
        yield from self._pieces(session)

    def _pieces(self, session: Session) -> list[Packet]:
        waiting = [Packet(CONTROL, session.ours, (), b"", *each) for each in session.on_the_way.items()]
        return waiting[::-1] if self.shuffles else waiting

    def _lost(self) -> bool:
        self.passed += 1
        return self.loses(self.passed)


async def over_udp(responder: asyncio.DatagramProtocol) -> tuple[asyncio.DatagramTransport, int]:
    """The transport to close, and the port."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: responder, local_addr=("127.0.0.1", 0))
    return transport, transport.get_extra_info("sockname")[1]


@asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[int]:
    """The port of a TCP server; at the end each conversation is over and closed."""
    talks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        with suppress(ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0)  # a connection accepted just now has its task by then
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def over_tcp(responder: Responder) -> AbstractAsyncContextManager[int]:
    """The same in frames; a dropped session closes the connection."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            size = int.from_bytes(await reader.readexactly(2), "big")
            packet = parse(await reader.readexactly(size))
            assert packet is not None
            for out in responder.take(packet):
                data = build(out)
                writer.write(len(data).to_bytes(2, "big") + data)
            if packet.session not in responder.sessions:
                return

    return listening(talk)

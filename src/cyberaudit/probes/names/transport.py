"""One question to one server: over UDP, then over TCP when it does not fit, whatever the other side does."""

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import Endpoint
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.names.question import Manner, Query, Question, is_truncated, new_query, replies_to
from cyberaudit.probes.names.reading import Reader
from cyberaudit.probes.names.reply import SAYS_SOMETHING, Reply, read, refuses_edns
from cyberaudit.probes.names.servers import Server
from cyberaudit.probes.network import Network
from cyberaudit.probes.stream import Limits

if TYPE_CHECKING:
    from dns.message import Message

log = logging.getLogger(__name__)

# RFC 1035 §4.2.2: a two-byte length.
TCP_BYTES = 2 + 65535
# Ours: a small line loses none of them, and those that wait for a mute server leave room for others.
IN_FLIGHT = 128


@frozen
class _Line:
    """Where questions go, and on whose account."""

    endpoint: Endpoint
    purpose: Purpose
    about: str


class Transport:
    """Asks servers, and remembers how each behaves."""

    def __init__(self, network: Network, *, tries: Sequence[float], tcp_seconds: float) -> None:
        """`tries`: seconds given to each UDP attempt at one server; `tcp_seconds`: to one conversation over TCP."""
        self._network = network
        self._tries = tuple(tries)
        self._tcp_seconds = tcp_seconds
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self.servers: dict[Endpoint, Server] = {}
        self._reader = Reader()

    def server(self, endpoint: Endpoint) -> Server:
        """What is known of it; the same object all along the run."""
        return self.servers.setdefault(endpoint, Server(endpoint))

    async def ask(
        self,
        endpoint: Endpoint,
        question: Question,
        manner: Manner,
        *,
        purpose: Purpose,
        about: str = "",
        over_tcp: bool = False,
    ) -> "Message | Unreachable":
        """Its reply whatever the code, complete unless it stays truncated over TCP."""
        line = _Line(endpoint, purpose, about)
        if over_tcp:
            return await self._ask_over_tcp(line, question, manner)
        asked = await self._try(line, question, [manner] * len(self._tries))
        return asked if isinstance(asked, Unreachable) else asked.message

    async def ask_adapting(
        self, endpoint: Endpoint, question: Question, manner: Manner, *, purpose: Purpose, about: str = ""
    ) -> Reply | Unreachable:
        """As `ask`; without EDNS when the server does not take it, and remembered."""
        line, server = _Line(endpoint, purpose, about), self.server(endpoint)
        if server.wants_plain or not manner.edns:
            return await self._try(line, question, [manner.plain] * len(self._tries))
        # Some drop what they do not know: a server never heard with EDNS is asked the second time without.
        then = manner if server.heard_with_edns else manner.plain
        reply = await self._try(line, question, [manner, *[then] * (len(self._tries) - 1)])
        if isinstance(reply, Unreachable) or not reply.manner.edns or not refuses_edns(reply.message):
            return reply
        again = await self._try(line, question, [manner.plain] * len(self._tries))
        if isinstance(again, Unreachable):
            return reply
        server.refuses_edns |= again.message.rcode() in SAYS_SOMETHING
        return again

    async def _try(self, line: _Line, question: Question, manners: Sequence[Manner]) -> Reply | Unreachable:
        server = self.server(line.endpoint)
        for manner, seconds in zip(manners, self._tries, strict=True):
            server.forgive(now=time.monotonic())
            if server.is_mute:
                return Unreachable(Reason.TIMEOUT, f"{line.endpoint} ne répond plus")
            query = new_query(question, manner)
            reply = await self._exchange(line, server, query, manner, seconds)
            if isinstance(reply, bytes):
                message = await self._complete(line, question, manner, reply)
                return message if isinstance(message, Unreachable) else Reply(message, manner)
            if reply.reason is not Reason.TIMEOUT:
                return reply
        return Unreachable(Reason.TIMEOUT)

    async def _exchange(
        self, line: _Line, server: Server, query: Query, manner: Manner, seconds: float
    ) -> bytes | Unreachable:
        async with self._slots:
            sent = time.monotonic()
            server.questions += 1
            reply = await self._network.exchange(
                line.endpoint.address,
                line.endpoint.port,
                query.wire,
                purpose=line.purpose,
                about=line.about,
                within=seconds,
                accept=partial(replies_to, query),
            )
        if isinstance(reply, bytes):
            server.answered(sent=sent, now=time.monotonic(), edns=manner.edns)
        elif reply.reason is Reason.TIMEOUT:
            server.said_nothing(sent=sent, now=time.monotonic())
        return reply

    async def _complete(
        self, line: _Line, question: Question, manner: Manner, wire: bytes
    ) -> "Message | Unreachable":
        message = None if is_truncated(wire) else read(wire, self._reader)
        return message or await self._ask_over_tcp(line, question, manner)

    async def _ask_over_tcp(self, line: _Line, question: Question, manner: Manner) -> "Message | Unreachable":
        server = self.server(line.endpoint)
        server.forgive_over_tcp(now=time.monotonic())
        if server.is_mute_over_tcp:
            return Unreachable(Reason.TIMEOUT, f"{line.endpoint} ne répond plus en TCP")
        query = new_query(question, manner)
        async with self._slots:
            server.questions += 1
            wire = await self._converse(line, query.wire)
        if isinstance(wire, Unreachable):
            if wire.reason in (Reason.TIMEOUT, Reason.DEADLINE):
                server.said_nothing_over_tcp(now=time.monotonic())
            return wire
        server.silent_over_tcp = 0
        message = read(wire, self._reader) if replies_to(query, wire) else None
        return message or Unreachable(Reason.PROTOCOL_ERROR, "réponse DNS illisible ou démesurée")

    async def _converse(self, line: _Line, wire: bytes) -> bytes | Unreachable:
        seconds = self._tcp_seconds
        stream = await self._network.connect(
            line.endpoint.address,
            line.endpoint.port,
            purpose=line.purpose,
            about=line.about,
            within=seconds,
            limits=Limits(seconds=seconds, bytes=TCP_BYTES),
        )
        if isinstance(stream, Unreachable):
            return stream
        with stream:
            sent = await stream.write(len(wire).to_bytes(2, "big") + wire, within=seconds)
            size = sent or await stream.read_exactly(2, within=seconds)
            if isinstance(size, Unreachable):
                return size
            return await stream.read_exactly(int.from_bytes(size, "big"), within=seconds)

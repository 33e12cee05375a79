"""An authoritative DNS server on one port of 127.0.0.1, over UDP and TCP, that counts what it is asked.

Importing this module loads dnspython: do it where it is used.
"""

import asyncio
import errno
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import cast

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype

from cyberaudit.demo.dns_answers import PAYLOAD, Answers
from cyberaudit.demo.listener import LOOPBACK, Listener
from cyberaudit.frozen import frozen

PORT_TRIES = 20
"""How many free TCP ports are tried until the UDP port of the same number is free too."""
TCP_LIMIT = 65_535
"""What the two bytes of length allow (RFC 1035 §4.2.2)."""
IDLE_SECONDS = 10.0
"""RFC 7766 §6.2.3: a server closes a TCP connection that stays idle for a few seconds."""

log = logging.getLogger(__name__)


class DnsFault(StrEnum):
    """How one name may misbehave, for tests."""

    SERVFAIL = "servfail"
    MUTE = "mute"
    """The question is counted and never answered."""


class Transport(StrEnum):
    UDP = "udp"
    TCP = "tcp"


@frozen
class Query:
    """One question as received."""

    name: str
    """Lower case, no final dot."""
    type: str
    """`TXT`, `MX`, …"""
    transport: Transport


class DnsServer:
    """Answers for `zones`, origin → master file text; REFUSED for every other name.

    `faults` maps a name (lower case, no final dot) to how it misbehaves, whatever is asked of it; it may be
    changed while the server runs. Those of `signed` are signed at `now`.
    """

    def __init__(
        self,
        zones: Mapping[str, str],
        *,
        faults: Mapping[str, DnsFault] | None = None,
        signed: Iterable[str] = (),
        now: datetime | None = None,
    ) -> None:
        self._answers = Answers(zones, signed=signed, now=now)
        self._listener = Listener(self._talk)
        self._udp: asyncio.DatagramTransport | None = None
        self.faults: dict[str, DnsFault] = dict(faults or {})
        self.queries: Counter[Query] = Counter()

    @property
    def port(self) -> int:
        """The same for UDP and TCP; 0 until started."""
        return self._listener.port

    @property
    def trust_anchor(self) -> str:
        """DS of the topmost signed zone, in zone-file form."""
        return self._answers.trust_anchor

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`, what `--resolver` receives."""
        return f"{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Listen on a port that is free for UDP and TCP.

        Raises:
            OSError: no such port can be had.
        """
        for _ in range(PORT_TRIES):
            await self._listener.start()
            try:
                self._udp = await self._open_udp()
            except OSError as error:
                log.debug("UDP port %s is taken: %s", self.port, error)
                await self._listener.stop()
            else:
                return
        raise OSError(errno.EADDRINUSE, "no port is free for both UDP and TCP")

    async def stop(self) -> None:
        """Close both ports."""
        await self._listener.stop()
        if self._udp is not None:
            self._udp.close()
            await asyncio.sleep(0)

    async def _open_udp(self) -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=(LOOPBACK, self.port)
        )
        return transport

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                size = int.from_bytes(await reader.readexactly(2))
                wire = await reader.readexactly(size)
            reply = self.reply(wire, Transport.TCP)
            if reply is not None:
                writer.write(len(reply).to_bytes(2) + reply)
                await writer.drain()

    def reply(self, wire: bytes, transport: Transport) -> bytes | None:
        """The answer to one packet, counted; None when it deserves none."""
        try:
            query = dns.message.from_wire(wire)
            fault = self._count(query, transport)
            if fault is DnsFault.MUTE:
                return None
            response = self._answers.respond(query)
        except dns.exception.DNSException as error:
            log.debug("unreadable question: %s", error)
            return _format_error(wire)
        if fault is DnsFault.SERVFAIL:
            response = dns.message.make_response(query, our_payload=PAYLOAD)
            response.set_rcode(dns.rcode.SERVFAIL)
        # RFC 6891 §6.2.5: over UDP without EDNS, 512 bytes.
        limit = min(max(512, query.payload), PAYLOAD) if transport is Transport.UDP else TCP_LIMIT
        # In the order of the zone: the demonstration's report is the same every time.
        return response.to_wire(max_size=limit, prefer_truncation=True, want_shuffle=False)

    def _count(self, query: dns.message.Message, transport: Transport) -> DnsFault | None:
        if not query.question:
            return None
        asked = query.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        self.queries[Query(name, dns.rdatatype.to_text(asked.rdtype), transport)] += 1
        return self.faults.get(name)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._server.reply(data, Transport.UDP)
        if reply is not None:
            self._transport.sendto(reply, addr)


def _format_error(wire: bytes) -> bytes | None:
    """FORMERR with the question's number; nothing for what is too short or is itself an answer."""
    if len(wire) < 12 or wire[2] & 0x80:
        return None
    return wire[:2] + bytes((0x80, dns.rcode.FORMERR)) + bytes(8)

"""Authoritative name servers with humours, on one port of 127.0.0.1 for UDP and TCP."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from cyberaudit.demo.listener import Listener


@dataclass(frozen=True)
class Humour:
    """How a server of `domain` answers; the plain one is perfect."""

    domain: str
    names: Sequence[str] = ()
    """Its NS records, absolute without final dot."""
    serial: int = 1
    then: int | None = None
    """The serial from the second SOA answer on."""
    once: bool = False
    """A second question about the SOA is dropped."""
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    authority: bool = True
    delegates: bool = False
    """It is the zone above: the names and `glue` come as a referral."""
    elsewhere: bool = False
    """It refers to the root."""
    bare: bool = False
    """With authority, and not a record."""
    glue: Sequence[str] = ()
    """`NAME A ADDRESS` lines."""
    udp: bool = True
    tcp: bool = True
    hears_extended: bool = True
    """False: a question with EDNS is dropped."""
    extended: bool = True
    """False: EDNS is ignored."""
    stumbles: bool = False
    """FORMERR to EDNS."""
    recursion: bool = False
    slow_for_strangers: float = 0.0
    """Seconds before what is said to questions about other names."""
    fails_strangers: bool = False
    """It offers recursion, and fails at it."""
    gone: Sequence[str] = ()
    """Names that do not exist, said with authority."""
    drops_strangers: bool = False
    """Nothing is said to questions about other names."""
    transfer: str = "refused"
    """`refused`, `open`, `one-by-one`, `head-only`, `foreign`, `cut`, `reset`, `mute`, `garbage`.

    A large zone of which not all comes: `stalled`, `slow`, `broken-off`; its length alone, `only-length`.
    """
    version: str = ""
    foreign_authority: bool = False
    """It serves every zone of the world with authority."""


@dataclass
class OddNameServer:
    humour: Humour
    asked: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._listener = Listener(self._talk)
        self._udp: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.port}"

    async def start(self) -> None:
        await self._listener.start()
        self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=("127.0.0.1", self._listener.port)
        )

    async def stop(self) -> None:
        await self._listener.stop()
        if self._udp:
            self._udp.close()
        await asyncio.sleep(0)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            size = int.from_bytes(await reader.readexactly(2))
            query = dns.message.from_wire(await reader.readexactly(size))
            if query.question[0].rdtype == dns.rdatatype.AXFR:
                self.asked["AXFR"] += 1
                messages = self._transfer(query)
            elif not self.humour.tcp:
                await asyncio.sleep(30)
                return
            else:
                messages = [wire] if (wire := self.reply(query, "tcp")) else []
            if await self._hand_over_badly(query, writer):
                return
            if not messages:
                if self.humour.transfer == "mute":
                    await asyncio.sleep(30)
                return
            for wire in messages:
                writer.write(len(wire).to_bytes(2) + wire)
                await writer.drain()

    async def _hand_over_badly(self, query: dns.message.Message, writer: asyncio.StreamWriter) -> bool:
        how = self.humour.transfer
        bad = how in ("stalled", "slow", "broken-off", "only-length", "reset")
        if query.question[0].rdtype != dns.rdatatype.AXFR or not bad:
            return False
        wire = self._large_zone(query)
        data = len(wire).to_bytes(2) + wire
        size = {"slow": 200, "only-length": 2, "reset": 0}.get(how, len(data) - 100)
        for start in range(0, len(data), size) if how == "slow" else [0]:
            writer.write(data[start : start + size])
            await writer.drain()
            await asyncio.sleep(0.1)
        if how in ("broken-off", "reset"):
            writer.transport.abort()
        else:
            await asyncio.sleep(30)
        return True

    def _large_zone(self, query: dns.message.Message) -> bytes:
        name = query.question[0].name
        response = dns.message.make_response(query)
        hosts = (dns.name.Name((f"h{rank}".encode(), *name.labels)) for rank in range(600))
        response.answer += [self._soa(name), *(_rrset(host, "A", "192.0.2.9") for host in hosts)]
        return response.to_wire(max_size=65535)

    def reply(self, query: dns.message.Message, transport: str) -> bytes | None:
        humour, asked = self.humour, query.question[0]
        kind = dns.rdatatype.to_text(asked.rdtype)
        self.asked[f"{kind} {transport}{' edns' if query.edns >= 0 else ''}"] += 1
        if (transport == "udp" and not humour.udp) or (query.edns >= 0 and not humour.hears_extended):
            return None
        if humour.once and kind == "SOA" and self._heads() > 1:
            return None
        response = dns.message.make_response(query, our_payload=1232)
        if query.edns >= 0 and humour.stumbles:
            response.use_edns(-1)
            response.set_rcode(dns.rcode.FORMERR)
            return response.to_wire()
        if not humour.extended:
            response.use_edns(-1)
        if asked.rdclass == dns.rdataclass.CH:
            return self._say_version(response)
        if not asked.name.is_subdomain(dns.name.from_text(humour.domain)):
            return self._stranger(response)
        return self._own(response, kind)

    def _own(self, response: dns.message.Message, kind: str) -> bytes:
        humour, name = self.humour, response.question[0].name
        response.set_rcode(humour.rcode)
        if humour.rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return response.to_wire()
        ns = _rrset(name, "NS", *(f"{host}." for host in humour.names)) if humour.names else None
        if humour.delegates and ns:
            response.authority.append(ns)
            for line in humour.glue:
                host, family, address = line.split()
                response.additional.append(_rrset(dns.name.from_text(host), family, address))
            return response.to_wire()
        if humour.elsewhere:
            response.authority.append(_rrset(dns.name.root, "NS", "a.root.example."))
            return response.to_wire()
        if humour.authority:
            response.flags |= dns.flags.AA
        if humour.bare or humour.rcode == dns.rcode.NXDOMAIN:
            return response.to_wire()
        if kind == "SOA":
            response.answer.append(self._soa(name))
        elif kind == "NS" and ns:
            response.answer.append(ns)
        return response.to_wire()

    def _soa(self, name: dns.name.Name) -> dns.rrset.RRset:
        serial = (
            self.humour.then if self._heads() > 1 and self.humour.then is not None else self.humour.serial
        )
        text = f"ns1.{name} hostmaster.{name} {serial} 86400 7200 3600000 3600"
        return _rrset(name, "SOA", text)

    def _heads(self) -> int:
        return sum(count for key, count in self.asked.items() if key.startswith("SOA"))

    def _stranger(self, response: dns.message.Message) -> bytes | None:
        name = response.question[0].name
        if self.humour.drops_strangers:
            return None
        if name.to_text(omit_final_dot=True) in self.humour.gone:
            response.flags |= dns.flags.AA
            response.set_rcode(dns.rcode.NXDOMAIN)
            return response.to_wire()
        if self.humour.fails_strangers:
            response.flags |= dns.flags.RA
            response.set_rcode(dns.rcode.SERVFAIL)
            return response.to_wire()
        if self.humour.recursion or (self.humour.foreign_authority and name != dns.name.root):
            flag = dns.flags.RA if self.humour.recursion else dns.flags.AA
            response.flags |= flag
            response.answer.append(_rrset(name, "SOA", "a.nic.example. x.nic.example. 1 2 3 4 5"))
        else:
            response.set_rcode(dns.rcode.REFUSED)
        return response.to_wire()

    def _say_version(self, response: dns.message.Message) -> bytes | None:
        if not self.humour.version:
            return None
        found = dns.rrset.from_text(
            response.question[0].name, 0, dns.rdataclass.CH, "TXT", f'"{self.humour.version}"'
        )
        response.answer.append(found)
        return response.to_wire()

    def _transfer(self, query: dns.message.Message) -> list[bytes]:
        name = query.question[0].name
        head = self._soa(name)
        hosts = [_rrset(dns.name.Name((f"h{n}".encode(), *name.labels)), "A", "192.0.2.9") for n in range(3)]
        response = dns.message.make_response(query)
        match self.humour.transfer:
            case "open":
                response.answer += [head, *hosts]
            case "one-by-one":
                return [_with(query, record) for record in (head, *hosts, head)]
            case "head-only":
                response.answer += [head]
            case "foreign":
                response.answer += [*hosts]
            case "garbage":
                return [b"\x00\x01 garbage"]
            case "cut" | "mute":
                return []
            case _:
                response.set_rcode(dns.rcode.REFUSED)
        return [response.to_wire()]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: OddNameServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        wire = self._server.reply(query, "udp")
        humour = self._server.humour
        own = query.question[0].name.is_subdomain(dns.name.from_text(humour.domain))
        if wire and (own or not humour.slow_for_strangers):
            self._transport.sendto(wire, addr)
        elif wire:
            loop = asyncio.get_running_loop()
            loop.call_later(humour.slow_for_strangers, self._transport.sendto, wire, addr)


def _with(query: dns.message.Message, record: dns.rrset.RRset) -> bytes:
    response = dns.message.make_response(query)
    response.answer.append(record)
    return response.to_wire()


def _rrset(name: dns.name.Name, kind: str, *texts: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(name, 300, "IN", kind, *texts)

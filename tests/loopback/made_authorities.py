"""A private root and what hangs below it: signed zones, served on loopback under documentation addresses."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

import dns.dnssec
import dns.dnssectypes
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from cyberaudit.demo.listener import Listener

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
SIGNED_FROM = datetime(2026, 11, 1, tzinfo=UTC)
SIGNED_UNTIL = datetime(2026, 12, 15, tzinfo=UTC)
SOA = "@ 300 IN SOA ns hostmaster 1 14400 3600 1209600 300\n"
Twist = Callable[[dns.message.Message, dns.message.Message], "list[bytes] | None"]


@dataclass(frozen=True, slots=True)
class Key:
    """The one key of a zone."""

    private: ec.EllipticCurvePrivateKey
    dnskey: DNSKEY

    def ds(self, zone: str) -> DS:
        return dns.dnssec.make_ds(dns.name.from_text(zone), self.dnskey, "SHA256")


@cache
def key_of(zone: str) -> Key:
    """Made once; the argument only tells keys apart."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key()
    return Key(private, dns.dnssec.make_dnskey(public, dns.dnssectypes.Algorithm.ECDSAP256SHA256, flags=257))


def made_zone(
    origin: str, text: str, *, signed: bool = True, until: datetime = SIGNED_UNTIL, key: Key | None = None
) -> dns.zone.Zone:
    """The zone of `text` below an SOA of its own; NSEC when signed."""
    name = dns.name.from_text(origin)
    zone = dns.zone.from_text("$TTL 300\n" + SOA + text, origin=name, relativize=False)
    if signed:
        own = key or key_of(origin)
        with zone.writer() as writer:
            dns.dnssec.sign_zone(
                zone,
                writer,
                keys=[(cast("Any", own.private), own.dnskey)],
                dnskey_ttl=300,
                inception=SIGNED_FROM,
                expiration=until,
            )
    return zone


@dataclass(slots=True)
class Authority:
    """Serves zones as a sound server does, unless `twist` says otherwise: None from it means mute."""

    zones: list[dns.zone.Zone]
    twist: Twist | None = None
    recursive: bool = False
    """Answers for every zone it holds without ever referring, as a resolver: RA, and never AA."""
    authenticates: bool = False
    """Sets AD on everything."""
    udp: Counter[tuple[str, str]] = field(default_factory=Counter)
    tcp: Counter[tuple[str, str]] = field(default_factory=Counter)
    heard_from: list[tuple[str, int]] = field(default_factory=list)
    _transport: asyncio.DatagramTransport | None = None
    _listener: Listener | None = None

    @property
    def port(self) -> int:
        assert self._listener is not None
        return self._listener.port

    async def start(self) -> None:
        self._listener = Listener(self._talk)
        await self._listener.start()
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=("127.0.0.1", self.port)
        )

    async def stop(self) -> None:
        assert self._listener is not None
        await self._listener.stop()
        if self._transport:
            self._transport.close()
        await asyncio.sleep(0)

    def datagrams(self, wire: bytes) -> list[bytes]:
        query = dns.message.from_wire(wire)
        self.udp[_asked(query)] += 1
        reply = self.respond(query)
        if self.twist is not None:
            return self.twist(query, reply) or []
        return [reply.to_wire(max_size=max(512, query.payload), prefer_truncation=True)]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        query = dns.message.from_wire(await reader.readexactly(size))
        self.tcp[_asked(query)] += 1
        wire = self.respond(query).to_wire(max_size=65535)
        writer.write(len(wire).to_bytes(2, "big") + wire)
        await writer.drain()

    def respond(self, query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query, our_payload=1232)
        name, rdtype = query.question[0].name, query.question[0].rdtype
        _Answering(self, reply, signs=bool(query.ednsflags & dns.flags.DO)).fill(name, rdtype)
        if self.recursive:
            reply.flags = (reply.flags | dns.flags.RA) & ~dns.flags.AA
        if self.authenticates:
            reply.flags |= dns.flags.AD
        return reply


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._authority.heard_from.append(addr)
        for reply in self._authority.datagrams(data):
            self._transport.sendto(reply, addr)


def _asked(query: dns.message.Message) -> tuple[str, str]:
    question = query.question[0]
    return question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)


@dataclass(slots=True)
class _Answering:
    """One reply being filled."""

    server: Authority
    reply: dns.message.Message
    signs: bool

    def fill(self, name: dns.name.Name, rdtype: int) -> None:
        zone = self._zone_of(name, rdtype)
        if zone is None:
            self.reply.set_rcode(dns.rcode.REFUSED)
            return
        cut = None if self.server.recursive else _cut_above(zone, name, rdtype)
        if cut is not None:
            self._refer(zone, cut)
            return
        self.reply.flags |= dns.flags.AA
        if self._add(self.reply.answer, zone, name, rdtype):
            return
        if self._add(self.reply.answer, zone, name, dns.rdatatype.CNAME):
            alias = cast("Any", zone.get_rdataset(name, dns.rdatatype.CNAME))[0].target
            if self._zone_of(alias, rdtype) is not None and len(self.reply.answer) < 40:
                self.fill(alias, rdtype)
            return
        self._deny(zone, name)

    def _zone_of(self, name: dns.name.Name, rdtype: int) -> dns.zone.Zone | None:
        fitting = [zone for zone in self.server.zones if name.is_subdomain(cast("Any", zone.origin))]
        if rdtype == dns.rdatatype.DS:
            fitting = [zone for zone in fitting if zone.origin != name]
        return max(fitting, key=lambda zone: len(cast("Any", zone.origin)), default=None)

    def _add(
        self, section: list[dns.rrset.RRset], zone: dns.zone.Zone, name: dns.name.Name, rdtype: int
    ) -> bool:
        kind = dns.rdatatype.RdataType.make(rdtype)
        found = zone.get_rrset(name, kind)
        if found is None:
            return False
        section.append(found)
        signatures = zone.get_rrset(name, dns.rdatatype.RRSIG, kind)
        if self.signs and signatures is not None:
            section.append(signatures)
        return True

    def _refer(self, zone: dns.zone.Zone, cut: dns.name.Name) -> None:
        self._add(self.reply.authority, zone, cut, dns.rdatatype.NS)
        if self.signs and not self._add(self.reply.authority, zone, cut, dns.rdatatype.DS):
            self._add(self.reply.authority, zone, cut, dns.rdatatype.NSEC)
        for server in cast("Any", zone.get_rdataset(cut, dns.rdatatype.NS)):
            for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
                glue = zone.get_rrset(server.target, kind)
                if glue is not None:
                    self.reply.additional.append(glue)

    def _deny(self, zone: dns.zone.Zone, name: dns.name.Name) -> None:
        origin = cast("dns.name.Name", zone.origin)
        self._add(self.reply.authority, zone, origin, dns.rdatatype.SOA)
        exists = any(other.is_subdomain(name) for other in zone.nodes)
        if not exists:
            self.reply.set_rcode(dns.rcode.NXDOMAIN)
        owners = [_nsec_for(zone, name)] if exists else [_nsec_for(zone, name), origin]
        for owner in dict.fromkeys(owner for owner in owners if owner is not None and self.signs):
            self._add(self.reply.authority, zone, owner, dns.rdatatype.NSEC)


def _cut_above(zone: dns.zone.Zone, name: dns.name.Name, rdtype: int) -> dns.name.Name | None:
    origin = cast("dns.name.Name", zone.origin)
    for length in range(len(origin) + 1, len(name) + 1):
        above = name.split(length)[1]
        if zone.get_rdataset(above, dns.rdatatype.NS) and not (above == name and rdtype == dns.rdatatype.DS):
            return above
    return None


def _nsec_for(zone: dns.zone.Zone, name: dns.name.Name) -> dns.name.Name | None:
    """The name of the NSEC that is at, or covers, `name`."""
    owners = sorted(owner for owner in zone.nodes if zone.get_rdataset(owner, dns.rdatatype.NSEC))
    return max((owner for owner in owners if owner <= name), default=None)


def stripping(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
    """A home box: what it does not know is dropped."""
    unknown = {dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.DS, dns.rdatatype.DNSKEY}
    for section in (reply.answer, reply.authority):
        section[:] = [rrset for rrset in section if rrset.rdtype not in unknown]
    reply.use_edns(False)
    return [reply.to_wire()]


def mute(query: dns.message.Message, reply: dns.message.Message) -> None:
    """Nothing comes back."""


def with_code(code: int) -> Twist:
    """Every answer fails so."""

    def twist(query: dns.message.Message, reply: dns.message.Message) -> list[bytes]:
        failure = dns.message.make_response(query)
        failure.set_rcode(dns.rcode.Rcode.make(code))
        return [failure.to_wire()]

    return twist


def delegation(zone: str, servers: Mapping[str, str], *, ds: Key | None = None) -> str:
    """The lines of a parent: NS, addresses of those given one, DS when there is one."""
    lines = [f"{zone} IN NS {name}" for name in servers]
    kinds = {name: "AAAA" if ":" in address else "A" for name, address in servers.items()}
    lines += [f"{name} IN {kinds[name]} {address}" for name, address in servers.items() if address]
    if ds is not None:
        lines.append(f"{zone} IN DS {ds.ds(zone).to_text()}")
    return "\n".join(lines) + "\n"

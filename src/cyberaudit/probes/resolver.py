"""DNS questions of one run, through recursive resolvers: each asked once, absence told from failure."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from cyberaudit.errors import UsageError
from cyberaudit.facts.mail import MxRecord
from cyberaudit.facts.security import Security
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import Endpoint, IpAddress, parse_endpoint
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.network import Network
from cyberaudit.probes.stream import Limits

if TYPE_CHECKING:
    from dns.message import Message, QueryMessage
    from dns.name import Name
    from dns.rdata import Rdata

log = logging.getLogger(__name__)

DNS_PORT = 53
# glibc, MAXNS in <resolv.h>
MAX_SERVERS = 3
# DNS flag day 2020: no fragmentation below this size.
EDNS_PAYLOAD = 1232
# Ours: 1 s as most resolvers, then longer, while a cold cache fills at the other end.
TRIES = (1.0, 2.0)
TCP_SECONDS = 3.0
# RFC 1035 §4.2.2: a two-byte length.
TCP_BYTES = 2 + 65535
IN_FLIGHT = 64
# Ours: no recursive resolver follows more than 8 to 16 aliases.
MAX_ALIASES = 8
# Ours: a server that never answered is not asked a third time.
MUTE_AFTER = 2
# A server that has answered may be silent about one dead domain without being dead itself.
MUTE_AFTER_ONCE_HEARD = 10
# Two datagrams and one TCP conversation of a dozen packets, at each server.
PACKETS_PER_QUESTION = MAX_SERVERS * (len(TRIES) + 12)


@dataclass(frozen=True, slots=True)
class Answer:
    """What DNS says of one name and type: an answer without records is a fact too."""

    name: str
    rrtype: str
    records: "tuple[Rdata, ...]"
    """After aliases, in canonical order."""
    exists: bool
    """False: the name itself does not exist (NXDOMAIN)."""
    security: Security = Security.UNCHECKED
    """The weakest link: of every alias followed, and of the records or their absence."""
    aliases: tuple[str, ...] = ()
    """The names that CNAME led through, in order; the last one holds the records, or their absence."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of a host, both families."""

    found: tuple[IpAddress, ...]
    """v4 first, each family in order."""
    failure: Unreachable | None
    """Why a family, or both, could not be asked."""


@dataclass(slots=True)
class _Server:
    """One resolver and how it behaves in this run."""

    endpoint: Endpoint
    heard: bool = False
    silent: int = 0

    @property
    def is_mute(self) -> bool:
        return self.silent >= (MUTE_AFTER_ONCE_HEARD if self.heard else MUTE_AFTER)

    def answered(self) -> None:
        self.heard, self.silent = True, 0


class Resolver:
    """Asks each question once a run; a failure may be asked again later, an answer may not."""

    def __init__(
        self,
        network: Network,
        servers: Sequence[Endpoint],
        *,
        tries: tuple[float, ...] = TRIES,
        tcp_seconds: float = TCP_SECONDS,
    ) -> None:
        """`servers` in order of preference; `tries`: seconds given to each UDP attempt at one server."""
        self._network = network
        self._servers = tuple(_Server(endpoint) for endpoint in servers)
        self._tries = tries
        self._tcp_seconds = tcp_seconds
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._asked: dict[tuple[str, str], asyncio.Task[Answer | Unreachable]] = {}

    async def ask(self, name: str, rrtype: str) -> Answer | Unreachable:
        """The records of `name`, aliases followed; SERVFAIL, REFUSED and silence are `resolver-failure`."""
        key = (name.rstrip(".").lower(), rrtype)
        task = self._asked.get(key)
        if task is None:
            task = asyncio.create_task(self._follow(*key))
            self._asked[key] = task
            task.add_done_callback(partial(self._forget_failure, key))
        # Shielded: one probe out of time must not take the answer away from the others.
        return await asyncio.shield(task)

    async def secure(self, name: str, rrtype: str) -> Answer | Unreachable:
        """As `ask`; what does not verify is given all the same, its `security` being `BOGUS`."""
        return await self.ask(name, rrtype)

    async def ask_server(
        self,
        server: IpAddress,
        name: str,
        rrtype: str,
        *,
        about: str,
        recurse: bool = False,
        dnssec: bool = False,
        edns: bool = True,
        over_tcp: bool = False,
    ) -> "Message | Unreachable":
        """One question to one authoritative server, whatever its answer; kept for the run like those of `ask`.

        `about`: the domain of the scope on whose account it is. A truncated answer is asked again over TCP unless
        `over_tcp` is already so. A server that was silent twice is not asked any more: `timeout` at once.
        """
        raise NotImplementedError

    async def txt(self, name: str) -> tuple[bytes, ...] | Unreachable:
        """Each TXT record with its strings joined (RFC 7208 §3.3), sorted; bytes as published."""
        answer = await self.ask(name, "TXT")
        return answer if isinstance(answer, Unreachable) else txt_records(answer)

    async def mx(self, name: str) -> tuple[MxRecord, ...] | Unreachable:
        """By preference, then name."""
        answer = await self.ask(name, "MX")
        return answer if isinstance(answer, Unreachable) else mx_records(answer)

    async def addresses(self, name: str) -> Addresses:
        """A and AAAA, asked together."""
        answers = await asyncio.gather(self.ask(name, "A"), self.ask(name, "AAAA"))
        found: list[IpAddress] = []
        failure = None
        for answer in answers:
            if isinstance(answer, Unreachable):
                failure = answer
            else:
                found.extend(sorted(ip_address(rdata.to_text()) for rdata in answer.records))
        return Addresses(tuple(found), failure)

    def _forget_failure(self, key: tuple[str, str], task: asyncio.Task[Answer | Unreachable]) -> None:
        if task.cancelled() or task.exception() or isinstance(task.result(), Unreachable):
            self._asked.pop(key, None)

    async def _follow(self, name: str, rrtype: str) -> Answer | Unreachable:
        import dns.rcode

        current = _dns_name(name)
        if current is None:  # what DNS cannot carry does not exist
            return Answer(name, rrtype, (), exists=False)
        aliases: list[Name] = []
        while True:
            message = await self._query(current, rrtype)
            if isinstance(message, Unreachable):
                return message
            final = _follow_aliases(message, current, rrtype, aliases)
            if len(aliases) > MAX_ALIASES:
                break
            records = _records(message, final, rrtype)
            missing = message.rcode() == dns.rcode.NXDOMAIN
            if records or missing or final == current:
                return Answer(name, rrtype, records, exists=bool(records or aliases) or not missing)
            current = final
        return Unreachable(Reason.RESOLVER_FAILURE, f"trop d'alias à partir de {name}")

    async def _query(self, name: "Name", rrtype: str) -> "Message | Unreachable":
        troubles = []
        async with self._slots:
            for server in self._servers:
                if server.is_mute:
                    troubles.append(f"{server.endpoint} ne répond plus")
                    continue
                message = await self._ask_server(server, name, rrtype)
                trouble = str(message) if isinstance(message, Unreachable) else _trouble(message)
                if not isinstance(message, Unreachable) and not trouble:
                    return message
                log.debug("resolver %s, %s %s: %s", server.endpoint, name, rrtype, trouble)
                troubles.append(f"{server.endpoint} : {trouble}")
        return Unreachable(Reason.RESOLVER_FAILURE, f"{name} {rrtype}, " + " ; ".join(troubles))

    async def _ask_server(self, server: _Server, name: "Name", rrtype: str) -> "Message | Unreachable":
        for seconds in self._tries:
            query = _new_query(name, rrtype)
            reply = await self._network.exchange(
                server.endpoint.address,
                server.endpoint.port,
                query.to_wire(),
                purpose=Purpose.INFRASTRUCTURE,
                within=seconds,
                accept=partial(_answers, query),
            )
            if isinstance(reply, bytes):
                server.answered()
                return await self._complete(server, query, reply)
            if reply.reason is not Reason.TIMEOUT:
                return reply
            server.silent += 1
            if server.is_mute:
                break
        return Unreachable(Reason.TIMEOUT)

    async def _complete(self, server: _Server, query: "Message", reply: bytes) -> "Message | Unreachable":
        message = None if _is_truncated(reply) else _parse(query, reply)
        return message or await self._ask_over_tcp(server, query)

    async def _ask_over_tcp(self, server: _Server, query: "Message") -> "Message | Unreachable":
        stream = await self._network.connect(
            server.endpoint.address,
            server.endpoint.port,
            purpose=Purpose.INFRASTRUCTURE,
            within=self._tcp_seconds,
            limits=Limits(seconds=self._tcp_seconds, bytes=TCP_BYTES),
        )
        if isinstance(stream, Unreachable):
            return stream
        with stream:
            wire = query.to_wire()
            sent = await stream.write(len(wire).to_bytes(2, "big") + wire, within=self._tcp_seconds)
            size = sent or await stream.read_exactly(2, within=self._tcp_seconds)
            if isinstance(size, Unreachable):
                return size
            reply = await stream.read_exactly(int.from_bytes(size, "big"), within=self._tcp_seconds)
        if isinstance(reply, Unreachable):
            return reply
        return _parse(query, reply) or Unreachable(Reason.PROTOCOL_ERROR)


def addresses_now(resolver: Resolver, name: str) -> Addresses:
    """Both families of one name, outside any running loop: for a target named on the command line."""
    return asyncio.run(resolver.addresses(name))


def _dns_name(text: str) -> "Name | None":
    import dns.exception
    import dns.name

    try:
        return dns.name.from_text(text)
    except (dns.exception.DNSException, UnicodeError):
        return None


def _new_query(name: "Name", rrtype: str) -> "QueryMessage":
    import dns.message

    # RFC 5452 §4.2: an id nobody can guess.
    return dns.message.make_query(
        name, rrtype, use_edns=0, payload=EDNS_PAYLOAD, id=secrets.randbelow(1 << 16)
    )


def _is_truncated(wire: bytes) -> bool:
    return bool(wire[2] & 0x02)


def _answers(query: "Message", wire: bytes) -> bool:
    """`wire` replies to `query`: same id, same question (RFC 5452 §3)."""
    if len(wire) < 12 or int.from_bytes(wire[:2], "big") != query.id or not wire[2] & 0x80:
        return False
    # A truncated one may stop in the middle of a record.
    return _parse(query, wire, question_only=_is_truncated(wire)) is not None


def _parse(query: "Message", wire: bytes, *, question_only: bool = False) -> "Message | None":
    import dns.exception
    import dns.message

    try:
        message = dns.message.from_wire(wire, question_only=question_only, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return None
    return message if query.is_response(message) else None


def _trouble(message: "Message") -> str:
    """Why this reply tells nothing of the name; empty when it does."""
    import dns.flags
    import dns.rcode
    import dns.rdatatype

    if message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return dns.rcode.to_text(message.rcode())
    if message.answer or message.flags & dns.flags.AA:
        return ""
    # An empty reply that is a referral, or comes from a server that does not recurse, is not « no record ».
    kinds = {rrset.rdtype for rrset in message.authority}
    referral = dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds
    return "ce serveur ne cherche pas pour les autres" if referral or not message.flags & dns.flags.RA else ""


def _follow_aliases(message: "Message", name: "Name", rrtype: str, aliases: "list[Name]") -> "Name":
    """The name at the end of the aliases this message holds; each is added to `aliases`."""
    import dns.rdataclass
    import dns.rdatatype

    while len(aliases) <= MAX_ALIASES and not _records(message, name, rrtype):
        alias = message.get_rrset(message.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if not alias:
            break
        name = alias[0].target
        aliases.append(name)
    return name


def _records(message: "Message", name: "Name", rrtype: str) -> "tuple[Rdata, ...]":
    import dns.rdataclass
    import dns.rdatatype

    kind = dns.rdatatype.from_text(rrtype)
    found = message.get_rrset(message.answer, name, dns.rdataclass.IN, kind)
    return tuple(sorted(found)) if found else ()


def txt_records(answer: Answer) -> tuple[bytes, ...]:
    """The strings of each TXT record joined, sorted: servers shuffle them."""
    from dns.rdtypes.ANY.TXT import TXT

    return tuple(sorted(b"".join(rdata.strings) for rdata in answer.records if isinstance(rdata, TXT)))


def mx_records(answer: Answer) -> tuple[MxRecord, ...]:
    """By preference, then name; the null MX has an empty host."""
    from dns.rdtypes.ANY.MX import MX

    records = {
        MxRecord(rdata.preference, rdata.exchange.to_text().lower().removesuffix("."))
        for rdata in answer.records
        if isinstance(rdata, MX)
    }
    return tuple(sorted(records, key=lambda record: (record.preference, record.host)))


def parse_servers(texts: Sequence[str]) -> tuple[Endpoint, ...]:
    """`--resolver` values; none given: this machine's own, from /etc/resolv.conf.

    Raises:
        UsageError: not `IP[:port]`, or more than three.
    """
    if len(texts) > MAX_SERVERS:
        raise UsageError(f"--resolver : {MAX_SERVERS} serveurs DNS au plus.")
    return tuple(parse_endpoint(text, default_port=DNS_PORT) for text in texts) or system_servers()


def system_servers(path: Path = Path("/etc/resolv.conf")) -> tuple[Endpoint, ...]:
    """The first three `nameserver` lines; without any, this machine (resolv.conf(5))."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    found = []
    for line in lines:
        match line.split():
            case ["nameserver", address, *_]:
                try:
                    found.append(Endpoint(ip_address(address), DNS_PORT))
                except ValueError:
                    continue
    return tuple(found[:MAX_SERVERS]) or (Endpoint(ip_address("127.0.0.1"), DNS_PORT),)

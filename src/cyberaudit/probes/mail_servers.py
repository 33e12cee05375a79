"""What the servers that receive a domain's mail answer: one SMTP session for each address of each MX."""

import asyncio
from dataclasses import replace

from cyberaudit.declared import Domain
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.mail import MxRecord
from cyberaudit.facts.mail_servers import MailServer, MailServers, SmtpSession, UnresolvedServer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.certificates import trust_store
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.looks import kept
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, Addresses
from cyberaudit.probes.smtp import Caller, converse
from cyberaudit.probes.stream import Limits
from cyberaudit.probes.visits import Place

SMTP_PORT = 25
# Ours: the largest providers publish five MX with two addresses each, or one with four addresses a family.
MAX_HOSTS = 5
MAX_SERVERS = 16
# Ours: handshake, four commands, TLS, and an acknowledgement for every second packet of 256 KiB at most.
PACKETS_PER_SESSION = 120
# What a second try in the same run cannot change.
_LASTING = {Reason.PRIVATE_ADDRESS, Reason.NOT_AUTHORIZED, Reason.BUDGET_SPENT, Reason.NO_ROUTE}


async def look(asset: Domain, instruments: Instruments) -> MailServers | Unreachable:
    """The facts; `Unreachable` when the MX could not be asked. Without MX nor address there is no server."""
    records = await instruments.resolver.mx(asset.domain)
    if isinstance(records, Unreachable):
        return records
    every = _hosts(asset.domain, records)
    hosts = every[:MAX_HOSTS]
    found = await asyncio.gather(*(instruments.resolver.addresses(host) for host in hosts))
    resolved = dict(zip(hosts, found, strict=True))
    places = _ranked(resolved)
    caller = _caller(instruments)
    servers = await asyncio.gather(
        *(
            _server(asset, instruments, caller, host=host, address=address)
            for host, address in places[:MAX_SERVERS]
        )
    )
    return MailServers(
        domain=asset.domain,
        servers=tuple(sorted(servers, key=lambda server: hosts.index(server.host))),
        unresolved=_unresolved(resolved, implicit=not records),
        left_out=(*every[MAX_HOSTS:], *(f"{host} {address}" for host, address in places[MAX_SERVERS:])),
    )


def worth_asking_again(facts: MailServers) -> bool:
    """A server was silent, broke off, or offered no encryption: asked again before it becomes a fact."""
    return any(entry.cause is not None for entry in facts.unresolved) or any(
        _may_change(server.session) for server in facts.servers
    )


def merge_looks(first: MailServers, second: MailServers) -> MailServers:
    """Server by server, in the order of the first look; what only one of the two looks saw is kept."""
    before = {(server.host, server.address): server for server in first.servers}
    after = {(server.host, server.address): server for server in second.servers}
    servers = tuple(
        _merged(before.get(place, server), after.get(place, server))
        for place, server in {**before, **after}.items()
    )
    visited = {f"{server.host} {server.address}" for server in servers}
    left_out = dict.fromkeys((*first.left_out, *second.left_out))
    return MailServers(
        domain=second.domain,
        servers=servers,
        unresolved=_still_unresolved(first, second),
        left_out=tuple(place for place in left_out if place not in visited),
    )


def _merged(first: MailServer, second: MailServer) -> MailServer:
    session = kept(first.session, second.session)
    if isinstance(first.session, Unreachable) or isinstance(session, Unreachable):
        return replace(second, session=session)
    # Only encryption that was seen outlives a handshake that broke: its absence may well have been an accident.
    before = first.session.tls
    tls = kept(before, session.tls) if isinstance(before, TlsSession) else session.tls
    return replace(second, session=replace(session, tls=tls))


def _still_unresolved(first: MailServers, second: MailServers) -> tuple[UnresolvedServer, ...]:
    """The second answer of DNS, unless it is none: what was known of the host before holds then."""
    before = {entry.host: entry for entry in first.unresolved}
    found = {server.host for server in first.servers} - before.keys()
    return tuple(
        entry if entry.cause is None else _known(before.get(entry.host, entry), entry)
        for entry in second.unresolved
        if entry.cause is None or entry.host not in found
    )


def _known(first: UnresolvedServer, second: UnresolvedServer) -> UnresolvedServer:
    return first if first.cause is None else second


def _may_change(session: SmtpSession | Unreachable) -> bool:
    if isinstance(session, Unreachable):
        return session.reason not in _LASTING
    return session.tls is None or isinstance(session.tls, Unreachable)


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: the servers are known only once DNS has answered."""
    questions = 1 + 2 * MAX_HOSTS
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"les adresses des serveurs de courrier de {asset.name} : "
            f"{questions} questions au plus, posées au serveur DNS configuré",
            max_packets=2 * questions * PACKETS_PER_QUESTION,
        ),
        Announcement(
            target=asset.domain,
            purpose=Purpose.PUBLIC,
            text=f"chaque serveur de courrier de {asset.name} : une connexion, port {SMTP_PORT}, "
            f"{MAX_SERVERS} serveurs au plus, une seconde fois en cas d'échec",
            max_packets=2 * MAX_SERVERS * PACKETS_PER_SESSION,
        ),
    )


def _hosts(domain: str, records: tuple[MxRecord, ...]) -> tuple[str, ...]:
    """All, by preference; the domain itself without MX (RFC 5321 §5.1); nobody for a null MX (RFC 7505)."""
    if not records:
        return (domain,)
    return tuple(dict.fromkeys(record.host for record in records if record.host))


def _unresolved(resolved: dict[str, Addresses], *, implicit: bool) -> tuple[UnresolvedServer, ...]:
    """Hosts without address, and hosts of which one family could not be asked.

    `implicit`: the domain stands in for a missing MX; without address it simply receives no mail.
    """
    return tuple(
        UnresolvedServer(host, addresses.failure)
        for host, addresses in resolved.items()
        if addresses.failure is not None or not (addresses.found or implicit)
    )


def _ranked(resolved: dict[str, Addresses]) -> tuple[tuple[str, IpAddress], ...]:
    """Every (host, address): every host's first address, then the second ones, …; those to leave out at the end."""
    ranked = [
        (rank, host, address)
        for host, addresses in resolved.items()
        for rank, address in enumerate(_both_families(addresses.found))
    ]
    ranked.sort(key=lambda entry: entry[0])
    return tuple((host, address) for _, host, address in ranked)


def _both_families(addresses: tuple[IpAddress, ...]) -> list[IpAddress]:
    """v4 and v6 in turn, so that a bound never hides a whole family."""
    counts = {4: 0, 6: 0}
    ranked = []
    for address in addresses:
        ranked.append((counts[address.version], address.version, address))
        counts[address.version] += 1
    return [address for *_, address in sorted(ranked, key=lambda entry: entry[:2])]


def _caller(instruments: Instruments) -> Caller:
    options = instruments.options
    return Caller(
        ehlo=options.ehlo,
        patience=options.patience,
        trust=trust_store(options.ca_bundle),
        now=instruments.now,
    )


async def _server(
    asset: Domain, instruments: Instruments, caller: Caller, *, host: str, address: IpAddress
) -> MailServer:
    async def visit() -> SmtpSession | Unreachable:
        stream = await instruments.network.connect(
            address,
            SMTP_PORT,
            purpose=Purpose.PUBLIC,
            about=asset.domain,
            within=caller.patience.connect,
            limits=Limits(seconds=caller.patience.session),
        )
        if isinstance(stream, Unreachable):
            return stream
        with stream:
            return await converse(stream, caller, host=host)

    place = Place(host, str(address), in_scope=instruments.network.covers_domain(asset.domain))
    session = await instruments.visits.session(place, visitor=asset.key, visit=visit, may_change=_may_change)
    return MailServer(host, str(address), session)

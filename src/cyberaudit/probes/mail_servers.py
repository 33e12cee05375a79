"""What the servers that receive a domain's mail answer: one SMTP session for each address of each MX."""

import asyncio

from cyberaudit.declared import Domain
from cyberaudit.facts.mail import MailServer, MailServers, MxRecord, SmtpSession, UnresolvedServer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.certificates import trust_store
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.network import Limits
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, Addresses
from cyberaudit.probes.smtp import Caller, converse

SMTP_PORT = 25
# Ours: the largest providers publish five MX with two addresses each.
MAX_HOSTS = 5
MAX_ADDRESSES = 4
MAX_SERVERS = 10
# Ours: handshake, four commands, TLS, and an acknowledgement for every second packet of 256 KiB at most.
PACKETS_PER_SESSION = 120
# What a second try in the same run cannot change.
_LASTING = {Reason.PRIVATE_ADDRESS, Reason.NOT_AUTHORIZED, Reason.BUDGET_SPENT, Reason.NO_ROUTE}


async def look(asset: Domain, instruments: Instruments) -> MailServers | Unreachable:
    """The facts; `Unreachable` when the MX could not be asked. Without MX nor address there is no server."""
    records = await instruments.resolver.mx(asset.domain)
    if isinstance(records, Unreachable):
        return records
    hosts = _hosts(asset.domain, records)
    found = await asyncio.gather(*(instruments.resolver.addresses(host) for host in hosts))
    resolved = dict(zip(hosts, found, strict=True))
    caller = _caller(instruments)
    servers = await asyncio.gather(
        *(
            _visit(asset, instruments, caller, host=host, address=address)
            for host, address in _chosen(resolved)
        )
    )
    return MailServers(
        domain=asset.domain,
        servers=tuple(sorted(servers, key=lambda server: hosts.index(server.host))),
        unresolved=_unresolved(resolved, implicit=not records),
    )


def worth_asking_again(facts: MailServers) -> bool:
    """A server was silent, broke off, or offered no encryption: asked again before it becomes a fact."""
    return any(entry.cause is not None for entry in facts.unresolved) or any(
        _may_change(server.session) for server in facts.servers
    )


def _may_change(session: SmtpSession | Unreachable) -> bool:
    if isinstance(session, Unreachable):
        return session.reason not in _LASTING
    return session.tls is None or isinstance(session.tls, Unreachable)


def announce(asset: Domain) -> tuple[Announcement, ...]:
    """What `look` would touch: the servers are known only once DNS has answered."""
    questions = 1 + 2 * MAX_HOSTS
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"les adresses des serveurs de courrier de {asset.domain} : "
            f"{questions} questions au plus, posées au serveur DNS configuré",
            max_packets=2 * questions * PACKETS_PER_QUESTION,
        ),
        Announcement(
            target=asset.domain,
            purpose=Purpose.PUBLIC,
            text=f"chaque serveur de courrier de {asset.domain} : une connexion, port {SMTP_PORT}, "
            f"{MAX_SERVERS} serveurs au plus, une seconde fois en cas d'échec",
            max_packets=2 * MAX_SERVERS * PACKETS_PER_SESSION,
        ),
    )


def _hosts(domain: str, records: tuple[MxRecord, ...]) -> tuple[str, ...]:
    """By preference; the domain itself when it has no MX (RFC 5321 §5.1); nobody for a null MX (RFC 7505)."""
    if not records:
        return (domain,)
    hosts = dict.fromkeys(record.host for record in records if record.host)
    return tuple(hosts)[:MAX_HOSTS]


def _unresolved(resolved: dict[str, Addresses], *, implicit: bool) -> tuple[UnresolvedServer, ...]:
    """Hosts without address, and hosts of which one family could not be asked.

    `implicit`: the domain stands in for a missing MX; without address it simply receives no mail.
    """
    return tuple(
        UnresolvedServer(host, addresses.failure)
        for host, addresses in resolved.items()
        if addresses.failure is not None or not (addresses.found or implicit)
    )


def _chosen(resolved: dict[str, Addresses]) -> tuple[tuple[str, IpAddress], ...]:
    """At most `MAX_SERVERS` (host, address): every host's first address, then the second ones, …"""
    ranked = [
        (rank, host, address)
        for host, addresses in resolved.items()
        for rank, address in enumerate(_both_families(addresses.found)[:MAX_ADDRESSES])
    ]
    ranked.sort(key=lambda entry: entry[0])
    return tuple((host, address) for _, host, address in ranked[:MAX_SERVERS])


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


async def _visit(
    asset: Domain, instruments: Instruments, caller: Caller, *, host: str, address: IpAddress
) -> MailServer:
    stream = await instruments.network.connect(
        address,
        SMTP_PORT,
        purpose=Purpose.PUBLIC,
        about=asset.domain,
        within=caller.patience.connect,
        limits=Limits(seconds=caller.patience.session),
    )
    if isinstance(stream, Unreachable):
        return MailServer(host, str(address), stream)
    with stream:
        return MailServer(host, str(address), await converse(stream, caller, host=host))

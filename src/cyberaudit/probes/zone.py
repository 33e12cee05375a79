"""Who serves a domain's names: the delegation by the zone above, then each name server asked by itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from cyberaudit.declared import Domain
from cyberaudit.facts.zone import DnsZone, NameServer, ParentServer, ServerName
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.looks import kept
from cyberaudit.probes.registered_names import MOST_ASKED as MOST_ABOVE
from cyberaudit.probes.registered_names import MOST_QUESTIONS as MOST_ABOUT_SALE
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, Answer, Resolver
from cyberaudit.probes.zone_answers import host_text
from cyberaudit.probes.zone_delegation import (
    MOST_ANCESTORS,
    PARENT_ROUNDS,
    PARENTS_AT_ONCE,
    Delegation,
    call_witness,
    find_delegation,
)
from cyberaudit.probes.zone_intrusive import RECURSION, TRANSFER
from cyberaudit.probes.zone_servers import (
    MAX_ADDRESSES,
    MAX_NAMES,
    MOST_MISSING,
    ask_again,
    ask_servers,
    places,
    resolve_name,
)

# SOA twice, NS over both protocols, each datagram tried twice, and two short TCP conversations.
PACKETS_PER_SERVER = 40
# What a second look in the same run cannot change.
_LASTING = {
    Reason.PRIVATE_ADDRESS,
    Reason.NOT_AUTHORIZED,
    Reason.BUDGET_SPENT,
    Reason.NO_ROUTE,
    Reason.NOT_LOOKED,
}


async def look(asset: Domain, instruments: Instruments) -> DnsZone | Unreachable:
    """The facts; `Unreachable` when neither the zone above nor the resolver can be asked about the domain."""
    domain, resolver = asset.domain, instruments.resolver
    head, delegation = await asyncio.gather(_head(resolver, domain), find_delegation(instruments, domain))
    if isinstance(head, Unreachable) and isinstance(delegation.exists, Unreachable):
        return head
    zone = DnsZone(
        domain=domain,
        exists=_exists(head, delegation),
        resolves=head if isinstance(head, Unreachable) else head.exists,
        parent=delegation.parent,
        parents=delegation.parents,
        delegated=delegation.names,
        names=(),
        servers=(),
        left_out=(),
    )
    if delegation.names is None or zone.exists is False:
        return zone
    return await _with_servers(zone, instruments, delegation)


async def _head(resolver: Resolver, domain: str) -> Answer | Unreachable:
    """What the resolver says of the domain's SOA; where it keeps that back, a set of the domain that is false."""
    head = await resolver.ask(domain, "SOA")
    if isinstance(head, Answer) or head.reason is Reason.BOGUS:
        return head
    others = await asyncio.gather(*(resolver.ask(domain, rrtype) for rrtype in ("NS", "MX", "TXT")))
    false = (each for each in others if isinstance(each, Unreachable) and each.reason is Reason.BOGUS)
    return next(false, head)


def _exists(head: Answer | Unreachable, delegation: Delegation) -> bool | Unreachable:
    """The zone above knows best; a signature that does not verify leaves nothing to believe."""
    if isinstance(head, Unreachable) and head.reason is Reason.BOGUS:
        return head
    if isinstance(delegation.exists, Unreachable):
        return head if isinstance(head, Unreachable) else head.exists
    return delegation.exists


async def _with_servers(zone: DnsZone, instruments: Instruments, delegation: Delegation) -> DnsZone:
    """The delegated servers first; then those that only the domain itself names."""
    resolver = instruments.resolver
    delegated = delegation.names if isinstance(delegation.names, tuple) else ()
    first = delegated or await _known_to(resolver, zone.domain)
    names = await asyncio.gather(
        *(
            resolve_name(
                resolver,
                host,
                about=zone.domain,
                delegated=host in delegated,
                listed=False,
                glue=delegation.glue.get(host, ()),
            )
            for host in first[:MAX_NAMES]
        )
    )
    servers = await _ask_places(zone.domain, instruments, names, seen=())
    listed = {host for server in servers if isinstance(server.names, tuple) for host in server.names}
    more = tuple(sorted(listed.difference(first)))[: max(MAX_NAMES - len(names), 0)]
    others = await asyncio.gather(
        *(
            resolve_name(resolver, host, about=zone.domain, delegated=False, listed=True, glue=())
            for host in more
        )
    )
    servers = (*servers, *await _ask_places(zone.domain, instruments, (*names, *others), seen=servers))
    every = (*(replace(name, listed=name.host in listed) for name in names), *others)
    return replace(
        zone,
        parents=await _witnesses(zone, instruments, servers),
        names=every,
        servers=await ask_again(instruments, zone.domain, _with_hosts(servers, every)),
        left_out=_left_out(listed.union(first), every, servers),
    )


async def _known_to(resolver: Resolver, domain: str) -> tuple[str, ...]:
    """The servers that the resolver knows, when the zone above could not be asked."""
    from dns.rdtypes.ANY.NS import NS

    answer = await resolver.ask(domain, "NS")
    if isinstance(answer, Unreachable) or answer.aliases:
        return ()
    return tuple(sorted(host_text(rdata.target) for rdata in answer.records if isinstance(rdata, NS)))


async def _ask_places(
    domain: str,
    instruments: Instruments,
    names: Sequence[ServerName],
    *,
    seen: tuple[NameServer, ...],
) -> tuple[NameServer, ...]:
    asked = {server.address for server in seen}
    new = {address: hosts for address, hosts in places(names).items() if address not in asked}
    room = max(MAX_ADDRESSES - len(asked), 0)
    return await ask_servers(instruments, domain, dict(list(new.items())[:room]))


def _with_hosts(servers: tuple[NameServer, ...], names: tuple[ServerName, ...]) -> tuple[NameServer, ...]:
    """Each address with every name that leads there, in the order of the names."""
    where = places(names)
    return tuple(replace(server, hosts=where[server.address]) for server in servers)


async def _witnesses(
    zone: DnsZone, instruments: Instruments, servers: tuple[NameServer, ...]
) -> tuple[ParentServer, ...]:
    """The servers of the zone above, asked over TCP too when no server of the domain answered there."""
    silent = [server for server in servers if not isinstance(server.udp, Unreachable)]
    if not silent or any(not isinstance(server.tcp, Unreachable) for server in silent):
        return zone.parents
    return tuple(
        await asyncio.gather(*(call_witness(instruments, zone.domain, parent) for parent in zone.parents))
    )


def _left_out(
    hosts: set[str], names: tuple[ServerName, ...], servers: tuple[NameServer, ...]
) -> tuple[str, ...]:
    unnamed = sorted(hosts.difference(name.host for name in names))
    asked = {server.address for server in servers}
    unasked = [f"{found[0]} {address}" for address, found in places(names).items() if address not in asked]
    return (*unnamed, *unasked)


def worth_asking_again(facts: DnsZone) -> bool:
    """A server was silent or broke off: asked again before it becomes a fact."""
    return any(_may_change(server.udp) or _may_change(server.tcp) for server in facts.servers)


def _may_change(answer: object) -> bool:
    return isinstance(answer, Unreachable) and answer.reason not in _LASTING


def merge_looks(first: DnsZone, second: DnsZone) -> DnsZone:
    """The second look, with what only the first one heard of the same address."""
    before = {server.address: server for server in first.servers}
    merged = (_merged(before.get(server.address, server), server) for server in second.servers)
    return replace(
        second,
        exists=kept(first.exists, second.exists),
        resolves=kept(first.resolves, second.resolves),
        servers=tuple(merged),
    )


def _merged(first: NameServer, second: NameServer) -> NameServer:
    if isinstance(second.udp, Unreachable) and not isinstance(first.udp, Unreachable):
        return first
    return replace(second, tcp=kept(first.tcp, second.tcp), names=kept(first.names, second.names))


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would ask; the servers are known only once the zone above has answered."""
    parents = PARENTS_AT_ONCE * PARENT_ROUNDS
    # The missing name's NS records were asked already.
    each_name, registries = 2 + MOST_MISSING + MOST_ABOUT_SALE - 1, MOST_ABOVE * MAX_NAMES
    questions = 2 + MOST_ANCESTORS + 2 * parents + each_name * MAX_NAMES
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"les serveurs de noms de {asset.name} et de la zone au-dessus : "
            f"{questions} questions au plus, posées au DNS",
            max_packets=questions * PACKETS_PER_QUESTION,
        ),
        Announcement(
            target=asset.domain,
            purpose=Purpose.NAMES,
            text=f"chaque serveur de noms de {asset.name} : trois questions, en UDP et en TCP, port 53, "
            f"{MAX_ADDRESSES} adresses au plus ; {parents} serveurs de la zone au-dessus au plus ; pour les noms "
            f"qui manquent, {registries} questions aux registres au plus",
            max_packets=2 * (MAX_ADDRESSES + parents) * PACKETS_PER_SERVER
            + registries * PACKETS_PER_QUESTION,
        ),
        *_announced_trials(asset, instruments),
    )


def _announced_trials(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    tests = [RECURSION, TRANSFER] if instruments.options.axfr else [RECURSION]
    if not any(instruments.scope.allows_test(test) for test in tests):
        return ()
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.INTRUSIVE,
            text=f"les serveurs de noms de {asset.name} que l'autorisation couvre : une question pour un autre "
            "domaine, le début d'un transfert de zone, sans rien en garder, selon les essais signés",
            max_packets=MAX_ADDRESSES * PACKETS_PER_SERVER,
        ),
    )

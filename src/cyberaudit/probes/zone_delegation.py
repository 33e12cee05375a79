"""Where the zone above a domain sends: its servers are found, and asked without recursion."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cyberaudit.facts.zone import ParentServer, ServerAnswer, Standing
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.zone_answers import glue, host_text, read_answer, server_names, standing

if TYPE_CHECKING:
    from dns.message import Message

# Ours: two servers of the zone above, and two more when neither helps.
PARENTS_AT_ONCE = 2
PARENT_ROUNDS = 2
# Ours: no town's name stands deeper below the zone that delegates it.
MOST_ANCESTORS = 8
# The best word first: a delegation that one server knows outweighs the others' ignorance of it.
_USEFUL = (Standing.DELEGATES, Standing.AUTHORITATIVE, Standing.NO_ZONE, Standing.NO_SUCH_NAME)


@frozen
class Delegation:
    """What the zone above says of a domain."""

    parent: str
    """Empty when it was not found."""
    parents: tuple[ParentServer, ...]
    names: tuple[str, ...] | Unreachable | None
    """The servers it delegates to; None: it delegates nothing, it serves the domain itself, if it exists."""
    glue: Mapping[str, tuple[str, ...]]
    exists: bool | Unreachable


@frozen
class _Asked:
    server: ParentServer
    message: "Message | None"


async def find_delegation(instruments: Instruments, domain: str) -> Delegation:
    """Ask the servers of the closest zone above `domain` where it is served."""
    parent, hosts = await _zone_above(instruments, domain)
    if isinstance(hosts, Unreachable):
        return Delegation(parent, (), hosts, {}, exists=hosts)
    asked: list[_Asked] = []
    for number in range(PARENT_ROUNDS):
        some = hosts[number * PARENTS_AT_ONCE : (number + 1) * PARENTS_AT_ONCE]
        asked += await asyncio.gather(*(_ask(instruments, domain, host) for host in some))
        if any(_rank(each) is not None for each in asked):
            break
    return _read(domain, parent, asked)


async def call_witness(instruments: Instruments, domain: str, parent: ParentServer) -> ParentServer:
    """The same server asked over TCP too: what it answers proves that our line lets such questions through."""
    if not isinstance(parent.udp, ServerAnswer):
        return parent
    message = await instruments.resolver.ask_server(
        ip_address(parent.address), domain, "NS", about=domain, over_tcp=True
    )
    if isinstance(message, Unreachable):
        return replace(parent, tcp=message)
    return replace(parent, tcp=standing(message, message.question[0].name, "NS"))


def ancestors(domain: str) -> tuple[str, ...]:
    """The names above, closest first; the root, `.`, at the end."""
    labels = domain.split(".")
    above = tuple(".".join(labels[rank:]) for rank in range(1, len(labels)))
    return (*above, ".")[-MOST_ANCESTORS:]


async def _zone_above(
    instruments: Instruments, domain: str
) -> tuple[str, tuple[str, ...]] | tuple[str, Unreachable]:
    """The closest ancestor that has NS records of its own, and its servers."""
    from dns.rdtypes.ANY.NS import NS

    for name in ancestors(domain):
        answer = await instruments.resolver.ask(name, "NS")
        if isinstance(answer, Unreachable):
            return "", answer
        hosts = {host_text(rdata.target) for rdata in answer.records if isinstance(rdata, NS)}
        if hosts and not answer.aliases:
            return name, tuple(sorted(hosts))
    return "", Unreachable(Reason.RESOLVER_FAILURE, f"aucune zone au-dessus de {domain}")


async def _ask(instruments: Instruments, domain: str, host: str) -> _Asked:
    address = await _one_address(instruments, host)
    if isinstance(address, Unreachable):
        return _Asked(ParentServer(host, "", address, None), None)
    message = await instruments.resolver.ask_server(address, domain, "NS", about=domain)
    if isinstance(message, Unreachable):
        return _Asked(ParentServer(host, str(address), message, None), None)
    answer = read_answer(message, message.question[0].name, "NS")
    return _Asked(ParentServer(host, str(address), answer, None), message)


async def _one_address(instruments: Instruments, host: str) -> IpAddress | Unreachable:
    """One is enough to ask a question: IPv6 only without IPv4, since every line has the latter."""
    failure = Unreachable(Reason.RESOLVER_FAILURE, f"{host} n'a pas d'adresse")
    for rrtype in ("A", "AAAA"):
        answer = await instruments.resolver.ask(host, rrtype)
        if isinstance(answer, Unreachable):
            failure = answer
        elif answer.records:
            return min(ip_address(rdata.to_text()) for rdata in answer.records)
    return failure


def _rank(asked: _Asked) -> int | None:
    answer = asked.server.udp
    known = isinstance(answer, ServerAnswer) and answer.standing in _USEFUL
    return _USEFUL.index(answer.standing) if known and isinstance(answer, ServerAnswer) else None


def _read(domain: str, parent: str, asked: list[_Asked]) -> Delegation:
    servers = tuple(each.server for each in asked)
    useful = [(rank, number) for number, each in enumerate(asked) if (rank := _rank(each)) is not None]
    if not useful:
        causes = [server.udp for server in servers if isinstance(server.udp, Unreachable)]
        cause = causes[0] if causes else Unreachable(Reason.PROTOCOL_ERROR, f"serveurs de {parent}")
        return Delegation(parent, servers, cause, {}, exists=cause)
    rank, number = min(useful)
    message = asked[number].message
    if message is None or _USEFUL[rank] in (Standing.NO_ZONE, Standing.NO_SUCH_NAME):
        return Delegation(parent, servers, None, {}, exists=_USEFUL[rank] is Standing.NO_ZONE)
    names = server_names(message, message.question[0].name)
    return Delegation(parent, servers, names, glue(message, names), exists=True)

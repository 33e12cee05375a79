"""The name servers of a domain: their names resolved, each of their addresses asked about it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from itertools import zip_longest
from typing import TYPE_CHECKING

from cyberaudit.facts.zone import NameServer, ServerAnswer, ServerName, Soa, Standing
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.public_suffix import registrable
from cyberaudit.probes.registered_names import is_registered
from cyberaudit.probes.resolver import Answer, Resolver
from cyberaudit.probes.zone_answers import read_answer, server_names, standing, understands_edns
from cyberaudit.probes.zone_delegation import ancestors
from cyberaudit.probes.zone_intrusive import try_server

if TYPE_CHECKING:
    from dns.message import Message

# Ours: no town has more, nor any provider of one; the bound of what a hostile delegation can make us ask.
MAX_NAMES = 8
MAX_ADDRESSES = 16
# Ours: a zone that has just changed reaches the other servers within a second (RFC 1996, NOTIFY).
SECONDS_BEFORE_AGAIN = 1.0
# Ours: the highest missing name is sought three levels up, no further.
MOST_MISSING = 3


async def resolve_name(
    resolver: Resolver, host: str, *, about: str, delegated: bool, listed: bool, glue: tuple[str, ...]
) -> ServerName:
    """One name server of the domain `about` by its name, both address families asked together."""
    answers = await asyncio.gather(resolver.ask(host, "A"), resolver.ask(host, "AAAA"))
    known = [answer for answer in answers if not isinstance(answer, Unreachable)]
    exists = any(answer.exists for answer in known) if known else _failure(answers)
    aliases = next((answer.aliases for answer in known if answer.aliases), ())
    missing = "" if exists is not False else await _highest_missing(resolver, host)
    return ServerName(
        host=host,
        delegated=delegated,
        listed=listed,
        exists=exists,
        missing=missing,
        free=await _is_free(resolver, host, missing, about),
        alias=aliases[-1] if aliases else "",
        addresses=_addresses(answers),
        glue=glue,
    )


async def _is_free(resolver: Resolver, host: str, missing: str, about: str) -> bool:
    if not missing or registrable(host) != missing:
        return False
    return await is_registered(resolver, missing, about=about) is False


def _failure(answers: Iterable[Answer | Unreachable]) -> Unreachable:
    return next(answer for answer in answers if isinstance(answer, Unreachable))


def _addresses(answers: Iterable[Answer | Unreachable]) -> tuple[str, ...] | Unreachable:
    """What was found; a family that could not be asked matters only when the other one has nothing."""
    found: list[str] = []
    failure = None
    for answer in answers:
        if isinstance(answer, Unreachable):
            failure = answer
        else:
            found += sorted(rdata.to_text() for rdata in answer.records)
    return failure if failure is not None and not found else tuple(found)


async def _highest_missing(resolver: Resolver, host: str) -> str:
    missing = host
    for name in ancestors(host)[:MOST_MISSING]:
        answer = await resolver.ask(name, "NS")
        if isinstance(answer, Unreachable) or answer.exists:
            break
        missing = name
    return missing


def places(names: Sequence[ServerName]) -> dict[str, tuple[str, ...]]:
    """Address → the names that lead there: every name's first address, then the second ones, …"""
    columns = [_both_families(_every_address(name)) for name in names]
    hosts = [name.host for name in names]
    found: dict[str, tuple[str, ...]] = {}
    for row in zip_longest(*columns):
        for host, address in zip(hosts, row, strict=True):
            if address is not None:
                found[address] = tuple(dict.fromkeys((*found.get(address, ()), host)))
    return found


def _every_address(name: ServerName) -> tuple[str, ...]:
    """Resolvers begin with what the zone above says: both are asked where they differ."""
    own = () if isinstance(name.addresses, Unreachable) else name.addresses
    return tuple(dict.fromkeys((*own, *name.glue)))


def _both_families(addresses: tuple[str, ...]) -> list[str]:
    """v4 and v6 in turn, so that a bound never hides a whole family."""
    families = ([each for each in addresses if ":" not in each], [each for each in addresses if ":" in each])
    return [each for pair in zip_longest(*families) for each in pair if each is not None]


async def ask_servers(
    instruments: Instruments, domain: str, where: Mapping[str, tuple[str, ...]]
) -> tuple[NameServer, ...]:
    """Every address of `where`, side by side; mute ones cost two questions."""
    return tuple(
        await asyncio.gather(
            *(_server(instruments, domain, address, hosts) for address, hosts in where.items())
        )
    )


async def _server(instruments: Instruments, domain: str, address: str, hosts: tuple[str, ...]) -> NameServer:
    resolver, target = instruments.resolver, ip_address(address)
    # Without EDNS: some servers drop what they do not know, and are not mute for all that.
    message = await resolver.ask_server(target, domain, "SOA", about=domain, edns=False)
    if isinstance(message, Unreachable):
        # The first question decides: nobody waits for a mute server six times.
        return _unheard(hosts, address, message)
    answer = read_answer(message, message.question[0].name, "SOA")
    manners, trials = await asyncio.gather(
        _manners(resolver, domain, target, answer), try_server(instruments, domain, target)
    )
    return NameServer(
        hosts=hosts,
        address=address,
        udp=replace(answer, edns=manners.edns),
        tcp=manners.tcp,
        names=manners.names,
        again=None,
        recursion=trials.recursion,
        transfer=trials.transfer,
        version=trials.version,
    )


def _unheard(hosts: tuple[str, ...], address: str, cause: Unreachable) -> NameServer:
    return NameServer(
        hosts=hosts,
        address=address,
        udp=cause,
        tcp=cause,
        names=cause,
        again=None,
        recursion=cause,
        transfer=cause,
        version=cause,
    )


@frozen
class _Manners:
    """How a server in charge takes a question over TCP, and one with EDNS; fields as in `NameServer`."""

    tcp: Standing | Unreachable
    edns: bool
    names: tuple[str, ...] | Unreachable


async def _manners(resolver: Resolver, domain: str, target: IpAddress, answer: ServerAnswer) -> _Manners:
    """Each question tries one thing; whichever is answered tells the NS records too."""
    if answer.standing is not Standing.AUTHORITATIVE:
        unasked = Unreachable(Reason.NOT_LOOKED)
        return _Manners(tcp=unasked, edns=False, names=unasked)
    plain, extended = await asyncio.gather(
        resolver.ask_server(target, domain, "NS", about=domain, edns=False, over_tcp=True),
        resolver.ask_server(target, domain, "NS", about=domain),
    )
    names = _names(plain)
    if isinstance(names, Unreachable):
        names = _names(extended)
    if isinstance(names, Unreachable):
        names = _names(await resolver.ask_server(target, domain, "NS", about=domain, edns=False))
    return _Manners(
        tcp=plain if isinstance(plain, Unreachable) else standing(plain, plain.question[0].name, "NS"),
        edns=not isinstance(extended, Unreachable) and understands_edns(extended),
        names=names,
    )


def _names(message: "Message | Unreachable") -> tuple[str, ...] | Unreachable:
    if isinstance(message, Unreachable):
        return message
    name = message.question[0].name
    if standing(message, name, "NS") is not Standing.AUTHORITATIVE:
        return Unreachable(Reason.PROTOCOL_ERROR, "sans enregistrement NS")
    return server_names(message, name)


async def ask_again(
    instruments: Instruments, domain: str, servers: tuple[NameServer, ...]
) -> tuple[NameServer, ...]:
    """The servers as they are when they agree; else with the SOA that each gives a second later."""
    heads = {soa for server in servers if (soa := soa_of(server))}
    if len(heads) < 2:
        return servers
    await asyncio.sleep(SECONDS_BEFORE_AGAIN)
    return tuple(await asyncio.gather(*(_once_more(instruments, domain, server) for server in servers)))


def soa_of(server: NameServer) -> Soa | None:
    """The first SOA of a server in charge."""
    answer = server.udp
    serves = isinstance(answer, ServerAnswer) and answer.standing is Standing.AUTHORITATIVE
    return answer.soa if serves and isinstance(answer, ServerAnswer) else None


async def _once_more(instruments: Instruments, domain: str, server: NameServer) -> NameServer:
    if soa_of(server) is None:
        return server
    extended = isinstance(server.udp, ServerAnswer) and server.udp.edns
    # In other words than the first time: the answer to that question was kept.
    message = await instruments.resolver.ask_server(
        ip_address(server.address), domain, "SOA", about=domain, edns=extended, recurse=not extended
    )
    if isinstance(message, Unreachable):
        return replace(server, again=message)
    again = read_answer(message, message.question[0].name, "SOA").soa
    return replace(server, again=again or Unreachable(Reason.PROTOCOL_ERROR, "sans enregistrement SOA"))

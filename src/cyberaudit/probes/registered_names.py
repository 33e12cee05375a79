"""Whether a name that a registry sells is anybody's: « nobody's » needs a proof, since a box can say it of any name."""

import asyncio

from cyberaudit.facts.security import Security
from cyberaudit.facts.zone import Standing
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.resolver import Resolver

# Ours: between a name for sale and the zone that would delegate it, registries leave nothing, or one label.
MOST_CLIMBED = 2
# Ours: two servers of a registry know the same names.
MOST_ASKED = 2
# The name in two types, the zone above, both families of its servers.
MOST_QUESTIONS = 2 + MOST_CLIMBED + 2 * MOST_ASKED
_SOMEBODYS = (Standing.DELEGATES, Standing.AUTHORITATIVE, Standing.NO_ZONE)


async def is_registered(resolver: Resolver, name: str, *, about: str) -> bool | Unreachable:
    """False: NXDOMAIN, either judged by its signatures or said with authority by a server of the zone above.

    `about`: the domain of the scope on whose account that server is asked.
    """
    answers = await asyncio.gather(resolver.ask(name, "NS"), resolver.ask(name, "SOA"))
    known = [answer for answer in answers if not isinstance(answer, Unreachable)]
    if any(answer.exists for answer in known):
        return True
    lost = next((answer for answer in answers if isinstance(answer, Unreachable)), None)
    if lost is not None:
        return lost
    if all(answer.security is not Security.UNCHECKED for answer in known):
        return False
    return await _told_above(resolver, name, about)


async def _told_above(resolver: Resolver, name: str, about: str) -> bool | Unreachable:
    from cyberaudit.probes.zone_answers import standing

    hosts = await _servers_above(resolver, name)
    if isinstance(hosts, Unreachable):
        return hosts
    for places in await asyncio.gather(*(resolver.addresses(host) for host in hosts)):
        for address in places.found[:1]:
            message = await resolver.ask_server(address, name, "NS", about=about)
            if isinstance(message, Unreachable):
                continue
            said = standing(message, message.question[0].name, "NS")
            if said is Standing.NO_SUCH_NAME or said in _SOMEBODYS:
                return said is not Standing.NO_SUCH_NAME
    return Unreachable(Reason.NO_CONTROL, f"{name} : absence sans preuve")


async def _servers_above(resolver: Resolver, name: str) -> tuple[str, ...] | Unreachable:
    from dns.rdtypes.ANY.NS import NS

    from cyberaudit.probes.zone_answers import host_text

    above = name
    for _ in range(MOST_CLIMBED):
        above = above.partition(".")[2] or "."
        answer = await resolver.ask(above, "NS")
        if isinstance(answer, Unreachable):
            return answer
        hosts = {host_text(rdata.target) for rdata in answer.records if isinstance(rdata, NS)}
        if hosts and not answer.aliases:
            return tuple(sorted(hosts)[:MOST_ASKED])
    return Unreachable(Reason.RESOLVER_FAILURE, f"aucune zone au-dessus de {name}")

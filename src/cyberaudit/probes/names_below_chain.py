"""The names of a signed zone, read one from the other along its NSEC records (RFC 4034 §4); NSEC3 is not walked."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cyberaudit.facts.names import Chain
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable
from cyberaudit.probes.names_below_links import servers_of
from cyberaudit.probes.resolver import Resolver

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name
    from dns.rdtypes.ANY.NSEC import NSEC

# Ours: the zone of a small town holds 10 to 40 names; each costs one question, one after the other.
MOST_LINKS = 50
# Ours: at 100 ms a question, all the names above, and a busy machine. A server that goes mute ends the walk before.
WALK_SECONDS = 8.0


@frozen
class ChainedName:
    """A name that the zone itself tells."""

    name: str
    types: frozenset[str]
    """`A`, `CNAME`, `NS`, …: the types that exist there."""


@frozen
class Walk:
    """What the chain told."""

    chain: Chain | Unreachable
    names: tuple[ChainedName, ...]
    """Below the domain, without it."""
    beyond: tuple[str, ...]
    """The first name told and not looked at, when our limits end the walk."""


async def walk(resolver: Resolver, domain: str, *, hosts: Sequence[str]) -> Walk:
    """Every name below `domain`, up to our limits. `hosts`: its name servers, asked only past a delegation."""
    import dns.name

    apex = dns.name.from_text(domain)
    first = await _link(resolver, apex)
    if first is None or isinstance(first, Unreachable) or _is_made_up(apex, first):
        return Walk(first if isinstance(first, Unreachable) else Chain.NONE, (), ())
    ends_at = asyncio.get_running_loop().time() + WALK_SECONDS
    found: list[ChainedName] = []
    current, link = apex, first
    while link.next != apex and link.next.is_subdomain(apex):
        late = asyncio.get_running_loop().time() > ends_at
        if late or len(found) >= MOST_LINKS or link.next <= current:
            return Walk(Chain.CUT, tuple(found), (_text(link.next),))
        current = link.next
        following = await _link(resolver, current)
        if following is None or isinstance(following, Unreachable):
            following = await _past(resolver, current, domain, hosts)
        if following is None:
            found.append(ChainedName(_text(current), frozenset()))
            return Walk(Chain.CUT, tuple(found), ())
        link = following
        found.append(ChainedName(_text(current), _types(link)))
    return Walk(Chain.WHOLE, tuple(found), ())


def _text(name: "Name") -> str:
    return name.to_text(omit_final_dot=True).lower()


def _is_made_up(apex: "Name", link: "NSEC") -> bool:
    """The next name is invented for the question (RFC 4470, RFC 9824): walking would never end."""
    relative = link.next.relativize(apex)
    return bool(relative.labels) and relative.labels[-1].startswith(b"\x00")


async def _link(resolver: Resolver, name: "Name") -> "NSEC | Unreachable | None":
    """The NSEC record of `name` in its own zone; None: it has none, or what was got is a child's."""
    from dns.rdtypes.ANY.NSEC import NSEC

    answer = await resolver.ask(_text(name), "NSEC")
    if isinstance(answer, Unreachable):
        return answer
    found = next((rdata for rdata in answer.records if isinstance(rdata, NSEC)), None)
    return found if found and not answer.aliases else None


async def _past(resolver: Resolver, name: "Name", domain: str, hosts: Sequence[str]) -> "NSEC | None":
    """The NSEC record of a delegated name: the parent's servers give it with what follows the whole sub-zone."""
    import dns.name

    # RFC 1035 §2.3.4: a label of 63 octets has no room for one more.
    if len(name.labels[0]) >= 63:
        return None
    after = dns.name.Name((name.labels[0] + b"\x00", *name.labels[1:]))
    for server in await servers_of(resolver, hosts):
        message = await resolver.ask_server(server, _text(after), "A", about=domain, dnssec=True)
        found = None if isinstance(message, Unreachable) else _nsec_of(message, name)
        if found:
            return found
    return None


def _nsec_of(message: "Message", name: "Name") -> "NSEC | None":
    from dns.rdtypes.ANY.NSEC import NSEC

    for rrset in message.authority:
        if rrset.name == name:
            return next((rdata for rdata in rrset if isinstance(rdata, NSEC)), None)
    return None


def _types(link: "NSEC") -> frozenset[str]:
    """The type bitmap (RFC 4034 §4.1.2)."""
    import dns.rdatatype

    numbers = (
        window * 256 + place * 8 + bit
        for window, bitmap in link.windows
        for place, byte in enumerate(bitmap)
        for bit in range(8)
        if byte & (0x80 >> bit)
    )
    return frozenset(map(dns.rdatatype.to_text, numbers))

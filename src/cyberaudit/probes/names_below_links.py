"""Records that point to another name: whether that name is there, and who could take it otherwise."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.names import HostAddresses, Link, LinkKind
from cyberaudit.facts.spf import SpfFault, spf_records, spf_redirect, spf_terms
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.public_suffix import registrable
from cyberaudit.probes.resolver import Answer, Resolver

if TYPE_CHECKING:
    from dns.message import Message

# Ours: more name servers, or terms of SPF, say nothing more.
MOST_HOSTS = 8
MOST_TERMS = 12
# Ours: a target that seems missing is a doubt, and so is its registrable name; each costs two questions.
MOST_DOUBTS = 50
# What SPF asks of the name behind each term (RFC 7208 §5).
_SPF_TYPES = {"include": "TXT", "redirect": "TXT", "a": "A", "mx": "MX"}
# Servers of the domain asked about one delegation, servers of one sub-zone asked to prove themselves.
MOST_ASKED = 2


class Targets:
    """The names that one domain's records point to: those that seem missing are asked about twice, up to a limit."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._doubts_left = MOST_DOUBTS

    async def is_there(self, name: str, *rrtypes: str) -> bool | Unreachable:
        """Whether the name exists; False only when every type is answered by NXDOMAIN (RFC 8020)."""
        if self._doubts_left <= 0:
            return Unreachable(Reason.BUDGET_SPENT, "trop de noms visés manquent")
        self._doubts_left -= 1
        answers = await asyncio.gather(*(self.resolver.ask(name, rrtype) for rrtype in rrtypes))
        known = [answer for answer in answers if not isinstance(answer, Unreachable)]
        if any(answer.exists for answer in known):
            return True
        return next((answer for answer in answers if isinstance(answer, Unreachable)), False)


async def link(
    targets: Targets, kind: LinkKind, *, owner: str, record: str, answer: Answer | Unreachable, name: str
) -> Link:
    """What one record leads to. `answer`: what asking the record's user would ask of `name` brought."""
    target, exists = name, await _leads_somewhere(targets, name, answer)
    if not isinstance(answer, Unreachable) and answer.aliases:
        target = answer.aliases[-1]
    sold = registrable(target) or ""
    registered: bool | Unreachable = True
    if exists is False and sold and sold != registrable(owner.removeprefix("*.")):
        registered = await targets.is_there(sold, "NS", "SOA")
    return Link(kind, owner, record, target, exists, sold, registered, serves=True)


async def _leads_somewhere(targets: Targets, name: str, answer: Answer | Unreachable) -> bool | Unreachable:
    if isinstance(answer, Unreachable):
        return answer
    if answer.records or (answer.exists and not answer.aliases):
        return True
    return await targets.is_there(answer.aliases[-1] if answer.aliases else name, "A", "AAAA")


async def alias_link(targets: Targets, owner: str, answer: Answer) -> Link:
    """The link of a name that CNAME leads elsewhere."""
    record = f"CNAME {answer.aliases[0]}."
    return await link(
        targets, LinkKind.CNAME, owner=owner, record=record, answer=answer, name=answer.aliases[-1]
    )


async def host_links(
    targets: Targets, kind: LinkKind, *, owner: str, hosts: Sequence[str], records: Sequence[str]
) -> tuple[Link, ...]:
    """The links of MX or NS records; their addresses are asked by others too."""

    async def one(host: str, record: str) -> Link:
        answer = await targets.resolver.ask(host, "A")
        return await link(targets, kind, owner=owner, record=record, answer=answer, name=host)

    return tuple(await asyncio.gather(*map(one, hosts[:MOST_HOSTS], records)))


async def spf_links(targets: Targets, domain: str) -> tuple[Link, ...] | Unreachable:
    """The names that the SPF record trusts, macros left aside: they depend on the message."""
    texts = await targets.resolver.txt(domain)
    if isinstance(texts, Unreachable):
        return texts
    wanted = dict.fromkeys(
        term for record in spf_records(TxtAnswer(domain, texts)) for term in _followed(record)
    )

    async def one(text: str, rrtype: str, target: str) -> Link:
        answer = await targets.resolver.ask(target, rrtype)
        return await link(targets, LinkKind.SPF, owner=domain, record=text, answer=answer, name=target)

    return tuple(await asyncio.gather(*(one(*term) for term in list(wanted)[:MOST_TERMS])))


def _followed(record: str) -> list[tuple[str, str, str]]:
    """(term, type, name) of what readers of this record ask of other names."""
    terms = spf_terms(record)
    if isinstance(terms, SpfFault):
        return []
    return [
        (term.text, _SPF_TYPES[term.name], term.target.rstrip(".").lower())
        for term in terms
        if term.name in _SPF_TYPES
        and term.target
        and "%" not in term.target
        and (term.name != "redirect" or spf_redirect(record) is not None)
    ]


async def host_addresses(resolver: Resolver, host: str) -> HostAddresses:
    """Both families of one host, each on its own."""
    v4, v6 = await asyncio.gather(resolver.ask(host, "A"), resolver.ask(host, "AAAA"))
    return HostAddresses(host, _texts(v4), _texts(v6))


def _texts(answer: Answer | Unreachable) -> tuple[str, ...] | Unreachable:
    if isinstance(answer, Unreachable):
        return answer
    return tuple(str(address) for address in sorted(ip_address(rdata.to_text()) for rdata in answer.records))


async def servers_of(resolver: Resolver, hosts: Sequence[str]) -> tuple[IpAddress, ...]:
    """The first addresses of a zone's name servers: enough to ask one question."""
    found = await asyncio.gather(*(resolver.addresses(host) for host in hosts[:MOST_ASKED]))
    return tuple(addresses.found[0] for addresses in found if addresses.found)


async def subzone_links(
    targets: Targets, domain: str, name: str, *, hosts: Sequence[str]
) -> tuple[Link, ...] | Unreachable:
    """The name servers of the zone that begins at `name`; empty when none does. `hosts`: those of `domain`."""
    found = await _delegated(targets.resolver, domain, name, hosts)
    if isinstance(found, Unreachable):
        return found
    records = [f"NS {host}." for host in found]
    links = await host_links(targets, LinkKind.SUBZONE, owner=name, hosts=found, records=records)
    return tuple(await asyncio.gather(*(_proved(targets.resolver, domain, each) for each in links)))


async def _delegated(
    resolver: Resolver, domain: str, name: str, hosts: Sequence[str]
) -> tuple[str, ...] | Unreachable:
    answer = await resolver.ask(name, "NS")
    if not isinstance(answer, Unreachable):
        return (
            () if answer.aliases else tuple(rdata.to_text().rstrip(".").lower() for rdata in answer.records)
        )
    # Whoever is to answer for the sub-zone does not: the zone above knows who that is.
    for server in await servers_of(resolver, hosts):
        message = await resolver.ask_server(server, name, "NS", about=domain)
        if not isinstance(message, Unreachable):
            return _name_servers(message, name)
    return answer


def _name_servers(message: "Message", name: str) -> tuple[str, ...]:
    """Those of a referral to exactly `name`."""
    import dns.name
    import dns.rdatatype

    owner = dns.name.from_text(name)
    rrsets = [
        rrset
        for rrset in (*message.answer, *message.authority)
        if rrset.rdtype == dns.rdatatype.NS and rrset.name == owner
    ]
    return tuple(sorted({rdata.to_text().rstrip(".").lower() for rrset in rrsets for rdata in rrset}))


async def _proved(resolver: Resolver, domain: str, subzone: Link) -> Link:
    """The same, with what the server says when asked for the sub-zone it is to hold."""
    if subzone.exists is not True:
        return subzone
    found = (await resolver.addresses(subzone.target)).found[:MOST_ASKED]
    said = await asyncio.gather(*(_serves(resolver, domain, subzone.owner, address) for address in found))
    if not said or True in said:
        return subzone
    lost = next((each for each in said if isinstance(each, Unreachable)), None)
    return replace(subzone, serves=False if lost is None else lost)


async def _serves(resolver: Resolver, domain: str, zone: str, address: IpAddress) -> bool | Unreachable:
    import dns.flags
    import dns.rcode

    message = await resolver.ask_server(address, zone, "SOA", about=domain)
    if isinstance(message, Unreachable):
        return message
    return bool(message.rcode() == dns.rcode.NOERROR and message.flags & dns.flags.AA and message.answer)

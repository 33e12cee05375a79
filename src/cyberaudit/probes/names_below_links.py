"""Records that point to another name: whether that name is there, and who could take it otherwise."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.mail_servers import is_address
from cyberaudit.facts.names import HostAddresses, Link, LinkKind
from cyberaudit.facts.spf import SpfFault, spf_records, spf_redirect, spf_terms
from cyberaudit.facts.zone import Standing
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.public_suffix import registrable
from cyberaudit.probes.registered_names import is_registered
from cyberaudit.probes.resolver import Answer, Resolver

if TYPE_CHECKING:
    from dns.message import Message

# Ours: more name servers, or terms of SPF, say nothing more.
MOST_HOSTS = 8
# Ours: one dead server of mail among many takes mail all the same; a name and an address each is little to ask.
MOST_MX = 20
MOST_TERMS = 12
# Ours: a target that seems missing is a doubt, which costs two questions.
MOST_DOUBTS = 50
# Ours: names for sale that one domain leads to; from the first one on, the question is answered.
MOST_SALES = 8
# What SPF asks of the name behind each term (RFC 7208 §5).
_SPF_TYPES = {"include": "TXT", "redirect": "TXT", "a": "A", "mx": "MX"}
# Servers of the domain asked about one delegation, servers of one sub-zone asked to prove themselves.
MOST_ASKED = 2
# With authority: nobody answered in its place.
_PROVED = (Standing.NO_SUCH_NAME, Standing.NO_ZONE)
# Ours: one is enough to know that not everything was seen.
MOST_TOLD = 20
BEYOND = Unreachable(Reason.NOT_LOOKED, "au-delà de la limite prévue")
_TOO_MANY = Unreachable(Reason.BUDGET_SPENT, "trop de noms visés manquent")


class Targets:
    """The names that one domain's records point to: those that seem missing are asked about twice, up to a limit."""

    def __init__(self, resolver: Resolver, domain: str) -> None:
        self.resolver = resolver
        self.domain = domain
        self._doubts_left = MOST_DOUBTS
        self._more_left = MOST_TOLD
        self._sold: set[str] = set()

    async def is_there(self, name: str) -> bool | Unreachable:
        """Whether the name exists; False only when both types are answered by NXDOMAIN (RFC 8020)."""
        self._doubts_left -= 1
        if self._doubts_left < 0:
            return _TOO_MANY
        answers = await asyncio.gather(*(self.resolver.ask(name, rrtype) for rrtype in ("A", "AAAA")))
        known = [answer for answer in answers if not isinstance(answer, Unreachable)]
        if any(answer.exists for answer in known):
            return True
        return next((answer for answer in answers if isinstance(answer, Unreachable)), False)

    async def is_somebodys(self, name: str) -> bool | Unreachable:
        """Whether a name that a registry sells is held."""
        if len(self._sold | {name}) > MOST_SALES:
            return _TOO_MANY
        self._sold.add(name)
        return await is_registered(self.resolver, name, about=self.domain)

    def unlooked(self, kind: LinkKind, *, owner: str, records: Iterable[str]) -> Iterator[Link]:
        """Records beyond a limit, each as a link that nobody looked at; no more than a few, and never none."""
        for record in records:
            if self._more_left <= 0:
                break
            self._more_left -= 1
            yield lost_link(kind, owner=owner, record=record, cause=BEYOND)


def lost_link(kind: LinkKind, *, owner: str, record: str, cause: Unreachable) -> Link:
    """A record, read or only guessed at, of which nothing more could be seen."""
    return Link(kind, owner, record, "", cause, "", registered=True, serves=True)


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
        registered = await targets.is_somebodys(sold)
    return Link(kind, owner, record, target, exists, sold, registered, serves=True)


async def _leads_somewhere(targets: Targets, name: str, answer: Answer | Unreachable) -> bool | Unreachable:
    if isinstance(answer, Unreachable):
        return answer
    if answer.records or (answer.exists and not answer.aliases):
        return True
    return await targets.is_there(answer.aliases[-1] if answer.aliases else name)


async def alias_link(targets: Targets, owner: str, answer: Answer) -> Link:
    """The link of a name that CNAME leads elsewhere."""
    record = f"CNAME {answer.aliases[0]}."
    return await link(
        targets, LinkKind.CNAME, owner=owner, record=record, answer=answer, name=answer.aliases[-1]
    )


async def host_links(
    targets: Targets, kind: LinkKind, *, owner: str, hosts: Sequence[str], records: Sequence[str]
) -> tuple[Link, ...]:
    """The links of MX or NS records, as many followed as is laid down; their addresses are asked by others too.

    An address where a name should stand leads to no name: the question about the MX tells of it.
    """
    named = [pair for pair in zip(hosts, records, strict=False) if not is_address(pair[0])]

    async def one(host: str, record: str) -> Link:
        answer = await targets.resolver.ask(host, "A")
        return await link(targets, kind, owner=owner, record=record, answer=answer, name=host)

    most = MOST_MX if kind is LinkKind.MX else MOST_HOSTS
    found = await asyncio.gather(*(one(*pair) for pair in named[:most]))
    beyond = (record for _, record in named[most:])
    return (*found, *targets.unlooked(kind, owner=owner, records=beyond))


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

    terms = list(wanted)
    found = await asyncio.gather(*(one(*term) for term in terms[:MOST_TERMS]))
    beyond = targets.unlooked(LinkKind.SPF, owner=domain, records=(text for text, *_ in terms[MOST_TERMS:]))
    return (*found, *beyond)


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


async def handed_to(targets: Targets, name: str, *, hosts: Sequence[str]) -> tuple[str, ...] | Unreachable:
    """The name servers of the zone that begins at `name`; empty when none does. `hosts`: those of the domain."""
    return await _delegated(targets.resolver, targets.domain, name, hosts)


async def subzone_links(
    targets: Targets, name: str, *, servers: Sequence[str], hosts: Sequence[str]
) -> tuple[Link, ...]:
    """What the delegation of `name` to `servers` leads to. `hosts`: the servers of the domain, as witnesses."""
    records = [f"NS {host}." for host in servers]
    links = await host_links(targets, LinkKind.SUBZONE, owner=name, hosts=servers, records=records)
    return tuple(await asyncio.gather(*(_proved(targets, each, hosts) for each in links)))


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
        if not isinstance(message, Unreachable) and _knows(message):
            return _name_servers(message, name)
    return answer


def _knows(message: "Message") -> bool:
    """Whether it says with authority who serves the name, if anybody does; a server that fails knows nothing."""
    from cyberaudit.probes.zone_answers import standing

    said = standing(message, message.question[0].name, "NS")
    return said in (Standing.DELEGATES, Standing.AUTHORITATIVE, *_PROVED)


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


async def _proved(targets: Targets, subzone: Link, hosts: Sequence[str]) -> Link:
    """The same, with what the server says when asked for the sub-zone it is to hold."""
    if subzone.exists is not True:
        return subzone
    addresses = await targets.resolver.addresses(subzone.target)
    said = await asyncio.gather(
        *(_serves(targets, subzone.owner, address, hosts) for address in addresses.found[:MOST_ASKED])
    )
    if True in said:
        return subzone
    lost = next((each for each in said if isinstance(each, Unreachable)), None)
    if not said:
        lost = addresses.failure or Unreachable(
            Reason.RESOLVER_FAILURE, f"{subzone.target} n'a pas d'adresse"
        )
    return replace(subzone, serves=False if lost is None else lost)


async def _serves(
    targets: Targets, zone: str, address: IpAddress, hosts: Sequence[str]
) -> bool | Unreachable:
    """False: it refuses or answers without authority, while a server of the domain answers us with it.

    A server in trouble with this question, SERVFAIL above all, may serve the zone tomorrow.
    """
    import dns.rcode

    from cyberaudit.probes.zone_answers import standing

    message = await targets.resolver.ask_server(address, zone, "SOA", about=targets.domain)
    if isinstance(message, Unreachable):
        return message
    said = standing(message, message.question[0].name, "SOA")
    if said is Standing.AUTHORITATIVE:
        return True
    if said in _PROVED:
        return False
    if message.rcode() not in (dns.rcode.NOERROR, dns.rcode.REFUSED):
        return Unreachable(Reason.PROTOCOL_ERROR, dns.rcode.to_text(message.rcode()))
    # On some lines a device answers every question of DNS, whoever it was for, and never with authority.
    return False if await _has_authority(targets, hosts) else Unreachable(Reason.NO_CONTROL, said)


async def _has_authority(targets: Targets, hosts: Sequence[str]) -> bool:
    """Whether a server of the domain answers us for its own zone, asked itself."""
    from cyberaudit.probes.zone_answers import standing

    for address in await servers_of(targets.resolver, hosts):
        # In the words that the look at the name servers uses: the answer is shared.
        message = await targets.resolver.ask_server(
            address, targets.domain, "SOA", about=targets.domain, edns=False
        )
        if isinstance(message, Unreachable):
            continue
        if standing(message, message.question[0].name, "SOA") is Standing.AUTHORITATIVE:
            return True
    return False

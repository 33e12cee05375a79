"""What a domain's names lead to: wildcards, names below it, what its records point to, CAA, both families."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from cyberaudit.declared import Domain
from cyberaudit.facts.mail_servers import is_address
from cyberaudit.facts.names import (
    Chain,
    DomainNames,
    HostAddresses,
    Link,
    LinkKind,
    NameBelow,
    NameSource,
    RandomAnswer,
)
from cyberaudit.facts.names_caa import CaaSet
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.names_below_caa import MOST_NAMES as MOST_CLIMBED
from cyberaudit.probes.names_below_caa import caa_of
from cyberaudit.probes.names_below_chain import MOST_LINKS, ChainedName, Walk, walk
from cyberaudit.probes.names_below_links import (
    BEYOND,
    MOST_ASKED,
    MOST_DOUBTS,
    MOST_HOSTS,
    MOST_MX,
    MOST_SALES,
    MOST_TERMS,
    Targets,
    alias_link,
    handed_to,
    host_addresses,
    host_links,
    lost_link,
    spf_links,
    subzone_links,
)
from cyberaudit.probes.names_below_list import USUAL_LABELS, read_labels
from cyberaudit.probes.registered_names import MOST_ASKED as MOST_ABOVE
from cyberaudit.probes.registered_names import MOST_QUESTIONS as MOST_ABOUT_SALE
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, Answer, Resolver, mx_records

if TYPE_CHECKING:
    from dns.rdata import Rdata

# Ours: names asked below one domain; a longer list is told as left out.
MOST_NAMES = 200
# Ours: names asked whether they are delegated; more than a small town's zone holds.
MOST_ASKED_ABOUT = 50
# Ours: delegations followed; small towns have none, or one for the schools.
MOST_SUBZONES = 6
# Ours: the first records tell what a wildcard is for.
MOST_RANDOM = 4
RANDOM_BYTES = 6


@frozen
class _Zone:
    """What the steps of one look share."""

    domain: str
    hosts: tuple[str, ...]
    """The domain's name servers."""
    targets: Targets

    @property
    def resolver(self) -> Resolver:
        return self.targets.resolver


@frozen
class _Hosts:
    """The hosts of MX or NS records, and what these records lead to."""

    addresses: tuple[HostAddresses, ...] | Unreachable
    links: tuple[Link, ...]


@frozen
class _Wanted:
    """One name to ask about."""

    name: str
    source: NameSource
    types: frozenset[str] | None
    """What the zone says exists there; None: it says nothing."""

    @property
    def is_guessed(self) -> bool:
        """Nobody says that it is there."""
        return self.source in (NameSource.USUAL, NameSource.LISTED)

    @property
    def may_be_alias(self) -> bool:
        return self.types is None or "CNAME" in self.types

    @property
    def may_be_delegated(self) -> bool:
        """Asked only where somebody says so: the usual names are hosts."""
        return self.source is not NameSource.USUAL if self.types is None else "NS" in self.types


@frozen
class _Random:
    """What a label drawn at random answers."""

    answers: tuple[RandomAnswer, ...] | Unreachable
    first: Answer | None
    """The answer for A; None when there is none."""
    links: tuple[Link, ...]


@frozen
class _Subzones:
    """What the zones below lead to."""

    links: tuple[Link, ...]
    left_out: tuple[str, ...]


@frozen
class _Names:
    """What stands below the domain."""

    random: _Random
    chain: Chain | Unreachable
    names: tuple[NameBelow, ...]
    links: tuple[Link, ...]
    left_out: tuple[str, ...]


async def look(asset: Domain, instruments: Instruments) -> DomainNames | Unreachable:
    """The facts, each field on its own three-valued; `Unreachable` when the domain itself could not be asked."""
    resolver, domain = instruments.resolver, asset.domain
    apex = await resolver.ask(domain, "NS")
    if isinstance(apex, Unreachable):
        return apex
    if not apex.exists:
        return _absent(domain)
    zone = _Zone(domain, tuple(map(_host, apex.records)), Targets(resolver, domain))
    servers, mail, spf, caa, site, below = await asyncio.gather(
        _servers(zone),
        _mail(zone),
        spf_links(zone.targets, domain),
        caa_of(resolver, domain),
        asyncio.gather(*(host_addresses(resolver, host) for host in (f"www.{domain}", domain))),
        _names(asset, instruments, zone),
    )
    trusted = () if isinstance(spf, Unreachable) else spf
    return DomainNames(
        domain=domain,
        exists=True,
        wildcard=below.random.answers,
        names=below.names,
        chain=below.chain,
        left_out=below.left_out,
        links=(*below.random.links, *below.links, *servers.links, *mail.links, *trusted),
        spf_read=spf if isinstance(spf, Unreachable) else True,
        caa=caa,
        site=tuple(site),
        name_servers=servers.addresses,
        mail_hosts=mail.addresses,
    )


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would ask."""
    # NS, MX, TXT, two families of the site, four types of the random name.
    itself = 11 + MOST_CLIMBED + 2 * MOST_HOSTS + 2 * MOST_MX + MOST_TERMS
    # The chain, and one question for each name that may be an alias; past limits there are no more.
    below = MOST_LINKS + min(len(_labels(instruments)) + len(asset.subdomains) + MOST_LINKS, MOST_NAMES)
    resolver, servers = Purpose.INFRASTRUCTURE, Purpose.NAMES
    return (
        _said(asset, resolver, "les serveurs, le site et les règles que publie {}", itself),
        _said(asset, resolver, "les noms sous {}", below),
        _said(asset, resolver, "ce vers quoi pointe {}, quand cela semble manquer", 2 * MOST_DOUBTS),
        _said(asset, resolver, "les noms à vendre vers quoi pointe {}", MOST_SALES * MOST_ABOUT_SALE),
        _said(asset, resolver, "les noms de {} qui sont peut-être des sous-zones", MOST_ASKED_ABOUT),
        _said(asset, resolver, "les sous-zones de {}", 2 * MOST_SUBZONES * MOST_HOSTS),
        _said(asset, servers, "les registres des noms à vendre vers quoi pointe {}", MOST_SALES * MOST_ABOVE),
        # And their own zone, when one of a sub-zone is to be accused.
        _said(asset, servers, "les serveurs de noms de {}", MOST_ASKED * (MOST_ASKED_ABOUT + 1)),
        _said(
            asset,
            servers,
            "les serveurs de noms des sous-zones de {}",
            MOST_SUBZONES * MOST_ASKED * MOST_HOSTS,
        ),
        _said(asset, servers, "ce qui suit chaque sous-zone de {}", MOST_LINKS * MOST_ASKED),
    )


def _said(asset: Domain, purpose: Purpose, what: str, questions: int) -> Announcement:
    asked = "posées au DNS" if purpose is Purpose.INFRASTRUCTURE else "posées à eux"
    return Announcement(
        target=asset.domain,
        purpose=purpose,
        text=f"{what.format(asset.name)} : {questions} questions au plus, {asked}",
        max_packets=questions * PACKETS_PER_QUESTION,
    )


def _absent(domain: str) -> DomainNames:
    """Nothing else is asked of a name that does not exist."""
    return DomainNames(
        domain=domain,
        exists=False,
        wildcard=(),
        names=(),
        chain=Chain.NONE,
        left_out=(),
        links=(),
        spf_read=True,
        caa=CaaSet("", (), ()),
        site=(),
        name_servers=(),
        mail_hosts=(),
    )


def _host(rdata: "Rdata") -> str:
    """The name an NS record points to."""
    return rdata.to_text().rstrip(".").lower()


async def _servers(zone: _Zone) -> _Hosts:
    records = [f"NS {host}." for host in zone.hosts]
    found, links = await asyncio.gather(
        asyncio.gather(*(host_addresses(zone.resolver, host) for host in zone.hosts[:MOST_HOSTS])),
        host_links(zone.targets, LinkKind.NS, owner=zone.domain, hosts=zone.hosts, records=records),
    )
    return _Hosts(tuple(found), links)


async def _mail(zone: _Zone) -> _Hosts:
    answer = await zone.resolver.ask(zone.domain, "MX")
    if isinstance(answer, Unreachable):
        return _Hosts(answer, ())
    records = [record for record in mx_records(answer) if record.host]
    hosts = [record.host for record in records]
    written = [f"MX {record.preference} {record.host}." for record in records]
    # An address where a name should stand is the fault of the MX, told with it, and no name to ask about.
    named = [host for host in hosts if not is_address(host)]
    found, links = await asyncio.gather(
        asyncio.gather(*(host_addresses(zone.resolver, host) for host in named[:MOST_MX])),
        host_links(zone.targets, LinkKind.MX, owner=zone.domain, hosts=hosts, records=written),
    )
    beyond = (HostAddresses(host, BEYOND, BEYOND) for host in named[MOST_MX:][:1])
    return _Hosts((*found, *beyond), links)


async def _names(asset: Domain, instruments: Instruments, zone: _Zone) -> _Names:
    random, walked = await asyncio.gather(
        _random(zone, instruments), walk(zone.resolver, zone.domain, hosts=zone.hosts)
    )
    every = _wanted(asset, walked, _labels(instruments))
    wanted, beyond = every[:MOST_NAMES], every[MOST_NAMES:]
    found = await asyncio.gather(*(_below(zone, each, random) for each in wanted))
    subzones = await _subzones(zone, wanted, found)
    real = [each for each in found if each is not None]
    aliases = tuple(each.link for each in real if each.link is not None)
    unlooked = (NameBelow(each.name, each.source, BEYOND, ()) for each in beyond if not each.is_guessed)
    return _Names(
        random=random,
        chain=walked.chain,
        names=(*(each.name for each in real), *unlooked),
        links=(*aliases, *subzones.links),
        left_out=(*(each.name for each in beyond), *walked.beyond, *subzones.left_out),
    )


async def _random(zone: _Zone, instruments: Instruments) -> _Random:
    """A label that does not exist has no wildcard of any type (RFC 4592 §2.2.1): one question is enough then."""
    label = await instruments.looks.shared("random-label", _draw)
    name = f"{label}.{zone.domain}"
    first = await zone.resolver.ask(name, "A")
    if isinstance(first, Unreachable):
        return _Random(first, None, ())
    if not first.exists:
        return _Random((RandomAnswer("A", (), aliased=False),), first, ())
    others = ("AAAA", "MX", "TXT")
    rest = await asyncio.gather(*(zone.resolver.ask(name, rrtype) for rrtype in others))
    links = (await alias_link(zone.targets, f"*.{zone.domain}", first),) if first.aliases else ()
    answers = tuple(map(_random_answer, ("A", *others), (first, *rest)))
    return _Random(answers, first, links)


async def _draw() -> str:
    return secrets.token_hex(RANDOM_BYTES)


def _random_answer(rrtype: str, answer: Answer | Unreachable) -> RandomAnswer:
    if isinstance(answer, Unreachable):
        return RandomAnswer(rrtype, answer, aliased=False)
    records = tuple(rdata.to_text() for rdata in answer.records[:MOST_RANDOM])
    return RandomAnswer(rrtype, records, aliased=bool(answer.aliases))


def _labels(instruments: Instruments) -> tuple[str, ...]:
    """Those of the list that was given; else the short one that is built in."""
    path = instruments.options.subdomain_list
    return USUAL_LABELS if path is None else read_labels(path)


def _wanted(asset: Domain, walked: Walk, labels: Sequence[str]) -> tuple[_Wanted, ...]:
    """Every name once, what is declared first. Nothing is guessed when the zone has told all its names."""
    found: dict[str, _Wanted] = {}
    told = {each.name: each for each in walked.names if not each.name.startswith("*.")}
    for name in asset.subdomains:
        if name != asset.domain:
            found[name] = _Wanted(name, NameSource.DECLARED, _types(told, name))
    for name in told:
        found.setdefault(name, _Wanted(name, NameSource.CHAINED, _types(told, name)))
    if walked.chain is not Chain.WHOLE:
        source = NameSource.USUAL if labels is USUAL_LABELS else NameSource.LISTED
        for name in (f"{label}.{asset.domain}" for label in labels):
            found.setdefault(name, _Wanted(name, source, None))
    return tuple(found.values())


def _types(told: Mapping[str, ChainedName], name: str) -> frozenset[str] | None:
    """None when the zone says nothing of the name, or lost its thread there."""
    return (told[name].types or None) if name in told else None


@frozen
class _Found:
    """One name below the domain, and where its CNAME leads."""

    name: NameBelow
    link: Link | None


async def _below(zone: _Zone, wanted: _Wanted, random: _Random) -> _Found | None:
    """None: nobody created this name, a wildcard answers for it."""
    if not wanted.may_be_alias:
        return _Found(NameBelow(wanted.name, wanted.source, exists=True, aliases=()), None)
    answer = await zone.resolver.ask(wanted.name, "A")
    if isinstance(answer, Unreachable):
        return _Found(NameBelow(wanted.name, wanted.source, answer, ()), None)
    if wanted.is_guessed and _is_the_same(answer, random.first):
        return None
    name = NameBelow(wanted.name, wanted.source, answer.exists, answer.aliases)
    return _Found(name, await alias_link(zone.targets, wanted.name, answer) if answer.aliases else None)


def _is_the_same(answer: Answer, random: Answer | None) -> bool:
    return (
        random is not None
        and random.exists
        and (answer.aliases, answer.records) == (random.aliases, random.records)
    )


async def _subzones(zone: _Zone, wanted: Sequence[_Wanted], below: Sequence[_Found | None]) -> _Subzones:
    """The links of every name that is, or may be, the beginning of a zone of its own, what is declared first."""
    names = [
        each
        for each, found in zip(wanted, below, strict=True)
        if found is not None
        and found.name.exists is not False
        and not found.name.aliases
        and (each.may_be_delegated or isinstance(found.name.exists, Unreachable))
    ]
    asked, unasked = names[:MOST_ASKED_ABOUT], names[MOST_ASKED_ABOUT:]
    handed = await asyncio.gather(*(handed_to(zone.targets, each.name, hosts=zone.hosts) for each in asked))
    lost = [
        (each.name, cause)
        for each, cause in zip(asked, handed, strict=True)
        if isinstance(cause, Unreachable)
    ]
    cut = [(each.name, to) for each, to in zip(asked, handed, strict=True) if isinstance(to, tuple) and to]
    followed = await asyncio.gather(
        *(
            subzone_links(zone.targets, name, servers=servers, hosts=zone.hosts)
            for name, servers in cut[:MOST_SUBZONES]
        )
    )
    beyond = (
        *(name for name, _ in cut[MOST_SUBZONES:]),
        *(each.name for each in unasked if not each.is_guessed),
    )
    return _Subzones(
        links=(
            *chain.from_iterable(followed),
            *(lost_link(LinkKind.SUBZONE, owner=name, record="NS", cause=cause) for name, cause in lost),
            *(
                link
                for name in beyond
                for link in zone.targets.unlooked(LinkKind.SUBZONE, owner=name, records=["NS"])
            ),
        ),
        left_out=(*beyond, *(each.name for each in unasked if each.is_guessed)),
    )

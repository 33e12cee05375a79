"""How a domain's DMARC record is found (RFC 9989 tree walk), and what its report addresses answer."""

import asyncio
from collections.abc import Iterable

from cyberaudit.facts.dmarc import (
    DmarcPolicy,
    ReportUri,
    dmarc_policy,
    dmarc_records,
    report_uris,
    stops_the_walk,
)
from cyberaudit.facts.mail import MOST_REPORT_TARGETS, ReportTarget, TxtAnswer
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable
from cyberaudit.probes.public_suffix import organizational
from cyberaudit.probes.resolver import Resolver

# RFC 9989 §4.10: the tree walk asks at most eight names.
MAX_TREE_WALK = 8
# One authorisation, MX, and both addresses where there is no MX.
QUESTIONS_PER_TARGET = 4
MOST_QUESTIONS = MAX_TREE_WALK + 1 + sum(MOST_REPORT_TARGETS.values()) * QUESTIONS_PER_TARGET

Walk = tuple[TxtAnswer, ...] | Unreachable


@frozen
class DmarcSeen:
    """The fields of `MailDns` that are about DMARC, under the same names."""

    dmarc: Walk
    dmarc_beyond: Walk
    dmarc_suffix: TxtAnswer | Unreachable | None
    reports: tuple[ReportTarget, ...] | Unreachable
    dmarc_aliases: tuple[str, ...] | Unreachable


async def dmarc_of(resolver: Resolver, domain: str) -> DmarcSeen:
    """Everything about DMARC; each part is lost on its own."""
    walk, suffix, aliases = await asyncio.gather(
        _walk(resolver, domain), _suffix_record(resolver, domain), resolver.aliases(f"_dmarc.{domain}")
    )
    first, beyond = _cut(walk)
    reports: tuple[ReportTarget, ...] | Unreachable = ()
    if isinstance(first, Unreachable):
        reports = first
    else:
        known = first if isinstance(beyond, Unreachable) else (*first, *beyond)
        policy = dmarc_policy(domain, known)
        reports = await _targets(resolver, policy) if policy else ()
    return DmarcSeen(first, beyond, suffix, reports, aliases)


def tree_walk_names(domain: str) -> tuple[str, ...]:
    """Where `_dmarc.` is asked: the domain, then from seven labels up to the TLD (RFC 9989 §4.10)."""
    labels = domain.split(".")
    parents = labels[1:][-(MAX_TREE_WALK - 1) :]
    return (domain, *(".".join(parents[index:]) for index in range(len(parents))))


async def _walk(resolver: Resolver, domain: str) -> tuple[TxtAnswer | Unreachable, ...]:
    """Every name of the walk at once: two or three for a town, one round trip."""
    return tuple(
        await asyncio.gather(*(_txt(resolver, f"_dmarc.{name}") for name in tree_walk_names(domain)))
    )


async def _txt(resolver: Resolver, name: str) -> TxtAnswer | Unreachable:
    records = await resolver.txt(name)
    return records if isinstance(records, Unreachable) else TxtAnswer(name, records)


def _cut(walk: tuple[TxtAnswer | Unreachable, ...]) -> tuple[Walk, Walk]:
    """The answers up to the first name with one record, then the others, up to a record that ends the walk."""
    ends = (rank for rank, answer in enumerate(walk, start=1) if _is_one(answer) and _stops(answer))
    walk = walk[: next(ends, len(walk))]
    first = next((rank for rank, answer in enumerate(walk, start=1) if _is_one(answer)), len(walk))
    return _whole(walk[:first]), _whole(walk[first:])


def _is_one(answer: TxtAnswer | Unreachable) -> bool:
    return not isinstance(answer, Unreachable) and len(dmarc_records(answer)) == 1


def _stops(answer: TxtAnswer | Unreachable) -> bool:
    return not isinstance(answer, Unreachable) and stops_the_walk(answer)


def _whole(answers: Iterable[TxtAnswer | Unreachable]) -> Walk:
    """The answers, or why one of them is missing."""
    seen: list[TxtAnswer] = []
    for answer in answers:
        if isinstance(answer, Unreachable):
            return answer
        seen.append(answer)
    return tuple(seen)


async def _suffix_record(resolver: Resolver, domain: str) -> TxtAnswer | Unreachable | None:
    # Of two labels, a name is its own organisation, or a suffix: no need to read the list.
    organization = organizational(domain) if domain.count(".") > 1 else None
    if organization is None or organization == domain:
        return None
    return await _txt(resolver, f"_dmarc.{organization}")


async def _targets(resolver: Resolver, policy: DmarcPolicy) -> tuple[ReportTarget, ...]:
    wanted = [
        (tag, address)
        for tag, most in MOST_REPORT_TARGETS.items()
        for address in _usable(policy.record, tag)[:most]
    ]
    return tuple(await asyncio.gather(*(_target(resolver, policy, tag, address) for tag, address in wanted)))


def _usable(record: str, tag: str) -> list[ReportUri]:
    return [address for address in dict.fromkeys(report_uris(record, tag)) if address.host]


async def _target(resolver: Resolver, policy: DmarcPolicy, tag: str, address: ReportUri) -> ReportTarget:
    authorisation, receives = await asyncio.gather(
        _authorisation(resolver, policy.at, address.host), _receives(resolver, address.host)
    )
    return ReportTarget(tag, address.uri, address.host, authorisation, receives)


async def _authorisation(resolver: Resolver, at: str, host: str) -> TxtAnswer | Unreachable | None:
    """RFC 9990 §4: who receives reports about others must say so; the list tells who is an other."""
    if host == at or (organizational(at) or at) == (organizational(host) or host):
        return None
    return await _txt(resolver, f"{at}._report._dmarc.{host}")


async def _receives(resolver: Resolver, host: str) -> bool | Unreachable:
    servers = await resolver.mx(host)
    if isinstance(servers, Unreachable):
        return servers
    if servers:
        return any(server.host for server in servers)
    addresses = await resolver.addresses(host)
    return bool(addresses.found) or addresses.failure or False

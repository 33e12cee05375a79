"""What DNS publishes about a domain's mail: MX, SPF, DMARC."""

import asyncio

from cyberaudit.declared import Domain
from cyberaudit.facts.dmarc import dmarc_records
from cyberaudit.facts.mail import MailDns, TxtAnswer
from cyberaudit.facts.spf import spf_records
from cyberaudit.facts.spf_tree import SpfTree
from cyberaudit.model import Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, Answer, Resolver, mx_records, txt_records
from cyberaudit.probes.spf.lookup import RunLookup
from cyberaudit.probes.spf.tree import MOST_QUESTIONS, spf_tree

# RFC 9989 §4.10: the tree walk asks at most eight names.
MAX_TREE_WALK = 8


async def look(asset: Domain, instruments: Instruments) -> MailDns | Unreachable:
    """The facts, each field on its own three-valued; `Unreachable` when nothing at all could be asked."""
    domain, resolver = asset.domain, instruments.resolver
    mx, apex, spf, dmarc = await asyncio.gather(
        resolver.ask(domain, "MX"),
        resolver.ask(domain, "TXT"),
        spf_of(resolver, domain),
        _tree_walk(resolver, domain),
    )
    exists = _exists(mx, apex)
    if exists is False:
        return MailDns(domain, False, (), TxtAnswer(domain, ()), None, ())  # noqa: FBT003 - the order of the fields
    if isinstance(mx, Unreachable) and isinstance(apex, Unreachable) and isinstance(dmarc, Unreachable):
        return mx
    return MailDns(
        domain=domain,
        exists=exists,
        mx=mx if isinstance(mx, Unreachable) else mx_records(mx),
        apex=apex if isinstance(apex, Unreachable) else TxtAnswer(domain, txt_records(apex)),
        spf=spf,
        dmarc=dmarc,
    )


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would ask."""
    questions = 2 + MOST_QUESTIONS + MAX_TREE_WALK
    return (
        Announcement(
            target=asset.domain,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"les enregistrements publics de {asset.name} (MX, SPF, DMARC) : "
            f"{questions} questions au plus, posées au serveur DNS configuré",
            max_packets=questions * PACKETS_PER_QUESTION,
        ),
    )


def _exists(*answers: Answer | Unreachable) -> bool | Unreachable:
    """NXDOMAIN holds for every type of a name (RFC 8020); any answer that is not one proves the name."""
    known = [answer.exists for answer in answers if not isinstance(answer, Unreachable)]
    if known:
        return any(known)
    return next(answer for answer in answers if isinstance(answer, Unreachable))


async def spf_of(resolver: Resolver, domain: str) -> SpfTree | Unreachable | None:
    """Where the domain's SPF record leads; None when it has not exactly one."""
    texts = await resolver.txt(domain)
    if isinstance(texts, Unreachable):
        return texts
    records = spf_records(TxtAnswer(domain, texts))
    return await spf_tree(RunLookup(resolver), domain, records[0]) if len(records) == 1 else None


def tree_walk_names(domain: str) -> tuple[str, ...]:
    """Where `_dmarc.` is asked: the domain, then from seven labels up to the TLD (RFC 9989 §4.10)."""
    labels = domain.split(".")
    parents = labels[1:][-(MAX_TREE_WALK - 1) :]
    return (domain, *(".".join(parents[index:]) for index in range(len(parents))))


async def _tree_walk(resolver: Resolver, domain: str) -> tuple[TxtAnswer, ...] | Unreachable:
    """Every name asked, up to the first with exactly one DMARC record; several at one name count for none."""
    walked: list[TxtAnswer] = []
    for parent in tree_walk_names(domain):
        name = f"_dmarc.{parent}"
        records = await resolver.txt(name)
        if isinstance(records, Unreachable):
            return records
        walked.append(TxtAnswer(name, records))
        if len(dmarc_records(walked[-1])) == 1:
            break
    return tuple(walked)

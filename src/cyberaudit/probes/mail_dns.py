"""What DNS publishes about a domain's mail: MX, SPF, DMARC."""

import asyncio

from cyberaudit.declared import Domain
from cyberaudit.facts.mail import MailDns, TxtAnswer
from cyberaudit.facts.spf import spf_records
from cyberaudit.facts.spf_tree import SpfTree
from cyberaudit.model import Unreachable
from cyberaudit.probes import dmarc
from cyberaudit.probes.dmarc import dmarc_of
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.resolver import PACKETS_PER_QUESTION, Answer, Resolver, mx_records, txt_records
from cyberaudit.probes.spf.lookup import RunLookup
from cyberaudit.probes.spf.tree import MOST_QUESTIONS, spf_tree


async def look(asset: Domain, instruments: Instruments) -> MailDns | Unreachable:
    """The facts, each field on its own three-valued; `Unreachable` when nothing at all could be asked."""
    domain, resolver = asset.domain, instruments.resolver
    mx, apex, spf, seen = await asyncio.gather(
        resolver.ask(domain, "MX"),
        resolver.ask(domain, "TXT"),
        spf_of(resolver, domain),
        dmarc_of(resolver, domain),
    )
    exists = _exists(mx, apex)
    if exists is False:
        return MailDns(domain, False, (), TxtAnswer(domain, ()), None, (), (), None, (), ())  # noqa: FBT003 - the order of the fields
    if isinstance(mx, Unreachable) and isinstance(apex, Unreachable) and isinstance(seen.dmarc, Unreachable):
        return mx
    return MailDns(
        domain=domain,
        exists=exists,
        mx=mx if isinstance(mx, Unreachable) else mx_records(mx),
        apex=apex if isinstance(apex, Unreachable) else TxtAnswer(domain, txt_records(apex)),
        spf=spf,
        dmarc=seen.dmarc,
        dmarc_beyond=seen.dmarc_beyond,
        dmarc_suffix=seen.dmarc_suffix,
        reports=seen.reports,
        dmarc_aliases=seen.dmarc_aliases,
    )


def announce(asset: Domain, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would ask."""
    return (
        _announcement(asset, "les enregistrements publics de {} (MX, SPF)", 2 + MOST_QUESTIONS),
        _announcement(asset, "la consigne de {} contre l'usurpation (DMARC)", dmarc.MOST_QUESTIONS),
    )


def _announcement(asset: Domain, what: str, questions: int) -> Announcement:
    return Announcement(
        target=asset.domain,
        purpose=Purpose.INFRASTRUCTURE,
        text=f"{what.format(asset.name)} : {questions} questions au plus, posées au DNS",
        max_packets=questions * PACKETS_PER_QUESTION,
    )


def _exists(*answers: Answer | Unreachable) -> bool | Unreachable:
    """NXDOMAIN holds for every type of a name (RFC 8020); any answer that is not one proves the name."""
    known = [answer.exists for answer in answers if not isinstance(answer, Unreachable)]
    if known:
        return any(known)
    return next(answer for answer in answers if isinstance(answer, Unreachable))


async def spf_of(resolver: Resolver, domain: str) -> SpfTree | Unreachable | None:
    """Where the domain's SPF record leads; of several, all of them, None when it has none."""
    texts = await resolver.txt(domain)
    if isinstance(texts, Unreachable):
        return texts
    records = spf_records(TxtAnswer(domain, texts))
    return await spf_tree(RunLookup(resolver), domain, *records) if records else None

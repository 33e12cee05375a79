"""One domain's list looked at outside any running loop: for a domain named on the command line."""

import asyncio
from datetime import datetime
from ipaddress import ip_address

from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.spf_result import SpfLook, SpfQuestion
from cyberaudit.model import Unreachable
from cyberaudit.probes.mail_dns import spf_of
from cyberaudit.probes.resolver import Resolver
from cyberaudit.probes.spf.evaluate import check_host
from cyberaudit.probes.spf.lookup import RunLookup
from cyberaudit.probes.spf.macros import sender_of


def spf_now(resolver: Resolver, domain: str, question: SpfQuestion | None, *, now: datetime) -> SpfLook:
    """Where the list of `domain` leads; with a question, what it says of that message too.

    Raises:
        ValueError: the question's address is no IP address.
    """
    return asyncio.run(_looked(resolver, domain, question, now))


async def _looked(resolver: Resolver, domain: str, question: SpfQuestion | None, now: datetime) -> SpfLook:
    texts = await resolver.txt(domain)
    apex = texts if isinstance(texts, Unreachable) else TxtAnswer(domain, texts)
    if question is None:
        return SpfLook(domain, apex, await spf_of(resolver, domain), None, None)
    sender = sender_of(ip_address(question.ip), question.mail_from, helo=question.helo)
    tree, outcome = await asyncio.gather(
        spf_of(resolver, domain), check_host(RunLookup(resolver), sender, domain=domain, now=now)
    )
    return SpfLook(domain, apex, tree, question, outcome)

"""Where several domains want their mail, outside any running loop: asked before they are looked at."""

import asyncio
from collections.abc import Sequence

from cyberaudit.facts.mail import MxRecord
from cyberaudit.model import Unreachable
from cyberaudit.probes.resolver import Resolver


def mail_hosts_now(resolver: Resolver, domains: Sequence[str]) -> dict[str, tuple[MxRecord, ...]]:
    """The MX records of each domain that could be asked."""
    return asyncio.run(_asked(resolver, domains))


async def _asked(resolver: Resolver, domains: Sequence[str]) -> dict[str, tuple[MxRecord, ...]]:
    answers = await asyncio.gather(*(resolver.mx(domain) for domain in domains))
    found = zip(domains, answers, strict=True)
    return {domain: records for domain, records in found if not isinstance(records, Unreachable)}

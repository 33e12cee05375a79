"""The names an address bears in DNS (PTR), and whether they lead back to it."""

import asyncio
from typing import TYPE_CHECKING

from cyberaudit.facts.mail_servers import Reverse
from cyberaudit.model import Unreachable

if TYPE_CHECKING:
    from cyberaudit.probes.endpoint import IpAddress
    from cyberaudit.probes.resolver import Answer, Resolver

# Ours: one is the rule; more is a shared address, of which receivers compare a few.
MOST_NAMES = 4


async def reverse_names(resolver: "Resolver", address: "IpAddress") -> Reverse | Unreachable:
    """The first few names of `address`, and those of them that have it among their own addresses."""
    pointers = await resolver.ask(address.reverse_pointer, "PTR")
    if isinstance(pointers, Unreachable):
        return pointers
    names = tuple(sorted(_targets(pointers)))[:MOST_NAMES]
    kind = "A" if address.version == 4 else "AAAA"
    answers = await asyncio.gather(*(resolver.ask(name, kind) for name in names))
    confirmed = tuple(
        name for name, answer in zip(names, answers, strict=True) if _holds(answer, str(address))
    )
    unseen = next((answer for answer in answers if isinstance(answer, Unreachable)), None)
    return Reverse(names, unseen if unseen is not None and not confirmed else confirmed)


def _targets(answer: "Answer") -> set[str]:
    targets = (rdata.to_text().lower().removesuffix(".") for rdata in answer.records)
    return {target for target in targets if target}


def _holds(answer: "Answer | Unreachable", address: str) -> bool:
    return not isinstance(answer, Unreachable) and any(rdata.to_text() == address for rdata in answer.records)

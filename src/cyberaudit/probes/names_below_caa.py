"""The CAA records that apply to a domain, found by climbing towards the root (RFC 8659 §3)."""

from cyberaudit.facts.names_caa import CaaRecord, CaaSet
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.resolver import Answer, Resolver

# Ours: names of towns have two to four labels.
MOST_NAMES = 8
# Ours: real sets hold one to ten records.
MOST_RECORDS = 32


async def caa_of(resolver: Resolver, domain: str) -> CaaSet | Unreachable:
    """The set of the closest name that has one, the domain first; a question that fails leaves all unknown."""
    asked: list[str] = []
    for name in climbed(domain):
        answer = await resolver.ask(name, "CAA")
        if isinstance(answer, Unreachable):
            return answer
        asked.append(name)
        if answer.records:
            records = _records(answer)
            return records if isinstance(records, Unreachable) else CaaSet(name, tuple(asked), records)
    return CaaSet("", tuple(asked), ())


def climbed(domain: str) -> tuple[str, ...]:
    """The domain, then each parent down to the TLD's child."""
    labels = domain.split(".")
    names = (".".join(labels[start:]) for start in range(max(len(labels) - 1, 1)))
    return tuple(names)[:MOST_NAMES]


def _records(answer: Answer) -> tuple[CaaRecord, ...] | Unreachable:
    from dns.rdtypes.ANY.CAA import CAA

    found = [rdata for rdata in answer.records[:MOST_RECORDS] if isinstance(rdata, CAA)]
    if len(found) < len(answer.records):
        return Unreachable(Reason.PROTOCOL_ERROR, f"enregistrements CAA de {answer.name}")
    return tuple(CaaRecord(rdata.flags, rdata.tag.decode("ascii", "replace"), rdata.value) for rdata in found)

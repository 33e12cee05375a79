"""Everything that a domain's SPF record makes receivers ask, for a sender that nothing names."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Network, collapse_addresses, ip_address
from typing import Final

from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.spf import ASKS_DNS, SpfFault, SpfTerm, spf_reached, spf_records, spf_terms
from cyberaudit.facts.spf_tree import MOST_NAMES, RECORD_LENGTH, Found, SpfStep, SpfTree
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.spf.lookup import Lookup
from cyberaudit.probes.spf.macros import Sender, are_labels, is_domain, letters, macro_values, target_name

# Ours: three times what receivers accept tells how far over a record is.
MOST_STEPS: Final = 30
# Ours: beyond so many `mx` terms the hosts are not asked; only how many addresses may write is less sure without.
MOST_WEIGHED_MX: Final = 4
MOST_QUESTIONS: Final = 2 * MOST_STEPS + MOST_WEIGHED_MX * MOST_NAMES
"""Two addresses, or a name and its sample in the other family, for each step."""
# Ours: a record of 64 KB holds some 3,000 ranges.
MOST_RANGES: Final = 5000
# Ours: RFC 7208 §4.6.4 lets receivers take 20 s; a server that keeps silent may cost a whole look 5 s.
MOST_SECONDS: Final = 5.0
# RFC 5737, RFC 3849: whoever these are, no record names them.
SAMPLES: Final = (ip_address("192.0.2.1"), ip_address("2001:db8::1"))
# RFC 7208 §7.2: known without a message.
_OF_THE_DOMAIN: Final = frozenset("do")
_OF_THE_ADDRESS: Final = frozenset("doiv")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Branch:
    """One counted term while it is being asked."""

    term: SpfTerm
    at: str
    path: tuple[str, ...]
    """The names whose records are being read, this term's own last."""
    admits: bool
    weighed: bool
    """The addresses behind its hosts are counted."""
    target: str = ""
    found: Found = Found.VARIABLE
    void4: bool = False
    void6: bool = False
    names: int = 0
    record: str = ""
    detail: str = ""
    sampled: bool = False
    below: "list[_Branch]" = field(default_factory=list)

    def steps(self) -> Iterator[SpfStep]:
        yield SpfStep(
            depth=len(self.path) - 1,
            at=self.at,
            term=self.term.text,
            target=self.target,
            found=self.found,
            void4=self.void4,
            void6=self.void6,
            names=self.names,
            record=self.record[:RECORD_LENGTH],
            detail=self.detail,
            sampled=self.sampled,
            admits=self.admits,
        )
        for branch in self.below:
            yield from branch.steps()


async def spf_tree(lookup: Lookup, domain: str, *records: str, seconds: float = MOST_SECONDS) -> SpfTree:
    """What `records`, those of `domain`, lead to; questions of one depth are asked together.

    What was not answered after `seconds` is trouble.
    """
    growth = _Growth(lookup, domain)
    top = [
        branch for each in records for branch in growth.branches(each, at=domain, path=(domain,), admits=True)
    ]
    ends = asyncio.get_running_loop().time() + seconds
    level = top
    while level:
        await asyncio.gather(*(growth.ask_before(ends, branch) for branch in level))
        for branch in level:
            if branch.found is Found.RECORD:
                growth.deepen(branch)
        level = [below for branch in level for below in branch.below]
    steps = tuple(step for branch in top for step in branch.steps())
    return SpfTree(steps, growth.cut, growth.admitted())


class _Growth:
    """One tree; nothing in it depends on the order in which DNS answers."""

    def __init__(self, lookup: Lookup, domain: str) -> None:
        self._lookup = lookup
        self._domain = domain
        self._planned = 0
        self._mx_terms = 0
        self._ranges: list[IPv4Network] = []
        self.cut = False

    def branches(self, record: str, *, at: str, path: tuple[str, ...], admits: bool) -> list[_Branch]:
        """The counted terms of `record`; what it lets write is noted."""
        terms = spf_terms(record)
        if isinstance(terms, SpfFault):
            return []
        found = []
        for term in spf_reached(terms):
            open_way = admits and term.qualifier in ("+", "")
            if term.name == "ip4" and open_way:
                self._admit((ip_address(term.target),), term)
            if term.name in ASKS_DNS and self._has_room():
                self._mx_terms += term.name == "mx"
                found.append(_Branch(term, at, path, open_way, self._mx_terms <= MOST_WEIGHED_MX))
        return found

    def deepen(self, branch: _Branch) -> None:
        """The terms of the record that `branch` led to."""
        path = (*branch.path, branch.target)
        branch.below = self.branches(branch.record, at=branch.target, path=path, admits=branch.admits)

    def admitted(self) -> int:
        return sum(network.num_addresses for network in collapse_addresses(self._ranges))

    async def ask_before(self, ends: float, branch: _Branch) -> None:
        """The same as `ask`; once the loop's clock is at `ends`, what is not known yet is trouble."""
        try:
            async with asyncio.timeout_at(ends):
                await self.ask(branch)
        except TimeoutError:
            _lose(branch, Unreachable(Reason.DEADLINE))

    async def ask(self, branch: _Branch) -> None:
        """Fill in what DNS says of one term."""
        term = branch.term
        if term.name in ("include", "redirect"):
            await self._follow(branch)
            return
        target = self._name(term, branch.at, SAMPLES[0], _OF_THE_DOMAIN)
        if target is None or term.name == "ptr":
            return
        branch.target = target.lower()
        if term.name == "mx":
            await self._mx(branch)
        else:
            await self._addresses(branch)

    async def _follow(self, branch: _Branch) -> None:
        for sample in SAMPLES:
            target = self._name(branch.term, branch.at, sample, _OF_THE_ADDRESS)
            if target is None:
                return
            branch.sampled = bool(letters(branch.term.target) - _OF_THE_DOMAIN)
            branch.target = target.lower()
            branch.found = await self._read(branch)
            if branch.found is Found.RECORD or not branch.sampled:
                return
        # Nobody publishes anything for an address that does not write: this is no fault.
        branch.found, branch.target, branch.sampled, branch.detail = Found.VARIABLE, "", False, ""

    async def _read(self, branch: _Branch) -> Found:
        """TXT at the target, and what it is worth."""
        if branch.target in branch.path:
            return Found.LOOP
        if not is_domain(branch.target):
            return Found.NO_RECORD
        texts = await self._lookup.txt(branch.target)
        if isinstance(texts, Unreachable):
            return _lose(branch, texts)
        records = spf_records(TxtAnswer(branch.target, texts))
        if len(records) != 1:
            return Found.SEVERAL if records else Found.NO_RECORD
        branch.record = records[0]
        terms = spf_terms(records[0])
        if isinstance(terms, SpfFault):
            branch.detail = terms.term
            return Found.SYNTAX
        return Found.RECORD

    async def _addresses(self, branch: _Branch) -> None:
        """`a` and `exists`; the latter asks for A whatever the sender (RFC 7208 §5.7)."""
        versions = (4,) if branch.term.name == "exists" else (4, 6)
        answers = await asyncio.gather(
            *(self._lookup.addresses(branch.target, version) for version in versions)
        )
        for answer in answers:
            if isinstance(answer, Unreachable):
                _lose(branch, answer)
                return
            if branch.admits and branch.term.name == "a":
                self._admit(answer, branch.term)
        branch.void4, branch.void6 = not answers[0], not answers[-1]
        branch.found = Found.ADDRESSES if any(answers) else Found.NOTHING

    async def _mx(self, branch: _Branch) -> None:
        hosts = await self._lookup.mx(branch.target)
        if isinstance(hosts, Unreachable):
            _lose(branch, hosts)
            return
        branch.names = len(hosts)
        branch.void4 = branch.void6 = not hosts
        branch.found = Found.ADDRESSES if hosts else Found.NOTHING
        if branch.names > MOST_NAMES:
            branch.found = Found.TOO_MANY_MX
        elif branch.admits and branch.weighed:
            await self._hosts([host for host in hosts if host and are_labels(host)], branch.term)

    async def _hosts(self, hosts: list[str], term: SpfTerm) -> None:
        """The IPv4 addresses behind an `mx`: they only tell how many may write."""
        for answer in await asyncio.gather(*(self._lookup.addresses(host, 4) for host in hosts)):
            if not isinstance(answer, Unreachable):
                self._admit(answer, term)

    def _name(self, term: SpfTerm, at: str, ip: IpAddress, known: frozenset[str]) -> str | None:
        """Where a term leads; None when only a message can tell, or when it leads nowhere."""
        text = term.target or "%{d}"
        if letters(text) - known:
            return None
        sender = Sender(ip, "postmaster", self._domain, self._domain)
        return target_name(text, macro_values(sender, at, validated="", now=_EPOCH))

    def _has_room(self) -> bool:
        if self._planned == MOST_STEPS:
            self.cut = True
            return False
        self._planned += 1
        return True

    def _admit(self, addresses: Iterable[IpAddress], term: SpfTerm) -> None:
        for address in addresses:
            if address.version == 4 and len(self._ranges) < MOST_RANGES:
                prefix = 32 if term.prefix4 is None else term.prefix4
                self._ranges.append(IPv4Network(f"{address}/{prefix}", strict=False))


def _lose(branch: _Branch, why: Unreachable) -> Found:
    """Nothing can be told of one term."""
    branch.found = Found.BOGUS if why.reason is Reason.BOGUS else Found.TROUBLE
    branch.detail = str(why)
    return branch.found

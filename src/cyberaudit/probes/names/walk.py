"""Names asked of their authorities, down from the root: delegations learnt once a run, every step bounded."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

import dns.rdatatype

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import Endpoint, IpAddress
from cyberaudit.probes.guard import DNS_PORT, Purpose
from cyberaudit.probes.names.delegation import (
    Delegation,
    Kind,
    child_towards,
    closest_known,
    delegation_in,
    kind_of,
    referred_zone,
    root_delegation,
)
from cyberaudit.probes.names.question import Manner, Question
from cyberaudit.probes.names.reply import Reply, keep_within, records
from cyberaudit.probes.names.root_hints import RootHints
from cyberaudit.probes.names.transport import Transport

if TYPE_CHECKING:
    from dns.name import Name

# Ours: `ip6.arpa` apart, no name lies below so many zones.
MOST_REFERRALS = 16
# Ours: a name server's own name may hang on another zone, which hangs on a third; further is a maze.
MOST_NESTED = 3
# Ours: names of servers without address that are looked for, of one zone.
MOST_NAMES_SOUGHT = 3
# Ours: packets for one question, all detours together (CVE-2020-12662).
MOST_QUESTIONS = 60
# Ours: of one zone, side by side; more addresses are more of the same.
MOST_SERVERS = 6
# Ours: far servers answer in 0.3 s; the next one is asked beside one that takes longer.
STAGGER_SECONDS = 0.3
# Ours: two zones that hang on mute servers, one after the other.
WALK_SECONDS = 8.0
# Ours: so that none spends its time in the queue of the packets of the others.
WALKS_AT_ONCE = 96
_MANNER = Manner(dnssec=True)


@dataclass(slots=True)
class _Work:
    left: int = MOST_QUESTIONS


@frozen
class _Errand:
    """One question on its way; `trail`: the servers' names being looked for on its account."""

    question: Question
    trail: "tuple[Name, ...]" = ()
    work: _Work = field(default_factory=_Work)

    @property
    def is_nested(self) -> bool:
        """Nested ones never wait for others: two that wait for each other would wait for ever."""
        return bool(self.trail)


class Walk:
    """Asks the authorities of each name."""

    def __init__(self, transport: Transport, hints: RootHints) -> None:
        root = root_delegation(hints.addresses)
        self._transport = transport
        self._zones: dict[Name, Delegation] = {root.zone: root}
        self._flat: set[Name] = set()
        """Names that are known not to begin a zone, or of whom nobody wants to say."""
        self._hosts: dict[Name, tuple[IpAddress, ...]] = {}
        self._under_way: dict[object, asyncio.Event] = {}
        self._walks = asyncio.Semaphore(WALKS_AT_ONCE)

    async def ask(self, question: Question) -> Reply | Unreachable:
        """What an authority of the name says, within its zone; aliases are not followed elsewhere."""
        try:
            async with self._walks, asyncio.timeout(WALK_SECONDS):
                return await self._ask(_Errand(question))
        except TimeoutError:
            return Unreachable(Reason.TIMEOUT, f"{question.name}, depuis la racine")

    async def _ask(self, errand: _Errand) -> Reply | Unreachable:
        for _ in range(MOST_REFERRALS):
            outcome = await self._step(errand)
            if outcome is not None:
                return outcome
        return _failure(errand.question, "délégations sans fin")

    async def _step(self, errand: _Errand) -> Reply | Unreachable | None:
        """The end of the walk, or None: a zone further down is known now."""
        delegation = closest_known(self._zones, errand.question)
        child = child_towards(errand.question.name, delegation.zone)
        if child is None or child in self._flat:
            return await self._ask_zone(errand, delegation)
        # One explores the way down for everybody.
        async with self._alone(child, errand):
            if child in self._flat or closest_known(self._zones, errand.question) is not delegation:
                return None
            outcome = await self._ask_zone(errand, delegation)
            if outcome is not None:
                self._flat.add(child)
            return outcome

    async def _ask_zone(self, errand: _Errand, delegation: Delegation) -> Reply | Unreachable | None:
        reply = await self._ask_servers(errand, delegation)
        if isinstance(reply, Unreachable):
            return reply
        lower = None
        if kind_of(reply.message, errand.question, zone=delegation.zone) is Kind.REFERRAL:
            lower = referred_zone(reply.message, errand.question, zone=delegation.zone)
        if lower is None:
            keep_within(reply.message, delegation.zone)
            return reply
        self._zones.setdefault(lower, delegation_in(reply.message, lower, zone=delegation.zone))
        return None

    async def _ask_servers(self, errand: _Errand, delegation: Delegation) -> Reply | Unreachable:
        """Those whose address was told; then those whose name must be looked for."""
        reply = await self._race(errand, delegation, delegation.addresses)
        if isinstance(reply, Reply):
            return reply
        others = await self._other_addresses(errand, delegation)
        return await self._race(errand, delegation, others) if others else reply

    async def _race(
        self, errand: _Errand, delegation: Delegation, addresses: Sequence[IpAddress]
    ) -> Reply | Unreachable:
        """The first reply of use; a server that is slow to answer does not hold the next one back."""
        left = self._in_order(addresses)
        running: set[asyncio.Task[Reply | Unreachable]] = set()
        troubles = []
        try:
            while left or running:
                if left:
                    running.add(asyncio.create_task(self._ask_one(errand, delegation.zone, left.pop(0))))
                done, running = await asyncio.wait(
                    running,
                    timeout=STAGGER_SECONDS if left else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                outcomes = [task.result() for task in done]
                for outcome in outcomes:
                    if isinstance(outcome, Reply):
                        return outcome
                    troubles.append(outcome.detail or outcome.reason.french)
        finally:
            for task in running:
                task.cancel()
        return _failure(errand.question, " ; ".join(troubles) or f"aucun serveur pour {delegation.zone}")

    def _in_order(self, addresses: Sequence[IpAddress]) -> list[Endpoint]:
        """Those that have answered first, those that are mute last; a few of each family."""
        endpoints = [Endpoint(address, DNS_PORT) for address in dict.fromkeys(addresses)]
        older = [endpoint for endpoint in endpoints if endpoint.address.version == 4]
        newer = [endpoint for endpoint in endpoints if endpoint.address.version == 6]
        most = max(MOST_SERVERS - len(newer), MOST_SERVERS - 2)
        chosen = older[:most] + newer[: MOST_SERVERS - len(older[:most])]
        return sorted(chosen, key=self._rank)

    def _rank(self, endpoint: Endpoint) -> tuple[bool, bool, bool]:
        server = self._transport.server(endpoint)
        return server.is_mute, not server.heard, server.silences > 0

    async def _ask_one(self, errand: _Errand, zone: "Name", endpoint: Endpoint) -> Reply | Unreachable:
        if errand.work.left <= 0:
            return Unreachable(Reason.RESOLVER_FAILURE, "trop de détours")
        errand.work.left -= 1
        reply = await self._transport.ask_adapting(endpoint, errand.question, _MANNER, purpose=Purpose.NAMES)
        if isinstance(reply, Unreachable):
            return Unreachable(reply.reason, f"{endpoint} : {reply.detail or reply.reason.french}")
        if kind_of(reply.message, errand.question, zone=zone) is Kind.LAME:
            return Unreachable(Reason.RESOLVER_FAILURE, f"{endpoint} ne répond pas pour {zone}")
        return replace(reply, zone=zone)

    async def _other_addresses(self, errand: _Errand, delegation: Delegation) -> tuple[IpAddress, ...]:
        """Of the servers whose address the delegation does not tell."""
        unknown = [name for name in delegation.names if name not in delegation.glue][:MOST_NAMES_SOUGHT]
        if not unknown or len(errand.trail) >= MOST_NESTED:
            return ()
        async with self._alone(("hosts", delegation.zone), errand):
            found = await asyncio.gather(*(self._addresses_of(name, errand) for name in unknown))
        return tuple(address for addresses in found for address in addresses)

    async def _addresses_of(self, name: "Name", errand: _Errand) -> tuple[IpAddress, ...]:
        if name in errand.trail:
            return ()
        known = self._hosts.get(name)
        if known is not None:
            return known
        found: list[IpAddress] = []
        certain = True
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            reply = await self._ask(_Errand(Question(name, kind), (*errand.trail, name), errand.work))
            certain &= isinstance(reply, Reply)
            if isinstance(reply, Reply):
                found.extend(ip_address(rdata.to_text()) for rdata in records(reply.message, name, kind)[:4])
            if found:
                break
        if found or certain:
            self._hosts[name] = tuple(found)
        return tuple(found)

    @asynccontextmanager
    async def _alone(self, key: object, errand: _Errand) -> AsyncIterator[None]:
        """Others with the same key wait their turn; nested errands neither wait nor are waited for."""
        if errand.is_nested:
            yield
            return
        while (before := self._under_way.get(key)) is not None:
            await before.wait()
        event = self._under_way[key] = asyncio.Event()
        try:
            yield
        finally:
            del self._under_way[key]
            event.set()


def _failure(question: Question, why: str) -> Unreachable:
    rdtype = dns.rdatatype.to_text(dns.rdatatype.RdataType.make(question.rdtype))
    return Unreachable(Reason.RESOLVER_FAILURE, f"{question.name} {rdtype}, depuis la racine : {why}")

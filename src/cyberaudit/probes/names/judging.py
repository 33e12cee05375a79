"""What each reply is worth by DNSSEC, when there is a validator and signatures could be had."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import dns.flags
import dns.name
import dns.rdatatype

from cyberaudit.facts.security import DnssecState, Security
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.dnssec.judgement import Fetch, Judgement, Why
from cyberaudit.probes.names.question import Question
from cyberaudit.probes.names.recursion import ROOT_KEYS
from cyberaudit.probes.names.reply import Reply, signers
from cyberaudit.probes.names.source import Source

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name

    from cyberaudit.probes.dnssec.validator import Validator

MakeValidator: TypeAlias = "Callable[[Fetch], Validator]"
_NOT_JUDGED = Judgement(Security.UNCHECKED, Why.NONE, "")
_CANNOT_BE_JUDGED = (DnssecState.NOT_ASKED, DnssecState.NOT_CHECKED)
# RFC 9276 §3.2, RFC 9905: each validator chooses from where on it gives up.
_WHERE_VALIDATORS_DIFFER = (Why.ITERATIONS, Why.UNSUPPORTED)
# From the worst: one false link makes the whole false, one unknown makes it unknown.
_WORST_FIRST = (Security.BOGUS, Security.UNCHECKED, Security.INSECURE, Security.SECURE)


def weakest(judgements: "list[Judgement]") -> Judgement:
    """What a chain of aliases is worth; the first of equals."""
    return min(judgements, key=lambda judgement: _WORST_FIRST.index(judgement.security))


def _signed(reply: Reply | Unreachable) -> "Message | Unreachable":
    if isinstance(reply, Unreachable):
        return reply
    return reply.message if reply.manner.dnssec else Unreachable(Reason.NOT_LOOKED, "sans signature")


class Judging:
    """Judges replies of `source`; believes no resolver that says it has done so (the AD flag)."""

    def __init__(self, source: Source, make: "MakeValidator | None") -> None:
        self._source = source
        self.validator = make(self.fetch) if make else None
        if make and self.validator:
            self.validator.second = make(self._fetch_from_authorities)
        self._root: asyncio.Task[Judgement] | None = None
        self._foreseen: dict[Name, list[asyncio.Task[Message | Unreachable]]] = {}
        self.contradictions: set[tuple[str, str]] = set()
        """Names and types that a resolver called verified, and that are not."""

    @property
    def state(self) -> DnssecState:
        """As decided by what was asked so far."""
        root = self._root
        judged = root.result() if root and root.done() and not root.cancelled() else None
        misfit = judged is not None and judged.why == Why.NO_ANCHOR_FITS
        return DnssecState.NO_ANCHOR_FITS if misfit else self._source.state

    async def fetch(self, name: "Name", rdtype: int, /) -> "Message | Unreachable":
        """The raw answer with its signatures; one that came without cannot serve as a link."""
        return _signed(await self._source.ask(Question(name, rdtype)))

    async def _fetch_from_authorities(self, name: "Name", rdtype: int, /) -> "Message | Unreachable":
        return _signed(await self._source.ask_authorities(Question(name, rdtype)))

    async def of(self, reply: Reply, question: Question) -> Judgement:
        """What `reply` is worth about `question`: one link of a chain of aliases."""
        if self.validator is None or self._source.state in _CANNOT_BE_JUDGED:
            return _NOT_JUDGED
        root = await self._judged_root(self.validator)
        if root.security is not Security.SECURE:
            return Judgement(Security.UNCHECKED, root.why, ".", root.detail)
        self._foresee(reply, question)
        judged = await self.validator.judge(reply.message, question.name, question.rdtype)
        if judged.security is Security.BOGUS and not reply.manner.dnssec:
            return _NOT_JUDGED  # signatures were not even asked for
        self._note(reply, question, judged)
        return judged

    def _foresee(self, reply: Reply, question: Question) -> None:
        """Ask at once for the links that the chain will ask for one after the other: the signers', and the TLD's.

        Only zones above the name: a reply must not make us ask about strangers.
        """
        zones = {zone for zone in signers(reply.message) if question.name.is_subdomain(zone)}
        if dns.name.root not in zones:
            zones.add(question.name.split(min(len(question.name), 2))[1])
        zones.discard(dns.name.root)
        for zone in zones:
            if zone in self._foreseen:
                continue
            links = (dns.rdatatype.DS, dns.rdatatype.DNSKEY)
            self._foreseen[zone] = [asyncio.create_task(self.fetch(zone, link)) for link in links]

    async def _judged_root(self, validator: "Validator") -> Judgement:
        if self._root is None or self._root.cancelled():
            self._root = asyncio.create_task(self._judge_root(validator))
        judged = await asyncio.shield(self._root)
        if judged.why == Why.UNREACHABLE:
            self._root = None  # may be asked again
        return judged

    async def _judge_root(self, validator: "Validator") -> Judgement:
        keys = await self.fetch(ROOT_KEYS.name, ROOT_KEYS.rdtype)
        if isinstance(keys, Unreachable):
            return Judgement(Security.UNCHECKED, Why.UNREACHABLE, ".", str(keys))
        return await validator.judge(keys, ROOT_KEYS.name, ROOT_KEYS.rdtype)

    def _note(self, reply: Reply, question: Question, judged: Judgement) -> None:
        false = (
            judged.security in (Security.BOGUS, Security.INSECURE)
            and judged.why not in _WHERE_VALIDATORS_DIFFER
        )
        if false and reply.zone is None and reply.message.flags & dns.flags.AD:
            rdtype = dns.rdatatype.to_text(dns.rdatatype.RdataType.make(question.rdtype))
            self.contradictions.add((question.name.to_text(omit_final_dot=True).lower(), rdtype))

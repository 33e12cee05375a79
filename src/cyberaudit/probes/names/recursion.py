"""Questions to recursive resolvers, in order of preference; which of them hand signatures on."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

import dns.name
import dns.rcode
import dns.rdatatype

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import Endpoint
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.names.question import Manner, Question
from cyberaudit.probes.names.reply import Reply, has_proof, has_signature, trouble
from cyberaudit.probes.names.transport import Transport

if TYPE_CHECKING:
    from cyberaudit.probes.names.servers import Server

log = logging.getLogger(__name__)

ROOT_KEYS = Question(dns.name.root, dns.rdatatype.DNSKEY)
# RFC 4035 §3.2: DO to receive signatures, CD to receive what does not verify too.
_SIGNED = Manner(recurse=True, dnssec=True)
_UNSIGNED = Manner(recurse=True)
# Ours: Unbound says SERVFAIL, CD or not, while it is still trying other servers of a zone that does not verify.
AGAIN_AFTER_SECONDS = (0.3, 1.0)


class Recursion:
    """Asks the resolvers in order until one tells something of the name."""

    def __init__(self, transport: Transport, endpoints: Sequence[Endpoint]) -> None:
        self._transport = transport
        self._endpoints = tuple(endpoints)
        self._signs: dict[Endpoint, asyncio.Task[bool]] = {}

    @property
    def servers(self) -> "tuple[Server, ...]":
        """How each behaves."""
        return tuple(self._transport.server(endpoint) for endpoint in self._endpoints)

    async def hands_signatures_on(self) -> bool:
        """Whether the resolver that answers gives signatures and proofs when asked for them: home boxes drop them."""
        for endpoint in self._endpoints:
            signs = await self._hands_on(endpoint)
            if signs or self._transport.server(endpoint).heard:
                return signs
        return False

    async def ask(self, question: Question, *, signed: bool) -> Reply | Unreachable:
        """`signed`: with the signatures, from those that hand them on; the manner of the reply says how it went."""
        troubles = []
        for endpoint in self._endpoints:
            manner = _SIGNED if signed and await self._hands_on(endpoint) else _UNSIGNED
            reply = await self._ask_one(endpoint, question, manner)
            if isinstance(reply, Reply):
                return reply
            log.debug("resolver %s, %s: %s", endpoint, question, reply.detail)
            troubles.append(f"{endpoint} : {reply.detail or reply.reason.french}")
        asked = f"{question.name} {dns.rdatatype.to_text(dns.rdatatype.RdataType.make(question.rdtype))}"
        return Unreachable(Reason.RESOLVER_FAILURE, f"{asked}, " + " ; ".join(troubles))

    async def _ask_one(self, endpoint: Endpoint, question: Question, manner: Manner) -> Reply | Unreachable:
        pauses = iter(AGAIN_AFTER_SECONDS if manner.dnssec else ())
        while True:
            reply = await self._transport.ask_adapting(
                endpoint, question, manner, purpose=Purpose.INFRASTRUCTURE
            )
            if isinstance(reply, Unreachable):
                return Unreachable(reply.reason, str(reply))
            pause = next(pauses, None) if reply.message.rcode() == dns.rcode.SERVFAIL else None
            if pause is None:
                why = trouble(reply.message)
                return Unreachable(Reason.RESOLVER_FAILURE, why) if why else reply
            await asyncio.sleep(pause)

    async def _hands_on(self, endpoint: Endpoint) -> bool:
        task = self._signs.get(endpoint)
        if task is None or task.cancelled():
            task = self._signs[endpoint] = asyncio.create_task(self._hands_all_on(endpoint))
        return await asyncio.shield(task)

    async def _hands_all_on(self, endpoint: Endpoint) -> bool:
        """The root's signature over its keys; and its proof that a label does not exist, which some drop alone."""
        reply = await self._ask_one(endpoint, ROOT_KEYS, _SIGNED)
        keys = isinstance(reply, Reply) and has_signature(reply.message, ROOT_KEYS.name, ROOT_KEYS.rdtype)
        if not keys:
            return False
        # A label nobody has asked for: resolvers answer for `invalid` and its like by themselves, without a proof.
        nothing = dns.name.Name((secrets.token_hex(8).encode("ascii"), b""))
        reply = await self._ask_one(endpoint, Question(nothing, dns.rdatatype.DS), _SIGNED)
        return isinstance(reply, Reply) and has_proof(reply.message)

"""Where the answers of one run come from: recursive resolvers, or the authorities when those drop signatures."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial

import dns.name
import dns.rdatatype

from cyberaudit.facts.security import DnssecState
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.names.question import Question
from cyberaudit.probes.names.recursion import ROOT_KEYS, Recursion
from cyberaudit.probes.names.reply import Reply, records
from cyberaudit.probes.names.root_hints import RootHints, internet_roots
from cyberaudit.probes.names.transport import Transport
from cyberaudit.probes.names.walk import Walk

# Ours: some 10 MiB of messages, and twenty domains' worth; older ones are asked again should anybody want them.
MOST_KEPT = 2000
ROOT_SERVERS = Question(dns.name.root, dns.rdatatype.NS)
# Only the Internet's root is served under these names: a test network never sends a packet there.
INTERNET_ROOTS = dns.name.from_text("root-servers.net.")


@frozen
class _Way:
    """What was decided at the first question."""

    state: DnssecState
    walk: Walk | None = None
    """None: the resolvers are asked."""


@frozen
class _Asked:
    """One question, of those chosen for the run or of the name's own servers."""

    question: Question
    of_authorities: bool = False


class Source:
    """Asks each question once a run, of those the first question has led to choose."""

    def __init__(
        self, transport: Transport, recursion: Recursion | None, *, hints: RootHints | None, validates: bool
    ) -> None:
        """Without `recursion`, `hints` are needed for anything to be answered."""
        self._transport = transport
        self._recursion = recursion
        self._hints = hints
        self._validates = validates
        self._deciding: asyncio.Task[_Way] | None = None
        self._beside: asyncio.Task[Walk | None] | None = None
        self._asked: dict[_Asked, asyncio.Task[Reply | Unreachable]] = {}
        self.state = DnssecState.NOT_ASKED

    async def ask(self, question: Question) -> Reply | Unreachable:
        """A reply that says something of the name; a failure may be asked again, a reply may not."""
        return await self._once(_Asked(question), self._ask)

    async def ask_authorities(self, question: Question) -> Reply | Unreachable:
        """As `ask`, of the name's own servers whatever was chosen; `not-looked` where none can be reached."""
        way = await self._decided()
        if way.walk is not None:
            return await self.ask(question)
        return await self._once(_Asked(question, of_authorities=True), self._ask_beside)

    async def _once(
        self, asked: _Asked, ask: Callable[[Question], Coroutine[None, None, Reply | Unreachable]]
    ) -> Reply | Unreachable:
        task = self._asked.get(asked)
        if task is None:
            task = self._asked[asked] = asyncio.create_task(ask(asked.question))
            task.add_done_callback(partial(self._forget_failure, asked))
            self._forget_oldest()
        return await asyncio.shield(task)

    def _forget_oldest(self) -> None:
        oldest = next(iter(self._asked))
        if len(self._asked) > MOST_KEPT and self._asked[oldest].done():
            del self._asked[oldest]

    def _forget_failure(self, asked: _Asked, task: asyncio.Task[Reply | Unreachable]) -> None:
        if task.cancelled() or task.exception() or isinstance(task.result(), Unreachable):
            self._asked.pop(asked, None)

    async def _ask(self, question: Question) -> Reply | Unreachable:
        way = await self._decided()
        if way.walk is not None:
            return await way.walk.ask(question)
        assert self._recursion is not None  # `_decide` walks without it
        return await self._recursion.ask(question, signed=way.state is DnssecState.FINE)

    async def _ask_beside(self, question: Question) -> Reply | Unreachable:
        if self._beside is None or self._beside.cancelled():
            self._beside = asyncio.create_task(self._walk_that_answers())
        walk = await asyncio.shield(self._beside)
        if walk is None:
            return Unreachable(Reason.NOT_LOOKED, "les serveurs de la zone ne sont pas joignables d'ici")
        return await walk.ask(question)

    async def _decided(self) -> _Way:
        if self._deciding is None or self._deciding.cancelled():
            self._deciding = asyncio.create_task(self._decide())
        way = await asyncio.shield(self._deciding)
        self.state = way.state
        return way

    async def _decide(self) -> _Way:
        if self._recursion is None:
            state = DnssecState.FINE if self._validates else DnssecState.NOT_ASKED
            return _Way(state, Walk(self._transport, self._hints or RootHints(())))
        if not self._validates:
            return _Way(DnssecState.NOT_ASKED)
        if await self._recursion.hands_signatures_on():
            return _Way(DnssecState.FINE)
        walk = await self._walk_that_answers()
        return _Way(DnssecState.WENT_TO_AUTHORITIES, walk) if walk else _Way(DnssecState.NOT_CHECKED)

    async def _walk_that_answers(self) -> Walk | None:
        """Down from the root, where it is known and answers."""
        hints = self._hints or (await self._internet_behind(self._recursion) if self._recursion else None)
        walk = Walk(self._transport, hints) if hints else None
        return walk if walk and isinstance(await walk.ask(ROOT_KEYS), Reply) else None

    async def _internet_behind(self, recursion: Recursion) -> RootHints | None:
        """The Internet's root servers, if it is the Internet that the resolvers know."""
        reply = await recursion.ask(ROOT_SERVERS, signed=False)
        if isinstance(reply, Unreachable):
            return None
        servers: Sequence[object] = records(reply.message, dns.name.root, dns.rdatatype.NS)
        names = [dns.name.from_text(str(server)) for server in servers]
        known = bool(names) and all(name.is_subdomain(INTERNET_ROOTS) for name in names)
        return internet_roots() if known else None

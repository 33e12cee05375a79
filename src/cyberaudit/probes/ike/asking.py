"""Questions to one UDP port of an IPsec gateway: paced, asked again when lost, counted, never many left half-open."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.network import Network

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# Ours: five questions a second; strongSwan asks for cookies after ten conversations begun within a moment.
GAP_SECONDS = 0.2
# RFC 7296 §2.1 leaves it to us: an answer takes milliseconds, and the second wait is for a bad line.
TRIES = (1.0, 2.0)
# strongSwan, charon.half_open_timeout: a conversation that does not go on is forgotten after 30 s.
FORGOTTEN_SECONDS = 31.0
# strongSwan, charon.block_threshold: from the fifth half-open conversation on, an address is not answered at all.
MOST_HALF_OPEN = 4
# Ours: strongSwan with all its defaults, 48 algorithms and groups, takes 96 in IKEv2; a strong gateway 25, and 45 in
# IKEv1; a silence that is to count as an answer 140 more.
MOST_DATAGRAMS = 320
# RFC 3948 §2.2: on port 4500, four zero bytes tell IKE from ESP.
MARKER = bytes(4)


class Asked(Protocol[T_co]):
    """One question, and how its answer is read."""

    def written(self) -> bytes:
        """The datagram, without the marker of port 4500."""

    def read(self, data: bytes) -> T_co | None:
        """What `data` answers; None when it is no answer to this question."""


@dataclass(slots=True)
class Asker:
    """One port of one address."""

    network: Network
    address: IpAddress
    port: int
    marked: bool
    """Questions and answers carry the marker."""
    deadline: float
    """As the loop's clock counts."""
    gap: float = GAP_SECONDS
    tries: tuple[float, ...] = TRIES
    forgotten: float = FORGOTTEN_SECONDS
    sent: int = 0
    heard: set[str] = field(default_factory=set)
    """The ways to begin that were ever answered, whatever the answer; all ports of an address may share it."""
    _next: float = 0.0
    _half_open: list[float] = field(default_factory=list)

    async def ask(self, make: Callable[[], Asked[T]], *, once: bool = False) -> T | Unreachable:
        """The first answer; the question is made anew for each try. `once`: one try, the longest."""
        reply: T | Unreachable = Unreachable(Reason.TIMEOUT)
        for within in self.tries[-1:] if once else self.tries:
            question = make()
            reply = await self.put(question.written(), question.read, within=within)
            if not (isinstance(reply, Unreachable) and reply.reason is Reason.TIMEOUT):
                return reply
        return reply

    async def put(
        self, question: bytes, reads: Callable[[bytes], T | None], *, within: float
    ) -> T | Unreachable:
        """One datagram, and what `reads` makes of the first answer it knows."""
        refusal = await self._turn()
        if refusal is not None:
            return refusal
        marker = MARKER if self.marked else b""
        answer = await self.network.exchange(
            self.address,
            self.port,
            marker + question,
            purpose=Purpose.ACTIVE,
            within=within,
            accept=lambda data: data.startswith(marker) and reads(data[len(marker) :]) is not None,
        )
        if isinstance(answer, Unreachable):
            return answer
        understood = reads(answer[len(marker) :])
        return understood if understood is not None else Unreachable(Reason.PROTOCOL_ERROR)

    async def tell(self, words: bytes) -> None:
        """One datagram to which nothing is answered."""
        await self.put(words, lambda _: None, within=0.01)

    async def _turn(self) -> Unreachable | None:
        """Wait for our place; or say why there is none."""
        loop = asyncio.get_running_loop()
        at = max(loop.time(), self._next)
        self._next = at + self.gap
        await asyncio.sleep(at - loop.time())
        if loop.time() >= self.deadline:
            return Unreachable(Reason.DEADLINE)
        if self.sent >= MOST_DATAGRAMS:
            return Unreachable(Reason.BUDGET_SPENT)
        self.sent += 1
        return None

    def left_open(self) -> None:
        """The gateway now waits for us to go on."""
        self._half_open.append(asyncio.get_running_loop().time())

    def room(self, most: int = MOST_HALF_OPEN) -> bool:
        """One more conversation may be begun that the gateway would keep open."""
        now = asyncio.get_running_loop().time()
        self._half_open = [at for at in self._half_open if now - at < self.forgotten]
        return len(self._half_open) < most

    async def rest(self) -> bool:
        """Wait until the gateway has forgotten all we began; False: there is no time for it."""
        loop = asyncio.get_running_loop()
        if loop.time() + self.forgotten >= self.deadline:
            return False
        await asyncio.sleep(self.forgotten)
        return True

    async def make_room(self) -> bool:
        """Wait until the gateway has forgotten the oldest of what we began; False: there is no time for it."""
        loop = asyncio.get_running_loop()
        while not self.room():
            until = self._half_open[0] + self.forgotten
            if until >= self.deadline:
                return False
            await asyncio.sleep(until - loop.time())
        return True

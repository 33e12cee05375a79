"""A conversation in datagrams with one port of one address, bounded in time, bytes and datagrams."""

import asyncio
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

from cyberaudit.facts.reach import PortState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.ports.knock import Attempt, IcmpError, read_attempt, read_icmp
from cyberaudit.probes.stream import Limits

# Ours: empty datagrams fill no byte count.
MOST_DATAGRAMS = 2_000
_LARGEST = 65_535
# Ours: more ICMP messages than that at once tell nothing more.
_IN_ONE_GO = 64


class DatagramStream:
    """A connected UDP socket: the kernel drops what comes from elsewhere, and hands over ICMP with its author.

    Every method returns `Unreachable` when its own time (`within`, seconds) or the conversation's bounds are spent;
    `refused` when an ICMP message says that nobody listens, or that the way is barred. One reader at a time.
    """

    def __init__(
        self,
        sock: socket.socket,
        *,
        target: IpAddress,
        own: IpAddress | None,
        limits: Limits,
        take_turn: Callable[[], float],
        on_close: Callable[[], None],
    ) -> None:
        """`take_turn` gives the seconds to wait before the next datagram may leave, its place in the pace taken."""
        self._socket = sock
        self.own_port: int = sock.getsockname()[1]
        self._target, self._own = target, own
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()
        self._deadline = self._begun + limits.seconds
        self._bytes_left = limits.bytes
        self._datagrams_left = MOST_DATAGRAMS
        self._take_turn = take_turn
        self._on_close = on_close

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close at once; a second call does nothing."""
        self._on_close()

    async def send(self, datagram: bytes, *, within: float) -> Unreachable | None:
        """One datagram out, in its turn."""
        left = self._deadline - self._loop.time()
        if left <= 0:
            return Unreachable(Reason.DEADLINE)
        wait = self._take_turn()
        if wait > min(within, left):
            return Unreachable(Reason.TIMEOUT if within <= left else Reason.DEADLINE)
        if wait > 0:
            await asyncio.sleep(wait)
        try:
            await self._loop.sock_sendall(self._socket, datagram)
        except OSError as error:
            return self._meaning(error)
        return None

    async def receive(self, *, within: float) -> bytes | Unreachable:
        """The next datagram, empty ones left aside."""
        left = self._deadline - self._loop.time()
        if left <= 0:
            return Unreachable(Reason.DEADLINE)
        late = Reason.TIMEOUT if within <= left else Reason.DEADLINE
        try:
            async with asyncio.timeout(min(within, left)):
                return await self._next()
        except TimeoutError:
            return Unreachable(late)

    async def _next(self) -> bytes | Unreachable:
        while self._bytes_left > 0 and self._datagrams_left > 0:
            try:
                datagram = await self._loop.sock_recv(self._socket, _LARGEST)
            except OSError as error:
                refusal = self._meaning(error)
                if refusal is not None:
                    return refusal
            else:
                self._bytes_left -= len(datagram)
                self._datagrams_left -= 1
                if datagram:
                    return datagram
            # A flood is read without ever waiting: give the timeout its chance.
            await asyncio.sleep(0)
        return Unreachable(Reason.PROTOCOL_ERROR, "réponse trop longue")

    def _meaning(self, error: OSError) -> Unreachable | None:
        """What the kernel's error, and the ICMP message behind it, say; None: nothing of this port."""
        icmp = self._waiting_icmp()
        seconds = self._loop.time() - self._begun
        attempt = Attempt(
            error=error.errno or 0,
            icmp=icmp,
            connected=False,
            target=self._target,
            own=self._own,
            seconds=seconds,
        )
        knock = read_attempt(attempt)
        if isinstance(knock.state, Unreachable):
            return knock.state
        if knock.state in (PortState.CLOSED, PortState.REJECTED):
            return Unreachable(Reason.REFUSED, knock.detail)
        return None

    def _waiting_icmp(self) -> IcmpError | None:
        """The first ICMP message of the queue, which is emptied: one left behind would wake us for ever."""
        found: IcmpError | None = None
        for _ in range(_IN_ONE_GO):
            try:
                _, ancillary, _, _ = self._socket.recvmsg(0, 512, socket.MSG_ERRQUEUE)
            except OSError:  # the queue is empty
                break
            found = found or read_icmp((level, kind, data) for level, kind, data in ancillary)
        return found

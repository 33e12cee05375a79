"""One open port of one address, visited within a budget of connections, time and bytes."""

import asyncio
from collections.abc import Callable

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.network import Network
from cyberaudit.probes.stream import Limits, Stream

# Ours: enough to learn who speaks, far from what makes a limiter lock us out.
CONNECTIONS = 5
# Ours: what answers at all answers within a second or two, a slow management card included.
CONNECTION_SECONDS = 5.0
# Ours: several questions that meet silence, each waited for.
PORT_SECONDS = 8.0
# Ours: one question and its answer.
REPLY_SECONDS = 2.5
# Ours: the small processors of management cards and printers need seconds for one signature.
HANDSHAKE_SECONDS = 4.0
# Ours: a certificate chain of 6 KiB and the beginning of a page.
CONNECTION_BYTES = 32 * 1024
_CHUNK_BYTES = 4096
_USUAL_PORTS = {"http": 80, "https": 443}


@frozen
class Visitor:
    """How we present ourselves, the same at every door."""

    network: Network
    agent: str
    """`cyberaudit/1.0`"""
    ehlo: str
    connect_seconds: float
    until: float
    """The end of all visits, by the loop's clock."""


class Door:
    """The port, and what is left of its budget."""

    def __init__(self, visitor: Visitor, address: IpAddress, port: int, *, hostname: str) -> None:
        """`hostname`: the name the town knows the address by; may be empty."""
        self.visitor = visitor
        self.address = address
        self.port = port
        self.hostname = hostname
        self.opened = 0
        """Connections that were established."""
        self._tried = 0
        self._clock = asyncio.get_running_loop().time
        self._until = min(visitor.until, self._clock() + PORT_SECONDS)

    def authority(self, scheme: str) -> str:
        """What stands in a `Host` header, and between `//` and `/` of an address."""
        address = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        host = self.hostname or address
        return host if _USUAL_PORTS.get(scheme) == self.port else f"{host}:{self.port}"

    async def open(self) -> Stream | Unreachable:
        """One more connection, while the budget lasts."""
        left = self._until - self._clock()
        if left <= 0:
            return Unreachable(Reason.DEADLINE)
        if self._tried >= CONNECTIONS:
            return Unreachable(Reason.BUDGET_SPENT)
        self._tried += 1
        stream = await self.visitor.network.connect(
            self.address,
            self.port,
            purpose=Purpose.ACTIVE,
            within=min(self.visitor.connect_seconds, left),
            limits=Limits(seconds=min(CONNECTION_SECONDS, left), bytes=CONNECTION_BYTES),
        )
        self.opened += isinstance(stream, Stream)
        return stream


async def hear(
    stream: Stream, enough: Callable[[bytes], bool], *, within: float, limit: int = CONNECTION_BYTES
) -> bytes | Unreachable:
    """What comes until it is `enough`, ends, or `within` seconds or `limit` bytes are spent.

    Never empty: what came before a trouble counts, and trouble without a byte is returned as it is.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + within
    heard = bytearray()
    while len(heard) < limit and not enough(bytes(heard)):
        part = await stream.read(min(_CHUNK_BYTES, limit - len(heard)), within=max(until - clock(), 0))
        if isinstance(part, Unreachable):
            return bytes(heard) or part
        if not part:
            break
        heard += part
    return bytes(heard) or Unreachable(Reason.RESET, "connexion fermée sans un mot")


async def ask(
    stream: Stream, question: bytes, enough: Callable[[bytes], bool], *, within: float = REPLY_SECONDS
) -> bytes | Unreachable:
    """What comes back to `question`, as `hear` says."""
    return await stream.write(question, within=within) or await hear(stream, enough, within=within)

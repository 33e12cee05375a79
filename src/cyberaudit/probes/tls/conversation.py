"""What a TLS question travels in: a TCP connection, what follows STARTTLS, or a channel of OpenVPN."""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Protocol, Self

from cyberaudit.model import Unreachable


class Conversation(Protocol):
    """A fresh way to one server, on which the next bytes are a ClientHello; `Stream` is one.

    Bounded by its maker in time and bytes. Every method returns `Unreachable` when its own time (`within`,
    seconds) or the conversation's bounds are spent, or when the line breaks.
    """

    async def read(self, limit: int, *, within: float) -> bytes | Unreachable:
        """What comes next, 1 to `limit` bytes; empty at the end."""
        ...

    async def write(self, data: bytes, *, within: float) -> Unreachable | None:
        """Send all of `data`."""
        ...

    def close(self) -> None:
        """Close at once; a second call does nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


Opener = Callable[[], Awaitable[Conversation | Unreachable]]
"""A new conversation with the server, ready for a ClientHello; `refused` only when nothing listens there."""

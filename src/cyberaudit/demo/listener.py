"""One TCP port of 127.0.0.1 whose conversations all end as soon as it is told to stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

LOOPBACK = "127.0.0.1"
LINE_LIMIT = 4096
"""Longest line read, in bytes; RFC 5321 §4.5.3.1.4 asks for 512, its extensions for a little more."""
CLOSING_SECONDS = 0.2
"""How long a closing connection may take to send what is left."""
ACCEPT_TURNS = 5
"""Turns of the loop that a connection already accepted takes to reach `_accept`, and to be dropped there."""

log = logging.getLogger(__name__)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """A listening port and the conversations going on behind it, each in its own task."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._server: asyncio.Server | None = None
        self._conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._stopping = False
        self.port = 0
        """0 until started."""
        self.connections = 0
        """How many were accepted since the beginning."""

    async def start(self) -> None:
        """Listen on a free port.

        Raises:
            OSError: no port can be had.
        """
        self._stopping = False
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0, limit=LINE_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port, and cut every conversation short."""
        await self._stop_accepting()
        going_on = dict(self._conversations)
        for conversation, writer in going_on.items():
            writer.transport.abort()
            conversation.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)

    async def _stop_accepting(self) -> None:
        """Close the port without losing sight of a connection that is half accepted.

        Closing at once would leak it: asyncio makes its transport a turn later, on a server without socket.
        """
        self._stopping = True
        if self._server is None:
            return
        for listening in self._server.sockets:
            asyncio.get_running_loop().remove_reader(listening.fileno())
        for _ in range(ACCEPT_TURNS):
            await asyncio.sleep(0)
        self._server.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._stopping:
            writer.transport.abort()
            return
        self.connections += 1
        conversation = asyncio.get_running_loop().create_task(self._hold(reader, writer))
        self._conversations[conversation] = writer
        conversation.add_done_callback(self._conversations.pop)

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (OSError, EOFError, ValueError) as error:
            # Reset, time-out, failed handshake; the other side left; an endless line.
            log.debug("conversation on port %s ended early: %r", self.port, error)
        finally:
            await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    # A TLS connection waits for the other side's goodbye, which a client that is gone never sends.
    with suppress(OSError):
        async with asyncio.timeout(CLOSING_SECONDS):
            await writer.wait_closed()
    writer.transport.abort()
    await asyncio.sleep(0)

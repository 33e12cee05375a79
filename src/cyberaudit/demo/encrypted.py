"""TLS by hand over a conversation: asyncio's own hangs up without the alert that says why (RFC 8446 §6.2)."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress

HANDSHAKE_SECONDS = 10.0
PIECE_BYTES = 4096


class Encrypted:
    """The server's side of one TLS session. `handshake` comes first, and `bye` last."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext
    ) -> None:
        self._reader, self._writer = reader, writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._read = b""

    async def handshake(self) -> None:
        """Begin.

        Raises:
            OSError: it failed, and the client was told why; or it took too long.
            EOFError: the client left.
        """
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            await self._do(self._session.do_handshake)

    async def read(self) -> bytes:
        """What comes next, one byte at least; same errors."""
        pieces: list[bytes] = []
        await self._do(lambda: pieces.append(self._session.read(PIECE_BYTES)))
        if not pieces[-1]:
            raise EOFError
        return pieces[-1]

    async def line(self, *, most: int) -> bytes:
        """The next line, its end included; same errors.

        Raises:
            ValueError: `most` bytes and no end.
        """
        while b"\n" not in self._read:
            if len(self._read) > most:
                raise ValueError("the line has no end")
            self._read += await self.read()
        line, end, self._read = self._read.partition(b"\n")
        return line + end

    async def write(self, data: bytes) -> None:
        """All of it; same errors."""
        await self._do(lambda: self._session.write(data))

    async def bye(self) -> None:
        """Say that nothing more comes; the client's own goodbye is not waited for."""
        with suppress(OSError):
            self._session.unwrap()
        await self._flush()

    async def _do(self, step: Callable[[], object]) -> None:
        """One step of the session, with all the reading and writing that it takes."""
        while True:
            try:
                step()
            except ssl.SSLWantReadError:
                pass
            else:
                return
            finally:
                await self._flush()
            data = await self._reader.read(PIECE_BYTES)
            if not data:
                raise EOFError
            self._incoming.write(data)

    async def _flush(self) -> None:
        self._writer.write(self._outgoing.read())
        await self._writer.drain()

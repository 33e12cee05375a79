"""One TCP connection whose cost is bounded in time and memory, whatever the other side does."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean

T = TypeVar("T")

# RFC 5321 §4.5.3.1.5 allows 512 octets a reply line; four times that still bounds memory.
LINE_BYTES = 2048
CHUNK_BYTES = 4096


_REASONS = {
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.ECONNRESET: Reason.RESET,
    errno.ECONNABORTED: Reason.RESET,
    errno.EPIPE: Reason.RESET,
    errno.ETIMEDOUT: Reason.TIMEOUT,
    errno.ENETUNREACH: Reason.NO_ROUTE,
    errno.EHOSTUNREACH: Reason.NO_ROUTE,
    errno.ENETDOWN: Reason.NO_ROUTE,
    errno.EADDRNOTAVAIL: Reason.NO_ROUTE,
    errno.EAFNOSUPPORT: Reason.NO_ROUTE,
    errno.EACCES: Reason.PERMISSION_DENIED,
    errno.EPERM: Reason.PERMISSION_DENIED,
}


@frozen
class Limits:
    """What one connection may cost at most."""

    seconds: float = 30.0
    """From the connection's opening to its end."""
    # OpenSSL's own limit on a certificate chain is 100 KiB.
    bytes: int = 256 * 1024
    """Received, before decryption."""


def from_os(error: OSError) -> Unreachable:
    """The reason behind an error of the operating system; one we do not know is ours, not the target's."""
    if isinstance(error, TimeoutError):
        return Unreachable(Reason.TIMEOUT)
    name = errno.errorcode.get(error.errno or 0, "")
    return Unreachable(_REASONS.get(error.errno or 0, Reason.PROBE_CRASHED), name)


class Stream:
    """One TCP connection whose cost is bounded in time and memory whatever the other side does.

    Nothing is read ahead of what is asked but the rest of a chunk. Every method returns `Unreachable` when
    its own time (`within`, seconds), the connection's time or its bytes are spent, or when the line breaks.
    """

    def __init__(self, sock: socket.socket, *, limits: Limits, on_close: Callable[[], None]) -> None:
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + limits.seconds
        self._bytes_left = limits.bytes
        self._buffer = bytearray()
        self._on_close = on_close
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls: ssl.SSLObject | None = None
        """Set by a handshake that ended well."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close at once; a second call does nothing."""
        self._on_close()

    async def read_line(self, *, within: float) -> bytes | Unreachable:
        """The next line without its end; over `LINE_BYTES` is a protocol error, an early end a reset."""
        return await self._bounded(self._line(), within=within)

    async def read_exactly(self, count: int, *, within: float) -> bytes | Unreachable:
        """The next `count` bytes."""
        return await self._bounded(self._exactly(count), within=within)

    async def read(self, limit: int, *, within: float) -> bytes | Unreachable:
        """What comes next, 1 to `limit` bytes; empty at the end."""
        return await self._bounded(self._some(limit), within=within)

    async def write(self, data: bytes, *, within: float) -> Unreachable | None:
        """Send all of `data`."""
        left = data if self.tls or self._deadline <= self._loop.time() else self._sent_at_once(data)
        if isinstance(left, Unreachable) or not left:
            return left or None
        return await self._bounded(self._send(left), within=within)

    def _sent_at_once(self, data: bytes) -> bytes | Unreachable:
        """What is left of `data` once the system took what it takes without waiting: nearly always all of it."""
        try:
            return data[self._socket.send(data) :]
        except BlockingIOError:
            return data
        except OSError as error:
            return from_os(error)

    async def start_tls(
        self, context: ssl.SSLContext, *, server_name: str | None, within: float
    ) -> Unreachable | None:
        """Handshake as a client. Bytes received before it are refused: maybe injected (CVE-2011-0411)."""
        if self._buffer:
            return Unreachable(Reason.PROTOCOL_ERROR, "des octets en clair suivent l'accord pour chiffrer")
        session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        return await self._bounded(self._handshake(session), within=within)

    async def _bounded(self, action: Coroutine[Any, Any, T], *, within: float) -> T | Unreachable:
        left = self._deadline - self._loop.time()
        if left <= 0:
            action.close()
            return Unreachable(Reason.DEADLINE)
        late = Reason.TIMEOUT if within <= left else Reason.DEADLINE
        try:
            async with asyncio.timeout(min(within, left)):
                return await action
        except TimeoutError:
            return Unreachable(late)
        except ssl.SSLError as error:
            return Unreachable(Reason.TLS_FAILURE, clean(error.reason or ""))
        except OSError as error:
            return from_os(error)

    async def _line(self) -> bytes | Unreachable:
        while (end := self._buffer.find(b"\n", 0, LINE_BYTES)) < 0:
            if len(self._buffer) >= LINE_BYTES:
                return Unreachable(Reason.PROTOCOL_ERROR, "ligne trop longue")
            if not await self._fill():
                return self._ended()
        return self._take(end + 1).rstrip(b"\r\n")

    async def _exactly(self, count: int) -> bytes | Unreachable:
        while len(self._buffer) < count:
            if not await self._fill():
                return self._ended()
        return self._take(count)

    async def _some(self, limit: int) -> bytes | Unreachable:
        if not self._buffer and not await self._fill() and self._bytes_left <= 0:
            return self._ended()
        return self._take(limit)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _ended(self) -> Unreachable:
        if self._bytes_left <= 0:
            return Unreachable(Reason.PROTOCOL_ERROR, "réponse trop longue")
        return Unreachable(Reason.RESET, "connexion fermée par le serveur")

    async def _fill(self) -> bool:
        """More bytes in the buffer; False at the end of the line or of the byte budget."""
        data = await self._receive_raw() if self.tls is None else await self._receive_tls(self.tls)
        self._buffer += data
        return bool(data)

    async def _receive_raw(self) -> bytes:
        if self._bytes_left <= 0:
            return b""
        data = await self._loop.sock_recv(self._socket, min(CHUNK_BYTES, self._bytes_left))
        self._bytes_left -= len(data)
        return data

    async def _receive_tls(self, session: ssl.SSLObject) -> bytes:
        while True:
            try:
                return session.read(CHUNK_BYTES)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                return b""
            await self._flush()
            data = await self._receive_raw()
            if not data:
                return b""
            self._incoming.write(data)

    async def _handshake(self, session: ssl.SSLObject) -> Unreachable | None:
        while True:
            try:
                session.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._receive_raw()
                if not data:  # not a refusal: those come as an alert
                    return self._ended()
                self._incoming.write(data)
            else:
                await self._flush()
                self.tls = session
                return None

    async def _send(self, data: bytes) -> None:
        if self.tls is None:
            await self._loop.sock_sendall(self._socket, data)
        else:
            self.tls.write(data)
            await self._flush()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._loop.sock_sendall(self._socket, self._outgoing.read())

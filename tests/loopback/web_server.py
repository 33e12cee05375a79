"""A web server that says exactly what it is told to, byte for byte, in clear or behind TLS."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping

from cyberaudit.demo.authority import Issued
from cyberaudit.demo.listener import LOOPBACK, Listener

Say = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
"""An answer, then the end; or what writes one."""


def answer(
    body: bytes = b"", *, status: str = "200 OK", headers: str = "", kind: str = "text/plain"
) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode("latin-1") + body


class WebServer:
    """`pages`: path → what to say; anything else is 404. Every request is kept as received."""

    def __init__(self, pages: Mapping[str, Say], *, issued: Issued | None = None, tls: str = "") -> None:
        """`issued`: behind TLS, with this certificate; `tls`: in this one version (`TLSv1`)."""
        self._pages = dict(pages)
        self._context = None if issued is None else _context(issued, tls)
        self._listener = Listener(self._talk)
        self.requests: list[bytes] = []

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self._listener.port}"

    async def start(self) -> None:
        await self._listener.start()

    async def stop(self) -> None:
        await self._listener.stop()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._context is not None:
            await writer.start_tls(self._context)
        request = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(request)
        say = self._pages.get(request.split(b" ", 2)[1].decode(), answer(status="404 Not Found"))
        if isinstance(say, bytes):
            writer.write(say)
            await writer.drain()
        else:
            await say(writer)


def _context(issued: Issued, tls: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    if tls:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion[tls]
    return context

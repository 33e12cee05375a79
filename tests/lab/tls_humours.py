"""TLS servers of every humour: a proxy that stands before a right server and behaves badly, each in its own way.

Run as a program: `tls_humours.py HUMOUR LISTEN_PORT TARGET_PORT HASTE`, both on loopback; all its seconds are divided
by HASTE. It prints `ready` once it listens.
"""

import asyncio
import socket
import struct
import sys
import time
from collections import deque
from contextlib import suppress
from enum import StrEnum

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 16 * 1024
CONNECTIONS_AT_ONCE = 2
CONNECTIONS_IN_A_WINDOW = 6
WINDOW_SECONDS = 5.0
SLOW_SECONDS = 3.0
DRIP_AFTER_BYTES = 100
DRIP_SECONDS = 0.005
HELLO_BYTES = 512
ALERT_RECORD = 21


class Humour(StrEnum):
    """How the port behaves."""

    RESET = "reset"
    """Every connection is reset at once."""
    GARBAGE = "garbage"
    """Bytes of no protocol, whatever is said."""
    HTTP = "plain-http"
    TARPIT = "tarpit"
    """Connections are taken, and nothing is ever said."""
    SLOW = "slow"
    """Each answer waits three seconds."""
    ONE_BYTE = "one-byte-segments"
    DRIP = "cert-drip"
    """After its first bytes, the answer comes one byte at a time."""
    SHORT_HELLOS = "hello-intolerant-512"
    """A first flight of more than 512 bytes is reset."""
    FEW_AT_ONCE = "connection-limit"
    """A third connection at the same time is reset."""
    FEW_IN_A_WHILE = "rate-limit"
    """More than six connections in five seconds are reset."""
    NO_ALERTS = "closes-instead-of-alerts"
    """Where the server would refuse in words, the connection is closed without one."""
    SMTP = "starttls-smtp"
    IMAP = "starttls-imap"


class Proxy:
    """One humour before one server."""

    def __init__(self, humour: Humour, target: int, *, haste: float = 1.0) -> None:
        self._humour = humour
        self._target = target
        self._haste = haste
        self._open = 0
        self._begun: deque[float] = deque(maxlen=CONNECTIONS_IN_A_WINDOW)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            await self._talk(reader, writer)
        except OSError:
            return
        finally:
            self._open -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match self._humour:
            case Humour.RESET:
                reset(writer)
            case Humour.GARBAGE:
                writer.write(bytes(range(128, 256)) * 4)
                await reader.read(CHUNK_BYTES)
            case Humour.HTTP:
                await reader.read(CHUNK_BYTES)
                writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            case Humour.TARPIT:
                while await reader.read(CHUNK_BYTES):
                    pass
            case _ if self._is_too_much():
                reset(writer)
            case Humour.SMTP:
                await smtp(reader, writer)
                await self._serve(reader, writer)
            case Humour.IMAP:
                await imap(reader, writer)
                await self._serve(reader, writer)
            case _:
                await self._serve(reader, writer)

    def _is_too_much(self) -> bool:
        if self._humour is Humour.FEW_AT_ONCE:
            return self._open > CONNECTIONS_AT_ONCE
        if self._humour is not Humour.FEW_IN_A_WHILE:
            return False
        now = time.monotonic()
        if (
            len(self._begun) == CONNECTIONS_IN_A_WINDOW
            and now - self._begun[0] < WINDOW_SECONDS / self._haste
        ):
            return True
        self._begun.append(now)
        return False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(CHUNK_BYTES)
        if self._humour is Humour.SHORT_HELLOS and len(first) > HELLO_BYTES:
            reset(writer)
            return
        server_reader, server_writer = await asyncio.open_connection(LOOPBACK, self._target)
        server_writer.write(first)
        upwards = asyncio.create_task(pour(reader, server_writer))
        try:
            await self._answer(server_reader, writer)
        finally:
            upwards.cancel()
            server_writer.close()

    async def _answer(self, server: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent = 0
        while data := await server.read(CHUNK_BYTES):
            if self._humour is Humour.NO_ALERTS and not sent and data[0] == ALERT_RECORD:
                return
            if self._humour is Humour.SLOW and not sent:
                await asyncio.sleep(SLOW_SECONDS / self._haste)
            await self._send(data, writer, sent)
            sent += len(data)

    async def _send(self, data: bytes, writer: asyncio.StreamWriter, sent: int) -> None:
        at_once = {Humour.ONE_BYTE: 0, Humour.DRIP: max(0, DRIP_AFTER_BYTES - sent)}.get(
            self._humour, len(data)
        )
        pause = DRIP_SECONDS / self._haste if self._humour is Humour.DRIP else 0.0
        writer.write(data[:at_once])
        for byte in data[at_once:]:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(pause)
        await writer.drain()


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """All that comes, to the other side, which is told of the end however it came."""
    with suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof()


def reset(writer: asyncio.StreamWriter) -> None:
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until the client has been told to begin TLS (RFC 3207)."""
    writer.write(b"220 mairie-l-hay.example ESMTP\r\n")
    while line := await reader.readline():
        match line.upper().split()[:1]:
            case [b"STARTTLS"]:
                writer.write(b"220 2.0.0 Ready to start TLS\r\n")
                return
            case [b"EHLO"]:
                writer.write(b"250-mairie-l-hay.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n")
            case _:
                writer.write(b"250 2.0.0 Ok\r\n")


async def imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until the client has been told to begin TLS (RFC 9051 §6.2.1)."""
    writer.write(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] mairie\r\n")
    while line := await reader.readline():
        tag, _, command = line.strip().partition(b" ")
        if command.upper() == b"CAPABILITY":
            writer.write(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n")
        writer.write(tag + b" OK done\r\n")
        if command.upper() == b"STARTTLS":
            return


async def serve(proxy: Proxy, port: int) -> None:
    server = await asyncio.start_server(proxy.meet, LOOPBACK, port, backlog=256)
    for each in server.sockets:
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print("ready", flush=True)
    await server.serve_forever()


def main() -> None:
    humour, port, target, haste = sys.argv[1:]
    asyncio.run(serve(Proxy(Humour(humour), int(target), haste=float(haste)), int(port)))


if __name__ == "__main__":
    main()

"""What the Internet finds at the town's own addresses: two remote accesses, a forgotten page, a remote desktop.

Every other port is closed, and none of them leads out of this machine.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cyberaudit.demo.listener import LOOPBACK, Listener
from cyberaudit.demo.zones import GOOD

if TYPE_CHECKING:
    from cyberaudit.demo.authority import Authority, Issued  # loads cryptography

BOX, DESKTOP, FILES = "192.0.2.1", "192.0.2.2", "198.51.100.10"
HOSTS = (BOX, DESKTOP, FILES)
"""The address of every host of the profile."""
AGENTS_NAME = f"vpn.{GOOD}"
CONTRACTOR_NAME = f"maintenance.{GOOD}"
AGENTS, CONTRACTOR, ADMIN_PAGE, REMOTE_DESKTOP = (BOX, 443), (BOX, 4433), (BOX, 8080), (DESKTOP, 3389)
"""Address and port of each entrance, as the profile and the authorization write them."""
HANDSHAKE_SECONDS = 10.0
IDLE_SECONDS = 30.0
HEAD_LIMIT = 100
"""Lines of a request's head that are read."""

_PAGE = b"""\
<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><title>Administration</title></head>
<body><h1>Administration</h1><form><label>Mot de passe <input type="password"></label></form></body></html>
"""


class ClosedPort:
    """A port of 127.0.0.1 that is held and never listened on: every connection is refused at once."""

    def __init__(self) -> None:
        self._held: socket.socket | None = None
        self.port = 0
        """0 until started."""

    async def start(self) -> None:
        """Hold a free port.

        Raises:
            OSError: no port can be had.
        """
        self._held = socket.socket()
        self._held.bind((LOOPBACK, 0))
        self.port = self._held.getsockname()[1]

    async def stop(self) -> None:
        if self._held is not None:
            self._held.close()


@dataclass(frozen=True, slots=True)
class Hosts:
    """Every entrance of the town, and the closed port behind all the others."""

    entrances: dict[tuple[str, int], Listener]
    closed: ClosedPort

    @property
    def servers(self) -> tuple[Listener | ClosedPort, ...]:
        return (*self.entrances.values(), self.closed)

    def rules(self) -> tuple[str, ...]:
        """`--connect-to` rules, once started: one for each entrance, one for all that is left of each host."""
        return (
            *(f"{address}:{port}={LOOPBACK}:{it.port}" for (address, port), it in self.entrances.items()),
            *(f"{address}:*={LOOPBACK}:{self.closed.port}" for address in HOSTS),
        )


def build(authority: "Authority") -> Hosts:
    """The entrances, not yet started: what agents use is in order, what the contractor left is not."""
    from cyberaudit.demo.authority import Flaw

    agents = _tls(_context(authority.issue(AGENTS_NAME)))
    contractor = _tls(_old_context(authority.issue(CONTRACTOR_NAME, flaw=Flaw.EXPIRED)))
    entrances = {
        AGENTS: agents,
        CONTRACTOR: contractor,
        ADMIN_PAGE: Listener(_administer),
        REMOTE_DESKTOP: Listener(_say_nothing),
    }
    return Hosts(entrances=entrances, closed=ClosedPort())


def _context(issued: "Issued") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    return context


def _old_context(issued: "Issued") -> ssl.SSLContext:
    """A box that nobody updated: TLS 1.0 to 1.2."""
    context = _context(issued)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ALL:!aNULL:@SECLEVEL=0")
    return context


def _tls(context: ssl.SSLContext) -> Listener:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            await _shake_hands(reader, writer, context)
        await _say_nothing(reader, writer)

    return Listener(talk)


async def _shake_hands(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext
) -> None:
    """A handshake by hand: asyncio's own hangs up without the alert that says why (RFC 8446 §6.2).

    Raises:
        OSError: it failed; the client was told.
        EOFError: the client left.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_side=True)
    while True:
        try:
            session.do_handshake()
        except ssl.SSLWantReadError:
            pass
        else:
            return
        finally:
            writer.write(outgoing.read())
            await writer.drain()
        data = await reader.read(4096)
        if not data:
            raise EOFError
        incoming.write(data)


async def _say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    async with asyncio.timeout(IDLE_SECONDS):
        while await reader.read(4096):
            pass


async def _administer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One page, in clear, whatever is asked."""
    async with asyncio.timeout(IDLE_SECONDS):
        for _ in range(HEAD_LIMIT):
            if not (await reader.readline()).strip():
                break
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(_PAGE)}\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n".encode("ascii") + _PAGE)
    await writer.drain()


__all__ = [
    "ADMIN_PAGE",
    "AGENTS",
    "CONTRACTOR",
    "HOSTS",
    "REMOTE_DESKTOP",
    "ClosedPort",
    "Hosts",
    "build",
]

"""What the Internet finds at the town's own addresses: two remote accesses, a forgotten page, a remote desktop.

Every other port is closed, and none of them leads out of this machine.
"""

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

from cyberaudit.demo.encrypted import Encrypted
from cyberaudit.demo.listener import LOOPBACK, Listener
from cyberaudit.demo.zones import GOOD
from cyberaudit.frozen import frozen

if TYPE_CHECKING:
    from cyberaudit.demo.authority import Authority, Issued  # loads cryptography

BOX, DESKTOP, FILES = "192.0.2.1", "192.0.2.2", "198.51.100.10"
HOSTS = (BOX, DESKTOP, FILES)
"""The address of every host of the profile."""
AGENTS_NAME = f"vpn.{GOOD}"
CONTRACTOR_NAME = f"maintenance.{GOOD}"
AGENTS, CONTRACTOR, ADMIN_PAGE, REMOTE_DESKTOP = (BOX, 443), (BOX, 4433), (BOX, 8080), (DESKTOP, 3389)
"""Address and port of each entrance, as the profile and the authorization write them."""
IDLE_SECONDS = 30.0
HEAD_BYTES = 4096
HEAD_LIMIT = 100
"""Lines of a request's head that are read."""

_PAGE = """\
<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1><form><label>Mot de passe <input type="password"></label></form></body></html>
"""
# X.224 connection confirm (RFC 1006; MS-RDPBCGR §2.2.1.2): the desktop is shown without asking who comes (no NLA).
_NO_NLA = bytes.fromhex("03000013 0ed00000123400 02000800 00000000")


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


@frozen
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

    agents = _tls(_current_context(authority.issue(AGENTS_NAME)))
    contractor = _tls(_old_context(authority.issue(CONTRACTOR_NAME, flaw=Flaw.EXPIRED)))
    entrances = {
        AGENTS: agents,
        CONTRACTOR: contractor,
        ADMIN_PAGE: Listener(_administer),
        REMOTE_DESKTOP: Listener(_share_desktop),
    }
    return Hosts(entrances=entrances, closed=ClosedPort())


def _context(issued: "Issued") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    return context


def _current_context(issued: "Issued") -> ssl.SSLContext:
    """As ANSSI's TLS guide wants it (R6, R7, R10, R13)."""
    context = _context(issued)
    context.set_ecdh_curve("prime256v1")
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
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
        conversation = Encrypted(reader, writer, context)
        await conversation.handshake()
        async with asyncio.timeout(IDLE_SECONDS):
            await conversation.read()
            await conversation.write(_answer("Accès à distance"))

    return Listener(talk)


async def _share_desktop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The first words of a remote desktop that asks nobody who he is; nothing after them."""
    async with asyncio.timeout(IDLE_SECONDS):
        if await reader.read(HEAD_BYTES):
            writer.write(_NO_NLA)
            await writer.drain()
        while await reader.read(HEAD_BYTES):
            pass


async def _administer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One page, in clear, whatever is asked."""
    async with asyncio.timeout(IDLE_SECONDS):
        for _ in range(HEAD_LIMIT):
            if not (await reader.readline()).strip():
                break
    writer.write(_answer("Administration"))
    await writer.drain()


def _answer(title: str) -> bytes:
    page = _PAGE.format(title=title).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode("ascii") + page


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

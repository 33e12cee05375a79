"""A mail server on one port of 127.0.0.1 that greets, encrypts when it can, and accepts no message."""

import asyncio
import ssl
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from cyberaudit.demo.encrypted import Encrypted
from cyberaudit.demo.listener import LINE_LIMIT, LOOPBACK, Listener

if TYPE_CHECKING:
    from cyberaudit.demo.authority import Issued  # loads cryptography

IDLE_SECONDS = 30.0
COMMAND_LIMIT = 100
"""Commands answered in one session: a demonstration has no use for more."""

# Replies are ASCII (RFC 5321 §4.2): no accent here.
_REFUSAL = "554 5.7.1 Relay access denied (serveur de demonstration)"
_PLAIN_REPLIES = {
    "NOOP": "250 2.0.0 OK",
    "RSET": "250 2.0.0 OK",
    "MAIL": "250 2.1.0 OK",
    "RCPT": _REFUSAL,
    "DATA": "503 5.5.1 RCPT first",
    "VRFY": "502 5.5.1 Not implemented",
    "EXPN": "502 5.5.1 Not implemented",
}


class SmtpFault(StrEnum):
    """How the server may misbehave, for tests."""

    BUSY = "busy"
    """Greets with 421 and hangs up."""
    NO_EHLO = "no-ehlo"
    """Knows only HELO."""
    DROPS_AFTER_STARTTLS = "drops-after-starttls"
    """Says « ready » and hangs up."""


class SmtpServer:
    """The server called `name`. STARTTLS is offered when there is a `certificate`.

    `banner_delay` is in seconds.
    """

    def __init__(
        self,
        name: str,
        *,
        certificate: "Issued | None" = None,
        fault: SmtpFault | None = None,
        banner_delay: float = 0.0,
    ) -> None:
        self.name = name
        self.commands: Counter[str] = Counter()
        """How often each verb was received, in upper case."""
        self.handshakes = 0
        """TLS handshakes that ended well."""
        self._listener = Listener(self._talk)
        self._tls = _context(certificate) if certificate else None
        self._fault = fault
        self._banner_delay = banner_delay

    @property
    def port(self) -> int:
        """0 until started."""
        return self._listener.port

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`"""
        return f"{LOOPBACK}:{self.port}"

    @property
    def sessions(self) -> int:
        """Connections accepted since the beginning."""
        return self._listener.connections

    async def start(self) -> None:
        """Listen on a free port.

        Raises:
            OSError: no port can be had.
        """
        await self._listener.start()

    async def stop(self) -> None:
        await self._listener.stop()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._banner_delay)
        line = _Line(reader, writer)
        if self._fault is SmtpFault.BUSY:
            await line.say(f"421 4.3.2 {self.name} Service not available")
            return
        await line.say(f"220 {self.name} ESMTP demonstration")
        await self._answer(line)
        await line.bye()

    async def _answer(self, line: "_Line") -> None:
        for _ in range(COMMAND_LIMIT):
            verb = await line.verb()
            self.commands[verb] += 1
            if verb == "STARTTLS" and self._offers_tls(line):
                if not await self._encrypt(line):
                    return
                continue
            await line.say(*self._replies(verb, offers_tls=self._offers_tls(line)))
            if verb == "QUIT":
                return

    def _replies(self, verb: str, *, offers_tls: bool) -> tuple[str, ...]:
        """The lines of the answer to one command."""
        match verb:
            case "EHLO" if self._fault is not SmtpFault.NO_EHLO:
                extensions = ("STARTTLS",) if offers_tls else ()
                return (f"250-{self.name}", *(f"250-{word}" for word in extensions), "250 8BITMIME")
            case "HELO":
                return (f"250 {self.name}",)
            case "STARTTLS":
                return ("503 5.5.1 TLS is not available here",)
            case "QUIT":
                return (f"221 2.0.0 {self.name} Au revoir",)
            case _:
                return (_PLAIN_REPLIES.get(verb, "502 5.5.1 Command not recognized"),)

    def _offers_tls(self, line: "_Line") -> bool:
        return self._tls is not None and not line.is_encrypted

    async def _encrypt(self, line: "_Line") -> bool:
        """Begin TLS; False when the connection is to be dropped instead.

        Raises:
            OSError: the handshake failed.
            EOFError: the client left.
        """
        assert self._tls is not None
        await line.say("220 2.0.0 Ready to start TLS")
        if self._fault is SmtpFault.DROPS_AFTER_STARTTLS:
            return False
        await line.encrypt(self._tls)
        self.handshakes += 1
        return True


def _context(issued: "Issued") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    return context


class _Line:
    """The conversation, in clear and then encrypted."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._tls: Encrypted | None = None

    @property
    def is_encrypted(self) -> bool:
        return self._tls is not None

    async def encrypt(self, context: ssl.SSLContext) -> None:
        session = Encrypted(self._reader, self._writer, context)
        await session.handshake()
        self._tls = session

    async def verb(self) -> str:
        """The next command's first word, in upper case; empty for an empty line.

        Raises:
            EOFError: the client left.
            OSError: it says nothing, or what cannot be decrypted.
            ValueError: the line has no end.
        """
        async with asyncio.timeout(IDLE_SECONDS):
            line = await (self._tls.line(most=LINE_LIMIT) if self._tls else self._reader.readline())
        if not line:
            raise EOFError
        words = line.decode("ascii", "replace").split()
        return words[0].upper() if words else ""

    async def say(self, *lines: str) -> None:
        said = "".join(f"{line}\r\n" for line in lines).encode("ascii")
        if self._tls:
            await self._tls.write(said)
        else:
            self._writer.write(said)
            await self._writer.drain()

    async def bye(self) -> None:
        if self._tls:
            await self._tls.bye()

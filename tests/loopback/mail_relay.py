"""A mail relay on loopback that does as it is told: every failure a real one has, and a count of what it took over."""

import asyncio
import re
import ssl
import threading
import warnings
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from cyberaudit.demo.authority import Issued
from cyberaudit.demo.encrypted import Encrypted
from cyberaudit.demo.listener import Listener

CLOSE, SILENCE, DRIP, TAKE_AND_CLOSE = "!close", "!silence", "!drip", "!take-and-close"
LONGEST_LINE = 20_000
Script = Mapping[str, str]
"""What is answered instead of yes, by command: « RCPT <x@y> », « RCPT », « . », « GREETING »…; or one of the above."""

EXTENSIONS = ("PIPELINING", "8BITMIME", "SIZE 1000000", "SMTPUTF8")
ALWAYS = {
    "GREETING": "220 relais.example ESMTP",
    "STARTTLS": "220 2.0.0 Ready",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 End with a dot",
    ".": "250 2.0.0 Ok: queued",
    "QUIT": "221 2.0.0 Bye",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """One message taken over."""

    parameters: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    """Dots undone."""

    @property
    def message_id(self) -> str:
        found = re.search(rb"(?im)^Message-ID: (\S+)", self.content)
        return found[1].decode() if found else ""


@dataclass(slots=True)
class MailRelay:
    """What it does is set before it is started, or between two conversations."""

    certificate: Issued
    script: Script = field(default_factory=dict)
    implicit_tls: bool = False
    extensions: tuple[str, ...] = EXTENSIONS
    auth: str = ""
    """« PLAIN LOGIN »"""
    account: tuple[str, str] = ("", "")
    offers_tls: bool = True
    oldest: bool = False
    """Speaks TLS 1.1 at most."""
    taken: list[Taken] = field(default_factory=list)
    commands: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    port: int = 0
    conversations: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.conversations += 1
        await _Conversation(self, reader, writer).hold()


@contextmanager
def running(relay: MailRelay) -> Iterator[MailRelay]:
    """The relay, answering from a thread of its own."""
    loop = asyncio.new_event_loop()
    listener = Listener(relay.talk)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(listener.start(), loop).result(10)
        relay.port = listener.port
        yield relay
    finally:
        asyncio.run_coroutine_threadsafe(listener.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Conversation:
    def __init__(self, relay: MailRelay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.relay, self.reader, self.writer = relay, reader, writer
        self.tls: Encrypted | None = None
        self.sender = self.parameters = ""
        self.recipients: list[str] = []

    async def hold(self) -> None:
        if self.relay.implicit_tls:
            await self.encrypt()
        await self.answer("GREETING")
        while True:
            line = (await self.line()).decode().rstrip("\r\n")
            self.relay.lines.append(line)
            await self.obey(line)

    async def obey(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        self.relay.commands[verb] += 1
        match verb:
            case "EHLO" if "EHLO" not in self.relay.script:
                await self.say("\r\n".join(self.hello()))
            case "AUTH" if "AUTH" not in self.relay.script:
                await self.say(await self.log_in(rest))
            case "MAIL":
                self.sender, _, self.parameters = rest.removeprefix("FROM:").partition(" ")
                await self.answer("MAIL")
            case "RCPT":
                await self.recipient(rest.removeprefix("TO:"))
            case "DATA":
                if (await self.answer("DATA")).startswith("354"):
                    await self.content()
            case "STARTTLS":
                if (await self.answer("STARTTLS")).startswith("220"):
                    await self.encrypt()
            case _:
                await self.answer(verb)
                if verb == "QUIT":
                    raise EOFError

    def hello(self) -> list[str]:
        words = [*self.relay.extensions]
        if self.relay.offers_tls and self.tls is None:
            words.append("STARTTLS")
        if self.relay.auth and self.tls is not None:
            words.append(f"AUTH {self.relay.auth}")
        return [*(f"250-{word}" for word in ("relais.example", *words)), "250 ENHANCEDSTATUSCODES"]

    async def log_in(self, rest: str) -> str:
        way, _, initial = rest.partition(" ")
        if way.startswith("SCRAM"):
            # As relays do that list whatever their library knows.
            return "535 5.7.8 No secret of that kind"
        if way == "PLAIN":
            _, user, password = b64decode(initial).decode().split("\0")
        else:
            user, password = [await self.asked(word) for word in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6")]
        right = (user, password) == self.relay.account
        return "235 2.7.0 Ok" if right else f"535 5.7.8 No: {password}"

    async def asked(self, word: str) -> str:
        await self.say(f"334 {word}")
        return b64decode(await self.line()).decode()

    async def recipient(self, address: str) -> None:
        key = f"RCPT {address}"
        said = await self.answer(key if key in self.relay.script else "RCPT")
        if said.startswith("2"):
            self.recipients.append(address.strip("<>"))

    async def content(self) -> None:
        lines = []
        while (line := await self.line()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        said = self.relay.script.get(".", ALWAYS["."])
        # Before the answer: what was promised is on this side's disk.
        if said.startswith("2") or said == TAKE_AND_CLOSE:
            taken = Taken(self.parameters, self.sender.strip("<>"), tuple(self.recipients), b"".join(lines))
            self.relay.taken.append(taken)
        await self.answer(".")

    async def answer(self, key: str) -> str:
        said = self.relay.script.get(key) or ALWAYS.get(key, "502 5.5.1 What?")
        if said in (CLOSE, TAKE_AND_CLOSE):
            raise EOFError
        if said == SILENCE:
            await asyncio.sleep(60)
        if said == DRIP:
            await self.drip()
        await self.say(said)
        return said

    async def drip(self) -> None:
        while True:
            await self.say("250-encore")
            await asyncio.sleep(0.05)

    async def encrypt(self) -> None:
        session = Encrypted(self.reader, self.writer, _context(self.relay))
        await session.handshake()
        self.tls = session

    async def line(self) -> bytes:
        found = await (self.tls.line(most=LONGEST_LINE) if self.tls else self.reader.readline())
        if not found:
            raise EOFError
        return found

    async def say(self, text: str) -> None:
        data = f"{text}\r\n".encode()
        if self.tls:
            await self.tls.write(data)
        else:
            self.writer.write(data)
            await self.writer.drain()


def _context(relay: MailRelay) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if relay.oldest:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1_1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(relay.certificate.certificate, relay.certificate.key)
    return context

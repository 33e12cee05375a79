"""SMTP conversations: who answers, what is offered, which certificate. No message is ever sent."""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime

from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.mail_servers import REWRITTEN, RelayTrial, SmtpSession, UserAnswers, is_rewritten
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.certificates import TrustStore
from cyberaudit.probes.instruments import Patience
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.tls.hello import sni
from cyberaudit.probes.tls_client import lenient_context, tls_session

# Ours: real banners and EHLO answers have under 30 lines.
MAX_LINES = 64
_REPLY_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


@frozen
class Caller:
    """How we present ourselves and what we compare with, the same for every server of a run."""

    ehlo: str
    patience: Patience
    trust: TrustStore | Unreachable
    now: datetime


@frozen
class Reply:
    """One reply of RFC 5321 §4.2, all its lines."""

    code: int
    lines: tuple[bytes, ...]
    """Without the code."""

    def __str__(self) -> str:
        return f"{self.code} {clean(self.lines[0], limit=120)}".strip()

    @property
    def unexpected(self) -> Unreachable:
        """4yz: try again later (RFC 5321 §4.2.1)."""
        later = 400 <= self.code < 500
        return Unreachable(Reason.BUSY if later else Reason.PROTOCOL_ERROR, str(self))


async def read_reply(stream: Stream, *, within: float, in_all: float = math.inf) -> Reply | Unreachable:
    """The next reply, `within` seconds a line and `in_all` for all its lines.

    What is no reply, or never ends, is `protocol-error`.
    """
    clock = asyncio.get_running_loop().time
    end = clock() + in_all
    lines: list[bytes] = []
    while len(lines) < MAX_LINES:
        line = await stream.read_line(within=min(within, end - clock()))
        if isinstance(line, Unreachable):
            return line
        match = _REPLY_LINE.fullmatch(line)
        if match is None:
            return Unreachable(Reason.PROTOCOL_ERROR, clean(line, limit=120))
        lines.append(match[3] or b"")
        if match[2] != b"-":
            return Reply(int(match[1]), tuple(lines))
    return Unreachable(Reason.PROTOCOL_ERROR, "réponse sans fin")


Dial = Callable[[], Awaitable[Stream | Unreachable]]
"""A new connection to one server, on which nothing was said yet."""


@frozen
class Greeting:
    """What a server says of itself, in clear."""

    banner: str
    extensions: tuple[str, ...]
    mechanisms: tuple[str, ...]
    """Of AUTH, upper case."""

    @property
    def rewritten(self) -> bool:
        """Something on the line masks what the server says."""
        return is_rewritten(self.banner, self.extensions)


@frozen
class Trials:
    """Whether what is intrusive may be tried at one server: None when it may, else why not."""

    relay: Unreachable | None
    users: Unreachable | None

    @property
    def any(self) -> bool:
        return self.relay is None or self.users is None


@frozen
class Met:
    """One conversation that went as far as the server let it."""

    session: SmtpSession
    begun: bool
    """A handshake was begun, whatever came of it."""


_NOT_LOOKED = Unreachable(Reason.NOT_LOOKED)
SILENT = Unreachable(Reason.TIMEOUT, "la connexion est acceptée, et l'accueil ne vient pas")
"""No whole greeting in all the time that one may take."""
NO_TRIALS = Trials(_NOT_LOOKED, _NOT_LOOKED)


async def converse(
    stream: Stream, caller: Caller, *, host: str, trials: Trials = NO_TRIALS
) -> Met | Unreachable:
    """Greeting, EHLO, STARTTLS when offered, what may be tried, QUIT. The caller closes the stream.

    `host` is the MX's name. The versions of the session are left to another module.
    """
    greeting = await greet(stream, caller)
    if isinstance(greeting, Unreachable):
        return greeting
    tls: TlsSession | Unreachable | None = REWRITTEN if greeting.rewritten else None
    begun = False
    if "STARTTLS" in greeting.extensions:
        refusal = await agree_to_encrypt(stream, caller)
        begun = refusal is None
        tls = refusal or await encrypt(stream, caller, host=host)
    session = SmtpSession(
        banner=greeting.banner,
        extensions=greeting.extensions,
        tls=tls,
        mechanisms=greeting.mechanisms or (REWRITTEN if greeting.rewritten else ()),
        versions=() if tls is None else _NOT_LOOKED,
        relay=trials.relay or _lost(tls),
        users=trials.users or _lost(tls),
    )
    if isinstance(tls, Unreachable):
        return Met(session, begun)
    if trials.any:
        session = await _tried(stream, caller, session, trials)
    await command(stream, "QUIT", within=caller.patience.reply)
    return Met(session, begun)


def _lost(tls: TlsSession | Unreachable | None) -> Unreachable:
    return tls if isinstance(tls, Unreachable) else _NOT_LOOKED


async def _tried(stream: Stream, caller: Caller, session: SmtpSession, trials: Trials) -> SmtpSession:
    if session.tls is not None:  # RFC 3207 §4.2: what was said before encryption is forgotten
        again = await _hello(stream, caller)
        if isinstance(again, Unreachable):
            return replace(session, relay=trials.relay or again, users=trials.users or again)
    relay, users = await try_out(stream, caller, trials)
    return replace(session, relay=relay, users=users)


async def try_out(
    stream: Stream, caller: Caller, trials: Trials
) -> tuple[RelayTrial | Unreachable, UserAnswers | Unreachable]:
    """What may be tried of a server that was greeted: names first, which no server minds as much as a relay."""
    # Imported here: few runs are allowed to.
    from cyberaudit.probes.smtp_trials import relay_trial, user_answers

    users = trials.users or await user_answers(stream, within=caller.patience.reply)
    relay = trials.relay or await relay_trial(stream, within=caller.patience.reply)
    return relay, users


async def greet(stream: Stream, caller: Caller) -> Greeting | Unreachable:
    """Read the greeting and say EHLO."""
    patience = caller.patience.banner
    greeting = await read_reply(stream, within=patience, in_all=patience)
    if isinstance(greeting, Unreachable):
        return SILENT if greeting.reason is Reason.TIMEOUT else greeting
    if greeting.code != 220:  # 421 later, 554 never (RFC 5321 §3.1)
        return greeting.unexpected
    hello = await _hello(stream, caller)
    if isinstance(hello, Unreachable):
        return hello
    words = [[clean(word, limit=40).upper() for word in line.split()] for line in hello if line.split()]
    return Greeting(clean(greeting.lines[0]), tuple(first for first, *_ in words), _mechanisms(words))


def _mechanisms(words: list[list[str]]) -> tuple[str, ...]:
    """Of « AUTH PLAIN LOGIN », and of the « AUTH=PLAIN » that old clients waited for."""
    found = []
    for first, *others in words:
        if first == "AUTH":
            found += others
        elif first.startswith("AUTH="):
            found += [first.removeprefix("AUTH="), *others]
    return tuple(dict.fromkeys(word for word in found if word))


async def command(stream: Stream, text: str, *, within: float) -> Reply | Unreachable:
    """Say one line of ASCII, read the reply."""
    sent = await stream.write(f"{text}\r\n".encode("ascii"), within=within)
    return sent or await read_reply(stream, within=within)


async def _hello(stream: Stream, caller: Caller) -> tuple[bytes, ...] | Unreachable:
    """The lines of extensions; none when only HELO is understood (RFC 5321 §3.2)."""
    reply = await command(stream, f"EHLO {caller.ehlo}", within=caller.patience.reply)
    if isinstance(reply, Unreachable):
        return reply
    if reply.code == 250:
        return reply.lines[1:]
    if reply.code < 500:  # not now: says nothing of what it offers otherwise
        return reply.unexpected
    reply = await command(stream, f"HELO {caller.ehlo}", within=caller.patience.reply)
    if isinstance(reply, Unreachable):
        return reply
    return () if reply.code == 250 else reply.unexpected


async def agree_to_encrypt(stream: Stream, caller: Caller) -> Unreachable | None:
    """STARTTLS; None: the next bytes are to be a ClientHello."""
    reply = await command(stream, "STARTTLS", within=caller.patience.reply)
    if isinstance(reply, Unreachable):
        return reply
    if reply.code == 220:
        return None
    # RFC 3207 §4: 454 is « not now »; only a lasting code says that encryption does not work here.
    return Unreachable(Reason.TLS_FAILURE, str(reply)) if reply.code >= 500 else reply.unexpected


async def encrypt(stream: Stream, caller: Caller, *, host: str) -> TlsSession | Unreachable:
    """The handshake, and what it shows; `host` is the name that should stand in the certificate."""
    failure = await stream.start_tls(
        lenient_context(), server_name=sni(host), within=caller.patience.handshake
    )
    if failure is not None:
        return failure
    assert stream.tls is not None
    return tls_session(stream.tls, host=host, trust=caller.trust, now=caller.now)


async def dial_for_hello(dial: Dial, caller: Caller) -> Stream | Unreachable:
    """A connection on which the server has agreed to encrypt."""
    with ExitStack() as held:
        stream = await dial()
        if isinstance(stream, Unreachable):
            return stream
        held.enter_context(stream)
        greeting = await greet(stream, caller)
        if isinstance(greeting, Unreachable):
            return greeting
        refusal = await agree_to_encrypt(stream, caller)
        if refusal is None:
            held.pop_all()
        return refusal or stream

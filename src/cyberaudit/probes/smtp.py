"""One SMTP conversation up to STARTTLS: who answers, what is offered, which certificate. No mail is sent."""

import re
from dataclasses import dataclass
from datetime import datetime

from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.mail_servers import SmtpSession
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.certificates import TrustStore
from cyberaudit.probes.instruments import Patience
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.tls_client import lenient_context, sni, tls_session

# Ours: real banners and EHLO answers have under 30 lines.
MAX_LINES = 64
_REPLY_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Caller:
    """How we present ourselves and what we compare with, the same for every server of a run."""

    ehlo: str
    patience: Patience
    trust: TrustStore | Unreachable
    now: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of RFC 5321 §4.2, all its lines."""

    code: int
    lines: tuple[bytes, ...]
    """Without the code."""

    def __str__(self) -> str:
        return f"{self.code} {clean(self.lines[0], limit=120)}".strip()

    @property
    def unexpected(self) -> Unreachable:
        return Unreachable(Reason.PROTOCOL_ERROR, str(self))


async def read_reply(stream: Stream, *, within: float) -> Reply | Unreachable:
    """The next reply, `within` seconds a line; what is no reply, or never ends, is `protocol-error`."""
    lines: list[bytes] = []
    while len(lines) < MAX_LINES:
        line = await stream.read_line(within=within)
        if isinstance(line, Unreachable):
            return line
        match = _REPLY_LINE.fullmatch(line)
        if match is None:
            return Unreachable(Reason.PROTOCOL_ERROR, clean(line, limit=120))
        lines.append(match[3] or b"")
        if match[2] != b"-":
            return Reply(int(match[1]), tuple(lines))
    return Unreachable(Reason.PROTOCOL_ERROR, "réponse sans fin")


async def converse(stream: Stream, caller: Caller, *, host: str) -> SmtpSession | Unreachable:
    """Greeting, EHLO, STARTTLS when offered, QUIT. `host` is the MX's name; the caller closes the stream."""
    greeting = await read_reply(stream, within=caller.patience.banner)
    if isinstance(greeting, Unreachable):
        return greeting
    if greeting.code != 220:  # 421 later, 554 never (RFC 5321 §3.1)
        return greeting.unexpected
    extensions = await _hello(stream, caller)
    if isinstance(extensions, Unreachable):
        return extensions
    tls = await _start_tls(stream, caller, host=host) if "STARTTLS" in extensions else None
    if not isinstance(tls, Unreachable):
        await _command(stream, "QUIT", within=caller.patience.reply)
    return SmtpSession(banner=clean(greeting.lines[0]), extensions=extensions, tls=tls)


async def _command(stream: Stream, text: str, *, within: float) -> Reply | Unreachable:
    sent = await stream.write(f"{text}\r\n".encode("ascii"), within=within)
    return sent or await read_reply(stream, within=within)


async def _hello(stream: Stream, caller: Caller) -> tuple[str, ...] | Unreachable:
    """The extensions offered; none when only HELO is understood (RFC 5321 §3.2)."""
    reply = await _command(stream, f"EHLO {caller.ehlo}", within=caller.patience.reply)
    if isinstance(reply, Unreachable):
        return reply
    if reply.code == 250:
        words = (line.split(None, 1)[:1] for line in reply.lines[1:])
        return tuple(clean(word[0], limit=40).upper() for word in words if word)
    if reply.code < 500:  # not now: says nothing of what it offers otherwise
        return reply.unexpected
    reply = await _command(stream, f"HELO {caller.ehlo}", within=caller.patience.reply)
    if isinstance(reply, Unreachable):
        return reply
    return () if reply.code == 250 else reply.unexpected


async def _start_tls(stream: Stream, caller: Caller, *, host: str) -> TlsSession | Unreachable:
    reply = await _command(stream, "STARTTLS", within=caller.patience.reply)
    if isinstance(reply, Unreachable):
        return reply
    if reply.code != 220:
        # RFC 3207 §4: 454 is « not now »; only a lasting code says that encryption does not work here.
        lasting = reply.code >= 500
        return Unreachable(Reason.TLS_FAILURE if lasting else Reason.PROTOCOL_ERROR, str(reply))
    failure = await stream.start_tls(
        lenient_context(), server_name=sni(host), within=caller.patience.handshake
    )
    if failure is not None:
        return failure
    assert stream.tls is not None
    return tls_session(stream.tls, host=host, trust=caller.trust, now=caller.now)

"""The first steps of a mail program: IMAP, POP and submission up to encryption. Nobody logs in."""

from collections.abc import Awaitable, Callable

from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.mail_access import AccessSession
from cyberaudit.facts.mail_servers import PLAIN_MECHANISMS, REWRITTEN
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.smtp import SILENT, Caller, agree_to_encrypt, encrypt, greet
from cyberaudit.probes.stream import Stream

# Ours: real lists of capabilities have under 30 lines.
MAX_LINES = 64
_ENDLESS = Unreachable(Reason.PROTOCOL_ERROR, "réponse sans fin")

Tls = TlsSession | Unreachable | None
Offer = tuple[bool | Unreachable, bool]
"""Whether a password is taken in clear, and whether encryption is offered."""


async def first_steps(
    stream: Stream, caller: Caller, *, protocol: str, host: str, implicit: bool
) -> AccessSession | Unreachable:
    """What a program that wants to encrypt meets; `protocol` is `imap`, `pop3` or `submission`.

    `implicit`: the port is encrypted from the first byte on. The caller closes the stream.
    """
    if implicit:
        return await _encrypted_steps(stream, caller, protocol=protocol, host=host)
    offer = await _OFFERS[protocol](stream, caller)
    if isinstance(offer, Unreachable):
        return offer
    clear_login, encrypts = offer
    tls = await _upgraded(stream, caller, protocol=protocol, host=host) if encrypts else None
    if not isinstance(tls, Unreachable):
        await _leave(stream, caller, protocol)
    return AccessSession(clear_login=clear_login, tls=tls)


async def _encrypted_steps(stream: Stream, caller: Caller, *, protocol: str, host: str) -> AccessSession:
    tls = await encrypt(stream, caller, host=host)
    if not isinstance(tls, Unreachable):
        # It ends more gently after its greeting.
        await stream.read_line(within=caller.patience.reply)
        await _leave(stream, caller, protocol)
    return AccessSession(clear_login=False, tls=tls)


async def _leave(stream: Stream, caller: Caller, protocol: str) -> None:
    words = b"a9 LOGOUT\r\n" if protocol == "imap" else b"QUIT\r\n"
    await stream.write(words, within=caller.patience.reply)


async def _upgraded(stream: Stream, caller: Caller, *, protocol: str, host: str) -> Tls:
    if protocol == "submission":
        refusal = await agree_to_encrypt(stream, caller)
    else:
        words, yes = _STARTTLS[protocol]
        answer = await _last_line(stream, caller, words)
        if isinstance(answer, Unreachable):
            return answer
        agreed = answer.upper().startswith(yes)
        refusal = None if agreed else Unreachable(Reason.TLS_FAILURE, clean(answer, limit=120))
    return refusal or await encrypt(stream, caller, host=host)


_STARTTLS = {"imap": (b"a2 STARTTLS", b"A2 OK"), "pop3": (b"STLS", b"+OK")}


async def _last_line(stream: Stream, caller: Caller, words: bytes) -> bytes | Unreachable:
    """The answer to one command, without the lines an IMAP server may say in between."""
    unsent = await stream.write(words + b"\r\n", within=caller.patience.reply)
    if unsent is not None:
        return unsent
    for _ in range(MAX_LINES):
        line = await stream.read_line(within=caller.patience.reply)
        if isinstance(line, Unreachable) or not line.startswith(b"*"):
            return line
    return _ENDLESS


async def _imap(stream: Stream, caller: Caller) -> Offer | Unreachable:
    """RFC 9051 §6.1.1: a server without LOGINDISABLED takes a password."""
    greeting = await stream.read_line(within=caller.patience.banner)
    if isinstance(greeting, Unreachable):
        return SILENT if greeting.reason is Reason.TIMEOUT else greeting
    if not greeting.upper().startswith(b"* OK"):
        return Unreachable(Reason.PROTOCOL_ERROR, clean(greeting, limit=120))
    unsent = await stream.write(b"a1 CAPABILITY\r\n", within=caller.patience.reply)
    words: set[bytes] = set()
    for _ in range(MAX_LINES):
        line = unsent or await stream.read_line(within=caller.patience.reply)
        if isinstance(line, Unreachable):
            return line
        if line.upper().startswith(b"* CAPABILITY "):
            words |= set(line.upper().split()[2:])
        elif line.upper().startswith(b"A1 "):
            if not words:
                return Unreachable(Reason.PROTOCOL_ERROR, clean(line, limit=120))
            return b"LOGINDISABLED" not in words, b"STARTTLS" in words
    return _ENDLESS


async def _pop3(stream: Stream, caller: Caller) -> Offer | Unreachable:
    """RFC 2449 §6.3 and §6.4: USER, or SASL with a way that shows the password."""
    greeting = await stream.read_line(within=caller.patience.banner)
    if isinstance(greeting, Unreachable):
        return SILENT if greeting.reason is Reason.TIMEOUT else greeting
    if not greeting.startswith(b"+OK"):
        return Unreachable(Reason.PROTOCOL_ERROR, clean(greeting, limit=120))
    first = await _last_line(stream, caller, b"CAPA")
    if isinstance(first, Unreachable):
        return first
    if not first.startswith(b"+OK"):  # an old server: what it takes is not told, and STLS came with CAPA
        return Unreachable(Reason.PROTOCOL_ERROR, clean(first, limit=120)), False
    words: list[list[bytes]] = []
    for _ in range(MAX_LINES):
        line = await stream.read_line(within=caller.patience.reply)
        if isinstance(line, Unreachable):
            return line
        if line == b".":
            return any(map(_takes_password, words)), [b"STLS"] in words
        words.append(line.upper().split())
    return _ENDLESS


def _takes_password(words: list[bytes]) -> bool:
    ways = {word.decode("ascii", "replace") for word in words[1:]}
    return words[:1] == [b"USER"] or (words[:1] == [b"SASL"] and bool(ways & PLAIN_MECHANISMS))


async def _submission(stream: Stream, caller: Caller) -> Offer | Unreachable:
    greeting = await greet(stream, caller)
    if isinstance(greeting, Unreachable):
        return greeting
    if greeting.rewritten and "STARTTLS" not in greeting.extensions:
        return REWRITTEN
    return bool(PLAIN_MECHANISMS.intersection(greeting.mechanisms)), "STARTTLS" in greeting.extensions


_OFFERS: dict[str, Callable[[Stream, Caller], Awaitable[Offer | Unreachable]]] = {
    "imap": _imap,
    "pop3": _pop3,
    "submission": _submission,
}

"""What a service says first, or to one innocent question of its own protocol: SSH, FTP, mail, Telnet, VNC, MySQL…"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from cyberaudit.facts.services import Trait
from cyberaudit.model import Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.services.door import Door, ask, hear
from cyberaudit.probes.services.heard import UNKNOWN, Heard
from cyberaudit.probes.stream import Stream

# Ours: servers that speak first do it within a second, a slow reverse lookup aside.
LISTEN_SECONDS = 1.5
BANNER_CHARACTERS = 120
# Ours: more words are not a greeting.
GREETING_BYTES = 4096
_MAIL_PORTS = frozenset({25, 465, 587, 2525})
_FTP_PORTS = frozenset({21, 990, 2121})
_TELNET_PORTS = frozenset({23, 992, 2323})
_OPENINGS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("ssh", re.compile(rb"SSH-[12]\.[0-9]{1,2}-")),
    ("vnc", re.compile(rb"RFB [0-9]{3}\.[0-9]{3}")),
    ("vmware-authd", re.compile(rb"220 VMware Authentication Daemon")),
    ("pop3", re.compile(rb"\+OK\b")),
    ("imap", re.compile(rb"\* (?:OK|PREAUTH|BYE)\b")),
    ("rsync", re.compile(rb"@RSYNCD: ")),
    ("telnet", re.compile(rb"\xff[\xfb-\xfe]")),
    ("rtsp", re.compile(rb"RTSP/1\.0 [1-5]")),
)  # fmt: skip
_REPLY = re.compile(rb"(?:220|421|500|502|530|554)[ -]")
_FTP = re.compile(rb"\bs?ftp|file transfer|filezilla", re.IGNORECASE)
_MAIL = re.compile(rb"e?smtp|postfix|exim|sendmail|\bmail", re.IGNORECASE)
_PROMPT = re.compile(rb"(?:login|user ?name|user|password)\s?:\s*\Z|user access verification", re.IGNORECASE)
# RFC 854: IAC, then WILL, WON'T, DO or DON'T and an option; sub-negotiations up to IAC SE.
_TELNET_COMMANDS = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa[^\xff]{0,200}\xff\xf0|[\xf0-\xf9])", re.DOTALL)


async def listen(door: Door) -> Heard | Unreachable:
    """Who speaks first, and what it offers to one question of its own protocol."""
    stream = await door.open()
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        first = await hear(stream, _has_line, within=LISTEN_SECONDS, limit=GREETING_BYTES)
        if isinstance(first, Unreachable):
            return first
        said = understood(first, door.port)
        more = _MORE.get(said.protocol)
        if more is None:
            return said
        traits = await more(door, stream, first)
        return replace(said, traits=said.traits | traits)


async def overhear(door: Door) -> Heard | Unreachable:
    """Who speaks first; not one byte is sent, whatever it says."""
    stream = await door.open()
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        first = await hear(stream, _has_line, within=LISTEN_SECONDS, limit=GREETING_BYTES)
    return first if isinstance(first, Unreachable) else understood(first, door.port)


def understood(first: bytes, port: int) -> Heard:
    """Which protocol these first words are of; `unknown` when we cannot tell. `port` settles what is ambiguous."""
    database = _mysql(first)
    if database is not None:
        return database
    protocol = next((name for name, opening in _OPENINGS if opening.match(first)), "") or _by_reply(
        first, port
    )
    text = _TELNET_COMMANDS.sub(b" ", first) if protocol == "telnet" else first
    return Heard(protocol or UNKNOWN, banner=_first_line(text))


def _by_reply(first: bytes, port: int) -> str:
    if _REPLY.match(first):
        if _FTP.search(first) or port in _FTP_PORTS:
            return "ftp"
        if _MAIL.search(first) or port in _MAIL_PORTS:
            return "smtp"
    if _PROMPT.search(first[-200:]) or (port in _TELNET_PORTS and _is_text(first)):
        return "telnet"
    return ""


def _is_text(first: bytes) -> bool:
    return first.isascii() and b"\x00" not in first


def _first_line(text: bytes) -> str:
    """The first line that says something."""
    lines = (clean(line, limit=BANNER_CHARACTERS) for line in text[:GREETING_BYTES].splitlines())
    return next((line for line in lines if line), "")


def _mysql(first: bytes) -> Heard | None:
    """MySQL protocol, HandshakeV10: length (3 bytes), sequence 0, version 10, text; or error 255, code, text."""
    length = int.from_bytes(first[:3], "little")
    if len(first) < 10 or first[3] != 0 or not 10 <= length <= GREETING_BYTES:
        return None
    if first[4] == 0xFF and b"ost" in first:  # « Host … is not allowed », « … is blocked »
        return Heard("mysql", banner=clean(first[7:], limit=BANNER_CHARACTERS))
    version, end, rest = first[5:].partition(b"\x00")
    if first[4] != 10 or not end or not re.match(rb"[0-9]{1,2}\.", version):
        return None
    # Thread id (4), salt (8), a zero, then the low capabilities; CLIENT_SSL is 0x0800.
    encrypts = int.from_bytes(rest[13:15], "little") & 0x0800
    traits = frozenset({Trait.STARTTLS}) if encrypts else frozenset[Trait]()
    return Heard("mysql", banner=clean(version, limit=BANNER_CHARACTERS), traits=traits)


async def _offers(
    stream: Stream, question: bytes, last: re.Pattern[bytes], offer: re.Pattern[bytes]
) -> frozenset[Trait]:
    """Whether encryption is among what is offered."""
    answer = await ask(stream, question, lambda heard: last.search(heard) is not None)
    found = isinstance(answer, bytes) and offer.search(answer)
    return frozenset({Trait.STARTTLS}) if found else frozenset()


async def _ftp(_: Door, stream: Stream, __: bytes) -> frozenset[Trait]:
    last = re.compile(rb"(?m)^[2-5][0-9]{2} ")
    return await _offers(stream, b"FEAT\r\n", last, re.compile(rb"AUTH[ A-Z;]{0,30}(?:TLS|SSL)"))


async def _smtp(door: Door, stream: Stream, first: bytes) -> frozenset[Trait]:
    if not first.startswith(b"220"):
        return frozenset()
    last = re.compile(rb"(?m)^[2-5][0-9]{2} ")
    question = f"EHLO {door.visitor.ehlo}\r\n".encode("ascii")
    return await _offers(stream, question, last, re.compile(rb"(?m)^250[- ]STARTTLS\b"))


async def _pop3(_: Door, stream: Stream, __: bytes) -> frozenset[Trait]:
    last = re.compile(rb"(?m)^(?:\.\r?$|-ERR)")
    return await _offers(stream, b"CAPA\r\n", last, re.compile(rb"(?m)^STLS\b"))


async def _imap(_: Door, stream: Stream, first: bytes) -> frozenset[Trait]:
    offer = re.compile(rb"\bSTARTTLS\b")
    if offer.search(first):
        return frozenset({Trait.STARTTLS})
    return await _offers(stream, b"a CAPABILITY\r\n", re.compile(rb"(?m)^a "), offer)


async def _vnc(_: Door, stream: Stream, first: bytes) -> frozenset[Trait]:
    """RFC 6143 §7.1.2: the kinds of identification offered; kind 1 is none at all."""
    if first[:12] < b"RFB 003.007\n":
        answer = await ask(stream, b"RFB 003.003\n", lambda heard: len(heard) >= 4)
        kinds = answer[3:4] if isinstance(answer, bytes) else b""
    else:
        answer = await ask(stream, b"RFB 003.008\n", lambda heard: len(heard) > heard[0] if heard else False)
        kinds = answer[1 : 1 + answer[0]] if isinstance(answer, bytes) else b""
    if not kinds.strip(b"\x00"):
        return frozenset()
    return frozenset({Trait.ANONYMOUS if b"\x01" in kinds else Trait.AUTHENTICATED})


_MORE: dict[str, Callable[[Door, Stream, bytes], Awaitable[frozenset[Trait]]]] = {
    "ftp": _ftp,
    "smtp": _smtp,
    "pop3": _pop3,
    "imap": _imap,
    "vnc": _vnc,
}


def _has_line(heard: bytes) -> bool:
    return b"\n" in heard or _mysql(heard) is not None

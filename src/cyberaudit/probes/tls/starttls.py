"""The few words in clear after which a server of another protocol speaks TLS."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack

from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.tls.conversation import Conversation, Opener
from cyberaudit.probes.tls.hello import TLS12, build
from cyberaudit.probes.tls.offers import USUAL_SUITES, Offers

# Postfix, postscreen(8): postscreen_greet_wait is 6 s; the same patience as for a mail server's greeting.
PREAMBLE_SECONDS = 15.0
# Ours: postscreen says a first line at once, and makes one wait for the second.
FIRST_WORD_SECONDS = 4.0
# Ours: nearly every server has said its first word by then; whether TLS is spoken at once is asked beside it.
QUIET_SECONDS = 1.0
# Ours: together with the quiet before it, no longer than the first word is waited for.
ENCRYPTED_SECONDS = 3.0
# Ours: a server that serves one at a time answers once the first conversation is over; five seconds in all.
ALONE_SECONDS = 1.0
# Ours: real greetings and lists of extensions have under 30 lines.
MAX_LINES = 64
# Ours: what an XMPP server says of its features fits into 2 KiB.
MAX_BYTES = 16 * 1024

# Longer than any tag that is waited for.
_TAIL = 256

OpenerTcp = Callable[[], Awaitable[Stream | Unreachable]]
ENCRYPTED = Unreachable(Reason.TLS_FAILURE, "ce port est déjà chiffré : retirez --starttls")
"""Nobody waits for words in clear there."""


class Preamble:
    """The words exchanged on one connection; every method raises `_Ended` when it cannot go on."""

    def __init__(self, stream: Stream, *, ehlo: str, hostname: str) -> None:
        """`ehlo`: how we present ourselves. `hostname`: the server's name, may be empty."""
        self.ehlo, self.hostname = ehlo, hostname
        self.first_word_seconds = PREAMBLE_SECONDS
        self.has_heard = False
        self._stream = stream

    async def say(self, data: bytes) -> None:
        unsent = await self._stream.write(data, within=PREAMBLE_SECONDS)
        if unsent is not None:
            raise _Ended(unsent)

    async def line(self) -> bytes:
        return self._heard(await self._stream.read_line(within=self._patience()))

    async def exactly(self, count: int) -> bytes:
        if count > MAX_BYTES:
            raise _Ended(Unreachable(Reason.PROTOCOL_ERROR, "réponse trop longue"))
        return self._heard(await self._stream.read_exactly(count, within=self._patience()))

    def _patience(self) -> float:
        return PREAMBLE_SECONDS if self.has_heard else self.first_word_seconds

    def _heard(self, answer: bytes | Unreachable) -> bytes:
        self.has_heard |= not isinstance(answer, Unreachable)
        return _got(answer)

    async def until(self, pattern: bytes) -> bytes:
        """What comes up to and with `pattern`, a regular expression."""
        heard = bytearray()
        while re.search(pattern, heard[-_TAIL:]) is None:
            if len(heard) >= MAX_BYTES:
                raise _Ended(Unreachable(Reason.PROTOCOL_ERROR, "réponse trop longue"))
            # Byte by byte: nothing after the pattern may be taken.
            heard += await self.exactly(1)
        return bytes(heard)

    async def reply(self) -> tuple[bytes, tuple[bytes, ...]]:
        """One reply of RFC 959 §4.2 or RFC 5321 §4.2: its code, and its lines without it."""
        first = await self.line()
        lines, last = [first[4:]], first
        while last[3:4] == b"-" or last[:3] != first[:3]:
            if len(lines) >= MAX_LINES:
                raise _Ended(Unreachable(Reason.PROTOCOL_ERROR, "réponse sans fin"))
            last = await self.line()
            lines.append(last[4:])
        if not re.fullmatch(rb"[1-5][0-9]{2}", first[:3]):
            raise _Ended(Unreachable(Reason.PROTOCOL_ERROR, clean(first, limit=120)))
        return first[:3], tuple(lines)

    async def expect(self, code: bytes) -> tuple[bytes, ...]:
        """The lines of a reply that must have this code."""
        given, lines = await self.reply()
        if given != code:
            raise _Ended(Unreachable(Reason.PROTOCOL_ERROR, _shown(given + b" " + lines[0])))
        return lines


class _Ended(Exception):
    def __init__(self, cause: Unreachable) -> None:
        super().__init__(str(cause))
        self.cause = cause


def after_starttls(opener_tcp: OpenerTcp, protocol: str, *, ehlo: str, hostname: str) -> Opener:
    """Conversations that begin after STARTTLS.

    A server that does not offer it, or refuses it, is `tls-failure`, as is one that speaks TLS at once; anything
    it says in clear after its agreement is refused (CVE-2011-0411). A port that was mute, or encrypted already, the
    first time is not asked again.

    Args:
        opener_tcp: opens a connection on which nothing was said yet.
        protocol: one of `PREAMBLES`.
        ehlo: how we present ourselves.
        hostname: the server's name, for XMPP; may be empty.
    """
    agree = PREAMBLES[protocol]

    async def talk(first: "_First | None") -> Stream | Unreachable:
        stream = await opener_tcp()
        if isinstance(stream, Unreachable):
            return stream
        preamble = Preamble(stream, ehlo=ehlo, hostname=hostname)
        if first is not None:
            first.begin(preamble)
        with ExitStack() as held:
            held.enter_context(stream)
            trouble = await _agreed(agree, preamble)
            trouble = trouble or await _injected(stream)
            if trouble is None:
                held.pop_all()
            return trouble or stream

    return _Lesson(talk, opener_tcp).open


Agree = Callable[[Preamble], Awaitable[None]]


class _Lesson:
    """What the first conversation taught of a port: mute or encrypted, the next ones are told so without a word."""

    def __init__(
        self, talk: Callable[["_First | None"], Awaitable[Stream | Unreachable]], opener_tcp: OpenerTcp
    ) -> None:
        self._talk, self._opener_tcp = talk, opener_tcp
        self._turn = asyncio.Lock()
        self._is_over = False
        self._hopeless: Unreachable | None = None

    async def open(self) -> Conversation | Unreachable:
        if not self._is_over:
            async with self._turn:
                if not self._is_over:
                    return await self._first()
        return self._hopeless or await self._talk(None)

    async def _first(self) -> Stream | Unreachable:
        answer = await _First(self._talk, self._opener_tcp).answer()
        if answer is ENCRYPTED or (isinstance(answer, Unreachable) and answer.reason is Reason.TIMEOUT):
            self._hopeless = answer
        self._is_over = True
        return answer


class _First:
    """The first conversation, and beside it, when nothing is said, the question whether TLS is spoken at once."""

    def __init__(
        self, talk: Callable[["_First | None"], Awaitable[Stream | Unreachable]], opener_tcp: OpenerTcp
    ) -> None:
        self._talk, self._opener_tcp = talk, opener_tcp
        self._preamble: Preamble | None = None

    def begin(self, preamble: Preamble) -> None:
        preamble.first_word_seconds = FIRST_WORD_SECONDS
        self._preamble = preamble

    async def answer(self) -> Stream | Unreachable:
        talking = asyncio.ensure_future(self._talk(self))
        try:
            await asyncio.wait({talking}, timeout=QUIET_SECONDS)
            if self._is_doubtful(talking) and await _is_encrypted(self._opener_tcp, within=ENCRYPTED_SECONDS):
                return ENCRYPTED
            answer = await talking
            if isinstance(answer, Unreachable) and self._is_silence(answer):
                # Alone now: a small server may serve one at a time.
                again = await _is_encrypted(self._opener_tcp, within=ALONE_SECONDS)
                return ENCRYPTED if again else answer
            return answer
        finally:
            talking.cancel()
            # Its connection is closed before the loop may end.
            await asyncio.wait({talking})

    def _is_doubtful(self, talking: "asyncio.Future[Stream | Unreachable]") -> bool:
        """The connection stands, and not one word that can be read came over it."""
        if self._preamble is None or (talking.done() and not isinstance(talking.result(), Unreachable)):
            return False
        # TLS itself answers words in clear with an alert, whose bytes are no word of the protocol.
        return talking.done() or not self._preamble.has_heard

    def _is_silence(self, answer: Unreachable) -> bool:
        has_heard = self._preamble is None or self._preamble.has_heard
        return not has_heard and answer.reason is Reason.TIMEOUT


async def _is_encrypted(opener_tcp: OpenerTcp, *, within: float) -> bool:
    """Whether a hello, said at once, is answered in TLS."""
    stream = await opener_tcp()
    if isinstance(stream, Unreachable):
        return False
    with stream:
        hello = Offers(server_name=None, is_short=True).hello(TLS12, USUAL_SUITES)
        if await stream.write(build(hello), within=within) is not None:
            return False
        begun = await stream.read_exactly(3, within=within)
    # RFC 8446 §5.1: a record of alert or handshake, of version 3
    return isinstance(begun, bytes) and begun[0] in (21, 22) and begun[1] == 3


async def _agreed(agree: Agree, preamble: Preamble) -> Unreachable | None:
    try:
        async with asyncio.timeout(PREAMBLE_SECONDS):
            await agree(preamble)
    except _Ended as ended:
        return ended.cause
    except TimeoutError:
        return Unreachable(Reason.TIMEOUT)
    return None


async def _injected(stream: Stream) -> Unreachable | None:
    # No time to wait: only what is there already is read.
    early = await stream.read(1, within=0)
    if isinstance(early, Unreachable):
        return None if early.reason is Reason.TIMEOUT else early
    if not early:
        return Unreachable(Reason.RESET, "connexion fermée par le serveur")
    return Unreachable(Reason.PROTOCOL_ERROR, "des octets en clair suivent l'accord pour chiffrer")


def _got(answer: bytes | Unreachable) -> bytes:
    if isinstance(answer, Unreachable):
        raise _Ended(answer)
    return answer


def _shown(answer: bytes) -> str:
    return clean(answer, limit=120)


def _refused(answer: bytes) -> _Ended:
    return _Ended(Unreachable(Reason.TLS_FAILURE, f"STARTTLS refusé : {_shown(answer)}".rstrip(" :")))


def _not_offered() -> _Ended:
    return _Ended(Unreachable(Reason.TLS_FAILURE, "STARTTLS n'est pas proposé"))


async def _smtp(talk: Preamble) -> None:
    """RFC 3207."""
    await talk.expect(b"220")
    await talk.say(b"EHLO " + talk.ehlo.encode("ascii") + b"\r\n")
    extensions = await talk.expect(b"250")
    if not any(line.split(None, 1)[:1] == [b"STARTTLS"] for line in map(bytes.upper, extensions)):
        raise _not_offered()
    await talk.say(b"STARTTLS\r\n")
    await _granted(talk, b"220")


async def _ftp(talk: Preamble) -> None:
    """RFC 4217 §4."""
    await talk.expect(b"220")
    await talk.say(b"AUTH TLS\r\n")
    await _granted(talk, b"234")


async def _granted(talk: Preamble, code: bytes) -> None:
    given, lines = await talk.reply()
    if given.startswith(b"4"):  # not now: it says nothing of another day
        raise _Ended(Unreachable(Reason.PROTOCOL_ERROR, _shown(given + b" " + lines[0])))
    if given != code:
        raise _refused(given + b" " + lines[0])


async def _imap(talk: Preamble) -> None:
    """RFC 9051 §6.2.1."""
    _greeted(await talk.line(), b"* OK")
    await talk.say(b"a1 STARTTLS\r\n")
    for _ in range(MAX_LINES):
        line = await talk.line()
        if line.startswith(b"a1 "):
            if not line.upper().startswith(b"A1 OK"):
                raise _refused(line)
            return
    raise _Ended(Unreachable(Reason.PROTOCOL_ERROR, "réponse sans fin"))


async def _pop3(talk: Preamble) -> None:
    """RFC 2595 §4."""
    _greeted(await talk.line(), b"+OK")
    await talk.say(b"STLS\r\n")
    line = await talk.line()
    if not line.startswith(b"+OK"):
        raise _refused(line)


def _greeted(line: bytes, beginning: bytes) -> None:
    if not line.upper().startswith(beginning):
        raise _Ended(Unreachable(Reason.PROTOCOL_ERROR, _shown(line)))


async def _ldap(talk: Preamble) -> None:
    """RFC 4511 §4.14: an extended request, whose result code is the answer."""
    name = b"1.3.6.1.4.1.1466.20037"
    request = b"\x77" + bytes([len(name) + 2]) + b"\x80" + bytes([len(name)]) + name
    await talk.say(b"\x30" + bytes([len(request) + 3]) + b"\x02\x01\x01" + request)
    head = await talk.exactly(2)
    if head[0] != 0x30:
        raise _Ended(Unreachable(Reason.PROTOCOL_ERROR, _shown(head)))
    size = head[1]
    if size & 0x80:  # BER: the length's own length
        size = int.from_bytes(await talk.exactly(min(size & 0x7F, 4)))
    answer = await talk.exactly(size)
    found = re.match(rb"\x02.\x01\x78(?:[^\x80-\xff]|[\x80-\x84].{1,4}?)\x0a\x01(.)", answer, re.DOTALL)
    if found is None:
        raise _Ended(Unreachable(Reason.PROTOCOL_ERROR))
    if found[1] != b"\x00":
        raise _refused(b"LDAP %d" % found[1][0])


async def _xmpp(talk: Preamble) -> None:
    """RFC 6120 §5."""
    name = re.sub(r"[^A-Za-z0-9.:-]", "", talk.hostname)
    await talk.say(
        b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' "
        b"xmlns:stream='http://etherx.jabber.org/streams' to='" + name.encode("ascii") + b"'>"
    )
    features = await talk.until(rb"</stream:features\s*>|<stream:features\s*/>|</stream:stream\s*>")
    if b"urn:ietf:params:xml:ns:xmpp-tls" not in features:
        raise _not_offered()
    await talk.say(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    answer = await talk.until(rb"<[a-z:]+[^>]*/>|</[a-z:]+\s*>")
    if not answer.lstrip().startswith(b"<proceed"):
        raise _refused(answer)


async def _postgres(talk: Preamble) -> None:
    """PostgreSQL, « SSL Session Encryption »: one request, one letter."""
    await talk.say((8).to_bytes(4) + (80877103).to_bytes(4))
    answer = await talk.exactly(1)
    if answer == b"N":
        raise _refused(answer)
    if answer != b"S":
        raise _Ended(Unreachable(Reason.PROTOCOL_ERROR, _shown(answer)))


# MySQL, « Connection Phase »: CLIENT_PROTOCOL_41, CLIENT_SSL and CLIENT_SECURE_CONNECTION
_MYSQL_41, _MYSQL_SSL, _MYSQL_SECURE = 0x0200, 0x0800, 0x8000


async def _mysql(talk: Preamble) -> None:
    """The greeting tells whether TLS is known; the request is a login without its end."""
    head = await talk.exactly(4)
    greeting = await talk.exactly(int.from_bytes(head[:3], "little"))
    version_end = greeting.find(b"\x00")
    # The server's name for its version, a number of four bytes, eight of salt, one empty; then what it can.
    place = version_end + 1 + 4 + 8 + 1
    if greeting[:1] != b"\x0a" or version_end < 0 or len(greeting) < place + 2:
        raise _Ended(Unreachable(Reason.PROTOCOL_ERROR, _shown(greeting[1:])))
    if not int.from_bytes(greeting[place : place + 2], "little") & _MYSQL_SSL:
        raise _not_offered()
    able = (_MYSQL_41 | _MYSQL_SSL | _MYSQL_SECURE).to_bytes(4, "little")
    request = able + (1 << 24).to_bytes(4, "little") + b"\x21" + bytes(23)
    await talk.say(len(request).to_bytes(3, "little") + b"\x01" + request)


PREAMBLES: Mapping[str, Agree] = {
    "smtp": _smtp,
    "imap": _imap,
    "pop3": _pop3,
    "ldap": _ldap,
    "ftp": _ftp,
    "xmpp": _xmpp,
    "postgres": _postgres,
    "mysql": _mysql,
}
"""How each protocol comes to TLS."""

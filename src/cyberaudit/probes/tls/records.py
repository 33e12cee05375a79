"""A conversation cut into records and handshake messages, both ways, bounded whatever the other side sends."""

import asyncio

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls.conversation import Conversation
from cyberaudit.probes.tls.flight import Alert
from cyberaudit.probes.tls.octets import Malformed, vector
from cyberaudit.probes.tls.protection import Plain, Protection

CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION = 20, 21, 22, 23
CLOSE_NOTIFY = b"\x01\x00"
# RFC 5246 §6.2.3: what a sealed record may carry at most.
MAX_RECORD = 2**14 + 2048
# Ours: OpenSSL takes 100 KiB of certificates; a little more is still no weight.
MAX_MESSAGE = 128 * 1024
_CERTIFICATE = 11
# Ours: the longest honest handshake has ten messages, and OpenSSL's default gives two tickets.
MAX_MESSAGES = 64
# Ours: records that bring nothing forward, such as change_cipher_spec in TLS 1.3.
MAX_IDLE = 32
CHUNK = 16 * 1024
# RFC 8446 §6.1 and RFC 6066 §3: warnings after which the handshake goes on.
_PASSING = frozenset({90, 112})


class Broken(Exception):
    """The conversation cannot go on."""

    def __init__(self, cause: Alert | Unreachable) -> None:
        super().__init__(cause)
        self.cause = cause


class Channel:
    """Records and messages of one conversation; `seconds` from now on it is over."""

    def __init__(self, conversation: Conversation, *, seconds: float) -> None:
        self._conversation = conversation
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + seconds
        self._received = bytearray()
        self._joined = bytearray()
        self._messages = 0
        self._idle = 0
        self._reading: Protection = Plain()
        self.writing: Protection = Plain()
        self.version = 0x0301
        """As it stands on the records we send."""

    @property
    def now(self) -> float:
        """Seconds, as the loop counts them."""
        return self._loop.time()

    def shorten(self, seconds: float) -> None:
        """From now on, no more than that."""
        self._deadline = min(self._deadline, self.now + seconds)

    def read_with(self, protection: Protection) -> None:
        """What comes next is sealed this way.

        Raises:
            Malformed: a message was begun before, and would change keys half-way (RFC 8446 §5.1).
        """
        if self._joined:
            raise Malformed("message à cheval sur deux clés")
        self._reading = protection

    async def send(self, *contents: tuple[int, bytes]) -> None:
        """Each content (type, bytes), in one record each, in one write.

        Raises:
            Broken: the line does not take it.
        """
        await self.send_raw(b"".join(self.record(kind, content) for kind, content in contents))

    async def send_raw(self, data: bytes) -> None:
        """Records that are ready, as they are.

        Raises:
            Broken: the line does not take them.
        """
        trouble = await self._conversation.write(data, within=self._left())
        if trouble is not None:
            raise Broken(trouble)

    def record(self, kind: int, content: bytes) -> bytes:
        """Sealed as it stands, to be sent with others.

        The content must fit into one record.
        """
        shown, sealed = self.writing.seal(kind, content)
        return bytes([shown]) + self.version.to_bytes(2) + vector(sealed, 2)

    async def next(self) -> tuple[int, bytes]:
        """A whole handshake message, or the content of another record, with its type.

        Raises:
            Broken: the line is at its end, or time is.
            Malformed: what comes is no TLS, or too much of it.
        """
        while (message := self._message()) is None:
            kind, content = await self._content()
            if kind != HANDSHAKE:
                self._count_idle(kind)
                return kind, content
            if not content:
                self._count_idle(kind)
            self._joined += content
        self._messages += 1
        if self._messages > MAX_MESSAGES:
            raise Malformed("messages sans fin")
        return HANDSHAKE, message

    def _message(self) -> bytes | None:
        if len(self._joined) < 4:
            return None
        size = 4 + int.from_bytes(self._joined[1:4])
        if size > MAX_MESSAGE:
            is_chain = self._joined[0] == _CERTIFICATE
            raise Malformed("certificat trop long" if is_chain else "message trop long")
        if len(self._joined) < size:
            return None
        message = bytes(self._joined[:size])
        del self._joined[:size]
        return message

    def _count_idle(self, kind: int) -> None:
        self._idle += 1
        if self._idle > MAX_IDLE:
            raise Malformed("enregistrements sans fin")
        if self._joined and kind in (CHANGE_CIPHER, APPLICATION):
            raise Malformed("message interrompu par autre chose")

    async def _content(self) -> tuple[int, bytes]:
        header = await self._take(5)
        kind, size = header[0], int.from_bytes(header[3:])
        if kind not in (CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION) or header[1] != 3:
            raise Malformed("réponse qui n'est pas du TLS")
        if size > MAX_RECORD:
            raise Malformed("enregistrement trop long")
        sealed = await self._take(size)
        if (
            kind == CHANGE_CIPHER
        ):  # TLS 1.3 sends it in clear among what is sealed; older, it is before any key
            return kind, sealed
        return self._reading.open(kind, sealed)

    async def _take(self, count: int) -> bytes:
        while len(self._received) < count:
            data = await self._conversation.read(CHUNK, within=self._left())
            if isinstance(data, Unreachable):
                raise Broken(data)
            if not data:
                raise Broken(closed())
            self._received += data
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def _left(self) -> float:
        left = self._deadline - self.now
        if left <= 0:
            raise Broken(Unreachable(Reason.TIMEOUT))
        return left

    async def message(self, *, ignoring: frozenset[int] = frozenset()) -> bytes:
        """The next handshake message, with its header; passing warnings and the record types `ignoring` are skipped.

        Raises:
            Broken: the server refuses, or the line or the time is at its end.
            Malformed: something else comes.
        """
        while True:
            kind, content = await self.next()
            if kind == HANDSHAKE:
                return content
            if kind == ALERT:
                stop = meaning(content)
                if stop is not None:
                    raise Broken(stop)
            elif kind not in ignoring:
                raise Malformed("message attendu, autre chose reçue")


def closed() -> Unreachable:
    """The server has ended the conversation without refusing anything."""
    return Unreachable(Reason.RESET, "connexion fermée par le serveur")


def meaning(alert: bytes) -> Alert | Unreachable | None:
    """What an alert record says; None: the handshake goes on."""
    if len(alert) != 2:
        raise Malformed("alerte illisible")
    level, code = alert
    if code == CLOSE_NOTIFY[1]:
        return closed()
    if level == CLOSE_NOTIFY[0] and code in _PASSING:
        return None
    return Alert(level, code)

"""A TLS 1.3 client that goes just far enough to see what the protocol encrypts (RFC 8446)."""

import hashlib
import os
from dataclasses import replace
from functools import partial

from cyberaudit.facts.tls_suites import group_name, suite
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls import key_schedule, messages
from cyberaudit.probes.tls.conversation import Opener
from cyberaudit.probes.tls.flight import Alert
from cyberaudit.probes.tls.handshake import Handshake, Ticket, cause, held, refused
from cyberaudit.probes.tls.hello import TLS12, TLS13, VERSION_NAMES, Hello, build
from cyberaudit.probes.tls.key_exchange import GROUPS13, Half, half, shared
from cyberaudit.probes.tls.messages import Chain, Kind, ServerHello
from cyberaudit.probes.tls.octets import Malformed, Octets, vector
from cyberaudit.probes.tls.protection import Aead13
from cyberaudit.probes.tls.records import (
    ALERT,
    APPLICATION,
    CHANGE_CIPHER,
    CLOSE_NOTIFY,
    HANDSHAKE,
    Broken,
    Channel,
    closed,
    meaning,
)
from cyberaudit.probes.tls.signatures import USUAL, public_key, verifies

__all__ = ["Handshake", "Ticket", "handshake13"]

SUITES = (0x1301, 0x1302, 0x1303, 0x1304, 0x1305)
# Shares in the first hello: nearly every server takes one of these, the others ask for theirs.
FIRST_SHARES = (29, 23)
# Ours: servers send tickets right behind our Finished, or never; a far one has three times its first answer.
TICKET_SECONDS = 0.5
ANSWERS = 3
# Ours: OpenSSL gives two; a server that gives this many will not stop.
MAX_TICKETS = 16
_SIGNED = b" " * 64 + b"TLS 1.3, server CertificateVerify\0"
_IGNORED = frozenset({CHANGE_CIPHER})


async def handshake13(
    opener: Opener,
    *,
    server_name: str | None,
    within: float = 5.0,
    schemes: tuple[int, ...] = USUAL,
    alpn: tuple[str, ...] = (),
) -> Handshake | Alert | Unreachable:
    """One TLS 1.3 handshake, the certificate shown but not judged.

    `within`: seconds from the opening on. `schemes`: the SignatureSchemes offered, which choose between the
    certificates of a server that has several. An alert of the server is returned as it came.
    """
    offer = Hello(
        version=TLS13,
        suites=SUITES,
        server_name=server_name,
        groups=GROUPS13,
        signature_schemes=schemes,
        alpn=alpn,
        status_request=True,
        timestamps=True,
        session_id=os.urandom(32),  # looks like TLS 1.2 to the boxes on the way (RFC 8446 appendix D.4)
    )
    return await held(opener, partial(_talk, offer), within=within)


@frozen
class _Agreed:
    """What the two hellos settled."""

    suite: int
    group: int
    digest: str
    mode: str
    key_length: int
    handshake_secret: bytes
    transcript: bytes
    answer_seconds: float
    """How long the server took to answer."""

    def traffic(self, label: str, transcript: bytes) -> bytes:
        """The traffic secret of one side in the handshake."""
        hashed = hashlib.new(self.digest, transcript).digest()
        return key_schedule.derive(self.handshake_secret, label, hashed, digest=self.digest)

    def protection(self, secret: bytes) -> Aead13:
        keys = key_schedule.traffic(secret, key_length=self.key_length, digest=self.digest)
        return Aead13(self.mode, keys)


@frozen
class _Flight:
    """What the server sent under the handshake's keys."""

    alpn: str
    context: bytes | None
    """Of the CertificateRequest; None: no certificate was asked for."""
    chain: Chain
    signature_scheme: int
    is_signed: bool
    transcript: bytes


async def _talk(offer: Hello, channel: Channel) -> Handshake:
    agreed = await _agree(channel, offer)
    ours = agreed.traffic("c hs traffic", agreed.transcript)
    theirs = agreed.traffic("s hs traffic", agreed.transcript)
    channel.read_with(agreed.protection(theirs))
    flight = await _flight(channel, agreed, theirs)
    return Handshake(
        version=VERSION_NAMES[TLS13],
        suite=agreed.suite,
        group=agreed.group,
        signature_scheme=flight.signature_scheme,
        certificates=flight.chain.certificates,
        stapled=flight.chain.stapled,
        timestamps=flight.chain.timestamps,
        alpn=flight.alpn,
        wants_certificate=flight.context is not None,
        proved=flight.is_signed,
        tickets=await _finish(channel, agreed, flight, ours),
        renegotiated=Unreachable(Reason.NOT_LOOKED),
    )


async def _agree(channel: Channel, offer: Hello) -> _Agreed:
    """Both hellos, the second one again when the server asks for another share or gives a cookie."""
    begun, random = channel.now, os.urandom(32)
    halves = {group: made for group in FIRST_SHARES if (made := half(group)) is not None}
    hello, first = await _exchange(channel, _with_shares(offer, halves), random)
    transcript = hello + first
    answer, answered = _checked(first), channel.now
    if answer.is_retry:
        digest = _digest(answer.suite)
        retried, halves = _retried(offer, answer, halves)
        hello, second = await _exchange(channel, retried, random)
        stand_in = messages.message(
            Kind.MESSAGE_HASH, hashlib.new(digest, transcript[: -len(first)]).digest()
        )
        transcript = stand_in + first + hello + second
        again = _checked(second)
        if again.is_retry or again.suite != answer.suite:
            raise Malformed("deuxième réponse contraire à la première")
        answer = again
    return _settled(answer, halves, transcript, answered - begun)


async def _exchange(channel: Channel, offer: Hello, random: bytes) -> tuple[bytes, bytes]:
    """The hello as sent, and the server's, each a message."""
    record = build(offer, random=random)
    await channel.send_raw(record)
    return record[5:], await channel.message(ignoring=_IGNORED)


def _with_shares(offer: Hello, halves: dict[int, Half]) -> Hello:
    return replace(offer, shares=tuple((group, ours.public) for group, ours in halves.items()))


def _checked(message: bytes) -> ServerHello:
    """The server's hello, when it is one that answers ours."""
    hello = messages.server_hello(message)
    if hello.version != TLS13:
        version = VERSION_NAMES.get(hello.version, "une version inconnue")
        raise Broken(Unreachable(Reason.TLS_FAILURE, f"réponse en {version}"))
    if hello.suite not in SUITES:
        raise Malformed("suite choisie sans être proposée")
    return hello


def _retried(offer: Hello, retry: ServerHello, halves: dict[int, Half]) -> tuple[Hello, dict[int, Half]]:
    """The second hello; a retry may ask for another share, give a cookie, or both."""
    if messages.Extension.COOKIE in retry.extensions:
        offer = replace(offer, cookie=Octets(retry.extensions[messages.Extension.COOKIE]).vector(2))
    if messages.Extension.KEY_SHARE in retry.extensions:
        group, _ = messages.key_share(retry)
        ours = half(group)
        if ours is None:
            raise Broken(Unreachable(Reason.NO_PROBE, f"groupe {group_name(group)}"))
        halves = {group: ours}
    return _with_shares(offer, halves), halves


def _settled(hello: ServerHello, halves: dict[int, Half], transcript: bytes, seconds: float) -> _Agreed:
    group, theirs = messages.key_share(hello)
    if group not in halves:
        raise Malformed("groupe choisi sans être proposé")
    digest, chosen = _digest(hello.suite), suite(hello.suite)
    secret = key_schedule.next_secret(
        key_schedule.early_secret(digest), shared(halves[group], theirs), digest=digest
    )
    return _Agreed(
        suite=hello.suite,
        group=group,
        digest=digest,
        mode=chosen.mode,
        key_length=chosen.bits // 8,
        handshake_secret=secret,
        transcript=transcript,
        answer_seconds=seconds,
    )


def _digest(code: int) -> str:
    return suite(code).digest.lower()


async def _flight(channel: Channel, agreed: _Agreed, secret: bytes) -> _Flight:
    """From EncryptedExtensions to the server's Finished, in the only order there is."""
    first = await _next(channel)
    extensions = messages.body(first, Kind.ENCRYPTED_EXTENSIONS).extensions()
    transcript, message, context = agreed.transcript + first, await _next(channel), None
    if messages.kind(message) == Kind.CERTIFICATE_REQUEST:
        context = messages.body(message, Kind.CERTIFICATE_REQUEST).vector(1)
        transcript, message = transcript + message, await _next(channel)
    chain = messages.chain13(message)
    transcript += message
    message = await _next(channel)
    scheme, signature = messages.certificate_verify(message)
    content = _SIGNED + hashlib.new(agreed.digest, transcript).digest()
    key = public_key(chain.certificates[0]) if chain.certificates else None
    transcript += message
    return _Flight(
        alpn=messages.alpn(extensions),
        context=context,
        chain=chain,
        signature_scheme=scheme,
        is_signed=verifies(scheme, key, signature=signature, content=content),
        transcript=transcript + await _finished(channel, agreed, secret, transcript),
    )


async def _next(channel: Channel) -> bytes:
    return await channel.message(ignoring=_IGNORED)


async def _finished(channel: Channel, agreed: _Agreed, secret: bytes, transcript: bytes) -> bytes:
    """The server's Finished, which must agree with all that was said."""
    message = await _next(channel)
    hashed = hashlib.new(agreed.digest, transcript).digest()
    expected = key_schedule.verify_data(secret, hashed, digest=agreed.digest)
    if messages.body(message, Kind.FINISHED).rest() != expected:
        raise Broken(Unreachable(Reason.TLS_FAILURE, "fin de négociation fausse"))
    return message


async def _finish(
    channel: Channel, agreed: _Agreed, flight: _Flight, ours: bytes
) -> tuple[Ticket, ...] | Unreachable:
    """Our Finished and our goodbye at once, then the tickets: the server reads the one before the other."""
    digest, transcript = agreed.digest, flight.transcript
    hashed = hashlib.new(digest, transcript).digest()
    master = key_schedule.next_secret(agreed.handshake_secret, b"", digest=digest)
    theirs = key_schedule.derive(master, "s ap traffic", hashed, digest=digest)
    empty = _no_certificate(flight.context)
    hashed_with_ours = hashlib.new(digest, transcript + empty).digest()
    finished = messages.message(
        Kind.FINISHED, key_schedule.verify_data(ours, hashed_with_ours, digest=digest)
    )
    goodbye = key_schedule.derive(master, "c ap traffic", hashed, digest=digest)
    try:
        channel.read_with(agreed.protection(theirs))
        await _send_last(channel, agreed, (ours, empty + finished), (goodbye, CLOSE_NOTIFY))
        channel.shorten(max(TICKET_SECONDS, ANSWERS * agreed.answer_seconds))
        return await _Tickets(channel, agreed, theirs, is_sure=flight.context is None).all()
    except Broken as broken:
        return cause(broken)
    except Malformed as error:
        return Unreachable(Reason.PROTOCOL_ERROR, str(error))


def _no_certificate(context: bytes | None) -> bytes:
    """The empty Certificate of a client that is asked for one and has none."""
    if context is None:
        return b""
    return messages.message(Kind.CERTIFICATE, vector(context, 1) + vector(b"", 3))


async def _send_last(
    channel: Channel, agreed: _Agreed, handshake: tuple[bytes, bytes], goodbye: tuple[bytes, bytes]
) -> None:
    """Each a traffic secret, and what is sealed with it."""
    channel.version = TLS12
    last = channel.record(CHANGE_CIPHER, b"\x01")
    for kind, (secret, content) in ((HANDSHAKE, handshake), (ALERT, goodbye)):
        channel.writing = agreed.protection(secret)
        last += channel.record(kind, content)
    await channel.send_raw(last)


class _Tickets:
    """What comes after the handshake, until the server ends or a short time is over."""

    def __init__(self, channel: Channel, agreed: _Agreed, secret: bytes, *, is_sure: bool) -> None:
        """`is_sure`: an end without a word means that the server was content, too."""
        self._channel, self._agreed, self._secret = channel, agreed, secret
        self._is_sure = is_sure
        self._given: list[Ticket] = []
        self._is_content = False

    async def all(self) -> tuple[Ticket, ...] | Unreachable:
        """Every ticket; Unreachable when nothing tells whether the server took our Finished."""
        try:
            while await self._one():
                pass
        except Broken as broken:
            ended = broken.cause == closed() and self._is_sure
            if not (ended or self._is_content):
                return cause(broken)
        return tuple(self._given)

    async def _one(self) -> bool:
        """Read one thing; False: it was the last."""
        kind, content = await self._channel.next()
        if kind == HANDSHAKE:
            self._read(content)
        elif kind == APPLICATION:
            self._is_content = True
        elif kind == ALERT and (stop := meaning(content)) is not None:
            if isinstance(stop, Alert):
                raise Broken(refused(stop))
            return False
        return True

    def _read(self, message: bytes) -> None:
        """A NewSessionTicket or a KeyUpdate; anything else is out of place."""
        self._is_content = True
        if messages.kind(message) == Kind.KEY_UPDATE:
            self._secret = key_schedule.updated(self._secret, digest=self._agreed.digest)
            self._channel.read_with(self._agreed.protection(self._secret))
            return
        self._given.append(messages.ticket13(message))
        if len(self._given) > MAX_TICKETS:
            raise Malformed("tickets sans fin")

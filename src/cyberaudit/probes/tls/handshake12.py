"""A client for TLS 1.0 to 1.2 that finishes a handshake, and may then ask to begin it again (RFC 5246)."""

import hashlib
import os
from dataclasses import replace
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa

from cyberaudit.facts.tls_suites import group_name, suite
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls import key_schedule12, messages
from cyberaudit.probes.tls.ciphers12 import DOABLE, Means
from cyberaudit.probes.tls.conversation import Opener
from cyberaudit.probes.tls.finite_field import MAX_BITS, FiniteField
from cyberaudit.probes.tls.flight import Alert
from cyberaudit.probes.tls.handshake import Handshake, Ticket, cause, held
from cyberaudit.probes.tls.hello import TLS10, TLS12, VERSION_NAMES, Hello, build
from cyberaudit.probes.tls.key_exchange import GROUPS12, half, shared
from cyberaudit.probes.tls.messages import Extension, KeyExchange, Kind, ServerHello
from cyberaudit.probes.tls.octets import Malformed, vector
from cyberaudit.probes.tls.protection import Protection
from cyberaudit.probes.tls.records import (
    ALERT,
    APPLICATION,
    CHANGE_CIPHER,
    CLOSE_NOTIFY,
    HANDSHAKE,
    Broken,
    Channel,
    meaning,
)
from cyberaudit.probes.tls.signatures import OLD, USUAL, public_key, verifies

__all__ = ["DOABLE", "Handshake", "Ticket", "handshake12"]

# Ours: a server that renegotiates, or says no, does so at once; silence is the answer of few.
RENEGOTIATION_SECONDS = 2.0
ANSWERS = 3


async def handshake12(
    opener: Opener,
    *,
    server_name: str | None,
    within: float = 5.0,
    renegotiate: bool = False,
    suites: tuple[int, ...] = DOABLE,
    version: int = TLS12,
) -> Handshake | Alert | Unreachable:
    """One handshake of TLS 1.2, or older as the server chooses; the certificate shown but not judged.

    `within`: seconds from the opening on. `renegotiate`: then begin another one inside, which is intrusive.
    `version`: the newest one offered. What the server showed before a handshake that we cannot finish is
    returned, `tickets` telling why; an alert in its place as it came.
    """
    offer = Hello(
        version=version,
        suites=suites,
        server_name=server_name,
        groups=GROUPS12,
        signature_schemes=USUAL + OLD,
        session_ticket=True,
        status_request=True,
        timestamps=True,
    )
    return await held(opener, partial(_talk, offer, renegotiate=renegotiate), within=within)


@frozen
class _Flight:
    """The server's first flight, all of it in clear."""

    hello: ServerHello
    offered: int
    """The version of our hello."""
    our_random: bytes
    certificates: tuple[bytes, ...]
    is_stapled: bool
    exchange: bytes | None
    """The ServerKeyExchange."""
    wants_certificate: bool
    transcript: bytes
    answer_seconds: float
    """How long the server took to answer."""

    @property
    def randoms(self) -> bytes:
        """Ours, then the server's."""
        return self.our_random + self.hello.random

    def has(self, extension: Extension) -> bool:
        return extension in self.hello.extensions


@frozen
class _Exchanged:
    """A key exchange, our half made."""

    shared: bytes
    ours: bytes
    """The body of our ClientKeyExchange."""
    group: int
    scheme: int
    is_signed: bool
    """The server signed its half; so it counts when there is nothing to sign (RSA)."""


@frozen
class _Session:
    """A finished handshake."""

    tickets: tuple[Ticket, ...]
    verify_data: bytes
    """Of our Finished."""


async def _talk(offer: Hello, channel: Channel, *, renegotiate: bool) -> Handshake:
    flight = await _flight(channel, offer)
    seen = _in_clear(flight)
    try:
        means, exchanged = _means(flight), _exchanged(flight)
        seen = replace(seen, group=exchanged.group, signature_scheme=exchanged.scheme)
        session = await _finish(channel, flight, means, exchanged)
    except Broken as broken:
        return replace(seen, tickets=cause(broken), renegotiated=cause(broken))
    if renegotiate:
        seen = replace(seen, renegotiated=await _renegotiated(channel, offer, flight, session))
    await _leave(channel)
    return replace(seen, proved=exchanged.is_signed, tickets=session.tickets)


def _in_clear(flight: _Flight) -> Handshake:
    """What was seen before any key."""
    unseen = Unreachable(Reason.NOT_LOOKED)
    return Handshake(
        version=VERSION_NAMES[flight.hello.version],
        suite=flight.hello.suite,
        group=0,
        signature_scheme=0,
        certificates=flight.certificates,
        stapled=flight.is_stapled,
        timestamps=messages.timestamps(flight.hello.extensions),
        alpn=messages.alpn(flight.hello.extensions),
        wants_certificate=flight.wants_certificate,
        proved=False,
        tickets=unseen,
        renegotiated=unseen,
    )


async def _flight(channel: Channel, offer: Hello) -> _Flight:
    """From the two hellos to ServerHelloDone, each message at most once and in its order."""
    begun, random = channel.now, os.urandom(32)
    record = build(offer, random=random)
    await channel.send_raw(record)
    first = await channel.message()
    answered, hello = channel.now, _checked(first, offer)
    channel.version = hello.version
    found = await _until_done(channel)
    return _Flight(
        hello=hello,
        offered=offer.version,
        our_random=random,
        certificates=messages.chain12(found[Kind.CERTIFICATE]) if Kind.CERTIFICATE in found else (),
        is_stapled=Kind.CERTIFICATE_STATUS in found and messages.status(found[Kind.CERTIFICATE_STATUS]),
        exchange=found.get(Kind.SERVER_KEY_EXCHANGE),
        wants_certificate=Kind.CERTIFICATE_REQUEST in found,
        transcript=record[5:] + first + b"".join(found.values()),
        answer_seconds=answered - begun,
    )


def _checked(message: bytes, offer: Hello) -> ServerHello:
    hello = messages.server_hello(message)
    if hello.version not in VERSION_NAMES or hello.version > offer.version:
        raise Malformed("version choisie sans être proposée")
    if hello.suite not in offer.suites or hello.compression:
        raise Malformed("suite choisie sans être proposée")
    return hello


_ORDER = (
    Kind.CERTIFICATE,
    Kind.CERTIFICATE_STATUS,
    Kind.SERVER_KEY_EXCHANGE,
    Kind.CERTIFICATE_REQUEST,
    Kind.SERVER_HELLO_DONE,
)


async def _until_done(channel: Channel) -> dict[int, bytes]:
    """The messages after the ServerHello, by kind, as they came."""
    found: dict[int, bytes] = {}
    expected: tuple[Kind, ...] = _ORDER
    while Kind.SERVER_HELLO_DONE not in found:
        message = await channel.message()
        kind = messages.kind(message)
        if kind not in expected:
            raise Malformed("messages dans le désordre")
        expected = expected[expected.index(Kind(kind)) + 1 :]
        found[kind] = message
    return found


def _means(flight: _Flight) -> Means:
    if flight.hello.version < TLS10 or flight.hello.suite not in DOABLE:
        raise Broken(Unreachable(Reason.NO_PROBE, suite(flight.hello.suite).name))
    if not flight.certificates:
        raise Malformed("certificat absent")
    chosen = suite(flight.hello.suite)
    mac_outside = flight.has(Extension.ENCRYPT_THEN_MAC) and chosen.mode == "CBC"
    return Means(chosen, flight.hello.version, mac_outside)


def _exchanged(flight: _Flight) -> _Exchanged:
    key = public_key(flight.certificates[0])
    kind = suite(flight.hello.suite).exchange
    if kind == "RSA":
        return _by_rsa(key, offered=flight.offered)
    if flight.exchange is None:
        raise Malformed("échange de clés absent")
    theirs = messages.key_exchange(
        flight.exchange, is_elliptic=kind == "ECDHE", has_scheme=flight.hello.version >= TLS12
    )
    is_signed = verifies(
        theirs.scheme, key, signature=theirs.signature, content=flight.randoms + theirs.parameters
    )
    make = _by_curve if kind == "ECDHE" else _by_prime
    return replace(make(theirs), is_signed=is_signed)


def _by_rsa(key: Any, *, offered: int) -> _Exchanged:
    """The secret, which begins with the version of our hello, under the certificate's key (RFC 5246 §7.4.7.1)."""
    unusable = Broken(Unreachable(Reason.TLS_FAILURE, "clé RSA du certificat inutilisable"))
    if not isinstance(key, rsa.RSAPublicKey):
        raise unusable
    secret = offered.to_bytes(2) + os.urandom(46)
    try:
        sealed = key.encrypt(secret, padding.PKCS1v15())
    except ValueError as error:
        raise unusable from error
    return _Exchanged(secret, vector(sealed, 2), group=0, scheme=0, is_signed=True)


def _by_curve(theirs: KeyExchange) -> _Exchanged:
    ours = half(theirs.group)
    if ours is None:
        raise Broken(Unreachable(Reason.NO_PROBE, f"groupe {group_name(theirs.group)}"))
    secret = shared(ours, theirs.share)
    return _Exchanged(secret, vector(ours.public, 1), theirs.group, theirs.scheme, is_signed=False)


def _by_prime(theirs: KeyExchange) -> _Exchanged:
    modulus = int.from_bytes(theirs.prime)
    # Python's pow takes no modulus under 1; a prime of a few bits leaves no room for our half.
    if not 16 <= modulus.bit_length() <= MAX_BITS:
        raise Broken(Unreachable(Reason.NO_PROBE, f"nombre premier de {modulus.bit_length()} bits"))
    ours = FiniteField(modulus, int.from_bytes(theirs.generator))
    # RFC 5246 §8.1.2: zeros at the front of the secret are left out.
    secret = shared(ours, theirs.share).lstrip(b"\0")
    return _Exchanged(secret, vector(ours.public, 2), 0, theirs.scheme, is_signed=False)


def _hashed(transcript: bytes, digest: str) -> bytes:
    """What Finished covers; TLS 1.0 and 1.1 hash twice."""
    if digest != key_schedule12.OLD:
        return hashlib.new(digest, transcript).digest()
    return hashlib.md5(transcript).digest() + hashlib.sha1(transcript).digest()  # noqa: S324 — the protocol's own


async def _finish(channel: Channel, flight: _Flight, means: Means, exchanged: _Exchanged) -> _Session:
    """Our second flight, and the server's; its wrong Finished is no handshake at all."""
    sent = _our_messages(flight, exchanged)
    transcript, digest = flight.transcript + b"".join(sent), means.digest
    master = _master(flight, exchanged, _hashed(transcript, digest), digest=digest)
    ours, theirs = means.protections(master, flight.hello.random + flight.our_random)
    verify_data = key_schedule12.verify_data(
        master, "client finished", _hashed(transcript, digest), digest=digest
    )
    finished = messages.message(Kind.FINISHED, verify_data)
    await _send_last(channel, sent, ours, finished)
    tickets, transcript = await _tickets(channel, transcript + finished)
    channel.read_with(theirs)
    expected = key_schedule12.verify_data(
        master, "server finished", _hashed(transcript, digest), digest=digest
    )
    if messages.body(await channel.message(), Kind.FINISHED).rest() != expected:
        raise Malformed("fin de négociation fausse")
    return _Session(tickets, verify_data)


def _our_messages(flight: _Flight, exchanged: _Exchanged) -> tuple[bytes, ...]:
    """What stands in clear before our Finished; a client without a certificate sends an empty one."""
    exchange = messages.message(Kind.CLIENT_KEY_EXCHANGE, exchanged.ours)
    if not flight.wants_certificate:
        return (exchange,)
    return messages.message(Kind.CERTIFICATE, vector(b"", 3)), exchange


def _master(flight: _Flight, exchanged: _Exchanged, session_hash: bytes, *, digest: str) -> bytes:
    if flight.has(Extension.EXTENDED_MASTER_SECRET):
        return key_schedule12.extended_master_secret(exchanged.shared, session_hash, digest=digest)
    return key_schedule12.master_secret(exchanged.shared, flight.randoms, digest=digest)


async def _send_last(
    channel: Channel, sent: tuple[bytes, ...], protection: Protection, finished: bytes
) -> None:
    records = [channel.record(HANDSHAKE, message) for message in sent]
    records.append(channel.record(CHANGE_CIPHER, b"\x01"))
    channel.writing = protection
    records.append(channel.record(HANDSHAKE, finished))
    await channel.send_raw(b"".join(records))


async def _tickets(channel: Channel, transcript: bytes) -> tuple[tuple[Ticket, ...], bytes]:
    """At most one ticket, then the server's change of keys; and the transcript by then."""
    tickets: tuple[Ticket, ...] = ()
    while True:
        kind, content = await channel.next()
        if kind == CHANGE_CIPHER:
            return tickets, transcript
        if kind == ALERT and (stop := meaning(content)) is not None:
            raise Broken(stop)
        if kind == HANDSHAKE and not tickets:
            ticket = messages.ticket12(content)
            tickets, transcript = (ticket,) if ticket else (), transcript + content
        elif kind != ALERT:
            raise Malformed("messages dans le désordre")


async def _renegotiated(
    channel: Channel, offer: Hello, flight: _Flight, session: _Session
) -> bool | Unreachable:
    """A new hello inside the session: True when the server goes along, False when it says no in words."""
    is_secure = flight.has(Extension.RENEGOTIATION_INFO)
    again = replace(
        offer,
        renegotiation_info=is_secure,
        verify_data=session.verify_data,
        version=flight.hello.version,
    )
    channel.shorten(max(RENEGOTIATION_SECONDS, ANSWERS * flight.answer_seconds))
    try:
        await channel.send((HANDSHAKE, build(again)[5:]))
        while (answer := _answer(*await channel.next())) is None:
            pass
    except Broken as broken:
        return cause(broken)
    except Malformed as error:
        return Unreachable(Reason.PROTOCOL_ERROR, str(error))
    return answer


def _answer(kind: int, content: bytes) -> bool | Unreachable | None:
    """What one record says of our second hello; None: nothing."""
    if kind == ALERT:
        stop = meaning(content)
        return stop if isinstance(stop, Unreachable) else False if stop else None
    if kind == APPLICATION:
        return None
    if kind != HANDSHAKE or messages.kind(content) not in (Kind.SERVER_HELLO, Kind.HELLO_REQUEST):
        raise Malformed("réponse inattendue à une renégociation")
    return True if messages.kind(content) == Kind.SERVER_HELLO else None


async def _leave(channel: Channel) -> None:
    """Say goodbye; a line that is down already does not matter."""
    try:
        await channel.send((ALERT, CLOSE_NOTIFY))
    except Broken:
        return

"""What a TLS endpoint accepts and shows: one handshake with everything allowed, then one for each version."""

import asyncio
import ssl
import warnings
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from functools import partial
from typing import TypeVar

from cyberaudit.declared import AssetKind, Host, Vpn, VpnKind
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.tls_endpoint import TlsEndpoint, VersionAnswer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.certificates import TrustStore, trust_store
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Patience
from cyberaudit.probes.looks import kept
from cyberaudit.probes.network import Network
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.tls_client import lenient_context, sni, tls_session
from cyberaudit.probes.vantage import facing

T = TypeVar("T")

USUAL_PORT = "tcp/443"
VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
# Ours: a host has one address of each family, two when it has two lines.
MAX_ADDRESSES = 4
# Ours: long enough for a small box that drops what comes too fast.
PAUSE_SECONDS = 0.5
# Ours: TCP's own, ClientHello, and an acknowledgement for every second packet of 256 KiB at most.
PACKETS_PER_HANDSHAKE = 100
CHUNK_BYTES = 4096
# What a second try in the same run cannot change.
_LASTING = {Reason.NOT_AUTHORIZED, Reason.NO_ROUTE, Reason.PERMISSION_DENIED}
# The line broke or nothing came: asked once more before it counts.
_PASSING = {Reason.TIMEOUT, Reason.DEADLINE, Reason.RESET}
# Something talks there, and may still answer a single version.
_TALKS = {Reason.RESET, Reason.TLS_FAILURE, Reason.PROTOCOL_ERROR}

# RFC 8446 §5.1, §4 and §6.
_ALERT_RECORD, _HANDSHAKE_RECORD = b"\x15", b"\x16"
_SERVER_HELLO = b"\x02"
_PROTOCOL_VERSION = bytes([70])
# handshake_failure, insufficient_security, and internal_error: OpenSSL 3 sends it for a version that its
# security level forbids.
_VAGUE_ALERTS = {bytes([40]), bytes([71]), bytes([80])}
_RECORD_HEADER, _MESSAGE_HEADER = 5, 4
_HEAD_BYTES = _RECORD_HEADER + _MESSAGE_HEADER
# OpenSSL's words for a ServerHello of a version that was not offered.
_OTHER_VERSION = {"UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION"}


class _Said(Enum):
    """What the server made of one version."""

    ACCEPTED = auto()
    REFUSED = auto()
    """In so many words: a `protocol_version` alert, or a ServerHello of another version."""
    DISLIKED = auto()
    """An alert that may mean the version, or the name, the ciphers, a passing trouble."""


@dataclass(frozen=True, slots=True)
class _Door:
    """One port of one address, and how we knock there."""

    network: Network
    patience: Patience
    trust: TrustStore | Unreachable
    now: datetime
    address: IpAddress
    port: int
    hostname: str

    async def open(self) -> Stream | Unreachable:
        return await self.network.connect(
            self.address, self.port, purpose=Purpose.ACTIVE, within=self.patience.connect
        )


async def look(asset: Vpn, instruments: Instruments) -> TlsEndpoint | Unreachable:
    """The facts; `Unreachable` when the access is of another technique, or its host has no address that faces us."""
    port = _tcp_port(asset)
    if port is None:
        return Unreachable(Reason.NO_PROBE, clean(f"{asset.type} {asset.port}".strip()))
    if _host(asset, instruments) is None:
        return Unreachable(Reason.NOT_DECLARED, f"aucune adresse pour « {clean(asset.host)} »")
    doors = _doors(asset, instruments, port)
    if not doors:
        return Unreachable(Reason.NOT_LOOKED)
    door, session, shut = await _first_session(doors[:MAX_ADDRESSES])
    return TlsEndpoint(
        hostname=asset.hostname,
        address=str(door.address),
        port=asset.port or USUAL_PORT,
        versions=await _versions(door, session),
        session=session,
        left_out=tuple(str(other.address) for other in doors if other not in (door, *shut)),
    )


def worth_asking_again(facts: TlsEndpoint) -> bool:
    """No handshake ended well, for a reason that may pass."""
    return isinstance(facts.session, Unreachable) and facts.session.reason not in _LASTING


def merge_looks(first: TlsEndpoint, second: TlsEndpoint) -> TlsEndpoint:
    """The second look; what only the first one saw stays, as long as both tell of the same address."""
    if first.address != second.address:
        return first if isinstance(second.session, Unreachable) else second
    known = {answer.version: answer.accepted for answer in first.versions}
    return replace(
        second,
        session=kept(first.session, second.session),
        left_out=tuple(address for address in second.left_out if address in first.left_out),
        versions=tuple(
            replace(answer, accepted=kept(known.get(answer.version, answer.accepted), answer.accepted))
            for answer in second.versions
        ),
    )


def announce(asset: Vpn, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: nothing when the access is of another technique, or no address faces us."""
    port, host = _tcp_port(asset), _host(asset, instruments)
    if port is None or (host and not facing(host, instruments.vantage)):
        return ()
    tries = 2 * (MAX_ADDRESSES + len(VERSIONS))
    return (
        Announcement(
            target=asset.hostname or asset.host,
            purpose=Purpose.ACTIVE,
            text=f"l'accès à distance « {asset.name} » : {1 + len(VERSIONS)} connexions chiffrées, "
            f"port {port}, une seconde fois en cas d'échec",
            max_packets=2 * tries * PACKETS_PER_HANDSHAKE,
        ),
    )


def _tcp_port(asset: Vpn) -> int | None:
    """The port's number; None when there is no TLS over TCP to look at."""
    protocol, _, number = (asset.port or USUAL_PORT).partition("/")
    return int(number) if asset.type is VpnKind.SSL and protocol == "tcp" else None


def _host(asset: Vpn, instruments: Instruments) -> Host | None:
    host = instruments.town.asset(f"{AssetKind.HOST}/{asset.host}")
    return host if isinstance(host, Host) and host.addresses else None


def _doors(asset: Vpn, instruments: Instruments, port: int) -> tuple[_Door, ...]:
    addresses = facing(host, instruments.vantage) if (host := _host(asset, instruments)) else ()
    options = instruments.options
    trust = trust_store(options.ca_bundle)
    return tuple(
        _Door(
            network=instruments.network,
            patience=options.patience,
            trust=trust,
            now=instruments.now,
            address=address,
            port=port,
            hostname=asset.hostname,
        )
        for address in addresses
    )


async def _first_session(
    doors: Iterable[_Door],
) -> tuple[_Door, TlsSession | Unreachable, tuple[_Door, ...]]:
    """The first address where TLS is spoken; when there is none, the one that said the most.

    With those that refused the connection: no TLS is spoken there.
    """
    tried: list[tuple[_Door, Unreachable]] = []
    for door in doors:
        session = await _twice(partial(_session, door))
        if isinstance(session, TlsSession):
            return door, session, _shut(tried)
        tried.append((door, session))
    door, cause = next((entry for entry in tried if entry[1].reason in _TALKS), tried[0])
    return door, cause, _shut(tried)


def _shut(tried: Iterable[tuple[_Door, Unreachable]]) -> tuple[_Door, ...]:
    return tuple(door for door, cause in tried if cause.reason is Reason.REFUSED)


async def _twice(ask: Callable[[], Awaitable[T | Unreachable]]) -> T | Unreachable:
    """The answer; asked once more, after a pause, when it may have been an accident."""
    answer = await ask()
    if answer is not _Said.DISLIKED and not (isinstance(answer, Unreachable) and answer.reason in _PASSING):
        return answer
    await asyncio.sleep(PAUSE_SECONDS)
    return await ask()


async def _session(door: _Door) -> TlsSession | Unreachable:
    stream = await door.open()
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        failure = await stream.start_tls(
            lenient_context(), server_name=sni(door.hostname), within=door.patience.handshake
        )
        if failure is not None:
            return failure
        assert stream.tls is not None
        host = door.hostname or str(door.address)
        return tls_session(stream.tls, host=host, trust=door.trust, now=door.now)


async def _versions(door: _Door, session: TlsSession | Unreachable) -> tuple[VersionAnswer, ...]:
    """Every version, all asked together; none where nobody talks."""
    if isinstance(session, Unreachable) and session.reason not in _TALKS:
        return tuple(VersionAnswer(name, session) for name in VERSIONS)
    said = await asyncio.gather(*(_twice(partial(_ask, door, version)) for version in VERSIONS.values()))
    speaks = isinstance(session, TlsSession) or _Said.ACCEPTED in said
    return tuple(
        VersionAnswer(name, _accepted(answer, speaks=speaks))
        for name, answer in zip(VERSIONS, said, strict=True)
    )


def _accepted(said: _Said | Unreachable, *, speaks: bool) -> bool | Unreachable:
    """A vague alert tells about the version only where some handshake ended well: control for refusals."""
    match said:
        case Unreachable():
            return said
        case _Said.DISLIKED if not speaks:
            return Unreachable(Reason.TLS_FAILURE, "toutes les connexions sont refusées")
        case _:
            return said is _Said.ACCEPTED


async def _ask(door: _Door, version: ssl.TLSVersion) -> _Said | Unreachable:
    """What the server makes of a client that speaks `version` alone."""
    offer = _Offer(_only(version), server_name=sni(door.hostname))
    unable = offer.proceed()
    if unable is not None:  # before a single byte was received: ours, not the server's
        return Unreachable(Reason.NO_PROBE, f"la bibliothèque TLS d'ici ne parle pas {version.name}")
    stream = await door.open()
    if isinstance(stream, Unreachable):
        return stream
    within = door.patience.handshake
    with stream:
        try:
            async with asyncio.timeout(within):
                return await _discuss(stream, offer, within=within)
        except TimeoutError:
            return Unreachable(Reason.TIMEOUT)


async def _discuss(stream: Stream, offer: "_Offer", *, within: float) -> _Said | Unreachable:
    said: _Said | Unreachable | None = None
    while said is None:
        unsent = await stream.write(offer.to_send(), within=within)
        if unsent is not None:
            return unsent
        data = await stream.read(CHUNK_BYTES, within=within)
        if isinstance(data, Unreachable):
            return data
        if not data:  # not a refusal: those come as an alert
            return Unreachable(Reason.RESET, "connexion fermée par le serveur")
        said = offer.proceed(data)
    return said


def _only(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that enforces nothing and speaks one version."""
    context = lenient_context()
    with warnings.catch_warnings():
        # Python warns that TLS 1.0 and 1.1 are not to be used; whether a server still does is the question.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = version
        context.minimum_version = version
    return context


class _Offer:
    """A handshake fed by hand: its first answer tells a refused version from every other trouble.

    OpenSSL's error alone does not: a server that wants a client's certificate sends the same alert, later.
    """

    def __init__(self, context: ssl.SSLContext, *, server_name: str | None) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._head = b""

    def to_send(self) -> bytes:
        return self._outgoing.read()

    def proceed(self, data: bytes = b"") -> _Said | Unreachable | None:
        """What the server said, now that `data` was received too; None: there is more to come."""
        self._incoming.write(data)
        self._head = (self._head + data)[:_HEAD_BYTES]
        try:
            self._session.do_handshake()
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLError as error:
            return _meaning(self._head, error.reason or "")
        return _Said.ACCEPTED


def _meaning(head: bytes, trouble: str) -> _Said | Unreachable:
    """What a broken handshake says of its version, from the first bytes received and OpenSSL's reason."""
    content = head[_RECORD_HEADER:]
    if head[:1] == _ALERT_RECORD and content[1:2] == _PROTOCOL_VERSION:
        return _Said.REFUSED
    if head[:1] == _ALERT_RECORD and content[1:2] in _VAGUE_ALERTS:
        return _Said.DISLIKED
    if _is_server_hello(head):
        if (
            trouble in _OTHER_VERSION
        ):  # RFC 5246, appendix E.1: how a server that knows only older ones answers
            return _Said.REFUSED
        if "ALERT" in trouble:  # the version was agreed on; a client's certificate was wanted
            return _Said.ACCEPTED
    return Unreachable(Reason.TLS_FAILURE, clean(trouble))


def _is_server_hello(head: bytes) -> bool:
    """The first record holds one whole ServerHello: what came later is about something else."""
    record_bytes, message_bytes = int.from_bytes(head[3:5]), int.from_bytes(head[6:9])
    return (
        len(head) == _HEAD_BYTES
        and head[:1] == _HANDSHAKE_RECORD
        and head[5:6] == _SERVER_HELLO
        and record_bytes >= _MESSAGE_HEADER + message_bytes
    )

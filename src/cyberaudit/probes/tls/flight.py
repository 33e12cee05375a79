"""What a server answers to a ClientHello, read from its bytes as they come; hostile until proved otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import IntEnum
from typing import Final

from cyberaudit.facts.tls_suites import suite
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.tls import foreign
from cyberaudit.probes.tls.hello import SSL2, TLS12, TLS13
from cyberaudit.probes.tls.octets import Malformed, Octets

# RFC 8446 §4.1.3: a ServerHello with this random is a HelloRetryRequest (the SHA-256 of « HelloRetryRequest »)
RETRY: Final = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
HANDSHAKE_FAILURE: Final = 40
# RFC 5246 §7.2.2, RFC 8446 §6.2: always fatal, whatever level a server writes beside; and close_notify ends all
_FINAL = frozenset({0, 10, 20, 22, 30, 40, 47, 48, 49, 50, 51, 60, 70, 71, 80, 86, 109, 110, 115, 116, 120})
# RFC 5246 §6.2.3: the longest record, compressed and encrypted
_RECORD: Final = (1 << 14) + 2048
_HEADER: Final = 5
_FATAL: Final = 2
_LEVELS: Final = (1, _FATAL)
# Ours: four times the longest chain met.
_CHAIN: Final = 32
# Of ECParameters when the server writes a curve out instead of naming it (RFC 4492 §5.4), as supported_groups codes
_EXPLICIT: Final = {1: 0xFF01, 2: 0xFF02}


class _Content(IntEnum):
    """Of a record (RFC 5246 §6.2.1)."""

    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22
    APPLICATION = 23


class _Message(IntEnum):
    """Of the handshake, as far as it is read (RFC 5246 §7.4, RFC 6066 §8)."""

    HELLO_REQUEST = 0
    SERVER_HELLO = 2
    CERTIFICATE = 11
    SERVER_KEY_EXCHANGE = 12
    CERTIFICATE_REQUEST = 13
    SERVER_HELLO_DONE = 14
    CERTIFICATE_STATUS = 22


@frozen
class Alert:
    """The server refused in so many words."""

    level: int
    code: int
    """`protocol_version` is 70, `handshake_failure` 40, …"""


@frozen
class ServerFlight:
    """The server's first flight, as far as it is in clear."""

    version: int
    """As negotiated: supported_versions when present, else the ServerHello's field; 0x0002 for SSLv2."""
    suite: int
    suites: tuple[int, ...]
    """SSLv2 only: every cipher kind the server named."""
    session_id: bytes
    compression: int
    extensions: frozenset[int]
    """Types of the ServerHello's extensions."""
    is_retry: bool
    """A HelloRetryRequest: the version and the suite are accepted all the same (RFC 8446 §4.1.4)."""
    cookie: bytes
    group: int
    """Of key_share, HelloRetryRequest or ServerKeyExchange (named_curve); 0 when none was seen."""
    share: bytes
    """The server's public share, TLS 1.3 or ECDHE; empty when none was seen."""
    dh_prime: bytes
    """Of a finite-field ServerKeyExchange; empty without one."""
    signature_scheme: int
    """Of the ServerKeyExchange (TLS 1.2; older: 0)."""
    alpn: str
    certificates: tuple[bytes, ...]
    """DER, as sent, the server's own first; TLS 1.2 or older, where they are in clear."""
    stapled: bool
    """A CertificateStatus message came."""
    wants_certificate: bool
    """A CertificateRequest came (TLS 1.2 or older)."""
    is_whole: bool
    """ServerHelloDone was seen, or what follows is encrypted or is not needed."""


@frozen
class Foreign:
    """Something answered that is not TLS."""

    protocol: str
    """`http`, `ssh`, `smtp`, `ftp`, …; `unknown`."""


Answer = ServerFlight | Alert | Foreign


class FlightReader:
    """Fed with what comes, it tells when the answer is there.

    The answer is the same however the bytes are cut, and stays the same once it was given.
    """

    def __init__(self, *, wants_whole: bool, limit: int = 64 * 1024) -> None:
        """`wants_whole`: go on until ServerHelloDone (certificates, key exchange); else the ServerHello is enough."""
        self._wants_whole = wants_whole
        self._room = limit
        self._bytes = bytearray()
        self._read: Callable[[], bool] = self._begin
        self._is_tls = False
        self._content = 0
        self._left = 0
        self._alert = bytearray()
        self._message = bytearray()
        self._warning: Alert | None = None
        self._flight: ServerFlight | None = None
        self._answer: Answer | None = None

    def feed(self, data: bytes) -> Answer | None:
        """The answer, once it is there; None: more is needed. After `limit` bytes: `Foreign`, or what was read."""
        if self._answer is None:
            self._take(data[: self._room])
        return self._answer

    def ended(self) -> Answer | None:
        """The other side closed or fell silent: what was read by then, if it is an answer."""
        if self._answer is None:
            self._answer = self._so_far()
        return self._answer

    def _take(self, data: bytes) -> None:
        self._bytes += data
        self._room -= len(data)
        while self._read():
            pass
        if not self._room:
            self._answer = self._answer or self._so_far() or Foreign("unknown")

    def _so_far(self) -> Answer | None:
        if self._flight or self._warning:
            return self._flight or self._warning
        if self._is_tls:
            return Foreign("unknown")
        beginning = bytes(self._bytes[: foreign.LINE])
        return Foreign(foreign.protocol(beginning)) if beginning else None

    def _begin(self) -> bool:
        """What is it? Like every reader of a state: whether it got on, and there may be more to read."""
        beginning = bytes(self._bytes[: foreign.LINE])
        if _is_record(beginning):
            self._is_tls = len(beginning) >= _HEADER
            self._read = self._header if self._is_tls else self._begin
            return self._is_tls
        if _is_ssl2(beginning):
            self._ssl2()
        elif foreign.is_told(beginning):
            self._answer = Foreign(foreign.protocol(beginning))
        return False

    def _ssl2(self) -> None:
        end = 2 + (int.from_bytes(self._bytes[:2]) & 0x7FFF)
        if len(self._bytes) >= max(3, end):
            self._answer = _ssl2_answer(bytes(self._bytes[2:end]))

    def _header(self) -> bool:
        """What stands before a record."""
        if len(self._bytes) < _HEADER:
            return False
        header = bytes(self._bytes[:_HEADER])
        if not _is_record(header):
            self._stop()
            return False
        del self._bytes[:_HEADER]
        self._content, self._left = header[0], int.from_bytes(header[3:])
        self._read = self._payload
        return True

    def _payload(self) -> bool:
        """As much of a record as is there: a server may take its time in the midst of one."""
        data = bytes(self._bytes[: self._left])
        del self._bytes[: self._left]
        self._left -= len(data)
        if not self._left:
            self._read = self._header
        match self._content:
            case _Content.HANDSHAKE:
                self._message += data
                self._messages()
            case _Content.ALERT:
                self._alert += data
                self._alerts()
            case _:
                # What was agreed on comes into force, and the rest is encrypted
                self._stop(is_whole=True)
        return self._answer is None and bool(self._bytes)

    def _alerts(self) -> None:
        while len(self._alert) >= 2 and self._answer is None:
            alert = Alert(level=self._alert[0], code=self._alert[1])
            del self._alert[:2]
            if alert.level not in _LEVELS:
                self._stop()
            elif alert.level == _FATAL or alert.code in _FINAL:
                self._answer = self._flight or alert
            self._warning = self._warning or alert

    def _messages(self) -> None:
        while len(self._message) >= 4 and self._answer is None:
            end = 4 + int.from_bytes(self._message[1:4])
            if len(self._message) < end:
                return
            kind, body = self._message[0], bytes(self._message[4:end])
            del self._message[:end]
            if self._flight is None:
                self._hello(kind, body)
            else:
                self._after(self._flight, kind, body)

    def _hello(self, kind: int, body: bytes) -> None:
        if kind == _Message.HELLO_REQUEST:
            return
        try:
            self._flight = _server_hello(body) if kind == _Message.SERVER_HELLO else None
        except Malformed:
            self._flight = None
        if self._flight is None or not self._wants_whole or self._flight.version >= TLS13:
            self._stop(is_whole=True)

    def _after(self, flight: ServerFlight, kind: int, body: bytes) -> None:
        if kind == _Message.SERVER_HELLO_DONE:
            self._stop(is_whole=True)
        elif (read := _READERS.get(kind)) is not None:
            try:
                self._flight = read(flight, body)
            except Malformed:
                # The suite and the version stand; what follows cannot be trusted to be read in step
                self._stop()

    def _stop(self, *, is_whole: bool = False) -> None:
        self._answer = replace(self._flight, is_whole=is_whole) if self._flight else Foreign("unknown")


def _is_record(data: bytes) -> bool:
    """The beginning, however short, of a TLS record."""
    if not data or data[0] not in tuple(_Content) or data[1:2] not in {b"", b"\x03"}:
        return False
    return len(data) < _HEADER or int.from_bytes(data[3:_HEADER]) <= _RECORD


def _is_ssl2(data: bytes) -> bool:
    """The beginning, however short, of an SSLv2 ERROR or SERVER-HELLO."""
    if not data or data[0] < 0x80:
        return False
    if b"\x80\x03\x00\x00".startswith(data[:4]):
        return True
    return data[2:3] in {b"", b"\x04"} and SSL2.to_bytes(2).startswith(data[5:7])


def _ssl2_answer(message: bytes) -> Answer:
    """SERVER-HELLO: its kinds may be none; ERROR is told as the alert that refuses."""
    octets = Octets(message)
    try:
        if octets.number(1) == 0:
            return Alert(level=2, code=HANDSHAKE_FAILURE)
        octets.take(4)
        sizes = [octets.number(2) for _ in range(3)]
        certificate, listed, session_id = (octets.take(size) for size in sizes)
    except Malformed:
        return Foreign("unknown")
    kinds = tuple(int.from_bytes(listed[at : at + 3]) for at in range(0, len(listed) - len(listed) % 3, 3))
    flight = _bare(SSL2, kinds[0] if kinds else 0, session_id=session_id)
    return replace(flight, suites=kinds, certificates=(certificate,) if certificate else (), is_whole=True)


def _bare(version: int, code: int, *, session_id: bytes) -> ServerFlight:
    """A flight of which nothing else is known yet."""
    return ServerFlight(
        version=version,
        suite=code,
        suites=(),
        session_id=session_id,
        compression=0,
        extensions=frozenset(),
        is_retry=False,
        cookie=b"",
        group=0,
        share=b"",
        dh_prime=b"",
        signature_scheme=0,
        alpn="",
        certificates=(),
        stapled=False,
        wants_certificate=False,
        is_whole=False,
    )


def _server_hello(body: bytes) -> ServerFlight:
    octets = Octets(body)
    version, random = octets.number(2), octets.take(32)
    session_id = octets.vector(1)
    code, compression = octets.number(2), octets.number(1)
    extensions = octets.extensions()
    is_retry = random == RETRY
    group, share = _key_share(extensions, is_retry=is_retry)
    return replace(
        _bare(_chosen_version(version, extensions), code, session_id=session_id),
        compression=compression,
        extensions=frozenset(extensions),
        is_retry=is_retry,
        cookie=Octets(extensions[44]).vector(2) if 44 in extensions else b"",
        group=group,
        share=share,
        alpn=_chosen_protocol(extensions),
    )


def _chosen_version(version: int, extensions: Mapping[int, bytes]) -> int:
    return Octets(extensions[43]).number(2) if 43 in extensions else version


def _chosen_protocol(extensions: Mapping[int, bytes]) -> str:
    return clean(Octets(extensions[16]).inside(2).vector(1)) if 16 in extensions else ""


def _key_share(extensions: Mapping[int, bytes], *, is_retry: bool) -> tuple[int, bytes]:
    if 51 not in extensions:
        return 0, b""
    octets = Octets(extensions[51])
    return octets.number(2), b"" if is_retry else octets.vector(2)


def _certificate(flight: ServerFlight, body: bytes) -> ServerFlight:
    chain = [der for der in Octets(body).inside(3).vectors(3) if der]
    return replace(flight, certificates=tuple(chain[:_CHAIN]))


def _certificate_status(flight: ServerFlight, body: bytes) -> ServerFlight:
    octets = Octets(body)
    return replace(flight, stapled=octets.number(1) == 1 and octets.vector(3) != b"")


def _certificate_request(flight: ServerFlight, _body: bytes) -> ServerFlight:
    return replace(flight, wants_certificate=True)


def _server_key_exchange(flight: ServerFlight, body: bytes) -> ServerFlight:
    """Read as the suite says (RFC 5246 §7.4.3, RFC 8422 §5.4, RFC 4279, RFC 5489, RFC 5054 §2.5.3)."""
    octets, found = Octets(body), suite(flight.suite)
    if found.authentication == "PSK":
        octets.vector(2)
    match found.exchange:
        case "ECDHE":
            return _curve(flight, octets, is_signed=found.authentication not in {"PSK", "anon"})
        case "DHE":
            flight = replace(flight, dh_prime=octets.vector(2))
            octets.vector(2), octets.vector(2)
        case "SRP":
            octets.vector(2), octets.vector(2), octets.vector(1), octets.vector(2)
        case _:
            # EXPORT of RSA: a short key of the server's, under TLS 1.2 without a scheme
            return flight
    return _scheme(flight, octets, is_signed=found.authentication not in {"PSK", "anon", "SRP"})


def _curve(flight: ServerFlight, octets: Octets, *, is_signed: bool) -> ServerFlight:
    kind = octets.number(1)
    if kind in _EXPLICIT:
        return replace(flight, group=_EXPLICIT[kind])
    flight = replace(flight, group=octets.number(2), share=octets.vector(1))
    return _scheme(flight, octets, is_signed=is_signed)


def _scheme(flight: ServerFlight, octets: Octets, *, is_signed: bool) -> ServerFlight:
    """RFC 5246 §4.7: only TLS 1.2 says how it signs."""
    if not is_signed or flight.version != TLS12:
        return flight
    return replace(flight, signature_scheme=octets.number(2))


_READERS: Mapping[int, Callable[[ServerFlight, bytes], ServerFlight]] = {
    _Message.CERTIFICATE: _certificate,
    _Message.SERVER_KEY_EXCHANGE: _server_key_exchange,
    _Message.CERTIFICATE_REQUEST: _certificate_request,
    _Message.CERTIFICATE_STATUS: _certificate_status,
}

"""TLS servers without a socket: OpenSSL's, and our own, which can be told to misbehave under the right keys."""

import hashlib
import os
import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cyberaudit.facts.tls_suites import suite
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls import key_schedule, key_schedule12, messages
from cyberaudit.probes.tls.ciphers12 import Means
from cyberaudit.probes.tls.conversation import Conversation, Opener
from cyberaudit.probes.tls.flight import RETRY
from cyberaudit.probes.tls.key_exchange import X25519, X25519MLKEM768, half
from cyberaudit.probes.tls.messages import Kind
from cyberaudit.probes.tls.octets import Octets, vector
from cyberaudit.probes.tls.protection import Aead13, Plain, Protection

NAME = "vpn.mairie-l-hay.example"
CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION = 20, 21, 22, 23
CLOSING = (ALERT, b"\x01\x00")
AES_128_GCM = 0x1301
ECDHE_ECDSA_AES_128_GCM = 0xC02B
SILENCE = Unreachable(Reason.TIMEOUT)
Content = tuple[int, bytes]


def to(peer: "Conversation") -> Opener:
    """An opener that leads to this one conversation."""

    async def opener() -> Conversation:
        return peer

    return opener


class Peer:
    """The half of a conversation that needs no socket; silence is a time-out at once."""

    def __init__(self) -> None:
        self._out = bytearray()
        self.has_left = False
        self.bites = 1 << 20
        """At most so many bytes at a time are given."""

    async def read(self, limit: int, *, within: float) -> bytes | Unreachable:
        assert within > 0
        taken = bytes(self._out[: min(limit, self.bites)])
        del self._out[: len(taken)]
        return taken or (b"" if self.has_left else SILENCE)

    async def write(self, data: bytes, *, within: float) -> Unreachable | None:
        assert within > 0
        self.take(data)
        return None

    def take(self, data: bytes) -> None:
        """The client has spoken."""
        raise NotImplementedError

    def close(self) -> None:
        self._out.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Saying(Peer):
    """It says the same whatever it hears, then falls silent or leaves."""

    def __init__(self, *answers: bytes, leaves: bool = False) -> None:
        super().__init__()
        self._answers = list(answers)
        self._leaves = leaves

    def take(self, data: bytes) -> None:
        if self._answers:
            self._out += self._answers.pop(0)
        self.has_left = self._leaves and not self._answers


class OpenSsl(Peer):
    """Python's own server, in memory; `spoil` sees everything it sends."""

    def __init__(self, context: ssl.SSLContext, spoil: Callable[[bytes], bytes] = bytes) -> None:
        super().__init__()
        self._in, self._back = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._session = context.wrap_bio(self._in, self._back, server_side=True)
        self._spoil = spoil
        self._is_done = False

    def take(self, data: bytes) -> None:
        self._in.write(data)
        try:
            if not self._is_done:
                self._session.do_handshake()
                self._is_done = True
            if not self._session.read(4096):
                self._session.unwrap()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.has_left = True
        if pending := self._back.read():
            self._out += self._spoil(pending)


@dataclass(frozen=True, slots=True)
class Identity:
    """A key, its certificate, and both as a PEM file."""

    key: ec.EllipticCurvePrivateKey
    der: bytes
    pem: Path


def certificate_for(
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, *, signed_with: ec.EllipticCurvePrivateKey
) -> bytes:
    """DER, in the name `NAME`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key, 1, begin, begin + timedelta(days=90))
    return builder.sign(signed_with, hashes.SHA256()).public_bytes(Encoding.DER)


def identity(folder: Path) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    der = certificate_for(key.public_key(), signed_with=key)
    pem = folder / "identity.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_text(secret.decode() + ssl.DER_cert_to_PEM_cert(der))
    return Identity(key, der, pem)


def server_context(shown: Identity, **settings: object) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.pem)
    for name, value in settings.items():
        setattr(context, name, value)
    return context


@dataclass(slots=True)
class Misbehaviour:
    """What our own servers do otherwise than they should; the defaults are honest."""

    change_flight: Callable[[list[bytes]], list[bytes]] = field(default=lambda flight: flight)
    """What becomes of the messages of the first flight, the ServerHello left out (TLS 1.3: Finished too)."""
    wrong_finished: bool = False
    records: Callable[[bytes], Iterable[Content]] = field(default=lambda message: [(HANDSHAKE, message)])
    """How a message is put into records."""
    after_hello: tuple[Content, ...] = ()
    """In clear, right after the ServerHello."""
    last: tuple[Content, ...] = (CLOSING,)
    """What follows the client's second flight (TLS 1.2: what it says after the handshake)."""
    group: int = X25519
    share: bytes | None = None
    extensions: tuple[tuple[int, bytes], ...] = ()
    """Of the ServerHello (TLS 1.2), of the server's own certificate (TLS 1.3)."""
    tickets: int = 1
    """TLS 1.2."""
    wants_certificate: bool = False
    asks_again: bool = False
    """TLS 1.3: a HelloRetryRequest first, with a cookie."""


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3) + body


def listed(extensions: Iterable[tuple[int, bytes]]) -> bytes:
    return vector(b"".join(kind.to_bytes(2) + vector(data, 2) for kind, data in extensions), 2)


def hello_of(record: bytes) -> tuple[bytes, bytes, dict[int, bytes]]:
    """Random, session id and extensions of a ClientHello."""
    octets = Octets(record[9:])
    octets.take(2)
    random, session_id = octets.take(32), octets.vector(1)
    octets.vector(2)
    octets.vector(1)
    return random, session_id, octets.extensions()


class Own(Peer):
    """What our two servers share."""

    def __init__(self, shown: Identity, misbehaviour: Misbehaviour | None = None) -> None:
        super().__init__()
        self.shown = shown
        self.how = misbehaviour or Misbehaviour()
        self.sealing: Protection = Plain()
        self.transcript = b""
        self.heard: list[bytes] = []
        """What the client wrote, as it came."""

    def take(self, data: bytes) -> None:
        self.heard.append(data)
        match len(self.heard):
            case 1:
                self.first(data)
            case 2:
                self.second(data)
            case _:
                self.further()

    def first(self, data: bytes) -> None:
        raise NotImplementedError

    def second(self, data: bytes) -> None:
        raise NotImplementedError

    def further(self) -> None:
        """Nothing more is said, unless a server says so."""

    def send(self, *contents: Content) -> None:
        for kind, content in contents:
            shown, sealed = (kind, content) if kind == CHANGE_CIPHER else self.sealing.seal(kind, content)
            self._out += bytes([shown]) + b"\x03\x03" + vector(sealed, 2)

    def send_messages(self, flight: Sequence[bytes]) -> None:
        for each in flight:
            self.send(*self.how.records(each))

    def signed(self, content: bytes) -> bytes:
        return (0x0403).to_bytes(2) + vector(self.shown.key.sign(content, ec.ECDSA(hashes.SHA256())), 2)


class Own13(Own):
    """TLS 1.3 with AES-128-GCM."""

    def __init__(self, shown: Identity, misbehaviour: Misbehaviour | None = None) -> None:
        super().__init__(shown, misbehaviour)
        self.cookies: list[bytes] = []
        """What came back of ours."""

    def take(self, data: bytes) -> None:
        if self.how.asks_again and not self.transcript:
            self._ask_again(data)
        else:
            super().take(data)

    def _ask_again(self, data: bytes) -> None:
        _, session_id, _ = hello_of(data)
        wanted = [(43, b"\x03\x04"), (44, vector(b"biscuit", 2))]
        wanted += [(51, self.how.group.to_bytes(2))] if self.how.group != X25519 else []
        body = b"\x03\x03" + RETRY + vector(session_id, 1) + AES_128_GCM.to_bytes(2) + b"\0"
        retry = message(Kind.SERVER_HELLO, body + listed(wanted))
        self.transcript = message(Kind.MESSAGE_HASH, hashlib.sha256(data[5:]).digest()) + retry
        self.send((HANDSHAKE, retry))

    def first(self, data: bytes) -> None:
        _, session_id, extensions = hello_of(data)
        secret, share = self._exchange(extensions[51])
        chosen = [(43, b"\x03\x04"), (51, self.how.group.to_bytes(2) + vector(share, 2))]
        body = b"\x03\x03" + os.urandom(32) + vector(session_id, 1) + AES_128_GCM.to_bytes(2) + b"\0"
        hello = message(Kind.SERVER_HELLO, body + listed(chosen))
        self.cookies += [Octets(extensions[44]).vector(2)] if 44 in extensions else []
        self.transcript += data[5:] + hello
        self.send((HANDSHAKE, hello), *self.how.after_hello)
        early = key_schedule.early_secret("sha256")
        self._secret = key_schedule.next_secret(early, secret, digest="sha256")
        self._theirs = key_schedule.derive(self._secret, "s hs traffic", self._hashed(), digest="sha256")
        self._seal_with(self._theirs)
        self.send_messages(self.how.change_flight(self._flight()))

    def _exchange(self, shares: bytes) -> tuple[bytes, bytes]:
        octets = Octets(shares).inside(2)
        offered = {}
        while octets:
            group = octets.number(2)
            offered[group] = octets.vector(2)
        if self.how.group == X25519MLKEM768:
            return self._hybrid(offered[self.how.group])
        ours = half(self.how.group)
        if ours is None or self.how.group not in offered:
            return b"", self.how.share or b""
        return ours.shared(offered[self.how.group]), self.how.share or ours.public

    def _hybrid(self, theirs: bytes) -> tuple[bytes, bytes]:
        secret, sealed = mlkem.MLKEM768PublicKey.from_public_bytes(theirs[:1184]).encapsulate()
        ours = half(X25519)
        assert ours is not None
        return secret + ours.shared(theirs[1184:]), sealed + ours.public

    def _hashed(self) -> bytes:
        return hashlib.sha256(self.transcript).digest()

    def _seal_with(self, secret: bytes) -> None:
        keys = key_schedule.traffic(secret, key_length=16, digest="sha256")
        self.sealing = Aead13("GCM", keys)

    def _flight(self) -> list[bytes]:
        entry = vector(self.shown.der, 3) + listed(self.how.extensions)
        request = [message(Kind.CERTIFICATE_REQUEST, vector(b"ctx", 1) + listed([(13, b"\0\2\4\3")]))]
        flight = [
            message(Kind.ENCRYPTED_EXTENSIONS, listed([(16, b"\0\3\2h2")])),
            *(request if self.how.wants_certificate else []),
            message(Kind.CERTIFICATE, b"\0" + vector(entry, 3)),
        ]
        self.transcript += b"".join(flight)
        content = b" " * 64 + b"TLS 1.3, server CertificateVerify\0" + self._hashed()
        flight.append(message(Kind.CERTIFICATE_VERIFY, self.signed(content)))
        self.transcript += flight[-1]
        data = key_schedule.verify_data(self._theirs, self._hashed(), digest="sha256")
        flight.append(message(Kind.FINISHED, bytes(32) if self.how.wrong_finished else data))
        self.transcript += flight[-1]
        return flight

    def second(self, data: bytes) -> None:
        master = key_schedule.next_secret(self._secret, b"", digest="sha256")
        secret = key_schedule.derive(master, "s ap traffic", self._hashed(), digest="sha256")
        self._seal_with(secret)
        for kind, content in self.how.last:
            self.send((kind, content))
            if content[:1] == bytes([Kind.KEY_UPDATE]):
                secret = key_schedule.updated(secret, digest="sha256")
                self._seal_with(secret)


class Own12(Own):
    """TLS 1.2 with ECDHE, ECDSA and AES-128-GCM."""

    def first(self, data: bytes) -> None:
        random, _, _ = hello_of(data)
        own_random = os.urandom(32)
        self._half = half(X25519)
        assert self._half is not None
        body = b"\x03\x03" + own_random + b"\0" + ECDHE_ECDSA_AES_128_GCM.to_bytes(2) + b"\0"
        hello = message(Kind.SERVER_HELLO, body + listed([(0xFF01, b"\0"), *self.how.extensions]))
        self._randoms = random, own_random
        parameters = b"\3" + self.how.group.to_bytes(2) + vector(self.how.share or self._half.public, 1)
        flight = [
            message(Kind.CERTIFICATE, vector(vector(self.shown.der, 3), 3)),
            message(Kind.SERVER_KEY_EXCHANGE, parameters + self.signed(random + own_random + parameters)),
            *([message(Kind.CERTIFICATE_REQUEST, b"\1\x40\0\2\4\3\0\0")] * self.how.wants_certificate),
            message(Kind.SERVER_HELLO_DONE, b""),
        ]
        flight = self.how.change_flight(flight)
        self.transcript = data[5:] + hello + b"".join(flight)
        self.send((HANDSHAKE, hello), *self.how.after_hello)
        self.send_messages(flight)

    def second(self, data: bytes) -> None:
        assert self._half is not None
        octets, sent = Octets(data), []
        while octets:
            octets.take(3)
            sent.append(octets.vector(2))
        *clear, _, sealed = sent
        self.transcript += b"".join(clear)
        secret = self._half.shared(Octets(clear[-1][4:]).vector(1))
        master = key_schedule12.master_secret(secret, b"".join(self._randoms), digest="sha256")
        means = Means(suite(ECDHE_ECDSA_AES_128_GCM), 0x0303, mac_outside=False)
        opening, sealing = means.protections(master, self._randoms[1] + self._randoms[0])
        self.transcript += opening.open(HANDSHAKE, sealed)[1]
        self._end(master, sealing)

    def _end(self, master: bytes, sealing: Protection) -> None:
        ticket = message(Kind.NEW_SESSION_TICKET, (7200).to_bytes(4) + vector(b"ticket", 2))
        self.send_messages([ticket] * self.how.tickets)
        self.transcript += ticket * self.how.tickets
        self.send((CHANGE_CIPHER, b"\1"))
        self.sealing = sealing
        hashed = hashlib.sha256(self.transcript).digest()
        data = key_schedule12.verify_data(master, "server finished", hashed, digest="sha256")
        self.send_messages([message(Kind.FINISHED, bytes(12) if self.how.wrong_finished else data)])

    def further(self) -> None:
        self.send(*self.how.last)


def ticket13(seconds: int = 600, early_data: int = 0) -> bytes:
    """A NewSessionTicket of TLS 1.3."""
    extensions = [(int(messages.Extension.EARLY_DATA), early_data.to_bytes(4))] if early_data else []
    body = seconds.to_bytes(4) + bytes(4) + vector(b"\0", 1) + vector(b"ticket", 2) + listed(extensions)
    return message(Kind.NEW_SESSION_TICKET, body)

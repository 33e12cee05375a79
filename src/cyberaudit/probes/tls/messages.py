"""The handshake messages of a server, taken to pieces (RFC 8446 §4, RFC 5246 §7.4)."""

from enum import IntEnum

from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.tls.flight import RETRY
from cyberaudit.probes.tls.handshake import Ticket
from cyberaudit.probes.tls.octets import Malformed, Octets


class Kind(IntEnum):
    """The first byte of a message."""

    HELLO_REQUEST = 0
    CLIENT_HELLO = 1
    SERVER_HELLO = 2
    NEW_SESSION_TICKET = 4
    ENCRYPTED_EXTENSIONS = 8
    CERTIFICATE = 11
    SERVER_KEY_EXCHANGE = 12
    CERTIFICATE_REQUEST = 13
    SERVER_HELLO_DONE = 14
    CERTIFICATE_VERIFY = 15
    CLIENT_KEY_EXCHANGE = 16
    FINISHED = 20
    CERTIFICATE_STATUS = 22
    KEY_UPDATE = 24
    MESSAGE_HASH = 254


class Extension(IntEnum):
    """Types of extensions, as far as an answer carries them."""

    STATUS_REQUEST = 5
    ALPN = 16
    TIMESTAMPS = 18
    ENCRYPT_THEN_MAC = 22
    EXTENDED_MASTER_SECRET = 23
    EARLY_DATA = 42
    SUPPORTED_VERSIONS = 43
    COOKIE = 44
    KEY_SHARE = 51
    RENEGOTIATION_INFO = 0xFF01


@frozen
class ServerHello:
    """What the server chose."""

    version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    extensions: dict[int, bytes]

    @property
    def is_retry(self) -> bool:
        """A HelloRetryRequest."""
        return self.random == RETRY


@frozen
class Chain:
    """A Certificate message, and what came with it."""

    certificates: tuple[bytes, ...]
    stapled: bool
    timestamps: int


@frozen
class KeyExchange:
    """A ServerKeyExchange; fields of the other kind are empty."""

    group: int
    prime: bytes
    generator: bytes
    share: bytes
    parameters: bytes
    """What is signed, after the two randoms."""
    scheme: int
    """IANA SignatureScheme; 0 before TLS 1.2."""
    signature: bytes


def kind(message: bytes) -> int:
    """A `Kind`, or another number."""
    return message[0]


def body(message: bytes, expected: Kind) -> Octets:
    """What a message says.

    Raises:
        Malformed: it is another message.
    """
    if message[0] != expected:
        raise Malformed(f"message {message[0]} au lieu de {int(expected)}")
    return Octets(message[4:])


def server_hello(message: bytes) -> ServerHello:
    """A ServerHello of any version, or a HelloRetryRequest."""
    octets = body(message, Kind.SERVER_HELLO)
    version, random, session_id = octets.number(2), octets.take(32), octets.vector(1)
    suite, compression = octets.number(2), octets.number(1)
    extensions = octets.extensions()
    if Extension.SUPPORTED_VERSIONS in extensions:
        version = Octets(extensions[Extension.SUPPORTED_VERSIONS]).number(2)
    return ServerHello(version, random, session_id, suite, compression, extensions)


def key_share(hello: ServerHello) -> tuple[int, bytes]:
    """Group and share; a HelloRetryRequest names the group only."""
    octets = Octets(hello.extensions.get(Extension.KEY_SHARE, b""))
    return octets.number(2), b"" if hello.is_retry else octets.vector(2)


def alpn(extensions: dict[int, bytes]) -> str:
    """The protocol chosen, made safe; empty without one."""
    if Extension.ALPN not in extensions:
        return ""
    return clean(Octets(extensions[Extension.ALPN]).inside(2).vector(1))


def chain13(message: bytes) -> Chain:
    """Certificate of TLS 1.3: each entry has its own extensions, the first one's count."""
    octets = body(message, Kind.CERTIFICATE)
    octets.vector(1)
    entries, certificates = octets.inside(3), []
    first: dict[int, bytes] = {}
    while entries:
        certificates.append(entries.vector(3))
        found = entries.extensions()
        first = found if len(certificates) == 1 else first
    return Chain(tuple(certificates), _is_stapled(first.get(Extension.STATUS_REQUEST)), timestamps(first))


def chain12(message: bytes) -> tuple[bytes, ...]:
    """Certificate of TLS 1.2 and older."""
    return tuple(body(message, Kind.CERTIFICATE).inside(3).vectors(3))


def status(message: bytes) -> bool:
    """Whether a CertificateStatus has an answer in it (RFC 6066 §8)."""
    return _is_stapled(message[4:])


def _is_stapled(response: bytes | None) -> bool:
    if response is None:
        return False
    octets = Octets(response)
    return octets.number(1) == 1 and bool(octets.vector(3))


def timestamps(extensions: dict[int, bytes]) -> int:
    """How many timestamps of Certificate Transparency came as an extension (RFC 6962 §3.3)."""
    listed = extensions.get(Extension.TIMESTAMPS)
    return sum(1 for _ in Octets(listed).inside(2).vectors(2)) if listed else 0


def certificate_verify(message: bytes) -> tuple[int, bytes]:
    """Signature scheme and signature (TLS 1.3)."""
    octets = body(message, Kind.CERTIFICATE_VERIFY)
    return octets.number(2), octets.vector(2)


def key_exchange(message: bytes, *, is_elliptic: bool, has_scheme: bool) -> KeyExchange:
    """ServerKeyExchange, signed, of ECDHE or DHE."""
    octets = body(message, Kind.SERVER_KEY_EXCHANGE)
    group, prime, generator = 0, b"", b""
    if is_elliptic:
        if octets.number(1) != 3:
            raise Malformed("courbe sans nom")
        group, share = octets.number(2), octets.vector(1)
        length = 4 + len(share)
    else:
        prime, generator, share = octets.vector(2), octets.vector(2), octets.vector(2)
        length = 6 + len(prime) + len(generator) + len(share)
    scheme = octets.number(2) if has_scheme else 0
    return KeyExchange(
        group, prime, generator, share, message[4 : 4 + length], scheme, signature=octets.vector(2)
    )


def ticket13(message: bytes) -> Ticket:
    """NewSessionTicket of TLS 1.3."""
    octets = body(message, Kind.NEW_SESSION_TICKET)
    seconds = octets.number(4)
    octets.take(4)
    octets.vector(1)
    if not octets.vector(2):
        raise Malformed("ticket vide")
    early = octets.extensions().get(Extension.EARLY_DATA)
    return Ticket(seconds, Octets(early).number(4) if early is not None else 0)


def ticket12(message: bytes) -> Ticket | None:
    """NewSessionTicket of RFC 5077; None when the server changed its mind and gives an empty one."""
    octets = body(message, Kind.NEW_SESSION_TICKET)
    seconds = octets.number(4)
    return Ticket(seconds, 0) if octets.vector(2) else None


def message(of: Kind, content: bytes) -> bytes:
    """A message of ours, with its header."""
    return bytes([of]) + len(content).to_bytes(3) + content

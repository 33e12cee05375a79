"""One page of the web, fetched by hand over a guarded connection: bounded in time, bytes and redirects."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import chain, zip_longest
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from cyberaudit.facts.certificate import TlsSession
from cyberaudit.french import day
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.resolver import Addresses
from cyberaudit.probes.stream import Limits, Stream

if TYPE_CHECKING:
    from cyberaudit.probes.instruments import Instruments

USER_AGENT = "cyberaudit"
# Ours: both families, and a second address of each; a policy host or a registry has two to four.
MOST_ADDRESSES = 4
# Ours: real answers carry 10 to 30 headers; nginx and Apache accept lines of 8 KiB.
MOST_HEADERS = 64
LINE_BYTES = 8192
# RFC 9110 §15.2: any number of interim answers may come first; one is usual.
MOST_INTERIM = 4
# Ours: certificates (OpenSSL: 100 KiB at most), headers, the framing of a chunked body.
BYTES_ASIDE = 256 * 1024
# Handshake of TCP and TLS, the question, and an acknowledgement for every second packet of 300 KiB.
PACKETS_PER_PAGE = 140
PIECE_BYTES = 16384
REDIRECTS = frozenset({301, 302, 303, 307, 308})
WITHOUT_BODY = frozenset({204, 304})
_PORTS = {"https": 443, "http": 80}
_TOO_LONG = Unreachable(Reason.PROTOCOL_ERROR, "réponse trop longue")
_NOT_HTTP = Unreachable(Reason.PROTOCOL_ERROR, "la réponse n'est pas du HTTP")


@frozen
class Page:
    """One answer of a web server, whatever its status."""

    url: str
    """Where it was found: after redirects."""
    status: int
    headers: tuple[tuple[str, str], ...]
    """In order, names in lower case, values as received (Latin-1)."""
    body: bytes
    tls: TlsSession | None
    """None: fetched in clear, or the certificate is unreadable and nobody asked for trust."""
    address: str

    def header(self, name: str) -> str:
        """The first value of that name (lower case); empty when absent."""
        return next((value for key, value in self.headers if key == name), "")


@frozen
class _Place:
    """An address of the web, taken apart."""

    url: str
    secure: bool
    host: str
    port: int
    path: str
    """With the query; ASCII without spaces."""

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS["https" if self.secure else "http"] else f"{name}:{self.port}"


@dataclass(slots=True)
class _Errand:
    """What is carried from one redirect to the next."""

    instruments: "Instruments"
    about: str
    most_bytes: int
    trusted: bool
    published: bool
    """Strangers chose the place."""
    left: float
    """Seconds that the servers still have, all together."""


async def get(
    instruments: "Instruments",
    url: str,
    *,
    about: str,
    redirects: int = 0,
    most_bytes: int = 65536,
    within: float = 10.0,
    trusted: bool = True,
    published: bool = False,
) -> Page | Unreachable:
    """The page at `url` (https or http), fetched on account of the domain `about`.

    The servers have `within` seconds in all to answer; DNS and connections have times of their own, and nobody is
    held to account for what was waited here for one's turn. Up to `redirects` redirects are followed, to https only;
    the one after them is given as it is. `trusted`: a certificate that no browser would accept at `instruments.now`
    is `tls-failure`, the reason in `detail`. `published`: strangers chose the URL, so that it leads to no other port
    than 443 and 80 (`not-looked`), and to no private address just because the town declares it; a redirect to another
    server never does. A body over `most_bytes` is `protocol-error`; `no-route` when the host has no address.
    """
    errand = _Errand(instruments, about, most_bytes, trusted, published, left=within)
    first = _place(url)
    while True:
        place = _place(url)
        page = place if isinstance(place, Unreachable) else await _fetch(errand, place)
        if isinstance(page, Unreachable) or page.status not in REDIRECTS or redirects < 1:
            return page
        url = _target(page)
        if not url.startswith("https://"):
            return Unreachable(
                Reason.PROTOCOL_ERROR, clean(f"redirection vers une adresse non chiffrée : {url}", limit=120)
            )
        redirects -= 1
        errand.published = published or not _same_server(first, _place(url))


def _same_server(first: _Place | Unreachable, second: _Place | Unreachable) -> bool:
    if isinstance(first, Unreachable) or isinstance(second, Unreachable):
        return False
    return (first.host, first.port) == (second.host, second.port)


def _target(page: Page) -> str:
    try:
        return urljoin(page.url, page.header("location"))
    except ValueError:
        return ""


def _place(url: str) -> _Place | Unreachable:
    """`protocol-error` for what is no address of the web, or carries a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return _no_place(url)
    host = _ascii_host(parts)
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
        return _no_place(url)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return _Place(
        url=url,
        secure=parts.scheme == "https",
        host=host,
        port=port or _PORTS[parts.scheme],
        path=f"{path}?{query}" if query else path,
    )


def _no_place(url: str) -> Unreachable:
    return Unreachable(Reason.PROTOCOL_ERROR, clean(f"adresse illisible : {url}", limit=120))


def _ascii_host(parts: SplitResult) -> str:
    """As DNS and the Host header carry it; empty when they cannot."""
    host = (parts.hostname or "").rstrip(".")
    try:
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    usual = all(letter.isalnum() or letter in "-._:" for letter in ascii_host)
    return ascii_host if usual and len(ascii_host) < 254 else ""


async def _fetch(errand: _Errand, place: _Place) -> Page | Unreachable:
    if errand.published and place.port not in _PORTS.values():
        return Unreachable(Reason.NOT_LOOKED, f"port {place.port}, qui n'est pas celui du web")
    addresses = await _addresses(errand.instruments, place.host)
    if isinstance(addresses, Unreachable):
        return addresses
    connected = await _connect(errand, place, addresses)
    if isinstance(connected, Unreachable):
        return connected
    address, stream = connected
    clock = asyncio.get_running_loop().time
    begun = clock()
    try:
        with stream:
            async with asyncio.timeout(errand.left):
                return await _talk(errand, place, stream, address)
    except TimeoutError:
        return Unreachable(Reason.TIMEOUT)
    finally:
        errand.left -= clock() - begun


async def _talk(errand: _Errand, place: _Place, stream: Stream, address: IpAddress) -> Page | Unreachable:
    tls = await _secure(errand, place, stream) if place.secure else None
    if isinstance(tls, Unreachable):
        return tls
    answer = await _converse(stream, place, most_bytes=errand.most_bytes, within=errand.left)
    if isinstance(answer, Unreachable):
        return answer
    status, headers, body = answer
    return Page(place.url, status, headers, body, tls, str(address))


async def _addresses(instruments: "Instruments", host: str) -> tuple[IpAddress, ...] | Unreachable:
    try:
        return (ip_address(host),)
    except ValueError:
        answer = await instruments.resolver.addresses(host)
    if not answer.found:
        return answer.failure or Unreachable(Reason.NO_ROUTE, f"{clean(host)} n'a pas d'adresse")
    return _in_turn(answer)


def _in_turn(answer: Addresses) -> tuple[IpAddress, ...]:
    """v4 and v6 alternately, a few of them."""
    families = [[found for found in answer.found if found.version == version] for version in (4, 6)]
    mixed = chain.from_iterable(zip_longest(*families))
    return tuple(found for found in mixed if found is not None)[:MOST_ADDRESSES]


async def _connect(
    errand: _Errand, place: _Place, addresses: Sequence[IpAddress]
) -> tuple[IpAddress, Stream] | Unreachable:
    """The first address that opens; they share the time of one connection, so that mute ones cost no more."""
    troubles = []
    share = min(errand.instruments.options.patience.connect, errand.left) / len(addresses)
    for address in addresses:
        stream = await errand.instruments.network.connect(
            address,
            place.port,
            purpose=Purpose.PUBLIC,
            about=errand.about,
            published=errand.published,
            within=share,
            limits=Limits(seconds=errand.left, bytes=BYTES_ASIDE + 2 * errand.most_bytes),
        )
        if isinstance(stream, Stream):
            return address, stream
        troubles.append(stream)
    return _most_telling(troubles)


def _most_telling(troubles: Sequence[Unreachable]) -> Unreachable:
    """A family without route from here tells nothing of the server when the other one was heard of."""
    return next((trouble for trouble in troubles if trouble.reason is not Reason.NO_ROUTE), troubles[0])


async def _secure(errand: _Errand, place: _Place, stream: Stream) -> TlsSession | Unreachable | None:
    """Handshake, then judge the certificate: as trust is asked for, or only told."""
    import ssl

    from cyberaudit.probes.certificates import trust_store
    from cyberaudit.probes.tls.hello import sni
    from cyberaudit.probes.tls_client import lenient_context, tls_session

    context = lenient_context()
    if errand.trusted:
        # RFC 8996: clients of today go no lower.
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    failure = await stream.start_tls(context, server_name=sni(place.host), within=errand.left)
    if failure is not None:
        return failure
    assert stream.tls is not None
    trust = trust_store(errand.instruments.options.ca_bundle)
    session = tls_session(stream.tls, host=place.host, trust=trust, now=errand.instruments.now)
    if not errand.trusted:
        return None if isinstance(session, Unreachable) else session
    return session if isinstance(session, Unreachable) else _trusted(session, errand.instruments, place.host)


def _trusted(session: TlsSession, instruments: "Instruments", host: str) -> TlsSession | Unreachable:
    """The session, or why no browser would accept its certificate."""
    if isinstance(session.trust_error, Unreachable):
        return session.trust_error
    leaf = session.chain[0]
    faults = []
    if session.name_matches is not True:
        faults.append(f"le certificat n'est pas au nom de {host}")
    if instruments.now > leaf.not_after:
        faults.append(f"le certificat est périmé depuis le {day(leaf.not_after)}")
    if instruments.now < leaf.not_before:
        faults.append(f"le certificat ne vaut qu'à partir du {day(leaf.not_before)}")
    if session.trust_error:
        faults.append(session.trust_error)
    return Unreachable(Reason.TLS_FAILURE, clean(" ; ".join(faults))) if faults else session


_Headers = tuple[tuple[str, str], ...]


async def _converse(
    stream: Stream, place: _Place, *, most_bytes: int, within: float
) -> tuple[int, _Headers, bytes] | Unreachable:
    request = (
        f"GET {place.path} HTTP/1.1\r\nHost: {place.host_header}\r\nUser-Agent: {USER_AGENT}\r\n"
        "Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )
    failure = await stream.write(request.encode("ascii"), within=within)
    if failure is not None:
        return failure
    reader = _Reader(stream, within=within)
    head = await _final_head(reader)
    if isinstance(head, Unreachable):
        return head
    status, headers = head
    body = b"" if status in WITHOUT_BODY else await _body(reader, headers, most_bytes=most_bytes)
    return body if isinstance(body, Unreachable) else (status, headers, body)


async def _final_head(reader: "_Reader") -> tuple[int, _Headers] | Unreachable:
    """Status and headers, interim answers left aside."""
    for _ in range(MOST_INTERIM):
        status = _status(await reader.line())
        if isinstance(status, Unreachable):
            return status
        headers = await _headers(reader)
        if isinstance(headers, Unreachable):
            return headers
        if status >= 200:
            return status, headers
    return _NOT_HTTP


def _status(line: bytes | Unreachable) -> int | Unreachable:
    if isinstance(line, Unreachable):
        return line
    match line.split(b" ", 2):
        case [version, code, *_] if version.startswith(b"HTTP/1.") and len(code) == 3 and code.isdigit():
            return int(code)
        case _:
            return _NOT_HTTP


async def _headers(reader: "_Reader") -> _Headers | Unreachable:
    found: list[tuple[str, str]] = []
    while len(found) <= MOST_HEADERS:
        line = await reader.line()
        if isinstance(line, Unreachable):
            return line
        if not line:
            return tuple(found)
        name, _, value = line.partition(b":")
        found.append((name.decode("latin-1").strip().lower(), value.decode("latin-1").strip()))
    return Unreachable(Reason.PROTOCOL_ERROR, "en-têtes sans fin")


async def _body(reader: "_Reader", headers: _Headers, *, most_bytes: int) -> bytes | Unreachable:
    """RFC 9112 §6.3: chunked, else of a given length, else up to the end of the connection."""
    named = dict(reversed(headers))
    if "chunked" in named.get("transfer-encoding", "").lower():
        return await _chunks(reader, most_bytes=most_bytes)
    length = named.get("content-length")
    if length is None:
        return await reader.rest(most_bytes=most_bytes)
    if not (length.isascii() and length.isdigit()):
        return _NOT_HTTP
    if len(length) > 18 or int(length) > most_bytes:
        return _TOO_LONG
    return await reader.exactly(int(length))


async def _chunks(reader: "_Reader", *, most_bytes: int) -> bytes | Unreachable:
    body = bytearray()
    while True:
        size = _chunk_size(await reader.line())
        if isinstance(size, Unreachable):
            return size
        if size == 0:  # what may follow are trailers, which nobody reads
            return bytes(body)
        if len(body) + size > most_bytes:
            return _TOO_LONG
        piece = await reader.exactly(size)
        end = piece if isinstance(piece, Unreachable) else await reader.line()
        if isinstance(piece, Unreachable) or isinstance(end, Unreachable):
            return piece if isinstance(piece, Unreachable) else _NOT_HTTP
        if end:
            return _NOT_HTTP
        body += piece


def _chunk_size(line: bytes | Unreachable) -> int | Unreachable:
    if isinstance(line, Unreachable):
        return line
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
        return _NOT_HTTP
    return int(digits, 16)


class _Reader:
    """Lines and pieces of what a stream brings; each wait is at most `within` seconds."""

    def __init__(self, stream: Stream, *, within: float) -> None:
        self._stream = stream
        self._within = within
        self._buffer = bytearray()

    async def line(self) -> bytes | Unreachable:
        """The next line without its end, CRLF or LF."""
        while (end := self._buffer.find(b"\n", 0, LINE_BYTES)) < 0:
            if len(self._buffer) >= LINE_BYTES:
                return Unreachable(Reason.PROTOCOL_ERROR, "ligne trop longue")
            failure = await self._fill()
            if failure is not None:
                return failure
        return self._take(end + 1).rstrip(b"\r\n")

    async def exactly(self, count: int) -> bytes | Unreachable:
        """The next `count` bytes; an early end is `reset`."""
        while len(self._buffer) < count:
            failure = await self._fill()
            if failure is not None:
                return failure
        return self._take(count)

    async def rest(self, *, most_bytes: int) -> bytes | Unreachable:
        """Everything up to the end of the connection."""
        while len(self._buffer) <= most_bytes:
            piece = await self._stream.read(PIECE_BYTES, within=self._within)
            if isinstance(piece, Unreachable):
                return piece
            if not piece:
                return self._take(len(self._buffer))
            self._buffer += piece
        return _TOO_LONG

    async def _fill(self) -> Unreachable | None:
        piece = await self._stream.read(PIECE_BYTES, within=self._within)
        if isinstance(piece, Unreachable):
            return piece
        self._buffer += piece
        return None if piece else Unreachable(Reason.RESET, "connexion fermée par le serveur")

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

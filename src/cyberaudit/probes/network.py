"""The one place of the program that opens a socket: every connection passes the guard here.

Addresses only, never names: resolution is done before, by our own resolver, and what comes out of it is
checked here again. What the network says is returned, never raised.
"""

import asyncio
import errno
import logging
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from types import TracebackType
from typing import Any, Self, TypeVar
from weakref import WeakSet

from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.endpoint import (
    ConnectRule,
    ConnectTo,
    Endpoint,
    IpAddress,
    parse_connect_to,
    parse_endpoint,
    read_connect_to,
)
from cyberaudit.probes.guard import Guard, Purpose, Request
from cyberaudit.probes.knock import (
    IP_RECVERR,
    IPV6_RECVERR,
    Attempt,
    IcmpError,
    Knock,
    read_attempt,
    read_icmp,
)
from cyberaudit.town.scope import Scope

log = logging.getLogger(__name__)
T = TypeVar("T")

# Ours: far mail hosts answer a SYN within a second; 5 s leaves room for two retransmissions.
CONNECT_SECONDS = 5.0
# Ours: more sockets at once make small routers drop connections.
IN_FLIGHT = 64
# Ours: half-open attempts cost a router next to nothing; far below the usual limit of 1024 open files.
KNOCKS_IN_FLIGHT = 512
# Ours, design of the pace: an xDSL line or an Internet box at the other end, unless we know better.
DEFAULT_RATE = 100.0
# RFC 5321 §4.5.3.1.5 allows 512 octets a reply line; four times that still bounds memory.
LINE_BYTES = 2048
CHUNK_BYTES = 4096

_REASONS = {
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.ECONNRESET: Reason.RESET,
    errno.ECONNABORTED: Reason.RESET,
    errno.EPIPE: Reason.RESET,
    errno.ETIMEDOUT: Reason.TIMEOUT,
    errno.ENETUNREACH: Reason.NO_ROUTE,
    errno.EHOSTUNREACH: Reason.NO_ROUTE,
    errno.ENETDOWN: Reason.NO_ROUTE,
    errno.EADDRNOTAVAIL: Reason.NO_ROUTE,
    errno.EAFNOSUPPORT: Reason.NO_ROUTE,
    errno.EACCES: Reason.PERMISSION_DENIED,
    errno.EPERM: Reason.PERMISSION_DENIED,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may cost at most."""

    seconds: float = 30.0
    """From the connection's opening to its end."""
    # OpenSSL's own limit on a certificate chain is 100 KiB.
    bytes: int = 256 * 1024
    """Received, before decryption."""


def _from_os(error: OSError) -> Unreachable:
    """The reason behind an error of the operating system; one we do not know is ours, not the target's."""
    if isinstance(error, TimeoutError):
        return Unreachable(Reason.TIMEOUT)
    name = errno.errorcode.get(error.errno or 0, "")
    return Unreachable(_REASONS.get(error.errno or 0, Reason.PROBE_CRASHED), name)


def _socket_address(endpoint: Endpoint) -> tuple[str, int] | tuple[str, int, int, int]:
    address = endpoint.address
    if not isinstance(address, IPv6Address):
        return str(address), endpoint.port
    # A zone left in the text would send asyncio to getaddrinfo.
    zone = address.scope_id
    index = (
        0 if zone is None else int(zone) if zone.isascii() and zone.isdigit() else socket.if_nametoindex(zone)
    )
    return str(address).partition("%")[0], endpoint.port, 0, index


def _new_socket(endpoint: Endpoint, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if endpoint.address.version == 6 else socket.AF_INET
    created = socket.socket(family, kind)
    created.settimeout(0)
    return created


class Stream:
    """One TCP connection whose cost is bounded in time and memory whatever the other side does.

    Nothing is read ahead of what is asked but the rest of a chunk. Every method returns `Unreachable` when
    its own time (`within`, seconds), the connection's time or its bytes are spent, or when the line breaks.
    """

    def __init__(self, sock: socket.socket, *, limits: Limits, on_close: Callable[[], None]) -> None:
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + limits.seconds
        self._bytes_left = limits.bytes
        self._buffer = bytearray()
        self._on_close = on_close
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls: ssl.SSLObject | None = None
        """Set by a handshake that ended well."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close at once; a second call does nothing."""
        self._on_close()

    async def read_line(self, *, within: float) -> bytes | Unreachable:
        """The next line without its end; over `LINE_BYTES` is a protocol error, an early end a reset."""
        return await self._bounded(self._line(), within=within)

    async def read_exactly(self, count: int, *, within: float) -> bytes | Unreachable:
        """The next `count` bytes."""
        return await self._bounded(self._exactly(count), within=within)

    async def read(self, limit: int, *, within: float) -> bytes | Unreachable:
        """What comes next, 1 to `limit` bytes; empty at the end."""
        return await self._bounded(self._some(limit), within=within)

    async def write(self, data: bytes, *, within: float) -> Unreachable | None:
        """Send all of `data`."""
        return await self._bounded(self._send(data), within=within)

    async def start_tls(
        self, context: ssl.SSLContext, *, server_name: str | None, within: float
    ) -> Unreachable | None:
        """Handshake as a client. Bytes received before it are refused: maybe injected (CVE-2011-0411)."""
        if self._buffer:
            return Unreachable(Reason.PROTOCOL_ERROR, "des octets en clair suivent l'accord pour chiffrer")
        session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        return await self._bounded(self._handshake(session), within=within)

    async def _bounded(self, action: Coroutine[Any, Any, T], *, within: float) -> T | Unreachable:
        left = self._deadline - self._loop.time()
        if left <= 0:
            action.close()
            return Unreachable(Reason.DEADLINE)
        late = Reason.TIMEOUT if within <= left else Reason.DEADLINE
        try:
            async with asyncio.timeout(min(within, left)):
                return await action
        except TimeoutError:
            return Unreachable(late)
        except ssl.SSLError as error:
            return Unreachable(Reason.TLS_FAILURE, clean(error.reason or ""))
        except OSError as error:
            return _from_os(error)

    async def _line(self) -> bytes | Unreachable:
        while (end := self._buffer.find(b"\n", 0, LINE_BYTES)) < 0:
            if len(self._buffer) >= LINE_BYTES:
                return Unreachable(Reason.PROTOCOL_ERROR, "ligne trop longue")
            if not await self._fill():
                return self._ended()
        return self._take(end + 1).rstrip(b"\r\n")

    async def _exactly(self, count: int) -> bytes | Unreachable:
        while len(self._buffer) < count:
            if not await self._fill():
                return self._ended()
        return self._take(count)

    async def _some(self, limit: int) -> bytes | Unreachable:
        if not self._buffer and not await self._fill() and self._bytes_left <= 0:
            return self._ended()
        return self._take(limit)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _ended(self) -> Unreachable:
        if self._bytes_left <= 0:
            return Unreachable(Reason.PROTOCOL_ERROR, "réponse trop longue")
        return Unreachable(Reason.RESET, "connexion fermée par le serveur")

    async def _fill(self) -> bool:
        """More bytes in the buffer; False at the end of the line or of the byte budget."""
        data = await self._receive_raw() if self.tls is None else await self._receive_tls(self.tls)
        self._buffer += data
        return bool(data)

    async def _receive_raw(self) -> bytes:
        if self._bytes_left <= 0:
            return b""
        data = await self._loop.sock_recv(self._socket, min(CHUNK_BYTES, self._bytes_left))
        self._bytes_left -= len(data)
        return data

    async def _receive_tls(self, session: ssl.SSLObject) -> bytes:
        while True:
            try:
                return session.read(CHUNK_BYTES)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                return b""
            await self._flush()
            data = await self._receive_raw()
            if not data:
                return b""
            self._incoming.write(data)

    async def _handshake(self, session: ssl.SSLObject) -> Unreachable | None:
        while True:
            try:
                session.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._receive_raw()
                if not data:  # not a refusal: those come as an alert
                    return self._ended()
                self._incoming.write(data)
            else:
                await self._flush()
                self.tls = session
                return None

    async def _send(self, data: bytes) -> None:
        if self.tls is None:
            await self._loop.sock_sendall(self._socket, data)
        else:
            self.tls.write(data)
            await self._flush()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._loop.sock_sendall(self._socket, self._outgoing.read())


def _anything(_: bytes) -> bool:
    return True


class Network:
    """Opens what the guard admits, at the pace of each host, and counts it."""

    def __init__(
        self,
        scope: Scope,
        *,
        connect_to: ConnectTo | None = None,
        infrastructure: Collection[Endpoint] = (),
        allow_test_network: bool = False,
        loopback_only: bool = False,
        max_rate: float | None = None,
        in_flight: int = IN_FLIGHT,
    ) -> None:
        """`max_rate`: connections and datagrams a second to one host; None: loopback and infrastructure free.

        Raises:
            UsageError: a --connect-to rule leads outside this machine.
        """
        self._guard = Guard(
            scope,
            connect_to=connect_to or ConnectTo(),
            infrastructure=infrastructure,
            allow_test_network=allow_test_network,
            loopback_only=loopback_only,
        )
        self._max_rate = max_rate
        self._slots = asyncio.Semaphore(in_flight)
        self._knocks = asyncio.Semaphore(KNOCKS_IN_FLIGHT)
        self._next_start: dict[IpAddress, float] = {}
        self._streams: WeakSet[Stream] = WeakSet()
        self.opened: Counter[tuple[Purpose, str, int]] = Counter()
        """Sockets opened, by purpose, address and port as declared (before --connect-to)."""

    def covers_domain(self, domain: str) -> bool:
        """Whether a public connection may be made on account of `domain`."""
        return self._guard.covers_domain(domain)

    async def connect(
        self,
        address: IpAddress,
        port: int,
        *,
        purpose: Purpose,
        about: str = "",
        test: str = "",
        within: float = CONNECT_SECONDS,
        limits: Limits | None = None,
    ) -> Stream | Unreachable:
        """A TCP connection, or why there is none. `about` and `test` as in `Request`; `within` in seconds."""
        request = Request(Endpoint(address, port), purpose, about=about, test=test)
        destination = self._admit(request)
        if isinstance(destination, Unreachable):
            return destination
        with ExitStack() as held:
            await self._take_turn(request, destination, held)
            try:
                sock = held.enter_context(_new_socket(destination, socket.SOCK_STREAM))
                async with asyncio.timeout(within):
                    await asyncio.get_running_loop().sock_connect(sock, _socket_address(destination))
            except OSError as error:
                return _from_os(error)
            stream = Stream(sock, limits=limits or Limits(), on_close=held.pop_all().close)
            self._streams.add(stream)
            return stream

    async def exchange(
        self,
        address: IpAddress,
        port: int,
        payload: bytes,
        *,
        purpose: Purpose,
        within: float,
        about: str = "",
        test: str = "",
        accept: Callable[[bytes], bool] = _anything,
    ) -> bytes | Unreachable:
        """One datagram out, the first one back that `accept` takes; others are ignored until time is over.

        The socket is connected: the kernel drops what comes from elsewhere.
        """
        request = Request(Endpoint(address, port), purpose, about=about, test=test)
        destination = self._admit(request)
        if isinstance(destination, Unreachable):
            return destination
        with ExitStack() as held:
            await self._take_turn(request, destination, held)
            try:
                sock = held.enter_context(_new_socket(destination, socket.SOCK_DGRAM))
                async with asyncio.timeout(within):
                    return await _ask(sock, destination, payload, accept)
            except OSError as error:
                return _from_os(error)

    async def knock(
        self,
        address: IpAddress,
        port: int,
        *,
        purpose: Purpose,
        within: float,
        rate: float | None = DEFAULT_RATE,
    ) -> Knock:
        """What one TCP port answers to one attempt, which is closed at once, without a byte of data.

        `rate`: attempts a second at this address, None: free. `--max-rate` replaces it.
        """
        request = Request(Endpoint(address, port), purpose)
        destination = self._admit(request)
        if isinstance(destination, Unreachable):
            return Knock(destination)
        with ExitStack() as held:
            await self._take_turn(request, destination, held, slots=self._knocks, rate=rate)
            try:
                sock = held.enter_context(_new_socket(destination, socket.SOCK_STREAM))
            except OSError as error:
                return Knock(_from_os(error))
            return read_attempt(await _attempt(sock, destination, within=within))

    async def close(self) -> None:
        """Close what is still open, after an interruption; the network may be used again."""
        for stream in tuple(self._streams):
            stream.close()

    def _admit(self, request: Request) -> Endpoint | Unreachable:
        destination = self._guard.admit(request)
        if isinstance(destination, Unreachable):
            log.info("refused: %s %s: %s", request.purpose, request.endpoint, destination.reason)
        return destination

    async def _take_turn(
        self,
        request: Request,
        destination: Endpoint,
        held: ExitStack,
        *,
        slots: asyncio.Semaphore | None = None,
        rate: float | None = DEFAULT_RATE,
    ) -> None:
        slots = slots or self._slots
        # Infrastructure takes no slot: a probe that holds a stream must still be able to ask the resolver.
        if request.purpose is not Purpose.INFRASTRUCTURE:
            await slots.acquire()
            held.callback(slots.release)
        await self._keep_pace(request, destination, rate=rate)
        self.opened[request.purpose, str(request.endpoint.address), request.endpoint.port] += 1
        log.debug("open: %s %s by %s", request.purpose, request.endpoint, destination)

    async def _keep_pace(self, request: Request, destination: Endpoint, *, rate: float | None) -> None:
        free = destination.address.is_loopback or request.purpose is Purpose.INFRASTRUCTURE
        rate = self._max_rate or (None if free else rate)
        if rate is None:
            return
        now = asyncio.get_running_loop().time()
        start = max(now, self._next_start.get(request.endpoint.address, now))
        self._next_start[request.endpoint.address] = start + 1 / rate
        await asyncio.sleep(start - now)


async def _ask(
    sock: socket.socket, destination: Endpoint, payload: bytes, accept: Callable[[bytes], bool]
) -> bytes:
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, _socket_address(destination))
    await loop.sock_sendall(sock, payload)
    while True:
        data = await loop.sock_recv(sock, 65535)
        if accept(data):
            return data
        # A flood is read without ever waiting: give the timeout its chance.
        await asyncio.sleep(0)


async def _attempt(sock: socket.socket, destination: Endpoint, *, within: float) -> Attempt:
    """Knock once, and read what the kernel learnt of it before the socket goes.

    Not by `sock_connect`: an answer that comes together with the end of our patience must not be lost.
    """
    loop = asyncio.get_running_loop()
    _hear_icmp(sock)
    begun = loop.time()
    error = sock.connect_ex(_socket_address(destination))
    if error == errno.EINPROGRESS:
        await _wait_for_answer(sock, within=within)
        error = _pending(sock)
    seconds = loop.time() - begun
    here, there = _name(sock.getsockname), _name(sock.getpeername)
    return Attempt(
        # Cut between the handshake and now: another error waits on the socket.
        error=error or (0 if there else _pending(sock)),
        icmp=_waiting_icmp(sock),
        connected=bool(there),
        target=destination.address,
        own=ip_address(here[0]) if here else None,
        seconds=seconds,
        to_itself=bool(there) and here == there,
    )


def _pending(sock: socket.socket) -> int:
    """The errno that waits on the socket, taken away by reading it; 0: none."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


async def _wait_for_answer(sock: socket.socket, *, within: float) -> None:
    """Until the kernel has something to say, `within` seconds at most."""
    loop = asyncio.get_running_loop()
    answered = asyncio.Event()
    loop.add_writer(sock, answered.set)
    try:
        async with asyncio.timeout(within):
            await answered.wait()
    except TimeoutError:
        pass  # silence is an answer too
    finally:
        loop.remove_writer(sock)


def _hear_icmp(sock: socket.socket) -> None:
    """Have the kernel keep ICMP messages with their author, and close without waiting."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _waiting_icmp(sock: socket.socket) -> IcmpError | None:
    try:
        _, ancillary, _, _ = sock.recvmsg(0, 512, socket.MSG_ERRQUEUE)
    except OSError:  # the queue is empty
        return None
    return read_icmp((level, kind, data) for level, kind, data in ancillary)


def _name(ask: Callable[[], Any]) -> tuple[Any, ...]:
    try:
        return tuple(ask())
    except OSError:  # not connected
        return ()


def own_address_towards(address: IpAddress) -> IpAddress | None:
    """This machine's address on the way to `address`, as its routing table says; None without a way.

    Nothing is sent: connecting a datagram socket only asks the kernel.
    """
    try:
        with _new_socket(Endpoint(address, 9), socket.SOCK_DGRAM) as sock:
            sock.connect(_socket_address(Endpoint(address, 9)))
            return ip_address(sock.getsockname()[0].partition("%")[0])
    except OSError:
        return None


__all__ = [
    "ConnectRule",
    "ConnectTo",
    "Endpoint",
    "IpAddress",
    "Knock",
    "Limits",
    "Network",
    "Purpose",
    "Request",
    "Stream",
    "own_address_towards",
    "parse_connect_to",
    "parse_endpoint",
    "read_connect_to",
]

"""The one place of the program that opens a socket: every connection passes the guard here.

Addresses only, never names: resolution is done before, by our own resolver, and what comes out of it is
checked here again. What the network says is returned, never raised.
"""

import asyncio
import errno
import logging
import socket
import struct
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import ExitStack
from ipaddress import IPv6Address, ip_address
from typing import Any
from weakref import WeakSet

from cyberaudit.model import Unreachable
from cyberaudit.probes.endpoint import (
    ConnectTo,
    Endpoint,
    IpAddress,
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
from cyberaudit.probes.stream import Limits, Stream, from_os
from cyberaudit.town.scope import Scope

log = logging.getLogger(__name__)

# Ours: far mail hosts answer a SYN within a second; 5 s leaves room for two retransmissions.
CONNECT_SECONDS = 5.0
# Ours: more sockets at once make small routers drop connections.
IN_FLIGHT = 64
# Ours: half-open attempts cost a router next to nothing; far below the usual limit of 1024 open files.
KNOCKS_IN_FLIGHT = 512
# Ours, design of the pace: an xDSL line or an Internet box at the other end, unless we know better.
DEFAULT_RATE = 100.0


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
                return from_os(error)
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
                return from_os(error)

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
                return Knock(from_os(error))
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

"""The one place of the program that opens a socket: every connection passes the guard here.

Addresses only, never names: resolution is done before, by our own resolver, and what comes out of it is
checked here again. What the network says is returned, never raised.
"""

import asyncio
import errno
import logging
import resource
import socket
import struct
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any
from weakref import WeakSet

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import (
    ConnectTo,
    Endpoint,
    IpAddress,
)
from cyberaudit.probes.guard import DNS_PORT, Guard, Purpose, Request
from cyberaudit.probes.ports.knock import (
    IP_RECVERR,
    IPV6_RECVERR,
    Attempt,
    IcmpError,
    Knock,
    read_attempt,
    read_icmp,
)
from cyberaudit.probes.ports.timing import Pacer, Way
from cyberaudit.probes.stream import Limits, Stream, from_os
from cyberaudit.probes.udp.datagram import Heard, hear
from cyberaudit.probes.udp.datagram_stream import DatagramStream
from cyberaudit.town.scope import Scope

log = logging.getLogger(__name__)

# Ours: far mail hosts answer a SYN within a second; 5 s leaves room for two retransmissions.
CONNECT_SECONDS = 5.0
# Ours: more sockets at once make small routers drop connections.
IN_FLIGHT = 64
# Ours: half-open attempts cost a router next to nothing; one connection table of a small firewall holds 16,000.
KNOCKS_IN_FLIGHT = 4000
# Ours: what the rest of the program needs to open meanwhile.
FILES_ASIDE = 256
# Ours, design of the pace: an xDSL line or an Internet box at the other end, unless we know better.
DEFAULT_RATE = 100.0
# SYN, the acknowledgements, the question, the end: what a short conversation sends beside its first packet.
PLACES_OF_A_CONVERSATION = 4
# Ours: of 28,000 ports, a few hundred were used.
_PORT_TRIES = 8


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


def _connected(destination: Endpoint, not_from: Collection[int]) -> socket.socket:
    """A UDP socket that hears ICMP, from another port than these as far as a few tries find one."""
    for _ in range(_PORT_TRIES):
        sock = _towards(destination)
        if sock.getsockname()[1] not in not_from:
            return sock
        sock.close()
    return _towards(destination)


def _towards(destination: Endpoint) -> socket.socket:
    with ExitStack() as held:
        sock = held.enter_context(_new_socket(destination, socket.SOCK_DGRAM))
        _hear_icmp(sock)
        sock.connect(_socket_address(destination))
        held.pop_all()
        return sock


def inherited(descriptor: int) -> socket.socket:
    """A socket that another process opened and handed on."""
    return socket.socket(fileno=descriptor)


def _anything(_: bytes) -> bool:
    return True


@frozen
class Turn:
    """Leave to knock once, at a place the guard admitted."""

    request: Request
    destination: Endpoint
    wait: float
    """Seconds to wait before it is used."""


@dataclass(slots=True, eq=False)
class Knocking:
    """One attempt under way."""

    sock: socket.socket
    destination: Endpoint
    begun: float
    """As `time.monotonic` counts, which is the clock of asyncio too."""


class Network:
    """Opens what the guard admits, at the pace of the line behind which each address stands, and counts it."""

    def __init__(
        self,
        scope: Scope,
        *,
        connect_to: ConnectTo | None = None,
        infrastructure: Collection[Endpoint] = (),
        allow_test_network: bool = False,
        allow_private: bool = False,
        loopback_only: bool = False,
        max_rate: float | None = None,
        in_flight: int = IN_FLIGHT,
        ways: Mapping[IpAddress, Way] | None = None,
        own_places: Collection[tuple[str, int]] = (),
        named_places: Collection[tuple[str, int]] = (),
    ) -> None:
        """`max_rate`: packets a second on one line; None: loopback and infrastructure free, the others as `ways`
        says. An address that is not in `ways` is a line by itself, at the rate its caller gives. `own_places`,
        `named_places`: as the guard takes them.

        Raises:
            UsageError: a --connect-to rule leads outside this machine.
        """
        self._guard = Guard(
            scope,
            connect_to=connect_to or ConnectTo(),
            infrastructure=infrastructure,
            allow_test_network=allow_test_network,
            allow_private=allow_private,
            loopback_only=loopback_only,
            own_places=own_places,
            named_places=named_places,
        )
        self._max_rate = max_rate
        self._slots = asyncio.Semaphore(in_flight)
        self._knocking = 0
        self._ways = dict(ways or {})
        self._pacers: defaultdict[str, Pacer] = defaultdict(Pacer)
        self._streams: WeakSet[Stream | DatagramStream] = WeakSet()
        self.opened: Counter[tuple[Purpose, str, int]] = Counter()
        """Sockets opened, by purpose, address and port as declared (before --connect-to)."""

    def covers_domain(self, domain: str) -> bool:
        """Whether a public connection may be made on account of `domain`."""
        return self._guard.covers_domain(domain)

    def is_here(self, address: IpAddress, ports: Iterable[int]) -> bool:
        """All these ports of `address` are on this machine, and nobody asked for a pace: no need to go slowly."""
        there = (self._guard.destination(Endpoint(address, port)) for port in ports)
        return self._max_rate is None and all(each.address.is_loopback for each in there)

    def refusal_of(self, address: IpAddress, port: int, *, test: str, about: str) -> Unreachable | None:
        """Why an intrusive `test` may not be made there; None: it may, on a connection open already as on a new one."""
        request = Request(Endpoint(address, port), Purpose.INTRUSIVE, about=about, test=test)
        admitted = self._guard.admit(request)
        return admitted if isinstance(admitted, Unreachable) else None

    async def connect(
        self,
        address: IpAddress,
        port: int,
        *,
        purpose: Purpose,
        about: str = "",
        test: str = "",
        published: bool = False,
        within: float = CONNECT_SECONDS,
        limits: Limits | None = None,
    ) -> Stream | Unreachable:
        """A TCP connection, or why there is none. `about`, `test`, `published` as in `Request`; `within` in seconds."""
        request = Request(Endpoint(address, port), purpose, about=about, test=test, published=published)
        destination = self._admit(request)
        if isinstance(destination, Unreachable):
            return destination
        places = PLACES_OF_A_CONVERSATION if purpose is Purpose.ACTIVE else 1
        with ExitStack() as held:
            await self._take_turn(request, destination, held, places=places)
            try:
                sock = held.enter_context(_new_socket(destination, socket.SOCK_STREAM))
                async with asyncio.timeout(within):
                    await asyncio.get_running_loop().sock_connect(sock, _socket_address(destination))
            except OSError as error:
                return from_os(error)
            stream = Stream(sock, limits=limits or Limits(), on_close=held.pop_all().close)
            self._streams.add(stream)
            return stream

    async def lend(
        self, address: IpAddress, port: int, *, host: str, here_only: bool, within: float = CONNECT_SECONDS
    ) -> socket.socket | Unreachable:
        """A TCP connection to a place of backups, for a child process; the caller closes it.

        `host`: as configuration writes it; `here_only`: refused unless it leads to this machine.
        """
        request = Request(Endpoint(address, port), Purpose.INFRASTRUCTURE, about=host)
        destination = self._admit(request)
        if isinstance(destination, Unreachable):
            return destination
        if here_only and not destination.address.is_loopback:
            return Unreachable(Reason.TLS_FAILURE, "adresse sans chiffrement : elle n'est pas regardée")
        with ExitStack() as held:
            await self._take_turn(request, destination, held)
            try:
                sock = _new_socket(destination, socket.SOCK_STREAM)
                held.callback(sock.close)
                async with asyncio.timeout(within):
                    await asyncio.get_running_loop().sock_connect(sock, _socket_address(destination))
            except OSError as error:
                return from_os(error)
            held.pop_all()
            return sock

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

    async def ask(
        self,
        address: IpAddress,
        port: int,
        payload: bytes,
        *,
        purpose: Purpose,
        within: float,
        test: str = "",
        rate: float | None = DEFAULT_RATE,
        any_port: bool = False,
    ) -> Heard | Unreachable:
        """One datagram out, and all that comes back for a time: words, or an ICMP message with its author.

        Nothing is sent but that datagram. `any_port`: the answer may come from another port of the same address
        (TFTP); otherwise the socket is connected, and the kernel drops what comes from elsewhere.
        """
        request = Request(Endpoint(address, port), purpose, test=test)
        destination = self._admit(request)
        if isinstance(destination, Unreachable):
            return destination
        await asyncio.sleep(self._reserve(request, destination, rate=rate))
        self._count(request, destination)
        try:
            with _new_socket(destination, socket.SOCK_DGRAM) as sock:
                return await _ask_and_hear(sock, destination, payload, within=within, any_port=any_port)
        except OSError as error:
            return from_os(error)

    async def datagrams(
        self,
        address: IpAddress,
        port: int,
        *,
        purpose: Purpose,
        rate: float | None = DEFAULT_RATE,
        limits: Limits | None = None,
        not_from: Collection[int] = (),
    ) -> DatagramStream | Unreachable:
        """A conversation in datagrams; nothing is sent yet, and each datagram takes its place in the pace.

        `rate`: datagrams a second, None: free. `--max-rate`, or the pace of its line, replaces it.
        `not_from`: ports of ours that the other side may still hold for an earlier conversation.
        """
        request = Request(Endpoint(address, port), purpose)
        destination = self._admit(request)
        if isinstance(destination, Unreachable):
            return destination
        with ExitStack() as held:
            await self._slots.acquire()
            held.callback(self._slots.release)
            try:
                sock = held.enter_context(_connected(destination, not_from))
            except OSError as error:
                return from_os(error)
            own = own_address_towards(destination.address)
            if own == destination.address and sock.getsockname()[1] == destination.port:
                return Unreachable(Reason.REFUSED, "aucun service n'écoute")
            self._count(request, destination)
            stream = DatagramStream(
                sock,
                target=destination.address,
                own=own,
                limits=limits or Limits(),
                take_turn=lambda: self._reserve(request, destination, rate=rate),
                on_close=held.pop_all().close,
            )
            self._streams.add(stream)
            return stream

    def turn(
        self, address: IpAddress, port: int, *, purpose: Purpose, rate: float | None = DEFAULT_RATE
    ) -> Turn | Knock:
        """Leave to knock at one TCP port, its place in the pace taken; or why it may not be knocked at.

        `rate`: attempts a second at this address, None: free. `--max-rate`, or the pace of its line, replaces it.
        """
        request = Request(Endpoint(address, port), purpose)
        destination = self._admit(request)
        if isinstance(destination, Unreachable):
            return Knock(destination)
        return Turn(request, destination, self._reserve(request, destination, rate=rate))

    def knock(self, turn: Turn) -> Knocking | Knock:
        """Begin the attempt; to be read by `heard`, or closed. The answer at once when there is no waiting for it."""
        self._count(turn.request, turn.destination)
        begun = time.monotonic()
        try:
            sock = _new_socket(turn.destination, socket.SOCK_STREAM)
            _hear_icmp(sock)
            error = sock.connect_ex(_socket_address(turn.destination))
        except OSError as problem:
            return Knock(from_os(problem))
        knocking = Knocking(sock, turn.destination, begun)
        self._knocking += 1
        return knocking if error == errno.EINPROGRESS else self.heard(knocking, error=error)

    def heard(self, knocking: Knocking, *, error: int = 0) -> Knock:
        """What the kernel learnt of an attempt, which is over: its socket is closed, without a byte of data."""
        self._knocking -= 1
        with knocking.sock as sock:
            return read_attempt(_attempt(sock, knocking, error=error))

    @property
    def knocks_left(self) -> int:
        """How many attempts may be begun before others are over."""
        return knocks_at_once() - self._knocking

    def open_raw(
        self, address: IpAddress, ports: Sequence[int], *, purpose: Purpose
    ) -> "RawSocket | Unreachable":
        """A socket for raw TCP towards one address; nothing is sent. Every port must be admitted, and none led
        elsewhere by a --connect-to rule: a raw packet would be another conversation than the connection's.
        """
        refusals = (self._raw_refusal(Request(Endpoint(address, port), purpose)) for port in ports)
        refusal = next((refusal for refusal in refusals if refusal is not None), None)
        return refusal or _open_raw(address)

    async def send_raw(
        self, raw: "RawSocket", request: Request, segment: bytes, *, rate: float | None
    ) -> Unreachable | None:
        """Send one TCP segment, or say why not. `rate`: as for `turn`."""
        refusal = self._raw_refusal(request)
        if refusal is not None:
            return refusal
        destination = request.endpoint
        # Nothing to wait for: whoever reads the answers has his turn all the same.
        await asyncio.sleep(self._reserve(request, destination, rate=rate))
        self._count(request, destination)
        return await _send_raw(raw.sock, segment)

    def _raw_refusal(self, request: Request) -> Unreachable | None:
        destination = self._admit(request)
        if isinstance(destination, Unreachable):
            return destination
        return (
            None if destination == request.endpoint else Unreachable(Reason.NOT_LOOKED, "adresse détournée")
        )

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
        self, request: Request, destination: Endpoint, held: ExitStack, *, places: int = 1
    ) -> None:
        # Questions to DNS take no slot: a probe that holds a stream must still be able to ask the resolver.
        if request.purpose is not Purpose.INFRASTRUCTURE and request.endpoint.port != DNS_PORT:
            await self._slots.acquire()
            held.callback(self._slots.release)
        rate = None if request.endpoint.address in self._ways else DEFAULT_RATE
        wait = self._reserve(request, destination, rate=rate, places=places)
        if wait > 0:
            await asyncio.sleep(wait)
        self._count(request, destination)

    def _count(self, request: Request, destination: Endpoint) -> None:
        self.opened[request.purpose, str(request.endpoint.address), request.endpoint.port] += 1
        log.debug("open: %s %s by %s", request.purpose, request.endpoint, destination)

    def _pace(
        self, request: Request, destination: Endpoint, *, rate: float | None
    ) -> tuple[str, float | None]:
        """The line that is used, and its packets a second; None: free."""
        address = request.endpoint.address
        way = self._ways.get(address)
        if self._max_rate:
            return way.name if way else str(address), self._max_rate
        # The resolver bounds its own questions; name servers are built for many.
        unhurried = way is None and request.purpose in (Purpose.INFRASTRUCTURE, Purpose.NAMES)
        if destination.address.is_loopback or unhurried:
            return str(address), None
        return (way.name, way.rate) if way and way.rate else (str(address), rate)

    def _reserve(
        self, request: Request, destination: Endpoint, *, rate: float | None, places: int = 1
    ) -> float:
        """Seconds to wait before this packet may leave on its line; its places are taken."""
        line, rate = self._pace(request, destination, rate=rate)
        return self._pacers[line].reserve(time.monotonic(), rate, places=places)


async def _ask(
    sock: socket.socket, destination: Endpoint, payload: bytes, accept: Callable[[bytes], bool]
) -> bytes:
    loop = asyncio.get_running_loop()
    # Of a datagram socket this waits for nobody: it is only told whom it listens to.
    sock.connect(_socket_address(destination))
    await loop.sock_sendall(sock, payload)
    while True:
        data = await loop.sock_recv(sock, 65535)
        if accept(data):
            return data
        # A flood is read without ever waiting: give the timeout its chance.
        await asyncio.sleep(0)


async def _ask_and_hear(
    sock: socket.socket, destination: Endpoint, payload: bytes, *, within: float, any_port: bool
) -> Heard:
    target, place = destination.address, _socket_address(destination)
    begun = asyncio.get_running_loop().time()
    try:
        _hear_icmp(sock)
        if any_port:
            sock.sendto(payload, place)
        else:
            sock.connect(place)
            sock.send(payload)
    except OSError as error:
        return Heard(None, 0, 0.0, None, error.errno or 0, target, None)
    own = own_address_towards(target)
    if own == target and sock.getsockname()[1] == destination.port:
        return Heard(None, 0, 0.0, None, 0, target, own, to_itself=True)
    return await hear(sock, target=target, own=own, begun=begun, within=within)


def _attempt(sock: socket.socket, knocking: Knocking, *, error: int) -> Attempt:
    """What the kernel says of an attempt. It may have answered although we did not hear: it is asked in any case."""
    error = error or _pending(sock)
    seconds = time.monotonic() - knocking.begun
    there = () if error else _name(sock.getpeername)
    here = _name(sock.getsockname)
    return Attempt(
        # Cut between the handshake and now: another error waits on the socket.
        error=error or (0 if there else _pending(sock)),
        icmp=None if there else _waiting_icmp(sock),
        connected=bool(there),
        target=knocking.destination.address,
        own=ip_address(here[0]) if here else None,
        seconds=seconds,
        to_itself=bool(there) and here == there,
    )


@lru_cache(maxsize=1)
def knocks_at_once() -> int:
    """How many attempts may be under way; the limit on open files is raised once, never above its hard bound."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = KNOCKS_IN_FLIGHT + FILES_ASIDE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return KNOCKS_IN_FLIGHT if soft == resource.RLIM_INFINITY else max(16, min(wanted, soft) - FILES_ASIDE)


def _pending(sock: socket.socket) -> int:
    """The errno that waits on the socket, taken away by reading it; 0: none."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


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


@frozen
class RawSocket:
    """Raw TCP between this machine and one address: the kernel drops what comes from elsewhere."""

    sock: socket.socket
    own: IpAddress


def _open_raw(address: IpAddress) -> RawSocket | Unreachable:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        sock = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP)
    except PermissionError:
        return Unreachable(Reason.NO_PRIVILEGE)
    except OSError as error:
        return from_os(error)
    sock.settimeout(0)
    # ICMP errors about our packets come to this socket too, with their author.
    _hear_icmp(sock)
    try:
        sock.connect(_socket_address(Endpoint(address, 0)))
    except OSError as error:
        sock.close()
        return from_os(error)
    return RawSocket(sock, ip_address(sock.getsockname()[0].partition("%")[0]))


async def _send_raw(sock: socket.socket, segment: bytes) -> Unreachable | None:
    loop = asyncio.get_running_loop()
    # The first failure may be an ICMP error about an earlier packet: it is told once, and then gone.
    with suppress(OSError):
        await loop.sock_sendall(sock, segment)
        return None
    try:
        await loop.sock_sendall(sock, segment)
    except OSError as error:
        return from_os(error)
    return None


def hold_port(raw: RawSocket, number: int) -> socket.socket:
    """A TCP port of ours, on the address of `raw`, that no other program gets until it is closed; 0: a free one.

    A port that is named may be held several times, for several targets. Nothing is sent.

    Raises:
        OSError: somebody listens there, or low ports need a right that is not there.
    """
    host, _, *rest = raw.sock.getsockname()
    held = socket.socket(raw.sock.family, socket.SOCK_STREAM)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(number != 0))
        held.bind((host, number, *rest))
    except OSError:
        held.close()
        raise
    return held

"""Raw packets to one address, sent at its pace, with the answers that come back: our own loop, bounded in time."""

import asyncio
import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from cyberaudit.facts.packet_filter import Trick
from cyberaudit.facts.reach import PortState
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import Endpoint, IpAddress
from cyberaudit.probes.guard import Purpose, Request
from cyberaudit.probes.network import Network, RawSocket, hold_port
from cyberaudit.probes.ports.knock import IcmpError, Knock, read_icmp
from cyberaudit.probes.ports.timing import Patience
from cyberaudit.probes.raw.packets import (
    SOURCE_PORTS,
    Packet,
    answer_of,
    build,
    draw,
    knock_of,
    load_builder,
    quoted_conversation,
    read_segment,
)

# Ours: forty ports, four packets each, twice, at 50 a second, take 6.4 s; a line slower than that is left alone.
VOLLEY_SECONDS = 15.0
_TOO_LATE = Unreachable(Reason.DEADLINE)
# Ours: what is read before others have their turn.
_AT_A_TIME = 256
# An Ethernet frame; what we read stands in its first hundred bytes.
_FRAME = 1514

Target = tuple[int, Trick]


@frozen
class Manner:
    """How the packets of one volley are sent."""

    rate: float | None
    """Packets a second, when the address stands behind no line that is known; None: free."""
    purpose: Purpose = Purpose.ACTIVE
    tricks: tuple[Trick, ...] = (Trick.SYN, Trick.ACK, Trick.SOURCE_53, Trick.SOURCE_20)
    seconds: float = VOLLEY_SECONDS


async def volley(
    network: Network, address: IpAddress, ports: Sequence[int], manner: Manner
) -> dict[Target, Knock]:
    """Each trick at each port, the silent ones once more; by port and trick, ports in turn.

    Only what stayed silent twice is silent; what time did not allow is `Unreachable(deadline)`. When nothing can
    be sent, every answer says why: `no-privilege`, `not-authorized`, `not-looked` (a --connect-to rule).
    """
    wanted = [(port, trick) for port in ports for trick in manner.tricks]
    raw = network.open_raw(address, ports, purpose=manner.purpose)
    if isinstance(raw, Unreachable):
        return dict.fromkeys(wanted, Knock(raw))
    with ExitStack() as held:
        held.enter_context(raw.sock)
        own_ports = {trick: _own_port(trick, raw, held) for trick in manner.tricks}
        run = _Volley(network, raw, address, manner)
        packets = {
            (port, trick): draw(trick, port, own_port=own_port)
            for port, trick in wanted
            if isinstance(own_port := own_ports[trick], int)
        }
        await run.ask(tuple(packets.values()))
    late = Knock(_TOO_LATE)
    taken = {trick: Knock(state) for trick, state in own_ports.items() if isinstance(state, Unreachable)}
    return {
        target: taken[target[1]] if target[1] in taken else run.heard.get(packets[target], late)
        for target in wanted
    }


def _own_port(trick: Trick, raw: RawSocket, held: ExitStack) -> int | Unreachable:
    """The port the trick leaves from, kept from other programs meanwhile."""
    number = SOURCE_PORTS.get(trick, 0)
    try:
        sock = held.enter_context(hold_port(raw, number))
    except OSError as error:
        # Without the right to bind low ports, nobody can be kept away; sending needs no such right.
        if number and error.errno == errno.EACCES:
            return number
        return Unreachable(Reason.NOT_COLLECTED, f"port {number or 'libre'} déjà pris sur cette machine")
    return int(sock.getsockname()[1])


@dataclass(slots=True)
class _Volley:
    network: Network
    raw: RawSocket
    target: IpAddress
    manner: Manner
    patience: Patience = field(default_factory=Patience)
    waiting: dict[tuple[int, int], Packet] = field(default_factory=dict)
    """Sent and not answered yet, by conversation."""
    sent: dict[Packet, float] = field(default_factory=dict)
    heard: dict[Packet, Knock] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, packets: Sequence[Packet]) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(load_builder)
        loop.add_reader(self.raw.sock, self._hear)
        try:
            async with asyncio.timeout(self.manner.seconds):
                await self._round(packets)
                await self._round([packet for packet in packets if packet not in self.heard])
                self.heard.update(dict.fromkeys(self.waiting.values(), Knock(PortState.SILENT)))
        except TimeoutError:
            pass  # what was heard until then is kept
        finally:
            loop.remove_reader(self.raw.sock)

    async def _round(self, packets: Sequence[Packet]) -> None:
        for packet in packets:
            await self._send(packet)
        self.complete.clear()
        if not self.waiting:
            return
        try:
            async with asyncio.timeout(self.patience.seconds):
                await self.complete.wait()
        except TimeoutError:
            pass  # silence is an answer too

    async def _send(self, packet: Packet) -> None:
        segment = build(packet, own=self.raw.own, target=self.target)
        self.waiting[packet.conversation] = packet
        request = Request(Endpoint(self.target, packet.port), self.manner.purpose)
        refusal = await self.network.send_raw(self.raw, request, segment, rate=self.manner.rate)
        self.sent[packet] = asyncio.get_running_loop().time()
        if refusal is not None:
            self._answered(packet, Knock(refusal))

    def _hear(self) -> None:
        """Everything that waits on the socket: refusals first, for an error that is not read wakes us for ever."""
        now = asyncio.get_running_loop().time()
        for quoted, icmp in _errors(self.raw.sock):
            self._read_icmp(quoted, icmp, now)
        for received in _received(self.raw.sock):
            self._read_segment(received, now)

    def _read_segment(self, received: bytes, now: float) -> None:
        segment = read_segment(received, self.target.version)
        packet = self.waiting.get((segment.destination, segment.source)) if segment else None
        state = answer_of(segment, packet) if segment and packet else None
        if packet and state:
            self._take(packet, state, now)

    def _read_icmp(self, quoted: bytes, icmp: IcmpError, now: float) -> None:
        found = quoted_conversation(quoted)
        packet = self.waiting.get(found[0]) if found else None
        if packet and found and found[1] == packet.sequence:
            self._take(packet, icmp, now)

    def _take(self, packet: Packet, state: PortState | IcmpError, now: float) -> None:
        seconds = now - self.sent.get(packet, now)
        knock = knock_of(state, own=self.raw.own, target=self.target, seconds=seconds)
        if knock.seconds is not None:
            self.patience.learn(knock.seconds)
        self._answered(packet, knock)

    def _answered(self, packet: Packet, knock: Knock) -> None:
        self.heard[packet] = knock
        self.waiting.pop(packet.conversation, None)
        if not self.waiting:
            self.complete.set()


def _errors(sock: socket.socket) -> Iterator[tuple[bytes, IcmpError]]:
    """What ICMP said of our packets: the beginning of what it quotes, and its author."""
    for _ in range(_AT_A_TIME):
        try:
            quoted, ancillary, _, _ = sock.recvmsg(_FRAME, 512, socket.MSG_ERRQUEUE)
        except OSError:  # the queue is empty
            return
        icmp = read_icmp((level, kind, data) for level, kind, data in ancillary)
        if icmp is not None:
            yield quoted, icmp


def _received(sock: socket.socket) -> Iterator[bytes]:
    for _ in range(_AT_A_TIME):
        try:
            yield sock.recv(_FRAME)
        except BlockingIOError:
            return
        except OSError:
            continue  # an ICMP error, told once more: its message stands in the other queue

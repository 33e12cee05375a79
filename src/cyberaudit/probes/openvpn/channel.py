"""The reliable channel inside OpenVPN's control packets: what is written comes out in order on the other side.

No key is needed where the server has neither tls-auth nor tls-crypt. A session begins with a hard reset from each
side; then bytes travel in numbered packets, each acknowledged, and sent again when the acknowledgement is late.

**How OpenVPN refuses.** Its TLS writes an alert, which never leaves (2.6, tried): the session is dropped, in silence
over UDP, with a close over TCP. A silence proves nothing by itself, so the end of what is written is held back until
all before it is acknowledged: the session lives, and large packets pass. Then, over UDP, each further sending of that
end is followed by the packet before it, which a session that lives acknowledges each time, and by a hard reset of
another session, which the server takes from the same queue after both. When several of these resets were answered,
and neither the end nor the packet before it was, the session is gone. Where that packet is acknowledged, something on
the line eats the end: it stays a silence. Over TCP the session is gone when the connection is closed at that moment
and no other. Once is not enough for a refusal: what is told of it, and when, is decided by `silences`.
"""

import asyncio
import secrets
from collections.abc import Callable
from types import TracebackType
from typing import Self

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.openvpn.carrier import NOT_OPENVPN, Carrier
from cyberaudit.probes.openvpn.silences import Silences
from cyberaudit.probes.openvpn.wire import ACK, CONTROL, RESET_CLIENT, RESET_SERVER, Packet, build, parse

# With its header, a datagram stays under 1200 bytes: it passes any line whole.
PAYLOAD_BYTES = 1_150
# Ours: small enough to pass wherever a reset passes.
END_BYTES = 32
# OpenVPN before 2.6 holds four packets on their way; nobody holds fewer.
ON_THE_WAY = 4
# OpenVPN 2.6, reliable.h: twelve packets may wait for one that is missing.
HELD_PACKETS = 16
# Ours: a packet of ours that so many sendings did not bring across will not come across.
MOST_SENDINGS = 24
# Ours: where one packet in ten gets lost each way, three ends and two echoes all fail once in four thousand times,
# and a refusal is told only when that happened twice.
WITNESSES = 2
# Ours: each loss that was noticed asks for one witness more; a fifth lost each way is then still told apart.
WITNESSES_PER_LOSS = 1
# Ours: an answer three times as late as the first one is lost.
_ROUND_TRIPS, _LEAST_WAIT, _MOST_WAIT = 3.0, 0.1, 2.0
# Ours: a busy home line answers within a second.
_FIRST_WAIT = 1.0
_CLOSED = Unreachable(Reason.RESET, "connexion fermée par le serveur")
_DROPPED = Unreachable(Reason.RESET, "session abandonnée par le serveur")


class Channel:
    """One session with one server; a `Conversation` once `greet` has ended well. One task uses it at a time."""

    def __init__(
        self, carrier: Carrier, silences: Silences, *, on_reset: Callable[[], None] = lambda: None
    ) -> None:
        """`silences` is of this server; `on_reset` is told of each hard reset that leaves: servers count them."""
        self._carrier = carrier
        self._silences = silences
        self._on_reset = on_reset
        self._loop = asyncio.get_running_loop()
        self._ours = secrets.token_bytes(8)
        self._theirs = b""
        self._their_reset = 0
        self._wait = _FIRST_WAIT
        self._met_others = False
        """Before their reset, packets of the control channel came that were not for us."""
        self._sent = 0
        """Packets numbered so far."""
        self._on_the_way: dict[int, _Sending] = {}
        self._end = 0
        """The number of the packet that ends what was written last; 0: nothing was."""
        self._hello = b""
        """What was written first."""
        self._echo = b""
        """The packet before the end of a first flight: a session that lives acknowledges it each time."""
        self._echo_number = 0
        self._echoed = False
        """It was sent again, after the end."""
        self._lives = False
        """It was acknowledged again: the end alone gets lost."""
        self._witness = b""
        """The other session whose reset must show that the server took what came before it."""
        self._witnesses = 0
        self._losses = 0
        """Packets of this session, and witnesses, that had to be sent again."""
        self._expected = 1
        self._held: dict[int, bytes] = {}
        self._ready = bytearray()
        self._spoke = False
        """Some byte of TLS has come."""
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._carrier.close()

    async def greet(self, *, within: float) -> Unreachable | None:
        """Both hard resets. `reset`: the connection ended without a word; `protocol-error`: it is not OpenVPN."""
        begun = self._loop.time()
        self._on_reset()
        trouble = await self._put(RESET_CLIENT, b"", until=begun + within)
        while trouble is None and not self._theirs:
            trouble = _CLOSED if self._closed else await self._step(begun + within, self._take_reset)
        if self._met_others and trouble is not None and trouble.reason is Reason.TIMEOUT:
            trouble = NOT_OPENVPN
        self._wait = min(_MOST_WAIT, max(_LEAST_WAIT, _ROUND_TRIPS * (self._loop.time() - begun)))
        return trouble

    async def read(self, limit: int, *, within: float) -> bytes | Unreachable:
        """What comes next, 1 to `limit` bytes; empty at the end, which only TCP has."""
        until = self._loop.time() + within
        while not self._ready and not self._closed:
            if self._is_dropped:
                return _DROPPED
            trouble = await self._step(until, self._take)
            if trouble is not None:
                return trouble
        taken = bytes(self._ready[:limit])
        del self._ready[:limit]
        return taken

    async def write(self, data: bytes, *, within: float) -> Unreachable | None:
        """Send all of `data`; its end may still be on its way, `read` looks after it."""
        until = self._loop.time() + within
        self._hello = self._hello or data
        *body, end = self._pieces(data)
        for piece in body:
            trouble = await self._room(ON_THE_WAY, until=until)
            trouble = trouble or await self._put(CONTROL, piece, until=until)
            if trouble is not None:
                return trouble
        self._keep_echo(is_whole=len(body) > 1)
        trouble = await self._room(1, until=until)
        if trouble is None:
            self._end, self._witnesses = self._sent, 0
            trouble = await self._put(CONTROL, end, until=until)
        return trouble

    def _pieces(self, data: bytes) -> list[bytes]:
        """One a packet; a first flight ends with two small ones, its echo and its end."""
        small = 0 if self._spoke else min(END_BYTES, len(data) // 3)
        body = data[: len(data) - 2 * small]
        pieces = [body[at : at + PAYLOAD_BYTES] for at in range(0, len(body), PAYLOAD_BYTES)] or [b""]
        return [*pieces, data[-2 * small : -small], data[-small:]] if small else pieces

    def _keep_echo(self, *, is_whole: bool) -> None:
        """Never the first packet: alone, 2.6 begins a session anew with it."""
        last = self._on_the_way.get(self._sent - 1)
        self._echo = last.data if last and is_whole and not self._spoke else b""
        self._echo_number = self._sent - 1

    async def _room(self, most: int, *, until: float) -> Unreachable | None:
        """Wait until fewer than `most` packets are on their way."""
        self._end = 0
        while len(self._on_the_way) >= most:
            trouble = _CLOSED if self._closed else await self._step(until, self._take)
            if trouble is not None:
                return trouble
        return None

    async def _put(self, opcode: int, payload: bytes, *, until: float) -> Unreachable | None:
        """A new packet of ours leaves. The first after the resets acknowledges theirs again: 2.6 wants it there."""
        number, self._sent = self._sent, self._sent + 1
        acks = (self._their_reset,) if number == 1 else ()
        data = build(Packet(opcode, self._ours, acks, self._theirs, number, payload))
        self._on_the_way[number] = _Sending(data, self._loop.time() + self._wait, self._wait)
        return await self._send(data, until=until)

    async def _send(self, data: bytes, *, until: float) -> Unreachable | None:
        return await self._carrier.send(data, within=max(0.0, until - self._loop.time()))

    async def _step(self, until: float, take: "_Take") -> Unreachable | None:
        """Wait for one packet and take it in, or send again what is late."""
        now = self._loop.time()
        if now >= until:
            return Unreachable(Reason.TIMEOUT)
        late = min((sending.due for sending in self._on_the_way.values()), default=until)
        wakes = min(until, late) if self._carrier.loses_packets else until
        data = await self._carrier.receive(within=max(0.0, wakes - now))
        if isinstance(data, Unreachable):
            return await self._send_again(until) if data.reason is Reason.TIMEOUT else data
        if not data:
            self._take_close()
            return None
        answer = take(parse(data))
        return await self._send(build(answer), until=until) if isinstance(answer, Packet) else answer

    async def _send_again(self, until: float) -> Unreachable | None:
        now = self._loop.time()
        late = [number for number, sending in self._on_the_way.items() if sending.due <= now]
        for number in late if self._carrier.loses_packets else ():
            sending = self._on_the_way[number]
            if sending.sendings >= MOST_SENDINGS:
                return Unreachable(Reason.TIMEOUT, "paquets perdus")
            sending.again(now, slower=number != self._end)
            self._losses += number != self._end
            trouble = await self._send(sending.data, until=until)
            if trouble is None and number == self._end:
                trouble = await self._call_after_end(until)
            if trouble is not None:
                return trouble
        return None

    async def _call_after_end(self, until: float) -> Unreachable | None:
        """The echo, then a witness; a session that is known to live needs neither."""
        if self._lives:
            return None
        if self._echo:
            self._echoed = True
            trouble = await self._send(self._echo, until=until)
            if trouble is not None:
                return trouble
        return await self._call_witness(until)

    async def _call_witness(self, until: float) -> Unreachable | None:
        self._losses += bool(self._witness)
        self._witness = secrets.token_bytes(8)
        self._on_reset()
        return await self._send(build(Packet(RESET_CLIENT, self._witness)), until=until)

    def _take_reset(self, packet: Packet | None) -> "Packet | Unreachable | None":
        if packet is None:
            return NOT_OPENVPN
        if packet.opcode != RESET_SERVER or packet.of_session not in (b"", self._ours):
            # Over UDP it may be late, and for whoever had this port before us.
            self._met_others = True
            return None if self._carrier.loses_packets else NOT_OPENVPN
        self._theirs, self._their_reset = packet.session, packet.number
        self._on_the_way.clear()
        return self._ack(packet)

    def _take(self, packet: Packet | None) -> Packet | None:
        """What a packet brings, and the acknowledgement it wants; what is not of this session is left aside."""
        if packet is None:
            return None
        if packet.opcode == RESET_SERVER and self._witness and packet.of_session == self._witness:
            self._hear_witness()
            return None
        if packet.session != self._theirs or packet.of_session not in (b"", self._ours):
            return None
        for number in packet.acks:
            self._on_the_way.pop(number, None)
        self._lives |= self._echoed and self._echo_number in packet.acks
        if packet.opcode == ACK or packet.number >= self._expected + HELD_PACKETS:
            return None
        if packet.opcode == CONTROL:
            self._bring(packet)
        return self._ack(packet)

    def _bring(self, packet: Packet) -> None:
        if packet.number >= self._expected:
            self._held[packet.number] = packet.payload
        while self._expected in self._held:
            self._ready += self._held.pop(self._expected)
            self._expected += 1
        if self._ready and not self._spoke:
            self._spoke = True
            self._silences.answered(self._hello, self._ready[0])

    def _hear_witness(self) -> None:
        """The server has taken what was sent before; still without a word, the session is gone."""
        self._witness = b""
        if self._end not in self._on_the_way:
            return
        self._witnesses += 1
        if self._is_dropped and not self._spoke:
            self._on_the_way.clear()
            self._ready += self._silences.dropped(self._hello)

    @property
    def _is_dropped(self) -> bool:
        """Over UDP; a first flight without an echo proves nothing."""
        enough = self._witnesses >= WITNESSES + WITNESSES_PER_LOSS * self._losses
        return enough and not self._lives and (self._spoke or bool(self._echo))

    def _take_close(self) -> None:
        self._closed = True
        if self._end in self._on_the_way and not self._spoke and self._end:
            self._ready += self._silences.dropped(self._hello)

    def _ack(self, packet: Packet) -> Packet:
        return Packet(ACK, self._ours, (packet.number,), self._theirs)


class _Sending:
    """One packet of ours that nobody acknowledged yet."""

    __slots__ = ("_wait", "data", "due", "sendings")

    def __init__(self, data: bytes, due: float, wait: float) -> None:
        self.data, self.due, self._wait = data, due, wait
        self.sendings = 1

    def again(self, now: float, *, slower: bool) -> None:
        self.sendings += 1
        self._wait *= 2 if slower else 1
        self.due = now + self._wait


_Take = Callable[[Packet | None], Packet | Unreachable | None]

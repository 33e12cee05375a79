"""What carries the packets of OpenVPN: datagrams as they are, or TCP with two bytes of length before each."""

from typing import Protocol

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.udp.datagram_stream import DatagramStream

# OpenVPN, control channel: packets are cut at 1250 bytes by default (--max-packet-size); four times that.
LARGEST_PACKET = 5_000
_CHUNK = 4096
NOT_OPENVPN = Unreachable(Reason.PROTOCOL_ERROR, "ce n'est pas OpenVPN")


class Carrier(Protocol):
    """One way to a server, bounded by its maker in time and bytes."""

    loses_packets: bool

    async def send(self, packet: bytes, *, within: float) -> Unreachable | None:
        """One packet out."""
        ...

    async def receive(self, *, within: float) -> bytes | Unreachable:
        """The next packet; empty when the other side has closed."""
        ...

    def close(self) -> None:
        """Close at once; a second call does nothing."""
        ...


class OverUdp:
    """A packet is a datagram."""

    loses_packets = True

    def __init__(self, datagrams: DatagramStream) -> None:
        self._datagrams = datagrams

    async def send(self, packet: bytes, *, within: float) -> Unreachable | None:
        return await self._datagrams.send(packet, within=within)

    async def receive(self, *, within: float) -> bytes | Unreachable:
        return await self._datagrams.receive(within=within)

    def close(self) -> None:
        self._datagrams.close()


class OverTcp:
    """Packets one after the other; what cannot be one of them ends the reading."""

    loses_packets = False

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def send(self, packet: bytes, *, within: float) -> Unreachable | None:
        return await self._stream.write(len(packet).to_bytes(2, "big") + packet, within=within)

    async def receive(self, *, within: float) -> bytes | Unreachable:
        while (packet := self._take()) is None:
            data = await self._stream.read(_CHUNK, within=within)
            if isinstance(data, Unreachable) or not data:
                return data
            self._buffer += data
        return packet

    def close(self) -> None:
        self._stream.close()

    def _take(self) -> bytes | Unreachable | None:
        """The packet at the head of what has come; None: it is not whole."""
        if len(self._buffer) < 2:
            return None
        end = 2 + int.from_bytes(self._buffer[:2], "big")
        if not 2 < end <= LARGEST_PACKET:
            return NOT_OPENVPN
        if len(self._buffer) < end:
            return None
        packet = bytes(self._buffer[2:end])
        del self._buffer[:end]
        return packet

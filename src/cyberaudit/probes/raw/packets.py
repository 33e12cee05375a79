"""How each raw packet is built, and what an answer to it says. Pure; scapy builds, and is imported when it must.

Answers are read by hand: fourteen bytes at fixed places, and nothing hostile reaches a dissector.
"""

import errno
import importlib
import logging
import secrets
import struct
from typing import Final

from cyberaudit.facts.packet_filter import Trick
from cyberaudit.facts.reach import PortState
from cyberaudit.frozen import frozen
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.ports.knock import Attempt, IcmpError, Knock, read_attempt

SOURCE_PORTS: Final = {Trick.SOURCE_20: 20, Trick.SOURCE_53: 53}
# RFC 9293 §3.1: what every segment begins with: ports, sequence, acknowledgement, offset, flags.
_TCP = struct.Struct("!HHIIBB")
# RFC 792, and RFC 4443 §3.1: an ICMP error quotes these at least: ports and sequence.
_QUOTED = struct.Struct("!HHI")
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_TURN = 2**32
# RFC 6691: what an Ethernet frame leaves; a SYN without options looks like an attack to some boxes.
_SEGMENT_SIZE = {4: 1460, 6: 1440}
_WINDOW = 64240


@frozen
class Packet:
    """One packet of one trick, with numbers that nobody else can guess."""

    trick: Trick
    port: int
    own_port: int
    sequence: int
    acknowledgement: int
    """0, but for `ACK`."""

    @property
    def conversation(self) -> tuple[int, int]:
        """Our port and theirs: no other packet of one volley has both."""
        return self.own_port, self.port


@frozen
class Segment:
    """The beginning of a TCP segment that came in."""

    source: int
    destination: int
    sequence: int
    acknowledgement: int
    flags: int


def draw(trick: Trick, port: int, *, own_port: int) -> Packet:
    """A packet with numbers drawn at random: who did not see it cannot answer it."""
    acknowledgement = secrets.randbits(32) if trick is Trick.ACK else 0
    return Packet(trick, port, own_port, secrets.randbits(32), acknowledgement)


def load_builder() -> None:
    """Import what `build` needs: a tenth of a second, which must not stop the loop."""
    # scapy tells of missing capture libraries, of which nothing here makes use.
    logging.getLogger("scapy").setLevel(logging.ERROR)
    for module in ("scapy.layers.inet", "scapy.layers.inet6"):
        importlib.import_module(module)


def build(packet: Packet, *, own: IpAddress, target: IpAddress) -> bytes:
    """The TCP segment, its checksum computed for these addresses; the kernel writes the header before it."""
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6

    opening = packet.trick is not Trick.ACK
    segment = TCP(
        sport=packet.own_port,
        dport=packet.port,
        flags="S" if opening else "A",
        seq=packet.sequence,
        ack=packet.acknowledgement,
        window=_WINDOW,
        options=[("MSS", _SEGMENT_SIZE[target.version])] if opening else [],
    )
    header = IPv6 if target.version == 6 else IP
    # The zone of a link-local address is no part of the checksum.
    src, dst = (str(address).partition("%")[0] for address in (own, target))
    return bytes((header(src=src, dst=dst) / segment)[TCP])


def read_segment(received: bytes, version: int) -> Segment | None:
    """What a raw TCP socket of that family received: with its IP header in v4, without it in v6 (raw(7))."""
    start = (received[0] & 0x0F) * 4 if version == 4 and received else 0
    if len(received) < start + _TCP.size:
        return None
    source, destination, sequence, acknowledgement, _, flags = _TCP.unpack_from(received, start)
    return Segment(source, destination, sequence, acknowledgement, flags)


def answer_of(segment: Segment, packet: Packet) -> PortState | None:
    """Open or closed, when `segment` answers `packet`; None: a stray one, or somebody else's."""
    if (segment.destination, segment.source) != packet.conversation:
        return None
    if packet.trick is Trick.ACK:
        # RFC 9293 §3.10.7.1: the RST of a conversation that is not takes its number from our acknowledgement.
        told = segment.flags & _RST and segment.sequence == packet.acknowledgement
        return PortState.CLOSED if told else None
    if not segment.flags & _ACK or segment.acknowledgement != (packet.sequence + 1) % _TURN:
        return None
    if segment.flags & _RST:
        return PortState.CLOSED
    return PortState.OPEN if segment.flags & _SYN else None


def quoted_conversation(quoted: bytes) -> tuple[tuple[int, int], int] | None:
    """Of what an ICMP error quotes: our port and theirs, and our sequence number."""
    if len(quoted) < _QUOTED.size:
        return None
    own_port, port, sequence = _QUOTED.unpack_from(quoted)
    return (own_port, port), sequence


def knock_of(state: PortState | IcmpError, *, own: IpAddress, target: IpAddress, seconds: float) -> Knock:
    """The answer in the words of a knock; an ICMP refusal is never « closed », whoever signs it.

    A refusal in words comes from a filter, of the machine itself perhaps: the packet did not get through.
    """
    icmp = state if isinstance(state, IcmpError) else None
    error = 0 if state is PortState.OPEN else errno.EHOSTUNREACH if icmp else errno.ECONNREFUSED
    connected = state is PortState.OPEN
    knock = read_attempt(Attempt(error, icmp, connected, target, own, seconds))
    if icmp is not None and knock.state is PortState.CLOSED:
        return Knock(PortState.REJECTED, knock.detail)
    return knock

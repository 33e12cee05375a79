"""Packets of OpenVPN's control channel in clear, as bytes (its protocol page: doxygen, « network protocol »)."""

import struct

from cyberaudit.frozen import frozen

# Opcodes, in the five high bits of the first byte; the three low ones count renegotiations.
CONTROL, ACK, RESET_CLIENT, RESET_SERVER = 4, 5, 7, 8
SESSION_BYTES = 8
# OpenVPN 2.6, reliable.h: RELIABLE_ACK_SIZE is 8; more in one packet is nobody's.
MOST_ACKS = 8
_KNOWN = frozenset({CONTROL, ACK, RESET_CLIENT, RESET_SERVER})


@frozen
class Packet:
    """One packet of the first key of a session."""

    opcode: int
    session: bytes
    """Of who sends it, 8 bytes."""
    acks: tuple[int, ...] = ()
    """Packets of the other side that have come, 8 at most."""
    of_session: bytes = b""
    """The other side's session; empty when nothing is acknowledged."""
    number: int = 0
    """Its place among the sender's packets; an `ACK` has none."""
    payload: bytes = b""


def build(packet: Packet) -> bytes:
    acks = struct.pack(f"!B{len(packet.acks)}I", len(packet.acks), *packet.acks)
    number = b"" if packet.opcode == ACK else struct.pack("!I", packet.number)
    head = bytes([packet.opcode << 3]) + packet.session + acks
    return head + (packet.of_session if packet.acks else b"") + number + packet.payload


def parse(data: bytes) -> Packet | None:
    """The packet in these bytes; None when they are no packet of the control channel in clear."""
    if len(data) < 1 + SESSION_BYTES + 1 or data[0] >> 3 not in _KNOWN or data[0] & 7:
        return None
    count, rest = data[9], data[10:]
    after = 4 * count + (SESSION_BYTES if count else 0)
    if count > MOST_ACKS or len(rest) < after + (0 if data[0] >> 3 == ACK else 4):
        return None
    acks = struct.unpack_from(f"!{count}I", rest)
    of_session, body = rest[4 * count : after], rest[after:]
    if data[0] >> 3 == ACK:
        return Packet(ACK, data[1:9], acks, of_session)
    return Packet(data[0] >> 3, data[1:9], acks, of_session, int.from_bytes(body[:4], "big"), body[4:])

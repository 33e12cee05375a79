"""The first message of the tunnels of another age, and what their servers answer: PPTP, L2TP. Pure."""

import struct

from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean

# RFC 2637 §1.4 and §2.1: the magic cookie, and the length of both start messages.
_COOKIE = 0x1A2B3C4D
START_BYTES = 156
_START_REQUEST, _START_REPLY, _STOP_REQUEST = 1, 2, 3
_NAME_BYTES = 64

# RFC 2661 §3.1 and §4.4: a control message with length and numbers, version 2; AVPs 0, 7, 8 and 9.
_L2TP_CONTROL, _VERSION_2 = 0xC800, 2
_MESSAGE_TYPE, _HOST_NAME, _VENDOR_NAME, _TUNNEL = 0, 7, 8, 9
_START_CONTROL_REPLY, _STOP_CONTROL = 2, 4
_HEADER_BYTES = 12
_MOST_PAIRS = 40


@frozen
class Said:
    """A server of the protocol, by its own words."""

    words: str
    """`hôte vpn, constructeur linux`; made safe, may be empty."""
    tunnel: int = 0
    """L2TP: the number it gave to the tunnel; 0: none."""


def pptp_start() -> bytes:
    """Start-Control-Connection-Request (RFC 2637 §2.1): version 1.0, any framing and bearer, no name of ours."""
    head = struct.pack("!HHIHH", START_BYTES, 1, _COOKIE, _START_REQUEST, 0)
    return head + struct.pack("!HHIIHH", 0x0100, 0, 3, 3, 0, 0) + bytes(2 * _NAME_BYTES)


def pptp_stop() -> bytes:
    """Stop-Control-Connection-Request (RFC 2637 §2.3): nothing more is wanted."""
    return struct.pack("!HHIHHBBH", 16, 1, _COOKIE, _STOP_REQUEST, 0, 1, 0, 0)


def read_pptp(data: bytes) -> Said | None:
    """The server's reply, whatever its result; None: it is not one."""
    if len(data) < START_BYTES or struct.unpack_from("!HHIH", data) != (
        START_BYTES,
        1,
        _COOKIE,
        _START_REPLY,
    ):
        return None
    host, vendor = data[28 : 28 + _NAME_BYTES], data[28 + _NAME_BYTES : START_BYTES]
    return Said(_words(host.partition(b"\0")[0], vendor.partition(b"\0")[0]))


def l2tp_stop(tunnel: int, *, ours: int) -> bytes:
    """StopCCN (RFC 2661 §6.4), which also acknowledges the reply: nothing more is wanted."""
    pairs = _pair(_MESSAGE_TYPE, struct.pack("!H", _STOP_CONTROL)) + _pair(_TUNNEL, struct.pack("!H", ours))
    pairs += _pair(1, struct.pack("!H", 6))  # result code: the requester is being shut down
    head = struct.pack("!HHHHHH", _L2TP_CONTROL | 2, _HEADER_BYTES + len(pairs), tunnel, 0, 1, 1)
    return head + pairs


def read_l2tp(data: bytes, *, ours: int) -> Said | None:
    """The server's answer about the tunnel that we call `ours`: a reply, a refusal, or an acknowledgement."""
    if len(data) < _HEADER_BYTES:
        return None
    flags, length, tunnel, *_ = struct.unpack_from("!HHHHHH", data)
    if flags & _L2TP_CONTROL != _L2TP_CONTROL or flags & 0xF != _VERSION_2 or tunnel != ours:
        return None
    pairs = _pairs(data[_HEADER_BYTES:length])
    kind = pairs.get(_MESSAGE_TYPE, b"")
    if pairs and int.from_bytes(kind, "big") not in (_START_CONTROL_REPLY, _STOP_CONTROL):
        return None
    assigned = int.from_bytes(pairs.get(_TUNNEL, b"")[:2], "big")
    return Said(_words(pairs.get(_HOST_NAME, b""), pairs.get(_VENDOR_NAME, b"")), assigned)


def _pair(kind: int, value: bytes) -> bytes:
    return struct.pack("!HHH", 0x8000 | (6 + len(value)), 0, kind) + value


def _pairs(data: bytes) -> dict[int, bytes]:
    """The attributes of the base protocol, by their numbers; what cannot be read ends the reading."""
    found: dict[int, bytes] = {}
    for _ in range(_MOST_PAIRS):
        if len(data) < 6:
            break
        flags, vendor, kind = struct.unpack_from("!HHH", data)
        size = flags & 0x3FF
        if size < 6 or size > len(data):
            break
        if vendor == 0 and not flags & 0x4000:  # not hidden
            found.setdefault(kind, data[6:size])
        data = data[size:]
    return found


def _words(host: bytes, vendor: bytes) -> str:
    told = (("hôte", clean(host, limit=60)), ("constructeur", clean(vendor, limit=60)))
    return ", ".join(f"{name} {value}" for name, value in told if value)

"""Remote desktop: whether identity is asked before the desktop is shown (MS-RDPBCGR §1.3.1.1, §2.2.1.1)."""

import struct
from enum import IntEnum

from cyberaudit.facts.services import Trait
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable
from cyberaudit.probes.services.door import Door, ask
from cyberaudit.probes.services.encrypted import start_tls
from cyberaudit.probes.services.heard import UNKNOWN, Heard
from cyberaudit.probes.stream import Stream


class _Protocol(IntEnum):
    """MS-RDPBCGR §2.2.1.1.1."""

    STANDARD = 0
    TLS = 1
    TLS_OR_NLA = 3


_RESPONSE, _FAILURE = 2, 3
_NEGOTIATION = struct.Struct("<BBHI")
# MS-RDPBCGR §2.2.1.2.2: only NLA is accepted; TLS is not accepted; TLS lacks a certificate.
_NLA_REQUIRED, _TLS_NOT_ALLOWED, _TLS_WITHOUT_CERTIFICATE = 5, 2, 3
# TPKT (RFC 1006 §6) 4 bytes, X.224 connection confirm 7 bytes.
_HEADER_BYTES = 11


@frozen
class _Confirm:
    """The server's answer to one connection request."""

    kind: int
    """`_RESPONSE`, `_FAILURE`, or 0: a server that knows no negotiation."""
    value: int
    """The protocol chosen, or the code of the failure."""


async def ask_rdp(door: Door) -> Heard | Unreachable:
    """A connection request that offers TLS and no NLA: whoever accepts it shows its desktop to anybody.

    Nothing more is sent: no name, no password. The certificate is read when TLS is agreed on.
    """
    stream = await door.open()
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        confirm = await _request(stream, _Protocol.TLS)
        if not isinstance(confirm, _Confirm):
            return confirm
        subject = await _subject(door, stream) if confirm == _Confirm(_RESPONSE, _Protocol.TLS) else ""
    needs_nla = confirm == _Confirm(_FAILURE, _NLA_REQUIRED)
    if needs_nla:
        subject = await _subject_behind_nla(door)
    traits = {Trait.NLA} if needs_nla else _without_nla(confirm)
    return Heard("rdp", subject=subject, traits=frozenset(traits | ({Trait.TLS} if subject else set())))


def _without_nla(confirm: _Confirm) -> set[Trait]:
    """What the server agreed to; nothing for a failure that tells of something else."""
    old = confirm.kind == 0 or confirm in (
        _Confirm(_FAILURE, _TLS_NOT_ALLOWED),
        _Confirm(_FAILURE, _TLS_WITHOUT_CERTIFICATE),
    )
    agreed = confirm.kind == _RESPONSE and confirm.value in (_Protocol.STANDARD, _Protocol.TLS)
    return {Trait.NO_NLA} if old or agreed else set()


async def _request(stream: Stream, protocol: _Protocol) -> _Confirm | Heard | Unreachable:
    negotiation = _NEGOTIATION.pack(1, 0, 8, protocol)
    body = b"\xe0\x00\x00\x00\x00\x00" + negotiation
    packet = struct.pack(">BBHB", 3, 0, 5 + len(body), len(body)) + body
    answer = await ask(stream, packet, _is_whole)
    if isinstance(answer, Unreachable):
        return answer
    return _read(answer) or Heard(UNKNOWN)


def _is_whole(heard: bytes) -> bool:
    return len(heard) >= 4 and len(heard) >= min(int.from_bytes(heard[2:4], "big"), 64)


def _read(answer: bytes) -> _Confirm | None:
    """An X.224 connection confirm (code 0xD0) inside TPKT; None when it is something else."""
    if len(answer) < _HEADER_BYTES or answer[0] != 3 or answer[5] & 0xF0 != 0xD0:
        return None
    rest = answer[_HEADER_BYTES:]
    if len(rest) < _NEGOTIATION.size:
        return _Confirm(0, 0)
    kind, _, _, value = _NEGOTIATION.unpack_from(rest)
    return _Confirm(kind, value) if kind in (_RESPONSE, _FAILURE) else _Confirm(0, 0)


async def _subject_behind_nla(door: Door) -> str:
    """The certificate, on a second connection that offers NLA too; left before it begins."""
    stream = await door.open()
    if isinstance(stream, Unreachable):
        return ""
    with stream:
        confirm = await _request(stream, _Protocol.TLS_OR_NLA)
        agreed = isinstance(confirm, _Confirm) and confirm.kind == _RESPONSE and confirm.value != 0
        return await _subject(door, stream) if agreed else ""


async def _subject(door: Door, stream: Stream) -> str:
    found = await start_tls(door, stream)
    return "" if isinstance(found, Unreachable) else found

"""One DNS question as bytes, and which bytes reply to it (RFC 1035 §4.1, RFC 5452 §3, RFC 6891)."""

import secrets
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from cyberaudit.frozen import frozen

if TYPE_CHECKING:
    from dns.name import Name

# DNS flag day 2020: no fragmentation below this size.
EDNS_PAYLOAD = 1232
IN = 1
OPT = 41
# RFC 1035 §4.1.1 and RFC 4035 §3.2.2: QR and TC in the third byte; RD and CD as a whole word.
_QR, _TC, _OPCODE = 0x80, 0x02, 0x78
_RD, _CD = 0x0100, 0x0010
_DO = 0x8000
HEADER_BYTES = 12
# FORMERR, SERVFAIL, NOTIMP, REFUSED: what a server may say without repeating the question it could not read.
_SAID_WITHOUT_QUESTION = frozenset({1, 2, 4, 5})


@frozen
class Question:
    """What is asked, of whoever knows it."""

    name: "Name"
    rdtype: int


@frozen
class Manner:
    """How a question is put to a server."""

    recurse: bool = False
    dnssec: bool = False
    """With DO, to receive signatures, and CD, to receive what does not verify; needs EDNS."""
    edns: bool = True

    @property
    def plain(self) -> Self:
        """The same without EDNS."""
        return replace(self, edns=False, dnssec=False)


@frozen
class Query:
    """One question ready to be sent, under a number of its own."""

    wire: bytes
    asked: bytes
    """The question as it must come back: name, type, class."""


def new_query(question: Question, manner: Manner) -> Query:
    """The bytes of `question`. RFC 5452 §4.2: under an id that nobody can guess."""
    flags = _RD * manner.recurse | _CD * manner.dnssec
    header = struct.pack("!6H", secrets.randbelow(1 << 16), flags, 1, 0, 0, int(manner.edns))
    asked = (question.name.to_wire() or b"") + struct.pack("!HH", question.rdtype, IN)
    option = struct.pack("!BHHIH", 0, OPT, EDNS_PAYLOAD, _DO * manner.dnssec, 0) if manner.edns else b""
    return Query(header + asked + option, asked)


def replies_to(query: Query, wire: bytes) -> bool:
    """Same id, same question: the rest may still be unreadable."""
    if len(wire) < HEADER_BYTES or wire[:2] != query.wire[:2] or wire[2] & (_QR | _OPCODE) != _QR:
        return False
    questions = int.from_bytes(wire[4:6], "big")
    if questions == 0:
        return wire[3] & 0x0F in _SAID_WITHOUT_QUESTION
    name, kind = query.asked[:-4], query.asked[-4:]
    end = HEADER_BYTES + len(name)
    # Lengths of labels are below the letters: lower() leaves them alone.
    return questions == 1 and wire[HEADER_BYTES:end].lower() == name.lower() and wire[end : end + 4] == kind


def is_truncated(wire: bytes) -> bool:
    """Whether the server says that there is more than fits; `wire` holds a header."""
    return bool(wire[2] & _TC)

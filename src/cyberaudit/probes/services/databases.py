"""Databases: one innocent question each, and whether they serve anybody. No name, no password, no data."""

import re
import struct
from collections.abc import Callable

from cyberaudit.facts.services import Trait
from cyberaudit.model import Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.services.door import Door, ask
from cyberaudit.probes.services.heard import UNKNOWN, Heard

BANNER_CHARACTERS = 120
Reader = Callable[[bytes], Heard | None]

# PostgreSQL, protocol 3.0, SSLRequest: length 8, code 1234 5679.
_POSTGRESQL = struct.pack(">IHH", 8, 1234, 5679)
# MS-TDS §2.2.6.5: PRELOGIN with VERSION (6 bytes) and ENCRYPTION (« off, but able »), then the end mark.
_TDS_OPTIONS = struct.pack(">BHHBHHB", 0, 11, 6, 1, 17, 1, 0xFF) + bytes(6) + b"\x00"
_TDS = struct.pack(">BBHHBB", 0x12, 1, 8 + len(_TDS_OPTIONS), 0, 1, 0) + _TDS_OPTIONS
# BSON: an int32 named isMaster, 1.
_IS_MASTER = b"\x10isMaster\x00" + struct.pack("<i", 1)
_DOCUMENT = struct.pack("<i", 4 + len(_IS_MASTER) + 1) + _IS_MASTER + b"\x00"
# MongoDB, OP_QUERY 2004: still what a first question may use with every version.
_QUERY = bytes(4) + b"admin.$cmd\x00" + struct.pack("<ii", 0, -1) + _DOCUMENT
_MONGODB = struct.pack("<iiii", 16 + len(_QUERY), 1, 0, 2004) + _QUERY


async def ask_postgresql(door: Door) -> Heard | Unreachable:
    """Whether it encrypts; who may enter is only told to those who give a name, which we do not."""
    return await _question(door, _POSTGRESQL, bool, _postgresql)


async def ask_redis(door: Door) -> Heard | Unreachable:
    return await _question(door, b"PING\r\n", _has_line, _redis)


async def ask_memcached(door: Door) -> Heard | Unreachable:
    return await _question(door, b"version\r\n", _has_line, _memcached)


async def ask_mongodb(door: Door) -> Heard | Unreachable:
    """Who it is; a server that asks for passwords answers that too, so that nothing is said of them."""
    return await _question(door, _MONGODB, _is_whole_message, _mongodb)


async def ask_mssql(door: Door) -> Heard | Unreachable:
    return await _question(door, _TDS, _is_whole_packet, _mssql)


async def _question(
    door: Door, question: bytes, enough: Callable[[bytes], bool], read: Reader
) -> Heard | Unreachable:
    stream = await door.open()
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        answer = await ask(stream, question, enough)
    if isinstance(answer, Unreachable):
        return answer
    return read(answer) or Heard(UNKNOWN, banner=clean(answer, limit=BANNER_CHARACTERS))


def _postgresql(answer: bytes) -> Heard | None:
    if answer == b"S":
        return Heard("postgresql", traits=frozenset({Trait.STARTTLS}))
    return Heard("postgresql") if answer == b"N" else None


def _redis(answer: bytes) -> Heard | None:
    line = clean(answer.partition(b"\r\n")[0], limit=BANNER_CHARACTERS)
    if line == "+PONG":
        return Heard("redis", traits=frozenset({Trait.ANONYMOUS}))
    if line.startswith("-NOAUTH"):
        return Heard("redis", banner=line, traits=frozenset({Trait.AUTHENTICATED}))
    # Protected mode: strangers are turned away, password or not.
    return Heard("redis", banner=line) if line.startswith("-DENIED Redis") else None


def _memcached(answer: bytes) -> Heard | None:
    line = clean(answer.partition(b"\r\n")[0], limit=BANNER_CHARACTERS)
    if re.match(r"VERSION [0-9]+\.[0-9]+", line):
        return Heard("memcached", banner=line, traits=frozenset({Trait.ANONYMOUS}))
    refused = line.startswith("CLIENT_ERROR unauthenticated")
    return Heard("memcached", banner=line, traits=frozenset({Trait.AUTHENTICATED})) if refused else None


def _mongodb(answer: bytes) -> Heard | None:
    """OP_REPLY (1) to our request (1), with a document that knows wire versions."""
    if (
        len(answer) < 40
        or struct.unpack_from("<ii", answer, 8) != (1, 1)
        or b"maxWireVersion\x00" not in answer
    ):
        return None
    found = re.search(rb"\x02version\x00....([0-9.]{3,12})\x00", answer, re.DOTALL)
    return Heard("mongodb", banner=f"MongoDB {found[1].decode()}" if found else "")


def _mssql(answer: bytes) -> Heard | None:
    """A packet of type 4 whose first option is VERSION: major, minor, build."""
    if len(answer) < 16 or answer[0] != 4 or answer[8] != 0:
        return None
    offset = 8 + int.from_bytes(answer[9:11], "big")
    if len(answer) < offset + 4:
        return None
    major, minor, build = struct.unpack_from(">BBH", answer, offset)
    return Heard("mssql", banner=f"Microsoft SQL Server {major}.{minor}.{build}")


def _has_line(heard: bytes) -> bool:
    return b"\n" in heard


def _is_whole_message(heard: bytes) -> bool:
    return len(heard) >= 4 and len(heard) >= int.from_bytes(heard[:4], "little")


def _is_whole_packet(heard: bytes) -> bool:
    return len(heard) >= 4 and len(heard) >= int.from_bytes(heard[2:4], "big")

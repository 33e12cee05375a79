"""Windows file sharing: whether the version of 1983 is still spoken, and which is the newest (MS-CIFS, MS-SMB2)."""

import struct

from cyberaudit.facts.services import Trait
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.services.door import Door, ask
from cyberaudit.probes.services.heard import UNKNOWN, Heard
from cyberaudit.probes.stream import Stream

NETBIOS_PORT = 139
# MS-CIFS §2.2.3.1: negotiate is 0x72; flags: case-insensitive paths; flags2: long names, NT status, Unicode.
_SMB1 = b"\xffSMB\x72" + bytes(4) + b"\x18" + struct.pack("<H", 0xC801) + bytes(12) + b"\xff\xfe" + bytes(6)
_SMB1_DIALECT = b"\x02NT LM 0.12\x00"
_NO_DIALECT = 0xFFFF
_DIALECTS = {0x0202: "2.0.2", 0x0210: "2.1", 0x0300: "3.0", 0x0302: "3.0.2", 0x0311: "3.1.1"}
# RFC 1001 §14.1: each half of a byte as a letter, from `A` on.
_ANY_SERVER, _US = b"*SMBSERVER".ljust(16), b"CYBERAUDIT".ljust(16)


async def ask_smb(door: Door) -> Heard | Unreachable:
    """Both generations, on a connection each; nothing is opened, nobody is logged in."""
    newer = await _exchange(door, _smb2_negotiate())
    older = await _exchange(door, _smb1_negotiate())
    dialect = _dialect(newer) if isinstance(newer, bytes) else ""
    speaks_smb1 = isinstance(older, bytes) and _accepts_smb1(older)
    if not dialect and not speaks_smb1:
        return newer if isinstance(newer, Unreachable) else Heard(UNKNOWN)
    traits = {Trait.SMB1} if speaks_smb1 else _refusal(older)
    return Heard("smb", banner=f"SMB {dialect or '1'}", traits=frozenset(traits))


def _refusal(older: bytes | Unreachable) -> set[Trait]:
    return {Trait.NO_SMB1} if _refuses(older) else set()


def _refuses(older: bytes | Unreachable) -> bool:
    """The line was closed in answer to the old words, or no dialect was chosen: a silence proves nothing."""
    if isinstance(older, Unreachable):
        return older.reason is Reason.RESET
    return older[:4] == b"\xffSMB" and not _accepts_smb1(older)


async def _exchange(door: Door, message: bytes) -> bytes | Unreachable:
    """The message that comes back, without its frame."""
    stream = await door.open()
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        if door.port == NETBIOS_PORT and (refusal := await _netbios_session(stream)):
            return refusal
        answer = await ask(stream, _framed(message), _is_whole)
        return answer if isinstance(answer, Unreachable) else answer[4:] or Unreachable(Reason.PROTOCOL_ERROR)


async def _netbios_session(stream: Stream) -> Unreachable | None:
    """RFC 1002 §4.3.2: a session with whatever server is there."""
    names = b"".join(b"\x20" + _half_bytes(name) + b"\x00" for name in (_ANY_SERVER, _US))
    answer = await ask(stream, b"\x81\x00" + struct.pack(">H", len(names)) + names, _is_whole)
    if isinstance(answer, Unreachable):
        return answer
    return None if answer[:1] == b"\x82" else Unreachable(Reason.PROTOCOL_ERROR, "session NetBIOS refusée")


def _half_bytes(name: bytes) -> bytes:
    return bytes(65 + half for byte in name for half in (byte >> 4, byte & 15))


def _framed(message: bytes) -> bytes:
    return struct.pack(">I", len(message)) + message


def _is_whole(heard: bytes) -> bool:
    return len(heard) >= 4 and len(heard) >= 4 + int.from_bytes(heard[1:4], "big")


def _smb1_negotiate() -> bytes:
    return _SMB1 + b"\x00" + struct.pack("<H", len(_SMB1_DIALECT)) + _SMB1_DIALECT


def _accepts_smb1(answer: bytes) -> bool:
    """A negotiate response of SMB1, with at least one parameter, that chose our only dialect."""
    if answer[:5] != b"\xffSMB\x72" or len(answer) < 35 or answer[5:9] != bytes(4) or not answer[32]:
        return False
    return int.from_bytes(answer[33:35], "little") != _NO_DIALECT


def _smb2_negotiate() -> bytes:
    """MS-SMB2 §2.2.3, with the contexts that 3.1.1 demands (§2.2.3.1)."""
    header = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ16x", 64, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    dialects = struct.pack(f"<{len(_DIALECTS)}H", *_DIALECTS)
    padding = bytes(-(len(header) + 36 + len(dialects)) % 8)
    offset = len(header) + 36 + len(dialects) + len(padding)
    # Signing enabled; a client identity of zeros is nobody's.
    body = struct.pack("<HHHHI16xIHH", 36, len(_DIALECTS), 1, 0, 0, offset, 2, 0)
    integrity = struct.pack("<HHH", 1, 32, 1) + bytes(32)
    encryption = struct.pack("<HH", 1, 2)
    contexts = _context(1, integrity) + bytes(-(8 + len(integrity)) % 8) + _context(2, encryption)
    return header + body + dialects + padding + contexts


def _context(kind: int, data: bytes) -> bytes:
    return struct.pack("<HHI", kind, len(data), 0) + data


def _dialect(answer: bytes) -> str:
    """`3.1.1`; empty when the answer is no negotiate response (MS-SMB2 §2.2.4)."""
    if answer[:4] != b"\xfeSMB" or len(answer) < 72 or answer[8:12] != bytes(4) or answer[12:14] != bytes(2):
        return ""
    return _DIALECTS.get(int.from_bytes(answer[68:70], "little"), "")

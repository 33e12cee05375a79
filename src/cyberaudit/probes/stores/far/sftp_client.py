"""SFTP version 3 over an SSH channel (draft-ietf-secsh-filexfer-02): reading alone, each packet bounded.

Own framing, because names are bytes: a folder with one name in Latin-1 must still be listed.
"""

import errno
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from cyberaudit.probes.stores.far.budget import Budget
from cyberaudit.probes.stores.far.ssh_line import broken

# OpenSSH sftp-common.h, SFTP_MAX_MSG_LENGTH.
PACKET_BYTES = 256 * 1024
# draft-ietf-secsh-filexfer-02 §3: what every server must accept, less its own heading.
READ_BYTES = 32 * 1024
# Ours: enough to fill a slow line.
READS_AT_ONCE = 16
_INIT, _VERSION, _OPEN, _CLOSE, _READ, _LSTAT, _FSTAT = 1, 2, 3, 4, 5, 7, 8
_OPENDIR, _READDIR, _STAT = 11, 12, 17
_STATUS, _HANDLE, _DATA, _NAME, _ATTRS = 101, 102, 103, 104, 105
_FOR_READING = 1
_AT_END = 1
_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES, _HAS_MORE = 1, 2, 4, 8, 0x8000_0000
_REFUSALS: dict[int, OSError] = {
    2: FileNotFoundError(errno.ENOENT, "le serveur dit que ce fichier n'existe pas"),
    3: PermissionError(errno.EACCES, "le serveur refuse l'accès"),
}


class Channel(Protocol):
    """What is used of a paramiko channel."""

    def settimeout(self, timeout: float | None, /) -> None: ...
    def sendall(self, data: bytes, /) -> None: ...
    def recv(self, count: int, /) -> bytes: ...


class Attributes(NamedTuple):
    """What a server tells of one file; None: it does not."""

    size: int | None
    owner: int | None
    mode: int | None
    """With the kind of file, as `st_mode`."""
    written: int | None
    """Seconds since 1970."""

    @property
    def is_file(self) -> bool:
        return self.mode is not None and stat.S_ISREG(self.mode)

    @property
    def is_folder(self) -> bool:
        return self.mode is not None and stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        return self.mode is not None and stat.S_ISLNK(self.mode)


@dataclass(slots=True)
class Packet:
    """The rest of one answer, read from its beginning; too short raises OSError."""

    data: bytes
    at: int = 0

    def number(self) -> int:
        return int.from_bytes(self._next(4))

    def long(self) -> int:
        return int.from_bytes(self._next(8))

    def string(self) -> bytes:
        return self._next(self.number())

    def attributes(self) -> Attributes:
        flags = self.number()
        size = self.long() if flags & _HAS_SIZE else None
        owner = (self.number(), self.number())[0] if flags & _HAS_OWNER else None
        mode = self.number() if flags & _HAS_MODE else None
        written = (self.number(), self.number())[1] if flags & _HAS_TIMES else None
        for _ in range(self.number() if flags & _HAS_MORE else 0):
            self.string()
            self.string()
        return Attributes(size, owner, mode, written)

    def _next(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise _nonsense()
        taken = self.data[self.at : end]
        self.at = end
        return taken


class SftpClient:
    """One conversation. Paths and names are bytes; every method raises OSError for what cannot be seen."""

    def __init__(self, channel: Channel, budget: Budget) -> None:
        self._channel, self._budget = channel, budget
        self._number = 0
        self._waiting = b""
        self._to_close: list[bytes] = []
        self._closing: set[int] = set()
        self._send(struct.pack(">BI", _INIT, 3))
        kind, packet = self._receive()
        if kind != _VERSION or packet.number() < 3:
            raise _nonsense()

    def status(self, path: bytes, *, follow: bool = False) -> Attributes:
        """Of one path, the link itself unless `follow`."""
        return self._asked(_STAT if follow else _LSTAT, _string(path), _ATTRS).attributes()

    def listing(self, path: bytes) -> Iterator[tuple[bytes, Attributes]]:
        """The names of a folder, « . » and « .. » among them, with what the server tells of each."""
        handle = self._asked(_OPENDIR, _string(path), _HANDLE).string()
        try:
            while (packet := self._unless_at_end(_READDIR, _string(handle), _NAME)) is not None:
                count = packet.number()
                if not count:
                    raise _nonsense()
                for _ in range(count):
                    name, _long = packet.string(), packet.string()
                    yield name, packet.attributes()
        finally:
            # Not now: whoever leaves the listing half read may be in the middle of another question.
            self._to_close.append(handle)

    def open(self, path: bytes) -> bytes:
        """The handle of a file, for reading."""
        return self._asked(_OPEN, _string(path) + struct.pack(">II", _FOR_READING, 0), _HANDLE).string()

    def open_status(self, handle: bytes) -> Attributes:
        return self._asked(_FSTAT, _string(handle), _ATTRS).attributes()

    def close(self, handle: bytes) -> None:
        """At the next question."""
        self._to_close.append(handle)

    def read(self, handle: bytes, offset: int, count: int) -> bytes:
        """The bytes of a file; fewer only at its end."""
        parts: list[bytes] = []
        while count > 0:
            asked = min(count, READ_BYTES * READS_AT_ONCE)
            for wanted, part in self._read_together(handle, offset, asked):
                parts.append(part)
                offset += len(part)
                count -= len(part)
                if len(part) < wanted:
                    break
            if not parts[-1]:
                break
        return b"".join(parts)

    def _read_together(self, handle: bytes, offset: int, count: int) -> list[tuple[int, bytes]]:
        """Several questions at once: (bytes asked, bytes given), in the order of the file."""
        self._close_old()
        wanted = [min(READ_BYTES, count - start) for start in range(0, count, READ_BYTES)]
        numbers = []
        for size in wanted:
            numbers.append(self._ask(_READ, _string(handle) + struct.pack(">QI", offset, size)))
            offset += size
        given = {}
        # All are heard before any is judged: what is left unread would be taken for the next answer.
        for number, kind, packet in [self._answer() for _ in numbers]:
            data = _content(kind, packet, _DATA)
            given[number] = b"" if data is None else data.string()
        if set(given) != set(numbers) or any(
            len(given[n]) > size for n, size in zip(numbers, wanted, strict=True)
        ):
            raise _nonsense()
        return [(size, given[number]) for number, size in zip(numbers, wanted, strict=True)]

    def _asked(self, kind: int, body: bytes, expected: int) -> Packet:
        packet = self._unless_at_end(kind, body, expected)
        if packet is None:
            raise _nonsense()
        return packet

    def _unless_at_end(self, kind: int, body: bytes, expected: int) -> Packet | None:
        self._close_old()
        asked = self._ask(kind, body)
        number, answered, packet = self._answer()
        if number != asked:
            raise _nonsense()
        return _content(answered, packet, expected)

    def _close_old(self) -> None:
        while self._to_close:
            self._closing.add(self._ask(_CLOSE, _string(self._to_close.pop())))

    def _ask(self, kind: int, body: bytes) -> int:
        self._number = (self._number + 1) % 0xFFFF_FFFF
        self._send(struct.pack(">BI", kind, self._number) + body)
        return self._number

    def _answer(self) -> tuple[int, int, Packet]:
        """(number of the question, kind of the answer, the rest of it); what was closed needs no answer."""
        while True:
            kind, packet = self._receive()
            number = packet.number()
            if number not in self._closing:
                return number, kind, packet
            self._closing.discard(number)

    def _send(self, body: bytes) -> None:
        self._channel.settimeout(self._budget.step())
        self._channel.sendall(len(body).to_bytes(4) + body)

    def _receive(self) -> tuple[int, Packet]:
        size = int.from_bytes(self._exactly(4))
        if not 5 <= size <= PACKET_BYTES:
            raise _nonsense()
        data = self._exactly(size)
        return data[0], Packet(data, 1)

    def _exactly(self, count: int) -> bytes:
        while len(self._waiting) < count:
            self._channel.settimeout(self._budget.step())
            more = self._channel.recv(PACKET_BYTES)
            if not more:
                raise broken()
            self._budget.spend(len(more))
            self._waiting += more
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken


def _content(kind: int, packet: Packet, expected: int) -> Packet | None:
    """What was asked for; None at the end of a file or a folder."""
    if kind == _STATUS:
        code = packet.number()
        if code == _AT_END:
            return None
        refusal = _REFUSALS.get(code)
        raise type(refusal)(*refusal.args) if refusal else OSError(errno.EIO, f"SFTP : refus numéro {code}")
    if kind != expected:
        raise _nonsense()
    return packet


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def _nonsense() -> OSError:
    return OSError(errno.EPROTO, "réponse SFTP incompréhensible")

"""Which hellos a server dropped without a word, and when that is told as a refusal.

One drop may be a filter, a limiter or bad luck. It is told as an alert when the same hello was dropped twice, and
between the two a hello of the same size, of a kind that this server is known to grant, was granted.
"""

from collections.abc import Iterator

from cyberaudit.probes.tls.hello import SSL2

# RFC 8446 §6: a fatal handshake_failure, the vaguest of all, as its record.
REFUSAL = b"\x15\x03\x03\x00\x02\x02\x28"
# The same with internal_error: « something is in the way », which the survey asks again once anything is granted.
DOUBT = b"\x15\x03\x03\x00\x02\x02\x50"

_HANDSHAKE, _ALERT = 0x16, 0x15
_PADDING, _KEY_SHARE = 21, 51
# RFC 5246 §7.4.1.2, after the headers of record and message: version, random, session identifier.
_RANDOM_AT, _SESSION_AT = 11, 43
_CHALLENGE_BYTES = 16


class Silences:
    """What one server made of the hellos it got; filled by each session, asked by the next."""

    def __init__(self) -> None:
        self._granted: dict[int, bytes] = {}
        """Hellos that were answered, by their size."""
        self._dropped: dict[bytes, bytes] = {}
        """Dropped once, since then nothing is proved: the hello by what is not chance in it."""
        self._proved: set[bytes] = set()
        """Dropped once, and a control was granted since."""

    @property
    def has_granted(self) -> bool:
        return bool(self._granted)

    def answered(self, hello: bytes, first: int) -> None:
        """TLS spoke, with `first` as its first byte; an alert grants nothing."""
        if first != _ALERT:
            self._granted[len(hello)] = hello
            self._forget(without_chance(hello))

    def dropped(self, hello: bytes) -> bytes:
        """What is told of a hello that was just dropped: a record of TLS, or nothing yet."""
        if not self._granted:
            return DOUBT
        kind = without_chance(hello)
        if kind in self._proved:
            self._forget(kind)
            return REFUSAL
        self._dropped[kind] = hello
        return b""

    def unproved(self) -> Iterator[tuple[bytes, bytes]]:
        """(dropped hello, its control), for each control that is to be asked now."""
        for hello in tuple(self._dropped.values()):
            yield hello, self._control(len(hello))

    def controlled(self, hello: bytes, *, granted: bool) -> None:
        """The control of `hello` was asked. Where it was not granted, the drop says nothing."""
        kind = without_chance(hello)
        if self._dropped.pop(kind, None) is not None and granted:
            self._proved.add(kind)

    def _forget(self, kind: bytes) -> None:
        self._dropped.pop(kind, None)
        self._proved.discard(kind)

    def _control(self, size: int) -> bytes:
        """The largest that was granted and is no larger, filled up; else the smallest of the larger ones."""
        smaller = [known for known in self._granted if known <= size]
        return padded(self._granted[max(smaller) if smaller else min(self._granted)], size)


def without_chance(hello: bytes) -> bytes:
    """What is the same in two hellos that ask the same: all but random bytes, and the values of key shares."""
    if hello[2:5] == b"\x01" + SSL2.to_bytes(2):
        return hello[:-_CHALLENGE_BYTES]
    at = _extensions_at(hello)
    if at is None:
        return hello
    session_end = _SESSION_AT + 1 + hello[_SESSION_AT]
    kept = hello[:_RANDOM_AT] + hello[session_end : at + 2]
    return kept + b"".join(_without_shares(hello[at + 2 :]))


def padded(hello: bytes, size: int) -> bytes:
    """The hello with `size` bytes, by the padding of RFC 7685; as it is when there is no room or place for it."""
    at, room = _extensions_at(hello), size - len(hello) - 4
    if at is None or at + 2 > len(hello) or room < 1:
        return hello
    filled = bytearray(hello + _PADDING.to_bytes(2) + room.to_bytes(2) + bytes(room))
    for place, width in ((3, 2), (6, 3), (at, 2)):
        value = int.from_bytes(hello[place : place + width]) + room + 4
        filled[place : place + width] = value.to_bytes(width)
    return bytes(filled)


def _extensions_at(hello: bytes) -> int | None:
    """Where the length of the extensions stands, or would stand (SSLv3); None: it is no hello of TLS."""
    if len(hello) <= _SESSION_AT or hello[0] != _HANDSHAKE:
        return None
    at = _SESSION_AT
    for width in (1, 2, 1):  # session identifier, suites, compression
        at += width + int.from_bytes(hello[at : at + width])
    return at if at <= len(hello) else None


def _without_shares(extensions: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(extensions):
        kind = int.from_bytes(extensions[at : at + 2])
        end = at + 4 + int.from_bytes(extensions[at + 2 : at + 4])
        # Of key shares the size says enough.
        yield extensions[at : at + 4] if kind == _KEY_SHARE else extensions[at:end]
        at = end

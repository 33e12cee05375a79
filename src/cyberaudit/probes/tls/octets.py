"""How TLS writes numbers, lists and extensions, read from bytes that may lie."""

from collections.abc import Iterator
from typing import Self


class Malformed(Exception):
    """The bytes are not what their place in the protocol says; the message is French, and ours."""


class Octets:
    """Bytes read from left to right; what is not there is `Malformed`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        """Whether something is left."""
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        """The next `count` bytes.

        Raises:
            Malformed: there are fewer.
        """
        end = self._at + count
        if end > len(self._data):
            raise Malformed("message tronqué")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def number(self, width: int) -> int:
        """An unsigned number of `width` bytes."""
        return int.from_bytes(self.take(width))

    def vector(self, width: int) -> bytes:
        """Bytes that come after their own length, itself `width` bytes wide (RFC 8446 §3.4)."""
        return self.take(self.number(width))

    def inside(self, width: int) -> Self:
        """The same, to be read in turn."""
        return type(self)(self.vector(width))

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data) - self._at)

    def vectors(self, width: int) -> Iterator[bytes]:
        """Vectors until nothing is left."""
        while self:
            yield self.vector(width)

    def extensions(self) -> dict[int, bytes]:
        """A list of extensions, by type; an absent list is empty, a type given twice is `Malformed`."""
        found: dict[int, bytes] = {}
        listed = self.inside(2) if self else self
        while listed:
            kind = listed.number(2)
            if kind in found:
                raise Malformed("extension en double")
            found[kind] = listed.vector(2)
        return found


def vector(data: bytes, width: int) -> bytes:
    """`data` after its own length of `width` bytes."""
    return len(data).to_bytes(width) + data

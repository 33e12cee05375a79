"""A far file read by blocks: the many small reads of a detector become few questions."""

import errno
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import field

from cyberaudit.frozen import frozen

# Ours: the head of a file as detectors want it comes in one question.
BLOCK_BYTES = 64 * 1024
MOST_BLOCKS = 32
# Ours: what is read in order is fetched by twice as much each time: a far line answers slowly, then gives fast.
MOST_AHEAD = 16
# Ours: what is decompressed or hashed is fetched in larger parts than what is jumped about in.
MOST_AT_ONCE = 4 * 1024 * 1024


@frozen
class Blocks:
    """One file of `size` bytes."""

    size: int
    fetch: Callable[[int, int], bytes]
    """(offset, count), within the file → exactly those bytes. Raises OSError."""
    _kept: OrderedDict[int, bytes] = field(default_factory=OrderedDict)
    _run: list[int] = field(default_factory=lambda: [-1, 0])
    """The block that would follow what was fetched last, and how many were."""

    def read_at(self, offset: int, count: int) -> bytes:
        """At most `count` bytes; none past the end.

        Raises:
            OSError: they did not come, or not all of them: never shorter than the file has them.
        """
        if not 0 <= offset < self.size or count <= 0:
            return b""
        count = min(count, self.size - offset)
        if count > BLOCK_BYTES:
            return self._long(offset, count)
        first, last = offset // BLOCK_BYTES, (offset + count - 1) // BLOCK_BYTES
        data = b"".join(self._block(number) for number in range(first, last + 1))
        start = offset - first * BLOCK_BYTES
        return data[start : start + count]

    def _long(self, offset: int, count: int) -> bytes:
        parts = []
        while count > 0:
            parts.append(self._exactly(offset, min(count, MOST_AT_ONCE)))
            offset += len(parts[-1])
            count -= len(parts[-1])
        return b"".join(parts)

    def _block(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        following, count = self._run
        count = min(count * 2, MOST_AHEAD) if number == following else 1
        self._run[:] = number + count, count
        offset = number * BLOCK_BYTES
        data = self._exactly(offset, min(count * BLOCK_BYTES, self.size - offset))
        for start in range(0, len(data), BLOCK_BYTES):
            self._kept[number + start // BLOCK_BYTES] = data[start : start + BLOCK_BYTES]
        while len(self._kept) > MOST_BLOCKS:
            self._kept.popitem(last=False)
        return data[:BLOCK_BYTES]

    def _exactly(self, offset: int, count: int) -> bytes:
        data = self.fetch(offset, count)
        # A short answer taken for the end of the file would make a good copy look cut.
        if len(data) != count:
            raise OSError(errno.EPIPE, "réponse plus courte que ce qui était demandé")
        return data

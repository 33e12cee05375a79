"""What one look at a far place may still cost: time, bytes; when time is over, its connections are cut."""

import errno
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

# Ours: what the 50 s of a whole look leave for telling what was seen.
FAR_SECONDS = 40.0
# Ours: a far server that says nothing for so long is not heard again.
STEP_SECONDS = 10.0
# Ours: two hundred heads and ends of copies, with the listings; a deep look reads everything.
FAR_BYTES = 64 * 1024 * 1024
DEEP_BYTES = 1 << 50


@dataclass(eq=False)
class Budget:
    """Shared by all connections of one look. Close it: its clock is a thread."""

    seconds: float = FAR_SECONDS
    bytes_left: int = FAR_BYTES
    spent: str = ""
    """Which limit was reached, in French; empty: none."""
    _ends: float = 0.0
    _cut: list[socket.socket] = field(default_factory=list)
    _clock: threading.Timer | None = None

    def __post_init__(self) -> None:
        self._ends = time.monotonic() + self.seconds
        self._clock = threading.Timer(self.seconds, self._time_is_over)
        self._clock.daemon = True
        self._clock.start()

    def spend(self, count: int) -> None:
        """Count bytes received.

        Raises:
            OSError: they are too many, or time is over.
        """
        self.bytes_left -= count
        if self.bytes_left < 0:
            self.spent = self.spent or "volume prévu atteint"
            raise OSError(errno.EDQUOT, "le volume prévu pour ce regard est atteint")
        self.step()

    def step(self) -> float:
        """Seconds that the next exchange may last.

        Raises:
            TimeoutError: time is over.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            self.spent = self.spent or "temps prévu écoulé"
            raise TimeoutError(errno.ETIMEDOUT, "le temps prévu pour ce regard est écoulé")
        return min(left, STEP_SECONDS)

    def watch(self, sock: socket.socket) -> socket.socket:
        """Cut this connection when time is over: a server that drips would hold each read for ever.

        Gives back what `release` takes.
        """
        kept = sock.dup()
        self._cut.append(kept)
        return kept

    def release(self, kept: socket.socket) -> None:
        """End the connection that `watch` gave this for: while it is held, its server waits for one more question."""
        if kept in self._cut:
            self._cut.remove(kept)
            _shut(kept)
            kept.close()

    def close(self) -> None:
        """Stop the clock; the connections stay their owners'."""
        if self._clock is not None:
            self._clock.cancel()
        for each in self._cut:
            each.close()
        self._cut.clear()

    def _time_is_over(self) -> None:
        self.spent = self.spent or "temps prévu écoulé"
        for each in tuple(self._cut):
            _shut(each)


def _shut(sock: socket.socket) -> None:
    # OSError: the other end was first.
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)

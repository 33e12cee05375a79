"""Whose turn it is to converse with one server: so many at once, what matters most first."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Like a semaphore whose size may change, and which wakes the lowest rank first."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        """May be set while conversations go on; those that are over the new number end in peace."""
        self._busy = 0
        self._number = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def turn(self, rank: int) -> AsyncIterator[None]:
        """Wait for a turn; it ends with the block."""
        await self._take(rank)
        try:
            yield
        finally:
            self._give()

    async def _take(self, rank: int) -> None:
        future = asyncio.get_running_loop().create_future()
        self._number += 1
        heapq.heappush(self._waiting, (rank, self._number, future))
        self._wake()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._give()
            raise

    def _give(self) -> None:
        self._busy -= 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting and self._busy < self.at_once:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                self._busy += 1
                future.set_result(None)

"""Servers that run in a thread of their own, with their own event loop, until they are told to stop."""

import asyncio
import logging
import threading
from concurrent.futures import Future
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Protocol, Self

from cyberaudit.errors import DemoError
from cyberaudit.french import NBSP

START_SECONDS = 10.0
"""Far more than starting takes: past it, something is wrong with the machine."""
JOIN_SECONDS = 2.0

log = logging.getLogger(__name__)


class Server(Protocol):
    """What listens on its own ports between `start` and `stop`."""

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: no port can be had.
        """

    async def stop(self) -> None:
        """Close every port and every connection."""


class Background:
    """`with Background(server, …):` — inside, every port listens; after it, none does and the thread is gone.

    The main thread stays free for a loop of its own, and Ctrl-C reaches only the main thread.
    """

    def __init__(
        self, *servers: Server, start_seconds: float = START_SECONDS, join_seconds: float = JOIN_SECONDS
    ) -> None:
        self._servers = servers
        self._start_seconds = start_seconds
        self._join_seconds = join_seconds
        self._started: Future[None] = Future()
        self._stop: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="cyberaudit-demo", daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def __enter__(self) -> Self:
        """Start every server.

        Raises:
            DemoError: a port cannot be had, or the machine is far too slow.
        """
        self._thread.start()
        try:
            self._wait_until_started()
        except BaseException:  # Ctrl-C too must leave nothing behind
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _wait_until_started(self) -> None:
        try:
            self._started.result(timeout=self._start_seconds)
        except TimeoutError as error:
            sentence = "La ville de démonstration met trop de temps à démarrer. Relancez la commande."
            raise DemoError(sentence) from error

    def _end(self) -> None:
        self._stop.set_result(None)
        self._thread.join(self._join_seconds)
        if self.running:
            log.warning("the servers of the demonstration did not stop within %s s", self._join_seconds)

    def _run(self) -> None:
        asyncio.run(self._live())

    async def _live(self) -> None:
        async with AsyncExitStack() as stack:
            try:
                for server in self._servers:
                    stack.push_async_callback(server.stop)
                    await server.start()
            except OSError as error:
                sentence = f"La ville de démonstration n'a pas pu démarrer{NBSP}: {error}."
                self._started.set_exception(DemoError(sentence))
                return
            self._started.set_result(None)
            await asyncio.wrap_future(self._stop)

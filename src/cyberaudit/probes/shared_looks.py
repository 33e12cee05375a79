"""What several probes need of one asset, looked at once: the first to come looks, the others wait for it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class SharedLooks:
    """The looks of one run, each under a name."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        self._left: dict[str, Any] = {}

    async def shared(self, name: str, look: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What the look of that name saw; it is begun when nobody has."""
        return await self._wait(self._tasks.get(name) or self._begin(name, look))

    async def anew(self, name: str, look: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Another look under the same name, which those who come later share; one under way is joined."""
        task = self._tasks.get(name)
        return await self._wait(self._begin(name, look) if task is None or task.done() else task)

    def begun(self, name: str) -> bool:
        """Whether somebody has looked, or is looking."""
        return name in self._tasks

    def seen(self, name: str) -> Any:
        """What the last look of that name saw; None while it lasts, when it failed, or when there is none."""
        task = self._tasks.get(name)
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    def leave(self, name: str, what: Any) -> None:
        """Leave what tells how far a look has come, for who must do with it when the look is cut short."""
        self._left[name] = what

    def left_behind(self, name: str) -> Any:
        """What `leave` was given last; None when nothing was."""
        return self._left.get(name)

    def _begin(self, name: str, look: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        self._tasks[name] = asyncio.create_task(look())
        return self._tasks[name]

    async def _wait(self, task: asyncio.Task[T]) -> T:
        # Shielded: one probe out of time must not take the look away from the others.
        return await asyncio.shield(task)

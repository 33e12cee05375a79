"""What the canaries answer during one run: asked once for all hosts, and watched while somebody looks.

A canary that answers before and after a look says nothing of the minute between. While a look lasts, one port of each
canary is asked every second; when that misses, nothing was proved by the silences of that look.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from cyberaudit.probes.endpoint import IpAddress

Ask = Callable[[IpAddress, Sequence[str]], Awaitable[dict[str, bool]]]
"""(canary, ports) → which were reached; what could not be asked is absent."""
Call = Callable[[IpAddress], Awaitable[bool]]
"""canary → whether it answers at this moment, asked more than once before it is said not to."""

# Ours: an outage shorter than that costs questions that are put twice or more.
_WATCH_SECONDS: Final = 1.0
# Ours: a filter on the way does not change within the minute; a miss may have been bad luck.
_REACHED_HOLDS: Final = 60.0
_MISSED_HOLDS: Final = 10.0


@dataclass(slots=True)
class _Witness:
    """One canary."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    answers: dict[str, tuple[float, bool]] = field(default_factory=dict)
    """Port → when it was asked, and whether it was reached."""
    misses: list[float] = field(default_factory=list)
    watchers: int = 0
    watch: asyncio.Task[None] | None = None


class Witnesses:
    """The canaries of one run."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: defaultdict[IpAddress, _Witness] = defaultdict(_Witness)

    async def answers(
        self, address: IpAddress, ports: Sequence[str], ask: Ask, *, once: bool = False
    ) -> dict[str, bool]:
        """Whether each port is reached, of those that could be asked; what another look was told lately holds.

        `once`: no port is asked twice in the run.
        """
        witness = self._known[address]
        async with witness.turn:
            missing = [port for port in ports if not self._holds(witness.answers.get(port), once=once)]
            begun = self._now()
            if missing:
                for port, reached in (await ask(address, missing)).items():
                    witness.answers[port] = begun, reached
        return {port: witness.answers[port][1] for port in ports if port in witness.answers}

    def _holds(self, told: tuple[float, bool] | None, *, once: bool) -> bool:
        if told is None:
            return False
        when, reached = told
        return once or self._now() - when < (_REACHED_HOLDS if reached else _MISSED_HOLDS)

    @contextmanager
    def watching(self, addresses: Sequence[IpAddress], call: Call) -> Iterator[None]:
        """Call each canary every second meanwhile; looks that last together share one watch."""
        for address in addresses:
            witness = self._known[address]
            witness.watchers += 1
            if witness.watch is None:
                witness.watch = asyncio.create_task(self._watch(address, call))
        try:
            yield
        finally:
            for address in addresses:
                self._leave(self._known[address])

    def _leave(self, witness: _Witness) -> None:
        witness.watchers -= 1
        if not witness.watchers and witness.watch is not None:
            witness.watch.cancel()
            witness.watch = None

    async def _watch(self, address: IpAddress, call: Call) -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            await self.answers_now(address, call)

    async def answers_now(self, address: IpAddress, call: Call) -> bool:
        """Whether the canary answers at this moment; a miss is remembered."""
        begun = self._now()
        answered = await call(address)
        if not answered:
            self._known[address].misses.append(begun)
        return answered

    def missed_since(self, address: IpAddress, begun: float) -> bool:
        """Whether the canary was mute at some moment since `begun`, as `now` counts."""
        return any(when >= begun for when in self._known[address].misses)

    def now(self) -> float:
        """The clock by which misses are dated."""
        return self._now()

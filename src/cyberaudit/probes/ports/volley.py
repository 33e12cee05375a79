"""Attempts at the ports of one address, hundreds under way at once, on one epoll inside the event loop's own."""

import asyncio
import select
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.network import Knocking, Network
from cyberaudit.probes.ports.knock import Knock
from cyberaudit.probes.ports.timing import Patience
from cyberaudit.probes.vantage import tcp_number

# Ours: a whole list of ports in one go, and what matters most three times (`inquiry`); more half-open attempts at one
# machine is a load by itself.
AT_ONCE: Final = 1600
# Ours: others have their turn at the event loop after so many attempts, a millisecond or so.
_BURST: Final = 32
# Ours: how soon to look again for room, when all the attempts of the program are under way.
_NO_ROOM_SECONDS: Final = 0.005
_NOT_TCP: Final = Knock(Unreachable(Reason.NO_PROBE))

Then = Callable[[str, Knock], None]
"""What to do with the answer of a port."""


@dataclass(slots=True, eq=False)
class _Shot:
    port: str
    then: Then
    knocking: Knocking
    over: bool = False


class Volley:
    """Asks ports of one address; each answer is handed over as soon as it comes, silence as `PortState.SILENT`.

    To be closed in every case: attempts under way hold sockets.
    """

    def __init__(
        self,
        network: Network,
        address: IpAddress,
        *,
        purpose: Purpose,
        rate: float | None,
        patience: Patience | None = None,
    ) -> None:
        """`rate`: attempts a second, when the address stands behind no line that is known; None: free."""
        self.asked = 0
        """Attempts made."""
        self._network, self._address = network, address
        self._purpose, self._rate = purpose, rate
        self._patience = patience or Patience()
        self._loop = asyncio.get_running_loop()
        self._epoll = select.epoll()
        self._flying: dict[int, _Shot] = {}
        self._in_order: deque[_Shot] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._loop.add_reader(self._epoll.fileno(), self._listen)

    @property
    def flying(self) -> int:
        """Attempts under way."""
        return len(self._flying)

    async def ask(self, port: str, then: Then) -> None:
        """Begin one attempt, when its turn comes; a refusal of the guard is handed over like an answer."""
        number = tcp_number(port)
        if number is None:
            then(port, _NOT_TCP)
            return
        await self._room()
        turn = self._network.turn(self._address, number, purpose=self._purpose, rate=self._rate)
        if isinstance(turn, Knock):
            then(port, turn)
            return
        if turn.wait > 0:
            await asyncio.sleep(turn.wait)
        self.asked += 1
        if self.asked % _BURST == 0:
            await asyncio.sleep(0)
        begun = self._network.knock(turn)
        if isinstance(begun, Knock):
            self._tell(port, begun, then)
        else:
            self._watch(_Shot(port, then, begun))

    async def change(self) -> None:
        """Until an attempt is over; at once when none is under way."""
        self._changed.clear()
        if self._flying:
            await self._changed.wait()

    async def drained(self, *, by: float | None = None) -> None:
        """Until every attempt is over; those that last beyond `by`, on the loop's clock, are over then."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(by):
                while self._flying:
                    await self.change()
        for number, shot in tuple(self._flying.items()):
            self._end(shot, number)

    def close(self) -> None:
        """Give everything back; attempts under way are forgotten."""
        if self._alarm:
            self._alarm.cancel()
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()
        for shot in self._flying.values():
            self._network.heard(shot.knocking)
        self._flying.clear()

    async def _room(self) -> None:
        while len(self._flying) >= AT_ONCE:
            await self.change()
        # Places are given back by other volleys too, which do not know of this one.
        while self._network.knocks_left <= 0:  # noqa: ASYNC110 — reason above
            await asyncio.sleep(_NO_ROOM_SECONDS)

    def _watch(self, shot: _Shot) -> None:
        number = shot.knocking.sock.fileno()
        self._flying[number] = shot
        self._in_order.append(shot)
        self._epoll.register(number, select.EPOLLOUT)
        if self._alarm is None:
            self._set_alarm()

    def _listen(self) -> None:
        for number, _ in self._epoll.poll(0, AT_ONCE):
            self._end(self._flying[number], number)
        self._set_alarm()

    def _end(self, shot: _Shot, number: int) -> None:
        del self._flying[number]
        shot.over = True
        self._tell(shot.port, self._network.heard(shot.knocking), shot.then)

    def _tell(self, port: str, knock: Knock, then: Then) -> None:
        if knock.seconds is not None:
            self._patience.learn(knock.seconds)
        self._changed.set()
        then(port, knock)

    def _set_alarm(self) -> None:
        """For the oldest attempt under way; patience that has grown shorter counts for those under way too."""
        while self._in_order and self._in_order[0].over:
            self._in_order.popleft()
        when = self._in_order[0].knocking.begun + self._patience.seconds if self._in_order else None
        if self._alarm and (when is None or when < self._alarm.when()):
            self._alarm.cancel()
            self._alarm = None
        if when is not None and self._alarm is None:
            self._alarm = self._loop.call_at(when, self._expire)

    def _expire(self) -> None:
        self._alarm = None
        self._listen()
        due = self._loop.time() - self._patience.seconds
        while self._in_order and (self._in_order[0].over or self._in_order[0].knocking.begun <= due):
            shot = self._in_order.popleft()
            if not shot.over:
                self._end(shot, shot.knocking.sock.fileno())
        self._set_alarm()

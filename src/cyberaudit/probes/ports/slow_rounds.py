"""Asks an address that limits its refusals, at the rate that it turns out to bear.

A limit gives its answers at regular moments. Questions as regular as they would meet it in step, and the same port be
unlucky each time: moments, controls and the order of what is asked again are drawn.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Container, Sequence
from itertools import cycle
from typing import Final

from cyberaudit.facts.reach import PortState
from cyberaudit.probes.ports.knock import Knock
from cyberaudit.probes.ports.timing import QUESTIONS_PER_CONTROL, RISK, Throttle
from cyberaudit.probes.ports.volley import Then, Volley

# Ours: what a person waits for one machine; beyond it, only the ports that matter most are settled.
SLOW_SECONDS: Final = 30.0
# Ours: an address that answers nothing for so long, controls included, does not merely limit itself.
_MUTE_SECONDS: Final = 5.0
# Ours: controls alone, when every port is under way or waits for its period, must not meet the limit themselves:
# a quarter of the rate, and half of the limit.
_IDLE_SLOWDOWN: Final = 4
# Ours: at half the limit no answer is held back, and a hundred ports cost some seconds.
_AT_EASE: Final = 0.5
# Ours: what that last lap may take beside the rest.
_LAST_SECONDS: Final = 10.0
_CHANCE: Final = secrets.SystemRandom()
_ANSWERS: Final = (PortState.OPEN, PortState.CLOSED, PortState.REJECTED)


class SlowRounds:
    """The silent ports of one address, until each has answered, or luck is excluded and a last slow question too."""

    def __init__(
        self, volley: Volley, *, learn: Then, controls: Sequence[str], now: Callable[[], float]
    ) -> None:
        """`learn` is handed every answer and silence of the ports; `controls` had answered before."""
        self.unsettled: list[str] = []
        """Ports whose silence means nothing, when all is over."""
        self._volley, self._learn, self._now = volley, learn, now
        self._controls = cycle(controls)
        self._answering = len(controls)
        """Ports that answered."""
        self._throttle = Throttle(begun=now())
        self._waiting: deque[str] = deque()
        self._silent: list[str] = []
        """Silent in this period, which is not judged yet."""
        self._chances: dict[str, float] = {}
        """Of each port, the chance that it answers and was silent every time."""
        self._told: list[str] = []
        """Silent, as far as chances go."""
        self._last_answer = now()

    @property
    def limit(self) -> float | None:
        """Answers a second; None: none was met."""
        return self._throttle.limit

    async def run(self, ports: Sequence[str], *, important: Container[str], deadline: float) -> None:
        """Ask `ports` until `deadline`, and no longer than a person waits; the important ones when time is short."""
        end = min(deadline, self._now() + SLOW_SECONDS)
        self._waiting.extend(ports)
        start = self._now()
        while self._left() and self._now() < min(end, self._last_answer + _MUTE_SECONDS):
            if self._throttle.is_over(self._now()):
                self._judge()
                self._leave_aside(important, seconds=end - self._now())
            if not self._waiting:
                # The last ports do not wait for the end of the period: nobody else wants the answers that are due.
                self._weigh(self._throttle.loss)
            idle = not self._waiting
            await self._ask_one(is_control=idle or _CHANCE.randrange(QUESTIONS_PER_CONTROL) == 0)
            start = max(self._now(), start + self._step(idle=idle) * _CHANCE.uniform(0.5, 1.5))
            await asyncio.sleep(start - self._now())
        await self._volley.drained()
        self.unsettled += (*self._waiting, *self._silent)
        await self._once_more(min(deadline, end + _LAST_SECONDS))

    async def _once_more(self, end: float) -> None:
        """What is left silent, one last time, so slowly that the limit has no part in it."""
        if self.limit is None:
            return
        for number, port in enumerate(self._told):
            if self._now() >= end:
                self.unsettled += self._told[number:]
                break
            await self._volley.ask(port, self._learn)
            await asyncio.sleep(1 / max(_AT_EASE * self.limit, 1.0))
        await self._volley.drained()

    def _step(self, *, idle: bool) -> float:
        """Seconds from one question to the next."""
        usual = 1 / self._throttle.rate
        if not idle:
            return usual
        return max(_IDLE_SLOWDOWN * usual, 2 / max(1.0, self.limit or 1 / usual))

    def _left(self) -> bool:
        return bool(self._waiting or self._silent or self._volley.flying)

    async def _ask_one(self, *, is_control: bool) -> None:
        if is_control:
            await self._volley.ask(next(self._controls), self._note_control)
        else:
            await self._volley.ask(self._waiting.popleft(), self._note)

    def _note(self, port: str, knock: Knock) -> None:
        self._learn(port, knock)
        if knock.state is PortState.SILENT:
            self._silent.append(port)
        elif knock.state in _ANSWERS:
            self._answering += 1
            self._count_answer()

    def _note_control(self, _: str, knock: Knock) -> None:
        answered = knock.state in _ANSWERS
        self._throttle.controls.append(answered)
        if answered:
            self._count_answer()

    def _count_answer(self) -> None:
        self._throttle.answers += 1
        self._last_answer = self._now()

    def _judge(self) -> None:
        """What the silences of this period are worth; the ports of which that is not enough are put again."""
        self._weigh(self._throttle.judge(self._now()))

    def _weigh(self, lost: float | None) -> None:
        """`lost`: the chance that an answer got lost; None: not known yet."""
        if lost is None:
            return
        _CHANCE.shuffle(self._silent)
        for port in self._silent:
            self._chances[port] = self._chances.get(port, 1.0) * lost
            is_luck = self._chances[port] * self._answering > RISK
            (self._waiting if is_luck else self._told).append(port)
        self._silent.clear()

    def _leave_aside(self, important: Container[str], *, seconds: float) -> None:
        """When the limit does not leave the time for all, the important ports are settled and the others left."""
        if self._throttle.seconds_for(len(self._waiting)) > seconds:
            self.unsettled += (port for port in self._waiting if port not in important)
            self._waiting = deque(port for port in self._waiting if port in important)

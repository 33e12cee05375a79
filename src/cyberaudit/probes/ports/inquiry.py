"""Asks the ports of one address until each silence means something, or says why it does not.

1. Three decoys: high ports nobody uses. When all open, only the ports that matter most are asked besides.
2. Every port once. Then the silent ones again, with controls among them: ports that had answered.
3. Every control answered: two questions are enough. Some were lost: the line loses answers, and the silent ports are
   asked until luck is excluded. Nearly all were lost, in a burst: the address limits its refusals, and the silent
   ports are asked slowly (`slow_rounds`). When that leaves some, a last burst with open ports among them tells
   whether the limit holds back refusals alone. Nothing answered at all: there is no control, and the ports that
   matter most are asked four times (`timing`).
4. What answered is asked once more at the end: ports that opened must open again, for a ban may refuse as well as
   keep silent. When nothing comes any more (cable out, ban), no silence counts; when nothing opens any more, no
   refusal either. The same is looked at on the way when an address that answered has been silent for long.

The figures, and how they are found, stand in `timing`.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, cycle, islice, zip_longest
from typing import Final

from cyberaudit.facts.reach import AddressReach, Engine, Line, PortAnswer, PortState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.ports.knock import Knock
from cyberaudit.probes.ports.slow_rounds import SlowRounds
from cyberaudit.probes.ports.timing import (
    BLIND_ASKS,
    BLIND_PATIENCE,
    BLIND_PORTS,
    BLIND_SPACING,
    ENOUGH_CONTROLS,
    MANY_CONTROLS,
    MOST_ASKS,
    MOST_SECONDS,
    Losses,
)
from cyberaudit.probes.ports.volley import Volley

# IANA calls them dynamic, and above 61,000 neither Linux nor Windows lends them by itself: nobody is there.
_DECOYS: Final = range(61001, 65536)
DECOY_COUNT: Final = 3
# Ours: an address that answers nearby has done so by then; one that is far or silent does not hold up the rest.
_DECOY_SECONDS: Final = 0.05
# Ours: four times the list; the minutes that more of them take may be cut short by a deadline or a person.
_MANY_PORTS: Final = 4096
# Ours: a connection that nobody takes stays in the queue of a small server.
_ASKS_OF_AN_OPEN_PORT: Final = 4
# Ours: two thirds of the controls lost is no line that a person would work with: it is a limit.
_MOSTLY: Final = 0.7
# Ours: so long, and so many questions, without an answer from an address that had answered: worth a look.
_WORRY_SECONDS: Final = 3.0
_WORRY_QUESTIONS: Final = 64
# Ours: enough for a limit that spares nothing to have shown, few enough for a small server's queue.
_OPEN_CONTROLS: Final = 12
# FreeBSD counts its refusals by whole seconds (net.inet.icmp.icmplim): the tries outlast one.
_TRIES: Final = 6
_TRY_EVERY: Final = 0.2
# Ours: one of them may have been stopped meanwhile; three at once is another thing.
_OPEN_ONES_ASKED_AGAIN: Final = 3

GONE: Final = "ce qui répondait ne répond plus"
_GONE: Final = Knock(Unreachable(Reason.NO_CONTROL, GONE))
_TOO_LATE: Final = Knock(Unreachable(Reason.DEADLINE))
_OPENS_EVERYTHING: Final = Knock(Unreachable(Reason.OPENS_EVERYTHING))
# The most telling first: an ICMP refusal is often held back when many are due.
_REFUSALS: Final = (PortState.CLOSED, PortState.REJECTED)
_ANSWERS: Final = (PortState.OPEN, *_REFUSALS)


class Inquiry:
    """One address, from the first question to what may be said of each port."""

    def __init__(self, volley: Volley, ports: Sequence[str], *, first: int, deadline: float) -> None:
        """`first`: how many of `ports`, at the head, matter most; `deadline`: on the loop's clock."""
        self._volley = volley
        self._ports = tuple(ports)
        self._first = first or len(self._ports)
        self._deadline = deadline
        self._decoys = _decoys(ports, first=self._first)
        self._heard: dict[str, Knock] = {}
        self._asks: Counter[str] = Counter()
        self._round_trips: list[float] = []
        self._losses = Losses()
        self._controls: list[bool] = []
        """Whether each control was answered, as they came: within one round, the silent ones last."""
        self._rounds_begun: list[int] = []
        """How many controls there had been when each round began."""
        self._limit: float | None = None
        self._unsettled: frozenset[str] = frozenset()
        self._only_refusals = False
        self._gone = False
        self._complete = False
        """Everything was asked, the controls at the end too."""
        self._now: Callable[[], float] = asyncio.get_running_loop().time
        self._begun = self._last_answer = self._now()
        self._silences = 0
        """Since the last answer."""

    async def run(self) -> None:
        """Ask everything; afterwards, `reach` tells."""
        await self._ask_decoys()
        for ports in self._stages():
            await self._round(port for port in ports if port not in self._heard)
            await self._ask_the_silent()
        if not self._gone and self._owes_a_last_look():
            self._gone = not await self._still_there()
        self._complete = True

    def _owes_a_last_look(self) -> bool:
        """Silences count beside answers, refusals beside openings: only when those still come."""
        if self._in_state(PortState.OPEN):
            return any(knock.state in (PortState.SILENT, *_REFUSALS) for knock in self._heard.values())
        return bool(self._silent() and self._surest())

    def _stages(self) -> tuple[tuple[str, ...], ...]:
        """All at once; what matters most is settled before, when the rest is tens of thousands."""
        if len(self._ports) <= _MANY_PORTS:
            return (self._ports,)
        return self._ports[: self._first], self._ports

    def reach(self, address: IpAddress) -> AddressReach:
        """What may be said of the address."""
        answers = tuple(self._answer(port) for port in self._ports)
        decoys = tuple(self._answer(port) for port in self._decoys)
        return AddressReach(str(address), address.version, answers, decoys, self._line())

    def so_far(self, address: IpAddress, *, missing: Reason) -> AddressReach:
        """What may be said when the asking was cut short, at any moment: `missing` for all the rest.

        What opened did open, unless the decoys were about to tell that everything does. A refusal stands where no
        control is owed to it; a silence never does.
        """
        if self._complete:
            return self.reach(address)
        answers = tuple(self._cut_short(port, missing) for port in self._ports)
        decoys = tuple(self._cut_short(port, missing) for port in self._decoys)
        return AddressReach(str(address), address.version, answers, decoys, self._line())

    def _cut_short(self, port: str, missing: Reason) -> PortAnswer:
        knock = self._heard.get(port)
        state = knock.state if knock else None
        opened = self._in_state(PortState.OPEN)
        if knock is None or state is PortState.SILENT or (state is not PortState.OPEN and opened):
            return PortAnswer(port, Unreachable(missing), "")
        if state is PortState.OPEN and port not in self._decoys and self._may_be_a_trap():
            return PortAnswer(port, Unreachable(missing), knock.detail)
        return PortAnswer(port, knock.state, knock.detail)

    def _may_be_a_trap(self) -> bool:
        """Decoys opened, and those that were not heard yet may open too."""
        heard = [self._heard[port].state for port in self._decoys if port in self._heard]
        return 0 < len(heard) < len(self._decoys) and all(state is PortState.OPEN for state in heard)

    async def _ask_decoys(self) -> None:
        for port in self._decoys:
            await self._volley.ask(port, self._learn)
        with suppress(TimeoutError):
            async with asyncio.timeout(_DECOY_SECONDS):
                await self._volley.drained()
        decoys = [self._heard.get(port) for port in self._decoys]
        if all(knock and knock.state is PortState.OPEN for knock in decoys):
            self._heard.update(dict.fromkeys(self._ports[self._first :], _OPENS_EVERYTHING))

    async def _ask_the_silent(self) -> None:
        while not self._gone and (silent := self._silent()):
            if self._now() >= self._deadline:
                self._unsettled = frozenset(silent if self._losses.lost else ())
                return
            rounds = min(self._asks[port] for port in silent)
            self._rounds_begun.append(len(self._controls))
            if self._surest():
                await self._round(silent, controls=self._choose_controls(rounds))
            else:
                await self._insist_blindly(silent)
            if self._meets_a_limit():
                await self._slow_down()
                return
            if self._means_something():
                return

    def _meets_a_limit(self) -> bool:
        """Most controls of the last rounds were lost, and they are enough to tell that from a bad line."""
        every = len(self._controls)
        begun = max((start for start in self._rounds_begun if every - start >= MANY_CONTROLS), default=0)
        last = self._controls[begun:]
        return len(last) >= ENOUGH_CONTROLS and last.count(False) > _MOSTLY * len(last)

    def _means_something(self) -> bool:
        """Whether the silences that are left are final, or never will be."""
        silent = self._silent()
        if not silent or not self._surest():
            return True
        asked = min(self._asks[port] for port in silent)
        answering = len(self._answering())
        if asked >= self._losses.asks_needed(answering, controls=len(self._controls)):
            return True
        if asked >= MOST_ASKS:
            self._unsettled = frozenset(silent)
            return True
        return False

    async def _slow_down(self) -> None:
        if not await self._still_there():
            self._gone = True
            return
        slow = SlowRounds(self._volley, learn=self._learn, controls=tuple(self._refusing()), now=self._now)
        important = frozenset(self._ports[: self._first])
        await slow.run(self._silent(), important=important, deadline=self._deadline)
        self._limit = slow.limit
        self._unsettled = frozenset(slow.unsettled)
        if self._unsettled:
            self._only_refusals = await self._opens_in_a_burst()

    async def _opens_in_a_burst(self) -> bool:
        """Whether the limit spares what opens: open ports among the unsettled ones, all asked at once."""
        opened = self._in_state(PortState.OPEN)
        if not opened:
            return False
        heard: list[Knock] = []
        unsettled = [port for port in self._ports if port in self._unsettled]
        every = max(1, len(unsettled) // _OPEN_CONTROLS)
        for number, port in enumerate(unsettled):
            if number % every == 0:
                await self._volley.ask(opened[number % len(opened)], lambda _, knock: heard.append(knock))
            await self._volley.ask(port, self._learn)
        await self._volley.drained()
        return len(heard) > 1 and all(knock.state is PortState.OPEN for knock in heard)

    async def _round(self, ports: Iterable[str], *, controls: Sequence[str] = ()) -> None:
        """Each port once, the controls spread among them, until all is answered or over."""
        asked = tuple(ports)
        every = max(1, len(asked) // max(1, len(controls)))
        waiting = iter(controls)
        for number, port in enumerate(asked, start=1):
            if self._now() >= self._deadline or await self._has_gone():
                break
            await self._volley.ask(port, self._learn)
            if number % every == 0 or number == len(asked):
                await self._ask_controls(waiting, everything=number == len(asked))
        await self._volley.drained()

    async def _insist_blindly(self, silent: Sequence[str]) -> None:
        """Nothing ever answered: the last round, and what matters most several times in it, in the same time."""
        important = frozenset(self._ports[: min(self._first, BLIND_PORTS)])
        await self._ask_unless_answered(silent)
        end = self._now() + MOST_SECONDS
        for _ in range(BLIND_ASKS - 2):
            await asyncio.sleep(BLIND_SPACING)
            await self._ask_unless_answered([port for port in silent if port in important])
        await self._volley.drained(by=max(end, self._now() + BLIND_PATIENCE))

    async def _ask_unless_answered(self, ports: Iterable[str]) -> None:
        for port in ports:
            if self._now() >= self._deadline:
                return
            if self._heard[port].state is PortState.SILENT:
                await self._volley.ask(port, self._learn)

    async def _ask_controls(self, waiting: Iterator[str], *, everything: bool) -> None:
        for port in islice(waiting, None if everything else 1):
            await self._volley.ask(port, self._note_control)

    async def _has_gone(self) -> bool:
        """Whether an address that answered stays silent for good; looked at when it has been silent for long."""
        worried = self._silences >= _WORRY_QUESTIONS and self._now() - self._last_answer > _WORRY_SECONDS
        if worried and self._surest() and not await self._still_there():
            self._gone = True
        return self._gone

    async def _still_there(self) -> bool:
        """Whether what opened opens still; where nothing did, whether what answered answers still."""
        opened = self._in_state(PortState.OPEN)[-_OPEN_ONES_ASKED_AGAIN:]
        ports, wanted = (opened, (PortState.OPEN,)) if opened else (self._surest(), _ANSWERS)
        heard: list[Knock] = []
        for number in range(_TRIES):
            await self._volley.ask(ports[number % len(ports)], lambda _, knock: heard.append(knock))
            await self._volley.drained()
            if any(knock.state in wanted for knock in heard):
                self._last_answer, self._silences = self._now(), 0
                return True
            await asyncio.sleep(_TRY_EVERY)
        return False

    def _learn(self, port: str, knock: Knock) -> None:
        self._asks[port] += 1
        before = self._heard.get(port)
        if before and before.state in _ANSWERS:
            # Asked several times at once: one answer is enough, and what comes after takes nothing away.
            if before.state is not PortState.OPEN and knock.state is PortState.OPEN:
                self._heard[port] = knock
            return
        self._heard[port] = knock
        if knock.state in _ANSWERS:
            self._losses.count(self._asks[port], lost=self._asks[port] - 1)
            self._last_answer, self._silences = self._now(), 0
            if knock.seconds is not None:
                self._round_trips.append(knock.seconds)
        else:
            self._silences += 1

    def _note_control(self, _: str, knock: Knock) -> None:
        answered = knock.state in _ANSWERS
        self._controls.append(answered)
        self._losses.count(1, lost=0 if answered else 1)

    def _silent(self) -> list[str]:
        every = chain(self._decoys, self._ports)
        return [port for port in every if port in self._heard and self._heard[port].state is PortState.SILENT]

    def _in_state(self, state: PortState) -> list[str]:
        return [port for port, knock in self._heard.items() if knock.state is state]

    def _refusing(self) -> list[str]:
        """The ports whose answer a limit would hold back, each kind in turn; the open ones when there is no other."""
        kinds = zip_longest(self._in_state(PortState.CLOSED), self._in_state(PortState.REJECTED))
        return [port for pair in kinds for port in pair if port] or self._in_state(PortState.OPEN)

    def _choose_controls(self, rounds: int) -> list[str]:
        known = self._refusing()
        if not known:
            return []
        wanted = MANY_CONTROLS if rounds <= 1 else MANY_CONTROLS // 2
        if self._heard[known[0]].state is PortState.OPEN:
            wanted = min(wanted, _ASKS_OF_AN_OPEN_PORT * len(known))
        return list(islice(cycle(known), wanted))

    def _surest(self) -> list[str]:
        """Of each kind of answer, the port that gave it last: the surest kind to come again first."""
        return [found[-1] for state in _ANSWERS if (found := self._in_state(state))]

    def _answer(self, port: str) -> PortAnswer:
        knock = self._heard.get(port) or (_GONE if self._gone else _TOO_LATE)
        if knock.state is PortState.SILENT:
            knock = self._silence(port, knock)
        elif self._gone and knock.state in _REFUSALS and self._in_state(PortState.OPEN):
            # What opened no longer does: since when everything is refused is not known.
            knock = _GONE
        return PortAnswer(port, knock.state, knock.detail)

    def _silence(self, port: str, knock: Knock) -> Knock:
        if self._gone:
            return _GONE
        if port in self._unsettled:
            return Knock(PortState.UNSTABLE, self._trouble())
        return knock if self._asks[port] > 1 else _TOO_LATE

    def _trouble(self) -> str:
        if self._limit is not None:
            return f"réponses limitées à environ {max(1, round(self._limit))} par seconde"
        return f"une réponse sur {_NUMBERS[max(2, min(10, round(1 / self._losses.share)))]} se perd"

    def _answering(self) -> list[str]:
        return [port for port, knock in self._heard.items() if knock.state in _ANSWERS]

    def _line(self) -> Line:
        answered = self._answering()
        again = sum(self._asks[port] > 1 for port in answered)
        return Line(
            engine=Engine.CONNECT,
            round_trip=_median(self._round_trips),
            loss=round(100 * again / len(answered)) if answered else 0,
            answers_per_second=None if self._limit is None else max(1, round(self._limit)),
            only_refusals=self._only_refusals,
            asked=self._volley.asked,
            milliseconds=round((self._now() - self._begun) * 1000),
        )


_NUMBERS: Final = ("", "", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")


def _decoys(ports: Sequence[str], *, first: int) -> tuple[str, ...]:
    """Drawn beside `ports`; among those that matter least, when a person asks for every port."""
    every = [f"tcp/{number}" for number in _DECOYS]
    for asked in (set(ports), set(ports[:first])):
        free = [port for port in every if port not in asked]
        if len(free) >= DECOY_COUNT:
            return tuple(secrets.SystemRandom().sample(free, DECOY_COUNT))
    return ()


def _median(round_trips: list[float]) -> int | None:
    """In microseconds."""
    return round(sorted(round_trips)[len(round_trips) // 2] * 1_000_000) if round_trips else None

"""How long to wait, how fast to ask, and how often before a silence means something. Pure: the caller has the clock.

What is measured on the answers decides:

- **Patience.** Six times the longest usual round trip of the address, within a quarter of a second and just under
  one second: Linux would send its SYN again after one. Nothing heard yet: the longest.
- **Loss.** Ports that had answered are asked again among the silent ones. From those controls, and from the ports
  that answered only when asked again, comes the share of questions that gets lost: p. Silence is final after k
  questions when p^k times the number of ports that answer is less than one in a thousand: so many of those are
  expected among the silent ones.
- **Nothing at all.** An address that never answered gives no control to measure a loss by. Its ports are asked twice,
  and the important ones (the head of the list, at most `BLIND_PORTS`, even when a list has nothing else) four times:
  once, then three times a little apart, in the time that two questions take. Where one question in three gets lost, a
  port that opens is then missed once in sixty, not once in eight.
- **Limit.** When most controls are lost in a burst, of at least `ENOUGH_CONTROLS`, the address limits its refusals.
  The rate is then sought: up by half while every control answers; else halved, but never below a third more than the
  answers that came each second, for a limit gives its n answers a second whatever is asked beyond. The controls of
  each period give its own p, and silence is final as above, with the product of the p of the periods in which the
  port was asked, and after a last question at half the limit.
"""

import math
from dataclasses import dataclass, field
from typing import Final

from cyberaudit.frozen import frozen

# Measured: an answer takes at most six times the usual round trip.
_ROUND_TRIPS: Final = 6
LEAST_SECONDS: Final = 0.25
# RFC 6298 §2: the kernel sends its SYN again after one second; by then the attempt must be over.
MOST_SECONDS: Final = 0.9
# Ours: a slow moment is forgotten after some thirty quicker answers.
_FORGETTING: Final = 1 / 16

# Ours: the risk, for a whole address whose loss showed, that a silent port only had no luck. Where none showed, two
# questions leave more: simulated where 4 % get lost, an address with 10 to 30 open ports hides one in 250 times.
RISK: Final = 0.001
# Ours: so many controls tell a limit from a loss.
MANY_CONTROLS: Final = 24
# Ours: with so many answered and none lost, a loss of one in five each way would have shown, 199 times in 200.
ENOUGH_CONTROLS: Final = 12
# Of the normal distribution: one-sided, 95 %.
_QUANTILE: Final = 1.645
# Ours: more questions than that to one port is insistence; what is left is unstable.
MOST_ASKS: Final = 16

# Ours: 0.36^4, when a fifth is lost each way, is 1.7 %; more at a hundred a second would hold up the other ports.
BLIND_ASKS: Final = 4
# Ours: the declared services and the essential ports; a list that a person typed may be longer, and costs its pace.
BLIND_PORTS: Final = 150
# Ours: further apart than a hiccup of a line lasts, near enough for the last one to have more than half a second.
BLIND_SPACING: Final = 0.1
BLIND_PATIENCE: Final = 0.6

# Ours: where the search for a limit starts; known limits go from one refusal a second to some hundreds.
_START_RATE: Final = 150.0
_GROWTH: Final = 1.5
_BACK_OFF: Final = 0.5
# Measured: a token bucket gives its n answers a second whatever the excess; a third more wastes little.
_EXCESS: Final = 1.3
_LEAST_RATE: Final = 1.0
_MOST_RATE: Final = 2000.0
# Ours: each control spends an answer that a port could have had.
QUESTIONS_PER_CONTROL: Final = 20
_PERIOD_SECONDS: Final = 0.5
_LONGEST_PERIOD: Final = 3.0
_PERIOD_CONTROLS: Final = 4
# Ours: the first periods hold the burst, and what was asked before.
_ENOUGH_PERIODS: Final = 3


@dataclass(slots=True)
class Patience:
    """How long an answer of one address is waited for."""

    most: float = MOST_SECONDS
    usual: float | None = None
    """The longest usual round trip, in seconds."""

    def learn(self, seconds: float) -> None:
        """One more round trip: longer counts at once, shorter little by little."""
        if self.usual is None or seconds > self.usual:
            self.usual = seconds
        else:
            self.usual += (seconds - self.usual) * _FORGETTING

    @property
    def seconds(self) -> float:
        if self.usual is None:
            return self.most
        return min(self.most, max(LEAST_SECONDS, _ROUND_TRIPS * self.usual))


@frozen
class Way:
    """The line behind which addresses stand: all that is sent to any of them shares its pace."""

    name: str
    rate: float | None
    """Packets a second; None: free."""


@dataclass(slots=True)
class Pacer:
    """One line that several addresses share: the next attempt may not start before the one before it allows."""

    _next: float = 0.0

    def reserve(self, now: float, rate: float | None, *, places: int = 1) -> float:
        """Seconds to wait from `now`; that many places are taken. `rate`: places a second, None: free."""
        if rate is None:
            return 0.0
        start = max(now, self._next)
        self._next = start + places / rate
        return start - now


@dataclass(slots=True)
class Losses:
    """Questions to ports that are known to answer, and how many of them were lost."""

    asked: int = 0
    lost: int = 0

    def count(self, asked: int, *, lost: int) -> None:
        self.asked += asked
        self.lost += lost

    @property
    def share(self) -> float:
        """The share that gets lost; a half loss is assumed, so that few controls do not prove a perfect line."""
        return (self.lost + 0.5) / (self.asked + 1)

    def cautious_share(self, *, unknown: float) -> float:
        """The largest share that what was heard does not rule out, where few answers leave much to chance.

        The upper bound of Wilson's interval (1927), one-sided, 95 %. Simulated where 36 % get lost, with 1 to 30
        ports: asking until the share to the power of the questions is under 1 % misses one port in 200; the plain
        share would miss one in 25.

        Args:
            unknown: the share taken where nothing was heard, and the most that is feared and was not seen.
        """
        seen = (self.lost + unknown) / (self.asked + 1)
        square = _QUANTILE**2
        spread = math.sqrt(self.lost * (self.asked - self.lost) / max(1, self.asked) + square / 4)
        bound = (self.lost + square / 2 + _QUANTILE * spread) / (self.asked + square)
        return max(seen, min(unknown, bound))

    def asks_needed(self, answering: int, *, controls: int) -> int:
        """How often a silent port must have been asked before its silence is final.

        Args:
            answering: ports that answered.
            controls: questions to ports known to answer, put among the silent ones.
        """
        if not self.lost:
            return 2 if controls >= ENOUGH_CONTROLS else 3
        if self.share >= 1:
            return MOST_ASKS + 1
        return max(2, math.ceil(math.log(RISK / max(1, answering)) / math.log(self.share)))


@dataclass(slots=True)
class Throttle:
    """The search for the rate at which an address answers everything."""

    begun: float
    rate: float = _START_RATE
    answers: int = 0
    met: list[float] = field(default_factory=list)
    """Answers a second, in each period in which controls were lost."""
    controls: list[bool] = field(default_factory=list)
    """Whether each control of this period was answered."""
    controls_before: list[bool] = field(default_factory=list)
    """Those of the period before, when some of the silences of this one were asked."""

    @property
    def limit(self) -> float | None:
        """Answers a second; None: no control was lost. The upper quartile of what was met, without the first: a first
        burst gives more, and a period in which little was due gives less, however many of those there are.
        """
        met = sorted(self.met[1:] if len(self.met) >= _ENOUGH_PERIODS else self.met)
        return met[len(met) * 3 // 4] if met else None

    def is_over(self, now: float) -> bool:
        """Whether this period can be judged."""
        elapsed = now - self.begun
        enough = len(self.controls) >= _PERIOD_CONTROLS
        return (elapsed >= _PERIOD_SECONDS and enough) or (elapsed >= _LONGEST_PERIOD and bool(self.controls))

    def judge(self, now: float) -> float:
        """The chance that a port which answers was silent in this period. The next one begins at `now`."""
        answered = self.answers / (now - self.begun)
        if all(self.controls):
            self.rate = min(_MOST_RATE, self.rate * _GROWTH)
        else:
            self.met.append(answered)
            self.rate = max(_LEAST_RATE, answered * _EXCESS, self.rate * _BACK_OFF)
        lost = self._lost()
        self.begun, self.answers = now, 0
        self.controls, self.controls_before = [], self.controls
        return lost

    @property
    def loss(self) -> float | None:
        """The same before the period is over; None: too few controls to tell."""
        return self._lost() if len(self.controls) + len(self.controls_before) >= _PERIOD_CONTROLS else None

    def _lost(self) -> float:
        both = self.controls + self.controls_before
        return (both.count(False) + 0.5) / (len(both) + 1)

    def seconds_for(self, ports: int) -> float:
        """How long so many refusals take at the limit; 0 while it was not met often enough to be known."""
        limit = self.limit
        return 0.0 if limit is None or len(self.met) < _ENOUGH_PERIODS else ports / max(limit, 0.1)

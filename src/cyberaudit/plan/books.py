"""What is left of money and time, quarter after quarter, as actions take their place."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from math import ceil

from cyberaudit.declared import PlanChoices
from cyberaudit.engine.measures import Lot, Measure, Owner
from cyberaudit.frozen import frozen
from cyberaudit.plan.words import Hindrance, Quarter

# Ours: three budgets; what is further away is no plan.
HORIZON = 12
# Ours: one day a quarter for people whose trade is another; three for the one who is paid for it.
HALF_DAYS = {Owner.AGENT: 2, Owner.ELU: 2, Owner.CONTRACTOR: 6}
# Ours: more beginnings at a time are begun and not finished.
STARTS_A_QUARTER = 3
# Ours: a communal budget is annual, and that of this year foresaw nothing of what is found today.
THIS_YEAR_EUROS = 0
# Ours: what a town of a few thousand inhabitants finds without a debate; the mayor chooses another.
YEARLY_EUROS = 2000
# Budgets are voted by 15 April (CGCT, article L1612-2).
QUARTER_OF_THE_VOTE = 1


@frozen
class Work:
    """What one start asks for."""

    owner: Owner
    time: int
    """In thousandths of a half-day."""
    euros: int
    """In the calendar year of the start."""
    yearly: int
    """In that year and in every later one."""
    is_pressing: bool
    """An urgency: neither its owner's time nor the crowd keeps it, and it takes what time is left."""
    counts: bool
    """Among the three that may start in a quarter."""


# Whole numbers, so that a plan made again and again is quick; a minute is four of them.
PARTS = 1000


@cache
def half_days(days: float) -> Fraction:
    """Exact: a quarter of an hour costs no half-day."""
    return 2 * Fraction(str(days))


def work_of(part: Measure | Lot, *, owner: Owner, is_pressing: bool, counts: bool) -> Work:
    """A whole measure, or one lot, at the upper end of its price."""
    cost = (part.cost, part.yearly) if isinstance(part, Lot) else (part.cost.high, part.cost.yearly)
    return Work(owner, ceil(half_days(part.days) * PARTS), *cost, is_pressing=is_pressing, counts=counts)


@dataclass(slots=True)
class Books:
    """Money and time. Quarters go by number, 0 for the current one.

    The quarter under way counts whole, however little of it is left.
    """

    quarters: tuple[Quarter, ...]
    ceilings: dict[int, int]
    """By calendar year of the horizon, in order."""
    chosen: frozenset[int]
    """Years whose ceiling the mayor chose."""
    full: dict[Owner, int]
    """Time a quarter, in thousandths of a half-day."""
    left: dict[Owner, list[int]]
    """Time left, by quarter."""
    starts: list[int]
    purchases: dict[int, int]
    subscriptions: dict[int, int]
    spends_before_vote: bool

    def hindrances(self, work: Work, start: int, *, ready: int) -> tuple[Hindrance, ...]:
        """All that keeps `work` from `start`, in the order of precedence; empty: it fits.

        `ready` is the first quarter in which what it waits for is done.
        """
        kept = (
            (Hindrance.DEPENDENCY, start < ready),
            (Hindrance.VOTE, self._is_before_vote(work, start)),
            (Hindrance.CEILING, self.excess(work, start)),
            (Hindrance.CAPACITY, self.end(work, start) is None),
            (Hindrance.CROWD, self._is_crowded(work, start)),
        )
        return tuple(cause for cause, holds in kept if holds)

    def end_if_it_fits(self, work: Work, start: int) -> int | None:
        """The last quarter of a work that waits for nothing; None: something keeps it from `start`."""
        if self._is_crowded(work, start) or self._is_before_vote(work, start) or self.excess(work, start):
            return None
        return self.end(work, start)

    def _is_before_vote(self, work: Work, start: int) -> bool:
        is_early = self.quarters[start].number == QUARTER_OF_THE_VOTE and not self.spends_before_vote
        return is_early and bool(work.euros or work.yearly)

    def _is_crowded(self, work: Work, start: int) -> bool:
        return work.counts and not work.is_pressing and self.starts[start] >= STARTS_A_QUARTER

    def end(self, work: Work, start: int) -> int | None:
        """The last quarter of a work that begins at `start`; None: its owner has not the time.

        What fits in a whole quarter is done in one. A longer work takes a whole free quarter, then all that is
        left of the next ones: of two possible starts, the later one ends strictly later, so that the end alone
        tells the start and the time taken.
        """
        if work.is_pressing:
            return start
        full, left = self.full[work.owner], self.left[work.owner]
        if work.time <= full:
            return start if left[start] >= work.time else None
        rest = work.time if left[start] == full else None
        for number in range(start, HORIZON):
            if rest is None:
                break
            rest -= left[number]
            if rest <= 0:
                return number
        return None

    def excess(self, work: Work, start: int) -> dict[int, int]:
        """Euros over the ceiling, by year: only of the years in which `work` costs something."""
        first = self.quarters[start].year
        if not work.euros and not work.yearly:
            return {}
        over = {
            year: self.spent(year) + work.yearly + (work.euros if year == first else 0) - ceiling
            for year, ceiling in self.ceilings.items()
            if year == first or (year > first and work.yearly)
        }
        return {year: euros for year, euros in over.items() if euros > 0}

    def spent(self, year: int) -> int:
        """Purchases and running subscriptions of that year, so far."""
        return self.purchases[year] + self.subscriptions[year]

    def is_over(self, year: int) -> bool:
        """Whether that year of the horizon costs more than its ceiling."""
        return self.spent(year) > self.ceilings[year]

    def take(self, work: Work, start: int, end: int) -> None:
        """Write down what `work` uses, at most what is left of the time."""
        self.spend(work.euros, yearly=work.yearly, year=self.quarters[start].year)
        rest = work.time
        for number in range(start, end + 1):
            used = min(rest, self.left[work.owner][number])
            self.left[work.owner][number] -= used
            rest -= used
        self.starts[start] += work.counts and not work.is_pressing

    def spend(self, euros: int, *, yearly: int, year: int) -> None:
        """A purchase of `year`, and a subscription that runs on; what lies outside the horizon is left out."""
        for each in self.ceilings:
            self.purchases[each] += euros if each == year else 0
            self.subscriptions[each] += yearly if each >= year else 0

    def copy(self) -> "Books":
        """The same, to try something on."""
        return Books(
            self.quarters,
            self.ceilings,
            self.chosen,
            self.full,
            {owner: left.copy() for owner, left in self.left.items()},
            self.starts.copy(),
            self.purchases.copy(),
            self.subscriptions.copy(),
            self.spends_before_vote,
        )

    def raised(self, first: int, last: int, *, euros: int) -> "Books":
        """A copy in which the ceilings of these years, both counted, are higher."""
        copy = self.copy()
        copy.ceilings = {
            year: ceiling + (euros if first <= year <= last else 0) for year, ceiling in self.ceilings.items()
        }
        return copy

    def number(self, quarter: Quarter) -> int:
        """Negative in the past, beyond the last after the horizon."""
        current = self.quarters[0]
        return 4 * (quarter.year - current.year) + quarter.number - current.number


def opened(choices: PlanChoices, *, today: date) -> Books:
    """The books before anything is written in them."""
    quarters = tuple(Quarter.of(today).plus(number) for number in range(HORIZON))
    wished = {ceiling.year: ceiling.euros for ceiling in choices.ceilings}
    years = sorted({quarter.year for quarter in quarters})
    usual = {year: THIS_YEAR_EUROS if year == today.year else YEARLY_EUROS for year in years}
    full = {owner: number * PARTS for owner, number in HALF_DAYS.items()}
    full |= {Owner(each.owner): each.half_days * PARTS for each in choices.capacities}
    return Books(
        quarters=quarters,
        ceilings={year: wished.get(year, usual[year]) for year in years},
        chosen=frozenset(wished) & frozenset(years),
        full=full,
        left={owner: [time] * HORIZON for owner, time in full.items()},
        starts=[0] * HORIZON,
        purchases=_nothing(years),
        subscriptions=_nothing(years),
        spends_before_vote=choices.spend_before_vote,
    )


def _nothing(years: Iterable[int]) -> dict[int, int]:
    return dict.fromkeys(years, 0)

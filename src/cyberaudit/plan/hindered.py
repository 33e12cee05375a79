"""Why an action does not start earlier, or at all, and how much money would change that."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import combinations_with_replacement, groupby

from cyberaudit.frozen import frozen
from cyberaudit.plan.books import HORIZON, Books, Work
from cyberaudit.plan.fitting import choose
from cyberaudit.plan.words import Action, Arbitration, Held, Hindrance


@frozen
class Waiting:
    """A work that looks for a quarter."""

    work: Work
    ready: int
    """The first quarter in which what it waits for is done."""
    awaited: str
    """The measure that ends there; empty: it waits for none."""


def held(books: Books, waiting: Waiting, *, until: int) -> tuple[Held, ...]:
    """The first cause of each quarter before `until`, in none of which the work fits; like neighbours together."""
    causes = [_held(books, waiting, number) for number in range(until)]
    runs = (list(run) for _, run in groupby(causes, key=lambda one: (one.cause, one.measure, one.year)))
    return tuple(
        Held(
            first=run[0].first,
            last=run[-1].last,
            cause=run[0].cause,
            measure=run[0].measure,
            missing=min(one.missing for one in run),
            year=run[0].year,
        )
        for run in runs
    )


def _held(books: Books, waiting: Waiting, number: int) -> Held:
    """Of several years that lack money, the one that lacks most."""
    quarter = books.quarters[number]
    cause = books.hindrances(waiting.work, number, ready=waiting.ready)[0]
    missing, year = 0, 0
    if cause is Hindrance.CEILING:
        missing, year = max((euros, -year) for year, euros in books.excess(waiting.work, number).items())
    awaited = waiting.awaited if cause is Hindrance.DEPENDENCY else ""
    return Held(quarter, quarter, cause, awaited, missing, abs(year))


def arbitrated(action: Action, books: Books, waiting: Waiting) -> Arbitration:
    """What keeps it out of the horizon: money when money alone would place it, everything before it unmoved.

    Else what keeps it from most of the quarters in which what it waits for is done.
    """
    if waiting.ready >= HORIZON:
        return Arbitration(Hindrance.DEPENDENCY, waiting.awaited, 0, 0)
    raises = [*_raises(books, waiting), *_raises_for_lots(action, books, ready=waiting.ready)]
    if raises:
        _, missing, _, _, year, until = min(raises, key=_soonest if waiting.work.is_pressing else None)
        return Arbitration(Hindrance.CEILING, "", missing, year, until)
    causes = Counter(_first_but_money(books, waiting, number) for number in range(waiting.ready, HORIZON))
    order = list(Hindrance)
    return Arbitration(max(order, key=lambda cause: (causes[cause], -order.index(cause))), "", 0, 0)


Raise = tuple[bool, int, int, int, int, int]
"""Over several years (one is better), euros a year, how many years more than one, quarter of the start, first and
last year: the least is best."""


def _raises(books: Books, waiting: Waiting) -> Iterator[Raise]:
    """For each quarter that lacks only money, what would place the whole there."""
    for number in range(waiting.ready, HORIZON):
        if books.hindrances(waiting.work, number, ready=waiting.ready) == (Hindrance.CEILING,):
            over = books.excess(waiting.work, number)
            yield _raise(max(over.values()), number, min(over), max(over))


def _soonest(found: Raise) -> tuple[int, Raise]:
    """An urgency does not wait three years for a smaller sum."""
    return found[3], found


def _raise(euros: int, start: int, first: int, last: int) -> Raise:
    return last > first, euros, last - first, start, first, last


def _raises_for_lots(action: Action, books: Books, *, ready: int) -> Iterator[Raise]:
    """For each year, and each run of years, the least that would place the lots when no other year gets more."""
    most = sum(lot.cost + lot.yearly for lot in action.measure.lots)
    for first, last in combinations_with_replacement(books.ceilings if most else (), 2):
        highest = most + max(books.spent(year) for year in range(first, last + 1))

        def fits(euros: int, first: int = first, last: int = last) -> bool:
            return bool(choose(action, books.raised(first, last, euros=euros), ready=ready))

        if fits(highest):
            euros = bisect_left(range(highest), True, key=fits)  # noqa: FBT003 - what is looked for in the row
            start = choose(action, books.raised(first, last, euros=euros), ready=ready)[0].start
            yield _raise(euros, start, first, last)


def _first_but_money(books: Books, waiting: Waiting, number: int) -> Hindrance:
    causes = books.hindrances(waiting.work, number, ready=waiting.ready)
    return next(cause for cause in causes if cause is not Hindrance.CEILING)

"""How much more money would place what has no place, the whole plan made again with it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cyberaudit.plan.books import Books
from cyberaudit.plan.words import Action, Arbitration, Hindrance

# Ours: a council decides by the hundred euros; below that, the search would promise what prices do not hold.
STEP = 100
# Ours: no town of this kind spends more in a year on all of this.
MOST = 51_200


@dataclass(slots=True)
class Replay:
    """The plan made again with more money."""

    books: Books
    """As they were before anything took its place."""
    placed_in: Callable[[Books], frozenset[str]]
    """Ids of what finds a place in such books; it writes them."""
    known: dict[tuple[int, int, int], frozenset[str]] = field(default_factory=dict)

    def places(self, measure: str, found: Arbitration) -> bool:
        """Whether the raise places it."""
        asked = found.missing, found.year, found.until
        if asked not in self.known:
            books = self.books.raised(found.year, found.until, euros=found.missing)
            self.known[asked] = self.placed_in(books)
        return measure in self.known[asked]

    def bounds(self, measure: str, found: Arbitration) -> tuple[int, int]:
        """Of the raises of the same years tried so far: the highest that fails under the least that places it."""
        tried = {
            euros: measure in placed
            for (euros, *years), placed in self.known.items()
            if years == [found.year, found.until]
        }
        high = min(euros for euros, places in tried.items() if places and euros % STEP == 0)
        fails = [euros for euros, places in tried.items() if not places and euros < high]
        return max(fails, default=0), high


def enough(action: Action, replay: Replay) -> Action:
    """The same, its raise high enough even when what stands before it takes a part of it.

    What no raise of that year would place is asked of the years to come, then of all; what even that would not
    place lacks a place, not money.
    """
    found, name = action.arbitration, action.measure.id
    if found is None or found.cause is not Hindrance.CEILING or replay.places(name, found):
        return action
    current, following, *_, last = replay.books.ceilings
    years = ((found.year, found.until), (following, last), (current, last))
    for first, until in years:
        each = replace(found, missing=MOST, year=first, until=until)
        if replay.places(name, each):
            return replace(action, arbitration=_least(name, each, replay))
    # With all that money, what stands before it takes the quarters that lacked only money.
    return replace(action, arbitration=Arbitration(Hindrance.CROWD, "", 0, 0))


def _least(name: str, found: Arbitration, replay: Replay) -> Arbitration:
    """The least multiple of the step that places it, looked for by halves: it was tried and does."""
    fails, places = replay.bounds(name, found)
    low, high = fails // STEP, places // STEP
    while low + 1 < high:
        middle = (low + high) // 2
        if replay.places(name, replace(found, missing=middle * STEP)):
            high = middle
        else:
            low = middle
    return replace(found, missing=high * STEP)

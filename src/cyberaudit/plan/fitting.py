"""Where one action fits: its earliest end, whole or in lots."""

from collections.abc import Sequence

from cyberaudit.frozen import frozen
from cyberaudit.plan.books import HORIZON, Books, Work, work_of
from cyberaudit.plan.words import Action, ActionKind, Quarter, Tier


@frozen
class Part:
    """A measure, or one of its lots, with its quarters by number."""

    title: str
    work: Work
    start: int
    end: int


def work_for(action: Action) -> Work:
    """The whole of it. What is only to be verified is no beginning: it is not among the three of a quarter."""
    return work_of(
        action.measure,
        owner=action.measure.owner,
        is_pressing=action.tier is Tier.URGENT,
        counts=action.kind is ActionKind.MEND,
    )


def lot_works(action: Action) -> tuple[tuple[str, Work], ...]:
    """The title and the work of each lot; nothing when it is done at once."""
    whole = work_for(action)
    return tuple(
        (lot.title, work_of(lot, owner=whole.owner, is_pressing=whole.is_pressing, counts=whole.counts))
        for lot in action.measure.lots
    )


def choose(action: Action, books: Books, *, ready: int) -> tuple[Part, ...]:
    """The earliest end, whole when it makes no difference; nothing when there is no place."""
    tried = (_whole(action, books, ready=ready), _in_lots(action, books, ready=ready))
    return min(filter(None, tried), key=_key, default=())


def _key(parts: Sequence[Part]) -> tuple[int, int, tuple[int, ...]]:
    return parts[-1].end, len(parts), tuple(part.start for part in parts)


def _whole(action: Action, books: Books, *, ready: int) -> tuple[Part, ...]:
    part = _first_fit("", work_for(action), books, ready=ready)
    return (part,) if part else ()


def _in_lots(action: Action, books: Books, *, ready: int) -> tuple[Part, ...]:
    """One lot a calendar year, each as early as it can be.

    The earliest place of a lot leaves the next ones no less: money counts by year, and all are in other years.
    """
    if not action.measure.lots:
        return ()
    trial = books.copy()
    parts: list[Part] = []
    for title, work in lot_works(action):
        part = _first_fit(title, work, trial, ready=ready)
        if part is None:
            return ()
        trial.take(part.work, part.start, part.end)
        parts.append(part)
        ready = trial.number(Quarter(trial.quarters[part.start].year + 1, 1))
    return tuple(parts)


def _first_fit(title: str, work: Work, books: Books, *, ready: int) -> Part | None:
    for start in range(ready, HORIZON):
        end = books.end_if_it_fits(work, start)
        if end is not None:
            return Part(title, work, start, end)
    return None

"""In which quarter each action starts: dependencies, adopted dates, money, time and crowd.

With more money, no date comes later before another has come earlier. Actions are placed in a fixed order, each at
the least of its possible keys: its end, then whole before in lots, then the start of each lot. The key tells what
is used: a start tells the money and the crowd, and the end of a whole tells its start (`Books.end`). So as long as
all keys so far are the same with more money, all that is used is the same; what was possible for the next action
still is, and its least key can only be less. At the first difference it is strictly less: the vector of keys in
plan order is never lexicographically worse, nor, as long as no action changes its lots alone, that of the dates.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from cyberaudit.frozen import frozen
from cyberaudit.plan.adopted import adopt, confirmed, slot_adopted
from cyberaudit.plan.books import HORIZON, Books
from cyberaudit.plan.fitting import Part, choose, work_for
from cyberaudit.plan.hindered import Waiting, arbitrated, held
from cyberaudit.plan.raises import Replay, enough
from cyberaudit.plan.words import Action, ActionKind, LotSlot, Quarter, Slot, Standing

NEVER = HORIZON
"""The quarter in which what has no place is done."""


@frozen
class _Step:
    """One action that looks for its place, before it takes it."""

    action: Action
    waiting: Waiting
    parts: tuple[Part, ...]
    """Empty: no place."""


def place(actions: Sequence[Action], books: Books, *, today: date) -> tuple[Action, ...]:
    """The same actions, in the order given, each with its slot, or with why it has none; `books` are written.

    Adopted ones come first, wherever they stand: nothing moves them. What is only to be answered has the current
    quarter and uses nothing.
    """
    replay = Replay(books.copy(), lambda tried: _placed_in(actions, tried, today=today))
    over = adopt(actions, books, today=today)
    placed = {step.action.measure.id: _told(step, books) for step in _steps(actions, books)}
    settled = [placed.get(action.measure.id) or _settled(action, books, today=today) for action in actions]
    sure = [enough(action, replay) for action in settled]
    return tuple(confirmed(each, sure, over, today=today) for each in sure)


def _steps(actions: Sequence[Action], books: Books) -> Iterator[_Step]:
    """The actions that need a place, one by one; each takes it when the next is asked for."""
    ends = {a.measure.id: books.number(Quarter.of(a.adoption.due)) for a in actions if a.adoption}
    for action in actions:
        if action.adoption or action.kind is ActionKind.ANSWER:
            continue
        last = max(action.waits_for, key=lambda awaited: ends.get(awaited, NEVER), default="")
        ready = max(0, ends.get(last, NEVER)) if last else 0
        parts = choose(action, books, ready=ready)
        yield _Step(action, Waiting(work_for(action), ready, last), parts)
        for part in parts:
            books.take(part.work, part.start, part.end)
            ends[action.measure.id] = part.end


def _placed_in(actions: Sequence[Action], books: Books, *, today: date) -> frozenset[str]:
    """Ids of what finds a place in other books."""
    adopt(actions, books, today=today)
    return frozenset(step.action.measure.id for step in _steps(actions, books) if step.parts)


def _told(step: _Step, books: Books) -> Action:
    """With its slot and what held it; `books` as they are before it takes its place."""
    action, waiting, parts = step.action, step.waiting, step.parts
    if not parts:
        return replace(
            action,
            standing=Standing.TO_ARBITRATE,
            held=held(books, waiting, until=HORIZON),
            arbitration=arbitrated(action, books, waiting),
        )
    causes = held(books, replace(waiting, work=parts[0].work), until=parts[0].start)
    return replace(action, slot=_slot(parts, books), held=causes)


def _settled(action: Action, books: Books, *, today: date) -> Action:
    """What needs no place to be found: its date was adopted, or it is only to be answered."""
    if action.adoption:
        return replace(action, slot=slot_adopted(action, action.adoption, today=today))
    return replace(action, slot=Slot(books.quarters[0], books.quarters[0], ()))


def _slot(parts: Sequence[Part], books: Books) -> Slot:
    start, end = books.quarters[parts[0].start], books.quarters[parts[-1].end]
    lots = tuple(
        LotSlot(part.title, books.quarters[part.start], part.work.euros, part.work.yearly) for part in parts
    )
    return Slot(start, end, lots if len(lots) > 1 else ())

"""Dates that an élu decided: written down first, never moved, to be confirmed when they no longer fit."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from cyberaudit.declared import Adoption
from cyberaudit.frozen import frozen
from cyberaudit.plan.books import HORIZON, Books, Work
from cyberaudit.plan.fitting import lot_works, work_for
from cyberaudit.plan.words import Action, LotSlot, Quarter, Slot, Standing


@frozen
class _Payment:
    """One part of what was adopted."""

    title: str
    work: Work
    on: date


def adopt(actions: Iterable[Action], books: Books, *, today: date) -> frozenset[str]:
    """Write down what was adopted, in plan order; the ids of those that exceed a ceiling.

    What should be done by now will be paid and done from now on. Time is taken from the quarter of the date alone.
    """
    over = set()
    for action in actions:
        if action.adoption is None:
            continue
        payments = _payments(action, action.adoption, today=today)
        for each in payments:
            books.spend(each.work.euros, yearly=each.work.yearly, year=each.on.year)
        number = books.number(Quarter.of(max(action.adoption.due, today)))
        if number < HORIZON:
            books.take(replace(work_for(action), euros=0, yearly=0), number, number)
        if any(_costs(each, year) and books.is_over(year) for each in payments for year in books.ceilings):
            over.add(action.measure.id)
    return frozenset(over)


def _costs(payment: _Payment, year: int) -> bool:
    bought = bool(payment.work.euros) and year == payment.on.year
    return bought or (bool(payment.work.yearly) and year >= payment.on.year)


def _payments(action: Action, adoption: Adoption, *, today: date) -> tuple[_Payment, ...]:
    """What is paid when: as it was adopted, else the whole in the quarter of its date.

    Starts that fit no more, as when a quote ended the lots, and those of what is late, say nothing.
    """
    whole, starts = work_for(action), adoption.starts
    if adoption.due >= today and len(starts) == 1:
        return (_Payment("", whole, starts[0]),)
    lots = lot_works(action)
    if adoption.due >= today and lots and len(starts) == len(lots):
        return tuple(_Payment(title, work, on) for (title, work), on in zip(lots, starts, strict=True))
    return (_Payment("", whole, max(adoption.due, today)),)


def slot_adopted(action: Action, adoption: Adoption, *, today: date) -> Slot:
    """From the quarter in which it begins to that of its date, with its lots when it was adopted so."""
    payments, end = _payments(action, adoption, today=today), Quarter.of(adoption.due)
    lots = tuple(
        LotSlot(each.title, Quarter.of(each.on), each.work.euros, each.work.yearly) for each in payments
    )
    return Slot(min(end, lots[0].quarter), end, lots if len(lots) > 1 else ())


def starts_of(action: Action) -> tuple[date, ...]:
    """What an adoption of the proposed date keeps with it: the first day of the quarter of its start, or of each lot.

    Nothing when that is the quarter of its date, nor when the thing ends before the quarter that could pay: it is
    then begun and paid in the quarter of its date.
    """
    if action.slot is None or action.due is None:
        return ()
    quarters = [lot.quarter for lot in action.slot.lots] or [action.slot.start]
    own = Quarter.of(action.due)
    return () if quarters == [own] or max(quarters) > own else tuple(each.first_day for each in quarters)


def later_starts(adoption: Adoption, due: date) -> tuple[date, ...]:
    """Of one that is postponed: the first lots as they were; the last one, or the whole, begins as much later."""
    if not adoption.starts:
        return ()
    old, new = Quarter.of(adoption.due), Quarter.of(due)
    shift = 4 * (new.year - old.year) + new.number - old.number
    return (*adoption.starts[:-1], Quarter.of(adoption.starts[-1]).plus(shift).first_day)


def confirmed(action: Action, placed: Sequence[Action], over: frozenset[str], *, today: date) -> Action:
    """An adopted date that breaks a ceiling, or comes before what it waits for, is to be confirmed."""
    if action.adoption is None:
        return action
    if action.adoption.due < today:
        return replace(action, standing=Standing.LATE)
    awaited = [other for other in placed if other.measure.id in action.waits_for]
    if action.measure.id in over or any(_comes_after(other, action.adoption.due) for other in awaited):
        return replace(action, standing=Standing.TO_CONFIRM)
    return replace(action, standing=Standing.ADOPTED)


def _comes_after(action: Action, day: date) -> bool:
    if action.adoption:
        return action.adoption.due > day
    return action.slot is None or action.slot.end > Quarter.of(day)

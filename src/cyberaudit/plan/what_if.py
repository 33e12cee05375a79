"""What moves, each way and why, between two plans of the same findings: another ceiling, another capacity."""

from datetime import date

from cyberaudit.frozen import frozen
from cyberaudit.plan.words import Action, Arbitration, Held, Plan, Quarter, Standing


@frozen
class Moved:
    """One action whose place or date is no longer the same."""

    measure: str
    rank: int
    """In the plan before."""
    title: str
    before: date | None
    """None: to be arbitrated."""
    after: date | None
    standing_before: Standing
    standing_after: Standing
    cause: Held | Arbitration | None
    """What held it and no longer binds; for what comes later, what now binds. None: neither, as when only what it
    is done with has moved."""


def compare(before: Plan, after: Plan) -> tuple[Moved, ...]:
    """The actions of both plans that moved, in the order of the plan before.

    Both come from `build_plan` with the same findings: what stands in one of them only is left out.
    """
    later = {action.measure.id: action for action in after.actions}
    pairs = ((action, later[action.measure.id]) for action in before.actions if action.measure.id in later)
    return tuple(_moved(old, new) for old, new in pairs if _place(old) != _place(new))


def _place(action: Action) -> tuple[object, ...]:
    return action.slot, action.due, action.standing


def _moved(old: Action, new: Action) -> Moved:
    return Moved(
        measure=old.measure.id,
        rank=old.rank,
        title=old.measure.title,
        before=old.due,
        after=new.due,
        standing_before=old.standing,
        standing_after=new.standing,
        cause=_cause(old, new),
    )


def _cause(old: Action, new: Action) -> Held | Arbitration | None:
    """Of the one that waits longer, why it is not where the other is."""
    if old.slot is None or new.slot is None:
        return old.arbitration or new.arbitration
    if new.slot.start < old.slot.start:
        return _why_not(old, new.slot.start)
    return _why_not(new, old.slot.start)


def _why_not(action: Action, quarter: Quarter) -> Held | None:
    return next((held for held in action.held if held.first <= quarter <= held.last), None)

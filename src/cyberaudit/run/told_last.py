"""What each person was told last: what a relay refused for good told nobody, and its news is still to be told."""

from collections.abc import Collection, Sequence
from datetime import datetime

from cyberaudit.declared import Recipient
from cyberaudit.frozen import frozen
from cyberaudit.history.outbox import Copy, Queued, State
from cyberaudit.history.trace import CLOCK_SKEW
from cyberaudit.run.letters import Occasion


@frozen
class Alike:
    """People of one role to whom the same is to be told: one mail for them all."""

    role: str
    people: tuple[Recipient, ...]
    last: Queued | None
    """The last mail that told them of an audit, or may still do so; None when they never got any."""


def told_alike(
    role: str, people: Sequence[Recipient], mails: Sequence[Queued], *, now: datetime
) -> tuple[Alike, ...]:
    """The people of `role` by what they were told last, in the order of `people`.

    Whoever was never written to goes with the others: a new colleague is told what the others are.

    Args:
        role: of all of `people`.
        people: one at least.
        mails: of the town, newest first.
        now: aware.
    """
    about = [each for each in mails if each.role == role and each.kind != Occasion.PROBLEM]
    addresses = {each.address for each in people}
    usual = next((each for each in about if _tells_somebody(each, addresses)), None)
    groups: dict[str, Alike] = {}
    for person in people:
        own = _own(person.address, about)
        last = _last(own, now) if own else usual
        # Not by the mail: one encrypted and one in clear told the same.
        key = last.audit if last else ""
        before = groups.get(key, Alike(role, (), last))
        groups[key] = Alike(role, (*before.people, person), before.last)
    return tuple(groups.values())


def _tells_somebody(mail: Queued, addresses: Collection[str]) -> bool:
    """Whether it reached anybody, or may still reach somebody whom the profile names."""
    return any(
        copy.state is State.SENT or (copy.state is not State.REFUSED and copy.recipient in addresses)
        for copy in mail.copies
    )


def _own(address: str, mails: Sequence[Queued]) -> list[tuple[Queued, Copy]]:
    return [(mail, copy) for mail in mails for copy in mail.copies if copy.recipient == address]


def _last(own: Sequence[tuple[Queued, Copy]], now: datetime) -> Queued | None:
    """The newest mail of one person, newest first, that stands on nothing which that person missed.

    A mail tells what changed since the one before. When that one was given up only later, its news is in neither.
    """
    told: Queued | None = None
    for mail, copy in own:
        if copy.state is not State.REFUSED:
            told = told or mail
        elif told is not None and told.made_at <= copy.changed_at <= now + CLOCK_SKEW:
            told = None
    return told

"""Whom the mails of a town never reach, as the outbox knows it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cyberaudit.declared import Recipient
from cyberaudit.history.outbox import Copy, Queued, State
from cyberaudit.reports.unreached import Unreached

# Ours: a refusal is spoken of for a month; a weekly control makes a newer one meanwhile.
SPOKEN_OF = timedelta(days=30)


def unreached(
    mails: Sequence[Queued], people: Sequence[Recipient], *, now: datetime
) -> tuple[Unreached, ...]:
    """Of `people`, each whose newest settled mails were given up, lately. `mails`: of one town, newest first."""
    roles = [each.role for each in people]
    found = (_given_up(each, mails, of=roles.count(each.role)) for each in people)
    return tuple(each for each, at in filter(None, found) if now - at <= SPOKEN_OF)


def _given_up(person: Recipient, mails: Sequence[Queued], *, of: int) -> tuple[Unreached, datetime] | None:
    """With the moment of the newest refusal; None for somebody whom the last settled mail reached, or who had none."""
    lost: list[tuple[Queued, Copy]] = []
    for mail, copy in _settled(person, mails):
        if copy.state is State.SENT:
            break
        lost.append((mail, copy))
    if not lost:
        return None
    (_, newest), (oldest, _) = lost[0], lost[-1]
    told = Unreached(person.role, person.address, of, oldest.made_at, len(lost), newest.last_answer)
    return told, newest.changed_at


def _settled(person: Recipient, mails: Sequence[Queued]) -> Iterator[tuple[Queued, Copy]]:
    for mail in mails:
        if mail.role == person.role:
            for copy in mail.copies:
                if copy.recipient == person.address and copy.state in (State.SENT, State.REFUSED):
                    yield mail, copy


__all__ = ["Unreached", "unreached"]

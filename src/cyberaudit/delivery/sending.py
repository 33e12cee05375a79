"""Every mail that is due, tried once: the outbox knows before and after, and nothing is given up in silence."""

from collections import Counter
from datetime import datetime, timedelta

from cyberaudit.delivery.smtp import Answer, Handed, Relay, conversation
from cyberaudit.delivery.wire import RelayTrouble
from cyberaudit.french import NBSP
from cyberaudit.frozen import frozen
from cyberaudit.history.outbox import LONGEST_PAUSE, Outbox, Queued, State
from cyberaudit.plaintext import clean

__all__ = ["Relay", "Sent", "deliver"]

# Ours: greylisting asks for some minutes (RFC 6647 §5), an outage lasts hours (RFC 5321 §4.5.4.1: 30 minutes or more).
PAUSES = (timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60), timedelta(hours=4))
LATER = LONGEST_PAUSE
# RFC 5321 §4.5.4.1: « at least 4-5 days »
GIVEN_UP_AFTER = timedelta(days=5)


@frozen
class Sent:
    """What one run did."""

    sent: int
    """Copies that the relay took over."""
    waiting: int
    """Copies of the commune that still wait, tried in this run or not."""
    refused: int
    """Copies given up in this run."""
    answers: tuple[str, ...]
    """Why the others did not leave: French sentences, each once, safe to print."""


def deliver(
    outbox: Outbox, relay: Relay, sender: str, *, now: datetime, commune: str, due: datetime | None = None
) -> Sent:
    """Try every due copy of a commune once, in one conversation a message; `sender` is an address.

    `due`: tries what is due by then, `now` unless given.

    The first trouble with the relay itself ends the run: the next messages would meet it too, and a wrong password
    said again can lock an account.

    Raises:
        NotSaved: what became of a message could not be recorded; it counts as not answered.
    """
    with outbox.alone() as alone:
        if not alone:
            return Sent(0, outbox.unsettled(commune), 0, ("Un autre envoi est en cours.",))
        tally: Counter[State] = Counter()
        told: dict[str, None] = {}
        for queued in outbox.due(due or now, commune):
            handed = _try(outbox, relay, sender, queued, now)
            tally.update(answer.state for answer in handed.answers.values())
            told |= dict.fromkeys(_sentences(handed))
            if handed.trouble:
                break
    return Sent(tally[State.SENT], outbox.unsettled(commune), tally[State.REFUSED], tuple(told))


def _try(outbox: Outbox, relay: Relay, sender: str, queued: Queued, now: datetime) -> Handed:
    recipients = tuple(copy.recipient for copy in queued.copies)
    for recipient in recipients:
        outbox.began(queued.id, recipient, now)
    try:
        with conversation(relay) as session:
            handed = session.hand_over(sender, recipients, queued.message)
            # Before the goodbye: a program stopped during it would send again.
            return _record(outbox, queued, handed, now)
    except RelayTrouble as trouble:
        answers = dict.fromkeys(recipients, Answer(State.WAITING, str(trouble)))
        return _record(outbox, queued, Handed(answers, str(trouble)), now)


def _record(outbox: Outbox, queued: Queued, handed: Handed, now: datetime) -> Handed:
    """Each answer on the disk; those that waited too long become refusals."""
    settled = {}
    for copy in queued.copies:
        answer = _in_time(handed.answers[copy.recipient], queued, now)
        next_try = now + pause(copy.attempts + 1) if answer.state is State.WAITING else None
        outbox.ended(
            queued.id,
            copy.recipient,
            state=answer.state,
            answer=answer.clause,
            at=now,
            next_try=next_try,
            doubtful=answer.doubtful,
        )
        settled[copy.recipient] = answer
    return Handed(settled, handed.trouble)


def _in_time(answer: Answer, queued: Queued, now: datetime) -> Answer:
    if answer.state is not State.WAITING or now - queued.made_at < GIVEN_UP_AFTER:
        return answer
    return Answer(State.REFUSED, f"délai dépassé{NBSP}: {answer.clause}", answer.doubtful)


def pause(attempts: int) -> timedelta:
    """How long to wait after that many failed attempts, one at least."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else LATER


def _sentences(handed: Handed) -> list[str]:
    """Trouble with the relay is told once, the rest for each address."""
    told = [f"{handed.trouble[0].upper()}{handed.trouble[1:]}."] if handed.trouble else []
    told += [
        f"Le message à {clean(recipient)} {_FATE[answer.state]}{NBSP}: {answer.clause}."
        for recipient, answer in handed.answers.items()
        if answer.state is not State.SENT and answer.clause != handed.trouble
    ]
    return told


_FATE = {State.WAITING: "attend", State.REFUSED: "ne partira pas"}

"""What each person was told last, as the outbox knows it: news that was given up later is still to be told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cyberaudit.declared import Recipient
from cyberaudit.history.outbox import Copy, Queued, State
from cyberaudit.run.told_last import Alike, told_alike
from tests.unit import towns

pytestmark = pytest.mark.unit

NOW, DAY = towns.NOW, timedelta(days=1)
ONE, OTHER = (Recipient(f"{name}@ville.example", "secretary") for name in ("mairie", "adjointe"))
SENT, WAITING, REFUSED = State.SENT, State.WAITING, State.REFUSED


def mail(day: int, *copies: tuple[Recipient, State, int], kind: str = "change") -> Queued:
    """Made on that day; each copy with the day on which it came to its state."""
    return Queued(
        id=day,
        message_id=f"<{day}@ville.example>",
        commune="01004",
        role="secretary",
        kind=kind,
        audit=f"audit-{day}",
        subject="",
        made_at=NOW + day * DAY,
        message=b"",
        copies=tuple(
            Copy(who.address, state, 1, None, "", NOW + settled * DAY, doubtful=False)
            for who, state, settled in copies
        ),
    )


def last(person: Recipient, *mails: Queued, now: int = 30) -> str:
    """What that person alone was told last. `mails`: oldest first."""
    (found,) = told_alike("secretary", [person], mails[::-1], now=NOW + now * DAY)
    return found.last.audit if found.last else ""


def test_news_given_up_after_the_next_mail_was_written_is_still_to_be_told() -> None:
    """The newer mail only told what had changed since the older one, which was thought to be on its way."""
    first, lost = mail(0, (ONE, SENT, 0)), mail(7, (ONE, REFUSED, 14))
    newer = mail(14, (ONE, SENT, 14))
    assert last(ONE, first, lost, newer) == "audit-0"
    assert last(ONE, first, lost, newer, mail(21, (ONE, SENT, 21))) == "audit-21", "told by then"
    assert last(ONE, first, lost, newer, mail(13, (ONE, REFUSED, 20))) == "audit-0"


def test_what_was_given_up_before_the_next_mail_was_written_is_told_by_it() -> None:
    assert (
        last(ONE, mail(0, (ONE, SENT, 0)), mail(7, (ONE, REFUSED, 8)), mail(14, (ONE, SENT, 14)))
        == "audit-14"
    )


def test_mails_lost_one_after_the_other_are_all_still_to_be_told() -> None:
    kept = (
        mail(0, (ONE, SENT, 0)),
        mail(1, (ONE, REFUSED, 6)),
        mail(2, (ONE, REFUSED, 7)),
        mail(6, (ONE, SENT, 6)),
    )
    assert last(ONE, *kept) == "audit-0"
    assert last(ONE, *kept[1:]) == "", "nothing ever told it how things stand"


def test_a_refusal_of_days_to_come_does_not_repeat_the_news_for_years() -> None:
    """This machine's clock was years ahead when it was noted."""
    kept = mail(0, (ONE, SENT, 0)), mail(1, (ONE, REFUSED, 3650)), mail(7, (ONE, SENT, 7))
    assert last(ONE, *kept) == "audit-7"


def test_a_trouble_that_was_given_up_took_no_news_with_it() -> None:
    kept = mail(0, (ONE, SENT, 0)), mail(7, (ONE, REFUSED, 14), kind="problem"), mail(14, (ONE, SENT, 14))
    assert last(ONE, *kept) == "audit-14"


@pytest.mark.parametrize(
    ("state", "told"), [(SENT, "audit-7"), (WAITING, "audit-0"), (State.SENDING, "audit-0")]
)
def test_what_waits_for_somebody_who_left_told_nothing_to_who_came(state: State, told: str) -> None:
    """An address was wrong: the right one takes its place while the mail still waits."""
    assert last(OTHER, mail(0, (ONE, SENT, 0)), mail(7, (ONE, state, 7))) == told


def test_what_waits_for_a_colleague_counts_for_who_came() -> None:
    both = [ONE, OTHER]
    found = told_alike("secretary", both, [mail(7, (ONE, WAITING, 7))], now=NOW + 8 * DAY)
    assert [(each.people, each.last and each.last.audit) for each in found] == [((ONE, OTHER), "audit-7")]


def test_people_told_the_same_last_are_one_group() -> None:
    apart = mail(7, (replace(ONE), SENT, 7)), mail(7, (OTHER, SENT, 7))
    (found,) = told_alike("secretary", [ONE, OTHER], apart, now=NOW + 8 * DAY)
    assert isinstance(found, Alike)
    assert found.people == (ONE, OTHER)

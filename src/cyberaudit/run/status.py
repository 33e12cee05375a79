"""`cyberaudit status`: whether controls still come, mail leaves, and what was said or decided still holds."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from cyberaudit.declared import Practice, Recipient, Town
from cyberaudit.history.outbox import Copy, Queued, State, open_outbox, outbox_path
from cyberaudit.history.state import zone_of
from cyberaudit.history.store import History, open_history
from cyberaudit.history.trace import CLOCK_SKEW
from cyberaudit.reports.status_text import Deadline, Ends, LastRun, Mail, Status
from cyberaudit.run.communes import choose_commune
from cyberaudit.run.last_weekly import LastWeekly, last_of_commune, last_of_profile
from cyberaudit.run.unreached import Unreached, unreached
from cyberaudit.town.load import load_profile

# Ours: three days of grace after a weekly control.
MAX_AGE = timedelta(days=10)
# product: « 30 days before the end they warn too ».
SOON = timedelta(days=30)
# Ours: a mail that was given up is spoken of for a month.
REFUSED_SHOWN = timedelta(days=30)
# Ours: a doubt older than a week is settled in the mailbox.
DOUBT_SHOWN = timedelta(days=7)


def status_of_profile(profile: Path, history: Path, *, now: datetime, max_age: timedelta = MAX_AGE) -> Status:
    """The commune of a profile, as the profile stands today.

    Raises:
        ProfileError: the profile is not valid.
        HistoryError: a file cannot be read; nothing stored yet is no reason.
    """
    town = load_profile(profile).town
    last = _last_complete_of(history, town.id, now) if history.exists() else None
    weekly = last_of_profile(history, profile) or last_of_commune(history, town.id)
    return _status(town, history, last=last, weekly=weekly, now=now, max_age=max_age)


def status_of_stored(
    history: Path, commune: str | None, *, now: datetime, max_age: timedelta = MAX_AGE
) -> tuple[Status, ...]:
    """Each stored commune, or one, as its last control knew it.

    Raises:
        HistoryError: nothing is stored, or a file cannot be read.
        UsageError: the commune is not there.
    """
    with open_history(history, create=False) as opened:
        chosen = (choose_commune(opened, commune),) if commune else opened.communes()
        if not chosen:
            choose_commune(opened, None)
        towns = [(_town(opened, each), _last_complete(opened, each, now)) for each in chosen]
    return tuple(
        _status(town, history, last=last, weekly=last_of_commune(history, town.id), now=now, max_age=max_age)
        for town, last in towns
    )


def _town(history: History, commune: str) -> Town:
    return history.load(history.summaries(commune)[0].uuid).town


def _last_complete_of(path: Path, commune: str, now: datetime) -> datetime | None:
    with open_history(path, create=False) as history:
        return _last_complete(history, commune, now)


def _last_complete(history: History, commune: str, now: datetime) -> datetime | None:
    """Of the past: a clock that was wrong once does not make controls look fresh for years."""
    complete = (each.started_at for each in history.summaries(commune) if not each.partial)
    return next((each for each in complete if each - now <= CLOCK_SKEW), None)


def _status(
    town: Town,
    history: Path,
    *,
    last: datetime | None,
    weekly: LastWeekly | None,
    now: datetime,
    max_age: timedelta,
) -> Status:
    zone = zone_of(town)
    kept = _outbox(outbox_path(history), town.id)
    missed = unreached(kept, town.delivery.recipients, now=now)
    return Status(
        commune=town.id,
        name=town.commune.name,
        zone=zone,
        now=now,
        max_age=max_age,
        last_complete=last,
        mails=tuple(_mails(kept, now, people=town.delivery.recipients, missed=missed)),
        deadlines=tuple(sorted(_deadlines(town, now.astimezone(zone).date()), key=lambda each: each.until)),
        weekly=_last_run(weekly) if weekly else None,
        unreached=missed,
    )


def _last_run(weekly: LastWeekly) -> LastRun:
    return LastRun(weekly.ended_at, weekly.code, weekly.sentences, weekly.unwritten)


def _outbox(path: Path, commune: str) -> tuple[Queued, ...]:
    if not path.exists():
        return ()
    with open_outbox(path, create=False) as outbox:
        return outbox.states(commune)


def _mails(
    kept: Iterable[Queued], now: datetime, *, people: Iterable[Recipient], missed: Iterable[Unreached]
) -> Iterator[Mail]:
    """What did not leave as it should. `people`: of the profile; `missed`: those whom nothing reaches, told apart."""
    named = {(each.role, each.address) for each in people}
    held = {role for role, _ in named}
    apart = {(each.role, each.address) for each in missed}
    reached: dict[tuple[str, str], datetime] = {}
    for queued in kept:
        for copy in queued.copies:
            whom = (queued.role, copy.recipient)
            # What somebody missed is told by that person's next mail (`run.told_last`): it calls for nobody then.
            is_told = whom in apart or (whom in reached and reached[whom] >= copy.changed_at)
            # Whoever took the place is written to.
            is_told = is_told or (whom not in named and queued.role in held)
            if _is_shown(copy, now) and not (copy.state is State.REFUSED and is_told):
                yield _mail(queued, copy)
        for copy in queued.copies:
            if copy.state is State.SENT:
                # Newest first.
                reached.setdefault((queued.role, copy.recipient), queued.made_at)


def _is_shown(copy: Copy, now: datetime) -> bool:
    """A date to come is of a clock that was wrong: as long ago as it is ahead."""
    age = abs(now - copy.changed_at)
    refused = copy.state is State.REFUSED and age <= REFUSED_SHOWN
    doubted = copy.state is State.SENT and copy.doubtful and age <= DOUBT_SHOWN
    return copy.state in (State.WAITING, State.SENDING) or refused or doubted


def _mail(queued: Queued, copy: Copy) -> Mail:
    return Mail(
        role=queued.role,
        recipient=copy.recipient,
        subject=queued.subject,
        state=copy.state.value,
        since=queued.made_at,
        attempts=copy.attempts,
        next_try=copy.next_try,
        answer=copy.last_answer,
        is_doubtful=copy.doubtful,
    )


def _deadlines(town: Town, today: date) -> Iterator[Deadline]:
    for found in _ends(town, today):
        if found.until - today <= SOON:
            yield found


def _ends(town: Town, today: date) -> Iterator[Deadline]:
    if town.authorization is not None:
        until = town.authorization.until
        yield Deadline(Ends.AUTHORIZATION, "", "", until, is_over=until < today)
    for waiver in town.waivers:
        key = f"{waiver.check}@{waiver.asset}" if waiver.asset else waiver.check
        yield Deadline(Ends.WAIVER, waiver.check, key, waiver.until, is_over=waiver.until < today)
    for asset in town.assets:
        for entry in asset.declared:
            key = asset.id if isinstance(asset, Practice) else f"{asset.key}.{entry.field}"
            until = entry.declaration.until
            yield Deadline(Ends.DECLARATION, asset.name, key, until, is_over=until < today)


__all__ = ["MAX_AGE", "status_of_profile", "status_of_stored"]

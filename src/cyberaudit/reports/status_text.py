"""`cyberaudit status`: whether the weekly control is alive, as values, as text and as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.history.trace import CLOCK_SKEW
from cyberaudit.plaintext import clean
from cyberaudit.reports.unreached import ROLES, Unreached, in_full
from cyberaudit.reports.wrap import wrap

SCHEMA_VERSION = 1
CODES = {
    0: "tout s'est bien passé",
    1: "quelque chose est à faire",
    2: "la commande, le profil ou l'autorisation est à corriger",
    3: "le contrôle est incomplet",
    4: "du courrier n'est pas parti",
    130: "il a été interrompu",
}
# Ours: more lines than that hide the others.
MOST_NAMED = 3
NOT_SENT = 4
NO_CONTROL = frozenset({2, 3, 130})
"""What mail does then is told mail by mail: it may have left since."""


_TO_COME = " Ce jour est à venir : vérifiez la date de cette machine."


class Ends(StrEnum):
    """What holds until a day."""

    AUTHORIZATION = "authorization"
    WAIVER = "waiver"
    DECLARATION = "declaration"


@frozen
class Deadline:
    """Something that was decided or said, and the last day it holds."""

    ends: Ends
    name: str
    """What it is about, for people; empty for the authorization."""
    key: str
    """As `declare` and `waive` take it; empty for the authorization."""
    until: date
    is_over: bool


@frozen
class Mail:
    """One copy that did not leave as it should."""

    role: str
    recipient: str
    subject: str
    state: str
    """`waiting`, `sending`, `refused`, or `sent` when it may have arrived twice."""
    since: datetime
    attempts: int
    next_try: datetime | None
    answer: str
    """What the relay said last; may be empty."""
    is_doubtful: bool
    """It may arrive twice."""

    @property
    def is_waiting(self) -> bool:
        return self.state in ("waiting", "sending")


@frozen
class LastRun:
    """How the last weekly control ended."""

    ended_at: datetime
    code: int
    sentences: tuple[str, ...]
    unwritten: int = 0
    """People for whom no message could be made."""


@frozen
class Status:
    """One commune."""

    commune: str
    """Its id."""
    name: str
    zone: tzinfo
    now: datetime
    max_age: timedelta
    last_complete: datetime | None
    """When the newest complete control began; None: none is stored."""
    mails: tuple[Mail, ...]
    deadlines: tuple[Deadline, ...]
    """Over, or soon."""
    weekly: LastRun | None
    """None: there never was one from here."""
    unreached: tuple[Unreached, ...] = ()
    """Whom no mail reaches; `mails` does not tell of what these people missed."""

    @property
    def is_old(self) -> bool:
        return self.last_complete is None or self.now - self.last_complete > self.max_age

    @property
    def is_well(self) -> bool:
        """Whether nothing calls for a person."""
        lost = bool(self.unreached) or any(each.is_waiting or each.state == "refused" for each in self.mails)
        over = any(each.is_over for each in self.deadlines)
        return not (self.is_old or lost or over or self.has_failed)

    @property
    def has_failed(self) -> bool:
        """Whether the last weekly control could not write to somebody, or could not be made and none began since.

        Also when it ended in days to come.
        """
        if self.weekly is None:
            return False
        if self.weekly.unwritten or self.ended_in_the_future:
            return True
        if self.weekly.code not in NO_CONTROL:
            return False
        return self.last_complete is None or self.last_complete < self.weekly.ended_at

    @property
    def ended_in_the_future(self) -> bool:
        """Whether the last weekly control ended after now: this machine's clock is wrong, or was."""
        return self.weekly is not None and self.weekly.ended_at - self.now > CLOCK_SKEW


def render(found: Sequence[Status], *, width: int) -> str:
    """One block a commune."""
    blocks = ("\n".join(line for text in _lines(each) for line in _wrapped(text, width)) for each in found)
    return "\n\n".join(blocks) + "\n"


def _wrapped(text: str, width: int) -> list[str]:
    bullet = "- " if text.startswith("- ") else ""
    return wrap(french.typeset(text.removeprefix(bullet)), width, first=bullet)


def _lines(status: Status) -> Iterator[str]:
    yield f"{clean(status.name)} : {_in_brief(status)}"
    yield f"- {_control(status)}"
    yield f"- {_weekly(status)}"
    yield from (
        f"- {clean(line, limit=600)}"
        for sentence in (status.weekly.sentences if status.weekly else ())
        for line in sentence.splitlines()
        # A mistake of the profile comes with its excerpt, which says nothing once its lines are wrapped.
        if line and not line.startswith(" ")
    )
    if not status.mails and not status.unreached:
        more = " plus" if status.weekly is not None and status.weekly.code == NOT_SENT else ""
        yield f"- Courrier : rien n'attend{more}."
    yield from (f"- {in_full(each, zone=status.zone)}" for each in status.unreached)
    yield from (f"- {_mail(each, status.zone)}" for each in status.mails)
    if any(each.is_waiting for each in status.mails):
        yield "- « cyberaudit notify PROFIL --at-once » renvoie tout de suite ce qui attend."
    yield from (f"- {sentence}" for sentence in _deadlines(status.deadlines))


def _in_brief(status: Status) -> str:
    if not status.is_well:
        return "quelque chose demande votre attention."
    # Any other code than 0 hides whether something was to be done.
    if status.weekly is not None and status.weekly.code:
        return "les contrôles se font. Ce qui reste à faire est dit par « cyberaudit report »."
    return "tout va bien."


def _control(status: Status) -> str:
    if status.last_complete is None:
        return "Aucun contrôle complet n'est encore gardé : lancez « cyberaudit scan PROFIL »."
    day = french.day(status.last_complete.astimezone(status.zone))
    seconds = int((status.now - status.last_complete).total_seconds())
    # Two machines' clocks may differ: what begins in a moment has begun.
    age = f"il y a {french.duration(seconds)}" if seconds >= 60 else "à l'instant"
    most = french.duration(int(status.max_age.total_seconds()))
    late = f" C'est trop ancien : {most} au plus." if status.is_old else ""
    return f"Dernier contrôle complet : le {day}, {age}.{late}"


def _weekly(status: Status) -> str:
    if status.weekly is None:
        return "Contrôle hebdomadaire : jamais lancé sur cette machine."
    local = status.weekly.ended_at.astimezone(status.zone)
    how = CODES.get(status.weekly.code, "fin inconnue")
    return (
        f"Dernier contrôle hebdomadaire : fini le {french.day(local)} à {french.hour(local)},"
        f" {how} (code {status.weekly.code}).{_TO_COME if status.ended_in_the_future else ''}"
    )


def _mail(mail: Mail, zone: tzinfo) -> str:
    day = french.day(mail.since.astimezone(zone))
    what = f"Courrier au {ROLES.get(mail.role, clean(mail.role))}, du {day}, pour {clean(mail.recipient)}"
    twice = " Il a pu arriver deux fois." if mail.is_doubtful else ""
    label = "Dernière réponse" if mail.attempts else "Raison"
    answer = f" {label} : {clean(mail.answer, limit=300)}." if mail.answer else ""
    if mail.state == "refused":
        return f"{what} : abandonné.{answer}{twice}"
    if not mail.is_waiting:
        return f"{what} : parti.{twice}"
    tries = french.count(mail.attempts, "essai")
    again = ""
    if mail.next_try is not None:
        local = mail.next_try.astimezone(zone)
        again = f" Prochain essai après le {french.day(local)} à {french.hour(local)}."
    return f"{what} : en attente, {tries}.{answer}{again}{twice}"


def _deadlines(deadlines: Sequence[Deadline]) -> Iterator[str]:
    """One sentence each; answers that end together, as those given on one day do, are counted."""
    groups: dict[tuple[object, ...], list[Deadline]] = {}
    for each in deadlines:
        groups.setdefault((each.ends, each.until, each.is_over), []).append(each)
    for (ends, *_), found in groups.items():
        if ends is Ends.DECLARATION and len(found) > MOST_NAMED:
            yield _answers(found)
        else:
            yield from map(_deadline, found)


def _answers(found: Sequence[Deadline]) -> str:
    day, names = french.day(found[0].until), dict.fromkeys(f"« {clean(each.name)} »" for each in found)
    when = f"finies depuis le {day}" if found[0].is_over else f"qui finissent le {day}"
    left = len(names) - MOST_NAMED
    shown = [*list(names)[:MOST_NAMED], *([french.count(left, "autre")] if left > 0 else [])]
    return (
        f"{len(found)} réponses à redonner, {when} : {french.listed(shown)}."
        " « cyberaudit questions PROFIL » les demande."
    )


def _deadline(deadline: Deadline) -> str:
    day = french.day(deadline.until)
    when = f"finie depuis le {day}" if deadline.is_over else f"finit le {day}"
    match deadline.ends:
        case Ends.AUTHORIZATION:
            return f"Autorisation d'auditer : {when}."
        case Ends.WAIVER:
            return f"Risque accepté, {clean(deadline.key)} : décision {when}."
        case Ends.DECLARATION:
            return f"Réponse à redonner, « {clean(deadline.name)} » ({clean(deadline.key)}) : {when}."


def as_json(found: Sequence[Status]) -> str:
    """The same for machines: moments in UTC."""
    document = {"schema_version": SCHEMA_VERSION, "communes": [_plain(each) for each in found]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _plain(status: Status) -> dict[str, Any]:
    return {
        "commune": status.commune,
        "name": status.name,
        "is_well": status.is_well,
        "last_complete": _stamp(status.last_complete),
        "max_age_days": status.max_age.days,
        "is_old": status.is_old,
        "mails": [_plain_mail(each) for each in status.mails],
        "unreached": [asdict(each) | {"since": _stamp(each.since)} for each in status.unreached],
        "deadlines": [_plain_deadline(each) for each in status.deadlines],
        "weekly": _run(status.weekly),
    }


def _plain_mail(mail: Mail) -> dict[str, Any]:
    return asdict(mail) | {"since": _stamp(mail.since), "next_try": _stamp(mail.next_try)}


def _plain_deadline(deadline: Deadline) -> dict[str, Any]:
    return asdict(deadline) | {"until": deadline.until.isoformat()}


def _run(run: LastRun | None) -> dict[str, Any] | None:
    if run is None:
        return None
    told = {"ended_at": _stamp(run.ended_at), "code": run.code, "sentences": list(run.sentences)}
    return told | {"unwritten": run.unwritten}


def _stamp(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


__all__ = ["Deadline", "Ends", "LastRun", "Mail", "Status", "as_json", "render"]

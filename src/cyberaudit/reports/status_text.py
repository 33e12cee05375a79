"""`cyberaudit status`: whether the weekly control is alive, as values, as text and as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from cyberaudit import french
from cyberaudit.plaintext import clean
from cyberaudit.reports.wrap import wrap

SCHEMA_VERSION = 1
CODES = {
    0: "tout s'est bien passé",
    1: "quelque chose est à faire",
    2: "le profil ou l'autorisation est à corriger",
    3: "le contrôle est incomplet",
    4: "du courrier n'est pas parti",
    130: "il a été interrompu",
}
NO_CONTROL = frozenset({2, 3, 130})
"""What mail does then is told mail by mail: it may have left since."""
ROLES = {"secretary": "secrétariat", "contractor": "prestataire", "mayor": "maire"}


class Ends(StrEnum):
    """What holds until a day."""

    AUTHORIZATION = "authorization"
    WAIVER = "waiver"
    DECLARATION = "declaration"


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that was decided or said, and the last day it holds."""

    ends: Ends
    name: str
    """What it is about, for people; empty for the authorization."""
    key: str
    """As `declare` and `waive` take it; empty for the authorization."""
    until: date
    is_over: bool


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class LastRun:
    """How the last weekly control ended."""

    ended_at: datetime
    code: int
    sentences: tuple[str, ...]
    unwritten: int = 0
    """People for whom no message could be made."""


@dataclass(frozen=True, slots=True)
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

    @property
    def is_old(self) -> bool:
        return self.last_complete is None or self.now - self.last_complete > self.max_age

    @property
    def is_well(self) -> bool:
        """Whether nothing calls for a person."""
        lost = any(each.is_waiting or each.state == "refused" for each in self.mails)
        over = any(each.is_over for each in self.deadlines)
        return not (self.is_old or lost or over or self.has_failed)

    @property
    def has_failed(self) -> bool:
        """Whether the last weekly control could not write to somebody, or could not be made and none began since."""
        if self.weekly is None:
            return False
        if self.weekly.unwritten:
            return True
        if self.weekly.code not in NO_CONTROL:
            return False
        return self.last_complete is None or self.last_complete < self.weekly.ended_at


def render(found: Sequence[Status], *, width: int) -> str:
    """One block a commune."""
    blocks = ("\n".join(line for text in _lines(each) for line in _wrapped(text, width)) for each in found)
    return "\n\n".join(blocks) + "\n"


def _wrapped(text: str, width: int) -> list[str]:
    bullet = "- " if text.startswith("- ") else ""
    return wrap(french.typeset(text.removeprefix(bullet)), width, first=bullet)


def _lines(status: Status) -> Iterator[str]:
    yield f"{clean(status.name)} : {'tout va bien.' if status.is_well else 'quelque chose demande votre attention.'}"
    yield f"- {_control(status)}"
    yield f"- {_weekly(status)}"
    yield from (
        f"- {clean(sentence, limit=600)}" for sentence in (status.weekly.sentences if status.weekly else ())
    )
    if not status.mails:
        yield "- Courrier : rien n'attend."
    yield from (f"- {_mail(each, status.zone)}" for each in status.mails)
    yield from (f"- {_deadline(each)}" for each in status.deadlines)


def _control(status: Status) -> str:
    if status.last_complete is None:
        return "Aucun contrôle complet n'est enregistré."
    day = french.day(status.last_complete.astimezone(status.zone))
    age = french.duration(int((status.now - status.last_complete).total_seconds()))
    late = (
        f" C'est trop ancien : au plus {french.count(status.max_age.days, 'jour')}." if status.is_old else ""
    )
    return f"Dernier contrôle complet : le {day}, il y a {age}.{late}"


def _weekly(status: Status) -> str:
    if status.weekly is None:
        return "Contrôle hebdomadaire : jamais lancé sur cette machine."
    local = status.weekly.ended_at.astimezone(status.zone)
    how = CODES.get(status.weekly.code, "fin inconnue")
    return (
        f"Dernier contrôle hebdomadaire : fini le {french.day(local)} à {french.hour(local)},"
        f" {how} (code {status.weekly.code})."
    )


def _mail(mail: Mail, zone: tzinfo) -> str:
    day = french.day(mail.since.astimezone(zone))
    what = f"Courrier au {ROLES.get(mail.role, clean(mail.role))}, du {day}, pour {clean(mail.recipient)}"
    twice = " Il a pu arriver deux fois." if mail.is_doubtful else ""
    answer = f" Dernière réponse : {clean(mail.answer, limit=300)}." if mail.answer else ""
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

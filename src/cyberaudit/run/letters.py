"""What each role is written on an occasion: subject, text, HTML, and the mayor's page."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from enum import StrEnum

from cyberaudit.delivery.letter import Attachment
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.history.diff import Diff
from cyberaudit.history.state import zone_of
from cyberaudit.reports import mail_html, mail_text, pdf
from cyberaudit.reports.changes import changes_view
from cyberaudit.reports.mail_mayor import mayor_document, mayor_mail
from cyberaudit.reports.mail_problem import problem_mail
from cyberaudit.reports.mail_view import MailView, Seen
from cyberaudit.reports.mail_weekly import weekly_mail
from cyberaudit.reports.mail_words import Period, Role
from cyberaudit.reports.mail_words import told as in_clear
from cyberaudit.reports.unreached import Unreached
from cyberaudit.reports.words import ReportView
from cyberaudit.run.tell import Told


class Occasion(StrEnum):
    """Why one writes."""

    CHANGE = "change"
    """Something changed since the last mail: to the secretary and the contractor."""
    HEARTBEAT = "heartbeat"
    """A month went by: to everybody, the mayor's page with it."""
    ALWAYS = "always"
    """Somebody asked for it: to everybody."""
    PROBLEM = "problem"
    """The control could not be made: `problem_letter`, to one role alone."""


_ROLES = {
    Occasion.CHANGE: (Role.SECRETARY, Role.CONTRACTOR),
    Occasion.HEARTBEAT: tuple(Role),
    Occasion.ALWAYS: tuple(Role),
    Occasion.PROBLEM: (),
}


@frozen
class Written:
    """The words of one mail; whom it goes to and when is not its business."""

    role: str
    """`secretary`, `contractor` or `mayor`."""
    kind: str
    """Of the occasion: `change`, `heartbeat`, `always` or `problem`."""
    subject: str
    """One line, ordinary spaces."""
    text: str
    """Lines of 72 characters at most, web addresses aside, ended by line feeds."""
    html: str
    attachments: tuple[Attachment, ...]


def letters(
    told: Told,
    diff: Diff | None,
    *,
    catalogue: Catalogue,
    occasion: Occasion,
    now: datetime,
    roles: Collection[str] = frozenset(Role),
    unreached: Sequence[Unreached] = (),
) -> tuple[Written, ...]:
    """One mail a role that the occasion concerns, whether or not the town has somebody in that role.

    What is said of the changes comes from `diff` alone: a heartbeat says that nothing changed only when nothing did.

    Args:
        told: the town as it is.
        diff: since the last mail; None when there is nothing to compare with.
        catalogue: gives the question of each check.
        occasion: a problem concerns nobody here; see `problem_letter`.
        now: the subject names its week, or its month, in the town's zone.
        roles: nobody else is written to.
        unreached: whom no mail reaches; the secretary and the contractor are told of it.
    """
    titles = {check: fiche.title for check, fiche in catalogue.fiches.items()}
    view = replace(told.view, changes=changes_view(diff, titles=titles))
    today = now.astimezone(zone_of(told.state.town)).date()
    seen = Seen(view, told.state, diff, titles, today, tuple(unreached))
    return tuple(_letter(seen, role, occasion) for role in _ROLES[occasion] if role in roles)


def problem_letter(
    commune: str, sentence: str, *, now: datetime, zone: tzinfo, role: Role = Role.CONTRACTOR
) -> Written:
    """What somebody is written when the weekly control could not be made.

    Args:
        commune: name of the town.
        sentence: what is wrong, in French; addresses and ports are taken out of it.
        now: aware.
        zone: of the town.
        role: the contractor, or the secretary.
    """
    mail = problem_mail(commune, sentence, today=now.astimezone(zone).date(), role=role)
    return _written(mail, role, Occasion.PROBLEM)


def _letter(seen: Seen, role: Role, occasion: Occasion) -> Written:
    period = Period.MONTH if occasion is Occasion.HEARTBEAT or role is Role.MAYOR else Period.WEEK
    if role is Role.MAYOR:
        page = _page(seen.view)
        mail = mayor_mail(seen, attached=page.name)
        return replace(_written(mail, role, occasion), attachments=(page,))
    return _written(weekly_mail(seen, role, period), role, occasion)


def _written(mail: MailView, role: Role, occasion: Occasion) -> Written:
    return Written(role, occasion, mail.subject, mail_text.render(mail), mail_html.render(mail), ())


def _page(view: ReportView) -> Attachment:
    """The mayor's page: a PDF, or HTML where the compiler of the extra is not installed."""
    # Of what the page holds, these alone were written by people of the town.
    shown = replace(
        view,
        title=in_clear(view.title),
        scan_line=in_clear(view.scan_line),
        scanned_by=in_clear(view.scanned_by),
    )
    try:
        return Attachment("page-du-maire.pdf", "application/pdf", pdf.render_mayor(shown))
    except UsageError:
        page = mail_html.render(mayor_document(view))
        return Attachment("page-du-maire.html", "text/html", page.encode())

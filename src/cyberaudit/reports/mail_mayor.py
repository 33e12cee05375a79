"""The mayor's monthly mail, and the mayor's page where no PDF can be made."""

import re
from collections.abc import Sequence

from cyberaudit.reports import mail_words as words
from cyberaudit.reports.mail_view import Entry, MailSection, MailView, Seen
from cyberaudit.reports.mail_weekly import FOOTER, attack, counted, lead
from cyberaudit.reports.mail_words import Period, told
from cyberaudit.reports.mayor import mayor_page
from cyberaudit.reports.words import ReportView


def mayor_mail(seen: Seen, *, attached: str) -> MailView:
    """Short: how it goes, what cannot wait, what to decide; the page says the rest. `attached`: the page's name."""
    what = f"la page du mois, {counted(seen)}"
    opening = (*lead(seen), told(f"La page du mois est jointe : {attached}."))
    sections = _mayor_sections(seen.view)[:2]
    return MailView(
        words.subject(seen.view.commune_name, what, seen.today, period=Period.MONTH),
        told(seen.view.title),
        opening,
        tuple(each for each in (*sections, attack(seen.view)) if each.entries),
        tuple(told(each) for each in FOOTER),
    )


def mayor_document(view: ReportView) -> MailView:
    """The mayor's page itself, for where no PDF can be made: the same words as the PDF."""
    page = mayor_page(view)
    figure = f" ({page.figure})" if page.figure else ""
    opening = (
        f"{page.when}.",
        page.caution,
        f"Niveau : {page.headline}{figure}.",
        page.coverage,
        page.changes,
    )
    title = told(page.title)
    sections = [each for each in _mayor_sections(view) if each.entries]
    return MailView(
        title,
        title,
        tuple(told(each) for each in opening if each),
        (*sections, attack(view)),
        (told(page.how),),
    )


def _mayor_sections(view: ReportView) -> tuple[MailSection, ...]:
    page = mayor_page(view)
    urgent = [Entry((told(_ended(each.title)),), detail=told(_ended(each.detail))) for each in page.urgent]
    calm = Entry((told(page.nothing_urgent),))
    decisions = [_without_line(each) for each in page.decisions]
    years = [f"{each.year} : {each.amount} ({each.limit}, {each.target})." for each in page.years]
    contacts = [f"{each.name} : {_told_of(each.what, each.phone, each.url)}" for each in page.contacts]
    return (
        MailSection(told("À faire tout de suite"), "", tuple(urgent or [calm]), told(page.urgent_more)),
        _listed("À décider", decisions, " ".join(filter(None, (page.decisions_more, page.refusal)))),
        _listed("Budget", years, ""),
        _listed("À qui s'adresser", contacts, ""),
    )


def _ended(text: str) -> str:
    return f"{text.rstrip('.')}."


def _without_line(decision: str) -> str:
    """A mail has no room for a date by hand: « Le : ____ » stays on the page."""
    return re.sub(r"\s*Le\s:\s_+$", "", decision)


def _told_of(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _listed(title: str, lines: Sequence[str], closing: str) -> MailSection:
    shown = tuple(Entry((told(each),)) for each in lines if each)
    return MailSection(told(title), "", shown, told(closing))

"""The mail that says that the weekly control could not be made."""

import re
from datetime import date

from cyberaudit import french
from cyberaudit.reports import mail_words as words
from cyberaudit.reports.mail_view import Entry, MailSection, MailView
from cyberaudit.reports.mail_weekly import FOOTER
from cyberaudit.reports.mail_words import Period, Role, told

# Ours: the first mistakes of a profile often explain the others.
MOST_MISTAKES = 8
_FOLDER = re.compile(r"(?:/[^/\s]+)*/(?=[^/\s]+:\d+)")
# A name of the inside, quoted from the profile; the place of the mistake says where it stands.
_QUOTED_NAME = re.compile(r"«\s*(?:[\w-]+\.)+(?!ya?ml\b)[A-Za-z]{2,}\s*»")


_WHAT_TO_DO = {
    Role.CONTRACTOR: (
        "Corrigez ce qui est dit plus bas, puis relancez « cyberaudit weekly ».",
        "Pour relire le profil : « cyberaudit profile check ».",
    ),
    Role.SECRETARY: (
        "Transférez ce message à la personne qui fait le contrôle : elle corrigera ce qui est dit plus bas.",
    ),
}


def problem_mail(commune: str, sentence: str, *, today: date, role: Role = Role.CONTRACTOR) -> MailView:
    """To the contractor, or to the secretary of a town without one: the control could not be made, and why.

    `sentence`: one a line; a line of the profile shown below its mistake is left out, whoever reads has the file.
    """
    lines = [line for line in sentence.splitlines() if line.strip() and not line.startswith("    ")]
    entries = tuple(Entry((_in_clear(line),)) for line in lines[:MOST_MISTAKES])
    left = len(lines) - len(entries)
    closing = told(f"Et {french.count(left, 'autre erreur', 'autres erreurs')}.") if left else ""
    opening = (
        "Bonjour,",
        "Le contrôle de la semaine n'a pas abouti.",
        "Ce qui a changé depuis le dernier message n'est donc pas connu.",
        *_WHAT_TO_DO[role],
    )
    return MailView(
        words.subject(commune, "le contrôle n'a pas abouti", today, period=Period.WEEK),
        told(f"Cybersécurité : {commune}"),
        tuple(told(each) for each in opening),
        (MailSection(told("Ce qui bloque"), "", entries, closing),),
        (told(FOOTER[0]),),
    )


def _in_clear(line: str) -> str:
    return told(_QUOTED_NAME.sub("« (nom non écrit) »", _FOLDER.sub("", line)))

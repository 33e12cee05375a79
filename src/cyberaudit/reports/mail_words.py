"""Which words a mail may hold: who reads it, its subject, how a thing is named, and what is never written."""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import assert_never

from cyberaudit import french
from cyberaudit.declared import AssetKind
from cyberaudit.history.transitions import Change, LastKnown, Transition
from cyberaudit.plaintext import clean
from cyberaudit.reports.change_words import ChangeCounts, ChangesView
from cyberaudit.reports.words import Mark

# Ours: several times what any sentence of the catalogue takes.
LONGEST = 600


class Role(StrEnum):
    """Who reads."""

    SECRETARY = "secretary"
    CONTRACTOR = "contractor"
    MAYOR = "mayor"


class Period(StrEnum):
    """What the subject dates the mail by."""

    WEEK = "week"
    MONTH = "month"


# What never leaves in clear

HIDDEN = "(adresse non écrite)"
HIDDEN_PORT = "(porte non écrite)"
_PORT = re.compile(r"(?:tcp|udp)\s*[/:]\s*\d+", re.IGNORECASE)
_COLONS = re.compile(
    r"(?:[0-9a-f]{0,4}:){2,8}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4})(?:/\d+)?", re.IGNORECASE
)
# An IPv6 address has a « :: », or seven colons; that of a card has five. A place in a file has two: « :12:5 ».
_FEWEST_COLONS = 5
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3,}(?:[/:]\d+)?")


def told(text: str) -> str:
    """One line with French spacing, without what could move a cursor, IP address or port: a mail goes in clear."""
    line = _PORT.sub(HIDDEN_PORT, clean(text, limit=LONGEST))
    return french.typeset(_IPV4.sub(HIDDEN, _COLONS.sub(_without_address, line)))


def _without_address(found: re.Match[str]) -> str:
    text = found[0]
    return HIDDEN if "::" in text or text.count(":") >= _FEWEST_COLONS else text


_KINDS = {
    AssetKind.HOST: "Une machine",
    AssetKind.FLOW: "Un passage entre deux réseaux",
    AssetKind.ZONE: "Un réseau",
    AssetKind.VPN: "Un accès à distance",
    AssetKind.BACKUP: "Une sauvegarde",
    AssetKind.LINK: "Une liaison Internet",
    AssetKind.CLOUD: "Un service en ligne",
}
_PUBLIC = frozenset({AssetKind.DOMAIN, AssetKind.WEBSITE, AssetKind.MAIL_HOST})
"""What anybody may read the name of."""
_WITHOUT_NAME = frozenset({AssetKind.PRACTICE, AssetKind.TOWN})


def name_of(asset: str, name: str) -> str:
    """« Disque de sauvegarde », « Une machine »; empty when the question says it all.

    A public name is given; another one only when people would say it: not the technical name of a machine.
    """
    kind, _, asset_id = asset.partition("/")
    if kind in _WITHOUT_NAME:
        return ""
    shown = clean(name)
    if kind in _PUBLIC or (shown != asset_id and _is_said(shown)):
        return told(shown)
    return _KINDS.get(AssetKind(kind), "") if kind in set(AssetKind) else ""


_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d{1,3}")
_VOWELS = frozenset("aeiouyœæ")


def _is_said(name: str) -> bool:
    words = name.replace(french.NBSP, " ").split()
    if not words or not all(_WORD.fullmatch(word) for word in words):
        return False
    # « SRVDC » or « srv » alone is a machine's name; « Sauvegarde » is not.
    alone = len(words) == 1 and not (words[0][0].isupper() and words[0][1:].islower())
    return not alone and all(_has_vowels(part) for word in words for part in _parts(word))


def _parts(word: str) -> list[str]:
    """Of « srv-ad »: « srv » and « ad »; none of a word without a hyphen."""
    return word.split("-") if "-" in word else []


def _has_vowels(part: str) -> bool:
    letters = unicodedata.normalize("NFD", part.casefold())
    return any(letter in _VOWELS for letter in letters)


# The subject


def subject(commune: str, what: str, today: date, *, period: Period) -> str:
    """« Ville-Exemple : 1 dégradation, 2 améliorations (semaine 49) ».

    Its spaces are ordinary ones: people search and sort their mail by it.
    """
    match period:
        case Period.WEEK:
            when = f"semaine {today.isocalendar().week}"
        case Period.MONTH:
            when = f"{french.MONTHS[today.month - 1]} {today.year}"
        case _:
            assert_never(period)
    text = told(f"{clean(commune, limit=80)} : {what} ({when})")
    return text.replace(french.NBSP, " ").replace(french.NARROW, " ")


def counted(changes: ChangesView) -> str:
    """« 1 dégradation, 2 améliorations »: the town's own changes, else those beside them, else none."""
    if changes.since is None:
        return "premier contrôle"
    return _own(changes.counts) or _beside(changes.counts) or "rien n'a changé"


def _own(counts: ChangeCounts) -> str:
    return _joined(
        (counts.degraded, "dégradation", ""),
        (counts.first_seen, "défaut vu pour la première fois", "défauts vus pour la première fois"),
        (counts.to_review, "point à revoir", "points à revoir"),
        (counts.improved, "amélioration", ""),
    )


def _beside(counts: ChangeCounts) -> str:
    return _joined(
        (counts.not_checked, "point non vérifié", "points non vérifiés"),
        (counts.removed, "point retiré", "points retirés"),
        (counts.new_checks, "point contrôlé en plus", "points contrôlés en plus"),
        (counts.by_rules, "point jugé autrement", "points jugés autrement"),
    )


def _joined(*parts: tuple[int, str, str]) -> str:
    return ", ".join(french.count(many, one, more) for many, one, more in parts if many)


def nothing_changed(counts: ChangeCounts) -> bool:
    """No change of any sort, whoever made it."""
    return not _own(counts) and not _beside(counts)


# What became of a point


def became(change: Change) -> str:
    """One or two sentences, the details counted and never quoted: they may hold what a machine said."""
    now = _word(change) if change.after else ""
    match change.transition:
        case Transition.BACK:
            return f"C'est de nouveau {now} : ce point avait été réglé."
        case Transition.WORSE:
            return _worse(change, now)
        case Transition.NEW:
            return f"Nouveau dans le profil : c'est {now}."
        case Transition.FIRST_KNOWN:
            return f"Vu pour la première fois : c'est {now}."
        case Transition.BETTER:
            return _better(change, now)
        case Transition.SOLVED:
            return "C'est en ordre maintenant."
        case Transition.NOT_CHECKED:
            return f"Pas vérifié cette fois.{_last(change.last_known)}"
        case Transition.EXPIRED:
            return _expired(change)
        case Transition.OUT_OF_SCOPE:
            return "Ce point n'est plus contrôlé."
        case Transition.NEW_CHECK:
            return f"Contrôlé pour la première fois : c'est {now}."
        case Transition.SAME:
            return f"C'est toujours {now}."
        case _:
            assert_never(change.transition)


def _worse(change: Change, now: str) -> str:
    if turned := _turned(change, now):
        return turned
    if change.appeared:
        return f"C'est toujours {now}, avec {french.count(len(change.appeared), 'défaut')} de plus."
    return f"C'est toujours {now}, avec un risque plus grand."


def _better(change: Change, now: str) -> str:
    if turned := _turned(change, now):
        return turned
    if change.gone:
        return f"C'est encore {now}, avec {french.count(len(change.gone), 'défaut')} de moins."
    return f"C'est encore {now}, avec un risque moins grand."


def _turned(change: Change, now: str) -> str:
    was = str(Mark.of(change.was)) if change.was else now
    return "" if was == now else f"C'était {was}, c'est maintenant {now}."


def _expired(change: Change) -> str:
    if change.is_open:
        return "La décision d'accepter ce risque n'est plus en vigueur."
    return f"La réponse donnée est trop ancienne : elle est à redonner.{_last(change.last_known)}"


def _last(last: LastKnown | None) -> str:
    return f" Dernier état connu : {Mark.of(last.status)}, le {french.day(last.on)}." if last else ""


def _word(change: Change) -> str:
    assert change.after is not None
    return str(Mark.of(change.after.status))

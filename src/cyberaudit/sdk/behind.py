"""What stands behind an open port, in the words of the report."""

from collections.abc import Iterator

from cyberaudit import french
from cyberaudit.facts.doors import Door
from cyberaudit.facts.products import BY_ID, Sort
from cyberaudit.facts.services import Behind, Trait
from cyberaudit.model import Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.sdk.pages import lists_files
from cyberaudit.sdk.tallies import closed_without_a_word, why_unseen

# Ours: a hostile title fills no more than a line of evidence.
_WORDS = 80

_TRAITS: tuple[tuple[Trait, str], ...] = (
    (Trait.ADMIN_PAGE, "page d'administration reconnue"),
    (Trait.VPN_PORTAL, "portail d'accès à distance"),
    (Trait.NO_NLA, "le bureau s'affiche sans demander d'identité (sans NLA)"),
    (Trait.NLA, "l'identité est demandée avant le bureau (NLA)"),
    (Trait.SMB1, "l'ancienne version SMB 1, aux failles connues, est acceptée"),
    (Trait.ANONYMOUS, "répond à n'importe qui, sans mot de passe"),
    (Trait.STARTTLS, "le chiffrement est proposé, sans être imposé"),
    (Trait.LOGIN_FORM, "un mot de passe est demandé"),
    (Trait.AUTHENTICATED, "un mot de passe est demandé"),
)
"""The most telling first; what is in order is told only where its contrary would be a fault."""


def sort_of(behind: Behind) -> Sort | None:
    """What the recognised product is to a town; None when none was recognised."""
    known = BY_ID.get(behind.product)
    return known.sort if known else None


def told_behind(door: Door) -> str:
    """« pare-feu Fortinet, page d'administration reconnue »; empty when nothing worth telling was seen."""
    found = (words for behind in door.behind for words in _told(behind))
    return ", ".join(dict.fromkeys(found))


def _told(behind: Behind) -> Iterator[str]:
    if behind.product in BY_ID:
        yield BY_ID[behind.product].french
    if lists_files(behind):
        yield "des fichiers sont offerts à tous"
    yield from (words for trait, words in _TRAITS if trait in behind.traits)


def raw_behind(behind: Behind) -> str:
    """What the service said, as the contractor would see it again."""
    if isinstance(behind.protocol, Unreachable):
        return _unidentified(behind.protocol)
    words = {
        "bannière": behind.banner,
        "titre": behind.title,
        "certificat": behind.subject,
        "indices": french.listed(behind.clues),
    }
    quoted = [f"{name} « {clean(value, limit=_WORDS)} »" for name, value in words.items() if value]
    status = [f"HTTP {behind.http_status}"] if behind.http_status is not None else []
    return " ; ".join([_PROTOCOLS.get(behind.protocol, behind.protocol), *status, *quoted])


def _unidentified(cause: Unreachable) -> str:
    return why_unseen(cause) if closed_without_a_word(cause) else f"non identifié : {cause.reason.french}"


_PROTOCOLS = {"silent": "n'a rien dit", "unknown": "parle un langage inconnu"}

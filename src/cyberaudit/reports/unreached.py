"""Somebody whom no mail reaches, and how that is said to the others and to whoever looks after the week."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean

ROLES = {"secretary": "secrétariat", "contractor": "prestataire", "mayor": "maire"}


@frozen
class Unreached:
    """Of the people whom the profile names, one whose newest mails were all given up."""

    role: str
    address: str
    of: int
    """How many people the profile names in this role."""
    since: datetime
    """When the first of these mails was made."""
    times: int
    """How many mails, one at least."""
    answer: str
    """Why the newest was given up; may be empty."""


def told_to_others(unreached: Sequence[Unreached], *, zone: tzinfo, is_technical: bool) -> Iterator[str]:
    """A sentence a role, without any address, and what to do; nothing when everybody is reached."""
    several = Counter(each.role for each in unreached)
    for role, many in several.items():
        those = [each for each in unreached if each.role == role]
        day = french.day(min(each.since for each in those).astimezone(zone))
        yield f"Depuis le {day}, les messages n'arrivent pas {_to(role, many, those[0].of)}."
    if not several:
        return
    one = len(unreached) == 1
    if is_technical:
        yield (
            f"« cyberaudit status » dit {'à quelle adresse' if one else 'à quelles adresses'},"
            " et ce qu'a répondu le serveur."
        )
    else:
        yield (
            f"Vérifiez {'son adresse' if one else 'leurs adresses'}, et"
            f" {'donnez la bonne' if one else 'donnez les bonnes'} à la personne qui fait le contrôle."
        )


def _to(role: str, many: int, of: int) -> str:
    """« au maire », « à 1 des 2 personnes du secrétariat »"""
    name = ROLES.get(role, clean(role))
    return f"au {name}" if many >= of else f"à {many} des {of} personnes du {name}"


def in_full(each: Unreached, *, zone: tzinfo) -> str:
    """For who looks after the week: the address, how often, what was answered, what to do."""
    who = f"Le courrier n'arrive pas à {clean(each.address)} ({ROLES.get(each.role, clean(each.role))})"
    since = french.day(each.since.astimezone(zone))
    often = french.count(each.times, "message abandonné", "messages abandonnés")
    answer = f" Dernière réponse : {clean(each.answer, limit=300)}." if each.answer else ""
    return f"{who} depuis le {since} : {often}.{answer} Vérifiez l'adresse dans le profil, sous « delivery »."

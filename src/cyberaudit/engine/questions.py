"""What only a person can say, and has not said yet: the questions of the checks, the gravest first."""

import re
from collections.abc import Iterator, Mapping
from datetime import date

from cyberaudit.declared import Answer, AnyAsset, AssetKind, Cloud, Declaration, Practice
from cyberaudit.engine.catalogue import Catalogue, asked
from cyberaudit.engine.measures import Owner
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.sdk import Check, OnDeclaration
from cyberaudit.town.answers import Declarable, declarables
from cyberaudit.town.profile import Profile

READ_BESIDE: Mapping[str, tuple[str, ...]] = {
    "backup.not-destroyable": ("separate_account",),
    "backup.secret-beside": ("key_kept",),
    "dns.registration": ("auto_renewal",),
}
"""Check → fields of its asset that it reads beside what it needs."""

_CLOUD_FIELDS = {"backup.provider": ("reversibility",)}
"""Check → fields that it reads of the online services that keep copies."""

_SENTENCE = re.compile(r".+?[.!?](?=\s|$)", re.DOTALL)
_FIRST_ASKED = (Reason.NOT_DECLARED, Reason.DECLARATION_EXPIRED, Reason.ANSWER_UNKNOWN)
"""What nobody was asked comes before what nobody knew."""


@frozen
class Question:
    """One thing to ask a person."""

    about: Declarable
    text: str
    """The question, in French."""
    check: str
    why: str
    """One sentence, of the check's fiche."""
    owner: Owner
    """Who probably knows."""
    unanswered: Unreachable
    """Nobody answered, the answer is over, or it is « je ne sais pas »."""
    risk: int
    """Of the check, 1 to 16."""

    @property
    def key(self) -> str:
        """What `cyberaudit declare` calls it."""
        return self.about.key


def questions(profile: Profile, catalogue: Catalogue, *, today: date) -> tuple[Question, ...]:
    """Each declared thing that a check of the catalogue wants and nobody has validly said, once."""
    places = {(each.asset.key, each.field): each for each in declarables(profile)}
    found: dict[str, Question] = {}
    for check, asset, field in _wanted(profile, catalogue):
        about = places.get((asset.key, field))
        if about is None or (unanswered := _unanswered(about.declaration, today)) is None:
            continue
        question = _question(about, check, unanswered, catalogue)
        known = found.get(question.key)
        if known is None or question.risk > known.risk:
            found[question.key] = question
    return tuple(sorted(found.values(), key=_rank))


def _rank(question: Question) -> tuple[int, int, bool, str]:
    order = _FIRST_ASKED.index(question.unanswered.reason)
    return (order, -question.risk, question.text.startswith("«"), question.key)


def _wanted(profile: Profile, catalogue: Catalogue) -> Iterator[tuple[Check, AnyAsset, str]]:
    """Check, asset and field: what is needed, then what is read beside it."""
    town = profile.town
    running = [each for each in catalogue.checks if not ((off := town.check_choice(each.id)) and off.off)]
    for check, asset in asked(town, running):
        fields = [need.field for need in check.needs if isinstance(need, OnDeclaration)]
        for field in (*fields, *READ_BESIDE.get(check.id, ())):
            yield check, asset, field
        for cloud in town.of_kind(AssetKind.CLOUD) if check.id in _CLOUD_FIELDS else ():
            if isinstance(cloud, Cloud) and "backup" in cloud.what.casefold():
                yield from ((check, cloud, field) for field in _CLOUD_FIELDS[check.id])


def _unanswered(said: Declaration | None, today: date) -> Unreachable | None:
    if said is None:
        return Unreachable(Reason.NOT_DECLARED)
    if not said.holds_on(today):
        return Unreachable(Reason.DECLARATION_EXPIRED)
    return Unreachable(Reason.ANSWER_UNKNOWN) if said.answer is Answer.UNKNOWN else None


def _question(about: Declarable, check: Check, unanswered: Unreachable, catalogue: Catalogue) -> Question:
    fiche, measure = catalogue.fiches[check.id], catalogue.remedies.measures[check.measure]
    # A check asks about a practice in its own words; of another asset, it may ask more than what is declared.
    text = fiche.title if isinstance(about.asset, Practice) else about.question
    risk = check.impact * check.likelihood
    return Question(about, text, check.id, first_sentence(fiche.why), measure.owner, unanswered, risk)


def first_sentence(text: str) -> str:
    line = " ".join(text.split())
    found = _SENTENCE.match(line)
    return found[0] if found else line


__all__ = ["READ_BESIDE", "Question", "first_sentence", "questions"]

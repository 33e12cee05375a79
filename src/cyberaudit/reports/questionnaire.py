"""The open questions as a paper form: one part for each of those who know, to tick, date and sign."""

from collections.abc import Sequence
from datetime import date

from cyberaudit import french
from cyberaudit.declared import Answer
from cyberaudit.engine.measures import Owner
from cyberaudit.engine.questions import Question
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.commune import of_commune
from cyberaudit.reports.paper import SIGNED, Entry, Leaf, Paper, Part
from cyberaudit.reports.questions import asked_before
from cyberaudit.town.answers import ANSWER_NAMES, Form

_TITLES = {
    Owner.AGENT: "Questions pour un agent de la mairie",
    Owner.ELU: "Questions pour un élu",
    Owner.CONTRACTOR: "Questions pour le prestataire informatique",
}
_HOW = (
    "Cochez une case par question. « Je ne sais pas » est une réponse honnête.",
    "Chaque réponse porte un nom et une date. Elle vaut douze mois.",
)
_BACK = "Rendez ensuite cette feuille à la personne qui fait le contrôle."
_LINES = {
    Form.CHOICE: ("Précision",),
    Form.TEST: ("Date du dernier essai",),
    Form.DAY: ("Date de la dernière mise à jour",),
    Form.PERSON: ("Vérifié par",),
}


def questionnaire(found: Sequence[Question], *, commune: str, today: date) -> Paper:
    """The form, the contractor's questions apart so that they can be sent to him as they are."""
    groups = [(owner, [each for each in found if each.owner is owner]) for owner in Owner]
    leaves = tuple(_leaf(owner, asked, commune) for owner, asked in groups if asked)
    footer = f"Mairie {of_commune(commune)} — questions du {french.day(today)}"
    title = f"Mairie {of_commune(commune)} : questions sur la sécurité informatique"
    return Paper(title, footer, leaves or (_nothing(title),))


def _leaf(owner: Owner, asked: Sequence[Question], commune: str) -> Leaf:
    told, back = (_letter(commune), ()) if owner is Owner.CONTRACTOR else ((), (_BACK,))
    parts = (
        Part("", (*told, *_HOW, *back)),
        Part("", entries=tuple(_entry(each) for each in asked), numbered=True),
        SIGNED,
    )
    return Leaf(f"Mairie {of_commune(commune)} — {_TITLES[owner]}", parts)


def _letter(commune: str) -> tuple[str, ...]:
    return (
        "Bonjour,",
        f"La mairie {of_commune(commune)} fait le point sur sa sécurité informatique.",
        "Pouvez-vous répondre à ces questions et nous rendre cette feuille ? Merci.",
    )


def _entry(asked: Question) -> Entry:
    before = asked_before(asked)
    notes = (*((before,) if before else ()), f"Pourquoi : {after_colon(asked.why)}")
    return Entry(asked.text, notes, boxes(asked), _LINES[asked.about.form], asked.key)


def boxes(asked: Question) -> tuple[str, ...]:
    """What may be ticked: « en partie » and « sans objet » only where they are answers."""
    kept = [Answer.YES, Answer.NO, Answer.PARTIAL, Answer.UNKNOWN, Answer.NOT_APPLICABLE]
    if asked.about.form in (Form.DAY, Form.PERSON):
        kept.remove(Answer.PARTIAL)
    if not asked.about.may_not_apply:
        kept.remove(Answer.NOT_APPLICABLE)
    return tuple(ANSWER_NAMES[each] for each in kept)


def _nothing(title: str) -> Leaf:
    return Leaf(
        title, (Part("", ("Aucune question en attente : tout ce qui se déclare a une réponse valable.",)),)
    )


__all__ = ["boxes", "questionnaire"]

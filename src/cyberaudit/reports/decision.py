"""The decision sheet of an accepted risk: one neutral page that an élu reads, then signs or not."""

from collections.abc import Sequence
from datetime import date

from cyberaudit import french
from cyberaudit.declared import Waiver
from cyberaudit.engine.measures import Measure
from cyberaudit.frozen import frozen
from cyberaudit.reports import amounts
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.commune import of_commune
from cyberaudit.reports.paper import Entry, Leaf, Paper, Part
from cyberaudit.reports.remarks import WAIVER_WARNING_DAYS


@frozen
class Decision:
    """What the sheet is about."""

    commune: str
    check: str
    question: str
    """The check's, in French."""
    why: str
    """What it exposes to: « Pourquoi » of the check's fiche."""
    names: Sequence[str]
    """What it concerns: « Accès des agents »."""
    waiver: Waiver
    measure: Measure
    """What would be needed instead."""


def decision_sheet(about: Decision, *, today: date) -> Paper:
    """The sheet, dated `today`; nothing in it pleads for or against."""
    parts = (
        Part("Ce qui est en question", _what(about)),
        Part("Ce que cela expose", (about.why,)),
        Part("Ce qui est proposé", _proposed(about.waiver, today)),
        Part("Ce qu'il faudrait à la place", _instead(about.measure)),
        Part("Ce que change cette décision", _EFFECTS),
        Part("Décision de l'élu", entries=(_CHOICE,)),
    )
    title = f"Mairie {of_commune(about.commune)} — accepter un risque jusqu'à une date"
    footer = f"{about.check} — feuille du {french.day(today)}"
    return Paper(title, footer, (Leaf(title, parts),))


_EFFECTS = (
    "Ce point reste en défaut dans le niveau. Il quitte le plan jusqu'à cette date.",
    f"Le rapport le rappelle {WAIVER_WARNING_DAYS} jours avant la fin. La question se pose alors de nouveau.",
)
_CHOICE = Entry(
    "Ma décision",
    boxes=("J'accepte ce risque jusqu'à cette date", "Je demande la mesure", "Je décide plus tard"),
    lines=("Nom", "Qualité", "Date", "Signature"),
)


def _what(about: Decision) -> tuple[str, ...]:
    what = french.listed([f"« {name} »" for name in about.names])
    return (about.question, *((f"Cela concerne : {what}.",) if what else ()))


def _proposed(waiver: Waiver, today: date) -> tuple[str, ...]:
    decided = f"Inscrit le {french.day(waiver.decided_on)}. Décidé par : {waiver.decided_by}."
    waiting = after_colon(waiver.stopgap) if waiver.stopgap else "rien n'est prévu."
    return (
        f"Accepter ce risque jusqu'au {french.day(waiver.until)}, ce jour compris.{_end(waiver, today)}",
        f"Raison : {after_colon(waiver.reason)}",
        f"En attendant : {waiting}",
        decided,
    )


def _end(waiver: Waiver, today: date) -> str:
    left = (waiver.until - today).days
    if left < 0:
        return " Cette date est passée : il faut décider de nouveau."
    return " La fin est proche : il faut décider de nouveau." if left <= WAIVER_WARNING_DAYS else ""


def _instead(measure: Measure) -> tuple[str, ...]:
    who = f"Qui : {measure.owner.french}. Coût : {amounts.cost(measure.cost)}."
    return (
        f"{measure.title.rstrip('.')}. {measure.why}",
        f"{who} Temps : {amounts.duration(measure.days)}.",
        f"D'où vient ce coût : {after_colon(measure.cost.source).rstrip('.')}.",
    )


__all__ = ["Decision", "decision_sheet"]

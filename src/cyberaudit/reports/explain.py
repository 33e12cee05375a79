"""One check told to a person: the question, why, how to fix it, what it weighs, the measure, the sources."""

from dataclasses import asdict

from cyberaudit import french
from cyberaudit.engine.fiche import Fiche
from cyberaudit.engine.measures import Measure, Remedies
from cyberaudit.engine.remedies import cite_together
from cyberaudit.frozen import frozen
from cyberaudit.reports import amounts
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.citations import citation_plain, cited
from cyberaudit.reports.wrap import wrap, wrap_fiche

IMPACTS = ("gêne", "perte de temps", "service arrêté", "service arrêté et données perdues")
LIKELIHOODS = ("rare", "possible", "fréquent", "en cours ou visible depuis Internet")
"""The words of the paragraph about the level, from 1 to 4."""
OUR_OWN = 4
"""The guidance class of what no official text asks for."""


@frozen
class Explained:
    """What the explanation says of one check beside its fiche."""

    id: str
    """`mail.spf`"""
    impact: int
    """1 to 4."""
    likelihood: int
    """1 to 4, before what a measurement raises."""
    sources: tuple[str, ...]
    """References: `PA-066 R44`."""


def explain(check: Explained, fiche: Fiche, *, measure: Measure, remedies: Remedies, width: int) -> str:
    """The text of `cyberaudit explain`, lines of at most `width` cells.

    Args:
        check: its weight and its sources; those of the measure follow.
        fiche: the check's own.
        measure: what the plan proposes when the check fails.
        remedies: where references become titles and confirmed addresses.
        width: of a line, in cells.
    """
    sections = (
        [*wrap(french.typeset(fiche.title), width), *wrap(f"[{check.id}]", width)],
        _section("Pourquoi", fiche.why, width),
        _section("Corriger", fiche.fix, width),
        _section("Limites", fiche.limits, width) if fiche.limits else [],
        _weight(check, measure, width),
        _measure(measure, width),
        _to_forward(measure.contractor, width) if measure.contractor else [],
        _sources(check, measure, remedies, width),
    )
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _section(title: str, text: str, width: int) -> list[str]:
    return [title, *wrap_fiche(text, width, indent="  ")]


def _weight(check: Explained, measure: Measure, width: int) -> list[str]:
    sentences = (
        f"Gravité : {check.impact} sur 4 ({IMPACTS[check.impact - 1]}).",
        f"Vraisemblance : {check.likelihood} sur 4 ({LIKELIHOODS[check.likelihood - 1]}).",
        f"Risque : {check.impact} × {check.likelihood} = {check.impact * check.likelihood} sur 16.",
        "Ces deux notes sont notre jugement, novembre 2026. Une mesure peut relever la seconde.",
        rank_of(measure),
    )
    return ["Ce que pèse ce point", *(line for each in sentences for line in _paragraph(each, width))]


def rank_of(measure: Measure) -> str:
    """Where official lists place the measure; that its place is our judgement, when they do not."""
    ranks = measure.ranks
    named = (
        (ranks.ten_measures, "des dix mesures essentielles"),
        (ranks.cyberdepart, "de CyberDépart"),
        (ranks.monaidecyber, "de MonAideCyber"),
    )
    places = [f"n° {rank} {where}" for rank, where in named if rank]
    if places:
        return f"Rang de la mesure dans les guides officiels : {french.listed(places)}."
    if measure.guidance_class == OUR_OWN:
        return "Aucun texte officiel ne range cette mesure : sa place dans le plan est notre jugement."
    return "Les guides officiels demandent cette mesure sans lui donner de rang : sa place exacte est notre jugement."


def _measure(measure: Measure, width: int) -> list[str]:
    when = f"Qui : {measure.owner.french}. Coût : {amounts.cost(measure.cost)}."
    lines = [
        *wrap(french.typeset(f"Ce que le plan propose : {after_colon(measure.title)}"), width, rest="  "),
        *_paragraph(measure.why, width),
        *_paragraph(f"{when} Temps : {amounts.duration(measure.days)}.", width),
        *_paragraph(f"D'où vient ce coût : {after_colon(measure.cost.source).rstrip('.')}.", width),
    ]
    for number, step in enumerate(measure.steps, start=1):
        lines += wrap(french.typeset(step), width, first=f"  {number}. ")
    if measure.stopgap:
        lines += _paragraph(f"En attendant : {after_colon(measure.stopgap)}", width)
    return lines + _paragraph(f"C'est fait quand : {after_colon(measure.done_when)}", width)


def _to_forward(text: str, width: int) -> list[str]:
    """The text for the contractor, its lines kept as written."""
    lines = (line for each in text.splitlines() for line in wrap_fiche(each, width, indent="  "))
    return ["Texte à transmettre au prestataire", *lines]


def _paragraph(text: str, width: int) -> list[str]:
    return wrap(french.typeset(text), width, first="  ")


def _sources(check: Explained, measure: Measure, remedies: Remedies, width: int) -> list[str]:
    lines = [
        line
        for each in cited((*check.sources, *measure.sources), remedies)
        for line in wrap(french.typeset(each), width, first="  - ")
    ]
    if not cited(check.sources, remedies):
        lines += _paragraph("Ce contrôle ne s'appuie sur aucun texte officiel : c'est notre conseil.", width)
    return ["Sources", *lines]


def explain_plain(
    check: Explained, fiche: Fiche, *, measure: Measure, remedies: Remedies
) -> dict[str, object]:
    """The same for machines."""
    return {
        "id": check.id,
        "question": fiche.title,
        "why": fiche.why,
        "fix": fiche.fix,
        "limits": fiche.limits or None,
        "impact": check.impact,
        "likelihood": check.likelihood,
        "risk": check.impact * check.likelihood,
        "rank": rank_of(measure),
        "measure": {
            "id": measure.id,
            "title": measure.title,
            "why": measure.why,
            "owner": measure.owner.value,
            "cost": asdict(measure.cost),
            "days": measure.days,
            "steps": list(measure.steps),
            "contractor": measure.contractor or None,
            "stopgap": measure.stopgap or None,
            "done_when": measure.done_when,
            "guidance_class": measure.guidance_class,
            "ranks": asdict(measure.ranks),
        },
        "sources": [
            citation_plain(each) for each in cite_together((*check.sources, *measure.sources), remedies)
        ],
        "ours": not cited(check.sources, remedies),
    }


__all__ = ["IMPACTS", "LIKELIHOODS", "Explained", "explain", "explain_plain", "rank_of"]

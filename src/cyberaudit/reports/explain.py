"""One check told to a person: the question, why, how to fix it, the measure, the sources."""

from collections.abc import Sequence

from cyberaudit import french
from cyberaudit.engine.fiche import Fiche
from cyberaudit.engine.measures import Measure, Remedies
from cyberaudit.engine.remedies import cite_together
from cyberaudit.reports import amounts
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.wrap import wrap, wrap_fiche


def explain(
    check_id: str, fiche: Fiche, *, measure: Measure, sources: Sequence[str], remedies: Remedies, width: int
) -> str:
    """The text of `cyberaudit explain`, lines of at most `width` cells.

    Args:
        check_id: `mail.spf`.
        fiche: the check's own.
        measure: what the plan proposes when the check fails.
        sources: references of the check, `PA-066 R44`; those of the measure follow.
        remedies: where references become titles and confirmed addresses.
        width: of a line, in cells.
    """
    sections = (
        [*wrap(french.typeset(fiche.title), width), *wrap(f"[{check_id}]", width)],
        _section("Pourquoi", fiche.why, width),
        _section("Corriger", fiche.fix, width),
        _section("Limites", fiche.limits, width) if fiche.limits else [],
        _measure(measure, width),
        _to_forward(measure.contractor, width) if measure.contractor else [],
        _sources((*sources, *measure.sources), remedies, width),
    )
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _section(title: str, text: str, width: int) -> list[str]:
    return [title, *wrap_fiche(text, width, indent="  ")]


def _measure(measure: Measure, width: int) -> list[str]:
    when = f"Qui : {measure.owner.french}. Coût : {amounts.cost(measure.cost)}."
    lines = [
        *wrap(french.typeset(f"Ce que le plan propose : {after_colon(measure.title)}"), width, rest="  "),
        *_paragraph(measure.why, width),
        *_paragraph(f"{when} Temps : {amounts.duration(measure.days)}.", width),
        *_paragraph(f"D'où vient ce coût : {measure.cost.source.rstrip('.')}.", width),
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


def _sources(references: Sequence[str], remedies: Remedies, width: int) -> list[str]:
    citations = cite_together(references, remedies)
    lines = [line for each in citations for line in wrap(french.typeset(str(each)), width, first="  - ")]
    return ["Sources", *lines] if lines else []

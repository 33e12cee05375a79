"""The full terminal report: every action with its steps, every point, and its proof."""

from collections.abc import Sequence
from datetime import UTC

from rich.text import Text

from cyberaudit import french
from cyberaudit.model import Status
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.layout import Sheet
from cyberaudit.reports.port_words import evidence_words
from cyberaudit.reports.rule_items import counted, folded, is_technical
from cyberaudit.reports.sections import Section, action_block, marked
from cyberaudit.reports.themes import theme_name
from cyberaudit.reports.to_publish import is_to_publish, publish_lines
from cyberaudit.reports.words import (
    ActionView,
    CheckView,
    ItemView,
    Mark,
    PointView,
    ReportView,
    SourceView,
    ToTreatView,
)

_WITHOUT_NAME = ("practice/", "town/")
"""Assets whose name the question already holds."""


def all_actions(title: str, actions: Sequence[ActionView], sheet: Sheet, *, technical: bool) -> Section:
    if not actions:
        return []
    lines = sheet.heading(title)
    for number, action in enumerate(actions):
        lines += [sheet.blank()] if number else []
        lines += action_block(action, sheet)
        lines += sheet.labelled("Palier", f"{action.tier.lower()}.")
        for lot in action.lots:
            lines += sheet.labelled("Lot", f"{lot}.")
        lines += sheet.paragraph(action.said_done, first="   ") if action.said_done else []
        lines += _how(action, sheet) + _to_forward(action, sheet, technical=technical)
        lines += _references(action, sheet) if technical else []
    return lines


def _how(action: ActionView, sheet: Sheet) -> Section:
    lines = sheet.labelled("Comment", "")
    for step_number, step in enumerate(action.steps, start=1):
        lines += sheet.paragraph(step, first=f"     {step_number}. ")
    return lines + sheet.labelled("C'est fait quand", after_colon(action.done_when))


def _to_forward(action: ActionView, sheet: Sheet, *, technical: bool) -> Section:
    """The text for the contractor, its lines kept as written, and the list that goes with it."""
    if not action.contractor:
        return []
    lines = sheet.labelled("Texte à transmettre au prestataire", "")
    for line in action.contractor.splitlines():
        lines += sheet.fiche(line, indent="     ")
    lines += sheet.labelled("Points à traiter", "") if action.to_treat else []
    for each in action.to_treat if technical else folded(action.to_treat):
        lines += sheet.paragraph(_listed(each), first="     - ")
    return lines


def _listed(each: ToTreatView) -> str:
    """« Serveur : le Bureau à distance répond. [tcp/3389] »"""
    # A port or a rule holds a digit; the other keys are words of the program.
    is_number = any(char.isdigit() for char in each.key)
    key = f" [{each.key}]" if is_number and each.key not in each.text else ""
    return f"{_named(each.asset_name, each.text)}{key}"


def _named(name: str, text: str) -> str:
    """The sentence, after the name of what it is about unless it holds it."""
    return text if name.lower() in text.lower() else f"{name}{french.NBSP}: {after_colon(text)}"


def _references(action: ActionView, sheet: Sheet) -> Section:
    measure = sheet.labelled("Mesure", f"{action.measure}, risque {action.risk} sur 16")
    return measure + _cited(action.sources, sheet)


def questions(view: ReportView, sheet: Sheet) -> Section:
    if not view.questions:
        return []
    lines = sheet.heading("Questions sans réponse")
    for each in view.questions:
        lines += sheet.paragraph(f"Pour {each.whom}{french.NBSP}: {after_colon(each.question)}", first=" - ")
    where = "Les réponses s'écrivent dans le profil de la mairie, avec le nom de la personne et la date."
    return lines + sheet.paragraph(where, first=" ")


def points(view: ReportView, sheet: Sheet, *, technical: bool) -> list[Section]:
    """One section a theme, in the order of the themes; what does not apply comes last."""
    fiches = {each.check: each for each in view.checks}
    order = dict.fromkeys([*(each.theme for each in view.themes), *(each.theme for each in view.points)])
    return [
        _theme_points(
            theme, [each for each in view.points if each.theme == theme], fiches, sheet, technical=technical
        )
        for theme in order
    ]


def _theme_points(
    theme: str,
    points: Sequence[PointView],
    fiches: dict[str, CheckView],
    sheet: Sheet,
    *,
    technical: bool,
) -> Section:
    lines = sheet.heading(f"{theme_name(theme)}, point par point")
    for number, check in enumerate(dict.fromkeys(each.check for each in points)):
        found = [each for each in points if each.check == check]
        lines += [sheet.blank()] if number else []
        lines += sheet.paragraph(f"{found[0].question} [{check}]", first=" ", style="bold")
        for each in found:
            lines += _point(each, sheet, technical=technical)
            lines += _proof(each, sheet) if technical else []
        lines += _remedy(found, fiches.get(check), sheet) if technical else []
    return lines


def _point(point: PointView, sheet: Sheet, *, technical: bool) -> Section:
    text = point.sentence if point.looked else point.stands_on
    if not point.asset.startswith(_WITHOUT_NAME):
        text = _named(point.asset_name, text)
    if point.waived:
        text += " Risque accepté."
    lines = marked(point.mark, text, sheet, indent="   ")
    # What does not arise has no detail to tell.
    settled = point.status is Status.NOT_APPLICABLE
    items = [] if settled else [item for item in point.items if item.text != point.sentence]
    told = [item for item in items if technical or not is_technical(item.key)]
    for item in told:
        lines += sheet.paragraph(item.text, first=f"     {item.mark.sign} ")
    lines += _counted([item for item in items if item not in told], sheet)
    # As pasted, for the summary of a point is no use to whoever mends it.
    proposed = ((each.label, each.value) for each in point.evidence) if point.status.is_open else ()
    lines += [Text(line) for line in publish_lines(proposed, sheet.width, indent="     ")]
    known = point.stands_on and point.looked
    return lines + (sheet.paragraph(point.stands_on, first="     ", style="dim") if known else [])


def _counted(items: Sequence[ItemView], sheet: Sheet) -> Section:
    """One line for what is to be put in order, one for what is to be looked at again."""
    lines: Section = []
    wrong = [item for item in items if item.status.is_open]
    unseen = [item for item in items if not item.status.is_known]
    for found, to_do in ((wrong, "à refaire"), (unseen, "à vérifier")):
        signs = [mark.sign for mark in Mark if any(item.mark is mark for item in found)]
        if found:
            lines += sheet.paragraph(counted(len(found), to_do=to_do), first=f"     {signs[0]} ")
    return lines


def _proof(point: PointView, sheet: Sheet) -> Section:
    """What the contractor can see again, and the references of the point."""
    details = [
        ("Preuve", french.typeset(f"{each.label} = {evidence_words(each.label, each.value)}"))
        for each in point.evidence
        if not (point.status.is_open and is_to_publish(each.label))
    ]
    details += [("Détail", _codes(each.key, each.mark.lower(), each.reason)) for each in point.items]
    details += [("Code", point.reason)] if point.reason else []
    details += [
        ("Risque", f"{point.impact} × {point.likelihood} = {point.risk}"),
        ("Vu", _codes(f"depuis {point.place}", f"{point.seen_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")),
        ("Identité", _codes(point.identity, point.asset)),
    ]
    return [line for label, text in details for line in sheet.labelled(label, text, indent="       ")]


def _codes(*words: str) -> str:
    return ", ".join(word for word in words if word)


def _remedy(found: Sequence[PointView], fiche: CheckView | None, sheet: Sheet) -> Section:
    """What the points of one check have in common: the fix when one is open, the measure, the sources."""
    lines: Section = []
    if fiche and any(each.status.is_open for each in found):
        lines += sheet.labelled("Corriger", "") + sheet.fiche(fiche.fix, indent="     ")
    lines += sheet.labelled("Mesure", f"{found[0].measure_title} ({found[0].measure})")
    return lines + _cited(found[0].sources, sheet)


def _cited(sources: Sequence[SourceView], sheet: Sheet) -> Section:
    texts = [f"{each.text} — {each.url}" if each.url else each.text for each in sources]
    return [line for text in texts for line in sheet.labelled("Source", text)]


def method(view: ReportView, sheet: Sheet) -> Section:
    lines = sheet.heading("Comment le niveau est calculé") + sheet.paragraph(view.level_paragraph)
    if view.scans:
        lines += [sheet.blank(), *sheet.heading("Contrôles réunis dans ce rapport")]
        for scan in view.scans:
            lines += sheet.paragraph(scan.sentence, first=" - ")
    return lines

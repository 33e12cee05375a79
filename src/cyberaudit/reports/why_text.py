"""`report --why` on a terminal: how the level and each rank and date come about."""

from cyberaudit import french
from cyberaudit.reports import why
from cyberaudit.reports.layout import Line, Sheet
from cyberaudit.reports.plan_words import WeightView
from cyberaudit.reports.words import ActionView, ReportView

Section = list[Line]

_LEVEL_RULES = (
    "Poids d'une mesure : le plus grand risque de ses points.",
    "Part en ordre d'une mesure : la moyenne de ses contrôles, chacun compté selon son risque.",
    "Niveau : 100 × somme des (poids × part) ÷ somme des poids.",
    "Gravité et vraisemblance sont notre jugement, de novembre 2026 : aucun texte officiel ne les chiffre.",
)
_ORDER_RULES = (
    "Ordre : urgences, retards, palier, classe, gain par effort, risque, place dans les listes officielles, nom.",
    "Une action attendue par une autre prend sa place, si elle est meilleure.",
    "Part vue manquante : ce qui est inconnu ou accepté n'y compte pas.",
    "Effort : de 1 à 5, le plus lourd de l'argent et du temps.",
    "Argent de la première année, au plus : 0 € (1), 500 € (2), 2 000 € (3), 5 000 € (4), au-delà (5).",
    "Temps, au plus : une demi-journée (1), 2 jours (2), 5 jours (3), 15 jours (4), au-delà (5).",
)


def level(view: ReportView, sheet: Sheet) -> Section:
    """The formula, its terms, and the division that gives the number."""
    lines = sheet.heading("D'où vient le niveau") + sheet.paragraph(view.level_paragraph)
    if not view.weights:
        return lines
    lines += [sheet.blank(), *_rules(_LEVEL_RULES, sheet)]
    lines += [sheet.blank(), *sheet.paragraph(_list_head())]
    for each in view.weights:
        lines += _weight(each, sheet)
    return [*lines, sheet.blank(), *sheet.paragraph(why.division(view.weights, view.level))]


def _list_head() -> str:
    return french.typeset(
        "Chaque mesure, ce qui manque le plus d'abord. Les produits sont arrondis au centième, la somme non :"
    )


def _rules(sentences: tuple[str, ...], sheet: Sheet) -> Section:
    return [line for each in sentences for line in sheet.paragraph(french.typeset(each), first=" - ")]


def _weight(value: WeightView, sheet: Sheet) -> Section:
    """The measure; its checks below when it has several, or several points."""
    points = french.count(len(value.points), "point")
    lines = sheet.paragraph(f"{value.title} ({points}){french.NBSP}: {value.sentence}.", first=" - ")
    if len(value.points) > 1:
        for each in value.terms:
            lines += sheet.paragraph(f"{each.check}{french.NBSP}: {each.sentence}", first="     ")
    return lines


def ranks(view: ReportView, sheet: Sheet) -> Section:
    """Each action in order, with the reasons of its tier, its rank and its date."""
    actions = sorted((*view.urgent, *view.next_actions), key=lambda each: each.rank)
    if not actions:
        return []
    lines = sheet.heading("D'où vient l'ordre des actions") + _rules(_ORDER_RULES, sheet)
    for each in actions:
        lines += [sheet.blank(), *_rank(each, sheet)]
    return lines


def _rank(action: ActionView, sheet: Sheet) -> Section:
    lines = sheet.paragraph(f"{action.title} [{action.measure}]", first=f"{action.rank}. ", style="bold")
    date = action.deadline or action.when_short
    for sentence in (*action.why_here, f"Échéance{french.NBSP}: {date}, {action.standing_sentence}."):
        lines += sheet.paragraph(sentence, first="   - ")
    return lines

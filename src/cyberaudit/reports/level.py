"""How the level is told: its word, its figure, how much of the town was seen, and what could be reached."""

from collections.abc import Sequence

from cyberaudit import french
from cyberaudit.model import Finding
from cyberaudit.plan.build import project_level
from cyberaudit.plan.level import URGENT_RISK
from cyberaudit.plan.words import Level, Plan, Word
from cyberaudit.reports.words import LevelView


def level_view(plan: Plan, findings: Sequence[Finding], waived: frozenset[str]) -> LevelView:
    """The level of `plan`, made from `findings`; `waived` holds identities."""
    level = plan.level
    low, high = level.shown
    target = _target(plan, findings, waived)
    return LevelView(
        word=level.word,
        low=level.low,
        high=level.high,
        shown_low=low,
        shown_high=high,
        answered=level.answered,
        asked=level.asked,
        on_word_points=level.on_word_points,
        headline="NON ÉVALUÉ" if level.word is Word.NOT_ASSESSED else level.word.upper(),
        figure=_figure(level),
        coverage=_coverage(level),
        reason=french.typeset(level.word_reason),
        target=target,
        target_sentence=_target_sentence(target, low),
    )


def _target(plan: Plan, findings: Sequence[Finding], waived: frozenset[str]) -> int | None:
    if not plan.actions or not plan.level.asked:
        return None
    done = {each.measure.id for each in plan.actions}
    return project_level(findings, done=done, waived=waived).shown[0]


def _target_sentence(target: int | None, low: int) -> str:
    if target is None or target <= low:
        return ""
    return f"Une fois toutes ces actions faites, le niveau sera d'au moins {target} sur 100."


def _figure(level: Level) -> str:
    """« 26 points sur 100 », « entre 12 et 71 »: the range when less than half is known."""
    if level.word is Word.NOT_ASSESSED:
        return ""
    low, high = level.shown
    figure = f"{french.count(low, 'point')} sur 100"
    if _is_range(level):
        figure = f"entre {low} et {high}"
    if not level.on_word_points:
        return figure
    return f"{figure}, dont {french.count(level.on_word_points, 'point')} sur parole"


def _coverage(level: Level) -> str:
    if not level.asked:
        return french.typeset("Aucun point n'a pu être contrôlé : on ne sait encore rien de la mairie.")
    seen = french.count(level.answered, "point contrôlé", "points contrôlés")
    missing = level.asked - level.answered
    if not missing:
        return french.typeset(f"{seen} sur {level.asked} : tous ont une réponse.")
    low, high = level.shown
    between = f" (niveau réel : entre {low} et {high})" if low < high and not _is_range(level) else ""
    return french.typeset(f"{seen} sur {level.asked} ; {missing} sans réponse{between}.")


def _is_range(level: Level) -> bool:
    """Less than half is known: one number would say too much."""
    return 2 * level.answered < level.asked


def nothing_urgent(plan: Plan) -> str:
    """Never « rien » about what was not looked at, nor about what no action answers."""
    level = plan.level
    if any(each.risk >= URGENT_RISK for each in plan.without_action):
        return french.typeset("Un défaut urgent n'a pas d'action dans ce catalogue : voir l'avertissement.")
    if not level.answered:
        return french.typeset("Aucun point n'a pu être contrôlé : on ne sait pas s'il y a une urgence.")
    if 2 * level.answered < level.asked:
        one = "le seul point qui a pu être contrôlé"
        several = f"les {french.number(level.answered)} points qui ont pu être contrôlés"
        return f"Rien d'urgent dans {one if level.answered == 1 else several}, sur {level.asked}."
    more = "" if plan.actions else " Aucune action au plan."
    if level.answered < level.asked:
        return f"Rien d'urgent dans ce qui a pu être contrôlé.{more}"
    return f"Rien d'urgent.{more}"

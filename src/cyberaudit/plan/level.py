"""The level: how much of the known risk is mastered, between two bounds."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from fractions import Fraction

from cyberaudit import french
from cyberaudit.model import Basis, Finding, Status
from cyberaudit.plan.words import Level, Word

URGENT_RISK = 16
HALF = Fraction(1, 2)
MIN_COVERAGE = HALF
WORDS = ((85, Word.VERY_SOLID), (65, Word.SOLID), (40, Word.TO_STRENGTHEN), (0, Word.FRAGILE))
"""Lowest low bound of each word, best first."""

LEVEL_PARAGRAPH = french.typeset(
    "Chaque mesure a une gravité (1 à 4 : gêne, perte de temps, service arrêté, service arrêté et données "
    "perdues). Elle a aussi une vraisemblance (1 à 4 : rare, possible, fréquent, en cours ou visible depuis "
    "Internet). Gravité × vraisemblance donne le risque (1 à 16). Le niveau sur 100 est la part du risque déjà "
    "maîtrisée. Un point en ordre compte en entier, en partie pour moitié, absent ou inconnu pour zéro. "
    "Les actions sont rangées en quatre paliers : Urgent (risque 16), Gain rapide (risque 9 ou plus, effort "
    "faible), Chantier (risque 6 ou plus), Plus tard. Dans un palier viennent d'abord les premières mesures "
    "des guides officiels, puis ce qui retire le plus de risque pour le moins d'effort. On place ensuite les "
    "actions sur le calendrier. Une action attend celles dont elle dépend. Il en commence au plus trois "
    "par trimestre, sans jamais dépasser le budget annuel choisi par le maire. Ce qui ne tient pas n'est pas "
    "caché : c'est la liste « à arbitrer »."
)

Score = Callable[[Finding], Fraction]
"""How much of one finding is in order, 0 to 1."""


def assess(findings: Sequence[Finding], *, waived: frozenset[str] = frozenset()) -> Level:
    """The town's level, in exact fractions.

    Args:
        findings: one per (check, asset).
        waived: identities of accepted findings. They stay failing in the number, and are no open urgency.
    """
    asked = [finding for finding in findings if applies(finding)]
    if not asked:
        return Level(Fraction(0), Fraction(100), Word.NOT_ASSESSED, "", answered=0, asked=0, on_word_points=0)
    low = _mastered(asked, _at_worst)
    answered = sum(is_known(finding) for finding in asked)
    urgent = [f for f in asked if is_open(f, waived=waived) and f.risk >= URGENT_RISK]
    word, reason = _word(low, coverage=Fraction(answered, len(asked)), urgencies=len(urgent))
    return Level(
        low=low,
        high=_mastered(asked, _at_best),
        word=word,
        word_reason=reason,
        answered=answered,
        asked=len(asked),
        on_word_points=int(_mastered(asked, _on_word)),
    )


def applies(finding: Finding) -> bool:
    """Whether the question arises: what does not apply is out of the level."""
    return finding.status is not Status.NOT_APPLICABLE


def is_known(finding: Finding) -> bool:
    """Whether it was looked at and answered."""
    return finding.looked and finding.status.is_known


def is_open(finding: Finding, *, waived: frozenset[str]) -> bool:
    """Whether something is to be done: seen failing, in whole or in part, and not accepted."""
    return finding.looked and finding.status.is_open and finding.identity not in waived


def known_score(finding: Finding) -> Fraction:
    """Pass 1, partial ½, fail 0.

    Raises:
        KeyError: the finding has no known answer.
    """
    return {Status.PASS: Fraction(1), Status.PARTIAL: HALF, Status.FAIL: Fraction(0)}[finding.status]


def measure_score(findings: Sequence[Finding], score: Score) -> Fraction:
    """s(m) = Σ base R·s(c) / Σ base R over the checks of one measure, s(c) being the mean over its assets."""
    by_check: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_check[finding.check].append(finding)
    total, mastered = 0, Fraction(0)
    for about in by_check.values():
        risk = max(finding.base_risk for finding in about)
        total += risk
        mastered += risk * sum((score(finding) for finding in about), Fraction(0)) / len(about)
    return mastered / total


def _mastered(findings: Sequence[Finding], score: Score) -> Fraction:
    """100 · Σ w·s / Σ w over the measures, w(m) being the highest base risk among its checks."""
    by_measure: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_measure[finding.measure].append(finding)
    weights = {each: max(f.base_risk for f in found) for each, found in by_measure.items()}
    mastered = sum(weights[each] * measure_score(found, score) for each, found in by_measure.items())
    return Fraction(100 * mastered) / sum(weights.values())


def _at_worst(finding: Finding) -> Fraction:
    return known_score(finding) if is_known(finding) else Fraction(0)


def _at_best(finding: Finding) -> Fraction:
    return known_score(finding) if is_known(finding) else Fraction(1)


def _on_word(finding: Finding) -> Fraction:
    return Fraction(0) if finding.basis is Basis.MEASURED else _at_worst(finding)


def _word(low: Fraction, *, coverage: Fraction, urgencies: int) -> tuple[Word, str]:
    """The word, and why it is not the one the number gives."""
    word = next(word for least, word in WORDS if low >= least)
    covered = coverage >= MIN_COVERAGE
    if urgencies and not (covered and word is Word.FRAGILE):
        be = "est" if urgencies == 1 else "sont"
        count = french.count(urgencies, "point urgent", "points urgents")
        return Word.FRAGILE, f"{count} {be} à corriger : le niveau reste Fragile d'ici là."
    if not covered:
        return Word.TO_COMPLETE, "Moins de la moitié des points ont une réponse."
    return word, ""


__all__ = [
    "LEVEL_PARAGRAPH",
    "URGENT_RISK",
    "applies",
    "assess",
    "is_known",
    "is_open",
    "known_score",
    "measure_score",
]

"""How the level comes about: what each measure weighs, and how much of it is in order, check by check."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from cyberaudit.frozen import frozen
from cyberaudit.model import Basis, Finding
from cyberaudit.plan.level import Score, applies, is_known, known_score, measure_score

ABSENT, IN_ORDER = Fraction(0), Fraction(1)


@frozen
class Term:
    """One check of a measure: Σ risk · (low ÷ points) / Σ risk over its terms is the share of the measure."""

    check: str
    risk: int
    """The highest base risk among its points, 1 to 16."""
    points: int
    low: Fraction
    """Points in order, partial ones for a half, unknown ones for nothing."""
    high: Fraction
    """The same, unknown ones in full."""


@frozen
class Weight:
    """One measure in the level: 100 · Σ weight · share / Σ weight."""

    measure: str
    weight: int
    """The highest base risk among its checks, 1 to 16."""
    low: Fraction
    """Share in order, 0 to 1, unknowns counted as absent."""
    high: Fraction
    on_word: Fraction
    """The part of `low` that rests on declarations."""
    findings: tuple[Finding, ...]
    """Those that apply."""
    terms: tuple[Term, ...]
    """One a check, in the order of their ids."""


def weights(findings: Sequence[Finding]) -> tuple[Weight, ...]:
    """The terms of `assess`, the heaviest loss first: what is not in order weighs most."""
    applicable = [finding for finding in findings if applies(finding)]
    found = [_weight(*each) for each in _grouped(applicable, lambda finding: finding.measure)]
    return tuple(sorted(found, key=lambda each: (each.weight * (each.low - 1), -each.weight, each.measure)))


def _grouped(
    findings: Iterable[Finding], key: Callable[[Finding], str]
) -> Iterable[tuple[str, list[Finding]]]:
    groups: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[key(finding)].append(finding)
    return sorted(groups.items())


def _weight(measure: str, findings: Sequence[Finding]) -> Weight:
    return Weight(
        measure=measure,
        weight=max(each.base_risk for each in findings),
        low=measure_score(findings, _at_worst),
        high=measure_score(findings, _at_best),
        on_word=measure_score(findings, _on_word),
        findings=tuple(findings),
        terms=tuple(_term(*each) for each in _grouped(findings, lambda finding: finding.check)),
    )


def _term(check: str, findings: Sequence[Finding]) -> Term:
    return Term(
        check=check,
        risk=max(each.base_risk for each in findings),
        points=len(findings),
        low=_sum(findings, _at_worst),
        high=_sum(findings, _at_best),
    )


def _sum(findings: Sequence[Finding], score: Score) -> Fraction:
    return sum((score(each) for each in findings), Fraction(0))


def _at_worst(finding: Finding) -> Fraction:
    return known_score(finding) if is_known(finding) else ABSENT


def _at_best(finding: Finding) -> Fraction:
    return known_score(finding) if is_known(finding) else IN_ORDER


def _on_word(finding: Finding) -> Fraction:
    return ABSENT if finding.basis is Basis.MEASURED else _at_worst(finding)


__all__ = ["Term", "Weight", "weights"]

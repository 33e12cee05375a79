"""The plan's values: level, tier, action, plan. `level.py` and `actions.py` compute them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from cyberaudit.engine.measures import Measure
from cyberaudit.model import Finding


class Word(StrEnum):
    """The level in one word."""

    FRAGILE = "Fragile"
    TO_STRENGTHEN = "À renforcer"
    SOLID = "Solide"
    VERY_SOLID = "Très solide"
    TO_COMPLETE = "À compléter"
    NOT_ASSESSED = "Niveau non évalué"


class Tier(StrEnum):
    """How soon, in the order of the plan."""

    URGENT = "Urgent"
    QUICK_WIN = "Gain rapide"
    PROJECT = "Chantier"
    LATER = "Plus tard"


@dataclass(frozen=True, slots=True)
class Level:
    """How much of the known risk is mastered, between two bounds."""

    low: Fraction
    """0 to 100, unknowns counted as absent."""
    high: Fraction
    """0 to 100, unknowns counted as in order."""
    word: Word
    word_reason: str
    """Why the word is not the one the number gives; empty when it is."""
    answered: int
    """(check, asset) pairs with a known answer."""
    asked: int
    """All pairs that apply."""
    on_word_points: int
    """Points of the low bound that rest on declarations (« dont N points sur parole »)."""

    @property
    def shown(self) -> tuple[int, int]:
        """floor(low), ceil(high); 100 only when exact."""
        high = -int(-self.high // 1)
        return int(self.low), high if self.high == high else min(high, 99)

    @property
    def coverage(self) -> Fraction:
        """Share of the pairs that have an answer, 0 to 1."""
        return Fraction(self.answered, self.asked) if self.asked else Fraction(0)


@dataclass(frozen=True, slots=True)
class Action:
    """A measure placed in the plan, with the open findings that call for it."""

    rank: int
    """1 first."""
    measure: Measure
    tier: Tier
    findings: tuple[Finding, ...]
    """Open (fail or partial) and not waived, worst first; for `answer-questions`, what nobody answered."""
    risk: int
    """Highest risk among them; 0 for `answer-questions`, where nothing was seen."""
    effort: int
    gain: Fraction
    index: Fraction
    """gain / effort"""
    waits_for: tuple[str, ...]
    """Ids of open measures it depends on."""
    check_first: tuple[str, ...]
    """Ids of measures it depends on whose findings are all unknown: « vérifier d'abord »."""
    due: date | None
    """Urgent: seven days after it was first seen failing.

    The calendar of the others comes with the plan's follow-up.
    """


@dataclass(frozen=True, slots=True)
class Question:
    """Something only a person can answer."""

    finding: Finding
    for_owner: str
    """`agent`, `elu` or `contractor`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to start."""

    level: Level
    actions: tuple[Action, ...]
    questions: tuple[Question, ...]
    """Declared practices without a usable answer."""
    not_seen: tuple[Finding, ...]
    """Measured points that could not be seen, or from elsewhere only."""
    waived: tuple[Finding, ...]
    without_action: tuple[Finding, ...] = ()
    """Open findings, not waived, whose measure the catalogue of today does not hold: worst first."""

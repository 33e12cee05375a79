"""The plan's values: level, tier, action, plan. `level.py` and `actions.py` compute them."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from cyberaudit.declared import Adoption, Completion
from cyberaudit.engine.measures import Measure
from cyberaudit.frozen import frozen
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


@frozen
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


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three months of the communal calendar."""

    year: int
    number: int
    """1 to 4"""

    @classmethod
    def of(cls, day: date) -> "Quarter":
        return cls(day.year, (day.month + 2) // 3)

    def plus(self, quarters: int) -> "Quarter":
        """So many quarters later, or earlier when negative."""
        year, rest = divmod(self.year * 4 + self.number - 1 + quarters, 4)
        return Quarter(year, rest + 1)

    @property
    def first_day(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> date:
        return self.plus(1).first_day - timedelta(days=1)


class ActionKind(StrEnum):
    """What an action is about."""

    MEND = "mend"
    """Something was seen missing."""
    ANSWER = "answer"
    """The unanswered first practices, in one action."""
    VERIFY = "verify"
    """Nobody has known for too long."""


class Standing(StrEnum):
    """What the date of an action is worth."""

    PROPOSED = "proposed"
    ADOPTED = "adopted"
    LATE = "late"
    """Adopted, past, and still open."""
    TO_CONFIRM = "to-confirm"
    """Adopted, and it now breaks a ceiling or comes before what it waits for."""
    TO_ARBITRATE = "to-arbitrate"
    """No quarter of the horizon holds it."""


class Hindrance(StrEnum):
    """What keeps an action from a quarter, in the order of precedence."""

    DEPENDENCY = "dependency"
    VOTE = "vote"
    """Nothing is bought before the budget is voted."""
    CEILING = "ceiling"
    CAPACITY = "capacity"
    """The owner has no half-day left."""
    CROWD = "crowd"
    """Three actions start in that quarter already."""


@frozen
class Held:
    """Why an action does not start in some quarters."""

    first: Quarter
    last: Quarter
    """Both counted: quarters that follow each other for the same cause are told together."""
    cause: Hindrance
    measure: str
    """What it waits for; empty unless the cause is a dependency."""
    missing: int
    """Euros over the ceiling, at the least of these quarters; 0 unless the cause is the ceiling."""
    year: int
    """The year whose ceiling is exceeded; 0 unless the cause is the ceiling."""


@frozen
class LotSlot:
    """One part of a measure, placed."""

    title: str
    quarter: Quarter
    """When it starts, and is bought."""
    euros: int
    yearly: int


@frozen
class Slot:
    """When an action starts and ends; an adopted one is its own quarter, which may lie outside the horizon."""

    start: Quarter
    end: Quarter
    lots: tuple[LotSlot, ...]
    """Empty when it is done at once."""


@frozen
class Arbitration:
    """Why nothing could be placed, and what would allow it."""

    cause: Hindrance
    measure: str
    """What is itself to be arbitrated; empty unless the cause is a dependency."""
    missing: int
    """Euros by which the ceiling of `year` would have to rise, the other years as they are; 0: not money.

    Tried: the plan made again with that raise places it, whatever the actions before it take of the raise.
    """
    year: int
    until: int = 0
    """Last year whose ceiling must rise by as much: `year` itself, or a later one when a subscription runs on
    over several years that lack money. 0: not money."""


@frozen
class YearPlan:
    """One calendar year of the plan, in euros, tax included, at the upper end of the bands."""

    year: int
    ceiling: int
    chosen: bool
    """By the mayor; else the default."""
    purchases: int
    subscriptions: int
    level: Level
    """Reached when everything due by the end of that year is done."""


@frozen
class Action:
    """A measure placed in the plan, with the open findings that call for it."""

    rank: int
    """1 first."""
    measure: Measure
    """As the catalogue holds it, with the price of a quote; reworded for what is only to be answered or verified."""
    tier: Tier
    findings: tuple[Finding, ...]
    """Open (fail or partial) and not waived, worst first; else what nobody answered, or could see."""
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
    """When it must be done: the adopted date, else the last day of its quarter, or seven days after it was first
    seen failing for an urgency that costs nothing, takes seven days at most and waits for no later quarter.
    What ends by itself is due that day, even when it is over.
    What another waits for in the same quarter takes its date, when that is earlier. None: to be arbitrated."""
    kind: ActionKind = ActionKind.MEND
    stopgap_due: date | None = None
    """Of an urgency whose mending costs money, takes over seven days or has to wait: seven days after it was
    first seen."""
    slot: Slot | None = None
    """None: to be arbitrated."""
    standing: Standing = Standing.PROPOSED
    adoption: Adoption | None = None
    completion: Completion | None = None
    """Somebody said that it is done, and it is still seen open."""
    held: tuple[Held, ...] = ()
    """Why it does not start earlier, quarter after quarter."""
    arbitration: Arbitration | None = None
    accepted_before: tuple[str, ...] = ()
    """Ids of measures it depends on that are only met because their risk was accepted."""
    ended: date | None = None
    """The first past day on which one of the things to mend ended by itself; None: none has."""

    @property
    def is_overdue(self) -> bool:
        """Its adopted date is over; or nobody adopted one, and the thing has ended."""
        return self.standing is Standing.LATE or (self.adoption is None and self.ended is not None)


@frozen
class Unknown:
    """Since when nobody knows."""

    since: date
    """Day of the first audit that asked in vain after the last answer."""
    audits: int
    """How many asked in vain since, that one included."""


@frozen
class Question:
    """Something only a person can answer."""

    finding: Finding
    for_owner: str
    """`agent`, `elu` or `contractor`."""


@frozen
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
    years: tuple[YearPlan, ...] = ()
    """Of the horizon, the current one first."""

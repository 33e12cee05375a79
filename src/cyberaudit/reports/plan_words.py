"""What every format tells of the calendar, the money, the level's past and its making; `words` holds the rest."""

from datetime import date
from fractions import Fraction

from cyberaudit.frozen import frozen
from cyberaudit.plan.words import Word


@frozen
class QuarterView:
    """Three months of the calendar in which something ends."""

    label: str
    """« 1er trimestre 2027 »"""
    first_day: date
    last_day: date
    actions: tuple[int, ...]
    """Ranks of the actions due in it, in the order of the plan."""


@frozen
class YearView:
    """One calendar year of the plan, in euros, tax included, bands at their upper end."""

    year: int
    ceiling: int
    chosen: bool
    """By the mayor; else the ceiling proposed by default."""
    purchases: int
    subscriptions: int
    level: int
    """The low bound reached at its end, rounded down."""
    word: Word
    amount: str
    """« 1 760 € »"""
    detail: str
    """« achats 1 100 €, abonnements 660 € »; empty when one of them is nothing."""
    target: str
    """« niveau visé 84 »"""
    limit: str
    """« plafond choisi : 2 000 € », « …, dépassé de 300 € »"""


@frozen
class ArbitrationView:
    """An action that no quarter of the calendar holds, and what the mayor may decide."""

    rank: int
    measure: str
    title: str
    cost: str
    why: str
    """« Il manque 900 € sous le plafond de 2027. », or what else keeps it out."""
    options: tuple[str, ...]


@frozen
class TrendPointView:
    """The level as a control of that day gave it."""

    day: date
    low: int
    high: int
    word: Word


@frozen
class TrendView:
    """The level over time, oldest first; one point at least, today's the last."""

    points: tuple[TrendPointView, ...]
    sentence: str
    """The same in words: « Le niveau était de 12 le 3 octobre 2026, il est de 26 le 21 novembre 2026. »"""


@frozen
class ThemeTrendView:
    """One theme over time."""

    theme: str
    name: str
    trend: TrendView


@frozen
class ContactView:
    """Somebody to turn to; never a company."""

    name: str
    what: str
    phone: str
    """Empty when there is none."""
    url: str
    """Empty when no address is confirmed."""


@frozen
class WeightTermView:
    """What one check brings to the share of its measure: the mean of the checks, each by its risk."""

    check: str
    risk: int
    points: int
    low: Fraction
    """Points in order, partial ones for a half, unknown ones for nothing."""
    high: Fraction
    """The same, unknown ones in full."""
    sentence: str
    """« risque 12, 1,5 sur 3 en ordre »"""


@frozen
class WeightView:
    """What one measure brings to the level."""

    measure: str
    title: str
    weight: int
    """The highest risk among its points, before any measurement raised it."""
    low: Fraction
    """Share in order, 0 to 1, unknowns counted as absent."""
    high: Fraction
    """The same, unknowns counted as in order."""
    on_word: Fraction
    """The part of `low` that rests on declarations, 0 to 1."""
    points: tuple[str, ...]
    """Identities."""
    terms: tuple[WeightTermView, ...]
    """One a check."""
    sentence: str
    """« poids 9, en ordre à 50 % : 4,5 sur 9 »"""

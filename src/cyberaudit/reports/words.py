"""What every format tells: the report's values, each sentence ready in French, beside what machines read.

The JSON report is these classes, field by field; its schema is made from them, docstrings included.
"""

from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from cyberaudit.frozen import frozen
from cyberaudit.history.transitions import Transition
from cyberaudit.model import Basis, SeenFrom, Status
from cyberaudit.plan.words import ActionKind, Standing, Tier, Word
from cyberaudit.reports.change_words import ChangesView
from cyberaudit.reports.plan_words import (
    ArbitrationView,
    ContactView,
    QuarterView,
    ThemeTrendView,
    TrendView,
    WeightView,
    YearView,
)


class Mark(StrEnum):
    """The state of a point or a theme, in words."""

    TO_FIX = "à corriger"
    TO_IMPROVE = "à améliorer"
    IN_ORDER = "en ordre"
    TO_CHECK = "à vérifier"
    NOT_APPLICABLE = "sans objet"

    @property
    def sign(self) -> str:
        """One character; never shown without the word."""
        return _SIGNS[self]

    @classmethod
    def of(cls, status: Status) -> "Mark":
        return _MARKS[status]


_SIGNS = {
    Mark.TO_FIX: "✗",
    Mark.TO_IMPROVE: "!",
    Mark.IN_ORDER: "✓",
    Mark.TO_CHECK: "?",
    Mark.NOT_APPLICABLE: "–",
}
_MARKS = {
    Status.FAIL: Mark.TO_FIX,
    Status.PARTIAL: Mark.TO_IMPROVE,
    Status.PASS: Mark.IN_ORDER,
    Status.UNKNOWN: Mark.TO_CHECK,
    Status.ERROR: Mark.TO_CHECK,
    Status.NOT_APPLICABLE: Mark.NOT_APPLICABLE,
}


@frozen
class SourceView:
    """One official document cited."""

    reference: str
    """The document's short id and the rule: `PA-066 R44`."""
    text: str
    """Publisher, title, rule."""
    url: str
    """Only a confirmed address; empty otherwise."""


@frozen
class LevelView:
    """How much of the known risk is mastered."""

    word: Word
    low: Fraction
    """Exact low bound, 0 to 100: what is unknown counts as absent."""
    high: Fraction
    """Exact high bound, 0 to 100: what is unknown counts as in order."""
    shown_low: int
    shown_high: int
    answered: int
    """Points with a known answer."""
    asked: int
    """Points that apply."""
    on_word_points: int
    """Part of the low bound that rests on declarations, 0 to 100."""
    headline: str
    """« FRAGILE »"""
    figure: str
    """« 26 points sur 100, dont 5 points sur parole »; empty when nothing could be assessed."""
    coverage: str
    reason: str
    """Why the word is not the one the number gives; may be empty."""
    target: int | None
    """The low bound reached, rounded down, once every proposed action is done; null without an action."""
    target_sentence: str


@frozen
class ToTreatView:
    """One thing that an action must put in order."""

    point: str
    """Identity."""
    asset_name: str
    key: str
    """`tcp/3389`; empty when the point holds no detail to correct."""
    text: str
    """What was seen."""


@frozen
class ActionView:
    """One measure of the plan."""

    rank: int
    measure: str
    title: str
    checks: tuple[str, ...]
    """Ids of the checks that call for it, worst first."""
    findings: tuple[str, ...]
    """Identities of the open points that call for it."""
    tier: Tier
    why: str
    owner: str
    """`agent`, `elu` or `contractor`."""
    who: str
    """« le prestataire informatique »"""
    who_short: str
    """« Prestataire »"""
    cost: str
    cost_short: str
    cost_low: int
    """Euros, tax included."""
    cost_high: int
    cost_yearly: int
    """Euros a year, on top."""
    time: str
    days: float
    """Working days of the owner."""
    kind: ActionKind
    due: date | None
    """Null: to be arbitrated."""
    deadline: str
    """« avant le 28 novembre », « en retard depuis le 14 novembre »; empty without a date."""
    when_short: str
    """« 28 nov. », « mars 2027 », « en retard », « à arbitrer »"""
    standing: Standing
    standing_sentence: str
    """« date proposée », « date adoptée par Jeanne Martin, maire, le 25 novembre 2026 »"""
    quarter: str
    """« 4e trimestre 2026 »; empty without a date."""
    said_done: str
    """What somebody said and nothing shows yet; may be empty."""
    stopgap_due: date | None
    stopgap_deadline: str
    """« avant le 28 novembre »; empty unless it is an urgency that takes money or time."""
    stopgap: str
    steps: tuple[str, ...]
    contractor: str
    """A text ready to forward; may be empty."""
    to_treat: tuple[ToTreatView, ...]
    """The list that goes with the text: the open details of the points, worst first."""
    done_when: str
    after: str
    """What must be done or checked before; may be empty."""
    sources: tuple[SourceView, ...]
    risk: int
    effort: int
    gain: Fraction
    index: Fraction
    """gain / effort"""
    lots: tuple[str, ...]
    """« 1er trimestre 2027 : les deux postes de l'accueil, 400 € »; empty when it is done at once."""
    why_here: tuple[str, ...]
    """How its tier, its rank and its date come about, a sentence each."""


@frozen
class ItemView:
    """Plural detail of a point: a server, a port, a rule."""

    key: str
    status: Status
    mark: Mark
    reason: str
    text: str


@frozen
class EvidenceView:
    """One raw thing seen."""

    label: str
    value: str


@frozen
class PointView:
    """One question about one thing, and its answer."""

    identity: str
    """The same for ever for this question about this thing of this town."""
    check: str
    theme: str
    question: str
    asset: str
    """`domain/main`"""
    asset_name: str
    status: Status
    mark: Mark
    sentence: str
    reason: str
    """Code of the fault; empty when there is none."""
    items: tuple[ItemView, ...]
    evidence: tuple[EvidenceView, ...]
    basis: Basis
    stands_on: str
    """How, from where and when it is known; empty when the question does not arise."""
    contradiction: bool
    """What is declared is better than what is measured."""
    waived: bool
    """The risk was accepted by an élu: the point leaves the plan, not the level."""
    looked: bool
    """False when nothing could look from there."""
    vantage: str
    place: str
    """The vantage in French: « l'extérieur »; « la machine du contrôle » for what is read on a disk."""
    seen_from: SeenFrom
    seen_at: datetime
    impact: int
    likelihood: int
    risk: int
    """impact × likelihood, 1 to 16"""
    measure: str
    measure_title: str
    sources: tuple[SourceView, ...]
    since_last: Transition | None = None
    """What became of it since the visit before; null when nothing was compared."""
    since_last_word: str = ""
    """« dégradé », « inchangé »; empty when nothing was compared."""


@frozen
class CheckView:
    """The fiche of a check that has a point in this report."""

    check: str
    question: str
    why: str
    fix: str
    limits: str


@frozen
class ThemeView:
    """One family of points."""

    theme: str
    name: str
    mark: Mark
    in_order: int
    asked: int
    """Points that apply."""
    to_check: int
    """Points without an answer."""
    sentence: str
    """« 1 sur 3 en ordre »"""


@frozen
class NotSeenView:
    """Points that could not be seen, for one and the same cause."""

    sentence: str
    points: tuple[str, ...]
    """Identities."""


@frozen
class ContradictionView:
    """A declaration that a measurement contradicts."""

    point: str
    """Identity."""
    sentence: str


@frozen
class WaiverView:
    """A risk accepted by an élu until a date."""

    point: str
    """Identity."""
    sentence: str
    until: date | None


@frozen
class QuestionView:
    """Something only a person can answer."""

    point: str
    """Identity."""
    owner: str
    """`agent`, `elu` or `contractor`."""
    whom: str
    """« un élu »"""
    question: str


@frozen
class BudgetView:
    """What the proposed actions cost together, in euros, tax included."""

    low: int
    high: int
    yearly: int
    sentence: str
    ceiling: str
    """What the mayor chose; may be empty."""
    years: tuple[YearView, ...]
    """The current one first, as far as something is spent or due; empty without an action."""


@frozen
class HelpView:
    """Where to go next."""

    label: str
    command: str


@frozen
class ScanView:
    """One scan that this report stands on."""

    uuid: str
    vantage: str
    started_at: datetime
    partial: bool
    sentence: str


class DoorIntent(StrEnum):
    """What the profile says of an open door."""

    MEANT = "meant"
    MEANT_ELSEWHERE = "meant-elsewhere"
    """For other places only than some of those from where it was seen open."""
    UNDECLARED = "undeclared"


@frozen
class DoorSightView:
    """An open door as seen from one place."""

    vantage: str
    place: str
    """The vantage in French: « l'extérieur »."""
    seen_at: datetime
    """The last time it was seen open from there, and not seen shut since."""
    addresses: tuple[str, ...]
    """Of the host, those on which it was open."""
    sentence: str


@frozen
class DoorView:
    """One open port of a host, over every place."""

    port: str
    """`tcp/3389`"""
    name: str
    """« Bureau à distance Windows »"""
    answers: str
    """What stands behind, as far as it said so; may be empty."""
    protocols: tuple[str, ...]
    """`https`, `silent`, `unknown`; in UDP the question that was answered: `snmp-discovery`."""
    products: tuple[str, ...]
    """Ids of the products recognised."""
    intent: DoorIntent
    intent_sentence: str
    """« prévu : web », « non déclaré », « prévu pour Bureaux seulement »"""
    seen: tuple[DoorSightView, ...]
    """At least one; the Internet first, then the networks in the order of the profile."""


@frozen
class DoorLookView:
    """The last look at the doors of a host from one place, whatever it saw."""

    vantage: str
    place: str
    seen_at: datetime
    unproven: int
    """Ports of which nothing may be concluded: neither open nor shut."""
    sentence: str


@frozen
class HostDoorsView:
    """The doors of one host."""

    host: str
    """`host/edge`"""
    name: str
    looks: tuple[DoorLookView, ...]
    """Empty: nobody looked from a place that can reach it."""
    opens_everything: tuple[str, ...]
    """Addresses that open every port, from some place: there a door counts only when a service spoke."""
    remarks: tuple[str, ...]
    doors: tuple[DoorView, ...]
    """TCP then UDP, by number."""


@frozen
class DoorsView:
    """Which doors are open, from where, and whether it is what the town wanted."""

    hosts: tuple[HostDoorsView, ...]
    """Every host of the profile, in its order."""
    closing: tuple[str, ...]
    """The hosts without an open door, and those that nobody looked at."""


@frozen
class CriterionView:
    """One criterion of the State's reference for communes."""

    number: str
    outcome: str
    """`met`, `not-met` or `unverified`."""
    mark: Mark
    sentence: str


@frozen
class RcpntView:
    """What that reference would say of the mail of one domain."""

    domain: str
    criteria: tuple[CriterionView, ...]
    level: str
    """`a`, `aa`, empty when the first is not reached, `?` when it cannot be told."""
    sentence: str


@frozen
class ReportView:
    """The whole report."""

    title: str
    commune: str
    """The town's id."""
    commune_name: str
    as_of: datetime
    scan_line: str
    scanned_by: str
    partial: bool
    """The scan was interrupted: never a baseline."""
    warnings: tuple[str, ...]
    level: LevelView
    contradictions: tuple[ContradictionView, ...]
    changes: ChangesView | None
    """Null when nothing can be compared."""
    nothing_urgent: str
    """What is said when nothing is urgent; empty when something is."""
    urgent: tuple[ActionView, ...]
    next_actions: tuple[ActionView, ...]
    """The others, in the order of the plan."""
    to_arbitrate: tuple[ArbitrationView, ...]
    """Those of both lists that no quarter holds."""
    calendar: tuple[QuarterView, ...]
    themes: tuple[ThemeView, ...]
    """Worst first."""
    not_seen: tuple[NotSeenView, ...]
    waivers: tuple[WaiverView, ...]
    questions: tuple[QuestionView, ...]
    budget: BudgetView
    help: tuple[HelpView, ...]
    attack: str
    """What to do during an attack."""
    whom: tuple[ContactView, ...]
    """Whom to ask; the first is for an attack."""
    doors: DoorsView
    rcpnt: tuple[RcpntView, ...]
    """Beside our own verdicts."""
    points: tuple[PointView, ...]
    checks: tuple[CheckView, ...]
    scans: tuple[ScanView, ...]
    """Newest first."""
    level_paragraph: str
    """How the level is computed."""
    trend: TrendView | None
    """Null when only today's level is known."""
    theme_trends: tuple[ThemeTrendView, ...]
    """The same, theme by theme; empty when only today is known."""
    weights: tuple[WeightView, ...]
    """How the number comes about, the heaviest loss first."""

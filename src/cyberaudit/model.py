"""The words of an audit: what was seen, what was judged of it, and the whole scan. Standard library only."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum

from cyberaudit.declared import AssetKind, Town
from cyberaudit.frozen import frozen


class Status(StrEnum):
    """The answer of one check about one asset."""

    PASS = "pass"  # noqa: S105 — a verdict, not a password
    PARTIAL = "partial"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    ERROR = "error"
    """Only the engine says it: the check itself crashed."""

    @property
    def is_open(self) -> bool:
        """Something is to be done: fail or partial."""
        return self in (Status.FAIL, Status.PARTIAL)

    @property
    def is_known(self) -> bool:
        """A pass, a partial or a fail."""
        return self in (Status.PASS, Status.PARTIAL, Status.FAIL)


class Reason(StrEnum):
    """Why a thing could not be seen."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    NO_ROUTE = "no-route"
    RESOLVER_FAILURE = "resolver-failure"
    BOGUS = "bogus"
    PROTOCOL_ERROR = "protocol-error"
    BUSY = "busy"
    TLS_FAILURE = "tls-failure"
    PERMISSION_DENIED = "permission-denied"
    NO_CONTROL = "no-control"
    UNSTABLE = "unstable"
    OPENS_EVERYTHING = "opens-everything"
    NO_PRIVILEGE = "no-privilege"
    NOT_AUTHORIZED = "not-authorized"
    PRIVATE_ADDRESS = "private-address"
    BUDGET_SPENT = "budget-spent"
    DEADLINE = "deadline"
    INTERRUPTED = "interrupted"
    PROBE_CRASHED = "probe-crashed"
    NO_PROBE = "no-probe"
    NOT_COLLECTED = "not-collected"
    TOO_NEW = "too-new"
    NOT_LOOKED = "not-looked"
    NOT_DECLARED = "not-declared"
    DECLARATION_EXPIRED = "declaration-expired"
    ANSWER_UNKNOWN = "answer-unknown"
    NO_PLACE = "no-place"

    @property
    def french(self) -> str:
        """What the report says of it, a clause without capital or full stop."""
        return _REASONS[self]


_REASONS: dict[Reason, str] = {
    Reason.TIMEOUT: "pas de réponse dans le temps prévu",
    Reason.REFUSED: "la connexion a été refusée",
    Reason.RESET: "la connexion a été coupée",
    Reason.NO_ROUTE: "aucun chemin réseau depuis cet endroit",
    Reason.RESOLVER_FAILURE: "l'annuaire des noms (DNS) n'a pas pu répondre",
    Reason.BOGUS: "la signature (DNSSEC) de ce nom est fausse : sa réponse ne peut pas être crue",
    Reason.PROTOCOL_ERROR: "la réponse reçue est incompréhensible",
    Reason.BUSY: "le serveur se dit occupé : il faut recommencer plus tard",
    Reason.TLS_FAILURE: "la connexion chiffrée n'a pas abouti",
    Reason.PERMISSION_DENIED: "l'accès a été refusé",
    Reason.NO_CONTROL: "rien ne prouve qu'une réponse nous serait parvenue",
    Reason.UNSTABLE: "les réponses de cette adresse vont et viennent",
    Reason.OPENS_EVERYTHING: "cette adresse ouvre tous les ports, même inutilisés",
    Reason.NO_PRIVILEGE: "il faut les droits d'administration de l'ordinateur du contrôle",
    Reason.NOT_AUTHORIZED: "l'autorisation signée ne couvre pas ce point",
    Reason.PRIVATE_ADDRESS: "l'adresse publiée est privée ou réservée",
    Reason.BUDGET_SPENT: "le nombre de connexions prévu pour ce serveur est atteint",
    Reason.DEADLINE: "le contrôle a dépassé son temps",
    Reason.INTERRUPTED: "le contrôle a été interrompu",
    Reason.PROBE_CRASHED: "la sonde de cyberaudit a rencontré une erreur",
    Reason.NO_PROBE: "cette version ne sait pas encore le regarder",
    Reason.NOT_COLLECTED: "cela n'a pas été relevé cette fois-là",
    Reason.TOO_NEW: "ces données viennent d'une version plus récente de cyberaudit",
    Reason.NOT_LOOKED: "non regardé depuis cet endroit",
    Reason.NOT_DECLARED: "personne n'a encore répondu à cette question",
    Reason.DECLARATION_EXPIRED: "la réponse date de plus de douze mois",
    Reason.ANSWER_UNKNOWN: "la réponse donnée est « je ne sais pas »",
    Reason.NO_PLACE: "le profil ne dit pas où regarder",
}


@frozen
class Unreachable:
    """Looking failed: never a pass, never a failure."""

    reason: Reason
    detail: str = ""
    """The technical circumstance, already safe to show; may be empty."""

    def __str__(self) -> str:
        return f"{self.reason.french} ({self.detail})" if self.detail else self.reason.french


@frozen
class Evidence:
    """One raw thing seen, as the contractor would see it again."""

    label: str
    value: str


@frozen
class Item:
    """Plural detail of a verdict: an MX, a port, a rule number."""

    key: str
    """Stable from one scan to the next: `tcp/3389`, `R6`, a host name."""
    status: Status
    reason: str
    """A code, not a sentence."""
    text: str


@frozen
class Verdict:
    """The judgement of one check about one asset."""

    status: Status
    text: str
    """One French sentence: what was seen, subject first."""
    reason: str = ""
    """The code of the fault: `no-record`, `two-records`."""
    items: tuple[Item, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    likelihood: int | None = None
    """A measurement may raise the check's likelihood (1–4), never lower it."""
    before: date | None = None
    """The day by which it must be mended whatever the plan: a name or a certificate ends, or ended."""


class SeenFrom(StrEnum):
    """From where a check may be answered."""

    OUTSIDE = "outside"
    INSIDE = "inside"
    ANY = "any"
    LOCAL = "local"


class Basis(StrEnum):
    """On what a finding stands."""

    MEASURED = "measured"
    DECLARED = "declared"
    ATTESTED = "attested"
    """Declared with a document behind it."""


@frozen
class Finding:
    """A verdict with its identity and its weight."""

    identity: str
    check: str
    title: str
    """The check's question, in French."""
    asset: str
    """The asset's key, `domain/main`."""
    asset_name: str
    verdict: Verdict
    impact: int
    base_likelihood: int
    likelihood: int
    measure: str
    seen_from: SeenFrom
    basis: Basis
    contradiction: bool
    """What is declared is better than what is measured."""
    vantage: str
    seen_at: datetime

    @property
    def status(self) -> Status:
        return self.verdict.status

    @property
    def looked(self) -> bool:
        """False when this vantage could not look at all: such a finding never replaces another."""
        return self.verdict.reason != Reason.NOT_LOOKED

    @property
    def risk(self) -> int:
        """Impact × likelihood, 1 to 16, after what the measurement raised."""
        return self.impact * self.likelihood

    @property
    def base_risk(self) -> int:
        """Impact × likelihood as the check states them, 1 to 16."""
        return self.impact * self.base_likelihood

    @property
    def theme(self) -> str:
        return self.check.partition(".")[0]


def finding_identity(commune_id: str, check_id: str, asset_key: str) -> str:
    """The same for ever for one question about one thing of one town.

    Text, severity, addresses, vantage and version are kept out of it on purpose.
    """
    text = "\x1f".join((commune_id, check_id, asset_key))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@frozen
class Observation:
    """Facts of one kind about one asset, as stored. `facts` holds a `Facts` object or an `Unreachable`."""

    asset: str
    kind: str
    facts: object
    seen_at: datetime


@frozen
class Audit:
    """One scan: what was declared, seen and judged."""

    uuid: str
    town: Town
    vantage: str
    scanned_by: str
    started_at: datetime
    finished_at: datetime
    partial: bool
    """Interrupted: never a baseline."""
    rules: str
    """Hash of checks, settings, sources and measures that judged."""
    program: str
    """Version of cyberaudit."""
    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...]


@frozen
class Progress:
    """One step of a running scan."""

    done: int
    total: int
    text: str
    """The name of what is just over; empty at the start."""
    kind: str = ""
    """The kind of facts that are just in: `host-reach`."""
    under_way: tuple[tuple[str, str], ...] = ()
    """The others not over yet: name and kind of facts."""


ProgressCallback = Callable[[Progress], None]

__all__ = [
    "AssetKind",
    "Audit",
    "Basis",
    "Evidence",
    "Finding",
    "Item",
    "Observation",
    "Progress",
    "ProgressCallback",
    "Reason",
    "SeenFrom",
    "Status",
    "Unreachable",
    "Verdict",
    "finding_identity",
]

"""What the plan may propose: the remediation measures and the official documents they stand on."""

from enum import StrEnum

from cyberaudit.frozen import frozen


class Owner(StrEnum):
    """Who does it."""

    AGENT = "agent"
    ELU = "elu"
    CONTRACTOR = "contractor"

    @property
    def french(self) -> str:
        return {"agent": "un agent", "elu": "un élu", "contractor": "le prestataire informatique"}[self.value]


class Confidence(StrEnum):
    """How sure a source's address is; only `confirmed` ones are printed."""

    CONFIRMED = "confirmed"
    CONFLICTING = "conflicting"
    UNCONFIRMED = "unconfirmed"


@frozen
class Source:
    """One official document."""

    id: str
    """`PA-066`, `RCPNT`, `10M`: what a check cites before the rule's number (`PA-066 R44`)."""
    title: str
    publisher: str
    date: str
    """ISO, as precise as known: `2020-06-19`, `2020`; empty when not known."""
    url: str
    confidence: Confidence


@frozen
class Cost:
    """What it costs, in euros, tax included; a band counts at its upper end."""

    low: int
    high: int
    yearly: int
    """Subscription a year, on top; 0: none."""
    source: str
    """Where the figure comes from, with its date."""


@frozen
class Lot:
    """A part of a measure that can be bought and done alone, one a year."""

    title: str
    """« Les deux postes de l'accueil »"""
    cost: int
    """Euros, tax included, at the upper end."""
    yearly: int
    """Subscription a year, on top; 0: none."""
    days: float
    """Working days of the owner."""


@frozen
class Ranks:
    """Places in the three official ordered lists; 0: absent."""

    ten_measures: int
    cyberdepart: int
    monaidecyber: int


@frozen
class Measure:
    """One remediation of the catalogue."""

    id: str
    title: str
    """Infinitive, plain French, no port number: « Protéger le courrier contre l'usurpation »."""
    why: str
    """One or two sentences for the secretary."""
    owner: Owner
    cost: Cost
    days: float
    """Working days of the owner."""
    steps: tuple[str, ...]
    """For the secretary, in order."""
    contractor: str
    """A text ready to forward to the contractor; empty when no contractor is needed."""
    done_when: str
    """How one sees that it is done."""
    depends: tuple[str, ...]
    stopgap: str
    """A 0 € thing to do now; required when the fix costs money or takes over 7 days."""
    guidance_class: int
    """1 among the first actions of official guidance, 2 basic, 3 recommended, 4 our own advice."""
    ranks: Ranks
    sources: tuple[str, ...]
    """`PA-066 R44`: the first word is a source's id."""
    origin: str
    """File it was read from."""
    lots: tuple[Lot, ...] = ()
    """Its parts in the order to take them, when it need not be done at once; together they are the whole."""


@frozen
class Remedies:
    """Measures and sources, by id."""

    measures: dict[str, Measure]
    sources: dict[str, Source]

"""The nine letters of Immunité Cyber: what each asks, who answers it here, and its colour."""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from cyberaudit.declared import Answer, AssetKind, Declaration, Town
from cyberaudit.frozen import frozen
from cyberaudit.model import Basis, Finding, Status

SOURCE = "IC"
"""Its entry in sources.yaml."""


class Light(StrEnum):
    """What the self-assessment says of a letter, and two honest words it does not have."""

    GREEN = "green"
    RED = "red"
    BLANK = "blank"
    """Nobody answered, or not yet measured."""
    NOT_APPLICABLE = "not-applicable"

    @property
    def french(self) -> str:
        return {"green": "vert", "red": "rouge", "blank": "sans réponse", "not-applicable": "sans objet"}[
            self
        ]


@frozen
class Letter:
    """One of the nine questions."""

    letter: str
    subject: str
    """What it is about, as the self-assessment has it."""
    practices: tuple[str, ...]
    """Declared practices that answer it."""
    checks: tuple[str, ...] = ()
    """Checks whose measurement answers it."""
    measured_as: str = ""
    """What the checks look at, for a person."""
    measured_instead: bool = False
    """The measurement alone is enough: the practices are asked only without it."""
    each_counts: bool = False
    """One thing that could not be measured leaves it unanswered: each is a way in."""
    by_audit: bool = False
    """A complete audit of the last twelve months answers it."""


# Gendarmerie nationale, AMF, Cybermalveillance.gouv.fr: the nine letters I-M-M-U-N-I-T-É-S (2023-01-13).
# Ours: which practices and checks of this program answer each.
LETTERS = (
    Letter("I", "Inventaire complet des équipements et des logiciels", ("inventory",)),
    Letter("M", "Mots de passe", ("passwords",)),
    Letter(
        "M",
        "Mises à jour et sauvegardes",
        ("workstation-updates",),
        ("backup.exists", "backup.fresh"),
        measured_as="Sauvegardes",
    ),
    Letter("U", "Utilisateurs sensibilisés dans l'année", ("awareness",)),
    Letter("N", "Neutralisation des virus", ("antivirus",)),
    Letter("I", "Informatique et libertés", ("data-protection-officer",)),
    Letter(
        "T",
        "Télétravail sécurisé",
        ("telework",),
        ("vpn.obsolete-tunnel", "vpn.protocols"),
        measured_instead=True,
        each_counts=True,
    ),
    Letter("É", "Évaluation de la sécurité", ("yearly-audit",), measured_instead=True, by_audit=True),
    Letter("S", "Services confiés à d'autres", ("provider-contracts",)),
)


@frozen
class Told:
    """One thing that answers a letter."""

    light: Light
    finding: Finding | None = None
    """The measurement; None for a practice, or an audit."""
    practice: str = ""
    """Its id."""
    said: Declaration | None = None
    """The answer; None when nobody validly gave one."""
    audited_on: date | None = None


@frozen
class Lit:
    """One letter and its colour."""

    letter: Letter
    light: Light
    told: tuple[Told, ...]
    """What the colour stands on; what is missing too."""


@frozen
class Immunity:
    """The whole self-assessment."""

    letters: tuple[Lit, ...]

    @property
    def light(self) -> Light:
        """Green when every letter that applies is; a red one makes it red; never green with a letter unanswered."""
        return together(each.light for each in self.letters)

    def count(self, light: Light) -> int:
        return sum(each.light is light for each in self.letters)

    @property
    def to_ask(self) -> tuple[str, ...]:
        """Practices that nobody validly answered and that no measurement replaces."""
        return tuple(
            each.practice
            for lit in self.letters
            for each in lit.told
            if each.practice and each.light is Light.BLANK
        )


def together(lights: Iterable[Light]) -> Light:
    """Red before blank before green; not applicable when nothing else is there."""
    found = set(lights)
    order = (Light.RED, Light.BLANK, Light.GREEN)
    return next((light for light in order if light in found), Light.NOT_APPLICABLE)


def immunity(town: Town, findings: Sequence[Finding], *, audited_on: date | None, today: date) -> Immunity:
    """The nine letters of `town`.

    Args:
        town: its profile, which holds the answers.
        findings: of the town state, those that nobody could answer too; may be empty.
        audited_on: the day of the newest complete audit of the last twelve months, if any.
        today: answers older than twelve months are none.
    """
    return Immunity(tuple(_lit(each, town, findings, audited_on, today) for each in LETTERS))


def _lit(
    letter: Letter, town: Town, findings: Sequence[Finding], audited_on: date | None, today: date
) -> Lit:
    found = _measured(letter, findings, audited_on)
    said = tuple(_said(practice, town, today) for practice in letter.practices)
    sure = tuple(each for each in found if each.light is not Light.BLANK)
    if not letter.measured_instead:
        told = (*said, *(found or ((Told(Light.BLANK),) if letter.checks else ())))
    elif sure and sure == found:
        told = sure
    else:
        # What was not measured is for a person to say; what was seen stands beside.
        told = (*sure, *said)
    return Lit(letter, together(each.light for each in told), told)


def _measured(letter: Letter, findings: Sequence[Finding], audited_on: date | None) -> tuple[Told, ...]:
    """What was seen, then what could not be and leaves the letter without an answer."""
    if letter.by_audit:
        return (Told(Light.GREEN, audited_on=audited_on),) if audited_on else ()
    asked = [
        each for each in findings if each.check in letter.checks and each.status is not Status.NOT_APPLICABLE
    ]
    known = [each for each in asked if each.basis is Basis.MEASURED and each.status.is_known]
    answered = frozenset[str]() if letter.each_counts else frozenset(each.check for each in known)
    lost = (each for each in asked if each not in known and each.check not in answered)
    return (
        *(Told(Light.GREEN if each.status is Status.PASS else Light.RED, finding=each) for each in known),
        *(Told(Light.BLANK, finding=each) for each in lost),
    )


_BY_ANSWER = {
    Answer.YES: Light.GREEN,
    # Ours: the self-assessment knows yes and no only; what is half done is still to do.
    Answer.PARTIAL: Light.RED,
    Answer.NO: Light.RED,
    Answer.UNKNOWN: Light.BLANK,
    Answer.NOT_APPLICABLE: Light.NOT_APPLICABLE,
}


def _said(practice: str, town: Town, today: date) -> Told:
    asset = town.asset(f"{AssetKind.PRACTICE}/{practice}")
    said = asset.declaration("answer") if asset else None
    if said is None or not said.holds_on(today):
        return Told(Light.BLANK, practice=practice)
    return Told(_BY_ANSWER[said.answer], practice=practice, said=said)


__all__ = ["LETTERS", "SOURCE", "Immunity", "Letter", "Light", "Lit", "Told", "immunity", "together"]

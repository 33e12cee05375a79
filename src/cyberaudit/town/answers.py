"""What a person may declare in a profile, under which key, and how it is written there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from enum import StrEnum

from cyberaudit.declared import Answer, AnyAsset, Asset, AssetKind, Declaration, Practice, Town, Waiver
from cyberaudit.errors import ProfileError, UsageError
from cyberaudit.frozen import frozen
from cyberaudit.town.known import MAY_NOT_APPLY, TEST_RESULTS
from cyberaudit.town.profile import SECTIONS, Profile
from cyberaudit.town.shape import DatedShape, SaidShape, TestedShape, fields_by_key, shape_at
from cyberaudit.town.source import Trail, Tree
from cyberaudit.town.splice import Spliced, put
from cyberaudit.town.suggestion import question, shown

CONFIRMED = "confirmed"
_ANSWER = "answer"

ANSWER_WORDS: dict[str, Answer] = {
    "yes": Answer.YES, "oui": Answer.YES, "o": Answer.YES,
    "no": Answer.NO, "non": Answer.NO, "n": Answer.NO,
    "partial": Answer.PARTIAL, "en partie": Answer.PARTIAL, "partie": Answer.PARTIAL, "partiel": Answer.PARTIAL,
    "p": Answer.PARTIAL,
    "unknown": Answer.UNKNOWN, "je ne sais pas": Answer.UNKNOWN, "?": Answer.UNKNOWN, "s": Answer.UNKNOWN,
    "not-applicable": Answer.NOT_APPLICABLE, "sans objet": Answer.NOT_APPLICABLE, "x": Answer.NOT_APPLICABLE,
}  # fmt: skip
"""What a person may type → the word of the profile."""

ANSWER_NAMES = {
    Answer.YES: "oui",
    Answer.NO: "non",
    Answer.PARTIAL: "en partie",
    Answer.UNKNOWN: "je ne sais pas",
    Answer.NOT_APPLICABLE: "sans objet",
}


class Form(StrEnum):
    """What an answer is made of."""

    CHOICE = "choice"
    """Yes, no, in part."""
    TEST = "test"
    """A trial: its day and its result."""
    DAY = "day"
    """A day."""
    PERSON = "person"
    """Who confirmed it."""


_QUESTIONS = {
    "restore_test": "Des fichiers de cette sauvegarde ont-ils été restaurés, pour essai ?",
    "failover_test": "La bascule sur ce lien a-t-elle été essayée ?",
    "firmware_date": "Cet équipement a-t-il été mis à jour ?",
    CONFIRMED: "Quelqu'un a-t-il vérifié que ces adresses sont bien les siennes ?",
}
"""Where what the schema says of the field is not a question."""


@frozen
class Declarable:
    """One thing that a person may declare."""

    asset: AnyAsset
    field: str
    """`answer` for a practice."""
    trail: Trail
    form: Form
    description: str
    """What the schema says of it; empty for a practice."""

    @property
    def key(self) -> str:
        """`mfa`, `backup/nas.restore_test`."""
        return self.asset.id if isinstance(self.asset, Practice) else f"{self.asset.key}.{self.field}"

    @property
    def may_not_apply(self) -> bool:
        """« Sans objet » answers it."""
        return isinstance(self.asset, Practice) and self.asset.id in MAY_NOT_APPLY

    @property
    def declaration(self) -> Declaration | None:
        return self.asset.declaration(self.field)

    @property
    def question(self) -> str:
        """« « Accès des agents » : demande-t-il une double authentification ? » ; empty for a practice."""
        text = _QUESTIONS.get(self.field, self.description)
        return f"« {self.asset.name} » : {text[:1].lower()}{text[1:]}" if text else ""

    @property
    def name(self) -> str:
        """What is declared, in a few words: the practice, or the question."""
        return self.asset.name if isinstance(self.asset, Practice) else self.question


@frozen
class Said:
    """One answer, ready to be written."""

    by: str
    on: date
    answer: Answer | None = None
    value: str = ""
    result: str = ""
    """`ok` or `errors`; empty when it is not about a trial."""
    proof: str = ""
    sha256: str = ""

    def block(self) -> dict[str, Tree]:
        """As the profile writes it, what is empty left out."""
        words = {
            "answer": str(self.answer or ""),
            "value": self.value,
            "result": self.result,
            "by": self.by,
            "on": self.on.isoformat(),
            "proof": self.proof,
            "sha256": self.sha256,
        }
        return {key: word for key, word in words.items() if word}


def declarables(profile: Profile) -> Iterator[Declarable]:
    """Everything that may be declared of what the profile names."""
    for asset in profile.town.assets:
        if isinstance(asset, Practice):
            section, *written = profile.trail_of(asset.key)
            trail = (section, written[0] if written else asset.id)
            yield Declarable(asset, _ANSWER, trail, Form.CHOICE, "")
        else:
            yield from _of_asset(profile, asset)


def _of_asset(profile: Profile, asset: AnyAsset) -> Iterator[Declarable]:
    trail = profile.trail_of(asset.key)
    shape = shape_at((SECTIONS[asset.kind], 0))
    if shape is None or len(trail) < 2:
        return
    for field, info in fields_by_key(shape).items():
        said = shape_at((SECTIONS[asset.kind], 0, field))
        if said is not None and issubclass(said, SaidShape):
            yield Declarable(asset, field, (*trail, field), _form(field, said), info.description or "")


def _form(field: str, shape: type[SaidShape]) -> Form:
    if issubclass(shape, TestedShape):
        return Form.TEST
    if issubclass(shape, DatedShape):
        return Form.DAY
    return Form.PERSON if field == CONFIRMED else Form.CHOICE


def declarable(profile: Profile, key: str) -> Declarable:
    """What `mfa` or `backup/nas.restore_test` names.

    Raises:
        UsageError: nothing of the sort in this profile, with the nearest key.
    """
    every = {each.key: each for each in declarables(profile)}
    wanted = key.removeprefix(f"{AssetKind.PRACTICE}/")
    found = every.get(wanted) or every.get(_underscored(wanted))
    if found is None:
        hint = question(wanted, every)
        raise UsageError(
            f"« {shown(key)} » n'est ni une pratique ni une réponse que ce profil peut porter{hint}"
            " Voir « cyberaudit questions PROFIL --list »."
        )
    return found


def _underscored(key: str) -> str:
    """`backup/nas.restore-test` as the YAML has it; a practice with its dashes."""
    asset, dot, field = key.rpartition(".")
    return f"{asset}{dot}{field.replace('-', '_')}" if dot else key.replace("_", "-")


def declare(profile: Profile, what: Declarable, said: Said) -> Spliced:
    """The profile with this answer, and nothing else changed.

    Raises:
        UsageError: the answer is not of the right form.
        ProfileError: the profile cannot be changed at this place alone.
    """
    _refuse_malformed(what, said)
    made = put(profile, what.trail, said.block())
    before, after = (_without(each.town, what) for each in (profile, made.after))
    asset = made.after.town.asset(what.asset.key)
    if before != after or asset is None or not _says(asset, what.field, said):
        sentence = "Ce changement toucherait à autre chose que cette réponse : rien n'est changé."
        raise ProfileError(profile.problem(sentence, what.trail))
    return made


def _refuse_malformed(what: Declarable, said: Said) -> None:
    if said.result and what.form is not Form.TEST:
        raise UsageError(
            f"--result ne sert que pour un essai (restore_test, failover_test), pas pour « {what.key} »."
        )
    if said.result and said.answer is not None:
        raise UsageError("Donnez la réponse ou --result, pas les deux.")
    if said.answer is Answer.NOT_APPLICABLE and not what.may_not_apply:
        raise UsageError(f"« {what.key} » se demande partout : « sans objet » n'y répond pas.")
    if what.form is Form.DAY and said.answer in (Answer.YES, None) and not said.value:
        raise UsageError(f"« {what.key} » est une date : ajoutez --value 2026-09-15, ou répondez non.")
    given = bool(
        said.answer or said.result or (said.value and what.form is Form.DAY) or what.form is Form.PERSON
    )
    if not given:
        words = "oui, non, partial ou unknown (« je ne sais pas »)"
        other = f", ou --result {' ou '.join(TEST_RESULTS)}" if what.form is Form.TEST else ""
        other += ", ou « sans objet »" if what.may_not_apply else ""
        raise UsageError(f"Il manque la réponse : {words}{other}.")


def _without(town: Town, what: Declarable) -> Town:
    """The town with nothing said there."""
    return replace(town, assets=tuple(_silent(each, what) for each in town.assets))


def _silent(asset: AnyAsset, what: Declarable) -> AnyAsset:
    if asset.key != what.asset.key:
        return asset
    return replace(asset, declared=tuple(each for each in asset.declared if each.field != what.field))


def _says(asset: Asset, field: str, said: Said) -> bool:
    found = asset.declaration(field)
    return found is not None and (found.by, found.on, found.proof, found.sha256, found.value) == (
        said.by,
        said.on,
        said.proof,
        said.sha256,
        said.value,
    )


def waive(profile: Profile, waiver: Waiver) -> Spliced:
    """The profile with this risk accepted, in place of what was accepted for the same check and thing.

    Raises:
        ProfileError: the profile cannot be changed at this place alone, or refuses the waiver.
    """
    kept = [(each.check, each.asset) for each in profile.town.waivers]
    about = (waiver.check, waiver.asset)
    rank = kept.index(about) if about in kept else len(kept)
    made = put(profile, ("waivers", rank), _waiver_block(waiver))
    others = profile.town.waivers
    expected = replace(profile.town, waivers=(*others[:rank], waiver, *others[rank + 1 :]))
    if made.after.town != expected:
        sentence = "Ce changement toucherait à autre chose que cette dérogation : rien n'est changé."
        raise ProfileError(profile.problem(sentence, ("waivers",)))
    return made


def _waiver_block(waiver: Waiver) -> dict[str, Tree]:
    words = {
        "check": f"{waiver.check}@{waiver.asset}" if waiver.asset else waiver.check,
        "reason": waiver.reason,
        "decided_by": waiver.decided_by,
        "decided_on": waiver.decided_on.isoformat(),
        "until": waiver.until.isoformat(),
        "stopgap": waiver.stopgap,
    }
    return {key: word for key, word in words.items() if word}


__all__ = [
    "ANSWER_NAMES",
    "ANSWER_WORDS",
    "Declarable",
    "Form",
    "Said",
    "declarable",
    "declarables",
    "declare",
    "waive",
]

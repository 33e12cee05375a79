"""`cyberaudit declare`, `waive` and `questions`: from what a person says to a profile that says so, and its file."""

import codecs
import hashlib
import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cyberaudit import french
from cyberaudit.declared import DECLARATION_MONTHS, Answer, Document, Waiver, months_later
from cyberaudit.engine.catalogue import Catalogue, asked
from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.private_file import ChangedMeanwhile, rewrite
from cyberaudit.refusals import quoted, system_clause
from cyberaudit.sdk import Check
from cyberaudit.town import answers, values
from cyberaudit.town.answers import ANSWER_NAMES, ANSWER_WORDS, Declarable, Form, Said
from cyberaudit.town.known import TEST_RESULTS
from cyberaudit.town.load import load_profile
from cyberaudit.town.profile import Profile
from cyberaudit.town.proofs import digest_under
from cyberaudit.town.splice import Spliced
from cyberaudit.town.suggestion import question, shown

# Ours: who sits on a French municipal or intercommunal council (CGCT, L2122-1, L5211-9): only they accept a risk.
_ELECTED = re.compile(
    r"\b(maires?|mairesse|adjointe?s?|conseill(er|ère)s? (municipale?|délégué)\w*|élue?s?|(vice-)?présidente?s?)\b",
    re.IGNORECASE,
)
_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


@frozen
class SaidWords:
    """An answer as typed."""

    by: str
    answer: str = ""
    on: str = ""
    value: str = ""
    result: str = ""
    proof: str = ""


@frozen
class WaivedWords:
    """A waiver as typed."""

    target: str
    """`mail.spf`, `mail.spf@main`."""
    reason: str
    by: str
    until: str
    on: str = ""
    stopgap: str = ""


@frozen
class Proposed:
    """A change that nobody has written yet."""

    made: Spliced
    path: Path
    sentence: str
    """What the profile will say, in French."""
    remarks: tuple[str, ...]

    @property
    def changes_nothing(self) -> bool:
        return self.made.before.text == self.made.after.text


def today_of(profile: Profile, now: datetime) -> date:
    """The day it is in the town."""
    return now.astimezone(ZoneInfo(profile.town.commune.timezone)).date()


def propose_answer(path: Path, key: str, words: SaidWords, *, now: datetime) -> Proposed:
    """The profile at `path` with one more answer.

    Raises:
        UsageError: no such thing to declare, or not such an answer.
        ProfileError: the profile cannot be read, or not changed at this place alone.
    """
    profile = load_profile(path)
    what, today = answers.declarable(profile, key), today_of(profile, now)
    said = _said(words, folder=path.resolve().parent, today=today)
    return answered(profile, path, what, said, today=today)


def answered(profile: Profile, path: Path, what: Declarable, said: Said, *, today: date) -> Proposed:
    """The profile with this answer."""
    made = answers.declare(profile, what, said)
    remarks = []
    if said.proof and not said.sha256:
        remarks.append("Aucun fichier ne porte ce nom : la preuve est notée telle quelle, sans empreinte.")
    if said.sha256 and isinstance(digest_under(path.resolve().parent, said.proof), Document):
        remarks.append("Les contrôles ne pourront pas relire ce document : rangez-le à côté du profil.")
    if today > months_later(said.on, DECLARATION_MONTHS):
        remarks.append("Cette réponse a plus de douze mois : le rapport la redemandera.")
    return Proposed(made, path, french.typeset(_told(what, made)), tuple(remarks))


def _told(what: Declarable, made: Spliced) -> str:
    asset = made.after.town.asset(what.asset.key)
    said = asset.declaration(what.field) if asset else None
    assert said is not None
    name = f"{what.name} —" if what.name.endswith("?") else f"{what.name} :"
    text = ANSWER_NAMES[said.answer]
    if what.form is Form.DAY and said.value:
        text = f"le {french.day(values.day(said.value))}"
    return (
        f"{name} {text}. Selon {said.by}, le {french.day(said.on)}. Vaut jusqu'au {french.day(said.until)}."
    )


def _said(words: SaidWords, *, folder: Path, today: date) -> Said:
    proof, sha256 = _proof(words.proof, folder)
    return Said(
        by=read_line("--by", words.by),
        on=read_past_day("--on", words.on, today=today) if words.on else today,
        answer=read_answer(words.answer) if words.answer else None,
        value=read_line("--value", words.value) if words.value else "",
        result=_result(words.result),
        proof=proof,
        sha256=sha256,
    )


def read_answer(text: str) -> Answer:
    """« oui », « yes », « en partie ».

    Raises:
        UsageError: none of the words that exist.
    """
    found = ANSWER_WORDS.get(" ".join(text.casefold().split()))
    if found is None:
        hint = question(text, [word for word in ANSWER_WORDS if len(word) > 1])
        raise UsageError(
            f"« {shown(text)} » n'est pas une réponse{hint} Écrivez oui, non, partial (en partie) "
            "ou unknown (je ne sais pas)."
        )
    return found


def _result(text: str) -> str:
    if text and text not in TEST_RESULTS:
        raise UsageError(f"--result : écrivez {' ou '.join(TEST_RESULTS)}, pas « {shown(text)} ».")
    return text


def read_line(option: str, text: str) -> str:
    """One line of text that a profile may hold.

    Raises:
        UsageError: nothing, or too much.
    """
    if not text.strip():
        example = ' Exemple : --by "Nom, qualité".' if option == "--by" else ""
        raise UsageError(f"Il manque {option}.{example}")
    try:
        return values.text(clean(text, limit=2 * values.MAX_TEXT))
    except values.RefusedError as error:
        raise UsageError(f"{option} : {error}") from None


def read_day(option: str, text: str) -> date:
    """« 2026-11-21 », « 21/11/2026 ».

    Raises:
        UsageError: not a day.
    """
    if not text.strip():
        raise UsageError(f"Il manque {option}.")
    french_form = _DAY.fullmatch(text.strip())
    iso = "{2}-{1:0>2}-{0:0>2}".format(*french_form.groups()) if french_form else text.strip()
    try:
        return values.day(iso)
    except values.RefusedError as error:
        raise UsageError(f"{option} : {error}") from None


def read_past_day(option: str, text: str, *, today: date) -> date:
    """A day that has come.

    Raises:
        UsageError: not a day, or one to come.
    """
    day = read_day(option, text)
    if day > today:
        raise UsageError(f"{option} : le {french.day(day)} n'est pas encore arrivé.")
    return day


def _proof(text: str, folder: Path) -> tuple[str, str]:
    """How the proof is named in the profile, and its digest when it is a file."""
    if not text:
        return "", ""
    named = read_line("--proof", text)
    found = next((path for path in (Path(text), folder / text) if _is_file(path)), None)
    if found is None:
        return named, ""
    real = found.resolve()
    shown_name = str(real.relative_to(folder)) if real.is_relative_to(folder) else named
    try:
        with real.open("rb") as file:
            return read_line("--proof", shown_name), hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"--proof : {quoted(found)} ne se lit pas ({system_clause(error)}).") from None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def propose_waiver(path: Path, words: WaivedWords, catalogue: Catalogue, *, now: datetime) -> Proposed:
    """The profile at `path` with one risk accepted until a date.

    Raises:
        UsageError: no such check or thing, a date out of bounds, a reason too short, nobody elected.
        ProfileError: the profile cannot be read, or not changed at this place alone.
    """
    profile = load_profile(path)
    check, asset = target_of(words.target, profile, catalogue)
    on, until = _bounds(words, today=today_of(profile, now))
    waiver = Waiver(
        check=check.id,
        asset=asset,
        reason=read_reason(words.reason),
        decided_by=read_elected("--by", words.by, refusal="seul un élu accepte un risque"),
        decided_on=on,
        until=until,
        stopgap=read_line("--stopgap", words.stopgap) if words.stopgap else "",
    )
    made = answers.waive(profile, waiver)
    title = catalogue.fiches[check.id].title
    sentence = f"Jusqu'au {french.day(until)}, ce risque est accepté par {waiver.decided_by} : « {title} »"
    return Proposed(made, path, french.typeset(sentence), _waiver_remarks(waiver))


def _waiver_remarks(waiver: Waiver) -> tuple[str, ...]:
    always = "Ce point reste en défaut dans le niveau. Il quitte le plan jusqu'à cette date."
    return (always,) if waiver.stopgap else (always, "Rien n'est prévu en attendant : voir --stopgap.")


def target_of(text: str, profile: Profile, catalogue: Catalogue) -> tuple[Check, str]:
    """The check and the asset's id, empty for every asset, that `mail.spf@main` names.

    Raises:
        UsageError: no such check, or it is about no such thing in this profile.
    """
    name, _, asset = text.partition("@")
    check = catalogue.check(name)
    if check is None:
        hint = question(name, [each.id for each in catalogue.checks])
        raise UsageError(f"Le contrôle « {shown(name)} » n'existe pas{hint} Voir « cyberaudit checks list ».")
    asset = asset.removeprefix(f"{check.about}/")
    concerned = [each.id for _, each in asked(profile.town, [check])]
    if not concerned:
        raise UsageError(f"Le contrôle « {name} » ne concerne rien de ce que ce profil déclare.")
    if asset and asset not in concerned:
        raise UsageError(
            f"Le contrôle « {name} » ne concerne pas « {shown(asset)} »{question(asset, concerned)}"
            f" Il concerne : {french.listed(concerned)}."
        )
    return check, asset


def read_reason(text: str) -> str:
    """Why, in ten characters or more.

    Raises:
        UsageError: shorter, or too long.
    """
    line = read_line("--reason", text)
    try:
        return values.reason(line)
    except values.RefusedError as error:
        raise UsageError(f"--reason : {error}") from None


def read_elected(option: str, text: str, *, refusal: str) -> str:
    """« Hélène Marchand, maire »; nobody can tell from here whether it is true.

    Raises:
        UsageError: no quality of an élu, with `refusal`, a clause: « seul un élu accepte un risque ».
    """
    by = read_line(option, text)
    if not _ELECTED.search(by.partition(",")[2]):
        raise UsageError(
            f"{option} : {refusal}. Écrivez son nom, une virgule et sa qualité,"
            " comme « Hélène Marchand, maire »."
        )
    return by


def _bounds(words: WaivedWords, *, today: date) -> tuple[date, date]:
    on = read_past_day("--on", words.on, today=today) if words.on else today
    until, last = read_day("--until", words.until), months_later(on, DECLARATION_MONTHS)
    if until < today:
        raise UsageError(f"--until : le {french.day(until)} est déjà passé.")
    if until > last:
        raise UsageError(
            f"--until : un risque s'accepte pour douze mois au plus, jusqu'au {french.day(last)}."
        )
    return on, until


def save(proposed: Proposed) -> None:
    """Write the changed profile, whole or not at all; its rights and its owner stay.

    Raises:
        UsageError: the file changed since it was read, or cannot be written.
    """
    path, made = proposed.path, proposed.made
    try:
        mark = codecs.BOM_UTF8 if path.read_bytes().startswith(codecs.BOM_UTF8) else b""
        rewrite(path, mark + made.after.text.encode(), expected=mark + made.before.text.encode())
    except ChangedMeanwhile:
        raise UsageError(
            f"Le profil {quoted(path)} vient d'être changé par quelqu'un d'autre : rien n'est écrit. Recommencez."
        ) from None
    except OSError as error:
        raise UsageError(f"Le profil {quoted(path)} n'est pas changé : {system_clause(error)}.") from None


__all__ = [
    "Proposed",
    "SaidWords",
    "WaivedWords",
    "answered",
    "propose_answer",
    "propose_waiver",
    "read_answer",
    "read_day",
    "read_elected",
    "read_line",
    "read_past_day",
    "read_reason",
    "save",
    "target_of",
    "today_of",
]

"""`cyberaudit plan`: the plan of what is stored under the choices of today's profile, and what people decide of it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from cyberaudit import french
from cyberaudit.declared import Adoption, Ceiling, Completion, PlanChoices, Town
from cyberaudit.engine.catalogue import Catalogue, asked
from cyberaudit.engine.measures import Measure
from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.history.state import zone_of
from cyberaudit.history.store import open_history
from cyberaudit.plan.adopted import later_starts, starts_of
from cyberaudit.plan.words import Action, ActionKind, Plan, Quarter, Standing
from cyberaudit.refusals import quoted
from cyberaudit.reports.quote_request import QuoteRequest
from cyberaudit.reports.quote_request import quote_request as quote_request_of
from cyberaudit.run.answers import (
    Proposed,
    read_day,
    read_elected,
    read_line,
    read_past_day,
    read_reason,
    today_of,
)
from cyberaudit.run.report import report
from cyberaudit.run.tell import Told, tell_state
from cyberaudit.sdk import Check, OnDeclaration
from cyberaudit.town import adoptions
from cyberaudit.town.answers import Form, declarables
from cyberaudit.town.load import load_profile
from cyberaudit.town.profile import Profile
from cyberaudit.town.splice import Spliced
from cyberaudit.town.suggestion import question, shown

# Product decision, 2026: the quarters that the plan fills, the current one counted.
HORIZON = 12
_COMMUNE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_REFUSAL = "seul un élu adopte ou reporte une date"
_UNVERIFIED = "cyberaudit ne peut pas vérifier qui décide : gardez une trace signée de cette décision."


@frozen
class Planned:
    """The plan of one commune at one moment."""

    told: Told
    catalogue: Catalogue
    now: datetime
    file: Path | None
    """The profile whose choices count; None: those of the newest control."""

    @property
    def today(self) -> date:
        """In the town."""
        return self.now.astimezone(zone_of(self.told.state.town)).date()

    @property
    def plan(self) -> Plan:
        return self.told.plan


def planned(history: Path, catalogue: Catalogue, *, subject: str | None, now: datetime) -> Planned:
    """The plan of a commune, without network: findings from the history.

    `subject`: a profile, whose plan, waivers and name count as they are today; or a commune's id; None: the only
    commune there is.

    Raises:
        HistoryError: nothing is stored, or nothing recent enough.
        UsageError: the commune is not there, or not said.
        ProfileError: the profile cannot be read.
    """
    if subject is None or (_COMMUNE.fullmatch(subject) and not Path(subject).exists()):
        told = report(history, catalogue, commune=subject, now=now)
        return Planned(told, catalogue, now, None)
    path = Path(subject)
    profile = load_profile(path)
    _refuse_unknown(history, profile, path)
    told = report(history, catalogue, commune=profile.town.id, now=now, profile=profile.town)
    return Planned(told, catalogue, now, path)


def _refuse_unknown(history: Path, profile: Profile, path: Path) -> None:
    with open_history(history, create=False) as store:
        known = store.communes()
    if known and profile.town.id not in known:
        raise UsageError(
            f"Le profil {quoted(path)} décrit « {profile.town.id} », dont aucun contrôle n'est gardé"
            f" (communes connues : {', '.join(known)}). Lancez d'abord « cyberaudit scan »."
        )


def _under(before: Planned, town: Town) -> Planned:
    """The same findings planned for `town`."""
    state = replace(before.told.state, town=town)
    return replace(before, told=tell_state(state, before.catalogue, now=before.now))


def with_choices(before: Planned, choices: PlanChoices) -> Planned:
    """The same findings under other choices."""
    return _under(before, replace(before.told.state.town, plan=choices))


def with_ceilings(before: Planned, texts: Sequence[str]) -> Planned:
    """The same with the ceilings that `--ceiling` gives: « 5000 » for every year to come, « 2027=5000 » for one.

    Raises:
        UsageError: not such an amount, or a year that the plan does not reach.
    """
    chosen = {each.year: each.euros for each in before.told.state.town.plan.ceilings}
    for text in texts:
        chosen |= read_ceiling(text, today=before.today)
    ceilings = tuple(Ceiling(year, euros) for year, euros in sorted(chosen.items()))
    return with_choices(before, replace(before.told.state.town.plan, ceilings=ceilings))


def read_ceiling(text: str, *, today: date) -> dict[int, int]:
    """Years and their ceilings in euros; an amount alone leaves the current year, whose budget is voted, as it is.

    Raises:
        UsageError: not such an amount, or a year that the plan does not reach.
    """
    year, is_one_year, euros = text.replace(" ", "").rpartition("=")
    # Ours: as in the profile, ten million euros is a typing mistake.
    if not (euros.isascii() and euros.isdigit() and int(euros) <= 10_000_000):
        raise UsageError(
            f"--ceiling : « {shown(text)} » n'est ni un montant (5000) ni une année (2027=5000)."
        )
    years = range(today.year, Quarter.of(today).plus(HORIZON - 1).year + 1)
    if not is_one_year:
        return dict.fromkeys(years[1:], int(euros))
    if year not in map(str, years):
        raise UsageError(f"--ceiling : le plan va de {years[0]} à {years[-1]}, pas « {shown(year)} ».")
    return {int(year): int(euros)}


@frozen
class AdoptWords:
    """A decision of an élu as typed."""

    measures: tuple[str, ...]
    by: str
    due: str = ""
    everything: bool = False
    """Every date that is proposed."""


def propose_adoption(before: Planned, words: AdoptWords) -> Proposed:
    """The profile with these dates adopted.

    Raises:
        UsageError: nobody elected, a measure that is not in the plan, a date that is past or already adopted.
        ProfileError: the profile cannot be read, or not changed at this place alone.
    """
    path, profile = _profile(before)
    by = read_elected("--by", words.by, refusal=_REFUSAL)
    due = _day_to_come("--due", words.due, today=before.today) if words.due else None
    known = {each.measure: each for each in profile.town.plan.adoptions}
    found = [
        _adopted(action, known.get(action.measure.id), due=due, by=by, today=before.today)
        for action in _chosen(before, words)
    ]
    changed = [each for each in found if known.get(each.measure) != each]
    if not changed:
        return Proposed(Spliced(profile, profile, ("plan",)), path, "", ())
    made = adoptions.adopt(profile, changed)
    return Proposed(made, path, _told_adoption(changed, before), (*_doubts(before, made), _UNVERIFIED))


def _profile(before: Planned) -> tuple[Path, Profile]:
    assert before.file is not None
    return before.file, load_profile(before.file)


def _chosen(before: Planned, words: AdoptWords) -> list[Action]:
    if not words.measures and not words.everything:
        raise UsageError("Nommez les mesures, ou ajoutez --all pour toutes les dates proposées.")
    if words.everything:
        found = [each for each in before.plan.actions if _is_proposed(each, before.today)]
        if words.measures or words.due:
            raise UsageError("--all adopte les dates proposées : ni mesure ni --due avec lui.")
        return found
    return [action_of(measure, before) for measure in dict.fromkeys(words.measures)]


def _is_proposed(action: Action, today: date) -> bool:
    to_come = action.due is not None and action.due >= today
    return action.kind is ActionKind.MEND and action.standing is Standing.PROPOSED and to_come


def action_of(measure: str, before: Planned) -> Action:
    """The action of the plan that mends with `measure`.

    Raises:
        UsageError: there is none.
    """
    mends = {each.measure.id: each for each in before.plan.actions if each.kind is ActionKind.MEND}
    if measure in mends:
        return mends[measure]
    if any(each.measure.id == measure for each in before.plan.actions):
        raise UsageError(
            f"« {shown(measure)} » n'a pas de date à adopter : répondez d'abord par « cyberaudit questions »,"
            " ou regardez par « cyberaudit verify »."
        )
    if measure in before.catalogue.remedies.measures:
        raise UsageError(f"« {shown(measure)} » n'est pas au plan : rien n'y est à corriger pour l'instant.")
    raise UsageError(f"« {shown(measure)} » n'est pas une mesure du plan{question(measure, mends)}")


def measure_of(measure: str, catalogue: Catalogue) -> Measure:
    """The measure of that id.

    Raises:
        UsageError: there is none.
    """
    found = catalogue.remedies.measures.get(measure)
    if found is None:
        raise UsageError(
            f"« {shown(measure)} » n'est pas une mesure{question(measure, catalogue.remedies.measures)}"
        )
    return found


def _adopted(action: Action, old: Adoption | None, *, due: date | None, by: str, today: date) -> Adoption:
    """The decision, or the one that stands when it says nothing else."""
    name, wanted = action.measure.id, due or (old.due if old else action.due)
    if old and wanted == old.due:
        return old
    if old and wanted and wanted > old.due:
        raise UsageError(
            f"« {name} » est adoptée pour le {french.day(old.due)} : une date se repousse par"
            " « cyberaudit plan postpone », avec sa raison."
        )
    if wanted is None:
        raise UsageError(f"« {name} » est à arbitrer, sans date proposée : donnez-en une avec --due.")
    if wanted < today:
        raise UsageError(
            f"« {name} » : la date proposée, le {french.day(wanted)}, est passée. Ajoutez --due."
        )
    # As it was proposed; another date says nothing of when it begins.
    starts = starts_of(action) if wanted == action.due and action.adoption is None else ()
    return Adoption(name, wanted, by, today, starts=starts)


def _day_to_come(option: str, text: str, *, today: date) -> date:
    day = read_day(option, text)
    if day < today:
        raise UsageError(f"{option} : le {french.day(day)} est déjà passé.")
    return day


def _told_adoption(changed: Sequence[Adoption], before: Planned) -> str:
    first = changed[0]
    who = f"par {first.by}, le {french.day(first.on)}"
    if len(changed) > 1:
        return french.typeset(f"{french.number(len(changed))} dates adoptées {who}.")
    title = _title(first.measure, before.catalogue)
    return french.typeset(f"« {title} » : à faire avant le {french.day(first.due)}. Date adoptée {who}.")


def _title(measure: str, catalogue: Catalogue) -> str:
    found = catalogue.remedies.measures.get(measure)
    return found.title if found else measure


def _doubts(before: Planned, made: Spliced) -> tuple[str, ...]:
    """What the new dates leave « à confirmer », or put so."""
    after = with_choices(before, made.after.town.plan)
    old = {each.measure.id for each in before.plan.actions if each.standing is Standing.TO_CONFIRM}
    return tuple(
        french.typeset(
            f"« {each.measure.title} » reste à confirmer : cette date dépasse le plafond ou vient trop tôt."
        )
        for each in after.plan.actions
        if each.standing is Standing.TO_CONFIRM and each.measure.id not in old
    )


@frozen
class PostponeWords:
    """A postponement as typed."""

    measure: str
    to: str
    reason: str
    by: str


def propose_postponement(before: Planned, words: PostponeWords) -> Proposed:
    """The profile with an adopted date moved to a later one.

    Raises:
        UsageError: the measure is not adopted, the date is not later, no reason, nobody elected.
        ProfileError: the profile cannot be read, or not changed at this place alone.
    """
    path, profile = _profile(before)
    known = {each.measure: each for each in profile.town.plan.adoptions}
    old = known.get(words.measure)
    if old is None:
        raise UsageError(
            f"« {shown(words.measure)} » n'a pas de date adoptée{question(words.measure, known)}"
            " Voir « cyberaudit plan adopt »."
        )
    by, due = read_elected("--by", words.by, refusal=_REFUSAL), _later("--to", words.to, old, before.today)
    moved = Adoption(
        old.measure,
        due,
        by,
        before.today,
        reason=read_reason(words.reason),
        first_due=old.first_due or old.due,
        starts=later_starts(old, due),
    )
    made = adoptions.adopt(profile, [moved])
    sentence = (
        f"« {_title(old.measure, before.catalogue)} » : repoussée du {french.day(old.due)}"
        f" au {french.day(due)}. Décidé par {by}, le {french.day(before.today)}."
    )
    return Proposed(made, path, french.typeset(sentence), (*_doubts(before, made), _UNVERIFIED))


def _later(option: str, text: str, old: Adoption, today: date) -> date:
    due = _day_to_come(option, text, today=today)
    if due <= old.due:
        raise UsageError(
            f"{option} : un report va après la date adoptée, le {french.day(old.due)}."
            " Pour avancer une date : « cyberaudit plan adopt --due »."
        )
    return due


def propose_completion(
    path: Path, catalogue: Catalogue, *, measure: str, by: str, on: str, now: datetime
) -> tuple[Proposed, tuple[str, ...]]:
    """The profile with somebody's word that a measure is done, and the commands that would show it.

    Raises:
        UsageError: no such measure, nobody said, a day to come.
        ProfileError: the profile cannot be read, or not changed at this place alone.
    """
    profile = load_profile(path)
    wanted, today = measure_of(measure, catalogue), today_of(profile, now)
    day = read_past_day("--on", on, today=today) if on else today
    done = Completion(wanted.id, read_line("--by", by), day)
    made = adoptions.complete(profile, done)
    sentence = f"« {wanted.title} » : déclarée faite par {done.by}, le {french.day(day)}."
    remark = "Cela compte quand un contrôle ou une réponse le montre. D'ici là, l'action reste au plan."
    proposed = Proposed(made, path, french.typeset(sentence), (remark,))
    return proposed, proving(profile, catalogue, measure=wanted.id)


def quote_request(before: Planned, measure: str, *, technical: bool) -> QuoteRequest:
    """A request for a quote for one measure, with what is to be treated when the plan holds it.

    Raises:
        UsageError: no such measure.
    """
    wanted, view = measure_of(measure, before.catalogue), before.told.view
    told = [each for each in (*view.urgent, *view.next_actions) if each.measure == measure]
    return quote_request_of(
        wanted,
        town=view.commune_name,
        today=before.today,
        to_treat=told[0].to_treat if told else (),
        remedies=before.catalogue.remedies,
        technical=technical,
    )


def proving(profile: Profile, catalogue: Catalogue, *, measure: str) -> tuple[str, ...]:
    """What to type so that a control or an answer shows the measure done: `verify turn-on-mfa`, `declare mfa oui`.

    Each without the program's name, the profile and who says so; one for all that is measured, one a question.
    """
    pairs = [
        (check, asset)
        for check, asset in asked(profile.town, catalogue.checks)
        if check.measure == measure and not _is_off(profile.town, check.id)
    ]
    known = {(each.asset.key, each.field): each for each in declarables(profile)}
    on_word = [(asset.key, check.needs[0]) for check, asset in pairs if _is_declared(check)]
    measured = len(on_word) < len(pairs)
    declared = dict.fromkeys(
        f"declare {known[key, need.field].key} {_ANSWERS[known[key, need.field].form]}".rstrip()
        for key, need in on_word
        if isinstance(need, OnDeclaration) and (key, need.field) in known
    )
    return (*([f"verify {measure}"] if measured else []), *declared)


_ANSWERS = {Form.CHOICE: "oui", Form.TEST: "--result ok --on DATE", Form.DAY: "--value DATE", Form.PERSON: ""}


def _is_declared(check: Check) -> bool:
    return all(isinstance(need, OnDeclaration) for need in check.needs)


def _is_off(town: Town, check: str) -> bool:
    choice = town.check_choice(check)
    return choice is not None and choice.off != ""


__all__ = [
    "AdoptWords",
    "Planned",
    "PostponeWords",
    "action_of",
    "measure_of",
    "planned",
    "propose_adoption",
    "propose_completion",
    "propose_postponement",
    "proving",
    "quote_request",
    "read_ceiling",
    "with_ceilings",
    "with_choices",
]

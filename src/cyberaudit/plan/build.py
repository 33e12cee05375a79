"""The plan: from findings and the catalogue to few ordered and dated actions, questions and what was not seen."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from cyberaudit.declared import PlanChoices, Quote, Town
from cyberaudit.engine.measures import Cost, Measure, Remedies
from cyberaudit.frozen import frozen
from cyberaudit.model import Finding
from cyberaudit.plan.actions import in_plan_order, make_action, ranked, worst_first
from cyberaudit.plan.asked import ANSWER_QUESTIONS, questions_of, verifying, with_questions
from cyberaudit.plan.books import Books, opened
from cyberaudit.plan.dates import dated
from cyberaudit.plan.level import applies, assess, is_known, is_open
from cyberaudit.plan.placement import place
from cyberaudit.plan.waivers import covering
from cyberaudit.plan.words import Action, ActionKind, Plan, Standing, Unknown
from cyberaudit.plan.years import project_level, year_plans

NOTHING_UNKNOWN: Mapping[str, Unknown] = {}


@frozen
class _Scene:
    """What the plan is made from."""

    findings: Sequence[Finding]
    town: Town
    remedies: Remedies
    waived: frozenset[str]
    """Identities of accepted findings."""
    first_failed: Mapping[str, date]
    unknown_since: Mapping[str, Unknown]
    today: date

    @property
    def choices(self) -> PlanChoices:
        return self.town.plan

    @property
    def by_measure(self) -> dict[str, list[Finding]]:
        """Of the measures that the catalogue holds, by id."""
        found: defaultdict[str, list[Finding]] = defaultdict(list)
        for finding in self.findings:
            if finding.measure in self.remedies.measures:
                found[finding.measure].append(finding)
        return dict(sorted(found.items()))

    def is_open(self, finding: Finding) -> bool:
        return is_open(finding, waived=self.waived)

    def is_waived(self, finding: Finding) -> bool:
        return finding.identity in self.waived and finding.status.is_open


def build_plan(
    findings: Sequence[Finding],
    *,
    town: Town,
    remedies: Remedies,
    first_failed: Mapping[str, date],
    today: date,
    unknown_since: Mapping[str, Unknown] = NOTHING_UNKNOWN,
) -> Plan:
    """Where to start, and when.

    Args:
        findings: one per (check, asset); their order changes nothing.
        town: its waivers, and its choices about money, time and dates count.
        remedies: the measures, by id.
        first_failed: for a finding's identity, the first day of its present failure.
        today: in the town's time zone.
        unknown_since: for a finding's identity, since when nobody knows.

    A finding whose measure the catalogue does not hold has no action: it stands apart.
    """
    waived = frozenset(f.identity for f in findings if covering(f, town.waivers, today=today))
    scene = _Scene(findings, town, remedies, waived, first_failed, unknown_since, today)
    questions = questions_of(findings, remedies)
    asked = {question.finding.identity for question in questions}
    ordered = with_questions(in_plan_order(_actions(scene)), questions, remedies)
    books = _books(scene, {action.measure.id for action in ordered if action.kind is ActionKind.MEND})
    actions = dated(place(ordered, books, today=today), today=today, unknown_since=unknown_since)
    return Plan(
        level=assess(findings, waived=waived),
        actions=ranked(actions),
        questions=questions,
        not_seen=worst_first([f for f in findings if _unseen(f) and f.identity not in asked]),
        waived=worst_first([f for f in findings if scene.is_waived(f)]),
        without_action=worst_first(
            [f for f in findings if scene.is_open(f) and f.measure not in remedies.measures]
        ),
        years=year_plans(actions, books, findings, waived=waived),
    )


def _actions(scene: _Scene) -> tuple[Action, ...]:
    """What is to be mended or verified, linked, in no order."""
    by_measure = scene.by_measure
    mending = [
        make_action(
            _priced(scene.remedies.measures[measure], scene.choices.quotes),
            found,
            waived=scene.waived,
            first_failed=scene.first_failed,
            today=scene.today,
        )
        for measure, found in by_measure.items()
        if any(scene.is_open(finding) for finding in found)
    ]
    opened = {action.measure.id for action in mending}
    dated = {each.measure for each in scene.choices.adoptions}
    unsure = {measure: found for measure, found in by_measure.items() if _all_unknown(found)}
    unknown = verifying(
        scene.findings,
        remedies=scene.remedies,
        opened=opened,
        promised={measure: found for measure, found in unsure.items() if measure in dated},
        unknown_since=scene.unknown_since,
        today=scene.today,
    )
    return tuple(_promised(each, scene) for each in (*_linked(mending, scene, by_measure), *unknown))


def _priced(measure: Measure, quotes: Sequence[Quote]) -> Measure:
    """A real quote replaces the catalogue's band. It is for the whole: the lots and their prices go."""
    quote = next((quote for quote in quotes if quote.measure == measure.id), None)
    if quote is None:
        return measure
    cost = Cost(quote.euros, quote.euros, quote.yearly_euros, "devis inscrit dans le profil de la commune")
    return replace(measure, cost=cost, lots=())


def _promised(action: Action, scene: _Scene) -> Action:
    """With what somebody decided or said of it."""
    name = action.measure.id
    adoption = next((each for each in scene.choices.adoptions if each.measure == name), None)
    completion = next((each for each in scene.choices.completions if each.measure == name), None)
    late = adoption is not None and adoption.due < scene.today
    standing = Standing.LATE if late else Standing.PROPOSED
    return replace(action, adoption=adoption, completion=completion, standing=standing)


def _linked(
    actions: Sequence[Action], scene: _Scene, by_measure: Mapping[str, Sequence[Finding]]
) -> tuple[Action, ...]:
    """Each action with the open measures it waits for, those to verify first, and those only accepted."""
    opened = {action.measure.id for action in actions}
    unsure = {measure for measure, found in by_measure.items() if _all_unknown(found)}
    accepted = {name for name, found in by_measure.items() if any(scene.is_waived(each) for each in found)}
    return tuple(
        replace(
            action,
            waits_for=tuple(each for each in action.measure.depends if each in opened),
            check_first=tuple(each for each in action.measure.depends if each in unsure),
            accepted_before=tuple(each for each in action.measure.depends if each in accepted - opened),
        )
        for action in actions
    )


def _books(scene: _Scene, planned: Collection[str]) -> Books:
    """The books, with what was adopted and is done: it is paid in its year, and its subscription runs on.

    What was adopted and then accepted as a risk is not done, and costs nothing.
    """
    books = opened(scene.choices, today=scene.today)
    accepted = {finding.measure for finding in scene.findings if scene.is_waived(finding)}
    for adoption in scene.choices.adoptions:
        measure = scene.remedies.measures.get(adoption.measure)
        if measure and measure.id not in accepted.union(planned):
            cost = _priced(measure, scene.choices.quotes).cost
            books.spend(cost.high, yearly=cost.yearly, year=adoption.due.year)
    return books


def _all_unknown(findings: Sequence[Finding]) -> bool:
    """All of those that apply; a measure about which nothing applies has nothing to verify."""
    applicable = [finding for finding in findings if applies(finding)]
    return bool(applicable) and not any(is_known(finding) for finding in applicable)


def _unseen(finding: Finding) -> bool:
    return applies(finding) and not is_known(finding)


__all__ = ["ANSWER_QUESTIONS", "build_plan", "project_level"]

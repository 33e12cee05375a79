"""The plan: from findings and the catalogue to few ordered actions, questions and what was not seen."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from cyberaudit import french
from cyberaudit.declared import AssetKind, Quote, Town
from cyberaudit.engine.measures import Cost, Measure, Owner, Remedies
from cyberaudit.model import Basis, Finding, Reason, Status
from cyberaudit.plan.actions import effort, in_plan_order, make_action, ranked, worst_first
from cyberaudit.plan.level import applies, assess, is_known, is_open
from cyberaudit.plan.waivers import covering
from cyberaudit.plan.words import Action, Level, Plan, Question, Tier

ANSWER_QUESTIONS = "answer-questions"
FIRST_CLASS = 1

_NO_USABLE_ANSWER = (Reason.NOT_DECLARED, Reason.DECLARATION_EXPIRED, Reason.ANSWER_UNKNOWN)


def build_plan(
    findings: Sequence[Finding],
    *,
    town: Town,
    remedies: Remedies,
    first_failed: Mapping[str, date],
    today: date,
) -> Plan:
    """Where to start.

    Args:
        findings: one per (check, asset); their order changes nothing.
        town: its waivers and its quotes count.
        remedies: the measures, by id.
        first_failed: for a finding's identity, the first day of its present failure.
        today: in the town's time zone.

    A finding whose measure the catalogue does not hold has no action: it stands apart.
    """
    waived = frozenset(f.identity for f in findings if covering(f, town.waivers, today=today))
    questions = _questions(findings, remedies)
    by_measure = _by_measure([finding for finding in findings if finding.measure in remedies.measures])
    actions = [
        make_action(
            _priced(remedies.measures[measure], town.plan.quotes),
            found,
            waived=waived,
            first_failed=first_failed,
            today=today,
        )
        for measure, found in sorted(by_measure.items())
        if any(is_open(finding, waived=waived) for finding in found)
    ]
    ordered = in_plan_order(_linked(actions, by_measure))
    asked = {question.finding.identity for question in questions}
    return Plan(
        level=assess(findings, waived=waived),
        actions=ranked(_with_questions(ordered, questions, remedies)),
        questions=questions,
        not_seen=worst_first([f for f in findings if _unseen(f) and f.identity not in asked]),
        waived=worst_first([f for f in findings if f.identity in waived and f.status.is_open]),
        without_action=worst_first(
            [f for f in findings if is_open(f, waived=waived) and f.measure not in remedies.measures]
        ),
    )


def project_level(
    findings: Sequence[Finding], *, done: Collection[str], waived: frozenset[str] = frozenset()
) -> Level:
    """The level reached once the measures `done` are: their open findings pass.

    What is unknown stays unknown, what is accepted stays failing: a promise counts for no more than was seen.
    """
    reached = [
        replace(finding, verdict=replace(finding.verdict, status=Status.PASS))
        if finding.measure in done and is_open(finding, waived=waived)
        else finding
        for finding in findings
    ]
    return assess(reached, waived=waived)


def _by_measure(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    by_measure: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_measure[finding.measure].append(finding)
    return dict(by_measure)


def _priced(measure: Measure, quotes: Sequence[Quote]) -> Measure:
    """A real quote replaces the catalogue's band."""
    quote = next((quote for quote in quotes if quote.measure == measure.id), None)
    if quote is None:
        return measure
    cost = Cost(quote.euros, quote.euros, quote.yearly_euros, "devis inscrit dans le profil de la commune")
    return replace(measure, cost=cost)


def _linked(actions: Sequence[Action], by_measure: Mapping[str, Sequence[Finding]]) -> tuple[Action, ...]:
    """Each action with the open measures it waits for, and those to verify first."""
    opened = {action.measure.id for action in actions}
    unsure = {measure for measure, found in by_measure.items() if _all_unknown(found)}
    return tuple(
        replace(
            action,
            waits_for=tuple(each for each in action.measure.depends if each in opened),
            check_first=tuple(each for each in action.measure.depends if each in unsure),
        )
        for action in actions
    )


def _all_unknown(findings: Sequence[Finding]) -> bool:
    """All of those that apply; a measure about which nothing applies has nothing to verify."""
    applicable = [finding for finding in findings if applies(finding)]
    return bool(applicable) and not any(is_known(finding) for finding in applicable)


def _unseen(finding: Finding) -> bool:
    return applies(finding) and not is_known(finding)


def _questions(findings: Sequence[Finding], remedies: Remedies) -> tuple[Question, ...]:
    asked = worst_first([finding for finding in findings if _is_question(finding)])
    return tuple(Question(each, for_owner=_owner(each, remedies)) for each in asked)


def _owner(finding: Finding, remedies: Remedies) -> Owner:
    measure = remedies.measures.get(finding.measure)
    return measure.owner if measure else Owner.AGENT


def _is_question(finding: Finding) -> bool:
    """A person could answer, and has not: a crash or a place not looked at is no question."""
    if finding.status is not Status.UNKNOWN or not finding.looked:
        return False
    return finding.basis is not Basis.MEASURED or finding.verdict.reason in _NO_USABLE_ANSWER


def _with_questions(
    ordered: Sequence[Action], questions: Sequence[Question], remedies: Remedies
) -> tuple[Action, ...]:
    """The plan with the one action that gathers the unanswered first practices, right after the urgencies."""
    first = [
        question.finding
        for question in questions
        if question.finding.asset.startswith(f"{AssetKind.PRACTICE}/")
        and _is_first(remedies.measures.get(question.finding.measure))
    ]
    measure = remedies.measures.get(ANSWER_QUESTIONS)
    if not first or measure is None:
        return tuple(ordered)
    last_urgent = max((n for n, action in enumerate(ordered, 1) if action.tier is Tier.URGENT), default=0)
    return (*ordered[:last_urgent], _answering(measure, first), *ordered[last_urgent:])


def _is_first(measure: Measure | None) -> bool:
    return measure is not None and measure.guidance_class == FIRST_CLASS


def _answering(measure: Measure, unanswered: Sequence[Finding]) -> Action:
    many = len(unanswered) > 1
    what = f"aux {french.count(len(unanswered), 'question')}" if many else "à la question en attente"
    return Action(
        rank=0,
        measure=replace(measure, title=f"Répondre {what} ({french.count(20, 'minute')})"),
        tier=Tier.QUICK_WIN,
        findings=tuple(unanswered),
        risk=0,
        effort=effort(measure),
        gain=Fraction(0),
        index=Fraction(0),
        waits_for=(),
        check_first=(),
        due=None,
    )


__all__ = ["ANSWER_QUESTIONS", "build_plan", "project_level"]

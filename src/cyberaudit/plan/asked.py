"""What only a person can answer: the questions, the one action that gathers the first ones, and what to verify."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from cyberaudit import french
from cyberaudit.declared import AssetKind
from cyberaudit.engine.measures import Cost, Measure, Owner, Remedies
from cyberaudit.model import Basis, Finding, Reason, Status
from cyberaudit.plan.actions import effort, tier, worst_first
from cyberaudit.plan.level import URGENT_RISK, applies
from cyberaudit.plan.words import Action, ActionKind, Question, Tier, Unknown

ANSWER_QUESTIONS = "answer-questions"
FIRST_CLASS = 1
# Ours: a quarter is time enough to ask the one who knows.
VERIFY_AFTER = timedelta(days=90)
VERIFY_AUDITS = 2
# Ours: finding the right person, and looking with her.
VERIFY_DAYS = 0.5

_PRICE = "Une demi-journée, sans achat : estimation cyberaudit, novembre 2026."
_LONG_UNKNOWN = french.typeset("Depuis trois mois au moins, personne n'a pu dire si ce point est en ordre.")
_PROMISED = french.typeset("Une date est adoptée pour ce point, et personne ne sait plus s'il est en ordre.")
_NO_USABLE_ANSWER = (Reason.NOT_DECLARED, Reason.DECLARATION_EXPIRED, Reason.ANSWER_UNKNOWN)


def questions_of(findings: Sequence[Finding], remedies: Remedies) -> tuple[Question, ...]:
    """Declared practices without a usable answer, worst first."""
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


def verifying(
    findings: Sequence[Finding],
    *,
    remedies: Remedies,
    opened: Collection[str],
    promised: Mapping[str, Sequence[Finding]],
    unknown_since: Mapping[str, Unknown],
    today: date,
) -> tuple[Action, ...]:
    """One action a measure about which nobody has known for 90 days, asked twice at least.

    A measure in `opened` is to be mended anyway. A first practice that nobody answered at all stays with the
    others of its kind, twenty minutes for all: it is verified once somebody said « je ne sais pas ».
    Those in `promised` have an adopted date, and nothing is known of them any more: they leave the plan once they
    were seen in order, not because nobody looked.
    """
    by_measure: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        stands_alone = not _is_first_practice(finding, remedies) or _is_not_known(finding)
        if stands_alone and _is_long_unknown(finding, unknown_since, today=today):
            by_measure[finding.measure].append(finding)
    to_verify = by_measure.keys() & remedies.measures.keys() - set(opened) - promised.keys()
    return (
        *(
            _to_verify(remedies.measures[name], by_measure[name], why=_LONG_UNKNOWN)
            for name in sorted(to_verify)
        ),
        *(_to_verify(remedies.measures[name], found, why=_PROMISED) for name, found in promised.items()),
    )


def _is_long_unknown(finding: Finding, since: Mapping[str, Unknown], *, today: date) -> bool:
    if finding.status is not Status.UNKNOWN or not finding.looked or finding.identity not in since:
        return False
    unknown = since[finding.identity]
    return today - unknown.since >= VERIFY_AFTER and unknown.audits >= VERIFY_AUDITS


def _is_not_known(finding: Finding) -> bool:
    return finding.verdict.reason == Reason.ANSWER_UNKNOWN


def _to_verify(measure: Measure, unseen: Sequence[Finding], *, why: str) -> Action:
    found = worst_first([finding for finding in unseen if applies(finding)])
    risk = max(finding.base_risk for finding in found)
    asked = replace(_reworded(measure), why=why)
    return Action(
        rank=0,
        measure=asked,
        # What nobody saw open is no urgency.
        tier=tier(min(risk, URGENT_RISK - 1), effort(asked)),
        findings=found,
        risk=risk,
        effort=effort(asked),
        gain=Fraction(0),
        index=Fraction(0),
        waits_for=(),
        check_first=(),
        due=None,
        kind=ActionKind.VERIFY,
    )


def _reworded(measure: Measure) -> Measure:
    aim = measure.title[:1].lower() + measure.title[1:]
    letter = (
        f"Bonjour,\nNous ne savons pas si ce point est en ordre : {aim}.\n"
        f"Voici à quoi cela se voit : {measure.done_when}\nPouvez-vous le vérifier et nous répondre par écrit ?\nMerci."
    )
    return replace(
        measure,
        title=french.typeset(f"Vérifier : {aim}"),
        cost=Cost(0, 0, 0, french.typeset(_PRICE)),
        days=VERIFY_DAYS,
        steps=(
            "Poser la question à la personne qui s'en occupe.",
            "Regarder avec elle.",
            french.typeset(f"Voici à quoi cela se voit : {measure.done_when}"),
            "Noter la réponse, avec le nom et la date.",
        ),
        contractor=french.typeset(letter) if measure.contractor else "",
        done_when="La réponse est notée, avec le nom et la date.",
        depends=(),
        stopgap="",
        lots=(),
    )


def with_questions(
    ordered: Sequence[Action], questions: Sequence[Question], remedies: Remedies
) -> tuple[Action, ...]:
    """The plan with the one action that gathers the unanswered first practices.

    It comes right after the urgencies and what is late.
    """
    verified = {f.identity for action in ordered if action.kind is ActionKind.VERIFY for f in action.findings}
    asked = [question.finding for question in questions if question.finding.identity not in verified]
    first = [finding for finding in asked if _is_first_practice(finding, remedies)]
    measure = remedies.measures.get(ANSWER_QUESTIONS)
    if not first or measure is None:
        return tuple(ordered)
    last = max((n for n, action in enumerate(ordered, 1) if _comes_first(action)), default=0)
    return (*ordered[:last], _answering(measure, first), *ordered[last:])


def _comes_first(action: Action) -> bool:
    return action.tier is Tier.URGENT or action.is_overdue


def _is_first_practice(finding: Finding, remedies: Remedies) -> bool:
    measure = remedies.measures.get(finding.measure)
    is_first = measure is not None and measure.guidance_class == FIRST_CLASS
    return is_first and finding.asset.startswith(f"{AssetKind.PRACTICE}/")


def _answering(measure: Measure, unanswered: Sequence[Finding]) -> Action:
    many = len(unanswered) > 1
    what = f"d'abord à {french.count(len(unanswered), 'question')}" if many else "d'abord à une question"
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
        kind=ActionKind.ANSWER,
    )

"""The plan: tiers, efforts, gains, order, dependencies, waivers and questions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.declared import Quote
from cyberaudit.engine.measures import Measure, Owner
from cyberaudit.engine.remedies import built_in
from cyberaudit.model import Basis, Finding, Reason, Status
from cyberaudit.plan.actions import effort, gain, order_key, tier
from cyberaudit.plan.build import build_plan, project_level
from cyberaudit.plan.level import assess
from cyberaudit.plan.words import Action, Tier, Word
from tests.unit.plan_samples import TODAY, finding, ids, measure, plan_of, town, unanswered, waiver

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("cost", "yearly", "days", "expected"),
    [
        (0, 0, 0.5, 1),
        (1, 0, 0.5, 2),
        (500, 0, 0.1, 2),
        (0, 501, 0.1, 3),
        (1500, 500, 1, 3),
        (1500, 501, 1, 4),
        (5001, 0, 0.1, 5),
        (0, 0, 0.6, 2),
        (0, 0, 2, 2),
        (0, 0, 5, 3),
        (0, 0, 15, 4),
        (0, 0, 15.5, 5),
    ],
)
def test_effort_is_the_heavier_of_money_and_time(cost: int, yearly: int, days: float, expected: int) -> None:
    assert effort(measure("m", cost=cost, yearly=yearly, days=days)) == expected


@pytest.mark.parametrize(
    ("risk", "weight", "expected"),
    [
        (16, 5, Tier.URGENT),
        (12, 2, Tier.QUICK_WIN),
        (9, 1, Tier.QUICK_WIN),
        (9, 3, Tier.PROJECT),
        (8, 1, Tier.PROJECT),
        (6, 5, Tier.PROJECT),
        (4, 1, Tier.LATER),
    ],
)
def test_the_tier_follows_risk_then_effort(risk: int, weight: int, expected: Tier) -> None:
    assert tier(risk, weight) is expected


def test_gain_counts_only_what_was_seen_open() -> None:
    findings = [
        finding("mail.spf", Status.FAIL, measure="m", risk=(3, 4)),
        finding("mail.spf", Status.PASS, measure="m", risk=(3, 4), asset="domain/two"),
        finding("mail.dmarc", Status.UNKNOWN, measure="m", risk=(2, 3)),
    ]
    # s = (12 · 1/2 + 6 · 1) / 18 = 2/3, highest open risk 12: gain 12 · 1/3 = 4
    assert gain(findings, waived=frozenset()) == 4


def test_an_action_gathers_its_open_findings_worst_first() -> None:
    findings = [
        finding("mail.spf", Status.PARTIAL, measure="m"),
        finding("mail.mx", Status.PASS, measure="m"),
        finding("mail.dmarc", Status.FAIL, measure="m"),
        finding("mail.relay", Status.FAIL, measure="m", risk=(4, 3)),
    ]
    (action,) = plan_of(findings, measure("m", cost=100)).actions
    assert [f.check for f in action.findings] == ["mail.relay", "mail.dmarc", "mail.spf"]
    assert (action.rank, action.risk, action.effort, action.tier) == (1, 12, 2, Tier.QUICK_WIN)
    # s = (9·1/2 + 9·1 + 9·0 + 12·0) / 39 = 27/78; gain = 12 · 51/78 = 102/13; index = 51/13
    assert (action.gain, action.index) == (Fraction(102, 13), Fraction(51, 13))


def test_order_is_tier_then_class_then_index_then_official_places_then_id() -> None:
    measures = [
        measure("urgent", guidance_class=4),
        measure("first-class", guidance_class=1, cost=400),
        measure("light", guidance_class=2),
        measure("heavy", guidance_class=2, cost=400),
        measure("ten-two", guidance_class=3, ranks=(2, 0, 0)),
        measure("depart", guidance_class=3, ranks=(0, 1, 1)),
        measure("unlisted-a", guidance_class=3),
        measure("unlisted-b", guidance_class=3),
        measure("small", guidance_class=1),
    ]
    findings = [
        finding(f"t.{m.id}", measure=m.id, risk={"urgent": (4, 4), "small": (2, 2)}.get(m.id, (3, 3)))
        for m in reversed(measures)
    ]
    assert ids(plan_of(findings, *measures)) == [m.id for m in measures]


def test_at_the_same_index_the_higher_risk_comes_first() -> None:
    # big: 12 · 1 / 3 = 4; half: 8 · ½ / 1 = 4; both « Chantier »
    findings = [
        finding("t.half", Status.PARTIAL, measure="a-half", risk=(4, 2)),
        finding("t.big", measure="z-big", risk=(4, 3)),
    ]
    plan = plan_of(findings, measure("a-half"), measure("z-big", cost=1500))
    assert [action.index for action in plan.actions] == [4, 4]
    assert ids(plan) == ["z-big", "a-half"]


def test_a_dependency_takes_the_place_of_what_waits_for_it() -> None:
    measures = [
        measure("base", guidance_class=4),
        measure("middle", guidance_class=4, depends=("base",)),
        measure("urgent", depends=("middle",)),
        measure("quick", guidance_class=1),
    ]
    risks = {"base": (1, 1), "middle": (2, 2), "urgent": (4, 4), "quick": (3, 3)}
    findings = [finding(f"t.{m.id}", measure=m.id, risk=risks[m.id]) for m in measures]
    plan = plan_of(findings, *measures)
    assert ids(plan) == ["base", "middle", "urgent", "quick"]
    assert [action.waits_for for action in plan.actions] == [(), ("base",), ("middle",), ()]


@pytest.mark.parametrize(
    ("status", "waits_for", "check_first"),
    [
        (Status.FAIL, ("base",), ()),
        (Status.PARTIAL, ("base",), ()),
        (Status.PASS, (), ()),
        (Status.NOT_APPLICABLE, (), ()),
        (Status.UNKNOWN, (), ("base",)),
        (Status.ERROR, (), ("base",)),
    ],
)
def test_a_dependency_blocks_only_when_seen_open(
    status: Status, waits_for: tuple[str, ...], check_first: tuple[str, ...]
) -> None:
    findings = [finding("t.base", status, measure="base"), finding("t.next", measure="next")]
    plan = plan_of(findings, measure("base"), measure("next", depends=("base",)))
    action = next(action for action in plan.actions if action.measure.id == "next")
    assert (action.waits_for, action.check_first) == (waits_for, check_first)


def test_a_dependency_without_any_finding_is_met() -> None:
    plan = plan_of([finding("t.next", measure="next")], measure("base"), measure("next", depends=("base",)))
    assert (plan.actions[0].waits_for, plan.actions[0].check_first) == ((), ())


def test_an_accepted_finding_leaves_the_actions_and_stays_in_the_level() -> None:
    findings = [finding("t.base", measure="base"), finding("t.next", measure="next")]
    measures = (measure("base"), measure("next", depends=("base",)))
    plan = plan_of(findings, *measures, declared=town(waivers=(waiver("t.base"),)))
    assert ids(plan) == ["next"]
    assert plan.actions[0].waits_for == ()
    assert plan.waived == (findings[0],)
    assert plan.level.low == 0


def test_a_waiver_may_cover_one_asset_only() -> None:
    findings = [finding("t.a", measure="m"), finding("t.a", measure="m", asset="domain/old")]
    plan = plan_of(findings, measure("m"), declared=town(waivers=(waiver("t.a", "old"),)))
    assert plan.actions[0].findings == (findings[0],)
    # The accepted half wins nothing back: 9 · (1 − 1/2)
    assert plan.actions[0].gain == Fraction(9, 2)
    assert plan.waived == (findings[1],)


def test_an_acceptance_of_what_passes_is_not_listed() -> None:
    findings = [finding("t.a", Status.PASS, measure="m"), finding("t.b", Status.UNKNOWN, measure="m")]
    accepted = town(waivers=(waiver("t.a"), waiver("t.b")))
    assert plan_of(findings, measure("m"), declared=accepted).waived == ()


@pytest.mark.parametrize(
    ("decided", "until", "counts"),
    [
        (date(2026, 11, 21), date(2026, 11, 21), True),
        (date(2026, 1, 1), date(2026, 11, 20), False),
        (date(2026, 11, 22), date(2027, 1, 1), False),
    ],
)
def test_a_waiver_holds_from_its_decision_to_its_last_day(decided: date, until: date, counts: bool) -> None:
    accepted = replace(waiver("t.a", until=until), decided_on=decided)
    plan = plan_of([finding("t.a", measure="m")], measure("m"), declared=town(waivers=(accepted,)))
    assert (plan.actions == ()) is counts


def test_an_urgency_is_due_seven_days_after_it_was_first_seen() -> None:
    old, new = (finding("t.a", measure="m", risk=(4, 4), asset=f"host/{n}") for n in ("old", "new"))
    assert plan_of([new], measure("m")).actions[0].due == date(2026, 11, 28)
    since = {old.identity: date(2026, 11, 16)}
    assert plan_of([old, new], measure("m"), first_failed=since).actions[0].due == date(2026, 11, 23)
    assert plan_of([finding("t.a", measure="m")], measure("m")).actions[0].due == date(2026, 12, 31)


def test_a_quote_replaces_the_band() -> None:
    declared = town(quotes=(Quote("m", 2400, 0),))
    (action,) = plan_of([finding("t.a", measure="m")], measure("m", cost=300), declared=declared).actions
    assert (action.effort, action.measure.cost.low, action.tier) == (4, 2400, Tier.PROJECT)


def answering(*, owner: Owner = Owner.AGENT) -> Measure:
    return measure("answer-questions", days=0.05, guidance_class=1, owner=owner)


def test_unanswered_first_practices_are_one_action_right_after_the_urgencies() -> None:
    findings = [
        finding("t.urgent", measure="urgent", risk=(4, 4)),
        finding("t.quick", measure="quick", risk=(4, 3)),
        unanswered("mfa", "mfa"),
        unanswered("awareness", "awareness", Reason.ANSWER_UNKNOWN),
        unanswered("charter", "charter", Reason.DECLARATION_EXPIRED),
    ]
    measures = [measure(name, guidance_class=1) for name in ("urgent", "quick", "mfa", "awareness")]
    plan = plan_of(findings, *measures, measure("charter", guidance_class=3, owner=Owner.ELU), answering())
    assert ids(plan) == ["urgent", "answer-questions", "quick"]
    action = plan.actions[1]
    assert action.measure.title == "Répondre d'abord à 2\xa0questions (20\xa0minutes)"
    assert [f.check for f in action.findings] == ["practice.awareness", "practice.mfa"]
    assert (action.rank, action.risk, action.gain, action.effort) == (2, 0, Fraction(0), 1)
    assert [q.for_owner for q in plan.questions] == ["contractor", "elu", "contractor"]
    assert plan.not_seen == ()
    assert plan.level == assess(findings)


def test_one_unanswered_practice_is_one_question() -> None:
    plan = plan_of([unanswered("mfa", "mfa")], measure("mfa", guidance_class=1), answering())
    assert plan.actions[0].measure.title == "Répondre d'abord à une question (20\xa0minutes)"


def test_without_its_measure_the_questions_are_still_listed() -> None:
    plan = plan_of([unanswered("mfa", "mfa")], measure("mfa", guidance_class=1))
    assert (plan.actions, len(plan.questions)) == ((), 1)


def test_what_could_not_be_seen_is_listed_and_never_an_action() -> None:
    findings = [
        finding("t.timeout", Status.UNKNOWN, measure="m", reason=Reason.TIMEOUT),
        finding("t.crash", Status.ERROR, measure="m", basis=Basis.DECLARED),
        finding("t.elsewhere", Status.UNKNOWN, measure="m", reason=Reason.NOT_LOOKED, basis=Basis.DECLARED),
        finding("t.moot", Status.NOT_APPLICABLE, measure="m"),
    ]
    plan = plan_of(findings, measure("m"))
    assert plan.actions == ()
    assert plan.questions == ()
    assert [f.check for f in plan.not_seen] == ["t.crash", "t.elsewhere", "t.timeout"]
    assert plan.level.word is Word.TO_COMPLETE


def test_a_finding_of_an_unknown_measure_has_no_action_and_still_counts() -> None:
    findings = [
        finding("x-acme.door", measure="lock-door", risk=(4, 4)),
        finding("x-acme.key", Status.PASS, measure="lock-door"),
        finding("x-acme.bell", measure="lock-door", asset="domain/old"),
        finding("t.a", measure="m"),
    ]
    plan = plan_of(findings, measure("m"), declared=town(waivers=(waiver("x-acme.bell"),)))
    assert ids(plan) == ["m"]
    assert plan.without_action == (findings[0],)
    assert (plan.level.asked, plan.level.word) == (4, Word.FRAGILE)


def test_a_question_of_an_unknown_measure_goes_to_an_agent_and_is_no_first_practice() -> None:
    plan = plan_of([unanswered("mfa", "lock-door")], answering())
    assert [question.for_owner for question in plan.questions] == [Owner.AGENT]
    assert plan.actions == ()


def test_what_was_not_seen_or_is_accepted_gives_an_action_no_weight() -> None:
    # weak: one of ten seen failing, 9 · 1/10; half: seen half missing, 9 · 1/2
    weak = [
        finding("t.weak", Status.UNKNOWN if n else Status.FAIL, measure="weak", asset=f"domain/d{n}")
        for n in range(10)
    ]
    plan = plan_of(
        [*weak, finding("t.half", Status.PARTIAL, measure="half")], measure("weak"), measure("half")
    )
    assert [(action.measure.id, action.gain) for action in plan.actions] == [
        ("half", Fraction(9, 2)),
        ("weak", Fraction(9, 10)),
    ]


def test_the_projected_level_counts_what_was_seen_and_nothing_more() -> None:
    findings = [
        finding("t.a", measure="a"),
        finding("t.b", Status.PARTIAL, measure="b"),
        finding("t.c", Status.UNKNOWN, measure="b"),
        finding("t.d", measure="b"),
    ]
    # 18 points of weight; b: s = (½ + 0 + 0)/3 today, (1 + 0 + 1)/3 once done
    assert assess(findings).low == Fraction(100, 12)
    assert project_level(findings, done={"b"}).low == Fraction(100, 3)
    accepted = frozenset({findings[3].identity})
    assert project_level(findings, done={"b"}, waived=accepted).low == Fraction(100, 6)
    assert project_level(findings, done=()) == assess(findings)


def test_the_built_in_measures_make_a_plan_a_mayor_can_read() -> None:
    findings = [
        finding("mail.mx", measure="receive-mail"),
        finding("mail.starttls", measure="encrypt-mail", risk=(2, 3)),
        finding("practice.mfa", measure="turn-on-mfa", asset="practice/mfa", basis=Basis.DECLARED),
        unanswered("awareness", "raise-awareness"),
    ]
    plan = build_plan(findings, town=town(), remedies=built_in(), first_failed={}, today=TODAY)
    assert ids(plan) == ["answer-questions", "turn-on-mfa", "receive-mail", "encrypt-mail"]


@st.composite
def towns(draw: st.DrawFn) -> tuple[tuple[Measure, ...], tuple[Finding, ...]]:
    """An acyclic catalogue, each measure depending only on earlier ones, and findings about it."""
    count = draw(st.integers(1, 7))
    order = draw(st.permutations([f"m{n}" for n in range(count)]))
    measures = tuple(
        measure(
            each,
            cost=draw(st.sampled_from((0, 400, 1500, 9000))),
            guidance_class=draw(st.integers(1, 4)),
            depends=tuple(sorted(draw(st.sets(st.sampled_from(order[:n]), max_size=3)))) if n else (),
        )
        for n, each in enumerate(order)
    )
    findings = tuple(
        finding(
            f"{draw(st.sampled_from(('mail', 'practice')))}.c{n}",
            draw(st.sampled_from(Status)),
            measure=draw(st.sampled_from(order)),
            asset=draw(st.sampled_from(("domain/main", "practice/mfa"))),
            risk=(draw(st.integers(1, 4)), draw(st.integers(1, 4))),
        )
        for n in range(draw(st.integers(0, 10)))
    )
    return measures, findings


@settings(deadline=None)
@given(towns())
def test_an_action_comes_after_those_it_waits_for(
    sample: tuple[tuple[Measure, ...], tuple[Finding, ...]],
) -> None:
    measures, findings = sample
    plan = plan_of(findings, *measures)
    rank = {action.measure.id: action.rank for action in plan.actions}
    assert sorted(rank.values()) == list(range(1, len(rank) + 1))
    assert set(rank) == {f.measure for f in findings if f.status.is_open}
    for action in plan.actions:
        assert set(action.waits_for) == set(action.measure.depends) & set(rank)
        assert all(rank[awaited] < action.rank for awaited in action.waits_for)


@settings(deadline=None)
@given(towns())
def test_what_comes_earlier_is_better_or_awaited(
    sample: tuple[tuple[Measure, ...], tuple[Finding, ...]],
) -> None:
    measures, findings = sample
    actions = plan_of(findings, *measures).actions
    for n, action in enumerate(actions):
        later = [other for other in actions[n + 1 :] if order_key(other) < order_key(action)]
        awaited = {name for other in actions[n + 1 :] for name in other.waits_for}
        # Only an action that something waits for, or one whose better rival is still blocked, may stand here.
        assert not later or action.measure.id in awaited or all(blocked(o, actions[: n + 1]) for o in later)


def blocked(action: Action, placed: Sequence[Action]) -> bool:
    before = {other.measure.id for other in placed[:-1]}
    return not before.issuperset(action.waits_for)


@settings(deadline=None)
@given(towns(), st.integers())
def test_the_plan_does_not_depend_on_the_order_of_findings_or_measures(
    sample: tuple[tuple[Measure, ...], tuple[Finding, ...]], seed: int
) -> None:
    measures, findings = sample
    shuffled, catalogue = list(findings), list(measures)
    Random(seed).shuffle(shuffled)
    Random(seed).shuffle(catalogue)
    assert plan_of(shuffled, *catalogue) == plan_of(findings, *measures)


@settings(deadline=None)
@given(towns(), st.data())
def test_a_projection_never_lowers_the_level(
    sample: tuple[tuple[Measure, ...], tuple[Finding, ...]], data: st.DataObject
) -> None:
    measures, findings = sample
    done = data.draw(st.sets(st.sampled_from([each.id for each in measures])))
    before, after = assess(findings), project_level(findings, done=done)
    assert after.low >= before.low
    assert after.high >= before.high
    assert (after.answered, after.asked) == (before.answered, before.asked)

"""What changed between two town states: the table of transitions, first that fits, and its symmetries."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cyberaudit.declared import Town
from cyberaudit.errors import HistoryError
from cyberaudit.history.diff import Around, Diff, diff
from cyberaudit.history.state import AuditSummary, TownState
from cyberaudit.history.trace import Ground, Mark, Trace
from cyberaudit.history.transitions import Change, LastKnown, Transition
from cyberaudit.model import (
    Basis,
    Finding,
    Item,
    Reason,
    SeenFrom,
    Status,
    Verdict,
    finding_identity,
)
from tests.unit import towns

pytestmark = pytest.mark.unit

PASS, PARTIAL, FAIL, UNKNOWN = Status.PASS, Status.PARTIAL, Status.FAIL, Status.UNKNOWN
NA, ERROR = Status.NOT_APPLICABLE, Status.ERROR
T = Transition
TOWN = towns.town(towns.domain("main"), towns.domain("other"), towns.practice("mfa"))
THEN, NOW = datetime(2026, 11, 14, 21, 10, tzinfo=UTC), datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
SPF = finding_identity(TOWN.id, "mail.spf", "domain/main")


def finding(status: Status, *, at: datetime = THEN, items: str = "", **changes: Any) -> Finding:
    check, asset = changes.pop("check", "mail.spf"), changes.pop("asset", "domain/main")
    details = tuple(Item(key, FAIL, "open", f"Détail {key}.") for key in items)
    made = Finding(
        identity=finding_identity(TOWN.id, check, asset),
        check=check,
        title="Qui a le droit d'écrire ?",
        asset=asset,
        asset_name="ville.example",
        verdict=Verdict(status, "Vu.", reason=changes.pop("reason", ""), items=details),
        impact=3,
        base_likelihood=2,
        likelihood=changes.pop("likelihood", 2),
        measure="authenticate-mail",
        seen_from=SeenFrom.ANY,
        basis=Basis.MEASURED,
        contradiction=False,
        vantage="outside",
        seen_at=at,
    )
    return replace(made, **changes)


def state(
    at: datetime, *findings: Finding, town: Town = TOWN, rules: str = "r1", partial: bool = False
) -> TownState:
    summary = AuditSummary(
        uuid=f"{at:%d}",
        commune=town.id,
        vantage="outside",
        scanned_by="",
        started_at=at,
        finished_at=at,
        partial=partial,
        rules=rules,
        program="0",
        findings=len(findings),
        open_findings=0,
    )
    return TownState(town=town, as_of=at, findings=findings, first_failed=(), audits=(summary,))


def trace(days: int, status: Status, *, vantage: str = "outside", ground: Ground = Ground.MEASURED) -> Trace:
    at = THEN - timedelta(days=days)
    return Trace(f"t{days}", at, at, partial=False, marks=(Mark(SPF, status, "", vantage, ground, at),))


def only(before: Finding | None, after: Finding | None, **around: Any) -> Change:
    sides = [state(at, *filter(None, [each])) for at, each in ((THEN, before), (NOW, after))]
    (change,) = diff(*sides, **around).changes
    return change


def on_word(status: Status, **changes: Any) -> Finding:
    return finding(status, basis=Basis.DECLARED, **changes)


MISSING = None
ROWS: list[tuple[str, Finding | None, Finding | None, Transition, bool, bool]] = [
    # before, after, transition, told, regression
    ("same pass", finding(PASS), finding(PASS), T.SAME, False, False),
    ("same fail", finding(FAIL), finding(FAIL), T.SAME, False, False),
    ("still silent", finding(UNKNOWN), finding(ERROR), T.SAME, False, False),
    ("never arose", finding(NA), finding(NA), T.SAME, False, False),
    ("arises, unknown", finding(NA), finding(UNKNOWN), T.SAME, False, False),
    ("silent, then no object", finding(UNKNOWN), finding(NA), T.SAME, False, False),
    ("fault gone quiet", finding(FAIL), finding(UNKNOWN), T.NOT_CHECKED, True, False),
    ("crash", finding(PASS), finding(ERROR), T.NOT_CHECKED, True, False),
    ("asked no more", finding(FAIL), MISSING, T.NOT_CHECKED, True, False),
    ("asked no more, never known", finding(UNKNOWN), MISSING, T.SAME, False, False),
    ("no object any more", finding(FAIL), finding(NA), T.OUT_OF_SCOPE, True, False),
    ("no object seen from elsewhere", finding(FAIL, vantage="accueil"), finding(NA), T.NOT_CHECKED, True, False),
    ("in order, of elsewhere", finding(PASS, vantage="accueil"), finding(NA), T.NOT_CHECKED, True, False),
    ("said, then no object", on_word(PASS, vantage="accueil"), finding(NA), T.OUT_OF_SCOPE, True, False),
    ("broken", finding(PASS), finding(FAIL), T.WORSE, True, True),
    ("half broken", finding(PASS), finding(PARTIAL), T.WORSE, True, True),
    ("more broken", finding(PARTIAL), finding(FAIL), T.WORSE, True, True),
    ("riskier", finding(FAIL), finding(FAIL, likelihood=4), T.WORSE, True, True),
    ("one port more", finding(FAIL, items="a"), finding(FAIL, items="ab"), T.WORSE, True, True),
    ("another port", finding(FAIL, items="a"), finding(FAIL, items="b"), T.WORSE, True, True),
    ("partial, another port", finding(FAIL, items="a"), finding(PARTIAL, items="b"), T.WORSE, True, True),
    ("present, with faults", finding(FAIL), finding(PARTIAL, items="ab"), T.BETTER, True, False),
    ("improved", finding(FAIL), finding(PARTIAL), T.BETTER, True, False),
    ("less risky", finding(FAIL, likelihood=4), finding(FAIL), T.BETTER, True, False),
    ("one port less", finding(FAIL, items="ab"), finding(FAIL, items="b"), T.BETTER, True, False),
    ("solved", finding(FAIL), finding(PASS), T.SOLVED, True, False),
    ("first seen failing", finding(UNKNOWN), finding(FAIL), T.FIRST_KNOWN, True, True),
    ("first seen in order", finding(UNKNOWN), finding(PASS), T.FIRST_KNOWN, False, False),
    ("arises and fails", finding(NA), finding(FAIL), T.NEW, True, True),
    ("arises in order", finding(NA), finding(PASS), T.FIRST_KNOWN, False, False),
    ("word too old", on_word(PASS), on_word(UNKNOWN, reason=Reason.DECLARATION_EXPIRED), T.EXPIRED, True, True),
    (
        "word too old already",
        on_word(UNKNOWN, reason=Reason.DECLARATION_EXPIRED),
        on_word(UNKNOWN, reason=Reason.DECLARATION_EXPIRED),
        T.SAME,
        False,
        False,
    ),
    ("seen from elsewhere only", finding(FAIL), finding(PASS, vantage="lan"), T.NOT_CHECKED, True, False),
    (
        "fewer from elsewhere",
        finding(FAIL, items="ab"),
        finding(FAIL, items="a", vantage="lan"),
        T.NOT_CHECKED,
        True,
        False,
    ),
    ("a word after a look", finding(FAIL), on_word(PASS), T.NOT_CHECKED, True, False),
    ("a look after a word", on_word(FAIL), finding(PASS), T.SOLVED, True, False),
    ("a fault from elsewhere", finding(PASS), finding(FAIL, vantage="lan"), T.WORSE, True, True),
    ("in order from elsewhere", finding(PASS), finding(PASS, vantage="lan"), T.SAME, False, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "transition", "told", "regression"),
    [row[1:] for row in ROWS],
    ids=[r[0] for r in ROWS],
)
def test_the_table_says_what_became_of_a_point(
    before: Finding | None, after: Finding | None, transition: Transition, *, told: bool, regression: bool
) -> None:
    change = only(before, after)
    assert (change.transition, change.is_told, change.is_regression) == (transition, told, regression)


def test_what_leaves_the_profile_is_never_solved_whatever_it_was() -> None:
    smaller = towns.town(towns.domain("other"))
    for status in Status:
        (change,) = diff(state(THEN, finding(status)), state(NOW, town=smaller)).changes
        assert (change.transition, change.is_regression) == (T.OUT_OF_SCOPE, False)


@pytest.mark.parametrize(("status", "told"), [(FAIL, True), (PASS, False), (UNKNOWN, False)])
def test_a_check_the_older_rules_did_not_have_is_no_regression(status: Status, *, told: bool) -> None:
    (change,) = diff(state(THEN), state(NOW, finding(status), rules="r2")).changes
    assert (change.transition, change.is_told, change.is_regression) == (T.NEW_CHECK, told, False)


def test_a_question_that_the_same_rules_ask_anew_is_the_profiles_doing() -> None:
    assert only(None, finding(FAIL)).transition is T.NEW
    assert only(None, finding(PASS)).transition is T.FIRST_KNOWN
    other = finding(PASS, asset="domain/other")
    changes = diff(state(THEN, other), state(NOW, other, finding(FAIL), rules="r2")).changes
    assert [change.transition for change in changes] == [T.NEW, T.SAME]


@pytest.mark.parametrize(
    ("status", "transition"), [(FAIL, T.NEW), (PASS, T.FIRST_KNOWN), (UNKNOWN, T.SAME), (NA, T.SAME)]
)
def test_a_thing_added_to_the_profile_is_new_when_it_fails(status: Status, transition: Transition) -> None:
    smaller = towns.town(towns.domain("other"))
    (change,) = diff(state(THEN, town=smaller), state(NOW, finding(status), rules="r2")).changes
    assert change.transition is transition


def test_a_thing_that_moved_or_was_renamed_is_the_same_row() -> None:
    change = only(finding(FAIL), replace(finding(FAIL), asset_name="Nouveau nom", title="Autre question ?"))
    assert (change.transition, change.asset_name) == (T.SAME, "Nouveau nom")


@pytest.mark.parametrize(
    ("after", "waived_after", "transition"),
    [
        (finding(FAIL), (), T.EXPIRED),
        (finding(FAIL, items="a"), (), T.EXPIRED),
        (finding(FAIL), (SPF,), T.SAME),
        (finding(PASS), (), T.SOLVED),
        (finding(UNKNOWN), (), T.NOT_CHECKED),
    ],
)
def test_an_accepted_risk_that_ends_is_to_be_reviewed(
    after: Finding, waived_after: tuple[str, ...], transition: Transition
) -> None:
    change = only(finding(FAIL), after, around=Around((SPF,), waived_after))
    assert (change.transition, change.accepted) == (transition, SPF in waived_after)


@pytest.mark.parametrize(
    ("earlier", "before", "after", "transition"),
    [
        ([(30, FAIL), (20, PASS)], finding(PASS), finding(FAIL), T.BACK),
        ([(30, FAIL)], finding(PASS), finding(FAIL), T.BACK),
        ([(30, FAIL), (20, PASS)], finding(UNKNOWN), finding(PARTIAL), T.BACK),
        ([(30, FAIL), (20, PASS)], None, finding(FAIL), T.BACK),
        ([(30, PASS)], finding(PASS), finding(FAIL), T.WORSE),
        ([(30, FAIL), (20, PASS), (10, FAIL)], finding(FAIL), finding(FAIL), T.SAME),
        ([(30, FAIL), (20, NA)], finding(NA), finding(FAIL), T.NEW),
        # A silence in between makes nothing new, and what was known before it is compared.
        ([(30, FAIL)], finding(UNKNOWN), finding(FAIL), T.SAME),
        ([(30, PARTIAL)], finding(UNKNOWN), finding(FAIL), T.WORSE),
        ([(30, PASS)], finding(ERROR), finding(FAIL), T.WORSE),
        ([(30, FAIL)], finding(UNKNOWN), finding(PARTIAL), T.BETTER),
        ([(30, FAIL)], finding(UNKNOWN), finding(PASS), T.SOLVED),
        ([(30, PASS)], finding(UNKNOWN), finding(PASS), T.SAME),
        ([(30, FAIL)], finding(UNKNOWN), finding(UNKNOWN), T.SAME),
        ([(30, UNKNOWN)], finding(UNKNOWN), finding(FAIL), T.FIRST_KNOWN),
        ([(30, FAIL), (20, NA)], finding(UNKNOWN), finding(PASS), T.FIRST_KNOWN),
    ],
)
def test_the_past_tells_what_comes_back_and_what_was_last_known(
    earlier: list[tuple[int, Status]], before: Finding | None, after: Finding, transition: Transition
) -> None:
    assert only(before, after, traces=[trace(*each) for each in earlier]).transition is transition


@pytest.mark.parametrize(
    ("other", "transition"),
    [
        (trace(30, FAIL, vantage="lan"), T.WORSE),
        (trace(30, FAIL, ground=Ground.WORD), T.BACK),
        (trace(30, FAIL, ground=Ground.OFF), T.WORSE),
        (replace(trace(30, FAIL), partial=True), T.WORSE),
        (trace(-3, FAIL), T.WORSE),
    ],
    ids=["another vantage", "a word", "set aside", "interrupted", "later"],
)
def test_only_a_fault_that_was_really_solved_comes_back(other: Trace, transition: Transition) -> None:
    assert only(finding(PASS), finding(FAIL), traces=[other]).transition is transition


def test_what_a_vantage_without_a_voice_said_is_not_the_past() -> None:
    sides = [finding(each, seen_from=SeenFrom.OUTSIDE) for each in (UNKNOWN, FAIL)]
    assert only(sides[0], sides[1], traces=[trace(9, PASS, vantage="lan")]).transition is T.FIRST_KNOWN


@pytest.mark.parametrize(
    ("before", "after", "last"),
    [
        (finding(FAIL), finding(UNKNOWN), LastKnown(FAIL, date(2026, 11, 14))),
        (finding(FAIL), finding(PASS, vantage="lan"), LastKnown(FAIL, date(2026, 11, 14))),
        (finding(UNKNOWN), finding(UNKNOWN), LastKnown(PARTIAL, date(2026, 11, 5))),
        (finding(FAIL), finding(PASS), None),
        (None, finding(FAIL), None),
    ],
)
def test_what_is_not_checked_keeps_its_last_answer_and_its_day(
    before: Finding | None, after: Finding, last: LastKnown | None
) -> None:
    assert only(before, after, traces=[trace(9, PARTIAL)]).last_known == last


def test_the_last_known_day_is_that_of_the_commune() -> None:
    late = finding(FAIL, at=THEN.replace(hour=23, minute=30))
    assert only(late, finding(UNKNOWN)).last_known == LastKnown(FAIL, date(2026, 11, 15))
    assert only(finding(UNKNOWN), finding(UNKNOWN)).last_known is None


def test_the_open_details_that_came_and_went_are_told() -> None:
    change = only(finding(FAIL, items="ab"), finding(FAIL, items="bc"))
    assert [item.key for item in change.appeared] == ["c"]
    assert [item.key for item in change.gone] == ["a"]
    assert [item.key for item in only(finding(FAIL, items="ab"), finding(PASS)).gone] == ["a", "b"]


def test_what_is_late_is_told_even_when_nothing_changed() -> None:
    change = only(finding(FAIL), finding(FAIL), around=Around(late=(SPF,)))
    assert (change.late, change.is_told, change.is_regression) == (True, True, False)
    assert only(finding(FAIL), finding(FAIL), around=Around(late=())).late is False


@pytest.mark.parametrize(
    ("before", "rejudged", "after", "transition", "by_rules"),
    [
        (PASS, FAIL, FAIL, T.WORSE, True),
        (FAIL, PASS, PASS, T.SOLVED, True),
        (PASS, PASS, FAIL, T.WORSE, False),
        (FAIL, PASS, FAIL, T.WORSE, False),
        (PASS, FAIL, PASS, T.SOLVED, False),
        (PASS, PASS, PASS, T.SAME, False),
        (PASS, UNKNOWN, FAIL, T.WORSE, None),
        (PASS, PASS, UNKNOWN, T.NOT_CHECKED, False),
        (UNKNOWN, PASS, FAIL, T.WORSE, False),
    ],
)
def test_what_the_rules_changed_is_told_from_what_the_town_changed(
    before: Status, rejudged: Status, after: Status, transition: Transition, *, by_rules: bool | None
) -> None:
    found = diff(
        state(THEN, finding(before)),
        state(NOW, finding(after, at=NOW), rules="r2"),
        traces=[trace(0, before)],
        before_rejudged=state(THEN, finding(rejudged), rules="r2"),
    )
    (change,) = found.changes
    assert (change.transition, change.by_rules) == (transition, by_rules)
    assert change.is_regression is (transition is T.WORSE and by_rules is not True)
    assert found.rules_changed


def test_two_states_that_rest_on_one_look_are_the_same_whatever_newer_rules_say() -> None:
    old = finding(PASS)
    found = diff(
        state(THEN, old), state(NOW, old, rules="r2"), before_rejudged=state(THEN, finding(FAIL), rules="r2")
    )
    assert [(change.transition, change.by_rules) for change in found.changes] == [(T.SAME, None)]


def test_what_the_rules_alone_show_has_nothing_to_answer_for() -> None:
    found = diff(
        state(THEN, finding(UNKNOWN)),
        state(NOW, finding(FAIL, at=NOW), rules="r2"),
        before_rejudged=state(THEN, finding(FAIL), rules="r2"),
    )
    assert (found.changes[0].transition, found.has_regression) == (T.FIRST_KNOWN, False)
    for status, transition in ((FAIL, T.NOT_CHECKED), (UNKNOWN, T.SAME)):
        older = state(THEN, finding(status))
        assert diff(older, state(NOW, rules="r2"), before_rejudged=older).changes[0].transition is transition


def test_two_communes_and_interrupted_audits_are_refused() -> None:
    elsewhere = state(NOW, town=towns.renamed(TOWN, "aubagne"))
    with pytest.raises(HistoryError, match="deux communes"):
        diff(state(THEN), elsewhere)
    with pytest.raises(HistoryError, match="interrompu"):
        diff(state(THEN, partial=True), state(NOW))


def test_the_profile_that_counts_is_that_of_the_audit_the_state_is_dated_by() -> None:
    newer = replace(state(NOW).audits[0], rules="r9")
    before = state(THEN, finding(PASS))
    assert not diff(replace(before, audits=(newer, *before.audits)), state(NOW, finding(PASS))).rules_changed


CHECKS, ASSETS = ("mail.spf", "mail.mx", "practice.mfa"), ("domain/main", "domain/other")
VERDICTS = st.tuples(
    st.sampled_from(Status), st.sampled_from((1, 2, 4)), st.sets(st.sampled_from("abc")), st.text(max_size=5)
)
ANSWERS = st.dictionaries(st.tuples(st.sampled_from(CHECKS), st.sampled_from(ASSETS)), VERDICTS)


def answered(at: datetime, answers: dict[tuple[str, str], tuple[Status, int, set[str], str]]) -> TownState:
    made = []
    for (check, asset), (status, likelihood, items, text) in answers.items():
        each = finding(
            status, at=at, check=check, asset=asset, likelihood=likelihood, items="".join(sorted(items))
        )
        made.append(replace(each, title=text, verdict=replace(each.verdict, text=text)))
    return state(at, *made)


def transitions(found: Diff) -> dict[str, Transition]:
    return {change.identity: change.transition for change in found.changes}


def identities(*states: TownState) -> list[str]:
    return sorted({each.identity for one in states for each in one.findings})


@given(ANSWERS)
@settings(deadline=None)
def test_nothing_changes_from_a_state_to_itself(answers: dict[Any, Any]) -> None:
    one = answered(THEN, answers)
    assert set(transitions(diff(one, one)).values()) <= {T.SAME}


@given(ANSWERS, ANSWERS)
@settings(deadline=None)
def test_each_question_of_either_side_is_in_exactly_one_row(
    first: dict[Any, Any], second: dict[Any, Any]
) -> None:
    before, after = answered(THEN, first), answered(NOW, second)
    assert sorted(c.identity for c in diff(before, after).changes) == identities(before, after)


MIRROR = {T.WORSE: {T.BETTER, T.SOLVED}, T.BETTER: {T.WORSE}, T.SOLVED: {T.WORSE}, T.SAME: {T.SAME}}


@given(VERDICTS, VERDICTS)
@settings(deadline=None)
def test_worse_and_better_swap_when_the_two_sides_are_exchanged(first: Any, second: Any) -> None:
    assume(first[0].is_known and second[0].is_known)
    older, newer = ({("mail.spf", "domain/main"): each} for each in (first, second))
    there = diff(answered(THEN, older), answered(NOW, newer)).changes[0]
    back = diff(answered(NOW, newer), answered(THEN, older)).changes[0]
    # What came and what went in one row, or a likelier fault of a milder status, is worse both ways round.
    assume(not (there.transition is back.transition is T.WORSE))
    assert back.transition in MIRROR[there.transition]


@given(VERDICTS, VERDICTS)
@settings(deadline=None)
def test_both_ways_worse_only_when_something_went_each_way(first: Any, second: Any) -> None:
    assume(first[0].is_known and second[0].is_known)
    older, newer = ({("mail.spf", "domain/main"): each} for each in (first, second))
    there = diff(answered(THEN, older), answered(NOW, newer)).changes[0]
    back = diff(answered(NOW, newer), answered(THEN, older)).changes[0]
    if there.transition is back.transition is T.WORSE:
        went_both_ways = there.appeared and there.gone
        status_against_risk = first[0] is not second[0] and (first[1] != second[1] or first[2] != second[2])
        risk_against_items = first[1] != second[1] and (there.appeared or there.gone)
        assert went_both_ways or status_against_risk or risk_against_items


@given(ANSWERS, ANSWERS, st.randoms(use_true_random=False), st.text(max_size=9))
@settings(deadline=None)
def test_neither_the_order_of_findings_nor_any_text_counts(
    first: dict[Any, Any], second: dict[Any, Any], chance: Any, text: str
) -> None:
    before, after = answered(THEN, first), answered(NOW, second)

    def shuffled(one: TownState) -> TownState:
        findings = [
            replace(each, title=text, asset_name=text, verdict=replace(each.verdict, text=text, evidence=()))
            for each in one.findings
        ]
        chance.shuffle(findings)
        return replace(one, findings=tuple(findings))

    plain, other = diff(before, after), diff(shuffled(before), shuffled(after))
    assert list(transitions(plain).items()) == list(transitions(other).items())


@given(ANSWERS, ANSWERS, st.sampled_from(("lan", "guest")))
@settings(deadline=None)
def test_what_another_vantage_sees_never_makes_a_measured_point_better(
    first: dict[Any, Any], second: dict[Any, Any], vantage: str
) -> None:
    after = answered(NOW, second)
    elsewhere = replace(after, findings=tuple(replace(each, vantage=vantage) for each in after.findings))
    found: Iterable[Change] = diff(answered(THEN, first), elsewhere).changes
    measured = [change for change in found if not change.check.startswith("practice.")]
    assert not [change for change in measured if change.transition in (T.BETTER, T.SOLVED)]

"""The terms of the level: they give the level back, to the fraction."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.model import Basis, Finding, Reason, Status
from cyberaudit.plan.level import assess
from cyberaudit.plan.weights import Term, weights
from tests.unit.plan_samples import finding

pytestmark = pytest.mark.unit

STATUSES = st.sampled_from(list(Status))
RISKS = st.tuples(st.integers(1, 4), st.integers(1, 4))
FINDINGS = st.lists(
    st.builds(
        lambda check, status, asset, risk, basis: finding(
            f"t.{check}",
            status,
            measure=f"m{check % 3}",
            asset=f"host/{asset}",
            risk=risk,
            basis=basis,
            reason=Reason.TIMEOUT if status is Status.UNKNOWN else "",
        ),
        st.integers(0, 5),
        STATUSES,
        st.integers(0, 9),
        RISKS,
        st.sampled_from(list(Basis)),
    ),
    max_size=12,
)


def test_a_measure_is_told_by_its_checks_each_by_its_risk() -> None:
    (only,) = weights(
        [
            finding("a.fresh", Status.PARTIAL, measure="m", asset="host/1", risk=(4, 3)),
            finding("a.fresh", Status.UNKNOWN, measure="m", asset="host/2", risk=(4, 3)),
            finding("b.open", Status.PASS, measure="m", risk=(3, 2), basis=Basis.DECLARED),
            finding("b.open", Status.NOT_APPLICABLE, measure="m", asset="host/3", risk=(3, 2)),
        ]
    )
    assert only.terms == (
        Term("a.fresh", 12, 2, Fraction(1, 2), Fraction(3, 2)),
        Term("b.open", 6, 1, Fraction(1), Fraction(1)),
    )
    # (12 × ¼ + 6 × 1) ÷ 18, then (12 × ¾ + 6) ÷ 18; on word, the 6 alone.
    assert (only.weight, only.low, only.high, only.on_word) == (
        12,
        Fraction(1, 2),
        Fraction(5, 6),
        Fraction(1, 3),
    )
    assert len(only.findings) == 3


def test_what_lacks_most_comes_first_then_the_heavier_then_the_name() -> None:
    found = [
        finding("t.a", Status.PASS, measure="light", risk=(1, 2)),
        finding("t.b", Status.PASS, measure="heavy", risk=(4, 4)),
        finding("t.c", Status.FAIL, measure="zinc", risk=(2, 3)),
        finding("t.d", Status.FAIL, measure="acid", risk=(2, 3)),
        finding("t.e", Status.PARTIAL, measure="half", risk=(4, 4)),
    ]
    assert [each.measure for each in weights(found)] == ["half", "acid", "zinc", "heavy", "light"]


@pytest.mark.parametrize("found", [[], [finding("t.a", Status.NOT_APPLICABLE, measure="m")]])
def test_nothing_that_applies_weighs_nothing(found: list[Finding]) -> None:
    assert weights(found) == ()


@given(FINDINGS)
def test_the_terms_give_the_level_its_bounds_and_the_points_on_word(found: list[Finding]) -> None:
    level, terms = assess(found), weights(found)
    total = sum(each.weight for each in terms)
    if not total:
        assert not level.asked
        return
    parts = [(each.weight, (each.low, each.high, each.on_word)) for each in terms]
    low, high, word = (
        100 * sum((weight * shares[place] for weight, shares in parts), Fraction(0)) / total
        for place in range(3)
    )
    assert (low, high, int(word)) == (level.low, level.high, level.on_word_points)
    assert sum(len(each.findings) for each in terms) == level.asked


@given(FINDINGS)
def test_the_checks_give_each_measure_its_share(found: list[Finding]) -> None:
    for each in weights(found):
        risks = sum(term.risk for term in each.terms)
        shares = [
            sum((term.risk * part / term.points for term, part in parts), Fraction(0)) / risks
            for parts in (
                [(term, term.low) for term in each.terms],
                [(term, term.high) for term in each.terms],
            )
        ]
        assert shares == [each.low, each.high]

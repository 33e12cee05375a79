"""The level: by hand, and as properties."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.model import Basis, Finding, Reason, SeenFrom, Status, Verdict, finding_identity
from cyberaudit.plan import actions, books, level
from cyberaudit.plan.level import LEVEL_PARAGRAPH, assess
from cyberaudit.plan.words import Tier, Word

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)


def finding(
    check: str,
    status: Status,
    *,
    measure: str = "authenticate-mail",
    asset: str = "domain/main",
    impact: int = 3,
    likelihood: int = 3,
    raised: int = 0,
    basis: Basis = Basis.MEASURED,
    reason: str = "",
) -> Finding:
    return Finding(
        identity=finding_identity("l-hay-en-bray", check, asset),
        check=check,
        title="SPF : qui a le droit d'écrire au nom de la mairie ?",
        asset=asset,
        asset_name="mairie-l-hay.example",
        verdict=Verdict(status, "Un enregistrement a été lu.", reason=reason),
        impact=impact,
        base_likelihood=likelihood,
        likelihood=raised or likelihood,
        measure=measure,
        seen_from=SeenFrom.ANY,
        basis=basis,
        contradiction=False,
        vantage="outside",
        seen_at=NOW,
    )


def sample() -> tuple[Finding, ...]:
    """Two domains, four measures; computed by hand in the test below."""
    return (
        # authenticate-mail: mail.spf R 3×3 = 9 on two domains, mail.dmarc R 2×3 = 6 on two domains
        finding("mail.spf", Status.PASS),
        finding("mail.spf", Status.FAIL, asset="domain/old"),
        finding("mail.dmarc", Status.PARTIAL, impact=2),
        finding("mail.dmarc", Status.UNKNOWN, impact=2, asset="domain/old", reason=Reason.TIMEOUT),
        # encrypt-mail: mail.starttls R 2×2 = 4, passes; mail.certificate does not apply
        finding("mail.starttls", Status.PASS, measure="encrypt-mail", impact=2, likelihood=2),
        finding("mail.certificate", Status.NOT_APPLICABLE, measure="encrypt-mail", impact=4, likelihood=4),
        # turn-on-mfa: R 4×3 = 12, declared in part
        finding(
            "practice.mfa",
            Status.PARTIAL,
            measure="turn-on-mfa",
            asset="practice/mfa",
            impact=4,
            basis=Basis.DECLARED,
        ),
        # print-contacts: R 3×2 = 6, the check crashed
        finding(
            "practice.contacts",
            Status.ERROR,
            measure="print-contacts",
            asset="practice/contacts",
            likelihood=2,
        ),
    )


def test_the_sample_of_the_paragraph_computed_by_hand() -> None:
    # Low. s(spf) = (1 + 0)/2 = 1/2, s(dmarc) = (1/2 + 0)/2 = 1/4
    # s(authenticate-mail) = (9·1/2 + 6·1/4) / 15 = 6/15 = 2/5, w = max(9, 6) = 9
    # s(encrypt-mail) = 1, w = 4 · s(turn-on-mfa) = 1/2, w = 12 · s(print-contacts) = 0, w = 6
    # low = 100 · (9·2/5 + 4·1 + 12·1/2 + 6·0) / (9 + 4 + 12 + 6) = 100 · (18/5 + 10) / 31 = 1360/31 ≈ 43,87
    # High. s(dmarc) = (1/2 + 1)/2 = 3/4, s(authenticate-mail) = (9/2 + 9/2)/15 = 3/5, s(print-contacts) = 1
    # high = 100 · (27/5 + 4 + 6 + 6) / 31 = 2140/31 ≈ 69,03
    # On word: only turn-on-mfa, 100 · 6 / 31 ≈ 19,35 → 19
    result = assess(sample())
    assert (result.low, result.high) == (Fraction(1360, 31), Fraction(2140, 31))
    assert result.shown == (43, 70)
    assert (result.answered, result.asked) == (5, 7)
    assert result.on_word_points == 19
    assert (result.word, result.word_reason) == (Word.TO_STRENGTHEN, "")


@pytest.mark.parametrize(("passing", "low", "points"), [(2, 66, 66), (1, 33, 33), (3, 100, 100)])
def test_the_part_on_word_is_floored_as_the_whole_is(passing: int, low: int, points: int) -> None:
    findings = [
        finding(
            "practice.mfa",
            Status.PASS if n < passing else Status.FAIL,
            measure=f"m{n}",
            basis=Basis.ATTESTED,
        )
        for n in range(3)
    ]
    result = assess(findings)
    assert (result.shown[0], result.on_word_points) == (low, points)


def test_nothing_that_applies_is_not_assessed() -> None:
    result = assess([finding("mail.spf", Status.NOT_APPLICABLE)])
    assert result.word is Word.NOT_ASSESSED
    assert (result.answered, result.asked, result.coverage) == (0, 0, Fraction(0))


def test_a_run_that_saw_nothing_never_looks_like_success() -> None:
    result = assess([finding("mail.spf", Status.UNKNOWN), finding("mail.dmarc", Status.ERROR)])
    assert (result.shown, result.word) == ((0, 100), Word.TO_COMPLETE)
    assert result.word_reason == "Moins de la moitié des points ont une réponse."


def test_a_point_not_looked_at_from_here_is_asked_and_not_answered() -> None:
    elsewhere = finding("mail.spf", Status.PASS, reason=Reason.NOT_LOOKED)
    result = assess([elsewhere, finding("mail.dmarc", Status.PASS)])
    assert (result.answered, result.asked) == (1, 2)
    assert result.low == 50


@pytest.mark.parametrize(
    ("passing", "word"),
    [
        (39, Word.FRAGILE),
        (40, Word.TO_STRENGTHEN),
        (64, Word.TO_STRENGTHEN),
        (65, Word.SOLID),
        (84, Word.SOLID),
        (85, Word.VERY_SOLID),
        (100, Word.VERY_SOLID),
    ],
)
def test_the_word_follows_the_low_bound(passing: int, word: Word) -> None:
    findings = [
        finding("mail.spf", Status.PASS if n < passing else Status.FAIL, asset=f"domain/d{n}")
        for n in range(100)
    ]
    result = assess(findings)
    assert (result.low, result.word, result.word_reason) == (Fraction(passing), word, "")


def test_half_of_the_points_answered_is_enough_for_a_word() -> None:
    half = [finding("mail.spf", Status.PASS), finding("mail.dmarc", Status.UNKNOWN)]
    assert assess(half).word is Word.TO_STRENGTHEN
    assert assess([*half, finding("mail.mx", Status.UNKNOWN)]).word is Word.TO_COMPLETE


def test_a_hundred_is_shown_only_when_exact() -> None:
    findings = [finding("mail.spf", Status.PASS, asset=f"domain/d{n}") for n in range(999)]
    assert assess(findings).shown == (100, 100)
    assert assess([*findings, finding("mail.spf", Status.FAIL, asset="domain/old")]).shown == (99, 99)


def test_sixty_green_points_do_not_drown_an_open_urgency() -> None:
    green = [finding(f"vpn.tls-{n}", Status.PASS, measure="harden-vpn", impact=2) for n in range(60)]
    open_door = finding("firewall.desktop", Status.FAIL, measure="close-desktop", impact=4, likelihood=4)
    result = assess([*green, open_door])
    # 100 · 6 / (6 + 16) ≈ 27,3: the sixty points are one measure
    assert result.low == Fraction(600, 22)
    many = [replace(f, measure=f"measure-{n}") for n, f in enumerate(green)]
    drowned = assess([*many, open_door])
    assert drowned.low > 85
    assert (drowned.word, drowned.word_reason) == (
        Word.FRAGILE,
        "1\xa0point urgent est à corriger : le niveau reste Fragile d'ici là.",
    )


def test_an_open_urgency_is_fragile_even_when_little_was_seen() -> None:
    open_door = finding("firewall.desktop", Status.FAIL, measure="close-desktop", impact=4, likelihood=4)
    other = replace(open_door, identity="other", asset="host/other")
    unknown = [finding(f"mail.c{n}", Status.UNKNOWN) for n in range(5)]
    result = assess([open_door, other, *unknown])
    assert (result.word, result.word_reason) == (
        Word.FRAGILE,
        "2\xa0points urgents sont à corriger : le niveau reste Fragile d'ici là.",
    )


def test_a_raised_likelihood_makes_an_urgency_and_leaves_the_number() -> None:
    calm = finding("web.cms", Status.FAIL, measure="update-site", impact=4, likelihood=2)
    good = [finding(f"mail.c{n}", Status.PASS, measure=f"m{n}") for n in range(9)]
    raised = replace(calm, likelihood=4)
    assert assess([calm, *good]).low == assess([raised, *good]).low
    assert assess([calm, *good]).word is Word.VERY_SOLID
    assert assess([raised, *good]).word is Word.FRAGILE


def test_an_accepted_risk_stays_failing_in_the_number_and_is_no_urgency() -> None:
    open_door = finding("firewall.desktop", Status.FAIL, measure="close-desktop", impact=4, likelihood=4)
    good = [finding(f"mail.c{n}", Status.PASS, measure=f"m{n}") for n in range(40)]
    before, after = (
        assess([open_door, *good]),
        assess([open_door, *good], waived=frozenset({open_door.identity})),
    )
    assert before.low == after.low
    assert (before.word, after.word) == (Word.FRAGILE, Word.VERY_SOLID)


def test_the_printed_paragraph_says_what_the_code_does() -> None:
    text = LEVEL_PARAGRAPH.replace("\xa0", " ")
    tiers = re.findall(r"(Urgent|Gain rapide|Chantier|Plus tard)", text)
    assert tiers == [tier.value for tier in Tier]
    assert [int(n) for n in re.findall(r"risque (\d+)", text)] == [
        level.URGENT_RISK,
        actions.QUICK_WIN_RISK,
        actions.PROJECT_RISK,
    ]
    numbers = {2: "deux", 3: "trois", 4: "quatre"}
    assert f"au plus {numbers[books.STARTS_A_QUARTER]} par trimestre" in text
    assert "en partie pour moitié, absent ou inconnu pour zéro" in text
    scores = [level.known_score(finding("a.b", s)) for s in (Status.PASS, Status.PARTIAL, Status.FAIL)]
    assert scores == [1, Fraction(1, 2), 0]
    scales = re.findall(r"\(1 à 4 : ([^)]*)\)", text)
    assert [len(scale.split(", ")) for scale in scales] == [4, 4]


STATUSES = st.sampled_from(Status)


@st.composite
def towns(draw: st.DrawFn) -> tuple[Finding, ...]:
    """Findings of checks with steady weights and measures, on several assets."""
    checks = draw(
        st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=6)
    )
    return tuple(
        finding(
            f"theme.c{number}",
            draw(STATUSES),
            measure=f"m{measure}",
            asset=f"domain/d{asset}",
            impact=impact,
            likelihood=likelihood,
            basis=draw(st.sampled_from(Basis)),
        )
        for number, (impact, likelihood, measure) in enumerate(checks)
        for asset in range(draw(st.integers(1, 3)))
    )


def changed(findings: Sequence[Finding], index: int, status: Status) -> tuple[Finding, ...]:
    one = findings[index]
    other = replace(one, verdict=replace(one.verdict, status=status))
    return (*findings[:index], other, *findings[index + 1 :])


@settings(deadline=None)
@given(towns(), st.data())
def test_a_point_turning_green_never_lowers_a_bound(
    findings: tuple[Finding, ...], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(findings) - 1))
    if findings[index].status is not Status.NOT_APPLICABLE:
        before, after = assess(findings), assess(changed(findings, index, Status.PASS))
        assert after.low >= before.low
        assert after.high >= before.high


@settings(deadline=None)
@given(towns(), st.data(), st.sampled_from((Status.UNKNOWN, Status.ERROR)))
def test_unknown_never_raises_the_low_bound(
    findings: tuple[Finding, ...], data: st.DataObject, blind: Status
) -> None:
    index = data.draw(st.integers(0, len(findings) - 1))
    if findings[index].status is not Status.NOT_APPLICABLE:
        before, after = assess(findings), assess(changed(findings, index, blind))
        assert after.low <= before.low
        assert after.high >= before.high


@settings(deadline=None)
@given(towns(), st.randoms(use_true_random=False))
def test_bounds_are_ordered_and_the_order_of_findings_changes_nothing(
    findings: tuple[Finding, ...], random: Random
) -> None:
    result = assess(findings)
    shuffled = list(findings)
    random.shuffle(shuffled)
    assert assess(shuffled) == result
    assert 0 <= result.low <= result.high <= 100
    assert 0 <= result.on_word_points <= result.low + Fraction(1, 2)
    assert result.shown[0] <= result.shown[1]

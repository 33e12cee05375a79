"""The town state: which verdict stands when several scans, vantages and machines disagree."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit import french
from cyberaudit.declared import Answer, CheckChoice, Declaration, Declared, Domain, Town
from cyberaudit.errors import HistoryError
from cyberaudit.history.document import to_audit
from cyberaudit.history.merge import audits_to_read, town_state
from cyberaudit.history.state import TownState
from cyberaudit.history.trace import trace_of
from cyberaudit.model import (
    Audit,
    Basis,
    Evidence,
    Finding,
    Reason,
    SeenFrom,
    Status,
    Verdict,
    finding_identity,
)

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parents[1] / "golden" / "history-audit-v1.json"
TOWN = to_audit(json.loads(GOLDEN.read_text(encoding="utf-8"))).town
NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
PASS, PARTIAL, FAIL, UNKNOWN = Status.PASS, Status.PARTIAL, Status.FAIL, Status.UNKNOWN
NA, ERROR = Status.NOT_APPLICABLE, Status.ERROR
NOT_LOOKED = Status.UNKNOWN, Reason.NOT_LOOKED

Said = Status | tuple[Status, Reason]
Scan = tuple[int, str, Said]
"""Days ago, vantage, and what that scan answered."""


def finding(
    said: Said,
    *,
    days_ago: int = 0,
    vantage: str = "outside",
    seen_from: SeenFrom = SeenFrom.ANY,
    check: str = "mail.spf",
    basis: Basis = Basis.MEASURED,
) -> Finding:
    status, reason = said if isinstance(said, tuple) else (said, "")
    return Finding(
        identity=finding_identity(TOWN.id, check, "domain/main"),
        check=check,
        title="Qui a le droit d'écrire ?",
        asset="domain/main",
        asset_name="ville.example",
        verdict=Verdict(status, f"Réponse de {vantage}.", reason=reason),
        impact=3,
        base_likelihood=2,
        likelihood=2,
        measure="authenticate-mail",
        seen_from=seen_from,
        basis=basis,
        contradiction=False,
        vantage=vantage,
        seen_at=NOW - timedelta(days=days_ago),
    )


def audit(days_ago: int, *findings: Finding, vantage: str = "outside", partial: bool = False) -> Audit:
    started = NOW - timedelta(days=days_ago)
    return Audit(
        uuid=str(UUID(int=1000 + days_ago)),
        town=TOWN,
        vantage=vantage,
        scanned_by="Cabinet Dupont",
        started_at=started,
        finished_at=started,
        partial=partial,
        rules="r1",
        program="0.1.0",
        observations=(),
        findings=findings,
    )


def scans(*told: Scan, seen_from: SeenFrom = SeenFrom.ANY) -> list[Audit]:
    return [
        audit(days, finding(said, days_ago=days, vantage=vantage, seen_from=seen_from), vantage=vantage)
        for days, vantage, said in told
    ]


def only(state: TownState) -> Finding:
    (found,) = state.findings
    return found


@pytest.mark.parametrize(
    ("seen_from", "told", "expected"),
    [
        ("any", [(9, "outside", FAIL), (0, "outside", PASS)], PASS),
        ("any", [(9, "outside", PASS), (0, "outside", FAIL)], FAIL),
        ("any", [(9, "outside", PASS), (0, "outside", UNKNOWN)], UNKNOWN),
        ("any", [(9, "outside", FAIL), (0, "outside", ERROR)], FAIL),
        ("any", [(9, "outside", PARTIAL), (0, "outside", (UNKNOWN, Reason.NO_CONTROL))], PARTIAL),
        ("any", [(9, "outside", FAIL), (5, "outside", ERROR), (0, "outside", UNKNOWN)], FAIL),
        ("any", [(9, "outside", FAIL), (5, "outside", PASS), (0, "outside", UNKNOWN)], UNKNOWN),
        ("any", [(9, "outside", FAIL), (5, "outside", UNKNOWN), (0, "outside", PARTIAL)], PARTIAL),
        ("any", [(46, "outside", FAIL), (0, "outside", UNKNOWN)], UNKNOWN),
        ("any", [(9, "outside", PASS), (0, "outside", ERROR)], ERROR),
        ("any", [(9, "outside", FAIL), (0, "outside", NA)], NA),
        ("any", [(9, "outside", FAIL), (0, "lan", PASS)], FAIL),
        ("any", [(9, "outside", PARTIAL), (0, "lan", PASS)], PARTIAL),
        ("any", [(9, "outside", PASS), (0, "lan", PARTIAL)], PARTIAL),
        ("any", [(9, "outside", PARTIAL), (0, "lan", FAIL)], FAIL),
        ("any", [(9, "outside", PASS), (0, "lan", UNKNOWN)], PASS),
        ("any", [(9, "outside", FAIL), (0, "lan", NA)], FAIL),
        ("any", [(9, "outside", UNKNOWN), (0, "lan", NA)], UNKNOWN),
        ("any", [(9, "outside", ERROR), (0, "lan", UNKNOWN)], UNKNOWN),
        ("any", [(9, "outside", FAIL), (5, "outside", UNKNOWN), (0, "lan", PASS)], FAIL),
        ("any", [(46, "outside", FAIL), (0, "lan", PASS)], PASS),
        ("any", [(45, "outside", FAIL), (0, "lan", PASS)], FAIL),
        ("any", [(9, "outside", PASS), (0, "outside", NOT_LOOKED)], PASS),
        ("any", [(9, "outside", PASS), (0, "outside", (UNKNOWN, Reason.INTERRUPTED))], PASS),
        ("any", [(9, "outside", PASS), (0, "outside", (UNKNOWN, Reason.NO_PROBE))], PASS),
        ("any", [(9, "outside", FAIL), (0, "outside", (UNKNOWN, Reason.DEADLINE))], FAIL),
        ("any", [(9, "outside", FAIL), (0, "outside", (UNKNOWN, Reason.TOO_NEW))], FAIL),
        ("any", [(9, "outside", FAIL), (0, "outside", (ERROR, Reason.INTERRUPTED))], FAIL),
        ("any", [(0, "outside", (UNKNOWN, Reason.DEADLINE))], UNKNOWN),
        ("any", [(9, "outside", PASS), (0, "outside", (UNKNOWN, Reason.TIMEOUT))], UNKNOWN),
        ("outside", [(9, "outside", FAIL), (0, "lan", NOT_LOOKED)], FAIL),
        ("outside", [(9, "outside", FAIL), (0, "lan", PASS)], FAIL),
        ("outside", [(0, "lan", PASS)], UNKNOWN),
        ("inside", [(9, "lan", FAIL), (0, "outside", NOT_LOOKED)], FAIL),
        ("inside", [(9, "lan", PASS), (0, "outside", FAIL)], PASS),
        ("inside", [(9, "lan", FAIL), (0, "guest", PASS)], FAIL),
        ("local", [(9, "lan", FAIL), (0, "lan", PASS)], PASS),
        ("any", [(60, "outside", PASS)], UNKNOWN),
        ("any", [(60, "outside", FAIL)], UNKNOWN),
    ],
)
def test_which_verdict_stands(seen_from: str, told: list[Scan], expected: Status) -> None:
    state = town_state(scans(*told, seen_from=SeenFrom(seen_from)), now=NOW)
    assert only(state).status is expected


UNSEEN = [
    Reason.NO_CONTROL,
    Reason.NO_ROUTE,
    Reason.TIMEOUT,
    Reason.PERMISSION_DENIED,
    Reason.PROBE_CRASHED,
    Reason.RESOLVER_FAILURE,
]


@pytest.mark.parametrize("reason", UNSEEN)
def test_a_cable_pulled_out_today_leaves_the_fault_of_yesterday_and_its_date(reason: Reason) -> None:
    told = scans((1, "outside", FAIL), (0, "outside", (UNKNOWN, reason)))
    state = town_state(told, now=NOW, current=told[-1])
    assert (only(state).status, only(state).seen_at) == (FAIL, NOW - timedelta(days=1))
    assert state.first_failed[0].on == (NOW - timedelta(days=1)).date()


@pytest.mark.parametrize("reason", UNSEEN)
def test_what_was_in_order_and_can_no_longer_be_seen_is_proved_no_more(reason: Reason) -> None:
    told = scans((1, "outside", PASS), (0, "outside", (UNKNOWN, reason)))
    assert only(town_state(told, now=NOW)).status is UNKNOWN


def test_a_clean_scan_from_the_lan_never_erases_an_urgency_seen_from_outside() -> None:
    urgent = replace(finding(FAIL, days_ago=20), impact=4, likelihood=4, base_likelihood=4)
    clean = [replace(urgent, verdict=Verdict(PASS, "Rien."), vantage="lan", seen_at=NOW)]
    later = [audit(days, *clean, vantage="lan") for days in range(10)]
    found = only(town_state([audit(20, urgent), *later], now=NOW))
    assert (found.status, found.risk, found.vantage) == (FAIL, 16, "outside")


def test_between_two_failures_the_riskier_one_stands() -> None:
    raised = replace(finding(FAIL, days_ago=9), verdict=Verdict(FAIL, "Attaqué.", likelihood=4), likelihood=4)
    state = town_state([audit(9, raised), *scans((0, "lan", FAIL))], now=NOW)
    assert (only(state).vantage, only(state).risk) == ("outside", 12)


def test_what_was_not_looked_at_says_from_where_it_could_be() -> None:
    state = town_state(
        scans((3, "lan", NOT_LOOKED), (0, "guest", NOT_LOOKED), seen_from=SeenFrom.OUTSIDE), now=NOW
    )
    assert not only(state).looked
    assert only(state).vantage == "guest"


@pytest.mark.parametrize("vantage", ["outside", "lan"])
def test_a_measurement_nobody_may_trust_is_not_looked_at_and_gives_no_first_failure(vantage: str) -> None:
    raised = replace(
        finding(FAIL, days_ago=60, vantage=vantage, seen_from=SeenFrom.OUTSIDE), likelihood=4, impact=4
    )
    state = town_state([audit(60, raised)], now=NOW)
    assert (only(state).looked, only(state).likelihood, state.first_failed) == (False, 2, ())
    text = only(state).verdict.text
    assert text.endswith("22\u00a0septembre\u00a02026.") if vantage == "outside" else "non regardé" in text


def test_an_old_verdict_is_weighed_by_the_rules_of_today() -> None:
    asked = replace(
        finding(NOT_LOOKED, vantage="lan"),
        title="Question neuve ?",
        impact=4,
        base_likelihood=3,
        likelihood=3,
    )
    state = town_state(
        [*scans((9, "outside", FAIL)), audit(0, replace(asked, measure="new"), vantage="lan")], now=NOW
    )
    found = only(state)
    assert (found.title, found.risk, found.measure) == ("Question neuve ?", 12, "new")
    assert (found.status, found.vantage, found.seen_at) == (FAIL, "outside", NOW - timedelta(days=9))


def declared(said: Said, *, days_ago: int = 0, vantage: str = "outside") -> Finding:
    return finding(said, days_ago=days_ago, vantage=vantage, basis=Basis.DECLARED)


@pytest.mark.parametrize(
    ("older", "newest", "expected", "contradiction"),
    [
        (declared(PASS, days_ago=9), finding((UNKNOWN, Reason.NOT_DECLARED)), UNKNOWN, False),
        (declared(FAIL, days_ago=9), declared(PASS), PASS, False),
        (declared(PASS, days_ago=9, vantage="lan"), finding((UNKNOWN, Reason.TIMEOUT)), UNKNOWN, False),
        (finding(FAIL, days_ago=9, vantage="lan"), declared(PASS), FAIL, True),
        (finding(PASS, days_ago=9, vantage="lan"), declared(FAIL), FAIL, False),
        (finding(PARTIAL, days_ago=9, vantage="lan"), declared(FAIL), FAIL, False),
        (finding(PASS, days_ago=9, vantage="lan"), declared(PASS), PASS, False),
        (finding(UNKNOWN, days_ago=9, vantage="lan"), declared(PASS), PASS, False),
        (finding(FAIL, days_ago=9), declared(PASS), FAIL, True),
        (finding(FAIL, days_ago=9), declared(PARTIAL), FAIL, True),
        (finding(PARTIAL, days_ago=9), declared(FAIL), FAIL, False),
        (finding(FAIL, days_ago=46), declared(PASS), PASS, False),
        (finding(PASS, days_ago=60, vantage="lan"), declared(FAIL), FAIL, False),
    ],
)
def test_declarations_come_from_the_newest_audit_and_yield_to_measurements(
    older: Finding, newest: Finding, expected: Status, contradiction: bool
) -> None:
    found = only(town_state([audit(9, older, vantage=older.vantage), audit(0, newest)], now=NOW))
    assert (found.status, found.contradiction) == (expected, contradiction)


def town_where(*words: Declaration) -> Town:
    """The town, where people said this of its domain."""
    assets = tuple(
        replace(asset, declared=tuple(Declared(f"field-{n}", word) for n, word in enumerate(words)))
        if asset.key == "domain/main"
        else asset
        for asset in TOWN.assets
    )
    return replace(TOWN, assets=assets)


def word(on: date, answer: Answer = Answer.YES) -> Declaration:
    return Declaration(answer, "Mme Lefèvre", on, "", "")


def test_an_outage_keeps_the_measured_fault_and_its_date_beside_a_better_word() -> None:
    found = only(town_state([*scans((9, "outside", FAIL)), audit(0, declared(PASS))], now=NOW))
    assert (found.basis, found.seen_at) == (Basis.MEASURED, NOW - timedelta(days=9))


def test_a_silence_before_the_word_does_not_hide_the_fault_seen_earlier() -> None:
    told = scans((20, "outside", FAIL), (9, "outside", (UNKNOWN, Reason.TIMEOUT)))
    found = only(town_state([*told, audit(0, declared(PASS))], now=NOW))
    assert (found.status, found.contradiction) == (FAIL, True)


def test_a_repair_seen_by_measure_is_not_undone_by_a_later_outage() -> None:
    told = scans((20, "outside", FAIL), (9, "outside", PASS))
    found = only(town_state([*told, audit(0, declared(PASS))], now=NOW))
    assert (found.status, found.basis) == (PASS, Basis.DECLARED)


@pytest.mark.parametrize(
    ("older", "said", "expected"),
    [
        (PASS, (UNKNOWN, Reason.INTERRUPTED), UNKNOWN),
        (FAIL, (UNKNOWN, Reason.INTERRUPTED), FAIL),
        (PASS, NOT_LOOKED, PASS),
        (FAIL, NOT_LOOKED, FAIL),
        (PASS, (UNKNOWN, Reason.TIMEOUT), UNKNOWN),
    ],
)
def test_a_bad_word_outlives_a_scan_cut_short_and_a_good_one_does_not(
    older: Status, said: Said, expected: Status
) -> None:
    town = town_where(word(date(2026, 6, 1)))
    told = [
        replace(scans((20, "outside", PASS if older is FAIL else UNKNOWN))[0], town=town),
        replace(audit(9, declared(older, days_ago=9)), town=town),
        replace(audit(0, finding(said, vantage="lan" if said == NOT_LOOKED else "outside")), town=town),
    ]
    assert only(town_state(told, now=NOW, current=told[-1])).status is expected


def test_a_bad_word_taken_back_in_the_profile_is_forgotten() -> None:
    older = replace(audit(9, declared(FAIL, days_ago=9)), town=town_where(word(date(2026, 6, 1), Answer.NO)))
    newest = replace(audit(0, finding(NOT_LOOKED, vantage="lan")), town=town_where())
    assert not only(town_state([older, newest], now=NOW)).looked


@pytest.mark.parametrize(
    ("on", "later", "expected"),
    [
        (date(2025, 11, 25), 0, PASS),
        (date(2025, 11, 25), 4, PASS),
        (date(2025, 11, 25), 5, UNKNOWN),
    ],
)
def test_a_word_that_ends_after_the_scan_no_longer_passes(on: date, later: int, expected: Status) -> None:
    told = replace(audit(0, declared(PASS)), town=town_where(word(on)))
    found = only(town_state([told], now=NOW + timedelta(days=later)))
    assert (found.status, found.looked) == (expected, True)
    assert (found.verdict.reason == Reason.DECLARATION_EXPIRED) is (expected is UNKNOWN)


@pytest.mark.parametrize(("cited", "expected"), [(0, UNKNOWN), (1, PASS), (None, UNKNOWN)])
def test_of_several_words_the_one_cited_counts_and_any_when_none_is(
    cited: int | None, expected: Status
) -> None:
    words = (word(date(2025, 11, 2)), word(date(2026, 11, 2)))
    said = declared(PASS)
    if cited is not None:
        proof = Evidence("déclaré", f"yes, par Mme Lefèvre le {french.day(words[cited].on)}")
        said = replace(said, verdict=replace(said.verdict, evidence=(proof,)))
    told = replace(audit(0, said), town=town_where(*words))
    assert only(town_state([told], now=NOW)).status is expected


def test_when_its_word_ends_a_measurement_from_elsewhere_still_counts() -> None:
    newest = replace(audit(0, declared(PASS)), town=town_where(word(date(2025, 11, 2))))
    assert only(town_state([*scans((9, "lan", PARTIAL)), newest], now=NOW)).status is PARTIAL


def test_a_check_no_longer_made_is_named_unless_it_was_set_aside_or_its_asset_left() -> None:
    older = audit(9, *(finding(FAIL, days_ago=9, check=name) for name in ("x-acme.door", "mail.spf")))
    newest = audit(0, finding(PASS))
    assert town_state([older, newest], now=NOW).dropped == ("x-acme.door",)
    off = replace(TOWN, checks=(CheckChoice("x-acme.door", "géré ailleurs", ()),))
    assert town_state([replace(older, town=off), newest], now=NOW).dropped == ()
    gone = replace(newest, town=replace(TOWN, assets=()))
    assert town_state([older, gone], now=NOW).dropped == ()
    assert town_state([older, newest], now=NOW + timedelta(days=40)).dropped == ()


def test_a_declared_practice_stays_whatever_the_age_of_the_audit() -> None:
    practice = finding(FAIL, days_ago=300, check="practice.mfa", basis=Basis.ATTESTED)
    state = town_state([audit(300, practice)], now=NOW)
    assert only(state) == practice


def test_a_practice_is_never_answered_by_an_older_audit() -> None:
    older = finding(PASS, days_ago=3, vantage="lan", check="practice.mfa")
    state = town_state([audit(3, older), audit(0, finding(UNKNOWN, check="practice.mfa"))], now=NOW)
    assert only(state).status is UNKNOWN


def test_an_asset_or_a_check_that_left_the_newest_audit_disappears_and_its_order_rules() -> None:
    names = ("mail.dmarc", "mail.spf", "mail.mx")
    older = audit(9, *(finding(FAIL, days_ago=9, check=name) for name in names))
    newest = audit(0, finding(PASS, check="mail.mx"), finding(PASS, check="mail.dmarc"))
    assert [each.check for each in town_state([newest, older], now=NOW).findings] == ["mail.mx", "mail.dmarc"]


def test_a_check_switched_off_in_the_profile_forgets_what_was_measured() -> None:
    off = replace(TOWN, checks=(CheckChoice("mail.spf", "géré ailleurs", ()),))
    newest = replace(audit(0, finding(NA, vantage="lan")), town=off)
    assert only(town_state([*scans((9, "outside", FAIL)), newest], now=NOW)).status is NA


def test_a_check_switched_on_again_does_not_stay_out_of_the_level() -> None:
    off = replace(TOWN, checks=(CheckChoice("mail.spf", "géré ailleurs", ()),))
    older = replace(audit(9, finding(NA, days_ago=9)), town=off)
    state = town_state([older, *scans((0, "lan", NOT_LOOKED), seen_from=SeenFrom.OUTSIDE)], now=NOW)
    assert not only(state).looked


def test_a_partial_audit_counts_only_when_it_is_the_current_one() -> None:
    partial = replace(audit(0, finding(FAIL)), partial=True)
    complete = scans((9, "outside", PASS))
    assert only(town_state([*complete, partial], now=NOW)).status is PASS
    assert only(town_state([*complete, partial], now=NOW, current=partial)).status is FAIL


def test_an_interrupted_scan_keeps_the_questions_it_had_no_time_to_ask() -> None:
    names = ("mail.spf", "mail.mx")
    complete = audit(9, *(finding(FAIL, days_ago=9, check=name) for name in names))
    gone = replace(finding(FAIL, days_ago=9, check="mail.gone"), asset="domain/sold")
    partial = audit(0, finding(PASS), partial=True)
    state = town_state([replace(complete, findings=(*complete.findings, gone))], now=NOW, current=partial)
    assert [(each.check, each.status) for each in state.findings] == [("mail.spf", PASS), ("mail.mx", FAIL)]


def test_the_current_audit_gives_the_profile_even_beside_a_newer_one() -> None:
    town = replace(TOWN, scanned_by="Moi", assets=tuple(a for a in TOWN.assets if not isinstance(a, Domain)))
    current = replace(audit(1, finding(PASS, days_ago=1)), town=town)
    state = town_state(scans((0, "lan", FAIL)), now=NOW, current=current)
    assert (state.town.scanned_by, state.as_of) == ("Moi", current.started_at)
    assert only(state).status is FAIL


def test_an_audit_from_the_future_does_not_rule_the_present() -> None:
    future = replace(audit(0, finding(PASS)), started_at=NOW + timedelta(hours=2), uuid=str(UUID(int=1)))
    assert only(town_state([future, *scans((9, "outside", FAIL))], now=NOW)).status is FAIL
    slightly = replace(future, started_at=NOW + timedelta(minutes=5))
    assert only(town_state([slightly, *scans((9, "outside", FAIL))], now=NOW)).status is PASS


def test_the_audits_told_are_those_that_answered_newest_first() -> None:
    told = scans((20, "outside", PASS), (9, "outside", FAIL), (4, "lan", PASS), (0, "lan", UNKNOWN))
    state = town_state(told, now=NOW)
    assert [each.started_at for each in state.audits] == [NOW, NOW - timedelta(days=9)]
    assert state.audits[1].open_findings == 1


@pytest.mark.parametrize("audits", [[], [audit(0, finding(PASS), partial=True)]], ids=["none", "partial"])
def test_without_a_complete_audit_there_is_no_state(audits: list[Audit]) -> None:
    with pytest.raises(HistoryError, match="Aucun contrôle complet"):
        town_state(audits, now=NOW)


def test_two_communes_are_never_merged() -> None:
    other = replace(TOWN, commune=replace(TOWN.commune, id="aubagne"))
    with pytest.raises(HistoryError, match="plusieurs communes"):
        town_state([audit(0, finding(PASS)), replace(audit(1, finding(PASS)), town=other)], now=NOW)


@pytest.mark.parametrize(
    ("told", "days_ago"),
    [
        ([(0, "outside", FAIL)], 0),
        ([(40, "outside", FAIL), (20, "outside", PARTIAL), (0, "outside", FAIL)], 40),
        ([(40, "outside", FAIL), (20, "outside", PASS), (9, "outside", FAIL), (0, "outside", FAIL)], 9),
        ([(40, "outside", FAIL), (20, "outside", NA), (0, "outside", FAIL)], 0),
        ([(40, "outside", FAIL), (20, "outside", UNKNOWN), (0, "outside", FAIL)], 40),
        ([(40, "outside", FAIL), (20, "lan", NOT_LOOKED), (0, "outside", FAIL)], 40),
        ([(40, "outside", FAIL), (20, "outside", ERROR), (0, "outside", FAIL)], 40),
        ([(40, "outside", FAIL), (20, "lan", PASS), (0, "outside", FAIL)], 40),
        ([(40, "lan", FAIL), (20, "outside", FAIL), (10, "lan", PASS), (0, "outside", FAIL)], 40),
        ([(200, "outside", FAIL), (0, "outside", FAIL)], 200),
        ([(200, "outside", FAIL), (100, "lan", PASS), (0, "outside", FAIL)], 200),
        ([(200, "lan", FAIL), (100, "outside", PASS), (0, "outside", FAIL)], 0),
        (
            [(225, "outside", FAIL), (192, "outside", FAIL), (156, "outside", FAIL), (71, "outside", FAIL)],
            225,
        ),
        ([(200, "outside", FAIL), (90, "outside", (UNKNOWN, Reason.DEADLINE)), (0, "outside", FAIL)], 200),
    ],
)
def test_since_when_it_fails_without_interruption(told: list[Scan], days_ago: int) -> None:
    now = NOW - timedelta(days=told[-1][0])
    (first,) = town_state(scans(*told), now=now).first_failed
    assert first.on == (NOW - timedelta(days=days_ago)).date()
    assert first.identity == finding_identity(TOWN.id, "mail.spf", "domain/main")


@pytest.mark.parametrize(
    ("told", "days_ago", "audits"),
    [
        ([(0, "outside", UNKNOWN)], 0, 1),
        (
            [(200, "outside", UNKNOWN), (90, "lan", (UNKNOWN, Reason.TIMEOUT)), (0, "outside", UNKNOWN)],
            200,
            3,
        ),
        ([(200, "outside", PASS), (90, "outside", UNKNOWN), (0, "outside", UNKNOWN)], 90, 2),
        ([(200, "outside", UNKNOWN), (90, "outside", FAIL), (0, "outside", UNKNOWN)], 0, 1),
        ([(200, "outside", UNKNOWN), (90, "outside", NA), (0, "outside", UNKNOWN)], 0, 1),
        ([(200, "outside", UNKNOWN), (90, "outside", ERROR), (0, "outside", UNKNOWN)], 200, 2),
        ([(200, "outside", UNKNOWN), (90, "lan", NOT_LOOKED), (0, "outside", UNKNOWN)], 200, 2),
    ],
)
def test_since_when_nobody_knows_and_how_often_it_was_asked(
    told: list[Scan], days_ago: int, audits: int
) -> None:
    (first,) = town_state(scans(*told), now=NOW).first_unknown
    assert (first.on, first.audits) == ((NOW - timedelta(days=days_ago)).date(), audits)
    assert first.identity == finding_identity(TOWN.id, "mail.spf", "domain/main")


def test_a_vantage_without_a_voice_neither_asks_nor_answers() -> None:
    told = scans((90, "outside", UNKNOWN), (40, "lan", UNKNOWN), (20, "lan", PASS), (0, "outside", UNKNOWN))
    heard = [
        replace(each, findings=(replace(each.findings[0], seen_from=SeenFrom.OUTSIDE),)) for each in told
    ]
    (first,) = town_state(heard, now=NOW).first_unknown
    assert (first.on, first.audits) == ((NOW - timedelta(days=90)).date(), 2)


@pytest.mark.parametrize("said", [PASS, FAIL, NA, ERROR, NOT_LOOKED])
def test_what_is_known_or_was_not_asked_is_not_unknown(said: Said) -> None:
    assert town_state(scans((0, "outside", said)), now=NOW).first_unknown == ()


def test_a_check_set_aside_for_a_while_makes_no_fault_younger() -> None:
    off = replace(TOWN, checks=(CheckChoice("mail.spf", "géré ailleurs", ()),))
    told = scans((200, "outside", FAIL), (90, "outside", NA), (0, "outside", FAIL))
    (first,) = town_state([told[0], replace(told[1], town=off), told[2]], now=NOW).first_failed
    assert first.on == (NOW - timedelta(days=200)).date()


def test_a_check_set_aside_for_a_while_hides_no_declared_fault() -> None:
    off = replace(TOWN, checks=(CheckChoice("mail.spf", "géré ailleurs", ()),))
    told = [
        audit(20, declared(FAIL, days_ago=20)),
        replace(audit(10, declared(NA, days_ago=10)), town=off),
        audit(0, finding(NOT_LOOKED)),
    ]
    assert only(town_state(told, now=NOW)).status is FAIL


def test_what_a_scan_tells_of_long_ago_hides_nothing_seen_since() -> None:
    told = [audit(20, finding(FAIL, days_ago=20)), audit(10, finding(PASS, days_ago=50)), audit(0)]
    asks = replace(told[2], findings=(finding(NOT_LOOKED),))
    traces = [trace_of(each) for each in (*told[:2], asks)]
    read = [each for each in (*told[:2], asks) if each.uuid in audits_to_read(traces, now=NOW)]
    assert only(town_state(read, now=NOW)).status is FAIL


def test_a_declared_no_dates_from_the_first_time_it_was_said() -> None:
    told = [
        audit(90, declared(FAIL, days_ago=90)),
        audit(60, declared(PASS, days_ago=60, vantage="lan")),
        audit(30, declared(FAIL, days_ago=30)),
        audit(0, declared(FAIL, vantage="lan")),
    ]
    (first,) = town_state(told, now=NOW).first_failed
    assert first.on == (NOW - timedelta(days=30)).date()


def test_a_measured_pass_ends_what_was_only_declared() -> None:
    told = [
        audit(90, declared(FAIL, days_ago=90)),
        *scans((60, "lan", PASS), (30, "lan", FAIL), (0, "lan", FAIL)),
    ]
    (first,) = town_state(told, now=NOW, max_age_days=100).first_failed
    assert first.on == (NOW - timedelta(days=30)).date()


def test_what_a_vantage_without_a_voice_saw_dates_nothing() -> None:
    told = scans((40, "lan", FAIL), (30, "outside", PASS), (0, "outside", FAIL), seen_from=SeenFrom.OUTSIDE)
    (first,) = town_state(told, now=NOW).first_failed
    assert first.on == NOW.date()


def in_zone(name: str) -> Callable[[Audit], Audit]:
    town = replace(TOWN, commune=replace(TOWN.commune, timezone=name))
    return lambda audit: replace(audit, town=town)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Europe/Paris", 22), ("America/Guadeloupe", 21), ("Lune/Mer", 21), ("../etc", 21)],
)
def test_the_day_is_that_of_the_commune(zone: str, day: int) -> None:
    late = replace(audit(0, finding(FAIL)), started_at=NOW.replace(hour=23, minute=30))
    state = town_state([in_zone(zone)(late)], now=NOW + timedelta(hours=3))
    assert state.first_failed[0].on == date(2026, 11, day)


SAID = st.sampled_from([PASS, PARTIAL, FAIL, UNKNOWN, NA, ERROR, NOT_LOOKED, (UNKNOWN, Reason.TIMEOUT)])
SCANS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(["outside", "lan", "guest"]), SAID),
    min_size=1,
    max_size=8,
    unique_by=lambda scan: scan[0],
)
FROM = st.sampled_from(SeenFrom)


@given(SCANS.flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))), FROM)
@settings(deadline=None)
def test_the_order_in_which_audits_come_never_matters(
    orders: tuple[list[Scan], list[Scan]], seen_from: SeenFrom
) -> None:
    states = [town_state(scans(*told, seen_from=seen_from), now=NOW) for told in orders]
    assert states[0] == states[1]


@given(SCANS, FROM)
@settings(deadline=None)
def test_merging_an_audit_twice_changes_nothing(told: list[Scan], seen_from: SeenFrom) -> None:
    audits = scans(*told, seen_from=seen_from)
    newest = min(audits, key=lambda each: NOW - each.started_at)
    once = town_state(audits, now=NOW)
    assert town_state([*audits, *audits], now=NOW) == once
    assert town_state(audits, now=NOW, current=newest) == once


@given(SCANS, FROM)
@settings(deadline=None)
def test_a_pass_is_never_made_of_anything_but_a_recent_admissible_pass(
    told: list[Scan], seen_from: SeenFrom
) -> None:
    found = only(town_state(scans(*told, seen_from=seen_from), now=NOW))
    recent = {(vantage, said) for days, vantage, said in told if days <= 45}
    if found.status.is_known:
        assert (found.vantage, found.status) in recent
        assert seen_from is not SeenFrom.OUTSIDE or found.vantage == "outside"
        assert seen_from is not SeenFrom.INSIDE or found.vantage != "outside"


@given(SCANS)
@settings(deadline=None)
def test_what_is_open_has_a_first_day_and_what_is_not_has_none(told: list[Scan]) -> None:
    state = town_state(scans(*told), now=NOW)
    assert len(state.first_failed) == only(state).status.is_open
    days = {(NOW - timedelta(days=days)).date() for days, _, said in told if said in (FAIL, PARTIAL)}
    assert {first.on for first in state.first_failed} <= days


WORDS = st.builds(
    lambda scan, on_word: (*scan, on_word),
    st.tuples(st.integers(0, 120), st.sampled_from(["outside", "lan"]), SAID),
    st.booleans(),
)


@given(st.lists(WORDS, min_size=1, max_size=9, unique_by=lambda scan: scan[0]), FROM)
@settings(deadline=None)
def test_the_audits_chosen_by_their_traces_answer_as_all_of_them_would(
    told: list[tuple[int, str, Said, bool]], seen_from: SeenFrom
) -> None:
    audits = [
        audit(
            days,
            finding(
                said,
                days_ago=days,
                vantage=vantage,
                seen_from=seen_from,
                basis=Basis.DECLARED if on_word else Basis.MEASURED,
            ),
            vantage=vantage,
        )
        for days, vantage, said, on_word in told
    ]
    traces = [trace_of(each) for each in audits]
    chosen = audits_to_read(traces, now=NOW)
    kept = [each for each in audits if each.uuid in chosen]
    assert bool(kept) is (min(days for days, *_ in told) <= 45)
    if kept:
        assert town_state(kept, now=NOW, traces=traces) == town_state(audits, now=NOW)


def test_of_many_audits_only_those_that_may_still_answer_are_read() -> None:
    told = scans(*((days, "outside", FAIL) for days in range(40)), (41, "lan", PASS))
    chosen = audits_to_read([trace_of(each) for each in told], now=NOW)
    assert chosen == (told[-1].uuid, told[0].uuid)


def test_the_audit_of_a_fault_is_read_even_after_a_word_and_a_silence() -> None:
    told = [
        *scans((20, "outside", FAIL)),
        audit(10, declared(PASS, days_ago=10)),
        *scans((0, "outside", (UNKNOWN, Reason.NO_ROUTE))),
    ]
    chosen = audits_to_read([trace_of(each) for each in told], now=NOW)
    assert chosen == tuple(each.uuid for each in told)
    assert only(town_state(told, now=NOW)).status is FAIL


def test_a_fault_that_is_the_age_of_a_word_outlives_it() -> None:
    told = replace(audit(0, declared(PARTIAL)), town=town_where(word(date(2025, 9, 2))))
    assert only(town_state([told], now=NOW)).status is PARTIAL
    since_over = replace(audit(0, declared(PARTIAL)), town=town_where(word(date(2025, 11, 25))))
    assert only(town_state([since_over], now=NOW + timedelta(days=5))).status is UNKNOWN

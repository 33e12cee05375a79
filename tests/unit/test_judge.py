"""Facts to findings: one each, isolated, never a pass out of nothing."""

import itertools
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import Answer, CheckChoice, Town
from cyberaudit.engine.catalogue import Catalogue, load_catalogue
from cyberaudit.engine.judge import judge, side_by_side
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.mail_samples import BAD_DNS, GOOD_DNS, LOCKED_DNS
from cyberaudit.facts.mail_servers_samples import GOOD_SERVERS
from cyberaudit.facts.reach import HostReach
from cyberaudit.facts.reach_samples import BAD_HOST, GOOD_HOST
from cyberaudit.model import Basis, Finding, Observation, Reason, SeenFrom, Status, Unreachable, Verdict
from cyberaudit.sdk import Check, CheckFunction, Context, passed, unknown
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()


def seen(asset: str, facts: object, kind: str) -> Observation:
    return Observation(asset, kind, facts, towns.NOW + timedelta(seconds=2))


def find(findings: tuple[Finding, ...], check: str, asset: str = "") -> Finding:
    return next(each for each in findings if each.check == check and each.asset.endswith(asset))


def judged(town: Town, *observations: Observation, vantage: str = "outside") -> tuple[Finding, ...]:
    return judge(town, CATALOGUE, observations, vantage=vantage, now=towns.NOW)


def test_every_pair_of_the_town_gets_exactly_one_finding() -> None:
    town = towns.town(towns.domain("a"), towns.domain("b"), towns.practice("mfa"))
    of_domains, of_the_town, of_practices = (
        ("mail.dkim", "mail.mx", "mail.spf"),
        "mail.parked-domains",
        "practice.mfa",
    )
    few = towns.narrowed(CATALOGUE, *of_domains, of_the_town, of_practices)
    findings = judge(town, few, (), vantage="outside", now=towns.NOW)
    assert len({(each.check, each.asset) for each in findings}) == len(findings) == 3 * 2 + 1 + 1


def test_only_what_is_asked_for_is_judged_and_as_it_would_be_among_the_others() -> None:
    town = towns.town(towns.domain("a"), towns.domain("b"))
    facts = seen("domain/b", BAD_DNS, "mail-dns")
    only = judge(town, CATALOGUE, (facts,), vantage="outside", now=towns.NOW, only={"domain/b"})
    assert only == tuple(each for each in judged(town, facts) if each.asset == "domain/b")
    assert any(each.status is Status.FAIL for each in only)


def test_without_any_facts_nothing_passes() -> None:
    town = towns.town(towns.domain(), towns.backup(), towns.practice("mfa"))
    assert {each.status for each in judged(town)} == {Status.UNKNOWN}


def test_good_facts_pass_and_are_dated_by_what_was_seen() -> None:
    town = towns.town(towns.domain())
    findings = judged(
        town, seen("domain/main", GOOD_DNS, "mail-dns"), seen("domain/main", GOOD_SERVERS, "mail-servers")
    )
    assert find(findings, "mail.spf").status is Status.PASS
    assert find(findings, "mail.mx").status is Status.PASS
    assert find(findings, "mail.spf").seen_at == towns.NOW + timedelta(seconds=2)


def test_an_identity_depends_on_commune_check_and_asset_only() -> None:
    town = towns.town(towns.domain())
    good = find(judged(town, seen("domain/main", GOOD_DNS, "mail-dns")), "mail.spf")
    bad = find(judged(town, seen("domain/main", BAD_DNS, "mail-dns"), vantage="lan"), "mail.spf")
    elsewhere = find(
        judged(towns.renamed(town, "autre"), seen("domain/main", BAD_DNS, "mail-dns")), "mail.spf"
    )
    assert good.identity == bad.identity != elsewhere.identity


def test_a_raised_likelihood_is_kept_and_a_lowered_one_is_not() -> None:
    town = towns.town(towns.domain())
    plus_all = replace(BAD_DNS, apex=TxtAnswer("main", (b"v=spf1 +all",)))
    finding = find(judged(town, seen("domain/main", plus_all, "mail-dns")), "mail.spf")
    assert (finding.base_likelihood, finding.likelihood, finding.risk) == (3, 4, 12)


def with_function(check_id: str, function: CheckFunction) -> Catalogue:
    checks = tuple(
        replace(check, function=function) if check.id == check_id else check for check in CATALOGUE.checks
    )
    return Catalogue(checks, CATALOGUE.remedies)


def test_a_crash_in_one_check_changes_no_other_finding() -> None:
    def crash(facts: object, ctx: Context) -> Verdict:
        raise ZeroDivisionError("\x1b[31mboum")

    town = towns.town(towns.domain(), towns.practice("mfa", towns.declaration(Answer.NO)))
    observed = (seen("domain/main", GOOD_DNS, "mail-dns"),)
    before = judged(town, *observed)
    after = judge(town, with_function("mail.spf", crash), observed, vantage="outside", now=towns.NOW)
    assert find(after, "mail.spf").status is Status.ERROR
    assert "\x1b" not in str(find(after, "mail.spf").verdict)
    assert [each for each in after if each.check != "mail.spf"] == [
        each for each in before if each.check != "mail.spf"
    ]


def test_a_check_that_returns_something_else_is_an_error() -> None:
    catalogue = with_function("mail.spf", lambda facts, ctx: True)  # type: ignore[arg-type, return-value]  # the mistake under test

    findings = judge(
        towns.town(towns.domain()),
        catalogue,
        (seen("domain/main", GOOD_DNS, "mail-dns"),),
        vantage="outside",
        now=towns.NOW,
    )
    assert find(findings, "mail.spf").status is Status.ERROR


def test_a_crashed_probe_is_an_error_not_an_unknown() -> None:
    crashed = Unreachable(Reason.PROBE_CRASHED, "KeyError : 'x'")
    findings = judged(towns.town(towns.domain()), seen("domain/main", crashed, "mail-dns"))
    assert find(findings, "mail.spf").status is Status.ERROR


def test_a_check_switched_off_says_why_and_leaves_the_level() -> None:
    town = towns.town(towns.domain(), checks=(CheckChoice("mail.spf", "géré par l'agglomération", ()),))
    finding = find(judged(town, seen("domain/main", BAD_DNS, "mail-dns")), "mail.spf")
    assert finding.status is Status.NOT_APPLICABLE
    assert "agglomération" in finding.verdict.text


@pytest.mark.parametrize(
    ("seen_from", "vantage", "looked"),
    [
        (SeenFrom.OUTSIDE, "outside", True),
        (SeenFrom.OUTSIDE, "lan", False),
        (SeenFrom.INSIDE, "outside", False),
        (SeenFrom.INSIDE, "lan", True),
        (SeenFrom.ANY, "lan", True),
        (SeenFrom.LOCAL, "outside", True),
    ],
)
def test_from_elsewhere_the_answer_is_not_looked(seen_from: SeenFrom, vantage: str, looked: bool) -> None:
    spf = CATALOGUE.check("mail.spf")
    assert spf is not None
    catalogue = Catalogue((replace(spf, seen_from=seen_from),), CATALOGUE.remedies)
    observed = (seen("domain/main", GOOD_DNS, "mail-dns"),)
    finding = judge(towns.town(towns.domain()), catalogue, observed, vantage=vantage, now=towns.NOW)[0]
    assert finding.looked is looked
    assert finding.status is (Status.PASS if looked else Status.UNKNOWN)


@pytest.mark.parametrize(
    ("declared", "status", "reason"),
    [
        (None, Status.UNKNOWN, Reason.NOT_DECLARED),
        (towns.declaration(Answer.UNKNOWN), Status.UNKNOWN, Reason.ANSWER_UNKNOWN),
        (towns.declaration(Answer.YES, on=date(2025, 11, 20)), Status.UNKNOWN, Reason.DECLARATION_EXPIRED),
        (towns.declaration(Answer.YES, on=date(2025, 11, 21)), Status.PASS, ""),
        (towns.declaration(Answer.YES, on=date(2026, 11, 22)), Status.UNKNOWN, Reason.DECLARATION_EXPIRED),
        (towns.declaration(Answer.NO), Status.FAIL, "answered-no"),
        (towns.declaration(Answer.PARTIAL), Status.PARTIAL, "some-accounts"),
    ],
)
def test_a_declaration_holds_twelve_months(declared: object, status: Status, reason: str) -> None:
    town = towns.town(towns.practice("mfa", declared))  # type: ignore[arg-type]  # the table mixes None and answers
    finding = find(judged(town), "practice.mfa")
    assert (finding.status, finding.verdict.reason, finding.basis) == (status, reason, Basis.DECLARED)


PASS, FAIL = passed("Vu en ordre."), Verdict(Status.FAIL, "Vu en défaut.", reason="seen")
PARTIAL, LOST = Verdict(Status.PARTIAL, "Vu à moitié.", reason="half"), unknown(Unreachable(Reason.TIMEOUT))
CRASH, NONE = Verdict(Status.ERROR, "Erreur."), Verdict(Status.NOT_APPLICABLE, "Sans objet.")


@pytest.mark.parametrize(
    ("measured", "answer", "status", "basis", "contradiction"),
    [
        (PASS, Answer.YES, Status.PASS, Basis.MEASURED, False),
        (PASS, Answer.PARTIAL, Status.PARTIAL, Basis.DECLARED, False),
        (PASS, Answer.NO, Status.FAIL, Basis.DECLARED, False),
        (PARTIAL, Answer.YES, Status.PARTIAL, Basis.MEASURED, True),
        (PARTIAL, Answer.PARTIAL, Status.PARTIAL, Basis.MEASURED, False),
        (PARTIAL, Answer.NO, Status.FAIL, Basis.DECLARED, False),
        (FAIL, Answer.YES, Status.FAIL, Basis.MEASURED, True),
        (FAIL, Answer.PARTIAL, Status.FAIL, Basis.MEASURED, True),
        (FAIL, Answer.NO, Status.FAIL, Basis.MEASURED, False),
        (LOST, Answer.YES, Status.PASS, Basis.DECLARED, False),
        (LOST, Answer.NO, Status.FAIL, Basis.DECLARED, False),
        (CRASH, Answer.YES, Status.ERROR, Basis.MEASURED, False),
        (NONE, Answer.YES, Status.NOT_APPLICABLE, Basis.MEASURED, False),
        (FAIL, Answer.NOT_APPLICABLE, Status.FAIL, Basis.MEASURED, False),
        (LOST, Answer.NOT_APPLICABLE, Status.UNKNOWN, Basis.MEASURED, False),
    ],
)
def test_measured_beside_declared(
    measured: Verdict, answer: Answer, status: Status, basis: Basis, contradiction: bool
) -> None:
    verdict, stands_on, contradicts = side_by_side(measured, towns.declaration(answer))
    assert (verdict.status, stands_on, contradicts) == (status, basis, contradiction)


def test_an_unusable_declaration_leaves_the_measurement_alone() -> None:
    for measured in (PASS, PARTIAL, FAIL, LOST):
        assert side_by_side(measured, Unreachable(Reason.NOT_DECLARED)) == (measured, Basis.MEASURED, False)


def test_port_25_filtered_and_a_written_promise_is_declared_not_measured() -> None:
    promise = towns.declaration(Answer.YES, proof="contrat-messagerie.pdf")
    town = towns.town(towns.domain(encryption=promise))
    finding = find(
        judged(town, seen("domain/main", Unreachable(Reason.TIMEOUT), "mail-servers")), "mail.starttls"
    )
    assert (finding.status, finding.basis) == (Status.PASS, Basis.DECLARED)
    assert "non vérifié" in finding.verdict.text


def test_a_town_wide_question_needs_every_one_that_matters() -> None:
    town = towns.town(towns.domain("a", sends_mail=False), towns.domain("b", sends_mail=False))
    locked = seen("domain/a", LOCKED_DNS, "mail-dns")
    lost = seen("domain/b", Unreachable(Reason.RESOLVER_FAILURE), "mail-dns")
    assert find(judged(town, locked, lost), "mail.parked-domains").status is Status.UNKNOWN
    both = (locked, seen("domain/b", LOCKED_DNS, "mail-dns"))
    assert find(judged(town, *both), "mail.parked-domains").status is Status.PASS
    one_bad = (locked, seen("domain/b", BAD_DNS, "mail-dns"))
    assert find(judged(town, *one_bad), "mail.parked-domains").status is Status.FAIL


LOST_REASONS = [reason for reason in Reason if reason is not Reason.PROBE_CRASHED]


@given(st.lists(st.sampled_from(LOST_REASONS), min_size=4, max_size=4), st.sampled_from(["outside", "lan"]))
def test_no_combination_of_unreachable_facts_yields_a_pass(reasons: list[Reason], vantage: str) -> None:
    town = towns.town(towns.domain("a"), towns.domain("b", sends_mail=False), towns.practice("mfa"))
    pairs = itertools.product(("domain/a", "domain/b"), ("mail-dns", "mail-servers"))
    observed = [
        seen(asset, Unreachable(reason), kind) for (asset, kind), reason in zip(pairs, reasons, strict=True)
    ]
    assert Status.PASS not in {each.status for each in judged(town, *observed, vantage=vantage)}


@given(
    st.sets(st.sampled_from(["exists", "mx", "apex", "spf", "dmarc"])),
    st.sampled_from(LOST_REASONS),
)
def test_losing_a_field_never_turns_a_failure_into_a_pass(fields: set[str], reason: Reason) -> None:
    town = towns.town(towns.domain())
    whole = judged(town, seen("domain/main", BAD_DNS, "mail-dns"))
    lost = replace(BAD_DNS, **dict.fromkeys(fields, Unreachable(reason)))  # type: ignore[arg-type]  # names come from the class
    blind = judged(town, seen("domain/main", lost, "mail-dns"))
    for before, after in zip(whole, blind, strict=True):
        assert not (before.status.is_open and after.status is Status.PASS)


def test_the_engines_own_check_class_names_its_file() -> None:
    check = CATALOGUE.check("mail.spf")
    assert isinstance(check, Check)
    assert check.path == Path(check.function.__code__.co_filename)


@pytest.mark.parametrize(("ports", "status"), [(BAD_HOST, Status.FAIL), (GOOD_HOST, Status.ERROR)])
def test_a_fault_that_one_probe_saw_stands_beside_the_crash_of_another(
    ports: HostReach, status: Status
) -> None:
    town = towns.town(towns.host("edge"))
    crashed = Unreachable(Reason.PROBE_CRASHED, "KeyError : 'x'")
    findings = judged(
        town,
        seen("host/edge", ports, "host-reach"),
        seen("host/edge", crashed, "host-services"),
    )
    assert find(findings, "firewall.remote-desktop").status is status

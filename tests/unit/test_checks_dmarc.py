"""The DMARC checks: what each record is worth, item by item, and the line to publish."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.dkim_samples import GOOD_DKIM, HALF_DKIM, NO_DKIM
from cyberaudit.facts.dmarc import dmarc_faults, dmarc_policy, dmarc_records
from cyberaudit.facts.mail import MailDns, ReportTarget, TxtAnswer
from cyberaudit.facts.mail_samples import GOOD_DNS
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.reports.to_publish import to_publish
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()

D = GOOD_DNS.domain
RUA = f"rua=mailto:dmarc@{D}"
LOST = Unreachable(Reason.RESOLVER_FAILURE, "SERVFAIL")
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
Reports = tuple[ReportTarget, ...]


SPF = b"v=spf1 -all"


def ask(check_id: str, facts: MailDns, *, sends_mail: bool = True, dkim: Any = GOOD_DKIM) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = towns.domain(sends_mail=sends_mail)
    needed = (facts, dkim) if check_id == "mail.dmarc" else facts
    return check.function(needed, Context(towns.NOW, asset, check.settings(), towns.town(asset)))


def at(name: str, *records: str) -> TxtAnswer:
    return TxtAnswer(f"_dmarc.{name}", tuple(record.encode("latin-1") for record in records))


def dns(*records: str, apex: tuple[bytes, ...] = (), **changes: Any) -> MailDns:
    """The domain's own records; without one the walk goes on to `example`."""
    own = at(D, *records)
    alone = len(records) == 1
    walk = {
        "dmarc": (own,) if alone else (own, at("example")),
        "dmarc_beyond": (at("example"),) if alone else (),
    }
    return replace(GOOD_DNS, **{**walk, "apex": TxtAnswer(D, (SPF, *apex)), "reports": (), **changes})


def policy(*tags: str, **changes: Any) -> MailDns:
    return dns("; ".join(("v=DMARC1", *tags)), **changes)


def codes(verdict: Verdict, *statuses: Status) -> list[str]:
    return [item.reason for item in verdict.items if item.status in (statuses or (PARTIAL, FAIL))]


def line(verdict: Verdict) -> str | None:
    return next(iter(to_publish(verdict.evidence)), None)


@pytest.mark.parametrize(
    ("facts", "status", "reason", "items"),
    [
        (policy("p=reject", RUA), PASS, "", []),
        (policy("p=quarantine"), PASS, "", []),
        (policy("P=Reject", "X-inconnu=1", "adkim=s", "fo=1"), PASS, "", []),
        (policy("p=reject", "rf=afrf", "ri=86400", "pct=100"), PASS, "", []),
        (policy("p=reject", "sp=quarantine", "np=reject", "t=n", "psd=n"), PASS, "", []),
        (policy("p=reject", apex=(b"v=DMARC1; p=none",)), PASS, "", []),
        (policy("p=none", RUA), PARTIAL, "policy-none", ["dmarc.none"]),
        (policy("p=none", "t=y"), PARTIAL, "policy-none", ["dmarc.none"]),
        (policy("p=none", "pct=50", "sp=none", "np=none"), PARTIAL, "policy-none", ["dmarc.none"]),
        (policy("p=reject", "sp=none"), PARTIAL, "sp-none", ["dmarc.sp_none"]),
        (policy("p=reject", "np=none"), PARTIAL, "np-none", ["dmarc.np_none"]),
        (policy("p=quarantine", "pct=0"), PARTIAL, "percent", ["dmarc.pct"]),
        (policy("p=reject", "t=y"), PARTIAL, "testing", ["dmarc.testing"]),
        (policy("p=quarantine", "t=y"), PARTIAL, "policy-none", ["dmarc.testing"]),
        (policy("p=reject", "adkim=strict"), PARTIAL, "syntax", ["dmarc.syntax"]),
        (policy("p=oops", RUA), PARTIAL, "policy-none", ["dmarc.none", "dmarc.syntax"]),
        (policy("p=oops"), FAIL, "unusable-record", ["dmarc.syntax"]),
        (policy("p=reject", "sp=oops"), FAIL, "unusable-record", ["dmarc.syntax"]),
        (dns(), FAIL, "no-record", ["dmarc.missing"]),
        (dns("v=dmarc1; p=reject"), FAIL, "no-record", ["dmarc.missing", "dmarc.syntax"]),
        (dns("p=reject; v=DMARC1"), FAIL, "no-record", ["dmarc.missing", "dmarc.syntax"]),
        (dns(apex=(b"v=DMARC1; p=reject",)), FAIL, "no-record", ["dmarc.missing", "dmarc.wrong_location"]),
        (dns("v=DMARC1; p=reject", "v=DMARC1; p=none"), FAIL, "several-records", ["dmarc.multiple"]),
        (replace(GOOD_DNS, dmarc=LOST), UNKNOWN, Reason.RESOLVER_FAILURE, []),
        (policy("p=reject", dmarc_beyond=LOST, apex=(b"\xff",), dmarc_suffix=LOST), PASS, "", []),
        (replace(dns(), dmarc=(), dmarc_beyond=()), FAIL, "no-record", ["dmarc.missing"]),
    ],
)
def test_dmarc(facts: MailDns, status: Status, reason: str, items: list[str]) -> None:
    verdict = ask("mail.dmarc", facts)
    assert (verdict.status, verdict.reason, codes(verdict)) == (status, reason, items)


@pytest.mark.parametrize(
    ("parent", "status", "items"),
    [
        ("v=DMARC1; p=reject", PASS, []),
        ("v=DMARC1; p=none; sp=reject", PASS, []),
        ("v=DMARC1; p=reject; sp=none", PARTIAL, ["dmarc.sp_none"]),
        ("v=DMARC1; p=none", PARTIAL, ["dmarc.none"]),
        ("v=DMARC1; p=reject; np=none", PASS, []),
    ],
)
def test_a_domain_without_a_record_inherits(parent: str, status: Status, items: list[str]) -> None:
    facts = dns(dmarc=(at(D), at("example", parent)))
    verdict = ask("mail.dmarc", facts)
    assert (verdict.status, codes(verdict)) == (status, items)


def test_two_records_of_its_own_fail_even_below_a_good_one() -> None:
    own = at(D, "v=DMARC1; p=reject", "v=DMARC1; p=reject")
    verdict = ask("mail.dmarc", dns(dmarc=(own, at("example", "v=DMARC1; p=reject"))))
    assert (verdict.status, codes(verdict)) == (FAIL, ["dmarc.multiple"])


def test_what_is_no_fault_is_told_all_the_same() -> None:
    facts = policy("p=reject", "rf=afrf", "pct=100", apex=(b"v=DMARC1; p=none",))
    verdict = ask("mail.dmarc", facts)
    assert codes(verdict, PASS) == ["dmarc.removed_tags", "dmarc.wrong_location"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (policy("p=reject"), None),
        (dns(), f'"v=DMARC1; p=none; {RUA}"'),
        (dns(apex=(b"v=DMARC1; p=reject",)), f'"v=DMARC1; p=reject; {RUA}"'),
        (dns("v=DMARC1 p=reject rua=mailto:a@b.example"), '"v=DMARC1; p=reject; rua=mailto:a@b.example"'),
        (
            policy("p=reject", "rua=a@b.example", "adkim=strict"),
            '"v=DMARC1; p=reject; rua=mailto:a@b.example"',
        ),
        (dns("v=DMARC1; p=reject; aspf=s", f"v=DMARC1; p=none; {RUA}"), f'"v=DMARC1; p=none; aspf=s; {RUA}"'),
        (policy("p=none", "rua=mailto:a@b.example!9m"), '"v=DMARC1; p=quarantine; rua=mailto:a@b.example"'),
        (policy("p=none"), f'"v=DMARC1; p=none; {RUA}"'),
        (policy("p=reject", "sp=none", "t=y", RUA), f'"v=DMARC1; p=reject; {RUA}"'),
        (policy("p=quarantine", "pct=5", "aspf=s", RUA), f'"v=DMARC1; p=quarantine; aspf=s; {RUA}"'),
        (dns(dmarc=(at(D), at("example", "v=DMARC1; p=reject; sp=none"))), f'"v=DMARC1; p=none; {RUA}"'),
    ],
)
def test_the_line_to_publish_is_the_next_step(facts: MailDns, expected: str | None) -> None:
    found = line(ask("mail.dmarc", facts))
    assert found == (expected and f"_dmarc.{D}. IN TXT {expected}")


def test_two_policies_are_told_when_old_and_new_receivers_differ() -> None:
    facts = policy("p=reject", "t=y", RUA)
    told = {each.label: each.value for each in ask("mail.dmarc", facts).evidence}
    assert told["consigne appliquée, RFC 9989"] == f"p=quarantine, lue à _dmarc.{D}"
    assert told["consigne appliquée, RFC 7489"] == f"p=reject, lue à _dmarc.{D}"
    alone = dns(dmarc=(at(D), at("example", "v=DMARC1; p=reject; psd=y")))
    told = {each.label: each.value for each in ask("mail.dmarc", alone).evidence}
    assert told["consigne appliquée, RFC 7489"] == "aucune"
    same = {each.label for each in ask("mail.dmarc", policy("p=reject")).evidence}
    assert not any("7489" in label for label in same)


def target(uri: str, *, agreed: Any = None, receives: Any = True, tag: str = "rua") -> ReportTarget:
    return ReportTarget(tag, uri, uri.partition("@")[2], agreed, receives)


OWN, OTHER = f"mailto:dmarc@{D}", "mailto:a@rapports.example"
AGREED = TxtAnswer(f"{D}._report._dmarc.rapports.example", (b"v=DMARC1",))
REFUSED = TxtAnswer(AGREED.name, (b"v=spf1 -all",))


@pytest.mark.parametrize(
    ("rua", "reports", "status", "reason", "items"),
    [
        (OWN, (target(OWN),), PASS, "", []),
        (OTHER, (target(OTHER, agreed=AGREED),), PASS, "", []),
        (OTHER, (target(OTHER, agreed=REFUSED),), FAIL, "rua-unauthorised", ["dmarc.rua_unauthorised"]),
        (OTHER, (target(OTHER, agreed=LOST),), UNKNOWN, "resolver-failure", []),
        (OTHER, (target(OTHER, agreed=AGREED, receives=False),), FAIL, "rua-no-mx", ["dmarc.rua_no_mx"]),
        (OTHER, (target(OTHER, agreed=AGREED, receives=LOST),), UNKNOWN, "resolver-failure", []),
        (f"{OWN},{OTHER}", (target(OWN), target(OTHER, agreed=REFUSED)), PARTIAL, "rua-unauthorised",
         ["dmarc.rua_unauthorised"]),
        (f"{OWN}!10m", (target(OWN),), PASS, "", []),
        ("dmarc@b.example", (), FAIL, "rua-invalid", ["dmarc.rua_invalid"]),
        ("https://b.example/x", (), FAIL, "rua-invalid", ["dmarc.rua_invalid"]),
        (f"{OWN},oops", (target(OWN),), PARTIAL, "rua-invalid", ["dmarc.rua_invalid"]),
        (OWN, LOST, UNKNOWN, "resolver-failure", []),
        (OWN, (target(OTHER),), UNKNOWN, "not-collected", []),
        ("", (), PARTIAL, "no-rua", ["dmarc.no_rua"]),
    ],
)  # fmt: skip
def test_reports(
    rua: str, reports: Reports | Unreachable, status: Status, reason: str, items: list[str]
) -> None:
    verdict = ask("mail.dmarc-reports", policy("p=reject", f"rua={rua}", reports=reports))
    assert (verdict.status, verdict.reason, codes(verdict)) == (status, reason, items)


def test_a_wrong_failure_report_is_half_a_fault() -> None:
    seen = (target(OWN), target(OTHER, agreed=REFUSED, tag="ruf"))
    verdict = ask("mail.dmarc-reports", policy("p=reject", f"rua={OWN}", f"ruf={OTHER}", reports=seen))
    assert (verdict.status, codes(verdict)) == (PARTIAL, ["dmarc.rua_unauthorised"])


def test_an_address_beyond_the_fifth_is_left_alone() -> None:
    uris = [f"mailto:a{rank}@{D}" for rank in range(9)]
    facts = policy("p=reject", f"rua={','.join(uris)}", reports=tuple(target(uri) for uri in uris[:5]))
    verdict = ask("mail.dmarc-reports", facts)
    assert (verdict.status, len(verdict.items)) == (PASS, 5)


def test_the_permission_to_publish_is_given_word_for_word() -> None:
    facts = policy("p=reject", f"rua={OTHER}", reports=(target(OTHER, agreed=REFUSED),))
    evidence = ask("mail.dmarc-reports", facts).evidence
    assert f'{D}._report._dmarc.rapports.example. IN TXT "v=DMARC1"' in [each.value for each in evidence]


def test_an_address_is_proposed_and_the_policy_stays() -> None:
    verdict = ask("mail.dmarc-reports", policy("p=reject", "sp=none", "t=y"))
    assert line(verdict) == f'_dmarc.{D}. IN TXT "v=DMARC1; p=reject; sp=none; t=y; {RUA}"'


@pytest.mark.parametrize("check", ["mail.dmarc", "mail.dmarc-reports"])
def test_a_domain_without_mail_is_judged_elsewhere(check: str) -> None:
    assert ask(check, GOOD_DNS, sends_mail=False).status is NONE


def test_without_a_policy_there_is_nothing_to_report_about() -> None:
    assert ask("mail.dmarc-reports", dns()).status is NONE
    assert ask("mail.dmarc-reports", replace(GOOD_DNS, dmarc=LOST)).status is UNKNOWN


@given(st.binary(max_size=80), st.booleans())
def test_reports_that_were_not_looked_at_never_pass(more: bytes, lost: bool) -> None:
    own = TxtAnswer(f"_dmarc.{D}", (f"v=DMARC1; p=reject; rua={OWN},".encode() + more,))
    facts = policy(dmarc=(own,), reports=LOST if lost else ())
    assert ask("mail.dmarc-reports", facts).status is not PASS


def notes(verdict: Verdict) -> str:
    return " | ".join(each.value for each in verdict.evidence if each.label == "à savoir")


CANCELLED = TxtAnswer(D, (SPF, b"v=spf1 mx -all"))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (policy("p=none", RUA), None),
        (policy("p=reject", "t=y", "sp=none", RUA), None),
        (policy("p=none", "pct=oops", RUA), f"p=none; {RUA}"),
        (dns("v=DMARC1 p=reject sp=reject " + RUA), f"p=none; {RUA}"),
        (dns("v=DMARC1; p=reject", "v=DMARC1; p=quarantine"), f"p=none; {RUA}"),
    ],
)
def test_nothing_is_refused_before_real_mail_passes(facts: MailDns, expected: str | None) -> None:
    for blind, dkim in ((facts, NO_DKIM), (facts, LOST), (replace(facts, apex=CANCELLED), GOOD_DKIM)):
        verdict = ask("mail.dmarc", blind, dkim=dkim)
        assert line(verdict) == (expected and f'_dmarc.{D}. IN TXT "v=DMARC1; {expected}"')
        assert "réparez d'abord SPF et DKIM, puis lisez un mois de rapports" in notes(verdict)
    assert line(ask("mail.dmarc", policy("p=none", RUA), dkim=HALF_DKIM))


def test_who_writes_a_line_is_told_what_must_stand_for_it() -> None:
    assert notes(ask("mail.dmarc", dns())) == f"la boîte dmarc@{D} doit exister"
    kept = notes(ask("mail.dmarc", dns("v=DMARC1 p=reject rua=mailto:a@b.example")))
    assert kept.startswith("b.example doit accepter ces rapports : ")
    several = notes(ask("mail.dmarc", dns(f"v=DMARC1; p=reject; {RUA}", f"v=DMARC1; p=none; {RUA}")))
    assert several == "« p=none » est gardé, le plus doux : aucune consigne n'est appliquée aujourd'hui"
    assert notes(ask("mail.dmarc", policy("p=none", RUA))).startswith("lisez un mois de rapports")


def test_a_missing_semicolon_is_named() -> None:
    verdict = ask("mail.dmarc", dns("v=DMARC1 p=reject"))
    assert verdict.items[-1].text.startswith("Il manque le point-virgule après « v=DMARC1 »")


TAGS = st.sampled_from(
    (
        "p=none", "p=reject", "P=Quarantine", "p=oops", "sp=none", "sp=reject", "np=none", "np=oops", "t=y", "pct=5",
        "pct=500", "adkim=strict", "aspf=s", "fo=1:d", "psd=y", "rf=afrf", "oops", "rua=", "rua=a@b.example", RUA,
        "rua=https://b.example/x", "ruf=mailto:x@y.example!3m", "rua=mailto:a@b.example,c",
    )
)  # fmt: skip
RECORDS = st.builds(
    lambda version, tags, apart: apart.join((version, *tags)),
    st.sampled_from(("v=DMARC1", "v=dmarc1", "V = DMARC1")),
    st.lists(TAGS, max_size=8),
    st.sampled_from(("; ", ";", " ", ", ")),
)


@given(st.lists(RECORDS, max_size=2), st.booleans())
def test_the_line_read_back_has_no_fault_and_weakens_nothing(records: list[str], sound: bool) -> None:
    facts = dns(*records)
    found = line(ask("mail.dmarc", facts, dkim=GOOD_DKIM if sound else NO_DKIM))
    if found is None:
        return
    text = found.partition(' IN TXT "')[2].removesuffix('"')
    answer = at(D, text)
    assert dmarc_records(answer) == (text,)
    assert dmarc_faults(text) == ()
    assert isinstance(facts.dmarc, tuple)
    before, after = dmarc_policy(D, facts.dmarc), dmarc_policy(D, (answer,))
    assert after is not None
    assert after.reports
    if before is not None:
        order = ("none", "quarantine", "reject")
        assert order.index(after.policy) >= order.index(before.policy)
        assert after.percent >= min(before.percent, 100)
        assert sound or after.policy == before.policy
    elif not sound:
        assert (after.policy, "sp=" in text) == ("none", False)
    again = ask("mail.dmarc", replace(facts, dmarc=(answer,)))
    assert not set(codes(again)) & {"dmarc.syntax", "dmarc.multiple", "dmarc.missing"}


@pytest.mark.parametrize("aliases", [(), LOST])
def test_a_line_is_proposed_where_no_alias_is_known_to_stand(aliases: Any) -> None:
    verdict = ask("mail.dmarc", policy("p=none", RUA, dmarc_aliases=aliases))
    assert (line(verdict) or "").startswith(f"_dmarc.{D}. IN TXT ")


def test_beside_an_alias_nothing_is_to_be_published() -> None:
    """RFC 1034 §3.6.2: who manages the alias's target may change its record; else the alias goes first."""
    facts = policy("p=none", RUA, dmarc_aliases=(f"etape.{D}", f"{D}.consignes.example"))
    verdict = ask("mail.dmarc", facts)
    told = {each.label: each.value for each in verdict.evidence}
    assert line(verdict) is None
    assert told["ligne à publier, si l'alias est retiré"].startswith(f"_dmarc.{D}. IN TXT ")
    assert any(f"alias de {D}.consignes.example" in each.value for each in verdict.evidence)
    assert to_publish(verdict.evidence) == []

"""Checks of MTA-STS, TLS-RPT, DANE and BIMI: facts to verdicts, table by table."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.bimi import LogoPage
from cyberaudit.facts.dane import Dane, TlsaRecord
from cyberaudit.facts.mail import MxRecord, TxtAnswer
from cyberaudit.facts.mail_policies_samples import (
    BARE_REPORTS,
    DANE_HOST,
    FORGETFUL_STS,
    GONE_BIMI,
    GOOD_BIMI,
    GOOD_DANE,
    GOOD_REPORTS,
    GOOD_STS,
    HALF_DANE,
    LOST_STS,
    MISMATCHED_DANE,
    MX1,
    MX2,
    NO_BIMI,
    NO_DANE,
    NO_REPORTS,
    NO_STS,
    POLICY_PAGE,
    PROMISE,
    TESTING_STS,
    UNCHECKED_DANE,
    UNSIGNED_DANE,
    policy_text,
)
from cyberaudit.facts.mail_samples import DOMAIN, GOOD_DNS
from cyberaudit.facts.mail_servers import MailServers, UnresolvedServer
from cyberaudit.facts.mail_servers_samples import (
    BAD_SERVERS,
    EXPIRED_SERVERS,
    GOOD_SERVERS,
    MUTE_SERVERS,
    SESSION,
    TLS,
)
from cyberaudit.facts.mta_sts import MtaSts, covers, is_pattern, read_policy
from cyberaudit.facts.security import Security
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.reports.to_publish import to_publish
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
LOST = Unreachable(Reason.TIMEOUT)
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
STS, RPT, DANE, BIMI = "mail.mta-sts", "mail.tls-reports", "mail.dane", "mail.bimi"


def ask(check_id: str, facts: Any, *, sends_mail: bool = True) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = towns.domain(sends_mail=sends_mail)
    needed = (*facts, GOOD_SERVERS) if check_id == STS and len(facts) == 2 else facts
    return check.function(needed, Context(towns.NOW, asset, check.settings(), towns.town(asset)))


def codes(verdict: Verdict) -> set[str]:
    """The codes of what is to be mended."""
    return {item.reason for item in verdict.items if item.status.is_open}


def lines(verdict: Verdict) -> list[str]:
    return [line for line in to_publish(verdict.evidence) if " IN " in line]


def page(**changes: Any) -> MtaSts:
    return replace(GOOD_STS, policy=replace(POLICY_PAGE, **changes))


def record(*texts: bytes) -> MtaSts:
    return replace(GOOD_STS, txt=TxtAnswer(f"_mta-sts.{DOMAIN}", texts))


MISSED = policy_text(MX1)
ON_TRIAL = page(body=policy_text("x.example", mode="testing"))


@pytest.mark.parametrize(
    ("sts", "status", "found"),
    [
        (GOOD_STS, PASS, set()),
        (page(body=policy_text(f"*.{DOMAIN}")), PASS, set()),
        (NO_STS, NONE, set()),
        (replace(NO_STS, policy=LOST), NONE, set()),
        (replace(NO_STS, policy=replace(POLICY_PAGE, body=b"<html>")), NONE, set()),
        (record(b"v=spf1 -all"), PARTIAL, {"mta_sts.no_txt"}),
        (replace(NO_STS, policy=POLICY_PAGE), PARTIAL, {"mta_sts.no_txt"}),
        (record(b"v=STSv1; id=2026-11-22;"), PARTIAL, {"mta_sts.syntax"}),
        (record(b"v=STSv1; id=1;", b"v=STSv1; id=2;"), PARTIAL, {"mta_sts.multiple"}),
        (LOST_STS, PARTIAL, {"mta_sts.policy_unreachable"}),
        (page(status=404, body=b""), PARTIAL, {"mta_sts.policy_unreachable"}),
        (page(status=301, location="https://x.example", body=b""), PARTIAL, {"mta_sts.policy_unreachable"}),
        (replace(GOOD_STS, policy=Unreachable(Reason.REFUSED)), PARTIAL, {"mta_sts.policy_unreachable"}),
        (replace(GOOD_STS, policy=Unreachable(Reason.TLS_FAILURE)), PARTIAL, {"mta_sts.cert"}),
        (replace(GOOD_STS, policy=LOST), UNKNOWN, set()),
        (replace(GOOD_STS, txt=LOST), UNKNOWN, set()),
        (page(status=503, body=b""), UNKNOWN, set()),
        (LOST, UNKNOWN, set()),
        (page(body=b"version: STSv1\nmode: renforce\nmax_age: 604800\nmx: x"), PARTIAL, {"mta_sts.policy_syntax"}),
        (page(media_type="text/html"), PARTIAL, {"mta_sts.policy_syntax"}),
        (page(body=policy_text(mode="none")), PARTIAL, {"mta_sts.mode_none"}),
        (TESTING_STS, PARTIAL, {"mta_sts.mode_testing"}),
        (page(body=policy_text(MX1, MX2, max_age=3600)), PARTIAL, {"mta_sts.max_age_short"}),
        (page(body=MISSED), PARTIAL, {"mta_sts.mx_not_covered"}),
        (FORGETFUL_STS, FAIL, {"mta_sts.mx_not_covered"}),
        (ON_TRIAL, PARTIAL, {"mta_sts.mode_testing", "mta_sts.mx_not_covered"}),
    ],
)  # fmt: skip
def test_mta_sts(sts: MtaSts | Unreachable, status: Status, found: set[str]) -> None:
    verdict = ask(STS, (sts, GOOD_DNS))
    assert (verdict.status, codes(verdict)) == (status, found)
    assert ask(STS, (sts, GOOD_DNS), sends_mail=False).status is NONE


def test_a_rule_nobody_reads_refuses_no_mail() -> None:
    broken = replace(FORGETFUL_STS, txt=TxtAnswer("x", (b"v=STSv1; id=;",)))
    assert ask(STS, (broken, GOOD_DNS)).status is PARTIAL
    assert ask(STS, (FORGETFUL_STS, GOOD_DNS)).likelihood == 3


def test_the_servers_of_the_rule_are_those_of_the_mx() -> None:
    assert ask(STS, (GOOD_STS, replace(GOOD_DNS, mx=LOST))).status is UNKNOWN
    assert ask(STS, (GOOD_STS, LOST)).status is UNKNOWN
    assert ask(STS, (GOOD_STS, replace(GOOD_DNS, mx=(MxRecord(0, ""),)))).status is PASS
    assert ask(STS, (GOOD_STS, replace(GOOD_DNS, mx=()))).status is FAIL
    assert ask(STS, (page(body=policy_text(DOMAIN)), replace(GOOD_DNS, mx=()))).status is PASS


def test_mta_sts_says_what_to_publish() -> None:
    verdict = ask(STS, (FORGETFUL_STS, GOOD_DNS))
    assert lines(verdict) == [f'_mta-sts.{DOMAIN}. IN TXT "v=STSv1; id={towns.NOW:%Y%m%d%H%M%S}"']
    (file,) = [line.value for line in verdict.evidence if line.label.startswith("fichier à publier")]
    assert file == (
        f"version: STSv1 ⏎ mode: enforce ⏎ mx: ancien.example ⏎ mx: {MX1} ⏎ mx: {MX2} ⏎ max_age: 2419200"
    )
    seen = next(line for line in verdict.evidence if line.label.startswith("règle sur"))
    assert seen.value.startswith("192.0.2.80, réponse 200, text/plain : version: STSv1 ⏎ mode: enforce")
    assert not lines(ask(STS, (GOOD_STS, GOOD_DNS)))


@pytest.mark.parametrize(
    ("servers", "mx"),
    [
        (GOOD_SERVERS, (MxRecord(10, MX1), MxRecord(20, "203.0.113.25"))),
        (replace(GOOD_SERVERS, unresolved=(UnresolvedServer(MX2, None),)), GOOD_DNS.mx),
        (
            replace(
                GOOD_SERVERS,
                servers=(replace(GOOD_SERVERS.servers[0], session=Unreachable(Reason.PRIVATE_ADDRESS)),),
            ),
            GOOD_DNS.mx,
        ),
    ],
)
def test_nothing_is_proposed_while_the_mx_itself_is_wrong(servers: MailServers, mx: Any) -> None:
    verdict = ask(STS, (FORGETFUL_STS, replace(GOOD_DNS, mx=mx), servers))
    assert codes(verdict) == {"mta_sts.mx_not_covered"}
    assert not [line for line in verdict.evidence if "à publier" in line.label]


PATTERNS = st.sampled_from((MX1, MX2, f"*.{DOMAIN}", "mx1.autre.test", "x..y", "192.0.2.1"))


@given(
    st.sampled_from(("enforce", "testing", "none", "oops")),
    st.lists(PATTERNS, max_size=4),
    st.sampled_from((60, 86_400, 604_800, 99_999_999)),
)
def test_the_file_read_back_is_in_order_and_weakens_nothing(mode: str, mx: list[str], age: int) -> None:
    before = page(body=policy_text(*mx, mode=mode, max_age=age))
    verdict = ask(STS, (before, GOOD_DNS))
    made = [line.value for line in verdict.evidence if line.label.startswith("fichier à publier")]
    if not made:
        return
    after = read_policy(replace(POLICY_PAGE, body=made[0].replace(" ⏎ ", "\n").encode()))
    assert after.faults == ()
    assert after.max_age is not None
    assert after.max_age >= min(age, 86_400)
    assert (after.mode == "enforce") == (mode == "enforce")
    assert all(covers(after, host) for host in (MX1, MX2))
    assert {pattern for pattern in mx if is_pattern(pattern)} <= set(after.mx)


@given(
    st.lists(
        st.sampled_from(
            ("rua=mailto:a@b.example", "rua=tls@b.example", "rua=", "oops", "rua=https://x.example/r")
        ),
        max_size=3,
    ),
    st.sampled_from(("; ", " ", ";")),
    st.sampled_from(("v=TLSRPTv1", "v=tlsrptv1", "v=TLSRPTv2")),
)
def test_the_report_line_read_back_has_no_fault(tags: list[str], apart: str, version: str) -> None:
    (made,) = lines(ask(RPT, reports(apart.join((version, *tags)).encode()))) or ("",)
    if made:
        text = made.partition('"')[2].removesuffix('"')
        assert ask(RPT, reports(text.encode())).status is PASS
        for kept in ("a@b.example", "tls@b.example"):
            assert (f"mailto:{kept}" in text) >= (bool(tags) and tags[0].endswith(kept) and len(tags) == 1)


def reports(*texts: bytes) -> Any:
    return replace(GOOD_REPORTS, txt=TxtAnswer(f"_smtp._tls.{DOMAIN}", texts))


@pytest.mark.parametrize(
    ("facts", "status", "found", "line"),
    [
        (GOOD_REPORTS, PASS, set(), None),
        (NO_REPORTS, NONE, set(), None),
        (reports(b"v=spf1 -all"), NONE, set(), None),
        (replace(GOOD_REPORTS, txt=LOST), UNKNOWN, set(), None),
        (BARE_REPORTS, PARTIAL, {"tls_rpt.rua_invalid"}, f"mailto:tls@{DOMAIN}"),
        (reports(b"v=TLSRPTv1; rua="), PARTIAL, {"tls_rpt.rua_invalid"}, f"mailto:postmaster@{DOMAIN}"),
        (reports(b"v=TLSRPTv1; rua=https://a.example,http://b.example"), PARTIAL, {"tls_rpt.rua_invalid"}, "https://a.example"),
        (reports(b"v=TLSRPTv1 rua=mailto:a@b.example"), PARTIAL, {"tls_rpt.syntax"}, "mailto:a@b.example"),
        (
            reports(b"v=TLSRPTv1; rua=mailto:a@b.example", b"v=TLSRPTv1; rua=mailto:c@b.example"),
            PARTIAL, {"tls_rpt.multiple"}, "mailto:a@b.example,mailto:c@b.example",
        ),
    ],
)  # fmt: skip
def test_tls_reports(facts: Any, status: Status, found: set[str], line: str | None) -> None:
    verdict = ask(RPT, facts)
    assert (verdict.status, codes(verdict)) == (status, found)
    assert lines(verdict) == ([f'_smtp._tls.{DOMAIN}. IN TXT "v=TLSRPTv1; rua={line}"'] if line else [])
    assert ask(RPT, facts, sends_mail=False).status is NONE


def with_tls(tls: Any) -> MailServers:
    """The first server shows `tls`, the second is as usual."""
    first, second = GOOD_SERVERS.servers
    return replace(GOOD_SERVERS, servers=(replace(first, session=replace(SESSION, tls=tls)), second))


def promising(*records: TlsaRecord) -> Dane:
    return replace(GOOD_DANE, hosts=(replace(DANE_HOST, records=records), GOOD_DANE.hosts[1]))


ELSEWHERE = replace(DANE_HOST, host="mx.fournisseur.example")
IDLE = replace(GOOD_DANE, mx=Security.INSECURE)
UNREAD = replace(GOOD_DANE, hosts=(replace(ELSEWHERE, security=Security.INSECURE),))
SELF_SIGNED = replace(
    TLS,
    chain=(replace(TLS.chain[0], self_signed=True),),
    trust_error="signé par lui-même",
    name_matches=False,
)


@pytest.mark.parametrize(
    ("dane", "servers", "status", "found"),
    [
        (GOOD_DANE, GOOD_SERVERS, PASS, set()),
        (GOOD_DANE, with_tls(SELF_SIGNED), PASS, set()),
        (GOOD_DANE, with_tls(None), FAIL, {"dane.mismatch"}),
        (GOOD_DANE, with_tls(LOST), UNKNOWN, set()),
        (GOOD_DANE, MUTE_SERVERS, UNKNOWN, set()),
        (GOOD_DANE, LOST, UNKNOWN, set()),
        (GOOD_DANE, replace(GOOD_SERVERS, servers=()), UNKNOWN, set()),
        (NO_DANE, GOOD_SERVERS, NONE, set()),
        (replace(GOOD_DANE, hosts=()), GOOD_SERVERS, NONE, set()),
        (replace(NO_DANE, mx=Security.UNCHECKED), GOOD_SERVERS, NONE, set()),
        (replace(NO_DANE, left_out=("mx6.example",)), GOOD_SERVERS, UNKNOWN, set()),
        (replace(GOOD_DANE, left_out=("mx6.example",)), GOOD_SERVERS, UNKNOWN, set()),
        (MISMATCHED_DANE, GOOD_SERVERS, FAIL, {"dane.mismatch"}),
        (promising(replace(PROMISE, digest="00" * 32), PROMISE), GOOD_SERVERS, PASS, set()),
        (promising(replace(PROMISE, usage=1)), GOOD_SERVERS, PARTIAL, {"dane.unusable"}),
        (promising(replace(PROMISE, usage=1), PROMISE), GOOD_SERVERS, PASS, set()),
        (HALF_DANE, GOOD_SERVERS, PARTIAL, {"dane.partial"}),
        (UNSIGNED_DANE, GOOD_SERVERS, PARTIAL, {"dane.insecure"}),
        (UNCHECKED_DANE, GOOD_SERVERS, UNKNOWN, set()),
        (replace(GOOD_DANE, mx=LOST), GOOD_SERVERS, UNKNOWN, set()),
        (replace(GOOD_DANE, mx=Security.BOGUS), GOOD_SERVERS, UNKNOWN, set()),
        (replace(GOOD_DANE, hosts=(replace(DANE_HOST, records=LOST),)), GOOD_SERVERS, UNKNOWN, set()),
        (LOST, GOOD_SERVERS, UNKNOWN, set()),
        # A provider's promises, and a domain that is not signed: another check says so.
        (replace(IDLE, hosts=(ELSEWHERE,)), GOOD_SERVERS, NONE, set()),
        (replace(IDLE, hosts=(ELSEWHERE, replace(DANE_HOST, records=()))), GOOD_SERVERS, NONE, set()),
        # A signed domain, and a provider that is not: nobody reads its promises.
        (UNREAD, GOOD_SERVERS, PARTIAL, {"dane.insecure"}),
    ],
)  # fmt: skip
def test_dane(dane: Dane | Unreachable, servers: Any, status: Status, found: set[str]) -> None:
    verdict = ask(DANE, (dane, servers))
    assert (verdict.status, codes(verdict)) == (status, found)
    assert ask(DANE, (dane, servers), sends_mail=False).status is NONE


def test_a_promise_of_one_s_own_beside_idle_ones_is_judged() -> None:
    dane = replace(UNSIGNED_DANE, hosts=(*UNSIGNED_DANE.hosts, ELSEWHERE))
    verdict = ask(DANE, (dane, GOOD_SERVERS))
    assert [(item.key, item.status) for item in verdict.items] == [
        (MX1, PARTIAL),
        ("mx.fournisseur.example", PASS),
    ]


def test_an_expired_certificate_vouched_by_its_key_is_right() -> None:
    dane = replace(GOOD_DANE, hosts=(DANE_HOST,))
    assert ask(DANE, (dane, EXPIRED_SERVERS)).status is PASS
    assert ask(DANE, (dane, BAD_SERVERS)).status is FAIL


def test_a_mismatch_shows_both_and_the_line_that_would_be_kept() -> None:
    verdict = ask(DANE, (MISMATCHED_DANE, GOOD_SERVERS))
    assert verdict.likelihood == 4
    assert lines(verdict) == [f"_25._tcp.{MX1}. IN TLSA 3 1 1 {'ef' * 32}"]
    values = [line.value for line in verdict.evidence]
    assert f"3 1 1 {'00' * 32} ; DNSSEC : vérifié" in values
    assert f"clé SHA-256 {'ef' * 32} ; certificat SHA-256 {'ab' * 32}" in values


WATCHING = b"v=DMARC1; p=none; rua=mailto:a@b.example"
NO_POLICY = replace(GOOD_DNS, dmarc=(TxtAnswer(f"_dmarc.{DOMAIN}", (WATCHING,)),))


def logo(**changes: Any) -> Any:
    known = LogoPage(status=200, media_type="image/svg+xml", is_svg=True, is_tiny=True)
    return replace(GOOD_BIMI, logo=replace(known, **changes))


def bimi(*texts: bytes) -> Any:
    return replace(GOOD_BIMI, txt=TxtAnswer("x", texts))


@pytest.mark.parametrize(
    ("facts", "dns", "status", "found"),
    [
        (GOOD_BIMI, GOOD_DNS, PASS, set()),
        (logo(is_tiny=False), GOOD_DNS, PASS, set()),
        (bimi(b"v=BIMI1; l=https://a.example/l.svg"), GOOD_DNS, PASS, set()),
        (NO_BIMI, GOOD_DNS, NONE, set()),
        (bimi(b"v=BIMI1; l=; a="), NO_POLICY, NONE, set()),
        (replace(GOOD_BIMI, txt=LOST), GOOD_DNS, UNKNOWN, set()),
        (LOST, GOOD_DNS, UNKNOWN, set()),
        (GOOD_BIMI, LOST, UNKNOWN, set()),
        (GOOD_BIMI, replace(GOOD_DNS, dmarc=LOST), UNKNOWN, set()),
        (GOOD_BIMI, NO_POLICY, PARTIAL, {"bimi.dmarc_not_enforced"}),
        (GOOD_BIMI, replace(GOOD_DNS, dmarc=()), PARTIAL, {"bimi.dmarc_not_enforced"}),
        (bimi(b"v=BIMI1; l=http://a.example/l.svg"), GOOD_DNS, PARTIAL, {"bimi.syntax"}),
        (bimi(b"v=BIMI1; l=", b"v=BIMI1; l="), GOOD_DNS, PARTIAL, {"bimi.syntax"}),
        (GONE_BIMI, GOOD_DNS, PARTIAL, {"bimi.logo_unreachable"}),
        (logo(is_svg=False), GOOD_DNS, PARTIAL, {"bimi.logo_unreachable"}),
        (replace(GOOD_BIMI, logo=Unreachable(Reason.TLS_FAILURE)), GOOD_DNS, PARTIAL, {"bimi.logo_unreachable"}),
        (replace(GOOD_BIMI, logo=LOST), GOOD_DNS, UNKNOWN, set()),
        (replace(GOOD_BIMI, logo=None), GOOD_DNS, UNKNOWN, set()),
    ],
)  # fmt: skip
def test_bimi(facts: Any, dns: Any, status: Status, found: set[str]) -> None:
    verdict = ask(BIMI, (facts, dns))
    assert (verdict.status, codes(verdict)) == (status, found)
    assert ask(BIMI, (facts, dns), sends_mail=False).status is NONE


def test_what_is_missing_is_called_a_complement() -> None:
    for check_id, facts in ((STS, (NO_STS, GOOD_DNS)), (RPT, NO_REPORTS), (DANE, (NO_DANE, GOOD_SERVERS))):
        assert "complément" in ask(check_id, facts).text


@pytest.mark.parametrize("check_id", [STS, RPT, DANE, BIMI])
def test_these_are_our_own_judgement(check_id: str) -> None:
    check = CATALOGUE.check(check_id)
    assert check is not None
    assert check.sources == ()
    assert CATALOGUE.remedies.measures[check.measure].guidance_class == 4


def test_what_is_in_order_needs_no_proof_beside_what_is_not() -> None:
    verdict = ask(DANE, (HALF_DANE, GOOD_SERVERS))
    assert codes(verdict) == {"dane.partial"}
    assert not [line for line in verdict.evidence if MX1 in line.label]
    gone = replace(GOOD_SERVERS, servers=GOOD_SERVERS.servers[:1], unresolved=(UnresolvedServer(MX2, None),))
    assert not codes(ask(DANE, (HALF_DANE, gone)))


@pytest.mark.parametrize(
    ("check_id", "facts"),
    [
        (STS, (replace(record(b"v=STSv1; id=2026-11-22;"), txt_aliases=("regle.example",)), GOOD_DNS)),
        (RPT, replace(BARE_REPORTS, txt_aliases=("rapports.example",))),
    ],
)
def test_beside_an_alias_a_line_stands_only_once_it_is_gone(check_id: str, facts: Any) -> None:
    verdict = ask(check_id, facts)
    assert lines(verdict) == []
    labels = [each.label for each in verdict.evidence]
    assert "ligne à publier, si l'alias est retiré" in labels
    assert any("ce nom est un alias de" in each.value for each in verdict.evidence)

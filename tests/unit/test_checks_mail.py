"""Mail checks: facts to verdicts, table by table."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.certificate import Certificate, TlsSession
from cyberaudit.facts.mail import MailDns, MailServer, MailServers, MxRecord, TxtAnswer, UnresolvedServer
from cyberaudit.facts.mail_samples import (
    BAD_DNS,
    BAD_SERVERS,
    CERTIFICATE,
    EXPIRED_SERVERS,
    GOOD_DNS,
    GOOD_SERVERS,
    LOCKED_DNS,
    MUTE_SERVERS,
    SESSION,
    TLS,
)
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
LOST = Unreachable(Reason.TIMEOUT)
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
Expected = tuple[Status, str]


def ask(check_id: str, facts: Any, *, sends_mail: bool = True) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = towns.domain(sends_mail=sends_mail)
    return check.function(facts, Context(towns.NOW, asset, check.settings(), towns.town(asset)))


def outcome(check_id: str, facts: Any, *, sends_mail: bool = True) -> Expected:
    verdict = ask(check_id, facts, sends_mail=sends_mail)
    return verdict.status, verdict.reason


def dns(
    *, spf: tuple[bytes, ...] = (b"v=spf1 mx -all",), dmarc: Any = GOOD_DNS.dmarc, redirects: Any = ()
) -> MailDns:
    return replace(GOOD_DNS, apex=TxtAnswer(GOOD_DNS.domain, spf), dmarc=dmarc, spf_redirects=redirects)


def dmarc(*records: bytes, at: str = GOOD_DNS.domain) -> tuple[TxtAnswer, ...]:
    return (TxtAnswer(f"_dmarc.{at}", records),)


REDIRECT = b"v=spf1 redirect=_spf.example"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (dns(), (PASS, "")),
        (dns(spf=()), (FAIL, "no-record")),
        (dns(spf=(b"v=spf10 -all", b"spf2.0/pra")), (FAIL, "no-record")),
        (dns(spf=(b"V=SPF1 -ALL",)), (PASS, "")),
        (dns(spf=(b"v=spf1 -all", b"v=spf1 mx -all")), (FAIL, "several-records")),
        (dns(spf=(b"v=spf1 +all",)), (FAIL, "plus-all")),
        (dns(spf=(b"v=spf1 all",)), (FAIL, "plus-all")),
        (dns(spf=(b"v=spf1 mx ?all",)), (PARTIAL, "neutral-all")),
        (dns(spf=(b"v=spf1 mx",)), (PARTIAL, "no-all")),
        (dns(spf=(b"v=spf1 mx ~all",)), (PASS, "")),
        (dns(spf=(b"v=spf1 mx ~all",), dmarc=dmarc(b"v=DMARC1; p=none")), (PARTIAL, "soft-all")),
        (dns(spf=(b"v=spf1 mx ~all",), dmarc=LOST), (UNKNOWN, Reason.TIMEOUT)),
        (dns(spf=(REDIRECT,), redirects=(TxtAnswer("_spf.example", (b"v=spf1 -all",)),)), (PASS, "")),
        (dns(spf=(REDIRECT,), redirects=(TxtAnswer("_spf.example", ()),)), (FAIL, "broken-redirect")),
        (
            dns(spf=(REDIRECT,), redirects=(TxtAnswer("_spf.example", (REDIRECT,)),)),
            (FAIL, "broken-redirect"),
        ),
        (dns(spf=(REDIRECT,), redirects=()), (FAIL, "broken-redirect")),
        (dns(spf=(REDIRECT,), redirects=LOST), (UNKNOWN, Reason.TIMEOUT)),
        (dns(spf=(REDIRECT + b" -all",), redirects=LOST), (PASS, "")),
        (replace(GOOD_DNS, apex=LOST), (UNKNOWN, Reason.TIMEOUT)),
        (dns(spf=(b"v=spf1 ip4:0.0.0.0/0 -all",)), (FAIL, "too-broad")),
        (dns(spf=(b"v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",)), (FAIL, "too-broad")),
        (dns(spf=(b"v=spf1 ip6:2000::/3 -all",)), (FAIL, "too-broad")),
        (dns(spf=(b"v=spf1 a//0 -all",)), (FAIL, "too-broad")),
        (dns(spf=(b"v=spf1 mx/7 -all",)), (FAIL, "too-broad")),
        (dns(spf=(b"v=spf1 ip4:10.0.0.0/8 -all",)), (PASS, "")),
        (dns(spf=(b"v=spf1 -ip4:0.0.0.0/0 ~ip6:::/0 -all",)), (PASS, "")),
        (dns(spf=(b"v=spf1 -all ip4:0.0.0.0/0",)), (PASS, "")),
        (dns(spf=(b"v=spf1 mx -all ipv4:192.0.2.1",)), (FAIL, "syntax")),
        (dns(spf=(b"v=spf1 include: -all",)), (FAIL, "syntax")),
        (dns(spf=(b"v=spf1\tmx -all",)), (FAIL, "no-record")),
        (dns(spf=(REDIRECT + b" ip4:1.2.3",), redirects=LOST), (FAIL, "syntax")),
        (dns(spf=(REDIRECT + b" ip4:0.0.0.0/0",), redirects=LOST), (FAIL, "too-broad")),
        (
            dns(spf=(REDIRECT,), redirects=(TxtAnswer("_spf.example", (b"v=spf1 oops -all",)),)),
            (FAIL, "syntax"),
        ),
        (
            dns(
                spf=(REDIRECT,),
                redirects=(
                    TxtAnswer("_spf.example", (b"v=spf1 ip4:0.0.0.0/2 redirect=b.example",)),
                    TxtAnswer("b.example", (b"v=spf1 -all",)),
                ),
            ),
            (FAIL, "too-broad"),
        ),
    ],
)
def test_spf(facts: MailDns, expected: Expected) -> None:
    assert outcome("mail.spf", facts) == expected


@pytest.mark.parametrize(
    ("record", "likelihood"),
    [(b"v=spf1 +all", 4), (b"v=spf1 ip4:0.0.0.0/0 -all", 4), (b"v=spf1 ip4:0.0.0.0/1 -all", None)],
)
def test_an_spf_that_lets_everybody_in_raises_the_likelihood(record: bytes, likelihood: int | None) -> None:
    assert ask("mail.spf", dns(spf=(record,))).likelihood == likelihood


def test_a_malformed_spf_shows_the_term_at_fault() -> None:
    verdict = ask("mail.spf", dns(spf=(b"v=spf1 mx ip4:192.0.2.0/33 -all",)))
    assert [line.value for line in verdict.evidence][-1] == "ip4:192.0.2.0/33"


@pytest.mark.parametrize("check_id", ["mail.spf", "mail.dmarc"])
def test_a_domain_without_mail_is_judged_elsewhere(check_id: str) -> None:
    assert outcome(check_id, LOCKED_DNS, sends_mail=False)[0] is NONE


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (dmarc(b"v=DMARC1; p=reject"), (PASS, "")),
        (dmarc(b"v=DMARC1; p=quarantine; pct=100"), (PASS, "")),
        (dmarc(b"v=DMARC1; p=quarantine; pct=50"), (PARTIAL, "percent")),
        (dmarc("v=DMARC1; p=quarantine; pct=²".encode("latin-1")), (PASS, "")),
        (dmarc(b"v=DMARC1; p=none; rua=mailto:a@b.example"), (PARTIAL, "policy-none")),
        (dmarc(b"v=DMARC1; p=quarantine; t=y"), (PARTIAL, "policy-none")),
        (dmarc(b"v=DMARC1; p=reject; t=y"), (PASS, "")),
        (dmarc(b"v=DMARC1; p=oops; rua=mailto:a@b.example"), (PARTIAL, "policy-none")),
        (dmarc(b"v=DMARC1; p=oops"), (FAIL, "unusable-record")),
        (dmarc(b"v=dmarc1; p=reject"), (FAIL, "no-record")),
        (dmarc(b"p=reject; v=DMARC1"), (FAIL, "no-record")),
        (dmarc(b"v=DMARC1; p=reject", b"v=DMARC1; p=none"), (FAIL, "several-records")),
        (dmarc(), (FAIL, "no-record")),
        ((*dmarc(), *dmarc(b"v=DMARC1; p=reject; sp=none", at="example")), (PARTIAL, "policy-none")),
        ((*dmarc(), *dmarc(b"v=DMARC1; p=reject", at="example")), (PASS, "")),
        (LOST, (UNKNOWN, Reason.TIMEOUT)),
    ],
)
def test_dmarc(answers: Any, expected: Expected) -> None:
    assert outcome("mail.dmarc", dns(dmarc=answers)) == expected


MX1 = f"mx1.{GOOD_DNS.domain}"
NO_ADDRESS = UnresolvedServer(MX1, None)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((GOOD_DNS, GOOD_SERVERS), (PASS, "")),
        ((GOOD_DNS, MUTE_SERVERS), (UNKNOWN, Reason.RESOLVER_FAILURE)),
        ((GOOD_DNS, replace(MUTE_SERVERS, unresolved=())), (PASS, "")),
        ((GOOD_DNS, BAD_SERVERS), (PARTIAL, "no-address")),
        ((GOOD_DNS, replace(BAD_SERVERS, servers=())), (FAIL, "no-address")),
        ((GOOD_DNS, replace(BAD_SERVERS, servers=(), left_out=(MX1,))), (PARTIAL, "no-address")),
        (
            (GOOD_DNS, replace(MUTE_SERVERS, servers=(), unresolved=(NO_ADDRESS, *MUTE_SERVERS.unresolved))),
            (PARTIAL, "no-address"),
        ),
        ((GOOD_DNS, replace(GOOD_SERVERS, left_out=(MX1,))), (UNKNOWN, "undecided")),
        ((GOOD_DNS, replace(GOOD_SERVERS, servers=(), left_out=(MX1,))), (UNKNOWN, "undecided")),
        ((GOOD_DNS, replace(GOOD_SERVERS, left_out=(f"{MX1} 192.0.2.99",))), (PASS, "")),
        ((GOOD_DNS, replace(BAD_SERVERS, servers=(), unresolved=())), (UNKNOWN, "undecided")),
        ((GOOD_DNS, LOST), (UNKNOWN, Reason.TIMEOUT)),
        ((LOST, GOOD_SERVERS), (UNKNOWN, Reason.TIMEOUT)),
        ((replace(GOOD_DNS, mx=LOST), GOOD_SERVERS), (UNKNOWN, Reason.TIMEOUT)),
        ((replace(GOOD_DNS, exists=False, mx=()), LOST), (FAIL, "no-domain")),
        ((replace(GOOD_DNS, mx=()), LOST), (FAIL, "no-mx")),
        ((replace(GOOD_DNS, mx=(MxRecord(0, ""),)), LOST), (FAIL, "null-mx")),
        (
            (replace(GOOD_DNS, mx=(MxRecord(0, ""), MxRecord(10, "a.example"))), LOST),
            (FAIL, "null-mx-with-others"),
        ),
    ],
)
def test_mx(facts: Any, expected: Expected) -> None:
    assert outcome("mail.mx", facts) == expected


def test_mx_of_a_domain_without_mail_does_not_apply() -> None:
    assert outcome("mail.mx", (LOCKED_DNS, LOST), sends_mail=False)[0] is NONE


def servers(*tls: Any, host: str = "mx1.example", left_out: tuple[str, ...] = ()) -> MailServers:
    found = tuple(
        MailServer(
            host,
            f"192.0.2.{number}",
            one if isinstance(one, Unreachable) and one.detail == "whole" else replace(SESSION, tls=one),
        )
        for number, one in enumerate(tls, start=25)
    )
    return MailServers(domain="example", servers=found, unresolved=(), left_out=left_out)


NO_ANSWER = Unreachable(Reason.TIMEOUT, "whole")
NO_ROUTE = Unreachable(Reason.NO_ROUTE, "whole")
BROKEN = Unreachable(Reason.TLS_FAILURE)
OLD = replace(TLS, version="TLSv1.1")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (servers(TLS, TLS), (PASS, "")),
        (servers(TLS, NO_ROUTE), (PASS, "")),
        (servers(NO_ROUTE), (UNKNOWN, Reason.NO_ROUTE)),
        (servers(TLS, NO_ANSWER), (UNKNOWN, Reason.TIMEOUT)),
        (servers(None), (FAIL, "no-starttls")),
        (servers(None, NO_ANSWER), (FAIL, "no-starttls")),
        (servers(None, TLS), (PARTIAL, "some-without-starttls")),
        (servers(BROKEN), (FAIL, "no-starttls")),
        (servers(Unreachable(Reason.RESET)), (UNKNOWN, Reason.RESET)),
        (servers(OLD, TLS), (PARTIAL, "old-version")),
        (servers(), (NONE, "not-applicable")),
        (servers(left_out=("mx2.example",)), (UNKNOWN, "undecided")),
        (servers(TLS, left_out=("mx2.example",)), (UNKNOWN, "undecided")),
        (servers(OLD, left_out=("mx1.example 192.0.2.99",)), (UNKNOWN, "undecided")),
        (servers(None, left_out=("mx2.example",)), (FAIL, "no-starttls")),
        (MUTE_SERVERS, (UNKNOWN, Reason.RESOLVER_FAILURE)),
        (replace(GOOD_SERVERS, unresolved=(UnresolvedServer("x", LOST),)), (UNKNOWN, Reason.TIMEOUT)),
    ],
)
def test_starttls(facts: MailServers, expected: Expected) -> None:
    assert outcome("mail.starttls", facts) == expected


def tls(certificate: Certificate = CERTIFICATE, **changes: Any) -> TlsSession:
    return replace(TLS, chain=(certificate,), **changes)


SOON = replace(CERTIFICATE, not_after=towns.NOW + timedelta(days=10))
SHORT_LIFE = replace(
    CERTIFICATE, not_before=towns.NOW - timedelta(days=1), not_after=towns.NOW + timedelta(days=5)
)
FUTURE = replace(CERTIFICATE, not_before=towns.NOW + timedelta(days=1))
SHORT_KEY = replace(CERTIFICATE, key_type="RSA", key_bits=1024)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (servers(TLS), (PASS, "")),
        (servers(TLS, None), (PASS, "")),
        (servers(TLS, NO_ROUTE), (PASS, "")),
        (servers(None, NO_ROUTE), (NONE, "not-applicable")),
        (servers(NO_ROUTE), (UNKNOWN, Reason.NO_ROUTE)),
        (servers(TLS, left_out=("mx2.example",)), (UNKNOWN, "undecided")),
        (servers(None, left_out=("mx2.example",)), (UNKNOWN, "undecided")),
        (servers(left_out=("mx2.example",)), (UNKNOWN, "undecided")),
        (servers(TLS, Unreachable(Reason.RESET)), (UNKNOWN, Reason.RESET)),
        (servers(TLS, NO_ANSWER), (UNKNOWN, Reason.TIMEOUT)),
        (EXPIRED_SERVERS, (FAIL, "bad-certificate")),
        (servers(tls(name_matches=False)), (FAIL, "bad-certificate")),
        (servers(tls(trust_error="auto-signé")), (FAIL, "bad-certificate")),
        (servers(tls(trust_error=LOST)), (UNKNOWN, "undecided")),
        (servers(tls(FUTURE)), (FAIL, "bad-certificate")),
        (servers(tls(SHORT_KEY)), (FAIL, "bad-certificate")),
        (servers(tls(SOON)), (PARTIAL, "expires-soon")),
        (servers(tls(SHORT_LIFE)), (PASS, "")),
        (servers(replace(TLS, chain=())), (UNKNOWN, "undecided")),
        (servers(None), (NONE, "not-applicable")),
        (servers(BROKEN), (UNKNOWN, Reason.TLS_FAILURE)),
        (servers(), (NONE, "not-applicable")),
        (MUTE_SERVERS, (UNKNOWN, Reason.TIMEOUT)),
        (replace(MUTE_SERVERS, servers=()), (UNKNOWN, Reason.RESOLVER_FAILURE)),
    ],
)
def test_certificate(facts: MailServers, expected: Expected) -> None:
    assert outcome("mail.certificate", facts) == expected


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (LOCKED_DNS, (PASS, "")),
        (replace(LOCKED_DNS, mx=()), (PASS, "")),
        (replace(LOCKED_DNS, mx=GOOD_DNS.mx), (PARTIAL, "half-locked")),
        (replace(LOCKED_DNS, dmarc=dmarc(b"v=DMARC1; p=none")), (FAIL, "unlocked")),
        (replace(LOCKED_DNS, apex=TxtAnswer("x", ())), (PARTIAL, "half-locked")),
        (replace(LOCKED_DNS, apex=LOST), (UNKNOWN, "undecided")),
        (replace(LOCKED_DNS, apex=LOST, dmarc=dmarc()), (FAIL, "unlocked")),
        (replace(LOCKED_DNS, exists=False), (FAIL, "unlocked")),
        (LOST, (UNKNOWN, "undecided")),
    ],
)
def test_parked_domains(mail: Any, expected: Expected) -> None:
    every = ((towns.domain("parked", sends_mail=False), mail), (towns.domain("main"), LOST))
    assert outcome("mail.parked-domains", every) == expected


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (1, "On peut écrire au nom de a, qui ne sert pas au courrier."),
        (2, "On peut écrire au nom de a et b, qui ne servent pas au courrier."),
    ],
)
def test_the_sentence_on_parked_domains_agrees_with_their_number(count: int, sentence: str) -> None:
    parked = [replace(towns.domain(name, sends_mail=False), name=name) for name in "ab"[:count]]
    assert ask("mail.parked-domains", tuple((one, BAD_DNS) for one in parked)).text == sentence


@pytest.mark.parametrize(
    ("left_out", "start"),
    [
        (
            ("mx6.example",),
            "1\u00a0serveur de courrier de main.mairie-saint-etienne-d-o.example n'a pas été regardé",
        ),
        (
            ("mx6.example", "mx7.example"),
            "2\u00a0serveurs de courrier de main.mairie-saint-etienne-d-o.example n'ont pas été regardés",
        ),
    ],
)
@pytest.mark.parametrize("check_id", ["mail.starttls", "mail.certificate"])
def test_servers_that_were_left_out_are_counted(check_id: str, left_out: tuple[str, ...], start: str) -> None:
    assert ask(check_id, replace(GOOD_SERVERS, left_out=left_out)).text.startswith(start)


def test_a_town_without_parked_domain_is_not_asked() -> None:
    assert outcome("mail.parked-domains", ((towns.domain("main"), GOOD_DNS),))[0] is NONE


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_record_makes_a_check_crash_or_show_control_characters(spf: bytes, policy: bytes) -> None:
    facts = dns(spf=(b"v=spf1 " + spf,), dmarc=dmarc(b"v=DMARC1;" + policy))
    for check_id in ("mail.spf", "mail.dmarc"):
        verdict = ask(check_id, facts)
        shown = verdict.text + "".join(line.value for line in verdict.evidence)
        assert shown.isprintable() or "\u00a0" in shown

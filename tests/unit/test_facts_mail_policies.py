"""MTA-STS, TLS-RPT, DANE and BIMI as they are read from what was published."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.bimi import BimiRecord, bimi_record, bimi_records
from cyberaudit.facts.certificate import ChainFault, TlsSession
from cyberaudit.facts.dane import DaneHost, TlsaRecord, Vouched, compared, protection, vouched
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.mail_policies_samples import (
    DANE_HOST,
    GOOD_DANE,
    MX1,
    POLICY_PAGE,
    PROMISE,
    policy_text,
)
from cyberaudit.facts.mail_samples import DOMAIN
from cyberaudit.facts.mail_servers_samples import CERTIFICATE, TLS
from cyberaudit.facts.mta_sts import (
    Policy,
    PolicyFault,
    covers,
    is_policy,
    is_sts_record,
    read_policy,
    sts_records,
)
from cyberaudit.facts.security import Security
from cyberaudit.facts.tls_reports import is_report_record, is_report_uri, report_records, report_uris
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.dane import tlsa_record

pytestmark = pytest.mark.unit

LOST = Unreachable(Reason.TIMEOUT)
EE, TA = 3, 2


@pytest.mark.parametrize(
    ("record", "right"),
    [
        ("v=STSv1; id=20260101T00;", True),
        ("v=STSv1;id=1", True),
        ("v=STSv1 ; id=abc ; x=y ; ", True),
        ("v=STSv1; x-1.a=b:c; id=1", True),
        ("v=STSv1; id=" + "a" * 32, True),
        ("v=STSv1; id=" + "a" * 33, False),
        ("v=STSv1; id=2026-11-22;", False),
        ("v=STSv1; id=;", False),
        ("v=STSv1", False),
        ("v=STSv1; x=y", False),
        ("v=STSv1; id=1; id=2", False),
        ("v=STSv1; id=1;;", False),
        ("v=STSv1 id=1", False),
        ("v=stsv1; id=1", False),
        (" v=STSv1; id=1", False),
        ("v=STSv1; id=1\n", False),
    ],
)
def test_the_record_of_mta_sts(record: str, right: bool) -> None:
    assert is_sts_record(record) is right


def test_records_of_other_uses_are_left_aside() -> None:
    answer = TxtAnswer("x", (b"v=spf1 -all", b"V=StsV1; id=1", b"\xff", b"v=TLSRPTv2", b"v=BIMI1;l="))
    assert sts_records(answer) == ("V=StsV1; id=1",)
    assert report_records(answer) == ("v=TLSRPTv2",)
    assert bimi_records(answer) == ("v=BIMI1;l=",)


def test_records_that_senders_discard_cancel_nothing() -> None:
    """RFC 8461 §3.1, RFC 8460 §3: what does not begin with the very version is passed over."""
    right = (b"v=STSv1; id=1", b"v=TLSRPTv1;rua=mailto:a@b.example")
    answer = TxtAnswer("x", (b"v=STSv2; id=2", b"v=stsv1; id=3", b"v=STSv1 id=4", *right, b"v=TLSRPTv2; x=1"))
    assert sts_records(answer) == ("v=STSv1; id=1",)
    assert report_records(answer) == ("v=TLSRPTv1;rua=mailto:a@b.example",)
    twice = TxtAnswer("x", (b"v=STSv1; id=1", b"v=STSv1"))
    assert sts_records(twice) == ("v=STSv1; id=1", "v=STSv1")


def read(text: bytes, *, media_type: str = "text/plain") -> Policy:
    return read_policy(replace(POLICY_PAGE, body=text, media_type=media_type))


def test_a_policy_with_either_end_of_line() -> None:
    expected = Policy("enforce", ("mx1.example", "*.mx.example"), 604800, ())
    text = policy_text("MX1.example.", "*.mx.example", max_age=604800)
    assert read(text) == read(text.replace(b"\r\n", b"\n")) == read(text + b"\r\n\n") == expected
    assert (
        read(b"max_age:604800\nmx:mx1.example\nmx: *.mx.example \nmode:\tenforce\nversion: STSv1") == expected
    )


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (b"", {"LINE", "VERSION", "MODE", "MAX_AGE", "MX"}),
        (b"version: STSv1\nmode: none\nmax_age: 0", set()),
        (b"version: STSv1\nmode: testing\nmax_age: 1", {"MX"}),
        (b"version: STSv2\nmode: none\nmax_age: 1", {"VERSION"}),
        (b"version: STSv1\nmode: Enforce\nmx: a.example\nmax_age: 1", {"MODE"}),
        (b"version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 31557601", {"MAX_AGE"}),
        (b"version: STSv1\nmode: enforce\nmx: a.example\nmax_age: -1", {"MAX_AGE"}),
        (b"version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 1 day", {"MAX_AGE"}),
        (b"version: STSv1\nmode: enforce\nmx: a.*.example\nmax_age: 1", {"MX_NAME"}),
        (b"version: STSv1\nmode: enforce\nmx: \xc3\xa9.example\nmax_age: 1", {"MX_NAME"}),
        (b"version: STSv1\nmode: enforce\nmx: a.example, b.example\nmax_age: 1", {"MX_NAME"}),
        (b"version: STSv1\n\nmode: none\nmax_age: 1", {"LINE"}),
        (b"version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\nmax_age: x\nnew: y", set()),
    ],
)
def test_a_policy_that_senders_ignore(text: bytes, faults: set[str]) -> None:
    assert {fault.name for fault in read(text).faults} == faults


def test_a_page_that_is_no_plain_text_is_no_policy() -> None:
    assert read(policy_text("a.example"), media_type="text/html").faults == (PolicyFault.NOT_TEXT,)
    assert is_policy(POLICY_PAGE)
    assert not is_policy(replace(POLICY_PAGE, status=404))
    assert not is_policy(replace(POLICY_PAGE, body=b"<html>version:"))


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("mx1.a.example", "mx1.a.example", True),
        ("mx1.a.example", "MX1.a.example", True),
        ("*.a.example", "mx1.a.example", True),
        ("*.a.example", "a.example", False),
        ("*.a.example", "mx1.b.a.example", False),
        ("*.a.example", "mx1.aa.example", False),
        ("a.example", "mx1.a.example", False),
    ],
)
def test_a_star_is_one_left_label(pattern: str, host: str, covered: bool) -> None:
    assert covers(Policy("enforce", (pattern,), 1, ()), host) is covered


@pytest.mark.parametrize(
    ("record", "right", "uris"),
    [
        ("v=TLSRPTv1; rua=mailto:a@b.example", True, ("mailto:a@b.example",)),
        ("v=TLSRPTv1;rua=mailto:a@b.example , https://c.example/x;", True, ("mailto:a@b.example", "https://c.example/x")),
        ("v=TLSRPTv1; x=y; rua=", True, ("",)),
        ("v=TLSRPTv1 rua=mailto:a@b.example", False, ()),
        ("v=TLSRPTv1", False, ()),
        ("v=TLSRPTv1; rua=a; rua=b", False, ("a",)),
        ("v=tlsrptv1; rua=mailto:a@b.example", False, ("mailto:a@b.example",)),
    ],
)  # fmt: skip
def test_the_record_of_tls_reports(record: str, right: bool, uris: tuple[str, ...]) -> None:
    assert is_report_record(record) is right
    assert report_uris(record) == uris


@pytest.mark.parametrize(
    ("uri", "right"),
    [
        ("mailto:tls+a@rapports.example", True),
        ("MAILTO:a@b.example?subject=x", True),
        ("https://rapports.example", True),
        ("https://rapports.example:8443/v1/tls?d=x", True),
        ("tls@rapports.example", False),
        ("mailto:rapports.example", False),
        ("mailto:a@b", False),
        ("mailto:a b@c.example", False),
        ("mailto:a@b.example!10m", False),
        ("http://rapports.example", False),
        ("https://", False),
        ("https:///x", False),
        ("", False),
    ],
)
def test_an_address_of_reports(uri: str, right: bool) -> None:
    assert is_report_uri(uri) is right


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=BIMI1; l=https://a.example/l.svg", BimiRecord("https://a.example/l.svg", "")),
        ("v=BIMI1;l=https://a.example/l.svg;a=https://a.example/v.pem;", BimiRecord("https://a.example/l.svg", "https://a.example/v.pem")),
        ("v=BIMI1; l=; a=;", BimiRecord("", "")),
        ("v = BIMI1 ; L=; avp=brand", BimiRecord("", "")),
        ("v=BIMI1; l=http://a.example/l.svg", None),
        ("v=BIMI1; a=", None),
        ("v=BIMI1; l=; l=", None),
        ("v=BIMI1; l", None),
        ("v=BIMI2; l=", None),
    ],
)  # fmt: skip
def test_the_record_of_bimi(text: str, expected: BimiRecord | None) -> None:
    assert bimi_record(text) == expected


# A server's own, the authority that signed it, the root.
ISSUER = replace(
    CERTIFICATE, subject=CERTIFICATE.issuer, issuer="CN=Racine", sha256="11" * 32, key_sha256="12" * 32,
    sha512="11" * 64, key_sha512="12" * 64,
)  # fmt: skip
STRANGER = replace(ISSUER, subject="CN=Étranger", sha256="31" * 32, key_sha256="32" * 32, sha512="31" * 64)
CHAIN = replace(TLS, chain=(CERTIFICATE, STRANGER, ISSUER))


def promise(usage: int, selector: int, matching: int, digest: str) -> TlsaRecord:
    return TlsaRecord(usage, selector, matching, digest, len(digest) // 2)


def host(*records: TlsaRecord) -> DaneHost:
    return replace(DANE_HOST, records=records)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (promise(EE, 1, 1, "ef" * 32), Vouched.KEY),
        (promise(EE, 0, 1, "ab" * 32), Vouched.KEY),
        (promise(EE, 1, 2, "ef" * 64), Vouched.KEY),
        (promise(EE, 0, 2, "ab" * 64), Vouched.KEY),
        (promise(EE, 1, 1, "ab" * 32), Vouched.NOT),
        (promise(EE, 0, 1, "11" * 32), Vouched.NOT),
        (promise(TA, 0, 1, "11" * 32), Vouched.ISSUER),
        (promise(TA, 1, 2, "12" * 64), Vouched.ISSUER),
        # Sent, and not on the way up from the server's own.
        (promise(TA, 0, 1, "31" * 32), Vouched.NOT),
        # The server's own is no authority of itself.
        (promise(TA, 0, 1, "ab" * 32), Vouched.NOT),
        (promise(0, 0, 1, "11" * 32), Vouched.NOT),
        (promise(1, 1, 1, "ef" * 32), Vouched.NOT),
        (promise(EE, 1, 1, "ef" * 31), Vouched.NOT),
        (promise(EE, 7, 1, "ef" * 32), Vouched.NOT),
        (promise(EE, 1, 9, "ef" * 32), Vouched.NOT),
    ],
)
def test_a_promise_compared_with_a_certificate(record: TlsaRecord, expected: Vouched) -> None:
    assert compared(host(record), DOMAIN, CHAIN) is expected
    other = promise(EE, 1, 1, "99" * 32)
    assert compared(host(other, record), DOMAIN, CHAIN) is expected  # roll-over


def test_a_whole_key_or_certificate_is_compared_by_its_digest() -> None:
    own = b"DER"
    digest = tlsa_record(EE, 0, 0, own).digest
    seen = replace(TLS, chain=(replace(CERTIFICATE, sha256=digest),))
    assert compared(host(tlsa_record(EE, 0, 0, own)), DOMAIN, seen) is Vouched.KEY
    assert not tlsa_record(EE, 0, 0, b"").is_usable
    assert tlsa_record(EE, 0, 1, b"x" * 65535).digest == "78" * 64


def test_a_digest_that_was_not_taken_is_unknown_unless_another_fits() -> None:
    old = replace(TLS, chain=(replace(CERTIFICATE, sha512=LOST, key_sha512=LOST),))
    record = promise(EE, 1, 2, "ef" * 64)
    assert compared(host(record), DOMAIN, old) == LOST
    assert compared(host(record, promise(EE, 1, 1, "ef" * 32)), DOMAIN, old) is Vouched.KEY
    lost_issuer = replace(TLS, chain=(CERTIFICATE, replace(ISSUER, sha512=LOST)))
    assert compared(host(promise(TA, 0, 2, "11" * 64)), DOMAIN, lost_issuer) == LOST


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((MX1,), Vouched.ISSUER),
        ((DOMAIN,), Vouched.ISSUER),
        ((f"*.{DOMAIN}",), Vouched.ISSUER),
        (("autre.example",), Vouched.NOT),
        ((), Vouched.NOT),
        (LOST, LOST),
    ],
)
def test_an_authority_s_promise_asks_for_the_name(
    names: tuple[str, ...] | Unreachable, expected: Vouched | Unreachable
) -> None:
    wrong = replace(CHAIN, name_matches=False, chain=(replace(CERTIFICATE, names=names), *CHAIN.chain[1:]))
    assert compared(host(promise(TA, 0, 1, "11" * 32)), DOMAIN, wrong) == expected


@pytest.mark.parametrize("faults", [(ChainFault.STRANGER,), LOST])
def test_an_authority_that_is_only_named_proves_nothing(faults: Any) -> None:
    named = replace(CHAIN, chain_faults=faults)
    assert isinstance(compared(host(promise(TA, 0, 1, "11" * 32)), DOMAIN, named), Unreachable)
    assert compared(host(promise(TA, 0, 1, "99" * 32)), DOMAIN, named) is Vouched.NOT
    assert compared(host(promise(EE, 1, 1, "ef" * 32)), DOMAIN, named) is Vouched.KEY


def test_a_ring_of_issuers_ends() -> None:
    ring = tuple(replace(CERTIFICATE, subject="CN=A", issuer="CN=A", self_signed=True) for _ in range(12))
    assert compared(host(promise(TA, 0, 1, "11" * 32)), DOMAIN, replace(TLS, chain=ring)) is Vouched.NOT
    assert compared(host(PROMISE), DOMAIN, replace(TLS, chain=())) is Vouched.NOT


SECURE, INSECURE = Security.SECURE, Security.INSECURE


@pytest.mark.parametrize(
    ("mx", "address", "records", "expected"),
    [
        (SECURE, SECURE, SECURE, SECURE),
        (INSECURE, SECURE, SECURE, INSECURE),
        (SECURE, LOST, INSECURE, INSECURE),
        (SECURE, Security.UNCHECKED, SECURE, Security.UNCHECKED),
        (Security.BOGUS, INSECURE, SECURE, Security.BOGUS),
        (SECURE, LOST, SECURE, LOST),
        (LOST, SECURE, SECURE, LOST),
    ],
)
def test_the_weakest_link_decides(
    mx: Security | Unreachable, address: Security, records: Security, expected: Security | Unreachable
) -> None:
    entry = replace(DANE_HOST, address=address, security=records)
    assert protection(replace(GOOD_DANE, mx=mx), entry) == expected


def test_what_dane_says_of_a_certificate() -> None:
    assert vouched(GOOD_DANE, MX1, TLS) is Vouched.KEY
    assert vouched(GOOD_DANE, "autre.example", TLS) is Vouched.NOT
    assert vouched(replace(GOOD_DANE, mx=INSECURE), MX1, TLS) is Vouched.NOT
    assert vouched(replace(GOOD_DANE, hosts=(host(),)), MX1, TLS) is Vouched.NOT
    assert vouched(LOST, MX1, TLS) == LOST
    for unseen in (
        replace(GOOD_DANE, mx=Security.UNCHECKED),
        replace(GOOD_DANE, mx=LOST),
        replace(GOOD_DANE, hosts=(replace(DANE_HOST, records=LOST),)),
        replace(GOOD_DANE, hosts=(), left_out=(MX1,)),
    ):
        assert isinstance(vouched(unseen, MX1, TLS), Unreachable)


TEXT = st.binary(max_size=400)
LINES = st.lists(
    st.sampled_from(
        [b"version: STSv1", b"mode: enforce", b"mx: *.a.example", b"max_age: 86400", b"mx:", b":", b"\xff"]
    ),
    max_size=8,
).map(b"\r\n".join)
HEADS = st.sampled_from([b"v=STSv1; ", b"v=TLSRPTv1; rua=", b"v=BIMI1; l=", b""])


@given(TEXT | LINES)
def test_no_policy_breaks_the_reader_and_faults_are_told(body: bytes) -> None:
    policy = read(body)
    if not policy.faults:
        assert policy.mode
        assert policy.max_age is not None
        assert policy.mx or policy.mode == "none"
    assert policy.max_age is None or 0 <= policy.max_age <= 31_557_600


@given(st.tuples(HEADS, TEXT).map(b"".join))
def test_no_record_breaks_the_readers(record: bytes) -> None:
    text = record.decode("latin-1")
    answer = TxtAnswer("x", (record,))
    for known in (sts_records(answer), report_records(answer), bimi_records(answer)):
        assert known in ((), (text,))
    is_sts_record(text)
    bimi_record(text)
    if is_report_record(text):
        assert report_uris(text)
    for uri in report_uris(text):
        is_report_uri(uri)


@given(
    st.lists(
        st.builds(
            tlsa_record,
            st.integers(0, 255),
            st.integers(0, 255),
            st.integers(0, 255),
            st.binary(max_size=80),
        ),
        max_size=5,
    )
)
def test_a_random_promise_never_vouches(records: list[TlsaRecord]) -> None:
    entry = host(*records)
    assert compared(entry, DOMAIN, CHAIN) is Vouched.NOT
    lost: TlsSession = replace(TLS, chain=(replace(CERTIFICATE, sha512=LOST, key_sha512=LOST),))
    assert compared(entry, DOMAIN, lost) in (Vouched.NOT, LOST)

"""VPN checks: TLS endpoints and answers to verdicts, table by table."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cyberaudit.declared import Answer, Declaration, Vpn, VpnKind
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.certificate import Bounds, Certificate, TlsSession, Trait, sentence, shown, traits
from cyberaudit.facts.tls_endpoint import TlsEndpoint, VersionAnswer
from cyberaudit.facts.tls_endpoint_samples import (
    BAD_ENDPOINT,
    CERTIFICATE,
    CLIENT_CERTIFICATE_ENDPOINT,
    EXPIRED_ENDPOINT,
    FUTURE_ENDPOINT,
    GOOD_ENDPOINT,
    MUTE_ENDPOINT,
    OTHER_NAME_ENDPOINT,
    PARTLY_SEEN_ENDPOINT,
    SESSION,
    UNCOMPARED_ENDPOINT,
    UNTRUSTED_ENDPOINT,
    WEAK_KEY_ENDPOINT,
)
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
LOST = Unreachable(Reason.RESET)
NAME = "vpn.mairie-saint-etienne-d-o.example"
Expected = tuple[Status, str]


def ask(check_id: str, facts: Any, *, kind: VpnKind = VpnKind.SSL) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = Vpn("agents", "agents", (), host="box", type=kind, hostname=NAME, port="")
    return check.function(facts, Context(towns.NOW, asset, check.settings(), towns.town(asset)))


def outcome(check_id: str, facts: Any, *, kind: VpnKind = VpnKind.SSL) -> Expected:
    verdict = ask(check_id, facts, kind=kind)
    return verdict.status, verdict.reason


def showing(certificate: Certificate) -> TlsEndpoint:
    return replace(GOOD_ENDPOINT, session=replace(SESSION, chain=(certificate,)))


def ending(**left: int) -> TlsEndpoint:
    start, end = towns.NOW - timedelta(days=365), towns.NOW + timedelta(**left)
    return showing(replace(CERTIFICATE, not_before=start, not_after=end))


SHORT_LIFE = replace(
    CERTIFICATE, not_before=towns.NOW - timedelta(days=1), not_after=towns.NOW + timedelta(days=5)
)
SHORT_CURVE = replace(CERTIFICATE, key_bits=224)
RSA = replace(CERTIFICATE, key_type="RSA", key_bits=2048)
EDWARDS = replace(CERTIFICATE, key_type="Ed25519", key_bits=0, signature_hash="")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_ENDPOINT, (PASS, "")),
        (showing(RSA), (PASS, "")),
        (showing(EDWARDS), (PASS, "")),
        (showing(SHORT_LIFE), (PASS, "")),
        (ending(days=31), (PASS, "")),
        (ending(days=29), (PARTIAL, "expires-soon-30")),
        (ending(days=14), (PARTIAL, "expires-soon-30")),
        (ending(days=13), (PARTIAL, "expires-soon-14")),
        (ending(days=6), (PARTIAL, "expires-soon-7")),
        (ending(minutes=-1), (FAIL, "bad-certificate")),
        (EXPIRED_ENDPOINT, (FAIL, "bad-certificate")),
        (FUTURE_ENDPOINT, (FAIL, "bad-certificate")),
        (OTHER_NAME_ENDPOINT, (FAIL, "bad-certificate")),
        (UNTRUSTED_ENDPOINT, (FAIL, "bad-certificate")),
        (WEAK_KEY_ENDPOINT, (FAIL, "bad-certificate")),
        (showing(SHORT_CURVE), (FAIL, "bad-certificate")),
        (showing(replace(RSA, signature_hash="sha1")), (FAIL, "bad-certificate")),
        (UNCOMPARED_ENDPOINT, (UNKNOWN, "undecided")),
        (replace(GOOD_ENDPOINT, session=replace(SESSION, chain=())), (UNKNOWN, "undecided")),
        (CLIENT_CERTIFICATE_ENDPOINT, (UNKNOWN, Reason.TLS_FAILURE)),
        (MUTE_ENDPOINT, (UNKNOWN, Reason.TIMEOUT)),
    ],
)
def test_certificate(facts: TlsEndpoint, expected: Expected) -> None:
    assert outcome("vpn.certificate", facts) == expected


def test_every_fault_of_a_certificate_is_an_item_of_its_own() -> None:
    items = ask("vpn.certificate", BAD_ENDPOINT).items
    faults = ["expired", "wrong-name", "untrusted", "short-key", "weak-signature"]
    assert [item.reason for item in items] == faults
    assert {item.key for item in items} == {f"{NAME} tcp/4433"}


@pytest.mark.parametrize(("days", "likelihood"), [(29, None), (13, None), (6, 4)])
def test_the_last_week_of_a_certificate_raises_the_likelihood(days: int, likelihood: int | None) -> None:
    assert ask("vpn.certificate", ending(days=days)).likelihood == likelihood


def test_a_fault_weighs_more_than_what_could_not_be_judged() -> None:
    session = replace(SESSION, trust_error=LOST, name_matches=False)
    assert outcome("vpn.certificate", replace(GOOD_ENDPOINT, session=session))[0] is FAIL


BOTH = ("vpn.certificate", "vpn.protocols")


@pytest.mark.parametrize("check_id", BOTH)
def test_an_address_that_was_not_seen_forbids_a_pass(check_id: str) -> None:
    assert outcome(check_id, GOOD_ENDPOINT) == (PASS, "")
    verdict = ask(check_id, PARTLY_SEEN_ENDPOINT)
    assert (verdict.status, verdict.reason) == (UNKNOWN, "undecided")
    assert verdict.evidence[-1].value == "192.0.2.2, 2001:db8::1"


@pytest.mark.parametrize("check_id", BOTH)
def test_an_address_that_was_not_seen_hides_no_fault_of_the_one_that_was(check_id: str) -> None:
    facts = replace(BAD_ENDPOINT, left_out=("192.0.2.2",))
    assert outcome(check_id, facts) == outcome(check_id, BAD_ENDPOINT)
    assert outcome(check_id, facts)[0] is FAIL


@pytest.mark.parametrize("check_id", BOTH)
def test_an_access_that_is_not_ssl_is_not_asked(check_id: str) -> None:
    assert outcome(check_id, BAD_ENDPOINT, kind=VpnKind.IPSEC)[0] is NONE


BOUNDS = Bounds(warn_days=30, rsa_bits=2048, curve_bits=256)


def test_each_trait_has_its_sentence() -> None:
    empty: TlsSession = replace(SESSION, chain=())
    for trait in Trait:
        for session in (SESSION, empty, replace(SESSION, trust_error=LOST)):
            text = sentence(trait, session, "vpn")
            assert "vpn" in text
            assert text.endswith(".")
    assert list(traits(empty, towns.NOW, bounds=BOUNDS)) == [Trait.NONE_SHOWN]
    assert shown(empty) == "TLSv1.3 TLS_AES_256_GCM_SHA384"


def versions(*answers: bool | Unreachable) -> TlsEndpoint:
    names = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    return replace(
        GOOD_ENDPOINT,
        versions=tuple(VersionAnswer(name, answer) for name, answer in zip(names, answers, strict=False)),
    )


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (versions(False, False, True, True), (PASS, "")),
        (versions(False, False, False, True), (PASS, "")),
        (versions(False, False, True, False), (PARTIAL, "no-tls-1.3")),
        (versions(True, False, True, True), (FAIL, "old-version")),
        (versions(False, True, True, True), (FAIL, "old-version")),
        (versions(LOST, True, True, LOST), (FAIL, "old-version")),
        (versions(LOST, False, True, True), (UNKNOWN, Reason.RESET)),
        (versions(False, False, True, LOST), (UNKNOWN, Reason.RESET)),
        (versions(False, False, True), (UNKNOWN, Reason.NOT_COLLECTED)),
        (versions(False, False, False, False), (UNKNOWN, "undecided")),
        (versions(), (UNKNOWN, Reason.NOT_COLLECTED)),
    ],
)
def test_protocols(facts: TlsEndpoint, expected: Expected) -> None:
    assert outcome("vpn.protocols", facts) == expected


def test_each_old_version_is_an_item() -> None:
    verdict = ask("vpn.protocols", versions(True, True, True, True))
    assert [(item.key, item.text) for item in verdict.items] == [
        ("TLSv1", "TLS 1.0 est accepté."),
        ("TLSv1.1", "TLS 1.1 est accepté."),
    ]


def said(answer: Answer, value: str = "") -> Declaration:
    return replace(towns.declaration(answer), value=value)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (said(Answer.YES), (PASS, "")),
        (said(Answer.YES, "application"), (PASS, "")),
        (said(Answer.YES, "SMS"), (PARTIAL, "sms")),
        (said(Answer.YES, "code par Sms"), (PARTIAL, "sms")),
        (said(Answer.PARTIAL), (PARTIAL, "some-accounts")),
        (said(Answer.NO), (FAIL, "answered-no")),
    ],
)
def test_mfa(declared: Declaration, expected: Expected) -> None:
    assert outcome("vpn.mfa", declared) == expected

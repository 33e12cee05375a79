"""Checks about mail servers and about access to mail: facts to verdicts, table by table."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.dane import Dane, DaneHost, TlsaRecord
from cyberaudit.facts.mail import MxRecord
from cyberaudit.facts.mail_access import AccessName, AccessPoint, AccessSession, MailAccess, Webmail
from cyberaudit.facts.mail_access_samples import (
    CLEAR_ACCESS,
    CLOSED,
    ENCRYPTED,
    EXPIRED_ACCESS,
    GOOD_ACCESS,
    IMAPS,
    NO_ACCESS,
)
from cyberaudit.facts.mail_samples import GOOD_DNS
from cyberaudit.facts.mail_servers import (
    REWRITTEN,
    UNDECIDED,
    VERSIONS,
    HostAlias,
    MailServer,
    MailServers,
    RelayTrial,
    Reverse,
    SmtpSession,
    UnresolvedServer,
    UserAnswers,
    VersionAnswer,
    accepted_versions,
    is_address,
    is_private,
)
from cyberaudit.facts.mail_servers_samples import (
    BAD_SERVERS,
    CERTIFICATE,
    CROWDED_SERVERS,
    EXPIRED_SERVERS,
    GOOD_SERVERS,
    MODERN,
    MUTE_SERVERS,
    OLD_SERVERS,
    OTHERS_SERVERS,
    PLAIN_SESSION,
    REVERSE1,
    SESSION,
    TLS,
    versions,
)
from cyberaudit.facts.security import Security
from cyberaudit.model import Reason, SeenFrom, Status, Unreachable, Verdict
from cyberaudit.probes.mail_servers import merge_looks
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
LOST = Unreachable(Reason.TIMEOUT)
THIRD = Unreachable(Reason.NOT_AUTHORIZED)
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
NOBODY = replace(GOOD_SERVERS, servers=())
MX1 = f"mx1.{GOOD_DNS.domain}"
Expected = tuple[Status, tuple[str, ...]]


def ask(check_id: str, facts: Any) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = towns.domain()
    return check.function(facts, Context(towns.NOW, asset, check.settings(), towns.town(asset)))


def outcome(check_id: str, facts: Any) -> Expected:
    """The status, and the codes of what is open or unseen."""
    verdict = ask(check_id, facts)
    return verdict.status, tuple(item.reason for item in verdict.items if item.status is not PASS)


def one(session: SmtpSession | Unreachable = SESSION, **changes: Any) -> MailServers:
    """A domain with one server at one address."""
    server = MailServer(MX1, "192.0.2.25", session, REVERSE1)
    return replace(GOOD_SERVERS, servers=(replace(server, **changes),))


def answering(*accepted: bool | Unreachable, tls: Any = TLS) -> MailServers:
    """`accepted` by version, oldest first."""
    answers = tuple(VersionAnswer(name, each) for name, each in zip(VERSIONS, accepted, strict=True))
    return one(replace(SESSION, tls=tls, versions=answers))


BROKEN = Unreachable(Reason.TLS_FAILURE)
COMMON = [
    ("mail.tls-versions", NOBODY, (NONE, ())),
    ("mail.relay", NOBODY, (NONE, ())),
    ("mail.user-probing", NOBODY, (NONE, ())),
    ("mail.auth-before-tls", NOBODY, (NONE, ())),
    ("mail.reverse-names", NOBODY, (NONE, ())),
]


@pytest.mark.parametrize(
    ("check_id", "facts", "expected"),
    [
        *COMMON,
        *((check_id, GOOD_SERVERS, (PASS, ())) for check_id, *_ in COMMON),
        *((check_id, CROWDED_SERVERS, (UNKNOWN, ())) for check_id, *_ in COMMON),
        *((check_id, MUTE_SERVERS, (UNKNOWN, ("timeout",))) for check_id, *_ in COMMON[:4]),
        *(
            (check_id, replace(GOOD_SERVERS, unresolved=(UnresolvedServer("x", LOST),)), (UNKNOWN, ()))
            for check_id, *_ in COMMON
        ),
    ],
)
def test_nobody_everybody_and_those_that_were_not_seen(
    check_id: str, facts: MailServers, expected: Expected
) -> None:
    assert outcome(check_id, facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (OLD_SERVERS, (FAIL, ("mx.tls_only_old",))),
        (EXPIRED_SERVERS, (PARTIAL, ("mx.old_tls",))),
        (answering(False, True, True, True), (PARTIAL, ("mx.old_tls",))),
        (answering(False, False, True, True), (PASS, ())),
        (answering(False, LOST, True, True), (UNKNOWN, ("timeout",))),
        (answering(True, LOST, True, True), (PARTIAL, ("mx.old_tls",))),
        (answering(False, False, LOST, True), (PASS, ())),
        (answering(True, True, False, False, tls=BROKEN), (FAIL, ("mx.tls_only_old",))),
        (answering(True, True, LOST, False, tls=BROKEN), (PARTIAL, ("mx.old_tls",))),
        (answering(False, False, False, False, tls=BROKEN), (UNKNOWN, ("undecided",))),
        (answering(LOST, LOST, LOST, LOST, tls=LOST), (UNKNOWN, ("timeout",))),
        (one(replace(SESSION, versions=LOST)), (UNKNOWN, ("timeout",))),
        (one(replace(SESSION, versions=())), (UNKNOWN, ("not-collected",))),
        (
            one(replace(SESSION, tls=replace(TLS, version="TLSv1"), versions=LOST)),
            (FAIL, ("mx.tls_only_old",)),
        ),
        (one(PLAIN_SESSION), (NONE, ())),
    ],
)
def test_tls_versions(facts: MailServers, expected: Expected) -> None:
    assert outcome("mail.tls-versions", facts) == expected


def test_a_server_with_old_versions_alone_raises_the_likelihood() -> None:
    assert ask("mail.tls-versions", OLD_SERVERS).likelihood == 2
    assert ask("mail.tls-versions", EXPIRED_SERVERS).likelihood is None


@pytest.mark.parametrize(
    ("reverse", "expected"),
    [
        (REVERSE1, (PASS, ())),
        (Reverse((), ()), (PARTIAL, ("mx.no_ptr",))),
        (Reverse(("x.example",), ()), (PARTIAL, ("mx.ptr_mismatch",))),
        (Reverse(("x.example",), LOST), (UNKNOWN, ("timeout",))),
        (LOST, (UNKNOWN, ("timeout",))),
        (Unreachable(Reason.PRIVATE_ADDRESS), (NONE, ())),
    ],
)
def test_reverse_names(reverse: Reverse | Unreachable, expected: Expected) -> None:
    assert outcome("mail.reverse-names", one(reverse=reverse)) == expected


def test_an_address_without_a_name_gets_the_line_to_ask_for() -> None:
    lines = [line.value for line in ask("mail.reverse-names", one(reverse=Reverse((), ()))).evidence]
    assert f"192.0.2.25 PTR {MX1}." in lines


def relaying(accepted: bool) -> RelayTrial:
    return RelayTrial(accepted=accepted, sender="", recipient="controle@ailleurs.example", reply="x")


@pytest.mark.parametrize(
    ("trial", "expected"),
    [
        (relaying(accepted=True), (FAIL, ("mx.open_relay",))),
        (relaying(accepted=False), (PASS, ())),
        (replace(relaying(accepted=False), reply="450 4.2.0 Greylisted"), (UNKNOWN, ("undecided",))),
        (Unreachable(Reason.PROTOCOL_ERROR, f"{UNDECIDED} : 450"), (UNKNOWN, ("undecided",))),
        (THIRD, (NONE, ("not-authorized",))),
        (LOST, (UNKNOWN, ("timeout",))),
    ],
)
def test_relay(trial: RelayTrial | Unreachable, expected: Expected) -> None:
    facts = one(replace(SESSION, relay=trial), host="mx.hebergeur.example")
    assert outcome("mail.relay", facts) == expected


def test_a_relay_is_only_probable_and_another_s_server_is_not_tried() -> None:
    assert "probablement" in ask("mail.relay", BAD_SERVERS).text
    for check_id in ("mail.relay", "mail.user-probing"):
        verdict = ask(check_id, OTHERS_SERVERS)
        assert (verdict.status, verdict.reason) == (NONE, "not-applicable")
        assert "à un tiers" in verdict.text
        assert verdict.items[0].text.endswith("non vérifié, serveur d'un tiers.")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (UserAnswers((250, 550), (502, 0)), (PARTIAL, ("mx.vrfy",))),
        (UserAnswers((251, 551), (502, 0)), (PARTIAL, ("mx.vrfy",))),
        (UserAnswers((502, 0), (250, 550)), (PARTIAL, ("mx.vrfy",))),
        (UserAnswers((252, 0), (502, 0)), (PASS, ())),
        (UserAnswers((250, 250), (502, 0)), (PASS, ())),
        (UserAnswers((250, 450), (502, 0)), (UNKNOWN, ("undecided",))),
        (UserAnswers((421, 0), (250, 550)), (PARTIAL, ("mx.vrfy",))),
        (UserAnswers((250, 502), (502, 0)), (PASS, ())),
        (THIRD, (NONE, ("not-authorized",))),
        (LOST, (UNKNOWN, ("timeout",))),
    ],
)
def test_user_probing(answers: UserAnswers | Unreachable, expected: Expected) -> None:
    facts = one(replace(SESSION, users=answers), host="mx.hebergeur.example")
    assert outcome("mail.user-probing", facts) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"mechanisms": ("PLAIN", "LOGIN")}, (FAIL, ("mx.auth_plaintext",))),
        ({"mechanisms": ("CRAM-MD5", "SCRAM-SHA-256")}, (PASS, ())),
        ({"mechanisms": ()}, (PASS, ())),
        ({"mechanisms": LOST}, (UNKNOWN, ("timeout",))),
        ({"mechanisms": Unreachable(Reason.NOT_COLLECTED)}, (PASS, ())),
        (
            {"mechanisms": Unreachable(Reason.NOT_COLLECTED), "extensions": ("AUTH",)},
            (UNKNOWN, ("not-collected",)),
        ),
    ],
)
def test_auth_before_tls(changes: dict[str, Any], expected: Expected) -> None:
    assert outcome("mail.auth-before-tls", one(replace(SESSION, **changes))) == expected


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (SESSION, (PASS, ())),
        (PLAIN_SESSION, (FAIL, ("mx.no_starttls",))),
        (replace(SESSION, tls=BROKEN, versions=()), (FAIL, ("mx.starttls_broken",))),
        (replace(SESSION, tls=BROKEN, versions=versions("TLSv1")), (PARTIAL, ("mx.starttls_broken",))),
        (replace(SESSION, tls=replace(TLS, version="TLSv1")), (PASS, ())),
        (LOST, (UNKNOWN, ("mx.unreachable",))),
        (replace(SESSION, tls=REWRITTEN, versions=REWRITTEN), (UNKNOWN, ("not-looked",))),
        (Unreachable(Reason.NOT_LOOKED, "--no-smtp"), (UNKNOWN, ("mx.unreachable",))),
    ],
)
def test_starttls(session: SmtpSession | Unreachable, expected: Expected) -> None:
    assert outcome("mail.starttls", one(session)) == expected


def test_a_line_that_rewrites_is_named_and_nothing_is_concluded() -> None:
    masked = replace(SESSION, tls=REWRITTEN, versions=REWRITTEN, mechanisms=REWRITTEN)
    assert "réécrit" in ask("mail.starttls", one(masked)).text
    assert ask("mail.auth-before-tls", one(masked)).status is UNKNOWN
    assert ask("mail.tls-versions", one(masked)).status is UNKNOWN


@pytest.mark.parametrize("check_id", ["mail.relay", "mail.user-probing"])
def test_what_only_strangers_are_refused_is_asked_from_outside(check_id: str) -> None:
    check = CATALOGUE.check(check_id)
    assert check is not None
    assert check.seen_from is SeenFrom.OUTSIDE


@pytest.mark.parametrize("check_id", ["mail.relay", "mail.user-probing"])
def test_another_s_servers_are_so_called_only_when_all_were_found(check_id: str) -> None:
    untried = replace(SESSION, relay=THIRD, users=THIRD)
    theirs = one(untried, host="mx.hebergeur.example")
    assert ask(check_id, theirs).status is NONE
    for changes in ({"unresolved": (UnresolvedServer("mx2.x.example", LOST),)}, {"left_out": ("mx9.x",)}):
        unsure: Any = changes
        assert ask(check_id, replace(theirs, **unsure)).status is UNKNOWN
    own = ask(check_id, one(untried, host=f"mx.{towns.domain().domain}"))
    assert own.status is UNKNOWN
    assert "tiers" not in own.text + "".join(item.text for item in own.items)


def test_what_nobody_was_to_look_at_was_not_looked_at() -> None:
    unlooked = one(Unreachable(Reason.NOT_LOOKED, "--no-smtp"))
    for check_id in ("mail.starttls", "mail.relay", "mail.user-probing", "mail.auth-before-tls"):
        assert ask(check_id, unlooked).reason == Reason.NOT_LOOKED


def with_mx(*hosts: str) -> Any:
    return replace(GOOD_DNS, mx=tuple(MxRecord(rank, host) for rank, host in enumerate(hosts)))


def at(*addresses: str, session: SmtpSession | Unreachable = SESSION) -> MailServers:
    servers = tuple(MailServer(MX1, address, session, REVERSE1) for address in addresses)
    return replace(GOOD_SERVERS, servers=servers)


PRIVATE = Unreachable(Reason.PRIVATE_ADDRESS)
BOTH_KINDS = replace(
    GOOD_SERVERS,
    servers=(MailServer(MX1, "10.0.0.1", PRIVATE, PRIVATE), MailServer(MX1, "192.0.2.25", SESSION, REVERSE1)),
)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((with_mx(MX1), one()), (PASS, ())),
        ((with_mx(MX1, MX1), one()), (PARTIAL, ("mx.duplicate",))),
        ((with_mx(), one()), (FAIL, ("mx.none",))),
        ((with_mx("", MX1), one()), (FAIL, ("mx.null_with_others",))),
        (
            (with_mx(MX1), replace(one(), aliases=(HostAlias(MX1, ("vrai.example",)),))),
            (PARTIAL, ("mx.cname",)),
        ),
        ((with_mx(MX1), replace(one(), aliases=LOST)), (UNKNOWN, ())),
        (
            (with_mx("192.0.2.7"), replace(NOBODY, unresolved=(UnresolvedServer("192.0.2.7", None),))),
            (FAIL, ("mx.ip_literal",)),
        ),
        (
            (with_mx(MX1, "192.0.2.7"), replace(one(), unresolved=(UnresolvedServer("192.0.2.7", None),))),
            (PARTIAL, ("mx.ip_literal",)),
        ),
        ((with_mx(MX1), at("10.0.0.1", session=PRIVATE)), (FAIL, ("mx.private_address",))),
        ((with_mx(MX1), at("10.0.0.1", session=LOST)), (FAIL, ("mx.private_address",))),
        ((with_mx(MX1), at("10.0.0.1")), (PASS, ())),
        ((with_mx(MX1), at("192.0.2.25", session=LOST)), (PASS, ())),
        ((with_mx(MX1), BOTH_KINDS), (PARTIAL, ("mx.private_address",))),
    ],
)
def test_mx(facts: Any, expected: Expected) -> None:
    assert outcome("mail.mx", facts) == expected


OWN = replace(
    CERTIFICATE, self_signed=True, not_after=towns.NOW - timedelta(days=1), names=("autre.example",)
)
OWN_FAULTS = ("mx.cert_expired", "mx.cert_name", "mx.cert_self_signed")
SHA1 = replace(TLS, chain=(replace(CERTIFICATE, signature_hash="sha1"),))
SHORT = replace(TLS, chain=(replace(CERTIFICATE, key_type="RSA", key_bits=1024),))
OWN_TLS = replace(TLS, chain=(OWN,), trust_error="le certificat est signé par lui-même", name_matches=False)


def promised(
    *, usage: int = 3, digest: str = CERTIFICATE.sha256, security: Security | Unreachable = Security.SECURE
) -> Dane:
    record = TlsaRecord(usage, 0, 1, digest, len(digest) // 2)
    host = DaneHost(MX1, Security.SECURE, f"_25._tcp.{MX1}", (record,), security)
    return Dane(GOOD_DNS.domain, Security.SECURE, (host,), ())


NO_DANE = Dane(GOOD_DNS.domain, Security.INSECURE, (), ())


@pytest.mark.parametrize(
    ("tls", "dane", "expected"),
    [
        (OWN_TLS, promised(), (PASS, ())),
        (OWN_TLS, promised(digest="00" * 32), (FAIL, OWN_FAULTS)),
        (OWN_TLS, promised(security=Security.INSECURE), (FAIL, OWN_FAULTS)),
        (OWN_TLS, promised(security=LOST), (UNKNOWN, ("timeout",) * 3)),
        (replace(TLS, trust_error="x"), LOST, (UNKNOWN, ("timeout",))),
        (replace(TLS, trust_error="x"), NO_DANE, (PARTIAL, ("mx.cert_untrusted",))),
        (replace(TLS, name_matches=False), LOST, (FAIL, ("mx.cert_name",))),
        (SHA1, NO_DANE, (PARTIAL, ("mx.cert_weak_signature",))),
        (SHORT, NO_DANE, (FAIL, ("mx.cert_weak_key",))),
        (TLS, LOST, (PASS, ())),
    ],
)  # fmt: skip
def test_certificate_and_what_is_promised_of_it(tls: Any, dane: Any, expected: Expected) -> None:
    assert outcome("mail.certificate", (one(replace(SESSION, tls=tls)), dane)) == expected


def test_without_facts_about_servers_their_certificates_are_unknown() -> None:
    assert outcome("mail.certificate", (LOST, NO_DANE)) == (UNKNOWN, ())


def access(*sessions: AccessSession | Unreachable, announced: bool = True, **changes: Any) -> MailAccess:
    points = tuple(
        replace(IMAPS, port=993 + rank, announced=announced, session=each)
        for rank, each in enumerate(sessions)
    )
    return replace(GOOD_ACCESS, points=points, **changes)


def clear(login: bool | Unreachable, tls: Any = TLS) -> AccessSession:
    return AccessSession(clear_login=login, tls=tls)


REFUSED = Unreachable(Reason.REFUSED)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_ACCESS, (PASS, ())),
        (NO_ACCESS, (NONE, ())),
        (CLEAR_ACCESS, (FAIL, ("access.login_in_clear",))),
        (EXPIRED_ACCESS, (PARTIAL, ("access.cert",))),
        (access(ENCRYPTED, REFUSED, announced=False), (PASS, ())),
        (access(REFUSED, LOST, announced=False), (NONE, ())),
        (access(ENCRYPTED, LOST), (UNKNOWN, ("access.unreachable",))),
        (access(Unreachable(Reason.NOT_LOOKED), announced=False), (UNKNOWN, ("access.unreachable",))),
        (access(clear(LOST)), (UNKNOWN, ("timeout",))),
        (access(clear(False, None)), (PASS, ())),
        (access(clear(False, BROKEN)), (PARTIAL, ("access.tls_broken",))),
        (access(clear(False, LOST)), (UNKNOWN, ("timeout",))),
        (access(clear(False, replace(TLS, version="TLSv1"))), (PARTIAL, ("access.old_tls",))),
        (access(clear(False, replace(TLS, name_matches=LOST))), (UNKNOWN, ("access.cert",))),
        (access(ENCRYPTED, left_out=("x:993",)), (UNKNOWN, ())),
        (replace(GOOD_ACCESS, announced=LOST), (UNKNOWN, ())),
        (replace(NO_ACCESS, names=(AccessName("imap.example", LOST),)), (UNKNOWN, ())),
        (replace(GOOD_ACCESS, webmail=Webmail("webmail.example", LOST)), (UNKNOWN, ("access.unreachable",))),
        (replace(NO_ACCESS, webmail=Webmail("webmail.example", BROKEN)), (UNKNOWN, ("access.unreachable",))),
        (replace(GOOD_ACCESS, webmail=Webmail("webmail.example", REFUSED)), (PASS, ())),
        (access(LOST, LOST, announced=False), (UNKNOWN, ("access.unreachable",))),
        (access(LOST, LOST, announced=False, wildcard=LOST), (UNKNOWN, ("access.unreachable",))),
        (access(LOST, LOST, announced=False, wildcard=("192.0.2.26", "192.0.2.27")), (NONE, ())),
        (access(LOST, LOST, announced=False, wildcard=("192.0.2.27",)), (UNKNOWN, ("access.unreachable",))),
        (access(LOST, ENCRYPTED, announced=False), (PASS, ())),
        (
            replace(
                NO_ACCESS,
                names=(AccessName("webmail.example", ("192.0.2.9",)),),
                webmail=Webmail("webmail.example", BROKEN),
                wildcard=("192.0.2.9",),
            ),
            (NONE, ()),
        ),
    ],
)
def test_access(facts: MailAccess, expected: Expected) -> None:
    assert outcome("mail.access", facts) == expected


def test_a_webmail_is_told_and_no_fault() -> None:
    items = ask("mail.access", replace(GOOD_ACCESS, webmail=Webmail("webmail.example", 200))).items
    assert [(item.status, item.reason) for item in items] == [(PASS, ""), (PASS, "access.webmail")]
    closed: AccessPoint = CLOSED
    assert closed.port == 143


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("10.1.2.3", True), ("192.168.1.1", True), ("127.0.0.1", True), ("100.64.0.1", True), ("::1", True),
        ("fe80::1", True), ("fd00::1", True), ("192.0.2.1", False), ("8.8.8.8", False), ("2001:db8::1", False),
        ("nom", False),
    ],
)  # fmt: skip
def test_private_addresses_are_those_nobody_outside_reaches(address: str, private: bool) -> None:
    assert is_private(address) is private


@pytest.mark.parametrize(
    ("host", "expected"), [("192.0.2.1", True), ("[192.0.2.1]", True), ("mx1.example", False), ("", False)]
)
def test_an_address_in_place_of_a_name(host: str, expected: bool) -> None:
    assert is_address(host) is expected


def test_versions_that_were_granted_are_in_order() -> None:
    assert accepted_versions(SESSION) == ("TLSv1.2", "TLSv1.3")
    assert accepted_versions(replace(SESSION, tls=LOST, versions=LOST)) == ()


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (MODERN, LOST, MODERN),
        (LOST, MODERN, MODERN),
        (MODERN, (), MODERN),
        ((), MODERN, MODERN),
        (versions("TLSv1"), versions("TLSv1.3"), versions("TLSv1", "TLSv1.3")),
        ((VersionAnswer("TLSv1", LOST),), (VersionAnswer("TLSv1", THIRD),), (VersionAnswer("TLSv1", THIRD),)),
        ((VersionAnswer("TLSv1", False),), (VersionAnswer("TLSv1", LOST),), (VersionAnswer("TLSv1", False),)),
    ],
)  # fmt: skip
def test_a_version_that_was_granted_once_was_granted(first: Any, second: Any, kept: Any) -> None:
    merged = merge_looks(one(replace(SESSION, versions=first)), one(replace(SESSION, versions=second)))
    assert merged == one(replace(SESSION, versions=kept))


def test_what_was_tried_once_outlives_a_second_look_that_could_not() -> None:
    blind = one(replace(SESSION, relay=LOST, users=LOST), reverse=LOST)
    assert merge_looks(one(), replace(blind, aliases=LOST)) == one()


ANSWER = st.sampled_from([True, False, LOST])


@given(st.tuples(ANSWER, ANSWER, ANSWER, ANSWER))
def test_an_old_version_nobody_could_ask_for_never_passes(answers: tuple[Any, ...]) -> None:
    status, codes = outcome("mail.tls-versions", answering(*answers))
    if LOST in answers[:2]:
        assert status is not PASS
    if True in answers[:2]:
        assert codes == ("mx.old_tls",)


MX2 = f"interne.{GOOD_DNS.domain}"
HIDDEN = MailServer(MX2, "10.1.2.3", LOST, Reverse((), ()))
BESIDE = replace(one(), servers=(*one().servers, HIDDEN))


@pytest.mark.parametrize(
    "check_id", ["mail.reverse-names", "mail.starttls", "mail.tls-versions", "mail.certificate"]
)
def test_a_private_server_is_told_with_the_mx_and_nowhere_else(check_id: str) -> None:
    facts = (BESIDE, LOST) if check_id == "mail.certificate" else BESIDE
    alone = (one(), LOST) if check_id == "mail.certificate" else one()
    assert ask(check_id, facts).items == ask(check_id, alone).items
    assert "10.1.2.3" not in str([line for line in ask(check_id, facts).evidence if "PTR" in line.value])


def test_a_server_to_take_out_comes_with_its_line() -> None:
    for facts, host in (
        (BESIDE, MX2),
        (replace(one(), unresolved=(UnresolvedServer("192.0.2.7", None),)), "192.0.2.7"),
    ):
        verdict = ask("mail.mx", (with_mx(MX1, host), facts))
        gone = [line.value for line in verdict.evidence if line.label == "ligne à retirer"]
        assert len(gone) == 1
        assert gone[0].endswith(f" {host}.")
        assert {item.status for item in verdict.items if item.status.is_open} == {verdict.status}


def test_a_domain_without_mx_is_one_point_with_both_lines() -> None:
    lines = [line.value for line in ask("mail.mx", (with_mx(), one())).evidence]
    assert lines == [f"{GOOD_DNS.domain}. IN MX 10 votre.serveur.", f"{GOOD_DNS.domain}. IN MX 0 ."]
    own = MailServer(
        GOOD_DNS.domain,
        "192.0.2.80",
        Unreachable(Reason.REFUSED),
        Reverse(("web.example",), ("web.example",)),
    )
    site = replace(GOOD_SERVERS, domain=GOOD_DNS.domain, servers=(own,))
    for check_id in ("mail.reverse-names", "mail.tls-versions", "mail.auth-before-tls", "mail.relay"):
        assert ask(check_id, site).status is NONE
    assert ask("mail.certificate", (site, LOST)).status is NONE
    assert ask("mail.starttls", site).status is UNKNOWN


def test_one_certificate_on_two_addresses_is_wrong_once() -> None:
    seen = replace(SESSION, tls=OWN_TLS)
    twice = at("192.0.2.25", "2001:db8::25", session=seen)
    verdict = ask("mail.certificate", (twice, LOST))
    assert len(verdict.items) == len({item.text for item in verdict.items})
    assert verdict.items == ask("mail.certificate", (at("192.0.2.25", session=seen), LOST)).items

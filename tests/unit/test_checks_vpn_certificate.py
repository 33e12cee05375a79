"""The certificate of a remote access: who it proves to be, how it is made, who else has its key."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cyberaudit.declared import Vpn, VpnKind
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.certificate import (
    NAME_NOT_COMPARED,
    Bounds,
    Certificate,
    ChainFault,
    TlsSession,
    Trait,
    Usage,
    sentence,
    shown,
    traits,
)
from cyberaudit.facts.openvpn import OpenVpnAnswer, OpenVpnEndpoint, OpenVpnMet
from cyberaudit.facts.tls_endpoint import TlsEndpoint, TlsServer
from cyberaudit.facts.tls_endpoint_samples import (
    BAD_ENDPOINT,
    BAD_SERVER,
    BAD_SESSION,
    CERTIFICATE,
    CLIENT_CERTIFICATE_ENDPOINT,
    EXPIRED_ENDPOINT,
    FUTURE_ENDPOINT,
    GOOD_ENDPOINT,
    GOOD_SERVER,
    HTTP_ENDPOINT,
    MUTE_ENDPOINT,
    NAMELESS_ENDPOINT,
    OTHER_NAME_ENDPOINT,
    PARTLY_SEEN_ENDPOINT,
    SESSION,
    STORED_BY_VERSION_1,
    UNCOMPARED_ENDPOINT,
    UNTRUSTED_ENDPOINT,
    WEAK_KEY_ENDPOINT,
)
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context, first_end
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
LOST = Unreachable(Reason.RESET)
NO_PROBE = Unreachable(Reason.NO_PROBE)
NAME = "vpn.mairie-saint-etienne-d-o.example"
Expected = tuple[Status, str]


def access(name: str = "agents", kind: VpnKind = VpnKind.SSL) -> Vpn:
    return Vpn(name, name, (), host="box", type=kind, hostname=NAME, port="", used_by="")


def ask(check_id: str, facts: Any, *, kind: VpnKind = VpnKind.SSL) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = access(kind=kind)
    return check.function(facts, Context(towns.NOW, asset, check.settings(), towns.town(asset)))


def identity(facts: TlsEndpoint) -> Verdict:
    return ask("vpn.certificate", (facts, NO_PROBE))


def form(facts: TlsEndpoint) -> Verdict:
    return ask("vpn.certificate-form", (facts, NO_PROBE))


def outcome(verdict: Verdict) -> Expected:
    return verdict.status, verdict.reason


def server(*sessions: TlsSession, **changes: Any) -> TlsServer:
    return replace(GOOD_SERVER, sessions=sessions, **changes)


def endpoint(*servers: TlsServer, **changes: Any) -> TlsEndpoint:
    return replace(GOOD_ENDPOINT, servers=servers, **changes)


def of_session(**changes: Any) -> TlsEndpoint:
    return endpoint(server(replace(SESSION, **changes)))


def of_leaf(**changes: Any) -> TlsEndpoint:
    return of_session(chain=(replace(CERTIFICATE, **changes),))


def ending(**left: int) -> TlsEndpoint:
    start, end = towns.NOW - timedelta(days=365), towns.NOW + timedelta(**left)
    return of_leaf(not_before=start, not_after=end)


UNKNOWN_ISSUER = "l'autorité qui a signé le certificat est inconnue (Pare-feu)"
UNCOMPARED = Unreachable(Reason.NOT_DECLARED)
UNSENT = "le serveur n'envoie pas le certificat de « Inter », ou cette autorité n'est pas reconnue"
ALONE = of_session(trust_error=UNSENT, chain_faults=(ChainFault.ISSUER_UNSENT,))
SHORT_LIFE = {"not_before": towns.NOW - timedelta(days=1), "not_after": towns.NOW + timedelta(days=5)}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_ENDPOINT, (PASS, "")),
        (STORED_BY_VERSION_1, (PASS, "")),
        (of_leaf(**SHORT_LIFE), (PASS, "")),
        (WEAK_KEY_ENDPOINT, (PASS, "")),
        (ending(days=31), (PASS, "")),
        (ending(days=29), (PARTIAL, "expires-soon-30")),
        (ending(days=14), (PARTIAL, "expires-soon-30")),
        (ending(days=13), (PARTIAL, "expires-soon-14")),
        (ending(days=6), (PARTIAL, "expires-soon-7")),
        (ending(minutes=-1), (FAIL, "expired")),
        (EXPIRED_ENDPOINT, (FAIL, "expired")),
        (FUTURE_ENDPOINT, (FAIL, "not-yet-valid")),
        (OTHER_NAME_ENDPOINT, (FAIL, "wrong-name")),
        (of_session(chain=(replace(CERTIFICATE, names=()),), name_matches=False), (FAIL, "no-name")),
        (of_session(chain=(replace(CERTIFICATE, names=()),), name_matches=UNCOMPARED), (FAIL, "no-name")),
        (of_session(name_matches=LOST), (UNKNOWN, Reason.RESET)),
        (of_session(name_matches=UNCOMPARED), (UNKNOWN, Reason.NOT_DECLARED)),
        (NAMELESS_ENDPOINT, (UNKNOWN, Reason.NOT_DECLARED)),
        (UNTRUSTED_ENDPOINT, (FAIL, "untrusted")),
        (
            of_session(trust_error=UNKNOWN_ISSUER, chain_faults=(ChainFault.INCOMPLETE,)),
            (FAIL, "incomplete-chain"),
        ),
        (ALONE, (FAIL, "issuer-unsent")),
        (of_session(trust_error=UNKNOWN_ISSUER, chain_faults=LOST), (FAIL, "untrusted")),
        (of_session(trust_error="", chain_faults=LOST), (PASS, "")),
        (
            of_session(trust_error="signé par lui-même", chain=(replace(CERTIFICATE, self_signed=True),)),
            (FAIL, "self-signed"),
        ),
        (UNCOMPARED_ENDPOINT, (UNKNOWN, Reason.NOT_LOOKED)),
        (of_session(chain=()), (UNKNOWN, "undecided")),
        (CLIENT_CERTIFICATE_ENDPOINT, (UNKNOWN, Reason.TLS_FAILURE)),
        (endpoint(server(SESSION, unseen_certificate=LOST)), (UNKNOWN, Reason.RESET)),
        (endpoint(server()), (UNKNOWN, Reason.NOT_COLLECTED)),
        (MUTE_ENDPOINT, (UNKNOWN, Reason.TIMEOUT)),
        (PARTLY_SEEN_ENDPOINT, (UNKNOWN, "undecided")),
    ],
)
def test_certificate(facts: TlsEndpoint, expected: Expected) -> None:
    assert outcome(identity(facts)) == expected


@pytest.mark.parametrize(
    ("facts", "days"),
    [
        (ending(days=29), 29),
        (ending(days=6), 6),
        (ending(days=31), None),
        (GOOD_ENDPOINT, None),
        # Renewed every week: its end is no news, even beside another fault.
        (of_leaf(**SHORT_LIFE), None),
        # Over, it keeps its day.
        (ending(minutes=-1), 0),
        (ending(days=-7), -7),
        (endpoint(*ending(days=6).servers, *ending(days=-7).servers), -7),
        (MUTE_ENDPOINT, None),
    ],
)
def test_a_certificate_that_ends_soon_or_ended_tells_its_day(facts: TlsEndpoint, days: int | None) -> None:
    ends = None if days is None else (towns.NOW + timedelta(days=days)).date()
    assert identity(facts).before == ends


def test_an_end_at_the_edge_of_the_calendar_has_a_day_wherever_the_town_is() -> None:
    end = datetime(1, 1, 1, tzinfo=UTC)
    (session,) = of_leaf(not_before=end, not_after=end).servers[0].sessions
    place = towns.town(access())
    place = replace(place, commune=replace(place.commune, timezone="America/Cayenne"))
    ctx = Context(towns.NOW, access(), None, place)
    assert first_end((session,), ctx, warn_days=30) == end.date()


@pytest.mark.parametrize("days", [6, -7])
def test_the_certificate_of_a_private_tunnel_tells_its_day_too(days: int) -> None:
    tunnel = OpenVpnEndpoint(
        hostname=NAME, port="udp/1194", answers=(), servers=ending(days=days).servers, left_out=()
    )
    verdict = ask("vpn.certificate", (NO_PROBE, tunnel), kind=VpnKind.OPENVPN)
    assert verdict.before == (towns.NOW + timedelta(days=days)).date()


def test_every_fault_of_a_certificate_is_an_item_of_its_own() -> None:
    items = identity(BAD_ENDPOINT).items
    assert [(item.key, item.reason) for item in items] == [
        ("certificat R25", "expired"),
        ("certificat R29", "wrong-name"),
        ("self-signed", "self-signed"),
    ]
    text = items[0].text.replace("\u00a0", " ")
    assert text == f"Le certificat de {NAME} est périmé depuis le 1er septembre 2026."


def test_each_address_is_judged_and_named() -> None:
    verdict = identity(endpoint(GOOD_SERVER, BAD_SERVER))
    assert outcome(verdict) == (FAIL, "expired")
    assert [item.key for item in verdict.items] == [
        f"{key} 2001:db8::1" for key in ("certificat R25", "certificat R29", "self-signed")
    ]


def test_both_certificates_of_a_dual_server_are_judged() -> None:
    rsa = replace(CERTIFICATE, key_type="RSA", key_bits=3072, sha256="12" * 32, curve="", exponent=65537)
    old = replace(rsa, not_after=towns.NOW - timedelta(days=1))
    good = endpoint(server(SESSION, replace(SESSION, chain=(rsa,))))
    bad = endpoint(server(SESSION, replace(SESSION, chain=(old,))))
    assert outcome(identity(good)) == (PASS, "")
    verdict = identity(bad)
    assert [(item.key, item.reason) for item in verdict.items] == [("certificat R25 RSA 12121212", "expired")]
    assert len({line.label for line in verdict.evidence}) == 2


def test_what_is_shown_to_who_names_nobody_is_not_judged() -> None:
    assert outcome(identity(endpoint(server(SESSION, without_name=BAD_SESSION)))) == (PASS, "")


@pytest.mark.parametrize(
    ("facts", "likelihood"),
    [
        (ending(days=29), None),
        (ending(days=13), None),
        (ending(days=6), 4),
        (ending(days=-1), 4),
        (FUTURE_ENDPOINT, 4),
        (OTHER_NAME_ENDPOINT, None),
        (GOOD_ENDPOINT, None),
    ],
)
def test_from_its_last_week_on_a_certificate_raises_the_likelihood(
    facts: TlsEndpoint, likelihood: int | None
) -> None:
    assert identity(facts).likelihood == likelihood


def test_what_could_not_be_judged_raises_no_likelihood() -> None:
    last_week = ending(days=6).servers[0].sessions[0]
    verdict = identity(of_session(chain=last_week.chain, trust_error=LOST))
    assert (verdict.status, verdict.likelihood) == (UNKNOWN, None)


def test_a_certificate_sent_alone_is_told_by_the_name_of_its_authority() -> None:
    (item,) = identity(ALONE).items
    assert (item.key, item.text.replace("\u00a0", " ")) == ("certificat R34", f"{NAME} : {UNSENT}.")


@pytest.mark.parametrize("matches", [False, UNCOMPARED])
def test_a_name_that_nobody_declared_is_not_compared(matches: bool | Unreachable) -> None:
    """`False` in the facts of former versions, that compared with the address."""
    facts = replace(of_session(name_matches=matches), hostname="")
    verdict = identity(facts)
    (item,) = verdict.items
    assert (item.key, item.status, item.reason) == ("certificat R29", UNKNOWN, Reason.NOT_DECLARED)
    assert item.text == f"192.0.2.1 : {NAME_NOT_COMPARED}."
    assert (verdict.reason, verdict.text) == (Reason.NOT_DECLARED, f"« agents » : {NAME_NOT_COMPARED}.")


def test_a_fault_weighs_more_than_what_could_not_be_judged() -> None:
    assert identity(of_session(trust_error=LOST, name_matches=False)).status is FAIL
    hidden = endpoint(BAD_SERVER, left_out=("192.0.2.2",))
    assert outcome(identity(hidden)) == outcome(identity(BAD_ENDPOINT))


BOUNDS = Bounds(warn_days=30, rsa_bits=2048, curve_bits=256)


def test_each_trait_has_its_sentence() -> None:
    empty: TlsSession = replace(SESSION, chain=())
    unread = replace(SESSION, trust_error=LOST, name_matches=LOST)
    for trait in Trait:
        for session in (SESSION, empty, unread):
            text = sentence(trait, session, "vpn {host}")
            assert "vpn {host}" in text
            assert text.endswith(".")
    assert list(traits(empty, towns.NOW, bounds=BOUNDS)) == [Trait.NONE_SHOWN]
    assert shown(empty) == "TLSv1.3 TLS_AES_256_GCM_SHA384"
    assert "noms illisibles" in shown(replace(SESSION, chain=(replace(CERTIFICATE, names=LOST),)))
    assert sentence(Trait.NAME_UNSEEN, unread, "vpn") == "vpn : la connexion a été coupée."


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"key_type": "RSA", "key_bits": 2047, "curve": ""}, [Trait.SHORT_KEY]),
        ({"key_type": "RSA", "key_bits": 0, "curve": ""}, []),
        ({"signature_hash": "md5"}, [Trait.WEAK_SIGNATURE]),
        ({"signature_hash": "1.2.840.113549.1.1.2"}, [Trait.WEAK_SIGNATURE]),
    ],
)
def test_keys_and_signatures_have_traits_too(changes: dict[str, Any], expected: list[Trait]) -> None:
    session = replace(SESSION, chain=(replace(CERTIFICATE, **changes),))
    assert list(traits(session, towns.NOW, bounds=BOUNDS)) == expected


RSA: dict[str, Any] = {"key_type": "RSA", "key_bits": 3072, "curve": "", "exponent": 65537}
EDWARDS: dict[str, Any] = {"key_type": "Ed25519", "key_bits": 0, "curve": "", "signature_hash": ""}
ISSUER = replace(
    CERTIFICATE, subject=CERTIFICATE.issuer, is_ca=True, subject_key=CERTIFICATE.authority_key, timestamps=0
)


def used(*purposes: str, critical: bool = True) -> Usage:
    return Usage(critical=critical, purposes=purposes)


def years(first: int, days: int) -> dict[str, Any]:
    start = datetime(first, 3, 1, tzinfo=UTC)
    return {"not_before": start, "not_after": start + timedelta(days=days)}


@pytest.mark.parametrize(
    ("changes", "rule", "expected"),
    [
        (RSA, "", (PASS, "")),
        ({**RSA, "key_bits": 2048}, "", (PASS, "")),
        (EDWARDS, "", (PASS, "")),
        ({**RSA, "key_bits": 1024}, "R26", (FAIL, "short-key")),
        ({"key_bits": 224, "curve": "secp224r1"}, "R26", (FAIL, "short-key")),
        ({"curve": "secp256k1"}, "R26", (PARTIAL, "other-curve")),
        ({"curve": ""}, "R26", (PARTIAL, "other-curve")),
        ({"curve": "brainpoolP512r1", "key_bits": 512}, "", (PASS, "")),
        ({"curve": LOST}, "R26", (UNKNOWN, Reason.RESET)),
        ({**RSA, "exponent": 3}, "R26", (PARTIAL, "small-exponent")),
        ({**RSA, "exponent": LOST}, "R26", (UNKNOWN, Reason.RESET)),
        ({**RSA, "key_bits": 0}, "R26", (UNKNOWN, "undecided")),
        ({"key_type": "1.2.3", "key_bits": 0}, "R26", (UNKNOWN, "undecided")),
        ({"key_type": "DSA", "key_bits": 3072}, "R26", (FAIL, "old-key-type")),
        ({"signature_hash": "sha1"}, "R24", (FAIL, "weak-signature")),
        ({"signature_hash": "md5"}, "R24", (FAIL, "weak-signature")),
        ({"signature_hash": "1.2.840.113549.1.1.2"}, "R24", (FAIL, "weak-signature")),
        ({"signature_hash": "1.2.3"}, "R24", (UNKNOWN, "undecided")),
        (years(2025, 825), "", (PASS, "")),
        (years(2025, 826), "R25", (PARTIAL, "long-life")),
        (years(2017, 1096), "", (PASS, "")),
        (years(2017, 1097), "R25", (PARTIAL, "long-life")),
        ({"key_usage": None}, "R27", (PARTIAL, "no-key-usage")),
        ({"key_usage": used("digitalSignature", critical=False)}, "R27", (PARTIAL, "key-usage-not-critical")),
        ({"key_usage": used("digitalSignature", "keyCertSign")}, "R27", (PARTIAL, "wide-key-usage")),
        ({"key_usage": used("digitalSignature", "keyEncipherment")}, "", (PASS, "")),
        ({"key_usage": LOST}, "R27", (UNKNOWN, Reason.RESET)),
        ({"extended_key_usage": None}, "R28", (PARTIAL, "no-extended-usage")),
        ({"extended_key_usage": used("clientAuth", critical=False)}, "R28", (PARTIAL, "not-for-servers")),
        (
            {"extended_key_usage": used("serverAuth", "codeSigning", critical=False)},
            "R28",
            (PARTIAL, "wide-extended-usage"),
        ),
        ({"extended_key_usage": used("serverAuth")}, "R28", (PARTIAL, "extended-usage-critical")),
        ({"extended_key_usage": used("serverAuth", "clientAuth", critical=False)}, "", (PASS, "")),
        ({"extended_key_usage": LOST}, "R28", (UNKNOWN, Reason.RESET)),
        ({"names": ()}, "", (PASS, "")),
        ({"names_critical": True}, "R29", (PARTIAL, "names-critical")),
        ({"names_critical": True, "subject": ""}, "", (PASS, "")),
        ({"names_critical": LOST}, "R29", (UNKNOWN, Reason.RESET)),
        ({"authority_key": ""}, "R32", (PARTIAL, "no-authority-key")),
        ({"authority_key": LOST}, "R32", (UNKNOWN, Reason.RESET)),
        ({"revocation": ()}, "R33", (PARTIAL, "no-revocation")),
        ({"revocation": ("issuer",)}, "R33", (PARTIAL, "no-revocation")),
        ({"revocation": ("ocsp",)}, "", (PASS, "")),
        ({"revocation": LOST}, "R33", (UNKNOWN, Reason.RESET)),
        ({"revocation": (), **SHORT_LIFE}, "", (PASS, "")),
        ({"timestamps": 0}, "R38", (PARTIAL, "not-logged")),
        ({"timestamps": 0, "public_rules": False}, "", (PASS, "")),
        ({"timestamps": LOST}, "R38", (UNKNOWN, Reason.RESET)),
        ({"timestamps": 0, "public_rules": LOST}, "R38", (UNKNOWN, Reason.RESET)),
        (
            {
                "self_signed": True,
                "authority_key": "",
                "revocation": (),
                "timestamps": 0,
                "public_rules": False,
            },
            "",
            (PASS, ""),
        ),
    ],
)
def test_certificate_form(changes: dict[str, Any], rule: str, expected: Expected) -> None:
    verdict = form(of_leaf(**changes))
    assert outcome(verdict) == expected
    assert [item.key for item in verdict.items] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("facts", "rule", "expected"),
    [
        (of_session(chain=(CERTIFICATE, ISSUER)), "", (PASS, "")),
        (
            of_session(chain=(CERTIFICATE, replace(ISSUER, subject_key="ff"))),
            "R32",
            (PARTIAL, "other-authority-key"),
        ),
        (of_session(chain=(CERTIFICATE, replace(ISSUER, subject_key=LOST))), "", (PASS, "")),
        (of_session(chain=(CERTIFICATE, replace(ISSUER, subject_key=""))), "", (PASS, "")),
        (
            of_session(chain=(CERTIFICATE, replace(ISSUER, signature_hash="sha1"))),
            "R24 intermédiaire",
            (PARTIAL, "weak-signature-above"),
        ),
        (
            of_session(chain=(CERTIFICATE, replace(ISSUER, signature_hash="sha1", self_signed=True))),
            "",
            (PASS, ""),
        ),
        (
            of_session(chain=(CERTIFICATE, replace(ISSUER, key_type="RSA", key_bits=1024))),
            "R26 intermédiaire",
            (PARTIAL, "short-key-above"),
        ),
        (of_session(chain_faults=(ChainFault.OUT_OF_ORDER,)), "R34", (PARTIAL, "out-of-order")),
        (of_session(chain_faults=(ChainFault.TWICE, ChainFault.STRANGER)), "R34", (PARTIAL, "stranger")),
        (of_session(chain_faults=(ChainFault.ROOT_SENT,)), "", (PASS, "")),
        (of_session(chain_faults=(ChainFault.INCOMPLETE,)), "R34", (PARTIAL, "incomplete")),
        (ALONE, "R34", (UNKNOWN, "undecided")),
        (
            of_session(chain_faults=(ChainFault.STRANGER, ChainFault.ISSUER_UNSENT)),
            "R34",
            (PARTIAL, "stranger"),
        ),
        (of_session(chain_faults=LOST), "R34", (UNKNOWN, Reason.RESET)),
        (
            of_session(chain=(replace(CERTIFICATE, timestamps=0),), timestamps=2),
            "",
            (PASS, ""),
        ),
        (
            of_session(chain=(replace(CERTIFICATE, timestamps=0),), timestamps=LOST),
            "R38",
            (UNKNOWN, Reason.RESET),
        ),
        (of_session(timestamps=LOST), "", (PASS, "")),
        (of_session(chain=()), "certificate", (UNKNOWN, "undecided")),
        (CLIENT_CERTIFICATE_ENDPOINT, "certificate", (UNKNOWN, Reason.TLS_FAILURE)),
        (HTTP_ENDPOINT, "tls", (UNKNOWN, "undecided")),
    ],
)
def test_the_form_of_a_chain(facts: TlsEndpoint, rule: str, expected: Expected) -> None:
    verdict = form(facts)
    assert outcome(verdict) == expected
    assert [item.key for item in verdict.items] == ([rule] if rule else [])


def stapling(seen: bool | Unreachable, *, asked: bool | Unreachable, certificates: int = 1) -> TlsEndpoint:
    leaf = replace(CERTIFICATE, must_staple=asked)
    sessions = tuple(
        replace(SESSION, chain=(replace(leaf, sha256=f"{n:064x}"),)) for n in range(certificates)
    )
    assert not isinstance(GOOD_SERVER.options, Unreachable)
    options = replace(GOOD_SERVER.options, stapling=seen)
    return replace(GOOD_ENDPOINT, servers=(replace(GOOD_SERVER, sessions=sessions, options=options),))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (stapling(True, asked=True), (PASS, "")),
        (stapling(False, asked=False), (PASS, "")),
        (stapling(LOST, asked=False), (PASS, "")),
        (stapling(True, asked=LOST), (PASS, "")),
        (stapling(False, asked=True), (PARTIAL, "must-staple")),
        (stapling(LOST, asked=True), (UNKNOWN, Reason.RESET)),
        (stapling(False, asked=LOST), (UNKNOWN, Reason.RESET)),
        (stapling(True, asked=True, certificates=2), (UNKNOWN, Reason.NOT_LOOKED)),
        (stapling(False, asked=False, certificates=2), (PASS, "")),
        (endpoint(replace(GOOD_SERVER, options=LOST)), (PASS, "")),
    ],
)
def test_a_certificate_that_obliges_to_staple(facts: TlsEndpoint, expected: Expected) -> None:
    verdict = form(facts)
    assert outcome(verdict) == expected
    assert all(item.key.startswith("R35") for item in verdict.items)


def test_a_private_tunnel_is_not_asked_to_staple() -> None:
    facts = stapling(False, asked=True)
    tunnel = ask("vpn.certificate-form", (facts, NO_PROBE), kind=VpnKind.OPENVPN)
    assert not any(item.key == "R35" for item in tunnel.items)


def test_several_disorders_of_a_chain_are_one_sentence() -> None:
    faults = (ChainFault.TWICE, ChainFault.OUT_OF_ORDER, ChainFault.OUTDATED_ISSUER)
    item = form(of_session(chain_faults=faults)).items[0]
    assert item.text == (
        "La chaîne de certificats est envoyée dans le désordre, avec un certificat en double "
        "et avec un intermédiaire périmé."
    )


def test_facts_of_the_first_version_leave_the_form_open() -> None:
    from cyberaudit.facts.codec import decode_facts, encode_facts

    stored: Any = encode_facts(GOOD_ENDPOINT)
    for field in ("key_usage", "curve", "public_rules", "revocation", "key_sha256"):
        del stored["data"]["servers"][0]["sessions"][0]["chain"][0][field]
    facts = decode_facts(stored)
    assert isinstance(facts, TlsEndpoint)
    assert outcome(form(facts)) == (UNKNOWN, Reason.NOT_COLLECTED)


def test_keys_and_signatures_raise_the_likelihood_and_forms_do_not() -> None:
    assert form(WEAK_KEY_ENDPOINT).likelihood == 3
    assert form(of_leaf(names_critical=True)).likelihood is None


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        (of_leaf(**{**RSA, "key_bits": 2048}), "imposée à partir de 2031"),
        (of_leaf(extended_key_usage=used("serverAuth", "clientAuth", critical=False)), "clientAuth"),
        (of_session(chain_faults=(ChainFault.ROOT_SENT,)), "racine"),
    ],
)
def test_what_is_only_advised_is_told_beside_a_pass(facts: TlsEndpoint, note: str) -> None:
    verdict = form(facts)
    assert verdict.status is PASS
    (advice,) = (line.value for line in verdict.evidence if line.label == "conseil")
    assert " : " not in advice, "« conseil : » stands before it"
    assert note in advice


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({**RSA, "key_bits": 1024}, "(RSA de 1024 bits)"),
        ({"key_bits": 224, "curve": "secp224r1"}, "(EC secp224r1 de 224 bits)"),
        ({"signature_hash": "sha1"}, "avec une méthode dépassée (sha1)"),
    ],
)
def test_what_is_weak_is_said_once_and_plainly(changes: dict[str, Any], said: str) -> None:
    (item,) = form(of_leaf(**changes)).items
    assert said in item.text.replace("\u00a0", " ")


def test_a_good_key_needs_no_advice() -> None:
    labels = [line.label for line in form(of_leaf(**RSA)).evidence]
    assert "conseil" not in labels
    value = form(GOOD_ENDPOINT).evidence[0].value
    assert (
        value.replace("\u00a0", " ")
        == "EC secp256r1 ; signé sha256 ; du 1er octobre 2026 au 1er février 2027"
    )


TUNNEL = OpenVpnEndpoint(
    hostname=NAME,
    port="udp/1194",
    answers=(OpenVpnAnswer("192.0.2.1", OpenVpnMet.OPENVPN, ""),),
    servers=(),
    left_out=(),
)


def through(check_id: str, certificate: Certificate) -> Expected:
    """The verdict on a tunnel whose server has its own authority and carries no public name."""
    session = replace(
        SESSION, chain=(certificate,), name_matches=False, trust_error=UNKNOWN_ISSUER, chain_faults=LOST
    )
    facts = replace(TUNNEL, servers=(server(session),))
    return outcome(ask(check_id, (NO_PROBE, facts), kind=VpnKind.OPENVPN))


@pytest.mark.parametrize(
    ("check_id", "changes", "expected"),
    [
        ("vpn.certificate", {}, (PASS, "")),
        ("vpn.certificate", {"names": (), "self_signed": True}, (PASS, "")),
        ("vpn.certificate", {"not_after": towns.NOW}, (PARTIAL, "expires-soon-7")),
        ("vpn.certificate", {"not_after": towns.NOW - timedelta(1)}, (FAIL, "expired")),
        ("vpn.certificate-form", {"key_usage": None, "revocation": (), "authority_key": ""}, (PASS, "")),
        ("vpn.certificate-form", {**RSA, "key_bits": 1024}, (FAIL, "short-key")),
        ("vpn.certificate-form", {"signature_hash": "sha1"}, (FAIL, "weak-signature")),
    ],
)
def test_of_a_private_tunnel_only_dates_key_and_signature_are_judged(
    check_id: str, changes: dict[str, Any], expected: Expected
) -> None:
    assert through(check_id, replace(CERTIFICATE, **changes)) == expected


def test_of_a_private_tunnel_a_key_to_come_is_still_advised() -> None:
    leaf = replace(CERTIFICATE, **{**RSA, "key_bits": 2048})
    facts = replace(
        TUNNEL, servers=(server(replace(SESSION, chain=(leaf,))), server(replace(SESSION, chain=())))
    )
    labels = [
        line.label for line in ask("vpn.certificate-form", (NO_PROBE, facts), kind=VpnKind.OPENVPN).evidence
    ]
    assert labels == ["192.0.2.1 certificat", "192.0.2.1 conseil"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"self_signed": True}, "a un certificat en cours de validité."),
        ({"not_after": towns.NOW}, "a un certificat qui arrive à sa fin."),
        ({"not_after": towns.NOW - timedelta(1)}, "n'a pas de certificat en cours de validité."),
    ],
)
def test_of_a_private_tunnel_no_identity_is_said_to_be_proved(changes: dict[str, Any], said: str) -> None:
    session = replace(SESSION, chain=(replace(CERTIFICATE, **changes),))
    facts = replace(TUNNEL, servers=(server(session),))
    verdict = ask("vpn.certificate", (NO_PROBE, facts), kind=VpnKind.OPENVPN)
    assert verdict.text.endswith(said)


OTHER_KEY = of_leaf(key_sha256="99" * 32)
IPSEC = access("site", VpnKind.IPSEC)


def compared(*facts: TlsEndpoint | Unreachable, others: tuple[tuple[Vpn, Any], ...] = ()) -> Verdict:
    named = zip((access("agents"), access("mairie"), access("prestataire")), facts, strict=False)
    return ask("vpn.reused-key", (*named, *others))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((), (NONE, "not-applicable")),
        ((GOOD_ENDPOINT,), (NONE, "not-applicable")),
        ((GOOD_ENDPOINT, OTHER_KEY), (PASS, "")),
        ((GOOD_ENDPOINT, GOOD_ENDPOINT), (PARTIAL, "reused-key")),
        ((GOOD_ENDPOINT, OTHER_KEY, GOOD_ENDPOINT), (PARTIAL, "reused-key")),
        ((GOOD_ENDPOINT, LOST), (UNKNOWN, "undecided")),
        ((GOOD_ENDPOINT, LOST, GOOD_ENDPOINT), (PARTIAL, "reused-key")),
        ((GOOD_ENDPOINT, MUTE_ENDPOINT), (UNKNOWN, "undecided")),
        ((GOOD_ENDPOINT, of_leaf(key_sha256=LOST)), (UNKNOWN, "undecided")),
        ((GOOD_ENDPOINT, of_session(chain=())), (UNKNOWN, "undecided")),
        ((GOOD_ENDPOINT, CLIENT_CERTIFICATE_ENDPOINT), (UNKNOWN, "undecided")),
        ((GOOD_ENDPOINT, endpoint()), (UNKNOWN, "undecided")),
        ((GOOD_ENDPOINT, replace(OTHER_KEY, left_out=("192.0.2.9",))), (UNKNOWN, "undecided")),
    ],
)
def test_reused_key(facts: tuple[TlsEndpoint | Unreachable, ...], expected: Expected) -> None:
    assert outcome(compared(*facts)) == expected


def test_accesses_that_share_a_key_are_named() -> None:
    verdict = compared(GOOD_ENDPOINT, OTHER_KEY, GOOD_ENDPOINT)
    assert verdict.text == "La même clé de certificat sert à « agents » et « prestataire »."
    assert [item.key for item in verdict.items] == ["clé 0d0d0d0d0d0d0d0d"]


def test_an_access_of_another_technique_is_not_compared() -> None:
    assert outcome(compared(GOOD_ENDPOINT, others=((IPSEC, NO_PROBE),))) == (NONE, "not-applicable")
    assert outcome(compared(GOOD_ENDPOINT, OTHER_KEY, others=((IPSEC, NO_PROBE),))) == (PASS, "")


def test_two_addresses_of_one_access_may_have_its_key() -> None:
    both = endpoint(GOOD_SERVER, replace(GOOD_SERVER, address="2001:db8::1"))
    assert outcome(compared(both, OTHER_KEY)) == (PASS, "")


def test_the_question_of_a_reused_key_arises_with_the_second_access() -> None:
    check = CATALOGUE.check("vpn.reused-key")
    assert check is not None
    alone, both = towns.town(access()), towns.town(access(), access("mairie"), IPSEC)
    assert not check.concerns(alone.commune, alone)
    assert not check.concerns(alone.commune, towns.town(access(), IPSEC))
    assert check.concerns(both.commune, both)


def test_the_measure_stands_on_every_rule_that_leads_to_it_and_its_letter_asks_for_what_is_advised() -> None:
    measure = CATALOGUE.remedies.measures["renew-vpn-certificate"]
    checks = [check for check in CATALOGUE.checks if check.measure == measure.id]
    assert {check.id for check in checks} == {"vpn.certificate", "vpn.certificate-form", "vpn.reused-key"}
    assert {source for check in checks for source in check.sources} == set(measure.sources)
    assert "3072" in measure.contractor

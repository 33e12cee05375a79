"""`look tls` and `look vpn` before and after the looking: what is refused, what is told, and what the shell learns."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cyberaudit.declared import AnyAsset, VpnKind
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.errors import UsageError
from cyberaudit.facts.base import Facts
from cyberaudit.facts.ike_samples import GOOD_GATEWAY
from cyberaudit.facts.old_tunnel_samples import ANSWERING_PPTP, CLOSED_PPTP, LOST_PPTP
from cyberaudit.facts.openvpn_samples import CLOSED_OPENVPN, FOREIGN_OPENVPN, SILENT_OPENVPN, TALKING_OPENVPN
from cyberaudit.facts.tls_endpoint import SessionOptions, TlsEndpoint, VersionOffer
from cyberaudit.facts.tls_endpoint_samples import BAD_ENDPOINT, GOOD_ENDPOINT, HTTP_ENDPOINT, MUTE_ENDPOINT
from cyberaudit.facts.wireguard_samples import KEYLESS_WIREGUARD, PROVEN_WIREGUARD
from cyberaudit.french import NBSP
from cyberaudit.model import (
    Audit,
    Evidence,
    Finding,
    Item,
    Observation,
    Progress,
    Reason,
    Status,
    Unreachable,
    Verdict,
)
from cyberaudit.plan.words import Tier
from cyberaudit.probes.instruments import Options
from cyberaudit.probes.tls.starttls import ENCRYPTED, PREAMBLES
from cyberaudit.reports.look import as_document, points
from cyberaudit.reports.look_answers import AccessFacts, Heard, heard
from cyberaudit.reports.look_tls import endpoint_blocks
from cyberaudit.reports.look_vpn import access_blocks
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.run.look import _about_what_answered, _by_technique, look_at_tls, look_at_vpn, look_code
from cyberaudit.town.single import town_of, vpn_assets
from tests.unit.test_reports_missing_controls import finding

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
UNTRIED = Unreachable(Reason.NOT_AUTHORIZED)
UNSEEN = Unreachable(Reason.NOT_LOOKED)


def plain(text: str) -> str:
    """One line, without what only keeps words together."""
    return " ".join(text.replace(NBSP, " ").split())


def refusal(look: Callable[..., object], target: str, **more: str) -> str:
    with pytest.raises(UsageError) as raised:
        look(target, load_catalogue(), Options(), authorized_by="Jeanne", now=NOW, **more)
    return plain(str(raised.value))


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("https://localhost:14431/", "(exemple : localhost:14431)"),
        ("::1:14434", "écrivez [::1]:14434"),
        ("127.0.0.1:", "le port manque"),
        ("[::1]:", "le port manque"),
        ("[::1]443", "le port manque"),
    ],
)
def test_a_server_that_cannot_be_read_is_answered_with_what_to_write(target: str, said: str) -> None:
    assert said in refusal(look_at_tls, target)


@pytest.mark.parametrize(
    ("kind", "port", "said"),
    [
        ("openvpn", "1194", "écrivez udp/1194 ou tcp/1194"),
        ("pptp", "1723", "écrivez tcp/1723"),
        ("ipsec", "tcp/500", "IPsec est en UDP : écrivez udp/500"),
        ("SSL", "UDP/443", "SSL est en TCP : écrivez tcp/443"),
        ("gre", "", "« gre » n'est pas l'un de"),
        ("", "udp/500", "--port va avec --type"),
        ("l2tp", "udp/99999", "de 1 à 65535"),
    ],
)
def test_a_port_goes_with_the_protocol_of_its_technique(kind: str, port: str, said: str) -> None:
    assert said in refusal(look_at_vpn, "127.0.0.1", kind=kind, port=port)


def test_a_port_behind_a_machine_is_said_with_the_technique() -> None:
    assert "avec --type et --port" in refusal(look_at_vpn, "vpn.example:443")


def test_a_technique_is_read_in_any_case_and_names_its_access() -> None:
    (access,) = vpn_assets(hostname="", kind="OpenVPN", port="UDP/1195")
    assert (access.type, access.port, access.name) == (VpnKind.OPENVPN, "udp/1195", "OpenVPN udp/1195")


def test_a_protocol_that_has_no_starttls_here_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(UsageError) as raised:
        look_at_tls("127.0.0.1", load_catalogue(), Options(starttls="smtps"), authorized_by="Jeanne", now=NOW)
    assert plain(str(raised.value)) == f"--starttls : « smtps » n'est pas l'un de : {', '.join(PREAMBLES)}."


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_ENDPOINT, Heard.ANSWERED),
        (HTTP_ENDPOINT, Heard.OTHER),
        (MUTE_ENDPOINT, Heard.MUTE),
        (GOOD_GATEWAY, Heard.ANSWERED),
        (TALKING_OPENVPN, Heard.ANSWERED),
        (SILENT_OPENVPN, Heard.MUTE),
        (CLOSED_OPENVPN, Heard.CLOSED),
        (FOREIGN_OPENVPN, Heard.OTHER),
        (PROVEN_WIREGUARD, Heard.ANSWERED),
        (KEYLESS_WIREGUARD, Heard.MUTE),
        (ANSWERING_PPTP, Heard.ANSWERED),
        (LOST_PPTP, Heard.UNREACHED),
    ],
)
def test_each_access_is_answered_mute_closed_or_something_else(facts: AccessFacts, expected: Heard) -> None:
    assert heard(facts) is expected


def looked(*facts: Facts, findings: tuple[Finding, ...] = ()) -> Audit:
    """An audit of one access a fact, the first accesses of every technique."""
    assets: tuple[AnyAsset, ...] = vpn_assets(hostname="")[: len(facts)]
    seen = tuple(
        Observation(asset.key, each.KIND, each, NOW) for asset, each in zip(assets, facts, strict=True)
    )
    return Audit("u", town_of(*assets), "outside", "", NOW, NOW, False, "r", "0", seen, findings)


def about(asset: str, status: Status = Status.FAIL, *, check: str = "vpn.x") -> Finding:
    return replace(finding(Verdict(status, "Le serveur a un défaut.", "x")), asset=asset, check=check)


def test_where_nothing_is_declared_only_what_answered_is_judged_and_the_rest_is_listed() -> None:
    made = looked(GOOD_GATEWAY, SILENT_OPENVPN, CLOSED_OPENVPN, KEYLESS_WIREGUARD, LOST_PPTP)
    keys = [each.asset for each in made.observations]
    judged = _about_what_answered(replace(made, findings=tuple(map(about, keys))))
    assert [each.asset for each in judged.findings] == keys[:1]
    text = plain(points(judged, width=80))
    assert "Absents (port fermé) : OpenVPN tcp/1194" in text
    assert (
        "Muets : OpenVPN udp/1194, WireGuard udp/51820 (un WireGuard ou un OpenVPN bien réglé se tait)"
        in text
    )
    assert "Non joints, aucun chemin réseau depuis cet endroit (ENETUNREACH) : L2TP udp/1701" in text
    assert text.count("à corriger") == 1


def test_a_crash_is_never_left_out() -> None:
    made = looked(CLOSED_PPTP)
    crash = about(made.observations[0].asset, Status.ERROR)
    assert _about_what_answered(replace(made, findings=(crash,))).findings == (crash,)


def test_a_machine_that_answers_nothing_is_told_in_one_sentence_and_by_the_code() -> None:
    made = looked(SILENT_OPENVPN, KEYLESS_WIREGUARD, LOST_PPTP)
    assert plain(points(made, width=80)) == "La machine n'a répondu à rien."
    assert look_code(made) is ExitCode.INCOMPLETE
    closed = looked(CLOSED_OPENVPN, CLOSED_PPTP)
    assert plain(points(closed, width=80)).endswith("Aucun accès à distance n'a répondu.")
    assert look_code(closed) is ExitCode.INCOMPLETE
    assert look_code(looked(GOOD_ENDPOINT)) is ExitCode.DONE


def test_the_same_words_are_never_said_twice() -> None:
    lost = replace(LOST_PPTP, answers=(replace(LOST_PPTP.answers[0], detail="ENETUNREACH"),))
    ((line, *more),) = access_blocks(lost, 200)
    assert line.count("ENETUNREACH") == 1
    assert not more


def test_a_refused_udp_port_is_closed() -> None:
    refused = Unreachable(Reason.REFUSED, "ECONNREFUSED")
    server = GOOD_GATEWAY.servers[0]
    gone = replace(server, ports=tuple(replace(port, answers=refused) for port in server.ports))
    ((line,),) = access_blocks(replace(GOOD_GATEWAY, servers=(gone,)), 200)
    assert line.count("port fermé") == len(server.ports)


@pytest.mark.parametrize(
    ("fail_on", "risk", "code"),
    [
        (Tier.URGENT, (4, 4), ExitCode.FOUND),
        (Tier.URGENT, (2, 2), ExitCode.DONE),
        (Tier.LATER, (2, 2), ExitCode.FOUND),
        (None, (4, 4), ExitCode.DONE),
    ],
)
def test_the_tier_that_counts_is_chosen(fail_on: Tier | None, risk: tuple[int, int], code: ExitCode) -> None:
    measures = load_catalogue().remedies.measures
    impact, likelihood = risk
    one = replace(
        about("vpn/x"), impact=impact, likelihood=likelihood, measure="modern-vpn-encryption", seen_at=NOW
    )
    made = replace(looked(GOOD_ENDPOINT), findings=(one,))
    assert look_code(made, fail_on=fail_on, measures=measures) is code


def test_a_verdict_repeats_nothing_of_the_head_but_advises_and_names_its_rule() -> None:
    verdict = Verdict(
        Status.FAIL,
        "Le serveur accepte trop.",
        "x",
        items=(Item("R4 192.0.2.1", Status.FAIL, "x", "192.0.2.1 : SSL 3 est accepté."),),
        evidence=(Evidence("TLS 1.2", "TLS_X"), Evidence("conseil", "à changer")),
    )
    made = looked(GOOD_ENDPOINT)
    judged = replace(finding(verdict), asset=made.observations[0].asset, check="vpn.suites")
    text = plain(points(replace(made, findings=(judged,)), width=80))
    assert "192.0.2.1 : SSL 3 est accepté. [R4]" in text
    assert "conseil : à changer" in text
    assert "TLS_X" not in text


def head(endpoint: TlsEndpoint) -> str:
    return plain(" ".join(line for block in endpoint_blocks(endpoint, 200) for line in block))


def with_options(endpoint: TlsEndpoint, *versions: VersionOffer, **changes: object) -> TlsEndpoint:
    server = endpoint.servers[0]
    assert isinstance(server.options, SessionOptions)
    options = replace(server.options, **changes)  # type: ignore[arg-type]  # a table of fields
    return replace(
        endpoint, servers=(replace(server, options=options, versions=versions or server.versions),)
    )


def test_weak_suites_are_marked_with_the_rules_they_break_after_their_number() -> None:
    said = head(BAD_ENDPOINT)
    assert "0x0005 TLS_RSA_WITH_RC4_128_SHA ✗ R6 R9 R11" in said
    assert "0x010080 SSL_CK_RC4_128_WITH_MD5 ✗" in said
    assert "0xC02C TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 0xC02B" in head(GOOD_ENDPOINT)


def test_what_cannot_exist_is_no_gap() -> None:
    unseen = dict.fromkeys(
        ("compression", "secure_renegotiation", "extended_master_secret", "encrypt_then_mac"), UNSEEN
    )
    versions = tuple(
        offer if offer.version == "TLSv1.3" else VersionOffer(offer.version, False, (), (), UNSEEN)
        for offer in GOOD_ENDPOINT.servers[0].versions
    )
    said = head(
        with_options(GOOD_ENDPOINT, *versions, **unseen, client_renegotiation=UNTRIED, fallback_scsv=UNSEEN)
    )
    for option in (
        "compression", "renégociation sûre", "renégociation demandée par le client", "extended master secret",
        "encrypt-then-MAC", "retour en arrière remarqué (SCSV)",
    ):  # fmt: skip
        assert f"{option} sans objet" in said
    assert "non regardé" not in said


def test_what_could_exist_and_was_not_seen_is_said_so() -> None:
    said = head(with_options(GOOD_ENDPOINT, client_renegotiation=UNTRIED, tickets=UNSEEN, early_data=0))
    assert "par le client essai poussé, non fait" in said
    assert "tickets de session non visible" in said
    assert "0-RTT non" in said
    lost = with_options(GOOD_ENDPOINT, heartbeat=Unreachable(Reason.TIMEOUT))
    assert "heartbeat non vu (pas de réponse" in head(lost)


def test_what_a_server_keeps_for_clients_with_a_certificate_is_said_so() -> None:
    refused = Unreachable(Reason.TLS_FAILURE, "alerte 116")
    said = head(with_options(GOOD_ENDPOINT, tickets=refused, early_data=refused, client_certificate=True))
    assert "tickets de session non visible sans certificat du client" in said
    assert "0-RTT non visible sans certificat du client" in said
    assert "n'a pas abouti" not in said


def test_durations_are_said_in_their_largest_unit() -> None:
    assert "durée des tickets 5 minutes" in head(with_options(GOOD_ENDPOINT, ticket_seconds=300))


def test_a_server_without_tls_1_2_signs_with_nothing_to_choose() -> None:
    refused = tuple(
        replace(offer, accepted=False, suites=(), seen=())
        if offer.version in ("TLSv1.2", "TLSv1.3")
        else offer
        for offer in BAD_ENDPOINT.servers[0].versions
    )
    old = replace(BAD_ENDPOINT.servers[0], versions=refused, signature_schemes=UNSEEN)
    assert "Signatures : sans objet" in head(replace(BAD_ENDPOINT, servers=(old,)))


def test_a_bare_address_is_compared_with_no_name() -> None:
    assert "nom différent" in head(BAD_ENDPOINT)
    assert "nom non comparé" in head(replace(BAD_ENDPOINT, hostname=""))


def test_a_certificate_without_names_is_not_said_to_have_another_one() -> None:
    said = head(_with_leaf(BAD_ENDPOINT, names=()))
    assert "Certificat : aucun nom (SAN) ; " in said
    assert "nom différent" not in said


def test_a_certificate_that_obliges_to_staple_says_so() -> None:
    assert "réponse OCSP exigée (must-staple)" in head(_with_leaf(BAD_ENDPOINT, must_staple=True))
    assert "must-staple" not in head(BAD_ENDPOINT)


def _with_leaf(endpoint: TlsEndpoint, **changes: Any) -> TlsEndpoint:
    server = endpoint.servers[0]
    session = server.sessions[0]
    changed = replace(session, chain=(replace(session.chain[0], **changes), *session.chain[1:]))
    return replace(endpoint, servers=(replace(server, sessions=(changed,)),))


@pytest.mark.parametrize(
    ("met", "said"),
    [
        ("smtp", "un autre langage y répond (smtp) ; essayez --starttls smtp"),
        ("http", "pas de TLS : un autre langage y répond (http)"),
        ("unknown", "pas de TLS : quelque chose d'inconnu répond"),
        (ENCRYPTED, "tcp/443 ce port est déjà chiffré : retirez --starttls"),
    ],
)
def test_what_is_no_tls_is_told_in_one_line(met: str | Unreachable, said: str) -> None:
    server = replace(HTTP_ENDPOINT.servers[0], met=met)
    assert head(replace(HTTP_ENDPOINT, servers=(server,))).endswith(said)


def test_the_document_names_every_number_that_occurs() -> None:
    names = json.loads(as_document(looked(GOOD_ENDPOINT, GOOD_GATEWAY)))["names"]
    server = GOOD_ENDPOINT.servers[0]
    codes = {code for offer in server.versions if isinstance(offer.suites, tuple) for code in offer.suites}
    assert set(names["suites"]) == {str(code) for code in codes}
    assert names["suites"][str(0x1301)] == "TLS_AES_128_GCM_SHA256"
    assert names["groups"][str(0x1D)] == "x25519"
    assert names["schemes"][str(0x0403)] == "ecdsa_secp256r1_sha256"
    assert "groupe 14" in names["ike_groups"]["14"]
    assert "names" not in json.loads(as_document(looked()))


def test_progress_names_each_access_by_its_technique_alone() -> None:
    told: list[Progress] = []
    ipsec, openvpn = vpn_assets(hostname="")[:2]
    tell = _by_technique(told.append, (ipsec, openvpn))
    left = (
        (ipsec.name, "ipsec-endpoint"),
        (ipsec.name, "tls-endpoint"),
        (openvpn.name, "openvpn-endpoint"),
    )
    tell(Progress(0, 4, "", "", left))
    tell(Progress(1, 4, ipsec.name, "tls-endpoint", left[:1] + left[2:]))
    tell(Progress(2, 4, ipsec.name, "ipsec-endpoint", left[2:]))
    assert told == [
        Progress(0, 2, "", "", (("IPsec udp/500", ""), ("OpenVPN udp/1194", ""))),
        Progress(1, 2, "IPsec udp/500", "", (("OpenVPN udp/1194", ""),)),
    ]

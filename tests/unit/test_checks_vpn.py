"""VPN checks: what an access speaks TLS with, and answers of people, to verdicts, table by table."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from cyberaudit.declared import Answer, Declaration, Vpn, VpnKind
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.ike import IpsecEndpoint
from cyberaudit.facts.ike_samples import CLOSED_GATEWAY, GOOD_GATEWAY, MUTE_GATEWAY, TWO_LINES_GATEWAY
from cyberaudit.facts.old_tunnel import OldTunnel, OldTunnelAnswer, OldTunnelMet
from cyberaudit.facts.openvpn import OpenVpnAnswer, OpenVpnEndpoint, OpenVpnMet
from cyberaudit.facts.tls_endpoint import DhGroup, GroupOffer, Preference, TlsEndpoint, VersionOffer
from cyberaudit.facts.tls_endpoint_samples import (
    BAD_ENDPOINT,
    BAD_SERVER,
    BROKEN,
    CLIENT_CERTIFICATE_ENDPOINT,
    CLOSED_ENDPOINT,
    EARLY_ENDPOINT,
    EMPTY_ENDPOINT,
    GOOD_ENDPOINT,
    GOOD_SERVER,
    HALF_SEEN_ENDPOINT,
    HTTP_ENDPOINT,
    INCOMPLETE_ENDPOINT,
    LOST,
    MODERN_12,
    MUTE_ENDPOINT,
    OLD_ENDPOINT,
    ONE_ADDRESS_BAD,
    ONE_ADDRESS_CLOSED,
    ONE_ADDRESS_MUTE,
    ONLY_OLD_ENDPOINT,
    ONLY_TLS_1_3,
    OPTIONS,
    PARTLY_SEEN_ENDPOINT,
    SSH_ENDPOINT,
    STORED_BY_VERSION_1,
    STRIPPED_ENDPOINT,
    TLS_12,
    TLS_13,
    TOLERATED_ENDPOINT,
    TWO_ADDRESSES,
    WITHOUT_TLS_1_3,
    accepted,
    answering,
    changed,
    cut_short,
    offering,
    refused,
    serving,
    unseen,
    with_options,
)
from cyberaudit.model import Evidence, Item, Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, PARTIAL, FAIL, UNKNOWN = Status.PASS, Status.PARTIAL, Status.FAIL, Status.UNKNOWN
NOT_THIS_TYPE = Unreachable(Reason.NO_PROBE)
NAME = "vpn.mairie-saint-etienne-d-o.example"
FACTS_OF = {
    VpnKind.OPENVPN: OpenVpnEndpoint,
    VpnKind.IPSEC: IpsecEndpoint,
    VpnKind.PPTP: OldTunnel,
    VpnKind.L2TP: OldTunnel,
}
ON_TLS = ("vpn.protocols", "vpn.suites", "vpn.key-exchange", "vpn.session-options")
Expected = tuple[Status, str]


def access(kind: VpnKind = VpnKind.SSL, *, used_by: str = "") -> Vpn:
    return Vpn("agents", "agents", (), host="box", type=kind, hostname=NAME, port="", used_by=used_by)


def ask(check_id: str, facts: Any, *, asset: Vpn | None = None) -> Verdict:
    check, asset = CATALOGUE.check(check_id), asset or access()
    assert check is not None
    ctx = Context(towns.NOW, asset, check.settings(), towns.town(asset))
    if isinstance(facts, Declaration):
        return check.function(facts, ctx)
    kind = FACTS_OF.get(asset.type, TlsEndpoint)
    return check.function(tuple(facts if need is kind else NOT_THIS_TYPE for need in check.needs), ctx)


def outcome(check_id: str, facts: Any, *, asset: Vpn | None = None) -> Expected:
    verdict = ask(check_id, facts, asset=asset)
    return verdict.status, verdict.reason


def rules(verdict: Verdict) -> list[tuple[str, Status, str]]:
    return [(item.key, item.status, item.reason) for item in verdict.items]


def text_of(items: Sequence[Item], key: str) -> str:
    return next(item.text for item in items if item.key == key)


def versions(*offers: VersionOffer) -> TlsEndpoint:
    return changed(versions=offering(*offers))


def suites(*codes: int) -> TlsEndpoint:
    """TLS 1.2 with the modern suites and `codes`."""
    return versions(accepted("TLSv1.2", (*MODERN_12, *codes)), TLS_13)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_ENDPOINT, (PASS, "")),
        (ONLY_TLS_1_3, (PASS, "")),
        (TWO_ADDRESSES, (PASS, "")),
        (ONE_ADDRESS_CLOSED, (PASS, "")),
        (WITHOUT_TLS_1_3, (PARTIAL, "no-tls-1.3")),
        (OLD_ENDPOINT, (FAIL, "old-version")),
        (ONLY_OLD_ENDPOINT, (FAIL, "old-version")),
        (BAD_ENDPOINT, (FAIL, "old-version")),
        (ONE_ADDRESS_BAD, (FAIL, "old-version")),
        (versions(accepted("SSLv2", (0x010080,)), TLS_12, TLS_13), (FAIL, "old-version")),
        (versions(accepted("SSLv3", (0x000A,)), TLS_12, TLS_13), (FAIL, "old-version")),
        (versions(accepted("TLSv1.1", (0x002F,)), TLS_12, unseen("TLSv1.3")), (FAIL, "old-version")),
        (HALF_SEEN_ENDPOINT, (UNKNOWN, Reason.RESET)),
        (versions(unseen("SSLv2"), TLS_12, TLS_13), (UNKNOWN, Reason.RESET)),
        (versions(TLS_12, unseen("TLSv1.3")), (UNKNOWN, Reason.RESET)),
        (versions(unseen("TLSv1.2"), refused("TLSv1.3")), (UNKNOWN, Reason.RESET)),
        (versions(), (UNKNOWN, "undecided")),
        (versions(accepted("SSLv3", (0x000A,))), (FAIL, "old-version")),
        (changed(versions=()), (UNKNOWN, Reason.NOT_COLLECTED)),
        (STORED_BY_VERSION_1, (UNKNOWN, Reason.NOT_COLLECTED)),
        (ONE_ADDRESS_MUTE, (UNKNOWN, Reason.TIMEOUT)),
        (MUTE_ENDPOINT, (UNKNOWN, Reason.TIMEOUT)),
        (CLOSED_ENDPOINT, (UNKNOWN, "undecided")),
        (EMPTY_ENDPOINT, (UNKNOWN, "undecided")),
        (HTTP_ENDPOINT, (FAIL, "clear-text")),
        (SSH_ENDPOINT, (UNKNOWN, "undecided")),
        (LOST, (UNKNOWN, Reason.RESET)),
    ],
)
def test_protocols(facts: Any, expected: Expected) -> None:
    assert outcome("vpn.protocols", facts) == expected


def test_the_old_versions_are_one_item_of_one_rule() -> None:
    verdict = ask("vpn.protocols", OLD_ENDPOINT)
    assert verdict.items == (Item("R4", FAIL, "old-version", "TLS 1.0 et TLS 1.1 sont acceptés."),)
    assert [line.value for line in verdict.evidence] == ["refusé", "refusé", *["accepté"] * 4]


def test_a_server_that_refuses_both_current_versions_and_speaks_an_old_one_fails_r3() -> None:
    assert rules(ask("vpn.protocols", ONLY_OLD_ENDPOINT)) == [
        ("R4", FAIL, "old-version"),
        ("R3", FAIL, "no-version"),
    ]
    assert rules(ask("vpn.protocols", versions())) == [("R3", UNKNOWN, "no-version")]


def test_an_access_in_clear_text_is_not_told_as_an_outdated_encryption() -> None:
    beside = serving(BAD_SERVER, answering("http", "192.0.2.2"))
    for facts in (HTTP_ENDPOINT, beside):
        assert ask("vpn.protocols", facts).text == "« agents » répond en clair, sans chiffrement."


@pytest.mark.parametrize("check_id", ON_TLS)
def test_the_product_that_was_recognised_is_named(check_id: str) -> None:
    lines = ask(check_id, BAD_ENDPOINT).evidence
    assert Evidence("équipement reconnu", "équipement Fortinet") in lines
    assert all(line.label != "équipement reconnu" for line in ask(check_id, GOOD_ENDPOINT).evidence)


def test_a_version_that_was_not_seen_is_named_with_its_cause() -> None:
    verdict = ask("vpn.protocols", HALF_SEEN_ENDPOINT)
    assert text_of(verdict.items, "R4") == "TLS 1.0 et TLS 1.1 : réponse non vue : la connexion a été coupée."


def test_facts_of_the_first_version_still_tell_their_faults() -> None:
    (server,) = STORED_BY_VERSION_1.servers
    offers = tuple(replace(offer, accepted=True) for offer in server.versions)
    assert outcome("vpn.protocols", serving(replace(server, versions=offers))) == (FAIL, "old-version")
    for check_id in ON_TLS[1:]:
        assert outcome(check_id, STORED_BY_VERSION_1) == (UNKNOWN, Reason.NOT_COLLECTED)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_ENDPOINT, []),
        (ONLY_TLS_1_3, []),
        # anonymous; static RSA; DSS, Kerberos; PSK; 3DES; Camellia; CBC; CCM_8; SHA-1
        (suites(0x00A6), [("R5", FAIL, "anonymous")]),
        (suites(0x009C), [("R6", FAIL, "no-forward-secrecy")]),
        (suites(0x00A2), [("R8", FAIL, "no-certificate-proof")]),
        (suites(0x00AA), [("R8-", PARTIAL, "pre-shared-key")]),
        (suites(0xC07C), [("R9-", PARTIAL, "tolerated-cipher")]),
        (suites(0xC05B), [("R5", FAIL, "anonymous"), ("R9-", PARTIAL, "tolerated-cipher")]),
        (suites(0xC023), [("R10-", PARTIAL, "tolerated-mode")]),
        (suites(0xC0AE), [("R10", FAIL, "weak-mode")]),
        (suites(0xC009), [("R10-", PARTIAL, "tolerated-mode"), ("R11", FAIL, "old-digest")]),
        (suites(0xC0B4), [("R9", FAIL, "weak-cipher")]),
        (suites(0xEEEE), [("codes", UNKNOWN, "unknown-suite")]),
        (versions(accepted("TLSv1.2", (0xC02F,)), refused("TLSv1.3")), [("R12", PARTIAL, "few-suites")]),
        (
            versions(accepted("TLSv1.2", (0x009C,)), refused("TLSv1.3")),
            [("R6", FAIL, "no-forward-secrecy"), ("R12", PARTIAL, "few-suites")],
        ),
        (
            versions(accepted("TLSv1.2", MODERN_12, preference=Preference.CLIENT), TLS_13),
            [("R13", PARTIAL, "client-order")],
        ),
        (versions(accepted("TLSv1.2", MODERN_12, preference=LOST), TLS_13), [("R13", UNKNOWN, "reset")]),
        (versions(TLS_12, cut_short("TLSv1.3", (0x1301,))), [("suites", UNKNOWN, "reset")]),
        (versions(TLS_12, unseen("TLSv1.3")), [("suites", UNKNOWN, "reset")]),
        (versions(cut_short("TLSv1", (0xC009,)), TLS_12, TLS_13), [
            ("R10-", PARTIAL, "tolerated-mode"), ("R11", FAIL, "old-digest"), ("suites", UNKNOWN, "reset"),
        ]),
        (changed(versions=()), [("suites", UNKNOWN, Reason.NOT_COLLECTED)]),
        (versions(), [("suites", UNKNOWN, "no-suite")]),
        # What was not seen of an old version is R4's question alone.
        (versions(unseen("SSLv2"), TLS_12, TLS_13), []),
    ],
)  # fmt: skip
def test_suites(facts: TlsEndpoint, expected: list[tuple[str, Status, str]]) -> None:
    assert rules(ask("vpn.suites", facts)) == expected


@pytest.mark.parametrize(
    ("proof", "expected"),
    [(True, ("R10-", PARTIAL)), (False, ("R10", FAIL)), (LOST, ("R10-", PARTIAL))],
)
def test_cbc_is_tolerated_with_encrypt_then_mac_alone(
    proof: bool | Unreachable,
    expected: tuple[str, Status],
) -> None:
    options = replace(OPTIONS, encrypt_then_mac=proof)
    facts = changed(versions=suites(0xC023).servers[0].versions, options=options)
    assert [(item.key, item.status) for item in ask("vpn.suites", facts).items] == [expected]


def test_cbc_is_at_best_tolerated_where_no_option_was_seen() -> None:
    facts = changed(versions=suites(0xC023).servers[0].versions, options=LOST)
    assert outcome("vpn.suites", facts) == (PARTIAL, "tolerated-mode")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_ENDPOINT, (PASS, "")),
        (TOLERATED_ENDPOINT, (PARTIAL, "tolerated-cipher")),
        (INCOMPLETE_ENDPOINT, (UNKNOWN, Reason.RESET)),
        (STRIPPED_ENDPOINT, (PASS, "")),
        (BAD_ENDPOINT, (FAIL, "anonymous")),
        (HTTP_ENDPOINT, (UNKNOWN, "undecided")),
        (MUTE_ENDPOINT, (UNKNOWN, Reason.TIMEOUT)),
        (changed(versions=(cut_short("TLSv1.2", BROKEN), TLS_13)), (FAIL, "anonymous")),
    ],
)
def test_a_fault_of_a_suite_stands_whatever_was_not_seen(facts: TlsEndpoint, expected: Expected) -> None:
    assert outcome("vpn.suites", facts) == expected


@pytest.mark.parametrize(
    ("facts", "raised"),
    [(suites(0x000A), 3), (suites(0x00A6), 3), (suites(0x009C), 3), (suites(0xC009), None)],
)
def test_a_broken_suite_raises_the_likelihood(facts: TlsEndpoint, raised: int | None) -> None:
    verdict = ask("vpn.suites", facts)
    assert (verdict.status, verdict.likelihood) == (FAIL, raised)


def test_three_suites_are_named_and_the_others_counted() -> None:
    text = text_of(ask("vpn.suites", suites(0x009C, 0x009D, 0xC09C, 0xC09D, 0xC0A0)).items, "R6")
    assert text.startswith("Une clé volée ouvrirait les échanges passés : TLS_RSA_WITH_AES_128_GCM_SHA256, ")
    assert text.endswith("TLS_RSA_WITH_AES_128_CCM et 2\u00a0autres.")


def test_every_text_fits_in_a_verdict_even_with_the_longest_names() -> None:
    verdict = ask("vpn.suites", serving(GOOD_SERVER, BAD_SERVER))
    assert all(item.text.endswith(".") for item in verdict.items)


def test_a_name_is_cut_from_a_sentence_whole() -> None:
    # ECDHE with Camellia, ECDSA and RSA: the longest names
    items = ask("vpn.suites", suites(0xC072, 0xC073, 0xC076, 0xC077)).items
    text = text_of(items, "R9-")
    assert text.endswith(
        "CAMELLIA_128_CBC_SHA256, TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384 et 2\u00a0autres."
    )


def modern_groups(*codes: int) -> TlsEndpoint:
    """Curves alone in TLS 1.2; in TLS 1.3 these."""
    return changed(groups=(GroupOffer("TLSv1.2", (29, 23)), GroupOffer("TLSv1.3", codes)))


def test_finite_fields_of_tls_1_3_behind_the_curves_are_a_note() -> None:
    verdict = ask("vpn.key-exchange", modern_groups(29, 23, 30, 0x0100, 0x0101))
    advice = next(line.value for line in verdict.evidence if line.label == "conseil")
    assert verdict.status is PASS
    assert advice.startswith("ffdhe2048 et ffdhe3072 en TLS 1.3, après les courbes : toléré (R7-)")
    assert "ssl_ecdh_curve" in advice


@pytest.mark.parametrize(
    "facts",
    [
        modern_groups(0x0100, 29),
        modern_groups(0x0100),
        changed(groups=(GroupOffer("TLSv1.2", (29, 0x0100)), GroupOffer("TLSv1.3", (29, 0x0100)))),
    ],
)
def test_finite_fields_that_come_first_or_in_tls_1_2_are_half_way(facts: TlsEndpoint) -> None:
    verdict = ask("vpn.key-exchange", facts)
    assert rules(verdict) == [("R7-", PARTIAL, "finite-field")]
    assert all(line.label != "conseil" for line in verdict.evidence)


def test_the_groups_of_tls_1_2_are_told_as_those_of_all_that_came_before() -> None:
    labels = [line.label for line in ask("vpn.key-exchange", GOOD_ENDPOINT).evidence]
    assert labels[:2] == ["groupes TLS 1.2 et avant", "groupes TLS 1.3"]


def groups(*codes: int) -> TlsEndpoint:
    return changed(groups=(GroupOffer("TLSv1.2", codes), GroupOffer("TLSv1.3", (29,))))


def finite(*sizes: int) -> TlsEndpoint:
    offers = offering(accepted("TLSv1.2", (*MODERN_12, 0x009E)), TLS_13)
    return changed(versions=offers, dh_groups=tuple(DhGroup(size, "") for size in sizes))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_ENDPOINT, []),
        (ONLY_TLS_1_3, []),
        (groups(23, 24, 25, 29, 30, 26, 27, 28, 31, 32, 33, 0x11EB), []),
        (groups(19), [("R7", FAIL, "weak-group")]),
        (groups(1, 29), [("R7", FAIL, "weak-group")]),
        (groups(22), [("R7", PARTIAL, "other-group")]),
        (groups(0x0201), [("R7", PARTIAL, "other-group")]),
        (groups(0x0100), [("R7-", PARTIAL, "finite-field")]),
        (changed(groups=LOST), [("R7", UNKNOWN, "reset")]),
        (changed(groups=(GroupOffer("TLSv1.2", (29,)),)), [("R7", UNKNOWN, Reason.NOT_COLLECTED)]),
        (
            changed(groups=(GroupOffer("TLSv1.2", LOST), GroupOffer("TLSv1.3", (1,)))),
            [("R7", FAIL, "weak-group")],
        ),
        (
            changed(groups=(GroupOffer("TLSv1.2", LOST), GroupOffer("TLSv1.3", (22,)))),
            [("R7", UNKNOWN, "reset")],
        ),
        (finite(1024), [("R7-", FAIL, "short-dh")]),
        (finite(4096, 512), [("R7-", FAIL, "short-dh")]),
        (finite(2048), [("R7-", PARTIAL, "finite-field")]),
        (replace(finite(), servers=(replace(finite().servers[0], dh_groups=LOST),)), [("R7-", UNKNOWN, "reset")]),
        (changed(dh_groups=LOST), []),
        (changed(signature_schemes=(0x0403, 0x0203)), [("R11", FAIL, "old-signature")]),
        (changed(signature_schemes=(0x0301,)), []),
        (changed(signature_schemes=LOST), [("R11", UNKNOWN, "reset")]),
        (
            changed(versions=offering(accepted("TLSv1.2", (0x009C, 0x009D))), groups=LOST, signature_schemes=LOST),
            [("R6", FAIL, "no-ephemeral-key")],
        ),
        (
            INCOMPLETE_ENDPOINT,
            [("R7", UNKNOWN, "reset"), ("R7-", UNKNOWN, "reset"), ("R11", UNKNOWN, "reset")],
        ),
    ],
)  # fmt: skip
def test_key_exchange(facts: TlsEndpoint, expected: list[tuple[str, Status, str]]) -> None:
    assert rules(ask("vpn.key-exchange", facts)) == expected


def test_a_post_quantum_group_is_a_note_alone() -> None:
    with_it, without = ask("vpn.key-exchange", GOOD_ENDPOINT), ask("vpn.key-exchange", groups(29))
    told = [
        next(line.value for line in verdict.evidence if line.label == "post-quantique")
        for verdict in (with_it, without)
    ]
    assert told == ["déjà proposé : X25519MLKEM768", "pas encore proposé ; à prévoir avant 2030"]
    assert with_it.status is without.status is PASS


@pytest.mark.parametrize(("size", "noted"), [(2048, True), (3072, False), (1024, False)])
def test_what_must_grow_after_2030_is_a_note(size: int, noted: bool) -> None:
    verdict = ask("vpn.key-exchange", finite(size))
    assert any(line.label == "après 2030" for line in verdict.evidence) is noted


@pytest.mark.parametrize(
    ("facts", "raised"),
    [(finite(1024), 3), (groups(19), 3), (changed(signature_schemes=(0x0201,)), None)],
)
def test_a_breakable_exchange_raises_the_likelihood(facts: TlsEndpoint, raised: int | None) -> None:
    assert ask("vpn.key-exchange", facts).likelihood == raised


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_ENDPOINT, []),
        (ONLY_TLS_1_3, []),
        (with_options(compression=True), [("R19", FAIL, "compression")]),
        (with_options(secure_renegotiation=False), [("R22", FAIL, "secure-renegotiation")]),
        (with_options(compression=LOST), [("R19", UNKNOWN, "reset")]),
        (with_options(ticket_seconds=86_400), []),
        (with_options(ticket_seconds=0), [("R20", UNKNOWN, "not-looked")]),
        (with_options(ticket_seconds=86_401), [("R20", PARTIAL, "long-ticket")]),
        (with_options(ticket_seconds=LOST), [("R20", UNKNOWN, "reset")]),
        (with_options(tickets=False, ticket_seconds=LOST), []),
        (with_options(tickets=LOST), [("R20", UNKNOWN, "reset")]),
        (with_options(early_data=1), [("R23", PARTIAL, "early-data")]),
        (with_options(early_data=LOST), [("R23", UNKNOWN, "reset")]),
        (with_options(heartbeat=True), [("R16", PARTIAL, "heartbeat")]),
        (with_options(heartbeat=LOST), [("R16", UNKNOWN, "reset")]),
        (with_options(client_renegotiation=True), [("renegotiation", PARTIAL, "client-renegotiation")]),
        (with_options(client_renegotiation=Unreachable(Reason.NOT_AUTHORIZED)), []),
        (with_options(stapling=False, alpn=(), client_certificate=True), []),
        (STRIPPED_ENDPOINT, [("R14", PARTIAL, "extended-master-secret")]),
        (EARLY_ENDPOINT, [("R20", PARTIAL, "long-ticket"), ("R23", PARTIAL, "early-data")]),
        (changed(options=LOST), [("options", UNKNOWN, "reset")]),
        (CLIENT_CERTIFICATE_ENDPOINT, [("R20", UNKNOWN, "reset"), ("R23", UNKNOWN, "reset")]),
        (
            BAD_ENDPOINT,
            [
                ("R19", FAIL, "compression"),
                ("R22", FAIL, "secure-renegotiation"),
                ("R14", PARTIAL, "extended-master-secret"),
                ("R20", PARTIAL, "long-ticket"),
                ("R16", PARTIAL, "heartbeat"),
                ("fallback", PARTIAL, "no-fallback-scsv"),
                ("renegotiation", PARTIAL, "client-renegotiation"),
            ],
        ),
    ],
)
def test_session_options(facts: TlsEndpoint, expected: list[tuple[str, Status, str]]) -> None:
    assert rules(ask("vpn.session-options", facts)) == expected


def test_where_every_connection_failed_the_options_are_unseen_once() -> None:
    refusing = Unreachable(Reason.TLS_FAILURE, "toutes les connexions sont refusées")
    offers = [replace(offer, accepted=refusing) for offer in GOOD_ENDPOINT.servers[0].versions]
    (item,) = ask("vpn.session-options", changed(versions=tuple(offers), complete=refusing)).items
    assert (item.key, item.status, item.reason) == ("options", UNKNOWN, Reason.TLS_FAILURE)


def test_tickets_kept_for_clients_with_a_certificate_are_told_so() -> None:
    refused = Unreachable(Reason.TLS_FAILURE, "alerte 116")
    facts = with_options(tickets=refused, early_data=refused, client_certificate=True)
    assert [item.text for item in ask("vpn.session-options", facts).items] == [
        "Les tickets de reprise n'ont pas été vus : le serveur exige un certificat du client.",
        "Les données en avance (0-RTT) n'ont pas été vues : le serveur exige un certificat du client.",
    ]


def said_of_options(facts: TlsEndpoint) -> dict[str, str]:
    return {line.label: line.value for line in ask("vpn.session-options", facts).evidence}


def test_what_cannot_be_asked_of_a_server_is_told_pointless() -> None:
    unasked = dict.fromkeys(("encrypt_then_mac", "fallback_scsv"), Unreachable(Reason.NOT_LOOKED))
    told = said_of_options(ONLY_TLS_1_3)
    pointless = ("compression", "renégociation protégée", "encrypt_then_mac", "fallback SCSV", "heartbeat")
    assert {told[label] for label in pointless} == {"sans objet"}
    both = said_of_options(with_options(**unasked))
    assert both["encrypt_then_mac"] == "sans objet"
    assert both["fallback SCSV"].startswith("non vu : ")
    with_cbc = replace(suites(0xC023).servers[0], options=replace(OPTIONS, **unasked))
    assert said_of_options(serving(with_cbc))["encrypt_then_mac"].startswith("non vu : ")


def test_early_data_and_tickets_are_told_as_people_say_them() -> None:
    assert said_of_options(GOOD_ENDPOINT)["données en avance (0-RTT)"] == "non"
    told = said_of_options(EARLY_ENDPOINT)
    assert told["données en avance (0-RTT)"] == "oui, 16384 octets au plus"
    assert told["durée des tickets"] == "7\u00a0jours"


def test_a_dangerous_option_raises_the_likelihood() -> None:
    assert ask("vpn.session-options", with_options(compression=True)).likelihood == 2
    assert ask("vpn.session-options", with_options(heartbeat=True)).likelihood is None


@pytest.mark.parametrize("seconds", [(86_401, "24 heures"), (604_800, "7 jours"), (200_000, "2 jours")])
def test_how_long_a_ticket_is_good_for_is_told(seconds: tuple[int, str]) -> None:
    text = text_of(ask("vpn.session-options", with_options(ticket_seconds=seconds[0])).items, "R20")
    assert seconds[1].replace(" ", "\u00a0") in text


@pytest.mark.parametrize("check_id", ON_TLS)
def test_an_address_that_was_not_seen_forbids_a_pass(check_id: str) -> None:
    assert outcome(check_id, GOOD_ENDPOINT) == (PASS, "")
    verdict = ask(check_id, PARTLY_SEEN_ENDPOINT)
    assert (verdict.status, verdict.reason) == (UNKNOWN, "undecided")
    assert [line.value for line in verdict.evidence[-2:]] == ["192.0.2.2", "2001:db8::1"]


@pytest.mark.parametrize("check_id", ON_TLS)
def test_an_address_that_was_not_seen_hides_no_fault_of_the_one_that_was(check_id: str) -> None:
    facts = replace(BAD_ENDPOINT, left_out=("192.0.2.2",))
    assert outcome(check_id, facts) == outcome(check_id, BAD_ENDPOINT)
    assert outcome(check_id, facts)[0] is FAIL


@pytest.mark.parametrize("check_id", ON_TLS)
def test_where_there_are_several_addresses_each_fault_says_at_which(check_id: str) -> None:
    alone, beside = ask(check_id, BAD_ENDPOINT), ask(check_id, ONE_ADDRESS_BAD)
    assert [item.key for item in beside.items] == [f"{item.key} 2001:db8::1" for item in alone.items]
    assert all(item.text.startswith("2001:db8::1 : ") for item in beside.items)
    assert len({item.key for item in beside.items}) == len(beside.items)


@pytest.mark.parametrize("check_id", ON_TLS)
def test_an_incomplete_survey_is_told_and_never_passes(check_id: str) -> None:
    verdict = ask(check_id, INCOMPLETE_ENDPOINT)
    assert ("relevé", "incomplet : la connexion a été coupée") in [
        (line.label, line.value) for line in verdict.evidence
    ]
    assert verdict.status is not PASS or check_id in ("vpn.protocols", "vpn.session-options")


@pytest.mark.parametrize("check_id", ON_TLS)
def test_the_sentence_of_the_secretary_names_no_rule(check_id: str) -> None:
    text = ask(check_id, BAD_ENDPOINT).text
    assert text.startswith("« agents » ")
    assert len(text) <= 100
    assert "R1" not in text
    assert "TLS" not in text
    assert not re.search("renégociation|empreinte|agrafage", text)


TUNNEL = OpenVpnEndpoint(
    hostname=NAME,
    port="udp/1194",
    answers=(OpenVpnAnswer("192.0.2.1", OpenVpnMet.OPENVPN, "réponse en 2 ms"),),
    servers=(GOOD_SERVER,),
    left_out=(),
)


def answered(*mets: OpenVpnMet | Unreachable) -> OpenVpnEndpoint:
    """An OpenVPN access at as many addresses."""
    answers = tuple(OpenVpnAnswer(f"192.0.2.{rank}", met, "") for rank, met in enumerate(mets, 1))
    servers = tuple(
        replace(GOOD_SERVER, address=one.address) for one in answers if one.met is OpenVpnMet.OPENVPN
    )
    return replace(TUNNEL, answers=answers, servers=servers)


@pytest.mark.parametrize("check_id", ON_TLS)
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (TUNNEL, PASS),
        (replace(TUNNEL, servers=(replace(BAD_SERVER, address="192.0.2.1"),)), FAIL),
        (answered(OpenVpnMet.OPENVPN, OpenVpnMet.OPENVPN), PASS),
        (answered(OpenVpnMet.OPENVPN, OpenVpnMet.CLOSED), PASS),
        (answered(OpenVpnMet.OPENVPN, OpenVpnMet.SILENT), UNKNOWN),
        (answered(OpenVpnMet.OPENVPN, LOST), UNKNOWN),
        (answered(OpenVpnMet.SILENT), UNKNOWN),
        (answered(OpenVpnMet.CLOSED), UNKNOWN),
        (replace(TUNNEL, left_out=("192.0.2.9",)), UNKNOWN),
        (LOST, UNKNOWN),
    ],
)
def test_the_channel_of_openvpn_is_judged_alike(check_id: str, facts: Any, expected: Status) -> None:
    assert ask(check_id, facts, asset=access(VpnKind.OPENVPN)).status is expected


AFTER_THE_CERTIFICATE = {
    "tickets": Unreachable(Reason.NOT_LOOKED),
    "ticket_seconds": Unreachable(Reason.NOT_LOOKED),
    "early_data": Unreachable(Reason.NOT_LOOKED),
    "fallback_scsv": Unreachable(Reason.NOT_LOOKED),
    "client_renegotiation": Unreachable(Reason.NOT_LOOKED),
}


def test_what_openvpn_hides_from_strangers_is_no_question() -> None:
    server = replace(GOOD_SERVER, options=replace(OPTIONS, **AFTER_THE_CERTIFICATE))
    inside = ask("vpn.session-options", replace(TUNNEL, servers=(server,)), asset=access(VpnKind.OPENVPN))
    assert (inside.status, inside.items) == (PASS, ())
    assert [line.value for line in inside.evidence].count("sans objet") == 4
    assert outcome("vpn.session-options", serving(server)) == (UNKNOWN, Reason.NOT_LOOKED)


def test_what_openvpn_shows_to_strangers_is_judged_all_the_same() -> None:
    options = replace(OPTIONS, **AFTER_THE_CERTIFICATE, compression=True, heartbeat=LOST)
    facts = replace(TUNNEL, servers=(replace(GOOD_SERVER, options=options),))
    assert rules(ask("vpn.session-options", facts, asset=access(VpnKind.OPENVPN))) == [
        ("R19", FAIL, "compression"),
        ("R16", UNKNOWN, "reset"),
    ]


@pytest.mark.parametrize("check_id", ON_TLS)
@pytest.mark.parametrize("kind", VpnKind)
def test_only_what_speaks_tls_is_asked(check_id: str, kind: VpnKind) -> None:
    check, asset = CATALOGUE.check(check_id), access(kind)
    assert check is not None
    assert check.concerns(asset, towns.town(asset)) is (kind in (VpnKind.SSL, VpnKind.OPENVPN))


@pytest.mark.parametrize(
    ("facts", "used_by", "expected"),
    [
        (GOOD_ENDPOINT, "nobody", (FAIL, "unused")),
        (GOOD_ENDPOINT, "contractor", (PARTIAL, "contractor-only")),
        (HTTP_ENDPOINT, "nobody", (FAIL, "unused")),
        (CLOSED_ENDPOINT, "nobody", (PASS, "")),
        (CLOSED_ENDPOINT, "contractor", (PASS, "")),
        (MUTE_ENDPOINT, "nobody", (UNKNOWN, Reason.TIMEOUT)),
        (EMPTY_ENDPOINT, "nobody", (UNKNOWN, "undecided")),
        (replace(CLOSED_ENDPOINT, left_out=("192.0.2.9",)), "nobody", (UNKNOWN, "undecided")),
        (ONE_ADDRESS_CLOSED, "nobody", (FAIL, "unused")),
        (
            serving(*CLOSED_ENDPOINT.servers, answering(LOST, "192.0.2.2")),
            "nobody",
            (UNKNOWN, Reason.RESET),
        ),
        (LOST, "nobody", (UNKNOWN, Reason.RESET)),
    ],
)
def test_needless_portal(facts: Any, used_by: str, expected: Expected) -> None:
    assert outcome("vpn.needless-portal", facts, asset=access(used_by=used_by)) == expected


@pytest.mark.parametrize(
    ("met", "expected"),
    [
        (OpenVpnMet.OPENVPN, FAIL),
        (OpenVpnMet.CLOSES, FAIL),
        (OpenVpnMet.FOREIGN, FAIL),
        (OpenVpnMet.CLOSED, PASS),
        (OpenVpnMet.SILENT, UNKNOWN),
        (LOST, UNKNOWN),
    ],
)
def test_needless_openvpn(met: OpenVpnMet | Unreachable, expected: Status) -> None:
    asset = access(VpnKind.OPENVPN, used_by="nobody")
    assert ask("vpn.needless-portal", answered(met), asset=asset).status is expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_GATEWAY, FAIL),
        (TWO_LINES_GATEWAY, FAIL),
        (CLOSED_GATEWAY, PASS),
        (replace(CLOSED_GATEWAY, left_out=("192.0.2.9",)), UNKNOWN),
        (MUTE_GATEWAY, UNKNOWN),
        (replace(GOOD_GATEWAY, servers=(replace(GOOD_GATEWAY.servers[0], ports=()),)), UNKNOWN),
        (LOST, UNKNOWN),
    ],
)
def test_needless_ipsec(facts: Any, expected: Status) -> None:
    asset = access(VpnKind.IPSEC, used_by="nobody")
    assert ask("vpn.needless-portal", facts, asset=asset).status is expected


@pytest.mark.parametrize(
    ("met", "expected"),
    [
        (OldTunnelMet.ANSWERS, PARTIAL),
        (OldTunnelMet.FOREIGN, PARTIAL),
        (OldTunnelMet.CLOSED, PASS),
        (OldTunnelMet.SILENT, UNKNOWN),
        (LOST, UNKNOWN),
    ],
)
def test_needless_old_tunnel(met: OldTunnelMet | Unreachable, expected: Status) -> None:
    tunnel = OldTunnel("pptp", "tcp/1723", (OldTunnelAnswer("192.0.2.1", met, ""),), (), from_outside=True)
    asset = access(VpnKind.PPTP, used_by="contractor")
    assert ask("vpn.needless-portal", tunnel, asset=asset).status is expected


def test_needless_portal_names_where_it_answers() -> None:
    verdict = ask("vpn.needless-portal", ONE_ADDRESS_CLOSED, asset=access(used_by="nobody"))
    assert [item.text for item in verdict.items] == ["L'accès répond sur 192.0.2.1."]
    assert [line.value for line in verdict.evidence] == ["répond", "refuse la connexion"]


@pytest.mark.parametrize(
    ("check_id", "kind", "used_by", "concerned"),
    [
        ("vpn.needless-portal", VpnKind.SSL, "", False),
        ("vpn.needless-portal", VpnKind.SSL, "agents", False),
        ("vpn.needless-portal", VpnKind.SSL, "contractor", True),
        ("vpn.needless-portal", VpnKind.OPENVPN, "nobody", True),
        ("vpn.needless-portal", VpnKind.IPSEC, "nobody", True),
        ("vpn.needless-portal", VpnKind.PPTP, "contractor", True),
        ("vpn.needless-portal", VpnKind.WIREGUARD, "nobody", False),
        ("vpn.ssl-vpn", VpnKind.SSL, "", True),
        ("vpn.ssl-vpn", VpnKind.SSL, "nobody", False),
        ("vpn.ssl-vpn", VpnKind.OPENVPN, "", False),
        ("vpn.split-tunnel", VpnKind.IPSEC, "", True),
        ("vpn.split-tunnel", VpnKind.WIREGUARD, "agents", True),
        ("vpn.split-tunnel", VpnKind.SSL, "contractor", False),
        ("vpn.split-tunnel", VpnKind.SSL, "nobody", False),
    ],
)
def test_whom_a_question_concerns(
    check_id: str,
    kind: VpnKind,
    used_by: str,
    concerned: bool,
) -> None:
    check, asset = CATALOGUE.check(check_id), access(kind, used_by=used_by)
    assert check is not None
    assert check.concerns(asset, towns.town(asset)) is concerned


def said(answer: Answer, value: str = "") -> Declaration:
    return replace(towns.declaration(answer), value=value)


@pytest.mark.parametrize(
    ("check_id", "declared", "expected"),
    [
        ("vpn.mfa", said(Answer.YES), (PASS, "")),
        ("vpn.mfa", said(Answer.YES, "application"), (PASS, "")),
        ("vpn.mfa", said(Answer.YES, "SMS"), (PARTIAL, "sms")),
        ("vpn.mfa", said(Answer.YES, "code par Sms"), (PARTIAL, "sms")),
        ("vpn.mfa", said(Answer.PARTIAL), (PARTIAL, "some-accounts")),
        ("vpn.mfa", said(Answer.NO), (FAIL, "answered-no")),
        # « May the computer leave the tunnel? »: yes is the fault.
        ("vpn.split-tunnel", said(Answer.YES), (FAIL, "split-tunnel")),
        ("vpn.split-tunnel", said(Answer.PARTIAL), (PARTIAL, "some-computers")),
        ("vpn.split-tunnel", said(Answer.NO), (PASS, "")),
        ("vpn.ssl-vpn", said(Answer.YES), (PASS, "")),
        ("vpn.ssl-vpn", said(Answer.PARTIAL), (PARTIAL, "under-study")),
        ("vpn.ssl-vpn", said(Answer.NO), (PARTIAL, "answered-no")),
    ],
)
def test_what_is_declared(check_id: str, declared: Declaration, expected: Expected) -> None:
    assert outcome(check_id, declared) == expected

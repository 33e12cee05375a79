"""Firewall checks: UDP: amplifiers, unwanted services, SNMP's factory password, expected services that say nothing."""

from dataclasses import replace
from typing import Any

import pytest

from cyberaudit.declared import Service, Vpn, VpnKind
from cyberaudit.facts.ports import UDP, Danger, of_danger
from cyberaudit.facts.reach import PortState
from cyberaudit.facts.udp import HostUdp, Question, UdpAddress, UdpAnswer
from cyberaudit.model import Reason, Status, Unreachable
from tests.unit.hosts_seen import (
    HEARD,
    V4,
    V6,
    Expected,
    State,
    ask,
    canary,
    host,
    outcome,
    reach,
    seen,
    udp,
    udp_answer,
)
from tests.unit.test_checks_firewall import FRESH

pytestmark = pytest.mark.unit

OPEN, CLOSED, REJECTED = PortState.OPEN, PortState.CLOSED, PortState.REJECTED
SILENT, UNSTABLE = PortState.SILENT, PortState.UNSTABLE
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
LOST, UNSIGNED = Unreachable(Reason.TIMEOUT), Unreachable(Reason.NOT_AUTHORIZED)
AMPLIFIERS = sorted(of_danger(Danger.AMPLIFIER))
REACHED = canary(reached=True, ports=AMPLIFIERS)
WEB = Service("tcp/443", "web", "any")
HOSTILE = "\x1b[31m[bold]Imprimante\u202e"


def every(rest: State, *special: UdpAnswer, canaries: Any = ()) -> HostUdp:
    """Each port of amplifiers asked, as `rest` but the special ones."""
    told = {answer.port for answer in special}
    others = [udp_answer(port, Question.OTHER, rest) for port in AMPLIFIERS if port not in told]
    return udp(*special, *others, canaries=canaries)


LOUD = udp_answer("udp/1900", Question.SSDP, OPEN, sent=94, received=2814)
EVEN = udp_answer("udp/123", Question.NTP, OPEN, sent=48, received=48)
QUIET_NAMES = udp_answer("udp/53", Question.DNS, OPEN, sent=17, received=17)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (every(CLOSED), (PASS, "")),
        (every(CLOSED, LOUD), (FAIL, "amplifies")),
        (every(SILENT, LOUD), (FAIL, "amplifies")),
        (every(CLOSED, EVEN), (PARTIAL, "open")),
        (every(LOST, EVEN), (PARTIAL, "open")),
        (every(SILENT, canaries=REACHED), (UNKNOWN, Reason.NO_CONTROL)),
        (every(SILENT, udp_answer("udp/53", Question.DNS, CLOSED), canaries=REACHED), (PASS, "")),
        (every(SILENT, udp_answer("udp/53", Question.DNS, CLOSED)), (UNKNOWN, Reason.NO_CONTROL)),
        (every(REJECTED, canaries=REACHED), (PASS, "")),
        (every(REJECTED), (UNKNOWN, Reason.NO_CONTROL)),
        (every(UNSTABLE), (UNKNOWN, Reason.UNSTABLE)),
        (every(LOST), (UNKNOWN, Reason.TIMEOUT)),
        (udp(), (UNKNOWN, Reason.NOT_COLLECTED)),
        (udp(udp_answer("udp/53", Question.DNS, CLOSED)), (UNKNOWN, Reason.NOT_COLLECTED)),
        (HostUdp("outside", (), ()), (NONE, "not-applicable")),
        (LOST, (UNKNOWN, Reason.TIMEOUT)),
    ],
)
def test_amplifier(facts: HostUdp | Unreachable, expected: Expected) -> None:
    assert outcome("firewall.amplifier", facts) == expected


def test_a_public_server_that_answers_no_louder_is_in_order() -> None:
    public = host(Service("udp/53", "dns", "any"))
    loud = udp_answer("udp/53", Question.DNS, OPEN, sent=17, received=500)
    assert outcome("firewall.amplifier", every(CLOSED, QUIET_NAMES), public) == (PASS, "")
    assert outcome("firewall.amplifier", every(CLOSED, QUIET_NAMES), host()) == (PARTIAL, "open")
    assert outcome("firewall.amplifier", every(CLOSED, loud), public) == (FAIL, "amplifies")


@pytest.mark.parametrize(
    ("sent", "received", "words"),
    [(10, 25, "2,5 fois"), (10, 300, "30 fois"), (10, 20, "2 fois")],
)
def test_how_much_louder_is_told_in_french(sent: int, received: int, words: str) -> None:
    loud = udp_answer("udp/1900", Question.SSDP, OPEN, sent=sent, received=received)
    assert words in ask("firewall.amplifier", every(CLOSED, loud)).items[0].text


def test_an_answer_hardly_longer_than_the_question_is_no_amplification() -> None:
    discovery = udp_answer("udp/161", Question.SNMP_DISCOVERY, OPEN, sent=64, received=115)
    assert outcome("firewall.amplifier", every(CLOSED, discovery)) == (PARTIAL, "open")


def test_the_loudest_of_several_questions_counts() -> None:
    control = udp_answer("udp/123", Question.NTP_CONTROL, OPEN, sent=12, received=400)
    verdict = ask("firewall.amplifier", every(CLOSED, EVEN, control))
    assert (verdict.status, [item.key for item in verdict.items]) == (FAIL, ["udp/123"])
    labels = [line.label for line in verdict.evidence]
    assert f"udp/123 {V4} ntp-control" in labels


HEARD_IN_TCP = seen(reach(V4, CLOSED))
GONE = Unreachable(Reason.NO_CONTROL, "ce qui répondait ne répond plus")
WENT_AWAY = seen(reach(V4, GONE, {"tcp/443": OPEN, "tcp/80": CLOSED}))
OPENS_EVERYTHING = seen(reach(V4, OPEN, decoys=(OPEN, OPEN)))
ONLY_REFUSED_ON_THE_WAY = seen(reach(V4, REJECTED))


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        (HEARD_IN_TCP, (PASS, "")),
        (OPENS_EVERYTHING, (UNKNOWN, Reason.NO_CONTROL)),
        (ONLY_REFUSED_ON_THE_WAY, (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V6, CLOSED)), (UNKNOWN, Reason.NO_CONTROL)),
        (LOST, (UNKNOWN, Reason.NO_CONTROL)),
    ],
)
def test_an_answer_of_the_machine_in_tcp_is_half_of_the_proof(ports: Any, expected: Expected) -> None:
    others = [udp_answer(port, Question.OTHER, SILENT) for port in OTHERS]
    quiet = udp(*others, canaries=canary(reached=True, ports=OTHERS))
    assert outcome("firewall.amplifier", every(SILENT, canaries=REACHED), reach=ports) == expected
    assert outcome("firewall.udp-service", quiet, reach=ports) == expected
    assert outcome("firewall.amplifier", every(SILENT), reach=ports) == (UNKNOWN, Reason.NO_CONTROL)


@pytest.mark.parametrize("confirmed", [None, FRESH])
@pytest.mark.parametrize("rest", [SILENT, CLOSED, REJECTED])
def test_nothing_is_shut_in_udp_at_an_address_that_went_away_in_tcp(rest: State, confirmed: Any) -> None:
    asset, unproven = host(confirmed=confirmed), (UNKNOWN, Reason.NO_CONTROL)
    loud = every(rest, canaries=REACHED)
    others = listed(rest, canaries=OTHERS_REACHED)
    assert outcome("firewall.amplifier", loud, asset, reach=WENT_AWAY) == unproven
    assert outcome("firewall.udp-service", others, asset, reach=WENT_AWAY) == unproven
    assert outcome("firewall.amplifier", every(rest, LOUD), asset, reach=WENT_AWAY)[0] is FAIL


OTHERS = [port for port in UDP if port not in AMPLIFIERS]
OTHERS_REACHED = canary(reached=True, ports=OTHERS)
ONE_CLOSED = udp_answer("udp/5060", Question.SIP, CLOSED)


def listed(rest: State, *special: UdpAnswer, canaries: Any = ()) -> HostUdp:
    """Each port of the list that does not amplify, as `rest` but the special ones."""
    told = {answer.port for answer in special}
    others = [udp_answer(port, Question.OTHER, rest) for port in OTHERS if port not in told]
    return udp(*special, *others, canaries=canaries)


def opened(*ports: str) -> HostUdp:
    return listed(CLOSED, *(udp_answer(port, Question.OTHER, OPEN) for port in ports))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (listed(CLOSED), (PASS, "")),
        (opened("udp/5060"), (FAIL, "open")),
        (opened("udp/54321"), (FAIL, "open")),
        (opened(*AMPLIFIERS), (PASS, "")),
        (listed(LOST, udp_answer("udp/5060", Question.SIP, OPEN)), (FAIL, "open")),
        (listed(SILENT, ONE_CLOSED, canaries=OTHERS_REACHED), (PASS, "")),
        (listed(SILENT, ONE_CLOSED), (UNKNOWN, Reason.NO_CONTROL)),
        (listed(SILENT, ONE_CLOSED, canaries=OTHERS_REACHED[:-1]), (UNKNOWN, Reason.NO_CONTROL)),
        (listed(SILENT, canaries=OTHERS_REACHED), (UNKNOWN, Reason.NO_CONTROL)),
        (listed(REJECTED, canaries=OTHERS_REACHED), (PASS, "")),
        (listed(REJECTED), (UNKNOWN, Reason.NO_CONTROL)),
        (listed(UNSTABLE), (UNKNOWN, Reason.UNSTABLE)),
        (listed(LOST), (UNKNOWN, Reason.TIMEOUT)),
        (udp(ONE_CLOSED), (UNKNOWN, Reason.NOT_COLLECTED)),
        (udp(), (UNKNOWN, Reason.NOT_COLLECTED)),
        (LOST, (UNKNOWN, Reason.TIMEOUT)),
        (HostUdp("outside", (), ()), (NONE, "not-applicable")),
    ],
)
def test_udp_service(facts: HostUdp | Unreachable, expected: Expected) -> None:
    assert outcome("firewall.udp-service", facts) == expected


@pytest.mark.parametrize(
    ("service", "port", "expected"),
    [
        (Service("udp/5060", "téléphonie", "any"), "udp/5060", (PASS, "")),
        (Service("udp/5060", "téléphonie", "outside"), "udp/5060", (PASS, "")),
        (Service("udp/5060", "téléphonie", "lan"), "udp/5060", (FAIL, "open")),
        (Service("udp/5060", "téléphonie", "any"), "udp/514", (FAIL, "open")),
        (Service("udp/500", "ipsec", "any"), "udp/4500", (PASS, "")),
        (WEB, "udp/443", (PASS, "")),
        (WEB, "udp/4500", (FAIL, "open")),
        (Service("tcp/5060", "téléphonie", "any"), "udp/5060", (FAIL, "open")),
        (Service("udp/54321", "jeu", "any"), "udp/54321", (PASS, "")),
    ],
)
def test_a_udp_service_meant_for_everybody_is_in_order(
    service: Service, port: str, expected: Expected
) -> None:
    assert outcome("firewall.udp-service", opened(port), host(service)) == expected


@pytest.mark.parametrize(
    ("kind", "at", "ports"),
    [
        (VpnKind.IPSEC, "", ("udp/500", "udp/4500")),
        (VpnKind.IPSEC, "udp/500", ("udp/500", "udp/4500")),
        (VpnKind.L2TP, "", ("udp/500", "udp/4500", "udp/1701")),
        (VpnKind.OPENVPN, "", ("udp/1194",)),
        (VpnKind.OPENVPN, "udp/1195", ("udp/1195",)),
        (VpnKind.SSL, "", ("udp/443",)),
        (VpnKind.SSL, "tcp/10443", ("udp/10443",)),
    ],
)
def test_what_a_declared_remote_access_needs_is_in_order(
    kind: VpnKind, at: str, ports: tuple[str, ...]
) -> None:
    ours = Vpn("vpn", "Accès des agents", (), "box", kind, "vpn.example", at)
    facts = opened(*ports)
    assert outcome("firewall.udp-service", facts) == (FAIL, "open")
    assert ask("firewall.udp-service", facts, host(), ours).status is PASS
    assert ask("firewall.udp-service", facts, host(), replace(ours, host="autre")).status is FAIL


@pytest.mark.parametrize(
    ("port", "words"),
    [
        (
            "udp/47808",
            "gestion du bâtiment (BACnet) : accès ouvert sur 192.0.2.1 ; il commande une installation.",
        ),
        ("udp/623", "carte de gestion de serveur : accès ouvert sur 192.0.2.1 ; il commande un serveur."),
        (
            "udp/2049",
            "partage de fichiers NFS : accès ouvert sur 192.0.2.1 ; il sert à partager des fichiers.",
        ),
    ],
)
def test_what_commands_or_shares_is_a_fault_even_declared_and_weighs_more(port: str, words: str) -> None:
    verdict = ask("firewall.udp-service", opened(port), host(Service(port, "voulu", "any")))
    assert (verdict.status, verdict.likelihood) == (FAIL, 4)
    assert [item.text for item in verdict.items] == [words]


def test_another_udp_service_weighs_what_the_question_weighs() -> None:
    detail = f"réponse en 12 ms : {HOSTILE}"
    facts = listed(CLOSED, udp_answer("udp/5060", Question.SIP, OPEN, detail=detail))
    verdict = ask("firewall.udp-service", facts)
    assert verdict.likelihood is None
    assert [item.text for item in verdict.items] == ["téléphonie : accès ouvert sur 192.0.2.1."]
    assert verdict.evidence[0].label == f"udp/5060 {V4}"
    assert verdict.evidence[0].value == "réponse en 12 ms : [31m[bold]Imprimante"


def snmp(state: State, *, detail: str = "") -> UdpAnswer:
    return udp_answer("udp/161", Question.SNMP_PUBLIC, state, detail=detail)


GIBBERISH = udp_answer("udp/161", Question.SNMP_PUBLIC, OPEN, understood=False)
DISCOVERED = udp_answer("udp/161", Question.SNMP_DISCOVERY, OPEN)
SHUT = udp_answer("udp/161", Question.SNMP_DISCOVERY, CLOSED)
ELSEWHERE = udp_answer("udp/123", Question.NTP, CLOSED)
SNMP_HEARD = canary(reached=True, ports=("udp/161",))
ALIVE = seen(reach(V4, CLOSED), vantage="lan")


@pytest.mark.parametrize(
    ("ports", "facts", "expected"),
    [
        (LOST, udp(snmp(OPEN)), (FAIL, "public-answers")),
        (LOST, udp(snmp(SILENT), snmp(OPEN)), (FAIL, "public-answers")),
        (LOST, udp(snmp(CLOSED)), (PASS, "")),
        (LOST, udp(snmp(UNSIGNED), SHUT), (PASS, "")),
        (LOST, udp(snmp(UNSIGNED)), (UNKNOWN, Reason.NOT_AUTHORIZED)),
        (LOST, udp(snmp(UNSIGNED), DISCOVERED), (UNKNOWN, Reason.NOT_AUTHORIZED)),
        (LOST, udp(snmp(SILENT), DISCOVERED), (PASS, "")),
        (LOST, udp(snmp(SILENT)), (UNKNOWN, Reason.NO_CONTROL)),
        (LOST, udp(snmp(SILENT), ELSEWHERE, canaries=SNMP_HEARD), (PASS, "")),
        (LOST, udp(snmp(SILENT), canaries=SNMP_HEARD), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, CLOSED)), udp(snmp(SILENT)), (UNKNOWN, Reason.NO_CONTROL)),
        (ALIVE, udp(snmp(SILENT), vantage="lan"), (PASS, "")),
        (LOST, udp(snmp(SILENT), vantage="lan"), (UNKNOWN, Reason.NO_CONTROL)),
        (WENT_AWAY, udp(snmp(SILENT), ELSEWHERE, canaries=SNMP_HEARD), (UNKNOWN, Reason.NO_CONTROL)),
        (WENT_AWAY, udp(snmp(SILENT), vantage="lan"), (UNKNOWN, Reason.NO_CONTROL)),
        (WENT_AWAY, udp(snmp(CLOSED)), (UNKNOWN, Reason.NO_CONTROL)),
        (WENT_AWAY, udp(snmp(OPEN)), (FAIL, "public-answers")),
        (LOST, udp(GIBBERISH), (UNKNOWN, Reason.PROTOCOL_ERROR)),
        (LOST, udp(GIBBERISH, snmp(OPEN)), (FAIL, "public-answers")),
        (LOST, udp(snmp(UNSTABLE)), (UNKNOWN, Reason.UNSTABLE)),
        (LOST, udp(DISCOVERED), (UNKNOWN, Reason.NOT_COLLECTED)),
        (ALIVE, LOST, (UNKNOWN, Reason.TIMEOUT)),
        (ALIVE, HostUdp("lan", (), ()), (NONE, "not-applicable")),
    ],
)
def test_snmp_public(ports: Any, facts: HostUdp | Unreachable, expected: Expected) -> None:
    assert outcome("firewall.snmp-public", ports, udp=facts) == expected


@pytest.mark.parametrize(("vantage", "likelihood"), [("outside", 4), ("lan", None)])
def test_an_answer_to_public_is_worse_from_the_internet(vantage: str, likelihood: int | None) -> None:
    facts = udp(snmp(OPEN, detail=HOSTILE), vantage=vantage)
    verdict = ask("firewall.snmp-public", LOST, udp=facts)
    assert verdict.likelihood == likelihood
    assert verdict.evidence[0].value == "ouvert [31m[bold]Imprimante"


def test_each_address_is_judged_and_the_worst_counts() -> None:
    other = UdpAddress(V6, 6, (snmp(OPEN),))
    verdict = ask("firewall.snmp-public", LOST, udp=udp(snmp(CLOSED), others=(other,)))
    assert [(item.key, item.status) for item in verdict.items] == [(V4, PASS), (V6, FAIL)]


TUNNEL = Service("udp/51820", "wireguard", "any")
REACH = seen(reach(V4, CLOSED, {"tcp/443": OPEN}), canaries=HEARD)


def tunnel(state: State, *, canaries: Any = ()) -> HostUdp:
    return udp(udp_answer("udp/51820", Question.WIREGUARD, state), canaries=canaries)


TUNNEL_HEARD = canary(reached=True, ports=("udp/51820",))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (tunnel(OPEN), (PASS, "")),
        (tunnel(CLOSED), (FAIL, "closed")),
        (tunnel(REJECTED, canaries=TUNNEL_HEARD), (FAIL, "closed")),
        (tunnel(REJECTED), (UNKNOWN, Reason.NO_CONTROL)),
        (tunnel(SILENT), (UNKNOWN, Reason.TIMEOUT)),
        (tunnel(SILENT, canaries=TUNNEL_HEARD), (UNKNOWN, Reason.TIMEOUT)),
        (tunnel(UNSTABLE), (UNKNOWN, Reason.UNSTABLE)),
        (tunnel(UNSIGNED), (UNKNOWN, Reason.NOT_AUTHORIZED)),
        (udp(ELSEWHERE), (UNKNOWN, Reason.NOT_COLLECTED)),
        (HostUdp("outside", (), ()), (UNKNOWN, Reason.NOT_COLLECTED)),
        (LOST, (UNKNOWN, Reason.TIMEOUT)),
    ],
)
def test_an_expected_service_in_udp(facts: HostUdp | Unreachable, expected: Expected) -> None:
    assert outcome("firewall.expected-service", REACH, host(WEB, TUNNEL), udp=facts) == expected


def test_the_silence_of_a_vpn_is_told_for_what_it_is() -> None:
    asset = host(TUNNEL, confirmed=FRESH)
    verdict = ask("firewall.expected-service", REACH, asset, udp=tunnel(SILENT, canaries=TUNNEL_HEARD))
    assert [item.text for item in verdict.items] == [
        "wireguard (udp/51820) ne dit rien à un inconnu : un VPN peut se taire ainsi et marcher."
    ]
    assert verdict.evidence[0].value == "silent"


def test_udp_is_judged_when_the_tcp_ports_could_not_be_seen() -> None:
    assert outcome("firewall.expected-service", LOST, host(TUNNEL), udp=tunnel(CLOSED)) == (FAIL, "closed")
    assert outcome("firewall.expected-service", LOST, host(WEB, TUNNEL), udp=tunnel(OPEN)) == (
        UNKNOWN,
        Reason.TIMEOUT,
    )

"""« Les portes ouvertes »: which doors count as open today, from where, and what the profile says of them."""

import json
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from cyberaudit.declared import AnyAsset, Host, Service, Town, Vpn, VpnKind
from cyberaudit.facts.intent import meant
from cyberaudit.facts.reach import CanaryAnswer, PortAnswer, PortState
from cyberaudit.facts.udp import Question, UdpAddress, UdpAnswer
from cyberaudit.history.doors import Sighting
from cyberaudit.history.state import TownState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.reports.console import Detail
from cyberaudit.reports.console import render as render_text
from cyberaudit.reports.doors import doors_view
from cyberaudit.reports.doors_section import MOST_DOORS
from cyberaudit.reports.json_report import render as render_json
from cyberaudit.reports.points import Scene
from cyberaudit.reports.words import DoorIntent, DoorsView, HostDoorsView, ReportView
from tests.unit import report_samples as samples
from tests.unit.report_samples import reached, sighting, spoke

pytestmark = pytest.mark.unit

OPEN, CLOSED, SILENT = PortState.OPEN, PortState.CLOSED, PortState.SILENT
V4, V6, GONE = "192.0.2.10", "2001:db8::10", "192.0.2.99"
DECOYS = tuple(PortAnswer(f"tcp/{61000 + number}", OPEN, "") for number in range(3))


def plain(text: str) -> str:
    return " ".join(text.split())


def server(*services: Service) -> Host:
    return Host("edge", "Serveur", (), "lan", (V4, V6), services, "", "", "")


def place(*assets: AnyAsset) -> Town:
    whole = samples.town()
    zones = tuple(asset for asset in whole.assets if asset.kind.value in ("town", "zone"))
    return replace(whole, assets=(*zones, *assets))


def told(sights: tuple[Sighting, ...], *assets: AnyAsset) -> DoorsView:
    town = place(*(assets or (server(),)))
    scene = Scene(town, samples.REMEDIES, UTC, samples.TODAY)
    return doors_view(TownState(town, samples.NOW, (), (), (), sightings=sights), scene)


def only(view: DoorsView) -> HostDoorsView:
    (host,) = view.hosts
    return host


def opened(*sights: Sighting) -> list[tuple[str, str, tuple[str, ...]]]:
    """Port, vantage and addresses of every open door."""
    host = only(told(sights))
    return [(door.port, seen.vantage, seen.addresses) for door in host.doors for seen in door.seen]


def test_what_is_neither_address_nor_port_in_somebodys_scan_stops_no_report() -> None:
    """A scan file is read by its types alone: its words may be anything."""
    sight = sighting("outside", reached(V4, {"tcp/80": OPEN, "tcp/²": OPEN, "tcp/": OPEN}))
    strange = replace(server(), addresses=(" ", V4))
    assert {each.port for each in only(told((sight,), strange)).doors} == {"tcp/80", "tcp/²", "tcp/"}


def test_doors_come_by_number_and_places_in_the_order_of_the_profile() -> None:
    states = {"tcp/3389": OPEN, "tcp/80": OPEN, "tcp/22": CLOSED}
    inside = sighting("lan", reached(V4, states), days_ago=1)
    outside = sighting("outside", reached(V4, states), reached(V6, {"tcp/80": OPEN, "tcp/3389": SILENT}))
    assert opened(inside, outside) == [
        ("tcp/80", "outside", (V4, V6)),
        ("tcp/80", "lan", (V4,)),
        ("tcp/3389", "outside", (V4,)),
        ("tcp/3389", "lan", (V4,)),
    ]


@pytest.mark.parametrize(
    ("newer", "vantage", "expected"),
    [
        (CLOSED, "outside", []),
        (SILENT, "outside", [("tcp/80", "outside", (V4,))]),
        (Unreachable(Reason.INTERRUPTED), "outside", [("tcp/80", "outside", (V4,))]),
        (CLOSED, "lan", [("tcp/80", "outside", (V4,))]),
    ],
)
def test_a_door_stays_open_until_the_same_place_sees_it_shut(
    newer: Any, vantage: str, expected: list[object]
) -> None:
    older = sighting("outside", reached(V4, {"tcp/80": OPEN}), days_ago=9)
    assert opened(sighting(vantage, reached(V4, {"tcp/80": newer})), older) == expected


def test_silence_with_its_controls_shuts_a_door() -> None:
    older = sighting("outside", reached(V4, {"tcp/80": OPEN}), days_ago=9)
    newer = sighting("outside", reached(V4, {"tcp/80": SILENT, "tcp/443": CLOSED}))
    assert newer.reach is not None
    controlled = replace(newer.reach, canaries=(CanaryAnswer(4, "tcp/80", reached=True),))
    assert opened(newer, older) != []
    assert opened(replace(newer, reach=controlled), older) == []


def test_the_date_of_a_door_is_the_last_time_it_was_seen_open() -> None:
    older = sighting("outside", reached(V4, {"tcp/80": OPEN}), days_ago=9)
    (door,) = only(told((sighting("outside", reached(V4, {"tcp/80": SILENT})), older))).doors
    assert door.seen[0].seen_at == samples.NOW - timedelta(days=9)
    assert plain(door.seen[0].sentence) == (
        "Ouvert depuis l'extérieur sur 192.0.2.10, vu le 12 novembre 2026 à 21 h 10."
    )


def test_an_address_that_the_profile_gave_up_has_no_door() -> None:
    assert opened(sighting("outside", reached(GONE, {"tcp/80": OPEN}))) == []


def test_where_every_port_opens_a_door_needs_a_service_that_spoke() -> None:
    reach = reached(V4, {"tcp/22": OPEN, "tcp/80": OPEN}, decoys=DECOYS)
    host = only(told((sighting("outside", reach, behind=(spoke(V4, "tcp/22", "ssh"),)),)))
    assert [door.port for door in host.doors] == ["tcp/22"]
    assert host.opens_everything == (V4,)
    assert plain(host.remarks[0]) == (
        "192.0.2.10 ouvre toutes ses portes, même celles que personne n'utilise : "
        "seules sont citées celles où un service a parlé."
    )


def test_a_udp_door_is_a_service_that_answered_and_says_what() -> None:
    answers = (
        UdpAnswer("udp/123", Question.NTP, OPEN, "réponse en 12 ms", 48, 48, understood=True),
        UdpAnswer("udp/53", Question.DNS, OPEN, "", 17, 3, understood=False),
        UdpAnswer("udp/3702", Question.OTHER, OPEN, "", 17, 3, understood=True),
        UdpAnswer("udp/161", Question.SNMP_DISCOVERY, SILENT, "", 60, 0, understood=False),
    )
    host = only(told((sighting("outside", udp=(UdpAddress(V4, 4, answers),)),)))
    assert [(door.port, plain(door.answers), door.protocols) for door in host.doors] == [
        ("udp/53", "répond, mais autre chose que DNS", ("dns",)),
        ("udp/123", "NTP, réponse en 12 ms", ("ntp",)),
        ("udp/3702", "répond à la question propre à ce port", ("other",)),
    ]
    assert host.looks[0].unproven == 1


@pytest.mark.parametrize(
    ("protocol", "answers"),
    [
        ("https", "HTTPS ; FortiGate (Fortinet), un pare-feu"),
        ("silent", "n'a rien dit ; FortiGate (Fortinet), un pare-feu"),
        (Unreachable(Reason.TIMEOUT), "non identifié : pas de réponse dans le temps prévu"),
    ],
)
def test_what_answers_is_told_or_why_nobody_knows(protocol: Any, answers: str) -> None:
    product = "fortinet-fortigate" if isinstance(protocol, str) else ""
    sight = sighting(
        "outside", reached(V4, {"tcp/443": OPEN}), behind=(spoke(V4, "tcp/443", protocol, product=product),)
    )
    (door,) = only(told((sight,))).doors
    assert plain(door.answers) == answers
    assert door.products == ((product,) if product else ())


def test_what_one_place_identified_is_not_told_unidentified_from_another() -> None:
    reach = reached(V4, {"tcp/22": OPEN})
    sights = (sighting("outside", reach), sighting("lan", reach, behind=(spoke(V4, "tcp/22", "ssh"),)))
    (door,) = only(told(sights)).doors
    assert door.answers == "SSH"


WEB = Service("tcp/443", "web", "any")
INSIDE = Service("tcp/443", "admin", "lan")


@pytest.mark.parametrize(
    ("services", "vantages", "intent", "sentence"),
    [
        ((), ("outside",), DoorIntent.UNDECLARED, "non déclaré"),
        ((Service("tcp/80", "web", "any"),), ("outside",), DoorIntent.UNDECLARED, "non déclaré"),
        ((WEB,), ("outside", "lan"), DoorIntent.MEANT, "prévu : web"),
        ((replace(WEB, reachable_from="outside"),), ("lan",), DoorIntent.MEANT, "prévu : web"),
        ((INSIDE,), ("lan",), DoorIntent.MEANT, "prévu : administration"),
        ((INSIDE, WEB), ("outside",), DoorIntent.MEANT, "prévu : administration et web"),
        (
            (INSIDE,),
            ("outside", "lan"),
            DoorIntent.MEANT_ELSEWHERE,
            "prévu pour Agents seulement (administration)",
        ),
        (
            (replace(INSIDE, reachable_from="old-zone"),),
            ("outside",),
            DoorIntent.MEANT_ELSEWHERE,
            "prévu pour old-zone seulement (administration)",
        ),
    ],
)
def test_each_door_says_what_the_profile_says_of_it(
    services: tuple[Service, ...], vantages: tuple[str, ...], intent: DoorIntent, sentence: str
) -> None:
    sights = tuple(sighting(vantage, reached(V4, {"tcp/443": OPEN})) for vantage in vantages)
    (door,) = only(told(sights, server(*services))).doors
    assert (door.intent, plain(door.intent_sentence)) == (intent, sentence)


def vpn(kind: VpnKind, port: str = "", host: str = "edge") -> Vpn:
    return Vpn("entry", "Entrée", (), host, kind, "", port)


@pytest.mark.parametrize(
    ("port", "assets", "expected"),
    [
        ("udp/443", (server(WEB),), ["web"]),
        ("udp/443", (server(Service("tcp/8080", "web", "any")),), []),
        ("udp/500", (server(Service("udp/4500", "ipsec", "any")),), ["ipsec"]),
        ("udp/4500", (server(), vpn(VpnKind.IPSEC)), ["accès à distance (VPN)"] * 2),
        ("udp/1194", (server(), vpn(VpnKind.OPENVPN)), ["accès à distance (VPN)"]),
        ("udp/1194", (server(), vpn(VpnKind.OPENVPN, host="other")), []),
        ("udp/4443", (server(), vpn(VpnKind.SSL, "tcp/4443")), ["accès à distance (VPN)"]),
        ("tcp/443", (server(), vpn(VpnKind.SSL)), []),
    ],
)
def test_a_port_is_explained_as_the_checks_count(
    port: str, assets: tuple[AnyAsset, ...], expected: list[str]
) -> None:
    host = assets[0]
    assert isinstance(host, Host)
    assert [service.what for service in meant(port, host, place(*assets))] == expected


def test_hosts_without_an_open_door_are_named_in_closing_and_apart_when_nothing_is_proved() -> None:
    names = {"edge": "Serveur", "quiet": "Copieur", "mute": "Caméra", "dark": "Automate"}
    hosts = [replace(server(), id=key, name=name) for key, name in names.items()]
    sights = (
        sighting("outside", reached(V4, {"tcp/80": OPEN})),
        sighting("outside", reached(V4, {"tcp/80": CLOSED}), host="host/quiet"),
        sighting("lan", reached(V4, {"tcp/80": CLOSED}), host="host/quiet"),
        sighting("outside", reached(V4, {"tcp/80": SILENT, "tcp/22": SILENT}), host="host/mute"),
    )
    view = told(sights, *hosts)
    assert [plain(sentence) for sentence in view.closing] == [
        "Aucune porte ouverte vue sur : Copieur (depuis l'extérieur et le réseau « Agents »).",
        (
            "Aucune porte ouverte vue, mais rien ne prouve qu'elles soient toutes fermées, sur : "
            "Caméra (depuis l'extérieur)."
        ),
        "Machines dont personne n'a pu regarder les portes depuis 45 jours : Automate.",
    ]
    assert "2 portes n'ont pas pu être jugées." in plain(view.hosts[2].looks[0].sentence)


def test_a_zone_that_the_profile_no_longer_names_still_counts_as_a_place() -> None:
    ports = {"tcp/80": OPEN}
    assert opened(sighting("gone", reached(V4, ports)), sighting("lan", reached(V4, ports))) == [
        ("tcp/80", "lan", (V4,)),
        ("tcp/80", "gone", (V4,)),
    ]


def text_of(view: ReportView, detail: Detail, *, width: int = 80, simple: bool = False) -> str:
    return render_text(view, width=width, simple=simple, detail=detail, colour=False)


@pytest.mark.parametrize("detail", [Detail.ALL, Detail.TECHNICAL])
@pytest.mark.parametrize(("width", "simple"), [(80, False), (52, False), (80, True)])
def test_the_text_and_the_json_tell_the_same_doors(detail: Detail, width: int, simple: bool) -> None:
    view = samples.busy_view()
    report: dict[str, Any] = json.loads(render_json(view))["doors"]
    text = plain(text_of(view, detail, width=width, simple=simple))
    told_hosts = [host for host in report["hosts"] if host["doors"]]
    doors = [door for host in told_hosts for door in host["doors"]]
    assert len(doors) == 4
    sentences = [
        *report["closing"],
        *(look["sentence"] for host in told_hosts for look in host["looks"]),
        *(remark for host in told_hosts for remark in host["remarks"]),
        *(f"{door['port']} : {door['name']} — {door['intent_sentence']}" for door in doors),
        *(f"Ce qui répond : {door['answers']}" for door in doors),
        *(seen["sentence"] for door in doors for seen in door["seen"]),
    ]
    assert [sentence for sentence in sentences if plain(sentence) not in text] == []
    assert text.count(" — non déclaré") == sum(door["intent"] == "undeclared" for door in doors)


def test_the_summary_holds_no_list_of_doors_and_a_town_without_hosts_no_section() -> None:
    assert "Les portes ouvertes" in text_of(samples.busy_view(), Detail.ALL)
    assert "Les portes ouvertes" not in text_of(samples.busy_view(), Detail.SUMMARY)
    assert "Les portes ouvertes" not in text_of(samples.view_of([], place()), Detail.ALL)


def test_the_report_warns_of_an_address_that_opens_everything_and_names_no_code_that_is_not_known() -> None:
    reach = reached(V4, {"tcp/22": OPEN}, decoys=DECOYS)
    sights = (
        sighting("outside", reach, behind=(spoke(V4, "tcp/22", "ssh"),)),
        sighting("lan", reached(V6, {"tcp/80": OPEN})),
    )
    view = replace(samples.busy_view(), doors=told(sights))
    section = (
        text_of(view, Detail.TECHNICAL).partition("Les portes ouvertes")[2].partition("Questions sans")[0]
    )
    assert "! 192.0.2.10 ouvre toutes ses portes" in plain(section)
    assert plain(section).count("Code :") == 1


def test_a_machine_that_shows_hundreds_of_doors_does_not_fill_the_report() -> None:
    ports = {f"tcp/{number}": OPEN for number in range(1, MOST_DOORS + 8)}
    view = replace(samples.busy_view(), doors=told((sighting("outside", reached(V4, ports)),)))
    text = plain(text_of(view, Detail.ALL))
    assert text.count("vu le 21 novembre 2026 à 21 h 10.") == MOST_DOORS
    assert "Et 7 autres portes ouvertes : rapport en JSON." in text
    assert len(json.loads(render_json(view))["doors"]["hosts"][0]["doors"]) == MOST_DOORS + 7

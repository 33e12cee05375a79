"""What an answer to a knock means, which addresses face a vantage, and what may be asked of whom."""

import errno
import socket
import struct
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import (
    AnyAsset,
    Commune,
    Delivery,
    Flow,
    Host,
    Link,
    LinkKind,
    PlanChoices,
    Service,
    Town,
    Zone,
)
from cyberaudit.errors import UsageError
from cyberaudit.facts.ports import PORTS
from cyberaudit.facts.reach import PortState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import flow_reach, host_reach
from cyberaudit.probes.endpoint import Endpoint, IpAddress, parse_connect_to, parse_endpoint, read_connect_to
from cyberaudit.probes.guard import Guard, Purpose, Request
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.knock import (
    IP_RECVERR,
    IPV6_RECVERR,
    Attempt,
    IcmpError,
    Knock,
    Patience,
    read_attempt,
    read_icmp,
)
from cyberaudit.probes.vantage import (
    EGRESS_PORTS,
    MAX_CANARY_PORTS,
    canary,
    canary_endpoints,
    facing,
    flow_ports,
    pace,
    tcp_number,
)
from cyberaudit.town.scope import scope_for_look

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
WEB = Service("tcp/8444", "web", "outside")
BOX = Host("box", "Box de la mairie", (), "outside", ("192.0.2.1", "2001:db8::1"), (WEB,), "adsl", "", "")
SERVER = Host("serveur", "Serveur", (), "bureaux", ("198.51.100.10",), (), "", "", "")
OFFICE = Zone("bureaux", "Bureaux", (), ("198.51.100.0/25",), "203.0.113.9")
GUEST = Zone("accueil", "Wi-Fi du public", (), ("198.51.100.128/25",), "")
OUT = Flow("sortie", "Sortie", (), "bureaux", "outside", ("tcp/443", "tcp/993"))
TARGET = ip_address("192.0.2.1")
ROUTER = ip_address("192.0.2.254")
OWN = ip_address("198.51.100.2")
SIX = ip_address("2001:db8::1")


def town(*assets: AnyAsset, outside_canary: str = "") -> Town:
    return Town(
        schema_version=1,
        commune=COMMUNE,
        scanned_by="",
        authorization=None,
        outside_canary=outside_canary,
        assets=(COMMUNE, *assets),
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )


def prepared(declared: Town, vantage: str) -> Instruments:
    scope = scope_for_look(addresses=["192.0.2.1", "198.51.100.0/24"], authorized_by="Mme le maire")
    return set_up(declared, scope, Options(resolvers=("127.0.0.1:53",)), now=NOW, vantage=vantage)


def attempt(error: int = 0, icmp: IcmpError | None = None, *, connected: bool = False) -> Attempt:
    return Attempt(error, icmp, connected=connected, target=TARGET, own=OWN, seconds=0.012)


def icmp(author: IpAddress, kind: int, code: int) -> IcmpError:
    return IcmpError(author, kind, code)


@pytest.mark.parametrize(
    ("seen", "state", "detail"),
    [
        (attempt(connected=True), PortState.OPEN, "syn-ack en 12 ms"),
        (replace(attempt(connected=True), seconds=0.0004), PortState.OPEN, "syn-ack en moins de 1 ms"),
        (attempt(errno.ECONNRESET), PortState.OPEN, "syn-ack, puis rst"),
        (attempt(errno.ECONNREFUSED), PortState.CLOSED, "rst"),
        (replace(attempt(connected=True), to_itself=True), PortState.CLOSED, "rst"),
        (attempt(errno.ECONNREFUSED, icmp(ROUTER, 3, 3)), PortState.REJECTED, "icmp 3/3 de 192.0.2.254"),
        (attempt(errno.EHOSTUNREACH, icmp(ROUTER, 3, 13)), PortState.REJECTED, "icmp 3/13 de 192.0.2.254"),
        (attempt(errno.ECONNREFUSED, icmp(TARGET, 3, 3)), PortState.CLOSED, "icmp 3/3 de 192.0.2.1"),
        (attempt(errno.EACCES, icmp(SIX, 1, 1)), PortState.REJECTED, "icmp 1/1 de 2001:db8::1"),
        (attempt(errno.ECONNREFUSED, icmp(SIX, 1, 4)), PortState.REJECTED, "icmp 1/4 de 2001:db8::1"),
        (attempt(errno.ETIMEDOUT), PortState.SILENT, ""),
        (attempt(), PortState.SILENT, ""),
        (attempt(errno.EHOSTUNREACH, icmp(ROUTER, 3, 1)), PortState.SILENT, "icmp 3/1 de 192.0.2.254"),
        (attempt(errno.EHOSTUNREACH, icmp(SIX, 1, 3)), PortState.SILENT, "icmp 1/3 de 2001:db8::1"),
        (attempt(errno.EHOSTUNREACH, icmp(OWN, 3, 1)), PortState.SILENT, "aucune machine à cette adresse"),
    ],
)
def test_each_answer_of_the_network_has_its_state(seen: Attempt, state: PortState, detail: str) -> None:
    knock = read_attempt(seen)
    assert (knock.state, knock.detail) == (state, detail)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (attempt(errno.ENETUNREACH), Reason.NO_ROUTE),
        (attempt(errno.EHOSTUNREACH), Reason.NO_ROUTE),
        (attempt(errno.EADDRNOTAVAIL), Reason.NO_ROUTE),
        (attempt(errno.ENETUNREACH, icmp(ROUTER, 3, 0)), Reason.NO_ROUTE),
        (attempt(errno.EHOSTUNREACH, icmp(ROUTER, 11, 0)), Reason.NO_ROUTE),
        (attempt(errno.ENETUNREACH, icmp(SIX, 1, 0)), Reason.NO_ROUTE),
        (attempt(errno.EACCES), Reason.PERMISSION_DENIED),
        (attempt(errno.ECONNREFUSED, icmp(OWN, 3, 3)), Reason.PERMISSION_DENIED),
        (attempt(errno.EMFILE), Reason.PROBE_CRASHED),
    ],
)
def test_what_fails_on_our_side_is_never_an_answer(seen: Attempt, reason: Reason) -> None:
    knock = read_attempt(seen)
    assert isinstance(knock.state, Unreachable)
    assert knock.state.reason is reason
    assert knock.seconds is None


def test_a_host_that_refuses_itself_is_believed_even_when_it_is_this_machine() -> None:
    seen = replace(attempt(errno.ECONNREFUSED, icmp(TARGET, 3, 3)), own=TARGET)
    assert read_attempt(seen) == Knock(PortState.CLOSED, "icmp 3/3 de 192.0.2.1", 0.012)


def extended(origin: int, kind: int, code: int, offender: bytes) -> bytes:
    return struct.pack("=IBBBBII", errno.ECONNREFUSED, origin, kind, code, 0, 0, 0) + offender


SIN = struct.pack("=HH", socket.AF_INET, 0) + ROUTER.packed
SIN6 = struct.pack("=HHI", socket.AF_INET6, 0, 0) + SIX.packed


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        (IP_RECVERR, extended(2, 3, 13, SIN), icmp(ROUTER, 3, 13)),
        (IPV6_RECVERR, extended(3, 1, 4, SIN6), icmp(SIX, 1, 4)),
        (IP_RECVERR, extended(1, 3, 13, SIN), None),
        (IP_RECVERR, extended(2, 3, 13, b""), None),
        (IPV6_RECVERR, extended(3, 1, 4, SIN6[:12]), None),
        (IP_RECVERR, b"short", None),
        (4, extended(2, 3, 13, SIN), None),
    ],
)
def test_the_error_queue_names_the_author(kind: int, data: bytes, expected: IcmpError | None) -> None:
    assert read_icmp([(0, 99, b""), (0, kind, data)]) == expected


@given(st.binary(max_size=64))
def test_no_byte_of_the_error_queue_makes_it_fail(data: bytes) -> None:
    found = read_icmp([(0, IP_RECVERR, data), (0, IPV6_RECVERR, data)])
    assert found is None or str(found).startswith("icmp ")


@pytest.mark.parametrize(
    ("round_trips", "seconds"),
    [((), 1.0), ((None,), 1.0), ((0.001,), 0.25), ((0.1,), 0.6), ((0.1, 0.02), 0.6), ((0.4,), 1.0)],
)
def test_patience_follows_the_longest_round_trip(
    round_trips: tuple[float | None, ...], seconds: float
) -> None:
    patience = Patience()
    for one in round_trips:
        patience.learn(Knock(PortState.CLOSED, "rst", one))
    assert patience.seconds == pytest.approx(seconds)


def test_a_star_stands_for_every_port_that_no_other_rule_names() -> None:
    rules = read_connect_to(["192.0.2.1:*=127.0.0.1:9", "192.0.2.1:443=127.0.0.1:8443"])
    assert rules.target(parse_endpoint("192.0.2.1:443")) == parse_endpoint("127.0.0.1:8443")
    assert rules.target(parse_endpoint("192.0.2.1:22")) == parse_endpoint("127.0.0.1:9")
    assert rules.target(parse_endpoint("192.0.2.2:22")) is None


@pytest.mark.parametrize("text", ["192.0.2.1:*=127.0.0.1:9", "[2001:db8::1]:*=[::1]:9"])
def test_a_rule_with_a_star_is_written_as_it_is_read(text: str) -> None:
    rule = parse_connect_to(text)
    assert f"{rule.source}={rule.target}" == text


@pytest.mark.parametrize(
    "text",
    ["192.0.2.1:9=127.0.0.1:*", "*:25=127.0.0.1:9", "192.0.2.1:25:*=127.0.0.1:9", "2001:db8::1:*=[::1]:9"],
)
def test_a_star_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_connect_to(text)


def test_the_scope_is_checked_on_where_the_star_stands() -> None:
    scope = scope_for_look(addresses=["192.0.2.1"], authorized_by="Mme le maire")
    rules = read_connect_to(["192.0.2.1:*=127.0.0.1:9", "192.0.2.2:*=127.0.0.1:9"])
    guard = Guard(scope, connect_to=rules, infrastructure=(), allow_test_network=False)
    admitted = guard.admit(Request(parse_endpoint("192.0.2.1:22"), Purpose.ACTIVE))
    refused = guard.admit(Request(parse_endpoint("192.0.2.2:22"), Purpose.ACTIVE))
    assert admitted == parse_endpoint("127.0.0.1:9")
    assert refused == Unreachable(Reason.NOT_AUTHORIZED, "192.0.2.2:22")


@pytest.mark.parametrize(
    ("zone", "addresses", "vantage", "expected"),
    [
        ("outside", ("192.0.2.1", "2001:db8::1"), "outside", ("192.0.2.1", "2001:db8::1")),
        ("bureaux", ("10.0.0.1", "2001:db8::1", "192.0.2.1"), "outside", ()),
        ("bureaux", ("10.0.0.1", "2a00::1", "fe80::1", "8.8.8.8"), "outside", ("2a00::1", "8.8.8.8")),
        ("bureaux", ("10.0.0.1", "2a00::1"), "accueil", ("10.0.0.1", "2a00::1")),
        ("outside", ("192.0.2.1", "192.0.2.1"), "bureaux", ("192.0.2.1",)),
    ],
)
def test_which_addresses_face_a_vantage(
    zone: str, addresses: tuple[str, ...], vantage: str, expected: tuple[str, ...]
) -> None:
    host = replace(BOX, zone=zone, addresses=addresses)
    assert tuple(map(str, facing(host, vantage))) == expected


@pytest.mark.parametrize(
    ("kind", "vantage", "expected"),
    [
        (LinkKind.XDSL, "outside", 100.0),
        (LinkKind.BOX, "outside", 100.0),
        (LinkKind.MOBILE, "outside", 100.0),
        (LinkKind.FTTO, "outside", None),
        (LinkKind.LAN, "outside", None),
        (LinkKind.XDSL, "bureaux", None),
    ],
)
def test_the_pace_comes_from_the_declared_line(kind: LinkKind, vantage: str, expected: float | None) -> None:
    declared = town(Link("adsl", "adsl", (), kind, 0, ""), BOX)
    assert pace(BOX, declared, vantage=vantage) == expected


def test_an_unknown_line_is_spared() -> None:
    assert pace(SERVER, town(SERVER), vantage="outside") == 100.0


def test_each_vantage_has_its_own_canary() -> None:
    declared = town(OFFICE, GUEST, outside_canary="203.0.113.8")
    assert str(canary(declared, "outside")) == "203.0.113.8"
    assert str(canary(declared, "bureaux")) == "203.0.113.9"
    assert canary(declared, "accueil") is None
    assert canary(declared, "nulle-part") is None


def test_the_canary_may_be_asked_what_the_controls_and_the_flows_need_and_no_more() -> None:
    known = {tcp_number(port.id) for port in PORTS}
    ports = {endpoint.port for endpoint in canary_endpoints(town(OFFICE, OUT), "bureaux")}
    assert ports == {993, *known, *(tcp_number(port) for port in EGRESS_PORTS)}
    outside = canary_endpoints(town(OFFICE, OUT, BOX, outside_canary="203.0.113.8"), "outside")
    assert {endpoint.port for endpoint in outside} == {443, 8444, *known}
    inwards = replace(OUT, target="accueil", ports=("tcp/61000",))
    assert 61000 in {endpoint.port for endpoint in canary_endpoints(town(OFFICE, inwards), "bureaux")}
    assert canary_endpoints(town(GUEST), "accueil") == ()


def test_a_profile_cannot_have_a_strangers_machine_scanned_as_its_canary() -> None:
    flow = replace(OUT, ports=tuple(f"tcp/{number}" for number in range(1, 2000)))
    assert len(canary_endpoints(town(OFFICE, flow), "bureaux")) == MAX_CANARY_PORTS


def test_the_ports_of_a_flow_are_the_usual_ones_and_the_allowed_ones() -> None:
    assert flow_ports(OUT, ("tcp/443", "tcp/22")) == ("tcp/443", "tcp/22", "tcp/993")
    assert flow_ports(replace(OUT, ports=("all",)), ("tcp/22",)) == ("tcp/22",)
    assert flow_ports(replace(OUT, ports=()), ("tcp/22",)) == ("tcp/22",)


def test_the_services_of_a_host_are_asked_first_and_every_known_port_once() -> None:
    web = replace(BOX, services=(WEB, Service("tcp/443", "web", "any"), Service("udp/500", "vpn", "any")))
    ports = host_reach.asked_ports(web)
    assert ports[:3] == ("tcp/8444", "tcp/443", "udp/500")
    assert len(ports) == len(set(ports)) == len(PORTS) + 2


@pytest.mark.parametrize("declared", [BOX, replace(BOX, services=())])
def test_a_host_announces_its_addresses_its_ports_and_a_bound(declared: Host) -> None:
    watched = prepared(town(declared, outside_canary="203.0.113.8"), "outside")
    active, infrastructure = host_reach.announce(declared, watched)
    assert host_reach.announce(declared, prepared(town(declared), "outside")) == (active,)
    assert active.purpose is Purpose.ACTIVE
    assert "192.0.2.1, 2001:db8::1" in active.text
    assert f"{len(host_reach.asked_ports(declared))}\u00a0ports TCP au plus" in active.text
    assert 0 < active.max_packets < 1000
    assert infrastructure.purpose is Purpose.INFRASTRUCTURE
    assert 0 < infrastructure.max_packets < 500


def test_a_flow_announces_both_of_its_ends_and_a_bound() -> None:
    here = prepared(town(OFFICE, GUEST, OUT), "bureaux")
    (outwards,) = flow_reach.announce(OUT, here)
    assert flow_reach.announce(OUT, prepared(town(OFFICE, GUEST, OUT), "accueil")) == ()
    assert outwards.purpose is Purpose.INFRASTRUCTURE
    assert "bureaux → outside" in outwards.text
    inwards, witness = flow_reach.announce(replace(OUT, target="accueil"), here)
    assert (inwards.purpose, witness.purpose) == (Purpose.ACTIVE, Purpose.INFRASTRUCTURE)
    assert all("au plus" in one.text and 0 < one.max_packets < 3000 for one in (outwards, inwards, witness))


@pytest.mark.parametrize(
    ("flow", "vantage", "expected"),
    [
        (OUT, "outside", Reason.NOT_LOOKED),
        (OUT, "accueil", Reason.NOT_LOOKED),
        (replace(OUT, source="accueil"), "accueil", Reason.NO_CONTROL),
        (replace(OUT, target="accueil"), "bureaux", Reason.NO_CONTROL),
        (Flow("f", "f", (), "outside", "bureaux", ()), "outside", Reason.NO_CONTROL),
    ],
)
def test_a_flow_that_cannot_be_tried_from_here_is_not_looked_at(
    flow: Flow, vantage: str, expected: Reason
) -> None:
    instruments = prepared(town(OFFICE, GUEST, SERVER, flow), vantage)
    with pytest.raises(StopIteration) as ended:
        flow_reach.look(flow, instruments).send(None)
    assert isinstance(ended.value.value, Unreachable)
    assert ended.value.value.reason is expected
    assert not instruments.network.opened


def test_only_tcp_ports_have_a_number_to_knock_at() -> None:
    assert tcp_number("tcp/443") == 443
    assert tcp_number("udp/500") is None
    assert Endpoint(TARGET, 443) == parse_endpoint("192.0.2.1:443")


def test_a_host_that_does_not_face_the_vantage_announces_nothing() -> None:
    assert host_reach.announce(SERVER, prepared(town(OFFICE, SERVER), "outside")) == ()

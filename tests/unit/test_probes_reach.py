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

from cyberaudit import french
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
from cyberaudit.facts.ports import ESSENTIAL, USUAL
from cyberaudit.facts.reach import AddressReach, HostReach, PortAnswer, PortState
from cyberaudit.facts.reach_samples import FACELESS_HOST, GOOD_HOST
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import flow_reach, host_reach
from cyberaudit.probes.asked_ports import AskedPorts, read_ports
from cyberaudit.probes.endpoint import Endpoint, IpAddress, parse_connect_to, parse_endpoint, read_connect_to
from cyberaudit.probes.guard import Guard, Purpose, Request
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.network import DEFAULT_RATE, Turn
from cyberaudit.probes.ports.inquiry import GONE, _decoys
from cyberaudit.probes.ports.knock import (
    IP_RECVERR,
    IPV6_RECVERR,
    Attempt,
    IcmpError,
    Knock,
    read_attempt,
    read_icmp,
)
from cyberaudit.probes.ports.sweep import PACKETS_PER_PORT
from cyberaudit.probes.ports.timing import Way
from cyberaudit.probes.vantage import (
    EGRESS_PORTS,
    MAX_CANARY_PORTS,
    behind_one_line,
    canaries,
    canary_endpoints,
    facing,
    flow_ports,
    most_behind_a_paced_line,
    pace,
    port_number,
    tcp_number,
    ways,
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


def prepared(declared: Town, vantage: str, seen_open: tuple[tuple[str, str], ...] = ()) -> Instruments:
    scope = scope_for_look(addresses=["192.0.2.1", "198.51.100.0/24"], authorized_by="Mme le maire")
    options = Options(resolvers=("127.0.0.1:53",), seen_open=seen_open)
    return set_up(declared, scope, options, now=NOW, vantage=vantage)


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
    assert list(map(str, canaries(declared, "outside"))) == ["203.0.113.8"]
    assert list(map(str, canaries(declared, "bureaux"))) == ["203.0.113.9"]
    assert canaries(declared, "accueil") == ()
    assert canaries(declared, "nulle-part") == ()


def test_a_vantage_may_have_a_canary_in_each_family() -> None:
    declared = replace(
        town(replace(OFFICE, other_canary="2001:db8::9"), outside_canary="203.0.113.8"),
        other_outside_canary="2001:db8::8",
    )
    assert list(map(str, canaries(declared, "outside"))) == ["203.0.113.8", "2001:db8::8"]
    assert list(map(str, canaries(declared, "bureaux"))) == ["203.0.113.9", "2001:db8::9"]


SCOPE = scope_for_look(addresses=["192.0.2.1"], authorized_by="Mme le maire")
FEW = AskedPorts(("tcp/22", "tcp/61000"), ("udp/161",))
STRANGER = "8.8.8.8"


def endpoints(declared: Town, vantage: str, ports: AskedPorts = FEW) -> list[Endpoint]:
    return list(canary_endpoints(declared, vantage, scope=SCOPE, ports=ports))


def test_the_canary_may_be_asked_what_the_controls_and_the_flows_need_and_no_more() -> None:
    usual = {*map(port_number, (*ESSENTIAL, *EGRESS_PORTS)), 22, 161, 61000}
    assert {endpoint.port for endpoint in endpoints(town(OFFICE, OUT), "bureaux")} == {993, *usual}
    outside = endpoints(town(OFFICE, OUT, BOX, outside_canary="203.0.113.8"), "outside")
    assert {endpoint.port for endpoint in outside} == {443, 8444, *usual}
    inwards = replace(OUT, target="accueil", ports=("tcp/61001",))
    assert 61001 in {endpoint.port for endpoint in endpoints(town(OFFICE, inwards), "bureaux")}
    assert endpoints(town(GUEST), "accueil") == []


def test_a_profile_cannot_have_a_strangers_machine_scanned_as_its_canary() -> None:
    many = AskedPorts(tuple(f"tcp/{number}" for number in range(1, 2000)), FEW.udp)
    theirs = replace(OFFICE, canary=STRANGER)
    flow = replace(OUT, ports=many.tcp)
    assert len(endpoints(town(theirs, flow), "bureaux", many)) == MAX_CANARY_PORTS
    assert Endpoint(ip_address(STRANGER), 161) in endpoints(town(theirs), "bureaux", many)
    assert len(endpoints(town(OFFICE), "bureaux", many)) > MAX_CANARY_PORTS


def test_the_ports_of_a_flow_are_the_usual_ones_and_the_allowed_ones() -> None:
    assert flow_ports(OUT, ("tcp/443", "tcp/22")) == ("tcp/443", "tcp/22", "tcp/993")
    assert flow_ports(replace(OUT, ports=("all",)), ("tcp/22",)) == ("tcp/22",)
    assert flow_ports(replace(OUT, ports=()), ("tcp/22",)) == ("tcp/22",)


def test_what_matters_most_is_asked_first_and_every_port_once() -> None:
    web = replace(BOX, services=(WEB, Service("tcp/443", "web", "any"), Service("udp/500", "vpn", "any")))
    watched = prepared(town(web), "outside", seen_open=((web.key, "tcp/61000"), ("host/autre", "tcp/61001")))
    ports = host_reach.asked_ports(web, watched)
    assert ports[:4] == ("tcp/8444", "tcp/443", "tcp/61000", ESSENTIAL[0])
    assert set(ports) == {*ports[:3], *USUAL}
    assert len(ports) == len(set(ports))
    assert host_reach.first_ports(web, watched) == ports[: len(host_reach.first_ports(web, watched))]


@pytest.mark.parametrize("declared", [BOX, replace(BOX, services=())])
def test_a_host_announces_its_addresses_its_ports_and_a_bound(declared: Host) -> None:
    watched = prepared(town(declared, outside_canary="203.0.113.8"), "outside")
    active, infrastructure = host_reach.announce(declared, watched)
    assert host_reach.announce(declared, prepared(town(declared), "outside")) == (active,)
    assert active.purpose is Purpose.ACTIVE
    assert "192.0.2.1, 2001:db8::1" in active.text
    assert (
        f"{french.count(len(host_reach.asked_ports(declared, watched)), 'port')} TCP au plus" in active.text
    )
    assert active.max_packets == 2 * len(host_reach.asked_ports(declared, watched)) * PACKETS_PER_PORT
    assert infrastructure.purpose is Purpose.INFRASTRUCTURE
    assert 0 < infrastructure.max_packets < active.max_packets


def test_a_flow_announces_both_of_its_ends_and_a_bound() -> None:
    here = prepared(town(OFFICE, GUEST, OUT), "bureaux")
    (outwards,) = flow_reach.announce(OUT, here)
    assert flow_reach.announce(OUT, prepared(town(OFFICE, GUEST, OUT), "accueil")) == ()
    assert outwards.purpose is Purpose.INFRASTRUCTURE
    assert "bureaux → outside" in outwards.text
    inwards, witness = flow_reach.announce(replace(OUT, target="accueil"), here)
    assert (inwards.purpose, witness.purpose) == (Purpose.ACTIVE, Purpose.INFRASTRUCTURE)
    assert all("au plus" in one.text and 0 < one.max_packets < 10_000 for one in (outwards, inwards, witness))


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
    assert port_number("udp/500") == 500
    assert Endpoint(TARGET, 443) == parse_endpoint("192.0.2.1:443")


def test_a_host_that_does_not_face_the_vantage_announces_nothing() -> None:
    assert host_reach.announce(SERVER, prepared(town(OFFICE, SERVER), "outside")) == ()


@pytest.mark.parametrize(
    ("services", "missing"),
    [
        (("tcp/443",), False),
        (("tcp/443", "tcp/993"), True),
        (("udp/500",), False),
        ((), False),
    ],
)
def test_a_declared_service_that_is_not_open_is_worth_a_second_look(
    services: tuple[str, ...], missing: bool
) -> None:
    declared = replace(BOX, services=tuple(Service(port, "web", "outside") for port in services))
    assert host_reach.expected_missing(declared, GOOD_HOST) is missing
    assert not host_reach.expected_missing(declared, FACELESS_HOST)


@pytest.mark.parametrize("text", ["usual", "all"])
def test_the_decoys_are_three_ports_that_matter_to_nobody(text: str) -> None:
    ports = read_ports(text).tcp
    decoys = _decoys(ports, first=len(ESSENTIAL))
    assert len(set(decoys)) == 3
    assert not set(decoys) & set(ESSENTIAL)
    assert all(61001 <= int(port.removeprefix("tcp/")) <= 65535 for port in decoys)


def test_without_a_port_to_spare_there_is_no_decoy() -> None:
    every = read_ports("1-65535").tcp
    assert _decoys(every, first=len(every)) == ()


NOT_SEEN = Unreachable(Reason.NO_CONTROL, GONE)
OPENED, CLOSED, QUIET = PortState.OPEN, PortState.CLOSED, PortState.SILENT


def seen(
    *states: PortState | Unreachable, decoys: PortState = PortState.SILENT, address: str = "192.0.2.1"
) -> HostReach:
    """One address, its ports numbered from 1."""
    ports = tuple(PortAnswer(f"tcp/{number}", state, "") for number, state in enumerate(states, start=1))
    traps = tuple(PortAnswer(f"tcp/6100{number}", decoys, "") for number in range(1, 4))
    reach = AddressReach(address, 4, ports, traps, Unreachable(Reason.NOT_COLLECTED))
    return HostReach("outside", (reach,), ())


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ((OPENED, CLOSED), (CLOSED, OPENED), (OPENED, OPENED)),
        ((OPENED, QUIET), (OPENED, CLOSED), (OPENED, CLOSED)),
        # Refused altogether after it had opened: a ban, and what it refuses is not closed.
        ((OPENED, NOT_SEEN), (CLOSED, CLOSED), (OPENED, NOT_SEEN)),
        ((OPENED, QUIET, CLOSED), (QUIET, QUIET, QUIET), (OPENED, QUIET, CLOSED)),
        ((QUIET, CLOSED), (CLOSED, QUIET), (CLOSED, CLOSED)),
    ],
)
def test_what_was_open_once_in_the_run_is_open_and_a_ban_closes_nothing(
    first: tuple[PortState, ...], second: tuple[PortState, ...], both: tuple[PortState, ...]
) -> None:
    (merged,) = host_reach.merge_looks(seen(*first), seen(*second)).addresses
    assert tuple(answer.state for answer in merged.ports) == both


@pytest.mark.parametrize(("first", "second"), [(OPENED, CLOSED), (CLOSED, OPENED), (OPENED, OPENED)])
def test_a_trap_in_one_of_two_looks_never_becomes_open_ports(first: PortState, second: PortState) -> None:
    looks = seen(OPENED, decoys=first), seen(OPENED, OPENED, decoys=second)
    assert all(reach.opens_everything for reach in host_reach.merge_looks(*looks).addresses)


def test_an_address_of_one_look_alone_stays() -> None:
    both = host_reach.merge_looks(seen(OPENED), seen(CLOSED, address="192.0.2.2"))
    assert [reach.address for reach in both.addresses] == ["192.0.2.2", "192.0.2.1"]


def test_a_second_look_asks_again_what_opened_to_tell_a_ban() -> None:
    ports = host_reach._again(("tcp/443",), seen(CLOSED, *(OPENED,) * 5))
    assert ports == ("tcp/443", "tcp/2", "tcp/3", "tcp/4")
    assert host_reach._again(("tcp/443",), seen(OPENED, decoys=OPENED)) == ("tcp/443",)


ADSL = Link("adsl", "adsl", (), LinkKind.XDSL, 0, "")
OTHER = Host("autre", "Autre", (), "outside", ("192.0.2.3",), (), "adsl", "", "")
ALONE = Host("seul", "Seul", (), "outside", ("192.0.2.4",), (), "", "", "")


def test_the_addresses_of_all_hosts_behind_a_link_are_one_line() -> None:
    declared = town(ADSL, BOX, OTHER, ALONE, outside_canary=STRANGER)
    line, alone = Way("link/adsl", 100.0), Way("host/seul", 100.0)
    assert ways(declared, "outside", scope=SCOPE) == {
        **{ip_address(address): line for address in (*BOX.addresses, "192.0.2.3")},
        ip_address("192.0.2.4"): alone,
        ip_address(STRANGER): Way(f"canari {STRANGER}", DEFAULT_RATE),
    }
    assert behind_one_line(BOX, declared, vantage="outside") == 3
    assert behind_one_line(ALONE, declared, vantage="outside") == 1
    assert most_behind_a_paced_line(declared, vantage="outside", every_line=False) == 3
    assert most_behind_a_paced_line(declared, vantage="bureaux", every_line=False) == 0
    assert most_behind_a_paced_line(declared, vantage="bureaux", every_line=True) == 3


def waits(declared: Town, *addresses: str, max_rate: float | None = None, port: int = 22) -> list[float]:
    """How long each knock in a row would have to wait; nothing is sent."""
    allowed = [address for address in addresses if address != STRANGER]
    scope = scope_for_look(addresses=allowed or ["192.0.2.1"], authorized_by="Mme le maire")
    network = set_up(
        declared, scope, Options(resolvers=("127.0.0.1:53",), max_rate=max_rate), now=NOW
    ).network
    purposes = (Purpose.INFRASTRUCTURE if each == STRANGER else Purpose.ACTIVE for each in addresses)
    turns = [
        network.turn(ip_address(address), port, purpose=purpose, rate=None)
        for address, purpose in zip(addresses, purposes, strict=True)
    ]
    assert all(isinstance(turn, Turn) for turn in turns)
    return [round(turn.wait, 2) for turn in turns if isinstance(turn, Turn)]


@pytest.mark.parametrize(
    ("kind", "max_rate", "expected"),
    [
        (LinkKind.XDSL, None, [0.0, 0.01, 0.02]),
        (LinkKind.XDSL, 10.0, [0.0, 0.1, 0.2]),
        (LinkKind.FTTO, 10.0, [0.0, 0.1, 0.2]),
        (LinkKind.FTTO, None, [0.0, 0.0, 0.0]),
    ],
)
def test_what_stands_behind_one_line_shares_its_pace(
    kind: LinkKind, max_rate: float | None, expected: list[float]
) -> None:
    declared = town(replace(ADSL, type=kind), BOX, OTHER)
    assert waits(declared, *BOX.addresses, "192.0.2.3", max_rate=max_rate) == pytest.approx(
        expected, abs=0.011
    )


def test_a_strangers_canary_is_asked_at_an_ordinary_pace_and_ours_freely() -> None:
    theirs = town(outside_canary=STRANGER)
    assert waits(theirs, STRANGER, STRANGER, STRANGER, port=443) == pytest.approx(
        [0.0, 0.01, 0.02], abs=0.011
    )
    assert waits(theirs, *[STRANGER] * 51, port=443)[-1] > 0.4

"""Addresses that nobody bears, and the ports asked between two networks."""

from dataclasses import replace
from datetime import UTC, date, datetime
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import Authorization, Flow, Host, Service, Town, Zone
from cyberaudit.facts.ports import ESSENTIAL, USUAL
from cyberaudit.probes import flow_reach
from cyberaudit.probes.flow_reach import MAX_PORTS, SEGMENT_PORTS, segment_ports
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.nobody import nobodys
from cyberaudit.probes.vantage import barely_asked
from cyberaudit.town.scope import Scope
from tests.unit import towns

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
LAN = Zone("lan", "Bureaux", (), ("192.0.2.128/26", "2001:db8:3::/64"), "", use="office")
GUEST = Zone("guest", "Wi-Fi", (), ("198.51.100.0/26",), "203.0.113.9", use="guest")
NAS = Host("nas", "NAS", (), "lan", ("192.0.2.130",), (Service("tcp/61000", "copies", "lan"),), "", "", "")
FLOW = Flow("f", "Du public aux bureaux", (), "guest", "lan", ())


def signed(*assets: Zone | Host | Flow, addresses: tuple[str, ...] = ("192.0.2.0/24",)) -> Town:
    town = towns.town(*assets)
    said = Authorization("H. Marchand", "maire", date(2026, 11, 2), date(2027, 11, 1), addresses, (), ())
    return replace(town, authorization=said)


def prepared(town: Town, *, ports: str = "usual", rules: tuple[str, ...] = ()) -> Instruments:
    networks = tuple(map(ip_network, ("192.0.2.0/24", "2001:db8:3::/64")))
    scope = Scope(networks, (), frozenset(), networks, "H. Marchand", None)
    options = Options(resolvers=("127.0.0.1:53",), ports=ports, connect_to=rules)
    return set_up(town, scope, options, now=NOW, vantage="guest")


@pytest.mark.parametrize(
    ("networks", "covered", "borne", "expected"),
    [
        # The last one but the router's, twice.
        (("192.0.2.128/26",), ("192.0.2.0/24",), (), ["192.0.2.189", "192.0.2.188"]),
        (("192.0.2.128/26",), ("192.0.2.0/24",), ("192.0.2.189",), ["192.0.2.188", "192.0.2.187"]),
        (("192.0.2.128/26",), ("192.0.2.128/27",), (), ["192.0.2.159", "192.0.2.158"]),
        (("192.0.2.0/24",), ("192.0.2.7", "192.0.2.9"), ("192.0.2.9",), ["192.0.2.7"]),
        (("192.0.2.0/24",), ("192.0.2.9",), ("192.0.2.9",), []),
        (("192.0.2.0/24",), ("198.51.100.0/24",), (), []),
        (("192.0.2.0/24",), (), (), []),
        (("192.0.2.0/30", "192.0.2.4/31", "192.0.2.8"), ("192.0.2.0/24",), (), []),
        (
            ("2001:db8:3::/64", "192.0.2.128/26"),
            ("2001:db8::/32", "192.0.2.0/24", "192.0.2.128/25"),
            (),
            [
                "192.0.2.189",
                "192.0.2.188",
                "2001:db8:3:0:ffff:ffff:ffff:fffd",
                "2001:db8:3:0:ffff:ffff:ffff:fffc",
            ],
        ),
    ],
)
def test_the_last_free_addresses_inside_what_was_signed(
    networks: tuple[str, ...], covered: tuple[str, ...], borne: tuple[str, ...], expected: list[str]
) -> None:
    zone = replace(LAN, networks=networks)
    town = signed(zone, replace(NAS, addresses=borne), addresses=covered)
    assert list(map(str, nobodys(town, zone))) == expected


def test_a_canary_and_an_unsigned_town_have_none() -> None:
    watched = replace(GUEST, canary="192.0.2.189")
    assert "192.0.2.189" not in set(map(str, nobodys(signed(LAN, watched), LAN)))
    assert nobodys(towns.town(LAN), LAN) == ()


@given(
    st.sampled_from(["192.0.2.0/24", "192.0.2.128/26", "192.0.2.16/29", "2001:db8:3::/64"]),
    st.sampled_from(["192.0.2.0/25", "192.0.2.0/24", "192.0.2.20/30", "2001:db8::/32"]),
    st.sets(st.integers(0, 255), max_size=80),
)
def test_none_is_borne_nor_out_of_the_scope(network: str, covered: str, taken: set[int]) -> None:
    borne = tuple(f"192.0.2.{number}" for number in sorted(taken))
    zone = replace(LAN, networks=(network,))
    found = nobodys(signed(zone, replace(NAS, addresses=borne), addresses=(covered,)), zone)
    assert len(found) <= 2
    assert all(one in ip_network(network) and one in ip_network(covered) for one in found)
    assert not {str(one) for one in found} & set(borne)


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ("usual", {*SEGMENT_PORTS, *ESSENTIAL, "tcp/61000"}),
        ("essential", {*SEGMENT_PORTS, *ESSENTIAL, "tcp/61000"}),
        ("7,9,udp/53", {*SEGMENT_PORTS, "tcp/7", "tcp/9", "tcp/61000"}),
    ],
)
def test_between_two_networks_what_is_declared_and_what_is_named_is_asked(
    ports: str, expected: set[str]
) -> None:
    assert set(segment_ports(FLOW, prepared(signed(LAN, GUEST, NAS, FLOW), ports=ports))) == expected


def test_every_port_is_too_many_between_two_networks() -> None:
    asked = segment_ports(FLOW, prepared(signed(LAN, GUEST, NAS, FLOW), ports="all"))
    assert len(asked) == MAX_PORTS
    assert set(asked) >= {*USUAL, "tcp/61000"}


def test_a_declared_service_of_udp_is_not_knocked_at() -> None:
    server = replace(NAS, services=(Service("udp/500", "vpn", "lan"),))
    assert "udp/500" not in segment_ports(FLOW, prepared(signed(LAN, GUEST, server, FLOW)))


def test_nobodys_addresses_are_announced_from_the_public_only() -> None:
    town = signed(LAN, GUEST, NAS, FLOW)
    told, _ = flow_reach.announce(FLOW, prepared(town))
    assert "que personne n'a" in told.text
    private = signed(LAN, replace(GUEST, use="servers"), NAS, FLOW)
    told_less, _ = flow_reach.announce(FLOW, prepared(private))
    assert "que personne n'a" not in told_less.text
    assert told_less.max_packets < told.max_packets
    led, _ = flow_reach.announce(FLOW, prepared(town, rules=("192.0.2.130:*=127.0.0.1:9",)))
    assert "que personne n'a" not in led.text


@pytest.mark.parametrize(
    ("canary", "covered", "expected"),
    [
        ("203.0.113.9", "192.0.2.0/24", []),
        ("93.184.216.34", "192.0.2.0/24", ["93.184.216.34"]),
        ("93.184.216.34", "93.184.216.34", []),
        ("", "192.0.2.0/24", []),
    ],
)
def test_a_public_canary_that_nobody_signed_for_is_barely_asked(
    canary: str, covered: str, expected: list[str]
) -> None:
    scope = Scope((ip_network(covered),), (), frozenset(), (), "H. Marchand", None)
    town = signed(replace(GUEST, canary=canary))
    assert barely_asked(town, "guest", scope=scope) == tuple(map(ip_address, expected))

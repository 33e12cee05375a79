"""Ports seen through a real firewall: each state is the right one, and the evidence names who refused."""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from cyberaudit.declared import (
    AnyAsset,
    Commune,
    Delivery,
    Flow,
    Host,
    Link,
    LinkKind,
    PlanChoices,
    Town,
    Zone,
)
from cyberaudit.facts.ports import USUAL
from cyberaudit.facts.reach import AddressReach, CanaryAnswer, FlowReach, HostReach, PortState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import flow_reach, host_reach
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.network import Network
from cyberaudit.probes.ports.knock import Knock
from cyberaudit.probes.ports.timing import Patience
from cyberaudit.probes.ports.volley import Volley
from cyberaudit.probes.vantage import standing_in
from cyberaudit.town.scope import scope_for_look
from tests.lab.network_lab import Lab, laboratory

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("ip"),
        reason="needs root, iproute2 and nftables",
    ),
]

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
V4, V6, DROPS, ABSENT, NOBODY = (
    "192.0.2.10", "2001:db8:2::10", "192.0.2.11", "192.0.2.77", "198.51.100.77"
)  # fmt: skip
CANARY = "203.0.113.9"
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
LINE = Link("fibre", "fibre", (), LinkKind.FTTO, 4, "")
SERVER = Host("serveur", "Serveur", (), "outside", (V4, V6), (), "fibre", "", "")
MUTE = replace(SERVER, id="muet", addresses=(DROPS,))
OFFICE = Zone("bureaux", "Bureaux", (), ("198.51.100.0/24", "2001:db8:1::/64"), CANARY)
DMZ = Zone("dmz", "DMZ", (), ("192.0.2.0/24",), "")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with laboratory(tmp_path_factory.mktemp("lab")) as made:
        yield made


def town(*assets: AnyAsset, canary: str = CANARY) -> Town:
    return Town(
        schema_version=1,
        commune=COMMUNE,
        scanned_by="",
        authorization=None,
        outside_canary=canary,
        assets=(COMMUNE, LINE, *assets),
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )


def prepared(declared: Town, vantage: str = "outside") -> Instruments:
    scope = scope_for_look(addresses=[V4, V6, DROPS, ABSENT, NOBODY], authorized_by="Mme le maire")
    options = Options(resolvers=("127.0.0.1:53",))
    return set_up(declared, scope, options, now=NOW, vantage=vantage)


async def host_from_outside(host: Host, canary: str = CANARY) -> HostReach:
    return await host_reach.look(host, prepared(town(host, canary=canary)))


def seen(reach: AddressReach, port: str) -> tuple[PortState | Unreachable, str]:
    answer = reach.answer(port)
    assert answer is not None
    return answer.state, answer.detail


def test_each_answer_of_a_firewall_is_told_apart_with_its_author(lab: Lab) -> None:
    facts = lab.from_scanner(host_from_outside(SERVER))
    four, six = facts.addresses
    for reach in (four, six):
        state, detail = seen(reach, "tcp/22")
        assert state is PortState.OPEN
        assert detail.startswith("syn-ack en ")
        assert seen(reach, "tcp/80") == (PortState.CLOSED, "rst")
        assert seen(reach, "tcp/3389") == (PortState.SILENT, "")
    assert seen(four, "tcp/23") == (PortState.REJECTED, "icmp 3/3 de 198.51.100.1")
    assert seen(four, "tcp/3306") == (PortState.REJECTED, "icmp 3/13 de 198.51.100.1")
    assert seen(four, "tcp/5432") == (PortState.CLOSED, "rst")
    assert seen(six, "tcp/23") == (PortState.REJECTED, "icmp 1/4 de 2001:db8:1::1")
    assert seen(six, "tcp/3306") == (PortState.REJECTED, "icmp 1/1 de 2001:db8:1::1")


def test_a_port_dropped_in_ipv4_and_open_in_ipv6_is_seen_as_such(lab: Lab) -> None:
    four, six = lab.from_scanner(host_from_outside(SERVER)).addresses
    assert seen(four, "tcp/445")[0] is PortState.SILENT
    assert seen(six, "tcp/445")[0] is PortState.OPEN


def test_every_port_is_right_again_and_again(lab: Lab) -> None:
    opened = {"tcp/22", "tcp/443"}
    for _ in range(3):
        four, _ = lab.from_scanner(host_from_outside(SERVER)).addresses
        states = {answer.port: answer.state for answer in four.ports}
        assert set(states) == set(USUAL)
        assert {port for port, state in states.items() if state is PortState.OPEN} == opened
        silent = {port for port, state in states.items() if state is PortState.SILENT}
        assert silent == {"tcp/445", "tcp/3389"}


def test_a_host_that_drops_everything_takes_less_than_three_seconds(lab: Lab) -> None:
    begun = time.monotonic()
    (reach,) = lab.from_scanner(host_from_outside(MUTE)).addresses
    assert time.monotonic() - begun < 3
    assert {answer.state for answer in reach.ports} == {PortState.SILENT}


def test_the_canary_says_which_ports_get_out(lab: Lab) -> None:
    facts = lab.from_scanner(host_from_outside(MUTE))
    assert set(facts.canaries) == {CanaryAnswer(4, port, reached=port != "tcp/135") for port in USUAL}


def test_the_canary_is_asked_only_what_was_held_back(lab: Lab) -> None:
    facts = lab.from_scanner(host_from_outside(SERVER))
    asked = {canary.port for canary in facts.canaries}
    assert asked == {"tcp/443", "tcp/23", "tcp/445", "tcp/3306", "tcp/3389"}


BAN = "ip daddr 192.0.2.10 tcp dport 1-65535 quota over 3000 bytes drop"
CUT = "quota over 3000 bytes drop"


@pytest.mark.parametrize("rule", [BAN, CUT])
def test_when_what_answered_falls_silent_on_the_way_no_silence_counts(lab: Lab, rule: str) -> None:
    with lab.line(rule):
        four, _ = lab.from_scanner(host_from_outside(SERVER)).addresses
    assert four.answered
    mute = {answer.state for answer in four.ports if answer.state not in (PortState.OPEN, PortState.CLOSED)}
    reasons = {state.reason for state in mute if isinstance(state, Unreachable)}
    assert PortState.SILENT not in mute
    assert reasons == {Reason.NO_CONTROL}


def test_when_the_cable_goes_out_on_the_way_the_canary_was_not_reached(lab: Lab) -> None:
    with lab.line("ip daddr 203.0.113.9 quota over 160 bytes drop"):
        facts = lab.from_scanner(host_from_outside(SERVER))
    assert facts.addresses[0].answered
    assert facts.canaries
    assert not any(canary.reached for canary in facts.canaries)


def test_without_canary_there_is_none_in_the_facts(lab: Lab) -> None:
    assert lab.from_scanner(host_from_outside(SERVER, canary="")).canaries == ()


def test_without_ipv6_here_ipv6_is_not_seen_at_all(lab: Lab) -> None:
    with lab.without_ipv6():
        four, six = lab.from_scanner(host_from_outside(SERVER)).addresses
    assert four.answered
    assert not six.answered
    reasons = {answer.state.reason for answer in six.ports if isinstance(answer.state, Unreachable)}
    assert reasons == {Reason.NO_ROUTE}
    assert all(isinstance(answer.state, Unreachable) for answer in six.ports)


def test_with_the_cable_out_nothing_answers(lab: Lab) -> None:
    with lab.unplugged():
        facts = lab.from_scanner(host_from_outside(SERVER))
    assert not any(reach.answered for reach in facts.addresses)
    assert not any(canary.reached for canary in facts.canaries)


async def one_knock(address: str) -> Knock:
    """Longer than a scan would wait: a router looks for a neighbour for three seconds."""
    scope = scope_for_look(addresses=[ABSENT, NOBODY], authorized_by="Mme le maire")
    heard: list[Knock] = []
    patience = Patience(most=8)
    volley = Volley(Network(scope), ip_address(address), purpose=Purpose.ACTIVE, rate=None, patience=patience)
    await volley.ask("tcp/22", lambda _, knock: heard.append(knock))
    await volley.drained()
    volley.close()
    return heard[0]


@pytest.mark.parametrize(
    ("address", "detail"),
    [(ABSENT, "icmp 3/1 de 198.51.100.1"), (NOBODY, "aucune machine à cette adresse")],
)
def test_a_machine_that_is_not_there_is_silent_and_not_closed(lab: Lab, address: str, detail: str) -> None:
    assert lab.from_scanner(one_knock(address)) == Knock(PortState.SILENT, detail)


def test_a_router_that_knows_no_way_says_nothing_of_the_host(lab: Lab) -> None:
    lab.must(lab.router, "ip", "route", "del", "192.0.2.0/24")
    try:
        knock = lab.from_scanner(one_knock(ABSENT))
    finally:
        lab.must(lab.router, "ip", "route", "add", "192.0.2.0/24", "dev", "to-target")
    assert knock.state == Unreachable(Reason.NO_ROUTE, "icmp 3/0 de 198.51.100.1")


def test_our_own_firewall_is_not_the_hosts(lab: Lab, tmp_path: Path) -> None:
    rules = tmp_path / "own.nft"
    rules.write_text(
        "table inet own { chain out { type filter hook output priority 0; tcp dport 443 reject; }; }\n",
        encoding="utf-8",
    )
    lab.must(lab.scanner, "nft", "-f", str(rules))
    try:
        four, six = lab.from_scanner(host_from_outside(SERVER)).addresses
    finally:
        lab.must(lab.scanner, "nft", "delete", "table", "inet", "own")
    for reach in (four, six):
        state, _ = seen(reach, "tcp/443")
        assert isinstance(state, Unreachable)
        assert state.reason is Reason.PERMISSION_DENIED


async def flow_from_office(flow: Flow, canary: str = CANARY) -> FlowReach | Unreachable:
    declared = town(replace(OFFICE, canary=canary), DMZ, replace(SERVER, zone="dmz"), flow)
    return await flow_reach.look(flow, prepared(declared, "bureaux"))


def test_what_passes_between_two_zones_is_seen_from_the_first(lab: Lab) -> None:
    facts = lab.from_scanner(flow_from_office(Flow("f", "f", (), "bureaux", "dmz", ("tcp/993",))))
    assert isinstance(facts, FlowReach)
    four, six = (target.reach for target in facts.targets)
    assert [target.host for target in facts.targets] == ["serveur", "serveur"]
    assert seen(four, "tcp/443")[0] is PortState.OPEN
    assert seen(four, "tcp/993") == (PortState.CLOSED, "rst")
    assert (seen(four, "tcp/445")[0], seen(six, "tcp/445")[0]) == (PortState.SILENT, PortState.OPEN)
    assert CanaryAnswer(4, "tcp/445", reached=True) in facts.canaries


def test_what_gets_out_of_a_zone_is_tried_on_its_canary(lab: Lab) -> None:
    facts = lab.from_scanner(flow_from_office(Flow("f", "f", (), "bureaux", "outside", ())))
    assert isinstance(facts, FlowReach)
    (target,) = facts.targets
    assert (target.host, target.reach.address) == ("canary", CANARY)
    assert seen(target.reach, "tcp/22")[0] is PortState.OPEN
    assert seen(target.reach, "tcp/54321") == (PortState.CLOSED, "rst")
    assert seen(target.reach, "tcp/135") == (PortState.SILENT, "")


async def where(declared: Town) -> tuple[str, ...]:
    return standing_in(declared)


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        ((OFFICE, DMZ), ("bureaux",)),
        ((replace(OFFICE, networks=("2001:db8:1::/64",)),), ("bureaux",)),
        ((DMZ,), ()),
        ((OFFICE, replace(DMZ, networks=("198.51.100.2",))), ("bureaux", DMZ.id)),
        ((replace(DMZ, networks=("127.0.0.0/8", "203.0.113.0/24")),), ()),
        ((), ()),
    ],
)
def test_the_machine_knows_in_which_zone_it_stands(
    lab: Lab, zones: tuple[Zone, ...], expected: tuple[str, ...]
) -> None:
    assert lab.from_scanner(where(town(*zones))) == expected

"""Knocking at real ports of this machine, through --connect-to: open, closed, refused by the guard, out of time."""

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from cyberaudit.declared import (
    AnyAsset,
    Commune,
    Delivery,
    Flow,
    Host,
    PlanChoices,
    Service,
    Town,
    Zone,
)
from cyberaudit.engine.audit import audit
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.observe import Limits
from cyberaudit.facts.ports import ESSENTIAL
from cyberaudit.facts.reach import CanaryAnswer, FlowReach, HostReach, PortState
from cyberaudit.model import Reason, Status, Unreachable
from cyberaudit.probes import flow_reach, host_reach
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.flow_reach import MAX_ADDRESSES, SEGMENT_PORTS
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.network import Network, own_address_towards
from cyberaudit.probes.ports import sweep
from cyberaudit.probes.ports.knock import Knock
from cyberaudit.probes.ports.sweep import Manner
from cyberaudit.probes.ports.timing import Patience
from cyberaudit.probes.ports.volley import Volley
from cyberaudit.probes.vantage import standing_in
from cyberaudit.town.scope import scope_for_look

pytestmark = pytest.mark.loopback

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
BOX = Host("box", "Box", (), "outside", ("192.0.2.1",), (Service("tcp/8444", "web", "any"),), "", "", "")
SERVER = Host("serveur", "Serveur", (), "bureaux", ("198.51.100.10",), (), "", "", "")
OFFICE = Zone("bureaux", "Bureaux", (), ("198.51.100.0/25",), "")
GUEST = Zone("accueil", "Wi-Fi", (), ("198.51.100.128/25",), "203.0.113.9")
SCOPE = scope_for_look(
    addresses=["192.0.2.1", "198.51.100.0/24", "127.0.0.1", "::1"], authorized_by="Mme le maire"
)
HERE = ip_address("127.0.0.1")


async def knock(network: Network, address: IpAddress, *ports: int, patience: float = 1) -> list[Knock]:
    """What each port answers to one attempt."""
    heard: dict[str, Knock] = {}
    volley = Volley(network, address, purpose=Purpose.ACTIVE, rate=None, patience=Patience(most=patience))
    for port in ports:
        await volley.ask(f"tcp/{port}", heard.__setitem__)
    await volley.drained()
    volley.close()
    return [heard[f"tcp/{port}"] for port in ports]


@pytest.fixture
def opened() -> Iterator[int]:
    """A port of 127.0.0.1 that accepts."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def prepared(
    *assets: AnyAsset, rules: tuple[str, ...] = (), vantage: str = "outside", max_rate: float | None = None
) -> Instruments:
    declared = Town(
        schema_version=1,
        commune=COMMUNE,
        scanned_by="",
        authorization=None,
        outside_canary="203.0.113.9",
        assets=(COMMUNE, *assets),
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )
    options = Options(resolvers=("127.0.0.1:53",), connect_to=rules, max_rate=max_rate)
    return set_up(declared, SCOPE, options, now=NOW, vantage=vantage)


def states(reach: object) -> dict[str, object]:
    assert isinstance(reach, HostReach)
    (address,) = reach.addresses
    return {answer.port: answer.state for answer in address.ports}


def test_open_and_closed_are_told_apart_and_reported_where_they_were_meant(opened: int, closed: int) -> None:
    rules = (
        f"192.0.2.1:3389=127.0.0.1:{opened}",
        f"192.0.2.1:*=127.0.0.1:{closed}",
        f"203.0.113.9:445=127.0.0.1:{opened}",
        f"203.0.113.9:*=127.0.0.1:{closed}",
    )
    instruments = prepared(BOX, rules=rules)
    facts = asyncio.run(host_reach.look(BOX, instruments))
    found = states(facts)
    assert {port for port, state in found.items() if state is PortState.OPEN} == {"tcp/3389"}
    assert set(found.values()) == {PortState.OPEN, PortState.CLOSED}
    assert facts.addresses[0].address == "192.0.2.1"
    assert facts.canaries == (CanaryAnswer(4, "tcp/443", reached=True),)
    assert instruments.network.opened[Purpose.ACTIVE, "192.0.2.1", 8444] == 1


def test_a_whole_host_of_closed_ports_takes_a_blink(closed: int) -> None:
    instruments = prepared(
        BOX, rules=(f"192.0.2.1:*=127.0.0.1:{closed}", f"203.0.113.9:*=127.0.0.1:{closed}")
    )
    begun = time.monotonic()
    asyncio.run(host_reach.look(BOX, instruments))
    assert time.monotonic() - begun < 1


def test_nothing_is_sent_to_a_host_that_does_not_face_the_vantage() -> None:
    instruments = prepared(SERVER, OFFICE)
    facts = asyncio.run(host_reach.look(SERVER, instruments))
    assert facts == HostReach("outside", (), ())
    assert not instruments.network.opened


def test_an_address_that_nobody_signed_for_is_not_touched(opened: int) -> None:
    async def scenario() -> None:
        network = Network(scope_for_look(addresses=["192.0.2.1"], authorized_by="Mme le maire"))
        (answer,) = await knock(network, HERE, opened)
        assert isinstance(answer.state, Unreachable)
        assert answer.state.reason is Reason.NOT_AUTHORIZED
        assert not network.opened

    asyncio.run(scenario())


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_both_families_answer_with_a_round_trip(address: str) -> None:
    async def scenario(port: int) -> None:
        network = Network(SCOPE)
        here = ip_address(address)
        (answer,) = await knock(network, here, port)
        assert answer.state is PortState.OPEN
        assert answer.seconds is not None
        server.close()
        (answer,) = await knock(network, here, port)
        assert answer.state is PortState.CLOSED

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        asyncio.run(scenario(server.getsockname()[1]))


def test_a_knock_leaves_no_byte_and_is_closed_at_once(opened: int) -> None:
    async def scenario(server: socket.socket) -> bytes | None:
        await knock(Network(SCOPE), HERE, server.getsockname()[1])
        connection, _ = server.accept()
        with connection:
            try:
                return connection.recv(1)
            except ConnectionResetError:
                return None

    with socket.create_server(("127.0.0.1", 0)) as server:
        assert asyncio.run(scenario(server)) is None


def test_an_answer_that_comes_while_the_program_is_busy_is_not_lost(opened: int, closed: int) -> None:
    async def scenario() -> list[object]:
        asyncio.get_running_loop().call_soon(time.sleep, 0.2)
        return [answer.state for answer in await knock(Network(SCOPE), HERE, opened, closed, patience=0.02)]

    assert asyncio.run(scenario()) == [PortState.OPEN, PortState.CLOSED]


def test_the_pace_asked_for_is_kept(closed: int) -> None:
    async def scenario() -> float:
        network = Network(SCOPE, max_rate=50)
        manner = Manner(Purpose.ACTIVE, rate=None)
        begun = time.monotonic()
        await sweep.sweep(network, (HERE,), [f"tcp/{closed}", "tcp/1", "tcp/2", "tcp/3", "tcp/4"], manner)
        return time.monotonic() - begun

    assert asyncio.run(scenario()) >= 0.075


def test_what_time_does_not_allow_is_neither_open_nor_closed(closed: int) -> None:
    async def scenario() -> None:
        manner = Manner(Purpose.ACTIVE, rate=None, seconds=0)
        (reach,) = await sweep.sweep(Network(SCOPE), (HERE,), [f"tcp/{closed}", "udp/500"], manner)
        late, other = (answer.state for answer in reach.ports)
        assert late == other == Unreachable(Reason.DEADLINE)
        assert not reach.answered

    asyncio.run(scenario())


def test_a_port_that_is_not_tcp_is_none_of_ours(closed: int) -> None:
    async def scenario() -> None:
        manner = Manner(Purpose.ACTIVE, rate=None)
        (reach,) = await sweep.sweep(Network(SCOPE), (HERE,), [f"tcp/{closed}", "udp/500"], manner)
        assert [answer.state for answer in reach.ports] == [PortState.CLOSED, Unreachable(Reason.NO_PROBE)]

    asyncio.run(scenario())


def test_between_zones_the_allowed_and_the_dangerous_ports_are_tried(opened: int, closed: int) -> None:
    rules = (
        f"198.51.100.10:445=127.0.0.1:{opened}",
        f"198.51.100.10:*=127.0.0.1:{closed}",
        f"203.0.113.9:*=127.0.0.1:{closed}",
    )
    flow = Flow("f", "f", (), "accueil", "bureaux", ("tcp/631",))
    instruments = prepared(OFFICE, GUEST, SERVER, flow, rules=rules, vantage="accueil")
    facts = asyncio.run(flow_reach.look(flow, instruments))
    assert isinstance(facts, FlowReach)
    (target,) = facts.targets
    assert {answer.port for answer in target.reach.ports if answer.state is PortState.OPEN} == {"tcp/445"}
    asked = {answer.port for answer in target.reach.ports}
    assert asked == {*SEGMENT_PORTS, *ESSENTIAL, "tcp/631"}
    assert facts.canaries == (CanaryAnswer(4, "tcp/443", reached=True),)


def test_towards_outside_the_canary_is_the_target(opened: int, closed: int) -> None:
    rules = (f"203.0.113.9:25=127.0.0.1:{opened}", f"203.0.113.9:*=127.0.0.1:{closed}")
    flow = Flow("f", "f", (), "accueil", "outside", ("all",))
    instruments = prepared(GUEST, flow, rules=rules, vantage="accueil")
    facts = asyncio.run(flow_reach.look(flow, instruments))
    assert isinstance(facts, FlowReach)
    (target,) = facts.targets
    assert (target.host, facts.canaries) == ("canary", ())
    assert {answer.port for answer in target.reach.ports if answer.state is PortState.OPEN} == {"tcp/25"}


def test_over_the_bound_addresses_are_left_out_and_said_to_be(closed: int) -> None:
    addresses = tuple(f"198.51.100.{number}" for number in range(1, MAX_ADDRESSES + 3))
    many = replace(SERVER, addresses=addresses)
    more = replace(SERVER, id="autre")
    rules = (
        *(f"{address}:*=127.0.0.1:{closed}" for address in addresses),
        f"203.0.113.9:*=127.0.0.1:{closed}",
    )
    flow = Flow("f", "f", (), "accueil", "bureaux", ())
    instruments = prepared(OFFICE, GUEST, many, more, flow, rules=rules, vantage="accueil")
    facts = asyncio.run(flow_reach.look(flow, instruments))
    assert isinstance(facts, FlowReach)
    left_out = [target for target in facts.targets if not target.reach.answered]
    assert [target.host for target in left_out] == ["serveur", "serveur", "autre"]
    spent = Unreachable(Reason.BUDGET_SPENT)
    assert {answer.state for target in left_out for answer in target.reach.ports} == {spent}


def test_the_routing_table_is_asked_and_nothing_is_sent() -> None:
    assert own_address_towards(ip_address("127.0.0.9")) == HERE
    assert own_address_towards(ip_address("::1")) == ip_address("::1")
    assert own_address_towards(ip_address("255.255.255.255")) is None


@pytest.mark.parametrize("networks", [("127.0.0.0/8",), ("::1/128",), ("240.0.0.0/28",), ()])
def test_a_machine_that_stands_nowhere_declared_says_so(networks: tuple[str, ...]) -> None:
    assert standing_in(prepared(replace(OFFICE, networks=networks)).town) == ()


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_dangerous_port_seen_before_the_scan_was_cut_short_is_told(
    opened: int, closed: int, by_hand: bool
) -> None:
    rules = (
        f"192.0.2.1:3389=127.0.0.1:{opened}",
        f"192.0.2.1:*=127.0.0.1:{closed}",
        f"203.0.113.9:*=127.0.0.1:{closed}",
    )
    slow = prepared(BOX, rules=rules, max_rate=40)
    every = load_catalogue()
    few = replace(every, checks=tuple(each for each in every.checks if each.id == "firewall.remote-desktop"))
    if by_hand:
        stop = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
        stop.start()
    seconds = 60.0 if by_hand else 1.5
    made = audit(
        slow.town, few, slow, vantage="outside", started_at=NOW, limits=Limits(probe=seconds, scan=seconds)
    )
    (finding,) = made.findings
    assert finding.verdict.status is Status.FAIL
    assert made.partial is by_hand
    (observation,) = (each for each in made.observations if each.kind == HostReach.KIND)
    left = Reason.INTERRUPTED if by_hand else Reason.DEADLINE
    found = states(observation.facts)
    assert {port for port, state in found.items() if state is PortState.OPEN} == {"tcp/3389"}
    assert {state for state in found.values() if state is not PortState.OPEN} == {Unreachable(left)}

"""Knocking at real ports of this machine, through --connect-to: open, closed, refused by the guard, out of time."""

import asyncio
import socket
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
from cyberaudit.facts.reach import CanaryAnswer, FlowReach, HostReach, PortState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import flow_reach, host_reach, sweep
from cyberaudit.probes.flow_reach import MAX_ADDRESSES
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.network import Network, own_address_towards
from cyberaudit.probes.sweep import Manner
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


def prepared(*assets: AnyAsset, rules: tuple[str, ...] = (), vantage: str = "outside") -> Instruments:
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
    options = Options(resolvers=("127.0.0.1:53",), connect_to=rules)
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
    assert CanaryAnswer(4, "tcp/445", reached=True) in facts.canaries
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
        knock = await network.knock(HERE, opened, purpose=Purpose.ACTIVE, within=1)
        assert isinstance(knock.state, Unreachable)
        assert knock.state.reason is Reason.NOT_AUTHORIZED
        assert not network.opened

    asyncio.run(scenario())


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_both_families_answer_with_a_round_trip(address: str) -> None:
    async def scenario(port: int) -> None:
        network = Network(SCOPE)
        here = ip_address(address)
        knock = await network.knock(here, port, purpose=Purpose.ACTIVE, within=1)
        assert knock.state is PortState.OPEN
        assert knock.seconds is not None
        server.close()
        assert (await network.knock(here, port, purpose=Purpose.ACTIVE, within=1)).state is PortState.CLOSED

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        asyncio.run(scenario(server.getsockname()[1]))


def test_a_knock_leaves_no_byte_and_is_closed_at_once(opened: int) -> None:
    async def scenario(server: socket.socket) -> bytes | None:
        await Network(SCOPE).knock(HERE, server.getsockname()[1], purpose=Purpose.ACTIVE, within=1)
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
        network = Network(SCOPE)
        asyncio.get_running_loop().call_later(0.001, time.sleep, 0.2)
        knocks = (
            network.knock(HERE, port, purpose=Purpose.ACTIVE, within=0.02) for port in (opened, closed) * 20
        )
        return [knock.state for knock in await asyncio.gather(*knocks)]

    assert asyncio.run(scenario()) == [PortState.OPEN, PortState.CLOSED] * 20


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
        assert late == Unreachable(Reason.DEADLINE)
        assert other == Unreachable(Reason.NO_PROBE)
        assert not reach.answered

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
    assert target.reach.answer("tcp/631") is not None
    assert target.reach.answer("tcp/25") is None
    assert CanaryAnswer(4, "tcp/135", reached=True) in facts.canaries


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

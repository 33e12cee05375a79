"""Lines and machines that answer badly: every port is right or said to be unstable, and the cause is found."""

import asyncio
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cyberaudit.declared import Commune, Delivery, Host, Link, LinkKind, PlanChoices, Town
from cyberaudit.facts.reach import AddressReach, HostReach, Line, PortState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import host_filter, host_reach, host_services, host_udp
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.town.scope import scope_for_look
from tests.lab import lab_hosts as hosts
from tests.lab.lab_hosts import Answer, LabHost
from tests.lab.network_lab import enter_namespace
from tests.lab.town_lab import CANARY, CANARY_V6, TownLab, town_laboratory

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("ip"),
        reason="needs root, iproute2 and nftables",
    ),
]

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
FIBRE = Link("ligne", "ligne", (), LinkKind.FTTO, 4, "")
STATES = {
    Answer.OPEN: PortState.OPEN,
    Answer.RST: PortState.CLOSED,
    Answer.DROP: PortState.SILENT,
    Answer.ADMIN: PortState.REJECTED,
    Answer.UNREACHABLE: PortState.REJECTED,
}
A_FEW_HUNDRED = "20-319"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TownLab]:
    with town_laboratory(tmp_path_factory.mktemp("lab")) as made:
        yield made


def prepared(
    *addresses: str,
    ports: str = A_FEW_HUNDRED,
    link: LinkKind = LinkKind.FTTO,
    max_rate: float | None = None,
) -> tuple[Host, Instruments]:
    host = Host("h", "Machine", (), "outside", addresses, (), "ligne", "", "")
    town = Town(
        schema_version=1,
        commune=COMMUNE,
        scanned_by="",
        authorization=None,
        outside_canary=CANARY,
        other_outside_canary=CANARY_V6,
        assets=(COMMUNE, replace(FIBRE, type=link), host),
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )
    scope = scope_for_look(addresses=addresses, authorized_by="Mme le maire")
    options = Options(resolvers=("127.0.0.1:53",), ports=ports, max_rate=max_rate)
    return host, set_up(town, scope, options, now=NOW)


def watched(lab: TownLab, host: Host, instruments: Instruments) -> HostReach:
    return lab.inside("outside", host_reach.look(host, instruments))


def look(
    lab: TownLab,
    *addresses: str,
    ports: str = A_FEW_HUNDRED,
    link: LinkKind = LinkKind.FTTO,
    max_rate: float | None = None,
) -> tuple[AddressReach, ...]:
    return watched(lab, *prepared(*addresses, ports=ports, link=link, max_rate=max_rate)).addresses


def line(reach: AddressReach) -> Line:
    assert isinstance(reach.line, Line)
    return reach.line


def wrong(reach: AddressReach, host: LabHost, *, but: PortState | None = None) -> dict[str, object]:
    """The ports whose state is not the true one, nor `but`."""
    return {
        answer.port: answer.state
        for answer in reach.ports
        if answer.state is not but
        and answer.state is not STATES[host.truth(int(answer.port[4:]), family=reach.family)]
    }


def exact_look(lab: TownLab, host: LabHost) -> AddressReach:
    """The first of three looks with every port right: a busy machine loses answers of its own. None may be wrong."""
    for _ in range(3):
        (reach,) = look(lab, host.v4)
        assert wrong(reach, host, but=PortState.UNSTABLE) == {}
        if wrong(reach, host) == {}:
            return reach
    pytest.fail(f"{host.name}: three looks, and ports unstable in each")


@pytest.mark.parametrize(
    "host", [hosts.LOSES_2, hosts.LOSES_20, hosts.LOSES_BOTH_WAYS, hosts.LOSES_AND_DROPS]
)
def test_a_line_that_loses_answers_costs_time_and_no_port(lab: TownLab, host: LabHost) -> None:
    reach = exact_look(lab, host)
    assert len(reach.ports) == 300
    assert line(reach).answers_per_second is None


def test_the_share_that_gets_lost_is_measured(lab: TownLab) -> None:
    (reach,) = look(lab, hosts.LOSES_20.v4)
    assert 8 < line(reach).loss < 35


def test_a_limit_on_refusals_is_found_and_every_port_still_told(lab: TownLab) -> None:
    looks = (exact_look(lab, hosts.SILENT_RST_LIMITED) for _ in range(3))
    assert any(35 < (line(reach).answers_per_second or 0) < 65 for reach in looks)


def test_when_the_limit_leaves_no_time_what_matters_most_is_settled_and_the_rest_unstable(
    lab: TownLab,
) -> None:
    slow = f"ip saddr {hosts.ANSWERS.v4} tcp flags & rst == rst limit rate over 4/second burst 5 packets drop"
    with lab.filtering(slow):
        (reach,) = look(lab, hosts.ANSWERS.v4, ports="22,23,445,3389,1000-1299")
    assert wrong(reach, hosts.ANSWERS, but=PortState.UNSTABLE) == {}
    unstable = [answer for answer in reach.ports if answer.state is PortState.UNSTABLE]
    assert len(unstable) > 100
    assert {"tcp/22", "tcp/23", "tcp/445", "tcp/3389"}.isdisjoint(answer.port for answer in unstable)
    assert all(answer.detail.startswith("réponses limitées à environ ") for answer in unstable)
    assert line(reach).milliseconds < 40_000


def test_where_every_port_opens_few_are_asked_and_none_is_believed(lab: TownLab) -> None:
    (reach,) = look(lab, hosts.OPENS_EVERYTHING.v4, ports="22,3389,1000-1299")
    assert reach.opens_everything
    states = {answer.port: answer.state for answer in reach.ports}
    assert states["tcp/22"] is PortState.OPEN
    assert states["tcp/1299"] == Unreachable(Reason.OPENS_EVERYTHING)
    assert line(reach).asked < 50


def test_a_host_that_drops_everything_is_silent_in_two_seconds(lab: TownLab) -> None:
    (reach,) = look(lab, hosts.DROPS_ALL.v4, ports="1-1000")
    assert {answer.state for answer in reach.ports} == {PortState.SILENT}
    assert line(reach).round_trip is None
    assert line(reach).milliseconds < 3000


def test_a_host_that_bans_us_on_the_way_is_left_alone_and_no_silence_counts(lab: TownLab) -> None:
    with lab.filtering(
        f"ip daddr {hosts.DEFAULT_DROP.v4} tcp flags syn quota over 18000 bytes drop", hook="prerouting"
    ):
        begun = time.monotonic()
        (reach,) = look(lab, hosts.DEFAULT_DROP.v4, ports="22,1000-2499", max_rate=200)
    assert reach.answered
    lost = {answer.state for answer in reach.ports if answer.state is not PortState.OPEN}
    assert {state.reason for state in lost if isinstance(state, Unreachable)} == {Reason.NO_CONTROL}
    assert PortState.SILENT not in lost
    assert time.monotonic() - begun < 12
    assert line(reach).asked < 1200


@pytest.mark.parametrize(
    ("link", "max_rate", "rate", "addresses"),
    [
        (LinkKind.FTTO, 50.0, 50.0, (hosts.DROPS_ALL.v4,)),
        (LinkKind.XDSL, None, 100.0, (hosts.DROPS_ALL.v4, hosts.DROPS_ALL.v6)),
    ],
)
def test_the_pace_holds_for_the_whole_host_by_the_kernels_own_count(
    lab: TownLab, link: LinkKind, max_rate: float | None, rate: float, addresses: tuple[str, ...]
) -> None:
    begun = time.monotonic()
    theirs = f"ip6 daddr {hosts.DROPS_ALL.v6} accept", f"ip daddr {hosts.DROPS_ALL.v4} accept"
    allowed = tuple(rule.removesuffix(" accept") for rule in theirs)
    with lab.counting("outside", f"ip daddr != {CANARY}", *allowed, f"ip6 daddr {CANARY_V6}") as counted:
        reaches = look(lab, *addresses, ports="1000-1059", link=link, max_rate=max_rate)
    seconds = time.monotonic() - begun
    asked = sum(line(reach).asked for reach in reaches)
    assert asked == (4 * 60 + 2 * 3) * len(addresses)
    assert counted[0] == 0
    assert asked <= rate * seconds + 1


def test_a_firewall_that_says_no_once_a_second_opens_nothing_that_it_leaves_unsaid(lab: TownLab) -> None:
    # As Linux does by default (net.ipv4.icmp_ratelimit, one a second after a burst of six).
    with lab.filtering(
        "icmp type destination-unreachable limit rate over 1/second burst 6 packets drop", hook="output"
    ):
        (reach,) = look(lab, hosts.REFUSES.v4, ports="80,443,1000-1199")
    assert wrong(reach, hosts.REFUSES, but=PortState.UNSTABLE) == {}
    assert sum(answer.state is PortState.UNSTABLE for answer in reach.ports) > 100
    assert line(reach).only_refusals


def test_a_limit_that_holds_back_openings_too_is_not_taken_for_a_limit_on_refusals(lab: TownLab) -> None:
    slow = f"ip daddr {hosts.ANSWERS.v4} tcp flags syn limit rate over 5/second burst 20 packets drop"
    with lab.filtering(slow):
        (reach,) = look(lab, hosts.ANSWERS.v4, ports="22,80,443,1000-1299")
    assert wrong(reach, hosts.ANSWERS, but=PortState.UNSTABLE) == {}
    assert any(answer.state is PortState.UNSTABLE for answer in reach.ports)
    assert not line(reach).only_refusals


@pytest.mark.parametrize("refusal", ["reject with tcp reset", "reject with icmpx type admin-prohibited"])
def test_a_ban_that_refuses_is_not_read_as_closed_ports(lab: TownLab, refusal: str) -> None:
    ban = f"ip daddr {hosts.ANSWERS.v4} tcp flags & (syn | ack) == syn quota over 3000 bytes {refusal}"
    with lab.filtering(ban):
        (reach,) = look(lab, hosts.ANSWERS.v4, ports="22,443,1000-1199,3389")
    states = {answer.port: answer.state for answer in reach.ports}
    assert states.pop("tcp/22") is PortState.OPEN
    assert states.pop("tcp/443") is PortState.OPEN
    assert {state.reason for state in states.values() if isinstance(state, Unreachable)} == {
        Reason.NO_CONTROL
    }
    assert not any(isinstance(state, PortState) for state in states.values())


def test_where_nothing_answers_what_matters_most_is_asked_four_times(lab: TownLab) -> None:
    begun = time.monotonic()
    (reach,) = look(lab, hosts.DROPS_ALL.v4, ports="22,3389,40000-40099")
    assert line(reach).asked == 2 * (3 + 102) + 2 * 2
    assert time.monotonic() - begun < 4


def test_a_line_that_is_out_only_while_somebody_looks_proves_nothing(lab: TownLab) -> None:
    host, instruments = prepared(hosts.DROPS_ALL.v4, ports="1000-1299", link=LinkKind.XDSL)

    def cut() -> None:
        time.sleep(1.5)
        with lab.filtering(f"ip daddr {CANARY} drop", f"ip daddr {hosts.DROPS_ALL.v4} drop"):
            time.sleep(3)

    cutting = threading.Thread(target=cut)
    cutting.start()
    facts = watched(lab, host, instruments)
    cutting.join()
    assert {answer.state for reach in facts.addresses for answer in reach.ports} == {PortState.SILENT}
    assert {answer.reached for answer in facts.canaries if answer.family == 4} == {False}
    assert len(facts.canaries) > 300


@contextmanager
def leaving(lab: TownLab) -> Iterator[list[tuple[float, bytes]]]:
    """When each packet left the scanner's network card, and the packet."""
    heard: list[tuple[float, bytes]] = []
    ready, over = threading.Event(), threading.Event()

    def listen() -> None:
        enter_namespace(lab.namespace("outside"))
        with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)) as sock:
            sock.settimeout(0.2)
            ready.set()
            while not over.is_set():
                with suppress(TimeoutError):
                    packet, place = sock.recvfrom(128)
                    if place[2] == socket.PACKET_OUTGOING:
                        heard.append((time.monotonic(), packet))

    listening = threading.Thread(target=listen)
    listening.start()
    ready.wait(5)
    try:
        yield heard
    finally:
        over.set()
        listening.join()


def begins_something(packet: bytes, *targets: str) -> bool:
    """An opening of TCP, or a datagram, to one of the targets."""
    six = packet[0] >> 4 == 6
    family, places, protocol, start = (
        (socket.AF_INET6, packet[24:40], packet[6], 40)
        if six
        else (socket.AF_INET, packet[16:20], packet[9], 20)
    )
    if socket.inet_ntop(family, places) not in targets:
        return False
    return protocol == socket.IPPROTO_UDP or (
        protocol == socket.IPPROTO_TCP and packet[start + 13] & 0x12 == 2
    )


def test_all_the_probes_of_all_the_addresses_behind_a_line_share_its_pace(lab: TownLab) -> None:
    targets = hosts.EACH_ANSWER.v4, hosts.EACH_ANSWER.v6
    host, instruments = prepared(
        *targets, ports="22,80,443,445,631,1000-1059,udp/53,udp/123,udp/161", link=LinkKind.XDSL, max_rate=50
    )

    async def everything() -> None:
        looks = (
            probe.look(host, instruments) for probe in (host_reach, host_services, host_udp, host_filter)
        )
        with suppress(TimeoutError):
            async with asyncio.timeout(15):
                await asyncio.gather(*looks)

    with leaving(lab) as heard:
        lab.inside("outside", everything())
    times = [when for when, packet in heard if begins_something(packet, *targets)]
    assert len(times) > 120
    assert max(sum(start <= when < start + 1 for when in times) for start in times) <= 60

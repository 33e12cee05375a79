"""A whole town behind a router, scanned by the real program from the Internet and from the guests' network."""

import asyncio
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab import real_servers
from tests.lab.lab_hosts import (
    DROPS_ALL,
    FAR_ANSWERS,
    HOSTS,
    IPV6_LEAK,
    OPENS_EVERYTHING,
    OURS,
    REFUSES,
    STATELESS,
    LabHost,
    how_right,
)
from tests.lab.town_lab import CANARY, CANARY_V6, LAN, SERVERS, SERVERS_V6, TownLab, town_laboratory

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        os.geteuid() != 0
        or not shutil.which("nft")
        or not shutil.which("ip")
        or not all(server.installed for server in real_servers.ALL),
        reason="needs root, iproute2, nftables and Debian's servers",
    ),
]

PROFILE = f"""
schema_version: 1
commune:
  id: l-hay-d-essai
  name: L'Haÿ-d'Essai
  insee: "99001"
  population: 900
  region: normandie
  timezone: Europe/Paris
authorization:
  signed_by: Hélène Marchand
  role: maire
  signed_on: 2026-11-02
  until: 2027-11-01
  addresses: [192.0.2.0/24, "2001:db8:2::/64"]
  domains: []
  tests: [snmp-community, dns-recursion]
zones:
  - {{id: bureaux, label: Bureaux, networks: [192.0.2.128/26], use: office}}
  - {{id: public, label: Wi-Fi du public, networks: [192.0.2.192/26], use: guest}}
vantages:
  - {{id: outside, canary: [{CANARY}, "{CANARY_V6}"]}}
  - {{id: public, canary: [{CANARY}, "{CANARY_V6}"]}}
hosts:
  - id: serveurs
    label: Serveurs
    zone: outside
    addresses: [{SERVERS}, "{SERVERS_V6}"]
    link: fibre
    confirmed: {{by: "Hélène Marchand, maire", on: 2026-11-02}}
    services:
      - {{port: tcp/80, what: web, from: outside}}
      - {{port: tcp/443, what: web, from: outside}}
  - id: fuite
    label: Fuite
    zone: outside
    addresses: [{IPV6_LEAK.v4}, "{IPV6_LEAK.v6}"]
    link: fibre
    services:
      - {{port: tcp/80, what: web, from: outside}}
      - {{port: tcp/443, what: web, from: outside}}
      - {{port: tcp/993, what: messagerie, from: outside}}
  - id: muet
    label: Muet
    zone: outside
    addresses: [{DROPS_ALL.v4}]
    link: fibre
    confirmed: {{by: "Hélène Marchand, maire", on: 2026-11-02}}
  - id: refus
    label: Refus
    zone: outside
    addresses: [{REFUSES.v4}]
    link: fibre
    services:
      - {{port: tcp/80, what: web, from: outside}}
      - {{port: tcp/443, what: web, from: outside}}
  - id: sans-memoire
    label: Sans mémoire
    zone: outside
    addresses: [{STATELESS.v4}]
    link: fibre
    services:
      - {{port: tcp/80, what: web, from: outside}}
      - {{port: tcp/443, what: web, from: outside}}
  - {{id: tout-ouvert, label: Tout ouvert, zone: outside, addresses: [{OPENS_EVERYTHING.v4}], link: fibre}}
  - id: poste
    label: Poste de l'accueil
    zone: bureaux
    addresses: [{LAN}]
    confirmed: {{by: "Hélène Marchand, maire", on: 2026-11-02}}
flows:
  - {{id: public-bureaux, label: Du public vers les bureaux, from: public, to: bureaux, ports: none}}
  - {{id: public-internet, label: Du public vers Internet, from: public, to: outside, ports: [tcp/80, tcp/443]}}
links:
  - {{id: fibre, kind: ftto, repair_hours: 4}}
"""
# A refusal of the canary could be a firewall's in its name: only what opens proves that it got out.
CANARY_OPENS = (22, 25, 80, 443, 3389)
OPEN_TO_ALL: tuple[str, ...] = ()
WELL_KEPT = (
    f"iifname to-outside ip daddr {SERVERS} tcp dport != {{ 80, 443 }} drop",
    f"iifname to-outside ip6 daddr {SERVERS_V6} tcp dport != {{ 80, 443 }} drop",
    f"iifname to-outside ip daddr {SERVERS} meta l4proto udp drop",
    f"iifname to-outside ip6 daddr {SERVERS_V6} meta l4proto udp drop",
    "iifname to-guest oifname to-lan drop",
    "iifname to-guest oifname to-canary tcp dport != { 80, 443 } drop",
)
ONE_HOLE = (*WELL_KEPT[:4], f"iifname to-guest ip daddr {LAN} tcp dport != 445 drop", WELL_KEPT[5])

GATE_OF_GUESTS = "192.0.2.193"
COUNTED = "meta l4proto { tcp, udp, icmp }"
INSIDE_THE_SCOPE = (
    "ip daddr 192.0.2.0/24",
    "ip6 daddr 2001:db8:2::/64",
    f"ip daddr {CANARY}",
    f"ip6 daddr {CANARY_V6}",
)


@dataclass(frozen=True, slots=True)
class Scan:
    """What one run of the program said, and what the kernel counted meanwhile."""

    statuses: dict[tuple[str, str], str]
    """(check, asset) → status."""
    strange: int
    """Packets to anywhere else than the written scope and the canary."""
    packets: int


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TownLab]:
    with ExitStack() as held:
        made = held.enter_context(town_laboratory(tmp_path_factory.mktemp("town"), far=True))
        for address in (SERVERS, SERVERS_V6):
            held.enter_context(made.serving("dmz", address, *real_servers.ALL))
        held.enter_context(made.serving("lan", LAN, real_servers.SMBD))
        held.enter_context(made.listening("lan", (LAN, 3389)))
        held.enter_context(made.listening("canary", *((CANARY, port) for port in CANARY_OPENS)))
        yield made


def scan(lab: TownLab, role: str, vantage: str, rules: tuple[str, ...]) -> Scan:
    """The real program, from that place, while the router keeps those rules."""
    profile = lab.folder / "town.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    history = lab.folder / "history.sqlite3"
    history.unlink(missing_ok=True)
    with lab.filtering(*rules), lab.counting(role, COUNTED, *INSIDE_THE_SCOPE) as counted:
        done = lab.run(
            role, sys.executable, "-m", "cyberaudit",
            "scan", str(profile), "--now", "2026-11-21", "--vantage", vantage, "--json",
            "--resolver", "127.0.0.1:53", "--history", str(history),
        )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    points = json.loads(done.stdout)["points"]
    return Scan({(point["check"], point["asset"]): point["status"] for point in points}, *counted)


@pytest.fixture(scope="module")
def from_the_internet(lab: TownLab) -> Scan:
    return scan(lab, "outside", "outside", OPEN_TO_ALL)


@pytest.fixture(scope="module")
def behind_good_rules(lab: TownLab) -> Scan:
    return scan(lab, "outside", "outside", WELL_KEPT)


@pytest.mark.parametrize(
    ("check", "host", "status"),
    [
        ("firewall.admin-page", "serveurs", "fail"),
        ("firewall.file-sharing", "serveurs", "fail"),
        ("firewall.cleartext", "serveurs", "fail"),
        ("firewall.remote-desktop", "serveurs", "pass"),
        ("firewall.database", "serveurs", "pass"),
        ("firewall.expected-service", "serveurs", "pass"),
        ("firewall.snmp-public", "serveurs", "fail"),
        ("firewall.ipv6-parity", "serveurs", "pass"),
        ("firewall.ipv6-parity", "fuite", "fail"),
        ("firewall.file-sharing", "fuite", "fail"),
        ("firewall.admin-page", "fuite", "fail"),
        ("firewall.database", "refus", "pass"),
        ("firewall.expected-service", "fuite", "fail"),
        ("firewall.file-sharing", "muet", "pass"),
        ("firewall.admin-page", "muet", "pass"),
        ("firewall.remote-desktop", "muet", "pass"),
        ("firewall.unexpected-port", "muet", "pass"),
        ("firewall.file-sharing", "refus", "pass"),
        ("firewall.reject-not-drop", "refus", "partial"),
        ("firewall.reject-not-drop", "muet", "pass"),
        ("firewall.stateless-filter", "sans-memoire", "partial"),
        ("firewall.stateless-filter", "refus", "pass"),
        ("firewall.every-port-open", "tout-ouvert", "partial"),
        ("firewall.every-port-open", "serveurs", "pass"),
        ("firewall.remote-desktop", "tout-ouvert", "unknown"),
    ],
)
def test_from_the_internet_each_host_gets_its_verdict(
    from_the_internet: Scan, check: str, host: str, status: str
) -> None:
    assert from_the_internet.statuses[check, f"host/{host}"] == status


@pytest.mark.parametrize(
    "check",
    [
        "firewall.admin-page",
        "firewall.file-sharing",
        "firewall.cleartext",
        "firewall.remote-desktop",
        "firewall.expected-service",
        "firewall.unexpected-port",
        "firewall.ipv6-parity",
    ],
)
def test_the_same_servers_behind_good_rules_are_in_order(behind_good_rules: Scan, check: str) -> None:
    assert behind_good_rules.statuses[check, "host/serveurs"] == "pass"


@pytest.mark.parametrize("check", ["firewall.snmp-public", "firewall.amplifier"])
def test_a_canary_that_only_refuses_in_udp_does_not_prove_that_such_a_service_is_shut(
    behind_good_rules: Scan, check: str
) -> None:
    assert behind_good_rules.statuses[check, "host/serveurs"] == "unknown"


@pytest.mark.parametrize(
    ("rules", "isolated", "egress"),
    [(OPEN_TO_ALL, "fail", "fail"), (WELL_KEPT, "pass", "pass"), (ONE_HOLE, "fail", "pass")],
)
def test_from_the_guests_network_what_gets_through_is_seen(
    lab: TownLab, rules: tuple[str, ...], isolated: str, egress: str
) -> None:
    found = scan(lab, "guest", "public", rules)
    assert found.statuses["firewall.guest", "flow/public-bureaux"] == isolated
    assert found.statuses["firewall.egress", "flow/public-internet"] == egress
    assert (found.strange, found.packets > 0) == (0, True)


PORTAL = ((GATE_OF_GUESTS, 80), (GATE_OF_GUESTS, 443))


@contextmanager
def captive_portal(lab: TownLab) -> Iterator[None]:
    """The guests' gateway answers the web itself, whatever the address."""
    hook = "type nat hook prerouting priority -100 ;"
    lab.must("gate", "nft", "add table inet portal")
    lab.must("gate", "nft", f"add chain inet portal nat {{ {hook} }}")
    lab.must("gate", "nft", "add rule inet portal nat iifname to-guest tcp dport { 80, 443 } redirect")
    try:
        with lab.listening("gate", *PORTAL):
            yield
    finally:
        lab.must("gate", "nft", "delete", "table", "inet", "portal")


def test_a_captive_portal_is_not_taken_for_the_machines_behind_it(lab: TownLab) -> None:
    with captive_portal(lab):
        behind = scan(lab, "guest", "public", WELL_KEPT)
    assert behind.statuses["firewall.guest", "flow/public-bureaux"] == "unknown"
    assert behind.strange == 0


def test_from_elsewhere_the_guests_network_is_not_believed(lab: TownLab) -> None:
    profile = lab.folder / "town.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    with lab.counting("outside", COUNTED) as counted:
        done = lab.run(
            "outside", sys.executable, "-m", "cyberaudit", "scan", str(profile), "--vantage", "public"
        )
    assert (done.returncode, counted) == (2, [0, 0])
    assert "n'a pas d'adresse dans le réseau" in done.stderr


def test_not_one_packet_leaves_the_written_scope(from_the_internet: Scan, behind_good_rules: Scan) -> None:
    assert (from_the_internet.strange, behind_good_rules.strange) == (0, 0)
    assert from_the_internet.packets > 1000


def test_the_counter_sees_what_is_outside_the_scope(lab: TownLab) -> None:
    with lab.counting("outside", COUNTED, *INSIDE_THE_SCOPE) as counted:
        lab.inside("outside", one_datagram_to("203.0.113.66"))
        lab.inside("outside", one_datagram_to(CANARY))
    assert counted == [1, 2]


LOOK = Path(__file__).parents[2] / "benchmarks" / "look_once.py"
ASKED = (*range(1, 151), 389, 443, 445, 512, 631, 993, 3389)


def test_every_port_of_every_host_is_right_or_said_unstable(lab: TownLab) -> None:
    order = {
        "hosts": {host.name: [host.v4, host.v6] for host in HOSTS},
        "ports": ",".join(map(str, ASKED)),
        "link": "ftto",
        "canary": CANARY,
        "other_canary": CANARY_V6,
    }
    done = lab.run("outside", sys.executable, str(LOOK), json.dumps(order))
    assert done.returncode == 0, done.stderr
    found = [(host, *pair) for host in HOSTS for pair in heard_of(host, json.loads(done.stdout)["addresses"])]
    assert [each for each in found if each[1] not in {"right", "unstable"}] == []
    unstable = {host.name for host, kind, _ in found if kind == "unstable"}
    # Where nothing is lost nor limited, no doubt is left.
    assert unstable <= {host.name for host in HOSTS if host.lost or host.lost_back or host.rst_limit}


def heard_of(host: LabHost, addresses: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(how right, what) of each port asked of that host."""
    for family, where in ((4, host.v4), (6, host.v6)):
        reach = addresses[where]
        for port in () if reach["everything"] and host.opens_everything else ASKED:
            truth = OURS[host.truth(port, family=family)]
            heard = reach["ports"].get(str(port))
            yield how_right(truth, heard), f"{where} {port}: {heard}, {truth} in truth"


async def one_datagram_to(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"?", (address, 9))


def test_the_long_line_keeps_up_and_takes_thirty_milliseconds(lab: TownLab) -> None:
    took = lab.inside("outside", many_refusals(FAR_ANSWERS.v4, count=500))
    assert min(took) >= 0.030
    # Generous: the machine may be busy, the line itself adds a millisecond at most.
    assert sorted(took)[len(took) // 2] < 0.5


async def many_refusals(address: str, *, count: int) -> list[float]:
    return await asyncio.gather(*(seconds_of_refusal(address, port) for port in range(2000, 2000 + count)))


async def seconds_of_refusal(address: str, port: int) -> float:
    begun = time.monotonic()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(address, port)
    return time.monotonic() - begun

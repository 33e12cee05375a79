"""Raw packets through a real firewall: what gets round it, what does not, and what may not be sent at all."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Self

import pytest

from cyberaudit.declared import Commune, Delivery, Host, Link, LinkKind, PlanChoices, Town
from cyberaudit.facts.packet_filter import HostFilter, Trick
from cyberaudit.facts.reach import PortState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import host_filter
from cyberaudit.probes.endpoint import ConnectTo, parse_connect_to
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.network import Network
from cyberaudit.probes.raw.volley import Manner, volley
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
V4, V6, DROPS, CANARY, ABSENT = "192.0.2.10", "2001:db8:2::10", "192.0.2.11", "203.0.113.9", "192.0.2.77"
SCOPE = scope_for_look(addresses=[V4, V6, DROPS, ABSENT], authorized_by="Mme le maire")
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
LINE = Link("fibre", "fibre", (), LinkKind.FTTO, 4, "")
SERVER = Host("serveur", "Serveur", (), "outside", (V4, V6), (), "fibre", "", "")
OPEN, CLOSED, REJECTED, SILENT = PortState.OPEN, PortState.CLOSED, PortState.REJECTED, PortState.SILENT
OPENED, SHUT = 443, 8080
"""Of the target, when no filter stands in the way."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with laboratory(tmp_path_factory.mktemp("lab")) as made:
        yield made


@contextmanager
def filtering(lab: Lab, *rules: str) -> Iterator[None]:
    """The router forwards by these rules towards both test ports."""
    ports = f"tcp dport {{ {OPENED}, {SHUT} }}"
    chain = "; ".join(f"{ports} {rule}" for rule in rules)
    table = f"table inet raw {{ chain f {{ type filter hook forward priority -10; {chain}; }}; }}"
    lab.must(lab.router, "nft", table)
    try:
        yield
    finally:
        lab.must(lab.router, "nft", "delete", "table", "inet", "raw")


async def tricks(address: str, *, rate: float | None = None, seconds: float = 15) -> dict[Any, Any]:
    network = Network(SCOPE)
    heard = await volley(network, ip_address(address), (OPENED, SHUT), Manner(rate, seconds=seconds))
    return {target: knock.state for target, knock in heard.items()}


def both(opened: PortState, shut: PortState, *named: Trick) -> dict[tuple[int, Trick], PortState]:
    return {(port, trick): state for port, state in ((OPENED, opened), (SHUT, shut)) for trick in named}


ALL = (Trick.SYN, Trick.SOURCE_53, Trick.SOURCE_20)
ADDRESSES = pytest.mark.parametrize("address", [V4, V6])


@ADDRESSES
def test_without_a_filter_each_trick_reaches_the_host(lab: Lab, address: str) -> None:
    expected = {**both(OPEN, CLOSED, *ALL), **both(CLOSED, CLOSED, Trick.ACK)}
    assert lab.from_scanner(tricks(address)) == expected


@ADDRESSES
def test_a_filter_without_memory_lets_the_middle_of_a_conversation_in(lab: Lab, address: str) -> None:
    with filtering(lab, "tcp flags & (fin|syn|rst|ack) == syn drop"):
        found = lab.from_scanner(tricks(address))
    assert found == {**both(SILENT, SILENT, *ALL), **both(CLOSED, CLOSED, Trick.ACK)}


@ADDRESSES
@pytest.mark.parametrize("rules", [("ct state new drop",), ("ct state { new, invalid } drop",), ("drop",)])
def test_a_filter_with_memory_lets_nothing_in(lab: Lab, address: str, rules: tuple[str, ...]) -> None:
    with filtering(lab, *rules):
        found = lab.from_scanner(tricks(address))
    assert set(found.values()) == {SILENT}


@ADDRESSES
@pytest.mark.parametrize(("source", "hole"), [(53, Trick.SOURCE_53), (20, Trick.SOURCE_20)])
def test_a_hole_for_one_source_port_is_found(lab: Lab, address: str, source: int, hole: Trick) -> None:
    with filtering(lab, f"tcp sport {source} accept", "drop"):
        found = lab.from_scanner(tricks(address))
    others = [trick for trick in Trick if trick is not hole]
    assert found == {**both(OPEN, CLOSED, hole), **both(SILENT, SILENT, *others)}


@ADDRESSES
@pytest.mark.parametrize("kind", ["icmpx type admin-prohibited", "icmpx type port-unreachable"])
def test_a_refusal_in_words_names_its_author(lab: Lab, address: str, kind: str) -> None:
    async def details() -> set[tuple[Any, str]]:
        heard = await volley(Network(SCOPE), ip_address(address), (OPENED, SHUT), Manner(None))
        return {(knock.state, knock.detail) for knock in heard.values()}

    codes = {V4: {"admin": "3/13", "port-": "3/3"}, V6: {"admin": "1/1", "port-": "1/4"}}
    author = {V4: "198.51.100.1", V6: "2001:db8:1::1"}[address]
    with filtering(lab, f"reject with {kind}"):
        found = lab.from_scanner(details())
    assert found == {(REJECTED, f"icmp {codes[address][kind.rsplit(maxsplit=1)[-1][:5]]} de {author}")}


def test_a_refusal_in_words_by_the_host_itself_is_a_filter_too(lab: Lab) -> None:
    chain = f"chain i {{ type filter hook input priority 0; tcp dport {{ {OPENED}, {SHUT} }} reject; }}"
    lab.must(lab.target, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
    lab.must(lab.target, "nft", f"table inet raw {{ {chain}; }}")
    try:
        assert set(lab.from_scanner(tricks(V4)).values()) == {REJECTED}
    finally:
        lab.must(lab.target, "nft", "delete", "table", "inet", "raw")


def test_a_machine_that_is_not_there_is_silent(lab: Lab) -> None:
    assert set(lab.from_scanner(tricks(ABSENT)).values()) == {SILENT}


def test_with_a_lossy_line_what_was_lost_once_is_asked_again(lab: Lab) -> None:
    # About the first eight packets: one round.
    with filtering(lab, "quota until 330 bytes drop"):
        found = lab.from_scanner(tricks(V4))
    assert SILENT not in found.values()


def test_what_time_did_not_allow_is_not_silent(lab: Lab) -> None:
    found = lab.from_scanner(tricks(DROPS, rate=4, seconds=1.2))
    assert set(found.values()) == {Unreachable(Reason.DEADLINE)}


def test_a_source_port_in_use_here_is_said(lab: Lab) -> None:
    async def while_taken() -> dict[Any, Any]:
        server = await asyncio.start_server(lambda *_: None, "198.51.100.2", 53)
        async with server:
            return await tricks(V4)

    found = lab.from_scanner(while_taken())
    taken = Unreachable(Reason.NOT_COLLECTED, "port 53 déjà pris sur cette machine")
    assert {state for (_, trick), state in found.items() if trick is Trick.SOURCE_53} == {taken}
    assert taken not in {state for (_, trick), state in found.items() if trick is not Trick.SOURCE_53}


def test_two_hosts_are_tried_at_once_from_the_same_source_ports(lab: Lab) -> None:
    async def together() -> list[dict[Any, Any]]:
        return list(await asyncio.gather(tricks(V4), tricks(V6), tricks(DROPS)))

    four, six, drops = lab.from_scanner(together())
    assert four == six
    assert set(four.values()) == {OPEN, CLOSED}
    assert set(drops.values()) == {SILENT}


FORGER = """
import sys, time
from scapy.layers.inet import ICMP, IP, TCP
from scapy.sendrecv import send
target, scanner = sys.argv[1:]
forged = []
for port in (443, 8080):
    for source in (53, 20):
        forged.append(IP(src=target, dst=scanner) / TCP(sport=port, dport=source, flags="SA", seq=1, ack=1))
        forged.append(IP(src=target, dst=scanner) / TCP(sport=port, dport=source, flags="RA", seq=1, ack=1))
        quoted = IP(src=scanner, dst=target) / TCP(sport=source, dport=port, flags="S", seq=1)
        forged.append(IP(src=target, dst=scanner) / ICMP(type=3, code=13) / quoted)
print("ready", flush=True)
end = time.monotonic() + 20
while time.monotonic() < end:
    send(forged, verbose=0)
"""


def test_who_does_not_know_our_numbers_cannot_answer_for_the_host(lab: Lab) -> None:
    words = ("ip", "netns", "exec", lab.target, sys.executable, "-c", FORGER, V4, "198.51.100.2")
    with filtering(lab, "drop"), subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as forger:
        assert forger.stdout is not None
        assert forger.stdout.readline() == "ready\n"
        try:
            found = lab.from_scanner(tricks(V4))
        finally:
            forger.terminate()
    assert set(found.values()) == {SILENT}


def test_other_conversations_with_the_host_do_not_mix_in(lab: Lab) -> None:
    async def beside_connections() -> dict[Any, Any]:
        asking = asyncio.ensure_future(tricks(V4, rate=50))
        while not asking.done():
            _, writer = await asyncio.open_connection(V4, 22)
            writer.close()
            await asyncio.sleep(0.01)
        return await asking

    expected = {**both(OPEN, CLOSED, *ALL), **both(CLOSED, CLOSED, Trick.ACK)}
    assert lab.from_scanner(beside_connections()) == expected


def test_without_ipv6_here_nothing_can_be_said_of_it(lab: Lab) -> None:
    with lab.without_ipv6():
        found = lab.from_scanner(tricks(V6))
    assert {state.reason for state in found.values()} == {Reason.NO_ROUTE}


def test_a_firewall_on_this_machine_is_no_word_of_the_other(lab: Lab) -> None:
    lab.must(
        lab.scanner,
        "nft",
        "table inet raw { chain o { type filter hook output priority 0; meta l4proto tcp reject; }; }",
    )
    try:
        found = lab.from_scanner(tricks(V4))
    finally:
        lab.must(lab.scanner, "nft", "delete", "table", "inet", "raw")
    assert {state.reason for state in found.values()} <= {Reason.PERMISSION_DENIED}


class Sent:
    """TCP segments that left the scanner, as its kernel counts them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def __enter__(self) -> Self:
        chain = "chain o { type filter hook output priority 0; meta l4proto tcp counter; }"
        self.lab.must(self.lab.scanner, "nft", f"table inet sent {{ {chain}; }}")
        return self

    def __exit__(self, *_: object) -> None:
        self.lab.must(self.lab.scanner, "nft", "delete", "table", "inet", "sent")

    @property
    def packets(self) -> int:
        words = self.lab.run(self.lab.scanner, "nft", "list", "table", "inet", "sent").stdout.split()
        return int(words[words.index("packets") + 1])


def test_an_address_outside_the_scope_gets_no_packet(lab: Lab) -> None:
    with Sent(lab) as sent:
        found = lab.from_scanner(tricks(CANARY))
        assert sent.packets == 0
        lab.from_scanner(tricks(DROPS))
        assert sent.packets == 16
    assert set(found.values()) == {Unreachable(Reason.NOT_AUTHORIZED, f"{CANARY}:{OPENED}")}


@pytest.mark.parametrize("rule", [f"{V4}:{SHUT}=127.0.0.1:9", f"{V4}:*=127.0.0.1:9"])
def test_an_address_led_elsewhere_gets_no_packet(lab: Lab, rule: str) -> None:
    network = Network(SCOPE, connect_to=ConnectTo((parse_connect_to(rule),)))
    with Sent(lab) as sent:
        found = lab.from_scanner(volley(network, ip_address(V4), (OPENED, SHUT), Manner(None)))
        assert sent.packets == 0
    assert {knock.state for knock in found.values()} == {Unreachable(Reason.NOT_LOOKED, "adresse détournée")}


def test_on_loopback_only_nothing_leaves(lab: Lab) -> None:
    network = Network(SCOPE, loopback_only=True)
    with Sent(lab) as sent:
        found = lab.from_scanner(volley(network, ip_address(V4), (OPENED,), Manner(None)))
        assert sent.packets == 0
    assert {knock.state for knock in found.values()} == {Unreachable(Reason.NOT_AUTHORIZED, f"{V4}:{OPENED}")}


def test_every_packet_is_counted_and_keeps_the_pace(lab: Lab) -> None:
    network = Network(SCOPE)

    async def paced() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await volley(network, ip_address(DROPS), (OPENED, SHUT), Manner(20))
        return loop.time() - begun

    assert lab.from_scanner(paced()) > 15 / 20
    assert network.opened == {(Purpose.ACTIVE, DROPS, OPENED): 8, (Purpose.ACTIVE, DROPS, SHUT): 8}


def instruments() -> Instruments:
    town = Town(
        schema_version=1,
        commune=COMMUNE,
        scanned_by="",
        authorization=None,
        outside_canary="",
        assets=(COMMUNE, LINE, SERVER),
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )
    options = Options(resolvers=("127.0.0.1:53",))
    return set_up(town, SCOPE, options, now=NOW, vantage="outside")


async def look() -> HostFilter | Unreachable:
    return await host_filter.look(SERVER, instruments())


def test_only_what_is_filtered_is_tried(lab: Lab) -> None:
    with filtering(lab, "tcp flags & (fin|syn|rst|ack) == syn drop"):
        facts = lab.from_scanner(look())
    assert isinstance(facts, HostFilter)
    four, six = facts.addresses
    tried = {answer.port for answer in four.answers}
    assert tried == {"tcp/23", "tcp/445", "tcp/3306", "tcp/3389", "tcp/443", "tcp/8080"}
    states = {(answer.port, answer.trick): answer.state for answer in (*four.answers, *six.answers)}
    assert states["tcp/443", Trick.ACK] is CLOSED
    assert states["tcp/3389", Trick.ACK] is SILENT
    assert states["tcp/443", Trick.SYN] is SILENT


def test_a_private_address_of_ours_on_the_way_is_told(lab: Lab) -> None:
    way = ("192.0.2.0/24", "via", "198.51.100.1")
    lab.must(lab.scanner, "ip", "addr", "add", "192.168.77.2/32", "dev", "lo")
    lab.must(lab.scanner, "ip", "route", "add", *way, "src", "192.168.77.2")
    # What a box would do: its own address on our packets, from whatever port is free.
    nat = "chain n { type nat hook postrouting priority 100; ip saddr 192.168.77.2 masquerade random; };"
    lab.must(lab.router, "nft", f"table inet box {{ {nat} }}")
    try:
        with filtering(lab, "drop"):
            facts = lab.from_scanner(look())
    finally:
        lab.must(lab.router, "nft", "delete", "table", "inet", "box")
        lab.must(lab.scanner, "ip", "route", "del", *way)
        lab.must(lab.scanner, "ip", "addr", "del", "192.168.77.2/32", "dev", "lo")
    assert isinstance(facts, HostFilter)
    assert [one.behind_nat for one in facts.addresses] == [True, False]
    assert all(one.answers for one in facts.addresses)


NOT_ROOT = """
import asyncio, sys
from tests.lab.test_raw import V4, SCOPE, OPENED
from ipaddress import ip_address
from cyberaudit.probes.network import Network
from cyberaudit.probes.raw.volley import Manner, volley
found = asyncio.run(volley(Network(SCOPE), ip_address(V4), (OPENED,), Manner(None)))
print(sorted({getattr(knock.state, "reason", knock.state).value for knock in found.values()}), "scapy" in sys.modules)
"""
NOBODY = ("setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all")


def test_without_the_right_nothing_is_sent_and_the_reason_is_said(lab: Lab) -> None:
    with Sent(lab) as sent:
        done = lab.run(lab.scanner, *NOBODY, sys.executable, "-c", NOT_ROOT)
        assert done.stdout == "['no-privilege'] False\n", done.stderr
        assert sent.packets == 0


def test_the_right_to_send_raw_packets_alone_is_enough(lab: Lab) -> None:
    words = (*NOBODY[:-1], "--inh-caps=-all,+net_raw", "--ambient-caps=+net_raw")
    done = lab.run(lab.scanner, *words, sys.executable, "-c", NOT_ROOT)
    assert done.stdout == "['closed', 'open'] True\n", done.stderr


@pytest.mark.skipif(not shutil.which("nmap"), reason="nmap is not installed")
@pytest.mark.parametrize(
    ("rules", "trick", "words"),
    [
        (("tcp flags & (fin|syn|rst|ack) == syn drop",), Trick.ACK, ("-sA",)),
        (("ct state { new, invalid } drop",), Trick.ACK, ("-sA",)),
        (("tcp sport 53 accept", "drop"), Trick.SOURCE_53, ("-sS", "-g", "53")),
        (("tcp sport 20 accept", "drop"), Trick.SOURCE_20, ("-sS", "-g", "20")),
        (("drop",), Trick.SOURCE_20, ("-sS", "-g", "20")),
        (("tcp sport 20 accept", "drop"), Trick.SYN, ("-sS",)),
        (("reject with icmpx type admin-prohibited",), Trick.SYN, ("-sS",)),
    ],
)
def test_nmap_sees_the_same(lab: Lab, rules: tuple[str, ...], trick: Trick, words: tuple[str, ...]) -> None:
    with filtering(lab, *rules):
        ours = lab.from_scanner(tricks(V4))
        output = lab.run(lab.scanner, "nmap", "-n", "-Pn", *words, "-p", f"{OPENED},{SHUT}", V4).stdout
    theirs = {int(line.split("/")[0]): line.split()[1] for line in output.splitlines() if line[:1].isdigit()}
    meaning = {"open": OPEN, "closed": CLOSED, "unfiltered": CLOSED}
    for port in (OPENED, SHUT):
        expected = meaning.get(theirs[port])
        found = ours[port, trick]
        assert found is expected if expected else found in (SILENT, REJECTED)

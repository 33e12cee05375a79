"""UDP seen through a real network: real servers, Linux's own limit on refusals, loud and hostile imitations."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cyberaudit.declared import Commune, Delivery, Host, Link, LinkKind, PlanChoices, Town
from cyberaudit.facts.reach import CanaryAnswer, PortState
from cyberaudit.facts.udp import HostUdp, Question, UdpAddress, UdpAnswer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import host_udp
from cyberaudit.probes.instruments import Options, set_up
from cyberaudit.probes.udp.datagram import MOST_BYTES
from cyberaudit.town.scope import scope_for_look
from tests.lab.network_lab import Lab, laboratory
from tests.lab.real_servers import DNSMASQ, SNMPD, serving

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("ip"),
        reason="needs root, iproute2 and nftables",
    ),
]

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
V4, V6, OTHER = "192.0.2.10", "2001:db8:2::10", "192.0.2.11"
CANARY = "203.0.113.9"
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
LINE = Link("fibre", "fibre", (), LinkKind.FTTO, 4, "")
SERVER = Host("serveur", "Serveur", (), "outside", (V4,), (), "fibre", "", "")
CLOSED = range(40000, 40030)
TFTPD = replace(
    DNSMASQ,
    config=DNSMASQ.config + "enable-tftp\ntftp-root={folder}\n",
    ports=("udp/53", "udp/69"),
)
# Everything the tests want said in UDP, by a machine that can also speak under another address or port.
TALKER = """
import select, socket, sys, time
here, elsewhere = sys.argv[1:3]
def bound(address, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, port))
    return sock
socks = {bound(here, port): port for port in (19, 123, 500, 1900, 5060, 11211)}
foreign, aside = bound(elsewhere, 500), bound(here, 0)
print("ready", flush=True)
while True:
    for sock in select.select(list(socks), [], [])[0]:
        data, asker = sock.recvfrom(2048)
        port = socks[sock]
        if port == 19:
            for _ in range(40):
                sock.sendto(b"x" * 1024, asker)
        elif port == 123:
            sock.sendto(b"\\x24\\x02" + bytes(46), asker)
        elif port == 500:
            foreign.sendto(data, asker)
        elif port == 1900:
            aside.sendto(b"HTTP/1.1 200 OK\\r\\nSERVER: Linux UPnP/1.0\\r\\n\\r\\n", asker)
        elif port == 5060:
            sock.sendto(b"SIP/2.0 200 OK\\r\\nServer: [bold]L'Ha\\xff\\x1b[31m\\xe2\\x80\\xae\\r\\n\\r\\n", asker)
        else:
            until = time.monotonic() + 2
            while time.monotonic() < until:
                sock.sendto(data[:8] + bytes(1300), asker)
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with laboratory(tmp_path_factory.mktemp("lab")) as made, ExitStack() as held:
        if TFTPD.installed and SNMPD.installed:
            held.enter_context(serving(made.target, V4, (TFTPD, SNMPD), tmp_path_factory.mktemp("servers")))
        held.enter_context(talking(made))
        yield made


@contextmanager
def talking(lab: Lab) -> Iterator[None]:
    words = ["ip", "netns", "exec", lab.target, sys.executable, "-c", TALKER, V4, OTHER]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture
def talkative(lab: Lab) -> Iterator[Lab]:
    """The target refuses as many questions as it is put."""
    keys = ("net.ipv4.icmp_ratelimit", "net.ipv6.icmp.ratelimit")
    for key in keys:
        lab.must(lab.target, "sysctl", "-qw", f"{key}=0")
    yield lab
    for key in keys:
        lab.must(lab.target, "sysctl", "-qw", f"{key}=1000")


real_servers = pytest.mark.skipif(
    not (TFTPD.installed and SNMPD.installed), reason="needs dnsmasq-base and snmpd"
)


def town(host: Host, canary: str) -> Town:
    return Town(
        schema_version=1,
        commune=COMMUNE,
        scanned_by="",
        authorization=None,
        outside_canary=canary,
        assets=(COMMUNE, LINE, host),
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )


def looked(
    lab: Lab, ports: str, *, host: Host = SERVER, tests: tuple[str, ...] = (), canary: str = ""
) -> HostUdp:
    scope = replace(scope_for_look(addresses=[V4, V6], authorized_by="Mme le maire"), tests=frozenset(tests))
    options = Options(resolvers=("127.0.0.1:53",), ports=ports)

    async def look() -> HostUdp:
        return await host_udp.look(host, set_up(town(host, canary), scope, options, now=NOW))

    return lab.from_scanner(look())


def answer(facts: HostUdp, port: str, question: Question | None = None) -> UdpAnswer:
    return next(one for one in facts.addresses[0].of(port) if question in (None, one.question))


def states(address: UdpAddress) -> dict[str, PortState | Unreachable]:
    return {one.port: one.state for one in address.answers}


@real_servers
def test_behind_linuxs_own_limit_thirty_closed_ports_are_closed_and_a_dropped_one_is_not(lab: Lab) -> None:
    with lab.line("udp dport 41000 drop"):
        facts = looked(lab, f"udp/53,udp/{CLOSED[0]}-{CLOSED[-1]},udp/41000")
    found = states(facts.addresses[0])
    told = [found[f"udp/{number}"] for number in CLOSED]
    assert set(told) <= {PortState.CLOSED, PortState.UNSTABLE}
    # A busy machine may lose some of the 45 s.
    assert told.count(PortState.CLOSED) >= 25
    assert found["udp/41000"] in (PortState.SILENT, PortState.UNSTABLE)
    assert answer(facts, "udp/53").state is PortState.OPEN


@real_servers
def test_real_servers_answer_the_question_of_their_protocol(talkative: Lab) -> None:
    facts = looked(talkative, "udp/53,udp/69,udp/161", tests=("snmp-community", "dns-recursion"))
    assert {one.state for one in facts.addresses[0].answers} == {PortState.OPEN}
    assert "DNS, code " in answer(facts, "udp/53", Question.DNS).detail
    assert "récursion non accordée" in answer(facts, "udp/53", Question.DNS_RECURSION).detail
    assert "TFTP : " in answer(facts, "udp/69").detail
    assert "SNMP version 3" in answer(facts, "udp/161", Question.SNMP_DISCOVERY).detail
    assert "Linux" in answer(facts, "udp/161", Question.SNMP_PUBLIC).detail


@real_servers
def test_a_community_is_tried_only_where_it_was_signed_for(talkative: Lab) -> None:
    facts = looked(talkative, "udp/161")
    public = answer(facts, "udp/161", Question.SNMP_PUBLIC)
    assert isinstance(public.state, Unreachable)
    assert public.state.reason is Reason.NOT_AUTHORIZED
    assert answer(facts, "udp/161", Question.SNMP_DISCOVERY).state is PortState.OPEN


def test_each_refusal_is_told_apart_with_its_author_in_both_families(talkative: Lab) -> None:
    both = replace(SERVER, addresses=(V4, V6))
    with (
        talkative.line("udp dport 41002 drop; udp dport 41001 reject with icmpx type admin-prohibited"),
    ):
        facts = looked(talkative, "udp/41001,udp/41002,udp/41003", host=both)
    four, six = ({one.port: (one.state, one.detail) for one in each.answers} for each in facts.addresses)
    assert four["udp/41001"] == (PortState.REJECTED, "icmp 3/13 de 198.51.100.1")
    assert six["udp/41001"] == (PortState.REJECTED, "icmp 1/1 de 2001:db8:1::1")
    assert four["udp/41003"] == (PortState.CLOSED, f"icmp 3/3 de {V4}")
    assert six["udp/41003"] == (PortState.CLOSED, f"icmp 1/4 de {V6}")
    assert (four["udp/41002"][0], six["udp/41002"][0]) == (PortState.SILENT, PortState.SILENT)


def test_a_host_that_refuses_freely_is_settled_without_waiting(talkative: Lab) -> None:
    begun = datetime.now(UTC)
    with talkative.line("udp dport 41000-41029 drop"):
        facts = looked(talkative, "udp/40000-40019,udp/41000-41029")
    found = states(facts.addresses[0])
    assert [found[f"udp/{number}"] for number in range(40000, 40020)] == [PortState.CLOSED] * 20
    assert [found[f"udp/{number}"] for number in range(41000, 41030)] == [PortState.SILENT] * 30
    assert (datetime.now(UTC) - begun).total_seconds() < 20


def test_refusals_that_get_lost_are_never_read_as_silence(talkative: Lab) -> None:
    with talkative.line("meta l4proto { udp, icmp } numgen random mod 100 < 20 drop"):
        facts = looked(talkative, "udp/40000-40029")
    told = list(states(facts.addresses[0]).values())
    assert set(told) <= {PortState.CLOSED, PortState.UNSTABLE}
    assert told.count(PortState.CLOSED) >= 25


def test_a_service_behind_a_filter_and_a_lossy_line_is_not_missed(talkative: Lab) -> None:
    lossy = "meta l4proto udp numgen random mod 100 < 20 drop"
    with talkative.line(f"udp dport 41000-41019 drop; {lossy}"):
        facts = looked(talkative, "udp/123,udp/5060,udp/19,udp/1900,udp/41000-41019")
    spoke = {one.port for one in facts.addresses[0].answers if one.state is PortState.OPEN}
    unsure = {one.port for one in facts.addresses[0].answers if one.state is PortState.UNSTABLE}
    # Each is missed once in 200 (`rounds.DOUBT`): one alone may be bad luck, two are not.
    assert len({"udp/123", "udp/5060", "udp/19", "udp/1900"} - spoke - unsure) <= 1


def test_a_loud_service_is_measured_and_an_endless_one_is_cut(talkative: Lab) -> None:
    facts = looked(talkative, "udp/19,udp/11211")
    loud, endless = answer(facts, "udp/19"), answer(facts, "udp/11211")
    assert (loud.sent, loud.received, loud.amplification) == (1, 40_960, 40_960.0)
    assert endless.state is PortState.OPEN
    assert endless.received == MOST_BYTES


def test_what_a_service_says_is_made_safe(talkative: Lab) -> None:
    detail = answer(looked(talkative, "udp/5060"), "udp/5060").detail
    assert "SIP : [bold]L'Ha" in detail
    assert not {"\x1b", "\u202e", "\r", "\n"} & set(detail)


def test_an_answer_counts_from_another_port_but_never_from_another_address(talkative: Lab) -> None:
    facts = looked(talkative, "udp/500,udp/1900")
    assert answer(facts, "udp/500").state is PortState.SILENT
    assert answer(facts, "udp/1900").state is PortState.OPEN
    assert "UPnP : Linux UPnP/1.0" in answer(facts, "udp/1900").detail


def test_a_drop_all_host_is_silent_and_the_canary_says_what_gets_out(talkative: Lab) -> None:
    with talkative.line(f"ip daddr {V4} udp dport 1-65535 drop; ip daddr {CANARY} udp dport 161 drop"):
        facts = looked(talkative, "udp/161,udp/1194,udp/5060", canary=CANARY)
    assert {one.state for one in facts.addresses[0].answers if not isinstance(one.state, Unreachable)} == {
        PortState.SILENT
    }
    reached = {"udp/161": False, "udp/1194": True, "udp/5060": True}
    assert set(facts.canaries) == {CanaryAnswer(4, port, reached=up) for port, up in reached.items()}


@contextmanager
def as_the_guide_says(lab: Lab) -> Iterator[None]:
    """The target runs the answerer of the guide, behind its redirection of every port."""
    guide = (Path(__file__).parents[2] / "docs" / "guide.fr.md").read_text(encoding="utf-8")
    answerer = re.search(r"^python3 -c '(import socket.*?)'$", guide, re.DOTALL | re.MULTILINE)
    rules = re.findall(r"^nft (add (?:table|chain|rule) inet temoin(?!.*tcp dport).*)$", guide, re.MULTILINE)
    assert answerer is not None
    assert len(rules) == 3
    for rule in rules:
        lab.must(lab.target, "nft", rule.replace("'", ""))
    words = ["ip", "netns", "exec", lab.target, sys.executable, "-c", answerer[1]]
    process = subprocess.Popen(words)
    try:
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait()
        lab.must(lab.target, "nft", "delete", "table", "inet", "temoin")


@pytest.mark.parametrize("address", [CANARY, V6])
def test_the_answerer_of_the_guide_speaks_from_the_port_that_was_asked(lab: Lab, address: str) -> None:
    host = replace(SERVER, addresses=(V4 if address == CANARY else V6,))
    drop_all = f"ip daddr {V4} udp dport 1-65535 drop"
    with as_the_guide_says(lab), lab.line(drop_all):
        if address == CANARY:
            ports = "udp/11211,udp/161,udp/389,udp/5060"
            canaries = looked(lab, ports, host=host, canary=CANARY).canaries
            assert canaries == tuple(
                CanaryAnswer(4, port, reached=True)
                for port in ("udp/161", "udp/11211", "udp/389", "udp/5060")
            )
        else:
            told = states(looked(lab, "udp/389,udp/1901", host=host).addresses[0])
            assert set(told.values()) == {PortState.OPEN}


def test_a_canary_that_only_refuses_proves_nothing_of_a_port_that_amplifies(talkative: Lab) -> None:
    with talkative.line(f"ip daddr {V4} udp dport 1-65535 drop"):
        facts = looked(talkative, "udp/389,udp/5061", canary=CANARY)
    assert set(facts.canaries) == {
        CanaryAnswer(4, "udp/389", reached=False),
        CanaryAnswer(4, "udp/5061", reached=True),
    }


def test_a_host_that_goes_mute_on_the_way_proves_nothing(talkative: Lab) -> None:
    # The third question and all that follow are lost: the service is heard once, then never again.
    with talkative.line(f"ip saddr {V4} udp sport 123 quota over 100 bytes drop; udp dport 41000-41003 drop"):
        facts = looked(talkative, "udp/123,udp/41000-41003")
    assert answer(facts, "udp/123", Question.NTP).state is PortState.OPEN
    lost = [one.state for one in facts.addresses[0].answers if one.port != "udp/123"]
    assert {state.reason for state in lost if isinstance(state, Unreachable)} == {Reason.NO_CONTROL}
    assert host_udp.worth_asking_again(facts)


def test_without_a_way_nothing_is_said_of_the_host(talkative: Lab) -> None:
    with talkative.without_ipv6():
        facts = looked(talkative, "udp/53", host=replace(SERVER, addresses=(V6,)))
    first = answer(facts, "udp/53", Question.DNS).state
    assert isinstance(first, Unreachable)
    assert first.reason is Reason.NO_ROUTE


def test_our_own_firewall_is_not_the_hosts(talkative: Lab, tmp_path: Path) -> None:
    rules = tmp_path / "own.nft"
    rules.write_text(
        "table inet own { chain out { type filter hook output priority 0; udp dport 41005 reject; }; }\n",
        encoding="utf-8",
    )
    talkative.must(talkative.scanner, "nft", "-f", str(rules))
    try:
        state = answer(looked(talkative, "udp/41005"), "udp/41005").state
    finally:
        talkative.must(talkative.scanner, "nft", "delete", "table", "inet", "own")
    assert isinstance(state, Unreachable)
    assert state.reason is Reason.PERMISSION_DENIED

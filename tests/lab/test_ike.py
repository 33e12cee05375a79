"""IKE against strongSwan: weak, strong, both versions, cookies, blocks, the marker of port 4500; ike-scan beside."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from cyberaudit.facts.ike import IkeOffer, IkeSaid, IkeServer, IkeTrait
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.ike.survey import Manner, survey
from cyberaudit.probes.network import Network
from cyberaudit.town.scope import scope_for_look
from tests.lab.network_lab import Lab, laboratory
from tests.lab.strongswan import INSTALLED, connection, gateway

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="the lab needs root"),
    pytest.mark.skipif(shutil.which("nft") is None, reason="nftables is not installed"),
    pytest.mark.skipif(not INSTALLED, reason="strongSwan is not installed"),
]
V4, V6 = "192.0.2.10", "2001:db8:2::10"
STRONG = connection("strong", 2, "aes256gcm16-prfsha384-ecp384")
WEAK = connection("weak", 2, "aes128-sha1-modp1024, 3des-md5-modp768")
MANY = connection("many", 2, "default")
MAIN = connection("main", 1, "aes256-sha256-modp2048, 3des-md5-modp1024, aes128-sha1-modp1536")
AGGRESSIVE = connection("aggressive", 1, "aes256-sha1-modp1024", "aggressive = yes")
CARELESS = "i_dont_care_about_security_and_use_aggressive_mode_psk = yes"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with laboratory(tmp_path_factory.mktemp("lab")) as up:
        yield up


@contextmanager
def standing(lab: Lab, folder: Path, *connections: str, settings: str = "") -> Iterator[None]:
    with gateway(lab.target, folder / "strongswan", *connections, settings=settings):
        yield


# Four times our pace: strongSwan bears it, and what is found is the same.
FAST = Manner(gap=0.05)
# On this line an answer takes a millisecond.
SHORT = (0.3, 0.5)


def see(lab: Lab, *, address: str = V4, seconds: float = 120.0, manner: Manner = FAST) -> IkeServer:
    scope = scope_for_look(addresses=[V4, V6], authorized_by="Mme le maire")
    network = Network(scope, allow_test_network=True)
    return lab.from_scanner(survey(network, ip_address(address), (500, 4500), seconds=seconds, manner=manner))


def offer(server: IkeServer, version: str = "IKEv2") -> IkeOffer:
    found = server.offer(version)
    assert found is not None
    return found


def taken(offer: IkeOffer) -> tuple[set[str], set[str], set[str], set[int]]:
    return set(offer.ciphers), set(offer.macs), set(offer.prfs), set(offer.groups)


@pytest.mark.parametrize("address", [V4, V6])
def test_a_strong_gateway_is_known_exactly(lab: Lab, tmp_path: Path, address: str) -> None:
    with standing(lab, tmp_path, STRONG):
        server = see(lab, address=address)
    assert taken(offer(server)) == ({"aes-gcm-256"}, set(), {"prf-sha384"}, {20})
    assert (offer(server).whole, server.complete) == (True, True)
    assert offer(server, "IKEv1").answer is IkeSaid.REFUSED
    assert server.aggressive is IkeSaid.REFUSED
    assert {IkeTrait.NAT_TRAVERSAL, IkeTrait.FRAGMENTATION} <= set(server.traits)
    assert isinstance(server.datagrams, int)
    assert server.datagrams <= 65


def test_a_weak_gateway_is_known_exactly(lab: Lab, tmp_path: Path) -> None:
    with standing(lab, tmp_path, WEAK):
        server = see(lab)
    assert taken(offer(server)) == (
        {"aes-cbc-128", "3des"}, {"sha1", "md5"}, {"prf-sha1", "prf-md5"}, {2, 1},
    )  # fmt: skip
    assert server.complete is True


def test_a_gateway_that_takes_much_is_known_in_one_look(lab: Lab, tmp_path: Path) -> None:
    with standing(lab, tmp_path, MANY):
        server = see(lab)
    assert (offer(server).whole, server.complete) == (True, True)
    assert {"aes-gcm-256", "chacha20-poly1305", "aes-cbc-128"} <= set(offer(server).ciphers)
    assert {14, 15, 16, 19, 20, 31} <= set(offer(server).groups)
    assert not {"des", "md5"} & {*offer(server).ciphers, *offer(server).macs}


def test_ikev1_in_main_mode_is_known_exactly(lab: Lab, tmp_path: Path) -> None:
    with standing(lab, tmp_path, STRONG, MAIN):
        server = see(lab)
    assert taken(offer(server, "IKEv1")) == (
        {"aes-cbc-256", "aes-cbc-128", "3des"}, {"sha256", "sha1", "md5"}, set(), {14, 5, 2},
    )  # fmt: skip
    assert offer(server, "IKEv1").whole is True
    assert server.hash_sent is not True
    assert taken(offer(server))[3] == {20}


def test_a_choice_of_ikev1_beside_the_usual_ones_is_found(lab: Lab, tmp_path: Path) -> None:
    beside = connection("beside", 1, "aes256-sha512-modp2048")
    with standing(lab, tmp_path, STRONG, beside):
        server = see(lab)
    assert taken(offer(server, "IKEv1")) == ({"aes-cbc-256"}, {"sha512"}, set(), {14})
    assert offer(server, "IKEv1").whole is True


def test_the_hash_of_the_aggressive_mode_is_seen(lab: Lab, tmp_path: Path) -> None:
    with standing(lab, tmp_path, AGGRESSIVE, settings=CARELESS):
        server = see(lab)
    assert (server.aggressive, server.hash_sent) == (IkeSaid.ACCEPTED, True)


def test_ikev1_alone_is_seen_beside_an_ikev2_that_takes_nothing(lab: Lab, tmp_path: Path) -> None:
    with standing(lab, tmp_path, MAIN):
        server = see(lab)
    assert offer(server).answer is IkeSaid.REFUSED
    assert offer(server, "IKEv1").answer is IkeSaid.ACCEPTED


def test_cookies_are_given_back(lab: Lab, tmp_path: Path) -> None:
    with standing(lab, tmp_path, STRONG, WEAK, settings="cookie_threshold = 1\n  cookie_threshold_ip = 1"):
        server = see(lab)
    assert IkeTrait.COOKIE in server.traits
    assert taken(offer(server))[3] == {20, 2, 1}
    assert server.complete is True


def test_a_gateway_that_blocks_early_is_waited_for(lab: Lab, tmp_path: Path) -> None:
    settings = "block_threshold = 2\n  half_open_timeout = 3"
    with standing(lab, tmp_path, STRONG, WEAK, MAIN, settings=settings):
        server = see(lab, manner=replace(FAST, forgotten=3.5))
    assert taken(offer(server))[3] == {20, 2, 1}
    assert server.complete is True


def test_behind_a_filter_of_port_500_the_marker_opens_4500(lab: Lab, tmp_path: Path) -> None:
    with standing(lab, tmp_path, STRONG), lab.line("udp dport 500 drop"):
        server = see(lab)
    assert isinstance(server.ports[0].answers, Unreachable)
    assert server.ports[1].answers is True
    assert taken(offer(server)) == ({"aes-gcm-256"}, set(), {"prf-sha384"}, {20})


# The version of IKE is the eighteenth byte of its header, behind UDP's and on port 4500 the marker.
NO_IKEV1 = "udp dport 500 @th,200,8 0x10 drop; udp dport 4500 @th,232,8 0x10 drop"


def test_an_ikev1_that_nothing_answers_is_ignored_beside_an_ikev2_that_answers(
    lab: Lab, tmp_path: Path
) -> None:
    begun = time.monotonic()
    with standing(lab, tmp_path, STRONG, MAIN), lab.line(NO_IKEV1):
        server = see(lab, manner=replace(FAST, tries=SHORT))
    assert time.monotonic() - begun < 60
    assert offer(server, "IKEv1").answer is IkeSaid.IGNORED
    assert (server.aggressive, server.hash_sent, server.complete) == (IkeSaid.IGNORED, False, True)
    assert taken(offer(server)) == ({"aes-gcm-256"}, set(), {"prf-sha384"}, {20})


def test_a_gateway_that_blocks_us_ignores_nothing(lab: Lab, tmp_path: Path) -> None:
    # Without cookies, or strongSwan raises the one threshold above the other.
    settings = (
        "cookie_threshold = 0\n  cookie_threshold_ip = 0\n  block_threshold = 1\n  half_open_timeout = 200"
    )
    with standing(lab, tmp_path, STRONG, MAIN, settings=settings):
        server = see(lab, manner=replace(FAST, tries=SHORT, forgotten=1.0))
    assert offer(server).answer is IkeSaid.ACCEPTED
    assert isinstance(offer(server, "IKEv1").answer, Unreachable)
    assert isinstance(server.aggressive, Unreachable)
    assert server.complete is not True


def test_nobody_there_is_closed_and_a_filter_is_silent(lab: Lab) -> None:
    closed = see(lab)
    assert {each.answer for each in closed.offers} == {IkeSaid.ABSENT}
    begun = time.monotonic()
    with lab.line("udp dport { 500, 4500 } drop"):
        silent = see(lab)
    assert time.monotonic() - begun < 8
    answer = offer(silent).answer
    assert isinstance(answer, Unreachable)
    assert answer.reason is Reason.TIMEOUT


@pytest.mark.skipif(shutil.which("ike-scan") is None, reason="ike-scan is not installed")
def test_what_ike_scan_sees_we_see_too(lab: Lab, tmp_path: Path) -> None:
    with standing(lab, tmp_path, WEAK, AGGRESSIVE, settings=f"{CARELESS}\n  block_threshold = 20"):
        main = lab.run(lab.scanner, "ike-scan", "--trans=7/256,2,1,2", V4).stdout
        hashed = lab.run(lab.scanner, "ike-scan", "-A", "--id=essai", "--trans=7/256,2,1,2", V4).stdout
        two = lab.run(lab.scanner, "ike-scan", "-2", V4).stdout
        server = see(lab)
    assert ("Main Mode Handshake returned" in main) == (offer(server, "IKEv1").answer is IkeSaid.ACCEPTED)
    assert ("Hash(" in hashed) == (server.hash_sent is True)
    assert V4 in two

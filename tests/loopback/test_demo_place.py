"""The embedded town starts complete, and leaves nothing behind."""

import asyncio
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate

from cyberaudit.declared import AssetKind
from cyberaudit.demo.background import Background
from cyberaudit.demo.keep import command, look_command, wait
from cyberaudit.demo.place import ADDRESSES, DEMO_NOW, DemoPlace
from cyberaudit.demo.zones import BAD, FORGOTTEN, GOOD
from cyberaudit.errors import DemoError
from cyberaudit.town.load import load_profile
from cyberaudit.town.scope import authorized

pytestmark = pytest.mark.loopback


def ports(place: DemoPlace) -> list[int]:
    entrances = [entrance.port for entrance in place.hosts.entrances.values()]
    return [place.dns.port, *(server.port for server in place.mail.values()), *entrances]


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def assert_nothing_is_left(place: DemoPlace) -> None:
    assert not place.running
    assert not place.folder.exists()
    assert not any(is_open(port) for port in ports(place))
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", place.dns.port))


def test_inside_every_port_listens_and_outside_none() -> None:
    with DemoPlace() as place:
        assert place.running
        assert all(is_open(port) for port in ports(place))
    assert_nothing_is_left(place)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_inside_stops_everything(error: type[BaseException]) -> None:
    place = DemoPlace()
    with pytest.raises(error), place:
        raise error
    assert_nothing_is_left(place)


def test_an_open_connection_does_not_delay_the_end() -> None:
    with DemoPlace() as place:
        clients = [socket.create_connection(("127.0.0.1", port), timeout=2) for port in ports(place)]
        start = time.monotonic()
    assert time.monotonic() - start < 2
    assert_nothing_is_left(place)
    for client in clients:
        client.close()


def test_two_places_at_once_do_not_collide() -> None:
    with DemoPlace() as one, DemoPlace() as other:
        assert not set(ports(one)) & set(ports(other))
        assert one.folder != other.folder
    assert_nothing_is_left(one)
    assert_nothing_is_left(other)


def test_it_starts_at_once() -> None:
    with DemoPlace():
        start = time.monotonic()  # the first place has paid for the imports
    with DemoPlace():
        assert time.monotonic() - start < 1


def test_it_tells_a_scan_all_it_needs(demo_place: DemoPlace) -> None:
    assert demo_place.now == DEMO_NOW
    assert demo_place.resolver == f"127.0.0.1:{demo_place.dns.port}"
    assert [rule.partition("=")[0] for rule in demo_place.connect_to] == [
        "192.0.2.25:25",
        "[2001:db8::25]:25",
        "192.0.2.26:25",
        "[2001:db8::26]:25",
        "203.0.113.25:25",
        "198.51.100.53:53",
        "203.0.113.53:53",
        "[2001:db8:53::53]:53",
        "[2001:db8:54::53]:53",
        "198.51.100.43:443",
        "192.0.2.1:443",
        "192.0.2.1:4433",
        "192.0.2.1:8080",
        "192.0.2.2:3389",
        "192.0.2.1:*",
        "192.0.2.2:*",
        "198.51.100.10:*",
    ]
    assert all("=127.0.0.1:" in rule for rule in demo_place.connect_to)
    assert demo_place.ca_bundle.read_bytes().startswith(b"-----BEGIN CERTIFICATE")
    assert "Saint-Étienne-d'Ô" in demo_place.profile.read_text(encoding="utf-8")


def test_its_profile_authorizes_all_that_is_mapped_and_nothing_real(demo_place: DemoPlace) -> None:
    profile = load_profile(demo_place.profile)
    scope = authorized(profile, now=demo_place.now)
    mapped = [ip_address(address) for addresses in ADDRESSES.values() for address in addresses]
    assert all(scope.covers_address(address) for address in mapped)
    assert {asset.name for asset in profile.town.of_kind(AssetKind.DOMAIN)} == {GOOD, BAD, FORGOTTEN}
    assert not any(network.is_global for network in scope.addresses)


def test_all_its_certificates_but_the_contractors_hold_at_its_date(demo_place: DemoPlace) -> None:
    certificates = [
        load_pem_x509_certificate(path.read_bytes()) for path in demo_place.folder.glob("server-*.pem")
    ]
    dates = [(held.not_valid_before_utc, held.not_valid_after_utc) for held in certificates]
    assert all(start < demo_place.now for start, _ in dates)
    assert sorted(end > demo_place.now for _, end in dates) == [False, True, True, True, True]


def test_its_files_are_private(demo_place: DemoPlace) -> None:
    assert demo_place.folder.stat().st_mode & 0o777 == 0o700
    for path in demo_place.folder.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


def test_importing_the_place_loads_no_heavy_library() -> None:
    code = "import cyberaudit.demo.keep, sys; sys.exit(bool({'dns', 'cryptography'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class Slow:
    """A server that needs a while to start or to stop."""

    def __init__(self, *, start: float = 0, stop: float = 0) -> None:
        self._start, self._stop = start, stop

    async def start(self) -> None:
        await asyncio.sleep(self._start)

    async def stop(self) -> None:
        await asyncio.sleep(self._stop)


def test_a_server_that_does_not_start_is_one_french_sentence() -> None:
    with pytest.raises(DemoError, match="trop de temps"), Background(Slow(start=0.2), start_seconds=0.05):
        pytest.fail("it must not start")


def test_ctrl_c_while_starting_leaves_no_thread() -> None:
    servers = Background(Slow(start=0.2))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupt = threading.Timer(0.05, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt), servers:
        pytest.fail("it must not start")
    interrupt.join()
    signal.signal(signal.SIGINT, before)
    assert not servers.running


def test_a_server_that_does_not_stop_holds_nobody_back(caplog: pytest.LogCaptureFixture) -> None:
    with Background(Slow(stop=0.5), join_seconds=0.1) as servers:
        start = time.monotonic()
    assert time.monotonic() - start < 0.4
    assert "did not stop" in caplog.text
    while servers.running:
        time.sleep(0.05)


def test_the_command_to_paste_says_everything(demo_place: DemoPlace) -> None:
    words = shlex.split(command(demo_place).replace("\\\n", ""))
    assert words[:3] == ["cyberaudit", "scan", str(demo_place.profile)]
    options = list(zip(words[3::2], words[4::2], strict=True))
    assert options[:7] == [
        ("--vantage", "outside"),
        ("--history", str(demo_place.folder / "history.sqlite3")),
        ("--now", "2026-11-21T21:10:00Z"),
        ("--resolver", demo_place.resolver),
        ("--ca-bundle", str(demo_place.ca_bundle)),
        ("--trust-anchor", str(demo_place.folder / "racine.ds")),
        ("--rdap-bootstrap", str(demo_place.folder / "registres.json")),
    ]
    assert options[7] == ("--backup-root", str(demo_place.folder / "sauvegardes"))
    assert options[8:] == [("--connect-to", rule) for rule in demo_place.connect_to]


def test_the_look_to_paste_reaches_the_same_town(demo_place: DemoPlace) -> None:
    words = shlex.split(look_command(demo_place).replace("\\\n", ""))
    assert words[:7] == [
        "cyberaudit",
        "look",
        "domain",
        BAD,
        GOOD,
        "--authorized-by",
        "Hélène Marchand, maire",
    ]
    scanned = shlex.split(command(demo_place).replace("\\\n", ""))
    assert {"--resolver", "--trust-anchor", "--ca-bundle", "--connect-to"} < set(words)
    assert set(words[7:]) < set(scanned)
    assert "--backup-root" not in words


def test_waiting_ends_when_the_town_is_gone() -> None:
    said: list[str] = []
    with DemoPlace() as place:
        pass
    with pytest.raises(DemoError, match="d'elle-même"):
        wait(place, say=said.append)
    assert said[0].startswith("La ville de démonstration reste ouverte")


def test_waiting_may_be_cut_short_while_it_speaks(demo_place: DemoPlace) -> None:
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if len(said) == 2:
            raise KeyboardInterrupt

    wait(demo_place, say=say)
    assert said[2:] == ["La ville de démonstration s'arrête."]


KEEPING = """
from cyberaudit.demo.keep import wait
from cyberaudit.demo.place import DemoPlace
with DemoPlace() as place:
    wait(place, say=lambda text: print(text, flush=True))
print(place.running)
"""


def test_waiting_ends_at_ctrl_c_and_leaves_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", KEEPING], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = [line for line in iter(process.stdout.readline, "Ctrl-C arrête la démonstration.\n") if line]
        ca_bundle = Path(next(line for line in said if "--ca-bundle" in line).split()[1])
        assert ca_bundle.is_file()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=5)
    assert rest.splitlines() == ["La ville de démonstration s'arrête.", "False"]
    assert process.returncode == 0
    assert not ca_bundle.parent.exists()

"""Real OpenVPN, WireGuard, PPTP and L2TP servers of Debian, in a network namespace of the test's own."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cyberaudit.declared import Host, Vpn, VpnKind
from cyberaudit.facts.old_tunnel import OldTunnel, OldTunnelMet
from cyberaudit.facts.openvpn import OpenVpnEndpoint, OpenVpnMet
from cyberaudit.facts.tls_endpoint import TlsServer
from cyberaudit.facts.wireguard import WireGuardEndpoint, WireGuardMet
from cyberaudit.probes import old_tunnel_endpoint, openvpn_endpoint, wireguard_endpoint
from cyberaudit.probes.instruments import Options, Patience, set_up
from cyberaudit.town.scope import scope_for_look
from tests.lab.network_lab import inside, must_in
from tests.unit.towns import NOW, town
from tests.unit.wireguard_server import WireGuardServer, public, text

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]

ADDRESS = "192.0.2.1"
BOX = Host("box", "Box", (), "outside", (ADDRESS,), (), "", "", "")
WAIT_SECONDS = 30.0
OPENVPN_CONFIG = """
dev tun
server 10.8.0.0 255.255.255.0
ifconfig-noexec
route-noexec
local 127.0.0.1
ca cert.pem
cert cert.pem
key key.pem
dh none
verb 3
"""
WEAK = "tls-version-min 1.0\ntls-cert-profile insecure\ntls-cipher DEFAULT:@SECLEVEL=0\n"
HIDDEN = {
    "tls-auth": ("secret", "tls-auth static.key 0\n"),
    "tls-crypt": ("secret", "tls-crypt static.key\n"),
    "tls-crypt-v2": ("tls-crypt-v2-server", "tls-crypt-v2 static.key\n"),
}
PPTPD_CONFIG = "option {folder}/pptp-options\nlisten 127.0.0.1\nlocalip 10.9.0.1\nremoteip 10.9.0.10-20\n"
XL2TPD_CONFIG = """
[global]
listen-addr = 127.0.0.1
port = 1701
[lns default]
ip range = 10.9.1.10-10.9.1.20
local ip = 10.9.1.1
"""


def program(name: str) -> str:
    """Its path; the test is passed over without it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    if not Path("/dev/net/tun").exists():
        pytest.skip("no tun device here")
    name = f"cya-{os.getpid()}-vpn"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        must_in(name, "ip", "link", "set", "lo", "up")
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


@contextmanager
def running(namespace: str, folder: Path, *command: str, ready: Callable[[], bool]) -> Iterator[None]:
    """The program in its folder, once it is ready; ended by its own pid."""
    with (folder / "output").open("wb") as output, subprocess.Popen(
        ["ip", "netns", "exec", namespace, *command],
        stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, start_new_session=True,
    ) as server:  # fmt: skip
        try:
            _wait(server, ready)
            yield
        finally:
            server.terminate()


def _listens(namespace: str, port: str) -> bool:
    protocol, _, number = port.partition("/")
    shown = subprocess.run(
        ["ip", "netns", "exec", namespace, "ss", "-Hln", "-t" if protocol == "tcp" else "-u"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return any(f":{number}" in word for word in shown.split())


def _wait(server: "subprocess.Popen[bytes]", is_ready: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended by itself: see its output file"
        if is_ready():
            return
        time.sleep(0.05)
    pytest.fail("the server is not ready in time")


def look(namespace: str, probe: Any, kind: VpnKind, port: str, *, config: Path | None = None) -> Any:
    """What the probe sees from within the namespace."""
    number = port.partition("/")[2]

    async def looking() -> Any:
        options = Options(
            resolvers=("127.0.0.1:53",),
            connect_to=(f"{ADDRESS}:{number}=127.0.0.1:{number}",),
            wireguard_config=config,
            patience=Patience(connect=2.0, handshake=4.0),
        )
        asset = Vpn("a", "Agents", (), host="box", type=kind, hostname="", port=port)
        scope = scope_for_look(addresses=[ADDRESS], authorized_by="Mme le maire")
        return await probe.look(asset, set_up(town(BOX, asset), scope, options, now=NOW))

    return inside(namespace, looking())


@contextmanager
def openvpn(namespace: str, folder: Path, port: str, *, bits: int = 3072, more: str = "") -> Iterator[None]:
    protocol, _, number = port.partition("/")
    subprocess.run(
        [
            program("openssl"), "req", "-x509", "-newkey", f"rsa:{bits}", "-nodes", "-days", "30", "-subj",
            "/CN=vpn.mairie-l-hay.example", "-keyout", "key.pem", "-out", "cert.pem",
        ],
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    proto = {"udp": "udp", "tcp": "tcp-server"}[protocol]
    config = f"{OPENVPN_CONFIG}proto {proto}\nport {number}\n{more}"
    (folder / "server.conf").write_text(config, encoding="utf-8")
    command = (program("openvpn"), "--config", "server.conf")
    log = folder / "output"
    with running(namespace, folder, *command, ready=lambda: b"Sequence Completed" in log.read_bytes()):
        yield


def seen_openvpn(namespace: str, port: str) -> OpenVpnEndpoint:
    facts = look(namespace, openvpn_endpoint, VpnKind.OPENVPN, port)
    assert isinstance(facts, OpenVpnEndpoint)
    return facts


def accepted(server: TlsServer) -> set[str]:
    assert all(isinstance(offer.accepted, bool) for offer in server.versions), "each version is decided"
    return {offer.version for offer in server.versions if offer.accepted is True}


@pytest.mark.parametrize("port", ["udp/21194", "tcp/21194"])
def test_a_strong_server_shows_all_of_its_tls(namespace: str, tmp_path: Path, port: str) -> None:
    with openvpn(namespace, tmp_path, port):
        facts = seen_openvpn(namespace, port)
    assert facts.answers[0].met is OpenVpnMet.OPENVPN
    (server,) = facts.servers
    assert accepted(server) == {"TLSv1.2", "TLSv1.3"}
    assert server.complete is True
    modern = server.version("TLSv1.3")
    assert modern is not None
    assert set(modern.suites if isinstance(modern.suites, tuple) else ()) == {0x1301, 0x1302, 0x1303}
    older = server.version("TLSv1.2")
    assert older is not None
    # OpenVPN's own list leaves out RSA key exchange; without `dh`, DHE is out too.
    expected = {0xC02F, 0xC030, 0xCCA8, 0xC013, 0xC014, 0xC027, 0xC028}
    assert set(older.suites if isinstance(older.suites, tuple) else ()) == expected
    leaf = server.sessions[0].chain[0]
    assert (leaf.key_type, leaf.key_bits, leaf.self_signed) == ("RSA", 3072, True)


@pytest.mark.parametrize("port", ["udp/21195", "tcp/21195"])
def test_a_weak_server_is_told_apart(namespace: str, tmp_path: Path, port: str) -> None:
    with openvpn(namespace, tmp_path, port, bits=1024, more=WEAK):
        facts = seen_openvpn(namespace, port)
    (server,) = facts.servers
    assert accepted(server) == {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
    assert server.sessions[0].chain[0].key_bits == 1024


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize(
    ("port", "expected"), [("udp/21196", OpenVpnMet.SILENT), ("tcp/21196", OpenVpnMet.CLOSES)]
)
def test_a_hidden_channel_says_nothing(
    namespace: str, tmp_path: Path, name: str, port: str, expected: OpenVpnMet
) -> None:
    kind, line = HIDDEN[name]
    command = [program("openvpn"), "--genkey", kind, str(tmp_path / "static.key")]
    subprocess.run(command, check=True, capture_output=True)
    with openvpn(namespace, tmp_path, port, more=line):
        facts = seen_openvpn(namespace, port)
    assert (facts.answers[0].met, facts.servers) == (expected, ())


def test_a_closed_port_is_told(namespace: str) -> None:
    assert seen_openvpn(namespace, "udp/21197").answers[0].met is OpenVpnMet.CLOSED
    facts = look(namespace, wireguard_endpoint, VpnKind.WIREGUARD, "udp/21197")
    assert facts.answers[0].met is WireGuardMet.CLOSED
    assert facts.answers[0].detail == "icmp 3/3 de 127.0.0.1"


@contextmanager
def wireguard(namespace: str, folder: Path, server: WireGuardServer) -> Iterator[None]:
    """The program that needs no module of the kernel."""
    conf = folder / "wg.conf"
    lines = ["[Interface]", f"PrivateKey = {text(server.own.private_bytes_raw())}", "ListenPort = 51820"]
    lines += ["[Peer]", f"PublicKey = {text(public(server.peer))}", "AllowedIPs = 10.0.0.2/32"]
    lines += [f"PresharedKey = {text(server.shared)}"] if any(server.shared) else []
    conf.write_text("\n".join(lines) + "\n", encoding="utf-8")
    device = f"cyg{os.getpid() % 100_000}"
    control = Path(f"/var/run/wireguard/{device}.sock")
    with running(namespace, folder, program("wireguard-go"), "-f", device, ready=control.exists):
        must_in(namespace, program("wg"), "setconf", device, str(conf))
        must_in(namespace, "ip", "link", "set", device, "up")
        yield
    control.unlink(missing_ok=True)


@pytest.mark.parametrize("shared", [bytes(32), bytes(range(32))], ids=["no-psk", "psk"])
def test_a_real_wireguard_proves_itself_to_its_peer_only(
    namespace: str, tmp_path: Path, shared: bytes
) -> None:
    server = WireGuardServer(shared=shared)
    stranger = replace(WireGuardServer(shared=shared), own=server.own)
    folders = [tmp_path / name for name in ("peer", "stranger")]
    for folder in folders:
        folder.mkdir()
    configs = (server.config(folders[0]), stranger.config(folders[1]), None)
    with wireguard(namespace, tmp_path, server):
        seen: list[WireGuardEndpoint] = [
            look(namespace, wireguard_endpoint, VpnKind.WIREGUARD, "udp/51820", config=config)
            for config in configs
        ]
    mets = [facts.answers[0].met for facts in seen]
    assert mets == [WireGuardMet.PROVEN, WireGuardMet.SILENT, WireGuardMet.SILENT]
    assert [facts.with_keys for facts in seen] == [True, True, False]


def test_a_real_pptp_server_answers(namespace: str, tmp_path: Path) -> None:
    (tmp_path / "pptp-options").write_text("name mairie\n", encoding="utf-8")
    config = tmp_path / "pptpd.conf"
    config.write_text(PPTPD_CONFIG.format(folder=tmp_path), encoding="utf-8")
    command = (program("pptpd"), "-f", "-c", str(config), "-p", str(tmp_path / "pid"))
    with running(namespace, tmp_path, *command, ready=lambda: _listens(namespace, "tcp/1723")):
        facts = look(namespace, old_tunnel_endpoint, VpnKind.PPTP, "tcp/1723")
    assert isinstance(facts, OldTunnel)
    assert facts.answers[0].met is OldTunnelMet.ANSWERS
    assert "linux" in facts.answers[0].detail


def test_a_real_l2tp_server_answers(namespace: str, tmp_path: Path) -> None:
    config = tmp_path / "xl2tpd.conf"
    config.write_text(XL2TPD_CONFIG, encoding="utf-8")
    command = (
        program("xl2tpd"), "-D", "-c", str(config), "-s", str(tmp_path / "secrets"), "-p", str(tmp_path / "pid"),
        "-C", str(tmp_path / "control"),
    )  # fmt: skip
    with running(namespace, tmp_path, *command, ready=lambda: _listens(namespace, "udp/1701")):
        facts = look(namespace, old_tunnel_endpoint, VpnKind.L2TP, "udp/1701")
    assert isinstance(facts, OldTunnel)
    assert facts.answers[0].met is OldTunnelMet.ANSWERS
    assert "xelerance" in facts.answers[0].detail

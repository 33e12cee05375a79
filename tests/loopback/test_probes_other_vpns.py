"""WireGuard, PPTP and L2TP: small servers of each, and ports that are none of them."""

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cyberaudit.declared import Host, Vpn, VpnKind
from cyberaudit.errors import UsageError
from cyberaudit.facts.old_tunnel import OldTunnel, OldTunnelMet
from cyberaudit.facts.wireguard import WireGuardEndpoint, WireGuardMet
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import old_tunnel_endpoint, wireguard_endpoint
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.town.scope import scope_for_look
from tests.loopback.openvpn_responder import Talk, listening, over_udp
from tests.unit.test_old_tunnels import REPLY, l2tp, pair, pptp_reply
from tests.unit.towns import NOW, town
from tests.unit.wireguard_server import WireGuardServer

pytestmark = pytest.mark.loopback

T = TypeVar("T")
ADDRESS = "192.0.2.1"
BOX = Host("box", "Box", (), "outside", (ADDRESS,), (), "", "", "")
Reply = Callable[[bytes], list[bytes]]


class Speaker(asyncio.DatagramProtocol):
    """Answers each datagram with those that `reply` makes of it."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.heard: list[bytes] = []
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.append(data)
        for out in self.reply(data):
            self.transport.sendto(out, addr)


def run(scenario: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(scenario, 30))


def access(kind: VpnKind, *, name: str = "a", hostname: str = "vpn.example") -> Vpn:
    return Vpn(name, "Agents", (), host="box", type=kind, hostname=hostname, port="")


def tools(port: int, declared: int, *others: Vpn, config: Path | None = None) -> Instruments:
    options = Options(
        resolvers=("127.0.0.1:53",),
        connect_to=(f"{ADDRESS}:{declared}=127.0.0.1:{port}",),
        wireguard_config=config,
        patience=Patience(connect=1.0, handshake=1.0),
    )
    return set_up(
        town(BOX, *others), scope_for_look(addresses=[ADDRESS], authorized_by="M."), options, now=NOW
    )


async def guard_met(
    speaker: Speaker,
    config: Path | None = None,
    *,
    others: tuple[Vpn, ...] = (),
    hostname: str = "vpn.example",
) -> WireGuardEndpoint:
    transport, port = await over_udp(speaker)
    try:
        asset = access(VpnKind.WIREGUARD, hostname=hostname)
        facts = await wireguard_endpoint.look(asset, tools(port, 51820, asset, *others, config=config))
        assert isinstance(facts, WireGuardEndpoint)
        return facts
    finally:
        transport.close()


def serving(server: WireGuardServer, *, lost: int = 0, under_load: bool = False) -> Reply:
    """A server that may lose the first initiations, or want a cookie."""
    left = [lost]

    def reply(data: bytes) -> list[bytes]:
        if left[0] > 0:
            left[0] -= 1
            return []
        if under_load and not server.wears_cookie(data):
            return [server.cookie_reply(data)]
        response = server.response(data)
        return [response] if response else []

    return reply


def silence(_: bytes) -> list[bytes]:
    return []


def noise(_: bytes) -> list[bytes]:
    return [b"\x02\0\0\0" + bytes(88)]


def test_a_peer_gets_a_proof(tmp_path: Path) -> None:
    server = WireGuardServer(shared=bytes(range(32)))
    facts = run(guard_met(Speaker(serving(server)), server.config(tmp_path)))
    assert facts.with_keys is True
    assert facts.answers[0].met is WireGuardMet.PROVEN
    assert facts.answers[0].detail.startswith("réponse en ")


def test_a_lost_initiation_is_made_anew_with_a_newer_timestamp(tmp_path: Path) -> None:
    server = WireGuardServer()
    speaker = Speaker(serving(server, lost=1))
    assert run(guard_met(speaker, server.config(tmp_path))).answers[0].met is WireGuardMet.PROVEN
    assert len(set(speaker.heard)) == 2


def test_noise_before_the_response_hides_nothing(tmp_path: Path) -> None:
    server = WireGuardServer()
    answer = serving(server)
    facts = run(guard_met(Speaker(lambda data: [*noise(data), *answer(data)]), server.config(tmp_path)))
    assert facts.answers[0].met is WireGuardMet.PROVEN


def test_a_server_under_load_gets_its_cookie_back(tmp_path: Path) -> None:
    server = WireGuardServer()
    speaker = Speaker(serving(server, under_load=True))
    assert run(guard_met(speaker, server.config(tmp_path))).answers[0].met is WireGuardMet.PROVEN
    assert len(speaker.heard) == 2


def test_a_server_that_only_gives_cookies_is_busy(tmp_path: Path) -> None:
    server = WireGuardServer()
    facts = run(guard_met(Speaker(lambda data: [server.cookie_reply(data)]), server.config(tmp_path)))
    assert facts.answers[0].met is WireGuardMet.BUSY


def test_a_server_that_does_not_know_us_is_silent(tmp_path: Path) -> None:
    server = WireGuardServer()
    stranger = WireGuardServer(own=server.own)
    facts = run(guard_met(Speaker(serving(server)), stranger.config(tmp_path)))
    assert (facts.with_keys, facts.answers[0].met) == (True, WireGuardMet.SILENT)


@pytest.mark.parametrize(
    ("reply", "expected"), [(silence, WireGuardMet.SILENT), (noise, WireGuardMet.FOREIGN)]
)
def test_without_keys(reply: Reply, expected: WireGuardMet) -> None:
    facts = run(guard_met(Speaker(reply)))
    assert (facts.with_keys, facts.answers[0].met) == (False, expected)


def test_something_else_that_answers_a_peer_is_foreign(tmp_path: Path) -> None:
    server = WireGuardServer()
    assert run(guard_met(Speaker(noise), server.config(tmp_path))).answers[0].met is WireGuardMet.FOREIGN


def test_a_closed_port_is_told_with_its_author() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    facts = run(wireguard_endpoint.look(access(VpnKind.WIREGUARD), tools(port, 51820)))
    assert isinstance(facts, WireGuardEndpoint)
    assert (facts.answers[0].met, facts.answers[0].detail) == (WireGuardMet.CLOSED, "icmp 3/3 de 127.0.0.1")


def test_the_keys_are_used_where_they_belong(tmp_path: Path) -> None:
    server = WireGuardServer()
    other = access(VpnKind.WIREGUARD, name="b", hostname="autre.example")
    for endpoint, hostname, proven in (
        ("vpn.example:51820", "vpn.example", True),
        (f"{ADDRESS}:51820", "", True),
        ("VPN.Example.:51820", "vpn.example", True),
        ("vpn.example:51820", "VPN.example.", True),
        ("[2001:DB8:0:0::0:7]:51820", "2001:db8::7", True),
        ("[2001:db8::7]:51820", "2001:0db8::0007", True),
        (f"[::ffff:{ADDRESS}]:51820", "", True),
        ("vpn.example:51821", "vpn.example", False),
        ("ailleurs.example:51820", "vpn.example", False),
    ):
        config = server.config(tmp_path, endpoint=endpoint)
        speaker = Speaker(serving(server))
        facts = run(guard_met(speaker, config, others=(other,), hostname=hostname))
        assert (facts.with_keys, facts.answers[0].met is WireGuardMet.PROVEN) == (proven, proven), endpoint


def test_keys_that_others_may_read_are_warned_of_without_showing_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = WireGuardServer()
    with caplog.at_level(logging.DEBUG):
        run(guard_met(Speaker(serving(server)), server.config(tmp_path, mode=0o644)))
    assert "may be read by others" in caplog.text
    assert all(
        line not in caplog.text for line in (tmp_path / "peer.conf").read_text().split() if len(line) > 40
    )


def test_keys_that_can_no_longer_be_read_are_unreachable(tmp_path: Path) -> None:
    config = WireGuardServer().config(tmp_path)
    ready = tools(9, 51820, config=config)
    config.unlink()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
    facts = run(wireguard_endpoint.look(access(VpnKind.WIREGUARD), ready))
    assert isinstance(facts, WireGuardEndpoint)
    assert facts.with_keys == Unreachable(Reason.PERMISSION_DENIED, "configuration WireGuard illisible")


def test_a_configuration_that_cannot_serve_stops_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--wireguard-config"):
        tools(9, 51820, config=tmp_path / "absent")


@pytest.mark.parametrize("kind", [VpnKind.SSL, VpnKind.IPSEC])
def test_other_techniques_are_not_looked_at(kind: VpnKind) -> None:
    for probe in (wireguard_endpoint, old_tunnel_endpoint):
        assert run(probe.look(access(kind), tools(9, 1701))) == Unreachable(Reason.NO_PROBE, kind.value)


def test_an_address_nobody_signed_for_is_unreachable() -> None:
    box = Host("box", "Box", (), "outside", ("198.51.100.7",), (), "", "", "")
    scope = scope_for_look(addresses=[ADDRESS], authorized_by="M.")
    bare = set_up(town(box), scope, Options(resolvers=("127.0.0.1:53",)), now=NOW)
    for kind, probe in ((VpnKind.WIREGUARD, wireguard_endpoint), (VpnKind.L2TP, old_tunnel_endpoint)):
        facts = run(probe.look(access(kind), bare))
        assert not isinstance(facts, Unreachable)
        (answer,) = facts.answers
        assert isinstance(answer.met, Unreachable)
        assert answer.met.reason is Reason.NOT_AUTHORIZED


async def pptp_met(talk: Talk) -> tuple[OldTunnelMet | Unreachable, str]:
    async with listening(talk) as port:
        facts = await old_tunnel_endpoint.look(access(VpnKind.PPTP), tools(port, 1723))
    assert isinstance(facts, OldTunnel)
    return facts.answers[0].met, facts.answers[0].detail


def saying(*pieces: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(156)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)
        await reader.read()

    return talk


async def leave(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.readexactly(156)


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        (saying(pptp_reply()), (OldTunnelMet.ANSWERS, "hôte local, constructeur linux")),
        (
            saying(pptp_reply()[:7], pptp_reply()[7:]),
            (OldTunnelMet.ANSWERS, "hôte local, constructeur linux"),
        ),
        (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), (OldTunnelMet.FOREIGN, "")),
        (saying(b"x" * 400), (OldTunnelMet.FOREIGN, "")),
        (saying(), (OldTunnelMet.SILENT, "")),
        (leave, (OldTunnelMet.CLOSES, "connexion fermée par le serveur")),
    ],
)
def test_pptp(talk: Talk, expected: tuple[OldTunnelMet, str]) -> None:
    assert run(pptp_met(talk)) == expected


def test_a_closed_pptp_port() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    facts = run(old_tunnel_endpoint.look(access(VpnKind.PPTP), tools(port, 1723)))
    assert isinstance(facts, OldTunnel)
    assert (facts.protocol, facts.port, facts.answers[0].met) == ("pptp", "tcp/1723", OldTunnelMet.CLOSED)
    assert facts.from_outside is True
    inside = replace(tools(port, 1723), vantage="bureaux")
    seen = run(old_tunnel_endpoint.look(access(VpnKind.PPTP), inside))
    assert isinstance(seen, OldTunnel)
    assert seen.from_outside is False


async def l2tp_met(speaker: Speaker) -> tuple[OldTunnelMet | Unreachable, str]:
    transport, port = await over_udp(speaker)
    try:
        facts = await old_tunnel_endpoint.look(access(VpnKind.L2TP), tools(port, 1701))
        await asyncio.sleep(0.05)
    finally:
        transport.close()
    assert isinstance(facts, OldTunnel)
    return facts.answers[0].met, facts.answers[0].detail


def accepting(start: bytes) -> list[bytes]:
    return [l2tp(*REPLY, tunnel=int.from_bytes(start[-2:], "big"))]


def test_l2tp_in_clear_answers_and_is_told_goodbye() -> None:
    speaker = Speaker(lambda data: accepting(data) if len(speaker.heard) == 1 else [])
    assert run(l2tp_met(speaker)) == (OldTunnelMet.ANSWERS, "hôte box, constructeur xelerance.com")
    assert len(speaker.heard) == 2
    assert struct.unpack_from("!HHH", speaker.heard[1])[2] == 0x1234
    assert pair(0, b"\0\x04") in speaker.heard[1]


def test_l2tp_that_answers_late_is_heard() -> None:
    speaker = Speaker(lambda data: accepting(data) if len(speaker.heard) == 2 else [])
    assert run(l2tp_met(speaker))[0] is OldTunnelMet.ANSWERS


@pytest.mark.parametrize(
    ("reply", "expected"),
    [(silence, OldTunnelMet.SILENT), (lambda _: [os.urandom(40)], OldTunnelMet.FOREIGN)],
)
def test_what_is_no_l2tp(reply: Reply, expected: OldTunnelMet) -> None:
    assert run(l2tp_met(Speaker(reply)))[0] is expected


def test_a_closed_l2tp_port() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    facts = run(old_tunnel_endpoint.look(access(VpnKind.L2TP), tools(port, 1701)))
    assert isinstance(facts, OldTunnel)
    assert facts.answers[0].met is OldTunnelMet.CLOSED

"""WireGuard's handshake against the other half of it, and configurations of every kind."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cyberaudit.errors import UsageError
from cyberaudit.probes.wireguard.configuration import CONFIGURATION_BYTES, Configuration, read_configuration
from cyberaudit.probes.wireguard.handshake import Handshake, Proof, hchacha20
from tests.unit.wireguard_server import WireGuardServer, public, text

pytestmark = pytest.mark.unit

NOW = 1_800_000_000.25


def shake(
    server: WireGuardServer, folder: Path, *, cookie: bytes = b"", now: float = NOW
) -> tuple[Handshake, Configuration]:
    ours = read_configuration(server.config(folder))
    return Handshake(ours, ours.peers[0], cookie=cookie, now=now), ours


@pytest.mark.parametrize("shared", [bytes(32), bytes(range(32))])
def test_a_response_of_the_right_server_is_a_proof(tmp_path: Path, shared: bytes) -> None:
    server = WireGuardServer(shared=shared)
    handshake, _ = shake(server, tmp_path)
    response = server.response(handshake.initiation)
    assert response is not None
    assert handshake.read(response) is Proof.RESPONSE
    assert handshake.read(response) is Proof.RESPONSE, "reading changes nothing"


def test_the_timestamp_is_tai64n(tmp_path: Path) -> None:
    server = WireGuardServer()
    server.response(shake(server, tmp_path)[0].initiation)
    assert server.stamps == [
        (2**62 + 10 + 1_800_000_000).to_bytes(8, "big") + (250_000_000).to_bytes(4, "big")
    ]


def test_a_response_made_without_the_right_keys_is_none(tmp_path: Path) -> None:
    server = WireGuardServer()
    handshake, ours = shake(server, tmp_path)
    other_shared = Handshake(ours, replace(ours.peers[0], shared_key=bytes(range(32))), now=NOW)
    response = server.response(other_shared.initiation)
    assert response is not None, "the initiation does not depend on the shared key"
    assert other_shared.read(response) is None
    assert handshake.read(response) is None, "of another initiation"


def test_what_is_not_quite_a_response_is_none(tmp_path: Path) -> None:
    server = WireGuardServer()
    handshake, _ = shake(server, tmp_path)
    response = server.response(handshake.initiation)
    assert response is not None
    wrong = [response[:-1], response + b"\0", b"\x04" + response[1:], b"", bytes(92)]
    wrong += [response[:12] + bytes(32) + response[44:], response[:44] + bytes(16) + response[60:]]
    assert [handshake.read(data) for data in wrong] == [None] * len(wrong)


def test_a_stranger_gets_no_response(tmp_path: Path) -> None:
    server = WireGuardServer()
    _, ours = shake(server, tmp_path)
    stranger = replace(ours, private_key=bytes(range(1, 33)))
    assert server.response(Handshake(stranger, ours.peers[0]).initiation) is None


def test_a_cookie_is_opened_and_worn(tmp_path: Path) -> None:
    server = WireGuardServer()
    handshake, _ = shake(server, tmp_path)
    assert not server.wears_cookie(handshake.initiation)
    cookie = handshake.read(server.cookie_reply(handshake.initiation))
    assert cookie == server.cookie
    second, _ = shake(server, tmp_path, cookie=server.cookie)
    assert server.wears_cookie(second.initiation)
    assert handshake.read(WireGuardServer().cookie_reply(handshake.initiation)) is None


def test_hchacha20_of_the_draft() -> None:
    """draft-irtf-cfrg-xchacha §2.2.1."""
    nonce = bytes.fromhex("000000090000004a0000000031415927")
    expected = "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    assert hchacha20(bytes(range(32)), nonce).hex() == expected


@pytest.mark.parametrize(
    ("endpoint", "host", "port"),
    [
        ("", "", None),
        ("vpn.Mairie-L-Hay.example:51820", "vpn.mairie-l-hay.example", 51820),
        ("[2001:db8::1]:4500", "2001:db8::1", 4500),
        ("192.0.2.1:65535", "192.0.2.1", 65535),
        ("VPN.Mairie.Example.:51820", "vpn.mairie.example", 51820),
        ("vpn.mairie-l-haÿ.example:51820", "vpn.xn--mairie-l-ha-4ib.example", 51820),
        ("[2001:DB8:0:0::0:0001]:4500", "2001:db8::1", 4500),
        ("[::FFFF:192.0.2.1]:4500", "192.0.2.1", 4500),
    ],
)
def test_the_endpoint_is_read(tmp_path: Path, endpoint: str, host: str, port: int | None) -> None:
    ours = read_configuration(WireGuardServer().config(tmp_path, endpoint=endpoint))
    assert (ours.peers[0].host, ours.peers[0].port) == (host, port)


def test_keys_never_show(tmp_path: Path) -> None:
    server = WireGuardServer(shared=bytes(range(32)))
    ours = read_configuration(server.config(tmp_path))
    assert ours.private_key == server.peer.private_bytes_raw()
    assert repr(server.peer.private_bytes_raw()) not in repr(ours)
    assert repr(bytes(range(32))) not in repr(ours)


@pytest.mark.parametrize(("mode", "loose"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_may_read_is_noticed(tmp_path: Path, mode: int, loose: bool) -> None:
    assert read_configuration(WireGuardServer().config(tmp_path, mode=mode)).readable_by_others is loose


OURS = text(bytes(range(1, 33)))
THEIRS = text(public(X25519PrivateKey.from_private_bytes(bytes(range(2, 34)))))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "aucune section"),
        (f"[Interface]\nPrivateKey={OURS}\n", "aucune section"),
        (f"[Peer]\nPublicKey={THEIRS}\n", "PrivateKey"),
        (f"[Interface]\nPrivateKey=abc\n[Peer]\nPublicKey={THEIRS}\n", "PrivateKey"),
        (f"[Interface]\nPrivateKey={OURS}\n[Peer]\nPublicKey={OURS[:-4]}\n", "PublicKey"),
        (f"[Interface]\nPrivateKey={OURS}\n[Peer]\nPublicKey={text(bytes(32))}\n", "PublicKey"),
        (f"[Interface]\nPrivateKey={OURS}\n[Peer]\nPublicKey={THEIRS}\nPresharedKey=é\n", "PresharedKey"),
        (f"[Interface]\nPrivateKey={OURS}\n[Peer]\nPublicKey={THEIRS}\nEndpoint=vpn\n", "Endpoint"),
        (f"[Interface]\nPrivateKey={OURS}\n[Peer]\nPublicKey={THEIRS}\nEndpoint=vpn:0\n", "Endpoint"),
        ("#" * (CONFIGURATION_BYTES + 1), "trop long"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_a_configuration_that_cannot_serve_is_refused(tmp_path: Path, content: str | bytes, why: str) -> None:
    path = tmp_path / "peer.conf"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    with pytest.raises(UsageError, match=why) as refusal:
        read_configuration(path)
    assert not re.search(r"[A-Za-z0-9+/]{30}", str(refusal.value).replace(str(path), ""))


@pytest.mark.parametrize("name", ["absent.conf", "nul\0.conf", "."])
def test_what_is_no_readable_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="--wireguard-config"):
        read_configuration(tmp_path / name)

"""The survey against OpenSSL itself, which decides alone what it accepts; near, and thirty milliseconds away."""

import asyncio
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.facts.tls_endpoint import Preference
from cyberaudit.facts.tls_suites import suite
from cyberaudit.model import Unreachable
from cyberaudit.probes.tls.hello import TLS10, TLS11, TLS12, TLS13, VERSION_NAMES
from cyberaudit.probes.tls.survey import Survey
from tests.loopback.test_tls_survey import offer, surveyed

pytestmark = [
    pytest.mark.loopback,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]

STRONG = ("-cipher", "ECDHE+AESGCM:ECDHE+CHACHA20", "-no_tls1", "-no_tls1_1", "-serverpref")
EVERYTHING = ("-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
MODERN_13 = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
CURVES = {0x001D, 0x0017, 0x0018, 0x0019, 0x001E}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`rsa.pem`, `ec.pem`, `ed.pem` and their `.key`."""
    folder = tmp_path_factory.mktemp("keys")
    kinds = {
        "rsa": ("-newkey", "rsa:2048"),
        "ec": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "ed": ("-newkey", "ed25519"),
    }
    for name, kind in kinds.items():
        command = ["openssl", "req", "-x509", "-nodes", *kind, "-subj", "/CN=mairie.example", "-days", "2"]
        files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")]
        subprocess.run([*command, *files], check=True, capture_output=True)
    return folder


def der(keys: Path, name: str) -> bytes:
    return ssl.PEM_cert_to_DER_cert((keys / f"{name}.pem").read_text(encoding="ascii"))


@contextmanager
def openssl_server(keys: Path, name: str, *options: str) -> Iterator[int]:
    certificate = ("-cert", str(keys / f"{name}.pem"), "-key", str(keys / f"{name}.key"))
    with subprocess.Popen(
        ["openssl", "s_server", "-accept", "127.0.0.1:0", *certificate, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as server:
        assert server.stdout
        accepting = next(line for line in server.stdout if line.startswith(b"ACCEPT"))
        try:
            yield int(accepting.rpartition(b":")[2])
        finally:
            server.kill()


def see(keys: Path, name: str, *options: str) -> Survey:
    with openssl_server(keys, name, *options) as port:
        return surveyed(port)


def names(found: Survey, version: int) -> set[str]:
    suites = offer(found, version).suites
    assert isinstance(suites, tuple)
    return {suite(code).name for code in suites}


def groups(found: Survey, version: int) -> set[int]:
    assert isinstance(found.groups, tuple)
    listed = next(each.groups for each in found.groups if each.version == VERSION_NAMES[version])
    assert isinstance(listed, tuple)
    return set(listed)


def test_a_strong_server(keys: Path) -> None:
    found = see(keys, "rsa", *STRONG)
    assert found.complete is True
    assert [each.version for each in found.versions if each.accepted] == ["TLSv1.2", "TLSv1.3"]
    assert names(found, TLS13) == MODERN_13
    assert names(found, TLS12) == {
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    }
    assert offer(found, TLS12).preference is Preference.SERVER
    assert groups(found, TLS12) == CURVES
    assert groups(found, TLS13) >= CURVES
    assert found.flights == ((der(keys, "rsa"),),)
    options = found.options
    assert (options.secure_renegotiation, options.extended_master_secret, options.fallback_scsv) == (
        True,
    ) * 3
    # Twelve is the least: six suites, six versions.
    assert found.hellos <= 18


def test_a_server_that_accepts_all_its_library_can(keys: Path) -> None:
    found = see(keys, "rsa", *EVERYTHING)
    assert found.complete is True
    assert names(found, TLS10) == names(found, TLS11)
    assert {"TLS_RSA_WITH_NULL_MD5", "TLS_DH_anon_WITH_AES_128_CBC_SHA"} < names(found, TLS10)
    assert len(names(found, TLS12)) >= 50
    assert offer(found, TLS12).preference is Preference.CLIENT
    assert isinstance(found.dh_groups, tuple)
    assert found.dh_groups
    assert found.options.encrypt_then_mac is True
    accepted = sum(len(each.suites) for each in found.versions if isinstance(each.suites, tuple))
    assert found.hellos <= 1.5 * (accepted + len(VERSION_NAMES))


def test_an_ecdsa_certificate_hides_no_curve(keys: Path) -> None:
    found = see(keys, "ec", *STRONG[:4])
    assert groups(found, TLS12) == CURVES
    assert found.flights == ((der(keys, "ec"),),)
    assert isinstance(found.signature_schemes, tuple)
    assert 0x0403 in found.signature_schemes


def test_an_ed25519_certificate_hides_no_suite(keys: Path) -> None:
    found = see(keys, "ed", *STRONG)
    assert len(names(found, TLS12)) == 3
    assert found.signature_schemes == (0x0807,)


def test_both_certificates_of_a_dual_server_are_seen(keys: Path) -> None:
    other = ("-dcert", str(keys / "ec.pem"), "-dkey", str(keys / "ec.key"))
    found = see(keys, "rsa", *STRONG, *other)
    assert {chain[0] for chain in found.flights} == {der(keys, "rsa"), der(keys, "ec")}
    assert len(names(found, TLS12)) == 6


def test_tls_13_alone_shows_no_certificate(keys: Path) -> None:
    found = see(keys, "rsa", "-tls1_3")
    assert names(found, TLS13) == MODERN_13
    assert found.complete is True
    assert found.flights == ()
    assert isinstance(found.nameless, Unreachable)


def test_a_client_certificate_and_alpn_are_seen(keys: Path) -> None:
    found = see(keys, "rsa", *STRONG, "-Verify", "1", "-alpn", "http/1.1")
    assert found.options.client_certificate is True
    assert found.options.alpn == ("http/1.1",)
    assert found.complete is True


def test_another_certificate_without_a_name_is_seen(keys: Path) -> None:
    named = ("-servername", "vpn.mairie-l-hay.example", "-cert2", str(keys / "ec.pem"), "-key2")
    found = see(keys, "rsa", *STRONG, *named, str(keys / "ec.key"))
    assert found.flights == ((der(keys, "ec"),),)
    assert found.nameless == (der(keys, "rsa"),)


def far_away(port: int, *, seconds: float) -> Listener:
    """A way to `port` on which every round trip takes `seconds`, that of the connection too."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        back.write(await reader.read(65536))
        await asyncio.sleep(seconds)
        writer.write(await there.read(65536))
        await writer.drain()
        await reader.read(1)
        back.close()

    return Listener(talk)


def test_a_far_strong_server_is_known_in_a_second(keys: Path) -> None:
    with openssl_server(keys, "ec", *STRONG) as port:
        way = far_away(port, seconds=0.03)
        with Background(way):
            begun = time.monotonic()
            found = surveyed(way.port)
            took = time.monotonic() - begun
    assert found.complete is True
    print(f"far: {took:.2f} s, {found.connections} conversations")
    # About 0.8 s on an idle machine.
    assert took < 4

"""`look tls` and `look vpn` on the command line: how long odd ports take, and what is told of them."""

import asyncio
import shutil
import time
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.demo.authority import Authority
from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.french import NBSP
from tests.loopback.test_probes_tls import NAME, openssl_server
from tests.loopback.test_tls_starttls import reciting

pytestmark = pytest.mark.loopback

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
ALREADY = "ce port est déjà chiffré : retirez --starttls"
# The bar for a port that says nothing.
MOST_SECONDS = 6.0


async def mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(4096):
        pass


def look(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, float]:
    """Code, what was said on both channels as one line, and seconds."""
    begun = time.monotonic()
    code = run(["look", *words, "--authorized-by", "Mme le maire", "--now", DEMO_NOW.isoformat()])
    said = capsys.readouterr()
    return code, " ".join((said.out + said.err).replace(NBSP, " ").split()), time.monotonic() - begun


@pytest.mark.parametrize("options", [(), ("--starttls", "smtp"), ("--starttls", "ldap")])
def test_a_mute_port_is_told_once_and_soon(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    service = Listener(mute)
    with Background(service):
        code, said, seconds = look(capsys, "tls", f"127.0.0.1:{service.port}", *options)
    assert code == 3
    assert said.endswith("pas de TLS : pas de réponse dans le temps prévu")
    assert said.count("pas de réponse") == 1
    assert seconds <= MOST_SECONDS


@needs_openssl
@pytest.mark.parametrize("protocol", ["smtp", "ldap"])
def test_a_port_that_is_encrypted_already_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, protocol: str
) -> None:
    """`openssl s_server` serves one at a time: the question beside the silence waits behind it."""
    with openssl_server(Authority(tmp_path, DEMO_NOW).issue(NAME)) as port:
        code, said, seconds = look(capsys, "tls", f"127.0.0.1:{port}", "--starttls", protocol)
    assert code == 3
    assert said.endswith(ALREADY)
    assert seconds <= MOST_SECONDS


def test_a_port_of_another_protocol_is_told_in_one_line_with_the_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    service = Listener(reciting((b"220 mairie ESMTP\r\n", b"500 quoi\r\n")))
    with Background(service):
        code, said, _ = look(capsys, "tls", f"127.0.0.1:{service.port}")
    assert code == 3
    assert said.endswith("un autre langage y répond (smtp) ; essayez --starttls smtp")


@needs_openssl
def test_a_name_and_the_intrusive_test_are_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    authority = Authority(tmp_path, DEMO_NOW)
    with openssl_server(authority.issue(NAME)) as port:
        target = ("tls", f"127.0.0.1:{port}", "--ca-bundle", str(authority.ca_bundle))
        _, bare, _ = look(capsys, *target)
        _, named, _ = look(capsys, *target, "--name", NAME, "--renegotiate")
    assert "nom non comparé" in bare
    assert "demandée par le client essai poussé, non fait" in bare
    assert f"{NAME} [127.0.0.1]" in named
    assert "nom juste" in named
    assert "demandée par le client non ;" in named


@needs_openssl
def test_the_tier_that_fails_is_chosen(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A certificate that nobody recognises: no urgency, and yet something to do."""
    with openssl_server(Authority(tmp_path, DEMO_NOW).issue(NAME)) as port:
        target = ("tls", f"127.0.0.1:{port}", "--name", NAME)
        codes = [look(capsys, *target, "--fail-on", tier)[0] for tier in ("never", "later")]
    assert codes == [0, 1]
    assert look(capsys, "tls", "127.0.0.1:1", "--fail-on", "demain")[0] == 2


def test_accesses_that_nobody_declared_raise_no_verdict_when_they_are_closed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, said, _ = look(capsys, "vpn", "127.0.0.1", "--type", "PPTP")
    assert (code, "à corriger" in said, "en ordre" in said) == (3, False, False)
    code, said, _ = look(capsys, "vpn", "127.0.0.1", "--type", "ssl")
    assert said.startswith("Absents (port fermé) : SSL tcp/443, SSL tcp/4443")
    assert code == 3

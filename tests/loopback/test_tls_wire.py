"""Our hellos and what `openssl s_server` answers: the key exchanges that Python's own TLS cannot serve."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cyberaudit.facts.tls_suites import ALL_GROUPS, ALL_SCHEMES, ALL_SUITES, TLS13_SUITES
from cyberaudit.probes.tls.flight import Alert, Answer, FlightReader, ServerFlight
from cyberaudit.probes.tls.hello import SSL2, TLS10, TLS11, TLS12, TLS13, Hello, build

pytestmark = [
    pytest.mark.loopback,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]

NAME = "vpn.mairie-l-hay.example"
EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
PSK = ("-psk", "0badcafe", "-psk_hint", "mairie", "-nocert")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed: `rsa` and `dsa`, key and certificate in one file."""
    place = tmp_path_factory.mktemp("cles")
    request = ("openssl", "req", "-x509", "-nodes", "-days", "3", "-subj", f"/CN={NAME}")
    parameters = place / "dsa-parameters"
    for command in (
        (*request, "-newkey", "rsa:2048", "-keyout", str(place / "rsa"), "-out", str(place / "rsa.crt")),
        ("openssl", "dsaparam", "-out", str(parameters), "1024"),
        (
            *request,
            "-newkey",
            f"dsa:{parameters}",
            "-keyout",
            str(place / "dsa"),
            "-out",
            str(place / "dsa.crt"),
        ),
    ):
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    for name in ("rsa", "dsa"):
        with (place / name).open("a") as file:
            file.write((place / f"{name}.crt").read_text())
    (place / "answer").write_bytes(b"\x30\x03\x0a\x01\x00")
    return place


@contextmanager
def server(*options: str) -> Iterator[int]:
    """`openssl s_server` on a port of 127.0.0.1, ended by its process at the end."""
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", *options]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout
    try:
        for line in process.stdout:
            if found := re.search(r"^ACCEPT .*:(\d+)$", line):
                yield int(found[1])
                return
        raise AssertionError("s_server did not start")
    finally:
        process.kill()
        process.communicate()


def ask(port: int, hello: Hello) -> Answer | None:
    reader = FlightReader(wants_whole=True)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(build(hello))
        while data := line.recv(4096):
            if answer := reader.feed(data):
                return answer
    return reader.ended()


def offer(version: int, suites: tuple[int, ...] = ALL_SUITES) -> Hello:
    return Hello(
        version, suites, server_name=NAME, groups=ALL_GROUPS, signature_schemes=ALL_SCHEMES, status_request=True
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cipher", "code", "field", "curve"),
    [
        ("PSK-AES128-CBC-SHA", 0x008C, False, False),
        ("DHE-PSK-AES128-GCM-SHA256", 0x00AA, True, False),
        ("ECDHE-PSK-AES128-CBC-SHA256", 0xC037, False, True),
    ],
)
def test_a_shared_secret_is_read_behind_its_hint(cipher: str, code: int, *, field: bool, curve: bool) -> None:
    with server(*PSK, "-cipher", f"{cipher}:@SECLEVEL=0", "-tls1_2") as port:
        found = ask(port, offer(TLS12))

    assert isinstance(found, ServerFlight)
    assert (found.suite, bool(found.dh_prime), found.group != 0) == (code, field, curve)
    assert (found.certificates, found.signature_scheme, found.is_whole) == ((), 0, True)


@pytest.mark.parametrize(
    ("key", "cipher", "code", "signature"),
    [
        ("dsa", "DHE-DSS-AES128-SHA256", 0x0040, 2),
        ("rsa", "DHE-RSA-AES128-SHA256", 0x0067, None),
        ("rsa", "NULL-SHA256", 0x003B, None),
        ("rsa", "ECDHE-RSA-CAMELLIA128-SHA256", 0xC076, None),
        ("rsa", "ARIA128-GCM-SHA256", 0xC050, None),
    ],
)
def test_rare_suites_are_offered_and_read(
    keys: Path, key: str, cipher: str, code: int, signature: int | None
) -> None:
    with server(
        "-cert", str(keys / key), "-key", str(keys / key), "-cipher", f"{cipher}:@SECLEVEL=0"
    ) as port:
        found = ask(port, offer(TLS12))

    assert isinstance(found, ServerFlight)
    assert (found.suite, len(found.certificates), found.is_whole) == (code, 1, True)
    assert signature is None or found.signature_scheme & 0xFF == signature


def test_a_demand_and_a_stapled_answer_are_seen(keys: Path) -> None:
    rsa, answer = str(keys / "rsa"), str(keys / "answer")
    with server("-cert", rsa, "-key", rsa, "-Verify", "1", "-status_file", answer, "-tls1_2") as port:
        found = ask(port, offer(TLS12))

    assert isinstance(found, ServerFlight)
    assert (found.wants_certificate, found.stapled, found.is_whole) == (True, True, True)


@pytest.mark.parametrize("version", [TLS10, TLS11, TLS12, TLS13])
def test_each_version_is_spoken(keys: Path, version: int) -> None:
    rsa = str(keys / "rsa")
    with server("-cert", rsa, "-key", rsa, "-cipher", EVERYTHING) as port:
        found = ask(port, offer(version, TLS13_SUITES if version == TLS13 else ALL_SUITES))

    assert isinstance(found, ServerFlight)
    assert (found.version, found.is_retry) == (version, version == TLS13)


def test_a_fallback_is_noticed(keys: Path) -> None:
    rsa = str(keys / "rsa")
    with server("-cert", rsa, "-key", rsa, "-cipher", EVERYTHING) as port:
        found = ask(port, offer(TLS11, (*ALL_SUITES, 0x5600)))

    assert found == Alert(level=2, code=86)


def test_openssl_does_not_take_ssl2(keys: Path) -> None:
    rsa = str(keys / "rsa")
    with server("-cert", rsa, "-key", rsa, "-cipher", EVERYTHING) as port:
        found = ask(port, Hello(SSL2, (0x010080, 0x0700C0)))

    assert isinstance(found, Alert)

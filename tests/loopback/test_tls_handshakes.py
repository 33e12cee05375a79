"""Both TLS clients against real servers: OpenSSL in every shape, GnuTLS, nginx, and Python's own."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.facts.tls_suites import suite
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.stream import Limits, Stream, from_os
from cyberaudit.probes.tls.conversation import Opener
from cyberaudit.probes.tls.flight import Alert
from cyberaudit.probes.tls.handshake import Handshake
from cyberaudit.probes.tls.handshake12 import DOABLE, handshake12
from cyberaudit.probes.tls.handshake13 import handshake13

pytestmark = pytest.mark.loopback

NAME = "vpn.mairie-l-hay.example"
LOOPBACK = "127.0.0.1"
READY_SECONDS = 20.0
WEAK = ("-cipher", "ALL:@SECLEVEL=0")
KEYS = {
    "rsa": ("-newkey", "rsa:2048"),
    "p256": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "p384": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "p521": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"),
    "ed25519": ("-newkey", "ed25519"),
    "ed448": ("-newkey", "ed448"),
    "pss": ("-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"),
    "small": ("-newkey", "rsa:1024"),
}
Shaken = Handshake | Alert | Unreachable
Shake = Callable[[int], Shaken]

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
needs_gnutls = pytest.mark.skipif(shutil.which("gnutls-serv") is None, reason="gnutls-serv is not installed")
needs_nginx = pytest.mark.skipif(not Path("/usr/sbin/nginx").exists(), reason="nginx is not installed")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file a kind of key, key and certificate in one, and DH parameters."""
    folder = tmp_path_factory.mktemp("keys")
    for name, kind in KEYS.items():
        words = ["openssl", "req", "-x509", *kind, "-nodes", "-days", "30", "-subj", f"/CN={NAME}"]
        pem = folder / f"{name}.pem"
        subprocess.run([*words, "-keyout", pem, "-out", folder / "part"], check=True, capture_output=True)
        pem.write_bytes(pem.read_bytes() + (folder / "part").read_bytes())
    return folder


def der(pem: Path) -> bytes:
    text = pem.read_text()
    return ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") :])


def to(port: int) -> Opener:
    async def opener() -> Stream | Unreachable:
        sock = socket.socket()
        sock.settimeout(0)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (LOOPBACK, port))
        except OSError as error:
            sock.close()
            return from_os(error)
        return Stream(sock, limits=Limits(), on_close=sock.close)

    return opener


def shake13(port: int, *, schemes: tuple[int, ...] | None = None, alpn: tuple[str, ...] = ()) -> Shaken:
    shake = partial(handshake13, to(port), server_name=NAME, alpn=alpn)
    return asyncio.run(shake() if schemes is None else shake(schemes=schemes))


def shake12(
    port: int, *, renegotiate: bool = False, suites: tuple[int, ...] = DOABLE, version: int = 0x0303
) -> Shaken:
    return asyncio.run(
        handshake12(to(port), server_name=NAME, renegotiate=renegotiate, suites=suites, version=version)
    )


def finished(shaken: Shaken) -> Handshake:
    assert isinstance(shaken, Handshake), shaken
    return shaken


def seconds(shaken: Handshake) -> list[int]:
    assert not isinstance(shaken.tickets, Unreachable), shaken.tickets
    return [ticket.seconds for ticket in shaken.tickets]


@contextmanager
def running(words: Sequence[str | Path], *, port: int) -> Iterator[int]:
    """The program, once it listens on `port` of this machine."""
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            until = time.monotonic() + READY_SECONDS
            while not listens(port):
                assert time.monotonic() < until, words
                assert server.poll() is None, words
                time.sleep(0.02)
            yield port
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(5)
            server.kill()


def listens(port: int) -> bool:
    """Told by the kernel's list: a server that serves one client at a time is not to lose its turn."""
    listed = Path("/proc/net/tcp").read_text()
    return any(f"{address}:{port:04X} 00000000:0000 0A" in listed for address in ("0100007F", "00000000"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def openssl(pem: Path, *options: str | Path) -> AbstractContextManager[int]:
    """The port of an `openssl s_server`."""
    port = free_port()
    words = ["openssl", "s_server", "-accept", f"{LOOPBACK}:{port}", "-cert", pem, "-key", pem, *options]
    return running(words, port=port)


def gnutls(pem: Path, priority: str) -> AbstractContextManager[int]:
    """The port of a `gnutls-serv`, which listens on every address of the machine."""
    port = free_port()
    words = ["gnutls-serv", "--port", str(port), "--priority", priority, "--http", "--disable-client-cert"]
    return running([*words, "--x509keyfile", pem, "--x509certfile", pem], port=port)


# TLS 1.3


@needs_openssl
@pytest.mark.parametrize(
    ("key", "scheme"),
    [
        ("rsa", 0x0804), ("p256", 0x0403), ("p384", 0x0503), ("p521", 0x0603),
        ("ed25519", 0x0807), ("ed448", 0x0808), ("pss", 0x0809),
    ],
)  # fmt: skip
def test_every_kind_of_key_proves_itself(keys: Path, key: str, scheme: int) -> None:
    pem = keys / f"{key}.pem"
    with openssl(pem, "-tls1_3") as port:
        seen = finished(shake13(port))
    assert (seen.version, seen.signature_scheme, seen.proved) == ("TLSv1.3", scheme, True)
    assert seen.certificates == (der(pem),)
    assert seconds(seen) == [7200, 7200]


@needs_openssl
@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("X25519", 29), ("P-256", 23), ("P-384", 24), ("P-521", 25), ("X448", 30),
        ("ffdhe2048", 0x0100), ("ffdhe3072", 0x0101), ("ffdhe4096", 0x0102), ("ffdhe6144", 0x0103),
        ("ffdhe8192", 0x0104),
    ],
)  # fmt: skip
def test_every_group_of_openssl_is_exchanged(keys: Path, name: str, group: int) -> None:
    with openssl(keys / "p256.pem", "-tls1_3", "-groups", name) as port:
        seen = finished(shake13(port))
    assert (seen.group, seen.proved) == (group, True)


@needs_openssl
@pytest.mark.parametrize("code", [0x1301, 0x1302, 0x1303, 0x1304, 0x1305], ids=lambda code: suite(code).name)
def test_every_suite_of_tls13_is_spoken(keys: Path, code: int) -> None:
    with openssl(keys / "p256.pem", "-tls1_3", "-ciphersuites", suite(code).name) as port:
        seen = finished(shake13(port))
    assert (seen.suite, seconds(seen)) == (code, [7200, 7200])


@needs_openssl
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), [0, 0]),
        (("-early_data",), [16384, 16384]),
        (("-early_data", "-max_early_data", "1000"), [1000, 1000]),
        (("-num_tickets", "5"), [0] * 5),
        (("-num_tickets", "0"), []),
    ],
    ids=str,
)
def test_tickets_and_early_data_are_told(keys: Path, options: tuple[str, ...], expected: list[int]) -> None:
    with openssl(keys / "p256.pem", "-tls1_3", *options) as port:
        seen = finished(shake13(port))
    assert not isinstance(seen.tickets, Unreachable), seen.tickets
    assert [ticket.early_data for ticket in seen.tickets] == expected


@needs_openssl
@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
def test_a_stapled_answer_is_seen(keys: Path, tmp_path: Path, version: str) -> None:
    (tmp_path / "answer").write_bytes(b"\x30\x03\x0a\x01\x06")  # OCSPResponse: unauthorized
    shake = shake13 if version == "-tls1_3" else shake12
    with openssl(keys / "p256.pem", version, "-status_file", tmp_path / "answer") as port:
        assert finished(shake(port)).stapled
    with openssl(keys / "p256.pem", version) as port:
        assert not finished(shake(port)).stapled


@needs_openssl
@pytest.mark.parametrize(("offered", "chosen"), [(("h2", "http/1.1"), "h2"), (("imap",), ""), ((), "")])
def test_the_protocol_inside_is_agreed_on(keys: Path, offered: tuple[str, ...], chosen: str) -> None:
    context = python_server(keys / "p256.pem", ssl.TLSVersion.TLSv1_3)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with served_by_python(context) as port:
        assert finished(shake13(port, alpn=offered)).alpn == chosen


@needs_openssl
def test_the_schemes_choose_between_two_certificates(keys: Path) -> None:
    rsa, curve = keys / "rsa.pem", keys / "p256.pem"
    with openssl(rsa, "-dcert", curve, "-dkey", curve, "-tls1_3") as port:
        assert finished(shake13(port, schemes=(0x0804,))).certificates == (der(rsa),)
        assert finished(shake13(port, schemes=(0x0403,))).certificates == (der(curve),)
        assert shake13(port, schemes=(0x0807,)) == Alert(2, 40)


@needs_openssl
@pytest.mark.parametrize(
    ("shake", "options", "code"),
    [(shake13, ("-tls1_2",), 70), (shake12, ("-tls1_3",), 70), (shake12, ("-tls1_2", "-cipher", "ADH@SECLEVEL=0"), 40)],
    ids=["1.3 of 1.2", "1.2 of 1.3", "no suite"],
)  # fmt: skip
def test_a_refusal_is_an_alert(keys: Path, shake: Shake, options: tuple[str, ...], code: int) -> None:
    with openssl(keys / "p256.pem", *options) as port:
        assert shake(port) == Alert(2, code)


# TLS 1.2 and older


@needs_openssl
@pytest.mark.parametrize(
    ("key", "codes"),
    [
        ("rsa", [each for each in DOABLE if suite(each).authentication == "RSA"]),
        ("p256", [each for each in DOABLE if suite(each).authentication == "ECDSA"]),
    ],
)
def test_every_suite_that_openssl_has_is_finished(keys: Path, key: str, codes: list[int]) -> None:
    with openssl(keys / f"{key}.pem", "-tls1_2", *WEAK) as port:
        met = {code: shake12(port, suites=(code,)) for code in codes}
    # Debian's OpenSSL has neither RC4 nor 3DES
    absent = {code for code in codes if suite(code).cipher in {"RC4", "3DES"}}
    assert {code for code, seen in met.items() if isinstance(seen, Alert)} == absent
    for code in set(codes) - absent:
        seen = finished(met[code])
        assert (seen.suite, seen.proved, seconds(seen)) == (code, True, [7200])


@needs_openssl
@pytest.mark.parametrize(("option", "name", "version"), [("-tls1", "TLSv1", 0x0303), ("-tls1_1", "TLSv1.1", 0x0303),
                                                         ("-tls1_1", "TLSv1.1", 0x0302)])  # fmt: skip
@pytest.mark.parametrize("code", [0xC013, 0xC014, 0x002F, 0x0033], ids=lambda code: suite(code).name)
def test_older_versions_are_finished(keys: Path, option: str, name: str, version: int, code: int) -> None:
    with openssl(keys / "rsa.pem", option, *WEAK) as port:
        seen = finished(shake12(port, suites=(code,), version=version))
    assert (seen.version, seen.suite, seen.proved) == (name, code, True)


@needs_openssl
def test_older_versions_are_signed_with_an_elliptic_key_too(keys: Path) -> None:
    with openssl(keys / "p256.pem", "-tls1", *WEAK) as port:
        seen = finished(shake12(port))
    assert (seen.version, seen.signature_scheme, seen.proved) == ("TLSv1", 0, True)


@needs_openssl
@pytest.mark.parametrize("key", ["p384", "p521", "ed25519", "ed448", "pss", "small"])
def test_every_kind_of_key_proves_itself_in_tls12(keys: Path, key: str) -> None:
    with openssl(keys / f"{key}.pem", "-tls1_2", *WEAK) as port:
        seen = finished(shake12(port))
    assert seen.proved
    assert seen.certificates == (der(keys / f"{key}.pem"),)


@needs_openssl
@pytest.mark.parametrize(
    "name", ["X25519", "P-256", "P-384", "P-521", "X448", "brainpoolP256r1", "brainpoolP512r1", "secp256k1"]
)
def test_every_curve_of_tls12_is_exchanged(keys: Path, name: str) -> None:
    with openssl(keys / "rsa.pem", "-tls1_2", "-groups", name, *WEAK) as port:
        assert finished(shake12(port, suites=(0xC02F,))).proved


@needs_openssl
@pytest.mark.parametrize(
    ("options", "expected"),
    [((), False), (("-client_renegotiation",), True), (("-no_renegotiation",), False)],
    ids=["by default", "allowed", "forbidden"],
)
@pytest.mark.parametrize("code", [0xC02F, 0xC013], ids=["AEAD", "CBC"])
def test_a_renegotiation_is_answered(keys: Path, options: tuple[str, ...], expected: bool, code: int) -> None:
    with openssl(keys / "rsa.pem", "-tls1_2", *options, *WEAK) as port:
        seen = finished(shake12(port, renegotiate=True, suites=(code,)))
    assert (seen.renegotiated, seen.proved) == (expected, True)


@needs_openssl
@pytest.mark.parametrize(("options", "expected"), [((), [7200]), (("-no_ticket",), [])])
def test_tickets_of_tls12_are_told(keys: Path, options: tuple[str, ...], expected: list[int]) -> None:
    with openssl(keys / "rsa.pem", "-tls1_2", *options) as port:
        assert seconds(finished(shake12(port))) == expected


# A certificate is demanded


@needs_openssl
@pytest.mark.parametrize(("shake", "version"), [(shake13, "-tls1_3"), (shake12, "-tls1_2")])
def test_a_certificate_that_may_be_left_out_does_not_hinder(keys: Path, shake: Shake, version: str) -> None:
    with openssl(keys / "p256.pem", version, "-verify", "1") as port:
        seen = finished(shake(port))
    assert (seen.wants_certificate, seen.proved) == (True, True)
    assert seconds(seen)


@needs_openssl
@pytest.mark.parametrize(("shake", "version"), [(shake13, "-tls1_3"), (shake12, "-tls1_2")])
def test_a_certificate_that_must_be_given_leaves_the_tickets_unseen(
    keys: Path, shake: Shake, version: str
) -> None:
    with openssl(keys / "p256.pem", version, "-Verify", "1") as port:
        seen = finished(shake(port))
    assert seen.wants_certificate
    assert seen.certificates == (der(keys / "p256.pem"),)
    assert isinstance(seen.tickets, Unreachable)
    assert seen.tickets.reason is Reason.TLS_FAILURE


@needs_openssl
@pytest.mark.parametrize(("shake", "version"), [(shake13, "TLSv1_3"), (shake12, "TLSv1_2")])
def test_a_server_that_wants_a_certificate_and_leaves_without_a_word_is_not_understood(
    keys: Path, shake: Shake, version: str
) -> None:
    context = python_server(keys / "p256.pem", ssl.TLSVersion[version])
    context.verify_mode = ssl.CERT_REQUIRED
    with served_by_python(context) as port:  # asyncio sends no alert when a handshake fails
        seen = finished(shake(port))
    assert isinstance(seen.tickets, Unreachable)
    assert seen.tickets.reason is Reason.RESET


# Other makes


@needs_gnutls
@needs_openssl
@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        ("NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+3DES-CBC", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.0:-CIPHER-ALL:+ARCFOUR-128:+SHA1:+RSA:-KX-ALL:+RSA",
         "TLS_RSA_WITH_RC4_128_SHA"),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.1:-CIPHER-ALL:+3DES-CBC:-KX-ALL:+DHE-RSA",
         "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-CBC:+SHA384:-KX-ALL:+DHE-RSA",
         "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
        ("NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    ],
)  # fmt: skip
def test_gnutls_is_finished_with_old_ciphers(keys: Path, priority: str, expected: str) -> None:
    with gnutls(keys / "rsa.pem", priority) as port:
        seen = finished(shake12(port))
    assert (suite(seen.suite).name, seen.proved) == (expected, True)


@needs_gnutls
@needs_openssl
@pytest.mark.parametrize("group", ["X25519", "SECP384R1", "X448", "FFDHE3072"])
def test_gnutls_is_finished_in_tls13(keys: Path, group: str) -> None:
    with gnutls(keys / "rsa.pem", f"NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-{group}") as port:
        seen = finished(shake13(port))
    assert (seen.version, seen.proved) == ("TLSv1.3", True)
    assert seconds(seen)


NGINX = """
daemon off; user root; worker_processes 1; pid {folder}/pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  ssl_session_timeout 10m; ssl_protocols TLSv1.2 TLSv1.3; ssl_early_data on; ssl_session_tickets {tickets};
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {pem}; ssl_certificate_key {pem};
  }}
}}
"""


@needs_nginx
@needs_openssl
@pytest.mark.parametrize(
    ("tickets", "modern", "older"), [("on", [(600, 16384)] * 2, [(600, 0)]), ("off", [(600, 16384)] * 2, [])]
)
def test_nginx_is_finished(
    keys: Path, tmp_path: Path, tickets: str, modern: list[tuple[int, int]], older: list[tuple[int, int]]
) -> None:
    port = free_port()
    config = tmp_path / "config"
    config.write_text(NGINX.format(folder=tmp_path, port=port, pem=keys / "p256.pem", tickets=tickets))
    with running(["/usr/sbin/nginx", "-p", tmp_path, "-c", config], port=port):
        seen13, seen12 = finished(shake13(port, alpn=("h2",))), finished(shake12(port, renegotiate=True))
    assert (seen13.alpn, seen13.proved, seen12.proved) == ("h2", True, True)
    assert told(seen13) == modern
    assert told(seen12) == older
    assert seen12.renegotiated is False


def told(shaken: Handshake) -> list[tuple[int, int]]:
    assert not isinstance(shaken.tickets, Unreachable), shaken.tickets
    return [(ticket.seconds, ticket.early_data) for ticket in shaken.tickets]


def python_server(pem: Path, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.minimum_version = context.maximum_version = version
    return context


@contextmanager
def served_by_python(context: ssl.SSLContext) -> Iterator[int]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(context)
        await reader.read()

    service = Listener(talk)
    with Background(service):
        yield service.port


@needs_openssl
@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_every_ticket_of_python_is_counted(keys: Path, count: int) -> None:
    context = python_server(keys / "p256.pem", ssl.TLSVersion.TLSv1_3)
    context.num_tickets = count
    with served_by_python(context) as port:
        assert seconds(finished(shake13(port))) == [7200] * count


def test_a_closed_port_is_refused() -> None:
    with socket.socket() as closed:
        closed.bind((LOOPBACK, 0))
        for shake in (shake13, shake12):
            assert shake(int(closed.getsockname()[1])) == Unreachable(Reason.REFUSED, "ECONNREFUSED")

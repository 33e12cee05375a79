"""TLS endpoints: real OpenSSL servers of every age, and ports that are no TLS server at all."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cyberaudit.declared import Host, Vpn, VpnKind
from cyberaudit.demo.authority import Authority, Flaw, Issued
from cyberaudit.demo.background import Background
from cyberaudit.demo.hosts import AGENTS, build
from cyberaudit.demo.listener import Listener
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.tls_endpoint import SessionOptions, TlsEndpoint, TlsServer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.probes.registry import probe_for
from cyberaudit.probes.tls_endpoint import RENEGOTIATION, announce, look, worth_asking_again
from cyberaudit.probes.vpn_access import MAX_ADDRESSES
from cyberaudit.town.scope import scope_for_look
from tests.unit.towns import town

pytestmark = pytest.mark.loopback

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

NAME = "vpn.mairie-l-hay.example"
ADDRESS = "192.0.2.1"
SHORT = Patience(connect=0.5, handshake=0.6)
LONG = Patience(connect=2, handshake=5)
OLD = ("-cipher", "ALL:@SECLEVEL=0")
LOOKED_AT_NOT = Unreachable(Reason.NOT_LOOKED)
ENDPOINT = Vpn(
    id="agents", name="VPN des agents", declared=(), host="box", type=VpnKind.SSL, hostname=NAME, port=""
)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def host(*addresses: str) -> Host:
    return Host(
        id="box", name="Box", declared=(), zone="outside", addresses=addresses, services=(), link="", model="",
        firmware="",
    )  # fmt: skip


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), DEMO_NOW)


@contextmanager
def openssl_server(issued: Issued, *options: str) -> Iterator[int]:
    """The port of a running `openssl s_server`."""
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", str(issued.certificate)]
    # Where it answers no page, the visit of the page waits.
    command += ["-www"]
    with subprocess.Popen(
        [*command, "-key", str(issued.key), *options],
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


def instruments(
    *rules: str,
    bundle: Path | None = None,
    patience: Patience = SHORT,
    box: Host | None = None,
    tests: tuple[str, ...] = (),
) -> Instruments:
    options = Options(resolvers=("127.0.0.1:53",), ca_bundle=bundle, connect_to=rules, patience=patience)
    scope = scope_for_look(addresses=[ADDRESS, "2001:db8::1"], authorized_by="Mme le maire")
    scope = replace(scope, tests=frozenset(tests))
    return set_up(town(box or host(ADDRESS)), scope, options, now=DEMO_NOW)


def see(
    port: int, *, bundle: Path | None = None, patience: Patience = SHORT, asset: Vpn = ENDPOINT
) -> TlsEndpoint:
    """What is seen of the server on `port` of this machine."""
    facts = asyncio.run(
        look(asset, instruments(f"{ADDRESS}:443=127.0.0.1:{port}", bundle=bundle, patience=patience))
    )
    assert isinstance(facts, TlsEndpoint)
    return facts


def meet(talk: Talk, *, patience: Patience = SHORT) -> TlsServer:
    service = Listener(talk)
    with Background(service):
        return see(service.port, patience=patience).servers[0]


def accepted(server: TlsServer) -> tuple[str, ...]:
    """The accepted versions; every other one was refused in so many words."""
    assert all(isinstance(offer.accepted, bool) for offer in server.versions)
    return tuple(offer.version for offer in server.versions if offer.accepted is True)


def session(server: TlsServer) -> TlsSession:
    return server.sessions[0]


def options(server: TlsServer) -> SessionOptions:
    assert isinstance(server.options, SessionOptions)
    return server.options


def why(server: TlsServer) -> Reason | str:
    return server.met.reason if isinstance(server.met, Unreachable) else server.met


@needs_openssl
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("-tls1_3",), ("TLSv1.3",)),
        (("-tls1_2",), ("TLSv1.2",)),
        (("-no_tls1_3", *OLD), ("TLSv1", "TLSv1.1", "TLSv1.2")),
        ((), ("TLSv1.2", "TLSv1.3")),
    ],
    ids=" ".join,
)
def test_a_server_is_seen_whole(
    authority: Authority, flags: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    with openssl_server(authority.issue(NAME), *flags) as port:
        facts = see(port, bundle=authority.ca_bundle)
    (server,) = facts.servers
    assert accepted(server) == expected
    assert server.complete is True
    assert session(server).version == expected[-1]
    assert session(server).cipher.startswith("TLS_")
    assert server.without_name == replace(session(server), version="", cipher="", timestamps=LOOKED_AT_NOT)
    assert options(server).tickets is True
    assert options(server).ticket_seconds == 7200
    assert options(server).early_data == 0
    assert (server.address, facts.port, facts.hostname) == (ADDRESS, "tcp/443", NAME)


@needs_openssl
@pytest.mark.parametrize(
    ("flaw", "trusted", "matches", "own"),
    [
        (Flaw.NONE, True, True, False),
        (Flaw.EXPIRED, True, True, False),
        (Flaw.OTHER_NAME, True, False, False),
        (Flaw.SELF_SIGNED, False, True, True),
    ],
)
def test_each_fault_of_the_certificate_is_a_fact_of_its_own(
    authority: Authority, flaw: Flaw, trusted: bool, matches: bool, own: bool
) -> None:
    with openssl_server(authority.issue(NAME, flaw=flaw)) as port:
        seen = session(see(port, bundle=authority.ca_bundle).servers[0])
    assert (seen.trust_error == "", seen.name_matches, seen.chain[0].self_signed) == (trusted, matches, own)
    assert (seen.chain[0].not_after < DEMO_NOW) is (flaw is Flaw.EXPIRED)


def rsa_issued(authority: Authority, folder: Path) -> tuple[str, ...]:
    """What gives `openssl s_server` a second certificate, of another kind of key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(DEMO_NOW - timedelta(days=1))
        .not_valid_after(DEMO_NOW + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "rsa.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "rsa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return ("-dcert", str(folder / "rsa.pem"), "-dkey", str(folder / "rsa.key"))


@needs_openssl
@pytest.mark.parametrize("only", ["-tls1_3", "-tls1_2", "-no_tls1"])
def test_both_certificates_of_a_server_that_has_two_are_seen(
    authority: Authority, tmp_path: Path, only: str
) -> None:
    second = rsa_issued(authority, tmp_path)
    with openssl_server(authority.issue(NAME), only, *second) as port:
        (server,) = see(port, bundle=authority.ca_bundle).servers
    assert {each.chain[0].key_type for each in server.sessions} == {"EC", "RSA"}
    assert server.unseen_certificate is None


@needs_openssl
@pytest.mark.parametrize("only", ["-tls1_3", "-tls1_2"])
def test_a_server_that_wants_our_certificate_still_shows_its_own(authority: Authority, only: str) -> None:
    with openssl_server(authority.issue(NAME), "-Verify", "1", only) as port:
        (server,) = see(port, bundle=authority.ca_bundle).servers
    assert session(server).name_matches
    assert options(server).client_certificate is True
    tickets = options(server).tickets
    assert isinstance(tickets, Unreachable)
    assert tickets.reason is Reason.TLS_FAILURE, "the place has nothing to do with it"


@needs_openssl
def test_without_a_declared_name_there_is_none_to_compare_with(authority: Authority) -> None:
    with openssl_server(authority.issue(NAME)) as port:
        facts = see(port, bundle=authority.ca_bundle, asset=replace(ENDPOINT, hostname=""))
    assert facts.hostname == ""
    assert session(facts.servers[0]).name_matches == Unreachable(Reason.NOT_DECLARED)


@needs_openssl
def test_every_address_is_looked_at_and_told_by_itself(authority: Authority) -> None:
    with openssl_server(authority.issue(NAME)) as port, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        rules = (
            f"{ADDRESS}:443=127.0.0.1:{closed.getsockname()[1]}",
            f"[2001:db8::1]:443=127.0.0.1:{port}",
        )
        tools = instruments(*rules, box=host("198.51.100.9", ADDRESS, "2001:db8::1"))
        facts = asyncio.run(look(ENDPOINT, tools))
    assert isinstance(facts, TlsEndpoint)
    assert [(server.address, why(server)) for server in facts.servers] == [
        ("198.51.100.9", Reason.NOT_AUTHORIZED),
        (ADDRESS, Reason.REFUSED),
        ("2001:db8::1", "tls"),
    ]
    assert facts.left_out == ()
    touched = {(Purpose.ACTIVE, ADDRESS, 443), (Purpose.ACTIVE, "2001:db8::1", 443)}
    assert set(tools.network.opened) == touched


def test_the_addresses_beyond_the_limit_are_named() -> None:
    beyond = [f"198.51.100.{number}" for number in range(1, MAX_ADDRESSES + 3)]
    facts = asyncio.run(look(ENDPOINT, instruments(box=host(*beyond))))
    assert isinstance(facts, TlsEndpoint)
    assert facts.left_out == tuple(beyond[MAX_ADDRESSES:])


@needs_openssl
@pytest.mark.parametrize(
    ("flags", "taken"), [(("-legacy_renegotiation",), None), (("-no_renegotiation",), False)]
)
def test_a_renegotiation_is_tried_only_where_it_was_signed_for(
    authority: Authority, flags: tuple[str, ...], taken: bool | None
) -> None:
    with openssl_server(authority.issue(NAME), "-tls1_2", *flags) as port:
        tools = instruments(f"{ADDRESS}:443=127.0.0.1:{port}")
        plain = asyncio.run(look(ENDPOINT, tools))
        signed = instruments(f"{ADDRESS}:443=127.0.0.1:{port}", tests=(RENEGOTIATION,))
        tried = asyncio.run(look(ENDPOINT, signed))
    assert isinstance(plain, TlsEndpoint)
    assert isinstance(tried, TlsEndpoint)
    assert options(plain.servers[0]).client_renegotiation == Unreachable(Reason.NOT_AUTHORIZED)
    assert tools.network.opened[Purpose.INTRUSIVE, ADDRESS, 443] == 0
    assert signed.network.opened[Purpose.INTRUSIVE, ADDRESS, 443] == 1
    found = options(tried.servers[0]).client_renegotiation
    assert isinstance(found, bool)
    assert taken is None or found is taken


ONLY_1_3, NO_SHARE = bytes.fromhex("002b0003020304"), bytes.fromhex("003300020000")
# An empty session_ticket, which only a whole handshake of TLS 1.2 offers (RFC 5077 §3.2).
WANTS_A_TICKET = bytes.fromhex("00230000")


def cutting_handshakes(port: int, *, times: int) -> Talk:
    """Before a server of this machine: hellos of the survey pass, the first handshakes of TLS 1.3 are cut."""
    left = [times]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(65536)
        if ONLY_1_3 in first and NO_SHARE not in first and left[0] > 0:
            left[0] -= 1
            return
        await relay(port, reader, writer, first=first)

    return talk


async def relay(
    port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, first: bytes = b""
) -> None:
    """What was already read, then both directions, until one side ends."""

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
        target.close()

    beyond, towards = await asyncio.open_connection("127.0.0.1", port)
    try:
        towards.write(first)
        await asyncio.gather(copy(reader, towards), copy(beyond, writer), return_exceptions=True)
    finally:
        towards.close()


@needs_openssl
def test_an_answer_that_is_only_stapled_later_counts(authority: Authority, tmp_path: Path) -> None:
    """nginx asks the authority when the first connection comes, and staples nothing until it has the answer."""
    answer = tmp_path / "answer"
    answer.write_bytes(b"\x30\x03\x0a\x01\x06")  # OCSPResponse: unauthorized
    issued = authority.issue(NAME)
    with (
        openssl_server(issued, "-tls1_2") as early,
        openssl_server(issued, "-tls1_2", "-status_file", str(answer)) as late,
    ):
        server = meet(stapling_to_handshakes(early, late))
    assert options(server).stapling is True


def stapling_to_handshakes(early: int, late: int) -> Talk:
    """Before two servers of this machine: hellos of the survey go to one, the handshakes after it to the other."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(65536)
        await relay(late if WANTS_A_TICKET in first else early, reader, writer, first=first)

    return talk


def behind_a_cutter(authority: Authority, *, times: int) -> TlsServer:
    """The demo town's good access, which serves many at once, seen through such a line."""
    service = build(authority).entrances[AGENTS]
    with Background(service):
        return meet(cutting_handshakes(service.port, times=times), patience=LONG)


def test_tickets_of_tls_1_3_that_were_not_seen_are_not_those_of_tls_1_2(authority: Authority) -> None:
    server = behind_a_cutter(authority, times=1000)
    assert isinstance(options(server).early_data, Unreachable)
    assert isinstance(options(server).ticket_seconds, Unreachable)
    assert isinstance(server.unseen_certificate, Unreachable)
    assert accepted(server) == ("TLSv1.2", "TLSv1.3")


def test_handshakes_that_a_limiter_cut_are_begun_again(authority: Authority) -> None:
    server = behind_a_cutter(authority, times=3)
    assert options(server).early_data == 0
    assert options(server).tickets is True
    assert server.unseen_certificate is None


async def plain_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await reader.read()


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


@pytest.mark.parametrize(
    ("talk", "met"), [(plain_http, "http"), (mute, Reason.TIMEOUT), (leave, Reason.RESET)]
)
def test_what_speaks_no_tls_is_told_and_has_neither_version_nor_certificate(
    talk: Talk, met: Reason | str
) -> None:
    start = time.monotonic()
    server = meet(talk)
    assert time.monotonic() - start < 15
    assert why(server) == met
    assert (server.versions, server.sessions) == ((), ())
    assert isinstance(server.options, Unreachable)
    assert isinstance(server.complete, Unreachable)


def test_a_closed_port_is_refused_not_an_absence_of_old_versions() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        facts = see(closed.getsockname()[1])
    assert why(facts.servers[0]) is Reason.REFUSED
    assert not worth_asking_again(facts)


@needs_openssl
def test_whose_page_stands_behind_is_recognised_on_any_port(authority: Authority) -> None:
    async def ocserv(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(context)
        await reader.readuntil(b"\r\n\r\n")
        page = b'<?xml version="1.0"?><config-auth client="vpn" type="auth-request"></config-auth>'
        writer.write(
            b"HTTP/1.1 200 OK\r\nX-Transcend-Version: 1\r\nContent-Length: %d\r\n\r\n" % len(page) + page
        )
        await writer.drain()

    issued = authority.issue(NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    service = Listener(ocserv)
    with Background(service):
        facts = see(service.port, patience=Patience(connect=1, handshake=2))
    assert facts.portal == "anyconnect"
    assert facts.clues


@pytest.mark.parametrize(
    ("asset", "box", "cause"),
    [
        (replace(ENDPOINT, type=VpnKind.IPSEC), host(ADDRESS), Reason.NO_PROBE),
        (replace(ENDPOINT, port="udp/443"), host(ADDRESS), Reason.NO_PROBE),
        (ENDPOINT, host(), Reason.NO_PLACE),
        (replace(ENDPOINT, host="absent"), host(ADDRESS), Reason.NO_PLACE),
        (ENDPOINT, replace(host(ADDRESS), zone="bureaux"), Reason.NOT_LOOKED),
    ],
)
def test_what_cannot_be_looked_at_says_why_and_sends_nothing(asset: Vpn, box: Host, cause: Reason) -> None:
    tools = instruments(box=box)
    facts = asyncio.run(look(asset, tools))
    assert isinstance(facts, Unreachable)
    assert facts.reason is cause
    assert tools.network.opened.total() == 0


def test_an_address_nobody_signed_for_is_never_touched() -> None:
    tools = instruments(box=host("198.51.100.9"))
    facts = asyncio.run(look(ENDPOINT, tools))
    assert isinstance(facts, TlsEndpoint)
    assert why(facts.servers[0]) is Reason.NOT_AUTHORIZED
    assert not worth_asking_again(facts)
    assert tools.network.opened.total() == 0


def test_what_would_be_touched_is_announced() -> None:
    (announced,) = announce(replace(ENDPOINT, port="tcp/4433"), instruments())
    assert announced.target == NAME
    assert announced.purpose is Purpose.ACTIVE
    assert "port 4433" in announced.text
    assert announced.max_packets > 0
    assert announce(replace(ENDPOINT, type=VpnKind.WIREGUARD), instruments()) == ()


def test_the_registry_knows_who_looks_at_a_tls_endpoint() -> None:
    probe = probe_for(TlsEndpoint)
    assert probe is not None
    assert probe.load().look is look

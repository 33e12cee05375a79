"""TLS endpoints: real OpenSSL servers of every age, and ports that are no TLS server at all."""

import asyncio
import shutil
import socket
import ssl
import struct
import subprocess
import time
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cyberaudit.declared import Host, Vpn, VpnKind
from cyberaudit.demo.authority import Authority, Flaw, Issued
from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.tls_endpoint import TlsEndpoint
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.probes.registry import probe_for
from cyberaudit.probes.tls_endpoint import MAX_ADDRESSES, VERSIONS, announce, look, worth_asking_again
from cyberaudit.town.scope import scope_for_look
from tests.unit.towns import town

pytestmark = pytest.mark.loopback

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

NAME = "vpn.mairie-l-hay.example"
ADDRESS = "192.0.2.1"
SHORT = Patience(connect=0.5, handshake=0.6)
OLD = ("-cipher", "ALL:@SECLEVEL=0")
ALL = tuple(VERSIONS)
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
    *rules: str, bundle: Path | None = None, patience: Patience = SHORT, box: Host | None = None
) -> Instruments:
    options = Options(resolvers=("127.0.0.1:53",), ca_bundle=bundle, connect_to=rules, patience=patience)
    scope = scope_for_look(addresses=[ADDRESS, "2001:db8::1"], authorized_by="Mme le maire")
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


def meet(talk: Talk, *, patience: Patience = SHORT) -> TlsEndpoint:
    service = Listener(talk)
    with Background(service):
        return see(service.port, patience=patience)


def accepted(facts: TlsEndpoint) -> dict[str, bool | Reason]:
    return {
        entry.version: entry.accepted.reason if isinstance(entry.accepted, Unreachable) else entry.accepted
        for entry in facts.versions
    }


def only(*versions: str) -> dict[str, bool]:
    return {version: version in versions for version in ALL}


def session(facts: TlsEndpoint) -> TlsSession:
    assert isinstance(facts.session, TlsSession)
    return facts.session


def why(facts: TlsEndpoint) -> Reason | None:
    return facts.session.reason if isinstance(facts.session, Unreachable) else None


@needs_openssl
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("-tls1_3",), ("TLSv1.3",)),
        (("-tls1_2",), ("TLSv1.2",)),
        (("-tls1", *OLD), ("TLSv1",)),
        (("-no_tls1_2", "-no_tls1_3", *OLD), ("TLSv1", "TLSv1.1")),
        (("-no_tls1_3", *OLD), ("TLSv1", "TLSv1.1", "TLSv1.2")),
        (OLD, ALL),
        ((), ("TLSv1.2", "TLSv1.3")),
        (("-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:@SECLEVEL=0"), ("TLSv1.2", "TLSv1.3")),
    ],
    ids=" ".join,
)
def test_each_version_is_told_apart(
    authority: Authority, options: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    with openssl_server(authority.issue(NAME), *options) as port:
        facts = see(port, bundle=authority.ca_bundle)
    assert accepted(facts) == only(*expected)
    assert session(facts).version == expected[-1]
    assert (facts.address, facts.port, facts.hostname) == (ADDRESS, "tcp/443", NAME)


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
        seen = session(see(port, bundle=authority.ca_bundle))
    assert (seen.trust_error == "", seen.name_matches, seen.chain[0].self_signed) == (trusted, matches, own)
    assert (seen.chain[0].not_after < DEMO_NOW) is (flaw is Flaw.EXPIRED)


def below(authority: Authority, folder: Path) -> Issued:
    """A certificate signed by an intermediate authority that nobody sends."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    middle = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Autorité intermédiaire")])
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]))
        .issuer_name(middle)
        .public_key(keys[1].public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(DEMO_NOW - timedelta(days=1))
        .not_valid_after(DEMO_NOW + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(keys[0], hashes.SHA256())
    )
    issued = Issued(folder / "leaf.pem", folder / "leaf.key")
    issued.certificate.write_bytes(leaf.public_bytes(Encoding.PEM))
    issued.key.write_bytes(keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return issued


@needs_openssl
def test_an_incomplete_chain_is_not_trusted_and_says_who_is_missing(
    authority: Authority, tmp_path: Path
) -> None:
    with openssl_server(below(authority, tmp_path)) as port:
        seen = session(see(port, bundle=authority.ca_bundle))
    assert isinstance(seen.trust_error, str)
    assert "Autorité intermédiaire" in seen.trust_error
    assert len(seen.chain) == 1
    assert seen.name_matches


@needs_openssl
def test_without_a_name_the_certificate_is_compared_with_the_address(authority: Authority) -> None:
    with openssl_server(authority.issue(NAME)) as port:
        facts = see(port, bundle=authority.ca_bundle, asset=replace(ENDPOINT, hostname=""))
    assert facts.hostname == ""
    assert not session(facts).name_matches


@needs_openssl
def test_a_server_that_wants_our_certificate_still_shows_its_versions(authority: Authority) -> None:
    with openssl_server(authority.issue(NAME), "-Verify", "1", "-no_tls1_3", *OLD) as port:
        facts = see(port)
    assert accepted(facts) == only("TLSv1", "TLSv1.1", "TLSv1.2")
    assert why(facts) is Reason.TLS_FAILURE


@needs_openssl
def test_the_first_address_that_speaks_is_the_one_shown(authority: Authority) -> None:
    with openssl_server(authority.issue(NAME)) as port, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        rules = (
            f"{ADDRESS}:443=127.0.0.1:{closed.getsockname()[1]}",
            f"[2001:db8::1]:443=127.0.0.1:{port}",
        )
        tools = instruments(*rules, box=host(ADDRESS, "2001:db8::1"))
        facts = asyncio.run(look(ENDPOINT, tools))
    assert isinstance(facts, TlsEndpoint)
    assert facts.address == "2001:db8::1"
    assert facts.left_out == ()
    assert session(facts).chain
    assert set(tools.network.opened) == {(Purpose.ACTIVE, ADDRESS, 443), (Purpose.ACTIVE, "2001:db8::1", 443)}


@needs_openssl
def test_the_addresses_that_were_not_seen_are_named(authority: Authority) -> None:
    with openssl_server(authority.issue(NAME)) as port, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        rules = (
            f"{ADDRESS}:443=127.0.0.1:{closed.getsockname()[1]}",
            f"[2001:db8::1]:443=127.0.0.1:{port}",
        )
        box = host("198.51.100.9", ADDRESS, "2001:db8::1", "192.0.2.2")  # the first one: nobody signed for it
        facts = asyncio.run(look(ENDPOINT, instruments(*rules, box=box)))
    assert isinstance(facts, TlsEndpoint)
    assert facts.address == "2001:db8::1"
    assert facts.left_out == ("198.51.100.9", "192.0.2.2")


def test_the_addresses_beyond_the_limit_are_named_though_none_was_asked() -> None:
    beyond = [f"198.51.100.{number}" for number in range(1, MAX_ADDRESSES + 3)]
    facts = asyncio.run(look(ENDPOINT, instruments(box=host(*beyond))))
    assert isinstance(facts, TlsEndpoint)
    assert facts.left_out == tuple(beyond[1:])


async def plain_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await reader.read()


async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The beginning of a long ServerHello, one byte at a time."""
    for byte in b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb\x03\x03" + bytes(1000):
        writer.write(bytes([byte]))
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("talk", "cause"),
    [
        (plain_http, Reason.TLS_FAILURE),
        (mute, Reason.TIMEOUT),
        (leave, Reason.RESET),
        (reset, Reason.RESET),
        (drip, Reason.TIMEOUT),
    ],
)
def test_what_speaks_no_tls_is_unreachable_and_costs_a_bounded_time(talk: Talk, cause: Reason) -> None:
    start = time.monotonic()
    facts = meet(talk)
    assert time.monotonic() - start < 4 * SHORT.handshake + 2
    assert why(facts) is cause
    assert set(accepted(facts).values()) == {cause}
    assert worth_asking_again(facts)


def test_a_closed_port_is_refused_not_an_absence_of_old_versions() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        facts = see(closed.getsockname()[1])
    assert set(accepted(facts).values()) == {Reason.REFUSED}


def alerting(description: int) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(bytes([21, 3, 1, 0, 2, 2, description]))
        await reader.read()

    return talk


@pytest.mark.parametrize("alert", [40, 71, 80])
def test_a_server_that_refuses_everything_without_saying_why_proves_nothing(alert: int) -> None:
    assert set(accepted(meet(alerting(alert))).values()) == {Reason.TLS_FAILURE}


def test_an_alert_in_the_middle_of_a_server_hello_agrees_on_nothing() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(
            b"\x16\x03\x03\x00\x08\x02\x00\x00\x46\x03\x03\x00\x00" + b"\x15\x03\x03\x00\x02\x02\x28"
        )
        await reader.read()

    assert set(accepted(meet(talk)).values()) == {Reason.TLS_FAILURE}


def test_a_server_that_names_the_version_as_the_reason_is_believed() -> None:
    assert accepted(meet(alerting(70))) == only()


@pytest.mark.parametrize("alert", [0, 49, 112], ids=["close_notify", "access_denied", "unrecognized_name"])
def test_an_alert_about_something_else_says_nothing_of_the_version(alert: int) -> None:
    assert False not in accepted(meet(alerting(alert))).values()


def test_silence_about_one_version_is_not_a_refusal_though_another_is_accepted(authority: Authority) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = authority.issue(NAME)
    context.load_cert_chain(issued.certificate, issued.key)
    clients: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.append(1)
        await (writer.start_tls(context) if len(clients) == 1 else mute(reader, writer))

    facts = meet(talk)
    assert isinstance(facts.session, TlsSession)
    assert set(accepted(facts).values()) == {Reason.TIMEOUT}


def picky(issued: Issued, *, clean_failures: int) -> tuple[Talk, list[int]]:
    """A real server that answers `internal_error` to everything but its first and its last clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    clients: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.append(1)
        if 1 < len(clients) <= 1 + clean_failures:
            await alerting(80)(reader, writer)
        else:
            await writer.start_tls(context)

    return talk, clients


def test_a_passing_trouble_is_asked_again_before_it_becomes_a_refusal(authority: Authority) -> None:
    talk, clients = picky(authority.issue(NAME), clean_failures=len(ALL))
    facts = meet(talk, patience=Patience(connect=0.5, handshake=2))
    assert accepted(facts)["TLSv1.3"] is True
    assert accepted(facts)["TLSv1.2"] is True
    assert len(clients) == 1 + 2 * len(ALL)


def test_the_version_our_own_library_lacks_is_not_the_servers_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERSIONS, "TLSv1", ssl.TLSVersion.SSLv3)  # Debian's OpenSSL has none
    assert accepted(meet(plain_http))["TLSv1"] is Reason.NO_PROBE


def test_looking_warns_of_nothing(authority: Authority) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        meet(leave)
    assert said == []


@pytest.mark.parametrize(
    ("asset", "box", "cause"),
    [
        (replace(ENDPOINT, type=VpnKind.IPSEC), host(ADDRESS), Reason.NO_PROBE),
        (replace(ENDPOINT, port="udp/443"), host(ADDRESS), Reason.NO_PROBE),
        (ENDPOINT, host(), Reason.NOT_DECLARED),
        (replace(ENDPOINT, host="absent"), host(ADDRESS), Reason.NOT_DECLARED),
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
    assert why(facts) is Reason.NOT_AUTHORIZED
    assert not worth_asking_again(facts)
    assert tools.network.opened.total() == 0


def test_what_would_be_touched_is_announced() -> None:
    (announced,) = announce(replace(ENDPOINT, port="tcp/4433"), instruments())
    assert announced.target == NAME
    assert announced.purpose is Purpose.ACTIVE
    assert "5 connexions chiffrées, port 4433" in announced.text
    assert announced.max_packets > 0
    assert announce(replace(ENDPOINT, type=VpnKind.WIREGUARD), instruments()) == ()


def test_the_registry_knows_who_looks_at_a_tls_endpoint() -> None:
    probe = probe_for(TlsEndpoint)
    assert probe is not None
    assert probe.load().look is look

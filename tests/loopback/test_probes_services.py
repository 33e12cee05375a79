"""What stands behind a port: small servers of every protocol on this machine, friendly, mute and hostile."""

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cyberaudit import __version__
from cyberaudit.declared import AnyAsset, Host, Service, Vpn, VpnKind, Website
from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.facts.ports import Danger, of_danger
from cyberaudit.facts.reach import AddressReach, HostReach, PortAnswer, PortState
from cyberaudit.facts.services import Behind, HostServices, Trait
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import host_services
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.probes.registry import probe_for
from cyberaudit.probes.services import encrypted as encrypted_door
from cyberaudit.probes.services.door import CONNECTION_BYTES, CONNECTIONS, Door, Visitor
from cyberaudit.probes.services.visit import PAGES_OF_MACHINES, visit
from cyberaudit.town.scope import scope_for_look
from tests.unit.towns import NOW, town

pytestmark = pytest.mark.loopback

ADDRESS = "192.0.2.1"
BOX = Host("box", "Box", (), "outside", (ADDRESS,), (), "", "", "")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OTHER = Unreachable(Reason.NOT_COLLECTED)


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here needs seconds for a signature."""
    monkeypatch.setattr(encrypted_door, "HANDSHAKE_SECONDS", 2.0)


def prepared(*assets: AnyAsset, rules: tuple[str, ...]) -> Instruments:
    options = Options(resolvers=("127.0.0.1:53",), connect_to=rules, patience=Patience(connect=1.0))
    scope = scope_for_look(addresses=[ADDRESS, "2001:db8::1"], authorized_by="Mme le maire")
    return set_up(town(*(assets or (BOX,))), scope, options, now=NOW)


async def knock(instruments: Instruments, port: int, *, hostname: str, seconds: float) -> Behind:
    visitor = Visitor(
        network=instruments.network,
        agent=host_services.AGENT,
        ehlo="cyberaudit.invalid",
        connect_seconds=1.0,
        until=asyncio.get_running_loop().time() + seconds,
    )
    return await visit(Door(visitor, ip_address(ADDRESS), port, hostname=hostname))


def behind(actual: int, port: int, *, hostname: str = "", seconds: float = 30.0) -> Behind:
    """What a visit of `port` tells, when it is the port `actual` of this machine."""
    instruments = prepared(rules=(f"{ADDRESS}:{port}=127.0.0.1:{actual}",))
    found = asyncio.run(knock(instruments, port, hostname=hostname, seconds=seconds))
    assert instruments.network.opened[Purpose.ACTIVE, ADDRESS, port] <= CONNECTIONS
    return found


def meet(talk: Talk, port: int, *, hostname: str = "") -> Behind:
    service = Listener(talk)
    with Background(service):
        return behind(service.port, port, hostname=hostname)


def says(first: bytes, answers: Mapping[bytes, bytes] | None = None) -> Talk:
    """A server that greets, then answers what begins as in `answers`, and says nothing to anything else."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while question := await reader.read(4096):
            for begin, answer in (answers or {}).items():
                if question.startswith(begin):
                    writer.write(answer)

    return talk


async def closes(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def resets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


# Words -----------------------------------------------------------------------------------------------------------

EHLO = b"250-mx.example\r\n250-STARTTLS\r\n250 SIZE 1\r\n"
UNNAMED = b"CLIENT_ERROR unauthenticated"
CAMERA = b"RTSP/1.0 200 OK\r\nServer: Cam\r\n\r\n"
SPEAKERS = [
    (says(b"SSH-2.0-OpenSSH_9.2\r\n"), 22, "ssh", "SSH-2.0-OpenSSH_9.2", set()),
    (says(b"SSH-2.0-OpenSSH_9.2\r\n"), 443, "ssh", "SSH-2.0-OpenSSH_9.2", set()),
    (says(b"SSH-2.0-OpenSSH_9.2\r\n"), 8080, "ssh", "SSH-2.0-OpenSSH_9.2", set()),
    (says(b"220 ftp\r\n", {b"FEAT": b"211-x\r\n AUTH TLS\r\n211 End\r\n"}), 21, "ftp", "220 ftp", {Trait.STARTTLS}),
    (says(b"220 ftp\r\n", {b"FEAT": b"211-x\r\n UTF8\r\n211 End\r\n"}), 21, "ftp", "220 ftp", set()),
    (says(b"220 ftp\r\n", {b"FEAT": b"530 login\r\n"}), 21, "ftp", "220 ftp", set()),
    (says(b"220 mx ESMTP\r\n", {b"EHLO cyberaudit": EHLO}), 25, "smtp", "220 mx ESMTP", {Trait.STARTTLS}),
    (says(b"554 non\r\n"), 25, "smtp", "554 non", set()),
    (says(b"+OK pop\r\n", {b"CAPA": b"+OK\r\nSTLS\r\n.\r\n"}), 110, "pop3", "+OK pop", {Trait.STARTTLS}),
    (says(b"* OK [CAPABILITY STARTTLS] x\r\n"), 143, "imap", "* OK [CAPABILITY STARTTLS] x", {Trait.STARTTLS}),
    (says(b"* OK x\r\n", {b"a CAP": b"* CAPABILITY STARTTLS\r\na OK\r\n"}), 143, "imap", "* OK x", {Trait.STARTTLS}),
    (says(b"\xff\xfd\x18\xff\xfd\x20login: "), 23, "telnet", "login:", set()),
    (says(b"RFB 003.008\n", {b"RFB 003.008": b"\x01\x01"}), 5900, "vnc", "RFB 003.008", {Trait.ANONYMOUS}),
    (says(b"RFB 003.008\n", {b"RFB 003.008": b"\x02\x02\x13"}), 5900, "vnc", "RFB 003.008", {Trait.AUTHENTICATED}),
    (says(b"RFB 003.003\n", {b"RFB 003.003": b"\0\0\0\1"}), 5900, "vnc", "RFB 003.003", {Trait.ANONYMOUS}),
    (says(b"RFB 003.008\n", {b"RFB": b"\x00\0\0\0\1x"}), 5900, "vnc", "RFB 003.008", set()),
    (says(b"", {b"PING": b"+PONG\r\n"}), 6379, "redis", "", {Trait.ANONYMOUS}),
    (says(b"", {b"PING": b"-NOAUTH x\r\n"}), 6379, "redis", "-NOAUTH x", {Trait.AUTHENTICATED}),
    (says(b"", {b"PING": b"-DENIED Redis is\r\n"}), 6379, "redis", "-DENIED Redis is", set()),
    (says(b"", {b"version": b"VERSION 1.6.18\r\n"}), 11211, "memcached", "VERSION 1.6.18", {Trait.ANONYMOUS}),
    (says(b"", {b"version": UNNAMED + b"\r\n"}), 11211, "memcached", UNNAMED.decode(), {Trait.AUTHENTICATED}),
    (says(b"", {b"\0\0\0\x08\x04\xd2": b"S"}), 5432, "postgresql", "", {Trait.STARTTLS}),
    (says(b"", {b"\0\0\0\x08\x04\xd2": b"N"}), 5432, "postgresql", "", set()),
    (says(b"", {b"OPTIONS rtsp://192.0.2.1:554/": CAMERA}), 554, "rtsp", "Cam", set()),
    (says(b"", {b"OPTIONS": b"RTSP/1.0 401 no\r\nCSeq: 1\r\n\r\n"}), 8554, "rtsp", "", {Trait.AUTHENTICATED}),
    (says(b"@PJL prete\r\n"), 9100, "unknown", "@PJL prete", set()),
]  # fmt: skip


@pytest.mark.parametrize(("talk", "port", "protocol", "banner", "traits"), SPEAKERS)
def test_each_protocol_is_heard_and_asked_one_innocent_question(
    talk: Talk, port: int, protocol: str, banner: str, traits: set[Trait]
) -> None:
    found = meet(talk, port)
    assert (found.protocol, found.banner) == (protocol, banner)
    assert found.traits == traits
    assert (found.address, found.port) == (ADDRESS, f"tcp/{port}")


def mongodb() -> bytes:
    document = (
        b"\x10maxWireVersion\x00" + struct.pack("<i", 17) + b"\x02version\x00\x07\0\0\x006.0.12\x00\x00"
    )
    reply = struct.pack("<iqii", 8, 0, 0, 1) + struct.pack("<i", len(document) + 4) + document
    return struct.pack("<iiii", 16 + len(reply), 9, 1, 1) + reply


def mssql() -> bytes:
    options = struct.pack(">BHHB", 0, 6, 6, 0xFF) + struct.pack(">BBHH", 15, 0, 2000, 0)
    return struct.pack(">BBHHBB", 4, 1, 8 + len(options), 0, 1, 0) + options


def pptp() -> bytes:
    return (
        struct.pack(">HHI", 156, 1, 0x1A2B3C4D)
        + bytes(20)
        + b"routeur".ljust(64, b"\0")
        + b"MikroTik".ljust(64, b"\0")
    )


@pytest.mark.parametrize(
    ("port", "answer", "protocol", "product", "banner"),
    [
        (27017, mongodb(), "mongodb", "mongodb", "MongoDB 6.0.12"),
        (1433, mssql(), "mssql", "mssql", "Microsoft SQL Server 15.0.2000"),
        (1723, pptp(), "pptp", "pptp", "PPTP routeur MikroTik"),
        (27017, b"bonjour\r\n", "unknown", "", "bonjour"),
        (1433, b"\x04\x01\x00\x08\0\0\1\0", "unknown", "", ""),
        (1723, b"x" * 156, "unknown", "", "x" * 119 + "…"),
        (6379, b"bonjour\r\n", "unknown", "", "bonjour"),
        (554, b"quoi ?\r\n\r\n", "unknown", "", "quoi ?"),
    ],
)
def test_a_client_that_speaks_first_understands_the_answer(
    port: int, answer: bytes, protocol: str, product: str, banner: str
) -> None:
    found = meet(says(b"", {b"": answer}), port)
    assert (found.protocol, found.product, found.banner) == (protocol, product, banner)


# Nothing is sent ----------------------------------------------------------------------------------------------


MACHINES = sorted(
    {int(port[4:]) for port in of_danger(Danger.INDUSTRIAL) if port.startswith("tcp/")}
    - PAGES_OF_MACHINES.keys()
    | {515, *range(9100, 9108)}
)


@pytest.mark.parametrize("first", [b"", b"220 automate FTP\r\n", b"RFB 003.008\n"])
def test_machines_and_raw_printers_are_listened_to_and_never_sent_a_byte(first: bytes) -> None:
    received: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while part := await reader.read(4096):
            received.append(part)

    service = Listener(talk)
    with Background(service):
        instruments = prepared(rules=(f"{ADDRESS}:*=127.0.0.1:{service.port}",))

        async def all_at_once() -> list[Behind]:
            return await asyncio.gather(
                *(knock(instruments, port, hostname="", seconds=30) for port in MACHINES)
            )

        found = asyncio.run(all_at_once())
        assert service.connections == len(MACHINES) > 70
    assert received == []
    assert {one.spoke for one in found} == {bool(first)}


@pytest.mark.parametrize("port", sorted(PAGES_OF_MACHINES))
def test_machines_commanded_from_a_page_are_asked_for_it(port: int) -> None:
    assert meet(Site({"/": answer(b"<title>Home Assistant</title>")}).talk, port).protocol == "http"


# Remote desktop --------------------------------------------------------------------------------------------------


def confirm(kind: int, value: int) -> bytes:
    return b"\x03\x00\x00\x13\x0e\xd0\0\0\x124\x00" + struct.pack("<BBHI", kind, 0, 8, value)


@pytest.mark.parametrize(
    ("answer", "traits"),
    [
        (confirm(3, 5), {Trait.NLA}),
        (confirm(2, 1), {Trait.NO_NLA}),
        (confirm(2, 0), {Trait.NO_NLA}),
        (confirm(3, 2), {Trait.NO_NLA}),
        (confirm(3, 3), {Trait.NO_NLA}),
        (confirm(3, 6), set()),
        (confirm(7, 1), {Trait.NO_NLA}),
        (b"\x03\x00\x00\x0b\x06\xd0\0\0\x124\x00", {Trait.NO_NLA}),
    ],
)
def test_a_desktop_says_whether_identity_comes_first(answer: bytes, traits: set[Trait]) -> None:
    found = meet(says(b"", {b"\x03\x00\x00\x13": answer}), 3389)
    assert found.protocol == "rdp"
    assert found.traits == traits


def desktop_behind_nla(alert: bytes) -> Talk:
    """Only NLA is accepted; the handshake that follows is refused."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readexactly(19)
        offered = int.from_bytes(request[15:], "little")
        writer.write(confirm(2, 2) if offered == 3 else confirm(3, 5))
        if await reader.read(4096):
            writer.write(alert)

    return talk


def test_the_certificate_of_a_desktop_is_asked_on_a_second_line_and_may_stay_unknown() -> None:
    service = Listener(desktop_behind_nla(b"\x15\x03\x03\x00\x02\x02\x28"))
    with Background(service):
        found = behind(service.port, 3389)
        assert service.connections == 2
    assert (found.protocol, found.subject) == ("rdp", "")
    assert found.traits == {Trait.NLA}


def test_what_is_no_desktop_on_its_port_is_still_recognised() -> None:
    assert meet(says(b"SSH-2.0-x\r\n"), 3389).protocol == "ssh"
    assert meet(says(b"", {b"\x03\x00": b"\x05\x00\x00\x04"}), 3389).protocol == "unknown"


# File sharing ----------------------------------------------------------------------------------------------------


def framed(message: bytes) -> bytes:
    return struct.pack(">I", len(message)) + message


def smb2(dialect: int = 0x0311) -> bytes:
    return framed(b"\xfeSMB" + bytes(60) + struct.pack("<HHH", 65, 1, dialect) + bytes(60))


def smb1(choice: int = 0) -> bytes:
    return framed(b"\xffSMB\x72" + bytes(27) + b"\x11" + struct.pack("<H", choice) + bytes(36))


def share(newer: bytes | None, older: bytes | None) -> Talk:
    """None: the line is closed."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        question = await reader.read(4096)
        if question.startswith(b"\x81"):
            writer.write(b"\x82\0\0\0")
            question = await reader.read(4096)
        answer = newer if b"\xfeSMB" in question else older if b"\xffSMB" in question else b""
        if answer is not None:
            writer.write(answer)
            await reader.read()

    return talk


@pytest.mark.parametrize(
    ("port", "newer", "older", "banner", "traits"),
    [
        (445, smb2(), None, "SMB 3.1.1", {Trait.NO_SMB1}),
        (445, smb2(0x0202), smb1(), "SMB 2.0.2", {Trait.SMB1}),
        (445, smb2(), smb1(0xFFFF), "SMB 3.1.1", {Trait.NO_SMB1}),
        (445, smb2(), b"", "SMB 3.1.1", set()),
        (445, None, smb1(), "SMB 1", {Trait.SMB1}),
        (139, smb2(0x0302), smb1(), "SMB 3.0.2", {Trait.SMB1}),
    ],
)
def test_a_share_says_whether_the_old_version_is_still_spoken(
    port: int, newer: bytes | None, older: bytes | None, banner: str, traits: set[Trait]
) -> None:
    found = meet(share(newer, older), port)
    assert (found.protocol, found.banner) == ("smb", banner)
    assert found.traits == traits


def test_a_port_of_shares_that_speaks_something_else_is_no_share() -> None:
    assert meet(says(b"", {b"\0\0": framed(b"bonjour")}), 445).protocol == "unknown"
    assert meet(says(b"", {b"\x81": b"\x83\0\0\1\x82"}), 139).protocol == "silent"


# Web -------------------------------------------------------------------------------------------------------------


def answer(body: bytes = b"", *headers: str, status: int = 200) -> bytes:
    head = "".join(f"{header}\r\n" for header in (*headers, f"Content-Length: {len(body)}"))
    return f"HTTP/1.1 {status} x\r\n{head}\r\n".encode() + body


class Site:
    """A web server that keeps the line, and what it was asked."""

    def __init__(self, pages: Mapping[str, bytes]) -> None:
        self.pages = pages
        self.requests: list[str] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.requests.append(request)
                path = request.split()[1]
                writer.write(self.pages.get(path, answer(b"<h1>404</h1>", status=404)))
                await writer.drain()

    @property
    def paths(self) -> list[str]:
        return [request.split()[1] for request in self.requests]


def test_the_request_says_who_asks_and_asks_for_plain_bytes() -> None:
    site = Site({"/": answer(b"<title>Mairie</title>", "Server: nginx")})
    found = meet(site.talk, 80)
    (request,) = site.requests
    assert f"User-Agent: cyberaudit/{__version__}\r\n" in request
    assert "Host: 192.0.2.1\r\n" in request
    assert "Accept-Encoding: identity\r\n" in request
    assert request.startswith("GET / HTTP/1.1\r\n")
    assert (found.protocol, found.banner, found.title, found.http_status) == ("http", "nginx", "Mairie", 200)
    assert found.product == ""


def test_a_declared_name_is_the_one_that_is_asked_for() -> None:
    site = Site({"/": answer()})
    meet(site.talk, 8080, hostname="www.mairie-l-hay.example")
    assert "Host: www.mairie-l-hay.example:8080\r\n" in site.requests[0]


@pytest.mark.parametrize(
    "target",
    [
        "/ui/",
        "ui/",
        "http://192.0.2.1:8080/ui/",
        "//192.0.2.1:8080/ui/",
        "http://www.mairie.example:8080/ui/",
    ],
)
def test_a_redirect_to_the_same_place_is_followed_once(target: str) -> None:
    site = Site(
        {
            "/": answer(b"", f"Location: {target}", status=302),
            "/ui/": answer(b"<title>VMware ESXi</title>", "Location: /encore", status=302),
        }
    )
    found = meet(site.talk, 8080, hostname="www.mairie.example")
    assert site.paths == ["/", "/ui/"]
    assert (found.product, found.title) == ("vmware-esxi", "VMware ESXi")
    assert Trait.ADMIN_PAGE in found.traits


@pytest.mark.parametrize(
    "target",
    [
        "http://198.51.100.7/ui/",
        "https://192.0.2.1:8080/ui/",
        "http://192.0.2.1/ui/",
        "http://127.0.0.1:8080/",
        "http://[::1/",
    ],
)
def test_a_redirect_elsewhere_is_told_and_never_followed(target: str) -> None:
    site = Site({"/": answer(b"", f"Location: {target}", status=302)})
    service = Listener(site.talk)
    with Background(service):
        instruments = prepared(rules=(f"{ADDRESS}:8080=127.0.0.1:{service.port}",))
        found = asyncio.run(knock(instruments, 8080, hostname="", seconds=30))
    assert set(instruments.network.opened) == {(Purpose.ACTIVE, ADDRESS, 8080)}
    assert site.paths == ["/"]
    assert found.clues == (f"renvoie vers {target}",)
    assert found.http_status == 302


def test_a_page_that_sends_on_by_script_is_followed_too() -> None:
    site = Site(
        {
            "/": answer(b'<script>top.location="/login?redir=%2F";</script>', "Server: xxxxxxxx-xxxxx"),
            "/login?redir=%2F": answer(b'<input type="password" name="secretkey">', "Server: xxxxxxxx-xxxxx"),
        }
    )
    found = meet(site.talk, 8080)
    assert found.product == "fortinet-fortigate"
    assert found.traits == {Trait.ADMIN_PAGE, Trait.LOGIN_FORM}


def test_a_suspect_is_asked_for_its_well_known_places_on_the_same_line() -> None:
    site = Site(
        {
            "/": answer(b"<p>rien", "Server: xxxxxxxx-xxxxx"),
            "/remote/login": answer(b'<script src="/remote/fgt_lang?lang=fr"></script>'),
        }
    )
    service = Listener(site.talk)
    with Background(service):
        found = behind(service.port, 8080)
        assert service.connections == 1
    assert site.paths == ["/", "/remote/login"]
    assert found.traits == {Trait.VPN_PORTAL}
    assert any(clue.startswith("/remote/login : 200, ") for clue in found.clues)


def test_a_server_that_wants_tls_on_a_plain_port_is_asked_in_tls() -> None:
    refusal = answer(b"The plain HTTP request was sent to HTTPS port", "Server: nginx", status=400)
    found = meet(Site({"/": refusal}).talk, 8000)
    assert (found.protocol, found.banner) == ("unknown", "nginx")


@pytest.mark.parametrize(("status", "trait"), [(200, Trait.ANONYMOUS), (401, Trait.AUTHENTICATED)])
def test_a_search_database_says_whether_it_serves_anybody(status: int, trait: Trait) -> None:
    site = Site({"/": answer(b'{"cluster_name":"x","version":{}}', status=status)})
    found = meet(site.talk, 9200)
    assert found.product == "elasticsearch"
    assert trait in found.traits


# TLS -------------------------------------------------------------------------------------------------------------


def context(folder: Path, **names: str) -> ssl.SSLContext:
    """A server that shows a certificate of these names, signed by itself."""
    parts = [x509.NameAttribute(getattr(NameOID, key), value) for key, value in names.items()]
    name = x509.Name(parts)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "own.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(file)
    return made


class TlsServer:
    """A listening port whose conversations are inside TLS."""

    def __init__(self, talk: Talk, tls: ssl.SSLContext) -> None:
        self._talk = talk
        self._tls = tls
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._hold, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await asyncio.sleep(0.05)

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.transport.abort()


@contextmanager
def encrypted(talk: Talk, tls: ssl.SSLContext) -> Iterator[int]:
    server = TlsServer(talk, tls)
    with Background(server):
        yield server.port


FORTIGATE = {
    "COMMON_NAME": "FGT60FTK00000000",
    "ORGANIZATIONAL_UNIT_NAME": "FortiGate",
    "ORGANIZATION_NAME": "Fortinet",
}


def test_a_certificate_and_the_page_inside_are_seen_together(tmp_path: Path) -> None:
    site = Site({"/": answer(b"", "Location: /remote/login?lang=fr", "Server: xxxxxxxx-xxxxx", status=302)})
    with encrypted(site.talk, context(tmp_path, **FORTIGATE)) as actual:
        found = behind(actual, 443, hostname="vpn.mairie.example")
    assert found.protocol == "https"
    assert found.product == "fortinet-fortigate"
    assert "O=Fortinet" in found.subject
    assert {Trait.TLS, Trait.VPN_PORTAL} <= found.traits
    assert Trait.ADMIN_PAGE not in found.traits
    assert "Host: vpn.mairie.example\r\n" in site.requests[0]


def test_an_unknown_port_that_waits_is_tried_in_tls(tmp_path: Path) -> None:
    site = Site({"/": answer(b"<title>nas - Synology DiskStation</title><script>SYNO.SDS.Config")})
    with encrypted(site.talk, context(tmp_path, COMMON_NAME="nas")) as actual:
        found = behind(actual, 12345)
    assert (found.protocol, found.product, found.subject) == ("https", "synology", "CN=nas")


def test_mail_inside_tls_speaks_first(tmp_path: Path) -> None:
    with encrypted(says(b"* OK imap\r\n"), context(tmp_path, COMMON_NAME="mx")) as actual:
        found = behind(actual, 993)
        assert (found.protocol, found.banner, found.subject) == ("imap", "* OK imap", "CN=mx")
        assert found.traits == {Trait.TLS}


def test_a_plain_web_port_that_speaks_tls_is_seen(tmp_path: Path) -> None:
    site = Site({"/": answer(b"<title>Mairie</title>")})
    with encrypted(site.talk, context(tmp_path, COMMON_NAME="x")) as actual:
        assert behind(actual, 8080).protocol == "https"


def test_tls_that_says_nothing_inside_is_tls(tmp_path: Path) -> None:
    with encrypted(mute, context(tmp_path, COMMON_NAME="AnyDesk Client")) as actual:
        found = behind(actual, 7070)
    assert (found.protocol, found.product) == ("tls", "anydesk")
    assert found.traits == {Trait.TLS}


def test_hostile_names_in_a_certificate_are_made_safe(tmp_path: Path) -> None:
    evil = "[bold]x\u202ey<b>\x07"
    with encrypted(mute, context(tmp_path, COMMON_NAME=evil)) as actual:
        found = behind(actual, 443)
    assert found.subject.startswith("CN=[bold]x y")
    assert "\x07" not in found.subject


def test_a_server_that_refuses_our_handshake_in_words_of_tls_speaks_tls() -> None:
    alert = says(b"", {b"\x16\x03": b"\x15\x03\x03\x00\x02\x02\x28"})
    found = meet(alert, 443)
    assert found.protocol == "tls"
    assert Trait.TLS in found.traits
    assert found.subject == ""


# Silence and hostility -------------------------------------------------------------------------------------------


def test_a_port_that_says_nothing_is_silent_and_did_not_speak() -> None:
    ports = (4321, 443, 9100)
    service = Listener(mute)
    with Background(service):
        instruments = prepared(rules=(f"{ADDRESS}:*=127.0.0.1:{service.port}",))

        async def all_at_once() -> list[Behind]:
            visits = (knock(instruments, port, hostname="", seconds=30) for port in ports)
            return await asyncio.gather(*visits)

        found = asyncio.run(all_at_once())
    assert [one.protocol for one in found] == ["silent"] * len(ports)
    assert not any(one.spoke for one in found)
    assert max(instruments.network.opened.values()) <= CONNECTIONS


def test_a_line_that_is_cut_each_time_is_not_seen() -> None:
    for talk in (resets, closes):
        found = meet(talk, 8443)
        assert isinstance(found.protocol, Unreachable)
        assert found.protocol.reason is Reason.RESET
        assert not found.spoke


CLIENT_FIRST = (22, 80, 139, 443, 445, 554, 1723, 3389, 6379)


@pytest.mark.parametrize("port", CLIENT_FIRST)
def test_a_port_that_closed_meanwhile_is_not_seen(port: int) -> None:
    service = Listener(mute)
    with Background(service):
        pass
    found = behind(service.port, port)
    assert isinstance(found.protocol, Unreachable)
    assert found.protocol.reason is Reason.REFUSED


@pytest.mark.parametrize("port", CLIENT_FIRST)
def test_a_visit_cut_short_by_our_own_clock_is_no_silence(port: int) -> None:
    service = Listener(mute)
    with Background(service):
        found = behind(service.port, port, seconds=0.3)
    assert found.protocol == Unreachable(Reason.DEADLINE)


def test_without_time_left_nothing_is_asked_and_nothing_concluded() -> None:
    service = Listener(mute)
    with Background(service):
        found = behind(service.port, 22, seconds=0)
        assert service.connections == 0
    assert found.protocol == Unreachable(Reason.DEADLINE)


def endless(piece: bytes, *, pause: float = 0.0, first: bytes = b"") -> Talk:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        with suppress(OSError):
            while True:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)

    return talk


HEAD = b"HTTP/1.1 200 OK\r\nServer: x\r\n"
FLOODS = [
    (22, endless(b"A" * 4096)),
    (443, endless(b"A\r\n" * 1000)),
    (8080, endless(b"\x00\xff" * 2000)),
    (22, endless(b"S", pause=0.3)),
    (8080, endless(b"S", pause=0.3)),
    (8080, endless(b"X-A: " + b"b" * 4000 + b"\r\n", first=HEAD)),
    (8080, endless(b"5\r\nabcde\r\n" * 100, first=HEAD + b"Transfer-Encoding: chunked\r\n\r\n")),
    (8080, endless(b"<title>", first=HEAD + b"\r\n")),
    (443, endless(b"\x16\x03\x03\x40\x00" + bytes(0x4000))),
    (443, endless(b"\x16\x03\x03\x00\x01\x02", pause=0.2)),
    (21, endless(b"220-encore\r\n", pause=0.01)),
    (445, endless(b"\x00\xff\xff\xff")),
    (3389, endless(b"\x03\x00\xff\xff")),
    (5900, endless(b"RFB 003.008\n")),
]


@pytest.mark.parametrize(("port", "talk"), FLOODS)
def test_a_server_that_never_ends_costs_a_bounded_time_and_memory(port: int, talk: Talk) -> None:
    begun = time.monotonic()
    found = meet(talk, port)
    assert time.monotonic() - begun < 15
    assert sum(map(len, (found.banner, found.title, found.subject, *found.clues))) < CONNECTION_BYTES
    assert len(found.banner) <= 120
    assert len(found.title) <= 80


def test_a_handshake_that_never_ends_is_left() -> None:
    begun = time.monotonic()
    found = meet(says(b"", {b"\x16": b"\x16\x03\x03\x01\x00\x02"}), 443)
    assert time.monotonic() - begun < 15
    assert found.protocol in ("silent", "unknown")


EVIL = "[bold]L'Haÿ[/bold]\x1b[31m\u202e\x07"


@pytest.mark.parametrize(
    ("talk", "port"),
    [
        (says(f"SSH-2.0-{EVIL}\r\n".encode()), 22),
        (says(f"220 {EVIL} ftp\r\n".encode()), 21),
        (says(f"{EVIL}\r\n".encode()), 4321),
        (Site({"/": answer(f"<title>{EVIL}&#x202e;&lt;b&gt;</title>".encode(), "Server: \x1b[1m")}).talk, 80),
        (Site({"/": answer(b"", "Location: http://x/\x1b[31m", status=302)}).talk, 80),
        (says(b"", {b"PING": f"-NOAUTH {EVIL}\r\n".encode()}), 6379),
        (says(b"", {b"OPTIONS": b"RTSP/1.0 200 x\r\nServer: \x1b\xe2\x80\xae\r\n\r\n"}), 554),
    ],
)  # fmt: skip
def test_hostile_text_is_made_safe(talk: Talk, port: int) -> None:
    found = meet(talk, port)
    assert found.spoke
    for text in (found.banner, found.title, found.subject, *found.clues):
        assert text.isprintable()


def test_compressed_bytes_nobody_asked_for_are_never_unpacked() -> None:
    bomb = b"\x1f\x8b\x08" + bytes(8000)
    found = meet(Site({"/": answer(bomb, "Content-Encoding: gzip")}).talk, 80)
    assert (found.protocol, found.title) == ("http", "")


# The whole probe -------------------------------------------------------------------------------------------------


def opened(port: str) -> PortAnswer:
    return PortAnswer(port, PortState.OPEN, "")


def test_a_whole_host_is_looked_at_through_its_open_ports() -> None:
    ssh, web = (
        Listener(says(b"SSH-2.0-OpenSSH_9.2\r\n")),
        Listener(Site({"/": answer(b"<title>M</title>")}).talk),
    )
    gone = Listener(mute)
    with Background(gone):
        pass
    with Background(ssh, web):
        rules = (
            f"{ADDRESS}:22=127.0.0.1:{ssh.port}",
            f"{ADDRESS}:8444=127.0.0.1:{web.port}",
            f"{ADDRESS}:*=127.0.0.1:{gone.port}",
        )
        box = replace(BOX, services=(Service("tcp/8444", "web", "any"),))
        instruments = prepared(box, rules=rules)
        facts = asyncio.run(host_services.look(box, instruments))
    assert facts.vantage == "outside"
    assert {(one.port, one.protocol) for one in facts.behind} == {("tcp/22", "ssh"), ("tcp/8444", "http")}
    assert facts.left_out == ()
    assert facts.at(ADDRESS, "tcp/22") in facts.behind
    assert facts.at(ADDRESS, "tcp/23") is None


def looked(reach: HostReach, *assets: AnyAsset, rules: tuple[str, ...]) -> HostServices:
    """The services of a host whose ports are known already."""

    async def scenario() -> HostServices:
        instruments = prepared(*assets, rules=rules)

        async def known() -> HostReach:
            return reach

        await instruments.looks.shared(f"reach {BOX.key}", known)
        return await host_services.look(BOX, instruments)

    return asyncio.run(scenario())


def reach_with(count: int, *, first: int = 21000, decoy: PortState = PortState.SILENT) -> HostReach:
    answers = tuple(opened(f"tcp/{port}") for port in range(first, first + count))
    decoys = tuple(PortAnswer(f"tcp/6000{n}", decoy, "") for n in range(3))
    return HostReach("outside", (AddressReach(ADDRESS, 4, (*answers, opened("udp/53")), decoys, OTHER),), ())


@pytest.mark.parametrize(("decoy", "visited"), [(PortState.SILENT, 40), (PortState.OPEN, 20)])
def test_no_more_ports_than_the_number_are_visited_and_the_rest_is_named(
    decoy: PortState, visited: int
) -> None:
    service = Listener(says(b"SSH-2.0-x\r\n"))
    with Background(service):
        facts = looked(reach_with(45, decoy=decoy), BOX, rules=(f"{ADDRESS}:*=127.0.0.1:{service.port}",))
        assert service.connections == visited
    assert len(facts.behind) == visited
    assert facts.left_out[0] == f"{ADDRESS} tcp/{21000 + visited}"
    assert len(facts.left_out) == 45 - visited


def test_what_does_not_end_in_time_is_not_seen_and_takes_nothing_from_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_services, "VISITS_SECONDS", 0.8)
    slow, quick = Listener(mute), Listener(says(b"SSH-2.0-x\r\n"))
    reach = reach_with(2)
    with Background(slow, quick):
        rules = (f"{ADDRESS}:21000=127.0.0.1:{slow.port}", f"{ADDRESS}:21001=127.0.0.1:{quick.port}")
        facts = looked(reach, BOX, rules=rules)
    assert [one.protocol for one in facts.behind] == [Unreachable(Reason.DEADLINE), "ssh"]


def test_an_address_that_went_away_is_asked_nothing_more() -> None:
    service = Listener(says(b"SSH-2.0-x\r\n"))
    gone = Unreachable(Reason.NO_CONTROL, "ce qui répondait ne répond plus")
    (there,) = reach_with(2).addresses
    lost = replace(there, ports=(*there.ports, PortAnswer("tcp/3389", gone, "")))
    other = replace(there, address="2001:db8::1", family=6)
    both = replace(BOX, addresses=(ADDRESS, "2001:db8::1"))
    with Background(service):
        rules = (f"{ADDRESS}:*=127.0.0.1:{service.port}", f"[2001:db8::1]:*=127.0.0.1:{service.port}")
        facts = looked(HostReach("outside", (lost, other), ()), both, rules=rules)
        assert service.connections == 2
    seen = {(one.address, one.port): one.protocol for one in facts.behind}
    assert seen == {
        (ADDRESS, "tcp/21000"): gone,
        (ADDRESS, "tcp/21001"): gone,
        ("2001:db8::1", "tcp/21000"): "ssh",
        ("2001:db8::1", "tcp/21001"): "ssh",
    }
    assert facts.left_out == ()


def test_an_address_that_goes_away_during_the_visits_is_left_alone() -> None:
    with socket.socket() as full, ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # the queue is full: nothing more is answered
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        facts = looked(reach_with(20), BOX, rules=(f"{ADDRESS}:*=127.0.0.1:{full.getsockname()[1]}",))
    reasons = [one.protocol.reason for one in facts.behind if isinstance(one.protocol, Unreachable)]
    assert reasons == [Reason.TIMEOUT] * 10 + [Reason.NO_CONTROL] * 10


def test_the_name_that_is_asked_for_is_the_one_declared_for_the_host() -> None:
    site = Site({"/": answer()})
    vpn = Vpn("agents", "VPN", (), "box", VpnKind.SSL, "vpn.mairie.example", "tcp/8081")
    web = Website("site", "Site", (), "http://www.mairie.example/x", "", "box")
    service = Listener(site.talk)
    reach = reach_with(2, first=8080)
    with Background(service):
        rules = (f"{ADDRESS}:*=127.0.0.1:{service.port}",)
        looked(reach, BOX, vpn, web, rules=rules)
        looked(
            reach_with(1, first=8080), BOX, replace(vpn, hostname="a b\r\nX: y", port="tcp/8080"), rules=rules
        )
    hosts = {line for request in site.requests for line in request.splitlines() if line.startswith("Host")}
    assert hosts == {
        "Host: www.mairie.example:8080",
        "Host: vpn.mairie.example:8081",
        "Host: 192.0.2.1:8080",
    }


def test_a_host_that_does_not_face_us_is_not_looked_at_and_nothing_is_announced() -> None:
    inside = replace(BOX, zone="bureaux", addresses=("198.51.100.10",))
    instruments = prepared(inside, rules=())
    assert asyncio.run(host_services.look(inside, instruments)).behind == ()
    assert host_services.announce(inside, instruments) == ()
    assert not instruments.network.opened


def test_what_would_be_touched_is_announced_with_its_upper_bound() -> None:
    probe = probe_for(HostServices)
    assert probe is not None
    (said,) = probe.load().announce(BOX, prepared(BOX, rules=()))
    assert said.purpose is Purpose.ACTIVE
    assert "40\u00a0ports au plus" in said.text
    assert said.max_packets == 40 * CONNECTIONS * 40

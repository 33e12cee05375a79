"""The words before TLS: what each protocol says, what it refuses, and what nobody may slip in."""

import asyncio
from functools import partial
from ipaddress import ip_address

import pytest

from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.network import Network
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.tls.starttls import MAX_BYTES, MAX_LINES, PREAMBLES, after_starttls
from cyberaudit.probes.tls.survey import Pace, Survey, survey
from cyberaudit.town.scope import scope_for_look
from tests.loopback.odd_tls_servers import Talk, Truth, honest

pytestmark = pytest.mark.loopback

ADDRESS = ip_address("127.0.0.1")
NAME = "courrier.mairie-l-hay.example"
LDAP_YES = bytes.fromhex("300c02010178070a010004000400")
LDAP_NO = bytes.fromhex("300c02010178070a013404000400")
LDAP_LONG_YES = bytes.fromhex("3084000000100201017884000000070a010004000400")
FEATURES = (
    b"<?xml version='1.0'?><stream:stream id='1' xmlns='jabber:client'><stream:features>"
    b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
)
Script = tuple[bytes, ...]
"""What the server says, one piece at first and one after each thing it hears."""


def mysql(able: int) -> bytes:
    greeting = b"\x0a8.0.36\x00" + bytes(4) + b"saltsalt" + b"\x00" + able.to_bytes(2, "little") + bytes(20)
    return len(greeting).to_bytes(3, "little") + b"\x00" + greeting


def reciting(script: Script, then: Talk | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(script[0])
        for said in script[1:]:
            # A MySQL server answers nothing: what follows the request is TLS already.
            await (reader.readexactly(36) if script[0][3:5] == b"\x00\x0a" else reader.read(4096))
            writer.write(said)
            await writer.drain()
        await (then(reader, writer) if then else reader.read(4096))

    return talk


async def open_port(network: Network, port: int) -> Stream | Unreachable:
    return await network.connect(ADDRESS, port, purpose=Purpose.ACTIVE)


def meet(protocol: str, script: Script, then: Talk | None = None) -> Survey:
    service = Listener(reciting(script, then))

    async def look() -> Survey:
        network = Network(scope_for_look(addresses=[str(ADDRESS)], authorized_by="Mme le maire"))
        tcp = partial(open_port, network, service.port)
        opener = after_starttls(tcp, protocol, ehlo="cyberaudit.invalid", hostname=NAME)
        return await survey(opener, server_name=NAME, pace=Pace(hello_seconds=1, pauses=(0.1,)))

    with Background(service):
        return asyncio.run(look())


def why(found: Survey) -> Unreachable:
    assert isinstance(found.met, Unreachable)
    return found.met


AGREED: dict[str, tuple[str, Script]] = {
    "smtp": ("smtp", (b"220-mairie\r\n220 ESMTP\r\n", b"250-ici\r\n250-SIZE\r\n250 starttls\r\n", b"220 Go\r\n")),
    "imap": ("imap", (b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1\r\na1 OK begin\r\n")),
    "pop3": ("pop3", (b"+OK ready\r\n", b"+OK begin\r\n")),
    "ftp": ("ftp", (b"220-Bienvenue\r\n en mairie\r\n220 pret\r\n", b"234 AUTH TLS OK\r\n")),
    "ldap": ("ldap", (b"", LDAP_YES)),
    "ldap with long lengths": ("ldap", (b"", LDAP_LONG_YES)),
    "xmpp": ("xmpp", (b"", FEATURES, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")),
    "postgres": ("postgres", (b"", b"S")),
    "mysql": ("mysql", (mysql(0xFFFF), b"")),
}  # fmt: skip


@pytest.mark.parametrize(("protocol", "script"), AGREED.values(), ids=AGREED)
def test_tls_is_surveyed_behind_every_protocol(protocol: str, script: Script) -> None:
    found = meet(protocol, script, honest(Truth()))
    assert found.met == "tls"
    assert found.complete is True
    assert {each.version for each in found.versions if each.accepted} == {"TLSv1.2", "TLSv1.3"}


def test_every_protocol_is_tried() -> None:
    assert {protocol for protocol, _ in AGREED.values()} == set(PREAMBLES)


REFUSED: dict[str, tuple[str, Script]] = {
    "smtp, not offered": ("smtp", (b"220 ESMTP\r\n", b"250 SIZE\r\n")),
    "smtp, refused": ("smtp", (b"220 ESMTP\r\n", b"250-a\r\n250 STARTTLS\r\n", b"502 non\r\n")),
    "imap": ("imap", (b"* OK ready\r\n", b"a1 BAD unknown\r\n")),
    "pop3": ("pop3", (b"+OK ready\r\n", b"-ERR unknown\r\n")),
    "ftp": ("ftp", (b"220 pret\r\n", b"500 inconnu\r\n")),
    "ldap": ("ldap", (b"", LDAP_NO)),
    "xmpp, not offered": ("xmpp", (b"", b"<stream:stream><stream:features/>")),
    "xmpp, refused": ("xmpp", (b"", FEATURES, b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")),
    "postgres": ("postgres", (b"", b"N")),
    "mysql": ("mysql", (mysql(0xF7FF),)),
}


@pytest.mark.parametrize(("protocol", "script"), REFUSED.values(), ids=REFUSED)
def test_a_refused_starttls_is_a_tls_failure(protocol: str, script: Script) -> None:
    found = meet(protocol, script)
    assert why(found).reason is Reason.TLS_FAILURE
    assert "STARTTLS" in why(found).detail
    assert found.versions == ()


STRANGE: dict[str, tuple[str, Script]] = {
    "smtp, later": ("smtp", (b"220 ESMTP\r\n", b"250-a\r\n250 STARTTLS\r\n", b"454 plus tard\r\n")),
    "smtp, busy": ("smtp", (b"421 occupe\r\n",)),
    "smtp, no code": ("smtp", (b"bonjour\r\n" * 3,)),
    "smtp, endless": ("smtp", (b"220-a\r\n" * (MAX_LINES + 2),)),
    "imap, no greeting": ("imap", (b"SSH-2.0-x\r\n",)),
    "imap, endless": ("imap", (b"* OK\r\n", b"* x\r\n" * (MAX_LINES + 2))),
    "ldap, other bytes": ("ldap", (b"", b"HTTP/1.1 400\r\n")),
    "ldap, other answer": ("ldap", (b"", bytes.fromhex("300c02010161070a010004000400"))),
    "ldap, huge": ("ldap", (b"", bytes.fromhex("3084ffffffff"))),
    "xmpp, endless": ("xmpp", (b"", b"x" * (MAX_BYTES + 1))),
    "postgres, error": ("postgres", (b"", b"E")),
    "mysql, error": ("mysql", (b"\x10\x00\x00\x00\xff" + bytes(15),)),
    "mysql, huge": ("mysql", (b"\xff\xff\xff\x00",)),
}


@pytest.mark.parametrize(("protocol", "script"), STRANGE.values(), ids=STRANGE)
def test_what_is_no_answer_is_a_protocol_error(protocol: str, script: Script) -> None:
    assert why(meet(protocol, script)).reason is Reason.PROTOCOL_ERROR


@pytest.mark.parametrize(
    ("protocol", "script"),
    [
        ("smtp", (b"220 ESMTP\r\n", b"250-a\r\n250 STARTTLS\r\n", b"220 Go\r\n250 injected\r\n")),
        ("imap", (b"* OK\r\n", b"a1 OK\r\na2 OK injected\r\n")),
        ("pop3", (b"+OK\r\n", b"+OK\r\n+OK injected\r\n")),
        ("ftp", (b"220 a\r\n", b"234 b\r\n230 injected\r\n")),
        ("ldap", (b"", LDAP_YES + b"\x30\x00")),
        ("postgres", (b"", b"SX")),
    ],
)
def test_nothing_may_follow_the_agreement_in_clear(protocol: str, script: Script) -> None:
    found = why(meet(protocol, script, honest(Truth())))
    assert found.reason is Reason.PROTOCOL_ERROR
    assert "en clair" in found.detail


@pytest.mark.parametrize("protocol", PREAMBLES)
def test_a_server_that_hangs_up_is_no_refusal(protocol: str) -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    found = meet(protocol, (b"",), leave)
    assert why(found).reason is Reason.RESET
    assert found.connections == 0


def test_an_unreachable_port_is_passed_on() -> None:
    async def nowhere() -> Stream | Unreachable:
        return Unreachable(Reason.NOT_AUTHORIZED)

    async def look() -> object:
        return await after_starttls(nowhere, "smtp", ehlo="cyberaudit.invalid", hostname="")()

    assert asyncio.run(look()) == Unreachable(Reason.NOT_AUTHORIZED)

"""SMTP conversations with servers that behave, and with many that do not."""

import asyncio
import ssl
import time
import warnings
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from cyberaudit.demo.authority import Authority, Flaw, Issued
from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.demo.smtp_server import SmtpFault, SmtpServer
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.mail_servers import SmtpSession
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.certificates import TrustStore, trust_store
from cyberaudit.probes.endpoint import Endpoint
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Patience
from cyberaudit.probes.network import Network
from cyberaudit.probes.smtp import SILENT, Caller, Met, converse
from cyberaudit.probes.stream import Limits, Stream
from cyberaudit.probes.tls_client import sent_chain
from cyberaudit.town.scope import scope_for_look

pytestmark = pytest.mark.loopback

HOST = "mx1.mairie-saint-etienne-d-o.example"
HERE = ip_address("127.0.0.1")
SHORT = Patience(connect=0.5, banner=0.3, reply=0.3, handshake=0.5, session=1.5)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), DEMO_NOW)


def meet(
    server: SmtpServer | Listener, *, bundle: Path | None = None, patience: Patience = SHORT, host: str = HOST
) -> SmtpSession | Unreachable:
    """The session with `server`, judged with the roots of `bundle`."""
    trust = trust_store(bundle) if bundle else TrustStore(())
    caller = Caller(ehlo="cyberaudit.invalid", patience=patience, trust=trust, now=DEMO_NOW)

    async def scenario() -> SmtpSession | Unreachable:
        network = Network(scope_for_look(authorized_by=""), infrastructure=[Endpoint(HERE, server.port)])
        stream = await network.connect(
            HERE,
            server.port,
            purpose=Purpose.INFRASTRUCTURE,
            limits=Limits(seconds=patience.session),
        )
        assert isinstance(stream, Stream)
        with stream:
            met = await converse(stream, caller, host=host)
            return met.session if isinstance(met, Met) else met

    with Background(server):
        return asyncio.run(scenario())


def encrypted(session: SmtpSession | Unreachable) -> TlsSession:
    assert isinstance(session, SmtpSession)
    assert isinstance(session.tls, TlsSession)
    return session.tls


class Script:
    """A server that says `greeting`, then one text for each verb; it keeps what it was told."""

    def __init__(self, greeting: bytes, **replies: bytes) -> None:
        self.greeting = greeting
        self.replies = {"QUIT": b"221 au revoir\r\n"} | replies
        self.told: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.greeting)
        while line := await reader.readline():
            self.told.append(line.decode("latin-1").strip())
            verb = self.told[-1].split(" ")[0]
            writer.write(self.replies.get(verb, b"502 inconnu\r\n"))


def scripted(greeting: bytes, **replies: bytes) -> SmtpSession | Unreachable:
    return meet(Listener(Script(greeting, **replies)))


def test_a_good_server_is_seen_whole(authority: Authority) -> None:
    server = SmtpServer(HOST, certificate=authority.issue(HOST))
    session = meet(server, bundle=authority.ca_bundle)
    tls = encrypted(session)
    assert isinstance(session, SmtpSession)
    assert session.banner.startswith(HOST)
    assert session.extensions == ("STARTTLS", "8BITMIME")
    assert (tls.version, tls.trust_error, tls.name_matches) == ("TLSv1.3", "", True)
    assert tls.chain[0].names == (HOST,)
    assert server.commands == {"EHLO": 1, "STARTTLS": 1, "QUIT": 1}
    assert server.handshakes == server.sessions == 1


@pytest.mark.parametrize(
    ("flaw", "trusted", "matches", "own"),
    [
        (Flaw.EXPIRED, True, True, False),
        (Flaw.OTHER_NAME, True, False, False),
        (Flaw.SELF_SIGNED, False, True, True),
    ],
)
def test_each_fault_of_a_certificate_is_a_fact_of_its_own(
    authority: Authority, flaw: Flaw, trusted: bool, matches: bool, own: bool
) -> None:
    tls = encrypted(
        meet(SmtpServer(HOST, certificate=authority.issue(HOST, flaw=flaw)), bundle=authority.ca_bundle)
    )
    assert (tls.trust_error == "", tls.name_matches, tls.chain[0].self_signed) == (trusted, matches, own)
    assert (tls.chain[0].not_after < DEMO_NOW) is (flaw is Flaw.EXPIRED)


def test_the_chain_is_kept_as_sent(authority: Authority, tmp_path: Path) -> None:
    issued = authority.issue(HOST)
    both = tmp_path / "chain.pem"
    both.write_bytes(issued.certificate.read_bytes() + authority.ca_bundle.read_bytes())
    tls = encrypted(meet(SmtpServer(HOST, certificate=Issued(both, issued.key)), bundle=authority.ca_bundle))
    assert len(tls.chain) == 2
    assert tls.chain[0].issuer == tls.chain[1].subject


def test_without_a_list_of_roots_trust_is_unknown(authority: Authority, tmp_path: Path) -> None:
    tls = encrypted(meet(SmtpServer(HOST, certificate=authority.issue(HOST)), bundle=tmp_path / "absent"))
    assert isinstance(tls.trust_error, Unreachable)


def test_a_name_that_may_not_be_sent_as_sni_is_still_looked_at(authority: Authority) -> None:
    server = SmtpServer(HOST, certificate=authority.issue(HOST))
    tls = encrypted(meet(server, bundle=authority.ca_bundle, host="mx\\032bizarre.example"))
    assert not tls.name_matches


def test_a_server_of_another_age_is_seen(authority: Authority) -> None:
    server = SmtpServer(HOST, certificate=authority.issue(HOST))
    context = server._tls
    assert context is not None
    with warnings.catch_warnings():  # Python says that TLS 1.0 is deprecated: that is the point
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    assert encrypted(meet(server)).version == "TLSv1"


def test_a_server_without_encryption_is_a_session_without_tls() -> None:
    server = SmtpServer(HOST)
    session = meet(server)
    assert isinstance(session, SmtpSession)
    assert (session.tls, session.extensions) == (None, ("8BITMIME",))
    assert server.commands == {"EHLO": 1, "QUIT": 1}


def test_a_server_that_knows_only_helo_offers_nothing() -> None:
    session = meet(SmtpServer(HOST, fault=SmtpFault.NO_EHLO))
    assert isinstance(session, SmtpSession)
    assert (session.tls, session.extensions) == (None, ())


def test_a_late_banner_is_waited_for() -> None:
    assert isinstance(meet(SmtpServer(HOST, banner_delay=0.15)), SmtpSession)
    assert meet(SmtpServer(HOST, banner_delay=5)) == SILENT


def test_a_busy_server_is_unknown_and_its_words_kept() -> None:
    busy = meet(SmtpServer(HOST, fault=SmtpFault.BUSY))
    assert isinstance(busy, Unreachable)
    assert busy.reason is Reason.BUSY
    assert busy.detail.startswith("421 4.3.2")


def test_hanging_up_after_the_agreement_to_encrypt_is_no_refusal_to_encrypt(authority: Authority) -> None:
    server = SmtpServer(HOST, certificate=authority.issue(HOST), fault=SmtpFault.DROPS_AFTER_STARTTLS)
    session = meet(server)
    assert isinstance(session, SmtpSession)
    assert isinstance(session.tls, Unreachable)
    assert session.tls.reason is Reason.RESET


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        (b"554 pas vous\r\n", Reason.PROTOCOL_ERROR),
        (b"HTTP/1.1 400 Bad Request\r\n", Reason.PROTOCOL_ERROR),
        (b"SSH-2.0-OpenSSH\r\n", Reason.PROTOCOL_ERROR),
        (b"\x00\x01\x02\n", Reason.PROTOCOL_ERROR),
        (b"\r\n", Reason.PROTOCOL_ERROR),
        (b"220-encore\r\n" * 5000, Reason.PROTOCOL_ERROR),
        (b"220 " + b"x" * 50_000, Reason.PROTOCOL_ERROR),
        (b"220-encore\r\n", Reason.TIMEOUT),
        (b"", Reason.TIMEOUT),
    ],
)
def test_a_greeting_that_is_none_is_unreachable_and_quick(greeting: bytes, reason: Reason) -> None:
    start = time.monotonic()
    session = scripted(greeting)
    assert isinstance(session, Unreachable)
    assert session.reason is reason
    assert time.monotonic() - start < 1


def test_one_byte_at_a_time_costs_the_banners_patience() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in b"220 bonjour, je prends mon temps, il fait si beau aujourd'hui":
            writer.write(bytes([byte]))
            await asyncio.sleep(0.03)

    start = time.monotonic()
    assert meet(Listener(drip)) == SILENT
    assert time.monotonic() - start < 1


def test_line_after_line_a_session_has_an_end() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"220-patience\r\n")
            await asyncio.sleep(0.1)

    patience = Patience(banner=0.5, reply=0.5, session=0.5)
    assert meet(Listener(drip), patience=patience) == Unreachable(Reason.DEADLINE)


def test_a_greeting_that_trickles_line_by_line_costs_the_banners_patience() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"220-patience\r\n")
            await asyncio.sleep(0.2)

    begun = time.monotonic()
    assert meet(Listener(drip), patience=Patience(banner=0.6, session=30)) == SILENT
    assert time.monotonic() - begun < 5


def test_a_banner_of_several_lines_gives_its_first_made_safe() -> None:
    session = scripted(
        b"220-mairie\x1b[31m \xe2\x80\xaeL'Ha\xff\r\n220-deux\r\n220 trois\r\n", EHLO=b"250 bonjour\r\n"
    )
    assert isinstance(session, SmtpSession)
    assert session.banner == "mairie [31m L'Ha\ufffd"


def test_a_bare_code_is_a_reply() -> None:
    session = scripted(b"220\r\n", EHLO=b"250\r\n")
    assert isinstance(session, SmtpSession)
    assert (session.banner, session.extensions, session.tls) == ("", (), None)


def test_extensions_are_words_in_upper_case() -> None:
    session = scripted(b"220 x\r\n", EHLO=b"250-x\r\n250-size 1000\r\n250-\r\n250 Auth\x07 PLAIN\r\n")
    assert isinstance(session, SmtpSession)
    assert session.extensions == ("SIZE", "AUTH")


@pytest.mark.parametrize(
    "replies",
    [
        {"EHLO": b"421 plus tard\r\n"},
        {"EHLO": b"450 liste grise\r\n"},
        {"EHLO": b"550 non\r\n", "HELO": b"550 non plus\r\n"},
        {"EHLO": b"n'importe quoi\r\n"},
        {"EHLO": b"502 non\r\n", "HELO": b"n'importe quoi\r\n"},
    ],
)
def test_a_server_that_does_not_want_to_talk_is_never_one_without_encryption(
    replies: dict[str, bytes],
) -> None:
    session = scripted(b"220 x\r\n", **replies)
    assert isinstance(session, Unreachable)
    later = any(b"450" in said or b"421" in said for said in replies.values())
    assert session.reason is (Reason.BUSY if later else Reason.PROTOCOL_ERROR)


OFFER = b"250-x\r\n250 STARTTLS\r\n"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"454 pas maintenant\r\n", Reason.BUSY),
        (b"501 non\r\n", Reason.TLS_FAILURE),
        (b"220 oui\r\n250 injecte\r\n", Reason.PROTOCOL_ERROR),
        (b"n'importe quoi\r\n", Reason.PROTOCOL_ERROR),
    ],
)
def test_encryption_that_does_not_come_says_why(reply: bytes, reason: Reason) -> None:
    session = scripted(b"220 x\r\n", EHLO=OFFER, STARTTLS=reply)
    assert isinstance(session, SmtpSession)
    assert isinstance(session.tls, Unreachable)
    assert session.tls.reason is reason


@pytest.mark.parametrize(
    ("instead", "reason"),
    [
        (b"250 je parle en clair\r\n", Reason.TLS_FAILURE),
        (b"\x15\x03\x01\x00\x02\x02\x28", Reason.TLS_FAILURE),
        (b"", Reason.TIMEOUT),
    ],
    ids=["clear-text", "alert", "silence"],
)
def test_what_comes_instead_of_a_handshake_is_told_apart(instead: bytes, reason: Reason) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"220 x\r\n", OFFER, b"220 oui\r\n"):
            writer.write(reply)
            if reply != b"220 oui\r\n":
                await reader.readline()
        await reader.read(1)  # the handshake begins
        writer.write(instead)
        await reader.read()

    session = meet(Listener(talk))
    assert isinstance(session, SmtpSession)
    assert isinstance(session.tls, Unreachable)
    assert session.tls.reason is reason


def test_encryption_without_any_certificate_is_never_accepted(authority: Authority) -> None:
    server = SmtpServer(HOST, certificate=authority.issue(HOST))
    assert server._tls is not None
    server._tls.maximum_version = ssl.TLSVersion.TLSv1_2
    server._tls.set_ciphers("aNULL:@SECLEVEL=0")
    session = meet(server)
    assert isinstance(session, SmtpSession)
    assert isinstance(session.tls, Unreachable)


def test_nothing_but_the_beginning_of_a_session_is_ever_said() -> None:
    script = Script(b"220 x\r\n", EHLO=b"250 x\r\n")
    meet(Listener(script))
    assert script.told == ["EHLO cyberaudit.invalid", "QUIT"]


class OldSession:
    """What Python shows where it tells nothing of the chain."""

    def getpeercert(self, *, binary_form: bool) -> bytes | None:
        return b"der" if binary_form else None


class NewSession:
    """The public method of Python 3.13."""

    def get_unverified_chain(self) -> list[bytes]:
        return [b"leaf", b"middle"]


def test_the_chain_is_read_on_every_python() -> None:
    assert sent_chain(OldSession()) == (b"der",)  # type: ignore[arg-type]  # another Python's session
    assert sent_chain(NewSession()) == (b"leaf", b"middle")  # type: ignore[arg-type]  # another Python's session

"""The embedded mail servers, spoken to by a real client."""

import smtplib
import socket
import ssl
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from cyberaudit.demo.authority import OTHER_NAME, Authority, Flaw
from cyberaudit.demo.background import Background
from cyberaudit.demo.place import DEMO_NOW, DemoPlace
from cyberaudit.demo.smtp_server import SmtpFault, SmtpServer

pytestmark = pytest.mark.loopback

GOOD = "mx1.saint-etienne-d-o.example"
BAD = "courrier.mairie-seod.example"
# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, absent from Python's ssl: the town's date is not the clock's.
NO_CHECK_TIME = 0x200000


def trusting(ca_bundle: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca_bundle))
    context.verify_flags |= NO_CHECK_TIME
    return context


def connected(server: SmtpServer) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", server.port, local_hostname="essai.example", timeout=2)


def start_tls_as(client: smtplib.SMTP, name: str, context: ssl.SSLContext) -> None:
    """`smtplib` checks the certificate against its host; the town's names do not resolve here."""
    client._host = name  # type: ignore[attr-defined]  # no public way
    client.starttls(context=context)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), DEMO_NOW)


@pytest.fixture
def faulty(request: pytest.FixtureRequest, authority: Authority) -> Iterator[SmtpServer]:
    server = SmtpServer(GOOD, certificate=authority.issue(GOOD), fault=request.param)
    with Background(server):
        yield server


def test_the_good_server_encrypts_with_a_certificate_that_verifies(demo_place: DemoPlace) -> None:
    with connected(demo_place.mail[GOOD]) as client:
        client.ehlo()
        assert client.has_extn("starttls")
        start_tls_as(client, GOOD, trusting(demo_place.ca_bundle))
        code, text = client.ehlo()
        assert code == 250
        assert b"STARTTLS" not in text


def test_the_certificate_is_refused_under_another_name(demo_place: DemoPlace) -> None:
    with (
        connected(demo_place.mail[GOOD]) as client,
        pytest.raises(ssl.SSLCertVerificationError, match="mismatch"),
    ):
        start_tls_as(client, "mx2.saint-etienne-d-o.example", trusting(demo_place.ca_bundle))


def test_the_certificate_is_refused_without_the_private_root(demo_place: DemoPlace) -> None:
    with (
        connected(demo_place.mail[GOOD]) as client,
        pytest.raises(ssl.SSLCertVerificationError, match="issuer"),
    ):
        start_tls_as(client, GOOD, ssl.create_default_context())


def test_the_bad_server_does_not_offer_tls(demo_place: DemoPlace) -> None:
    with connected(demo_place.mail[BAD]) as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        assert client.docmd("STARTTLS")[0] == 503


def test_no_message_is_accepted(demo_place: DemoPlace) -> None:
    with connected(demo_place.mail[BAD]) as client, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        client.sendmail("maire@exemple.test", ["agent@exemple.test"], "Bonjour")
    code, text = refused.value.recipients["agent@exemple.test"]
    assert code == 554
    assert b"demonstration" in text


@pytest.mark.parametrize(
    ("command", "code"), [("NOOP", 250), ("HELO essai", 250), ("VRFY root", 502), ("", 502), ("BRUIT", 502)]
)
def test_other_commands_have_their_answer(demo_place: DemoPlace, command: str, code: int) -> None:
    with connected(demo_place.mail[BAD]) as client:
        assert client.docmd(command)[0] == code


def test_sessions_commands_and_handshakes_are_counted(authority: Authority) -> None:
    server = SmtpServer(GOOD, certificate=authority.issue(GOOD))
    with Background(server):
        for _ in range(2):
            with connected(server) as client:
                start_tls_as(client, GOOD, trusting(authority.ca_bundle))
        assert (server.sessions, server.handshakes, server.commands["STARTTLS"]) == (2, 2, 2)


def test_a_version_that_is_refused_is_refused_with_an_alert(demo_place: DemoPlace) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    client = connected(demo_place.mail[GOOD])
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        start_tls_as(client, GOOD, old)
    client.close()


@pytest.mark.parametrize("faulty", [SmtpFault.BUSY], indirect=True)
def test_a_busy_server_greets_with_421(faulty: SmtpServer) -> None:
    with pytest.raises(smtplib.SMTPConnectError) as refused:
        connected(faulty)
    assert refused.value.smtp_code == 421


@pytest.mark.parametrize("faulty", [SmtpFault.NO_EHLO], indirect=True)
def test_a_server_without_ehlo_still_says_hello(faulty: SmtpServer) -> None:
    with connected(faulty) as client:
        assert client.ehlo()[0] == 502
        assert client.helo()[0] == 250


@pytest.mark.parametrize("faulty", [SmtpFault.DROPS_AFTER_STARTTLS], indirect=True)
def test_a_server_may_hang_up_instead_of_encrypting(faulty: SmtpServer, authority: Authority) -> None:
    client = connected(faulty)
    with pytest.raises(OSError):
        start_tls_as(client, GOOD, trusting(authority.ca_bundle))
    client.close()
    assert faulty.handshakes == 0


def test_a_banner_may_come_late() -> None:
    late = SmtpServer(BAD, banner_delay=0.3)
    with Background(late), socket.create_connection(("127.0.0.1", late.port), timeout=0.1) as client:
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(2)
        assert client.recv(100).startswith(b"220 courrier.")


@pytest.mark.parametrize("sent", [b"A" * 20_000, b"EHLO essai", b"STARTTLS\r\nnot a handshake\r\n"])
def test_a_client_that_misbehaves_disturbs_no_other(sent: bytes, authority: Authority) -> None:
    with Background(server := SmtpServer(GOOD, certificate=authority.issue(GOOD))):
        with socket.create_connection(("127.0.0.1", server.port), timeout=2) as rude:
            rude.sendall(sent)
        with connected(server) as client:
            assert client.ehlo()[0] == 250


@pytest.mark.parametrize(
    ("flaw", "name", "issuer_is_root", "valid_now"),
    [
        (Flaw.NONE, GOOD, True, True),
        (Flaw.EXPIRED, GOOD, True, False),
        (Flaw.OTHER_NAME, OTHER_NAME, True, True),
        (Flaw.SELF_SIGNED, GOOD, False, True),
    ],
)
def test_each_certificate_has_the_flaw_it_was_asked_for(
    authority: Authority, flaw: Flaw, *, name: str, issuer_is_root: bool, valid_now: bool
) -> None:
    issued = authority.issue(GOOD, flaw=flaw)
    leaf = x509.load_pem_x509_certificate(issued.certificate.read_bytes())
    root = x509.load_pem_x509_certificate(authority.ca_bundle.read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [name]
    assert (leaf.issuer == root.subject) is issuer_is_root
    assert (leaf.not_valid_before_utc <= DEMO_NOW <= leaf.not_valid_after_utc) is valid_now
    leaf.verify_directly_issued_by(root if issuer_is_root else leaf)


def test_only_their_owner_reads_the_files(authority: Authority) -> None:
    issued = authority.issue(GOOD)
    files = (issued.certificate, issued.key, authority.ca_bundle)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}

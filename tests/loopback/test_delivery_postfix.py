"""Mail handed to a real Postfix, with accounts, and found in its mailbox as it was made."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from cyberaudit.delivery.sending import Relay, deliver
from cyberaudit.demo.authority import Authority
from cyberaudit.history.outbox import Copy, Queued, State, open_outbox
from tests.loopback.real_postfix import ACCOUNT, DOMAIN, PASSWORD, Postfix, Ways, missing, postfix

pytestmark = [pytest.mark.loopback, pytest.mark.skipif(bool(missing()), reason=missing())]

NOW = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
SENDER = f"cyberaudit@{DOMAIN}"
WAYS = ("starttls", "tls")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), datetime.now(UTC))


@pytest.fixture(scope="module")
def provider(authority: Authority) -> Iterator[Postfix]:
    with postfix(authority.issue("relais.example")) as running:
        yield running


def relay_to(provider: Postfix, authority: Authority, security: str = "starttls") -> Relay:
    port = provider.tls if security == "tls" else provider.starttls
    return Relay(
        host="relais.example",
        port=port,
        security=security,
        user=f"{ACCOUNT}@{DOMAIN}",
        password=PASSWORD,
        ca_file=authority.ca_bundle,
        address_override=("127.0.0.1", port),
    )


def message(number: int) -> bytes:
    made = EmailMessage(SMTP.clone(max_line_length=998))
    made["From"] = f"Mairie de L'Haÿ <{SENDER}>"
    made["To"] = f"Secrétariat <anne@{DOMAIN}>"
    made["Subject"] = "L'Haÿ-les-Roses : 1 dégradation, 2 améliorations (semaine 49)"
    made["Message-ID"] = f"<essai-{number}@{DOMAIN}>"
    made["Date"] = NOW
    made.set_content("Bonjour,\n\n.\n..\nUn point est à revoir, l'été.\n" * 300, cte="quoted-printable")
    return made.as_bytes()


def queued(number: int, *recipients: str) -> Queued:
    copies = tuple(
        Copy(f"{each}@{DOMAIN}", State.WAITING, 0, NOW, "", NOW, doubtful=False) for each in recipients
    )
    return Queued(
        0,
        f"<essai-{number}@{DOMAIN}>",
        "94038",
        "secretary",
        "change",
        "6f1c",
        "essai",
        NOW,
        message(number),
        copies,
    )


def test_a_mail_is_found_in_the_mailbox_byte_for_byte(
    provider: Postfix, authority: Authority, tmp_path: Path
) -> None:
    with open_outbox(tmp_path / "outbox.sqlite3", create=True) as outbox:
        for number, security in enumerate(WAYS):
            outbox.put(queued(number, "anne"))
            told = deliver(outbox, relay_to(provider, authority, security), SENDER, now=NOW, commune="94038")
            assert (told.sent, told.answers) == (1, ())
        copies = [each.copies[0] for each in outbox.of("94038")]
    assert all("queued as" in copy.last_answer for copy in copies)
    found = [each.replace(b"\n", b"\r\n") for each in provider.delivered(2)]
    assert len(found) == 2
    assert all(sum(each.endswith(message(number)) for each in found) == 1 for number in range(2))
    assert all(b"with ESMTPSA" in each for each in found)


def test_postfix_accepts_refuses_and_greylists_in_one_transaction(
    provider: Postfix, authority: Authority, tmp_path: Path
) -> None:
    with open_outbox(tmp_path / "outbox.sqlite3", create=True) as outbox:
        outbox.put(queued(7, "partie", "grise", "bruno", "rené"))
        told = deliver(outbox, relay_to(provider, authority), SENDER, now=NOW, commune="94038")
        (mail,) = outbox.of("94038")
    assert [copy.state for copy in mail.copies] == [State.REFUSED, State.WAITING, State.SENT, State.SENT]
    assert "User unknown" in mail.copies[0].last_answer
    assert mail.copies[1].next_try == NOW + timedelta(minutes=5)
    assert (told.sent, told.waiting, told.refused) == (2, 1, 1)


def test_postfix_refuses_a_wrong_password_and_the_mail_waits(
    provider: Postfix, authority: Authority, tmp_path: Path
) -> None:
    relay = replace(relay_to(provider, authority), password="autre")
    with open_outbox(tmp_path / "outbox.sqlite3", create=True) as outbox:
        outbox.put(queued(8, "anne"))
        outbox.put(queued(9, "anne"))
        before = provider.log.count("authentication failed")
        told = deliver(outbox, relay, SENDER, now=NOW, commune="94038")
    assert told.waiting == 2
    assert "refuse le compte ou le mot de passe" in told.answers[0]
    assert "535 5.7.8" in told.answers[0]
    assert provider.log.count("authentication failed") == before + 1


@pytest.mark.parametrize(
    ("offered", "used"),
    [
        ("PLAIN", "PLAIN"),
        ("LOGIN", "LOGIN"),
        ("SCRAM-SHA-256", "SCRAM-SHA-256"),
        ("LOGIN PLAIN SCRAM-SHA-1 SCRAM-SHA-256", "SCRAM-SHA-256"),
    ],
)
def test_postfix_knows_us_by_the_best_way_it_offers(
    offered: str, used: str, authority: Authority, tmp_path: Path
) -> None:
    with postfix(authority.issue("relais.example"), Ways(log_in=offered)) as server:
        right = relay_to(server, authority)
        with open_outbox(tmp_path / "outbox.sqlite3", create=True) as outbox:
            outbox.put(queued(10, "anne"))
            wrong = deliver(outbox, replace(right, password="autre"), SENDER, now=NOW, commune="94038")
            told = deliver(outbox, right, SENDER, now=NOW + timedelta(hours=1), commune="94038")
        assert "refuse le compte ou le mot de passe" in wrong.answers[0]
        assert (told.sent, told.answers) == (1, ())
        assert f"sasl_method={used}, sasl_username={ACCOUNT}@{DOMAIN}" in server.log
        # The wrong password cost one try, whatever was offered.
        assert server.log.count("authentication failed") == 1

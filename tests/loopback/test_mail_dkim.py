"""A provider signs our mail (DKIM) and hands it on: what arrives is what was signed, on the plainest of servers too."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from cyberaudit.delivery.letter import Letter
from cyberaudit.delivery.message import compose
from cyberaudit.delivery.sending import Relay, deliver
from cyberaudit.demo.authority import Authority
from cyberaudit.history.outbox import Copy, Queued, State, open_outbox
from tests.loopback import real_opendkim, real_postfix
from tests.loopback.mail_relay import MailRelay, Taken, running
from tests.loopback.real_opendkim import OpenDkim
from tests.loopback.real_postfix import ACCOUNT, DOMAIN, ELSEWHERE, PASSWORD, READY_SECONDS, Postfix, Ways
from tests.unit import made_certificates as made
from tests.unit.mail_samples import written
from tests.unit.test_delivery_message import LETTER, content, read
from tests.unit.test_delivery_smime import opened, person, reading, signing, verified

_MISSING = real_postfix.missing() or real_opendkim.missing()
pytestmark = [
    pytest.mark.loopback,
    pytest.mark.skipif(bool(_MISSING), reason=_MISSING),
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is missing (tests/install-servers)"),
]

NOW = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
SENDER, READER = f"cyberaudit@{DOMAIN}", f"prestataire@{ELSEWHERE}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), datetime.now(UTC))


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDkim]:
    with real_opendkim.running(DOMAIN, tmp_path_factory.mktemp("opendkim")) as filter_:
        yield filter_


@pytest.fixture(scope="module")
def beyond(authority: Authority) -> Iterator[MailRelay]:
    """The contractor's server: it offers nothing at all, neither TLS nor 8 bits."""
    plainest = MailRelay(authority.issue("cabinet.example"), offers_tls=False, extensions=())
    with running(plainest) as relay:
        yield relay


@pytest.fixture(scope="module")
def provider(authority: Authority, signer: OpenDkim, beyond: MailRelay) -> Iterator[Postfix]:
    ways = Ways(milter=signer.milter, beyond=beyond.port)
    with real_postfix.postfix(authority.issue("relais.example"), ways) as server:
        yield server


def arrived(message: bytes, *, by: Postfix, authority: Authority, beyond: MailRelay, folder: Path) -> Taken:
    """What the contractor's server took over, once the town's provider has handed it on."""
    relay = Relay(
        "relais.example", by.starttls, "starttls", f"{ACCOUNT}@{DOMAIN}", PASSWORD, authority.ca_bundle,
        ("127.0.0.1", by.starttls),
    )  # fmt: skip
    copies = (Copy(READER, State.WAITING, 0, NOW, "", NOW, doubtful=False),)
    queued = Queued(
        0, "<a@b.example>", "94038", "contractor", "change", "6f1c", "essai", NOW, message, copies
    )
    before = len(beyond.taken)
    with open_outbox(folder / "outbox.sqlite3", create=True) as outbox:
        outbox.put(queued)
        told = deliver(outbox, relay, SENDER, now=NOW, commune="94038")
    assert (told.sent, told.answers) == (1, ())
    until = time.monotonic() + READY_SECONDS
    while len(beyond.taken) == before and time.monotonic() < until:
        time.sleep(0.02)
    return beyond.taken[before]


def letter(number: int) -> Letter:
    """The mayor's, with the page, and lines that a relay could take for its own."""
    mail = written("small-town")["mayor"]
    return replace(
        LETTER, message_id=f"<signe-{number}@{DOMAIN}>", sender=SENDER, recipients=(READER,), subject=mail.subject,
        text=f"{mail.text}\n.\n..\nFrom moi\n   \n\n", html=mail.html, attachments=mail.attachments,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["in clear", "signed", "encrypted"])
def test_the_signature_of_the_provider_is_true_where_the_mail_is_read(
    kind: str, signer: OpenDkim, provider: Postfix, authority: Authority, beyond: MailRelay, tmp_path: Path
) -> None:
    town, reader = person(SENDER), person(READER)
    who = None if kind == "in clear" else signing(town, made.MIDDLE, address=SENDER)
    readers = (reading(reader, READER),) if kind == "encrypted" else ()
    sent = letter(len(kind))
    message = compose(sent, signer=who, readers=readers)
    taken = arrived(message, by=provider, authority=authority, beyond=beyond, folder=tmp_path)
    assert taken.recipients == (READER,)
    assert taken.content.endswith(message)
    assert taken.content.count(b"DKIM-Signature:") == 1
    assert signer.found(taken.content) == "pass"
    assert signer.found(taken.content + b"x\r\n") == "fail"
    inside = taken.content
    if readers:
        inside = opened(tmp_path, reader, inside)
    if who is not None:
        inside = verified(tmp_path, inside)
    assert content(read(inside), "plain") == sent.text


def test_what_is_written_on_8_bits_would_not_keep_its_signature(
    signer: OpenDkim, provider: Postfix, authority: Authority, beyond: MailRelay, tmp_path: Path
) -> None:
    """Why ours is on 7: this one is rewritten on its way, after it was signed."""
    careless = EmailMessage(SMTP)
    careless["From"], careless["To"], careless["Subject"] = SENDER, READER, "essai"
    careless["Message-ID"], careless["Date"] = f"<huit@{DOMAIN}>", NOW
    careless.set_content("L'été est déjà là.\n", cte="8bit")
    message = careless.as_bytes()
    taken = arrived(message, by=provider, authority=authority, beyond=beyond, folder=tmp_path)
    assert not taken.content.endswith(message)
    assert signer.found(taken.content) == "fail"


@pytest.mark.parametrize("kind", ["in clear", "signed", "encrypted"])
def test_every_line_is_of_7_bits_and_short(kind: str) -> None:
    town, reader = person(SENDER), person(READER)
    who = None if kind == "in clear" else signing(town, made.MIDDLE, address=SENDER)
    readers = (reading(reader, READER),) if kind == "encrypted" else ()
    message = compose(letter(0), signer=who, readers=readers)
    assert message.isascii()
    # RFC 5322 §2.1.1 allows 998 characters and advises 78.
    assert max(map(len, message.split(b"\r\n"))) <= 78
    assert message.replace(b"\r\n", b"").translate(None, b"\r\n\0") == message.replace(b"\r\n", b"")

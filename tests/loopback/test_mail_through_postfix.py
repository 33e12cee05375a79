"""What `compose` makes crosses a real Postfix byte for byte: what a relay signs (DKIM), the reader verifies."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cyberaudit.delivery.letter import Letter
from cyberaudit.delivery.message import compose
from cyberaudit.delivery.sending import Relay, deliver
from cyberaudit.demo.authority import Authority
from cyberaudit.history.outbox import Copy, Queued, State, open_outbox
from tests.loopback.real_postfix import ACCOUNT, DOMAIN, PASSWORD, Postfix, missing, postfix
from tests.unit import made_certificates as made
from tests.unit.mail_samples import written
from tests.unit.test_delivery_message import LETTER, content, read
from tests.unit.test_delivery_smime import MAUD, opened, person, reading, signing, verified

pytestmark = [
    pytest.mark.loopback,
    pytest.mark.skipif(bool(missing()), reason=missing()),
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is missing (tests/install-servers)"),
]

NOW = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
SENDER = f"cyberaudit@{DOMAIN}"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, datetime.now(UTC))


@pytest.fixture
def provider(authority: Authority) -> Iterator[Postfix]:
    with postfix(authority.issue("relais.example")) as running:
        yield running


def relay_to(provider: Postfix, authority: Authority) -> Relay:
    return Relay(
        host="relais.example",
        port=provider.starttls,
        security="starttls",
        user=f"{ACCOUNT}@{DOMAIN}",
        password=PASSWORD,
        ca_file=authority.ca_bundle,
        address_override=("127.0.0.1", provider.starttls),
    )


def letter(number: int) -> Letter:
    """The mayor's mail, with its page, and lines that a relay could take for its own."""
    mail = written("small-town")["mayor"]
    return replace(
        LETTER, message_id=f"<lettre-{number}@{DOMAIN}>", subject=mail.subject, html=mail.html,
        text=f"{mail.text}\n.\n..\nFrom moi\n", attachments=mail.attachments,
    )  # fmt: skip


def queued(number: int, message: bytes) -> Queued:
    copies = (Copy(f"anne@{DOMAIN}", State.WAITING, 0, NOW, "", NOW, doubtful=False),)
    name = f"<lettre-{number}@{DOMAIN}>"
    return Queued(0, name, "94038", "mayor", "heartbeat", "6f1c", "essai", NOW, message, copies)


def test_a_letter_in_clear_signed_or_encrypted_arrives_as_it_left(
    provider: Postfix, authority: Authority, tmp_path: Path
) -> None:
    maud, sender = person(MAUD), person(LETTER.sender)
    sent = [
        compose(letter(0)),
        compose(letter(1), signer=signing(sender, made.MIDDLE)),
        compose(letter(2), signer=signing(sender, made.MIDDLE), readers=(reading(maud),)),
    ]
    with open_outbox(tmp_path / "outbox.sqlite3", create=True) as outbox:
        for number, message in enumerate(sent):
            outbox.put(queued(number, message))
        told = deliver(outbox, relay_to(provider, authority), SENDER, now=NOW, commune="94038")
    assert (told.sent, told.answers) == (3, ())
    found = [each.replace(b"\n", b"\r\n") for each in provider.delivered(3)]
    for message in sent:
        assert sum(each.endswith(message) for each in found) == 1
    signed, sealed = (next(each for each in found if each.endswith(message)) for message in sent[1:])
    assert content(read(verified(tmp_path, signed)), "plain") == letter(1).text
    assert content(read(verified(tmp_path, opened(tmp_path, maud, sealed))), "plain") == letter(2).text

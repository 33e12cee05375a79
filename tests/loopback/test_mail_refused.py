"""A relay refuses one of two people: who is written to next, what `status` says, what the others read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cyberaudit.declared import Recipient
from cyberaudit.demo.authority import Authority
from cyberaudit.reports.status_text import render
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.run.notify import Outcome, Post, notify
from cyberaudit.run.status import status_of_stored
from cyberaudit.town.local import LocalConfig
from tests.loopback.mail_relay import MailRelay, running
from tests.unit import towns
from tests.unit.test_delivery_message import content, read
from tests.unit.test_run_notify import CATALOGUE, DELIVERY, FAIL, TOWN, kept

pytestmark = pytest.mark.loopback

FIRST, SECOND, SUPPORT = "mairie@ville.example", "adjointe@ville.example", "support+ville@cabinet.example"
UNKNOWN = {f"RCPT <{SECOND}>": "550 5.1.1 User unknown"}


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[MailRelay]:
    issued = Authority(tmp_path, datetime.now(UTC))
    with running(MailRelay(issued.issue("relais.example"))) as server:
        yield server


@pytest.fixture
def post(tmp_path: Path, relay: MailRelay) -> Post:
    people = (Recipient(FIRST, "secretary"), Recipient(SECOND, "secretary"), Recipient(SUPPORT, "contractor"))
    (bundle,) = tmp_path.glob("*ca*.pem")
    delivery = replace(DELIVERY, recipients=people, relay="relais.example:587", ca_bundle=bundle.name)
    town = replace(TOWN, delivery=delivery)
    kept(tmp_path / "history.sqlite3", towns.NOW, town=town)
    at = f"127.0.0.1:{relay.port}"
    return Post(town, tmp_path, tmp_path / "history.sqlite3", LocalConfig(), towns.NOW, at)


def told(post: Post) -> Outcome:
    return notify(post, CATALOGUE)


def arrived(relay: MailRelay) -> list[tuple[str, ...]]:
    found = [each.recipients for each in relay.taken]
    relay.taken.clear()
    return found


def test_who_was_refused_reads_the_news_once_the_address_works(post: Post, relay: MailRelay) -> None:
    relay.script = UNKNOWN
    assert told(post).code is ExitCode.NOT_SENT
    assert arrived(relay) == [(FIRST,), (SUPPORT,)]
    worse = replace(post, now=post.now + timedelta(days=1))
    kept(post.history, worse.now, FAIL, town=post.town)
    outcome = told(worse)
    assert (outcome.sent, outcome.refused, outcome.code) == (2, 1, ExitCode.NOT_SENT)
    contractor = next(each for each in relay.taken if each.recipients == (SUPPORT,))
    text = " ".join(content(read(contractor.content), "plain").split())
    assert "n'arrivent pas à 1 des 2 personnes du secrétariat" in text
    assert arrived(relay) == [(FIRST,), (SUPPORT,)]
    (status,) = status_of_stored(post.history, None, now=worse.now)
    shown = " ".join(render([status], width=80).split())
    assert f"n'arrive pas à {SECOND} (secrétariat)" in shown
    assert "550 5.1.1 User unknown" in shown
    relay.script = {}
    mended = replace(worse, now=worse.now + timedelta(hours=1))
    assert told(mended).code is ExitCode.DONE
    assert arrived(relay) == [(SECOND,)]
    (status,) = status_of_stored(post.history, None, now=mended.now)
    assert status.unreached == ()
    assert told(replace(mended, now=mended.now + timedelta(hours=1))).notices[0].written is None
    assert arrived(relay) == []

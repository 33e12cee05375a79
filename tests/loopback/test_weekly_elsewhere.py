"""What is told elsewhere than by mail: a signed webhook, signs of life, an Atom file."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cyberaudit.delivery import feed, ping, webhook
from cyberaudit.delivery.https_call import Call, NotReached, call
from cyberaudit.demo.authority import Authority, Flaw
from cyberaudit.reports.change_words import ChangesView
from cyberaudit.reports.changes import NOTHING_TO_COMPARE
from cyberaudit.reports.feed_text import MOST_ENTRIES, Entry, atom, entry
from tests.loopback.watchman import Watchman, watching
from tests.unit import towns

pytestmark = pytest.mark.loopback

NOW = datetime(2026, 11, 23, 5, 17, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), datetime.now(UTC))


@pytest.fixture
def watchman(authority: Authority) -> Iterator[Watchman]:
    with watching(authority.issue("localhost")) as found:
        yield found


def message(watchman: Watchman, authority: Authority) -> webhook.Message:
    content = {"event": "weekly", "sentence": "1 dégradation"}
    return webhook.Message(f"{watchman.url}/h?a=1", "clé secrète", "id-1", content, NOW, authority.ca_bundle)


def test_a_webhook_is_signed_so_that_its_reader_can_check(watchman: Watchman, authority: Authority) -> None:
    assert webhook.send(message(watchman, authority)) == ""
    (asked,) = watchman.asked
    assert (asked.method, asked.target) == ("POST", "/h?a=1")
    assert json.loads(asked.body) == {"event": "weekly", "sentence": "1 dégradation"}
    fields = dict(part.split("=") for part in asked.headers["x-cyberaudit-signature"].split(","))
    expected = hmac.new("clé secrète".encode(), f"{fields['t']}.".encode() + asked.body, hashlib.sha256)
    assert fields == {"t": str(int(NOW.timestamp())), "v1": expected.hexdigest()}
    assert asked.headers["x-cyberaudit-delivery"] == "id-1"
    assert "clé".encode() not in asked.body


@pytest.mark.parametrize(
    ("answers", "attempts", "words"),
    [
        ([500, 200], 2, ""),
        ([500, 429, 503, 200], 3, "réponse 503"),
        ([404], 1, "réponse 404"),
        ([302], 1, "réponse 302"),
        ([307], 1, "réponse 307"),
        ([204], 1, ""),
    ],
)
def test_a_webhook_is_tried_three_times_at_most_and_never_led_away(
    watchman: Watchman, authority: Authority, answers: list[int], attempts: int, words: str
) -> None:
    watchman.answers = answers
    told = webhook.send(message(watchman, authority), pauses=(0, 0))
    assert (words in told, bool(told)) == (True, bool(words))
    assert len(watchman.asked) == attempts
    assert len({asked.headers["x-cyberaudit-delivery"] for asked in watchman.asked}) == 1


@pytest.mark.parametrize("flaw", [Flaw.EXPIRED, Flaw.OTHER_NAME, Flaw.SELF_SIGNED])
def test_nothing_is_said_to_somebody_else(authority: Authority, flaw: Flaw) -> None:
    with watching(authority.issue("localhost", flaw=flaw)) as stranger:
        told = webhook.send(message(stranger, authority), pauses=())
    assert "certificat n'est pas reconnu" in told
    assert stranger.asked == []


def test_an_authority_of_the_system_does_not_stand_for_ours(watchman: Watchman) -> None:
    assert call(Call(f"{watchman.url}/")) == NotReached("son certificat n'est pas reconnu")


@pytest.mark.parametrize(
    ("first", "clause"),
    [(b"", "il ne répond pas à temps"), (b"SSH-2.0-x\r\n", "il ne parle pas en HTTPS")],
)
def test_a_server_that_does_not_answer_costs_a_bounded_time(first: bytes, clause: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def answer() -> None:
            line, _ = server.accept()
            line.sendall(first)
            held.append(line)

        thread = threading.Thread(target=answer)
        thread.start()
        found = call(Call(f"https://localhost:{server.getsockname()[1]}/"), seconds=0.3)
        thread.join()
        held[0].close()
    assert found == NotReached(clause)


def test_who_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert call(Call(f"https://127.0.0.1:{port}/")) == NotReached("il refuse la connexion")


def test_the_watchman_hears_the_beginning_and_the_end(watchman: Watchman, authority: Authority) -> None:
    whom = ping.Watchman(f"{watchman.url}/ping/abc?x=1", authority.ca_bundle)
    assert ping.begun(whom) == ping.ended(whom, 0) == ping.ended(whom, 4) == ""
    assert [(asked.method, asked.target) for asked in watchman.asked] == [
        ("GET", "/ping/abc/start?x=1"),
        ("GET", "/ping/abc?x=1"),
        ("GET", "/ping/abc/4?x=1"),
    ]


def test_a_watchman_who_refuses_or_is_away_is_told(watchman: Watchman, authority: Authority) -> None:
    watchman.answers = [404]
    assert "réponse 404" in ping.begun(ping.Watchman(watchman.url, authority.ca_bundle))
    assert "n'est pas reconnu" in ping.begun(ping.Watchman(watchman.url))


# The feed


def told(number: int) -> Entry:
    return Entry(
        f"urn:uuid:{number}", f"Contrôle n° {number} <&>", NOW + timedelta(days=number), ("a", "b"), "l-hay"
    )


def read(path: Path) -> ET.Element:
    return ET.fromstring(path.read_bytes())


def test_the_feed_is_atom_and_keeps_the_newest_fifty(tmp_path: Path) -> None:
    path, memory = tmp_path / "flux.xml", tmp_path / "memory.json"
    for number in range(MOST_ENTRIES + 5):
        assert feed.publish([told(number)], path=path, memory=memory, at=NOW) == ""
    root = read(path)
    assert root.tag == f"{ATOM}feed"
    assert {child.tag.removeprefix(ATOM) for child in root} == {"id", "title", "updated", "author", "entry"}
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == MOST_ENTRIES
    assert entries[0].findtext(f"{ATOM}title") == "Contrôle n° 54 <&>"
    assert entries[0].findtext(f"{ATOM}content") == "a\nb"
    assert entries[-1].findtext(f"{ATOM}id") == "urn:uuid:5"
    for each in entries:
        assert each.findtext(f"{ATOM}updated", "").endswith("Z")


def test_the_same_control_is_one_entry(tmp_path: Path) -> None:
    for _ in range(2):
        feed.publish([told(1)], path=tmp_path / "f.xml", memory=tmp_path / "m.json", at=NOW)
    assert len(read(tmp_path / "f.xml").findall(f"{ATOM}entry")) == 1


def test_who_may_read_the_feed_is_the_choice_of_who_serves_it(tmp_path: Path) -> None:
    path = tmp_path / "f.xml"
    feed.publish([], path=path, memory=tmp_path / "m.json", at=NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    feed.publish([told(1)], path=path, memory=tmp_path / "m.json", at=NOW)
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("damage", ["", "[1]", '[{"id": 1}]', "{}", "null"])
def test_a_damaged_memory_begins_a_new_feed(tmp_path: Path, damage: str) -> None:
    (tmp_path / "m.json").write_text(damage)
    assert feed.publish([told(1)], path=tmp_path / "f.xml", memory=tmp_path / "m.json", at=NOW) == ""
    assert len(read(tmp_path / "f.xml").findall(f"{ATOM}entry")) == 1


def test_a_feed_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    trouble = feed.publish([], path=tmp_path / "absent" / "f.xml", memory=tmp_path / "m.json", at=NOW)
    assert "ne peut pas être écrit" in trouble


def test_an_entry_holds_no_address(tmp_path: Path) -> None:
    hostile = "Machine 192.0.2.10 et 2001:db8::1/64 : tcp/3389 \u202e\x07"
    view: ChangesView = replace(NOTHING_TO_COMPARE, sentence=hostile)
    made = entry(towns.town(towns.domain()), view, audit="a", at=NOW)
    path = tmp_path / "f.xml"
    path.write_text(atom([made], updated=NOW))
    text = ET.tostring(read(path), encoding="unicode")
    assert not any(part in text for part in ("192.0.2", "2001:db8", "3389", "\u202e", "\x07"))
    again = entry(towns.town(towns.domain()), view, audit="a", at=NOW + timedelta(days=1))
    assert again.id == made.id

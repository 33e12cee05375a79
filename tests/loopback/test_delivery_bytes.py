"""The bytes of SMTP, whatever they are: a message comes through as it was, and no answer breaks the program."""

import re
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.delivery.smtp import Session, _canonical, _stuffed
from cyberaudit.delivery.wire import RelayTrouble, Wire
from cyberaudit.history.outbox import State

pytestmark = pytest.mark.loopback

ANYTHING = st.lists(
    st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"\r\n.", b"a", b"\xc3\xa9", b"\0", b"x" * 1200]),
    max_size=20,
).map(b"".join)
PIECES = (
    b"250 Ok\r\n", b"250-relais\r\n", b"250 SIZE 99999\r\n", b"354 go\r\n", b"220 \xff\n", b"421\r\n", b"550 no\r\n",
    b"334 VXNlcm5hbWU6\r\n", b"235 in\r\n", b"\r\n", b"2\r\n", b"999 ?\r\n", b"250", b"\xe2\x80\xae", b"450-",
    b"250-AUTH LOGIN\r\n", b"250-AUTH=PLAIN\r\n", b"250-STARTTLS\r\n",
    b"250-AUTH SCRAM-SHA-256 PLAIN\r\n", b"334 cj14\r\n", b"334 \r\n", b"235 dj14\r\n",
)  # fmt: skip
ANSWERS = st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join)


@pytest.fixture(scope="module")
def door() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_any_message_ends_once_and_comes_through_with_its_lines(message: bytes) -> None:
    sent = _stuffed(_canonical(message))
    assert sent.endswith(b"\r\n.\r\n")
    content, end = sent[:-3], sent[-3:]
    assert end == b".\r\n"
    assert b"\r\n.\r\n" not in content
    assert not content.startswith(b".\r\n")
    assert re.search(rb"\r(?!\n)|(?<!\r)\n", content) is None
    received = b"".join(line.removeprefix(b".") for line in content.splitlines(keepends=True))
    assert received == _canonical(message)
    assert re.split(rb"\r\n|\r|\n", message.removesuffix(b"\n").removesuffix(b"\r")) == content_lines(
        received
    )


def content_lines(received: bytes) -> list[bytes]:
    return received.removesuffix(b"\r\n").split(b"\r\n")


@settings(max_examples=100, deadline=None)
@given(said=ANSWERS)
def test_whatever_a_relay_answers_each_copy_has_its_answer(door: socket.socket, said: bytes) -> None:
    line = socket.create_connection(door.getsockname())
    other, _ = door.accept()
    with other:
        other.sendall(said)
        other.shutdown(socket.SHUT_WR)
        wire = Wire(line, 5)
        session = Session(wire)
        with suppress(RelayTrouble):
            session.greet()
            session.introduce()
            session.log_in("mairie", "secret")
        handed = session.hand_over("a@mairie.example", ("b@mairie.example", "c@mairie.example"), b"x")
        session.leave()
        wire.close()
    assert [*handed.answers] == ["b@mairie.example", "c@mairie.example"]
    assert all(answer.clause.isprintable() or "\u00a0" in answer.clause for answer in handed.answers.values())
    assert State.SENDING not in {answer.state for answer in handed.answers.values()}


@pytest.mark.parametrize(
    ("family", "address", "literal"),
    [
        (socket.AF_INET, "127.0.0.1", "[127.0.0.1]"),
        (socket.AF_INET6, "::1", "[IPv6:::1]"),
    ],
)
def test_one_introduces_oneself_by_an_address_literal(
    family: socket.AddressFamily, address: str, literal: str
) -> None:
    try:
        opened = socket.create_server((address, 0), family=family)
    except OSError:
        pytest.skip("this machine has no such address")
    with opened, socket.create_connection(opened.getsockname()[:2]) as line:
        assert Wire(line, 1).literal == literal

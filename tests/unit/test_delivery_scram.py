"""SCRAM-SHA-256: the example of its RFC, and everything a relay may say instead."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.delivery.scram import MOST_ROUNDS, Exchange, exchange, prepared
from cyberaudit.delivery.wire import RelayTrouble

pytestmark = pytest.mark.unit

# RFC 7677 §3
NONCE = "rOprNGfwEbeRWgbNEkqO"
SERVERS = f"{NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
SALT = "W22ZaJ0SNY7soEsUEjb6gQ=="
CHALLENGE = f"r={SERVERS},s={SALT},i=4096".encode()
LAST = f"c=biws,r={SERVERS},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=".encode()
VERDICT = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
EXCHANGE = Exchange("user", "pencil", NONCE)


def test_the_example_of_the_rfc_is_said_and_believed() -> None:
    assert EXCHANGE.first == f"n,,n=user,r={NONCE}".encode()
    proof = EXCHANGE.answer(CHALLENGE)
    assert proof.last == LAST
    proof.believe(VERDICT)


@pytest.mark.parametrize(
    "challenge",
    [
        b"", b"\xff", CHALLENGE[1:], CHALLENGE.replace(NONCE.encode(), b"x" * 20),
        f"r={NONCE},s={SALT},i=4096".encode(),
        CHALLENGE.replace(b"4096", b"4095"), CHALLENGE.replace(b"4096", b"1"), CHALLENGE.replace(b"4096", b"-1"),
        CHALLENGE.replace(b"4096", str(MOST_ROUNDS + 1).encode()), CHALLENGE.replace(b"4096", b"9999999999"),
        CHALLENGE.replace(SALT.encode(), b"W22"), b"m=ext," + CHALLENGE, b"e=unknown-user",
    ],
)  # fmt: skip
def test_what_is_no_challenge_to_us_gets_no_proof(challenge: bytes) -> None:
    with pytest.raises(RelayTrouble):
        EXCHANGE.answer(challenge)


@pytest.mark.parametrize(
    "verdict",
    [b"", b"v=", b"v=AAAA", b"e=other-error", VERDICT.replace(b"6rri", b"7rri"), b"\xff", VERDICT[2:]],
)
def test_who_does_not_know_the_password_is_not_believed(verdict: bytes) -> None:
    with pytest.raises(RelayTrouble):
        EXCHANGE.answer(CHALLENGE).believe(verdict)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (b"e=invalid-proof", "refuse le compte ou le mot de passe"),
        (b"e=invalid-proof,v=AAAA", "refuse le compte ou le mot de passe"),
        (b"v=AAAA", "ne prouve pas"),
    ],
)
def test_a_wrong_password_is_not_told_as_a_wrong_server(verdict: bytes, words: str) -> None:
    with pytest.raises(RelayTrouble, match=words):
        EXCHANGE.answer(CHALLENGE).believe(verdict)


@given(st.binary(max_size=80))
def test_no_other_words_are_believed(verdict: bytes) -> None:
    proof = EXCHANGE.answer(CHALLENGE)
    with pytest.raises(RelayTrouble):
        proof.believe(b"v=" + b64encode(verdict))


def test_a_nonce_serves_once() -> None:
    one, other = exchange("a", "b"), exchange("a", "b")
    assert one is not None
    assert other is not None
    assert one.first != other.first


def test_neither_the_password_nor_a_proof_is_shown() -> None:
    assert "pencil" not in repr(EXCHANGE)
    assert "6rri" not in repr(EXCHANGE.answer(CHALLENGE))


# RFC 4013 §3, and what French keyboards type
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("I\u00adX", "IX"), ("user", "user"), ("USER", "USER"), ("\u00aa", "a"), ("\u2168", "IX"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"), ("a\u00a0b", "a b"), ("Vive l'\u00e9t\u00e9", "Vive l'\u00e9t\u00e9"),
    ],
)  # fmt: skip
def test_a_password_is_the_same_however_it_was_typed(typed: str, meant: str) -> None:
    assert prepared(typed) == meant


@pytest.mark.parametrize("typed", ["\x07", "a\nb", "\x00", "\ue000"])
def test_what_no_account_may_hold_is_not_proved(typed: str) -> None:
    assert prepared(typed) is None
    assert exchange("mairie", typed) is None
    assert exchange(typed, "secret") is None


def test_a_name_with_a_comma_or_an_equals_sign_stays_one_name() -> None:
    assert Exchange("a=b,c", "x", NONCE).first == f"n,,n=a=3Db=2Cc,r={NONCE}".encode()

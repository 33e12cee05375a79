"""Both TLS clients against servers in memory: honest ones, and every sort of bad faith under the right keys."""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls.conversation import Conversation
from cyberaudit.probes.tls.flight import Alert
from cyberaudit.probes.tls.handshake import Handshake, Ticket
from cyberaudit.probes.tls.handshake12 import handshake12
from cyberaudit.probes.tls.handshake13 import MAX_TICKETS, handshake13
from cyberaudit.probes.tls.key_exchange import GROUPS13, X25519MLKEM768
from cyberaudit.probes.tls.messages import Kind
from cyberaudit.probes.tls.octets import vector
from tests.unit.tls_peers import (
    ALERT,
    APPLICATION,
    CHANGE_CIPHER,
    CLOSING,
    HANDSHAKE,
    NAME,
    Content,
    Identity,
    Misbehaviour,
    OpenSsl,
    Own,
    Own12,
    Own13,
    Peer,
    Saying,
    certificate_for,
    identity,
    message,
    server_context,
    ticket13,
    to,
)

pytestmark = pytest.mark.unit

Shaken = Handshake | Alert | Unreachable
Shake = Callable[[Conversation], Shaken]
TAMPERED = {Reason.PROTOCOL_ERROR, Reason.TLS_FAILURE}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("identity"))


def shake13(peer: Conversation) -> Shaken:
    return asyncio.run(handshake13(to(peer), server_name=NAME, alpn=("h2",)))


def shake12(peer: Conversation) -> Shaken:
    return asyncio.run(handshake12(to(peer), server_name=NAME))


def renegotiate(peer: Conversation) -> Shaken:
    return asyncio.run(handshake12(to(peer), server_name=NAME, renegotiate=True))


BOTH = [shake13, shake12]


def finished(shaken: Shaken) -> Handshake:
    assert isinstance(shaken, Handshake), shaken
    return shaken


def cause(shaken: object) -> Reason:
    assert isinstance(shaken, Unreachable), shaken
    return shaken.reason


def peer_for(shake: Shake, shown: Identity, how: Misbehaviour) -> Peer:
    return Own13(shown, how) if shake is shake13 else Own12(shown, how)


def byte_by_byte(sent: bytes) -> Iterable[Content]:
    return [(HANDSHAKE, bytes([byte])) for byte in sent]


# Honest servers


def test_everything_of_a_tls13_handshake_is_seen(shown: Identity) -> None:
    staple = b"\1" + vector(b"answer", 3)
    stamps = vector(vector(b"one", 2) + vector(b"two", 2), 2)
    how = Misbehaviour(extensions=((5, staple), (18, stamps)), last=((HANDSHAKE, ticket13(600, 42)), CLOSING))
    assert shake13(Own13(shown, how)) == Handshake(
        version="TLSv1.3",
        suite=0x1301,
        group=29,
        signature_scheme=0x0403,
        certificates=(shown.der,),
        stapled=True,
        timestamps=2,
        alpn="h2",
        wants_certificate=False,
        proved=True,
        tickets=(Ticket(600, 42),),
        renegotiated=Unreachable(Reason.NOT_LOOKED),
    )


def test_everything_of_a_tls12_handshake_is_seen(shown: Identity) -> None:
    how = Misbehaviour(extensions=((16, b"\0\3\2h2"), (18, vector(vector(b"one", 2), 2)), (5, b"")))
    status = message(Kind.CERTIFICATE_STATUS, b"\1" + vector(b"answer", 3))
    how.change_flight = lambda flight: [flight[0], status, *flight[1:]]
    assert shake12(Own12(shown, how)) == Handshake(
        version="TLSv1.2",
        suite=0xC02B,
        group=29,
        signature_scheme=0x0403,
        certificates=(shown.der,),
        stapled=True,
        timestamps=1,
        alpn="h2",
        wants_certificate=False,
        proved=True,
        tickets=(Ticket(7200, 0),),
        renegotiated=Unreachable(Reason.NOT_LOOKED),
    )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("bites", [1, 7, 1 << 20])
def test_openssl_is_understood_whatever_the_size_of_its_segments(
    shown: Identity, version: ssl.TLSVersion, bites: int
) -> None:
    peer = OpenSsl(server_context(shown, minimum_version=version, maximum_version=version))
    peer.bites = bites
    shake = shake13 if version is ssl.TLSVersion.TLSv1_3 else shake12
    seen = finished(shake(peer))
    assert seen.certificates == (shown.der,)
    assert seen.proved
    assert not isinstance(seen.tickets, Unreachable)
    assert {ticket.seconds for ticket in seen.tickets} == {7200}


@pytest.mark.parametrize("shake", BOTH)
def test_messages_cut_into_records_of_one_byte_are_put_together(shake: Shake, shown: Identity) -> None:
    assert finished(shake(peer_for(shake, shown, Misbehaviour(records=byte_by_byte)))).proved


@pytest.mark.parametrize("group", [29, 24, X25519MLKEM768])
def test_a_server_that_asks_again_gets_the_share_it_wants_and_its_cookie(group: int, shown: Identity) -> None:
    if group not in GROUPS13:
        pytest.skip("this version of cryptography has no ML-KEM")
    peer = Own13(shown, Misbehaviour(group=group, asks_again=True))
    seen = finished(shake13(peer))
    assert (seen.group, seen.proved) == (group, True)
    assert peer.cookies == [b"biscuit"]


def test_a_key_update_is_followed(shown: Identity) -> None:
    last = ((HANDSHAKE, message(Kind.KEY_UPDATE, b"\0")), (HANDSHAKE, ticket13()), CLOSING)
    assert finished(shake13(Own13(shown, Misbehaviour(last=last)))).tickets == (Ticket(600, 0),)


@pytest.mark.parametrize("shake", BOTH)
def test_a_demand_for_a_certificate_is_seen_and_answered_with_none(shake: Shake, shown: Identity) -> None:
    seen = finished(shake(peer_for(shake, shown, Misbehaviour(wants_certificate=True))))
    assert seen.wants_certificate
    assert seen.proved


# What tells that the server was content with our end of the handshake


@pytest.mark.parametrize(
    ("last", "leaves", "wants_certificate", "expected"),
    [
        ((CLOSING,), False, False, ()),
        ((CLOSING,), False, True, ()),
        ((), True, False, ()),
        ((), True, True, Reason.RESET),
        ((), False, False, Reason.TIMEOUT),
        (((APPLICATION, b"220 mairie"),), False, False, ()),
        (((ALERT, b"\2\x74"),), False, True, Reason.TLS_FAILURE),
        (((ALERT, b"\2"),), False, False, Reason.PROTOCOL_ERROR),
        (((ALERT, b"\1\x5a"), (HANDSHAKE, ticket13()), CLOSING), False, False, (Ticket(600, 0),)),
        (((HANDSHAKE, ticket13()),) * (MAX_TICKETS + 1), False, False, Reason.PROTOCOL_ERROR),
        (((APPLICATION, b""),) * 1000, False, False, Reason.PROTOCOL_ERROR),
        (((HANDSHAKE, message(Kind.KEY_UPDATE, b"\0") + ticket13()),), False, False, Reason.PROTOCOL_ERROR),
        (((HANDSHAKE, message(Kind.KEY_UPDATE, b"\0")),) * 100, False, False, Reason.PROTOCOL_ERROR),
        (((HANDSHAKE, message(Kind.FINISHED, b"")),), False, False, Reason.PROTOCOL_ERROR),
        (((HANDSHAKE, message(Kind.NEW_SESSION_TICKET, bytes(9) + b"\0\0\0\0")),), False, False,
         Reason.PROTOCOL_ERROR),
    ],
    ids=["closed", "closed, certificate wanted", "left", "left, certificate wanted", "silent", "talks", "refused",
         "half an alert", "warned, ticket", "endless tickets", "endless nothing", "keys changed half-way",
         "endless keys", "out of place", "empty ticket"],
)  # fmt: skip
def test_what_follows_a_tls13_handshake(
    shown: Identity,
    last: tuple[Content, ...],
    leaves: bool,
    wants_certificate: bool,
    expected: tuple[Ticket, ...] | Reason,
) -> None:
    class Leaving(Own13):
        def second(self, data: bytes) -> None:
            super().second(data)
            self.has_left = leaves

    peer = Leaving(shown, Misbehaviour(last=last, wants_certificate=wants_certificate))
    tickets = finished(shake13(peer)).tickets
    assert (tickets.reason if isinstance(tickets, Unreachable) else tickets) == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (((HANDSHAKE, message(Kind.SERVER_HELLO, b"")),), True),
        (((HANDSHAKE, message(Kind.HELLO_REQUEST, b"")), (HANDSHAKE, message(Kind.SERVER_HELLO, b""))), True),
        (((APPLICATION, b"220 mairie"), (ALERT, b"\1\x64")), False),
        (((ALERT, b"\2\x28"),), False),
        ((CLOSING,), Reason.RESET),
        ((), Reason.TIMEOUT),
        (((ALERT, b"\1\x70"),), Reason.TIMEOUT),
        (((HANDSHAKE, message(Kind.FINISHED, b"")),), Reason.PROTOCOL_ERROR),
        (((CHANGE_CIPHER, b"\1"),), Reason.PROTOCOL_ERROR),
    ],
)
def test_only_words_tell_whether_a_renegotiation_is_accepted(
    shown: Identity, last: tuple[Content, ...], expected: bool | Reason
) -> None:
    peer = Own12(shown, Misbehaviour(last=last))
    seen = finished(renegotiate(peer))
    answer = seen.renegotiated
    assert seen.proved
    assert (answer.reason if isinstance(answer, Unreachable) else answer) == expected


# Bad faith


@pytest.mark.parametrize("shake", BOTH)
def test_a_wrong_finished_is_no_handshake(shake: Shake, shown: Identity) -> None:
    assert cause(shake(peer_for(shake, shown, Misbehaviour(wrong_finished=True)))) in TAMPERED


def without(place: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda flight: flight[:place] + flight[place + 1 :]


def doubled(place: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda flight: flight[: place + 1] + flight[place:]


CHANGES = {
    "backwards": lambda flight: flight[::-1],
    **{f"without {place}": without(place) for place in range(3)},
    **{f"doubled {place}": doubled(place) for place in range(3)},
    "unknown kind": lambda flight: [message(99, b""), *flight],
    "empty bodies": lambda flight: [message(each[0], b"") for each in flight],
    "cut short": lambda flight: [message(each[0], each[4:-1]) for each in flight],
    "two hellos": lambda flight: [message(2, bytes(38)), *flight],
    "too long": lambda flight: [b"\x0b\xff\xff\xff", *flight],
    "hello requests without end": lambda flight: [message(0, b"")] * 100,
}


@pytest.mark.parametrize("shake", BOTH)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_flight_out_of_order_is_no_handshake(
    shake: Shake, change: Callable[[list[bytes]], list[bytes]], shown: Identity
) -> None:
    shaken = shake(peer_for(shake, shown, Misbehaviour(change_flight=change)))
    assert cause(shaken) in {*TAMPERED, Reason.TIMEOUT}


@pytest.mark.parametrize("shake", BOTH)
@pytest.mark.parametrize(("kind", "told"), [(11, "certificat trop long"), (99, "message trop long")])
def test_a_certificate_too_long_to_be_read_is_told_as_such(
    shake: Shake, kind: int, told: str, shown: Identity
) -> None:
    how = Misbehaviour(change_flight=lambda flight: [bytes([kind]) + b"\2\0\0", *flight])
    assert shake(peer_for(shake, shown, how)) == Unreachable(Reason.PROTOCOL_ERROR, told)


def test_a_second_ticket_of_tls12_is_out_of_place(shown: Identity) -> None:
    assert cause(shake12(Own12(shown, Misbehaviour(tickets=2)))) is Reason.PROTOCOL_ERROR


@pytest.mark.parametrize("turn", [2, 3])
@pytest.mark.parametrize("own", [Own13, Own12])
def test_a_line_that_breaks_late_leaves_what_was_seen(own: type[Own], turn: int, shown: Identity) -> None:
    class Breaking(own):  # type: ignore[valid-type, misc]
        async def write(self, data: bytes, *, within: float) -> Unreachable | None:
            if len(self.heard) + 1 == turn:
                return Unreachable(Reason.RESET)
            trouble: Unreachable | None = await super().write(data, within=within)
            return trouble

    seen = finished(shake13(Breaking(shown)) if own is Own13 else shake12(Breaking(shown)))
    assert seen.certificates == (shown.der,)
    assert seen.proved or own is Own12
    if turn == 2:
        assert seen.tickets == Unreachable(Reason.RESET)


def test_a_signature_by_another_key_proves_nothing(
    shown: Identity, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = identity(tmp_path_factory.mktemp("other"))
    stolen = Identity(other.key, shown.der, shown.pem)
    for shake in BOTH:
        seen = finished(shake(peer_for(shake, stolen, Misbehaviour())))
        assert seen.certificates == (shown.der,)
        assert not seen.proved


@pytest.mark.parametrize("shake", BOTH)
def test_a_certificate_that_cannot_be_read_is_returned_and_proves_nothing(
    shake: Shake, shown: Identity
) -> None:
    odd = Identity(shown.key, b"\x30\x03\x02\x01\x01", shown.pem)
    seen = finished(shake(peer_for(shake, odd, Misbehaviour())))
    assert seen.certificates == (odd.der,)
    assert not seen.proved


@pytest.mark.parametrize(
    ("shake", "records", "expected"),
    [
        (shake13, ((CHANGE_CIPHER, b"\1"),) * 3, None),
        (shake13, ((CHANGE_CIPHER, b"\1"),) * 1000, Reason.PROTOCOL_ERROR),
        (shake13, ((HANDSHAKE, message(8, b"\0\0")),), Reason.PROTOCOL_ERROR),
        (shake13, ((HANDSHAKE, b"\x08"),), Reason.PROTOCOL_ERROR),
        (shake13, ((APPLICATION, b"clair"),), Reason.PROTOCOL_ERROR),
        (shake12, ((CHANGE_CIPHER, b"\1"),), Reason.PROTOCOL_ERROR),
        (shake12, ((HANDSHAKE, b""),) * 1000, Reason.PROTOCOL_ERROR),
        (shake12, ((APPLICATION, b"clair"),), Reason.PROTOCOL_ERROR),
        (shake12, ((HANDSHAKE, b"\x0b\0"), (APPLICATION, b"clair")), Reason.PROTOCOL_ERROR),
        (shake12, ((ALERT, b"\1\x70"),), None),
        (shake12, ((ALERT, b"\1\x70"),) * 1000, Reason.PROTOCOL_ERROR),
        (shake12, (CLOSING,), Reason.RESET),
    ],
)
def test_what_comes_between_is_bounded_and_in_its_place(
    shake: Shake, records: tuple[Content, ...], expected: Reason | None, shown: Identity
) -> None:
    shaken = shake(peer_for(shake, shown, Misbehaviour(after_hello=records)))
    assert (None if isinstance(shaken, Handshake) else cause(shaken)) == expected


@pytest.mark.parametrize("shake", BOTH)
def test_a_share_that_is_no_point_is_a_protocol_error(shake: Shake, shown: Identity) -> None:
    assert cause(shake(peer_for(shake, shown, Misbehaviour(share=bytes(32))))) is Reason.PROTOCOL_ERROR


def test_a_curve_we_cannot_do_still_shows_the_certificate(shown: Identity) -> None:
    seen = finished(shake12(Own12(shown, Misbehaviour(group=19))))
    assert seen.tickets == Unreachable(Reason.NO_PROBE, "groupe secp192r1")
    assert seen.certificates == (shown.der,)
    assert not seen.proved


def test_a_group_we_did_not_offer_a_share_for_is_a_protocol_error(shown: Identity) -> None:
    assert (
        cause(shake13(Own13(shown, Misbehaviour(group=24, share=b"\4" + bytes(96))))) is Reason.PROTOCOL_ERROR
    )


@pytest.mark.parametrize("shake", BOTH)
@pytest.mark.parametrize(
    ("answer", "leaves", "expected"),
    [
        (b"\x15\3\3\0\2\2\x28", False, Alert(2, 40)),
        (b"\x15\3\3\0\2\1\x46", False, Alert(1, 70)),
        (b"\x15\3\3\0\2\1\0", False, Reason.RESET),
        (b"\x15\3\3\0\2\1\x70", False, Reason.TIMEOUT),
        (b"", False, Reason.TIMEOUT),
        (b"", True, Reason.RESET),
        (b"\x16\3\3", True, Reason.RESET),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", True, Reason.PROTOCOL_ERROR),
        (b"\x16\3\3\xff\xff", False, Reason.PROTOCOL_ERROR),
        (b"\x16\3\3\0\4\2\xff\xff\xff", False, Reason.PROTOCOL_ERROR),
        (b"\x16\3\3\0\4\2\0\0\0", False, Reason.PROTOCOL_ERROR),
        (b"\x16\3\3\0\4\x0e\0\0\0", False, Reason.PROTOCOL_ERROR),
    ],
)
def test_only_an_alert_is_a_refusal(
    shake: Shake, answer: bytes, leaves: bool, expected: Alert | Reason
) -> None:
    shaken = shake(Saying(answer, leaves=leaves))
    assert (shaken.reason if isinstance(shaken, Unreachable) else shaken) == expected


def server_hello(*, version: bytes = b"\3\3", suite: int = 0x1301, extensions: bytes = b"", random: bytes = b"",
                 compression: int = 0) -> bytes:  # fmt: skip
    body = version + (random or bytes(32)) + b"\0" + suite.to_bytes(2) + bytes([compression]) + extensions
    return b"\x16\3\3" + vector(message(Kind.SERVER_HELLO, body), 2)


RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
IS_13 = b"\0\x2b\0\2\3\4"


@pytest.mark.parametrize(
    ("shake", "hello", "expected"),
    [
        (shake13, server_hello(suite=0xC02B), Reason.TLS_FAILURE),
        (shake13, server_hello(version=b"\x09\x09"), Reason.TLS_FAILURE),
        (shake13, server_hello(suite=0x1399, extensions=vector(IS_13, 2)), Reason.PROTOCOL_ERROR),
        (shake13, server_hello(extensions=vector(IS_13, 2)), Reason.PROTOCOL_ERROR),
        (shake13, server_hello(random=RETRY, extensions=vector(IS_13 + b"\0\x33\0\2\0\x0e", 2)), Reason.NO_PROBE),
        (shake13, server_hello(random=RETRY, extensions=vector(IS_13 + b"\0\x33\0\2\0\x18", 2)) * 2,
         Reason.PROTOCOL_ERROR),
        (shake12, server_hello(version=b"\3\4", suite=0xC02B), Reason.PROTOCOL_ERROR),
        (shake12, server_hello(suite=0xC0FF), Reason.PROTOCOL_ERROR),
        (shake12, server_hello(suite=0xC02B, compression=1), Reason.PROTOCOL_ERROR),
    ],
)  # fmt: skip
def test_a_choice_we_did_not_offer_is_no_answer(shake: Shake, hello: bytes, expected: Reason) -> None:
    assert cause(shake(Saying(hello))) is expected


def test_a_server_of_ssl3_shows_its_certificate_and_no_more(shown: Identity) -> None:
    chain = message(Kind.CERTIFICATE, vector(vector(shown.der, 3), 3)) + message(Kind.SERVER_HELLO_DONE, b"")
    answer = server_hello(version=b"\3\0", suite=0x002F) + b"\x16\3\0" + vector(chain, 2)
    seen = finished(shake12(Saying(answer)))
    assert (seen.version, seen.certificates) == ("SSLv3", (shown.der,))
    assert cause(seen.tickets) is Reason.NO_PROBE


@pytest.mark.parametrize(
    ("exchange", "suite", "expected"),
    [
        (vector(b"\7", 2) + vector(b"\2", 2) + vector(b"\3", 2), 0x009E, Reason.NO_PROBE),
        (vector(b"\xff" * 2000, 2) + vector(b"\2", 2) + vector(b"\3", 2), 0x009E, Reason.NO_PROBE),
        (vector(b"\xff" * 64, 2) + vector(b"\2", 2) + vector(b"\0", 2), 0x009E, Reason.PROTOCOL_ERROR),
        (b"\1", 0xC02B, Reason.PROTOCOL_ERROR),
        (None, 0xC02B, Reason.PROTOCOL_ERROR),
        (None, 0x002F, Reason.TLS_FAILURE),
    ],
    ids=[
        "prime of 3 bits",
        "prime of 16,000 bits",
        "share out of the group",
        "curve in full",
        "nothing",
        "EC for RSA",
    ],
)
def test_an_odd_key_exchange_is_bounded(
    shown: Identity, exchange: bytes | None, suite: int, expected: Reason
) -> None:
    flight = message(Kind.CERTIFICATE, vector(vector(shown.der, 3), 3))
    if exchange is not None:
        flight += message(Kind.SERVER_KEY_EXCHANGE, exchange + b"\4\3" + vector(b"signature", 2))
    flight += message(Kind.SERVER_HELLO_DONE, b"")
    shaken = shake12(Saying(server_hello(suite=suite) + b"\x16\3\3" + vector(flight, 2)))
    assert cause(shaken.tickets if isinstance(shaken, Handshake) else shaken) is expected


def test_a_key_too_short_for_the_secret_still_shows_its_certificate(shown: Identity) -> None:
    number = (1 << 399) | 12345
    tiny = certificate_for(rsa.RSAPublicNumbers(3, number).public_key(), signed_with=shown.key)
    flight = message(Kind.CERTIFICATE, vector(vector(tiny, 3), 3)) + message(Kind.SERVER_HELLO_DONE, b"")
    seen = finished(shake12(Saying(server_hello(suite=0x002F) + b"\x16\3\3" + vector(flight, 2))))
    assert (seen.certificates, cause(seen.tickets)) == ((tiny,), Reason.TLS_FAILURE)


def test_a_server_that_falls_silent_after_its_flight_has_still_shown_its_certificate(shown: Identity) -> None:
    class Silent(Own12):
        def second(self, data: bytes) -> None:
            return

    seen = finished(shake12(Silent(shown)))
    assert (seen.certificates, seen.proved, seen.tickets) == (
        (shown.der,),
        False,
        Unreachable(Reason.TIMEOUT),
    )


@pytest.mark.parametrize("shake", BOTH)
def test_what_cannot_be_opened_says_why(shake: Shake) -> None:
    refused = Unreachable(Reason.REFUSED)

    async def opener() -> Conversation | Unreachable:
        return refused

    make = handshake13 if shake is shake13 else handshake12
    assert asyncio.run(make(opener, server_name=None)) == refused


@pytest.mark.parametrize("shake", BOTH)
def test_a_line_that_takes_nothing_says_why(shake: Shake) -> None:
    class Deaf(Saying):
        async def write(self, data: bytes, *, within: float) -> Unreachable | None:
            return Unreachable(Reason.RESET)

    assert cause(shake(Deaf())) is Reason.RESET


@pytest.mark.parametrize("shake", BOTH)
def test_time_is_over_even_when_something_always_comes(shake: Shake) -> None:
    class Dripping(Saying):
        async def read(self, limit: int, *, within: float) -> bytes | Unreachable:
            await asyncio.sleep(0.02)
            return b"\x16\3\3\x40\0" if not self._out else b"\2"

    make = handshake13 if shake is shake13 else handshake12
    assert cause(asyncio.run(make(to(Dripping()), server_name=None, within=0.2))) is Reason.TIMEOUT


# Chance


def spoiled(chance: Random) -> Callable[[bytes], bytes]:
    """One byte changed, left out or put in, anywhere in what the server sends."""

    def spoil(sent: bytes) -> bytes:
        place = chance.randrange(len(sent))
        middle = chance.choice(
            [b"", bytes([chance.randrange(256)]), bytes([chance.randrange(256), sent[place]])]
        )
        return sent[:place] + middle + sent[place + 1 :]

    return spoil


@pytest.mark.parametrize("shake", BOTH)
@pytest.mark.parametrize("seed", range(150))
def test_a_spoiled_flight_of_openssl_never_raises(shake: Shake, seed: int, shown: Identity) -> None:
    version = ssl.TLSVersion.TLSv1_3 if shake is shake13 else ssl.TLSVersion.TLSv1_2
    context = server_context(shown, minimum_version=version, maximum_version=version)
    shaken = shake(OpenSsl(context, spoiled(Random(seed))))
    assert isinstance(shaken, Handshake | Alert | Unreachable)


@pytest.mark.parametrize("shake", BOTH)
@pytest.mark.parametrize("seed", range(150))
def test_a_spoiled_flight_under_the_right_keys_never_raises(shake: Shake, seed: int, shown: Identity) -> None:
    chance = Random(seed)

    def change(flight: list[bytes]) -> list[bytes]:
        place = chance.randrange(len(flight))
        return [*flight[:place], spoiled(chance)(flight[place]), *flight[place + 1 :]]

    shaken = shake(peer_for(shake, shown, Misbehaviour(change_flight=change)))
    assert isinstance(shaken, Handshake | Alert | Unreachable)

"""IKE on the wire: bytes written by hand, round trips, and whatever else may come."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.ike import IkeTrait
from cyberaudit.facts.ike_algorithms import (
    BY_ID,
    CIPHERS,
    GROUP,
    GROUPS,
    MACS,
    PRFS,
    algorithm_name,
    group_name,
)
from cyberaudit.probes.ike import message as wire
from cyberaudit.probes.ike import survey1, version1, version2
from cyberaudit.probes.ike.key_values import can_be_agreed_on, is_easy, key_value
from cyberaudit.probes.ike.message import Message, Payload
from cyberaudit.probes.ike.survey2 import EVERYTHING
from cyberaudit.probes.ike.vendors import products, vendor_traits
from cyberaudit.probes.ike.version1 import Picked, Stranger, aggressive_mode, combined, main_mode, portions
from cyberaudit.probes.ike.version2 import Chosen, Cookie, Menu, Question, WantsGroup, ask_for
from cyberaudit.probes.ike.words import Oddity, OtherVersion, Refused

pytestmark = pytest.mark.unit

# RFC 8200 §5, less the headers of IPv6 and UDP, and the marker.
WHOLE = 1280 - 48 - 4
SPI = bytes.fromhex("0102030405060708")
MENU = Menu((BY_ID["aes-cbc-256"], BY_ID["3des"]), (BY_ID["prf-sha1"],), (BY_ID["sha1"],), (14, 2))
ASKED = Question(MENU, 14, SPI, b"n" * 32, b"k" * 256)
TRANSFORMS = combined((BY_ID["aes-cbc-256"], BY_ID["3des"]), (BY_ID["sha1"],), (2,), proof=1)
UNASKED = Oddity("une proposition qui n'a pas été faite")
ASKED_1 = version1.Question(TRANSFORMS, version1.MAIN, SPI, b"", b"")
ASKED_AGGRESSIVE = version1.Question(TRANSFORMS, version1.AGGRESSIVE, SPI, bytes(128), bytes(32))


def answer2(first: int, *chain: str, exchange: str = "22", version: str = "20", flags: str = "20") -> bytes:
    """A header in front of payloads in hexadecimal, each with its generic header."""
    body = bytes.fromhex("".join(chain))
    head = bytes.fromhex(f"{SPI.hex()}1111111111111111{first:02x}{version}{exchange}{flags}00000000")
    return head + (28 + len(body)).to_bytes(4, "big") + body


# RFC 7296 §3.10: Notify, protocol 0, no SPI, the type.
NO_PROPOSAL = answer2(41, "00000008", "0000000e")
WANTS_2 = answer2(41, "0000000a", "00000011", "0002")
WANTS_20 = answer2(41, "0000000a", "00000011", "0014")
COOKIE = answer2(41, "0000000b", "00004006", "aabbcc")
EMPTY_COOKIE = answer2(41, "00000008", "00004006")
INVALID_SYNTAX = answer2(41, "00000008", "00000007")
MAJOR = answer2(41, "00000008", "00000005")
# RFC 7296 §3.3: one proposal, four transforms: AES-CBC with 256 bits, PRF SHA-1, integrity SHA-1, group 14.
TAKEN = answer2(
    33,
    "00000030", "0000002c", "01010004", "0300000c", "0100000c", "800e0100",
    "03000008", "02000002", "03000008", "03000002", "00000008", "0400000e",
)  # fmt: skip
WITHOUT_MAC = answer2(
    33,
    "00000028", "00000024", "01010003", "0300000c", "0100000c", "800e0100",
    "03000008", "02000002", "00000008", "0400000e",
)  # fmt: skip
NOTHING = answer2(0)
# RFC 2408 §3.14: Notification in an Informational exchange of version 1: DOI, protocol, no SPI, the type.
REFUSED_1 = answer2(11, "0000000c", "00000001", "0100000e", exchange="05", version="10", flags="00")
UNKNOWN_ID = answer2(11, "0000000c", "00000001", "01000012", exchange="05", version="10", flags="00")
MAJOR_1 = answer2(11, "0000000c", "00000001", "01000005", exchange="05", version="10", flags="00")
ODD_1 = answer2(11, "0000000c", "00000001", "01000010", exchange="05", version="10", flags="00")
MUTE_1 = answer2(0, exchange="05", version="10", flags="00")
# RFC 2409 appendix A: AES 256 bits, SHA-1, shared key, group 2.
_CHOSEN_1 = "80010007800e0100800200028003000180040002"
TAKEN_1 = answer2(
    1, "00000030", "00000001", "00000001", "00000024", "01010001", "0000001c", "01010000", _CHOSEN_1,
    exchange="02", version="10", flags="00",
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (NO_PROPOSAL, Refused()),
        (WANTS_2, WantsGroup(2)),
        (WANTS_20, Oddity("un groupe qui n'a pas été offert")),
        (COOKIE, Cookie(b"\xaa\xbb\xcc")),
        (EMPTY_COOKIE, Oddity("une réponse sans proposition")),
        (INVALID_SYNTAX, Oddity("avis 7")),
        (MAJOR, OtherVersion()),
        (MAJOR_1, OtherVersion()),
        (REFUSED_1, Oddity("une réponse en IKEv1")),
        (MUTE_1, Oddity("une réponse en IKEv1")),
        (TAKEN, Chosen(BY_ID["aes-cbc-256"], BY_ID["prf-sha1"], BY_ID["sha1"], 14)),
        (WITHOUT_MAC, UNASKED),
        (NOTHING, Oddity("une réponse sans proposition")),
        (answer2(0, exchange="25", version="30"), Oddity("une version 3")),
    ],
)
def test_an_answer_of_ikev2_is_read(answer: bytes, word: version2.Word) -> None:
    reply = ASKED.read(answer)
    assert reply is not None
    assert reply.word == word


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        NO_PROPOSAL[:27],
        b"x" + NO_PROPOSAL[1:],
        NO_PROPOSAL[:-1],
        answer2(41, "00000003", "0000000e"),
        answer2(41, "00000008", "0000000e", flags="08"),
        answer2(41, "00000008", "0000000e", exchange="23"),
        ASKED.written(),
    ],
    ids=["empty", "short", "other", "cut", "length", "request", "exchange", "itself"],
)
def test_what_is_no_answer_to_this_question_is_ignored(answer: bytes) -> None:
    assert ASKED.read(answer) is None


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (REFUSED_1, Refused()),
        (UNKNOWN_ID, Stranger()),
        (MAJOR_1, OtherVersion()),
        (MAJOR, OtherVersion()),
        (NO_PROPOSAL, Oddity("une réponse d'une autre version")),
        (COOKIE, Oddity("une réponse d'une autre version")),
        (ODD_1, Oddity("avis 16")),
        (MUTE_1, Oddity("une réponse sans proposition")),
        (TAKEN_1, Picked(TRANSFORMS[0], bytes.fromhex("11" * 8), hash_sent=False)),
        (TAKEN_1.replace(bytes.fromhex("80040002"), bytes.fromhex("8004000e")), UNASKED),
        (TAKEN_1.replace(bytes.fromhex("80030001"), bytes.fromhex("80030003")), UNASKED),
        (TAKEN_1.replace(bytes.fromhex("0000001c01"), bytes.fromhex("0300001c01")), UNASKED),
        (TAKEN_1.replace(bytes.fromhex("0000002401"), bytes.fromhex("0200002401")), UNASKED),
    ],
)  # fmt: skip
def test_an_answer_of_ikev1_is_read(answer: bytes, word: version1.Word) -> None:
    reply = ASKED_1.read(answer)
    assert reply is not None
    assert reply.word == word


def test_our_own_question_is_no_answer() -> None:
    assert ASKED_1.read(ASKED_1.written()) is None


def test_an_encrypted_answer_of_ikev1_is_not_read() -> None:
    assert (
        ASKED_1.read(answer2(11, "0000000c", "00000001", "0100000e", exchange="05", version="10", flags="01"))
        is None
    )


def test_the_hash_of_the_aggressive_mode_is_told_and_not_kept() -> None:
    body = wire.read(TAKEN_1)
    assert body is not None
    secret = Payload(version1.HASH, b"\xde\xad\xbe\xef" * 5)
    sent = wire.write(replace(body, exchange=version1.AGGRESSIVE, payloads=(*body.payloads, secret)))
    reply = ASKED_AGGRESSIVE.read(sent)
    assert reply is not None
    assert isinstance(reply.word, Picked)
    assert reply.word.hash_sent
    assert "\\xde\\xad" not in repr(reply.word)


def test_a_question_of_ikev2_says_what_the_standard_wants() -> None:
    sent = ask_for(EVERYTHING, 32).written()
    asked = wire.read(sent)
    assert asked is not None
    assert (asked.version, asked.exchange, asked.flags, asked.number) == (0x20, 34, 0x08, 0)
    assert [payload.kind for payload in asked.payloads] == [33, 34, 40, 41, 41, 41, 41]
    sealed, others = wire.unchained(asked.payloads[0].body) or ()
    assert (sealed[0], sealed[1], others[0], others[1]) == (1, 1, 2, 1)
    assert len(wire.unchained(sealed[4:]) or ()) == sealed[3]
    assert asked.payloads[1].body[:4] == b"\0\x20\0\0"
    assert len(sent) <= WHOLE


def test_the_cookie_comes_first_and_nothing_else_changes() -> None:
    plain, given = wire.read(ASKED.written()), wire.read(replace(ASKED, cookie=b"abc").written())
    assert plain is not None
    assert given is not None
    assert given.payloads[0] == Payload(41, b"\0\0\x40\x06abc")
    assert given.payloads[1:] == plain.payloads


@pytest.mark.parametrize("group", [group.number for group in GROUPS])
def test_a_value_of_each_group_has_the_right_length_and_is_drawn_anew(group: int) -> None:
    assert len(key_value(group)) == GROUP[group].size
    assert key_value(group) != key_value(group)


def test_some_groups_need_no_computing() -> None:
    assert is_easy(32)
    assert is_easy(14)
    assert not is_easy(19)
    assert not can_be_agreed_on(22)


def test_the_questions_of_ikev1_fit_one_datagram_each() -> None:
    openings = survey1.openings()
    assert max(len(main_mode(opening).written()) for opening in openings) <= WHOLE
    assert len(openings) <= 27
    for group in survey1.GROUPS:
        some = list(portions(survey1.in_group(group), mode=aggressive_mode))
        assert len(some) <= 3
        assert max(len(aggressive_mode(each).written()) for each in some) <= WHOLE
        assert [each for one in some for each in one] == list(survey1.in_group(group))


# RFC 2409 appendix A and its successors: what may be chosen in the menus of the usual gateways.
CLASSIC_CIPHERS = ("aes-cbc-256", "aes-cbc-192", "aes-cbc-128", "3des", "des")
CLASSIC_HASHES = {"sha512": 11, "sha384": 10, "sha256": 9, "sha1": 0, "md5": 0}
CLASSIC_GROUPS = (1, 2, 5, 14, 15, 16, 19, 20, 21)


def test_the_whole_product_of_the_usual_values_of_ikev1_is_offered_and_nothing_twice() -> None:
    offered = [
        (each.cipher.id, each.hash.id, each.group, each.proof) for one in survey1.openings() for each in one
    ]
    assert len(set(offered)) == len(offered)
    product = itertools.product(CLASSIC_CIPHERS, CLASSIC_HASHES, CLASSIC_GROUPS)
    for cipher, hashed, group in product:
        own = CLASSIC_HASHES[hashed]
        for proof in (1, 3, 65001, 64221, *((own,) if own else ())):
            assert (cipher, hashed, group, proof) in offered


def test_a_question_of_few_transforms_says_how_long_they_are_to_last() -> None:
    few, many = (wire.read(main_mode(survey1.openings()[at]).written()) for at in (0, 3))
    for asked, lasts in ((few, True), (many, False)):
        assert asked is not None
        (proposal,) = wire.unchained((asked.first(1) or b"")[8:]) or (b"",)
        transforms = wire.unchained(proposal[4:]) or ()
        assert len(transforms) == proposal[3]
        assert {12 in (wire.attributes(each[4:]) or {}) for each in transforms} == {lasts}


def test_identifiers_and_numbers_are_each_used_once() -> None:
    assert len(BY_ID) == len(CIPHERS) + len(PRFS) + len(MACS)
    assert len({(each.part, each.number, each.bits) for each in BY_ID.values()}) == len(BY_ID)
    assert algorithm_name("aes-gcm-256") == "AES-GCM 256 bits"
    assert algorithm_name("brand-new") == "brand-new"
    assert group_name(14) == "groupe 14 (MODP 2048 bits)"
    assert group_name(99) == "groupe 99"


def test_vendors_are_named_when_known_or_legible() -> None:
    known = bytes.fromhex("882fe56d6fd20dbc2251613b2ebe5beb")
    legible, noise = b"Pare-feu \x41", bytes(16)
    assert products((known, known, b"OEabcdefghij", legible, noise, b"abc")) == (
        "strongSwan", "Openswan ou Libreswan", "Pare-feu A",
    )  # fmt: skip
    assert vendor_traits((bytes.fromhex("afcad71368a1f1c96b8696fc77570100"), noise)) == (
        IkeTrait.DEAD_PEER_DETECTION,
    )


ENDLESS = answer2(43, *(["2b000004"] * 80), "00000004")


def test_chains_without_end_are_not_followed() -> None:
    assert wire.read(ENDLESS) is None
    assert wire.unchained(bytes.fromhex("03000004") * 100) is None
    assert wire.unchained(b"") is None


@pytest.mark.parametrize("data", ["80", "0001ffff", "000e0002"])
def test_attributes_that_announce_more_than_there_is_are_none(data: str) -> None:
    assert wire.attributes(bytes.fromhex(data)) is None


def test_attributes_of_both_forms_are_read() -> None:
    assert wire.attributes(bytes.fromhex("800e0100000c000400007080")) == {14: 256, 12: 28800}


messages = st.builds(
    Message,
    initiator=st.binary(min_size=8, max_size=8),
    responder=st.binary(min_size=8, max_size=8),
    version=st.just(0x20),
    exchange=st.integers(0, 255),
    flags=st.integers(0, 255),
    number=st.integers(0, 2**32 - 1),
    payloads=st.lists(st.builds(Payload, st.integers(1, 255), st.binary(max_size=40)), max_size=20).map(
        tuple
    ),
)


@given(messages)
def test_what_is_written_is_read_back(message: Message) -> None:
    assert wire.read(wire.write(message)) == message


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=20), st.integers(1, 255))
def test_what_is_chained_is_unchained(bodies: list[bytes], more: int) -> None:
    assert wire.unchained(wire.chained(bodies, more=more)) == tuple(bodies)


@given(st.binary(max_size=400), st.sampled_from([TAKEN, TAKEN_1, WANTS_2, REFUSED_1]), st.data())
def test_whatever_comes_is_read_without_a_crash(noise: bytes, real: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(real)))
    for bytes_read in (noise, SPI + noise, real[:at] + noise, real[:at] + noise[:4] + real[at + 4 :]):
        for question in (ASKED, ASKED_1, ASKED_AGGRESSIVE):
            question.read(bytes_read)

"""What looks like a refusal and is none: nothing weak that a server accepts may be hidden behind it."""

import asyncio
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cyberaudit.facts.tls_endpoint import VersionOffer
from cyberaudit.facts.tls_suites import ALL_SUITES
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls.hello import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, build
from cyberaudit.probes.tls.offers import OLD_SUITES, SHORT_SUITES, USUAL_SUITES, Offers
from tests.loopback.odd_tls_servers import (
    MODERN,
    P256,
    P384,
    X25519,
    Asked,
    Talk,
    Truth,
    alert,
    flight,
    honest,
    intolerant,
    mute,
    read_hello,
    saying,
    to_ssl2,
)
from tests.loopback.test_tls_survey import (
    HASTY,
    NAME,
    QUICK,
    assert_never_wrong,
    assert_right,
    offer,
    see,
    surveyed,
)
from tests.loopback.test_tls_survey_openssl import keys, openssl_server  # noqa: F401
from tests.loopback.test_tls_survey_openssl import see as see_openssl

pytestmark = pytest.mark.loopback

WITH_OLD = Truth(suites={TLS10: (0x0035, 0x002F), TLS12: MODERN[TLS12], TLS13: MODERN[TLS13]})
NEEDS_OPENSSL = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def answering(talk: object) -> Talk:
    """A server whose whole answer to a hello is what `talk` makes of it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(talk(await read_hello(reader)))  # type: ignore[operator]
        await writer.drain()
        await reader.read(1)

    return serve


def choosy(truth: Truth, code: int, *, suites: int = 9999, extension: int = -1, version: int = 0) -> Talk:
    """An alert for hellos with more suites, or with one extension in one version."""

    def answer(asked: Asked) -> bytes:
        has_it = extension in asked.extensions and asked.version == version
        return alert(code) if len(asked.suites) > suites or has_it else flight(asked, truth)

    return answering(answer)


@pytest.mark.parametrize("code", [40, 47, 50, 80])
@pytest.mark.parametrize("limit", [300, 450, 800, 960])
def test_an_alert_about_a_long_hello_refuses_no_version(limit: int, code: int) -> None:
    found = see(intolerant(WITH_OLD, saying(alert(code), first=True), limit=limit))
    assert_right(found, WITH_OLD)
    assert found.complete is True
    assert found.signature_schemes == WITH_OLD.schemes
    assert isinstance(found.groups, tuple)
    assert {each.version: each.groups for each in found.groups} == {
        "TLSv1.2": (X25519, P256, P384),
        "TLSv1.3": (X25519, P256, P384),
    }


def test_an_alert_about_many_suites_refuses_no_version() -> None:
    found = see(choosy(WITH_OLD, 47, suites=128))
    assert_right(found, WITH_OLD)
    assert found.complete is True


@pytest.mark.parametrize("version", [TLS10, TLS12])
@pytest.mark.parametrize("extension", [5, 15, 22, 23])
def test_an_alert_about_an_extension_refuses_no_version(extension: int, version: int) -> None:
    found = see(choosy(WITH_OLD, 50, extension=extension, version=version))
    assert_right(found, WITH_OLD)
    assert found.complete is True


def test_what_a_plain_hello_does_not_offer_is_not_known() -> None:
    options = see(choosy(WITH_OLD, 50, extension=23, version=TLS12)).options
    unknown = (options.extended_master_secret, options.encrypt_then_mac, options.stapling, options.heartbeat)
    assert {each.reason for each in unknown if isinstance(each, Unreachable)} == {Reason.PROTOCOL_ERROR}
    assert len([each for each in unknown if isinstance(each, Unreachable)]) == len(unknown)
    assert isinstance(options.compression, Unreachable)
    assert options.secure_renegotiation is True


@pytest.mark.parametrize("version", [TLS10, SSL3])
def test_an_old_server_that_takes_nothing_but_plain_hellos_is_told(version: int) -> None:
    truth = Truth(suites={version: (0x0035, 0x000A)})
    found = see(intolerant(truth, saying(alert(40), first=True), limit=255))
    assert_right(found, truth)


@pytest.mark.parametrize("version", [SSL3, TLS10, TLS11, TLS12, TLS13])
def test_a_plain_hello_is_short(version: int) -> None:
    plain = Offers(NAME, is_short=True, is_plain=True, has_shares=version == TLS13)
    assert len(build(plain.hello(version, plain.suites(version)[0]))) < 256


@pytest.mark.parametrize("version", [SSL3, TLS12])
def test_the_pieces_are_every_suite_once(version: int) -> None:
    pieces = Offers(NAME, is_short=True).suites(version)
    assert sorted(code for piece in pieces for code in piece) == sorted(ALL_SUITES)
    assert max(map(len, pieces)) <= SHORT_SUITES
    assert pieces[0] == (USUAL_SUITES if version == TLS12 else OLD_SUITES)


def test_one_more_hello_a_version_is_the_price_of_an_alert_that_does_not_name_it() -> None:
    truth = Truth(suites={TLS13: MODERN[TLS13]})
    named = see(honest(truth)).hellos

    def vague(asked: Asked) -> bytes:
        answer = flight(asked, truth)
        return alert(40) if answer == alert(70) else answer

    # SSLv2 has no other hello.
    assert see(answering(vague)).hellos == named + 4


def test_where_long_hellos_are_taken_an_alert_that_names_no_version_costs_nothing() -> None:
    named = see(honest(WITH_OLD))

    def vague(asked: Asked) -> bytes:
        answer = flight(asked, WITH_OLD)
        return alert(40) if answer == alert(70) else answer

    found = see(answering(vague))
    assert (found.hellos, found.connections) == (named.hellos, named.connections)


@NEEDS_OPENSSL
@pytest.mark.parametrize("protocols", [(), ("-alpn", "http/1.1")])
def test_lists_that_run_out_together_are_brought_to_their_ends(
    protocols: Sequence[str],
    keys: Path,  # noqa: F811
) -> None:
    weak = ("-tls1_2", "-groups", "P-256", "-cipher", "ECDHE+AESGCM:@SECLEVEL=0")
    found = see_openssl(keys, "rsa", *weak, *protocols)
    assert found.complete is True
    assert isinstance(found.signature_schemes, tuple)
    assert 0x0201 in found.signature_schemes
    assert len(found.signature_schemes) == 8
    assert found.options.alpn == protocols[1:]
    assert isinstance(found.groups, tuple)
    assert [each.groups for each in found.groups] == [(P256,)]


@NEEDS_OPENSSL
@pytest.mark.parametrize(
    "options",
    [("-nocert", "-psk", "1a2b3c"), ("-nocert", "-cipher", "AECDH:@SECLEVEL=0")],
    ids=["shared key", "anonymous"],
)
def test_curves_are_asked_about_where_nothing_is_signed(
    options: Sequence[str],
    keys: Path,  # noqa: F811
) -> None:
    with openssl_server(keys, "rsa", "-tls1_2", *options, "-groups", "P-256:P-384") as port:
        found = surveyed(port)
    assert isinstance(found.groups, tuple)
    assert [set(each.groups) for each in found.groups if isinstance(each.groups, tuple)] == [{P256, P384}]
    assert found.complete is True


def test_a_server_that_has_one_curve_whatever_is_offered_shows_it() -> None:
    truth = Truth(suites={TLS12: (0xC030, 0xC02F)}, groups=(P256,))
    found = see(answering(lambda asked: flight(replace(asked, groups=(P256,)), truth)))
    assert isinstance(found.groups, tuple)
    assert [each.groups for each in found.groups] == [(P256,)]
    assert found.signature_schemes == truth.schemes
    assert found.complete is True


@pytest.mark.parametrize("others", [(), (0x0033,)])
def test_a_prime_that_was_not_seen_is_unknown(others: tuple[int, ...]) -> None:
    """Beside one that was seen, too: it may be another."""
    truth = Truth(suites={TLS12: (0xC030, 0x009E, *others)})

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = flight(await read_hello(reader), truth)
        # The answer with 0x009E ends after its ServerHello.
        is_cut = answer[0] == 0x16 and answer[44:46] == b"\x00\x9e"
        size = 4 + int.from_bytes(answer[6:9])
        writer.write(answer[:3] + size.to_bytes(2) + answer[5 : 5 + size] if is_cut else answer)
        await writer.drain()
        if not is_cut:
            await reader.read(1)

    found = see(talk)
    assert offer(found, TLS12).suites == truth.suites[TLS12]
    assert isinstance(found.dh_groups, Unreachable)


@dataclass
class Spell:
    """Some conversations in the midst meet with an alert."""

    truth: Truth
    first: int
    last: int
    served: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.served += 1
        is_ill = self.first <= self.served <= self.last
        await answering(lambda asked: alert(40) if is_ill else flight(asked, self.truth))(reader, writer)


@pytest.mark.parametrize(("first", "last"), [(2, 4), (3, 6), (5, 8), (7, 10), (9, 12), (4, 13)])
def test_a_short_spell_of_alerts_hides_nothing(first: int, last: int) -> None:
    found = see(Spell(WITH_OLD, first, last), pace=replace(QUICK, deadline_seconds=40))
    assert_right(found, WITH_OLD)


@pytest.mark.parametrize("version", [SSL3, TLS10, TLS11])
@pytest.mark.parametrize("code", [40, 70])
def test_a_grant_at_the_end_is_kept(version: int, code: int) -> None:
    """Two machines by turns: the strict one is asked first about this version, in each look."""
    lax, asked_before = Truth(suites={version: (0x0035, 0x002F), **MODERN}), list[Asked]()

    def answer(asked: Asked) -> bytes:
        if asked.version != version:
            return flight(asked, lax)
        asked_before.append(asked)
        # The second look asks plainly too, where no alert names the version.
        is_strict = len(asked_before) in ({1, 3} if code == 70 else {1, 3, 4})
        return alert(code) if is_strict else flight(asked, lax)

    found = see(answering(answer))
    old = offer(found, version)
    assert (old.accepted, old.seen) == (True, (0x0035,))
    assert found.complete == Unreachable(Reason.UNSTABLE)
    assert not any(each.accepted is False for each in found.versions)


def test_warnings_are_no_reason_to_wait() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_hello(reader)
        while True:
            writer.write(alert(112, level=1))
            await writer.drain()
            await asyncio.sleep(0.05)

    begun = time.monotonic()
    found = see(talk, pace=HASTY)
    assert time.monotonic() - begun < 2 * HASTY.hello_seconds + 1
    assert found.met == Unreachable(Reason.TIMEOUT)


def test_a_server_that_falls_mute_is_given_up() -> None:
    served = list[int]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(1)
        await (honest(WITH_OLD) if len(served) == 1 else mute)(reader, writer)

    begun = time.monotonic()
    found = see(talk, pace=replace(QUICK, pauses=(0.5,) * 30, deadline_seconds=40, mute_seconds=4.0))
    assert time.monotonic() - begun < 8
    assert found.complete == Unreachable(Reason.TIMEOUT, "le serveur ne répond plus")
    assert_never_wrong(found, [WITH_OLD])


def test_old_ssl_without_a_kind_in_common_is_spoken_all_the_same() -> None:
    body = b"\x04\x00\x01\x00\x02" + bytes(2) + bytes(2) + (16).to_bytes(2) + bytes(16)
    hello = (0x8000 | len(body)).to_bytes(2) + body
    answer = offer(see(to_ssl2(saying(hello, first=True), WITH_OLD)), SSL2)
    assert answer == VersionOffer("SSLv2", True, (), (), Unreachable(Reason.NOT_LOOKED))


@pytest.mark.parametrize("version", [TLS10, TLS12])
def test_compression_is_seen_in_any_version(version: int) -> None:
    def answer(asked: Asked) -> bytes:
        sent = bytearray(flight(asked, WITH_OLD))
        if sent[0] == 0x16 and asked.version == version:
            sent[46] = 1
        return bytes(sent)

    assert see(answering(answer)).options.compression is True


def test_tls13_for_those_who_share_a_key_is_not_refused() -> None:
    without = Truth(suites={TLS12: MODERN[TLS12]})
    found = see(answering(lambda asked: alert(109) if asked.version == TLS13 else flight(asked, without)))
    answer = offer(found, TLS13).accepted
    assert isinstance(answer, Unreachable)
    assert "clé partagée" in answer.detail
    assert offer(found, TLS12).suites == MODERN[TLS12]


@pytest.mark.parametrize("first", [2, 5, 9])
def test_a_server_that_staples_once_it_can_is_not_unstable(first: int) -> None:
    """nginx fetches the answer of the authority when it is first asked for."""
    only12 = Truth(suites={TLS12: MODERN[TLS12]})
    served = list[Asked]()

    def answer(asked: Asked) -> bytes:
        served.append(asked)
        return flight(asked, replace(only12, staples=len(served) >= first))

    found = see(answering(answer))
    assert_right(found, only12)
    assert found.complete is True


def test_a_server_that_refuses_the_name_is_told() -> None:
    found = see(answering(lambda _: alert(112)))
    assert isinstance(found.complete, Unreachable)
    assert "nom" in found.complete.detail
    assert offer(found, TLS12).accepted == offer(found, TLS13).accepted == found.complete

"""The survey of a TLS server: right on every well-behaved one, right or incomplete on odd ones, never wrong."""

import asyncio
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from ipaddress import ip_address

import pytest

from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.facts.tls_endpoint import Preference, VersionOffer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.network import Network
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.tls.asking import CUTS_INSTEAD
from cyberaudit.probes.tls.hello import SSL2, SSL3, TLS10, TLS12, TLS13, VERSION_NAMES
from cyberaudit.probes.tls.survey import Pace, Survey, survey
from cyberaudit.town.scope import scope_for_look
from tests.loopback.odd_tls_servers import (
    MODERN,
    OLD,
    OTHER_CERTIFICATE,
    P256,
    P384,
    X25519,
    AtOnce,
    Banning,
    BanningAfterSsl2,
    Glitching,
    InTurn,
    PerWindow,
    Queued,
    Talk,
    Truth,
    TwoBackEnds,
    alert,
    close_on_hello,
    cutting_refusals,
    cutting_versions,
    dribbling,
    dripping,
    endless_certificate,
    honest,
    intolerant,
    leave,
    mute,
    reset_at_once,
    reset_on_hello,
    saying,
    server_hello,
    ssl2_hello,
    tarpit,
    to_ssl2,
)

pytestmark = pytest.mark.loopback

NAME = "vpn.mairie-l-hay.example"
ADDRESS = ip_address("127.0.0.1")
QUICK = Pace(hello_seconds=1.5, deadline_seconds=20, pauses=(0.1, 0.2, 0.5, 1.0))
HASTY = replace(QUICK, hello_seconds=0.5)
GOOD = Truth()
AGED = Truth(suites=OLD, lower=True)


async def open_port(network: Network, port: int) -> Stream | Unreachable:
    return await network.connect(ADDRESS, port, purpose=Purpose.ACTIVE)


def surveyed(port: int, *, pace: Pace = QUICK, name: str | None = NAME) -> Survey:
    async def look() -> Survey:
        network = Network(scope_for_look(addresses=[str(ADDRESS)], authorized_by="Mme le maire"))
        return await survey(partial(open_port, network, port), server_name=name, pace=pace)

    return asyncio.run(look())


def see(talk: Talk, *, pace: Pace = QUICK, name: str | None = NAME) -> Survey:
    service = Listener(talk)
    with Background(service):
        return surveyed(service.port, pace=pace, name=name)


def offer(found: Survey, version: int) -> VersionOffer:
    return next(each for each in found.versions if each.version == VERSION_NAMES[version])


def assert_right(found: Survey, truth: Truth) -> None:
    assert found.met == "tls"
    for version, name in VERSION_NAMES.items():
        seen = offer(found, version)
        assert seen.accepted is (version in truth.suites), name
        assert seen.suites == truth.suites.get(version, ()), name
        assert seen.seen == seen.suites


def assert_never_wrong(found: Survey, truths: Sequence[Truth]) -> None:
    """What is told may fall short of the truth, and never contradicts it."""
    for version, name in VERSION_NAMES.items():
        accepted = [truth.suites[version] for truth in truths if version in truth.suites]
        for seen in (each for each in found.versions if each.version == name):
            if seen.accepted is True:
                assert accepted, name
            elif seen.accepted is False:
                assert not accepted, name
            if seen.accepted is True and not isinstance(seen.suites, Unreachable):
                assert set(seen.suites) in [set(each) for each in accepted], name
            if not isinstance(seen.seen, Unreachable):
                assert set(seen.seen) <= {code for each in accepted for code in each}, name


WELL_BEHAVED = {
    "modern": GOOD,
    "old": AGED,
    "old, without older answers": Truth(suites=OLD),
    "tls 1.3 alone": Truth(suites={TLS13: MODERN[TLS13]}),
    "tls 1.3 alone, without retries": Truth(suites={TLS13: MODERN[TLS13]}, retries=False),
    "tls 1.3 without retries": Truth(retries=False),
    "tls 1.0 alone": Truth(suites={TLS10: OLD[TLS10]}),
    "tls 1.0 alone, answering so": Truth(suites={TLS10: OLD[TLS10]}, lower=True),
    "ssl 3 alone": Truth(suites={SSL3: OLD[SSL3]}),
    "one suite": Truth(suites={TLS12: (0x009C,)}),
    "no signed exchange": Truth(suites={TLS12: (0x009C, 0x0035)}),
    "finite fields": Truth(suites={TLS12: (0x009E, 0x0033)}),
    "a shared key": Truth(suites={TLS12: (0xCCAC, 0x00A8)}),
    "unusual suites": Truth(suites={TLS12: (0x0096, 0x00C1, 0x0041, 0x0001)}),
}


@pytest.mark.parametrize("truth", WELL_BEHAVED.values(), ids=WELL_BEHAVED)
def test_a_well_behaved_server_is_told_exactly(truth: Truth) -> None:
    found = see(honest(truth))
    assert_right(found, truth)
    assert found.complete is True


@pytest.mark.parametrize("follows", [True, False])
def test_whose_order_decides_is_told(follows: bool) -> None:
    found = see(honest(replace(GOOD, follows_client=follows)))
    expected = Preference.CLIENT if follows else Preference.SERVER
    assert {offer(found, version).preference for version in (TLS12, TLS13)} == {expected}


def test_a_single_suite_leaves_nothing_to_prefer() -> None:
    found = see(honest(WELL_BEHAVED["one suite"]))
    assert offer(found, TLS12).preference is Preference.ONLY_ONE


def test_groups_schemes_certificates_and_options_are_told() -> None:
    found = see(honest(GOOD))
    assert isinstance(found.groups, tuple)
    assert {each.version: each.groups for each in found.groups} == {
        "TLSv1.2": (X25519, P256, P384),
        "TLSv1.3": (X25519, P256, P384),
    }
    assert found.signature_schemes == (0x0804, 0x0401)
    assert found.flights == ((GOOD.certificate,),)
    assert found.nameless == (GOOD.certificate,)
    assert found.dh_groups == ()
    options = found.options
    assert (options.secure_renegotiation, options.extended_master_secret) == (True, True)
    assert (options.compression, options.heartbeat, options.stapling) == (False, False, False)
    assert (options.encrypt_then_mac, options.client_certificate, options.alpn) == (False, False, ())
    assert options.fallback_scsv is False
    assert options.tickets == Unreachable(Reason.NOT_LOOKED)


def test_a_finite_field_is_told_with_its_size() -> None:
    found = see(honest(WELL_BEHAVED["finite fields"]))
    assert isinstance(found.dh_groups, tuple)
    assert [(each.bits, each.name) for each in found.dh_groups] == [(1024, "")]
    assert found.signature_schemes == (0x0804, 0x0401)


def test_the_group_of_a_shared_key_is_told_though_nothing_is_signed() -> None:
    found = see(honest(WELL_BEHAVED["a shared key"]))
    assert isinstance(found.groups, tuple)
    assert [each.groups for each in found.groups] == [(X25519, P256, P384)]
    assert found.signature_schemes == ()
    # Twice as many when all is asked a second time.
    assert found.hellos <= 1.5 * (2 + len(VERSION_NAMES))


@pytest.mark.parametrize(("truth", "accepted"), [(GOOD, 7), (Truth(suites=OLD), 10), (AGED, 10)])
def test_few_hellos_are_needed(truth: Truth, accepted: int) -> None:
    found = see(honest(truth))
    assert found.hellos <= 1.5 * (accepted + len(VERSION_NAMES))


# What was met, and the most seconds it may take at `HASTY`.
NO_TLS: dict[str, tuple[Talk, str | Reason]] = {
    "tarpit": (tarpit, Reason.TIMEOUT),
    "mute": (mute, Reason.TIMEOUT),
    "one byte a second": (dribbling(GOOD, seconds=1.0), Reason.TIMEOUT),
    "reset at once": (reset_at_once, Reason.RESET),
    "reset on the hello": (reset_on_hello, Reason.RESET),
    "close on the hello": (close_on_hello, Reason.RESET),
    "http": (saying(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), "http"),
    "ssh": (saying(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", first=True), "ssh"),
    "garbage": (saying(bytes(range(256)) * 8), "unknown"),
    "half a server hello": (saying(b"\x16\x03\x03\x00\x50\x02\x00\x00\x4c\x03\x03", stays=False), Reason.RESET),
}  # fmt: skip


@pytest.mark.parametrize(("talk", "expected"), NO_TLS.values(), ids=NO_TLS)
def test_what_is_no_tls_is_told_soon(talk: Talk, expected: str | Reason) -> None:
    begun = time.monotonic()
    found = see(talk, pace=HASTY)
    assert time.monotonic() - begun < 1.2 * HASTY.hello_seconds + 2
    assert (found.met.reason if isinstance(found.met, Unreachable) else found.met) == expected
    assert found.versions == ()
    assert isinstance(found.complete, Unreachable)
    assert found.connections <= 6


def test_a_tarpit_costs_six_seconds_at_most() -> None:
    begun = time.monotonic()
    found = see(tarpit, pace=Pace())
    assert 4.5 < time.monotonic() - begun < 6
    assert found.met == Unreachable(Reason.TIMEOUT)


def test_a_closed_port_is_refused_at_once() -> None:
    service = Listener(mute)
    with Background(service):
        port = service.port
    found = surveyed(port)
    assert isinstance(found.met, Unreachable)
    assert found.met.reason is Reason.REFUSED
    assert found.connections == 0


SLOW_BUT_RIGHT: dict[str, Talk] = {
    "one-byte segments": dribbling(GOOD, seconds=0),
    "slow": honest(GOOD, seconds=0.45),
    "queued, one at a time": Queued(GOOD),
    "resets long hellos": intolerant(GOOD, reset_at_once),
    "closes on long hellos": intolerant(GOOD, leave),
    "silent on long hellos": intolerant(GOOD, mute),
    "two at once, then reset": AtOnce(GOOD, reset_at_once),
    "two at once, then closed": AtOnce(GOOD, close_on_hello),
    "two at once, then silent": AtOnce(GOOD, mute, seconds=0.005),
    "two at once, then a vague alert": AtOnce(GOOD, saying(alert(80))),
    "six a window, then reset": PerWindow(GOOD, reset_at_once),
    "six a window, then closed": PerWindow(GOOD, close_on_hello),
    "six a window, then a vague alert": PerWindow(GOOD, saying(alert(90))),
    "six a window, then a clear alert": PerWindow(GOOD, saying(alert(40))),
    "two at once, then a clear alert": AtOnce(GOOD, saying(alert(40))),
    "six a window, insisting": PerWindow(GOOD, reset_at_once, insists=True),
}


@pytest.mark.parametrize("talk", SLOW_BUT_RIGHT.values(), ids=SLOW_BUT_RIGHT)
def test_an_odd_server_is_told_right_all_the_same(talk: Talk) -> None:
    found = see(talk, pace=replace(QUICK, deadline_seconds=40))
    assert_never_wrong(found, [GOOD])
    assert_right(found, GOOD)


@pytest.mark.parametrize("refuse", [reset_on_hello, close_on_hello, saying(alert(80))])
def test_one_accident_at_first_changes_nothing(refuse: Talk) -> None:
    found = see(Glitching(GOOD, refuse))
    assert_right(found, GOOD)
    assert found.complete is True


@pytest.mark.parametrize("refuse", [reset_at_once, leave])
@pytest.mark.parametrize("version", [SSL3, TLS10, TLS12, TLS13])
def test_a_version_that_is_cut_off_is_unknown_and_the_other_is_told(version: int, refuse: Talk) -> None:
    suites = (MODERN | OLD | {TLS12: MODERN[TLS12]})[version]
    truth = Truth(suites={version: suites})
    found = see(cutting_versions(truth, refuse))
    assert offer(found, version).accepted is True
    assert offer(found, version).suites == suites
    # SSLv2 has no alert to refuse with.
    told = {VERSION_NAMES[version], VERSION_NAMES[SSL2]}
    assert {each.accepted for each in found.versions if each.version not in told} == {CUTS_INSTEAD}
    assert offer(found, SSL2).accepted is False
    assert found.complete == CUTS_INSTEAD


@pytest.mark.parametrize("refuse", [reset_at_once, leave])
def test_a_server_that_cuts_instead_of_refusing_shows_its_suites_soon(refuse: Talk) -> None:
    begun = time.monotonic()
    found = see(cutting_refusals(GOOD, refuse), pace=Pace())
    # The control is granted each time: no limiter is waited for.
    assert time.monotonic() - begun < 5
    for version in (TLS12, TLS13):
        assert offer(found, version).accepted is True
        assert offer(found, version).seen == GOOD.suites[version]
        assert offer(found, version).suites == CUTS_INSTEAD
    assert {offer(found, version).accepted for version in (SSL3, TLS10)} == {CUTS_INSTEAD}
    assert found.complete == CUTS_INSTEAD
    assert found.hellos <= 40


def test_what_comes_too_late_is_missing_and_never_wrong() -> None:
    found = see(honest(GOOD, seconds=0.3), pace=replace(QUICK, deadline_seconds=1.0))
    assert_never_wrong(found, [GOOD])
    assert found.complete == Unreachable(Reason.DEADLINE)


def test_a_server_that_drops_for_a_while_is_never_told_wrong() -> None:
    found = see(PerWindow(GOOD, mute), pace=replace(HASTY, deadline_seconds=30))
    assert_never_wrong(found, [GOOD])


@pytest.mark.parametrize(
    "refuse", [reset_at_once, close_on_hello, mute, saying(alert(80)), saying(alert(40))]
)
@pytest.mark.parametrize("after", [1, 3, 9, 20])
def test_a_ban_leaves_the_survey_incomplete_and_never_wrong(refuse: Talk, after: int) -> None:
    found = see(Banning(GOOD, refuse, after=after), pace=HASTY)
    assert_never_wrong(found, [GOOD])
    assert isinstance(found.complete, Unreachable)


@pytest.mark.parametrize("code", [40, 70, 80])
def test_a_server_that_refuses_everything_proves_nothing_but_what_it_says(code: int) -> None:
    found = see(saying(alert(code)))
    assert found.met == "tls"
    expected = False if code == 70 else Reason.TLS_FAILURE
    answers = {
        each.accepted.reason if isinstance(each.accepted, Unreachable) else each.accepted
        for each in found.versions
    }
    assert answers == {expected}
    assert isinstance(found.complete, Unreachable)
    assert found.connections < 30


def test_a_storm_of_warnings_ends() -> None:
    found = see(saying(alert(112, level=1) * 20_000), pace=HASTY)
    assert not any(each.accepted is True for each in found.versions)
    assert isinstance(found.complete, Unreachable)


def _said(version: int, suite: int) -> Talk:
    hello = server_hello(TLS12, suite, b"\xff\x01\x00\x01\x00")
    hello = hello[:4] + version.to_bytes(2) + hello[6:]
    return saying(b"\x16\x03\x03" + len(hello).to_bytes(2) + hello)


@pytest.mark.parametrize(("version", "suite"), [(TLS12, 0xFAFA), (0x0305, 0xC02F), (0x7F1C, 0x1301)])
def test_what_was_not_offered_is_no_answer(version: int, suite: int) -> None:
    found = see(_said(version, suite), pace=HASTY)
    assert not any(each.accepted is True for each in found.versions)
    assert isinstance(found.complete, Unreachable)
    assert found.connections < 60


def test_the_same_suite_for_ever_is_bounded() -> None:
    found = see(_said(TLS12, 0xC02F), pace=HASTY)
    answer = offer(found, TLS12)
    assert answer.accepted is True
    assert answer.seen == (0xC02F,)
    assert isinstance(answer.suites, Unreachable)
    assert found.connections < 80


def test_a_certificate_that_never_ends_costs_little_and_hides_no_suite() -> None:
    tracemalloc.start()
    found = see(endless_certificate(GOOD), pace=HASTY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert_right(found, GOOD)
    assert isinstance(found.dh_groups, Unreachable)
    assert isinstance(found.nameless, Unreachable)
    assert peak < 16 * 1024 * 1024


@pytest.mark.parametrize("at_once", [100, 345])
def test_a_key_exchange_that_drips_is_not_waited_for_and_contradicts_nothing(at_once: int) -> None:
    """The second time with the certificate whole in the first answer, and in no later one."""
    found = see(dripping(GOOD, at_once=at_once, seconds=0.01), pace=HASTY)
    assert_right(found, GOOD)
    assert found.complete == Unreachable(Reason.PROTOCOL_ERROR, "réponse incomplète")


def test_a_large_certificate_hides_no_suite() -> None:
    truth = replace(GOOD, certificate=b"\x30" + bytes(62 * 1024))
    assert_right(see(honest(truth)), truth)


@pytest.mark.parametrize(
    "other",
    [
        Truth(suites=OLD),
        AGED,
        Truth(suites={TLS12: MODERN[TLS12][::-1], TLS13: MODERN[TLS13]}),
        replace(GOOD, certificate=OTHER_CERTIFICATE),
    ],
)
def test_two_back_ends_that_differ_are_not_told_as_one(other: Truth) -> None:
    """Refusals count for nothing where the same question gets two answers."""
    found = see(TwoBackEnds(GOOD, other))
    assert found.complete == Unreachable(Reason.UNSTABLE)
    assert not any(each.accepted is False for each in found.versions)
    assert not any(isinstance(each.suites, tuple) for each in found.versions)


def test_a_server_that_dies_leaves_what_was_seen() -> None:
    service = Listener(honest(GOOD, seconds=0.02))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if service.connections > 12:
            await service._stop_accepting()
        await honest(GOOD, seconds=0.02)(reader, writer)

    service._talk = talk
    with Background(service):
        found = surveyed(service.port)
    assert_never_wrong(found, [GOOD])
    assert isinstance(found.complete, Unreachable)
    assert found.complete.reason is Reason.REFUSED


KINDS = (0x010080, 0x0700C0)


@pytest.mark.parametrize(("truth", "others"), [(Truth(suites={}), False), (None, CUTS_INSTEAD)])
def test_an_old_ssl_server_names_its_kinds(truth: Truth | None, others: bool | Unreachable) -> None:
    """Whether it refuses newer versions in words, or cuts the line."""
    found = see(to_ssl2(saying(ssl2_hello(KINDS), first=True), truth))
    answer = offer(found, SSL2)
    assert answer.accepted is True
    assert answer.suites == KINDS
    assert answer.preference is Preference.CLIENT
    assert [each.accepted for each in found.versions] == [True] + 5 * [others]
    assert found.hellos <= 1.5 * (2 + len(VERSION_NAMES)) + 2 * isinstance(others, Unreachable)


@pytest.mark.parametrize("refuse", [reset_at_once, leave, saying(alert(40), first=True)])
def test_old_ssl_is_refused_by_a_cut_line_too(refuse: Talk) -> None:
    found = see(to_ssl2(refuse, GOOD))
    assert_right(found, GOOD)
    assert found.complete is True
    # Four more tell the cut line from trouble.
    assert found.hellos <= 1.5 * (7 + len(VERSION_NAMES)) + 4


HALF_AN_ANSWER = saying(ssl2_hello(KINDS)[:9], first=True, stays=False)


@pytest.mark.parametrize(
    "talk",
    [
        to_ssl2(mute, GOOD),
        to_ssl2(InTurn((leave, leave, mute)), GOOD),
        to_ssl2(InTurn((leave, leave, HALF_AN_ANSWER)), GOOD),
        to_ssl2(HALF_AN_ANSWER, GOOD),
        BanningAfterSsl2(GOOD, leave),
        BanningAfterSsl2(GOOD, reset_at_once),
        to_ssl2(leave, Truth(suites={})),
    ],
    ids=["silence", "then silence", "then half", "half", "ban by closing", "ban by resetting", "no control"],
)
def test_old_ssl_is_unknown_when_the_line_may_be_cut_for_another_reason(talk: Talk) -> None:
    found = see(talk, pace=HASTY)
    assert isinstance(offer(found, SSL2).accepted, Unreachable)
    assert isinstance(found.complete, Unreachable)


def test_finite_fields_do_not_depend_on_old_ssl() -> None:
    truth = WELL_BEHAVED["finite fields"]
    found = see(to_ssl2(mute, truth), pace=HASTY)
    assert isinstance(found.dh_groups, tuple)
    assert len(found.dh_groups) == 1
    assert see(to_ssl2(mute, GOOD), pace=HASTY).dh_groups == ()


def test_everything_is_asked_without_a_name_too() -> None:
    found = see(honest(GOOD), name=None)
    assert_right(found, GOOD)
    assert found.nameless == (GOOD.certificate,)

"""The second look adds to the first one and takes nothing away from it."""

from dataclasses import replace
from typing import Any

import pytest

from cyberaudit.facts.mail import MailDns
from cyberaudit.facts.mail_samples import GOOD_DNS, SILENT_DNS
from cyberaudit.facts.mail_servers import MailServer, MailServers, Reverse, SmtpSession, UnresolvedServer
from cyberaudit.facts.mail_servers_samples import SESSION
from cyberaudit.facts.reach import (
    AddressReach,
    CanaryAnswer,
    Engine,
    HostReach,
    Line,
    PortAnswer,
    PortState,
)
from cyberaudit.facts.tls_endpoint import DhGroup, SessionOptions, TlsEndpoint, TlsServer, VersionOffer
from cyberaudit.facts.tls_endpoint_samples import (
    CERTIFICATE,
    GOOD_ENDPOINT,
    GOOD_SERVER,
    accepted,
    cut_short,
    refused,
    unseen,
)
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.ports.inquiry import GONE
from cyberaudit.probes.registry import Probe, probe_for

pytestmark = pytest.mark.unit

MX = "mx1.l-hay.example"
NAMED = Reverse((MX,), (MX,))
TIMEOUT, SPENT = Unreachable(Reason.TIMEOUT), Unreachable(Reason.BUDGET_SPENT)
UNSTABLE = Unreachable(Reason.UNSTABLE)
NO_CONTROL = Unreachable(Reason.NO_CONTROL)
BROKEN = Unreachable(Reason.TLS_FAILURE)
PLAIN = replace(SESSION, extensions=(), tls=None)
CUT = replace(SESSION, tls=TIMEOUT)


def merged(first: Any, second: Any) -> Any:
    probe = probe_for(type(first))
    assert isinstance(probe, Probe)
    return probe.load().merge_looks(first, second)


def mail(*sessions: SmtpSession | Unreachable, **changes: Any) -> MailServers:
    servers = tuple(MailServer(MX, f"192.0.2.{n}", each, NAMED) for n, each in enumerate(sessions, start=1))
    return replace(MailServers("l-hay.example", servers, (), (), ()), **changes)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (PLAIN, SPENT, PLAIN),
        (PLAIN, SESSION, SESSION),
        (SESSION, PLAIN, PLAIN),
        (TIMEOUT, SESSION, SESSION),
        (TIMEOUT, SPENT, SPENT),
        (SESSION, CUT, SESSION),
        (PLAIN, CUT, CUT),
        (replace(SESSION, tls=BROKEN), CUT, CUT),
    ],
)
def test_a_session_that_was_seen_outlives_a_second_look_that_failed(
    first: SmtpSession | Unreachable, second: SmtpSession | Unreachable, kept: SmtpSession | Unreachable
) -> None:
    assert merged(mail(first), mail(second)) == mail(kept)


def test_servers_of_either_look_are_kept_in_the_order_of_the_first() -> None:
    both = merged(mail(PLAIN, SESSION), mail(TIMEOUT, SESSION, PLAIN))
    assert both == mail(PLAIN, SESSION, PLAIN)
    assert merged(mail(PLAIN, SESSION), mail()) == mail(PLAIN, SESSION)


def names(*entries: tuple[str, Unreachable | None]) -> tuple[UnresolvedServer, ...]:
    return tuple(UnresolvedServer(host, cause) for host, cause in entries)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (names(("a.example", TIMEOUT)), (), ()),
        (names(("a.example", TIMEOUT)), names(("a.example", None)), names(("a.example", None))),
        (names(("a.example", None)), names(("a.example", TIMEOUT)), names(("a.example", None))),
        (names(("a.example", TIMEOUT)), names(("a.example", SPENT)), names(("a.example", SPENT))),
        ((), names((MX, TIMEOUT)), ()),
        ((), names((MX, None)), names((MX, None))),
        (names((MX, TIMEOUT)), names((MX, TIMEOUT)), names((MX, TIMEOUT))),
        ((), names(("b.example", TIMEOUT)), names(("b.example", TIMEOUT))),
    ],
)
def test_a_name_that_was_resolved_is_not_lost_to_a_resolver_that_fails(
    first: Any, second: Any, kept: Any
) -> None:
    assert merged(mail(PLAIN, unresolved=first), mail(PLAIN, unresolved=second)).unresolved == kept


def test_what_either_look_visited_is_not_left_out() -> None:
    first = mail(PLAIN, left_out=("mx6.example", f"{MX} 192.0.2.2"))
    second = mail(PLAIN, SESSION, left_out=("mx6.example", "mx7.example"))
    assert merged(first, second).left_out == ("mx6.example", "mx7.example")


def reach(*ports: tuple[str, PortState | Unreachable], address: str = "192.0.2.1") -> AddressReach:
    return AddressReach(
        address, 4, tuple(PortAnswer(port, state, "") for port, state in ports), BROKEN, BROKEN
    )


def host(*addresses: AddressReach, canaries: tuple[CanaryAnswer, ...] = ()) -> HostReach:
    return HostReach("outside", addresses, canaries)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (PortState.OPEN, PortState.SILENT, PortState.OPEN),
        (PortState.CLOSED, SPENT, PortState.CLOSED),
        (PortState.REJECTED, PortState.SILENT, PortState.REJECTED),
        (PortState.SILENT, SPENT, SPENT),
        (SPENT, PortState.SILENT, SPENT),
        (PortState.SILENT, PortState.OPEN, PortState.OPEN),
        (PortState.CLOSED, PortState.OPEN, PortState.OPEN),
        (TIMEOUT, SPENT, SPENT),
    ],
)
def test_a_port_that_answered_is_never_silent_again(first: Any, second: Any, kept: Any) -> None:
    both = merged(host(reach(("tcp/22", first))), host(reach(("tcp/22", second))))
    assert both == host(reach(("tcp/22", kept)))


def test_a_silence_counts_in_the_look_where_its_address_answered() -> None:
    opened, silent, lost = ("tcp/80", PortState.OPEN), ("tcp/22", PortState.SILENT), ("tcp/22", NO_CONTROL)
    mute = ("tcp/80", PortState.SILENT)
    gone = ("tcp/22", Unreachable(Reason.NO_CONTROL, GONE))
    assert merged(host(reach(opened, lost)), host(reach(mute, silent))) == host(reach(opened, gone))
    assert merged(host(reach(opened, lost)), host(reach(opened, silent))) == host(reach(opened, silent))
    assert merged(host(reach(opened, silent)), host(reach(mute, lost))) == host(reach(opened, silent))


@pytest.mark.parametrize(
    ("ports", "again"),
    [
        ((("tcp/22", PortState.SILENT),), True),
        ((("tcp/22", PortState.SILENT), ("tcp/80", PortState.CLOSED)), False),
        ((("tcp/22", NO_CONTROL), ("tcp/80", PortState.CLOSED)), True),
        ((("tcp/22", SPENT),), False),
        ((), False),
    ],
)
def test_an_address_that_fell_silent_is_asked_again(ports: Any, again: bool) -> None:
    probe = probe_for(HostReach)
    assert probe is not None
    assert probe.load().worth_asking_again(host(reach(*ports))) is again


def test_addresses_and_ports_of_either_look_are_kept() -> None:
    opened = ("tcp/22", PortState.OPEN)
    closed = ("tcp/80", PortState.CLOSED)
    other = reach(opened, address="192.0.2.2")
    assert merged(host(reach(opened), other), host(reach(closed))) == host(reach(closed, opened), other)
    assert merged(host(reach(opened)), host(other)) == host(other, reach(opened))


def test_a_canary_asked_twice_counts_only_when_it_was_reached_both_times() -> None:
    first = (CanaryAnswer(4, "tcp/25", reached=True), CanaryAnswer(4, "tcp/443", reached=True))
    again = (CanaryAnswer(4, "tcp/25", reached=False), CanaryAnswer(6, "tcp/443", reached=True))
    both = merged(host(canaries=first), host(canaries=again))
    kept = CanaryAnswer(4, "tcp/443", reached=True)
    assert both.canaries == (CanaryAnswer(4, "tcp/25", reached=False), kept)


def endpoint(*servers: TlsServer, left_out: tuple[str, ...] = ()) -> TlsEndpoint:
    return replace(GOOD_ENDPOINT, servers=servers, left_out=left_out)


def offered(*offers: VersionOffer, **changes: Any) -> TlsServer:
    return replace(GOOD_SERVER, versions=offers, **changes)


OLD = accepted("TLSv1", (0x2F, 0x0A))
UNSEEN, BEGUN = unseen("TLSv1", TIMEOUT), cut_short("TLSv1", (0x2F,), TIMEOUT)
AWAY = replace(GOOD_SERVER, met=TIMEOUT, versions=(), sessions=(), options=TIMEOUT, complete=TIMEOUT)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (OLD, UNSEEN, OLD),
        (OLD, BEGUN, OLD),
        (BEGUN, OLD, OLD),
        (UNSEEN, refused("TLSv1"), refused("TLSv1")),
        (OLD, refused("TLSv1"), replace(OLD, suites=UNSTABLE)),
        (refused("TLSv1"), OLD, OLD),
        (OLD, accepted("TLSv1", (0x2F,)), accepted("TLSv1", (0x2F, 0x0A))),
        (refused("TLSv1"), UNSEEN, refused("TLSv1")),
        (BEGUN, UNSEEN, replace(UNSEEN, accepted=True, seen=(0x2F,))),
        (BEGUN, cut_short("TLSv1", (0x0A,), SPENT), cut_short("TLSv1", (0x0A, 0x2F), SPENT)),
    ],
)
def test_suites_that_were_seen_outlive_a_second_look_that_failed(
    first: VersionOffer, second: VersionOffer, kept: VersionOffer
) -> None:
    both = merged(endpoint(offered(first)), endpoint(offered(second)))
    assert both.servers[0].versions == (kept,)


def test_a_server_that_was_seen_outlives_a_second_look_that_did_not_reach_it() -> None:
    assert merged(endpoint(GOOD_SERVER), endpoint(AWAY)).servers == (GOOD_SERVER,)
    assert merged(endpoint(AWAY), endpoint(GOOD_SERVER)).servers == (GOOD_SERVER,)
    web = replace(AWAY, met="http")
    assert merged(endpoint(AWAY), endpoint(web)).servers == (web,)
    assert merged(endpoint(GOOD_SERVER), endpoint(web)).servers == (replace(GOOD_SERVER, complete=UNSTABLE),)


@pytest.mark.parametrize("looks", [(OLD, refused("TLSv1")), (refused("TLSv1"), OLD)])
def test_looks_that_contradict_each_other_are_not_complete(looks: tuple[VersionOffer, VersionOffer]) -> None:
    both = merged(*(endpoint(offered(look)) for look in looks)).servers[0]
    assert both.versions[0].accepted is True
    assert both.complete == UNSTABLE


def test_every_certificate_and_prime_that_was_seen_once_stays() -> None:
    (usual,) = GOOD_SERVER.sessions
    second = replace(usual, chain=(replace(CERTIFICATE, sha256="ee" * 32),))
    first = replace(GOOD_SERVER, dh_groups=(DhGroup(1024, ""),))
    again = replace(GOOD_SERVER, sessions=(second,), dh_groups=(DhGroup(2048, "modp2048"),))
    both = merged(endpoint(first), endpoint(again)).servers[0]
    assert both.sessions == (second, usual)
    assert both.dh_groups == (DhGroup(2048, "modp2048"), DhGroup(1024, ""))


def test_each_option_is_kept_by_itself() -> None:
    assert isinstance(GOOD_SERVER.options, SessionOptions)
    first = replace(GOOD_SERVER.options, tickets=TIMEOUT)
    second = replace(GOOD_SERVER.options, compression=TIMEOUT)
    both = merged(
        endpoint(replace(GOOD_SERVER, options=first)), endpoint(replace(GOOD_SERVER, options=second))
    )
    assert both.servers[0].options == GOOD_SERVER.options


def test_certificates_of_the_first_look_stay_when_the_second_saw_none() -> None:
    blind = replace(GOOD_SERVER, sessions=(), unseen_certificate=TIMEOUT)
    assert merged(endpoint(GOOD_SERVER), endpoint(blind)).servers == (GOOD_SERVER,)
    assert merged(endpoint(blind), endpoint(GOOD_SERVER)).servers == (GOOD_SERVER,)


def test_a_probe_that_says_nothing_of_it_gives_the_second_look() -> None:
    assert isinstance(GOOD_DNS, MailDns)
    assert merged(GOOD_DNS, SILENT_DNS) is SILENT_DNS


def test_what_both_looks_cost_is_told_together() -> None:
    first = Line(Engine.CONNECT, 900, 20, 50, only_refusals=True, asked=2000, milliseconds=20_000)
    second = Line(Engine.CONNECT, None, 0, None, only_refusals=False, asked=300, milliseconds=4_000)
    mute = reach(("tcp/22", PortState.SILENT))
    (both,) = merged(host(replace(mute, line=first)), host(replace(mute, line=second))).addresses
    assert both.line == replace(first, asked=2300, milliseconds=24_000)

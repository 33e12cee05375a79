"""Names, aliases and permissions of mail servers, as the probe sees them through DNS and the guard."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsFault, DnsServer
from cyberaudit.demo.listener import Listener
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.demo.smtp_server import SmtpServer
from cyberaudit.facts.mail_servers import (
    HostAlias,
    MailServer,
    MailServers,
    RelayTrial,
    Reverse,
    SmtpSession,
    UnresolvedServer,
    UserAnswers,
)
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import mail_servers
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.smtp import SILENT
from cyberaudit.town.scope import Scope, scope_for_look
from tests.loopback.test_probes_mail import DOMAIN, HEAD, MX, PATIENCE, TOWN, domain

pytestmark = pytest.mark.loopback

ZONE = "@ MX 10 mx1\nmx1 A 192.0.2.1\n"
BOTH = frozenset({"smtp-relay", "smtp-users"})


@contextmanager
def place(
    zone: str,
    *mail: SmtpServer,
    reverse: str = "",
    faults: dict[str, DnsFault] | None = None,
    scope: Scope | None = None,
    smtp: bool = True,
) -> Iterator[Instruments]:
    server = DnsServer(
        {DOMAIN: HEAD + zone, "example": HEAD, "2.0.192.in-addr.arpa": HEAD + reverse}, faults=faults
    )
    with Background(server, *mail):
        rules = tuple(f"192.0.2.{rank}:25={each.address}" for rank, each in enumerate(mail, start=1))
        options = Options(resolvers=(server.address,), connect_to=rules, patience=PATIENCE, smtp=smtp)
        yield set_up(TOWN, scope or by_name(), options, now=DEMO_NOW)


def by_name() -> Scope:
    return scope_for_look(domains=[DOMAIN], authorized_by="Mme le maire")


def looked(instruments: Instruments) -> MailServers:
    facts = asyncio.run(mail_servers.look(domain(), instruments))
    assert isinstance(facts, MailServers)
    return facts


def session(facts: MailServers) -> SmtpSession:
    (server,) = facts.servers
    assert isinstance(server.session, SmtpSession)
    return server.session


@pytest.mark.parametrize(
    ("reverse", "expected"),
    [
        (f"1 PTR {MX}.\n", Reverse((MX,), (MX,))),
        ("", Reverse((), ())),
        (f"1 PTR autre.{DOMAIN}.\n", Reverse((f"autre.{DOMAIN}",), ())),
        (f"1 PTR autre.{DOMAIN}.\n1 PTR {MX}.\n", Reverse((f"autre.{DOMAIN}", MX), (MX,))),
        (f"1 PTR absent.{DOMAIN}.\n", Reverse((f"absent.{DOMAIN}",), ())),
    ],
)
def test_the_name_of_an_address_must_lead_back_to_it(reverse: str, expected: Reverse) -> None:
    with place(f"{ZONE}autre A 192.0.2.9\n", SmtpServer(MX), reverse=reverse) as instruments:
        assert looked(instruments).servers[0].reverse == expected


def test_a_name_that_cannot_be_asked_is_unknown() -> None:
    lost = {f"autre.{DOMAIN}": DnsFault.SERVFAIL}
    with place(ZONE, SmtpServer(MX), reverse=f"1 PTR autre.{DOMAIN}.\n", faults=lost) as instruments:
        reverse = looked(instruments).servers[0].reverse
    assert isinstance(reverse, Reverse)
    assert isinstance(reverse.confirmed, Unreachable)
    lost = {"1.2.0.192.in-addr.arpa": DnsFault.SERVFAIL}
    with place(ZONE, SmtpServer(MX), faults=lost) as instruments:
        assert isinstance(looked(instruments).servers[0].reverse, Unreachable)


def test_the_name_of_a_private_address_is_not_asked() -> None:
    with place("@ MX 10 mx1\nmx1 A 10.0.0.1\n") as instruments:
        (server,) = looked(instruments).servers
    assert server.session == server.reverse
    assert isinstance(server.reverse, Unreachable)
    assert server.reverse.reason is Reason.PRIVATE_ADDRESS


def test_an_alias_and_an_address_in_place_of_a_name_are_facts() -> None:
    zone = "@ MX 10 mx1\n@ MX 20 192.0.2.7.\nmx1 CNAME vrai\nvrai A 192.0.2.1\n"
    with place(zone, SmtpServer(MX)) as instruments:
        facts = looked(instruments)
    assert facts.aliases == (HostAlias(MX, (f"vrai.{DOMAIN}",)),)
    assert facts.unresolved == (UnresolvedServer("192.0.2.7", None),)
    assert [server.host for server in facts.servers] == [MX]


def test_without_smtp_names_are_looked_at_and_nobody_is_connected_to() -> None:
    smtp = SmtpServer(MX)
    with place(ZONE, smtp, reverse=f"1 PTR {MX}.\n", smtp=False) as instruments:
        facts = looked(instruments)
        announced = mail_servers.announce(domain(), instruments)
        assert {each.purpose for each in announced} == {Purpose.INFRASTRUCTURE}
    assert facts.servers[0].reverse == Reverse((MX,), (MX,))
    assert facts.servers[0].session == Unreachable(Reason.NOT_LOOKED, "--no-smtp")
    assert smtp.sessions == 0


@pytest.mark.parametrize(
    "scope",
    [
        by_name(),
        replace(by_name(), tests=BOTH),
        replace(by_name(), servers_too=True),
        scope_for_look(domains=[DOMAIN], addresses=["192.0.2.1"], authorized_by="Mme le maire"),
    ],
    ids=["nothing", "another's-server", "no-test", "no-test-here"],
)
def test_what_is_intrusive_needs_the_test_and_the_server(scope: Scope) -> None:
    smtp = SmtpServer(MX)
    with place(ZONE, smtp, scope=scope) as instruments:
        seen = session(looked(instruments))
    for trial in (seen.relay, seen.users):
        assert isinstance(trial, Unreachable)
        assert trial.reason is Reason.NOT_AUTHORIZED
    assert not set(smtp.commands) - {"EHLO", "QUIT"}


@pytest.mark.parametrize(
    "scope",
    [
        replace(
            scope_for_look(domains=[DOMAIN], addresses=["192.0.2.1"], authorized_by="Mme le maire"),
            tests=BOTH,
        ),
        replace(by_name(), tests=BOTH, servers_too=True),
    ],
    ids=["own-server", "servers-too"],
)
def test_what_was_signed_for_is_tried_once(scope: Scope) -> None:
    smtp = SmtpServer(MX)
    with place(ZONE, smtp, scope=scope) as instruments:
        seen = session(looked(instruments))
        purposes = [each.purpose for each in mail_servers.announce(domain(), instruments)]
    assert isinstance(seen.relay, RelayTrial)
    assert isinstance(seen.users, UserAnswers)
    assert purposes.count(Purpose.INTRUSIVE) == 2
    assert smtp.sessions == 1


def test_a_mute_server_costs_one_connection() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    mute = Listener(silent)
    with Background(mute):
        rule = f"192.0.2.1:25=127.0.0.1:{mute.port}"
        dns = DnsServer({DOMAIN: HEAD + ZONE})
        with Background(dns):
            options = Options(resolvers=(dns.address,), connect_to=(rule,), patience=PATIENCE)
            facts = looked(set_up(TOWN, by_name(), options, now=DEMO_NOW))
    assert isinstance(facts.servers[0], MailServer)
    assert facts.servers[0].session == SILENT
    assert not mail_servers.worth_asking_again(facts)
    assert mute.connections == 1

"""The two mail probes against a real DNS server and real mail servers."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from cyberaudit.declared import Commune, Delivery, Domain, PlanChoices, Town
from cyberaudit.demo.authority import Authority
from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsFault, DnsServer, Query
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.demo.smtp_server import SmtpFault, SmtpServer
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.mail import MailDns, MxRecord, TxtAnswer
from cyberaudit.facts.mail_samples import MX_STEP
from cyberaudit.facts.mail_servers import MailServer, MailServers, Reverse, SmtpSession, UnresolvedServer
from cyberaudit.facts.mail_servers_samples import SESSION
from cyberaudit.facts.spf_tree import SpfTree
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import mail_dns, mail_servers
from cyberaudit.probes.dmarc import tree_walk_names
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.probes.mail_servers import worth_asking_again
from cyberaudit.probes.resolver import Addresses
from cyberaudit.town.scope import scope_for_look

pytestmark = pytest.mark.loopback

DOMAIN = "l-hay.example"
MX = f"mx1.{DOMAIN}"
HEAD = "$TTL 60\n@ SOA ns1 technique 1 7200 3600 1209600 300\n@ NS ns1\n"
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
TOWN = Town(
    1, COMMUNE, "", None, "", (COMMUNE,), (), PlanChoices((), (), (), True), (), Delivery((), "", "", "")
)
PATIENCE = Patience(
    connect=0.3, banner=0.5, reply=0.5, handshake=1, session=2, dns_tries=(0.1, 0.1), dns_tcp=0.3
)


def domain(name: str = DOMAIN) -> Domain:
    return Domain("main", name, (), name, True, (), ())


@contextmanager
def place(
    zone: str,
    *mail: SmtpServer,
    faults: Mapping[str, DnsFault] | None = None,
    rules: tuple[str, ...] = (),
    bundle: Path | None = None,
) -> Iterator[tuple[Instruments, DnsServer]]:
    """DNS with `zone` under DOMAIN, and mail servers: the first at 192.0.2.1, the next at 192.0.2.2, …"""
    server = DnsServer({DOMAIN: HEAD + zone, "example": HEAD}, faults=faults)
    with Background(server, *mail):
        mapped = tuple(f"192.0.2.{rank}:25={smtp.address}" for rank, smtp in enumerate(mail, start=1))
        options = Options(
            resolvers=(server.address,), connect_to=mapped + rules, ca_bundle=bundle, patience=PATIENCE
        )
        scope = scope_for_look(domains=[DOMAIN, "tres.loin.example"], authorized_by="Mme le maire")
        yield set_up(TOWN, scope, options, now=DEMO_NOW), server


def dns_of(
    zone: str, *, name: str = DOMAIN, faults: Mapping[str, DnsFault] | None = None
) -> MailDns | Unreachable:
    with place(zone, faults=faults) as (instruments, _):
        return asyncio.run(mail_dns.look(domain(name), instruments))


def records(facts: MailDns | Unreachable) -> MailDns:
    assert isinstance(facts, MailDns)
    return facts


def servers_of(
    zone: str, *mail: SmtpServer, faults: Mapping[str, DnsFault] | None = None, bundle: Path | None = None
) -> MailServers:
    with place(zone, *mail, faults=faults, bundle=bundle) as (instruments, _):
        facts = asyncio.run(mail_servers.look(domain(), instruments))
    assert isinstance(facts, MailServers)
    return facts


def sessions(facts: MailServers) -> list[Reason | str]:
    return [
        server.session.reason if isinstance(server.session, Unreachable) else server.session.banner.split()[0]
        for server in facts.servers
    ]


def test_the_records_of_a_domain_in_order() -> None:
    facts = dns_of('@ MX 10 mx1\n@ TXT "v=spf1 " "mx -all"\n@ TXT "autre"\n_dmarc TXT "v=DMARC1; p=reject"\n')
    assert facts == MailDns(
        domain=DOMAIN,
        exists=True,
        mx=(MxRecord(10, MX),),
        apex=TxtAnswer(DOMAIN, (b"autre", b"v=spf1 mx -all")),
        spf=SpfTree((replace(MX_STEP, at=DOMAIN, target=DOMAIN, names=1),), cut=False, ip4_admitted=0),
        dmarc=(TxtAnswer(f"_dmarc.{DOMAIN}", (b"v=DMARC1; p=reject",)),),
        dmarc_beyond=(TxtAnswer("_dmarc.example", ()),),
        dmarc_suffix=None,
        reports=(),
        dmarc_aliases=(),
    )


def test_a_domain_that_does_not_exist_is_a_fact() -> None:
    facts = dns_of("", name="absent.example")
    assert facts == MailDns(
        "absent.example", False, (), TxtAnswer("absent.example", ()), None, (), (), None, (), ()
    )


def test_a_domain_with_nothing_exists() -> None:
    facts = records(dns_of(""))
    assert (facts.exists, facts.mx, facts.apex) == (True, (), TxtAnswer(DOMAIN, ()))
    assert facts.dmarc == (TxtAnswer(f"_dmarc.{DOMAIN}", ()), TxtAnswer("_dmarc.example", ()))


@pytest.mark.parametrize("fault", DnsFault)
def test_when_nothing_can_be_asked_the_whole_is_unreachable(fault: DnsFault) -> None:
    facts = dns_of("", faults={DOMAIN: fault, f"_dmarc.{DOMAIN}": fault})
    assert isinstance(facts, Unreachable)
    assert facts.reason is Reason.RESOLVER_FAILURE


def test_each_field_fails_on_its_own() -> None:
    facts = records(dns_of('@ TXT "v=spf1 -all"\n', faults={f"_dmarc.{DOMAIN}": DnsFault.SERVFAIL}))
    assert isinstance(facts.dmarc, Unreachable)
    assert facts.apex == TxtAnswer(DOMAIN, (b"v=spf1 -all",))

    facts = records(dns_of('_dmarc TXT "v=DMARC1; p=none"\n', faults={DOMAIN: DnsFault.SERVFAIL}))
    for failed_field in (facts.exists, facts.mx, facts.apex, facts.spf):
        assert isinstance(failed_field, Unreachable)
    assert facts.dmarc == (TxtAnswer(f"_dmarc.{DOMAIN}", (b"v=DMARC1; p=none",)),)


def test_a_parent_that_cannot_be_asked_leaves_dmarc_unknown() -> None:
    facts = records(dns_of("", faults={"_dmarc.example": DnsFault.SERVFAIL}))
    assert isinstance(facts.dmarc, Unreachable)


def test_several_dmarc_records_are_discarded_and_the_walk_goes_on() -> None:
    two = '_dmarc.sous TXT "v=DMARC1; p=none"\n_dmarc.sous TXT "v=DMARC1; p=reject"\n'
    zone = f'{two}_dmarc TXT "v=DMARC1; p=reject"\nsous A 192.0.2.9\n'
    facts = records(dns_of(zone, name=f"sous.{DOMAIN}"))
    assert not isinstance(facts.dmarc, Unreachable)
    assert [answer.name for answer in facts.dmarc] == [f"_dmarc.sous.{DOMAIN}", f"_dmarc.{DOMAIN}"]
    assert [len(answer.records) for answer in facts.dmarc] == [2, 1]


SEVEN = ["b.c.d.e.f.g.h", "c.d.e.f.g.h", "d.e.f.g.h", "e.f.g.h", "f.g.h", "g.h", "h"]


@pytest.mark.parametrize(
    ("name", "walked"),
    [
        ("fr", ["fr"]),
        ("l-hay.fr", ["l-hay.fr", "fr"]),
        ("a.b.c.d.e.f.g.h", ["a.b.c.d.e.f.g.h", *SEVEN]),
        ("1.2.3.a.b.c.d.e.f.g.h", ["1.2.3.a.b.c.d.e.f.g.h", *SEVEN]),
    ],
)
def test_the_tree_walk_asks_at_most_eight_names(name: str, walked: list[str]) -> None:
    assert list(tree_walk_names(name)) == walked


def test_each_address_of_each_mx_has_one_session(tmp_path: Path) -> None:
    authority = Authority(tmp_path, DEMO_NOW)
    good = SmtpServer(MX, certificate=authority.issue(MX))
    plain = SmtpServer("mx2")
    zone = "@ MX 20 mx2\n@ MX 10 mx1\nmx1 A 192.0.2.1\nmx2 A 192.0.2.2\n"
    facts = servers_of(zone, good, plain, bundle=authority.ca_bundle)
    assert [(server.host, server.address) for server in facts.servers] == [
        (MX, "192.0.2.1"),
        (f"mx2.{DOMAIN}", "192.0.2.2"),
    ]
    assert sessions(facts) == [MX, "mx2"]
    # One to talk, and one for each version older than the one that was agreed on.
    assert (good.sessions, plain.sessions, facts.unresolved) == (4, 1, ())
    first = facts.servers[0].session
    assert isinstance(first, SmtpSession)
    assert isinstance(first.tls, TlsSession)
    assert (first.tls.trust_error, first.tls.name_matches) == ("", True)


def test_without_mx_the_domain_itself_receives() -> None:
    facts = servers_of("@ A 192.0.2.1\n", SmtpServer(DOMAIN))
    assert [(server.host, server.address) for server in facts.servers] == [(DOMAIN, "192.0.2.1")]


def test_without_mx_nor_address_nobody_receives() -> None:
    assert servers_of("") == MailServers(DOMAIN, (), (), (), ())


def test_a_null_mx_is_nobody_even_with_an_address() -> None:
    smtp = SmtpServer(DOMAIN)
    assert servers_of("@ MX 0 .\n@ A 192.0.2.1\n", smtp) == MailServers(DOMAIN, (), (), (), ())
    assert smtp.sessions == 0


def test_an_mx_without_address_is_told_from_one_that_cannot_be_resolved() -> None:
    zone = f"@ MX 10 absent\n@ MX 20 mx2\n@ MX 30 {DOMAIN}.\nmx2 A 192.0.2.1\n"
    facts = servers_of(zone, faults={f"mx2.{DOMAIN}": DnsFault.SERVFAIL})
    causes = {entry.host: entry.cause and entry.cause.reason for entry in facts.unresolved}
    assert causes == {f"absent.{DOMAIN}": None, f"mx2.{DOMAIN}": Reason.RESOLVER_FAILURE, DOMAIN: None}
    assert facts.servers == ()


def test_when_the_mx_cannot_be_asked_the_whole_is_unreachable() -> None:
    with place("", faults={DOMAIN: DnsFault.SERVFAIL}) as (instruments, _):
        facts = asyncio.run(mail_servers.look(domain(), instruments))
    assert isinstance(facts, Unreachable)
    assert facts.reason is Reason.RESOLVER_FAILURE


def test_a_private_address_behind_an_mx_is_never_touched() -> None:
    smtp = SmtpServer(MX)
    facts = servers_of("@ MX 10 mx1\nmx1 A 127.0.0.1\nmx1 A 10.0.0.1\nmx1 AAAA ::1\n", smtp)
    assert sessions(facts) == [Reason.PRIVATE_ADDRESS] * 3
    assert smtp.sessions == 0
    assert not worth_asking_again(facts)


def test_a_domain_out_of_scope_is_never_touched() -> None:
    smtp = SmtpServer("autre")
    with place("", smtp) as (instruments, server):
        server._answers = DnsServer({"autre.example": HEAD + "@ MX 10 mx\nmx A 192.0.2.1\n"})._answers
        facts = asyncio.run(mail_servers.look(domain("autre.example"), instruments))
    assert isinstance(facts, MailServers)
    assert sessions(facts) == [Reason.NOT_AUTHORIZED]
    assert smtp.sessions == 0


def test_hostile_servers_side_by_side_cost_the_time_of_one() -> None:
    slow = [SmtpServer(f"mx{n}", banner_delay=5) for n in range(1, 5)]
    zone = "".join(f"@ MX {n} mx{n}\nmx{n} A 192.0.2.{n}\n" for n in range(1, 6))
    start = datetime.now(UTC)
    facts = servers_of(zone, *slow, SmtpServer("mx5"))
    assert sessions(facts) == [Reason.TIMEOUT] * 4 + ["mx5"]
    assert (datetime.now(UTC) - start).total_seconds() < 2


def test_a_crowd_of_servers_is_bounded_and_every_host_seen() -> None:
    zone = "".join(
        f"@ MX {host} mx{host}\n"
        + "".join(f"mx{host} A 10.0.{host}.{n}\nmx{host} AAAA fd00:{host}::{n}\n" for n in range(1, 6))
        for host in range(1, 8)
    )
    facts = servers_of(zone)
    hosts = [server.host for server in facts.servers]
    assert hosts == [f"mx{n}.{DOMAIN}" for n in (1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5)]
    assert {ip_address(server.address).version for server in facts.servers} == {4, 6}
    assert facts.left_out[:2] == (f"mx6.{DOMAIN}", f"mx7.{DOMAIN}")
    assert len(facts.left_out) == 2 + 5 * 10 - len(hosts)


def test_the_first_addresses_of_a_host_are_of_both_families() -> None:
    found = tuple(ip_address(text) for text in ("10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1"))
    ranked = mail_servers._ranked({MX: Addresses(found, None)})
    assert [str(address) for _, address in ranked] == ["10.0.0.1", "fd00::1", "10.0.0.2", "10.0.0.3"]


@pytest.mark.parametrize(
    ("session", "again"),
    [
        (SESSION, False),
        (replace(SESSION, tls=None), True),
        (replace(SESSION, tls=Unreachable(Reason.TLS_FAILURE)), True),
        (Unreachable(Reason.TIMEOUT), True),
        (Unreachable(Reason.PROTOCOL_ERROR), True),
        (Unreachable(Reason.NO_ROUTE), False),
        (Unreachable(Reason.NOT_AUTHORIZED), False),
    ],
)
def test_what_may_change_is_asked_again(session: SmtpSession | Unreachable, again: bool) -> None:
    facts = MailServers(DOMAIN, (MailServer(MX, "192.0.2.1", session, Reverse((), ())),), (), (), ())
    assert worth_asking_again(facts) is again
    assert worth_asking_again(replace(facts, unresolved=(UnresolvedServer(MX, None),))) is again
    lost = UnresolvedServer(MX, Unreachable(Reason.RESOLVER_FAILURE))
    assert worth_asking_again(replace(facts, unresolved=(lost,)))


def test_a_second_look_asks_the_servers_again_and_dns_no_more() -> None:
    busy = SmtpServer(MX, fault=SmtpFault.BUSY)
    with place("@ MX 10 mx1\nmx1 A 192.0.2.1\n", busy) as (instruments, dns):

        def below() -> list[Query]:
            return [query for query in dns.queries.elements() if query.name.endswith(DOMAIN)]

        async def twice() -> list[Query]:
            await mail_servers.look(domain(), instruments)
            asked = below()
            await mail_servers.look(domain(), instruments)
            return asked

        asked = asyncio.run(twice())
        assert busy.sessions == 2
        # On a busy machine a question may be sent a second time, by the first look.
        assert len(set(asked)) == 3
        assert below() == asked


NAMES = tuple(f"commune-{n}.l-hay.example" for n in range(1, 9))
SHARED = "".join(f"commune-{n} MX 10 mx1\n" for n in range(1, 9)) + "mx1 A 192.0.2.1\n"


def shared_domain(name: str) -> Domain:
    return replace(domain(name), id=name)


async def look_everywhere(instruments: Instruments) -> list[MailServers]:
    found = await asyncio.gather(*(mail_servers.look(shared_domain(name), instruments) for name in NAMES))
    return [facts for facts in found if isinstance(facts, MailServers)]


def test_eight_domains_behind_one_mx_cost_one_session_a_turn() -> None:
    plain = SmtpServer(MX)

    async def twice(instruments: Instruments) -> list[MailServers]:
        first = await look_everywhere(instruments)
        again = await look_everywhere(instruments)
        return [mail_servers.merge_looks(*looks) for looks in zip(first, again, strict=True)]

    with place(SHARED, plain) as (instruments, _):
        seen = asyncio.run(twice(instruments))
    assert plain.sessions == 2
    assert [facts.domain for facts in seen] == list(NAMES)
    for facts in seen:
        session = facts.servers[0].session
        assert isinstance(session, SmtpSession)
        assert session.tls is None


def test_a_second_look_leaves_alone_the_servers_that_answered_well(tmp_path: Path) -> None:
    good = SmtpServer(MX, certificate=Authority(tmp_path, DEMO_NOW).issue(MX))
    busy = SmtpServer("mx2", fault=SmtpFault.BUSY)
    zone = "@ MX 10 mx1\n@ MX 20 mx2\nmx1 A 192.0.2.1\nmx2 A 192.0.2.2\n"
    with place(zone, good, busy) as (instruments, _):

        async def twice() -> None:
            for _ in range(2):
                await mail_servers.look(domain(), instruments)

        asyncio.run(twice())
    assert (good.sessions, busy.sessions) == (4, 2)


def test_a_domain_out_of_scope_neither_gets_nor_spoils_the_session_of_another() -> None:
    smtp = SmtpServer(MX)
    with place("", smtp) as (instruments, server):
        zones = {DOMAIN: "mx1 A 192.0.2.1\n@ MX 10 mx1\n", "autre.example": f"@ MX 10 {MX}.\n"}
        server._answers = DnsServer({name: HEAD + zone for name, zone in zones.items()})._answers

        async def both() -> list[MailServers | Unreachable]:
            strangers = replace(domain("autre.example"), id="autre")
            return [await mail_servers.look(each, instruments) for each in (strangers, domain())]

        refused, seen = asyncio.run(both())
    assert isinstance(refused, MailServers)
    assert isinstance(seen, MailServers)
    assert (sessions(refused), sessions(seen)) == ([Reason.NOT_AUTHORIZED], [MX])


def test_a_domain_out_of_time_does_not_take_the_session_from_the_others() -> None:
    slow = SmtpServer(MX, banner_delay=0.3)

    async def one_gives_up(instruments: Instruments) -> MailServers | Unreachable:
        hasty = asyncio.create_task(mail_servers.look(shared_domain(NAMES[0]), instruments))
        patient = asyncio.create_task(mail_servers.look(shared_domain(NAMES[1]), instruments))
        await asyncio.sleep(0.15)
        hasty.cancel()
        return await patient

    with place(SHARED, slow) as (instruments, _):
        facts = asyncio.run(one_gives_up(instruments))
    assert isinstance(facts, MailServers)
    assert sessions(facts) == [MX]
    assert slow.sessions == 1

"""Access to mail from outside: what DNS announces, and toys that speak IMAP, POP and submission."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.demo.authority import Authority
from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsFault, DnsServer
from cyberaudit.demo.listener import Listener
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.mail_access import (
    LABELS,
    SERVICES,
    AccessPoint,
    AccessSession,
    AnnouncedService,
    MailAccess,
    Webmail,
)
from cyberaudit.facts.mail_access_samples import CLEAR_ACCESS, GOOD_ACCESS, IMAPS
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import mail_access
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.town.scope import scope_for_look
from tests.loopback.odd_dns_server import OddDnsServer
from tests.loopback.test_probes_mail import DOMAIN, HEAD, PATIENCE, TOWN, domain

pytestmark = pytest.mark.loopback

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
IMAP, ADDRESS = f"imap.{DOMAIN}", "192.0.2.1"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), DEMO_NOW)


def server_side(authority: Authority, name: str = IMAP) -> ssl.SSLContext:
    issued = authority.issue(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    return context


def speaking(
    greeting: bytes, answers: dict[bytes, bytes], tls: ssl.SSLContext | None = None, *, first: bool = False
) -> Talk:
    """Each line is answered by what its beginning says; after the word that agrees to encrypt, TLS."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first and tls is not None:
            await writer.start_tls(tls)
        writer.write(greeting)
        while line := await reader.readline():
            said = next((key for key in answers if line.startswith(key)), b"")
            writer.write(answers.get(said, b"500 ?\r\n"))
            await writer.drain()
            if tls is not None and not first and said in (b"a2 STARTTLS", b"STLS", b"STARTTLS"):
                await writer.start_tls(tls)

    return talk


@contextmanager
def place(
    zone: str,
    doors: dict[int, Talk],
    *,
    bundle: Path | None = None,
    faults: dict[str, DnsFault] | None = None,
    smtp: bool = True,
) -> Iterator[Instruments]:
    """DNS, and one toy for each port of 192.0.2.1; nothing else listens there."""
    dns = DnsServer({DOMAIN: HEAD + zone, "example": HEAD}, faults=faults)
    with ExitStack() as held:
        held.enter_context(Background(dns))
        rules = []
        for port, talk in doors.items():
            listener = Listener(talk)
            held.enter_context(Background(listener))
            rules.append(f"{ADDRESS}:{port}=127.0.0.1:{listener.port}")
        gone = [port for port in (993, 143, 465, 587, 995, 110, 443) if port not in doors]
        rules += [f"{ADDRESS}:{port}=127.0.0.1:1" for port in gone]
        options = Options(
            resolvers=(dns.address,),
            connect_to=tuple(rules),
            patience=PATIENCE,
            ca_bundle=bundle,
            smtp=smtp,
        )
        scope = scope_for_look(domains=[DOMAIN], authorized_by="Mme le maire")
        yield set_up(TOWN, scope, options, now=DEMO_NOW)


def looked(instruments: Instruments) -> MailAccess:
    facts = asyncio.run(mail_access.look(domain(), instruments))
    assert isinstance(facts, MailAccess)
    return facts


def met(
    zone: str, doors: dict[int, Talk], *, bundle: Path | None = None
) -> dict[int, AccessSession | Unreachable]:
    with place(zone, doors, bundle=bundle) as instruments:
        return {point.port: point.session for point in looked(instruments).points}


def session(found: AccessSession | Unreachable) -> AccessSession:
    assert isinstance(found, AccessSession)
    return found


NAMED = "imap A 192.0.2.1\n"
CAPABLE = b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK\r\n"
CLEAR = b"* OK [CAPABILITY X] ready\r\n"


def test_a_domain_without_any_access_is_a_fact() -> None:
    with place("", {}) as instruments:
        facts = looked(instruments)
    assert (facts.announced, facts.points, facts.webmail, facts.left_out) == ((), (), None, ())
    assert all(name.addresses == () for name in facts.names)


def test_imap_encrypted_at_once_is_seen_with_its_certificate(authority: Authority) -> None:
    doors = {993: speaking(b"* OK\r\n", {b"a9": b"* BYE\r\n"}, server_side(authority), first=True)}
    found = met(NAMED, doors, bundle=authority.ca_bundle)
    tls = session(found[993]).tls
    assert isinstance(tls, TlsSession)
    assert (tls.trust_error, tls.name_matches) == ("", True)
    assert session(found[993]).clear_login is False
    for port in (143, 995, 110):
        assert isinstance(closed := found[port], Unreachable)
        assert closed.reason is Reason.REFUSED


@pytest.mark.parametrize(
    ("capabilities", "clear", "encrypts"),
    [
        (CAPABLE, False, True),
        (b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\na1 OK\r\n", True, True),
        (b"* 3 EXISTS\r\n* CAPABILITY IMAP4rev1\r\na1 OK\r\n", True, False),
        (b"* CAPABILITY IMAP4rev1 logindisabled\r\na1 OK\r\n", False, False),
    ],
)
def test_imap_takes_a_password_unless_it_says_no(
    authority: Authority, capabilities: bytes, clear: bool, encrypts: bool
) -> None:
    answers = {b"a1": capabilities, b"a2 STARTTLS": b"a2 OK\r\n", b"a9": b""}
    found = session(met(NAMED, {143: speaking(CLEAR, answers, server_side(authority))})[143])
    assert found.clear_login is clear
    assert isinstance(found.tls, TlsSession) is encrypts


@pytest.mark.parametrize(
    ("offers", "clear", "encrypts"),
    [
        (b"+OK\r\nUSER\r\nSTLS\r\n.\r\n", True, True),
        (b"+OK\r\nSASL PLAIN LOGIN\r\n.\r\n", True, False),
        (b"+OK\r\nSASL SCRAM-SHA-256\r\nSTLS\r\n.\r\n", False, True),
        (b"-ERR ?\r\n", None, False),
    ],
)
def test_pop_tells_what_it_takes(
    authority: Authority, offers: bytes, clear: bool | None, encrypts: bool
) -> None:
    answers = {b"CAPA": offers, b"STLS": b"+OK\r\n"}
    found = session(met(NAMED, {110: speaking(b"+OK\r\n", answers, server_side(authority))})[110])
    assert isinstance(found.clear_login, Unreachable) if clear is None else found.clear_login is clear
    assert isinstance(found.tls, TlsSession) is encrypts


@pytest.mark.parametrize(
    ("extensions", "clear", "encrypts"),
    [
        (b"250-x\r\n250-STARTTLS\r\n250 SIZE\r\n", False, True),
        (b"250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", True, True),
        (b"250-x\r\n250 AUTH CRAM-MD5\r\n", False, False),
    ],
)
def test_submission_takes_a_password_only_by_plain_ways(
    authority: Authority, extensions: bytes, clear: bool, encrypts: bool
) -> None:
    answers = {b"EHLO": extensions, b"STARTTLS": b"220 x\r\n", b"QUIT": b"221 x\r\n"}
    talk = speaking(b"220 x\r\n", answers, server_side(authority, f"smtp.{DOMAIN}"))
    found = session(met("smtp A 192.0.2.1\n", {587: talk})[587])
    assert found.clear_login is clear
    assert isinstance(found.tls, TlsSession) is encrypts


@pytest.mark.parametrize(
    ("port", "greeting", "answers", "reason"),
    [
        (143, b"* BYE\r\n", {}, Reason.PROTOCOL_ERROR),
        (143, b"", {}, Reason.TIMEOUT),
        (143, CLEAR, {b"a1": b"a1 BAD\r\n"}, Reason.PROTOCOL_ERROR),
        (143, CLEAR, {b"a1": b"* 1 EXISTS\r\n" * 70}, Reason.PROTOCOL_ERROR),
        (143, CLEAR, {b"a1": b""}, Reason.TIMEOUT),
        (110, b"-ERR\r\n", {}, Reason.PROTOCOL_ERROR),
        (110, b"+OK\r\n", {b"CAPA": b"+OK\r\n" + b"X\r\n" * 70}, Reason.PROTOCOL_ERROR),
        (110, b"+OK\r\n", {b"CAPA": b"* x\r\n" * 70}, Reason.PROTOCOL_ERROR),
        (110, b"+OK\r\n", {b"CAPA": b"+OK\r\n"}, Reason.TIMEOUT),
        (110, b"", {}, Reason.TIMEOUT),
    ],
)
def test_what_is_no_answer_is_unreachable(
    port: int, greeting: bytes, answers: dict[bytes, bytes], reason: Reason
) -> None:
    found = met(NAMED, {port: speaking(greeting, answers)})[port]
    assert isinstance(found, Unreachable)
    assert found.reason is reason


def test_encryption_that_is_refused_or_breaks_is_told() -> None:
    refusing = speaking(CLEAR, {b"a1": CAPABLE, b"a2 STARTTLS": b"a2 NO\r\n"})
    other = speaking(b"", {})
    found = met(NAMED, {143: refusing, 993: other})
    for port in (143, 993):
        assert isinstance(session(found[port]).tls, Unreachable)


def test_what_is_announced_takes_the_place_of_the_usual_names(authority: Authority) -> None:
    zone = (
        f"_imaps._tcp SRV 0 1 993 boite\n_submission._tcp SRV 0 0 0 .\nboite A {ADDRESS}\n"
        f"imap A {ADDRESS}\nsmtp A {ADDRESS}\n_autodiscover._tcp SRV 0 0 443 boite\n"
    )
    doors = {993: speaking(b"* OK\r\n", {}, server_side(authority, f"boite.{DOMAIN}"), first=True)}
    with place(zone, doors, bundle=authority.ca_bundle) as instruments:
        facts = looked(instruments)
    assert facts.announced == (
        AnnouncedService("_imaps._tcp", f"boite.{DOMAIN}", 993),
        AnnouncedService("_submission._tcp", "", 0),
        AnnouncedService("_autodiscover._tcp", f"boite.{DOMAIN}", 443),
    )
    assert [(point.protocol, point.host, point.port, point.announced) for point in facts.points] == [
        ("imap", f"boite.{DOMAIN}", 993, True),
        ("pop3", IMAP, 995, False),
        ("pop3", IMAP, 110, False),
    ]


def test_an_srv_record_leads_to_no_other_port_than_mails() -> None:
    zone = f"boite A {ADDRESS}\n" + "".join(
        f"{service} SRV 0 1 {port} boite\n"
        for service, port in (
            ("_imap._tcp", 80), ("_pop3s._tcp", 993), ("_submission._tcp", 22), ("_submissions._tcp", 2525),
        )
    )  # fmt: skip
    with place(zone, {}) as instruments:
        facts = looked(instruments)
        assert instruments.network.opened[Purpose.PUBLIC, ADDRESS, 80] == 0
        assert instruments.network.opened[Purpose.PUBLIC, ADDRESS, 22] == 0
    host = f"boite.{DOMAIN}"
    assert sorted(facts.left_out) == [f"{host}:22", f"{host}:80", f"{host}:993"]
    assert [point.port for point in facts.points] == [2525]


def test_what_any_name_gets_is_told_beside_the_usual_names() -> None:
    dns = OddDnsServer({DOMAIN: HEAD, "example": HEAD}, under=DOMAIN, wild={"A": ADDRESS})
    with Background(dns):
        scope = scope_for_look(domains=[DOMAIN], authorized_by="Mme le maire")
        options = Options(resolvers=(dns.address,), smtp=False, patience=PATIENCE)
        assert looked(set_up(TOWN, scope, options, now=DEMO_NOW)).wildcard == (ADDRESS,)
    with place(NAMED, {}) as instruments:
        assert looked(instruments).wildcard == ()


@pytest.mark.parametrize(
    ("host", "reason"), [(f"boite.{DOMAIN}", None), ("boite.example", "private-address")]
)
def test_an_srv_record_does_not_lead_to_the_town_s_private_addresses(host: str, reason: str | None) -> None:
    dns = DnsServer(
        {
            DOMAIN: HEAD + f"_imaps._tcp SRV 0 1 993 {host}.\nboite A 127.0.0.9\n",
            "example": HEAD + "boite A 127.0.0.9\n",
        }
    )
    scope = replace(
        scope_for_look(domains=[DOMAIN], authorized_by="Mme le maire"), declared=(ip_network("127.0.0.9"),)
    )
    with Background(dns):
        instruments = set_up(TOWN, scope, Options(resolvers=(dns.address,), patience=PATIENCE), now=DEMO_NOW)
        session = looked(instruments).points[0].session
    assert isinstance(session, Unreachable)
    assert session.reason == (reason or "refused")


def test_an_announced_name_without_address_is_told_and_a_crowd_is_bounded() -> None:
    zone = "".join(f"_imaps._tcp SRV 0 {n} 993 absent{n}\n" for n in range(9))
    with place(zone, {}) as instruments:
        facts = looked(instruments)
    assert len(facts.points) == 7
    assert facts.left_out == (f"absent7.{DOMAIN}:993", f"absent8.{DOMAIN}:993")
    assert {point.address for point in facts.points} == {""}


def test_a_webmail_that_answers_is_told(authority: Authority) -> None:
    page = speaking(b"", {b"GET": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"}, first=True)
    secured = server_side(authority, f"webmail.{DOMAIN}")
    talk = speaking(b"", {b"GET": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"}, secured, first=True)
    zone = f"webmail A {ADDRESS}\n"
    with place(zone, {443: talk}) as instruments:
        assert looked(instruments).webmail == Webmail(f"webmail.{DOMAIN}", 302)
    with place(zone, {443: page}) as instruments:
        webmail = looked(instruments).webmail
    assert webmail is not None
    assert isinstance(webmail.status, Unreachable)


def test_a_failure_of_dns_is_never_an_absence() -> None:
    names = {f"{label}.{DOMAIN}": DnsFault.SERVFAIL for label in ("imap", "webmail")}
    with place(NAMED, {}, faults=names) as instruments:
        facts = looked(instruments)
    assert facts.points == ()
    assert isinstance(facts.names[3].addresses, Unreachable)
    assert facts.webmail is not None
    assert isinstance(facts.webmail.status, Unreachable)
    every = {f"{name}.{DOMAIN}": DnsFault.SERVFAIL for name in (*LABELS, *SERVICES)}
    with place("", {}, faults=every) as instruments:
        lost = asyncio.run(mail_access.look(domain(), instruments))
    assert isinstance(lost, Unreachable)


def test_without_smtp_nothing_is_connected_to() -> None:
    async def alarm(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError

    doors: dict[int, Talk] = dict.fromkeys((993, 143, 443), alarm)
    with place(f"{NAMED}webmail A {ADDRESS}\n", doors, smtp=False) as instruments:
        facts = looked(instruments)
        assert len(mail_access.announce(domain(), instruments)) == 1
    assert {point.session for point in facts.points} == {Unreachable(Reason.NOT_LOOKED, "--no-smtp")}


def test_a_domain_without_mail_is_not_looked_at() -> None:
    with place(NAMED, {}) as instruments:
        facts = asyncio.run(mail_access.look(replace(domain(), sends_mail=False), instruments))
        purposes = [each.purpose for each in mail_access.announce(domain(), instruments)]
    assert facts == Unreachable(Reason.NOT_LOOKED)
    assert purposes == [Purpose.INFRASTRUCTURE, Purpose.PUBLIC]


def only(point: AccessPoint) -> MailAccess:
    return replace(GOOD_ACCESS, points=(point,))


def test_two_looks_together_keep_what_either_saw() -> None:
    silent = only(replace(IMAPS, session=Unreachable(Reason.TIMEOUT)))
    assert mail_access.worth_asking_again(silent)
    assert not mail_access.worth_asking_again(GOOD_ACCESS)
    assert mail_access.merge_looks(only(IMAPS), silent) == only(IMAPS)
    assert mail_access.merge_looks(silent, only(IMAPS)) == only(IMAPS)
    assert mail_access.merge_looks(CLEAR_ACCESS, GOOD_ACCESS).webmail == CLEAR_ACCESS.webmail
    assert mail_access.merge_looks(CLEAR_ACCESS, CLEAR_ACCESS) == CLEAR_ACCESS


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6), st.sampled_from([143, 110, 587]))
def test_no_bytes_make_the_first_steps_crash(said: list[bytes], port: int) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in said:
            writer.write(piece + b"\r\n")
        await writer.drain()
        writer.close()

    found = met(NAMED + "smtp A 192.0.2.1\n", {port: babble})[port]
    assert isinstance(found, Unreachable | AccessSession)

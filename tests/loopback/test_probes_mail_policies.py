"""MTA-STS, TLS-RPT, DANE and BIMI as real DNS and web servers publish them."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import pytest

from cyberaudit.declared import Commune, Delivery, Domain, PlanChoices, Town
from cyberaudit.demo.authority import Authority, Flaw
from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsFault, DnsServer
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.facts.bimi import Bimi, LogoPage
from cyberaudit.facts.dane import Dane, TlsaRecord
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.mta_sts import MtaSts, PolicyPage
from cyberaudit.facts.security import Security
from cyberaudit.facts.tls_reports import TlsReports
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import bimi, dane, mta_sts, tls_reports
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.probes.resolver import Answer, Resolver
from cyberaudit.town.scope import scope_for_look
from tests.loopback.web_server import Say, WebServer, answer

pytestmark = pytest.mark.loopback

DOMAIN = "l-hay.example"
ASSET = Domain("main", DOMAIN, (), DOMAIN, True, (), ())
HEAD = "$TTL 60\n@ SOA ns1 technique 1 7200 3600 1209600 300\n@ NS ns1\n"
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
TOWN = Town(
    1, COMMUNE, "", None, "", (COMMUNE,), (), PlanChoices((), (), (), True), (), Delivery((), "", "", "")
)
PATIENCE = Patience(connect=0.6, handshake=1, dns_tries=(0.1, 0.1), dns_tcp=0.3)
WELL_KNOWN = "/.well-known/mta-sts.txt"
STS_ZONE = '_mta-sts TXT "v=STSv1; id=1;"\nmta-sts A 192.0.2.80\n'
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx1.l-hay.example\r\nmax_age: 604800\r\n"
LOGO = b'<?xml version="1.0"?><svg version="1.2" baseProfile="tiny-ps" xmlns="x"></svg>'


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), DEMO_NOW)


@contextmanager
def place(
    zone: str,
    authority: Authority | None = None,
    *,
    pages: Mapping[str, Say] | None = None,
    name: str = f"mta-sts.{DOMAIN}",
    flaw: Flaw = Flaw.NONE,
    faults: Mapping[str, DnsFault] | None = None,
) -> Iterator[tuple[Instruments, DnsServer]]:
    """DNS with `zone` under DOMAIN; behind 192.0.2.80, a web server for `name`."""
    server = DnsServer({DOMAIN: HEAD + zone, "example": HEAD}, faults=faults)
    issued = authority.issue(name, flaw=flaw) if authority else None
    web = WebServer(pages or {}, issued=issued)
    with Background(server, web):
        options = Options(
            resolvers=(server.address,),
            connect_to=(f"192.0.2.80:443={web.address}",),
            ca_bundle=authority.ca_bundle if authority else None,
            patience=PATIENCE,
        )
        scope = scope_for_look(domains=[DOMAIN], authorized_by="Mme le maire")
        yield set_up(TOWN, scope, options, now=DEMO_NOW), server


def sts_of(zone: str, authority: Authority, page: Say = b"", **how: object) -> MtaSts | Unreachable:
    with place(zone, authority, pages={WELL_KNOWN: page}, **how) as (instruments, _):  # type: ignore[arg-type]
        return asyncio.run(mta_sts.look(ASSET, instruments))


def test_a_policy_and_its_record(authority: Authority) -> None:
    assert sts_of(STS_ZONE, authority, answer(POLICY, headers="X: y\r\n")) == MtaSts(
        domain=DOMAIN,
        txt=TxtAnswer(f"_mta-sts.{DOMAIN}", (b"v=STSv1; id=1;",)),
        policy=PolicyPage(200, "text/plain", "", "192.0.2.80", POLICY),
        txt_aliases=(),
    )


def test_the_record_may_be_an_alias_of_the_provider_s(authority: Authority) -> None:
    zone = '_mta-sts CNAME regle\nregle TXT "v=STSv1; id=1"\n'
    facts = sts_of(zone, authority)
    assert isinstance(facts, MtaSts)
    assert (facts.txt, facts.policy) == (TxtAnswer(f"_mta-sts.{DOMAIN}", (b"v=STSv1; id=1",)), None)
    assert facts.txt_aliases == (f"regle.{DOMAIN}",)


def test_a_redirect_of_the_policy_is_not_followed(authority: Authority) -> None:
    said = answer(POLICY, status="301 Moved Permanently", headers="Location: https://ailleurs.example/\r\n")
    facts = sts_of(STS_ZONE, authority, said)
    assert isinstance(facts, MtaSts)
    assert facts.policy == PolicyPage(301, "text/plain", "https://ailleurs.example/", "192.0.2.80", b"")


@pytest.mark.parametrize("flaw", [Flaw.EXPIRED, Flaw.OTHER_NAME, Flaw.SELF_SIGNED])
def test_a_policy_behind_a_bad_certificate_is_none(authority: Authority, flaw: Flaw) -> None:
    facts = sts_of(STS_ZONE, authority, answer(POLICY), flaw=flaw)
    assert isinstance(facts, MtaSts)
    assert isinstance(facts.policy, Unreachable)
    assert facts.policy.reason is Reason.TLS_FAILURE
    assert mta_sts.worth_asking_again(facts)


def test_nothing_published_is_a_fact_and_costs_three_questions(authority: Authority) -> None:
    with place("", authority) as (instruments, server):
        facts = asyncio.run(mta_sts.look(ASSET, instruments))
        assert sum(server.queries.values()) <= 5
    assert facts == MtaSts(DOMAIN, TxtAnswer(f"_mta-sts.{DOMAIN}", ()), None, ())
    assert not mta_sts.worth_asking_again(facts)


def test_a_zone_that_fails_is_unreachable_never_absent(authority: Authority) -> None:
    faults = {f"_mta-sts.{DOMAIN}": DnsFault.SERVFAIL}
    facts = sts_of(STS_ZONE, authority, answer(POLICY), faults=faults)
    assert isinstance(facts, MtaSts)
    assert isinstance(facts.txt, Unreachable)
    faults[f"mta-sts.{DOMAIN}"] = DnsFault.SERVFAIL
    assert isinstance(sts_of(STS_ZONE, authority, faults=faults), Unreachable)


def test_what_one_look_saw_is_kept(authority: Authority) -> None:
    seen = sts_of(STS_ZONE, authority, answer(POLICY))
    assert isinstance(seen, MtaSts)
    lost = replace(seen, policy=Unreachable(Reason.TIMEOUT))
    assert mta_sts.merge_looks(seen, lost) == mta_sts.merge_looks(lost, seen) == seen


def test_tls_reports_are_one_question() -> None:
    zone = '_smtp._tls TXT "v=TLSRPTv1; " "rua=mailto:a@l-hay.example"\n'
    with place(zone) as (instruments, server):
        facts = asyncio.run(tls_reports.look(ASSET, instruments))
        assert sum(server.queries.values()) <= 3
    record = b"v=TLSRPTv1; rua=mailto:a@l-hay.example"
    assert facts == TlsReports(DOMAIN, TxtAnswer(f"_smtp._tls.{DOMAIN}", (record,)), ())
    with place(zone, faults={f"_smtp._tls.{DOMAIN}": DnsFault.MUTE}) as (instruments, _):
        assert isinstance(asyncio.run(tls_reports.look(ASSET, instruments)), Unreachable)


class Proven(Resolver):
    """As the resolver of the run, of which DNSSEC would say what `levels` says for a name; else SECURE."""

    def __init__(self, real: Resolver, levels: Mapping[str, Security]) -> None:
        self._real = real
        self._levels = levels
        self.names: list[tuple[str, str]] = []

    async def ask(self, name: str, rrtype: str) -> Answer | Unreachable:
        self.names.append((name, rrtype))
        answer = await self._real.ask(name, rrtype)
        if isinstance(answer, Unreachable):
            return answer
        alias = answer.aliases
        if not alias and name.startswith("alias.") and rrtype in ("A", "AAAA"):
            alias = (f"mx1.{DOMAIN}.",)
        return replace(answer, aliases=alias, security=self._levels.get(name, Security.SECURE))


PROMISE = "3 1 1 " + "ab" * 32
DANE_ZONE = f"@ MX 10 mx1\nmx1 A 192.0.2.25\n_25._tcp.mx1 TLSA {PROMISE}\n"


def dane_of(
    zone: str, *, faults: Mapping[str, DnsFault] | None = None, **levels: Security
) -> Dane | Unreachable:
    with place(zone, faults=faults) as (instruments, _):
        named = {name.replace("_of_", ".") + f".{DOMAIN}": level for name, level in levels.items()}
        proven = Proven(instruments.resolver, named)
        return asyncio.run(dane.look(ASSET, replace(instruments, resolver=proven)))


def seen(facts: Dane | Unreachable) -> Dane:
    assert isinstance(facts, Dane)
    return facts


def test_the_promises_of_each_mx() -> None:
    zone = DANE_ZONE + "@ MX 20 mx2\nmx2 AAAA 2001:db8::25\n"
    facts = seen(dane_of(zone))
    assert [(entry.host, entry.at, entry.records) for entry in facts.hosts] == [
        (f"mx1.{DOMAIN}", f"_25._tcp.mx1.{DOMAIN}", (TlsaRecord(3, 1, 1, "ab" * 32, 32),)),
        (f"mx2.{DOMAIN}", f"_25._tcp.mx2.{DOMAIN}", ()),
    ]
    assert {entry.security for entry in facts.hosts} == {facts.mx} == {Security.SECURE}


def test_the_weakest_address_counts_and_an_absent_family_does_not() -> None:
    facts = seen(dane_of(DANE_ZONE, mx1=Security.INSECURE))
    assert (facts.mx, facts.hosts[0].address, facts.hosts[0].security) == (
        Security.SECURE,
        Security.INSECURE,
        Security.SECURE,
    )


def test_a_whole_certificate_is_kept_as_its_digest() -> None:
    zone = (
        "@ MX 10 mx1\nmx1 A 192.0.2.25\n_25._tcp.mx1 TLSA 3 0 0 30820001\n_25._tcp.mx1 TLSA 3 1 2 "
        + "cd" * 64
    )
    records = seen(dane_of(zone + "\n")).hosts[0].records
    assert records == (
        TlsaRecord(3, 0, 0, hashlib.sha256(bytes.fromhex("30820001")).hexdigest(), 4),
        TlsaRecord(3, 1, 2, "cd" * 64, 64),
    )


def test_without_mx_the_domain_itself_is_asked_and_a_null_mx_is_nobody() -> None:
    facts = seen(dane_of(f"@ A 192.0.2.25\n_25._tcp TLSA {PROMISE}\n"))
    assert [(entry.host, bool(entry.records)) for entry in facts.hosts] == [(DOMAIN, True)]
    assert seen(dane_of("@ MX 0 .\n")).hosts == ()
    # RFC 5321 §5.1: an address is no name, and below it nothing can be promised.
    assert seen(dane_of("@ MX 10 192.0.2.25.\n")).hosts == ()


def test_a_name_server_that_fails_hides_the_promises() -> None:
    facts = seen(dane_of(DANE_ZONE, faults={f"_25._tcp.mx1.{DOMAIN}": DnsFault.SERVFAIL}))
    assert isinstance(facts.hosts[0].records, Unreachable)
    assert isinstance(dane_of(DANE_ZONE, faults={DOMAIN: DnsFault.SERVFAIL}), Unreachable)
    facts = seen(dane_of(DANE_ZONE, faults={f"mx1.{DOMAIN}": DnsFault.SERVFAIL}))
    assert isinstance(facts.hosts[0].address, Unreachable)


ALIAS_ZONE = "@ MX 10 alias\nalias CNAME mx1\nmx1 A 192.0.2.25\n"


@pytest.mark.parametrize(
    ("promised_at", "level", "found_at"),
    [
        ("_25._tcp.mx1", Security.SECURE, "_25._tcp.mx1"),
        ("_25._tcp.alias", Security.SECURE, "_25._tcp.alias"),
        ("_25._tcp.alias", Security.INSECURE, "_25._tcp.alias"),
        # An alias that leads out of what is signed is not followed.
        ("_25._tcp.mx1", Security.INSECURE, None),
    ],
)
def test_the_promises_of_an_alias(promised_at: str, level: Security, found_at: str | None) -> None:
    facts = seen(dane_of(f"{ALIAS_ZONE}{promised_at} TLSA {PROMISE}\n", alias=level))
    entry = facts.hosts[0]
    assert entry.host == f"alias.{DOMAIN}"
    assert (entry.at if entry.records else None) == (found_at and f"{found_at}.{DOMAIN}")


def test_more_mx_than_our_limit_are_named() -> None:
    zone = "".join(f"@ MX {rank} mx{rank}\nmx{rank} A 192.0.2.25\n" for rank in range(1, 8))
    facts = seen(dane_of(zone))
    assert (len(facts.hosts), facts.left_out) == (5, (f"mx6.{DOMAIN}", f"mx7.{DOMAIN}"))


BIMI_ZONE = f'default._bimi TXT "v=BIMI1; l=https://logo.{DOMAIN}/l.svg"\nlogo A 192.0.2.80\n'


def bimi_of(
    zone: str, authority: Authority, *, logo: Say = b"", flaw: Flaw = Flaw.NONE
) -> Bimi | Unreachable:
    with place(zone, authority, pages={"/l.svg": logo}, name=f"logo.{DOMAIN}", flaw=flaw) as (tools, _):
        return asyncio.run(bimi.look(ASSET, tools))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (answer(LOGO, kind="image/svg+xml; charset=utf-8"), LogoPage(200, "image/svg+xml", True, True)),
        (answer(b"<svg xmlns='x'/>", kind="text/html"), LogoPage(200, "text/html", True, False)),
        (answer(b"\x89PNG", kind="image/png"), LogoPage(200, "image/png", False, False)),
        (answer(status="404 Not Found"), LogoPage(404, "text/plain", False, False)),
    ],
)
def test_a_logo_is_looked_at(authority: Authority, said: bytes, expected: LogoPage) -> None:
    facts = bimi_of(BIMI_ZONE, authority, logo=said)
    assert isinstance(facts, Bimi)
    assert facts.logo == expected
    assert not bimi.worth_asking_again(facts)


def test_a_logo_that_cannot_be_had(authority: Authority) -> None:
    facts = bimi_of(BIMI_ZONE, authority, logo=answer(LOGO), flaw=Flaw.EXPIRED)
    assert isinstance(facts, Bimi)
    assert isinstance(facts.logo, Unreachable)
    assert bimi.worth_asking_again(facts)
    lost = replace(facts, logo=Unreachable(Reason.TIMEOUT))
    assert not bimi.worth_asking_again(lost)
    assert bimi.merge_looks(facts, lost) == lost


def test_a_name_that_cannot_be_asked_is_unreachable() -> None:
    with place(BIMI_ZONE, faults={f"default._bimi.{DOMAIN}": DnsFault.SERVFAIL}) as (tools, _):
        assert isinstance(asyncio.run(bimi.look(ASSET, tools)), Unreachable)


@pytest.mark.parametrize(
    "zone", ["", 'default._bimi TXT "v=BIMI1; l=; a="\n', 'default._bimi TXT "v=BIMI9"\n']
)
def test_without_one_good_record_there_is_no_logo(authority: Authority, zone: str) -> None:
    facts = bimi_of(zone, authority)
    assert isinstance(facts, Bimi)
    assert facts.logo is None


def test_what_would_be_touched_is_announced() -> None:
    with place("") as (instruments, server):
        for probe in (mta_sts, tls_reports, dane, bimi):
            announced = probe.announce(ASSET, instruments)
            assert all(entry.target == DOMAIN and entry.max_packets > 0 for entry in announced)
        assert not server.queries

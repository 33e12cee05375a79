"""DMARC discovery, report addresses and DKIM selectors, asked of a real DNS server."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from cyberaudit.declared import Domain
from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsFault, DnsServer
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.facts.dkim import Dkim, DkimSelector, SelectorSource
from cyberaudit.facts.dkim_samples import rsa_key
from cyberaudit.facts.mail import MailDns, ReportTarget, TxtAnswer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import dkim, mail_dns
from cyberaudit.probes.instruments import Options, Patience, set_up
from cyberaudit.town.scope import scope_for_look
from tests.unit import towns

pytestmark = pytest.mark.loopback

DOMAIN = "l-hay.example"
HEAD = "$TTL 60\n@ SOA ns1 technique 1 7200 3600 1209600 300\n@ NS ns1\n"
OTHER = "rapports.test"
PATIENCE = Patience(dns_tries=(0.2, 0.2), dns_tcp=0.5)
KEY = "v=DKIM1; k=rsa; p=" + rsa_key(1024)
NAMED, PROVIDER, COMMON = SelectorSource
MAIL = "@ MX 10 l-hay-example.mail.protection.outlook.com.\n"


def server_of(
    zone: str, *, other: str = "", parent: str = "", faults: Mapping[str, DnsFault] | None = None
) -> DnsServer:
    zones = {DOMAIN: HEAD + zone, "example": HEAD + parent, OTHER: HEAD + other, "outlook.com": HEAD}
    return DnsServer(zones, faults=faults)


def look(
    server: DnsServer,
    probe: object = mail_dns,
    *,
    name: str = DOMAIN,
    declared: tuple[str, ...] = (),
    asked: tuple[str, ...] = (),
) -> object:
    asset = Domain("main", name, (), name, True, declared, ())
    options = Options(resolvers=(server.address,), dkim_selectors=asked, patience=PATIENCE)
    scope = scope_for_look(domains=[DOMAIN], authorized_by="Mme le maire")
    instruments = set_up(towns.town(asset), scope, options, now=DEMO_NOW)
    return asyncio.run(probe.look(asset, instruments))  # type: ignore[attr-defined]  # a module


def mail_of(
    zone: str, *, name: str = DOMAIN, other: str = "", parent: str = "", **faults: DnsFault
) -> MailDns:
    server = server_of(
        zone, other=other, parent=parent, faults={f"_dmarc.{key}": each for key, each in faults.items()}
    )
    with Background(server):
        facts = look(server, name=name)
    assert isinstance(facts, MailDns)
    return facts


def dkim_of(
    zone: str,
    *,
    declared: tuple[str, ...] = (),
    asked: tuple[str, ...] = (),
    faults: Mapping[str, DnsFault] | None = None,
) -> tuple[Dkim, int]:
    """The facts, and how many different questions about the domain they cost."""
    server = server_of(zone, faults=faults)
    with Background(server):
        facts = look(server, dkim, declared=declared, asked=asked)
    assert isinstance(facts, Dkim)
    return facts, asked_below(server)


def asked_below(server: DnsServer) -> int:
    """The resolver itself asks the root a few things more, once a run."""
    kinds = {(query.name, query.type) for query in server.queries if query.name.endswith(DOMAIN)}
    return len({kind for kind in kinds if kind[1] in ("TXT", "MX", "A", "AAAA")})


def names(answers: object) -> list[str]:
    assert isinstance(answers, tuple)
    return [answer.name.removeprefix("_dmarc.") for answer in answers]


def test_the_whole_walk_stands_in_two_parts() -> None:
    facts = mail_of('sous A 192.0.2.1\n_dmarc TXT "v=DMARC1; p=none"\n', name=f"sous.{DOMAIN}")
    assert names(facts.dmarc) == [f"sous.{DOMAIN}", DOMAIN]
    assert names(facts.dmarc_beyond) == ["example"]
    assert facts.dmarc_suffix == TxtAnswer(f"_dmarc.{DOMAIN}", (b"v=DMARC1; p=none",))


@pytest.mark.parametrize("psd", ["y", "n"])
def test_the_walk_ends_where_a_record_says_what_it_is(psd: str) -> None:
    zone = f'sous A 192.0.2.1\n_dmarc.sous TXT "v=DMARC1; p=none"\n_dmarc TXT "v=DMARC1; p=none; psd={psd}"\n'
    facts = mail_of(zone, name=f"sous.{DOMAIN}")
    assert names(facts.dmarc) == [f"sous.{DOMAIN}"]
    assert names(facts.dmarc_beyond) == [DOMAIN]


def test_a_parent_that_is_lost_spoils_only_what_is_beyond() -> None:
    facts = mail_of('_dmarc TXT "v=DMARC1; p=none"\n', example=DnsFault.SERVFAIL)
    assert names(facts.dmarc) == [DOMAIN]
    assert isinstance(facts.dmarc_beyond, Unreachable)
    assert facts.dmarc_suffix is None


def reports(rua: str, other: str = "", zone: str = "") -> tuple[ReportTarget, ...]:
    facts = mail_of(f'_dmarc TXT "v=DMARC1; p=none; rua={rua}"\n{zone}', other=other)
    assert isinstance(facts.reports, tuple)
    return facts.reports


def test_an_address_of_the_same_organisation_needs_no_permission() -> None:
    found = reports(f"mailto:a@{DOMAIN},mailto:b@sous.{DOMAIN}", zone="@ MX 10 mx1\nsous A 192.0.2.1\n")
    assert [(each.authorisation, each.receives) for each in found] == [(None, True), (None, True)]


@pytest.mark.parametrize(
    ("other", "agreed", "receives"),
    [
        (f'@ MX 10 mx\n{DOMAIN}._report._dmarc TXT "v=DMARC1;"\n', (b"v=DMARC1;",), True),
        (f'@ A 192.0.2.1\n{DOMAIN}._report._dmarc TXT "v=DMARC1"\n', (b"v=DMARC1",), True),
        ("@ MX 0 .\n@ A 192.0.2.1\n", (), False),
        ("", (), False),
    ],
)
def test_another_domain_says_whether_it_takes_the_reports(
    other: str, agreed: tuple[bytes, ...], receives: bool
) -> None:
    (found,) = reports(f"mailto:a@{OTHER}", other)
    assert found == ReportTarget(
        "rua", f"mailto:a@{OTHER}", OTHER, TxtAnswer(f"{DOMAIN}._report._dmarc.{OTHER}", agreed), receives
    )


def test_a_domain_of_reports_that_is_lost_is_unknown() -> None:
    server = server_of(
        f'_dmarc TXT "v=DMARC1; p=none; rua=mailto:a@{OTHER}"\n',
        faults={OTHER: DnsFault.SERVFAIL, f"{DOMAIN}._report._dmarc.{OTHER}": DnsFault.SERVFAIL},
    )
    with Background(server):
        facts = look(server)
    assert isinstance(facts, MailDns)
    assert isinstance(facts.reports, tuple)
    assert isinstance(facts.reports[0].authorisation, Unreachable)
    assert isinstance(facts.reports[0].receives, Unreachable)


def test_five_addresses_of_reports_and_two_of_failures_are_enough() -> None:
    many = '," "'.join(f"mailto:a{rank}@{DOMAIN}" for rank in range(9))
    found = reports(f'{many};" "ruf={many}')
    assert [each.tag for each in found] == ["rua"] * 5 + ["ruf"] * 2


def test_no_name_below_domainkey_is_proof_and_costs_few_questions() -> None:
    facts, questions = dkim_of("@ MX 10 mx1\n")
    assert (facts.below, facts.wildcard, facts.providers, facts.selectors) == (False, None, (), ())
    assert questions <= 12


def test_the_selectors_of_the_provider_are_asked_and_aliases_followed() -> None:
    zone = f"{MAIL}selector1._domainkey CNAME cle.{OTHER}.\nselector2._domainkey CNAME selector1._domainkey\n"
    server = server_of(zone, other=f'cle TXT "{KEY}"\n')
    with Background(server):
        facts = look(server, dkim)
    assert isinstance(facts, Dkim)
    assert facts.providers == ("microsoft-365",)
    assert [(each.selector, each.source, each.records) for each in facts.selectors] == [
        (name, PROVIDER, (KEY.encode(),)) for name in ("selector1", "selector2")
    ]
    assert asked_below(server) <= 14


def test_a_common_selector_is_found_when_something_is_below() -> None:
    facts, _ = dkim_of(f'fm1._domainkey TXT "{KEY}"\n')
    assert (facts.below, facts.guessed) == (True, 30)
    assert facts.selectors == (DkimSelector("fm1", COMMON, (KEY.encode(),), ()),)


def test_named_selectors_are_asked_first_and_told_when_absent() -> None:
    facts, _ = dkim_of(f'Mairie._domainkey TXT "{KEY}"\n', declared=("MAIRIE", "vieux"), asked=("mairie",))
    assert [(each.selector, each.source, each.records) for each in facts.selectors] == [
        ("mairie", NAMED, (KEY.encode(),)),
        ("vieux", NAMED, ()),
    ]
    assert facts.guessed == 8


def test_a_wildcard_is_seen_and_nothing_is_guessed_under_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # The server knows no wildcards: it is given the name that is drawn.
    monkeypatch.setattr("secrets.token_hex", lambda _: "drawn")
    facts, questions = dkim_of('xdrawn._domainkey TXT "v=spf1 -all"\n')
    assert facts.wildcard == TxtAnswer(f"*._domainkey.{DOMAIN}", (b"v=spf1 -all",))
    assert (facts.below, facts.guessed, facts.selectors, questions) == (True, 0, (), 4)


def test_a_selector_that_is_lost_is_unknown_and_the_others_are_not() -> None:
    facts, _ = dkim_of(
        f'bon._domainkey TXT "{KEY}"\n',
        declared=("bon", "perdu"),
        faults={f"perdu._domainkey.{DOMAIN}": DnsFault.SERVFAIL},
    )
    assert [isinstance(each.records, Unreachable) for each in facts.selectors] == [False, True]


def test_a_text_too_long_to_be_a_key_is_not_judged_by_its_beginning() -> None:
    strings = " ".join(f'"{"A" * 250}"' for _ in range(40))
    facts, _ = dkim_of(f"long._domainkey TXT {strings}\n", declared=("long",))
    assert facts.selectors[0].records == Unreachable(Reason.PROTOCOL_ERROR, "un texte de 10000 octets")


def test_when_nothing_can_be_asked_dkim_is_unreachable() -> None:
    server = DnsServer({"autre.test": HEAD})
    with Background(server):
        facts = look(server, dkim, declared=("x",))
    assert isinstance(facts, Unreachable)


def test_a_domainkey_that_is_lost_is_not_guessed_below() -> None:
    facts, _ = dkim_of(
        f'{MAIL}selector1._domainkey TXT "{KEY}"\n', faults={f"_domainkey.{DOMAIN}": DnsFault.SERVFAIL}
    )
    assert isinstance(facts.below, Unreachable)
    assert facts.guessed == 0
    assert facts.selectors[0].records == (KEY.encode(),)


def test_both_probes_of_one_run_share_their_questions() -> None:
    server = server_of(
        f'{MAIL}@ TXT "v=spf1 mx -all"\n_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@{DOMAIN}"\n'
    )
    asset = replace(towns.domain(), domain=DOMAIN)
    scope = scope_for_look(domains=[DOMAIN], authorized_by="Mme le maire")
    with Background(server):
        options = Options(resolvers=(server.address,), patience=PATIENCE)
        instruments = set_up(towns.town(asset), scope, options, now=DEMO_NOW)

        async def both() -> None:
            await asyncio.gather(mail_dns.look(asset, instruments), dkim.look(asset, instruments))

        asyncio.run(both())
    assert max(server.queries.values()) == 1

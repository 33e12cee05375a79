"""What a domain's names lead to, seen from a real DNS server."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import dns.rcode
import pytest

from cyberaudit.declared import Domain
from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsFault, DnsServer
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.errors import UsageError
from cyberaudit.facts.names import (
    Chain,
    DomainNames,
    HostAddresses,
    Link,
    LinkKind,
    NameSource,
    RandomAnswer,
)
from cyberaudit.facts.names_caa import CaaRecord, CaaSet
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import names_below
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.probes.names_below import announce
from cyberaudit.probes.names_below_links import BEYOND, MOST_MX, MOST_TERMS
from cyberaudit.probes.names_below_list import USUAL_LABELS, read_labels
from cyberaudit.town.scope import scope_for_look
from cyberaudit.town.single import domain_asset, town_of
from tests.loopback.odd_dns_server import OddDnsServer
from tests.loopback.odd_name_servers import Humour, OddNameServer

pytestmark = pytest.mark.loopback

DOMAIN = "l-hay.example"
HEAD = "$TTL 60\n@ SOA ns1 technique 1 7200 3600 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\nns1 AAAA 2001:db8::53\n"
PARENT = "$TTL 60\n@ SOA ns technique 1 7200 3600 1209600 300\n@ NS ns\nns A 192.0.2.54\n"
PATIENCE = Patience(connect=1, dns_tries=(1.0, 1.0), dns_tcp=1)
TARGETS = "site.hebergeur A 192.0.2.80\nsite.hebergeur AAAA 2001:db8::80\nvide.hebergeur TXT x\n"


def asset(*subdomains: str, name: str = DOMAIN) -> Domain:
    return replace(domain_asset(name), subdomains=subdomains)


@contextmanager
def place(server: DnsServer, **options: object) -> Iterator[Instruments]:
    with Background(server):
        rules = tuple(f"192.0.2.{last}:53={server.address}" for last in (53, 54, 66))
        given = Options(resolvers=(server.address,), connect_to=rules, patience=PATIENCE)
        scope = scope_for_look(domains=[DOMAIN, "example.com"], authorized_by="Mme le maire")
        yield set_up(town_of(), scope, replace(given, **options), now=DEMO_NOW)  # type: ignore[arg-type]


def server_of(zone: str, *, faults: Mapping[str, DnsFault] | None = None) -> DnsServer:
    return DnsServer({DOMAIN: HEAD + zone, "example": PARENT + TARGETS}, faults=faults)


def seen(server: DnsServer, *subdomains: str, **options: object) -> DomainNames:
    with place(server, **options) as instruments:
        facts = asyncio.run(names_below.look(asset(*subdomains), instruments))
    assert isinstance(facts, DomainNames), facts
    return facts


def names_of(zone: str, *subdomains: str, faults: Mapping[str, DnsFault] | None = None) -> DomainNames:
    return seen(server_of(zone, faults=faults), *subdomains)


def link_of(facts: DomainNames, kind: LinkKind) -> Link:
    (found,) = [link for link in facts.links if link.kind is kind]
    return found


def test_a_domain_in_order_costs_few_questions() -> None:
    server = server_of(
        '@ MX 10 mx1\nmx1 A 192.0.2.25\nmx1 AAAA 2001:db8::25\n@ TXT "v=spf1 mx -all"\nwww A 192.0.2.80\n'
        'www AAAA 2001:db8::80\n@ A 192.0.2.80\n@ CAA 0 issue "letsencrypt.org"\n'
    )
    facts = seen(server)
    assert facts.exists is True
    assert facts.wildcard == (RandomAnswer("A", (), aliased=False),)
    assert facts.chain is Chain.NONE
    assert facts.caa == CaaSet(DOMAIN, (DOMAIN,), (CaaRecord(0, "issue", b"letsencrypt.org"),))
    assert facts.site[0] == HostAddresses(f"www.{DOMAIN}", ("192.0.2.80",), ("2001:db8::80",))
    assert facts.name_servers == (HostAddresses(f"ns1.{DOMAIN}", ("192.0.2.53",), ("2001:db8::53",)),)
    assert facts.mail_hosts == (HostAddresses(f"mx1.{DOMAIN}", ("192.0.2.25",), ("2001:db8::25",)),)
    assert [(link.kind, link.target, link.exists) for link in facts.links] == [
        (LinkKind.NS, f"ns1.{DOMAIN}", True),
        (LinkKind.MX, f"mx1.{DOMAIN}", True),
    ]
    assert [name.exists for name in facts.names] == [label == "www" for label in USUAL_LABELS]
    own = {query for query in server.queries if query.name not in (".", "example")}
    shared = {(DOMAIN, "NS"), (DOMAIN, "MX"), (DOMAIN, "TXT")}
    shared |= {(f"{host}.{DOMAIN}", kind) for host in ("ns1", "mx1") for kind in ("A", "AAAA")}
    alone = [query for query in own if (query.name, query.type) not in shared]
    assert len(alone) <= 18, sorted((query.name, query.type) for query in alone)


@pytest.mark.parametrize(
    ("line", "target", "exists", "registered"),
    [
        ("www CNAME site.hebergeur.example.", "site.hebergeur.example", True, True),
        ("www CNAME vide.hebergeur.example.", "vide.hebergeur.example", True, True),
        ("www CNAME parti.hebergeur.example.", "parti.hebergeur.example", False, True),
        ("www CNAME site.disparu.example.", "site.disparu.example", False, False),
        (f"www CNAME absent.{DOMAIN}.", f"absent.{DOMAIN}", False, True),
    ],
)
def test_where_an_alias_leads(line: str, target: str, exists: bool, registered: bool) -> None:
    found = link_of(names_of(f"{line}\n"), LinkKind.CNAME)
    assert (found.owner, found.target) == (f"www.{DOMAIN}", target)
    assert found.record == f"{line.removeprefix('www ')}"
    assert (found.exists, found.registered) == (exists, registered)


def test_an_alias_of_an_alias_is_followed_to_its_end() -> None:
    zone = "www CNAME porte\nporte CNAME parti.hebergeur.example.\n"
    found = link_of(names_of(zone), LinkKind.CNAME)
    assert (found.record, found.target) == (f"CNAME porte.{DOMAIN}.", "parti.hebergeur.example")
    assert (found.exists, found.registrable) == (False, "hebergeur.example")


def test_a_name_that_cannot_be_asked_is_unknown() -> None:
    facts = names_of("www CNAME site.hebergeur.example.\n", faults={f"www.{DOMAIN}": DnsFault.SERVFAIL})
    (www,) = [name for name in facts.names if name.name == f"www.{DOMAIN}"]
    assert isinstance(www.exists, Unreachable)
    assert not [link for link in facts.links if link.kind is LinkKind.CNAME]


def test_a_trouble_at_the_registrable_name_is_not_a_free_name() -> None:
    faults = {"disparu.example": DnsFault.SERVFAIL}
    found = link_of(names_of("www CNAME site.disparu.example.\n", faults=faults), LinkKind.CNAME)
    assert found.exists is False
    assert isinstance(found.registered, Unreachable)


def test_mail_servers_name_servers_and_senders_that_are_gone() -> None:
    facts = names_of(
        "@ MX 10 mx.disparu.example.\n@ MX 20 mx1\nmx1 A 192.0.2.25\n@ NS ns.parti.hebergeur.example.\n"
        '@ TXT "v=spf1 include:_spf.disparu.example a:%{i}.x.example mx:mx1.l-hay.example redirect=r.example"\n'
    )
    gone = {(link.kind, link.target): link.registered for link in facts.links if link.exists is False}
    assert gone == {
        (LinkKind.MX, "mx.disparu.example"): False,
        (LinkKind.NS, "ns.parti.hebergeur.example"): True,
        (LinkKind.SPF, "_spf.disparu.example"): False,
        (LinkKind.SPF, "r.example"): False,
    }
    assert {link.record for link in facts.links if link.kind is LinkKind.SPF} == {
        "include:_spf.disparu.example",
        "mx:mx1.l-hay.example",
        "redirect=r.example",
    }


def test_an_spf_record_that_nobody_can_read_trusts_nobody() -> None:
    facts = names_of('@ TXT "v=spf1 include:_spf.disparu.example ip4:pas-une-adresse -all"\n')
    assert not [link for link in facts.links if link.kind is LinkKind.SPF]
    assert facts.spf_read is True


WILD_ZONES = {DOMAIN: HEAD + "www A 192.0.2.80\n", "example": PARENT + TARGETS}


def test_under_a_wildcard_only_created_names_are_names() -> None:
    wild = {"A": "192.0.2.99", "MX": f"10 mx1.{DOMAIN}.", "TXT": '"v=spf1 mx -all"'}
    facts = seen(OddDnsServer(WILD_ZONES, under=DOMAIN, wild=wild), f"ecole.{DOMAIN}")
    assert [(name.name, name.source) for name in facts.names] == [
        (f"ecole.{DOMAIN}", NameSource.DECLARED),
        (f"www.{DOMAIN}", NameSource.USUAL),
    ]
    assert facts.wildcard == (
        RandomAnswer("A", ("192.0.2.99",), aliased=False),
        RandomAnswer("AAAA", (), aliased=False),
        RandomAnswer("MX", (f"10 mx1.{DOMAIN}.",), aliased=False),
        RandomAnswer("TXT", ('"v=spf1 mx -all"',), aliased=False),
    )


def test_a_wildcard_that_is_an_alias_to_nowhere_is_told_once() -> None:
    server = OddDnsServer(WILD_ZONES, under=DOMAIN, wild={"CNAME": "parti.hebergeur.example."})
    found = link_of(seen(server), LinkKind.CNAME)
    assert (found.owner, found.exists) == (f"*.{DOMAIN}", False)


def test_the_random_label_is_drawn_once_a_run() -> None:
    server = server_of("")
    with place(server) as instruments:

        async def twice() -> None:
            for _ in range(2):
                await names_below.look(asset(), instruments)

        asyncio.run(twice())
    drawn = [query.name.removesuffix(f".{DOMAIN}") for query in server.queries]
    assert len([label for label in drawn if re.fullmatch("[0-9a-f]{12}", label)]) == 1


def cut_server(*hosts: str) -> OddDnsServer:
    zone = HEAD + "ns.morte A 192.0.2.66\n"
    return OddDnsServer({DOMAIN: zone, "example": PARENT}, cuts={f"ecole.{DOMAIN}": hosts})


def test_a_sub_zone_handed_to_servers_that_do_not_exist() -> None:
    facts = seen(cut_server("ns.disparu.example"), f"ecole.{DOMAIN}")
    found = link_of(facts, LinkKind.SUBZONE)
    assert (found.owner, found.target) == (f"ecole.{DOMAIN}", "ns.disparu.example")
    assert (found.exists, found.registered, found.serves) == (False, False, True)


def test_a_sub_zone_handed_to_a_server_that_does_not_serve_it() -> None:
    found = link_of(seen(cut_server(f"ns.morte.{DOMAIN}"), f"ecole.{DOMAIN}"), LinkKind.SUBZONE)
    assert (found.exists, found.serves) == (True, False)


EDU = f"ecole.{DOMAIN}"
HELD = Humour(EDU, (f"ns.morte.{DOMAIN}",))
OURS = Humour(DOMAIN, (f"ns1.{DOMAIN}",))
# What a device of the line gives for every question, without authority.
BORROWING = replace(OURS, authority=False)


def served(holder: Humour, *, ours: Humour = OURS) -> bool | Unreachable:
    """What is said of the server of a sub-zone, when the domain's own server is `ours`."""
    below = f"$TTL 60\n@ SOA ns.morte.{DOMAIN}. t 1 7200 3600 1209600 300\n@ NS ns.morte.{DOMAIN}.\n"
    zone = HEAD + "ns.morte A 192.0.2.66\necole NS ns.morte\n"
    resolver = DnsServer({DOMAIN: zone, EDU: below, "example": PARENT})
    own, below_it = OddNameServer(ours), OddNameServer(holder)
    with Background(own, below_it):
        rules = (f"192.0.2.53:53={own.address}", f"192.0.2.66:53={below_it.address}")
        return link_of(seen(resolver, EDU, connect_to=rules), LinkKind.SUBZONE).serves


@pytest.mark.parametrize(
    ("holder", "expected"),
    [
        (HELD, True),
        (replace(HELD, authority=False), False),
        (replace(HELD, rcode=dns.rcode.REFUSED), False),
        (replace(HELD, bare=True), False),
        (replace(HELD, rcode=dns.rcode.SERVFAIL), Reason.PROTOCOL_ERROR),
        (replace(HELD, rcode=dns.rcode.FORMERR), Reason.PROTOCOL_ERROR),
        (replace(HELD, rcode=dns.rcode.NXDOMAIN, authority=False), Reason.PROTOCOL_ERROR),
    ],
)
def test_what_the_server_of_a_sub_zone_says(holder: Humour, expected: bool | Reason) -> None:
    found = served(holder)
    assert (found.reason if isinstance(found, Unreachable) else found) == expected


@pytest.mark.parametrize(
    "ours", [BORROWING, replace(OURS, rcode=dns.rcode.REFUSED), replace(OURS, udp=False)]
)
@pytest.mark.parametrize("holder", [replace(HELD, authority=False), replace(HELD, rcode=dns.rcode.REFUSED)])
def test_on_a_line_where_nobody_has_authority_no_server_is_accused(ours: Humour, holder: Humour) -> None:
    found = served(holder, ours=ours)
    assert isinstance(found, Unreachable)
    assert found.reason is Reason.NO_CONTROL


def test_a_server_that_fails_does_not_say_that_there_is_no_sub_zone() -> None:
    failing_one = OddNameServer(replace(OURS, rcode=dns.rcode.SERVFAIL))
    with Background(failing_one):
        rules = (f"192.0.2.53:53={failing_one.address}",)
        facts = seen(cut_server("ns.disparu.example"), EDU, connect_to=rules)
    assert isinstance(link_of(facts, LinkKind.SUBZONE).exists, Unreachable)


def test_the_server_of_a_sub_zone_without_an_address_is_unknown() -> None:
    zones = {
        DOMAIN: HEAD + "ns.vide TXT x\necole NS ns.vide\n",
        EDU: f"$TTL 60\n@ SOA ns.vide.{DOMAIN}. t 1 7200 3600 1209600 300\n@ NS ns.vide.{DOMAIN}.\n",
        "example": PARENT,
    }
    assert isinstance(link_of(seen(DnsServer(zones), EDU), LinkKind.SUBZONE).serves, Unreachable)


def test_a_name_that_only_the_resolver_calls_missing_is_not_for_sale() -> None:
    server = server_of("www CNAME site.disparu.example.\n")
    found = link_of(seen(server, connect_to=()), LinkKind.CNAME)
    assert found.exists is False
    assert isinstance(found.registered, Unreachable)
    assert found.registered.reason is Reason.NO_CONTROL


@pytest.mark.parametrize("rcode", [dns.rcode.REFUSED, dns.rcode.SERVFAIL])
def test_a_registry_that_does_not_say_so_sells_nothing(rcode: dns.rcode.Rcode) -> None:
    registry = OddNameServer(Humour("example", rcode=rcode))
    with Background(registry):
        rules = (f"192.0.2.54:53={registry.address}",)
        found = link_of(seen(server_of("www CNAME x.disparu.example.\n"), connect_to=rules), LinkKind.CNAME)
    assert isinstance(found.registered, Unreachable)


def test_a_registry_that_knows_the_name_is_believed_against_the_resolver() -> None:
    registry = OddNameServer(Humour("example", ("ns.ailleurs.example",), delegates=True))
    with Background(registry):
        rules = (f"192.0.2.54:53={registry.address}",)
        found = link_of(seen(server_of("www CNAME x.disparu.example.\n"), connect_to=rules), LinkKind.CNAME)
    assert (found.exists, found.registered) == (False, True)


def test_a_registry_that_cannot_be_found_or_asked_sells_nothing() -> None:
    found = link_of(
        names_of("www CNAME x.disparu.example.\n", faults={"example": DnsFault.SERVFAIL}), LinkKind.CNAME
    )
    assert isinstance(found.registered, Unreachable)
    assert found.registered.reason is Reason.RESOLVER_FAILURE


def test_sub_zones_beyond_our_limits_are_told_and_never_in_order() -> None:
    subs = [f"z{rank}.{DOMAIN}" for rank in range(names_below.MOST_SUBZONES + 1)]
    zone = "".join(f"z{rank} NS ns1\n" for rank in range(len(subs)))
    below = f"$TTL 60\n@ SOA ns1.{DOMAIN}. t 1 7200 3600 1209600 300\n@ NS ns1.{DOMAIN}.\n"
    server = DnsServer({DOMAIN: HEAD + zone, "example": PARENT, **dict.fromkeys(subs, below)})
    facts = seen(server, *subs)
    assert facts.left_out == (subs[-1],)
    assert [link.owner for link in facts.links if link.exists == BEYOND] == [subs[-1]]
    assert all(link.serves is True for link in facts.links)


def test_many_declared_names_that_are_only_hosts_leave_nothing_out() -> None:
    subs = [f"h{rank}.{DOMAIN}" for rank in range(20)]
    facts = names_of("".join(f"h{rank} A 192.0.2.7\n" for rank in range(20)), *subs)
    assert facts.left_out == ()
    assert not [link for link in facts.links if isinstance(link.exists, Unreachable)]


def test_declared_names_beyond_our_limits_were_not_looked_at() -> None:
    subs = [f"n{rank}.{DOMAIN}" for rank in range(names_below.MOST_NAMES + 1)]
    facts = names_of("", *subs)
    assert subs[-1] in facts.left_out
    assert [name.name for name in facts.names if name.exists == BEYOND] == [subs[-1]]


def test_records_beyond_our_limits_are_links_that_nobody_looked_at() -> None:
    mails = "".join(f"@ MX {rank} mx{rank}\nmx{rank} A 192.0.2.25\n" for rank in range(MOST_MX + 1))
    terms = " ".join(f"include:s{rank}.hebergeur.example" for rank in range(MOST_TERMS + 1))
    facts = names_of(f'{mails}@ TXT "v=spf1 {terms[:200]}" "{terms[200:]} -all"\n')
    beyond = [(link.kind, link.record) for link in facts.links if link.exists == BEYOND]
    assert beyond == [
        (LinkKind.MX, f"MX {MOST_MX} mx{MOST_MX}.{DOMAIN}."),
        (LinkKind.SPF, f"include:s{MOST_TERMS}.hebergeur.example"),
    ]
    assert isinstance(facts.mail_hosts, tuple)
    assert facts.mail_hosts[-1] == HostAddresses(f"mx{MOST_MX}.{DOMAIN}", BEYOND, BEYOND)


def test_many_mail_servers_are_all_looked_at() -> None:
    """Eleven servers are no reason to know nothing; the one that is gone is found, the last of them too."""
    mails = "".join(f"@ MX {rank} mx{rank}\nmx{rank} A 192.0.2.25\n" for rank in range(11))
    facts = names_of(f"{mails}@ MX 99 parti.hebergeur.example.\n")
    found = {link.target: link.exists for link in facts.links if link.kind is LinkKind.MX}
    assert found == {**{f"mx{rank}.{DOMAIN}": True for rank in range(11)}, "parti.hebergeur.example": False}


def test_an_address_where_a_mail_server_should_be_named_is_not_asked_about() -> None:
    """RFC 5321 §5.1: it is no name; the question about the MX tells of it, and no other."""
    facts = names_of("@ MX 10 192.0.2.25.\n@ MX 20 mx1\nmx1 A 192.0.2.25\n")
    assert isinstance(facts.mail_hosts, tuple)
    assert [host.host for host in facts.mail_hosts] == [f"mx1.{DOMAIN}"]
    assert names_of("@ MX 10 192.0.2.25.\n").mail_hosts == ()


def test_a_sub_zone_that_is_served_is_in_order() -> None:
    zones = {
        DOMAIN: HEAD + "ecole NS ns1\n",
        f"ecole.{DOMAIN}": f"$TTL 60\n@ SOA ns1.{DOMAIN}. t 1 7200 3600 1209600 300\n@ NS ns1.{DOMAIN}.\n",
        "example": PARENT,
    }
    found = link_of(seen(DnsServer(zones), f"ecole.{DOMAIN}"), LinkKind.SUBZONE)
    assert (found.exists, found.serves) == (True, True)


def test_a_domain_that_does_not_exist_is_asked_nothing_else() -> None:
    server = DnsServer({"example": PARENT})
    facts = seen(server)
    assert facts.exists is False
    assert {query.name for query in server.queries} <= {DOMAIN, "."}


@pytest.mark.parametrize("fault", DnsFault)
def test_when_the_domain_cannot_be_asked_the_whole_is_unreachable(fault: DnsFault) -> None:
    with place(server_of("", faults={DOMAIN: fault})) as instruments:
        facts = asyncio.run(names_below.look(asset(), instruments))
    assert isinstance(facts, Unreachable)
    assert facts.reason is Reason.RESOLVER_FAILURE


def test_caa_is_looked_for_upwards() -> None:
    zones = {"example": PARENT, DOMAIN: HEAD, "example.com": PARENT + '@ CAA 0 issue ";"\nsous A 192.0.2.1\n'}
    with place(DnsServer(zones)) as instruments:
        below = asyncio.run(names_below.look(asset(name="sous.example.com"), instruments))
        alone = asyncio.run(names_below.look(asset(), instruments))
    assert isinstance(below, DomainNames)
    assert isinstance(alone, DomainNames)
    asked = ("sous.example.com", "example.com")
    assert below.caa == CaaSet("example.com", asked, (CaaRecord(0, "issue", b";"),))
    assert alone.caa == CaaSet("", (DOMAIN,), ())


def test_a_list_replaces_the_usual_names(tmp_path: Path) -> None:
    path = tmp_path / "noms"
    path.write_text("# essai\nArchives\narchives\n\nx.y # deux étages\n", encoding="utf-8")
    facts = seen(server_of("archives CNAME parti.hebergeur.example.\n"), subdomain_list=path)
    assert [(name.name, name.source) for name in facts.names] == [
        (f"archives.{DOMAIN}", NameSource.LISTED),
        (f"x.y.{DOMAIN}", NameSource.LISTED),
    ]
    assert link_of(facts, LinkKind.CNAME).exists is False


@pytest.mark.parametrize("text", ["deux mots\n", "-x\n", "a" * 70_000, "a.b.c.d.e\n"])
def test_a_list_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "noms"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="--subdomain-list"):
        read_labels(path)
    with pytest.raises(UsageError, match="--subdomain-list"), place(server_of(""), subdomain_list=path):
        pass


@pytest.mark.parametrize("name", ["absent", "."])
def test_a_list_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="--subdomain-list"):
        read_labels(tmp_path / name)


def test_a_long_list_is_bounded_and_the_rest_told(tmp_path: Path) -> None:
    path = tmp_path / "noms"
    path.write_text("".join(f"n{rank}\n" for rank in range(names_below.MOST_NAMES + 2)), encoding="utf-8")
    facts = seen(server_of(""), subdomain_list=path)
    assert len(facts.names) == names_below.MOST_NAMES
    assert facts.left_out == (f"n200.{DOMAIN}", f"n201.{DOMAIN}")


SIGNED = "www A 192.0.2.80\nvieux CNAME parti.hebergeur.example.\n_dmarc TXT x\n"


def signed_server(zone: str) -> DnsServer:
    return DnsServer({DOMAIN: HEAD + zone, "example": PARENT + TARGETS}, signed=[DOMAIN], now=DEMO_NOW)


def test_a_signed_zone_tells_its_names_and_nothing_is_guessed() -> None:
    server = signed_server(SIGNED)
    facts = seen(server)
    assert facts.chain is Chain.WHOLE
    assert {(name.name, name.source) for name in facts.names} == {
        (f"{label}.{DOMAIN}", NameSource.CHAINED) for label in ("ns1", "www", "vieux", "_dmarc")
    }
    assert link_of(facts, LinkKind.CNAME).exists is False
    asked = Counter(query.name.partition(".")[0] for query in server.queries)
    assert not {"intranet", "vpn", "extranet"} & set(asked)


def test_the_chain_is_followed_past_a_sub_zone_that_does_not_answer() -> None:
    server = OddDnsServer(
        {DOMAIN: HEAD + f"ecole NS ns.disparu.example.\n{SIGNED}", "example": PARENT + TARGETS},
        cuts={f"ecole.{DOMAIN}": ("ns.disparu.example",)},
        signed=[DOMAIN],
        now=DEMO_NOW,
    )
    facts = seen(server)
    assert facts.chain is Chain.WHOLE
    assert f"www.{DOMAIN}" in {name.name for name in facts.names}
    found = link_of(facts, LinkKind.SUBZONE)
    assert (found.owner, found.exists) == (f"ecole.{DOMAIN}", False)


def test_a_chain_that_breaks_leaves_the_usual_names_to_be_asked() -> None:
    server = OddDnsServer(
        {DOMAIN: HEAD + f"{'e' * 63} NS ns.disparu.example.\n{SIGNED}", "example": PARENT + TARGETS},
        cuts={f"{'e' * 63}.{DOMAIN}": ("ns.disparu.example",)},
        signed=[DOMAIN],
        now=DEMO_NOW,
    )
    facts = seen(server)
    assert facts.chain is Chain.CUT
    assert {NameSource.CHAINED, NameSource.USUAL} == {name.source for name in facts.names}


def test_a_long_chain_is_cut() -> None:
    facts = seen(signed_server("".join(f"n{rank:03} A 192.0.2.1\n" for rank in range(60))))
    assert facts.chain is Chain.CUT
    assert [name for name in facts.left_out if name.endswith(f".{DOMAIN}")] != []
    chained = [name for name in facts.names if name.source is NameSource.CHAINED]
    assert len(chained) == 50


def test_what_would_be_asked_is_announced() -> None:
    with place(server_of("")) as instruments:
        said = announce(asset(f"ecole.{DOMAIN}"), instruments)
    assert {each.purpose for each in said} == {Purpose.INFRASTRUCTURE, Purpose.NAMES}
    assert all(each.target == DOMAIN and each.max_packets > 18 for each in said)


def test_a_zone_full_of_missing_targets_is_bounded_and_the_rest_unknown(tmp_path: Path) -> None:
    path = tmp_path / "noms"
    path.write_text("".join(f"n{rank}\n" for rank in range(60)), encoding="utf-8")
    zone = "".join(f"n{rank} CNAME parti{rank}.hebergeur.example.\n" for rank in range(60))
    found = [
        link.exists
        for link in seen(server_of(zone), subdomain_list=path).links
        if link.kind is LinkKind.CNAME
    ]
    assert found.count(False) == 50
    lost = [exists for exists in found if isinstance(exists, Unreachable)]
    assert {each.reason for each in lost} == {Reason.BUDGET_SPENT}
    assert len(lost) == 10


def failing(*types: str, below: bool = False, zone: str = "") -> DomainNames:
    zones = {DOMAIN: HEAD + zone, "example": PARENT + TARGETS}
    return seen(OddDnsServer(zones, under=DOMAIN, fails=types, fails_below=below))


@pytest.mark.parametrize(
    ("rrtype", "field"), [("MX", "mail_hosts"), ("TXT", "spf_read"), ("CAA", "caa"), ("NSEC", "chain")]
)
def test_a_type_that_cannot_be_asked_costs_its_own_field(rrtype: str, field: str) -> None:
    facts = failing(rrtype)
    lost = [
        name
        for name in ("mail_hosts", "spf_read", "caa", "chain")
        if isinstance(getattr(facts, name), Unreachable)
    ]
    assert lost == [field]


def test_a_random_label_that_cannot_be_asked_is_unknown() -> None:
    assert isinstance(failing("A", below=True).wildcard, Unreachable)


def test_a_wildcard_that_cannot_be_asked_in_one_type_is_unknown_there() -> None:
    server = OddDnsServer(WILD_ZONES, under=DOMAIN, wild={"A": "192.0.2.99"}, fails=("MX",), fails_below=True)
    answers = seen(server).wildcard
    assert not isinstance(answers, Unreachable)
    assert [answer.rrtype for answer in answers if isinstance(answer.records, Unreachable)] == ["MX"]


def test_a_mail_server_whose_name_cannot_be_asked_is_unknown() -> None:
    found = link_of(
        names_of("@ MX 10 mx.panne.example.\n", faults={"mx.panne.example": DnsFault.SERVFAIL}), LinkKind.MX
    )
    assert isinstance(found.exists, Unreachable)
    assert found.registered is True


def test_caa_above_that_cannot_be_asked_is_unknown() -> None:
    zones = {"example.com": PARENT + "sous A 192.0.2.1\n"}
    with place(DnsServer(zones, faults={"example.com": DnsFault.SERVFAIL})) as instruments:
        facts = asyncio.run(names_below.look(asset(name="sous.example.com"), instruments))
    assert isinstance(facts, DomainNames)
    assert isinstance(facts.caa, Unreachable)


def test_a_sub_zone_about_which_nobody_answers_stays_unknown() -> None:
    server = cut_server("ns.disparu.example")
    facts = seen(server, f"ecole.{DOMAIN}", connect_to=())
    assert isinstance(link_of(facts, LinkKind.SUBZONE).exists, Unreachable)
    (ecole,) = [name for name in facts.names if name.name == f"ecole.{DOMAIN}"]
    assert isinstance(ecole.exists, Unreachable)


def test_a_server_of_a_sub_zone_that_may_not_be_asked_is_unknown() -> None:
    server = OddDnsServer(
        {DOMAIN: HEAD + "ns.muet A 192.0.2.67\n", "example": PARENT},
        cuts={f"ecole.{DOMAIN}": (f"ns.muet.{DOMAIN}",)},
    )
    found = link_of(seen(server, f"ecole.{DOMAIN}"), LinkKind.SUBZONE)
    assert isinstance(found.serves, Unreachable)

"""SPF through the resolver of the run and a real DNS server: the tree as facts, and `look spf` as typed."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from ipaddress import ip_address

import pytest

from cyberaudit.cli.main import run
from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsFault, DnsServer
from cyberaudit.facts.mail import MailDns
from cyberaudit.facts.spf_tree import Found, SpfTree
from cyberaudit.probes import mail_dns
from cyberaudit.probes.spf.lookup import RunLookup
from tests.loopback.test_probes_mail import DOMAIN, HEAD, domain, place

pytestmark = pytest.mark.loopback

RECORD = f"v=spf1 mx a:web.{DOMAIN} include:_spf.{DOMAIN} exists:%{{i}}.x.%{{d}} include:_b.{DOMAIN} -all"
ZONE = f"""\
@ MX 10 mx1
mx1 A 192.0.2.25
web A 192.0.2.80
@ TXT "{RECORD} exp=why.%{{d}}"
why TXT "%{{i}} ne peut pas " "signer %{{o}}"
_spf TXT "v=spf1 ip4:198.51.100.0/24 a:o1.{DOMAIN} a:o2.{DOMAIN} a:o3.{DOMAIN} ~all"
_b TXT "v=spf1 a:o1.{DOMAIN} redirect=_c.{DOMAIN}"
_c TXT "v=spf1 ip4:203.0.113.0/24 -all"
o1 A 198.51.100.1
o2 CNAME o1
o3 A 198.51.100.3
"""
"""Ten look-ups exactly."""


def tree_of(zone: str, faults: Mapping[str, DnsFault] | None = None) -> tuple[SpfTree, int]:
    """The tree, and how many questions the DNS server got for the whole probe."""
    with place(zone, faults=faults) as (instruments, server):
        facts = asyncio.run(mail_dns.look(domain(), instruments))
        asked = server.queries.total()
    assert isinstance(facts, MailDns)
    assert isinstance(facts.spf, SpfTree)
    return facts.spf, asked


def test_ten_lookups_are_counted_and_each_question_is_asked_once() -> None:
    tree, asked = tree_of(ZONE)
    assert (tree.lookups, tree.voids, tree.is_broken, tree.cut) == (10, 0, False, False)
    assert tree.ip4_admitted == 2 * 256 + 2
    # TXT: apex, two lists, the redirect; MX and its host's A; A and AAAA of four names; two of DMARC; two of the root.
    assert asked <= 4 + 2 + 8 + 1 + 2 + 2


def test_a_list_that_dns_refuses_to_give_is_trouble_and_the_rest_is_still_counted() -> None:
    tree, _ = tree_of(ZONE, faults={f"_spf.{DOMAIN}": DnsFault.SERVFAIL})
    assert [step.found for step in tree.steps if step.found is Found.TROUBLE] == [Found.TROUBLE]
    assert (tree.lookups, tree.is_whole) == (7, False)


def test_a_silent_name_costs_its_own_time_only() -> None:
    tree, _ = tree_of(ZONE, faults={f"o1.{DOMAIN}": DnsFault.MUTE, f"o3.{DOMAIN}": DnsFault.MUTE})
    assert not tree.is_whole
    assert tree.lookups == 10


@pytest.mark.parametrize(
    ("zone", "terms"),
    [
        ("", None),
        (f'@ TXT "v=spf1 a:o1.{DOMAIN} -all"\n@ TXT "v=spf1 mx -all"\n', {f"a:o1.{DOMAIN}", "mx"}),
        ('@ TXT "v=spf1 oops -all"\n@ TXT "v=spf1 mx -all"\n', {"mx"}),
    ],
)
def test_of_several_records_all_are_followed_and_of_none_nothing(zone: str, terms: set[str] | None) -> None:
    with place(zone) as (instruments, _):
        facts = asyncio.run(mail_dns.look(domain(), instruments))
    assert isinstance(facts, MailDns)
    seen = {each.term for each in facts.spf.steps} if isinstance(facts.spf, SpfTree) else facts.spf
    assert seen == terms


def test_a_name_with_a_backslash_is_asked_as_it_is() -> None:
    zone = f'@ TXT "v=spf1 a:l\\\\\\\\046a.{DOMAIN} -all"\nl.a A 192.0.2.1\n'
    tree, _ = tree_of(zone)
    assert [step.found for step in tree.steps] == [Found.NOTHING]


def test_reverse_names_come_through_the_resolver() -> None:
    reverse = {"2.0.192.in-addr.arpa": HEAD + f"25 PTR MX1.{DOMAIN}.\n"}
    server = DnsServer(reverse)
    with place("") as (instruments, dns), Background(server):
        dns._answers = server._answers
        found = asyncio.run(RunLookup(instruments.resolver).names(ip_address("192.0.2.25")))
    assert found == (f"mx1.{DOMAIN}",)


@pytest.fixture
def resolver() -> Iterator[str]:
    server = DnsServer({DOMAIN: HEAD + ZONE, "example": HEAD})
    with Background(server):
        yield server.address


def looked(resolver: str, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    aim = ("--resolver", resolver, "--authorized-by", "Mme le maire")
    code = run(["look", "spf", DOMAIN, *aim, *words])
    return code, capsys.readouterr().out.replace("\u00a0", " ")


def test_look_spf_prints_the_tree(resolver: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = looked(resolver, capsys)
    assert code == 0
    assert "✓ 10 recherches DNS sur 10" in out
    assert f"redirect=_c.{DOMAIN}" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ip", "198.51.100.7"), f"Décidé par « include:_spf.{DOMAIN} »"),
        (("--ip", "203.0.113.9", "--helo", "mx.example"), "autorisé (pass)"),
        (("--ip", "2001:db8::1"), "liste est inutilisable (permerror)"),
        (("--ip", "192.0.2.9", "--from", f"jean@{DOMAIN}"), f"« 192.0.2.9 ne peut pas signer {DOMAIN} »"),
    ],
)
def test_look_spf_says_by_which_term(
    resolver: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    code, out = looked(resolver, capsys, *words)
    assert (code, said in out) == (0, True), out


def test_look_spf_answers_in_json(resolver: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = looked(resolver, capsys, "--json", "--ip", "198.51.100.7")
    assert code == 0
    assert json.loads(out)["outcome"]["result"] == "pass"


@pytest.mark.parametrize(
    "words", [("--ip", "ici"), ("--from", "a@b.example"), ("--ip", "192.0.2.1", "--helo", "x" * 400)]
)
def test_a_question_that_is_not_whole_is_refused(
    resolver: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert looked(resolver, capsys, *words)[0] == 2


def test_nobody_is_looked_at_without_saying_who_allowed_it(resolver: str) -> None:
    assert run(["look", "spf", DOMAIN, "--resolver", resolver]) == 2

"""Mail checks: facts to verdicts, table by table."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.certificate import Certificate, TlsSession
from cyberaudit.facts.dane import Dane
from cyberaudit.facts.dkim_samples import GOOD_DKIM
from cyberaudit.facts.mail import MailDns, MxRecord, TxtAnswer
from cyberaudit.facts.mail_policies_samples import DANE_HOST, GOOD_DANE
from cyberaudit.facts.mail_samples import BAD_DNS, BROKEN_DNS, GOOD_DNS, LOCKED_DNS, LONG_DNS, MX_STEP
from cyberaudit.facts.mail_servers import MailServer, MailServers, Reverse, SmtpSession, UnresolvedServer
from cyberaudit.facts.mail_servers_samples import (
    BAD_SERVERS,
    CERTIFICATE,
    EXPIRED_SERVERS,
    GOOD_SERVERS,
    MUTE_SERVERS,
    SESSION,
    TLS,
)
from cyberaudit.facts.security import Security
from cyberaudit.facts.spf import SpfFault, spf_all, spf_ignored, spf_redirect, spf_terms
from cyberaudit.facts.spf_tree import Found, SpfStep, SpfTree
from cyberaudit.model import Evidence, Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
LOST = Unreachable(Reason.TIMEOUT)
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
Expected = tuple[Status, str]


def ask(check_id: str, facts: Any, *, sends_mail: bool = True) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = towns.domain(sends_mail=sends_mail)
    needed = (facts, GOOD_DKIM) if check_id == "mail.dmarc" else facts
    return check.function(needed, Context(towns.NOW, asset, check.settings(), towns.town(asset)))


def outcome(check_id: str, facts: Any, *, sends_mail: bool = True) -> Expected:
    verdict = ask(check_id, facts, sends_mail=sends_mail)
    return verdict.status, verdict.reason


def dns(
    *,
    spf: tuple[bytes, ...] = (b"v=spf1 mx -all",),
    dmarc: Any = GOOD_DNS.dmarc,
    tree: SpfTree | Unreachable | None = GOOD_DNS.spf,
) -> MailDns:
    return replace(GOOD_DNS, apex=TxtAnswer(GOOD_DNS.domain, spf), dmarc=dmarc, spf=tree)


def step(term: str, found: Found = Found.ADDRESSES, record: str = "", **changes: Any) -> SpfStep:
    target = term.lstrip("+-~?").partition("=" if "=" in term else ":")[2]
    return replace(
        MX_STEP, term=term, target=target or MX_STEP.at, found=found, record=record, names=0, **changes
    )


def tree(*steps: SpfStep, cut: bool = False, admitted: int = 0) -> SpfTree:
    return SpfTree(steps, cut, admitted)


def void(term: str) -> SpfStep:
    return step(term, Found.NOTHING, void4=True, void6=True)


def redirected(record: str, *more: SpfStep, found: Found = Found.RECORD) -> SpfTree:
    return tree(step("redirect=_spf.example", found, record), *more)


def dmarc(*records: bytes, at: str = GOOD_DNS.domain) -> tuple[TxtAnswer, ...]:
    return (TxtAnswer(f"_dmarc.{at}", records),)


REDIRECT = b"v=spf1 redirect=_spf.example"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (dns(), (PASS, "")),
        (dns(spf=()), (FAIL, "no-record")),
        (dns(spf=(b"v=spf10 -all", b"spf2.0/pra")), (FAIL, "no-record")),
        (dns(spf=(b"V=SPF1 -ALL",)), (PASS, "")),
        (dns(spf=(b"v=spf1 -all", b"v=spf1 mx -all")), (FAIL, "several-records")),
        (dns(spf=(b"v=spf1 +all",)), (FAIL, "plus-all")),
        (dns(spf=(b"v=spf1 all",)), (FAIL, "plus-all")),
        (dns(spf=(b"v=spf1 mx ?all",)), (PARTIAL, "neutral-all")),
        (dns(spf=(b"v=spf1 mx",)), (PARTIAL, "no-all")),
        (dns(spf=(b"v=spf1 mx ~all",)), (PASS, "")),
        (dns(spf=(b"v=spf1 mx ~all",), dmarc=dmarc(b"v=DMARC1; p=none")), (PARTIAL, "soft-all")),
        (dns(spf=(b"v=spf1 mx ~all",), dmarc=LOST), (UNKNOWN, Reason.TIMEOUT)),
        (dns(spf=(REDIRECT,), tree=redirected("v=spf1 -all")), (PASS, "")),
        (dns(spf=(REDIRECT,), tree=redirected("", found=Found.NO_RECORD)), (FAIL, "broken-redirect")),
        (dns(spf=(REDIRECT,), tree=redirected("", found=Found.LOOP)), (FAIL, "loop")),
        (dns(spf=(REDIRECT,), tree=redirected("", found=Found.TROUBLE)), (UNKNOWN, "resolver-failure")),
        (dns(spf=(REDIRECT,), tree=redirected("", found=Found.VARIABLE)), (UNKNOWN, "undecided")),
        (dns(spf=(REDIRECT,), tree=LOST), (UNKNOWN, Reason.TIMEOUT)),
        (dns(spf=(REDIRECT,), tree=None), (UNKNOWN, Reason.NOT_COLLECTED)),
        (dns(spf=(REDIRECT + b" -all",), tree=tree()), (PARTIAL, "after-all")),
        (dns(tree=LOST), (PASS, "")),
        (dns(spf=(b"v=spf1 a:x.example -all",), tree=LOST), (UNKNOWN, Reason.TIMEOUT)),
        (replace(GOOD_DNS, apex=LOST), (UNKNOWN, Reason.TIMEOUT)),
        (dns(spf=(b"v=spf1 ip4:0.0.0.0/0 -all",)), (FAIL, "too-broad")),
        (dns(spf=(b"v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",)), (FAIL, "too-broad")),
        (dns(spf=(b"v=spf1 ip6:2000::/3 -all",)), (FAIL, "too-broad")),
        (dns(spf=(b"v=spf1 a//0 -all",)), (FAIL, "too-broad")),
        (dns(spf=(b"v=spf1 mx/7 -all",)), (FAIL, "too-broad")),
        (dns(spf=(b"v=spf1 ip4:10.0.0.0/8 -all",)), (PASS, "")),
        (dns(spf=(b"v=spf1 -ip4:0.0.0.0/0 ~ip6:::/0 -all",)), (PASS, "")),
        (dns(spf=(b"v=spf1 -all ip4:0.0.0.0/0",)), (PARTIAL, "after-all")),
        (dns(spf=(b"v=spf1 mx -all ipv4:192.0.2.1",)), (FAIL, "syntax")),
        (dns(spf=(b"v=spf1 include: -all",)), (FAIL, "syntax")),
        (dns(spf=(b"v=spf1\tmx -all",)), (FAIL, "no-record")),
        (dns(spf=(REDIRECT + b" ip4:1.2.3",), tree=LOST), (FAIL, "syntax")),
        (dns(spf=(REDIRECT + b" ip4:0.0.0.0/0",), tree=LOST), (FAIL, "too-broad")),
        (dns(spf=(REDIRECT,), tree=redirected("", found=Found.SYNTAX)), (FAIL, "include-syntax")),
        (dns(spf=(REDIRECT,), tree=redirected("v=spf1 ip4:0.0.0.0/2 -all")), (FAIL, "too-broad")),
        (dns(spf=(REDIRECT,), tree=redirected("v=spf1 ?all")), (PARTIAL, "neutral-all")),
    ],
)
def test_spf(facts: MailDns, expected: Expected) -> None:
    assert outcome("mail.spf", facts) == expected


TEN = tuple(step(f"a:h{n}.example") for n in range(10))
INCLUDED = step("include:_spf.example", Found.RECORD, "v=spf1 ip4:198.51.100.0/24 -all")
OPEN = step("include:_spf.example", Found.RECORD, "v=spf1 +all")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (tree(*TEN), (PASS, "")),
        (tree(*TEN, step("a:h10.example")), (FAIL, "too-many-lookups")),
        (tree(void("a:x.example"), void("mx:y.example")), (PASS, "")),
        (tree(*map(void, ("a:x.example", "a:y.example", "a:z.example"))), (FAIL, "too-many-voids")),
        (tree(*(step(f"a:{n}.x.example", void4=True) for n in "abc")), (PASS, "")),
        (tree(step("mx", Found.TOO_MANY_MX)), (FAIL, "too-many-mx")),
        (tree(step("include:x.example", Found.NO_RECORD)), (FAIL, "include-no-record")),
        (tree(step("include:x.example", Found.SEVERAL)), (FAIL, "include-several-records")),
        (tree(step("include:x.example", Found.SYNTAX)), (FAIL, "include-syntax")),
        (tree(step("include:x.example", Found.LOOP)), (FAIL, "loop")),
        (tree(step("include:x.example", Found.TROUBLE)), (UNKNOWN, "resolver-failure")),
        (tree(step("mx", Found.TROUBLE), step("include:x.example", Found.LOOP)), (FAIL, "loop")),
        (tree(step("exists:%{i}.x.example", Found.VARIABLE)), (PASS, "")),
        (tree(step("ptr", Found.VARIABLE)), (PARTIAL, "ptr")),
        (tree(step("ptr", Found.VARIABLE, depth=1)), (PASS, "")),
        (tree(INCLUDED), (PASS, "")),
        (tree(OPEN), (FAIL, "plus-all")),
        (tree(replace(OPEN, admits=False)), (PASS, "")),
        (tree(replace(INCLUDED, record="v=spf1 ip4:192.0.0.0/4 -all")), (FAIL, "too-broad")),
        (tree(INCLUDED, admitted=1 << 23), (PASS, "")),
        (tree(INCLUDED, admitted=1 << 24), (FAIL, "too-broad")),
    ],
)
def test_what_a_list_leads_to(seen: SpfTree, expected: Expected) -> None:
    assert outcome("mail.spf", dns(tree=seen)) == expected


def test_too_many_lookups_tell_the_count_and_the_term_that_goes_over() -> None:
    verdict = ask("mail.spf", LONG_DNS)
    assert verdict.items[0].text == (
        "13 recherches DNS au lieu de 10 : la lecture s'arrête à « a:sortie.fournisseur.example »."
    )
    assert Evidence("recherches DNS", "13 sur 10 au plus") in verdict.evidence


def proposed(facts: MailDns) -> str | None:
    lines = [
        line.value
        for line in ask("mail.spf", facts).evidence
        if line.label.startswith("ligne à publier") and line.label.endswith("(proposition)")
    ]
    return lines[0].partition(" IN TXT ")[2] if lines else None


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (dns(), None),
        (
            dns(
                spf=(b"v=spf1 include:x.example ~all", b"v=spf1 mx -all"),
                tree=tree(step("include:x.example", Found.RECORD, "v=spf1 -all"), step("mx")),
            ),
            '"v=spf1 include:x.example mx -all"',
        ),
        (dns(spf=(b"v=spf1 include:x.example ~all", b"v=spf1 mx -all"), tree=None), None),
        (
            dns(spf=(b"v=spf1 MX -all", b"v=spf1 a mx -all"), tree=tree(step("MX"), step("a"), step("mx"))),
            '"v=spf1 mx a -all"',
        ),
        (dns(spf=(b"v=spf1 MX -all", b"v=spf1 a mx -all"), tree=None), '"v=spf1 mx a -all"'),
        (dns(spf=(b"v=spf1 mx -all", b"v=spf1 redirect=x.example")), None),
        (dns(spf=(b"v=spf1 mx -all", b"v=spf1 oops")), None),
        (dns(spf=(b"v=spf1 mx ?all",)), '"v=spf1 mx ~all"'),
        (dns(spf=(b"v=spf1 mx",)), '"v=spf1 mx ~all"'),
        (LONG_DNS, '"v=spf1 mx include:_spf.fournisseur.example -all"'),
        (BROKEN_DNS, '"v=spf1 mx -all"'),
        (
            dns(
                spf=(b"v=spf1 ip4:198.51.100.1 a:x.example a:y.example a:z.example -all",),
                tree=tree(*map(void, ("a:x.example", "a:y.example", "a:z.example"))),
            ),
            '"v=spf1 ip4:198.51.100.1 -all"',
        ),
        (
            dns(
                spf=(b"v=spf1 a:x.example a:y.example a:z.example -all",),
                tree=tree(*map(void, ("a:x.example", "a:y.example", "a:z.example"))),
            ),
            None,
        ),
        (
            dns(
                spf=(b"v=spf1 mx include:x.example -all",),
                tree=tree(step("mx"), step("include:x.example", Found.NO_RECORD)),
            ),
            '"v=spf1 mx -all"',
        ),
        (dns(spf=(b"v=spf1 " + b"ip4:198.51.100.24 " * 3 + b"?all",)), '"v=spf1 ip4:198.51.100.24 ~all"'),
        (dns(spf=(b"v=spf1 " + b" ".join(b"ip4:198.51.100.%d" % n for n in range(40)) + b" ?all",)), None),
        (dns(spf=(b"v=spf1 mx ptr -all",), tree=tree(step("mx"), step("ptr", Found.VARIABLE))), None),
        (dns(spf=(b"v=spf1 mx -all include:x.example",)), '"v=spf1 mx -all"'),
        (dns(tree=tree(*TEN, step("a:h10.example"))), None),
    ],
)
def test_a_better_line_is_proposed_when_it_lets_the_same_people_write(
    facts: MailDns, line: str | None
) -> None:
    assert proposed(facts) == line


def included(name: str, *, lookups: int) -> tuple[SpfStep, ...]:
    """`include:name`, and the look-ups of the list that stands there; it counts for one itself."""
    below = (step(f"a:h{n}.{name}", depth=1, at=name) for n in range(lookups - 1))
    return (step(f"include:{name}", Found.RECORD, "v=spf1 ~all"), *below)


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        (5, 5, '"v=spf1 include:x.example include:y.example -all"'),
        (6, 5, None),
        (10, 1, None),
    ],
)
def test_lists_are_merged_only_when_what_they_include_fits_too(
    first: int, second: int, line: str | None
) -> None:
    records = (b"v=spf1 include:x.example -all", b"v=spf1 include:y.example -all")
    seen = tree(*included("x.example", lookups=first), *included("y.example", lookups=second))
    assert proposed(dns(spf=records, tree=seen)) == line


@pytest.mark.parametrize(
    "other",
    [
        step("include:y.example", Found.SYNTAX),
        step("include:y.example", Found.TROUBLE),
        step("include:y.example", Found.BOGUS),
        step("include:y.example", Found.VARIABLE),
        step("include:y.example", Found.RECORD, "v=spf1 -all", sampled=True),
    ],
)
def test_nothing_is_proposed_around_a_list_that_nobody_could_read(other: SpfStep) -> None:
    records = (b"v=spf1 mx -all", b"v=spf1 include:y.example -all")
    assert proposed(dns(spf=records, tree=tree(step("mx"), other))) is None


def test_a_list_that_is_gone_is_left_out_of_the_merged_one() -> None:
    records = (b"v=spf1 mx -all", b"v=spf1 include:y.example -all")
    seen = tree(step("mx"), step("include:y.example", Found.NO_RECORD))
    assert proposed(dns(spf=records, tree=seen)) == '"v=spf1 mx -all"'


@given(costs=st.lists(st.integers(1, 8), min_size=2, max_size=4))
def test_a_merged_list_is_never_over_the_limit(costs: list[int]) -> None:
    records = tuple(b"v=spf1 include:x%d.example -all" % n for n in range(len(costs)))
    steps = [each for n, cost in enumerate(costs) for each in included(f"x{n}.example", lookups=cost)]
    line = proposed(dns(spf=records, tree=tree(*steps)))
    assert (line is not None) == (sum(costs) <= 10)


@pytest.mark.parametrize(
    ("hosts", "label", "record"),
    [
        ((f"mx1.{GOOD_DNS.domain}",), "d'après le MX", "v=spf1 mx ~all"),
        (("mx1.mail.ovh.net", "mx2.mail.ovh.net"), "d'après le MX", "v=spf1 include:mx.ovh.com ~all"),
        (
            ("mairie-fr.mail.protection.outlook.com",),
            "d'après le MX",
            "v=spf1 include:spf.protection.outlook.com ~all",
        ),
        (("mx.zoho.eu",), "d'après le MX", "v=spf1 include:zoho.eu ~all"),
        (
            ("mx1.mairie.example", "mta-gw.infomaniak.ch"),
            "d'après le MX",
            "v=spf1 mx include:spf.infomaniak.ch ~all",
        ),
        (("",), "si ce nom n'écrit jamais", "v=spf1 -all"),
        ((), "si ce nom n'écrit jamais", "v=spf1 -all"),
    ],
)
def test_a_first_list_is_proposed_after_who_receives_the_mail(
    hosts: tuple[str, ...], label: str, record: str
) -> None:
    facts = replace(dns(spf=()), mx=tuple(MxRecord(10, host) for host in hosts))
    line = Evidence(f"ligne à publier (proposition, {label})", f'{GOOD_DNS.domain}. IN TXT "{record}"')
    assert ask("mail.spf", facts).evidence[0] == line
    assert "tout ce qui envoie" in ask("mail.spf", facts).evidence[1].value


def test_nothing_is_proposed_when_the_mx_is_not_known() -> None:
    assert ask("mail.spf", replace(dns(spf=()), mx=LOST)).evidence == ()
    assert ask("mail.spf", replace(dns(spf=()), mx=(), exists=False)).evidence == ()


def test_a_list_whose_signature_is_false_is_not_judged() -> None:
    verdict = ask("mail.spf", dns(tree=tree(step("include:x.example", Found.BOGUS))))
    assert (verdict.status, verdict.reason) == (UNKNOWN, Reason.BOGUS)
    assert "non vérifiable" in verdict.items[0].text


CODES = (
    ("missing", dns(spf=())),
    ("multiple", dns(spf=(b"v=spf1 -all", b"v=spf1 mx -all"))),
    ("multiple", dns(tree=tree(step("include:x.example", Found.SEVERAL)))),
    ("syntax", dns(spf=(b"v=spf1 oops -all",))),
    ("syntax", dns(tree=tree(step("include:x.example", Found.SYNTAX)))),
    ("too_many_lookups", LONG_DNS),
    ("too_many_voids", dns(tree=tree(*map(void, ("a:x.example", "a:y.example", "a:z.example"))))),
    ("too_many_mx", dns(tree=tree(step("mx", Found.TOO_MANY_MX)))),
    ("include_no_record", BROKEN_DNS),
    ("include_no_record", dns(spf=(REDIRECT,), tree=redirected("", found=Found.NO_RECORD))),
    ("loop", dns(tree=tree(step("include:x.example", Found.LOOP)))),
    ("temperror", dns(tree=tree(step("include:x.example", Found.TROUBLE)))),
    ("temperror", dns(tree=tree(step("include:x.example", Found.BOGUS)))),
    ("plus_all", dns(spf=(b"v=spf1 +all",))),
    ("plus_all", dns(tree=tree(OPEN))),
    ("neutral_all", dns(spf=(b"v=spf1 mx ?all",))),
    ("no_all", dns(spf=(b"v=spf1 mx",))),
    ("soft_all", dns(spf=(b"v=spf1 mx ~all",), dmarc=dmarc(b"v=DMARC1; p=none"))),
    ("ptr", dns(tree=tree(step("ptr", Found.VARIABLE)))),
    ("too_broad", dns(spf=(b"v=spf1 ip4:0.0.0.0/1 -all",))),
    ("too_broad", dns(tree=tree(INCLUDED, admitted=1 << 24))),
    ("after_all", dns(spf=(b"v=spf1 -all mx",))),
)


@pytest.mark.parametrize(("code", "facts"), CODES)
def test_each_fault_of_a_list_carries_its_code(code: str, facts: MailDns) -> None:
    verdict = ask("mail.spf", facts)
    found = {item.reason for item in verdict.items if item.status is verdict.status}
    assert found == {f"spf.{code}"}


def test_a_shared_list_and_a_wide_range_are_told_and_no_fault() -> None:
    record = b"v=spf1 ip4:198.18.0.0/15 include:mx.ovh.com -all"
    shared = step("include:mx.ovh.com", Found.RECORD, "v=spf1 ip4:198.51.100.0/24 ~all")
    verdict = ask("mail.spf", dns(spf=(record,), tree=tree(shared)))
    assert verdict.status is PASS
    assert [(item.status, item.reason) for item in verdict.items] == [
        (PASS, "spf.shared_include"),
        (PASS, "spf.wide"),
    ]
    assert "OVHcloud" in verdict.items[0].text


@pytest.mark.parametrize(
    ("record", "likelihood"),
    [(b"v=spf1 +all", 4), (b"v=spf1 ip4:0.0.0.0/0 -all", 4), (b"v=spf1 ip4:0.0.0.0/1 -all", None)],
)
def test_an_spf_that_lets_everybody_in_raises_the_likelihood(record: bytes, likelihood: int | None) -> None:
    assert ask("mail.spf", dns(spf=(record,))).likelihood == likelihood


def test_a_malformed_spf_shows_the_term_at_fault() -> None:
    verdict = ask("mail.spf", dns(spf=(b"v=spf1 mx ip4:192.0.2.0/33 -all",)))
    assert Evidence("terme mal écrit", "ip4:192.0.2.0/33") in verdict.evidence
    assert proposed(dns(spf=(b"v=spf1 mx ip4:192.0.2.0/33 -all",))) == '"v=spf1 mx ~all"'


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ("v=spf1 ipv4:192.0.2.1 mx -all", '"v=spf1 ip4:192.0.2.1 mx -all"'),
        ("v=spf1 ip4:2001:db8::1 ?all", '"v=spf1 ip6:2001:db8::1 ~all"'),
        ("v=spf1 mx ip:192.0.2.1 -all", '"v=spf1 mx ip4:192.0.2.1 -all"'),
        ("v=spf1 mx oops -all", '"v=spf1 mx ~all"'),
        ("v=spf1 oops -all", None),
        ("v=spf1 " + " ".join(f"oops{n}" for n in range(9)) + " mx -all", None),
    ],
)
def test_a_faulty_term_is_rewritten_or_left_out(record: str, line: str | None) -> None:
    assert proposed(dns(spf=(record.encode(),), tree=None)) == line


def test_everybody_let_in_by_the_end_of_a_list_gets_a_closed_one() -> None:
    assert proposed(dns(spf=(b"v=spf1 mx +all",))) == '"v=spf1 mx ~all"'
    bare = ask("mail.spf", dns(spf=(b"v=spf1 +all",))).evidence
    assert any(line.label.startswith("ligne à publier") and line.value.endswith('~all"') for line in bare)


def test_a_list_that_costs_too_much_tells_what_each_term_costs() -> None:
    told = {line.label: line.value for line in ask("mail.spf", LONG_DNS).evidence}
    assert (
        sum(int(part.rpartition(" ")[2]) for part in told["recherches DNS de chaque terme"].split(" ; "))
        == 13
    )
    assert told["détail"] == f"cyberaudit look spf {GOOD_DNS.domain}"


SPF_TERMS = st.sampled_from(
    (
        "mx", "a", "ip4:192.0.2.1", "ipv4:192.0.2.9", "ip4:2001:db8::1", "oops", "exp=e.example", "ip4:192.0.2.0/33",
        "-all", "~all", "?all", "+all", "redirect=r.example",
    )
)  # fmt: skip


@given(st.lists(st.lists(SPF_TERMS, max_size=7), min_size=1, max_size=2))
def test_a_proposed_list_read_back_has_no_fault_and_lets_no_more_write(lists: list[list[str]]) -> None:
    records = tuple(" ".join(("v=spf1", *terms)) for terms in lists)
    found = proposed(dns(spf=tuple(record.encode() for record in records), tree=None))
    if found is None:
        return
    text = found.strip('"')
    terms = spf_terms(text)
    assert not isinstance(terms, SpfFault)
    assert not spf_ignored(terms)
    assert spf_all(text) in ("-", "~") or spf_redirect(text)
    known = spf_terms(" ".join(("v=spf1", *(term for each in lists for term in each if term != "oops"))))
    if not isinstance(known, SpfFault):
        before = {term.text.lower() for term in known}
        assert {term.text.lower() for term in terms} - {"~all", "-all"} <= before | {"mx"}


@pytest.mark.parametrize("check_id", ["mail.spf", "mail.dmarc"])
def test_a_domain_without_mail_is_judged_elsewhere(check_id: str) -> None:
    assert outcome(check_id, LOCKED_DNS, sends_mail=False)[0] is NONE


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (dmarc(b"v=DMARC1; p=reject"), (PASS, "")),
        (dmarc(b"v=DMARC1; p=quarantine; pct=100"), (PASS, "")),
        (dmarc(b"v=DMARC1; p=quarantine; pct=50"), (PARTIAL, "percent")),
        (dmarc("v=DMARC1; p=quarantine; pct=²".encode("latin-1")), (PARTIAL, "syntax")),
        (dmarc(b"v=DMARC1; p=none; rua=mailto:a@b.example"), (PARTIAL, "policy-none")),
        (dmarc(b"v=DMARC1; p=quarantine; t=y"), (PARTIAL, "policy-none")),
        (dmarc(b"v=DMARC1; p=reject; t=y"), (PARTIAL, "testing")),
        (dmarc(b"v=DMARC1; p=oops; rua=mailto:a@b.example"), (PARTIAL, "policy-none")),
        (dmarc(b"v=DMARC1; p=oops"), (FAIL, "unusable-record")),
        (dmarc(b"v=dmarc1; p=reject"), (FAIL, "no-record")),
        (dmarc(b"p=reject; v=DMARC1"), (FAIL, "no-record")),
        (dmarc(b"v=DMARC1; p=reject", b"v=DMARC1; p=none"), (FAIL, "several-records")),
        (dmarc(), (FAIL, "no-record")),
        ((*dmarc(), *dmarc(b"v=DMARC1; p=reject; sp=none", at="example")), (PARTIAL, "policy-none")),
        ((*dmarc(), *dmarc(b"v=DMARC1; p=reject", at="example")), (PASS, "")),
        (LOST, (UNKNOWN, Reason.TIMEOUT)),
    ],
)
def test_dmarc(answers: Any, expected: Expected) -> None:
    assert outcome("mail.dmarc", dns(dmarc=answers)) == expected


MX1 = f"mx1.{GOOD_DNS.domain}"
NO_ADDRESS = UnresolvedServer(MX1, None)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((GOOD_DNS, GOOD_SERVERS), (PASS, "")),
        ((GOOD_DNS, MUTE_SERVERS), (UNKNOWN, Reason.RESOLVER_FAILURE)),
        ((GOOD_DNS, replace(MUTE_SERVERS, unresolved=())), (PASS, "")),
        ((GOOD_DNS, BAD_SERVERS), (PARTIAL, "no-address")),
        ((GOOD_DNS, replace(BAD_SERVERS, servers=())), (FAIL, "no-address")),
        ((GOOD_DNS, replace(BAD_SERVERS, servers=(), left_out=(MX1,))), (PARTIAL, "no-address")),
        (
            (GOOD_DNS, replace(MUTE_SERVERS, servers=(), unresolved=(NO_ADDRESS, *MUTE_SERVERS.unresolved))),
            (PARTIAL, "no-address"),
        ),
        ((GOOD_DNS, replace(GOOD_SERVERS, left_out=(MX1,))), (UNKNOWN, "undecided")),
        ((GOOD_DNS, replace(GOOD_SERVERS, servers=(), left_out=(MX1,))), (UNKNOWN, "undecided")),
        ((GOOD_DNS, replace(GOOD_SERVERS, left_out=(f"{MX1} 192.0.2.99",))), (PASS, "")),
        ((GOOD_DNS, replace(BAD_SERVERS, servers=(), unresolved=())), (UNKNOWN, "undecided")),
        ((GOOD_DNS, LOST), (UNKNOWN, Reason.TIMEOUT)),
        ((LOST, GOOD_SERVERS), (UNKNOWN, Reason.TIMEOUT)),
        ((replace(GOOD_DNS, mx=LOST), GOOD_SERVERS), (UNKNOWN, Reason.TIMEOUT)),
        ((replace(GOOD_DNS, exists=False, mx=()), LOST), (FAIL, "no-domain")),
        ((replace(GOOD_DNS, mx=()), LOST), (FAIL, "no-mx")),
        ((replace(GOOD_DNS, mx=(MxRecord(0, ""),)), LOST), (FAIL, "null-mx")),
        (
            (replace(GOOD_DNS, mx=(MxRecord(0, ""), MxRecord(10, "a.example"))), LOST),
            (FAIL, "null-mx-with-others"),
        ),
    ],
)
def test_mx(facts: Any, expected: Expected) -> None:
    assert outcome("mail.mx", facts) == expected


def test_mx_of_a_domain_without_mail_does_not_apply() -> None:
    assert outcome("mail.mx", (LOCKED_DNS, LOST), sends_mail=False)[0] is NONE


def servers(*tls: Any, host: str = "mx1.example", left_out: tuple[str, ...] = ()) -> MailServers:
    found = tuple(
        MailServer(
            host,
            f"192.0.2.{number}",
            one if isinstance(one, Unreachable) and one.detail == "whole" else replace(SESSION, tls=one),
            Reverse((), ()),
        )
        for number, one in enumerate(tls, start=25)
    )
    return MailServers(domain="example", servers=found, unresolved=(), left_out=left_out, aliases=())


def unversioned(facts: MailServers) -> MailServers:
    """No version was accepted."""
    changed = tuple(
        replace(server, session=replace(server.session, versions=()))
        for server in facts.servers
        if isinstance(server.session, SmtpSession)
    )
    return replace(facts, servers=changed)


NO_DANE = Dane(GOOD_DNS.domain, Security.INSECURE, (), ())
NO_ANSWER = Unreachable(Reason.TIMEOUT, "whole")
NO_ROUTE = Unreachable(Reason.NO_ROUTE, "whole")
BROKEN = Unreachable(Reason.TLS_FAILURE)
OLD = replace(TLS, version="TLSv1.1")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (servers(TLS, TLS), (PASS, "")),
        (servers(TLS, NO_ROUTE), (PASS, "")),
        (servers(NO_ROUTE), (UNKNOWN, Reason.NO_ROUTE)),
        (servers(TLS, NO_ANSWER), (UNKNOWN, Reason.TIMEOUT)),
        (servers(None), (FAIL, "no-starttls")),
        (servers(None, NO_ANSWER), (FAIL, "no-starttls")),
        (servers(None, TLS), (PARTIAL, "some-without-starttls")),
        (servers(BROKEN), (PARTIAL, "starttls-broken")),
        (unversioned(servers(BROKEN)), (FAIL, "no-starttls")),
        (unversioned(servers(Unreachable(Reason.RESET))), (UNKNOWN, Reason.RESET)),
        (servers(OLD, TLS), (PASS, "")),
        (servers(), (NONE, "not-applicable")),
        (servers(left_out=("mx2.example",)), (UNKNOWN, "undecided")),
        (servers(TLS, left_out=("mx2.example",)), (UNKNOWN, "undecided")),
        (servers(OLD, left_out=("mx1.example 192.0.2.99",)), (UNKNOWN, "undecided")),
        (servers(None, left_out=("mx2.example",)), (FAIL, "no-starttls")),
        (MUTE_SERVERS, (UNKNOWN, Reason.RESOLVER_FAILURE)),
        (replace(GOOD_SERVERS, unresolved=(UnresolvedServer("x", LOST),)), (UNKNOWN, Reason.TIMEOUT)),
    ],
)
def test_starttls(facts: MailServers, expected: Expected) -> None:
    assert outcome("mail.starttls", facts) == expected


def tls(certificate: Certificate = CERTIFICATE, **changes: Any) -> TlsSession:
    return replace(TLS, chain=(certificate,), **changes)


SOON = replace(CERTIFICATE, not_after=towns.NOW + timedelta(days=10))
SHORT_LIFE = replace(
    CERTIFICATE, not_before=towns.NOW - timedelta(days=1), not_after=towns.NOW + timedelta(days=5)
)
FUTURE = replace(CERTIFICATE, not_before=towns.NOW + timedelta(days=1))
SHORT_KEY = replace(CERTIFICATE, key_type="RSA", key_bits=1024)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (servers(TLS), (PASS, "")),
        (servers(TLS, None), (PASS, "")),
        (servers(TLS, NO_ROUTE), (PASS, "")),
        (servers(None, NO_ROUTE), (NONE, "not-applicable")),
        (servers(NO_ROUTE), (UNKNOWN, Reason.NO_ROUTE)),
        (servers(TLS, left_out=("mx2.example",)), (UNKNOWN, "undecided")),
        (servers(None, left_out=("mx2.example",)), (UNKNOWN, "undecided")),
        (servers(left_out=("mx2.example",)), (UNKNOWN, "undecided")),
        (servers(TLS, Unreachable(Reason.RESET)), (UNKNOWN, Reason.RESET)),
        (servers(TLS, NO_ANSWER), (UNKNOWN, Reason.TIMEOUT)),
        (EXPIRED_SERVERS, (FAIL, "bad-certificate")),
        (servers(tls(name_matches=False)), (FAIL, "bad-certificate")),
        (servers(tls(trust_error="auto-signé")), (PARTIAL, "untrusted")),
        (servers(tls(trust_error=LOST)), (UNKNOWN, "undecided")),
        (servers(tls(FUTURE)), (FAIL, "bad-certificate")),
        (servers(tls(SHORT_KEY)), (FAIL, "bad-certificate")),
        (servers(tls(SOON)), (PARTIAL, "expires-soon")),
        (servers(tls(SHORT_LIFE)), (PASS, "")),
        (servers(replace(TLS, chain=())), (UNKNOWN, "undecided")),
        (servers(None), (NONE, "not-applicable")),
        (servers(BROKEN), (UNKNOWN, Reason.TLS_FAILURE)),
        (servers(), (NONE, "not-applicable")),
        (MUTE_SERVERS, (UNKNOWN, Reason.TIMEOUT)),
        (replace(MUTE_SERVERS, servers=()), (UNKNOWN, Reason.RESOLVER_FAILURE)),
    ],
)
def test_certificate(facts: MailServers, expected: Expected) -> None:
    assert outcome("mail.certificate", (facts, NO_DANE)) == expected


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (29, "mx.cert_expires_soon-30"),
        (14, "mx.cert_expires_soon-30"),
        (13, "mx.cert_expires_soon-14"),
        (6, "mx.cert_expires_soon-7"),
        (-1, "mx.cert_expired"),
    ],
)
def test_a_certificate_counts_down_in_the_steps_of_every_other(days: int, reason: str) -> None:
    start, end = towns.NOW - timedelta(days=365), towns.NOW + timedelta(days=days)
    ends = replace(CERTIFICATE, not_before=start, not_after=end)
    verdict = ask("mail.certificate", (servers(tls(ends)), NO_DANE))
    assert {item.reason for item in verdict.items} == {reason}


def test_a_certificate_that_ends_soon_tells_its_day() -> None:
    def before(*sessions: MailServers) -> list[date | None]:
        return [ask("mail.certificate", (each, NO_DANE)).before for each in sessions]

    assert before(servers(tls(SOON)), servers(TLS)) == [SOON.not_after.date(), None]
    # Whatever is wrong beside it.
    assert before(servers(tls(SOON, name_matches=False))) == [SOON.not_after.date()]
    assert before(servers(tls(SOON, trust_error="auto-signé"))) == [SOON.not_after.date()]


def test_an_expired_certificate_keeps_its_day() -> None:
    over = replace(CERTIFICATE, not_after=towns.NOW - timedelta(days=7))
    verdict = ask("mail.certificate", (servers(tls(SOON), tls(over)), NO_DANE))
    assert (verdict.status, verdict.before) == (FAIL, over.not_after.date())


def test_a_key_that_dane_vouches_for_has_no_end_that_counts() -> None:
    dane = replace(GOOD_DANE, hosts=(DANE_HOST,))
    assert ask("mail.certificate", (EXPIRED_SERVERS, NO_DANE)).before is not None
    verdict = ask("mail.certificate", (EXPIRED_SERVERS, dane))
    assert (verdict.status, verdict.before) == (PASS, None)
    (expired,) = EXPIRED_SERVERS.servers
    other = replace(
        expired, host="autre.example", session=servers(tls(name_matches=False)).servers[0].session
    )
    verdict = ask("mail.certificate", (replace(EXPIRED_SERVERS, servers=(expired, other)), dane))
    assert (verdict.status, verdict.before) == (FAIL, None)


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (LOCKED_DNS, (PASS, "")),
        (replace(LOCKED_DNS, mx=()), (PASS, "")),
        (replace(LOCKED_DNS, mx=GOOD_DNS.mx), (PARTIAL, "half-locked")),
        (replace(LOCKED_DNS, dmarc=dmarc(b"v=DMARC1; p=none")), (FAIL, "unlocked")),
        *(
            (replace(LOCKED_DNS, dmarc=dmarc(b"v=DMARC1; p=reject; " + half)), (PARTIAL, "half-locked"))
            for half in (b"sp=none", b"np=none", b"sp=quarantine", b"pct=0", b"pct=99")
        ),
        (replace(LOCKED_DNS, dmarc=dmarc(b"v=DMARC1; p=reject; sp=Reject; np=reject; pct=100")), (PASS, "")),
        (replace(LOCKED_DNS, apex=TxtAnswer("x", ())), (PARTIAL, "half-locked")),
        (replace(LOCKED_DNS, apex=LOST), (UNKNOWN, "undecided")),
        (replace(LOCKED_DNS, apex=LOST, dmarc=dmarc()), (FAIL, "unlocked")),
        (replace(LOCKED_DNS, exists=False), (FAIL, "unlocked")),
        (LOST, (UNKNOWN, "undecided")),
    ],
)
def test_parked_domains(mail: Any, expected: Expected) -> None:
    every = ((towns.domain("parked", sends_mail=False), mail), (towns.domain("main"), LOST))
    assert outcome("mail.parked-domains", every) == expected


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (1, "On peut écrire au nom de a, qui ne sert pas au courrier."),
        (2, "On peut écrire au nom de a et b, qui ne servent pas au courrier."),
    ],
)
def test_the_sentence_on_parked_domains_agrees_with_their_number(count: int, sentence: str) -> None:
    parked = [replace(towns.domain(name, sends_mail=False), name=name) for name in "ab"[:count]]
    assert ask("mail.parked-domains", tuple((one, BAD_DNS) for one in parked)).text == sentence


@pytest.mark.parametrize(
    ("left_out", "start"),
    [
        (
            ("mx6.example",),
            "1\u00a0serveur de courrier de main.mairie-saint-etienne-d-o.example n'a pas été regardé",
        ),
        (
            ("mx6.example", "mx7.example"),
            "2\u00a0serveurs de courrier de main.mairie-saint-etienne-d-o.example n'ont pas été regardés",
        ),
    ],
)
@pytest.mark.parametrize("check_id", ["mail.starttls", "mail.certificate"])
def test_servers_that_were_left_out_are_counted(check_id: str, left_out: tuple[str, ...], start: str) -> None:
    facts: Any = replace(GOOD_SERVERS, left_out=left_out)
    given = (facts, NO_DANE) if check_id == "mail.certificate" else facts
    assert ask(check_id, given).text.startswith(start)


def test_a_town_without_parked_domain_is_not_asked() -> None:
    assert outcome("mail.parked-domains", ((towns.domain("main"), GOOD_DNS),))[0] is NONE


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_record_makes_a_check_crash_or_show_control_characters(spf: bytes, policy: bytes) -> None:
    facts = dns(spf=(b"v=spf1 " + spf,), dmarc=dmarc(b"v=DMARC1;" + policy))
    for check_id in ("mail.spf", "mail.dmarc"):
        verdict = ask(check_id, facts)
        shown = verdict.text + "".join(line.value for line in verdict.evidence)
        assert shown.isprintable() or "\u00a0" in shown


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (b" v=spf1 include:_spf.example -all", "v=spf1 include:_spf.example -all"),
        (b'"v=spf1 mx ip4:192.0.2.1 ~all"', "v=spf1 mx ip4:192.0.2.1 ~all"),
        (b"v=spf1; mx; include:_spf.example; -all;", "v=spf1 mx include:_spf.example -all"),
        (b"v=spf1, mx, -all", "v=spf1 mx -all"),
        (b"v=spf1\tmx -all", "v=spf1 mx -all"),
        (b"v = spf1 mx -all", "v=spf1 mx -all"),
        (b"v=spf1: ipv4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 -all"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}v=spf1 mx -all".encode(), "v=spf1 mx -all"),
        ("“v=spf1\N{NO-BREAK SPACE}mx -all”".encode(), "v=spf1 mx -all"),
    ],
)
def test_a_list_that_nobody_reads_is_shown_and_kept(written: bytes, line: str) -> None:
    """A line deduced from the MX in its place would lose whom the town lets write."""
    verdict = ask("mail.spf", dns(spf=(written, b"verification=1")))
    assert (verdict.status, verdict.reason) == (FAIL, "no-record")
    assert "personne ne la lit" in verdict.text
    told = {each.label: each.value for each in verdict.evidence}
    assert "spf1" in told[f"TXT {GOOD_DNS.domain}"]
    label = "ligne à publier, à la place de l'actuelle (proposition)"
    assert told[label] == f'{GOOD_DNS.domain}. IN TXT "{line}"'


@pytest.mark.parametrize("text", [b"v=spf10 mx -all", b"v=spf2.0 mx", b"spf2.0/pra mx", b"notre v=spf1 mx"])
def test_another_text_is_no_list_that_nobody_reads(text: bytes) -> None:
    verdict = ask("mail.spf", dns(spf=(text,)))
    assert "personne ne la lit" not in verdict.text
    assert f"TXT {GOOD_DNS.domain}" not in {each.label for each in verdict.evidence}


def test_a_null_mx_beside_others_is_the_line_to_take_out() -> None:
    records = (MxRecord(5, ""), MxRecord(10, "a.example"))
    told = {each.label: each.value for each in ask("mail.mx", (replace(GOOD_DNS, mx=records), LOST)).evidence}
    assert told["ligne à retirer"] == f"{GOOD_DNS.domain}. IN MX 5 ."
    assert "ligne à publier" not in told


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (b"v=DMARC1; p=reject; sp=rejct", "« sp=rejct » n'existe pas"),
        (b"v=DMARC1; p=reject; np=", "« np= » n'existe pas"),
        (b"v=DMARC1; p=oops; sp=none", "« p=oops » n'existe pas"),
        (b"v=DMARC1; sp=reject", "« p » est absent"),
    ],
)
def test_the_policy_that_makes_a_record_useless_is_named(record: bytes, said: str) -> None:
    verdict = ask("mail.dmarc", dns(dmarc=dmarc(record)))
    assert (verdict.status, verdict.reason) == (FAIL, "unusable-record")
    assert verdict.items[0].text.startswith(said)

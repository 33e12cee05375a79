"""Checks of the names of a domain and of its registration: facts to verdicts, table by table."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from cyberaudit.declared import Answer, Declared, Domain
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.names import (
    Chain,
    DomainNames,
    HostAddresses,
    Link,
    LinkKind,
    NameBelow,
    NameSource,
    RandomAnswer,
)
from cyberaudit.facts.names_caa import CaaRecord, CaaSet
from cyberaudit.facts.names_samples import (
    ABSENT_NAMES,
    BARE_NAMES,
    CATCH_ALL_NAMES,
    DANGLING_NAMES,
    FOREIGN_NAMES,
    GONE,
    GOOD_NAMES,
    LAME_NAMES,
    LOST,
    LOST_NAMES,
    MX_LINK,
    NS_LINK,
    PLAIN_NAMES,
    SITE_LINK,
    SPF_LINK,
    SUBZONE_LINK,
)
from cyberaudit.facts.registration_samples import (
    FAR,
    GOOD_REGISTRATION,
    HELD,
    LEAVING_SOON,
    RESERVED_NAME,
    UNDATED,
    UNKNOWN_NAME,
    UNLOCKED,
)
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
NAME_CHECKS = ("dns.caa", "dns.dangling-names", "dns.wildcard", "dns.ipv6", "dns.extension")


def ask(check_id: str, facts: Any, *, asset: Domain | None = None, now: datetime = towns.NOW) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    about = asset or towns.domain()
    verdict: Verdict = check.function(facts, Context(now, about, check.settings(), towns.town(about)))
    return verdict


def outcome(check_id: str, facts: Any) -> tuple[Status, str]:
    verdict = ask(check_id, facts)
    return verdict.status, verdict.reason


def codes(verdict: Verdict) -> set[tuple[str, Status]]:
    return {(item.reason, item.status) for item in verdict.items}


@pytest.mark.parametrize("check_id", NAME_CHECKS)
def test_a_domain_in_order_is_not_accused(check_id: str) -> None:
    assert ask(check_id, GOOD_NAMES).status is PASS


@pytest.mark.parametrize("check_id", NAME_CHECKS)
def test_a_domain_that_does_not_exist_is_the_affair_of_another_question(check_id: str) -> None:
    assert ask(check_id, ABSENT_NAMES).status is NONE


@pytest.mark.parametrize("check_id", NAME_CHECKS)
def test_a_domain_that_could_not_be_asked_is_unknown(check_id: str) -> None:
    for reason in (Reason.BOGUS, Reason.RESOLVER_FAILURE):
        seen = outcome(check_id, replace(GOOD_NAMES, exists=Unreachable(reason)))
        # The end of a name is read off the name itself, its zone verified or not.
        reads_the_name = check_id == "dns.extension" and reason is Reason.BOGUS
        assert seen == ((PASS, "") if reads_the_name else (UNKNOWN, reason))


def caa(*records: CaaRecord, at: str = GOOD_NAMES.domain) -> DomainNames:
    return replace(GOOD_NAMES, caa=CaaSet(at, (at,), records))


@pytest.mark.parametrize(
    ("facts", "expected", "code"),
    [
        (PLAIN_NAMES, (PARTIAL, "missing"), "caa.missing"),
        (caa(CaaRecord(0, "iodef", b"mailto:a@b.example")), (PARTIAL, "missing"), "caa.missing"),
        (caa(CaaRecord(0, "issue", b"pas un nom")), (PARTIAL, "syntax"), "caa.syntax"),
        (
            caa(CaaRecord(0, "issue", b"ca.example"), CaaRecord(128, "avenir", b"x")),
            (FAIL, "unknown-critical"),
            "caa.unknown_critical",
        ),
        (caa(CaaRecord(0, "issue", b";")), (PASS, ""), ""),
        (caa(CaaRecord(0, "ISSUE", b"ca.example"), CaaRecord(0, "avenir", b"x")), (PASS, ""), ""),
        (replace(GOOD_NAMES, caa=LOST), (UNKNOWN, LOST.reason), ""),
    ],
)
def test_caa(facts: DomainNames, expected: tuple[Status, str], code: str) -> None:
    verdict = ask("dns.caa", facts)
    assert (verdict.status, verdict.reason) == expected
    assert [item.reason for item in verdict.items] == ([code] if code else [])


def test_the_line_to_publish_is_for_this_very_domain() -> None:
    lines = {line.label: line.value for line in ask("dns.caa", PLAIN_NAMES).evidence}
    # No authority is guessed: the one forgotten could renew nothing any more.
    assert lines["modèle à compléter"] == f'{PLAIN_NAMES.domain}. IN CAA 0 issue "AUTORITÉ"'
    assert not any(label.startswith("ligne à publier") for label in lines)


def test_who_may_issue_is_told() -> None:
    assert "letsencrypt.org" in ask("dns.caa", GOOD_NAMES).text
    assert "personne" in ask("dns.caa", caa(CaaRecord(0, "issue", b";"))).text


CLAIMABLE = replace(GONE, target="ancien.azurewebsites.net")


@pytest.mark.parametrize(
    ("link", "status", "code", "likelihood"),
    [
        (GONE, PARTIAL, "dangling.cname", None),
        (CLAIMABLE, FAIL, "dangling.unclaimed", 3),
        (replace(GONE, registered=False), FAIL, "dangling.cname", 4),
        (replace(MX_LINK, exists=False), PARTIAL, "dangling.mx", None),
        (replace(MX_LINK, exists=False, registered=False), FAIL, "dangling.mx", 4),
        (replace(NS_LINK, exists=False), PARTIAL, "dangling.ns", None),
        (replace(NS_LINK, exists=False, registered=False), FAIL, "dangling.ns", 4),
        (replace(SPF_LINK, exists=False), PARTIAL, "dangling.include", None),
        (replace(SPF_LINK, exists=False, registered=LOST), PARTIAL, "dangling.include", None),
        (
            replace(SPF_LINK, record="+MX:parti.hebergeur.example", exists=False, registered=False),
            FAIL,
            "dangling.include",
            4,
        ),
        (replace(SUBZONE_LINK, exists=False), PARTIAL, "dangling.ns_subzone", None),
        (replace(SUBZONE_LINK, exists=False, registered=False), FAIL, "dangling.ns_subzone", 4),
        (replace(SUBZONE_LINK, serves=False), PARTIAL, "dangling.ns_subzone", None),
        (replace(SUBZONE_LINK, serves=LOST), UNKNOWN, LOST.reason, None),
        (replace(SITE_LINK, exists=LOST), UNKNOWN, LOST.reason, None),
    ],
)
def test_a_record_that_leads_nowhere(link: Link, status: Status, code: str, likelihood: int | None) -> None:
    verdict = ask("dns.dangling-names", replace(GOOD_NAMES, links=(SITE_LINK, link)))
    assert verdict.status is status
    assert codes(verdict) == {(code, status)}
    assert verdict.likelihood == likelihood


def test_an_spf_host_that_is_gone_from_a_domain_that_is_somebodys_lets_nobody_write() -> None:
    gone = replace(SPF_LINK, record="a:parti.hebergeur.example", exists=False)
    verdict = ask("dns.dangling-names", replace(GOOD_NAMES, links=(SITE_LINK, gone)))
    assert (verdict.status, verdict.items) == (PASS, ())


def test_the_line_to_remove_and_the_name_for_sale_are_told() -> None:
    facts = replace(GOOD_NAMES, links=(replace(GONE, registered=False), replace(SPF_LINK, exists=False)))
    told = {line.label: line.value for line in ask("dns.dangling-names", facts).evidence}
    assert told["nom libre à l'achat"] == "hebergeur.example"
    assert told["ligne à retirer"] == f"{SITE_LINK.owner}. IN CNAME site.hebergeur.example."
    assert told["terme à retirer du SPF"].endswith("include:_spf.hebergeur.example")


def test_a_proof_for_an_authority_comes_and_goes() -> None:
    proof = replace(GONE, owner=f"_acme-challenge.{GOOD_NAMES.domain}")
    assert ask("dns.dangling-names", replace(GOOD_NAMES, links=(proof,))).status is PASS
    free = replace(proof, registered=False)
    assert ask("dns.dangling-names", replace(GOOD_NAMES, links=(free,))).status is FAIL


def test_the_worst_of_several_decides() -> None:
    verdict = ask("dns.dangling-names", DANGLING_NAMES)
    assert (verdict.status, verdict.reason, verdict.likelihood) == (FAIL, "registrable", 4)
    assert outcome("dns.dangling-names", LAME_NAMES) == (PARTIAL, "dangling")
    assert outcome("dns.dangling-names", replace(GOOD_NAMES, links=(CLAIMABLE,))) == (FAIL, "unclaimed")


@pytest.mark.parametrize("field", ["spf_read", "mail_hosts", "name_servers"])
def test_links_that_were_not_read_leave_it_open(field: str) -> None:
    changes: dict[str, Any] = {field: LOST}
    facts = replace(GOOD_NAMES, **changes)
    assert outcome("dns.dangling-names", facts) == (UNKNOWN, LOST.reason)
    assert ask("dns.dangling-names", replace(facts, links=(GONE,))).status is PARTIAL


def test_names_left_out_are_told() -> None:
    verdict = ask("dns.dangling-names", replace(GOOD_NAMES, left_out=("a.example",)))
    assert verdict.status is PASS
    assert [line.value for line in verdict.evidence] == ["a.example"]


BEYOND = Unreachable(Reason.NOT_LOOKED, "au-delà de la limite prévue")
UNLOOKED_LINK = replace(SUBZONE_LINK, record="NS", target="", exists=BEYOND)
UNLOOKED_NAME = NameBelow("a.example", NameSource.DECLARED, BEYOND, ())


@pytest.mark.parametrize(
    "changes",
    [
        {"chain": Chain.CUT},
        {"links": (SITE_LINK, UNLOOKED_LINK)},
        {"links": (SITE_LINK, replace(UNLOOKED_LINK, kind=LinkKind.SPF, record="include:x"))},
        {"names": (UNLOOKED_NAME,)},
    ],
)
def test_what_somebody_says_is_there_and_nobody_looked_at_leaves_it_open(changes: dict[str, Any]) -> None:
    verdict = ask("dns.dangling-names", replace(GOOD_NAMES, left_out=("a.example",), **changes))
    assert verdict.status is UNKNOWN
    assert "au-delà de la limite" in verdict.text
    assert ("noms non regardés", "a.example") in [(line.label, line.value) for line in verdict.evidence]


@pytest.mark.parametrize(
    "link",
    [
        replace(SPF_LINK, record="a:parti.hebergeur.example", exists=False, registered=LOST),
        replace(GONE, owner=f"_acme-challenge.{GOOD_NAMES.domain}", registered=LOST),
    ],
)
def test_what_is_harmless_while_somebody_holds_the_name_is_unknown_when_nobody_knows(link: Link) -> None:
    verdict = ask("dns.dangling-names", replace(GOOD_NAMES, links=(SITE_LINK, link)))
    assert (verdict.status, codes(verdict)) == (UNKNOWN, {(LOST.reason, UNKNOWN)})


def wild(rrtype: str, *records: str, aliased: bool = False) -> DomainNames:
    first = RandomAnswer("A", (), aliased=False)
    return replace(GOOD_NAMES, wildcard=(first, RandomAnswer(rrtype, records, aliased)))


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (PLAIN_NAMES, PASS),
        (CATCH_ALL_NAMES, PARTIAL),
        (wild("MX", "10 mx.example."), PARTIAL),
        (wild("TXT", '"v=spf1 mx -all"'), PARTIAL),
        (wild("MX", "10 mx.example.", aliased=True), PASS),
        (wild("MX", "0 ."), PASS),
        (wild("TXT", '"v=spf1 -all"'), PASS),
        (wild("TXT", '"V=SPF1 -ALL"'), PASS),
        # A proof of ownership, whatever stands beside it, gives mail to nobody.
        (wild("TXT", '"verification=1"'), PASS),
        (wild("TXT", '"v=spf1 -all"', '"autre"'), PASS),
        (wild("TXT", '"v=spf1 -all"', '"v=spf1 mx -all"'), PARTIAL),
        (wild("TXT", '"v=sp" "f1 mx -all"'), PARTIAL),
        (wild("TXT", '"v=spf10 mx"'), PASS),
        (wild("MX", "0 .", "10 mx.example."), PARTIAL),
        (wild("AAAA", "2001:db8::1"), PASS),
        (replace(GOOD_NAMES, wildcard=LOST), UNKNOWN),
        (replace(GOOD_NAMES, wildcard=(RandomAnswer("MX", LOST, aliased=False),)), UNKNOWN),
    ],
)
def test_what_an_invented_name_answers(facts: DomainNames, status: Status) -> None:
    verdict = ask("dns.wildcard", facts)
    assert verdict.status is status
    assert all(item.reason == "wildcard" for item in verdict.items if item.status.is_known)


OLD = HostAddresses("h.example", ("192.0.2.1",), ())
NEW = HostAddresses("h.example", ("192.0.2.1",), ("2001:db8::1",))
DARK = HostAddresses("h.example", LOST, LOST)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"name_servers": (OLD,)}, PARTIAL, "ns.no_ipv6"),
        ({"name_servers": (OLD, NEW)}, PASS, ""),
        ({"name_servers": (OLD, DARK)}, UNKNOWN, LOST.reason),
        ({"name_servers": LOST}, UNKNOWN, LOST.reason),
        ({"mail_hosts": (OLD,)}, PARTIAL, "mx.no_ipv6"),
        ({"mail_hosts": ()}, PASS, ""),
        ({"mail_hosts": LOST}, UNKNOWN, LOST.reason),
        ({"site": (OLD, NEW)}, PARTIAL, "web.no_ipv6"),
        ({"site": (HostAddresses("www", (), ()), NEW)}, PASS, ""),
        ({"site": (DARK, NEW)}, UNKNOWN, LOST.reason),
        ({"site": ()}, PASS, ""),
    ],
)
def test_ipv6(changes: dict[str, Any], status: Status, code: str) -> None:
    verdict = ask("dns.ipv6", replace(GOOD_NAMES, **changes))
    assert verdict.status is status
    assert [item.reason for item in verdict.items if item.status is not PASS] == ([code] if code else [])


def test_a_name_without_any_service_has_nothing_to_offer_over_ipv6() -> None:
    assert ask("dns.ipv6", BARE_NAMES).status is NONE


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("mairie.fr", PASS),
        ("mairie.gouv.fr", PASS),
        ("mairie.bzh", PASS),
        ("mairie.re", PASS),
        ("mairie.nc", PASS),
        ("mairie.eu", PASS),
        ("mairie.example", PASS),
        ("mairie.test", PASS),
        ("example.com", PARTIAL),
        ("example.org", PARTIAL),
    ],
)
def test_extensions(domain: str, status: Status) -> None:
    verdict = ask("dns.extension", replace(GOOD_NAMES, domain=domain))
    assert verdict.status is status
    assert bool(verdict.items) is (status is PARTIAL)


def test_the_code_of_a_foreign_extension() -> None:
    assert codes(ask("dns.extension", FOREIGN_NAMES)) == {("domain.foreign_extension", PARTIAL)}


@pytest.mark.parametrize(
    ("days", "status", "reason", "likelihood"),
    [
        (400, PASS, "", None),
        (61, PASS, "", None),
        (60, PARTIAL, "expiring-soon", 2),
        (31, PARTIAL, "expiring-soon", 2),
        (30, FAIL, "expiring-soon", 3),
        (15, FAIL, "expiring-soon", 3),
        (14, FAIL, "expiring-soon", 4),
        (1, FAIL, "expiring-soon", 4),
        (0, FAIL, "expired", 4),
        (-40, FAIL, "expired", 4),
    ],
)
def test_the_end_of_a_registration(days: int, status: Status, reason: str, likelihood: int | None) -> None:
    facts = replace(GOOD_REGISTRATION, expires=towns.NOW + timedelta(days=days))
    verdict = ask("dns.registration", facts)
    assert (verdict.status, verdict.reason, verdict.likelihood) == (status, reason, likelihood)
    ends = (towns.NOW + timedelta(days=days)).date() if reason else None
    assert verdict.before == ends
    if reason:
        assert codes(verdict) == {(f"domain.{reason.replace('-', '_')}", status)}


def renewing(answer: Answer, *, on: date = date(2026, 10, 1)) -> Domain:
    said = towns.declaration(answer, on=on)
    return replace(towns.domain(), declared=(Declared("auto_renewal", said),))


@pytest.mark.parametrize(
    ("asset", "days", "status"),
    [
        (renewing(Answer.YES), 45, PASS),
        (renewing(Answer.YES), 20, PARTIAL),
        (renewing(Answer.YES), -1, FAIL),
        (renewing(Answer.NO), 45, PARTIAL),
        (renewing(Answer.UNKNOWN), 45, PARTIAL),
        (renewing(Answer.YES, on=date(2025, 1, 1)), 45, PARTIAL),
        (renewing(Answer.YES, on=date(2027, 1, 1)), 45, PARTIAL),
    ],
)
def test_a_renewal_that_is_declared_automatic(asset: Domain, days: int, status: Status) -> None:
    facts = replace(GOOD_REGISTRATION, expires=towns.NOW + timedelta(days=days))
    assert ask("dns.registration", facts, asset=asset).status is status


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (HELD, (FAIL, "on-hold")),
        (replace(HELD, expires=None), (FAIL, "on-hold")),
        (LEAVING_SOON, (FAIL, "pending-delete")),
        (UNDATED, (UNKNOWN, "undecided")),
        (UNKNOWN_NAME, (UNKNOWN, "undecided")),
        (RESERVED_NAME, (NONE, "not-applicable")),
        (FAR, (PASS, "")),
    ],
)
def test_the_state_of_a_registration(facts: Any, expected: tuple[Status, str]) -> None:
    assert outcome("dns.registration", facts) == expected


def test_a_missing_lock_is_told_and_accuses_nobody() -> None:
    assert codes(ask("dns.registration", UNLOCKED)) == {("domain.no_lock", PASS)}
    assert codes(ask("dns.registration", GOOD_REGISTRATION)) == set()
    assert codes(ask("dns.registration", replace(UNLOCKED, statuses=()))) == set()


def test_what_was_lost_in_part_is_never_a_pass() -> None:
    for check_id in ("dns.dangling-names", "dns.ipv6"):
        assert ask(check_id, LOST_NAMES).status is UNKNOWN


def test_each_link_kind_has_words() -> None:
    for kind in LinkKind:
        facts = replace(GOOD_NAMES, links=(replace(GONE, kind=kind),))
        assert ask("dns.dangling-names", facts).status is PARTIAL


def test_the_wildcard_records_to_take_out_are_told() -> None:
    facts = replace(GOOD_NAMES, wildcard=(RandomAnswer("MX", ("10 mx.example.",), aliased=False),))
    lines = [line.value for line in ask("dns.wildcard", facts).evidence if line.label == "ligne à retirer"]
    assert lines == [f"*.{GOOD_NAMES.domain}. IN MX 10 mx.example."]


def test_what_refuses_mail_for_an_invented_name_is_never_to_be_taken_out() -> None:
    facts = wild("TXT", '"v=spf1 -all"', '"verification=1"', '"v=spf1 mx ~all"')
    lines = [line.value for line in ask("dns.wildcard", facts).evidence if line.label == "ligne à retirer"]
    assert lines == [f'*.{GOOD_NAMES.domain}. IN TXT "v=spf1 mx ~all"']

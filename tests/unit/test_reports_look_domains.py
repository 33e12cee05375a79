"""What `look domain` prints around its points: names both ways, RCPNT, complements, tests left out."""

import json
from dataclasses import replace

import pytest

from cyberaudit.declared import Domain
from cyberaudit.facts.base import Facts
from cyberaudit.facts.dane import Dane
from cyberaudit.facts.mail import MailDns, TxtAnswer
from cyberaudit.facts.mail_policies_samples import (
    GOOD_BIMI,
    GOOD_DANE,
    NO_BIMI,
    NO_DANE,
    NO_REPORTS,
    NO_STS,
    UNSIGNED_DANE,
)
from cyberaudit.facts.mail_samples import DOMAIN, GOOD_DNS
from cyberaudit.french import NBSP
from cyberaudit.model import Audit, Evidence, Finding, Item, Observation, Reason, Status, Unreachable, Verdict
from cyberaudit.reports.look import as_document, points
from cyberaudit.reports.look_domains import heading
from cyberaudit.town.single import domain_asset, town_of
from tests.unit.test_reports_missing_controls import finding
from tests.unit.towns import NOW

pytestmark = pytest.mark.unit

OTHER = "mairie-hérisson.example"
NONE = Status.NOT_APPLICABLE
LOST = Unreachable(Reason.TIMEOUT)
NOBODY = replace(GOOD_DNS, exists=False, mx=(), apex=TxtAnswer(DOMAIN, ()), spf=None, dmarc=())


def about(check: str, status: Status, text: str = "Ceci est dit.", **more: object) -> Finding:
    """A point about the first domain; `more`: fields of its verdict."""
    verdict = replace(Verdict(status, text, "x"), **more)  # type: ignore[arg-type]
    return replace(finding(verdict), asset=f"domain/{DOMAIN}", check=check)


def looked(
    *findings: Finding,
    facts: tuple[Facts, ...] = (GOOD_DNS,),
    names: tuple[str, ...] = (DOMAIN,),
    sends_mail: bool = True,
) -> Audit:
    assets = tuple(replace(domain_asset(name), sends_mail=sends_mail) for name in names)
    seen = tuple(Observation(assets[0].key, each.KIND, each, NOW) for each in facts)
    return Audit("u", town_of(*assets), "outside", "", NOW, NOW, False, "r", "0", seen, findings)


def plain(audit: Audit, width: int = 80) -> str:
    return points(audit, width=width).replace(NBSP, " ")


def asked(name: str) -> Domain:
    return domain_asset(name)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("mairie.example", "mairie.example"),
        ("Mairie.example.", "mairie.example"),
        (OTHER, f"{OTHER} (xn--mairie-hrisson-ikb.example)"),
        ("xn--mairie-hrisson-ikb.example", f"{OTHER} (xn--mairie-hrisson-ikb.example)"),
        ("xn--a.example", "xn--a.example"),
    ],
)
def test_a_name_is_shown_as_it_is_read_and_as_it_is_asked(typed: str, shown: str) -> None:
    assert heading(asked(typed)) == shown


def test_several_names_are_told_one_after_the_other_each_underlined() -> None:
    text = plain(looked(about("mail.mx", Status.PASS), names=(DOMAIN, OTHER)))
    assert text.startswith(f"{DOMAIN}\n{'─' * len(DOMAIN)}\n")
    assert text.index("Ceci est dit.") < text.index(OTHER)


def test_one_name_is_not_underlined() -> None:
    assert "─" not in plain(looked(about("mail.mx", Status.PASS)))


def test_the_reference_of_the_state_stands_above_the_points() -> None:
    text = plain(looked(about("mail.mx", Status.PASS)))
    assert text.index("✓ RCPNT 2.4 conforme") < text.index("Ceci est dit.")
    assert "2.1" not in text  # declared in a profile alone


@pytest.mark.parametrize(("exists", "sends_mail"), [(True, False), (False, True)])
def test_a_name_without_mail_or_that_does_not_exist_has_no_criteria(
    exists: bool,
    sends_mail: bool,
) -> None:
    seen = GOOD_DNS if exists else NOBODY
    audit = looked(about("mail.mx", Status.FAIL), facts=(seen,), sends_mail=sends_mail)
    assert "RCPNT" not in plain(audit)
    assert "rcpnt" not in json.loads(as_document(audit)) or not any(
        json.loads(as_document(audit))["rcpnt"].values()
    )


def test_of_a_name_that_does_not_exist_only_that_and_the_registry_are_told() -> None:
    audit = looked(
        about("mail.dkim", Status.FAIL, "Aucune clé."),
        about("dns.registration", Status.UNKNOWN, "Le registre ne le connaît pas."),
        facts=(NOBODY,),
    )
    text = plain(audit)
    assert "✗ Ce nom n'existe pas dans l'annuaire des noms (DNS) : vérifiez son écriture." in text
    assert ("Aucune clé" in text, "Le registre ne le connaît pas." in text) == (False, True)


def test_a_name_that_could_not_be_asked_is_not_said_to_be_missing() -> None:
    text = plain(looked(about("mail.dkim", Status.UNKNOWN), facts=(replace(GOOD_DNS, exists=LOST),)))
    assert "n'existe pas" not in text


def test_the_document_has_the_criteria_by_domain() -> None:
    document = json.loads(as_document(looked(about("mail.mx", Status.PASS))))
    told = {each["criterion"]: each["outcome"] for each in document["rcpnt"][DOMAIN]}
    assert told == {"1.2": "not-met", "2.4": "met", "2.5": "met", "2.6": "met", "2.7": "met"}


ABSENT = (NO_STS, NO_REPORTS, NO_DANE, NO_BIMI)
UNASKED = tuple(
    about(f"mail.{each}", NONE, "Sans objet.") for each in ("mta-sts", "tls-reports", "dane", "bimi")
)
SENTENCE = "Compléments absents, sans texte officiel : "


@pytest.mark.parametrize(
    ("facts", "absent"),
    [
        (ABSENT, "MTA-STS, TLS-RPT, DANE, BIMI."),
        ((NO_STS,), "MTA-STS."),
        ((NO_DANE, GOOD_BIMI), "DANE."),
        ((UNSIGNED_DANE, NO_BIMI), "BIMI."),
    ],
)
def test_absent_complements_stand_in_one_line(facts: tuple[Facts, ...], absent: str) -> None:
    text = plain(looked(*UNASKED, facts=(GOOD_DNS, *facts)))
    assert f"{SENTENCE}{absent}\n" in text
    assert "Sans objet." not in text


@pytest.mark.parametrize(
    "audit",
    [
        looked(*UNASKED, facts=(GOOD_DNS, UNSIGNED_DANE, GOOD_BIMI)),
        looked(*UNASKED, facts=(GOOD_DNS, *ABSENT), sends_mail=False),
        looked(*UNASKED, facts=(NOBODY, *ABSENT)),
        looked(about("mail.dane", Status.PASS), facts=(GOOD_DNS, GOOD_DANE)),
        looked(facts=(GOOD_DNS, *ABSENT)),
    ],
)
def test_a_complement_that_is_there_or_was_not_asked_is_not_absent(audit: Audit) -> None:
    assert SENTENCE not in plain(audit)


def test_a_complement_that_dns_could_not_give_is_not_absent() -> None:
    lost: Dane = replace(NO_DANE, hosts=tuple(replace(each, records=LOST) for each in NO_DANE.hosts))
    assert SENTENCE not in plain(looked(*UNASKED, facts=(GOOD_DNS, lost)))


UNTRIED = Item("ns1 192.0.2.53", Status.UNKNOWN, Reason.NOT_AUTHORIZED, "Non vérifié.")


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        (
            ("dns.open-recursion", "dns.zone-transfer", "mail.relay", "mail.user-probing"),
            "relais, recherche d'adresses, transfert de zone, récursion",
        ),
        (("mail.relay",), "relais"),
    ],
)
@pytest.mark.parametrize("status", [NONE, Status.UNKNOWN])
def test_tests_that_nobody_signed_for_stand_in_the_last_line(
    checks: tuple[str, ...], words: str, status: Status
) -> None:
    text = plain(looked(*(about(check, status, items=(UNTRIED,)) for check in checks)))
    last = " ".join(text.rpartition("\n\n")[2].split())
    assert last == (f"Essais poussés non faits ({words}) : ajoutez --intrusive si l'autorisation les couvre.")


def test_tests_that_were_made_or_not_asked_are_not_in_it() -> None:
    tried = about("mail.relay", Status.PASS, items=(replace(UNTRIED, reason="", status=Status.PASS),))
    assert "Essais poussés" not in plain(looked(tried, about("mail.mx", Status.UNKNOWN, items=(UNTRIED,))))


PROOF = (Evidence("NS", "ns1.example."), Evidence("SOA", "1"))


def test_a_proof_is_shown_once_for_each_domain_and_counted_after() -> None:
    first = about("dns.delegation", Status.PASS, evidence=PROOF)
    second = about("dns.soa", Status.PASS, evidence=(*PROOF, Evidence("norme", "RFC 1912")))
    text = plain(looked(first, second))
    assert (text.count("NS : ns1.example."), text.count("norme : RFC 1912")) == (1, 1)
    assert "    2 preuves déjà montrées plus haut\n" in text
    other = replace(second, asset=f"domain/{domain_asset(OTHER).domain}")
    assert plain(looked(first, other, names=(DOMAIN, OTHER))).count("NS : ns1.example.") == 2


@pytest.mark.parametrize("width", [80, 52])
def test_every_line_fits(width: int) -> None:
    audit = looked(
        about("mail.relay", NONE, items=(UNTRIED,)),
        *UNASKED,
        about("dns.soa", Status.FAIL, "Un défaut bien long à raconter. " * 4, evidence=PROOF),
        facts=(GOOD_DNS, *ABSENT),
        names=(DOMAIN, OTHER, f"{'l-haÿ-' * 6}a.{'b' * 50}.example"),
    )
    assert max(map(len, points(audit, width=width).splitlines())) <= width


def test_a_mail_that_was_not_asked_says_nothing_of_the_name() -> None:
    audit = looked(about("dns.soa", Status.PASS), facts=())
    assert "RCPNT" not in plain(audit)
    assert "n'existe pas" not in plain(audit)


def test_mail_that_was_lost_leaves_the_criteria_unverified() -> None:
    audit = looked(about("mail.mx", Status.UNKNOWN), facts=())
    seen = (Observation(f"domain/{DOMAIN}", MailDns.KIND, LOST, NOW),)
    assert "? RCPNT 2.4 non vérifié" in plain(replace(audit, observations=seen))

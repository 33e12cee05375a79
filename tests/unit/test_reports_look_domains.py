"""What `look domain` prints around its points: names both ways, RCPNT, complements, tests left out."""

import json
from dataclasses import replace

import pytest

from cyberaudit.declared import Domain
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.base import Facts
from cyberaudit.facts.dane import Dane
from cyberaudit.facts.dnssec_samples import SOUND
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
from cyberaudit.facts.security import DnssecState
from cyberaudit.facts.zone_samples import GOOD_ZONE, UNDIVIDED_ZONE
from cyberaudit.french import NBSP
from cyberaudit.model import Audit, Evidence, Finding, Item, Observation, Reason, Status, Unreachable, Verdict
from cyberaudit.reports.look import as_document, points
from cyberaudit.reports.look_domain_points import OWN_LINE, PLAIN, Telling
from cyberaudit.reports.look_domains import domain_above, heading
from cyberaudit.reports.to_publish import TOO_LONG, pasted
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


def plain(audit: Audit, width: int = 80, telling: Telling = PLAIN) -> str:
    return points(audit, width=width, telling=telling).replace(NBSP, " ")


def flat(text: str) -> str:
    return " ".join(text.split())


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
    first, second, rest = text.split("\n\n", 2)
    assert first.startswith(f"✓ {DOMAIN} : rien à corriger, 1 point en ordre\n? {OTHER}")
    assert second == f"{DOMAIN}\n{'─' * len(DOMAIN)}"
    assert rest.index("Ceci est dit.") < rest.index(OTHER)


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
    assert told == {"1.2": "not-applicable", "2.4": "met", "2.5": "met", "2.6": "met", "2.7": "met"}


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


def test_a_proof_is_shown_once_for_each_domain_and_named_after() -> None:
    first = about("dns.delegation", Status.FAIL, evidence=PROOF)
    second = about("dns.soa", Status.PARTIAL, evidence=(*PROOF, Evidence("norme", "RFC 1912")))
    text = plain(looked(first, second))
    assert (text.count("NS : ns1.example."), text.count("norme : RFC 1912")) == (1, 1)
    assert "    (voir dns.delegation)\n" in text
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


# --- what comes first, and what is left out


def test_the_first_line_counts_the_points() -> None:
    fine = looked(about("mail.mx", Status.PASS), about("dns.soa", Status.PASS))
    assert plain(fine).startswith(f"{DOMAIN} : rien à corriger, 2 points en ordre\n")
    mixed = looked(*(about(f"dns.{each}", each) for each in Status if each is not Status.ERROR))
    counted = "1 point à corriger, 1 à améliorer, 1 à vérifier, 1 en ordre, 1 sans objet"
    assert flat(plain(mixed)).startswith(f"{DOMAIN} : {counted.removesuffix(', 1 sans objet')} ")


def test_the_worst_risk_comes_first_inside_a_mark() -> None:
    low = replace(about("dns.a", Status.FAIL), impact=1)
    high = replace(about("dns.z", Status.FAIL), impact=4)
    half = replace(about("dns.m", Status.PARTIAL), impact=4)
    text = plain(looked(low, half, high))
    assert text.index("[dns.z]") < text.index("[dns.a]") < text.index("[dns.m]")


def test_what_proves_that_a_point_is_fine_is_technical() -> None:
    note = Item("mx1", Status.PASS, "", "mx1 convient.")
    audit = looked(about("dns.soa", Status.PASS, evidence=PROOF, items=(note,)))
    short, long = plain(audit), plain(audit, telling=Telling(technical=True))
    assert ("NS : ns1" in short, "mx1 convient." in short) == (False, False)
    assert ("NS : ns1" in long, "mx1 convient." in long) == (True, True)
    assert "  ✓ Ceci est dit. [dns.soa]\n" in short


def test_a_doubt_inside_a_point_that_is_fine_is_told() -> None:
    doubt = Item("ns2", Status.UNKNOWN, "timeout", "ns2 se tait.")
    assert "? ns2 se tait." in plain(looked(about("dns.soa", Status.PASS, items=(doubt,))))


@pytest.mark.parametrize("reason", [Reason.BOGUS, Reason.RESOLVER_FAILURE, Reason.TIMEOUT])
def test_points_that_wait_for_the_same_answer_stand_in_one_block(reason: Reason) -> None:
    unseen = [about(f"dns.{name}", Status.UNKNOWN, "Rien.", reason=reason) for name in "abc"]
    text = flat(plain(looked(*unseen)))
    assert text.count(reason.french[1:]) == 1
    assert "3 points dépendent de cette réponse et n'ont pas pu être vérifiés : dns.a, dns.b, dns.c." in text
    alone = flat(plain(looked(unseen[0], about("dns.z", Status.UNKNOWN, "Autre chose."))))
    assert "dépendent" not in alone
    assert ("[dns.a]" in alone, "Autre chose. [dns.z]" in alone) == (True, True)


def test_many_servers_with_one_cause_are_counted_unless_technical() -> None:
    items = tuple(
        Item(f"mx{n}", Status.UNKNOWN, Reason.TIMEOUT, f"mx{n} : pas de réponse.") for n in range(9)
    )
    said = (Evidence("circonstance", "203.0.113.1:25"),)
    unseen = [
        about(f"mail.{name}", Status.UNKNOWN, reason=Reason.TIMEOUT, items=items, evidence=said)
        for name in "ab"
    ]
    short, long = plain(looked(*unseen)), plain(looked(*unseen), telling=Telling(technical=True))
    assert (short.count("pas de réponse."), "  - et 3 autres\n" in short) == (6, True)
    assert (long.count("pas de réponse."), "autres" in long) == (9, False)
    assert short.count("circonstance : 203.0.113.1:25") == long.count("circonstance : 203.0.113.1:25") == 1


def test_what_nobody_signed_for_is_no_answer_of_a_server() -> None:
    unseen = [about(f"mail.{name}", Status.UNKNOWN, reason=Reason.NOT_AUTHORIZED) for name in ("a", "relay")]
    text = flat(plain(looked(*unseen)))
    assert "L'autorisation signée ne couvre pas ce point. 2 points n'ont pas pu être vérifiés : mail" in text


def test_the_silence_of_a_resolver_has_the_cause_of_a_false_signature() -> None:
    silent = Item("s1", Status.UNKNOWN, Reason.RESOLVER_FAILURE, "« s1 » : pas de réponse.")
    text = flat(
        plain(
            looked(
                about("dns.a", Status.UNKNOWN, reason=Reason.BOGUS),
                about("mail.dkim", Status.UNKNOWN, "Une clé inconnue.", items=(silent,)),
            )
        )
    )
    assert "2 points dépendent de cette réponse et n'ont pas pu être vérifiés : dns.a, mail.dkim." in text
    assert "s1" not in text


def test_a_check_of_ours_that_broke_is_never_grouped() -> None:
    broken = [about(f"dns.{name}", Status.ERROR, "Cassé.", reason=Reason.TIMEOUT) for name in "ab"]
    assert plain(looked(*broken)).count("Cassé.") == 2


@pytest.mark.parametrize(("check", "told"), [("mail.starttls", True), ("dns.delegation", False)])
@pytest.mark.parametrize("others", [(), ("mail.relay", "mail.certificate")])
def test_our_own_line_may_shut_the_door_of_mail(check: str, told: bool, others: tuple[str, ...]) -> None:
    others = others if told else ()
    unseen = (about(each, Status.UNKNOWN, reason=Reason.TIMEOUT) for each in (check, *others))
    assert (flat(OWN_LINE) in flat(plain(looked(*unseen)))) is told


# --- what to do, and what to paste

LONG = f'_dmarc.{DOMAIN}. IN TXT "v=DMARC1; p=none; rua=mailto:{"a" * 60}@{DOMAIN}; fo=1"'
LINES = (Evidence("ligne à publier (proposition)", LONG), Evidence("ligne à retirer", "x. IN A 192.0.2.1"))
FILE = Evidence("fichier à publier sur mta-sts", "version: STSv1 ⏎ mode: testing ⏎ max_age: 604800 ⏎")


@pytest.mark.parametrize("width", [80, 52, 20])
@pytest.mark.parametrize("status", [Status.FAIL, Status.PARTIAL])
def test_a_line_to_paste_stands_alone_whole_and_raw(width: int, status: Status) -> None:
    printed = points(looked(about("mail.dmarc", status, evidence=LINES)), width=width).splitlines()
    assert {LONG, "x. IN A 192.0.2.1"} < set(printed)


def test_a_file_to_publish_is_a_block() -> None:
    text = plain(looked(about("mail.mta-sts", Status.FAIL, evidence=(FILE,))))
    assert "\nversion: STSv1\nmode: testing\nmax_age: 604800\n" in text


@pytest.mark.parametrize("value", ["v=DKIM1; p=AAAA…", "a" * 4001])
def test_a_line_that_was_cut_is_never_proposed(value: str) -> None:
    text = plain(looked(about("mail.dkim", Status.FAIL, evidence=(Evidence("ligne à publier", value),))))
    assert TOO_LONG in text
    assert value not in text


def test_what_a_line_to_paste_holds_moves_no_cursor() -> None:
    assert pasted("a\x1b[2J b\u202e c\r\nd") == ["a [2J b c", "d"]


def test_an_open_point_says_what_to_do_and_where_to_read_on(catalogue_measures: Telling) -> None:
    faulty = replace(about("mail.spf", Status.FAIL), measure="authenticate-mail")
    text = flat(plain(looked(faulty), telling=catalogue_measures))
    assert "À faire : protéger le courrier" in text
    assert "Comment : cyberaudit explain mail.spf" in text
    fine = replace(faulty, verdict=replace(faulty.verdict, status=Status.PASS))
    assert "À faire" not in plain(looked(fine), telling=catalogue_measures)


@pytest.fixture(scope="module")
def catalogue_measures() -> Telling:
    return Telling(load_catalogue(()).remedies.measures)


def test_programs_get_the_tier_and_what_to_paste(catalogue_measures: Telling) -> None:
    urgent = replace(about("mail.dmarc", Status.FAIL, evidence=(*LINES, FILE)), impact=4, likelihood=4)
    found = json.loads(
        as_document(looked(urgent, about("dns.soa", Status.PASS)), catalogue_measures.measures)
    )
    assert [each["tier"] for each in found["findings"]] == ["Urgent", ""]
    assert [each["to_publish"] for each in found["findings"]] == [
        [LONG, "version: STSv1\nmode: testing\nmax_age: 604800"],
        [],
    ]
    # A program that pasted this one would keep the fault, or make it twice.
    assert [each["to_remove"] for each in found["findings"]] == [["x. IN A 192.0.2.1"], []]


def test_programs_are_not_told_to_publish_what_only_a_person_can_decide() -> None:
    lines = (
        Evidence("ligne à publier, si ce nom ne reçoit jamais", "x. IN MX 0 ."),
        Evidence("ligne à retirer, si ce serveur n'existe plus", "x. IN NS ns8.example."),
    )
    found = json.loads(as_document(looked(about("mail.mx", Status.FAIL, evidence=lines))))
    assert [(each["to_publish"], each["to_remove"]) for each in found["findings"]] == [([], [])]
    assert "x. IN MX 0 ." in plain(looked(about("mail.mx", Status.FAIL, evidence=lines)))


# --- a plain host name, the reference and us, the resolver that was passed by

BARE = replace(GOOD_DNS, mx=(), apex=TxtAnswer(DOMAIN, (b"autre=1",)), spf=None, dmarc=())
BELOW = replace(BARE, dmarc_suffix=TxtAnswer("_dmarc.domaine.example", ()))


@pytest.mark.parametrize(
    ("facts", "above"),
    [
        ((BARE, UNDIVIDED_ZONE), "service.example"),
        ((BARE, GOOD_ZONE), ""),
        ((GOOD_DNS, UNDIVIDED_ZONE), ""),
        ((replace(BARE, apex=LOST), UNDIVIDED_ZONE), ""),
        ((replace(BARE, mx=LOST), UNDIVIDED_ZONE), ""),
        ((replace(BARE, dmarc=LOST), UNDIVIDED_ZONE), ""),
        ((replace(BARE, apex=TxtAnswer(DOMAIN, (b"v=spf1 -all",))), UNDIVIDED_ZONE), ""),
        ((replace(BARE, dmarc=(TxtAnswer(f"_dmarc.{DOMAIN}", (b"v=DMARC1; p=none",)),)), UNDIVIDED_ZONE), ""),
        ((BARE, replace(UNDIVIDED_ZONE, delegated=LOST)), ""),
        ((BELOW,), "domaine.example"),
        ((BARE,), ""),
    ],
)
def test_a_plain_host_name_is_told_its_domain(facts: tuple[Facts, ...], above: str) -> None:
    audit = looked(about("dns.caa", Status.PASS), facts=facts)
    assert domain_above(audit, domain_asset(DOMAIN)) == above
    said = f"{DOMAIN} est un nom du domaine {above}, sans courrier à lui : regardez {above}."
    assert (said in flat(plain(audit))) is bool(above)


@pytest.mark.parametrize(
    ("check", "reason", "word"),
    [
        ("mail.spf", "syntax", "2.5 conforme : une liste d'expéditeurs (SPF) (la règle de l'ANCT accepte"),
        ("mail.spf", "plus-all", "(SPF) (la règle de l'ANCT s'en contente ; voir mail.spf)"),
        ("mail.dmarc", "several-records", "(DMARC) (la règle de l'ANCT accepte cette écriture ; les messag"),
        ("mail.mx", "unresolvable", "(MX) (la règle de l'ANCT s'en contente ; voir mail.mx)"),
    ],
)
def test_where_the_reference_is_content_and_we_are_not_it_is_said(check: str, reason: str, word: str) -> None:
    assert word in flat(plain(looked(about(check, Status.FAIL, reason=reason))))
    assert "règle de l'ANCT" not in plain(looked(about(check, Status.PASS, reason=reason)))


def test_a_weak_policy_is_no_contradiction_at_the_criterion_that_asks_for_a_record() -> None:
    text = flat(plain(looked(about("mail.dmarc", Status.PARTIAL, reason="policy-none"))))
    assert "(DMARC) ✓" in text


@pytest.mark.parametrize(("own", "which"), [(True, "Le serveur donné"), (False, "Le serveur DNS d'ici")])
def test_a_resolver_that_was_passed_by_is_named(own: bool, which: str) -> None:
    passed_by = replace(SOUND, state=DnssecState.WENT_TO_AUTHORITIES)
    told = Telling(own_resolver=own)
    text = plain(looked(about("dns.soa", Status.PASS), facts=(GOOD_DNS, passed_by)), telling=told)
    assert f"\n{which} n'a pas répondu, ou a donné des réponses fausses" in text
    fine = looked(about("dns.soa", Status.PASS), facts=(GOOD_DNS, SOUND))
    assert which not in plain(fine, telling=told)

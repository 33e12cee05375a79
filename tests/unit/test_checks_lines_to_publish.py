"""The lines that checks of mail propose: what they take the place of, and that no two contradict each other."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.dkim_samples import GOOD_DKIM, NO_DKIM
from cyberaudit.facts.dmarc import dmarc_tags
from cyberaudit.facts.mail import MailDns, MxRecord, TxtAnswer
from cyberaudit.facts.mail_policies_samples import BARE_REPORTS, GOOD_STS
from cyberaudit.facts.mail_samples import GOOD_DNS
from cyberaudit.facts.mail_servers import HostAlias, MailServers, UnresolvedServer
from cyberaudit.facts.mail_servers_samples import GOOD_SERVERS, MX1, MX2
from cyberaudit.facts.mta_sts import PolicyPage
from cyberaudit.model import Evidence, Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
D = GOOD_DNS.domain
RUA = f"rua=mailto:dmarc@{D}"
ONE, SEVERAL = "ligne à publier, à la place de l'actuelle", "ligne à publier, à la place des 2 actuelles"
NEW = "ligne à publier"


def ask(check_id: str, facts: Any, *, sends_mail: bool = True) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = towns.domain(sends_mail=sends_mail)
    return check.function(facts, Context(towns.NOW, asset, check.settings(), towns.town(asset)))


def lines(verdict: Verdict) -> list[Evidence]:
    return [each for each in verdict.evidence if each.label.startswith("ligne à publier")]


def labels(verdict: Verdict) -> list[str]:
    return [each.label for each in lines(verdict)]


def spf(*records: bytes) -> MailDns:
    return replace(GOOD_DNS, apex=TxtAnswer(D, records), spf=None)


def dmarc(*records: str, **changes: Any) -> MailDns:
    """Records of the domain's own; the name above has none."""
    own = TxtAnswer(f"_dmarc.{D}", tuple(record.encode() for record in records))
    above = TxtAnswer("_dmarc.example", ())
    return replace(GOOD_DNS, **{"dmarc": (own, above), "dmarc_beyond": (), "reports": (), **changes})


@pytest.mark.parametrize(
    ("facts", "label"),
    [
        (spf(), f"{NEW} (proposition, d'après le MX)"),
        (spf(b"verification=1"), f"{NEW} (proposition, d'après le MX)"),
        (spf(b"v=spf1 mx +all"), f"{ONE} (proposition)"),
        (spf(b"v=spf1 +all"), f"{ONE} (proposition, d'après le MX)"),
        (spf(b"v=spf1 mx oops -all"), f"{ONE} (proposition)"),
        (spf(b"v=spf1; mx; -all"), f"{ONE} (proposition)"),
        (spf(b"v=spf1; +all;", b"v=spf1, oops"), f"{SEVERAL} (proposition, d'après le MX)"),
        (spf(b"v=spf1 mx -all", b"v=spf1 a -all"), f"{SEVERAL} (proposition)"),
    ],
)
def test_a_list_of_senders_is_never_published_beside_another(facts: MailDns, label: str) -> None:
    """RFC 7208 §4.5: two records, and both count for nothing."""
    assert labels(ask("mail.spf", facts)) == [label]


@pytest.mark.parametrize(
    ("facts", "label"),
    [
        (dmarc(), NEW),
        (dmarc(f"v=DMARC1; p=none; {RUA}"), ONE),
        (dmarc("v=DMARC1 p=reject"), ONE),
        (dmarc("v=DMARC1; p=none", "v=DMARC1; p=reject"), SEVERAL),
        (dmarc(apex=TxtAnswer(D, (b"v=spf1 -all", b"v=DMARC1; p=reject"))), NEW),
    ],
)
def test_a_policy_is_never_published_beside_another(facts: MailDns, label: str) -> None:
    """RFC 9989 §4.10: several records are all discarded."""
    assert labels(ask("mail.dmarc", (facts, GOOD_DKIM))) == [label]


def test_an_address_of_reports_goes_into_the_policy_that_is_there() -> None:
    assert labels(ask("mail.dmarc-reports", dmarc("v=DMARC1; p=reject"))) == [ONE]


def test_the_other_policies_of_mail_replace_what_is_there() -> None:
    gone = replace(GOOD_STS, policy=None)
    rule = replace(GOOD_STS, txt=TxtAnswer(GOOD_STS.txt_name, ()))
    assert isinstance(rule.policy, PolicyPage)
    assert labels(ask("mail.mta-sts", (gone, GOOD_DNS, GOOD_SERVERS))) == [ONE]
    assert labels(ask("mail.mta-sts", (rule, GOOD_DNS, GOOD_SERVERS))) == [NEW]
    assert labels(ask("mail.tls-reports", BARE_REPORTS)) == [ONE]


def parked(facts: MailDns) -> list[Evidence]:
    domain = replace(towns.domain("parked", sends_mail=False), domain=D)
    return lines(ask("mail.parked-domains", ((domain, facts),)))


def test_the_locks_of_an_unused_name_replace_what_is_there() -> None:
    bare = dmarc(mx=(), apex=TxtAnswer(D, ()))
    assert [each.label for each in parked(bare)] == [NEW, NEW]
    used = dmarc("v=DMARC1; p=none", apex=TxtAnswer(D, (b"v=spf1 mx -all",)))
    used = replace(used, mx=(MxRecord(10, "a.example"), MxRecord(20, "b.example")))
    assert [each.label for each in parked(used)] == [SEVERAL, ONE, ONE]


def test_the_lock_goes_on_telling_who_was_told() -> None:
    used = dmarc("v=DMARC1; p=none; rua=mailto:lecture@rapports.example", mx=())
    (line,) = [each.value for each in parked(used) if "_dmarc." in each.value]
    assert line == f'_dmarc.{D}. IN TXT "v=DMARC1; p=reject; rua=mailto:lecture@rapports.example"'


def test_beside_an_alias_the_lock_stands_only_once_it_is_gone() -> None:
    used = dmarc("v=DMARC1; p=none", mx=(), dmarc_aliases=("consignes.example",))
    assert "ligne à publier, si l'alias est retiré" in [each.label for each in parked(used)]


TAGS = st.sampled_from(
    (
        "p=none", "p=reject", "P=Quarantine", "p=oops", "sp=none", "sp=reject", "np=none", "np=oops", "t=y", "pct=5",
        "adkim=strict", "psd=y", "oops", "rua=", "rua=a@b.example", RUA, "rua=https://b.example/x",
        f"{RUA},oops", "ruf=mailto:x@y.example", "ruf=oops", "mailto:c@d.example",
    )
)  # fmt: skip


@given(st.lists(TAGS, max_size=7), st.booleans(), st.sampled_from(((), ("ailleurs.example",))))
def test_two_questions_about_one_policy_propose_one_line(
    tags: list[str], sound: bool, aliases: tuple[str, ...]
) -> None:
    facts = dmarc("; ".join(("v=DMARC1", *tags)), dmarc_aliases=aliases)
    policy = lines(ask("mail.dmarc", (facts, GOOD_DKIM if sound else NO_DKIM)))
    reports = lines(ask("mail.dmarc-reports", facts))
    if policy and reports:
        assert policy == reports


@pytest.mark.parametrize("softer", ["pct=50", "t=y", "sp=none"])
def test_reports_arrive_before_a_policy_becomes_firmer(softer: str) -> None:
    facts = dmarc(f"v=DMARC1; p=quarantine; {softer}")
    verdict = ask("mail.dmarc", (facts, GOOD_DKIM))
    (line,) = lines(verdict)
    assert softer in line.value
    assert "rua=" in line.value
    assert [line] == lines(ask("mail.dmarc-reports", facts))
    assert "faites d'abord arriver les rapports" in " ".join(each.value for each in verdict.evidence)
    read = dmarc(f"v=DMARC1; p=quarantine; {softer}; {RUA}")
    (firmer,) = lines(ask("mail.dmarc", (read, GOOD_DKIM)))
    assert softer not in firmer.value


def test_a_line_that_would_refuse_mail_is_left_to_one_question() -> None:
    verdict = ask("mail.dmarc-reports", dmarc("v=DMARC1; p=reject; sp=oops; rua=https://b.example/x"))
    assert lines(verdict) == []
    assert any("corrige aussi les adresses" in each.value for each in verdict.evidence)


def test_nothing_is_proposed_for_the_record_of_a_registry() -> None:
    above = TxtAnswer("_dmarc.example", (b"v=DMARC1; p=reject; psd=y",))
    facts = dmarc(dmarc=(TxtAnswer(f"_dmarc.{D}", ()), above))
    verdict = ask("mail.dmarc-reports", facts)
    assert (verdict.status, lines(verdict)) == (Status.PARTIAL, [])


@pytest.mark.parametrize(
    "rua",
    [
        f"rua=mailto:dmarc@{D};mailto:b@b.example",
        f"rua=mailto:dmarc@{D}; b@b.example ",
        f"rua=mailto:dmarc@{D};; mailto:b@b.example?subject=x",
    ],
)
def test_an_address_after_a_semicolon_is_told_as_lost(rua: str) -> None:
    """Receivers read a setting up to the semicolon (RFC 9989 §4.8): what follows gets nothing."""
    facts = dmarc(f"v=DMARC1; p=reject; {rua}", reports=Unreachable(Reason.NOT_COLLECTED))
    verdict = ask("mail.dmarc-reports", facts)
    assert (verdict.status, verdict.reason) == (Status.PARTIAL, "rua-invalid")
    lost = [item for item in verdict.items if item.status is Status.FAIL]
    assert ["b@b.example" in item.text and "virgule" in item.text for item in lost] == [True]
    (line,) = lines(verdict)
    made = dmarc_tags(line.value.partition('"')[2].rstrip('"'))["rua"]
    assert made.startswith(f"mailto:dmarc@{D},mailto:b@b.example")
    policy = ask("mail.dmarc", (facts, GOOD_DKIM))
    assert "virgule" in policy.items[0].text
    assert lines(policy) == [line]


def test_an_address_that_is_written_twice_is_lost_once_and_read_once() -> None:
    facts = dmarc(f"v=DMARC1; p=reject; {RUA};mailto:dmarc@{D}")
    verdict = ask("mail.dmarc-reports", facts)
    assert not any(item.status is Status.FAIL for item in verdict.items)


def test_an_address_elsewhere_is_no_address_of_reports() -> None:
    verdict = ask("mail.dmarc-reports", dmarc(f"v=DMARC1; p=reject; b@b.example; {RUA}"))
    assert not any("b@b.example" in item.text for item in verdict.items)


@pytest.mark.parametrize(
    "record",
    [
        b"v=spf1\tmx -all",
        b"v=spf1 \tmx -all",
        b"v=spf1 mx\t-all",
        b"v=spf1 mx -all\n",
        b"v=spf1 mx\xc2\xa0-all",
        b"v=spf1 mx\xa0\t -all",
    ],
)
def test_only_a_space_parts_two_terms(record: bytes) -> None:
    """RFC 7208 §4.6.1: with anything else receivers cannot read the list, and nobody sees why."""
    verdict = ask("mail.spf", spf(record))
    assert verdict.status is Status.FAIL
    assert any("caractère invisible" in each.value for each in verdict.evidence)
    assert [each.value for each in lines(verdict)] == [f'{D}. IN TXT "v=spf1 mx -all"']
    assert not any("est retiré" in each.value for each in verdict.evidence)
    for other in ("v=spf1 mx oops -all", "v=spf1 mx voilà -all"):
        seen = ask("mail.spf", spf(other.encode()))
        assert not any("caractère invisible" in each.value for each in seen.evidence)


@pytest.mark.parametrize("record", [b"v=spf1 \t-all", b"v=spf1 -all\t", b"v=spf1\t-all"])
def test_a_lock_that_receivers_cannot_read_locks_nothing(record: bytes) -> None:
    domain = replace(towns.domain("parked", sends_mail=False), domain=D)
    facts = dmarc("v=DMARC1; p=reject", mx=(MxRecord(0, ""),), apex=TxtAnswer(D, (record,)))
    verdict = ask("mail.parked-domains", ((domain, facts),))
    assert [item.reason for item in verdict.items] == ["parked.spf"]
    sound = replace(facts, apex=TxtAnswer(D, (b"V=SPF1  -ALL ",)))
    assert ask("mail.parked-domains", ((domain, sound),)).status is Status.PASS


@pytest.mark.parametrize(("policy", "status"), [("reject", Status.PASS), ("none", Status.PARTIAL)])
def test_a_town_that_says_it_is_a_registry_is_told(policy: str, status: Status) -> None:
    """RFC 9989 §4.10.2: with `psd=y`, each name below counts as an organisation of its own."""
    facts = dmarc(f"v=DMARC1; p={policy}; psd=Y; {RUA}")
    verdict = ask("mail.dmarc", (facts, GOOD_DKIM))
    assert verdict.status is status
    assert [item.reason for item in verdict.items if item.status is Status.PASS] == ["dmarc.psd"]
    assert not any("psd" in each.value for each in lines(verdict))
    for other in (dmarc(f"v=DMARC1; p={policy}; psd=n; {RUA}"), dmarc(f"v=DMARC1; p={policy}; {RUA}")):
        told = ask("mail.dmarc", (other, GOOD_DKIM))
        assert not any(item.reason == "dmarc.psd" for item in told.items)
    above = TxtAnswer("_dmarc.example", (b"v=DMARC1; p=reject; psd=y",))
    heir = ask("mail.dmarc", (dmarc(dmarc=(TxtAnswer(f"_dmarc.{D}", ()), above)), GOOD_DKIM))
    assert not any(item.reason == "dmarc.psd" for item in heir.items)


LITERAL = "192.0.2.7"


def test_an_address_in_the_mx_is_told_once_and_nowhere_else() -> None:
    """RFC 5321 §5.1: no rule can name it, and nobody delivers to it."""
    twice = tuple(MxRecord(rank, host) for rank, host in enumerate((MX1, MX2, LITERAL, LITERAL)))
    facts = replace(GOOD_DNS, mx=twice)
    servers = replace(GOOD_SERVERS, unresolved=(UnresolvedServer(LITERAL, None),))
    told = [item.reason for item in ask("mail.mx", (facts, servers)).items if LITERAL in item.key]
    assert told == ["mx.ip_literal"]
    rule = ask("mail.mta-sts", (GOOD_STS, facts, servers))
    assert not any(LITERAL in item.text for item in rule.items)
    assert rule.status is Status.PASS


def test_a_rule_about_servers_without_a_name_is_neither_right_nor_wrong() -> None:
    alone = replace(GOOD_DNS, mx=(MxRecord(10, LITERAL),))
    verdict = ask("mail.mta-sts", (GOOD_STS, alone, GOOD_SERVERS))
    assert (verdict.status, lines(verdict)) == (Status.UNKNOWN, [])


def mx_changes(*records: MxRecord, servers: MailServers) -> list[tuple[str, str]]:
    verdict = ask("mail.mx", (replace(GOOD_DNS, mx=records), servers))
    return [(each.label, each.value) for each in verdict.evidence if each.label.startswith("ligne")]


def test_a_mail_server_by_another_name_takes_the_place_of_its_alias() -> None:
    alias = replace(GOOD_SERVERS, aliases=(HostAlias(MX1, ("vrai.example",)),))
    assert mx_changes(MxRecord(10, MX1), MxRecord(20, MX2), servers=alias) == [
        (NEW, f"{D}. IN MX 10 vrai.example."),
        ("ligne à retirer", f"{D}. IN MX 10 {MX1}."),
    ]
    twice = (MxRecord(10, MX1), MxRecord(20, MX1), MxRecord(30, MX2))
    assert mx_changes(*twice, servers=GOOD_SERVERS) == [("ligne à retirer", f"{D}. IN MX 20 {MX1}.")]

"""The State's reference for communes: by its own rules, three-valued where its checker is not."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.mail import MailDns, TxtAnswer
from cyberaudit.facts.mail_samples import BAD_DNS, DOMAIN, GOOD_DNS
from cyberaudit.facts.rcpnt import NOTHING_DECLARED, Commune, Outcome, level, rcpnt, site_name
from cyberaudit.model import Reason, Unreachable

pytestmark = pytest.mark.unit

LOST = Unreachable(Reason.RESOLVER_FAILURE)
SAID = Commune(email=f"mairie@{DOMAIN}", website=f"https://www.{DOMAIN}/accueil", mail_in_eu=True)
MET, NOT_MET, UNVERIFIED = Outcome.MET, Outcome.NOT_MET, Outcome.UNVERIFIED


def outcomes(
    mail: MailDns | Unreachable, commune: Commune = SAID, domain: str = DOMAIN
) -> dict[str, Outcome]:
    return {each.number: each.outcome for each in rcpnt(domain, mail, commune)}


def with_dmarc(*records: bytes) -> MailDns:
    return replace(GOOD_DNS, dmarc=(TxtAnswer(f"_dmarc.{DOMAIN}", records),))


def test_a_good_domain_meets_all_but_its_reserved_extension() -> None:
    found = outcomes(GOOD_DNS)
    assert found.pop("1.2") is Outcome.NOT_APPLICABLE  # no town can have a name in « .example »
    assert set(found.values()) == {MET}
    assert list(found) == ["2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8"]


def test_without_a_profile_the_declared_criteria_are_not_verified() -> None:
    found = outcomes(GOOD_DNS, NOTHING_DECLARED)
    assert [number for number, outcome in found.items() if outcome is UNVERIFIED] == [
        "2.1",
        "2.2",
        "2.3",
        "2.8",
    ]


def test_what_could_not_be_asked_is_neither_met_nor_missed() -> None:
    assert {outcomes(LOST)[number] for number in ("2.4", "2.5", "2.6", "2.7")} == {UNVERIFIED}
    partly = replace(GOOD_DNS, apex=LOST, dmarc=LOST, mx=LOST)
    assert {outcomes(partly)[number] for number in ("2.4", "2.5", "2.6", "2.7")} == {UNVERIFIED}


def test_a_domain_without_anything_misses_them() -> None:
    nothing = replace(BAD_DNS, exists=False, mx=(), apex=TxtAnswer(DOMAIN, ()), spf=None, dmarc=())
    assert {outcomes(nothing)[number] for number in ("2.4", "2.5", "2.6", "2.7")} == {NOT_MET}


@pytest.mark.parametrize(
    ("record", "strong"),
    [
        (b"v=DMARC1; p=reject", MET),
        (b"v=DMARC1; p=quarantine", MET),
        (b"v=DMARC1; p=quarantine; pct=99", NOT_MET),
        (b"v=DMARC1; p=reject; pct=10", MET),
        (b"v=DMARC1; p=none", NOT_MET),
        (b"v=DMARC1; rua=mailto:x@y.example", NOT_MET),
        (b"v=DMARC1; sp=none; p=reject", NOT_MET),
    ],
)
def test_criterion_2_7_reads_the_record_as_its_checker_does(record: bytes, strong: Outcome) -> None:
    found = outcomes(with_dmarc(record))
    assert (found["2.6"], found["2.7"]) == (MET, strong)


def test_only_the_domain_itself_counts_for_dmarc() -> None:
    inherited = replace(
        GOOD_DNS,
        dmarc=(TxtAnswer(f"_dmarc.{DOMAIN}", ()), TxtAnswer("_dmarc.example", (b"v=DMARC1; p=reject",))),
    )
    assert (outcomes(inherited)["2.6"], outcomes(inherited)["2.7"]) == (NOT_MET, NOT_MET)


@pytest.mark.parametrize(
    ("email", "website", "expected"),
    [
        ("mairie@orange.fr", "https://ville.fr", (NOT_MET, NOT_MET)),
        ("mairie@ville.fr", "https://www.ville.fr/", (MET, MET)),
        ("mairie@autre.fr", "https://www.ville.fr/", (MET, NOT_MET)),
        ("mairie@ville.fr", "", (MET, UNVERIFIED)),
    ],
)
def test_the_address_is_the_towns_own_and_under_the_name_of_the_site(
    email: str, website: str, expected: tuple[Outcome, Outcome]
) -> None:
    found = outcomes(GOOD_DNS, Commune(email, website, None), "ville.fr")
    assert (found["2.2"], found["2.3"]) == expected


@pytest.mark.parametrize(
    ("name", "met"),
    [
        ("ville.fr", MET),
        ("ville.bzh", MET),
        ("ville.eu", MET),
        ("ville.gouv.fr", MET),
        ("ville.com", NOT_MET),
    ],
)
def test_the_extension_is_french_or_european(name: str, met: Outcome) -> None:
    assert outcomes(GOOD_DNS, NOTHING_DECLARED, name)["1.2"] is met


def test_the_level_is_told_only_when_every_criterion_of_it_is_known() -> None:
    french = replace(SAID, email="mairie@ville.fr", website="https://ville.fr")
    assert level(rcpnt("ville.fr", GOOD_DNS, french)) == "aa"
    assert level(rcpnt("ville.fr", with_dmarc(b"v=DMARC1; p=none"), french)) == "a"
    assert level(rcpnt("ville.fr", with_dmarc(), french)) == "a"
    assert level(rcpnt("ville.fr", GOOD_DNS, NOTHING_DECLARED)) == "?"
    assert level(rcpnt("ville.com", GOOD_DNS, NOTHING_DECLARED)) == ""


@given(st.binary(max_size=60), st.text(max_size=40))
def test_no_text_breaks_the_reading(record: bytes, url: str) -> None:
    site_name(url)
    hostile: Any = replace(with_dmarc(record), apex=TxtAnswer(DOMAIN, (record,)))
    assert {each.outcome for each in rcpnt(DOMAIN, hostile, SAID)} <= set(Outcome)

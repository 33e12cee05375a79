"""Organisational practices: procedures, papers, contracts, duties of the law, and who follows them."""

from datetime import date, timedelta

import pytest

from cyberaudit.declared import Declaration
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.engine.measures import Measure
from cyberaudit.engine.remedies import cite
from cyberaudit.model import Finding, Reason
from cyberaudit.sdk import Answer, Check, Status
from cyberaudit.town.known import MAY_NOT_APPLY, PRACTICES
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
HALF_WAY = {
    "crisis-procedure": "draft",
    "crisis-exercise": "some-people",
    "continuity-plan": "some-activities",
    "arrivals-departures": "some-accounts",
    "charter": "some-people",
    "provider-contracts": "some-contracts",
    "data-protection-officer": "not-registered",
    "processing-register": "some-files",
    "breach-procedure": "not-written",
    "homologation": "some-services",
    "insurance": "half-known",
    "security-referent": "not-named",
    "yearly-audit": "no-follow-up",
}
MAY_BE_NONE = ("homologation", "insurance")
THE_LAW = ("data-protection-officer", "processing-register", "breach-procedure", "homologation")
TODAY = towns.NOW.date()

practices = pytest.mark.parametrize("name", HALF_WAY)


def check_of(name: str) -> Check:
    check = CATALOGUE.check(f"practice.{name}")
    assert check is not None
    return check


def measure_of(name: str) -> Measure:
    return CATALOGUE.remedies.measures[check_of(name).measure]


def found(name: str, declared: Declaration | None) -> Finding:
    """What a town hears of this practice, once declared so."""
    town = towns.town(towns.practice(name, declared))
    only = towns.narrowed(CATALOGUE, f"practice.{name}")
    (finding,) = judge(town, only, (), vantage="outside", now=towns.NOW)
    return finding


@practices
def test_each_answer_has_its_verdict_and_its_own_sentence(name: str) -> None:
    answers = (Answer.YES, Answer.PARTIAL, Answer.NO)
    verdicts = [found(name, towns.declaration(answer)).verdict for answer in answers]
    assert [(verdict.status, verdict.reason) for verdict in verdicts] == [
        (Status.PASS, ""),
        (Status.PARTIAL, HALF_WAY[name]),
        (Status.FAIL, "answered-no"),
    ]
    assert len({verdict.text for verdict in verdicts}) == 3
    assert all(len(verdict.text) <= 100 and verdict.text.endswith(".") for verdict in verdicts)


@practices
@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (None, Reason.NOT_DECLARED),
        (towns.declaration(Answer.UNKNOWN), Reason.ANSWER_UNKNOWN),
        (towns.declaration(Answer.YES, on=TODAY - timedelta(days=366)), Reason.DECLARATION_EXPIRED),
        (towns.declaration(Answer.NO, on=TODAY - timedelta(days=366)), Reason.DECLARATION_EXPIRED),
    ],
    ids=["none", "do-not-know", "yes-of-last-year", "no-of-last-year"],
)
def test_what_nobody_says_today_is_unknown(name: str, declared: Declaration | None, reason: Reason) -> None:
    finding = found(name, declared)
    assert (finding.status, finding.verdict.reason) == (Status.UNKNOWN, reason)


@pytest.mark.parametrize("name", MAY_BE_NONE)
def test_a_question_that_does_not_arise_leaves_the_level(name: str) -> None:
    finding = found(name, towns.declaration(Answer.NOT_APPLICABLE))
    assert finding.status is Status.NOT_APPLICABLE
    assert finding.verdict.text.startswith("La mairie n")


def test_only_those_two_may_not_apply() -> None:
    assert {name for name in HALF_WAY if name in MAY_NOT_APPLY} == set(MAY_BE_NONE)


@pytest.mark.parametrize("name", [each for each in HALF_WAY if each not in MAY_BE_NONE])
def test_a_question_that_arises_everywhere_cannot_be_waved_away(name: str) -> None:
    assert found(name, towns.declaration(Answer.NOT_APPLICABLE)).status is Status.FAIL


@pytest.mark.parametrize("name", ["crisis-exercise", "processing-register"])
def test_what_is_done_each_year_is_told_with_the_day_of_the_answer(name: str) -> None:
    text = found(name, towns.declaration(Answer.YES, on=date(2026, 3, 1))).verdict.text
    assert "1er\xa0mars\xa02026" in text


@practices
def test_each_is_named_asked_in_a_closed_question_and_led_to_one_measure(name: str) -> None:
    assert 5 < len(PRACTICES[name]) <= 50
    assert CATALOGUE.fiches[f"practice.{name}"].title.endswith("?")
    assert [check.id for check in CATALOGUE.checks if check.measure == check_of(name).measure] == [
        f"practice.{name}"
    ]


@practices
def test_each_fiche_says_whose_word_it_is_and_whose_judgement(name: str) -> None:
    limits = " ".join(CATALOGUE.fiches[f"practice.{name}"].limits.split())
    assert limits.startswith(
        "C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois."
    )
    assert "notre jugement" in limits


@pytest.mark.parametrize("name", THE_LAW)
def test_a_duty_of_the_law_says_so_and_comes_among_the_first(name: str) -> None:
    measure = measure_of(name)
    assert measure.guidance_class == 1
    assert measure.why.startswith("La loi ")
    assert CATALOGUE.fiches[f"practice.{name}"].why.startswith("La loi ")
    assert "amende" not in measure.why


@practices
def test_what_no_law_asks_never_claims_that_the_law_asks_it(name: str) -> None:
    if name not in THE_LAW:
        assert measure_of(name).guidance_class > 1
        assert "La loi " not in measure_of(name).why


def test_the_two_clocks_of_seventy_two_hours_are_told_apart() -> None:
    """GDPR 33 counts from knowing that personal data are touched; the insurance law from knowing the attack."""
    fiche = CATALOGUE.fiches["practice.breach-procedure"]
    told = " ".join(" ".join((fiche.why, *measure_of("breach-procedure").steps)).split())
    assert told.count("72 heures") == 4
    assert told.count("plainte") == 2
    assert "où la mairie sait que des données personnelles sont touchées" in told
    assert "où elle connaît l'attaque" in told
    assert "si la mairie est assurée" in told


@pytest.mark.parametrize(
    ("name", "awaited"),
    [
        ("crisis-procedure", ("print-contacts",)),
        ("crisis-exercise", ("write-crisis-procedure",)),
        ("processing-register", ("name-data-protection-officer",)),
        ("insurance", ("print-contacts",)),
        ("breach-procedure", ()),
    ],
)
def test_a_measure_waits_for_what_it_needs_and_a_legal_delay_for_nothing(
    name: str, awaited: tuple[str, ...]
) -> None:
    assert measure_of(name).depends == awaited


@practices
def test_at_least_one_address_of_a_public_body_can_be_opened(name: str) -> None:
    measure = measure_of(name)
    references = (*check_of(name).sources, *measure.sources)
    assert any(cite(each, CATALOGUE.remedies).url for each in references)

"""Practice checks: what a person answered, as a verdict; and that each practice is asked about once."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from cyberaudit.declared import Declaration
from cyberaudit.engine.catalogue import asked, load_catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.model import Finding, Reason
from cyberaudit.sdk import Answer, AssetKind, Check, Context, Status
from cyberaudit.town.known import MAY_NOT_APPLY, PRACTICES
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
HALF_WAY = {
    "mfa": "some-accounts",
    "incident-contacts": "draft",
    "awareness": "some-people",
    "passwords": "some-people",
    "default-passwords": "some-devices",
    "workstation-updates": "some-computers",
    "server-updates": "some-servers",
    "antivirus": "some-computers",
    "local-admin-rights": "some-people",
    "admin-accounts": "some-accounts",
    "vital-activities": "draft",
    "inventory": "one-of-two",
    "laptop-encryption": "some-laptops",
    "guest-wifi": "some-places",
    "telework": "some-people",
    "watch": "some-equipment",
    "directory": "one-of-two",
}
"""Practice → code of the half-way answer."""

MAY_BE_NONE = {"server-updates", "laptop-encryption", "guest-wifi", "telework", "directory"}
OVER = date(2025, 11, 20)
"""A year and a day before the scan."""

practices = pytest.mark.parametrize("name", HALF_WAY)


def check_of(name: str) -> Check:
    check = CATALOGUE.check(f"practice.{name}")
    assert check is not None
    return check


def found(name: str, declared: Declaration | None) -> Finding:
    town = towns.town(towns.practice(name, declared))
    only = towns.narrowed(CATALOGUE, f"practice.{name}")
    (finding,) = judge(town, only, (), vantage="outside", now=towns.NOW)
    return finding


@practices
def test_each_answer_has_its_verdict_and_its_own_sentence(name: str) -> None:
    check = check_of(name)
    asset = towns.practice(name)
    ctx = Context(towns.NOW, asset, check.settings(), towns.town(asset))
    answers = (Answer.YES, Answer.PARTIAL, Answer.NO)
    verdicts = [check.function(towns.declaration(answer), ctx) for answer in answers]
    assert [(verdict.status, verdict.reason) for verdict in verdicts] == [
        (Status.PASS, ""),
        (Status.PARTIAL, HALF_WAY[name]),
        (Status.FAIL, "answered-no"),
    ]
    texts = {verdict.text for verdict in verdicts}
    assert len(texts) == 3
    assert all(len(text) <= 100 and text.endswith(".") for text in texts)


@practices
@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (None, Reason.NOT_DECLARED),
        (towns.declaration(Answer.UNKNOWN), Reason.ANSWER_UNKNOWN),
        (towns.declaration(Answer.YES, on=OVER), Reason.DECLARATION_EXPIRED),
        (towns.declaration(Answer.NO, on=OVER), Reason.DECLARATION_EXPIRED),
        (towns.declaration(Answer.NOT_APPLICABLE, on=OVER), Reason.DECLARATION_EXPIRED),
    ],
)
def test_what_nobody_validly_says_is_unknown(name: str, declared: Declaration | None, reason: Reason) -> None:
    finding = found(name, declared)
    assert (finding.status, finding.verdict.reason) == (Status.UNKNOWN, reason)


@practices
def test_only_a_question_that_may_not_arise_is_set_aside(name: str) -> None:
    verdict = found(name, towns.declaration(Answer.NOT_APPLICABLE)).verdict
    if name in MAY_BE_NONE:
        assert (verdict.status, verdict.text[-1]) == (Status.NOT_APPLICABLE, ".")
        assert "« Sans objet » convient" in " ".join(CATALOGUE.fiches[f"practice.{name}"].limits.split())
    else:
        assert (verdict.status, verdict.reason) == (Status.FAIL, "answered-no")


def test_each_practice_is_asked_about_by_exactly_one_check() -> None:
    assets = [towns.practice(name) for name in PRACTICES]
    kept_elsewhere = replace(towns.backup("cloud", media="cloud", place="off-site"), path="")
    town = towns.town(*assets, kept_elsewhere)
    pairs = Counter(
        asset.id for _, asset in asked(town, CATALOGUE.checks) if asset.kind is AssetKind.PRACTICE
    )
    assert pairs == dict.fromkeys(PRACTICES, 1)


def test_the_profile_takes_sans_objet_where_a_check_does() -> None:
    setting_aside = {
        name
        for name in PRACTICES
        if CATALOGUE.check(f"practice.{name}")
        and found(name, towns.declaration(Answer.NOT_APPLICABLE)).status is Status.NOT_APPLICABLE
    }
    assert setting_aside == MAY_NOT_APPLY


@practices
def test_each_fiche_says_that_it_is_a_word_that_lasts_and_whose_judgement_the_risk_is(name: str) -> None:
    limits = " ".join(CATALOGUE.fiches[f"practice.{name}"].limits.split())
    assert "réponse donnée par une personne" in limits
    if name not in ("mfa", "awareness", "incident-contacts"):
        assert "Elle vaut douze mois." in limits
        assert "notre jugement" in limits

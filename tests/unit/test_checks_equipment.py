"""What people say of the firewall, the box and the like: which machines are asked about, and the verdicts."""

from dataclasses import replace
from datetime import date

import pytest

from cyberaudit.declared import Answer, AssetKind, CheckChoice, Declaration, Declared, Host, Vpn, VpnKind
from cyberaudit.engine.catalogue import asked, load_catalogue, settings_for
from cyberaudit.engine.judge import judge
from cyberaudit.facts.equipment import over, said_day
from cyberaudit.model import Basis, Reason, Status, Verdict
from cyberaudit.sdk import Check, Context, on_practice
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, PARTIAL, FAIL, UNKNOWN = Status.PASS, Status.PARTIAL, Status.FAIL, Status.UNKNOWN
UPDATED, REVIEWED = "firewall.firmware-date", "firewall.rules-reviewed"
PASSWORD, SUPPORTED = "firewall.default-password", "firewall.supported"
EQUIPMENT = {UPDATED, REVIEWED, PASSWORD, SUPPORTED}
SAID = towns.declaration(Answer.YES)


def host(
    *fields: str, zone: str = "lan", model: str = "", firmware: str = "", said: Declaration = SAID
) -> Host:
    return Host(
        id="box",
        name="Box de L'Haÿ",
        declared=tuple(Declared(field, said) for field in fields),
        zone=zone,
        addresses=("192.0.2.1",),
        services=(),
        link="",
        model=model,
        firmware=firmware,
    )


def check_of(check_id: str) -> Check:
    check = CATALOGUE.check(check_id)
    assert check is not None
    return check


def ask(check_id: str, said: Declaration, months: int = 6) -> Verdict:
    check = check_of(check_id)
    choices = (CheckChoice(UPDATED, "", (("months", str(months)),)),)
    settings = settings_for(check, towns.town(checks=choices))
    return check.function(said, Context(towns.NOW, host(), settings, towns.town(host())))


CARRIED = Vpn("agents", "Accès", (), "box", VpnKind.SSL, "vpn.mairie.example", "")


@pytest.mark.parametrize(
    ("asset", "expected"),
    [
        (host(), set()),
        (host("confirmed"), set()),
        (host(zone="outside"), set()),
        (host(model="Pare-feu 40"), EQUIPMENT - {REVIEWED}),
        (host(firmware="7.10"), EQUIPMENT - {REVIEWED}),
        (host("supported"), EQUIPMENT - {REVIEWED}),
        (host("rules_reviewed"), EQUIPMENT),
        (host(zone="outside", model="Box"), EQUIPMENT),
    ],
)
def test_only_equipment_is_asked_what_equipment_answers(asset: Host, expected: set[str]) -> None:
    pairs = asked(towns.town(asset), CATALOGUE.checks)
    assert {check.id for check, _ in pairs if check.id in EQUIPMENT} == expected


def test_a_machine_that_carries_a_remote_access_is_equipment() -> None:
    pairs = list(asked(towns.town(host(zone="outside"), CARRIED), CATALOGUE.checks))
    assert {check.id for check, asset in pairs if asset.kind is AssetKind.HOST} >= EQUIPMENT
    other = list(asked(towns.town(host(), replace(CARRIED, host="other")), CATALOGUE.checks))
    assert not {check.id for check, _ in other} & EQUIPMENT


@pytest.mark.parametrize(
    ("check_id", "half_way"),
    [
        (REVIEWED, "some-rules"),
        (PASSWORD, "some-accounts"),
        (SUPPORTED, "ending-soon"),
        ("firewall.present", "some-places"),
    ],
)
def test_each_answer_has_its_verdict_and_its_own_sentence(check_id: str, half_way: str) -> None:
    verdicts = [ask(check_id, towns.declaration(each)) for each in (Answer.YES, Answer.PARTIAL, Answer.NO)]
    assert [(verdict.status, verdict.reason) for verdict in verdicts] == [
        (PASS, ""),
        (PARTIAL, half_way),
        (FAIL, "answered-no"),
    ]
    assert len({verdict.text for verdict in verdicts}) == 3


# The scan is on 21 November 2026.
@pytest.mark.parametrize(
    ("value", "answer", "expected"),
    [
        ("2026-11-21", Answer.YES, (PASS, "")),
        ("2026-05-21", Answer.YES, (PASS, "")),
        ("2026-05-20", Answer.YES, (FAIL, "old-firmware")),
        ("2019-01-31", Answer.PARTIAL, (FAIL, "old-firmware")),
        ("2026-10-01", Answer.NO, (FAIL, "answered-no")),
        ("2026-11-22", Answer.YES, (UNKNOWN, "undecided")),
        ("", Answer.YES, (UNKNOWN, "undecided")),
        ("le 12 mai", Answer.YES, (UNKNOWN, "undecided")),
        ("2026-02-30", Answer.YES, (UNKNOWN, "undecided")),
        ("20260512", Answer.YES, (UNKNOWN, "undecided")),
        ("2026-W20-1", Answer.YES, (UNKNOWN, "undecided")),
        ("２０２６-05-12", Answer.YES, (UNKNOWN, "undecided")),
    ],
)
def test_the_date_of_the_last_update(value: str, answer: Answer, expected: tuple[Status, str]) -> None:
    verdict = ask(UPDATED, replace(towns.declaration(answer), value=value))
    assert (verdict.status, verdict.reason) == expected


def test_the_date_is_told_without_agreeing_with_the_name_of_the_machine() -> None:
    old = ask(UPDATED, replace(towns.declaration(Answer.YES), value="2026-05-20"))
    words = "La dernière mise à jour de l'équipement « Box de L'Haÿ » date du 20\u00a0mai\u00a02026."
    assert old.text == words
    assert ask(UPDATED, towns.declaration(Answer.NO)).text.startswith(
        "Personne ne met à jour l'équipement « "
    )


def test_the_profile_may_ask_for_newer_updates() -> None:
    said = replace(SAID, value="2026-09-15")
    assert ask(UPDATED, said).status is PASS
    assert ask(UPDATED, said, months=1).status is FAIL


def test_months_are_counted_to_the_end_of_short_ones() -> None:
    assert not over(date(2026, 8, 31), months=6, today=date(2027, 2, 28))
    assert over(date(2026, 8, 31), months=6, today=date(2027, 3, 1))
    assert said_day(replace(SAID, value="2024-02-29")) == date(2024, 2, 29)


def test_an_unanswered_question_is_asked_of_a_person() -> None:
    town = towns.town(host(model="Box"), towns.practice("firewall"))
    findings = {each.check: each for each in judge(town, CATALOGUE, (), vantage="outside", now=towns.NOW)}
    for check_id in (UPDATED, PASSWORD, SUPPORTED, "firewall.present"):
        finding = findings[check_id]
        assert (finding.status, finding.verdict.reason) == (UNKNOWN, Reason.NOT_DECLARED)
        assert finding.basis is Basis.DECLARED
        assert finding.verdict.text == (
            "Ce point n'a pas pu être vérifié : personne n'a encore répondu à cette question."
        )


def test_firewall_present_is_about_the_practice_called_firewall() -> None:
    town = towns.town(towns.practice("firewall"), towns.practice("present"), towns.practice("mfa"))
    pairs = {asset.key for check, asset in asked(town, CATALOGUE.checks) if check.id == "firewall.present"}
    assert pairs == {"practice/firewall"}
    assert on_practice("firewall")(towns.practice("firewall"), town)


def test_a_check_that_cannot_say_whom_it_concerns_is_asked_all_the_same() -> None:
    def broken(*_: object) -> bool:
        raise KeyError("zone")

    check = replace(check_of(SUPPORTED), concerns=broken)
    assert [asset.key for _, asset in asked(towns.town(host()), (check,))] == ["host/box"]

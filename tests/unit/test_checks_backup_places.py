"""Copies of the whole town: how many, on what, unplugged, elsewhere, at whose."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from cyberaudit.declared import Answer, Backup, Cloud, Declaration, Practice
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.facts.backup import BackupStore, Confidence, Trouble
from cyberaudit.facts.backup_samples import (
    ABSENT_STORE,
    CONTENTS,
    COPY,
    EMPTY_STORE,
    GOOD_STORE,
    LOCKED_STORE,
    LOST_STORE,
    MONTH,
    MONTH_SERIES,
    PROTECTION,
    READ_ONLY_STORE,
    SHARE_STORE,
)
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns
from tests.unit.test_checks_backup import store, troubled

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, PARTIAL, FAIL, UNKNOWN = Status.PASS, Status.PARTIAL, Status.FAIL, Status.UNKNOWN
Pair = tuple[Backup, BackupStore | Unreachable]

HERE = towns.backup("nas")
DISK = towns.backup("disk", media="usb-disk", offline=True)
CLOUD = towns.backup("cloud", media="cloud", place="off-site")
OTHER_DEVICE = replace(GOOD_STORE, contents=replace(CONTENTS, device="77"))
THIRD_DEVICE = replace(GOOD_STORE, contents=replace(CONTENTS, device="78"))
LONG = replace(COPY, fault="end-not-seen")
LONG_STORE = store(LONG, device="79")
AWAY_DISK = towns.backup("disk", media="usb-disk", offline=True, place="off-site")
PLAIN = towns.backup("plain", media="disk")
PLAIN_OFFLINE = towns.backup("box", media="nas", offline=True)
NO_PROBE = Unreachable(Reason.NO_PROBE)
DENIED = Unreachable(Reason.PERMISSION_DENIED)
UNREADABLE = replace(GOOD_STORE, contents=DENIED)
STRANGE = store(other_files=12)
INCOMPLETE = store(complete=False)


def of_town(check_id: str, *pairs: Pair) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    town = towns.town(*(asset for asset, _ in pairs))
    return check.function(pairs, Context(towns.NOW, town.commune, check.settings(), town))


@pytest.mark.parametrize(
    ("pairs", "status", "faults"),
    [
        (((HERE, GOOD_STORE), (DISK, OTHER_DEVICE), (CLOUD, THIRD_DEVICE)), PASS, set()),
        (((HERE, GOOD_STORE), (AWAY_DISK, OTHER_DEVICE)), PASS, set()),
        (((HERE, GOOD_STORE), (AWAY_DISK, OTHER_DEVICE), (CLOUD, NO_PROBE)), PASS, set()),
        (((HERE, GOOD_STORE), (AWAY_DISK, LONG_STORE)), PASS, set()),
        (((HERE, GOOD_STORE), (DISK, OTHER_DEVICE), (CLOUD, NO_PROBE)), PASS, set()),
        (((HERE, GOOD_STORE), (AWAY_DISK, ABSENT_STORE)), UNKNOWN, set()),
        (((HERE, GOOD_STORE), (AWAY_DISK, store(other_files=12, device="80"))), UNKNOWN, set()),
        (((HERE, GOOD_STORE), (DISK, ABSENT_STORE), (CLOUD, NO_PROBE)), UNKNOWN, set()),
        (((HERE, GOOD_STORE), (CLOUD, NO_PROBE)), UNKNOWN, set()),
        (((HERE, LOST_STORE), (DISK, DENIED)), UNKNOWN, set()),
        (((PLAIN, GOOD_STORE), (CLOUD, GOOD_STORE)), FAIL, {"too-few", "same-device", "one-medium"}),
        (((HERE, GOOD_STORE), (DISK, GOOD_STORE), (CLOUD, NO_PROBE)), FAIL, {"same-device"}),
        (((HERE, GOOD_STORE),), PARTIAL, {"too-few"}),
        (((HERE, ABSENT_STORE), (DISK, OTHER_DEVICE), (CLOUD, NO_PROBE)), PARTIAL, {"gone"}),
        (((HERE, EMPTY_STORE),), FAIL, {"gone", "too-few", "one-medium"}),
        (((HERE, STRANGE), (DISK, INCOMPLETE), (CLOUD, UNREADABLE)), FAIL, {"same-device"}),
    ],
)
def test_three_two_one(pairs: Any, status: Status, faults: set[str]) -> None:
    verdict = of_town("backup.three-two-one", *pairs)
    assert {item.reason for item in verdict.items if item.status.is_open} == faults
    assert verdict.status is status


def test_copies_declared_apart_and_seen_together_are_a_contradiction() -> None:
    assert of_town("backup.three-two-one", (HERE, GOOD_STORE), (DISK, GOOD_STORE)).reason == "contradiction"
    far = of_town("backup.three-two-one", (HERE, LOCKED_STORE), (CLOUD, LOCKED_STORE))
    assert any("à la même adresse" in item.text for item in far.items)


def test_an_undeclared_medium_is_never_a_pass() -> None:
    stores = (towns.backup("a", media="unknown"), towns.backup("b", media="unknown"))
    assert (
        of_town("backup.three-two-one", (stores[0], OTHER_DEVICE), (stores[1], GOOD_STORE)).status is UNKNOWN
    )


@pytest.mark.parametrize(
    ("of", "contradicted"),
    [((("files",), ("mail",)), False), ((("files",), ("mail", "files")), True), (((), ("mail",)), True)],
)
def test_copies_of_two_servers_on_one_disk_contradict_nothing_and_count_for_one(
    of: tuple[tuple[str, ...], tuple[str, ...]], *, contradicted: bool
) -> None:
    first, second = (replace(towns.backup(str(number)), of=each) for number, each in enumerate(of))
    verdict = of_town("backup.three-two-one", (first, GOOD_STORE), (second, GOOD_STORE))
    assert (verdict.reason == "contradiction") is contradicted
    assert verdict.status is (FAIL if contradicted else PARTIAL)
    assert any("copies sur 3" in item.text and item.reason == "too-few" for item in verdict.items)


@pytest.mark.parametrize("check_id", ["backup.three-two-one", "backup.offline", "backup.off-site"])
def test_what_is_declared_is_told_in_words_of_a_person(check_id: str) -> None:
    told = of_town(check_id, (HERE, GOOD_STORE), (AWAY_DISK, OTHER_DEVICE)).evidence
    assert any("disque USB, ailleurs, hors ligne (déclaré)" in line.value for line in told)


@pytest.mark.parametrize("check_id", ["backup.three-two-one", "backup.offline", "backup.off-site"])
def test_each_item_says_whether_it_is_declared_or_seen(check_id: str) -> None:
    verdict = of_town(check_id, (HERE, GOOD_STORE), (AWAY_DISK, GOOD_STORE))
    words = ("déclaré", "constaté", "non vérifiable")
    assert verdict.items
    assert all(any(word in item.text for word in words) for item in verdict.items)


@pytest.mark.parametrize("check_id", ["backup.three-two-one", "backup.offline", "backup.off-site"])
def test_a_town_that_declares_no_backup_fails_even_though_nothing_can_be_seen(check_id: str) -> None:
    findings = judge(towns.town(), CATALOGUE, (), vantage="outside", now=towns.NOW)
    found = next(finding for finding in findings if finding.check == check_id)
    assert (found.status, found.verdict.reason) == (FAIL, "none-declared")


def test_a_declared_backup_of_which_nothing_was_collected_is_unknown() -> None:
    findings = judge(towns.town(HERE), CATALOGUE, (), vantage="outside", now=towns.NOW)
    assert {finding.status for finding in findings if finding.theme == "backup"} == {UNKNOWN}


PLUGGED = READ_ONLY_STORE
WRITABLE = store(COPY, device="81", protection=replace(PROTECTION, writable_from_here=True))
DAILY_DISK = store(*MONTH, series=(MONTH_SERIES,), device="82")


def with_protection(facts: BackupStore, like: BackupStore, **changes: Any) -> BackupStore:
    """`facts` on the device and with the rights of `like`."""
    assert not isinstance(facts.contents, Unreachable)
    assert not isinstance(like.contents, Unreachable)
    contents = replace(
        facts.contents, device=like.contents.device, protection=like.contents.protection, **changes
    )
    return replace(facts, contents=contents)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (((HERE, GOOD_STORE),), (FAIL, "no-offline")),
        (((HERE, GOOD_STORE), (CLOUD, NO_PROBE)), (FAIL, "no-offline")),
        (((HERE, GOOD_STORE), (CLOUD, LOCKED_STORE)), (PARTIAL, "locked-only")),
        (((HERE, GOOD_STORE), (DISK, PLUGGED)), (PASS, "")),
        (((HERE, GOOD_STORE), (DISK, WRITABLE)), (UNKNOWN, "undecided")),
        (((HERE, GOOD_STORE), (DISK, OTHER_DEVICE)), (UNKNOWN, "undecided")),
        (((HERE, GOOD_STORE), (DISK, ABSENT_STORE)), (UNKNOWN, "undecided")),
        (((HERE, GOOD_STORE), (DISK, LOST_STORE)), (UNKNOWN, "undecided")),
        (((HERE, GOOD_STORE), (DISK, UNREADABLE)), (UNKNOWN, "undecided")),
        (((HERE, GOOD_STORE), (DISK, DAILY_DISK)), (PARTIAL, "always-plugged")),
        (((HERE, GOOD_STORE), (DISK, GOOD_STORE)), (FAIL, "contradiction")),
        (((HERE, GOOD_STORE), (DISK, with_protection(EMPTY_STORE, PLUGGED))), (FAIL, "no-copy")),
        (((HERE, GOOD_STORE), (DISK, with_protection(store(LONG), PLUGGED))), (UNKNOWN, "undecided")),
        (
            ((HERE, GOOD_STORE), (DISK, with_protection(troubled(Trouble.RANSOM_NOTE), PLUGGED))),
            (UNKNOWN, "undecided"),
        ),
        (((HERE, GOOD_STORE), (PLAIN_OFFLINE, SHARE_STORE)), (PARTIAL, "reachable")),
        (((HERE, GOOD_STORE), (PLAIN_OFFLINE, OTHER_DEVICE)), (UNKNOWN, "undecided")),
    ],
)
def test_offline(pairs: Any, expected: tuple[Status, str]) -> None:
    verdict = of_town("backup.offline", *pairs)
    assert (verdict.status, verdict.reason) == expected


@pytest.mark.parametrize("check_id", ["backup.three-two-one", "backup.offline", "backup.off-site"])
def test_places_whose_device_is_not_told_are_not_said_to_share_it(check_id: str) -> None:
    untold = store(COPY, device="")
    assert of_town(check_id, (HERE, untold), (AWAY_DISK, untold)).reason != "contradiction"


def test_a_disk_plugged_in_for_the_look_is_no_fault() -> None:
    verdict = of_town("backup.offline", (HERE, GOOD_STORE), (DISK, WRITABLE))
    assert "branché pour le contrôle" in verdict.text


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (((HERE, GOOD_STORE),), (FAIL, "no-off-site")),
        (((HERE, GOOD_STORE), (CLOUD, LOCKED_STORE)), (PASS, "")),
        (((HERE, GOOD_STORE), (CLOUD, SHARE_STORE)), (PASS, "")),
        (((HERE, GOOD_STORE), (CLOUD, NO_PROBE)), (UNKNOWN, "undecided")),
        (((HERE, GOOD_STORE), (CLOUD, OTHER_DEVICE)), (UNKNOWN, "undecided")),
        (((HERE, GOOD_STORE), (AWAY_DISK, PLUGGED)), (UNKNOWN, "undecided")),
        (((HERE, GOOD_STORE), (AWAY_DISK, ABSENT_STORE)), (UNKNOWN, "undecided")),
        (((HERE, GOOD_STORE), (CLOUD, GOOD_STORE)), (FAIL, "contradiction")),
        (((HERE, GOOD_STORE), (CLOUD, ABSENT_STORE)), (FAIL, "gone")),
        (((HERE, GOOD_STORE), (CLOUD, with_protection(EMPTY_STORE, LOCKED_STORE))), (FAIL, "gone")),
        (((HERE, GOOD_STORE), (CLOUD, with_protection(store(LONG), LOCKED_STORE))), (UNKNOWN, "undecided")),
        (
            (
                (HERE, GOOD_STORE),
                (CLOUD, with_protection(store(replace(COPY, confidence=Confidence.NAME)), LOCKED_STORE)),
            ),
            (UNKNOWN, "undecided"),
        ),
    ],
)
def test_off_site(pairs: Any, expected: tuple[Status, str]) -> None:
    verdict = of_town("backup.off-site", *pairs)
    assert (verdict.status, verdict.reason) == expected


def declared(
    check_id: str, said: Declaration, asset: Backup | Practice, *others: Any, **settings: Any
) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    town = towns.town(asset, *others)
    return check.function(said, Context(towns.NOW, asset, check.settings(**settings), town))


TODAY = towns.NOW.date()


@pytest.mark.parametrize(
    ("answer", "on", "expected"),
    [
        (Answer.YES, TODAY - timedelta(days=30), (PASS, "")),
        (Answer.YES, date(2025, 11, 21), (PASS, "")),
        (Answer.YES, date(2025, 11, 20), (PARTIAL, "too-old")),
        (Answer.YES, date(2021, 1, 1), (PARTIAL, "too-old")),
        (Answer.PARTIAL, TODAY, (PARTIAL, "some-files")),
        (Answer.NO, TODAY, (FAIL, "answered-no")),
        (Answer.NO, date(2021, 1, 1), (FAIL, "answered-no")),
        (Answer.YES, TODAY + timedelta(days=2), (UNKNOWN, "undecided")),
    ],
)
def test_restore_tested(answer: Answer, on: date, expected: tuple[Status, str]) -> None:
    verdict = declared("backup.restore-tested", towns.declaration(answer, on=on), HERE)
    assert (verdict.status, verdict.reason) == expected


def test_a_town_may_ask_for_a_restore_each_quarter() -> None:
    said = towns.declaration(Answer.YES, on=TODAY - timedelta(days=120))
    assert declared("backup.restore-tested", said, HERE, months=3).reason == "too-old"


@pytest.mark.parametrize(("proof", "told"), [("pv.pdf", "pv.pdf"), ("", "sur parole")])
def test_the_proof_of_a_restore_is_shown(proof: str, told: str) -> None:
    verdict = declared("backup.restore-tested", towns.declaration(Answer.YES, proof=proof), HERE)
    assert told in verdict.evidence[0].value


def test_a_restore_never_tried_is_a_question_and_no_pass() -> None:
    findings = judge(towns.town(HERE), CATALOGUE, (), vantage="outside", now=towns.NOW)
    found = next(finding for finding in findings if finding.check == "backup.restore-tested")
    assert (found.status, found.verdict.reason) == (UNKNOWN, Reason.NOT_DECLARED)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer.YES, (PASS, "")),
        (Answer.PARTIAL, (PARTIAL, "some-software")),
        (Answer.NO, (FAIL, "answered-no")),
    ],
)
def test_configuration_saved(answer: Answer, expected: tuple[Status, str]) -> None:
    verdict = declared(
        "backup.configuration-saved", towns.declaration(answer), towns.practice("saved-configuration")
    )
    assert (verdict.status, verdict.reason) == expected


QUESTION = towns.practice("backup-provider")
IN_FRANCE = replace(CLOUD, country="FR", provider="Hébergeur d'essai")
IN_AMERICA = replace(CLOUD, country="US")
SERVICE = Cloud("svc", "Coffre", (), what="backup", provider="", country="DE", qualification="SecNumCloud")
WEBMAIL = replace(SERVICE, what="mail", country="US")


@pytest.mark.parametrize(
    ("answer", "others", "expected"),
    [
        (Answer.YES, (IN_FRANCE,), (PASS, "")),
        (Answer.YES, (IN_FRANCE, SERVICE, WEBMAIL), (PASS, "")),
        (Answer.YES, (AWAY_DISK,), (PASS, "")),
        (Answer.YES, (IN_AMERICA,), (PARTIAL, "outside-europe")),
        (Answer.YES, (replace(SERVICE, country="US"),), (PARTIAL, "outside-europe")),
        (Answer.YES, (CLOUD,), (UNKNOWN, "undecided")),
        (Answer.PARTIAL, (IN_FRANCE,), (PARTIAL, "some-answers")),
        (Answer.NO, (IN_FRANCE,), (FAIL, "answered-no")),
    ],
)
def test_provider(answer: Answer, others: Any, expected: tuple[Status, str]) -> None:
    verdict = declared("backup.provider", towns.declaration(answer), QUESTION, *others)
    assert (verdict.status, verdict.reason) == expected


def test_the_qualification_of_a_provider_is_told_for_information() -> None:
    verdict = declared("backup.provider", towns.declaration(Answer.YES), QUESTION, SERVICE)
    assert "SecNumCloud" in verdict.evidence[0].value


@pytest.mark.parametrize(
    ("others", "asked"), [((HERE,), False), ((CLOUD,), True), ((SERVICE,), True), ((), False)]
)
def test_a_town_whose_copies_all_stay_at_home_is_not_asked_about_a_provider(others: Any, asked: bool) -> None:
    findings = judge(towns.town(QUESTION, *others), CATALOGUE, (), vantage="outside", now=towns.NOW)
    assert any(finding.check == "backup.provider" for finding in findings) is asked

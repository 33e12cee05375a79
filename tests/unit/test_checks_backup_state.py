"""Are the copies sound, recent for each job, and old enough?"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cyberaudit.declared import Backup, Weekdays
from cyberaudit.facts.backup import (
    Anomaly,
    BackupStore,
    Confidence,
    DateKind,
    Encrypted,
    Role,
    Trouble,
    Verification,
)
from cyberaudit.facts.backup_samples import (
    ABSENT_STORE,
    BADLY_VERIFIED_STORE,
    COPY,
    DAILY,
    EMPTY_STORE,
    FAULTY_STORE,
    GOOD_STORE,
    LONG_VERIFIED_STORE,
    LOOSE,
    LOST_STORE,
    MIRROR_COPY,
    MIRROR_STORE,
    MONTH,
    MONTH_STORE,
    NAMED_STORE,
    OLDER,
    RESTIC,
    STOPPED_STORE,
    VERIFIED_STORE,
)
from cyberaudit.model import Reason, Status
from tests.unit import towns
from tests.unit.test_checks_backup import (
    NAS,
    Expected,
    ask,
    outcome,
    store,
    troubled,
)

pytestmark = pytest.mark.unit

PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
CUT = replace(COPY, fault="truncated")
LONG = replace(COPY, fault="end-not-seen")
FAILING = {
    Trouble.DAMAGED: "damaged",
    Trouble.VERIFICATION_FAILED: "verification-failed",
    Trouble.RANSOM_NOTE: "ransomware",
    Trouble.MASS_RENAMED: "ransomware",
    Trouble.LOST_MAGIC: "ransomware",
}
HALF = {
    Trouble.STALE_LOCK: "stale-lock",
    Trouble.ABORTED_RUN: "aborted-run",
    Trouble.BROKEN_CHAIN: "incomplete",
    Trouble.MISSING_VOLUME: "incomplete",
    Trouble.MISSING_PART: "incomplete",
    Trouble.EMPTY_FILES: "strange-files",
    Trouble.FUTURE_DATES: "strange-files",
}
ELSEWHERE = {Trouble.SECRET_BESIDE, Trouble.CLEAR_BESIDE, Trouble.LOST_DATES, Trouble.LEFT_OUT}
"""Judged by other questions, or by none."""


def verified(*, days_ago: float) -> BackupStore:
    done = Verification(towns.NOW - timedelta(days=days_ago), good=True, evidence="ok")
    return store(COPY, stores=(replace(LOOSE, verified=done),))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_STORE, (PASS, "")),
        (VERIFIED_STORE, (PASS, "")),
        (FAULTY_STORE, (FAIL, "only-faulty")),
        (store(CUT, OLDER), (PARTIAL, "last-faulty")),
        (store(COPY, replace(OLDER, fault="empty")), (PARTIAL, "older-faulty")),
        (store(COPY, replace(CUT, series="base-#.sql")), (FAIL, "only-faulty")),
        (store(COPY, replace(LONG, series="base-#.sql")), (UNKNOWN, "undecided")),
        (store(LONG, OLDER), (UNKNOWN, "undecided")),
        (NAMED_STORE, (UNKNOWN, "undecided")),
        (store(COPY, complete=False), (UNKNOWN, "undecided")),
        (store(CUT, complete=False), (FAIL, "only-faulty")),
        (BADLY_VERIFIED_STORE, (FAIL, "verification-failed")),
        (LONG_VERIFIED_STORE, (PARTIAL, "verification-old")),
        (verified(days_ago=180), (PASS, "")),
        (verified(days_ago=181), (PARTIAL, "verification-old")),
        (verified(days_ago=-2), (UNKNOWN, "undecided")),
        (EMPTY_STORE, (NONE, "not-applicable")),
        (ABSENT_STORE, (NONE, "not-applicable")),
        (LOST_STORE, (UNKNOWN, Reason.NO_ROUTE)),
        (troubled(Trouble.UNREADABLE), (UNKNOWN, "undecided")),
        *((troubled(code), (FAIL, reason)) for code, reason in FAILING.items()),
        *((troubled(code), (PARTIAL, reason)) for code, reason in HALF.items()),
        *((troubled(code), (PASS, "")) for code in sorted(ELSEWHERE)),
    ],
)
def test_good(facts: BackupStore, expected: Expected) -> None:
    assert outcome("backup.good", facts) == expected


def test_every_trouble_is_judged_by_some_question() -> None:
    assert set(Trouble) == {*FAILING, *HALF, *ELSEWHERE, Trouble.UNREADABLE}


def test_ransomware_is_told_before_everything_else_and_as_under_way() -> None:
    facts = troubled(Trouble.STALE_LOCK, Trouble.DAMAGED, Trouble.LOST_MAGIC)
    verdict = ask("backup.good", facts)
    assert (verdict.reason, verdict.likelihood, len(verdict.items)) == ("ransomware", 4, 3)


def test_a_trouble_carries_its_bytes() -> None:
    verdict = ask("backup.good", troubled(Trouble.DAMAGED))
    assert "octet 0 = 0x00" in verdict.evidence[0].value


@pytest.mark.parametrize("code", [*FAILING, Trouble.EMPTY_FILES])
def test_a_recent_copy_of_a_spoiled_place_is_not_said_recent(code: Trouble) -> None:
    assert outcome("backup.fresh", troubled(code)) == (UNKNOWN, "undecided")


def bound(kind: DateKind, **changes: Any) -> BackupStore:
    return store(replace(COPY, date_kind=kind, **changes))


FEW = replace(MIRROR_COPY, date_source="date du fichier le plus récent")
OLD = towns.NOW - timedelta(days=9)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (bound(DateKind.LOWER_BOUND), (PASS, "")),
        (bound(DateKind.LOWER_BOUND, written_at=OLD), (UNKNOWN, "undecided")),
        (bound(DateKind.UPPER_BOUND), (UNKNOWN, "undecided")),
        (bound(DateKind.UPPER_BOUND, written_at=OLD), (FAIL, "too-old")),
        (MIRROR_STORE, (PASS, "")),
        (store(FEW), (UNKNOWN, "undecided")),
        (
            store(replace(FEW, date_source="2 documents ont cette date ou une plus récente")),
            (UNKNOWN, "undecided"),
        ),
        (store(replace(MIRROR_COPY, written_at=OLD)), (UNKNOWN, "undecided")),
        (store(replace(COPY, confidence=Confidence.NAME)), (UNKNOWN, "undecided")),
        (store(replace(COPY, written_at=towns.NOW + timedelta(minutes=50))), (PASS, "")),
        (store(replace(COPY, written_at=towns.NOW + timedelta(hours=2))), (FAIL, "only-faulty")),
        (STOPPED_STORE, (PARTIAL, "series-stopped")),
        (MONTH_STORE, (PASS, "")),
    ],
)
def test_fresh(facts: BackupStore, expected: Expected) -> None:
    assert outcome("backup.fresh", facts) == expected


WEEKDAYS = towns.backup(weekdays=Weekdays.MON_FRI)
# NOW is a Saturday evening.
QUIET = replace(DAILY, name="base-#.sql.gz", count=20, period_hours=24.0)


@pytest.mark.parametrize(
    ("changes", "asset", "status"),
    [
        ({"newest_at": towns.NOW - timedelta(hours=71)}, NAS, PASS),
        ({"newest_at": towns.NOW - timedelta(hours=73)}, NAS, PARTIAL),
        ({"newest_at": towns.NOW - timedelta(hours=90)}, WEEKDAYS, PASS),
        ({"newest_at": towns.NOW - timedelta(hours=100)}, WEEKDAYS, PARTIAL),
        ({"newest_at": OLD, "count": 3}, NAS, PASS),
        ({"newest_at": OLD, "period_hours": None}, NAS, PASS),
        ({"newest_at": OLD, "period_hours": 168.0}, NAS, PASS),
        ({"newest_at": OLD, "dates_kind": DateKind.LOWER_BOUND}, NAS, PASS),
        ({"newest_at": towns.NOW - timedelta(hours=20), "period_hours": 1.0}, NAS, PASS),
        ({"newest_at": towns.NOW + timedelta(days=800), "oldest_at": OLD}, NAS, PARTIAL),
    ],
)
def test_a_job_that_stopped_while_others_go_on_is_told(
    changes: dict[str, Any], asset: Backup, status: Status
) -> None:
    facts = store(COPY, series=(replace(QUIET, **changes),))
    assert ask("backup.fresh", facts, asset).status is status


@pytest.mark.parametrize(
    ("days", "kind", "expected"),
    [
        (40, "restic", (PASS, "")),
        (50, "restic", (PARTIAL, "series-stopped")),
        (50, "folder", (PASS, "")),
        (50, "borg", (PASS, "")),
    ],
)
def test_a_repository_that_stopped_is_told_however_few_its_snapshots(
    days: int, kind: str, expected: tuple[Status, str]
) -> None:
    moment = COPY.written_at - timedelta(days=days)
    few = replace(
        DAILY,
        name="restic depot",
        store="depot",
        count=1,
        newest_at=moment,
        oldest_at=moment,
        period_hours=None,
    )
    facts = store(COPY, stores=(LOOSE, replace(RESTIC, kind=kind, place="depot")), series=(few,))
    assert outcome("backup.fresh", facts) == expected


def test_a_job_that_writes_nothing_but_empty_copies_has_stopped() -> None:
    own = [replace(each, series=QUIET.name) for each in MONTH[1:7]]
    empty = [replace(each, fault="empty") for each in own[:5]]
    facts = store(COPY, *empty, own[5], series=(replace(QUIET, newest_at=MONTH[1].written_at),))
    assert outcome("backup.fresh", facts) == (PARTIAL, "series-stopped")


THREE = tuple(replace(COPY, written_at=towns.NOW - timedelta(days=days)) for days in (0, 10, 31))
BORG = replace(COPY, name="transaction 5", role=Role.SNAPSHOT, date_kind=DateKind.UPPER_BOUND)
YOUNG = tuple(replace(COPY, written_at=towns.NOW - timedelta(days=days)) for days in range(6))


@pytest.mark.parametrize(
    ("facts", "asset", "expected"),
    [
        (MONTH_STORE, NAS, (PASS, "")),
        (store(*THREE), NAS, (PASS, "")),
        (store(*THREE), replace(NAS, retention_days=0), (PASS, "")),
        (store(*THREE), replace(NAS, retention_days=90), (PARTIAL, "short")),
        (store(*YOUNG), NAS, (PARTIAL, "short")),
        (store(*YOUNG), replace(NAS, retention_days=5), (PASS, "")),
        (GOOD_STORE, NAS, (PARTIAL, "few-versions")),
        (MIRROR_STORE, NAS, (FAIL, "one-version")),
        (store(BORG), NAS, (UNKNOWN, "undecided")),
        (store(replace(BORG, date_kind=DateKind.EXACT)), NAS, (PARTIAL, "few-versions")),
        (store(*THREE, MIRROR_COPY), NAS, (FAIL, "one-version")),
        (store(replace(MIRROR_COPY, encrypted=Encrypted.YES)), NAS, (UNKNOWN, "undecided")),
        (store(replace(COPY, written_at=towns.NOW + timedelta(days=9))), NAS, (UNKNOWN, "undecided")),
        (store(*THREE[:2], replace(THREE[2], fault="truncated")), NAS, (PARTIAL, "few-versions")),
        (store(*THREE[:2], replace(THREE[2], fault="end-not-seen")), NAS, (UNKNOWN, "undecided")),
        (store(*THREE[:2], replace(THREE[2], date_kind=DateKind.LOWER_BOUND)), NAS, (UNKNOWN, "undecided")),
        (store(*(replace(each, date_kind=DateKind.UPPER_BOUND) for each in THREE)), NAS, (PASS, "")),
        (
            store(*(replace(each, date_kind=DateKind.UPPER_BOUND) for each in YOUNG)),
            NAS,
            (UNKNOWN, "undecided"),
        ),
        (store(*YOUNG, more_copies=50), NAS, (UNKNOWN, "undecided")),
        (store(*THREE, complete=False), NAS, (UNKNOWN, "undecided")),
        (store(*THREE, replace(MONTH[20], series="autre-#.zip")), NAS, (PARTIAL, "few-versions")),
        (
            store(*THREE, replace(COPY, written_at=towns.NOW - timedelta(days=60), series="autre-#.zip")),
            NAS,
            (PASS, ""),
        ),
        (FAULTY_STORE, NAS, (UNKNOWN, "undecided")),
        (EMPTY_STORE, NAS, (NONE, "not-applicable")),
    ],
)
def test_retention(facts: BackupStore, asset: Backup, expected: Expected) -> None:
    assert outcome("backup.retention", facts, asset) == expected


def test_versions_of_a_place_that_ransomware_went_through_do_not_count() -> None:
    note = Anomaly(Trouble.RANSOM_NOTE, "LISEZ-MOI.txt", "demande de rançon", 1)
    assert outcome("backup.retention", store(*MONTH, anomalies=(note,)))[0] is UNKNOWN

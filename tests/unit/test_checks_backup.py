"""Backup checks: facts to verdicts, table by table."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import Backup, Weekdays
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.backup import Anomaly, BackupStore, Copy, DateKind, Encrypted, StoreContents, Trouble
from cyberaudit.facts.backup_samples import (
    ABSENT_STORE,
    CLEAR,
    CONTENTS,
    COPY,
    EMPTY_STORE,
    FAULTY_STORE,
    GOOD_STORE,
    LOST_STORE,
    MOVED_STORE,
    OLDER,
)
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
NAS = towns.backup()
UNPLUGGED = towns.backup(offline=True, media="usb-disk")
DENIED = Unreachable(Reason.PERMISSION_DENIED)
Expected = tuple[Status, str]
PER_STORE = (
    "backup.exists",
    "backup.fresh",
    "backup.good",
    "backup.encrypted",
    "backup.strong-encryption",
    "backup.secret-beside",
    "backup.not-destroyable",
    "backup.permissions",
    "backup.retention",
)
"""The checks about one location."""


def ask(check_id: str, facts: Any, asset: Backup = NAS, *, now: datetime = towns.NOW) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    return check.function(facts, Context(now, asset, check.settings(), towns.town(asset)))


def outcome(check_id: str, facts: Any, asset: Backup = NAS) -> Expected:
    verdict = ask(check_id, facts, asset)
    return verdict.status, verdict.reason


def store(*copies: Copy, **changes: Any) -> BackupStore:
    return replace(GOOD_STORE, contents=replace(CONTENTS, copies=copies, **changes))


def troubled(*codes: Trouble) -> BackupStore:
    """Sound copies, with these troubles around them."""
    found = tuple(Anomaly(code, f"dossier/{code}", "octet 0 = 0x00", 1) for code in codes)
    return store(*CONTENTS.copies, anomalies=found)


UNREADABLE = replace(GOOD_STORE, contents=DENIED)
STRANGE = store(other_files=12)
INCOMPLETE = store(complete=False)


@pytest.mark.parametrize(
    ("facts", "asset", "expected"),
    [
        (GOOD_STORE, NAS, (PASS, "")),
        (FAULTY_STORE, NAS, (PASS, "")),
        (ABSENT_STORE, NAS, (FAIL, "absent")),
        (ABSENT_STORE, UNPLUGGED, (UNKNOWN, "undecided")),
        (LOST_STORE, UNPLUGGED, (UNKNOWN, "undecided")),
        (LOST_STORE, NAS, (UNKNOWN, Reason.NO_ROUTE)),
        (UNREADABLE, NAS, (UNKNOWN, Reason.PERMISSION_DENIED)),
        (EMPTY_STORE, NAS, (FAIL, "no-copy")),
        (EMPTY_STORE, UNPLUGGED, (FAIL, "no-copy")),
        (STRANGE, NAS, (UNKNOWN, "undecided")),
        (INCOMPLETE, NAS, (UNKNOWN, "undecided")),
    ],
)
def test_exists(facts: BackupStore, asset: Backup, expected: Expected) -> None:
    assert outcome("backup.exists", facts, asset) == expected


def aged(**span: float) -> Copy:
    return replace(COPY, written_at=towns.NOW - timedelta(**span))


MOVED = replace(COPY, date_kind=DateKind.UPPER_BOUND)
CUT = replace(COPY, fault="truncated")
LONG = replace(COPY, fault="end-not-seen")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_STORE, (PASS, "")),
        (store(aged(hours=26)), (PASS, "")),
        (store(aged(hours=26, seconds=1)), (FAIL, "too-old")),
        (store(CUT, OLDER), (FAIL, "too-old")),
        (store(CUT, aged(hours=25)), (PASS, "")),
        (store(CUT, CUT), (FAIL, "only-faulty")),
        (store(LONG), (UNKNOWN, "undecided")),
        (store(LONG, OLDER), (UNKNOWN, "undecided")),
        (store(LONG, aged(hours=25)), (PASS, "")),
        (store(replace(aged(days=3), fault="end-not-seen")), (FAIL, "too-old")),
        (store(replace(COPY, fault="collapsed")), (FAIL, "only-faulty")),
        (store(MOVED), (UNKNOWN, "undecided")),
        (store(MOVED, OLDER), (UNKNOWN, "undecided")),
        (store(MOVED, aged(hours=20)), (PASS, "")),
        (store(replace(MOVED, written_at=towns.NOW - timedelta(days=9))), (FAIL, "too-old")),
        (MOVED_STORE, (UNKNOWN, "undecided")),
        (EMPTY_STORE, (FAIL, "no-copy")),
        (STRANGE, (UNKNOWN, "undecided")),
        (store(aged(days=9), complete=False), (UNKNOWN, "undecided")),
        (store(aged(hours=3), complete=False), (PASS, "")),
        (ABSENT_STORE, (FAIL, "absent")),
        (LOST_STORE, (UNKNOWN, Reason.NO_ROUTE)),
        (UNREADABLE, (UNKNOWN, Reason.PERMISSION_DENIED)),
    ],
)
def test_fresh(facts: BackupStore, expected: Expected) -> None:
    assert outcome("backup.fresh", facts) == expected


def test_an_unplugged_disk_is_not_stale() -> None:
    assert outcome("backup.fresh", ABSENT_STORE, UNPLUGGED) == (UNKNOWN, "undecided")


@pytest.mark.parametrize(("days", "likelihood"), [(4, None), (5, 4), (400, 4)])
def test_a_backup_forgotten_for_four_periods_is_more_likely_to_hurt(
    days: int, likelihood: int | None
) -> None:
    assert ask("backup.fresh", store(aged(days=days))).likelihood == likelihood


def test_the_copies_that_do_not_count_are_named() -> None:
    verdict = ask("backup.fresh", store(replace(CUT, name="coupee.zip"), aged(days=3)))
    assert [(item.key, item.reason) for item in verdict.items] == [("coupee.zip", "truncated")]
    assert "coupée avant la fin" in verdict.evidence[0].value


def test_a_copy_whose_end_was_not_seen_is_said_and_is_no_failure() -> None:
    verdict = ask("backup.fresh", store(LONG))
    assert "n'a pas été vue" in verdict.text
    assert [(item.status, item.reason) for item in verdict.items] == [(UNKNOWN, "end-not-seen")]


def test_no_size_is_shown_for_a_restic_snapshot() -> None:
    assert "; 48 Mo ;" in ask("backup.fresh", GOOD_STORE).evidence[0].value
    assert re.search(r"octets|[KMG]o", ask("backup.fresh", MOVED_STORE).evidence[0].value) is None


# In Paris, winter: 21 hours UTC is 22 hours.
FRIDAY = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("weekdays", "now", "expected"),
    [
        (Weekdays.MON_FRI, datetime(2026, 11, 23, 20, 0, tzinfo=UTC), PASS),
        (Weekdays.MON_FRI, datetime(2026, 11, 23, 23, 0, tzinfo=UTC), PASS),
        (Weekdays.MON_FRI, datetime(2026, 11, 23, 23, 1, tzinfo=UTC), FAIL),
        (Weekdays.MON_SAT, datetime(2026, 11, 22, 12, 0, tzinfo=UTC), PASS),
        (Weekdays.MON_SAT, datetime(2026, 11, 23, 12, 0, tzinfo=UTC), FAIL),
        (Weekdays.EVERY_DAY, datetime(2026, 11, 22, 12, 0, tzinfo=UTC), FAIL),
        (Weekdays.WEEKLY, datetime(2026, 11, 27, 20, 0, tzinfo=UTC), PASS),
        (Weekdays.WEEKLY, datetime(2026, 11, 27, 22, 0, tzinfo=UTC), FAIL),
    ],
)
def test_idle_days_do_not_age_a_copy(weekdays: Weekdays, now: datetime, expected: Status) -> None:
    facts = store(replace(COPY, written_at=FRIDAY))
    assert ask("backup.fresh", facts, towns.backup(weekdays=weekdays), now=now).status is expected


def kept(*states: Encrypted) -> BackupStore:
    copies = [
        replace(COPY, name=f"{rank}.bin", encrypted=state, written_at=COPY.written_at - timedelta(days=rank))
        for rank, state in enumerate(states)
    ]
    return store(*copies)


YES, NO, WEAK, MIXED, SILENT = (
    Encrypted.YES,
    Encrypted.NO,
    Encrypted.WEAK,
    Encrypted.PARTIAL,
    Encrypted.UNKNOWN,
)
TONIGHT = store(COPY, replace(CLEAR, written_at=COPY.written_at - timedelta(hours=1)))
FREE = towns.backup(encryption_required=False)
AWAY = towns.backup(place="off-site", encryption_required=False)


@pytest.mark.parametrize(
    ("facts", "asset", "expected"),
    [
        (GOOD_STORE, NAS, (PASS, "")),
        (store(LONG), NAS, (PASS, "")),
        (kept(NO), NAS, (FAIL, "clear")),
        (kept(NO), FREE, (PARTIAL, "clear")),
        (kept(NO), AWAY, (FAIL, "clear")),
        (kept(WEAK), NAS, (PARTIAL, "weak")),
        (kept(WEAK), AWAY, (FAIL, "weak")),
        (kept(MIXED), NAS, (PARTIAL, "partly-clear")),
        (kept(SILENT), NAS, (UNKNOWN, "undecided")),
        (kept(YES, SILENT), NAS, (UNKNOWN, "undecided")),
        (kept(SILENT, NO), NAS, (PARTIAL, "older-readable")),
        (kept(YES, NO), AWAY, (PARTIAL, "older-readable")),
        (TONIGHT, NAS, (PARTIAL, "partly-clear")),
        (
            store(replace(COPY, encrypted=WEAK), replace(CLEAR, written_at=COPY.written_at)),
            NAS,
            (FAIL, "clear"),
        ),
        (TONIGHT, AWAY, (FAIL, "partly-clear")),
        (store(replace(CLEAR, fault="truncated")), NAS, (FAIL, "clear")),
        (store(replace(COPY, fault="empty")), NAS, (UNKNOWN, "undecided")),
        (store(COPY, complete=False), NAS, (UNKNOWN, "undecided")),
        (EMPTY_STORE, NAS, (NONE, "not-applicable")),
        (STRANGE, NAS, (UNKNOWN, "undecided")),
        (ABSENT_STORE, NAS, (NONE, "not-applicable")),
        (ABSENT_STORE, UNPLUGGED, (UNKNOWN, "undecided")),
        (LOST_STORE, NAS, (UNKNOWN, Reason.NO_ROUTE)),
        (UNREADABLE, NAS, (UNKNOWN, Reason.PERMISSION_DENIED)),
    ],
)
def test_encrypted(facts: BackupStore, asset: Backup, expected: Expected) -> None:
    assert outcome("backup.encrypted", facts, asset) == expected


def test_what_can_be_carried_away_is_more_likely_to_be_read() -> None:
    assert ask("backup.encrypted", kept(NO), UNPLUGGED).likelihood == 3


@given(st.text(max_size=80), st.text(max_size=200), st.datetimes(timezones=st.just(UTC)))
def test_no_name_nor_date_makes_a_check_crash_or_show_control_characters(
    name: str, evidence: str, written: datetime
) -> None:
    facts = store(replace(COPY, name=name, evidence=evidence, format=name, fault=name, written_at=written))
    assert isinstance(facts.contents, StoreContents)
    for check_id in PER_STORE:
        verdict = ask(check_id, facts, towns.backup(weekdays=Weekdays.MON_FRI))
        shown = verdict.text + "".join(line.label + line.value for line in verdict.evidence)
        assert all(char.isprintable() or char in "\u00a0\u202f" or char.isspace() for char in shown)
        assert "\n" not in shown

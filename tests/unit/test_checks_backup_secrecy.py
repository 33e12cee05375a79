"""Who could read the copies, and who could erase them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import Answer, Backup, Declared
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.facts.backup import (
    Anomaly,
    BackupStore,
    Confidence,
    Copy,
    Encrypted,
    StoreContents,
    Trouble,
    Weakness,
)
from cyberaudit.facts.backup_samples import (
    ABSENT_STORE,
    CLEAR,
    COPY,
    EMPTY_PASSWORD_STORE,
    EMPTY_STORE,
    FAST_STORE,
    GOOD_STORE,
    LOCKED,
    LOCKED_STORE,
    LOOSE,
    LOST_STORE,
    MIRROR_STORE,
    NAMED_STORE,
    OPEN_STORE,
    PROTECTION,
    READABLE_STORE,
    RESTIC,
    SAMPLES,
    SHARE_STORE,
    SNAPSHOT,
    UNTOLD_STORE,
    UNTRIED_STORE,
    WEAK_STORE,
)
from cyberaudit.model import Observation, Reason, Status, Unreachable
from tests.unit import towns
from tests.unit.test_checks_backup import (
    AWAY,
    FREE,
    NAS,
    PER_STORE,
    UNPLUGGED,
    UNREADABLE,
    Expected,
    ask,
    outcome,
    store,
    troubled,
)

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
UNSEEN = Unreachable(Reason.NOT_COLLECTED)
WEEKLY_CLEAR = replace(
    CLEAR, name="base-12.sql", series="base-#.sql", written_at=COPY.written_at - timedelta(days=5)
)


WEAK = replace(COPY, name="vieux.zip", format="zip", encrypted=Encrypted.WEAK)


def contents_in(facts: BackupStore) -> StoreContents:
    assert isinstance(facts.contents, StoreContents)
    return facts.contents


def with_loose(facts: BackupStore, copy: Copy) -> BackupStore:
    """A loose copy at the root of the same place."""
    contents = contents_in(facts)
    copies, stores = (*contents.copies, copy), (*contents.stores, LOOSE)
    return replace(facts, contents=replace(contents, copies=copies, stores=stores))


def with_copies(facts: BackupStore, *copies: Copy, **changes: Any) -> BackupStore:
    """The same rights over other copies."""
    own: dict[str, Any] = {"copies": copies} if copies else {}
    return replace(facts, contents=replace(contents_in(facts), **own, **changes))


def beside(state: Encrypted) -> BackupStore:
    """An encrypted copy beside a repository that shows no copy of its own."""
    return store(COPY, stores=(LOOSE, replace(RESTIC, kind="borg", place="depot", encrypted=state, copies=0)))


@pytest.mark.parametrize(
    ("facts", "asset", "expected"),
    [
        (EMPTY_PASSWORD_STORE, NAS, (FAIL, "empty-password")),
        (EMPTY_PASSWORD_STORE, FREE, (FAIL, "empty-password")),
        (EMPTY_PASSWORD_STORE, AWAY, (FAIL, "empty-password")),
        (UNTRIED_STORE, NAS, (UNKNOWN, "undecided")),
        (store(SNAPSHOT, stores=(RESTIC,)), NAS, (PASS, "")),
        (NAMED_STORE, NAS, (UNKNOWN, "undecided")),
        (store(replace(COPY, confidence=Confidence.NAME)), NAS, (UNKNOWN, "undecided")),
        (MIRROR_STORE, NAS, (FAIL, "clear")),
        (store(COPY, other_files=3), NAS, (UNKNOWN, "undecided")),
        (troubled(Trouble.CLEAR_BESIDE), NAS, (PARTIAL, "partly-clear")),
        (troubled(Trouble.CLEAR_BESIDE), AWAY, (FAIL, "partly-clear")),
        (troubled(Trouble.MASS_RENAMED), NAS, (UNKNOWN, "undecided")),
        (beside(Encrypted.NO), NAS, (FAIL, "clear")),
        (
            beside(Encrypted.PARTIAL),
            NAS,
            (PARTIAL, "partly-clear"),
        ),
        (
            beside(Encrypted.UNKNOWN),
            NAS,
            (UNKNOWN, "undecided"),
        ),
        (store(COPY, WEEKLY_CLEAR), AWAY, (FAIL, "partly-clear")),
        (
            store(COPY, replace(COPY, fault="truncated", encrypted=Encrypted.UNKNOWN)),
            NAS,
            (UNKNOWN, "undecided"),
        ),
    ],
)
def test_encrypted(facts: BackupStore, asset: Backup, expected: Expected) -> None:
    assert outcome("backup.encrypted", facts, asset) == expected


def test_the_copies_of_one_job_are_one_fault_whose_key_does_not_change_each_day() -> None:
    today, before = replace(CLEAR, name="base-2.sql"), replace(CLEAR, name="base-1.sql")
    items = [ask("backup.encrypted", store(*copies)).items for copies in ((today, before), (before,))]
    assert [[item.key for item in each] for each in items] == [[f"{CLEAR.series}/no"]] * 2
    assert "copies lisibles sans clé" in items[0][0].text


def test_a_weakness_keeps_its_key_from_one_day_to_the_next() -> None:
    keys = [
        [item.key for item in ask("backup.strong-encryption", store(replace(WEAK, name=name))).items]
        for name in ("base-1.zip", "base-2.zip")
    ]
    assert keys[0] == keys[1] == [f"{WEAK.series}/{Weakness.WEAK_CIPHER}"]


def test_an_empty_password_hides_no_other_copy_that_can_be_read() -> None:
    items = ask("backup.encrypted", with_loose(EMPTY_PASSWORD_STORE, CLEAR)).items
    assert [item.reason for item in items] == ["empty-password", "no"]


def test_an_empty_password_is_said_in_plain_words() -> None:
    assert "s'ouvre avec un mot de passe vide" in ask("backup.encrypted", EMPTY_PASSWORD_STORE).text


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_STORE, (PASS, "")),
        (WEAK_STORE, (FAIL, Weakness.WEAK_CIPHER)),
        (store(replace(COPY, encrypted=Encrypted.WEAK)), (FAIL, Weakness.WEAK_CIPHER)),
        (FAST_STORE, (PARTIAL, Weakness.FAST_KDF)),
        (store(replace(COPY, weaknesses=(Weakness.NO_INTEGRITY,))), (PARTIAL, Weakness.NO_INTEGRITY)),
        (UNTOLD_STORE, (UNKNOWN, "undecided")),
        (store(replace(COPY, method="")), (UNKNOWN, "undecided")),
        (store(replace(COPY, confidence=Confidence.NAME)), (UNKNOWN, "undecided")),
        (store(COPY, replace(CLEAR, encrypted=Encrypted.UNKNOWN)), (UNKNOWN, "undecided")),
        (store(COPY, complete=False), (UNKNOWN, "undecided")),
        (EMPTY_PASSWORD_STORE, (NONE, "not-applicable")),
        (with_loose(EMPTY_PASSWORD_STORE, WEAK), (FAIL, Weakness.WEAK_CIPHER)),
        (with_loose(EMPTY_PASSWORD_STORE, COPY), (PASS, "")),
        (store(CLEAR, stores=()), (NONE, "not-applicable")),
        (store(CLEAR, stores=(), complete=False), (UNKNOWN, "undecided")),
        (ABSENT_STORE, (NONE, "not-applicable")),
        (LOST_STORE, (UNKNOWN, Reason.NO_ROUTE)),
    ],
)
def test_strong_encryption(facts: BackupStore, expected: Expected) -> None:
    assert outcome("backup.strong-encryption", facts) == expected


@pytest.mark.parametrize("check_id", ["backup.encrypted", "backup.strong-encryption", "backup.secret-beside"])
def test_what_can_be_carried_away_is_more_likely_to_be_read(check_id: str) -> None:
    key = Anomaly(Trouble.SECRET_BESIDE, "mdp.txt", "nom du fichier", 1)
    bad = store(replace(COPY, encrypted=Encrypted.WEAK), anomalies=(key,))
    assert ask(check_id, bad, AWAY).likelihood == 3
    assert ask(check_id, bad, NAS).likelihood is None


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_STORE, (PASS, "")),
        (troubled(Trouble.SECRET_BESIDE), (FAIL, "secret-beside")),
        (store(COPY, complete=False), (UNKNOWN, "undecided")),
        (EMPTY_STORE, (NONE, "not-applicable")),
        (UNREADABLE, (UNKNOWN, Reason.PERMISSION_DENIED)),
    ],
)
def test_secret_beside(facts: BackupStore, expected: Expected) -> None:
    assert outcome("backup.secret-beside", facts) == expected


def saying(asset: Backup, **answers: Answer) -> Backup:
    told = tuple(Declared(field, towns.declaration(answer)) for field, answer in answers.items())
    return replace(asset, declared=told)


def test_a_key_said_to_be_elsewhere_and_seen_here_is_a_contradiction() -> None:
    verdict = ask("backup.secret-beside", troubled(Trouble.SECRET_BESIDE), saying(NAS, key_kept=Answer.YES))
    assert [item.reason for item in verdict.items] == ["secret-beside", "contradiction"]


def test_a_key_said_to_be_elsewhere_proves_nothing_about_a_place_not_read_whole() -> None:
    said = saying(NAS, key_kept=Answer.YES)
    assert outcome("backup.secret-beside", store(COPY, complete=False), said)[0] is UNKNOWN


def guarded(**changes: Any) -> BackupStore:
    return store(COPY, protection=replace(PROTECTION, **changes))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (GOOD_STORE, (PASS, "")),
        (OPEN_STORE, (FAIL, "world-writable")),
        (guarded(mode=0o702), (FAIL, "world-writable")),
        (guarded(world_writable=1), (FAIL, "world-writable")),
        (READABLE_STORE, (PASS, "")),
        (with_copies(READABLE_STORE, complete=False), (PARTIAL, "world-readable")),
        (
            with_copies(READABLE_STORE, replace(COPY, encrypted=Encrypted.UNKNOWN)),
            (PARTIAL, "world-readable"),
        ),
        (with_copies(READABLE_STORE, replace(COPY, confidence=Confidence.NAME)), (PARTIAL, "world-readable")),
        (with_copies(READABLE_STORE, WEAK), (FAIL, "world-readable")),
        (
            with_copies(READABLE_STORE, SNAPSHOT, stores=(replace(RESTIC, empty_password=True),)),
            (FAIL, "world-readable"),
        ),
        (
            with_copies(
                READABLE_STORE, COPY, anomalies=contents_in(troubled(Trouble.SECRET_BESIDE)).anomalies
            ),
            (FAIL, "world-readable"),
        ),
        (
            with_copies(READABLE_STORE, COPY, anomalies=contents_in(troubled(Trouble.STALE_LOCK)).anomalies),
            (PASS, ""),
        ),
        (store(CLEAR, protection=replace(PROTECTION, world_readable=1)), (FAIL, "world-readable")),
        (
            store(COPY, other_files=1, protection=replace(PROTECTION, world_readable=1)),
            (FAIL, "world-readable"),
        ),
        (guarded(mode=0o755), (PASS, "")),
        (LOST_STORE, (UNKNOWN, Reason.NO_ROUTE)),
        (store(protection=replace(PROTECTION, world_readable=3)), (NONE, "not-applicable")),
        (store(protection=replace(PROTECTION, world_writable=3)), (FAIL, "world-writable")),
        (guarded(filesystem="cifs"), (UNKNOWN, "undecided")),
        (guarded(filesystem="vfat"), (UNKNOWN, "undecided")),
        (guarded(filesystem="fuse.sshfs"), (UNKNOWN, "undecided")),
        (guarded(filesystem=""), (UNKNOWN, "undecided")),
        (guarded(mode=UNSEEN), (UNKNOWN, "undecided")),
        (store(COPY, complete=False), (UNKNOWN, "undecided")),
        (EMPTY_STORE, (NONE, "not-applicable")),
    ],
)
def test_permissions(facts: BackupStore, expected: Expected) -> None:
    assert outcome("backup.permissions", facts) == expected


def test_the_rights_and_the_owner_are_shown() -> None:
    told = ask("backup.permissions", OPEN_STORE).evidence[0].value
    assert "droits 0777" in told
    assert "un autre compte" in told


SHARE = replace(PROTECTION, filesystem="cifs", writable_from_here=False)
APART = saying(NAS, separate_account=Answer.YES)
SHARED = saying(NAS, separate_account=Answer.NO)
SAID_LOCKED = saying(NAS, immutable=Answer.YES)
BY_ROOT = guarded(writable_from_here=True, looked_as_root=True, immutable=False)
SHARE_BY_ROOT = guarded(filesystem="nfs4", writable_from_here=True, looked_as_root=True)
PLUGGED = towns.backup(offline=True, media="usb-disk")


@pytest.mark.parametrize(
    ("facts", "asset", "expected"),
    [
        (LOCKED_STORE, NAS, (PASS, "")),
        (store(COPY, protection=replace(LOCKED, filesystem="ext4")), NAS, (UNKNOWN, "undecided")),
        (OPEN_STORE, NAS, (FAIL, "writable")),
        (guarded(writable_from_here=True), NAS, (FAIL, "writable")),
        (guarded(writable_from_here=True), APART, (UNKNOWN, "undecided")),
        (BY_ROOT, NAS, (UNKNOWN, "undecided")),
        (BY_ROOT, APART, (UNKNOWN, "undecided")),
        (BY_ROOT, SHARED, (FAIL, "writable")),
        (BY_ROOT, SAID_LOCKED, (FAIL, "contradiction")),
        (SHARE_BY_ROOT, NAS, (FAIL, "writable")),
        (SHARE_BY_ROOT, APART, (FAIL, "writable")),
        (SHARE_STORE, NAS, (FAIL, "writable")),
        (OPEN_STORE, SAID_LOCKED, (FAIL, "contradiction")),
        (SHARE_STORE, SAID_LOCKED, (PARTIAL, "lock-not-seen")),
        (GOOD_STORE, NAS, (UNKNOWN, "undecided")),
        (store(COPY, protection=SHARE), NAS, (UNKNOWN, "undecided")),
        (store(COPY, protection=SHARE), APART, (PASS, "")),
        (store(COPY, protection=SHARE), SHARED, (FAIL, "same-account")),
        (guarded(writable_from_here=UNSEEN), NAS, (UNKNOWN, "undecided")),
        (guarded(writable_from_here=UNSEEN), APART, (UNKNOWN, "undecided")),
        (guarded(filesystem=""), NAS, (UNKNOWN, "undecided")),
        (OPEN_STORE, PLUGGED, (NONE, "not-applicable")),
        (ABSENT_STORE, UNPLUGGED, (NONE, "not-applicable")),
        (OPEN_STORE, towns.backup(offline=True, media="nas"), (UNKNOWN, "undecided")),
        (GOOD_STORE, SAID_LOCKED, (PARTIAL, "administrator-can")),
        (
            store(COPY, protection=replace(LOCKED, filesystem="ext4")),
            SAID_LOCKED,
            (PARTIAL, "administrator-can"),
        ),
        (EMPTY_STORE, NAS, (NONE, "not-applicable")),
    ],
)
def test_not_destroyable(facts: BackupStore, asset: Backup, expected: Expected) -> None:
    assert outcome("backup.not-destroyable", facts, asset) == expected


def test_a_lock_declared_and_denied_by_what_is_seen_is_shown_as_a_contradiction() -> None:
    seen = (Observation(SAID_LOCKED.key, BackupStore.KIND, OPEN_STORE, towns.NOW),)
    findings = judge(towns.town(SAID_LOCKED), CATALOGUE, seen, vantage="local", now=towns.NOW)
    found = next(finding for finding in findings if finding.check == "backup.not-destroyable")
    assert (found.status, found.contradiction) == (FAIL, True)


@pytest.mark.parametrize(
    ("facts", "answer", "status"),
    [
        (OPEN_STORE, Answer.NO, NONE),
        (ABSENT_STORE, Answer.NO, NONE),
        (LOST_STORE, Answer.YES, NONE),
    ],
)
def test_an_unplugged_disk_needs_no_lock_whatever_is_said_of_one(
    facts: BackupStore, answer: Answer, status: Status
) -> None:
    disk = saying(PLUGGED, immutable=answer)
    seen = (Observation(disk.key, BackupStore.KIND, facts, towns.NOW),)
    findings = judge(towns.town(disk), CATALOGUE, seen, vantage="local", now=towns.NOW)
    assert next(each for each in findings if each.check == "backup.not-destroyable").status is status


def test_a_lock_declared_of_a_bucket_that_shows_none_is_a_contradiction_and_no_pass_on_a_word() -> None:
    bucket = guarded(filesystem="s3", immutable=False, writable_from_here=UNSEEN)
    assert outcome("backup.not-destroyable", bucket, NAS) == (UNKNOWN, "undecided")
    seen = (Observation(SAID_LOCKED.key, BackupStore.KIND, bucket, towns.NOW),)
    findings = judge(towns.town(SAID_LOCKED), CATALOGUE, seen, vantage="local", now=towns.NOW)
    found = next(finding for finding in findings if finding.check == "backup.not-destroyable")
    assert (found.status, found.verdict.reason, found.contradiction) == (FAIL, "contradiction", True)


def test_a_lock_that_the_administrator_may_lift_never_passes_on_a_word() -> None:
    for facts in (GOOD_STORE, BY_ROOT, store(COPY, protection=replace(LOCKED, filesystem="ext4"))):
        seen = (Observation(SAID_LOCKED.key, BackupStore.KIND, facts, towns.NOW),)
        findings = judge(towns.town(SAID_LOCKED), CATALOGUE, seen, vantage="local", now=towns.NOW)
        assert next(each for each in findings if each.check == "backup.not-destroyable").status in (
            PARTIAL,
            FAIL,
        )


def test_each_item_says_whether_it_was_seen_or_said() -> None:
    items = ask("backup.not-destroyable", OPEN_STORE, APART).items
    assert [("constaté" in item.text, "déclaré" in item.text) for item in items] == [
        (True, False),
        (True, False),
        (False, True),
    ]


OLD_FACTS = store(
    COPY, stores=(), series=(), protection=replace(PROTECTION, filesystem="", mode=UNSEEN), complete=False
)
"""As facts of version 1 are read today: nothing was looked for."""


@pytest.mark.parametrize(
    "check_id", [each for each in PER_STORE if each not in ("backup.exists", "backup.fresh")]
)
def test_facts_that_told_of_nothing_wrong_because_nothing_was_looked_for_never_pass(check_id: str) -> None:
    assert ask(check_id, OLD_FACTS).status is not PASS


@given(st.sampled_from(SAMPLES), st.sampled_from(PER_STORE), st.sampled_from([NAS, AWAY, UNPLUGGED]))
def test_a_place_not_read_whole_is_never_better_than_one_read_whole(
    facts: BackupStore, check_id: str, asset: Backup
) -> None:
    whole = ask(check_id, facts, asset)
    if isinstance(facts.contents, Unreachable):
        return
    part = ask(check_id, replace(facts, contents=replace(facts.contents, complete=False)), asset)
    assert part.status is not PASS or whole.status is PASS

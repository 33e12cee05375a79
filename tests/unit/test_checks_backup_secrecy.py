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
from cyberaudit.facts.backup import Anomaly, BackupStore, Confidence, Encrypted, Trouble, Weakness
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


def beside(state: Encrypted) -> BackupStore:
    """An encrypted copy beside a repository that shows no copy of its own."""
    return store(COPY, stores=(LOOSE, replace(RESTIC, kind="borg", place="depot", encrypted=state, copies=0)))


@pytest.mark.parametrize(
    ("facts", "asset", "expected"),
    [
        (EMPTY_PASSWORD_STORE, NAS, (FAIL, "empty-password")),
        (EMPTY_PASSWORD_STORE, FREE, (PARTIAL, "empty-password")),
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
        (EMPTY_PASSWORD_STORE, (FAIL, "empty-password")),
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
        (READABLE_STORE, (PARTIAL, "world-readable")),
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
PLUGGED = towns.backup(offline=True, media="usb-disk")


@pytest.mark.parametrize(
    ("facts", "asset", "expected"),
    [
        (LOCKED_STORE, NAS, (PASS, "")),
        (store(COPY, protection=replace(LOCKED, filesystem="ext4")), NAS, (PARTIAL, "administrator-can")),
        (OPEN_STORE, NAS, (FAIL, "writable")),
        (SHARE_STORE, NAS, (FAIL, "writable")),
        (OPEN_STORE, SAID_LOCKED, (FAIL, "contradiction")),
        (SHARE_STORE, SAID_LOCKED, (PARTIAL, "lock-not-seen")),
        (GOOD_STORE, NAS, (PARTIAL, "administrator-can")),
        (store(COPY, protection=SHARE), NAS, (UNKNOWN, "undecided")),
        (store(COPY, protection=SHARE), APART, (PASS, "")),
        (store(COPY, protection=SHARE), SHARED, (FAIL, "same-account")),
        (guarded(writable_from_here=UNSEEN), NAS, (UNKNOWN, "undecided")),
        (guarded(writable_from_here=UNSEEN), APART, (UNKNOWN, "undecided")),
        (guarded(filesystem=""), NAS, (UNKNOWN, "undecided")),
        (OPEN_STORE, PLUGGED, (UNKNOWN, "undecided")),
        (ABSENT_STORE, UNPLUGGED, (UNKNOWN, "undecided")),
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

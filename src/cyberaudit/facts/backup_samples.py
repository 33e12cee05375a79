"""Backup stores in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace
from datetime import timedelta

from cyberaudit.facts.backup import BackupStore, Copy, DateKind, Encrypted, StoreContents
from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail_samples import HOSTILE, SEEN_ON
from cyberaudit.model import Reason, Unreachable

PATH = "/mnt/nas"
COPY = Copy(
    name="mairie-2026-11-21.tar.gpg",
    format="openpgp",
    size=48_000_000,
    written_at=SEEN_ON - timedelta(hours=19),
    date_kind=DateKind.EXACT,
    encrypted=Encrypted.YES,
    evidence="octet 0 = 0x8c, paquet de clé de session (type 3), AES-256",
    fault="",
)
OLDER = replace(COPY, name="mairie-2026-11-20.tar.gpg", written_at=COPY.written_at - timedelta(days=1))
CONTENTS = StoreContents(
    kind="folder", copies=(COPY, OLDER), more_copies=0, other_files=0, device="2049", complete=True
)
CLEAR = replace(
    COPY,
    name="mairie.zip",
    format="zip",
    written_at=SEEN_ON - timedelta(days=40),
    encrypted=Encrypted.NO,
    evidence="bit 0 des options à 0 pour 812 fichiers du répertoire central",
)
SNAPSHOT = replace(
    COPY,
    name="5f" * 4,
    format="restic",
    size=312,
    evidence="dépôt restic, fichier de clé scrypt (N=32768, r=8, p=1)",
)

GOOD_STORE = BackupStore(PATH, present=True, contents=CONTENTS)
STALE_STORE = BackupStore(PATH, present=True, contents=replace(CONTENTS, copies=(CLEAR,)))
FAULTY_STORE = BackupStore(
    PATH,
    present=True,
    contents=replace(
        CONTENTS,
        copies=(replace(COPY, fault="truncated", encrypted=Encrypted.UNKNOWN), replace(COPY, fault="empty")),
    ),
)
EMPTY_STORE = BackupStore(PATH, present=True, contents=replace(CONTENTS, copies=()))
ABSENT_STORE = BackupStore(PATH, present=False, contents=Unreachable(Reason.NOT_COLLECTED, "dossier absent"))
MOVED_STORE = BackupStore(
    PATH,
    present=True,
    contents=replace(CONTENTS, kind="restic", copies=(replace(SNAPSHOT, date_kind=DateKind.UPPER_BOUND),)),
)
"""A repository copied without its dates."""
LOST_STORE = BackupStore(PATH, Unreachable(Reason.NO_ROUTE), Unreachable(Reason.NO_ROUTE))
"""A share that is not mounted."""
HOSTILE_STORE = BackupStore(
    HOSTILE,
    present=True,
    contents=StoreContents(
        kind=HOSTILE,
        copies=(
            replace(COPY, name=HOSTILE, format=HOSTILE, evidence=HOSTILE * 3, size=-1, fault=HOSTILE),
            replace(CLEAR, name=HOSTILE, written_at=SEEN_ON + timedelta(days=9000), encrypted=Encrypted.WEAK),
        ),
        more_copies=10**12,
        other_files=-1,
        device=HOSTILE,
        complete=False,
    ),
)

SAMPLES: tuple[Facts, ...] = (
    GOOD_STORE,
    STALE_STORE,
    FAULTY_STORE,
    EMPTY_STORE,
    ABSENT_STORE,
    MOVED_STORE,
    LOST_STORE,
    HOSTILE_STORE,
)
"""Found by `facts.base.samples()`: good, bad, silent and hostile."""

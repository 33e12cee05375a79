"""Backup stores in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace
from datetime import timedelta

from cyberaudit.facts.backup import (
    BackupStore,
    Confidence,
    Copy,
    DateKind,
    Encrypted,
    Protection,
    Role,
    Series,
    Store,
    StoreContents,
)
from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail_samples import HOSTILE, SEEN_ON
from cyberaudit.model import Reason, Unreachable

PATH = "/mnt/nas"
COPY = Copy(
    name="mairie-2026-11-21.tar.gpg",
    store="",
    series="mairie-#-#-#.tar.gpg",
    role=Role.ARCHIVE,
    format="openpgp",
    size=48_000_000,
    written_at=SEEN_ON - timedelta(hours=19),
    date_kind=DateKind.EXACT,
    date_source="date du fichier",
    encrypted=Encrypted.YES,
    method="AES-256, S2K itéré 65011712",
    weaknesses=(),
    confidence=Confidence.CERTAIN,
    evidence="octet 0 = 0x8c, paquet de clé de session (type 3), AES-256",
    fault="",
)
OLDER = replace(COPY, name="mairie-2026-11-20.tar.gpg", written_at=COPY.written_at - timedelta(days=1))
NOT_COLLECTED = Unreachable(Reason.NOT_COLLECTED)
LOOSE = Store(
    kind="folder",
    place="",
    confidence=Confidence.CERTAIN,
    encrypted=Encrypted.YES,
    method=COPY.method,
    weaknesses=(),
    evidence="",
    empty_password=NOT_COLLECTED,
    copies=2,
    verified=NOT_COLLECTED,
)
DAILY = Series(
    name=COPY.series,
    store="",
    count=2,
    newest_at=COPY.written_at,
    oldest_at=OLDER.written_at,
    period_hours=None,
    longest_gap_hours=None,
    dates_kind=DateKind.EXACT,
)
PROTECTION = Protection(
    filesystem="ext4",
    mode=0o700,
    owned_by_us=False,
    writable_from_here=False,
    looked_as_root=False,
    world_writable=0,
    world_readable=0,
    immutable=NOT_COLLECTED,
    evidence="droits 0700",
)
CONTENTS = StoreContents(
    stores=(LOOSE,),
    copies=(COPY, OLDER),
    more_copies=0,
    series=(DAILY,),
    anomalies=(),
    protection=PROTECTION,
    other_files=0,
    device="2049",
    complete=True,
)
RESTIC = replace(
    LOOSE,
    kind="restic",
    method="AES-256-CTR, scrypt N=32768 r=8 p=3",
    evidence="fichier de clé scrypt",
    empty_password=False,
    copies=1,
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
    contents=replace(CONTENTS, stores=(RESTIC,), copies=(replace(SNAPSHOT, date_kind=DateKind.UPPER_BOUND),)),
)
"""A repository copied without its dates."""
LOST_STORE = BackupStore(PATH, Unreachable(Reason.NO_ROUTE), Unreachable(Reason.NO_ROUTE))
"""A share that is not mounted."""
HOSTILE_STORE = BackupStore(
    HOSTILE,
    present=True,
    contents=replace(
        CONTENTS,
        stores=(replace(RESTIC, kind=HOSTILE, place=HOSTILE, method=HOSTILE, evidence=HOSTILE, copies=-1),),
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

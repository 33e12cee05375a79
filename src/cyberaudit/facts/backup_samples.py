"""Backup stores in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from cyberaudit.facts.backup import (
    Anomaly,
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
    Trouble,
    Verification,
    Weakness,
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


def _anomaly(code: Trouble, *, place: str = "mairie/config", count: int = 1) -> Anomaly:
    return Anomaly(code, place, f"vu à « {place} », octet 0 = 0x00", count)


def _known(*copies: Copy, **changes: Any) -> BackupStore:
    """A location in order but for `changes`."""
    return BackupStore(
        PATH, present=True, contents=replace(CONTENTS, copies=copies or CONTENTS.copies, **changes)
    )


EVERY_TROUBLE_STORES = tuple(_known(anomalies=(_anomaly(code),)) for code in Trouble)
"""One for each trouble around sound copies."""
EMPTY_PASSWORD_STORE = _known(SNAPSHOT, stores=(replace(RESTIC, empty_password=True),))
UNTRIED_STORE = _known(
    SNAPSHOT,
    stores=(replace(RESTIC, empty_password=Unreachable(Reason.NOT_LOOKED, "mot de passe vide non essayé")),),
)
WEAK_STORE = _known(
    replace(
        COPY,
        format="zip",
        encrypted=Encrypted.WEAK,
        method="ZipCrypto",
        weaknesses=(Weakness.WEAK_CIPHER, Weakness.NAMES_VISIBLE),
    )
)
FAST_STORE = _known(replace(COPY, method="AES-256, S2K simple", weaknesses=(Weakness.FAST_KDF,)))
UNTOLD_STORE = _known(replace(COPY, format="openssl", method="", weaknesses=(Weakness.UNTOLD,)))
NAMED_STORE = _known(replace(COPY, format="acronis", confidence=Confidence.NAME, encrypted=Encrypted.UNKNOWN))
VERIFIED_STORE = _known(
    stores=(replace(LOOSE, verified=Verification(SEEN_ON - timedelta(days=3), good=True, evidence="ok")),)
)
BADLY_VERIFIED_STORE = _known(
    stores=(
        replace(LOOSE, verified=Verification(SEEN_ON - timedelta(days=3), good=False, evidence="failed")),
    )
)
LONG_VERIFIED_STORE = _known(
    stores=(replace(LOOSE, verified=Verification(SEEN_ON - timedelta(days=400), good=True, evidence="ok")),)
)
MIRROR_COPY = replace(
    COPY,
    name="miroir",
    series="miroir",
    role=Role.MIRROR,
    format="plain",
    date_kind=DateKind.LOWER_BOUND,
    date_source="3 documents ont cette date ou une plus récente",
    encrypted=Encrypted.NO,
    method="",
    evidence="octets 0-3 = %PDF",
)
MIRROR_STORE = _known(MIRROR_COPY, stores=(replace(LOOSE, kind="mirror", encrypted=Encrypted.NO, copies=1),))
MONTH = tuple(
    replace(COPY, name=f"mairie-{day:02d}.tar.gpg", written_at=COPY.written_at - timedelta(days=day))
    for day in range(35)
)
MONTH_SERIES = replace(
    DAILY,
    count=35,
    oldest_at=MONTH[-1].written_at,
    period_hours=24.0,
    longest_gap_hours=24.0,
)
MONTH_STORE = _known(*MONTH, series=(MONTH_SERIES,))
"""Thirty-five nights without a gap."""
STOPPED_STORE = _known(
    *MONTH,
    series=(
        MONTH_SERIES,
        replace(
            MONTH_SERIES,
            name="base-#.sql.gz",
            newest_at=SEEN_ON - timedelta(days=12),
            oldest_at=SEEN_ON - timedelta(days=60),
        ),
    ),
)
"""One job goes on, another has stopped."""
OPEN_RIGHTS = replace(
    PROTECTION, mode=0o777, writable_from_here=True, immutable=False, world_writable=12, world_readable=40
)
OPEN_STORE = _known(protection=OPEN_RIGHTS)
"""Every account may write and read."""
READABLE_STORE = _known(protection=replace(PROTECTION, mode=0o755, world_readable=2))
SHARE_STORE = _known(
    device="66",
    protection=replace(PROTECTION, filesystem="cifs", mode=0o755, owned_by_us=True, writable_from_here=True),
)
"""A Windows share that this machine may write; whether it is locked is not seen."""
READ_ONLY_STORE = _known(
    device="67", protection=replace(PROTECTION, looked_as_root=True, evidence="monté en lecture seule")
)
"""A disk plugged in for the look: even root cannot write there."""
LOCKED = replace(
    PROTECTION,
    filesystem="s3",
    mode=NOT_COLLECTED,
    owned_by_us=NOT_COLLECTED,
    writable_from_here=NOT_COLLECTED,
    immutable=True,
    evidence="Object Lock en mode COMPLIANCE, 30 jours",
)
LOCKED_STORE = BackupStore(
    "s3://s3.sauvegarde.example/mairie",
    present=True,
    contents=replace(CONTENTS, protection=LOCKED, device="s3.sauvegarde.example"),
)
"""An S3 bucket whose copies cannot be erased for a time."""


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
        series=(
            replace(
                DAILY, name=HOSTILE, store=HOSTILE, count=10**9, period_hours=-1e300, longest_gap_hours=1e300
            ),
        ),
        anomalies=tuple(Anomaly(code, HOSTILE, HOSTILE * 3, count=-1) for code in Trouble),
        protection=replace(PROTECTION, filesystem=HOSTILE, mode=-1, world_writable=-1, evidence=HOSTILE * 3),
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
    EMPTY_PASSWORD_STORE,
    UNTRIED_STORE,
    WEAK_STORE,
    FAST_STORE,
    UNTOLD_STORE,
    NAMED_STORE,
    VERIFIED_STORE,
    BADLY_VERIFIED_STORE,
    LONG_VERIFIED_STORE,
    MIRROR_STORE,
    MONTH_STORE,
    STOPPED_STORE,
    OPEN_STORE,
    READABLE_STORE,
    SHARE_STORE,
    READ_ONLY_STORE,
    LOCKED_STORE,
    *EVERY_TROUBLE_STORES,
)
"""Found by `facts.base.samples()`: good, bad, silent and hostile."""

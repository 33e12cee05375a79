"""What a place of backups holds, told from its structure: no key, nothing written, nothing opened to the end."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from cyberaudit.facts.base import Facts
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable

END_NOT_SEEN = "end-not-seen"
"""The fault of a copy too long to be followed to its end, or whose format marks none: it may be whole, or cut."""


class Encrypted(StrEnum):
    """What the structure of a copy proves."""

    YES = "yes"
    NO = "no"
    PARTIAL = "partial"
    """Some of it is readable."""
    WEAK = "weak"
    """Encrypted by something that does not resist: ZipCrypto, 3DES."""
    UNKNOWN = "unknown"
    """Nothing in its structure says so: a high entropy proves nothing."""


class Weakness(StrEnum):
    """Why an encryption resists less than it should."""

    WEAK_CIPHER = "weak-cipher"
    """ZipCrypto, 3DES, CAST5, RC4, single DES, cipher_null."""
    FAST_KDF = "fast-kdf"
    """The password is stretched too little: simple or salted S2K, few iterations, small scrypt N."""
    NO_INTEGRITY = "no-integrity"
    """Nothing would show that it was altered."""
    NAMES_VISIBLE = "names-visible"
    """The names of files are readable."""
    UNTOLD = "untold"
    """The format does not write its cipher or its key derivation down."""


class DateKind(StrEnum):
    """What a date is worth."""

    EXACT = "exact"
    UPPER_BOUND = "upper-bound"
    """The copy is not younger than this, and may be older."""
    LOWER_BOUND = "lower-bound"
    """The copy is not older than this, and may be younger: the newest document of a mirror."""


class Confidence(StrEnum):
    """What the recognition of a format rests on."""

    CERTAIN = "certain"
    """On bytes that its specification, or its tool's source, gives."""
    PROBABLE = "probable"
    """On bytes known by reverse engineering."""
    NAME = "name"
    """On names alone."""


class Role(StrEnum):
    """What a restore point is to the others."""

    ARCHIVE = "archive"
    """Stands alone."""
    FULL = "full"
    INCREMENTAL = "incremental"
    """Worth nothing without those before it."""
    DIFFERENTIAL = "differential"
    """Worth nothing without the full one before it."""
    SNAPSHOT = "snapshot"
    """Of a repository, which keeps what they share."""
    MIRROR = "mirror"
    """The documents as they were at the last passage: one version only."""


class Trouble(StrEnum):
    """What is wrong, or strange, around the copies."""

    STALE_LOCK = "stale-lock"
    ABORTED_RUN = "aborted-run"
    BROKEN_CHAIN = "broken-chain"
    """An incremental copy without what it stands on."""
    MISSING_VOLUME = "missing-volume"
    MISSING_PART = "missing-part"
    """A manifest, an index, a catalogue."""
    DAMAGED = "damaged"
    """Something else than a copy: a key, an index, a pack, a segment."""
    VERIFICATION_FAILED = "verification-failed"
    EMPTY_FILES = "empty-files"
    """Many files of 0 byte, or of zeros alone."""
    LOST_DATES = "lost-dates"
    """All of one second: that of a copying."""
    FUTURE_DATES = "future-dates"
    RANSOM_NOTE = "ransom-note"
    MASS_RENAMED = "mass-renamed"
    """One strange ending on a large share of the files, in one burst."""
    LOST_MAGIC = "lost-magic"
    """Files whose first bytes no longer are those of their ending."""
    SECRET_BESIDE = "secret-beside"  # noqa: S105 — no password
    """A key or a password lies in the place of the copies."""
    CLEAR_BESIDE = "clear-beside"
    """Readable files in a folder that should hold encrypted ones only."""
    LEFT_OUT = "left-out"
    """A link that leads out, a device, a pipe, a name too long: not looked at."""
    UNREADABLE = "unreadable"
    """What this account may not read."""


@frozen
class Anomaly:
    """One trouble, and where to see it again."""

    code: Trouble
    place: str
    """Below the location, made safe to show; empty for the location itself."""
    evidence: str
    """French, with the bytes or the names it stands on."""
    count: int
    """How many files or copies it concerns."""


@frozen
class Copy:
    """One restore point: an archive, a set of volumes, or a snapshot of a repository."""

    name: str
    """The file's name, made safe to show, at most 80 characters: the person must find the copy again."""
    store: str
    """The `place` of the store it belongs to; empty for the location itself."""
    series: str
    """Its job: the name with dates and numbers masked, `mairie-#-#-#.tar.gpg`."""
    role: Role
    format: str
    """`zip`, `openpgp`, `age`, `restic`, `tar`, `gzip`, `plain`, …"""
    size: int
    """Bytes, of all volumes; of the snapshot file for a repository."""
    written_at: datetime
    date_kind: DateKind
    date_source: str
    """French: « date du fichier », « nom du fichier (UTC) », « base version_info.db »."""
    encrypted: Encrypted
    method: str
    """« AES-256, scrypt N=32768 r=8 p=3 »; empty when nothing is encrypted, or nothing is told."""
    weaknesses: tuple[Weakness, ...]
    evidence: str
    """At byte level, so that a person can see it again: « octet 0 = 0x8c, paquet de clé de session »."""
    confidence: Confidence
    fault: str
    """Why it could not be restored: `empty`, `truncated`, `damaged`, `incomplete` (volumes or what it stands on are
    missing), `collapsed` (far smaller than the others), `in-the-future`; `end-not-seen` is not good and not bad;
    empty when it looks good."""


@frozen
class Verification:
    """The last time the tool itself verified its copies, as it wrote it down."""

    done_at: datetime
    good: bool
    evidence: str


@frozen
class Store:
    """A repository, a set, or the loose archives of one location."""

    kind: str
    """`restic`, `borg`, `borg2`, `kopia`, `duplicity`, `pbs`, `mirror`, `folder`, …"""
    place: str
    """Its folder below the location, made safe to show; empty for the location itself."""
    confidence: Confidence
    encrypted: Encrypted
    method: str
    weaknesses: tuple[Weakness, ...]
    evidence: str
    empty_password: bool | Unreachable
    """True: it opens with an EMPTY password; false: tried, refused; else why that was not tried."""
    copies: int
    """All restore points, those not kept in the facts included."""
    verified: Verification | Unreachable


@frozen
class Series:
    """The copies of one job over time, told from names and dates of all of them."""

    name: str
    """With dates and numbers masked; for a repository its kind and place."""
    store: str
    count: int
    newest_at: datetime
    oldest_at: datetime
    period_hours: float | None
    """Median time between two copies; None under three of them."""
    longest_gap_hours: float | None
    """Between two neighbours among those looked at; None under three."""
    dates_kind: DateKind


@frozen
class Protection:
    """What stands between the copies and somebody who holds the machine that looks."""

    filesystem: str
    """`ext4`, `cifs`, `nfs4`, …; `sftp`, `s3`, `https` for a far one; empty when not told."""
    mode: int | Unreachable
    """Permission bits of the location's folder."""
    owned_by_us: bool | Unreachable
    writable_from_here: bool | Unreachable
    """By the account that looks, as access(2) and the mount say; nothing was written to see."""
    looked_as_root: bool
    world_writable: int
    """Files and folders that every account may write."""
    world_readable: int
    """Copies that every account may read, and reach."""
    immutable: bool | Unreachable
    """The newest copies cannot be erased for a time: `chattr +i`, S3 Object Lock, a store's own lock."""
    evidence: str
    """What `immutable` and `mode` stand on, with sample names."""


@frozen
class StoreContents:
    """A location that could be listed."""

    stores: tuple[Store, ...]
    copies: tuple[Copy, ...]
    """Of all stores, newest first, at most 200."""
    more_copies: int
    """How many older ones were counted and not kept."""
    series: tuple[Series, ...]
    anomalies: tuple[Anomaly, ...]
    protection: Protection
    other_files: int
    """Files not recognised as copies; logs, notes and checksums are not counted."""
    device: str
    """The device it stands on, `st_dev` in decimal: two copies on one device are one. For a far place, its address."""
    complete: bool
    """False when a limit stopped the listing, or when a part of it could not be read."""

    @property
    def good(self) -> tuple[Copy, ...]:
        """The copies without fault, newest first."""
        return tuple(copy for copy in self.copies if not copy.fault)

    @property
    def not_bad(self) -> tuple[Copy, ...]:
        """The good copies and those whose end was not seen, newest first."""
        return tuple(copy for copy in self.copies if copy.fault in ("", END_NOT_SEEN))

    def troubles(self, *codes: Trouble) -> tuple[Anomaly, ...]:
        """The anomalies of these kinds."""
        return tuple(each for each in self.anomalies if each.code in codes)


@frozen
class BackupStore(Facts):
    """One declared place where copies are kept."""

    KIND = "backup-store"
    VERSION = 2

    path: str
    """A path of this machine, or an address without password."""
    present: bool | Unreachable
    """False when the path is absent while its parent is there: that is a fact; permission denied or a share that
    is not mounted is unreachable."""
    contents: StoreContents | Unreachable

    @classmethod
    def upgraded(cls, data: Mapping[str, Any], version: int) -> Mapping[str, Any]:
        """Version 1 knew copies alone: what it did not look for is said by a listing that is not complete."""
        contents = data.get("contents")
        if version > 1 or not isinstance(contents, Mapping) or "copies" not in contents:
            return data
        kept = {key: contents[key] for key in ("@", "more_copies", "other_files", "device")}
        return {**data, "contents": {**kept, **_not_told(contents["copies"])}}


def _not_told(copies: list[dict[str, Any]]) -> dict[str, Any]:
    """The parts of version 2 of which version 1 told nothing; those that may be unreachable are left out."""
    told = {
        "store": "",
        "series": "",
        "role": Role.ARCHIVE,
        "date_source": "",
        "method": "",
        "weaknesses": [],
        "confidence": Confidence.CERTAIN,
    }
    protection = {
        "filesystem": "",
        "looked_as_root": False,
        "world_writable": 0,
        "world_readable": 0,
        "evidence": "",
    }
    return {
        "stores": [],
        "copies": [{**copy, **told} for copy in copies],
        "series": [],
        "anomalies": [],
        "protection": protection,
        "complete": False,
    }

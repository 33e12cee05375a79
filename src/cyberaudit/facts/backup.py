"""What a backup store holds, told from its structure: no key, nothing written, nothing opened to the end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cyberaudit.facts.base import Facts
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


class DateKind(StrEnum):
    """What a date is worth."""

    EXACT = "exact"
    UPPER_BOUND = "upper-bound"
    """The copy is not younger than this, and may be older."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One restore point: an archive, or a snapshot of a repository."""

    name: str
    """The file's name, made safe to show, at most 80 characters: the person must find the copy again."""
    format: str
    """`zip`, `openpgp`, `age`, `restic`, `tar`, `gzip`, `plain`, …"""
    size: int
    """Bytes; of the snapshot file for a repository."""
    written_at: datetime
    date_kind: DateKind
    encrypted: Encrypted
    evidence: str
    """At byte level, so that a person can see it again: « octet 0 = 0x8c, paquet de clé de session »."""
    fault: str
    """Why it could not be restored: `empty`, `truncated`, `damaged`, `collapsed` (far smaller than the others),
    `in-the-future`; `end-not-seen` is not good and not bad; empty when it looks good."""


@dataclass(frozen=True, slots=True)
class StoreContents:
    """A store that could be listed."""

    kind: str
    """`restic`, `folder`"""
    copies: tuple[Copy, ...]
    """Newest first, at most 200."""
    more_copies: int
    """How many older ones were counted and not kept."""
    other_files: int
    """Files not recognised as copies; logs, notes and checksums are not counted."""
    device: str
    """The device it stands on, `st_dev` in decimal: two copies on one device are one."""
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


@dataclass(frozen=True, slots=True)
class BackupStore(Facts):
    """One declared place where copies are kept."""

    KIND = "backup-store"
    VERSION = 1

    path: str
    present: bool | Unreachable
    """False when the path is absent while its parent is there: that is a fact; permission denied or a share that
    is not mounted is unreachable."""
    contents: StoreContents | Unreachable

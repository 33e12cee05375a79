"""A location of backups as every detector sees it: the same whether it is a folder here, SFTP, S3 or a web server."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import NamedTuple, Protocol

from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable

Parts = tuple[str, ...]
"""The way from the location to a file, one name a step; `()` is the location itself."""


class Kind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    """Never followed."""
    OTHER = "other"
    """A device, a pipe, a socket: never opened."""


class Entry(NamedTuple):
    """One name of a folder; what the place does not tell is None."""

    name: str
    kind: Kind
    size: int
    """Bytes; 0 for what is no file."""
    written: float | None
    """Seconds since 1970 UTC."""
    mode: int | None = None
    """Permission bits, `st_mode & 0o7777`."""
    owner: int | None = None
    """Numeric user."""
    stored: int | None = None
    """Bytes that the file system says it holds."""
    changed: float | None = None
    """Seconds since 1970 UTC at which the place itself last changed it (ctime): nobody sets it at will."""


@frozen
class OpenFile:
    """One plain file, opened for reading."""

    entry: Entry
    read_at: Callable[[int, int], bytes]
    """(offset, count) → at most `count` bytes; none past the end. Raises OSError."""


@frozen
class Safeguards:
    """What a place tells of who may change or erase the copies; nothing was written to see."""

    filesystem: str
    """`ext4`, `cifs`, `nfs4`, …; `sftp`, `s3`, `https`, `rest` for a far place; empty when not told."""
    mode: int | Unreachable
    """Permission bits of the location's folder."""
    owned_by_us: bool | Unreachable
    writable_from_here: bool | Unreachable
    """By the account that looks, as access(2) and the mount, or the rights of a bucket, say."""
    looked_as_root: bool
    modes_tell: bool
    """False when the entries have no mode, or modes that the mount makes up (cifs, vfat, ntfs)."""
    reached_by_all: bool
    """Every account of this machine may come to the location's folder."""
    immutable: bool | Unreachable
    """True only when all the newest copies given cannot be erased for a time: `chattr +i`, S3 Object Lock."""
    evidence: str
    """French: what `mode`, `writable_from_here` and `immutable` stand on, with sample names; may be raw."""


class Tree(Protocol):
    """Read-only, and nothing follows a link. Every method raises OSError for what cannot be seen, FileNotFoundError
    for what is not there.
    """

    @property
    def name(self) -> str:
        """The location's own last name: « NAS.hbk »; empty when it has none."""

    @property
    def far(self) -> bool:
        """A question costs a round trip: ask few."""

    def entries(self, parts: Parts) -> Iterator[Entry]:
        """What one folder holds, in no order."""

    def status(self, parts: Parts) -> Entry:
        """One name, the link itself when it is one."""

    def opened(self, parts: Parts) -> AbstractContextManager[OpenFile]:
        """A plain file, opened; OSError when it is anything else."""

    def safeguards(self, newest: Sequence[Parts]) -> Safeguards:
        """Who may change the place, and erase its newest copies (a few, newest first; none when it has none). Never
        raises: what cannot be seen is `Unreachable`.
        """


def read(tree: Tree, parts: Parts, *, most: int, offset: int = 0) -> bytes:
    """At most `most` bytes of one file, from `offset`.

    Raises:
        OSError: it is not a plain file, or cannot be read.
    """
    with tree.opened(parts) as file:
        return file.read_at(offset, most)


def names_in(tree: Tree, parts: Parts, kind: Kind, *, most: int) -> tuple[str, ...]:
    """The first `most` names of one kind in a folder; none when the folder is not there.

    Raises:
        OSError: it is there, and cannot be listed.
    """
    found: list[str] = []
    try:
        for entry in tree.entries(parts):
            if entry.kind is kind:
                found.append(entry.name)
                if len(found) >= most:
                    break
    except FileNotFoundError:
        return ()
    return tuple(found)

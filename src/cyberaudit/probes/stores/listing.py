"""Walk a store and open its files: never through a link, never anything but a plain file, nothing written."""

import heapq
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cyberaudit.probes.stores.reading import END_BYTES, Sample
from cyberaudit.probes.stores.recognise import (
    is_copy_by_name,
    is_named_otherwise,
    is_note,
    is_system_folder,
)
from cyberaudit.probes.stores.restic import is_repository

# Ours: a town's store is far below; a deeper or larger one is read in part and said so.
MOST_ENTRIES = 200_000
MOST_DEPTH = 12
# Ours: copies kept and opened, newest first.
MOST_COPIES = 200
# Ours: files without a telling name that are opened to see what they are, newest first.
MOST_STRANGERS = 200

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class File:
    """One plain file of the store; the greatest is the newest, those dated in the future last."""

    credible: bool
    """Not dated in the future."""
    written: float
    parts: Parts
    size: int


@dataclass(slots=True)
class Newest:
    """The newest files of a stream, in bounded memory."""

    limit: int
    count: int = 0
    left_out: int = 0
    """How many older ones were dropped."""
    _heap: list[File] = field(default_factory=list)

    def add(self, file: File) -> None:
        self.count += 1
        if len(self._heap) < self.limit:
            heapq.heappush(self._heap, file)
        else:
            heapq.heappushpop(self._heap, file)
            self.left_out += 1

    def __iter__(self) -> Iterator[File]:
        return iter(sorted(self._heap, reverse=True))


@dataclass(slots=True)
class Listing:
    """What one pass over a store found."""

    copies: Newest = field(default_factory=lambda: Newest(MOST_COPIES))
    """Named like backups."""
    strangers: Newest = field(default_factory=lambda: Newest(MOST_STRANGERS))
    """Names that tell nothing."""
    documents: int = 0
    """Named like something else: never opened."""
    repositories: list[Parts] = field(default_factory=list)
    """Folders with the structure of a restic repository; not walked further."""
    entries: int = 0
    complete: bool = True


@contextmanager
def folder(root: int, parts: Parts) -> Iterator[int]:
    """The folder `parts` below the open folder `root`, each step refused when it is a link."""
    current = os.dup(root)
    try:
        for part in parts:
            deeper = os.open(part, _FOLDER_FLAGS, dir_fd=current)
            os.close(current)
            current = deeper
        yield current
    finally:
        os.close(current)


def walk(root: int, *, future: float) -> Listing:
    """Every plain file below the open folder `root`; dates after `future` (seconds since 1970) are not credible.

    Raises:
        OSError: the store itself cannot be listed; below it, what cannot be makes the listing incomplete.
    """
    listing = Listing()
    waiting: list[Parts] = [()]
    while waiting:
        parts = waiting.pop()
        try:
            waiting += _one_folder(root, parts, listing, future=future)
        except OSError:
            if not parts:
                raise
            listing.complete = False
        if listing.entries >= MOST_ENTRIES:
            listing.complete = False
            return listing
    return listing


def _one_folder(root: int, parts: Parts, listing: Listing, *, future: float) -> list[Parts]:
    """Note the files of one folder; its sub-folders come back, unless it is a repository."""
    below: list[Parts] = []
    names: set[str] = set()
    config: os.DirEntry[str] | None = None
    with folder(root, parts) as here, os.scandir(here) as entries:
        for entry in entries:
            listing.entries += 1
            if listing.entries >= MOST_ENTRIES:
                return below
            if entry.is_dir(follow_symlinks=False):
                names.add(entry.name)
                if not is_system_folder(entry.name):
                    below.append((*parts, entry.name))
            elif entry.name == "config":
                config = entry
            elif entry.is_file(follow_symlinks=False):
                _note_file(entry, parts, listing, future=future)
    if config is not None and is_repository(frozenset(names)):
        listing.repositories.append(parts)
        return []
    if len(parts) >= MOST_DEPTH and below:
        listing.complete = False
        return []
    return below


def _note_file(entry: "os.DirEntry[str]", parts: Parts, listing: Listing, *, future: float) -> None:
    if is_note(entry.name):
        return
    if is_named_otherwise(entry.name):
        listing.documents += 1
        return
    status = entry.stat(follow_symlinks=False)
    file = File(status.st_mtime <= future, status.st_mtime, (*parts, entry.name), status.st_size)
    (listing.copies if is_copy_by_name(entry.name) else listing.strangers).add(file)


@contextmanager
def opened(root: int, parts: Parts) -> Iterator[int]:
    """The plain file `parts` below `root`, opened for reading; its access time is left alone when allowed.

    Raises:
        OSError: it is not a plain file, or cannot be read.
    """
    with folder(root, parts[:-1]) as here:
        descriptor = _open(parts[-1], here)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a plain file")
        yield descriptor
    finally:
        os.close(descriptor)


def _open(name: str, here: int) -> int:
    try:
        return os.open(name, _FILE_FLAGS | getattr(os, "O_NOATIME", 0), dir_fd=here)
    except PermissionError:  # only the owner may leave the access time alone (open(2))
        return os.open(name, _FILE_FLAGS, dir_fd=here)


def sample_of(descriptor: int, name: str, *, patience: int, hurried: Callable[[], bool] = bool) -> Sample:
    """The opened file as detectors want it."""
    status = os.fstat(descriptor)
    size = status.st_size

    def read_at(offset: int, count: int) -> bytes:
        # Offsets come from the files: the system refuses those that no file reaches.
        return os.pread(descriptor, count, offset) if 0 <= offset < size else b""

    return Sample(
        name=name,
        size=size,
        head=read_at(0, END_BYTES),
        tail=read_at(max(size - END_BYTES, 0), END_BYTES),
        read_at=read_at,
        patience=patience,
        hurried=hurried,
        # stat(2): blocks of 512 bytes whatever the file system; some of those reached by a network say 0.
        stored=status.st_blocks * 512 or None,
    )

"""A folder of this machine: no link is followed, nothing but a plain file is opened, nothing is written."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cyberaudit.probes.stores.tree import Entry, Kind, OpenFile, Parts

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class LocalTree:
    """The tree below an open folder."""

    root: int
    """Its descriptor, which stays the caller's."""
    name: str
    far: bool = False

    def entries(self, parts: Parts) -> Iterator[Entry]:
        with folder(self.root, parts) as here, os.scandir(here) as found:
            for each in found:
                try:
                    status = each.stat(follow_symlinks=False)
                except FileNotFoundError:  # erased since it was listed
                    continue
                yield _entry(each.name, status)

    def status(self, parts: Parts) -> Entry:
        if not parts:
            return _entry(self.name, os.fstat(self.root))
        with folder(self.root, parts[:-1]) as here:
            return _entry(parts[-1], os.stat(parts[-1], dir_fd=here, follow_symlinks=False))

    @contextmanager
    def opened(self, parts: Parts) -> Iterator[OpenFile]:
        with folder(self.root, parts[:-1]) as here:
            descriptor = _open(parts[-1], here)
        try:
            yield _open_file(descriptor, parts[-1])
        finally:
            os.close(descriptor)


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


def _entry(name: str, status: os.stat_result) -> Entry:
    mode = status.st_mode
    if stat.S_ISREG(mode):
        kind = Kind.FILE
    elif stat.S_ISDIR(mode):
        kind = Kind.FOLDER
    else:
        kind = Kind.LINK if stat.S_ISLNK(mode) else Kind.OTHER
    return Entry(
        name,
        kind,
        status.st_size if kind is Kind.FILE else 0,
        status.st_mtime,
        mode & 0o7777,
        status.st_uid,
        # stat(2): blocks of 512 bytes whatever the file system; some of those reached by a network say 0.
        status.st_blocks * 512 or None,
        status.st_ctime,
    )


def _open(name: str, here: int) -> int:
    try:
        return os.open(name, _FILE_FLAGS | getattr(os, "O_NOATIME", 0), dir_fd=here)
    except PermissionError:  # only the owner may leave the access time alone (open(2))
        return os.open(name, _FILE_FLAGS, dir_fd=here)


def _open_file(descriptor: int, name: str) -> OpenFile:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError("not a plain file")
    size = status.st_size

    def read_at(offset: int, count: int) -> bytes:
        # Offsets come from the files: the system refuses those that no file reaches.
        return os.pread(descriptor, count, offset) if 0 <= offset < size else b""

    return OpenFile(_entry(name, status), read_at)

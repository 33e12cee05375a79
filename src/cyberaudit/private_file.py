"""Files that are written whole or not at all: reports and scans that only their owner reads, edited profiles."""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_private(path: Path, content: bytes) -> None:
    """Put `content` at `path` with mode 0600, whole or not at all; a device or a pipe is written to as it is.

    Raises:
        OSError: it cannot be written; what stood there is still there.
    """
    try:
        special = not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        special = False
    if special:
        path.write_bytes(content)
        return
    target = path.resolve()
    with _written_beside(target, content) as new:
        new.replace(target)


@contextmanager
def _written_beside(target: Path, content: bytes) -> Iterator[Path]:
    """A private file of the same folder that holds `content`, on the disk; gone in the end unless it was moved."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".cyberaudit-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


class ChangedMeanwhile(OSError):
    """Somebody else wrote the file since it was read."""


def rewrite(path: Path, content: bytes, *, expected: bytes) -> None:
    """Put `content` in place of `expected` at `path`, whole or not at all; its rights and its owner stay.

    Raises:
        ChangedMeanwhile: the file does not hold `expected` any more.
        OSError: it cannot be written; what stood there is still there.
    """
    target = path.resolve()
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    with _written_beside(target, content) as new:
        _as_before(new, target)
        _still(target, expected)
        new.replace(target)


def _still(path: Path, expected: bytes) -> None:
    if path.read_bytes() != expected:
        raise ChangedMeanwhile(errno.EBUSY, os.strerror(errno.EBUSY))


def _as_before(new: Path, old: Path) -> None:
    """Owner, rights and attributes of `old`; not its dates."""
    status = old.stat()
    if (status.st_uid, status.st_gid) != (new.stat().st_uid, new.stat().st_gid):
        os.chown(new, status.st_uid, status.st_gid)
    shutil.copystat(old, new)
    os.utime(new)

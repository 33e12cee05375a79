"""What the system tells of an open folder: its file system, who may write there, what cannot be erased."""

import array
import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable

# linux/fs.h: FS_IOC_GETFLAGS = _IOR('f', 1, long) on a 64-bit machine; the kernel fills an int.
_GET_FLAGS = 0x80086601
# linux/fs.h: FS_IMMUTABLE_FL, FS_APPEND_FL.
IMMUTABLE, APPEND_ONLY = 0x10, 0x20
# Ours: the table of mounts of a busy server; no folder lies deeper than PATH_MAX allows steps.
MOUNTS_BYTES, MOST_STEPS = 1024 * 1024, 200
INVENTED_MODES = frozenset(
    {"cifs", "smb3", "smbfs", "vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "9p", "vboxsf", "hfsplus"}
)
"""Modes are made up by the mount (options uid, gid, file_mode, umask): they tell nothing of the place."""


@frozen
class Mount:
    """One line of /proc/self/mountinfo (proc(5))."""

    filesystem: str
    read_only: bool


def mount_of(descriptor: int) -> Mount | None:
    """The mount of an open folder; None when the system does not tell."""
    try:
        told = Path(f"/proc/self/fdinfo/{descriptor}").read_text("ascii", "replace")
        with Path("/proc/self/mountinfo").open("rb") as table:
            lines = table.read(MOUNTS_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    number = told.partition("mnt_id:")[2].split()[:1]
    return mount_among(lines, number[0]) if number else None


def mount_among(lines: Iterable[str], number: str) -> Mount | None:
    """The mount of that number in a table of mounts."""
    for line in lines:
        before, dash, after = line.partition(" - ")
        fields, end = before.split(" "), after.split(" ")
        if dash and len(fields) > 5 and fields[0] == number:
            options = f"{fields[5]},{end[-1]}".split(",")
            return Mount(end[0], "ro" in options)
    return None


def may_write(descriptor: int, name: str) -> bool | Unreachable:
    """Whether this account may write one name of an open folder, as faccessat(2) says; nothing is written."""
    # A link is never followed: its target may lie anywhere.
    if stat.S_ISLNK(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
        return Unreachable(Reason.NOT_COLLECTED, "lien")
    return os.access(name, os.W_OK, dir_fd=descriptor, effective_ids=True)


def flags_of(descriptor: int) -> int | Unreachable:
    """The attributes of an open file, as lsattr(1) shows them."""
    held = array.array("i", [0, 0])
    try:
        fcntl.ioctl(descriptor, _GET_FLAGS, held)
    except OSError as trouble:
        name = errno.errorcode.get(trouble.errno or 0, "")
        return Unreachable(Reason.NOT_COLLECTED, f"ce système de fichiers ne dit pas ses attributs ({name})")
    return held[0]


def is_reached_by_all(descriptor: int) -> bool:
    """Every account may go through each folder from the top down to this one; what cannot be seen stops nobody."""
    return all(mode & stat.S_IXOTH for mode in _modes_upwards(descriptor))


def _modes_upwards(descriptor: int) -> Iterator[int]:
    current = os.dup(descriptor)
    try:
        here = os.fstat(current)
        for _ in range(MOST_STEPS):
            yield here.st_mode
            above = os.open("..", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=current)
            os.close(current)
            current, below = above, here
            here = os.fstat(current)
            if (here.st_dev, here.st_ino) == (below.st_dev, below.st_ino):
                return
    except PermissionError:
        return
    finally:
        os.close(current)

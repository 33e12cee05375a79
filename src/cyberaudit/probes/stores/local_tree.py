"""A folder of this machine: no link is followed, nothing but a plain file is opened, nothing is written."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.stores.mounts import (
    APPEND_ONLY,
    IMMUTABLE,
    INVENTED_MODES,
    Mount,
    flags_of,
    is_reached_by_all,
    may_write,
    mount_of,
)
from cyberaudit.probes.stores.sampling import few
from cyberaudit.probes.stores.tree import Entry, Kind, OpenFile, Parts, Safeguards

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@frozen
class LocalTree:
    """The tree below an open folder."""

    root: int
    """Its descriptor, which stays the caller's."""
    name: str
    far: bool = False
    only: str = ""
    """The one file of the open folder that is looked at, with what its name begins; empty: everything."""

    def entries(self, parts: Parts) -> Iterator[Entry]:
        with folder(self.root, parts) as here, os.scandir(here) as found:
            for each in found:
                if self.only and not (each.name == self.only or each.name.startswith(f"{self.only}.")):
                    continue
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

    def safeguards(self, newest: Sequence[Parts]) -> Safeguards:
        status, mount = os.fstat(self.root), mount_of(self.root)
        immutable, marks = _immutable(self, newest)
        writable, who = _writable(self, newest, mount)
        mode = stat.S_IMODE(status.st_mode)
        return Safeguards(
            filesystem=mount.filesystem if mount else "",
            mode=mode,
            owned_by_us=status.st_uid == os.geteuid(),
            writable_from_here=writable,
            looked_as_root=os.geteuid() == 0,
            modes_tell=mount is None or mount.filesystem not in INVENTED_MODES,
            reached_by_all=is_reached_by_all(self.root),
            immutable=immutable,
            evidence=f"dossier en mode {mode:04o}, compte {status.st_uid} ; {who} ; {marks}",
        )


def _writable(
    tree: LocalTree, newest: Sequence[Parts], mount: Mount | None
) -> tuple[bool | Unreachable, str]:
    """Whether the folder, or one of the newest copies, may be written; and on what that stands."""
    if mount is not None and mount.read_only:
        return False, "montage en lecture seule (ro)"
    refused: list[Unreachable] = []
    for parts in ((), *newest):
        try:
            with folder(tree.root, parts[:-1]) as here:
                answer = may_write(here, parts[-1] if parts else ".")
        except OSError as trouble:
            answer = Unreachable(Reason.NOT_COLLECTED, os.strerror(trouble.errno or 0))
        if answer is True:
            return True, f"écriture permise à ce compte sur « {'/'.join(parts) or '.'} » (access(2))"
        if isinstance(answer, Unreachable):
            refused.append(answer)
    if refused:
        return refused[0], "droit d'écriture non vu partout"
    return False, "écriture refusée à ce compte (access(2))"


def _immutable(tree: LocalTree, newest: Sequence[Parts]) -> tuple[bool | Unreachable, str]:
    """Whether each of the newest copies is marked so that it cannot be erased."""
    if not newest:
        return Unreachable(
            Reason.NOT_COLLECTED, "aucune copie isolée dont voir les attributs"
        ), "attributs non vus"
    bare: list[Parts] = []
    for parts in newest:
        flags = _flags(tree, parts)
        if isinstance(flags, Unreachable):
            return flags, "attributs non vus"
        if not flags & (IMMUTABLE | APPEND_ONLY):
            bare.append(parts)
    if bare:
        return False, f"sans attribut +i ni +a (lsattr) : {few(bare, len(bare))}"
    return True, f"attribut +i ou +a (lsattr) : {few(newest, len(newest))}"


def _flags(tree: LocalTree, parts: Parts) -> int | Unreachable:
    try:
        with folder(tree.root, parts[:-1]) as here:
            descriptor = _open(parts[-1], here)
    except OSError as trouble:
        return Unreachable(Reason.NOT_COLLECTED, os.strerror(trouble.errno or 0))
    try:
        return flags_of(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def folder(root: int, parts: Parts) -> Iterator[int]:
    """The folder `parts` below the open folder `root`, each step refused when it is a link."""
    current = os.dup(root)
    try:
        for part in parts:
            deeper = _open(part, current, flags=_FOLDER_FLAGS)
            os.close(current)
            current = deeper
        yield current
    finally:
        os.close(current)


_KINDS = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}
_FILE = Kind.FILE
# As the class itself does, without its second call: a million of them.
_new = tuple.__new__


def _entry(name: str, status: os.stat_result) -> Entry:
    mode = status.st_mode
    kind = _KINDS.get(mode & 0o170000, Kind.OTHER) if mode & 0o170000 != stat.S_IFREG else _FILE
    # stat(2): blocks of 512 bytes whatever the file system; some of those reached by a network say 0.
    stored = status.st_blocks * 512 or None
    size = status.st_size if kind is _FILE else 0
    return _new(
        Entry, (name, kind, size, status.st_mtime, mode & 0o7777, status.st_uid, stored, status.st_ctime)
    )


def _open(name: str, here: int, *, flags: int = _FILE_FLAGS) -> int:
    try:
        return os.open(name, flags | getattr(os, "O_NOATIME", 0), dir_fd=here)
    except PermissionError:  # only the owner may leave the access time alone (open(2))
        return os.open(name, flags, dir_fd=here)


def _open_file(descriptor: int, name: str) -> OpenFile:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError("not a plain file")
    size = status.st_size

    def read_at(offset: int, count: int) -> bytes:
        # Offsets come from the files: the system refuses those that no file reaches.
        return os.pread(descriptor, count, offset) if 0 <= offset < size else b""

    return OpenFile(_entry(name, status), read_at)

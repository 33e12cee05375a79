"""Reach the declared folder: under an allowed root, no link out of it, and present or not."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.stores.local_tree import folder

REASONS = {
    errno.EACCES: Reason.PERMISSION_DENIED,
    errno.EPERM: Reason.PERMISSION_DENIED,
    errno.ETIMEDOUT: Reason.TIMEOUT,
    errno.EHOSTDOWN: Reason.NO_ROUTE,
    errno.EHOSTUNREACH: Reason.NO_ROUTE,
    errno.ENETUNREACH: Reason.NO_ROUTE,
    errno.ENOTCONN: Reason.NO_ROUTE,
    errno.ESTALE: Reason.NO_ROUTE,
    errno.ENODEV: Reason.NO_ROUTE,
    errno.ENXIO: Reason.NO_ROUTE,
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.ECONNRESET: Reason.RESET,
}
NOT_MOUNTED = "le disque ou le partage n'est pas monté sur cette machine"
REMOTE_MEDIA = frozenset({"nas", "usb-disk", "tape", "cloud"})
"""Media that are never the system's own disk: their folder is a mount point, or holds nothing to see."""


class Absent(Exception):
    """The folder is not there, and its parent is: that is a fact."""


class CannotTell(Exception):
    """Looking failed; carries the reason."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail)
        self.unreachable = Unreachable(reason, detail)


def reason_of(trouble: OSError) -> Unreachable:
    """Why the system refused."""
    name = errno.errorcode.get(trouble.errno or 0, "")
    return Unreachable(REASONS.get(trouble.errno or 0, Reason.PROTOCOL_ERROR), name)


@contextmanager
def store_folder(path: Path, roots: tuple[Path, ...], *, media: str) -> Iterator[tuple[int, str]]:
    """The declared folder, opened, and no name; of a declared file, its folder and its name.

    Raises:
        Absent: it is not there, while its parent is, with something in it.
        CannotTell: outside of every root, neither a folder nor a file, or a share that is not mounted.
        OSError: the system refuses.
    """
    real, root = _under_a_root(path, roots)
    if not os.path.lexists(real):
        raise _absence(real)
    only = real.name if real.is_file() else ""
    if only:
        root = real.parent if root == real else root
        real = real.parent
    if not real.is_dir():
        raise CannotTell(Reason.PROTOCOL_ERROR, "ce n'est ni un dossier ni un fichier")
    opened_root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # From the root down without links: what `realpath` saw may have been exchanged since.
        with folder(opened_root, real.relative_to(root).parts) as here:
            if _is_bare_mount_point(here, media):
                raise CannotTell(Reason.NO_ROUTE, NOT_MOUNTED)
            yield here, only
    finally:
        os.close(opened_root)


def _under_a_root(path: Path, roots: tuple[Path, ...]) -> tuple[Path, Path]:
    """The real path, and the real root it lies under."""
    real = Path(os.path.realpath(path))
    for root in roots:
        real_root = Path(os.path.realpath(root))
        if real.is_relative_to(real_root):
            return real, real_root
    if any(Path(os.path.normpath(path)).is_relative_to(root) for root in roots):
        raise CannotTell(
            Reason.PERMISSION_DENIED, "un lien mène hors des dossiers que cette machine permet de lire"
        )
    # Not this machine's business: another one, whose configuration allows it, may have looked.
    raise CannotTell(
        Reason.NOT_LOOKED, "sur cette machine, ni « --backup-root » ni « backup_roots » n'en parlent"
    )


def _absence(real: Path) -> Exception:
    try:
        with os.scandir(real.parent) as entries:
            empty = next(entries, None) is None
    except FileNotFoundError:
        return CannotTell(Reason.NO_ROUTE, NOT_MOUNTED)
    return CannotTell(Reason.NO_ROUTE, NOT_MOUNTED) if empty else Absent()


def _is_bare_mount_point(here: int, media: str) -> bool:
    """Empty, on the system's own disk, while the declared medium is another: nothing is mounted there."""
    if media not in REMOTE_MEDIA or os.fstat(here).st_dev != os.stat("/").st_dev:  # noqa: PTH116 — beside fstat
        return False
    with os.scandir(here) as entries:
        return next(entries, None) is None

"""One at a time: a lock on a file beside the history, which the system lets go with the process that holds it."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cyberaudit.errors import NotSaved
from cyberaudit.refusals import quoted, system_clause

if sys.platform != "win32":  # no schedule of ours there
    import fcntl

_PAUSE = 0.1


class Busy(NotSaved):
    """Somebody else holds the lock."""


@contextmanager
def alone(path: Path, *, sentence: str, patience: float = 0.0) -> Iterator[None]:
    """Hold the lock of the file at `path`, made when missing, for the time of the block.

    A process that dies lets it go, so that no lock is ever stale; the file itself stays.

    Raises:
        Busy: another process holds it after `patience` seconds; it says `sentence`.
        NotSaved: the file cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise NotSaved(f"Le verrou {quoted(path)} ne peut pas être posé : {system_clause(error)}.") from None
    try:
        if not _held(descriptor, patience):
            raise Busy(sentence)
        yield
    finally:
        os.close(descriptor)


def _held(descriptor: int, patience: float) -> bool:
    if sys.platform == "win32":
        return True
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_PAUSE)
        else:
            return True

"""Files that only their owner reads: reports, scans, what tells how a town is protected."""

import os
import stat
import tempfile
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
    descriptor, name = tempfile.mkstemp(dir=path.resolve().parent, prefix=".cyberaudit-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path.resolve())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

"""Files that a profile names beside itself, under its own folder only: authorities, certificates of people."""

import stat
from pathlib import Path

from cyberaudit.errors import UsageError
from cyberaudit.refusals import quoted, system_clause

# Ours: the authorities of a whole system make 250 KiB.
MAX_BYTES = 1024 * 1024


def nearby_path(folder: Path, name: str) -> Path:
    """The real place of the ordinary file `name` under `folder`, where the profile stands.

    Raises:
        UsageError: it is not there, or a link leads out of the folder.
    """
    try:
        real = (folder / name).resolve(strict=True)
        is_ordinary = stat.S_ISREG(real.stat().st_mode)
    except (OSError, ValueError, RuntimeError) as error:  # a null byte, links that turn in circles
        clause = system_clause(error) if isinstance(error, OSError) else "ce nom est impossible"
        raise UsageError(f"Le fichier {quoted(Path(name))} du profil ne se lit pas : {clause}.") from None
    if not is_ordinary or not real.is_relative_to(folder.resolve()):
        raise UsageError(
            f"Le fichier {quoted(Path(name))} du profil n'est pas un fichier ordinaire de son dossier."
        )
    return real


def read_nearby(folder: Path, name: str) -> bytes:
    """Its content, 1 MiB at most.

    Raises:
        UsageError: as `nearby_path`, or it cannot be read, or is longer.
    """
    path = nearby_path(folder, name)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"Le fichier {quoted(Path(name))} du profil ne se lit pas : {system_clause(error)}."
        ) from None
    if len(content) > MAX_BYTES:
        raise UsageError(f"Le fichier {quoted(Path(name))} du profil est trop long.")
    return content

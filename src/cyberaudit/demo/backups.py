"""The copies that the embedded town keeps: a fresh one, encrypted, and one that stopped weeks ago, in clear.

The profile of the demonstration names `PROFILE_ROOT`, an ordinary path, so that it stays a valid example.
The running town has its copies elsewhere: its own profile is the same text with that root replaced.
"""

import hashlib
import json
import os
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

PROFILE_ROOT = "/srv/sauvegardes"
FRESH, STALE = "nas", "metier"
"""The folder of each store, as in `profiles/demo.yaml`."""
FRESH_AGE = timedelta(hours=9)
STALE_AGE = timedelta(days=23)
FRESH_COPIES, STALE_COPIES = 7, 5
_TEXT = "Copie de démonstration : ces fiches n'existent pas.\n".encode() * 400


def write_copies(root: Path, now: datetime) -> None:
    """Both stores under `root`, which must exist; folders 0700, files 0600, dated before `now`."""
    for name in (FRESH, STALE):
        (root / name).mkdir(mode=0o700)
    for rank in range(FRESH_COPIES):
        fresh = now - FRESH_AGE - timedelta(days=rank)
        copy, name = _encrypted(), f"mairie-{fresh:%Y-%m-%d}.tar.age"
        _place(root / FRESH / name, copy, fresh)
        # Nothing outside an age file shows its end: the sum does.
        _place(root / FRESH / f"{name}.sha256", _sum(copy, name), fresh)
    for rank in range(STALE_COPIES):
        stale = now - STALE_AGE - timedelta(days=rank)
        _place(root / STALE / f"metier-{stale:%Y-%m-%d}.zip", _clear_archive(stale), stale)


def profile_text(text: str, root: Path) -> str:
    """The demonstration's profile, its stores standing under `root`."""
    # The paths are double-quoted in the profile, and YAML reads every JSON string.
    quoted = json.dumps(str(root), ensure_ascii=False).strip('"')
    return text.replace(f'"{PROFILE_ROOT}/', f'"{quoted}/')


def _encrypted() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from cyberaudit.demo.age_file import encrypt

    # Nobody keeps the key: an imaginary town has nothing to restore.
    return encrypt(_TEXT, X25519PrivateKey.generate().public_key())


def _sum(copy: bytes, name: str) -> bytes:
    return f"{hashlib.sha256(copy).hexdigest()}  {name}\n".encode()


def _clear_archive(written: datetime) -> bytes:
    with TemporaryDirectory(prefix="cyberaudit-demo-") as folder:
        path = Path(folder, "archive.zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("cantine-2026.csv", "etat-civil-2026.csv"):
                archive.writestr(zipfile.ZipInfo(name, written.timetuple()[:6]), _TEXT)
        return path.read_bytes()


def _place(path: Path, content: bytes, written: datetime) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)
    os.utime(path, (written.timestamp(), written.timestamp()))

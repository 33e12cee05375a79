"""A restic repository, told by its structure (restic design.rst): one snapshot file for each restore point."""

import hashlib
import json
import re

from cyberaudit.facts.backup import DateKind, Encrypted
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, Reading

FOLDERS = frozenset({"keys", "snapshots", "index", "data"})
_NAME = re.compile(r"[0-9a-f]{64}")
# Ours: a copy without dates gives every file the minute of the copying; real snapshots are further apart.
APART_SECONDS = 60


def is_repository(folders: frozenset[str]) -> bool:
    """Whether a folder that holds these folders, beside a file named « config », is one."""
    return folders >= FOLDERS


def is_object_name(name: str) -> bool:
    """64 hexadecimal digits: the SHA-256 of the file itself."""
    return _NAME.fullmatch(name) is not None


def date_kind(written: tuple[float, ...], config_written: float) -> DateKind:
    """Whether the dates of the snapshot files (seconds) are their own: a copy made without dates gives one to all."""
    dates = written if len(written) > 1 else (*written, config_written)
    apart = max(dates) - min(dates) >= APART_SECONDS
    return DateKind.EXACT if apart else DateKind.UPPER_BOUND


def read_keys(keys: tuple[bytes, ...]) -> tuple[Encrypted, str]:
    """What the key files prove: a repository is always encrypted, its key by a password (design.rst, « Keys »)."""
    for data in keys:
        try:
            key = json.loads(data)
        except (ValueError, RecursionError):
            continue
        if isinstance(key, dict) and key.get("kdf") == "scrypt" and key.get("data"):
            parameters = ", ".join(
                f"{name}={clean(str(key.get(name)), limit=12)}" for name in ("N", "r", "p")
            )
            return Encrypted.YES, f"dépôt restic, fichier de clé scrypt ({parameters})"
    return Encrypted.UNKNOWN, "dépôt restic sans fichier de clé lisible"


def missing(keys: tuple[Encrypted, str], *, index: bool, data: bool) -> str:
    """What the repository has lost, in French: without a key, an index or any data, nothing can be restored."""
    if keys[0] is not Encrypted.YES:
        return "aucune clé lisible dans « keys »"
    if not data:
        return "aucun fichier de données dans « data »"
    return "" if index else "aucun fichier dans « index »"


def read_snapshot(name: str, data: bytes | None, keys: tuple[Encrypted, str], *, lost: str = "") -> Reading:
    """One snapshot file: its name is the SHA-256 of its bytes, None when not read; `lost` as told by `missing`."""
    encrypted, evidence = keys
    if lost:
        return Reading("restic", encrypted, f"{evidence} ; {lost}", DAMAGED)
    if data == b"":
        return Reading("restic", encrypted, evidence, EMPTY)
    if data is not None and hashlib.sha256(data).hexdigest() != name:
        return Reading("restic", encrypted, f"{evidence} ; le SHA-256 du point de retour ne va pas", DAMAGED)
    return Reading("restic", encrypted, evidence)

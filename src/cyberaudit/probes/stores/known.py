"""The tools whose repositories and sets are recognised: one line each, and what calls for the reader of each.

A reader is loaded once a name calls for it: most locations hold one tool's copies, or none's.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from types import ModuleType

from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.inspection import Claim, Family, File, Found, Inspection
from cyberaudit.probes.stores.names import READABLE_SUFFIXES
from cyberaudit.probes.stores.tree import Parts

_PACKAGE = __name__.rpartition(".")[0]
_ENDINGS = "|".join(sorted(READABLE_SUFFIXES))


@cache
def reader(module: str) -> ModuleType:
    """The module of one tool, `restic.claim`: it has a `CLAIM` or a `FAMILY`."""
    return import_module(f"{_PACKAGE}.{module}")


@frozen
class Marks:
    """What no repository of a tool is without, seen without loading its reader."""

    names: frozenset[str] = frozenset()
    """Files or folders: one of them is there."""
    folders: str = ""
    """Or a folder whose name begins so: regular expression."""
    within: str = ""
    """Or a text that a name holds."""

    def are_here(self, folders: frozenset[str], files: frozenset[str]) -> bool:
        if not (self.names.isdisjoint(files) and self.names.isdisjoint(folders)):
            return True
        if self.folders and any(map(re.compile(self.folders).match, folders)):
            return True
        # Joined, names are looked through at once; a text found across two of them calls for the reader in vain.
        return bool(self.within) and any(self.within in "\n".join(names) for names in (files, folders))


def _claim(kind: str, module: str, marks: Marks) -> Claim:
    def is_here(own: str, folders: frozenset[str], files: frozenset[str]) -> bool:
        return marks.are_here(folders, files) and reader(module).CLAIM.is_here(own, folders, files)

    def read(inspection: Inspection, parts: Parts) -> Found | None:
        found: Found | None = reader(module).CLAIM.read(inspection, parts)
        return found

    def keeps(name: str) -> bool:
        kept: bool = reader(module).CLAIM.keeps(name)
        return kept

    return Claim(kind, is_here, read, keeps)


def _family(kind: str, module: str, hint: str) -> Family:
    def owns(name: str) -> bool:
        owned: bool = reader(module).FAMILY.owns(name)
        return owned

    def read(inspection: Inspection, parts: Parts, files: Sequence[File]) -> Found | None:
        found: Found | None = reader(module).FAMILY.read(inspection, parts, files)
        return found

    return Family(kind, hint, owns, read)


def _named(*names: str) -> Marks:
    return Marks(frozenset(names))


CLAIM_LINES: tuple[tuple[str, str, Marks], ...] = (
    ("restic", "restic.claim", _named("config")),
    ("borg", "borg.log_repository", _named("data")),
    ("borg2", "borg.store_repository", _named("config")),
    ("kopia", "repositories.kopia", _named("kopia.repository.f", "kopia.repository")),
    ("pbs", "repositories.pbs", _named(".chunks", "vm", "ct", "host")),
    ("hyper-backup", "repositories.hyper_backup", _named("SynologyHyperBackup.bkpi", "Config")),
    ("rdiff-backup", "repositories.rdiff_backup", _named("rdiff-backup-data")),
    ("windows-image", "repositories.windows_image", Marks(frozenset({"Catalog"}), r"(?i:backup) ")),
    ("rsnapshot", "repositories.rsnapshot", Marks(folders=r"[A-Za-z_]+\.\d")),
    ("gocryptfs", "vaults.gocryptfs", _named("gocryptfs.conf", "gocryptfs.diriv")),
    ("encfs", "vaults.encfs", _named(".encfs6.xml", ".encfs5", ".encfs4", ".encfs3")),
    ("cryptomator", "vaults.cryptomator", _named("d")),
    ("ecryptfs", "vaults.ecryptfs", Marks(within="ECRYPTFS_")),
)
"""(kind, module of `CLAIM`, marks)."""
FAMILY_LINES: tuple[tuple[str, str, str], ...] = (
    ("duplicity", "sets.duplicity", r"duplicity-|d[fi]\.\w{6}\.|d[fn]s\.\w{6}\."),
    ("duplicati", "sets.duplicati", r"\.d(?:list|block|index)\.|-verification\.json$"),
    ("vzdump", "sets.vzdump", r"vzdump-"),
    ("veeam", "sets.veeam_chain", r"\.v(?:bk|ib|rb|bm)$"),
    (
        "volumes",
        "sets.volumes",
        rf"\.\d{{2,4}}$|\.z\d{{2,4}}$|\.part\d{{1,5}}\.rar$|\.[r-y]\d\d$|\.(?:{_ENDINGS})\.?[a-z][a-z]$",
    ),
)
"""(kind, module of `FAMILY`, hint)."""
CLAIMS: tuple[Claim, ...] = tuple(_claim(*line) for line in CLAIM_LINES)
"""Asked in this order of every folder; the first that reads something has it."""
FAMILIES: tuple[Family, ...] = tuple(_family(*line) for line in FAMILY_LINES)
"""Asked in this order of every name; the first whose it is has it."""

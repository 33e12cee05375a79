"""A folder encrypted by eCryptfs whose names are hidden too: each file carries its mark and its length."""

from collections.abc import Iterator

from cyberaudit.facts.backup import Encrypted
from cyberaudit.probes.stores.formats.marked import read_marked
from cyberaudit.probes.stores.inspection import Claim, Found, Inspection
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.tree import Kind, Parts
from cyberaudit.probes.stores.vaults.marked_folder import read_marked_folder

# Linux, fs/ecryptfs/ecryptfs_kernel.h: a name encrypted with the key of the mount, with one of its own.
PREFIXES = ("ECRYPTFS_FNEK_ENCRYPTED.", "ECRYPTFS_ENCRYPTED.")
# Ours: names asked for a first file that shows its mark; folders within each other until there.
MOST_NAMES, MOST_STEPS = 50, 20


def is_here(name: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether a folder with these names is one."""
    return any(each.startswith(PREFIXES) for names in (files, folders) for each in names)


def read_folder(inspection: Inspection, parts: Parts) -> Found | None:
    """The folder as one copy, told from its first marked file; a name alone proves nothing."""
    for reading in _first_files(inspection, parts):
        if reading is not None and reading.format == "ecryptfs":
            return read_marked_folder(inspection, parts, reading)
    unread = Reading("ecryptfs", Encrypted.UNKNOWN, "noms d'eCryptfs, aucun fichier qui en porte la marque")
    return read_marked_folder(inspection, parts, unread)


def _first_files(inspection: Inspection, parts: Parts) -> Iterator[Reading | None]:
    waiting, asked = [parts], 0
    while waiting and asked < MOST_STEPS:
        here = waiting.pop()
        asked += 1
        for rank, entry in enumerate(inspection.tree.entries(here)):
            if rank >= MOST_NAMES:
                break
            if not entry.name.startswith(PREFIXES):
                continue
            if entry.kind is Kind.FOLDER:
                waiting.append((*here, entry.name))
            elif entry.kind is Kind.FILE:
                with inspection.sample((*here, entry.name), patience=0) as sample:
                    yield read_marked(sample)


CLAIM = Claim("ecryptfs", is_here, read_folder)

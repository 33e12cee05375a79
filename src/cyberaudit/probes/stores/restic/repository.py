"""What is seen of one restic repository: its folders listed, its keys read, its newest objects hashed."""

from collections.abc import Callable
from itertools import islice

from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.inspection import MOST_POINTS, Inspection
from cyberaudit.probes.stores.restic.keys import SHORT_ID, Key, read_key
from cyberaudit.probes.stores.restic.lacks import Writing, lacking_folders, uncounted, writing_of
from cyberaudit.probes.stores.restic.objects import (
    MOST_PACKS,
    Hashed,
    Objects,
    hash_objects,
    lost_under_their_name,
    objects_in,
    packs_in,
)
from cyberaudit.probes.stores.tree import Entry, Kind, Parts, read

# Ours: a town has a handful; each costs a trial of half a second.
MOST_KEYS = 20
# restic internal/repository/key.go: a key file is some four hundred bytes.
KEY_BYTES = 64 * 1024
# restic design.rst: nonce, JSON of three fields, code; 155 bytes.
CONFIG_BYTES, CONFIG_SIZE = 4096, 155
# restic crypto.go: a nonce or a code of sixteen zeros does not happen.
_ZEROS = bytes(16)
# Ours: bytes hashed of each kind, newest first: a second of work; of a far place, some packs of 16 MiB.
BUDGET, FAR_BUDGET = 192 * 1024 * 1024, 40 * 1024 * 1024
# Ours: snapshot files hashed in a far place: each is a round trip.
FAR_SNAPSHOTS = 8
# Ours, with --deep: memory for that many files of a kind.
MOST_DEEP = 20_000
MOST_INDEX, MOST_HASHED_PACKS = 1000, MOST_PACKS
# contents.py takes the same hour: a clock may be wrong by it.
FUTURE_SLACK = 3600.0
# Ours: names of the repository's own folder.
MOST_NAMES = 10_000


@frozen
class Layout:
    """Names of the folders."""

    keys: str
    snapshots: str
    locks: str
    index: str = "index"
    data: str = "data"


USUAL = Layout("keys", "snapshots", "locks")
S3_LEGACY = Layout("key", "snapshot", "lock")
"""restic design.rst, « S3 Legacy Layout »: packs right below data."""


def layout_of(folders: frozenset[str]) -> Layout | None:
    """Which of the two it can be; None: neither. A server of objects has no empty folders."""
    for layout in (USUAL, S3_LEGACY):
        others = {layout.snapshots, layout.data, layout.index}
        if folders >= others or (layout.keys in folders and folders & others):
            return layout
    return None


@frozen
class Section:
    """One folder of objects."""

    folder: str
    found: Objects
    hashed: Hashed
    renamed: tuple[Entry, ...]
    """Objects whose name was changed."""

    @property
    def is_void(self) -> bool:
        """No object that holds anything."""
        return self.found.count == self.found.empty

    @property
    def bad(self) -> tuple[Entry, ...]:
        """Objects that are known to be lost, newest first."""
        voids = tuple(entry for entry in self.found.voids if entry not in self.hashed.bad)
        return self.hashed.bad + voids + self.renamed

    @property
    def left(self) -> int:
        """Objects that were not hashed."""
        return self.found.count - len(self.hashed.seen) - len(self.hashed.bad) - len(self.hashed.unread)

    @property
    def flaw(self) -> str:
        """What is wrong with the newest bad one, as a person sees it again; empty when nothing shows."""
        if self.hashed.bad:
            name = self.hashed.bad[0].name
            return f"sha256 de {self.folder}/{name[:SHORT_ID]}… autre que son nom"
        if self.found.voids:
            return f"{self.folder}/{self.found.voids[0].name[:SHORT_ID]}… de 0 octet"
        if self.renamed:
            return f"objet de {self.folder}/ renommé : {self.renamed[0].name[-30:]}"
        return ""


@frozen
class Keys:
    """The key files."""

    read: tuple[Key, ...]
    bad: tuple[str, ...]
    """Names of those that no longer are themselves."""
    unread: tuple[str, ...]
    """Names of those that this account may not read."""
    left: int
    """Those beyond the limit."""


@frozen
class Repository:
    """Everything seen of one repository, before it is told."""

    layout: Layout
    config: Entry
    config_flaw: str
    """French; empty when nothing shows."""
    keys: Keys
    snapshots: Section
    index: Section
    packs: Section
    locks: Objects
    doubt: str
    """Why a restore may fail though nothing is seen to be lost, in French; empty without any."""
    writing: Writing

    @property
    def lost(self) -> str:
        """Why nothing at all can be restored as it stands, in French; empty when nothing shows."""
        if not (self.keys.read or self.keys.unread):
            return f"aucune clé lisible dans « {self.layout.keys} »"
        if self.config_flaw:
            return self.config_flaw
        if self.packs.is_void:
            return f"aucun fichier de données dans « {self.layout.data} »"
        if self.index.is_void:
            return f"aucun fichier dans « {self.layout.index} »"
        if lacking := lacking_folders(self.packs.found, self.layout.data):
            return lacking
        # restic stops at the first index file it cannot load, until « restic repair index ».
        return self.index.flaw

    @property
    def is_verified(self) -> bool:
        """A key, an index file and the newest pack were read to their end: nothing that could be is left unread."""
        hashed = self.index.hashed, self.packs.hashed
        return bool(self.keys.read) and all(each.seen and not each.unread for each in hashed)

    @property
    def sections(self) -> tuple[Section, Section, Section]:
        return self.snapshots, self.index, self.packs


def look(inspection: Inspection, parts: Parts) -> Repository | None:
    """What the repository's files are, their newest hashed; None: the names are a repository's, and nothing in it is.

    Raises:
        OSError: `config` is no plain file, or one of its folders cannot be listed.
    """
    layout = layout_of(_folders(inspection, parts))
    if layout is None:
        return None
    with inspection.tree.opened((*parts, "config")) as file:
        config, flaw = file.entry, config_flaw(file.read_at(0, CONFIG_BYTES), file.entry.size)
    deep = inspection.deep
    keys = _listed(inspection, (*parts, layout.keys), MOST_KEYS)
    snapshots = _listed(inspection, (*parts, layout.snapshots), MOST_DEEP if deep else MOST_POINTS)
    index = _listed(inspection, (*parts, layout.index), MOST_DEEP if deep else MOST_INDEX)
    if not (keys.count or snapshots.count or index.count):
        return None
    packs = packs_in(
        inspection,
        (*parts, layout.data),
        credible=_credible(inspection),
        keep=MOST_DEEP if deep else MOST_HASHED_PACKS,
    )
    where = _where((*parts, layout.data), nested=packs.nested)
    return Repository(
        layout=layout,
        config=config,
        config_flaw=flaw,
        keys=_keys(inspection, (*parts, layout.keys), keys),
        snapshots=_section(inspection, parts, layout.snapshots, snapshots),
        index=_section(inspection, parts, layout.index, index),
        packs=_section(inspection, parts, layout.data, packs),
        locks=_listed(inspection, (*parts, layout.locks), 1),
        doubt=config_doubt(config.size) or uncounted(inspection, index, packs, where),
        writing=writing_of(index, packs),
    )


def _folders(inspection: Inspection, parts: Parts) -> frozenset[str]:
    entries = islice(inspection.tree.entries(parts), MOST_NAMES)
    return frozenset(entry.name for entry in entries if entry.kind is Kind.FOLDER)


def _credible(inspection: Inspection) -> float:
    return inspection.now.timestamp() + FUTURE_SLACK


def _listed(inspection: Inspection, parts: Parts, keep: int) -> Objects:
    return objects_in(inspection, parts, credible=_credible(inspection), keep=keep)


def _section(inspection: Inspection, parts: Parts, folder: str, found: Objects) -> Section:
    where = _where((*parts, folder), nested=found.nested)
    far = inspection.tree.far and not inspection.deep
    newest = found.newest[:FAR_SNAPSHOTS] if far and not found.nested else found.newest
    hashed = hash_objects(inspection, newest, where, budget=FAR_BUDGET if far else BUDGET)
    return Section(folder, found, hashed, tuple(lost_under_their_name(inspection, found, where)))


def _where(folder: Parts, *, nested: bool) -> Callable[[str], Parts]:
    """The way to an object of the folder, or of the folder below it that has the object's first two digits."""
    return lambda name: (*folder, name[:2], name) if nested else (*folder, name)


def config_flaw(head: bytes, size: int) -> str:
    """What shows that `config`, of `size` bytes beginning with `head`, is not what restic wrote: it has no checksum."""
    if not CONFIG_SIZE <= size <= CONFIG_BYTES:
        return f"« config » de {size} octet(s), restic y écrit {CONFIG_SIZE} octets chiffrés"
    if _ZEROS in head:
        return "« config » contient une suite de zéros"
    # What is encrypted is not readable text from end to end.
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head):
        return "« config » est du texte lisible, restic y écrit des octets chiffrés"
    return ""


def config_doubt(size: int) -> str:
    """Why it may not open, in French: restic writes three fields into it, rustic more when it is asked to."""
    if size <= CONFIG_SIZE:
        return ""
    return f"« config » de {size} octets, restic en écrit {CONFIG_SIZE} : rien ne dit qu'il se déchiffre"


def _keys(inspection: Inspection, folder: Parts, files: Objects) -> Keys:
    kept, bad, unread = [], [], []
    for entry in files.newest:
        try:
            data = read(inspection.tree, (*folder, entry.name), most=KEY_BYTES)
        except OSError:
            unread.append(entry.name)
            continue
        key = read_key(entry.name, data, written=entry.written)
        if key is None:
            bad.append(entry.name)
        else:
            kept.append(key)
    return Keys(tuple(kept), tuple(bad), tuple(unread), files.count - len(files.newest))

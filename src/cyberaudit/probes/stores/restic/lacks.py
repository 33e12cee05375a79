"""Packs that a restic repository lacks though no name tells it: what their own names, and the index, let expect."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby
from math import comb, inf, log

from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.inspection import Inspection
from cyberaudit.probes.stores.restic.objects import CLOCK_EVERY, Objects
from cyberaudit.probes.stores.tree import Entry, Parts

# restic design.rst, « Repository Layout »: folders 00 to ff, after the first digits of a SHA-256: all alike likely.
FOLDERS = tuple(f"{number:02x}" for number in range(256))
# Ours: chance alone leaves that many folders empty once in a thousand million repositories.
LEAST_LIKELY = log(1e-9)
# restic design.rst, « Pack Format »: at the end, the length of an encrypted header of 37 bytes for each object, 41 for
# each that is compressed; sealing takes 32.
SEALING, PLAIN, COMPRESSED, LENGTH_BYTES = 32, 37, 41, 4
# Measured with restic 0.14: 43 bytes of compressed index an object, 123 of an index in clear, 45 and 85 a pack; the
# rest is slack.
BLOB_BYTES, PACK_BYTES, FILE_BYTES = 52, 96, 160
BLOB_BYTES_OLD, PACK_BYTES_OLD, FILE_BYTES_OLD = 160, 100, 1024
# Ours: restic index.go writes an index each ten minutes, and one before each snapshot; a slow line adds some.
INDEX_SECONDS = 3600
# Ours: longer than a town hall closes; what is saved holds logs, mails, dates of folders that change every day.
UNCHANGED_SECONDS = 14 * 86_400
# Ours: a file of packs is not so large that its header would be.
MOST_HEADER = 16 * 1024 * 1024


def lacking_folders(packs: Objects, folder: str) -> str:
    """Why folders of packs must have been lost, in French; empty when chance may have left them empty."""
    if not packs.nested or not packs.filled:
        return ""
    empty = [name not in packs.filled for name in FOLDERS]
    count = sum(empty)
    gap = max((len(list(run)) for is_empty, run in groupby(empty) if is_empty), default=0)
    if (
        not count
        or min(_chance(packs.count, count, comb(256, count)), _chance(packs.count, gap, 256)) > LEAST_LIKELY
    ):
        return ""
    first = FOLDERS[empty.index(True)]
    return (
        f"{count} des 256 dossiers de « {folder} » sont vides ou absents ({folder}/{first}…), les autres ont"
        f" {packs.count} paquets : ce n'est pas un hasard, des paquets sont perdus"
    )


def _chance(packs: int, empty: int, ways: int) -> float:
    """Logarithm of the chance that `packs` names leave `empty` folders empty, in one of `ways`."""
    return log(ways) + packs * log((256 - empty) / 256)


def uncounted(inspection: Inspection, index: Objects, packs: Objects, where: Callable[[str], Parts]) -> str:
    """Why the index describes more objects than the packs hold, in French; empty when it may not, or is not known."""
    kept = packs.newest
    whole = index.complete and packs.complete and len(kept) == packs.count
    if inspection.tree.far or not whole or packs.empty:
        return ""
    counts = _objects_of(inspection, kept, where)
    if counts is None:
        return ""
    objects, packed = counts
    size = _size(index)
    if size <= (most := _most_index(objects, packs.count, index.count, packed=packed)):
        return ""
    return (
        f"les {index.count} fichiers d'index font {size} octets, au plus {most} pour les {objects} objets des"
        f" {packs.count} paquets présents : des paquets manquent, ou l'index compte double (restic check le dit)"
    )


def _size(index: Objects) -> int:
    return sum(entry.size for entry in index.newest)


def _most_index(objects: int, packs: int, files: int, *, packed: bool) -> int:
    if packed:
        return objects * BLOB_BYTES + packs * PACK_BYTES + files * FILE_BYTES
    return objects * BLOB_BYTES_OLD + packs * PACK_BYTES_OLD + files * FILE_BYTES_OLD


def _objects_of(
    inspection: Inspection, packs: tuple[Entry, ...], where: Callable[[str], Parts]
) -> tuple[int, bool] | None:
    """(how many objects the packs hold at most, whether all packs are of the second format, whose index is
    compressed); None when one does not say, or when there is no time.
    """
    objects, packed = 0, True
    for rank, entry in enumerate(packs):
        if rank % CLOCK_EVERY == CLOCK_EVERY - 1 and inspection.hurried():
            return None
        length = _header_bytes(inspection, where(entry.name), entry.size)
        if not length:
            return None
        objects += length // (PLAIN if length % COMPRESSED else COMPRESSED)
        packed = packed and (length % COMPRESSED == 0 or length % PLAIN != 0)
    return objects, packed


def _header_bytes(inspection: Inspection, parts: Parts, size: int) -> int:
    """What the header says of objects, without its sealing; 0 when it cannot be so."""
    try:
        with inspection.tree.opened(parts) as file:
            told = file.read_at(max(size - LENGTH_BYTES, 0), LENGTH_BYTES)
    except OSError:
        return 0
    length = int.from_bytes(told, "little") - SEALING
    return length if PLAIN <= length <= min(size, MOST_HEADER) else 0


@frozen
class Writing:
    """When the repository was last written, in seconds since 1970."""

    indexed: float
    """Its newest index file; 0 when no date is told."""
    unindexed: float
    """The oldest of the packs that an index should have followed; infinite when there is none."""
    last: float
    """Its newest index file or pack."""

    def doubt_of(self, written: float) -> str:
        """Why a snapshot file of that date may hold less than it should, in French; empty when no date says so."""
        if not self.indexed:
            return ""
        if self.unindexed <= written:
            since = f"après le dernier index ({_day(self.indexed)})"
            return f"paquets écrits avant ce point, {since} : un index s'est perdu"
        if written - self.last > UNCHANGED_SECONDS:
            since = f"depuis le {_day(self.last)}"
            return f"rien n'est écrit dans le dépôt {since} : rien n'a changé, ou la source est vide"
        return ""


def writing_of(index: Objects, packs: Objects) -> Writing:
    """What the dates of the newest files tell."""
    indexed = max((entry.written or 0.0 for entry in index.newest), default=0.0)
    packed = [entry.written or 0.0 for entry in packs.newest]
    late = (written for written in packed if written > indexed + INDEX_SECONDS)
    return Writing(indexed, min(late, default=inf), max((indexed, *packed)))


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"

"""A borg repository in its log layout (borg 1, and borg 2 until 2.0.0b10), told without its key."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, Encrypted, Trouble
from cyberaudit.probes.stores.borg.config import (
    CONFIG,
    MOST_CONFIG,
    MOST_README,
    Config,
    is_readme,
    read_config,
)
from cyberaudit.probes.stores.borg.locks import is_locked, stale_locks
from cyberaudit.probes.stores.borg.log import DATA, Log, read_log
from cyberaudit.probes.stores.borg.manifest import Archive, read_manifest
from cyberaudit.probes.stores.borg.objects import encryption_of
from cyberaudit.probes.stores.borg.points import Shelf, archive_points, moments_of, transaction_point
from cyberaudit.probes.stores.borg.proof import Beside, Proof, index_number, prove, read_beside, try_empty
from cyberaudit.probes.stores.borg.segments import PUT2
from cyberaudit.probes.stores.inspection import Claim, Found, Inspection, anomaly
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.tree import Parts, Tree, read

KNOWN_VERSIONS = (1, 2)
# restic design.rst: it has a file config and a folder data/ as well, beside these.
OF_RESTIC = frozenset({"keys", "snapshots", "index"})
# Ours: a run writes its segments all along: one that was not touched for so long is over.
AT_WORK = timedelta(hours=1)


OWN_NAMES = frozenset({"README", "config", "data", "nonce", "keys", "locks"})
OWN_STARTS = ("config.", "hints.", "index.", "integrity.", "lock.", "txn.", "nonce.")


def is_repository(name: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether a folder with these folders and files may be one: restic has a config and a data/ as well."""
    return DATA in folders and bool(files & {CONFIG, "README"}) and not folders >= OF_RESTIC


def read_repository(inspection: Inspection, parts: Parts) -> Found | None:
    """One restore point for each archive when they can be read, else one for the last transaction."""
    tree = inspection.tree
    config = _config(tree, parts)
    if config is None and not _has_readme(tree, parts):
        return None
    if config is not None and config.version not in KNOWN_VERSIONS:
        told = f"dépôt borg de version {config.version}, inconnue"
        return Found("borg2", Reading("borg2", Encrypted.UNKNOWN, told), points=(), complete=False)
    # Before the log: a copy that ends in between then makes the log newer, not damaged.
    number = index_number(tree, parts)
    log = read_log(inspection, parts)
    beside = read_beside(tree, parts, log, index_number=number)
    proof = prove(config, log, beside)
    keys = (proof.key,) if proof.key else ()
    return replace(
        _with_points(Shelf(inspection, parts, log, proof.reading), beside),
        anomalies=tuple(_anomalies(inspection, parts, log, proof)),
        empty_password=try_empty(inspection, proof.type, *keys),
        complete=not (log.unread or log.listing.cut or inspection.hurried()),
    )


def _config(tree: Tree, parts: Parts) -> Config | None:
    """None when it is none of borg's, or gone.

    Raises:
        OSError: it stands in a repository, and cannot be read.
    """
    try:
        return read_config(read(tree, (*parts, CONFIG), most=MOST_CONFIG))
    except FileNotFoundError:
        return None
    except OSError:
        if _has_readme(tree, parts):
            raise
        return None


def _has_readme(tree: Tree, parts: Parts) -> bool:
    try:
        return is_readme(read(tree, (*parts, "README"), most=MOST_README))
    except OSError:
        return False


def _with_points(shelf: Shelf, beside: Beside) -> Found:
    reading, archives = shelf.reading, _archives(shelf.log)
    if archives is None:
        points = () if _is_empty(shelf.log, beside) else transaction_point(shelf)
        return Found(reading.format, _told(reading, points), points)
    points = tuple(archive_points(shelf, archives))
    return Found(
        reading.format,
        _told(reading, points),
        points,
        more_points=len(archives) - len(points),
        moments=moments_of(shelf, archives),
    )


def _told(reading: Reading, points: tuple[object, ...]) -> Reading:
    if points:
        return reading
    return replace(reading, evidence=f"{reading.evidence} ; aucune archive dans ce dépôt")


def _is_empty(log: Log, beside: Beside) -> bool:
    """A repository that was made and never filled holds its manifest alone."""
    live = log.live
    if live is None and beside.live is not None:
        live = sum(beside.live.values())
    return log.committed is not None and live is not None and live <= 1


def _archives(log: Log) -> tuple[Archive, ...] | None:
    """None when the list is encrypted, lost, or of a compression that is not undone here."""
    manifest = log.manifest
    if manifest is None or manifest.envelope is None:
        return None
    if encryption_of(manifest.envelope.type) is not Encrypted.NO:
        return None
    return read_manifest(manifest.envelope, version=2 if manifest.entry.tag == PUT2 else 1)


def _anomalies(inspection: Inspection, parts: Parts, log: Log, proof: Proof) -> Iterator[Anomaly]:
    yield from stale_locks(inspection, parts)
    if proof.reading.fault not in ("", END_NOT_SEEN):
        yield anomaly(Trouble.DAMAGED, parts, proof.why)
    if log.committed is not None and log.unfinished and not _at_work(inspection, parts, log):
        first = log.unfinished[-1].shown
        evidence = f"{first} et les suivants ne finissent pas par un COMMIT : une copie s'est interrompue"
        yield anomaly(Trouble.ABORTED_RUN, parts, evidence, count=len(log.unfinished))


def _at_work(inspection: Inspection, parts: Parts, log: Log) -> bool:
    """A copy is being made: it holds a lock, and wrote not long ago."""
    newest = max((segment.written or 0.0 for segment in log.unfinished), default=0.0)
    return inspection.now.timestamp() - newest < AT_WORK.total_seconds() and is_locked(inspection, parts)


def is_its_own(name: str) -> bool:
    """As `Repository.create` and its transactions leave them (borg, repository.py)."""
    return name in OWN_NAMES or name.startswith(OWN_STARTS)


CLAIM = Claim("borg", is_repository, read_repository, is_its_own)

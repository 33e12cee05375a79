"""A restic repository, told by its structure (restic design.rst): one snapshot file for each restore point."""

from collections.abc import Iterator
from dataclasses import replace

from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, DateKind, Role, Trouble
from cyberaudit.probes.stores.inspection import MOST_POINTS, Claim, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, Reading
from cyberaudit.probes.stores.restic.dates import OF_A_NEW, Dating, dating
from cyberaudit.probes.stores.restic.keys import SHORT_ID, reading_of, try_empty_password
from cyberaudit.probes.stores.restic.objects import oldest_of
from cyberaudit.probes.stores.restic.repository import Repository, Section, layout_of, look
from cyberaudit.probes.stores.tree import Entry, Parts

# restic internal/repository/lock.go: a lock that its process no longer renews is stale after 30 minutes; and no
# single file takes that long to write.
STALE_SECONDS = 30 * 60


OWN_NAMES = frozenset(
    {"config", "data", "index", "key", "keys", "lock", "locks", "snapshot", "snapshots", "tmp"}
)


def is_repository(name: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether a folder with these folders and files may be one."""
    return "config" in files and layout_of(folders) is not None


def read_repository(inspection: Inspection, parts: Parts) -> Found | None:
    """One restore point for each snapshot; None: its names are a repository's, and nothing in it is.

    Raises:
        OSError: `config` is no plain file, or one of its folders cannot be listed.
    """
    seen = look(inspection, parts)
    if seen is None:
        return None
    store = reading_of(seen.keys.read)
    if seen.lost:
        store = replace(store, evidence=f"{store.evidence} ; {seen.lost}", fault=DAMAGED)
    moments = seen.snapshots.found.moments
    now = inspection.now.timestamp()
    when = dating(moments, seen.keys.read, config_written=seen.config.written, now=now)
    points = tuple(_points(seen, store, when, series=" ".join(("restic", *parts))))
    count = seen.snapshots.found.count
    empty_password = try_empty_password(inspection, seen.keys.read, left=seen.keys.left)
    return Found(
        "restic",
        store,
        points,
        more_points=count - len(points),
        moments=tuple(moments) if count > len(points) and not seen.snapshots.found.undated else (),
        anomalies=tuple(_anomalies(seen, parts, points, now=now)),
        empty_password=empty_password,
        complete=_is_complete(seen, deep=inspection.deep),
    )


def _is_complete(seen: Repository, *, deep: bool) -> bool:
    """Everything that should be seen was; what a budget left unhashed is no lack, unless all was to be."""
    unread = seen.keys.unread or any(section.hashed.unread for section in seen.sections)
    left = deep and any(section.left or not section.found.complete for section in seen.sections)
    listed = seen.snapshots.found.complete and seen.index.found.complete
    return listed and not (unread or left or seen.keys.left)


def _points(seen: Repository, store: Reading, when: Dating, *, series: str) -> Iterator[Point]:
    for rank, entry in enumerate(seen.snapshots.found.newest[:MOST_POINTS]):
        written, kind, source = when.of(entry.written)
        yield Point(
            name=entry.name[:SHORT_ID],
            reading=_snapshot(seen, store, entry, is_newest=not rank, dated=kind is DateKind.EXACT),
            size=entry.size,
            written=written,
            date_kind=kind,
            date_source=source,
            role=Role.SNAPSHOT,
            series=series,
        )


def _snapshot(seen: Repository, store: Reading, entry: Entry, *, is_newest: bool, dated: bool) -> Reading:
    """One restore point: its own file first, then what it stands on."""
    if store.fault:
        return replace(store, fault=DAMAGED if entry.size else EMPTY)
    if not entry.size:
        return replace(store, evidence=f"{store.evidence} ; fichier vide", fault=EMPTY)
    if entry in seen.snapshots.hashed.bad:
        said = f"sha256 de snapshots/{entry.name[:SHORT_ID]}… autre que son nom"
        return replace(store, evidence=f"{store.evidence} ; {said}", fault=DAMAGED)
    if seen.packs.bad:
        fault = _fault_of_packs(seen.packs, entry, is_newest=is_newest, dated=dated)
        return replace(store, evidence=f"{store.evidence} ; {seen.packs.flaw}", fault=fault)
    if entry not in seen.snapshots.hashed.seen:
        return replace(
            store, evidence=f"{store.evidence} ; son sha256 n'a pas été vérifié", fault=END_NOT_SEEN
        )
    doubt = seen.doubt or (dated and seen.writing.doubt_of(entry.written or 0.0))
    fault = "" if seen.is_verified and not doubt else END_NOT_SEEN
    return replace(store, evidence=f"{store.evidence} ; {doubt or _verified(seen)}", fault=fault)


def _verified(seen: Repository) -> str:
    packs = seen.packs
    share = "tous" if packs.found.complete and not packs.left else "les plus récents"
    index, data = len(seen.index.hashed.seen), len(packs.hashed.seen)
    return f"sha256 conformes : point, {index} index, {data} paquets ({share})"


def _fault_of_packs(packs: Section, entry: Entry, *, is_newest: bool, dated: bool) -> str:
    """A snapshot written after a pack that is lost may stand on it. An older one too, since prune writes packs again:
    nothing shows that it does, nor that it does not.
    """
    after = entry.written is None or entry.written >= oldest_of(packs.bad)
    return DAMAGED if is_newest or after or not dated else END_NOT_SEEN


def _anomalies(seen: Repository, parts: Parts, points: tuple[Point, ...], *, now: float) -> Iterator[Anomaly]:
    for section in seen.sections:
        yield from _of_section(section, parts, now=now)
    if seen.config_flaw:
        yield anomaly(Trouble.DAMAGED, (*parts, "config"), seen.config_flaw)
    yield from _of_keys(seen, parts)
    stale = [moment for moment in seen.locks.moments if 0 < moment < now - STALE_SECONDS]
    if stale:
        said = "verrou laissé depuis plus de 30 minutes : le ménage (prune) ne peut plus se faire"
        yield anomaly(Trouble.STALE_LOCK, (*parts, seen.layout.locks), said, count=len(stale))
    moved = [point for point in points if point.date_kind is DateKind.UPPER_BOUND and _is_moved(point)]
    if moved and not seen.snapshots.found.undated:
        place = (*parts, seen.layout.snapshots)
        yield anomaly(Trouble.LOST_DATES, place, moved[0].date_source, count=len(moved))


def _is_moved(point: Point) -> bool:
    """A new repository's first snapshots have lost no date."""
    return point.date_source != OF_A_NEW


def _of_keys(seen: Repository, parts: Parts) -> Iterator[Anomaly]:
    place = (*parts, seen.layout.keys)
    if seen.keys.bad:
        said = f"clé illisible, ou sha256 autre que son nom : {seen.keys.bad[0][:SHORT_ID]}…"
        yield anomaly(Trouble.DAMAGED, place, said, count=len(seen.keys.bad))
    if seen.keys.unread:
        said = f"clé non lisible par ce compte : {seen.keys.unread[0][:SHORT_ID]}…"
        yield anomaly(Trouble.UNREADABLE, place, said, count=len(seen.keys.unread))


def _of_section(section: Section, parts: Parts, *, now: float) -> Iterator[Anomaly]:
    place = (*parts, section.folder)
    if section.bad:
        yield anomaly(Trouble.DAMAGED, place, section.flaw, count=len(section.bad))
    if section.found.empty:
        said = f"fichiers de 0 octet dans {section.folder}/"
        yield anomaly(Trouble.EMPTY_FILES, place, said, count=section.found.empty)
    if section.hashed.unread:
        said = f"{section.folder}/{section.hashed.unread[0].name[:SHORT_ID]}… non lisible"
        yield anomaly(Trouble.UNREADABLE, place, said, count=len(section.hashed.unread))
    left = [each for each in section.found.temporary if 0 < (each.written or 0.0) < now - STALE_SECONDS]
    if left:
        said = f"écriture inachevée : {left[0].name[-40:]}"
        yield anomaly(Trouble.ABORTED_RUN, place, said, count=len(left))


def is_its_own(name: str) -> bool:
    """Both layouts, and what a run leaves for a moment (design.rst, « Repository Layout »)."""
    return name in OWN_NAMES or name.startswith("config-temp-")


CLAIM = Claim("restic", is_repository, read_repository, is_its_own)

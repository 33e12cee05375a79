"""A datastore of Proxmox Backup Server: what each snapshot's manifest says, checked against the bytes beside it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice

from cyberaudit import french
from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, DateKind, Encrypted, Role, Trouble, Verification
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.stores.inspection import MOST_POINTS, Claim, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, INCOMPLETE, Reading
from cyberaudit.probes.stores.repositories.pbs_files import (
    ENTRIES,
    MANIFEST,
    MANIFEST_BYTES,
    Chunks,
    Listed,
    Manifest,
    Seen,
    read_manifest,
    see_file,
)
from cyberaudit.probes.stores.tree import Entry, Kind, Parts, read

KIND = "pbs"
CHUNKS, NAMESPACES = ".chunks", "ns"
TYPES = frozenset({"vm", "ct", "host"})
# proxmox-backup, chunk_store.rs and datastore.rs: the server's own files beside the chunks.
OWN_FILES = frozenset({".lock", ".gc-status", ".notes"})
# pbs-api-types, datastore.rs: MAX_NAMESPACE_DEPTH.
MOST_DEPTH = 7
# Ours: machines, and snapshots of one machine; ten years of daily snapshots are fewer.
MOST_GROUPS, MOST_OF_A_GROUP, MOST_NAMESPACES = 2000, 5000, 500
# Ours: chunks asked for at each end of an index: of the newest snapshot, of the others, of a far place.
NEWEST_CHUNKS, OTHER_CHUNKS, FAR_CHUNKS = 4, 1, 1
# Ours: clocks of the machine and of the server are less than a day apart.
CLOCK_SLACK = 86_400
# Ours: the largest machine takes less than a day to copy.
RUN_SECONDS = 86_400
OF_THE_NAME = "nom du dossier (UTC)"
METHOD = "AES-256-GCM, clé gardée hors du dépôt"
NEVER_VERIFIED = Unreachable(Reason.NOT_COLLECTED, "aucune vérification n'est écrite dans les manifestes")


@frozen
class Snapshot:
    """One folder named by its date."""

    parts: Parts
    job: str
    """`vm/100`, with its namespace: `mairie/vm/100`."""
    moment: float
    rank: int
    """0 for the newest of its job."""


@dataclass(slots=True)
class _Look:
    """What is found on the way."""

    inspection: Inspection
    root: Parts
    chunks: Chunks
    anomalies: list[Anomaly] = field(default_factory=list)
    complete: bool = True
    verified: list[tuple[float, bool]] = field(default_factory=list)
    unfinished: dict[str, list[Snapshot]] = field(default_factory=dict)
    """By job: folders without a manifest."""


def is_datastore(_: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether a folder with these folders and files may be one; a copy may have lost the hidden `.chunks`."""
    if CHUNKS in folders and folders & (TYPES | {NAMESPACES}):
        return True
    return bool(folders & TYPES) and (".lock" in files or (folders <= TYPES | {NAMESPACES} and not files))


def read_datastore(inspection: Inspection, parts: Parts) -> Found | None:
    """One restore point for each finished snapshot; None when the folder only looks like a datastore."""
    look = _Look(inspection, parts, Chunks(inspection, (*parts, CHUNKS)))
    snapshots = _snapshots(look)
    has_chunks = _has_chunks(look)
    if not snapshots and has_chunks is None:
        return None
    _leftovers(look)
    kept = sorted(snapshots, key=lambda each: (each.rank, -each.moment))[:MOST_POINTS]
    points = [point for each in kept if (point := _point(look, each)) is not None]
    points.sort(key=lambda point: point.written, reverse=True)
    whole = _whole(look, points, has_chunks=bool(has_chunks))
    return Found(
        KIND,
        whole,
        tuple(_against_whole(point, whole.fault) for point in points),
        more_points=len(snapshots) - len(kept),
        moments=tuple(each.moment for each in snapshots) if len(snapshots) > len(kept) else (),
        anomalies=(*look.anomalies, *_unfinished(look)),
        verified=_verification(look),
        complete=look.complete and not look.chunks.left_out,
    )


def _against_whole(point: Point, fault: str) -> Point:
    """What is wrong with the chunk store is said of a point of which nothing worse is known."""
    if not fault or point.reading.fault not in ("", END_NOT_SEEN):
        return point
    return replace(point, reading=replace(point.reading, fault=fault))


def _snapshots(look: _Look) -> list[Snapshot]:
    """All of them, namespaces included."""
    found: list[Snapshot] = []
    for space in _namespaces(look):
        for kind in sorted(TYPES):
            for name in _folders(look, (*space, kind), MOST_GROUPS):
                found += _of_a_group(look, (*space, kind, name))
    return found


def _namespaces(look: _Look) -> Iterator[Parts]:
    waiting, asked = [(look.root, 0)], 0
    while waiting:
        space, depth = waiting.pop()
        asked += 1
        yield space
        if depth > MOST_DEPTH or asked > MOST_NAMESPACES:
            look.complete = False
            continue
        below = _folders(look, (*space, NAMESPACES), MOST_NAMESPACES)
        waiting += [((*space, NAMESPACES, name), depth + 1) for name in below]


def _folders(look: _Look, parts: Parts, most: int) -> list[str]:
    """Names of folders in one folder, sorted; none when it is not there."""
    if look.inspection.hurried():
        look.complete = False
        return []
    try:
        entries = list(islice(look.inspection.tree.entries(parts), most + 1))
    except FileNotFoundError:
        return []
    except OSError:
        look.complete = False
        return []
    look.complete = look.complete and len(entries) <= most
    return sorted(entry.name for entry in entries[:most] if entry.kind is Kind.FOLDER)


def _of_a_group(look: _Look, parts: Parts) -> list[Snapshot]:
    """The snapshots of one machine, newest first."""
    job = "/".join(part for part in parts[len(look.root) :] if part != NAMESPACES)
    names = _folders(look, parts, MOST_OF_A_GROUP)
    dated = sorted(((moment_of(name), name) for name in names), key=lambda each: each[0] or 0.0, reverse=True)
    told = [(moment, name) for moment, name in dated if moment is not None]
    return [Snapshot((*parts, name), job, moment, rank) for rank, (moment, name) in enumerate(told)]


def moment_of(name: str) -> float | None:
    """Seconds since 1970 of a snapshot folder's name (pbs-api-types, BACKUP_TIME_RE)."""
    if len(name) != len("2026-11-20T02:00:12Z"):
        return None
    try:
        return datetime.strptime(name, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _has_chunks(look: _Look) -> bool | None:
    """Whether the chunk store has its folders; None when it is not there."""
    try:
        entries = look.inspection.tree.entries((*look.root, CHUNKS))
        return any(entry.kind is Kind.FOLDER for entry in islice(entries, ENTRIES))
    except FileNotFoundError:
        return None
    except OSError:
        look.complete = False
        return True


def _leftovers(look: _Look) -> None:
    """What else lies in the datastore's folder is not looked at, and said so."""
    own = TYPES | OWN_FILES | {CHUNKS, NAMESPACES, "lost+found"}
    try:
        names = [
            e.name for e in islice(look.inspection.tree.entries(look.root), ENTRIES) if e.name not in own
        ]
    except OSError:
        names = []
    if names:
        look.complete = False
        seen = ", ".join(sorted(names)[:3])
        look.anomalies.append(
            anomaly(Trouble.LEFT_OUT, look.root, f"non regardés dans le dépôt : {seen}", count=len(names))
        )


def _point(look: _Look, snapshot: Snapshot) -> Point | None:
    """One snapshot; None when it is not finished."""
    inspection = look.inspection
    if inspection.hurried():
        look.complete = False
        return _made(snapshot, _unread("non regardé, faute de temps"))
    try:
        entries = {e.name: e for e in islice(inspection.tree.entries(snapshot.parts), ENTRIES)}
    except OSError:
        look.complete = False
        return _made(snapshot, _unread("dossier illisible"))
    if MANIFEST not in entries:
        look.unfinished.setdefault(snapshot.job, []).append(snapshot)
        return None
    try:
        manifest = read_manifest(read(inspection.tree, (*snapshot.parts, MANIFEST), most=MANIFEST_BYTES + 1))
    except OSError:
        look.complete = False
        return _made(snapshot, _unread(f"{MANIFEST} illisible"))
    if isinstance(manifest, Reading):
        return _made(snapshot, manifest)
    files = [_file(look, snapshot, listed, entries) for listed in manifest.files]
    reading = _reading(look, snapshot, manifest, files, protected=".protected" in entries)
    moment = _moment(snapshot, manifest, files)
    return _made(snapshot, reading, size=sum(file.size for file in files), moment=moment)


def _unread(evidence: str) -> Reading:
    return Reading(KIND, Encrypted.UNKNOWN, evidence, END_NOT_SEEN)


def _made(
    snapshot: Snapshot,
    reading: Reading,
    *,
    size: int = 0,
    moment: tuple[float, DateKind, str] | None = None,
) -> Point:
    written, date_kind, source = moment or (snapshot.moment, DateKind.EXACT, OF_THE_NAME)
    name = f"{snapshot.job}/{snapshot.parts[-1]}"
    return Point(name, reading, size, written, date_kind, source, Role.SNAPSHOT, snapshot.job)


def _file(look: _Look, snapshot: Snapshot, listed: Listed, entries: dict[str, Entry]) -> Seen:
    """One file of the manifest, compared with what stands there."""
    inspection = look.inspection
    entry = entries.get(listed.name)
    if entry is None or entry.kind is not Kind.FILE:
        return Seen(listed, 0, INCOMPLETE, f"{listed.name} manque")
    if inspection.hurried() or (inspection.tree.far and snapshot.rank):
        return Seen(listed, listed.size, END_NOT_SEEN, f"{listed.name} non ouvert")
    look.chunks.ends = FAR_CHUNKS if inspection.tree.far else OTHER_CHUNKS if snapshot.rank else NEWEST_CHUNKS
    try:
        with inspection.tree.opened((*snapshot.parts, listed.name)) as file:
            return see_file(listed, file, look.chunks)
    except OSError:
        look.complete = False
        return Seen(listed, 0, END_NOT_SEEN, f"{listed.name} illisible")


def _reading(
    look: _Look, snapshot: Snapshot, manifest: Manifest, files: list[Seen], *, protected: bool
) -> Reading:
    encrypted, words = encryption_of(files, manifest)
    if protected:
        words += " ; protégé (.protected)"
    fault, why = _fault(files)
    if manifest.verified_at is not None:
        look.verified.append((manifest.verified_at, manifest.outcome == "ok"))
    if manifest.outcome == "failed":
        told = f"verify_state « failed » dans {MANIFEST}"
        fault, why = (fault, why) if fault not in ("", END_NOT_SEEN) else (DAMAGED, told)
        look.anomalies.append(anomaly(Trouble.VERIFICATION_FAILED, snapshot.parts, told))
    method = METHOD if encrypted in (Encrypted.YES, Encrypted.PARTIAL) else ""
    return Reading(KIND, encrypted, f"{words} ; {why}" if why else words, fault, method=method)


def _fault(files: list[Seen]) -> tuple[str, str]:
    if not files:
        return EMPTY, f"{MANIFEST} ne nomme aucun fichier"
    bad = sorted((file for file in files if file.fault), key=lambda file: file.fault == END_NOT_SEEN)
    return (bad[0].fault, bad[0].why) if bad else ("", "")


def encryption_of(files: list[Seen], manifest: Manifest) -> tuple[Encrypted, str]:
    """What the manifest says of its files, corrected by the first bytes of blobs and chunks."""
    said = {file.listed.mode == "encrypt" for file in files}
    modes = ", ".join(sorted({f"« {file.listed.mode} »" for file in files}))
    words = f"{MANIFEST} : crypt-mode {modes}"
    if manifest.fingerprint:
        words += f", clé {manifest.fingerprint}"
    liars = [file for file in files if file.clear_seen and file.listed.mode == "encrypt"]
    strange = [file for file in files if file.sealed_seen and file.listed.mode != "encrypt"]
    if liars:
        sealed = any(
            file.sealed_seen or (file.listed.mode == "encrypt" and file not in liars) for file in files
        )
        verdict = Encrypted.PARTIAL if sealed else Encrypted.NO
        return verdict, f"{words}, démenti par {liars[0].clear_seen}"
    if strange:
        return Encrypted.PARTIAL, f"{words}, démenti par {strange[0].sealed_seen}"
    if not said:
        return Encrypted.UNKNOWN, words
    proof = next(
        (file.sealed_seen or file.clear_seen for file in files if file.sealed_seen or file.clear_seen), ""
    )
    verdict = Encrypted.PARTIAL if len(said) > 1 else Encrypted.YES if True in said else Encrypted.NO
    return verdict, f"{words} ; {proof}" if proof else words


def _moment(snapshot: Snapshot, manifest: Manifest, files: list[Seen]) -> tuple[float, DateKind, str]:
    """The folder's name, unless the manifest or an index is older."""
    told = manifest.moment
    if told is not None and told < snapshot.moment:
        return told, DateKind.UPPER_BOUND, "backup-time du manifeste, plus ancien que le nom du dossier"
    made = min((file.made for file in files if file.made), default=0.0)
    if made and made + CLOCK_SLACK < snapshot.moment:
        return made, DateKind.UPPER_BOUND, "date d'un index (octet 24), plus ancienne que le nom du dossier"
    return snapshot.moment, DateKind.EXACT, OF_THE_NAME


def _whole(look: _Look, points: list[Point], *, has_chunks: bool) -> Reading:
    """The datastore as a whole."""
    said = {point.reading.encrypted for point in points}
    encrypted = said.pop() if len(said) == 1 else Encrypted.PARTIAL if said else Encrypted.UNKNOWN
    if encrypted is Encrypted.PARTIAL and not said & {Encrypted.NO, Encrypted.PARTIAL} and len(said) > 1:
        encrypted = Encrypted.UNKNOWN
    jobs = len({point.series for point in points})
    words = f"dépôt Proxmox Backup Server, {french.count(jobs, 'machine')}"
    if points:
        words += f" ; dernier point : {points[0].reading.evidence}"
    fault = ""
    if not has_chunks:
        fault, words = DAMAGED, f"{CHUNKS} absent ou vide ; {words}"
    elif look.chunks.asked and look.chunks.missing == look.chunks.asked:
        fault, words = DAMAGED, f"aucun des morceaux cherchés dans {CHUNKS} n'y est ; {words}"
    if fault:
        look.anomalies.append(anomaly(Trouble.MISSING_PART, (*look.root, CHUNKS), words.partition(" ; ")[0]))
    method = METHOD if encrypted in (Encrypted.YES, Encrypted.PARTIAL) else ""
    return Reading(KIND, encrypted, words, fault, method=method)


def _unfinished(look: _Look) -> Iterator[Anomaly]:
    """Folders without a manifest: the server itself does not count them as backups (backup_info.rs)."""
    now = look.inspection.now.timestamp()
    for found in look.unfinished.values():
        newest = max(found, key=lambda each: each.moment)
        state = "en cours ou interrompue" if now - newest.moment < RUN_SECONDS else "jamais terminée"
        words = f"sauvegarde {state} : pas de {MANIFEST} dans {newest.parts[-1]}"
        yield anomaly(Trouble.ABORTED_RUN, newest.parts, words, count=len(found))


def _verification(look: _Look) -> Verification | Unreachable:
    if not look.verified:
        return NEVER_VERIFIED
    newest = max(moment for moment, _ in look.verified)
    bad = sum(not good for _, good in look.verified)
    words = f"verify_state de {french.count(len(look.verified), 'manifeste')}, dont {bad} « failed »"
    return Verification(datetime.fromtimestamp(newest, UTC), good=not bad, evidence=words)


CLAIM = Claim(KIND, is_datastore, read_datastore)
"""`.chunks` beside `vm`, `ct`, `host`."""

"""Duplicati: one list for each version, blocks of data and their indexes, told by names (VolumeBase.cs) and bytes."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cyberaudit import french
from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, Encrypted, Role, Trouble
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.inspection import Family, File, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.reading import EMPTY, INCOMPLETE, TRUNCATED, Reading, Sample
from cyberaudit.probes.stores.recognise import recognise
from cyberaudit.probes.stores.sets.parts import (
    NOT_OPENED,
    dated,
    gathered,
    is_opened,
    mixed,
    read_one,
    together,
    utc_moment,
    with_fault,
)
from cyberaudit.probes.stores.tree import Parts, read

_NAME = re.compile(
    r"(?P<prefix>[^-]+)-(?:[ib](?P<guid>[0-9a-f]+)|(?P<time>\d{8}T\d{6}Z))"
    r"\.(?P<kind>dlist|dblock|dindex)\.(?P<packing>[^.]+)(?P<ending>(?:\.\w+)?)",
    re.IGNORECASE,
)
_CHECKLIST = re.compile(r"(?P<prefix>[^-]+)-verification\.json", re.IGNORECASE)
FROM_NAME = "nom de la liste (UTC)"
# Ours: lists, then blocks, opened of one set; the others are told by their sizes.
MOST_LISTS, MOST_BLOCKS = 30, 60
# Ours: « verification.json » of some ten thousand files.
CHECKLIST_BYTES = 4 * 1024 * 1024
# Enums.cs, RemoteVolumeState: uploaded, verified.
KEPT_STATES = (2, 3)
# AES Crypt 1 and 2: before the last 32 bytes, the size modulo 16 on one byte.
AES_BLOCK, AES_REST_AT, AES_WITH_REST = 16, 33, 3


@dataclass(slots=True)
class Job:
    """The files of one prefix."""

    lists: list[tuple[float, File]] = field(default_factory=list)
    blocks: list[File] = field(default_factory=list)
    indexes: list[File] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    checklist: File | None = None


@frozen
class Blocks:
    """What is known of the data that all versions share."""

    encrypted: tuple[Encrypted, ...]
    """Of those opened."""
    bad: tuple[tuple[File, Reading], ...]
    doubt: str
    """Why they are not proved whole, in French; empty when they are."""
    lost: str
    """What is missing, in French; empty when nothing is known to."""
    sized: frozenset[str]
    """Names of files that have the size of Duplicati's own list, when that list and the place agree in all."""
    shown: Reading | None


def owns(name: str) -> bool:
    match = _NAME.fullmatch(name)
    if match is None:
        return _CHECKLIST.fullmatch(name) is not None
    timed = match["time"] is not None
    return timed is (match["kind"].lower() == "dlist") and (
        not timed or utc_moment(match["time"]) is not None
    )


def read_jobs(inspection: Inspection, parts: Parts, files: Sequence[File]) -> Found | None:
    """One restore point for each list of each prefix."""
    points: list[Point] = []
    anomalies: list[Anomaly] = []
    readings: list[tuple[str, Reading]] = []
    for prefix, job in _jobs(files).items():
        if not (job.lists or job.blocks):
            continue
        blocks = _read_blocks(inspection, job)
        made = list(_points(inspection, prefix, job, blocks))
        points += made
        readings += [(point.name, point.reading) for point in made if is_opened(point.reading)]
        readings += [(prefix, blocks.shown)] if blocks.shown else []
        anomalies += _troubles(parts, prefix, job, blocks)
    if not points and not anomalies:
        return None
    store = together(readings) if readings else NOT_OPENED
    return gathered("duplicati", points, store=replace(store, format="duplicati"), anomalies=anomalies)


def _jobs(files: Sequence[File]) -> dict[str, Job]:
    jobs: dict[str, Job] = defaultdict(Job)
    for file in files:
        name = file.parts[-1]
        if checklist := _CHECKLIST.fullmatch(name):
            jobs[checklist["prefix"]].checklist = file
        elif match := _NAME.fullmatch(name):
            job = jobs[match["prefix"]]
            job.endings[match["ending"].lower()] += 1
            match match["kind"].lower():
                case "dlist":
                    job.lists.append((utc_moment(match["time"]) or 0.0, file))
                case "dblock":
                    job.blocks.append(file)
                case _:
                    job.indexes.append(file)
    for job in jobs.values():
        job.lists.sort(reverse=True)
    return jobs


def _read_blocks(inspection: Inspection, job: Job) -> Blocks:
    order = _suspects_first(job.blocks)
    empty = [
        (file, Reading("", Encrypted.UNKNOWN, "fichier de 0 octet", EMPTY)) for file in order if not file.size
    ]
    read_now = [file for file in order if file.size]
    opened = [(file, read_one(inspection, file, detector=read_volume)) for file in read_now[:MOST_BLOCKS]]
    opened = [each for each in opened if is_opened(each[1])]
    bad = [each for each in (*empty, *opened) if each[1].fault not in ("", END_NOT_SEEN)]
    lost, sized = _against_checklist(inspection, job)
    counted = len(job.indexes) - len(job.blocks)
    if counted > 0 and not lost:
        lost = (
            f"{len(job.indexes)} index pour {french.count(len(job.blocks), 'bloc')} : il en manque {counted}"
        )
    if not job.blocks:
        lost = "aucun bloc de données (dblock)"
    doubt = "" if sized and all(file.parts[-1] in sized for file in job.blocks) else _doubt(job, opened)
    shown = together([(file.parts[-1], reading) for file, reading in opened]) if opened else None
    return Blocks(tuple(each.encrypted for _, each in opened), tuple(bad), doubt, lost, sized, shown)


def _suspects_first(blocks: list[File]) -> list[File]:
    """Those whose ending, or whose size modulo 16, few others have; then the newest, and so on."""
    alike = Counter(_likeness(file) for file in blocks)
    return sorted(
        blocks, key=lambda file: (alike[_likeness(file)], *(-part for part in (file.written, file.size)))
    )


def _likeness(file: File) -> tuple[str, int]:
    ending = file.parts[-1].lower().rpartition(".")[2]
    return ending, file.size % AES_BLOCK if ending == "aes" else 0


def _doubt(job: Job, opened: list[tuple[File, Reading]]) -> str:
    """Why the blocks are not known to be whole; the format of AES Crypt marks no end."""
    unseen = len(job.blocks) - sum(not reading.fault for _, reading in opened)
    if not unseen:
        return ""
    return f"{french.count(unseen, 'bloc')} sur {len(job.blocks)} dont la fin n'a pas été vue"


def read_volume(sample: Sample) -> Reading | None:
    """One file of a set; AES Crypt tells the size modulo 16, which chance gets right once in sixteen."""
    reading = recognise(sample)
    if reading is None or reading.format != "aescrypt" or reading.fault != END_NOT_SEEN:
        return reading
    rest = sample.tail[-AES_REST_AT]
    if sample.head[3] < AES_WITH_REST and rest >= AES_BLOCK:
        words = (
            f"{reading.evidence} ; octet {sample.size - AES_REST_AT} = {rest}, qui n'est pas un reste de 16"
        )
        return replace(reading, evidence=words, fault=TRUNCATED)
    return reading


def _against_checklist(inspection: Inspection, job: Job) -> tuple[str, frozenset[str]]:
    """What Duplicati's own list of files (« --upload-verification-file ») misses here; its names when all is there."""
    if job.checklist is None or job.checklist.size > CHECKLIST_BYTES or inspection.hurried():
        return "", frozenset()
    try:
        data = read(inspection.tree, job.checklist.parts, most=CHECKLIST_BYTES)
    except OSError:
        inspection.left_out = True
        return "", frozenset()
    said = read_checklist(data)
    here = {
        file.parts[-1]: file.size for file in (*job.blocks, *job.indexes, *(file for _, file in job.lists))
    }
    if not said:
        return "", frozenset()
    wrong = next((name for name, size in said.items() if here.get(name) != size), None)
    if wrong is None:
        return "", frozenset(said)
    words = "absent" if wrong not in here else f"{here[wrong]} octets au lieu de {said[wrong]}"
    return f"« {wrong} » de {job.checklist.parts[-1]} : {words}", frozenset()


def read_checklist(data: bytes) -> dict[str, int]:
    """(name → size) of the files that should be there; empty when it cannot be understood."""
    try:
        rows = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    said: dict[str, int] = {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            return {}
        name, size, state = row.get("Name"), row.get("Size"), row.get("State")
        if state in KEPT_STATES and isinstance(name, str) and isinstance(size, int):
            said[name] = size
    return said


def _points(inspection: Inspection, prefix: str, job: Job, blocks: Blocks) -> Iterator[Point]:
    hurt = _newest_hurt(job, blocks)
    for rank, (moment, file) in enumerate(job.lists):
        own = (
            read_one(inspection, file, detector=read_volume)
            if rank < MOST_LISTS or not file.size
            else NOT_OPENED
        )
        sized = file.parts[-1] in blocks.sized and own.fault == END_NOT_SEEN and is_opened(own)
        own = replace(own, fault="") if sized else own
        reading = _with_blocks(together([(file.parts[-1], own)]), blocks)
        if file in hurt:
            reading = with_fault(reading, blocks.bad[0][1].fault, "un bloc de cette version est abîmé")
        written, kind, source = dated(moment, file.written, FROM_NAME)
        yield Point(
            name=file.parts[-1],
            reading=reading,
            size=file.size,
            written=written,
            date_kind=kind,
            date_source=source,
            role=Role.SNAPSHOT,
            series=prefix,
        )


def _newest_hurt(job: Job, blocks: Blocks) -> list[File]:
    """The versions whose run wrote a bad block; the newest too, which may need any of them."""
    hurt = [job.lists[0][1]] if job.lists and blocks.bad else []
    for bad, _ in blocks.bad:
        hurt += [file for moment, file in job.lists if moment <= bad.written][:1]
    return hurt


def _with_blocks(reading: Reading, blocks: Blocks) -> Reading:
    """A version is its list and blocks that it shares with the others."""
    encrypted = mixed([reading.encrypted, *blocks.encrypted])
    if encrypted is not reading.encrypted and blocks.shown is not None:
        reading = replace(reading, evidence=f"{blocks.shown.evidence} ; {reading.evidence}")
    reading = replace(reading, encrypted=encrypted)
    if blocks.lost:
        return with_fault(reading, INCOMPLETE, blocks.lost)
    if blocks.bad:
        words = "un bloc est abîmé : cette version en a peut-être besoin"
        return with_fault(reading, END_NOT_SEEN, words)
    return with_fault(reading, END_NOT_SEEN, blocks.doubt)


def _troubles(parts: Parts, prefix: str, job: Job, blocks: Blocks) -> Iterator[Anomaly]:
    for file, reading in blocks.bad[:20]:
        yield anomaly(Trouble.DAMAGED, file.parts, reading.evidence)
    if blocks.lost:
        yield anomaly(Trouble.MISSING_VOLUME, (*parts, prefix), blocks.lost)
    if job.blocks and not job.lists:
        yield anomaly(
            Trouble.MISSING_PART, (*parts, prefix), "des blocs sans aucune liste de version (dlist)"
        )
    missing = len(job.blocks) - len(job.indexes)
    if missing > 0 and job.indexes:
        words = f"{french.count(missing, 'index')} de moins que de blocs : à refaire avant une restauration"
        yield anomaly(Trouble.MISSING_PART, (*parts, prefix), words)


FAMILY = Family("duplicati", r"\.d(?:list|block|index)\.|-verification\.json$", owns, read_jobs)

"""vzdump of Proxmox: one archive for each passage and its log; named in local time, never encrypted."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, DateKind, Encrypted, Role, Trouble
from cyberaudit.probes.stores.inspection import Family, File, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.reading import DAMAGED, INCOMPLETE, TRUNCATED, Reading, Sample, octets
from cyberaudit.probes.stores.recognise import recognise
from cyberaudit.probes.stores.sets.parts import (
    NAME_SLACK,
    dated,
    gathered,
    local_moment,
    of_store,
    read_one,
    together,
    with_fault,
)
from cyberaudit.probes.stores.tree import Parts, read

# PVE::Storage: « vzdump-<kind>-<id>-<date>.<format>[.<compression>] »; « .dat » is what is being written.
_NAME = re.compile(
    r"vzdump-(?P<kind>qemu|lxc|openvz)-(?P<id>\d{1,10})-(?P<date>\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d)"
    r"\.(?:(?P<archive>(?:vma|tar|tgz)(?:\.(?:zst|gz|lzo|bz2))?)(?P<beside>\.(?:notes|protected))?"
    r"|(?P<unfinished>(?:(?:vma|tar)(?:\.(?:zst|gz|lzo))?\.)?(?:dat|tmp))|(?P<log>log))"
)
LAYOUT = "%Y_%m_%d-%H_%M_%S"
FROM_NAME = "nom du fichier (heure locale)"
# lzop, conf.h: its magic; a block of length 0 ends the file.
LZOP, LZOP_END = b"\x89LZO\x00\r\n\x1a\n", bytes(4)
# Ours: a log says at its end how the passage went.
LOG_BYTES = 64 * 1024
FINISHED, FAILED = re.compile(rb"Finished Backup of VM \d+"), re.compile(rb"ERROR: (.{1,120})")
# Ours: logs read of one folder, newest first.
MOST_LOGS = 60
# Ours: what was written less than an hour ago may still be.
STILL_WRITING = 3600.0
CLEAR = "vzdump ne chiffre pas ce qu'il écrit"


@dataclass(slots=True)
class Passage:
    """What one passage left of one machine."""

    title: str
    machine: str
    """« qemu-100 »"""
    moment: float
    archive: File | None = None
    unfinished: File | None = None
    log: File | None = None
    rivals: list[File] = field(default_factory=list)
    """Other archives of the same second."""


def owns(name: str) -> bool:
    match = _NAME.fullmatch(name)
    return match is not None and local_moment(match["date"], LAYOUT) is not None


def read_dumps(inspection: Inspection, parts: Parts, files: Sequence[File]) -> Found | None:
    """One restore point for each archive."""
    passages = sorted(_passages(files), key=lambda passage: passage.moment, reverse=True)
    if not passages:
        return None
    points: list[Point] = []
    anomalies: list[Anomaly] = []
    for rank, passage in enumerate(passages):
        said = _log(inspection, passage) if rank < MOST_LOGS else ""
        anomalies += _troubles(inspection, parts, passage, said)
        points += [_point(inspection, passage, file, said) for file in _archives(passage)]
    if not points and not anomalies:
        return None
    store = of_store(points)
    return gathered("vzdump", points, store=replace(store, format="vzdump"), anomalies=anomalies)


def _passages(files: Sequence[File]) -> list[Passage]:
    found: dict[str, Passage] = {}
    for file in files:
        match = _NAME.fullmatch(file.parts[-1])
        if match is None or match["beside"]:
            continue
        machine = f"{match['kind']}-{match['id']}"
        title = f"vzdump-{machine}-{match['date']}"
        moment = local_moment(match["date"], LAYOUT) or 0.0
        _sort_in(found.setdefault(title, Passage(title, machine, moment)), file, match)
    return list(found.values())


def _sort_in(passage: Passage, file: File, match: re.Match[str]) -> None:
    if match["log"]:
        passage.log = file
    elif match["unfinished"]:
        passage.unfinished = file
    elif passage.archive is None:
        passage.archive = file
    else:
        passage.rivals.append(file)


def _archives(passage: Passage) -> Iterator[File]:
    if passage.archive is not None:
        yield passage.archive
        yield from passage.rivals


def _log(inspection: Inspection, passage: Passage) -> str:
    """What went wrong, as the end of the log tells it; empty when it went well or nothing tells."""
    if passage.log is None or inspection.hurried():
        return ""
    start = max(passage.log.size - LOG_BYTES, 0)
    try:
        text = read(inspection.tree, passage.log.parts, most=LOG_BYTES, offset=start)
    except OSError:
        inspection.left_out = True
        return ""
    return read_log(text)


def read_log(text: bytes) -> str:
    """The error that a log ends with, in French; empty when the passage finished."""
    if FINISHED.search(text):
        return ""
    trouble = FAILED.search(text)
    if trouble is None:
        return "le journal ne dit pas « Finished Backup »"
    return f"le journal dit « {trouble[0].decode('utf-8', 'replace')} »"


def _troubles(inspection: Inspection, parts: Parts, passage: Passage, said: str) -> Iterator[Anomaly]:
    place = (*parts, passage.title)
    if passage.unfinished is not None:
        if inspection.now.timestamp() - passage.unfinished.written < STILL_WRITING:
            return
        words = f"« {passage.unfinished.parts[-1]} » : l'archive n'a pas été finie"
        yield anomaly(Trouble.ABORTED_RUN, place, words)
    elif said:
        yield anomaly(Trouble.ABORTED_RUN, place, said)


def _point(inspection: Inspection, passage: Passage, file: File, said: str) -> Point:
    reading = together([(file.parts[-1], read_one(inspection, file, detector=read_archive))])
    reading = with_fault(reading, INCOMPLETE, said)
    written, kind, source = dated(passage.moment, file.written, FROM_NAME)
    if reading.newest and reading.newest.timestamp() < written - NAME_SLACK:
        written, kind = reading.newest.timestamp(), DateKind.UPPER_BOUND
        source = "en-tête VMA, octet 24, antérieur au nom"
    return Point(
        name=file.parts[-1],
        reading=reading,
        size=file.size,
        written=written,
        date_kind=kind,
        date_source=source,
        role=Role.ARCHIVE,
        series=f"vzdump-{passage.machine}",
    )


def read_archive(sample: Sample) -> Reading | None:
    """One archive of vzdump: what packs it is no encryption."""
    if sample.suffix == "lzo":
        return _lzop(sample)
    reading = recognise(sample)
    if reading is None or reading.encrypted is not Encrypted.UNKNOWN or reading.fault == DAMAGED:
        return reading
    return replace(reading, encrypted=Encrypted.NO, evidence=f"{reading.evidence} ; {CLEAR}")


def _lzop(sample: Sample) -> Reading:
    start = f"octets 0 à 8 = {octets(sample.head[: len(LZOP)])}"
    if not sample.head.startswith(LZOP):
        return Reading("lzop", Encrypted.UNKNOWN, f"{start} : ce n'est pas lzop", DAMAGED)
    whole = sample.tail.endswith(LZOP_END)
    words = "finit par un bloc vide" if whole else "ne finit pas par un bloc vide"
    # The zeros may be those of a block, or of a hole.
    fault = END_NOT_SEEN if whole else TRUNCATED
    return Reading("lzop", Encrypted.NO, f"{start}, {words} ; {CLEAR}", fault)


FAMILY = Family("vzdump", r"vzdump-", owns, read_dumps)

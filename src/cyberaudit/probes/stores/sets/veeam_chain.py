"""Chains of Veeam: full copies, what follows them and what goes back from them, told by names and by the metadata."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from cyberaudit.facts.backup import END_NOT_SEEN, DateKind, Role, Trouble
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.inspection import Family, File, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.reading import INCOMPLETE, Reading
from cyberaudit.probes.stores.sets.parts import (
    NO_DATE,
    dated,
    gathered,
    local_moment,
    of_store,
    read_one,
    together,
    with_fault,
)
from cyberaudit.probes.stores.tree import Parts, read

# « mairieD2026-11-20T020012_2DCD.vbk »: as names are seen; Veeam writes the server's own time.
_NAME = re.compile(
    r"(?P<stem>.*?)(?:D(?P<date>\d{4}-\d\d-\d\dT\d{6})(?:_[0-9A-F]{4})?)?\.(?P<kind>vbk|vib|vrb)",
    re.IGNORECASE,
)
LAYOUT = "%Y-%m-%dT%H%M%S"
FROM_NAME = "nom du fichier (heure locale)"
# Ours: names that the metadata give in clear are in their first mebibyte.
METADATA_BYTES, MOST_NAMED = 1024 * 1024, 2000
_NAMED = re.compile(
    rb"[^\"'<>/\\|:;=\x00-\x1f]{1,200}D\d{4}-\d\d-\d\dT\d{6}[^\"'<>/\\|:;=\x00-\x1f]{0,40}\.v(?:bk|ib|rb)\b"
)
ROLES = {"vbk": Role.FULL, "vib": Role.INCREMENTAL, "vrb": Role.INCREMENTAL}


@frozen
class Link:
    """One file of a chain."""

    file: File
    stem: str
    kind: str
    moment: float
    date_kind: DateKind
    source: str


def owns(name: str) -> bool:
    return name.lower().endswith((".vbk", ".vib", ".vrb", ".vbm"))


def read_chains(inspection: Inspection, parts: Parts, files: Sequence[File]) -> Found | None:
    """One restore point for each file; those that stand on others are worth no more than they are."""
    links = sorted(
        (_link(inspection, file) for file in files if not _is_metadata(file)), key=lambda link: link.moment
    )
    if not links:
        return None
    readings = {link.file.parts: _read(inspection, link) for link in reversed(links)}
    lost = _lost(inspection, files)
    anomalies = [
        anomaly(Trouble.MISSING_PART, (*parts, name), "nommé dans le .vbm, absent") for name in lost[:20]
    ]
    points = []
    chains: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        chains[link.stem].append(link)
    for chain in chains.values():
        missing = _moments(lost, chain[0].stem)
        for rank, link in enumerate(chain):
            why = _broken(chain, rank, readings, missing)
            reading = with_fault(readings[link.file.parts], INCOMPLETE, why)
            anomalies += [anomaly(Trouble.BROKEN_CHAIN, link.file.parts, why)] if why else []
            points.append(_point(link, reading))
    store = of_store(points)
    return gathered("veeam", points, store=replace(store, format="veeam"), anomalies=anomalies)


def _is_metadata(file: File) -> bool:
    return file.parts[-1].lower().endswith(".vbm")


def _link(inspection: Inspection, file: File) -> Link:
    match = _NAME.fullmatch(file.parts[-1])
    assert match is not None
    kind = match["kind"].lower()
    said = local_moment(match["date"].upper(), LAYOUT) if match["date"] else None
    if said is not None:
        return Link(file, match["stem"], kind, *dated(said, file.written, FROM_NAME))
    if not file.written:
        return Link(file, match["stem"], kind, inspection.now.timestamp(), DateKind.UPPER_BOUND, NO_DATE)
    # A full copy into which others are merged is written again: it may be older than its file.
    return Link(file, match["stem"], kind, file.written, DateKind.UPPER_BOUND, "date du fichier")


def _read(inspection: Inspection, link: Link) -> Reading:
    return together([(link.file.parts[-1], read_one(inspection, link.file))])


def _point(link: Link, reading: Reading) -> Point:
    return Point(
        name=link.file.parts[-1],
        reading=reading,
        size=link.file.size,
        written=link.moment,
        date_kind=link.date_kind,
        date_source=link.source,
        role=ROLES[link.kind],
        series=link.stem or "veeam",
    )


def _broken(chain: list[Link], rank: int, readings: dict[Parts, Reading], missing: tuple[float, ...]) -> str:
    """What the file stands on and is not there, or is bad; empty when all of it is there."""
    link = chain[rank]
    if link.kind == "vbk":
        return ""
    # « vib » goes on from the full copy before it, « vrb » goes back from the one after it.
    way = (
        chain[rank - 1 :: -1]
        if link.kind == "vib" and rank
        else chain[rank + 1 :]
        if link.kind == "vrb"
        else []
    )
    needed: list[Link] = []
    for each in way:
        needed.append(each)
        if each.kind == "vbk":
            break
    if not needed or needed[-1].kind != "vbk":
        return f"aucune copie complète (.vbk) {'avant' if link.kind == 'vib' else 'après'} celle-ci"
    if any(readings[each.file.parts].fault not in ("", END_NOT_SEEN) for each in needed):
        return "un fichier dont celui-ci dépend est abîmé"
    ends = sorted((link.moment, needed[-1].moment))
    if any(ends[0] <= moment <= ends[1] for moment in missing):
        return "un fichier de la chaîne, nommé dans le .vbm, manque"
    return ""


def _lost(inspection: Inspection, files: Sequence[File]) -> list[str]:
    """The files that metadata in clear name, and that are not there."""
    here = {file.parts[-1].lower() for file in files}
    named: dict[str, None] = {}
    for file in files:
        if _is_metadata(file) and not inspection.hurried():
            named.update(dict.fromkeys(_names_in(inspection, file)))
    return [name for name in named if name.lower() not in here]


def _names_in(inspection: Inspection, file: File) -> list[str]:
    try:
        data = read(inspection.tree, file.parts, most=METADATA_BYTES)
    except OSError:
        inspection.left_out = True
        return []
    return read_metadata(data)


def read_metadata(data: bytes) -> list[str]:
    """The names of files that a .vbm in clear gives, each once."""
    text = (
        data if not data.startswith((b"\xff\xfe", b"\xfe\xff")) else data.decode("utf-16", "replace").encode()
    )
    names = dict.fromkeys(match[0].decode("utf-8", "replace") for match in _NAMED.finditer(text))
    return list(names)[:MOST_NAMED]


def _moments(names: list[str], stem: str) -> tuple[float, ...]:
    matches = (_NAME.fullmatch(name) for name in names)
    said = (
        local_moment(match["date"].upper(), LAYOUT)
        for match in matches
        if match and match["date"] and match["stem"] == stem
    )
    return tuple(moment for moment in said if moment is not None)


FAMILY = Family("veeam", r"\.v(?:bk|ib|rb|bm)$", owns, read_chains)

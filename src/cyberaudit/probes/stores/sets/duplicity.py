"""duplicity: full and incremental sets of volumes, told by their names (file_naming.py), their manifests and bytes."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, Encrypted, Role, Trouble, Weakness
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.formats.compressed import BZIP2, GZIP, XZ, compressed_reader
from cyberaudit.probes.stores.formats.plain import TAR_AT, TAR_BLOCK, TAR_MAGIC
from cyberaudit.probes.stores.inspection import Family, File, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, INCOMPLETE, TRUNCATED, Reading, Sample
from cyberaudit.probes.stores.recognise import recognise
from cyberaudit.probes.stores.sets.parts import (
    NOT_OPENED,
    dated,
    gathered,
    is_opened,
    of_store,
    read_one,
    together,
    utc_moment,
    with_fault,
)
from cyberaudit.probes.stores.tree import Parts, read

_LONG = re.compile(
    r"(?P<prefix>.*)duplicity-(?P<kind>full|inc|full-signatures|new-signatures)"
    r"\.(?P<first>\d{8}T\d{6}Z)(?:\.to\.(?P<last>\d{8}T\d{6}Z))?"
    r"\.(?:vol(?P<volume>\d{1,7})\.difftar|(?P<manifest>manifest)|sigtar)"
    r"(?P<part>\.part)?(?P<ending>(?:\.\w+)?)",
    re.IGNORECASE,
)
# Measured with duplicity 0.8.22: a restore does not see a volume or a manifest whose name is in other capitals.
_AS_WRITTEN = re.compile(_LONG.pattern)
# « --short-filenames »: times and numbers in base 36; six digits of it are the years 1971 to 2038.
_SHORT = re.compile(
    r"(?P<prefix>)(?P<kind>dfs|dns|df|di)\.(?P<first>[0-9a-z]{6})(?:\.(?P<last>[0-9a-z]{6}))?"
    r"\.(?:(?P<volume>[0-9a-z]{1,4})\.dt|(?P<manifest>m)|st)(?P<part>\.p)?(?P<ending>(?:\.[gz])?)"
)
_SEALED_OR_PACKED = (".gpg", ".gz", ".g", ".z")
_KINDS = {
    "full": "full", "df": "full", "inc": "inc", "di": "inc",
    "full-signatures": "full-sig", "dfs": "full-sig", "new-signatures": "inc-sig", "dns": "inc-sig",
}  # fmt: skip
_VOLUME = re.compile(rb"(?:^|\n)Volume (\d{1,9}):[ \t]*((?:\n[ \t].*)*)", re.IGNORECASE)
_SHA1 = re.compile(rb"\n[ \t]+Hash SHA1 ([0-9a-f]{40})", re.IGNORECASE)
# Ours: what is read of a manifest; the list of volumes comes before that of the files.
MANIFEST_BYTES = 1024 * 1024
# gpg.py, GPGWriteFile and GzipWriteFile: a volume that is not the last is filled up to its size, a block less or more.
MEBIBYTE, GPG_SLACK, SLACK = 1024 * 1024, 64 * 1024, 160 * 1024
HASH_BYTES = 1024 * 1024
FROM_NAME = "nom du fichier (UTC)"


@frozen
class Name:
    """What one file's name says."""

    prefix: str
    kind: str
    """`full`, `inc`, `full-sig`, `inc-sig`."""
    start: float
    """What it stands on; the moment itself for a full one."""
    end: float
    volume: int
    """0: none."""
    manifest: bool
    part: bool
    """Being written when it was left."""
    ending: str
    recased: bool = False
    """Its capitals are not those that duplicity writes."""


@dataclass(slots=True)
class Run:
    """One set: what one run of the tool wrote."""

    title: str
    name: Name
    volumes: dict[int, File] = field(default_factory=dict)
    endings: set[str] = field(default_factory=set)
    manifest: File | None = None
    signatures: File | None = None
    """The next incremental run needs them; a restore from another machine reads them first."""
    recased: str = ""
    """One of its files, whose name is in other capitals."""
    started: bool = False
    """Only parts of its manifest are there."""
    flaw: str = ""
    """French: what is wrong with its signatures or its encrypted manifest, without which nothing is restored."""


@frozen
class Announced:
    """What a readable manifest says."""

    volumes: int
    sums: dict[int, str]
    """SHA-1 of each volume."""


def parse(name: str) -> Name | None:
    """The name, when it is one of duplicity's."""
    match = _LONG.fullmatch(name) or _SHORT.fullmatch(name)
    if match is None:
        return None
    kind = _KINDS[match["kind"].lower()]
    if kind.startswith("inc") is not bool(match["last"]):
        return None
    short = match.re is _SHORT
    end = _moment(match["last"] or match["first"], short=short)
    start = _moment(match["first"], short=short)
    if start is None or end is None:
        return None
    volume = int(match["volume"] or "0", 36 if short else 10)
    return Name(
        match["prefix"],
        kind,
        start,
        end,
        volume,
        bool(match["manifest"]),
        bool(match["part"]),
        match["ending"],
        recased=not short and (not _AS_WRITTEN.fullmatch(name) or match["ending"] != match["ending"].lower()),
    )


def _moment(text: str, *, short: bool) -> float | None:
    return float(int(text, 36)) if short else utc_moment(text)


def owns(name: str) -> bool:
    return parse(name) is not None


def read_sets(inspection: Inspection, parts: Parts, files: Sequence[File]) -> Found | None:
    """One restore point for each set, full or incremental."""
    runs = sorted(_runs(files), key=lambda run: (run.name.end, run.name.kind == "inc"))
    if not runs:
        return None
    readings = _read_volumes(inspection, runs)
    for run in _newest_chain(runs):
        run.flaw = _flaw_beside(inspection, run)
    points, anomalies = _judge(inspection, parts, runs, readings)
    store = of_store(points)
    unopened = [run for run in runs if not any(map(is_opened, readings[run.title].values()))]
    if unopened:
        known = {ending for run in runs if run not in unopened for ending in run.endings}
        store = _partly_opened(
            store, runs, unopened, same={*known} >= {e for r in unopened for e in r.endings}
        )
    return gathered("duplicity", points, store=replace(store, format="duplicity"), anomalies=anomalies)


def _partly_opened(store: Reading, runs: list[Run], unopened: list[Run], *, same: bool) -> Reading:
    words = f"{len(runs) - len(unopened)} jeux ouverts sur {len(runs)}"
    if not same and store.encrypted is not Encrypted.NO:
        words += ", d'autres terminaisons parmi les autres"
        return replace(store, encrypted=Encrypted.UNKNOWN, evidence=f"{words} ; {store.evidence}")
    return replace(store, evidence=f"{words} ; {store.evidence}")


def _runs(files: Sequence[File]) -> list[Run]:
    """The sets; the manifest may bear another prefix than the volumes (« --file-prefix-manifest »)."""
    runs: dict[tuple[str, float, float, str], Run] = {}
    beside: list[tuple[Name, File]] = []
    for file in files:
        name = parse(file.parts[-1])
        if name is None or name.kind not in ("full", "inc") or not name.volume:
            beside += [(name, file)] if name else []
            continue
        key = (name.kind, name.start, name.end, name.prefix)
        run = runs.setdefault(key, Run(_title(file), name))
        if name.part:
            run.started = True
        else:
            run.recased = file.parts[-1] if name.recased else run.recased
            run.volumes[name.volume] = file
            run.endings.add(name.ending)
    for name, file in beside:
        _add_beside(runs, name, file)
    return list(runs.values())


def _add_beside(runs: dict[tuple[str, float, float, str], Run], name: Name, file: File) -> None:
    kind = name.kind.removesuffix("-sig")
    key = (kind, name.start, name.end, name.prefix)
    run = runs.get(key) or next((each for at, each in runs.items() if at[:3] == key[:3]), None)
    if run is None:
        if not name.manifest or name.part:
            return
        run = runs.setdefault(key, Run(_title(file), replace(name, kind=kind)))
    if name.part:
        run.started = True
    elif name.manifest:
        run.manifest = file
        run.recased = file.parts[-1] if name.recased else run.recased
    else:
        run.signatures = file


def _title(file: File) -> str:
    """The name without what tells its files apart."""
    return re.sub(r"(?:\.vol\d+\.difftar|\.manifest|\.[0-9a-z]{1,4}\.dt|\.m)(?:\.\w+)*$", "", file.parts[-1])


def _read_volumes(inspection: Inspection, runs: list[Run]) -> dict[str, dict[int, Reading]]:
    """All of the newest chain, then the last volume of each older set, then the rest, while the share lasts."""
    readings: dict[str, dict[int, Reading]] = defaultdict(dict)
    chain, newest = _newest_chain(runs), runs[::-1]
    order = [(run, number) for run in chain for number in sorted(run.volumes)]
    order += [(run, max(run.volumes)) for run in newest if run.volumes]
    order += [(run, number) for run in newest for number in sorted(run.volumes)]
    for run, number in order:
        if number not in readings[run.title]:
            file = run.volumes[number]
            readings[run.title][number] = read_one(inspection, file, detector=read_volume)
    return readings


def _flaw_beside(inspection: Inspection, run: Run) -> str:
    """Measured with duplicity 0.8.22: a restore first fetches signatures and manifests, and stops at one that does not
    open; those of 0 byte and what is only cut behind its end do not stop it.
    """
    for file in (run.signatures, run.manifest):
        if file is None or not file.size or not file.parts[-1].lower().endswith(_SEALED_OR_PACKED):
            continue
        reading = read_one(inspection, file, detector=read_volume)
        if is_opened(reading) and worse_than_doubt(reading):
            return f"« {file.parts[-1]} » ne s'ouvre pas, une restauration s'y arrête : {reading.evidence}"
    return ""


def _newest_chain(runs: list[Run]) -> list[Run]:
    """The newest set and all that it stands on, as far as it is there; each is older than the one before."""
    by_end = {(run.name.prefix, run.name.end): run for run in runs}
    chain = [runs[-1]]
    while (name := chain[-1].name).kind == "inc" and name.start < name.end:
        before = by_end.get((name.prefix, name.start))
        if before is None:
            break
        chain.append(before)
    return chain


def read_volume(sample: Sample) -> Reading | None:
    """One volume: duplicity writes tar archives without the zeros that end others."""
    if sample.head.startswith(_STREAMS):
        return _stream(_COMPRESSED(sample))
    reading = recognise(sample)
    if reading is not None and reading.format == "tar" and reading.fault == TRUNCATED:
        return replace(reading, fault=TRUNCATED if sample.size % TAR_BLOCK else END_NOT_SEEN)
    return reading


def _stream(reading: Reading | None) -> Reading | None:
    """A run that found nothing changed packs nothing: no tar inside, and no encryption either."""
    if reading is None or reading.encrypted is not Encrypted.UNKNOWN or reading.fault == DAMAGED:
        return reading
    words = f"{reading.evidence} ; duplicity ne chiffre que par GnuPG"
    fault = "" if reading.fault == EMPTY else reading.fault
    return replace(reading, encrypted=Encrypted.NO, evidence=words, fault=fault)


def _tar_start(sample: Sample) -> Reading | None:
    if sample.head[TAR_AT : TAR_AT + len(TAR_MAGIC)] != TAR_MAGIC:
        return None
    return Reading(
        "tar", Encrypted.NO, f"octets {TAR_AT} à {TAR_AT + 4} = « ustar », noms des fichiers lisibles"
    )


_COMPRESSED = compressed_reader(_tar_start)
_STREAMS = (GZIP, BZIP2, XZ)


def _judge(
    inspection: Inspection, parts: Parts, runs: list[Run], readings: dict[str, dict[int, Reading]]
) -> tuple[list[Point], list[Anomaly]]:
    """Each set by itself, then on what it stands on; oldest first, so that every base is judged before."""
    usual = _usual_volume(runs)
    bases: dict[tuple[str, float], list[Reading]] = defaultdict(list)
    points, anomalies = [], []
    newest = runs[-1]
    for run in runs:
        manifest = _announced(inspection, run)
        reading, found = _one_set(inspection, run, readings[run.title], manifest, usual=usual)
        anomalies += [_trouble(parts, code, run, words, newest=run is newest) for code, words in found]
        if run.name.kind == "inc":
            reading, broken = _on_its_base(reading, run.name, bases)
            anomalies += [anomaly(Trouble.BROKEN_CHAIN, (*parts, run.title), broken)] if broken else []
        bases[run.name.prefix, run.name.end].append(reading)
        points.append(_point(inspection, run, reading))
    return points, anomalies


def _trouble(parts: Parts, code: Trouble, run: Run, words: str, *, newest: bool) -> Anomaly:
    if code is Trouble.MISSING_PART and newest and run.manifest is None:
        code = Trouble.ABORTED_RUN
    return anomaly(code, (*parts, run.title), words)


def _point(inspection: Inspection, run: Run, reading: Reading) -> Point:
    files = [*run.volumes.values(), *([run.manifest] if run.manifest else [])]
    written, kind, source = dated(run.name.end, max(file.written for file in files), FROM_NAME)
    return Point(
        name=run.title,
        reading=replace(reading, format=reading.format and "duplicity"),
        size=sum(file.size for file in run.volumes.values()),
        written=written,
        date_kind=kind,
        date_source=source,
        role=Role.FULL if run.name.kind == "full" else Role.INCREMENTAL,
        series=f"{run.name.prefix}duplicity",
    )


def _one_set(
    inspection: Inspection,
    run: Run,
    readings: dict[int, Reading],
    manifest: Announced | None,
    *,
    usual: float,
) -> tuple[Reading, list[tuple[Trouble, str]]]:
    """The set without regard to the others, and what is wrong around it."""
    named = [(run.volumes[number].parts[-1], reading) for number, reading in sorted(readings.items())]
    if not named:
        named = [(run.title, replace(NOT_OPENED, evidence="aucun volume"))]
    reading = together(named)
    reading = _not_all_alike(run, reading)
    found: list[tuple[Trouble, str]] = []
    for code, words in _missing(run, manifest):
        found.append((code, words))
        reading = with_fault(reading, INCOMPLETE, words)
    if run.recased:
        words = f"duplicity ne reconnaît plus « {run.recased} », dont les majuscules ont changé"
        found.append((Trouble.MISSING_PART, words))
        reading = with_fault(reading, INCOMPLETE, words)
    if run.flaw:
        found.append((Trouble.DAMAGED, run.flaw))
        reading = with_fault(reading, DAMAGED, run.flaw)
    if run.manifest is not None and run.signatures is None:
        found.append((Trouble.MISSING_PART, "les signatures du jeu manquent : la suite ne peut être faite"))
    if manifest is None and not worse_than_doubt(reading) and _last_may_be_missing(run, usual):
        words = "manifeste chiffré : le dernier volume a la taille des autres, un suivant manque peut-être"
        reading = with_fault(reading, END_NOT_SEEN, words)
    if manifest is not None:
        if reading.encrypted in (Encrypted.YES, Encrypted.WEAK):
            reading = replace(reading, weaknesses=(*reading.weaknesses, Weakness.NAMES_VISIBLE))
        reading = _summed(inspection, run, manifest, reading)
    return reading, found


def worse_than_doubt(reading: Reading) -> bool:
    return reading.fault not in ("", END_NOT_SEEN)


def _not_all_alike(run: Run, reading: Reading) -> Reading:
    """Volumes of one set end all alike; otherwise those opened do not speak for the others."""
    if len(run.endings) > 1 and reading.encrypted is Encrypted.YES:
        return replace(
            reading, encrypted=Encrypted.UNKNOWN, evidence=f"terminaisons mêlées ; {reading.evidence}"
        )
    return reading


def _missing(run: Run, manifest: Announced | None) -> Iterator[tuple[Trouble, str]]:
    if run.manifest is None:
        yield Trouble.MISSING_PART, "le manifeste manque : le jeu n'a pas été fini, ou il est perdu"
    elif not run.manifest.size:
        yield Trouble.DAMAGED, "le manifeste est un fichier de 0 octet"
    if manifest is not None and run.volumes and manifest.volumes < max(run.volumes):
        # Measured with duplicity 0.8.22: the restore stops there.
        yield Trouble.DAMAGED, f"le manifeste finit au volume {manifest.volumes}, {max(run.volumes)} sont là"
    last = max((*run.volumes, manifest.volumes if manifest else 0, 1))
    if last > len(run.volumes):
        lost = next(number for number in range(1, last + 1) if number not in run.volumes)
        count = last - len(run.volumes)
        yield Trouble.MISSING_VOLUME, f"volume {lost} absent ({count} sur {last} manquent)"


def _usual_volume(runs: list[Run]) -> float:
    """The size of volumes that another one follows; 0 when no set has two."""
    sizes = [file.size for run in runs for at, file in run.volumes.items() if at < max(run.volumes)]
    return median(sizes) if sizes else 0.0


def _last_may_be_missing(run: Run, usual: float) -> bool:
    """Nothing says how many volumes there were, and the last one is as full as one that another follows."""
    size = run.volumes[max(run.volumes)].size if run.volumes else 0
    if usual:
        return size >= usual - SLACK
    # Volumes are asked for in MiB (« --volsize »).
    rest = (size + GPG_SLACK) % MEBIBYTE
    return size > MEBIBYTE - GPG_SLACK and rest <= 2 * GPG_SLACK


def _announced(inspection: Inspection, run: Run) -> Announced | None:
    """What the manifest says; None when it is encrypted, too long or unreadable."""
    if run.manifest is None or not run.manifest.size or inspection.hurried():
        return None
    try:
        data = read(inspection.tree, run.manifest.parts, most=MANIFEST_BYTES)
    except OSError:
        inspection.left_out = True
        return None
    return read_manifest(data)


def read_manifest(data: bytes) -> Announced | None:
    """The volumes of a manifest in clear (manifest.py): the one told last is the last one."""
    numbers, sums = 0, {}
    for match in _VOLUME.finditer(data):
        numbers, told = int(match[1]), _SHA1.search(match[2])
        sums[numbers] = told[1].decode("ascii").lower() if told else ""
    if not 0 < numbers <= len(sums) or (len(data) == MANIFEST_BYTES and b"\nFilelist" not in data):
        return None
    return Announced(numbers, {number: text for number, text in sums.items() if text and number <= numbers})


def _summed(inspection: Inspection, run: Run, manifest: Announced, reading: Reading) -> Reading:
    """With `deep`: the SHA-1 of each volume against the manifest; all of them right, the set is whole."""
    if not inspection.deep or worse_than_doubt(reading):
        return reading
    right = 0
    for number, file in run.volumes.items():
        total = _sha1(inspection, file) if manifest.sums.get(number) else ""
        if total and total != manifest.sums[number]:
            words = f"volume {number} : le SHA-1 n'est pas celui du manifeste"
            return with_fault(reading, DAMAGED, words)
        right += bool(total)
    return replace(reading, fault="") if right == len(run.volumes) == manifest.volumes else reading


def _sha1(inspection: Inspection, file: File) -> str:
    """Empty when it could not be read to its end."""
    total, at = hashlib.sha1(usedforsecurity=False), 0
    try:
        with inspection.tree.opened(file.parts) as opened:
            while data := opened.read_at(at, HASH_BYTES):
                if inspection.hurried():
                    return ""
                total.update(data)
                at += len(data)
    except OSError:
        inspection.left_out = True
        return ""
    return total.hexdigest()


def _on_its_base(
    reading: Reading, name: Name, bases: dict[tuple[str, float], list[Reading]]
) -> tuple[Reading, str]:
    """An incremental set is worth what those before it are worth; what is broken, in French."""
    before = bases.get((name.prefix, name.start), [])
    if not before or name.start >= name.end:
        words = "le jeu précédent manque : cette suite ne peut être restaurée"
        return with_fault(reading, INCOMPLETE, words), words
    if any(worse_than_doubt(base) for base in before):
        words = "un jeu dont celui-ci est la suite est abîmé ou incomplet"
        return with_fault(reading, INCOMPLETE, words), words
    if any(base.fault for base in before):
        reading = with_fault(reading, END_NOT_SEEN, "la fin d'un jeu précédent n'a pas été vue")
    said = {reading.encrypted, *(base.encrypted for base in before)}
    if said & {Encrypted.NO, Encrypted.PARTIAL} and len(said) > 1:
        words = f"une partie de la chaîne est en clair ; {reading.evidence}"
        return replace(reading, encrypted=Encrypted.PARTIAL, evidence=words), ""
    return reading, ""


FAMILY = Family("duplicity", r"duplicity-|d[fi]\.\w{6}\.|d[fn]s\.\w{6}\.", owns, read_sets)
"""Names with a UTC time, in full or in base 36."""

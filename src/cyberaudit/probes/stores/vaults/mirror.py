"""Documents copied as they are, or encrypted one by one: one version, no archive."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, Encrypted, Role, Trouble
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.formats.marked import is_hidden_name
from cyberaudit.probes.stores.inspection import File, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.jobs import series_name
from cyberaudit.probes.stores.magic import has_lost_its_magic
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, TRUNCATED, Reading, Sample
from cyberaudit.probes.stores.recognise import recognise
from cyberaudit.probes.stores.tree import Parts
from cyberaudit.probes.stores.vaults.marked_folder import KINDS, read_marked_folder
from cyberaudit.probes.stores.vaults.passage import Dated, Passage, last_passage
from cyberaudit.probes.stores.vaults.sealed import Seal, is_readable
from cyberaudit.probes.stores.walk import Walked

# Ours: fewer documents were laid there by hand; where archives are more than one in twenty, they are the copies.
LEAST_DOCUMENTS, ARCHIVE_SHARE = 10, 20
# Ours: a town keeps fewer mirrors of one tool in one place; more folders are those of one mirror.
MOST_MIRRORS = 4
# Ours: heads of documents read, half of them the newest; a far place is asked a third.
MOST_HEADS, MOST_FAR_HEADS, PATIENCE = 24, 8, 256 * 1024
# Ours: an empty document is common, one in ten is not.
EMPTY_SHARE, MANY_EMPTY = 0.1, 5
# Ours: half of the documents lost is a copy lost; three read to their end speak for the others.
LOST_SHARE, LEAST_WHOLE = 0.5, 3
SHOWN_NAMES, SHOWN_LETTERS = 3, 40
KNOWN_ENDINGS = frozenset(
    {
        "docx", "xlsx", "pptx", "odt", "ods", "odp", "pdf", "doc", "xls", "ppt", "jpg", "jpeg", "png", "gif", "tif",
        "tiff", "rtf", "heic", "docm", "xlsm", "mdb", "accdb",
    }
)  # fmt: skip
"""Their documents begin in a way that is known: otherwise they were altered, or bear a false name."""
PDF, PNG, PDF_END, PNG_END = b"%PDF-", b"\x89PNG", b"%%EOF", b"IEND"
# ISO 32000-1 §7.5.5 and Adobe's readers: the end mark stands in the last 1024 bytes; PNG §11.2.5: in the last 12.
PDF_END_BYTES, PNG_END_BYTES = 1024, 12
# MS-OFFCRYPTO §2.3: a document with a password is one such stream in an OLE container.
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")

Looked = tuple[File, Reading]


class _Seen(NamedTuple):
    """One document whose first and last bytes were read."""

    file: File
    reading: Reading | None
    seal: Seal
    whole: bool
    """Its end was seen."""


@frozen
class _Group:
    """The documents of one mirror, and the archives among them."""

    parts: Parts
    documents: tuple[File, ...]
    archives: tuple[Looked, ...]


def mirrors_among(
    inspection: Inspection, walked: Walked, looked: Sequence[Looked]
) -> tuple[list[Looked], list[tuple[Parts, Found]]]:
    """The files that stand each for itself, and the mirrors, each with its folder."""
    seen = list(_seen(inspection, walked))
    marked = [*looked, *((each.file, each.reading) for each in seen if each.reading)]
    sealed = list(_sealed(inspection, walked, [each for each in marked if each[1].format in KINDS]))
    tops = tuple(parts for parts, _ in sealed)
    rest = [each for each in looked if each[1].format not in KINDS or not _is_below_any(each[0].parts, tops)]
    mirrors, held = [], set()
    for group in _groups(walked, rest, tops):
        mirrors.append((group.parts, _plain(inspection, walked, group, seen)))
        held |= {file.parts for file in _documents_among(group)}
    return [each for each in rest if each[0].parts not in held], [*sealed, *mirrors]


# --- Files that carry the mark of a tool ---


def _sealed(
    inspection: Inspection, walked: Walked, marked: Sequence[Looked]
) -> Iterator[tuple[Parts, Found]]:
    """One store for each tool and folder."""
    others = frozenset(parts for parts, _ in walked.stores)
    for format_ in KINDS:
        of_one = [each for each in marked if each[1].format == format_]
        for parts, (_, reading) in _tops(of_one).items():
            try:
                found = read_marked_folder(inspection, parts, reading, without=others)
            except OSError:
                unread = Reading(
                    format_, reading.encrypted, f"{reading.evidence} ; dossier non listé", END_NOT_SEEN
                )
                found = Found(KINDS[format_], unread, points=(), complete=False)
            yield parts, found


def _tops(marked: Sequence[Looked]) -> dict[Parts, Looked]:
    """The folders that the files make up, each with its newest sound file."""
    tops: dict[Parts, Looked] = {}
    for each in sorted(marked, key=lambda one: (_is_sound(one[1]), one[0]), reverse=True):
        tops.setdefault(_top(each[0].parts), each)
    if () in tops or len(tops) > MOST_MIRRORS:
        return {(): next(iter(tops.values()))}
    return tops


def _top(parts: Parts) -> Parts:
    """The first folder; where its name is encrypted too, the location itself."""
    return () if len(parts) == 1 or is_hidden_name(parts[0]) else parts[:1]


def _is_sound(reading: Reading) -> bool:
    return reading.encrypted in (Encrypted.YES, Encrypted.WEAK)


def _is_below_any(parts: Parts, tops: Iterable[Parts]) -> bool:
    return any(parts[: len(top)] == top for top in tops)


# --- Plain documents ---


def _groups(walked: Walked, rest: Sequence[Looked], tops: tuple[Parts, ...]) -> Iterator[_Group]:
    """The whole location when it holds nothing else, else each of its folders that holds nothing else."""
    documents = [file for file in walked.documents if not _is_below_any(file.parts, tops)]
    taken = {*(parts[:1] for parts, _ in walked.stores), *(parts[:1] for parts, _ in walked.sets), *tops}
    if not taken:
        whole = _Group((), tuple(documents), tuple(rest))
        if _is_mirror(whole):
            yield whole
            return
    below: defaultdict[Parts, list[File]] = defaultdict(list)
    for file in documents:
        if len(file.parts) > 1:
            below[file.parts[:1]].append(file)
    for top, files in below.items():
        archives = tuple(each for each in rest if each[0].parts[:1] == top)
        group = _Group(top, tuple(files), archives)
        if top not in taken and _is_mirror(group):
            yield group


def _is_mirror(group: _Group) -> bool:
    documents = len(group.documents)
    return documents >= LEAST_DOCUMENTS and len(group.archives) * ARCHIVE_SHARE <= documents


def _documents_among(group: _Group) -> Iterator[File]:
    """The archives that are documents of the mirror: alone of their name, in a folder of documents."""
    folders = {file.parts[:-1] for file in group.documents}
    alike = Counter((file.parts[:-1], series_name(file.parts[-1])) for file, _ in group.archives)
    for file, _ in group.archives:
        folder = file.parts[:-1]
        if folder and folder in folders and alike[folder, series_name(file.parts[-1])] == 1:
            yield file


def _plain(inspection: Inspection, walked: Walked, group: _Group, seen: Sequence[_Seen]) -> Found:
    inside = [each for each in seen if _is_below_any(each.file.parts, (group.parts,))]
    count = walked.documents.count if not group.parts else len(group.documents)
    reading = read_documents(tuple((each.seal, each.whole) for each in inside), count)
    passage = _passage(inspection, walked, group)
    point = Point(
        name=group.parts[-1] if group.parts else inspection.tree.name or "documents",
        reading=reading,
        size=sum(file.size for file in group.documents),
        written=passage.at,
        date_kind=passage.kind,
        date_source=passage.source,
        role=Role.MIRROR,
    )
    return Found("mirror", reading, points=(point,), anomalies=tuple(_anomalies(group, inside)))


def read_documents(seen: Sequence[tuple[Seal, bool]], count: int) -> Reading:
    """The mirror of `count` documents, some of which were looked at: what each proved, whether its end was seen."""
    told = Counter(seal for seal, _ in seen)
    readable, other = told[Seal.READABLE] + told[Seal.CUT], told[Seal.HELD] + told[Seal.STRANGE]
    evidence = f"{count} documents sans archive ; {len(seen)} regardés, dont {readable} lisibles sans clé"
    if other:
        evidence += f", {other} illisibles"
    encrypted = Encrypted.UNKNOWN
    if readable:
        encrypted = Encrypted.NO if readable >= other else Encrypted.PARTIAL
    return Reading("plain", encrypted, evidence, _fault(told, whole=sum(whole for _, whole in seen)))


def _fault(told: Counter[Seal], *, whole: int) -> str:
    bad = Counter({seal: told[seal] for seal in _FAULTS})
    if told and bad.total() >= LOST_SHARE * told.total():
        return _FAULTS[bad.most_common(1)[0][0]]
    return "" if whole >= LEAST_WHOLE and not told[Seal.CUT] + told[Seal.STRANGE] else END_NOT_SEEN


def _passage(inspection: Inspection, walked: Walked, group: _Group) -> Passage:
    credible = [file for file in group.documents if file.credible]
    dated = [_dated(inspection, file) for file in credible]
    return last_passage(dated, inspection.now, is_whole=walked.complete)


def _dated(inspection: Inspection, file: File) -> Dated:
    """A far place is not asked file by file; without its second date, a file of a near one proves nothing."""
    if inspection.tree.far:
        return Dated(file.written, None)
    if inspection.hurried():
        return Dated(0.0, None)
    try:
        return Dated(file.written, inspection.tree.status(file.parts).changed)
    except OSError:  # erased since it was listed
        return Dated(0.0, None)


def _anomalies(group: _Group, inside: Sequence[_Seen]) -> Iterator[Anomaly]:
    empty = [file for file in group.documents if not file.size]
    if len(empty) >= max(MANY_EMPTY, EMPTY_SHARE * len(group.documents)):
        words = f"0 octet, parmi les {len(group.documents)} plus récents : {_names(empty)}"
        yield anomaly(Trouble.EMPTY_FILES, group.parts, words, count=len(empty))
    cut = [each.file for each in inside if each.seal is Seal.CUT]
    if cut:
        words = f"documents sans leur fin, parmi {len(inside)} regardés : {_names(cut)}"
        yield anomaly(Trouble.DAMAGED, group.parts, words, count=len(cut))


def _names(files: Sequence[File]) -> str:
    return ", ".join(f"« {file.parts[-1][:SHOWN_LETTERS]} »" for file in files[:SHOWN_NAMES])


# --- Heads ---


def _seen(inspection: Inspection, walked: Walked) -> Iterator[_Seen]:
    """Some documents: the newest, and others evenly among those kept; all those kept with `deep`."""
    documents = list(walked.documents)
    most = MOST_FAR_HEADS if inspection.tree.far else MOST_HEADS
    for file in documents if inspection.deep else _sampled(documents, most):
        if not inspection.heads or inspection.hurried():
            return
        inspection.heads -= 1
        try:
            with inspection.sample(file.parts, patience=PATIENCE) as sample:
                reading = recognise(sample)
                yield _Seen(file, reading, *judge_document(sample, reading))
        except OSError:
            walked.complete = False


def _sampled(files: list[File], most: int) -> list[File]:
    newest, others = files[: most // 2], files[most // 2 :]
    step = max(1, -(-len(others) // (most - most // 2)))
    return [*newest, *others[::step]]


def judge_document(sample: Sample, reading: Reading | None) -> tuple[Seal, bool]:
    """What one document proves, and whether its end was seen; `reading` is what the detectors made of it."""
    if not sample.head.strip(b"\0"):
        return Seal.EMPTY, False
    if reading is not None:
        return _judged(reading)
    if ENCRYPTED_PACKAGE in sample.head or ENCRYPTED_PACKAGE in sample.tail:
        return Seal.HELD, False
    if not is_readable(sample.head):
        lost = sample.suffix in KNOWN_ENDINGS and has_lost_its_magic(sample.head)
        return (Seal.STRANGE if lost else Seal.UNTOLD), False
    ended = _has_its_end(sample)
    return (Seal.CUT if ended is False else Seal.READABLE), ended is True


def _judged(reading: Reading) -> tuple[Seal, bool]:
    if reading.fault in (TRUNCATED, DAMAGED, EMPTY):
        return Seal.CUT, False
    if reading.encrypted is Encrypted.NO:
        return Seal.READABLE, not reading.fault
    return (Seal.UNTOLD if reading.encrypted is Encrypted.UNKNOWN else Seal.HELD), not reading.fault


def _has_its_end(sample: Sample) -> bool | None:
    """None when its format marks none."""
    if sample.head.startswith(PDF):
        return PDF_END in sample.tail[-PDF_END_BYTES:]
    if sample.head.startswith(PNG):
        return PNG_END in sample.tail[-PNG_END_BYTES:]
    return None


_FAULTS = {Seal.CUT: TRUNCATED, Seal.STRANGE: DAMAGED, Seal.EMPTY: EMPTY}

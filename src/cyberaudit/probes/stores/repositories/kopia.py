"""A Kopia repository: its format file, and the packs of metadata (q…) that a snapshot always writes.

Nothing in it tells its snapshots apart without the password; the name of a pack is drawn at random, so that nothing
shows whether it is whole (kopia repo/content/content_manager.go).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import inf
from typing import Any

from cyberaudit.facts.backup import END_NOT_SEEN, Anomaly, DateKind, Encrypted, Role, Trouble, Weakness
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.inspection import Claim, Found, Inspection, Point, anomaly
from cyberaudit.probes.stores.reading import DAMAGED, Reading
from cyberaudit.probes.stores.strength import of_pbkdf2, of_scrypt
from cyberaudit.probes.stores.tree import Entry, Kind, Parts, read

FORMAT_FILES = ("kopia.repository.f", "kopia.repository")
"""On a disk or a share, and in a store of objects (kopia repo/blob/sharded, repo/format)."""
# kopia repo/format/format_blob.go: 65 000 bytes at most when it is written beside the data.
FORMAT_BYTES = 128 * 1024
# kopia repo/content/content_manager.go and sessions.go: a letter, 16 bytes at random, the session: 8 bytes at random,
# then the number of thirty-day months since 2000.
_PACK = re.compile(r"([pq])[0-9a-f]{32}(?:-s[0-9a-f]{16}([0-9a-f]{1,4}))?")
# kopia internal/epoch, repo/content/indexblob: indexes of today and of before.
_INDEX = re.compile(r"x[nsr]\d+_|n[0-9a-f]{32}(?!-repository_unreadable)")
_KDF = re.compile(r"(scrypt|pbkdf2-sha256)-(\d{1,9})(?:-(\d{1,4})-(\d{1,4}))?")
_FIRST_SESSION = datetime(2000, 1, 1, tzinfo=UTC)
_SESSION_MONTH = timedelta(days=30)
# Ours: a session lasts as long as one snapshot; the first one over a slow line takes days.
LONGEST_SESSION = timedelta(days=14)
# kopia repo/format: the default, which content follows in every version that still runs.
SEALED = "AES256_GCM"
# Ours: names of a folder; shards listed for the newest pack, those changed last.
MOST_NAMES, MOST_SHARDS, FAR_SHARDS = 20_000, 64, 6
# Ours: names of a store of objects, which has no folders: packs of 20 MiB, four terabytes.
MOST_FLAT = 200_000
# Ours: a folder of packs seen in its readable form begins so (kopia snapshot/snapshotfs, object stream).
READABLE = b'"kopia:directory"'
# Ours: the clock is looked at once for so many names.
CLOCK_EVERY = 1024
HEAD_BYTES = 64 * 1024
NAME_SHOWN = 12
NOT_TRIED_HERE = Unreachable(Reason.NO_PROBE, "mot de passe vide non essayé sur ce format")
NOT_GIVEN = "ce serveur ne donne pas de date"


def is_repository(name: str, folders: frozenset[str], files: frozenset[str]) -> bool:
    """Whether a folder with these files is one."""
    return any(each in files for each in FORMAT_FILES)


@frozen
class Pack:
    """One file of packed content."""

    parts: Parts
    name: str
    """Whole, without shards or ending."""
    entry: Entry

    @property
    def written(self) -> float:
        return self.entry.written or 0.0

    @property
    def month_end(self) -> float:
        """No later than this, in seconds since 1970: the end of the thirty days its session began in."""
        match = _PACK.fullmatch(self.name)
        if match is None or match[2] is None:
            return inf
        months = int(match[2], 16)
        return (_FIRST_SESSION + (months + 1) * _SESSION_MONTH + LONGEST_SESSION).timestamp()


@dataclass(slots=True)
class Packs:
    """What a look at the repository's folders found."""

    newest: Pack | None = None
    """Of the metadata (q), not empty, the newest."""
    seen: int = 0
    """Packs of metadata."""
    empty: int = 0
    """Packs of 0 byte."""
    has_data: bool = False
    """A pack of documents (p) that is not empty."""
    has_index: bool = False
    complete: bool = True

    def add(self, folder: Parts, prefix: str, entry: Entry) -> None:
        """A file whose name is `prefix`, that of its folders, then its own."""
        name = (prefix + entry.name).removesuffix(".f")
        match = _PACK.fullmatch(name)
        if match is None:
            self.has_index = self.has_index or bool(entry.size and _INDEX.match(name))
            return
        self.empty += not entry.size
        if match[1] == "p":
            self.has_data = self.has_data or entry.size > 0
            return
        self.seen += 1
        pack = Pack((*folder, entry.name), name, entry)
        if entry.size and (self.newest is None or pack.written > self.newest.written):
            self.newest = pack


def packs_in(inspection: Inspection, parts: Parts) -> Packs:
    """The newest metadata, and whether there are documents and an index; folders of documents are not listed whole.

    Raises:
        OSError: the repository's own folder cannot be listed.
    """
    packs = Packs()
    shards: list[Entry] = []
    for number, entry in enumerate(inspection.tree.entries(parts)):
        if number >= MOST_FLAT or (number % CLOCK_EVERY == CLOCK_EVERY - 1 and inspection.hurried()):
            packs.complete = False
            break
        if entry.kind is Kind.FILE:
            packs.add(parts, "", entry)
        elif entry.kind is Kind.FOLDER and entry.name[:1] in "pqxn":
            shards.append(entry)
    for letter in "pxn":
        _look_for_one(inspection, packs, parts, [each for each in shards if each.name.startswith(letter)])
    _look_at_newest(inspection, packs, parts, [each for each in shards if each.name.startswith("q")])
    return packs


def _look_for_one(inspection: Inspection, packs: Packs, parts: Parts, shards: list[Entry]) -> None:
    """A first file below these folders, two folders deep, each step within limits."""
    for folder, prefix, _ in islice(_leaves(inspection, parts, shards), MOST_SHARDS):
        found = packs.has_data if prefix.startswith("p") else packs.has_index
        if found or inspection.hurried():
            return
        for entry in islice(inspection.tree.entries(folder), MOST_NAMES):
            if entry.kind is Kind.FILE:
                packs.add(folder, prefix, entry)


def _look_at_newest(inspection: Inspection, packs: Packs, parts: Parts, shards: list[Entry]) -> None:
    """The folders of metadata changed last: a file is never newer than its folder."""
    leaves = list(islice(_leaves(inspection, parts, shards), MOST_NAMES))
    packs.complete = packs.complete and not (inspection.tree.far and len(shards) > FAR_SHARDS)
    leaves.sort(key=lambda leaf: leaf[2], reverse=True)
    most = FAR_SHARDS if inspection.tree.far else MOST_SHARDS
    for rank, (folder, prefix, changed) in enumerate(leaves):
        enough = not inspection.deep and (rank >= most or inspection.tree.far)
        if enough and packs.newest is not None and 0 < changed < packs.newest.written:
            return
        if (rank >= most and packs.newest is not None and not inspection.deep) or inspection.hurried():
            packs.complete = False
            return
        for entry in islice(inspection.tree.entries(folder), MOST_NAMES):
            if entry.kind is Kind.FILE:
                packs.add(folder, prefix, entry)


def _leaves(inspection: Inspection, parts: Parts, shards: list[Entry]) -> Iterator[tuple[Parts, str, float]]:
    """(folder, what its name and those above put before a file's, when it last changed): `.shards` makes one level or
    two, and three letters or one in the first (kopia repo/blob/sharded).
    """
    shards.sort(key=lambda shard: shard.written or 0.0, reverse=True)
    for shard in shards[: FAR_SHARDS if inspection.tree.far else None]:
        above = (*parts, shard.name)
        for entry in islice(inspection.tree.entries(above), MOST_NAMES):
            if entry.kind is Kind.FOLDER:
                yield (*above, entry.name), shard.name + entry.name, entry.written or 0.0
        yield above, shard.name, shard.written or 0.0


def read_format(data: bytes) -> Reading:
    """What `kopia.repository` says of its encryption."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not (told.get("uniqueID") and told.get("keyAlgo")):
        return Reading(
            "kopia", Encrypted.UNKNOWN, "kopia.repository illisible : rien ne s'ouvre sans lui", DAMAGED
        )
    cipher = clean(str(told.get("encryption")), limit=24)
    stretch, weaknesses = stretching(told["keyAlgo"])
    evidence = f"kopia.repository : encryption = {cipher}, keyAlgo = {stretch}"
    if cipher == "NONE":
        return Reading("kopia", Encrypted.NO, evidence)
    if cipher != SEALED:
        return Reading("kopia", Encrypted.UNKNOWN, f"{evidence} ; chiffrement inconnu")
    if not told.get("encryptedBlockFormat"):
        return Reading("kopia", Encrypted.UNKNOWN, f"{evidence} ; sans encryptedBlockFormat", DAMAGED)
    # The cipher of the contents is one of two, and stands in the encrypted part.
    method = f"AES-256-GCM (clés du dépôt), {stretch}"
    return Reading("kopia", Encrypted.YES, evidence, method=method, weaknesses=weaknesses)


def stretching(algorithm: Any) -> tuple[str, tuple[Weakness, ...]]:
    """(« scrypt N=65536 r=8 p=1 », what is weak in it), of kopia internal/crypto."""
    told = clean(str(algorithm), limit=40)
    match = _KDF.fullmatch(told)
    if match is None:
        return told, (Weakness.FAST_KDF if "insecure" in told else Weakness.UNTOLD,)
    if match[1] == "scrypt" and match[3]:
        n, r, p = (int(match[rank]) for rank in (2, 3, 4))
        return f"scrypt N={n} r={r} p={p}", of_scrypt(n, r)
    if match[1] != "scrypt" and not match[3]:
        rounds = int(match[2])
        return f"PBKDF2-SHA256, {rounds} tours", of_pbkdf2(rounds)
    return told, (Weakness.UNTOLD,)


def read_repository(inspection: Inspection, parts: Parts) -> Found | None:
    """One restore point: the newest that there may be; None: a format file alone, beside other things.

    Raises:
        OSError: the format file is no plain file, or a folder cannot be listed.
    """
    reading = read_format(_format_file(inspection, parts))
    packs = packs_in(inspection, parts)
    newest = packs.newest
    if packs.complete and not (packs.seen or packs.has_data or packs.has_index):
        return None
    if newest is not None and not reading.fault:
        reading = _against_bytes(inspection, reading, newest)
    if not reading.fault and packs.complete and not packs.has_index:
        reading = replace(
            reading, evidence=f"{reading.evidence} ; aucun index (xn, xs, xr ou n)", fault=DAMAGED
        )
    if not reading.fault and packs.empty:
        said = f"{packs.empty} paquet(s) de 0 octet"
        reading = replace(reading, evidence=f"{reading.evidence} ; {said}", fault=DAMAGED)
    points = (_point(inspection, parts, reading, newest),) if newest and packs.has_data else ()
    return Found(
        "kopia",
        reading,
        points,
        anomalies=tuple(_anomalies(packs, parts)),
        empty_password=NOT_TRIED_HERE,
        complete=packs.complete,
    )


def _format_file(inspection: Inspection, parts: Parts) -> bytes:
    """The first that is there.

    Raises:
        OSError: it is no plain file, or cannot be read.
    """
    first, second = ((*parts, name) for name in FORMAT_FILES)
    try:
        return read(inspection.tree, first, most=FORMAT_BYTES)
    except FileNotFoundError:
        return read(inspection.tree, second, most=FORMAT_BYTES)


def _against_bytes(inspection: Inspection, reading: Reading, pack: Pack) -> Reading:
    """Readable folders in the newest pack refute any encryption: it began with versions that could go without."""
    head = read(inspection.tree, pack.parts, most=HEAD_BYTES)
    at = head.find(READABLE)
    if at < 0:
        return reading
    said = f"octet {at:#x} de {pack.name[:NAME_SHOWN]}… : {READABLE.decode()} en clair"
    return Reading("kopia", Encrypted.NO, f"{reading.evidence} ; {said}", reading.fault)


def _point(inspection: Inspection, parts: Parts, reading: Reading, pack: Pack) -> Point:
    written, source = _dated(inspection, pack)
    said = f"{reading.evidence} ; sans le mot de passe, ni les points de retour ni l'intégrité ne se voient"
    return Point(
        name=pack.name[:NAME_SHOWN],
        reading=replace(reading, evidence=said, fault=reading.fault or END_NOT_SEEN),
        size=pack.entry.size,
        written=written,
        # Both maintenances write q packs again (kopia repo/maintenance/maintenance_run.go, content_rewrite.go), and so
        # does any opening that finds many manifests (repo/manifest): a dead repository may show a pack of today.
        date_kind=DateKind.UPPER_BOUND,
        date_source=source,
        role=Role.SNAPSHOT,
        series=" ".join(("kopia", *parts)),
    )


def _dated(inspection: Inspection, pack: Pack) -> tuple[float, str]:
    """(seconds since 1970, where they come from): the older of the file's date and of the month in its name."""
    now = inspection.now.timestamp()
    if pack.entry.written is None:
        return min(now, pack.month_end), NOT_GIVEN
    if pack.written > pack.month_end:
        return pack.month_end, "mois écrit dans le nom du dernier paquet q, plus ancien que le fichier"
    return pack.written, "date du dernier paquet q, que la maintenance réécrit aussi"


def _anomalies(packs: Packs, parts: Parts) -> Iterator[Anomaly]:
    if packs.empty:
        said = "paquets de 0 octet parmi ceux regardés"
        yield anomaly(Trouble.EMPTY_FILES, parts, said, count=packs.empty)
    if not packs.complete:
        return
    if not packs.has_data:
        said = "aucun paquet de documents (p…) : dépôt vide, ou vidé"
        yield anomaly(Trouble.MISSING_PART, parts, said)
    elif packs.newest is None:
        said = "aucun paquet de points de retour (q…)"
        yield anomaly(Trouble.MISSING_PART, parts, said)


CLAIM = Claim("kopia", is_repository, read_repository)

"""One location being read: what its readers are given, what they give back, and the limits they share."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from cyberaudit.facts.backup import Anomaly, DateKind, Role, Trouble, Verification
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.reading import END_BYTES, Reading, Sample
from cyberaudit.probes.stores.tree import OpenFile, Parts, Tree

# Ours: heads of files read in one location, those of repositories apart: a town's newest two hundred copies.
MOST_HEADS = 200
# Ours: well under the time that the whole location is given; past it, what is long is left unfinished.
LOOK_SECONDS, DEEP_SECONDS = 20.0, 3600.0
# Ours: of computing: a million documents take four; a slow share waits and computes little, a bomb only computes.
WORK_SECONDS = 8.0
# Ours: restore points of one store that a reader gives; the others are counted.
MOST_POINTS = 200
PLACE_LIMIT, EVIDENCE_LIMIT = 120, 300
NOT_TRIED = Unreachable(Reason.NOT_LOOKED, "mot de passe vide non essayé")
NO_PASSWORD = Unreachable(Reason.NOT_COLLECTED, "ce format n'a pas de mot de passe à essayer")
NEVER_WRITTEN = Unreachable(Reason.NOT_COLLECTED, "aucune vérification n'est écrite dans ce format")


@dataclass(slots=True)
class Inspection:
    """The location, the clock, and what may still be spent on it."""

    tree: Tree
    now: datetime
    """The scan's date, aware: ages are counted from it."""
    deep: bool = False
    """Every file is read to its end and hashed where its format allows."""
    tries_empty_password: bool = True
    seconds: float = LOOK_SECONDS
    heads: int = MOST_HEADS
    """Files that may still be opened to see what they are."""
    left_out: bool = False
    """A limit left something out: the look is not complete."""
    _start: float = field(default_factory=time.monotonic)
    _worked: float = field(default_factory=time.process_time)

    def hurried(self) -> bool:
        """Whether the location has had its share of time."""
        if time.monotonic() - self._start > self.seconds:
            return True
        return not self.deep and time.process_time() - self._worked > WORK_SECONDS

    @contextmanager
    def sample(self, parts: Parts, *, patience: int) -> Iterator[Sample]:
        """One file as the detectors of single files want it.

        Raises:
            OSError: it is not a plain file, or cannot be read.
        """
        with self.tree.opened(parts) as file:
            yield sample_of(file, patience=patience, hurried=self.hurried)


def sample_of(file: OpenFile, *, patience: int, hurried: Callable[[], bool] = bool) -> Sample:
    """The opened file, its first and last bytes read."""
    size = file.entry.size
    head = file.read_at(0, END_BYTES)
    return Sample(
        name=file.entry.name,
        size=size,
        head=head,
        tail=head[-END_BYTES:] if size <= len(head) else file.read_at(max(size - END_BYTES, 0), END_BYTES),
        read_at=file.read_at,
        patience=patience,
        hurried=hurried,
        stored=file.entry.stored,
    )


@frozen
class Point:
    """One restore point, as its reader gives it: names and texts still as they stand on the disk."""

    name: str
    reading: Reading
    size: int
    """Bytes, of all its volumes."""
    written: float
    """Seconds since 1970 UTC."""
    date_kind: DateKind
    date_source: str
    """French."""
    role: Role
    series: str = ""
    """Its job; empty: the name with dates and numbers masked."""


@frozen
class Found:
    """What one store of the location holds."""

    kind: str
    reading: Reading
    """Of the store as a whole: encryption, method, weaknesses, evidence. Its fault, when it has one, is that of every
    restore point of it."""
    points: tuple[Point, ...]
    """Newest first, at most `MOST_POINTS`."""
    more_points: int = 0
    """Older ones that were counted."""
    moments: tuple[float, ...] = ()
    """The dates of all restore points when they are more than `points`, for their rhythm; seconds since 1970."""
    anomalies: tuple[Anomaly, ...] = ()
    empty_password: bool | Unreachable = NO_PASSWORD
    verified: Verification | Unreachable = NEVER_WRITTEN
    complete: bool = True
    """False when a part of the store could not be read, or was left out."""
    also: frozenset[Parts] = frozenset()
    """Of a family: files that its sets need and whose names alone do not tell it, `name.zip` after `name.z01`."""
    given_back: tuple["File", ...] = ()
    """Of a family: those of its files that are in no set, each looked at alone."""


@frozen
class Claim:
    """How a repository is known from the names of one folder, and read."""

    kind: str
    is_here: Callable[[str, frozenset[str], frozenset[str]], bool]
    """(the folder's own name, names of its folders, names of its files, ten thousand at most) → it may be one."""
    read: Callable[[Inspection, Parts], Found | None]
    """None: it is not one after all, and the folder is walked like any other. May raise OSError: then the folder is
    one, and could not be read."""
    keeps: Callable[[str], bool] = bool
    """Whether a name of its folder is the tool's; the others are walked and sorted. By default all are."""


@dataclass(frozen=True, slots=True, order=True)
class File:
    """One plain file of the location; the greatest is the newest, those dated in the future last."""

    credible: bool
    """Not dated in the future."""
    written: float
    parts: Parts
    size: int


@frozen
class Family:
    """A tool that leaves sets of files with telling names in a folder among others."""

    kind: str
    hint: str
    """Regular expression, cheap, in lower case and without groups, that the lower case of every name of its sets meets:
    the others are not asked of."""
    owns: Callable[[str], bool]
    """Whether a file's name is one of its names."""
    read: Callable[[Inspection, Parts, Sequence[File]], Found | None]
    """(location, folder, its files of this family, newest first, at most twenty thousand). None: they are not its, and
    each is looked at alone."""


def anomaly(code: Trouble, parts: Parts, evidence: str, *, count: int = 1) -> Anomaly:
    """One trouble at one place of the location, safe to show."""
    place = clean("/".join(parts), limit=PLACE_LIMIT)
    return Anomaly(code, place, clean(evidence, limit=EVIDENCE_LIMIT), count)

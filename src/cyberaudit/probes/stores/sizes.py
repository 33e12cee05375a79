"""Copies far smaller than the others of their job: collapsed, unless big and small ones take turns."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from cyberaudit.facts.backup import END_NOT_SEEN, Copy
from cyberaudit.probes.stores.reading import COLLAPSED

# Ours: with fewer copies of one job, no size is the usual one.
SERIES = 3
# Ours: a copy of less than half the usual size has lost what it should hold.
USUAL_SHARE = 0.5
# Ours: as many times a small copy was followed by a big one, before two kinds share one name.
TURNS = 2


def is_bad(copy: Copy) -> bool:
    """It has a fault of its own."""
    return copy.fault not in ("", END_NOT_SEEN)


def against_usual_size(copies: Sequence[Copy]) -> list[Copy]:
    """The same copies, those that have collapsed marked; like compared with like: job and format."""
    jobs: dict[tuple[str, str], list[Copy]] = defaultdict(list)
    for copy in copies:
        if not is_bad(copy):
            jobs[copy.series, copy.format].append(copy)
    floors = {key: _floor(each) for key, each in jobs.items()}
    return [
        replace(copy, fault=COLLAPSED)
        if not is_bad(copy) and copy.size < floors[copy.series, copy.format]
        else copy
        for copy in copies
    ]


def _floor(copies: Sequence[Copy]) -> float:
    """Under as many bytes a copy of this job has collapsed."""
    if len(copies) <= SERIES:
        return 0
    half = USUAL_SHARE * median(copy.size for copy in copies)
    ordered = sorted(copies, key=lambda copy: copy.written_at)
    small = [copy.size for copy in ordered if copy.size < half]
    turns = sum(earlier.size < half <= later.size for earlier, later in pairwise(ordered))
    # A dump that breaks stays broken: its small copies are the newest, and no big one comes after them.
    return USUAL_SHARE * median(small) if turns >= TURNS and len(small) > TURNS else half

"""The copies of each job over time: how often, since when, and the gaps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cyberaudit.facts.backup import Copy, Series
from cyberaudit.probes.stores.inspection import File, Found
from cyberaudit.probes.stores.tree import Parts

_RANK = re.compile(r"\d+|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche", re.IGNORECASE)
"""What changes in the name from one copy to the next."""
_VOLUME = re.compile(r"\.(part\d+\.rar|r\d\d|\d{3}|vol\d+\.difftar(\.\w+)?)$", re.IGNORECASE)
"""What tells the volumes of one archive apart: the last one is shorter, and has not collapsed."""


def series_name(name: str) -> str:
    """What the copies of one job have in common: the name without its date or number."""
    volume = _VOLUME.search(name)
    end = volume.start() if volume else len(name)
    return _RANK.sub("#", name[:end]) + name[end:]


@dataclass(slots=True)
class Rhythms:
    """Every file named like a copy, in bounded memory."""

    def note(self, file: File) -> None:
        """One file that is named like a copy."""

    def series(self, copies: Sequence[Copy], stores: Sequence[tuple[Parts, Found]]) -> tuple[Series, ...]:
        """One for each job: of loose copies by their names, of repositories by their restore points."""
        return ()

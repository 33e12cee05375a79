"""A few names taken evenly out of many, and how they are told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cyberaudit.probes.stores.tree import Parts

# Ours: what a person needs to find the others again.
SHOWN = 3


@dataclass(slots=True)
class Evenly:
    """At most `most` files of a stream, one in `step`; `step` doubles when they are too many."""

    most: int
    count: int = 0
    step: int = 1
    kept: list[Parts] = field(default_factory=list)

    def offer(self, parts: Parts, name: str) -> None:
        """One more file, kept or not."""
        if self.count % self.step == 0:
            self.kept.append((*parts, name))
            if len(self.kept) > self.most:
                del self.kept[1::2]
                self.step *= 2
        self.count += 1


@dataclass(slots=True)
class First:
    """The first files of a stream, and how many there were."""

    most: int = SHOWN
    count: int = 0
    kept: list[Parts] = field(default_factory=list)

    def offer(self, parts: Parts, name: str) -> None:
        self.count += 1
        if len(self.kept) < self.most:
            self.kept.append((*parts, name))


def few(places: Sequence[Parts], count: int) -> str:
    """« compta/a.docx », « b.pdf » et 12 autres."""
    shown = ", ".join(f"« {'/'.join(parts)} »" for parts in places[:SHOWN])
    left = count - min(len(places), SHOWN)
    return f"{shown} et {left} autre{'s' if left > 1 else ''}" if left > 0 else shown

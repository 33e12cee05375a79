"""Documents copied as they are, or encrypted one by one: one version, no archive."""

from collections.abc import Sequence

from cyberaudit.probes.stores.inspection import File, Found, Inspection
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.tree import Parts
from cyberaudit.probes.stores.walk import Walked

Looked = tuple[File, Reading]


def mirrors_among(
    inspection: Inspection, walked: Walked, looked: Sequence[Looked]
) -> tuple[list[Looked], list[tuple[Parts, Found]]]:
    """The files that stand each for itself, and the mirrors, each with its folder."""
    return list(looked), []

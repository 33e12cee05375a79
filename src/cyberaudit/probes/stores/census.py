"""What every file of a location tells by its name, size, dates and rights alone, counted in one pass."""

from dataclasses import dataclass

from cyberaudit.facts.backup import Anomaly, Protection
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.stores.inspection import Inspection
from cyberaudit.probes.stores.tree import Entry, Parts


@dataclass(slots=True)
class Census:
    """Bounded memory; each method is called once for each name, a million times: a microsecond each."""

    def file(self, parts: Parts, entry: Entry) -> None:
        """A plain file of the folder `parts`, whatever it is."""

    def folder(self, parts: Parts, entry: Entry) -> None:
        """A folder below `parts`."""

    def left_out(self, parts: Parts, entry: Entry) -> None:
        """A link, a device, a pipe: not looked at."""

    def unreadable(self, parts: Parts) -> None:
        """A folder that this account may not list."""

    def anomalies(self, inspection: Inspection) -> tuple[Anomaly, ...]:
        """What the whole pass shows, the suspects looked at."""
        return ()

    def protection(self, inspection: Inspection) -> Protection:
        """Who could write or erase there."""
        return Protection(
            filesystem="",
            mode=Unreachable(Reason.NOT_COLLECTED),
            owned_by_us=Unreachable(Reason.NOT_COLLECTED),
            writable_from_here=Unreachable(Reason.NOT_COLLECTED),
            looked_as_root=False,
            world_writable=0,
            world_readable=0,
            immutable=Unreachable(Reason.NOT_COLLECTED),
            evidence="",
        )

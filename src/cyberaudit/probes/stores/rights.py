"""Who could write, read or erase the copies, from the modes of all names and from what the place tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cyberaudit.facts.backup import Protection
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.inspection import EVIDENCE_LIMIT
from cyberaudit.probes.stores.sampling import First, few
from cyberaudit.probes.stores.tree import Entry, Parts, Safeguards

OTHERS_WRITE, OTHERS_READ, OTHERS_PASS = 0o002, 0o004, 0o001
# Ours: past as many closed folders, those below are counted as if they were open.
MOST_CLOSED = 10_000
FILESYSTEM_LIMIT = 20


WITHOUT_MODES = frozenset({"https", "rest", "s3"})
"""Far places whose files have no rights to show."""


@dataclass(slots=True)
class Rights:
    """The modes of all names, counted in one pass and bounded memory."""

    writable: First = field(default_factory=First)
    readable: int = 0
    closed: bool = False
    """The folder being listed, or one above it, lets no other account in."""
    _closed: set[Parts] = field(default_factory=set)

    def enter(self, parts: Parts) -> None:
        """The files that come next are those of this folder."""
        self.closed = bool(self._closed) and any(
            parts[:depth] in self._closed for depth in range(len(parts) + 1)
        )

    def folder(self, parts: Parts, entry: Entry) -> None:
        if entry.mode is None:
            return
        if entry.mode & OTHERS_WRITE:
            self.writable.offer(parts, entry.name)
        if not entry.mode & OTHERS_PASS and len(self._closed) < MOST_CLOSED:
            self._closed.add((*parts, entry.name))

    def file(self, parts: Parts, name: str, mode: int) -> None:
        """A file that other accounts may read or write."""
        if mode & OTHERS_WRITE:
            self.writable.offer(parts, name)
        if mode & OTHERS_READ and not self.closed:
            self.readable += 1


def protection_of(safeguards: Safeguards, rights: Rights) -> Protection:
    """The facts; modes that a mount makes up are not counted."""
    writable, readable = rights.writable.count, rights.readable
    own = isinstance(safeguards.mode, int) and bool(safeguards.mode & OTHERS_WRITE)
    enters = not isinstance(safeguards.mode, int) or bool(safeguards.mode & OTHERS_PASS)
    counted = safeguards.modes_tell
    reached = counted and safeguards.reached_by_all and enters
    return Protection(
        filesystem=clean(safeguards.filesystem, limit=FILESYSTEM_LIMIT),
        mode=safeguards.mode,
        owned_by_us=safeguards.owned_by_us,
        writable_from_here=safeguards.writable_from_here,
        looked_as_root=safeguards.looked_as_root,
        world_writable=writable + own if counted else 0,
        world_readable=readable if reached else 0,
        immutable=safeguards.immutable,
        evidence=clean(_evidence(safeguards, rights.writable.kept, writable), limit=EVIDENCE_LIMIT),
    )


def _evidence(safeguards: Safeguards, samples: Sequence[Parts], writable: int) -> str:
    if not safeguards.modes_tell:
        why = (
            "cet accès ne les donne pas"
            if safeguards.filesystem in WITHOUT_MODES
            else "ce montage les invente"
        )
        return f"{safeguards.evidence} ; les droits des fichiers ne sont pas comptés : {why}"
    if writable:
        return f"{safeguards.evidence} ; modifiables par tous : {few(samples, writable)}"
    return safeguards.evidence

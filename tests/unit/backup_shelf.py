"""A place of backups held in memory: what a server tells of it, dates or none, and how often it was asked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from cyberaudit.probes.stores.tree import Entry, Kind, OpenFile, Parts, Safeguards


@dataclass(slots=True)
class Shelf:
    """Files by their path; a folder is there because a file is, as on a server of objects."""

    files: dict[str, bytes]
    dates: dict[str, float] = field(default_factory=dict)
    """By path, seconds since 1970; a file without one has none."""
    name: str = "copies"
    far: bool = False
    closed: frozenset[str] = frozenset()
    """Paths that this account may not read."""
    questions: int = 0

    def entries(self, parts: Parts) -> Iterator[Entry]:
        self.questions += 1
        start = "".join(f"{part}/" for part in parts)
        below = sorted(path[len(start) :] for path in self.files if path.startswith(start))
        if not below:
            raise FileNotFoundError(start)
        for name in dict.fromkeys(path.partition("/")[0] for path in below):
            yield self._entry(start + name)

    def status(self, parts: Parts) -> Entry:
        self.questions += 1
        path = "/".join(parts)
        if path not in self.files and not any(each.startswith(f"{path}/") for each in self.files):
            raise FileNotFoundError(path)
        return self._entry(path)

    @contextmanager
    def opened(self, parts: Parts) -> Iterator[OpenFile]:
        self.questions += 1
        path = "/".join(parts)
        if path in self.closed:
            raise PermissionError(path)
        if path not in self.files:
            raise FileNotFoundError(path)
        data = self.files[path]
        yield OpenFile(self._entry(path), lambda offset, count: data[offset : offset + count])

    def safeguards(self, newest: Sequence[Parts]) -> Safeguards:
        raise NotImplementedError

    def _entry(self, path: str) -> Entry:
        name = path.rpartition("/")[2]
        if path in self.files:
            return Entry(name, Kind.FILE, len(self.files[path]), self.dates.get(path))
        below = [date for each, date in self.dates.items() if each.startswith(f"{path}/")]
        return Entry(name, Kind.FOLDER, 0, max(below, default=None))

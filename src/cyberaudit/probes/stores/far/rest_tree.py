"""A restic repository behind rest-server: its API, version 2 (restic, doc/100_references.rst, « REST backend »)."""

import errno
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import field
from urllib.parse import unquote

from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.far.blocks import Blocks
from cyberaudit.probes.stores.far.http_session import HttpSession, read_range
from cyberaudit.probes.stores.far.not_told import safeguards_of
from cyberaudit.probes.stores.tree import Entry, Kind, OpenFile, Parts, Safeguards

VERSION_2 = "application/vnd.x.restic.rest.v2"
FOLDERS = ("data", "index", "keys", "locks", "snapshots")
# Ours: one object of a listing has a hundred bytes.
OBJECT_BYTES = 4096
_OBJECT = re.compile(rb"\{[^{}]*\}")
_NAME = re.compile(r"[0-9a-f]{64}")


@frozen
class RestTree:
    """The folders of the repository, as its API names them: `data` is flat, and nothing has a date."""

    session: HttpSession
    another: Callable[[], HttpSession]
    """A session for one listing, which may be left half read."""
    base: str
    """Path of the repository, percent-encoded, ends with « / »."""
    far: bool = True
    _sizes: dict[Parts, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return unquote(self.base.rstrip("/").rpartition("/")[2])

    def entries(self, parts: Parts) -> Iterator[Entry]:
        if not parts:
            yield self.status(("config",))
            yield from (Entry(name, Kind.FOLDER, 0, None) for name in FOLDERS)
        elif len(parts) == 1 and parts[0] in FOLDERS:
            yield from self._listed(parts[0])
        else:
            raise FileNotFoundError(errno.ENOENT, "ce dossier n'existe pas dans un dépôt restic")

    def status(self, parts: Parts) -> Entry:
        if not parts or (len(parts) == 1 and parts[0] in FOLDERS):
            return Entry(parts[-1] if parts else self.name, Kind.FOLDER, 0, None)
        return Entry(parts[-1], Kind.FILE, self._size(parts), None)

    @contextmanager
    def opened(self, parts: Parts) -> Iterator[OpenFile]:
        entry = self.status(parts)
        if entry.kind is not Kind.FILE:
            raise IsADirectoryError(errno.EISDIR, "ce n'est pas un fichier")

        def fetch(offset: int, count: int) -> bytes:
            wanted = {"Accept": VERSION_2, "Range": f"bytes={offset}-{offset + count - 1}"}
            with self.session.ask("GET", self._target(parts), wanted) as answer:
                return read_range(answer, offset, count, size=entry.size)

        yield OpenFile(entry, Blocks(entry.size, fetch).read_at)

    def safeguards(self, newest: Sequence[Parts]) -> Safeguards:  # noqa: ARG002 — the protocol's signature
        return safeguards_of("rest", "rest-server : le mode « append-only » ne se voit pas sans écrire")

    def _target(self, parts: Parts) -> str:
        """`data/ab/ab12…`, as a folder would have it, is `data/ab12…` there."""
        if parts == ("config",):
            return f"{self.base}config"
        if len(parts) > 1 and parts[0] in FOLDERS and _NAME.fullmatch(parts[-1]):
            return f"{self.base}{parts[0]}/{parts[-1]}"
        raise FileNotFoundError(errno.ENOENT, "ce nom n'existe pas dans un dépôt restic")

    def _size(self, parts: Parts) -> int:
        target = self._target(parts)
        size = self._sizes.get((parts[0], parts[-1]))
        if size is None:
            with self.session.ask("HEAD", target, {"Accept": VERSION_2}) as answer:
                size = answer.length
        if size is None:
            raise OSError(errno.EPROTO, "le serveur ne dit pas la taille du fichier")
        return size

    def _listed(self, folder: str) -> Iterator[Entry]:
        """One folder, told as it comes: that of the data may have a million names."""
        accepted = {"Accept": VERSION_2}
        with (
            closing(self.another()) as session,
            session.ask("GET", f"{self.base}{folder}/", accepted) as answer,
        ):
            if answer.headers.get("content-type", "").partition(";")[0] != VERSION_2:
                raise OSError(errno.EPROTO, "le serveur ne parle pas la version 2 de rest-server")
            for entry in filter(None, map(_entry, objects(answer.chunks))):
                if folder != "data":
                    self._sizes[folder, entry.name] = entry.size
                yield entry


def objects(chunks: Iterator[bytes]) -> Iterator[object]:
    """The objects of a JSON list of flat ones, as its bytes come.

    Raises:
        OSError: it is no such list, or it breaks off.
    """
    waiting = b""
    begun = False
    for chunk in chunks:
        waiting += chunk
        if not begun and waiting.lstrip():
            begun = waiting.lstrip().startswith((b"[", b"null"))
            if not begun:
                raise OSError(errno.EPROTO, "la réponse n'est pas la liste attendue")
        end = 0
        for found in _OBJECT.finditer(waiting):
            yield _json(found[0])
            end = found.end()
        waiting = waiting[end:]
        if len(waiting) > OBJECT_BYTES:
            raise OSError(errno.EPROTO, "la réponse n'est pas la liste attendue")
    if waiting.strip() not in (b"]", b"[]", b"null"):
        raise OSError(errno.EPIPE, "réponse interrompue avant sa fin")


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise OSError(errno.EPROTO, "la réponse n'est pas la liste attendue") from None


def _entry(found: object) -> Entry | None:
    if not isinstance(found, dict):
        return None
    name, size = found.get("name"), found.get("size")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(size, int) or size < 0:
        return None
    return Entry(name, Kind.FILE, size, None)

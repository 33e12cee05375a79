"""A folder of an SFTP server: no link below it is followed, nothing but a plain file is opened."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from urllib.parse import unquote_to_bytes

from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.far.blocks import Blocks
from cyberaudit.probes.stores.far.not_told import UNTOLD, safeguards_of
from cyberaudit.probes.stores.far.sftp_client import Attributes, SftpClient
from cyberaudit.probes.stores.tree import Entry, Kind, OpenFile, Parts, Safeguards

# NAME_MAX of Linux file systems.
NAME_BYTES = 255
# Ours: a folder is asked once whether it is a link; a hostile place has no end of them.
MOST_REMEMBERED = 50_000


@frozen
class SftpTree:
    """The tree below one folder; that folder itself may be a link, since configuration names it."""

    client: SftpClient
    root: bytes
    """Path on the server, absolute, or below the account's home."""
    far: bool = True
    _folders: set[Parts] = field(default_factory=set)
    _files: dict[Parts, Entry] = field(default_factory=dict)
    """As their folder was listed: a file costs no question before it is opened."""

    @property
    def name(self) -> str:
        return _text(self.root.rstrip(b"/").rpartition(b"/")[2])

    def entries(self, parts: Parts) -> Iterator[Entry]:
        self._refuse_links(parts)
        for raw, attributes in self.client.listing(self._path(parts)):
            name = _text(raw)
            if name in (".", ".."):
                continue
            if not _is_plain(name, raw):
                yield Entry(name[:NAME_BYTES], Kind.OTHER, 0, None)
                continue
            entry = _entry(name, attributes)
            if entry.kind is Kind.FOLDER and len(self._folders) < MOST_REMEMBERED:
                self._folders.add((*parts, name))
            elif entry.kind is Kind.FILE and len(self._files) < MOST_REMEMBERED:
                self._files[*parts, name] = entry
            yield entry

    def status(self, parts: Parts) -> Entry:
        if not parts:
            return _entry(self.name, self.client.status(self.root, follow=True))
        self._refuse_links(parts[:-1])
        return _entry(parts[-1], self.client.status(self._path(parts)))

    @contextmanager
    def opened(self, parts: Parts) -> Iterator[OpenFile]:
        entry = self._files.get(parts) or self.status(parts)
        # Asked before: a server that opens a pipe waits for its other end.
        if entry.kind is not Kind.FILE:
            raise OSError(errno.EINVAL, "ce n'est pas un fichier ordinaire")
        handle = self.client.open(self._path(parts))
        try:
            now = self.client.open_status(handle)
            if not now.is_file or now.size != entry.size:
                raise OSError(errno.ESTALE, "le fichier a changé pendant la lecture")
            blocks = Blocks(entry.size, lambda offset, count: self.client.read(handle, offset, count))
            yield OpenFile(entry, blocks.read_at)
        finally:
            self.client.close(handle)

    def safeguards(self, newest: Sequence[Parts]) -> Safeguards:  # noqa: ARG002 — the protocol's signature
        try:
            mode = self.status(()).mode
        except OSError:
            mode = None
        said = "droits du dossier non dits" if mode is None else f"droits du dossier {mode:04o}"
        return safeguards_of(
            "sftp",
            f"SFTP : {said} ; un verrou contre l'effacement ne s'y voit pas",
            mode=UNTOLD if mode is None else mode,
            modes_tell=mode is not None,
        )

    def _path(self, parts: Parts) -> bytes:
        return b"/".join((self.root.rstrip(b"/") or b"", *map(_bytes, parts))) or b"/"

    def _refuse_links(self, parts: Parts) -> None:
        for depth in range(1, len(parts) + 1):
            step = parts[:depth]
            if step in self._folders:
                continue
            if not self.client.status(self._path(step)).is_folder:
                raise NotADirectoryError(errno.ENOTDIR, "ce n'est pas un dossier, ou c'est un lien")
            self._folders.add(step)


def root_of(path: str) -> bytes:
    """The folder that the path of a URL names: « /~/copies » lies below the account's home."""
    plain = unquote_to_bytes(path)
    return b"./" + plain[3:] if plain.startswith(b"/~/") else plain or b"/"


def _entry(name: str, attributes: Attributes) -> Entry:
    kind = Kind.OTHER
    if attributes.is_file:
        kind = Kind.FILE
    elif attributes.is_folder:
        kind = Kind.FOLDER
    elif attributes.is_link:
        kind = Kind.LINK
    return Entry(
        name,
        kind,
        (attributes.size or 0) if kind is Kind.FILE else 0,
        attributes.written,
        None if attributes.mode is None else attributes.mode & 0o7777,
        attributes.owner,
    )


def _is_plain(name: str, raw: bytes) -> bool:
    return bool(name) and "/" not in name and "\0" not in name and len(raw) <= NAME_BYTES


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")

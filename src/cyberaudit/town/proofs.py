"""The documents behind declarations, read again: each still is what it was, or is not."""

import errno
import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path

from cyberaudit.declared import AnyAsset, Declaration, Declared, Document, Town

# Ours: a signed contract scanned page by page weighs less; above, a scan would wait for a disk.
MAX_PROOF_BYTES = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
_ABSENT = {errno.ENOENT, errno.ENOTDIR}


def documents_read(town: Town, folder: Path) -> Town:
    """The town, each declaration whose document left a digest saying what its file under `folder` is today.

    `folder` is where the profile stands. A path that leads out of it, by itself or by a link, is never opened.
    """
    digests: dict[str, str | Document] = {}
    return replace(town, assets=tuple(_asset(each, folder, digests) for each in town.assets))


def _asset(asset: AnyAsset, folder: Path, digests: dict[str, str | Document]) -> AnyAsset:
    if not any(entry.declaration.sha256 for entry in asset.declared):
        return asset
    entries = tuple(
        Declared(entry.field, _declaration(entry.declaration, folder, digests)) for entry in asset.declared
    )
    return replace(asset, declared=entries)


def _declaration(said: Declaration, folder: Path, digests: dict[str, str | Document]) -> Declaration:
    if not (said.proof and said.sha256):
        return said
    # One file may stand behind many answers: it is read once.
    if said.proof not in digests:
        digests[said.proof] = digest_under(folder, said.proof)
    found = digests[said.proof]
    if isinstance(found, Document):
        return replace(said, document=found)
    return replace(said, document=Document.UNCHANGED if found == said.sha256 else Document.CHANGED)


def digest_under(folder: Path, name: str) -> str | Document:
    """The SHA-256 of the file `name` under `folder`, in lower-case hexadecimal; why not, when it has none."""
    try:
        real = (folder / name).resolve(strict=True)
        if not real.is_relative_to(folder.resolve()):
            return Document.UNREADABLE
        return _digest(real)
    except OSError as error:
        return Document.MISSING if error.errno in _ABSENT else Document.UNREADABLE
    except (ValueError, RuntimeError):  # a null byte, links that turn in circles
        return Document.UNREADABLE


def _digest(path: Path) -> str | Document:
    # Links were followed above: one put there since is refused, and a pipe never makes us wait.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:  # noqa: PTH123 - a descriptor
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return Document.UNREADABLE
        digest, left = hashlib.sha256(), MAX_PROOF_BYTES
        while chunk := file.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                return Document.UNREADABLE
            digest.update(chunk)
    return digest.hexdigest()


__all__ = ["MAX_PROOF_BYTES", "digest_under", "documents_read"]

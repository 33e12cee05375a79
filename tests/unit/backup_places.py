"""A folder of the test, read as the child process reads a place of backups."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cyberaudit.facts.backup import StoreContents
from cyberaudit.probes.stores.contents import read_contents
from cyberaudit.probes.stores.inspection import Inspection, sample_of
from cyberaudit.probes.stores.local_tree import LocalTree
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.recognise import recognise

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
MEBIBYTE = 1024 * 1024


@contextmanager
def inspecting(path: Path, *, now: datetime = NOW, **options: Any) -> Iterator[Inspection]:
    """The folder, open; `options` are those of `Inspection`."""
    root = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Inspection(LocalTree(root, path.name), now, **options)
    finally:
        os.close(root)


def contents_of(path: Path, *, now: datetime = NOW, **options: Any) -> StoreContents:
    """What the whole look makes of the folder."""
    with inspecting(path, now=now, **options) as inspection:
        return read_contents(inspection, device="1")


def recognised(path: Path, *, patience: int = 64 * MEBIBYTE) -> Reading | None:
    """What one file is."""
    with inspecting(path.parent) as inspection, inspection.tree.opened((path.name,)) as file:
        return recognise(sample_of(file, patience=patience))


def set_back(path: Path, moment: datetime) -> None:
    """Give a file, or a folder and all it holds, the date of an older writing."""
    seconds = moment.timestamp()
    for each in (*(path.rglob("*") if path.is_dir() else ()), path):
        os.utime(each, (seconds, seconds), follow_symlinks=False)

"""Folders in which each file carries the mark of one tool: rclone crypt, Cloud Sync, eCryptfs."""

import re
from collections.abc import Callable
from dataclasses import replace

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.probes.stores.formats.marked import is_hidden_name, read_marked
from cyberaudit.probes.stores.inspection import Found, Inspection
from cyberaudit.probes.stores.reading import Reading, Sample
from cyberaudit.probes.stores.tree import Parts
from cyberaudit.probes.stores.vaults.sealed import Seal, Tool, is_readable, read_sealed

KINDS = {"rclone": "rclone-crypt", "cloud-sync": "cloud-sync", "ecryptfs": "ecryptfs"}
"""The format of a file → the kind of store that such files make."""
# rclone, « Crypt »: « .bin » is added to a name left readable; one that is only turned begins with the turn's number.
_CLEAR_NAME = re.compile(r".+\.bin|(\d{1,3}|!)\..*", re.DOTALL)


def read_marked_folder(
    inspection: Inspection, parts: Parts, reading: Reading, *, without: frozenset[Parts] = frozenset()
) -> Found:
    """The folder as one copy; `reading` is that of one of its files.

    Raises:
        OSError: it cannot be listed.
    """
    tool = Tool(
        kind=KINDS[reading.format],
        judge=judge_for(reading.format),
        is_own_name=_is_own_name if reading.format == "rclone" else _any_name,
        is_clear_part=_no_name,
        written_here=reading.format == "ecryptfs",
        end_is_told=reading.fault == "",
    )
    return read_sealed(inspection, parts, tool, replace(reading, fault=""), without=without)


def judge_for(marked: str) -> Callable[[Sample], Seal]:
    """How one file of a folder of that format is judged."""

    def judge(sample: Sample) -> Seal:
        reading = read_marked(sample)
        if reading is not None and reading.format == marked:
            return _seal_of(reading)
        if not sample.head.strip(b"\0"):
            return Seal.EMPTY
        return Seal.READABLE if is_readable(sample.head) else Seal.STRANGE

    return judge


def _seal_of(reading: Reading) -> Seal:
    if reading.encrypted is Encrypted.NO:
        return Seal.READABLE
    if reading.fault not in ("", END_NOT_SEEN):
        return Seal.CUT
    return Seal.STRANGE if reading.encrypted is Encrypted.UNKNOWN else Seal.HELD


def _is_own_name(name: str) -> bool:
    return is_hidden_name(name) or _CLEAR_NAME.fullmatch(name) is not None


def _any_name(name: str) -> bool:
    return bool(name)


def _no_name(name: str) -> bool:
    return not name

"""The checksum that whoever made a copy left beside it: it proves the end of formats that mark none."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from cyberaudit.facts.backup import END_NOT_SEEN
from cyberaudit.probes.stores.inspection import File, Inspection
from cyberaudit.probes.stores.reading import DAMAGED, Reading
from cyberaudit.probes.stores.tree import OpenFile, read

# Against accident, not against malice: whoever may write the copy may write its sum.
ENDINGS = {"sha256": "sha256", "sha512": "sha512", "sha1": "sha1", "md5": "md5"}
LISTS = {"SHA256SUMS": "sha256", "SHA512SUMS": "sha512", "MD5SUMS": "md5"}
# A list of a thousand copies.
LIST_BYTES = 256 * 1024
# Ours: some six seconds of SHA-256, where time allows; a larger copy is summed by --deep alone.
MOST_BYTES = 2 * 1024 * 1024 * 1024
FAR_BYTES = 4 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
_LINE = re.compile(rb"\\?([0-9a-fA-F]{32,128})(?:[ \t][ \t*](.+))?")


def against_sum(
    inspection: Inspection, file: File, reading: Reading, *, hurried: Callable[[], bool]
) -> Reading:
    """`reading`, whose end is proved, or refuted, by a checksum beside the file; unchanged without one.

    Raises:
        OSError: the file cannot be read.
    """
    if reading.fault not in ("", END_NOT_SEEN):
        return reading
    most = FAR_BYTES if inspection.tree.far else MOST_BYTES
    if file.size > most and not inspection.deep:
        return reading
    for place, algorithm, expected in _sums(inspection, file):
        with inspection.tree.opened(file.parts) as opened:
            found = _digest(opened, algorithm, hurried=hurried)
        if found is None:
            return reading
        if found != expected:
            words = f"{reading.evidence} ; son {algorithm.upper()} n'est pas celui de {place}"
            return replace(reading, fault=DAMAGED, evidence=words)
        return replace(
            reading, fault="", evidence=f"{reading.evidence} ; {algorithm.upper()} de {place} juste"
        )
    return reading


def _sums(inspection: Inspection, file: File) -> Iterator[tuple[str, str, str]]:
    """(where it is written, algorithm, hexadecimal digest), the file's own sum before the folder's list."""
    *folder, name = file.parts
    for beside, algorithm in (
        *((f"{name}.{ending}", algorithm) for ending, algorithm in ENDINGS.items()),
        *LISTS.items(),
    ):
        try:
            text = read(inspection.tree, (*folder, beside), most=LIST_BYTES)
        except OSError:
            continue
        yield from ((beside, algorithm, digest) for digest in _digests(text, name, algorithm))


def _digests(text: bytes, name: str, algorithm: str) -> Iterator[str]:
    """Those of the lines that speak of `name`, or of nothing: « digest  name » as sha256sum(1) writes it."""
    length = hashlib.new(algorithm).digest_size * 2
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is None or len(match[1]) != length:
            continue
        said = match[2]
        if said is None or said.rpartition(b"/")[2] == name.encode("utf-8", "surrogateescape"):
            yield match[1].decode("ascii").lower()


def _digest(file: OpenFile, algorithm: str, *, hurried: Callable[[], bool]) -> str | None:
    """None when time was too short."""
    total = hashlib.new(algorithm, usedforsecurity=False)
    at = 0
    while chunk := file.read_at(at, CHUNK_BYTES):
        total.update(chunk)
        at += len(chunk)
        if hurried():
            return None
    return total.hexdigest()

"""What a borg repository keeps beside its log: how many live objects each segment has, and where each object is."""

import re
import struct
from collections.abc import Callable

from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.borg.msgpack import mapping

INDEX_NAME = re.compile(r"index\.(\d{1,10})", re.ASCII)
# Ours: some ten bytes a segment of 500 MB: far more than a town's disk.
MOST_HINTS = 4 * 1024 * 1024
# borg 1 _hashindex.c: magic, entries, buckets, bytes of a key, bytes of a value; then the buckets.
_INDEX = struct.Struct("<8siibb")
_MAGIC, _KEY_BYTES, _VALUE_BYTES = b"BORG_IDX", 32, 8
_BUCKET = _KEY_BYTES + _VALUE_BYTES
_EMPTY, _DELETED = 0xFFFFFFFF, 0xFFFFFFFE
# Ours: reads of one search; a table is at most 93 % full (HASH_MAX_EFF_LOAD), its runs are far shorter.
MOST_STEPS, STEPS_A_READ = 128, 16


def live_objects(hints: bytes) -> dict[int, int] | None:
    """Segment → how many objects of it are still in use; None when the hints cannot be read."""
    fields = mapping(hints)
    segments = fields.get(b"segments") if fields else None
    if fields is None or fields.get(b"version") != 2 or not isinstance(segments, dict):
        return None
    return {
        number: count
        for number, count in segments.items()
        if isinstance(number, int) and isinstance(count, int) and count >= 0
    }


@frozen
class Index:
    """The table of borg 1: the id of an object → its segment and its offset there."""

    read_at: Callable[[int, int], bytes]
    buckets: int

    def place(self, key: bytes) -> tuple[int, int] | None:
        """(segment, offset) of the object; None when the table does not have it."""
        at = int.from_bytes(key[:4], "little") % self.buckets
        for _ in range(MOST_STEPS):
            run = self.read_at(_INDEX.size + at * _BUCKET, STEPS_A_READ * _BUCKET)
            for start in range(0, len(run) - _BUCKET + 1, _BUCKET):
                segment, offset = struct.unpack_from("<II", run, start + _KEY_BYTES)
                if segment == _EMPTY:
                    return None
                if segment != _DELETED and run[start : start + _KEY_BYTES] == key:
                    return segment, offset
            at = (at + len(run) // _BUCKET) % self.buckets if len(run) >= _BUCKET else 0
        return None


def read_index(read_at: Callable[[int, int], bytes], size: int) -> Index | None:
    """The table of a file of `size` bytes; None when it is of another form (borg 2), or cut."""
    head = read_at(0, _INDEX.size)
    if len(head) < _INDEX.size:
        return None
    magic, _, buckets, key_bytes, value_bytes = _INDEX.unpack(head)
    whole = buckets > 0 and size == _INDEX.size + buckets * _BUCKET
    if magic != _MAGIC or (key_bytes, value_bytes) != (_KEY_BYTES, _VALUE_BYTES) or not whole:
        return None
    return Index(read_at, buckets)

"""What a readable manifest says: the names and the dates of the archives of a borg repository."""

from datetime import UTC, datetime

from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.borg.compression import decompressed, of_borg1
from cyberaudit.probes.stores.borg.msgpack import Value, mapping
from cyberaudit.probes.stores.borg.objects import Envelope

# borg constants.py MAX_DATA_SIZE: no manifest is larger; some 250 bytes an archive make this fifteen thousand of them.
MOST_MANIFEST = 4 * 1024 * 1024
# borg archive.py: what an interrupted run left, « mairie.checkpoint », « mairie.checkpoint.1 ».
CHECKPOINT = ".checkpoint"


@frozen
class Archive:
    """One archive of the manifest."""

    name: str
    id: bytes
    made: datetime | None
    """Aware; None when it cannot be read."""

    @property
    def is_checkpoint(self) -> bool:
        """An interrupted run left it: a part of what should be there."""
        stem, _, number = self.name.rpartition(".")
        return self.name.endswith(CHECKPOINT) or (stem.endswith(CHECKPOINT) and number.isdigit())


def read_manifest(object_: Envelope, *, version: int) -> tuple[Archive, ...] | None:
    """The archives, newest first, those without date last; None when the manifest cannot be read."""
    content = _content(object_, version=version)
    fields = mapping(content) if content is not None else None
    archives = fields.get(b"archives") if fields else None
    if fields is None or not isinstance(archives, dict) or b"timestamp" not in fields:
        return None
    found = [_archive(name, about) for name, about in archives.items()]
    oldest = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(found, key=lambda archive: archive.made or oldest, reverse=True))


def _content(object_: Envelope, *, version: int) -> bytes | None:
    if version == 1:
        return of_borg1(object_.content, most=MOST_MANIFEST)
    method = (mapping(object_.about) or {}).get(b"ctype")
    if not isinstance(method, int):
        return None
    return decompressed(method, object_.content, most=MOST_MANIFEST)


def _archive(name: Value, about: Value) -> Archive:
    fields = about if isinstance(about, dict) else {}
    id_, made = fields.get(b"id"), fields.get(b"time")
    return Archive(
        name=name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else "",
        id=id_ if isinstance(id_, bytes) else b"",
        made=moment(made) if isinstance(made, bytes) else None,
    )


def moment(text: bytes) -> datetime | None:
    """A date of borg, UTC when it does not say its zone (helpers/time.py)."""
    try:
        found = datetime.fromisoformat(text[:40].decode("ascii"))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

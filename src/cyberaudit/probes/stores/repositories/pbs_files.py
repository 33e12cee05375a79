"""The files of a Proxmox Backup Server snapshot: manifest, blobs, indexes and the chunks these name."""

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from struct import Struct
from typing import Any

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.formats import zstd_frame
from cyberaudit.probes.stores.inspection import Inspection
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, TRUNCATED, Reading, octets
from cyberaudit.probes.stores.tree import OpenFile, Parts

# proxmox-backup, file_formats.rs: the first eight bytes of each kind of file.
PLAIN, PACKED = bytes.fromhex("42ab3807be8370a1"), bytes.fromhex("31b958426fb6a37f")
SEALED, SEALED_PACKED = bytes.fromhex("7b6785be222d4cf0"), bytes.fromhex("e6591bbf0bbfd80b")
FIXED, DYNAMIC = bytes.fromhex("2f7f41ed91fd0fcd"), bytes.fromhex("1c914ea519bab3cd")
CLEAR_MARKS, SEALED_MARKS = frozenset({PLAIN, PACKED}), frozenset({SEALED, SEALED_PACKED})
# file_formats.rs: magic and CRC; an encrypted blob then has its IV and its tag.
HEADER_BYTES, SEALED_HEADER_BYTES = 12, 44
# fixed_index.rs, dynamic_index.rs: a page, then one entry a chunk.
INDEX_HEADER_BYTES, DIGEST_BYTES = 4096, 32
ENTRY_BYTES = {FIXED: 32, DYNAMIC: 40}
MANIFEST = "index.json.blob"
# manifest.rs: the master key's own copy of the key is sealed with RSA, in a blob without encryption.
SEALED_KEY = "rsa-encrypted.key.blob"
# Ours: a manifest names some files in 200 bytes each; two hundred of the largest are decompressed in some seconds.
MANIFEST_BYTES = 64 * 1024
TOO_LONG = f"plus de {MANIFEST_BYTES} octets"
NOT_UNPACKED = f"zstd non décompressé, ou en plus de {MANIFEST_BYTES} octets"
# Ours: blobs hold configurations; larger ones are summed with --deep.
BLOB_BYTES = 1024 * 1024
# Ours: files of one snapshot: one for each disk of a machine, and a few more.
MOST_FILES, ENTRIES = 300, 2000
# Ours: digests of an index read at once, and chunks held at once, with --deep.
MOST_KNOWN = 100_000
STRETCH_BYTES, CHUNK_BYTES = 40 * 32 * 512, 32 * 1024 * 1024
OUTCOMES = ("ok", "failed")
MODES = frozenset({"none", "sign-only", "encrypt"})
# pbs-api-types, UPID: fields divided by colons, the hexadecimal start time is the sixth.
START_FIELD, UPID_FIELDS = 5, 9
# The last second of the year 9999, the last that dates can tell.
LAST_SECOND = 253_402_300_799

_HEADER = Struct("<8s16sq32sQQ")


@frozen
class Listed:
    """One file of a manifest."""

    name: str
    mode: str
    """`none`, `sign-only` (readable), `encrypt`."""
    size: int
    """Of the disk or the tree for an index, of the file for a blob."""
    digest: bytes


@frozen
class Manifest:
    """What a snapshot says of itself."""

    files: tuple[Listed, ...]
    moment: float | None
    fingerprint: str
    verified_at: float | None
    """When the server began to verify it; None: never, or not told."""
    outcome: str
    """`ok`, `failed`; empty: never verified."""


@frozen
class Seen:
    """One file of a manifest as it stands on the disk."""

    listed: Listed
    size: int
    """Bytes that a restore would give, as the manifest says."""
    fault: str
    why: str
    made: float = 0.0
    """Seconds since 1970 in an index's header."""
    clear_seen: str = ""
    """The first bytes that show it readable, in French."""
    sealed_seen: str = ""
    """The first bytes that show it encrypted, in French."""


@dataclass(slots=True)
class Chunks:
    """The chunk store, asked for a few chunks of each index, for all with --deep."""

    inspection: Inspection
    root: Parts
    ends: int = 1
    """Chunks asked for at each end of an index."""
    asked: int = 0
    missing: int = 0
    left_out: bool = False
    known: dict[bytes, bytes] = field(default_factory=dict)
    """First bytes of those found good."""


def chunk_path(digest: bytes) -> Parts:
    """Below `.chunks` (chunk_store.rs)."""
    name = digest.hex()
    return (name[:4], name)


def read_manifest(data: bytes) -> Manifest | Reading:
    """The manifest in a blob; a Reading says why there is none."""
    text, why = blob_text(data)
    if text is None:
        # What is whole by its CRC, and too long for us, is not said to be damaged.
        fault = EMPTY if not data else END_NOT_SEEN if why in (TOO_LONG, NOT_UNPACKED) else DAMAGED
        return Reading("pbs", Encrypted.UNKNOWN, f"{MANIFEST} : {why}", fault)
    try:
        said = json.loads(text)
        return _manifest(said)
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return Reading("pbs", Encrypted.UNKNOWN, f"{MANIFEST} : contenu incompris", DAMAGED)


def blob_text(data: bytes) -> tuple[bytes | None, str]:
    """What a readable blob holds, or None and why."""
    mark, summed = data[:8], int.from_bytes(data[8:HEADER_BYTES], "little")
    if mark not in CLEAR_MARKS:
        return None, f"octets 0 à 7 = {octets(mark)}" if mark else "0 octet"
    if len(data) > MANIFEST_BYTES:
        return None, TOO_LONG
    body = data[HEADER_BYTES:]
    if zlib.crc32(body) != summed:
        return None, "le CRC32 (octet 8) ne va pas"
    if mark == PLAIN:
        return body, ""
    try:
        return zstd_frame.decompress(body, most=MANIFEST_BYTES), ""
    except zstd_frame.Broken:
        return None, NOT_UNPACKED


def _manifest(said: dict[str, Any]) -> Manifest:
    files = tuple(_listed(each) for each in said["files"][:MOST_FILES])
    unprotected = said.get("unprotected")
    extra: dict[str, Any] = unprotected if isinstance(unprotected, dict) else {}
    state = extra.get("verify_state")
    told: dict[str, Any] = state if isinstance(state, dict) else {}
    started = start_of(str(told.get("upid", "")))
    outcome = told.get("state")
    moment = said.get("backup-time")
    return Manifest(
        files,
        float(moment) if isinstance(moment, int) and 0 < moment <= LAST_SECOND else None,
        clean(str(extra.get("key-fingerprint") or ""), limit=23),
        started if outcome in OUTCOMES else None,
        outcome if outcome in OUTCOMES else "",
    )


def _listed(each: dict[str, Any]) -> Listed:
    name, mode = each["filename"], each.get("crypt-mode", "none")
    if not isinstance(name, str) or not name or "/" in name or name in (".", "..") or "\0" in name:
        raise ValueError("name")
    if mode not in MODES or not isinstance(each["size"], int) or each["size"] < 0:
        raise ValueError("mode or size")
    return Listed(name, mode, min(each["size"], 1 << 62), bytes.fromhex(each["csum"]))


def start_of(upid: str) -> float | None:
    """Seconds since 1970 at which a task began."""
    fields = upid.split(":")
    if fields[0] != "UPID" or len(fields) < UPID_FIELDS:
        return None
    try:
        seconds = int(fields[START_FIELD], 16)
    except ValueError:
        return None
    return float(seconds) if 0 < seconds <= LAST_SECOND else None


def see_file(listed: Listed, file: OpenFile, chunks: Chunks) -> Seen:
    """The opened file against what the manifest says of it.

    Raises:
        OSError: it cannot be read.
    """
    if listed.name.endswith(".blob"):
        return _see_blob(listed, file, chunks)
    return _see_index(listed, file, chunks)


def _see_blob(listed: Listed, file: OpenFile, chunks: Chunks) -> Seen:
    head = file.read_at(0, SEALED_HEADER_BYTES)
    mark, size = head[:8], file.entry.size
    if not size:
        return Seen(listed, 0, EMPTY, f"{listed.name} : 0 octet")
    if mark not in CLEAR_MARKS | SEALED_MARKS:
        return Seen(listed, size, DAMAGED, f"{listed.name} : octets 0 à 7 = {octets(mark)}")
    if size != listed.size:
        why = f"{listed.name} : {size} octets pour {listed.size} annoncés"
        return Seen(listed, size, TRUNCATED if size < listed.size else DAMAGED, why)
    seen = Seen(listed, size, "", "")
    if listed.name != SEALED_KEY:
        seen = _marked(seen, mark, listed.name)
    if size <= BLOB_BYTES or chunks.inspection.deep:
        return _summed(seen, file, chunks.inspection)
    return seen


def _marked(seen: Seen, mark: bytes, name: str) -> Seen:
    words = f"octets 0 à 7 de {name} = {octets(mark)}"
    return replace(seen, sealed_seen=words) if mark in SEALED_MARKS else replace(seen, clear_seen=words)


def _summed(seen: Seen, file: OpenFile, inspection: Inspection) -> Seen:
    """The manifest holds the SHA-256 of the whole blob (manifest.rs)."""
    digest, at = hashlib.sha256(), 0
    while block := file.read_at(at, BLOB_BYTES):
        digest.update(block)
        at += len(block)
        if inspection.hurried():
            return replace(seen, fault=END_NOT_SEEN, why=f"{seen.listed.name} : non lu jusqu'au bout")
    if digest.digest() != seen.listed.digest:
        return replace(seen, fault=DAMAGED, why=f"{seen.listed.name} : le SHA-256 du manifeste ne va pas")
    return seen


def _see_index(listed: Listed, file: OpenFile, chunks: Chunks) -> Seen:
    size = file.entry.size
    head = file.read_at(0, _HEADER.size)
    if not size:
        return Seen(listed, 0, EMPTY, f"{listed.name} : 0 octet")
    mark = head[:8]
    expected = FIXED if listed.name.endswith(".fidx") else DYNAMIC
    if mark != expected:
        return Seen(listed, 0, DAMAGED, f"{listed.name} : octets 0 à 7 = {octets(mark)}")
    if size < INDEX_HEADER_BYTES:
        return Seen(listed, 0, TRUNCATED, f"{listed.name} : {size} octets")
    _, _, made, digest, total, step = _HEADER.unpack(head)
    seen = Seen(listed, listed.size, "", "", float(made) if 0 < made <= LAST_SECOND else 0.0)
    why = _index_trouble(listed, file, mark, (total, step))
    if why:
        return replace(seen, fault=TRUNCATED, why=f"{listed.name} : {why}")
    if digest != listed.digest:
        return replace(
            seen, fault=DAMAGED, why=f"{listed.name} : l'empreinte (octet 32) n'est pas celle du manifeste"
        )
    return _with_chunks(seen, file, mark, chunks)


def _index_trouble(listed: Listed, file: OpenFile, mark: bytes, sizes: tuple[int, int]) -> str:
    """Whether the index has all its entries."""
    entries, total = file.entry.size - INDEX_HEADER_BYTES, sizes[0]
    if mark == FIXED:
        if not sizes[1] or -(-total // sizes[1]) * DIGEST_BYTES != entries:
            return f"{entries} octets d'entrées pour un disque de {total}"
    elif entries % ENTRY_BYTES[DYNAMIC]:
        return f"{entries} octets d'entrées, dont une coupée"
    else:
        total = (
            int.from_bytes(file.read_at(file.entry.size - ENTRY_BYTES[DYNAMIC], 8), "little")
            if entries
            else 0
        )
    return "" if total == listed.size else f"{total} octets décrits pour {listed.size} annoncés"


def _with_chunks(seen: Seen, file: OpenFile, mark: bytes, chunks: Chunks) -> Seen:
    """The first and last chunks are looked for, all of them with --deep."""
    name, summed = seen.listed.name, hashlib.sha256()
    deep = chunks.inspection.deep
    for block in _stretches(file, mark) if deep else _both_ends(file, mark, chunks.ends):
        summed.update(block)
        for digest in _digests(block, mark):
            if chunks.inspection.hurried():
                chunks.left_out = True
                return replace(seen, fault=END_NOT_SEEN, why=f"{name} : morceaux non tous regardés")
            seen = _one_chunk(seen, digest, chunks)
            if seen.fault:
                return seen
    if deep and summed.digest() != seen.listed.digest:
        return replace(seen, fault=DAMAGED, why=f"{name} : le SHA-256 des entrées ne va pas")
    return seen


def _stretches(file: OpenFile, mark: bytes) -> Iterator[bytes]:
    at = INDEX_HEADER_BYTES
    whole = STRETCH_BYTES // ENTRY_BYTES[mark] * ENTRY_BYTES[mark]
    while block := file.read_at(at, whole):
        yield block
        at += len(block)


def _both_ends(file: OpenFile, mark: bytes, count: int) -> Iterator[bytes]:
    width, size = count * ENTRY_BYTES[mark], file.entry.size
    yield file.read_at(INDEX_HEADER_BYTES, width)
    if size > INDEX_HEADER_BYTES + width:
        yield file.read_at(max(size - width, INDEX_HEADER_BYTES + width), width)


def _digests(block: bytes, mark: bytes) -> Iterator[bytes]:
    """An entry ends with the digest of its chunk."""
    width = ENTRY_BYTES[mark]
    ends = range(width, len(block) + 1, width)
    return (block[end - DIGEST_BYTES : end] for end in ends)


def _one_chunk(seen: Seen, digest: bytes, chunks: Chunks) -> Seen:
    if mark := chunks.known.get(digest, b""):
        return _marked(seen, mark, f"morceau {digest.hex()[:16]}…")
    chunks.asked += 1
    name, path = seen.listed.name, (*chunks.root, *chunk_path(digest))
    shown = digest.hex()[:16]
    try:
        with chunks.inspection.tree.opened(path) as file:
            mark = file.read_at(0, 8)
            good = not chunks.inspection.deep or _chunk_is_good(file)
    except FileNotFoundError:
        chunks.missing += 1
        return replace(seen, fault=DAMAGED, why=f"{name} : le morceau {shown}… manque dans .chunks")
    except OSError:
        chunks.left_out = True
        return replace(seen, fault=END_NOT_SEEN, why=f"{name} : le morceau {shown}… ne peut être lu")
    if mark not in CLEAR_MARKS | SEALED_MARKS:
        return replace(seen, fault=DAMAGED, why=f"{name} : morceau {shown}…, octets 0 à 7 = {octets(mark)}")
    if not good:
        return replace(seen, fault=DAMAGED, why=f"{name} : morceau {shown}…, le CRC32 (octet 8) ne va pas")
    if len(chunks.known) < MOST_KNOWN:
        chunks.known[digest] = mark
    return _marked(seen, mark, f"morceau {shown}…")


def _chunk_is_good(file: OpenFile) -> bool:
    """The CRC of what follows the header (data_blob.rs, compute_crc)."""
    if file.entry.size > CHUNK_BYTES:
        return False
    data = file.read_at(0, file.entry.size)
    start = SEALED_HEADER_BYTES if data[:8] in SEALED_MARKS else HEADER_BYTES
    return zlib.crc32(data[start:]) == int.from_bytes(data[8:HEADER_BYTES], "little")

"""Pure readers of borg's formats on bytes built here: what they accept, and what they must refuse."""

import base64
import contextlib
import hashlib
import json
import lzma
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import DateKind, Encrypted, Trouble, Weakness
from cyberaudit.model import Unreachable
from cyberaudit.probes.stores.borg import log_repository as borg
from cyberaudit.probes.stores.borg import store_repository as borg_store
from cyberaudit.probes.stores.borg.checksum import xxh64
from cyberaudit.probes.stores.borg.compression import (
    LZ4,
    LZMA,
    NONE,
    OLD_ZLIB,
    ZLIB,
    ZSTD,
    decompressed,
    of_borg1,
)
from cyberaudit.probes.stores.borg.config import read_config
from cyberaudit.probes.stores.borg.index import live_objects, read_index
from cyberaudit.probes.stores.borg.key import opens_empty, read_key
from cyberaudit.probes.stores.borg.locks import stale_locks
from cyberaudit.probes.stores.borg.manifest import read_manifest
from cyberaudit.probes.stores.borg.msgpack import NotPacked, mapping, unpacked
from cyberaudit.probes.stores.borg.objects import MANIFEST_ID, Envelope, encryption_of, envelope
from cyberaudit.probes.stores.borg.segments import BrokenEntry, Budget, LogEntry, log_entries
from cyberaudit.probes.stores.inspection import Claim, Found, Inspection
from cyberaudit.probes.stores.local_tree import LocalTree
from cyberaudit.probes.stores.tree import Entry, OpenFile, Parts, Safeguards
from tests.unit.backup_places import NOW, inspecting, set_back

pytestmark = pytest.mark.unit

MEBIBYTE = 1024 * 1024
DAY = timedelta(days=1)


def packed(value: object) -> bytes:
    """msgpack, by its shortest forms."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return bytes([value]) if 0 <= value < 128 else b"\xd3" + struct.pack(">q", value)
        case float():
            return b"\xcb" + struct.pack(">d", value)
        case str():
            return b"\xda" + struct.pack(">H", len(value.encode())) + value.encode()
        case bytes():
            return b"\xc5" + struct.pack(">H", len(value)) + value
        case list():
            return b"\xdc" + struct.pack(">H", len(value)) + b"".join(packed(each) for each in value)
        case dict():
            pairs = b"".join(packed(key) + packed(each) for key, each in value.items())
            return b"\xde" + struct.pack(">H", len(value)) + pairs
    raise TypeError(value)


# --- msgpack ---

PACKED = [
    (b"\x05", 5),
    (b"\xff", -1),
    (b"\xc0", None),
    (b"\xc2", False),
    (b"\xc3", True),
    (b"\xcc\xff", 255),
    (b"\xcd\x01\x00", 256),
    (b"\xce\x00\x01\x86\xa0", 100_000),
    (b"\xd0\x80", -128),
    (b"\xca\x3f\x80\x00\x00", 1.0),
    (b"\xa3abc", b"abc"),
    (b"\xd9\x01a", b"a"),
    (b"\xc4\x01a", b"a"),
    (b"\x92\x01\x02", [1, 2]),
    (b"\x81\xa1k\x01", {b"k": 1}),
    (b"\xd4\x01z", b"\x01z"),
    (b"\xc7\x02\x01zz", b"\x01zz"),
]


@pytest.mark.parametrize(("data", "value"), PACKED)
def test_each_form_of_msgpack(data: bytes, value: object) -> None:
    assert unpacked(data) == value


NOT_PACKED = [
    b"",
    b"\xc1",
    b"\x92\x01",
    b"\xda\xff\xff",
    b"\x05\x05",
    b"\x81\x90\x01",
    b"\x91" * 100 + b"\x01",
]


@pytest.mark.parametrize("data", [*NOT_PACKED, b"\xdd\xff\xff\xff\xff\x01", b"\xdf\xff\xff\xff\xff"])
def test_what_is_cut_too_deep_or_no_msgpack_is_refused(data: bytes) -> None:
    with pytest.raises(NotPacked):
        unpacked(data)
    assert mapping(data) is None


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.binary(max_size=20)
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_was_packed_comes_back(value: object) -> None:
    assert unpacked(packed(value)) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_refused(data: bytes) -> None:
    assert mapping(data) is None or isinstance(mapping(data), dict)


# --- compression and sums ---


def lz4_literals(data: bytes) -> bytes:
    """One block without any match."""
    if len(data) < 15:
        return bytes([len(data) << 4]) + data
    rest = len(data) - 15
    return b"\xf0" + b"\xff" * (rest // 255) + bytes([rest % 255]) + data


@given(st.binary(max_size=600))
def test_blocks_without_match_come_back(data: bytes) -> None:
    assert decompressed(LZ4, lz4_literals(data), most=MEBIBYTE) == data


def test_a_match_may_reach_into_itself() -> None:
    block = b"\x1f" + b"a" + b"\x01\x00" + b"\x03" + b"\x20bc"
    assert decompressed(LZ4, block, most=100) == b"a" * 23 + b"bc"
    assert decompressed(LZ4, block, most=20) is None


@pytest.mark.parametrize(
    "block", [b"", b"\xf0", b"\x50ab", b"\x10a\x00\x00", b"\x10a\x02\x00", b"\x1fa\x01\x00\xff"]
)
def test_a_damaged_block_is_refused(block: bytes) -> None:
    assert decompressed(LZ4, block, most=MEBIBYTE) is None


@given(st.binary(max_size=300), st.sampled_from([LZ4, LZMA, ZLIB]))
def test_any_bytes_decompress_within_bounds_or_not_at_all(data: bytes, method: int) -> None:
    content = decompressed(method, data, most=1000)
    assert content is None or len(content) <= 1000


def test_each_method_is_undone_and_bounded() -> None:
    text = b"mairie " * 100
    for method, data in ((NONE, text), (LZMA, lzma.compress(text)), (ZLIB, zlib.compress(text))):
        assert decompressed(method, data, most=len(text)) == text
        assert decompressed(method, data, most=len(text) - 1) is None
    assert of_borg1(zlib.compress(text), most=1000) == text
    assert of_borg1(b"\0\0" + text, most=1000) == text
    assert of_borg1(b"\x01\0" + lz4_literals(text), most=1000) == text
    assert decompressed(ZSTD, b"\x28\xb5\x2f\xfd", most=10) is None
    assert (of_borg1(b"", most=1), of_borg1(b"\0\x07", most=1)) == (None, None)
    assert decompressed(OLD_ZLIB, b"x", most=10) is None


# xxhash's own test vectors (xxHash `sanity_test_vectors.h`, and the empty text in its specification).
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "ef46db3751d8e999"),
        (b"a", "d24ec4f1a98c6e5b"),
        (b"abc", "44bc2cf5ad770999"),
        (b"Nobody inspects the spammish repetition", "fbcea83c8a378bf1"),
    ],
)
def test_the_sums_of_borg_2(data: bytes, expected: str) -> None:
    assert xxh64(data).hex() == expected


# --- objects ---


def with_short(type_byte: int, about: bytes, content: bytes, second: int | None = None) -> bytes:
    """As 2.0.0b5."""
    last = type_byte if second is None else second
    return struct.pack("<H", len(about) + 1) + bytes([type_byte]) + about + bytes([last]) + content


def with_hashes(type_byte: int, about: bytes, content: bytes) -> bytes:
    """As 2.0.0b12."""
    first, last = bytes([type_byte]) + about, bytes([type_byte]) + content
    return struct.pack("<II8s8s", len(first), len(last), xxh64(first), xxh64(last)) + first + last


def with_magic(type_byte: int, about: bytes, content: bytes, *, version: int = 2) -> bytes:
    """As the master of August 2026."""
    first, last = bytes([type_byte]) + about, bytes([type_byte]) + content
    return struct.pack("<8sB32sII", b"BORG_OBJ", version, bytes(32), len(first), len(last)) + first + last


BODY = bytes(range(40))


@pytest.mark.parametrize(
    ("type_byte", "expected"),
    [(each, "yes") for each in (0x00, 0x01, 0x03, 0x04, 0x05, 0x10, 0x11, 0x20, 0x21, 0x30, 0x31, 0x40, 0x41)]
    + [(each, "no") for each in (0x02, 0x06, 0x07, 0x50, 0x60, 0x70, 0x80, 0x90)]
    + [(each, "unknown") for each in (0x08, 0x12, 0x22, 0x51, 0xA0, 0xFF)],
)
def test_what_each_type_byte_means(type_byte: int, expected: str) -> None:
    assert encryption_of(type_byte) == expected


def test_each_layout_of_an_object_tells_its_type_byte() -> None:
    for data, version in (
        (with_short(0x11, b"meta", BODY), 2),
        (with_hashes(0x11, b"meta", BODY), 2),
        (with_hashes(0x11, b"meta", BODY), 3),
        (with_magic(0x11, b"meta", BODY), 4),
        (b"\x11" + BODY, 1),
    ):
        found = envelope(data, version=version)
        assert found is not None
        assert (found.type, data[found.at], found.content) == (0x11, 0x11, BODY)


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (b"", 1),
        (b"\x03short", 1),
        (with_short(0x11, b"meta", BODY, second=0x02), 2),
        (with_short(0x11, b"meta", BODY), 3),
        (with_hashes(0x11, b"meta", BODY)[:-1], 3),
        (with_magic(0x11, b"meta", BODY)[:-1], 4),
        (with_magic(0x11, b"meta", BODY, version=9), 4),
        (b"BORG_OBJ", 4),
        (b"\x05", 2),
        (b"\xff\xff\x11", 2),
    ],
)
def test_an_object_whose_parts_do_not_stand_together_tells_nothing(data: bytes, version: int) -> None:
    assert envelope(data, version=version) is None


@given(st.data())
def test_no_flipped_bit_makes_a_clear_object_an_encrypted_one(data: st.DataObject) -> None:
    whole, version = data.draw(
        st.sampled_from(
            [
                (with_short(0x02, b"meta", BODY), 2),
                (with_hashes(0x02, b"meta", BODY), 3),
                (with_magic(0x80, b"meta", BODY), 4),
            ]
        )
    )
    at, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 7))
    changed = whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]
    found = envelope(changed, version=version)
    assert found is None or encryption_of(found.type) is Encrypted.NO


# --- the log ---


def entry(tag: int, key: bytes = b"", data: bytes = b"") -> bytes:
    size = 9 + len(key) + len(data) + (8 if tag == 3 else 0)
    start = struct.pack("<IB", size, tag)
    if tag == 3:
        total = xxh64(start + key + data)
        return struct.pack("<I", zlib.crc32(start + key + total)) + start + key + total + data
    return struct.pack("<I", zlib.crc32(start + key + data)) + start + key + data


def key_of(number: int) -> bytes:
    return hashlib.sha256(bytes([number])).digest()


COMMIT = entry(2)
SEGMENT = b"BORG_SEG" + entry(0, key_of(1), b"\x03" + BODY) + entry(1, key_of(2)) + COMMIT


def entries(data: bytes, *, summed: int = MEBIBYTE, stepped: int = 100) -> list[LogEntry]:
    return list(log_entries(lambda at, count: data[at : at + count], len(data), Budget(summed, stepped)))


def test_the_entries_of_a_segment_are_read_in_order() -> None:
    found = entries(SEGMENT)
    assert [(each.tag, each.key[:2], each.summed) for each in found] == [
        (0, key_of(1)[:2], True),
        (1, key_of(2)[:2], True),
        (2, b"", True),
    ]
    assert found[0].data == b"\x03" + BODY
    assert SEGMENT[found[0].data_at] == 0x03


def test_without_budget_the_heads_alone_are_followed_then_nothing() -> None:
    assert [each.summed for each in entries(SEGMENT, summed=0)] == [False, True, True]
    assert entries(SEGMENT, summed=0, stepped=0) == []
    two = b"BORG_SEG" + entry(3, key_of(1), b"\x02" + BODY) + entry(3, key_of(2), bytes(2 * MEBIBYTE))
    assert [each.summed for each in entries(two, summed=3 * MEBIBYTE)] == [True, False]
    assert [each.summed for each in entries(two, summed=0)] == [False, False]
    assert len(entries(two, summed=1, stepped=0)) == 1


def test_a_large_object_is_summed_in_pieces_and_not_kept() -> None:
    large = b"BORG_SEG" + entry(0, key_of(1), bytes(3 * MEBIBYTE))
    assert [(each.data, each.summed) for each in entries(large)] == [(b"", True)]
    changed = bytearray(large)
    changed[2 * MEBIBYTE] = 1
    with pytest.raises(BrokenEntry):
        entries(bytes(changed))
    vanished = large[:MEBIBYTE]
    reader = log_entries(lambda at, count: vanished[at : at + count], len(large), Budget(MEBIBYTE, 0))
    with pytest.raises(BrokenEntry, match="coupée"):
        list(reader)


@given(st.integers(0, len(SEGMENT) * 8 - 1))
def test_no_flipped_bit_of_a_segment_goes_unseen(bit: int) -> None:
    changed = bytearray(SEGMENT)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BrokenEntry):
        entries(bytes(changed))


@given(st.integers(0, len(SEGMENT) - 1))
def test_a_cut_segment_is_broken_or_ends_between_two_entries(size: int) -> None:
    whole = [each.at + each.size for each in entries(SEGMENT)]
    if size in (8, *whole):
        assert len(entries(SEGMENT[:size])) < len(whole)
    else:
        with pytest.raises(BrokenEntry):
            entries(SEGMENT[:size])


@given(st.binary(max_size=300))
def test_any_bytes_behind_the_mark_end(data: bytes) -> None:
    found = []
    with contextlib.suppress(BrokenEntry):
        found += entries(b"BORG_SEG" + data)
    assert all(each.size >= 9 for each in found)


# --- index and hints ---


def slice_of(data: bytes, at: int, count: int) -> bytes:
    return data[at : at + count]


def index(places: dict[bytes, tuple[int, int]], *, buckets: int = 7) -> bytes:
    table = [bytes(32) + b"\xff" * 4 + bytes(4)] * buckets
    for key, (segment, offset) in places.items():
        at = int.from_bytes(key[:4], "little") % buckets
        while table[at][32:36] != b"\xff" * 4:
            at = (at + 1) % buckets
        table[at] = key + struct.pack("<II", segment, offset)
    return struct.pack("<8siibb", b"BORG_IDX", len(places), buckets, 32, 8) + b"".join(table)


@given(
    st.dictionaries(
        st.binary(min_size=32, max_size=32), st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=6
    )
)
def test_the_index_finds_what_was_put_and_nothing_else(places: dict[bytes, tuple[int, int]]) -> None:
    data = index(places)
    found = read_index(lambda at, count: data[at : at + count], len(data))
    assert found is not None
    assert {key: found.place(key) for key in places} == places
    assert found.place(b"\x01" * 31 + b"\x02") is None


def test_a_full_or_cut_or_foreign_index_ends() -> None:
    data = index({key_of(number): (1, 2) for number in range(7)})
    found = read_index(lambda at, count: data[at : at + count], len(data))
    assert found is not None
    assert found.place(bytes(32)) is None
    for other in (data[:-1], b"", b"BORG2IDX" + data[8:], data[:12] + struct.pack("<i", -1) + data[16:]):
        assert read_index(partial(slice_of, other), len(other)) is None


def test_hints_of_another_form_tell_nothing() -> None:
    assert live_objects(packed({"version": 2, "segments": {0: 1, 4: 0}})) == {0: 1, 4: 0}
    for other in ({"version": 1, "segments": {0: 1}}, {"version": 2, "segments": [1]}, {"version": 2}):
        assert live_objects(packed(other)) is None
    assert live_objects(b"") is None


# --- key ---


def pbkdf2_key(*, password: bytes = b"", iterations: int = 1000) -> dict[str, object]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    salt, content = bytes(32), b"contenu de la cl\xe9"
    stretched = hashlib.pbkdf2_hmac("sha256", password, salt, iterations, 32)
    machine = Cipher(algorithms.AES256(stretched), modes.CTR(bytes(16))).encryptor()
    import hmac

    return {
        "version": 1,
        "algorithm": "sha256",
        "iterations": iterations,
        "salt": salt,
        "data": machine.update(content),
        "hash": hmac.digest(stretched, content, "sha256"),
    }


def argon2_key(*, password: bytes = b"", **changed: object) -> dict[str, object]:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    salt = bytes(16)
    stretched = Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=64).derive(password)
    sealed = ChaCha20Poly1305(stretched).encrypt(bytes(12), b"contenu", None)
    return {
        "version": 1,
        "algorithm": "argon2 chacha20-poly1305",
        "salt": salt,
        "data": sealed[-16:] + sealed[:-16],
        "argon2_time_cost": 1,
        "argon2_memory_cost": 64,
        "argon2_parallelism": 1,
        "argon2_type": "id",
        **changed,
    }


def text_of(fields: dict[str, object]) -> bytes:
    return base64.b64encode(packed(fields))


def test_an_empty_password_opens_and_another_does_not() -> None:
    for make in (pbkdf2_key, argon2_key):
        for password, expected in ((b"", True), (b"essai", False)):
            key = read_key(text_of(make(password=password)))
            assert key is not None
            assert opens_empty(key) is expected
            assert key.weaknesses == (Weakness.FAST_KDF,)


def test_a_key_file_begins_with_its_mark() -> None:
    assert read_key(b"BORG_KEY " + b"0" * 64 + b"\n" + text_of(pbkdf2_key())) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {**pbkdf2_key(), "iterations": 4_000_000_000},
        argon2_key(argon2_memory_cost=1 << 30),
        argon2_key(argon2_time_cost=1 << 20),
        argon2_key(argon2_parallelism=1000),
        argon2_key(argon2_type="i"),
        argon2_key(salt=b"x"),
    ],
)
def test_a_key_that_asks_too_much_is_not_tried(fields: dict[str, object]) -> None:
    key = read_key(text_of(fields))
    assert key is not None
    assert isinstance(opens_empty(key), Unreachable)


def test_enough_stretching_is_no_weakness() -> None:
    for fields in (pbkdf2_key(iterations=100_000), argon2_key(argon2_memory_cost=65_536, argon2_time_cost=3)):
        key = read_key(text_of(fields))
        assert key is not None
        assert key.weaknesses == ()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"?",
        b"abc",
        text_of({"version": 2}),
        text_of({**pbkdf2_key(), "hash": b"short"}),
        text_of({**pbkdf2_key(), "iterations": 0}),
        text_of({**pbkdf2_key(), "salt": b""}),
        text_of({**pbkdf2_key(), "algorithm": "rot13"}),
        text_of(argon2_key(argon2_memory_cost="beaucoup")),
    ],
)
def test_a_damaged_key_is_refused(text: bytes) -> None:
    assert read_key(text) is None


# --- manifest and config ---


def manifest(archives: object) -> Envelope:
    content = packed({"archives": archives, "timestamp": "2026-11-19T02:00:00.000000", "version": 1})
    found = envelope(b"\x02\0\0" + content, version=1)
    assert found is not None
    return found


def test_the_archives_come_newest_first_whatever_their_zone() -> None:
    found = read_manifest(
        manifest(
            {
                b"a\xff": {"id": key_of(1), "time": "2026-11-18T02:00:00.000000"},
                "b": {"id": key_of(2), "time": "2026-11-19T02:00:00+02:00"},
                "c.checkpoint.2": {"id": 5, "time": "jamais"},
                "d": "rien",
            }
        ),
        version=1,
    )
    assert found is not None
    assert [archive.name for archive in found][:2] == ["b", "a\udcff"]
    assert found[0].made == datetime(2026, 11, 19, tzinfo=UTC)
    assert {archive.name: archive.is_checkpoint for archive in found} == {
        "b": False,
        "a\udcff": False,
        "c.checkpoint.2": True,
        "d": False,
    }
    assert found[3].made is None


def test_a_manifest_of_another_form_is_refused() -> None:
    assert read_manifest(manifest([1]), version=1) is None
    assert read_manifest(Envelope(2, 0, b"", b"\x03\0zstd"), version=1) is None
    assert read_manifest(Envelope(2, 0, b"\xc1", b""), version=2) is None
    assert read_manifest(Envelope(2, 0, packed({"ctype": 0}), b"\x80"), version=2) is None


@given(st.binary(max_size=200))
def test_any_manifest_is_read_or_refused(data: bytes) -> None:
    found = read_manifest(Envelope(2, 0, packed({"ctype": 0}), data), version=2)
    assert found is None or isinstance(found, tuple)


CONFIG = f"[repository]\nversion = 1\nappend_only = 0\nid = {'ab' * 32}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version = 1",
        "[repository]\nversion = un\nid = " + "ab" * 32,
        "[repository]\nversion = 1\nid = ab",
        CONFIG + CONFIG,
        "[core]\nbare = true\n",
        '{"version": 1}',
    ],
)
def test_a_config_of_something_else_is_none_of_borgs(text: str) -> None:
    assert read_config(text.encode()) is None
    assert read_config(b"\xff" + text.encode()) is None


@given(st.binary(max_size=300))
def test_any_config_is_read_or_refused(data: bytes) -> None:
    assert read_config(data) is None or data


# --- whole repositories, built byte by byte ---


def repository(path: Path, segments: dict[int, bytes], *, config: str = CONFIG, hints: object = None) -> Path:
    (path / "data" / "0").mkdir(parents=True)
    (path / "config").write_text(config)
    for number, data in segments.items():
        (path / "data" / "0" / str(number)).write_bytes(data)
    if hints is not None:
        (path / f"hints.{max(segments)}").write_bytes(packed(hints))
        (path / f"index.{max(segments)}").write_bytes(b"BORG_IDX")
    set_back(path, NOW - DAY)
    return path


def read(path: Path, **options: Any) -> Found:
    with inspecting(path, **options) as inspection:
        found = borg.CLAIM.read(inspection, ())
    assert found is not None
    return found


def put(number: int, type_byte: int) -> bytes:
    return entry(0, key_of(number) if number else MANIFEST_ID, bytes([type_byte]) + BODY)


def segment(*parts: bytes) -> bytes:
    return b"BORG_SEG" + b"".join(parts)


def test_readable_objects_among_encrypted_ones_are_told(tmp_path: Path) -> None:
    found = read(
        repository(tmp_path, {0: segment(put(1, 2), put(2, 4)), 1: segment(put(0, 4)), 2: segment(COMMIT)})
    )
    assert found.reading.encrypted is Encrypted.PARTIAL


def test_an_unknown_type_is_never_called_encrypted(tmp_path: Path) -> None:
    found = read(repository(tmp_path, {0: segment(put(1, 0xA0)), 1: segment(put(0, 4)), 2: segment(COMMIT)}))
    assert found.reading.encrypted is Encrypted.UNKNOWN


def test_a_manifest_far_behind_large_segments_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyberaudit.probes.stores.borg.log.SUMMED", 1)
    monkeypatch.setattr("cyberaudit.probes.stores.borg.log.STEPPED", 1)
    path = repository(
        tmp_path,
        {0: segment(put(1, 4)), 1: segment(put(0, 4)), 2: segment(put(2, 4), put(3, 4)), 3: segment(COMMIT)},
    )
    found = read(path)
    assert (found.reading.encrypted, found.reading.fault, len(found.points)) == (Encrypted.YES, "", 1)


def test_a_manifest_erased_or_never_written_is_damage(tmp_path: Path) -> None:
    lost = {0: segment(put(1, 4)), 1: segment(COMMIT)}
    assert read(repository(tmp_path / "a", lost)).reading.fault == "damaged"
    erased = {
        0: segment(put(0, 4)),
        1: segment(put(1, 4)),
        2: segment(entry(1, MANIFEST_ID)),
        3: segment(COMMIT),
    }
    assert read(repository(tmp_path / "b", erased)).reading.fault == "damaged"


def test_without_log_nor_hints_the_number_of_archives_is_not_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyberaudit.probes.stores.borg.log.MOST_COUNTED", 1)
    path = repository(tmp_path, {0: segment(put(0, 4), put(1, 4)), 1: segment(COMMIT)})
    assert [point.date_kind for point in read(path).points] == [DateKind.UPPER_BOUND]


def test_only_the_newest_folders_are_listed_without_deep(tmp_path: Path) -> None:
    path = repository(tmp_path, {0: segment(put(1, 4))})
    for number in range(1, 12):
        folder = path / "data" / str(number)
        folder.mkdir()
        (folder / str(number * 1000)).write_bytes(segment(put(number + 1, 4)))
    newest = path / "data" / "11"
    (newest / "11001").write_bytes(segment(put(0, 4)))
    (newest / "11002").write_bytes(segment(COMMIT))
    live = {0: 1, 4000: 1, 11000: 1, 11001: 1, 11500: 0}
    (path / "hints.11002").write_bytes(packed({"version": 2, "segments": live}))
    assert read(path).reading.fault == ""
    (path / "data" / "0" / "0").unlink()
    assert read(path).reading.fault == ""
    assert read(path, deep=True).reading.fault == "damaged"


def test_a_folder_of_segments_that_is_gone_is_seen_without_deep(tmp_path: Path) -> None:
    path = repository(tmp_path, {0: segment(put(1, 4))})
    for number in range(1, 12):
        folder = path / "data" / str(number)
        folder.mkdir()
        (folder / str(number * 1000)).write_bytes(segment(put(number + 1, 4)))
    (path / "data" / "11" / "11001").write_bytes(segment(put(0, 4)))
    (path / "data" / "11" / "11002").write_bytes(segment(COMMIT))
    live = {0: 1, 1000: 1, 11000: 1, 11001: 1}
    (path / "hints.11002").write_bytes(packed({"version": 2, "segments": live}))
    assert read(path).reading.fault == ""
    (path / "data" / "1" / "1000").unlink()
    (path / "data" / "1").rmdir()
    found = read(path)
    assert found.reading.fault == "damaged"
    assert "segment 1000 absent de data" in found.reading.evidence


def test_the_claim_is_not_restics_nor_that_of_any_folder() -> None:
    is_here = borg.CLAIM.is_here
    assert is_here("copies", frozenset({"data"}), frozenset({"config", "README"}))
    assert not is_here(
        "copies", frozenset({"data", "keys", "snapshots", "index", "locks"}), frozenset({"config"})
    )
    assert not is_here("copies", frozenset({"data"}), frozenset({"lisez-moi.txt"}))
    assert not is_here("copies", frozenset(), frozenset({"config"}))
    assert not borg_store.CLAIM.is_here("copies", frozenset({"data"}), frozenset({"config"}))
    assert borg_store.CLAIM.is_here("copies", frozenset({"config", "packs"}), frozenset())


@dataclass(frozen=True, slots=True)
class Undated:
    """The folder as a far place that tells no dates gives it."""

    tree: LocalTree
    name: str = "copies"
    far: bool = True

    def entries(self, parts: Parts) -> Iterator[Entry]:
        return (each._replace(written=None) for each in self.tree.entries(parts))

    def status(self, parts: Parts) -> Entry:
        return self.tree.status(parts)._replace(written=None)

    def opened(self, parts: Parts) -> AbstractContextManager[OpenFile]:
        return self.tree.opened(parts)

    def safeguards(self, newest: Sequence[Parts]) -> Safeguards:
        return self.tree.safeguards(newest)


@dataclass(frozen=True, slots=True)
class Vanishing(Undated):
    """A place where the segments 2 and above are erased between their listing and their opening."""

    def opened(self, parts: Parts) -> AbstractContextManager[OpenFile]:
        if parts[0] == "data" and int(parts[-1]) > 1:
            raise FileNotFoundError(parts[-1])
        return self.tree.opened(parts)


def far(path: Path, claim: Claim) -> Found:
    with inspecting(path) as inspection:
        assert isinstance(inspection.tree, LocalTree)
        found = claim.read(Inspection(Undated(inspection.tree), NOW), ())
    assert found is not None
    return found


def test_a_far_place_without_dates_gives_a_bound_of_now(tmp_path: Path) -> None:
    path = repository(tmp_path / "a", {0: segment(put(1, 4)), 1: segment(put(0, 4)), 2: segment(COMMIT)})
    for found in (far(path, borg.CLAIM), far(store(tmp_path / "b"), borg_store.CLAIM)):
        assert {point.written for point in found.points} == {NOW.timestamp()}
        assert {point.date_kind for point in found.points} == {DateKind.UPPER_BOUND}
        assert found.points[0].date_source == "le lieu ne donne pas de date"


def archive_log(name: str, *, made: str) -> dict[int, bytes]:
    """A readable repository of one archive."""
    content = {"archives": {name: {"id": key_of(1), "time": made}}, "timestamp": "2026-11-19T02:00:00"}
    body = b"\x02\0\0" + packed(content)
    return {0: segment(put(1, 2)), 150: segment(entry(0, MANIFEST_ID, body)), 200: segment(COMMIT)}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ((0, 8), ""),
        ((0, 20), "damaged"),
        ((0, 5000), "truncated"),
        ((50, 8), "damaged"),
        ((200, 8), "damaged"),
    ],
)
def test_the_description_of_an_archive_is_looked_up_where_the_index_says(
    tmp_path: Path, where: tuple[int, int], expected: str
) -> None:
    path = repository(tmp_path, archive_log("mairie", made="2026-11-19T02:00:00.000000"))
    (path / "index.200").write_bytes(index({key_of(1): where}))
    assert [point.reading.fault for point in read(path).points] == [expected]
    assert [point.reading.fault for point in far(path, borg.CLAIM).points] == [expected]


def test_an_archive_without_readable_date_takes_that_of_its_file(tmp_path: Path) -> None:
    path = repository(tmp_path, archive_log("mairie", made="jamais"))
    (point,) = read(path).points
    assert (point.written, point.date_kind) == ((NOW - DAY).timestamp(), DateKind.UPPER_BOUND)


def test_too_many_segments_to_list_are_no_proof_that_one_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = {number: segment(put(number, 4)) for number in range(6)}
    live = {"version": 2, "segments": dict.fromkeys(range(6), 1)}
    path = repository(tmp_path, {**segments, 6: segment(put(0, 4)), 7: segment(COMMIT)}, hints=live)
    monkeypatch.setattr("cyberaudit.probes.stores.borg.log.MOST_SEGMENTS", 4)
    found = read(path)
    assert not found.complete
    assert "absent" not in found.reading.evidence


def test_no_commit_among_those_asked_is_no_proof_of_a_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repository(tmp_path, {number: segment(put(number, 4)) for number in range(5)})
    assert read(path).reading.fault == "truncated"
    monkeypatch.setattr("cyberaudit.probes.stores.borg.log.MOST_PROBED", 3)
    assert read(path).reading.fault == "end-not-seen"


def test_without_time_left_nothing_is_claimed(tmp_path: Path) -> None:
    path = repository(tmp_path, {0: segment(put(0, 4)), 1: segment(COMMIT)})
    with pytest.raises(OSError, match="no time"):
        read(path, seconds=-1.0)
    assert not read_store(store(tmp_path / "b"), seconds=-1.0).complete


# --- locks ---


def test_rosters_of_any_form_are_read_or_left(tmp_path: Path) -> None:
    path = tmp_path / "lock.roster"
    for text, count in (
        (json.dumps({"exclusive": [["a", 1, 2]], "shared": [["b", 1, 2], []]}), 2),
        ("[]", 0),
        ("{", 0),
        ("[" * 50_000, 0),
        (json.dumps({"exclusive": 3}), 0),
    ):
        path.write_text(text)
        set_back(path, NOW - 2 * DAY)
        with inspecting(tmp_path) as inspection:
            assert [each.code for each in stale_locks(inspection, ())] == [Trouble.STALE_LOCK] * count


# --- borg 2 in its store layout ---

README = b"This is a Borg Backup repository.\nSee https://borgbackup.readthedocs.io/\n"


def store(
    path: Path, *, version: int = 4, type_byte: int = 0x10, key: bytes = b"", archives: int = 2
) -> Path:
    """As borgstore lays it out: version 3 has an object a file in data/, version 4 packs."""
    for name in ("config", "archives", "keys", "locks", "packs/ab" if version == 4 else "data/00/00"):
        (path / name).mkdir(parents=True)
    make = with_magic if version == 4 else with_hashes
    about = packed({"ctype": 0})
    for name, data in (
        ("readme", README),
        ("version", str(version).encode()),
        ("manifest", make(type_byte, about, BODY)),
    ):
        (path / "config" / name).write_bytes(data)
    for number in range(archives):
        pointer = path / "archives" / key_of(number).hex()
        pointer.touch()
        set_back(pointer, NOW - (number + 1) * DAY)
    pack = make(type_byte, about, BODY) + (make(type_byte, about, bytes(99)) if version == 4 else b"")
    name = hashlib.sha256(pack).hexdigest()
    (path / ("packs/ab" if version == 4 else "data/00/00") / name).write_bytes(pack)
    if key:
        (path / "keys" / "repokey").write_bytes(key)
    return path


def read_store(path: Path, **options: Any) -> Found:
    with inspecting(path, **options) as inspection:
        found = borg_store.CLAIM.read(inspection, ())
    assert found is not None
    return found


def good(found: Found) -> int:
    return sum(not (point.reading.fault or found.reading.fault) for point in found.points)


@pytest.mark.parametrize(
    ("version", "type_byte", "expected"),
    [
        (3, 0x10, Encrypted.YES),
        (3, 0x20, Encrypted.YES),
        (3, 0x02, Encrypted.NO),
        (4, 0x10, Encrypted.YES),
        (4, 0x40, Encrypted.YES),
        (4, 0x60, Encrypted.NO),
        (4, 0x90, Encrypted.NO),
        (4, 0xA0, Encrypted.UNKNOWN),
    ],
)
def test_each_version_of_the_store_layout(
    tmp_path: Path, version: int, type_byte: int, expected: Encrypted
) -> None:
    found = read_store(store(tmp_path, version=version, type_byte=type_byte))
    assert (found.kind, found.reading.encrypted, found.reading.fault) == ("borg2", expected, "")
    assert [point.name for point in found.points] == [key_of(0).hex()[:8], key_of(1).hex()[:8]]
    assert {point.date_kind for point in found.points} == {DateKind.UPPER_BOUND}
    assert isinstance(found.empty_password, Unreachable)
    assert found.complete


def test_the_empty_password_of_a_store_is_tried(tmp_path: Path) -> None:
    for password, expected in ((b"", True), (b"essai", False)):
        key = b"BORG_KEY " + b"0" * 64 + b"\n" + text_of(argon2_key(password=password))
        found = read_store(store(tmp_path / str(expected), key=key))
        assert (found.empty_password, found.reading.method) == (
            expected,
            "AES-256-OCB, argon2id m=64 Kio t=1 p=1",
        )
        assert found.reading.weaknesses == (Weakness.FAST_KDF,)


def test_of_two_keys_one_that_opens_is_enough(tmp_path: Path) -> None:
    path = store(tmp_path, key=text_of(argon2_key(password=b"essai")))
    (path / "keys" / "autre").write_bytes(text_of(argon2_key()))
    assert read_store(path).empty_password is True


def test_erased_archives_do_not_count_and_an_empty_store_holds_none(tmp_path: Path) -> None:
    path = store(tmp_path)
    for pointer in list((path / "archives").iterdir()):
        pointer.rename(pointer.with_name(f"{pointer.name}.del"))
    found = read_store(path)
    assert (found.points, found.reading.fault) == ((), "")
    assert "aucune archive" in found.reading.evidence


def only(folder: Path) -> Path:
    (found,) = (each for each in folder.rglob("*") if each.is_file())
    return found


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("what", ["manifest", "no manifest", "no object", "cut", "empty", "flipped", "key"])
def test_no_restore_point_of_a_broken_store_is_good(tmp_path: Path, version: int, what: str) -> None:
    path = store(tmp_path, version=version, type_byte=0x10, key=text_of(argon2_key()))
    pack, first = only(path / ("packs" if version == 4 else "data")), path / "config" / "manifest"
    match what:
        case "manifest":
            os.truncate(first, first.stat().st_size - 1)
        case "no manifest":
            first.unlink()
        case "no object":
            pack.unlink()
        case "cut":
            os.truncate(pack, pack.stat().st_size - 1)
        case "empty":
            os.truncate(pack, 0)
        case "flipped":
            pack.write_bytes(pack.read_bytes()[:-1] + b"?")
        case "key":
            (path / "keys" / "repokey").write_bytes(b"abc")
    found = read_store(path)
    assert (good(found), len(found.points)) == (0, 2)
    assert Trouble.DAMAGED in {each.code for each in found.anomalies}


def test_a_store_that_should_hold_its_key_and_does_not_is_incomplete(tmp_path: Path) -> None:
    assert read_store(store(tmp_path, version=3, type_byte=0x11)).reading.fault == "incomplete"


def test_with_deep_every_pack_is_hashed(tmp_path: Path) -> None:
    path = store(tmp_path)
    for number in range(8):
        data = with_magic(0x10, b"meta", BODY * (number + 1))
        (path / "packs" / "ab" / hashlib.sha256(data).hexdigest()).write_bytes(data)
    last = path / "packs" / "zz"
    last.mkdir()
    (last / ("f" * 64)).write_bytes(with_magic(0x10, b"meta", BODY))
    assert good(read_store(path)) == 2
    assert good(read_store(path, deep=True)) == 0


def test_a_store_of_another_version_is_never_guessed(tmp_path: Path) -> None:
    path = store(tmp_path)
    for text in (b"5", b"quatre", b""):
        (path / "config" / "version").write_bytes(text)
        found = read_store(path)
        assert (found.reading.encrypted, found.points, found.complete) == (Encrypted.UNKNOWN, (), False)


def test_folders_named_like_a_store_are_not_one(tmp_path: Path) -> None:
    path = store(tmp_path)
    (path / "config" / "readme").write_bytes(b"lisez-moi")
    with inspecting(path) as inspection:
        assert borg_store.CLAIM.read(inspection, ()) is None
    (path / "config" / "readme").unlink()
    with inspecting(path) as inspection:
        assert borg_store.CLAIM.read(inspection, ()) is None


def test_a_beta_without_archives_folder_is_said_incomplete(tmp_path: Path) -> None:
    path = store(tmp_path, version=3, archives=0)
    (path / "archives").rmdir()
    found = read_store(path)
    assert (found.points, found.complete) == ((), False)


def test_the_lock_of_a_store_grows_old(tmp_path: Path) -> None:
    path = store(tmp_path)
    (path / "locks" / key_of(9).hex()).write_text("{}")
    set_back(path / "locks", NOW - 2 * DAY)
    assert [each.code for each in read_store(path).anomalies] == [Trouble.STALE_LOCK]


def test_a_pack_too_large_to_hash_is_followed_by_its_sizes(tmp_path: Path) -> None:
    path = store(tmp_path, type_byte=0x90)
    pack = only(path / "packs")
    data = with_magic(0x90, b"meta", bytes(2 * MEBIBYTE))
    pack.unlink()
    (pack.parent / hashlib.sha256(data).hexdigest()).write_bytes(data)
    assert good(read_store(path)) == 2
    (pack.parent / hashlib.sha256(data).hexdigest()).write_bytes(data[:-1])
    assert good(read_store(path)) == 0


def test_a_store_without_folder_of_objects_or_with_links_for_them_has_nothing_good(tmp_path: Path) -> None:
    path = store(tmp_path / "a")
    (path / "packs").rename(path / "data")
    assert read_store(path).reading.fault == "damaged"
    (path / "packs").symlink_to(path / "data")
    assert read_store(path).reading.fault == "end-not-seen"
    linked = store(tmp_path / "b")
    pack = only(linked / "packs")
    pack.rename(tmp_path / "ailleurs")
    pack.symlink_to(tmp_path / "ailleurs")
    assert good(read_store(linked)) == 0


def test_what_is_hashed_without_time_proves_nothing(tmp_path: Path) -> None:
    found = read_store(store(tmp_path), seconds=-1.0)
    assert (good(found), found.complete) == (0, False)


def test_a_lock_without_date_may_be_at_work(tmp_path: Path) -> None:
    path = repository(tmp_path, {0: segment(put(0, 4)), 1: segment(COMMIT), 2: segment(put(1, 4))})
    (path / "index.1").write_bytes(b"BORG_IDX")
    (path / "lock.exclusive").mkdir()
    (path / "lock.exclusive" / "serveur@1.2-0").touch()
    with inspecting(path) as inspection:
        assert isinstance(inspection.tree, LocalTree)
        assert list(stale_locks(Inspection(Undated(inspection.tree), NOW), ())) == []
    assert [each.code for each in read(path).anomalies] == [Trouble.ABORTED_RUN]


def test_a_segment_erased_while_it_was_looked_for_leaves_the_look_incomplete(tmp_path: Path) -> None:
    path = repository(tmp_path, {0: segment(put(0, 4)), 1: segment(COMMIT)})
    for name in ("2", "3"):
        (path / "data" / "0" / name).write_bytes(segment(put(1, 4)))
    (path / "index.1").write_bytes(b"BORG_IDX")
    with inspecting(path) as inspection:
        assert isinstance(inspection.tree, LocalTree)
        found = borg.CLAIM.read(Inspection(Vanishing(inspection.tree), NOW), ())
    assert found is not None
    assert (found.complete, found.reading.encrypted) == (False, Encrypted.YES)


def test_a_folder_whose_newest_segments_are_gone_proves_no_loss(tmp_path: Path) -> None:
    path = repository(tmp_path, {0: segment(put(0, 4)), 1: segment(COMMIT)})
    for number in range(1, 12):
        (path / "data" / str(number)).mkdir()
    assert read(path).reading.fault == "end-not-seen"
    assert read(path, deep=True).reading.fault == ""


def test_what_cannot_be_read_in_an_ordinary_folder_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "config").symlink_to("/etc/passwd")
    with inspecting(tmp_path) as inspection:
        assert borg.CLAIM.read(inspection, ()) is None
    (tmp_path / "README").write_bytes(README)
    with inspecting(tmp_path) as inspection, pytest.raises(OSError, match=r"symbolic|loop"):
        borg.CLAIM.read(inspection, ())

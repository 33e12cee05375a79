"""Hyper Backup repositories built after real ones, then broken, contradicted and made hostile."""

import hashlib
import sqlite3
import struct
import tempfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import DateKind, Encrypted, Trouble
from cyberaudit.probes.stores.inspection import Found
from cyberaudit.probes.stores.repositories import sqlite_table
from cyberaudit.probes.stores.repositories.hyper_backup import (
    CLAIM,
    Sealing,
    encryption_of,
    index_trouble,
    task_says,
)
from cyberaudit.probes.stores.repositories.sqlite_table import NotReadable, rows
from tests.unit.backup_places import inspecting
from tests.unit.backup_refusals import refusing

pytestmark = pytest.mark.unit

DOCUMENT, SEALED = b"Deliberation du conseil municipal", bytes(range(200, 233))
VERSIONS = (
    "CREATE TABLE version_info (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp INTEGER, name TEXT, "
    "status TEXT, locked INTEGER NOT NULL default 0)"
)
DAY = 86_400
NEWEST = 1_795_140_000


def database(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as base:
        for each in statements:
            base.execute(each)
    base.close()


def index(body: bytes = b"") -> bytes:
    header = bytes.fromhex("7053a86e").ljust(60, b"\0")
    return header + struct.pack(">L", zlib.crc32(header)) + body


def versions(*lines: tuple[int, str, int]) -> list[str]:
    into = "INSERT INTO version_info(timestamp, name, status, locked) VALUES"
    return [f"{into} ({at}, 'v', '{status}', {locked})" for at, status, locked in lines]


def repository(path: Path, *, sealed: bool) -> Path:
    """Two complete versions of one task."""
    for folder in ("Config/virtual_file.index", "Pool/chunk_index", "Pool/0/0"):
        (path / folder).mkdir(parents=True)
    (path / "SynologyHyperBackup.bkpi").touch()
    (path / "_Syno_TaskConfig").write_text(
        f"[task]\nenable_data_encrypt={str(sealed).lower()}\ntrans_encrypt=true\n"
    )
    database(
        path / "synobkpinfo.db",
        "CREATE TABLE backup_info_tb(info_name TEXT, info_value TEXT)",
        f"INSERT INTO backup_info_tb VALUES ('dataEnc', '{'T' if sealed else 'F'}')",
    )
    database(
        path / "Config/version_info.db.2",
        VERSIONS,
        *versions((NEWEST - DAY, "Complete", 1), (NEWEST, "Complete", 0)),
    )
    database(
        path / "storage_statistics.db.2",
        "CREATE TABLE source_table (version_id INTEGER, source_size INTEGER)",
        "INSERT INTO source_table VALUES (2, 5000)",
    )
    for name in ("Config/virtual_file.index/0.idx.2", "Pool/chunk_index/0.idx.2"):
        (path / name).write_bytes(index())
    chunk = struct.pack(">LLL16s4x", len(DOCUMENT), 0, len(DOCUMENT), hashlib.md5(DOCUMENT).digest())
    (path / "Pool/0/0/0.index.2").write_bytes(index(chunk))
    (path / "Pool/0/0/0.bucket.2").write_bytes(SEALED if sealed else DOCUMENT)
    if sealed:
        (path / "Pool/vkey.db.2").write_bytes(b"x")
    return path


def found(path: Path, *refused: str) -> Found:
    with inspecting(path) as inspection:
        inspection.tree = refusing(inspection.tree, *refused)
        entries = list(inspection.tree.entries(()))
        folders = frozenset(entry.name for entry in entries if entry.kind == "folder")
        assert CLAIM.is_here(path.name, folders, frozenset(entry.name for entry in entries) - folders)
        answer = CLAIM.read(inspection, ())
    assert answer is not None
    return answer


@pytest.mark.parametrize(("sealed", "expected"), [(True, Encrypted.YES), (False, Encrypted.NO)])
def test_versions_and_encryption_are_told(tmp_path: Path, sealed: bool, expected: Encrypted) -> None:
    answer = found(repository(tmp_path / "nas.hbk", sealed=sealed))
    assert (answer.reading.encrypted, answer.reading.fault, answer.complete) == (expected, "", True)
    assert [(each.name, each.written, each.size) for each in answer.points] == [
        ("version 2", NEWEST, 5000),
        ("version 1", NEWEST - DAY, 0),
    ]
    assert {each.date_kind for each in answer.points} == {DateKind.EXACT}
    assert "verrouillée" in answer.points[1].reading.evidence
    assert not answer.anomalies


def test_a_readable_chunk_denies_everything_else(tmp_path: Path) -> None:
    path = repository(tmp_path / "nas.hbk", sealed=True)
    (path / "Pool/0/0/0.bucket.2").write_bytes(DOCUMENT)
    answer = found(path)
    assert answer.reading.encrypted is Encrypted.NO
    assert answer.reading.evidence.startswith("Pool/0/0/0.bucket.2, octets 0 à 32 : MD5 du document")


@pytest.mark.parametrize(
    ("task", "identity", "keys", "expected"),
    [
        (True, True, True, Encrypted.YES),
        (True, True, False, Encrypted.YES),
        (True, None, True, Encrypted.YES),
        (None, True, True, Encrypted.YES),
        (False, False, False, Encrypted.NO),
        (False, None, False, Encrypted.NO),
        (True, None, False, Encrypted.UNKNOWN),
        (None, True, False, Encrypted.UNKNOWN),
        (True, False, True, Encrypted.UNKNOWN),
        (False, True, False, Encrypted.UNKNOWN),
        (False, False, True, Encrypted.UNKNOWN),
        (None, None, True, Encrypted.UNKNOWN),
        (None, None, False, Encrypted.UNKNOWN),
    ],
)
def test_one_witness_alone_never_proves_encryption(
    task: bool | None,
    identity: bool | None,
    keys: bool,
    expected: Encrypted,
) -> None:
    assert encryption_of(Sealing(task, identity, keys=keys, readable_chunk=""))[0] is expected
    assert encryption_of(Sealing(task, identity, keys=keys, readable_chunk="vu"))[0] is Encrypted.NO


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"enable_data_encrypt=true\n", True),
        (b'a=1\r\nenable_data_encrypt="false"\r\n', False),
        (b"trans_encrypt=true\n", None),
        (b"#enable_data_encrypt=true\n", None),
        (b"\xff\xfe", None),
        (b"enable_data_encrypt=oui\n", None),
    ],
)
def test_the_task_is_read_line_by_line(text: bytes, expected: bool | None) -> None:
    assert task_says(text) is expected


def _rewrite(name: str, make: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: (path / name).write_bytes(make((path / name).read_bytes()))


BREAKS: list[tuple[str, Callable[[Path], object], str]] = [
    ("no chunk index", lambda path: (path / "Pool/chunk_index/0.idx.2").unlink(), "incomplete"),
    ("no file index", lambda path: (path / "Config/virtual_file.index/0.idx.2").unlink(), "incomplete"),
    ("cut index", _rewrite("Pool/chunk_index/0.idx.2", lambda data: data[:20]), "truncated"),
    ("empty index", _rewrite("Pool/chunk_index/0.idx.2", lambda _: b""), "truncated"),
    ("other magic", _rewrite("Pool/0/0/0.index.2", lambda data: b"X" + data[1:]), "damaged"),
    (
        "flipped bit",
        _rewrite("Pool/chunk_index/0.idx.2", lambda data: data[:30] + b"X" + data[31:]),
        "damaged",
    ),
    ("no data", lambda path: (path / "Pool/0/0/0.bucket.2").write_bytes(b""), "damaged"),
    ("no versions", lambda path: (path / "Config/version_info.db.2").unlink(), "incomplete"),
    ("cut versions", _rewrite("Config/version_info.db.2", lambda data: data[:-4096]), "incomplete"),
    ("versions of zeros", _rewrite("Config/version_info.db.2", lambda data: bytes(len(data))), "incomplete"),
]


@pytest.mark.parametrize(("wreck", "fault"), [each[1:] for each in BREAKS], ids=[each[0] for each in BREAKS])
def test_a_broken_repository_is_never_good(
    tmp_path: Path, wreck: Callable[[Path], object], fault: str
) -> None:
    path = repository(tmp_path / "nas.hbk", sealed=True)
    wreck(path)
    answer = found(path)
    assert answer.reading.fault == fault
    assert answer.anomalies[0].code in (Trouble.MISSING_PART, Trouble.DAMAGED)


def test_a_version_that_is_not_complete_is_no_restore_point(tmp_path: Path) -> None:
    path = repository(tmp_path / "nas.hbk", sealed=False)
    database(
        path / "Config/version_info.db.3",
        VERSIONS,
        *versions((NEWEST - DAY, "Complete", 0), (NEWEST, "InProgress", 0)),
    )
    answer = found(path)
    assert [each.written for each in answer.points] == [NEWEST - DAY]
    assert [each.code for each in answer.anomalies] == [Trouble.ABORTED_RUN]
    assert "InProgress" in answer.anomalies[0].evidence


def test_an_older_base_without_locks_is_read(tmp_path: Path) -> None:
    path = repository(tmp_path / "nas.hbk", sealed=False)
    old = "CREATE TABLE version_info (id INTEGER PRIMARY KEY, timestamp INTEGER, status TEXT)"
    line = f"INSERT INTO version_info VALUES (1, {NEWEST}, 'Complete')"
    database(path / "Config/version_info.db.9", old, line)
    assert [each.name for each in found(path).points] == ["version 1"]


def test_a_base_kept_with_a_log_is_read_from_memory(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "a.db")
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("CREATE TABLE t(a INTEGER, b TEXT)")
    base.execute("INSERT INTO t VALUES (1, 'é')")
    base.commit()
    base.close()
    before = sorted(tmp_path.iterdir())
    assert rows((tmp_path / "a.db").read_bytes(), "t", ("b", "c", "a"), most=5) == [("é", None, 1)]
    assert sorted(tmp_path.iterdir()) == before


HOSTILE: dict[str, tuple[str, ...]] = {
    "a view": ("CREATE VIEW t AS SELECT 1 AS a",),
    "a virtual table": ("CREATE VIRTUAL TABLE t USING fts5(a)",),
    "another table": ("CREATE TABLE u(a)",),
    "a column that computes": (
        "CREATE TABLE t(b, a AS (hex(zeroblob(900000))))",
        "INSERT INTO t DEFAULT VALUES",
    ),
    "a field beyond the limit": ("CREATE TABLE t(a)", "INSERT INTO t VALUES (zeroblob(2000000))"),
}


@pytest.mark.parametrize("statements", HOSTILE.values(), ids=HOSTILE)
def test_only_a_real_table_is_asked(tmp_path: Path, statements: tuple[str, ...]) -> None:
    path = tmp_path / "a.db"
    database(path, *statements)
    with pytest.raises(NotReadable):
        rows(path.read_bytes(), "t", ("a",), most=5)


def test_a_table_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n"
    database(path, "CREATE TABLE t(a)", f"INSERT INTO t {many}")
    monkeypatch.setattr(sqlite_table, "LOOKS", 1)
    with pytest.raises(NotReadable):
        rows(path.read_bytes(), "t", ("a",), most=100_000)


def test_a_base_larger_than_the_limit_is_not_read() -> None:
    with pytest.raises(NotReadable):
        rows(b"SQLite format 3\0" + bytes(sqlite_table.DATABASE_BYTES), "t", ("a",), most=1)


@cache
def small_base() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        lines = versions((NEWEST, "Complete", 0), (NEWEST, "InProgress", 1))
        database(path, "PRAGMA page_size=512", VERSIONS, *lines)
        return path.read_bytes()


@given(st.integers(0, 20_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_base_never_crashes(at: int, piece: bytes) -> None:
    base = small_base()
    at %= len(base)
    damaged = base[:at] + piece + base[at + len(piece) :]
    try:
        rows(damaged, "version_info", ("id", "timestamp", "status"), most=10)
    except NotReadable:
        return


@given(st.binary(max_size=100))
def test_any_header_is_told_in_words(data: bytes) -> None:
    assert index_trouble(data)
    assert not index_trouble(index(data)[:64])


def test_a_name_alone_is_enough_to_be_asked() -> None:
    assert CLAIM.is_here("mairie.hbk", frozenset({"Config", "Pool"}), frozenset())
    assert not CLAIM.is_here("mairie", frozenset({"Config", "Pool"}), frozenset())


@pytest.mark.parametrize(
    ("refused", "expected", "fault"),
    [
        ("_Syno_TaskConfig", Encrypted.YES, ""),
        ("synobkpinfo.db", Encrypted.YES, ""),
        ("storage_statistics.db.2", Encrypted.YES, ""),
        ("0.bucket.2", Encrypted.YES, ""),
        ("version_info.db.2", Encrypted.YES, "incomplete"),
        ("0.idx.2", Encrypted.YES, "end-not-seen"),
    ],
)
def test_what_may_not_be_read_says_nothing(
    tmp_path: Path, refused: str, expected: Encrypted, fault: str
) -> None:
    answer = found(repository(tmp_path / "nas.hbk", sealed=True), refused)
    assert (answer.reading.encrypted, answer.reading.fault) == (expected, fault)


@pytest.mark.parametrize("refused", ["Config", "Pool"])
def test_a_folder_that_may_not_be_listed_is_no_missing_part(tmp_path: Path, refused: str) -> None:
    with pytest.raises(PermissionError):
        found(repository(tmp_path / "nas.hbk", sealed=True), refused)


def test_a_repository_with_its_mark_alone(tmp_path: Path) -> None:
    (tmp_path / "SynologyHyperBackup.bkpi").touch()
    answer = found(tmp_path)
    assert (answer.reading.encrypted, answer.reading.fault, answer.points) == (
        Encrypted.UNKNOWN,
        "incomplete",
        (),
    )

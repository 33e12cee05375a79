"""What the files of a Kopia repository prove; made after its source, since no registry has the tool."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import DateKind, Encrypted, Trouble, Weakness
from cyberaudit.model import Unreachable
from cyberaudit.probes.stores.inspection import Found, Inspection
from cyberaudit.probes.stores.repositories import kopia
from cyberaudit.probes.stores.repositories.kopia import is_repository, read_format, stretching
from tests.unit.backup_places import NOW
from tests.unit.backup_shelf import Shelf

pytestmark = pytest.mark.unit

HOUR, DAY = 3600.0, 86_400.0
NOW_SECONDS = NOW.timestamp()
# Thirty-day months since 2000 in November 2026: 327.
MONTH = int((NOW - datetime(2000, 1, 1, tzinfo=UTC)).days / 30)
NOISE = hashlib.shake_256(b"kopia").digest(4000)


def format_file(**changes: Any) -> bytes:
    told = {
        "tool": "https://github.com/kopia/kopia",
        "buildVersion": "0.21.1",
        "buildInfo": "",
        "uniqueID": "3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8=",
        "keyAlgo": "scrypt-65536-8-1",
        "encryption": "AES256_GCM",
        "encryptedBlockFormat": "AAECAwQFBgcICQ==",
    }
    return json.dumps({**told, **changes}, indent=2).encode()


def pack(letter: str, number: int, *, month: int = MONTH) -> str:
    token = hashlib.sha256(f"{letter}{number}".encode()).hexdigest()
    return f"{letter}{token[:32]}-s{token[32:48]}{month:x}"


def sharded(name: str, *shards: int) -> str:
    """Its path on a disk: `.shards` of new repositories says [1, 3], of older ones [3, 3]."""
    path = ""
    for size in shards if len(name) > 20 else ():
        path, name = f"{path}{name[:size]}/", name[size:]
    return f"{path}{name}.f"


def index(*, prefix: str = "xn0_") -> str:
    return f"{prefix}{'ab' * 16}-s{'cd' * 8}{MONTH:x}-c1"


def repository(shards: tuple[int, ...] | None = (1, 3), *, nights: int = 3, month: int = MONTH) -> Shelf:
    """A pack of documents and one of metadata a night, the newest ten hours ago; `None`: a store of objects."""
    files: dict[str, bytes] = {}
    dates: dict[str, float] = {}

    def put(name: str, data: bytes, date: float) -> None:
        path = name if shards is None else sharded(name, *shards)
        files[path], dates[path] = data, date

    put("kopia.repository", format_file(), NOW_SECONDS - 300 * DAY)
    # The daily maintenance of a repository that nobody feeds.
    for name in ("kopia.maintenance", f"_log_20261121_{'ab' * 8}_1_2_{'c' * 16}", "xe1", "xw1795000000"):
        put(name, NOISE[:100], NOW_SECONDS - HOUR)
    put(index(prefix="xs0_"), NOISE[:100], NOW_SECONDS - HOUR)
    for night in range(nights):
        for letter in "pq":
            put(pack(letter, night, month=month), NOISE, NOW_SECONDS - 10 * HOUR - night * DAY)
    return Shelf(files, dates)


def told(shelf: Shelf, **options: Any) -> Found:
    found = kopia.read_repository(Inspection(shelf, NOW, **options), ())
    assert found is not None
    return found


def without(shelf: Shelf, *letters: str) -> Shelf:
    return replace(shelf, files={path: data for path, data in shelf.files.items() if path[0] not in letters})


def codes(found: Found) -> set[Trouble]:
    return {each.code for each in found.anomalies}


@pytest.mark.parametrize("shards", [(1, 3), (3, 3), (), None])
def test_the_newest_metadata_bounds_the_last_snapshot(shards: tuple[int, ...] | None) -> None:
    found = told(repository(shards))
    (point,) = found.points
    assert (point.written, point.date_kind) == (NOW_SECONDS - 10 * HOUR, DateKind.UPPER_BOUND)
    assert (point.reading.encrypted, point.reading.fault) == (Encrypted.YES, "end-not-seen")
    assert point.name == pack("q", 0)[:12]
    assert found.reading.method == "AES-256-GCM (clés du dépôt), scrypt N=65536 r=8 p=1"
    assert (found.reading.weaknesses, found.anomalies, found.complete) == ((), (), True)
    assert isinstance(found.empty_password, Unreachable)


def test_the_maintenance_of_a_dead_repository_is_never_its_last_snapshot() -> None:
    shelf = repository()
    for path in shelf.dates:
        if path.startswith(("p/", "q/")):
            shelf.dates[path] -= 90 * DAY
    (point,) = told(replace(shelf, dates=shelf.dates)).points
    assert NOW_SECONDS - point.written == 10 * HOUR + 90 * DAY


def test_packs_copied_without_their_dates_keep_the_month_of_their_names() -> None:
    (point,) = told(repository(month=MONTH - 12)).points
    assert 300 * DAY < NOW_SECONDS - point.written < 360 * DAY
    assert "mois" in point.date_source
    shelf = repository(None)
    shelf.files[pack("q", 7)[:33]] = shelf.files.pop(pack("q", 0))
    shelf.dates[pack("q", 7)[:33]] = NOW_SECONDS - HOUR
    assert told(shelf).points[0].written == NOW_SECONDS - HOUR


def test_a_server_that_tells_no_date_gives_no_more_than_the_month() -> None:
    (point,) = told(replace(repository(), dates={}, far=True)).points
    assert (point.written, point.date_kind) == (NOW_SECONDS, DateKind.UPPER_BOUND)
    (point,) = told(replace(repository(month=MONTH - 12), dates={}, far=True)).points
    assert NOW_SECONDS - point.written > 300 * DAY


@pytest.mark.parametrize(
    ("letters", "fault", "trouble"),
    [
        (("x",), "damaged", set()),
        (("p",), None, {Trouble.MISSING_PART}),
        (("q",), None, {Trouble.MISSING_PART}),
    ],
)
@pytest.mark.parametrize("shards", [(1, 3), (3, 3), None])
def test_a_repository_without_a_part_has_no_good_copy(
    shards: tuple[int, ...] | None, letters: tuple[str, ...], fault: str | None, trouble: set[Trouble]
) -> None:
    found = told(without(repository(shards), *letters))
    assert [point.reading.fault for point in found.points] == ([] if fault is None else [fault])
    assert codes(found) == trouble


def test_a_format_file_alone_is_no_repository() -> None:
    lone = Inspection(Shelf({"kopia.repository.f": format_file(), "a.zip": b"PK"}), NOW)
    assert kopia.read_repository(lone, ()) is None
    assert is_repository("k", frozenset(), frozenset({"kopia.repository.f", "a"}))
    assert is_repository("k", frozenset(), frozenset({"kopia.repository"}))
    assert not is_repository("k", frozenset({"kopia.repository"}), frozenset({"kopia.maintenance"}))


def test_an_empty_pack_is_damage() -> None:
    shelf = repository()
    shelf.files[sharded(pack("q", 1), 1, 3)] = b""
    found = told(shelf)
    assert found.points[0].reading.fault == found.reading.fault == "damaged"
    assert codes(found) == {Trouble.EMPTY_FILES}


def test_the_poison_of_an_upgrade_is_no_index() -> None:
    shelf = without(repository(None), "x")
    shelf.files[f"n{'0' * 32}-repository_unreadable_by_this_kopia_version_upgrade_required"] = b"x"
    assert told(shelf).reading.fault == "damaged"
    shelf.files[f"n{'ab' * 16}-s1"] = b"x"
    assert told(shelf).reading.fault == ""


def test_readable_folders_refute_encryption() -> None:
    shelf = repository()
    newest = sharded(pack("q", 0), 1, 3)
    shelf.files[newest] = NOISE[:50] + b'{"stream":"kopia:directory","entries":[]}'
    found = told(shelf)
    assert found.reading.encrypted is found.points[0].reading.encrypted is Encrypted.NO
    assert "octet 0x3c" in found.reading.evidence


@pytest.mark.parametrize(
    ("data", "encrypted", "fault"),
    [
        (format_file(), Encrypted.YES, ""),
        (format_file(encryption="NONE"), Encrypted.NO, ""),
        (format_file(encryption="none"), Encrypted.UNKNOWN, ""),
        (format_file(encryption=None), Encrypted.UNKNOWN, ""),
        (format_file(encryption=["AES256_GCM"]), Encrypted.UNKNOWN, ""),
        (format_file(encryptedBlockFormat=""), Encrypted.UNKNOWN, "damaged"),
        (format_file(keyAlgo=""), Encrypted.UNKNOWN, "damaged"),
        (format_file()[:-3], Encrypted.UNKNOWN, "damaged"),
        (b"", Encrypted.UNKNOWN, "damaged"),
        (b"[" * 100_000, Encrypted.UNKNOWN, "damaged"),
        (b"[]", Encrypted.UNKNOWN, "damaged"),
    ],
)
def test_what_the_format_file_says(data: bytes, encrypted: Encrypted, fault: str) -> None:
    assert (read_format(data).encrypted, read_format(data).fault) == (encrypted, fault)
    shelf = repository()
    shelf.files["kopia.repository.f"] = data
    assert told(shelf).points[0].reading.fault == (fault or "end-not-seen")


@pytest.mark.parametrize(
    ("algorithm", "method", "weaknesses"),
    [
        ("scrypt-65536-8-1", "scrypt N=65536 r=8 p=1", ()),
        ("scrypt-1024-8-1", "scrypt N=1024 r=8 p=1", (Weakness.FAST_KDF,)),
        ("pbkdf2-sha256-600000", "PBKDF2-SHA256, 600000 tours", ()),
        ("pbkdf2-sha256-1000", "PBKDF2-SHA256, 1000 tours", (Weakness.FAST_KDF,)),
        ("testing-only-insecure", "testing-only-insecure", (Weakness.FAST_KDF,)),
        ("scrypt-65536", "scrypt-65536", (Weakness.UNTOLD,)),
        ("pbkdf2-sha256-1-2-3", "pbkdf2-sha256-1-2-3", (Weakness.UNTOLD,)),
        ("argon2", "argon2", (Weakness.UNTOLD,)),
        (["x"], "['x']", (Weakness.UNTOLD,)),
    ],
)
def test_how_the_password_is_stretched(algorithm: Any, method: str, weaknesses: tuple[Weakness, ...]) -> None:
    assert stretching(algorithm) == (method, weaknesses)


def test_what_was_not_looked_at_to_the_end_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kopia, "FAR_SHARDS", 1)
    shelf = replace(repository((3, 3), nights=6), far=True)
    assert told(shelf).complete is False
    monkeypatch.setattr(kopia, "MOST_FLAT", 3)
    flat = told(replace(repository(None)))
    assert (flat.points, flat.complete, flat.anomalies) == ((), False, ())


def test_a_far_repository_of_many_packs_is_asked_little() -> None:
    shelf = replace(repository((3, 3), nights=300), far=True)
    (point,) = told(shelf).points
    assert point.written == NOW_SECONDS - 10 * HOUR
    assert shelf.questions < 120


def test_a_look_without_time_calls_nothing_good() -> None:
    found = told(repository(), seconds=-1.0)
    assert {point.reading.fault for point in found.points} <= {"end-not-seen", "damaged"}


FORMAT = format_file()


@given(st.integers(0, len(FORMAT) - 1), st.integers(0, 7))
def test_one_bit_turned_never_makes_a_clear_repository_encrypted(at: int, bit: int) -> None:
    clear = format_file(encryption="NONE")
    changed = bytearray(clear)
    changed[at % len(clear)] ^= 1 << bit
    assert read_format(bytes(changed)).encrypted is not Encrypted.YES


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    assert read_format(data).encrypted in (Encrypted.UNKNOWN, Encrypted.NO)

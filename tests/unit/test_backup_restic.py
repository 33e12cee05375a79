"""What the files of a restic repository prove, built from what its makers publish."""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import DateKind, Encrypted, Trouble, Weakness
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.stores.inspection import Found, Inspection
from cyberaudit.probes.stores.restic import claim as restic
from cyberaudit.probes.stores.restic import objects as restic_objects
from cyberaudit.probes.stores.restic import repository as restic_repository
from cyberaudit.probes.stores.restic.dates import NOT_GIVEN, OF_A_NEW, dating
from cyberaudit.probes.stores.restic.keys import (
    Key,
    is_sealed_by,
    opens_when_empty,
    read_key,
    reading_of,
    try_empty_password,
)
from cyberaudit.probes.stores.restic.repository import config_flaw, layout_of
from tests.unit.backup_places import NOW
from tests.unit.backup_shelf import Shelf

pytestmark = pytest.mark.unit

HOUR, DAY = 3600.0, 86_400.0
NOW_SECONDS = NOW.timestamp()
NOISE = hashlib.shake_256(b"restic").digest(4000)
CONFIG = NOISE[:155]
SALT = NOISE[:64]


def seal(password: bytes, plain: bytes, *, n: int, r: int, p: int) -> bytes:
    """Nonce, AES-256-CTR of the text, Poly1305-AES: restic design.rst."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.poly1305 import Poly1305

    stretched = hashlib.scrypt(password, salt=SALT, n=n, r=r, p=p, maxmem=1 << 27, dklen=64)
    nonce = NOISE[200:216]
    body = Cipher(algorithms.AES(stretched[:32]), modes.CTR(nonce)).encryptor().update(plain)
    block = Cipher(algorithms.AES(stretched[32:48]), modes.ECB()).encryptor().update(nonce)
    return nonce + body + Poly1305.generate_tag(stretched[48:] + block, body)


def key_file(password: bytes = b"essai", *, n: int = 32768, r: int = 8, p: int = 1, **changes: Any) -> bytes:
    """A key; `changes` to what it says."""
    cost = {"n": n, "r": r, "p": p} if n <= 32768 and not n & (n - 1) else {"n": 2, "r": 1, "p": 1}
    told = {
        "created": "2026-01-02T03:04:05.123456789+01:00",
        "username": "root",
        "hostname": "serveur",
        "kdf": "scrypt",
        "N": n,
        "r": r,
        "p": p,
        "salt": base64.b64encode(SALT).decode(),
        "data": base64.b64encode(seal(password, b'{"mac":{}}', **cost)).decode(),
        **changes,
    }
    return json.dumps(told).encode()


def key(data: bytes, *, written: float | None = None) -> Key:
    found = read_key(hashlib.sha256(data).hexdigest(), data, written=written)
    assert found is not None
    return found


SMALL = key_file(n=16, r=1, p=1)
STRONG = key_file()


def named(folder: str, data: bytes, *, below: bool = False) -> tuple[str, bytes]:
    name = hashlib.sha256(data).hexdigest()
    return f"{folder}/{name[:2]}/{name}" if below else f"{folder}/{name}", data


CREATED = datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC).timestamp()


def repository(*, snapshots: int = 3, keys: tuple[bytes, ...] = (STRONG,), legacy: bool = False) -> Shelf:
    """One snapshot a night, the newest ten hours ago, each with a pack and an index file."""
    folders = ("key", "snapshot") if legacy else ("keys", "snapshots")
    files, dates = {"config": CONFIG}, {"config": CREATED}
    for data in keys:
        path, _ = named(folders[0], data)
        files[path], dates[path] = data, CREATED
    for night in range(snapshots):
        date = NOW_SECONDS - 10 * HOUR - night * DAY
        for folder, below in ((folders[1], False), ("index", False), ("data", not legacy)):
            path, data = named(folder, f"{folder} {night}".encode() + NOISE[:300], below=below)
            files[path], dates[path] = data, date
    return Shelf(files, dates)


def told(shelf: Shelf, **options: Any) -> Found:
    found = restic.read_repository(Inspection(shelf, NOW, **options), ())
    assert found is not None
    return found


def paths(shelf: Shelf, folder: str) -> list[str]:
    """Of this folder, the newest first."""
    inside = [path for path in shelf.files if path.startswith(f"{folder}/")]
    return sorted(inside, key=lambda path: -shelf.dates[path])


def faults(found: Found) -> list[str]:
    return [point.reading.fault for point in found.points]


def codes(found: Found) -> set[Trouble]:
    return {each.code for each in found.anomalies}


@pytest.mark.parametrize("legacy", [False, True])
def test_each_snapshot_is_a_restore_point_of_a_repository(legacy: bool) -> None:
    found = told(repository(legacy=legacy), tries_empty_password=False)
    assert faults(found) == ["", "", ""]
    assert {point.date_kind for point in found.points} == {DateKind.EXACT}
    assert [round(NOW_SECONDS - point.written) for point in found.points] == [36_000, 122_400, 208_800]
    assert {point.series for point in found.points} == {"restic"}
    assert found.reading.encrypted is Encrypted.YES
    assert found.reading.method == "AES-256-CTR et Poly1305-AES, scrypt N=32768 r=8 p=1"
    assert (found.reading.weaknesses, found.anomalies, found.complete) == ((), (), True)
    assert "3 paquets (tous)" in found.points[0].reading.evidence
    assert isinstance(found.empty_password, Unreachable)


@pytest.mark.parametrize(
    ("folders", "files", "expected"),
    [
        ("keys snapshots index data locks", "config", True),
        ("key snapshot index data lock", "config", True),
        ("keys snapshots index data", "config", True),
        ("snapshots index data", "config", True),
        ("keys data", "config", True),
        ("keys", "config", False),
        ("keys snapshots index data locks", "README", False),
        ("data", "config README", False),
    ],
)
def test_a_repository_is_told_by_its_folders(folders: str, files: str, expected: bool) -> None:
    assert restic.is_repository("r", frozenset(folders.split()), frozenset(files.split())) is expected


@pytest.mark.parametrize(
    "files",
    [
        {"config": CONFIG, "keys/a.pem": b"x", "data/b": b"y"},
        {"config": CONFIG, "a": b""},
    ],
)
def test_a_folder_with_the_same_names_and_nothing_of_a_repository_is_none(files: dict[str, bytes]) -> None:
    assert restic.read_repository(Inspection(Shelf(files), NOW), ()) is None


@pytest.mark.parametrize(
    ("folder", "broken", "expected"),
    [
        ("snapshots", lambda data: b"", ["empty", "", ""]),
        ("snapshots", lambda data: data[:-1], ["damaged", "", ""]),
        ("index", lambda data: data[:-1], ["damaged"] * 3),
        ("index", lambda data: b"", ["damaged"] * 3),
        ("data", lambda data: data[:-1], ["damaged", "end-not-seen", "end-not-seen"]),
        ("data", lambda data: b"", ["damaged", "end-not-seen", "end-not-seen"]),
        ("data", lambda data: bytes(len(data)), ["damaged", "end-not-seen", "end-not-seen"]),
    ],
)
def test_the_newest_file_broken(folder: str, broken: Any, expected: list[str]) -> None:
    shelf = repository()
    newest = paths(shelf, folder)[0]
    shelf.files[newest] = broken(shelf.files[newest])
    found = told(shelf, tries_empty_password=False)
    assert faults(found) == expected
    assert Trouble.DAMAGED in codes(found)
    assert (Trouble.EMPTY_FILES in codes(found)) == (not shelf.files[newest])


def test_a_pack_lost_in_the_middle_damages_what_was_written_after_it() -> None:
    shelf = repository()
    shelf.files[paths(shelf, "data")[1]] = b"x"
    assert faults(told(shelf)) == ["damaged", "damaged", "end-not-seen"]
    shelf.dates.clear()
    assert faults(told(shelf)) == ["damaged"] * 3


@pytest.mark.parametrize("folder", ["keys", "index", "data"])
def test_a_repository_without_what_it_restores_from_has_no_good_copy(folder: str) -> None:
    shelf = repository()
    for path in paths(shelf, folder):
        del shelf.files[path]
    found = told(shelf)
    assert faults(found) == ["damaged"] * 3
    assert f"« {folder} »" in found.reading.evidence
    assert found.reading.encrypted is (Encrypted.UNKNOWN if folder == "keys" else Encrypted.YES)


@pytest.mark.parametrize(
    ("folder", "expected"), [("keys", "damaged"), ("index", "damaged"), ("data", "damaged")]
)
def test_objects_renamed_by_ransomware_are_lost(folder: str, expected: str) -> None:
    shelf = repository()
    path = paths(shelf, folder)[0]
    shelf.files[f"{path}.locked"] = shelf.files.pop(path)
    assert faults(told(shelf))[0] == expected


def test_a_second_copy_of_an_object_under_another_name_is_no_loss() -> None:
    shelf = repository()
    path = paths(shelf, "data")[0]
    shelf.files[f"{path} (1)"] = b"x"
    assert faults(told(shelf)) == ["", "", ""]


@pytest.mark.parametrize(
    ("config", "size", "flawed"),
    [
        (CONFIG, 155, False),
        (CONFIG[:154], 154, True),
        (CONFIG[:139] + bytes(16), 155, True),
        (b"", 0, True),
        (bytes(155), 155, True),
        (b"repository = mairie\n" * 7, 140, True),
        (NOISE[:4000], 5000, True),
    ],
)
def test_config_is_some_encrypted_octets(config: bytes, size: int, flawed: bool) -> None:
    assert bool(config_flaw(config, size)) is flawed
    found = told(replace(repository(), files={**repository().files, "config": config}))
    assert (faults(found)[0] == "damaged") is (flawed and size != 5000)


def test_what_this_account_may_not_read_is_unknown_and_not_broken() -> None:
    shelf = repository()
    for folder in ("keys", "snapshots", "data"):
        path = paths(shelf, folder)[0]
        found = told(replace(shelf, closed=frozenset({path})), tries_empty_password=folder == "keys")
        assert faults(found)[0] == "end-not-seen"
        assert found.complete is False
        assert Trouble.UNREADABLE in codes(found)
        assert found.reading.encrypted is (Encrypted.UNKNOWN if folder == "keys" else Encrypted.YES)
        assert isinstance(found.empty_password, Unreachable)
    with pytest.raises(PermissionError):
        told(replace(shelf, closed=frozenset({"config"})))


def test_the_weakest_key_is_what_counts() -> None:
    found = told(repository(keys=(STRONG, key_file(b"", n=1024))))
    assert found.reading.weaknesses == (Weakness.FAST_KDF,)
    assert "N=1024" in found.reading.method
    assert found.empty_password is True
    assert told(repository(keys=(key_file(n=1024), SMALL))).empty_password is False


def test_a_key_altered_beside_a_sound_one_is_an_anomaly() -> None:
    shelf = repository(keys=(STRONG, SMALL))
    shelf.files[named("keys", SMALL)[0]] = b""
    found = told(shelf)
    assert faults(found) == ["", "", ""]
    assert Trouble.DAMAGED in codes(found)


@pytest.mark.parametrize(
    ("cost", "needs"),
    [({"n": 1 << 17}, "128 Mio"), ({"n": 1 << 29, "r": 1 << 20}, "Mio"), ({"p": 17}, "17 fois")],
)
def test_a_key_that_asks_for_too_much_is_not_tried(cost: dict[str, int], needs: str) -> None:
    answer = opens_when_empty(key(key_file(b"", **cost)))
    assert isinstance(answer, Unreachable)
    assert needs in answer.detail


def test_the_trial_is_left_when_it_may_not_be_or_cannot_be_ended() -> None:
    weak, heavy = key(key_file(n=16, r=1)), key(key_file(n=1 << 20))
    shelf = repository()
    open_one = key(key_file(b"", n=16, r=1))
    assert try_empty_password(Inspection(shelf, NOW), (weak,)) is False
    assert try_empty_password(Inspection(shelf, NOW), (heavy, weak, open_one)) is True
    for answer in (
        try_empty_password(Inspection(shelf, NOW, tries_empty_password=False), (open_one,)),
        try_empty_password(Inspection(shelf, NOW, seconds=-1.0), (open_one,)),
        try_empty_password(Inspection(shelf, NOW), ()),
        try_empty_password(Inspection(shelf, NOW), (weak, heavy)),
        try_empty_password(Inspection(shelf, NOW), (weak,), left=1),
    ):
        assert isinstance(answer, Unreachable)
        assert answer.reason in (Reason.NOT_LOOKED, Reason.DEADLINE)


def test_more_keys_than_are_read_leave_the_look_incomplete() -> None:
    keys = tuple(key_file(n=16, r=1, username=str(number)) for number in range(21))
    found = told(repository(keys=keys))
    assert found.complete is False
    assert isinstance(found.empty_password, Unreachable)


@pytest.mark.parametrize(
    "changes",
    [
        {"kdf": "none"},
        {"N": 0},
        {"N": 12345},
        {"N": True},
        {"r": "8"},
        {"p": 1 << 31},
        {"salt": "eA=="},
        {"salt": "é"},
        {"salt": None},
        {"data": "eA=="},
        {"data": 3},
    ],
)
def test_what_is_no_key_is_none(changes: dict[str, Any]) -> None:
    data = json.dumps({**json.loads(STRONG), **changes}).encode()
    assert read_key(hashlib.sha256(data).hexdigest(), data) is None


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"[" * 100_000, b'{"kdf": "scrypt"}', b"\xff"])
def test_what_is_no_json_of_a_key_is_none(data: bytes) -> None:
    assert read_key(hashlib.sha256(data).hexdigest(), data) is None


@pytest.mark.parametrize("created", [None, 3, "hier", "2026-01-02T03:04:05", "0001-01-01T00:00:00+14:00"])
def test_a_key_without_a_date_is_a_key(created: Any) -> None:
    assert key(key_file(n=16, r=1, created=created)).created is None
    assert "créée" not in reading_of((key(key_file(n=16, r=1, created=created)),)).evidence
    assert "créée le 2026-01-02" in reading_of((key(SMALL),)).evidence


def test_a_nonce_of_zeros_is_refused_as_restic_does() -> None:
    stretched = hashlib.scrypt(b"", salt=SALT, n=16, r=1, p=1, dklen=64)
    opened = key(key_file(b"", n=16, r=1)).sealed
    assert is_sealed_by(stretched, opened)
    assert not is_sealed_by(stretched, bytes(16) + opened[16:])
    assert not is_sealed_by(stretched, opened[:-1] + bytes([opened[-1] ^ 1]))


@given(st.integers(0, len(STRONG) - 1), st.integers(0, 7))
def test_a_key_with_one_bit_turned_proves_nothing(at: int, bit: int) -> None:
    changed = STRONG[:at] + bytes([STRONG[at] ^ 1 << bit]) + STRONG[at + 1 :]
    assert read_key(hashlib.sha256(STRONG).hexdigest(), changed) is None


@given(st.binary(max_size=300), st.floats(allow_nan=False) | st.none())
def test_any_bytes_make_a_key_or_none(data: bytes, written: float | None) -> None:
    read_key(hashlib.sha256(data).hexdigest(), data, written=written)
    config_flaw(data, len(data))
    dating((written or 0.0,), (replace(key(SMALL), written=written),), config_written=written, now=0.0).of(
        written
    )


@pytest.mark.parametrize(
    ("moments", "config", "expected"),
    [
        ((1000.0, 90_000.0), 900.0, DateKind.EXACT),
        ((5000.0, 5001.0), 4999.0, DateKind.UPPER_BOUND),
        ((5000.0,), 4999.0, DateKind.UPPER_BOUND),
        ((5000.0,), 1000.0, DateKind.EXACT),
        ((5000.0,), None, DateKind.UPPER_BOUND),
    ],
)
def test_dates_that_are_all_the_same_are_those_of_a_copying(
    moments: tuple[float, ...], config: float | None, expected: DateKind
) -> None:
    assert dating(moments, (), config_written=config, now=0.0).of(moments[0])[1] is expected


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        # The oldest night first: how many snapshot files within a minute of one another.
        ((1, 1, 1, 7), DateKind.UPPER_BOUND),
        ((2, 2, 5), DateKind.UPPER_BOUND),
        ((1, 1, 2), DateKind.EXACT),
        ((4, 4, 4), DateKind.EXACT),
        ((2, 3, 4), DateKind.EXACT),
        ((9, 1, 1), DateKind.EXACT),
        ((300,), DateKind.UPPER_BOUND),
    ],
)
def test_snapshots_written_again_at_one_go_carry_the_date_of_that_day(
    sizes: tuple[int, ...], expected: DateKind
) -> None:
    moments = [night * DAY + 30.0 * rank for night, size in enumerate(sizes) for rank in range(size)]
    assert dating(moments, (), config_written=None, now=0.0).of(moments[-1])[1] is expected


@pytest.mark.parametrize(
    ("copied_days_ago", "expected"),
    [(0.0, ["upper-bound"] * 3), (8.9, ["exact", "exact", "upper-bound"]), (30.0, ["exact"] * 3)],
)
def test_a_key_file_far_younger_than_its_key_was_copied_and_so_was_the_rest(
    copied_days_ago: float, expected: list[str]
) -> None:
    shelf = repository()
    moved = NOW_SECONDS - copied_days_ago * DAY
    shelf.dates[paths(shelf, "keys")[0]] = moved
    for path in ("config", *paths(shelf, "index"), *paths(shelf, "data")):
        shelf.dates[path] = moved
    found = told(shelf)
    assert [point.date_kind for point in found.points] == expected
    assert (Trouble.LOST_DATES in codes(found)) == ("upper-bound" in expected)


def test_a_server_that_tells_no_date_gives_an_upper_bound() -> None:
    found = told(replace(repository(snapshots=250), dates={}, far=True))
    newest = found.points[0]
    assert (newest.written, newest.date_kind, newest.date_source) == (
        NOW_SECONDS,
        DateKind.UPPER_BOUND,
        NOT_GIVEN,
    )
    assert (len(found.points), found.more_points, found.moments) == (200, 50, ())
    assert Trouble.LOST_DATES not in codes(found)


def test_a_far_place_is_asked_little_and_what_was_not_hashed_is_not_called_good() -> None:
    shelf = replace(repository(snapshots=100), far=True)
    found = told(shelf)
    assert [fault == "" for fault in faults(found)] == [True] * 8 + [False] * 92
    assert set(faults(found)[8:]) == {"end-not-seen"}
    assert shelf.questions < 60


def test_a_snapshot_of_tomorrow_comes_last() -> None:
    shelf = repository()
    shelf.dates[paths(shelf, "snapshots")[1]] = NOW_SECONDS + 3 * DAY
    assert [point.written > NOW_SECONDS for point in told(shelf).points] == [False, False, True]


def test_many_snapshots_are_counted_and_the_newest_kept() -> None:
    shelf = repository(snapshots=300)
    found = told(shelf)
    assert (len(found.points), found.more_points, len(found.moments)) == (200, 100, 300)
    assert found.complete
    deep = told(shelf, deep=True)
    assert deep.complete
    shelf.files[paths(shelf, "snapshots")[-1]] = b"x"
    assert Trouble.DAMAGED not in codes(told(shelf))
    assert Trouble.DAMAGED in codes(told(shelf, deep=True))


def test_locks_and_unfinished_files_older_than_half_an_hour_are_said() -> None:
    shelf = repository()
    pack = paths(shelf, "data")[0]
    for minutes, text in ((10, b"en cours"), (40, b"laisse")):
        for path in (named("locks", text)[0], f"{pack}-tmp-{minutes}"):
            shelf.files[path], shelf.dates[path] = text, NOW_SECONDS - minutes * 60
    found = told(shelf)
    assert {each.code: each.count for each in found.anomalies} == {
        Trouble.STALE_LOCK: 1,
        Trouble.ABORTED_RUN: 1,
    }
    assert faults(found) == ["", "", ""]


def test_a_look_without_time_calls_nothing_good() -> None:
    found = told(repository(), seconds=-1.0)
    assert set(faults(found)) <= {"end-not-seen", "damaged"}


def test_a_large_repository_is_sampled_by_its_newest_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restic_objects, "MOST_PACKS", 3)
    monkeypatch.setattr(restic_objects, "MOST_OBJECTS", 5)
    monkeypatch.setattr(restic_objects, "CLOCK_EVERY", 1)
    monkeypatch.setattr(restic_repository, "BUDGET", 1000)
    found = told(repository(snapshots=9))
    assert "(les plus récents)" in found.points[0].reading.evidence
    assert faults(found)[0] == ""
    assert found.complete is False


def test_layout_of_neither() -> None:
    assert layout_of(frozenset({"index"})) is None


# --- What no name tells to be lost ---


def quickly(shelf: Shelf) -> Found:
    """Without the trial of the empty password, which takes half a second by design."""
    return told(shelf, tries_empty_password=False)


def packs(shelf: Shelf) -> None:
    """A hundred more, written with the oldest, in all folders."""
    for number in range(1500):
        path, data = named("data", NOISE[: number % 90] + number.to_bytes(4, "big"), below=True)
        shelf.files[path], shelf.dates[path] = data, NOW_SECONDS - 3 * DAY


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ("0123456789abcdef", ""),
        ("01234567", "damaged"),
        ("0", "damaged"),
        ("02468ace", "damaged"),
    ],
)
def test_folders_of_packs_are_not_empty_by_chance(kept: str, expected: str) -> None:
    shelf = repository()
    packs(shelf)
    own = set(paths(repository(), "data"))
    for path in paths(shelf, "data"):
        if path not in own and path.split("/")[1][0] not in kept:
            del shelf.files[path]
    found = quickly(shelf)
    assert set(faults(found)) == {expected}
    assert ("ce n'est pas un hasard" in found.reading.evidence) is bool(expected)


def test_few_packs_leave_most_folders_empty() -> None:
    assert faults(quickly(repository(snapshots=1))) == [""]


def of_objects(count: int, *, each: int = 41, salt: str = "") -> bytes:
    """A pack whose end says how many objects it holds."""
    return salt.encode() + NOISE[:100] * count + (count * each + 32).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("each", "index_bytes", "objects", "expected"),
    [
        # Bytes of index an object, as measured with restic 0.14: 43 when it is compressed, 123 when it is not.
        (41, 43, (300, 300), ["", "", ""]),
        (41, 43, (300, 100), ["end-not-seen"] * 3),
        (41, 43, (600, 300), ["", "", ""]),
        (37, 123, (300, 300), ["", "", ""]),
        (37, 123, (300, 100), ["end-not-seen"] * 3),
        # The end of a pack that says nothing, or more than the pack itself.
        (0, 43, (300, 10), ["", "", ""]),
        (1 << 22, 43, (300, 10), ["", "", ""]),
    ],
)
def test_an_index_of_more_objects_than_the_packs_hold_leaves_a_doubt(
    each: int, index_bytes: int, objects: tuple[int, int], expected: list[str]
) -> None:
    shelf = repository()
    for path in (*paths(shelf, "data"), *paths(shelf, "index")):
        del shelf.files[path]
    index = (NOISE * 30)[: 600 * index_bytes]
    shelf.files.update([named("index", index)])
    shelf.dates[paths_of(shelf, "index")] = NOW_SECONDS - 11 * HOUR
    for rank, count in enumerate(objects):
        path, data = named("data", of_objects(count, each=each, salt=str(rank)), below=True)
        shelf.files[path], shelf.dates[path] = data, NOW_SECONDS - 12 * HOUR
    assert faults(quickly(shelf)) == expected


def paths_of(shelf: Shelf, folder: str) -> str:
    return next(path for path in shelf.files if path.startswith(f"{folder}/"))


def test_packs_written_after_the_last_index_and_before_the_snapshot_leave_a_doubt() -> None:
    shelf = repository()
    newest = paths(shelf, "index")[0]
    del shelf.files[newest]
    found = quickly(shelf)
    assert faults(found) == ["end-not-seen", "", ""]
    assert "un index s'est perdu" in found.points[0].reading.evidence


def test_packs_of_a_run_that_goes_on_are_no_doubt() -> None:
    shelf = repository()
    path, data = named("data", NOISE[:77], below=True)
    shelf.files[path], shelf.dates[path] = data, NOW_SECONDS - HOUR
    assert faults(quickly(shelf)) == ["", "", ""]


@pytest.mark.parametrize(("days", "expected"), [(13, ""), (15, "end-not-seen")])
def test_snapshots_that_write_nothing_for_weeks_leave_a_doubt(days: int, expected: str) -> None:
    shelf = repository()
    for path in (*paths(shelf, "index"), *paths(shelf, "data")):
        shelf.dates[path] = NOW_SECONDS - 10 * HOUR - days * DAY
    found = quickly(shelf)
    assert faults(found)[0] == expected
    assert ("la source est vide" in found.points[0].reading.evidence) is bool(expected)


def test_a_config_longer_than_restic_writes_leaves_a_doubt() -> None:
    shelf = repository()
    shelf.files["config"] = NOISE[:171]
    assert set(faults(quickly(shelf))) == {"end-not-seen"}


@pytest.mark.parametrize(("folder", "expected"), [("index", ["damaged"] * 3), ("data", ["damaged"] * 3)])
def test_names_in_capitals_are_not_those_of_objects(folder: str, expected: list[str]) -> None:
    shelf = repository()
    path = paths(shelf, folder)[-1]
    upper = "/".join((*path.split("/")[:-1], path.split("/")[-1].upper()))
    shelf.files[upper], shelf.dates[upper] = shelf.files.pop(path), shelf.dates.pop(path)
    assert faults(quickly(shelf)) == expected
    assert Trouble.DAMAGED in codes(quickly(shelf))


@pytest.mark.parametrize(("together", "expected"), [(3, DateKind.EXACT), (4, DateKind.UPPER_BOUND)])
def test_snapshots_of_one_second_were_copied(together: int, expected: DateKind) -> None:
    nights = [night * DAY for night in range(9)]
    # Twice, so that no burst stands out: a copy by rsync every month, without its dates.
    moments = [*nights, *[nights[4] + 0.1 * rank for rank in range(together - 1)]]
    moments += [nights[8] + 0.1 * rank for rank in range(1, together)]
    when = dating(moments, (), config_written=None, now=0.0)
    assert when.of(nights[8])[1] is expected
    assert when.of(nights[7])[1] is DateKind.EXACT


def test_a_repository_just_made_has_lost_no_date() -> None:
    data = key_file(created=datetime.fromtimestamp(NOW_SECONDS - HOUR, UTC).isoformat())
    shelf = repository(snapshots=1, keys=(data,))
    for path in shelf.dates:
        shelf.dates[path] = NOW_SECONDS - HOUR + 5
    found = quickly(shelf)
    assert [(point.date_kind, point.date_source) for point in found.points] == [
        (DateKind.UPPER_BOUND, OF_A_NEW)
    ]
    assert Trouble.LOST_DATES not in codes(found)

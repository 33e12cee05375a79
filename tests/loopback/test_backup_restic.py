"""Repositories made by restic itself, then broken in known ways and confirmed by « restic check »."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from cyberaudit.facts.backup import Copy, DateKind, Encrypted, StoreContents, Trouble
from cyberaudit.model import Unreachable
from cyberaudit.probes.stores.restic.dates import OF_A_NEW
from cyberaudit.probes.stores.restic.keys import Key, is_sealed_by, opens_when_empty, read_key
from tests.loopback.test_probes_backup import contents, need, run
from tests.unit.backup_places import NOW, contents_of, set_back
from tests.unit.test_backup_restic import SALT, key_file, seal

pytestmark = pytest.mark.loopback

PASSWORD = "essai"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two snapshots with packs of their own, a lock left by nobody."""
    need("restic")
    folder = tmp_path_factory.mktemp("restic")
    secret = {"RESTIC_PASSWORD": PASSWORD, "RESTIC_REPOSITORY": str(folder / "depot")}
    run("restic", "init", folder=folder, **secret)
    (folder / "documents").mkdir()
    for number in range(2):
        (folder / "documents" / f"registre-{number}.bin").write_bytes(os.urandom(40_000))
        run("restic", "backup", "--no-cache", "documents", folder=folder, **secret)
    set_back(folder / "depot", NOW - timedelta(days=9))
    return folder / "depot"


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A copy, its snapshots four and thirty hours old, and what came with them."""
    shutil.copytree(made, tmp_path / "copies" / "depot")
    depot = tmp_path / "copies" / "depot"
    for folder in ("snapshots", "index", "data"):
        for rank, path in enumerate(sorted(path for path in (depot / folder).rglob("*") if path.is_file())):
            set_back(path, NOW - timedelta(hours=4 if rank % 2 else 30))
    return tmp_path / "copies"


def files(place: Path, folder: str) -> list[Path]:
    """Of this folder, the newest first."""
    found = [path for path in (place / "depot" / folder).rglob("*") if path.is_file()]
    return sorted(found, key=lambda path: -path.stat().st_mtime)


def rewritten(path: Path, data: bytes) -> None:
    """The same file with other bytes, its date kept."""
    status = path.stat()
    path.chmod(0o600)
    path.write_bytes(data)
    os.utime(path, (status.st_mtime, status.st_mtime))


def is_sound(place: Path) -> bool:
    """What the tool itself says, every pack read."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "RESTIC_PASSWORD": PASSWORD}
    command = ["restic", "-r", str(place / "depot"), "check", "--read-data", "--no-cache", "--no-lock"]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, timeout=60)
    return done.returncode == 0


def points(found: StoreContents) -> tuple[Copy, ...]:
    assert [store.kind for store in found.stores] == ["restic"]
    return found.copies


def quickly(place: Path, *, deep: bool = False) -> StoreContents:
    """Without the trial of the empty password, which takes half a second by design."""
    return contents_of(place, deep=deep, tries_empty_password=False)


def test_what_restic_calls_sound_is_good_and_dated(place: Path) -> None:
    assert is_sound(place)
    found = contents_of(place)
    (store,) = found.stores
    assert (store.place, store.copies, store.encrypted, store.empty_password) == (
        "depot",
        2,
        Encrypted.YES,
        False,
    )
    assert store.method.startswith("AES-256-CTR et Poly1305-AES, scrypt N=")
    assert [(copy.fault, copy.date_kind) for copy in points(found)] == [("", DateKind.EXACT)] * 2
    assert [NOW - copy.written_at for copy in found.copies] == [timedelta(hours=4), timedelta(hours=30)]
    assert {copy.series for copy in found.copies} == {"restic depot"}
    assert (found.anomalies, found.complete, found.other_files) == ((), True, 0)
    assert "paquets (tous)" in found.copies[0].evidence


@pytest.mark.parametrize("folder", ["keys", "snapshots", "index", "data"])
def test_what_is_broken_is_never_good(place: Path, folder: str) -> None:
    path = files(place, folder)[0]
    data = path.read_bytes()
    for broken in (b"", data[:-1], data[:70] + bytes([data[70] ^ 1]) + data[71:]):
        rewritten(path, broken)
        for deep in (False, True):
            found = quickly(place, deep=deep)
            assert points(found)[0].fault in ("damaged", "empty")
            assert found.troubles(Trouble.DAMAGED)
            assert found.stores[0].encrypted is (Encrypted.UNKNOWN if folder == "keys" else Encrypted.YES)


@pytest.mark.parametrize("folder", ["snapshots", "index", "data"])
def test_restic_agrees_on_what_is_broken(place: Path, folder: str) -> None:
    path = files(place, folder)[0]
    data = path.read_bytes()
    rewritten(path, data[:70] + bytes([data[70] ^ 1]) + data[71:])
    assert not is_sound(place)
    assert points(quickly(place))[0].fault == "damaged"


def test_one_lost_snapshot_leaves_the_other_good(place: Path) -> None:
    rewritten(files(place, "snapshots")[0], b"")
    assert [copy.fault for copy in points(quickly(place))] == ["empty", ""]


def test_a_config_of_zeros_opens_nothing(place: Path) -> None:
    rewritten(place / "depot" / "config", bytes(155))
    assert not is_sound(place)
    assert {copy.fault for copy in points(quickly(place))} == {"damaged"}


def test_a_repository_copied_without_dates_has_upper_bounds(place: Path) -> None:
    shutil.copytree(place / "depot", place / "recopie", copy_function=shutil.copyfile)
    shutil.rmtree(place / "depot")
    found = quickly(place)
    assert {copy.date_kind for copy in points(found)} == {DateKind.UPPER_BOUND}
    # Copied within minutes of its making: nothing tells that from a repository that has just been made.
    assert {copy.date_source for copy in points(found)} == {OF_A_NEW}


def test_names_in_capitals_are_lost_to_the_tool(place: Path) -> None:
    """Which asks for them again and again for a quarter of an hour."""
    for folder in ("index", "data"):
        path = files(place, folder)[0]
        upper = path.rename(path.with_name(path.name.upper()))
        assert points(quickly(place))[0].fault == "damaged", folder
        assert not quickly(place).good
        upper.rename(path)
    assert {copy.fault for copy in points(quickly(place))} == {""}


@pytest.mark.parametrize("version", ["1", "2"])
def test_packs_that_the_index_counts_and_that_are_gone_leave_a_doubt(tmp_path: Path, version: str) -> None:
    need("restic")
    place = tmp_path / "copies"
    place.mkdir()
    depot = place / "depot"
    secret = {"RESTIC_PASSWORD": PASSWORD, "RESTIC_REPOSITORY": str(depot)}
    run("restic", "init", "--repository-version", version, folder=tmp_path, **secret)
    for kind in "ab":
        (tmp_path / "documents").mkdir(exist_ok=True)
        for number in range(150):
            (tmp_path / "documents" / f"{kind}-{number}.bin").write_bytes(os.urandom(700))
        run("restic", "backup", "--no-cache", "documents", folder=tmp_path, **secret)
    set_back(depot, NOW - timedelta(days=1))
    assert {copy.fault for copy in points(quickly(place))} == {""}
    largest = max(files(place, "data"), key=lambda path: path.stat().st_size)
    largest.unlink()
    assert not is_sound(place)
    newest = points(quickly(place))[0]
    assert newest.fault == "end-not-seen"
    assert "l'index compte double" in newest.evidence


def test_a_lock_left_behind_is_stale(place: Path) -> None:
    lock = place / "depot" / "locks" / ("ab" * 32)
    lock.write_bytes(b"verrou")
    set_back(lock, NOW - timedelta(minutes=20))
    assert not quickly(place).anomalies
    set_back(lock, NOW - timedelta(minutes=40))
    assert [each.code for each in quickly(place).anomalies] == [Trouble.STALE_LOCK]


def key_of(place: Path) -> tuple[Path, Key]:
    (path,) = (place / "depot" / "keys").iterdir()
    key = read_key(path.name, path.read_bytes(), written=path.stat().st_mtime)
    assert key is not None
    return path, key


def test_the_code_of_a_real_key_is_that_of_its_password_and_not_of_an_empty_one(place: Path) -> None:
    _, key = key_of(place)

    def stretched(password: bytes) -> bytes:
        return hashlib.scrypt(password, salt=key.salt, n=key.n, r=key.r, p=key.p, maxmem=1 << 27, dklen=64)

    assert is_sealed_by(stretched(PASSWORD.encode()), key.sealed)
    assert not is_sealed_by(stretched(b"autre"), key.sealed)
    assert opens_when_empty(key) is False


def master_of(place: Path) -> bytes:
    """The master key, as the tool shows it to whoever has the password."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "RESTIC_PASSWORD": PASSWORD}
    command = ["restic", "-r", str(place / "depot"), "cat", "masterkey", "--no-cache", "--no-lock"]
    return subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60).stdout


def wrapped(place: Path, password: bytes) -> None:
    """Put the repository's master key under another password, beside the key it has."""
    data = key_file(
        n=1024, data=base64.b64encode(seal(password, master_of(place), n=1024, r=8, p=1)).decode()
    )
    path = place / "depot" / "keys" / hashlib.sha256(data).hexdigest()
    path.write_bytes(data)
    assert json.loads(data)["salt"] == base64.b64encode(SALT).decode()


def test_a_second_key_with_an_empty_password_is_found(place: Path) -> None:
    path, _ = key_of(place)
    wrapped(place, b"")
    (store,) = contents_of(place).stores
    assert store.empty_password is True
    assert isinstance(contents_of(place, tries_empty_password=False).stores[0].empty_password, Unreachable)
    # The same wrapping under a password that this version accepts is one that restic opens.
    for each in (place / "depot" / "keys").iterdir():
        if each != path:
            each.unlink()
    wrapped(place, PASSWORD.encode())
    path.unlink()
    assert is_sound(place)
    assert contents_of(place).stores[0].empty_password is False


def test_ten_thousand_snapshots_cost_one_listing(place: Path) -> None:
    for number in range(10_000):
        path = place / "depot" / "snapshots" / hashlib.sha256(b"%d" % number).hexdigest()
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        os.utime(path, (NOW.timestamp() - 40 * 86_400 - number,) * 2)
    found = quickly(place)
    assert (found.stores[0].copies, len(found.copies), found.more_copies) == (10_002, 200, 9_802)
    assert [copy.fault for copy in found.copies[:3]] == ["", "", "empty"]


def test_a_pipe_or_a_link_in_the_place_of_an_object_is_not_opened(place: Path) -> None:
    os.mkfifo(place / "depot" / "snapshots" / ("cd" * 32))
    (place / "depot" / "keys" / ("ef" * 32)).symlink_to("/etc/hostname")
    found = quickly(place)
    assert [copy.fault for copy in points(found)] == ["", ""]
    shutil.rmtree(place / "depot" / "index")
    (place / "depot" / "index").symlink_to("/etc")
    found = quickly(place)
    assert (found.copies, found.complete) == ((), False)


def test_the_child_process_has_the_memory_and_the_time_for_all_of_it(place: Path) -> None:
    found = contents(place)
    assert [copy.fault for copy in points(found)] == ["", ""]
    assert found.stores[0].empty_password is False

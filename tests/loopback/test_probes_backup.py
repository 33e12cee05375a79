"""Backup stores made by the real tools, broken in known ways, read by the real child process."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cyberaudit.declared import Backup
from cyberaudit.engine.observe import Limits
from cyberaudit.facts.backup import BackupStore, Copy, DateKind, Encrypted, StoreContents
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import backup_store
from cyberaudit.probes.backup_store import announce, ask_child, look, worth_asking_again
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.stores import walk as walking
from cyberaudit.probes.stores.known import CLAIMS, FAMILIES
from cyberaudit.probes.stores.request import StoreRequest
from cyberaudit.probes.stores.walk import walk
from cyberaudit.town.scope import scope_for_look
from tests.unit import towns
from tests.unit.backup_places import inspecting

pytestmark = pytest.mark.loopback

NOW = datetime.now(UTC)


def ask(path: Path, *, root: Path | None = None, media: str = "disk", seconds: float = 60) -> Any:
    request = StoreRequest(path=str(path), roots=(str(root or path),), media=media, now=NOW)
    return asyncio.run(ask_child(request, seconds=seconds))


def contents(path: Path, **options: Any) -> StoreContents:
    facts = ask(path, **options)
    assert isinstance(facts, BackupStore), facts
    assert facts.present is True
    assert isinstance(facts.contents, StoreContents), facts.contents
    return facts.contents


def copies(path: Path) -> dict[str, Copy]:
    return {copy.name: copy for copy in contents(path).copies}


def run(*command: str | Path, folder: Path, **environment: str) -> None:
    home = {"HOME": str(folder), "PATH": os.environ["PATH"], **environment}
    subprocess.run(command, cwd=folder, env=home, check=True, capture_output=True, timeout=60)


def need(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"sans {', '.join(missing)}")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A folder of copies, beside the documents they are made of."""
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in range(20):
        (documents / f"délibération-{number}.txt").write_text(f"Séance {number}\n" * 500, "utf-8")
    folder = tmp_path / "copies"
    folder.mkdir()
    return folder


def made(store: Path, name: str) -> tuple[str, Encrypted, str]:
    copy = copies(store)[name]
    return copy.format, copy.encrypted, copy.fault


def test_zip_clear_and_zipcrypto(store: Path) -> None:
    need("zip")
    run("zip", "-qr", store / "clair.zip", "documents", folder=store.parent)
    run("zip", "-qr", "-P", "essai", store / "faible.zip", "documents", folder=store.parent)
    shutil.copy(store / "clair.zip", store / "coupe.zip")
    os.truncate(store / "coupe.zip", 2000)
    assert made(store, "clair.zip") == ("zip", Encrypted.NO, "")
    assert made(store, "faible.zip") == ("zip", Encrypted.WEAK, "")
    assert made(store, "coupe.zip") == ("zip", Encrypted.UNKNOWN, "truncated")


@pytest.fixture
def keyring(store: Path) -> Iterator[Path]:
    need("gpg")
    # A short path: the agent's socket has at most 107 characters.
    home = Path("/tmp") / f"cyberaudit-{os.getpid()}-{threading.get_native_id()}"
    home.mkdir(mode=0o700)
    yield home
    run("gpgconf", "--homedir", home, "--kill", "all", folder=store.parent)
    shutil.rmtree(home, ignore_errors=True)


def gpg(keyring: Path, store: Path, *arguments: str | Path) -> None:
    secret = ("--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "essai")
    run("gpg", "--homedir", keyring, *secret, *arguments, folder=store.parent)


def test_gpg_symmetric_weak_and_stored(store: Path, keyring: Path) -> None:
    run("tar", "-cf", "mairie.tar", "documents", folder=store.parent)
    gpg(keyring, store, "--symmetric", "-o", store / "a.gpg", "mairie.tar")
    gpg(keyring, store, "--symmetric", "--armor", "-o", store / "b.asc", "mairie.tar")
    gpg(keyring, store, "--symmetric", "--cipher-algo", "3DES", "-o", store / "c.gpg", "mairie.tar")
    gpg(keyring, store, "--store", "-o", store / "d.gpg", "mairie.tar")
    whole = (store / "a.gpg").read_bytes()
    (store / "e.gpg").write_bytes(whole[: len(whole) // 2])
    assert made(store, "a.gpg") == ("openpgp", Encrypted.YES, "")
    assert made(store, "b.asc") == ("openpgp", Encrypted.YES, "")
    assert made(store, "c.gpg") == ("openpgp", Encrypted.WEAK, "")
    assert made(store, "d.gpg") == ("openpgp", Encrypted.NO, "end-not-seen")
    assert made(store, "e.gpg") == ("openpgp", Encrypted.YES, "truncated")
    assert "AES" in copies(store)["a.gpg"].evidence


def test_gpg_signed_only_and_for_a_recipient(store: Path, keyring: Path) -> None:
    run("tar", "-cf", "mairie.tar", "documents", folder=store.parent)
    gpg(keyring, store, "--quick-gen-key", "mairie@commune.example", "future-default", "default", "never")
    gpg(keyring, store, "--sign", "-o", store / "signe.gpg", "mairie.tar")
    gpg(keyring, store, "-e", "--trust-model", "always", "-r", "mairie@commune.example",
        "-o", store / "pour.gpg", "mairie.tar")  # fmt: skip
    assert made(store, "signe.gpg") == ("openpgp", Encrypted.NO, "end-not-seen")
    assert made(store, "pour.gpg") == ("openpgp", Encrypted.YES, "")


def test_age_binary_armoured_and_cut(store: Path) -> None:
    need("age", "age-keygen")
    run("age-keygen", "-o", "cle.txt", folder=store.parent)
    key = (store.parent / "cle.txt").read_text("ascii").partition("public key: ")[2].split()[0]
    run("tar", "-cf", "mairie.tar", "documents", folder=store.parent)
    run("age", "-r", key, "-o", store / "a.age", "mairie.tar", folder=store.parent)
    run("age", "-a", "-r", key, "-o", store / "b.age", "mairie.tar", folder=store.parent)
    (store / "c.age").write_bytes((store / "a.age").read_bytes()[:180])
    assert made(store, "a.age") == ("age", Encrypted.YES, "end-not-seen")
    assert made(store, "b.age") == ("age", Encrypted.YES, "")
    assert made(store, "c.age")[2] == "truncated"


def test_tar_under_each_compressor(store: Path) -> None:
    for suffix, option in (("gz", "-z"), ("bz2", "-j"), ("xz", "-J")):
        if shutil.which({"gz": "gzip", "bz2": "bzip2", "xz": "xz"}[suffix]):
            run("tar", option, "-cf", store / f"a.tar.{suffix}", "documents", folder=store.parent)
            data = (store / f"a.tar.{suffix}").read_bytes()
            (store / f"b.tar.{suffix}").write_bytes(data[: len(data) * 2 // 3])
    found = copies(store)
    assert found
    for name, copy in found.items():
        assert copy.fault == ("truncated" if name.startswith("b") else "")
        assert copy.encrypted in ({Encrypted.NO, Encrypted.UNKNOWN} if copy.fault else {Encrypted.NO})


@pytest.fixture(scope="module")
def two_snapshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A restic repository as the tool leaves it."""
    need("restic")
    folder = tmp_path_factory.mktemp("restic")
    (folder / "documents").mkdir()
    (folder / "documents" / "registre.txt").write_text("Séance\n" * 500, "utf-8")
    secret = {"RESTIC_PASSWORD": "essai", "RESTIC_REPOSITORY": str(folder / "repository")}
    run("restic", "init", folder=folder, **secret)
    for _ in range(2):
        run("restic", "backup", "--no-cache", "documents", folder=folder, **secret)
    return folder / "repository"


@pytest.fixture
def repository(store: Path, two_snapshots: Path) -> Path:
    """A copy of it whose snapshots are dated two days and five hours ago."""
    place = store / "restic"
    shutil.copytree(two_snapshots, place)
    for hours, path in zip((5, 48), sorted((place / "snapshots").iterdir()), strict=True):
        moment = (NOW - timedelta(hours=hours)).timestamp()
        os.utime(path, (moment, moment))
    return place


def test_restic_by_its_structure(repository: Path) -> None:
    found = contents(repository)
    assert (found.stores[0].kind, len(found.copies), found.other_files, found.complete) == (
        "restic",
        2,
        0,
        True,
    )
    newest = found.copies[0]
    assert (newest.encrypted, newest.date_kind, newest.fault) == (Encrypted.YES, DateKind.EXACT, "")
    assert "scrypt" in newest.evidence
    assert NOW - newest.written_at < timedelta(hours=6)
    assert all(len(copy.name) == 8 for copy in found.copies)


@pytest.mark.parametrize("lost", ["data", "index", "keys"])
def test_a_restic_repository_that_lost_what_it_restores_from_has_no_good_copy(
    repository: Path, lost: str
) -> None:
    for path in (repository / lost).rglob("*"):
        if path.is_file():
            path.unlink()
    found = contents(repository)
    assert [copy.fault for copy in found.copies] == ["damaged", "damaged"]
    assert f"« {lost} »" in found.copies[0].evidence


def test_restic_copied_without_its_dates_or_emptied(repository: Path) -> None:
    moved = repository.parent / "moved"
    shutil.copytree(repository, moved, copy_function=shutil.copyfile)
    shutil.rmtree(repository)
    assert {copy.date_kind for copy in contents(moved).copies} == {DateKind.UPPER_BOUND}
    first, second = sorted((moved / "snapshots").iterdir())
    first.chmod(0o600)
    second.chmod(0o600)
    first.write_bytes(b"")
    second.write_bytes(second.read_bytes()[:-1])
    assert {copy.fault for copy in contents(moved.parent).copies} == {"empty", "damaged"}


def dated(path: Path, data: bytes, **span: float) -> Path:
    path.write_bytes(data)
    moment = (NOW - timedelta(**span)).timestamp()
    os.utime(path, (moment, moment))
    return path


SQL = b"-- MySQL dump\n-- Dump completed on today\n"


def test_dates_in_the_future_or_contradicted_by_the_name(store: Path) -> None:
    dated(store / "demain.sql", SQL, days=-3)
    dated(store / "base-2020-01-31.sql", SQL, hours=2)
    dated(store / f"base-{NOW:%Y%m%d}.sql", SQL, hours=1)
    dated(store / "vieille.sql", SQL, days=30_000)
    found = contents(store).copies
    assert [copy.name for copy in found][-1] == "demain.sql"
    assert found[-1].fault == "in-the-future"
    kinds = {copy.name[:9]: copy.date_kind for copy in found}
    assert kinds["base-2020"] is DateKind.UPPER_BOUND
    assert kinds[f"base-{NOW:%Y}"] is DateKind.EXACT


def test_a_date_23_hours_ahead_is_in_the_future_half_an_hour_is_a_wrong_clock(store: Path) -> None:
    dated(store / "demain.sql", SQL, hours=-23)
    dated(store / "bientot.sql", SQL, minutes=-30)
    assert {name: copy.fault for name, copy in copies(store).items()} == {
        "demain.sql": "in-the-future",
        "bientot.sql": "",
    }


@pytest.mark.parametrize(
    ("names", "moved"),
    [
        (("paie.sql", "courrier.sql"), {"paie.sql", "courrier.sql"}),
        (("paie-1.sql", "paie-2.sql", "autre.sql", "-5 j.sql"), {"paie-1.sql", "paie-2.sql"}),
        (("paie.sql", "courrier.sql", "-5 j.sql"), set()),
        (("paie.sql",), set()),
    ],
)
def test_copies_of_one_second_carry_the_date_of_a_copying(
    store: Path, names: tuple[str, ...], moved: set[str]
) -> None:
    for name in names:
        dated(store / name, SQL, hours=2, days=5 if name == "-5 j.sql" else 0)
    found = copies(store)
    assert {name for name, copy in found.items() if copy.date_kind is DateKind.UPPER_BOUND} == moved


@pytest.mark.parametrize(
    ("year", "expected"),
    [(2019, DateKind.UPPER_BOUND), (1980, DateKind.EXACT), (NOW.year + 1, DateKind.EXACT)],
)
def test_an_archive_whose_files_are_all_old_may_be_old_itself(
    store: Path, year: int, expected: DateKind
) -> None:
    with zipfile.ZipFile(store / "mairie.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("paie.odt", (year, 1, 1, 0, 0, 0)), b"paie")
    dated(store / "mairie.zip", (store / "mairie.zip").read_bytes(), hours=2)
    assert copies(store)["mairie.zip"].date_kind is expected


def test_a_copy_far_smaller_than_the_others_of_its_series_has_collapsed(store: Path) -> None:
    for night, size in enumerate((10, 900, 1000, 1100)):
        dump = b"-- MySQL dump\n" + b"-- x\n" * size + b"-- Dump completed\n"
        dated(store / f"base-{night}.sql", dump, hours=20 * night + 1)
    dated(store / "petite.sql", b"-- MySQL dump\n-- Dump completed\n", hours=3)
    found = copies(store)
    assert {name: copy.fault for name, copy in found.items() if copy.fault} == {"base-0.sql": "collapsed"}


def test_what_is_no_plain_file_is_never_opened(store: Path) -> None:
    os.mkfifo(store / "backup.tar.gz")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(store / "b.zip"))
        (store.parent / "secret.zip").write_bytes(b"PK\x05\x06" + bytes(18))
        (store / "lien.zip").symlink_to(store.parent / "secret.zip")
        (store / "dehors").symlink_to(store.parent)
        found = contents(store)
    assert (found.copies, found.other_files, found.complete) == ((), 0, True)


def test_a_path_that_is_no_folder_does_not_block(store: Path) -> None:
    fifo = store / "tube"
    os.mkfifo(fifo)
    facts = ask(fifo, root=store)
    assert isinstance(facts.present, Unreachable)
    assert facts.present.reason is Reason.PROTOCOL_ERROR


def test_hostile_names_are_made_safe(store: Path) -> None:
    hostile = b"\x1b]8;;x\x07 [bold]\xff\n\xe2\x80\xae.zip"
    (Path(os.fsdecode(os.fsencode(store) + b"/" + hostile))).write_bytes(b"hello")
    (store / ("é" * 100 + ".zip")).write_bytes(b"hello")
    for name in copies(store):
        assert len(name) <= 80
        assert name.isprintable()


def test_a_link_out_of_the_roots_is_refused(store: Path) -> None:
    (store / "etc").symlink_to("/etc")
    answer = ask(store / "etc", root=store)
    assert isinstance(answer, BackupStore)
    assert answer.present == answer.contents
    assert isinstance(answer.present, Unreachable)
    assert answer.present.reason is Reason.PERMISSION_DENIED
    assert isinstance(ask(store / ".." / "autre", root=store), Unreachable)
    inside = store / "vrai"
    inside.mkdir()
    (store / "lien").symlink_to(inside)
    assert contents(store / "lien", root=store).copies == ()


def test_absent_is_a_fact_only_beside_something(store: Path) -> None:
    alone = ask(store / "nas", root=store)
    (store / "autre").mkdir()
    beside = ask(store / "nas", root=store)
    deep = ask(store / "nas" / "a" / "b", root=store)
    assert alone.present.reason is deep.present.reason is Reason.NO_ROUTE
    assert beside.present is False
    assert worth_asking_again(beside)
    assert not worth_asking_again(alone)


def test_an_empty_mount_point_is_not_an_empty_store() -> None:
    place = Path(f"/var/tmp/cyberaudit-essai-{os.getpid()}")
    if not place.parent.is_dir() or place.parent.stat().st_dev != Path("/").stat().st_dev:
        pytest.skip("/var/tmp n'est pas sur le disque du système")
    place.mkdir()
    try:
        assert ask(place, media="nas").present == Unreachable(
            Reason.NO_ROUTE, "le disque ou le partage n'est pas monté sur cette machine"
        )
        assert contents(place).copies == ()
    finally:
        place.rmdir()


def test_an_unreadable_copy_leaves_the_listing_incomplete(store: Path) -> None:
    (store / "a.zip").write_bytes(b"hello")
    deep = store.joinpath(*("d" for _ in range(walking.MOST_DEPTH + 1)))
    deep.mkdir(parents=True)
    (deep / "b.zip").write_bytes(b"hello")
    found = contents(store)
    assert ([copy.name for copy in found.copies], found.complete) == (["a.zip"], False)


def test_only_the_newest_copies_are_kept_and_the_others_counted(store: Path) -> None:
    for number in range(230):
        dated(store / f"{number:03}.sql", SQL, minutes=number)
        (store / f"{number:03}.jpg").write_bytes(b"\xff\xd8")
    (store / "journal.log").write_bytes(b"fini")
    found = contents(store)
    assert (len(found.copies), found.more_copies, found.other_files) == (200, 30, 230)
    assert found.copies[0].name == "000.sql"


def test_documents_are_no_copies_even_when_they_are_zip_files(store: Path) -> None:
    with zipfile.ZipFile(store / "budget.docx", "w") as document:
        document.writestr("word/document.xml", "<w/>")
    shutil.copy(store / "budget.docx", store / "sauvegarde-du-soir")
    shutil.copy(store / "budget.docx", store / "full.20261121")
    (store / "notes.1").write_bytes(b"rien")
    found = contents(store)
    assert {copy.name for copy in found.copies} == {"sauvegarde-du-soir", "full.20261121"}
    assert found.other_files == 2


def test_a_store_whose_files_change_hands_is_incomplete_not_broken(repository: Path) -> None:
    shutil.rmtree(repository / "snapshots")
    (repository / "snapshots").mkdir()
    (repository / "config").unlink()
    (repository / "config").symlink_to("/etc/hostname")
    found = contents(repository)
    assert (found.copies, found.complete) == ((), False)


def test_a_huge_store_is_listed_in_part(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        (store / f"{number}.sql").write_bytes(SQL)
    with inspecting(store) as inspection:
        assert walk(inspection, CLAIMS, FAMILIES, future=NOW.timestamp()).complete
        monkeypatch.setattr(walking, "MOST_ENTRIES", 5)
        monkeypatch.setattr(walking, "CLAIM_ENTRIES", 4)
        monkeypatch.setattr(walking, "CLOCK_EVERY", 1)
        part = walk(inspection, CLAIMS, FAMILIES, future=NOW.timestamp())
        assert (part.copies.count, part.complete) == (5, False)


def children() -> list[int]:
    """The processes that this one started."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii")
    return [int(pid) for pid in text.split()]


async def signalled(store: Path, sent: signal.Signals, *, seconds: float) -> Any:
    """What is answered when the child receives `sent` as soon as it exists."""
    before = set(children())
    request = StoreRequest(path=str(store), roots=(str(store),), media="disk", now=NOW)
    asked = asyncio.create_task(ask_child(request, seconds=seconds))
    while not (new := set(children()) - before):  # noqa: ASYNC110 — the kernel sets no event of ours
        await asyncio.sleep(0)
    os.kill(new.pop(), sent)
    return await asked


def test_a_store_gives_up_before_the_scan_gives_it_up() -> None:
    assert Limits().probe > backup_store.WALL_SECONDS + backup_store.BURIAL_SECONDS


def test_a_child_that_hangs_is_killed_and_said(store: Path) -> None:
    before = set(children())
    started = time.monotonic()
    answer = asyncio.run(signalled(store, signal.SIGSTOP, seconds=1.0))
    assert isinstance(answer, Unreachable)
    assert answer.reason is Reason.DEADLINE
    assert time.monotonic() - started < 5
    assert set(children()) <= before


def test_a_child_that_hangs_dies_with_the_scan_that_gives_up(store: Path) -> None:
    before = set(children())

    async def give_up() -> None:
        async with asyncio.timeout(0.5):
            await signalled(store, signal.SIGSTOP, seconds=100)

    # The task of the question is cancelled by the end of the loop, as Ctrl-C would.
    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert set(children()) <= before


@pytest.mark.parametrize(
    ("sent", "reason"), [(signal.SIGKILL, Reason.INTERRUPTED), (signal.SIGXCPU, Reason.DEADLINE)]
)
def test_a_child_that_is_killed_is_no_bug_of_ours(store: Path, sent: signal.Signals, reason: Reason) -> None:
    answer = asyncio.run(signalled(store, sent, seconds=20))
    assert isinstance(answer, Unreachable)
    assert answer.reason is reason


def test_a_request_that_makes_no_sense_is_a_bug_of_ours(store: Path) -> None:
    odd: Any = 7
    answer = asyncio.run(ask_child(StoreRequest(str(store), (str(store),), odd, NOW)))
    assert isinstance(answer, Unreachable)
    assert answer.reason is Reason.PROBE_CRASHED


def test_a_null_byte_in_the_path_is_no_bug(store: Path) -> None:
    facts = ask(Path(f"{store}/a\0b"), root=store)
    assert isinstance(facts.present, Unreachable)


def test_nothing_is_written_and_no_access_time_moves(store: Path) -> None:
    path = dated(store / "a.sql", SQL, days=2)
    os.utime(path, (1, path.stat().st_mtime))
    before = path.stat(), sorted(store.iterdir())
    assert copies(store)["a.sql"].fault == ""
    assert (path.stat(), sorted(store.iterdir())) == before


def instruments(*roots: Path) -> Instruments:
    town = towns.town()
    return set_up(town, scope_for_look(authorized_by=""), Options(backup_roots=roots), now=NOW)


@pytest.mark.parametrize(
    ("asset", "allowed", "reason"),
    [
        (towns.backup(path=""), True, Reason.NO_PLACE),
        (towns.backup(path="/etc"), True, Reason.NOT_LOOKED),
        (towns.backup(path="/etc"), False, Reason.NOT_LOOKED),
    ],
)
def test_what_this_machine_may_not_read(tmp_path: Path, asset: Backup, allowed: bool, reason: Reason) -> None:
    async def go() -> Any:
        return await look(asset, instruments(*([tmp_path] if allowed else [])))

    answer = asyncio.run(go())
    assert isinstance(answer, Unreachable)
    assert answer.reason is reason


def test_a_declared_store_is_looked_at_under_its_root(store: Path) -> None:
    dated(store / "a.sql", SQL, hours=1)
    asset = towns.backup(path=str(store), media="disk")

    async def go() -> Any:
        return await look(asset, instruments(store.parent))

    facts = asyncio.run(go())
    assert isinstance(facts, BackupStore)
    assert facts.path == str(store)
    assert len(announce(asset, instruments(store.parent))) == 1
    assert announce(asset, instruments()) == ()
    assert announce(towns.backup(path=""), instruments(store.parent)) == ()


def test_what_a_child_says_too_long_is_not_kept() -> None:
    child = backup_store._Child()
    child.pipe_data_received(1, b"x" * (backup_store.ANSWER_BYTES + 1))
    assert child.ended.is_set()
    assert backup_store._answer(child, 0) == Unreachable(Reason.PROBE_CRASHED, "réponse trop longue")


@pytest.mark.parametrize(
    "said", [b"", b"[]", b'{"kind": "mail-dns"}', b'{"kind": 3, "version": 1, "data": 0}']
)
def test_an_answer_that_is_no_store_is_a_bug(said: bytes) -> None:
    answer = backup_store._answer(backup_store._Child(output=bytearray(said)), 0)
    assert isinstance(answer, Unreachable)
    assert answer.reason is Reason.PROBE_CRASHED

"""Folders encrypted file by file by the real gocryptfs, EncFS, Cryptomator format and rclone, then spoiled."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cyberaudit.facts.backup import DateKind, Encrypted, StoreContents, Trouble, Weakness
from cyberaudit.probes.stores.tree import read
from cyberaudit.probes.stores.vaults import encfs, gocryptfs
from tests.loopback.test_probes_backup import contents, need, run
from tests.unit.backup_places import contents_of, inspecting, set_back
from tests.unit.test_backup_vaults import claimed, codes

pytestmark = pytest.mark.loopback

SECRET = "essai"
NOW = datetime.now(UTC)


def put_documents(folder: Path) -> None:
    """Twelve documents of several lengths, one of them empty."""
    (folder / "compta").mkdir()
    for number, size in enumerate((0, 1, 16, 4096, 4097, 8192, 20_000, 65_536, 65_537, 100, 200, 300)):
        where = folder / "compta" if number % 2 else folder
        (where / f"délibération du conseil municipal {number}.odt").write_bytes(b"x" * size)


def spread(folder: Path) -> datetime:
    """Give the files of a folder the dates of as many days, the newest three days old."""
    newest = NOW - timedelta(days=3)
    kept = ("gocryptfs.", ".")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(kept))
    for rank, path in enumerate(files):
        set_back(path, newest - timedelta(days=rank))
    return newest.replace(microsecond=0)


@contextmanager
def mounted(*command: str | Path, at: Path, folder: Path) -> Iterator[None]:
    """A file system of FUSE, or the test is passed where the machine lets nobody mount one."""
    need("fusermount")
    done = subprocess.run(
        command, input=f"{SECRET}\n".encode(), cwd=folder, env={**os.environ, "HOME": str(folder)},
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode or not os.path.ismount(at):
        pytest.skip(f"{command[0]} ne monte rien ici")
    try:
        yield
    finally:
        run("fusermount", "-u", at, folder=folder)


def gocryptfs_folder(tmp_path: Path, *options: str) -> Path:
    need("gocryptfs")
    cipher, plain = tmp_path / "coffre", tmp_path / "clair"
    cipher.mkdir()
    plain.mkdir()
    password = tmp_path / "secret"
    password.write_text(SECRET, "ascii")
    run(
        "gocryptfs", "-q", "-init", "-scryptn", "10", *options, "-passfile", password, cipher, folder=tmp_path
    )
    with mounted("gocryptfs", "-q", "-passfile", password, cipher, plain, at=plain, folder=tmp_path):
        put_documents(plain)
    return cipher


@pytest.mark.parametrize(
    ("options", "method", "weaknesses"),
    [
        ((), "AES-256-GCM", {Weakness.FAST_KDF}),
        (("-xchacha",), "XChaCha20-Poly1305", {Weakness.FAST_KDF}),
        (("-plaintextnames",), "AES-256-GCM", {Weakness.FAST_KDF, Weakness.NAMES_VISIBLE}),
        (("-raw64=false", "-longnames=false"), "AES-256-GCM", {Weakness.FAST_KDF}),
    ],
    ids=["défaut", "xchacha", "noms clairs", "base64 complet"],
)
def test_a_folder_of_gocryptfs(
    tmp_path: Path, options: tuple[str, ...], method: str, weaknesses: set[Weakness]
) -> None:
    cipher = gocryptfs_folder(tmp_path, *options)
    newest = spread(cipher)
    found = claimed(cipher, gocryptfs.CLAIM, now=NOW)
    assert (found.reading.encrypted, found.reading.fault) == (Encrypted.YES, "end-not-seen")
    assert found.reading.method == f"{method}, scrypt N=1024 r=8 p=1"
    assert set(found.reading.weaknesses) == weaknesses
    assert (found.anomalies, found.empty_password, found.complete) == ((), False, True)
    (point,) = found.points
    assert (int(point.written), point.date_kind) == (int(newest.timestamp()), DateKind.LOWER_BOUND)


def test_the_trial_opens_a_folder_of_gocryptfs_with_its_own_password_only(tmp_path: Path) -> None:
    need("gocryptfs")
    (tmp_path / "coffre").mkdir()
    (tmp_path / "secret").write_text(SECRET, "ascii")
    for options in ((), ("-xchacha",), ("-aessiv",)):
        run(
            "gocryptfs",
            "-q",
            "-init",
            "-scryptn",
            "10",
            *options,
            "-passfile",
            "secret",
            "coffre",
            folder=tmp_path,
        )
        with inspecting(tmp_path / "coffre") as inspection:
            config = gocryptfs.read_config(read(inspection.tree, ("gocryptfs.conf",), most=9999))
        assert config is not None
        assert gocryptfs.opens_with(SECRET.encode(), config) is True
        assert gocryptfs.opens_with(b"", config) is False
        for path in (tmp_path / "coffre").iterdir():
            path.unlink()


def test_a_folder_of_gocryptfs_whose_files_were_all_written_at_once_may_be_a_recopy(tmp_path: Path) -> None:
    found = claimed(gocryptfs_folder(tmp_path), gocryptfs.CLAIM, now=NOW)
    assert found.points[0].date_kind is DateKind.UPPER_BOUND


def test_a_folder_of_gocryptfs_with_plain_files_cut_ones_or_no_configuration(tmp_path: Path) -> None:
    cipher = gocryptfs_folder(tmp_path)
    spread(cipher)
    (cipher / "compta.csv").write_text("nom;salaire\n" * 200, "ascii")
    found = claimed(cipher, gocryptfs.CLAIM, now=NOW)
    assert (found.reading.encrypted, codes(found)) == (Encrypted.PARTIAL, {Trouble.CLEAR_BESIDE})
    (cipher / "compta.csv").unlink()
    longest = max((path for path in cipher.iterdir() if path.is_file()), key=lambda path: path.stat().st_size)
    os.truncate(longest, 18 + 4128 + 5)
    found = claimed(cipher, gocryptfs.CLAIM, now=NOW)
    assert (found.reading.encrypted, codes(found)) == (Encrypted.YES, {Trouble.DAMAGED})
    (cipher / "gocryptfs.conf").unlink()
    assert claimed(cipher, gocryptfs.CLAIM, now=NOW).points[0].reading.fault == "incomplete"


def test_the_child_process_has_the_memory_for_one_trial(tmp_path: Path) -> None:
    need("gocryptfs")
    (tmp_path / "lieu" / "coffre").mkdir(parents=True)
    (tmp_path / "secret").write_text(SECRET, "ascii")
    run("gocryptfs", "-q", "-init", "-passfile", "secret", "lieu/coffre", folder=tmp_path)
    (store,) = contents(tmp_path / "lieu").stores
    assert (store.kind, store.place, store.empty_password) == ("gocryptfs", "coffre", False)
    assert store.method == "AES-256-GCM, scrypt N=65536 r=8 p=1"


@pytest.fixture
def encfs_folder(tmp_path: Path) -> Path:
    need("encfs")
    cipher, plain = tmp_path / "coffre", tmp_path / "clair"
    cipher.mkdir()
    plain.mkdir()
    with mounted("encfs", "--standard", "--stdinpass", cipher, plain, at=plain, folder=tmp_path):
        put_documents(plain)
    return cipher


def test_a_folder_of_encfs_keeps_no_sum_of_its_blocks(encfs_folder: Path) -> None:
    spread(encfs_folder)
    found = claimed(encfs_folder, encfs.CLAIM, now=NOW)
    assert found.reading.encrypted is Encrypted.YES
    assert found.reading.method.startswith("AES-192, PBKDF2-SHA1, ")
    assert found.reading.weaknesses == (Weakness.NO_INTEGRITY,)
    assert (found.anomalies, found.points[0].date_kind) == ((), DateKind.LOWER_BOUND)
    (encfs_folder / "paie.txt").write_text("nom;salaire\n" * 200, "ascii")
    assert claimed(encfs_folder, encfs.CLAIM, now=NOW).reading.encrypted is Encrypted.PARTIAL


# --- rclone ---


def rclone(tmp_path: Path, *options: str) -> Path:
    """Documents saved over twelve days, copied by rclone crypt."""
    need("rclone")
    documents, remote = tmp_path / "documents", tmp_path / "lieu" / "miroir"
    documents.mkdir()
    put_documents(documents)
    spread(documents)
    hidden = subprocess.run(["rclone", "obscure", SECRET], capture_output=True, check=True, timeout=60)
    crypt = ("--crypt-remote", str(remote), "--crypt-password", hidden.stdout.decode().strip())
    run("rclone", *crypt, *options, "copy", "documents", ":crypt:", folder=tmp_path)
    return remote


def only(contents: StoreContents) -> tuple[str, str, Encrypted, tuple[Weakness, ...]]:
    (store,) = contents.stores
    return store.kind, store.place, store.encrypted, store.weaknesses


NAMES = (Weakness.NAMES_VISIBLE,)


@pytest.mark.parametrize(
    ("options", "weaknesses"),
    [
        ((), ()),
        (("--crypt-filename-encoding", "base64"), ()),
        (("--crypt-filename-encoding", "base32768"), ()),
        (("--crypt-filename-encryption", "off"), NAMES),
        (("--crypt-filename-encryption", "obfuscate"), NAMES),
        (("--crypt-directory-name-encryption=false",), ()),
    ],
)
def test_a_folder_of_rclone_crypt_is_one_copy(
    tmp_path: Path, options: tuple[str, ...], weaknesses: tuple[Weakness, ...]
) -> None:
    rclone(tmp_path, *options)
    contents = contents_of(tmp_path / "lieu", now=NOW)
    assert only(contents) == ("rclone-crypt", "miroir", Encrypted.YES, weaknesses)
    (copy,) = contents.copies
    assert (copy.date_kind, copy.fault) == (DateKind.LOWER_BOUND, "end-not-seen")
    assert NOW - timedelta(days=6) < copy.written_at < NOW - timedelta(days=4)
    assert contents.anomalies == ()
    assert contents.other_files == 0


def test_rclone_crypt_at_the_location_itself_mixed_and_cut(tmp_path: Path) -> None:
    remote = rclone(tmp_path)
    assert only(contents_of(remote, now=NOW))[1:3] == ("", Encrypted.YES)
    for path in [path for path in remote.rglob("*") if path.is_file()][:8]:
        os.truncate(
            path, path.stat().st_size - path.stat().st_size % 65_552 + 40 if path.stat().st_size > 90 else 20
        )
    assert contents_of(remote, now=NOW).copies[0].fault == "truncated"
    (remote / "paie.csv").write_text("nom;salaire\n" * 200, "ascii")
    contents = contents_of(remote, now=NOW)
    assert only(contents)[2] is Encrypted.PARTIAL
    assert contents.troubles(Trouble.CLEAR_BESIDE)


def test_a_copy_of_the_copy_without_dates_is_no_younger_for_it(tmp_path: Path) -> None:
    remote = rclone(tmp_path)
    run("cp", "-r", remote, "recopie", folder=tmp_path)
    (copy,) = contents_of(tmp_path / "recopie", now=NOW).copies
    assert copy.date_kind is DateKind.UPPER_BOUND


def test_a_mirror_made_by_rsync_is_dated_by_its_documents(tmp_path: Path) -> None:
    need("rsync")
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in range(15):
        (documents / f"arrêté {number}.rtf").write_bytes(b"{\\rtf1 " + b"La maire arr\\'eate. " * 90 + b"}")
    newest = spread(documents)
    run("rsync", "-a", "documents/", "miroir", folder=tmp_path)
    (copy,) = contents_of(tmp_path / "miroir", now=NOW).copies
    assert (copy.encrypted, copy.date_kind) == (Encrypted.NO, DateKind.LOWER_BOUND)
    assert copy.written_at.replace(microsecond=0) == newest - timedelta(days=2)

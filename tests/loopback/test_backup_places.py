"""A whole folder of this machine: rights, marks that nothing can be erased, what is left out, rhythm by the child."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cyberaudit.facts.backup import DateKind, Protection, Trouble
from cyberaudit.model import Unreachable
from cyberaudit.probes.stores.mounts import flags_of, mount_of
from tests.loopback.test_probes_backup import NOW, contents
from tests.unit.backup_places import contents_of

pytestmark = pytest.mark.loopback

SQL = b"-- MySQL dump\n-- Dump completed on today\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Three nights of dumps, readable by their owner alone."""
    folder = tmp_path / "copies"
    folder.mkdir(mode=0o700)
    for night in range(3):
        path = folder / f"base-{night}.sql"
        path.write_bytes(SQL)
        path.chmod(0o600)
        moment = (NOW - timedelta(days=night, hours=1)).timestamp()
        os.utime(path, (moment, moment))
    return folder


def protection(place: Path) -> Protection:
    return contents_of(place).protection


def test_the_protection_of_a_folder_is_what_the_system_says(place: Path) -> None:
    seen = protection(place)
    assert (seen.mode, seen.owned_by_us, seen.looked_as_root) == (0o700, True, os.geteuid() == 0)
    assert (seen.world_readable, seen.world_writable) == (0, 0)
    assert seen.writable_from_here is True
    assert seen.filesystem == _type_of(place)
    assert "0700" in seen.evidence


def _type_of(place: Path) -> str:
    """As findmnt(8) tells it."""
    if shutil.which("findmnt") is None:
        pytest.skip("sans findmnt")
    told = subprocess.run(
        ["findmnt", "-no", "FSTYPE", "-T", place], capture_output=True, text=True, check=True
    )
    return told.stdout.strip()


def test_files_that_all_accounts_may_write_are_counted(place: Path) -> None:
    (place / "base-0.sql").chmod(0o666)
    (place / "partage").mkdir()
    (place / "partage").chmod(0o777)
    seen = protection(place)
    assert seen.world_writable == 2
    # The folder itself is closed to them.
    assert seen.world_readable == 0
    assert "base-0.sql" in seen.evidence


@pytest.fixture
def marked(place: Path) -> Iterator[Path]:
    """All copies marked so that they cannot be erased."""
    if shutil.which("chattr") is None:
        pytest.skip("sans chattr")
    files = sorted(place.iterdir())
    if subprocess.run(["chattr", "+i", *files], capture_output=True, check=False).returncode:
        pytest.skip("ce système de fichiers, ou ce compte, ne pose pas l'attribut +i")
    yield place
    subprocess.run(["chattr", "-ia", *files], check=True)


def test_copies_that_cannot_be_erased_are_seen_so_and_one_that_can_is_enough(marked: Path) -> None:
    assert protection(marked).immutable is True
    subprocess.run(["chattr", "-i", "+a", marked / "base-1.sql"], check=True)
    assert protection(marked).immutable is True
    subprocess.run(["chattr", "-a", marked / "base-1.sql"], check=True)
    seen = protection(marked)
    assert seen.immutable is False
    assert "base-1.sql" in seen.evidence


def test_without_copies_nothing_is_told_of_erasing(tmp_path: Path) -> None:
    assert isinstance(protection(tmp_path).immutable, Unreachable)


def test_a_folder_of_the_kernel_has_neither_copies_nor_attributes() -> None:
    descriptor = os.open("/proc/self", os.O_RDONLY)
    try:
        mount = mount_of(descriptor)
        assert mount is not None
        assert mount.filesystem == "proc"
        assert isinstance(flags_of(descriptor), Unreachable)
    finally:
        os.close(descriptor)
    assert mount_of(10_000) is None


def test_a_closed_account_is_told_it_may_not_write(place: Path) -> None:
    """In a child that has given up being root, when it is."""
    if os.geteuid() != 0:
        pytest.skip("pas de compte à quitter")
    place.chmod(0o755)
    for path in place.iterdir():
        path.chmod(0o644)
    for parent in place.parents:
        if parent.is_relative_to("/tmp/") and parent != Path("/tmp"):
            parent.chmod(0o755)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        seen = protection(place)
        told = (seen.writable_from_here, seen.owned_by_us, seen.looked_as_root, seen.world_readable)
        os.write(writing, repr(told).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 100) == b"(False, False, False, 3)"


def test_links_pipes_and_closed_folders_are_counted_and_named(place: Path) -> None:
    (place / "lien").symlink_to("/etc")
    (place / "autre").symlink_to("base-0.sql")
    os.mkfifo(place / "tube.tar.gz")
    found = contents_of(place)
    links, pipes = found.troubles(Trouble.LEFT_OUT)
    assert (links.count, pipes.count) == (2, 1)
    assert "tube.tar.gz" in pipes.evidence
    assert len(found.copies) == 3


def test_the_child_tells_the_rhythm_of_the_copies(place: Path) -> None:
    for night in range(3, 9):
        path = place / f"base-{night}.sql"
        path.write_bytes(SQL)
        moment = (NOW - timedelta(days=night, hours=1)).timestamp()
        os.utime(path, (moment, moment))
    (series,) = contents(place).series
    assert (series.name, series.count, series.period_hours, series.dates_kind) == (
        "base-#.sql",
        9,
        24.0,
        DateKind.EXACT,
    )


def test_two_machines_whose_copies_differ_in_size_have_not_collapsed(tmp_path: Path) -> None:
    for machine, lines in (("srv1", 1), ("srv2", 5000)):
        (tmp_path / machine).mkdir()
        for night in range(4):
            path = tmp_path / machine / f"base-{night}.sql"
            path.write_bytes(b"-- MySQL dump\n" + b"insert\n" * lines + b"-- Dump completed\n")
            moment = (NOW - timedelta(days=night)).timestamp()
            os.utime(path, (moment, moment))
    found = contents_of(tmp_path, now=NOW)
    assert {copy.fault for copy in found.copies} == {""}
    assert {each.name for each in found.series} == {"srv1/base-#.sql", "srv2/base-#.sql"}


def test_a_copy_whose_name_is_older_than_its_file_has_the_older_date(place: Path) -> None:
    for path in place.iterdir():
        path.unlink()
    path = place / "base-2024-03-05.sql"
    path.write_bytes(SQL)
    (copy,) = contents_of(place, now=NOW).copies
    assert (copy.written_at.date().isoformat(), copy.date_kind) == ("2024-03-05", DateKind.UPPER_BOUND)
    assert "nom" in copy.date_source

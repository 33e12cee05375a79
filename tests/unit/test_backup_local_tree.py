"""A folder of this machine as the detectors see it, and the child process that opens it."""

import fcntl
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cyberaudit.facts.backup import BackupStore
from cyberaudit.facts.codec import decode_facts, encode
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import worker
from cyberaudit.probes.stores.local_tree import LocalTree
from cyberaudit.probes.stores.request import Access, FarPlace, Scheme, StoreRequest
from cyberaudit.probes.stores.tree import Kind, names_in, read
from tests.unit.backup_places import NOW

pytestmark = pytest.mark.unit

# linux/fs.h: FS_IOC_SETFLAGS = _IOW('f', 2, long), FS_APPEND_FL.
SET_FLAGS, APPEND_ONLY = 0x40086602, 0x20


@contextmanager
def tree_of(path: Path) -> Iterator[LocalTree]:
    root = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield LocalTree(root, path.name)
    finally:
        os.close(root)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """One of each kind of name."""
    made = tmp_path / "copies"
    (made / "bas").mkdir(parents=True)
    (made / "bas" / "a.zip").write_bytes(b"PK\x05\x06")
    (made / "lien").symlink_to("/etc/hostname")
    (made / "lien-bas").symlink_to("bas")
    os.mkfifo(made / "tube.gz")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(made / "prise"))
    os.utime(made / "bas" / "a.zip", (1e9, 1e9 + 0.5))
    (made / "bas" / "a.zip").chmod(0o640)
    return made


def test_each_name_has_its_kind_and_what_the_system_tells(place: Path) -> None:
    with tree_of(place) as tree:
        kinds = {entry.name: entry.kind for entry in tree.entries(())}
        (entry,) = tree.entries(("bas",))
        assert tree.status(("bas", "a.zip")) == entry
        assert tree.status(()).kind is Kind.FOLDER
        assert tree.status(("lien",)).kind is Kind.LINK
    assert kinds == {
        "bas": Kind.FOLDER, "lien": Kind.LINK, "lien-bas": Kind.LINK, "tube.gz": Kind.OTHER, "prise": Kind.OTHER,
    }  # fmt: skip
    seen = (place / "bas" / "a.zip").lstat()
    assert entry == (
        "a.zip", Kind.FILE, 4, 1e9 + 0.5, 0o640, os.geteuid(), seen.st_blocks * 512 or None, seen.st_ctime,
    )  # fmt: skip


def test_a_file_erased_while_the_folder_is_listed_is_not_there(tmp_path: Path) -> None:
    for rank in range(50):
        (tmp_path / f"{rank}.zip").write_bytes(b"x")
    with tree_of(tmp_path) as tree:
        entries = tree.entries(())
        first = next(entries)
        for rank in range(50):
            (tmp_path / f"{rank}.zip").unlink(missing_ok=True)
        assert first.kind is Kind.FILE
        assert list(entries) == []


@pytest.mark.parametrize(
    "parts", [("lien",), ("lien-bas", "a.zip"), ("tube.gz",), ("bas",), ("prise",), ("non",)]
)
def test_nothing_but_a_plain_file_is_opened_and_no_link_followed(place: Path, parts: tuple[str, ...]) -> None:
    with tree_of(place) as tree, pytest.raises(OSError, match=r"."):
        read(tree, parts, most=10)


def test_bytes_are_read_where_they_are_and_none_elsewhere(place: Path) -> None:
    with tree_of(place) as tree, tree.opened(("bas", "a.zip")) as file:
        assert (file.read_at(0, 2), file.read_at(2, 99)) == (b"PK", b"\x05\x06")
        assert {file.read_at(offset, 4) for offset in (4, 1 << 70, -1)} == {b""}
        assert file.entry.stored is None or file.entry.stored % 512 == 0


def test_names_of_one_kind_are_bounded_and_none_of_what_is_not_there(place: Path) -> None:
    with tree_of(place) as tree:
        assert names_in(tree, ("bas",), Kind.FILE, most=5) == ("a.zip",)
        assert len(names_in(tree, (), Kind.LINK, most=1)) == 1
        assert names_in(tree, ("parti",), Kind.FILE, most=5) == ()
        with pytest.raises(NotADirectoryError):
            names_in(tree, ("tube.gz",), Kind.FILE, most=5)


def test_a_folder_that_this_account_may_write_says_where(place: Path) -> None:
    with tree_of(place) as tree:
        told = tree.safeguards([("bas", "a.zip")])
    assert told.writable_from_here is True
    assert "« . » (access(2))" in told.evidence
    assert (told.mode, told.owned_by_us) == (stat.S_IMODE(place.stat().st_mode), True)
    assert told.looked_as_root is (os.geteuid() == 0)


def test_marks_that_forbid_erasing_are_seen_on_each_of_the_newest(place: Path) -> None:
    files = [place / "bas" / "a.zip", place / "bas" / "b.zip"]
    files[1].write_bytes(b"x")
    newest = [("bas", "a.zip"), ("bas", "b.zip")]
    with tree_of(place) as tree:
        before = tree.safeguards(newest).immutable
        if isinstance(before, Unreachable):
            pytest.skip("this file system tells no attributes")
        assert before is False
        with append_only(files[0]):
            assert tree.safeguards(newest[:1]).immutable is True
            assert tree.safeguards(newest).immutable is False
            assert "« bas/b.zip »" in tree.safeguards(newest).evidence


@contextmanager
def append_only(path: Path) -> Iterator[None]:
    with path.open("rb") as file:
        try:
            fcntl.ioctl(file, SET_FLAGS, APPEND_ONLY.to_bytes(8, "little"))
        except OSError as trouble:
            pytest.skip(f"attributes cannot be set here: {trouble}")
        try:
            yield
        finally:
            fcntl.ioctl(file, SET_FLAGS, bytes(8))


@pytest.mark.parametrize("newest", [[], [("parti.zip",)], [("lien",)], [("parti", "a.zip")]])
def test_what_cannot_be_opened_is_not_called_erasable_or_not(
    place: Path, newest: list[tuple[str, ...]]
) -> None:
    with tree_of(place) as tree:
        assert isinstance(tree.safeguards(newest).immutable, Unreachable)


@contextmanager
def another_account() -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("another account is taken")
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_another_account_is_refused_and_that_is_said(place: Path) -> None:
    (place / "bas" / "a.zip").chmod(0o644)
    (place / "bas" / "ferme").mkdir(mode=0o700)
    for each in (place, place / "bas"):
        each.chmod(0o755)
    with tree_of(place) as tree, another_account():
        told = tree.safeguards([("bas", "a.zip")])
        assert (told.writable_from_here, told.owned_by_us, told.looked_as_root) == (False, False, False)
        assert "écriture refusée à ce compte" in told.evidence
        # Not its owner, who alone may leave the access time alone.
        assert read(tree, ("bas", "a.zip"), most=2) == b"PK"
        for unseen in ([("lien",)], [("bas", "ferme", "a.zip")]):
            seen = tree.safeguards(unseen)
            assert isinstance(seen.writable_from_here, Unreachable)
            assert "droit d'écriture non vu partout" in seen.evidence
        with pytest.raises(PermissionError):
            list(tree.entries(("bas", "ferme")))
    (place / "bas" / "a.zip").chmod(0o666)
    with tree_of(place) as tree, another_account():
        assert "« bas/a.zip »" in tree.safeguards([("bas", "a.zip")]).evidence


# --- The child process ---


def request(path: Path, *roots: Path) -> StoreRequest:
    return StoreRequest(str(path), tuple(map(str, roots)), "disk", NOW)


def test_a_place_is_told_absent_refused_or_there(place: Path) -> None:
    there = worker.look_at(request(place, place.parent))
    assert isinstance(there, BackupStore)
    assert there.present is True
    gone = worker.look_at(request(place / "parti", place.parent))
    assert isinstance(gone, BackupStore)
    assert gone.present is False
    refused = worker.look_at(request(place, place / "bas"))
    assert isinstance(refused, Unreachable)
    assert refused.reason is Reason.NOT_LOOKED
    file = worker.look_at(request(place / "bas" / "a.zip", place))
    assert isinstance(file, BackupStore)
    assert file.present is True
    null = worker.look_at(request(Path("a\0b"), Path("/")))
    assert isinstance(null, BackupStore)
    assert isinstance(null.contents, Unreachable)


def test_a_far_place_without_a_line_to_the_parent_is_not_reached(place: Path) -> None:
    far = FarPlace(Scheme.WEB, "nas.example", 443, "/", Access())
    answer = worker.look_at(replace(request(place), far=far))
    assert isinstance(answer, Unreachable)
    assert answer.reason is Reason.PROBE_CRASHED


def test_a_far_place_whose_parent_is_gone_is_not_reached(place: Path) -> None:
    far = FarPlace(Scheme.WEB, "nas.example", 443, "/", Access())
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.close()
    answer = worker.look_at(replace(request(place), far=far), parent=theirs.detach())
    assert isinstance(answer, BackupStore)
    assert isinstance(answer.contents, Unreachable)


def test_the_child_answers_what_a_look_of_this_process_finds(place: Path) -> None:
    asked = request(place, place.parent)
    payload = json.dumps(encode(asked, StoreRequest)).encode()
    command = [sys.executable, "-P", "-m", "cyberaudit.probes.worker"]
    done = subprocess.run(command, input=payload, capture_output=True, check=True)
    assert decode_facts(json.loads(done.stdout)) == worker.look_at(asked)

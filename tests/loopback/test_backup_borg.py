"""Repositories made by the real borg 1 and borg 2, then broken in known ways: what is told of them without a key."""

import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cyberaudit.facts.backup import DateKind, Encrypted, Role, Trouble
from cyberaudit.model import Unreachable
from cyberaudit.probes.stores.borg import log_repository as borg
from cyberaudit.probes.stores.borg.log import read_log
from cyberaudit.probes.stores.inspection import Found
from tests.loopback.test_probes_backup import need, run
from tests.unit.backup_places import inspecting, set_back

pytestmark = pytest.mark.loopback

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
FIRST, SECOND = "mairie-2026-11-18", "mairie-2026-11-19"
LAST_WRITTEN = datetime(2026, 11, 19, 2, 1, tzinfo=UTC)
YES, NO, PARTIAL, UNKNOWN = Encrypted.YES, Encrypted.NO, Encrypted.PARTIAL, Encrypted.UNKNOWN
SECRET = "essai"


class Tool:
    """borg or borg2, its home in the folder of the test, and a town's documents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        documents = folder / "documents"
        documents.mkdir()
        for number in range(5):
            (documents / f"délibération-{number}.txt").write_text(f"Séance {number}\n" * 500, "utf-8")
        (documents / "plan.bin").write_bytes(random.Random(7).randbytes(400_000))

    def __call__(self, program: str, *arguments: str, password: str = SECRET) -> None:
        settings = {
            "BORG_BASE_DIR": str(self.folder / "home"),
            "BORG_PASSPHRASE": password,
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
            "BORG_DELETE_I_KNOW_WHAT_I_AM_DOING": "YES",
        }
        run(program, *arguments, folder=self.folder, **settings)

    def made(
        self, name: str, mode: str, *, password: str = SECRET, archives: tuple[str, ...] = (FIRST,)
    ) -> Path:
        """A repository of borg 1."""
        self("borg", "init", "-e", mode, name, password=password)
        for archive in archives:
            self.add(name, archive, password=password)
        return self.dated(name)

    def add(self, name: str, archive: str, *options: str, password: str = SECRET) -> None:
        stamp = f"{archive[-10:]}T02:00:00" if archive[-2:].isdigit() else "2026-11-19T02:00:00"
        where = f"{name}::{archive}"
        self("borg", "create", *options, "--timestamp", stamp, where, "documents", password=password)

    def made2(self, name: str, mode: str, *, password: str = SECRET) -> Path:
        self("borg2", "-r", name, "rcreate", "-e", mode, password=password)
        stamp = ("--timestamp", f"{FIRST[-10:]}T02:00:00+00:00")
        self("borg2", "-r", name, "create", *stamp, FIRST, "documents", password=password)
        return self.dated(name)

    def dated(self, name: str) -> Path:
        set_back(self.folder / name, LAST_WRITTEN)
        return self.folder / name


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    return Tool(tmp_path_factory.mktemp("borg"))


@pytest.fixture(scope="module")
def locked(tool: Tool) -> Path:
    need("borg")
    return tool.made("repokey", "repokey", archives=(FIRST, SECOND))


@pytest.fixture(scope="module")
def clear(tool: Tool) -> Path:
    need("borg")
    return tool.made("none", "none", archives=(FIRST, SECOND))


@pytest.fixture(scope="module")
def locked2(tool: Tool) -> Path:
    need("borg2")
    return tool.made2("ocb", "repokey-aes-ocb")


@pytest.fixture(scope="module")
def clear2(tool: Tool) -> Path:
    need("borg2")
    return tool.made2("none2", "none")


def read(path: Path, *, now: datetime = NOW, **options: bool) -> Found:
    with inspecting(path, now=now, **options) as inspection:
        found = borg.CLAIM.read(inspection, ())
    assert found is not None
    return found


def faults(found: Found) -> set[str]:
    """Those that the restore points are shown with."""
    return {point.reading.fault or found.reading.fault for point in found.points}


def copy_of(path: Path, tmp_path: Path) -> Path:
    shutil.copytree(path, tmp_path / "store")
    return tmp_path / "store"


def segment(path: Path, rank: int) -> Path:
    """Counted from the newest, 0."""
    return sorted((path / "data" / "0").iterdir(), key=lambda each: int(each.name), reverse=True)[rank]


def largest(path: Path) -> Path:
    return max((path / "data" / "0").iterdir(), key=lambda each: each.stat().st_size)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def cut(path: Path, size: int) -> None:
    os.truncate(path, size)


# --- what is told of sound repositories ---


def test_an_encrypted_repository_is_one_point_no_younger_than_its_last_transaction(locked: Path) -> None:
    found = read(locked)
    assert (found.kind, found.reading.encrypted, found.reading.fault) == ("borg", YES, "")
    assert found.reading.method == "AES-256-CTR, HMAC-SHA256, PBKDF2-SHA256 n=100000"
    assert "octet 0x03 à data/0/" in found.reading.evidence
    (point,) = found.points
    assert (point.written, point.date_kind) == (LAST_WRITTEN.timestamp(), DateKind.UPPER_BOUND)
    assert (point.role, found.empty_password, found.anomalies, found.complete) == (
        Role.SNAPSHOT,
        False,
        (),
        True,
    )


def test_the_byte_that_proves_it_stands_where_the_evidence_says(locked: Path, clear2: Path) -> None:
    for path, byte in ((locked, 0x03), (clear2, 0x02)):
        place = read(path).reading.evidence.split(" à ")[1].split(" ")[0]
        name, _, offset = place.partition("+")
        assert (path / name).read_bytes()[int(offset)] == byte


@pytest.mark.parametrize("mode", ["none", "authenticated", "authenticated-blake2"])
def test_a_readable_repository_tells_its_archives_and_their_dates(tool: Tool, clear: Path, mode: str) -> None:
    path = clear if mode == "none" else tool.made(mode, mode, archives=(FIRST, SECOND))
    found = read(path)
    assert (found.reading.encrypted, found.reading.method, found.anomalies) == (NO, "", ())
    assert [point.name for point in found.points] == [SECOND, FIRST]
    assert {point.date_kind for point in found.points} == {DateKind.EXACT}
    assert found.points[0].written == datetime(2026, 11, 19, 2, tzinfo=UTC).timestamp()
    assert faults(found) == {""}
    assert (found.empty_password is False) is (mode != "none")


def test_a_key_kept_elsewhere_is_not_tried(tool: Tool) -> None:
    need("borg")
    found = read(tool.made("keyfile", "keyfile-blake2"))
    assert (found.reading.encrypted, found.reading.method) == (YES, "AES-256-CTR, BLAKE2b")
    assert isinstance(found.empty_password, Unreachable)
    assert "hors du dépôt" in found.empty_password.detail


@pytest.mark.parametrize("program", ["borg", "borg2"])
def test_the_empty_password_is_found_and_left_alone_when_refused(tool: Tool, program: str) -> None:
    need(program)
    path = (
        tool.made("vide", "repokey-blake2", password="")
        if program == "borg"
        else tool.made2("vide2", "repokey-chacha20-poly1305", password="")
    )
    assert read(path).empty_password is True
    assert isinstance(read(path, tries_empty_password=False).empty_password, Unreachable)


def test_borg_2_is_told_from_both_type_bytes_of_its_objects(locked2: Path, clear2: Path) -> None:
    found = read(locked2)
    assert (found.kind, found.reading.encrypted, found.empty_password) == ("borg2", YES, False)
    assert found.reading.method == "AES-256-OCB, argon2id m=65536 Kio t=3 p=4"
    found = read(clear2)
    assert (found.reading.encrypted, [point.name for point in found.points]) == (NO, [FIRST])
    assert found.points[0].written == datetime(2026, 11, 18, 2, tzinfo=UTC).timestamp()


def test_a_repository_that_was_only_made_holds_no_restore_point(tool: Tool) -> None:
    need("borg")
    for mode in ("repokey", "none"):
        path = tool.made(f"neuf-{mode}", mode, archives=())
        for index in path.glob("hints.*"):
            assert read(path).points == ()
            index.unlink()
        assert read(path).points == ()
        assert "aucune archive" in read(path).reading.evidence


def test_erased_archives_pruned_and_compacted_repositories_are_told_from_what_is_left(
    tool: Tool, locked: Path, clear: Path
) -> None:
    for source in (locked, clear):
        name = f"purgé-{source.name}"
        shutil.copytree(source, tool.folder / name)
        tool("borg", "delete", f"{name}::{FIRST}")
        tool("borg", "compact", "--threshold", "0", name)
        assert faults(read(tool.folder / name, now=datetime.now(UTC))) == {""}
        tool("borg", "delete", f"{name}::{SECOND}")
        found = read(tool.folder / name, now=datetime.now(UTC))
        assert (found.points, found.reading.fault) == ((), "")


@pytest.mark.parametrize("method", ["none", "zlib", "lzma", "zstd"])
def test_each_compression_of_the_manifest(tool: Tool, method: str) -> None:
    need("borg")
    name = f"comprimé-{method}"
    tool("borg", "init", "-e", "none", name)
    tool.add(name, FIRST, "--compression", method)
    found = read(tool.dated(name))
    assert (found.reading.encrypted, faults(found)) == (NO, {""})
    if method == "zstd":  # not undone here: the last transaction stands for all
        assert [point.date_kind for point in found.points] == [DateKind.UPPER_BOUND]
    else:
        assert [point.name for point in found.points] == [FIRST]


def test_the_log_of_an_append_only_repository_gives_the_last_transaction(tool: Tool) -> None:
    need("borg")
    tool("borg", "init", "--append-only", "-e", "repokey", "ajout")
    tool.add("ajout", FIRST)
    path = tool.folder / "ajout"
    set_back(path, datetime(2030, 1, 1, tzinfo=UTC))
    found = read(path, now=datetime(2030, 1, 2, tzinfo=UTC))
    assert "append_only = 1" in found.reading.evidence
    assert found.points[0].date_source.startswith("fichier transactions")
    assert found.points[0].written < datetime.now(UTC).timestamp() + 60


def test_with_deep_every_segment_is_read(locked: Path, clear2: Path) -> None:
    for path in (locked, clear2):
        found = read(path, deep=True)
        assert (faults(found), found.complete) == ({""}, True)


# --- dates ---


def test_a_file_older_than_the_manifest_it_holds_keeps_the_older_date(clear: Path, tmp_path: Path) -> None:
    path = copy_of(clear, tmp_path)
    older = datetime(2026, 10, 1, tzinfo=UTC)
    set_back(path, older)
    newest = read(path).points[0]
    assert (newest.written, newest.date_kind) == (older.timestamp(), DateKind.UPPER_BOUND)
    assert "avant celle du manifeste" in newest.date_source
    assert set(read(path).moments) == {older.timestamp()}


# --- what is broken ---


def lose_the_last_segment(path: Path) -> None:
    segment(path, 0).unlink()


def cut_the_last_segment(path: Path) -> None:
    cut(segment(path, 0), 16)


def cut_it_without_index(path: Path) -> None:
    cut(segment(path, 0), 16)
    for each in (*path.glob("index.*"), *path.glob("hints.*")):
        each.unlink()


def flip_a_document(path: Path) -> None:
    flip(largest(path), 2000)


def cut_a_document(path: Path) -> None:
    cut(largest(path), largest(path).stat().st_size - 1000)


def lose_the_documents(path: Path) -> None:
    largest(path).unlink()


def empty_the_documents(path: Path) -> None:
    cut(largest(path), 0)


def flip_the_manifest(path: Path) -> None:
    flip(segment(path, 1), 120)


def flip_its_type(path: Path) -> None:
    flip(segment(path, 1), 49)


def lose_the_mark(path: Path) -> None:
    flip(largest(path), 3)


def lose_all(path: Path) -> None:
    shutil.rmtree(path / "data")
    (path / "data").mkdir()


def lose_all_commits(path: Path) -> None:
    for each in (path / "data" / "0").iterdir():
        if each.stat().st_size == 17:
            each.unlink()


def zero_the_documents(path: Path) -> None:
    largest(path).write_bytes(bytes(largest(path).stat().st_size))


def empty_the_config(path: Path) -> None:
    cut(path / "config", 0)


def lose_the_config(path: Path) -> None:
    (path / "config").unlink()


BREAKS: list[tuple[Callable[[Path], None], str]] = [
    (lose_the_last_segment, "damaged"),
    (cut_the_last_segment, "damaged"),
    (cut_it_without_index, "truncated"),
    (flip_a_document, "damaged"),
    (cut_a_document, "truncated"),
    (lose_the_documents, "damaged"),
    (empty_the_documents, "damaged"),
    (flip_the_manifest, "damaged"),
    (flip_its_type, "damaged"),
    (lose_the_mark, "damaged"),
    (lose_all, ""),
    (lose_all_commits, "truncated"),
    (zero_the_documents, "damaged"),
    (empty_the_config, "damaged"),
    (lose_the_config, "damaged"),
]


@pytest.mark.parametrize("which", ["locked", "clear", "locked2", "clear2"])
@pytest.mark.parametrize(("broken", "expected"), BREAKS, ids=[each.__name__ for each, _ in BREAKS])
def test_no_restore_point_of_a_broken_repository_is_good(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    which: str,
    broken: Callable[[Path], None],
    expected: str,
) -> None:
    path = copy_of(request.getfixturevalue(which), tmp_path)
    truth = read(path).reading.encrypted
    broken(path)
    found = read(path)
    assert found.reading.fault
    assert "" not in faults(found)
    assert found.reading.fault in ("damaged", "truncated", "incomplete")
    if expected and not which.endswith("2"):
        assert found.reading.fault == expected
    assert found.reading.encrypted in (truth, UNKNOWN)
    assert Trouble.DAMAGED in {each.code for each in found.anomalies}


def test_any_flipped_bit_is_seen_or_changes_nothing(locked: Path, clear: Path, tmp_path: Path) -> None:
    """All bytes of a segment of borg 1 are summed: none can be changed unseen."""
    chance = random.Random(3)
    for source in (locked, clear):
        path = copy_of(source, tmp_path / source.name)
        truth = read(path).reading.encrypted
        for _ in range(60):
            target = segment(path, chance.randrange(len(list((path / "data" / "0").iterdir()))))
            whole = target.read_bytes()
            flip(target, chance.randrange(len(whole)))
            found = read(path, tries_empty_password=False)
            assert found.reading.fault, target
            assert found.reading.encrypted in (truth, UNKNOWN)
            target.write_bytes(whole)


def test_a_lost_or_damaged_key_makes_every_point_bad(locked: Path, tmp_path: Path) -> None:
    path = copy_of(locked, tmp_path)
    config = (path / "config").read_text()
    (path / "config").write_text(config[: config.index("key =")])
    found = read(path)
    assert (found.reading.fault, found.reading.encrypted) == ("incomplete", YES)
    assert isinstance(found.empty_password, Unreachable)
    (path / "config").write_text(config[: config.index("key =") + 90] + "\n")
    assert read(path).reading.fault == "damaged"


def test_an_archive_whose_description_is_lost_is_bad_and_the_others_good(clear: Path, tmp_path: Path) -> None:
    path = copy_of(clear, tmp_path)
    with inspecting(path) as inspection:
        log = read_log(inspection, ())
    archives = borg._archives(log)
    assert archives
    (index,) = path.glob("index.*")
    data = index.read_bytes()
    index.write_bytes(data.replace(archives[0].id, bytes(range(32))))
    found = read(path)
    assert [point.reading.fault for point in found.points] == ["incomplete", ""]
    index.write_bytes(data.replace(archives[0].id + b"\x06", archives[0].id + b"\x02"))
    assert read(path).points[0].reading.fault == "damaged"


def test_an_interrupted_run_leaves_the_finished_ones_good(locked: Path, tmp_path: Path) -> None:
    path = copy_of(locked, tmp_path)
    torn = path / "data" / "0" / "99"
    torn.write_bytes(largest(path).read_bytes()[:5000])
    set_back(torn, NOW - timedelta(hours=5))
    found = read(path)
    assert faults(found) == {""}
    (trouble,) = found.anomalies
    assert (trouble.code, trouble.count) == (Trouble.ABORTED_RUN, 1)


def test_a_run_at_work_is_no_trouble(locked: Path, tmp_path: Path) -> None:
    path = copy_of(locked, tmp_path)
    torn = path / "data" / "0" / "99"
    torn.write_bytes(b"BORG_SEG")
    (path / "lock.exclusive").mkdir()
    holder = path / "lock.exclusive" / "serveur@3735928559.1234-0"
    holder.touch()
    for each in (torn, holder):
        set_back(each, NOW - timedelta(minutes=5))
    assert read(path).anomalies == ()


def test_locks_left_for_days_are_told_with_their_holder(locked: Path, tmp_path: Path) -> None:
    path = copy_of(locked, tmp_path)
    (path / "lock.exclusive").mkdir()
    (path / "lock.exclusive" / "serveur@3735928559.1234-0").touch()
    (path / "lock.roster").write_text('{"shared": [["serveur@1", 12, 0]], "exclusive": []}')
    set_back(path, NOW - timedelta(days=3))
    found = read(path)
    assert [each.code for each in found.anomalies] == [Trouble.STALE_LOCK] * 2
    assert "72 h" in found.anomalies[0].evidence
    assert "serveur@3735928559.1234-0" in found.anomalies[0].evidence


def test_a_checkpoint_is_no_good_copy(tool: Tool) -> None:
    need("borg")
    found = read(tool.made("étape", "none", archives=(FIRST, SECOND, "mairie.checkpoint")))
    assert {point.name: point.reading.fault for point in found.points} == {
        "mairie.checkpoint": "incomplete",
        FIRST: "",
        SECOND: "",
    }
    assert len(found.moments) == 2


# --- hostile ---


def test_links_and_pipes_among_the_newest_segments_leave_the_repository_unread(
    locked: Path, tmp_path: Path
) -> None:
    path = copy_of(locked, tmp_path)
    strange = path / "data" / "0" / "500"
    for piped in (False, True):
        if piped:
            os.mkfifo(strange)
        else:
            strange.symlink_to("/dev/zero")
        with pytest.raises(OSError, match=r"not a plain file|symbolic|loop"):
            read(path)
        strange.unlink()


def test_a_link_in_place_of_an_older_segment_leaves_the_look_incomplete(locked: Path, tmp_path: Path) -> None:
    path = copy_of(locked, tmp_path)
    older = segment(path, 5)
    older.unlink()
    older.symlink_to("/dev/zero")
    found = read(path)
    assert (found.complete, found.reading.encrypted) == (False, YES)


def test_a_sparse_segment_and_a_huge_config_take_no_time(locked: Path, tmp_path: Path) -> None:
    path = copy_of(locked, tmp_path)
    sparse = path / "data" / "0" / "1"
    cut(sparse, 50 << 30)
    assert read(path).reading.fault == "damaged"
    with (path / "config").open("a") as config:
        config.write("x = 1\n" * 1_000_000)
    assert read(path).reading.fault


def test_an_unknown_version_is_never_guessed(locked: Path, tmp_path: Path) -> None:
    path = copy_of(locked, tmp_path)
    config = (path / "config").read_text().replace("version = 1", "version = 7")
    (path / "config").write_text(config)
    found = read(path)
    assert (found.kind, found.reading.encrypted, found.points, found.complete) == (
        "borg2",
        UNKNOWN,
        (),
        False,
    )


def test_a_folder_with_a_config_of_something_else_is_walked_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "config").write_bytes(b"[core]\nbare = true\n")
    with inspecting(tmp_path) as inspection:
        assert borg.CLAIM.read(inspection, ()) is None

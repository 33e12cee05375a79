"""Folders kept by the real rsnapshot and rdiff-backup, with passages set back in time, then broken; and zstd."""

import os
import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cyberaudit.facts.backup import DateKind, Encrypted, StoreContents, Trouble
from cyberaudit.probes.stores.formats.zstd_frame import Broken, decompress
from tests.loopback.test_probes_backup import need, run
from tests.unit.backup_places import NOW, contents_of

pytestmark = pytest.mark.loopback

DATA = "rdiff-backup-data"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Documents older than any passage."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(5):
        path = folder / f"délibération-{number}.txt"
        path.write_text("Séance\n" * 100)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


def troubles(contents: StoreContents) -> set[Trouble]:
    return {each.code for each in contents.anomalies}


@pytest.fixture
def mirror(tmp_path: Path, documents: Path) -> Path:
    """Four sessions of rdiff-backup, a day apart, the last a day before now."""
    need("rdiff-backup")
    for day in (4, 3, 2, 1):
        (documents / f"jour-{day}.txt").write_text("x" * 50)
        moment = str(int((NOW - timedelta(days=day)).timestamp()))
        run(
            "rdiff-backup",
            "--current-time",
            moment,
            "backup",
            documents,
            tmp_path / "copie",
            folder=tmp_path,
            TZ="Europe/Paris",
        )
    return tmp_path / "copie"


def test_rdiff_backup_tells_its_sessions(mirror: Path) -> None:
    seen = contents_of(mirror)
    assert [(store.kind, store.encrypted) for store in seen.stores] == [("rdiff-backup", Encrypted.NO)]
    expected = [(NOW - timedelta(days=day)).replace(microsecond=0) for day in (1, 2, 3, 4)]
    assert [copy.written_at for copy in seen.copies] == expected
    assert {(copy.date_kind, copy.fault) for copy in seen.copies} == {(DateKind.EXACT, "")}
    assert "+01:00" in seen.copies[0].name
    assert seen.complete
    assert not troubles(seen) & {Trouble.ABORTED_RUN, Trouble.MISSING_PART}


def test_rdiff_backup_refuses_and_so_do_we_when_a_session_did_not_end(mirror: Path, tmp_path: Path) -> None:
    mark = next((mirror / DATA).glob("current_mirror.*"))
    shutil.copy(mark, mirror / DATA / "current_mirror.2026-11-20T23:30:00+01:00.data")
    with pytest.raises(Exception, match="returned non-zero"):
        run("rdiff-backup", "restore", "--at", "2B", mirror, tmp_path / "retour", folder=tmp_path)
    seen = contents_of(mirror, now=NOW + timedelta(days=2))
    assert Trouble.ABORTED_RUN in troubles(seen)
    assert {copy.fault for copy in seen.copies} == {"incomplete"}


def test_rdiff_backup_that_lost_its_metadata_is_not_good(mirror: Path) -> None:
    metadata = next((mirror / DATA).glob("mirror_metadata.*.snapshot.gz"))
    metadata.write_bytes(metadata.read_bytes()[:-5])
    assert contents_of(mirror).copies[0].fault == "truncated"


def test_rdiff_backup_of_nothing_is_empty(tmp_path: Path, documents: Path) -> None:
    need("rdiff-backup")
    shutil.rmtree(documents)
    documents.mkdir()
    run("rdiff-backup", "backup", documents, tmp_path / "copie", folder=tmp_path)
    (copy,) = contents_of(tmp_path / "copie", now=datetime.now(UTC)).copies
    assert copy.fault == "empty"


@pytest.fixture
def root(tmp_path: Path, documents: Path) -> Path:
    """Three daily folders of rsnapshot, each set back a day after its passage."""
    need("rsnapshot")
    need("rsync")
    place = tmp_path / "rsnapshot"
    settings = {
        "config_version": "1.2", "snapshot_root": f"{place}/", "cmd_cp": "/bin/cp", "cmd_rm": "/bin/rm",
        "cmd_rsync": shutil.which("rsync"), "retain\tdaily": "4", "retain\tweekly": "2",
        "lockfile": f"{tmp_path}/verrou.pid", "link_dest": "1", f"backup\t{documents}/": "localhost/",
    }  # fmt: skip
    (tmp_path / "c.conf").write_text("".join(f"{name}\t{value}\n" for name, value in settings.items()))
    for day in (3, 2, 1):
        (documents / f"jour-{day}.txt").write_text("x")
        run("rsnapshot", "-c", "c.conf", "daily", folder=tmp_path)
        moment = (NOW - timedelta(days=day)).timestamp()
        os.utime(place / "daily.0", (moment, moment))
    return place


def test_rsnapshot_tells_its_passages(root: Path) -> None:
    seen = contents_of(root)
    assert [(store.kind, store.encrypted) for store in seen.stores] == [("rsnapshot", Encrypted.NO)]
    assert [copy.name for copy in seen.copies] == ["daily.0", "daily.1", "daily.2"]
    assert [copy.written_at for copy in seen.copies] == [NOW - timedelta(days=day) for day in (1, 2, 3)]
    assert {(copy.date_kind, copy.fault) for copy in seen.copies} == {(DateKind.EXACT, "")}
    assert seen.complete


def test_a_copy_of_rsnapshot_without_its_dates_is_not_fresh(root: Path, tmp_path: Path) -> None:
    run("cp", "-r", root, tmp_path / "ailleurs", folder=tmp_path)
    seen = contents_of(tmp_path / "ailleurs", now=datetime.now(UTC))
    assert {copy.date_kind for copy in seen.copies} == {DateKind.UPPER_BOUND}
    assert Trouble.LOST_DATES in troubles(seen)


def test_a_passage_killed_half_way_is_not_good(root: Path) -> None:
    shutil.rmtree(root / "daily.0" / "localhost")
    (root / "daily.0" / "localhost").mkdir()
    moment = (NOW - timedelta(hours=1)).timestamp()
    os.utime(root / "daily.0", (moment, moment))
    seen = contents_of(root)
    assert seen.copies[0].fault == "empty"
    assert Trouble.ABORTED_RUN in troubles(seen)


def test_frames_of_the_real_zstd(tmp_path: Path) -> None:
    need("zstd")
    chance = random.Random(7)
    words = [chance.randbytes(chance.randrange(1, 12)) for _ in range(60)]
    texts = [
        b"".join(chance.choice(words) for _ in range(3000)),
        bytes(min(255, int(chance.expovariate(1 / 20))) for _ in range(4000)),
        b" ".join(str(number * number).encode() for number in range(20_000)),
        b"a" * 300_000,
        chance.randbytes(3000),
    ]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}").write_bytes(text)
        for level in ("-1", "-19"):
            run("zstd", "-qf", level, str(number), folder=tmp_path)
            frame = (tmp_path / f"{number}.zst").read_bytes()
            assert decompress(frame, most=1024 * 1024) == text
            with pytest.raises(Broken):
                decompress(frame[: len(frame) // 2], most=1024 * 1024)

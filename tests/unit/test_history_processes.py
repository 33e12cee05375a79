"""The store under rough handling: writers at once, kills, a full disk, somebody else's rights."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from cyberaudit.history.document import to_audit
from cyberaudit.history.store import open_history

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parents[1] / "golden" / "history-audit-v1.json"
LONG = int(os.environ.get("CYBERAUDIT_LONG", "1"))

PREAMBLE = """
import json, os, sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID
from cyberaudit.errors import HistoryError, NotSaved
from cyberaudit.history.document import to_audit
from cyberaudit.history.scan_file import write_scan_file
from cyberaudit.history.store import open_history

base = to_audit(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
path = Path(sys.argv[2])
first = int(sys.argv[3])
"""
SAVE_FOR_EVER = """
number = first
with open_history(path, create=True) as history:
    while True:
        history.save(replace(base, uuid=str(UUID(int=number))))
        print(number, flush=True)
        number += 1
"""
SAVE_TWENTY = """
for number in range(first, first + 20):
    with open_history(path, create=True) as history:
        assert history.save(replace(base, uuid=str(UUID(int=number))))
"""
FILL_THE_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
saved = 0
try:
    with open_history(path, create=True) as history:
        for number in range(1, 500):
            history.save(replace(base, uuid=str(UUID(int=number))))
            saved += 1
except NotSaved as error:
    print(saved, error)
try:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 200_000))
    write_scan_file(base, path.with_name("scan.cya"))
except NotSaved as error:
    print(error)
sys.stdout.flush()
os._exit(0)  # coverage could not write its own file any more
"""
AS_SOMEBODY_ELSE = """
os.setgid(65534); os.setuid(65534)
with open_history(path, create=False) as history:
    print(history.load(base.uuid) == base)
    try:
        history.save(replace(base, uuid=str(UUID(int=1))))
    except NotSaved as error:
        print(error)
for target in (path, path.with_name("new.sqlite3")):
    try:
        open_history(target, create=True).save(replace(base, uuid=str(UUID(int=1))))
    except NotSaved as error:
        print(error)
try:
    write_scan_file(base, path.with_name("scan.cya"))
except NotSaved as error:
    print(error)
for name in ("closed.sqlite3", "waiting.sqlite3"):
    try:
        open_history(path.with_name(name), create=False)
    except HistoryError as error:
        print(error)
sys.stdout.flush()
os._exit(0)  # coverage could not write its own file any more
"""


def start(script: str, path: Path, first: int = 1) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PREAMBLE + script, str(GOLDEN), str(path), str(first)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(script: str, path: Path) -> list[str]:
    out, err = start(script, path).communicate(timeout=60)
    assert err == ""
    return out.splitlines()


def stored_numbers(path: Path) -> set[int]:
    with open_history(path, create=False) as history:
        uuids = [summary.uuid for summary in history.summaries()]
        assert all(history.load(uuid).findings for uuid in uuids)
    return {UUID(uuid).int for uuid in uuids}


def test_two_processes_saving_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    writers = [start(SAVE_TWENTY, path, first) for first in (100, 200)]
    assert [writer.communicate(timeout=60)[1] for writer in writers] == ["", ""]
    assert stored_numbers(path) == {*range(100, 120), *range(200, 220)}


def test_every_audit_reported_as_saved_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    reported: set[int] = set()
    for turn in range(10 * LONG):
        writer = start(SAVE_FOR_EVER, path, first=1 + turn * 100_000)
        assert writer.stdout is not None
        reported.add(int(writer.stdout.readline()))
        time.sleep(0.003 * (turn % 10))
        os.kill(writer.pid, signal.SIGKILL)
        rest, _ = writer.communicate(timeout=60)
        reported |= {int(line) for line in rest.split("\n")[:-1]}
    assert reported <= stored_numbers(path)


def test_a_full_disk_is_told_and_keeps_what_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    told, scan_file = run(FILL_THE_DISK, path)
    saved, _, sentence = told.partition(" ")
    assert sentence.startswith("Le contrôle ne peut pas être enregistré dans «")
    assert "disque est plein" in sentence
    assert "la taille permise" in scan_file
    assert int(saved) > 5
    assert stored_numbers(path) >= set(range(1, int(saved) + 1))
    assert list(tmp_path.glob(".cyberaudit-*")) + list(tmp_path.glob("*.cya")) == []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder everybody may enter and read; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else"
)
def test_without_the_right_to_write_the_history_is_still_read(open_folder: Path) -> None:
    base = to_audit(json.loads(GOLDEN.read_text(encoding="utf-8")))
    path, closed, waiting = (open_folder / f"{name}.sqlite3" for name in ("h", "closed", "waiting"))
    for each in (path, closed):
        with open_history(each, create=True) as history:
            history.save(base)
    path.chmod(0o444)
    before = path.read_bytes()
    with open_history(waiting, create=True) as history:
        history.save(base)  # still in the side file, which only we may read
        waiting.chmod(0o444)
        told = run(AS_SOMEBODY_ELSE, path)
    assert told[0] == "True"
    assert [("l'accès est refusé" in line) for line in told[1:]] == [True] * 6
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o444


LEFT_UNFINISHED = """
import shutil
for end in ("", "-wal"):
    shutil.copy(f"{path}{end}", f"{sys.argv[3]}{end}")
os.chmod(os.path.dirname(sys.argv[3]), 0o555)
os.setgid(65534); os.setuid(65534)
try:
    open_history(Path(sys.argv[3]), create=False)
except HistoryError as error:
    print(error)
sys.stdout.flush()
os._exit(0)  # coverage could not write its own file any more
"""


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else"
)
def test_what_a_stopped_program_left_unfinished_where_nothing_may_be_written_says_what_to_do(
    open_folder: Path,
) -> None:
    base = to_audit(json.loads(GOLDEN.read_text(encoding="utf-8")))
    path, folder = open_folder / "h.sqlite3", open_folder / "copy"
    folder.mkdir()
    script = PREAMBLE.replace("first = int(sys.argv[3])", "") + LEFT_UNFINISHED
    with open_history(path, create=True) as history:
        history.save(base)
        for each in open_folder.glob("h.sqlite3*"):
            each.chmod(0o644)
        command = [sys.executable, "-c", script, str(GOLDEN), str(path), str(folder / "left.sqlite3")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert "Copiez tout ce dossier ailleurs" in done.stdout


ON_A_READ_ONLY_DISK = """
mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 77
for words in list "forget l-hay-d-exemple --yes"; do
    "$2" -m cyberaudit --quiet history $words --history "$1/h.sqlite3"
    echo "code $?"
done
"""


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("unshare") is None,
    reason="only root can make a disk read-only",
)
@pytest.mark.parametrize("older", [True, False])
def test_a_history_on_a_read_only_disk_is_read_and_nothing_is_said_to_be_removed(
    tmp_path: Path, *, older: bool
) -> None:
    path = tmp_path / "h.sqlite3"
    shutil.copy(GOLDEN.with_name("history-v1.sqlite3"), path)
    if not older:
        open_history(path, create=True).close()
    path.chmod(0o644)
    command = ["unshare", "--mount", "sh", "-c", ON_A_READ_ONLY_DISK, "sh", str(tmp_path), sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("mounting is not allowed here")
    assert "aubagne" in done.stdout
    assert done.stdout.count("code 0") == 1
    assert "ne peut pas être modifié" in done.stderr

"""The history under violence: killed at random while it saves, prunes and grows up; a disk that is full."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from cyberaudit.errors import NotSaved
from cyberaudit.history.backup import back_up
from cyberaudit.history.document import to_audit
from cyberaudit.history.memory import NO_MEMORY, remember
from cyberaudit.history.store import open_history
from cyberaudit.history.trace import trace_of
from cyberaudit.model import Audit, Status, Verdict
from cyberaudit.run import past

pytestmark = [pytest.mark.loopback, pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX processes")]

GOLDEN = Path(__file__).parents[1] / "golden" / "history-audit-v1.json"
OLD = GOLDEN.with_name("history-v1.sqlite3")
BASE = to_audit(json.loads(GOLDEN.read_text(encoding="utf-8")))
KILLS = int(os.environ.get("CYBERAUDIT_KILLS", "60"))
SEED = int(os.environ.get("CYBERAUDIT_SEED", "1"))

# One interpreter forks all that are killed: starting one each time would take longer than what is tried.
TORMENT = """
import os, random, signal, sys, time
from pathlib import Path
from tests.loopback.test_history_kills import LIVES

what, path, diary, kills, seed = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
chance = random.Random(seed)
pages = os.open(diary, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
for turn in range(kills + 1):
    child = os.fork()
    if child == 0:
        try:
            LIVES[what](path, Path(diary), pages, turn == kills)
        except BaseException as error:
            os.write(pages, f"error {error!r}\\n".encode())
        os._exit(0)
    if turn < kills:
        time.sleep(chance.random() ** 2 * 0.12)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


def weekly(number: int) -> Audit:
    """The same for ever for one number: what fails changes, a week goes by."""
    chance = random.Random(number)
    moment = BASE.started_at + timedelta(weeks=number)
    statuses = (Status.PASS, Status.FAIL, Status.PARTIAL, Status.UNKNOWN)
    findings = tuple(
        replace(each, verdict=Verdict(chance.choice(statuses), "Vu."), seen_at=moment)
        for each in BASE.findings
    )
    return replace(
        BASE, uuid=str(UUID(int=number)), started_at=moment, finished_at=moment, observations=(), findings=findings
    )  # fmt: skip


def done_in(diary: Path) -> int:
    """The last number that was reported as saved."""
    lines = diary.read_text().splitlines()
    assert not [line for line in lines if line.startswith("error")], lines
    return max((int(line) for line in lines), default=0)


def live(path: Path, diary: Path, pages: int, last: bool) -> None:
    """Save one week after the other, as `weekly` would: read the past, save, report, sometimes prune and copy."""
    number = done_in(diary)
    for _ in range(1 if last else 1000):
        number += 1
        audit = weekly(number)
        with open_history(path, create=True) as history:
            history.chronicle(audit.town.id, now=audit.started_at)
            history.save(audit)
        os.write(pages, f"{number}\n".encode())
        if number % 3 == 0:
            past.prune_stored(path, keep_months=6, now=audit.started_at)


def grow(path: Path, diary: Path, pages: int, last: bool) -> None:
    """Bring files of the first version up to date, one after the other."""
    for turn in range(0 if last else 1000):
        copy, new = (path.with_name(f"{os.getpid()}-{turn}.{end}") for end in ("copy", "sqlite3"))
        shutil.copy(OLD, copy)
        copy.replace(new)
        open_history(new, create=True).close()


LIVES = {"live": live, "grow": grow}


def torment(what: str, path: Path, diary: Path, *, kills: int) -> None:
    command = [sys.executable, "-c", TORMENT, what, str(path), str(diary), str(kills), str(SEED)]
    subprocess.run(command, check=True, timeout=600, cwd=Path(__file__).parents[2])


def test_killed_at_any_moment_the_history_loses_nothing_and_dates_everything(tmp_path: Path) -> None:
    path, diary = tmp_path / "h.sqlite3", tmp_path / "diary"
    torment("live", path, diary, kills=KILLS)
    number = done_in(diary)
    assert number > KILLS / 4
    expected = remember(NO_MEMORY, (trace_of(weekly(each)) for each in range(1, number + 1)))
    with open_history(path, create=False) as history:
        told = history.chronicle(BASE.town.id, now=weekly(number).started_at)
        assert remember(told.memory, told.traces) == expected
        stored = {UUID(each.uuid).int for each in history.summaries()}
        assert stored == set(range(min(stored), number + 1))
    assert past.check(path).is_whole


def test_killed_while_it_grows_up_an_old_history_is_whole(tmp_path: Path) -> None:
    kills = KILLS // 3
    torment("grow", tmp_path / "h.sqlite3", tmp_path / "diary", kills=kills)
    assert done_in(tmp_path / "diary") == 0
    last = {each.name.partition("-")[0]: each for each in sorted(tmp_path.glob("*.sqlite3"), key=_turn)}
    assert len(last) > kills / 4
    for killed in last.values():
        health = past.check(killed)
        assert (health.audits, health.is_whole) == (4, True)


def _turn(path: Path) -> int:
    return int(path.stem.partition("-")[2])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_keeps_all_that_was_saved_and_may_be_copied_elsewhere(
    small_disk: Path, tmp_path: Path
) -> None:
    path, saved = small_disk / "h.sqlite3", 0
    with pytest.raises(NotSaved, match="disque est plein"):  # noqa: PT012 - until it is
        for number in range(1, 500):
            with open_history(path, create=True) as history:
                history.save(weekly(number))
            saved = number
    assert saved > 20
    with open_history(path, create=False) as history:
        assert {UUID(each.uuid).int for each in history.summaries()} >= set(range(1, saved + 1))
        with pytest.raises(NotSaved, match="disque est plein"):
            back_up(history, small_disk / "copy.sqlite3")
        back_up(history, tmp_path / "copy.sqlite3")
    assert past.check(tmp_path / "copy.sqlite3").readable >= saved
    assert past.check(path).is_whole
    assert [each.name for each in small_disk.iterdir() if each.name.startswith(".")] == []

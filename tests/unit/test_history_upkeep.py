"""Old files, copies, damage: what the history becomes with the years, and what can still be read of it."""

import json
import os
import random
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from cyberaudit.errors import HistoryError, NotSaved
from cyberaudit.history.backup import back_up
from cyberaudit.history.document import pack, to_audit
from cyberaudit.history.integrity import MARKS, ROW, UNREADABLE, Health, examine
from cyberaudit.history.refusal import may_be_damage
from cyberaudit.history.retention import Pruning, forget
from cyberaudit.history.scan_file import read_scan_file
from cyberaudit.history.schema import DATABASE_VERSION
from cyberaudit.history.store import open_history
from cyberaudit.history.trace import trace_of
from cyberaudit.model import Audit
from cyberaudit.reports.stored import health_told, leaving, listed
from cyberaudit.run import past

pytestmark = pytest.mark.unit

FOLDER = Path(__file__).parents[1] / "golden"
BASE = to_audit(json.loads((FOLDER / "history-audit-v1.json").read_text(encoding="utf-8")))
VERSIONS = {1: FOLDER / "history-v1.sqlite3"}
"""One file of each older version, as it was written then: three audits of one town, one of them cut short, and
one of Aubagne."""


def audit(number: int) -> Audit:
    shift = timedelta(days=number)
    return replace(
        BASE,
        uuid=str(UUID(int=number)),
        started_at=BASE.started_at - shift,
        finished_at=BASE.finished_at - shift,
        findings=tuple(replace(each, seen_at=each.seen_at - shift) for each in BASE.findings),
        observations=tuple(replace(each, seen_at=each.seen_at - shift) for each in BASE.observations),
    )


def kept(path: Path, number: int) -> Path:
    with open_history(path, create=True) as history:
        for rank in range(1, number + 1):
            history.save(audit(rank))
    return path


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_there_is_a_file_of_every_older_version() -> None:
    assert sorted(VERSIONS) == list(range(1, DATABASE_VERSION))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("create", [True, False])
def test_a_history_of_an_older_version_becomes_one_of_today(
    tmp_path: Path, version: int, *, create: bool
) -> None:
    path = tmp_path / "h.sqlite3"
    shutil.copy(VERSIONS[version], path)
    for _ in range(2):
        with open_history(path, create=create) as history:
            assert history.load(BASE.uuid) == BASE
            assert history.communes() == ("aubagne", BASE.town.id)
            assert [each.partial for each in history.summaries(BASE.town.id)] == [False, True, False]
            assert {each.asked for each in history.summaries()} == {5}
            told = {each.uuid: each for each in history.traces(BASE.town.id)}
            assert {*told[BASE.uuid].marks} == {*trace_of(BASE).marks}
            assert examine(history) == Health(4, is_sound=True, faults=())
    assert version_of(path) == DATABASE_VERSION


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_history_that_cannot_be_written_is_read_as_it_is(tmp_path: Path, version: int) -> None:
    path = tmp_path / "h.sqlite3"
    shutil.copy(VERSIONS[version], path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with open_history(path, create=False, patience=0.01) as history:
            assert history.load(BASE.uuid) == BASE
            assert len(history.traces(BASE.town.id)) == 3
            with pytest.raises(NotSaved, match="ne peut pas être modifié"):
                forget(history, "aubagne")
        with pytest.raises(NotSaved, match="l'occupe"):
            open_history(path, create=True, patience=0.01)
        other.execute("ROLLBACK")
    assert version_of(path) == version


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_history_opened_twice_at_once_is_changed_once(tmp_path: Path, version: int) -> None:
    path = tmp_path / "h.sqlite3"
    shutil.copy(VERSIONS[version], path)
    counts: list[int] = []

    def read() -> None:
        with open_history(path, create=True) as history:
            counts.append(history.count())

    threads = [threading.Thread(target=read) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert counts == [4] * 4
    assert past.check(path).is_whole


def test_a_copy_is_whole_and_for_its_owner_only_while_another_writes(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", 5)
    with (
        open_history(path, create=False) as history,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM audits")
        back_up(history, tmp_path / "copy.sqlite3")
        other.execute("COMMIT")
        assert history.count() == 0
        back_up(history, tmp_path / "empty.sqlite3")
        back_up(history, tmp_path / "empty.sqlite3")
    assert (tmp_path / "copy.sqlite3").stat().st_mode & 0o777 == 0o600
    assert past.check(tmp_path / "copy.sqlite3") == Health(5, is_sound=True, faults=())
    assert past.check(tmp_path / "empty.sqlite3").audits == 0
    assert not list(tmp_path.glob(".cyberaudit-*"))


def test_what_killed_copies_left_is_removed_a_day_later(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", 1)
    old, recent, other = (tmp_path / f".cyberaudit-{name}" for name in ("history-a", "history-b", "c"))
    for each in (old, recent, other):
        each.write_bytes(path.read_bytes())
    for each in (old, other):
        os.utime(each, (0, 0))
    with open_history(path, create=False) as history:
        back_up(history, tmp_path / "copy.sqlite3")
    assert [each.exists() for each in (old, recent, other)] == [False, True, True]


PLACES: dict[str, Callable[[Path], object]] = {
    "c'est l'historique lui-même": lambda folder: (folder / "copy").hardlink_to(folder / "h.sqlite3"),
    "un autre fichier porte déjà ce nom": lambda folder: (folder / "copy").write_text("schema_version: 1"),
    "c'est un dossier": lambda folder: (folder / "copy").mkdir(),
}


@pytest.mark.parametrize("clause", PLACES)
def test_a_copy_replaces_nothing_but_an_older_copy(tmp_path: Path, clause: str) -> None:
    path = kept(tmp_path / "h.sqlite3", 1)
    PLACES[clause](tmp_path)
    with open_history(path, create=False) as history, pytest.raises(NotSaved, match=clause):
        back_up(history, tmp_path / "copy")
    with open_history(path, create=False) as history, pytest.raises(NotSaved, match="n'existe pas"):
        back_up(history, tmp_path / "nowhere" / "copy")


def test_scans_go_out_and_come_back_as_they_were_stored(tmp_path: Path) -> None:
    path, other = kept(tmp_path / "h.sqlite3", 4), tmp_path / "other.sqlite3"
    with open_history(path, create=False) as history:
        stored = [history.load(each.uuid) for each in history.summaries()]
    done = past.export(path, tmp_path / "out" / "files", audits=(), commune=None)
    assert [file.name[:10] for file in sorted(done.files)] == sorted(
        f"{each.started_at:%Y-%m-%d}" for each in stored
    )
    assert done.refused == ()
    brought = past.bring(other, tmp_path / "out" / "files", commune=None)
    again = past.bring(other, tmp_path / "out" / "files", commune=None)
    assert (len(brought.new), len(again.new), len(again.there_already)) == (4, 0, 4)
    with open_history(other, create=False) as history:
        assert [history.load(each.uuid) for each in history.summaries()] == stored


def test_one_scan_or_one_town_goes_out(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", 2)
    with open_history(path, create=True) as history:
        town = replace(BASE.town, commune=replace(BASE.town.commune, id="../aubagne"))
        history.save(replace(BASE, town=town))
    one = past.export(path, tmp_path / "one", audits=[BASE.uuid[:6]], commune=None)
    assert [file.parent for file in one.files] == [tmp_path / "one"]
    assert one.files[0].name == f"2026-11-21-___aubagne-outside-{BASE.uuid}.cya"
    assert len(past.export(path, tmp_path / "town", audits=(), commune=BASE.town.id).files) == 2
    with pytest.raises(HistoryError, match="Aucun contrôle"):
        past.export(path, tmp_path / "none", audits=["zz"], commune=None)
    (tmp_path / "file").touch()
    with pytest.raises(NotSaved, match="ne peut pas être créé"):
        past.export(path, tmp_path / "file" / "x", audits=(), commune=None)


def test_a_file_that_is_no_scan_stops_none_of_the_others(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", 2)
    past.export(path, tmp_path / "out", audits=(), commune=None)
    (tmp_path / "out" / "a.cya").write_text("bonjour")
    brought = past.bring(tmp_path / "new.sqlite3", tmp_path / "out", commune=None)
    assert (len(brought.new), len(brought.refused)) == (2, 1)
    with pytest.raises(HistoryError, match="ne contient aucun contrôle"):
        past.bring(path, tmp_path, commune=None)


HARMS: dict[str, tuple[str, object]] = {
    "il est abîmé": ("UPDATE audits SET document = ? WHERE uuid = ?2", b"\xff\xff"),
    "n'est pas un contrôle": ("UPDATE audits SET document = ? WHERE uuid = ?2", pack({"uuid": 1})),
    UNREADABLE: ("UPDATE audits SET document = ? WHERE uuid = ?2", "text"),
    ROW: ("UPDATE audits SET vantage = ? WHERE uuid = ?2", "lune"),
    "plus celles": ("UPDATE audits SET started_at = ? WHERE uuid = ?2", "hier"),
    MARKS: ("UPDATE marks SET packed = ? WHERE audit = ?2", b"\x00"),
    "résumé manque": ("DELETE FROM marks WHERE ?1 = 'none' AND audit = ?2", "none"),
}


@pytest.mark.parametrize("clause", HARMS)
def test_one_damaged_scan_is_found_and_the_others_are_readable(tmp_path: Path, clause: str) -> None:
    path = kept(tmp_path / "h.sqlite3", 3)
    statement, value = HARMS[clause]
    change(path, statement, value, audit(2).uuid)
    health = past.check(path)
    assert [each.what for each in health.faults] == [audit(2).uuid]
    assert clause in health.faults[0].clause
    assert health.readable == (3 if health.faults[0].is_readable else 2)
    done = past.export(path, tmp_path / "out", audits=(), commune=None)
    assert (len(done.files), len(done.refused)) == (health.readable, 3 - health.readable)
    told = health_told(health, advice=past.WHAT_TO_DO)
    assert audit(2).uuid in told
    assert "history export" in told.replace("\n", " ")


def examined(path: Path) -> tuple[Health | None, str]:
    try:
        return past.check(path), ""
    except HistoryError as error:
        return None, str(error)


@pytest.mark.parametrize("seed", range(25))
def test_whatever_the_damage_nothing_is_lost_in_silence(tmp_path: Path, seed: int) -> None:
    path = kept(tmp_path / "h.sqlite3", 12)
    content, chance = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(chance.choice((1, 8, 200))):
        content[chance.randrange(100, len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    health, told = examined(path)
    if health is None:
        assert "history backup" in told
        return
    files = past.export(path, tmp_path / "out", audits=(), commune=None).files
    same = {
        read_scan_file(file).uuid
        for file in files
        if read_scan_file(file) in [audit(n) for n in range(1, 13)]
    }
    assert len(same) == 12 or not health.is_whole


def test_a_history_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    path.write_text("Ceci est une lettre. " * 300)
    with pytest.raises(HistoryError, match="Reprenez la dernière copie"):
        past.check(path)
    with pytest.raises(HistoryError, match=r"n'existe pas\.$"):
        past.check(tmp_path / "none.sqlite3")


FULL, BUSY, NOT_OURS = sqlite3.OperationalError(), sqlite3.OperationalError(), sqlite3.DatabaseError()
FULL.sqlite_errorcode, BUSY.sqlite_errorcode = sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY_RECOVERY
NOT_OURS.sqlite_errorcode = sqlite3.SQLITE_NOTADB


@pytest.mark.parametrize(
    ("cause", "expected"),
    [(FULL, False), (BUSY, False), (PermissionError(), False), (NOT_OURS, True), (None, True)],
)
def test_nobody_is_told_to_replace_a_history_that_a_full_disk_or_another_program_stops(
    cause: BaseException | None, *, expected: bool
) -> None:
    assert may_be_damage(cause) is expected


def test_a_damaged_history_is_not_copied_over_a_good_copy(tmp_path: Path) -> None:
    path, copy = kept(tmp_path / "h.sqlite3", 40), tmp_path / "copy.sqlite3"
    with open_history(path, create=False) as history:
        back_up(history, copy)
    before = copy.read_bytes()
    content = bytearray(path.read_bytes())
    content[5 * 4096 : 20 * 4096] = b"\xa5" * (15 * 4096)
    path.write_bytes(content)
    with open_history(path, create=False) as history, pytest.raises(NotSaved, match="abîmé"):
        back_up(history, copy)
    assert copy.read_bytes() == before


def test_a_list_counts_the_points_of_the_report_and_the_scans_it_leaves_out(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", 3)
    with open_history(path, create=False) as history:
        text = listed(history.summaries(limit=1), others=2).replace("\u00a0", " ")
        pruned = leaving((Pruning("lhay", history.summaries()),)).replace("\u00a0", " ")
    assert "5 points, " in text
    assert "Et 2 autres contrôles plus anciens" in text
    assert "lhay : 3 contrôles à retirer, du" in pruned
    assert leaving(()) == "Rien à retirer.\n"

"""A town that asks to be forgotten is forgotten everywhere; a file of another version is announced or left alone."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.delivery import feed
from cyberaudit.history.memories import BLOCK
from cyberaudit.history.outbox import outbox_path
from cyberaudit.history.store import open_history
from cyberaudit.reports.changes import changes_view
from cyberaudit.reports.feed_text import entry
from cyberaudit.run.diff import Span, compare
from cyberaudit.run.last_weekly import LastWeekly, remember
from cyberaudit.run.notify import Post, notify, tell_problem
from cyberaudit.town.local import LocalConfig
from tests.unit import towns
from tests.unit.test_history_upkeep import VERSIONS
from tests.unit.test_run_notify import CATALOGUE, TOWN, kept

pytestmark = pytest.mark.unit

MARK = "zyzomys"
LEAVING = replace(
    towns.renamed(TOWN, f"{MARK}-id"),
    commune=replace(TOWN.commune, id=f"{MARK}-id", name=f"{MARK}-sur-Seine"),
)
STAYING = towns.renamed(TOWN, "capybara-id")
WEEK = timedelta(days=7)


def lived(folder: Path) -> tuple[Path, Path]:
    """Two towns after two weeks: audits, memories, mail, problems, runs and feed; the history and the configuration."""
    history, atom = folder / "history.sqlite3", folder / "flux.atom"
    for hours, town in enumerate((LEAVING, STAYING)):
        for weeks in (60, 50, 1, 0):
            kept(history, towns.NOW - weeks * WEEK - timedelta(hours=hours), town=town)
        post = Post(town, folder, history, LocalConfig(), towns.NOW)
        notify(post, CATALOGUE)
        tell_problem(post, f"Le profil de {town.id} est faux.")
        ended = LastWeekly(f"/srv/{town.id}.yaml", town.id, towns.NOW, towns.NOW, 0, (f"{town.id} : fini.",))
        remember(history, folder / f"{town.id}.yaml", ended)
        told = [
            entry(town, changes_view(None, titles={}), audit=rank, at=towns.NOW) for rank in ("first", "last")
        ]
        feed.publish(told, path=atom, memory=feed.memory_path(history), at=towns.NOW)
    assert run(["history", "prune", "--keep", "3m", "--yes", "--quiet", *at(history)]) == 0
    config = folder / "config.yaml"
    config.write_text(f"feed: {{path: {atom}}}\n")
    config.chmod(0o600)
    return history, config


def at(history: Path) -> list[str]:
    return ["--history", str(history)]


def told_in(folder: Path, *words: str) -> list[str]:
    """The files that hold one of these, in their names or their bytes."""
    return [
        each.name
        for each in sorted(folder.iterdir())
        if any(word in each.name or word.encode() in each.read_bytes() for word in words)
    ]


def test_not_a_byte_of_a_forgotten_town_stays_beside_those_of_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history, config = lived(tmp_path)
    before = told_in(tmp_path, MARK)
    assert {"flux.atom", "history.sqlite3", "history.sqlite3.feed.json", "outbox.sqlite3"} <= set(before)
    others = told_in(tmp_path, "capybara-id")
    code = run(["history", "forget", LEAVING.id, "--yes", "--config", str(config), *at(history)])
    assert (code, told_in(tmp_path, MARK)) == (0, [])
    assert told_in(tmp_path, "capybara-id") == others
    assert "sont à effacer à part" in capsys.readouterr().out
    with open_history(history, create=False) as opened:
        assert opened.communes() == (STAYING.id,)


def test_an_entry_of_an_older_version_is_known_by_the_audit_it_told(tmp_path: Path) -> None:
    history = tmp_path / "history.sqlite3"
    kept(history, towns.NOW, town=LEAVING)
    with open_history(history, create=False) as opened:
        (audit,) = opened.summaries()
    memory = feed.memory_path(history)
    told = entry(LEAVING, changes_view(None, titles={}), audit=audit.uuid, at=towns.NOW)
    feed.publish([told], path=tmp_path / "flux.atom", memory=memory, at=towns.NOW)
    (plain,) = json.loads(memory.read_text())
    memory.write_text(json.dumps([{key: plain[key] for key in plain if key != "commune"}]))
    assert run(["history", "forget", LEAVING.id, "--yes", "--quiet", *at(history)]) == 0
    assert json.loads(memory.read_text()) == []


def test_a_town_whose_mail_alone_is_kept_can_be_forgotten(tmp_path: Path) -> None:
    history = tmp_path / "history.sqlite3"
    post = Post(LEAVING, tmp_path, history, LocalConfig(), towns.NOW)
    tell_problem(post, "Le profil est faux.")
    assert told_in(tmp_path, MARK)
    assert run(["history", "forget", LEAVING.id, "--yes", "--quiet", *at(history)]) == 0
    assert told_in(tmp_path, MARK) == []
    assert run(["history", "forget", LEAVING.id, "--yes", "--quiet", *at(history)]) == 2


COMMANDS = (
    ["history", "check"],
    ["history", "list"],
    ["history", "trend"],
    ["history", "prune", "--yes"],
    ["history", "forget", "aubagne", "--yes"],
    ["diff"],
    ["report"],
    ["status"],
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_a_newer_version_made_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    history = tmp_path / "history.sqlite3"
    kept(history, towns.NOW)
    with closing(sqlite3.connect(history)) as connection, connection:
        connection.execute("PRAGMA user_version = 99")
    before = history.read_bytes()
    code = run([*words, *at(history)])
    told = capsys.readouterr().err
    assert code in (2, 3)
    assert "Mettez cyberaudit à jour : rien n'est perdu, et rien n'a été changé." in told.replace("\xa0", " ")
    assert "Reprenez la dernière copie" not in told
    assert history.read_bytes() == before


def test_the_outbox_of_a_newer_version_is_left_as_it_is_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "history.sqlite3"
    kept(history, towns.NOW, town=LEAVING)
    tell_problem(Post(LEAVING, tmp_path, history, LocalConfig(), towns.NOW), "Le profil est faux.")
    with closing(sqlite3.connect(outbox_path(history))) as connection, connection:
        connection.execute("PRAGMA user_version = 99")
    before = outbox_path(history).read_bytes(), history.read_bytes()
    assert run(["history", "forget", LEAVING.id, "--yes", *at(history)]) == 3
    assert "Mettez cyberaudit à jour" in capsys.readouterr().err
    assert (outbox_path(history).read_bytes(), history.read_bytes()) == before


def test_an_older_history_says_that_it_grows_up_and_says_it_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "old.sqlite3"
    shutil.copy(VERSIONS[1], history)
    told = [capsys.readouterr().err for _ in range(2) if run(["history", "list", *at(history)]) == 0]
    assert ["passe à la version 2" in each for each in told] == [True, False]


def test_a_long_history_that_grows_up_is_ready_for_its_first_reading(tmp_path: Path) -> None:
    history = tmp_path / "old.sqlite3"
    shutil.copy(VERSIONS[1], history)
    with closing(sqlite3.connect(history)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        (first,) = connection.execute(
            "SELECT uuid FROM audits WHERE partial = 0 ORDER BY commune DESC, started_at DESC LIMIT 1"
        ).fetchone()
        for rank in range(1, 2 * BLOCK + 1):
            copy(
                connection,
                first,
                uuid=f"{rank:032x}",
                started=f"20{10 + rank // 12:02}-{rank % 12 + 1:02}-03",
            )
    with open_history(history, create=False) as opened:
        kept_until = opened.connection.execute("SELECT audits FROM memories ORDER BY audits").fetchall()
    assert kept_until == [(BLOCK,), (2 * BLOCK,)]


def copy(connection: sqlite3.Connection, source: str, *, uuid: str, started: str) -> None:
    """The same audit and its marks, as version 1 kept them, on another day."""
    columns = [row[1] for row in connection.execute("PRAGMA table_info(audits)")]
    others = ", ".join(each for each in columns if each not in ("uuid", "started_at", "finished_at"))
    moment = f"{started}T10:00:00.000000+00:00"
    connection.execute(
        f"INSERT INTO audits (uuid, started_at, finished_at, {others})"
        f" SELECT ?, ?, ?, {others} FROM audits WHERE uuid = ?",
        (uuid, moment, moment, source),
    )
    connection.execute(
        "INSERT INTO marks SELECT ?, identity, status, reason, vantage, ground, ? FROM marks WHERE audit = ?",
        (uuid, moment, source),
    )


def test_a_history_whose_own_words_are_damaged_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "history.sqlite3"
    kept(history, towns.NOW)
    for name in (b"CREATE TABLE audits", b"CREATE INDEX audits_by_time"):
        damaged = history.read_bytes().replace(name, name[:-2] + b"\xff(")
        assert damaged != history.read_bytes()
        other = tmp_path / "damaged.sqlite3"
        other.write_bytes(damaged)
        assert run(["history", "check", *at(other)]) in (1, 2)
        told = capsys.readouterr()
        assert "abîmé" in told.out + told.err
        assert "imprévue" not in told.err


def test_a_machine_that_begins_takes_all_the_towns_of_a_folder(tmp_path: Path) -> None:
    history, copies = tmp_path / "history.sqlite3", tmp_path / "copies"
    for hours, town in enumerate((LEAVING, STAYING)):
        for weeks in (1, 0):
            kept(history, towns.NOW - weeks * WEEK - timedelta(hours=hours), town=town)
    assert run(["history", "export", str(copies), "--quiet", *at(history)]) == 0
    elsewhere = tmp_path / "elsewhere.sqlite3"
    assert run(["history", "import", str(copies), *at(elsewhere)]) == 0
    for town in (LEAVING, STAYING):
        first, second = (
            compare(each, CATALOGUE, commune=town.id, span=Span(), now=towns.NOW).diff
            for each in (history, elsewhere)
        )
        assert first is not None
        assert first == second

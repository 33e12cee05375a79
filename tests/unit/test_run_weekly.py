"""One exit code for a whole week, and the profile that counts when today's cannot be read."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.errors import NotSaved
from cyberaudit.probes.instruments import Options
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.run.last_weekly import LastWeekly, last_of_profile, remember
from cyberaudit.run.lock import Busy, alone
from cyberaudit.run.notify import Post
from cyberaudit.run.scan import Request
from cyberaudit.run.weekly import WORST_FIRST, Week, Weekly, weekly, worst
from cyberaudit.town.local import LocalConfig
from tests.unit import towns
from tests.unit.test_run_notify import TOWN, kept, stored

pytestmark = pytest.mark.unit

NOW = towns.NOW


def test_the_worst_code_is_told() -> None:
    assert [int(each) for each in WORST_FIRST] == [130, 2, 4, 3, 1, 0]
    assert set(WORST_FIRST) == set(ExitCode)
    for first, second in product(WORST_FIRST, repeat=2):
        expected = min(first, second, key=WORST_FIRST.index)
        assert worst([first, second]) is expected
    assert worst([]) is ExitCode.DONE


def test_the_same_sentence_is_said_once() -> None:
    done = Weekly()
    done.went_wrong(2, "Non.")
    done.went_wrong(3, "Non.", "Ni cela.")
    assert (done.code, done.complaints) == (ExitCode.USAGE, ["Non.", "Ni cela."])


def week(folder: Path, profile: str = "ville.yaml") -> Week:
    config = folder / "config.yaml"
    config.write_text("{}")
    config.chmod(0o600)
    request = Request(
        profile=folder / profile,
        history=folder / "history.sqlite3",
        options=Options(),
        now=NOW + timedelta(days=7),
        clock=NOW,
        config=config,
    )
    return Week(request, None, 50, None, relay_at="", clock=lambda: NOW + timedelta(days=7))


def sent_to(folder: Path, commune: str) -> list[tuple[str, str]]:
    town = towns.renamed(TOWN, commune)
    found = stored(Post(town, folder, folder / "history.sqlite3", LocalConfig(), NOW))
    return [(each.role, each.kind) for each in found]


def broken(commune: str) -> str:
    return f'schema_version: 1\ncommune: {{id: {commune}, nom: "Ville"}}\n'


@pytest.mark.parametrize("text", [None, "{", broken("autre"), broken("inconnue")])
def test_a_broken_profile_is_told_by_the_only_one_that_is_stored(tmp_path: Path, text: str | None) -> None:
    kept(tmp_path / "history.sqlite3", NOW, town=towns.renamed(TOWN, "ville"))
    if text is not None:
        (tmp_path / "ville.yaml").write_text(text)
    assert weekly(week(tmp_path)).code is ExitCode.USAGE
    assert sent_to(tmp_path, "ville") == [("contractor", "problem")]


def test_of_several_towns_the_one_that_is_written_counts(tmp_path: Path) -> None:
    for commune in ("une", "deux"):
        kept(
            tmp_path / "history.sqlite3",
            NOW + timedelta(hours=commune == "deux"),
            town=towns.renamed(TOWN, commune),
        )
    (tmp_path / "ville.yaml").write_text(broken("deux"))
    weekly(week(tmp_path))
    assert sent_to(tmp_path, "deux") == [("contractor", "problem")]
    assert sent_to(tmp_path, "une") == []


def test_of_several_towns_the_one_of_the_week_before_counts(tmp_path: Path) -> None:
    for commune in ("une", "deux"):
        kept(
            tmp_path / "history.sqlite3",
            NOW + timedelta(hours=commune == "deux"),
            town=towns.renamed(TOWN, commune),
        )
    asked = week(tmp_path)
    before = LastWeekly("", "une", NOW, NOW, 0, ())
    remember(asked.scan.history, asked.scan.profile, before)
    weekly(asked)
    assert sent_to(tmp_path, "une") == [("contractor", "problem")]
    last = last_of_profile(asked.scan.history, asked.scan.profile)
    assert last is not None
    assert (last.commune, last.code) == ("une", 2)


def test_without_any_valid_profile_it_is_only_said(tmp_path: Path) -> None:
    done = weekly(week(tmp_path))
    assert done.code is ExitCode.USAGE
    assert len(done.complaints) == 1
    assert not (tmp_path / "outbox.sqlite3").exists()


def test_the_same_profile_is_never_controlled_twice_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "verrou"
    with alone(path, sentence="Pris."):
        with pytest.raises(Busy, match="Pris"), alone(path, sentence="Pris.", patience=0.05):
            pass
        assert path.stat().st_mode & 0o777 == 0o600
    with alone(path, sentence="Pris."):
        pass


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotSaved, match="ne peut pas être posé"), alone(tmp_path / "file" / "x", sentence=""):
        pass


def test_a_memory_that_cannot_be_written_is_a_remark(tmp_path: Path) -> None:
    asked = week(tmp_path)
    folder = tmp_path / "h"
    folder.mkdir()
    asked = replace(asked, scan=replace(asked.scan, history=folder / "history.sqlite3"))
    done = weekly(asked)
    (record,) = folder.glob("*.json")
    record.unlink()
    record.mkdir()
    done = weekly(asked)
    assert any("pas pu être notée" in remark for remark in done.remarks)


def test_the_command_is_silent_but_for_what_goes_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["weekly", str(tmp_path / "absent.yaml"), "--history", str(tmp_path / "h.sqlite3")]
    assert run(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "n'existe pas" in captured.err
    assert run([*words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["code"] == 2
    assert run([*words, "--verbose"]) == 2
    assert "Pas de contrôle" in capsys.readouterr().out
    assert run([*words, "--keep", "deux"]) == 2

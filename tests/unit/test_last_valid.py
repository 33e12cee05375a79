"""Mail that waits leaves while the profile is broken; a town that is forgotten leaves no mail behind."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.errors import HistoryError, NotSaved, ProfileError
from cyberaudit.history.outbox import open_outbox, outbox_path
from cyberaudit.run import past
from cyberaudit.run.last_valid import valid_or_last
from cyberaudit.run.last_weekly import LastWeekly, last_of_commune, remember
from cyberaudit.run.notify import Post, notify, tell_problem
from cyberaudit.town.local import LocalConfig
from tests.unit import towns
from tests.unit.test_run_notify import CATALOGUE, TOWN, kept

pytestmark = pytest.mark.unit

VILLE = towns.renamed(TOWN, "ville")


@pytest.fixture
def post(tmp_path: Path) -> Post:
    kept(tmp_path / "history.sqlite3", towns.NOW, town=VILLE)
    return Post(VILLE, tmp_path, tmp_path / "history.sqlite3", LocalConfig(), towns.NOW)


def test_a_broken_profile_is_read_as_it_was_stored(post: Post, tmp_path: Path) -> None:
    profile = tmp_path / "ville.yaml"
    profile.write_text("schema_version: 1\ncommune: {id: ville, nom: Ville}\n")
    assert valid_or_last(profile, post.history).delivery == VILLE.delivery
    with pytest.raises(ProfileError):
        valid_or_last(profile, tmp_path / "absent.sqlite3")


def test_a_problem_that_waits_is_tried_again_while_the_profile_is_broken(
    post: Post, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_problem(post, "Le profil est faux.")
    (tmp_path / "ville.yaml").write_text("{")
    (tmp_path / "config.yaml").write_text("{}")
    (tmp_path / "config.yaml").chmod(0o600)
    words = ["notify", str(tmp_path / "ville.yaml"), "--history", str(post.history)]
    words += ["--config", str(tmp_path / "config.yaml")]
    words += ["--now", (towns.NOW + timedelta(hours=1)).isoformat()]
    assert run([*words, "--waiting"]) == 4
    with open_outbox(outbox_path(post.history), create=False) as outbox:
        assert [copy.attempts for each in outbox.of("ville") for copy in each.copies] == [2]
    assert capsys.readouterr() == ("", "")
    assert run(words) == 2


def test_a_forgotten_town_leaves_no_mail_and_others_keep_theirs(post: Post, tmp_path: Path) -> None:
    other = towns.renamed(TOWN, "autre")
    kept(post.history, towns.NOW - timedelta(days=1), town=other)
    for town in (VILLE, other):
        notify(replace(post, town=town), CATALOGUE)
        ended = LastWeekly("p", town.id, towns.NOW, towns.NOW, 0, ())
        remember(post.history, tmp_path / f"{town.id}.yaml", ended)
    assert past.forget(post.history, "ville") == 1
    with open_outbox(outbox_path(post.history), create=False) as outbox:
        assert (outbox.of("ville"), len(outbox.of("autre"))) == ((), 3)
    assert last_of_commune(post.history, "ville") is None
    assert last_of_commune(post.history, "autre") is not None


def test_a_town_whose_mail_cannot_be_forgotten_is_still_there(post: Post) -> None:
    notify(post, CATALOGUE)
    outbox_path(post.history).write_bytes(b"x" * 4096)
    with pytest.raises(NotSaved):
        past.forget(post.history, "ville")
    assert len(past.of_commune(post.history, "ville")) == 1


def test_a_week_that_cannot_be_forgotten_is_said(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(post.history, tmp_path / "v.yaml", LastWeekly("p", "ville", towns.NOW, towns.NOW, 0, ()))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(HistoryError, match="retiré"):
        past.forget(post.history, "ville")

"""Before the first control, every command says the same: nothing is kept yet, and what to type."""

from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.history.store import open_history

pytestmark = pytest.mark.unit

PROFILE = """schema_version: 1
commune: {id: lhay-d-essai, name: "L'Haÿ-d'Essai", insee: "99001", population: 5000}
delivery:
  recipients: [{address: mairie@ville.example, role: secretary}]
  relay: "127.0.0.1:1"
  sender: cyberaudit@ville.example
"""
SENTENCE = "Aucun contrôle n'est encore gardé. Lancez « cyberaudit scan PROFIL »."
COMMANDS = (
    "report",
    "plan show",
    "plan show PROFIL",
    "diff",
    "history list",
    "history list --json",
    "history trend",
    "history check",
    "history prune",
    "history export OUT",
    "notify PROFIL",
    "notify PROFIL --preview",
    "status",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "ville.yaml").write_text(PROFILE, "utf-8")
    return tmp_path


def said(command: str, home: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    places = {"PROFIL": str(home / "ville.yaml"), "OUT": str(home / "out")}
    code = run([*(places.get(word, word) for word in command.split()), *more])
    captured = capsys.readouterr()
    return code, captured.out, captured.err.replace("\u00a0", " ").strip()


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_said_without_a_path_that_nobody_typed(
    command: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(command, home, capsys) == (2, "", SENTENCE)
    assert not list((home / "data").rglob("*.sqlite3"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_history_that_was_named_is_named_again(
    command: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be a slip of the finger."""
    path = home / "autre.sqlite3"
    code, out, err = said(command, home, capsys, "--history", str(path))
    assert (code, out, err) == (2, "", f"{SENTENCE} L'historique « {path} » n'existe pas.")
    assert not path.exists()


@pytest.mark.parametrize("command", ["report", "diff", "history trend", "notify PROFIL"])
def test_a_history_without_any_control_says_it_too(
    command: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / "autre.sqlite3"
    open_history(path, create=True).close()
    code, out, err = said(command, home, capsys, "--history", str(path))
    assert (code, out, err) == (2, "", f"{SENTENCE} L'historique « {path} » est encore vide.")


def test_the_state_of_a_profile_is_told_all_the_same(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said("status PROFIL", home, capsys)
    assert (code, err) == (1, "")
    assert "lancez « cyberaudit scan PROFIL »" in " ".join(out.replace("\u00a0", " ").split())

"""Help, version, lists and the fast start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cyberaudit import __version__
from cyberaudit.cli.catalogue import _to_test
from cyberaudit.cli.main import run
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.run.exit_code import ExitCode

pytestmark = pytest.mark.unit

COMMANDS = [
    (), ("scan",), ("report",), ("replay",), ("explain",), ("demo",), ("look",), ("look", "domain"), ("history",),
    ("questions",), ("declare",), ("waive",), ("history", "list"), ("history", "show"), ("history", "import"),
    ("profile",), ("profile", "check"), ("profile", "schema"), ("checks",), ("checks", "list"),
    ("checks", "new"), ("checks", "test"),
]  # fmt: skip
ENGLISH = (
    "Usage:",
    "Options:",
    "Commands",
    "Arguments:",
    "Show this",
    "Error",
    "[required]",
    "[default",
    "TEXT",
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_help_page_is_french_and_80_columns_wide(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert run([*command, "--help"]) == 0
    page = capsys.readouterr().out
    assert not [word for word in ENGLISH if word in page]
    assert max(len(line) for line in page.splitlines()) <= 80
    assert "« \n" not in page
    assert "--help" in page


def test_the_exit_codes_of_the_help_are_those_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    page = capsys.readouterr().out.partition("Codes de sortie")[2]
    assert [int(line.split()[0]) for line in page.splitlines()[1:] if line.strip()] == [
        code.value for code in ExitCode
    ]


def test_no_word_at_all_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "Commandes" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"cyberaudit {__version__}\n"


def test_the_checks_are_listed_with_their_questions_and_their_sources(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(["checks", "list"])
    assert "mail.spf — Qui a le droit" in capsys.readouterr().out
    run(["checks", "list", "--sources"])
    assert "ANSSI" in capsys.readouterr().out
    run(["checks", "list", "--json"])
    assert {row["id"] for row in json.loads(capsys.readouterr().out)} >= {"mail.spf", "practice.mfa"}


def test_a_check_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "mail.spf"]) == 0
    page = capsys.readouterr().out
    for word in ("Pourquoi", "Corriger", "Limites", "Sources", "[mail.spf]"):
        assert word in page


def test_a_built_in_check_and_a_new_one_conform(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    # Every built-in check is put to the kit by `test_contract_fiches`.
    assert run(["checks", "test", "mail.spf"]) == 0
    assert capsys.readouterr().out == "✓ mail.spf\n"
    assert run(["checks", "new", "x-agglo.text", "--dir", str(tmp_path)]) == 0
    capsys.readouterr()
    assert run(["checks", "test", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "✓ x-agglo.text\n"


def test_what_is_neither_a_folder_nor_a_check_is_not_tested(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["checks", "test", "mail.spff"]) == ExitCode.USAGE
    assert "n'est ni un dossier ni un contrôle" in capsys.readouterr().err
    assert run(["checks", "test", str(tmp_path)]) == ExitCode.USAGE


def test_without_a_name_every_built_in_check_is_tested() -> None:
    assert _to_test(None) == list(load_catalogue().checks)


def test_a_check_may_import_facts_from_their_own_module(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run(["checks", "new", "x-agglo.text", "--dir", str(tmp_path)])
    path = tmp_path / "text.py"
    text = path.read_text(encoding="utf-8").replace("MailDns, Unreachable", "Unreachable")
    path.write_text(
        text.replace("from cyberaudit.sdk", "from cyberaudit.facts.mail import MailDns\nfrom cyberaudit.sdk")
    )
    assert run(["checks", "test", str(tmp_path)]) == 0


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("return unknown(mail.apex)", 'return passed("Parfait.")'), "rien n'était visible"),
        (("return failed(", "return passed("), "TypeError"),
        (('reason="no-text"', 'reason=""'), "pas de code « reason »"),
        (("if not mail.apex.records:", "if mail.apex.records[99]:"), "erreur"),
        (("from cyberaudit.sdk", "import socket\nfrom cyberaudit.sdk"), "« socket » n'est pas permis"),
        (("if not mail.apex.records:", "if False:"), "peut-il échouer"),
        (("if not mail.apex.records:", "if True:"), "peut-il réussir"),
    ],
)
def test_a_check_that_does_not_conform_is_told_why(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: tuple[str, str], fault: str
) -> None:
    run(["checks", "new", "x-agglo.text", "--dir", str(tmp_path)])
    path = tmp_path / "text.py"
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    code = run(["checks", "test", str(tmp_path)])
    out = capsys.readouterr().out
    assert fault in out
    assert code == 1


def test_a_profile_is_checked_offline_and_its_schema_printed(capsys: pytest.CaptureFixture[str]) -> None:
    profile = Path(__file__).parents[2] / "profiles" / "small-town.yaml"
    assert run(["profile", "check", str(profile), "--now", "2026-11-21"]) == 0
    assert "profil valable" in capsys.readouterr().out
    assert run(["profile", "check", str(profile), "--now", "2031-01-01"]) == 0
    assert "refuserait" in capsys.readouterr().out
    assert run(["profile", "check", str(profile), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["valid"] is True
    assert run(["profile", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].startswith("http://json-schema.org/draft-07")


def test_a_wrong_profile_in_json_lists_its_problems(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("commune: {}\nfoo: 1\n", encoding="utf-8")
    assert run(["profile", "check", str(path), "--json"]) == 2
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert {problem["line"] for problem in problems} >= {2}


def test_global_options_go_anywhere(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    history = str(tmp_path / "none.sqlite3")
    codes = {run(words) for words in (["--history", history, "report"], ["report", f"--history={history}"])}
    assert codes == {2}
    assert run(["history"]) == 2


def test_a_poor_terminal_gets_question_marks_not_a_crash() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    command = [sys.executable, "-m", "cyberaudit", "explain", "mail.spf"]
    result = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (result.returncode, result.stderr) == (0, b"")

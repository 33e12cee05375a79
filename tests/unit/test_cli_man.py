"""The manual page: every command in it, readable by `man` without a warning, and never stale."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cyberaudit.cli.examples import EXAMPLES
from cyberaudit.cli.main import application
from cyberaudit.cli.man import ENVIRONMENT, FILES, _guarded, _prose, _typed, man_page
from cyberaudit.french import NBSP
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.town.local import PLACES

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[2] / "docs/cyberaudit.1"
SECTIONS = ["NOM", "SYNOPSIS", "DESCRIPTION", "COMMANDES", "OPTIONS", "CODES DE SORTIE", "FICHIERS",
            "ENVIRONNEMENT", "EXEMPLES", "VOIR AUSSI"]  # fmt: skip
needs_man = pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")


def shown(columns: int = 80) -> str:
    """The page as a person reads it."""
    environment = {**os.environ, "MANWIDTH": str(columns), "LC_ALL": "C.UTF-8", "MANROFFSEQ": ""}
    result = subprocess.run(
        ["man", "--warnings=w", "-l", str(PAGE)], capture_output=True, text=True, check=True, env=environment
    )
    assert result.stderr == ""
    return re.sub(r".\x08", "", result.stdout).replace(NBSP, " ")


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, f"{path} {name}")


def test_the_page_of_the_repository_is_the_one_of_the_program() -> None:
    assert PAGE.read_text("utf-8") == man_page(application()), "run « make docs »"


def test_the_page_is_the_same_whatever_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    before = man_page(application())
    monkeypatch.setenv("COLUMNS", "40")
    assert man_page(application()) == before


def test_the_page_is_installed_where_man_looks_for_it() -> None:
    project = tomllib.loads((PAGE.parents[1] / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["setuptools"]["data-files"] == {"share/man/man1": ["docs/cyberaudit.1"]}


def test_the_sections_come_in_the_order_people_know() -> None:
    found = re.findall(r'^\.SH "?([^"\n]*)"?$', man_page(application()), re.MULTILINE)
    assert found == SECTIONS


def test_every_command_and_option_is_in_the_page() -> None:
    text = man_page(application()).replace(r"\-", "-")
    seen = 0
    for path, command in commands(typer.main.get_command(application()), "cyberaudit"):
        start, part = f'.SS "{path}"\n', text
        if path != "cyberaudit":
            assert (start in text) is not command.hidden, path
            part = text.partition(start)[2].partition(".SS")[0]
        for param in () if command.hidden else command.params:
            word = max(param.opts, key=len) if param.opts[0].startswith("-") else param.metavar
            assert word in part, (path, word)
            seen += 1
    assert seen > 150


def test_the_exit_codes_are_those_of_the_program() -> None:
    part = man_page(application()).partition('.SH "CODES DE SORTIE"')[2].partition(".SH")[0]
    assert [int(code) for code in re.findall(r'^\.B "(\d+)"$', part, re.MULTILINE)] == list(ExitCode)


def test_the_files_and_the_variables_are_those_the_program_reads() -> None:
    files = " ".join(f"{name} {about}" for name, about in FILES)
    assert all(place in files for place in PLACES)
    code = (
        "from cyberaudit.history.store import default_path; from pathlib import Path;"
        "print('~/' + str(default_path().relative_to(Path.home())))"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert found.stdout.strip() in files
    sources = "".join(
        path.read_text("utf-8") for path in (PAGE.parents[1] / "src").rglob("*.py") if path.name != "man.py"
    )
    ours = {name for name, _ in ENVIRONMENT} - {"COLUMNS", "XDG_DATA_HOME"}  # read by the libraries
    assert all(f'"{name}"' in sources for name in ours)


@needs_man
def test_man_shows_the_page_in_french_without_a_warning() -> None:
    text = shown()
    assert "cyberaudit - contrôle la cybersécurité d'une petite commune" in text.replace("’", "'")
    assert "Usage" not in text
    assert max(len(line) for line in text.splitlines()) <= 80
    for section in SECTIONS:
        assert f"\n{section}\n" in text


@needs_man
def test_what_is_to_be_typed_can_be_copied_from_the_screen() -> None:
    text = " ".join(shown().replace("\\\n", " ").split())
    assert all(each.line in text for found in EXAMPLES.values() for each in found)
    assert "~/.local/share/cyberaudit/history.sqlite3" in text


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_groff_finds_nothing_to_say() -> None:
    result = subprocess.run(
        ["groff", "-ww", "-k", "-man", "-Tutf8", str(PAGE)], capture_output=True, text=True, check=True
    )
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("text", "roff"),
    [
        (".début d'une ligne", r"\&.début d'une ligne"),
        ("'cité", r"\&'cité"),
        ("--all", r"\-\-all"),
        ("a\\b", r"a\(rsb"),
        ("déjà : ~", r"déjà\~: \(ti"),
    ],
)
def test_signs_that_roff_would_take_for_its_own_are_kept(text: str, roff: str) -> None:
    assert _prose(text) == roff


def test_apostrophes_and_quotation_marks_to_be_typed_stay_straight() -> None:
    assert _guarded(_typed("'a\" `b^")) == r"\(aqa\(dq \(gab\(ha"

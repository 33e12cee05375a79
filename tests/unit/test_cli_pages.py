"""Help, version, lists and the fast start."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer._click.exceptions import BadParameter, MissingParameter, UsageError

from cyberaudit import __version__
from cyberaudit.cli.catalogue import _to_test
from cyberaudit.cli.examples import EXAMPLES, Example
from cyberaudit.cli.main import application, run
from cyberaudit.cli.misuse import french_usage_error
from cyberaudit.cli.pages import EXIT_CODES
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.french import NBSP
from cyberaudit.run.exit_code import ExitCode

pytestmark = pytest.mark.unit

ROOT: Any = typer.main.get_command(application())


def tree(group: Any = ROOT, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that lead to it."""
    yield above, group
    for name, command in getattr(group, "commands", {}).items():
        yield from tree(command, (*above, name))


COMMANDS = dict(tree())
SHOWN = [path for path, command in COMMANDS.items() if not command.hidden]
ENGLISH = re.compile(
    r"\b(Usage:|Options:|Commands?\b|Arguments:|Show|Error|Try|required|default|TEXT|INTEGER|KIND|FILE|the|and|or|with|for"
    r"|this|exit|message|help|not|file|Missing|Invalid|such)\b"
)
SPELLED = re.compile(r"--[\w-]+|« [^»]* »|\w+:\S+|[\w-]+\.[\w.-]+")
"""Options, quotations, sources (`env:NOM`) and names of files are not words of a sentence."""


@pytest.mark.parametrize("columns", [80, 52])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_help_page_is_french_and_fits_the_screen(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    columns: int,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run([*command, "--help"]) == 0
    page = capsys.readouterr().out
    prose = SPELLED.sub("", page.replace(NBSP, " ").partition("Exemple")[0])
    assert [word for word in ENGLISH.findall(prose) if word != "message"] == []
    assert max(len(line) for line in page.splitlines()) <= columns
    assert not [line for line in page.splitlines() if line != line.rstrip() or line.endswith("«")]
    assert "--help" in page


@pytest.mark.parametrize("command", SHOWN, ids=" ".join)
def test_every_option_and_argument_says_what_it_is(command: tuple[str, ...]) -> None:
    assert COMMANDS[command].help.strip().endswith(".")
    for param in COMMANDS[command].params:
        text = param.help or ""
        assert text[:1] != text[:1].lower() or SPELLED.match(text) or text.split()[0].rstrip(",") in WORDS, (
            text
        )
        assert text.endswith((".", "?")), (param.name, text)
        assert max(len(sentence.split()) for sentence in text.split(". ")) <= 25, text


WORDS = {"oui", "every-day", "disk", "x-<votre"}
"""With these a help may begin: they are to be typed."""


def test_every_command_has_an_example_and_every_example_a_command() -> None:
    assert set(EXAMPLES) == {" ".join(path) for path in SHOWN}
    assert all(EXAMPLES.values())
    for path in SHOWN:
        if not hasattr(COMMANDS[path], "commands"):
            assert any(f"cyberaudit {' '.join(path)}" in each.line for each in EXAMPLES[" ".join(path)]), path


@pytest.mark.parametrize(
    "example", [each for found in EXAMPLES.values() for each in found], ids=lambda each: each.line
)
def test_every_example_can_be_typed(example: Example) -> None:
    words = shlex.split(example.line.removeprefix('eval "$(').removesuffix(')"').partition(" > ")[0])
    assert words[0] == "cyberaudit"
    context: Any = None
    command, name, rest = ROOT, "cyberaudit", words[1:]
    while hasattr(command, "commands"):
        context = command.make_context(name, list(rest), parent=context)
        name, command, rest = command.resolve_command(context, context._protected_args + context.args)
    assert command.make_context(name, list(rest), parent=context).args == []


def test_an_example_is_never_broken_between_quotation_marks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns in ("80", "52", "30"):
        monkeypatch.setenv("COLUMNS", columns)
        run(["waive", "--help"])
        shown = capsys.readouterr().out.partition("Exemples :\n")[2].partition("\n      ")[0]
        assert shlex.split(shown.replace("\\\n", " ")) == shlex.split(EXAMPLES["waive"][0].line)


@pytest.mark.parametrize("columns", [80, 52])
def test_the_exit_codes_of_the_help_are_those_of_the_program(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    run(["--help"])
    page = capsys.readouterr().out.partition("Codes de sortie")[2]
    told = [int(found[1]) for line in page.splitlines() if (found := re.match(r"  (\d+)  ", line))]
    assert told == [code.value for code in ExitCode] == [code for code, _ in EXIT_CODES]


def test_what_people_do_first_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    names = re.findall(r"^  ([a-z]+)  ", capsys.readouterr().out.partition("Options")[0], re.MULTILINE)
    assert names[:5] == ["scan", "report", "plan", "questions", "declare"]
    assert set(names) == {path[0] for path in SHOWN if path}


def test_what_an_option_is_when_nobody_says_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    run(["report", "--help"])
    page = " ".join(capsys.readouterr().out.replace(NBSP, " ").split())
    assert "later ou never. Par défaut : urgent." in page
    run(["checks", "new", "--help"])
    assert "Par défaut : « . »." in capsys.readouterr().out.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "scna",
            "La commande « scna » n'existe pas ; vouliez-vous dire « scan » ? Voir « cyberaudit --help ».",
        ),
        ("look prts", "vouliez-vous dire « ports » ? Voir « cyberaudit look --help »."),
        ("next-word", "La commande « next-word » n'existe pas. Voir"),
        ("scan --fial-on", "L'option « --fial-on » n'existe pas ; vouliez-vous dire « --fail-on » ?"),
        ("scan --quiett a", "L'option « --quiett » n'existe pas ; vouliez-vous dire « --quiet » ?"),
        ("scan -z a", "L'option « -z » n'existe pas. Voir « cyberaudit scan --help »."),
        ("--foo", "L'option « --foo » n'existe pas. Voir « cyberaudit --help »."),
        ("scan a --fail-on", "L'option « --fail-on » attend une valeur."),
        ("scan a --json=yes", "L'option « --json » n'attend aucune valeur."),
        ("scan", "Il manque l'argument PROFIL. Voir « cyberaudit scan --help »."),
        ("look domain", "Il manque l'argument DOMAINE."),
        ("scan a b", "La commande ne comprend pas « b ». Voir « cyberaudit scan --help »."),
        (
            "history",
            "Il manque une commande après « cyberaudit history » : list, show, trend, export,",
        ),
        ("--history", "L'option « --history » attend une valeur."),
    ],
)
def test_a_line_that_cannot_be_understood_is_told_in_french(
    capsys: pytest.CaptureFixture[str], line: str, sentence: str
) -> None:
    assert run(line.split()) == ExitCode.USAGE
    told = capsys.readouterr().err.replace(NBSP, " ")
    assert sentence in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            BadParameter("Invalid.", param=COMMANDS[("scan",)].params[0]),
            "PROFIL : cette valeur ne convient pas.",
        ),
        (
            BadParameter("Invalid.", param=COMMANDS[("report",)].params[1]),
            "--output : cette valeur ne convient pas.",
        ),
        (MissingParameter(param=COMMANDS[("report",)].params[1]), "Il manque l'option --output."),
        (UsageError("Missing command."), "Il manque une commande."),
        (UsageError("Something new."), "La commande ne peut pas être comprise."),
    ],
)
def test_what_typer_refuses_otherwise_keeps_no_english(error: typer.TyperException, sentence: str) -> None:
    assert french_usage_error(error) == sentence


def test_no_word_at_all_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "Commandes" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line", [["scan", "--help"], ["checks", "list"], ["completion", "bash"]], ids=" ".join
)
def test_no_command_waits_for_the_library_that_validates(line: list[str]) -> None:
    code = (
        f"import sys; from cyberaudit.cli.main import run; run({line}); sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


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


@pytest.mark.parametrize("name", [name for name in ROOT.commands if name not in {"completion", "next-words"}])
def test_a_command_is_loaded_without_the_others_and_is_the_same(name: str) -> None:
    alone: Any = typer.main.get_command(application([name]))
    assert len(alone.commands) < len(ROOT.commands)
    ours, whole = alone.commands[name], ROOT.commands[name]
    assert [each.name for each in ours.params] == [each.name for each in whole.params]
    assert getattr(ours, "commands", {}).keys() == getattr(whole, "commands", {}).keys()


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["inconnue"], ["completion"], ["next-words"], ["--", "scan"]]
)
def test_what_is_no_command_alone_loads_all_of_them(words: list[str]) -> None:
    root: Any = typer.main.get_command(application(words))
    assert [*root.commands] == [*ROOT.commands]

"""The Tab key, asked of the program itself and of bash, zsh and fish as people use them."""

import json
import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer

from cyberaudit.cli.candidates import Candidate, Files, Next, following
from cyberaudit.cli.main import application, run
from cyberaudit.cli.screen import KINDS
from cyberaudit.cli.shells import SCRIPTS, script
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.history.document import to_audit
from cyberaudit.history.store import open_history
from cyberaudit.plan.words import Tier
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.town.known import PRACTICES

pytestmark = pytest.mark.unit

ROOT: Any = typer.main.get_command(application())
PROFILES = Path(__file__).parents[2] / "profiles"
STORED = Path(__file__).parents[1] / "golden" / "history-audit-v1.json"
PATIENCE = 60  # seconds for a shell to answer: only a failure waits that long
BIN = Path(sys.executable).parent


def words(*line: str) -> list[str]:
    """What may come next, without what is said of it."""
    return [each.word for each in following(ROOT, line).candidates]


@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        (("sca",), ["scan"]),
        (("sc",), ["scan", "schedule"]),
        (("scna",), []),
        (("--quiet", "expl"), ["explain"]),
        (("--history", "h.sqlite3", "expl"), ["explain"]),
        (("look", "t"), ["tls"]),
        (("nothing", ""), []),
        (("scan", "--fai"), ["--fail-on"]),
        (("scan", "--histo"), ["--history"]),
        (("scan", "--no-a"), ["--no-axfr"]),
        (("scan", "--json", "--js"), []),
        (("scan", "--output", "a", "--outp"), ["--output"]),
        (("scan", "--fail-on", "qu"), ["quick-win"]),
        (("scan", "--fail-on=qu"), ["--fail-on=quick-win"]),
        (("scan", "--unheard-of=qu"), []),
        (("scan", "--unheard-of", "a.yaml", "--dry"), ["--dry-run"]),
        (("scan", "--output", "js"), ["json:"]),
        (("scan", "--output=js"), ["--output=json:"]),
        (("explain", "mail.sp"), ["mail.spf"]),
        (("waive", "a.yaml", "mail.sp"), ["mail.spf"]),
        (("checks", "test", "mail.sp"), ["mail.spf"]),
        (("declare", "nowhere.yaml", "mf"), ["mfa"]),
        (("declare", "a.yaml", "mfa", "ou"), ["oui"]),
        (("look", "vpn", "--type", "ipse"), ["ipsec"]),
        (("look", "tls", "--starttls", "ima"), ["imap"]),
        (("look", "backup", "--weekdays", "mon-f"), ["mon-fri"]),
        (("look", "backup", "--media", "ta"), ["tape"]),
        (("verify", "mail.sp"), ["mail.spf"]),
        (("verify", "turn-on-vpn"), ["turn-on-vpn-mfa"]),
        (("plan", "done", "a.yaml", "turn-on-vpn"), ["turn-on-vpn-mfa"]),
        (("plan", "adopt", "a.yaml", "turn-on-mfa", "turn-on-vpn"), ["turn-on-vpn-mfa"]),
        (("diff", "--output", ""), ["text:", "html:", "json:", "markdown:"]),
        (("history", "import", "a.cya", "--comm"), ["--commune"]),
        (("history", "import", "a.cya", "--json", "--", ""), []),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("declare", "--", "--x", "mf"), ["mfa"]),
        (("scan", "nowhere.yaml", "--vantage", "o"), ["outside"]),
        (("next-wor",), []),
    ],
    ids=str,
)
def test_the_word_being_typed_is_finished(line: tuple[str, ...], proposed: list[str]) -> None:
    assert words(*line) == proposed


@pytest.mark.parametrize(
    ("line", "files"),
    [
        (("scan", ""), Files("*.yaml")),
        (("report", "--profile", ""), Files("*.yaml")),
        (("report", "--profile="), Files("*.yaml", "--profile=")),
        (("scan", "--output", "json:rap"), Files("*", "json:")),
        (("scan", "--output=json:rap"), Files("*", "--output=json:")),
        (("scan", "--backup-root", ""), Files("/")),
        (("checks", "test", ""), Files("/")),
        (("history", "import", ""), Files("*.cya")),
        (("history", "show", ""), None),
        (("look", "backup", ""), Files("*")),
        (("explain", ""), None),
    ],
    ids=str,
)
def test_a_file_is_left_to_the_shell(line: tuple[str, ...], files: Files | None) -> None:
    assert following(ROOT, ("--history", "nowhere.sqlite3", *line)).files == files


def test_every_command_is_proposed_with_what_it_does_and_no_hidden_one() -> None:
    proposed = following(ROOT, ("",)).candidates
    assert len(proposed) >= 13
    assert all(each.about and "\n" not in each.about for each in proposed)
    assert "next-words" not in {each.word for each in proposed}


def test_the_values_proposed_are_those_the_program_knows() -> None:
    assert set(words("explain", "")) == {check.id for check in load_catalogue().checks}
    assert set(words("declare", "nowhere.yaml", "")) == set(PRACTICES)
    assert set(words("plan", "done", "a.yaml", "")) == set(load_catalogue().remedies.measures)
    assert set(words("scan", "--output", "")) == {f"{kind}:" for kind in KINDS}
    assert all(each.about for each in following(ROOT, ("scan", "--output", "")).candidates)
    assert len(words("scan", "--fail-on", "")) == len(Tier) + 1


def test_every_value_proposed_for_a_closed_list_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    """The program refuses other words before it looks at anything."""
    for option, line in {
        "--fail-on": ("report",),
        "--starttls": ("look", "tls", "127.0.0.1:1"),
        "--type": ("look", "vpn", "127.0.0.1"),
        "--weekdays": ("look", "backup", "/nowhere"),
        "--media": ("look", "backup", "/nowhere"),
    }.items():
        for word in words(*line, option, ""):
            run([*line, option, word, "--now", "not-a-date"])
            assert "--now" in capsys.readouterr().err, (option, word)


def test_a_profile_on_the_line_gives_its_things_and_its_places() -> None:
    profile = str(PROFILES / "small-town.yaml")
    assert "mfa" in words("declare", profile, "")
    assert any(word.startswith("backup/") for word in words("declare", profile, ""))
    assert {"outside", "lan"} <= set(words("scan", profile, "--vantage", ""))


def test_checks_of_a_folder_are_proposed_too(tmp_path: Path) -> None:
    run(["checks", "new", "x-agglo.text", "--dir", str(tmp_path)])
    assert words("explain", "--checks", str(tmp_path), "x-") == ["x-agglo.text"]


def test_what_cannot_be_read_proposes_nothing(tmp_path: Path) -> None:
    history = str(tmp_path / "none.sqlite3")
    assert words("--history", history, "history", "show", "") == []
    assert words("report", "--history", history, "") == []


def test_stored_audits_and_their_communes_are_proposed(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    audit = to_audit(json.loads(STORED.read_text("utf-8")))
    with open_history(path, create=True) as history:
        history.save(audit)
    asked = ("--history", str(path))
    assert words(*asked, "replay", "") == words(*asked, "history", "show", "") == [str(audit.uuid)[:8]]
    assert words("report", *asked, "") == words(*asked, "history", "list", "") == [audit.town.id]


def test_a_word_that_a_shell_would_read_in_another_way_is_not_proposed() -> None:
    from cyberaudit.cli.candidates import _matching

    found = _matching([Candidate("a;rm"), Candidate("$(x)"), Candidate("mail.spf@main")], "")
    assert [each.word for each in found.candidates] == ["mail.spf@main"]


def test_the_answer_to_the_scripts_is_one_word_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["next-words", "--", "scan", "--output", "json:"]) == 0
    assert capsys.readouterr().out == ":files\t*\tjson:\n"
    assert run(["next-words", "--", "look", "tl"]) == 0
    assert capsys.readouterr().out.startswith("tls\tÉnumère")
    assert run(["next-words", "--", "nothing", ""]) == 0
    assert capsys.readouterr().out == ""
    assert Next().lines() == ""


def test_a_shell_that_is_not_known_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "zshh"]) == ExitCode.USAGE
    message = capsys.readouterr().err.replace("\N{NO-BREAK SPACE}", " ")
    assert "vouliez-vous dire « zsh » ?" in message
    assert "bash, zsh, fish" in message


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_program_outside_the_path_is_called_where_it_stands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", ["/opt/l'audit/cyberaudit"])
    assert run(["completion", shell]) == 0
    written = capsys.readouterr().out
    assert written.strip() == script(shell, program="/opt/l'audit/cyberaudit").strip()
    assert "'/opt/l'\"'\"'audit/cyberaudit' next-words" in written


@contextmanager
def shell_at_work(shell: str, setup: str, folder: Path) -> Iterator["Typist"]:
    """An interactive shell on a terminal of its own; what stands on its line is written to a pipe on Ctrl-G."""
    told = folder / "told"
    os.mkfifo(told)
    (folder / "setup").write_text(setup.format(told=told), "utf-8")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "TERM": "xterm", "HOME": str(folder)}
    options = {"bash": ("--norc", "--noprofile", "-i"), "zsh": ("-f", "-i")}[shell]
    process = subprocess.Popen(
        [shell, *options], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=folder,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    pipe = os.open(told, os.O_RDWR | os.O_NONBLOCK)
    typist = Typist(ours, pipe)
    try:
        typist.type(f" source {folder}/setup; echo ready >{told}\n")
        assert typist.answer() == "ready"
        yield typist
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(pipe)


class Typist:
    """Hands on a keyboard."""

    def __init__(self, terminal: int, pipe: int) -> None:
        self.terminal, self.pipe = terminal, pipe

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def answer(self) -> str:
        said = b""
        while b"\n" not in said:
            ready, _, _ = select.select([self.terminal, self.pipe], [], [], PATIENCE)
            assert ready, said
            if self.terminal in ready:
                os.read(self.terminal, 65536)
            if self.pipe in ready:
                said += os.read(self.pipe, 65536)
        return said.decode().rstrip("\n")

    def line_after_tab(self, start: str) -> str:
        # Ctrl-U empties the line, Tab completes, Ctrl-G tells.
        self.type(f"\x15{start}\t\x07")
        return self.answer()


SETUPS = {
    "bash": """\
bind 'set bell-style none'
eval "$(cyberaudit completion bash)"
tell() {{ printf '%s\\n' "$READLINE_LINE" >{told}; }}
bind -x '"\\C-g": tell'
""",
    "zsh": """\
autoload -Uz compinit && compinit -D
unsetopt beep
eval "$(cyberaudit completion zsh)"
tell() {{ printf '%s\\n' "$BUFFER" >{told} }}
zle -N tell && bindkey '^G' tell
""",
}
LINES = [
    ("cyberaudit expl", "cyberaudit explain "),
    ("cyberaudit look vpn --ty", "cyberaudit look vpn --type "),
    ("cyberaudit scan --fail-on qu", "cyberaudit scan --fail-on quick-win "),
    ("cyberaudit scan --fail-on=qu", "cyberaudit scan --fail-on=quick-win "),
    ("cyberaudit scan --output js", "cyberaudit scan --output json:"),
    ("cyberaudit scan --output json:rap", "cyberaudit scan --output json:rapport.txt "),
    ("cyberaudit scan mai", "cyberaudit scan mairie.yaml "),
    ("cyberaudit questions --list doss", "cyberaudit questions --list dossier/"),
]


@pytest.mark.parametrize("shell", SETUPS)
def test_tab_completes_in_a_real_shell(shell: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    for name in ("mairie.yaml", "mairie.txt", "rapport.txt"):
        (tmp_path / name).touch()
    (tmp_path / "dossier").mkdir()
    with shell_at_work(shell, SETUPS[shell], tmp_path) as typist:
        found = [(start, typist.line_after_tab(start)) for start, _ in LINES]
    assert found == LINES


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_proposes_words_and_files(tmp_path: Path) -> None:
    for name in ("mairie.yaml", "mairie.txt", "rapport.txt"):
        (tmp_path / name).touch()
    asked = ["cyberaudit expl", "cyberaudit scan --fail-on=qu", "cyberaudit scan mai",
             "cyberaudit scan --output json:rap", "cyberaudit look "]  # fmt: skip
    (tmp_path / "script.fish").write_text(script("fish", program="cyberaudit"), "utf-8")
    lines = "\n".join(f"complete -C '{each}'; echo ---" for each in asked)
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    result = subprocess.run(
        ["fish", "--no-config", "-c", f"source script.fish\n{lines}"],
        capture_output=True, text=True, check=True, cwd=tmp_path, env=environment,
    )  # fmt: skip
    proposed = [
        [line.split("\t")[0] for line in part.splitlines() if line] for part in result.stdout.split("---")
    ]
    assert proposed[:4] == [["explain"], ["--fail-on=quick-win"], ["mairie.yaml"], ["json:rapport.txt"]]
    assert {"ports", "tls"} <= set(proposed[4])
    assert "\tExplique un contrôle" in result.stdout

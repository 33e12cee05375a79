"""`cyberaudit schedule`: units that systemd accepts, lines that cron and the shell read as they were meant."""

import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.cli.main import run
from cyberaudit.errors import NotSaved, UsageError
from cyberaudit.run.schedule import (
    Plan,
    When,
    cron_lines,
    crontab_with,
    next_commands,
    unit_folder,
    units,
    write_units,
)

pytestmark = pytest.mark.unit

PROFILE = Path(__file__).parents[2] / "profiles/small-town.yaml"
PLAN = Plan(
    commune="ville-exemple",
    name="Ville-Exemple (100 %)",
    timezone="Europe/Paris",
    profile=Path("/srv/mairie 100 %/l'ha\"ÿ $HOME.yaml"),
    history=Path("/srv/mairie 100 %/historique.sqlite3"),
    options=("--vantage", "outside", "--config", "/etc/cyberaudit/config.yaml"),
)
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")


def written(plan: Plan, folder: Path) -> Path:
    """The weekly service, with a program and folders that exist."""
    made = replace(plan, profile=folder / plan.profile.name, history=folder / "h.sqlite3")
    write_units(made, folder)
    return folder / "cyberaudit-ville-exemple.service"


@needs_systemd
@pytest.mark.parametrize("is_root", [False, True])
def test_systemd_accepts_the_units(tmp_path: Path, is_root: bool) -> None:
    plain = replace(PLAN, is_root=is_root)
    written(plain, tmp_path)
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.glob("cyberaudit-*")))],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in found.stderr.splitlines() if "cyberaudit-" in line and "SO_PASS" not in line]
    assert ours == []
    assert found.returncode == 0


@needs_systemd
def test_the_service_is_little_exposed(tmp_path: Path) -> None:
    path = written(replace(PLAN, is_root=True), tmp_path)
    found = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", found.stdout)
    assert level is not None
    # systemd's own scale: under 5 is « OK », an ordinary service has 9.6.
    assert float(level[1]) < 4.0


@needs_systemd
@pytest.mark.parametrize("name", ["cyberaudit-ville-exemple.timer", "cyberaudit-ville-exemple-mail.timer"])
def test_systemd_understands_when(name: str) -> None:
    (calendar,) = re.findall(r"^OnCalendar=(.*)$", units(PLAN)[name], re.MULTILINE)
    subprocess.run(["systemd-analyze", "calendar", calendar], capture_output=True, check=True)


def test_a_machine_that_was_off_catches_up_and_not_all_at_once() -> None:
    timer = units(PLAN)["cyberaudit-ville-exemple.timer"]
    assert "Persistent=yes\n" in timer
    assert "RandomizedDelaySec=30min\n" in timer


def test_words_of_a_unit_are_escaped() -> None:
    service = units(PLAN)["cyberaudit-ville-exemple.service"]
    assert 'weekly "/srv/mairie 100 %%/l\'ha\\"ÿ $$HOME.yaml" --history' in service
    assert "WorkingDirectory=/srv/mairie 100 %%\n" in service
    assert 'ReadWritePaths="/srv/mairie 100 %%"\n' in service
    assert "Description=Contrôle hebdomadaire de Ville-Exemple (100 %%)\n" in service


def test_the_folder_of_the_feed_may_be_written() -> None:
    service = units(replace(PLAN, writable=(Path("/var/www"),)))["cyberaudit-ville-exemple.service"]
    assert service.endswith('ReadWritePaths="/srv/mairie 100 %%" /var/www\n')


def by_cron(line: str) -> list[str]:
    """The words of the command as crontab(5), then the shell, read them."""
    command = re.sub(r"\\%", "\0", line.split(maxsplit=5)[5])
    assert "%" not in command
    return shlex.split(command.replace("\0", "%"), comments=True)


def test_cron_and_the_shell_read_the_words_as_meant() -> None:
    weekly, retry = cron_lines(PLAN)
    assert by_cron(weekly)[-8:] == [
        "weekly",
        str(PLAN.profile),
        "--history",
        str(PLAN.history),
        *PLAN.options,
    ]
    assert by_cron(retry)[-7:] == [
        "notify",
        str(PLAN.profile),
        "--waiting",
        "--history",
        str(PLAN.history),
        *PLAN.options[2:],
    ]
    assert weekly.split()[1:5] == ["6", "*", "*", "1"]


@given(st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=20))
def test_any_printable_path_survives_cron_and_the_shell(name: str) -> None:
    plan = replace(PLAN, profile=Path("/srv") / f"x{name.replace('/', '-')}")
    assert by_cron(cron_lines(plan)[0])[-7] == str(plan.profile)


@pytest.mark.parametrize("path", ["/srv/a\nb.yaml", "/srv/a\x00b.yaml", "/srv/\u202eb.yaml"])
def test_a_path_with_a_line_break_is_refused(path: str) -> None:
    plan = replace(PLAN, profile=Path(path))
    for make in (cron_lines, units):
        with pytest.raises(UsageError, match="renommez-le"):
            make(plan)


def test_a_line_that_cron_would_cut_is_refused() -> None:
    with pytest.raises(UsageError, match="trop longue"):
        cron_lines(replace(PLAN, profile=Path("/srv") / ("a" * 990)))


def test_communes_do_not_start_together() -> None:
    minutes = {replace(PLAN, commune=f"ville-{number}").minute for number in range(200)}
    assert len(minutes) > 50
    assert minutes <= set(range(60))
    assert PLAN.minute == replace(PLAN, when=When("fri", 3)).minute


def test_a_second_schedule_takes_the_place_of_the_first() -> None:
    before = "MAILTO=admin\n5 4 * * * /bin/true # cyberaudit ville-exemple-2\n"
    once = crontab_with(PLAN, before)
    twice = crontab_with(replace(PLAN, when=When("thu", 4)), once)
    assert once.startswith(before)
    assert len(twice.splitlines()) == len(once.splitlines()) == 4
    assert " 4 * * 4 " in twice
    assert " 6 * * 1 " not in twice


def test_units_of_a_user_stand_in_his_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert unit_folder(PLAN) == tmp_path / "systemd/user"
    assert unit_folder(replace(PLAN, is_root=True)) == Path("/etc/systemd/system")
    assert next_commands(PLAN)[-1] == "loginctl enable-linger"
    assert next_commands(replace(PLAN, is_root=True))[0] == "systemctl daemon-reload"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotSaved, match="ne peut pas être écrit"):
        write_units(PLAN, tmp_path / "file" / "units")


def test_the_command_shows_what_it_would_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["schedule", str(PROFILE), "--history", str(tmp_path / "h.sqlite3")]
    assert run([*words, "--systemd", "--day", "thu", "--hour", "23"]) == 0
    assert "OnCalendar=Thu *-*-* 23:" in capsys.readouterr().out
    assert run([*words, "--cron", "--vantage", "outside"]) == 0
    assert capsys.readouterr().out.count("# cyberaudit ville-exemple\n") == 2


@pytest.mark.parametrize(
    "words", [[], ["--cron", "--systemd"], ["--cron", "--day", "lundi"], ["--cron", "--hour", "24"]]
)
def test_what_cannot_be_planned_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schedule", str(PROFILE), *words]) == 2
    assert capsys.readouterr().out == ""


def test_writing_the_units_says_how_to_start_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert (
        run(["schedule", str(PROFILE), "--systemd", "--write", "--history", str(tmp_path / "h.sqlite3")]) == 0
    )
    assert "enable --now cyberaudit-ville-exemple.timer" in capsys.readouterr().out
    assert len(list((tmp_path / "systemd/user").iterdir())) == 4

"""`cyberaudit schedule`: units that systemd accepts, lines that cron and the shell read as they were meant."""

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

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
    doubts,
    next_commands,
    unit_folder,
    units,
    write_units,
)
from cyberaudit.town.local import SecretKind, SecretSource

pytestmark = pytest.mark.unit

PROFILE = Path(__file__).parents[2] / "profiles/small-town.yaml"
PLAN = Plan(
    commune="ville-exemple",
    name="Ville-Exemple (100 %)",
    timezone="Europe/Paris",
    profile=Path("/srv/mairie 100 %/l'ha\"ÿ $HOME.yaml"),
    history=Path("/srv/mairie 100 %/historique.sqlite3"),
    options=("--vantage", "outside", "--config", "/etc/cyberaudit/config.yaml"),
    homes=(Path("/opt/cyberaudit"),),
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


# What takes rights away, which the manager of a user may not do: the service would end on 218/CAPABILITIES.
OF_ROOT = (
    "CapabilityBoundingSet",
    "PrivateDevices",
    "ProtectClock",
    "ProtectKernelLogs",
    "ProtectKernelModules",
)


@pytest.mark.parametrize("is_root", [False, True])
@pytest.mark.parametrize("name", OF_ROOT)
def test_only_the_service_of_root_gives_rights_up(name: str, is_root: bool) -> None:
    for service in ("cyberaudit-ville-exemple.service", "cyberaudit-ville-exemple-mail.service"):
        text = units(replace(PLAN, is_root=is_root))[service]
        assert (f"\n{name}=" in text) is is_root


@pytest.mark.parametrize(
    ("change", "is_private"),
    [
        ({}, True),
        ({"profile": Path("/tmp/ville.yaml")}, False),
        ({"history": Path("/var/tmp/x/h.sqlite3")}, False),
        ({"writable": (Path("/tmp/fil"),)}, False),
        ({"homes": (Path("/usr"), Path("/tmp/essai/.venv"))}, False),
        ({"profile": Path("/tmpfs/ville.yaml")}, True),
    ],
)
def test_temporary_files_are_hidden_unless_the_service_needs_them(
    change: dict[str, Any], is_private: bool
) -> None:
    service = units(replace(PLAN, **change))["cyberaudit-ville-exemple.service"]
    assert ("\nPrivateTmp=yes\n" in service) is is_private


def test_the_folder_of_the_history_is_made_with_the_units(tmp_path: Path) -> None:
    plan = replace(PLAN, history=tmp_path / "new" / "data" / "h.sqlite3")
    write_units(plan, tmp_path / "units")
    assert plan.history.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="root gives folders away")
def test_a_folder_that_the_service_of_root_could_not_write_is_refused(tmp_path: Path) -> None:
    """It keeps no right over files of others but to read them."""
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    plan = replace(PLAN, history=folder / "h.sqlite3")
    with pytest.raises(UsageError, match="n'appartient pas à root"):
        write_units(replace(plan, is_root=True), tmp_path / "units")
    assert not (tmp_path / "units").exists()
    assert write_units(plan, tmp_path / "units")


def test_a_folder_of_the_history_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotSaved, match="ne peut pas être créé"):
        write_units(replace(PLAN, history=tmp_path / "file" / "h.sqlite3"), tmp_path / "units")


SOURCES = {
    "env": ("la variable « SMTP »", "la variable « SMTP »"),
    "credential": ("LoadCredential=SMTP:FICHIER", "cron ne le donne pas"),
    "file": ("", ""),
    "command": ("", ""),
}


@pytest.mark.parametrize("kind", list(SecretKind))
def test_a_secret_that_a_schedule_will_not_find_is_told(kind: SecretKind) -> None:
    secrets = {"smtp": SecretSource("relais.example", kind, ("SMTP",))}
    for for_cron, expected in zip((False, True), SOURCES[kind], strict=True):
        found = doubts(secrets, for_cron=for_cron)
        assert len(found) == bool(expected)
        assert all(expected in sentence for sentence in found)


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
        write_units(replace(PLAN, history=tmp_path / "h.sqlite3"), tmp_path / "file" / "units")


def ready(folder: Path) -> list[str]:
    """What a machine lacks to look at the small town from outside and to write to it."""
    secret, config = folder / "secret", folder / "config.yaml"
    secret.write_text("mot de passe d'essai\n")
    config.write_text(
        f'secrets:\n  smtp-mairie: {{host: "smtp.ville-exemple.example:587", file: {secret}}}\n'
    )
    for path in (secret, config):
        path.chmod(0o600)
    return ["--config", str(config), "--vantage", "outside"]


def test_what_would_fail_on_the_day_is_said_when_it_is_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["schedule", str(PROFILE), "--cron", "--history", str(tmp_path / "h.sqlite3")]
    empty = tmp_path / "empty.yaml"
    empty.write_text("{}\n")
    empty.chmod(0o600)
    assert run([*words, "--config", str(empty)]) == 0
    said = capsys.readouterr().err
    assert "ajoutez --vantage outside" in said
    assert "Écrivez-le sous «\u00a0secrets\u00a0»" in said


def test_the_command_shows_what_it_would_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["schedule", str(PROFILE), "--history", str(tmp_path / "h.sqlite3"), *ready(tmp_path)]
    assert run([*words, "--systemd", "--day", "thu", "--hour", "23"]) == 0
    shown = capsys.readouterr()
    assert "OnCalendar=Thu *-*-* 23:" in shown.out
    assert shown.err == "Rien n'est encore en place\u00a0: ajoutez --write.\n"
    assert run([*words, "--cron"]) == 0
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
    words = ["schedule", str(PROFILE), "--systemd", "--write", "--history", str(tmp_path / "h.sqlite3")]
    assert run([*words, *ready(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "enable --now cyberaudit-ville-exemple.timer" in said.out
    assert "systemctl --user start cyberaudit-ville-exemple.service" in said.out
    assert said.err == ""
    assert len(list((tmp_path / "systemd/user").iterdir())) == 4

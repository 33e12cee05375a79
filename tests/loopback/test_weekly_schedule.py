"""`cyberaudit schedule --write` with the real `crontab`, and `notify` as a person types it."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.errors import UsageError
from cyberaudit.run.schedule import read_crontab
from tests.unit import towns
from tests.unit.test_run_notify import TOWN, kept

pytestmark = pytest.mark.loopback

PROFILES = Path(__file__).parents[2] / "profiles"
CRONTAB = Path("/usr/bin/crontab")


@pytest.mark.skipif(
    os.geteuid() != 0 or not CRONTAB.exists() or not Path("/usr/bin/unshare").exists(),
    reason="cron of Debian, by root only",
)
def test_the_lines_are_put_in_the_crontab_and_only_once(tmp_path: Path) -> None:
    """In a mount namespace, where the crontabs are ours."""
    tabs = tmp_path / "crontabs"
    tabs.mkdir(mode=0o700)
    words = [
        sys.executable,
        "-m",
        "cyberaudit",
        "schedule",
        str(PROFILES / "small-town.yaml"),
        "--cron",
        "--write",
    ]
    words += ["--history", str(tmp_path / "100 %.sqlite3")]
    for day in ("mon", "thu"):
        subprocess.run(
            [
                "/usr/bin/unshare",
                "--mount",
                "/bin/sh",
                "-c",
                'mount --bind "$0" /var/spool/cron/crontabs && exec "$@"',
                str(tabs),
                *words,
                "--day",
                day,
            ],
            check=True,
            capture_output=True,
        )
    lines = [line for line in (tabs / "root").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) == 2
    assert " 6 * * 4 " in lines[0]
    assert "100 \\%.sqlite3" in lines[0]


def test_a_machine_without_cron_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="--systemd"):
        read_crontab()


def test_a_crontab_that_refuses_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A `crontab` of somebody who may not use cron, as cron.deny makes it."""
    program = tmp_path / "crontab"
    program.write_text(
        '#!/bin/sh\ncase "$1" in -l) exit 0;; esac\necho "not allowed to use this program" >&2; exit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    words = ["schedule", str(PROFILES / "small-town.yaml"), "--cron", "--write"]
    assert run([*words, "--history", str(tmp_path / "h.sqlite3")]) == 2
    assert "cron refuse ce planning" in capsys.readouterr().err
    program.write_text('#!/bin/sh\necho "not allowed" >&2; exit 1\n')
    assert run([*words, "--history", str(tmp_path / "h.sqlite3")]) == 2
    assert "ne se lit pas" in capsys.readouterr().err


PROFILE = """schema_version: 1
commune: {id: lhay-d-essai, name: "L'Haÿ-d'Essai", insee: "99001", population: 5000}
delivery:
  recipients: [{address: mairie@ville.example, role: secretary}, {address: maire@ville.example, role: mayor}]
  relay: "127.0.0.1:1"
  sender: cyberaudit@ville.example
"""


def test_notify_as_a_person_types_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile, history = tmp_path / "ville.yaml", tmp_path / "history.sqlite3"
    profile.write_text(PROFILE, "utf-8")
    config = tmp_path / "config.yaml"
    config.write_text("{}")
    config.chmod(0o600)
    kept(history, towns.NOW, town=towns.renamed(TOWN, "lhay-d-essai"))

    def notify(*words: str, days: float = 0) -> tuple[int, str, str]:
        now = (towns.NOW + timedelta(days=days)).isoformat()
        common = ["--history", str(history), "--config", str(config), "--now", now]
        code = run(["notify", str(profile), *common, *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    code, out, _ = notify("--preview")
    assert code == 0
    assert "Secrétariat (1\u00a0destinataire)" in out
    assert not (tmp_path / "outbox.sqlite3").exists()
    told = json.loads(notify("--preview", "--json", "--role", "mayor")[1])
    assert [(each["role"], each["kind"]) for each in told["notices"]] == [("mayor", "heartbeat")]
    assert notify("--role", "maire")[0] == 2
    code, out, err = notify()
    assert code == 4
    assert out == "2\u00a0en attente.\n"
    assert "refuse la connexion" in err
    assert notify("--waiting", days=0.1) == (4, "", "")
    assert json.loads(notify("--json", days=0.2)[1])["waiting"] == 2
    # After five days nothing is hoped for any more, and that is said.
    code, _, err = notify("--waiting", days=6)
    assert code == 4
    assert "ne partira pas" in err or "délai" in err


def test_a_preview_says_what_would_keep_the_mail_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile, history, config = (tmp_path / name for name in ("ville.yaml", "h.sqlite3", "config.yaml"))
    config.write_text("{}")
    config.chmod(0o600)
    kept(history, towns.NOW, town=towns.renamed(TOWN, "lhay-d-essai"))
    words = ["notify", str(profile), "--preview", "--history", str(history), "--config", str(config)]
    for password, said in (("", ""), ("  password: secret:smtp\n", "«\u00a0secret:smtp\u00a0»")):
        profile.write_text(PROFILE + password, "utf-8")
        assert run([*words, "--now", towns.NOW.isoformat()]) == 0
        err = capsys.readouterr().err
        assert said in err
        assert bool(err) == bool(said)


def test_notify_without_history_or_people_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = tmp_path / "ville.yaml"
    profile.write_text(PROFILE.partition("delivery")[0], "utf-8")
    words = ["notify", str(profile), "--history", str(tmp_path / "h.sqlite3")]
    assert run(words) == 2
    assert "à qui écrire" in capsys.readouterr().err
    profile.write_text(PROFILE, "utf-8")
    assert run(words) == 2
    assert run([*words, "--waiting"]) == 0
    capsys.readouterr()

"""What bad input gets: one clear French sentence with its place and exit code, quickly, no traceback."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.demo.place import DemoPlace

pytestmark = pytest.mark.loopback

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
PROFILES = {
    "binary": b"\x7fELF\x00\x01\x02",
    "huge": b"# filler\n" * 200_000,
    "latin1": "commune: {name: Saint-Étienne}".encode("latin-1"),
    "empty": b"",
    "comment": b"# rien\n",
    "bomb": BOMB.encode(),
    "deep": b"[" * 20_000,
    "deep-map": b"".join(b" " * depth + b"a:\n" for depth in range(3000)),
    "tab": b"commune:\n\tid: a\n",
    "list": b"- a\n- b\n",
    "duplicate": b"commune: {}\ncommune: {}\n",
    "tag": b"commune: !!python/object/apply:os.system [id]\n",
    "two": b"a: 1\n---\nb: 2\n",
    "escape": b'commune: {id: "\\e[31m"}\n',
}


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    started = time.monotonic()
    code = run(list(words))
    captured = capsys.readouterr()
    assert time.monotonic() - started < 5
    assert "Traceback" not in captured.err + captured.out
    assert "\x1b" not in captured.err
    return code, captured.err


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("command", [("profile", "check"), ("scan",)])
def test_an_impossible_profile(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, command: tuple[str, ...]
) -> None:
    path = tmp_path / f"{name}.yaml"
    path.write_bytes(PROFILES[name])
    code, err = check(capsys, *command, str(path), "--history", str(tmp_path / "h.sqlite3"))
    assert code == 2
    assert f"{name}.yaml" in err
    assert err.rstrip().endswith((".", "?", "^"))


@pytest.mark.parametrize("name", ["missing.yaml", "folder", "fifo", "/dev/zero", "a\x1b[31m\n.yaml"])
def test_a_profile_that_is_no_file(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    code, err = check(capsys, "profile", "check", str(tmp_path / name))
    assert code == 2
    assert err.strip()


def demo_with(tmp_path: Path, place: DemoPlace, old: str, new: str) -> str:
    text = place.profile.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "profile.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("scanned_by:", "scaned_by:", "vouliez-vous dire « scanned_by »"),
        ("population: 1850", "population: beaucoup", "population"),
        ('insee: "99042"', "insee: 1004", "insee"),
        ("signed_on: 2026-11-02", "signed_on: 2026-02-30", "2026-02-30"),
        ("sends_mail: false", "sends_mail: NO", "Écrivez true ou false"),
        ("addresses: [192.0.2.1]", "addresses: [203.0.113.99]", "203.0.113.99"),
        ("zone: bureaux", "zone: buraux", "bureaux"),
    ],
)
def test_a_mistake_in_a_profile_has_its_place(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    demo_place: DemoPlace,
    old: str,
    new: str,
    sentence: str,
) -> None:
    path = demo_with(tmp_path, demo_place, old, new)
    code, err = check(
        capsys,
        "scan",
        path,
        "--vantage",
        "outside",
        "--now",
        "2026-11-21",
        "--history",
        str(tmp_path / "h"),
        "--dry-run",
    )
    assert code == 2
    assert sentence in err.replace("\u00a0", " ")
    assert "profile.yaml:" in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("scan",), "Il manque l'argument PROFIL"),
        (("scan", "x.yaml", "--now", "demain"), "n'est pas une date"),
        (("scan", "x.yaml", "--fail-on", "bientôt"), "n'est pas un palier"),
        (("scan", "x.yaml", "--min-coverage", "101"), "de 0 à 100"),
        (("scan", "x.yaml", "--output", "odt:x.odt"), "text, html"),
        (("scan", "x.yaml", "--checks", "/nowhere"), "n'est pas un dossier"),
        (("scan", "x.yaml", "--resolver"), "attend une valeur"),
        (("scan", "a", "b"), "ne comprend pas « b »"),
        (("scn",), "vouliez-vous dire « scan »"),
        (("history", "lst"), "vouliez-vous dire « list »"),
        (("history",), "Il manque une commande"),
        (("explain", "mail.sfp"), "vouliez-vous dire « mail.spf »"),
        (("look", "domain", "pas un domaine"), "n'est pas un nom de domaine"),
        (("checks", "new", "mail.spf"), "x-<votre nom>"),
        (("checks", "test", "/nowhere"), "n'est ni un dossier ni un contrôle du programme"),
        (("--nope",), "« --nope » n'existe pas"),
    ],
)
def test_a_mistyped_command(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    code, err = check(capsys, *words)
    assert code == 2
    assert sentence in err.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", ""),
        (b"not sqlite at all" * 99, "historique"),
        (b"SQLite format 3\x00" + b"\xff" * 4000, "historique"),
    ],
)
def test_a_history_that_is_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "h.sqlite3"
    path.write_bytes(content)
    code, err = check(capsys, "report", "--history", str(path))
    assert code == 2
    assert sentence in err


@pytest.mark.parametrize(
    "command", [("report",), ("history", "list"), ("history", "show", "ab"), ("replay",)]
)
def test_no_history_yet(capsys: pytest.CaptureFixture[str], tmp_path: Path, command: tuple[str, ...]) -> None:
    code, err = check(capsys, *command, "--history", str(tmp_path / "none.sqlite3"))
    assert code == 2
    assert err.strip()


def test_verbose_shows_what_a_sentence_hides(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = run(["profile", "check", str(tmp_path / "missing.yaml"), "--verbose"])
    captured = capsys.readouterr()
    assert code == 2
    assert "Traceback" in captured.err


def test_an_unforeseen_error_is_a_sentence_and_never_a_success(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*words: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("cyberaudit.engine.catalogue.load_catalogue", explode)
    code, err = check(capsys, "checks", "list")
    assert code == 3
    assert "ZeroDivisionError" in err


def test_the_demo_stops_everything_on_ctrl_c() -> None:
    import signal

    command = [sys.executable, "-m", "cyberaudit", "demo", "--keep"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "--resolver" in line:
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode in (0, 130)


def test_json_logs_are_one_object_a_line(tmp_path: Path) -> None:
    import json

    folder = tmp_path / "checks"
    run(["checks", "new", "x-agglo.crash", "--dir", str(folder)])
    command = [sys.executable, "-m", "cyberaudit", "--log-json", "demo", "--simple"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    for line in result.stderr.splitlines():
        if line.startswith("{"):
            assert json.loads(line)["logger"].startswith("cyberaudit")

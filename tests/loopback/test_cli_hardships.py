"""What a review with fresh eyes broke, kept whole since."""

import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.demo.place import DemoPlace
from cyberaudit.errors import ScopeError
from cyberaudit.history.scan_file import read_scan_file
from cyberaudit.history.store import open_history
from cyberaudit.probes.instruments import Options
from cyberaudit.run.scan import Request, scan
from tests.loopback.test_cli_scan import Command, cyberaudit

pytestmark = pytest.mark.loopback

__all__ = ["cyberaudit"]

CHECK = '''"""Le domaine publie-t-il un texte ?

## Pourquoi
Pour que chacun sache à qui il a affaire quand il reçoit un message de la mairie.

## Corriger
Publier un enregistrement TXT à la racine du domaine, puis vérifier qu'il se lit bien.
"""

import sys
from cyberaudit.sdk import *

@check("x-agglo.text", needs=MailDns, about="domain", impact=2, likelihood=2, measure="authenticate-mail")
def text(mail: MailDns, ctx: Context) -> Verdict:
    BODY
'''


def folder_with(folder: Path, body: str, text: str = CHECK) -> str:
    checks = folder / "checks"
    checks.mkdir(mode=0o755)
    (checks / "text.py").write_text(text.replace("BODY", body), encoding="utf-8")
    return str(checks)


def test_an_authorization_that_is_over_is_not_reopened_by_a_chosen_date(
    demo_place: DemoPlace, tmp_path: Path
) -> None:
    request = Request(
        profile=demo_place.profile,
        history=tmp_path / "h.sqlite3",
        options=Options(resolvers=(demo_place.resolver,)),
        now=demo_place.now,
        clock=demo_place.now + timedelta(days=800),
        vantage="outside",
    )
    before = sum(demo_place.dns.queries.values())
    with pytest.raises(ScopeError):
        scan(request)
    assert sum(demo_place.dns.queries.values()) == before


def test_a_scan_of_the_past_through_connect_to_stays_on_this_machine(
    demo_place: DemoPlace, tmp_path: Path
) -> None:
    rules = demo_place.connect_to[:1]
    request = Request(
        profile=demo_place.profile,
        history=tmp_path / "h.sqlite3",
        options=Options(resolvers=(demo_place.resolver,), connect_to=rules),
        now=demo_place.now,
        clock=demo_place.now + timedelta(days=800),
        vantage="outside",
    )
    done = scan(request)
    reach = [str(seen.facts) for seen in done.audit.observations if seen.kind == "host-reach"]
    assert any("not-authorized" in facts for facts in reach)
    assert not any("PortState" in facts for facts in reach)


@pytest.mark.parametrize(
    "body",
    [
        'return Verdict(Status.PASS, "ok", likelihood="4")',
        'return Verdict(Status.PASS, "ok", likelihood=3.5)',
        'return Verdict(Status.PASS, "ok", reason=None)',
        'return Verdict("great", "ok")',
        "return None",
        "sys.exit(0)",
        "raise KeyError('x')",
    ],
)
def test_a_check_that_answers_nonsense_is_an_error_and_poisons_nothing(
    cyberaudit: Command, body: str
) -> None:
    code, out, _ = cyberaudit.scan("--checks", folder_with(cyberaudit.folder, body), "--json")
    statuses = {point["status"] for point in json.loads(out)["points"] if point["check"] == "x-agglo.text"}
    assert (code, statuses) == (3, {"error"})
    assert cyberaudit.scan("--quiet", "--fail-on", "never")[0] == 0


def test_a_check_that_exits_while_loading_is_a_sentence(cyberaudit: Command) -> None:
    folder = folder_with(cyberaudit.folder, "pass", CHECK.replace("import sys", "import sys; sys.exit(0)"))
    code, _, err = cyberaudit.scan("--checks", folder)
    assert code == 2
    assert "text.py" in err


def test_a_bad_fiche_stops_before_anything_is_sent(cyberaudit: Command) -> None:
    folder = folder_with(cyberaudit.folder, "return None", CHECK.replace("## Corriger", "## Réparer"))
    before = cyberaudit.sent()
    code, _, err = cyberaudit.scan("--checks", folder)
    assert (code, cyberaudit.sent()) == (2, before)
    assert "fiche" in err


def test_a_check_that_never_ends_can_be_stopped_and_the_rest_is_kept(cyberaudit: Command) -> None:
    folder = folder_with(cyberaudit.folder, "while True: pass")
    history = cyberaudit.folder / "history.sqlite3"
    command = [sys.executable, "-m", "cyberaudit", "scan", str(cyberaudit.place.profile), *cyberaudit.aim]
    command += ["--vantage", "outside"]
    command += ["--checks", folder, "--history", str(history)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        # Its first line says that the looking began: stopped before, there would be nothing to keep.
        assert process.stderr is not None
        assert process.stderr.readline()
        for _ in range(8):
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            if process.poll() is not None:
                break
        process.communicate(timeout=20)
    assert process.returncode == 130
    with open_history(history, create=False) as store:
        assert [summary.partial for summary in store.summaries()] == [True]


def test_two_rescued_scans_are_two_files(cyberaudit: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cyberaudit.folder)
    (cyberaudit.folder / "history.sqlite3").mkdir()
    cyberaudit.scan("--quiet")
    cyberaudit.scan("--quiet")
    rescued = list(cyberaudit.folder.glob("*.cya"))
    assert len({read_scan_file(path).uuid for path in rescued}) == len(rescued) == 2


def spawn(cyberaudit: Command, *words: str, stdout: str = "", stderr: str = "") -> int:
    command = [
        sys.executable,
        "-m",
        "cyberaudit",
        "scan",
        "--vantage",
        "outside",
        str(cyberaudit.place.profile),
        *cyberaudit.aim,
        *words,
    ]
    quoted = " ".join(f"'{word}'" for word in (*command, "--history", str(cyberaudit.folder / "h.sqlite3")))
    script = f"{quoted} {stdout} {stderr}; exit ${{PIPESTATUS[0]}}"
    return subprocess.run(["bash", "-c", script], capture_output=True, check=False, timeout=60).returncode


@pytest.mark.parametrize(
    ("stdout", "stderr", "code"),
    [
        ("| true", "", 1),
        (">/dev/full", "", 3),
        (">&-", "", 1),
        (">/dev/null", "2>&-", 1),
        (">/dev/null", "2>/dev/full", 1),
        ("2>&1 | head -1", "", 1),
    ],
)
def test_a_broken_screen_costs_neither_files_nor_history(
    cyberaudit: Command, stdout: str, stderr: str, code: int
) -> None:
    path = cyberaudit.folder / "report.json"
    assert spawn(cyberaudit, "--output", f"json:{path}", stdout=stdout, stderr=stderr) == code
    assert json.loads(path.read_text(encoding="utf-8"))["points"]
    with open_history(cyberaudit.folder / "h.sqlite3", create=False) as store:
        assert len(store.summaries()) == 1


def test_a_report_over_an_old_file_is_private_and_the_next_is_written_all_the_same(
    cyberaudit: Command,
) -> None:
    path = cyberaudit.folder / "report.txt"
    path.write_text("ancien", encoding="utf-8")
    path.chmod(0o644)
    refused = f"text:{cyberaudit.folder / 'none' / 'a'}"
    code, _, err = cyberaudit.scan("--quiet", "--output", refused, "--output", f"text:{path}")
    assert code == 3
    assert "ce fichier n'existe pas" in err
    assert path.stat().st_mode & 0o777 == 0o600
    assert "Niveau" in path.read_text(encoding="utf-8")


def test_a_measures_file_that_others_may_write_is_refused(cyberaudit: Command) -> None:
    folder = Path(folder_with(cyberaudit.folder, "return None"))
    (folder / "measures.yaml").write_text("[]", encoding="utf-8")
    (folder / "measures.yaml").chmod(0o666)
    code, _, err = cyberaudit.scan("--checks", str(folder))
    assert code == 2
    assert "d'autres peuvent y écrire" in err


@pytest.mark.parametrize(
    "words",
    [
        ("--min-coverage", "²"), ("--min-coverage", "9" * 5000), ("--now", "9999-12-31T23:59:59-10:00"),
        ("--now", "0001-01-01"), ("--resolver", "127.0.0.1:0000019999999"), ("--max-rate", "0"),
        ("--dry-run", "--resolver", "foo"), ("--dry-run", "--connect-to", "192.0.2.1:25=203.0.113.8:25"),
    ],
)  # fmt: skip
def test_odd_values_are_sentences(cyberaudit: Command, words: tuple[str, ...]) -> None:
    code, _, err = cyberaudit.scan(*words)
    assert code == 2
    assert "imprévue" not in err


def test_an_option_without_its_value_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--history"]) == 2
    assert "--history" in capsys.readouterr().err


@pytest.mark.parametrize("topic", ["class", "pass", "3d-printers"])
def test_a_new_check_named_after_a_word_of_python_works(tmp_path: Path, topic: str) -> None:
    assert run(["checks", "new", f"x-agglo.{topic}", "--dir", str(tmp_path / topic)]) == 0
    assert run(["checks", "test", str(tmp_path / topic)]) == 0


def test_looking_tells_by_its_code_what_it_found(cyberaudit: Command) -> None:
    who = ("--authorized-by", "M. le maire")
    aim = cyberaudit.aim
    places = [word for rule in cyberaudit.place.connect_to for word in ("--connect-to", rule)]
    now = ["--now", cyberaudit.place.now.isoformat()]
    assert cyberaudit("look", "ports", "192.0.2.2", *who, *now, *places)[0] == 1
    mute = ["--resolver", "127.0.0.1:9", *now]
    assert cyberaudit("look", "domain", "mairie-seod.example", *who, *mute)[0] == 3
    assert cyberaudit("look", "domain", "saint-etienne-d-o.example", *who, *aim)[0] == 0

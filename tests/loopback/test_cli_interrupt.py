"""Ctrl-C in the middle of a scan: what was obtained is kept, marked partial, and never a baseline."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.demo.place import DemoPlace

pytestmark = pytest.mark.loopback


def test_an_interrupted_scan_is_kept_as_partial(
    demo_place: DemoPlace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = str(tmp_path / "history.sqlite3")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        resolver = f"127.0.0.1:{mute.getsockname()[1]}"
        command = [sys.executable, "-m", "cyberaudit", "scan", str(demo_place.profile), "--history", history]
        command += ["--vantage", "outside", "--now", "2026-11-21", "--resolver", resolver, "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            mute.recv(512)
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert any("interrompu" in warning for warning in json.loads(out)["warnings"])
    run(["history", "list", "--history", history])
    assert "(interrompu)" in capsys.readouterr().out
    assert run(["report", "--now", "2026-11-21", "--history", history]) == 2
    assert "a été interrompu" in capsys.readouterr().err

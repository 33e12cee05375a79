"""How long a person waits before the first word, beside the bare import of the libraries it stands on.

Each command runs in turn with the reference, in the same run; medians and ratios are printed.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cyberaudit.demo.place import DemoPlace
from cyberaudit.demo.scan import request_for
from cyberaudit.run.scan import scan

ROUNDS = 15
PROFILE = Path(__file__).parent.parent / "profiles" / "small-town.yaml"


def seconds(words: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = str(Path(folder, "history.sqlite3"))
        place_scan(history)
        program = [str(Path(sys.executable).parent / "cyberaudit")]
        commands = {
            "python -c 'import typer, rich'": [sys.executable, "-c", "import typer, rich"],
            "cyberaudit --help": [*program, "--help"],
            "cyberaudit --version": [*program, "--version"],
            "cyberaudit report": [*program, "report", "--now", "2026-11-21T21:10", "--history", history],
            "cyberaudit profile check": [*program, "profile", "check", str(PROFILE)],
            "cyberaudit demo": [*program, "demo"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, words in commands.items():
                times[name].append(seconds(words))
    reference = statistics.median(times["python -c 'import typer, rich'"])
    for name, found in times.items():
        median = statistics.median(found)
        print(f"{name:<32} {median * 1000:6.0f} ms  × {median / reference:.2f}")


def place_scan(history: str) -> None:
    """One scan of the embedded town in `history`, for `report` to read."""
    with DemoPlace() as place:
        scan(request_for(place, Path(history)))


if __name__ == "__main__":
    main()

"""How long each report takes, process start included, for the embedded town: more points than the bars speak of.

Each format is asked in turn, in the same run, beside the bare import of the libraries it stands on; medians are printed
with their bar. A round counts only when its report was written: a crash ends with 1 too, as an urgency does.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.startup import place_scan

ROUNDS = 9
LEAST_POINTS = 120
LEAST_BYTES = 1000
# Ours: what a person waits without wondering, in seconds; the other formats have no bar.
BARS = {"text": 0.6, "html": 1.0, "pdf": 3.0}
BARE = {
    "text": "import typer, rich",
    "html": "import typer, rich, jinja2",
    "pdf": "import typer, rich, jinja2, typst",
}
KINDS = ("text", "html", "pdf", "mayor", "json", "markdown", "csv", "sarif", "junit")


def seconds(words: list[str], *, written: Path | None = None) -> float:
    """Wall time of one command; `written` is the file that it must leave, new."""
    if written:
        written.unlink(missing_ok=True)
    started = time.perf_counter()
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    took = time.perf_counter() - started
    assert done.returncode in (0, 1, 3), done.stderr.decode()
    assert not done.stderr, done.stderr.decode()
    assert written is None or written.stat().st_size > LEAST_BYTES, f"{written} was not written"
    return took


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = str(Path(folder, "history.sqlite3"))
        place_scan(history)
        report = [str(Path(sys.executable).parent / "cyberaudit"), "report", "--history", history]
        report += ["--now", "2026-11-21T21:10"]
        print(f"{points(report)} points")
        tell(medians(report, Path(folder)))


def medians(report: list[str], folder: Path) -> dict[str, float]:
    """Seconds of each format, and of the bare imports."""
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for kind in KINDS:
            file = folder / f"report.{kind}"
            took = seconds([*report, "--quiet", "--output", f"{kind}:{file}"], written=file)
            times.setdefault(kind, []).append(took)
        for kind, code in BARE.items():
            times.setdefault(f"bare {kind}", []).append(seconds([sys.executable, "-c", code]))
    return {name: statistics.median(found) for name, found in times.items()}


def points(report: list[str]) -> int:
    shown = subprocess.run([*report, "--json"], capture_output=True, check=False).stdout
    found = len(json.loads(shown)["points"])
    assert found >= LEAST_POINTS, found
    return found


def tell(found: dict[str, float]) -> None:
    for kind in KINDS:
        line = f"{kind:<10} {found[kind] * 1000:6.0f} ms"
        if kind in BARS:
            line += f"   × {found[kind] / BARS[kind]:.2f} of its bar, {BARS[kind] * 1000:.0f} ms"
            line += f"; × {found[kind] / found[f'bare {kind}']:.2f} the bare imports"
        print(line)


if __name__ == "__main__":
    main()

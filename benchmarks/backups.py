"""Places of backups: the child that reads one, beside `du -s` of the same place in the same run.

    python benchmarks/backups.py            all rows
    python benchmarks/backups.py --quick    without the million files

Each row: wall and CPU seconds and peak memory of the child, its start included, and the ratio to `du -s`.
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cyberaudit.facts.codec import decode_facts, encode
from cyberaudit.probes.stores.request import StoreRequest

ROUNDS = 3
NOW = datetime.now(UTC)
FILES_A_FOLDER = 500
KEY = json.dumps(
    {
        "created": "2026-01-01T00:00:00Z",
        "kdf": "scrypt",
        "N": 32768,
        "r": 8,
        "p": 1,
        "salt": "AAAA",
        "data": "A" * 600,
    }
).encode()


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process, waited for."""

    wall: float
    cpu: float
    peak: int
    """KiB."""
    output: bytes


def run(command: list[str], payload: bytes = b"") -> Cost:
    """Run to the end, in a process between us and it, whose children are this one alone."""
    script = (
        "import json,resource,subprocess,sys,time;s=time.perf_counter();"
        "d=subprocess.run(sys.argv[1:],stdin=sys.stdin.buffer,capture_output=True);w=time.perf_counter()-s;"
        "u=resource.getrusage(resource.RUSAGE_CHILDREN);"
        "sys.stderr.write(json.dumps([w,u.ru_utime+u.ru_stime,u.ru_maxrss]));sys.stdout.buffer.write(d.stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script, *command], input=payload, capture_output=True, check=True
    )
    wall, cpu, peak = json.loads(done.stderr)
    return Cost(wall, cpu, peak, done.stdout)


def look(place: Path) -> Cost:
    request = StoreRequest(path=str(place), roots=(str(place),), media="disk", now=NOW)
    payload = json.dumps(encode(request, StoreRequest)).encode()
    return run([sys.executable, "-P", "-m", "cyberaudit.probes.worker"], payload)


def row(name: str, place: Path) -> None:
    looks = [look(place) for _ in range(ROUNDS)]
    sizes = [run(["du", "-s", str(place)]) for _ in range(ROUNDS)]
    cpu = statistics.median(each.cpu for each in looks)
    yard = statistics.median(each.cpu for each in sizes)
    facts = decode_facts(json.loads(looks[-1].output))
    contents = getattr(facts, "contents", facts)
    kinds = ", ".join(store.kind for store in getattr(contents, "stores", ())) or str(contents)[:60]
    wall = statistics.median(each.wall for each in looks)
    peak = max(each.peak for each in looks) / 1024
    print(
        f"{name:44} {wall:6.2f} s  CPU {cpu:5.2f} s  x {cpu / max(yard, 0.001):5.1f} du  {peak:5.0f} MiB  {kinds}",
        flush=True,
    )


def documents(place: Path, count: int) -> None:
    """A tree of documents, names and endings as an office leaves them."""
    endings = ("docx", "pdf", "xlsx", "jpg", "odt", "txt")
    for start in range(0, count, FILES_A_FOLDER):
        folder = place / f"service-{start // FILES_A_FOLDER % 40}" / f"dossier-{start // FILES_A_FOLDER}"
        folder.mkdir(parents=True)
        for rank in range(start, min(start + FILES_A_FOLDER, count)):
            path = folder / f"document-{rank}.{endings[rank % len(endings)]}"
            descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
            os.write(descriptor, b"%PDF-1.4 essai\n")
            os.close(descriptor)


def archives(place: Path, count: int) -> None:
    """A folder of small archives, all alike."""
    place.mkdir(parents=True)
    data = b"Salted__" + bytes(range(200))
    for rank in range(count):
        (place / f"mairie-{rank:06}.enc").write_bytes(data)


def restic(place: Path, packs: int) -> None:
    """A repository by its structure; what its packs hold does not count here."""
    for folder in ("keys", "snapshots", "index", "locks"):
        (place / folder).mkdir(parents=True)
    for number in range(256):
        (place / "data" / f"{number:02x}").mkdir(parents=True)
    (place / "config").write_bytes(bytes(155))
    (place / "keys" / hashlib.sha256(KEY).hexdigest()).write_bytes(KEY)
    for folder, count in (("snapshots", 60), ("index", 20)):
        for rank in range(count):
            _object(place / folder, f"{folder}{rank}".encode())
    for rank in range(packs):
        data = f"pack{rank}".encode()
        _object(place / "data" / hashlib.sha256(data).hexdigest()[:2], data)


def _object(folder: Path, data: bytes) -> None:
    (folder / hashlib.sha256(data).hexdigest()).write_bytes(data)


ROWS: tuple[tuple[str, Callable[[Path], None]], ...] = (
    ("100 000 documents", lambda place: documents(place, 100_000)),
    ("100 000 archives dans un dossier", lambda place: archives(place, 100_000)),
    ("dépôt restic, 1 000 paquets", lambda place: restic(place, 1_000)),
    ("dépôt restic, 100 000 paquets", lambda place: restic(place, 100_000)),
)
LONG: tuple[tuple[str, Callable[[Path], None]], ...] = (
    ("1 000 000 documents", lambda place: documents(place, 1_000_000)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    rows = ROWS if parser.parse_args().quick else (*ROWS, *LONG)
    for name, make in rows:
        with tempfile.TemporaryDirectory(prefix="cyberaudit-bench-") as folder:
            place = Path(folder, "copies")
            started = time.perf_counter()
            make(place)
            _settle(started)
            row(name, place)
    print(f"peak of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def _settle(started: float) -> None:
    """What was just written is not still being written while it is read."""
    os.sync()
    print(f"  (made in {time.perf_counter() - started:.0f} s)", flush=True)


if __name__ == "__main__":
    main()

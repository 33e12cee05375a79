"""Years of scans of one town in one history: what a save, a list, a report and a diff take, and the place of a scan.

    python benchmarks/history.py [SCANS ...]     520 and 10000 unless given

The scan is that of the demo, with more machines until it has 120 findings; each day some findings change. Prints the
median wall time of whole commands, interpreter included, and the size of the file for one scan.
"""

import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

from cyberaudit.demo.place import DemoPlace
from cyberaudit.history.document import unpack
from cyberaudit.history.store import open_history
from cyberaudit.model import Audit, Finding, Status, Verdict, finding_identity

FINDINGS = 120
CHANGES = 3
"""Findings that change from one scan to the next."""
ROUNDS = 5


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or [520, 10_000]
    with tempfile.TemporaryDirectory() as folder:
        base, now = scanned(Path(folder))
        for number in sizes:
            path = Path(folder, f"{number}.sqlite3")
            took = fill(path, base, number, days=7 if number <= 520 else 1)
            measure(path, number, took, now)


def scanned(folder: Path) -> tuple[Audit, datetime]:
    """One real scan of the demo's town, made larger."""
    path = folder / "demo.sqlite3"
    with DemoPlace() as place:
        rules = [word for rule in place.connect_to for word in ("--connect-to", rule)]
        command = ["scan", str(place.profile), "--quiet", "--vantage", "outside", "--fail-on", "never"]
        command += ["--now", place.now.isoformat(), "--resolver", place.resolver, *rules]
        command += ["--ca-bundle", str(place.ca_bundle), "--backup-root", str(place.backup_roots[0])]
        run(path, *command)
        now = place.now
    with open_history(path, create=False) as history:
        audit = history.load(history.summaries()[0].uuid)
    return larger(audit), now


def larger(audit: Audit) -> Audit:
    """The same until it has `FINDINGS`; the added ones are about things of other names."""
    findings = list(audit.findings)
    for rank in range(FINDINGS - len(findings)):
        each = audit.findings[rank % len(audit.findings)]
        asset = f"{each.asset}-{rank}"
        identity = finding_identity(audit.town.id, each.check, asset)
        findings.append(replace(each, identity=identity, asset=asset))
    return replace(audit, findings=tuple(findings[:FINDINGS]))


def fill(path: Path, base: Audit, number: int, *, days: int) -> float:
    """Seconds that one save takes in the median."""
    chance = random.Random(9)
    findings, took = list(base.findings), []
    with open_history(path, create=True) as history:
        for rank in range(number):
            for place in chance.sample(range(FINDINGS), CHANGES):
                findings[place] = changed(findings[place], chance)
            audit = at(
                replace(base, findings=tuple(findings)), timedelta(days=days * (rank + 1 - number)), rank
            )
            started = time.perf_counter()
            history.save(audit)
            took.append(time.perf_counter() - started)
            history.follow(audit.town.id)  # as an import does; a scan does as much when it reports
    return statistics.median(took)


def changed(finding: Finding, chance: random.Random) -> Finding:
    status = chance.choice((Status.PASS, Status.FAIL, Status.PARTIAL))
    return replace(finding, verdict=Verdict(status, finding.verdict.text, items=finding.verdict.items))


def at(audit: Audit, shift: timedelta, rank: int) -> Audit:
    return replace(
        audit,
        uuid=str(UUID(int=rank + 1)),
        started_at=audit.started_at + shift,
        finished_at=audit.finished_at + shift,
        findings=tuple(replace(each, seen_at=each.seen_at + shift) for each in audit.findings),
        observations=tuple(replace(each, seen_at=each.seen_at + shift) for each in audit.observations),
    )


def measure(path: Path, number: int, saved: float, now: datetime) -> None:
    print(f"{number} scans of {FINDINGS} findings")
    print(f"  one scan in the file     {path.stat().st_size / number / 1024:8.1f} KiB")
    print(f"  one save                 {1000 * saved:8.1f} ms")
    html = f"html:{path.with_suffix('.html')}"
    for name, command in (
        ("diff", ("diff", "--now", now.isoformat())),
        ("history list", ("history", "list")),
        ("history trend", ("history", "trend", "--now", now.isoformat())),
        ("report", ("report", "--now", now.isoformat())),
        ("report, with the curve", ("report", "--now", now.isoformat(), "--output", html)),
    ):
        print(f"  {name:24} {statistics.median(timed(path, *command) for _ in range(ROUNDS)):8.2f} s")
    print(
        f"  --help, to compare       {statistics.median(timed(path, '--help') for _ in range(ROUNDS)):8.2f} s"
    )
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM memories")
    print(f"  diff, nothing prepared   {timed(path, 'diff', '--now', now.isoformat()):8.2f} s")
    make_version_1(path)
    print(f"  diff, of version 1       {timed(path, 'diff', '--now', now.isoformat()):8.2f} s, once")
    print(f"  diff, after that         {timed(path, 'diff', '--now', now.isoformat()):8.2f} s")


def make_version_1(path: Path) -> None:
    """The same audits as version 1 kept them: one row a mark, no memory."""
    columns = "audit, identity, status, reason, vantage, ground, seen_at"
    with closing(sqlite3.connect(path)) as connection, connection:
        packed = connection.execute("SELECT audit, packed FROM marks").fetchall()
        connection.execute("DROP TABLE memories")
        connection.execute("DROP TABLE marks")
        connection.execute("DROP INDEX audits_by_time")
        connection.execute(f"CREATE TABLE marks ({columns}, PRIMARY KEY (audit, identity)) WITHOUT ROWID")
        for audit, marks in packed:
            rows = zip(*cast("list[list[str]]", unpack(marks)), strict=True)
            connection.executemany(
                "INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?, ?)", [(audit, *row) for row in rows]
            )
        connection.execute("PRAGMA user_version = 1")


def timed(path: Path, *command: str) -> float:
    started = time.perf_counter()
    run(path, *command)
    return time.perf_counter() - started


def run(path: Path, *command: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "cyberaudit", *command, "--history", str(path)],
        stdout=subprocess.DEVNULL,
        env=os.environ,
        check=False,
    )


if __name__ == "__main__":
    main()

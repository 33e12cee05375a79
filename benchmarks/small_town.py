"""A scan of a small town on loopback, all families: 5 hosts, 3 endpoints, 2 mail domains, 2 stores.

Prints wall time, CPU time and peak memory of the whole process, children included, over a few runs.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cyberaudit.demo.place import DemoPlace

ROUNDS = 5
MORE_HOSTS = """
  - {id: dmz, label: Serveur du site, zone: outside, addresses: [192.0.2.9], link: fibre}
  - {id: mediatheque, label: Box de la médiathèque, zone: outside, addresses: [192.0.2.10], link: fibre}
"""
MORE_VPN = """
  - {id: vpn-elus, host: box, kind: ssl, name: vpn.saint-etienne-d-o.example}
"""


def larger(text: str) -> str:
    """The demo's profile with two more hosts and one more endpoint."""
    text = text.replace("\nhosts:\n", f"\nhosts:\n{MORE_HOSTS.strip(chr(10))}\n", 1)
    text = text.replace("\nvpn:\n", f"\nvpn:\n{MORE_VPN.strip(chr(10))}\n", 1)
    return text.replace("  addresses:\n", "  addresses:\n    - 192.0.2.9\n    - 192.0.2.10\n", 1)


def main() -> None:
    with DemoPlace() as place, tempfile.TemporaryDirectory() as folder:
        profile = Path(folder, "town.yaml")
        profile.write_text(larger(place.profile.read_text(encoding="utf-8")), encoding="utf-8")
        closed = next(rule.partition("=")[2] for rule in place.connect_to if ":*=" in rule)
        rules = [*place.connect_to, f"192.0.2.9:*={closed}", f"192.0.2.10:*={closed}"]
        command = [
            sys.executable,
            "-m",
            "cyberaudit",
            "scan",
            str(profile),
            "--quiet",
            "--vantage",
            "outside",
        ]
        command += ["--history", str(Path(folder, "history.sqlite3")), "--now", place.now.isoformat()]
        command += ["--resolver", place.resolver, "--ca-bundle", str(place.ca_bundle), "--fail-on", "never"]
        command += ["--backup-root", str(place.backup_roots[0])]
        command += [word for rule in rules for word in ("--connect-to", rule)]
        measure("small town, all families", command)
    measure("cyberaudit demo", [sys.executable, "-m", "cyberaudit", "demo", "--quiet"])


def measure(name: str, command: list[str]) -> None:
    walls, cpus, peaks = [], [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        process = subprocess.Popen(command)
        _, status, usage = os.wait4(process.pid, 0)
        walls.append(time.perf_counter() - started)
        cpus.append(usage.ru_utime + usage.ru_stime)
        peaks.append(usage.ru_maxrss / 1024)
        if status:
            sys.exit(f"{name}: exit {os.waitstatus_to_exitcode(status)}")
    wall, cpu = statistics.median(walls), statistics.median(cpus)
    print(f"{name:<28} wall {wall:5.2f} s  cpu {cpu:5.2f} s  peak {max(peaks):5.0f} MiB")


if __name__ == "__main__":
    main()

"""Nothing leaves the written scope: packets counted by the kernel, not by the program's own word."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("ip"),
        reason="needs root, iproute2 and nftables",
    ),
]

RULES = """
table inet count {
  counter everything { packets 0 bytes 0; }
  chain out {
    type filter hook output priority 0;
    counter name "everything"
  }
}
"""
DEMO = Path(__file__).parents[2] / "profiles" / "demo.yaml"


class Namespace:
    """A network namespace with loopback alone, where every packet sent is counted."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ip", "netns", "exec", self.name, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def scan(self, profile: Path, *words: str) -> subprocess.CompletedProcess[str]:
        history = ["--history", str(profile.parent / "history.sqlite3")]
        return self.run(
            sys.executable, "-m", "cyberaudit", "scan", str(profile), "--vantage", "outside", *history, *words
        )

    @property
    def packets(self) -> int:
        words = self.run("nft", "list", "counter", "inet", "count", "everything").stdout.split()
        return int(words[words.index("packets") + 1])


@pytest.fixture
def namespace(tmp_path: Path) -> Iterator[Namespace]:
    name = f"cya-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        found = Namespace(name)
        assert found.run("ip", "link", "set", "lo", "up").returncode == 0
        rules = tmp_path / "rules.nft"
        rules.write_text(RULES, encoding="utf-8")
        loaded = found.run("nft", "-f", str(rules))
        assert loaded.returncode == 0, loaded.stderr
        yield found
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("until: 2027-11-01", "until: 2026-11-20"),
        ("signed_on: 2026-11-02", "signed_on: 2026-11-22"),
        ("    - tourisme-seod.example\n", ""),
        ("    - 192.0.2.1 ", "    - 192.0.2.99 "),
    ],
)
def test_out_of_scope_not_one_packet_leaves(namespace: Namespace, tmp_path: Path, old: str, new: str) -> None:
    text = DEMO.read_text(encoding="utf-8")
    assert old in text
    profile = tmp_path / "town.yaml"
    profile.write_text(text.replace(old, new), encoding="utf-8")
    result = namespace.scan(profile, "--now", "2026-11-21", "--resolver", "127.0.0.1:53")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert namespace.packets == 0


def test_without_any_authorization_not_one_packet_leaves(namespace: Namespace, tmp_path: Path) -> None:
    lines = DEMO.read_text(encoding="utf-8").splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith("authorization:"))
    end = next(
        n for n in range(start + 1, len(lines)) if lines[n].strip() and not lines[n].startswith((" ", "#"))
    )
    profile = tmp_path / "town.yaml"
    profile.write_text("".join(lines[:start] + lines[end:]), encoding="utf-8")
    result = namespace.scan(profile, "--now", "2026-11-21", "--resolver", "127.0.0.1:53")
    assert result.returncode == 2
    assert "323-1" in result.stderr
    assert namespace.packets == 0


def test_a_dry_run_sends_not_one_packet(namespace: Namespace, tmp_path: Path) -> None:
    profile = tmp_path / "town.yaml"
    shutil.copy(DEMO, profile)
    result = namespace.scan(profile, "--now", "2026-11-21", "--resolver", "127.0.0.1:53", "--dry-run")
    assert result.returncode == 0
    assert namespace.packets == 0


def test_the_counter_would_have_seen_them(namespace: Namespace, tmp_path: Path) -> None:
    profile = tmp_path / "town.yaml"
    shutil.copy(DEMO, profile)
    result = namespace.scan(profile, "--now", "2026-11-21", "--resolver", "127.0.0.1:53")
    assert result.returncode == 3
    assert namespace.packets > 0


def test_the_demo_touches_loopback_alone(namespace: Namespace) -> None:
    result = namespace.run(sys.executable, "-m", "cyberaudit", "demo", "--simple")
    assert result.returncode == 0
    assert "FRAGILE" in result.stdout

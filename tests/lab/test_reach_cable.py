"""A cable that is out makes nothing safe: the whole program, run behind a link that is cut."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cyberaudit.facts.ports import USUAL
from tests.lab.network_lab import Lab, laboratory

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("ip"),
        reason="needs root, iproute2 and nftables",
    ),
]

PROFILE = """
schema_version: 1
commune:
  id: l-hay-d-essai
  name: L'Haÿ-d'Essai
  insee: "99001"
  population: 900
  region: normandie
  timezone: Europe/Paris
authorization:
  signed_by: Hélène Marchand
  role: maire
  signed_on: 2026-11-02
  until: 2027-11-01
  addresses: [192.0.2.10, "2001:db8:2::10", 192.0.2.11]
  domains: []
zones:
  - {id: bureaux, label: Bureaux, networks: [198.51.100.0/24]}
  - {id: dmz, label: Serveurs, networks: [192.0.2.0/24]}
vantages:
  - {id: outside, canary: 203.0.113.9}
  - {id: bureaux, canary: 203.0.113.9}
hosts:
  - id: serveur
    label: Serveur
    zone: outside
    addresses: [192.0.2.10, "2001:db8:2::10"]
    link: fibre
    confirmed: {by: "Hélène Marchand, maire", on: 2026-11-02}
    services:
      - {port: tcp/443, what: web, from: outside}
  - id: vitrine
    label: Vitrine
    zone: outside
    addresses: [192.0.2.11]
    link: fibre
    confirmed: {by: "Hélène Marchand, maire", on: 2026-11-02}
  - id: box
    label: Box
    zone: dmz
    addresses: [192.0.2.11]
    link: fibre
    confirmed: {by: "Hélène Marchand, maire", on: 2026-11-02}
flows:
  - {id: bureaux-vers-dmz, from: bureaux, to: dmz, ports: none}
  - {id: bureaux-vers-internet, from: bureaux, to: outside, ports: [tcp/443]}
links:
  - {id: fibre, kind: ftto, repair_hours: 4}
"""
# TCP alone: what a silence of UDP is worth takes most of a minute to tell.
PORTS = ",".join(USUAL)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with laboratory(tmp_path_factory.mktemp("lab")) as made:
        yield made


def statuses(lab: Lab, folder: Path, vantage: str) -> dict[str, set[str]]:
    """Check → the statuses of its findings, of one real scan."""
    profile = folder / "town.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    done = lab.run(
        lab.scanner, sys.executable, "-m", "cyberaudit",
        "scan", str(profile), "--now", "2026-11-21", "--vantage", vantage, "--json",
        "--ports", PORTS, "--resolver", "127.0.0.1:53", "--history", str(folder / "history.sqlite3"),
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    found: dict[str, set[str]] = {}
    for point in points(json.loads(done.stdout)):
        found.setdefault(point["check"], set()).add(point["status"])
    return found


def points(tree: Any) -> Iterator[dict[str, str]]:
    """Every object of the report that carries a check and a status, wherever it stands."""
    if isinstance(tree, dict):
        if isinstance(tree.get("check"), str) and isinstance(tree.get("status"), str):
            yield tree
        for value in tree.values():
            yield from points(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from points(value)


@pytest.mark.parametrize("vantage", ["outside", "bureaux"])
def test_with_the_cable_out_nothing_passes(lab: Lab, tmp_path: Path, vantage: str) -> None:
    with lab.unplugged():
        found = statuses(lab, tmp_path, vantage)
    assert any(check.startswith("firewall.") for check in found)
    assert not {check for check, seen in found.items() if "pass" in seen}
    assert not {check for check, seen in found.items() if check.startswith("firewall.") and "fail" in seen}


ABOUT_PORTS = {f"firewall.{topic}" for topic in ("remote-desktop", "file-sharing", "cleartext", "database")}


@pytest.mark.parametrize("answer", ["reject with icmpx type admin-prohibited", "drop"])
def test_behind_a_line_that_lets_little_out_no_dangerous_port_passes(
    lab: Lab, tmp_path: Path, answer: str
) -> None:
    with lab.line(f"iifname to-scanner tcp dport != {{ 22, 80, 443 }} {answer}"):
        found = statuses(lab, tmp_path, "outside")
    assert not ABOUT_PORTS - set(found)
    assert not {check for check in ABOUT_PORTS if "pass" in found[check]}


def test_with_the_cable_in_the_same_scan_sees_good_and_bad(lab: Lab, tmp_path: Path) -> None:
    found = statuses(lab, tmp_path, "outside")
    assert "pass" in found["firewall.remote-desktop"]
    assert "pass" in found["firewall.database"]
    assert "fail" in found["firewall.file-sharing"]

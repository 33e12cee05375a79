"""What pyproject.toml says is what the tree holds."""

import re
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HOMES = {"src/cyberaudit": "cyberaudit", "checks": "cyberaudit.checks", "profiles": "cyberaudit.profiles"}


def test_every_package_of_the_tree_is_listed() -> None:
    found = set()
    for home, name in HOMES.items():
        for init in (ROOT / home).rglob("__init__.py"):
            parts = init.parent.relative_to(ROOT / home).parts
            found.add(".".join((name, *parts)))
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


def test_no_python_file_stands_outside_a_package() -> None:
    for home in HOMES:
        for path in (ROOT / home).rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), path


def test_the_lock_pins_every_dependency_with_hashes_and_names_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert pinned
        assert all("==" in line for line in pinned)
        assert text.count("--hash=sha256:") >= len(pinned)
        assert "http" not in text
    names = {line.partition("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines()}
    for dependency in PROJECT["project"]["dependencies"]:
        bare = re.split(r"[^A-Za-z0-9-]", dependency)[0]
        assert bare.lower() in names


def test_no_development_tool_is_in_the_users_lock() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not any(line.startswith(("mypy", "ruff", "pytest", "hypothesis")) for line in text.splitlines())

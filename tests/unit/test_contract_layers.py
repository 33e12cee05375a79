"""Who may import whom, and where each technology lives."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cyberaudit
from cyberaudit.engine.catalogue import load_catalogue

pytestmark = pytest.mark.unit

# Coverage would import sqlite3 and socket in the very processes whose imports are looked at.
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
SRC = Path(cyberaudit.__file__).parent
ROOT = SRC.parent.parent
CHECKS = ROOT / "checks"

# Each room may import itself and every room on the rows above its own.
ROWS = [
    {"declared", "frozen", "plaintext", "french", "errors", "refusals", "private_file"},
    {"model"},
    {"facts"},
    {"sdk", "town"},
    {"probes"},
    {"engine"},
    {"plan", "history"},
    {"reports"},
    {"delivery"},
    {"run"},
    {"demo"},
    {"cli", "__main__"},
]
NEVER = {"town": {"sdk"}, "sdk": {"town"}, "probes": {"sdk"}, "history": {"plan"}, "plan": {"history"}}
ROOMS_OF = {
    "socket": {"probes", "demo", "delivery"},
    "ssl": {"probes", "demo", "delivery"},
    "dns": {"probes", "demo"},
    "scapy": {"probes"},
    "cryptography": {"probes", "demo", "delivery"},
    "publicsuffixlist": {"probes"},
    "asyncio": {"probes", "engine", "demo"},
    "yaml": {"town", "engine"},
    "pydantic": {"town"},
    # Databases that tools leave beside their copies, read from memory: probes/stores/sqlite_table.
    "sqlite3": {"history", "probes"},
    "rich": {"reports", "cli"},
    "jinja2": {"reports"},
    "typst": {"reports"},
    "typer": {"cli"},
    "click": set[str](),
    "checks": set[str](),
    "profiles": set[str](),
}


def room_of(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = sorted(path for path in SRC.rglob("*.py") if path != SRC / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_room_imports_only_the_rooms_above_it(path: Path) -> None:
    room = room_of(path)
    row = next(number for number, rooms in enumerate(ROWS) if room in rooms)
    above = {name for rooms in ROWS[: row + 1] for name in rooms} - NEVER.get(room, set())
    others = {"__version__", "checks", "profiles"}
    for name in imports(path):
        if name.startswith("cyberaudit."):
            assert name.split(".")[1] in above | others, f"{room} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_technology_stays_in_its_room(path: Path) -> None:
    for name in imports(path):
        top = name.partition(".")[0]
        assert top not in ROOMS_OF or room_of(path) in ROOMS_OF[top], f"{path.name} imports {name}"


def test_sockets_are_opened_by_the_guard_alone() -> None:
    openers = {
        "open_connection",
        "create_connection",
        "create_datagram_endpoint",
        "sock_connect",
        "socket.socket",
    }
    guilty = {
        path.name
        for path in (SRC / "probes").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call)
        and (ast.unparse(node.func).split(".")[-1] in openers or ast.unparse(node.func) in openers)
    }
    assert guilty == {"network.py"}


RESOLVING = frozenset(
    {"getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getfqdn", "gethostname"}
)


def test_no_name_is_given_to_the_system_to_resolve_and_its_own_is_never_asked() -> None:
    used = [
        f"{path.name}:{node.lineno}"
        for path in (*(ROOT / "src").rglob("*.py"), *(ROOT / "checks").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute | ast.Name)
        and (node.attr if isinstance(node, ast.Attribute) else node.id) in RESOLVING
    ]
    assert used == []


def test_importing_every_check_pulls_in_nothing_that_can_look() -> None:
    code = (
        "import sys, pkgutil, importlib, cyberaudit.checks as c\n"
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(c.__path__, 'cyberaudit.checks.')]\n"
        "print(sorted({'socket','ssl','dns','scapy','pydantic','yaml','sqlite3'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=UNMEASURED
    )
    assert result.stdout.strip() == "[]"


def test_help_pulls_in_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from cyberaudit.cli.main import run\n"
        "run(['--help'])\n"
        "heavy = {'scapy','dns','cryptography','pydantic','yaml','sqlite3','cyberaudit.town.shape','ssl','rich'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=UNMEASURED
    )
    assert result.stderr.strip() == "[]"


BROAD_EXCEPTS = {"engine/judge.py", "engine/observe.py", "cli/main.py"}


def _names(node: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _raises_again(node: ast.ExceptHandler) -> bool:
    """Cleaning up, then letting the same error go on, hides nothing."""
    last = node.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_three_broad_excepts_in_the_program() -> None:
    found = [
        str(path.relative_to(SRC))
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or ({"Exception", "BaseException"} & _names(node.type) and not _raises_again(node))
        )
    ]
    assert sorted(found) == sorted(BROAD_EXCEPTS)


def test_check_ids_are_their_paths() -> None:
    for check in load_catalogue().checks:
        theme, _, topic = check.id.partition(".")
        assert check.path == CHECKS / theme / f"{topic.replace('-', '_')}.py"


def test_only_probes_know_the_words_of_looking_and_never_those_of_judging() -> None:
    for path in (SRC / "probes").rglob("*.py"):
        names = {node.id for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Name)}
        assert not names & {"Verdict", "Status", "passed", "failed"}, path.name

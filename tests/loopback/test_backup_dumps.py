"""Dumps made by the real MariaDB and SQLite: whole, compressed, cut, and those of a database that refused."""

import gzip
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cyberaudit.facts.backup import Encrypted
from tests.unit.backup_places import recognised

pytestmark = pytest.mark.loopback

# Where Debian puts servers is not always on the path of who tests.
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


def tool(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A database server of this test alone, which listens on no network."""
    install, server, client = tool("mariadb-install-db"), tool("mariadbd"), tool("mariadb")
    place = tmp_path_factory.mktemp("base")
    account = ["--user=root"] if os.geteuid() == 0 else []
    data = [f"--datadir={place / 'data'}", *account]
    subprocess.run(
        [install, "--no-defaults", *data, "--auth-root-authentication-method=normal", "--skip-test-db"],
        check=True,
        capture_output=True,
        timeout=120,
    )
    way = place / "s"
    command = [server, "--no-defaults", *data, f"--socket={way}", "--skip-networking", "--skip-log-bin"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _await(client, way)
            yield way
        finally:
            process.terminate()
            process.wait(timeout=30)


def _await(client: str, way: Path) -> None:
    script = (
        "CREATE DATABASE mairie; CREATE TABLE mairie.electeurs (rang INT PRIMARY KEY, nom TEXT);"
        "INSERT INTO mairie.electeurs SELECT seq, REPEAT('nom ', 20) FROM mysql.seq_1_to_500;"
    )
    said = ""
    for _ in range(60):
        done = subprocess.run(
            [client, "--no-defaults", f"--socket={way}", "-uroot"],
            check=False,
            input=script,
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            return
        said = done.stderr.strip()[:200]
        time.sleep(0.5)
    pytest.skip(f"mariadbd does not answer: {said}")


def dumped(socket: Path, *options: str) -> bytes:
    command = [tool("mariadb-dump"), "--no-defaults", f"--socket={socket}", "-uroot", *options, "mairie"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def seen(path: Path, data: bytes) -> tuple[Encrypted, str]:
    path.write_bytes(data)
    reading = recognised(path)
    assert reading is not None
    return reading.encrypted, reading.fault


def test_mariadb_whole_and_cut(socket: Path, tmp_path: Path) -> None:
    whole = dumped(socket)
    assert b"INSERT INTO" in whole
    assert seen(tmp_path / "mairie.sql", whole) == (Encrypted.NO, "")
    assert seen(tmp_path / "mairie.sql.gz", gzip.compress(whole)) == (Encrypted.NO, "")
    for share in (1, 50, 99):
        part = whole[: len(whole) * share // 100]
        assert seen(tmp_path / f"a-{share}.sql", part)[1] != ""
        assert seen(tmp_path / f"b-{share}.sql.gz", gzip.compress(part))[1] != ""
        assert (
            seen(tmp_path / f"c-{share}.sql.gz", gzip.compress(whole)[: -len(whole) // 900])[1] == "truncated"
        )


def test_mariadb_that_was_told_to_write_no_comment_ends_on_its_settings(socket: Path, tmp_path: Path) -> None:
    whole = dumped(socket, "--skip-comments")
    assert seen(tmp_path / "a.sql", whole) == (Encrypted.NO, "")
    assert seen(tmp_path / "b.sql", whole[: len(whole) * 9 // 10])[1] == "truncated"
    assert seen(tmp_path / "c.sql", dumped(socket, "--compact"))[1] == "end-not-seen"


def test_a_dump_that_was_refused_is_no_copy(socket: Path, tmp_path: Path) -> None:
    command = [tool("mariadb-dump"), "--no-defaults", f"--socket={socket}", "-uroot", "absente"]
    done = subprocess.run(command, check=False, capture_output=True)
    assert done.returncode
    assert seen(tmp_path / "a.sql.gz", gzip.compress(done.stdout))[1] != ""
    assert seen(tmp_path / "b.sql.gz", gzip.compress(done.stderr))[1] != ""


def test_sqlite_its_dump_and_its_file(tmp_path: Path) -> None:
    program, base = tool("sqlite3"), tmp_path / "mairie.sqlite"
    script = "CREATE TABLE acte (rang INTEGER PRIMARY KEY, nom TEXT);" + "".join(
        f"INSERT INTO acte VALUES ({rank}, 'nom {rank}');" for rank in range(800)
    )
    subprocess.run([program, base], input=script, text=True, check=True)
    dump = subprocess.run([program, base, ".dump"], check=True, capture_output=True).stdout
    assert seen(tmp_path / "a.sql", dump) == (Encrypted.NO, "")
    assert seen(tmp_path / "b.sql", dump[: len(dump) // 2])[1] != ""
    data = base.read_bytes()
    assert seen(tmp_path / "a.sqlite", data) == (Encrypted.NO, "")
    assert seen(tmp_path / "b.sqlite", data[: len(data) // 2])[1] == "truncated"

"""A scan of a profile whose copies are far away, with the secrets of this machine's configuration, end to end."""

import gzip
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.french import NBSP
from tests.loopback import far_servers as servers
from tests.loopback.far_servers import LOOPBACK, S3_SECRET, S3_USER, Sshd
from tests.unit.backup_places import set_back

pytestmark = pytest.mark.loopback

NOW = datetime.now(UTC).replace(microsecond=0)
COPY = "mairie.sql.gz"
PROFILE = """
schema_version: 1
commune: {{id: ville-d-essai, name: Ville d'Essai, insee: "99001", population: 900}}
authorization:
  {{signed_by: Hélène Marchand, role: maire, signed_on: {signed}, until: {until}, addresses: [], domains: []}}
backups:
  - {{id: distant, label: Copie distante, url: "{url}", secret: secret:nas, media: nas, of: [files], place: off-site}}
"""


@dataclass(frozen=True)
class Machine:
    """The contractor's: its configuration, its history."""

    folder: Path
    ssh: Sshd
    copies: Path
    capture: pytest.CaptureFixture[str]

    @property
    def url(self) -> str:
        return f"sftp://root@{LOOPBACK}:{self.ssh.port}{self.copies}"

    def profile(self, url: str) -> Path:
        path = self.folder / "ville.yaml"
        signed = {
            "signed": f"{NOW - timedelta(days=3):%Y-%m-%d}",
            "until": f"{NOW + timedelta(days=90):%Y-%m-%d}",
        }
        path.write_text(PROFILE.format(url=url, **signed), "utf-8")
        return path

    def config(self, *, host: str | None = None, known: str | None = None) -> Path:
        secret, path = self.folder / "cle-nas", self.folder / "config.yaml"
        secret.write_text(self.ssh.key, "ascii")
        lines = {
            "known_hosts": [known or self.ssh.known.strip()],
            "secrets": {"nas": {"host": host or f"{LOOPBACK}:{self.ssh.port}", "file": str(secret)}},
        }
        path.write_text(json.dumps(lines), "utf-8")
        for each in (secret, path):
            each.chmod(0o600)
        return path

    def scan(self, *words: str, url: str = "", config: Path | None = None) -> tuple[int, str]:
        profile, configured = self.profile(url or self.url), config or self.config()
        code = run(["scan", str(profile), "--config", str(configured), "--now", NOW.isoformat(), *words])
        said = self.capture.readouterr()
        return code, " ".join((said.out + said.err).replace(NBSP, " ").split())

    def statuses(self, *words: str) -> dict[str, str]:
        code = run(["scan", str(self.profile(self.url)), "--config", str(self.config()), "--now", NOW.isoformat(),
                    "--json", *words])  # fmt: skip
        said = self.capture.readouterr()
        assert code in (0, 1, 3), said.err
        return {each["check"]: each["status"] for each in json.loads(said.out)["points"]}


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with servers.sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def machine(
    ssh: Sshd, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Machine:
    copies = tmp_path / "copies"
    copies.mkdir()
    dump = b"-- MariaDB dump\n" + b"INSERT INTO `t` VALUES (1);\n" * 900
    (copies / COPY).write_bytes(gzip.compress(dump + b"-- Dump completed on 2026-11-21 21:10:00\n"))
    set_back(copies, NOW - timedelta(hours=5))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return Machine(tmp_path, ssh, copies, capsys)


def test_a_scan_reads_a_far_place_and_keeps_no_secret(machine: Machine) -> None:
    saved = machine.folder / "scan.cya"
    seen = machine.statuses("--save", str(saved))
    assert (seen["backup.exists"], seen["backup.fresh"]) == ("pass", "pass")
    secret = machine.ssh.key.splitlines()[2].encode()
    kept = [path for path in machine.folder.rglob("*") if path.is_file() and path.name != "cle-nas"]
    assert saved in kept
    assert not [path for path in kept if secret in path.read_bytes()]


def test_an_old_copy_far_away_is_old(machine: Machine) -> None:
    set_back(machine.copies, NOW - timedelta(days=9))
    seen = machine.statuses()
    assert (seen["backup.exists"], seen["backup.fresh"]) == ("pass", "fail")


def test_a_profile_sends_a_secret_to_no_other_port_of_its_host(machine: Machine) -> None:
    heard: list[object] = []
    with servers.talker(heard.append) as port:
        code, said = machine.scan(url=f"sftp://root@{LOOPBACK}:{port}/copies")
        other, _ = machine.scan(url=f"sftp://root@{LOOPBACK}/copies")
    assert (code, other) == (2, 2)
    assert f"« secret:nas » à « {LOOPBACK}:{port} »" in said
    assert heard == []


def test_a_server_that_is_not_known_is_refused_with_its_fingerprint(machine: Machine) -> None:
    _, said = machine.scan(
        "--technical", config=machine.config(known=f"ailleurs.example {machine.ssh.known.split(' ', 1)[1]}")
    )
    assert "aucune clé de ce serveur n'est connue" in said
    assert "SHA256:" in said


def test_a_dry_run_says_where_it_would_go(machine: Machine) -> None:
    code, said = machine.scan("--dry-run")
    assert code == 0
    assert f"{LOOPBACK}, port {machine.ssh.port}" in said
    assert "rien n'y est écrit" in said


def test_one_place_on_the_command_line(machine: Machine) -> None:
    known = machine.folder / "known_hosts"
    known.write_text(machine.ssh.known, "ascii")
    secret = ("--secret", f"file:{machine.folder / 'cle-nas'}", "--known-hosts", str(known))
    machine.config()
    assert run(["look", "backup", machine.url, *secret, "--now", NOW.isoformat(), "--json"]) in (0, 1)
    shown = machine.capture.readouterr().out
    assert COPY in shown
    assert machine.ssh.key.splitlines()[2] not in shown


@pytest.mark.parametrize(
    "place",
    [
        "http://192.0.2.4/copies/",
        "sftp://root@127.0.0.1:1/copies",
        "s3://mon-seau/prefixe",
        "s3://s3.ville.example/",
    ],
)
def test_a_place_that_could_not_be_looked_at_is_no_success(
    place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--resolver", f"{LOOPBACK}:{servers.free_port()}", "--now", NOW.isoformat())
    assert run(["look", "backup", place, *words]) == 3
    assert "n'a pas pu être vérifié" in capsys.readouterr().out


def test_a_secret_that_the_account_of_s3_does_not_open(capsys: pytest.CaptureFixture[str]) -> None:
    """What the server says is told, never what was sent to it."""
    refusal = b"<Error><Code>SignatureDoesNotMatch</Code><Message>x</Message></Error>"

    def talk(line: socket.socket) -> None:
        while line.recv(65536):
            line.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(refusal), refusal))

    os.environ["CYBERAUDIT_ESSAI_S3"] = S3_SECRET
    try:
        with servers.talker(talk) as port:
            place = f"s3+http://{LOOPBACK}:{port}/copies/"
            code = run(
                ["look", "backup", place, "--user", S3_USER, "--secret", "env:CYBERAUDIT_ESSAI_S3", "--json"]
            )
    finally:
        del os.environ["CYBERAUDIT_ESSAI_S3"]
    said = capsys.readouterr()
    assert code == 3
    assert "clé secrète" in said.out
    assert S3_SECRET not in said.out + said.err

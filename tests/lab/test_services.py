"""Real servers of Debian behind open ports of this machine: each one is what it is said to be."""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest

from cyberaudit.declared import Host
from cyberaudit.facts.services import Behind, Trait
from cyberaudit.probes.host_services import AGENT
from cyberaudit.probes.instruments import Options, set_up
from cyberaudit.probes.services.door import Door, Visitor
from cyberaudit.probes.services.visit import visit
from cyberaudit.town.scope import scope_for_look
from tests.unit.towns import NOW, town

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]

ADDRESS = "192.0.2.1"
BOX = Host("box", "Box", (), "outside", (ADDRESS,), (), "", "", "")
WAIT_SECONDS = 20.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def program(name: str) -> str:
    """Its path; the test is passed over without it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@contextmanager
def running(port: int, *command: str) -> Iterator[None]:
    """The server, once it listens; ended by its own pid."""
    # In a session of its own: smbd ends its whole process group when it is told to end.
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            _wait(port, server)
            yield
        finally:
            server.terminate()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended by itself"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the server does not listen")


def seen(actual: int, port: int) -> Behind:
    options = Options(resolvers=("127.0.0.1:53",), connect_to=(f"{ADDRESS}:{port}=127.0.0.1:{actual}",))
    scope = scope_for_look(addresses=[ADDRESS], authorized_by="Mme le maire")
    instruments = set_up(town(BOX), scope, options, now=NOW)

    async def scenario() -> Behind:
        until = asyncio.get_running_loop().time() + 30
        visitor = Visitor(instruments.network, AGENT, "cyberaudit.invalid", 2.0, until)
        return await visit(Door(visitor, ip_address(ADDRESS), port, hostname=""))

    return asyncio.run(scenario())


@dataclass(frozen=True, slots=True)
class Own:
    certificate: Path
    key: Path


def signed(folder: Path, subject: str) -> Own:
    """A certificate of that subject, signed by itself."""
    own = Own(folder / "own.pem", folder / "own.key")
    subprocess.run(
        [
            program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", str(own.key), "-out", str(own.certificate), "-days", "2", "-subj", subject,
        ],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return own


def written(path: Path, *lines: str) -> str:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("declared_port", [22, 2222, 443])
def test_a_real_sshd(tmp_path: Path, declared_port: int) -> None:
    sshd, keygen = program("sshd"), program("ssh-keygen")
    Path("/run/sshd").mkdir(exist_ok=True)
    key, port = tmp_path / "key", free_port()
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=30)
    conf = written(
        tmp_path / "sshd.conf", f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {key}", "PidFile none"
    )
    with running(port, sshd, "-D", "-f", conf):
        found = seen(port, declared_port)
    assert found.protocol == "ssh"
    assert found.banner.startswith("SSH-2.0-OpenSSH_")
    assert found.product == ""


@pytest.mark.parametrize("encrypts", [True, False])
def test_a_real_vsftpd(tmp_path: Path, encrypts: bool) -> None:
    vsftpd = program("vsftpd")
    own, port = signed(tmp_path, "/CN=ftp"), free_port()
    empty = tmp_path / "empty"
    empty.mkdir()
    lines = [
        "listen=YES",
        f"listen_port={port}",
        "listen_address=127.0.0.1",
        "background=NO",
        f"secure_chroot_dir={empty}",
    ]
    if encrypts:
        lines += ["ssl_enable=YES", f"rsa_cert_file={own.certificate}", f"rsa_private_key_file={own.key}"]
    with running(port, vsftpd, written(tmp_path / "vsftpd.conf", *lines)):
        found = seen(port, 21)
    assert (found.protocol, found.banner) == ("ftp", "220 (vsFTPd 3.0.3)")
    assert found.traits == ({Trait.STARTTLS} if encrypts else set())


@pytest.mark.parametrize(("lowest", "trait"), [("NT1", Trait.SMB1), ("SMB2_02", Trait.NO_SMB1)])
def test_a_real_samba(tmp_path: Path, lowest: str, trait: Trait) -> None:
    smbd, port = program("smbd"), free_port()
    folders = [
        f"{name} directory = {tmp_path}" for name in ("private", "state", "cache", "lock", "pid", "ncalrpc")
    ]
    conf = written(
        tmp_path / "smb.conf", "[global]", *folders, "interfaces = lo", "bind interfaces only = yes",
        f"server min protocol = {lowest}", f"log file = {tmp_path}/log", "disable netbios = yes", "load printers = no",
        "printing = bsd",
    )  # fmt: skip
    with running(port, smbd, "--foreground", "--no-process-group", f"--configfile={conf}", f"--port={port}"):
        found = seen(port, 445)
    assert (found.protocol, found.banner) == ("smb", "SMB 3.1.1")
    assert found.traits == {trait}


def nginx_conf(folder: Path, port: int, *inside: str) -> str:
    paths = [
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    ]
    return written(
        folder / "nginx.conf", "daemon off;", f"pid {folder}/pid;", f"error_log {folder}/error;", "events {}", "http {",
        "access_log off;", *paths, "server {", f"listen 127.0.0.1:{port}{inside[0]};", *inside[1:], "}", "}",
    )  # fmt: skip


PORTAL = """location = / { return 302 /remote/login?lang=fr; }
location = /remote/login { return 200 '<script src="/remote/fgt_lang?lang=fr"></script>'; }"""


def test_a_real_nginx_dressed_as_a_firewall(tmp_path: Path) -> None:
    nginx, port = program("nginx"), free_port()
    own = signed(tmp_path, "/C=US/O=Fortinet/OU=FortiGate/CN=FGT60FTK00000000")
    tls = (" ssl", f"ssl_certificate {own.certificate};", f"ssl_certificate_key {own.key};", PORTAL)
    with running(port, nginx, "-c", nginx_conf(tmp_path, port, *tls)):
        for declared_port in (443, 10443, 8080, 12345):
            found = seen(port, declared_port)
            assert (found.protocol, found.product) == ("https", "fortinet-fortigate")
            assert found.traits == {Trait.TLS, Trait.VPN_PORTAL}
            assert found.subject == "CN=FGT60FTK00000000,OU=FortiGate,O=Fortinet,C=US"


def test_a_real_nginx_with_an_ordinary_site(tmp_path: Path) -> None:
    nginx, port = program("nginx"), free_port()
    page = 'location / { default_type text/html; return 200 "<title>Mairie de L\'Haÿ</title>"; }'
    with running(port, nginx, "-c", nginx_conf(tmp_path, port, "", page)):
        found = seen(port, 80)
    assert (found.protocol, found.title, found.http_status) == ("http", "Mairie de L'Haÿ", 200)
    assert found.banner.startswith("nginx")
    assert found.product == ""
    assert not found.traits


@pytest.mark.parametrize(("password", "trait"), [("", Trait.ANONYMOUS), ("secret", Trait.AUTHENTICATED)])
def test_a_real_redis(tmp_path: Path, password: str, trait: Trait) -> None:
    redis, port = program("redis-server"), free_port()
    options = ("--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path), "--requirepass", password)
    with running(port, redis, "--port", str(port), *options):
        found = seen(port, 6379)
    assert found.protocol == "redis"
    assert found.traits == {trait}

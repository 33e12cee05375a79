"""Real servers of far places on loopback: sshd, nginx, an S3 server, rclone; and one that says what it is told."""

import contextlib
import os
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

LOOPBACK = "127.0.0.1"
BIN = ("/usr/sbin", "/usr/bin", "/usr/local/bin")


def program(name: str) -> str:
    """Its path; the test is skipped without it."""
    found = shutil.which(name, path=os.pathsep.join((*BIN, os.environ.get("PATH", ""))))
    if found is None:
        pytest.skip(f"sans {name}")
    return found


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((LOOPBACK, 0))
        return int(sock.getsockname()[1])


@contextmanager
def running(port: int, *command: str, **environment: str) -> Iterator[None]:
    """The server, until it listens, and its end."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("COV", "AWS"))}
    process = subprocess.Popen(
        command,
        env={**kept, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, port)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
            return
        time.sleep(0.05)
    pytest.skip(f"{process.args!r} does not start")


@dataclass(frozen=True)
class Sshd:
    port: int
    key: str
    """Private key of root, text."""
    locked_key: str
    """The same, locked by « essai »."""
    ecdsa_key: str
    known: str
    """Line of known_hosts for its Ed25519 key."""
    known_rsa: str


@contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    server, keygen = program("sshd"), program("ssh-keygen")
    if os.getuid() != 0:
        pytest.skip("sshd wants root")
    Path("/run/sshd").mkdir(exist_ok=True)
    for name, kind in (("host", "ed25519"), ("hostrsa", "rsa"), ("user", "ed25519"), ("ecdsa", "ecdsa")):
        subprocess.run([keygen, "-q", "-t", kind, "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "user", folder / "locked")
    subprocess.run([keygen, "-q", "-p", "-P", "", "-N", "essai", "-f", folder / "locked"], check=True)
    keys = [(folder / f"{name}.pub").read_text("ascii") for name in ("user", "ecdsa")]
    (folder / "authorized").write_text("".join(keys), "ascii")
    port = free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress {LOOPBACK}\nHostKey {folder}/host\nHostKey {folder}/hostrsa\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nPermitRootLogin yes\nUsePAM no\n"
        "PasswordAuthentication yes\nSubsystem sftp internal-sftp\nMaxAuthTries 3\n",
        "utf-8",
    )

    def line(name: str) -> str:
        return f"[{LOOPBACK}]:{port} {(folder / name).read_text('ascii')}"

    with running(port, server, "-D", "-f", str(folder / "config")):
        key, locked, ecdsa = ((folder / name).read_text("ascii") for name in ("user", "locked", "ecdsa"))
        yield Sshd(port, key, locked, ecdsa, line("host.pub"), line("hostrsa.pub"))


S3_USER, S3_SECRET = "AKIAEXAMPLEMAIRIE", "secret-de-la-mairie/exemple+1"


@contextmanager
def s3_server() -> Iterator[int]:
    pytest.importorskip("moto")
    port = free_port()
    with running(port, sys.executable, "-W", "ignore", "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)):
        yield port


def seed_s3(port: int, script: str) -> str:
    """What Python prints, run with `s3`, `iam` (boto3 clients) and `datetime` in a process of its own."""
    head = (
        "import boto3, datetime, json, sys\n"
        f"options = dict(endpoint_url='http://{LOOPBACK}:{port}', region_name='us-east-1',"
        " aws_access_key_id='x', aws_secret_access_key='y')\n"
        "s3, iam = boto3.client('s3', **options), boto3.client('iam', **options)\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", head + script]
    return subprocess.run(command, check=True, timeout=60, capture_output=True, text=True).stdout


@contextmanager
def nginx(folder: Path, site: str) -> Iterator[int]:
    """`site`: what stands in its server block beside `listen`; « PORT » is replaced."""
    server, port = program("nginx"), free_port()
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; user root; pid {folder}/pid; error_log /dev/null;\n"
        "events {}\n"
        f"http {{ access_log {folder}/access.log; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;\n"
        f"fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;\n"
        f"server {{ {site.replace('PORT', f'{LOOPBACK}:{port}')} }} }}\n",
        "utf-8",
    )
    with running(port, server, "-c", str(folder / "nginx.conf")):
        yield port


@contextmanager
def certified(folder: Path, *, name: str) -> Iterator[tuple[Path, Path]]:
    """A certificate of its own, for one name or address (« IP:127.0.0.1 »), and its key."""
    certificate, key = folder / f"{name.replace(':', '-')}.pem", folder / f"{name.replace(':', '-')}.key"
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=essai",
         "-addext", f"subjectAltName={name}", "-days", "2", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    yield certificate, key


@contextmanager
def talker(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does `talk` with each connection."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                talk(self.request)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False

    with Server((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()

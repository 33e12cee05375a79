"""Servers of Debian, as the lab starts them: each in a namespace, with its own folder and nothing of the machine's."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.network_lab import run_in

# Ours: Samba, the slowest, needs two on a busy machine.
READY_SECONDS = 20.0
# A /run of its own, which only this program sees: `ip netns exec` gives it its own mounts.
PRIVATE_RUN = 'mount -t tmpfs none /run && mkdir -p /run/sshd /run/vsftpd/empty && exec "$@"'


@dataclass(frozen=True, slots=True)
class Server:
    """One program. Its words and its configuration are filled in: `{folder}`, `{address}`, `{written}` (an IPv6
    address in brackets), `{six}` (`6` or nothing) and `{_ipv6}`."""

    name: str
    words: tuple[str, ...]
    config: str
    ports: tuple[str, ...]
    """`tcp/22`: ready when something listens on each."""
    before: tuple[str, ...] = ()
    """A command to run first; may be empty."""

    @property
    def installed(self) -> bool:
        return shutil.which(self.words[0]) is not None


SSHD = Server(
    "sshd",
    ("/usr/sbin/sshd", "-D", "-e", "-f", "{folder}/config"),
    """
ListenAddress {written}:22
HostKey {folder}/key
PidFile none
UsePAM no
""",
    ("tcp/22",),
    before=("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "{folder}/key"),
)
NGINX = Server(
    "nginx",
    ("/usr/sbin/nginx", "-p", "{folder}", "-c", "{folder}/config"),
    """
daemon off; user root; worker_processes 1; pid {folder}/pid; error_log stderr;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen {written}:80;
    location / {{ default_type text/html; return 200 "<title>Mairie de L'Haÿ</title>"; }}
  }}
  server {{
    listen {written}:8080;
    location / {{ return 302 http://203.0.113.66/ailleurs; }}
  }}
  server {{
    listen {written}:443 ssl;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location / {{ default_type text/html; return 200 "<title>Mairie de L'Haÿ</title>"; }}
  }}
}}
""",
    ("tcp/80", "tcp/443", "tcp/8080"),
    before=(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
        "-subj", "/CN=mairie-l-hay.example", "-keyout", "{folder}/key.pem", "-out", "{folder}/cert.pem",
    ),
)  # fmt: skip
VSFTPD = Server(
    "vsftpd",
    ("/usr/sbin/vsftpd", "{folder}/config"),
    """listen{_ipv6}=YES
background=NO
listen_address{six}={address}
anonymous_enable=NO
local_enable=YES
secure_chroot_dir=/run/vsftpd/empty
ftpd_banner=Mairie de L'Hay
""",
    ("tcp/21",),
)
SNMPD = Server(
    "snmpd",
    ("/usr/sbin/snmpd", "-f", "-Le", "-C", "-c", "{folder}/config", "-I", "-smux", "udp{six}:{written}:161"),
    "rocommunity public\nrocommunity6 public\nsysName commutateur-mairie\nsysLocation Salle du conseil\n",
    ("udp/161",),
)
DNSMASQ = Server(
    "dnsmasq",
    ("/usr/sbin/dnsmasq", "-k", "-C", "{folder}/config"),
    """
user=root
pid-file={folder}/pid
listen-address={address}
bind-interfaces
no-resolv
no-hosts
address=/mairie-l-hay.example/192.0.2.100
""",
    ("udp/53", "tcp/53"),
)
SMBD = Server(
    "smbd",
    ("/usr/sbin/smbd", "-F", "--no-process-group", "-s", "{folder}/config"),
    """
[global]
  workgroup = MAIRIE
  server role = standalone server
  server min protocol = NT1
  interfaces = {address}
  bind interfaces only = yes
  smb ports = 445
  private dir = {folder}
  lock directory = {folder}
  state directory = {folder}
  cache directory = {folder}
  pid directory = {folder}
  ncalrpc dir = {folder}/ncalrpc
  log file = {folder}/log
  load printers = no
  disable spoolss = yes
""",
    ("tcp/445",),
)
ALL = (SSHD, NGINX, VSFTPD, SNMPD, DNSMASQ, SMBD)


@contextmanager
def serving(namespace: str, address: str, servers: Sequence[Server], folder: Path) -> Iterator[None]:
    """Every server on that address of that namespace; all are ended at the end, with what they started."""
    with ExitStack() as held:
        started = [
            (held.enter_context(_started(namespace, address, server, folder)), server) for server in servers
        ]
        for process, server in started:
            _wait(process, server, namespace, address)
        yield


@contextmanager
def _started(
    namespace: str, address: str, server: Server, parent: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    folder = parent / f"{server.name}-{address.replace(':', '-')}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    named = {"folder": str(folder), "address": address, **_by_family(address)}
    (folder / "config").write_text(server.config.format(**named), encoding="utf-8")
    if server.before:
        subprocess.run([word.format(**named) for word in server.before], check=True, capture_output=True)
    words = [word.format(**named) for word in server.words]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, "sh", "-c", PRIVATE_RUN, "sh", *words],
            stdout=output,
            stderr=output,
            env={**os.environ, "SNMP_PERSISTENT_DIR": str(folder)},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def _by_family(address: str) -> dict[str, str]:
    if ":" in address:
        return {"written": f"[{address}]", "six": "6", "_ipv6": "_ipv6"}
    return {"written": address, "six": "", "_ipv6": ""}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """The program, then what remains of the session that was made for it."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _wait(process: "subprocess.Popen[bytes]", server: Server, namespace: str, address: str) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if all(_listens(namespace, port, address) for port in server.ports):
            return
        time.sleep(0.05)
    raise AssertionError(f"{server.name} does not start: see its output file")


def _listens(namespace: str, port: str, address: str) -> bool:
    protocol, _, number = port.partition("/")
    shown = run_in(namespace, "ss", "-H", "-l", "-n", "-t" if protocol == "tcp" else "-u").stdout
    end = f"{_by_family(address)['written']}:{number}"
    return any(end in line.split() for line in shown.splitlines())

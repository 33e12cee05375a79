"""strongSwan as the lab starts it: one IKE daemon in a namespace, with its own /run and its own folder."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.network_lab import run_in
from tests.lab.real_servers import PRIVATE_RUN

DAEMON, LOADER = Path("/usr/lib/ipsec/charon"), Path("/usr/sbin/swanctl")
INSTALLED = DAEMON.exists() and LOADER.exists()
# Ours: it loads some thirty plugins.
READY_SECONDS = 20.0
SETTINGS = """
charon {{
  load = {plugins}
  filelog {{ stderr {{ default = 1 }} }}
  start-scripts {{ load = {loader} --load-all --noprompt --file {folder}/swanctl.conf }}
  plugins {{ openssl {{ load_legacy = yes }} }}
  {extra}
}}
"""
# Without the kernel's own IPsec, which a machine of tests may lack.
PLUGINS = (
    "random nonce aes md5 sha1 sha2 hmac gcm ccm ctr chapoly xcbc cmac curve25519 gmp openssl pem pkcs1 pkcs8 x509 "
    "pubkey constraints kernel-libipsec kernel-netlink socket-default vici"
)
CONNECTIONS = """
connections {{
{connections}
}}
secrets {{ ike-any {{ secret = "ceci est une cle d'essai" }} }}
"""


def connection(name: str, version: int, proposals: str, *extra: str) -> str:
    """One connection for whoever knocks, with a shared key."""
    lines = "\n    ".join(extra)
    return f"""
  {name} {{
    version = {version}
    proposals = {proposals}
    {lines}
    local {{ auth = psk }}
    remote {{ auth = psk }}
    children {{ net {{ }} }}
  }}"""


@contextmanager
def gateway(namespace: str, folder: Path, *connections: str, settings: str = "") -> Iterator[None]:
    """strongSwan with these connections in that namespace, until the end of the block."""
    folder.mkdir(parents=True)
    config = folder / "strongswan.conf"
    config.write_text(
        SETTINGS.format(loader=LOADER, folder=folder, extra=settings, plugins=PLUGINS), encoding="utf-8"
    )
    written = CONNECTIONS.format(connections="\n".join(connections))
    (folder / "swanctl.conf").write_text(written, encoding="utf-8")
    output = folder / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, "sh", "-c", PRIVATE_RUN, "sh", str(DAEMON)],
            stdout=file,
            stderr=file,
            env={**os.environ, "STRONGSWAN_CONF": str(config)},
            start_new_session=True,
        )
    try:
        _wait(process, output, namespace, len(connections))
        yield
    finally:
        _end(process)


def _wait(process: "subprocess.Popen[bytes]", output: Path, namespace: str, connections: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        said = output.read_bytes()
        listening = run_in(namespace, "ss", "-H", "-l", "-n", "-u").stdout
        if said.count(b"loaded connection") >= connections and ":4500" in listening:
            return
        time.sleep(0.05)
    raise AssertionError(f"strongSwan does not start: {output.read_text(errors='replace')[-2000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
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

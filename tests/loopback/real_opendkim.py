"""OpenDKIM as a provider runs it beside its relay: it signs what leaves, and verifies what a reader gets."""

import base64
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.loopback.real_postfix import free_port

PROGRAM = "opendkim"
SELECTOR = "essai"
READY_SECONDS = 20.0
# « simple » forgives nothing: one space more in a header and the signature is false.
_SIGNER = """
Mode s
Domain {domain}
Selector {selector}
KeyFile {here}/key.pem
RequireSafeKeys no
Canonicalization simple/simple
InternalHosts 0.0.0.0/0
Socket inet:{port}@127.0.0.1
Background no
Syslog no
"""
_READER = """
Mode v
TestPublicKeys {here}/published
Syslog no
"""


def missing() -> str:
    """Why it cannot be started here; empty when it can."""
    return "" if shutil.which(PROGRAM) else "opendkim is missing (tests/install-servers)"


@dataclass(frozen=True)
class OpenDkim:
    """One domain's key, and what OpenDKIM does with it."""

    domain: str
    here: Path
    port: int
    """Of the filter that signs, once `running`."""

    @property
    def milter(self) -> str:
        """As Postfix writes it."""
        return f"inet:127.0.0.1:{self.port}"

    @cached_property
    def key(self) -> RSAPrivateKey:
        return generate_private_key(65537, 2048)

    @property
    def published(self) -> str:
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"{SELECTOR}._domainkey.{self.domain} v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}\n"

    def found(self, message: bytes) -> str:
        """What a reader's OpenDKIM says of the signature: `pass`, `fail`…; empty when there is none."""
        (self.here / "message.eml").write_bytes(message)
        told = subprocess.run(
            [PROGRAM, "-t", "message.eml", "-x", "reader.conf", "-vv"],
            cwd=self.here,
            capture_output=True,
            check=True,
            timeout=30,
        )
        said = re.search(rb"\bdkim=(\w+)", told.stdout)
        return said[1].decode() if said else ""


@contextmanager
def running(domain: str, here: Path) -> Iterator[OpenDkim]:
    """A filter that signs what `domain` sends. `here`: an empty folder of its own."""
    made = OpenDkim(domain, here, free_port())
    words = {"domain": domain, "selector": SELECTOR, "here": here, "port": made.port}
    (here / "signer.conf").write_text(_SIGNER.format(**words), encoding="utf-8")
    (here / "reader.conf").write_text(_READER.format(**words), encoding="utf-8")
    (here / "published").write_text(made.published, encoding="utf-8")
    (here / "key.pem").write_bytes(made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    filter_ = subprocess.Popen([PROGRAM, "-f", "-x", here / "signer.conf"])
    try:
        _wait(made.port)
        yield made
    finally:
        filter_.terminate()
        filter_.wait(timeout=10)


def _wait(port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
            return
        time.sleep(0.05)

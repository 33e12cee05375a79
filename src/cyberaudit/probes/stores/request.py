"""What the parent asks of the child process that reads stores."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from cyberaudit.frozen import frozen


class Scheme(StrEnum):
    """How a far place is spoken to."""

    SFTP = "sftp"
    S3 = "s3"
    WEB = "https"
    REST = "rest"
    """The server of restic repositories (rest-server)."""


@frozen
class Access:
    """What this machine's configuration knows of one far place; a profile never holds it."""

    user: str = ""
    """Account, or S3 access key."""
    secret: str = field(default="", repr=False)
    """Password, S3 secret key, or what opens the private key."""
    key: str = field(default="", repr=False)
    """SSH private key, text; empty: the password is used."""
    known_hosts: tuple[str, ...] = ()
    """Lines as known_hosts(5) has them, or fingerprints « SHA256:… » as ssh-keygen shows them, after the name of
    their server or, when all are of one, alone."""
    region: str = ""
    """Of an S3 bucket; empty: `us-east-1`."""


@frozen
class FarPlace:
    """One place that is reached by the network, on connections that the parent opens."""

    scheme: Scheme
    host: str
    """Name or address, as the address of the backup writes it, lower case."""
    port: int
    path: str
    """Of the URL, still percent-encoded; begins with « / », with its query for a web server."""
    access: Access
    roots: str = field(default="", repr=False)
    """PEM of the trusted authorities; empty: the system's."""
    plain: bool = False
    """Without TLS: the parent connects to this machine alone."""


@frozen
class StoreRequest:
    """One store to look at."""

    path: str
    """A folder of this machine; for a far place its address, to be shown."""
    roots: tuple[str, ...]
    """Absolute folders under which it may lie."""
    media: str
    """As declared: `disk`, `nas`, …"""
    now: datetime
    """The scan's date: what is dated later is in the future."""
    deep: bool = False
    """Everything is read to its end."""
    tries_empty_password: bool = True
    far: FarPlace | None = None
    """It is reached by the network; `path` and `roots` are not looked at."""

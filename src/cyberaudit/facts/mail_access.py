"""What lets people read and send a domain's mail from outside, as any mail program finds it."""

from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable

# RFC 6186 §3, RFC 8314 §5.1; the last one is Microsoft's.
SERVICES = (
    "_imaps._tcp", "_imap._tcp", "_pop3s._tcp", "_submissions._tcp", "_submission._tcp", "_autodiscover._tcp",
)  # fmt: skip
# What mail programs try when nothing is announced.
LABELS = ("autodiscover", "autoconfig", "mail", "imap", "smtp", "webmail")


@frozen
class AnnouncedService:
    """One SRV record."""

    service: str
    """One of `SERVICES`."""
    host: str
    """A-label form, lower case, no final dot; empty: the service is said not to exist (RFC 2782)."""
    port: int


@frozen
class AccessName:
    """One usual name below the domain."""

    name: str
    addresses: tuple[str, ...] | Unreachable
    """Empty: there is no such name, or it has none."""


@frozen
class AccessSession:
    """The first steps of a mail program, up to encryption; nobody logs in."""

    clear_login: bool | Unreachable
    """A password would be taken before encryption; False where encryption comes first."""
    tls: TlsSession | Unreachable | None
    """None when no encryption is offered."""


@frozen
class AccessPoint:
    """One port of one server."""

    protocol: str
    """`imap`, `pop3`, `submission`."""
    host: str
    address: str
    port: int
    implicit: bool
    """Encrypted from the first byte on."""
    announced: bool
    """By an SRV record; else it is the usual port of a usual name."""
    session: AccessSession | Unreachable
    """`refused`: nothing listens there."""


@frozen
class Webmail:
    """The page at https://webmail.DOMAIN/."""

    name: str
    status: int | Unreachable
    """Of HTTP; any number: something answers there in https."""


@frozen
class MailAccess(Facts):
    """What lets people read and send a domain's mail from outside."""

    KIND = "mail-access"
    VERSION = 2

    domain: str
    announced: tuple[AnnouncedService, ...] | Unreachable
    names: tuple[AccessName, ...]
    points: tuple[AccessPoint, ...]
    """At most eight were tried."""
    webmail: Webmail | None
    """None: there is no such name."""
    left_out: tuple[str, ...]
    """`host:port` announced and not tried: beyond our limits, or at a port where that protocol is not expected."""
    wildcard: tuple[str, ...] | Unreachable
    """The addresses that any name below the domain gets; empty: none, or none of the usual names has an address."""

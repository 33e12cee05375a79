"""What the servers that receive a domain's mail answer on port 25."""

from dataclasses import dataclass

from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.model import Reason, Unreachable


@dataclass(frozen=True, slots=True)
class SmtpSession:
    """One SMTP conversation up to STARTTLS, nothing sent."""

    banner: str
    """First line after the code, made safe to show."""
    extensions: tuple[str, ...]
    """Keywords of the EHLO answer, upper case."""
    tls: TlsSession | Unreachable | None
    """None when STARTTLS is not offered."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """One address of one MX."""

    host: str
    address: str
    session: SmtpSession | Unreachable


@dataclass(frozen=True, slots=True)
class UnresolvedServer:
    """An MX without address: the name does not exist, or could not be resolved."""

    host: str
    cause: Unreachable | None
    """None: DNS answered that the name has no address."""


@dataclass(frozen=True, slots=True)
class MailServers(Facts):
    """What the servers that receive a domain's mail answered on port 25."""

    KIND = "mail-servers"
    VERSION = 2

    domain: str
    servers: tuple[MailServer, ...]
    unresolved: tuple[UnresolvedServer, ...]
    left_out: tuple[str, ...]
    """What was not looked at, beyond our limits: an MX never resolved as `host`, an address as `host address`."""


def judged_servers(mail: MailServers) -> tuple[MailServer, ...]:
    """Without the addresses that have no route from here, when the same host answered on another."""
    answered = {server.host for server in mail.servers if not isinstance(server.session, Unreachable)}
    return tuple(
        server
        for server in mail.servers
        if not (
            isinstance(server.session, Unreachable)
            and server.session.reason is Reason.NO_ROUTE
            and server.host in answered
        )
    )

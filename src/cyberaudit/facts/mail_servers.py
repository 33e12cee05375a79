"""What the servers that receive a domain's mail answer on port 25."""

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable

VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
"""Asked one by one, oldest first."""
# RFC 8996: deprecated.
OLD_VERSIONS = ("SSLv3", "TLSv1", "TLSv1.1")
# RFC 8314 §4.1 and RFC 4954 §4: these show the password itself to whoever listens; OAuth shows a token.
PLAIN_MECHANISMS = frozenset({"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"})
# RFC 1918, 1122, 3927, 6598, 4193, 4291: nobody outside reaches them. Documentation is not among them.
_PRIVATE = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "::/127", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip

UNDECIDED = "ni accepté ni refusé"
"""Begins the detail of a relay trial on which the server said neither yes nor no."""
REWRITTEN = Unreachable(Reason.NOT_LOOKED, "un appareil de la ligne d'ici réécrit le courrier")
"""What a server offers cannot be seen: a firewall on the way puts X or * in place of its words."""
_MASKED = re.compile(r"X{4,}[A-Z]?")
# Ours: a banner of eight stars is no server's own; such firewalls write dozens, a digit or two left among them.
_STARS = re.compile(r"[*0-9 ]*\*{8}[*0-9 ]*")


def is_rewritten(banner: str, extensions: Iterable[str]) -> bool:
    """A firewall that inspects SMTP masked the greeting, or a keyword of the EHLO answer, with as many X."""
    return bool(_STARS.fullmatch(banner)) or any(map(_MASKED.fullmatch, extensions))


@frozen
class VersionAnswer:
    """One TLS version, asked for alone."""

    version: str
    """One of `VERSIONS`."""
    accepted: bool | Unreachable
    """False: refused by an alert, or by an answer in another version; a line that was cut says neither."""


@frozen
class RelayTrial:
    """A recipient of somebody else's, offered by a sender of somebody else's; no message followed."""

    accepted: bool
    """The recipient got a 2xx; some servers refuse only later, at DATA."""
    sender: str
    """Empty: the null sender of bounces."""
    recipient: str
    reply: str
    """The last answer, safe to show."""


@frozen
class UserAnswers:
    """Codes of the answers about « postmaster », which everybody has, then about a name nobody has; 0: not asked."""

    verified: tuple[int, int]
    """VRFY."""
    expanded: tuple[int, int]
    """EXPN."""


@frozen
class SmtpSession:
    """What one server said on port 25, no message sent: one conversation, and one more a TLS version."""

    banner: str
    """First line after the code, made safe to show."""
    extensions: tuple[str, ...]
    """Keywords of the EHLO answer, upper case."""
    tls: TlsSession | Unreachable | None
    """None when STARTTLS is not offered."""
    mechanisms: tuple[str, ...] | Unreachable
    """Ways to log in offered before encryption, upper case; empty: none."""
    versions: tuple[VersionAnswer, ...] | Unreachable
    """Oldest first; empty when STARTTLS is not offered."""
    relay: RelayTrial | Unreachable
    """Intrusive: `not-authorized` where it was not signed for."""
    users: UserAnswers | Unreachable
    """Intrusive, the same."""


@frozen
class Reverse:
    """The names that the address itself bears in DNS."""

    names: tuple[str, ...]
    """PTR, sorted, the first few; empty: none."""
    confirmed: tuple[str, ...] | Unreachable
    """Those whose own addresses include this one; unreachable when none does and one of them could not be asked."""


@frozen
class MailServer:
    """One address of one MX."""

    host: str
    address: str
    session: SmtpSession | Unreachable
    reverse: Reverse | Unreachable


@frozen
class UnresolvedServer:
    """An MX without address: the name does not exist, or could not be resolved."""

    host: str
    cause: Unreachable | None
    """None: DNS answered that the name has no address."""


@frozen
class HostAlias:
    """An MX whose name is an alias (CNAME)."""

    host: str
    names: tuple[str, ...]
    """Those it leads through, in order."""


@frozen
class MailServers(Facts):
    """What the servers that receive a domain's mail answered on port 25."""

    KIND = "mail-servers"
    VERSION = 3

    domain: str
    servers: tuple[MailServer, ...]
    unresolved: tuple[UnresolvedServer, ...]
    left_out: tuple[str, ...]
    """What was not looked at, beyond our limits: an MX never resolved as `host`, an address as `host address`."""
    aliases: tuple[HostAlias, ...] | Unreachable


def judged_servers(mail: MailServers) -> tuple[MailServer, ...]:
    """Without the addresses that have no route from here, when the same host answered on another.

    Nor those that nobody outside reaches, when there are others: the question about the MX itself tells of them.
    """
    reached = tuple(server for server in mail.servers if not is_out_of_reach(server)) or mail.servers
    answered = {server.host for server in mail.servers if not isinstance(server.session, Unreachable)}
    return tuple(
        server
        for server in reached
        if not (
            isinstance(server.session, Unreachable)
            and server.session.reason is Reason.NO_ROUTE
            and server.host in answered
        )
    )


def labelled_servers(mail: MailServers) -> Iterator[tuple[MailServer, str, str]]:
    """Each judged server, the stable key of an item about it, and how a sentence names it."""
    servers = judged_servers(mail)
    hosts = [server.host for server in servers]
    for server in servers:
        alone = hosts.count(server.host) == 1
        name = server.host if alone else f"{server.host} ({server.address})"
        yield server, f"{server.host} {server.address}", name


def unseen_causes(mail: MailServers) -> Iterator[Unreachable]:
    """Why some server could not be found at all."""
    return (server.cause for server in mail.unresolved if server.cause is not None)


def has_no_server(mail: MailServers) -> bool:
    """DNS leads to no address at all, and nothing hides one."""
    return not (mail.servers or mail.left_out or any(unseen_causes(mail)))


def has_no_listener(mail: MailServers) -> bool:
    """No server, or nothing but the domain's own address, where nothing listens: most often it has no MX at all."""
    return has_no_server(mail) or (
        bool(mail.servers)
        and not (mail.left_out or any(unseen_causes(mail)))
        and all(server.host == mail.domain and _is_closed(server) for server in mail.servers)
    )


def _is_closed(server: MailServer) -> bool:
    return isinstance(server.session, Unreachable) and server.session.reason is Reason.REFUSED


def is_out_of_reach(server: MailServer) -> bool:
    """Refused to us for that, or private and nobody answers there: a test network has servers that do."""
    session = server.session
    if not isinstance(session, Unreachable):
        return False
    return session.reason is Reason.PRIVATE_ADDRESS or is_private(server.address)


def is_private(address: str) -> bool:
    """Of a network that nobody outside reaches."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in _PRIVATE if network.version == found.version)


def is_address(host: str) -> bool:
    """An IP address stands where a name should (RFC 5321 §5.1)."""
    try:
        return bool(ip_address(host.strip("[]")))
    except ValueError:
        return False


def accepted_versions(session: SmtpSession) -> tuple[str, ...]:
    """Every version that was granted, oldest first: by the handshake or asked for alone."""
    seen = {session.tls.version} if isinstance(session.tls, TlsSession) else set()
    if not isinstance(session.versions, Unreachable):
        seen |= {answer.version for answer in session.versions if answer.accepted is True}
    order = ("SSLv3", *VERSIONS)
    return tuple(sorted(seen, key=lambda name: order.index(name) if name in order else len(order)))

"""What stands behind an open port, as far as it says so itself to a polite visitor."""

from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


class Trait(StrEnum):
    """A property of a service that a judgement may need, seen without any account nor password."""

    NLA = "nla"
    """RDP: identity is asked before the desktop is shown (CredSSP)."""
    NO_NLA = "no-nla"
    SMB1 = "smb1"
    """SMB: the version of 1983 is still spoken."""
    NO_SMB1 = "no-smb1"
    """SMB: that version was asked for and not spoken, while a newer one was."""
    TLS = "tls"
    """The service was reached inside TLS."""
    STARTTLS = "starttls"
    """The service offers to encrypt."""
    LOGIN_FORM = "login-form"
    """The page asks for a password."""
    ADMIN_PAGE = "admin-page"
    """A page of administration was recognised, or the page says so itself."""
    MAY_COMMAND = "may-command"
    """The title names a product or a login, and nothing more was recognised: neither an administration nor proved
    to be an ordinary page. Never with a product."""
    VPN_PORTAL = "vpn-portal"
    ANONYMOUS = "anonymous"
    """The service says it serves anybody: a database without authentication, an open printer queue."""
    AUTHENTICATED = "authenticated"
    """The service says that it asks who one is before it serves; neither of the two means that it was not seen."""


@frozen
class Behind:
    """One open port of one address."""

    address: str
    port: str
    """`tcp/8443`"""
    protocol: str | Unreachable
    """`ssh`, `http`, `https`, `rdp`, `smb`, `ftp`, `telnet`, `tls`, …; `silent` when nothing was said to anything we
    know how to ask; `unknown` for words we do not understand."""
    product: str
    """Id in `facts.products`: `fortinet-fortigate`; empty when not recognised."""
    banner: str
    """First words of the service, made safe, 120 characters at most: `SSH-2.0-OpenSSH_9.2`; the `Server` of HTTP."""
    title: str
    """Title of the page, made safe, 80 characters at most."""
    http_status: int | None
    subject: str
    """Subject of the TLS certificate, made safe, 120 characters at most; empty without TLS."""
    traits: frozenset[Trait]
    clues: tuple[str, ...]
    """What the recognition stands on, one safe phrase each: `certificat O=Fortinet`, `/remote/login : 200`."""

    @property
    def spoke(self) -> bool:
        """A service said something: more than a machine on the way that opens every port."""
        return not isinstance(self.protocol, Unreachable) and self.protocol != "silent"


@frozen
class HostServices(Facts):
    """What stands behind the open ports of one host, as seen from one vantage."""

    KIND = "host-services"
    VERSION = 1

    vantage: str
    behind: tuple[Behind, ...]
    left_out: tuple[str, ...]
    """`192.0.2.2 tcp/8443`: open ports over the number that is asked."""

    def at(self, address: str, port: str) -> Behind | None:
        return next((one for one in self.behind if (one.address, one.port) == (address, port)), None)

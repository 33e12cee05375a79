"""What the registry says of a domain's registration: until when, in what state, through whom."""

from datetime import datetime
from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.frozen import frozen


class Register(StrEnum):
    """What the registry knows of the name."""

    FOUND = "found"
    UNKNOWN_NAME = "unknown-name"
    """The registry answers that it has no such name."""
    RESERVED = "reserved"
    """No registry holds it, by rule (RFC 2606, RFC 6761): nobody was asked."""


class Told(StrEnum):
    """By which protocol the registry told."""

    RDAP = "rdap"
    WHOIS = "whois"
    NOBODY = ""


# RFC 2606 §2, RFC 6761 §6, RFC 8375, RFC 7686, RFC 6762.
RESERVED_TLDS = frozenset({"example", "test", "invalid", "localhost", "local", "onion", "arpa"})

# RFC 5731 §2.3 and RFC 3915 §3.1, in the words of RFC 8056 §2: the name is taken out of the DNS.
HOLDS = frozenset({"client hold", "server hold"})
# The name is on its way out, and may still be restored for some days.
LEAVING = frozenset({"pending delete", "redemption period", "pending restore"})
LOCKS = frozenset(
    {
        "client transfer prohibited",
        "server transfer prohibited",
        "client delete prohibited",
        "server delete prohibited",
        "client update prohibited",
        "server update prohibited",
    }
)


@frozen
class Registration(Facts):
    """What the registry says of a domain's registration."""

    KIND = "registration"
    VERSION = 1

    domain: str
    """The name that was registered: the audited domain, or the one above it; A-labels."""
    register: Register
    told_by: Told
    server: str
    """The host that told."""
    registered: datetime | None
    changed: datetime | None
    expires: datetime | None
    """Aware, UTC; None: the registry does not say."""
    statuses: tuple[str, ...]
    """The words of RFC 8056 in lower case, sorted: `client hold`."""
    registrar: str
    """As told, not yet safe to show; may be empty."""
    signed: bool | None
    """The registry holds a DS record; None: it does not say."""

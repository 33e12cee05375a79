"""Who serves a domain's names: its delegation, and what each of its name servers answers."""

from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


@frozen
class Soa:
    """The record at the head of a zone (RFC 1035 §3.3.13); times in seconds."""

    mname: str
    """The server where the zone is written; lower case, no final dot."""
    rname: str
    """The mailbox of who runs it, as a name."""
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int

    def __str__(self) -> str:
        times = f"{self.serial} {self.refresh} {self.retry} {self.expire} {self.minimum}"
        return f"{self.mname}. {self.rname}. {times}"


class Standing(StrEnum):
    """How a server spoke of a domain it is said to serve."""

    AUTHORITATIVE = "authoritative"
    """From its own zone (AA)."""
    DELEGATES = "delegates"
    """It names the servers below: what the parent's servers are there for."""
    NO_SUCH_NAME = "no-such-name"
    """With authority: the domain does not exist."""
    NO_ZONE = "no-zone"
    """With authority: the domain exists, without a zone of its own there."""
    BORROWED = "borrowed"
    """The record, without authority: out of a cache, or somebody answered in its place."""
    SENDS_ELSEWHERE = "sends-elsewhere"
    """A referral that does not lead to the domain: upward, or sideways."""
    REFUSED = "refused"
    SERVFAIL = "servfail"
    OTHER = "other"
    """Another error, or an answer that makes no sense."""


@frozen
class ServerAnswer:
    """One answer over UDP, to a question that asks for no recursion."""

    standing: Standing
    code: str
    """`NOERROR`, `REFUSED`, …"""
    soa: Soa | None
    edns: bool
    """It takes the extensions of RFC 6891: asked with them, it answers with them."""
    offers_recursion: bool
    """RA: said, not yet proven."""


@frozen
class ParentServer:
    """One server of the zone above, asked where the domain is served."""

    host: str
    address: str
    udp: ServerAnswer | Unreachable
    tcp: Standing | Unreachable | None
    """None: not asked; it is a witness, when no server of the domain answered over TCP."""


@frozen
class ServerName:
    """One name server by its name."""

    host: str
    delegated: bool
    """The zone above sends there."""
    listed: bool
    """A server of the domain names it in its own NS records."""
    exists: bool | Unreachable
    """False: the name does not exist (NXDOMAIN)."""
    missing: str
    """The highest name above it that does not exist either, or itself; empty when it exists."""
    free: bool
    """What is missing is a name that anybody could register."""
    alias: str
    """Where its CNAME leads; empty without one."""
    addresses: tuple[str, ...] | Unreachable
    """v4 first."""
    glue: tuple[str, ...]
    """The addresses that the zone above gives for it."""


@frozen
class NameServer:
    """One address of one or several name servers, asked about the domain."""

    hosts: tuple[str, ...]
    address: str
    udp: ServerAnswer | Unreachable
    """SOA. Silent: asked twice."""
    tcp: Standing | Unreachable
    """NS over TCP; not asked of who is mute, or has no such zone."""
    names: tuple[str, ...] | Unreachable
    """The domain's NS records as it gives them, sorted."""
    again: Soa | Unreachable | None
    """Its SOA a second later, when the servers did not agree; None when they did."""
    recursion: bool | Unreachable
    """True: it looked up for us a name that is none of its business.

    False: it refused, offers nothing of the kind, or was silent twice while it answered about its own domain.
    """
    transfer: int | Unreachable
    """Records of the zone that it began to hand over, at least two; 0: it answered without handing over any.

    A line cut or silent before the first byte is told as such; later, it is a `protocol-error`.
    """
    version: str | Unreachable
    """What it says of its software (version.bind), made safe to show; empty: nothing."""


@frozen
class DnsZone(Facts):
    """The delegation of a domain and its name servers, each address asked by itself."""

    KIND = "dns-zone"
    VERSION = 1

    domain: str
    exists: bool | Unreachable
    """False: the zone above, or else the resolver, says so (NXDOMAIN). `bogus`: nothing said of it can be believed."""
    resolves: bool | Unreachable
    """Whether the resolver of the run gets an answer about the domain."""
    parent: str
    """The zone above; empty when it could not be found."""
    parents: tuple[ParentServer, ...]
    delegated: tuple[str, ...] | Unreachable | None
    """The names that the zone above sends to, sorted; None: it serves the domain itself, without delegation."""
    names: tuple[ServerName, ...]
    """The delegated ones and those the domain lists; without delegation seen, those the resolver gives."""
    servers: tuple[NameServer, ...]
    left_out: tuple[str, ...]
    """Names and addresses not looked at, beyond our limits."""

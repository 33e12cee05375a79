"""What DNS publishes about a domain's mail."""

from dataclasses import dataclass

from cyberaudit.facts.base import Facts
from cyberaudit.facts.spf_tree import SpfTree
from cyberaudit.model import Unreachable


@dataclass(frozen=True, slots=True)
class MxRecord:
    preference: int
    host: str
    """A-label form, lower case, no final dot; empty for the null MX (RFC 7505)."""


@dataclass(frozen=True, slots=True)
class TxtAnswer:
    """The TXT records found at one name, each record's strings joined (RFC 7208 §3.3)."""

    name: str
    records: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class MailDns(Facts):
    """What DNS publishes about a domain's mail."""

    KIND = "mail-dns"
    VERSION = 2

    domain: str
    exists: bool | Unreachable
    """False on NXDOMAIN."""
    mx: tuple[MxRecord, ...] | Unreachable
    """By preference, then name; empty when the name has none."""
    apex: TxtAnswer | Unreachable
    """TXT at the domain itself: where SPF stands."""
    spf: SpfTree | Unreachable | None
    """Where the SPF record of `apex` leads; None: it has not exactly one."""
    dmarc: tuple[TxtAnswer, ...] | Unreachable
    """TXT at `_dmarc.` of the domain, then of each parent until one has a DMARC record (RFC 9989 tree walk)."""

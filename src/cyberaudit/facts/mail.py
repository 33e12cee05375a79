"""What DNS publishes about a domain's mail."""

from types import MappingProxyType
from typing import Final

from cyberaudit.facts.base import Facts
from cyberaudit.facts.spf_tree import SpfTree
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


@frozen
class MxRecord:
    preference: int
    host: str
    """A-label form, lower case, no final dot; empty for the null MX (RFC 7505)."""


@frozen
class TxtAnswer:
    """The TXT records found at one name, each record's strings joined (RFC 7208 §3.3)."""

    name: str
    records: tuple[bytes, ...]


# Ours: real records have one to three of each; more would cost questions and teach nothing.
MOST_REPORT_TARGETS: Final = MappingProxyType({"rua": 5, "ruf": 2})
"""How many addresses of each tag are looked at."""


@frozen
class ReportTarget:
    """Where a DMARC record wants reports sent, and what that place says of it."""

    tag: str
    """`rua` or `ruf`."""
    uri: str
    """As written, without the obsolete `!size`."""
    host: str
    """The mail domain it names: A-label form, lower case."""
    authorisation: TxtAnswer | Unreachable | None
    """TXT at `<policy domain>._report._dmarc.<host>` (RFC 9990 §4); None: of the same organisation, none is needed."""
    receives: bool | Unreachable
    """The host has an MX that is not null, or without MX an address (RFC 5321 §5.1)."""


@frozen
class MailDns(Facts):
    """What DNS publishes about a domain's mail."""

    KIND = "mail-dns"
    VERSION = 3

    domain: str
    exists: bool | Unreachable
    """False on NXDOMAIN."""
    mx: tuple[MxRecord, ...] | Unreachable
    """By preference, then name; empty when the name has none."""
    apex: TxtAnswer | Unreachable
    """TXT at the domain itself: where SPF stands."""
    spf: SpfTree | Unreachable | None
    """Where the SPF record of `apex` leads; of several, all of them. None: it has none, or several unfollowed."""
    dmarc: tuple[TxtAnswer, ...] | Unreachable
    """TXT at `_dmarc.` of the domain, then of each parent until one has a DMARC record (RFC 9989 tree walk)."""
    dmarc_beyond: tuple[TxtAnswer, ...] | Unreachable
    """The same at the parents after those of `dmarc`, up to the TLD or a record with `psd=y` or `psd=n`."""
    dmarc_suffix: TxtAnswer | Unreachable | None
    """TXT at `_dmarc.` of the organizational domain by the public suffix list (RFC 7489 §3.2).

    None: the domain is that name itself, or a public suffix.
    """
    reports: tuple[ReportTarget, ...] | Unreachable
    """The report addresses of the DMARC record that applies, as far as they are looked at."""
    dmarc_aliases: tuple[str, ...] | Unreachable
    """Where `_dmarc.` of the domain itself leads, one alias after the other; empty: it is none."""


def txt_line(name: str, record: str) -> str:
    """A TXT record as a zone file writes it, in strings that DNS can carry (255 bytes, RFC 1035 §3.3)."""
    texts = [record[start : start + 255] for start in range(0, len(record), 255)]
    strings = " ".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    return f"{name}. IN TXT {strings}"


def refuses_all_mail(mail: MailDns) -> bool:
    """A null MX alone (RFC 7505)."""
    return not isinstance(mail.mx, Unreachable) and [record.host for record in mail.mx] == [""]

"""Where senders report that they could not encrypt towards a domain (TLS-RPT, RFC 8460)."""

import re

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


@frozen
class TlsReports(Facts):
    """What a domain publishes of TLS-RPT."""

    KIND = "tls-reports"
    VERSION = 1

    domain: str
    txt: TxtAnswer | Unreachable
    """TXT at `_smtp._tls.` and the domain, aliases followed."""
    txt_aliases: tuple[str, ...] | Unreachable
    """Where that name leads, one alias after the other; empty: it is none."""


_RECORD = re.compile(
    r"v=TLSRPTv1(?:[ \t]*;[ \t]*"
    r"(?:rua=[^;]*|(?!rua=)[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[\x21-\x3a\x3c\x3e-\x7e]+))+"
    r"[ \t]*(?:;[ \t]*)?"
)
_VERSION = re.compile(r"v=TLSRPTv1[ \t]*(?:;|$)")
_RUA = re.compile(r";[ \t]*rua=([^;]*)")
_HOST = r"(?:(?!-)[a-z0-9_-]{1,63}\.)+(?!-)[a-z0-9-]{2,63}"
# RFC 8460 §3: reports go by mail or by https, nothing else.
_URI = re.compile(
    rf"mailto:[^@\s,;!]+@{_HOST}(?:\?[^\s,;]*)?|https://{_HOST}(?::[0-9]{{1,5}})?(?:[/?][^\s,;]*)?",
    re.IGNORECASE,
)


def report_records(answer: TxtAnswer) -> tuple[str, ...]:
    """The records that senders take for TLS-RPT, who discard all others (RFC 8460 §3).

    When there is none, those that were meant as one: they begin so, whatever the case and the version.
    """
    texts = (record.decode("latin-1") for record in answer.records)
    meant = tuple(text for text in texts if text.strip().lower().startswith("v=tlsrpt"))
    return tuple(text for text in meant if _VERSION.match(text)) or meant


def is_report_record(record: str) -> bool:
    """It is written as RFC 8460 §3 asks, with exactly one `rua`; what stands in it is another question."""
    return _RECORD.fullmatch(record) is not None and len(_RUA.findall(record)) == 1


def report_uris(record: str) -> tuple[str, ...]:
    """The addresses of the `rua` of a well-written record, in order; an empty one counts too."""
    found = _RUA.search(record)
    return tuple(part.strip() for part in found[1].split(",")) if found else ()


def is_report_uri(uri: str) -> bool:
    """`mailto:` and an address, or `https:` and a host."""
    return _URI.fullmatch(uri) is not None

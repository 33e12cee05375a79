"""What « %{i} » and its kind become for one message (RFC 7208 §7)."""

import re
from collections.abc import Mapping
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote

from cyberaudit.frozen import frozen
from cyberaudit.probes.endpoint import IpAddress

# RFC 7208 §7.3: a name that grew longer loses labels on the left.
LONGEST_NAME: Final = 253
# RFC 7208 §4.3
LONGEST_LABEL: Final = 63
# RFC 7208 §7.2: for %{p} without a name, and for %{r} where the receiver does not say its own.
UNKNOWN: Final = "unknown"
_MACRO: Final = re.compile(r"%(?:\{([a-z])([0-9]*)(r?)([-.+,/_=]*)\}|([%_-]))", re.IGNORECASE | re.ASCII)
_LITERALS: Final = {"%": "%", "_": " ", "-": "%20"}


@frozen
class Sender:
    """Who writes, and from where: what a message brings."""

    ip: IpAddress
    local: str
    domain: str
    helo: str


def sender_of(ip: IpAddress, mail_from: str, *, helo: str) -> Sender:
    """`mail_from` may be empty (a bounce: RFC 7208 §2.4) or a domain alone; a mapped IPv4 address is IPv4."""
    carried = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    local, _, domain = (mail_from or helo).rpartition("@")
    # RFC 7208 §4.3
    return Sender(carried or ip, local or "postmaster", domain.rstrip("."), helo.rstrip("."))


def letters(text: str) -> frozenset[str]:
    """The macros that `text` uses, in lower case."""
    return frozenset(match[1].lower() for match in _MACRO.finditer(text) if match[1])


def macro_values(sender: Sender, domain: str, *, validated: str, now: datetime) -> dict[str, str]:
    """What each letter stands for while the record of `domain` is read; `validated` is for `p`."""
    return {
        "s": f"{sender.local}@{sender.domain}",
        "l": sender.local,
        "o": sender.domain,
        "d": domain,
        "i": _dotted(sender.ip),
        "p": validated,
        "h": sender.helo,
        "v": "in-addr" if sender.ip.version == 4 else "ip6",
        "c": str(sender.ip),
        "r": UNKNOWN,
        "t": str(int(now.timestamp())),
    }


def expand(text: str, values: Mapping[str, str]) -> str:
    """`text`, a macro-string that `facts.spf` found well formed, with each macro replaced."""
    return _MACRO.sub(lambda macro: _expanded(macro, values), text)


def _expanded(macro: re.Match[str], values: Mapping[str, str]) -> str:
    letter, digits, reverse, delimiters, literal = macro.groups()
    if literal:
        return _LITERALS[literal]
    parts = re.split(f"[{re.escape(delimiters or '.')}]", values[letter.lower()])
    if reverse:
        parts.reverse()
    if digits:
        parts = parts[-min(int(digits), len(parts)) :]
    value = ".".join(parts)
    return quote(value, safe="") if letter.isupper() else value


def _dotted(ip: IpAddress) -> str:
    """« 192.0.2.1 », or every nibble of an IPv6 address apart, in capitals as the RFC 7208 suite writes them."""
    return str(ip) if isinstance(ip, IPv4Address) else ".".join(ip.exploded.replace(":", "")).upper()


def target_name(text: str, values: Mapping[str, str]) -> str | None:
    """The name that a domain-spec leads to; None when no name can be made of it (RFC 7208 §4.8, RFC 8616 §4)."""
    name = expand(text, values).removesuffix(".")
    while len(name) > LONGEST_NAME and "." in name:
        name = name.partition(".")[2]
    return name if name.isascii() and are_labels(name) else None


def are_labels(name: str) -> bool:
    """DNS can carry `name`: no label is empty or too long."""
    return all(0 < len(label) <= LONGEST_LABEL for label in name.split("."))


def is_domain(name: str) -> bool:
    """What check_host() accepts (RFC 7208 §4.3): two labels or more, each of a length that DNS carries."""
    return "." in name and len(name) <= LONGEST_NAME and are_labels(name)

"""Which DKIM keys a domain publishes: what was asked, and what came back."""

from enum import StrEnum
from typing import Final

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable

# Ours: an RSA key of 16,384 bits is written in 2,900 bytes.
MOST_RECORD_BYTES: Final = 8192


class SelectorSource(StrEnum):
    """Where the name of a selector comes from."""

    NAMED = "named"
    """A person gave it: in the profile, or on the command line. It must be there."""
    PROVIDER = "provider"
    """The usual one of a mail provider that DNS shows."""
    COMMON = "common"
    """One of those that many use."""


@frozen
class DkimSelector:
    """One `<selector>._domainkey.<domain>`."""

    selector: str
    source: SelectorSource
    records: tuple[bytes, ...] | Unreachable
    """Its TXT records, each with its strings joined; empty when it has none."""
    aliases: tuple[str, ...]
    """The names that CNAME led through, in order."""


@frozen
class Dkim(Facts):
    """Which DKIM keys a domain publishes."""

    KIND = "dkim"
    VERSION = 1

    domain: str
    below: bool | Unreachable
    """`_domainkey.<domain>` exists; False on NXDOMAIN: then nothing stands below it either (RFC 8020)."""
    wildcard: TxtAnswer | Unreachable | None
    """What a selector drawn at random gets; None: it does not exist, as it should."""
    providers: tuple[str, ...] | Unreachable
    """Ids in `facts.dkim_providers` of the mail providers that MX and SPF name."""
    selectors: tuple[DkimSelector, ...]
    """Those named and those of providers, found or not; of the common ones, those that answer."""
    guessed: int
    """How many common selectors were asked."""

    @property
    def own(self) -> tuple[DkimSelector, ...]:
        """The selectors with records of their own: named ones, and those that differ from what any name gets."""
        same = self.wildcard.records if isinstance(self.wildcard, TxtAnswer) else ()
        return tuple(
            each
            for each in self.selectors
            if each.records
            and not isinstance(each.records, Unreachable)
            and (each.source is SelectorSource.NAMED or each.records != same)
        )

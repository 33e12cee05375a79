"""What a domain's names lead to: wildcards, names that point elsewhere, CAA, addresses in both families."""

from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.facts.names_caa import CaaSet
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


class LinkKind(StrEnum):
    """Which record of the town's points to somebody else's name."""

    CNAME = "cname"
    MX = "mx"
    NS = "ns"
    SPF = "include"
    """A name that the SPF record trusts: `include:`, `redirect=`, `a:`, `mx:`."""
    SUBZONE = "ns_subzone"
    """A name server of a zone below the domain."""


@frozen
class Link:
    """One record of the town, and whether the name it points to is there."""

    kind: LinkKind
    owner: str
    """The town's name that holds the record; `*.` and the domain for a wildcard."""
    record: str
    """As the zone writes it: `CNAME ancien.fournisseur.example.`; what was seen, not yet safe to show."""
    target: str
    """A-labels, lower case, no final dot. After several aliases, the last name. Empty when nobody looked there."""
    exists: bool | Unreachable
    """False: two questions of different types were both answered by NXDOMAIN (RFC 8020).

    `not-looked`: the record is beyond our limits. Of a sub-zone, any reason: who serves it could not be asked.
    """
    registrable: str
    """What somebody registered, or would have to, to hold the target; empty when no registry sells such names."""
    registered: bool | Unreachable
    """False: `registrable` itself is NXDOMAIN, twice too, by its signatures or by a server of the zone above.

    Asked of missing targets only: else True.
    """
    serves: bool | Unreachable
    """Of a name server of a sub-zone: it answers for that zone with authority. True for every other kind.

    False: it refuses, or answers without authority, while a server of the domain itself answers us with it.
    """


class NameSource(StrEnum):
    """Why a name below the domain was asked about."""

    DECLARED = "declared"
    """In the profile."""
    LISTED = "listed"
    """In the list given to the tool."""
    USUAL = "usual"
    """In the short list that is built in."""
    CHAINED = "nsec"
    """The zone itself tells it: NSEC names the next name (RFC 4034 §4.1.1)."""


@frozen
class NameBelow:
    """One name below the domain."""

    name: str
    source: NameSource
    exists: bool | Unreachable
    aliases: tuple[str, ...]
    """Where CNAME led, in order."""


class Chain(StrEnum):
    """Whether the zone's own list of names (NSEC) could be read."""

    WHOLE = "whole"
    CUT = "cut"
    """There are more names than we read, or a link is missing."""
    NONE = "none"
    """The zone is not signed, or hides its names (NSEC3, or NSEC made for each question)."""


@frozen
class RandomAnswer:
    """What DNS says, for one type, of a label drawn at random below the domain."""

    rrtype: str
    records: tuple[str, ...] | Unreachable
    """In zone-file form, the first few; what was seen, not yet safe to show."""
    aliased: bool
    """The records are another name's: the random one is an alias."""


@frozen
class HostAddresses:
    """The addresses of one host, as texts."""

    host: str
    v4: tuple[str, ...] | Unreachable
    v6: tuple[str, ...] | Unreachable


@frozen
class DomainNames(Facts):
    """What a domain's names lead to."""

    KIND = "domain-names"
    VERSION = 1

    domain: str
    exists: bool | Unreachable
    """False on NXDOMAIN: nothing else was asked then."""
    wildcard: tuple[RandomAnswer, ...] | Unreachable
    """One answer for each type asked. A random label that does not exist is asked in one type only."""
    names: tuple[NameBelow, ...]
    """Every name asked, in order; those that only a wildcard answers for are left out."""
    chain: Chain | Unreachable
    left_out: tuple[str, ...]
    """Names beyond our limits. Those declared, or told by the zone, are in `names` or `links` as `not-looked` too."""
    links: tuple[Link, ...]
    spf_read: bool | Unreachable
    """The links of SPF are in `links`; Unreachable: the record could not be asked."""
    caa: CaaSet | Unreachable
    site: tuple[HostAddresses, ...]
    """`www.` and the domain itself."""
    name_servers: tuple[HostAddresses, ...] | Unreachable
    mail_hosts: tuple[HostAddresses, ...] | Unreachable
    """Empty without MX, and with the null MX."""

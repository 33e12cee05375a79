"""What NSEC and NSEC3 records prove the absence of (RFC 4035 §5.4, RFC 5155 §8, RFC 9824).

Everything here is pure, and takes for granted that the records were verified and are the zone's own.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum, auto
from functools import lru_cache
from typing import TypeAlias

import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.NSEC
from dns.name import Name
from dns.rdatatype import CNAME, DNAME, NS, SOA
from dns.rdatatype import DS as DS_TYPE
from dns.rrset import RRset

from cyberaudit.frozen import frozen

# RFC 9824 §3.3: « this name does not exist », in the list of types of its own NSEC
NXNAME = 128
# Ours: the names of some thirty zones, and those that are asked of them.
MOST_PLACED = 4000

Place: TypeAlias = tuple[bytes, ...]


def place_of(name: Name) -> Place:
    """Where `name` stands in the order of its zone (RFC 4034 §6.1): its labels from the root down, in lower case.

    What stands below it begins with the same labels.
    """
    return _placed(name.labels)


@lru_cache(maxsize=MOST_PLACED)
def _placed(labels: tuple[bytes, ...]) -> Place:
    return tuple(label.lower() for label in reversed(labels))


class Denial(StrEnum):
    """What the records prove of a name and a type."""

    NO_NAME = auto()
    """Neither the name nor a wildcard for it."""
    NO_DATA = auto()
    """The name, or the wildcard that stands for it, has nothing of that type."""
    DELEGATION = auto()
    """No DS, at a name that is another zone's: that zone is not signed."""
    OPT_OUT = auto()
    """Nothing signed is there; an unsigned delegation may be (RFC 5155 §6)."""
    ITERATIONS = auto()
    """The proof asks for more computation than is reasonable (RFC 9276 §3.2)."""
    TOO_MUCH = auto()
    """More names to hash than this program is willing to (CVE-2023-50868)."""
    WRONG_SIDE = auto()
    """The child zone's word on its own delegation."""
    NOT_PROVED = auto()


@frozen
class Span:
    """One NSEC: a name, what it has, and the next name of the zone."""

    owner: Name
    next: Name
    types: frozenset[int]

    def covers(self, name: Name, zone: Name) -> bool:
        """`name` is of this zone, and does not exist in it: it would stand between these two."""
        here, top, owner, end = map(place_of, (name, zone, self.owner, self.next))
        if owner >= here or here[: len(top)] != top:
            return False
        # RFC 6840 §4.1: what stands below a delegation or a DNAME is not this zone's to deny.
        if here[: len(owner)] == owner and is_cut(self.types):
            return False
        return end == top or here < end


def is_cut(types: frozenset[int]) -> bool:
    """The names below are another zone's, or are renamed (RFC 6840 §4.1)."""
    return (NS in types and SOA not in types) or DNAME in types


def spans(rrsets: Iterable[RRset]) -> tuple[Span, ...]:
    """The NSEC among these sets."""
    return tuple(
        Span(rrset.name, record.next, bitmap(record.windows))
        for rrset in rrsets
        for record in rrset
        if isinstance(record, dns.rdtypes.ANY.NSEC.NSEC)
    )


def bitmap(windows: Iterable[tuple[int, bytes]]) -> frozenset[int]:
    """The types in an NSEC's or NSEC3's list (RFC 4034 §4.1.2)."""
    return frozenset(
        window * 256 + place * 8 + bit
        for window, octets in windows
        for place, octet in enumerate(octets)
        for bit in range(8)
        if octet & (0x80 >> bit)
    )


def denied(known: Sequence[Span], zone: Name, qname: Name, rdtype: int) -> Denial:
    """What NSEC records prove of `qname`."""
    own = _standing_at(known, qname)
    if own is not None:
        return denied_at(own.types, rdtype, root=qname == dns.name.root)
    gap = next((span for span in known if span.covers(qname, zone)), None)
    if gap is None:
        return Denial.NOT_PROVED
    if gap.next.is_subdomain(qname):  # nothing here, something below: an empty non-terminal
        return Denial.NO_DATA
    wildcard = wildcard_of(closest_encloser(gap, qname))
    own = _standing_at(known, wildcard)
    if own is not None:
        return denied_by_wildcard(own.types, rdtype)
    gap = next((span for span in known if span.covers(wildcard, zone)), None)
    if gap is None:
        return Denial.NOT_PROVED
    return Denial.NO_DATA if gap.next.is_subdomain(wildcard) else Denial.NO_NAME


def expansion_allowed(known: Sequence[Span], zone: Name, qname: Name, encloser: Name) -> bool:
    """Nothing stands closer to `qname` than `encloser`, whose wildcard was expanded (RFC 4035 §5.3.4)."""
    return any(
        span.covers(qname, zone)
        and not span.next.is_subdomain(qname)
        and len(closest_encloser(span, qname)) <= len(encloser)
        for span in known
    )


def denied_at(types: frozenset[int], rdtype: int, *, root: bool = False) -> Denial:
    """What the list of types of the very name proves."""
    if NXNAME in types:
        return Denial.NO_NAME
    if rdtype in types or CNAME in types:
        return Denial.NOT_PROVED
    if rdtype == DS_TYPE:
        if SOA in types and not root:
            return Denial.WRONG_SIDE
        return Denial.DELEGATION if NS in types and not root else Denial.NO_DATA
    # The parent's word on a delegation says nothing of what the child zone has.
    return Denial.NOT_PROVED if NS in types and SOA not in types else Denial.NO_DATA


def denied_by_wildcard(types: frozenset[int], rdtype: int) -> Denial:
    """What the list of types of the wildcard that stands for the name proves."""
    return Denial.NO_DATA if denied_at(types, rdtype) is Denial.NO_DATA else Denial.NOT_PROVED


def wildcard_of(name: Name) -> Name:
    """`*.` before the name; the name itself when DNS cannot carry that."""
    try:
        return dns.name.Name((b"*", *name.labels))
    except dns.name.NameTooLong:
        return name


def closest_encloser(span: Span, name: Name) -> Name:
    """The deepest ancestor of `name` that the two ends of the span show to exist."""
    common = max(name.fullcompare(end)[2] for end in (span.owner, span.next))
    return name.split(common)[1]


def _standing_at(known: Sequence[Span], name: Name) -> Span | None:
    here = place_of(name)
    return next((span for span in known if place_of(span.owner) == here), None)

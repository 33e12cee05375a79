"""A zone and where its servers are, as the zone above it tells (RFC 1034 §4.2.1, §5.3.3). Pure."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING

import dns.flags
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from cyberaudit.frozen import frozen
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.names.question import Question
from cyberaudit.probes.names.reply import SAYS_SOMETHING, is_referral

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name

# Ours: no zone needs more; a referral of hundreds of names is an attack on whoever follows it (CVE-2020-12662).
MOST_NAMES = 13
MOST_GLUE = 26


@frozen
class Delegation:
    """A zone, the names of its servers, and the addresses told with them."""

    zone: "Name"
    names: "tuple[Name, ...]"
    glue: "Mapping[Name, tuple[IpAddress, ...]]"

    @property
    def addresses(self) -> tuple[IpAddress, ...]:
        """Those told with it."""
        return tuple(address for addresses in self.glue.values() for address in addresses)


class Kind(StrEnum):
    """What a reply is, to someone who walks down from the root."""

    ANSWER = "answer"
    REFERRAL = "referral"
    LAME = "lame"
    """It says nothing of the name: refused, failed, no authority, or sent sideways or up."""


def root_delegation(addresses: Iterable[IpAddress]) -> Delegation:
    """The root, at those addresses."""
    name = dns.name.root
    return Delegation(name, (name,), MappingProxyType({name: tuple(addresses)}))


def kind_of(message: "Message", question: Question, *, zone: "Name") -> Kind:
    """What a server of `zone` answers to `question`."""
    if message.rcode() not in SAYS_SOMETHING or message.flags & dns.flags.TC:
        return Kind.LAME
    if message.flags & dns.flags.AA:
        return Kind.ANSWER
    lower = referred_zone(message, question, zone=zone)
    return Kind.REFERRAL if lower is not None and message.rcode() == dns.rcode.NOERROR else Kind.LAME


def referred_zone(message: "Message", question: Question, *, zone: "Name") -> "Name | None":
    """The zone below `zone`, and above the name, that the message sends to."""
    if not is_referral(message):
        return None
    deepest = question.name.parent() if question.rdtype == dns.rdatatype.DS else question.name
    cuts = [rrset.name for rrset in message.authority if rrset.rdtype == dns.rdatatype.NS]
    downward = [cut for cut in cuts if cut != zone and cut.is_subdomain(zone) and deepest.is_subdomain(cut)]
    return downward[0] if downward else None


def delegation_in(message: "Message", lower: "Name", *, zone: "Name") -> Delegation:
    """The delegation of `lower` that a server of `zone` gives; addresses outside `zone` are not its to tell."""
    servers = message.get_rrset(message.authority, lower, dns.rdataclass.IN, dns.rdatatype.NS)
    names = tuple(rdata.target for rdata in servers or ())[:MOST_NAMES]
    glue: dict[Name, tuple[IpAddress, ...]] = {}
    for name in names:
        told = _addresses(message, name) if name.is_subdomain(zone) else ()
        if told and len(glue) < MOST_GLUE:
            glue[name] = told[:4]
    return Delegation(lower, names, MappingProxyType(glue))


def _addresses(message: "Message", name: "Name") -> tuple[IpAddress, ...]:
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    rrsets = (message.get_rrset(message.additional, name, dns.rdataclass.IN, kind) for kind in kinds)
    return tuple(ip_address(rdata.to_text()) for rrset in rrsets if rrset for rdata in rrset)


def closest_known(zones: "Mapping[Name, Delegation]", question: Question) -> Delegation:
    """The deepest zone known above the name; the root is always known.

    A DS is its parent's to tell (RFC 4035 §3.1.4.1).
    """
    name = question.name
    if question.rdtype == dns.rdatatype.DS and name != dns.name.root:
        name = name.parent()
    while name not in zones and name != dns.name.root:
        name = name.parent()
    return zones[name]


def child_towards(name: "Name", zone: "Name") -> "Name | None":
    """The name one label below `zone` on the way to `name`; None at the zone itself."""
    return None if name == zone else name.split(len(zone) + 1)[1]
